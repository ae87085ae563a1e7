#include "base/test.h"

#include "face/rates.h"

#include <math.h>

enum { PERSONS = 40, PICTURES = 3, COUNT = PERSONS * PICTURES };

static uint32_t pictures[PERSONS];
static face_pair pair[COUNT * COUNT / 2];

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

static double normal(uint64_t *s)
{
    double sum = 0;
    for (int k = 0; k < 12; k++) sum += next(s) / 4294967296.0;
    return sum - 6;
}

/* Every pair of 40 persons with three pictures; genuine scores around `same`, impostor around 0, both of one spread. */
static face_pairs made(double same, double spread)
{
    uint64_t seed = 3;
    face_pairs p = {.pair = pair, .persons = PERSONS, .pictures = pictures, .floor = -2};
    for (int i = 0; i < PERSONS; i++) pictures[i] = PICTURES;
    for (uint32_t i = 0; i < COUNT; i++)
        for (uint32_t j = i + 1; j < COUNT; j++) {
            uint32_t a = i / PICTURES, b = j / PICTURES;
            pair[p.count++] = (face_pair){(float)((a == b ? same : 0) + spread * normal(&seed)), a, b};
        }
    face_pairs_sort(&p);
    return p;
}

/* Rates that can be counted by hand: the two best impostors stand above one of the genuine pairs. */
static void counts_by_hand(void **state)
{
    uint32_t two[2] = {2, 2};
    face_pair few[6] = {{0.9f, 0, 0}, {0.2f, 1, 1}, {0.3f, 0, 1}, {0.25f, 0, 1}, {0.1f, 0, 1}, {0.0f, 0, 1}};
    face_pairs p = {.pair = few, .count = 6, .persons = 2, .pictures = two, .floor = -2};
    face_rates r;
    (void)state;
    face_pairs_sort(&p);
    assert_int_equal(face_rates_of(&p, NULL, 0, &r, NULL), ENT_OK);
    assert_true(r.genuine == 2 && r.impostor == 4);
    assert_true(fabs(r.level[1].fnmr.value - 0.5) < 1e-12);
    assert_int_equal(r.level[1].misses, 1);
    assert_int_equal(r.level[1].false_matches, 0);
    assert_true(fabs(r.level[1].threshold - 0.9) < 1e-6);
    assert_true(fabs(r.eer.value - 0.5) < 1e-12);
}

/* Two normal distributions three spreads apart: EER is the share beyond 1.5 spreads, and lies inside its interval. */
static void meets_theory(void **state)
{
    face_pairs p = made(0.3, 0.1);
    face_rates r;
    (void)state;
    assert_int_equal(face_rates_of(&p, NULL, 100, &r, NULL), ENT_OK);
    assert_true(fabs(r.eer.value - 0.0668) < 0.03);
    assert_true(r.eer.low <= r.eer.value && r.eer.value <= r.eer.high && r.eer.high > r.eer.low);
    for (int k = 1; k < FACE_LEVELS; k++) assert_true(r.level[k].fnmr.value >= r.level[k - 1].fnmr.value);
}

/* A subset's rates are those of its own pairs, and the two halves' genuine pairs add up. */
static void groups_are_apart(void **state)
{
    face_pairs p = made(0.3, 0.1);
    uint8_t first[PERSONS] = {0}, second[PERSONS] = {0}, none[PERSONS] = {0};
    face_group_rates a, b, all;
    (void)state;
    for (int i = 0; i < PERSONS; i++) first[i] = i < 10, second[i] = i >= 10;
    assert_int_equal(face_group_rates_of(&p, first, 0.2, 50, &a, NULL), ENT_OK);
    assert_int_equal(face_group_rates_of(&p, second, 0.2, 50, &b, NULL), ENT_OK);
    assert_int_equal(face_group_rates_of(&p, NULL, 0.2, 50, &all, NULL), ENT_OK);
    assert_true(a.genuine == 30 && b.genuine == 90 && all.genuine == 120);
    assert_true(a.impostor == 405 && b.impostor == 3915 && all.impostor == 7020);
    assert_int_equal(a.misses + b.misses, all.misses);
    assert_int_equal(face_group_rates_of(&p, none, 0.2, 50, &a, NULL), ENT_USAGE);
}

/* Two normals of one spread s at 0 and m have the exact log ratio m (x - m / 2) / s^2: the fitted line finds it. */
static void calibration_finds_the_line(void **state)
{
    face_pairs p = made(0.3, 0.1);
    ent_face_calibration c;
    (void)state;
    assert_int_equal(face_calibrate(&p, 20, &c, NULL), ENT_OK);
    double slope = 0.3 / 0.01 / log(10), zero = c.middle - c.offset / c.slope;
    assert_true(fabs(c.slope / slope - 1) < 0.25);
    assert_true(fabs(zero - 0.15) < 0.02);
    assert_true(fabs(c.bound - log10(40.0 * 39 / 6)) < 1e-9);
    assert_true(c.inward > 0 && c.outward > 0);
    assert_true(face_cllr(&p, &c) < 0.35);
    ent_face_calibration wrong = c;
    wrong.slope = -c.slope;
    assert_true(face_cllr(&p, &wrong) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_by_hand), cmocka_unit_test(meets_theory), cmocka_unit_test(groups_are_apart), cmocka_unit_test(calibration_finds_the_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
