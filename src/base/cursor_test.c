#include "base/test.h"

#include "base/cursor.h"

/* A read past the end gives zero, sticks, and says so when asked once at the end. */
static void test_sticky(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5};
    ent_cursor c = ENT_CURSOR(bytes, sizeof bytes);
    assert_int_equal(ent_cursor_u16(&c), 0x0102);
    assert_int_equal(ent_cursor_u32(&c), 0);
    assert_int_equal(ent_cursor_u8(&c), 0);
    assert_false(ent_cursor_ok(&c));
    assert_int_equal(ent_cursor_left(&c), 0);
}

/* Done means: no failure and no byte left over. */
static void test_done(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0, 0, 0, 9};
    ent_cursor c = ENT_CURSOR(bytes, sizeof bytes);
    assert_false(ent_cursor_done(&c));
    assert_int_equal(ent_cursor_u32(&c), 9);
    assert_true(ent_cursor_done(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sticky), cmocka_unit_test(test_done)};
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
