#include "base/test.h"

#include "crypto/x509.h"
#include "law/card.h"

static ent_secret_key identity;

static ent_card *sample(unsigned certificates)
{
    ent_card *c = calloc(1, sizeof *c);
    strcpy(c->name, "gb.home-office");
    strcpy(c->address, "https://127.0.0.1:8443");
    strcpy(c->country, "GBR");
    ent_sign_keys((uint8_t[32]){7}, &c->identity, &identity);
    c->serial = 3;
    ent_time_parse("2026-03-10T09:08:07.123Z", &c->issued);
    for (unsigned i = 0; i < certificates; i++) {
        ENT_AUTO_BUF pem = ENT_BUF(8192);
        ENT_AUTO_BUF key = ENT_BUF(8192);
        assert_int_equal(ent_x509_make(c->name, (uint8_t[16]){(uint8_t)i, 1}, c->issued, 90, &pem, &key, NULL), ENT_OK);
        strcpy(c->certificate[i], ent_buf_cstr(&pem));
    }
    c->certificate_count = certificates;
    return c;
}

/* A card that was written is read again, with the pins of both certificates. */
static void there_and_back(void **state)
{
    (void)state;
    ent_card *c = sample(2), *back = calloc(1, sizeof *back);
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    ent_err err = {0};
    if (ent_card_encode(c, &identity, &text, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(ent_card_decode(text.data, text.len, back, &err), ENT_OK);
    assert_string_equal(back->name, c->name);
    assert_string_equal(back->country, "GBR");
    assert_int_equal(back->certificate_count, 2);
    assert_memory_not_equal(back->pin[0], back->pin[1], 32);
    assert_true(back->until[1].ms > back->issued.ms);
    free(c);
    free(back);
}

/* No bit of a card can be changed, and no part of it left away or added. */
static void every_bit_counts(void **state)
{
    (void)state;
    ent_card *c = sample(1), *back = calloc(1, sizeof *back);
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    assert_int_equal(ent_card_encode(c, &identity, &text, NULL), ENT_OK);
    for (size_t i = 0; i < text.len * 8; i += 3) {
        text.data[i / 8] ^= (uint8_t)(1 << i % 8);
        if (ent_card_decode(text.data, text.len, back, NULL) == ENT_OK) fail_msg("bit %zu", i);
        text.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < text.len; n++) assert_int_not_equal(ent_card_decode(text.data, n, back, NULL), ENT_OK);
    ent_buf_str(&text, "x\n");
    assert_int_equal(ent_card_decode(text.data, text.len, back, NULL), ENT_FORMAT);
    free(c);
    free(back);
}

/* An address that says more than host and port is refused when the card is made, so is a card without certificate. */
static void addresses_are_plain(void **state)
{
    (void)state;
    static const char *const wrong[] = {"http://a:1",      "https://a",          "https://u@a:1", "https://a:1/x",
                                        "https://a:0",     "https://a:70000",    "https://:1",    "https://a:1?x",
                                        "https://[::1]"};
    ent_card *c = sample(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
        strcpy(c->address, wrong[i]);
        if (ent_card_encode(c, &identity, &text, NULL) != ENT_FORMAT) fail_msg("%s", wrong[i]);
    }
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    strcpy(c->address, "https://[::1]:8443");
    assert_int_equal(ent_card_encode(c, &identity, &text, NULL), ENT_OK);
    c->certificate_count = 0;
    assert_int_equal(ent_card_encode(c, &identity, &text, NULL), ENT_FORMAT);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(every_bit_counts),
                                       cmocka_unit_test(addresses_are_plain)};
    return cmocka_run_group_tests_name("card", tests, NULL, NULL);
}
