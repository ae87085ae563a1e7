/* The oriented band-pass filter: a Gabor kernel of the cell's orientation (32 steps) and period (12 steps), without
 * mean, applied to the normalised print. One kernel serves a whole cell of 8 x 8 pixels; a pixel's sum runs over the
 * taps in one fixed order, so the vector width does not change the result. The response's share of the print's local
 * energy is the best single measure of local quality there is here: noise and smears have energy, but not of one
 * orientation and period. */
#include "finger/canvas.h"
#include "finger/arith.h"
#include "finger/kernels.h"

#include <stdlib.h>

#define REACH FINGER_REACH
#define TAPS FINGER_TAPS
#define ORIENTATIONS 32
#define PERIODS 12
#define ACROSS 0.38 /* deviation of the window across the ridges, periods */
#define ALONG 4.5   /* and along them, pixels */
#define QUALITY_SCALE 90.0f
#define LEAST_QUALITY 45.0f
#define LEAST_STRENGTH 0.2f

typedef struct bank {
    float kernel[ORIENTATIONS][PERIODS][TAPS];
    bool made[ORIENTATIONS][PERIODS];
} bank;

/* period of step p: 5 to 15 pixels, each 1.105 times the one before */
static float step_period(int p)
{
    float period = 5;
    for (int k = 0; k < p; k++) period *= 1.105f;
    return period;
}

static int period_step(float period)
{
    int p = 0;
    float edge = 5 * 1.0512f;
    while (p < PERIODS - 1 && period > edge) p++, edge *= 1.105f;
    return p;
}

static void make_kernel(float *kernel, int orientation, int step)
{
    double sn, cs, period = (double)step_period(step);
    finger_sincos(orientation * (FINGER_PI / ORIENTATIONS), &sn, &cs);
    double across = ACROSS * period, along = ALONG, sum = 0, weight = 0, window[TAPS], wave[TAPS], norm = 0;
    for (int k = 0; k <= TAPS / 2; k++) { /* the kernel is the same from both ends */
        double x = k % (2 * REACH + 1) - REACH, y = k / (2 * REACH + 1) - REACH, unused;
        double u = -sn * x + cs * y, v = cs * x + sn * y, twice = k < TAPS / 2 ? 2 : 1;
        finger_sincos(2 * FINGER_PI * u / period, &unused, &wave[k]);
        window[k] = finger_exp(-u * u / (2 * across * across) - v * v / (2 * along * along));
        sum += twice * window[k] * wave[k], weight += twice * window[k];
    }
    for (int k = 0; k <= TAPS / 2; k++) { /* without mean; a wave of amplitude 1 gets the response 1 */
        window[k] *= wave[k] - sum / weight;
        norm += (k < TAPS / 2 ? 2 : 1) * window[k] * wave[k];
    }
    for (int k = 0; k <= TAPS / 2; k++) /* ridges are dark, so the sign turns */
        kernel[k] = kernel[TAPS - 1 - k] = (float)(-window[k] / norm);
}

static void filter(const finger_canvas *c, bank *b)
{
    const finger_kernels *kernels = finger_kernels_best();
    for (int cy = 0; cy < c->rows; cy++)
        for (int cx = 0; cx < c->cols; cx++) {
            size_t i = (size_t)cy * (size_t)c->cols + (size_t)cx;
            float *out = c->response + finger_at(c, cx * FINGER_CELL, cy * FINGER_CELL);
            if (!c->mask[i]) {
                for (int r = 0; r < FINGER_CELL; r++) memset(out + r * c->stride, 0, FINGER_CELL * sizeof *out);
                continue;
            }
            int o = (int)(c->theta[i] * (float)(ORIENTATIONS / FINGER_PI) + 0.5f) % ORIENTATIONS;
            int p = period_step(c->period[i]);
            if (!b->made[o][p]) make_kernel(b->kernel[o][p], o, p), b->made[o][p] = true;
            kernels->filter(c->norm + finger_at(c, cx * FINGER_CELL, cy * FINGER_CELL), out, c->stride, b->kernel[o][p]);
        }
}

static float cell_energy(const finger_canvas *c, const float *plane, int cx, int cy)
{
    float sum = 0;
    for (int r = 0; r < FINGER_CELL; r++) {
        const float *p = plane + finger_at(c, cx * FINGER_CELL, cy * FINGER_CELL + r);
        const uint8_t *lost = c->lost + finger_lost_at(c, cx * FINGER_CELL, cy * FINGER_CELL + r);
        for (int x = 0; x < FINGER_CELL; x++) sum += lost[x] ? 0 : p[x] * p[x];
    }
    return sum;
}

/* quality: the response's share of the energy in the 3 x 3 cells around, 1 to 100 */
static void judge(finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    float *answer = c->scratch, *given = answer + cells;
    for (int cy = 0; cy < c->rows; cy++)
        for (int cx = 0; cx < c->cols; cx++) {
            size_t i = (size_t)cy * (size_t)c->cols + (size_t)cx;
            answer[i] = c->mask[i] ? cell_energy(c, c->response, cx, cy) : 0;
            given[i] = c->mask[i] ? cell_energy(c, c->work, cx, cy) : 0;
        }
    for (int cy = 0; cy < c->rows; cy++)
        for (int cx = 0; cx < c->cols; cx++) {
            size_t i = (size_t)cy * (size_t)c->cols + (size_t)cx;
            c->quality[i] = 0;
            if (!c->mask[i]) continue;
            float a = 0, g = 1;
            for (int k = 0; k < 9; k++) {
                int x = cx + k % 3 - 1, y = cy + k / 3 - 1;
                if (x < 0 || y < 0 || x >= c->cols || y >= c->rows) continue;
                a += answer[y * c->cols + x], g += given[y * c->cols + x];
            }
            c->quality[i] = (uint8_t)finger_clamp(QUALITY_SCALE * sqrtf(a / g), 1, 100);
        }
}

/* keeps the largest connected part of the mask and those of at least a fifth of its size */
static void keep_large_parts(finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows, largest = 0;
    int *label = (int *)c->scratch, *stack = label + cells; /* scratch has the room, and floats are as large */
    float *sizes = c->scratch + 2 * cells;
    int labels = 0;
    memset(label, 0, cells * sizeof *label);
    for (size_t start = 0; start < cells; start++) {
        if (!c->mask[start] || label[start]) continue;
        size_t depth = 0, size = 0;
        stack[depth++] = (int)start, label[start] = ++labels;
        while (depth) {
            int at = stack[--depth], x = at % c->cols, y = at / c->cols;
            size++;
            const int next[4] = {x > 0 ? at - 1 : at, x < c->cols - 1 ? at + 1 : at, y > 0 ? at - c->cols : at,
                                 y < c->rows - 1 ? at + c->cols : at};
            for (int k = 0; k < 4; k++)
                if (c->mask[next[k]] && !label[next[k]]) label[next[k]] = labels, stack[depth++] = next[k];
        }
        sizes[labels - 1] = (float)size;
        if (size > largest) largest = size;
    }
    for (size_t i = 0; i < cells; i++)
        if (label[i] && sizes[label[i] - 1] * 5 < (float)largest) c->mask[i] = 0;
}

/* Second look at the foreground, now that ridges have answered: cells where they are most of what there is, and not
 * much weaker than in the print's clear part (edges of the sensor, latent residue, stripes). */
static void segment_by_response(finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows, histogram[256] = {0}, seen = 0, all = 0;
    float *vote = c->scratch, *spare = vote + cells;
    for (size_t i = 0; i < cells; i++) {
        vote[i] = (float)c->quality[i];
        if (!c->mask[i]) continue;
        all++, histogram[finger_min(255, (int)(c->contrast[i] * (float)c->quality[i] / 100))]++;
    }
    int clear = 255;
    for (; clear > 0 && (seen += histogram[clear]) * 4 < all; clear--) {}
    finger_smooth(vote, spare, c, 2);
    for (size_t i = 0; i < cells; i++)
        c->mask[i] = c->mask[i] && vote[i] > LEAST_QUALITY && c->contrast[i] * vote[i] / 100 > LEAST_STRENGTH * (float)clear;
    for (size_t i = 0; i < cells; i++) vote[i] = c->mask[i];
    finger_smooth(vote, spare, c, 3);
    for (size_t i = 0; i < cells; i++) c->mask[i] = vote[i] > 0.5f && c->quality[i];
    keep_large_parts(c);
    for (size_t i = 0; i < cells; i++)
        if (!c->mask[i]) c->quality[i] = 0;
}

/* under creases and in blots, the print is what the filter makes of its surroundings */
static void fill(finger_canvas *c)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++)
            if (c->lost[finger_lost_at(c, x, y)]) c->norm[finger_at(c, x, y)] = -c->response[finger_at(c, x, y)];
}

void finger_enhance(finger_canvas *c)
{
    bank *b = calloc(1, sizeof *b); /* 560 KB: too much for a stack */
    if (!b) return;                 /* no response: no minutiae are found, and extract says so */
    filter(c, b);
    judge(c);
    segment_by_response(c);
    finger_orient(c, c->response);
    fill(c);
    filter(c, b);
    judge(c);
    free(b);
}
