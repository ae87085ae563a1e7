/* A coarse field for a template that came without one: minutiae lie along the ridges, so their directions, either way, are samples
 * of the orientation. Each cell takes their mean, weighted by nearness; it counts as print where a minutia is near. */
#include "finger/arith.h"
#include "finger/guess.h"

#include <stdlib.h>

#define NEARNESS 600.0f /* square pixels at which a weight has fallen to a quarter */
#define REACH 40        /* pixels from a minutia to where there is no print any more */

static uint8_t guess_cell(const ent_finger_minutia *m, size_t count, const float (*turned)[2], const float at[2])
{
    float c = 0, s = 0, nearest = 1e9f;
    for (size_t i = 0; i < count; i++) {
        float dx = m[i].x - at[0], dy = m[i].y - at[1], d = dx * dx + dy * dy, w = 1 / (NEARNESS + d);
        c += w * w * turned[i][0], s += w * w * turned[i][1];
        nearest = d < nearest ? d : nearest;
    }
    if (nearest > REACH * REACH) return 0;
    return (uint8_t)(1 + (finger_round((double)finger_atan2(s, c) * (32 / FINGER_PI)) & 63));
}

void finger_guess_shape(uint32_t width, uint32_t height, finger_coarse *ret)
{
    uint32_t cell = 16;
    while (((width + cell - 1) / cell) * ((height + cell - 1) / cell) > FINGER_COARSE_CELLS_MAX) cell += 4;
    *ret = (finger_coarse){.cell = (uint8_t)cell, .cols = (uint8_t)((width + cell - 1) / cell), .rows = (uint8_t)((height + cell - 1) / cell), .guessed = true};
}

void finger_guess(const ent_finger_minutia *minutiae, size_t count, const finger_coarse *shape, uint8_t *ret_at)
{
    float turned[FINGER_MINUTIAE_MAX][2];
    for (size_t i = 0; i < count; i++) {
        double s, c;
        finger_sincos(-2 * FINGER_PI * minutiae[i].angle / 128.0, &s, &c); /* doubled, y down */
        turned[i][0] = (float)c, turned[i][1] = (float)s;
    }
    for (int i = 0; i < shape->cols * shape->rows; i++) {
        const float at[2] = {((float)(i % shape->cols) + 0.5f) * shape->cell, ((float)(i / shape->cols) + 0.5f) * shape->cell};
        ret_at[i] = guess_cell(minutiae, count, (const float (*)[2])turned, at);
    }
}
