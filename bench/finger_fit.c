/* Fits the weights of the fusion (src/finger/fuse.c) and judges them fairly: every set by weights that were fitted on the other
 * sets only, beside the plain figures. Can change the images first, to see how the rates degrade on sensors that are not at hand.
 *
 *     bench_finger_fit [OPTIONS] DIR…
 *
 * Every image of DIR is <finger>_<impression>.<ext>, a DIR is a set. Each set counts alike, and in it genuine and impostor pairs
 * alike; of several alignments of a pair the one that scores highest counts, so that choice and fit are repeated. */
#include "finger_change.h"

#include "base/parallel.h"
#include "finger/arith.h"
#include "finger/fuse.h"
#include "finger/stats.h"
#include "image/image.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PRINTS = 8000, SETS = 32, TERMS = 16, ROUNDS = 4, STEPS = 12, LARGE = 200 };

typedef struct print {
    char path[512], finger[64];
    unsigned impression;
    uint32_t set, who;
    ent_finger_template *t;
    double ms;
} print;

/* one pair of prints and what its alignments show */
typedef struct sample {
    uint32_t a, b;
    uint8_t set, minutiae, ridges;
    bool genuine;
    float m[FINGER_LAYS_COMPACT][FINGER_MINUTIAE_TERMS], r[FINGER_LAYS_FULL][FINGER_RIDGE_TERMS];
} sample;

typedef struct form {
    int terms, lays;
    double weight[TERMS];
} form;

static print prints[PRINTS];
static size_t count, samples_count;
static sample *samples;
static size_t *first_of; /* print -> its first sample */
static size_t prints_of[SETS];
static const char *keep;
static int sets, compact_only, thin = 1, thin_small = 1; /* every so manieth impostor pair of sets of LARGE prints, and of smaller ones */
static const char *set_name[SETS];
static const char *changed = "none";
static double prior = 0, ridge_penalty = 1e-3;
static int every;
static atomic_size_t done;

/* ---- images ---- */

static int by_name(const void *a, const void *b)
{
    const print *x = a, *y = b;
    if (x->set != y->set) return x->set < y->set ? -1 : 1;
    int c = strcmp(x->finger, y->finger);
    return c ? c : (x->impression > y->impression) - (x->impression < y->impression);
}

static void list(const char *folder, uint32_t set)
{
    DIR *d = opendir(folder);
    if (!d) {
        fprintf(stderr, "%s cannot be read\n", folder);
        exit(4);
    }
    for (struct dirent *f; (f = readdir(d)) && count < PRINTS;) {
        char *under = strrchr(f->d_name, '_');
        if (!under || under == f->d_name || ent_image_format_named(f->d_name) == ENT_IMAGE_UNKNOWN) continue;
        print *p = &prints[count++];
        *p = (print){.set = set, .impression = (unsigned)strtoul(under + 1, NULL, 10)};
        snprintf(p->path, sizeof p->path, "%s/%s", folder, f->d_name);
        snprintf(p->finger, sizeof p->finger, "%.*s", (int)(under - f->d_name), f->d_name);
    }
    closedir(d);
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void extract(void *ctx, size_t i, unsigned worker)
{
    (void)ctx, (void)worker;
    FILE *f = fopen(prints[i].path, "rb");
    uint8_t *bytes = malloc(1 << 22);
    size_t len = f && bytes ? fread(bytes, 1, 1 << 22, f) : 0;
    if (f) fclose(f);
    ent_image image, grey;
    if (len && ent_image_decode(bytes, len, &image, NULL) == ENT_OK) {
        if (ent_image_grey(&image, &grey, NULL) == ENT_OK) {
            ent_image other;
            if (!finger_change(&grey, changed, i + 1, &other)) exit(2);
            ent_finger_image in = {other.pixels, other.width, other.height, other.width, 500};
            double t0 = cpu_ms();
            if (ent_finger_extract(&in, &prints[i].t, NULL) != ENT_OK) prints[i].t = NULL;
            prints[i].ms = cpu_ms() - t0;
            ent_image_free(&other);
            ent_image_free(&grey);
        }
        ent_image_free(&image);
    }
    free(bytes);
    if (++done % 50 == 0) fprintf(stderr, "\rextracting %zu of %zu", (size_t)done, count);
}

/* ---- pairs ---- */

static bool wanted(size_t a, size_t b)
{
    if (prints[a].set != prints[b].set) return false;
    return prints[a].who == prints[b].who || (a * 31 + b * 17) % (size_t)(prints_of[prints[a].set] < LARGE ? thin_small : thin) == 0;
}

static void compare(sample *s, const ent_finger_template *p, const ent_finger_template *t)
{
    finger_found found[FINGER_LAYS_FULL];
    double terms[TERMS];
    s->minutiae = (uint8_t)finger_match_lays(p, t, found, FINGER_LAYS_COMPACT);
    for (int k = 0; k < s->minutiae; k++) {
        finger_minutiae_terms(&found[k], terms);
        for (int i = 0; i < FINGER_MINUTIAE_TERMS; i++) s->m[k][i] = (float)terms[i];
    }
    if (compact_only) return;
    finger_relation *r = finger_relation_new(p, t);
    if (!r) exit(4);
    s->ridges = (uint8_t)finger_match_lays(p, t, found, FINGER_LAYS_FULL);
    for (int k = 0; k < s->ridges; k++) {
        finger_agreement e = finger_relate(r, &found[k].lay);
        finger_ridge_terms(&found[k], &e, terms);
        for (int i = 0; i < FINGER_RIDGE_TERMS; i++) s->r[k][i] = (float)terms[i];
    }
    finger_relation_free(r);
}

static void compare_row(void *ctx, size_t a, unsigned worker)
{
    (void)ctx, (void)worker;
    size_t at = first_of[a];
    for (size_t b = a + 1; b < count; b++) {
        if (!wanted(a, b)) continue;
        sample *s = &samples[at++];
        *s = (sample){.a = (uint32_t)a, .b = (uint32_t)b, .set = (uint8_t)prints[a].set, .genuine = prints[a].who == prints[b].who};
        if (prints[a].t && prints[b].t) compare(s, prints[a].t, prints[b].t);
    }
    if (++done % 10 == 0) fprintf(stderr, "\rcomparing %zu of %zu    ", (size_t)done, count);
}

static void collect(void)
{
    first_of = calloc(count + 1, sizeof *first_of);
    for (size_t a = 0; a < count; a++) {
        first_of[a] = samples_count;
        for (size_t b = a + 1; b < count; b++) samples_count += wanted(a, b);
    }
    samples = calloc(samples_count + 1, sizeof *samples);
    if (!samples || !first_of) exit(4);
    done = 0;
    FILE *f = keep ? fopen(keep, "rb") : NULL;
    if (f && fread(samples, sizeof *samples, samples_count, f) != samples_count) {
        fprintf(stderr, "%s is of other prints or options\n", keep);
        exit(2);
    }
    if (f) {
        fclose(f);
        return;
    }
    ent_parallel(count, 0, compare_row, NULL);
    if (keep && (f = fopen(keep, "wb"))) {
        fwrite(samples, sizeof *samples, samples_count, f);
        fclose(f);
    }
    fprintf(stderr, "\r                              \r");
}

/* ---- the fit ---- */

static const float *terms_of(const form *f, const sample *s, int lay)
{
    return f->lays == FINGER_LAYS_COMPACT ? s->m[lay] : s->r[lay];
}

static int lays_of(const form *f, const sample *s)
{
    return f->lays == FINGER_LAYS_COMPACT ? s->minutiae : s->ridges;
}

static double weigh(const form *f, const float *terms)
{
    double sum = 0;
    for (int i = 0; i < f->terms; i++) sum += f->weight[i] * (double)terms[i];
    return sum;
}

static double best_of(const form *f, const sample *s, int *ret_lay)
{
    double best = -1e9;
    *ret_lay = -1;
    for (int k = 0; k < lays_of(f, s); k++) {
        double v = weigh(f, terms_of(f, s, k));
        if (v > best) best = v, *ret_lay = k;
    }
    return best;
}

/* a x = b for a symmetric positive matrix; a and b are used up */
static void solve(int n, double a[TERMS][TERMS], double b[TERMS], double x[TERMS])
{
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double m = a[j][i] / a[i][i];
            for (int k = i; k < n; k++) a[j][k] -= m * a[i][k];
            b[j] -= m * b[i];
        }
    for (int i = n - 1; i >= 0; i--) {
        x[i] = b[i];
        for (int k = i + 1; k < n; k++) x[i] -= a[i][k] * x[k];
        x[i] /= a[i][i];
    }
}

/* Newton's method on the alignments chosen; sets without `left_out`. `prior` is the ln of the odds where the fit shall be best. */
static void fit_chosen(form *f, const int8_t *lay, int left_out, double share[SETS][2])
{
    double scale[TERMS] = {0}, total = 0;
    for (size_t i = 0; i < samples_count; i++) {
        const sample *s = &samples[i];
        if (lay[i] < 0 || s->set == left_out) continue;
        for (int k = 0; k < f->terms; k++) scale[k] += share[s->set][s->genuine] * (double)terms_of(f, s, lay[i])[k] * (double)terms_of(f, s, lay[i])[k];
        total += share[s->set][s->genuine];
    }
    for (int step = 0; step < STEPS; step++) {
        double h[TERMS][TERMS] = {{0}}, g[TERMS] = {0}, d[TERMS];
        for (size_t i = 0; i < samples_count; i++) {
            const sample *s = &samples[i];
            if (lay[i] < 0 || s->set == left_out) continue;
            const float *x = terms_of(f, s, lay[i]);
            double w = share[s->set][s->genuine], p = 1 / (1 + finger_exp(-(weigh(f, x) + prior)));
            for (int k = 0; k < f->terms; k++) {
                g[k] += w * ((s->genuine ? 1 : 0) - p) * (double)x[k];
                for (int j = 0; j < f->terms; j++) h[k][j] += w * p * (1 - p) * (double)x[k] * (double)x[j];
            }
        }
        for (int k = 0; k < f->terms; k++) {
            double penalty = (k ? ridge_penalty : 1e-9) * scale[k] / total;
            h[k][k] += penalty * total, g[k] -= penalty * total * f->weight[k];
        }
        solve(f->terms, h, g, d);
        for (int k = 0; k < f->terms; k++) f->weight[k] += d[k];
    }
}

static void fit(form *f, int left_out)
{
    double n[SETS][2] = {{0}}, share[SETS][2] = {{0}};
    int8_t *lay = malloc(samples_count);
    if (!lay) exit(4);
    for (size_t i = 0; i < samples_count; i++) n[samples[i].set][samples[i].genuine]++;
    double of_genuine = 1 / (1 + finger_exp(-prior));
    for (int s = 0; s < sets; s++)
        for (int g = 0; g < 2; g++) share[s][g] = n[s][g] > 0 ? (g ? of_genuine : 1 - of_genuine) / n[s][g] * 1e4 : 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < samples_count; i++) {
            int k;
            best_of(f, &samples[i], &k);
            lay[i] = (int8_t)k;
        }
        fit_chosen(f, lay, left_out, share);
    }
    free(lay);
}

/* ---- the report ---- */

/* Cost of the ratios as they are claimed, in bits (Brummer and du Preez, "Application-independent evaluation of speaker detection",
 * 2006): 0 is perfect, 1 knows nothing. Smoother than an error rate. */
static double cost(const ent_pair *pairs, size_t n)
{
    double sum[2] = {0}, of[2] = {0};
    for (size_t i = 0; i < n; i++) {
        double ratio = ((double)pairs[i].score - 40) / 4.342944819032518;
        sum[pairs[i].genuine] += finger_log(1 + finger_exp(pairs[i].genuine ? -ratio : ratio)) / 0.6931471805599453, of[pairs[i].genuine]++;
    }
    return (sum[0] / of[0] + sum[1] / of[1]) / 2;
}

static void rates(const char *what, const float *score, int set)
{
    ent_pair *pairs = malloc((samples_count + 1) * sizeof *pairs);
    size_t n = 0;
    ent_rates r;
    if (!pairs) exit(4);
    for (size_t i = 0; i < samples_count; i++)
        if ((set < 0 && strcmp(set_name[samples[i].set], "-")) || (int)samples[i].set == set)
            pairs[n++] = (ent_pair){.score = score[i], .genuine = samples[i].genuine, .a = prints[samples[i].a].who, .b = prints[samples[i].b].who};
    if (ent_rates_of(pairs, n, prints[count - 1].who + 1, 0, &r, NULL) == ENT_OK)
        printf("%-28s %6zu %7zu  %6.2f  %6.2f  %6.2f  %6.2f  %6.2f  %6.4f\n", what, r.genuine, r.impostor, 100 * r.eer.value, 100 * r.fnmr_100.value, 100 * r.fnmr_1000.value, 100 * r.fnmr_10000.value, 100 * r.fnmr_zero.value, cost(pairs, n));
    free(pairs);
}

static void report(const char *title, const float *score)
{
    printf("%s\n%-28s %6s %7s  %6s  %6s  %6s  %6s  %6s  %6s\n", title, "set", "gen", "imp", "EER", "1%", "0.1%", "0.01%", "0", "cost");
    for (int s = 0; s < sets; s++) rates(strlen(set_name[s]) > 28 ? set_name[s] + strlen(set_name[s]) - 28 : set_name[s], score, s);
    rates("pooled", score, -1);
    fflush(stdout);
}

static void scores(const form *f, int only, float *ret)
{
    int lay;
    for (size_t i = 0; i < samples_count; i++)
        if (only < 0 || samples[i].set == only) {
            double v = best_of(f, &samples[i], &lay);
            ret[i] = (float)(lay < 0 ? 0 : finger_scale(v));
        }
}

static void judge(form start, const char *what)
{
    float *score = calloc(samples_count + 1, sizeof *score);
    char title[128];
    form f = start;
    if (!score) exit(4);
    if (f.weight[1] != 0) {
        scores(&f, -1, score);
        snprintf(title, sizeof title, "%s, weights as built", what);
        report(title, score);
    }
    if (every) {
        fit(&f, -1);
        scores(&f, -1, score);
        snprintf(title, sizeof title, "%s, fitted on all", what);
        report(title, score);
        printf("weights:");
        for (int i = 0; i < f.terms; i++) printf(" %.4f,", f.weight[i]);
        putchar('\n');
        for (int s = 0; s < sets; s++) {
            form g = start;
            fit(&g, s);
            scores(&g, s, score);
        }
        snprintf(title, sizeof title, "%s, each set by the others", what);
        report(title, score);
    }
    free(score);
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-'; at++) {
        const char *o = argv[at] + 2;
        double v = argv[at + 1] ? strtod(argv[at + 1], NULL) : 0;
        if (!strcmp(o, "compact")) { compact_only = 1; continue; }
        if (!strcmp(o, "fit")) { every = 1; continue; }
        if (!strcmp(o, "change")) changed = argv[at + 1];
        else if (!strcmp(o, "keep")) keep = argv[at + 1];
        else if (!strcmp(o, "thin")) thin = (int)v;
        else if (!strcmp(o, "thin-small")) thin_small = (int)v;
        else if (!strcmp(o, "prior")) prior = v;
        else if (!strcmp(o, "penalty")) ridge_penalty = v;
        else {
            fprintf(stderr, "unknown option %s\n", argv[at]);
            return 2;
        }
        at++;
    }
    for (; at < argc && sets < SETS; at++, sets++) {
        set_name[sets] = argv[at];
        list(argv[at], (uint32_t)sets);
    }
    if (count < 2) return fprintf(stderr, "usage: bench_finger_fit [--fit] [--compact] [--thin N] [--thin-small N] [--change NAME] DIR…\n"), 2;
    qsort(prints, count, sizeof *prints, by_name);
    for (size_t i = 1; i < count; i++) prints[i].who = prints[i - 1].who + (prints[i].set != prints[i - 1].set || strcmp(prints[i].finger, prints[i - 1].finger) != 0);
    for (size_t i = 0; i < count; i++) prints_of[prints[i].set]++;
    FILE *kept = keep ? fopen(keep, "rb") : NULL;
    if (kept) fclose(kept);
    else ent_parallel(count, 0, extract, NULL);
    double *ms = calloc(count, sizeof *ms);
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) ms[i] = prints[i].ms, missing += !prints[i].t;
    qsort(ms, count, sizeof *ms, by_double);
    printf("%zu prints, %zu without a template, extraction %.1f ms (median)\n", count, missing, ms[count / 2]);
    collect();
    form minutiae = {FINGER_MINUTIAE_TERMS, FINGER_LAYS_COMPACT, {0}}, ridges = {FINGER_RIDGE_TERMS, FINGER_LAYS_FULL, {0}};
    memcpy(minutiae.weight, finger_minutiae_weights, sizeof finger_minutiae_weights);
    memcpy(ridges.weight, finger_ridge_weights, sizeof finger_ridge_weights);
    judge(minutiae, "compact");
    if (!compact_only) judge(ridges, "full");
    return 0;
}
