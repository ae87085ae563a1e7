/* The native form, version 1 (docs/protocol/finger-template.md). Decoding accepts exactly what encoding can write:
 * every field is checked, unused bits are zero, nothing follows. */
#include "base/buf.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "finger/template.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "EFT"
#define VERSION 1
#define HAS_RIDGES 1
#define UNKNOWN_QUALITY 255

/* bits, most significant first */
typedef struct bit_writer {
    ent_buf *to;
    uint32_t held;
    int n;
} bit_writer;

static void put_bits(bit_writer *b, uint32_t value, int n)
{
    b->held = b->held << n | value, b->n += n;
    while (b->n >= 8) ent_buf_u8(b->to, (uint8_t)(b->held >> (b->n - 8))), b->n -= 8;
    b->held &= (1U << b->n) - 1;
}

static void put_rest(bit_writer *b)
{
    if (b->n) put_bits(b, 0, 8 - b->n);
}

typedef struct bit_reader {
    ent_cursor *from;
    uint32_t held;
    int n;
} bit_reader;

static uint32_t take_bits(bit_reader *b, int n)
{
    while (b->n < n) b->held = b->held << 8 | ent_cursor_u8(b->from), b->n += 8;
    uint32_t value = b->held >> (b->n - n) & ((1U << n) - 1);
    b->n -= n;
    b->held &= (1U << b->n) - 1;
    return value;
}

static bool rest_is_zero(const bit_reader *b)
{
    return b->held == 0;
}

static void put_coarse(ent_buf *b, const finger_coarse *f)
{
    size_t cells = f->cell ? (size_t)f->cols * f->rows : 0;
    bit_writer w = {.to = b};
    for (size_t i = 0; i < cells; i++) put_bits(&w, f->at[i] != 0, 1);
    put_rest(&w);
    for (size_t i = 0; i < cells; i++)
        if (f->at[i]) put_bits(&w, (uint32_t)(f->at[i] - 1), 6);
    put_rest(&w);
}

static void put_ridge(ent_buf *b, const finger_ridge *r)
{
    ent_buf_u16(b, r->x);
    ent_buf_u16(b, r->y);
    ent_buf_u16(b, r->w);
    ent_buf_u16(b, r->h);
    bit_writer w = {.to = b};
    for (int y = 0; y < r->h; y += FINGER_RIDGE_CELL)
        for (int x = 0; x < r->w; x += FINGER_RIDGE_CELL) put_bits(&w, r->level[y * r->w + x] != 4, 1);
    put_rest(&w);
    for (size_t i = 0; i < (size_t)r->w * r->h; i++)
        if (r->level[i] != 4) put_bits(&w, r->level[i], 2);
    put_rest(&w);
}

ent_code ent_finger_encode(const ent_finger_template *t, ent_finger_part part, uint8_t *ret_bytes, size_t cap,
                           size_t *ret_len, ent_err *err)
{
    bool ridges = part == ENT_FINGER_FULL && t->ridge.w;
    const finger_coarse coarse = t->coarse.guessed ? (finger_coarse){0} : t->coarse;
    ent_buf b = ENT_BUF(ENT_FINGER_FULL_MAX);
    ent_buf_put(&b, MAGIC, 3);
    ent_buf_u8(&b, VERSION);
    ent_buf_u16(&b, (uint16_t)t->width);
    ent_buf_u16(&b, (uint16_t)t->height);
    ent_buf_u8(&b, t->quality < 0 ? UNKNOWN_QUALITY : (uint8_t)t->quality);
    ent_buf_u8(&b, ridges ? HAS_RIDGES : 0);
    ent_buf_u8(&b, (uint8_t)t->count);
    ent_buf_u8(&b, coarse.cell);
    ent_buf_u8(&b, coarse.cols);
    ent_buf_u8(&b, coarse.rows);
    ent_buf_u16(&b, 0);
    bit_writer w = {.to = &b};
    for (size_t i = 0; i < t->count; i++) {
        const ent_finger_minutia *m = &t->minutiae[i];
        put_bits(&w, m->x, 12);
        put_bits(&w, m->y, 12);
        put_bits(&w, m->angle, 8);
        put_bits(&w, m->kind, 2);
        put_bits(&w, m->quality / 2U, 6);
    }
    put_coarse(&b, &coarse);
    if (ridges) put_ridge(&b, &t->ridge);
    ent_code code = ent_buf_check(&b, err);
    if (!code && b.len > cap) code = ent_fail(err, ENT_TOO_LARGE, "the template has %zu bytes, room is for %zu", b.len, cap);
    if (!code) memcpy(ret_bytes, b.data, b.len), *ret_len = b.len;
    ent_buf_free(&b);
    return code;
}

size_t finger_compact_size(size_t minutiae, const finger_coarse *coarse)
{
    size_t cells = coarse->cell ? (size_t)coarse->cols * coarse->rows : 0, inside = 0;
    for (size_t i = 0; i < cells; i++) inside += coarse->at[i] != 0;
    return 16 + 5 * minutiae + (cells + 7) / 8 + (6 * inside + 7) / 8;
}

typedef struct decoded {
    finger_parts parts;
    ent_finger_minutia minutiae[FINGER_MINUTIAE_MAX];
    uint8_t coarse[256 * 256]; /* a cell of 16 pixels or more: at most 256 a side */
    uint8_t level[FINGER_RIDGE_SIDE * FINGER_RIDGE_SIDE];
} decoded;

static bool take_header(ent_cursor *c, decoded *d, bool *ret_ridges)
{
    d->parts.width = ent_cursor_u16(c), d->parts.height = ent_cursor_u16(c);
    uint8_t quality = ent_cursor_u8(c), flags = ent_cursor_u8(c);
    d->parts.quality = quality == UNKNOWN_QUALITY ? -1 : quality;
    d->parts.count = ent_cursor_u8(c);
    finger_coarse *f = &d->parts.coarse;
    f->cell = ent_cursor_u8(c), f->cols = ent_cursor_u8(c), f->rows = ent_cursor_u8(c);
    uint16_t reserved = ent_cursor_u16(c);
    *ret_ridges = flags & HAS_RIDGES;
    if (!ent_cursor_ok(c) || flags > HAS_RIDGES || reserved || d->parts.count > FINGER_MINUTIAE_MAX) return false;
    if (d->parts.width == 0 || d->parts.height == 0 || d->parts.width > ENT_LIMIT_PRINT_SIDE ||
        d->parts.height > ENT_LIMIT_PRINT_SIDE || (quality > 100 && quality != UNKNOWN_QUALITY) || d->parts.count == 0)
        return false;
    if (!f->cell) return !f->cols && !f->rows && !*ret_ridges;
    return f->cell >= 16 && f->cell % 4 == 0 && f->cols == (d->parts.width + f->cell - 1) / f->cell && f->rows == (d->parts.height + f->cell - 1) / f->cell;
}

static bool take_minutiae(ent_cursor *c, decoded *d)
{
    bit_reader b = {.from = c};
    for (size_t i = 0; i < d->parts.count; i++) {
        ent_finger_minutia *m = &d->minutiae[i];
        m->x = (uint16_t)take_bits(&b, 12), m->y = (uint16_t)take_bits(&b, 12);
        m->angle = (uint8_t)take_bits(&b, 8), m->kind = (uint8_t)take_bits(&b, 2);
        m->quality = (uint8_t)(2 * take_bits(&b, 6));
        if (m->x >= d->parts.width || m->y >= d->parts.height || m->kind > ENT_FINGER_BIFURCATION || m->quality > 100)
            return false;
        if (i && m->quality > m[-1].quality) return false;
    }
    d->parts.minutiae = d->minutiae;
    return ent_cursor_ok(c);
}

static bool take_coarse(ent_cursor *c, decoded *d)
{
    finger_coarse *f = &d->parts.coarse;
    size_t cells = (size_t)f->cols * f->rows;
    f->at = d->coarse;
    bit_reader mask = {.from = c};
    for (size_t i = 0; i < cells; i++) f->at[i] = (uint8_t)take_bits(&mask, 1);
    bit_reader b = {.from = c};
    for (size_t i = 0; i < cells && ent_cursor_ok(c); i++)
        if (f->at[i]) f->at[i] = (uint8_t)(1 + take_bits(&b, 6));
    return ent_cursor_ok(c) && rest_is_zero(&mask) && rest_is_zero(&b) &&
           (!cells || finger_compact_size(d->parts.count, f) <= FINGER_COMPACT_GOAL);
}

static bool take_ridge(ent_cursor *c, decoded *d)
{
    finger_ridge *r = &d->parts.ridge;
    r->x = ent_cursor_u16(c), r->y = ent_cursor_u16(c), r->w = ent_cursor_u16(c), r->h = ent_cursor_u16(c);
    if (!ent_cursor_ok(c) || !r->w || !r->h || r->w > FINGER_RIDGE_SIDE || r->h > FINGER_RIDGE_SIDE) return false;
    if ((r->x | r->y | r->w | r->h) % FINGER_RIDGE_CELL) return false;
    if (2U * (r->x + r->w) >= d->parts.width + 8 || 2U * (r->y + r->h) >= d->parts.height + 8) return false;
    r->level = d->level;
    bit_reader mask = {.from = c};
    int cols = r->w / FINGER_RIDGE_CELL;
    uint8_t on[FINGER_RIDGE_SIDE / FINGER_RIDGE_CELL * FINGER_RIDGE_SIDE / FINGER_RIDGE_CELL] = {0};
    for (int i = 0; i < cols * (r->h / FINGER_RIDGE_CELL); i++) on[i] = (uint8_t)take_bits(&mask, 1);
    bit_reader b = {.from = c};
    for (int y = 0; y < r->h && ent_cursor_ok(c); y++)
        for (int x = 0; x < r->w; x++) {
            bool inside = on[y / FINGER_RIDGE_CELL * cols + x / FINGER_RIDGE_CELL];
            r->level[y * r->w + x] = inside ? (uint8_t)take_bits(&b, 2) : 4;
        }
    return ent_cursor_ok(c) && rest_is_zero(&mask) && rest_is_zero(&b);
}

ent_code ent_finger_decode(const uint8_t *bytes, size_t len, ent_finger_template **ret_template, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    const uint8_t *magic = ent_cursor_take(&c, 3);
    uint8_t version = ent_cursor_u8(&c);
    if (!magic || memcmp(magic, MAGIC, 3) != 0 || !ent_cursor_ok(&c))
        return ent_fail(err, ENT_FORMAT, "this is no native fingerprint template");
    if (version != VERSION)
        return ent_fail(err, version > VERSION ? ENT_UNSUPPORTED : ENT_FORMAT,
                        "a fingerprint template of version %u; this engine reads %u", version, VERSION);
    decoded *d = calloc(1, sizeof *d);
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "no memory to read a template");
    bool ridges = false;
    bool good = len <= ENT_FINGER_FULL_MAX && take_header(&c, d, &ridges) && take_minutiae(&c, d) && take_coarse(&c, d) &&
                (!ridges || take_ridge(&c, d)) && ent_cursor_done(&c);
    ent_code code = good ? finger_template_make(&d->parts, ret_template, err)
                         : ent_fail(err, ENT_FORMAT, "the fingerprint template is damaged near byte %zu of %zu", c.at, len);
    ent_wipe(d, sizeof *d);
    free(d);
    return code;
}
