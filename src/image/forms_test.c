/* Forms of pixels that others write and we do not: each read right, or refused with a word that says why. The files are made here. */
#include "base/test.h"

#include "image/image.h"

#include <openjpeg.h>
#include <png.h>
#include <stdio.h>

#include <jpeglib.h>

static void put_le(ent_buf *b, uint32_t v, int n)
{
    for (; n > 0; n--, v >>= 8) ent_buf_u8(b, (uint8_t)v);
}

static void expect(const ent_buf *file, uint32_t width, uint32_t height, uint32_t channels, const uint8_t *pixels, uint32_t tolerance)
{
    ent_image image;
    ent_err err = {0};
    if (ent_image_decode(file->data, file->len, &image, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(image.width == width && image.height == height && image.channels == channels);
    for (size_t i = 0; i < (size_t)width * height * channels; i++)
        if (abs(image.pixels[i] - pixels[i]) > (int)tolerance) fail_msg("byte %zu is %d: expected %d", i, image.pixels[i], pixels[i]);
    ent_image_free(&image);
}

static void refused(const ent_buf *file, const char *why)
{
    ent_image image;
    ent_err err = {0};
    ent_code code = ent_image_decode(file->data, file->len, &image, &err);
    assert_true(code == ENT_UNSUPPORTED || code == ENT_FORMAT);
    if (!strstr(err.detail, why)) fail_msg("\"%s\" was expected of: %s", why, err.detail);
}

/* ---- BMP and PGM ---- */

/* A BMP of 40 bytes of header (and three masks when packing is 3), palette, rows from the lowest up. */
static void bmp(ent_buf *b, uint32_t width, uint32_t height, uint32_t bits, uint32_t packing, const void *palette, size_t palette_len, const void *rows, size_t rows_len)
{
    size_t start = 54 + palette_len;
    ent_buf_str(b, "BM");
    put_le(b, (uint32_t)(start + rows_len), 4), put_le(b, 0, 4), put_le(b, (uint32_t)start, 4);
    put_le(b, 40, 4), put_le(b, width, 4), put_le(b, height, 4), put_le(b, 1, 2), put_le(b, bits, 2), put_le(b, packing, 4), put_le(b, 0, 4);
    put_le(b, 19685, 4), put_le(b, 19685, 4), put_le(b, bits <= 8 ? (uint32_t)palette_len / 4 : 0, 4), put_le(b, 0, 4);
    ent_buf_put(b, palette, palette_len);
    ent_buf_put(b, rows, rows_len);
}

static void forms_of_bmp(void **state)
{
    static const uint8_t black_white[8] = {0, 0, 0, 0, 255, 255, 255, 0}, one_bit[8] = {0xa0, 0, 0, 0, 0x40, 0, 0, 0};
    static const uint8_t three[12] = {10, 10, 10, 0, 20, 20, 20, 0, 30, 30, 30, 0}, four_bit[4] = {0x01, 0x20, 0, 0};
    static const uint8_t masks[12] = {0, 0, 0xff, 0, 0, 0xff, 0, 0, 0xff}, other[12] = {0xff, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0xff}, bgra[8] = {3, 2, 1, 255, 6, 5, 4, 0};
    (void)state;
    ENT_AUTO_BUF a = ENT_BUF(4096), b = ENT_BUF(4096), c = ENT_BUF(4096), d = ENT_BUF(4096), e = ENT_BUF(4096);
    bmp(&a, 3, 2, 1, 0, black_white, 8, one_bit, 8);
    expect(&a, 3, 2, 1, (uint8_t[]){0, 255, 0, 255, 0, 255}, 0);
    bmp(&b, 3, 1, 4, 0, three, 12, four_bit, 4);
    expect(&b, 3, 1, 1, (uint8_t[]){10, 20, 30}, 0);
    bmp(&c, 2, 1, 32, 3, masks, 12, bgra, 8);
    expect(&c, 2, 1, 3, (uint8_t[]){1, 2, 3, 4, 5, 6}, 0);
    bmp(&d, 2, 1, 32, 3, other, 12, bgra, 8);
    refused(&d, "uncompressed");
    bmp(&e, 3, 1, 8, 1, three, 12, four_bit, 4); /* runs */
    refused(&e, "uncompressed");
}

static void forms_of_pgm(void **state)
{
    (void)state;
    ENT_AUTO_BUF a = ENT_BUF(4096), b = ENT_BUF(4096), c = ENT_BUF(4096);
    ent_buf_str(&a, "P5 # sixteen bit\n2 1 65535\n");
    ent_buf_put(&a, (uint8_t[]){0x80, 0x80, 0xff, 0xff}, 4);
    expect(&a, 2, 1, 1, (uint8_t[]){128, 255}, 0);
    ent_buf_str(&b, "P5 3 1 100\n");
    ent_buf_put(&b, (uint8_t[]){0, 50, 100}, 3);
    expect(&b, 3, 1, 1, (uint8_t[]){0, 128, 255}, 0);
    ent_buf_str(&c, "P5 3 1 65536\nabcdef");
    refused(&c, "maximum");
}

/* ---- TIFF ---- */

/* Grey or CMYK in one strip, uncompressed, little-endian. */
static void tiff(ent_buf *b, uint32_t width, uint32_t height, uint32_t photometric, uint32_t samples, uint32_t orientation, const void *pixels, size_t n)
{
    const uint32_t start = 8 + 2 + 12 * 10 + 4 + 8;
    const uint32_t entries[10][3] = {{256, 3, width}, {257, 3, height}, {258, 3, 8}, {259, 3, 1}, {262, 3, photometric}, {273, 4, start}, {274, 3, orientation}, {277, 3, samples}, {278, 3, height}, {279, 4, (uint32_t)n}};
    ent_buf_put(b, "II*\0\x08\0\0\0", 8);
    put_le(b, 10, 2);
    for (size_t i = 0; i < 10; i++) {
        bool many = entries[i][0] == 258 && samples == 4;
        put_le(b, entries[i][0], 2), put_le(b, entries[i][1], 2), put_le(b, many ? 4 : 1, 4), put_le(b, many ? start - 8 : entries[i][2], 4);
    }
    put_le(b, 0, 4);
    for (int i = 0; i < 4; i++) put_le(b, 8, 2);
    ent_buf_put(b, pixels, n);
}

/* Stored as 1 2 3 / 4 5 6; what is seen for each orientation, after TIFF 6.0, Orientation. */
static void orientations_of_tiff(void **state)
{
    static const uint8_t stored[6] = {1, 2, 3, 4, 5, 6};
    static const uint8_t seen[9][6] = {{0}, {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
    (void)state;
    for (uint32_t o = 1; o <= 8; o++) {
        ENT_AUTO_BUF b = ENT_BUF(4096);
        tiff(&b, 3, 2, 1, 1, o, stored, 6);
        expect(&b, o > 4 ? 2 : 3, o > 4 ? 3 : 2, 1, seen[o], 0);
    }
}

static void tiff_in_four_inks(void **state)
{
    (void)state;
    ENT_AUTO_BUF b = ENT_BUF(4096);
    tiff(&b, 2, 1, 5, 4, 1, (uint8_t[]){0, 0, 0, 0, 255, 0, 0, 0}, 8);
    expect(&b, 2, 1, 3, (uint8_t[]){255, 255, 255, 0, 255, 255}, 0);
}

/* ---- PNG ---- */

static void put_png(png_structp png, png_bytep from, size_t n) { ent_buf_put(png_get_io_ptr(png), from, n); }
static void flush_png(png_structp png) { (void)png; }

static void png(ent_buf *b, uint32_t width, uint32_t height, int depth, int colour, int interlace, const png_color *palette, const uint8_t *rows, size_t row)
{
    png_structp w = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(w);
    assert_non_null(info);
    png_set_write_fn(w, b, put_png, flush_png);
    png_set_IHDR(w, info, width, height, depth, colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette) png_set_PLTE(w, info, palette, 4);
    png_write_info(w, info);
    for (int pass = 0, passes = png_set_interlace_handling(w); pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++) png_write_row(w, rows + y * row);
    png_write_end(w, NULL);
    png_destroy_write_struct(&w, &info);
}

static void forms_of_png(void **state)
{
    static const png_color colours[4] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {1, 2, 3}};
    uint8_t grey[64], seen[9 * 5];
    (void)state;
    ENT_AUTO_BUF a = ENT_BUF(4096), b = ENT_BUF(4096), c = ENT_BUF(4096), d = ENT_BUF(4096), e = ENT_BUF(4096), f = ENT_BUF(4096);
    png(&a, 3, 1, 16, PNG_COLOR_TYPE_GRAY, 0, NULL, (uint8_t[]){0x00, 0xff, 0x80, 0x00, 0xff, 0xff}, 6);
    expect(&a, 3, 1, 1, (uint8_t[]){1, 128, 255}, 0);
    png(&b, 4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0, colours, (uint8_t[]){0x1b}, 1);
    expect(&b, 4, 1, 3, (uint8_t[]){0, 0, 0, 255, 0, 0, 0, 255, 0, 1, 2, 3}, 0);
    png(&c, 1, 1, 8, PNG_COLOR_TYPE_RGBA, 0, NULL, (uint8_t[]){9, 8, 7, 0}, 4);
    expect(&c, 1, 1, 3, (uint8_t[]){9, 8, 7}, 0);
    png(&d, 2, 1, 8, PNG_COLOR_TYPE_GA, 0, NULL, (uint8_t[]){9, 255, 7, 0}, 4);
    expect(&d, 2, 1, 1, (uint8_t[]){9, 7}, 0);
    png(&e, 8, 1, 1, PNG_COLOR_TYPE_GRAY, 0, NULL, (uint8_t[]){0xa5}, 1);
    expect(&e, 8, 1, 1, (uint8_t[]){255, 0, 255, 0, 0, 255, 0, 255}, 0);
    for (int i = 0; i < 45; i++) grey[i] = seen[i] = (uint8_t)(5 * i);
    png(&f, 9, 5, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, NULL, grey, 9);
    expect(&f, 9, 5, 1, seen, 0);
}

/* ---- JPEG ---- */

static void jpeg(ent_buf *b, int components, J_COLOR_SPACE space, bool progressive, int unit, const uint8_t *pixel)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr mgr;
    unsigned char *out = NULL;
    unsigned long n = 0;
    uint8_t row[16 * 4];
    c.err = jpeg_std_error(&mgr);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &n);
    c.image_width = c.image_height = 16;
    c.input_components = components;
    c.in_color_space = space;
    jpeg_set_defaults(&c);
    if (space == JCS_RGB && unit == 0) jpeg_set_colorspace(&c, JCS_RGB);
    jpeg_set_quality(&c, 100, TRUE);
    c.density_unit = (UINT8)unit;
    c.X_density = c.Y_density = 197;
    if (progressive) jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    for (int i = 0; i < 16 * components; i++) row[i] = pixel[i % components];
    while (c.next_scanline < 16) jpeg_write_scanlines(&c, (JSAMPROW[]){row}, 1);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    ent_buf_put(b, out, n);
    free(out);
}

static void forms_of_jpeg(void **state)
{
    static const uint8_t grey[1] = {90}, rgb[3] = {200, 100, 50}, inks[4] = {1, 2, 3, 4};
    static const uint32_t ppi[3] = {0, 197, 500};
    uint8_t seen[16 * 16 * 3];
    (void)state;
    for (size_t i = 0; i < sizeof seen; i++) seen[i] = rgb[i % 3];
    for (int unit = 0; unit < 3; unit++) {
        ENT_AUTO_BUF a = ENT_BUF(1 << 16), b = ENT_BUF(1 << 16);
        ent_image image;
        jpeg(&a, 3, JCS_RGB, unit == 1, unit, rgb); /* of unit 0: red, green and blue as they are */
        expect(&a, 16, 16, 3, seen, 2);
        jpeg(&b, 1, JCS_GRAYSCALE, false, unit, grey);
        assert_int_equal(ent_image_decode(b.data, b.len, &image, NULL), ENT_OK);
        assert_true(image.channels == 1 && image.pixels[100] == 90);
        if (image.ppi != ppi[unit]) fail_msg("unit %d: %u pixels an inch", unit, image.ppi);
        ent_image_free(&image);
    }
    ENT_AUTO_BUF c = ENT_BUF(1 << 16);
    jpeg(&c, 4, JCS_CMYK, false, 1, inks);
    refused(&c, "4 components");
}

/* ---- JPEG 2000 ---- */

typedef struct memory {
    ent_buf *out;
    size_t at;
} memory;

static OPJ_SIZE_T write_j2k(void *from, OPJ_SIZE_T n, void *ctx)
{
    memory *m = ctx;
    if (m->at > m->out->len) ent_buf_zero(m->out, m->at - m->out->len);
    size_t over = m->at < m->out->len ? m->out->len - m->at : 0;
    if (over > n) over = n;
    if (over) memcpy(m->out->data + m->at, from, over);
    if (n > over) ent_buf_put(m->out, (uint8_t *)from + over, n - over);
    m->at += n;
    return n;
}

static OPJ_BOOL seek_j2k(OPJ_OFF_T to, void *ctx) { return ((memory *)ctx)->at = (size_t)to, OPJ_TRUE; }

static OPJ_OFF_T skip_j2k(OPJ_OFF_T n, void *ctx) { return ((memory *)ctx)->at += (size_t)n, n; }

/* 4 x 4 pixels of one colour, lossless. */
static void j2k(ent_buf *b, uint32_t components, uint32_t depth, OPJ_COLOR_SPACE space, bool opacity, const int *pixel)
{
    opj_image_cmptparm_t parts[4] = {0};
    opj_cparameters_t p;
    memory m = {.out = b};
    for (uint32_t i = 0; i < components; i++) parts[i] = (opj_image_cmptparm_t){.dx = 1, .dy = 1, .w = 4, .h = 4, .prec = depth, .bpp = depth};
    opj_image_t *image = opj_image_create(components, parts, space);
    image->x1 = image->y1 = 4;
    for (uint32_t i = 0; i < components; i++)
        for (int k = 0; k < 16; k++) image->comps[i].data[k] = pixel[i];
    if (opacity) image->comps[components - 1].alpha = 1;
    opj_set_default_encoder_parameters(&p);
    p.numresolution = 1, p.tcp_numlayers = 1, p.cp_disto_alloc = 1;
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_JP2);
    opj_stream_t *s = opj_stream_create(1 << 12, OPJ_FALSE);
    opj_stream_set_user_data(s, &m, NULL);
    opj_stream_set_write_function(s, write_j2k);
    opj_stream_set_seek_function(s, seek_j2k);
    opj_stream_set_skip_function(s, skip_j2k);
    assert_true(opj_setup_encoder(codec, &p, image) && opj_start_compress(codec, image, s) && opj_encode(codec, s) && opj_end_compress(codec, s));
    opj_stream_destroy(s);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
}

static void forms_of_jpeg_2000(void **state)
{
    static const struct {
        uint32_t components, depth;
        OPJ_COLOR_SPACE space;
        bool opacity;
        int pixel[4];
        uint32_t channels;
        uint8_t seen[3];
    } cases[] = {{1, 16, OPJ_CLRSPC_GRAY, false, {0x8080}, 1, {128}},
                 {1, 12, OPJ_CLRSPC_GRAY, false, {4095}, 1, {255}},
                 {1, 1, OPJ_CLRSPC_GRAY, false, {1}, 1, {255}},
                 {3, 8, OPJ_CLRSPC_SRGB, false, {9, 8, 7}, 3, {9, 8, 7}},
                 {3, 8, OPJ_CLRSPC_SYCC, false, {76, 85, 255}, 3, {254, 0, 0}},
                 {4, 8, OPJ_CLRSPC_SRGB, true, {9, 8, 7, 128}, 3, {9, 8, 7}},
                 {2, 8, OPJ_CLRSPC_GRAY, true, {9, 128}, 1, {9}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        uint8_t seen[48];
        for (size_t k = 0; k < sizeof seen; k++) seen[k] = cases[i].seen[k % cases[i].channels];
        j2k(&b, cases[i].components, cases[i].depth, cases[i].space, cases[i].opacity, cases[i].pixel);
        expect(&b, 4, 4, cases[i].channels, seen, cases[i].space == OPJ_CLRSPC_SYCC ? 1 : 0);
    }
    ENT_AUTO_BUF inks = ENT_BUF(1 << 16);
    j2k(&inks, 4, 8, OPJ_CLRSPC_SRGB, false, cases[5].pixel);
    refused(&inks, "no opacity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms_of_bmp), cmocka_unit_test(forms_of_pgm), cmocka_unit_test(orientations_of_tiff), cmocka_unit_test(tiff_in_four_inks),
                                       cmocka_unit_test(forms_of_png), cmocka_unit_test(forms_of_jpeg), cmocka_unit_test(forms_of_jpeg_2000)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
