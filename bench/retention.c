/* The law's clock at scale, on a real store, slots and ledger (SQLite and files in FOLDER, which must be empty):
 *   dates of 1,000,000 parts worked out anew under the shipped regimes, one core;
 *   PARTS parts (10,000) due on one day destroyed in one run, alone and once more beside somebody who searches the whole gallery without
 *   pause: parts a second, and the memory that it took;
 *   those searches, beside the same before: until the answer is known and the node has looked into its rows, which is where a run could
 *   hold it up.
 *
 *   a tick of the clock, which each minute looks for what is over; with STORED-SEARCHES, all of it in a store that answered so many before.
 *
 *   bench_retention FOLDER REGIMES [PARTS [STORED-SEARCHES]] */
#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "adapter/sqlite/sqlite.h"
#include "adapter/yaml/yaml.h"
#include "flow/search/record.h"
#include "law/regime_read.h"

#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static ent_regime regimes[128];
static size_t regime_count;
static ent_story_clock story = {.now = {1772323200000}}; /* 2026-03-01 */
enum { FINGERS = 64, LIVING = 500, ALONE = 100, SEARCHES = 400 };
static ent_capture capture[FINGERS];                     /* what arrests bring, in turn */
static unsigned long arrests;
static _Thread_local bool again;                         /* the first one comes once more: it is searched, and known */

static int64_t us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Of this thread: what the machine does meanwhile does not count. */
static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void die(const char *what, const ent_err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->detail);
    exit(1);
}

/* ---- dates ---- */

static void load_regimes(const char *folder)
{
    ent_err err = {0};
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char path[4096], text[65536];
        ent_doc *doc;
        if (!strstr(e->d_name, ".yaml")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "r");
        size_t n = f ? fread(text, 1, sizeof text, f) : 0;
        if (f) fclose(f);
        if (ent_yaml_read(text, n, path, &doc, &err) != ENT_OK || ent_regime_read(doc, &regimes[regime_count], &err) != ENT_OK) die(path, &err);
        ent_doc_free(doc);
        regime_count++;
    }
    if (d) closedir(d);
}

static void dates(void)
{
    enum { PARTS = 1000000 };
    static const char *const under[] = {"ta-2000-s41", "pace", "ta-2000-sch7"};
    ent_legal_event events[2] = {{.kind = ENT_EVENT_CHARGED, .date = {2025, 6, 1}}, {.kind = ENT_EVENT_CONVICTED, .date = {2025, 9, 1}, .sentence_months = 24}};
    size_t due = 0;
    int64_t from = cpu_us();
    for (int i = 0; i < PARTS; i++) {
        ent_legal_facts f = {.material = (ent_material)(i % 3), .taken = {(int16_t)(2019 + i % 7), (uint8_t)(1 + i % 12), (uint8_t)(1 + i % 28)}, .offence = 1u << i % 5,
                             .offence_date = {2019, 1, 1}, .birth = {(int16_t)(1960 + i % 50), 5, 5}, .events = events, .event_count = (size_t)(i % 3)};
        ent_retention kept;
        ent_legal_facts print;
        snprintf(f.taken_under, sizeof f.taken_under, "%s", under[i % 3]);
        if (f.material == ENT_MATERIAL_BIOGRAPHIC) { /* goes with its prints */
            print = f;
            print.material = ENT_MATERIAL_FINGERPRINT;
            f.others = &print, f.other_count = 1;
        }
        ent_retention_of(regimes, regime_count, &f, NULL, 0, (ent_date){2026, 3, 1}, &kept);
        due += kept.due;
    }
    printf("%d parts' dates under %zu regimes in %.2f s of one core (asked for: 2 s); %zu are due\n", PARTS, regime_count, (double)(cpu_us() - from) / 1e6, due);
}

/* ---- a node of many arrests ---- */

/* Minutiae by chance from a seed: no image is made and none is read. */
static void make_capture(uint32_t finger)
{
    enum { MINUTIAE = 40, SIDE = 480 };
    ent_err err = {0};
    ent_finger_minutia m[MINUTIAE];
    ent_finger_template *t;
    ent_capture_print *p = calloc(1, sizeof *p);
    uint32_t seed = 1 + finger * 7919;
    for (int i = 0; i < MINUTIAE; i++) {
        uint32_t r[3];
        for (int k = 0; k < 3; k++) r[k] = (seed = seed * 1664525u + 1013904223u) >> 8;
        m[i] = (ent_finger_minutia){.x = (uint16_t)(20 + i % 6 * 72 + r[0] % 70), .y = (uint16_t)(20 + i / 6 * 62 + r[1] % 60), .angle = (uint8_t)r[2], .kind = (uint8_t)(1 + i % 2), .quality = 80};
    }
    if (!p || ent_finger_import(m, MINUTIAE, (uint32_t[2]){SIDE, SIDE}, &t, &err) != ENT_OK) die("import", &err);
    if (ent_finger_encode(t, ENT_FINGER_FULL, p->template_bytes, sizeof p->template_bytes, &p->template_len, &err) != ENT_OK) die("encode", &err);
    p->finger = 2;
    p->image = malloc(20000);
    p->image_len = 20000;
    memset(p->image, 7, p->image_len);
    capture[finger] = (ent_capture){.print_count = 1, .print = {p}};
    ent_finger_template_free(t);
}

/* The decoder's part is not measured here. */
static ent_code decode(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    unsigned long number = again ? 0 : arrests++;
    ent_capture c = capture[number % FINGERS];
    ent_capture_print plain = *c.print[0];
    plain.template_len = 0;
    if (number >= LIVING) c.print[0] = &plain; /* those that go are images only: each enrolment searches what is there, which is not measured here */
    (void)self, (void)job, (void)bytes, (void)len;
    snprintf(c.tcn, sizeof c.tcn, "T%lu", number);
    ent_capture_encode(&c, ret);
    return ent_buf_check(ret, err);
}

static int64_t real_ticks(void *self)
{
    (void)self;
    return us() / 1000;
}

static void real_sleep(void *self, int64_t until)
{
    int64_t left = until * 1000 - us();
    (void)self;
    if (left > 0) usleep((unsigned)left);
}

static ent_flow_node *open_node(const char *folder)
{
    ent_err err = {0};
    char path[4096];
    ent_flow_config c = {.name = "bench.example", .clock = ent_story_clock_port(&story), .random = ent_system_random(), .decoder = {.run = decode}, .read_doc = ent_yaml_read,
                         .regimes = regimes, .regime_count = regime_count, .threads = 1};
    ent_public_key public;
    ent_flow_node *n;
    c.clock.monotonic = real_ticks, c.clock.sleep_until = real_sleep; /* the day is the story's */
    ent_sign_keys((const uint8_t[32]){1}, &public, &c.identity);
    snprintf(path, sizeof path, "%s/store.db", folder);
    if (ent_sqlite_store(path, &c.store, &err) != ENT_OK) die(path, &err);
    snprintf(path, sizeof path, "%s/keys", folder);
    mkdir(path, 0700);
    if (ent_file_keys(path, &(ent_file_keys_options){.create = true, .accept_residue = true, .accept_unlocked_memory = true}, c.random, &c.keys, &err) != ENT_OK) die(path, &err);
    snprintf(path, sizeof path, "%s/ledger", folder);
    mkdir(path, 0700);
    if (ent_file_ledger(path, c.name, &c.identity, true, &c.ledger, &err) != ENT_OK) die(path, &err);
    if (ent_flow_open(&c, &n, &err) != ENT_OK) die("open", &err);
    return n;
}

static long resident_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* ---- searches of before ---- */

/* Answered in the years before, one in ten with a hit on somebody who stays. */
static void store_searches(const char *folder, size_t count)
{
    char path[4096];
    ent_store store;
    ent_err err = {0};
    snprintf(path, sizeof path, "%s/store.db", folder);
    if (ent_sqlite_store(path, &store, &err) != ENT_OK) die(path, &err);
    ent_search_record r = {.view = {.partner = "us.example", .agreement = "gb-us-2022", .flow = "border-check", .purpose = "terrorism-threat-check", .clause = "PACE 1984 s. 63T(1)(b)"},
                           .reason = "", .evidence = ""};
    memset(r.evidence, 'e', 700); /* a signature base */
    for (size_t i = 0; i < count;) {
        ENT_AUTO_BATCH b = ent_batch_new("bench");
        for (size_t k = 0; b && k < 1000 && i < count; k++, i++) {
            ent_sha256(&i, sizeof i, r.salt);
            memcpy(r.view.reference.b, r.salt, ENT_ID_SIZE);
            memset(r.view.candidate.b, i % 10 == 0 ? 0xee : 0, ENT_ID_SIZE);
            ent_search_put(b, ENT_CHANGE_PUT, &r);
        }
        if (!b || store.commit(store.self, b->change, b->count, false, &err) != ENT_OK) die("searches", &err);
    }
    store.close(store.self);
    printf("%zu searches stored\n", count);
}

static void tick(ent_flow_node *n)
{
    ent_err err = {0};
    int64_t from = us();
    if (ent_flow_tick(n, &err) != ENT_OK) die("tick", &err);
    printf("a minute's tick: %.1f ms\n", (double)(us() - from) / 1e3);
}

/* ---- searches beside it ---- */

static ent_actor custodian;
static _Atomic bool running;

static void enrol_many(ent_flow_node *n, size_t count, ent_date taken)
{
    ent_err err = {0};
    ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = taken};
    ent_enrolled e;
    int64_t from = us();
    for (size_t i = 0; i < count; i++)
        if (ent_flow_enrol(n, &custodian, "x", 1, &o, &e, &err) != ENT_OK) die("enrol", &err);
    printf("enrolled %zu prints (without decoding): %.0f/s\n", count, (double)count * 1e6 / (double)(us() - from));
}

struct run {
    ent_flow_node *n;
    size_t destroyed;
    double seconds;
};

static void *destroy_all(void *ctx)
{
    struct run *r = ctx;
    ent_err err = {0};
    int64_t from = us();
    if (ent_flow_retention_run(r->n, &custodian, false, &r->destroyed, &err) != ENT_OK) die("run", &err);
    r->seconds = (double)(us() - from) / 1e6;
    running = false;
    return NULL;
}

static int by_size(const void *a, const void *b) { return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b); }

/* So many, or until the run is over. */
static void search(ent_flow_node *n, const char *when, bool beside)
{
    int64_t took[SEARCHES];
    size_t count = 0;
    again = true;
    while (count < (beside ? SEARCHES : ALONE) && (!beside || running)) {
        ent_enrol_options o = {.taken_under = "ta-2000-s41"};
        ent_enrolled e;
        int64_t from = us();
        if (ent_flow_enrol(n, &custodian, "x", 1, &o, &e, NULL) != ENT_EXISTS) die("the first arrest is not known", &(ent_err){0});
        took[count++] = us() - from;
    }
    again = false;
    if (!count) return;
    qsort(took, count, sizeof *took, by_size);
    printf("%zu searches %s: median %.1f ms, 95th percentile %.1f ms, longest %.1f ms\n", count, when, (double)took[count / 2] / 1e3, (double)took[count * 95 / 100] / 1e3, (double)took[count - 1] / 1e3);
}

/* The second of March of that year: what was taken three years before is due. */
static size_t run(ent_flow_node *n, int16_t year, size_t parts, bool beside)
{
    struct run r = {.n = n};
    pthread_t thread;
    story.now = ent_date_start((ent_date){(int16_t)(year - 1), 3, 1});
    enrol_many(n, parts, (ent_date){(int16_t)(year - 3), 3, 1});
    story.now = ent_date_start((ent_date){year, 3, 2});
    malloc_trim(0);
    long before = resident_kb();
    running = true;
    if (pthread_create(&thread, NULL, destroy_all, &r) != 0) die("thread", &(ent_err){0});
    if (beside) search(n, "beside the run", true);
    pthread_join(thread, NULL);
    printf("destroyed %zu due parts in one run%s: %.0f/s (asked for: 1,000/s), %ld KB more memory at most\n", r.destroyed, beside ? ", searches beside" : "", (double)r.destroyed / r.seconds,
           resident_kb() - before);
    return r.destroyed;
}

int main(int argc, char **argv)
{
    ent_err err = {0};
    ent_public_key key = {{9}};
    size_t parts = argc > 3 ? strtoul(argv[3], NULL, 10) : 10000;
    if (argc < 3) return fprintf(stderr, "usage: bench_retention FOLDER REGIMES [PARTS [STORED-SEARCHES]]\n"), 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    load_regimes(argv[2]);
    dates();
    if (!parts) return 0;
    for (uint32_t f = 0; f < FINGERS; f++) make_capture(f);
    if (argc > 4) store_searches(argv[1], strtoul(argv[4], NULL, 10));
    int64_t from = us();
    ent_flow_node *n = open_node(argv[1]);
    printf("opened in %.2f s\n", (double)(us() - from) / 1e6);
    bool waits;
    if (ent_flow_person_add(n, NULL, "c.example", ENT_ROLE_CUSTODIAN, &key, &waits, &err) != ENT_OK || ent_flow_person(n, "c.example", &custodian, &err) != ENT_OK) die("person", &err);
    story.now = ent_date_start((ent_date){2028, 3, 1});
    enrol_many(n, LIVING, (ent_date){2028, 3, 1});
    tick(n);
    tick(n);
    search(n, "before", false);
    size_t alone = run(n, 2029, parts, false), beside = run(n, 2030, parts, true);
    ent_flow_close(n);
    return alone == parts && beside == parts ? 0 : 1;
}
