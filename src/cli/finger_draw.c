/* Two prints side by side at 500 ppi, all their minutiae marked (matched: green, others: grey), the matched ones joined by lines of
 * changing colour so that one can be followed. PNG, or SVG with the picture embedded. */
#include "cli/finger_draw.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/outside.h"
#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 16, MARK = 4 };

typedef struct sheet {
    ent_image picture; /* both prints */
    ent_buf *svg;      /* NULL: lines go into the picture */
} sheet;

bool ent_cli_finger_draws(const char *out)
{
    size_t len = strlen(out);
    return len > 4 && (strcmp(out + len - 4, ".png") == 0 || strcmp(out + len - 4, ".svg") == 0);
}

static void line(sheet *s, const double from[2], const double to[2], uint32_t rgb)
{
    char text[160];
    double dx = to[0] - from[0], dy = to[1] - from[1], steps = ceil(fmax(fabs(dx), fabs(dy))) + 1;
    if (s->svg) {
        int len = snprintf(text, sizeof text, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#%06x\"/>\n", from[0], from[1], to[0], to[1], (unsigned)rgb);
        ent_buf_put(s->svg, text, (size_t)len);
        return;
    }
    for (int k = 0; k <= (int)steps; k++) {
        double x = from[0] + dx * k / steps + 0.5, y = from[1] + dy * k / steps + 0.5;
        if (x < 0 || y < 0 || x >= s->picture.width || y >= s->picture.height) continue;
        uint8_t *p = s->picture.pixels + 3 * ((size_t)y * s->picture.width + (size_t)x);
        p[0] = (uint8_t)(rgb >> 16), p[1] = (uint8_t)(rgb >> 8), p[2] = (uint8_t)rgb;
    }
}

/* A square with a tail along the ridge. */
static void mark(sheet *s, const ent_finger_minutia *m, double left, bool matched)
{
    double x = left + m->x, y = m->y, a = 2 * M_PI * m->angle / 256;
    const double corner[4][2] = {{x - MARK, y - MARK}, {x + MARK, y - MARK}, {x + MARK, y + MARK}, {x - MARK, y + MARK}};
    uint32_t rgb = matched ? 0x109030 : 0x909090;
    for (int k = 0; k < 4; k++) line(s, corner[k], corner[(k + 1) % 4], rgb);
    line(s, (const double[2]){x, y}, (const double[2]){x + 12 * cos(a), y - 12 * sin(a)}, rgb);
}

static void marks(sheet *s, ent_finger_template *const t[2], const ent_finger_pairs *pairs, const double left[2])
{
    static const uint32_t colours[6] = {0xd02020, 0x2040d0, 0xc07000, 0x8020b0, 0x008090, 0xb02070};
    const ent_finger_minutia *m[2];
    bool matched[2][256] = {{false}};
    size_t n[2];
    for (size_t k = 0; k < pairs->count; k++) matched[0][pairs->pair[k].probe] = matched[1][pairs->pair[k].candidate] = true;
    for (int side = 0; side < 2; side++) {
        m[side] = ent_finger_minutiae(t[side], &n[side]);
        for (size_t i = 0; i < n[side]; i++) mark(s, &m[side][i], left[side], i < 256 && matched[side][i]);
    }
    for (size_t k = 0; k < pairs->count; k++) {
        const ent_finger_minutia *a = &m[0][pairs->pair[k].probe], *b = &m[1][pairs->pair[k].candidate];
        line(s, (const double[2]){left[0] + a->x, a->y}, (const double[2]){left[1] + b->x, b->y}, colours[k % 6]);
    }
}

/* The print's picture, resampled to the template's size, into the sheet. */
static ent_code place(const ent_cli *cli, const char *path, const uint32_t size[2], uint32_t left, ent_image *onto, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image, grey;
    ENT_TRY(ent_cli_load(path, &bytes, err));
    if (!bytes.len || ent_image_sniff(bytes.data, bytes.len) == ENT_IMAGE_UNKNOWN) return ENT_OK;
    ENT_TRY(ent_cli_ask_image(cli, &bytes, &image, err));
    ent_code code = ent_image_grey(&image, &grey, err);
    ent_image_free(&image);
    if (code != ENT_OK) return code;
    for (uint32_t y = 0; y < size[1]; y++)
        for (uint32_t x = 0; x < size[0]; x++) {
            size_t sy = (size_t)y * grey.height / size[1], sx = (size_t)x * grey.width / size[0];
            memset(onto->pixels + 3 * ((size_t)y * onto->width + left + x), grey.pixels[sy * grey.width + sx], 3);
        }
    ent_image_free(&grey);
    return ENT_OK;
}

static ent_code open_svg(const ent_image *picture, ent_buf *out, ent_err *err)
{
    char text[256];
    ENT_AUTO_BUF png = ENT_BUF(64 << 20);
    ENT_TRY(ent_image_encode(picture, ENT_IMAGE_PNG, 0, &png, err));
    char *base64 = malloc(ENT_BASE64_SIZE(png.len));
    if (!base64) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a drawing");
    ent_base64(png.data, png.len, base64);
    int len = snprintf(text, sizeof text, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" fill=\"none\">\n<image width=\"%u\" height=\"%u\" href=\"data:image/png;base64,", picture->width, picture->height,
                       picture->width, picture->height);
    ent_buf_put(out, text, (size_t)len);
    ent_buf_put(out, base64, strlen(base64));
    free(base64);
    ent_buf_put(out, "\"/>\n", 4);
    return ENT_OK;
}

ent_code ent_cli_finger_draw(const ent_cli *cli, char *const paths[2], ent_finger_template *const t[2], const ent_finger_pairs *pairs, const char *out, ent_err *err)
{
    uint32_t size[2][2];
    sheet s = {0};
    ENT_AUTO_BUF drawn = ENT_BUF(96 << 20);
    if (!ent_cli_finger_draws(out)) return ent_fail(err, ENT_USAGE, "%s: a drawing's name ends in .png or .svg", out);
    for (int k = 0; k < 2; k++) ent_finger_size(t[k], size[k]);
    ENT_TRY(ent_image_new(size[0][0] + GAP + size[1][0], size[0][1] > size[1][1] ? size[0][1] : size[1][1], 3, &s.picture, err));
    const double left[2] = {0, size[0][0] + GAP};
    bool svg = out[strlen(out) - 3] == 's';
    s.picture.ppi = 500;
    memset(s.picture.pixels, 255, (size_t)3 * s.picture.width * s.picture.height);
    ent_code code = ENT_OK;
    for (int k = 0; k < 2 && code == ENT_OK; k++) code = place(cli, paths[k], size[k], (uint32_t)left[k], &s.picture, err);
    if (code == ENT_OK && svg) s.svg = &drawn, code = open_svg(&s.picture, &drawn, err);
    if (code == ENT_OK) marks(&s, t, pairs, left);
    if (code == ENT_OK && svg) ent_buf_put(&drawn, "</svg>\n", 7);
    else if (code == ENT_OK) code = ent_image_encode(&s.picture, ENT_IMAGE_PNG, 0, &drawn, err);
    ent_image_free(&s.picture);
    ENT_TRY(code);
    ENT_TRY(ent_buf_check(&drawn, err));
    return ent_disk_replace(out, drawn.data, drawn.len, 0600, err);
}
