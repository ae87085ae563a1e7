/* Lenient reading, character encodings, Type-9. */
#include "base/test.h"

#include "build.h"
#include "entente/itl.h"

typedef struct told {
    size_t count;
    char texts[8][160];
} told;

static void keep(void *ctx, const ent_itl_fault *f)
{
    told *t = ctx;
    if (t->count < 8) memcpy(t->texts[t->count], f->text, sizeof f->text);
    t->count++;
}

/* Strict reading refuses these bytes, lenient reading forgives something of them; the caller frees. */
static ent_itl *forgiven(const ent_buf *b, told *ret)
{
    const ent_itl_sink sink = {keep, ret};
    ent_itl *t = NULL;
    ent_err err = {0};
    assert_int_equal(ent_itl_parse(b->data, b->len, &t, &err), ENT_FORMAT);
    if (ent_itl_parse_lenient(b->data, b->len, &sink, &t, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(ret->count > 0);
    return t;
}

static void replace(ent_buf *b, const char *from, const char *to)
{
    uint8_t *at = memmem(b->data, b->len, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void text_is(const ent_itl *t, size_t record, uint32_t field, const char *expected)
{
    char text[64];
    assert_true(record < ent_itl_count(t));
    ent_itl_text(ent_itl_record_at(t, record), field, text, sizeof text);
    assert_string_equal(text, expected);
}

/* What is well formed is read leniently without a word. */
static void nothing_to_forgive(void **state)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    told t = {0};
    const ent_itl_sink sink = {keep, &t};
    ent_itl *itl = NULL;
    (void)state;
    made_transaction("0502", 14, 0, NULL, &b);
    assert_int_equal(ent_itl_parse_lenient(b.data, b.len, &sink, &itl, NULL), ENT_OK);
    assert_int_equal(t.count, 0);
    ent_itl_free(itl);
}

/* Padding in front of, between and behind records, a separator too many, an end without one, a second transaction: every record of the
 * first is read, and each of it is told. */
static void as_found(void **state)
{
    static const struct {
        const char *before, *between, *after; /* "^" stands for a zero, "2" for the transaction once more */
        const char *told;
    } cases[] = {{"\r\n", "", "", "bytes before the transaction"},
                 {"\xef\xbb\xbf", "", "", "bytes before the transaction"},
                 {"", "\r\n", "", "2 bytes (line ends, zeros, blanks) before the record"},
                 {"", "^", "", "1 byte (line ends"},
                 {"", "", "\n", "1 byte follows the last record"},
                 {"", "", "^^^^", "4 bytes follow the last record"},
                 {"", "", "2", "bytes follow the last record"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ENT_AUTO_BUF plain = ENT_BUF(1 << 16), b = ENT_BUF(1 << 16);
        told heard = {0};
        made_transaction("0502", 14, 0, NULL, &plain);
        size_t first = (size_t)((uint8_t *)memchr(plain.data, ENT_ITL_FS, plain.len) - plain.data) + 1;
        ent_buf_str(&b, cases[i].before);
        ent_buf_put(&b, plain.data, first);
        for (const char *c = cases[i].between; *c; c++) ent_buf_u8(&b, *c == '^' ? 0 : (uint8_t)*c);
        ent_buf_put(&b, plain.data + first, plain.len - first);
        for (const char *c = cases[i].after; *c; c++)
            if (*c == '2') ent_buf_put(&b, plain.data, plain.len);
            else ent_buf_u8(&b, *c == '^' ? 0 : (uint8_t)*c);
        ent_itl *t = forgiven(&b, &heard);
        assert_int_equal(ent_itl_count(t), 2);
        text_is(t, 1, 13, "13");
        if (!strstr(heard.texts[0], cases[i].told)) fail_msg("\"%s\" was expected of: %s", cases[i].told, heard.texts[0]);
        if (cases[i].after[0] == '2') assert_string_equal(heard.texts[1], "another transaction begins: it is not read");
        ent_itl_free(t);
    }
}

/* A GS too many before the FS; a text record and an image record that end with the file. */
static void separators(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        told heard = {0};
        made_transaction("0502", i == 2 ? 14 : 2, 0, NULL, &b);
        if (i) b.len--;
        else {
            static const made_field first[] = {{2, "0300"}, {3, "1|1^2|0"}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, "00.00"}, {12, "00.00"}, {0, NULL}};
            static const char text[] = "2.001:29\x1d" "2.002:0\x1d" "2.003:text\x1d\x1c";
            b.len = 0;
            made_record(&b, 1, first);
            ent_buf_put(&b, text, sizeof text - 1);
        }
        ent_itl *t = forgiven(&b, &heard);
        assert_int_equal(ent_itl_count(t), 2);
        if (i < 2) text_is(t, 1, 3, "text");
        else assert_int_equal(ent_itl_field_of(ent_itl_record_at(t, 1), 999)->len, 100);
        assert_string_equal(heard.texts[i ? 1 : 0], i ? "the record ends without a separator (FS)" : "a field separator (GS) with no field after it");
        ent_itl_free(t);
    }
}

/* A wrong LEN of the image record: its fields and image are read, up to where they end. */
static void wrong_length(void **state)
{
    static const char *const lengths[] = {"14.001:1", "14.001:9"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        told heard = {0};
        made_transaction("0502", 14, 0, NULL, &b);
        uint8_t *at = memmem(b.data, b.len, "14.001:", 7);
        assert_non_null(at);
        at[7] = lengths[i][7] == (char)at[7] ? '8' : (uint8_t)lengths[i][7];
        ent_itl *t = forgiven(&b, &heard);
        text_is(t, 1, 13, "13");
        const ent_itl_field *data = ent_itl_field_of(ent_itl_record_at(t, 1), 999);
        assert_non_null(data);
        assert_int_equal(data->len, 100);
        ent_itl_free(t);
    }
}

/* CNT announces another number, another IDC, another type than there is. */
static void wrong_count(void **state)
{
    static const char *const changes[][2] = {{"\x1d" "1.003:1\x1f" "1", "\x1d" "1.003:1\x1f" "2"}, {"\x1e" "14\x1f" "0", "\x1e" "14\x1f" "7"}, {"\x1e" "14\x1f", "\x1e" "15\x1f"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        told heard = {0};
        made_transaction("0502", 14, 0, NULL, &b);
        replace(&b, changes[i][0], changes[i][1]);
        ent_itl *t = forgiven(&b, &heard);
        assert_int_equal(ent_itl_count(t), 2);
        assert_int_equal(ent_itl_record_at(t, 1)->type, 14);
        text_is(t, 1, 4, "SRC");
        ent_itl_free(t);
    }
}

/* A field with another record's number counts as this record's. */
static void wrong_tag(void **state)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    told heard = {0};
    (void)state;
    made_transaction("0502", 14, 0, NULL, &b);
    replace(&b, "14.004:", "13.004:");
    ent_itl *t = forgiven(&b, &heard);
    assert_non_null(strstr(heard.texts[0], "another record type"));
    text_is(t, 1, 4, "SRC");
    ent_itl_free(t);
}

/* What is cut is told; what stands before the cut is read. */
static void cut(void **state)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    told heard = {0};
    (void)state;
    made_transaction("0502", 14, 0, NULL, &b);
    b.len -= 130;
    ent_itl *t = forgiven(&b, &heard);
    text_is(t, 0, 9, "TCN1");
    ent_itl_free(t);
}

/* Each encoding of 1.015 comes out as UTF-8; what is no character as U+FFFD. */
static void encodings(void **state)
{
    static const struct {
        int encoding;
        const char *bytes;
        size_t n;
        const char *utf8;
    } cases[] = {
        {0, "Ab\xe9", 3, "Ab\xef\xbf\xbd"},
        {1, "caf\xe9", 4, "caf\xc3\xa9"},
        {2, "\0A\x83\xef\x88\xd4", 6, "A\xe8\x8f\xaf\xe8\xa3\x94"},
        {2, "\xff\xfe" "A\0", 4, "A"},
        {2, "\xd8\x3d\xde\x00", 4, "\xf0\x9f\x98\x80"},
        {2, "\xd8\x3d", 2, "\xef\xbf\xbd"},
        {2, "\0", 1, "\xef\xbf\xbd"},
        {3, "\xe8\x8f\xaf", 3, "\xe8\x8f\xaf"},
        {3, "\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {3, "\xe8\x8f", 2, "\xef\xbf\xbd"},
        {4, "\0\1\xf6\0", 4, "\xf0\x9f\x98\x80"},
        {4, "\0\x11\0\0", 4, "\xef\xbf\xbd"},
    };
    char text[32];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = ent_itl_to_utf8(cases[i].encoding, (const uint8_t *)cases[i].bytes, cases[i].n, text, sizeof text);
        assert_int_equal(n, strlen(cases[i].utf8));
        assert_string_equal(text, cases[i].utf8);
    }
    assert_int_equal(ent_itl_to_utf8(3, (const uint8_t *)"\xe8\x8f\xaf", 3, text, 3), 0); /* not half a character */
}

static ent_itl *of_type_9(const made_field *changes)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    ent_itl *t = NULL;
    ent_err err = {0};
    made_transaction("0502", 9, 9, changes, &b);
    if (ent_itl_parse(b.data, b.len, &t, &err) != ENT_OK) fail_msg("%s", err.detail);
    return t;
}

/* M1: pixels become 10 micrometres, angles double; cores and deltas follow the minutiae. */
static void m1(void **state)
{
    ent_itl *t = of_type_9(NULL);
    ent_itl_features f;
    ent_itl_minutia m[8];
    (void)state;
    assert_int_equal(ent_itl_features_of(ent_itl_record_at(t, 1), &f, m, 8, NULL), ENT_OK);
    assert_int_equal(f.block, ENT_ITL_M1);
    assert_int_equal(f.minutiae, 2);
    assert_int_equal(f.cores, 1);
    assert_int_equal(f.deltas, 1);
    assert_int_equal(f.position, 2);
    assert_int_equal(f.width, 4064); /* 800 pixels of 1/500 inch */
    assert_int_equal(m[0].x, 51);
    assert_int_equal(m[0].y, 102);
    assert_int_equal(m[0].angle, 60);
    assert_int_equal(m[0].kind, 'E');
    assert_int_equal(m[0].quality, 80);
    assert_int_equal(m[1].kind, 'B');
    assert_int_equal(m[2].kind, 'C');
    assert_int_equal(m[3].kind, 'D');
    ent_itl_free(t);
}

/* The extended feature set goes before M1. */
static void efs(void **state)
{
    static const made_field changes[] = {{300, "2000|3000"}, {302, "7"}, {320, "1000|900|-90"}, {331, "100|200|45|E^300|400|90|X"}, {0, NULL}};
    ent_itl *t = of_type_9(changes);
    ent_itl_features f;
    ent_itl_minutia m[3];
    (void)state;
    assert_int_equal(ent_itl_features_of(ent_itl_record_at(t, 1), &f, m, 3, NULL), ENT_OK);
    assert_int_equal(f.block, ENT_ITL_EFS);
    assert_int_equal(f.position, 7);
    assert_int_equal(f.minutiae, 2);
    assert_int_equal(m[0].x, 100);
    assert_int_equal(m[0].angle, 45);
    assert_int_equal(m[1].kind, 'X');
    assert_int_equal(m[2].angle, 270);
    ent_itl_free(t);
}

/* Legacy: XXXXYYYYTTT, quality 0 best; only vendors' blocks: unsupported; a broken place: malformed. */
static void legacy(void **state)
{
#define WITHOUT_M1 {126, NULL}, {127, NULL}, {128, NULL}, {129, NULL}, {130, NULL}, {131, NULL}, {132, NULL}, {133, NULL}, {134, NULL}, {135, NULL}, {136, NULL}, {137, NULL}, {138, NULL}, {139, NULL}, {140, NULL}, {141, NULL}
    static const made_field good[] = {WITHOUT_M1, {8, "12345678"}, {12, "1|21952030101|1|A|3,4^2|21492030096|63|B"}, {0, NULL}};
    static const made_field vendor[] = {WITHOUT_M1, {14, "08"}, {0, NULL}}, broken[] = {WITHOUT_M1, {12, "1|2195203010|1|A"}, {0, NULL}};
    ent_itl_features f;
    ent_itl_minutia m[4];
    ent_itl *t = of_type_9(good);
    (void)state;
    assert_int_equal(ent_itl_features_of(ent_itl_record_at(t, 1), &f, m, 4, NULL), ENT_OK);
    assert_int_equal(f.block, ENT_ITL_LEGACY);
    assert_int_equal(m[0].x, 2195);
    assert_int_equal(m[0].y, 2030);
    assert_int_equal(m[0].angle, 101);
    assert_int_equal(m[0].quality, 100);
    assert_int_equal(m[1].quality, 0);
    assert_int_equal(m[2].kind, 'C');
    assert_int_equal(m[2].y, 5678);
    ent_itl_free(t);
    t = of_type_9(vendor);
    assert_int_equal(ent_itl_features_of(ent_itl_record_at(t, 1), &f, m, 4, NULL), ENT_UNSUPPORTED);
    ent_itl_free(t);
    t = of_type_9(broken);
    assert_int_equal(ent_itl_features_of(ent_itl_record_at(t, 1), &f, m, 4, NULL), ENT_FORMAT);
    ent_itl_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_to_forgive), cmocka_unit_test(as_found), cmocka_unit_test(separators), cmocka_unit_test(wrong_length), cmocka_unit_test(wrong_count), cmocka_unit_test(wrong_tag), cmocka_unit_test(cut),
                                       cmocka_unit_test(encodings),          cmocka_unit_test(m1),           cmocka_unit_test(efs),         cmocka_unit_test(legacy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
