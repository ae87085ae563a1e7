#include "image_of.h"

/* BMP of any depth and compression. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_image_of(ENT_IMAGE_BMP, "BM", 2, data, size);
    return 0;
}
