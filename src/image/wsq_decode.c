/* WSQ, reading: markers and tables, Huffman-coded indexes, dequantisation, the inverse transform. */
#include "image/codec.h"
#include "image/wsq.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

typedef struct huffman {
    bool there;
    uint8_t symbol[65536 >> 8]; /* at most 256 */
    /* the canonical code, as in ITU-T T.81 annex C */
    int32_t smallest[17], largest[17], first[17];
} huffman;

typedef struct reading {
    ent_cursor c;
    ent_err *err;
    uint32_t width, height;
    float shift, scale, centre;
    float q[WSQ_BANDS], z[WSQ_BANDS];
    wsq_filters f;
    bool has_filters, has_quantisation, has_frame;
    huffman table[8];
    wsq_tree tree;
    int16_t *index; /* all bands' indexes, one band after the other */
    size_t count, done;
    ent_image remarks; /* comments and resolution only, until there are pixels */
} reading;

static ent_code wrong(reading *r, const char *what) { return ent_fail(r->err, ENT_FORMAT, "WSQ at byte %zu: %s", r->c.at, what); }

static float scaled(ent_cursor *c)
{
    int scale = ent_cursor_u8(c);
    float v = (float)ent_cursor_u16(c);
    for (; scale > 0 && scale < 40; scale--) v /= 10.0f;
    return v;
}

/* ---- tables ---- */

static ent_code read_taps(reading *r, ent_cursor *c, int half, float *taps)
{
    for (int i = 0; i <= half; i++) {
        bool negative = ent_cursor_u8(c) != 0;
        int scale = ent_cursor_u8(c);
        double v = ent_cursor_u32(c);
        for (; scale > 0 && scale < 40; scale--) v /= 10.0;
        taps[i] = (float)(negative ? -v : v);
    }
    return ent_cursor_ok(c) ? ENT_OK : wrong(r, "the transform table ends too early");
}

static ent_code read_filters(reading *r, ent_cursor *c)
{
    int low = ent_cursor_u8(c), high = ent_cursor_u8(c);
    if (!(low & 1) || !(high & 1) || low > 15 || high > 15 || low / 2 >= WSQ_TAPS || high / 2 >= WSQ_TAPS)
        return ent_fail(r->err, ENT_UNSUPPORTED, "WSQ: filters of %d and %d taps; odd ones up to 15 are read", low, high);
    r->f.low_half = low / 2;
    r->f.high_half = high / 2;
    ENT_TRY(read_taps(r, c, low / 2, r->f.low));
    ENT_TRY(read_taps(r, c, high / 2, r->f.high));
    r->has_filters = true;
    return ENT_OK;
}

static ent_code read_quantisation(reading *r, ent_cursor *c)
{
    if (r->index) return wrong(r, "a quantisation table after the first block");
    r->centre = scaled(c);
    for (int i = 0; i < WSQ_BANDS; i++) {
        r->q[i] = scaled(c);
        r->z[i] = scaled(c);
    }
    if (!ent_cursor_ok(c)) return wrong(r, "the quantisation table ends too early");
    for (int i = WSQ_USED; i < WSQ_BANDS; i++)
        if (r->q[i] != 0) return ent_fail(r->err, ENT_UNSUPPORTED, "WSQ: subband %d is coded, which the specification leaves out", i);
    r->has_quantisation = true;
    return ENT_OK;
}

static ent_code read_huffman(reading *r, ent_cursor *c)
{
    while (ent_cursor_left(c)) {
        int id = ent_cursor_u8(c), total = 0, code = 0;
        uint8_t bits[17] = {0};
        for (int i = 1; i <= 16; i++) total += bits[i] = ent_cursor_u8(c);
        if (!ent_cursor_ok(c) || id > 7 || total > 256) return wrong(r, "a Huffman table that cannot be");
        huffman *h = &r->table[id];
        ent_cursor_copy(c, h->symbol, (size_t)total);
        for (int i = 1, k = 0; i <= 16; i++) {
            h->first[i] = k;
            h->smallest[i] = code;
            code += bits[i];
            k += bits[i];
            h->largest[i] = bits[i] ? code - 1 : -1;
            if (code > 1 << i) return wrong(r, "a Huffman table with more codes than fit");
            code <<= 1;
        }
        h->there = ent_cursor_ok(c);
        if (!h->there) return wrong(r, "a Huffman table that ends too early");
    }
    return ENT_OK;
}

static ent_code read_frame(reading *r, ent_cursor *c)
{
    ent_cursor_take(c, 2); /* black, white */
    r->height = ent_cursor_u16(c);
    r->width = ent_cursor_u16(c);
    r->shift = scaled(c);
    r->scale = scaled(c);
    if (!ent_cursor_ok(c)) return wrong(r, "the frame header ends too early");
    if (r->has_frame) return wrong(r, "a second frame");
    if (r->width < WSQ_LEAST || r->height < WSQ_LEAST)
        return ent_fail(r->err, ENT_UNSUPPORTED, "WSQ: an image of %u x %u; at least %d a side", r->width, r->height, WSQ_LEAST);
    if (r->width > ENT_LIMIT_IMAGE_SIDE || r->height > ENT_LIMIT_IMAGE_SIDE || (uint64_t)r->width * r->height > ENT_LIMIT_IMAGE_PIXELS)
        return ent_fail(r->err, ENT_TOO_LARGE, "WSQ: an image of %u x %u pixels", r->width, r->height);
    r->has_frame = true;
    return ENT_OK;
}

/* With the first block: tables and frame may come in any order before it, and none after. */
static ent_code prepare(reading *r)
{
    if (r->index) return ENT_OK;
    if (!r->has_frame || !r->has_quantisation) return wrong(r, "data before the frame header or the quantisation table");
    wsq_plan(r->width, r->height, &r->tree);
    for (int i = 0; i < WSQ_USED; i++)
        if (r->q[i] != 0) r->count += (size_t)r->tree.band[i].width * r->tree.band[i].height;
    r->index = calloc(r->count + 1, sizeof *r->index);
    return r->index ? ENT_OK : ent_fail(r->err, ENT_NO_MEMORY, "out of memory for a WSQ image");
}

/* NISTCOM comments hold "PPI 500" on a line of their own. */
static ent_code read_comment(reading *r, ent_cursor *c)
{
    size_t n = ent_cursor_left(c);
    const char *text = (const char *)ent_cursor_take(c, n), *ppi = n ? memmem(text, n, "\nPPI ", 5) : NULL;
    ENT_TRY(ent_image_remark(&r->remarks, text, n, r->err));
    if (!ppi) return ENT_OK;
    char digits[8] = "";
    size_t left = n - (size_t)(ppi + 5 - text);
    memcpy(digits, ppi + 5, left < 7 ? left : 7);
    long v = strtol(digits, NULL, 10);
    if (v > 0 && v < 10000) r->remarks.ppi = (uint32_t)v;
    return ENT_OK;
}

/* ---- entropy-coded data ---- */

typedef struct bits {
    const uint8_t *at, *end;
    uint32_t value;
    int have;
    bool ended; /* at a marker or the end */
} bits;

static int take_bit(bits *b)
{
    if (!b->have) {
        if (b->at == b->end || (b->at[0] == 0xff && (b->at + 1 == b->end || b->at[1] != 0))) {
            b->ended = true;
            return 0;
        }
        b->value = *b->at;
        b->at += b->at[0] == 0xff ? 2 : 1;
        b->have = 8;
    }
    return (int)(b->value >> --b->have & 1);
}

static int take_bits(bits *b, int n)
{
    int v = 0;
    while (n-- > 0) v = v << 1 | take_bit(b);
    return v;
}

/* -1: no code begins like this, or the data ended. */
static int take_symbol(bits *b, const huffman *h)
{
    int code = 0;
    for (int n = 1; n <= 16; n++) {
        code = code << 1 | take_bit(b);
        if (b->ended) return -1;
        if (h->largest[n] >= 0 && code <= h->largest[n] && code >= h->smallest[n]) return h->symbol[h->first[n] + code - h->smallest[n]];
    }
    return -1;
}

/* Table of the specification's annex: 1 to 100 are runs of zeros, 107 to 254 values, the rest escapes. */
static ent_code read_indexes(reading *r, bits *b, const huffman *h)
{
    while (r->done < r->count) {
        int s = take_symbol(b, h), run = 0, value = 0;
        if (s < 0) return b->ended ? ENT_OK : wrong(r, "bits that are no code");
        if (s == 0 || s > 254) return wrong(r, "a symbol that means nothing");
        if (s <= 100) run = s;
        else if (s == 105) run = take_bits(b, 8);
        else if (s == 106) run = take_bits(b, 16);
        else if (s == 101) value = take_bits(b, 8);
        else if (s == 102) value = -take_bits(b, 8);
        else if (s == 103) value = take_bits(b, 16);
        else if (s == 104) value = -take_bits(b, 16);
        else value = s - 180;
        if (b->ended) return wrong(r, "a value cut short");
        if (s <= 100 || s == 105 || s == 106) {
            if ((size_t)run > r->count - r->done) return wrong(r, "a run of zeros past the last coefficient");
            r->done += (size_t)run;
        } else {
            r->index[r->done++] = (int16_t)(value > 32767 ? 32767 : value < -32767 ? -32767 : value);
        }
    }
    return ENT_OK;
}

static ent_code read_block(reading *r, ent_cursor *c)
{
    int id = ent_cursor_u8(c);
    ENT_TRY(prepare(r));
    if (!ent_cursor_ok(c) || id > 7 || !r->table[id].there) return wrong(r, "a block with a Huffman table that is not there");
    bits b = {.at = r->c.data + r->c.at, .end = r->c.data + r->c.len};
    ENT_TRY(read_indexes(r, &b, &r->table[id]));
    /* on to the next marker: FF and not 00 */
    while (b.at + 1 < b.end && !(b.at[0] == 0xff && b.at[1] != 0)) b.at++;
    r->c.at = (size_t)(b.at - r->c.data);
    return ENT_OK;
}

static ent_code read_segment(reading *r, unsigned marker)
{
    size_t len = ent_cursor_u16(&r->c);
    const uint8_t *p = len >= 2 ? ent_cursor_take(&r->c, len - 2) : NULL;
    if (!p && len != 2) return wrong(r, "a segment that reaches past the end");
    ent_cursor c = ENT_CURSOR(p, len - 2);
    switch (marker) {
    case WSQ_DTT: return read_filters(r, &c);
    case WSQ_DQT: return read_quantisation(r, &c);
    case WSQ_DHT: return read_huffman(r, &c);
    case WSQ_SOF: return read_frame(r, &c);
    case WSQ_SOB: return read_block(r, &c);
    case WSQ_COM: return read_comment(r, &c);
    case WSQ_DRI: return ENT_OK;
    default: return wrong(r, "an unknown marker");
    }
}

static ent_code read_all(reading *r)
{
    if (ent_cursor_u16(&r->c) != WSQ_SOI) return wrong(r, "it does not begin with SOI");
    for (;;) {
        unsigned marker = ent_cursor_u16(&r->c);
        if (!ent_cursor_ok(&r->c)) return wrong(r, "the file ends before its EOI marker");
        if (marker == WSQ_EOI) break;
        ENT_TRY(read_segment(r, marker));
    }
    if (!r->index || !r->has_filters) return wrong(r, "no frame or no filters in the file");
    return r->done == r->count ? ENT_OK : wrong(r, "coefficients are missing");
}

/* ---- pixels ---- */

static void dequantise(const reading *r, float *plane)
{
    const int16_t *in = r->index;
    for (int k = 0; k < WSQ_USED; k++) {
        const wsq_region *b = &r->tree.band[k];
        if (r->q[k] == 0) continue;
        for (uint32_t y = 0; y < b->height; y++) {
            float *p = plane + (size_t)(b->y + y) * r->width + b->x;
            for (uint32_t x = 0; x < b->width; x++) {
                int v = *in++;
                *p++ = v == 0 ? 0 : v > 0 ? r->q[k] * ((float)v - r->centre) + r->z[k] / 2 : r->q[k] * ((float)v + r->centre) - r->z[k] / 2;
            }
        }
    }
}

static ent_code synthesise(reading *r, ent_image *ret, ent_err *err)
{
    uint32_t longest = r->width > r->height ? r->width : r->height;
    float *plane = calloc((size_t)r->width * r->height, sizeof *plane), *line = calloc(4 * ((size_t)longest + 16), sizeof *line);
    ent_code code = plane && line ? ent_image_new(r->width, r->height, 1, ret, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for a WSQ image");
    if (code == ENT_OK) {
        dequantise(r, plane);
        for (int n = WSQ_NODES - 1; n >= 0; n--) wsq_inverse(plane, r->width, &r->tree.node[n], &r->f, line);
        for (size_t i = 0; i < (size_t)r->width * r->height; i++) {
            float v = plane[i] * r->scale + r->shift + 0.5f;
            ret->pixels[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
        ret->ppi = r->remarks.ppi;
        ret->comments = r->remarks.comments;
        r->remarks.comments = (ent_buf){0};
    }
    free(plane);
    free(line);
    return code;
}

ent_code ent_wsq_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    reading *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a WSQ image");
    r->c = ENT_CURSOR(bytes, len);
    r->err = err;
    ent_code code = read_all(r);
    if (code == ENT_OK) code = synthesise(r, ret_image, err);
    free(r->index);
    ent_image_free(&r->remarks);
    free(r);
    return code;
}
