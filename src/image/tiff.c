/* TIFF (revision 6.0) by libtiff, from memory to memory: the first image of the file, in whatever form of pixels the library makes RGBA of. */
#include "image/codec.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

enum { LARGEST_BLOCK = ENT_LIMIT_IMAGE_PIXELS * 4, PIXELS_PER_BYTE = 16384 /* more than any compression but a blank fax has */ };

/* ---- memory as the library's file ---- */

typedef struct file {
    const uint8_t *data; /* reading */
    size_t len, at;
    ent_buf *out; /* writing */
} file;

static tmsize_t on_read(thandle_t self, void *to, tmsize_t n)
{
    file *f = self;
    size_t left = f->at < f->len ? f->len - f->at : 0, some = (size_t)n < left ? (size_t)n : left;
    if (n <= 0 || f->out) return 0;
    memcpy(to, f->data + f->at, some);
    f->at += some;
    return (tmsize_t)some;
}

/* The library goes back to write its directory: overwrite what is there, fill a gap, append the rest. */
static tmsize_t on_write(thandle_t self, void *from, tmsize_t n)
{
    file *f = self;
    if (n <= 0 || !f->out) return 0;
    if (f->at > f->out->len) ent_buf_zero(f->out, f->at - f->out->len);
    if (f->out->failed != ENT_OK) return 0;
    size_t over = f->out->len - f->at;
    if (over > (size_t)n) over = (size_t)n;
    if (over) memcpy(f->out->data + f->at, from, over);
    if ((size_t)n > over) ent_buf_put(f->out, (const uint8_t *)from + over, (size_t)n - over);
    f->at += (size_t)n;
    return f->out->failed == ENT_OK ? n : 0;
}

static toff_t on_size(thandle_t self)
{
    const file *f = self;
    return f->out ? f->out->len : f->len;
}

static toff_t on_seek(thandle_t self, toff_t to, int from)
{
    file *f = self;
    toff_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? f->at : on_size(self);
    if (to > ENT_LIMIT_IMAGE_PIXELS * 16ull || base + to > ENT_LIMIT_IMAGE_PIXELS * 16ull) return (toff_t)-1;
    return f->at = base + to;
}

/* What is read is there already: the library reads it in place (and libtiff 4.5.0 refuses tiles below 1 KB otherwise). */
static int on_map(thandle_t self, void **ret_base, toff_t *ret_size)
{
    const file *f = self;
    if (f->out) return 0;
    *ret_base = (void *)(uintptr_t)f->data;
    *ret_size = f->len;
    return 1;
}

static void on_unmap(thandle_t self, void *base, toff_t size) { (void)self, (void)base, (void)size; }

static int on_close(thandle_t self) { return (void)self, 0; }

static int on_error(TIFF *t, void *ctx, const char *module, const char *format, va_list args)
{
    ent_err *err = ctx;
    char text[160];
    (void)t, (void)module;
    vsnprintf(text, sizeof text, format, args);
    if (!err->detail[0]) (void)ent_fail(err, ENT_FORMAT, "TIFF: %s", text);
    return 1;
}

/* Of a tag whose value lies past the end the library only warns. */
static int on_warning(TIFF *t, void *ctx, const char *module, const char *format, va_list args)
{
    return strncmp(format, "IO error", 8) == 0 ? on_error(t, ctx, module, format, args) : 1;
}

static TIFF *open_memory(file *f, const char *mode, ent_err *local)
{
    TIFFOpenOptions *o = TIFFOpenOptionsAlloc();
    if (!o) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(o, on_error, local);
    TIFFOpenOptionsSetWarningHandlerExtR(o, on_warning, local);
    TIFFOpenOptionsSetMaxSingleMemAlloc(o, LARGEST_BLOCK);
    TIFF *t = TIFFClientOpenExt("memory", mode, f, on_read, on_write, on_seek, on_close, on_size, on_map, on_unmap, o);
    TIFFOpenOptionsFree(o);
    return t;
}

/* ---- reading ---- */

static uint32_t resolution(TIFF *t)
{
    float x = 0;
    uint16_t unit = RESUNIT_INCH;
    if (!TIFFGetField(t, TIFFTAG_XRESOLUTION, &x)) return 0;
    TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &unit);
    if (unit == RESUNIT_CENTIMETER) x *= 2.54f;
    else if (unit != RESUNIT_INCH) return 0;
    return x >= 1 && x < 10000 ? (uint32_t)(x + 0.5f) : 0;
}

static ent_code read_pixels(TIFF *t, ent_image *image, ent_err *err)
{
    size_t n = (size_t)image->width * image->height;
    uint32_t *rgba = malloc(n * sizeof *rgba);
    if (!rgba) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a TIFF");
    /* as it is stored: the library mirrors, but does not turn */
    TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    bool ok = TIFFReadRGBAImageOriented(t, image->width, image->height, rgba, ORIENTATION_TOPLEFT, 1);
    uint8_t *out = image->pixels;
    for (size_t i = 0; ok && i < n; i++) {
        *out++ = (uint8_t)TIFFGetR(rgba[i]);
        if (image->channels == 1) continue;
        *out++ = (uint8_t)TIFFGetG(rgba[i]);
        *out++ = (uint8_t)TIFFGetB(rgba[i]);
    }
    free(rgba);
    return ok ? ENT_OK : ENT_FORMAT;
}

/* len: of the file. Deflate makes at most 1032 bytes of one, which is 8256 pixels of one bit. */
static ent_code read_image(TIFF *t, size_t len, ent_image *image, ent_err *err)
{
    uint32_t width = 0, height = 0;
    uint16_t photometric = PHOTOMETRIC_RGB, orientation = ORIENTATION_TOPLEFT;
    const char *description = NULL;
    char why[1024] = "";
    if (!TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(t, TIFFTAG_IMAGELENGTH, &height)) return ent_fail(err, ENT_FORMAT, "TIFF: the file does not say how large its image is");
    ENT_TRY(ent_image_check_size(width, height, err));
    if ((uint64_t)width * height / PIXELS_PER_BYTE > len) return ent_fail(err, ENT_FORMAT, "TIFF: %zu bytes cannot hold an image of %u x %u", len, width, height);
    TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric);
    bool grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    ENT_TRY(ent_image_new(width, height, grey ? 1 : 3, image, err));
    if (!TIFFRGBAImageOK(t, why)) return ent_fail(err, ENT_UNSUPPORTED, "TIFF: %.200s", why);
    TIFFGetField(t, TIFFTAG_ORIENTATION, &orientation);
    ENT_TRY(read_pixels(t, image, err));
    ENT_TRY(ent_image_turn(image, orientation, err));
    image->ppi = resolution(t);
    if (TIFFGetField(t, TIFFTAG_IMAGEDESCRIPTION, &description) && description && *description && strlen(description) <= 65535)
        return ent_image_remark(image, description, strlen(description), err);
    return ENT_OK;
}

ent_code ent_tiff_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    file f = {.data = bytes, .len = len};
    ent_err local = {0};
    ent_image image = {0};
    TIFF *t = open_memory(&f, "r", &local);
    ent_code code = t ? read_image(t, len, &image, &local) : ENT_FORMAT;
    if (t) TIFFClose(t);
    if (code == ENT_OK && local.detail[0]) code = ENT_FORMAT; /* the library went on without what it could not read */
    if (code == ENT_OK) {
        *ret_image = image;
        return ENT_OK;
    }
    ent_image_free(&image);
    return ent_fail(err, code, "%s", local.detail[0] ? local.detail : "TIFF: the file cannot be read");
}

/* ---- writing ---- */

/* All comments as one text, which is what the format has a place for. */
static void describe(TIFF *t, const ent_image *image)
{
    ENT_AUTO_BUF all = ENT_BUF(65535);
    const char *text;
    size_t n;
    for (size_t at = 0; ent_image_comment(image, &at, &text, &n);) {
        if (all.len) ent_buf_str(&all, "\n\n");
        ent_buf_put(&all, text, n);
    }
    if (all.len && all.failed == ENT_OK) TIFFSetField(t, TIFFTAG_IMAGEDESCRIPTION, ent_buf_cstr(&all));
}

static bool write_image(TIFF *t, const ent_image *image)
{
    size_t row = (size_t)image->width * image->channels;
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, image->width);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, image->height);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, image->channels);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, image->channels == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
    TIFFSetField(t, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(t, 0));
    if (image->ppi) {
        TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
        TIFFSetField(t, TIFFTAG_XRESOLUTION, (double)image->ppi);
        TIFFSetField(t, TIFFTAG_YRESOLUTION, (double)image->ppi);
    }
    describe(t, image);
    uint8_t *copy = malloc(row); /* the predictor alters the row it is given */
    bool ok = copy != NULL;
    for (uint32_t y = 0; ok && y < image->height; y++) {
        memcpy(copy, image->pixels + y * row, row);
        ok = TIFFWriteScanline(t, copy, y, 0) == 1;
    }
    free(copy);
    return ok && TIFFFlush(t) == 1;
}

ent_code ent_tiff_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    ENT_AUTO_BUF out = ENT_BUF(256 << 20);
    file f = {.out = &out};
    ent_err local = {0};
    (void)rate;
    TIFF *t = open_memory(&f, "wm", &local);
    bool ok = t && write_image(t, image);
    if (t) TIFFClose(t);
    if (!ok || out.failed != ENT_OK) return ent_fail(err, ENT_INTERNAL, "%s", local.detail[0] ? local.detail : "TIFF: the image cannot be written");
    ent_buf_put(ret_bytes, out.data, out.len);
    return ent_buf_check(ret_bytes, err);
}
