/* A print with what the engine sees in it: cells tinted by quality, ridge orientation, minutiae (circle: ending, square: bifurcation),
 * as PNG or SVG at 500 ppi. */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "base/text.h"
#include "entente/finger.h"
#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct drawing {
    ent_image *png; /* NULL: SVG */
    ent_buf *svg;
} drawing;

static void dot(ent_image *i, int x, int y, uint32_t rgb)
{
    if (x < 0 || y < 0 || (uint32_t)x >= i->width || (uint32_t)y >= i->height) return;
    uint8_t *p = i->pixels + 3 * ((size_t)y * i->width + (size_t)x);
    p[0] = (uint8_t)(rgb >> 16), p[1] = (uint8_t)(rgb >> 8), p[2] = (uint8_t)rgb;
}

static void line(drawing *d, const double from[2], const double to[2], uint32_t rgb)
{
    char text[160];
    double dx = to[0] - from[0], dy = to[1] - from[1], n = ceil(fmax(fabs(dx), fabs(dy))) + 1;
    if (d->png)
        for (int k = 0; k <= (int)n; k++) dot(d->png, (int)(from[0] + dx * k / n + 0.5), (int)(from[1] + dy * k / n + 0.5), rgb);
    else {
        int len = snprintf(text, sizeof text, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#%06x\"/>\n", from[0], from[1], to[0], to[1], (unsigned)rgb);
        ent_buf_put(d->svg, text, (size_t)len);
    }
}

static void polygon(drawing *d, const double at[2], double radius, int sides, uint32_t rgb)
{
    for (int k = 0; k < sides; k++) {
        double a = 2 * M_PI * (k + 0.5) / sides, b = 2 * M_PI * (k + 1.5) / sides;
        line(d, (const double[2]){at[0] + radius * cos(a), at[1] + radius * sin(a)}, (const double[2]){at[0] + radius * cos(b), at[1] + radius * sin(b)}, rgb);
    }
}

static void draw_minutiae(drawing *d, const ent_finger_template *t)
{
    size_t n;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    for (size_t i = 0; i < n; i++) {
        const double at[2] = {m[i].x, m[i].y}, a = 2 * M_PI * m[i].angle / 256;
        bool ending = m[i].kind != ENT_FINGER_BIFURCATION;
        uint32_t rgb = ending ? 0xd02020 : 0x2040d0;
        polygon(d, at, ending ? 4 : 5, ending ? 12 : 4, rgb);
        line(d, (const double[2]){at[0] + 4 * cos(a), at[1] - 4 * sin(a)}, (const double[2]){at[0] + 14 * cos(a), at[1] - 14 * sin(a)}, rgb);
    }
}

static void draw_orientation(drawing *d, const ent_finger_fields *f)
{
    for (uint32_t y = 1; y < f->rows; y += 2)
        for (uint32_t x = 1; x < f->columns; x += 2) {
            size_t i = (size_t)y * f->columns + x;
            if (!f->quality[i]) continue;
            double a = M_PI * f->orientation[i] / 256, cx = x * f->cell, cy = y * f->cell, c = 5 * cos(a), s = 5 * sin(a);
            line(d, (const double[2]){cx - c, cy + s}, (const double[2]){cx + c, cy - s}, 0x208020);
        }
}

/* The print at 500 ppi in grey, turned red where quality is low and green where it is high. */
static void tint(const ent_image *grey, const ent_finger_fields *f, ent_image *png)
{
    for (uint32_t y = 0; y < f->height; y++)
        for (uint32_t x = 0; x < f->width; x++) {
            size_t sy = (size_t)y * grey->height / f->height, sx = (size_t)x * grey->width / f->width;
            uint8_t v = grey->pixels[sy * grey->width + sx], q = f->quality[(size_t)(y / f->cell) * f->columns + x / f->cell];
            uint8_t *p = png->pixels + 3 * ((size_t)y * f->width + x);
            unsigned red = q ? 60 * (100U - q) / 100 : 0, green = q ? 60U * q / 100 : 0;
            p[0] = (uint8_t)(v - v * green / 255), p[1] = (uint8_t)(v - v * red / 255), p[2] = (uint8_t)(v - v * (red + green) / 255);
        }
}

static ent_code render(const ent_image *grey, const ent_finger_template *t, const ent_finger_fields *f, bool svg, ent_buf *out, ent_err *err)
{
    ent_image png;
    char text[256];
    ENT_AUTO_BUF inner = ENT_BUF(64 << 20);
    ent_code code = ent_image_new(f->width, f->height, 3, &png, err);
    if (code != ENT_OK) return code;
    png.ppi = 500;
    tint(grey, f, &png);
    drawing d = {.png = svg ? NULL : &png, .svg = out};
    if (svg) {
        code = ent_image_encode(&png, ENT_IMAGE_PNG, 0, &inner, err);
        int len = snprintf(text, sizeof text, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" fill=\"none\">\n<image width=\"%u\" height=\"%u\" href=\"data:image/png;base64,", f->width, f->height, f->width, f->height);
        ent_buf_put(out, text, (size_t)len);
        ent_buf_base64(out, inner.data, inner.len);
        ent_buf_put(out, "\"/>\n", 4);
    }
    draw_orientation(&d, f);
    draw_minutiae(&d, t);
    if (svg) ent_buf_put(out, "</svg>\n", 7);
    else code = ent_image_encode(&png, ENT_IMAGE_PNG, 0, out, err);
    ent_image_free(&png);
    return code == ENT_OK ? ent_buf_check(out, err) : code;
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
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_ITL_FILE);
    ent_image image, grey;
    char option[ENT_CLI_OPTION];
    ENT_TRY(ent_cli_job_option(bytes, len, option, &file, err));
    ENT_TRY(ent_image_decode(file.data ? file.data : (const uint8_t *)"", file.len, &image, err));
    ent_code code = ent_image_grey(&image, &grey, err);
    ent_image_free(&image);
    if (code != ENT_OK) return code;
    code = look(&grey, strcmp(option, "svg") == 0, ret_drawing, err);
    ent_image_free(&grey);
    return code;
}

static ent_code show(const ent_cli *cli, const char *path, const char *out, uint32_t *ret_count, int *ret_quality, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1), drawn = ENT_BUF(1);
    ENT_TRY(ent_cli_load(path, &bytes, err));
    ent_code code = ent_cli_ask(cli, "draw", out + strlen(out) - 3, &bytes, &drawn, err);
    if (code != ENT_OK) return ent_context(err, code, "%s", path);
    ent_cursor c = ENT_CURSOR(drawn.data, drawn.len);
    *ret_count = ent_cursor_u32(&c);
    *ret_quality = ent_cursor_u8(&c);
    if (!ent_cursor_ok(&c) || !ent_cursor_left(&c)) return ent_fail(err, ENT_SANDBOX, "what came from the decoder is no drawing");
    code = ent_disk_replace(out, c.data + c.at, ent_cursor_left(&c), 0600, err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

int ent_cli_finger_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "finger show IMAGE -o OUT.png|OUT.svg", .about = "Draws over the print what the engine sees: quality (green good, red bad), ridge orientation, minutiae (circle: ending, square: bifurcation).",
                                   .example = "entente finger show thumb.png -o thumb.svg"};
    const char *out = NULL;
    const ent_opt opts[] = {{.name = "-o", .value = &out, .hint = "FILE", .help = "PNG or SVG by its ending"}, {0}};
    ent_err err = {0};
    uint32_t count = 0;
    int n, quality = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    size_t len = out ? strlen(out) : 0;
    if (n != 1 || len < 5 || (strcmp(out + len - 4, ".png") && strcmp(out + len - 4, ".svg"))) return ent_cli_usage(&h, "an image and -o with a name that ends in .png or .svg are needed");
    code = show(cli, argv[0], out, &count, &quality, &err);
    if (code == ENT_OK) printf(cli->json ? "{\"minutiae\":%u,\"quality\":%d}\n" : "%u minutiae, quality %d\n", count, quality);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
