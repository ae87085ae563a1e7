#ifdef FACE_HAS_EMULATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#pragma GCC diagnostic pop
#include <string.h>
/* The one instruction that Debian's libsimde does not have. */
static simde__m512 emulated_convert(simde__m512i v)
{
    int32_t whole[16];
    float number[16];
    simde__m512 r;
    memcpy(whole, &v, sizeof whole);
    for (int i = 0; i < 16; i++) number[i] = (float)whole[i];
    memcpy(&r, number, sizeof r);
    return r;
}
#define _mm512_cvtepi32_ps emulated_convert
#define FACE_EMULATED
#define face_dots_vnni emulated_dots_vnni
#define face_screen_vnni emulated_screen_vnni
#include "face/kernel_vnni.c"
#undef face_dots_vnni
#undef face_screen_vnni
#endif

#include "base/test.h"

#include "face/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ROWS = 19, STRIDE = 960, SHIFTS = 33 };

static uint8_t rows[ROWS * STRIDE + SHIFTS];
static int8_t values[STRIDE], panels[FACE_PANELS * FACE_PANEL * STRIDE + SHIFTS];
static int16_t wide[STRIDE];
static float inverse[ROWS];

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

/* extreme: every number at one of its limits, where sums that are too narrow would overflow */
static void fill_rows(uint64_t *seed, size_t n, bool extreme, int low, int high)
{
    for (size_t i = 0; i < n; i++) rows[i] = (uint8_t)(extreme ? (i % 3 ? high : low) : low + (int)(next(seed) % (unsigned)(high - low + 1)));
}

static void compare_dots(const face_kernel *k, uint64_t *seed)
{
    int32_t is[ROWS], should[ROWS];
    for (int round = 0; round < 120; round++) {
        size_t stride = 64 * (1 + next(seed) % 15), n = 1 + next(seed) % ROWS, shift = round % SHIFTS;
        face_one p = {values, wide, 0};
        fill_rows(seed, ROWS * stride + shift, round % 5 == 0, 1, 255);
        for (size_t i = 0; i < stride; i++) {
            values[i] = (int8_t)(round % 5 == 0 ? (i % 3 ? 127 : -127) : (int)(next(seed) % 255) - 127);
            wide[i] = values[i], p.bias += 128 * values[i];
        }
        face_rows r = {rows + shift, n, stride};
        memset(is, 0xa5, sizeof is);
        memset(should, 0xa5, sizeof should);
        face_dots_plain(&r, &p, should);
        k->dots(&r, &p, is);
        for (size_t i = 0; i < ROWS; i++)
            if (is[i] != should[i]) fail_msg("%s: stride %zu, %zu rows: %d for %d at %zu", k->name, stride, n, is[i], should[i], i);
    }
}

/* Thresholds at a product that occurs, so that the last bit decides; some lanes pass always, some never. */
static void fill_panel(uint64_t *seed, size_t stride, bool extreme, bool narrow, face_panel *panel, int8_t *into)
{
    int low = narrow ? -32 : -127, high = narrow ? 32 : 127;
    panel->values = into;
    for (size_t i = 0; i < FACE_PANEL * stride; i++) into[i] = (int8_t)(extreme ? (i / 4 % FACE_PANEL % 2 ? high : low) : low + (int)(next(seed) % (unsigned)(high - low + 1)));
    for (uint32_t k = 0; k < FACE_PANEL; k++) {
        size_t row = next(seed) % ROWS;
        int32_t sum = 0;
        if (narrow) sum = panel->add[k] = extreme ? (k % 2 ? 3900000 : -3900000) : (int)(next(seed) % 200000) - 100000;
        else
            for (size_t j = 0; j < stride; j++) sum = panel->add[k] = sum - 128 * into[(j / 4 * FACE_PANEL + k) * 4 + j % 4];
        for (size_t j = 0; j < stride; j++) sum += rows[row * stride + j] * into[(j / 4 * FACE_PANEL + k) * 4 + j % 4];
        panel->least[k] = k == 3 ? INFINITY : k == 5 ? -INFINITY : (float)sum * inverse[row];
    }
}

static int by_place(const void *a, const void *b)
{
    const face_pass *x = a, *y = b;
    return x->row != y->row ? (x->row > y->row) - (x->row < y->row) : (x->probe > y->probe) - (x->probe < y->probe);
}

static void compare_screens(const face_kernel *k, uint64_t *seed)
{
    static face_pass is[ROWS * FACE_PANELS * FACE_PANEL], should[ROWS * FACE_PANELS * FACE_PANEL];
    size_t passed = 0, all = 0;
    for (int round = 0; round < 160; round++) {
        size_t stride = 64 * (1 + next(seed) % 15), n = 1 + next(seed) % ROWS, shift = round % SHIFTS, many = 1 + (size_t)round % FACE_PANELS;
        face_panel panel[FACE_PANELS];
        fill_rows(seed, ROWS * stride, round % 5 == 0, k->narrow ? 0 : 1, k->narrow ? 127 : 255);
        for (int i = 0; i < ROWS; i++) inverse[i] = 1 / (500 + (float)(next(seed) % 1000));
        for (size_t p = 0; p < many; p++) fill_panel(seed, stride, round % 5 == 0, k->narrow, &panel[p], panels + shift + p * FACE_PANEL * stride);
        face_rows r = {rows, n, stride};
        size_t right = face_screen_plain(&r, inverse, panel, many, should), found = k->screen(&r, inverse, panel, many, is);
        assert_int_equal(found, right);
        qsort(is, found, sizeof *is, by_place), qsort(should, right, sizeof *should, by_place);
        assert_memory_equal(is, should, right * sizeof *is);
        passed += right, all += n * many * FACE_PANEL;
    }
    assert_in_range(passed, all / 10, all * 9 / 10);
}

static void compare(const face_kernel *k, uint64_t *seed)
{
    compare_dots(k, seed);
    compare_screens(k, seed);
}

/* The plain kernel gives the products, and the passes, that are counted here by hand. */
static void plain_is_right(void **state)
{
    int32_t is[2];
    face_pass pass[2 * FACE_PANEL];
    face_panel panel = {.values = panels, .add = {[0] = 5, [9] = -1}};
    (void)state;
    memset(rows, 128, 128), memset(values, 0, 64);
    rows[0] = 128 + 3, rows[1] = 128 - 2, rows[64] = 255, values[0] = 5, values[1] = -7;
    face_dots_plain(&(face_rows){rows, 2, 64}, &(face_one){values, NULL, 0}, is);
    assert_int_equal(is[0], 15 + 14);
    assert_int_equal(is[1], 127 * 5);
    memset(rows, 0, 128), memset(panels, 0, sizeof panels);
    for (int k = 0; k < FACE_PANEL; k++) panel.least[k] = INFINITY;
    rows[5] = 100, panels[(FACE_PANEL + 9) * 4 + 1] = 3; /* the fifth value, of the tenth probe */
    panel.least[0] = 5, panel.least[9] = 149.5f, inverse[0] = 0.5f, inverse[1] = 1;
    assert_int_equal(face_screen_plain(&(face_rows){rows, 2, 64}, inverse, &panel, 1, pass), 2);
    assert_true(pass[0].row == 0 && pass[0].probe == 9 && pass[1].row == 1 && pass[1].probe == 0);
}

/* Every kernel of this machine gives the plain one's numbers, at all widths and alignments, for all counts of rows, and at the limits. */
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
    compare(&(face_kernel){"avx512-vnni, emulated", emulated_dots_vnni, emulated_screen_vnni, false}, &seed);
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
