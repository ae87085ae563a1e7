/* Identification at scale: real prints hidden in a gallery of synthetic ones; what the two-stage search finds, how fast, in how much
 * memory; and what the first stage loses. bench/finger.md says how to read it. */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/prints.h"

#include "base/check.h"
#include "base/parallel.h"
#include "entente/finger_synth.h"
#include "finger/stats.h"
#include "image/image.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRINTS_MAX = 8000, SYNTHETIC_MATES = 200, TIMED = 15, GALLERY_SEED = 1, STRANGER_SEED = 1000003 };

static const ent_cmd_help help = {
    .usage = "bench finger --gallery N [DIR…] [--strangers M] [--state FILE] [--minutes T] [--imported] [--exhaustive] [--json]",
    .about = "A gallery of N synthetic templates and, of every finger of the folders DIR (<finger>_<impression>.<ext>), its first impression.\n"
             "The other impressions search it in two stages: rank-1, and FNIR at FPIR 1 % and 0.1 %, whose thresholds come from M synthetic\n"
             "prints of fingers that are not in it (default 10000). Without DIR, 200 synthetic fingers are hidden instead. Compact templates\n"
             "throughout. All cores are used. --state keeps what was searched, line by line, and goes on from there the next time; --minutes\n"
             "ends searching after T minutes and reports on the strangers so far. --imported enrols the real fingers by their minutiae alone, as\n"
             "other makers' records have them. --exhaustive also compares everything in detail, to show what the first stage loses; without it, a bound of that loss.\n"
             "DIR are test sets: images are decoded in this process, not in the sandbox.",
    .example = "entente bench finger --gallery 10000 fvc/2002/DB1_B fvc/2004/DB2_B"};

typedef struct print {
    const char *folder;
    char name[64], finger[48];
    unsigned impression;
    uint32_t who, slot; /* of its finger's first impression */
    ent_finger_template *t;
    double two_stage, exhaustive, direct, rival; /* the mate's score where it came first, else 0; against the mate alone; the best other */
    bool listed;                                 /* the mate was compared in detail */
    bool searched;
} print;

typedef struct bench {
    size_t synthetic, strangers;
    bool exhaustive, imported;
    print *p;
    size_t count;
    ent_finger_gallery *g;
    double *stranger; /* best score of each; NOT_YET */
    FILE *state;
    pthread_mutex_t writing;
    double until_ms; /* 0: no end */
    atomic_size_t progress;
    atomic_int failed;
    ent_finger_template **made; /* a batch of the population */
    uint32_t first;
} bench;

#define NOT_YET (-1.0)

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* of this thread: what a search costs, whatever else runs on the machine */
static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* ---- the prints ---- */

static int by_name(const void *a, const void *b)
{
    const print *x = a, *y = b;
    int c = strcmp(x->folder, y->folder);
    if (!c) c = strcmp(x->finger, y->finger);
    return c ? c : (x->impression > y->impression) - (x->impression < y->impression);
}

static ent_code list_folder(bench *b, const char *folder, ent_err *err)
{
    DIR *d = opendir(folder);
    if (!d) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", folder, strerror(errno));
    for (struct dirent *f; (f = readdir(d)) && b->count < PRINTS_MAX;) {
        print *p = &b->p[b->count];
        char *under = strrchr(f->d_name, '_'), *end;
        if (!under || under == f->d_name || strlen(f->d_name) >= sizeof p->name || (size_t)(under - f->d_name) >= sizeof p->finger) continue;
        unsigned long impression = strtoul(under + 1, &end, 10);
        if (end == under + 1 || *end != '.' || ent_image_format_named(f->d_name) == ENT_IMAGE_UNKNOWN) continue;
        *p = (print){.folder = folder, .impression = (unsigned)impression};
        memcpy(p->name, f->d_name, strlen(f->d_name) + 1);
        memcpy(p->finger, f->d_name, (size_t)(under - f->d_name));
        b->count++;
    }
    closedir(d);
    return ENT_OK;
}

static void extract_one(void *ctx, size_t i, unsigned worker)
{
    bench *b = ctx;
    char path[PATH_MAX];
    (void)worker;
    snprintf(path, sizeof path, "%s/%s", b->p[i].folder, b->p[i].name);
    if (ent_cli_load_print(path, &b->p[i].t, NULL) != ENT_OK) b->p[i].t = NULL; /* never found */
    ent_cli_progress("extracting", ++b->progress, b->count);
}

static void mate_one(void *ctx, size_t i, unsigned worker)
{
    bench *b = ctx;
    (void)worker;
    if (ent_synth_template(GALLERY_SEED, (uint32_t)(b->synthetic + i / 2), i % 2, &b->p[i].t, NULL) != ENT_OK) b->p[i].t = NULL;
}

static ent_code load_prints(bench *b, char **folders, int n, ent_err *err)
{
    for (int i = 0; i < n; i++) {
        ent_code code = list_folder(b, folders[i], err);
        if (code != ENT_OK) return code;
    }
    if (n) {
        if (b->count < 2) return ent_fail(err, ENT_USAGE, "no prints named <finger>_<impression>.<ext> in these folders");
        qsort(b->p, b->count, sizeof *b->p, by_name);
        ent_parallel(b->count, 0, extract_one, b);
        for (size_t i = 1; i < b->count; i++)
            b->p[i].who = b->p[i - 1].who + (strcmp(b->p[i].finger, b->p[i - 1].finger) || strcmp(b->p[i].folder, b->p[i - 1].folder));
    } else {
        b->count = 2 * SYNTHETIC_MATES;
        for (size_t i = 0; i < b->count; i++) b->p[i].who = (uint32_t)(i / 2), b->p[i].folder = "synthetic";
        ent_parallel(b->count, 0, mate_one, b);
    }
    return ENT_OK;
}

/* ---- the gallery ---- */

enum { BATCH = 4096 };

static void make_one(void *ctx, size_t i, unsigned worker)
{
    bench *b = ctx;
    (void)worker;
    ent_code code = ent_synth_template(GALLERY_SEED, b->first + (uint32_t)i, 0, &b->made[i], NULL);
    if (code != ENT_OK) b->made[i] = NULL, b->failed = (int)code;
}

/* As it is, or as a record of minutiae tells of it. */
static ent_code enrol(bench *b, const ent_finger_template *t, uint32_t *ret_slot, ent_err *err)
{
    ent_finger_template *alone = NULL;
    size_t count;
    uint32_t size[2];
    if (!b->imported) return ent_finger_gallery_add(b->g, t, ret_slot, err);
    const ent_finger_minutia *m = ent_finger_minutiae(t, &count);
    ent_finger_size(t, size);
    ENT_TRY(ent_finger_import(m, count, size, &alone, err));
    ent_code code = ent_finger_gallery_add(b->g, alone, ret_slot, err);
    ent_finger_template_free(alone);
    return code;
}

static ent_code fill_gallery(bench *b, ent_err *err)
{
    uint32_t slot;
    ent_code code = ent_finger_gallery_new(NULL, &b->g, err);
    b->made = calloc(BATCH, sizeof *b->made);
    if (code == ENT_OK && !b->made) code = ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery");
    for (b->first = 0; code == ENT_OK && b->first < b->synthetic; b->first += BATCH) {
        size_t n = b->synthetic - b->first < BATCH ? b->synthetic - b->first : BATCH;
        ent_parallel(n, 0, make_one, b);
        if (b->failed) code = ent_fail(err, (ent_code)b->failed, "no memory for the population");
        for (size_t i = 0; i < n; i++) {
            if (code == ENT_OK) code = ent_finger_gallery_add(b->g, b->made[i], &slot, err);
            ent_finger_template_free(b->made[i]);
        }
        ent_cli_progress("making the gallery", b->first + n, b->synthetic);
    }
    free(b->made);
    for (size_t i = 0; i < b->count && code == ENT_OK; i++) {
        if ((i && b->p[i].who == b->p[i - 1].who) || !b->p[i].t) continue;
        code = enrol(b, b->p[i].t, &slot, err);
        for (size_t k = i; k < b->count && b->p[k].who == b->p[i].who; k++) b->p[k].slot = slot;
    }
    return code;
}

/* ---- what was searched: a line each ---- */

/* The first line: which searches these are. */
static void name_state(const bench *b, char ret[128])
{
    snprintf(ret, 128, "bench finger 2 gallery %zu prints %zu%s\n", b->synthetic, b->count, b->imported ? " imported" : "");
}

/* The lines of an earlier run. A last line that was cut short is left out. */
static ent_code read_state(bench *b, const char *path, ent_err *err)
{
    char line[256], first[128];
    unsigned long long i;
    double score[4];
    unsigned listed;
    FILE *f = fopen(path, "r");
    if (!f) return errno == ENOENT ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    name_state(b, first);
    bool ours = fgets(line, sizeof line, f) && strcmp(line, first) == 0;
    while (ours && fgets(line, sizeof line, f) && strchr(line, '\n')) {
        if (sscanf(line, "stranger %llu %lf", &i, &score[0]) == 2) {
            if (i < b->strangers) b->stranger[i] = score[0];
        } else if (sscanf(line, "print %llu %lf %lf %lf %lf %u", &i, &score[0], &score[1], &score[2], &score[3], &listed) == 6 && i < b->count) {
            print *p = &b->p[i];
            p->two_stage = score[0], p->rival = score[1], p->direct = score[2], p->exhaustive = score[3], p->listed = listed, p->searched = true;
        }
    }
    fclose(f);
    return ours ? ENT_OK : ent_fail(err, ENT_CONFLICT, "%s is of another gallery or other prints, or of prints enrolled otherwise (--imported)", path);
}

static ent_code open_state(bench *b, const char *path, ent_err *err)
{
    ent_code code = read_state(b, path, err);
    if (code != ENT_OK) return code;
    b->state = fopen(path, "a");
    if (!b->state) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    char first[128];
    name_state(b, first);
    fputs(ftell(b->state) ? "\n" : first, b->state);
    return ENT_OK;
}

static void keep(bench *b, const char *line)
{
    pthread_mutex_lock(&b->writing);
    if (b->state && (fputs(line, b->state) < 0 || fflush(b->state))) b->failed = (int)ENT_IO;
    pthread_mutex_unlock(&b->writing);
}

static bool time_is_up(const bench *b)
{
    return b->until_ms > 0 && now_ms() > b->until_ms;
}

/* ---- searches ---- */

static bool is_probe(const bench *b, size_t i)
{
    return i && b->p[i].who == b->p[i - 1].who;
}

/* The mate's score when it came first, else 0; the best other's. */
static ent_code search(const bench *b, const ent_finger_probe *probe, const print *p, bool exhaustive, double ret_score_rival[2], bool *ret_listed)
{
    const ent_finger_search how = {.exhaustive = exhaustive};
    ent_finger_found f;
    ent_code code = ent_finger_gallery_search(b->g, probe, &how, SIZE_MAX, &f, NULL);
    if (code != ENT_OK) return code;
    ret_score_rival[0] = f.count && f.candidates[0].slot == p->slot ? f.candidates[0].score : 0;
    ret_score_rival[1] = 0, *ret_listed = false;
    for (size_t k = 0; k < f.count; k++) {
        if (f.candidates[k].slot == p->slot) *ret_listed = true;
        else if (f.candidates[k].score > ret_score_rival[1]) ret_score_rival[1] = f.candidates[k].score;
    }
    ent_finger_found_free(&f);
    return ENT_OK;
}

static void search_one(void *ctx, size_t i, unsigned worker)
{
    bench *b = ctx;
    print *p = &b->p[i];
    ent_finger_probe *probe;
    ent_finger_template *mate;
    double of[2], all[2];
    bool unused;
    (void)worker;
    if (is_probe(b, i) && p->t && !p->searched && ent_finger_probe_new(p->t, &probe, NULL) == ENT_OK) {
        if (ent_finger_gallery_get(b->g, p->slot, &mate, NULL) == ENT_OK) {
            p->direct = ent_finger_match(probe, mate, NULL);
            ent_finger_template_free(mate);
        }
        ent_code code = search(b, probe, p, false, of, &p->listed);
        p->two_stage = of[0], p->rival = of[1];
        if (code == ENT_OK && b->exhaustive) code = search(b, probe, p, true, all, &unused), p->exhaustive = all[0];
        if (code != ENT_OK) b->failed = (int)code;
        char line[160];
        snprintf(line, sizeof line, "print %zu %.17g %.17g %.17g %.17g %d\n", i, p->two_stage, p->rival, p->direct, p->exhaustive, p->listed);
        keep(b, line);
        ent_finger_probe_free(probe);
    }
    ent_cli_progress("searching", ++b->progress, b->count);
}

static void stranger_one(void *ctx, size_t i, unsigned worker)
{
    bench *b = ctx;
    ent_finger_template *t = NULL;
    ent_finger_probe *probe;
    ent_finger_found f;
    char line[80];
    (void)worker;
    if (b->stranger[i] != NOT_YET || time_is_up(b)) return;
    ent_code code = ent_synth_template(STRANGER_SEED, (uint32_t)i, 1, &t, NULL);
    if (code == ENT_OK && (code = ent_finger_probe_new(t, &probe, NULL)) == ENT_OK) {
        code = ent_finger_gallery_search(b->g, probe, NULL, 1, &f, NULL);
        if (code == ENT_OK) {
            b->stranger[i] = f.count ? f.candidates[0].score : 0;
            snprintf(line, sizeof line, "stranger %zu %.17g\n", i, b->stranger[i]);
            keep(b, line);
            ent_finger_found_free(&f);
        }
        ent_finger_probe_free(probe);
    }
    ent_finger_template_free(t);
    if (code != ENT_OK) b->failed = (int)code;
    ent_cli_progress("strangers", ++b->progress, b->strangers);
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median CPU time of single searches, one thread: of both stages, and of the first alone. */
static ent_code time_searches(const bench *b, double ret_ms[2])
{
    double ms[2][TIMED] = {{0}};
    ent_code code = ENT_OK;
    for (uint32_t i = 0; i < TIMED && code == ENT_OK; i++) {
        ent_finger_template *t = NULL;
        ent_finger_probe *probe = NULL;
        code = ent_synth_template(STRANGER_SEED, i, 1, &t, NULL);
        if (code == ENT_OK) code = ent_finger_probe_new(t, &probe, NULL);
        for (int k = 0; k < 2 && code == ENT_OK; k++) {
            const ent_finger_search how = {.share = k ? 1e-9 : 0, .least = k ? 1 : 0};
            ent_finger_found f;
            double t0 = cpu_ms();
            code = ent_finger_gallery_search(b->g, probe, &how, 1, &f, NULL);
            ms[k][i] = cpu_ms() - t0;
            if (code == ENT_OK) ent_finger_found_free(&f);
        }
        ent_finger_probe_free(probe);
        ent_finger_template_free(t);
    }
    for (int k = 0; k < 2; k++) {
        qsort(ms[k], TIMED, sizeof(double), by_double);
        ret_ms[k] = ms[k][TIMED / 2];
    }
    return code;
}

/* ---- the report ---- */

typedef bool went_wrong(const print *p, double threshold);

static bool not_first(const print *p, double threshold) { return !(p->two_stage > threshold); }
static bool not_listed(const print *p, double threshold) { return (void)threshold, !p->listed; }
static bool not_first_of_all(const print *p, double threshold) { return (void)threshold, !(p->exhaustive > 0); }
static bool lost(const print *p, double threshold) { return (void)threshold, p->exhaustive > 0 && !(p->two_stage > 0); }
static bool maybe_lost(const print *p, double threshold) { return (void)threshold, !(p->two_stage > 0) && p->direct > p->rival && p->direct > 0; }

/* The share of probes that went wrong, with its interval over fingers. right: the share of the others. */
static json_t *share_json(const bench *b, went_wrong *wrong, double threshold, bool right)
{
    ent_trial *trials = calloc(b->count + 1, sizeof *trials);
    ent_rate r = {0};
    size_t n = 0;
    for (size_t i = 0; i < b->count && trials; i++)
        if (is_probe(b, i)) trials[n++] = (ent_trial){b->p[i].who, wrong(&b->p[i], threshold)};
    ent_code code = trials ? ent_rate_of(trials, n, b->p[b->count - 1].who + 1, 500, &r, NULL) : ENT_NO_MEMORY;
    free(trials);
    if (code != ENT_OK) return json_null();
    if (right) r = (ent_rate){1 - r.value, 1 - r.high, 1 - r.low, r.errors};
    return json_pack("{s:f,s:f,s:f,s:I,s:b}", "value", r.value, "low", r.low, "high", r.high, "errors", (json_int_t)r.errors, "measurable", r.errors >= ENT_ERRORS_LEAST);
}

/* Share of probes whose mate does not come first with at least the score that the share `rate` of strangers exceeds. */
static json_t *fnir(bench *b, double rate)
{
    size_t above = (size_t)(rate * (double)b->strangers);
    if (above < 1) return json_null();
    double threshold = b->stranger[b->strangers - above]; /* sorted */
    json_t *out = share_json(b, not_first, threshold, false);
    json_object_set_new(out, "threshold", json_real(threshold));
    if (above < ENT_ERRORS_LEAST) json_object_set_new(out, "measurable", json_false());
    return out;
}

static void report(bench *b, const double ms[2], double fill_s, json_t *out)
{
    size_t probes = 0, n = ent_finger_gallery_count(b->g);
    for (size_t i = 0; i < b->count; i++) probes += is_probe(b, i);
    json_object_set_new(out, "gallery", json_integer((json_int_t)n));
    json_object_set_new(out, "probes", json_integer((json_int_t)probes));
    json_object_set_new(out, "rank-1", share_json(b, not_first, 0, true));
    json_object_set_new(out, "mate-compared", share_json(b, not_listed, 0, true));
    json_object_set_new(out, "lost-at-most", share_json(b, maybe_lost, 0, false));
    if (b->exhaustive) {
        json_object_set_new(out, "rank-1-exhaustive", share_json(b, not_first_of_all, 0, true));
        json_object_set_new(out, "lost", share_json(b, lost, 0, false));
    }
    json_object_set_new(out, "strangers", json_integer((json_int_t)b->strangers));
    json_object_set_new(out, "fnir-at-fpir-1%", fnir(b, 0.01));
    json_object_set_new(out, "fnir-at-fpir-0.1%", fnir(b, 0.001));
    json_object_set_new(out, "search-ms", json_real(ms[0]));
    json_object_set_new(out, "first-stage-ms", json_real(ms[1]));
    json_object_set_new(out, "scanned-a-second", json_real((double)n / ms[1] * 1e3));
    json_object_set_new(out, "bytes-a-print", json_real((double)ent_finger_gallery_bytes(b->g) / (double)n));
    json_object_set_new(out, "fill-s", json_real(fill_s));
}

static double real_of(const json_t *o, const char *name)
{
    return json_number_value(json_object_get(o, name));
}

/* "97.57 % (95.1-99.0)", or how few errors there were. */
static const char *share_text(const json_t *share, char text[64])
{
    long long errors = json_integer_value(json_object_get(share, "errors"));
    if (json_is_true(json_object_get(share, "measurable"))) snprintf(text, 64, "%.2f %% (%.2f-%.2f)", 100 * real_of(share, "value"), 100 * real_of(share, "low"), 100 * real_of(share, "high"));
    else snprintf(text, 64, "%.2f %% (%lld error%s: not measurable)", 100 * real_of(share, "value"), errors, errors == 1 ? "" : "s");
    return text;
}

static void print_share(const json_t *out, const char *name, const char *text)
{
    char rate[64];
    const json_t *s = json_object_get(out, name);
    if (s && json_is_null(s)) printf("%s: too few strangers to set a threshold\n", text);
    else if (s && json_object_get(s, "threshold")) printf("%s: %s, threshold %.1f\n", text, share_text(s, rate), real_of(s, "threshold"));
    else if (s) printf("%s: %s\n", text, share_text(s, rate));
}

static void print_report(const json_t *out)
{
    printf("gallery of %.0f prints, %.0f bytes each, made in %.1f s; %.0f probes, %.0f synthetic strangers\n", real_of(out, "gallery"), real_of(out, "bytes-a-print"), real_of(out, "fill-s"), real_of(out, "probes"), real_of(out, "strangers"));
    print_share(out, "rank-1", "rank-1");
    print_share(out, "mate-compared", "mate handed to the detailed match");
    print_share(out, "lost-at-most", "lost by the first stage, at most");
    print_share(out, "rank-1-exhaustive", "rank-1 when everything is compared in detail");
    print_share(out, "lost", "lost by the first stage");
    print_share(out, "fnir-at-fpir-1%", "FNIR at FPIR 1 %");
    print_share(out, "fnir-at-fpir-0.1%", "FNIR at FPIR 0.1 %");
    printf("(in brackets 95 %% intervals: bootstrap over fingers)\nsearch %.1f ms, first stage %.1f ms: %.2f million templates a second and core (CPU time, medians of %d searches, one thread)\n",
           real_of(out, "search-ms"), real_of(out, "first-stage-ms"), real_of(out, "scanned-a-second") / 1e6, TIMED);
}

/* The first print and the first stranger that an earlier run searched, searched again: the same engine finds the same. */
static ent_code check_state(bench *b, ent_err *err)
{
    size_t i = 0, k = 0;
    bool same = true;
    double until = b->until_ms;
    while (i < b->strangers && b->stranger[i] == NOT_YET) i++;
    while (k < b->count && !b->p[k].searched) k++;
    b->until_ms = 0;
    if (i < b->strangers) {
        double was = b->stranger[i];
        b->stranger[i] = NOT_YET;
        stranger_one(b, i, 0);
        same = b->stranger[i] == was;
    }
    if (k < b->count) {
        print was = b->p[k];
        b->p[k].searched = false;
        search_one(b, k, 0);
        same = same && b->p[k].direct == was.direct && b->p[k].two_stage == was.two_stage;
    }
    b->until_ms = until;
    return b->failed || same ? ENT_OK : ent_fail(err, ENT_CONFLICT, "the state is of another engine: begin anew");
}

/* Those that were searched, sorted. */
static void sort_strangers(bench *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->strangers; i++)
        if (b->stranger[i] != NOT_YET) b->stranger[n++] = b->stranger[i];
    b->strangers = n;
    qsort(b->stranger, n, sizeof *b->stranger, by_double);
}

static ent_code run(bench *b, char **folders, int n, const char *state, json_t *out, ent_err *err)
{
    double ms[2], t0;
    ent_code code = load_prints(b, folders, n, err);
    for (size_t i = 0; i < b->strangers; i++) b->stranger[i] = NOT_YET;
    if (code == ENT_OK && state) code = open_state(b, state, err);
    if (code != ENT_OK) return code;
    t0 = now_ms();
    code = fill_gallery(b, err);
    if (code != ENT_OK) return code;
    double fill_s = (now_ms() - t0) / 1e3;
    code = check_state(b, err);
    if (code != ENT_OK) return code;
    code = time_searches(b, ms);
    b->progress = 0;
    if (code == ENT_OK) ent_parallel(b->count, 0, search_one, b);
    b->progress = 0;
    if (code == ENT_OK) ent_parallel(b->strangers, 0, stranger_one, b);
    if (code == ENT_OK) code = (ent_code)b->failed;
    if (code != ENT_OK) return ent_fail(err, code, code == ENT_IO ? "the state cannot be written" : "out of memory for a search");
    sort_strangers(b);
    report(b, ms, fill_s, out);
    return ENT_OK;
}

int ent_cli_bench_finger(ent_cli *cli, int argc, char **argv)
{
    const char *gallery = NULL, *strangers = "10000", *state = NULL, *minutes = NULL;
    bench b = {.writing = PTHREAD_MUTEX_INITIALIZER};
    const ent_opt opts[] = {{.name = "--gallery", .value = &gallery, .hint = "N", .help = "synthetic templates, 1 to 10000000"},
                            {.name = "--strangers", .value = &strangers, .hint = "M", .help = "synthetic probes of fingers that are not there (default: 10000)"},
                            {.name = "--state", .value = &state, .hint = "FILE", .help = "keep what was searched there, and go on from it"},
                            {.name = "--minutes", .value = &minutes, .hint = "T", .help = "search strangers for so long at most"},
                            {.name = "--imported", .flag = &b.imported, .help = "enrol the real fingers by their minutiae alone"},
                            {.name = "--exhaustive", .flag = &b.exhaustive, .help = "compare everything in detail too"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    b.synthetic = gallery ? strtoul(gallery, NULL, 10) : 0, b.strangers = strtoul(strangers, NULL, 10);
    if (b.synthetic < 1 || b.synthetic > 10000000 || b.strangers > 1000000) return ent_cli_usage(&help, "--gallery is needed, up to 10000000, and up to 1000000 strangers");
    if (minutes) b.until_ms = now_ms() + 60e3 * strtod(minutes, NULL);
    json_t *out = json_object();
    b.p = calloc(PRINTS_MAX, sizeof *b.p), b.stranger = calloc(b.strangers + 1, sizeof *b.stranger);
    code = b.p && b.stranger && out ? run(&b, argv, n, state, out, &err) : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && cli->json) {
        json_dumpf(out, stdout, JSON_REAL_PRECISION(6));
        putchar('\n');
    } else if (code == ENT_OK) print_report(out);
    for (size_t i = 0; b.p && i < b.count; i++) ent_finger_template_free(b.p[i].t);
    if (b.state) fclose(b.state);
    ent_finger_gallery_free(b.g);
    free(b.p);
    free(b.stranger);
    json_decref(out);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
