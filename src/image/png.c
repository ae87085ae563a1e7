#include "image/codec.h"

#include "base/check.h"
#include "base/limits.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    const uint8_t *at, *end;
    ent_err *err;
} reading;

static void on_error(png_structp png, png_const_charp message)
{
    (void)ent_fail(png_get_error_ptr(png), ENT_FORMAT, "PNG: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void take(png_structp png, png_bytep to, size_t n)
{
    reading *r = png_get_io_ptr(png);
    if ((size_t)(r->end - r->at) < n) png_error(png, "the file ends too early");
    memcpy(to, r->at, n);
    r->at += n;
}

/* A chunk's length is its own claim: the library asks for as much before it sees whether the file holds it. */
static png_voidp allocate(png_structp png, png_alloc_size_t n)
{
    (void)png;
    return n <= ENT_LIMIT_IMAGE_CHUNK ? malloc(n) : NULL;
}

static void release(png_structp png, png_voidp p)
{
    (void)png;
    free(p);
}

static ent_code read_header(png_structp png, png_infop info, ent_image *ret, ent_err *err)
{
    png_read_info(png, info);
    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info), x, y;
    int unit, colour = png_get_color_type(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE) png_set_interlace_handling(png);
    png_read_update_info(png, info);
    uint32_t channels = colour & PNG_COLOR_MASK_COLOR ? 3 : 1;
    ENT_TRY(ent_image_new(width, height, channels, ret, err));
    if (png_get_pHYs(png, info, &x, &y, &unit) && unit == PNG_RESOLUTION_METER && x < 400000) ret->ppi = (uint32_t)((double)x * 0.0254 + 0.5);
    return png_get_rowbytes(png, info) == (size_t)width * channels ? ENT_OK : ent_fail(err, ENT_UNSUPPORTED, "PNG: a form of pixels that is not read");
}

/* Texts under the keywords of remarks; one that is too long is left out. */
static ent_code read_texts(png_structp png, png_infop info, ent_image *image, ent_err *err)
{
    png_textp text = NULL;
    int count;
    png_get_text(png, info, &text, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(text[i].key, "Comment") != 0 && strcmp(text[i].key, "Description") != 0) continue;
        size_t n = strlen(text[i].text);
        if (n && n <= 65535) ENT_TRY(ent_image_remark(image, text[i].text, n, err));
    }
    return ENT_OK;
}

static void read_rows(png_structp png, png_infop info, ent_image *image)
{
    int passes = png_get_interlace_type(png, info) == PNG_INTERLACE_NONE ? 1 : 7;
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < image->height; y++)
            png_read_row(png, image->pixels + (size_t)y * image->width * image->channels, NULL);
    png_read_end(png, info);
}

ent_code ent_png_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    ent_image image = {0};
    ent_image *volatile kept = &image;
    ent_err local = {0};
    reading r = {bytes, bytes + len, &local};
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &local, on_error, on_warning, NULL, allocate, release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for a PNG");
    }
    volatile ent_code code = ENT_FORMAT;
    if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_user_limits(png, ENT_LIMIT_IMAGE_SIDE, ENT_LIMIT_IMAGE_SIDE);
        png_set_chunk_malloc_max(png, ENT_LIMIT_IMAGE_CHUNK);
        png_set_read_fn(png, &r, take);
        code = read_header(png, info, kept, &local);
        if (code == ENT_OK) {
            read_rows(png, info, kept);
            code = read_texts(png, info, kept, &local);
        }
    } else {
        code = ENT_FORMAT;
    }
    png_destroy_read_struct(&png, &info, NULL);
    if (code != ENT_OK) {
        ent_image_free(kept);
        if (err) *err = local;
        return code;
    }
    *ret_image = *kept;
    return ENT_OK;
}

static void put(png_structp png, png_bytep from, size_t n) { ent_buf_put(png_get_io_ptr(png), from, n); }
static void flush(png_structp png) { (void)png; }

/* As Latin-1, which is what a tEXt chunk holds; copied, because the library wants a C string. */
static void write_texts(png_structp png, png_infop info, const ent_image *image)
{
    const char *from;
    size_t n;
    for (size_t at = 0; ent_image_comment(image, &at, &from, &n);) {
        static const char keyword[] = "Comment";
        char *copy = png_malloc(png, n + 1);
        memcpy(copy, from, n);
        copy[n] = 0;
        png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = (char *)(uintptr_t)keyword, .text = copy, .text_length = strlen(copy)};
        png_set_text(png, info, &text, 1);
        png_free(png, copy);
    }
}

ent_code ent_png_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    ent_err local = {0};
    (void)rate;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &local, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return ent_fail(err, ENT_INTERNAL, "%s", local.detail);
    }
    png_set_write_fn(png, ret_bytes, put, flush);
    png_set_IHDR(png, info, image->width, image->height, 8, image->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    uint32_t metre = (uint32_t)((double)image->ppi / 0.0254 + 0.5);
    if (image->ppi) png_set_pHYs(png, info, metre, metre, PNG_RESOLUTION_METER);
    write_texts(png, info, image);
    png_write_info(png, info);
    for (uint32_t y = 0; y < image->height; y++) png_write_row(png, image->pixels + (size_t)y * image->width * image->channels);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return ent_buf_check(ret_bytes, err);
}
