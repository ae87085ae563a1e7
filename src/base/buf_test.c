#include "base/test.h"

#include "base/buf.h"

/* The ceiling holds, and the first failure sticks: nothing is appended after it. */
static void test_ceiling(void **state)
{
    (void)state;
    ENT_AUTO_BUF b = ENT_BUF(10);
    ent_err err;
    ent_buf_str(&b, "0123456");
    ent_buf_u32(&b, 7);
    assert_int_equal(ent_buf_check(&b, &err), ENT_TOO_LARGE);
    ent_buf_u8(&b, 1);
    assert_int_equal(b.len, 7);
    assert_string_equal(ent_buf_cstr(&b), "");
}

/* Numbers go in big-endian, and format and string appends meet at exact lengths over many growths. */
static void test_append(void **state)
{
    (void)state;
    ENT_AUTO_BUF b = ENT_BUF(1 << 20);
    ent_buf_u16(&b, 0x0102);
    ent_buf_u64(&b, 0x030405060708090aULL);
    for (uint8_t i = 0; i < 10; i++) assert_int_equal(b.data[i], i + 1);
    ent_buf_clear(&b);
    for (int i = 0; i < 10000; i++) ent_buf_fmt(&b, "%d,", i % 10);
    assert_int_equal(b.len, 20000);
    assert_int_equal(strlen(ent_buf_cstr(&b)), 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ceiling), cmocka_unit_test(test_append)};
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
