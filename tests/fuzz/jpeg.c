#include "image_of.h"

/* JPEG, baseline and progressive, grey, colour and CMYK. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_image_of(ENT_IMAGE_JPEG, "\xff\xd8\xff", 3, data, size);
    return 0;
}
