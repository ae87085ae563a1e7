/* How good the engine is on folders of prints: every pair scored, the rates with intervals, the scores as a file. */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/finger_plot.h"
#include "cli/prints.h"
#include "cli/sheet.h"

#include "base/check.h"
#include "base/parallel.h"
#include "entente/finger.h"
#include "finger/stats.h"
#include "image/image.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PRINTS_MAX = 8000 };

static const ent_cmd_help help = {
    .usage = "evaluate finger DIR [DIR…] [--protocol full|fvc] [--compact] [--scores FILE.csv] [--plot FILE.png|FILE.svg] [--json]",
    .about = "Every image or template of DIR is <finger>_<impression>.<ext>. Scores every impression of a finger against every other (genuine) and those\n"
             "of the other fingers of the same DIR (impostor; fvc: first impressions only), and prints EER, FNMR at FMR 1 %, 0.1 % and 0, rank-1\n"
             "(gallery: the first impression of each finger), with 95 % bootstrap intervals over fingers, and times. Of fewer than ten errors only their\n"
             "number is printed: as a rate they are not measurable (--json says so beside the value). --json also has, for each set, `reject`: FNMR\n"
             "at the threshold of FMR 0.1 %, as the genuine comparisons of the worst quality are left out. --plot draws DET curves, the scores' histograms\n"
             "and that error against discard. Templates are native ones or finger minutiae records (.iso, .ansi, .fmr, .ent, .entf). It reads test sets: images are decoded in this process, not in the sandbox.",
    .example = "entente evaluate finger fvc/2002/DB1_B fvc/2004/DB2_B --scores scores.csv"};

typedef struct print {
    const char *folder;
    char name[64], finger[48];
    uint32_t set, who; /* finger's number over all folders */
    unsigned impression;
    bool first;        /* of its finger */
    ent_finger_template *t;
    ent_finger_stretched *stretched; /* of an imported template */
    double extract_ms;
} print;

typedef struct evaluation {
    print *p;
    size_t count;
    uint32_t fingers;
    bool fvc, compact;
    float *score; /* count x count, a < b */
    atomic_size_t done, failed;
    double *match_ms;
    bool keep;          /* the pairs of each set, for a plot */
    ent_plot_set *plot; /* of so many sets and the pooled */
    size_t plots;
} evaluation;

/* of this thread: what it computed, whatever else the machine does */
static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_name(const void *a, const void *b)
{
    const print *x = a, *y = b;
    if (x->set != y->set) return x->set < y->set ? -1 : 1;
    int c = strcmp(x->finger, y->finger);
    return c ? c : (x->impression > y->impression) - (x->impression < y->impression);
}

/* An image, or a template by its ending. */
static bool is_print(const char *name)
{
    static const char *const endings[] = {".iso", ".ansi", ".fmr", ".ent", ".entf"};
    const char *dot = strrchr(name, '.');
    if (ent_image_format_named(name) != ENT_IMAGE_UNKNOWN) return true;
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0) return true;
    return false;
}

static ent_code list_folder(evaluation *e, const char *folder, uint32_t set, ent_err *err)
{
    size_t before = e->count;
    DIR *d = opendir(folder);
    if (!d) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", folder, strerror(errno));
    for (struct dirent *f; (f = readdir(d)) && e->count <= PRINTS_MAX;) {
        print *p = &e->p[e->count];
        char *under = strrchr(f->d_name, '_'), *end;
        if (!under || under == f->d_name || strlen(f->d_name) >= sizeof p->name || (size_t)(under - f->d_name) >= sizeof p->finger) continue;
        unsigned long impression = strtoul(under + 1, &end, 10);
        if (end == under + 1 || *end != '.' || !is_print(f->d_name)) continue;
        *p = (print){.folder = folder, .set = set, .impression = (unsigned)impression};
        memcpy(p->name, f->d_name, strlen(f->d_name) + 1);
        memcpy(p->finger, f->d_name, (size_t)(under - f->d_name));
        e->count++;
    }
    closedir(d);
    if (e->count > PRINTS_MAX) return ent_fail(err, ENT_TOO_LARGE, "more than %d prints: name fewer folders", PRINTS_MAX);
    return e->count > before ? ENT_OK : ent_fail(err, ENT_USAGE, "%s: no prints named <finger>_<impression>.<ext>, such as 101_1.png", folder);
}

static void extract_one(void *ctx, size_t i, unsigned worker)
{
    evaluation *e = ctx;
    print *p = &e->p[i];
    char path[PATH_MAX];
    ent_image image, grey;
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    (void)worker;
    snprintf(path, sizeof path, "%s/%s", p->folder, p->name);
    bool read = ent_cli_load(path, &bytes, NULL) == ENT_OK && bytes.len && ent_image_sniff(bytes.data, bytes.len) != ENT_IMAGE_UNKNOWN && ent_image_decode(bytes.data, bytes.len, &image, NULL) == ENT_OK;
    if (read && ent_image_grey(&image, &grey, NULL) == ENT_OK) {
        ent_finger_image in = {.pixels = grey.pixels, .width = grey.width, .height = grey.height, .stride = grey.width, .ppi = grey.ppi >= 250 && grey.ppi <= 1200 ? grey.ppi : 500};
        double t0 = now_ms();
        if (ent_finger_extract(&in, &p->t, NULL) != ENT_OK) p->t = NULL;
        p->extract_ms = now_ms() - t0;
        ent_image_free(&grey);
    } else if (!read && ent_cli_load_print(path, &p->t, NULL) != ENT_OK)
        p->t = NULL;
    if (p->t && ent_cli_is_imported(p->t) && ent_finger_stretched_new(p->t, &p->stretched, NULL) != ENT_OK) ent_finger_template_free(p->t), p->t = NULL;
    if (read) ent_image_free(&image);
    if (!p->t) e->failed++; /* counts as a score of 0 against everything: a failure to extract is a miss */
    ent_cli_progress("extracting", ++e->done, e->count);
}

static bool wanted(const evaluation *e, const print *a, const print *b)
{
    if (a->set != b->set) return a->first || b->first; /* for rank-1 */
    return !e->fvc || a->who == b->who || (a->first || b->first);
}

static double compare(const evaluation *e, const print *a, const ent_finger_probe *probe, const print *b)
{
    if (a->stretched || b->stretched) return ent_finger_match_stretched(a->stretched ? a->stretched : b->stretched, a->stretched ? b->t : a->t, NULL, NULL);
    return e->compact ? ent_finger_match(probe, b->t, NULL) : ent_finger_match_full(probe, b->t, NULL);
}

static void match_one(void *ctx, size_t i, unsigned worker)
{
    evaluation *e = ctx;
    ent_finger_probe *probe = NULL;
    (void)worker;
    if (e->p[i].t && ent_finger_probe_new(e->p[i].t, &probe, NULL) != ENT_OK) probe = NULL;
    double t0 = now_ms();
    size_t n = 0;
    for (size_t j = i + 1; j < e->count && probe; j++) {
        if (!e->p[j].t || !wanted(e, &e->p[i], &e->p[j])) continue;
        e->score[i * e->count + j] = (float)compare(e, &e->p[i], probe, &e->p[j]);
        n++;
    }
    e->match_ms[i] = n ? (now_ms() - t0) / (double)n : 0;
    ent_finger_probe_free(probe);
    ent_cli_progress("matching", ++e->done, e->count);
}

static float score_of(const evaluation *e, size_t a, size_t b) { return a < b ? e->score[a * e->count + b] : e->score[b * e->count + a]; }

/* Whether the pair counts for error rates. */
static bool counts(const evaluation *e, const print *a, const print *b)
{
    if (a->set != b->set) return false;
    return a->who == b->who || !e->fvc || (a->first && b->first);
}

static uint8_t worse_quality(const print *a, const print *b)
{
    int x = a->t ? ent_finger_quality(a->t) : 0, y = b->t ? ent_finger_quality(b->t) : 0;
    return (uint8_t)(x < y ? x : y);
}

static ent_code rates(evaluation *e, int set, ent_rates *ret, json_t *ret_reject, ent_err *err)
{
    ent_reject curve[ENT_REJECT_MAX];
    ent_pair *pairs = malloc((e->count * e->count / 2 + 1) * sizeof *pairs);
    size_t n = 0;
    if (!pairs) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu prints", e->count);
    for (size_t a = 0; a < e->count; a++)
        for (size_t b = a + 1; b < e->count; b++) {
            if ((set >= 0 && e->p[a].set != (uint32_t)set) || !counts(e, &e->p[a], &e->p[b])) continue;
            pairs[n++] = (ent_pair){e->score[a * e->count + b], e->p[a].who == e->p[b].who, worse_quality(&e->p[a], &e->p[b]), e->p[a].who, e->p[b].who};
        }
    ent_code code = ent_rates_of(pairs, n, e->fingers, 200, ret, err);
    size_t points = code == ENT_OK ? ent_reject_curve(pairs, n, curve) : 0;
    for (size_t i = 0; i < points; i++)
        json_array_append_new(ret_reject, json_pack("{s:f,s:f,s:I,s:I,s:i,s:b}", "share", curve[i].share, "fnmr", curve[i].fnmr, "errors", (json_int_t)curve[i].errors, "genuine",
                                                    (json_int_t)curve[i].genuine, "quality", curve[i].quality, "measurable", curve[i].errors >= ENT_ERRORS_LEAST));
    if (code == ENT_OK && e->keep) e->plot[e->plots++] = (ent_plot_set){.pairs = pairs, .count = n};
    else free(pairs);
    return code;
}

static ent_code rank_one(const evaluation *e, size_t *ret_probes, ent_rate *ret, ent_err *err)
{
    ent_trial *trials = calloc(e->count + 1, sizeof *trials);
    if (!trials) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu prints", e->count);
    *ret_probes = 0;
    for (size_t p = 0; p < e->count; p++) {
        float best = -1;
        uint32_t who = UINT32_MAX;
        if (e->p[p].first) continue;
        for (size_t g = 0; g < e->count; g++)
            if (e->p[g].first && score_of(e, p, g) > best) best = score_of(e, p, g), who = e->p[g].who;
        trials[(*ret_probes)++] = (ent_trial){e->p[p].who, !(best > 0 && who == e->p[p].who)};
    }
    *ret = (ent_rate){0};
    ent_code code = *ret_probes ? ent_rate_of(trials, *ret_probes, e->fingers, 200, ret, err) : ENT_OK;
    free(trials);
    return code;
}

static ent_code write_scores(const evaluation *e, const char *path, ent_err *err)
{
    FILE *f = fopen(path, "w");
    if (!f) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    fprintf(f, "set,kind,a,b,score\n");
    for (size_t a = 0; a < e->count; a++)
        for (size_t b = a + 1; b < e->count; b++)
            if (counts(e, &e->p[a], &e->p[b]))
                fprintf(f, "%s,%s,%s,%s,%.4f\n", e->p[a].folder, e->p[a].who == e->p[b].who ? "genuine" : "impostor", e->p[a].name, e->p[b].name, (double)e->score[a * e->count + b]);
    return fclose(f) == 0 ? ENT_OK : ent_fail(err, ENT_IO, "%s cannot be written", path);
}

static json_t *rate_json(const ent_rate *r)
{
    return json_pack("{s:f,s:f,s:f,s:I,s:b}", "value", r->value, "low", r->low, "high", r->high, "errors", (json_int_t)r->errors, "measurable", r->errors >= ENT_ERRORS_LEAST);
}

static json_t *rates_json(const char *set, const ent_rates *r)
{
    return json_pack("{s:s,s:I,s:I,s:o,s:o,s:o,s:o,s:o}", "set", set, "genuine", (json_int_t)r->genuine, "impostor", (json_int_t)r->impostor, "eer", rate_json(&r->eer), "fnmr-at-fmr-1%", rate_json(&r->fnmr_100),
                     "fnmr-at-fmr-0.1%", rate_json(&r->fnmr_1000), "fnmr-at-fmr-0.01%", rate_json(&r->fnmr_10000), "fnmr-at-fmr-0", rate_json(&r->fnmr_zero));
}

static void print_rate(const json_t *r)
{
    char text[64];
    long long errors = json_integer_value(json_object_get(r, "errors"));
    if (json_is_true(json_object_get(r, "measurable")))
        snprintf(text, sizeof text, "%.2f (%.2f-%.2f)", 100 * json_real_value(json_object_get(r, "value")), 100 * json_real_value(json_object_get(r, "low")), 100 * json_real_value(json_object_get(r, "high")));
    else snprintf(text, sizeof text, "few: %lld error%s", errors, errors == 1 ? "" : "s");
    printf("  %-20s", text);
}

static void print_all(const json_t *out)
{
    size_t i;
    json_t *s;
    printf("%-36s  %-20s  %-20s  %-20s  %-20s\n", "set", "EER %", "FNMR % at FMR 1 %", "at 0.1 %", "at 0");
    json_array_foreach(json_object_get(out, "sets"), i, s)
    {
        printf("%-36s", ent_cli_text(s, "set"));
        print_rate(json_object_get(s, "eer"));
        print_rate(json_object_get(s, "fnmr-at-fmr-1%"));
        print_rate(json_object_get(s, "fnmr-at-fmr-0.1%"));
        print_rate(json_object_get(s, "fnmr-at-fmr-0"));
        putchar('\n');
    }
    printf("(in brackets 95 %% intervals: bootstrap over fingers; \"few\": fewer than ten errors, not measurable as a rate)\n");
    const json_t *missed = json_object_get(out, "rank-1-missed");
    char text[96] = " (fewer than ten misses: not measurable as a rate)";
    if (json_is_true(json_object_get(missed, "measurable")))
        snprintf(text, sizeof text, ": %.2f %% (%.2f-%.2f)", 100 - 100 * json_real_value(json_object_get(missed, "value")), 100 - 100 * json_real_value(json_object_get(missed, "high")), 100 - 100 * json_real_value(json_object_get(missed, "low")));
    printf("rank-1: %lld of %lld%s\nextraction %.1f ms, match %.3f ms (medians of CPU time); %lld prints, no template of %lld\n", (long long)json_integer_value(json_object_get(out, "rank-1")),
           (long long)json_integer_value(json_object_get(out, "probes")), text,
           json_real_value(json_object_get(out, "extract-ms")), json_real_value(json_object_get(out, "match-ms")),
           (long long)json_integer_value(json_object_get(out, "prints")), (long long)json_integer_value(json_object_get(out, "failed")));
    json_array_foreach(json_object_get(out, "without-template"), i, s)
        if (i < 5) printf("  %s: no template; it counts as matching nothing\n", json_string_value(s));
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_double);
    return n ? v[n / 2] : 0;
}

/* The prints of all folders, numbered by finger. */
static ent_code gather(evaluation *e, char **folders, int folder_count, ent_err *err)
{
    for (int i = 0; i < folder_count; i++) {
        struct stat one, other;
        ENT_TRY(list_folder(e, folders[i], (uint32_t)i, err));
        for (int k = 0; k < i; k++)
            if (stat(folders[i], &one) == 0 && stat(folders[k], &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev)
                return ent_fail(err, ENT_USAGE, "%s and %s are one folder: its prints would be held against themselves", folders[k], folders[i]);
    }
    qsort(e->p, e->count, sizeof *e->p, by_name);
    for (size_t i = 0; i < e->count; i++) {
        e->p[i].first = !i || e->p[i].set != e->p[i - 1].set || strcmp(e->p[i].finger, e->p[i - 1].finger) != 0;
        if (i && e->p[i].first) e->fingers++;
        e->p[i].who = e->fingers;
    }
    e->fingers++;
    e->score = calloc(e->count * e->count, sizeof *e->score);
    e->match_ms = calloc(e->count, sizeof *e->match_ms);
    return e->score && e->match_ms ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu prints", e->count);
}

/* Whether each set, and all together, have what rates are made of: said before hours are spent. */
static ent_code check_sets(const evaluation *e, char **folders, int folder_count, ent_err *err)
{
    for (int set = 0; set < folder_count; set++) {
        size_t prints = 0, fingers = 0;
        for (size_t i = 0; i < e->count; i++)
            if (e->p[i].set == (uint32_t)set) prints++, fingers += e->p[i].first;
        if (fingers < 2) return ent_fail(err, ENT_USAGE, "%s: prints of one finger only: impostor comparisons need two", folders[set]);
        if (prints == fingers) return ent_fail(err, ENT_USAGE, "%s: one impression of each finger: genuine comparisons need two", folders[set]);
    }
    return ENT_OK;
}

static ent_code put_ranks(const evaluation *e, json_t *out, ent_err *err)
{
    ent_rate missed;
    size_t probes = 0;
    ENT_TRY(rank_one(e, &probes, &missed, err));
    json_object_set_new(out, "rank-1", json_integer((json_int_t)(probes - missed.errors)));
    json_object_set_new(out, "probes", json_integer((json_int_t)probes));
    json_object_set_new(out, "rank-1-missed", rate_json(&missed));
    return ENT_OK;
}

static void put_times(evaluation *e, json_t *out)
{
    size_t images = 0;
    double match = median_of(e->match_ms, e->count ? e->count - 1 : 0);
    for (size_t i = 0; i < e->count; i++)
        if (e->p[i].extract_ms > 0) e->match_ms[images++] = e->p[i].extract_ms;
    json_object_set_new(out, "extract-ms", json_real(median_of(e->match_ms, images)));
    json_object_set_new(out, "match-ms", json_real(match));
    json_object_set_new(out, "prints", json_integer((json_int_t)e->count));
    json_object_set_new(out, "failed", json_integer((json_int_t)e->failed));
    json_t *names = json_array();
    for (size_t i = 0; i < e->count; i++)
        if (!e->p[i].t) json_array_append_new(names, json_sprintf("%s/%s", e->p[i].folder, e->p[i].name));
    json_object_set_new(out, "without-template", names);
}

static ent_code run(evaluation *e, char **folders, int folder_count, json_t *out, ent_err *err)
{
    ent_rates r;
    json_t *sets = json_array();
    json_object_set_new(out, "sets", sets);
    ENT_TRY(gather(e, folders, folder_count, err));
    ENT_TRY(check_sets(e, folders, folder_count, err));
    ent_parallel(e->count, 0, extract_one, e);
    e->done = 0;
    ent_parallel(e->count, 0, match_one, e);
    for (int i = 0; i <= folder_count; i++) {
        if (i == folder_count && folder_count == 1) break;
        const char *name = i < folder_count ? folders[i] : "pooled";
        json_t *reject = json_array(), *set;
        ent_code code = rates(e, i < folder_count ? i : -1, &r, reject, err);
        if (code == ENT_OK && e->keep) e->plot[e->plots - 1].name = name;
        if (code == ENT_OK) json_array_append_new(sets, set = rates_json(name, &r)), json_object_set(set, "reject", reject);
        json_decref(reject);
        ENT_TRY(code);
    }
    put_times(e, out);
    return put_ranks(e, out, err);
}

/* A file that will be written at the end can be written: said at once. */
static ent_code writable(const char *path, ent_err *err)
{
    bool there = access(path, F_OK) == 0;
    FILE *f = fopen(path, "ab");
    if (!f) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    fclose(f);
    if (!there) unlink(path);
    return ENT_OK;
}

static void end(evaluation *e)
{
    for (size_t i = 0; e->p && i < e->count; i++) ent_finger_stretched_free(e->p[i].stretched), ent_finger_template_free(e->p[i].t);
    for (size_t i = 0; i < e->plots; i++) free(e->plot[i].pairs);
    free(e->plot);
    free(e->p);
    free(e->score);
    free(e->match_ms);
}

static int evaluate_finger(ent_cli *cli, int argc, char **argv)
{
    const char *protocol = "full", *scores = NULL, *plot = NULL;
    evaluation e = {0};
    const ent_opt opts[] = {{.name = "--protocol", .value = &protocol, .hint = "full|fvc", .help = "which impostor pairs"}, {.name = "--compact", .flag = &e.compact, .help = "the compact match only, as 1:N scans"},
                            {.name = "--scores", .value = &scores, .hint = "FILE", .help = "every score as CSV: set,kind,a,b,score"},
                            {.name = "--plot", .value = &plot, .hint = "FILE", .help = "DET, histograms, error against discard: PNG or SVG by its ending"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n < 1 || (strcmp(protocol, "full") != 0 && strcmp(protocol, "fvc") != 0)) return ent_cli_usage(&help, "folders are needed, and full or fvc as protocol");
    if (plot && !ent_sheet_names(plot)) return ent_cli_usage(&help, "--plot needs a name that ends in .png or .svg");
    e.fvc = protocol[1] == 'v';
    e.keep = plot != NULL;
    e.p = calloc(PRINTS_MAX + 1, sizeof *e.p);
    e.plot = calloc((size_t)n + 1, sizeof *e.plot);
    json_t *out = json_object();
    code = e.p && e.plot ? ENT_OK : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && scores) code = writable(scores, &err);
    if (code == ENT_OK && plot) code = writable(plot, &err);
    if (code == ENT_OK) code = run(&e, argv, n, out, &err);
    if (code == ENT_OK && scores) code = write_scores(&e, scores, &err);
    if (code == ENT_OK && plot) code = ent_cli_finger_plot(e.plot, e.plots, plot, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) print_all(out);
    end(&e);
    json_decref(out);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_evaluate(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"finger", evaluate_finger, "the fingerprint engine on folders of prints"}, {"face", ent_cli_evaluate_face, "a face model on folders of pictures"}, {"fusion", ent_cli_evaluate_fusion, "prints and faces together, on chimeric persons"}, {0}};
    return ent_cli_group(cli, "evaluate", "Error rates, with intervals.", commands, argc, argv);
}
