/* A coarse field for a template that came without one: minutiae lie along the ridges, so their directions, either way, are samples
 * of the orientation. Each cell takes their mean, weighted by nearness; it counts as print where a minutia is near. */
#include "finger/arith.h"
#include "finger/guess.h"

#include <string.h>

#define NEARNESS 600.0f /* square pixels at which a weight has fallen to a quarter */
#define REACH 40        /* pixels from a minutia to where there is no print any more */

enum { ABREAST = 16 }; /* cells of a row at a time: each sums in the order of the minutiae, however many there are beside it */

static void guess_cells(const ent_finger_minutia *m, size_t count, const float (*turned)[2], const float at[ABREAST + 1], uint8_t ret[ABREAST])
{
    float c[ABREAST] = {0}, s[ABREAST] = {0}, nearest[ABREAST];
    for (int k = 0; k < ABREAST; k++) nearest[k] = 1e9f;
    for (size_t i = 0; i < count; i++) {
        float mx = m[i].x, dy = m[i].y - at[ABREAST], yy = dy * dy, tc = turned[i][0], ts = turned[i][1];
        for (int k = 0; k < ABREAST; k++) {
            float dx = mx - at[k], d = dx * dx + yy, w = 1 / (NEARNESS + d);
            c[k] += w * w * tc, s[k] += w * w * ts;
            nearest[k] = d < nearest[k] ? d : nearest[k];
        }
    }
    for (int k = 0; k < ABREAST; k++)
        ret[k] = nearest[k] > REACH * REACH ? 0 : (uint8_t)(1 + (finger_round((double)finger_atan2(s[k], c[k]) * (32 / FINGER_PI)) & 63));
}

void finger_guess_shape(uint32_t width, uint32_t height, finger_coarse *ret)
{
    uint32_t cell = 12, cols, rows;
    do
        cell += 4, cols = (width + cell - 1) / cell, rows = (height + cell - 1) / cell;
    while (cols > UINT8_MAX || rows > UINT8_MAX || cols * rows > FINGER_COARSE_CELLS_MAX);
    *ret = (finger_coarse){.cell = (uint8_t)cell, .cols = (uint8_t)cols, .rows = (uint8_t)rows, .guessed = true};
}

void finger_guess(const ent_finger_minutia *minutiae, size_t count, const finger_coarse *shape, uint8_t *ret_at)
{
    float turned[FINGER_MINUTIAE_MAX][2];
    for (size_t i = 0; i < count; i++) {
        double s, c;
        finger_sincos(-2 * FINGER_PI * minutiae[i].angle / 128.0, &s, &c); /* doubled, y down */
        turned[i][0] = (float)c, turned[i][1] = (float)s;
    }
    for (int y = 0; y < shape->rows; y++)
        for (int x = 0; x < shape->cols; x += ABREAST) {
            float at[ABREAST + 1];
            uint8_t cells[ABREAST];
            for (int k = 0; k < ABREAST; k++) at[k] = ((float)(x + k) + 0.5f) * shape->cell;
            at[ABREAST] = ((float)y + 0.5f) * shape->cell;
            guess_cells(minutiae, count, (const float (*)[2])turned, at, cells);
            memcpy(ret_at + y * shape->cols + x, cells, (size_t)finger_min(shape->cols - x, ABREAST));
        }
}
