/* The line transforms of WSQ, there and back. A line's even and odd samples are filtered apart (half of a line with zeros between
 * its samples need not be multiplied), eight at a time: along a row the eight are neighbours, down a column they are the rows'. The
 * body is written once and inlined into one function for each kind of machine; every sum has the order that the textbook's loop
 * has, from the centre outward, low before high, so that each kind gives the same floats (wsq_test.c). */
#include "image/wsq.h"

#include <stddef.h>
#include <string.h>

#define INLINE __attribute__((always_inline)) static inline

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));

enum { LANES = 8, STRIP = 2 * LANES, MARGIN = 4 /* samples of each half that 15 taps reach past an end */ };

#define AT(p) (*(const eight *)(p))

/* Where a sample past an end comes from: mirrored about the last one (n >= 2). Even stays even. */
static int mirrored(int i, int n)
{
    int turn = 2 * (n - 1);
    i = ((i % turn) + turn) % turn;
    return i < n ? i : turn - i;
}

/* Fills MARGIN samples on both sides of the even and the odd samples of a line of n; each sample is `step` floats. */
static void fill_margins(float *even, float *odd, int n, ptrdiff_t step)
{
    int evens = (n + 1) / 2, odds = n / 2;
    size_t size = (size_t)step * sizeof *even;
    for (int k = 1; k <= MARGIN; k++) {
        int after = evens - 1 + k, behind = odds - 1 + k;
        memcpy(even - k * step, even + mirrored(-2 * k, n) / 2 * step, size);
        memcpy(odd - k * step, odd + mirrored(1 - 2 * k, n) / 2 * step, size);
        memcpy(even + after * step, even + mirrored(2 * after, n) / 2 * step, size);
        memcpy(odd + behind * step, odd + mirrored(2 * behind + 1, n) / 2 * step, size);
    }
}

/* A filter centred on a sample whose neighbours of the same parity begin at `same`; the other parity's next sample after the centre
 * is `next`. */
INLINE void centred(const float *same, const float *next, ptrdiff_t step, const float *taps, int half, eight *ret)
{
    eight sum = taps[0] * AT(same);
    for (int i = 1; i <= half; i++) {
        const float *p = i & 1 ? next : same;
        ptrdiff_t up = i / 2 * step, down = i & 1 ? up + step : up;
        sum += taps[i] * (AT(p + up) + AT(p - down));
    }
    *ret = sum;
}

/* Of a line with zeros between its samples: centred on a sample, and between two (`next` is the one after). */
INLINE void on_sample(const float *p, ptrdiff_t step, const float *taps, int half, eight *ret)
{
    eight sum = taps[0] * AT(p);
    for (int i = 2; i <= half; i += 2) sum += taps[i] * (AT(p + i / 2 * step) + AT(p - i / 2 * step));
    *ret = sum;
}

INLINE void between(const float *next, ptrdiff_t step, const float *taps, int half, eight *ret)
{
    eight sum = {0};
    for (int i = 1; i <= half; i += 2) sum += taps[i] * (AT(next + i / 2 * step) + AT(next - (i / 2 + 1) * step));
    *ret = sum;
}

/* Synthesis of the samples 2m and 2m + 1 from low and high at m. */
INLINE void join(const float *low, const float *high, ptrdiff_t step, const wsq_filters *g, int low_half, int high_half, eight ret[2])
{
    eight a, b, c, d;
    on_sample(low, step, g->low, low_half, &a);
    between(high, step, g->high, high_half, &b);
    between(low + step, step, g->low, low_half, &c);
    on_sample(high, step, g->high, high_half, &d);
    ret[0] = a + b;
    ret[1] = c + d;
}

/* Analysis: low at 2m, high at 2m + 1. */
INLINE void part(const float *even, const float *odd, ptrdiff_t step, const wsq_filters *f, int low_half, int high_half, eight ret[2])
{
    centred(even, odd, step, f->low, low_half, &ret[0]);
    centred(odd, even + step, step, f->high, high_half, &ret[1]);
}

INLINE void store(float *to, const eight *from, int count)
{
    if (count >= LANES) *(eight *)to = *from;
    else if (count > 0) memcpy(to, from, (size_t)count * sizeof *to);
}

typedef struct halves {
    float *a, *b; /* even and odd samples, or low and high, with margins */
    int first, second, n;
    ptrdiff_t at_first, at_second; /* in the plane: where the low and the high half begin, in samples */
} halves;

INLINE halves halve(int n, bool flip, ptrdiff_t step, float *scratch)
{
    int lows = (n + 1) / 2, highs = n / 2;
    float *a = scratch + MARGIN * step, *b = a + (lows + 2 * MARGIN) * step + 2 * LANES;
    return (halves){a, b, lows, highs, n, flip ? highs : 0, flip ? 0 : lows};
}

INLINE void row_inverse(float *row, const halves *h, const wsq_filters *g, int low_half, int high_half)
{
    memcpy(h->a, row + h->at_first, (size_t)h->first * sizeof *row);
    memcpy(h->b, row + h->at_second, (size_t)h->second * sizeof *row);
    fill_margins(h->a, h->b, h->n, 1);
    for (int m = 0; m < h->first; m += LANES) {
        eight s[2], mixed[2];
        join(h->a + m, h->b + m, 1, g, low_half, high_half, s);
        mixed[0] = __builtin_shufflevector(s[0], s[1], 0, 8, 1, 9, 2, 10, 3, 11);
        mixed[1] = __builtin_shufflevector(s[0], s[1], 4, 12, 5, 13, 6, 14, 7, 15);
        store(row + 2 * m, &mixed[0], h->n - 2 * m);
        store(row + 2 * m + LANES, &mixed[1], h->n - 2 * m - LANES);
    }
}

INLINE void row_forward(float *row, const halves *h, const wsq_filters *f, int low_half, int high_half)
{
    for (int i = 0; i < h->second; i++) h->a[i] = row[2 * i], h->b[i] = row[2 * i + 1];
    if (h->first > h->second) h->a[h->second] = row[h->n - 1];
    fill_margins(h->a, h->b, h->n, 1);
    for (int m = 0; m < h->first; m += LANES) {
        eight s[2];
        part(h->a + m, h->b + m, 1, f, low_half, high_half, s);
        store(row + h->at_first + m, &s[0], h->first - m);
        store(row + h->at_second + m, &s[1], h->second - m);
    }
}

/* A strip of `width` columns, at most STRIP. */
INLINE void strip_inverse(float *p, ptrdiff_t stride, int width, const halves *h, const wsq_filters *g, int low_half, int high_half)
{
    size_t size = (size_t)width * sizeof *p;
    for (int m = 0; m < h->first; m++) memcpy(h->a + m * STRIP, p + (h->at_first + m) * stride, size);
    for (int m = 0; m < h->second; m++) memcpy(h->b + m * STRIP, p + (h->at_second + m) * stride, size);
    fill_margins(h->a, h->b, h->n, STRIP);
    for (int m = 0; m < h->first; m++)
        for (int x = 0; x < width; x += LANES) {
            eight s[2];
            join(h->a + m * STRIP + x, h->b + m * STRIP + x, STRIP, g, low_half, high_half, s);
            store(p + 2 * m * stride + x, &s[0], width - x);
            if (m < h->second) store(p + (2 * m + 1) * stride + x, &s[1], width - x);
        }
}

INLINE void strip_forward(float *p, ptrdiff_t stride, int width, const halves *h, const wsq_filters *f, int low_half, int high_half)
{
    size_t size = (size_t)width * sizeof *p;
    for (int i = 0; i < h->n; i++) memcpy((i & 1 ? h->b : h->a) + i / 2 * STRIP, p + i * stride, size);
    fill_margins(h->a, h->b, h->n, STRIP);
    for (int m = 0; m < h->first; m++)
        for (int x = 0; x < width; x += LANES) {
            eight s[2];
            part(h->a + m * STRIP + x, h->b + m * STRIP + x, STRIP, f, low_half, high_half, s);
            store(p + (h->at_first + m) * stride + x, &s[0], width - x);
            if (m < h->second) store(p + (h->at_second + m) * stride + x, &s[1], width - x);
        }
}

INLINE void region_inverse(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *g, float *scratch, int low_half, int high_half)
{
    float *p = plane + (size_t)r->y * stride + r->x;
    int width = (int)r->width;
    halves down = halve((int)r->height, r->flip_y, STRIP, scratch), across = halve(width, r->flip_x, 1, scratch);
    for (int x = 0; x < width; x += STRIP) strip_inverse(p + x, stride, width - x < STRIP ? width - x : STRIP, &down, g, low_half, high_half);
    for (uint32_t y = 0; y < r->height; y++) row_inverse(p + (size_t)y * stride, &across, g, low_half, high_half);
}

INLINE void region_forward(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f, float *scratch, int low_half, int high_half)
{
    float *p = plane + (size_t)r->y * stride + r->x;
    int width = (int)r->width;
    halves down = halve((int)r->height, r->flip_y, STRIP, scratch), across = halve(width, r->flip_x, 1, scratch);
    for (uint32_t y = 0; y < r->height; y++) row_forward(p + (size_t)y * stride, &across, f, low_half, high_half);
    for (int x = 0; x < width; x += STRIP) strip_forward(p + x, stride, width - x < STRIP ? width - x : STRIP, &down, f, low_half, high_half);
}

/* The synthesis filters are those of the other band with every second sign changed. */
static wsq_filters synthesis(const wsq_filters *f)
{
    wsq_filters g = {.low_half = f->high_half, .high_half = f->low_half};
    for (int i = 0; i <= g.low_half; i++) g.low[i] = i & 1 ? -f->high[i] : f->high[i];
    for (int i = 0; i <= g.high_half; i++) g.high[i] = i & 1 ? -f->low[i] : f->low[i];
    return g;
}

/* The filters that every encoder uses, 9 and 7 taps, are unrolled. */
#define VARIANT(name, attribute)                                                                                       \
    attribute static void forward_##name(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f,     \
                                         float *scratch)                                                               \
    {                                                                                                                  \
        if (f->low_half == 4 && f->high_half == 3) region_forward(plane, stride, r, f, scratch, 4, 3);                 \
        else region_forward(plane, stride, r, f, scratch, f->low_half, f->high_half);                                  \
    }                                                                                                                  \
    attribute static void inverse_##name(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f,     \
                                         float *scratch)                                                               \
    {                                                                                                                  \
        const wsq_filters g = synthesis(f);                                                                            \
        if (g.low_half == 3 && g.high_half == 4) region_inverse(plane, stride, r, &g, scratch, 3, 4);                  \
        else region_inverse(plane, stride, r, &g, scratch, g.low_half, g.high_half);                                   \
    }                                                                                                                  \
    static const wsq_lines lines_##name = {#name, forward_##name, inverse_##name};

VARIANT(plain, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
#endif

const wsq_lines *wsq_lines_at(int i)
{
    const wsq_lines *all[2] = {&lines_plain};
    int n = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) all[n++] = &lines_avx2;
#endif
    return i >= 0 && i < n ? all[i] : NULL;
}

const wsq_lines *wsq_lines_best(void)
{
    int i = 0;
    while (wsq_lines_at(i + 1)) i++;
    return wsq_lines_at(i);
}
