/* An image as one run of bytes, to leave the process that decoded it: six numbers, the comments, the pixels. */
#include "image/image.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"

#include <string.h>

ent_code ent_image_decode_flat(const void *bytes, size_t len, ent_buf *ret_flat, ent_err *err)
{
    ent_image image;
    ENT_TRY(ent_image_decode(bytes, len, &image, err));
    const uint32_t head[6] = {image.width, image.height, image.channels, image.ppi, (uint32_t)image.format, (uint32_t)image.comments.len};
    for (size_t i = 0; i < 6; i++) ent_buf_u32(ret_flat, head[i]);
    ent_buf_put(ret_flat, image.comments.data, image.comments.len);
    ent_buf_put(ret_flat, image.pixels, (size_t)image.width * image.height * image.channels);
    ent_image_free(&image);
    return ent_buf_check(ret_flat, err);
}

/* The comments are runs of a 16-bit length and as many bytes. */
static bool well_formed(const uint8_t *comments, size_t len)
{
    ent_cursor c = ENT_CURSOR(comments, len);
    while (ent_cursor_left(&c) && ent_cursor_ok(&c)) ent_cursor_take(&c, ent_cursor_u16(&c));
    return ent_cursor_ok(&c);
}

ent_code ent_image_from_flat(const void *flat, size_t len, ent_image *ret_image, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(flat, len);
    uint32_t head[6];
    ent_image image;
    for (size_t i = 0; i < 6; i++) head[i] = ent_cursor_u32(&c);
    const uint8_t *comments = ent_cursor_take(&c, head[5]);
    if (!ent_cursor_ok(&c) || (head[2] != 1 && head[2] != 3) || head[3] >= 100000 || head[4] >= ENT_IMAGE_FORMAT_COUNT ||
        head[5] > ENT_LIMIT_IMAGE_COMMENTS || !well_formed(comments, head[5]))
        return ent_fail(err, ENT_FORMAT, "what came from the decoder is no image");
    ENT_TRY(ent_image_new(head[0], head[1], head[2], &image, err));
    size_t n = (size_t)head[0] * head[1] * head[2];
    ent_cursor_copy(&c, image.pixels, n);
    image.ppi = head[3];
    image.format = (ent_image_format)head[4];
    image.comments = ENT_BUF(ENT_LIMIT_IMAGE_COMMENTS);
    ent_buf_put(&image.comments, comments, head[5]);
    ent_code code = ent_cursor_done(&c) ? ent_buf_check(&image.comments, err) : ent_fail(err, ENT_FORMAT, "what came from the decoder is no image of its size");
    if (code == ENT_OK) *ret_image = image;
    else ent_image_free(&image);
    return code;
}
