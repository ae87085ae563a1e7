#include "image/image.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_image image;
    if (ent_image_decode(data, size, &image, NULL) == ENT_OK) ent_image_free(&image);
    return 0;
}
