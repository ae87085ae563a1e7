/* The line transforms of each kind that this machine can run give what the textbook's loops give, float for float. */
#include "base/test.h"

#include "image/wsq.h"

enum { SIDE = 90 };

static unsigned seed = 1;

static float draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 16) - 128;
}

/* ---- the textbook's loops: a line with its mirrored ends, every tap at every sample ---- */

static float source(const float *s, int n, int i)
{
    while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
    return s[i];
}

static float filtered(const float *s, int n, int at, const float *taps, int half)
{
    float sum = taps[0] * source(s, n, at);
    for (int i = 1; i <= half; i++) sum += taps[i] * (source(s, n, at + i) + source(s, n, at - i));
    return sum;
}

static void line_forward(float *p, int step, int n, bool flip, const wsq_filters *f)
{
    float s[SIDE];
    for (int i = 0; i < n; i++) s[i] = p[i * step];
    for (int i = 0; i < (n + 1) / 2; i++) p[((flip ? n / 2 : 0) + i) * step] = filtered(s, n, 2 * i, f->low, f->low_half);
    for (int i = 0; i < n / 2; i++) p[((flip ? 0 : (n + 1) / 2) + i) * step] = filtered(s, n, 2 * i + 1, f->high, f->high_half);
}

static void line_inverse(float *p, int step, int n, bool flip, const wsq_filters *g)
{
    float low[SIDE] = {0}, high[SIDE] = {0};
    for (int i = 0; i < (n + 1) / 2; i++) low[2 * i] = p[((flip ? n / 2 : 0) + i) * step];
    for (int i = 0; i < n / 2; i++) high[2 * i + 1] = p[((flip ? 0 : (n + 1) / 2) + i) * step];
    for (int i = 0; i < n; i++) p[i * step] = filtered(low, n, i, g->low, g->low_half) + filtered(high, n, i, g->high, g->high_half);
}

static void plain(float *plane, const wsq_region *r, const wsq_filters *f, bool back)
{
    float *p = plane + r->y * SIDE + r->x;
    wsq_filters g = {.low_half = f->high_half, .high_half = f->low_half};
    for (int i = 0; i < WSQ_TAPS; i++) g.low[i] = i & 1 ? -f->high[i] : f->high[i], g.high[i] = i & 1 ? -f->low[i] : f->low[i];
    for (int y = 0; !back && y < (int)r->height; y++) line_forward(p + y * SIDE, 1, (int)r->width, r->flip_x, f);
    for (int x = 0; x < (int)r->width; x++)
        if (back) line_inverse(p + x, SIDE, (int)r->height, r->flip_y, &g);
        else line_forward(p + x, SIDE, (int)r->height, r->flip_y, f);
    for (int y = 0; back && y < (int)r->height; y++) line_inverse(p + y * SIDE, 1, (int)r->width, r->flip_x, &g);
}

static void each_kind_equals_the_plain_loops(void **state)
{
    static const int halves[][2] = {{4, 3}, {3, 4}, {0, 0}, {1, 2}, {7, 7}, {7, 0}, {5, 6}};
    static float before[SIDE * SIDE], expected[SIDE * SIDE], got[SIDE * SIDE], scratch[WSQ_SCRATCH(SIDE)];
    const wsq_lines *lines;
    (void)state;
    for (int round = 0; round < 400; round++) {
        wsq_filters f = {.low_half = halves[round % 7][0], .high_half = halves[round % 7][1]};
        for (int i = 0; i < WSQ_TAPS; i++) f.low[i] = draw() / 128, f.high[i] = draw() / 128;
        for (int i = 0; i < SIDE * SIDE; i++) before[i] = draw();
        wsq_region r = {.width = 2 + (uint32_t)round * 7 % 70, .height = 2 + (uint32_t)round * 5 % 61, .x = (uint32_t)round % 17, .y = (uint32_t)round % 5,
                        .flip_x = round & 1, .flip_y = (round & 2) != 0};
        for (int back = 0; back < 2; back++) {
            memcpy(expected, before, sizeof before);
            plain(expected, &r, &f, back);
            for (int k = 0; (lines = wsq_lines_at(k)); k++) {
                memcpy(got, before, sizeof before);
                (back ? lines->inverse : lines->forward)(got, SIDE, &r, &f, scratch);
                for (int i = 0; i < SIDE * SIDE; i++)
                    if (got[i] != expected[i]) fail_msg("%s, round %d, %s: sample %d, %d is %g, not %g", lines->name, round, back ? "back" : "there", i % SIDE, i / SIDE, (double)got[i], (double)expected[i]);
            }
        }
    }
}

/* Each pixel of an image belongs to one subband. */
static void subbands_tile_the_plane(void **state)
{
    static const uint32_t sides[][2] = {{17, 17}, {17, 40}, {31, 18}, {32, 32}, {33, 47}, {64, 64}, {89, 90}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        static uint8_t seen[SIDE * SIDE];
        wsq_tree t;
        memset(seen, 0, sizeof seen);
        wsq_plan(sides[i][0], sides[i][1], &t);
        for (int k = 0; k < WSQ_BANDS; k++)
            for (uint32_t y = 0; y < t.band[k].height; y++)
                for (uint32_t x = 0; x < t.band[k].width; x++) seen[(t.band[k].y + y) * SIDE + t.band[k].x + x]++;
        for (uint32_t y = 0; y < sides[i][1]; y++)
            for (uint32_t x = 0; x < sides[i][0]; x++) assert_int_equal(seen[y * SIDE + x], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_kind_equals_the_plain_loops), cmocka_unit_test(subbands_tile_the_plane)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
