#include "base/test.h"

#include "entente/finger.h"

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
    for (int f = ENT_FINGER_ISO_2005; f <= ENT_FINGER_ANSI_2009; f++) {
        ent_finger_template *t = some(), *back;
        uint8_t bytes[ENT_FINGER_RECORD_MAX];
        ent_finger_record about;
        size_t len, n, k;
        ent_err err = {0};
        assert_int_equal(ent_finger_record_write(&(ent_finger_view){t, 7, 0}, 1, (ent_finger_record_format)f, bytes, sizeof bytes, &len, NULL), ENT_OK);
        if (ent_finger_record_read(bytes, len, 0, &back, &about, &err) != ENT_OK) fail_msg("%s", err.detail);
        assert_int_equal(about.position, 7);
        assert_int_equal((int)about.format, f);
        assert_int_equal(about.quality, f < ENT_FINGER_ISO_2011 ? 0 : -1); /* the first editions cannot say "unknown" */
        const ent_finger_minutia *a = ent_finger_minutiae(t, &n), *b = ent_finger_minutiae(back, &k);
        assert_int_equal(n, k);
        for (size_t i = 0; i < n; i++) {
            size_t j = 0;
            while (j < k && (b[j].x != a[i].x || b[j].y != a[i].y)) j++;
            assert_in_range(j, 0, k - 1);
            assert_int_equal(b[j].kind, a[i].kind);
            assert_in_range((uint8_t)(b[j].angle - a[i].angle + 1), 0, 2);
        }
        for (size_t cut = 0; cut < len; cut++) assert_int_equal(ent_finger_record_read(bytes, cut, 0, &back + 0, NULL, NULL), ENT_FORMAT);
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
    ent_finger_record about;
    size_t n;
    ent_err err = {0};
    if (ent_finger_record_read(bytes, len, 0, &t, &about, &err) != ENT_OK) fail_msg("%s", err.detail);
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    assert_int_equal(n, 1);
    assert_int_equal(about.position, 2);
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
    bytes[60] = 30; /* more minutiae than there are bytes */
    assert_int_equal(ent_finger_record_read(bytes, 79, 0, &t, NULL, NULL), ENT_FORMAT);
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
    assert_int_equal(ent_finger_record_read(bytes, 46, 0, &t, NULL, NULL), ENT_FORMAT);
}

/* Several views of several fingers in one record: each comes back with its finger and its number among that finger's; beyond the last there
 * is none. */
static void many_views(void **state)
{
    static uint8_t bytes[4 * ENT_FINGER_RECORD_MAX];
    (void)state;
    for (int f = ENT_FINGER_ISO_2005; f <= ENT_FINGER_ANSI_2009; f++) {
        ent_finger_template *t = some(), *back;
        const ent_finger_view views[3] = {{t, 7, 0}, {t, 2, 1}, {t, 7, 1}};
        static const uint8_t numbers[3] = {0, 0, 1};
        ent_finger_record about;
        size_t len, n;
        assert_int_equal(ent_finger_record_write(views, 3, (ent_finger_record_format)f, bytes, sizeof bytes, &len, NULL), ENT_OK);
        for (size_t v = 0; v < 3; v++) {
            assert_int_equal(ent_finger_record_read(bytes, len, v, &back, &about, NULL), ENT_OK);
            assert_int_equal(about.views, 3);
            assert_int_equal(about.position, views[v].position);
            assert_int_equal(about.impression, views[v].impression);
            assert_int_equal(about.number, numbers[v]);
            ent_finger_minutiae(back, &n);
            assert_int_equal(n, 40);
            ent_finger_template_free(back);
        }
        assert_int_equal(ent_finger_record_read(bytes, len, 3, &back, &about, NULL), ENT_NOT_FOUND);
        assert_int_equal(ent_finger_record_write(views, 3, (ent_finger_record_format)f, bytes, len - 1, &len, NULL), ENT_TOO_LARGE);
        assert_int_equal(ent_finger_record_write(views, 0, (ent_finger_record_format)f, bytes, sizeof bytes, &len, NULL), ENT_TOO_LARGE);
        ent_finger_template_free(t);
    }
}

/* The card formats bring minutiae back within their unit: a pixel, or two and 3 degrees in the compact one. */
static void cards(void **state)
{
    (void)state;
    for (int compact = 0; compact < 2; compact++) {
        ent_finger_template *t = some(), *back;
        uint8_t bytes[255 * 5];
        size_t len, n, k;
        assert_int_equal(ent_finger_card_write(t, compact, bytes, sizeof bytes, &len, NULL), ENT_OK);
        assert_int_equal(len, compact ? 40 * 3 : 40 * 5);
        assert_int_equal(ent_finger_card_read(bytes, len, compact, &back, NULL), ENT_OK);
        const ent_finger_minutia *a = ent_finger_minutiae(t, &n), *b = ent_finger_minutiae(back, &k);
        assert_int_equal(n, k);
        for (size_t i = 0; i < n; i++) {
            assert_in_range(b[i].x + 2 - a[i].x, compact ? 1 : 2, compact ? 3 : 2);
            assert_in_range(b[i].y + 2 - a[i].y, compact ? 1 : 2, compact ? 3 : 2);
            assert_in_range((uint8_t)(b[i].angle - a[i].angle + 2), 0, 4);
            assert_int_equal(b[i].kind, a[i].kind);
        }
        assert_int_equal(ent_finger_card_read(bytes, len - 1, compact, &back + 0, NULL), ENT_FORMAT);
        assert_int_equal(ent_finger_card_read(bytes, 0, compact, &back + 0, NULL), ENT_FORMAT);
        ent_finger_template_free(t);
        ent_finger_template_free(back);
    }
}

/* Other people's templates are read: each view of each file of the folder and below that is such a record. */
static size_t found_read, found_records;

static int read_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    static uint8_t bytes[65536];
    (void)st, (void)ftw;
    FILE *f = type == FTW_F ? fopen(path, "rb") : NULL;
    size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f) fclose(f);
    if (!ent_finger_record_is(bytes, len)) return 0;
    ent_finger_template *t;
    ent_finger_record about = {.views = 1};
    ent_err err = {0};
    for (size_t view = 0; view < about.views; view++) {
        found_records++;
        if (ent_finger_record_read(bytes, len, view, &t, &about, &err) == ENT_OK) found_read++, ent_finger_template_free(t);
        else print_message("%s, view %zu: %s\n", path, view + 1, err.detail);
    }
    return 0;
}

static void reads_other_peoples(void **state)
{
    char folder[400];
    (void)state;
    if (!ent_test_data("fmr", folder, sizeof folder)) skip();
    assert_int_equal(nftw(folder, read_one, 8, FTW_PHYS), 0);
    print_message("%zu of %zu views read\n", found_read, found_records);
    assert_true(found_records > 0);
    assert_int_equal(found_read, found_records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(reads_2011_by_hand), cmocka_unit_test(reads_2009_by_hand), cmocka_unit_test(many_views), cmocka_unit_test(cards), cmocka_unit_test(reads_other_peoples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
