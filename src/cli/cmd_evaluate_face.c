/* How good a face model is on folders of photographs: every pair scored, the rates with intervals, groups, calibration, a plot. */
#include "cli/act.h"
#include "cli/commands.h"

#include "entente/face_model.h"
#include "base/parallel.h"
#include "face/rates.h"
#include "face/template.h"
#include "image/image.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PICTURES_MAX = 50000, PAIRS_MAX = 4000000, WORKERS_MAX = 256, FOLDS = 10, FOLD_PAIRS = 300, REJECTS = 11, GROUPS_MAX = 32 };

static const ent_cmd_help help = {
    .usage = "evaluate face DIR [DIR…] [--protocol all|lfw] [--groups FILE.csv [--factor F]] [--scores FILE.csv] [--plot FILE.svg] [--calibrate] [--model CARD] [--json]",
    .about = "Pictures, or templates made of them (.entf), are DIR/PERSON/PERSON_NNNN.ext, or DIR/<person>_<n>.ext. Scores every picture against every other and prints EER and FNMR at FMR 10^-2 to\n"
             "10^-6 with 95 % bootstrap intervals over persons, rank-1 (gallery: each person's first picture), and times. A rate that rests on fewer than ten errors\n"
             "of either kind is not measurable, and marked. Of several faces the one in the middle is taken; a picture without a face is a miss in every\n"
             "pair. --protocol lfw adds the accuracy of verification in ten folds of 300 genuine and 300 impostor pairs (LFW's View 2, drawn with a fixed\n"
             "seed). --groups: lines of person,group; FMR and FNMR of each group at the threshold of FMR 0.1 %, and a warning when they differ by more than\n"
             "the factor (ISO/IEC 19795-10). --calibrate prints the block for the model's card that turns scores into likelihood ratios. It reads test sets: pictures are decoded\n"
             "in this process, not in the sandbox.",
    .example = "entente evaluate face lfw --protocol lfw --groups regions.csv --plot lfw.svg"};

typedef struct picture {
    char path[300], person[100];
    unsigned number;
    uint32_t who;
    int quality;
    bool made;
    double find_ms, embed_ms, length; /* length: of the vector, in steps */
    face_vector v;
} picture;

typedef struct evaluation {
    picture *p;
    size_t count, failed, several;
    uint32_t persons;
    uint32_t *pictures;     /* of each person */
    const char **name;      /* of each person */
    ent_face *engine[WORKERS_MAX];
    uint64_t *histogram[WORKERS_MAX]; /* impostor scores, FACE_BINS each */
    face_pairs pairs;
    atomic_size_t done, made, many, kept, right, probes;
} evaluation;

typedef struct asked {
    const char *protocol, *groups, *scores, *plot, *card;
    double apart; /* groups whose rates differ by more than this factor are warned of */
    bool calibrate;
} asked;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* ---- pictures ---- */

/* A picture, or a template that was made of one. */
static bool is_template(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".entf") == 0;
}

static bool wanted(const char *name)
{
    return is_template(name) || ent_image_format_named(name) != ENT_IMAGE_UNKNOWN;
}

static void take_file(evaluation *e, const char *folder, const char *name)
{
    picture *p = &e->p[e->count];
    const char *under = strrchr(name, '_');
    char *end;
    if (!under || under == name || !wanted(name)) return;
    unsigned long number = strtoul(under + 1, &end, 10);
    if (end == under + 1 || *end != '.' || (size_t)(under - name) >= sizeof p->person || e->count == PICTURES_MAX) return;
    if (snprintf(p->path, sizeof p->path, "%s/%s", folder, name) >= (int)sizeof p->path) return;
    snprintf(p->person, sizeof p->person, "%.*s", (int)(under - name), name);
    p->number = (unsigned)number;
    e->count++;
}

/* Files of a folder, and of the folders in it. */
static ent_code list_folder(evaluation *e, const char *folder, bool deeper, ent_err *err)
{
    char below[300];
    DIR *d = opendir(folder);
    if (!d) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", folder, strerror(errno));
    for (struct dirent *f; (f = readdir(d));) {
        if (f->d_name[0] == '.') continue;
        if (wanted(f->d_name)) take_file(e, folder, f->d_name);
        else if (deeper && snprintf(below, sizeof below, "%s/%s", folder, f->d_name) < (int)sizeof below && list_folder(e, below, false, NULL) != ENT_OK) continue;
    }
    closedir(d);
    return ENT_OK;
}

static int by_name(const void *a, const void *b)
{
    const picture *x = a, *y = b;
    int c = strcmp(x->person, y->person);
    if (!c) c = (x->number > y->number) - (x->number < y->number);
    return c ? c : strcmp(x->path, y->path);
}

static ent_code count_persons(evaluation *e, ent_err *err)
{
    qsort(e->p, e->count, sizeof *e->p, by_name);
    e->pictures = calloc(e->count + 1, sizeof *e->pictures);
    e->name = calloc(e->count + 1, sizeof *e->name);
    if (!e->pictures || !e->name) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu pictures", e->count);
    for (size_t i = 0; i < e->count; i++) {
        if (i == 0 || strcmp(e->p[i].person, e->p[i - 1].person) != 0) e->name[e->persons++] = e->p[i].person;
        e->p[i].who = e->persons - 1;
        e->pictures[e->persons - 1]++;
    }
    return ENT_OK;
}

static void extract(evaluation *e, picture *p, ent_face *engine, const ent_face_image *in)
{
    ent_face_faces faces;
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len, best = 0;
    double t0 = now_ms(), nearest = 1e30;
    if (ent_face_find(engine, in, &faces, NULL) != ENT_OK || !faces.count) return;
    p->find_ms = now_ms() - t0;
    if (faces.count > 1) e->many++;
    for (size_t i = 0; i < faces.count; i++) {
        double away = hypot((double)(faces.face[i].left + faces.face[i].right) - in->width, (double)(faces.face[i].top + faces.face[i].bottom) - in->height);
        if (away < nearest) nearest = away, best = i;
    }
    t0 = now_ms();
    p->made = ent_face_embed(engine, in, &faces.face[best], bytes, &len, NULL) == ENT_OK && face_vector_read(bytes, len, &p->v, NULL) == ENT_OK;
    p->embed_ms = now_ms() - t0;
}

static void extract_one(void *ctx, size_t i, unsigned worker)
{
    evaluation *e = ctx;
    picture *p = &e->p[i];
    ent_image image;
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    bool read = ent_cli_load(p->path, &bytes, NULL) == ENT_OK && bytes.len;
    if (is_template(p->path)) p->made = read && face_vector_read(bytes.data, bytes.len, &p->v, NULL) == ENT_OK;
    else if (read && ent_image_decode(bytes.data, bytes.len, &image, NULL) == ENT_OK) {
        ent_face_image in = {image.pixels, image.width, image.height, (size_t)image.width * image.channels, image.channels};
        extract(e, p, e->engine[worker], &in);
        ent_image_free(&image);
    }
    if (p->made) p->length = sqrt((double)face_dot(&p->v, &p->v)), p->quality = p->v.quality, e->made++;
    ent_cli_progress("extracting", ++e->done, e->count);
}

/* One model's only; templates without pictures need none to be there. */
static ent_code check_models(const evaluation *e, ent_err *err)
{
    const picture *first = NULL;
    for (size_t i = 0; i < e->count; i++) {
        const picture *p = &e->p[i];
        if (!p->made) continue;
        if (!first) first = p;
        if (memcmp(p->v.model, first->v.model, sizeof p->v.model) != 0 || p->v.dimension != first->v.dimension)
            return ent_fail(err, ENT_UNSUPPORTED, "%s and %s are of different models: evaluate one at a time", first->path, p->path);
    }
    return ENT_OK;
}

/* ---- pairs ---- */

static float score_of(const picture *a, const picture *b)
{
    if (!a->made || !b->made) return -2; /* a failure to extract is a miss */
    return (float)((double)face_dot(&a->v, &b->v) / (a->length * b->length));
}

static void count_row(void *ctx, size_t i, unsigned worker)
{
    evaluation *e = ctx;
    for (size_t j = i + 1; j < e->count; j++) {
        if (e->p[i].who == e->p[j].who) continue;
        int bin = (int)(((double)score_of(&e->p[i], &e->p[j]) + 1) / 2 * FACE_BINS);
        e->histogram[worker][bin < 0 ? 0 : bin >= FACE_BINS ? FACE_BINS - 1 : bin]++;
    }
}

static void keep_row(void *ctx, size_t i, unsigned worker)
{
    evaluation *e = ctx;
    (void)worker;
    for (size_t j = i + 1; j < e->count; j++) {
        float s = score_of(&e->p[i], &e->p[j]);
        if (e->p[i].who != e->p[j].who && s < e->pairs.floor) continue;
        size_t at = e->kept++;
        e->pairs.pair[at] = (face_pair){s, e->p[i].who, e->p[j].who};
    }
    ent_cli_progress("scoring", ++e->done, e->count);
}

/* Where impostor pairs begin to be kept, when there are too many to keep all; the rest stay as a histogram. Returns how many are kept. */
static size_t choose_floor(evaluation *e, size_t genuine)
{
    uint64_t all = 0, kept = 0;
    unsigned width = ent_parallel_width(0);
    int k = FACE_BINS;
    ent_parallel(e->count, 0, count_row, e);
    for (unsigned w = 1; w < width; w++)
        for (int b = 0; b < FACE_BINS; b++) e->histogram[0][b] += e->histogram[w][b];
    for (int b = 0; b < FACE_BINS; b++) all += e->histogram[0][b];
    while (k > 0 && (all <= PAIRS_MAX || kept + e->histogram[0][k - 1] <= PAIRS_MAX)) kept += e->histogram[0][--k];
    for (int b = k; b < FACE_BINS; b++) e->histogram[0][b] = 0;
    e->pairs.floor = k ? (float)((double)k / FACE_BINS * 2 - 1) : -3;
    e->pairs.low = k ? e->histogram[0] : NULL;
    return (size_t)kept + genuine;
}

static ent_code score_all(evaluation *e, ent_err *err)
{
    size_t genuine = 0;
    for (uint32_t i = 0; i < e->persons; i++) genuine += (size_t)e->pictures[i] * (e->pictures[i] - 1) / 2;
    for (unsigned w = 0; w < ent_parallel_width(0); w++)
        if (!(e->histogram[w] = calloc(FACE_BINS, sizeof **e->histogram))) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    size_t most = choose_floor(e, genuine);
    e->pairs.pair = calloc(most + 1, sizeof *e->pairs.pair);
    if (!e->pairs.pair) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu pairs", most);
    e->done = 0;
    ent_parallel(e->count, 0, keep_row, e);
    e->pairs.count = e->kept, e->pairs.persons = e->persons, e->pairs.pictures = e->pictures;
    face_pairs_sort(&e->pairs);
    return ENT_OK;
}

/* ---- what is told ---- */

static json_t *rate_json(const face_rate *r)
{
    return json_pack("{s:f,s:f,s:f}", "value", r->value, "low", r->low, "high", r->high);
}

static json_t *level_json(const face_level *l)
{
    json_t *o = json_pack("{s:f,s:f,s:o,s:I,s:I,s:b}", "fmr", l->fmr, "threshold", l->threshold, "fnmr", rate_json(&l->fnmr), "misses", (json_int_t)l->misses, "false-matches",
                          (json_int_t)l->false_matches, "measurable", l->misses >= 10 && l->false_matches >= 10);
    return o;
}

static json_t *rates_json(const face_rates *r)
{
    json_t *levels = json_array();
    for (int k = 0; k < FACE_LEVELS; k++) json_array_append_new(levels, level_json(&r->level[k]));
    return json_pack("{s:I,s:I,s:o,s:I,s:o}", "genuine", (json_int_t)r->genuine, "impostor", (json_int_t)r->impostor, "eer", rate_json(&r->eer), "eer-errors", (json_int_t)r->eer_misses, "fnmr-at-fmr", levels);
}

/* Whether the probe's best among the gallery of first pictures is its own person. */
static void rank_row(void *ctx, size_t p, unsigned worker)
{
    evaluation *e = ctx;
    float best = -1.5f;
    uint32_t who = UINT32_MAX;
    (void)worker;
    if (p == 0 || e->p[p].who != e->p[p - 1].who) return; /* the first stands in the gallery */
    for (size_t g = 0; g < e->count; g++) {
        if (g && e->p[g].who == e->p[g - 1].who) continue;
        float s = score_of(&e->p[p], &e->p[g]);
        if (s > best) best = s, who = e->p[g].who;
    }
    e->probes++;
    e->right += who == e->p[p].who;
}

static void rank_one(evaluation *e, json_t *out)
{
    ent_parallel(e->count, 0, rank_row, e);
    json_object_set_new(out, "rank-1", json_integer((json_int_t)e->right));
    json_object_set_new(out, "probes", json_integer((json_int_t)e->probes));
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const evaluation *e, bool embed)
{
    size_t n = 0;
    double *v = calloc(e->count + 1, sizeof *v), r = 0;
    for (size_t i = 0; v && i < e->count; i++)
        if (e->p[i].made) v[n++] = embed ? e->p[i].embed_ms : e->p[i].find_ms;
    if (v && n) qsort(v, n, sizeof *v, by_double), r = v[n / 2];
    free(v);
    return r;
}

static int by_int(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* FNMR at the threshold of FMR 0.1 % when the worst share of pictures is refused (ISO/IEC 29794-1's error-versus-discard). */
static void error_versus_reject(const evaluation *e, double threshold, json_t *out)
{
    int *q = calloc(e->count + 1, sizeof *q);
    size_t made = 0;
    json_t *list = json_array();
    for (size_t i = 0; q && i < e->count; i++)
        if (e->p[i].made) q[made++] = e->p[i].quality;
    if (q) qsort(q, made, sizeof *q, by_int);
    for (int k = 0; k < REJECTS && made; k++) {
        int least = k ? q[made * (size_t)k / 20] : 0;
        size_t genuine = 0, missed = 0, kept = 0;
        for (size_t i = 0; i < e->count; i++) {
            kept += e->p[i].made && e->p[i].quality >= least;
            for (size_t j = i + 1; j < e->count && e->p[j].who == e->p[i].who; j++) {
                if (!e->p[i].made || !e->p[j].made || e->p[i].quality < least || e->p[j].quality < least) continue;
                genuine++, missed += (double)score_of(&e->p[i], &e->p[j]) < threshold;
            }
        }
        json_array_append_new(list, json_pack("{s:i,s:f,s:f,s:I}", "least-quality", least, "refused", 1 - (double)kept / (double)made, "fnmr", genuine ? (double)missed / (double)genuine : 0.0, "misses", (json_int_t)missed));
    }
    free(q);
    json_object_set_new(out, "error-versus-reject", list);
}

/* ---- LFW's View 2 ---- */

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 33);
}

typedef struct fold {
    float score[2 * FOLD_PAIRS]; /* genuine first */
} fold;

/* Persons are dealt to folds in turn, so that no person is in two. */
static bool draw_fold(const evaluation *e, unsigned f, uint64_t *seed, fold *ret)
{
    int n = 0;
    for (long tries = 0; n < 2 * FOLD_PAIRS && tries < 4000000; tries++) {
        size_t i = (uint64_t)next(seed) * e->count >> 31, j = (uint64_t)next(seed) * e->count >> 31;
        bool genuine = n < FOLD_PAIRS;
        if (genuine) j = (i + 1 + next(seed) % 8) % e->count;
        if (i == j || e->p[i].who % FOLDS != f || e->p[j].who % FOLDS != f || (e->p[i].who == e->p[j].who) != genuine) continue;
        ret->score[n++] = score_of(&e->p[i], &e->p[j]);
    }
    return n == 2 * FOLD_PAIRS;
}

static double right_of(const fold *f, double threshold)
{
    int right = 0;
    for (int i = 0; i < 2 * FOLD_PAIRS; i++) right += ((double)f->score[i] >= threshold) == (i < FOLD_PAIRS);
    return right / (2.0 * FOLD_PAIRS);
}

static ent_code lfw(const evaluation *e, json_t *out, ent_err *err)
{
    uint64_t seed = 20260310;
    double sum = 0, squares = 0;
    fold *f = calloc(FOLDS, sizeof *f);
    if (!f) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (unsigned k = 0; k < FOLDS; k++)
        if (!draw_fold(e, k, &seed, &f[k])) {
            free(f);
            return ent_fail(err, ENT_USAGE, "too few pairs for ten folds of %d genuine and %d impostor pairs", FOLD_PAIRS, FOLD_PAIRS);
        }
    for (unsigned k = 0; k < FOLDS; k++) {
        double best = -1, threshold = 0;
        for (int t = -200; t < 1000; t++) {
            double right = 0;
            for (unsigned o = 0; o < FOLDS; o++) right += o == k ? 0 : right_of(&f[o], t * 0.001);
            if (right > best) best = right, threshold = t * 0.001;
        }
        double a = right_of(&f[k], threshold);
        sum += a, squares += a * a;
    }
    free(f);
    double mean = sum / FOLDS, spread = sqrt(fmax(0, squares / FOLDS - mean * mean) / (FOLDS - 1));
    json_object_set_new(out, "lfw", json_pack("{s:f,s:f}", "accuracy", mean, "standard-error", spread));
    return ENT_OK;
}

/* ---- groups ---- */

typedef struct groups {
    char name[GROUPS_MAX][40];
    unsigned count;
    uint8_t *member; /* of person x group */
} groups;

static ent_code read_groups(const evaluation *e, const char *path, groups *g, ent_err *err)
{
    char line[256];
    FILE *f = fopen(path, "r");
    if (!f) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", path, strerror(errno));
    g->member = calloc((size_t)e->persons * GROUPS_MAX + 1, 1);
    while (g->member && fgets(line, sizeof line, f)) {
        char *comma = strchr(line, ',');
        unsigned k = 0;
        if (!comma) continue;
        *comma++ = 0;
        comma[strcspn(comma, "\r\n,")] = 0;
        while (k < g->count && strcmp(g->name[k], comma) != 0) k++;
        if (k == GROUPS_MAX || strlen(comma) >= sizeof g->name[0]) continue;
        bool known = false;
        for (uint32_t i = 0; i < e->persons; i++)
            if (strcmp(e->name[i], line) == 0) g->member[(size_t)k * e->persons + i] = 1, known = true;
        if (known && k == g->count) memcpy(g->name[g->count++], comma, strlen(comma) + 1);
    }
    fclose(f);
    if (!g->member) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    return g->count ? ENT_OK : ent_fail(err, ENT_USAGE, "%s: no line person,group names a person of these pictures", path);
}


static ent_code groups_json(const evaluation *e, const asked *a, double threshold, json_t *out, ent_err *err)
{
    groups g = {.count = 0};
    face_group_rates r, lowest[2] = {{0}}, highest[2] = {{0}};
    json_t *list = json_array(), *warnings = json_array();
    json_object_set_new(out, "groups", list);
    json_object_set_new(out, "group-threshold", json_real(threshold));
    json_object_set_new(out, "group-factor", json_real(a->apart));
    json_object_set_new(out, "warnings", warnings);
    ent_code code = read_groups(e, a->groups, &g, err);
    for (unsigned k = 0; k < g.count && code == ENT_OK; k++) {
        if (face_group_rates_of(&e->pairs, g.member + (size_t)k * e->persons, threshold, 200, &r, NULL) != ENT_OK) continue;
        bool sure = r.misses >= 10, safe = r.false_matches >= 10;
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:o,s:b,s:o,s:b}", "group", g.name[k], "genuine", (json_int_t)r.genuine, "impostor", (json_int_t)r.impostor, "fmr", rate_json(&r.fmr), "fmr-measurable", safe,
                                              "fnmr", rate_json(&r.fnmr), "fnmr-measurable", sure));
        for (int i = 0; i < 2; i++) {
            double v = i ? r.fnmr.value : r.fmr.value;
            if (i ? !sure : !safe) continue;
            if (!(highest[i].genuine > 0) || v > (i ? highest[i].fnmr.value : highest[i].fmr.value)) highest[i] = r;
            if (!(lowest[i].genuine > 0) || v < (i ? lowest[i].fnmr.value : lowest[i].fmr.value)) lowest[i] = r;
        }
    }
    for (int i = 0; i < 2 && code == ENT_OK; i++) {
        double h = i ? highest[i].fnmr.value : highest[i].fmr.value, l = i ? lowest[i].fnmr.value : lowest[i].fmr.value;
        if (h > a->apart * l && l > 0) json_array_append_new(warnings, json_sprintf("%s of the groups differs by a factor of %.1f (more than %.1f): one threshold does not treat them alike", i ? "FNMR" : "FMR", h / l, a->apart));
    }
    free(g.member);
    return code;
}

/* ---- files ---- */

static ent_code write_scores(const evaluation *e, const char *path, ent_err *err)
{
    FILE *f = fopen(path, "w");
    if (!f) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    fprintf(f, "kind,a,b,score\n");
    for (size_t i = 0; i < e->count; i++)
        for (size_t j = i + 1; j < e->count; j++)
            fprintf(f, "%s,%s_%04u,%s_%04u,%.5f\n", e->p[i].who == e->p[j].who ? "genuine" : "impostor", e->p[i].person, e->p[i].number, e->p[j].person, e->p[j].number, (double)score_of(&e->p[i], &e->p[j]));
    return fclose(f) == 0 ? ENT_OK : ent_fail(err, ENT_IO, "%s cannot be written", path);
}

enum { PANEL = 360, EDGE = 50 };

static void panel(FILE *f, int which, const char *title, const char *x, const char *y)
{
    fprintf(f, "<g transform='translate(%d,%d)'><rect width='%d' height='%d' fill='none' stroke='#888'/><text x='%d' y='-10' text-anchor='middle'>%s</text>"
               "<text x='%d' y='%d' text-anchor='middle'>%s</text><text transform='translate(-36,%d) rotate(-90)' text-anchor='middle'>%s</text>\n",
            EDGE + which * (PANEL + EDGE + 20), EDGE, PANEL, PANEL, PANEL / 2, title, PANEL / 2, PANEL + 34, x, PANEL / 2, y);
}

static void plot_trade_off(FILE *f, const evaluation *e, const face_rates *r)
{
    double hits = 0, wrong = 0, last = -1;
    panel(f, 0, "Detection error trade-off", "FMR", "FNMR");
    for (int k = 0; k <= 6; k++) fprintf(f, "<text x='%d' y='%d' text-anchor='middle' font-size='10'>1e-%d</text>\n", PANEL * k / 6, PANEL + 14, 6 - k);
    for (int k = 0; k <= 4; k++) fprintf(f, "<text x='-4' y='%d' text-anchor='end' font-size='10'>1e-%d</text>\n", PANEL * k / 4 + 4, k);
    fprintf(f, "<polyline fill='none' stroke='#06c' stroke-width='2' points='");
    for (size_t i = 0; i < e->pairs.count; i++) {
        if (e->pairs.pair[i].a == e->pairs.pair[i].b) hits++;
        else wrong++;
        double x = log10(fmax(wrong / r->impostor, 1e-6)) / 6 + 1, y = -log10(fmax(1 - hits / r->genuine, 1e-4)) / 4;
        if (wrong < 1 || (x - last < 0.002 && i + 1 < e->pairs.count)) continue;
        fprintf(f, "%.1f,%.1f ", PANEL * x, PANEL * y);
        last = x;
    }
    fprintf(f, "'/></g>\n");
}

static void plot_scores(FILE *f, const evaluation *e)
{
    enum { BARS = 90 };
    double share[2][BARS] = {{0}}, n[2] = {1e-9, 1e-9}, most = 0;
    for (size_t i = 0; i < e->pairs.count && e->pairs.pair[i].score >= -1; i++) {
        int kind = e->pairs.pair[i].a == e->pairs.pair[i].b, k = (int)(((double)e->pairs.pair[i].score + 0.4) / 1.4 * BARS);
        share[kind][k < 0 ? 0 : k >= BARS ? BARS - 1 : k]++, n[kind]++;
    }
    for (int k = 0; k < 2 * BARS; k++) share[k / BARS][k % BARS] /= n[k / BARS], most = fmax(most, share[k / BARS][k % BARS]);
    panel(f, 1, "Scores", "cosine from -0.4 to 1: impostor grey, genuine blue", "share");
    for (int k = 0; k < 2 * BARS; k++)
        fprintf(f, "<rect x='%d' y='%.1f' width='%d' height='%.1f' fill='%s' fill-opacity='0.6'/>\n", k % BARS * PANEL / BARS, PANEL * (1 - share[k / BARS][k % BARS] / most), PANEL / BARS, PANEL * share[k / BARS][k % BARS] / most, k / BARS ? "#06c" : "#777");
    fprintf(f, "</g>\n");
}

static void plot_reject(FILE *f, const json_t *out)
{
    size_t i;
    json_t *o;
    double first = json_real_value(json_object_get(json_array_get(json_object_get(out, "error-versus-reject"), 0), "fnmr"));
    panel(f, 2, "Errors against pictures refused for quality", "share refused, 0 to 50 %", "FNMR, 0 to that of all");
    fprintf(f, "<polyline fill='none' stroke='#06c' stroke-width='2' points='");
    json_array_foreach(json_object_get(out, "error-versus-reject"), i, o)
        fprintf(f, "%.1f,%.1f ", PANEL * 2 * json_real_value(json_object_get(o, "refused")), PANEL * (1 - (first > 0 ? json_real_value(json_object_get(o, "fnmr")) / first : 0)));
    fprintf(f, "'/></g>\n");
}

/* Each group's two rates with their intervals, on one scale of powers of ten. */
static void plot_groups(FILE *f, const json_t *out)
{
    size_t i, n = json_array_size(json_object_get(out, "groups"));
    json_t *g;
    panel(f, 3, "Groups at one threshold: FMR red, FNMR blue", "10^-5 to 1", "group");
    json_array_foreach(json_object_get(out, "groups"), i, g)
    {
        for (int k = 0; k < 2; k++) {
            json_t *r = json_object_get(g, k ? "fnmr" : "fmr");
            double at[3] = {json_real_value(json_object_get(r, "low")), json_real_value(json_object_get(r, "value")), json_real_value(json_object_get(r, "high"))}, y = PANEL * ((double)i + 0.4 + 0.3 * k) / (double)n;
            for (int e = 0; e < 3; e++) at[e] = PANEL * (1 + log10(fmax(at[e], 1e-5)) / 5);
            fprintf(f, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s'/><circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>\n", at[0], at[2], y, y, k ? "#06c" : "#c00", at[1], y, k ? "#06c" : "#c00");
        }
        fprintf(f, "<text x='4' y='%.1f' font-size='11'>", PANEL * ((double)i + 0.25) / (double)n);
        ent_cli_html_text(f, ent_cli_text(g, "group"));
        fprintf(f, "</text>\n");
    }
    fprintf(f, "</g>\n");
}

static ent_code write_plot(const evaluation *e, const face_rates *r, const json_t *out, const char *path, ent_err *err)
{
    FILE *f = fopen(path, "w");
    if (!f) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    fprintf(f, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='13'><rect width='100%%' height='100%%' fill='white'/>\n", (json_object_get(out, "groups") ? 4 : 3) * (PANEL + EDGE + 20) + 20, PANEL + 2 * EDGE);
    plot_trade_off(f, e, r);
    plot_scores(f, e);
    plot_reject(f, out);
    if (json_object_get(out, "groups")) plot_groups(f, out);
    fprintf(f, "</svg>\n");
    return fclose(f) == 0 ? ENT_OK : ent_fail(err, ENT_IO, "%s cannot be written", path);
}

/* ---- the whole ---- */

static json_t *calibration_json(const ent_face_calibration *c)
{
    return json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "middle", c->middle, "offset", c->offset, "slope", c->slope, "bound", c->bound, "below", c->below, "inward", c->inward, "outward", c->outward);
}

/* What the ratios that a calibration claims are worth on these pairs: the share of impostors that reach them. */
static json_t *claimed_json(const face_pairs *p, const ent_face_calibration *c, const face_rates *r)
{
    json_t *list = json_array();
    for (int k = -1; k <= 4; k++) {
        size_t wrong = 0, hits = 0;
        double threshold = c->middle + (k - c->offset) / c->slope;
        for (size_t i = 0; i < p->count && (double)p->pair[i].score >= threshold; i++) *(p->pair[i].a == p->pair[i].b ? &hits : &wrong) += 1;
        json_array_append_new(list, json_pack("{s:i,s:f,s:f,s:f}", "log10-ratio", k, "score", threshold, "fmr", (double)wrong / r->impostor, "fnmr", 1 - (double)hits / r->genuine));
    }
    return list;
}

/* The pairs within one half of the persons. Of the impostors that were counted only, a quarter lies in each half. */
static ent_code half_of(const evaluation *e, uint32_t half, face_pairs *ret, ent_err *err)
{
    face_pairs h = {.persons = e->persons, .floor = e->pairs.floor};
    uint32_t *pictures = calloc(e->persons + 1, sizeof *pictures);
    h.pair = malloc((e->pairs.count + 1) * sizeof *h.pair);
    h.low = e->pairs.low ? calloc(FACE_BINS, sizeof *h.low) : NULL;
    *ret = h, ret->pictures = pictures;
    if (!pictures || !h.pair || (e->pairs.low && !h.low)) return ent_fail(err, ENT_NO_MEMORY, "out of memory for half of the pairs");
    for (size_t i = 0; i < e->pairs.count; i++)
        if (e->pairs.pair[i].a % 2 == half && e->pairs.pair[i].b % 2 == half) ret->pair[ret->count++] = e->pairs.pair[i];
    for (uint32_t i = half; i < e->persons; i += 2) pictures[i] = e->pictures[i];
    for (int k = 0; h.low && k < FACE_BINS; k++) h.low[k] = e->pairs.low[k] / 4;
    return ENT_OK;
}

static void drop_half(face_pairs *h)
{
    free(h->pair), free(h->low), free((void *)(uintptr_t)h->pictures);
}

/* Fitted on one half of the persons, judged on the other: what may be expected of persons that no fit has seen. */
static ent_code held_out(const evaluation *e, json_t *out, ent_err *err)
{
    face_pairs half[2] = {{0}};
    json_t *list = json_array();
    json_object_set_new(out, "held-out", list);
    ent_code code = half_of(e, 0, &half[0], err);
    if (code == ENT_OK) code = half_of(e, 1, &half[1], err);
    for (int k = 0; k < 2 && code == ENT_OK; k++) {
        ent_face_calibration c;
        face_rates r;
        code = face_calibrate(&half[k], 0, &c, err);
        if (code == ENT_OK) code = face_rates_of(&half[!k], NULL, 0, &r, err);
        if (code == ENT_OK) json_array_append_new(list, json_pack("{s:o,s:f,s:o}", "calibration", calibration_json(&c), "cllr", face_cllr(&half[!k], &c), "claimed", claimed_json(&half[!k], &c, &r)));
    }
    drop_half(&half[0]), drop_half(&half[1]);
    return code;
}

static ent_code calibrate(const evaluation *e, json_t *out, ent_err *err)
{
    ent_face_calibration c;
    face_rates r;
    ent_code code = face_calibrate(&e->pairs, 100, &c, err);
    if (code == ENT_OK) code = face_rates_of(&e->pairs, NULL, 0, &r, err);
    if (code != ENT_OK) return code;
    json_object_set_new(out, "calibration", calibration_json(&c));
    json_object_set_new(out, "cllr", json_real(face_cllr(&e->pairs, &c)));
    json_object_set_new(out, "claimed", claimed_json(&e->pairs, &c, &r));
    return held_out(e, out, err);
}

static void print_rate(const char *what, const json_t *r, const char *more)
{
    printf("%-22s %7.3f %%  (%.3f to %.3f)%s\n", what, 100 * json_real_value(json_object_get(r, "value")), 100 * json_real_value(json_object_get(r, "low")), 100 * json_real_value(json_object_get(r, "high")), more);
}

static void print_groups(const json_t *out)
{
    size_t i;
    json_t *g;
    if (!json_object_get(out, "groups")) return;
    printf("groups at threshold %.4f:\n", json_real_value(json_object_get(out, "group-threshold")));
    json_array_foreach(json_object_get(out, "groups"), i, g)
    {
        printf("  %s (%lld genuine, %lld impostor)\n", ent_cli_text(g, "group"), (long long)json_integer_value(json_object_get(g, "genuine")), (long long)json_integer_value(json_object_get(g, "impostor")));
        print_rate("    FMR", json_object_get(g, "fmr"), json_is_true(json_object_get(g, "fmr-measurable")) ? "" : "  not measurable");
        print_rate("    FNMR", json_object_get(g, "fnmr"), json_is_true(json_object_get(g, "fnmr-measurable")) ? "" : "  not measurable");
    }
    json_array_foreach(json_object_get(out, "warnings"), i, g) printf("warning: %s\n", json_string_value(g));
}

static void print_claimed(const json_t *list)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
        printf("  log10 ratio %+lld claimed from score %.3f: FMR there 10^%.2f, FNMR %.2f %%\n", (long long)json_integer_value(json_object_get(o, "log10-ratio")), json_real_value(json_object_get(o, "score")),
               log10(fmax(json_real_value(json_object_get(o, "fmr")), 1e-9)), 100 * json_real_value(json_object_get(o, "fnmr")));
}

static void print_calibration(const json_t *out)
{
    size_t i;
    json_t *o, *c = json_object_get(out, "calibration");
    if (!c) return;
    printf("calibration: { middle: %.2f, offset: %.3f, slope: %.2f, bound: %.2f, below: %.2f, inward: %.3f, outward: %.2f }\n", json_real_value(json_object_get(c, "middle")), json_real_value(json_object_get(c, "offset")), json_real_value(json_object_get(c, "slope")),
           json_real_value(json_object_get(c, "bound")), json_real_value(json_object_get(c, "below")), json_real_value(json_object_get(c, "inward")), json_real_value(json_object_get(c, "outward")));
    printf("Cllr %.4f bit\n", json_real_value(json_object_get(out, "cllr")));
    print_claimed(json_object_get(out, "claimed"));
    json_array_foreach(json_object_get(out, "held-out"), i, o)
    {
        json_t *h = json_object_get(o, "calibration");
        printf("fitted on half of the persons (offset %.3f, slope %.2f), judged on the other: Cllr %.4f bit\n", json_real_value(json_object_get(h, "offset")), json_real_value(json_object_get(h, "slope")), json_real_value(json_object_get(o, "cllr")));
        print_claimed(json_object_get(o, "claimed"));
    }
}

static void print_all(const json_t *out)
{
    size_t i;
    json_t *l, *r = json_object_get(out, "rates");
    printf("%lld pictures of %lld persons; no template of %lld, several faces in %lld\n%lld genuine pairs, %lld impostor pairs\n", (long long)json_integer_value(json_object_get(out, "pictures")), (long long)json_integer_value(json_object_get(out, "persons")),
           (long long)json_integer_value(json_object_get(out, "failed")), (long long)json_integer_value(json_object_get(out, "several")), (long long)json_integer_value(json_object_get(r, "genuine")), (long long)json_integer_value(json_object_get(r, "impostor")));
    print_rate("EER", json_object_get(r, "eer"), json_integer_value(json_object_get(r, "eer-errors")) < 10 ? "  not measurable" : "");
    json_array_foreach(json_object_get(r, "fnmr-at-fmr"), i, l)
    {
        char name[40], more[80];
        snprintf(name, sizeof name, "FNMR at FMR 10^-%zu", i + 2);
        snprintf(more, sizeof more, "  threshold %.4f%s", json_real_value(json_object_get(l, "threshold")), json_is_true(json_object_get(l, "measurable")) ? "" : "; not measurable");
        print_rate(name, json_object_get(l, "fnmr"), more);
    }
    long long probes = json_integer_value(json_object_get(out, "probes")), right = json_integer_value(json_object_get(out, "rank-1"));
    printf("rank-1 %lld of %lld (%.2f %%)\n", right, probes, 100.0 * (double)right / (double)(probes ? probes : 1));
    if (json_object_get(out, "lfw"))
        printf("verification in ten folds: %.2f %% (standard error %.2f)\n", 100 * json_real_value(json_object_get(json_object_get(out, "lfw"), "accuracy")), 100 * json_real_value(json_object_get(json_object_get(out, "lfw"), "standard-error")));
    print_groups(out);
    printf("errors against pictures refused for quality (FNMR at FMR 0.1 %%):");
    json_array_foreach(json_object_get(out, "error-versus-reject"), i, l)
        if (i % 2 == 0) printf(" %.0f %%: %.2f", 100 * json_real_value(json_object_get(l, "refused")), 100 * json_real_value(json_object_get(l, "fnmr")));
    printf("\n");
    print_calibration(out);
    printf("find %.1f ms, embed %.1f ms (medians, all cores at work)\n", json_real_value(json_object_get(out, "find-ms")), json_real_value(json_object_get(out, "embed-ms")));
}

static ent_code open_engines(evaluation *e, const char *card, json_t *out, ent_err *err)
{
    ent_face_model *model = NULL;
    ent_code code = ent_face_model_load(card ? card : ent_face_model_default(), &model, err);
    if (code != ENT_OK) return code;
    for (unsigned w = 0; w < ent_parallel_width(0) && code == ENT_OK; w++) code = ent_face_model_open(model, &e->engine[w], err);
    json_object_set_new(out, "model", json_string(ent_face_model_card(model)->name));
    ent_face_model_free(model);
    return code;
}

static ent_code report(evaluation *e, const asked *a, json_t *out, ent_err *err)
{
    face_rates r;
    ent_code code = face_rates_of(&e->pairs, NULL, 200, &r, err);
    if (code != ENT_OK) return code;
    json_object_set_new(out, "pictures", json_integer((json_int_t)e->count));
    json_object_set_new(out, "persons", json_integer(e->persons));
    json_object_set_new(out, "failed", json_integer((json_int_t)(e->count - e->made)));
    json_object_set_new(out, "several", json_integer((json_int_t)e->many));
    json_object_set_new(out, "rates", rates_json(&r));
    json_object_set_new(out, "find-ms", json_real(median_of(e, false)));
    json_object_set_new(out, "embed-ms", json_real(median_of(e, true)));
    rank_one(e, out);
    error_versus_reject(e, r.level[1].threshold, out);
    if (a->protocol[0] == 'l') code = lfw(e, out, err);
    if (code == ENT_OK && a->groups) code = groups_json(e, a, r.level[1].threshold, out, err);
    if (code == ENT_OK && a->calibrate) code = calibrate(e, out, err);
    if (code == ENT_OK && a->scores) code = write_scores(e, a->scores, err);
    if (code == ENT_OK && a->plot) code = write_plot(e, &r, out, a->plot, err);
    return code;
}

static ent_code run(evaluation *e, char **folders, int count, const asked *a, json_t *out, ent_err *err)
{
    ent_code code = ENT_OK;
    bool pictures = false;
    for (int i = 0; i < count && code == ENT_OK; i++) code = list_folder(e, folders[i], true, err);
    for (size_t i = 0; i < e->count; i++) pictures |= !is_template(e->p[i].path);
    if (code == ENT_OK && pictures) code = open_engines(e, a->card, out, err);
    if (code == ENT_OK && e->count < 2) code = ent_fail(err, ENT_USAGE, "no pictures named PERSON/PERSON_NNNN.ext or <person>_<n>.ext in these folders");
    if (code == ENT_OK) code = count_persons(e, err);
    if (code != ENT_OK) return code;
    ent_parallel(e->count, 0, extract_one, e);
    code = check_models(e, err);
    if (code == ENT_OK) code = score_all(e, err);
    return code == ENT_OK ? report(e, a, out, err) : code;
}

int ent_cli_evaluate_face(ent_cli *cli, int argc, char **argv)
{
    asked a = {.protocol = "all"};
    const char *factor = "2";
    const ent_opt opts[] = {{.name = "--protocol", .value = &a.protocol, .hint = "all|lfw", .help = "lfw: and the ten folds of LFW's View 2"}, {.name = "--groups", .value = &a.groups, .hint = "FILE", .help = "lines of person,group"}, {.name = "--factor", .value = &factor, .hint = "F", .help = "warn when groups differ by more (default 2)"},
                            {.name = "--scores", .value = &a.scores, .hint = "FILE", .help = "every score as CSV: kind,a,b,score"}, {.name = "--plot", .value = &a.plot, .hint = "FILE", .help = "trade-off, scores and quality as SVG"},
                            {.name = "--calibrate", .flag = &a.calibrate, .help = "fit scores to likelihood ratios"}, {.name = "--model", .value = &a.card, .hint = "CARD", .help = "the model's card"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    a.apart = strtod(factor, NULL);
    if (!(a.apart > 1 && a.apart <= 100)) return ent_cli_usage(&help, "--factor is a number from 1 to 100");
    if (n < 1 || (strcmp(a.protocol, "all") != 0 && strcmp(a.protocol, "lfw") != 0)) return ent_cli_usage(&help, "folders are needed, and all or lfw as protocol");
    evaluation *e = calloc(1, sizeof *e);
    if (e) e->p = calloc(PICTURES_MAX, sizeof *e->p);
    json_t *out = json_object();
    code = e && e->p ? run(e, argv, n, &a, out, &err) : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) print_all(out);
    for (unsigned w = 0; e && w < WORKERS_MAX; w++) {
        ent_face_close(e->engine[w]);
        free(e->histogram[w]);
    }
    if (e) free(e->p), free(e->pictures), free(e->name), free(e->pairs.pair);
    free(e);
    json_decref(out);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
