#include "image_of.h"

/* PNG of any depth, colour type and interlacing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_image_of(ENT_IMAGE_PNG, "\x89PNG\r\n\x1a\n", 8, data, size);
    return 0;
}
