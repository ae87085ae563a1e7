/* Type-9: minutiae, cores and deltas out of the blocks that the standard itself defines (8.9). */
#include "entente/itl.h"

#include "base/check.h"

#include <string.h>

/* What is being gathered; past cap only counted. */
typedef struct gathering {
    const ent_itl_record *r;
    ent_itl_minutia *out;
    size_t cap, count;
    double x_unit, y_unit; /* of the block's coordinates, in 10 micrometres */
    ent_err *err;
} gathering;

static bool read_number(const uint8_t *t, size_t n, uint32_t *ret)
{
    uint32_t v = 0;
    if (n == 0 || n > 7) return false;
    for (size_t i = 0; i < n; i++) {
        if (t[i] < '0' || t[i] > '9') return false;
        v = v * 10 + (uint32_t)(t[i] - '0');
    }
    *ret = v;
    return true;
}

static ent_code wrong(const gathering *g, uint32_t field, const uint8_t *at)
{
    return ent_fail(g->err, ENT_FORMAT, "the Type-9 record at byte %zu: a number in 9.%03u (byte %zu) cannot be read", g->r->offset, field, g->r->offset + (size_t)(at - g->r->bytes));
}

static uint32_t number_of(const ent_itl_record *r, uint32_t field, size_t item)
{
    const ent_itl_field *f = ent_itl_field_of(r, field);
    const uint8_t *text;
    size_t n;
    uint32_t v;
    return f && ent_itl_item(f, 0, item, &text, &n) && read_number(text, n, &v) ? v : 0;
}

static void put(gathering *g, ent_itl_minutia m)
{
    if (g->count < g->cap) g->out[g->count] = m;
    g->count++;
}

/* Calls take for each subfield of a field; 0 of them when it is not there. */
static ent_code each(gathering *g, uint32_t field, ent_code (*take)(gathering *g, uint32_t field, const ent_itl_field *subfield, char kind), char kind, size_t *ret_count)
{
    const ent_itl_field *f = ent_itl_field_of(g->r, field);
    *ret_count = 0;
    if (!f || !f->len) return ENT_OK;
    const uint8_t *at = f->value, *end = f->value + f->len;
    for (;;) {
        const uint8_t *stop = memchr(at, ENT_ITL_RS, (size_t)(end - at));
        const ent_itl_field one = {field, at, (size_t)((stop ? stop : end) - at)};
        ENT_TRY(take(g, field, &one, kind));
        ++*ret_count;
        if (!stop) return ENT_OK;
        at = stop + 1;
    }
}

static ent_code item(const gathering *g, uint32_t field, const ent_itl_field *f, size_t k, uint32_t *ret)
{
    const uint8_t *text = f->value;
    size_t n;
    return ent_itl_item(f, 0, k, &text, &n) && read_number(text, n, ret) ? ENT_OK : wrong(g, field, text);
}

/* An item that may be absent, empty or negative: 0 then. */
static uint32_t maybe(const ent_itl_field *f, size_t k)
{
    const uint8_t *text;
    size_t n;
    uint32_t v;
    if (!ent_itl_item(f, 0, k, &text, &n) || n == 0) return 0;
    bool minus = text[0] == '-';
    return read_number(text + minus, n - minus, &v) && v <= 360 ? (minus ? 360 - v : v) % 360 : 0;
}

static uint32_t scaled(uint32_t v, double unit) { return (uint32_t)(v * unit + 0.5); }

/* 9.137 FMD: number, x, y, angle in 2 degrees, type 0 other 1 ending 2 bifurcation, quality (8.9.4.12). */
static ent_code m1_minutia(gathering *g, uint32_t field, const ent_itl_field *f, char kind)
{
    uint32_t x, y, angle, type, quality;
    (void)kind;
    ENT_TRY(item(g, field, f, 1, &x));
    ENT_TRY(item(g, field, f, 2, &y));
    ENT_TRY(item(g, field, f, 3, &angle));
    ENT_TRY(item(g, field, f, 4, &type));
    ENT_TRY(item(g, field, f, 5, &quality));
    put(g, (ent_itl_minutia){.x = scaled(x, g->x_unit), .y = scaled(y, g->y_unit), .angle = (uint16_t)(angle * 2 % 360), .kind = type == 1 ? 'E' : type == 2 ? 'B' : 'X',
                             .quality = quality <= 100 ? (uint8_t)quality : 255});
    return ENT_OK;
}

/* 9.139 CIN, 9.140 DIN: x, y, angle in 2 degrees; 9.320 COR, 9.321 DEL: x, y, direction in degrees. */
static ent_code singular(gathering *g, uint32_t field, const ent_itl_field *f, char kind)
{
    uint32_t x, y;
    ENT_TRY(item(g, field, f, 0, &x));
    ENT_TRY(item(g, field, f, 1, &y));
    uint32_t angle = maybe(f, 2) * (field < 300 ? 2 : 1);
    put(g, (ent_itl_minutia){.x = scaled(x, g->x_unit), .y = scaled(y, g->y_unit), .angle = (uint16_t)(angle % 360), .kind = kind, .quality = 255});
    return ENT_OK;
}

/* 9.331 MIN: x, y, direction in degrees, type E, B or X (8.9.7.4.1). */
static ent_code efs_minutia(gathering *g, uint32_t field, const ent_itl_field *f, char kind)
{
    uint32_t x, y;
    const uint8_t *text;
    size_t n;
    (void)kind;
    ENT_TRY(item(g, field, f, 0, &x));
    ENT_TRY(item(g, field, f, 1, &y));
    bool said = ent_itl_item(f, 0, 3, &text, &n) && n == 1 && (*text == 'E' || *text == 'B');
    put(g, (ent_itl_minutia){.x = x, .y = y, .angle = (uint16_t)maybe(f, 2), .kind = said ? (char)*text : 'X', .quality = 255});
    return ENT_OK;
}

/* 9.012 MRC of 2007: index, XXXXYYYYTTT, quality 0 best to 63, type A ending, B bifurcation. */
static ent_code legacy_minutia(gathering *g, uint32_t field, const ent_itl_field *f, char kind)
{
    const uint8_t *text = f->value, *letter;
    size_t n, m;
    uint32_t x, y, angle, quality;
    (void)kind;
    if (!ent_itl_item(f, 0, 1, &text, &n) || n != 11 || !read_number(text, 4, &x) || !read_number(text + 4, 4, &y) || !read_number(text + 8, 3, &angle)) return wrong(g, field, text);
    bool said = ent_itl_item(f, 0, 3, &letter, &m) && m == 1;
    bool rated = ent_itl_item(f, 0, 2, &text, &n) && read_number(text, n, &quality) && quality >= 1 && quality <= 63;
    put(g, (ent_itl_minutia){.x = x, .y = y, .angle = (uint16_t)(angle % 360), .kind = said && *letter == 'A' ? 'E' : said && *letter == 'B' ? 'B' : 'X',
                             .quality = rated ? (uint8_t)(100 - (quality - 1) * 100 / 62) : 255});
    return ENT_OK;
}

/* 9.008 CRP, 9.009 DLT: XXXXYYYY */
static ent_code legacy_singular(gathering *g, uint32_t field, const ent_itl_field *f, char kind)
{
    uint32_t x, y;
    if (f->len != 8 || !read_number(f->value, 4, &x) || !read_number(f->value + 4, 4, &y)) return wrong(g, field, f->value);
    put(g, (ent_itl_minutia){.x = x, .y = y, .kind = kind, .quality = 255});
    return ENT_OK;
}

static uint8_t position_of(uint32_t v) { return v <= 86 ? (uint8_t)v : 0; }

/* 9.130 to 9.132: pixels an inch or a centimetre. */
static double unit_of(const ent_itl_record *r, uint32_t field)
{
    uint32_t scale = number_of(r, 130, 0), pixels = number_of(r, field, 0);
    if (!pixels) return 0;
    return scale == 2 ? 1000.0 / pixels : 2540.0 / pixels;
}

static ent_code m1(gathering *g, ent_itl_features *ret)
{
    g->x_unit = unit_of(g->r, 131);
    g->y_unit = unit_of(g->r, 132);
    if (g->x_unit <= 0 || g->y_unit <= 0) return ent_fail(g->err, ENT_FORMAT, "the Type-9 record at byte %zu: its pixel scale (9.130 to 9.132) is missing", g->r->offset);
    *ret = (ent_itl_features){.block = ENT_ITL_M1, .width = scaled(number_of(g->r, 128, 0), g->x_unit), .height = scaled(number_of(g->r, 129, 0), g->y_unit), .position = position_of(number_of(g->r, 134, 0))};
    ENT_TRY(each(g, 137, m1_minutia, 0, &ret->minutiae));
    ENT_TRY(each(g, 139, singular, 'C', &ret->cores));
    return each(g, 140, singular, 'D', &ret->deltas);
}

static ent_code efs(gathering *g, ent_itl_features *ret)
{
    g->x_unit = g->y_unit = 1;
    *ret = (ent_itl_features){.block = ENT_ITL_EFS, .width = number_of(g->r, 300, 0), .height = number_of(g->r, 300, 1), .position = position_of(number_of(g->r, 302, 0))};
    ENT_TRY(each(g, 331, efs_minutia, 0, &ret->minutiae));
    ENT_TRY(each(g, 320, singular, 'C', &ret->cores));
    return each(g, 321, singular, 'D', &ret->deltas);
}

static ent_code legacy(gathering *g, ent_itl_features *ret)
{
    *ret = (ent_itl_features){.block = ENT_ITL_LEGACY, .position = position_of(number_of(g->r, 6, 0))};
    ENT_TRY(each(g, 12, legacy_minutia, 0, &ret->minutiae));
    ENT_TRY(each(g, 8, legacy_singular, 'C', &ret->cores));
    return each(g, 9, legacy_singular, 'D', &ret->deltas);
}

ent_code ent_itl_features_of(const ent_itl_record *r, ent_itl_features *ret_features, ent_itl_minutia *ret_minutiae, size_t cap, ent_err *err)
{
    gathering g = {.r = r, .out = ret_minutiae, .cap = cap, .err = err};
    ent_itl_features f;
    ENT_PRE(r->type == 9);
    ent_code (*take)(gathering *, ent_itl_features *) = ent_itl_field_of(r, 300) ? efs : ent_itl_field_of(r, 137) ? m1 : ent_itl_field_of(r, 12) ? legacy : NULL;
    if (!take) return ent_fail(err, ENT_UNSUPPORTED, "the Type-9 record at byte %zu has only blocks of vendors", r->offset);
    ENT_TRY(take(&g, &f));
    *ret_features = f;
    return ENT_OK;
}
