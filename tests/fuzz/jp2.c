#include "image_of.h"

/* JPEG 2000: a JP2 file when its first byte is even, otherwise a bare codestream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] % 2 == 0) fuzz_image_of(ENT_IMAGE_JPEG2000, "\0\0\0\x0cjP  \r\n\x87\n", 12, data, size);
    else fuzz_image_of(ENT_IMAGE_JPEG2000, "\xff\x4f\xff\x51", 4, data, size);
    return 0;
}
