#include "fuzz.h"
#include "image/image.h"

/* Two bytes of size, one of rate, one of a comment's length, then pixels, repeated. Whatever the image, the file can be read, has
 * its size, resolution and comment. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_image in, out;
    ENT_AUTO_BUF bytes = ENT_BUF(1 << 24);
    if (size < 8) return 0;
    if (ent_image_new(32u + data[0], 32u + data[1], 1, &in, NULL) != ENT_OK) return 0;
    size_t n = (size_t)in.width * in.height, remark = data[3] % (size - 4);
    for (size_t i = 0; i < n; i++) in.pixels[i] = data[4 + i % (size - 4)];
    in.ppi = 1 + data[2];
    fuzz_promise(ent_image_remark(&in, data + 4, remark, NULL) == ENT_OK);
    fuzz_promise(ent_image_encode(&in, ENT_IMAGE_WSQ, 0.05 + data[2] / 36.0, &bytes, NULL) == ENT_OK);
    fuzz_promise(ent_image_decode(bytes.data, bytes.len, &out, NULL) == ENT_OK);
    fuzz_promise(out.width == in.width && out.height == in.height && out.ppi == in.ppi);
    const char *text;
    size_t len, at = 0;
    fuzz_promise(ent_image_comment(&out, &at, &text, &len) && len > 8 && memcmp(text, "NIST_COM", 8) == 0);
    if (remark < 8 || memcmp(data + 4, "NIST_COM", 8) != 0)
        fuzz_promise(ent_image_comment(&out, &at, &text, &len) && len == remark && memcmp(text, data + 4, remark) == 0);
    ent_image_free(&in);
    ent_image_free(&out);
    return 0;
}
