#include "base/test.h"

#include "base/text.h"

/* RFC 4648 section 10's vectors, both ways. */
static void test_base64(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[32];
        uint8_t bytes[32];
        size_t n = 99;
        ent_base64((const uint8_t *)pairs[i][0], strlen(pairs[i][0]), text);
        assert_string_equal(text, pairs[i][1]);
        assert_true(ent_unbase64(text, strlen(text), bytes, sizeof bytes, &n));
        assert_int_equal(n, strlen(pairs[i][0]));
        assert_memory_equal(bytes, pairs[i][0], n);
    }
}

/* One value has one form: stray bits, missing padding and white space are refused. */
static void test_base64_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zg", "Zh==", "Zm9=", "Zm 8", "Zg==Zg==", "====", "Zm8\n"};
    uint8_t bytes[16];
    size_t n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(ent_unbase64(bad[i], strlen(bad[i]), bytes, 16, &n));
}

/* RFC 3629: overlong forms, surrogates and values past U+10FFFF are refused. */
static void test_utf8(void **state)
{
    (void)state;
    assert_true(ent_utf8_valid((const uint8_t *)"M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x99\x82", 16));
    assert_false(ent_utf8_valid((const uint8_t *)"\xc0\xaf", 2));
    assert_false(ent_utf8_valid((const uint8_t *)"\xed\xa0\x80", 3));
    assert_false(ent_utf8_valid((const uint8_t *)"\xf4\x90\x80\x80", 4));
    assert_false(ent_utf8_valid((const uint8_t *)"\xe2\x82", 2));
}

/* RFC 8259, 7: quote, backslash and control characters are escaped; HTML's four. */
static void test_escapes(void **state)
{
    (void)state;
    ENT_AUTO_BUF json = ENT_BUF(100), html = ENT_BUF(100);
    ent_json_text(&json, "a\"b\\c\n\x1b\xc3\xbc");
    assert_string_equal(ent_buf_cstr(&json), "\"a\\\"b\\\\c\\n\\u001b\xc3\xbc\"");
    ent_html_text(&html, "<a href=\"x\">&");
    assert_string_equal(ent_buf_cstr(&html), "&lt;a href=&quot;x&quot;&gt;&amp;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_base64), cmocka_unit_test(test_base64_strict),
                                       cmocka_unit_test(test_utf8), cmocka_unit_test(test_escapes)};
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
