#include "base/test.h"

#include "law/feed.h"

#include <string.h>

static const ent_agreement deal = {.from = {2026, 1, 1}, .until = {2026, 12, 31}};
static const ent_flow flow = {.copy = ENT_COPY_WATCHLIST, .lease_ms = 3600000}, none = {.copy = ENT_COPY_NONE};

static ent_time at(int month, int day, int hour) { return (ent_time){ent_date_start((ent_date){2026, (uint8_t)month, (uint8_t)day}).ms + hour * 3600000ll}; }

/* A lease lasts as long as the flow says from the contact, and no longer than the agreement's last day. */
static void leases(void **state)
{
    (void)state;
    assert_true(ent_feed_lease(&deal, &flow, at(3, 10, 8)).ms == at(3, 10, 9).ms);
    ent_flow month = flow;
    month.lease_ms = 30 * 86400000ll;
    assert_true(ent_feed_lease(&deal, &month, at(12, 20, 0)).ms == ent_date_start((ent_date){2027, 1, 1}).ms);
}

/* A search is late when a contact that came a day after it did not have it; without contact nothing is late. */
static void lateness(void **state)
{
    (void)state;
    assert_false(ent_feed_late(at(3, 1, 0), (ent_time){0}));
    assert_false(ent_feed_late(at(3, 1, 0), at(3, 2, 0)));
    assert_true(ent_feed_late(at(3, 1, 0), (ent_time){at(3, 2, 0).ms + 1}));
    assert_false(ent_feed_late(at(3, 5, 0), at(3, 2, 0)));
}

/* In every case with a time that nothing confirms, a copy is neither searched nor destroyed. */
static void unsure_does_nothing(void **state)
{
    (void)state;
    const char *clause;
    for (int s = ENT_AGREEMENT_DRAFT; s <= ENT_AGREEMENT_ENDED; s++)
        for (int hour = 0; hour < 3; hour++) {
            assert_int_equal(ent_copy_fate_of(&deal, &flow, (ent_agreement_state)s, at(3, 10, 1), at(3, 10, hour), false, &clause), ENT_COPY_HOLD);
            assert_true(strlen(clause) > 0);
        }
}

/* Used while in force and leased; held while suspended; destroyed when the lease is over, the agreement ended, or the copy granted no more. */
static void fates(void **state)
{
    (void)state;
    const char *clause;
    assert_int_equal(ent_copy_fate_of(&deal, &flow, ENT_AGREEMENT_SIGNED, at(3, 10, 1), at(3, 10, 0), true, &clause), ENT_COPY_USE);
    assert_int_equal(ent_copy_fate_of(&deal, &flow, ENT_AGREEMENT_SUSPENDED, at(3, 10, 1), at(3, 10, 0), true, &clause), ENT_COPY_HOLD);
    assert_int_equal(ent_copy_fate_of(&deal, &flow, ENT_AGREEMENT_SUSPENDED, at(3, 10, 1), at(3, 10, 1), true, &clause), ENT_COPY_DESTROY);
    assert_string_equal(clause, "copy.lease");
    assert_int_equal(ent_copy_fate_of(&deal, &flow, ENT_AGREEMENT_ENDED, at(3, 10, 1), at(3, 10, 0), true, &clause), ENT_COPY_DESTROY);
    assert_int_equal(ent_copy_fate_of(&deal, &none, ENT_AGREEMENT_SIGNED, at(3, 10, 1), at(3, 10, 0), true, &clause), ENT_COPY_DESTROY);
    assert_int_equal(ent_copy_fate_of(NULL, NULL, ENT_AGREEMENT_SIGNED, at(3, 10, 1), at(3, 10, 0), true, &clause), ENT_COPY_DESTROY);
    assert_string_equal(clause, "copy.mode");
    ent_time later = {ent_date_start((ent_date){2027, 1, 1}).ms};
    assert_int_equal(ent_copy_fate_of(&deal, &flow, ENT_AGREEMENT_SIGNED, (ent_time){later.ms + 1}, later, true, &clause), ENT_COPY_HOLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(leases), cmocka_unit_test(lateness), cmocka_unit_test(unsure_does_nothing), cmocka_unit_test(fates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
