#include "base/test.h"

#include "finger/fmr.h"

#include <ftw.h>

static ent_finger_template *some(void)
{
    ent_finger_minutia m[40];
    ent_finger_template *t;
    for (uint16_t i = 0; i < 40; i++)
        m[i] = (ent_finger_minutia){.x = (uint16_t)(20 + 53 * i % 300), .y = (uint16_t)(30 + 37 * i % 310), .angle = (uint8_t)(i * 29), .kind = (uint8_t)(1 + i % 2), .quality = 60};
    assert_int_equal(ent_finger_import(m, 40, (uint32_t[]){388, 374}, &t, NULL), ENT_OK);
    return t;
}

/* What is written in each form is read with the same positions, kinds, and angles within the form's unit. */
static void comes_back(void **state)
{
    (void)state;
    for (int f = ENT_FMR_ISO_2005; f <= ENT_FMR_ANSI_2009; f++) {
        ent_finger_template *t = some(), *back;
        uint8_t bytes[ENT_FMR_MAX], position;
        size_t len, n, k;
        ent_err err = {0};
        assert_int_equal(ent_fmr_write(t, (ent_fmr_format)f, 7, bytes, &len, NULL), ENT_OK);
        if (ent_fmr_read(bytes, len, &back, &position, &err) != ENT_OK) fail_msg("%s", err.detail);
        assert_int_equal(position, 7);
        const ent_finger_minutia *a = ent_finger_minutiae(t, &n), *b = ent_finger_minutiae(back, &k);
        assert_int_equal(n, k);
        for (size_t i = 0; i < n; i++) {
            size_t j = 0;
            while (j < k && (b[j].x != a[i].x || b[j].y != a[i].y)) j++;
            assert_in_range(j, 0, k - 1);
            assert_int_equal(b[j].kind, a[i].kind);
            assert_in_range((uint8_t)(b[j].angle - a[i].angle + 1), 0, 2);
        }
        for (size_t cut = 0; cut < len; cut++) assert_int_equal(ent_fmr_read(bytes, cut, &back + 0, &position, NULL), ENT_FORMAT);
        ent_finger_template_free(t);
        ent_finger_template_free(back);
    }
}

static void put(uint8_t **at, const char *hex)
{
    for (unsigned v; sscanf(hex, "%2x", &v) == 1; hex += 2 + (hex[2] == ' ')) *(*at)++ = (uint8_t)v;
}

static void is_one(const uint8_t *bytes, size_t len, uint8_t angle, uint8_t quality)
{
    ent_finger_template *t;
    uint8_t position;
    size_t n;
    ent_err err = {0};
    if (ent_fmr_read(bytes, len, &t, &position, &err) != ENT_OK) fail_msg("%s", err.detail);
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    assert_int_equal(n, 1);
    assert_int_equal(position, 2);
    assert_in_range(m->x, 50, 51); /* 100 pixels at 394 a centimetre */
    assert_in_range(m->y, 100, 101);
    assert_int_equal(m->kind, ENT_FINGER_BIFURCATION);
    assert_int_equal(m->angle, angle);
    assert_int_equal(m->quality, quality);
    ent_finger_template_free(t);
}

/* ISO/IEC 19794-2:2011 by its clauses: certification and two quality blocks, minutiae of five bytes, 1000 ppi, extended data. */
static void reads_2011_by_hand(void **state)
{
    uint8_t bytes[128], *at = bytes;
    (void)state;
    put(&at, "464d5200 30333000 0000004f 0001 01");                  /* total 79 = 15 + 64 */
    put(&at, "00000040 07db01020304050006 00 0000 0000");            /* length, date, device */
    put(&at, "02 50 0001 0002 3c 0001 0003");                        /* two quality blocks */
    put(&at, "01 0001 02");                                          /* one certification block */
    put(&at, "02 00 018a 018a 00 0200 0200 50 01");                  /* position, rate, size, five bytes a minutia */
    put(&at, "8064 00c8 40 000b 0001 000b 01020304050607");          /* the minutia; eleven bytes of extended data */
    assert_int_equal(at - bytes, 79);
    is_one(bytes, 79, 0x40, 0);
    ent_finger_template *t;
    uint8_t position;
    bytes[67] = 12; /* extended data longer than what is left */
    assert_int_equal(ent_fmr_read(bytes, 79, &t, &position, NULL), ENT_FORMAT);
}

/* ANSI/INCITS 378-2009 by its clauses. */
static void reads_2009_by_hand(void **state)
{
    uint8_t bytes[128], *at = bytes;
    (void)state;
    put(&at, "464d5200 30333000 0000002e 0103 0000 80 0001 01 00"); /* total 46 = 21 + 25 */
    put(&at, "02 00 00 50 0103 0000 0200 0200 018a 018a 01");
    put(&at, "8064 00c8 2d 46 0000");
    assert_int_equal(at - bytes, 46);
    is_one(bytes, 46, 64, 70); /* 45 units of two degrees are a quarter turn */
    bytes[42] = 200;           /* the angle: no such direction */
    ent_finger_template *t;
    uint8_t position;
    assert_int_equal(ent_fmr_read(bytes, 46, &t, &position, NULL), ENT_FORMAT);
}

/* Other people's templates are read: each file of the folder and below that is such a record. */
static size_t found_read, found_records;

static int read_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    static uint8_t bytes[65536];
    (void)st, (void)ftw;
    FILE *f = type == FTW_F ? fopen(path, "rb") : NULL;
    size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f) fclose(f);
    if (!ent_fmr_is(bytes, len)) return 0;
    ent_finger_template *t;
    uint8_t position;
    ent_err err = {0};
    found_records++;
    if (ent_fmr_read(bytes, len, &t, &position, &err) == ENT_OK) found_read++, ent_finger_template_free(t);
    else print_message("%s: %s\n", path, err.detail);
    return 0;
}

static void reads_other_peoples(void **state)
{
    char folder[400];
    (void)state;
    if (!ent_test_data("fmr", folder, sizeof folder)) skip();
    assert_int_equal(nftw(folder, read_one, 8, FTW_PHYS), 0);
    print_message("%zu of %zu records read\n", found_read, found_records);
    assert_true(found_records && found_read * 10 >= found_records * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(reads_2011_by_hand), cmocka_unit_test(reads_2009_by_hand), cmocka_unit_test(reads_other_peoples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
