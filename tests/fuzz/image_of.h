/* What every image format's target shares. */
#ifndef TESTS_FUZZ_IMAGE_OF_H
#define TESTS_FUZZ_IMAGE_OF_H

#include "fuzz.h"
#include "image/image.h"

/* Decodes the bytes as one format: its first bytes are put there whatever they were. What decodes keeps the promises of a raster, and,
 * where the format loses nothing, comes back from what is written of it, pixel for pixel and with its resolution. */
static inline void fuzz_image_of(ent_image_format format, const char *magic, size_t magic_len, const uint8_t *data, size_t size)
{
    static uint8_t file[1 << 16];
    ent_image image, again;
    ENT_AUTO_BUF bytes = ENT_BUF(1 << 26);
    if (size < magic_len || size > sizeof file) return;
    memcpy(file, data, size);
    memcpy(file, magic, magic_len);
    if (ent_image_decode(file, size, &image, NULL) != ENT_OK) return;
    size_t n = (size_t)image.width * image.height;
    fuzz_promise(n && (image.channels == 1 || image.channels == 3) && image.format == format);
    if (n < 1 << 16) {
        fuzz_promise(ent_image_encode(&image, format, 0, &bytes, NULL) == ENT_OK || format == ENT_IMAGE_PGM || format == ENT_IMAGE_WSQ);
        if (bytes.len) {
            fuzz_promise(ent_image_decode(bytes.data, bytes.len, &again, NULL) == ENT_OK);
            fuzz_promise(again.width == image.width && again.height == image.height && again.channels == image.channels);
            fuzz_promise(format == ENT_IMAGE_JPEG || format == ENT_IMAGE_WSQ || memcmp(again.pixels, image.pixels, n * image.channels) == 0);
            ent_image_free(&again);
        }
    }
    ent_image_free(&image);
}

#endif
