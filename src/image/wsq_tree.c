#include "image/wsq.h"

#include <stddef.h>

/* The four quarters by place: top left, top right, bottom left, bottom right. Of an odd side the low half has one more; a
 * flipped side has its high half first. The quarter that is high in a direction is flipped in it at the next level. */
static void split(const wsq_region *r, wsq_region ret[4])
{
    uint32_t w0 = r->flip_x ? r->width / 2 : (r->width + 1) / 2, h0 = r->flip_y ? r->height / 2 : (r->height + 1) / 2;
    for (int i = 0; i < 4; i++)
        ret[i] = (wsq_region){.x = r->x + (i & 1 ? w0 : 0), .y = r->y + (i & 2 ? h0 : 0), .width = i & 1 ? r->width - w0 : w0,
                              .height = i & 2 ? r->height - h0 : h0, .flip_x = i & 1, .flip_y = (i & 2) != 0};
}

/* Sixteen bands of a region that is transformed twice, in order. */
static void sixteen(const wsq_region *r, wsq_region *ret)
{
    wsq_region quarter[4];
    split(r, quarter);
    for (int i = 0; i < 4; i++) split(&quarter[i], ret + 4 * i);
}

void wsq_plan(uint32_t width, uint32_t height, wsq_tree *t)
{
    wsq_region whole[4], low[4], some[4];
    wsq_region bands[16];
    t->node[0] = (wsq_region){.width = width, .height = height};
    split(&t->node[0], whole);
    for (int i = 0; i < 3; i++) t->node[1 + i] = whole[i];
    split(&whole[0], low);
    t->node[4] = low[1];
    t->node[5] = low[2];
    split(&low[1], some);
    for (int i = 0; i < 4; i++) t->node[6 + i] = some[i];
    split(&low[2], some);
    for (int i = 0; i < 4; i++) t->node[10 + i] = some[i];
    t->node[14] = low[0];
    split(&low[0], some);
    for (int i = 0; i < 4; i++) t->node[15 + i] = some[i];
    split(&some[0], bands);
    t->node[19] = bands[0];

    split(&t->node[19], t->band); /* 0 to 3 */
    sixteen(&low[0], bands);
    for (int i = 1; i < 16; i++) t->band[3 + i] = bands[i]; /* 4 to 18 */
    sixteen(&low[1], t->band + 19);                         /* 19 to 34 */
    sixteen(&low[2], t->band + 35);                         /* 35 to 50 */
    t->band[51] = low[3];
    for (int i = 1; i < 4; i++) split(&whole[i], t->band + 48 + 4 * i); /* 52 to 63 */
}

/* ---- lines ---- */

enum { PAD = 8 };

/* Whole-sample symmetric on both ends. */
static void mirror(float *s, int n)
{
    for (int i = 1; i <= PAD; i++) {
        int left = i, right = n - 1 - i;
        if (n == 1) left = right = 0;
        else {
            int turn = 2 * (n - 1);
            left %= turn;
            if (left >= n) left = turn - left;
            right = ((right % turn) + turn) % turn;
            if (right >= n) right = turn - right;
        }
        s[-i] = s[left];
        s[n - 1 + i] = s[right];
    }
}

static float filtered(const float *s, const float *taps, int half)
{
    float sum = taps[0] * s[0];
    for (int i = 1; i <= half; i++) sum += taps[i] * (s[i] + s[-i]);
    return sum;
}

static void line_forward(float *p, ptrdiff_t step, int n, bool flip, const wsq_filters *f, float *line)
{
    float *s = line + PAD;
    int lows = (n + 1) / 2, highs = n / 2;
    for (int i = 0; i < n; i++) s[i] = p[i * step];
    mirror(s, n);
    for (int i = 0; i < lows; i++) p[(flip ? highs + i : i) * step] = filtered(s + 2 * i, f->low, f->low_half);
    for (int i = 0; i < highs; i++) p[(flip ? i : lows + i) * step] = filtered(s + 2 * i + 1, f->high, f->high_half);
}

/* Synthesis: the filters of the other band with every second sign changed, over the lines with zeros between. */
static void line_inverse(float *p, ptrdiff_t step, int n, bool flip, const wsq_filters *g, float *line)
{
    float *low = line + PAD, *high = low + n + 2 * PAD;
    int lows = (n + 1) / 2, highs = n / 2;
    for (int i = 0; i < n; i++) low[i] = high[i] = 0;
    for (int i = 0; i < lows; i++) low[2 * i] = p[(flip ? highs + i : i) * step];
    for (int i = 0; i < highs; i++) high[2 * i + 1] = p[(flip ? i : lows + i) * step];
    mirror(low, n);
    mirror(high, n);
    for (int i = 0; i < n; i++) p[i * step] = filtered(low + i, g->low, g->low_half) + filtered(high + i, g->high, g->high_half);
}

static void alternate(const wsq_filters *f, wsq_filters *g)
{
    *g = (wsq_filters){.low_half = f->high_half, .high_half = f->low_half};
    for (int i = 0; i <= g->low_half; i++) g->low[i] = i & 1 ? -f->high[i] : f->high[i];
    for (int i = 0; i <= g->high_half; i++) g->high[i] = i & 1 ? -f->low[i] : f->low[i];
}

void wsq_forward(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f, float *line)
{
    float *p = plane + (size_t)r->y * stride + r->x;
    for (uint32_t y = 0; y < r->height; y++) line_forward(p + (size_t)y * stride, 1, (int)r->width, r->flip_x, f, line);
    for (uint32_t x = 0; x < r->width; x++) line_forward(p + x, (ptrdiff_t)stride, (int)r->height, r->flip_y, f, line);
}

void wsq_inverse(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f, float *line)
{
    wsq_filters g;
    float *p = plane + (size_t)r->y * stride + r->x;
    if (!r->width || !r->height) return;
    alternate(f, &g);
    for (uint32_t x = 0; x < r->width; x++) line_inverse(p + x, (ptrdiff_t)stride, (int)r->height, r->flip_y, &g, line);
    for (uint32_t y = 0; y < r->height; y++) line_inverse(p + (size_t)y * stride, 1, (int)r->width, r->flip_x, &g, line);
}
