#include "base/test.h"

#include "law/watch.h"

/* With nothing usual, and early in a day, no rate is out of the ordinary. */
static void nothing_is_usual(void **state)
{
    (void)state;
    assert_int_equal(ent_watch_rate(&(ent_watch_counts){100, 100, ENT_WATCH_USUAL - 1, 0}), ENT_ALARM_COUNT);
    assert_int_equal(ent_watch_rate(&(ent_watch_counts){ENT_WATCH_TODAY - 1, ENT_WATCH_TODAY - 1, 10000, 0}), ENT_ALARM_COUNT);
    assert_int_equal(ent_watch_rate(&(ent_watch_counts){ENT_WATCH_TODAY, ENT_WATCH_TODAY, 10000, 0}), ENT_ALARM_RATE_HIGH);
}

/* 999 hits in 9,999 searches: 100 are usual in 1,000. Four deviations (40) and three above or below are still usual, one more is not. */
static void far_from_usual(void **state)
{
    (void)state;
    const struct { uint64_t hits; ent_alarm want; } cases[] = {{100, ENT_ALARM_COUNT}, {143, ENT_ALARM_COUNT}, {144, ENT_ALARM_RATE_HIGH},
                                                               {57, ENT_ALARM_COUNT}, {56, ENT_ALARM_RATE_LOW}, {0, ENT_ALARM_RATE_LOW}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ent_watch_rate(&(ent_watch_counts){1000, cases[i].hits, 9999, 999}), cases[i].want);
}

/* Where hits are rare, none in a day says nothing. */
static void rare(void **state)
{
    (void)state;
    assert_int_equal(ent_watch_rate(&(ent_watch_counts){1000, 0, 100000, 100}), ENT_ALARM_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_usual), cmocka_unit_test(far_from_usual), cmocka_unit_test(rare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
