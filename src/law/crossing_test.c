#include "base/test.h"

#include "law/crossing.h"

static ent_secret_key device;
static ent_public_key device_public;

static ent_crossing sample(void)
{
    ent_crossing c = {.node = "us.example", .desk = "jfk-4-17", .device = "scanner-0042", .officer = "o.example", .reference = "F1234",
                      .issued_by = "UTO", .document = "L898902C3", .nationality = "UTO"};
    memset(c.salt, 7, sizeof c.salt);
    ent_time_parse("2026-03-10T09:08:07.123Z", &c.time);
    ent_sign_keys((uint8_t[32]){9}, &device_public, &device);
    return c;
}

static void make(ent_crossing *c, ent_buf *ret)
{
    ent_err err = {0};
    *ret = ENT_BUF(1 << 16);
    if (ent_crossing_sign(c, ENT_BYTES("a capture\n\nof two lines", 23), &device, ret, &err) != ENT_OK) fail_msg("%s", err.detail);
}

/* What a desk signed is read again to the last member, and its pledge verifies with the desk's key and no other. */
static void there_and_back(void **state)
{
    (void)state;
    ent_crossing c = sample(), back;
    ent_bytes capture;
    ENT_AUTO_BUF file = ENT_BUF(1);
    c.protection = true;
    c.feared_count = 2;
    memcpy(c.feared[0], "IRN", 4);
    memcpy(c.feared[1], "SYR", 4);
    make(&c, &file);
    assert_true(ent_crossing_begins(file.data, file.len));
    assert_int_equal(ent_crossing_read(file.data, file.len, &back, &capture, NULL), ENT_OK);
    assert_memory_equal(capture.data, "a capture\n\nof two lines", 23);
    assert_string_equal(back.document, "L898902C3");
    assert_string_equal(back.feared[1], "SYR");
    assert_memory_equal(back.commitment, c.commitment, 32);
    ent_pledge p, again;
    char text[ENT_PLEDGE_MAX];
    memcpy(p.commitment, back.commitment, 32);
    memcpy(p.key, device_public.b, 32);
    memcpy(p.signature, back.signature, 64);
    assert_true(ent_pledge_verify(&p));
    ent_pledge_text(&p, text);
    assert_int_equal(ent_pledge_read(text, &again, NULL), ENT_OK);
    assert_memory_equal(&again, &p, sizeof p);
    p.commitment[0] ^= 1;
    assert_false(ent_pledge_verify(&p));
}

/* Every cut of a statement and every changed byte before the capture is refused, or names another commitment. */
static void one_form_only(void **state)
{
    (void)state;
    ent_crossing c = sample(), back;
    ent_bytes capture;
    ENT_AUTO_BUF file = ENT_BUF(1);
    make(&c, &file);
    for (size_t n = 0; n < file.len; n++) assert_int_not_equal(ent_crossing_read(file.data, n, &back, &capture, NULL), ENT_OK);
    size_t head = (size_t)((const uint8_t *)memmem(file.data, file.len, "\nsignature ", 11) - file.data);
    for (size_t i = 0; i < head; i++) {
        file.data[i] ^= 1;
        if (ent_crossing_read(file.data, file.len, &back, &capture, NULL) == ENT_OK) assert_memory_not_equal(back.commitment, c.commitment, 32);
        file.data[i] ^= 1;
    }
    file.data[file.len - 1] ^= 1;
    assert_int_equal(ent_crossing_read(file.data, file.len, &back, &capture, NULL), ENT_DAMAGED);
}

/* What cannot be said on one line is not signed: a space in a name, a country of two letters, a document without its issuer. */
static void refuses_to_write(void **state)
{
    (void)state;
    static const struct { size_t at; const char *value; } bad[] = {{offsetof(ent_crossing, desk), "a desk"}, {offsetof(ent_crossing, officer), ""},
        {offsetof(ent_crossing, device), "-"}, {offsetof(ent_crossing, nationality), "UT"}, {offsetof(ent_crossing, issued_by), ""}, {offsetof(ent_crossing, document), "A\nsalt"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ent_crossing c = sample();
        ENT_AUTO_BUF file = ENT_BUF(1 << 16);
        strcpy((char *)&c + bad[i].at, bad[i].value);
        assert_int_equal(ent_crossing_sign(&c, ENT_BYTES("x", 1), &device, &file, NULL), ENT_FORMAT);
    }
}

/* A claim for protection bars the traveller's country, the document's issuer, who is feared and whoever states none; nobody else, and
 * nobody without a claim. */
static void protects(void **state)
{
    (void)state;
    char clause[ENT_LAW_CLAUSE] = "";
    ent_crossing c = sample();
    assert_false(ent_crossing_barred(&c, "UTO", clause));
    c.protection = true;
    memcpy(c.issued_by, "XXA", 4);
    memcpy(c.feared[0], "IRN", 4);
    c.feared_count = 1;
    assert_true(ent_crossing_barred(&c, "UTO", clause));
    assert_string_equal(clause, "protection: own country");
    assert_true(ent_crossing_barred(&c, "XXA", clause));
    assert_true(ent_crossing_barred(&c, "IRN", clause));
    assert_string_equal(clause, "protection: named as feared");
    assert_true(ent_crossing_barred(&c, "", clause));
    assert_false(ent_crossing_barred(&c, "GBR", clause));
    *c.nationality = 0;
    assert_true(ent_crossing_barred(&c, "GBR", clause));
}

/* The lot takes about one in 200 of many references, and every reference under some head: 20,000 draws stay within four standard
 * deviations (of 9.97) of 100. */
static void draws(void **state)
{
    (void)state;
    uint8_t head[32] = {0}, reference[16] = {0};
    int chosen = 0;
    for (int i = 0; i < 20000; i++) {
        reference[0] = (uint8_t)i, reference[1] = (uint8_t)(i >> 8);
        chosen += ent_lot_chosen(head, reference);
    }
    assert_in_range(chosen, 60, 140);
    int heads = 0;
    memset(reference, 0, sizeof reference);
    while (!ent_lot_chosen(head, reference) && heads < 20000) heads++, head[0] = (uint8_t)heads, head[1] = (uint8_t)(heads >> 8);
    assert_true(heads < 20000);
}

/* A search of 10 March may be opened until 9 April, the thirtieth day; on 10 April it is overdue. */
static void thirty_days(void **state)
{
    (void)state;
    ent_date asked = {2026, 3, 10};
    assert_int_equal(ent_date_compare(ent_lot_until(asked), (ent_date){2026, 4, 9}), 0);
    assert_false(ent_lot_overdue(asked, (ent_date){2026, 4, 8}));
    assert_false(ent_lot_overdue(asked, (ent_date){2026, 4, 9}));
    assert_true(ent_lot_overdue(asked, (ent_date){2026, 4, 10}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(one_form_only), cmocka_unit_test(refuses_to_write),
                                       cmocka_unit_test(protects), cmocka_unit_test(draws), cmocka_unit_test(thirty_days)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
