#include "base/test.h"

#include "law/simulate.h"

#include <math.h>

/* A person is 18 from the first day of that birthday, and somebody without a birth date is in no group of ages. */
static void ages(void **state)
{
    (void)state;
    ent_date day = {2026, 3, 10};
    assert_int_equal(ent_age_group_of((ent_date){2008, 3, 10}, day), ENT_AGE_GROUP_FROM_18);
    assert_int_equal(ent_age_group_of((ent_date){2008, 3, 11}, day), ENT_AGE_GROUP_UNDER_18);
    assert_int_equal(ent_age_group_of((ent_date){0}, day), ENT_AGE_GROUP_UNKNOWN);
    assert_int_equal(ent_age_group_of((ent_date){2027, 1, 1}, day), ENT_AGE_GROUP_UNKNOWN);
    assert_int_equal(ent_age_group_of((ent_date){1961, 3, 10}, day), ENT_AGE_GROUP_FROM_65);
    assert_int_equal(ent_age_group_of((ent_date){2001, 3, 11}, day), ENT_AGE_GROUP_FROM_18);
    assert_int_equal(ent_age_group_of((ent_date){2001, 3, 10}, day), ENT_AGE_GROUP_FROM_25);
    assert_string_equal(ent_age_group_text(ENT_AGE_GROUP_FROM_35), "35 to 49");
    assert_string_equal(ent_age_group_text(ENT_AGE_GROUP_COUNT), "");
}

static bool near(double a, double b) { return fabs(a - b) < 1e-9 * (1 + fabs(b)); }

/* 50,000 travellers under a quota of 1,000: a thousand are searched, whoever is not on file may be stopped by mistake, and the
 * year has 365 such days. */
static void stops(void **state)
{
    (void)state;
    ent_flow f = {.per_day = 1000};
    ent_stops s;
    ent_stops_of(&f, &(ent_traffic){.travellers_day = 50000, .on_file_per_million = 100, .false_hits_search = 1e-4}, &s);
    assert_true(s.known);
    assert_true(near(s.searches_day, 1000));
    assert_true(near(s.unsearched_day, 49000));
    assert_true(near(s.hits_day, 0.1));
    assert_true(near(s.innocent_day, 1000 * 0.9999 * 1e-4));
    assert_true(near(s.innocent_year, 365 * s.innocent_day));
    assert_true(near(s.hits_year, 36.5));
}

/* Without a quota the number of travellers must be said, or nothing is claimed. */
static void no_quota(void **state)
{
    (void)state;
    ent_flow f = {0};
    ent_stops s;
    ent_stops_of(&f, &(ent_traffic){.false_hits_search = 1e-4}, &s);
    assert_false(s.known);
    assert_true(s.innocent_day == 0 && s.searches_day == 0);
    ent_stops_of(&f, &(ent_traffic){.travellers_day = 200000, .false_hits_search = 1e-4}, &s);
    assert_true(s.known);
    assert_true(near(s.innocent_day, 20));
    assert_true(s.unsearched_day == 0);
}

/* A flow of prints compares no photograph, and none compares names. */
static void compares(void **state)
{
    (void)state;
    ent_flow f = {.modalities = 1u << ENT_MODALITY_FINGERPRINT};
    assert_true(ent_flow_compares(&f, ENT_MATERIAL_FINGERPRINT));
    assert_false(ent_flow_compares(&f, ENT_MATERIAL_PHOTOGRAPH));
    f.modalities = 1u << ENT_MODALITY_FACE | 1u << ENT_MODALITY_FINGERPRINT;
    assert_true(ent_flow_compares(&f, ENT_MATERIAL_PHOTOGRAPH));
    assert_false(ent_flow_compares(&f, ENT_MATERIAL_BIOGRAPHIC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ages), cmocka_unit_test(stops), cmocka_unit_test(no_quota), cmocka_unit_test(compares)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
