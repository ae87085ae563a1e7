#include "base/test.h"

#include "law/regime.h"

static ent_date d(int year, int month, int day) { return (ent_date){(int16_t)year, (uint8_t)month, (uint8_t)day}; }

static const ent_extend judge = {.allowed = true, .by = {2, 0, 0}, .times = 1, .within_last = {0, 3, 0},
                                 .decided_by = "district-judge", .clause = "Sch. 8 para. 20B(5)"};
#define BIT(kind) (1u << ENT_EVENT_##kind)

static ent_regime terrorism(void)
{
    ent_regime r = {.name = "uk-terrorism-3y", .clause = "Sch. 8 para. 20B(4)", .material = 1, .keep = ENT_KEEP_PERIOD,
                    .period = {3, 0, 0}, .extend = judge};
    return r;
}

static ent_regime convicted(void)
{
    return (ent_regime){.name = "conviction", .clause = "s. 63I", .material = 1, .keep = ENT_KEEP_INDEFINITELY,
                        .needs = BIT(CONVICTED), .starts = BIT(CONVICTED), .any_encounter = true, .review = {10, 0, 0},
                        .offence = ENT_OFFENCE(RECORDABLE), .offence_not = ENT_OFFENCE(EXCLUDED)};
}

static ent_legal_facts taken_on(ent_date taken, const ent_legal_event *events, size_t n)
{
    return (ent_legal_facts){.taken_under = "ta-2000-s41", .taken = taken, .offence = ENT_OFFENCE(RECORDABLE),
                             .events = events, .event_count = n};
}

static ent_retention ask(const ent_regime *r, size_t n, const ent_legal_facts *f, ent_date today)
{
    ent_retention ret;
    ent_retention_of(r, n, f, NULL, 0, today, &ret);
    return ret;
}

static ent_legal_event extension(ent_date decided)
{
    return (ent_legal_event){.kind = ENT_EVENT_EXTENSION, .date = decided, .regime = "uk-terrorism-3y",
                             .decided_by = "district-judge"};
}

static void assert_date(ent_date got, ent_date want) { assert_int_equal(ent_date_pack(got), ent_date_pack(want)); }

/* Three years beginning with 10 March 2024: kept on 9 March 2027, due on the 10th. */
static void counts_the_first_day(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    ent_legal_facts f = taken_on(d(2024, 3, 10), NULL, 0);
    assert_false(ask(&r, 1, &f, d(2027, 3, 8)).due);
    ent_retention last = ask(&r, 1, &f, d(2027, 3, 9));
    assert_false(last.due);
    assert_date(last.power[0].until, d(2027, 3, 9));
    assert_date(last.due_on, d(2027, 3, 10));
    ent_retention due = ask(&r, 1, &f, d(2027, 3, 10));
    assert_true(due.due);
    assert_false(due.at_once);
    assert_string_equal(due.clause, "Sch. 8 para. 20B(4)");
}

/* Taken on 29 February: the years end with 28 February, and a leap year's own 29th is not skipped. */
static void counts_leap_days(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    ent_legal_facts f = taken_on(d(2024, 2, 29), NULL, 0);
    assert_date(ask(&r, 1, &f, d(2025, 1, 1)).due_on, d(2027, 3, 1));
    r.period = (ent_period){4, 0, 0};
    assert_date(ask(&r, 1, &f, d(2025, 1, 1)).due_on, d(2028, 2, 29));
    f.taken = d(2021, 3, 1);
    r.period = (ent_period){3, 0, 0};
    assert_date(ask(&r, 1, &f, d(2022, 1, 1)).due_on, d(2024, 3, 1));
}

/* Born on 29 February one is eighteen on 1 March: the day before, a minor still. The last three months of a period that ends on 30 May begin
 * on 1 March, because there is no 31 February. */
static void counts_leap_birthdays_and_short_months(void **state)
{
    (void)state;
    ent_legal_facts f = {.birth = d(2004, 2, 29), .offence_date = d(2022, 2, 28)};
    assert_true(ent_under_18_at_offence(&f));
    f.offence_date = d(2022, 3, 1);
    assert_false(ent_under_18_at_offence(&f));
    ent_regime r = terrorism();
    f = taken_on(d(2024, 5, 31), NULL, 0);
    assert_date(ask(&r, 1, &f, d(2025, 1, 1)).power[0].window_from, d(2027, 3, 1));
    f = taken_on(d(2024, 2, 29), NULL, 0);
    assert_date(ask(&r, 1, &f, d(2025, 1, 1)).power[0].window_from, d(2026, 12, 1));
}

/* "Following" a day does not count it: Scotland's three years end one day later. */
static void leaves_the_first_day_out_where_the_law_does(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    r.day_after = true;
    ent_legal_facts f = taken_on(d(2024, 3, 10), NULL, 0);
    assert_date(ask(&r, 1, &f, d(2025, 1, 1)).due_on, d(2027, 3, 11));
}

/* One extension gives two years, a second gives nothing, whatever order they are told in. */
static void extends_once(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    ent_legal_event e[2] = {extension(d(2029, 1, 5)), extension(d(2027, 2, 1))};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e + 1, 1);
    assert_date(ask(&r, 1, &f, d(2027, 3, 1)).due_on, d(2029, 3, 10));
    f = taken_on(d(2024, 3, 10), e, 2);
    ent_retention ret = ask(&r, 1, &f, d(2029, 2, 1));
    assert_date(ret.due_on, d(2029, 3, 10));
    assert_int_equal(ret.power[0].extensions, 1);
    assert_false(ret.power[0].extendable);
}

/* Where the sheriff may do it again, every decision counts, two on one day too. */
static void extends_again_where_the_law_does(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    r.extend.times = 0;
    ent_legal_event e[3] = {extension(d(2027, 2, 1)), extension(d(2029, 1, 5)), extension(d(2029, 1, 5))};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e, 3);
    assert_date(ask(&r, 1, &f, d(2029, 2, 1)).due_on, d(2033, 3, 10));
}

/* Before the decision the extension is not known; decided by another than the judge, or too late, it is none. */
static void refuses_what_is_no_extension(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    ent_legal_event e = extension(d(2027, 2, 1));
    ent_legal_facts f = taken_on(d(2024, 3, 10), &e, 1);
    assert_date(ask(&r, 1, &f, d(2027, 1, 31)).due_on, d(2027, 3, 10));
    snprintf(e.decided_by, sizeof e.decided_by, "chief-officer");
    assert_true(ask(&r, 1, &f, d(2027, 4, 1)).due);
    e = extension(d(2027, 3, 10));
    assert_true(ask(&r, 1, &f, d(2027, 4, 1)).due);
}

/* Recording an extension names the fault: window, number, decider, length, too late. */
static void checks_an_extension(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    ent_legal_facts f = taken_on(d(2024, 3, 10), NULL, 0);
    ent_legal_event e = extension(d(2027, 2, 1));
    ent_err err;
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2026, 12, 9), &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "2026-12-10"));
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2026, 12, 10), &err), ENT_OK);
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2027, 2, 2), &err), ENT_REFUSED);
    e.until = d(2029, 3, 10);
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2027, 1, 10), &err), ENT_REFUSED);
    e.until = d(2028, 3, 9);
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2027, 1, 10), &err), ENT_OK);
    snprintf(e.decided_by, sizeof e.decided_by, "commissioner");
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2027, 1, 10), &err), ENT_REFUSED);
    e = extension(d(2027, 3, 10));
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2027, 1, 10), &err), ENT_REFUSED);
    ent_legal_event first = extension(d(2027, 2, 1));
    f = taken_on(d(2024, 3, 10), &first, 1);
    e = extension(d(2029, 2, 1));
    assert_int_equal(ent_extension_check(&r, 1, &f, NULL, 0, &e, d(2029, 1, 10), &err), ENT_REFUSED);
}

/* A conviction keeps without end, with a review; quashed, the earlier date is back; of an excluded offence it is none. */
static void follows_convictions(void **state)
{
    (void)state;
    ent_regime set[2] = {terrorism(), convicted()};
    ent_legal_event e[2] = {{.kind = ENT_EVENT_CONVICTED, .date = d(2025, 6, 1)}};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e, 1);
    ent_retention ret = ask(set, 2, &f, d(2030, 1, 1));
    assert_false(ret.due);
    assert_int_equal(ret.due_on.year, 0);
    assert_string_equal(ret.clause, "s. 63I");
    assert_date(ret.power[0].review, d(2035, 6, 1));
    e[1] = (ent_legal_event){.kind = ENT_EVENT_QUASHED, .date = d(2026, 1, 1)};
    f.event_count = 2;
    assert_date(ask(set, 2, &f, d(2026, 2, 1)).due_on, d(2027, 3, 10));
    f.event_count = 1;
    e[0].offence = ENT_OFFENCE(RECORDABLE) | ENT_OFFENCE(EXCLUDED);
    assert_date(ask(set, 2, &f, d(2026, 2, 1)).due_on, d(2027, 3, 10));
}

/* A conviction of the same person under a linked encounter keeps this part too, until the link is undone. */
static void counts_linked_encounters(void **state)
{
    (void)state;
    ent_regime set[2] = {terrorism(), convicted()};
    ent_legal_event e = {.kind = ENT_EVENT_CONVICTED, .date = d(2026, 6, 1)};
    ent_legal_facts f = taken_on(d(2024, 3, 10), NULL, 0), other = taken_on(d(2026, 1, 1), &e, 1);
    ent_retention ret;
    ent_retention_of(set, 2, &f, &other, 1, d(2028, 1, 1), &ret);
    assert_false(ret.due);
    ent_retention_of(set, 2, &f, NULL, 0, d(2028, 1, 1), &ret);
    assert_true(ret.due);
}

/* Once nothing kept it, what happens later does not revive it. */
static void never_revives(void **state)
{
    (void)state;
    ent_regime set[2] = {terrorism(), convicted()};
    ent_legal_event e = {.kind = ENT_EVENT_CONVICTED, .date = d(2027, 3, 11)};
    ent_legal_facts f = taken_on(d(2024, 3, 10), &e, 1);
    ent_retention ret = ask(set, 2, &f, d(2027, 3, 12));
    assert_true(ret.due);
    assert_date(ret.due_on, d(2027, 3, 10));
    e.date = d(2027, 3, 10);
    assert_false(ask(set, 2, &f, d(2027, 3, 12)).due);
}

/* Unlawful and mistaken identity override every power, at once; corrected, they count for nothing. */
static void overrides_everything(void **state)
{
    (void)state;
    ent_regime set[2] = {terrorism(), convicted()};
    ent_legal_event e[2] = {{.kind = ENT_EVENT_CONVICTED, .date = d(2025, 6, 1)},
                            {.kind = ENT_EVENT_UNLAWFUL, .date = d(2025, 7, 1)}};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e, 2);
    assert_false(ask(set, 2, &f, d(2025, 6, 30)).due);
    ent_retention ret = ask(set, 2, &f, d(2025, 7, 1));
    assert_true(ret.due);
    assert_true(ret.at_once);
    e[1].undone = true;
    assert_false(ask(set, 2, &f, d(2025, 7, 1)).due);
}

/* A hold suspends destruction and nothing else: the part is due, and held. */
static void holds_are_no_power(void **state)
{
    (void)state;
    ent_regime r = terrorism();
    ent_legal_event e[2] = {{.kind = ENT_EVENT_HOLD, .date = d(2026, 1, 1), .until = d(2028, 1, 1)},
                            {.kind = ENT_EVENT_RELEASE, .date = d(2027, 6, 1)}};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e, 2);
    ent_retention ret = ask(&r, 1, &f, d(2027, 4, 1));
    assert_true(ret.due);
    assert_true(ret.held);
    assert_date(ret.hold_review, d(2028, 1, 1));
    assert_false(ask(&r, 1, &f, d(2027, 6, 2)).held);
}

/* Proceedings that are open keep; the day that ends them is the last one. Consent withdrawn ends on its day. */
static void keeps_while_open(void **state)
{
    (void)state;
    ent_regime r = {.name = "open", .clause = "s. 63E", .material = 1, .keep = ENT_KEEP_WHILE_OPEN,
                    .open_until = BIT(NO_FURTHER_ACTION)};
    ent_legal_event e = {.kind = ENT_EVENT_NO_FURTHER_ACTION, .date = d(2024, 8, 1)};
    ent_legal_facts f = taken_on(d(2024, 3, 10), &e, 1);
    assert_int_equal(ask(&r, 1, &f, d(2024, 7, 1)).due_on.year, 0);
    assert_date(ask(&r, 1, &f, d(2024, 8, 1)).due_on, d(2024, 8, 2));
    r.then[ENT_EVENT_CONSENT_WITHDRAWN] = ENT_THEN_ENDS;
    e = (ent_legal_event){.kind = ENT_EVENT_CONSENT_WITHDRAWN, .date = d(2024, 5, 1)};
    assert_true(ask(&r, 1, &f, d(2024, 5, 1)).due);
    assert_false(ask(&r, 1, &f, d(2024, 4, 30)).due);
}

/* Determinations: five years each, renewed without a gap, shorter when the decision says so, ended by the Commissioner. */
static void follows_determinations(void **state)
{
    (void)state;
    ent_regime set[2] = {terrorism(), {.name = "nsd", .clause = "para. 20E", .material = 1, .keep = ENT_KEEP_PERIOD,
                                       .period = {5, 0, 0}, .starts = BIT(DETERMINATION)}};
    set[1].then[ENT_EVENT_COMMISSIONER_ORDER] = ENT_THEN_ENDS;
    ent_legal_event e[3] = {{.kind = ENT_EVENT_DETERMINATION, .date = d(2032, 1, 1), .until = d(2033, 5, 5)},
                            {.kind = ENT_EVENT_DETERMINATION, .date = d(2027, 3, 1)}};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e, 2);
    assert_date(ask(set, 2, &f, d(2031, 1, 1)).due_on, d(2032, 3, 1));
    assert_date(ask(set, 2, &f, d(2032, 2, 1)).due_on, d(2033, 5, 6));
    e[2] = (ent_legal_event){.kind = ENT_EVENT_COMMISSIONER_ORDER, .date = d(2032, 6, 1)};
    f.event_count = 3;
    assert_date(ask(set, 2, &f, d(2032, 7, 1)).due_on, d(2032, 6, 1));
}

/* Under 18 at the offence: the sentence's term and five years; an unknown birth date opens no power by age. */
static void follows_age_and_sentence(void **state)
{
    (void)state;
    ent_regime r = {.name = "minor", .clause = "s. 63K(2)", .material = 1, .keep = ENT_KEEP_SENTENCE, .period = {5, 0, 0},
                    .starts = BIT(CONVICTED), .needs = BIT(CONVICTED), .age = ENT_AGE_UNDER_18,
                    .sentence = ENT_SENTENCE_UNDER_5Y, .first_conviction = true};
    ent_regime open = {.name = "open", .clause = "s. 63E", .material = 1, .keep = ENT_KEEP_WHILE_OPEN,
                       .open_until = BIT(CONVICTED)};
    ent_regime set[2] = {open, r};
    ent_legal_event e[2] = {{.kind = ENT_EVENT_CONVICTED, .date = d(2024, 9, 1), .sentence_months = 18}};
    ent_legal_facts f = taken_on(d(2024, 3, 10), e, 1);
    assert_date(ask(set, 2, &f, d(2025, 1, 1)).due_on, d(2024, 9, 2));
    f.birth = d(2007, 3, 9);
    f.offence_date = d(2024, 3, 9);
    assert_true(ent_under_18_at_offence(&f));
    assert_date(ask(set, 2, &f, d(2025, 1, 1)).due_on, d(2031, 3, 1));
    f.birth = d(2006, 3, 9);
    assert_false(ent_under_18_at_offence(&f));
    assert_true(ask(set, 2, &f, d(2025, 1, 1)).due);
    f.birth = d(2007, 3, 9);
    e[1] = (ent_legal_event){.kind = ENT_EVENT_CAUTION, .date = d(2023, 1, 1)};
    f.event_count = 2;
    assert_true(ask(set, 2, &f, d(2025, 1, 1)).due);
}

static uint32_t next(uint32_t *seed) { return *seed = *seed * 1664525u + 1013904223u; }

/* Whatever order events are told in, the answer is the same; and a part that is due stays due on every later day. */
static void order_does_not_matter_and_due_stays_due(void **state)
{
    (void)state;
    ent_regime set[3] = {terrorism(), convicted(), {.name = "nsd", .clause = "para. 20E", .material = 1,
                         .keep = ENT_KEEP_PERIOD, .period = {5, 0, 0}, .starts = BIT(DETERMINATION)}};
    set[0].extend.times = 0;
    uint32_t seed = 42;
    for (int round = 0; round < 2000; round++) {
        ent_legal_event e[6], shuffled[6];
        for (int i = 0; i < 6; i++) {
            e[i] = extension(ent_date_from_days(ent_date_days(d(2024, 3, 10)) + (int64_t)(next(&seed) >> 8) % 4000));
            static const ent_legal_event_kind kinds[] = {ENT_EVENT_EXTENSION, ENT_EVENT_CONVICTED, ENT_EVENT_QUASHED,
                                                         ENT_EVENT_DETERMINATION, ENT_EVENT_HOLD, ENT_EVENT_CHARGED};
            e[i].kind = kinds[(next(&seed) >> 16) % 6];
            if (e[i].kind != ENT_EVENT_EXTENSION) e[i].regime[0] = 0;
        }
        memcpy(shuffled, e, sizeof e);
        for (int i = 5; i > 0; i--) {
            int j = (int)((next(&seed) >> 16) % (uint32_t)(i + 1));
            ent_legal_event swap = shuffled[i];
            shuffled[i] = shuffled[j];
            shuffled[j] = swap;
        }
        ent_legal_facts a = taken_on(d(2024, 3, 10), e, 6), b = taken_on(d(2024, 3, 10), shuffled, 6);
        bool was_due = false;
        for (int month = 0; month < 160; month += 3) {
            ent_date today = ent_date_add(d(2024, 3, 10), 0, month, 0);
            ent_retention x = ask(set, 3, &a, today), y = ask(set, 3, &b, today);
            assert_int_equal(x.due, y.due);
            assert_int_equal(ent_date_pack(x.due_on), ent_date_pack(y.due_on));
            assert_string_equal(x.clause, y.clause);
            assert_false(was_due && !x.due);
            was_due = x.due;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_first_day),
        cmocka_unit_test(counts_leap_days),
        cmocka_unit_test(counts_leap_birthdays_and_short_months),
        cmocka_unit_test(leaves_the_first_day_out_where_the_law_does),
        cmocka_unit_test(extends_once),
        cmocka_unit_test(extends_again_where_the_law_does),
        cmocka_unit_test(refuses_what_is_no_extension),
        cmocka_unit_test(checks_an_extension),
        cmocka_unit_test(follows_convictions),
        cmocka_unit_test(counts_linked_encounters),
        cmocka_unit_test(never_revives),
        cmocka_unit_test(overrides_everything),
        cmocka_unit_test(holds_are_no_power),
        cmocka_unit_test(keeps_while_open),
        cmocka_unit_test(follows_determinations),
        cmocka_unit_test(follows_age_and_sentence),
        cmocka_unit_test(order_does_not_matter_and_due_stays_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
