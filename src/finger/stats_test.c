#include "base/test.h"

#include "finger/stats.h"

/* Ten genuine and a hundred impostor pairs whose rates can be counted by hand. */
static void counts_by_hand(void **state)
{
    (void)state;
    ent_pair p[110];
    for (uint32_t i = 0; i < 10; i++) p[i] = (ent_pair){.score = i < 2 ? 0.005f : 20.0f + (float)i, .genuine = true, .a = i, .b = i};
    for (uint32_t i = 0; i < 100; i++) p[10 + i] = (ent_pair){.score = i == 0 ? 50.0f : 0.01f * (float)i, .a = i % 10, .b = (i + 1) % 10};
    ent_rates r;
    assert_int_equal(ent_rates_of(p, 110, 10, 50, &r, NULL), ENT_OK);
    assert_int_equal(r.genuine, 10);
    assert_int_equal(r.impostor, 100);
    assert_true(r.fnmr_100.value > 0.199 && r.fnmr_100.value < 0.201); /* one impostor of 100 may pass; the two at 0.005 are below */
    assert_int_equal(r.fnmr_100.errors, 2);
    assert_true(r.fnmr_zero.value > 0.999);
    assert_true(r.fnmr_100.low <= r.fnmr_100.value && r.fnmr_100.value <= r.fnmr_100.high);
}

/* Two distributions that do not touch have no errors; one kind alone is refused. */
static void separates(void **state)
{
    (void)state;
    ent_pair p[4] = {{5, true, 0, 0}, {6, true, 1, 1}, {1, false, 0, 1}, {2, false, 1, 0}};
    ent_rates r;
    assert_int_equal(ent_rates_of(p, 4, 2, 0, &r, NULL), ENT_OK);
    assert_true(r.eer.value < 1e-9 && r.fnmr_zero.value < 1e-9);
    for (int i = 0; i < 4; i++) p[i].genuine = true;
    assert_int_equal(ent_rates_of(p, 4, 2, 0, &r, NULL), ENT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_by_hand), cmocka_unit_test(separates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
