#include "base/test.h"

#include "law/examination.h"

#define NONE ENT_FINDING_NONE
#define ID ENT_FINDING_IDENTIFIED
#define EX ENT_FINDING_EXCLUDED
#define IN ENT_FINDING_INCONCLUSIVE
#define NS ENT_FINDING_NOT_SUITABLE

static const struct {
    ent_finding of[4];
    size_t count, needed;
    ent_finding stands;
    size_t takes;
} cases[] = {
    {{NONE}, 0, 2, NONE, 2},                  /* nobody */
    {{ID}, 1, 1, ID, 1},                      /* one suffices where the flow says so */
    {{ID}, 1, 2, NONE, 2},                    /* one of two never identifies */
    {{ID, ID}, 2, 2, ID, 2},
    {{EX, EX}, 2, 2, EX, 2},
    {{NS, NS}, 2, 2, NS, 2},
    {{ID, NONE}, 2, 2, NONE, 2},              /* the second has not concluded */
    {{ID, EX}, 2, 2, NONE, 3},                /* disagreement goes to a third */
    {{ID, IN}, 2, 2, NONE, 3},
    {{ID, EX, ID}, 3, 2, IN, 3},              /* an exclusion is not outvoted */
    {{ID, IN, ID}, 3, 2, ID, 3},
    {{EX, IN, EX}, 3, 2, EX, 3},
    {{EX, ID, EX}, 3, 2, IN, 3},
    {{ID, IN, EX}, 3, 2, IN, 3},
    {{IN, NS, ID}, 3, 2, IN, 3},
    {{ID, ID, ID}, 3, 3, ID, 3},
    {{ID, ID, IN}, 3, 3, NONE, 4},
    {{ID, ID, IN, ID}, 4, 3, ID, 4},
};

static void what_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t takes = 0;
        ent_finding got = ent_examination_finding(cases[i].of, cases[i].count, cases[i].needed, &takes);
        if (got != cases[i].stands || takes != cases[i].takes) fail_msg("case %zu: %s, takes %zu", i, ent_finding_text(got), takes);
    }
}

/* However many conclude and in whatever order: an identification never stands beside an exclusion, and never with fewer than were
 * asked for. */
static void doubt_never_identifies(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 625; code++) {
        ent_finding of[4];
        size_t identified = 0, excluded = 0, takes;
        for (unsigned i = 0, c = code; i < 4; i++, c /= 5) {
            of[i] = (ent_finding)(c % 5);
            identified += of[i] == ENT_FINDING_IDENTIFIED;
            excluded += of[i] == ENT_FINDING_EXCLUDED;
        }
        for (size_t needed = 1; needed <= 3; needed++)
            if (ent_examination_finding(of, 4, needed, &takes) == ENT_FINDING_IDENTIFIED) {
                assert_true(identified >= needed);
                assert_int_equal(excluded, 0);
            }
    }
}

static void words(void **state)
{
    (void)state;
    assert_int_equal(ent_finding_named("identified"), ENT_FINDING_IDENTIFIED);
    assert_int_equal(ent_finding_named(""), ENT_FINDING_COUNT);
    assert_int_equal(ent_finding_named("match"), ENT_FINDING_COUNT);
    assert_string_equal(ent_finding_text(ENT_FINDING_NOT_SUITABLE), "not-suitable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_stands), cmocka_unit_test(doubt_never_identifies), cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
