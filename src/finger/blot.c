/* Blots: dark areas wider than a ridge, where sweat, ink or pressure has closed the valleys. They take most of the contrast around, so that
 * the ridges between them would count as ground, and the filter would lead ridges through them. What lies in a blot is not seen, and is
 * told so (lost), as under a crease.
 *
 * A blot's core is where a square of 10 pixels, wider than any ridge, is dark as a whole. The blot is what is dark up to 6 pixels from a
 * core: its rim, and the ridges' ends that run into it. At half resolution and in integers, which sum up in any order alike. */
#include "base/wipe.h"
#include "finger/canvas.h"
#include "finger/arith.h"

#include <stdlib.h>

#define SQUARE 2 /* half-pixels on each side of the middle one */
#define REACH 3
#define CORE (FINGER_DEVIATION * 11 / 10) /* a square is darker than this in the mean; that of a ridge and its valley is near 0 */
#define RIM (FINGER_DEVIATION * 3 / 10)

/* out = the sums of in over squares that reach so far from their middles; nothing lies outside. Of columns, w + 2 * reach are used.
 * A sum has at most 49 terms of 2.5 deviations: below 2^15. */
static void square_sums(const int16_t *in, int16_t *out, int w, int h, int reach, int16_t *columns)
{
    memset(columns, 0, (size_t)(w + 2 * reach) * sizeof *columns);
    for (int y = -reach; y < h; y++) {
        if (y + reach < h)
            for (int x = 0; x < w; x++) columns[reach + x] += in[(y + reach) * w + x];
        if (y > reach)
            for (int x = 0; x < w; x++) columns[reach + x] -= in[(y - reach - 1) * w + x];
        for (int x = 0; y >= 0 && x < w; x++) {
            int16_t sum = 0;
            for (int k = 0; k <= 2 * reach; k++) sum += columns[x + k];
            out[y * w + x] = sum;
        }
    }
}

bool finger_blots(finger_canvas *c)
{
    int w = c->w / 2, h = c->h / 2;
    size_t n = (size_t)w * (size_t)h, all = 3 * n + (size_t)w + 2 * REACH;
    int16_t *memory = malloc(all * sizeof *memory);
    if (!memory) return false;
    int16_t *grey = memory, *core = grey + n, *sum = core + n, *columns = sum + n;
    bool any = false;
    finger_halve(c, grey, w);
    square_sums(grey, sum, w, h, SQUARE, columns);
    for (size_t i = 0; i < n; i++) core[i] = sum[i] < -CORE * (2 * SQUARE + 1) * (2 * SQUARE + 1), any |= core[i];
    if (any) square_sums(core, sum, w, h, REACH, columns);
    for (int y = 0; any && y < 2 * h; y++)
        for (int x = 0; x < 2 * w; x++) {
            int i = y / 2 * w + x / 2;
            if (sum[i] && grey[i] < -RIM) c->lost[finger_lost_at(c, x, y)] = 1;
        }
    ent_wipe(memory, all * sizeof *memory);
    free(memory);
    return any;
}
