#include "image_of.h"

/* Binary PGM. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_image_of(ENT_IMAGE_PGM, "P5", 2, data, size);
    return 0;
}
