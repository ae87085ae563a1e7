/* ISO/IEC 19794-2:2005, clause 7: a record header of 24 bytes, a view header of 4, six bytes a minutia, two of extended data's length.
 * ANSI/INCITS 378-2004 differs in its header (a CBEFF product identifier; 26 bytes, or 30 with the long length) and in the angle's unit:
 * 2 degrees, not 360/256. Angles turn counter-clockwise in both; positions are pixels from the top left at the stated resolution. */
#include "finger/fmr.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/cursor.h"

#include <string.h>

#define PER_CM 197 /* 500 ppi */

bool ent_fmr_is(const uint8_t *bytes, size_t len) { return len >= 8 && memcmp(bytes, "FMR\0 20\0", 8) == 0; }

static void put_header(ent_buf *b, const ent_finger_template *t, ent_fmr_format format, size_t total)
{
    uint32_t size[2];
    ent_finger_size(t, size);
    ent_buf_put(b, "FMR\0 20\0", 8);
    if (format == ENT_FMR_ISO_2005) ent_buf_u32(b, (uint32_t)total);
    else {
        ent_buf_u16(b, (uint16_t)total);
        ent_buf_u32(b, 0); /* CBEFF product identifier: none */
    }
    ent_buf_u16(b, 0); /* capture equipment: not stated */
    ent_buf_u16(b, (uint16_t)size[0]);
    ent_buf_u16(b, (uint16_t)size[1]);
    ent_buf_u16(b, PER_CM);
    ent_buf_u16(b, PER_CM);
    ent_buf_u8(b, 1); /* views */
    ent_buf_u8(b, 0);
}

ent_code ent_fmr_write(const ent_finger_template *t, ent_fmr_format format, uint8_t position, uint8_t ret_bytes[ENT_FMR_MAX], size_t *ret_len, ent_err *err)
{
    ENT_AUTO_BUF b = ENT_BUF(ENT_FMR_MAX);
    size_t count;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &count);
    int quality = ent_finger_quality(t);
    if (count > 255) return ent_fail(err, ENT_TOO_LARGE, "%zu minutiae; the format counts 255", count);
    put_header(&b, t, format, (format == ENT_FMR_ISO_2005 ? 24 : 26) + 4 + 6 * count + 2);
    ent_buf_u8(&b, position);
    ent_buf_u8(&b, 0); /* view 0, live-scan plain */
    ent_buf_u8(&b, (uint8_t)(quality < 0 ? 0 : quality));
    ent_buf_u8(&b, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        unsigned angle = format == ENT_FMR_ISO_2005 ? m[i].angle : (unsigned)(m[i].angle * 180 + 128) / 256 % 180;
        ent_buf_u16(&b, (uint16_t)((unsigned)m[i].kind << 14 | (m[i].x & 0x3fff)));
        ent_buf_u16(&b, m[i].y & 0x3fff);
        ent_buf_u8(&b, (uint8_t)angle);
        ent_buf_u8(&b, m[i].quality);
    }
    ent_buf_u16(&b, 0);
    ENT_TRY(ent_buf_check(&b, err));
    memcpy(ret_bytes, b.data, b.len);
    *ret_len = b.len;
    return ENT_OK;
}

/* ---- reading ---- */

typedef struct header {
    bool iso;
    uint32_t total, width, height, x_per_cm, y_per_cm;
} header;

/* ISO has a length of 32 bits where ANSI has 16 and then its product identifier, or 16 zeros and 32 more bits. */
static ent_code read_header(ent_cursor *c, size_t len, header *h, ent_err *err)
{
    const uint8_t *b = c->data;
    ent_cursor_take(c, 8);
    uint32_t iso = len >= 12 ? (uint32_t)b[8] << 24 | (uint32_t)b[9] << 16 | (uint32_t)b[10] << 8 | b[11] : 0;
    *h = (header){.iso = iso == len, .total = iso};
    if (h->iso) ent_cursor_take(c, 4);
    else {
        h->total = ent_cursor_u16(c);
        if (!h->total) h->total = ent_cursor_u32(c);
        ent_cursor_take(c, 4);
    }
    ent_cursor_take(c, 2);
    h->width = ent_cursor_u16(c);
    h->height = ent_cursor_u16(c);
    h->x_per_cm = ent_cursor_u16(c);
    h->y_per_cm = ent_cursor_u16(c);
    uint8_t views = ent_cursor_u8(c);
    ent_cursor_u8(c);
    if (!ent_cursor_ok(c) || h->total != len) return ent_fail(err, ENT_FORMAT, "a minutiae record whose length (%u) is not its own (%zu bytes)", h->total, len);
    if (!views || !h->width || !h->height || h->x_per_cm < 50 || h->y_per_cm < 50 || h->x_per_cm > 1000 || h->y_per_cm > 1000)
        return ent_fail(err, ENT_FORMAT, "a minutiae record without views, size or resolution");
    return ENT_OK;
}

static uint32_t to_500(uint32_t v, uint32_t per_cm) { return (v * PER_CM + per_cm / 2) / per_cm; }

ent_code ent_fmr_read(const uint8_t *bytes, size_t len, ent_finger_template **ret_template, uint8_t *ret_position, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    header h;
    ent_finger_minutia m[255];
    if (!ent_fmr_is(bytes, len)) return ent_fail(err, ENT_FORMAT, "not a finger minutiae record: it begins with \"FMR\" and \" 20\"");
    ENT_TRY(read_header(&c, len, &h, err));
    uint8_t position = ent_cursor_u8(&c);
    ent_cursor_take(&c, 2);
    size_t count = ent_cursor_u8(&c), kept = 0;
    const uint32_t size[2] = {to_500(h.width, h.x_per_cm) + 1, to_500(h.height, h.y_per_cm) + 1};
    for (size_t i = 0; i < count; i++) {
        uint32_t a = ent_cursor_u16(&c), b = ent_cursor_u16(&c), angle = ent_cursor_u8(&c);
        uint8_t quality = ent_cursor_u8(&c);
        uint32_t x = to_500(a & 0x3fff, h.x_per_cm), y = to_500(b & 0x3fff, h.y_per_cm);
        if (!h.iso && angle > 179) return ent_fail(err, ENT_FORMAT, "minutia %zu: an angle of %u units of 2 degrees", i + 1, angle);
        if (x >= size[0] || y >= size[1]) continue; /* outside the image that the header states: seen in the wild */
        m[kept++] = (ent_finger_minutia){.x = (uint16_t)x, .y = (uint16_t)y, .angle = (uint8_t)(h.iso ? angle : (angle * 256 + 90) / 180),
                                         .kind = (uint8_t)(a >> 14 == 3 ? 0 : a >> 14), .quality = quality > 100 ? 0 : quality};
    }
    if (!ent_cursor_ok(&c)) return ent_fail(err, ENT_FORMAT, "a minutiae record that ends inside its minutiae");
    ENT_TRY(ent_finger_import(m, kept, size, ret_template, err));
    *ret_position = position <= 10 ? position : 0;
    return ENT_OK;
}
