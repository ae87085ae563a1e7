/* Creases, scratches and stripes of the sensor: thin straight lines, lighter or darker than the print, that cross its ridges. Their edges
 * are steeper than the ridges', so that orientation, period and filter would follow them. What lies under them is not seen, and is told so.
 *
 * A valley is a thin light line too, but it has others beside it, at the ridges' period. So a line counts if its mean over 26 pixels
 * stands out from those of all parallel lines 6 to 14 pixels away on both sides; of its two halves the weaker counts, since a blot
 * is bright at one place only. A line that stands out less must go on in its direction. At half resolution and in integers. */
#include "base/wipe.h"
#include "finger/canvas.h"
#include "finger/arith.h"

#include <stdlib.h>

#define DIRECTIONS 16
#define HALF 6 /* of a line, half-pixels */
#define NEAR 3 /* half-pixels */
#define FAR 7
#define EDGE 20 /* half-pixels around, so that no line needs bounds: above 2 * HALF and HALF + FAR */
#define STRONG (FINGER_DEVIATION * (HALF + 1) * 5 / 4)
#define WEAK (FINGER_DEVIATION * (HALF + 1) * 5 / 8)

typedef int16_t eight __attribute__((vector_size(16), aligned(2), may_alias));

typedef struct lines {
    int w, h, stride;
    int16_t *grey, *line[2], *excess; /* planes with EDGE around; line: dark and light */
    int16_t *found;                   /* 1: a line of any direction lies here */
    int step[2 * HALF + 1], aside[FAR + 1]; /* offsets along the direction and across it */
} lines;

static inline eight at(const int16_t *p)
{
    return *(const eight *)p;
}

static inline eight larger(eight a, eight b)
{
    eight first = a > b;
    return (a & first) | (b & ~first);
}

static void direct(lines *l, int direction)
{
    double s, c;
    finger_sincos(direction * FINGER_PI / DIRECTIONS, &s, &c);
    for (int k = 0; k <= 2 * HALF; k++) l->step[k] = finger_round(k * s) * l->stride + finger_round(k * c);
    for (int k = 0; k <= FAR; k++) l->aside[k] = finger_round(k * c) * l->stride - finger_round(k * s);
}

/* line = the weaker half's sum; grey is at most 2.5 deviations, so that HALF + 1 of them are far below 2^15 */
static void add_up(const lines *l)
{
    for (int y = EDGE - FAR; y < l->h + EDGE + FAR; y++)
        for (int x = EDGE - FAR; x < l->w + EDGE + FAR; x += 8) {
            const int16_t *in = l->grey + y * l->stride + x;
            eight before = at(in), after = before;
            for (int k = 1; k <= HALF; k++) before += at(in - l->step[k]), after += at(in + l->step[k]);
            *(eight *)(l->line[0] + y * l->stride + x) = -larger(before, after);
            *(eight *)(l->line[1] + y * l->stride + x) = -larger(-before, -after);
        }
}

/* excess = how far a line is above all those parallel to it */
static void stand_out(const lines *l, const int16_t *line)
{
    for (int y = EDGE; y < l->h + EDGE; y++)
        for (int x = EDGE; x < l->w + EDGE; x += 8) {
            const int16_t *in = line + y * l->stride + x;
            eight most = {0};
            for (int k = NEAR; k <= FAR; k++) most = larger(most, larger(at(in + l->aside[k]), at(in - l->aside[k])));
            *(eight *)(l->excess + y * l->stride + x) = at(in) - most;
        }
}

static bool goes_on(const int16_t *excess, int beside)
{
    return excess[0] >= WEAK || excess[beside] >= WEAK || excess[-beside] >= WEAK;
}

/* three in a row, half a line from each to the next */
static bool is_long(const lines *l, const int16_t *excess)
{
    const int *step = l->step, beside = l->aside[1];
    bool before = goes_on(excess - step[HALF], beside), after = goes_on(excess + step[HALF], beside);
    return (before && after) || (before && goes_on(excess - step[2 * HALF], beside)) ||
           (after && goes_on(excess + step[2 * HALF], beside));
}

static bool mark_one(const lines *l, int i)
{
    const int16_t *excess = l->excess + i;
    if (*excess < WEAK || (*excess < STRONG && !is_long(l, excess))) return false;
    int16_t *found = l->found + i;
    for (int k = 0; k <= HALF / 2; k++) found[l->step[k]] = found[-l->step[k]] = 1;
    return true;
}

static bool mark(const lines *l)
{
    bool any = false;
    for (int y = EDGE; y < l->h + EDGE; y++)
        for (int x = EDGE; x < l->w + EDGE; x += 8) {
            uint64_t halves[2];
            eight some = at(l->excess + y * l->stride + x) >= WEAK;
            memcpy(halves, &some, sizeof halves);
            if (!(halves[0] | halves[1])) continue; /* nearly always */
            for (int k = 0; k < 8 && x + k < l->w + EDGE; k++) any |= mark_one(l, y * l->stride + x + k);
        }
    return any;
}

bool finger_creases(finger_canvas *c)
{
    lines l = {.w = c->w / 2, .h = c->h / 2};
    l.stride = l.w + 2 * EDGE;
    size_t n = (size_t)l.stride * (size_t)(l.h + 2 * EDGE);
    int16_t *memory = calloc(5 * n, sizeof *memory);
    if (!memory) return false;
    l.grey = memory, l.line[0] = memory + n, l.line[1] = memory + 2 * n, l.excess = memory + 3 * n, l.found = memory + 4 * n;
    finger_halve(c, l.grey + EDGE * l.stride + EDGE, l.stride);
    bool any = false;
    for (int d = 0; d < DIRECTIONS; d++) {
        direct(&l, d);
        add_up(&l);
        for (int k = 0; k < 2; k++) {
            stand_out(&l, l.line[k]);
            any |= mark(&l);
        }
    }
    for (int y = 0; any && y < 2 * l.h; y++)
        for (int x = 0; x < 2 * l.w; x++)
            c->lost[finger_lost_at(c, x, y)] = (uint8_t)l.found[(y / 2 + EDGE) * l.stride + x / 2 + EDGE];
    ent_wipe(memory, 5 * n * sizeof *memory);
    free(memory);
    return any;
}
