/* The watchlist feed at scale. A holder of RECORDS convicted persons (SQLite in FOLDER, or the PostgreSQL that CONNINFO names) gives its feed to a
 * requester that is a process of its own, with store, key slots and ledger on disk, and is killed with SIGKILL at KILLS moments taken by chance; eight
 * writers enrol, change and destroy records meanwhile. In the end the copy is, record for record and number for number, what the holder
 * publishes, and as many as the writers left.
 *
 *   bench_feed FOLDER|- [RECORDS [KILLS [CONNINFO]]]      exit status 0: nothing was missed; "-": a folder of its own, removed afterwards */
#include "adapter/memory/memory.h"
#include "adapter/postgres/postgres.h"
#include "adapter/sqlite/sqlite.h"
#include "entente/finger.h"
#include "flow/capture/capture.h"
#include "flow/feed/feed.h"
#include "flow/state.h"
#include "two_nodes.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 8, SIDE = 320, MINUTIAE = 30, GROUP = 2000 };

static bench_node holder, requester;
static char folder[1024];
static const ent_regime regimes[] = {{.name = "uk-terrorism-3y", .clause = "TA 2000 Sch. 8 para. 20B(4)", .material = 7, .keep = ENT_KEEP_PERIOD, .period = {3, 0, 0}},
                                     {.name = "convicted", .clause = "TA 2000 Sch. 8 para. 20D", .material = 7, .needs = 1u << ENT_EVENT_CONVICTED, .any_encounter = true, .keep = ENT_KEEP_INDEFINITELY}};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- nodes ---- */

/* A print of some points: no image is made and none is read. */
static const ent_buf *template_of_all(void)
{
    static ent_buf bytes;
    ent_finger_minutia m[MINUTIAE];
    ent_finger_template *t;
    ent_err err = {0};
    if (bytes.len) return &bytes;
    bytes = ENT_BUF(ENT_FINGER_FULL_MAX);
    for (unsigned i = 0; i < MINUTIAE; i++)
        m[i] = (ent_finger_minutia){.x = (uint16_t)(30 + i % 6 * 40 + i * 7 % 24), .y = (uint16_t)(30 + i / 6 * 44 + i * 11 % 28), .angle = (uint8_t)(i * 37), .kind = 1, .quality = 80};
    uint8_t full[ENT_FINGER_FULL_MAX];
    size_t len;
    bench_must(ent_finger_import(m, MINUTIAE, (uint32_t[2]){SIDE, SIDE}, &t, &err), "template", &err);
    bench_must(ent_finger_encode(t, ENT_FINGER_FULL, full, sizeof full, &len, &err), "template", &err);
    ent_finger_template_free(t);
    ent_buf_put(&bytes, full, len);
    return &bytes;
}

/* Of an arrest that a writer makes: the image alone, since who is enrolled is looked for among all that are there, which is not measured here. */
static ent_code decode(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_capture_print p = {.finger = 2, .quality = 80, .width = SIDE, .height = SIDE, .ppi = 500, .image = (uint8_t *)(uintptr_t)bytes, .image_len = len};
    ent_capture c = {.print_count = 1, .print = {&p}, .birth = {1980, 1, 1}, .nationality = "FRA"};
    (void)self, (void)job;
    snprintf(c.tcn, sizeof c.tcn, "%.*s", (int)len, (const char *)bytes);
    ent_capture_encode(&c, ret);
    return ent_buf_check(ret, err);
}

static void requester_on_disk(bool create)
{
    ent_err err = {0};
    char path[1100];
    snprintf(path, sizeof path, "%s/us", folder);
    bench_on_disk(&requester, path, create);
    if (!create) bench_must(ent_flow_open(&requester.c, &requester.flow, &err), "the requester opens", &err);
}

static void requester_off(void)
{
    ent_flow_close(requester.flow);
    requester.c.ledger.close(requester.c.ledger.self);
    requester.c.keys.close(requester.c.keys.self);
    requester.c.store.close(requester.c.store.self);
}

static const char flow[] =
    "  - name: list\n    holder: gb.example\n    requester: us.example\n"
    "    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]\n"
    "    modalities: [fingerprint]\n    against: [tenprint]\n"
    "    subjects: { powers: [convicted], exclude: [under-18-at-offence, own-national, not-convicted] }\n"
    "    search: { per-day: 1000, candidates: 1, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }\n"
    "    holder-keeps-probe: until-concluded\n    confirm: { by: holder, examiners: 2, within: 15 min }\n"
    "    disclose: { on-hit: [], on-confirmed: [name] }\n    copy: { mode: watchlist, lease: 48 h }\n    requester-keeps: 90 days\n"
    "    on-behalf-of: never\n    onward: never\n";

/* ---- the holder's records, as the rows that an enrolment leaves ---- */

static ent_part_id *parts;          /* of the records that the bench begins with */
static ent_encounter_id *encounters;

static void put_record(ent_batch *b, const ent_legal_event *convicted, size_t i)
{
    ent_err err = {0};
    ent_flow_node *n = holder.flow;
    const ent_buf *template = template_of_all();
    ent_held_part p = {.facts = {.material = ENT_MATERIAL_FINGERPRINT, .taken_under = "ta-2000-s41", .nationality = "FRA", .birth = {1980, 1, 1}, .events = convicted, .event_count = 1}};
    uint8_t binding[32], name[ENT_ID_SIZE + 3], nonce[12];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF row = ENT_BUF(1 << 16), box = ENT_BUF(1 << 16);
    p.facts.taken = p.facts.offence_date = convicted->date;
    ent_fill(n, p.id.b, ENT_ID_SIZE);
    ent_fill(n, p.encounter.b, ENT_ID_SIZE);
    ent_fill(n, p.person.b, ENT_ID_SIZE);
    ent_fill(n, p.case_number.b, ENT_ID_SIZE);
    ent_fill(n, p.transaction, sizeof p.transaction);
    ent_part_binding(p.id.b, binding);
    bench_must(n->c.keys.new_slot(n->c.keys.self, binding, &p.slot, &key, &err), "key", &err);
    bench_must(ent_part_row(n, &p, &key, &row, &err), "row", &err);
    memcpy(name, p.id.b, ENT_ID_SIZE);
    name[ENT_ID_SIZE] = 'T', name[ENT_ID_SIZE + 1] = 0, name[ENT_ID_SIZE + 2] = 2;
    ent_fill(n, nonce, sizeof nonce);
    bench_must(ent_seal(&key, nonce, ENT_BYTES(name, sizeof name), ENT_BYTES(template->data, template->len), &box, &err), "blob", &err);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_PARTS, ENT_BYTES(p.id.b, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_BLOBS, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len));
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_ENCOUNTERS, ENT_BYTES(p.encounter.b, ENT_ID_SIZE), ENT_BYTES(p.id.b, ENT_ID_SIZE));
    parts[i] = p.id, encounters[i] = p.encounter;
}

static void put_records(size_t count)
{
    ent_err err = {0};
    ent_legal_event convicted = {.kind = ENT_EVENT_CONVICTED, .date = ent_time_date(holder.c.clock.now(NULL))};
    convicted.date.year--;
    convicted.date.day = 1;
    parts = calloc(count, sizeof *parts);
    encounters = calloc(count, sizeof *encounters);
    for (size_t from = 0; from < count; from += GROUP) {
        ENT_AUTO_BATCH b = ent_batch_new("bench");
        for (size_t i = from; i < count && i < from + GROUP; i++) put_record(b, &convicted, i);
        bench_must(ent_commit(holder.flow, b, NULL, &err), "rows", &err);
    }
    ent_flow_close(holder.flow);
    bench_must(ent_flow_open(&holder.c, &holder.flow, &err), "the holder opens", &err);
}

/* ---- writers ---- */

static atomic_bool writing;
static _Atomic long enrolled, changed, destroyed;

typedef struct writer {
    pthread_t thread;
    size_t first, count; /* the records that are this one's */
    unsigned number;
} writer;

static void enrol_one(const writer *w, unsigned turn)
{
    ent_err err = {0};
    ent_enrolled e;
    ent_part_view v;
    char file[32];
    int n = snprintf(file, sizeof file, "W%uT%u", w->number, turn);
    ent_legal_event x = {.kind = ENT_EVENT_CONVICTED, .date = ent_time_date(holder.c.clock.now(NULL))};
    bench_must(ent_flow_enrol(holder.flow, &holder.custodian, file, (size_t)n, &(ent_enrol_options){.taken_under = "ta-2000-s41"}, &e, &err), "enrol", &err);
    bench_must(ent_flow_event(holder.flow, &holder.custodian, e.encounter.b, &x, x.date, &v, &err), "convict", &err);
    atomic_fetch_add(&enrolled, 1);
}

static void change_one(size_t i)
{
    ent_err err = {0};
    ent_part_view v;
    ent_legal_event x = {.kind = ENT_EVENT_CHARGED, .date = ent_time_date(holder.c.clock.now(NULL))};
    bench_must(ent_flow_event(holder.flow, &holder.custodian, encounters[i].b, &x, x.date, &v, &err), "event", &err);
    atomic_fetch_add(&changed, 1);
}

static void *write_on(void *ctx)
{
    writer *w = ctx;
    unsigned seed = w->number, next = 0;
    for (unsigned turn = 0; atomic_load(&writing); turn++) {
        ent_err err = {0};
        ent_destroyed d;
        usleep(2000 + (unsigned)rand_r(&seed) % 20000);
        if (turn % 3 == 0) enrol_one(w, turn);
        else if (turn % 3 == 1 && next < w->count / 2) {
            bench_must(ent_flow_destroy(holder.flow, &holder.custodian, encounters[w->first + next++].b, "bench", &d, &err), "destroy", &err);
            atomic_fetch_add(&destroyed, 1);
        } else change_one(w->first + w->count - 1 - (unsigned)rand_r(&seed) % (w->count / 3));
    }
    return NULL;
}

/* ---- the line between two processes: a header, the body; there and back ---- */

typedef struct header {
    uint8_t id[ENT_ID_SIZE], digest[32];
    uint32_t version, status, len;
    int32_t kind;
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME];
} header;

static bool put_all(int fd, const void *bytes, size_t len)
{
    for (const uint8_t *at = bytes; len;) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        at += n, len -= (size_t)n;
    }
    return true;
}

static bool take_all(int fd, void *bytes, size_t len)
{
    for (uint8_t *at = bytes; len;) {
        ssize_t n = recv(fd, at, len, 0);
        if (n <= 0) return false;
        at += n, len -= (size_t)n;
    }
    return true;
}

static ent_code send_over(void *self, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret, ent_err *err)
{
    int fd = *(int *)self;
    header h = {.version = m->agreement_version, .len = (uint32_t)m->body_len, .kind = (int32_t)m->kind};
    (void)partner, (void)deadline;
    memcpy(h.id, m->id, ENT_ID_SIZE);
    if (m->agreement_digest) memcpy(h.digest, m->agreement_digest, 32);
    snprintf(h.agreement, sizeof h.agreement, "%s", m->agreement);
    snprintf(h.flow, sizeof h.flow, "%s", m->flow);
    if (!put_all(fd, &h, sizeof h) || !put_all(fd, m->body, m->body_len) || !take_all(fd, &h, sizeof h)) return ent_fail(err, ENT_UNREACHABLE, "the holder is away");
    uint8_t *body = malloc(h.len + 1);
    bool good = body && take_all(fd, body, h.len);
    if (good) ent_buf_put(&ret->body, body, h.len);
    free(body);
    ret->status = (int)h.status;
    return good ? ENT_OK : ent_fail(err, ENT_UNREACHABLE, "the holder is away");
}

static void *serve(void *ctx)
{
    int fd = *(int *)ctx;
    header h;
    ent_inbox inbox = ent_flow_inbox(holder.flow);
    while (take_all(fd, &h, sizeof h)) {
        uint8_t *body = malloc(h.len + 1);
        ent_reply r = {.body = ENT_BUF(ENT_FEED_PAGE_MAX + ENT_SIGNATURE_SIZE)};
        int64_t release = 0;
        if (!body || !take_all(fd, body, h.len)) break;
        ent_arrival in = {.message = {.kind = (ent_message_kind)h.kind, .agreement = h.agreement, .agreement_version = h.version, .agreement_digest = h.digest, .flow = h.flow,
                                      .purpose = "", .proof = "", .body = body, .body_len = h.len},
                          .received = holder.c.clock.now(NULL), .signature_base = "by the line"};
        memcpy(in.message.id, h.id, ENT_ID_SIZE);
        snprintf(in.partner, sizeof in.partner, "us.example");
        inbox.receive(inbox.self, &in, &r.status, &r.body, &release);
        h.status = (uint32_t)r.status, h.len = (uint32_t)r.body.len;
        bool sent = put_all(fd, &h, sizeof h) && put_all(fd, r.body.data, r.body.len);
        free(body);
        ent_buf_free(&r.body);
        if (!sent) break;
    }
    close(fd);
    return NULL;
}

/* ---- the requester's process ---- */

/* Pulls until the writers have stopped and nothing comes any more. */
static int request(int fd)
{
    ent_err err = {0};
    char done[1100];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(done, sizeof done, "%s/done", folder);
    requester.c.partners = (ent_partners){.self = &fd, .send = send_over};
    requester_on_disk(false);
    bench_must(ent_flow_person(requester.flow, "c.example", &requester.custodian, &err), "custodian", &err);
    for (;;) {
        uint64_t records = 0;
        bool last = access(done, F_OK) == 0;
        bench_must(ent_flow_feed_pull(requester.flow, &requester.custodian, &records, &err), "pull", &err);
        if (last && !records) break;
        if (!records) usleep(20000);
    }
    requester_off();
    return 0;
}

static pid_t start(const char *self, pthread_t *ret_server, int *ret_fd)
{
    int line[2];
    char fd[16];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line)) bench_die("socketpair", NULL);
    snprintf(fd, sizeof fd, "%d", line[1]);
    int child_fd = dup(line[1]); /* the one that outlives exec */
    snprintf(fd, sizeof fd, "%d", child_fd);
    pid_t child = vfork();
    if (child == 0) {
        execl(self, self, "--requester", folder, fd, (char *)NULL);
        _exit(1);
    }
    close(line[1]);
    close(child_fd);
    *ret_fd = line[0];
    pthread_create(ret_server, NULL, serve, ret_fd);
    return child;
}

/* ---- what came of it ---- */

struct comparing {
    size_t held, wrong;
    ent_copy *copy;
};

/* Each published record, gone or there, against the copy's. */
static ent_code compare_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    static const uint8_t zeros[32];
    struct comparing *c = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(1 << 20);
    ent_feed_record r;
    if (key_len != 17 + ENT_ID_SIZE || value_len != 8 + ENT_ID_SIZE + 32) return ENT_DAMAGED;
    bool gone = memcmp(value + 8 + ENT_ID_SIZE, zeros, 32) == 0;
    bool there = ent_copy_record(requester.flow, c->copy, key + 17, &plain, &r, NULL) == ENT_OK;
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) number = number << 8 | value[i];
    c->held += !gone;
    c->wrong += gone ? there : !there || r.number != number;
    return ENT_OK;
}

static bool compare(size_t began)
{
    ent_err err = {0};
    struct comparing c = {0};
    uint8_t key[17];
    requester.c.partners.send = NULL;
    requester_on_disk(false);
    bench_must(ent_copy_of(requester.flow, "deal", "list", "gb.example", &c.copy, &err), "copy", &err);
    ent_feed_key('p', "deal", "list", key);
    ent_change range = {.key = key, .key_len = sizeof key};
    bench_must(holder.c.store.scan(holder.c.store.self, ENT_TABLE_FEEDS, &range, compare_one, &c, &err), "scan", &err);
    uint64_t copied = ent_copy_rows(requester.flow, c.copy, 'R'), left = began + (uint64_t)enrolled - (uint64_t)destroyed;
    printf("%llu in the copy, %zu published, %llu left by the writers; %zu differ\n", (unsigned long long)copied, c.held, (unsigned long long)left, c.wrong);
    requester_off();
    return !c.wrong && copied == c.held && copied == left;
}

static void begin_both(const char *conninfo)
{
    ent_err err = {0};
    char path[1100];
    snprintf(path, sizeof path, "%s/gb.db", folder);
    bench_must(conninfo ? ent_postgres_store(conninfo, &holder.c.store, &err) : ent_sqlite_store(path, &holder.c.store, &err), "the holder's store", &err);
    bench_must(ent_memory_keys(holder.c.random, &holder.c.keys, &err), "keys", &err);
    bench_must(ent_memory_year_ledger("gb.example", &holder.c.identity, (uint32_t)ent_time_date(holder.c.clock.now(NULL)).year, &holder.c.ledger, &err), "ledger", &err);
    requester_on_disk(true);
    bench_agree(&holder, &requester, "https://127.0.0.1:1", flow);
    requester_off();
}

static bool run(const char *self, size_t records, unsigned kills, const char *conninfo)
{
    writer w[WRITERS];
    pthread_t server;
    char done[1100];
    int fd, status = 0;
    unsigned seed = 7;
    double t0 = seconds();
    begin_both(conninfo);
    put_records(records);
    printf("%zu records at the holder in %.0f s\n", records, seconds() - t0);
    fflush(stdout);
    snprintf(done, sizeof done, "%s/done", folder);
    atomic_store(&writing, true);
    for (unsigned i = 0; i < WRITERS; i++) {
        w[i] = (writer){.first = i * (records / WRITERS), .count = records / WRITERS, .number = i + 1};
        pthread_create(&w[i].thread, NULL, write_on, &w[i]);
    }
    double t1 = seconds(), between = (double)records / 1500 / (kills + 1); /* about as long as the feed takes, in as many pieces */
    for (unsigned k = 0; k < kills; k++) {
        pid_t child = start(self, &server, &fd);
        usleep(50000 + (unsigned)((double)rand_r(&seed) / RAND_MAX * 2 * between * 1e6));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        pthread_join(server, NULL);
    }
    pid_t child = start(self, &server, &fd);
    sleep(1);
    atomic_store(&writing, false);
    for (unsigned i = 0; i < WRITERS; i++) pthread_join(w[i].thread, NULL);
    fclose(fopen(done, "w"));
    waitpid(child, &status, 0);
    pthread_join(server, NULL);
    printf("the feed taken in %.0f s, the requester killed %u times; meanwhile %ld enrolled, %ld changed, %ld destroyed by %d writers\n", seconds() - t1, kills, (long)enrolled,
           (long)changed, (long)destroyed, WRITERS);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) bench_die("the requester's last run", NULL);
    return compare(records);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_feed FOLDER|- [RECORDS [KILLS [CONNINFO]]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    bench_begin(&holder, "gb.example", 1, &requester, regimes, 2);
    bench_begin(&requester, "us.example", 2, &holder, regimes, 2);
    holder.c.decoder = requester.c.decoder = (ent_decoder){.run = decode};
    if (argc == 4 && strcmp(argv[1], "--requester") == 0) {
        snprintf(folder, sizeof folder, "%s", argv[2]);
        return request(atoi(argv[3]));
    }
    bool own = strcmp(argv[1], "-") == 0;
    snprintf(folder, sizeof folder, "%s", own ? "/tmp/entente-feed-XXXXXX" : argv[1]);
    if (own && !mkdtemp(folder)) bench_die("a folder", NULL);
    bool good = run(argv[0], argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000, argc > 3 ? (unsigned)atoi(argv[3]) : 20, argc > 4 ? argv[4] : NULL);
    if (own) {
        char command[1100];
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        if (system(command)) fprintf(stderr, "%s is left\n", folder);
    }
    puts(good ? "nothing was missed" : "MISSED");
    return good ? 0 : 1;
}
