#include "base/test.h"

#include "base/when.h"

/* Every day of 800 years goes to a number and back, in order. */
static void test_days_round_trip(void **state)
{
    (void)state;
    ent_date last = {1599, 12, 31};
    for (int64_t n = ent_date_days(last) + 1; last.year < 2400; n++) {
        ent_date d = ent_date_from_days(n);
        assert_true(ent_date_valid(d));
        assert_int_equal(ent_date_days(d), n);
        assert_true(ent_date_compare(last, d) < 0);
        last = d;
    }
    assert_int_equal(ent_date_days((ent_date){1970, 1, 1}), 0);
}

/* As a number, and nothing else is a date: no day that does not exist, no year of five digits. */
static void test_pack(void **state)
{
    (void)state;
    assert_int_equal(ent_date_compare(ent_date_unpack(20260310), (ent_date){2026, 3, 10}), 0);
    assert_int_equal(ent_date_pack(ent_date_unpack(99991231)), 99991231);
    for (size_t i = 0; i < 4; i++) assert_false(ent_date_valid(ent_date_unpack((const uint32_t[]){0, 20260229, 100000101, 136380827}[i])));
}

/* 29 February plus a year is 28 February; months carry over the year. */
static void test_add(void **state)
{
    (void)state;
    assert_int_equal(ent_date_pack(ent_date_add((ent_date){2024, 2, 29}, 1, 0, 0)), 20250228);
    assert_int_equal(ent_date_pack(ent_date_add((ent_date){2024, 2, 29}, 4, 0, 0)), 20280229);
    assert_int_equal(ent_date_pack(ent_date_add((ent_date){2026, 11, 30}, 0, 3, 0)), 20270228);
    assert_int_equal(ent_date_pack(ent_date_add((ent_date){2024, 3, 10}, 3, 0, -1)), 20270309);
    assert_int_equal(ent_date_pack(ent_date_add((ent_date){2024, 1, 15}, 0, -1, 0)), 20231215);
}

/* Text has one form, before 1970 too; days that do not exist are refused. */
static void test_text(void **state)
{
    (void)state;
    char text[ENT_TIME_TEXT];
    ent_time t = {0};
    ent_date d;
    assert_true(ent_time_parse("1969-12-31T23:59:59.999Z", &t));
    assert_int_equal(t.ms, -1);
    ent_time_text(t, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    assert_true(ent_time_parse("2026-03-10T09:08:07Z", &t));
    assert_false(ent_time_parse("2026-03-10T24:00:00Z", &t));
    assert_false(ent_time_parse("2026-03-10T09:08:07+01:00", &t));
    assert_false(ent_date_parse("2026-02-29", &d));
    assert_false(ent_date_parse("2026-2-9", &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_days_round_trip), cmocka_unit_test(test_pack), cmocka_unit_test(test_add),
                                       cmocka_unit_test(test_text)};
    return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
