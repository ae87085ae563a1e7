/* What surrounds a minutia, as bits: the ridge orientation at 32 places on four circles (after Tico and Kuosmanen,
 * "Fingerprint matching using an orientation-based minutia descriptor", PAMI 25, 2003), turned with the minutia, each
 * in a circular code of four bits; and which of the places have another minutia near. Derived when a template is made,
 * so the native form does not carry them and they can improve without a new form. */
#include "finger/arith.h"
#include "finger/kernels.h"

static const uint8_t ring_places[4] = {6, 8, 9, 9};
static const uint8_t ring_radius[4] = {22, 40, 58, 76};

static void make_turn(int angle, int8_t ret[2][FINGER_PLACES])
{
    for (int ring = 0, place = 0; ring < 4; ring++)
        for (int k = 0; k < ring_places[ring]; k++, place++) {
            double s, c;
            finger_sincos(-2 * FINGER_PI * (angle / 256.0) + 2 * FINGER_PI * k / ring_places[ring], &s, &c);
            ret[0][place] = (int8_t)finger_round(ring_radius[ring] * c), ret[1][place] = (int8_t)finger_round(ring_radius[ring] * s);
        }
}

void finger_turns_make(finger_turns *ret)
{
    for (int a = 0; a < 256; a++) make_turn(a, ret->at[a]);
}

void finger_describe(const ent_finger_template *t, const finger_turns *turns, finger_descriptor *ret_descriptors)
{
    const finger_kernels *kernels = finger_kernels_best();
    int8_t made[2][FINGER_PLACES];
    for (size_t i = 0; i < t->count; i++) {
        uint8_t angle = t->minutiae[i].angle;
        if (!turns) make_turn(angle, made);
        kernels->describe(t, i, turns ? turns->at[angle][0] : made[0], &ret_descriptors[i]);
    }
}
