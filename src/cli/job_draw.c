/* A print with what the engine sees in it: cells tinted by quality, ridge orientation, minutiae (circle: ending, square: bifurcation),
 * as PNG or SVG at 500 ppi. */
#include "cli/jobs.h"

#include "base/check.h"
#include "cli/sheet.h"
#include "entente/finger.h"

#include <math.h>
#include <string.h>

enum { CAPTION = 44, CAPTION_SIZE = 12, DOUBLED = 900 }; /* pixels; prints up to so large are drawn at twice their size */

#define ENDING 0xd02020
#define BIFURCATION 0x2040d0
#define RIDGE 0x208020

typedef struct drawing {
    ent_sheet sheet;
    double scale;
} drawing;

static void draw_minutiae(drawing *d, const ent_finger_template *t)
{
    size_t n;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    for (size_t i = 0; i < n; i++) {
        const double at[2] = {d->scale * m[i].x, d->scale * m[i].y}, a = 2 * M_PI * m[i].angle / 256, r = 4 * d->scale, l = 13 * d->scale;
        const double corners[8] = {at[0] - r, at[1] - r, at[0] + r, at[1] - r, at[0] + r, at[1] + r, at[0] - r, at[1] + r};
        bool ending = m[i].kind != ENT_FINGER_BIFURCATION;
        ent_stroke stroke = {ending ? ENDING : BIFURCATION, 1.1 * d->scale};
        if (ending) ent_sheet_circle(&d->sheet, at, r, stroke);
        else ent_sheet_path(&d->sheet, corners, 4, true, stroke);
        ent_sheet_line(&d->sheet, (const double[2]){at[0] + r * cos(a), at[1] - r * sin(a)}, (const double[2]){at[0] + l * cos(a), at[1] - l * sin(a)}, stroke);
    }
}

static void draw_orientation(drawing *d, const ent_finger_fields *f)
{
    d->sheet.opacity = 0.6;
    for (uint32_t y = 1; y < f->rows; y += 2)
        for (uint32_t x = 1; x < f->columns; x += 2) {
            size_t i = (size_t)y * f->columns + x;
            if (!f->quality[i]) continue;
            double a = M_PI * f->orientation[i] / 256, cx = d->scale * x * f->cell, cy = d->scale * y * f->cell, c = 5 * d->scale * cos(a), s = 5 * d->scale * sin(a);
            ent_sheet_line(&d->sheet, (const double[2]){cx - c, cy + s}, (const double[2]){cx + c, cy - s}, (ent_stroke){RIDGE, 0.8 * d->scale});
        }
    d->sheet.opacity = 1;
}

/* The print in grey, turned red where quality is low and green where it is high. */
static void tint(const ent_finger_fields *f, drawing *d)
{
    ent_image *picture = &d->sheet.picture;
    for (uint32_t y = 0; y < picture->height; y++)
        for (uint32_t x = 0; x < picture->width; x++) {
            uint32_t fx = (uint32_t)(x / d->scale), fy = (uint32_t)(y / d->scale);
            if (fx >= f->width || fy >= f->height) continue;
            uint8_t *p = picture->pixels + 3 * ((size_t)y * picture->width + x), v = p[0], q = f->quality[(size_t)(fy / f->cell) * f->columns + fx / f->cell];
            unsigned red = q ? 60 * (100U - q) / 100 : 0, green = q ? 60U * q / 100 : 0;
            p[0] = (uint8_t)(v - v * green / 255), p[1] = (uint8_t)(v - v * red / 255), p[2] = (uint8_t)(v - v * (red + green) / 255);
        }
}

/* What the colours and shapes say, below the print. */
static void caption(drawing *d, const ent_finger_template *t)
{
    char text[96];
    size_t n, endings = 0;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    for (size_t i = 0; i < n; i++) endings += m[i].kind != ENT_FINGER_BIFURCATION;
    double x = 10, y = d->sheet.picture.height - 16;
    const double square[8] = {0, -11, 10, -11, 10, -1, 0, -1};
    double corners[8];
    ent_sheet_circle(&d->sheet, (const double[2]){x + 6, y - 6}, 5, (ent_stroke){ENDING, 2});
    snprintf(text, sizeof text, "%zu endings", endings);
    ent_sheet_text(&d->sheet, (const double[2]){x + 18, y}, text, (ent_lettering){CAPTION_SIZE, -1, .rgb = 0x303030});
    x += 36 + ent_sheet_text_width(text, CAPTION_SIZE);
    for (int k = 0; k < 8; k++) corners[k] = square[k] + (k & 1 ? y : x);
    ent_sheet_path(&d->sheet, corners, 4, true, (ent_stroke){BIFURCATION, 2});
    snprintf(text, sizeof text, "%zu bifurcations", n - endings);
    ent_sheet_text(&d->sheet, (const double[2]){x + 18, y}, text, (ent_lettering){CAPTION_SIZE, -1, .rgb = 0x303030});
    x += 36 + ent_sheet_text_width(text, CAPTION_SIZE);
    snprintf(text, sizeof text, "quality %d", ent_finger_quality(t));
    ent_sheet_text(&d->sheet, (const double[2]){x, y}, text, (ent_lettering){CAPTION_SIZE, -1, .rgb = 0x303030});
}

static ent_code render(const ent_image *grey, const ent_finger_template *t, const ent_finger_fields *f, bool svg, ent_buf *out, ent_err *err)
{
    drawing d = {.scale = f->width <= DOUBLED && f->height <= DOUBLED ? 2 : 1};
    const uint32_t at[4] = {0, 0, (uint32_t)(d.scale * f->width), (uint32_t)(d.scale * f->height)};
    const uint32_t size[2] = {at[2] < 480 ? 480 : at[2], at[3] + CAPTION};
    ENT_TRY(ent_sheet_open(&d.sheet, svg ? "x.svg" : "x.png", size, err));
    d.sheet.picture.ppi = (uint32_t)(500 * d.scale);
    ent_sheet_paste(&d.sheet, grey, at);
    tint(f, &d);
    ent_code code = ent_sheet_begin(&d.sheet, true, err);
    if (code == ENT_OK) {
        draw_orientation(&d, f);
        draw_minutiae(&d, t);
        caption(&d, t);
        code = ent_sheet_finish(&d.sheet, out, err);
    }
    ent_sheet_free(&d.sheet);
    return code;
}

/* What the engine makes of the picture, and it drawn. */
static ent_code look(const ent_image *grey, bool svg, ent_buf *ret_drawing, ent_err *err)
{
    ent_finger_template *t = NULL;
    ent_finger_fields *f = NULL;
    size_t count;
    ent_finger_image in = {.pixels = grey->pixels, .width = grey->width, .height = grey->height, .stride = grey->width, .ppi = grey->ppi >= 250 && grey->ppi <= 1200 ? grey->ppi : 500};
    ENT_TRY(ent_finger_analyse(&in, &t, &f, err));
    ent_finger_minutiae(t, &count);
    ent_buf_u32(ret_drawing, (uint32_t)count);
    ent_buf_u8(ret_drawing, (uint8_t)ent_finger_quality(t));
    ent_code code = render(grey, t, f, svg, ret_drawing, err);
    ent_finger_fields_free(f);
    ent_finger_template_free(t);
    return code;
}

ent_code ent_cli_job_draw(const void *bytes, size_t len, ent_buf *ret_drawing, ent_err *err)
{
    ent_image grey;
    char option[ENT_CLI_OPTION];
    ENT_TRY(ent_cli_job_grey(bytes, len, option, &grey, err));
    ent_code code = look(&grey, strcmp(option, "svg") == 0, ret_drawing, err);
    ent_image_free(&grey);
    return code;
}
