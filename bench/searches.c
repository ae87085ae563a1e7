/* Searches end to end, everything but decode and extract: two nodes, mutual TLS 1.3 on loopback over warm connections, signatures, the proof of
 * "asked", agreement, quota, a gallery of one, a real store (SQLite, its log synced for each answer), real key slots, a real ledger (two syncs and a signed
 * checkpoint a batch), the receipt. The probe is 2 KB; a stand-in hands its template over, as a minutiae record would. The requester is a
 * process of its own with everything in memory, so each side's CPU time is its own.
 * bench_searches FOLDER [SECONDS] */
#include "adapter/memory/memory.h"
#include "api/exchange/client.h"
#include "api/exchange/server.h"
#include "entente/finger.h"
#include "flow/capture/read.h"
#include "flow/flow.h"
#include "law/crossing.h"
#include "two_nodes.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE = 2000, MINUTIAE = 36, SIDE = 320, THREADS_MAX = 128 };

static bench_node holder, requester;
static ent_actor officer; /* the requester's */
static ent_secret_key desk; /* the capture key of the requester's desk */
static const ent_regime regime = {.name = "uk-terrorism-3y", .clause = "TA 2000 Sch. 8 para. 20B(4)", .material = 7, .keep = ENT_KEEP_PERIOD, .period = {3, 0, 0}};
static char address[64] = "https://127.0.0.1:1";
static int64_t until;

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
}

/* ---- the probe: "FINGER n;" somewhere in it, the rest is filling ---- */

static void probe_of(unsigned finger, ent_buf *ret)
{
    ent_buf_str(ret, "\x89PNG\r\n\x1a\n");
    ent_buf_fmt(ret, "FINGER %u;%*s", finger, PROBE, "");
}

static ent_code decode(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_finger_minutia m[MINUTIAE];
    ent_finger_template *t;
    ent_capture_print p = {.finger = 2, .quality = 80, .width = SIDE, .height = SIDE, .ppi = 500, .image = (uint8_t *)(uintptr_t)bytes, .image_len = len};
    const char *at = memmem(bytes, len, "FINGER ", 7);
    uint64_t chance = at ? strtoul(at + 7, NULL, 10) + 1 : 0;
    (void)self, (void)job;
    if (!at) return ent_fail(err, ENT_FORMAT, "no print in this file");
    for (unsigned i = 0; i < MINUTIAE; i++) {
        chance = chance * 6364136223846793005ull + 1442695040888963407ull;
        m[i] = (ent_finger_minutia){.x = (uint16_t)(30 + i % 6 * 40 + (chance >> 40) % 24), .y = (uint16_t)(30 + i / 6 * 44 + (chance >> 48) % 28),
                                    .angle = (uint8_t)(chance >> 56), .kind = 1, .quality = 80};
    }
    ent_code code = ent_finger_import(m, MINUTIAE, (uint32_t[2]){SIDE, SIDE}, &t, err);
    if (code != ENT_OK) return code;
    code = ent_finger_encode(t, ENT_FINGER_FULL, p.template_bytes, sizeof p.template_bytes, &p.template_len, err);
    ent_finger_template_free(t);
    if (code != ENT_OK) return code;
    ent_capture c = {.print_count = 1, .print = {&p}};
    ent_capture_encode(&c, ret);
    return ent_buf_check(ret, err);
}

/* What is not the exchange's: the stand-in, the template read, prepared and compared with one, in ms of CPU. */
static double not_ours(void)
{
    enum { TIMES = 200 };
    struct timespec a, b;
    ENT_AUTO_BUF file = ENT_BUF(8192);
    ent_err err = {0};
    probe_of(2, &file);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (int i = 0; i < TIMES; i++) {
        ENT_AUTO_BUF read = ENT_BUF(1 << 20);
        ent_capture c;
        ent_finger_template *t;
        ent_finger_probe *p;
        bench_must(decode(NULL, "capture", file.data, file.len, &read, &err), "decode", &err);
        bench_must(ent_capture_decode(read.data, read.len, &c, &err), "capture", &err);
        bench_must(ent_finger_decode(c.print[0]->template_bytes, c.print[0]->template_len, &t, &err), "template", &err);
        bench_must(ent_finger_probe_new(t, &p, &err), "probe", &err);
        (void)ent_finger_match(p, t, NULL);
        ent_finger_probe_free(p);
        ent_finger_template_free(t);
        ent_capture_free(&c);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return ((double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6) / TIMES;
}

/* ---- two nodes that have agreed ---- */

static const char flow[] =
    "  - name: check\n    holder: gb.example\n    requester: us.example\n"
    "    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]\n"
    "    modalities: [fingerprint]\n    against: [tenprint]\n    subjects: { powers: [uk-terrorism-3y], exclude: [] }\n"
    "    search: { per-day: 10000000, candidates: 1, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }\n"
    "    holder-keeps-probe: until-concluded\n    confirm: { by: holder, examiners: 2, within: 15 min }\n"
    "    disclose: { on-hit: [], on-confirmed: [name] }\n    copy: { mode: none }\n    requester-keeps: 90 days\n"
    "    on-behalf-of: never\n    onward: never\n    articles: { search.per-day: Art. 6(2), purposes: Art. 3(1) }\n";

static void add_desk(void)
{
    ent_public_key key;
    ent_err err = {0};
    ent_sign_keys((uint8_t[32]){7}, &key, &desk);
    bench_must(ent_flow_desk_propose(requester.flow, &requester.custodian, "desk-1", &key, false, &err), "desk", &err);
    bench_must(ent_flow_desk_approve(requester.flow, &requester.deputy, "desk-1", &err), "desk", &err);
}

/* ---- the requester's process ---- */

/* One crossing each: the desk's statement before the probe. */
static void capture(ent_buf *ret_file)
{
    ENT_AUTO_BUF probe = ENT_BUF(8192);
    ent_err err = {0};
    ent_crossing c = {.desk = "desk-1", .device = "scanner-1", .reference = "F1", .time = requester.c.clock.now(requester.c.clock.self), .nationality = "UTO"};
    snprintf(c.node, sizeof c.node, "%s", requester.c.name);
    snprintf(c.officer, sizeof c.officer, "%s", officer.name);
    requester.c.random.fill(requester.c.random.self, c.salt, sizeof c.salt);
    probe_of(2, &probe);
    ent_buf_put(&probe, c.salt, sizeof c.salt); /* no capture has the bytes of another */
    bench_must(ent_crossing_sign(&c, ENT_BYTES(probe.data, probe.len), &desk, ret_file, &err), "capture", &err);
}

static void *ask(void *ctx)
{
    _Atomic unsigned *done = ctx;
    ent_err err = {0};
    while (requester.c.clock.monotonic(requester.c.clock.self) < until) {
        ENT_AUTO_BUF file = ENT_BUF(16384);
        ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
        ent_search_result r = {0};
        capture(&file);
        bench_must(ent_flow_search(requester.flow, &officer, file.data, file.len, &o, &r, &err), "search", &err);
        if (r.refused || r.hit) bench_die(r.refused ? r.reason : "a hit that is none", &err);
        ent_buf_free(&r.receipt);
        atomic_fetch_add(done, 1);
    }
    return NULL;
}

static ent_code by_name(void *self, const char *name, ent_peer *ret, ent_err *err)
{
    (void)self;
    ent_directory d = ent_flow_directory(requester.flow);
    ent_code code = d.by_name(d.self, name, ret, err);
    if (code == ENT_OK) snprintf(ret->address, sizeof ret->address, "%s", address); /* the port is known only now */
    return code;
}

static void request(int out, unsigned threads, int64_t ms)
{
    ent_err err = {0};
    pthread_t t[THREADS_MAX];
    _Atomic unsigned done = 0;
    ent_exchange_client *client;
    ent_exchange_client_config c = {.name = requester.c.name, .certificate = ent_buf_cstr(&requester.certificate), .key = ent_buf_cstr(&requester.key),
                                    .identity = requester.c.identity, .directory = {NULL, by_name, NULL}, .clock = requester.c.clock, .random = requester.c.random};
    bench_must(ent_exchange_client_make(&c, &client, &err), "client", &err);
    ent_flow_close(requester.flow);
    requester.c.partners = ent_exchange_client_partners(client);
    bench_must(ent_flow_open(&requester.c, &requester.flow, &err), "open", &err);
    until = c.clock.monotonic(c.clock.self) + ms;
    for (unsigned i = 0; i < threads; i++) pthread_create(&t[i], NULL, ask, &done);
    for (unsigned i = 0; i < threads; i++) pthread_join(t[i], NULL);
    double result[2] = {atomic_load(&done), cpu()};
    if (write(out, result, sizeof result) != sizeof result) exit(1);
    _exit(0);
}

/* ---- the holder ---- */

static void measure(unsigned threads, int64_t ms)
{
    int pipe_fd[2], port_fd[2];
    uint16_t port;
    ent_err err = {0};
    double result[2];
    if (pipe(pipe_fd) || pipe(port_fd)) exit(1);
    pid_t child = fork();
    if (child == 0) {
        if (read(port_fd[0], &port, sizeof port) != sizeof port) _exit(1);
        snprintf(address, sizeof address, "https://127.0.0.1:%u", port);
        request(pipe_fd[1], threads, ms);
    }
    close(pipe_fd[1]);
    ent_exchange_config c = {.name = holder.c.name, .address = "127.0.0.1", .certificate = ent_buf_cstr(&holder.certificate), .key = ent_buf_cstr(&holder.key),
                             .identity = holder.c.identity, .directory = ent_flow_directory(holder.flow), .inbox = ent_flow_inbox(holder.flow),
                             .clock = holder.c.clock, .random = holder.c.random, .workers = threads};
    ent_exchange_server *server;
    bench_must(ent_exchange_start(&c, &server, &err), "server", &err);
    double before = cpu(), cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    port = ent_exchange_port(server);
    if (write(port_fd[1], &port, sizeof port) != sizeof port || read(pipe_fd[0], result, sizeof result) != sizeof result) exit(1);
    double rate = result[0] * 1000 / (double)ms, ours = (cpu() - before) / result[0], theirs = result[1] / result[0];
    printf("%8u %12.0f %17.3f %20.3f %21.0f %%\n", threads, rate, ours, theirs, 100 * rate * (ours + theirs) / (cores * 1000));
    fflush(stdout);
    waitpid(child, NULL, 0);
    ent_exchange_stop(server, 1000);
    close(pipe_fd[0]), close(port_fd[0]), close(port_fd[1]);
}

int main(int argc, char **argv)
{
    ent_err err = {0};
    ent_enrolled e;
    ENT_AUTO_BUF file = ENT_BUF(8192);
    static const unsigned threads[] = {1, 8, 32, 48, 96};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_searches FOLDER [SECONDS]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    bench_begin(&holder, "gb.example", 1, &requester, &regime, 1);
    bench_begin(&requester, "us.example", 2, &holder, &regime, 1);
    holder.c.decoder = requester.c.decoder = (ent_decoder){.run = decode};
    bench_on_disk(&holder, argv[1], true);
    bench_must(ent_memory_store(&requester.c.store, &err), "store", &err);
    bench_must(ent_memory_keys(requester.c.random, &requester.c.keys, &err), "keys", &err);
    bench_must(ent_memory_year_ledger("us.example", &requester.c.identity, (uint32_t)ent_time_date(requester.c.clock.now(NULL)).year, &requester.c.ledger, &err), "ledger", &err);
    bench_agree(&holder, &requester, address, flow);
    bench_person(&requester, &requester.custodian, "o.example", ENT_ROLE_OFFICER, &officer);
    add_desk();
    probe_of(1, &file);
    bench_must(ent_flow_enrol(holder.flow, &holder.custodian, file.data, file.len, &(ent_enrol_options){.taken_under = "ta-2000-s41"}, &e, &err), "enrol", &err);
    printf("the stand-in, template and comparison alone: %.3f ms of the holder's CPU\n", not_ours());
    printf(" at once   searches/s   holder CPU (ms)   requester CPU (ms)   of what the CPUs allow\n");
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) measure(threads[i], (argc > 2 ? atoi(argv[2]) : 5) * 1000ll);
    return 0;
}
