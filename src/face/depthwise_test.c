#include "base/test.h"

#include "face/depthwise.h"

#include <math.h>
#include <stdlib.h>

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

static float number(uint64_t *s)
{
    return (float)((double)next(s) / 2147483648.0 - 1);
}

/* The definition: one output. */
static double by_hand(const face_depthwise *d, const float *in, const float w[9], float bias, int y, int x)
{
    double sum = bias;
    for (int k = 0; k < 9; k++) {
        int v = y * d->stride + k / 3 - d->top, u = x * d->stride + k % 3 - d->left;
        if (v >= 0 && u >= 0 && v < d->height && u < d->width) sum += w[k] * in[v * d->width + u];
    }
    return sum;
}

/* Every size from one pixel to past two vectors, with every border and both strides, gives what the definition gives, and writes nothing beside it. */
static void is_a_convolution(void **state)
{
    enum { SIDE = 21, SPARE = 16 };
    uint64_t seed = 3;
    float in[SIDE * SIDE], w[9], out[(SIDE + 2) * (SIDE + 2) + SPARE];
    (void)state;
    for (int round = 0; round < 3000; round++) {
        face_depthwise d = {1 + (int)(next(&seed) % SIDE), 1 + (int)(next(&seed) % SIDE), (int)(next(&seed) % 3), (int)(next(&seed) % 3), (int)(next(&seed) % 3), (int)(next(&seed) % 3), 1 + (int)(next(&seed) % 2)};
        int height = face_depthwise_height(&d), width = face_depthwise_width(&d);
        if (d.height + d.top + d.bottom < 3 || d.width + d.left + d.right < 3) continue;
        assert_true(height > 0 && width > 0 && height <= SIDE + 2 && width <= SIDE + 2);
        for (int i = 0; i < d.height * d.width; i++) in[i] = number(&seed);
        for (int i = 0; i < 9; i++) w[i] = number(&seed);
        float bias = number(&seed), *scratch = malloc(face_depthwise_scratch(&d) * sizeof *scratch); /* exactly: the sanitizer sees what lies beyond */
        assert_non_null(scratch);
        for (int i = 0; i < SPARE; i++) out[height * width + i] = 77;
        face_depthwise_clear(&d, scratch);
        for (int plane = 0; plane < 2; plane++) face_depthwise_run(&d, in, w, bias, scratch, out);
        for (int i = 0; i < height * width; i++)
            if (fabs((double)out[i] - by_hand(&d, in, w, bias, i / width, i % width)) > 1e-5)
                fail_msg("%d x %d, stride %d, at %d: %g", d.height, d.width, d.stride, i, (double)out[i]);
        for (int i = 0; i < SPARE; i++) assert_true(out[height * width + i] == 77);
        free(scratch);
    }
}

/* An image of one moves by the weights' places: no row or column is exchanged. */
static void keeps_its_places(void **state)
{
    const float in[9] = {0, 0, 0, 0, 1, 0, 0, 0, 0}, w[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const face_depthwise d = {3, 3, 1, 1, 1, 1, 1};
    float out[9], scratch[256];
    (void)state;
    assert_true(face_depthwise_scratch(&d) <= 256);
    face_depthwise_clear(&d, scratch);
    face_depthwise_run(&d, in, w, 0, scratch, out);
    for (int i = 0; i < 9; i++) assert_true(out[i] == w[8 - i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_a_convolution), cmocka_unit_test(keeps_its_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
