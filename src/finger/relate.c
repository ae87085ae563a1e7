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
#include "base/wipe.h"
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
#define NEAREST 3 /* shifts each way that are looked at first: -1, 0 and 1 */
#define UNMOVED (NEAREST * NEAREST / 2) /* of these nine: none */
#define GOOD 0.6f

_Static_assert(STRIDE <= FINGER_TURN_MAX && GRID <= FINGER_CELLS_MAX, "a row is one call of a kernel");

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
    uint32_t quad[SIDE * SIDE + 1]; /* the probe's ridges as they are */
    finger_quads quads;
    const finger_ridge *probe, *candidate;
    block grid[GRID * GRID];
    int cols, rows;
    int32_t cell[NEAREST * NEAREST][GRID][GRID]; /* by shift: sums of products over cells of 8 x 8 */
    int16_t queue[GRID * GRID]; /* a heap: nothing is before the first */
    int queued;
};

static size_t at(int x, int y)
{
    return (size_t)(y + MARGIN) * STRIDE + (size_t)(x + MARGIN);
}

/* A level of 0 to 3 becomes 1 to 7 in its byte: all four at once. */
static void quads_of(finger_relation *r, const finger_ridge *p)
{
    r->quads = (finger_quads){p->w, p->h, r->quad};
    for (int y = 0; y + 1 < p->h; y++) {
        const uint8_t *q = p->level + y * p->w, *below = q + p->w;
        uint32_t *ret = r->quad + 1 + y * p->w;
        for (int x = 0; x + 1 < p->w; x++) {
            bool whole = (q[x] | q[x + 1] | below[x] | below[x + 1]) < 4;
            uint32_t word = q[x] | (uint32_t)q[x + 1] << 8 | (uint32_t)below[x] << 16 | (uint32_t)below[x + 1] << 24;
            ret[x] = whole ? 2 * word + 0x01010101 : 0;
        }
    }
}

finger_relation *finger_relation_new(const ent_finger_template *probe, const ent_finger_template *candidate)
{
    finger_relation *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->kernels = finger_kernels_best();
    quads_of(r, &probe->ridge);
    const finger_ridge *t = r->candidate = &candidate->ridge;
    r->probe = &probe->ridge;
    for (int y = 0; y < t->h; y++)
        for (int x = 0; x < t->w; x++) {
            int level = t->level[y * t->w + x];
            r->b[at(x, y)] = (int16_t)(level == 4 ? 0 : 16 * (2 * level - 3));
            r->bm[at(x, y)] = level != 4;
        }
    r->cols = finger_max(0, (t->w - BLOCK) / STEP + 1), r->rows = finger_max(0, (t->h - BLOCK) / STEP + 1);
    return r;
}

void finger_relation_free(finger_relation *r)
{
    if (!r) return;
    ent_wipe(r, sizeof *r);
    free(r);
}

/* the probe's ridges on the candidate's grid */
static void turn(finger_relation *r, const finger_lay *l)
{
    const finger_ridge *p = r->probe, *t = r->candidate;
    const int32_t step[2] = {(int32_t)(l->cos * 65536), (int32_t)(-l->sin * 65536)};
    for (int y = -MARGIN; y < t->h + MARGIN; y++) {
        /* sample -> pixel -> pixel on the probe -> sample */
        double py = 2.0 * (t->y + y) + 0.5 - l->dy, px = 2.0 * (t->x - MARGIN) + 0.5 - l->dx;
        double fx = ((l->cos * px + l->sin * py) - 0.5) / 2 - p->x, fy = ((-l->sin * px + l->cos * py) - 0.5) / 2 - p->y;
        r->kernels->turn(&r->quads, (int32_t[2]){(int32_t)(fx * 65536), (int32_t)(fy * 65536)}, step, t->w + 2 * MARGIN, r->a + at(-MARGIN, y), r->am + at(-MARGIN, y));
    }
}

/* How far the top of a parabola through three equally spaced sums lies above the middle one, which is the largest. */
static float peak(const int32_t *middle, int step)
{
    float left = (float)middle[-step], right = (float)middle[step], bend = left - 2 * (float)*middle + right, d = left - right;
    return bend < -1 ? -d * d / (8 * bend) : 0;
}

/* The best of n x n shifts around (dx, dy), whose sums of products are given row by row, goes into the block. */
static void settle(finger_relation *r, int i, int dx, int dy, int n, const int32_t *sums)
{
    int best = 0;
    for (int k = 1; k < n * n; k++)
        if (sums[k] > sums[best]) best = k;
    int bx = best % n, by = best / n;
    float top = (float)sums[best];
    if (bx > 0 && bx < n - 1) top += peak(sums + best, 1);
    if (by > 0 && by < n - 1) top += peak(sums + best, n);
    block *g = &r->grid[i];
    g->from_x = (int16_t)dx, g->from_y = (int16_t)dy;
    g->dx = (int16_t)(dx + bx - n / 2), g->dy = (int16_t)(dy + by - n / 2);
    size_t here = at(i % GRID * STEP, i / GRID * STEP), there = at(i % GRID * STEP + g->dx, i / GRID * STEP + g->dy);
    float ea = (float)r->kernels->energy(r->a + there, r->bm + here, STRIDE), eb = (float)r->kernels->energy(r->b + here, r->am + there, STRIDE);
    g->agreement = finger_clamp(top / sqrtf(ea * eb + 1), -1, 1);
}

/* Looks `reach` samples around (dx, dy). */
static void look(finger_relation *r, int i, int dx, int dy, int reach)
{
    int32_t sums[(2 * SEED_REACH + 1) * (2 * SEED_REACH + 1)];
    int x = i % GRID * STEP, y = i / GRID * STEP, most = MARGIN - 1 - reach;
    dx = dx < -most ? -most : dx > most ? most : dx;
    dy = dy < -most ? -most : dy > most ? most : dy;
    r->kernels->around(r->a + at(x + dx - reach, y + dy - reach), r->b + at(x, y), STRIDE, 2 * reach + 1, sums);
    settle(r, i, dx, dy, 2 * reach + 1, sums);
}

/* of a block, from its four cells */
static int32_t block_sum(int32_t cell[GRID][GRID], int x, int y)
{
    return cell[y][x] + cell[y][x + 1] + cell[y + 1][x] + cell[y + 1][x + 1];
}

/* the rows of cells from `from` to before `to`, by the k-th shift */
static void cell_sums(finger_relation *r, const int16_t *a, const int16_t *b, int k, int from, int to)
{
    int dx = k % NEAREST - 1, dy = k / NEAREST - 1;
    for (int y = from; y < to; y++) r->kernels->cells(a + at(dx, y * STEP + dy), b + at(0, y * STEP), STRIDE, r->cols + 1, r->cell[k][y]);
}

/* Looks around no shift at every block that is on both, and says how many there are. All at once: a cell's sums serve four blocks. */
static int look_at_all(finger_relation *r)
{
    int count = 0, from = GRID, to = 0;
    cell_sums(r, r->am, r->bm, UNMOVED, 0, r->rows + 1);
    for (int y = 0; y < r->rows; y++)
        for (int x = 0; x < r->cols; x++) {
            bool both = block_sum(r->cell[UNMOVED], x, y) >= FILLED;
            r->grid[y * GRID + x] = (block){.state = both};
            if (both) count++, from = finger_min(from, y), to = y + 2;
        }
    for (int k = 0; k < NEAREST * NEAREST; k++) cell_sums(r, r->a, r->b, k, from, to);
    for (int y = 0; y < r->rows; y++)
        for (int x = 0; x < r->cols; x++) {
            int32_t sums[NEAREST * NEAREST];
            if (!r->grid[y * GRID + x].state) continue;
            for (int k = 0; k < NEAREST * NEAREST; k++) sums[k] = block_sum(r->cell[k], x, y);
            settle(r, y * GRID + x, 0, 0, NEAREST, sums);
        }
    return count;
}

/* The queue's order: the better agreement first, of equals the one that comes first on the grid. */
static bool before(const block *grid, int i, int j)
{
    return grid[i].agreement > grid[j].agreement || (grid[i].agreement == grid[j].agreement && i < j);
}

static void put(finger_relation *r, int i)
{
    int k = r->queued++;
    for (; k > 0 && before(r->grid, i, r->queue[(k - 1) / 2]); k = (k - 1) / 2) r->queue[k] = r->queue[(k - 1) / 2];
    r->queue[k] = (int16_t)i;
    r->grid[i].state = 2;
}

/* -1: the queue is empty */
static int take(finger_relation *r)
{
    if (!r->queued) return -1;
    int first = r->queue[0], last = r->queue[--r->queued], k = 0;
    for (int child; (child = 2 * k + 1) < r->queued; k = child) {
        if (child + 1 < r->queued && before(r->grid, r->queue[child + 1], r->queue[child])) child++;
        if (!before(r->grid, r->queue[child], last)) break;
        r->queue[k] = r->queue[child];
    }
    r->queue[k] = (int16_t)last;
    return first;
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
        if (r->grid[next[k]].state != 1) continue;
        if (dx || dy) look(r, next[k], dx, dy, 1); /* around no shift each has looked already */
        put(r, next[k]);
    }
}

/* Where to begin: of the blocks that wait, the one that agrees best around no shift. -1: none waits. */
static int seed(const finger_relation *r)
{
    int best = -1;
    for (int y = 0; y < r->rows; y++)
        for (int i = y * GRID; i < y * GRID + r->cols; i++)
            if (r->grid[i].state == 1 && (best < 0 || before(r->grid, i, best))) best = i;
    return best;
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

finger_agreement finger_relate(finger_relation *r, const finger_lay *l)
{
    turn(r, l);
    if (look_at_all(r) < 4) return (finger_agreement){0};
    for (int first = seed(r); first >= 0; first = seed(r)) {
        look(r, first, 0, 0, SEED_REACH); /* every connected part of the overlap begins anew */
        for (int i = first; i >= 0; i = take(r)) spread(r, i);
    }
    return sum_up(r);
}
