/* The closer look at the few percent of entries that came out best (decision 058). The best alignment that was tried is
 * fitted to the minutiae that it pairs one to one; what is paired then, how alike the ridges around the paired are, and how the whole
 * fields agree is weighed by a logistic regression that was fitted to strangers who came as far. Floats in a fixed order. */
#include "base/wipe.h"
#include "finger/arith.h"
#include "finger/scan.h"

#define INLINE __attribute__((always_inline)) static inline

#define UNIT 8.0f             /* of positions: 1/8 pixel */
#define TURN_MISS 20          /* 1/256 turn, as in match.c, and so the tolerance: 9 pixels where the fit is best, up to 18 */
#define ALIKE_UNKNOWN 0.6f    /* likeness of a pair without bits */
#define ALIKE_BITS 30         /* from so many bits of difference on: none */

/* bench/finger_scan.c --fit */
static const float weights[FINGER_CLOSER_TERMS] = {-6.78f, 1.44f, 0.47f, 0.70f, 0.22f, 0.29f, -1.10f, -0.01f, 1.07f, -0.55f};

/* entry -> probe: turned, then moved; where the fit is best */
typedef struct laid {
    float cos, sin, dx, dy, cx, cy;
    uint8_t turn;
} laid;

typedef struct paired {
    int count;
    uint8_t probe[FINGER_MINUTIAE_MAX + 1], entry[FINGER_MINUTIAE_MAX + 1];
    float near[FINGER_MINUTIAE_MAX + 1]; /* 1 on each other, 0.5 at the tolerance */
} paired;

/* The entry unpacked: minutiae, and the middles of every second cell of its field that lies on the print, in 1/8 pixel. */
typedef struct opened {
    int count, cells, cell, cols, rows;
    const uint8_t *angle;
    float x[FINGER_MINUTIAE_MAX], y[FINGER_MINUTIAE_MAX];
    float field_x[FINGER_COARSE_CELLS_MAX], field_y[FINGER_COARSE_CELLS_MAX];
    uint8_t field[FINGER_COARSE_CELLS_MAX], at[FINGER_COARSE_CELLS_MAX];
} opened;

INLINE void open_entry(const finger_entry *e, opened *ret)
{
    int shift = 3 + finger_entry_shift((uint32_t)e->width[0] << 8 | e->width[1], (uint32_t)e->height[0] << 8 | e->height[1]);
    finger_coarse shape;
    ret->count = e->count, ret->cells = 0, ret->angle = e->more + 2 * (size_t)e->count;
    for (int i = 0; i < e->count; i++) ret->x[i] = (float)(e->more[i] << shift), ret->y[i] = (float)(e->more[e->count + i] << shift);
    finger_entry_field(e, &shape, ret->at);
    ret->cell = shape.cell, ret->cols = shape.cols, ret->rows = shape.rows;
    for (int row = 0; row < shape.rows; row++)
        for (int col = row & 1; col < shape.cols; col += 2) {
            uint8_t value = ret->at[row * shape.cols + col];
            ret->field[ret->cells] = value;
            ret->field_x[ret->cells] = UNIT * 0.5f * (float)((2 * col + 1) * shape.cell), ret->field_y[ret->cells] = UNIT * 0.5f * (float)((2 * row + 1) * shape.cell);
            ret->cells += value != 0;
        }
}

INLINE laid lay_of(const finger_scan *p, const opened *o, finger_tried s)
{
    laid l = {.turn = (uint8_t)(p->angle[s.probe] - o->angle[s.entry]), .cx = p->x[s.probe], .cy = p->y[s.probe]};
    l.cos = (float)p->cos[l.turn] / 32767, l.sin = (float)p->sin[l.turn] / 32767;
    l.dx = l.cx - (l.cos * o->x[s.entry] - l.sin * o->y[s.entry]), l.dy = l.cy - (l.sin * o->x[s.entry] + l.cos * o->y[s.entry]);
    return l;
}

/* The map's cells of places of the entry; outside the map the last one. */
INLINE void cells_of(const laid *l, const float *x, const float *y, int n, int32_t *ret)
{
    const float side = UNIT * 8 * FINGER_MAP_SIDE;
    for (int i = 0; i < n; i++) {
        float u = l->cos * x[i] - l->sin * y[i] + l->dx, v = l->sin * x[i] + l->cos * y[i] + l->dy;
        int32_t inside = (u >= 0) & (v >= 0) & (u < side) & (v < side);
        u = u < 0 ? 0 : u < side ? u : 0, v = v < 0 ? 0 : v < side ? v : 0;
        int32_t cell = (int32_t)v / 64 * FINGER_MAP_SIDE + (int32_t)u / 64;
        ret[i] = inside ? cell : FINGER_MAP_SIDE * FINGER_MAP_SIDE;
    }
}

/* Each minutia of the entry with the nearer of those next to where it lies that is free, turned alike and within the tolerance. */
INLINE void pair_up(const finger_scan *p, const opened *o, const laid *l, paired *ret)
{
    bool taken[FINGER_MINUTIAE_MAX + 1] = {true}; /* by one more than the probe's number */
    int32_t cell[FINGER_MINUTIAE_MAX];
    int count = 0;
    cells_of(l, o->x, o->y, o->count, cell);
    for (int i = 0; i < o->count; i++) {
        float x = l->cos * o->x[i] - l->sin * o->y[i] + l->dx, y = l->sin * o->x[i] + l->cos * o->y[i] + l->dy;
        float rx = (x - l->cx) * (1 / UNIT), ry = (y - l->cy) * (1 / UNIT), tolerance = 81 + 0.01f * (rx * rx + ry * ry);
        tolerance = tolerance > 324 ? 324 : tolerance;
        uint8_t angle = (uint8_t)(o->angle[i] + l->turn - TURN_MISS);
        float best = tolerance;
        int with = 0;
        for (int k = 0; k < 2; k++) {
            int next = p->next[cell[i]][k], j = next - (next > 0);
            float u = (x - (float)p->x[j]) * (1 / UNIT), v = (y - (float)p->y[j]) * (1 / UNIT), d = u * u + v * v;
            bool nearer = !taken[next] & ((uint8_t)(p->angle[j] - angle) <= 2 * TURN_MISS) & (d < best);
            best = nearer ? d : best, with = nearer ? next : with;
        }
        taken[with] = true;
        ret->probe[count] = (uint8_t)(with - (with > 0)), ret->entry[count] = (uint8_t)i, ret->near[count] = 1 - 0.5f * best / tolerance;
        count += with > 0;
    }
    ret->count = count;
}

/* least squares: the turn and shift that bring the paired minutiae together */
INLINE void fit(const finger_scan *p, const opened *o, const paired *of, laid *l)
{
    float ax = 0, ay = 0, bx = 0, by = 0, c = 0, s = 0, n = (float)of->count;
    if (of->count < 2) return;
    for (int k = 0; k < of->count; k++) ax += o->x[of->entry[k]], ay += o->y[of->entry[k]], bx += p->x[of->probe[k]], by += p->y[of->probe[k]];
    ax /= n, ay /= n, bx /= n, by /= n;
    for (int k = 0; k < of->count; k++) {
        float u = o->x[of->entry[k]] - ax, v = o->y[of->entry[k]] - ay, x = p->x[of->probe[k]] - bx, y = p->y[of->probe[k]] - by;
        c += u * x + v * y, s += u * y - v * x;
    }
    float length = sqrtf(c * c + s * s);
    if (length < 1) return;
    l->cos = c / length, l->sin = s / length, l->cx = bx, l->cy = by;
    l->dx = bx - (l->cos * ax - l->sin * ay), l->dy = by - (l->sin * ax + l->cos * ay);
    l->turn = (uint8_t)finger_round((double)finger_atan2(-l->sin, l->cos) * (128 / FINGER_PI));
}

/* how alike the surroundings of the paired are, less for what lies apart */
INLINE float weight_of(const finger_scan *p, const finger_entry *e, const paired *of)
{
    float sum = 0;
    for (int k = 0; k < of->count; k++) {
        float alike = ALIKE_UNKNOWN;
        if (of->probe[k] < FINGER_SCAN_LANES && of->entry[k] < FINGER_SCAN_LANES) {
            int differ = 0;
            for (int plane = 0; plane < FINGER_SCAN_PLANES; plane++) differ += __builtin_popcount(p->bits[of->probe[k]][plane] ^ e->planes[plane][of->entry[k]]);
            alike = differ < ALIKE_BITS ? 1 - (float)differ / ALIKE_BITS : 0;
        }
        sum += alike * of->near[k];
    }
    return sum;
}

/* minutiae of the one that lie on the other */
INLINE void on_both(const finger_scan *p, const opened *o, const laid *l, float *ret_probe, float *ret_entry)
{
    int of_probe = 0, of_entry = 0;
    int32_t cell[FINGER_MINUTIAE_MAX];
    cells_of(l, o->x, o->y, o->count, cell);
    for (int i = 0; i < o->count; i++) of_entry += p->map[cell[i]] != 0;
    for (int j = 0; j < p->all; j++) {
        float x = p->x[j] - l->dx, y = p->y[j] - l->dy, u = (l->cos * x + l->sin * y) * (1 / UNIT), v = (l->cos * y - l->sin * x) * (1 / UNIT);
        if (!o->cell) of_probe++;
        else if (u >= 0 && v >= 0 && u < (float)(o->cell * o->cols) && v < (float)(o->cell * o->rows)) of_probe += o->at[(int)v / o->cell * o->cols + (int)u / o->cell] != 0;
    }
    *ret_probe = (float)of_probe, *ret_entry = (float)of_entry;
}

/* sum of the fields' differences in 1/64 of a half turn, where both are */
INLINE int fields_differ(const finger_scan *p, const opened *o, const laid *l, int *ret_places)
{
    int32_t cell[FINGER_COARSE_CELLS_MAX];
    int sum = 0, places = 0;
    cells_of(l, o->field_x, o->field_y, o->cells, cell);
    for (int i = 0; i < o->cells; i++) {
        int of_probe = p->field[cell[i]], away = (of_probe - o->field[i] + l->turn / 2) & 63;
        sum += of_probe ? finger_min(away, 64 - away) : 0, places += of_probe > 0;
    }
    *ret_places = places;
    return sum;
}

INLINE bool weigh(const finger_scan *p, const finger_entry *e, finger_tried tried, float ret_terms[FINGER_CLOSER_TERMS])
{
    opened o;
    paired pairs;
    float on_probe, on_entry;
    int places;
    if (tried.entry == FINGER_UNTRIED) return false;
    open_entry(e, &o);
    laid l = lay_of(p, &o, tried);
    pair_up(p, &o, &l, &pairs);
    fit(p, &o, &pairs, &l);
    pair_up(p, &o, &l, &pairs);
    on_both(p, &o, &l, &on_probe, &on_entry);
    int sum = fields_differ(p, &o, &l, &places);
    float weight = weight_of(p, e, &pairs), certain = (float)places / (float)(places + 20), fields = places > 5 ? 1 - (float)sum / (float)(16 * places) : 0.5f;
    const float terms[FINGER_CLOSER_TERMS] = {
        1,
        fields > 0 ? weight * sqrtf(10 * fields / sqrtf((on_probe + 6) * (on_entry + 6))) : 0,
        weight,
        4 * weight / sqrtf((on_probe + 4) * (on_entry + 4)),
        fields * certain,
        fields,
        (on_probe < on_entry ? on_probe : on_entry) / 10,
        certain,
        (float)tried.points / 100,
        (float)o.count / 30,
    };
    memcpy(ret_terms, terms, sizeof terms);
    ent_wipe(o.x, (size_t)o.count * sizeof *o.x), ent_wipe(o.y, (size_t)o.count * sizeof *o.y);
    ent_wipe(o.at, (size_t)(o.cols * o.rows)), ent_wipe(o.field, (size_t)o.cells);
    return true;
}

/* The same C for every machine. */
bool finger_terms_plain(const finger_scan *p, const finger_entry *e, finger_tried tried, float ret_terms[FINGER_CLOSER_TERMS])
{
    return weigh(p, e, tried, ret_terms);
}

#if defined(__x86_64__)
__attribute__((target("avx2,popcnt,bmi,bmi2"))) bool finger_terms_avx2(const finger_scan *p, const finger_entry *e, finger_tried tried, float ret_terms[FINGER_CLOSER_TERMS])
{
    return weigh(p, e, tried, ret_terms);
}
#endif

uint16_t finger_scan_closer(const finger_scan_kernels *k, const finger_scan *p, const finger_entry *e, finger_tried tried)
{
    float terms[FINGER_CLOSER_TERMS], ratio = 0;
    if (!k->terms(p, e, tried, terms)) return 1;
    for (int i = 0; i < FINGER_CLOSER_TERMS; i++) ratio += weights[i] * terms[i];
    return (uint16_t)(1 + finger_round((double)finger_clamp(100 * (ratio + 100), 0, 65534)));
}
