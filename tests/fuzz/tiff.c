#include "fuzz.h"
#include "image/image.h"

/* TIFF in either byte order; what is read comes back from what is written of it, pixel for pixel. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[1 << 16];
    ent_image image, again;
    ENT_AUTO_BUF bytes = ENT_BUF(1 << 26);
    if (size < 8 || size > sizeof file) return 0;
    memcpy(file, data, size);
    memcpy(file, data[0] == 'M' ? "MM\0*" : "II*\0", 4);
    if (ent_image_decode(file, size, &image, NULL) != ENT_OK) return 0;
    if ((uint64_t)image.width * image.height < 1 << 18) {
        fuzz_promise(ent_image_encode(&image, ENT_IMAGE_TIFF, 0, &bytes, NULL) == ENT_OK);
        fuzz_promise(ent_image_decode(bytes.data, bytes.len, &again, NULL) == ENT_OK);
        fuzz_promise(again.width == image.width && again.height == image.height && again.channels == image.channels && again.ppi == image.ppi);
        fuzz_promise(memcmp(again.pixels, image.pixels, (size_t)image.width * image.height * image.channels) == 0);
        ent_image_free(&again);
    }
    ent_image_free(&image);
    return 0;
}
