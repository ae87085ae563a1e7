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
    ent_pair p[4] = {{5, true, 50, 0, 0}, {6, true, 50, 1, 1}, {1, false, 50, 0, 1}, {2, false, 50, 1, 0}};
    ent_rates r;
    assert_int_equal(ent_rates_of(p, 4, 2, 0, &r, NULL), ENT_OK);
    assert_true(r.eer.value < 1e-9 && r.fnmr_zero.value < 1e-9);
    for (int i = 0; i < 4; i++) p[i].genuine = true;
    assert_int_equal(ent_rates_of(p, 4, 2, 0, &r, NULL), ENT_USAGE);
}

/* Twenty genuine pairs of two qualities, the five that are missed among the ten bad ones: leaving out half leaves no error. */
static void rejecting_the_worst(void **state)
{
    (void)state;
    ent_pair p[40];
    ent_reject curve[ENT_REJECT_MAX];
    for (uint32_t i = 0; i < 20; i++) p[i] = (ent_pair){.score = i < 5 ? 1 : 30, .genuine = true, .quality = i < 10 ? 20 : 70, .a = i, .b = i};
    for (uint32_t i = 0; i < 20; i++) p[20 + i] = (ent_pair){.score = 10, .quality = 20, .a = i, .b = (i + 1) % 20};
    assert_int_equal(ent_reject_curve(p, 40, curve), 2);
    assert_int_equal(curve[0].errors, 5);
    assert_int_equal(curve[0].genuine, 20);
    assert_int_equal(curve[0].quality, 20);
    assert_true(curve[1].share > 0.499 && curve[1].share < 0.501);
    assert_int_equal(curve[1].errors, 0);
    assert_int_equal(curve[1].genuine, 10);
    for (int i = 0; i < 40; i++) p[i].genuine = true;
    assert_int_equal(ent_reject_curve(p, 40, curve), 0);
}

/* A share of trials, and its interval over fingers: one finger of ten has all the errors, so some samples have none and some many. */
static void share_of_trials(void **state)
{
    (void)state;
    ent_trial t[100];
    ent_rate r;
    for (uint32_t i = 0; i < 100; i++) t[i] = (ent_trial){.finger = i / 10, .wrong = i < 10};
    assert_int_equal(ent_rate_of(t, 100, 10, 200, &r, NULL), ENT_OK);
    assert_int_equal(r.errors, 10);
    assert_true(r.value > 0.099 && r.value < 0.101);
    assert_true(r.low < 0.01 && r.high > 0.19 && r.high < 0.6);
    assert_int_equal(ent_rate_of(t, 0, 10, 200, &r, NULL), ENT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_by_hand), cmocka_unit_test(separates), cmocka_unit_test(rejecting_the_worst), cmocka_unit_test(share_of_trials)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
