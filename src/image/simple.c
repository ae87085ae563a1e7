/* Uncompressed formats: raw, PGM (binary, 8 and 16 bit) and BMP (1, 4 and 8 bit with a palette, 24 and 32 bit). */
#include "image/codec.h"

#include "base/check.h"

#include <stdbool.h>
#include <string.h>

/* ---- PGM ---- */

static bool number(const uint8_t **at, const uint8_t *end, uint32_t *ret)
{
    while (*at < end && (**at == ' ' || **at == '\n' || **at == '\r' || **at == '\t' || **at == '#')) {
        if (**at == '#')
            while (*at < end && **at != '\n') ++*at;
        else ++*at;
    }
    uint32_t v = 0;
    const uint8_t *first = *at;
    while (*at < end && **at >= '0' && **at <= '9' && v < 100000000) v = v * 10 + (uint32_t)(*(*at)++ - '0');
    *ret = v;
    return *at > first;
}

ent_code ent_pgm_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    const uint8_t *at = bytes + 2, *end = bytes + len;
    uint32_t width, height, most;
    if (!number(&at, end, &width) || !number(&at, end, &height) || !number(&at, end, &most) || at == end)
        return ent_fail(err, ENT_FORMAT, "PGM: the header is cut or not numbers");
    if (most == 0 || most > 65535) return ent_fail(err, ENT_FORMAT, "PGM: a maximum of %u; 1 to 65535 can be", most);
    size_t bytes_each = most > 255 ? 2 : 1;
    at++;
    ent_image image;
    ENT_TRY(ent_image_check_size(width, height, err));
    size_t n = (size_t)width * height;
    if ((size_t)(end - at) < n * bytes_each) return ent_fail(err, ENT_FORMAT, "PGM: the file ends before its last row");
    ENT_TRY(ent_image_new(width, height, 1, &image, err));
    for (size_t i = 0; i < n; i++, at += bytes_each) {
        uint32_t v = bytes_each == 2 ? (uint32_t)at[0] << 8 | at[1] : at[0];
        image.pixels[i] = (uint8_t)(v >= most ? 255 : (v * 255 + most / 2) / most);
    }
    *ret_image = image;
    return ENT_OK;
}

ent_code ent_pgm_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    (void)rate;
    if (image->channels != 1) return ent_fail(err, ENT_UNSUPPORTED, "PGM holds grey images only");
    ent_buf_fmt(ret_bytes, "P5\n%u %u\n255\n", image->width, image->height);
    ent_buf_put(ret_bytes, image->pixels, (size_t)image->width * image->height);
    return ent_buf_check(ret_bytes, err);
}

ent_code ent_raw_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    (void)rate;
    ent_buf_put(ret_bytes, image->pixels, (size_t)image->width * image->height * image->channels);
    return ent_buf_check(ret_bytes, err);
}

/* ---- BMP: little-endian ---- */

static uint32_t le(const uint8_t *p, int n)
{
    uint32_t v = 0;
    while (n-- > 0) v = v << 8 | p[n];
    return v;
}

typedef struct bmp {
    uint32_t width, height, bits, data, palette, colours, ppm;
    bool down;
} bmp;

static ent_code bmp_header(const uint8_t *b, size_t len, bmp *ret, ent_err *err)
{
    if (len < 54 || le(b + 14, 4) < 40) return ent_fail(err, ENT_FORMAT, "BMP: the header is cut or of an old kind");
    int32_t height = (int32_t)le(b + 22, 4);
    *ret = (bmp){.width = le(b + 18, 4), .bits = le(b + 28, 2), .data = le(b + 10, 4), .palette = 14 + le(b + 14, 4),
                 .colours = le(b + 46, 4), .ppm = le(b + 38, 4), .down = height < 0};
    ret->height = height < 0 ? 0u - (uint32_t)height : (uint32_t)height;
    /* masks (3, 6) that say what 32 bits without masks mean, red above green above blue, are no other form */
    uint32_t packing = le(b + 30, 4);
    bool masked = (packing == 3 || packing == 6) && ret->bits == 32 && len >= 66 && le(b + 54, 4) == 0xff0000 && le(b + 58, 4) == 0xff00 && le(b + 62, 4) == 0xff;
    if ((packing != 0 && !masked) || (ret->bits != 1 && ret->bits != 4 && ret->bits != 8 && ret->bits != 24 && ret->bits != 32))
        return ent_fail(err, ENT_UNSUPPORTED, "BMP: only uncompressed 1, 4, 8, 24 and 32 bit is read");
    if (!ret->colours) ret->colours = ret->bits <= 8 ? 1u << ret->bits : 0;
    if (ret->bits <= 8 && (ret->colours > 1u << ret->bits || ret->palette > len || ret->colours * 4 > len - ret->palette))
        return ent_fail(err, ENT_FORMAT, "BMP: the palette lies outside the file");
    return ENT_OK;
}

static void bmp_row(const uint8_t *file, const bmp *h, const uint8_t *row, uint32_t channels, uint8_t *out)
{
    for (uint32_t x = 0; x < h->width; x++) {
        const uint8_t *bgr = row + (size_t)x * (h->bits / 8);
        if (h->bits <= 8) {
            uint32_t bit = x * h->bits % 8, index = row[(size_t)x * h->bits / 8] >> (8 - h->bits - bit) & ((1u << h->bits) - 1);
            bgr = file + h->palette + 4 * (size_t)(index < h->colours ? index : 0);
        }
        if (channels == 1) *out++ = bgr[0];
        else *out++ = bgr[2], *out++ = bgr[1], *out++ = bgr[0];
    }
}

ent_code ent_bmp_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    bmp h = {0};
    ENT_TRY(bmp_header(bytes, len, &h, err));
    bool grey = h.bits <= 8;
    for (uint32_t i = 0; grey && i < h.colours; i++) {
        const uint8_t *p = bytes + h.palette + 4 * (size_t)i;
        grey = p[0] == p[1] && p[1] == p[2];
    }
    ent_image image;
    ENT_TRY(ent_image_check_size(h.width, h.height, err));
    size_t stride = ((size_t)h.width * h.bits + 31) / 32 * 4;
    if (h.data > len || stride * h.height > len - h.data) return ent_fail(err, ENT_FORMAT, "BMP: the file ends before its last row");
    ENT_TRY(ent_image_new(h.width, h.height, grey ? 1 : 3, &image, err));
    for (uint32_t y = 0; y < h.height; y++)
        bmp_row(bytes, &h, bytes + h.data + stride * (h.down ? y : h.height - 1 - y), image.channels, image.pixels + (size_t)y * h.width * image.channels);
    image.ppi = (uint32_t)((double)h.ppm * 0.0254 + 0.5);
    if (image.ppi > 10000) image.ppi = 0;
    *ret_image = image;
    return ENT_OK;
}

static void put_le(ent_buf *b, uint32_t v, int n)
{
    for (; n > 0; n--, v >>= 8) ent_buf_u8(b, (uint8_t)v);
}

ent_code ent_bmp_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    (void)rate;
    uint32_t bits = image->channels * 8, palette = image->channels == 1 ? 1024 : 0;
    size_t row = (size_t)image->width * image->channels, stride = (row + 3) / 4 * 4;
    ent_buf_str(ret_bytes, "BM");
    put_le(ret_bytes, (uint32_t)(54 + palette + stride * image->height), 4);
    put_le(ret_bytes, 0, 4);
    put_le(ret_bytes, 54 + palette, 4);
    put_le(ret_bytes, 40, 4);
    put_le(ret_bytes, image->width, 4);
    put_le(ret_bytes, image->height, 4);
    put_le(ret_bytes, 1, 2);
    put_le(ret_bytes, bits, 2);
    put_le(ret_bytes, 0, 4);
    put_le(ret_bytes, (uint32_t)(stride * image->height), 4);
    uint32_t ppm = (uint32_t)((double)image->ppi / 0.0254 + 0.5);
    put_le(ret_bytes, ppm, 4);
    put_le(ret_bytes, ppm, 4);
    put_le(ret_bytes, palette ? 256 : 0, 4);
    put_le(ret_bytes, 0, 4);
    for (uint32_t i = 0; i < palette / 4; i++) put_le(ret_bytes, i * 0x010101u, 4);
    for (uint32_t y = image->height; y-- > 0;) {
        const uint8_t *p = image->pixels + y * row;
        if (image->channels == 1) ent_buf_put(ret_bytes, p, row);
        else
            for (uint32_t x = 0; x < image->width; x++, p += 3) put_le(ret_bytes, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2], 3);
        ent_buf_zero(ret_bytes, stride - row);
    }
    return ent_buf_check(ret_bytes, err);
}
