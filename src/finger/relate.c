/* Ridge by ridge: how well two prints agree once one lies on the other, from their ridge parts.
 *
 * The probe's ridges are turned onto the candidate's grid (half resolution). The overlap is cut into blocks of 16 x 16
 * samples (32 pixels), one every 8. Where ridges are the same, a block correlates at some small shift; skin stretches,
 * so the shift varies from block to block, but slowly. So the shifts are followed: from the block that agrees best, always
 * on to the neighbour of the best block so far, each looking only one sample around what its neighbour found. A false
 * alignment loses the phase of the ridges within a few blocks and does not find it again; a true one keeps it over the
 * whole overlap. (After the idea of phase-based dense registration: Cui, Feng, Zhou, "Dense registration and mosaicking
 * of fingerprints by training an end-to-end network", 2020, and its classical predecessor, 2018; with correlation in
 * place of phase, because ridges are kept in two bits a sample.) */
#include "finger/relate.h"
#include "finger/arith.h"
#include "finger/kernels.h"

#include <stdlib.h>

#define SIDE FINGER_RIDGE_SIDE
#define MARGIN 14
#define STRIDE (SIDE + 2 * MARGIN)
#define BLOCK FINGER_BLOCK
#define STEP 8
#define GRID (SIDE / STEP)
#define FILLED 90 /* samples of 256 that a block needs on both prints */
#define SEED_REACH 3
#define GOOD 0.6f

typedef struct block {
    int16_t dx, dy; /* samples: where its ridges were found */
    int16_t from_x, from_y;
    float agreement;
    uint8_t state; /* 0 not on both, 1 waiting, 2 in the queue, 3 done, 4 counted */
} block;

struct finger_relation {
    const finger_kernels *kernels;
    int16_t a[STRIDE * STRIDE], b[STRIDE * STRIDE];   /* ridges: probe turned, candidate; 0 outside */
    int16_t am[STRIDE * STRIDE], bm[STRIDE * STRIDE]; /* 1 on the print */
    block grid[GRID * GRID];
    int cols, rows;
};

static const int16_t level_value[5] = {-3, -1, 1, 3, 0};

static size_t at(int x, int y)
{
    return (size_t)(y + MARGIN) * STRIDE + (size_t)(x + MARGIN);
}

finger_relation *finger_relation_new(const ent_finger_template *candidate)
{
    finger_relation *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->kernels = finger_kernels_best();
    const finger_ridge *t = &candidate->ridge;
    for (int y = 0; y < t->h; y++)
        for (int x = 0; x < t->w; x++) {
            int level = t->level[y * t->w + x];
            r->b[at(x, y)] = (int16_t)(16 * level_value[level]);
            r->bm[at(x, y)] = level != 4;
        }
    r->cols = finger_max(0, (t->w - BLOCK) / STEP + 1), r->rows = finger_max(0, (t->h - BLOCK) / STEP + 1);
    return r;
}

/* the probe's ridges on the candidate's grid, bilinear */
static void turn(finger_relation *r, const finger_ridge *p, const finger_ridge *t, const finger_lay *l)
{
    for (int y = -MARGIN; y < t->h + MARGIN; y++) {
        /* sample -> pixel -> pixel on the probe -> sample, in 1/256 */
        double py = 2.0 * (t->y + y) + 0.5 - l->dy, px = 2.0 * (t->x - MARGIN) + 0.5 - l->dx;
        double fx = ((l->cos * px + l->sin * py) - 0.5) / 2 - p->x, fy = ((-l->sin * px + l->cos * py) - 0.5) / 2 - p->y;
        int32_t u = (int32_t)(fx * 65536), v = (int32_t)(fy * 65536);
        int32_t du = (int32_t)(l->cos * 65536), dv = (int32_t)(-l->sin * 65536);
        int16_t *out = r->a + at(-MARGIN, y), *mask = r->am + at(-MARGIN, y);
        for (int x = 0; x < t->w + 2 * MARGIN; x++, u += du, v += dv) {
            int iu = u >> 16, iv = v >> 16;
            out[x] = 0, mask[x] = 0;
            if (iu < 0 || iv < 0 || iu >= p->w - 1 || iv >= p->h - 1) continue;
            const uint8_t *q = p->level + iv * p->w + iu;
            if (q[0] == 4 || q[1] == 4 || q[p->w] == 4 || q[p->w + 1] == 4) continue;
            int wu = u >> 12 & 15, wv = v >> 12 & 15;
            int top = level_value[q[0]] * (16 - wu) + level_value[q[1]] * wu;
            int low = level_value[q[p->w]] * (16 - wu) + level_value[q[p->w + 1]] * wu;
            out[x] = (int16_t)((top * (16 - wv) + low * wv) / 16), mask[x] = 1;
        }
    }
}

/* the top of a parabola through three equally spaced values of which the middle is the largest */
static float peak(float left, float middle, float right)
{
    float bend = left - 2 * middle + right, d = left - right;
    return bend < -1 ? -d * d / (8 * bend) : 0;
}

/* Looks `reach` samples around (dx, dy); writes what it found into the block. */
static void look(finger_relation *r, int i, int dx, int dy, int reach)
{
    int x = i % GRID * STEP, y = i / GRID * STEP, n = 2 * reach + 1;
    int most = MARGIN - 1 - reach;
    dx = dx < -most ? -most : dx > most ? most : dx;
    dy = dy < -most ? -most : dy > most ? most : dy;
    float found[(2 * SEED_REACH + 1) * (2 * SEED_REACH + 1)];
    const int16_t *b = r->b + at(x, y);
    int best = 0;
    for (int k = 0; k < n * n; k++) {
        found[k] = (float)r->kernels->products(r->a + at(x + dx + k % n - reach, y + dy + k / n - reach), b, STRIDE);
        if (found[k] > found[best]) best = k;
    }
    int bx = best % n, by = best / n;
    float top = found[best];
    if (bx > 0 && bx < n - 1) top += peak(found[best - 1], found[best], found[best + 1]);
    if (by > 0 && by < n - 1) top += peak(found[best - n], found[best], found[best + n]);
    size_t where = at(x + dx + bx - reach, y + dy + by - reach);
    float ea = (float)r->kernels->energy(r->a + where, r->bm + at(x, y), STRIDE), eb = (float)r->kernels->energy(b, r->am + where, STRIDE);
    block *g = &r->grid[i];
    g->agreement = finger_clamp(top / sqrtf(ea * eb + 1), -1, 1);
    g->dx = (int16_t)(dx + bx - reach), g->dy = (int16_t)(dy + by - reach);
    g->from_x = (int16_t)dx, g->from_y = (int16_t)dy;
}

static int prepare(finger_relation *r)
{
    int n = 0;
    for (int y = 0; y < r->rows; y++)
        for (int x = 0; x < r->cols; x++) {
            block *g = &r->grid[y * GRID + x];
            *g = (block){0};
            size_t where = at(x * STEP, y * STEP);
            if (r->kernels->products(r->am + where, r->bm + where, STRIDE) >= FILLED) g->state = 1, n++;
        }
    return n;
}

static int best_of_state(const finger_relation *r, int state)
{
    int best = -1;
    for (int y = 0; y < r->rows; y++)
        for (int i = y * GRID; i < y * GRID + r->cols; i++)
            if (r->grid[i].state == state && (best < 0 || r->grid[i].agreement > r->grid[best].agreement)) best = i;
    return best;
}

/* puts the neighbours of a finished block into the queue */
static void spread(finger_relation *r, int i)
{
    block *g = &r->grid[i];
    g->state = 3;
    bool sure = g->agreement > 0.45f;
    int dx = sure ? g->dx : g->from_x, dy = sure ? g->dy : g->from_y;
    const int x = i % GRID, y = i / GRID;
    const int next[4] = {x > 0 ? i - 1 : i, x < r->cols - 1 ? i + 1 : i, y > 0 ? i - GRID : i, y < r->rows - 1 ? i + GRID : i};
    for (int k = 0; k < 4; k++) {
        block *o = &r->grid[next[k]];
        if (o->state != 1) continue;
        look(r, next[k], dx, dy, 1);
        o->state = 2;
    }
}

/* first block: the one that agrees best around no shift, among every third */
static int seed(finger_relation *r)
{
    for (int y = 0; y < r->rows; y++)
        for (int x = 0; x < r->cols; x++)
            if (r->grid[y * GRID + x].state == 1) look(r, y * GRID + x, 0, 0, 1);
    return best_of_state(r, 1);
}

/* blocks in the largest connected part of good ones */
static int largest_good_part(finger_relation *r)
{
    int largest = 0, stack[GRID * GRID];
    for (int start = 0; start < r->rows * GRID; start++) {
        if (r->grid[start].state != 3 || r->grid[start].agreement <= GOOD) continue;
        int depth = 0, size = 0;
        stack[depth++] = start, r->grid[start].state = 4;
        while (depth) {
            int i = stack[--depth], x = i % GRID, y = i / GRID;
            const int next[4] = {x > 0 ? i - 1 : i, x < r->cols - 1 ? i + 1 : i, y > 0 ? i - GRID : i,
                                 y < r->rows - 1 ? i + GRID : i};
            size++;
            for (int k = 0; k < 4; k++) {
                block *o = &r->grid[next[k]];
                if (o->state == 3 && o->agreement > GOOD) o->state = 4, stack[depth++] = next[k];
            }
        }
        largest = finger_max(largest, size);
    }
    return largest;
}

static finger_agreement sum_up(finger_relation *r)
{
    finger_agreement e = {0};
    float sum = 0, good = 0, rough = 0, pairs = 0, lost = 0;
    int largest = largest_good_part(r);
    for (int y = 0; y < r->rows; y++)
        for (int x = 0; x < r->cols; x++) {
            const block *g = &r->grid[y * GRID + x];
            if (!g->state) continue;
            e.blocks++, sum += g->agreement, good += g->agreement > GOOD, lost += g->agreement < 0.3f;
            if (x + 1 == r->cols || g[1].state == 0) continue;
            int d = abs(g->dx - g[1].dx) + abs(g->dy - g[1].dy);
            rough += (float)(d > 3 ? 3 : d), pairs++;
        }
    if (!e.blocks) return e;
    e.mean = sum / (float)e.blocks, e.good = good / (float)e.blocks;
    e.lost = lost / (float)e.blocks, e.whole = (float)largest / (float)e.blocks;
    e.rough = pairs > 0 ? rough / pairs : 0;
    return e;
}

finger_agreement finger_relate(finger_relation *r, const ent_finger_template *p, const ent_finger_template *t,
                               const finger_lay *l)
{
    turn(r, &p->ridge, &t->ridge, l);
    if (prepare(r) < 4) return (finger_agreement){0};
    for (int first = seed(r); first >= 0; first = best_of_state(r, 1)) {
        look(r, first, 0, 0, SEED_REACH); /* every connected part of the overlap begins anew */
        for (int i = first; i >= 0; i = best_of_state(r, 2)) spread(r, i);
    }
    return sum_up(r);
}
