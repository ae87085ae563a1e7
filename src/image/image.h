/* One raster from every format that the field uses. Decoding is bounded: dimensions are read and checked before anything
 * is allocated. Pure; any thread. Bytes from outside are decoded in adapter/sandbox, not here in the node. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "base/buf.h"
#include "entente/error.h"

#include <stdbool.h>

/* format, word, usual ending */
#define ENT_IMAGE_FORMATS(X)                                                                                           \
    X(WSQ, "WSQ", "wsq") X(PNG, "PNG", "png") X(JPEG, "JPEG", "jpg") X(JPEG2000, "JPEG 2000", "jp2")                   \
    X(TIFF, "TIFF", "tif") X(BMP, "BMP", "bmp") X(PGM, "PGM", "pgm") X(RAW, "raw", "raw")

/* "raw" has no header: it is read by ent_image_raw and never recognised */
typedef enum ent_image_format {
    ENT_IMAGE_UNKNOWN,
#define ENT_X(name, text, ending) ENT_IMAGE_##name,
    ENT_IMAGE_FORMATS(ENT_X)
#undef ENT_X
        ENT_IMAGE_FORMAT_COUNT
} ent_image_format;

/* 8 bits a sample, rows without gaps. Owned: ent_image_free erases. */
typedef struct ent_image {
    uint32_t width, height, channels; /* channels 1 (grey) or 3 (RGB) */
    uint32_t ppi;                     /* 0: the file does not say */
    uint8_t *pixels;
    ent_image_format format;          /* it was decoded from */
    ent_buf comments;                 /* read by ent_image_comment */
} ent_image;

ent_image_format ent_image_sniff(const void *bytes, size_t len); /* by its first bytes */
const char *ent_image_format_text(ent_image_format f);           /* static */
ent_image_format ent_image_format_named(const char *path);       /* by a file name's ending; UNKNOWN */

/* ENT_FORMAT, ENT_TOO_LARGE (ENT_LIMIT_IMAGE_*), ENT_UNSUPPORTED (bit depths, colour spaces), ENT_NO_MEMORY. */
ENT_MUST_CHECK ent_code ent_image_decode(const void *bytes, size_t len, ent_image *ret_image, ent_err *err);

/* The same in two steps, the first of them in the sandbox: decoded into bytes, and the bytes, which are not trusted, into an image. */
ENT_MUST_CHECK ent_code ent_image_decode_flat(const void *bytes, size_t len, ent_buf *ret_flat, ent_err *err);
ENT_MUST_CHECK ent_code ent_image_from_flat(const void *flat, size_t len, ent_image *ret_image, ent_err *err);

/* Raw samples of known size, 8 bit grey or RGB by their number, as ANSI/NIST-ITL's compression NONE has them. */
ENT_MUST_CHECK ent_code ent_image_raw(const void *bytes, size_t len, const uint32_t size[2], uint32_t ppi,
                                      ent_image *ret_image, ent_err *err);

/* rate: bits a pixel for WSQ and JPEG 2000 (0: 0.75 and lossless), quality 1 to 100 for JPEG (0: 90). */
ENT_MUST_CHECK ent_code ent_image_encode(const ent_image *image, ent_image_format format, double rate, ent_buf *ret_bytes,
                                         ent_err *err);

ENT_MUST_CHECK ent_code ent_image_new(uint32_t width, uint32_t height, uint32_t channels, ent_image *ret_image, ent_err *err);
ENT_MUST_CHECK ent_code ent_image_grey(const ent_image *image, ent_image *ret_grey, ent_err *err); /* ITU-R BT.601 luma */
/* The comments that a file carries, in its order: *at is 0 for the first. The text is borrowed and ends with no NUL. */
bool ent_image_comment(const ent_image *image, size_t *at, const char **ret_text, size_t *ret_len);
/* One more; at most 65535 bytes each and ENT_LIMIT_IMAGE_COMMENTS in all, otherwise ENT_TOO_LARGE. */
ENT_MUST_CHECK ent_code ent_image_remark(ent_image *image, const void *text, size_t len, ent_err *err);
void ent_image_free(ent_image *image); /* what it points to; NULL is fine */

#endif
