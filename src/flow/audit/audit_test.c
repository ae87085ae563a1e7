#include "base/test.h"

#include "flow/audit/audit.h"

enum { MAX = 64 };

typedef struct court {
    ent_entry us[MAX], gb[MAX];
    size_t us_count, gb_count;
    uint8_t chosen[MAX]; /* by the lot, of the holder's entries */
    ent_agreement a;
    ent_envelope e;
    unsigned found[ENT_AUDIT_RULE_COUNT];
    ent_audit_finding last;
    ent_audit_counts counts;
} court;

static int64_t noon(int day) { return 1700000000000 + (int64_t)day * 86400000; }

static int setup(void **state)
{
    court *c = calloc(1, sizeof *c);
    ent_secret_key gb, us, fr;
    ent_public_key public;
    c->a = (ent_agreement){.name = "x", .version = 1, .party_count = 3, .flow_count = 1, .from = {2023, 1, 1}, .until = {2030, 1, 1}};
    strcpy(c->a.party[0].name, "gb");
    strcpy(c->a.party[1].name, "us");
    ent_sign_keys((uint8_t[32]){1}, &public, &gb);
    memcpy(c->a.party[0].key, public.b, 32);
    ent_sign_keys((uint8_t[32]){2}, &public, &us);
    memcpy(c->a.party[1].key, public.b, 32);
    strcpy(c->a.party[2].name, "fr");
    ent_sign_keys((uint8_t[32]){3}, &public, &fr);
    memcpy(c->a.party[2].key, public.b, 32);
    ent_flow *f = &c->a.flow[0];
    *f = (ent_flow){.name = "check", .holder = "gb", .requester = "us", .purpose_count = 1, .per_day = 3};
    strcpy(f->purpose[0].name, "threat");
    assert_int_equal(ent_envelope_make(&c->a, "file", 4, &c->e, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "gb", (ent_time){noon(-40)}, &gb, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "us", (ent_time){noon(-39)}, &us, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "fr", (ent_time){noon(-38)}, &fr, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SUSPEND, "us", (ent_time){noon(20)}, &us, NULL), ENT_OK);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    court *c = *state;
    ent_envelope_free(&c->e);
    free(c);
    return 0;
}

static ent_entry *add(court *c, bool us, ent_entry_kind kind, uint8_t number, int64_t time)
{
    ent_entry *e = us ? &c->us[c->us_count++] : &c->gb[c->gb_count++];
    *e = (ent_entry){.kind = kind, .time = {time}, .case_number = {{number}}, .follows = ENT_ENTRY_NONE, .agreement_version = 1,
                     .flow = "check", .purpose = "threat", .clause = "s. 63T"};
    memcpy(e->agreement, c->e.digest, 32);
    return e;
}

/* One search as both ledgers ought to have it. */
static void search(court *c, uint8_t number, int64_t time, bool hit)
{
    add(c, true, ENT_ENTRY_ASKED, number, time);
    add(c, false, hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT, number, time + 100);
    add(c, true, ENT_ENTRY_RECEIVED, number, time + 300);
}

static void note(void *ctx, const ent_audit_finding *f)
{
    court *c = ctx;
    c->found[f->rule]++;
    c->last = *f;
}

static void judge(court *c)
{
    ent_audit_side sides[] = {{"us", c->us, c->us_count}, {"gb", c->gb, c->gb_count, c->chosen}};
    ent_audit_text text = {&c->e, &c->a};
    memset(c->found, 0, sizeof c->found);
    assert_int_equal(ent_audit(sides, 2, &text, 1, note, c, &c->counts, NULL), ENT_OK);
}

/* Exactly `count` findings, all of that rule. */
static void expect(court *c, ent_audit_rule rule, unsigned count)
{
    judge(c);
    for (int r = 0; r < ENT_AUDIT_RULE_COUNT; r++)
        if (c->found[r] != (r == (int)rule ? count : 0)) fail_msg("%u × %s", c->found[r], ent_audit_rule_name((ent_audit_rule)r));
}

/* Ledgers that agree, within quota and agreement, are found in order; what happened is counted. */
static void clean(void **state)
{
    court *c = *state;
    search(c, 1, noon(1), false);
    search(c, 2, noon(1) + 1000, true);
    search(c, 3, noon(2), false);
    add(c, true, ENT_ENTRY_ASKED, 4, noon(3));
    add(c, false, ENT_ENTRY_REFUSED, 4, noon(3));
    add(c, true, ENT_ENTRY_RECEIVED, 4, noon(3));
    add(c, true, ENT_ENTRY_ASKED, 5, noon(4)); /* the line was down */
    add(c, true, ENT_ENTRY_RECEIVED, 5, noon(4))->clause[0] = 0;
    expect(c, 0, 0);
    assert_int_equal(c->counts.asked, 5);
    assert_int_equal(c->counts.answered_hit, 1);
    assert_int_equal(c->counts.refused, 1);
    assert_int_equal(c->counts.unanswered, 1);
}

/* An answer that one ledger claims and the other lacks is found, whichever side hides it. */
static void hidden(void **state)
{
    court *c = *state;
    search(c, 1, noon(1), false);
    search(c, 2, noon(2), false);
    c->gb[1].case_number.b[0] = 9; /* the holder answered something else */
    ent_audit_side sides[] = {{"us", c->us, c->us_count}, {"gb", c->gb, c->gb_count, c->chosen}};
    ent_audit_text text = {&c->e, &c->a};
    assert_int_equal(ent_audit(sides, 2, &text, 1, note, c, &c->counts, NULL), ENT_OK);
    assert_int_equal(c->found[ENT_AUDIT_NOT_ANSWERED], 1);
    assert_int_equal(c->found[ENT_AUDIT_NOT_ASKED], 1);
    assert_int_equal(c->counts.findings, 2);
}

/* A question without any end is found, unless it is the ledger's last moment. */
static void open_ended(void **state)
{
    court *c = *state;
    add(c, true, ENT_ENTRY_ASKED, 1, noon(1));
    expect(c, 0, 0);
    add(c, true, ENT_ENTRY_PERSON, 0, noon(2));
    expect(c, ENT_AUDIT_NO_END, 1);
}

/* One search, two answers. */
static void answered_twice(void **state)
{
    court *c = *state;
    search(c, 1, noon(1), false);
    add(c, false, ENT_ENTRY_ANSWERED_HIT, 1, noon(1) + 200);
    expect(c, ENT_AUDIT_TWICE, 1);
    assert_int_equal(c->last.index, 1);
}

/* Both have it, but as two different things. */
static void differs(void **state)
{
    court *c = *state;
    strcpy(c->a.flow[0].purpose[1].name, "other");
    c->a.flow[0].purpose_count = 2;
    search(c, 1, noon(1), false);
    strcpy(c->gb[0].purpose, "other");
    expect(c, ENT_AUDIT_DIFFERS, 1);
}

/* The fourth answer of a day that grants three. */
static void quota(void **state)
{
    court *c = *state;
    for (uint8_t i = 1; i <= 4; i++) search(c, i, noon(1) + i * 1000, false);
    search(c, 5, noon(2), false);
    expect(c, ENT_AUDIT_QUOTA, 1);
    assert_int_equal(c->last.index, 3);
}

/* Before it was signed, while it is suspended, and under a text that nobody has. */
static void basis(void **state)
{
    court *c = *state;
    search(c, 1, noon(-50), false);
    expect(c, ENT_AUDIT_NOT_IN_FORCE, 2);
    c->us_count = c->gb_count = 0;
    search(c, 1, noon(21), false);
    expect(c, ENT_AUDIT_NOT_IN_FORCE, 2);
    c->us_count = c->gb_count = 0;
    search(c, 1, noon(1), false);
    c->us[0].agreement[0] ^= 1;
    c->gb[0].agreement[0] ^= 1;
    expect(c, ENT_AUDIT_UNKNOWN_AGREEMENT, 2);
    c->us_count = c->gb_count = 0;
    search(c, 1, noon(1), false);
    strcpy(c->us[0].purpose, "curiosity");
    strcpy(c->gb[0].purpose, "curiosity");
    expect(c, ENT_AUDIT_NOT_GRANTED, 2);
}

/* Nothing is disclosed but after a hit and an examination. */
static void confirmation(void **state)
{
    court *c = *state;
    search(c, 1, noon(1), true);
    add(c, false, ENT_ENTRY_DISCLOSED, 1, noon(1) + 5000);
    expect(c, ENT_AUDIT_NOT_CONFIRMED, 1);
    c->gb_count--;
    add(c, false, ENT_ENTRY_EXAMINED, 1, noon(1) + 4000);
    add(c, false, ENT_ENTRY_DISCLOSED, 1, noon(1) + 5000);
    expect(c, 0, 0);
    c->a.flow[0].on_confirmed = 1u << ENT_FIELD_NAME | 1u << ENT_FIELD_STATUS;
    strcpy(c->gb[c->gb_count - 1].clause, "disclose.on-confirmed: 21");
    expect(c, 0, 0);
    strcpy(c->gb[c->gb_count - 1].clause, "disclose.on-confirmed: 23");
    expect(c, ENT_AUDIT_FIELDS, 1);
    strcpy(c->gb[c->gb_count - 1].clause, "disclose.on-confirmed: 1");
    search(c, 2, noon(2), false);
    add(c, false, ENT_ENTRY_EXAMINED, 2, noon(2) + 4000);
    add(c, false, ENT_ENTRY_DISCLOSED, 2, noon(2) + 5000);
    expect(c, ENT_AUDIT_NOT_CONFIRMED, 1);
}

/* A further record of a hit has a number of its own and needs its own examination; more than the agreement grants are told, at the hit. What
 * leaves on the hit itself needs none. */
static void further_candidates(void **state)
{
    court *c = *state;
    c->a.flow[0].candidates = 2;
    c->a.flow[0].on_hit = 1u << ENT_FIELD_FACIAL_IMAGE;
    search(c, 1, noon(1), true);
    strcpy(add(c, false, ENT_ENTRY_DISCLOSED, 1, noon(1) + 3000)->clause, "disclose.on-hit: 200");
    expect(c, 0, 0);
    add(c, false, ENT_ENTRY_EXAMINED, 1, noon(1) + 4000)->follows = 0;
    add(c, false, ENT_ENTRY_DISCLOSED, 7, noon(1) + 5000)->follows = 0; /* on the strength of another candidate's examination */
    expect(c, ENT_AUDIT_NOT_CONFIRMED, 1);
    c->gb_count--;
    add(c, false, ENT_ENTRY_EXAMINED, 7, noon(1) + 5000)->follows = 0;
    add(c, false, ENT_ENTRY_DISCLOSED, 7, noon(1) + 6000)->follows = 0;
    expect(c, 0, 0);
    assert_int_equal(c->counts.further, 1);
    add(c, false, ENT_ENTRY_CLOSED, 8, noon(1) + 7000)->follows = 0;
    expect(c, ENT_AUDIT_CANDIDATES, 1);
    assert_int_equal(c->last.index, 0);
}

/* Asked for whom the agreement lists, in both ledgers alike; given on to whom it names, what was kept, with the holder's word. */
static void third_parties(void **state)
{
    court *c = *state;
    ent_flow *f = &c->a.flow[0];
    search(c, 1, noon(1), true);
    c->us[0].party = c->us[1].party = c->gb[0].party = 3;
    expect(c, ENT_AUDIT_NOT_GRANTED, 2);
    strcpy(f->on_behalf_of[f->on_behalf_count++], "fr");
    expect(c, 0, 0);
    assert_int_equal(c->counts.for_others, 1);
    c->gb[0].party = 0;
    expect(c, ENT_AUDIT_DIFFERS, 1);
    c->gb[0].party = 3;
    strcpy(f->onward[f->onward_count++], "fr");
    f->onward_authorised = true;
    ent_entry *kept = add(c, true, ENT_ENTRY_KEPT, 1, noon(1) + 9000), *given = add(c, true, ENT_ENTRY_EXPORTED, 9, noon(1) + 9500);
    strcpy(given->clause, "onward: given on");
    given->party = 3, given->follows = (uint64_t)(kept - c->us);
    expect(c, ENT_AUDIT_NOT_AUTHORISED, 1);
    ent_entry *word = add(c, false, ENT_ENTRY_APPROVED, 9, noon(1) + 9400);
    strcpy(word->clause, "onward: authorised");
    word->party = 2; /* to somebody else */
    expect(c, ENT_AUDIT_NOT_AUTHORISED, 1);
    word->party = 3;
    expect(c, 0, 0);
    assert_int_equal(c->counts.given_on, 1);
    given->follows = 0; /* what was never kept here */
    expect(c, ENT_AUDIT_NOT_GRANTED, 1);
    given->follows = (uint64_t)(kept - c->us), given->party = 1;
    expect(c, ENT_AUDIT_NOT_GRANTED, 1);
}

/* What was due is destroyed or held; an extension moves the day. */
static void destruction(void **state)
{
    court *c = *state;
    ent_date due = ent_time_date((ent_time){noon(3)}), later = ent_time_date((ent_time){noon(30)});
    add(c, false, ENT_ENTRY_ENROLLED, 1, noon(0))->destroy_by = due;
    add(c, false, ENT_ENTRY_PERSON, 0, noon(3));
    expect(c, 0, 0); /* it has that day for it */
    add(c, false, ENT_ENTRY_PERSON, 0, noon(5));
    expect(c, ENT_AUDIT_NOT_DESTROYED, 1);
    add(c, false, ENT_ENTRY_EXTENDED, 1, noon(5))->destroy_by = later;
    expect(c, 0, 0);
    c->gb_count--;
    add(c, false, ENT_ENTRY_HELD, 1, noon(5))->destroy_by = due;
    expect(c, 0, 0);
    add(c, false, ENT_ENTRY_EVENT, 1, noon(6))->destroy_by = due;
    expect(c, ENT_AUDIT_NOT_DESTROYED, 1);
    add(c, false, ENT_ENTRY_DESTROYED, 1, noon(7));
    expect(c, 0, 0);
}

/* A clock that was set back, an entry that follows the future. */
static void order(void **state)
{
    court *c = *state;
    add(c, false, ENT_ENTRY_PERSON, 0, noon(2));
    add(c, false, ENT_ENTRY_PERSON, 0, noon(2) - 30000);
    expect(c, 0, 0);
    add(c, false, ENT_ENTRY_PERSON, 0, noon(1));
    expect(c, ENT_AUDIT_TIME, 1);
    c->gb_count--;
    add(c, false, ENT_ENTRY_PERSON, 0, noon(2))->follows = 2;
    expect(c, ENT_AUDIT_FOLLOWS, 1);
}

static ent_entry *lot(court *c, bool us, uint8_t number, int64_t time, const char *word)
{
    ent_entry *e = add(c, us, ENT_ENTRY_LOT, number, time);
    snprintf(e->clause, sizeof e->clause, "lot: %s", word);
    return e;
}

/* A search that the lot chose, as both ledgers ought to have it. */
static void chosen_search(court *c, uint8_t number, int64_t time)
{
    c->chosen[c->gb_count] = 1;
    search(c, number, time, false);
    lot(c, true, number, time + 300, "chosen");
    lot(c, false, number, time + 100, "chosen");
}

static void later(court *c, int day)
{
    add(c, true, ENT_ENTRY_PERSON, 0, noon(day));
    add(c, false, ENT_ENTRY_PERSON, 0, noon(day));
}

/* What the lot chose is opened within thirty days, the thirtieth included; until then nothing is told. */
static void lot_opened(void **state)
{
    court *c = *state;
    c->a.until = (ent_date){2030, 1, 1};
    chosen_search(c, 1, noon(-5));
    later(c, 3);
    expect(c, 0, 0);
    assert_int_equal(c->counts.chosen, 1);
    assert_int_equal(c->counts.opened, 0);
    lot(c, true, 1, noon(25), "opened to the auditor");
    lot(c, false, 1, noon(25) + 1000, "opened to the auditor");
    later(c, 60);
    expect(c, 0, 0);
    assert_int_equal(c->counts.opened, 1);
}

/* Not opened, or opened late: told with the requester's entry; of the holder's ledger alone with the answer. */
static void lot_due(void **state)
{
    court *c = *state;
    chosen_search(c, 1, noon(-5));
    later(c, 25);
    expect(c, 0, 0);
    later(c, 26);
    expect(c, ENT_AUDIT_LOT_DUE, 1);
    assert_int_equal(c->last.side, 0);
    assert_int_equal(c->us[c->last.index].kind, ENT_ENTRY_LOT);
    lot(c, true, 1, noon(26) + 1000, "opened to the auditor");
    lot(c, false, 1, noon(26) + 2000, "opened to the auditor");
    expect(c, ENT_AUDIT_LOT_DUE, 1);
    c->gb_count--;
    ent_audit_side alone = {"gb", c->gb, c->gb_count, c->chosen};
    ent_audit_text text = {&c->e, &c->a};
    memset(c->found, 0, sizeof c->found);
    assert_int_equal(ent_audit(&alone, 1, &text, 1, note, c, &c->counts, NULL), ENT_OK);
    assert_int_equal(c->found[ENT_AUDIT_LOT_DUE], 1);
    assert_int_equal(c->gb[c->last.index].kind, ENT_ENTRY_ANSWERED_NO_HIT);
}

/* The hash decides, not what a ledger says of it: a chosen search that either side passes over in silence is told, a false one too. */
static void lot_hidden(void **state)
{
    court *c = *state;
    chosen_search(c, 1, noon(1));
    c->us_count--;
    later(c, 2);
    expect(c, ENT_AUDIT_LOT_HIDDEN, 1);
    assert_int_equal(c->us[c->last.index].kind, ENT_ENTRY_ASKED);
    c->us_count = c->gb_count = 0;
    chosen_search(c, 1, noon(1));
    c->gb_count--;
    later(c, 2);
    expect(c, ENT_AUDIT_LOT_HIDDEN, 1);
    assert_int_equal(c->gb[c->last.index].kind, ENT_ENTRY_ANSWERED_NO_HIT);
    c->us_count = c->gb_count = 0;
    chosen_search(c, 1, noon(1));
    memset(c->chosen, 0, sizeof c->chosen);
    later(c, 2);
    expect(c, ENT_AUDIT_LOT_FALSE, 2);
    c->a.flow[0].test = true;
    expect(c, 0, 0);
}

/* An answer that was lost: the requester knows of no lot, and opens it all the same when it is told, or is found. */
static void lot_of_a_lost_answer(void **state)
{
    court *c = *state;
    c->chosen[0] = 1;
    search(c, 1, noon(-5), false);
    c->us[1].clause[0] = 0;
    lot(c, false, 1, noon(-5) + 100, "chosen");
    later(c, 25);
    expect(c, 0, 0);
    later(c, 26);
    expect(c, ENT_AUDIT_LOT_DUE, 1);
    c->us_count -= 2;
    lot(c, true, 1, noon(25), "opened to the auditor");
    later(c, 26);
    expect(c, 0, 0);
}

/* While one is overdue the flow stands still: what the holder answers all the same is told, until it learns that it was opened. */
static void lot_passed_over(void **state)
{
    court *c = *state;
    chosen_search(c, 1, noon(-15));
    search(c, 2, noon(15), false);
    lot(c, true, 1, noon(15) + 5000, "opened to the auditor");
    later(c, 15);
    expect(c, 0, 0);
    search(c, 3, noon(16), false);
    expect(c, ENT_AUDIT_LOT_PASSED_OVER, 1);
    assert_int_equal(c->last.index, c->gb_count - 1);
    lot(c, false, 1, noon(17), "opened to the auditor");
    search(c, 4, noon(18), false);
    expect(c, ENT_AUDIT_LOT_PASSED_OVER, 1);
}

/* A clock that ran ahead: what was answered before the search that the lot chose did not pass it over, though its time is later. */
static void lot_after_a_clock_ahead(void **state)
{
    court *c = *state;
    search(c, 9, noon(16), false);
    chosen_search(c, 1, noon(-15));
    lot(c, true, 1, noon(17), "opened to the auditor");
    lot(c, false, 1, noon(17), "opened to the auditor");
    judge(c);
    assert_int_equal(c->found[ENT_AUDIT_LOT_DUE], 1);
    assert_int_equal(c->found[ENT_AUDIT_LOT_PASSED_OVER], 0);
}

/* A search of a copy stands in both ledgers, a day after the next contact at the latest; what nobody searched is not reported. */
static void searches_of_a_copy(void **state)
{
    court *c = *state;
    add(c, true, ENT_ENTRY_LOCAL_SEARCH, 1, noon(1));
    later(c, 3);
    expect(c, 0, 0); /* no contact since */
    add(c, false, ENT_ENTRY_FEED, 50, noon(3));
    expect(c, ENT_AUDIT_NOT_REPORTED, 1);
    assert_int_equal(c->last.side, 0);
    c->gb_count--;
    add(c, false, ENT_ENTRY_LOCAL_SEARCH, 1, noon(3));
    expect(c, 0, 0);
    add(c, false, ENT_ENTRY_LOCAL_SEARCH, 2, noon(3));
    expect(c, ENT_AUDIT_NOT_ASKED, 1);
}

static void person(court *c, uint8_t number, int hour, uint8_t actor, const char *clause)
{
    ent_entry *e = add(c, false, ENT_ENTRY_PERSON, number, noon(hour));
    e->actor.b[0] = actor;
    snprintf(e->clause, sizeof e->clause, "%s", clause);
}

/* The first two custodians come alone, once; everybody after them by two persons' words about one role and key. */
static void nobody_comes_alone(void **state)
{
    court *c = *state;
    person(c, 1, 1, 1, "custodian: the first, by nobody");
    person(c, 2, 2, 1, "custodian: the second, by the first alone");
    person(c, 3, 3, 1, "proposed: officer");
    person(c, 3, 4, 2, "works here: officer");
    expect(c, 0, 0);
    person(c, 4, 5, 1, "proposed: officer");
    person(c, 4, 6, 1, "works here: officer"); /* the same person's word twice */
    expect(c, ENT_AUDIT_ALONE, 1);
    c->gb_count--;
    person(c, 4, 6, 2, "works here: custodian"); /* of another role */
    expect(c, ENT_AUDIT_ALONE, 1);
    c->gb[c->gb_count - 1] = c->gb[3];
    c->gb[c->gb_count - 1].time.ms = noon(6);
    c->gb[c->gb_count - 1].case_number.b[0] = 9; /* nobody proposed it */
    expect(c, ENT_AUDIT_ALONE, 1);
    c->gb_count--;
    person(c, 5, 7, 1, "custodian: the second, by the first alone");
    expect(c, ENT_AUDIT_ALONE, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(clean),  CASE(hidden),       CASE(open_ended),  CASE(answered_twice), CASE(differs),
                                       CASE(quota),  CASE(basis),        CASE(confirmation), CASE(further_candidates), CASE(third_parties), CASE(destruction),   CASE(order), CASE(lot_opened), CASE(lot_due), CASE(lot_hidden), CASE(lot_of_a_lost_answer), CASE(lot_passed_over), CASE(lot_after_a_clock_ahead), CASE(searches_of_a_copy),
                                       CASE(nobody_comes_alone)};
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
