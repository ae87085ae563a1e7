/* Twenty nodes on one machine, asked at once over real TLS: some answer, one refuses, one is slow, one is down, one shows a
 * certificate that is not its card's. */
#include "base/test.h"

#include "adapter/file/file.h"
#include "api/exchange/client.h"
#include "api/exchange/server.h"
#include "base/parallel.h"
#include "crypto/x509.h"

#include <signal.h>
#include <unistd.h>

enum { NODES = 20, REFUSES = 3, SLOW = 7, DOWN = 11, FALSE_ONE = 15, DEADLINE = 5000 /* ms */ };

typedef struct member {
    int number;
    ent_peer peer;
    ent_secret_key secret;
    ent_buf certificate, key;
    ent_exchange_server *server;
} member;

static member members[NODES + 1]; /* the last one asks */

static ent_code by_name(void *self, const char *name, ent_peer *ret, ent_err *err)
{
    (void)self;
    for (int i = 0; i < NODES; i++)
        if (strcmp(members[i].peer.name, name) == 0) return *ret = members[i].peer, ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "no partner %s", name);
}

static ent_code by_certificate(void *self, const uint8_t sha256[32], ent_peer *ret, ent_err *err)
{
    (void)self;
    if (memcmp(members[NODES].peer.pin[0], sha256, 32) == 0) return *ret = members[NODES].peer, ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "unknown");
}

static void receive(void *self, const ent_arrival *a, int *ret_status, ent_buf *ret_body, int64_t *ret_release)
{
    const member *m = self;
    ent_clock clock = ent_system_clock();
    assert_string_equal(a->partner, "asker");
    ent_buf_fmt(ret_body, "{\"node\":%d}", m->number);
    *ret_status = m->number == REFUSES ? 403 : 200;
    *ret_release = clock.monotonic(clock.self) + (m->number == SLOW ? 4 * DEADLINE : 20);
}

static void make(member *m, int number)
{
    ent_clock clock = ent_system_clock();
    ent_public_key public;
    ent_time until;
    m->number = number;
    m->peer = (ent_peer){.pin_count = 1, .key_count = 1};
    snprintf(m->peer.name, sizeof m->peer.name, number == NODES ? "asker" : "node-%d", number);
    ent_sign_keys((uint8_t[32]){(uint8_t)number, 1}, &public, &m->secret);
    memcpy(m->peer.key[0], public.b, 32);
    m->certificate = m->key = ENT_BUF(8192);
    assert_int_equal(ent_x509_make(m->peer.name, (uint8_t[16]){(uint8_t)number, 1}, clock.now(clock.self), 2, &m->certificate,
                                   &m->key, NULL), ENT_OK);
    assert_int_equal(ent_x509_pin(ent_buf_cstr(&m->certificate), m->certificate.len, m->peer.pin[0], &until, NULL), ENT_OK);
    (void)ent_buf_cstr(&m->key);
}

static void serve(member *m)
{
    ent_exchange_config c = {.name = m->peer.name, .address = "127.0.0.1", .certificate = ent_buf_cstr(&m->certificate),
                             .key = ent_buf_cstr(&m->key), .identity = m->secret,
                             .directory = {NULL, by_name, by_certificate}, .inbox = {m, receive},
                             .clock = ent_system_clock(), .random = ent_system_random(), .workers = 1};
    assert_int_equal(ent_exchange_start(&c, &m->server, NULL), ENT_OK);
    snprintf(m->peer.address, sizeof m->peer.address, "https://127.0.0.1:%u", ent_exchange_port(m->server));
}

typedef struct seen {
    ent_partners partners;
    int64_t from, took[NODES];
    ent_code code[NODES];
    int status[NODES];
} seen;

static int64_t ticks(void)
{
    ent_clock clock = ent_system_clock();
    return clock.monotonic(clock.self);
}

static void ask(void *ctx, size_t i, unsigned worker)
{
    seen *s = ctx;
    ent_err err = {0};
    ent_reply reply;
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .id = {(uint8_t)i, 9}, .body = "x", .body_len = 1};
    (void)worker;
    s->code[i] = s->partners.send(s->partners.self, members[i].peer.name, &m, s->from + DEADLINE, &reply, &err);
    s->took[i] = ticks() - s->from;
    if (s->code[i] != ENT_OK) {
        if (!err.detail[0]) s->code[i] = ENT_INTERNAL; /* each says why */
        return;
    }
    s->status[i] = reply.status;
    ent_reply_free(&reply);
}

/* Every partner has its own line; the slow and the broken ones hold up nobody, and none of them is "no hit". */
static void asks_all(void **state)
{
    (void)state;
    ent_exchange_client_config c = {.name = "asker", .certificate = ent_buf_cstr(&members[NODES].certificate),
                                    .key = ent_buf_cstr(&members[NODES].key), .identity = members[NODES].secret,
                                    .directory = {NULL, by_name, by_certificate}, .clock = ent_system_clock(),
                                    .random = ent_system_random()};
    ent_exchange_client *client;
    seen s = {.from = ticks()};
    assert_int_equal(ent_exchange_client_make(&c, &client, NULL), ENT_OK);
    s.partners = ent_exchange_client_partners(client);
    ent_parallel(NODES, NODES, ask, &s);
    for (int i = 0; i < NODES; i++) {
        ent_code want = i == SLOW ? ENT_TIMEOUT : i == DOWN || i == FALSE_ONE ? ENT_UNREACHABLE : ENT_OK;
        if (s.code[i] != want) fail_msg("node %d: %d", i, s.code[i]);
        assert_int_equal(s.status[i], want != ENT_OK ? 0 : i == REFUSES ? 403 : 200);
        if (i != SLOW) assert_true(s.took[i] < s.took[SLOW]);
    }
    assert_true(s.took[SLOW] >= DEADLINE - 100 && s.took[SLOW] < 2 * DEADLINE);
    ent_exchange_client_free(client);
}

static int setup(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i <= NODES; i++) make(&members[i], i);
    for (int i = 0; i < NODES; i++) serve(&members[i]);
    ent_exchange_stop(members[DOWN].server, 0);
    members[DOWN].server = NULL;
    members[FALSE_ONE].peer.pin[0][0] ^= 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i <= NODES; i++) {
        ent_exchange_stop(members[i].server, 0);
        ent_buf_free(&members[i].certificate);
        ent_buf_free(&members[i].key);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(asks_all)};
    return cmocka_run_group_tests_name("partnership", tests, setup, teardown);
}
