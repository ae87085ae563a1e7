/* What the exchange costs, everything but decoding, matching, store and ledger: mutual TLS on loopback, signatures, digests.
 * bench_exchange [SECONDS]: for each body size and number of connections the rate, and the CPU time of both ends (each its
 * own process). */
#include "adapter/file/file.h"
#include "api/exchange/client.h"
#include "api/exchange/server.h"
#include "crypto/x509.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct node {
    ent_public_key public;
    ent_secret_key secret;
    ent_buf certificate, key;
    ent_peer peer;
} node;

static node holder, requester;

static void make(node *n, const char *name, uint8_t seed)
{
    ent_clock clock = ent_system_clock();
    ent_time until;
    ent_sign_keys((uint8_t[32]){seed}, &n->public, &n->secret);
    n->certificate = n->key = ENT_BUF(8192);
    n->peer = (ent_peer){.pin_count = 1, .key_count = 1};
    if (ent_x509_make(name, (uint8_t[16]){seed, 1}, clock.now(clock.self), 2, &n->certificate, &n->key, NULL) != ENT_OK ||
        ent_x509_pin(ent_buf_cstr(&n->certificate), n->certificate.len, n->peer.pin[0], &until, NULL) != ENT_OK)
        exit(1);
    (void)ent_buf_cstr(&n->key);
    snprintf(n->peer.name, sizeof n->peer.name, "%s", name);
    memcpy(n->peer.key[0], n->public.b, 32);
}

static ent_code by_name(void *self, const char *name, ent_peer *ret, ent_err *err)
{
    (void)self, (void)name, (void)err;
    *ret = holder.peer;
    return ENT_OK;
}

static ent_code by_certificate(void *self, const uint8_t sha256[32], ent_peer *ret, ent_err *err)
{
    (void)self;
    if (memcmp(sha256, requester.peer.pin[0], 32) != 0) return ent_fail(err, ENT_NOT_FOUND, "unknown");
    *ret = requester.peer;
    return ENT_OK;
}

static void receive(void *self, const ent_arrival *a, int *ret_status, ent_buf *ret_body, int64_t *ret_release)
{
    (void)self, (void)a;
    ent_buf_fmt(ret_body, "{\"outcome\":\"no hit\"%1005s}", "");
    *ret_status = 200;
    *ret_release = 0;
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* ---- the requester, in a process of its own ---- */

typedef struct load {
    ent_exchange_client *client;
    size_t body;
    int64_t until;
    unsigned sent;
} load;

static void *ask(void *self)
{
    load *l = self;
    ent_partners p = ent_exchange_client_partners(l->client);
    ent_clock clock = ent_system_clock();
    ent_random random = ent_system_random();
    char *body = calloc(1, l->body);
    static const uint8_t digest[32] = {1};
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = "gb-us-2022", .agreement_version = 1, .agreement_digest = digest,
                     .flow = "border-check", .purpose = "terrorism-threat-check", .body = body, .body_len = l->body};
    char proof[2000];
    memset(proof, 'p', sizeof proof - 1);
    proof[sizeof proof - 1] = 0;
    m.proof = proof;
    while (clock.monotonic(clock.self) < l->until) {
        ent_reply r;
        ent_err err = {0};
        random.fill(random.self, m.id, sizeof m.id);
        if (p.send(p.self, "holder", &m, l->until + 5000, &r, &err) != ENT_OK) {
            fprintf(stderr, "%s\n", err.detail);
            exit(1);
        }
        l->sent += r.status == 200;
        ent_reply_free(&r);
    }
    free(body);
    return NULL;
}

static void request(int out, size_t body, unsigned threads, int64_t ms)
{
    ent_exchange_client_config c = {.name = "requester", .certificate = ent_buf_cstr(&requester.certificate),
                                    .key = ent_buf_cstr(&requester.key), .identity = requester.secret,
                                    .directory = {NULL, by_name, by_certificate}, .clock = ent_system_clock(),
                                    .random = ent_system_random()};
    load l[64] = {0};
    pthread_t t[64];
    ent_exchange_client *client;
    if (ent_exchange_client_make(&c, &client, NULL) != ENT_OK) exit(1);
    int64_t until = c.clock.monotonic(c.clock.self) + ms;
    for (unsigned i = 0; i < threads; i++) {
        l[i] = (load){.client = client, .body = body, .until = until};
        pthread_create(&t[i], NULL, ask, &l[i]);
    }
    double sum = 0;
    for (unsigned i = 0; i < threads; i++) pthread_join(t[i], NULL), sum += l[i].sent;
    double result[2] = {sum, cpu()};
    if (write(out, result, sizeof result) != sizeof result) exit(1);
    exit(0);
}

/* One measurement: the holder is this process, so its CPU time is what grows here. */
static void measure(size_t body, unsigned threads, int64_t ms)
{
    int pipe_fd[2], port_fd[2];
    uint16_t port;
    if (pipe(pipe_fd) || pipe(port_fd)) exit(1);
    pid_t child = fork();
    if (child == 0) {
        if (read(port_fd[0], &port, sizeof port) != sizeof port) exit(1);
        snprintf(holder.peer.address, sizeof holder.peer.address, "https://127.0.0.1:%u", port);
        request(pipe_fd[1], body, threads, ms);
    }
    ent_exchange_config c = {.name = "holder", .address = "127.0.0.1", .certificate = ent_buf_cstr(&holder.certificate),
                             .key = ent_buf_cstr(&holder.key), .identity = holder.secret,
                             .directory = {NULL, by_name, by_certificate}, .inbox = {NULL, receive},
                             .clock = ent_system_clock(), .random = ent_system_random()};
    ent_exchange_server *s;
    ent_err err = {0};
    if (ent_exchange_start(&c, &s, &err) != ENT_OK) {
        fprintf(stderr, "%s\n", err.detail);
        exit(1);
    }
    double before = cpu(), result[2];
    port = ent_exchange_port(s);
    if (write(port_fd[1], &port, sizeof port) != sizeof port) exit(1);
    if (read(pipe_fd[0], result, sizeof result) != sizeof result) exit(1);
    double holder_ms = (cpu() - before) * 1000 / result[0];
    printf("%9zu %12u %11.0f %17.3f %20.3f\n", body, threads, result[0] * 1000 / (double)ms, holder_ms,
           result[1] * 1000 / result[0]);
    fflush(stdout);
    waitpid(child, NULL, 0);
    ent_exchange_stop(s, 1000);
    close(pipe_fd[0]), close(pipe_fd[1]), close(port_fd[0]), close(port_fd[1]);
}

int main(int argc, char **argv)
{
    int64_t ms = (argc > 1 ? atoi(argv[1]) : 3) * 1000;
    static const size_t bodies[] = {2048, 50000, 300000};
    static const unsigned threads[] = {1, 8};
    signal(SIGPIPE, SIG_IGN);
    make(&holder, "holder", 1);
    make(&requester, "requester", 2);
    printf("body (B)  connections  messages/s  holder CPU (ms)  requester CPU (ms)\n");
    fflush(stdout); /* before the first fork */
    for (size_t b = 0; b < 3; b++)
        for (size_t t = 0; t < 2; t++) measure(bodies[b], threads[t], ms);
    return 0;
}
