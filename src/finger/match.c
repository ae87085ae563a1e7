/* Two compact templates -> a score.
 *
 * 1. Every minutia of the probe against every one of the candidate by their descriptors: a similarity each.
 * 2. Each of the most similar pairs proposes how one print lies on the other; the other similar pairs vote.
 * 3. The best few proposals are fitted by least squares to the pairs that agree, and all minutiae are paired anew. Skin
 *    stretches and slips, but smoothly: what the fit leaves over of the pairs around moves a minutia along with them, and
 *    the more of them there are, the nearer the other one must lie (after Cappelli, Maio, Maltoni, "Modelling plastic
 *    distortion in fingerprint images", 2001; a minutia's own pair has no say about itself).
 * 4. The score weighs what was paired against what should have been: minutiae that lie on both prints. */
#include "base/wipe.h"
#include "finger/fuse.h"
#include "finger/kernels.h"
#include "finger/arith.h"

#include <stdlib.h>

#define PROPOSERS_COMPACT 16
#define SKIN_REACH 50.0f /* pixels: over which skin moves together */
#define SKIN_HOLDS 0.25f /* what speaks for no further shift, as one alike pair at the same place does for its own */

/* where each minutia of the probe is expected beside its place by turn and shift, and how far off it may be (squared) */
typedef struct skin {
    float x[FINGER_MINUTIAE_MAX], y[FINGER_MINUTIAE_MAX], tolerance[FINGER_MINUTIAE_MAX];
} skin;

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

static finger_lay lay_from_pair(const ent_finger_minutia *a, const ent_finger_minutia *b)
{
    double s, c;
    /* angles are counter-clockwise as seen; with y down a turn by -angle */
    finger_sincos(-2 * FINGER_PI * (uint8_t)(b->angle - a->angle) / 256.0, &s, &c);
    return (finger_lay){.cos = c, .sin = s, .dx = b->x - (c * a->x - s * a->y), .dy = b->y - (s * a->x + c * a->y),
                        .turn = (uint8_t)(b->angle - a->angle)};
}

/* squared distance after laying and a further shift, or a large number when the directions differ too much */
static float miss(const finger_lay *l, float dx, float dy, const ent_finger_minutia *a, const ent_finger_minutia *b)
{
    int8_t turn = (int8_t)(uint8_t)(b->angle - a->angle - l->turn);
    if (turn < -FINGER_TURN_MISS || turn > FINGER_TURN_MISS) return FINGER_FAR;
    float c = (float)l->cos, s = (float)l->sin;
    float x = c * a->x - s * a->y + ((float)l->dx + dx) - b->x, y = s * a->x + c * a->y + ((float)l->dy + dy) - b->y;
    return x * x + y * y;
}

/* Each of the most similar pairs proposes, all of them vote. */
static void propose(const finger_similar *s, int n, int proposers, const ent_finger_template *p, const ent_finger_template *t, finger_lay *ret_lays,
                    float ret_votes[FINGER_PROPOSALS_MAX])
{
    finger_voters v = {.count = (size_t)n};
    finger_proposals of = {0};
    for (int k = 0; k < n; k++) {
        const ent_finger_minutia *a = &p->minutiae[s[k].probe], *b = &t->minutiae[s[k].candidate];
        v.probe_x[k] = a->x, v.probe_y[k] = a->y, v.x[k] = b->x, v.y[k] = b->y, v.similarity[k] = s[k].similarity;
        v.turn[k] = b->angle - a->angle;
        if (k >= proposers) continue;
        finger_lay *l = &ret_lays[k];
        *l = lay_from_pair(a, b);
        l->cx = a->x, l->cy = a->y;
        of.cos[k] = (float)l->cos, of.sin[k] = (float)l->sin, of.dx[k] = (float)l->dx, of.dy[k] = (float)l->dy;
        of.cx[k] = a->x, of.cy[k] = a->y, of.turn[k] = l->turn;
    }
    finger_kernels_best()->vote(&v, &of, ret_votes);
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

static void skin_rigid(const finger_lay *l, const ent_finger_template *p, skin *ret)
{
    for (size_t i = 0; i < p->count; i++) ret->x[i] = ret->y[i] = 0, ret->tolerance[i] = finger_tolerance(p->minutiae[i].x - (float)l->cx, p->minutiae[i].y - (float)l->cy);
}

/* From what the fit leaves over of each pair: the mean of those around, by distance and likeness. 11 pixels off where many
 * are near, 18 where none is. */
static void skin_follow(const finger_lay *l, const ent_finger_template *p, const ent_finger_template *t,
                        const ent_finger_pairs *pairs, skin *ret)
{
    float weight[FINGER_MINUTIAE_MAX];
    float c = (float)l->cos, s = (float)l->sin, dx = (float)l->dx, dy = (float)l->dy;
    for (size_t i = 0; i < p->count; i++) ret->x[i] = ret->y[i] = 0, weight[i] = SKIN_HOLDS;
    for (size_t k = 0; k < pairs->count; k++) {
        size_t own = pairs->pair[k].probe, with = pairs->pair[k].candidate;
        const ent_finger_minutia *a = &p->minutiae[own], *b = &t->minutiae[with];
        float x = a->x, y = a->y, alike = (float)finger_similarity(&p->descriptors[own], &t->descriptors[with]) / 256;
        float left_x = b->x - (c * x - s * y + dx), left_y = b->y - (s * x + c * y + dy);
        float own_x = ret->x[own], own_y = ret->y[own], own_weight = weight[own];
        for (size_t i = 0; i < p->count; i++) {
            float u = p->lanes.x[i] - x, v = p->lanes.y[i] - y;
            float near = 1 / (1 + (u * u + v * v) / (SKIN_REACH * SKIN_REACH)), w = alike * near * near;
            ret->x[i] += w * left_x, ret->y[i] += w * left_y, weight[i] += w;
        }
        ret->x[own] = own_x, ret->y[own] = own_y, weight[own] = own_weight;
    }
    for (size_t i = 0; i < p->count; i++) {
        ret->x[i] /= weight[i], ret->y[i] /= weight[i];
        ret->tolerance[i] = 121 + (324 - 121) * SKIN_HOLDS / weight[i];
    }
}

/* pairs each probe minutia with the nearest free candidate within tolerance */
static void pair_up(const finger_lay *l, const skin *n, const ent_finger_template *p, const ent_finger_template *t, ent_finger_pairs *ret)
{
    float taken[FINGER_MINUTIAE_MAX] = {0};
    float c = (float)l->cos, s = (float)l->sin, dx = (float)l->dx, dy = (float)l->dy;
    const finger_kernels *kernels = finger_kernels_best();
    ret->count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const ent_finger_minutia *a = &p->minutiae[i];
        float x = c * a->x - s * a->y + dx + n->x[i], y = s * a->x + c * a->y + dy + n->y[i];
        const float position[2] = {x, y};
        const int32_t from_span[2] = {a->angle + l->turn - FINGER_TURN_MISS, 2 * FINGER_TURN_MISS};
        size_t with = kernels->nearest(&t->lanes, position, from_span, taken, n->tolerance[i]);
        if (with == t->lanes.padded) continue;
        taken[with] = FINGER_FAR;
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

/* agreement of the coarse fields where both are: sum of 1 - difference in 1/16 turn, and the number of places */
static void fields_agree(const finger_lay *l, const ent_finger_template *p, const ent_finger_template *t,
                         double *ret_sum, double *ret_places)
{
    int sum = 0, places = 0;
    const finger_coarse *f = &p->coarse, *g = &t->coarse;
    int turn = -(int)(int8_t)l->turn / 2;
    *ret_sum = 0, *ret_places = 0;
    if (!f->cell || !g->cell) return;
    /* steps in cells of the candidate, 1/65536 */
    double unit = 65536.0 * f->cell / g->cell, first = 0.5 * f->cell;
    int32_t step_c = (int32_t)(l->cos * unit), step_s = (int32_t)(l->sin * unit);
    double u0 = (l->cos * first - l->sin * first + l->dx) * 65536 / g->cell;
    double v0 = (l->sin * first + l->cos * first + l->dy) * 65536 / g->cell;
    if (u0 > 1e9 || u0 < -1e9 || v0 > 1e9 || v0 < -1e9) return;
    for (int y = 0; y < f->rows; y++) {
        int32_t u = (int32_t)u0 - y * step_s, v = (int32_t)v0 + y * step_c;
        const uint8_t *row = f->at + y * f->cols;
        for (int x = 0; x < f->cols; x++, u += step_c, v += step_s) {
            uint32_t gx = (uint32_t)(u >> 16), gy = (uint32_t)(v >> 16);
            if (!row[x] || gx >= g->cols || gy >= g->rows) continue;
            int b = g->at[gy * g->cols + gx];
            if (!b) continue;
            int d = (b - row[x] - turn) & 63;
            sum += d > 32 ? 64 - d : d, places++;
        }
    }
    *ret_sum = places - sum / 16.0, *ret_places = places;
}

static void judge(finger_found *f, const skin *n, const ent_finger_template *p, const ent_finger_template *t)
{
    const finger_lay *l = &f->lay;
    double sum;
    f->weight = 0;
    for (size_t k = 0; k < f->pairs.count; k++) {
        size_t i = f->pairs.pair[k].probe, j = f->pairs.pair[k].candidate;
        float m = miss(l, n->x[i], n->y[i], &p->minutiae[i], &t->minutiae[j]), r = n->tolerance[i];
        if (m > r) m = r; /* by rounding */
        f->weight += finger_similarity(&p->descriptors[i], &t->descriptors[j]) / 256.0 * (double)(1 - 0.5f * m / r);
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
    finger_similar s[FINGER_SIMILAR_MAX];
    int n = finger_find_similar(p, t, s), kept = 0;
    float votes[FINGER_PROPOSALS_MAX];
    finger_lay lays[FINGER_PROPOSALS_MAX];
    skin moved;
    int proposers = finger_min(n, most > FINGER_LAYS_COMPACT ? FINGER_PROPOSALS_MAX : PROPOSERS_COMPACT);
    propose(s, n, proposers, p, t, lays, votes);
    for (; kept < most; kept++) {
        int top = -1;
        for (int k = 0; k < proposers; k++)
            if (votes[k] > 0 && (top < 0 || votes[k] > votes[top])) top = k;
        if (top < 0) break;
        finger_found *f = &ret_found[kept];
        f->lay = lays[top];
        votes[top] = 0;
        skin_rigid(&f->lay, p, &moved);
        for (int round = 0; round < 3; round++) {
            pair_up(&f->lay, &moved, p, t, &f->pairs);
            if (round == 2) break;
            fit(&f->lay, p, t, &f->pairs);
            skin_follow(&f->lay, p, t, &f->pairs, &moved);
        }
        judge(f, &moved, p, t);
    }
    return kept;
}

double ent_finger_match(const ent_finger_probe *p, const ent_finger_template *t, ent_finger_pairs *ret_pairs)
{
    finger_found found[FINGER_LAYS_COMPACT];
    int n = finger_match_lays(p->t, t, found, FINGER_LAYS_COMPACT), top = 0;
    for (int k = 1; k < n; k++)
        if (found[k].score > found[top].score) top = k;
    if (ret_pairs) *ret_pairs = n ? found[top].pairs : (ent_finger_pairs){.cos = 1};
    return n ? finger_scale(found[top].score) : 0;
}
