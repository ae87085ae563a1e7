#include "base/test.h"

#include "flow/audit/audit.h"

enum { MAX = 64 };

typedef struct court {
    ent_entry us[MAX], gb[MAX];
    size_t us_count, gb_count;
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
    ent_secret_key gb, us;
    ent_public_key public;
    c->a = (ent_agreement){.name = "x", .version = 1, .party_count = 2, .flow_count = 1, .from = {2023, 1, 1}, .until = {2030, 1, 1}};
    strcpy(c->a.party[0].name, "gb");
    strcpy(c->a.party[1].name, "us");
    ent_sign_keys((uint8_t[32]){1}, &public, &gb);
    memcpy(c->a.party[0].key, public.b, 32);
    ent_sign_keys((uint8_t[32]){2}, &public, &us);
    memcpy(c->a.party[1].key, public.b, 32);
    ent_flow *f = &c->a.flow[0];
    *f = (ent_flow){.name = "check", .holder = "gb", .requester = "us", .purpose_count = 1, .per_day = 3};
    strcpy(f->purpose[0].name, "threat");
    assert_int_equal(ent_envelope_make(&c->a, "file", 4, &c->e, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "gb", (ent_time){noon(-10)}, &gb, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "us", (ent_time){noon(-9)}, &us, NULL), ENT_OK);
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

/* Exactly `count` findings, all of that rule. */
static void expect(court *c, ent_audit_rule rule, unsigned count)
{
    ent_audit_side sides[] = {{"us", c->us, c->us_count}, {"gb", c->gb, c->gb_count}};
    ent_audit_text text = {&c->e, &c->a};
    memset(c->found, 0, sizeof c->found);
    assert_int_equal(ent_audit(sides, 2, &text, 1, note, c, &c->counts, NULL), ENT_OK);
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
    ent_audit_side sides[] = {{"us", c->us, c->us_count}, {"gb", c->gb, c->gb_count}};
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
    search(c, 1, noon(-20), false);
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
    search(c, 2, noon(2), false);
    add(c, false, ENT_ENTRY_EXAMINED, 2, noon(2) + 4000);
    add(c, false, ENT_ENTRY_DISCLOSED, 2, noon(2) + 5000);
    expect(c, ENT_AUDIT_NOT_CONFIRMED, 1);
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(clean),  CASE(hidden),       CASE(open_ended),  CASE(answered_twice), CASE(differs),
                                       CASE(quota),  CASE(basis),        CASE(confirmation), CASE(destruction),   CASE(order)};
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
