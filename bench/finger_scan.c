/* What the first stage of 1:N loses, on real prints: every impression searches for every other impression of its finger among all prints of
 * other fingers and STRANGERS synthetic entries. For each set: the share of mates that the first stage puts within a share of the gallery,
 * and how many of those that it does not would have come out on top (detailed score above what 99.9 % of all impostors reach).
 *
 *     bench_finger_scan [--strangers N] [--keep FILE] [--fit yes] [--alike yes] DIR…
 *
 * --keep writes the templates once and reads them the next time. --fit fits what the closer look weighs (closer.c), on mates and on
 * strangers that come as far, each set counting alike; and judges each set by weights of the others.
 * --alike instead tells how alike the first impressions of fingers are to prints of other fingers, real and synthetic. */
#include "base/parallel.h"
#include "entente/finger_synth.h"
#include "finger/scan.h"
#include "image/image.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTS = 8000, SETS = 16, ENTRY = FINGER_ENTRY_MAX + FINGER_ENTRY_SLACK, SHARES = 5, SEED = 11, REACHED = 46, CLOSER = FINGER_CLOSER_TIMES };

static const double share[SHARES] = {0.0025, 0.005, 0.01, 0.02, 0.05};

typedef struct print {
    char path[512], finger[64];
    int set;
    size_t who;
    ent_finger_template *t;
} print;

/* of one probe: mates, those lost at each share, and of these the ones that would have been found */
typedef struct tally {
    size_t mates, lost[SHARES], worth[SHARES];
} tally;

static print prints[PRINTS];
static tally tallies[PRINTS];
static size_t count, strangers = 5000;
static uint8_t *entries; /* of the prints, then of the strangers */
static const char *set_name[SETS];
static int sets;

static finger_entry *entry(size_t i) { return (finger_entry *)(void *)(entries + i * ENTRY); }

static void list(const char *folder, int set)
{
    DIR *d = opendir(folder);
    if (!d) exit(4);
    for (struct dirent *f; (f = readdir(d)) && count < PRINTS;) {
        char *under = strrchr(f->d_name, '_');
        if (!under || under == f->d_name || ent_image_format_named(f->d_name) == ENT_IMAGE_UNKNOWN) continue;
        print *p = &prints[count++];
        p->set = set;
        snprintf(p->path, sizeof p->path, "%s/%s", folder, f->d_name);
        snprintf(p->finger, sizeof p->finger, "%.*s", (int)(under - f->d_name), f->d_name);
    }
    closedir(d);
}

static int by_name(const void *a, const void *b)
{
    const print *x = a, *y = b;
    return x->set != y->set ? x->set - y->set : strcmp(x->path, y->path);
}

static void extract(void *ctx, size_t i, unsigned worker)
{
    (void)ctx, (void)worker;
    FILE *f = fopen(prints[i].path, "rb");
    uint8_t *bytes = malloc(1 << 22);
    size_t len = f && bytes ? fread(bytes, 1, 1 << 22, f) : 0;
    ent_image image, grey;
    if (f) fclose(f);
    if (len && ent_image_decode(bytes, len, &image, NULL) == ENT_OK) {
        if (ent_image_grey(&image, &grey, NULL) == ENT_OK) {
            ent_finger_image in = {grey.pixels, grey.width, grey.height, grey.width, 500};
            if (ent_finger_extract(&in, &prints[i].t, NULL) != ENT_OK) prints[i].t = NULL;
            ent_image_free(&grey);
        }
        ent_image_free(&image);
    }
    free(bytes);
}

static void keep_templates(const char *path, bool read)
{
    FILE *f = fopen(path, read ? "rb" : "wb");
    uint8_t bytes[ENT_FINGER_FULL_MAX];
    for (size_t i = 0; f && i < count; i++) {
        size_t len = 0;
        if (!read && prints[i].t && ent_finger_encode(prints[i].t, ENT_FINGER_COMPACT, bytes, sizeof bytes, &len, NULL) != ENT_OK) exit(4);
        if (read ? fread(&len, sizeof len, 1, f) != 1 || len > sizeof bytes || fread(bytes, 1, len, f) != len : fwrite(&len, sizeof len, 1, f) != 1 || fwrite(bytes, 1, len, f) != len) exit(4);
        if (read && len && ent_finger_decode(bytes, len, &prints[i].t, NULL) != ENT_OK) exit(4);
    }
    if (f) fclose(f);
}

static void make_entry(void *ctx, size_t i, unsigned worker)
{
    (void)ctx, (void)worker;
    ent_finger_template *t = i < count ? prints[i].t : NULL;
    if (i >= count && ent_synth_template(SEED, (uint32_t)i, 0, &t, NULL) != ENT_OK) exit(4);
    if (t) finger_entry_make(t, (uint32_t)i, entry(i));
    if (i >= count) ent_finger_template_free(t);
}

/* One that came as far as the closer look of a probe, or a mate that did not. */
typedef struct seen {
    uint32_t others;                /* strangers of its probe */
    bool mate, closer, tried, worth; /* worth: a mate whose detailed score is above REACHED */
    float terms[FINGER_CLOSER_TERMS];
    double before; /* share of strangers that the first look puts before it */
    double judged;
} seen;

static seen *looked[PRINTS];
static size_t looked_count[PRINTS];

/* What the looks make of one probe. Of equal ones half stand before a mate. */
static void search(void *ctx, size_t i, unsigned worker)
{
    (void)ctx, (void)worker;
    const finger_scan_kernels *k = finger_scan_kernels_best();
    finger_scan *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    uint16_t *first = calloc(count + strangers, sizeof *first);
    finger_tried *tried = calloc(count + strangers, sizeof *tried);
    uint32_t *histogram = calloc(UINT16_MAX + 2, sizeof *histogram), others = 0;
    ent_finger_probe *probe;
    if (!s || !first || !tried || !histogram || !prints[i].t || ent_finger_probe_new(prints[i].t, &probe, NULL) != ENT_OK) return;
    finger_scan_make(prints[i].t, s);
    for (size_t j = 0; j < count + strangers; j++) {
        if (j < count && !prints[j].t) continue;
        first[j] = finger_scan_score(k, s, entry(j), &tried[j]);
        if (j >= count || prints[j].who != prints[i].who) histogram[first[j]]++, others++;
    }
    for (int v = UINT16_MAX - 1; v >= 0; v--) histogram[v] += histogram[v + 1]; /* at least v */
    looked[i] = calloc(count + strangers, sizeof **looked);
    if (!looked[i]) exit(4);
    for (size_t j = 0; j < count + strangers; j++) {
        if (j == i || (j < count && !prints[j].t)) continue;
        seen *n = &looked[i][looked_count[i]];
        *n = (seen){.others = others, .mate = j < count && prints[j].who == prints[i].who};
        n->before = (0.5 * ((double)histogram[first[j]] + (double)histogram[first[j] + 1]) + 0.5) / others;
        n->closer = n->before <= CLOSER * share[SHARES - 1];
        if (!n->mate && !n->closer) continue;
        n->tried = k->terms(s, entry(j), tried[j], n->terms), n->judged = finger_scan_closer(k, s, entry(j), tried[j]);
        n->worth = n->mate && ent_finger_match(probe, prints[j].t, NULL) > REACHED;
        looked_count[i]++;
    }
    looked[i] = realloc(looked[i], (looked_count[i] + 1) * sizeof **looked);
    ent_finger_probe_free(probe);
    free(histogram);
    free(tried);
    free(first);
    free(s);
}

/* A mate is handed on with the share q when the first look leaves it among CLOSER q, and the closer one puts it, of these, among q. */
static void count_lost(size_t i)
{
    tally *t = &tallies[i];
    memset(t, 0, sizeof *t);
    for (const seen *m = looked[i]; m < looked[i] + looked_count[i]; m++) {
        if (!m->mate) continue;
        t->mates++;
        for (int q = 0; q < SHARES; q++) {
            double before = 0.5;
            for (const seen *o = looked[i]; o < looked[i] + looked_count[i]; o++)
                if (!o->mate && o->before <= CLOSER * share[q]) before += o->judged > m->judged ? 1 : o->judged < m->judged ? 0 : 0.5;
            bool lost = m->before > CLOSER * share[q] || before > share[q] * m->others;
            t->lost[q] += lost, t->worth[q] += lost && m->worth;
        }
    }
}

static void report(const char *name, int set)
{
    tally all = {0};
    for (size_t i = 0; i < count; i++) {
        if (set >= 0 && prints[i].set != set) continue;
        all.mates += tallies[i].mates;
        for (int q = 0; q < SHARES; q++) all.lost[q] += tallies[i].lost[q], all.worth[q] += tallies[i].worth[q];
    }
    printf("%-24s %6zu ", name, all.mates);
    for (int q = 0; q < SHARES; q++) printf("  %4zu %4zu", all.lost[q], all.worth[q]);
    putchar('\n');
}

static void report_all(const char *title)
{
    printf("%s\n%-24s %6s ", title, "set", "mates");
    for (int q = 0; q < SHARES; q++) printf("  %7.2f %%", 100 * share[q]);
    putchar('\n');
    for (int s = 0; s < sets; s++) report(strlen(set_name[s]) > 24 ? set_name[s] + strlen(set_name[s]) - 24 : set_name[s], s);
    report("all", -1);
    fflush(stdout);
}

/* ---- what the closer look weighs ---- */

enum { TERMS = FINGER_CLOSER_TERMS, STEPS = 20 };
#define PENALTY 0.01

static double weigh(const double *weights, const float *terms)
{
    double sum = 0;
    for (int k = 0; k < TERMS; k++) sum += weights[k] * (double)terms[k];
    return sum;
}

/* a x = b for a symmetric positive matrix; a and b are used up; x is added to */
static void solve(double a[TERMS][TERMS], double b[TERMS], double x[TERMS])
{
    for (int i = 0; i < TERMS; i++)
        for (int j = i + 1; j < TERMS; j++) {
            double m = a[j][i] / a[i][i];
            for (int k = i; k < TERMS; k++) a[j][k] -= m * a[i][k];
            b[j] -= m * b[i];
        }
    for (int i = TERMS - 1; i >= 0; i--) {
        for (int k = i + 1; k < TERMS; k++) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
        x[i] += b[i];
    }
}

/* A step of Newton's method. */
static void step(double weights[TERMS], int left_out, double n[SETS][2])
{
    double h[TERMS][TERMS] = {{0}}, g[TERMS] = {0};
    for (size_t i = 0; i < count; i++)
        for (const seen *o = looked[i]; o < looked[i] + looked_count[i]; o++) {
            if (prints[i].set == left_out || !o->tried || !o->closer) continue;
            const float *x = o->terms;
            double w = 1 / n[prints[i].set][o->mate], p = 1 / (1 + exp(-weigh(weights, x)));
            for (int k = 0; k < TERMS; k++) {
                g[k] += w * (o->mate - p) * (double)x[k];
                for (int j = 0; j < TERMS; j++) h[k][j] += w * p * (1 - p) * (double)x[k] * (double)x[j];
            }
        }
    for (int k = 0; k < TERMS; k++) h[k][k] += k ? 4 * PENALTY : 1e-9, g[k] -= k ? 4 * PENALTY * weights[k] : 0;
    solve(h, g, weights);
}

static void fit(double weights[TERMS], int left_out)
{
    double n[SETS][2] = {{0}};
    for (size_t i = 0; i < count; i++)
        for (const seen *o = looked[i]; o < looked[i] + looked_count[i]; o++) n[prints[i].set][o->mate] += o->closer && o->tried;
    memset(weights, 0, TERMS * sizeof *weights);
    weights[0] = -5, weights[3] = weights[8] = 1; /* near enough for Newton's method */
    for (int i = 0; i < STEPS; i++) step(weights, left_out, n);
}

static void judge(const double *weights, int only)
{
    for (size_t i = 0; i < count; i++) {
        if (only >= 0 && prints[i].set != only) continue;
        for (seen *o = looked[i]; o < looked[i] + looked_count[i]; o++) o->judged = o->tried ? weigh(weights, o->terms) : -100;
        count_lost(i);
    }
}

static void fit_all(void)
{
    double weights[TERMS];
    fit(weights, -1);
    judge(weights, -1);
    report_all("closer look fitted on all");
    printf("weights:");
    for (int k = 0; k < TERMS; k++) printf(" %.2f", weights[k]);
    putchar('\n');
    for (int s = 0; s < sets; s++) {
        fit(weights, s);
        judge(weights, s);
    }
    report_all("each set by a closer look fitted on the others");
}

/* ---- how alike strangers are ---- */

enum { KINDS = 2 };

typedef struct alike {
    size_t count;
    double *match, *first;
} alike;

static alike alikes[PRINTS][KINDS];

/* The first impression of each finger against all prints of other fingers, and against the synthetic ones. */
static void compare_strangers(void *ctx, size_t i, unsigned worker)
{
    (void)ctx, (void)worker;
    const finger_scan_kernels *k = finger_scan_kernels_best();
    ent_finger_probe *probe;
    finger_tried tried;
    if ((i && prints[i].who == prints[i - 1].who) || !prints[i].t || ent_finger_probe_new(prints[i].t, &probe, NULL) != ENT_OK) return;
    finger_scan *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    for (int kind = 0; kind < KINDS; kind++) {
        alikes[i][kind].match = calloc(count + strangers, sizeof(double)), alikes[i][kind].first = calloc(count + strangers, sizeof(double));
        if (!s || !alikes[i][kind].match || !alikes[i][kind].first) exit(4);
    }
    finger_scan_make(prints[i].t, s);
    for (size_t j = 0; j < count + strangers; j++) {
        ent_finger_template *t = j < count ? prints[j].t : NULL;
        alike *a = &alikes[i][j >= count];
        if (j < count && (!t || prints[j].who == prints[i].who)) continue;
        if (j >= count && ent_synth_template(SEED, (uint32_t)j, 0, &t, NULL) != ENT_OK) exit(4);
        a->match[a->count] = ent_finger_match(probe, t, NULL), a->first[a->count++] = finger_scan_score(k, s, entry(j), &tried);
        if (j >= count) ent_finger_template_free(t);
    }
    free(s);
    ent_finger_probe_free(probe);
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report_alike(const char *name, int set, int kind)
{
    static const double quantile[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
    size_t n = 0;
    for (size_t i = 0; i < count; i++) n += set < 0 || prints[i].set == set ? alikes[i][kind].count : 0;
    double *all[2] = {malloc((n + 1) * sizeof(double)), malloc((n + 1) * sizeof(double))};
    if (!all[0] || !all[1]) exit(4);
    n = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; (set < 0 || prints[i].set == set) && j < alikes[i][kind].count; j++, n++) all[0][n] = alikes[i][kind].match[j], all[1][n] = alikes[i][kind].first[j];
    printf("%-24s %-9s %7zu", name, kind ? "synthetic" : "real", n);
    for (int of = 0; of < 2; of++) {
        qsort(all[of], n, sizeof(double), by_double);
        for (int q = 0; n && q < (int)(sizeof quantile / sizeof *quantile); q++) printf(of ? " %6.0f" : " %6.1f", all[of][(size_t)(quantile[q] * (double)n)]);
        fputs(of ? "\n" : "  ", stdout);
        free(all[of]);
    }
}

int main(int argc, char **argv)
{
    const char *keep = NULL;
    bool fitting = false, likeness = false;
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2)
        if (!strcmp(argv[at], "--strangers")) strangers = strtoul(argv[at + 1], NULL, 10);
        else if (!strcmp(argv[at], "--keep")) keep = argv[at + 1];
        else if (!strcmp(argv[at], "--fit")) fitting = true;
        else if (!strcmp(argv[at], "--alike")) likeness = true;
        else return 2;
    for (; at < argc && sets < SETS; at++, sets++) {
        set_name[sets] = argv[at];
        list(argv[at], sets);
    }
    if (count < 2) return fprintf(stderr, "usage: bench_finger_scan [--strangers N] [--keep FILE] [--fit yes] [--alike yes] DIR…\n"), 2;
    qsort(prints, count, sizeof *prints, by_name);
    for (size_t i = 1; i < count; i++) prints[i].who = prints[i - 1].who + (prints[i].set != prints[i - 1].set || strcmp(prints[i].finger, prints[i - 1].finger) != 0);
    FILE *kept = keep ? fopen(keep, "rb") : NULL;
    if (kept) fclose(kept), keep_templates(keep, true);
    else ent_parallel(count, 0, extract, NULL);
    if (keep && !kept) keep_templates(keep, false);
    entries = calloc(count + strangers, ENTRY);
    if (!entries) return 4;
    ent_parallel(count + strangers, 0, make_entry, NULL);
    if (likeness) {
        ent_parallel(count, 0, compare_strangers, NULL);
        printf("quantiles 50, 90, 99, 99.9 and 99.99 %% of the compact match, then of the first look\n");
        for (int s = -1; s < sets; s++)
            for (int kind = 0; kind < KINDS; kind++) report_alike(s < 0 ? "all" : strlen(set_name[s]) > 24 ? set_name[s] + strlen(set_name[s]) - 24 : set_name[s], s, kind);
        return 0;
    }
    ent_parallel(count, 0, search, NULL);
    for (size_t i = 0; i < count; i++) count_lost(i);
    printf("mates lost, and of these with a detailed score above %d, when this share of the gallery is handed on\n", REACHED);
    report_all("as built");
    if (fitting) fit_all();
    return 0;
}
