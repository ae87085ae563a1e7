/* What the first stage of 1:N loses, on real prints: every impression searches for every other impression of its finger among all prints of
 * other fingers and STRANGERS synthetic entries. For each set: the share of mates that the first stage puts within a share of the gallery,
 * and how many of those that it does not would have come out on top (detailed score above what 99.9 % of all impostors reach).
 *
 *     bench_finger_scan [--strangers N] [--keep FILE] DIR…
 *
 * --keep writes the templates once and reads them the next time. */
#include "base/parallel.h"
#include "entente/finger_synth.h"
#include "finger/scan.h"
#include "image/image.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTS = 8000, SETS = 16, ENTRY = FINGER_ENTRY_MAX + FINGER_ENTRY_SLACK, SHARES = 5, SEED = 11, REACHED = 46 };

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
    double rank; /* sum of log10 of the mate's share */
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

/* The mate's rank is that among all entries of other fingers; of equal scores half stand before it. */
static void search(void *ctx, size_t i, unsigned worker)
{
    (void)ctx, (void)worker;
    const finger_scan_kernels *k = finger_scan_kernels_best();
    finger_scan *s = malloc(sizeof *s);
    uint32_t *histogram = calloc(UINT16_MAX + 2, sizeof *histogram), others = 0;
    ent_finger_probe *probe;
    if (!s || !histogram || !prints[i].t || ent_finger_probe_new(prints[i].t, &probe, NULL) != ENT_OK) return;
    finger_scan_make(prints[i].t, s);
    for (size_t j = 0; j < count + strangers; j++)
        if (j >= count || (prints[j].t && prints[j].who != prints[i].who)) histogram[finger_scan_score(k, s, entry(j))]++, others++;
    for (int v = UINT16_MAX - 1; v >= 0; v--) histogram[v] += histogram[v + 1]; /* at least v */
    for (size_t j = 0; j < count; j++) {
        if (j == i || prints[j].who != prints[i].who || !prints[j].t) continue;
        unsigned score = finger_scan_score(k, s, entry(j));
        double before = 0.5 * ((double)histogram[score] + (double)histogram[score + 1]), rank = (before + 0.5) / others;
        double detailed = ent_finger_match(probe, prints[j].t, NULL);
        tally *t = &tallies[i];
        t->mates++, t->rank += rank;
        for (int q = 0; q < SHARES; q++) t->lost[q] += rank > share[q], t->worth[q] += rank > share[q] && detailed > REACHED;
    }
    ent_finger_probe_free(probe);
    free(histogram);
    free(s);
}

static void report(const char *name, int set)
{
    tally all = {0};
    for (size_t i = 0; i < count; i++) {
        if (set >= 0 && prints[i].set != set) continue;
        all.mates += tallies[i].mates, all.rank += tallies[i].rank;
        for (int q = 0; q < SHARES; q++) all.lost[q] += tallies[i].lost[q], all.worth[q] += tallies[i].worth[q];
    }
    printf("%-24s %6zu ", name, all.mates);
    for (int q = 0; q < SHARES; q++) printf("  %4zu %4zu", all.lost[q], all.worth[q]);
    printf("   %.4f %%\n", 100 * all.rank / (double)all.mates);
}

int main(int argc, char **argv)
{
    const char *keep = NULL;
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2)
        if (!strcmp(argv[at], "--strangers")) strangers = strtoul(argv[at + 1], NULL, 10);
        else if (!strcmp(argv[at], "--keep")) keep = argv[at + 1];
        else return 2;
    for (; at < argc && sets < SETS; at++, sets++) {
        set_name[sets] = argv[at];
        list(argv[at], sets);
    }
    if (count < 2) return fprintf(stderr, "usage: bench_finger_scan [--strangers N] [--keep FILE] DIR…\n"), 2;
    qsort(prints, count, sizeof *prints, by_name);
    for (size_t i = 1; i < count; i++) prints[i].who = prints[i - 1].who + (prints[i].set != prints[i - 1].set || strcmp(prints[i].finger, prints[i - 1].finger) != 0);
    FILE *kept = keep ? fopen(keep, "rb") : NULL;
    if (kept) fclose(kept), keep_templates(keep, true);
    else ent_parallel(count, 0, extract, NULL);
    if (keep && !kept) keep_templates(keep, false);
    entries = calloc(count + strangers, ENTRY);
    if (!entries) return 4;
    ent_parallel(count + strangers, 0, make_entry, NULL);
    ent_parallel(count, 0, search, NULL);
    printf("mates lost, and of these with a detailed score above %d, when this share of the gallery is handed on; mean share before the mate\n%-24s %6s ", REACHED, "set", "mates");
    for (int q = 0; q < SHARES; q++) printf("  %7.2f %%", 100 * share[q]);
    putchar('\n');
    for (int s = 0; s < sets; s++) report(strlen(set_name[s]) > 24 ? set_name[s] + strlen(set_name[s]) - 24 : set_name[s], s);
    report("all", -1);
    return 0;
}
