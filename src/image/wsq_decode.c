/* WSQ, reading: markers and tables, Huffman-coded indexes, dequantisation, the inverse transform. */
#include "image/codec.h"
#include "image/wsq.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { FAST = 11 };

typedef struct huffman {
    bool there;
    uint8_t symbol[65536 >> 8]; /* at most 256 */
    /* the canonical code, as in ITU-T T.81 annex C */
    int32_t smallest[17], largest[17], first[17];
    uint16_t fast[1 << FAST]; /* by the next bits: length and symbol of a code that is not longer, else 0 */
} huffman;

typedef struct quantisation {
    float centre;
    float q[WSQ_BANDS], z[WSQ_BANDS];
} quantisation;

typedef struct reading {
    ent_cursor c;
    ent_err *err;
    uint32_t width, height;
    float shift, scale;
    quantisation quant;
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

/* Each block may bring its tables again. Another quantisation in the midst of the blocks is refused: by the specification it holds from there
 * on, the reference decoder takes the last one for all. */
static ent_code read_quantisation(reading *r, ent_cursor *c)
{
    quantisation t = {.centre = scaled(c)};
    for (int i = 0; i < WSQ_BANDS; i++) {
        t.q[i] = scaled(c);
        t.z[i] = scaled(c);
    }
    if (!ent_cursor_ok(c)) return wrong(r, "the quantisation table ends too early");
    for (int i = WSQ_USED; i < WSQ_BANDS; i++)
        if (t.q[i] != 0) return ent_fail(r->err, ENT_UNSUPPORTED, "WSQ: subband %d is coded, which the specification leaves out", i);
    if (r->index && memcmp(&t, &r->quant, sizeof t) != 0) return ent_fail(r->err, ENT_UNSUPPORTED, "WSQ at byte %zu: another quantisation table between the blocks", r->c.at);
    r->quant = t;
    r->has_quantisation = true;
    return ENT_OK;
}

static void index_short_codes(huffman *h)
{
    memset(h->fast, 0, sizeof h->fast);
    for (int n = 1; n <= FAST; n++)
        for (int code = h->smallest[n]; code <= h->largest[n]; code++)
            for (int k = 0; k < 1 << (FAST - n); k++)
                h->fast[(code << (FAST - n)) + k] = (uint16_t)(n << 8 | h->symbol[h->first[n] + code - h->smallest[n]]);
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
        index_short_codes(h);
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
        if (r->quant.q[i] != 0) r->count += (size_t)r->tree.band[i].width * r->tree.band[i].height;
    r->index = calloc(r->count + 1, sizeof *r->index);
    return r->index ? ENT_OK : ent_fail(r->err, ENT_NO_MEMORY, "out of memory for a WSQ image");
}

#define UNKNOWN_PPI 255 /* NBIS's -1 in a byte: it stands in NIST's own files of 500 pixels an inch */

/* The NISTCOM comment, which begins with its name, holds "PPI 500" on a line of its own; other comments may say anything. */
static ent_code read_comment(reading *r, ent_cursor *c)
{
    size_t n = ent_cursor_left(c);
    const char *text = (const char *)ent_cursor_take(c, n), *ppi = n > 8 && memcmp(text, "NIST_COM", 8) == 0 ? memmem(text, n, "\nPPI ", 5) : NULL;
    ENT_TRY(ent_image_remark(&r->remarks, text, n, r->err));
    if (!ppi || r->remarks.ppi) return ENT_OK;
    char digits[8] = "";
    size_t left = n - (size_t)(ppi + 5 - text);
    memcpy(digits, ppi + 5, left < 7 ? left : 7);
    long v = strtol(digits, NULL, 10);
    if (v > 0 && v < 10000 && v != UNKNOWN_PPI) r->remarks.ppi = (uint32_t)v;
    return ENT_OK;
}

/* ---- entropy-coded data ---- */

typedef struct bits {
    const uint8_t *at, *end;
    uint64_t value; /* the next bits, from the highest down; zeros behind them */
    int have;
    bool ended; /* at a marker or the end */
} bits;

static bool any_ff(uint64_t v) { return (~v - 0x0101010101010101u) & v & 0x8080808080808080u; }

/* At least 32 bits, or all that are left before the marker. FF 00 stands for FF. */
static void refill(bits *b)
{
    uint64_t eight;
    if (b->end - b->at >= 8) {
        memcpy(&eight, b->at, 8);
        eight = be64toh(eight);
        if (!any_ff(eight)) {
            int bytes = (64 - b->have) / 8;
            b->value |= eight >> b->have;
            if (b->have + 8 * bytes < 64) b->value &= ~(uint64_t)0 << (64 - b->have - 8 * bytes);
            b->at += bytes;
            b->have += 8 * bytes;
            return;
        }
    }
    while (b->have <= 56 && b->at < b->end) {
        if (b->at[0] == 0xff && (b->at + 1 == b->end || b->at[1] != 0)) return;
        b->value |= (uint64_t)b->at[0] << (56 - b->have);
        b->at += b->at[0] == 0xff ? 2 : 1;
        b->have += 8;
    }
}

/* 1 to 16 bits; a symbol's own are had already, so that these are too unless the data ended. */
static int take_bits(bits *b, int n)
{
    if (b->have < n) refill(b);
    int v = (int)(b->value >> (64 - n));
    b->ended |= b->have < n;
    b->value <<= n;
    b->have -= n;
    return v;
}

static int skip(bits *b, int n, int symbol)
{
    if (n > b->have) {
        b->ended = true;
        return -1;
    }
    b->value <<= n;
    b->have -= n;
    return symbol;
}

/* -1: no code begins like this, or the data ended. */
static int take_symbol(bits *b, const huffman *h)
{
    if (b->have < 32) refill(b);
    const uint16_t fast = h->fast[b->value >> (64 - FAST)];
    if (fast) return skip(b, fast >> 8, fast & 255);
    for (int n = FAST + 1; n <= 16; n++) {
        int code = (int)(b->value >> (64 - n));
        if (h->largest[n] >= 0 && code <= h->largest[n] && code >= h->smallest[n]) return skip(b, n, h->symbol[h->first[n] + code - h->smallest[n]]);
    }
    b->ended = b->have < 16;
    return -1;
}

/* Where the frame has restart intervals: the rest of the byte is filling, the code begins anew behind the marker. */
static bool restart(bits *b)
{
    if (b->end - b->at < 2 || b->at[0] != 0xff || b->at[1] < 0xb0 || b->at[1] > 0xb7) return false;
    *b = (bits){.at = b->at + 2, .end = b->end};
    return true;
}

/* Table of the specification's annex: 1 to 100 are runs of zeros, 107 to 254 values, the rest escapes. */
static ent_code read_indexes(reading *r, bits *b, const huffman *h)
{
    while (r->done < r->count) {
        int s = take_symbol(b, h), run = 0, value = 0;
        if (s < 0) {
            if (!b->ended) return wrong(r, "bits that are no code");
            if (restart(b)) continue;
            return ENT_OK;
        }
        if (s > 106 && s < 255) {
            r->index[r->done++] = (int16_t)(s - 180);
            continue;
        }
        if (s == 0 || s == 255) return wrong(r, "a symbol that means nothing");
        if (s <= 100) run = s;
        else if (s == 101) value = take_bits(b, 8);
        else if (s == 102) value = -take_bits(b, 8);
        else if (s == 103) value = take_bits(b, 16);
        else if (s == 104) value = -take_bits(b, 16);
        else run = take_bits(b, s == 105 ? 8 : 16);
        if (b->ended) return wrong(r, "a value cut short");
        if (s <= 100 || s >= 105) {
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
        while (marker == 0xffff && ent_cursor_ok(&r->c)) marker = 0xff00 | ent_cursor_u8(&r->c); /* filling before a marker */
        if (!ent_cursor_ok(&r->c)) return wrong(r, "the file ends before its EOI marker");
        if (marker == WSQ_EOI) break;
        ENT_TRY(read_segment(r, marker));
    }
    if (!r->index || !r->has_filters) return wrong(r, "no frame or no filters in the file");
    return r->done == r->count ? ENT_OK : wrong(r, "coefficients are missing");
}

/* ---- pixels ---- */

/* One row of a subband: 0 stays 0, the others come to the place `centre` in their bin. */
static void dequantise_row(const int16_t *in, uint32_t n, float width, float centre, float half_zero, float *out)
{
    for (uint32_t x = 0; x < n; x++) {
        float v = (float)in[x], sign = v < 0 ? -1.0f : 1.0f;
        float there = width * (v - sign * centre) + sign * half_zero;
        out[x] = v != 0 ? there : 0;
    }
}

static void dequantise(const reading *r, float *plane)
{
    const int16_t *in = r->index;
    for (int k = 0; k < WSQ_USED; k++) {
        const wsq_region *b = &r->tree.band[k];
        if (r->quant.q[k] == 0) continue;
        for (uint32_t y = 0; y < b->height; y++, in += b->width)
            dequantise_row(in, b->width, r->quant.q[k], r->quant.centre, r->quant.z[k] / 2, plane + (size_t)(b->y + y) * r->width + b->x);
    }
}

static void to_pixels(const float *plane, size_t n, float scale, float shift, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        float v = plane[i] * scale + shift + 0.5f;
        v = v > 0 ? v : 0; /* of what is no number too: filters may be anything */
        v = v > 255 ? 255 : v;
        out[i] = (uint8_t)(int32_t)v;
    }
}

static ent_code synthesise(reading *r, ent_image *ret, ent_err *err)
{
    uint32_t longest = r->width > r->height ? r->width : r->height;
    float *plane = calloc((size_t)r->width * r->height, sizeof *plane), *line = calloc(WSQ_SCRATCH(longest), sizeof *line);
    ent_code code = plane && line ? ent_image_new(r->width, r->height, 1, ret, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for a WSQ image");
    if (code == ENT_OK) {
        dequantise(r, plane);
        for (int n = WSQ_NODES - 1; n >= 0; n--) wsq_lines_best()->inverse(plane, r->width, &r->tree.node[n], &r->f, line);
        to_pixels(plane, (size_t)r->width * r->height, r->scale, r->shift, ret->pixels);
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
