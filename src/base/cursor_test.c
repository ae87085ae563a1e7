#include "base/test.h"

#include "base/buf.h"
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

/* What was put is taken; a text that does not fit sticks, on either side. */
static void test_texts(void **state)
{
    (void)state;
    char text[6] = "", long_text[300];
    ENT_AUTO_BUF b = ENT_BUF(1000);
    ent_buf_text8(&b, "short");
    ent_buf_text16(&b, "");
    ent_buf_double(&b, -0.1);
    ent_buf_text16(&b, "longer");
    ent_cursor c = ENT_CURSOR(b.data, b.len);
    ent_cursor_text8(&c, text, sizeof text);
    assert_string_equal(text, "short");
    ent_cursor_text16(&c, text, sizeof text);
    assert_string_equal(text, "");
    double v = ent_cursor_double(&c), want = -0.1;
    assert_memory_equal(&v, &want, sizeof v);
    assert_true(ent_cursor_ok(&c));
    ent_cursor_text16(&c, text, sizeof text);
    assert_false(ent_cursor_ok(&c));
    c = ENT_CURSOR((const uint8_t *)"\x03" "a\0b", 4);
    ent_cursor_text8(&c, text, sizeof text);
    assert_false(ent_cursor_ok(&c));
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    ent_buf_text8(&b, long_text);
    assert_int_equal(b.failed, ENT_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sticky), cmocka_unit_test(test_done), cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
