/* PNG: a stroke covers a pixel by how near its middle is; colours are mixed accordingly. SVG: the same strokes as elements. A glyph is a raster of 5 x 7 whose
 * neighbouring points are joined by strokes with round ends. */
#include "cli/sheet.h"

#include "base/check.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { GLYPH_W = 5, GLYPH_H = 7, ADVANCE = 6, SVG_MAX = 128 << 20 };

/* ASCII from the space to the tilde: seven rows from the top, the leftmost point the highest of five bits; those that hang below the
 * line (g, p, q, y, comma, semicolon) begin two points lower. */
static const uint8_t glyphs[95][GLYPH_H] = {
    {0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0}, {0x4, 0x4, 0x4, 0x4, 0x4, 0x0, 0x4}, {0xa, 0xa, 0x0, 0x0, 0x0, 0x0, 0x0},
    {0xa, 0xa, 0x1f, 0xa, 0x1f, 0xa, 0xa}, {0x4, 0xf, 0x14, 0xe, 0x5, 0x1e, 0x4}, {0x18, 0x19, 0x2, 0x4, 0x8, 0x13, 0x3},
    {0x8, 0x14, 0x14, 0x8, 0x15, 0x12, 0xd}, {0x4, 0x4, 0x0, 0x0, 0x0, 0x0, 0x0}, {0x2, 0x4, 0x8, 0x8, 0x8, 0x4, 0x2},
    {0x8, 0x4, 0x2, 0x2, 0x2, 0x4, 0x8}, {0x0, 0x4, 0x15, 0xe, 0x15, 0x4, 0x0}, {0x0, 0x4, 0x4, 0x1f, 0x4, 0x4, 0x0},
    {0x0, 0x0, 0x0, 0x0, 0x4, 0x4, 0x8}, {0x0, 0x0, 0x0, 0xe, 0x0, 0x0, 0x0}, {0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x4},
    {0x1, 0x1, 0x2, 0x4, 0x8, 0x10, 0x10}, {0xe, 0x11, 0x11, 0x11, 0x11, 0x11, 0xe}, {0x4, 0xc, 0x4, 0x4, 0x4, 0x4, 0xe},
    {0xe, 0x11, 0x1, 0x2, 0x4, 0x8, 0x1f}, {0xe, 0x11, 0x1, 0x6, 0x1, 0x11, 0xe}, {0x2, 0x6, 0xa, 0x12, 0x1f, 0x2, 0x2},
    {0x1f, 0x10, 0x1e, 0x1, 0x1, 0x11, 0xe}, {0x6, 0x8, 0x10, 0x1e, 0x11, 0x11, 0xe}, {0x1f, 0x1, 0x2, 0x4, 0x4, 0x8, 0x8},
    {0xe, 0x11, 0x11, 0xe, 0x11, 0x11, 0xe}, {0xe, 0x11, 0x11, 0xf, 0x1, 0x2, 0xc}, {0x0, 0x0, 0x4, 0x0, 0x0, 0x4, 0x0},
    {0x4, 0x0, 0x0, 0x0, 0x4, 0x4, 0x8}, {0x1, 0x2, 0x4, 0x8, 0x4, 0x2, 0x1}, {0x0, 0x0, 0x1f, 0x0, 0x1f, 0x0, 0x0},
    {0x10, 0x8, 0x4, 0x2, 0x4, 0x8, 0x10}, {0xe, 0x11, 0x1, 0x2, 0x4, 0x0, 0x4}, {0xe, 0x11, 0x17, 0x15, 0x17, 0x10, 0xe},
    {0x4, 0xa, 0x11, 0x11, 0x1f, 0x11, 0x11}, {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}, {0xe, 0x11, 0x10, 0x10, 0x10, 0x11, 0xe},
    {0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e}, {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f}, {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10},
    {0xe, 0x11, 0x10, 0x13, 0x11, 0x11, 0xf}, {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}, {0xe, 0x4, 0x4, 0x4, 0x4, 0x4, 0xe},
    {0x3, 0x1, 0x1, 0x1, 0x1, 0x11, 0xe}, {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11}, {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f},
    {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}, {0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11}, {0xe, 0x11, 0x11, 0x11, 0x11, 0x11, 0xe},
    {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}, {0xe, 0x11, 0x11, 0x11, 0x15, 0x12, 0xd}, {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11},
    {0xe, 0x11, 0x10, 0xe, 0x1, 0x11, 0xe}, {0x1f, 0x4, 0x4, 0x4, 0x4, 0x4, 0x4}, {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0xe},
    {0x11, 0x11, 0x11, 0x11, 0x11, 0xa, 0x4}, {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11}, {0x11, 0x11, 0xa, 0x4, 0xa, 0x11, 0x11},
    {0x11, 0x11, 0xa, 0x4, 0x4, 0x4, 0x4}, {0x1f, 0x1, 0x2, 0x4, 0x8, 0x10, 0x1f}, {0xe, 0x8, 0x8, 0x8, 0x8, 0x8, 0xe},
    {0x10, 0x10, 0x8, 0x4, 0x2, 0x1, 0x1}, {0xe, 0x2, 0x2, 0x2, 0x2, 0x2, 0xe}, {0x4, 0xa, 0x11, 0x0, 0x0, 0x0, 0x0},
    {0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x1f}, {0x8, 0x4, 0x0, 0x0, 0x0, 0x0, 0x0}, {0x0, 0x0, 0xe, 0x1, 0xf, 0x11, 0xf},
    {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x1e}, {0x0, 0x0, 0xe, 0x10, 0x10, 0x10, 0xe}, {0x1, 0x1, 0xf, 0x11, 0x11, 0x11, 0xf},
    {0x0, 0x0, 0xe, 0x11, 0x1f, 0x10, 0xe}, {0x3, 0x4, 0xe, 0x4, 0x4, 0x4, 0x4}, {0xf, 0x11, 0x11, 0x11, 0xf, 0x1, 0xe},
    {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x11}, {0x4, 0x0, 0x4, 0x4, 0x4, 0x4, 0x4}, {0x2, 0x0, 0x2, 0x2, 0x2, 0x12, 0xc},
    {0x8, 0x8, 0x9, 0xa, 0xc, 0xa, 0x9}, {0x4, 0x4, 0x4, 0x4, 0x4, 0x4, 0x2}, {0x0, 0x0, 0x1a, 0x15, 0x15, 0x15, 0x15},
    {0x0, 0x0, 0x1e, 0x11, 0x11, 0x11, 0x11}, {0x0, 0x0, 0xe, 0x11, 0x11, 0x11, 0xe}, {0x1e, 0x11, 0x11, 0x11, 0x1e, 0x10, 0x10},
    {0xf, 0x11, 0x11, 0x11, 0xf, 0x1, 0x1}, {0x0, 0x0, 0xb, 0xc, 0x8, 0x8, 0x8}, {0x0, 0x0, 0xf, 0x10, 0xe, 0x1, 0x1e},
    {0x4, 0x4, 0xe, 0x4, 0x4, 0x4, 0x2}, {0x0, 0x0, 0x11, 0x11, 0x11, 0x11, 0xf}, {0x0, 0x0, 0x11, 0x11, 0x11, 0xa, 0x4},
    {0x0, 0x0, 0x11, 0x11, 0x15, 0x15, 0xa}, {0x0, 0x0, 0x11, 0xa, 0x4, 0xa, 0x11}, {0x11, 0x11, 0x11, 0x11, 0xf, 0x1, 0xe},
    {0x0, 0x0, 0x1f, 0x2, 0x4, 0x8, 0x1f}, {0x2, 0x4, 0x4, 0x8, 0x4, 0x4, 0x2}, {0x4, 0x4, 0x4, 0x4, 0x4, 0x4, 0x4},
    {0x8, 0x4, 0x4, 0x2, 0x4, 0x4, 0x8}, {0x0, 0x0, 0x8, 0x15, 0x2, 0x0, 0x0}
};

bool ent_sheet_names(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && (strcmp(path + n - 4, ".png") == 0 || strcmp(path + n - 4, ".svg") == 0);
}

ent_code ent_sheet_open(ent_sheet *ret, const char *out, const uint32_t size[2], ent_err *err)
{
    ent_sheet s = {.svg = ENT_BUF(SVG_MAX), .opacity = 1};
    if (!ent_sheet_names(out)) return ent_fail(err, ENT_USAGE, "%s: a drawing's name ends in .png or .svg", out);
    ENT_TRY(ent_image_new(size[0], size[1], 3, &s.picture, err));
    memset(s.picture.pixels, 255, (size_t)3 * size[0] * size[1]);
    s.is_svg = out[strlen(out) - 3] == 's';
    *ret = s;
    return ENT_OK;
}

void ent_sheet_free(ent_sheet *s)
{
    ent_image_free(&s->picture);
    ent_buf_free(&s->svg);
}

void ent_sheet_paste(ent_sheet *s, const ent_image *grey, const uint32_t at[4])
{
    for (uint32_t y = 0; y < at[3] && at[1] + y < s->picture.height; y++)
        for (uint32_t x = 0; x < at[2] && at[0] + x < s->picture.width; x++) {
            size_t sy = (size_t)y * grey->height / at[3], sx = (size_t)x * grey->width / at[2];
            memset(s->picture.pixels + 3 * ((size_t)(at[1] + y) * s->picture.width + at[0] + x), grey->pixels[sy * grey->width + sx], 3);
        }
}

ent_code ent_sheet_begin(ent_sheet *s, bool with_picture, ent_err *err)
{
    ENT_AUTO_BUF png = ENT_BUF(SVG_MAX / 2);
    unsigned w = s->picture.width, h = s->picture.height;
    if (!s->is_svg) return ENT_OK;
    ent_buf_fmt(&s->svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n", w, h, w, h);
    if (with_picture) {
        ENT_TRY(ent_image_encode(&s->picture, ENT_IMAGE_PNG, 0, &png, err));
        ent_buf_fmt(&s->svg, "<image width=\"%u\" height=\"%u\" href=\"data:image/png;base64,", w, h);
        ent_buf_base64(&s->svg, png.data, png.len);
        ent_buf_str(&s->svg, "\"/>\n");
    } else
        ent_buf_fmt(&s->svg, "<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n", w, h);
    return ent_buf_check(&s->svg, err);
}

/* ---- pixels ---- */

static void mix(ent_sheet *s, int x, int y, uint32_t rgb, double share)
{
    if (x < 0 || y < 0 || (uint32_t)x >= s->picture.width || (uint32_t)y >= s->picture.height || share <= 0) return;
    uint8_t *p = s->picture.pixels + 3 * ((size_t)y * s->picture.width + (size_t)x);
    share = (share > 1 ? 1 : share) * s->opacity;
    for (int k = 0; k < 3; k++) p[k] = (uint8_t)(p[k] + share * ((double)(rgb >> (16 - 8 * k) & 255) - p[k]) + 0.5);
}

/* Every pixel by its distance from the stroke, whose ends are round. */
static void stroke_pixels(ent_sheet *s, const double a[2], const double b[2], ent_stroke stroke)
{
    double half = stroke.width / 2, dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
    const double side[2] = {s->picture.width, s->picture.height};
    int from[2], to[2];
    for (int k = 0; k < 2; k++) {
        double low = fmin(a[k], b[k]) - half - 1, high = fmax(a[k], b[k]) + half + 1;
        from[k] = (int)fmax(0, fmin(side[k], low)), to[k] = (int)fmax(-1, fmin(side[k] - 1, high));
    }
    for (int y = from[1]; y <= to[1]; y++)
        for (int x = from[0]; x <= to[0]; x++) {
            double px = x + 0.5 - a[0], py = y + 0.5 - a[1], t = length > 0 ? (px * dx + py * dy) / length : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            mix(s, x, y, stroke.rgb, half + 0.5 - hypot(px - t * dx, py - t * dy));
        }
}

/* ---- strokes ---- */

void ent_sheet_line(ent_sheet *s, const double from[2], const double to[2], ent_stroke stroke)
{
    const double points[4] = {from[0], from[1], to[0], to[1]};
    ent_sheet_path(s, points, 2, false, stroke);
}

static void put_style(ent_sheet *s, ent_stroke stroke)
{
    ent_buf_fmt(&s->svg, "stroke=\"#%06x\" stroke-width=\"%.2f\"", (unsigned)stroke.rgb, stroke.width);
    if (s->opacity < 1) ent_buf_fmt(&s->svg, " opacity=\"%.2f\"", s->opacity);
    ent_buf_str(&s->svg, "/>\n");
}

void ent_sheet_path(ent_sheet *s, const double *points, size_t count, bool closed, ent_stroke stroke)
{
    if (s->is_svg) {
        ent_buf_str(&s->svg, "<path d=\"");
        for (size_t i = 0; i < count; i++) ent_buf_fmt(&s->svg, "%c%.1f %.1f", i ? 'L' : 'M', points[2 * i], points[2 * i + 1]);
        ent_buf_str(&s->svg, closed ? "Z\" " : "\" ");
        put_style(s, stroke);
        return;
    }
    for (size_t i = 0; i + 1 < count; i++) stroke_pixels(s, points + 2 * i, points + 2 * i + 2, stroke);
    if (closed && count > 2) stroke_pixels(s, points + 2 * count - 2, points, stroke);
}

void ent_sheet_circle(ent_sheet *s, const double at[2], double radius, ent_stroke stroke)
{
    if (s->is_svg) {
        ent_buf_fmt(&s->svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" ", at[0], at[1], radius);
        put_style(s, stroke);
        return;
    }
    double reach = radius + stroke.width / 2 + 1;
    for (int y = (int)(at[1] - reach); y <= (int)(at[1] + reach); y++)
        for (int x = (int)(at[0] - reach); x <= (int)(at[0] + reach); x++)
            mix(s, x, y, stroke.rgb, stroke.width / 2 + 0.5 - fabs(hypot(x + 0.5 - at[0], y + 0.5 - at[1]) - radius));
}

void ent_sheet_fill(ent_sheet *s, const double box[4], uint32_t rgb)
{
    if (s->is_svg) {
        ent_buf_fmt(&s->svg, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#%06x\"", box[0], box[1], box[2], box[3], (unsigned)rgb);
        if (s->opacity < 1) ent_buf_fmt(&s->svg, " opacity=\"%.2f\"", s->opacity);
        ent_buf_str(&s->svg, "/>\n");
        return;
    }
    for (int y = (int)floor(box[1]); y < box[1] + box[3]; y++)
        for (int x = (int)floor(box[0]); x < box[0] + box[2]; x++) {
            double w = fmin(x + 1, box[0] + box[2]) - fmax(x, box[0]), h = fmin(y + 1, box[1] + box[3]) - fmax(y, box[1]);
            mix(s, x, y, rgb, w * h);
        }
}

/* ---- text ---- */

typedef struct pen {
    ent_sheet *s;
    double x, y, unit; /* of the glyph's top left point; distance of two points */
    bool turned;
    ent_stroke stroke;
} pen;

static void place(const pen *p, double column, double row, double ret[2])
{
    double right = column * p->unit, down = row * p->unit;
    ret[0] = p->turned ? p->x + down : p->x + right, ret[1] = p->turned ? p->y - right : p->y + down;
}

static void join(const pen *p, const int from[2], const int to[2])
{
    double a[2], b[2];
    place(p, from[0], from[1], a), place(p, to[0], to[1], b);
    ent_sheet_line(p->s, a, b, p->stroke);
}

static bool set(const uint8_t *glyph, int x, int y) { return x >= 0 && y >= 0 && x < GLYPH_W && y < GLYPH_H && glyph[y] >> (GLYPH_W - 1 - x) & 1; }

/* Points are joined to their neighbours; across a corner only when no point lies in it. */
static void draw_glyph(const pen *p, const uint8_t *g)
{
    for (int y = 0; y < GLYPH_H; y++)
        for (int x = 0; x < GLYPH_W; x++) {
            static const int to[4][2] = {{1, 0}, {0, 1}, {1, 1}, {-1, 1}};
            bool alone = true;
            if (!set(g, x, y)) continue;
            for (int k = 0; k < 4; k++) {
                int u = x + to[k][0], v = y + to[k][1];
                if (set(g, 2 * x - u, 2 * y - v)) alone = false;
                if (!set(g, u, v)) continue;
                alone = false;
                if (k < 2 || (!set(g, u, y) && !set(g, x, v))) join(p, (const int[2]){x, y}, (const int[2]){u, v});
            }
            if (alone) join(p, (const int[2]){x, y}, (const int[2]){x, y});
        }
}

double ent_sheet_text_width(const char *text, double size) { return (double)strlen(text) * ADVANCE * size / GLYPH_H; }

void ent_sheet_text(ent_sheet *s, const double at[2], const char *text, ent_lettering how)
{
    pen p = {.s = s, .x = at[0], .y = at[1], .unit = how.size / GLYPH_H, .turned = how.turned, .stroke = {how.rgb, how.size * (how.bold ? 0.19 : 0.13)}};
    double back = ent_sheet_text_width(text, how.size) * (how.align + 1) / 2;
    *(how.turned ? &p.x : &p.y) -= how.size - p.unit / 2;
    if (how.turned) p.y += back;
    else p.x -= back;
    if (s->is_svg) ent_buf_fmt(&s->svg, "<g>");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        pen low = p;
        if (strchr("gpqy,;", c)) *(how.turned ? &low.x : &low.y) += 2 * p.unit;
        draw_glyph(&low, glyphs[c < 0x20 || c > 0x7e ? '?' - 0x20 : c - 0x20]);
        *(how.turned ? &p.y : &p.x) += (how.turned ? -1 : 1) * ADVANCE * p.unit;
    }
    if (s->is_svg) ent_buf_str(&s->svg, "</g>\n");
}

ent_code ent_sheet_finish(ent_sheet *s, ent_buf *ret, ent_err *err)
{
    if (!s->is_svg) {
        ENT_TRY(ent_image_encode(&s->picture, ENT_IMAGE_PNG, 0, ret, err));
        return ent_buf_check(ret, err);
    }
    ent_buf_str(&s->svg, "</svg>\n");
    ENT_TRY(ent_buf_check(&s->svg, err));
    ent_buf_put(ret, s->svg.data, s->svg.len);
    return ent_buf_check(ret, err);
}
