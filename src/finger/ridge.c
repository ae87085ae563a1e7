/* From the fields of an extraction to what the template keeps of them: the coarse orientation field, and the ridge
 * part, the response at half resolution in four levels around the middle of the print. */
#include "finger/ridge.h"
#include "finger/arith.h"

#include <stdlib.h>

/* mean orientation of the foreground inside one coarse cell */
static uint8_t coarse_value(const finger_canvas *c, int x0, int y0, int cell)
{
    double s = 0, co = 0;
    int inside = 0, all = 0;
    for (int y = y0 + 2; y < y0 + cell; y += 4)
        for (int x = x0 + 2; x < x0 + cell; x += 4) {
            all++;
            if (!finger_foreground(c, x, y)) continue;
            size_t i = finger_cell(c, x, y);
            double sk, ck;
            finger_sincos(2 * (double)c->theta[i], &sk, &ck);
            s += sk, co += ck, inside++;
        }
    if (2 * inside < all) return 0;
    int v = finger_round((double)finger_atan2((float)s, (float)co) * (32 / FINGER_PI));
    return (uint8_t)(1 + (v & 63));
}

static void coarse_fill(const finger_canvas *c, int cell, finger_coarse *f)
{
    f->cell = (uint8_t)cell;
    f->cols = (uint8_t)((c->w + cell - 1) / cell), f->rows = (uint8_t)((c->h + cell - 1) / cell);
    for (int y = 0; y < f->rows; y++)
        for (int x = 0; x < f->cols; x++) f->at[y * f->cols + x] = coarse_value(c, x * cell, y * cell, cell);
}

bool finger_coarse_make(const finger_canvas *c, size_t minutiae, finger_coarse *ret)
{
    int cell = 16;
    while ((c->w + cell - 1) / cell > 255 || (c->h + cell - 1) / cell > 255) cell += 4;
    finger_coarse f = {.at = malloc((size_t)((c->w + cell - 1) / cell) * (size_t)((c->h + cell - 1) / cell))};
    if (!f.at) return false;
    for (; cell < 256; cell += 4) {
        coarse_fill(c, cell, &f);
        if (finger_compact_size(minutiae, &f) <= FINGER_COMPACT_GOAL) break;
    }
    *ret = f;
    return true;
}

/* the foreground's bounding box along one axis, in cells; cut to `most` around its middle */
static void extent(const finger_canvas *c, bool vertical, int most, int *ret_first, int *ret_count)
{
    int n = vertical ? c->rows : c->cols, m = vertical ? c->cols : c->rows, first = n, last = -1;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < m; k++)
            if (c->mask[vertical ? i * c->cols + k : k * c->cols + i]) first = finger_min(first, i), last = i;
    int count = last < first ? 0 : last - first + 1;
    if (count > most) first += (count - most) / 2, count = most;
    *ret_first = first, *ret_count = count;
}

static uint8_t level_at(const finger_canvas *c, int x, int y)
{
    if (!c->mask[finger_cell(c, x, y)]) return 4; /* cells reach past the print's edge; there the response is weak */
    const float *p = c->response + finger_at(c, x, y);
    float v = 0.25f * (p[0] + p[1] + p[c->stride] + p[c->stride + 1]);
    if (v > 0) return v > 0.5f ? 3 : 2;
    return v < -0.5f ? 0 : 1;
}

bool finger_ridge_make(const finger_canvas *c, finger_ridge *ret)
{
    int most = FINGER_RIDGE_SIDE / FINGER_RIDGE_CELL, x0, y0, cols, rows;
    extent(c, false, most, &x0, &cols);
    extent(c, true, most, &y0, &rows);
    finger_ridge r = {.x = (uint16_t)(4 * x0), .y = (uint16_t)(4 * y0), .w = (uint16_t)(4 * cols), .h = (uint16_t)(4 * rows)};
    r.level = malloc((size_t)r.w * r.h + 1);
    if (!r.level) return false;
    for (int y = 0; y < r.h; y++)
        for (int x = 0; x < r.w; x++)
            r.level[y * r.w + x] = level_at(c, 2 * (r.x + x), 2 * (r.y + y));
    *ret = r;
    return true;
}
