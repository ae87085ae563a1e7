#include "itl/peek.h"

#include "base/cursor.h"

#include <string.h>

/* ISO/IEC 15948, 11.2.2: the signature, then IHDR. */
static ent_itl_peek png(const uint8_t *b, size_t len)
{
    ent_cursor c = ENT_CURSOR(b, len);
    ent_cursor_take(&c, 16);
    ent_itl_peek p = {.format = "PNG", .width = ent_cursor_u32(&c), .height = ent_cursor_u32(&c), .depth = ent_cursor_u8(&c)};
    return ent_cursor_ok(&c) ? p : (ent_itl_peek){0};
}

/* Segments "marker, length, …" up to the frame header: JPEG's (ISO/IEC 10918-1, B.2.2) and WSQ's have the same frame. */
static ent_itl_peek segments(const uint8_t *b, size_t len, bool wsq)
{
    ent_cursor c = ENT_CURSOR(b, len);
    ent_cursor_take(&c, 2);
    while (ent_cursor_ok(&c)) {
        uint8_t mark = ent_cursor_u8(&c), code = ent_cursor_u8(&c);
        while (mark == 0xff && code == 0xff && ent_cursor_ok(&c)) code = ent_cursor_u8(&c);
        uint16_t size = ent_cursor_u16(&c);
        if (mark != 0xff || size < 2) break;
        bool frame = wsq ? code == 0xa2 : code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
        if (!frame) {
            ent_cursor_take(&c, size - 2u);
            continue;
        }
        ent_itl_peek p = {.format = wsq ? "WSQ" : "JPEG", .depth = 8};
        if (wsq) ent_cursor_take(&c, 2);
        else p.depth = ent_cursor_u8(&c);
        p.height = ent_cursor_u16(&c);
        p.width = ent_cursor_u16(&c);
        p.components = wsq ? 1 : ent_cursor_u8(&c);
        return ent_cursor_ok(&c) ? p : (ent_itl_peek){0};
    }
    return (ent_itl_peek){0};
}

/* ISO/IEC 15444-1, I.5.3.1: the image header box "ihdr" within the first boxes; or A.5.1: SIZ of a bare codestream. */
static ent_itl_peek jpeg2000(const uint8_t *b, size_t len)
{
    const uint8_t *at = memmem(b, len < 256 ? len : 256, "ihdr", 4);
    ent_itl_peek p = {.format = "JPEG 2000"};
    if (at) {
        ent_cursor c = ENT_CURSOR(at + 4, len - (size_t)(at + 4 - b));
        p.height = ent_cursor_u32(&c);
        p.width = ent_cursor_u32(&c);
        p.components = ent_cursor_u16(&c);
        p.depth = (ent_cursor_u8(&c) & 0x7fu) + 1u;
        return ent_cursor_ok(&c) ? p : (ent_itl_peek){0};
    }
    ent_cursor c = ENT_CURSOR(b, len);
    ent_cursor_take(&c, 8);
    uint32_t right = ent_cursor_u32(&c), bottom = ent_cursor_u32(&c), left = ent_cursor_u32(&c), top = ent_cursor_u32(&c);
    if (!ent_cursor_ok(&c) || left > right || top > bottom) return (ent_itl_peek){0};
    p.width = right - left;
    p.height = bottom - top;
    return p;
}

ent_itl_peek ent_itl_peek_at(const uint8_t *b, size_t len)
{
    static const uint8_t j2c[] = {0xff, 0x4f, 0xff, 0x51}, jp2[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
    if (len >= 24 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0) return png(b, len);
    if (len >= 12 && (memcmp(b, j2c, 4) == 0 || memcmp(b, jp2, 8) == 0)) return jpeg2000(b, len);
    if (len >= 4 && b[0] == 0xff && b[1] == 0xd8) return segments(b, len, false);
    if (len >= 4 && b[0] == 0xff && b[1] == 0xa0) return segments(b, len, true);
    return (ent_itl_peek){0};
}
