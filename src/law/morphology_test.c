#include "law/morphology.h"

#include "base/test.h"

#include <stdio.h>
#include <string.h>

#define FIRST ENT_FORM_FIRST_LINE "\n"
#define REST(w) "hairline: " w "\nforehead: " w "\neyebrows: " w "\neyes: " w "\ncheeks: " w "\nnose: " w "\nears: " w "\nmouth: " w "\nchin: " w "\nlines: " w "\nmarks: " w "\n"
#define FORM(first, w) FIRST "shape: " first "\n" REST(w)

static ent_code check(const char *text, ent_form_step step) { return ent_form_check(text, strlen(text), step, NULL, NULL); }
static ent_code allows(const char *text, ent_finding f) { return ent_form_allows(text, strlen(text), f, NULL); }

/* A whole form of its own step, alone or before free text, is one; where it ends is said. */
static void whole(void **state)
{
    (void)state;
    size_t len = 0;
    static const char text[] = FORM("clear", "limited") "\nthe left ear is covered\n\nshape: of no matter here";
    assert_int_equal(check(FORM("clear", "limited"), ENT_FORM_SEEN), ENT_OK);
    assert_int_equal(check(FORM("same", "not-comparable"), ENT_FORM_FOUND), ENT_OK);
    assert_int_equal(check(FIRST REST("same") "shape: same", ENT_FORM_FOUND), ENT_OK); /* in any order, without a last newline */
    assert_int_equal(check(ENT_FORM_FIRST_LINE "\r\nshape: clear \r\n" REST("clear"), ENT_FORM_SEEN), ENT_OK);
    assert_int_equal(ent_form_check(text, sizeof text - 1, ENT_FORM_SEEN, &len, NULL), ENT_OK);
    assert_string_equal(text + len, "the left ear is covered\n\nshape: of no matter here");
}

/* Anything that a careless or hostile hand leaves out, says twice or invents is refused, with the feature's name. */
static void not_whole(void **state)
{
    (void)state;
    ent_err err = {0};
    static const char missing[] = FIRST REST("same");
    assert_int_equal(ent_form_check(missing, sizeof missing - 1, ENT_FORM_FOUND, NULL, &err), ENT_FORMAT);
    assert_non_null(strstr(err.detail, "\"shape\""));
    static const char *const bad[] = {
        "", "\n", "the faces are the same", ENT_FORM_FIRST_LINE, FIRST "\n" REST("same"), "\n" FORM("same", "same"), FORM("same", "clear"), FORM("", "same"),
        FORM("same same", "same"), FORM("same", "same") "shape: same\n", FORM("same", "same") "beard: same\n", FORM("Same", "same"), " " FORM("same", "same"),
        FIRST "shape:\n" REST("same"), FIRST "shape\n" REST("same"), ENT_FORM_FIRST_LINE "2\nshape: same\n" REST("same"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (check(bad[i], ENT_FORM_FOUND) != ENT_FORMAT) fail_msg("form %zu is taken: %s", i, bad[i]);
    static const char cut[] = FORM("same", "differs");
    for (size_t n = 0; n + 1 < sizeof cut - 1; n++) assert_int_equal(ent_form_check(cut, n, ENT_FORM_FOUND, NULL, NULL), ENT_FORMAT);
}

/* What the form says binds the conclusion. */
static void binds(void **state)
{
    (void)state;
    assert_int_equal(allows(FORM("same", "explained"), ENT_FINDING_IDENTIFIED), ENT_OK);
    assert_int_equal(allows(FORM("differs", "same"), ENT_FINDING_IDENTIFIED), ENT_CONFLICT);
    assert_int_equal(allows(FORM("explained", "not-comparable"), ENT_FINDING_IDENTIFIED), ENT_CONFLICT);
    assert_int_equal(allows(FORM("differs", "same"), ENT_FINDING_EXCLUDED), ENT_OK);
    assert_int_equal(allows(FORM("not-comparable", "not-comparable"), ENT_FINDING_INCONCLUSIVE), ENT_OK);
    assert_int_equal(allows("because", ENT_FINDING_EXCLUDED), ENT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(not_whole), cmocka_unit_test(binds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
