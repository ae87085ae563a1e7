/* Ridge lines -> minutiae. A pixel of a line with one neighbour is an ending, with three a bifurcation (crossing
 * number). What breaks the lines without being a minutia is removed by rule, with lengths in ridge periods:
 *   border      too near the background
 *   spur        an ending whose line meets a bifurcation at once: both go
 *   island      two endings of one short line: both go
 *   bridge      two bifurcations joined by a short line: both go
 *   gap         two endings that face each other along the ridge: both go
 * The direction is the ridge orientation, turned to the side where the line (of an ending) or the valley between the
 * branches (of a bifurcation) lies, so that an ending that noise joins to its neighbour keeps its direction. */
#include "finger/canvas.h"
#include "finger/arith.h"

#include <stdlib.h>

#define TRACE_MAX 24
#define BORDER 10

typedef struct spot {
    int x, y;
    uint8_t kind; /* 0: removed */
    float sin, cos; /* direction, y down */
    int quality;
} spot;

typedef struct finder {
    const finger_canvas *c;
    spot *spots;
    size_t count, cap;
    int16_t *index; /* per pixel: spot + 1 */
} finder;

typedef struct walk {
    int x, y;     /* where it ended */
    int steps;
    int met;      /* spot + 1 that it met, or 0 */
} walk;

static const int8_t around[8][2] = {{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}};

static int line_at(const finger_canvas *c, int x, int y)
{
    return x >= 0 && y >= 0 && x < c->w && y < c->h ? c->skeleton[(size_t)y * (size_t)c->w + (size_t)x] : 0;
}

static int crossing_number(const finger_canvas *c, int x, int y)
{
    int n = 0, before = line_at(c, x + around[7][0], y + around[7][1]);
    for (int k = 0; k < 8; k++) {
        int now = line_at(c, x + around[k][0], y + around[k][1]);
        n += now && !before;
        before = now;
    }
    return n;
}

/* Follows the line from (x, y) through its neighbour in direction k until it ends, meets a spot or is long enough. */
static walk follow(const finder *f, int x, int y, int k)
{
    int px = x, py = y;
    walk w = {.x = x + around[k][0], .y = y + around[k][1], .steps = 1};
    while (w.steps < TRACE_MAX) {
        w.met = f->index[(size_t)w.y * (size_t)f->c->w + (size_t)w.x];
        if (w.met) return w;
        int next = -1, best = 9;
        for (int j = 0; j < 8; j++) {
            int nx = w.x + around[j][0], ny = w.y + around[j][1];
            if (!line_at(f->c, nx, ny) || (nx == px && ny == py)) continue;
            int dx = nx - px, dy = ny - py;
            if (dx >= -1 && dx <= 1 && dy >= -1 && dy <= 1) continue; /* beside where it came from */
            if ((j & 1) < best) best = j & 1, next = j;               /* straight neighbours first */
        }
        if (next < 0) return w;
        px = w.x, py = w.y;
        w.x += around[next][0], w.y += around[next][1], w.steps++;
    }
    return w;
}

static bool near_border(const finger_canvas *c, int x, int y)
{
    for (int k = 0; k < 8; k++) {
        int reach = k & 1 ? BORDER * 7 / 10 : BORDER;
        if (!finger_foreground(c, x + reach * around[k][0], y + reach * around[k][1])) return true;
    }
    return false;
}

/* orientation interpolated between cell centres, as a doubled-angle vector turned back */
static float orientation_at(const finger_canvas *c, int x, int y)
{
    float fx = ((float)x - 3.5f) / FINGER_CELL, fy = ((float)y - 3.5f) / FINGER_CELL;
    int x0 = finger_max(0, finger_min((int)fx, c->cols - 1)), y0 = finger_max(0, finger_min((int)fy, c->rows - 1));
    int x1 = finger_min(x0 + 1, c->cols - 1), y1 = finger_min(y0 + 1, c->rows - 1);
    float wx = finger_clamp(fx - (float)x0, 0, 1), wy = finger_clamp(fy - (float)y0, 0, 1);
    const int corner[4] = {y0 * c->cols + x0, y0 * c->cols + x1, y1 * c->cols + x0, y1 * c->cols + x1};
    const float weight[4] = {(1 - wx) * (1 - wy), wx * (1 - wy), (1 - wx) * wy, wx * wy};
    double s = 0, co = 0;
    for (int k = 0; k < 4; k++) {
        double sk, ck;
        finger_sincos(2 * (double)c->theta[corner[k]], &sk, &ck);
        s += (double)weight[k] * sk, co += (double)weight[k] * ck;
    }
    return 0.5f * finger_atan2((float)s, (float)co);
}

static void add_spot(finder *f, int x, int y, int kind)
{
    if (f->count == f->cap || near_border(f->c, x, y)) return;
    f->spots[f->count++] = (spot){.x = x, .y = y, .kind = (uint8_t)kind,
                                  .quality = f->c->quality[finger_cell(f->c, x, y)]};
    f->index[(size_t)y * (size_t)f->c->w + (size_t)x] = (int16_t)f->count;
}

static void find_spots(finder *f)
{
    const finger_canvas *c = f->c;
    for (int y = 1; y < c->h - 1; y++)
        for (int x = 1; x < c->w - 1; x++) {
            if (!c->skeleton[(size_t)y * (size_t)c->w + (size_t)x]) continue;
            int n = crossing_number(c, x, y);
            if (n == 1) add_spot(f, x, y, ENT_FINGER_ENDING);
            if (n >= 3) add_spot(f, x, y, ENT_FINGER_BIFURCATION);
        }
}

/* the directions (indices into around) of the lines that leave (x, y); at most 4 */
static int branches(const finger_canvas *c, int x, int y, int *ret_k)
{
    int n = 0, before = line_at(c, x + around[7][0], y + around[7][1]);
    for (int k = 0; k < 8 && n < 4; k++) {
        int now = line_at(c, x + around[k][0], y + around[k][1]);
        if (now && !before) ret_k[n++] = k;
        before = now;
    }
    return n;
}

/* sum of the unit vectors to the ends of the branches: points along an ending's line, and between a fork's branches */
static void direct(const finder *f, spot *s)
{
    int k[4], n = branches(f->c, s->x, s->y, k);
    float ex[4], ey[4], sx = 0, sy = 0;
    for (int i = 0; i < n; i++) {
        walk w = follow(f, s->x, s->y, k[i]);
        float dx = (float)(w.x - s->x), dy = (float)(w.y - s->y), length = sqrtf(dx * dx + dy * dy) + 1e-6f;
        ex[i] = dx / length, ey[i] = dy / length;
        sx += ex[i], sy += ey[i];
    }
    if (s->kind == ENT_FINGER_BIFURCATION && n == 3) {
        int a = 0;
        float closest = -2;
        for (int i = 0; i < 3; i++) { /* the pair that encloses the smallest angle has the valley between it */
            float dot = ex[i] * ex[(i + 1) % 3] + ey[i] * ey[(i + 1) % 3];
            if (dot > closest) closest = dot, a = i;
        }
        sx = ex[a] + ex[(a + 1) % 3], sy = ey[a] + ey[(a + 1) % 3];
    }
    double sn, cs;
    finger_sincos((double)orientation_at(f->c, s->x, s->y), &sn, &cs);
    bool forward = sx * (float)cs + sy * (float)sn >= 0;
    s->sin = (float)(forward ? sn : -sn), s->cos = (float)(forward ? cs : -cs);
}

static void remove_spurs_and_bridges(finder *f)
{
    for (size_t i = 0; i < f->count; i++) {
        spot *s = &f->spots[i];
        float period = f->c->period[finger_cell(f->c, s->x, s->y)];
        int k[4], n = branches(f->c, s->x, s->y, k);
        for (int j = 0; j < n; j++) {
            walk w = follow(f, s->x, s->y, k[j]);
            if (!w.met || (size_t)w.met == i + 1) continue;
            spot *o = &f->spots[w.met - 1];
            bool ends = s->kind == ENT_FINGER_ENDING, other_ends = o->kind == ENT_FINGER_ENDING;
            float longest = ends && other_ends ? 1.8f * period : ends || other_ends ? 1.2f * period : 1.1f * period;
            if ((float)w.steps < longest) s->quality = o->quality = 0;
        }
    }
    for (size_t i = 0; i < f->count; i++)
        if (f->spots[i].quality == 0) f->spots[i].kind = 0;
}

/* endings that face each other over a gap along the ridge; and anything closer than half a period */
static bool cancels(const spot *a, const spot *b, float period)
{
    float dx = (float)(b->x - a->x), dy = (float)(b->y - a->y), distance = sqrtf(dx * dx + dy * dy);
    if (distance < 0.55f * period) return true;
    if (distance > 1.6f * period) return false;
    float dot = a->cos * b->cos + a->sin * b->sin;
    if (a->kind != b->kind || dot > -0.7f) return false;
    float along = (dx * a->cos + dy * a->sin) / distance;
    return a->kind == ENT_FINGER_ENDING ? along < -0.6f : along < -0.6f || along > 0.6f;
}

static void remove_gaps(finder *f)
{
    for (size_t i = 0; i < f->count; i++) {
        spot *a = &f->spots[i];
        if (!a->kind) continue;
        float period = f->c->period[finger_cell(f->c, a->x, a->y)];
        for (size_t j = i + 1; j < f->count && f->spots[j].y - a->y < 2 * period; j++) {
            spot *b = &f->spots[j];
            if (b->kind && cancels(a, b, period)) a->quality = b->quality = 0;
        }
    }
    for (size_t i = 0; i < f->count; i++)
        if (f->spots[i].quality == 0) f->spots[i].kind = 0;
}

static int better(const void *a, const void *b)
{
    const ent_finger_minutia *p = a, *q = b;
    if (p->quality != q->quality) return p->quality > q->quality ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    return p->x < q->x ? -1 : p->x > q->x;
}

static size_t collect(const finder *f, ent_finger_minutia *ret, size_t cap)
{
    ent_finger_minutia all[FINGER_FOUND_MAX];
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        const spot *s = &f->spots[i];
        if (!s->kind) continue;
        float turn = finger_atan2(-s->sin, s->cos) * (float)(128 / FINGER_PI);
        all[n++] = (ent_finger_minutia){.x = (uint16_t)s->x, .y = (uint16_t)s->y, .angle = (uint8_t)finger_round((double)turn),
                                        .kind = s->kind, .quality = (uint8_t)(s->quality > 2 ? s->quality / 2 * 2 : 2)};
    }
    qsort(all, n, sizeof *all, better);
    if (n > cap) n = cap;
    memcpy(ret, all, n * sizeof *all);
    return n;
}

size_t finger_minutiae(const finger_canvas *c, ent_finger_minutia *ret_minutiae, size_t cap)
{
    size_t n = 0;
    finder f = {.c = c, .cap = FINGER_FOUND_MAX};
    f.spots = calloc(f.cap, sizeof *f.spots);
    f.index = calloc((size_t)c->w * (size_t)c->h, sizeof *f.index);
    if (f.spots && f.index) {
        find_spots(&f);
        remove_spurs_and_bridges(&f);
        for (size_t i = 0; i < f.count; i++)
            if (f.spots[i].kind) direct(&f, &f.spots[i]);
        remove_gaps(&f);
        n = collect(&f, ret_minutiae, cap);
    }
    free(f.spots);
    free(f.index);
    return n;
}
