#include "fuzz.h"
#include "image/image.h"

/* The WSQ decoder, whatever the first two bytes were; what decodes is written again and read again at the same size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[1 << 16];
    ent_image image, again;
    ENT_AUTO_BUF bytes = ENT_BUF(1 << 24);
    if (size < 2 || size > sizeof file) return 0;
    memcpy(file, data, size);
    memcpy(file, "\xff\xa0", 2);
    if (ent_image_decode(file, size, &image, NULL) != ENT_OK) return 0;
    if ((uint64_t)image.width * image.height < 1 << 18) {
        fuzz_promise(ent_image_encode(&image, ENT_IMAGE_WSQ, 0.75, &bytes, NULL) == ENT_OK);
        fuzz_promise(ent_image_decode(bytes.data, bytes.len, &again, NULL) == ENT_OK);
        fuzz_promise(again.width == image.width && again.height == image.height && again.ppi == image.ppi);
        ent_image_free(&again);
    }
    ent_image_free(&image);
    return 0;
}
