#include "base/test.h"

#include "law/programme.h"

#include <string.h>

#define D(y, m, d) ((ent_date){y, m, d})

static ent_programme visit(void)
{
    ent_programme p = {.name = "visit", .clause = "s. 1", .designation = "s. 2", .counted = ENT_STAY_EACH_VISIT, .days = 90, .first_day_counts = true, .stay_clause = "s. 3",
                       .trip_to = {"CAN"}, .trip_count = 1, .trip_days = 30, .trip_clause = "s. 4", .condition_count = 3, .keep_days = 1000};
    static const struct { const char *name, *clause; ent_shown_by by; } c[] = {{"passport", "s. 5", ENT_SHOWN_DECLARATION}, {"permit", "s. 6", ENT_SHOWN_AUTHORISATION},
                                                                               {"no-overstay", "s. 7", ENT_SHOWN_RECORD}};
    for (size_t i = 0; i < 3; i++) {
        snprintf(p.condition[i].name, ENT_LAW_NAME, "%s", c[i].name);
        snprintf(p.condition[i].clause, ENT_LAW_CLAUSE, "%s", c[i].clause);
        p.condition[i].by = c[i].by;
    }
    return p;
}

static ent_programme roll(void)
{
    return (ent_programme){.name = "roll", .clause = "r. 1", .designation = "r. 2", .counted = ENT_STAY_ROLLING, .days = 90, .within = 180, .first_day_counts = true,
                           .stay_clause = "r. 3", .keep_days = 1000};
}

static const ent_programme_event in_both[] = {
    {.kind = ENT_PROGRAMME_EVENT_DESIGNATE, .programme = "visit", .country = "NZL", .effective = {2020, 1, 1}, .clause = "d. 1", .approved = true},
    {.kind = ENT_PROGRAMME_EVENT_DESIGNATE, .programme = "roll", .country = "NZL", .effective = {2020, 1, 1}, .clause = "d. 2", .approved = true},
};

static ent_traveller fine(void) { return (ent_traveller){.nationality = "NZL", .declared = {ENT_FACT_YES}, .authorised_until = {2030, 1, 1}}; }

static ent_admission ask(const ent_programme *p, const ent_programme_event *e, size_t n, const ent_traveller *t, ent_date day)
{
    ent_admission a;
    memset(&a, 0x55, sizeof a);
    ent_programme_admit(p, e, n, t, day, &a);
    return a;
}

static void expect(ent_admission a, ent_admission_answer answer, const char *clause)
{
    assert_int_equal(a.answer, answer);
    assert_string_equal(a.clause, clause);
    assert_true(strlen(a.reason) > 5);
}

/* Ninety days of which the first counts: from 10 March until 7 June. */
static void ninety_days(void **state)
{
    (void)state;
    ent_programme p = visit();
    ent_traveller t = fine();
    ent_admission a = ask(&p, in_both, 2, &t, D(2026, 3, 10));
    expect(a, ENT_ADMISSION_MEETS, "s. 1");
    assert_int_equal(ent_date_compare(a.until, D(2026, 6, 7)), 0);
    p.first_day_counts = false;
    a = ask(&p, in_both, 2, &t, D(2026, 3, 10));
    assert_int_equal(ent_date_compare(a.until, D(2026, 6, 8)), 0);
}

/* Each condition that is not met is named by its own clause; what is not said refers; a no goes before a doubt. */
static void conditions(void **state)
{
    (void)state;
    ent_programme p = visit();
    ent_traveller t = fine();
    t.declared[0] = ENT_FACT_NO;
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_NOT_MET, "s. 5");
    t.declared[0] = ENT_FACT_UNSAID;
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_REFER, "s. 5");
    t.authorised_until = D(2026, 3, 9);
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_NOT_MET, "s. 6");
    t = fine();
    t.authorised_until = D(2026, 3, 10);
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_MEETS, "s. 1");
    t.authorised_until = (ent_date){0};
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_REFER, "s. 6");
    t = fine();
    t.nationality[0] = 0;
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_REFER, "s. 2");
}

/* Somebody who stayed a day too long, or is still there, has not kept to the programme. */
static void overstays(void **state)
{
    (void)state;
    ent_programme p = visit();
    ent_traveller t = fine();
    ent_stay s = {.entry = {2025, 1, 1}, .until = {2025, 3, 31}, .exit = {2025, 3, 31}};
    t.stay = &s;
    t.stay_count = 1;
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_MEETS, "s. 1");
    s.exit = D(2025, 4, 1);
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_NOT_MET, "s. 7");
    s.exit = (ent_date){0};
    expect(ask(&p, in_both, 2, &t, D(2026, 3, 10)), ENT_ADMISSION_NOT_MET, "s. 7");
    expect(ask(&p, in_both, 2, &t, D(2025, 2, 1)), ENT_ADMISSION_REFER, "s. 3"); /* inside, in time, and entering again */
}

/* A trip to the neighbour gives the balance of the first ninety days, not ninety more; a long one, or one home, begins anew. */
static void short_trips(void **state)
{
    (void)state;
    ent_programme p = visit();
    ent_traveller t = fine();
    ent_stay s[2] = {{.entry = {2026, 1, 1}, .until = {2026, 3, 31}, .exit = {2026, 2, 1}, .exit_to = "CAN"}};
    t.stay = s;
    t.stay_count = 1;
    ent_admission a = ask(&p, in_both, 2, &t, D(2026, 2, 11));
    expect(a, ENT_ADMISSION_MEETS, "s. 1");
    assert_int_equal(ent_date_compare(a.until, D(2026, 3, 31)), 0);
    a = ask(&p, in_both, 2, &t, D(2026, 3, 4)); /* 31 days away */
    assert_int_equal(ent_date_compare(a.until, D(2026, 6, 1)), 0);
    snprintf(s[0].exit_to, sizeof s[0].exit_to, "NZL");
    a = ask(&p, in_both, 2, &t, D(2026, 2, 11));
    assert_int_equal(ent_date_compare(a.until, D(2026, 5, 11)), 0);
    /* two trips in a row still lead back to the first entry; after its ninety days nothing is left */
    s[0] = (ent_stay){.entry = {2026, 1, 1}, .until = {2026, 3, 31}, .exit = {2026, 2, 20}, .exit_to = "CAN"};
    s[1] = (ent_stay){.entry = {2026, 3, 10}, .until = {2026, 3, 31}, .exit = {2026, 3, 30}, .exit_to = "CAN"};
    t.stay_count = 2;
    expect(ask(&p, in_both, 2, &t, D(2026, 4, 2)), ENT_ADMISSION_NOT_MET, "s. 4");
    a = ask(&p, in_both, 2, &t, D(2026, 3, 31));
    assert_int_equal(ent_date_compare(a.until, D(2026, 3, 31)), 0);
}

/* Ninety days in any 180: days of entry and exit count, a day counts once, and old days leave the window one by one. */
static void rolling(void **state)
{
    (void)state;
    ent_programme p = roll();
    ent_traveller t = {.nationality = "NZL"};
    ent_admission a = ask(&p, in_both, 2, &t, D(2026, 3, 10));
    expect(a, ENT_ADMISSION_MEETS, "r. 1");
    assert_int_equal(ent_date_compare(a.until, D(2026, 6, 7)), 0);
    /* 60 days from 1 January to 1 March: 30 are left on 10 March, until 8 April */
    ent_stay s[2] = {{.entry = {2026, 1, 1}, .until = {2026, 3, 31}, .exit = {2026, 3, 1}}};
    t.stay = s;
    t.stay_count = 1;
    a = ask(&p, in_both, 2, &t, D(2026, 3, 10));
    assert_int_equal(ent_date_compare(a.until, D(2026, 4, 8)), 0);
    /* all ninety used until 31 March: nothing before 30 June, when the window begins on 2 January and 1 January has left it */
    s[0].exit = D(2026, 3, 31);
    expect(ask(&p, in_both, 2, &t, D(2026, 6, 29)), ENT_ADMISSION_NOT_MET, "r. 3");
    a = ask(&p, in_both, 2, &t, D(2026, 6, 30));
    expect(a, ENT_ADMISSION_MEETS, "r. 1");
    assert_true(ent_date_compare(a.until, D(2026, 6, 30)) >= 0);
    /* out and in on one day is one day */
    s[0] = (ent_stay){.entry = {2026, 1, 1}, .until = {2026, 3, 31}, .exit = {2026, 1, 10}};
    s[1] = (ent_stay){.entry = {2026, 1, 10}, .until = {2026, 3, 31}, .exit = {2026, 3, 30}};
    t.stay_count = 2;
    a = ask(&p, in_both, 2, &t, D(2026, 3, 31));
    expect(a, ENT_ADMISSION_MEETS, "r. 1");
    assert_int_equal(ent_date_compare(a.until, D(2026, 3, 31)), 0);
}

/* Only approved events count, from their day on; an end may let those in who had set out. */
static void designation(void **state)
{
    (void)state;
    ent_programme p = visit();
    ent_traveller t = fine();
    ent_programme_event e[3] = {in_both[0], {.kind = ENT_PROGRAMME_EVENT_END, .programme = "visit", .country = "NZL", .effective = {2026, 5, 1}, .clause = "e. 1"}};
    expect(ask(&p, e, 2, &t, D(2026, 5, 1)), ENT_ADMISSION_MEETS, "s. 1"); /* nobody approved it */
    e[1].approved = true;
    expect(ask(&p, e, 2, &t, D(2026, 4, 30)), ENT_ADMISSION_MEETS, "s. 1");
    expect(ask(&p, e, 2, &t, D(2026, 5, 1)), ENT_ADMISSION_NOT_MET, "e. 1");
    t.set_out = D(2026, 4, 30);
    expect(ask(&p, e, 2, &t, D(2026, 5, 1)), ENT_ADMISSION_NOT_MET, "e. 1");
    e[1].admitted_until = D(2026, 5, 3);
    expect(ask(&p, e, 2, &t, D(2026, 5, 3)), ENT_ADMISSION_MEETS, "s. 1");
    expect(ask(&p, e, 2, &t, D(2026, 5, 4)), ENT_ADMISSION_NOT_MET, "e. 1");
    t.set_out = D(2026, 5, 1);
    expect(ask(&p, e, 2, &t, D(2026, 5, 3)), ENT_ADMISSION_NOT_MET, "e. 1");
    t.set_out = D(2019, 12, 31); /* before it was ever designated */
    expect(ask(&p, e, 2, &t, D(2026, 5, 3)), ENT_ADMISSION_NOT_MET, "e. 1");
    snprintf(t.nationality, sizeof t.nationality, "AUS");
    expect(ask(&p, e, 2, &t, D(2026, 4, 1)), ENT_ADMISSION_NOT_MET, "s. 2");
}

/* Those inside stay as granted, unless the end says by when they leave. */
static void inside(void **state)
{
    (void)state;
    ent_programme_event e[2] = {in_both[0], {.kind = ENT_PROGRAMME_EVENT_END, .programme = "visit", .country = "NZL", .effective = {2026, 5, 1}, .approved = true}};
    ent_stay s = {.entry = {2026, 4, 1}, .until = {2026, 6, 29}};
    assert_int_equal(ent_date_compare(ent_stay_last_day(e, 2, "visit", "NZL", &s, D(2026, 5, 2)), D(2026, 6, 29)), 0);
    e[1].leave_by = D(2026, 5, 15);
    assert_int_equal(ent_date_compare(ent_stay_last_day(e, 2, "visit", "NZL", &s, D(2026, 4, 30)), D(2026, 6, 29)), 0);
    assert_int_equal(ent_date_compare(ent_stay_last_day(e, 2, "visit", "NZL", &s, D(2026, 5, 2)), D(2026, 5, 15)), 0);
    assert_int_equal(ent_date_compare(ent_stay_last_day(e, 2, "visit", "AUS", &s, D(2026, 5, 2)), D(2026, 6, 29)), 0);
    s.exit = D(2026, 4, 20);
    assert_int_equal(ent_date_compare(ent_stay_last_day(e, 2, "visit", "NZL", &s, D(2026, 5, 2)), D(2026, 6, 29)), 0);
}

/* Every fact of an event stands in what is signed. */
static void signed_text(void **state)
{
    (void)state;
    ent_programme_event e = {.kind = ENT_PROGRAMME_EVENT_END, .programme = "visit", .country = "NZL", .effective = {2026, 5, 1}, .decider = "Secretary of State", .clause = "s. 9"}, f;
    char a[ENT_PROGRAMME_SIGNED], b[ENT_PROGRAMME_SIGNED];
    ent_programme_event_text(&e, a);
    assert_non_null(strstr(a, "event end\nprogramme visit\ncountry NZL\ndecider Secretary of State\nclause s. 9\neffective 2026-05-01\n"));
    for (int i = 0; i < 7; i++) {
        f = e;
        if (i == 0) f.kind = ENT_PROGRAMME_EVENT_DESIGNATE;
        if (i == 1) f.country[0] = 'X';
        if (i == 2) f.effective.day++;
        if (i == 3) f.leave_by = D(2026, 6, 1);
        if (i == 4) f.admitted_until = D(2026, 6, 1);
        if (i == 5) f.digest[31] = 1;
        if (i == 6) f.decider[0] = 'X';
        ent_programme_event_text(&f, b);
        assert_string_not_equal(a, b);
    }
    assert_false(ent_programme_line("two\nlines"));
    assert_false(ent_programme_line(""));
    assert_true(ent_programme_line("one line"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ninety_days), cmocka_unit_test(conditions), cmocka_unit_test(overstays), cmocka_unit_test(short_trips),
                                       cmocka_unit_test(rolling), cmocka_unit_test(designation), cmocka_unit_test(inside), cmocka_unit_test(signed_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
