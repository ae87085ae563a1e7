#include "image/codec.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>

#include <jpeglib.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct failure {
    struct jpeg_error_mgr mgr;
    jmp_buf back;
    ent_err err;
} failure;

static void on_error(j_common_ptr c)
{
    failure *f = (failure *)c->err;
    char text[JMSG_LENGTH_MAX];
    c->err->format_message(c, text);
    (void)ent_fail(&f->err, ENT_FORMAT, "JPEG: %s", text);
    longjmp(f->back, 1);
}

/* A file that ends too early is refused: a warning of the library is an error here. */
static void on_message(j_common_ptr c, int level)
{
    if (level < 0) on_error(c);
}

static uint32_t exif_number(const uint8_t *p, int n, bool little)
{
    uint32_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[little ? n - 1 - i : i];
    return v;
}

typedef struct exif {
    uint32_t ppi, turn; /* 0: it does not say; turn: how the stored picture lies, 1 (upright) to 8 */
} exif;

/* XResolution (0x11a), ResolutionUnit (0x128) and Orientation (0x112) of the first directory of an Exif block (a TIFF structure behind six bytes). */
static exif exif_of(const uint8_t *p, size_t len)
{
    exif e = {0, 0};
    if (len < 14 || memcmp(p, "Exif\0", 6) != 0) return e;
    p += 6, len -= 6;
    bool little = p[0] == 'I';
    uint32_t at = exif_number(p + 4, 4, little), unit = 2;
    double ppi = 0;
    if (at > len || len - at < 2) return e;
    uint32_t entries = exif_number(p + at, 2, little);
    for (at += 2; entries-- && len - at >= 12; at += 12) {
        uint32_t tag = exif_number(p + at, 2, little), where = exif_number(p + at + 8, 4, little);
        if (tag == 0x128) unit = exif_number(p + at + 8, 2, little);
        if (tag == 0x112) e.turn = exif_number(p + at + 8, 2, little);
        if (tag != 0x11a || where > len || len - where < 8) continue;
        uint32_t below = exif_number(p + where + 4, 4, little);
        ppi = below ? (double)exif_number(p + where, 4, little) / below : 0;
    }
    ppi *= unit == 3 ? 2.54 : 1;
    if (ppi >= 1 && ppi < 10000 && unit >= 2) e.ppi = (uint32_t)(ppi + 0.5);
    return e;
}

static ent_code read_all(struct jpeg_decompress_struct *c, ent_image *image, uint32_t *ret_turn, ent_err *err)
{
    jpeg_read_header(c, TRUE);
    uint32_t channels = c->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    if (c->num_components != 1 && c->num_components != 3) return ent_fail(err, ENT_UNSUPPORTED, "JPEG: %d components; grey and colour are read", c->num_components);
    ENT_TRY(ent_image_new(c->image_width, c->image_height, channels, image, err));
    if (c->saw_JFIF_marker && c->density_unit == 1) image->ppi = c->X_density;
    else if (c->saw_JFIF_marker && c->density_unit == 2) image->ppi = (uint32_t)(c->X_density * 2.54 + 0.5);
    for (jpeg_saved_marker_ptr m = c->marker_list; m; m = m->next)
        if (m->marker == JPEG_COM) ENT_TRY(ent_image_remark(image, m->data, m->data_length, err));
        else {
            exif e = exif_of(m->data, m->data_length);
            if (!image->ppi) image->ppi = e.ppi;
            if (!*ret_turn) *ret_turn = e.turn;
        }
    c->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    c->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(c);
    while (c->output_scanline < c->output_height) {
        JSAMPROW row = image->pixels + (size_t)c->output_scanline * image->width * channels;
        jpeg_read_scanlines(c, &row, 1);
    }
    jpeg_finish_decompress(c);
    return ENT_OK;
}

ent_code ent_jpeg_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    struct jpeg_decompress_struct c;
    failure f = {0};
    ent_image image = {0};
    ent_image *volatile kept = &image;
    c.err = jpeg_std_error(&f.mgr);
    f.mgr.error_exit = on_error;
    f.mgr.emit_message = on_message;
    uint32_t turn = 0, *volatile turned = &turn;
    volatile ent_code code = ENT_FORMAT;
    if (setjmp(f.back) == 0) {
        jpeg_create_decompress(&c);
        c.mem->max_memory_to_use = 256 << 20;
        jpeg_mem_src(&c, bytes, (unsigned long)len);
        jpeg_save_markers(&c, JPEG_COM, 0xffff);
        jpeg_save_markers(&c, JPEG_APP0 + 1, 0xffff);
        code = read_all(&c, kept, turned, &f.err);
    } else {
        code = f.err.code;
    }
    jpeg_destroy_decompress(&c);
    if (code == ENT_OK) code = ent_image_turn(kept, *turned, &f.err);
    if (code != ENT_OK) {
        ent_image_free(kept);
        if (err) *err = f.err;
        return code;
    }
    *ret_image = *kept;
    return ENT_OK;
}

ent_code ent_jpeg_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    struct jpeg_compress_struct c;
    failure f = {0};
    unsigned char *volatile out = NULL;
    unsigned long n = 0;
    c.err = jpeg_std_error(&f.mgr);
    f.mgr.error_exit = on_error;
    if (setjmp(f.back)) {
        jpeg_destroy_compress(&c);
        free(out);
        return ent_fail(err, ENT_INTERNAL, "%s", f.err.detail);
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, (unsigned char **)&out, &n);
    c.image_width = image->width, c.image_height = image->height;
    c.input_components = (int)image->channels;
    c.in_color_space = image->channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    c.density_unit = 1;
    c.X_density = c.Y_density = (UINT16)(image->ppi ? image->ppi : 72);
    jpeg_set_quality(&c, rate >= 1 ? (int)rate : 90, TRUE);
    jpeg_start_compress(&c, TRUE);
    const char *text;
    size_t len;
    for (size_t at = 0; ent_image_comment(image, &at, &text, &len);) jpeg_write_marker(&c, JPEG_COM, (const JOCTET *)text, len > 65533 ? 65533 : (unsigned)len);
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = image->pixels + (size_t)c.next_scanline * image->width * image->channels;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    ent_buf_put(ret_bytes, out, n);
    free(out);
    return ent_buf_check(ret_bytes, err);
}
