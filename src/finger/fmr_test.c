#include "base/test.h"

#include "finger/fmr.h"

#include <dirent.h>

static ent_finger_template *some(void)
{
    ent_finger_minutia m[40];
    ent_finger_template *t;
    for (uint16_t i = 0; i < 40; i++)
        m[i] = (ent_finger_minutia){.x = (uint16_t)(20 + 53 * i % 300), .y = (uint16_t)(30 + 37 * i % 310), .angle = (uint8_t)(i * 29), .kind = (uint8_t)(1 + i % 2), .quality = 60};
    assert_int_equal(ent_finger_import(m, 40, (uint32_t[]){388, 374}, &t, NULL), ENT_OK);
    return t;
}

/* What is written in either form is read with the same positions, kinds, and angles within the form's unit. */
static void comes_back(void **state)
{
    (void)state;
    for (int f = ENT_FMR_ISO_2005; f <= ENT_FMR_ANSI_2004; f++) {
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

/* Other people's templates are read: each of the folder's that is such a record. */
static void reads_other_peoples(void **state)
{
    char folder[400];
    (void)state;
    if (!ent_test_data("fmr", folder, sizeof folder)) skip();
    size_t read = 0, records = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[700];
        static uint8_t bytes[65536];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "rb");
        size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;
        if (f) fclose(f);
        if (!ent_fmr_is(bytes, len)) continue;
        ent_finger_template *t;
        uint8_t position;
        ent_err err = {0};
        records++;
        if (ent_fmr_read(bytes, len, &t, &position, &err) == ENT_OK) read++, ent_finger_template_free(t);
        else print_message("%s: %s\n", e->d_name, err.detail);
    }
    closedir(d);
    print_message("%zu of %zu records read\n", read, records);
    assert_true(read * 10 >= records * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(reads_other_peoples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
