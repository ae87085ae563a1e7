#include "image/codec.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *text, *ending;
    ent_image_decoder *decode;
    ent_image_encoder *encode;
} formats[ENT_IMAGE_FORMAT_COUNT] = {
    [ENT_IMAGE_UNKNOWN] = {"unknown", "", NULL, NULL},
    [ENT_IMAGE_WSQ] = {"WSQ", "wsq", ent_wsq_decode, ent_wsq_encode},
    [ENT_IMAGE_PNG] = {"PNG", "png", ent_png_decode, ent_png_encode},
    [ENT_IMAGE_JPEG] = {"JPEG", "jpg", ent_jpeg_decode, ent_jpeg_encode},
    [ENT_IMAGE_JPEG2000] = {"JPEG 2000", "jp2", ent_jp2_decode, ent_jp2_encode},
    [ENT_IMAGE_TIFF] = {"TIFF", "tif", ent_tiff_decode, ent_tiff_encode},
    [ENT_IMAGE_BMP] = {"BMP", "bmp", ent_bmp_decode, ent_bmp_encode},
    [ENT_IMAGE_PGM] = {"PGM", "pgm", ent_pgm_decode, ent_pgm_encode},
    [ENT_IMAGE_RAW] = {"raw", "raw", NULL, ent_raw_encode},
};

const char *ent_image_format_text(ent_image_format f) { return (unsigned)f < ENT_IMAGE_FORMAT_COUNT ? formats[f].text : "unknown"; }

ent_image_format ent_image_format_named(const char *path)
{
    static const struct {
        const char *ending;
        ent_image_format format;
    } others[] = {{"jpeg", ENT_IMAGE_JPEG}, {"j2k", ENT_IMAGE_JPEG2000}, {"tiff", ENT_IMAGE_TIFF}};
    const char *dot = strrchr(path, '.');
    if (!dot) return ENT_IMAGE_UNKNOWN;
    for (int f = 1; f < ENT_IMAGE_FORMAT_COUNT; f++)
        if (strcasecmp(dot + 1, formats[f].ending) == 0) return (ent_image_format)f;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcasecmp(dot + 1, others[i].ending) == 0) return others[i].format;
    return ENT_IMAGE_UNKNOWN;
}

ent_image_format ent_image_sniff(const void *bytes, size_t len)
{
    static const struct {
        const char *magic;
        size_t n;
        ent_image_format format;
    } magics[] = {{"\xff\xa0", 2, ENT_IMAGE_WSQ}, {"\x89PNG\r\n\x1a\n", 8, ENT_IMAGE_PNG}, {"\xff\xd8\xff", 3, ENT_IMAGE_JPEG},
                  {"\0\0\0\x0cjP  \r\n\x87\n", 12, ENT_IMAGE_JPEG2000}, {"\xff\x4f\xff\x51", 4, ENT_IMAGE_JPEG2000},
                  {"II*\0", 4, ENT_IMAGE_TIFF}, {"MM\0*", 4, ENT_IMAGE_TIFF}, {"BM", 2, ENT_IMAGE_BMP}, {"P5", 2, ENT_IMAGE_PGM}};
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (len >= magics[i].n && memcmp(bytes, magics[i].magic, magics[i].n) == 0) return magics[i].format;
    return ENT_IMAGE_UNKNOWN;
}

ent_code ent_image_check_size(uint32_t width, uint32_t height, ent_err *err)
{
    if (!width || !height) return ent_fail(err, ENT_FORMAT, "an image of %u x %u pixels", width, height);
    if (width > ENT_LIMIT_IMAGE_SIDE || height > ENT_LIMIT_IMAGE_SIDE || (uint64_t)width * height > ENT_LIMIT_IMAGE_PIXELS)
        return ent_fail(err, ENT_TOO_LARGE, "an image of %u x %u pixels; at most %d a side and %d in all", width, height,
                        ENT_LIMIT_IMAGE_SIDE, ENT_LIMIT_IMAGE_PIXELS);
    return ENT_OK;
}

ent_code ent_image_new(uint32_t width, uint32_t height, uint32_t channels, ent_image *ret_image, ent_err *err)
{
    ENT_TRY(ent_image_check_size(width, height, err));
    uint8_t *pixels = calloc((size_t)width * height, channels);
    if (!pixels) return ent_fail(err, ENT_NO_MEMORY, "out of memory for an image of %u x %u", width, height);
    *ret_image = (ent_image){.width = width, .height = height, .channels = channels, .pixels = pixels};
    return ENT_OK;
}

void ent_image_free(ent_image *image)
{
    if (!image) return;
    if (image->pixels) ent_wipe(image->pixels, (size_t)image->width * image->height * image->channels);
    free(image->pixels);
    ent_buf_free(&image->comments);
    *image = (ent_image){0};
}

bool ent_image_comment(const ent_image *image, size_t *at, const char **ret_text, size_t *ret_len)
{
    ent_cursor c = ENT_CURSOR(image->comments.data, image->comments.len);
    ent_cursor_take(&c, *at);
    size_t n = ent_cursor_u16(&c);
    const char *text = (const char *)ent_cursor_take(&c, n);
    if (!ent_cursor_ok(&c)) return false;
    *ret_text = text;
    *ret_len = n;
    *at = c.at;
    return true;
}

ent_code ent_image_remark(ent_image *image, const void *text, size_t len, ent_err *err)
{
    if (len > 65535) return ent_fail(err, ENT_TOO_LARGE, "a comment of %zu bytes, at most 65535", len);
    if (!image->comments.max) image->comments = ENT_BUF(ENT_LIMIT_IMAGE_COMMENTS);
    ent_buf_u16(&image->comments, (uint16_t)len);
    ent_buf_put(&image->comments, text, len);
    return ent_buf_check(&image->comments, err);
}

ent_code ent_image_turn(ent_image *image, uint32_t turn, ent_err *err)
{
    ent_image up;
    uint32_t w = image->width, h = image->height, n = image->channels;
    if (turn < 2 || turn > 8) return ENT_OK;
    ENT_TRY(ent_image_new(turn > 4 ? h : w, turn > 4 ? w : h, n, &up, err));
    for (uint32_t y = 0; y < up.height; y++)
        for (uint32_t x = 0; x < up.width; x++) {
            uint32_t across = turn > 4 ? y : x, down = turn > 4 ? x : y;
            if (turn == 2 || turn == 3 || turn == 7 || turn == 8) across = w - 1 - across;
            if (turn == 3 || turn == 4 || turn == 6 || turn == 7) down = h - 1 - down;
            memcpy(up.pixels + ((size_t)y * up.width + x) * n, image->pixels + ((size_t)down * w + across) * n, n);
        }
    uint8_t *pixels = image->pixels;
    image->pixels = up.pixels, image->width = up.width, image->height = up.height;
    up.pixels = pixels, up.width = w, up.height = h;
    ent_image_free(&up);
    return ENT_OK;
}

ent_code ent_image_decode(const void *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    ent_image_format f = ent_image_sniff(bytes, len);
    if (len > ENT_LIMIT_IMAGE_FILE) return ent_fail(err, ENT_TOO_LARGE, "an image file of %zu bytes, at most %d", len, ENT_LIMIT_IMAGE_FILE);
    if (!formats[f].decode) return ent_fail(err, ENT_FORMAT, len ? "not an image: PNG, WSQ, JPEG, JPEG 2000, TIFF, BMP and PGM are read" : "an empty image");
    ENT_TRY(formats[f].decode(bytes, len, ret_image, err));
    ret_image->format = f;
    return ENT_OK;
}

ent_code ent_image_raw(const void *bytes, size_t len, const uint32_t size[2], uint32_t ppi, ent_image *ret_image, ent_err *err)
{
    uint64_t n = (uint64_t)size[0] * size[1];
    if (len != n && len != 3 * n)
        return ent_fail(err, ENT_FORMAT, "%zu bytes of raw pixels for an image of %u x %u: %llu (grey) or %llu (RGB) are needed", len, size[0], size[1],
                        (unsigned long long)n, (unsigned long long)(3 * n));
    ENT_TRY(ent_image_new(size[0], size[1], len == n ? 1 : 3, ret_image, err));
    memcpy(ret_image->pixels, bytes, len);
    ret_image->ppi = ppi;
    ret_image->format = ENT_IMAGE_RAW;
    return ENT_OK;
}

ent_code ent_image_encode(const ent_image *image, ent_image_format format, double rate, ent_buf *ret_bytes, ent_err *err)
{
    if ((unsigned)format >= ENT_IMAGE_FORMAT_COUNT || !formats[format].encode)
        return ent_fail(err, ENT_UNSUPPORTED, "%s is not written: write PNG, WSQ, JPEG, JPEG 2000, TIFF, BMP, PGM or raw", ent_image_format_text(format));
    return formats[format].encode(image, rate, ret_bytes, err);
}

ent_code ent_image_grey(const ent_image *image, ent_image *ret_grey, ent_err *err)
{
    ent_image g;
    ENT_TRY(ent_image_new(image->width, image->height, 1, &g, err));
    size_t n = (size_t)image->width * image->height;
    if (image->channels == 1) memcpy(g.pixels, image->pixels, n);
    else
        for (size_t i = 0; i < n; i++) {
            const uint8_t *p = image->pixels + 3 * i;
            g.pixels[i] = (uint8_t)((299u * p[0] + 587u * p[1] + 114u * p[2] + 500) / 1000);
        }
    g.ppi = image->ppi;
    g.format = image->format;
    if (image->comments.len) {
        g.comments = ENT_BUF(ENT_LIMIT_IMAGE_COMMENTS);
        ent_buf_put(&g.comments, image->comments.data, image->comments.len);
    }
    ent_code code = ent_buf_check(&g.comments, err);
    if (code == ENT_OK) *ret_grey = g;
    else ent_image_free(&g);
    return code;
}
