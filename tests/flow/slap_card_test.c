/* Slaps and tenprint cards of other people's making (ENTENTE_DATA): each finger becomes a print of its position, and a card whose fingers
 * were swapped is noticed. */
#include "base/test.h"

#include "flow/capture/card.h"
#include "flow/capture/read.h"

static void load(const char *below, ent_buf *ret)
{
    char path[512];
    uint8_t block[65536];
    if (!ent_test_data(below, path, sizeof path)) skip();
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    for (size_t n; (n = fread(block, 1, sizeof block, f));) ent_buf_put(ret, block, n);
    fclose(f);
}

static void capture(const char *below, ent_capture *ret)
{
    ENT_AUTO_BUF file = ENT_BUF(8 << 20), read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_err err = {0};
    load(below, &file);
    if (ent_capture_read(file.data, file.len, &read, &err) != ENT_OK) fail_msg("%s: %s", below, err.detail);
    assert_int_equal(ent_capture_decode(read.data, read.len, ret, &err), ENT_OK);
}

static size_t plain_of(const ent_capture *c, int finger)
{
    size_t n = 0;
    for (size_t i = 0; i < c->print_count; i++) n += c->print[i]->finger == finger && c->print[i]->plain && c->print[i]->template_len;
    return n;
}

/* A card of ten rolled prints, two slaps and two plain thumbs becomes twenty prints, ten of them plain, one of each position. Two rolled
 * fingers in each other's place, and two slaps of swapped hands, are conflicts that name the fingers. */
static void test_card(void **state)
{
    (void)state;
    ent_capture c;
    ent_err err = {0};
    capture("itl/type-4-tpcard.an2", &c);
    assert_int_equal(c.print_count, 20);
    for (int f = 1; f <= 10; f++) assert_int_equal(plain_of(&c, f), 1);
    if (ent_capture_sequence(&c, &err) != ENT_OK) fail_msg("%s", err.detail);
    c.print[1]->finger = 3, c.print[2]->finger = 2;
    assert_int_equal(ent_capture_sequence(&c, &err), ENT_CONFLICT);
    assert_non_null(strstr(err.detail, "the plain right index is the finger that was rolled as right middle"));
    c.print[1]->finger = 2, c.print[2]->finger = 3;
    for (size_t i = 0; i < c.print_count; i++)
        if (c.print[i]->plain && c.print[i]->finger % 5 != 1) c.print[i]->finger = (uint8_t)(c.print[i]->finger <= 5 ? c.print[i]->finger + 5 : c.print[i]->finger - 5);
    assert_int_equal(ent_capture_sequence(&c, &err), ENT_CONFLICT);
    assert_non_null(strstr(err.detail, "rolled as"));
    ent_capture_free(&c);
}

/* Slaps without rolled prints: two hands in each other's place are noticed by how the fingers lie. */
static void test_swapped_slaps(void **state)
{
    (void)state;
    ent_capture c;
    ent_err err = {0};
    capture("itl/type4-slaps.an2k", &c);
    assert_int_equal(ent_capture_sequence(&c, &err), ENT_OK);
    for (size_t i = 0; i < c.print_count; i++)
        if (c.print[i]->finger % 5 != 1) c.print[i]->finger = (uint8_t)(c.print[i]->finger <= 5 ? c.print[i]->finger + 5 : c.print[i]->finger - 5);
    assert_int_equal(ent_capture_sequence(&c, &err), ENT_CONFLICT);
    assert_non_null(strstr(err.detail, "the slap of the right hand lies as the other hand's"));
    assert_non_null(strstr(err.detail, "the slap of the left hand lies as the other hand's"));
    ent_capture_free(&c);
}

/* A finger that 14.018 says is amputated is not looked for: the three others get their own positions. */
static void test_amputated(void **state)
{
    (void)state;
    ent_capture c;
    capture("itl/type-14-amp-nqm-utf8.an2", &c);
    assert_int_equal(c.print_count, 2 + 4 + 3);
    assert_int_equal(plain_of(&c, 9), 0);
    for (int f = 1; f <= 10; f++)
        if (f != 9) assert_int_equal(plain_of(&c, f), 1);
    ent_capture_free(&c);
}

/* Places that no finger can have (two pixels) are passed over; those that can be are taken as they are. */
static void test_stated_places(void **state)
{
    (void)state;
    ent_capture c;
    ENT_AUTO_BUF file = ENT_BUF(8 << 20), read = ENT_BUF(ENT_CAPTURE_MAX);
    capture("biocts/AN2011/pass/pass-type-14-aseg-duplicate-removedDuplicateAndupdatedWsqVersion.an2", &c);
    assert_int_equal(plain_of(&c, 6) + plain_of(&c, 1), 2);
    ent_capture_free(&c);
    load("biocts/AN2011/pass/pass-type-14-aseg-duplicate-removedDuplicateAndupdatedWsqVersion.an2", &file);
    /* the same record, in as many bytes, with three points around the left thumb */
    static const char nonsense[] = "1\x1f" "3\x1f" "1\x1f" "2\x1f" "3\x1f" "4\x1f" "5\x1f" "5\x1e" "2\x1f" "3\x1f" "4\x1f" "2\x1f" "4\x1f" "3\x1f" "6\x1f" "5";
    static const char stated[] = "6\x1f" "3\x1f" "0010\x1f" "0310\x1f" "0380\x1f" "310\x1f" "200\x1f" "0850";
    uint8_t *at = memmem(file.data, file.len, nonsense, sizeof nonsense - 1);
    assert_non_null(at);
    assert_int_equal(sizeof stated, sizeof nonsense);
    memcpy(at, stated, sizeof stated - 1);
    assert_int_equal(ent_capture_read(file.data, file.len, &read, NULL), ENT_OK);
    assert_int_equal(ent_capture_decode(read.data, read.len, &c, NULL), ENT_OK);
    assert_int_equal(plain_of(&c, 6), 1);
    assert_int_equal(plain_of(&c, 1), 0);
    for (size_t i = 0; i < c.print_count; i++)
        if (c.print[i]->finger == 6) assert_int_equal(c.print[i]->width, 370);
    ent_capture_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_card), cmocka_unit_test(test_swapped_slaps), cmocka_unit_test(test_amputated), cmocka_unit_test(test_stated_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
