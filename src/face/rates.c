/* The bootstrap draws persons with replacement; a pair weighs as often as its persons were drawn. Pairs are sorted once; a sample is one walk from
 * the highest score down, which ends where nothing more is asked. */
#include "face/rates.h"

#include "base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATES = FACE_LEVELS + 1 };

#define PRIOR 1e-3 /* of the calibration */

typedef struct weights {
    uint32_t *w;
    double genuine, impostor; /* sums over all pairs */
} weights;

typedef struct walk {
    double value[RATES], threshold[FACE_LEVELS]; /* the levels' FNMR, and the EER last */
    double misses[RATES], false_matches[FACE_LEVELS];
} walk;

static int by_score(const void *a, const void *b)
{
    const face_pair *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->a == x->b) - (y->a == y->b); /* of equal scores impostors first: ties count against us */
}

void face_pairs_sort(face_pairs *p)
{
    qsort(p->pair, p->count, sizeof *p->pair, by_score);
}

static void sum_weights(const face_pairs *p, weights *s)
{
    double all = 0, squares = 0;
    s->genuine = 0;
    for (uint32_t i = 0; i < p->persons; i++) {
        double n = p->pictures[i], w = s->w[i];
        s->genuine += w * n * (n - 1) / 2, all += w * n, squares += w * n * w * n;
    }
    s->impostor = (all * all - squares) / 2;
}

static double level_of(int k)
{
    static const double fmr[FACE_LEVELS] = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
    return fmr[k];
}

static void walk_down(const face_pairs *p, const weights *s, walk *ret)
{
    double hits = 0, wrong = 0, gap = 2;
    for (int k = 0; k < FACE_LEVELS; k++) ret->value[k] = 1, ret->misses[k] = s->genuine, ret->threshold[k] = 1, ret->false_matches[k] = 0;
    for (size_t i = 0; i <= p->count; i++) {
        if (i == p->count || i == 0 || p->pair[i].score != p->pair[i - 1].score) {
            double fmr = wrong / s->impostor, fnmr = 1 - hits / s->genuine;
            for (int k = 0; k < FACE_LEVELS; k++)
                if (fmr <= level_of(k) && i) ret->value[k] = fnmr, ret->misses[k] = s->genuine - hits, ret->false_matches[k] = wrong, ret->threshold[k] = (double)p->pair[i - 1].score;
            if (fabs(fmr - fnmr) < gap) gap = fabs(fmr - fnmr), ret->value[FACE_LEVELS] = (fmr + fnmr) / 2, ret->misses[FACE_LEVELS] = s->genuine - hits;
            if (fmr > level_of(0) && fmr > fnmr) break;
        }
        if (i == p->count) break;
        const face_pair *q = &p->pair[i];
        if (q->a == q->b) hits += s->w[q->a];
        else wrong += (double)s->w[q->a] * s->w[q->b];
    }
}

static uint32_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

/* Draws as many members as there are. */
static void draw(const face_pairs *p, const uint32_t *members, uint32_t count, uint64_t *seed, weights *s)
{
    memset(s->w, 0, p->persons * sizeof *s->w);
    for (uint32_t i = 0; i < count; i++) s->w[members[(uint64_t)next(seed) * count >> 32]]++;
    sum_weights(p, s);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void interval(double *v, size_t n, face_rate *r)
{
    if (!n) return;
    qsort(v, n, sizeof *v, by_value);
    r->low = v[n * 25 / 1000];
    r->high = v[n * 975 / 1000 < n ? n * 975 / 1000 : n - 1];
}

/* What every bootstrap here needs. */
typedef struct bootstrap {
    weights s;
    uint32_t *members, count;
    double *value; /* columns of `samples` */
    uint64_t seed;
} bootstrap;

static void bootstrap_end(bootstrap *b)
{
    free(b->s.w);
    free(b->members);
    free(b->value);
}

static ent_code bootstrap_begin(const face_pairs *p, const uint8_t *member, unsigned samples, size_t columns, bootstrap *ret, ent_err *err)
{
    bootstrap b = {.seed = 20260310};
    b.s.w = calloc(p->persons + 1, sizeof *b.s.w);
    b.members = calloc(p->persons + 1, sizeof *b.members);
    b.value = calloc(samples * columns + 1, sizeof *b.value);
    *ret = b;
    if (!b.s.w || !b.members || !b.value) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a bootstrap over %u persons", p->persons);
    for (uint32_t i = 0; i < p->persons; i++)
        if (!member || member[i]) ret->s.w[i] = 1, ret->members[ret->count++] = i;
    sum_weights(p, &ret->s);
    return ret->s.genuine > 0 && ret->s.impostor > 0 ? ENT_OK : ent_fail(err, ENT_USAGE, "error rates need a person with two pictures, and two persons");
}

ent_code face_rates_of(const face_pairs *p, const uint8_t *member, unsigned samples, face_rates *ret, ent_err *err)
{
    bootstrap b;
    walk all, one;
    size_t n = 0;
    ent_code code = bootstrap_begin(p, member, samples, RATES, &b, err);
    if (code == ENT_OK) {
        face_rates r = {.genuine = b.s.genuine, .impostor = b.s.impostor};
        face_rate *rate[RATES] = {[FACE_LEVELS] = &r.eer};
        walk_down(p, &b.s, &all);
        for (int k = 0; k < FACE_LEVELS; k++) {
            r.level[k] = (face_level){.fmr = level_of(k), .threshold = all.threshold[k], .misses = (size_t)(all.misses[k] + 0.5), .false_matches = (size_t)(all.false_matches[k] + 0.5)};
            rate[k] = &r.level[k].fnmr;
        }
        r.eer_misses = (size_t)(all.misses[FACE_LEVELS] + 0.5);
        for (unsigned s = 0; s < samples; s++) {
            draw(p, b.members, b.count, &b.seed, &b.s);
            if (!(b.s.genuine > 0) || !(b.s.impostor > 0)) continue;
            walk_down(p, &b.s, &one);
            for (int k = 0; k < RATES; k++) b.value[(size_t)k * samples + n] = one.value[k];
            n++;
        }
        for (int k = 0; k < RATES; k++) {
            rate[k]->value = all.value[k];
            interval(b.value + (size_t)k * samples, n, rate[k]);
        }
        *ret = r;
    }
    bootstrap_end(&b);
    return code;
}

static void count_at(const face_pairs *p, const weights *s, double threshold, double *ret_wrong, double *ret_hits)
{
    *ret_wrong = *ret_hits = 0;
    for (size_t i = 0; i < p->count && (double)p->pair[i].score >= threshold; i++) {
        const face_pair *q = &p->pair[i];
        if (q->a == q->b) *ret_hits += s->w[q->a];
        else *ret_wrong += (double)s->w[q->a] * s->w[q->b];
    }
}

ent_code face_group_rates_of(const face_pairs *p, const uint8_t *member, double threshold, unsigned samples, face_group_rates *ret, ent_err *err)
{
    bootstrap b;
    double wrong, hits;
    size_t n = 0;
    ent_code code = bootstrap_begin(p, member, samples, 2, &b, err);
    if (code == ENT_OK && threshold < (double)p->floor) code = ent_fail(err, ENT_USAGE, "a threshold of %.3f; pairs below %.3f were not kept", threshold, (double)p->floor);
    if (code == ENT_OK) {
        count_at(p, &b.s, threshold, &wrong, &hits);
        face_group_rates r = {.genuine = b.s.genuine, .impostor = b.s.impostor, .fmr.value = wrong / b.s.impostor, .fnmr.value = 1 - hits / b.s.genuine,
                              .misses = (size_t)(b.s.genuine - hits + 0.5), .false_matches = (size_t)(wrong + 0.5)};
        for (unsigned k = 0; k < samples; k++) {
            draw(p, b.members, b.count, &b.seed, &b.s);
            if (!(b.s.genuine > 0) || !(b.s.impostor > 0)) continue;
            count_at(p, &b.s, threshold, &wrong, &hits);
            b.value[n] = wrong / b.s.impostor, b.value[samples + n++] = 1 - hits / b.s.genuine;
        }
        interval(b.value, n, &r.fmr);
        interval(b.value + samples, n, &r.fnmr);
        *ret = r;
    }
    bootstrap_end(&b);
    return code;
}

/* ---- calibration ---- */

typedef struct histogram {
    double genuine[FACE_BINS], impostor[FACE_BINS]; /* shares */
} histogram;

static int bin_of(double score)
{
    int k = (int)((score + 1) / 2 * FACE_BINS);
    return k < 0 ? 0 : k >= FACE_BINS ? FACE_BINS - 1 : k;
}

static double middle_of(int bin)
{
    return (bin + 0.5) / FACE_BINS * 2 - 1;
}

/* A picture without a template scores below -1: nothing was compared, so it says nothing about scores. */
static void fill(const face_pairs *p, const weights *s, histogram *h)
{
    double g = 1e-300, n = 1e-300, kept = 0;
    memset(h, 0, sizeof *h);
    for (size_t i = 0; i < p->count && p->pair[i].score >= -1; i++) {
        const face_pair *q = &p->pair[i];
        if (q->a == q->b) h->genuine[bin_of((double)q->score)] += s->w[q->a], g += s->w[q->a];
        else kept = (double)s->w[q->a] * s->w[q->b], h->impostor[bin_of((double)q->score)] += kept, n += kept;
    }
    for (int k = 0; p->low && k < FACE_BINS; k++) h->impostor[k] += (double)p->low[k], n += (double)p->low[k];
    for (int k = 0; k < FACE_BINS; k++) h->genuine[k] /= g, h->impostor[k] /= n;
}

/* Newton's method for ln ratio = a + b (score - middle), the odds being PRIOR times the ratio; a slight pull to 0 keeps separable data finite. The
 * prior puts the fit's weight where ratios of about 1 / PRIOR lie: that is where hits are decided. */
static void regress(const histogram *h, double middle, double ret[2])
{
    double a = 0, b = 10, prior = log(PRIOR / (1 - PRIOR));
    for (int round = 0; round < 60; round++) {
        double ga = -1e-9 * a, gb = -1e-9 * b, haa = 1e-9, hab = 0, hbb = 1e-9;
        for (int k = 0; k < FACE_BINS; k++) {
            double same = PRIOR * h->genuine[k], weight = same + (1 - PRIOR) * h->impostor[k], x = middle_of(k) - middle;
            if (weight <= 0) continue;
            double q = 1 / (1 + exp(-(a + b * x + prior))), left = same - weight * q, v = weight * q * (1 - q);
            ga += left, gb += left * x, haa += v, hab += v * x, hbb += v * x * x;
        }
        double det = haa * hbb - hab * hab, da = (ga * hbb - gb * hab) / det, db = (gb * haa - ga * hab) / det;
        double size = fabs(da) + fabs(db) / 20, share = size > 2 ? 2 / size : 1;
        a += share * da, b += share * db;
        if (size < 1e-10) break;
    }
    ret[0] = a / log(10), ret[1] = b / log(10);
}

/* Persons of whom two pictures were compared. */
static double paired(const face_pairs *p)
{
    double n = 0;
    for (uint32_t i = 0; i < p->persons; i++) n += p->pictures[i] >= 2;
    return n;
}

ent_code face_calibrate(const face_pairs *p, unsigned samples, ent_face_calibration *ret, ent_err *err)
{
    bootstrap b;
    walk w;
    double line[2], one[2];
    histogram *h = malloc(sizeof *h);
    ent_code code = h ? bootstrap_begin(p, NULL, samples, 2, &b, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for a calibration");
    if (!h) return code;
    if (code == ENT_OK) {
        walk_down(p, &b.s, &w);
        ent_face_calibration c = {.fitted = true, .middle = floor(w.threshold[1] * 100 + 0.5) / 100, .bound = log10((double)p->persons * (p->persons - 1) / 6), .below = log10(fmax(paired(p), 3) / 3)};
        fill(p, &b.s, h);
        regress(h, c.middle, line);
        for (unsigned k = 0; k < samples; k++) {
            draw(p, b.members, b.count, &b.seed, &b.s);
            fill(p, &b.s, h);
            regress(h, c.middle, one);
            b.value[k] = fabs(one[0] - line[0]), b.value[samples + k] = fabs(one[1] - line[1]);
        }
        qsort(b.value, samples, sizeof *b.value, by_value);
        qsort(b.value + samples, samples, sizeof *b.value, by_value);
        c.offset = line[0], c.slope = line[1];
        if (samples) c.inward = b.value[samples * 95 / 100], c.outward = b.value[samples + samples * 95 / 100];
        *ret = c;
    }
    bootstrap_end(&b);
    free(h);
    return code;
}

double face_cllr(const face_pairs *p, const ent_face_calibration *c)
{
    double cost[2] = {0}, n[2] = {0};
    for (size_t i = 0; i < p->count && p->pair[i].score >= -1; i++) {
        bool genuine = p->pair[i].a == p->pair[i].b;
        double ratio = ent_face_llr(c, (double)p->pair[i].score).ratio * log(10);
        cost[genuine] += log2(1 + exp(genuine ? -ratio : ratio)), n[genuine]++;
    }
    for (int k = 0; p->low && k < FACE_BINS; k++) cost[0] += (double)p->low[k] * log2(1 + exp(ent_face_llr(c, middle_of(k)).ratio * log(10))), n[0] += (double)p->low[k];
    return n[0] > 0 && n[1] > 0 ? (cost[0] / n[0] + cost[1] / n[1]) / 2 : 1;
}
