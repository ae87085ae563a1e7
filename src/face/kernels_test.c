#ifdef FACE_HAS_EMULATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#pragma GCC diagnostic pop
#define FACE_EMULATED
#define face_dots_vnni emulated_dots_vnni
#include "face/kernel_vnni.c"
#undef face_dots_vnni
#endif

#include "base/test.h"

#include "face/kernels.h"

#include <stdbool.h>

enum { ROWS = 19, PROBES = 9, STRIDE = 960 };

static uint8_t rows[ROWS * STRIDE];
static int8_t values[PROBES * STRIDE];
static int16_t wide[PROBES * STRIDE];
static int32_t bias[PROBES];

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

/* extreme: every number at one of its limits, where sums that are too narrow would overflow */
static void fill(uint64_t *seed, size_t stride, bool extreme)
{
    memset(bias, 0, sizeof bias);
    for (size_t i = 0; i < ROWS * stride; i++) rows[i] = (uint8_t)(extreme ? (i % 3 ? 255 : 1) : 1 + next(seed) % 255);
    for (size_t i = 0; i < PROBES * stride; i++) {
        int v = extreme ? (i % 3 ? 127 : -127) : (int)(next(seed) % 255) - 127;
        values[i] = (int8_t)v, wide[i] = (int16_t)v, bias[i / stride] += 128 * v;
    }
}

static void compare(const face_kernel *k, uint64_t *seed)
{
    int32_t is[ROWS * PROBES], should[ROWS * PROBES];
    for (int round = 0; round < 60; round++) {
        size_t stride = 64 * (1 + next(seed) % 15), n = 1 + next(seed) % ROWS, m = 1 + next(seed) % PROBES;
        fill(seed, stride, round % 5 == 0);
        face_rows r = {rows, n, stride};
        face_probes p = {values, wide, bias, m};
        memset(is, 0xa5, sizeof is);
        memset(should, 0xa5, sizeof should);
        face_dots_plain(&r, &p, should);
        k->dots(&r, &p, is);
        for (size_t i = 0; i < ROWS * PROBES; i++)
            if (is[i] != should[i]) fail_msg("%s: stride %zu, %zu rows, %zu probes: %d for %d at %zu", k->name, stride, n, m, is[i], should[i], i);
    }
}

/* The plain kernel gives the products that are counted here by hand. */
static void plain_is_right(void **state)
{
    int32_t is[2];
    (void)state;
    memset(rows, 128, 128), memset(values, 0, 64), memset(bias, 0, sizeof bias);
    rows[0] = 128 + 3, rows[1] = 128 - 2, rows[64] = 255, values[0] = 5, values[1] = -7;
    face_dots_plain(&(face_rows){rows, 2, 64}, &(face_probes){values, NULL, bias, 1}, is);
    assert_int_equal(is[0], 15 + 14);
    assert_int_equal(is[1], 127 * 5);
}

/* Every kernel of this machine gives the plain one's numbers, at all widths, for all counts of rows and probes, and at the limits. */
static void all_are_equal(void **state)
{
    uint64_t seed = 5;
    const face_kernel *k;
    (void)state;
    for (int i = 0; (k = face_kernel_at(i)); i++) {
        printf("kernel %s\n", k->name);
        compare(k, &seed);
    }
}

/* The AVX-512 kernel too, on machines that have it not. */
static void emulated_is_equal(void **state)
{
    (void)state;
#ifdef FACE_HAS_EMULATION
    uint64_t seed = 6;
    compare(&(face_kernel){"avx512-vnni, emulated", emulated_dots_vnni}, &seed);
#else
    printf("skipped: no emulation (libsimde-dev)\n");
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain_is_right), cmocka_unit_test(all_are_equal), cmocka_unit_test(emulated_is_equal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
