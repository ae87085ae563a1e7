/* The exchange on loopback: real sockets, real TLS, real signatures. The fault table's rows for wire, TLS, signature,
 * clock and duplicate delivery are named cases here. */
#include "base/test.h"

#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "api/exchange/client.h"
#include "api/exchange/server.h"
#include "api/exchange/wire.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "port/problem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct node {
    char name[32];
    ent_public_key public;
    ent_secret_key secret;
    ent_buf certificate, key;
    uint8_t pin[32];
} node;

typedef struct world {
    node holder, requester, rogue, ended;
    ent_peer peers[2];      /* holder, requester */
    bool suspended;
    ent_exchange_server *server;
    ent_exchange_client *client;
    _Atomic int64_t skew;   /* of the server's clock */
    atomic_int received;
    int status;             /* what the inbox answers */
    _Atomic int64_t hold_ms; /* and when */
    _Atomic int64_t work_ms;
    size_t answer_size;
    ent_ledger ledger;
    pthread_mutex_t seeing;
    char seen[1024];        /* what the inbox was told last */
    size_t seen_body;
    ent_answer_form seen_form;
    atomic_int polls;       /* questions after a search */
    atomic_bool done;       /* a search: they are answered */
    atomic_bool forgotten;  /* nothing is known of it, until it is sent again */
} world;

static world *w;

/* ---- ports ---- */

static int64_t monotonic(void *self)
{
    struct timespec t;
    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static ent_time skewed_now(void *self)
{
    (void)self;
    ent_clock real = ent_system_clock();
    return (ent_time){real.now(real.self).ms + atomic_load(&w->skew)};
}

static ent_time real_now(void)
{
    ent_clock real = ent_system_clock();
    return real.now(real.self);
}

static ent_code by_name(void *self, const char *name, ent_peer *ret, ent_err *err)
{
    (void)self;
    for (int i = 0; i < 2; i++)
        if (strcmp(w->peers[i].name, name) == 0) return *ret = w->peers[i], ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "no partner %s", name);
}

static ent_code by_certificate(void *self, const uint8_t sha256[32], ent_peer *ret, ent_err *err)
{
    (void)self;
    if (w->suspended) return ent_fail(err, ENT_DENIED, "suspended");
    for (int i = 0; i < 2; i++)
        if (memcmp(w->peers[i].pin[0], sha256, 32) == 0) return *ret = w->peers[i], ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "unknown certificate");
}

static void receive(void *self, const ent_arrival *a, int *ret_status, ent_buf *ret_body, int64_t *ret_release)
{
    char id[33];
    (void)self;
    if (a->message.poll) {
        atomic_fetch_add(&w->polls, 1);
        bool gone = atomic_load(&w->forgotten);
        pthread_mutex_lock(&w->seeing);
        *ret_status = gone ? 404 : atomic_load(&w->done) ? w->status : 202;
        if (*ret_status == 202) ent_job_write(a->message.id, ret_body);
        else ent_buf_fmt(ret_body, gone ? "{\"gone\":1}" : "{\"n\":%zu}", w->seen_body);
        pthread_mutex_unlock(&w->seeing);
        return;
    }
    atomic_store(&w->forgotten, false);
    ent_id_text(a->message.id, id);
    pthread_mutex_lock(&w->seeing);
    snprintf(w->seen, sizeof w->seen, "%s|%s|%s|%u|%s|%s|%s", a->partner, id, a->message.agreement,
             a->message.agreement_version, a->message.flow, a->message.purpose, a->message.proof);
    w->seen_body = a->message.body_len;
    w->seen_form = a->message.form;
    pthread_mutex_unlock(&w->seeing);
    atomic_fetch_add(&w->received, 1);
    if (w->work_ms) nanosleep(&(struct timespec){.tv_sec = w->work_ms / 1000, .tv_nsec = w->work_ms % 1000 * 1000000}, NULL);
    atomic_store(&w->done, true);
    ent_buf_fmt(ret_body, "{\"n\":%zu", a->message.body_len);
    while (ret_body->len + 1 < w->answer_size) ent_buf_str(ret_body, " ");
    ent_buf_str(ret_body, "}");
    *ret_status = w->status;
    *ret_release = w->hold_ms ? monotonic(NULL) + w->hold_ms : 0;
}

/* ---- the two nodes ---- */

static void make_node(node *n, const char *name, uint8_t seed, ent_time from, int days)
{
    ent_time until;
    snprintf(n->name, sizeof n->name, "%s", name);
    ent_sign_keys((uint8_t[32]){seed}, &n->public, &n->secret);
    n->certificate = n->key = ENT_BUF(8192);
    assert_int_equal(ent_x509_make(name, (uint8_t[16]){seed, 1}, from, days, &n->certificate, &n->key, NULL), ENT_OK);
    assert_int_equal(ent_x509_pin(ent_buf_cstr(&n->certificate), n->certificate.len, n->pin, &until, NULL), ENT_OK);
    (void)ent_buf_cstr(&n->key);
}

static ent_peer peer_of(const node *n)
{
    ent_peer p = {.pin_count = 1, .key_count = 1};
    snprintf(p.name, sizeof p.name, "%s", n->name);
    memcpy(p.pin[0], n->pin, 32);
    memcpy(p.key[0], n->public.b, 32);
    return p;
}

static ent_exchange_client *client_of(node *n)
{
    ent_exchange_client_config c = {.name = n->name, .certificate = ent_buf_cstr(&n->certificate),
                                    .key = ent_buf_cstr(&n->key), .identity = n->secret,
                                    .directory = {NULL, by_name, by_certificate}, .clock = ent_system_clock(),
                                    .random = ent_system_random()};
    ent_exchange_client *client;
    assert_int_equal(ent_exchange_client_make(&c, &client, NULL), ENT_OK);
    return client;
}

static void serve(uint16_t port, unsigned queue)
{
    ent_clock clock = ent_system_clock();
    clock.now = skewed_now;
    ent_exchange_config c = {.name = w->holder.name, .ledger = w->ledger, .address = "127.0.0.1", .port = port,
                             .certificate = ent_buf_cstr(&w->holder.certificate), .key = ent_buf_cstr(&w->holder.key),
                             .identity = w->holder.secret, .directory = {NULL, by_name, by_certificate},
                             .inbox = {NULL, receive}, .clock = clock, .random = ent_system_random(), .workers = 4, .queue = queue};
    ent_err err = {0};
    if (ent_exchange_start(&c, &w->server, &err) != ENT_OK) fail_msg("%s", err.detail);
}

static int start(unsigned queue)
{
    signal(SIGPIPE, SIG_IGN);
    w = calloc(1, sizeof *w);
    pthread_mutex_init(&w->seeing, NULL);
    make_node(&w->holder, "gb.holder", 1, real_now(), 30);
    make_node(&w->requester, "us.requester", 2, real_now(), 30);
    make_node(&w->rogue, "rogue", 3, real_now(), 30);
    make_node(&w->ended, "us.requester", 4, (ent_time){real_now().ms - 86400000LL * 100}, 30);
    w->peers[0] = peer_of(&w->holder);
    w->peers[1] = peer_of(&w->requester);
    w->status = 200;
    w->answer_size = 256;
    assert_int_equal(ent_memory_ledger(w->holder.name, &w->holder.secret, &w->ledger, NULL), ENT_OK);
    serve(0, queue);
    snprintf(w->peers[0].address, sizeof w->peers[0].address, "https://127.0.0.1:%u", ent_exchange_port(w->server));
    w->client = client_of(&w->requester);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return start(0);
}

static int setup_short_queue(void **state)
{
    (void)state;
    return start(1);
}

static int teardown(void **state)
{
    (void)state;
    ent_exchange_client_free(w->client);
    ent_exchange_stop(w->server, 1000);
    w->ledger.close(w->ledger.self);
    node *all[] = {&w->holder, &w->requester, &w->rogue, &w->ended};
    for (size_t i = 0; i < 4; i++) {
        ent_buf_free(&all[i]->certificate);
        ent_buf_free(&all[i]->key);
    }
    free(w);
    return 0;
}

static const uint8_t agreement_digest[32] = {0xab, 0xcd};

static ent_message sample(const char *body)
{
    return (ent_message){.kind = ENT_MESSAGE_SEARCH, .id = {1, 2, 3}, .agreement = "gb-us-2022", .agreement_version = 3,
                         .agreement_digest = agreement_digest, .flow = "border-check", .purpose = "threat-check",
                         .proof = "c2sp.org/tlog-proof@v1\nindex 1\n", .body = body, .body_len = strlen(body)};
}

static ent_code say(ent_exchange_client *client, const ent_message *m, ent_reply *ret, ent_err *err)
{
    ent_partners p = ent_exchange_client_partners(client);
    return p.send(p.self, w->holder.name, m, monotonic(NULL) + 5000, ret, err);
}

static void expect_ok(const char *body)
{
    ent_reply r;
    ent_err err = {0};
    ent_message m = sample(body);
    if (say(w->client, &m, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(r.status, 200);
    ent_reply_free(&r);
}

/* ---- cases ---- */

/* A message arrives as it was sent, and the signed answer comes back with evidence that covers the request. */
static void goes_and_comes_back(void **state)
{
    (void)state;
    ent_reply r;
    ent_err err = {0};
    ent_message m = sample("a transaction");
    if (say(w->client, &m, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.len, 256);
    assert_string_equal(w->seen, "us.requester|01020300000000000000000000000000|gb-us-2022|3|border-check|threat-check|"
                                 "c2sp.org/tlog-proof@v1\nindex 1\n");
    assert_int_equal(w->seen_body, 13);
    const char *evidence = ent_buf_cstr(&r.evidence);
    assert_non_null(strstr(evidence, "\"entente-agreement\": gb-us-2022 3 abcd"));
    assert_non_null(strstr(evidence, "\"@status\": 200"));
    assert_non_null(strstr(evidence, "\"signature\";req;key=\"entente\": :"));
    ent_reply_free(&r);
    ent_message bare = {.kind = ENT_MESSAGE_CHECKPOINT};
    assert_int_equal(say(w->client, &bare, &r, &err), ENT_OK);
    ent_reply_free(&r);
    assert_int_equal(w->seen_body, 0);
}

/* Bodies of every size up to the limit go through; one byte more is refused before it is read. */
static void sizes(void **state)
{
    (void)state;
    size_t n = ENT_LIMIT_BODY + 1;
    char *big = calloc(1, n);
    size_t some[] = {1, 1000, 65536, 300000, ENT_LIMIT_BODY};
    ent_reply r;
    ent_message m = sample("");
    m.body = big;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        m.body_len = some[i];
        assert_int_equal(say(w->client, &m, &r, NULL), ENT_OK);
        assert_int_equal(w->seen_body, some[i]);
        ent_reply_free(&r);
    }
    m.body_len = n;
    ent_code code = say(w->client, &m, &r, NULL);
    if (code == ENT_OK) {
        assert_int_equal(r.status, 413);
        ent_reply_free(&r);
    }
    free(big);
    expect_ok("still serving");
}

/* The quickest of five questions: what the machine was busy with otherwise is not the server's doing. */
static int64_t quickest_ms(void)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t from = monotonic(NULL);
        expect_ok("x");
        int64_t took = monotonic(NULL) - from;
        if (took < least) least = took;
    }
    return least;
}

/* Hit or not, an answer leaves when the inbox said: none before, and none waits for anything else. */
static void leaves_on_the_grid(void **state)
{
    (void)state;
    assert_int_equal(ent_exchange_client_warm(w->client, w->holder.name, monotonic(NULL) + 2000, NULL), ENT_OK);
    assert_in_range(quickest_ms(), 0, 199);
    w->hold_ms = 300;
    assert_in_range(quickest_ms(), 299, 499);
}

/* A refusal of the inbox comes back signed like any answer. */
static void refusals_are_signed(void **state)
{
    (void)state;
    ent_reply r;
    ent_message m = sample("x");
    w->status = 403;
    assert_int_equal(say(w->client, &m, &r, NULL), ENT_OK);
    assert_int_equal(r.status, 403);
    assert_true(r.evidence.len > 100);
    ent_reply_free(&r);
}

/* TLS: a rogue certificate never gets an answer, and is counted. */
static void tls_rogue_certificate(void **state)
{
    (void)state;
    ent_exchange_client *c = client_of(&w->rogue);
    ent_reply r;
    ent_err err;
    ent_message m = sample("x");
    assert_int_equal(say(c, &m, &r, &err), ENT_UNREACHABLE);
    ent_exchange_client_free(c);
    assert_int_equal(w->received, 0);
    ent_exchange_counts n;
    ent_exchange_count(w->server, &n);
    assert_true(n.tls_refused >= 1);
    expect_ok("others are served");
}

/* TLS: a certificate that has ended is refused although it is pinned. */
static void tls_ended_certificate(void **state)
{
    (void)state;
    memcpy(w->peers[1].pin[0], w->ended.pin, 32);
    ent_exchange_client *c = client_of(&w->ended);
    ent_reply r;
    ent_message m = sample("x");
    assert_int_equal(say(c, &m, &r, NULL), ENT_UNREACHABLE);
    ent_exchange_client_free(c);
    assert_int_equal(w->received, 0);
}

/* TLS: a revocation ends the handshakes to come, and connections that are open. */
static void tls_revoked_certificate(void **state)
{
    (void)state;
    ent_reply r;
    ent_message m = sample("x");
    expect_ok("before");
    w->suspended = true;
    assert_int_equal(say(w->client, &m, &r, NULL), ENT_OK); /* on the open connection: a signed refusal */
    assert_int_equal(r.status, 403);
    ent_reply_free(&r);
    ent_exchange_client *c = client_of(&w->requester);
    assert_int_equal(say(c, &m, &r, NULL), ENT_UNREACHABLE);
    ent_exchange_client_free(c);
    assert_int_equal(w->received, 1);
}

/* TLS: the requester does not speak with a server whose certificate is not on the card. */
static void tls_wrong_server(void **state)
{
    (void)state;
    ent_reply r;
    ent_err err;
    ent_message m = sample("x");
    memcpy(w->peers[0].pin[0], w->rogue.pin, 32);
    assert_int_equal(say(w->client, &m, &r, &err), ENT_UNREACHABLE);
    assert_non_null(strstr(err.detail, "not the one on its card"));
    assert_int_equal(w->received, 0);
}

/* ---- raw connections ---- */

static int dial(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(ent_exchange_port(w->server)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval t = {.tv_sec = 25};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static SSL_CTX *tls_context(node *n, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(ctx, version);
    if (!n) return ctx;
    BIO *c = BIO_new_mem_buf(n->certificate.data, (int)n->certificate.len);
    BIO *k = BIO_new_mem_buf(n->key.data, (int)n->key.len);
    X509 *x = PEM_read_bio_X509(c, NULL, NULL, NULL);
    EVP_PKEY *p = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, p), 1);
    X509_free(x);
    EVP_PKEY_free(p);
    BIO_free(c);
    BIO_free(k);
    return ctx;
}

/* Sends bytes (each by itself when `drip`), reads until the end; the status of what came, 0 for nothing. */
static int talk(node *n, int version, const char *bytes, size_t len, bool drip, char *ret_text, size_t cap)
{
    SSL_CTX *ctx = tls_context(n, version);
    SSL *ssl = SSL_new(ctx);
    int fd = dial(), status = 0;
    size_t got = 0;
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
        for (size_t i = 0; drip && i < len; i++)
            if (SSL_write(ssl, bytes + i, 1) <= 0) break;
        if (!drip && len) SSL_write(ssl, bytes, (int)len);
        for (int r; got + 1 < cap && (r = SSL_read(ssl, ret_text + got, (int)(cap - got - 1))) > 0;) {
            got += (size_t)r;
            if (got > 12 && strstr(ret_text, "\r\n\r\n")) break;
        }
    }
    ret_text[got] = 0;
    sscanf(ret_text, "HTTP/1.1 %d", &status);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    ERR_clear_error();
    return status;
}

static int talk_as_partner(const char *bytes)
{
    char text[8192] = "";
    return talk(&w->requester, TLS1_3_VERSION, bytes, strlen(bytes), false, text, sizeof text);
}

/* TLS: no certificate, no answer; TLS 1.2, no handshake. */
static void tls_none_and_old(void **state)
{
    (void)state;
    char text[512] = "";
    const char *get = "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(talk(NULL, TLS1_3_VERSION, get, strlen(get), false, text, sizeof text), 0);
    assert_int_equal(talk(&w->rogue, TLS1_3_VERSION, get, strlen(get), false, text, sizeof text), 0);
    assert_int_equal(talk(&w->requester, TLS1_2_VERSION, get, strlen(get), false, text, sizeof text), 0);
    assert_int_equal(talk(&w->requester, TLS1_3_VERSION, get, strlen(get), false, text, sizeof text), 204);
    int fd = dial(); /* no TLS at all */
    assert_true(write(fd, get, strlen(get)) > 0);
    ssize_t n = read(fd, text, sizeof text);
    assert_true(n <= 0 || !memmem(text, (size_t)n, "HTTP/1.1 20", 11));
    close(fd);
    expect_ok("served");
}

/* A request as the client writes it, for changing. */
static ent_buf raw_request(const ent_message *m, const ent_secret_key *key, const char *to, ent_time at)
{
    ent_wire_fields *f = calloc(1, sizeof *f);
    ENT_AUTO_BUF base = ENT_BUF(65536);
    ent_buf b = ENT_BUF(1 << 20);
    assert_int_equal(ent_wire_request(m, to, at, (uint8_t[16]){9}, key, f, &base, NULL), ENT_OK);
    const ent_wire_target target = ent_wire_target_of(m);
    ent_buf_fmt(&b, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n", target.method, target.path, m->body_len);
    for (size_t i = 0; i < f->count; i++) ent_buf_fmt(&b, "%s: %s\r\n", f->field[i].name, f->field[i].value);
    ent_buf_str(&b, "\r\n");
    ent_buf_put(&b, m->body, m->body_len);
    free(f);
    return b;
}

static ent_buf fair_request(void)
{
    ent_message m = sample("a probe");
    return raw_request(&m, &w->requester.secret, w->holder.name, real_now());
}

/* A transaction is the answer where the sender signed that it wants one; an Accept of the library's own says nothing. */
static void asks_for_a_transaction(void **state)
{
    (void)state;
    ent_reply r;
    ent_message m = sample("a probe");
    m.form = ENT_FORM_ITL;
    assert_int_equal(say(w->client, &m, &r, NULL), ENT_OK);
    assert_int_equal(w->seen_form, ENT_FORM_ITL);
    assert_non_null(strstr(ent_buf_cstr(&r.evidence), "\"accept\": " ENT_WIRE_ITL));
    ent_reply_free(&r);
    ENT_AUTO_BUF unsigned_for = fair_request(), more = ENT_BUF(1 << 20);
    const char *end = strstr(ent_buf_cstr(&unsigned_for), "\r\n") + 2;
    ent_buf_put(&more, unsigned_for.data, (size_t)(end - (const char *)unsigned_for.data));
    ent_buf_str(&more, "Accept: " ENT_WIRE_ITL "\r\n");
    ent_buf_str(&more, end);
    assert_int_equal(talk_as_partner(ent_buf_cstr(&more)), 200);
    assert_int_equal(w->seen_form, ENT_FORM_JSON);
}

/* ---- long work ---- */

/* Who would rather ask again than wait is told 202, of the size of every answer, asks after the search, and has the answer that it would have
 * had: one effect, and evidence from the request to the answer. */
static void taken_on_and_asked_after(void **state)
{
    (void)state;
    ent_reply r;
    ent_err err = {0};
    ent_exchange_counts n;
    ent_message m = sample("a probe");
    m.prefer_s = -1;
    w->work_ms = 1100;
    if (say(w->client, &m, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(r.status, 200);
    assert_string_equal(ent_buf_cstr(&r.body), "{\"n\":7}");
    assert_int_equal(w->received, 1);
    assert_int_equal(w->polls, 2);
    ent_exchange_count(w->server, &n);
    assert_int_equal(n.later, 1);
    const char *said[] = {"\"@method\": POST", "\"entente-purpose\": threat-check", "\"prefer\": respond-async", "\"@status\": 202",
                          "\"location\": /v1/search/01020300000000000000000000000000", "\"retry-after\": 1", "\"@method\": GET", "\"@status\": 200"};
    const char *at = ent_buf_cstr(&r.evidence);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (!(at = strstr(at, said[i]))) fail_msg("%s is not in the evidence", said[i]);
    ent_reply_free(&r);
    w->work_ms = 200;
    m.prefer_s = 1; /* done before its patience ends */
    assert_int_equal(say(w->client, &m, &r, NULL), ENT_OK);
    assert_int_equal(r.status, 200);
    ent_reply_free(&r);
    assert_int_equal(w->polls, 2);
    ent_message bare = {.kind = ENT_MESSAGE_CHECKPOINT, .prefer_s = -1}; /* only a search is kept */
    assert_int_equal(say(w->client, &bare, &r, NULL), ENT_OK);
    ent_reply_free(&r);
    ent_exchange_count(w->server, &n);
    assert_int_equal(n.later, 1);
}

/* 202 is due when the patience ends, whatever becomes of the work: neither earlier nor with it. */
static void patience_ends_in_time(void **state)
{
    (void)state;
    char text[8192] = "";
    ent_message m = sample("a probe");
    m.prefer_s = 1;
    w->work_ms = 200;
    w->hold_ms = 1500; /* done, and may not leave yet */
    ENT_AUTO_BUF request = raw_request(&m, &w->requester.secret, w->holder.name, real_now());
    int64_t from = monotonic(NULL);
    assert_int_equal(talk(&w->requester, TLS1_3_VERSION, ent_buf_cstr(&request), request.len, false, text, sizeof text), 202);
    assert_in_range(monotonic(NULL) - from, 1000, 2000);
    assert_non_null(strcasestr(text, "Content-Length: 6144\r\n"));
    assert_non_null(strcasestr(text, "Location: /v1/search/01020300000000000000000000000000\r\n"));
    assert_non_null(strcasestr(text, "Retry-After: 1\r\n"));
}

/* A preference that nobody signed for is not looked at; a question about another search than it says, with a body or by POST, is none. */
static void asking_after_is_strict(void **state)
{
    (void)state;
    ENT_AUTO_BUF fair = fair_request(), more = ENT_BUF(1 << 20);
    const char *end = strstr(ent_buf_cstr(&fair), "\r\n") + 2;
    ent_buf_put(&more, fair.data, (size_t)(end - (const char *)fair.data));
    ent_buf_str(&more, "Prefer: respond-async\r\n");
    ent_buf_str(&more, end);
    w->work_ms = 300;
    assert_int_equal(talk_as_partner(ent_buf_cstr(&more)), 200);
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .id = {1, 2, 3}, .poll = true};
    ENT_AUTO_BUF poll = raw_request(&m, &w->requester.secret, w->holder.name, real_now());
    assert_int_equal(talk_as_partner(ent_buf_cstr(&poll)), 200);
    static const struct {
        const char *find, *put;
    } wrong[] = {{"GET /v1/search/0102", "GET /v1/search/0202"}, {"GET /v1/search/010203", "GET /v1/search/01020"}, {"GET ", "POST "}, {"Length: 0\r\n", "Length: 1\r\n"}};
    for (size_t i = 0; i < 4; i++) {
        ENT_AUTO_BUF changed = ENT_BUF(1 << 16);
        const char *text = ent_buf_cstr(&poll), *at = strstr(text, wrong[i].find);
        ent_buf_put(&changed, text, (size_t)(at - text));
        ent_buf_str(&changed, wrong[i].put);
        ent_buf_str(&changed, at + strlen(wrong[i].find));
        int status = talk_as_partner(ent_buf_cstr(&changed));
        if (status < 400 || status >= 500) fail_msg("%s: %d", wrong[i].put, status);
    }
    assert_int_equal(w->polls, 1);
    ENT_AUTO_BUF other = raw_request(&m, &w->rogue.secret, w->holder.name, real_now()); /* with another's key */
    assert_int_equal(talk_as_partner(ent_buf_cstr(&other)), 401);
    assert_int_equal(w->polls, 1);
}

/* What a 202 names is this search, and signed. */
static void a_202_is_checked(void **state)
{
    (void)state;
    static ent_wire_fields f;
    ENT_AUTO_BUF base = ENT_BUF(65536);
    ent_http_message none = {.method = "POST", .path = "/v1/search", .authority = ""}, answer = {.status = 202, .request = &none};
    unsigned after;
    const char *job = "/v1/search/01020300000000000000000000000000";
    assert_int_equal(ent_wire_answer(&none, 202, job, ENT_BYTES("x", 1), real_now(), &w->holder.secret, &f, &base, NULL), ENT_OK);
    answer.field = f.field, answer.field_count = f.count;
    assert_int_equal(ent_wire_read_job(&answer, job, &after, NULL), ENT_OK);
    assert_int_equal(after, 1);
    assert_int_equal(ent_wire_read_job(&answer, "/v1/search/01020300000000000000000000000001", &after, NULL), ENT_FORMAT);
    assert_int_equal(ent_wire_answer(&none, 202, NULL, ENT_BYTES("x", 1), real_now(), &w->holder.secret, &f, &base, NULL), ENT_OK);
    answer.field_count = f.count;
    assert_int_equal(ent_wire_read_job(&answer, job, &after, NULL), ENT_SIGNATURE);
    ent_wire_add(&f, "location", 8, job, strlen(job));
    ent_wire_add(&f, "retry-after", 11, "1", 1);
    answer.field_count = f.count;
    assert_int_equal(ent_wire_read_job(&answer, job, &after, NULL), ENT_SIGNATURE); /* put there by somebody on the way */
}

typedef struct long_one {
    pthread_t thread;
    ent_code code;
    ent_reply reply;
} long_one;

static void *say_long(void *self)
{
    long_one *l = self;
    ent_message m = sample("a probe");
    m.prefer_s = -1;
    l->code = say(w->client, &m, &l->reply, NULL);
    return NULL;
}

/* A holder that stops and starts again between the 202 and the question is asked on; one that has lost the search is sent it again. */
static void asks_on_after_a_restart(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        long_one l = {0};
        uint16_t port = ent_exchange_port(w->server);
        int before = atomic_load(&w->received);
        atomic_store(&w->done, false);
        w->work_ms = 300;
        pthread_create(&l.thread, NULL, say_long, &l);
        while (atomic_load(&w->received) == before) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        ent_exchange_server *s = w->server;
        w->server = NULL;
        ent_exchange_stop(s, 1000);
        atomic_store(&w->forgotten, lost);
        nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 200000000}, NULL); /* a question finds nobody */
        serve(port, 0);
        pthread_join(l.thread, NULL);
        assert_int_equal(l.code, ENT_OK);
        assert_int_equal(l.reply.status, 200);
        ent_reply_free(&l.reply);
        assert_int_equal(atomic_load(&w->received), before + 1 + lost);
    }
}

/* The deadline ends the asking. */
static void asks_until_the_deadline(void **state)
{
    (void)state;
    ent_reply r;
    ent_err err;
    ent_partners p = ent_exchange_client_partners(w->client);
    ent_message m = sample("a probe");
    m.prefer_s = -1;
    w->work_ms = 1600;
    int64_t from = monotonic(NULL);
    assert_int_equal(p.send(p.self, w->holder.name, &m, from + 1200, &r, &err), ENT_TIMEOUT);
    assert_non_null(strstr(err.detail, "still searching"));
    assert_true(monotonic(NULL) - from < 2000);
}

/* Wire: what is no message gets its 4xx or a closed connection, and never reaches the inbox. */
static void wire_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int status;
    } cases[] = {
        {"GET /v1/search HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404},
        {"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413},
        {"POST /v1/search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST /v1/search HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 401},
        {"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nSignature: entente=:AAAA:\r\n\r\nx", 401},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = talk_as_partner(cases[i].bytes);
        if (status != cases[i].status) fail_msg("%d for %s", status, cases[i].bytes);
    }
    ENT_AUTO_BUF many = ENT_BUF(1 << 20);
    ent_buf_str(&many, "POST /v1/search HTTP/1.1\r\nContent-Length: 0\r\n");
    for (int i = 0; i < 3000; i++) ent_buf_fmt(&many, "x-%d: aaaaaaaaaaaaaaaaaaaa\r\n", i);
    ent_buf_str(&many, "\r\n");
    int status = talk_as_partner(ent_buf_cstr(&many));
    assert_true(status == 0 || (status >= 400 && status < 500));
    assert_int_equal(w->received, 0);
    expect_ok("served");
}

/* Wire: cut anywhere, or sent byte by byte, a message is answered whole or not at all. */
static void wire_cut_and_dripped(void **state)
{
    (void)state;
    ENT_AUTO_BUF whole = fair_request();
    char text[8192] = "";
    for (size_t n = 0; n < whole.len; n += 97) {
        SSL_CTX *ctx = tls_context(&w->requester, TLS1_3_VERSION);
        SSL *ssl = SSL_new(ctx);
        int fd = dial();
        SSL_set_fd(ssl, fd);
        assert_int_equal(SSL_connect(ssl), 1);
        if (n) SSL_write(ssl, whole.data, (int)n);
        SSL_shutdown(ssl);
        SSL_free(ssl);
        SSL_CTX_free(ctx);
        close(fd);
    }
    assert_int_equal(talk(&w->requester, TLS1_3_VERSION, (char *)whole.data, whole.len, true, text, sizeof text), 200);
    assert_int_equal(w->received, 1);
}

/* Signature: each bit of the signed fields and of the body counts; nothing changed reaches the inbox. */
static void signature_flipped_bit(void **state)
{
    (void)state;
    ENT_AUTO_BUF whole = fair_request();
    char text[8192];
    const char *start = strstr(ent_buf_cstr(&whole), "content-digest");
    size_t from = (size_t)(start - (char *)whole.data);
    for (size_t i = from; i < whole.len; i += 41) {
        whole.data[i] ^= 1;
        memset(text, 0, sizeof text);
        int status = talk(&w->requester, TLS1_3_VERSION, (char *)whole.data, whole.len, false, text, sizeof text);
        if (status == 200) fail_msg("byte %zu", i);
        whole.data[i] ^= 1;
    }
    assert_int_equal(w->received, 0);
    assert_int_equal(talk(&w->requester, TLS1_3_VERSION, (char *)whole.data, whole.len, false, text, sizeof text), 200);
}

/* Signature: another's key, a message for another node, an unknown algorithm, a field that is not covered. */
static void signature_of_another(void **state)
{
    (void)state;
    ent_message m = sample("a probe");
    ent_buf wrong[] = {raw_request(&m, &w->rogue.secret, w->holder.name, real_now()),
                       raw_request(&m, &w->requester.secret, "fr.other", real_now()),
                       fair_request(), fair_request(), fair_request()};
    ent_http_field none = {0};
    (void)none;
    char *at = strstr(ent_buf_cstr(&wrong[2]), "alg=\"ed25519\"");
    memcpy(at, "alg=\"ed25518\"", 13);
    at = strstr(ent_buf_cstr(&wrong[3]), "Host: x\r\n");
    memcpy(at, "entente-b", 9); /* "entente-bContent-Length: …": a field of ours that is not covered */
    at = strstr(ent_buf_cstr(&wrong[4]), "entente-request");
    memcpy(at, "entente-answers", 15);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[8192] = "";
        int status = talk(&w->requester, TLS1_3_VERSION, (char *)wrong[i].data, wrong[i].len, false, text, sizeof text);
        if (status < 400 || status > 499) fail_msg("case %zu: %d", i, status);
        ent_buf_free(&wrong[i]);
    }
    assert_int_equal(w->received, 0);
}

/* Clock: a message signed outside the window is refused as stale, by an hour or by a little, before or after. */
static void clock_outside_the_window(void **state)
{
    (void)state;
    static const int64_t off[] = {3600000, -3600000, 70000, -70000, 315360000000};
    ent_reply r;
    ent_message m = sample("x");
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        atomic_store(&w->skew, off[i] > 86400000 ? 86400000 * 20 : off[i]);
        ent_err err = {0};
        /* The answer is as far off, so the requester refuses it for its part. */
        assert_int_equal(say(w->client, &m, &r, &err), ENT_SIGNATURE);
    }
    assert_int_equal(w->received, 0);
    ent_exchange_counts n;
    ent_exchange_count(w->server, &n);
    assert_int_equal(n.refused_stale, 5);
    atomic_store(&w->skew, 30000);
    expect_ok("inside the window");
}

/* Wire: silent sockets, ten times as many as are allowed, do not keep a partner out for longer than the timeout. */
static void wire_silent_sockets(void **state)
{
    (void)state;
    int fd[640];
    for (int i = 0; i < 640; i++) fd[i] = dial();
    int64_t from = monotonic(NULL);
    ent_code code = ENT_UNREACHABLE;
    while (code != ENT_OK && monotonic(NULL) - from < 12000) {
        ent_reply r;
        ent_message m = sample("x");
        code = say(w->client, &m, &r, NULL);
        if (code == ENT_OK) ent_reply_free(&r);
    }
    assert_int_equal(code, ENT_OK);
    assert_true(monotonic(NULL) - from < 8000);
    for (int i = 0; i < 640; i++) close(fd[i]);
}

static void *say_many(void *n)
{
    int *ok = n;
    for (int i = 0; i < 25; i++) {
        ent_reply r;
        ent_message m = sample("x");
        if (say(w->client, &m, &r, NULL) != ENT_OK) continue;
        *ok += r.status == 200;
        ent_reply_free(&r);
    }
    return NULL;
}

/* Eight threads share a client; every message is answered. */
static void many_at_a_time(void **state)
{
    (void)state;
    pthread_t t[8];
    int ok[8] = {0}, sum = 0;
    w->hold_ms = 20;
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, say_many, &ok[i]);
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL), sum += ok[i];
    assert_int_equal(sum, 200);
    assert_int_equal(w->received, 200);
}

typedef struct asked {
    pthread_t thread;
    int status;
} asked;

static void *say_once(void *self)
{
    asked *a = self;
    ent_reply r;
    ent_message m = sample("x");
    if (say(w->client, &m, &r, NULL) != ENT_OK) return NULL;
    a->status = r.status;
    ent_reply_free(&r);
    return NULL;
}

/* More at once than a server takes from one address: they wait their turn, and every one is answered. */
static void more_than_lines(void **state)
{
    (void)state;
    enum { MANY = 3 * ENT_LIMIT_LINES };
    static asked a[MANY];
    int answered = 0, told = 0;
    memset(a, 0, sizeof a);
    w->hold_ms = 20;
    for (int i = 0; i < MANY; i++) pthread_create(&a[i].thread, NULL, say_once, &a[i]);
    for (int i = 0; i < MANY; i++) {
        pthread_join(a[i].thread, NULL);
        answered += a[i].status == 200;
        told += a[i].status == 503; /* its queue is full: said, and signed */
    }
    assert_int_equal(answered + told, MANY);
    ent_exchange_counts n;
    ent_exchange_count(w->server, &n);
    assert_in_range(n.connections, 2, ENT_LIMIT_LINES);
}

/* More than it can work on and keep waiting: the rest is told so at once, signed, and may come again. */
static void busy(void **state)
{
    (void)state;
    asked a[16] = {0};
    int answered = 0, told = 0;
    w->work_ms = 600;
    for (int i = 0; i < 16; i++) {
        pthread_create(&a[i].thread, NULL, say_once, &a[i]);
        while (i < 4 && atomic_load(&w->received) <= i) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* each worker has one */
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(a[i].thread, NULL);
        answered += a[i].status == 200;
        told += a[i].status == 503;
    }
    assert_int_equal(answered + told, 16);
    assert_true(answered >= 4 && told >= 1);
    ent_exchange_counts n;
    ent_exchange_count(w->server, &n);
    assert_int_equal(n.refused_busy, told);
    expect_ok("again");
}

static void *stop_server(void *s)
{
    ent_exchange_stop(s, 3000);
    return NULL;
}

/* A stop answers what it began and takes nothing new; the requester is told what happened. */
static void stops_gracefully(void **state)
{
    (void)state;
    pthread_t t, stopper;
    int ok = 0;
    w->hold_ms = 400;
    pthread_create(&t, NULL, say_many, &ok);
    while (atomic_load(&w->received) == 0) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    ent_exchange_server *s = w->server;
    w->server = NULL;
    pthread_create(&stopper, NULL, stop_server, s);
    pthread_join(stopper, NULL);
    pthread_join(t, NULL);
    assert_true(ok >= 1);
    ent_reply r;
    ent_message m = sample("x");
    assert_int_equal(say(w->client, &m, &r, NULL), ENT_UNREACHABLE);
}

/* A new certificate and key serve at once, without a restart. */
static void reloads(void **state)
{
    (void)state;
    node fresh;
    make_node(&fresh, "gb.holder", 9, real_now(), 30);
    expect_ok("before");
    assert_int_equal(ent_exchange_reload(w->server, "rubbish", "rubbish", &fresh.secret, NULL), ENT_FORMAT);
    expect_ok("nothing changed");
    assert_int_equal(ent_exchange_reload(w->server, ent_buf_cstr(&fresh.certificate), ent_buf_cstr(&fresh.key),
                                         &fresh.secret, NULL), ENT_OK);
    ent_reply r;
    ent_err err;
    ent_message m = sample("x");
    assert_int_equal(say(w->client, &m, &r, &err), ENT_SIGNATURE); /* the card is not known yet */
    memcpy(w->peers[0].pin[0], fresh.pin, 32);
    memcpy(w->peers[0].key[0], fresh.public.b, 32);
    expect_ok("after");
    ent_buf_free(&fresh.certificate);
    ent_buf_free(&fresh.key);
}

/* Nobody listens, the deadline passes, the partner is unknown: each its own error. */
static void failures_have_names(void **state)
{
    (void)state;
    ent_reply r;
    ent_message m = sample("x");
    ent_partners p = ent_exchange_client_partners(w->client);
    assert_int_equal(p.send(p.self, "nobody", &m, monotonic(NULL) + 1000, &r, NULL), ENT_NOT_FOUND);
    w->hold_ms = 2000;
    assert_int_equal(p.send(p.self, w->holder.name, &m, monotonic(NULL) + 300, &r, NULL), ENT_TIMEOUT);
    w->hold_ms = 0;
    snprintf(w->peers[0].address, sizeof w->peers[0].address, "https://127.0.0.1:1");
    assert_int_equal(p.send(p.self, w->holder.name, &m, monotonic(NULL) + 1000, &r, NULL), ENT_UNREACHABLE);
}

static int get_ledger(node *n, const char *path, char *ret_text, size_t cap)
{
    char request[256];
    int len = snprintf(request, sizeof request, "GET /v1/ledger/%s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    memset(ret_text, 0, cap);
    return talk(n, TLS1_3_VERSION, request, (size_t)len, false, ret_text, cap);
}

/* A partner reads checkpoint and hash tiles, each of the size that its name says, and no entries; a stranger nothing; what the tree
 * does not have is not there. */
static void ledger_is_read(void **state)
{
    (void)state;
    char text[16384];
    uint64_t index;
    for (uint8_t i = 0; i < 200; i++) {
        uint8_t entry[ENT_ENTRY_SIZE] = {i};
        for (int k = 0; k < 2; k++) assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_OK);
    }
    assert_int_equal(get_ledger(&w->requester, "checkpoint", text, sizeof text), 200);
    assert_non_null(strstr(text, "text/plain; charset=utf-8"));
    assert_non_null(strstr(text, "no-cache"));
    assert_int_equal(get_ledger(&w->requester, "tile/0/000", text, sizeof text), 200);
    assert_non_null(strstr(text, "Content-Length: 8192"));
    assert_non_null(strstr(text, "immutable"));
    assert_int_equal(get_ledger(&w->requester, "tile/0/001.p/144", text, sizeof text), 200);
    assert_non_null(strstr(text, "Content-Length: 4608"));
    assert_int_equal(get_ledger(&w->requester, "tile/1/000.p/1", text, sizeof text), 200);
    assert_int_equal(get_ledger(&w->requester, "tile/0/001.p/145", text, sizeof text), 404);
    assert_int_equal(get_ledger(&w->requester, "tile/0/001", text, sizeof text), 404);
    assert_int_equal(get_ledger(&w->requester, "tile/0/../../secret", text, sizeof text), 404);
    assert_int_equal(get_ledger(&w->requester, "tile/entries/000", text, sizeof text), 403);
    assert_int_equal(get_ledger(&w->requester, "", text, sizeof text), 404);
    assert_int_equal(get_ledger(&w->rogue, "checkpoint", text, sizeof text), 0);
    assert_int_equal(w->received, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(goes_and_comes_back),   CASE(sizes),                   CASE(leaves_on_the_grid),
        CASE(refusals_are_signed),   CASE(tls_rogue_certificate),   CASE(tls_ended_certificate),
        CASE(tls_revoked_certificate), CASE(tls_wrong_server),      CASE(tls_none_and_old),
        CASE(wire_malformed),        CASE(wire_cut_and_dripped),    CASE(signature_flipped_bit),
        CASE(signature_of_another),  CASE(clock_outside_the_window), CASE(wire_silent_sockets),
        CASE(many_at_a_time),        CASE(more_than_lines), cmocka_unit_test_setup_teardown(busy, setup_short_queue, teardown),
                CASE(stops_gracefully),        CASE(reloads),
        CASE(asks_for_a_transaction),  CASE(taken_on_and_asked_after), CASE(patience_ends_in_time), CASE(asking_after_is_strict),
        CASE(a_202_is_checked), CASE(asks_on_after_a_restart), CASE(asks_until_the_deadline),  CASE(failures_have_names),     CASE(ledger_is_read),
    };
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
