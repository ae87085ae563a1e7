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

/* orientation difference in 1/64 half turn -> four bits; two neighbouring codes differ in one bit */
static unsigned circular_code(int difference)
{
    unsigned step = (unsigned)(difference & 63) >> 3; /* 0 to 7 */
    static const uint8_t code[8] = {0x0, 0x1, 0x3, 0x7, 0xf, 0xe, 0xc, 0x8};
    return code[step];
}

/* The pixels that lie near a minutia, a bit each, inside the box around all of them. (A minutia's own places are all
 * further from it.) Prints too large for the map, which no sensor gives, are asked minutia by minutia. */
typedef struct near_map {
    const ent_finger_template *t;
    int x, y, w, h, row; /* row: words a line; 0: no map */
    uint64_t per_cell;   /* 2^32 by the coarse field's cell, rounded up: divides what is below 2^16 exactly */
    uint64_t bits[MAP_WORDS];
} near_map;

static void mark(near_map *m, int x, int y)
{
    for (int dy = 1 - NEAR; dy < NEAR; dy++) {
        int dx = 0;
        while ((dx + 1) * (dx + 1) + dy * dy < NEAR * NEAR) dx++;
        int first = x - m->x - dx, last = x - m->x + dx, line = (y - m->y + dy) * m->row;
        for (int w = first >> 6; w <= last >> 6; w++) {
            int from = finger_max(first - 64 * w, 0), to = finger_min(last - 64 * w, 63);
            m->bits[line + w] |= (~0ULL >> (63 - to + from)) << from;
        }
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
    memset(m->bits, 0, (size_t)row * (size_t)m->h * sizeof *m->bits);
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

/* As finger_coarse_at. */
static int orientation_at(const near_map *m, int x, int y)
{
    const finger_coarse *f = &m->t->coarse;
    if (x < 0 || y < 0 || !f->cell) return 0;
    int cx = (int)((uint64_t)x * m->per_cell >> 32), cy = (int)((uint64_t)y * m->per_cell >> 32), inside = (cx < f->cols) & (cy < f->rows);
    int of = f->at[inside ? cy * f->cols + cx : 0];
    return inside ? of : 0;
}

static void describe(const near_map *m, size_t i, const finger_turns *turns, finger_descriptor *ret)
{
    int8_t own[FINGER_PLACES][2];
    uint32_t near = 0, all_seen = 0;
    uint64_t bits[2] = {0, 0};
    const ent_finger_template *t = m->t;
    const ent_finger_minutia *a = &t->minutiae[i];
    /* minutia angles go counter-clockwise as seen, the coarse field's clockwise (y down): 256 a turn, 128 a turn */
    int direction = 64 - (a->angle >> 1); /* modulo 64: the line's own orientation */
    if (turns) memcpy(own, turns->at[a->angle], sizeof own);
    else make_turn(a->angle, own);
    for (unsigned place = 0; place < FINGER_PLACES; place++) {
        int x = a->x + own[place][0], y = a->y + own[place][1];
        int orientation = orientation_at(m, x, y);
        unsigned seen = orientation != 0, code = circular_code(orientation - 1 - direction) & (0 - seen);
        near |= near_minutia(m, x, y) << place, all_seen |= seen << place;
        bits[0] |= (uint64_t)(code & 1) << place | (uint64_t)(code >> 1 & 1) << (place + 32);
        bits[1] |= (uint64_t)(code >> 2 & 1) << place | (uint64_t)(code >> 3 & 1) << (place + 32);
    }
    *ret = (finger_descriptor){{bits[0], bits[1]}, all_seen, near};
}

void finger_describe(const ent_finger_template *t, const finger_turns *turns, finger_descriptor *ret_descriptors)
{
    near_map map;
    map_minutiae(t, &map);
    for (size_t i = 0; i < t->count; i++) describe(&map, i, turns, &ret_descriptors[i]);
    if (map.row) ent_wipe(map.bits, (size_t)map.row * (size_t)map.h * sizeof *map.bits);
}
