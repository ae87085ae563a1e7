/* What is put before an error's detail. */
#include "base/test.h"

#include "entente/error.h"

/* Who knows the file names it; who only passes the error on does not name it again. */
static void context_is_said_once(void **state)
{
    ent_err err = {0};
    (void)state;
    (void)ent_fail(&err, ENT_FORMAT, "not a file");
    assert_int_equal(ent_context(&err, ENT_IO, "%s", "a.png"), ENT_IO);
    assert_string_equal(err.detail, "a.png: not a file");
    assert_int_equal(ent_context(&err, ENT_IO, "%s", "a.png"), ENT_IO);
    assert_string_equal(err.detail, "a.png: not a file");
    (void)ent_context(&err, ENT_FORMAT, "a");
    assert_string_equal(err.detail, "a: a.png: not a file");
    assert_int_equal(err.code, ENT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(context_is_said_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
