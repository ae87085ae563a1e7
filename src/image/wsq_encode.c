/* WSQ, writing, with the parameters that part 3 of the specification sets for encoder number two (version 3.1): the 9/7
 * filters, a bin width for each subband from its variance and the rate that is wanted, three blocks of Huffman-coded indexes
 * with two tables. */
#include "image/codec.h"
#include "image/wsq.h"

#include "base/check.h"
#include "base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 3, TABLES = 2, SYMBOLS = 256, LONGEST = 16 };

static const int block_band[BLOCKS + 1] = {0, 19, 52, WSQ_USED}; /* the first subband of each block */

/* Of Cohen, Daubechies and Feauveau, from the centre outward. */
static const wsq_filters filters = {.low_half = 4, .high_half = 3,
    .low = {0.852698679009404f, 0.377402855612654f, -0.110624404418423f, -0.023849465019380f, 0.037828455506995f},
    .high = {0.788485616405664f, -0.418092273222212f, -0.040689417609558f, 0.064538882628938f}};
static const struct {
    uint8_t negative, scale;
    uint32_t digits;
} taps[9] = {{0, 9, 852698679}, {0, 10, 3774028556}, {1, 10, 1106244044}, {1, 11, 2384946502}, {0, 11, 3782845551},
             {0, 9, 788485616}, {1, 10, 4180922732}, {1, 11, 4068941761}, {0, 10, 645388826}};

typedef struct writing {
    const ent_image *image;
    double rate;
    float shift, scale;
    float q[WSQ_BANDS], z[WSQ_BANDS]; /* bin widths, zero bins; 0: the subband is left out */
    float *plane;
    wsq_tree tree;
    int16_t *index;
    size_t first[BLOCKS + 1]; /* where each block's indexes begin */
} writing;

/* ---- the transform ---- */

/* Centred on the mean, scaled to +-128 (specification, 2.2.1). */
static void normalise(writing *w)
{
    size_t n = (size_t)w->image->width * w->image->height;
    uint64_t sum = 0;
    int least = 255, most = 0;
    for (size_t i = 0; i < n; i++) {
        int v = w->image->pixels[i];
        sum += (uint64_t)v;
        if (v < least) least = v;
        if (v > most) most = v;
    }
    w->shift = (float)((double)sum / (double)n);
    float up = (float)most - w->shift, down = w->shift - (float)least;
    w->scale = (up > down ? up : down) / 128;
    if (w->scale <= 0) w->scale = 1; /* one grey all over */
    for (size_t i = 0; i < n; i++) w->plane[i] = ((float)w->image->pixels[i] - w->shift) / w->scale;
}

static ent_code transform(writing *w, ent_err *err)
{
    uint32_t width = w->image->width, height = w->image->height, longest = width > height ? width : height;
    float *line = calloc(WSQ_SCRATCH(longest), sizeof *line);
    w->plane = calloc((size_t)width * height, sizeof *w->plane);
    if (line && w->plane) {
        normalise(w);
        wsq_plan(width, height, &w->tree);
        for (int n = 0; n < WSQ_NODES; n++) wsq_lines_best()->forward(w->plane, width, &w->tree.node[n], &filters, line);
    }
    free(line);
    return w->plane ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for a WSQ image");
}

/* ---- bin widths ---- */

/* Of a subband, or of the part in its middle that holds the print: 3/4 of its width, 7/16 of its height. Of a few values, as
 * images below about 256 pixels have in their lowest subbands, the mean square, lest values that are alike be left out. */
static double variance(const writing *w, const wsq_region *band, bool middle)
{
    bool few = band->width * band->height < 64;
    middle = middle && !few;
    uint32_t x0 = middle ? band->width / 8 : 0, y0 = middle ? 9 * band->height / 32 : 0;
    uint32_t width = middle ? 3 * band->width / 4 : band->width, height = middle ? 7 * band->height / 16 : band->height;
    double sum = 0, squares = 0, n = (double)width * height;
    if (n < 1) return 0;
    for (uint32_t y = 0; y < height; y++) {
        const float *p = w->plane + (size_t)(band->y + y0 + y) * w->image->width + band->x + x0;
        for (uint32_t x = 0; x < width; x++) {
            sum += (double)p[x];
            squares += (double)p[x] * (double)p[x];
        }
    }
    return few ? squares / n : (squares - sum * sum / n) / (n - 1);
}

/* Where the four lowest subbands hold little the whole subbands count: the print need not lie in the middle. */
static void variances(const writing *w, double ret[WSQ_USED])
{
    double low = 0;
    for (int k = 0; k < 4; k++) low += ret[k] = variance(w, &w->tree.band[k], true);
    bool whole = low < 20000;
    for (int k = 0; k < WSQ_USED; k++)
        if (whole || k >= 4) ret[k] = variance(w, &w->tree.band[k], !whole);
}

/* How coarse one subband is beside another, before the rate is known. */
static double relative_width(int k, double var)
{
    static const double weight[8] = {1.32, 1.08, 1.42, 1.08, 1.32, 1.42, 1.08, 1.08}; /* subbands 52 to 59 */
    if (var < 1.01) return 0;
    return k < 4 ? 1 : 10 / ((k >= 52 ? weight[k - 52] : 1) * log(var));
}

/* One number for all that brings the rate out, reckoned over the subbands that will hold anything (specification, part 3: those
 * with a width of five standard deviations and more leave the reckoning, until none does; they keep that width). */
static double common_width(const double relative[WSQ_USED], const double var[WSQ_USED], double rate)
{
    bool in[WSQ_USED];
    for (int k = 0; k < WSQ_USED; k++) in[k] = relative[k] > 0;
    for (;;) {
        double share = 0, product = 0, q;
        bool left = false;
        for (int k = 0; k < WSQ_USED; k++) {
            double m = k < 4 ? 1.0 / 1024 : k < 51 ? 1.0 / 256 : 1.0 / 16;
            if (!in[k]) continue;
            share += m;
            product += m * log(sqrt(var[k]) / relative[k]);
        }
        if (share <= 0) return 1;
        q = exp2(rate / share - 1) / 2.5 / exp(product / share);
        for (int k = 0; k < WSQ_USED; k++)
            if (in[k] && relative[k] / q >= 5 * sqrt(var[k])) in[k] = false, left = true;
        if (!left) return q;
    }
}

/* A bin is not narrower than lets every index have 16 bits, whatever the rate. */
static void choose_widths(writing *w)
{
    double var[WSQ_USED], relative[WSQ_USED], largest = 0;
    for (size_t i = 0; i < (size_t)w->image->width * w->image->height; i++) largest = fmax(largest, fabs((double)w->plane[i]));
    variances(w, var);
    for (int k = 0; k < WSQ_USED; k++) relative[k] = relative_width(k, var[k]);
    double q = common_width(relative, var, w->rate);
    for (int k = 0; k < WSQ_USED; k++) {
        if (relative[k] == 0) continue;
        w->q[k] = (float)fmin(fmax(relative[k] / q, largest / 32000), 54000); /* 16 bits hold 1.2 times it */
        w->z[k] = 1.2f * w->q[k];
    }
}

/* ---- indexes ---- */

static int16_t quantised(float v, float q, float half_zero)
{
    float i = v > half_zero ? (v - half_zero) / q + 1 : v < -half_zero ? (v + half_zero) / q - 1 : 0;
    return (int16_t)(i > 32767 ? 32767 : i < -32767 ? -32767 : i);
}

static ent_code quantise(writing *w, ent_err *err)
{
    int16_t *out = w->index = calloc((size_t)w->image->width * w->image->height, sizeof *w->index);
    if (!out) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a WSQ image");
    for (int block = 0; block < BLOCKS; block++) {
        w->first[block] = (size_t)(out - w->index);
        for (int k = block_band[block]; k < block_band[block + 1]; k++) {
            const wsq_region *b = &w->tree.band[k];
            for (uint32_t y = 0; w->q[k] > 0 && y < b->height; y++) {
                const float *p = w->plane + (size_t)(b->y + y) * w->image->width + b->x;
                for (uint32_t x = 0; x < b->width; x++) *out++ = quantised(p[x], w->q[k], w->z[k] / 2);
            }
        }
    }
    w->first[BLOCKS] = (size_t)(out - w->index);
    return ENT_OK;
}

/* One symbol with the bits that follow it: the inverse of what wsq_decode.c reads. */
typedef struct item {
    int symbol, bits;
    unsigned extra;
} item;

static const int16_t *next_item(const int16_t *p, const int16_t *end, item *ret)
{
    int v = *p++;
    if (v == 0) {
        int run = 1;
        while (p < end && *p == 0 && run < 65535) p++, run++;
        *ret = run <= 100 ? (item){run, 0, 0} : run < 256 ? (item){105, 8, (unsigned)run} : (item){106, 16, (unsigned)run};
    } else if (v > 74 || v < -73) {
        unsigned size = (unsigned)abs(v);
        *ret = size < 256 ? (item){v > 0 ? 101 : 102, 8, size} : (item){v > 0 ? 103 : 104, 16, size};
    } else {
        *ret = (item){v + 180, 0, 0};
    }
    return p;
}

/* ---- Huffman tables (ITU-T T.81, annex K.2) ---- */

typedef struct table {
    uint32_t often[SYMBOLS + 1];
    uint8_t length[SYMBOLS + 1], count[LONGEST + 1], symbol[SYMBOLS];
    uint16_t code[SYMBOLS];
    int symbols;
} table;

static void count_items(const writing *w, int block, table *t)
{
    const int16_t *p = w->index + w->first[block], *end = w->index + w->first[block + 1];
    for (item i; p < end;) {
        p = next_item(p, end, &i);
        t->often[i.symbol]++;
    }
}

static int rarest(const uint32_t *often, int other_than)
{
    int at = -1;
    for (int i = 0; i <= SYMBOLS; i++)
        if (often[i] && i != other_than && (at < 0 || often[i] <= often[at])) at = i;
    return at;
}

/* The lengths before the limit. One symbol more than there are takes the code of ones only, which is never used. */
static void code_lengths(table *t, int ret[SYMBOLS + 1])
{
    int next[SYMBOLS + 1];
    memset(next, -1, sizeof next);
    memset(ret, 0, (SYMBOLS + 1) * sizeof *ret);
    t->often[SYMBOLS] = 1;
    for (;;) {
        int a = rarest(t->often, -1), b = rarest(t->often, a);
        if (b < 0) return;
        t->often[a] += t->often[b];
        t->often[b] = 0;
        for (ret[a]++; next[a] >= 0; ret[a]++) a = next[a];
        next[a] = b;
        for (ret[b]++; next[b] >= 0; ret[b]++) b = next[b];
    }
}

/* No code longer than 16 bits (figure K.3), then without the reserved one. */
static void limit_lengths(int count[SYMBOLS + 1], uint8_t ret[LONGEST + 1])
{
    for (int i = SYMBOLS; i > LONGEST; i--)
        while (count[i] > 0) {
            int j = i - 2;
            while (count[j] == 0) j--;
            count[i] -= 2;
            count[i - 1]++;
            count[j + 1] += 2;
            count[j]--;
        }
    int last = LONGEST;
    while (last > 0 && count[last] == 0) last--;
    count[last]--;
    for (int i = 1; i <= LONGEST; i++) ret[i] = (uint8_t)count[i];
}

static void make_table(table *t)
{
    int length[SYMBOLS + 1], count[SYMBOLS + 1] = {0}, code = 0, k = 0;
    if (rarest(t->often, -1) < 0) t->often[1] = 1; /* an empty block has a table all the same */
    code_lengths(t, length);
    for (int i = 0; i <= SYMBOLS; i++)
        if (length[i]) count[length[i]]++;
    for (int n = 1; n <= SYMBOLS; n++)
        for (int i = 0; i < SYMBOLS; i++)
            if (length[i] == n) t->symbol[t->symbols++] = (uint8_t)i;
    limit_lengths(count, t->count);
    for (int n = 1; n <= LONGEST; n++, code <<= 1)
        for (int i = 0; i < t->count[n]; i++, k++) {
            t->code[t->symbol[k]] = (uint16_t)code++;
            t->length[t->symbol[k]] = (uint8_t)n;
        }
}

/* ---- the file ---- */

typedef struct bits {
    ent_buf *out;
    uint64_t value;
    int have;
} bits;

static void put_bits(bits *b, unsigned v, int n)
{
    uint8_t bytes[16];
    size_t used = 0;
    b->value = b->value << n | v;
    for (b->have += n; b->have >= 8; b->have -= 8) {
        uint8_t byte = (uint8_t)(b->value >> (b->have - 8));
        bytes[used++] = byte;
        if (byte == 0xff) bytes[used++] = 0;
    }
    if (used) ent_buf_put(b->out, bytes, used);
}

static void put_block(const writing *w, int block, const table *t, ent_buf *out)
{
    bits b = {.out = out};
    const int16_t *p = w->index + w->first[block], *end = w->index + w->first[block + 1];
    ent_buf_u16(out, WSQ_SOB);
    ent_buf_u16(out, 3);
    ent_buf_u8(out, block > 0);
    for (item i; p < end;) {
        p = next_item(p, end, &i);
        put_bits(&b, t->code[i.symbol], t->length[i.symbol]);
        put_bits(&b, i.extra, i.bits);
    }
    if (b.have) put_bits(&b, (1u << (8 - b.have)) - 1, 8 - b.have); /* ones to the end of the byte */
}

static void put_table(const table *t, int id, ent_buf *out)
{
    ent_buf_u16(out, WSQ_DHT);
    ent_buf_u16(out, (uint16_t)(2 + 1 + LONGEST + t->symbols));
    ent_buf_u8(out, (uint8_t)id);
    ent_buf_put(out, t->count + 1, LONGEST);
    ent_buf_put(out, t->symbol, (size_t)t->symbols);
}

/* A power of ten and 16 bits with as many digits as fit. */
static void put_scaled(double v, ent_buf *out)
{
    int scale = 0;
    while (v > 0 && scale < 30 && v * 10 < 65535) v *= 10, scale++;
    ent_buf_u8(out, (uint8_t)scale);
    ent_buf_u16(out, (uint16_t)(v + 0.5));
}

static void put_filters(ent_buf *out)
{
    ent_buf_u16(out, WSQ_DTT);
    ent_buf_u16(out, 2 + 2 + 9 * 6);
    ent_buf_u8(out, (uint8_t)(2 * filters.low_half + 1));
    ent_buf_u8(out, (uint8_t)(2 * filters.high_half + 1));
    for (size_t i = 0; i < sizeof taps / sizeof taps[0]; i++) {
        ent_buf_u8(out, taps[i].negative);
        ent_buf_u8(out, taps[i].scale);
        ent_buf_u32(out, taps[i].digits);
    }
}

static void put_widths(const writing *w, ent_buf *out)
{
    ent_buf_u16(out, WSQ_DQT);
    ent_buf_u16(out, 2 + 3 + WSQ_BANDS * 6);
    put_scaled(0.44, out); /* where in its bin a value is put back */
    for (int k = 0; k < WSQ_BANDS; k++) {
        put_scaled((double)w->q[k], out);
        put_scaled((double)w->z[k], out);
    }
}

static void put_frame(const writing *w, ent_buf *out)
{
    ent_buf_u16(out, WSQ_SOF);
    ent_buf_u16(out, 17);
    ent_buf_u8(out, 0);   /* black */
    ent_buf_u8(out, 255); /* white */
    ent_buf_u16(out, (uint16_t)w->image->height);
    ent_buf_u16(out, (uint16_t)w->image->width);
    put_scaled((double)w->shift, out);
    put_scaled((double)w->scale, out);
    ent_buf_u8(out, 2);  /* encoder number two */
    ent_buf_u16(out, 0); /* software: none registered */
}

static void put_comment(const void *text, size_t n, ent_buf *out)
{
    if (n > 65533) n = 65533;
    ent_buf_u16(out, WSQ_COM);
    ent_buf_u16(out, (uint16_t)(n + 2));
    ent_buf_put(out, text, n);
}

static bool is_nistcom(const char *text, size_t n) { return n >= 8 && memcmp(text, "NIST_COM", 8) == 0; }

/* Lines of an earlier NISTCOM that say something else than what is written anew. */
static void keep_lines(const char *text, size_t n, ent_buf *out, int *lines)
{
    static const char *const ours[] = {"NIST_COM", "PIX_WIDTH", "PIX_HEIGHT", "PIX_DEPTH", "PPI", "LOSSY", "COLORSPACE", "COMPRESSION", "WSQ_BITRATE"};
    for (const char *end = text + n; text < end;) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text), word = 0;
        bool known = len == 0;
        while (word < len && text[word] != ' ') word++;
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) known |= strlen(ours[i]) == word && memcmp(ours[i], text, word) == 0;
        if (!known) {
            ent_buf_u8(out, '\n');
            ent_buf_put(out, text, len);
            ++*lines;
        }
        text += len + 1;
    }
}

/* The NISTCOM block first, then every comment that the image carries. */
static void put_comments(const writing *w, ent_buf *out)
{
    ENT_AUTO_BUF kept = ENT_BUF(60000), block = ENT_BUF(65533);
    const char *text;
    size_t n;
    int lines = 9;
    for (size_t at = 0; ent_image_comment(w->image, &at, &text, &n);)
        if (is_nistcom(text, n)) keep_lines(text, n, &kept, &lines);
    ent_buf_fmt(&block, "NIST_COM %d\nPIX_WIDTH %u\nPIX_HEIGHT %u\nPIX_DEPTH 8\nPPI %d\nLOSSY 1\nCOLORSPACE GRAY\nCOMPRESSION WSQ\nWSQ_BITRATE %.6f",
                lines, w->image->width, w->image->height, w->image->ppi ? (int)w->image->ppi : -1, w->rate);
    if (kept.failed == ENT_OK && kept.len) ent_buf_put(&block, kept.data, kept.len);
    put_comment(block.data, block.len, out);
    for (size_t at = 0; ent_image_comment(w->image, &at, &text, &n);)
        if (!is_nistcom(text, n)) put_comment(text, n, out);
}

static ent_code put_all(const writing *w, ent_buf *out, ent_err *err)
{
    table *t = calloc(TABLES, sizeof *t);
    if (!t) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a WSQ image");
    for (int block = 0; block < BLOCKS; block++) count_items(w, block, &t[block > 0]);
    for (int i = 0; i < TABLES; i++) make_table(&t[i]);
    ent_buf_u16(out, WSQ_SOI);
    put_comments(w, out);
    put_filters(out);
    put_widths(w, out);
    put_frame(w, out);
    for (int block = 0; block < BLOCKS; block++) {
        if (block < TABLES) put_table(&t[block], block, out);
        put_block(w, block, &t[block > 0], out);
    }
    ent_buf_u16(out, WSQ_EOI);
    free(t);
    return ent_buf_check(out, err);
}

ent_code ent_wsq_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    writing w = {.image = image, .rate = rate > 0 ? rate : 0.75};
    if (image->channels != 1) return ent_fail(err, ENT_UNSUPPORTED, "WSQ holds grey images only");
    if (image->width < WSQ_LEAST || image->height < WSQ_LEAST)
        return ent_fail(err, ENT_UNSUPPORTED, "WSQ: an image of %u x %u; at least %d a side", image->width, image->height, WSQ_LEAST);
    if (!(w.rate >= 0.05 && w.rate <= 8)) return ent_fail(err, ENT_USAGE, "WSQ: a rate of %g bits a pixel; from 0.05 to 8", rate);
    ent_code code = transform(&w, err);
    if (code == ENT_OK) choose_widths(&w);
    if (code == ENT_OK) code = quantise(&w, err);
    if (code == ENT_OK) code = put_all(&w, ret_bytes, err);
    free(w.plane);
    free(w.index);
    return code;
}
