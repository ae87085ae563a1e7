/* What surrounds a minutia, as bits: the ridge orientation at 32 places on four circles (after Tico and Kuosmanen,
 * "Fingerprint matching using an orientation-based minutia descriptor", PAMI 25, 2003), turned with the minutia, each
 * in a circular code of four bits; and which of the places have another minutia near. Derived when a template is made,
 * so the native form does not carry them and they can improve without a new form. */
#include "finger/arith.h"
#include "finger/template.h"

#define PLACES 32
#define NEAR 14

static const uint8_t ring_places[4] = {6, 8, 9, 9};
static const uint8_t ring_radius[4] = {22, 40, 58, 76};

/* orientation difference in 1/64 half turn -> four bits; two neighbouring codes differ in one bit */
static unsigned circular_code(int difference)
{
    unsigned step = (unsigned)(difference & 63) >> 3; /* 0 to 7 */
    static const uint8_t code[8] = {0x0, 0x1, 0x3, 0x7, 0xf, 0xe, 0xc, 0x8};
    return code[step];
}

static bool has_minutia(const ent_finger_template *t, size_t except, int x, int y)
{
    for (size_t i = 0; i < t->count; i++) {
        int dx = t->minutiae[i].x - x, dy = t->minutiae[i].y - y;
        if (i != except && dx * dx + dy * dy < NEAR * NEAR) return true;
    }
    return false;
}

static void describe(const ent_finger_template *t, size_t i, finger_descriptor *ret)
{
    const ent_finger_minutia *m = &t->minutiae[i];
    /* minutia angles go counter-clockwise as seen, the coarse field's clockwise (y down): 256 a turn, 128 a turn */
    int direction = 64 - (m->angle >> 1); /* modulo 64: the line's own orientation */
    unsigned place = 0;
    for (int ring = 0; ring < 4; ring++)
        for (int k = 0; k < ring_places[ring]; k++, place++) {
            double s, c;
            finger_sincos(-2 * FINGER_PI * (m->angle / 256.0) + 2 * FINGER_PI * k / ring_places[ring], &s, &c);
            int x = finger_round(m->x + ring_radius[ring] * c), y = finger_round(m->y + ring_radius[ring] * s);
            int orientation = finger_coarse_at(&t->coarse, x, y);
            if (has_minutia(t, i, x, y)) ret->near |= 1U << place;
            if (!orientation) continue;
            unsigned code = circular_code(orientation - 1 - direction);
            ret->seen |= 1U << place;
            ret->bits[0] |= (uint64_t)(code & 1) << place | (uint64_t)(code >> 1 & 1) << (place + 32);
            ret->bits[1] |= (uint64_t)(code >> 2 & 1) << place | (uint64_t)(code >> 3 & 1) << (place + 32);
        }
}

void finger_describe(const ent_finger_template *t, finger_descriptor *ret_descriptors)
{
    for (size_t i = 0; i < t->count; i++) {
        ret_descriptors[i] = (finger_descriptor){{0, 0}, 0, 0};
        describe(t, i, &ret_descriptors[i]);
    }
}
