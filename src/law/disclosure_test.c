#include "base/test.h"

#include "law/disclosure.h"

#define NAME (1u << ENT_FIELD_NAME)
#define BIRTH (1u << ENT_FIELD_BIRTH_DATE)
#define FACE (1u << ENT_FIELD_FACIAL_IMAGE)

static ent_flow flow(void)
{
    return (ent_flow){.name = "check", .holder = "gb", .requester = "us", .confirm_by = ENT_CONFIRM_HOLDER, .examiners = 2,
                      .confirm_within_ms = 900000, .on_hit = FACE, .on_confirmed = NAME};
}

static ent_conclusion says(const char *node, uint8_t who, int64_t at, bool confirmed)
{
    ent_conclusion c = {.examiner = {{who}}, .at = {at}, .confirmed = confirmed};
    snprintf(c.node, sizeof c.node, "%s", node);
    return c;
}

static ent_disclosure ask(const ent_flow *f, const ent_conclusion *c, size_t n, uint32_t fields)
{
    ent_disclosure d;
    ent_disclosure_ask a = {.flow = f, .hit = true, .answered = {1000}, .now = {800000}, .conclusions = c, .count = n,
                            .by = {{99}}, .fields = fields};
    ent_disclosure_decide(&a, &d);
    return d;
}

/* Before two of the holder's examiners have confirmed it, only the image for the comparison leaves. */
static void persons_confirm(void **state)
{
    (void)state;
    ent_flow f = flow();
    ent_conclusion c[] = {says("gb", 1, 2000, true), says("gb", 2, 3000, true)};
    assert_int_equal(ask(&f, c, 0, 0).fields, FACE);
    assert_int_equal(ask(&f, c, 0, NAME).code, ENT_REFUSED);
    assert_string_equal(ask(&f, c, 1, NAME).clause, "disclose.on-hit");
    ent_disclosure d = ask(&f, c, 2, 0);
    assert_true(d.confirmed);
    assert_int_equal(d.fields, NAME | FACE);
    assert_int_equal(ask(&f, c, 2, NAME).fields, NAME);
    assert_string_equal(ask(&f, c, 2, BIRTH).clause, "disclose.on-confirmed");
    assert_int_equal(ask(&f, c, 2, BIRTH).fields, 0);
}

/* Where a face is compared, one examiner is not enough on the side that compares it, whatever the flow asks for; more than two stay more. */
static void a_face_takes_two(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        ent_flow f = flow();
        const char *node = side ? "us" : "gb";
        ent_conclusion c[] = {says(node, 1, 2000, true), says(node, 1, 2500, true), says(node, 2, 3000, true)};
        f.examiners = 1, f.confirm_by = side ? ENT_CONFIRM_REQUESTER : ENT_CONFIRM_HOLDER;
        for (int face = 0; face < 2; face++)
            for (size_t n = 1; n <= 3; n++) {
                ent_disclosure d;
                ent_disclosure_ask a = {.flow = &f, .hit = true, .face_here = !side && face, .face_there = side && face, .answered = {1000}, .now = {800000}, .conclusions = c, .count = n, .by = {{99}}};
                ent_disclosure_decide(&a, &d);
                assert_int_equal(d.confirmed, !face || n == 3);
            }
        f.examiners = 3;
        assert_int_equal(ent_examiners_needed(&f, true), 3);
    }
}

/* What only a fitted tail calls a hit is a candidate: not even the image leaves before the holder's examiners have confirmed it. Where only the
 * requester's compare, they get what they compare. */
static void a_candidate_waits(void **state)
{
    (void)state;
    ent_flow f = flow();
    ent_conclusion c[] = {says("gb", 1, 2000, true), says("gb", 2, 3000, true)};
    ent_disclosure_ask a = {.flow = &f, .hit = true, .candidate = true, .answered = {1000}, .now = {800000}, .conclusions = c, .count = 1, .by = {{99}}};
    ent_disclosure d;
    ent_disclosure_decide(&a, &d);
    assert_int_equal(d.code, ENT_REFUSED);
    assert_int_equal(d.fields, 0);
    assert_string_equal(d.clause, "disclose.on-hit");
    a.count = 2;
    ent_disclosure_decide(&a, &d);
    assert_int_equal(d.fields, NAME | FACE);
    f.confirm_by = ENT_CONFIRM_REQUESTER, a.count = 0;
    ent_disclosure_decide(&a, &d);
    assert_int_equal(d.fields, FACE);
}

/* One person is not two, another node's examiner is not ours, and too late is not in time. */
static void not_enough(void **state)
{
    (void)state;
    ent_flow f = flow();
    ent_conclusion twice[] = {says("gb", 1, 2000, true), says("gb", 1, 3000, true)};
    ent_conclusion theirs[] = {says("gb", 1, 2000, true), says("us", 2, 3000, true)};
    ent_conclusion late[] = {says("gb", 1, 2000, true), says("gb", 2, 901001, true)};
    ent_conclusion early[] = {says("gb", 1, 2000, true), says("gb", 2, 999, true)};
    assert_false(ask(&f, twice, 2, 0).confirmed);
    assert_false(ask(&f, theirs, 2, 0).confirmed);
    assert_false(ask(&f, late, 2, 0).confirmed);
    assert_false(ask(&f, early, 2, 0).confirmed);
}

/* A conclusion that is no confirmation stands in the way, until that examiner changes it. */
static void one_rejection_stops_all(void **state)
{
    (void)state;
    ent_flow f = flow();
    ent_conclusion c[] = {says("gb", 1, 2000, true), says("gb", 2, 3000, true), says("us", 3, 4000, false), says("us", 3, 5000, true)};
    assert_int_equal(ask(&f, c, 3, 0).code, ENT_REFUSED);
    assert_string_equal(ask(&f, c, 3, 0).clause, "confirm");
    assert_true(ask(&f, c, 4, 0).confirmed);
}

/* Both sides, where the agreement says so. */
static void both_sides(void **state)
{
    (void)state;
    ent_flow f = flow();
    f.confirm_by = ENT_CONFIRM_BOTH;
    f.examiners = 1;
    ent_conclusion c[] = {says("gb", 1, 2000, true), says("us", 1, 3000, true)};
    assert_false(ask(&f, c, 1, 0).confirmed);
    assert_true(ask(&f, c, 2, 0).confirmed);
    f.confirm_by = ENT_CONFIRM_REQUESTER;
    assert_true(ask(&f, c + 1, 1, 0).confirmed);
}

/* No hit, nothing to grant, or one's own examination: refused. */
static void refuses(void **state)
{
    (void)state;
    ent_flow f = flow();
    ent_disclosure d;
    ent_conclusion own[] = {says("gb", 99, 2000, true), says("gb", 2, 3000, true)};
    assert_string_equal(ask(&f, own, 2, 0).reason, "who examined it does not disclose it");
    ent_disclosure_ask a = {.flow = &f, .hit = false, .answered = {1000}, .now = {2000}};
    ent_disclosure_decide(&a, &d);
    assert_int_equal(d.code, ENT_REFUSED);
    f.on_hit = 0;
    assert_string_equal(ask(&f, NULL, 0, 0).reason, "nothing may leave before the hit is confirmed");
    assert_int_equal(ask(&f, NULL, 0, 1u << 31).code, ENT_REFUSED);
}

/* An entry says which fields left; what is no such clause names none. */
static void clauses(void **state)
{
    (void)state;
    char text[48];
    ent_disclosed_clause("disclose.on-confirmed", 1u << ENT_FIELD_NAME | 1u << ENT_FIELD_FINGERPRINT_IMAGE, text, sizeof text);
    assert_string_equal(text, "disclose.on-confirmed: 401");
    assert_int_equal(ent_disclosed_fields(text), 0x401);
    assert_int_equal(ent_disclosed_fields("disclose.on-hit: 200"), 0x200);
    static const char *const none[] = {"", "disclose.on-confirmed", "disclose.on-confirmed:", "copy.mode: 3", "disclose.on-confirmed: x"};
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) assert_int_equal(ent_disclosed_fields(none[k]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clauses), cmocka_unit_test(persons_confirm), cmocka_unit_test(a_face_takes_two), cmocka_unit_test(a_candidate_waits), cmocka_unit_test(not_enough),
                                       cmocka_unit_test(one_rejection_stops_all), cmocka_unit_test(both_sides), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests_name("disclosure", tests, NULL, NULL);
}
