/* Two compact templates -> a score.
 *
 * 1. Every minutia of the probe against every one of the candidate by their descriptors: a similarity each.
 * 2. Each of the most similar pairs proposes how one print lies on the other; the other similar pairs vote.
 * 3. The best few proposals are fitted by least squares to the pairs that agree, and all minutiae are paired anew,
 *    with a tolerance that grows with the distance from the fitted middle (skin stretches).
 * 4. The score weighs what was paired against what should have been: minutiae that lie on both prints. */
#include "base/wipe.h"
#include "finger/fuse.h"
#include "finger/arith.h"

#include <stdlib.h>

#define SIMILAR_MAX 48
#define PROPOSERS 16
#define LAYS_COMPACT 3

typedef struct similar {
    uint8_t probe, candidate;
    int16_t similarity; /* 0 to 256 */
} similar;

ent_code ent_finger_probe_new(const ent_finger_template *t, ent_finger_probe **ret_probe, ent_err *err)
{
    ent_finger_probe *p = calloc(1, sizeof *p);
    if (!p) return ent_fail(err, ENT_NO_MEMORY, "no memory for a probe");
    finger_parts parts = {.width = t->width, .height = t->height, .quality = t->quality, .minutiae = t->minutiae,
                          .count = t->count, .coarse = t->coarse, .ridge = t->ridge};
    ent_code code = finger_template_make(&parts, &p->t, err);
    if (code) {
        free(p);
        return code;
    }
    *ret_probe = p;
    return ENT_OK;
}

void ent_finger_probe_free(ent_finger_probe *p)
{
    if (!p) return;
    ent_finger_template_free(p->t);
    free(p);
}

static int similarity(const finger_descriptor *a, const finger_descriptor *b)
{
    uint64_t seen = a->seen & b->seen;
    int n = __builtin_popcountll(seen);
    if (n < 6) return a->seen && b->seen ? 40 : 128; /* without texture: nothing is known */
    uint64_t both = seen | seen << 32;
    int d = __builtin_popcountll((a->bits[0] ^ b->bits[0]) & both) + __builtin_popcountll((a->bits[1] ^ b->bits[1]) & both);
    int texture = 256 - 128 * d / n;
    if (texture < 0) texture = 0;
    int common = __builtin_popcount(a->near & b->near), either = __builtin_popcount((a->near | b->near) & (uint32_t)seen);
    int neighbours = either ? 256 * common / either : 128;
    return texture * n / (n + 3) + (neighbours - 64) / 6;
}

/* the SIMILAR_MAX most similar pairs, falling */
static int find_similar(const ent_finger_template *p, const ent_finger_template *t, similar *ret)
{
    int n = 0;
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < t->count; j++) {
            int s = similarity(&p->descriptors[i], &t->descriptors[j]);
            if (s < 110 || (n == SIMILAR_MAX && s <= ret[n - 1].similarity)) continue;
            int k = n < SIMILAR_MAX ? n++ : n - 1;
            for (; k > 0 && ret[k - 1].similarity < s; k--) ret[k] = ret[k - 1];
            ret[k] = (similar){(uint8_t)i, (uint8_t)j, (int16_t)s};
        }
    return n;
}

static finger_lay lay_from_pair(const ent_finger_minutia *a, const ent_finger_minutia *b)
{
    double s, c;
    /* angles are counter-clockwise as seen; with y down a turn by -angle */
    finger_sincos(-2 * FINGER_PI * (uint8_t)(b->angle - a->angle) / 256.0, &s, &c);
    return (finger_lay){.cos = c, .sin = s, .dx = b->x - (c * a->x - s * a->y), .dy = b->y - (s * a->x + c * a->y),
                        .turn = (uint8_t)(b->angle - a->angle)};
}

/* squared distance after laying, or a large number when the directions differ too much */
static double miss(const finger_lay *l, const ent_finger_minutia *a, const ent_finger_minutia *b)
{
    int8_t turn = (int8_t)(uint8_t)(b->angle - a->angle - l->turn);
    if (turn < -20 || turn > 20) return 1e9;
    double x = l->cos * a->x - l->sin * a->y + l->dx - b->x, y = l->sin * a->x + l->cos * a->y + l->dy - b->y;
    return x * x + y * y;
}

static double tolerance(const ent_finger_minutia *a, const finger_lay *l)
{
    double dx = a->x - l->cx, dy = a->y - l->cy, d = sqrt(dx * dx + dy * dy);
    double r = 9 + 0.05 * d;
    return r > 18 ? 18 : r;
}

static double vote(const finger_lay *l, const similar *s, int n, const ent_finger_template *p,
                   const ent_finger_template *t)
{
    double sum = 0;
    for (int k = 0; k < n; k++) {
        const ent_finger_minutia *a = &p->minutiae[s[k].probe];
        double m = miss(l, a, &t->minutiae[s[k].candidate]), r = tolerance(a, l);
        if (m < r * r) sum += s[k].similarity * (1 - 0.5 * m / (r * r));
    }
    return sum;
}

/* least squares: the turn and shift that bring the paired minutiae together */
static void fit(finger_lay *l, const ent_finger_template *p, const ent_finger_template *t, const ent_finger_pairs *pairs)
{
    double ax = 0, ay = 0, bx = 0, by = 0, s = 0, c = 0;
    if (pairs->count < 2) return;
    for (size_t k = 0; k < pairs->count; k++) {
        const ent_finger_minutia *a = &p->minutiae[pairs->pair[k].probe], *b = &t->minutiae[pairs->pair[k].candidate];
        ax += a->x, ay += a->y, bx += b->x, by += b->y;
    }
    double n = (double)pairs->count;
    ax /= n, ay /= n, bx /= n, by /= n;
    for (size_t k = 0; k < pairs->count; k++) {
        const ent_finger_minutia *a = &p->minutiae[pairs->pair[k].probe], *b = &t->minutiae[pairs->pair[k].candidate];
        c += (a->x - ax) * (b->x - bx) + (a->y - ay) * (b->y - by);
        s += (a->x - ax) * (b->y - by) - (a->y - ay) * (b->x - bx);
    }
    double length = sqrt(c * c + s * s);
    if (length < 1) return;
    l->cos = c / length, l->sin = s / length;
    l->dx = bx - (l->cos * ax - l->sin * ay), l->dy = by - (l->sin * ax + l->cos * ay);
    l->cx = ax, l->cy = ay;
    double turn = (double)finger_atan2((float)-l->sin, (float)l->cos) * (128 / FINGER_PI);
    l->turn = (uint8_t)finger_round(turn);
}

/* pairs each probe minutia with the nearest free candidate within tolerance */
static void pair_up(const finger_lay *l, const ent_finger_template *p, const ent_finger_template *t, ent_finger_pairs *ret)
{
    bool taken[FINGER_MINUTIAE_MAX] = {false};
    ret->count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const ent_finger_minutia *a = &p->minutiae[i];
        double r = tolerance(a, l), best = r * r;
        size_t with = t->count;
        for (size_t j = 0; j < t->count; j++) {
            double m = taken[j] ? 1e9 : miss(l, a, &t->minutiae[j]);
            if (m < best) best = m, with = j;
        }
        if (with == t->count) continue;
        taken[with] = true;
        ret->pair[ret->count].probe = (uint8_t)i, ret->pair[ret->count++].candidate = (uint8_t)with;
    }
    ret->cos = l->cos, ret->sin = l->sin, ret->dx = l->dx, ret->dy = l->dy;
}

/* minutiae of one print that lie on the other */
static double on_both(const finger_lay *l, const ent_finger_template *p, const ent_finger_template *t, bool inverse)
{
    const ent_finger_template *from = inverse ? t : p, *to = inverse ? p : t;
    double sn = inverse ? -l->sin : l->sin, n = 0;
    for (size_t i = 0; i < from->count; i++) {
        double x = from->minutiae[i].x, y = from->minutiae[i].y;
        if (inverse) x -= l->dx, y -= l->dy;
        double u = l->cos * x - sn * y, v = sn * x + l->cos * y;
        if (!inverse) u += l->dx, v += l->dy;
        bool inside = to->coarse.cell ? finger_coarse_at(&to->coarse, (int)u, (int)v) != 0
                                      : u >= 0 && v >= 0 && u < to->width && v < to->height;
        n += inside;
    }
    return n;
}

/* agreement of the coarse fields where both are: sum of cos(2 difference), and the number of places */
static void fields_agree(const finger_lay *l, const ent_finger_template *p, const ent_finger_template *t,
                         double *ret_sum, double *ret_places)
{
    double sum = 0, places = 0;
    const finger_coarse *f = &p->coarse;
    int turn = -(int)(int8_t)l->turn / 2;
    for (int y = 0; y < f->rows; y++)
        for (int x = 0; x < f->cols; x++) {
            int a = f->at[y * f->cols + x];
            if (!a) continue;
            double px = (x + 0.5) * f->cell, py = (y + 0.5) * f->cell;
            int b = finger_coarse_at(&t->coarse, (int)(l->cos * px - l->sin * py + l->dx), (int)(l->sin * px + l->cos * py + l->dy));
            if (!b) continue;
            int d = (b - a - turn) & 63;
            if (d > 32) d = 64 - d;
            sum += 1 - d / 16.0, places++;
        }
    *ret_sum = sum, *ret_places = places;
}

static void judge(finger_found *f, const ent_finger_template *p, const ent_finger_template *t)
{
    const finger_lay *l = &f->lay;
    double sum;
    f->weight = 0;
    for (size_t k = 0; k < f->pairs.count; k++) {
        size_t i = f->pairs.pair[k].probe, j = f->pairs.pair[k].candidate;
        double m = miss(l, &p->minutiae[i], &t->minutiae[j]), r = tolerance(&p->minutiae[i], l);
        f->weight += similarity(&p->descriptors[i], &t->descriptors[j]) / 256.0 * (1 - 0.5 * m / (r * r));
    }
    f->on_probe = on_both(l, p, t, false), f->on_candidate = on_both(l, p, t, true);
    fields_agree(l, p, t, &sum, &f->places);
    f->fields = f->places > 10 ? sum / f->places : 0.5;
    f->raw = f->fields > 0 ? f->weight * sqrt(10 * f->fields / sqrt((f->on_probe + 6) * (f->on_candidate + 6))) : 0;
    f->score = finger_fuse_minutiae(f);
}

int finger_match_lays(const ent_finger_template *p, const ent_finger_template *t, finger_found *ret_found,
                         int most)
{
    similar s[SIMILAR_MAX];
    int n = find_similar(p, t, s), kept = 0;
    double votes[PROPOSERS];
    finger_lay lays[PROPOSERS];
    for (int k = 0; k < n && k < PROPOSERS; k++) {
        const ent_finger_minutia *a = &p->minutiae[s[k].probe];
        lays[k] = lay_from_pair(a, &t->minutiae[s[k].candidate]);
        lays[k].cx = a->x, lays[k].cy = a->y;
        votes[k] = vote(&lays[k], s, n, p, t);
    }
    for (; kept < most; kept++) {
        int top = -1;
        for (int k = 0; k < n && k < PROPOSERS; k++)
            if (votes[k] > 0 && (top < 0 || votes[k] > votes[top])) top = k;
        if (top < 0) break;
        finger_found *f = &ret_found[kept];
        f->lay = lays[top];
        votes[top] = 0;
        for (int round = 0; round < 3; round++) {
            pair_up(&f->lay, p, t, &f->pairs);
            if (round < 2) fit(&f->lay, p, t, &f->pairs);
        }
        judge(f, p, t);
    }
    return kept;
}

double ent_finger_match(const ent_finger_probe *p, const ent_finger_template *t, ent_finger_pairs *ret_pairs)
{
    finger_found found[LAYS_COMPACT];
    int n = finger_match_lays(p->t, t, found, LAYS_COMPACT), top = 0;
    for (int k = 1; k < n; k++)
        if (found[k].score > found[top].score) top = k;
    if (ret_pairs) *ret_pairs = n ? found[top].pairs : (ent_finger_pairs){.cos = 1};
    return n ? finger_scale(found[top].score) : 0;
}
