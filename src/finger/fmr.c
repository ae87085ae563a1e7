/* Four layouts of one thing. The first editions, version " 20": a record header (24 bytes in ISO/IEC 19794-2:2005, clause 7; 26 in ANSI/INCITS
 * 378-2004 with its CBEFF product identifier, 30 with the long length) that holds size and resolution, then view headers of 4.
 * The later ones, version "030": ISO/IEC 19794-2:2011, clause 8, has a record header of 15 bytes and representations that carry their own
 * length, date, device, quality blocks, size and resolution, and minutiae of 5 or 6 bytes; ANSI/INCITS 378-2009 a header of 21 and views
 * of 17. Angles turn counter-clockwise in all, ISO's in units of 360/256, ANSI's of 2 degrees; positions are pixels from the top left at the
 * stated resolution. Extended data are passed over by their length. */
#include "entente/finger.h"

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
bool ent_finger_record_is(const uint8_t *bytes, size_t len) { return is_first(bytes, len) || is_later(bytes, len); }

static bool is_iso(ent_finger_record_format f) { return f == ENT_FINGER_ISO_2005 || f == ENT_FINGER_ISO_2011; }

typedef struct writing {
    ent_buf *b;
    const ent_finger_view *view;
    size_t count;
    ent_finger_record_format format;
} writing;

static size_t minutiae_of(const ent_finger_view *v)
{
    size_t n;
    ent_finger_minutiae(v->t, &n);
    return n;
}

/* How many bytes a record header, and a view without its minutiae, take. */
static size_t head_size(ent_finger_record_format f)
{
    static const size_t bytes[] = {[ENT_FINGER_ISO_2005] = 24, [ENT_FINGER_ANSI_2004] = 26, [ENT_FINGER_ISO_2011] = HEAD_2011, [ENT_FINGER_ANSI_2009] = HEAD_2009};
    return bytes[f];
}

static size_t view_size(ent_finger_record_format f)
{
    static const size_t bytes[] = {[ENT_FINGER_ISO_2005] = 4 + 2, [ENT_FINGER_ANSI_2004] = 4 + 2, [ENT_FINGER_ISO_2011] = LEAST_2011 + 5, [ENT_FINGER_ANSI_2009] = VIEW_2009};
    return bytes[f];
}

static size_t total_of(const writing *w)
{
    size_t total = head_size(w->format);
    for (size_t i = 0; i < w->count; i++) total += view_size(w->format) + 6 * minutiae_of(&w->view[i]);
    return total;
}

static uint8_t quality_of(const ent_finger_template *t)
{
    int q = ent_finger_quality(t);
    return (uint8_t)(q < 0 ? NOT_SAID : q);
}

static void put_size(ent_buf *b, const ent_finger_template *t)
{
    uint32_t size[2];
    ent_finger_size(t, size);
    ent_buf_u16(b, (uint16_t)size[0]);
    ent_buf_u16(b, (uint16_t)size[1]);
}

static void put_resolution(ent_buf *b)
{
    ent_buf_u16(b, PER_CM);
    ent_buf_u16(b, PER_CM);
}

/* The first editions state one size: the largest of the views'. */
static void put_first(const writing *w)
{
    uint32_t size[2], most[2] = {0, 0};
    ent_buf_put(w->b, "FMR\0 20\0", 8);
    if (w->format == ENT_FINGER_ISO_2005) ent_buf_u32(w->b, (uint32_t)total_of(w));
    else {
        ent_buf_u16(w->b, (uint16_t)total_of(w));
        ent_buf_u32(w->b, 0); /* CBEFF product identifier: none */
    }
    for (size_t i = 0; i < w->count; i++) {
        ent_finger_size(w->view[i].t, size);
        for (int d = 0; d < 2; d++) most[d] = size[d] > most[d] ? size[d] : most[d];
    }
    ent_buf_u16(w->b, 0); /* capture equipment: not stated */
    ent_buf_u16(w->b, (uint16_t)most[0]);
    ent_buf_u16(w->b, (uint16_t)most[1]);
    put_resolution(w->b);
    ent_buf_u8(w->b, (uint8_t)w->count);
    ent_buf_u8(w->b, 0);
}

static void put_later(const writing *w)
{
    ent_buf_put(w->b, "FMR\0" "030\0", 8);
    ent_buf_u32(w->b, (uint32_t)total_of(w));
    if (w->format == ENT_FINGER_ISO_2011) {
        ent_buf_u16(w->b, (uint16_t)w->count);
        ent_buf_u8(w->b, 0); /* no certification */
        return;
    }
    ent_buf_u16(w->b, VENDOR_UNKNOWN);
    ent_buf_u16(w->b, 0);
    ent_buf_u8(w->b, 0);
    ent_buf_u16(w->b, 0); /* capture equipment: not certified, not stated */
    ent_buf_u8(w->b, (uint8_t)w->count);
    ent_buf_u8(w->b, 0);
}

/* Views of one finger are counted from 0. */
static uint8_t number_of(const writing *w, size_t which)
{
    uint8_t n = 0;
    for (size_t i = 0; i < which; i++) n += w->view[i].position == w->view[which].position;
    return n;
}

static void put_view_first(const writing *w, size_t i)
{
    uint8_t quality = quality_of(w->view[i].t);
    ent_buf_u8(w->b, w->view[i].position);
    ent_buf_u8(w->b, (uint8_t)((number_of(w, i) & 15) << 4 | (w->view[i].impression & 15)));
    ent_buf_u8(w->b, quality == NOT_SAID ? 0 : quality);
    ent_buf_u8(w->b, (uint8_t)minutiae_of(&w->view[i]));
}

/* ISO/IEC 19794-2:2011, 8.3 and 8.4: one quality block, no certification. */
static void put_view_2011(const writing *w, size_t i)
{
    ent_buf_u32(w->b, (uint32_t)(view_size(w->format) + 6 * minutiae_of(&w->view[i])));
    ent_buf_put(w->b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9); /* the date of capture: not known */
    ent_buf_zero(w->b, 5);                                          /* device technology, vendor, type: not stated */
    ent_buf_u8(w->b, 1);
    ent_buf_u8(w->b, quality_of(w->view[i].t));
    ent_buf_zero(w->b, 4); /* whose algorithm: not registered */
    ent_buf_u8(w->b, w->view[i].position);
    ent_buf_u8(w->b, number_of(w, i));
    put_resolution(w->b);
    ent_buf_u8(w->b, w->view[i].impression);
    put_size(w->b, w->view[i].t);
    ent_buf_u8(w->b, 6 << 4 | 1); /* minutiae of six bytes; an ending lies at the end of the ridge's skeleton */
    ent_buf_u8(w->b, (uint8_t)minutiae_of(&w->view[i]));
}

static void put_view_2009(const writing *w, size_t i)
{
    ent_buf_u8(w->b, w->view[i].position);
    ent_buf_u8(w->b, number_of(w, i));
    ent_buf_u8(w->b, w->view[i].impression);
    ent_buf_u8(w->b, quality_of(w->view[i].t));
    ent_buf_u16(w->b, VENDOR_UNKNOWN);
    ent_buf_u16(w->b, 0);
    put_size(w->b, w->view[i].t);
    put_resolution(w->b);
    ent_buf_u8(w->b, (uint8_t)minutiae_of(&w->view[i]));
}

static void put_minutia(ent_buf *b, const ent_finger_minutia *m, ent_finger_record_format format)
{
    bool later = format == ENT_FINGER_ISO_2011 || format == ENT_FINGER_ANSI_2009;
    unsigned angle = is_iso(format) ? m->angle : (unsigned)(m->angle * 180 + 128) / 256 % 180;
    ent_buf_u16(b, (uint16_t)((unsigned)m->kind << 14 | (m->x & 0x3fff)));
    ent_buf_u16(b, m->y & 0x3fff);
    ent_buf_u8(b, (uint8_t)angle);
    ent_buf_u8(b, later && !m->quality ? NOT_SAID : m->quality);
}

static void put_view(const writing *w, size_t i)
{
    size_t count;
    const ent_finger_minutia *m = ent_finger_minutiae(w->view[i].t, &count);
    if (w->format == ENT_FINGER_ISO_2011) put_view_2011(w, i);
    else if (w->format == ENT_FINGER_ANSI_2009) put_view_2009(w, i);
    else put_view_first(w, i);
    for (size_t k = 0; k < count; k++) put_minutia(w->b, &m[k], w->format);
    ent_buf_u16(w->b, 0); /* no extended data */
}

ent_code ent_finger_record_write(const ent_finger_view *views, size_t count, ent_finger_record_format format, uint8_t *ret_bytes, size_t cap, size_t *ret_len, ent_err *err)
{
    ENT_AUTO_BUF b = ENT_BUF(ENT_FINGER_RECORD_MAX * 32);
    writing w = {&b, views, count, format};
    if (!count || count > 32) return ent_fail(err, ENT_TOO_LARGE, "%zu views; a record is written with 1 to 32", count);
    size_t total = total_of(&w);
    if (total > cap) return ent_fail(err, ENT_TOO_LARGE, "the record has %zu bytes, there is room for %zu", total, cap);
    if (format == ENT_FINGER_ANSI_2004 && total > 0xffff) return ent_fail(err, ENT_TOO_LARGE, "the record has %zu bytes; ANSI 378-2004 counts 65535", total);
    if (format == ENT_FINGER_ISO_2011 || format == ENT_FINGER_ANSI_2009) put_later(&w);
    else put_first(&w);
    for (size_t i = 0; i < count; i++) put_view(&w, i);
    ENT_TRY(ent_buf_check(&b, err));
    memcpy(ret_bytes, b.data, b.len);
    *ret_len = b.len;
    return ENT_OK;
}

/* ---- reading ---- */

/* What the layouts have in common; where a field stands in each view it is read with the view. */
typedef struct header {
    ent_finger_record_format format;
    uint32_t total, views, width, height, x_per_cm, y_per_cm;
    uint8_t certified; /* of 2011 */
} header;

typedef struct view {
    uint8_t position, number, impression, quality, count, minutia; /* minutia: bytes of one, 5 or 6 */
} view;

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
static void read_first(ent_cursor *c, header *h)
{
    ent_cursor ahead = *c;
    uint32_t iso = ent_cursor_u32(&ahead);
    *h = (header){.format = iso == c->len ? ENT_FINGER_ISO_2005 : ENT_FINGER_ANSI_2004, .total = iso};
    if (iso == c->len) *c = ahead;
    else {
        h->total = ent_cursor_u16(c);
        if (!h->total) h->total = ent_cursor_u32(c);
        ent_cursor_take(c, 4);
    }
    ent_cursor_take(c, 2);
    read_size(c, h);
    read_resolution(c, h);
    h->views = ent_cursor_u8(c);
    ent_cursor_take(c, 1);
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

static void read_later(ent_cursor *c, header *h)
{
    bool iso = adds_up(*c);
    *h = (header){.format = iso ? ENT_FINGER_ISO_2011 : ENT_FINGER_ANSI_2009, .total = ent_cursor_u32(c)};
    if (!iso) ent_cursor_take(c, 2 + 2 + 1 + 2);
    h->views = iso ? ent_cursor_u16(c) : ent_cursor_u8(c);
    h->certified = ent_cursor_u8(c); /* of 2009: reserved */
}

/* The first of the quality blocks stands for all. */
static uint8_t read_quality_blocks(ent_cursor *c)
{
    uint32_t blocks = ent_cursor_u8(c);
    uint8_t first = blocks ? ent_cursor_u8(c) : NOT_SAID;
    ent_cursor_take(c, blocks ? 5U * blocks - 1 : 0);
    return first;
}

/* A view up to its first minutia. */
static void read_view(ent_cursor *c, header *h, view *ret)
{
    *ret = (view){.minutia = 6, .quality = NOT_SAID};
    if (h->format == ENT_FINGER_ISO_2011) {
        ent_cursor_take(c, 4 + 9 + 5);
        ret->quality = read_quality_blocks(c);
        if (h->certified) ent_cursor_take(c, 3U * ent_cursor_u8(c));
        ret->position = ent_cursor_u8(c), ret->number = ent_cursor_u8(c);
        read_resolution(c, h);
        ret->impression = ent_cursor_u8(c);
        read_size(c, h);
        ret->minutia = ent_cursor_u8(c) >> 4;
    } else if (h->format == ENT_FINGER_ANSI_2009) {
        ret->position = ent_cursor_u8(c), ret->number = ent_cursor_u8(c), ret->impression = ent_cursor_u8(c), ret->quality = ent_cursor_u8(c);
        ent_cursor_take(c, 2 + 2);
        read_size(c, h);
        read_resolution(c, h);
    } else {
        uint8_t both;
        ret->position = ent_cursor_u8(c), both = ent_cursor_u8(c), ret->quality = ent_cursor_u8(c);
        ret->number = both >> 4, ret->impression = both & 15;
    }
    ret->count = ent_cursor_u8(c);
}

static ent_code check_view(const ent_cursor *c, const header *h, const view *v, ent_err *err)
{
    if (!ent_cursor_ok(c)) return ent_fail(err, ENT_FORMAT, "a minutiae record that ends inside its views");
    if (!h->width || !h->height || h->x_per_cm < 50 || h->y_per_cm < 50 || h->x_per_cm > 1000 || h->y_per_cm > 1000)
        return ent_fail(err, ENT_FORMAT, "a minutiae record without size or resolution");
    if (v->minutia != 5 && v->minutia != 6) return ent_fail(err, ENT_FORMAT, "minutiae of %u bytes; 5 or 6 was expected", v->minutia);
    return ENT_OK;
}

/* To the view that is asked for; earlier ones must be whole. */
static ent_code seek_view(ent_cursor *c, size_t which, header *h, view *v, ent_err *err)
{
    bool first = is_first(c->data, c->len);
    ent_cursor_take(c, 8);
    if (first) read_first(c, h);
    else read_later(c, h);
    if (!ent_cursor_ok(c) || h->total != c->len) return ent_fail(err, ENT_FORMAT, "a minutiae record whose length (%u) is not its own (%zu bytes)", h->total, c->len);
    if (!h->views) return ent_fail(err, ENT_FORMAT, "a minutiae record without views");
    if (which >= h->views) return ent_fail(err, ENT_NOT_FOUND, "the record has %u views, not %zu", h->views, which + 1);
    for (size_t i = 0; i <= which; i++) {
        read_view(c, h, v);
        ENT_TRY(check_view(c, h, v, err));
        if (i == which) break;
        ent_cursor_take(c, (size_t)v->minutia * v->count);
        ent_cursor_take(c, ent_cursor_u16(c));
    }
    return ENT_OK;
}

static uint32_t to_500(uint32_t v, uint32_t per_cm) { return (v * PER_CM + per_cm / 2) / per_cm; }

static uint8_t known_quality(uint8_t q) { return q > 100 ? 0 : q; }

static ent_code read_minutiae(ent_cursor *c, const header *h, const view *v, ent_finger_template **ret, ent_err *err)
{
    ent_finger_minutia m[255];
    size_t kept = 0;
    const uint32_t size[2] = {to_500(h->width, h->x_per_cm) + 1, to_500(h->height, h->y_per_cm) + 1};
    for (unsigned i = 0; i < v->count; i++) {
        uint32_t a = ent_cursor_u16(c), b = ent_cursor_u16(c), angle = ent_cursor_u8(c);
        uint8_t quality = v->minutia == 6 ? ent_cursor_u8(c) : 0;
        uint32_t x = to_500(a & 0x3fff, h->x_per_cm), y = to_500(b & 0x3fff, h->y_per_cm);
        if (!is_iso(h->format) && angle > 179) return ent_fail(err, ENT_FORMAT, "minutia %u: an angle of %u units of 2 degrees", i + 1, angle);
        if (x >= size[0] || y >= size[1]) continue; /* outside the image that the header states: seen in the wild */
        m[kept++] = (ent_finger_minutia){.x = (uint16_t)x, .y = (uint16_t)y, .angle = (uint8_t)(is_iso(h->format) ? angle : (angle * 256 + 90) / 180),
                                         .kind = (uint8_t)(a >> 14 == 3 ? 0 : a >> 14), .quality = known_quality(quality)};
    }
    if (!ent_cursor_ok(c)) return ent_fail(err, ENT_FORMAT, "a minutiae record that ends inside its minutiae");
    return ent_finger_import(m, kept, size, ret, err);
}

ent_code ent_finger_record_read(const uint8_t *bytes, size_t len, size_t which, ent_finger_template **ret_template, ent_finger_record *ret_record, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    header h;
    view v;
    ent_finger_template *t;
    if (!ent_finger_record_is(bytes, len)) return ent_fail(err, ENT_FORMAT, "not a finger minutiae record: it begins with \"FMR\" and \" 20\" or \"030\"");
    ENT_TRY(seek_view(&c, which, &h, &v, err));
    ENT_TRY(read_minutiae(&c, &h, &v, &t, err));
    /* Extended data of the view (ridge counts, cores and deltas, vendors'): its minutiae are whole without them, and in NIST's own test
     * records their length is off by a byte or two. */
    uint32_t extended = ent_cursor_u16(&c);
    if (!ent_cursor_ok(&c)) extended = 0;
    bool last = which + 1 == h.views;
    if (!last && extended > ent_cursor_left(&c)) {
        ent_finger_template_free(t);
        return ent_fail(err, ENT_FORMAT, "a minutiae record that ends inside its extended data");
    }
    if (ret_record)
        *ret_record = (ent_finger_record){.format = h.format, .views = h.views, .position = v.position <= 10 ? v.position : 0, .number = v.number, .impression = v.impression,
                                          .quality = v.quality > 100 ? -1 : v.quality, .extended = extended};
    *ret_template = t;
    return ENT_OK;
}

/* ---- on cards (ISO/IEC 19794-2:2005, clause 8): minutiae without a header ---- */

#define CARD 5    /* bytes a minutia: in 1/100 mm, angles in 1/256 turn */
#define COMPACT 3 /* in 1/10 mm, angles in 1/64 turn */

ent_code ent_finger_card_read(const uint8_t *bytes, size_t len, bool compact, ent_finger_template **ret_template, ent_err *err)
{
    size_t each = compact ? COMPACT : CARD, count = len / each;
    ent_cursor c = ENT_CURSOR(bytes, len);
    ent_finger_minutia m[255];
    uint32_t size[2] = {0, 0};
    if (!len || len % each || count > 255) return ent_fail(err, ENT_FORMAT, "%zu bytes are no minutiae of %zu bytes each, at most 255", len, each);
    for (size_t i = 0; i < count; i++) {
        uint32_t a = compact ? ent_cursor_u8(&c) : ent_cursor_u16(&c), b = compact ? ent_cursor_u8(&c) : ent_cursor_u16(&c), angle = ent_cursor_u8(&c);
        uint32_t per_cm = compact ? 100 : 1000, kind = compact ? angle >> 6 : a >> 14;
        m[i] = (ent_finger_minutia){.x = (uint16_t)to_500(a & 0x3fff, per_cm), .y = (uint16_t)to_500(b & 0x3fff, per_cm), .angle = (uint8_t)(compact ? angle << 2 : angle), .kind = (uint8_t)(kind == 3 ? 0 : kind)};
        if (m[i].x + 16U > size[0]) size[0] = m[i].x + 16U;
        if (m[i].y + 16U > size[1]) size[1] = m[i].y + 16U;
    }
    return ent_finger_import(m, count, size, ret_template, err);
}

ent_code ent_finger_card_write(const ent_finger_template *t, bool compact, uint8_t *ret_bytes, size_t cap, size_t *ret_len, ent_err *err)
{
    ENT_AUTO_BUF b = ENT_BUF(255 * CARD);
    size_t count;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t per_cm = compact ? 100 : 1000, x = (m[i].x * per_cm + PER_CM / 2) / PER_CM, y = (m[i].y * per_cm + PER_CM / 2) / PER_CM;
        if (x > (compact ? 255U : 0x3fffU) || y > (compact ? 255U : 0x3fffU)) continue; /* out of the form's reach */
        if (compact) ent_buf_u8(&b, (uint8_t)x), ent_buf_u8(&b, (uint8_t)y), ent_buf_u8(&b, (uint8_t)(m[i].kind << 6 | (((m[i].angle + 2) >> 2) & 63)));
        else ent_buf_u16(&b, (uint16_t)((uint32_t)m[i].kind << 14 | x)), ent_buf_u16(&b, (uint16_t)y), ent_buf_u8(&b, m[i].angle);
    }
    ENT_TRY(ent_buf_check(&b, err));
    if (b.len > cap) return ent_fail(err, ENT_TOO_LARGE, "%zu bytes are needed, there is room for %zu", b.len, cap);
    if (b.len) memcpy(ret_bytes, b.data, b.len);
    *ret_len = b.len;
    return ENT_OK;
}
