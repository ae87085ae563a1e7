/* Four layouts of one thing. The first editions, version " 20": a record header (24 bytes in ISO/IEC 19794-2:2005, clause 7; 26 in ANSI/INCITS
 * 378-2004 with its CBEFF product identifier, 30 with the long length) that holds size and resolution, then view headers of 4.
 * The later ones, version "030": ISO/IEC 19794-2:2011, clause 8, has a record header of 15 bytes and representations that carry their own
 * length, date, device, quality blocks, size and resolution, and minutiae of 5 or 6 bytes; ANSI/INCITS 378-2009 a header of 21 and views
 * of 17. Angles turn counter-clockwise in all, ISO's in units of 360/256, ANSI's of 2 degrees; positions are pixels from the top left at the
 * stated resolution. Extended data are skipped by their length. */
#include "finger/fmr.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/cursor.h"

#include <string.h>

#define PER_CM 197 /* 500 ppi */

#define HEAD_2011 15     /* bytes of a record header */
#define LEAST_2011 34    /* bytes of a representation without quality blocks, minutiae and extended data */
#define HEAD_2009 21
#define VIEW_2009 19     /* with the length of its extended data */
#define NOT_SAID 254     /* a quality, in the later editions */
#define VENDOR_UNKNOWN 0x0103 /* IBIA's "unknown": INCITS 378-2009 forbids zero */

static bool is_version(const uint8_t *bytes, size_t len, const char version[8]) { return len >= 8 && memcmp(bytes, version, 8) == 0; }
static bool is_first(const uint8_t *bytes, size_t len) { return is_version(bytes, len, "FMR\0 20\0"); }
static bool is_later(const uint8_t *bytes, size_t len) { return is_version(bytes, len, "FMR\0" "030\0"); }
bool ent_fmr_is(const uint8_t *bytes, size_t len) { return is_first(bytes, len) || is_later(bytes, len); }

static bool is_iso(ent_fmr_format f) { return f == ENT_FMR_ISO_2005 || f == ENT_FMR_ISO_2011; }

static void put_first(ent_buf *b, const ent_finger_template *t, ent_fmr_format format, size_t total)
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

/* How many bytes the header and all but the minutiae take. */
static size_t frame(ent_fmr_format format)
{
    static const size_t bytes[] = {[ENT_FMR_ISO_2005] = 24 + 4 + 2, [ENT_FMR_ANSI_2004] = 26 + 4 + 2, [ENT_FMR_ISO_2011] = HEAD_2011 + LEAST_2011 + 5, [ENT_FMR_ANSI_2009] = HEAD_2009 + VIEW_2009};
    return bytes[format];
}

static uint8_t quality_of(const ent_finger_template *t)
{
    int q = ent_finger_quality(t);
    return (uint8_t)(q < 0 ? NOT_SAID : q);
}

/* A view header of the first editions. */
static void put_view(ent_buf *b, const ent_finger_template *t, uint8_t position, size_t count)
{
    uint8_t quality = quality_of(t);
    ent_buf_u8(b, position);
    ent_buf_u8(b, 0); /* view 0, live-scan plain */
    ent_buf_u8(b, quality == NOT_SAID ? 0 : quality);
    ent_buf_u8(b, (uint8_t)count);
}

/* ISO/IEC 19794-2:2011, 8.3 and 8.4: one representation, one quality block, no certification. */
static void put_2011(ent_buf *b, const ent_finger_template *t, uint8_t position, size_t count)
{
    uint32_t size[2];
    size_t total = frame(ENT_FMR_ISO_2011) + 6 * count;
    ent_finger_size(t, size);
    ent_buf_put(b, "FMR\0" "030\0", 8);
    ent_buf_u32(b, (uint32_t)total);
    ent_buf_u16(b, 1);
    ent_buf_u8(b, 0);
    ent_buf_u32(b, (uint32_t)(total - HEAD_2011));
    ent_buf_put(b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9); /* the date of capture: not known */
    ent_buf_zero(b, 5);                                          /* device technology, vendor, type: not stated */
    ent_buf_u8(b, 1);
    ent_buf_u8(b, quality_of(t));
    ent_buf_zero(b, 4); /* whose algorithm: not registered */
    ent_buf_u8(b, position);
    ent_buf_u8(b, 0);
    ent_buf_u16(b, PER_CM);
    ent_buf_u16(b, PER_CM);
    ent_buf_u8(b, 0); /* live-scan plain */
    ent_buf_u16(b, (uint16_t)size[0]);
    ent_buf_u16(b, (uint16_t)size[1]);
    ent_buf_u8(b, 6 << 4 | 1); /* minutiae of six bytes; an ending lies at the end of the ridge's skeleton */
    ent_buf_u8(b, (uint8_t)count);
}

/* ANSI/INCITS 378-2009: the record header and one view's. */
static void put_2009(ent_buf *b, const ent_finger_template *t, uint8_t position, size_t count)
{
    uint32_t size[2];
    ent_finger_size(t, size);
    ent_buf_put(b, "FMR\0" "030\0", 8);
    ent_buf_u32(b, (uint32_t)(frame(ENT_FMR_ANSI_2009) + 6 * count));
    ent_buf_u16(b, VENDOR_UNKNOWN);
    ent_buf_u16(b, 0);
    ent_buf_u8(b, 0);
    ent_buf_u16(b, 0); /* capture equipment: not certified, not stated */
    ent_buf_u8(b, 1);
    ent_buf_u8(b, 0);
    ent_buf_u8(b, position);
    ent_buf_u8(b, 0);
    ent_buf_u8(b, 0); /* live-scan plain */
    ent_buf_u8(b, quality_of(t));
    ent_buf_u16(b, VENDOR_UNKNOWN);
    ent_buf_u16(b, 0);
    ent_buf_u16(b, (uint16_t)size[0]);
    ent_buf_u16(b, (uint16_t)size[1]);
    ent_buf_u16(b, PER_CM);
    ent_buf_u16(b, PER_CM);
    ent_buf_u8(b, (uint8_t)count);
}

static void put_minutia(ent_buf *b, const ent_finger_minutia *m, ent_fmr_format format)
{
    bool later = format == ENT_FMR_ISO_2011 || format == ENT_FMR_ANSI_2009;
    unsigned angle = is_iso(format) ? m->angle : (unsigned)(m->angle * 180 + 128) / 256 % 180;
    ent_buf_u16(b, (uint16_t)((unsigned)m->kind << 14 | (m->x & 0x3fff)));
    ent_buf_u16(b, m->y & 0x3fff);
    ent_buf_u8(b, (uint8_t)angle);
    ent_buf_u8(b, later && !m->quality ? NOT_SAID : m->quality);
}

ent_code ent_fmr_write(const ent_finger_template *t, ent_fmr_format format, uint8_t position, uint8_t ret_bytes[ENT_FMR_MAX], size_t *ret_len, ent_err *err)
{
    ENT_AUTO_BUF b = ENT_BUF(ENT_FMR_MAX);
    size_t count;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &count);
    if (count > 255) return ent_fail(err, ENT_TOO_LARGE, "%zu minutiae; the format counts 255", count);
    if (format == ENT_FMR_ISO_2011) put_2011(&b, t, position, count);
    else if (format == ENT_FMR_ANSI_2009) put_2009(&b, t, position, count);
    else {
        put_first(&b, t, format, frame(format) + 6 * count);
        put_view(&b, t, position, count);
    }
    for (size_t i = 0; i < count; i++) put_minutia(&b, &m[i], format);
    ent_buf_u16(&b, 0);
    ENT_TRY(ent_buf_check(&b, err));
    memcpy(ret_bytes, b.data, b.len);
    *ret_len = b.len;
    return ENT_OK;
}

/* ---- reading ---- */

/* What the layouts have in common, up to the first minutia of the first view. */
typedef struct header {
    bool iso;
    uint8_t position, count, minutia; /* bytes of a minutia: 5 or 6 */
    uint32_t total, width, height, x_per_cm, y_per_cm;
} header;

static void read_size(ent_cursor *c, header *h)
{
    h->width = ent_cursor_u16(c);
    h->height = ent_cursor_u16(c);
}

static void read_resolution(ent_cursor *c, header *h)
{
    h->x_per_cm = ent_cursor_u16(c);
    h->y_per_cm = ent_cursor_u16(c);
}

/* ISO has a length of 32 bits where ANSI has 16 and then its product identifier, or 16 zeros and 32 more bits. */
static uint32_t read_first(ent_cursor *c, header *h)
{
    ent_cursor ahead = *c;
    uint32_t iso = ent_cursor_u32(&ahead);
    *h = (header){.iso = iso == c->len, .total = iso, .minutia = 6};
    if (h->iso) *c = ahead;
    else {
        h->total = ent_cursor_u16(c);
        if (!h->total) h->total = ent_cursor_u32(c);
        ent_cursor_take(c, 4);
    }
    ent_cursor_take(c, 2);
    read_size(c, h);
    read_resolution(c, h);
    uint32_t views = ent_cursor_u8(c);
    ent_cursor_take(c, 1);
    h->position = ent_cursor_u8(c);
    ent_cursor_take(c, 2);
    h->count = ent_cursor_u8(c);
    return views;
}

/* Both later editions have the same version and a length of 32 bits. It is ISO's when the lengths of as many representations as it
 * states, and the header's, add up to the whole. */
static bool adds_up(ent_cursor c)
{
    ent_cursor_take(&c, 4);
    uint32_t count = ent_cursor_u16(&c);
    ent_cursor_take(&c, 1);
    for (uint32_t i = 0; i < count && ent_cursor_ok(&c); i++) {
        uint32_t length = ent_cursor_u32(&c);
        if (length < LEAST_2011) return false;
        ent_cursor_take(&c, length - 4);
    }
    return count && ent_cursor_done(&c);
}

static uint32_t read_2011(ent_cursor *c, header *h)
{
    *h = (header){.iso = true, .total = ent_cursor_u32(c)};
    uint32_t views = ent_cursor_u16(c);
    uint8_t certified = ent_cursor_u8(c);
    ent_cursor_take(c, 4 + 9 + 5);
    ent_cursor_take(c, 5U * ent_cursor_u8(c)); /* quality blocks */
    if (certified) ent_cursor_take(c, 3U * ent_cursor_u8(c));
    h->position = ent_cursor_u8(c);
    ent_cursor_take(c, 1);
    read_resolution(c, h);
    ent_cursor_take(c, 1);
    read_size(c, h);
    h->minutia = ent_cursor_u8(c) >> 4;
    h->count = ent_cursor_u8(c);
    return views;
}

static uint32_t read_2009(ent_cursor *c, header *h)
{
    *h = (header){.total = ent_cursor_u32(c), .minutia = 6};
    ent_cursor_take(c, 2 + 2 + 1 + 2);
    uint32_t views = ent_cursor_u8(c);
    ent_cursor_take(c, 1);
    h->position = ent_cursor_u8(c);
    ent_cursor_take(c, 1 + 1 + 1 + 2 + 2);
    read_size(c, h);
    read_resolution(c, h);
    h->count = ent_cursor_u8(c);
    return views;
}

static ent_code read_header(ent_cursor *c, header *h, ent_err *err)
{
    bool first = is_first(c->data, c->len);
    ent_cursor_take(c, 8);
    uint32_t views = first ? read_first(c, h) : adds_up(*c) ? read_2011(c, h) : read_2009(c, h);
    if (!ent_cursor_ok(c) || h->total != c->len) return ent_fail(err, ENT_FORMAT, "a minutiae record whose length (%u) is not its own (%zu bytes)", h->total, c->len);
    if (!views || !h->width || !h->height || h->x_per_cm < 50 || h->y_per_cm < 50 || h->x_per_cm > 1000 || h->y_per_cm > 1000)
        return ent_fail(err, ENT_FORMAT, "a minutiae record without views, size or resolution");
    if (h->minutia != 5 && h->minutia != 6) return ent_fail(err, ENT_FORMAT, "minutiae of %u bytes; 5 or 6 was expected", h->minutia);
    return ENT_OK;
}

static uint32_t to_500(uint32_t v, uint32_t per_cm) { return (v * PER_CM + per_cm / 2) / per_cm; }

ent_code ent_fmr_read(const uint8_t *bytes, size_t len, ent_finger_template **ret_template, uint8_t *ret_position, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    header h;
    ent_finger_minutia m[255];
    size_t kept = 0;
    if (!ent_fmr_is(bytes, len)) return ent_fail(err, ENT_FORMAT, "not a finger minutiae record: it begins with \"FMR\" and \" 20\" or \"030\"");
    ENT_TRY(read_header(&c, &h, err));
    const uint32_t size[2] = {to_500(h.width, h.x_per_cm) + 1, to_500(h.height, h.y_per_cm) + 1};
    for (unsigned i = 0; i < h.count; i++) {
        uint32_t a = ent_cursor_u16(&c), b = ent_cursor_u16(&c), angle = ent_cursor_u8(&c);
        uint8_t quality = h.minutia == 6 ? ent_cursor_u8(&c) : 0;
        uint32_t x = to_500(a & 0x3fff, h.x_per_cm), y = to_500(b & 0x3fff, h.y_per_cm);
        if (!h.iso && angle > 179) return ent_fail(err, ENT_FORMAT, "minutia %u: an angle of %u units of 2 degrees", i + 1, angle);
        if (x >= size[0] || y >= size[1]) continue; /* outside the image that the header states: seen in the wild */
        m[kept++] = (ent_finger_minutia){.x = (uint16_t)x, .y = (uint16_t)y, .angle = (uint8_t)(h.iso ? angle : (angle * 256 + 90) / 180),
                                         .kind = (uint8_t)(a >> 14 == 3 ? 0 : a >> 14), .quality = quality > 100 ? 0 : quality};
    }
    ent_cursor_take(&c, ent_cursor_u16(&c)); /* extended data */
    if (!ent_cursor_ok(&c)) return ent_fail(err, ENT_FORMAT, "a minutiae record that ends inside its minutiae or extended data");
    ENT_TRY(ent_finger_import(m, kept, size, ret_template, err));
    *ret_position = h.position <= 10 ? h.position : 0;
    return ENT_OK;
}
