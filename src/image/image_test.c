#include "base/test.h"

#include "image/image.h"

#include <dirent.h>
#include <stdbool.h>

static void ridges(uint32_t width, uint32_t height, uint32_t channels, ent_image *ret)
{
    assert_int_equal(ent_image_new(width, height, channels, ret, NULL), ENT_OK);
    for (uint32_t i = 0; i < width * height * channels; i++) ret->pixels[i] = (uint8_t)(128 + 100 * (((i / channels % width) / 5 + i / channels / width / 7) % 2 ? 1 : -1) + i % 13);
    ret->ppi = 500;
}

/* What is written without loss comes back bit for bit, with its size and where the format has one its resolution. */
static void comes_back(void **state)
{
    (void)state;
    static const struct {
        ent_image_format format;
        uint32_t channels;
        bool ppi;
    } all[] = {{ENT_IMAGE_PNG, 1, true}, {ENT_IMAGE_PNG, 3, true}, {ENT_IMAGE_BMP, 1, true}, {ENT_IMAGE_BMP, 3, true}, {ENT_IMAGE_PGM, 1, false},
               {ENT_IMAGE_JPEG2000, 1, false}, {ENT_IMAGE_JPEG2000, 3, false}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ent_image in, out;
        ENT_AUTO_BUF bytes = ENT_BUF(1 << 22);
        ent_err err = {0};
        ridges(97, 61, all[i].channels, &in);
        assert_int_equal(ent_image_encode(&in, all[i].format, 0, &bytes, NULL), ENT_OK);
        assert_int_equal(ent_image_sniff(bytes.data, bytes.len), all[i].format);
        if (ent_image_decode(bytes.data, bytes.len, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
        assert_int_equal(out.width, 97);
        assert_int_equal(out.channels, all[i].channels);
        assert_memory_equal(out.pixels, in.pixels, 97u * 61 * all[i].channels);
        if (all[i].ppi) assert_in_range(out.ppi, 499, 501);
        ent_image_free(&in);
        ent_image_free(&out);
    }
}

/* Cut at every byte, a file is refused or, where only its end's padding is missing, read; never anything else. */
static void refuses_what_is_cut(void **state)
{
    (void)state;
    for (int f = ENT_IMAGE_PNG; f <= ENT_IMAGE_PGM; f++) {
        if (f == ENT_IMAGE_TIFF) continue;
        ent_image in, out;
        ENT_AUTO_BUF bytes = ENT_BUF(1 << 22);
        ridges(40, 33, 1, &in);
        assert_int_equal(ent_image_encode(&in, (ent_image_format)f, 0, &bytes, NULL), ENT_OK);
        size_t taken = 0;
        for (size_t n = 0; n < bytes.len; n++)
            if (ent_image_decode(bytes.data, n, &out, NULL) == ENT_OK) taken++, ent_image_free(&out);
        assert_in_range(taken, 0, f == ENT_IMAGE_JPEG2000 ? bytes.len : 16);
        ent_image_free(&in);
    }
}

/* A header that promises too much is refused before anything is allocated. */
static void refuses_huge_headers(void **state)
{
    (void)state;
    ent_image out;
    ent_err err;
    static const char pgm[] = "P5\n100000 100000\n255\n";
    assert_int_equal(ent_image_decode(pgm, sizeof pgm - 1, &out, &err), ENT_TOO_LARGE);
    assert_int_equal(ent_image_decode("", 0, &out, &err), ENT_FORMAT);
    assert_int_equal(ent_image_decode("nothing of the kind", 19, &out, &err), ENT_FORMAT);
}

static ent_code load(const char *path, ent_image *ret)
{
    ENT_AUTO_BUF bytes = ENT_BUF(16 << 20);
    FILE *f = fopen(path, "rb");
    if (!f) return ENT_NOT_FOUND;
    uint8_t block[65536];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) ent_buf_put(&bytes, block, n);
    fclose(f);
    return ent_image_decode(bytes.data, bytes.len, ret, NULL);
}

/* Each pixel within 1 of the reference decoder's, at least 99.9 % equal. */
static void decodes_wsq_like_the_reference(void **state)
{
    char folder[400];
    (void)state;
    if (!ent_test_data("wsq", folder, sizeof folder)) skip();
    DIR *d = opendir(folder);
    assert_non_null(d);
    size_t files = 0;
    for (struct dirent *e; (e = readdir(d));) {
        char path[700], reference[700];
        ent_image a, b;
        char *dot = strstr(e->d_name, ".wsq");
        if (!dot) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        snprintf(reference, sizeof reference, "%s/%.*s.decoded.png", folder, (int)(dot - e->d_name), e->d_name);
        assert_int_equal(load(path, &a), ENT_OK);
        if (load(reference, &b) == ENT_OK) {
            size_t n = (size_t)a.width * a.height, differ = 0;
            assert_int_equal(a.width, b.width);
            assert_int_equal(a.height, b.height);
            for (size_t i = 0; i < n; i++) {
                assert_in_range(a.pixels[i] - b.pixels[i] + 1, 0, 2);
                differ += a.pixels[i] != b.pixels[i];
            }
            assert_in_range(differ, 0, n / 1000);
            ent_image_free(&b);
            files++;
        }
        ent_image_free(&a);
    }
    closedir(d);
    assert_in_range(files, 20, 1000);
}

/* Every length and marker of a WSQ file altered one at a time: never a crash, whatever comes of it. */
static void survives_altered_wsq(void **state)
{
    char path[400];
    (void)state;
    if (!ent_test_data("wsq/fvc2002-DB1_B-101_1-0.75.wsq", path, sizeof path)) skip();
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    static uint8_t bytes[65536];
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t i = 0; i < len && i < 1400; i++) {
        ent_image out;
        uint8_t was = bytes[i];
        static const uint8_t others[] = {0, 1, 0x7f, 0xff};
        for (size_t k = 0; k < 4; k += 1 + (i > 300)) {
            bytes[i] = others[k];
            if (ent_image_decode(bytes, i > 700 ? len / 8 : len, &out, NULL) == ENT_OK) ent_image_free(&out);
        }
        bytes[i] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back), cmocka_unit_test(refuses_what_is_cut), cmocka_unit_test(refuses_huge_headers),
        cmocka_unit_test(decodes_wsq_like_the_reference), cmocka_unit_test(survives_altered_wsq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
