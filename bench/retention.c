/* The law's clock at scale, on a real store, slots and ledger (SQLite and files in FOLDER, which must be empty):
 *   dates of 1,000,000 parts worked out anew under the shipped regimes, one core;
 *   PARTS parts (10,000) due on one day destroyed in one run: parts a second, and the memory that it took;
 *   searches of one print meanwhile, beside searches before.
 *
 *   bench_retention FOLDER REGIMES [PARTS] */
#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "adapter/sqlite/sqlite.h"
#include "adapter/yaml/yaml.h"
#include "entente/finger_synth.h"
#include "flow/flow.h"
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

static ent_regime regimes[128];
static size_t regime_count;
static ent_story_clock story = {.now = {1772323200000}}; /* 2026-03-01 */
static ent_capture capture;                              /* what every arrest brings */
static unsigned long arrests;

static int64_t us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
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
    int64_t from = us();
    for (int i = 0; i < PARTS; i++) {
        ent_legal_facts f = {.material = (ent_material)(i % 3), .taken = {(int16_t)(2019 + i % 7), (uint8_t)(1 + i % 12), (uint8_t)(1 + i % 28)}, .offence = 1u << i % 5,
                             .offence_date = {2019, 1, 1}, .birth = {(int16_t)(1960 + i % 50), 5, 5}, .events = events, .event_count = (size_t)(i % 3)};
        ent_retention kept;
        snprintf(f.taken_under, sizeof f.taken_under, "%s", under[i % 3]);
        ent_retention_of(regimes, regime_count, &f, NULL, 0, (ent_date){2026, 3, 1}, &kept);
        due += kept.due;
    }
    printf("%d parts' dates under %zu regimes in %.2f s on one core (asked for: 2 s); %zu are due\n", PARTS, regime_count, (double)(us() - from) / 1e6, due);
}

/* ---- a node of many arrests ---- */

static void make_capture(void)
{
    ent_err err = {0};
    ent_synth_finger *f = NULL;
    ent_finger_template *t;
    ent_capture_print *p = calloc(1, sizeof *p);
    uint8_t *pixels = malloc((size_t)ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT);
    if (!p || !pixels || ent_synth_finger_new(3, 1, &f, &err) != ENT_OK) die("synthetic finger", &err);
    ent_synth_impression(f, 0, pixels);
    ent_finger_image image = {.pixels = pixels, .width = ENT_SYNTH_WIDTH, .height = ENT_SYNTH_HEIGHT, .stride = ENT_SYNTH_WIDTH, .ppi = 500};
    if (ent_finger_extract(&image, &t, &err) != ENT_OK) die("extract", &err);
    if (ent_finger_encode(t, ENT_FINGER_FULL, p->template_bytes, sizeof p->template_bytes, &p->template_len, &err) != ENT_OK) die("encode", &err);
    p->finger = 2;
    p->image = malloc(20000);
    p->image_len = 20000;
    memset(p->image, 7, p->image_len);
    capture = (ent_capture){.print_count = 1, .print = {p}};
    ent_finger_template_free(t);
    ent_synth_finger_free(f);
    free(pixels);
}

/* The decoder's part is not measured here. */
static ent_code decode(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_capture c = capture;
    (void)self, (void)job, (void)bytes, (void)len;
    snprintf(c.tcn, sizeof c.tcn, "T%lu", arrests++);
    ent_capture_encode(&c, ret);
    return ent_buf_check(ret, err);
}

static ent_flow_node *open_node(const char *folder)
{
    ent_err err = {0};
    char path[4096];
    ent_flow_config c = {.name = "bench.example", .clock = ent_story_clock_port(&story), .random = ent_system_random(), .decoder = {.run = decode}, .read_doc = ent_yaml_read,
                         .regimes = regimes, .regime_count = regime_count, .threads = 1};
    ent_public_key public;
    ent_flow_node *n;
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

int main(int argc, char **argv)
{
    ent_err err = {0};
    ent_actor custodian;
    ent_public_key key = {{9}};
    size_t parts = argc > 3 ? strtoul(argv[3], NULL, 10) : 10000, destroyed = 0;
    if (argc < 3) return fprintf(stderr, "usage: bench_retention FOLDER REGIMES [PARTS]\n"), 2;
    load_regimes(argv[2]);
    dates();
    make_capture();
    ent_flow_node *n = open_node(argv[1]);
    if (ent_flow_person_add(n, NULL, "c.example", ENT_ROLE_CUSTODIAN, &key, &err) != ENT_OK || ent_flow_person(n, "c.example", &custodian, &err) != ENT_OK) die("person", &err);
    int64_t from = us();
    for (size_t i = 0; i < parts; i++) {
        ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = {2026, 3, 1}};
        ent_enrolled e;
        if (ent_flow_enrol(n, &custodian, "x", 1, &o, &e, &err) != ENT_OK) die("enrol", &err);
    }
    printf("enrolled %zu prints (without decoding): %.0f/s\n", parts, (double)parts * 1e6 / (double)(us() - from));
    story.now = ent_date_start((ent_date){2029, 3, 2});
    malloc_trim(0);
    long before = resident_kb();
    from = us();
    if (ent_flow_retention_run(n, &custodian, false, &destroyed, &err) != ENT_OK) die("run", &err);
    double seconds = (double)(us() - from) / 1e6;
    printf("destroyed %zu due parts in one run: %.0f/s (asked for: 1,000/s), %ld KB more memory at most\n", destroyed, (double)destroyed / seconds, resident_kb() - before);
    ent_flow_close(n);
    return destroyed == parts ? 0 : 1;
}
