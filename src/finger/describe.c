/* What surrounds a minutia, as bits: the ridge orientation at 32 places on four circles (after Tico and Kuosmanen,
 * "Fingerprint matching using an orientation-based minutia descriptor", PAMI 25, 2003), turned with the minutia, each
 * in a circular code of four bits; and which of the places have another minutia near. Derived when a template is made,
 * so the native form does not carry them and they can improve without a new form. */
#include "base/wipe.h"
#include "finger/arith.h"
#include "finger/template.h"

#define NEAR 14
#define MARGIN 16 /* around the minutiae's bounding box */
#define MAP_WORDS 32768

static const uint8_t ring_places[4] = {6, 8, 9, 9};
static const uint8_t ring_radius[4] = {22, 40, 58, 76};

static void make_turn(int angle, int8_t ret[FINGER_PLACES][2])
{
    for (int ring = 0, place = 0; ring < 4; ring++)
        for (int k = 0; k < ring_places[ring]; k++, place++) {
            double s, c;
            finger_sincos(-2 * FINGER_PI * (angle / 256.0) + 2 * FINGER_PI * k / ring_places[ring], &s, &c);
            ret[place][0] = (int8_t)finger_round(ring_radius[ring] * c), ret[place][1] = (int8_t)finger_round(ring_radius[ring] * s);
        }
}

void finger_turns_make(finger_turns *ret)
{
    for (int a = 0; a < 256; a++) make_turn(a, ret->at[a]);
}

/* An orientation difference in eighths of a half turn -> four bits, of which two neighbours differ in one: 0, 1, 3, 7, f, e, c, 8. Bits 0 and 1
 * lie in the first word, 2 and 3 in the second, each where a shift by the place puts it; the last is of a place that is not seen. */
#define BITS(low, high) ((low) | (uint64_t)(high) << FINGER_PLACES)
static const uint64_t circular_code[9][2] = {{BITS(0, 0), BITS(0, 0)}, {BITS(1, 0), BITS(0, 0)}, {BITS(1, 1), BITS(0, 0)},
                                             {BITS(1, 1), BITS(1, 0)}, {BITS(1, 1), BITS(1, 1)}, {BITS(0, 1), BITS(1, 1)},
                                             {BITS(0, 0), BITS(1, 1)}, {BITS(0, 0), BITS(0, 1)}, {0, 0}};

/* The pixels that lie near a minutia, a bit each, inside the box around all of them. (A minutia's own places are all
 * further from it.) Prints too large for the map, which no sensor gives, are asked minutia by minutia. */
typedef struct near_map {
    const ent_finger_template *t;
    int x, y, w, h, row; /* row: words a line; 0: no map */
    uint64_t per_cell;   /* 2^32 by the coarse field's cell, rounded up: divides what is below 2^16 exactly */
    uint64_t bits[MAP_WORDS + 1]; /* the last: a line that ends with the map has nothing in the word behind it */
} near_map;

/* the widest dx of dx * dx + dy * dy < NEAR * NEAR, by |dy| */
static const uint8_t reach[NEAR] = {13, 13, 13, 13, 13, 13, 12, 12, 11, 10, 9, 8, 7, 5};

static void mark(near_map *m, int x, int y)
{
    for (int dy = 1 - NEAR; dy < NEAR; dy++) {
        int dx = reach[dy < 0 ? -dy : dy], first = x - m->x - dx;
        uint64_t *word = &m->bits[(y - m->y + dy) * m->row + (first >> 6)], run = (2ULL << 2 * dx) - 1;
        word[0] |= run << (first & 63), word[1] |= run >> 1 >> (63 - (first & 63));
    }
}

static void map_minutiae(const ent_finger_template *t, near_map *m)
{
    int low[2] = {1 << 20, 1 << 20}, high[2] = {0, 0};
    for (size_t i = 0; i < t->count; i++) {
        int x = t->minutiae[i].x, y = t->minutiae[i].y;
        low[0] = finger_min(low[0], x), low[1] = finger_min(low[1], y), high[0] = finger_max(high[0], x), high[1] = finger_max(high[1], y);
    }
    m->t = t, m->row = 0;
    m->per_cell = t->coarse.cell ? ((1ULL << 32) + t->coarse.cell - 1U) / t->coarse.cell : 0;
    m->x = low[0] - MARGIN, m->y = low[1] - MARGIN;
    m->w = high[0] - low[0] + 2 * MARGIN + 1, m->h = high[1] - low[1] + 2 * MARGIN + 1;
    int row = (m->w + 63) / 64;
    if (!t->count || row * m->h > MAP_WORDS) return;
    m->row = row;
    memset(m->bits, 0, ((size_t)row * (size_t)m->h + 1) * sizeof *m->bits);
    for (size_t i = 0; i < t->count; i++) mark(m, t->minutiae[i].x, t->minutiae[i].y);
}

static unsigned near_minutia(const near_map *m, int x, int y)
{
    if (m->row) {
        unsigned u = (unsigned)(x - m->x), v = (unsigned)(y - m->y), inside = (u < (unsigned)m->w) & (v < (unsigned)m->h);
        unsigned at = inside ? v * (unsigned)m->row + (u >> 6) : 0;
        return (unsigned)(m->bits[at] >> (u & 63)) & inside;
    }
    for (size_t i = 0; i < m->t->count; i++) {
        int dx = m->t->minutiae[i].x - x, dy = m->t->minutiae[i].y - y;
        if (dx * dx + dy * dy < NEAR * NEAR) return 1;
    }
    return 0;
}

/* As finger_coarse_at: what is negative is, without its sign, beyond every column. */
static unsigned orientation_at(const near_map *m, int x, int y)
{
    const finger_coarse *f = &m->t->coarse;
    uint64_t cx = (uint32_t)x * m->per_cell >> 32, cy = (uint32_t)y * m->per_cell >> 32;
    unsigned inside = (cx < f->cols) & (cy < f->rows);
    return f->at[inside ? cy * f->cols + cx : 0] & (0 - inside);
}

static void describe(const near_map *m, size_t i, const finger_turns *turns, finger_descriptor *ret)
{
    int8_t made[FINGER_PLACES][2];
    finger_descriptor d = {0};
    const ent_finger_minutia *a = &m->t->minutiae[i];
    /* minutia angles go counter-clockwise as seen, the coarse field's clockwise (y down): 256 a turn, 128 a turn */
    unsigned direction = 64U - (a->angle >> 1); /* modulo 64: the line's own orientation */
    if (!turns) make_turn(a->angle, made);
    const int8_t *own = turns ? turns->at[a->angle][0] : made[0];
    for (unsigned place = 0; place < FINGER_PLACES; place++) {
        int x = a->x + own[2 * place], y = a->y + own[2 * place + 1];
        unsigned orientation = orientation_at(m, x, y), seen = orientation != 0;
        const uint64_t *code = circular_code[seen ? ((orientation - 1 - direction) & 63) >> 3 : 8];
        d.bits[0] |= code[0] << place, d.bits[1] |= code[1] << place;
        d.near |= near_minutia(m, x, y) << place, d.seen |= seen << place;
    }
    *ret = d;
}

void finger_describe(const ent_finger_template *t, const finger_turns *turns, finger_descriptor *ret_descriptors)
{
    near_map map;
    map_minutiae(t, &map);
    for (size_t i = 0; i < t->count; i++) describe(&map, i, turns, &ret_descriptors[i]);
    if (map.row) ent_wipe(map.bits, (size_t)map.row * (size_t)map.h * sizeof *map.bits);
}
