/* Two prints side by side at 500 ppi, all their minutiae marked (matched: green, others: grey), the matched ones joined by lines of
 * changing colour so that one can be followed. */
#include "cli/finger_draw.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "cli/act.h"
#include "cli/outside.h"
#include "cli/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 24, CAPTION = 40 };

#define MATCHED 0x109030
#define LONE 0x909090

/* A circle, for a bifurcation a square, with a tail along the ridge. */
static void mark(ent_sheet *s, const ent_finger_minutia *m, const double left[2], bool matched)
{
    double k = left[1], x = left[0] + k * m->x, y = k * m->y, a = 2 * M_PI * m->angle / 256, r = 4 * k;
    const double corners[8] = {x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r};
    ent_stroke stroke = {matched ? MATCHED : LONE, matched ? 1.4 * k : 0.9 * k};
    if (m->kind == ENT_FINGER_BIFURCATION) ent_sheet_path(s, corners, 4, true, stroke);
    else ent_sheet_circle(s, (const double[2]){x, y}, r, stroke);
    ent_sheet_line(s, (const double[2]){x + r * cos(a), y - r * sin(a)}, (const double[2]){x + 12 * k * cos(a), y - 12 * k * sin(a)}, stroke);
}

/* left: of each print, where it begins, and the scale */
static void marks(ent_sheet *s, ent_finger_template *const t[2], const ent_finger_pairs *pairs, const double (*left)[2])
{
    static const uint32_t colours[6] = {0xd02020, 0x2040d0, 0xc07000, 0x8020b0, 0x008090, 0xb02070};
    const ent_finger_minutia *m[2];
    bool matched[2][256] = {{false}};
    size_t n[2];
    for (int side = 0; side < 2; side++) m[side] = ent_finger_minutiae(t[side], &n[side]);
    s->opacity = 0.7;
    for (size_t k = 0; k < pairs->count; k++) {
        const ent_finger_minutia *a = &m[0][pairs->pair[k].probe], *b = &m[1][pairs->pair[k].candidate];
        matched[0][pairs->pair[k].probe] = matched[1][pairs->pair[k].candidate] = true;
        ent_sheet_line(s, (const double[2]){left[0][0] + left[0][1] * a->x, left[0][1] * a->y}, (const double[2]){left[1][0] + left[1][1] * b->x, left[1][1] * b->y}, (ent_stroke){colours[k % 6], left[0][1]});
    }
    s->opacity = 1;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < n[side]; i++) mark(s, &m[side][i], left[side], i < 256 && matched[side][i]);
}

/* The print's picture into the sheet. A template has none, so its minutiae stand on white. */
static ent_code paste(const ent_cli *cli, const char *path, const uint32_t at[4], ent_sheet *s, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image, grey;
    ENT_TRY(ent_cli_load(path, &bytes, err));
    if (!bytes.len || ent_image_sniff(bytes.data, bytes.len) == ENT_IMAGE_UNKNOWN) return ENT_OK;
    ENT_TRY(ent_cli_ask_image(cli, &bytes, &image, err));
    ent_code code = ent_image_grey(&image, &grey, err);
    ent_image_free(&image);
    if (code != ENT_OK) return code;
    ent_sheet_paste(s, &grey, at);
    ent_image_free(&grey);
    return ENT_OK;
}

static void caption(ent_sheet *s, const ent_finger_pairs *pairs, double score)
{
    char text[96];
    snprintf(text, sizeof text, "score %.1f, %zu minutiae matched", score, pairs->count);
    ent_sheet_text(s, (const double[2]){10, s->picture.height - 13}, text, (ent_lettering){12, -1, .rgb = 0x303030});
}

ent_code ent_cli_finger_draw(const ent_cli *cli, const ent_cli_pair *pair, const char *out, ent_err *err)
{
    uint32_t size[2][2];
    ent_sheet s;
    ENT_AUTO_BUF drawn = ENT_BUF(96 << 20);
    for (int k = 0; k < 2; k++) ent_finger_size(pair->t[k], size[k]);
    uint32_t height = size[0][1] > size[1][1] ? size[0][1] : size[1][1], scale = height <= 800 && size[0][0] + size[1][0] <= 1600 ? 2 : 1;
    const double left[2][2] = {{0, scale}, {scale * size[0][0] + GAP, scale}};
    ENT_TRY(ent_sheet_open(&s, out, (const uint32_t[2]){scale * (size[0][0] + size[1][0]) + GAP, scale * height + CAPTION}, err));
    s.picture.ppi = 500 * scale;
    ent_code code = ENT_OK;
    for (int k = 0; k < 2 && code == ENT_OK; k++)
        code = paste(cli, pair->path[k], (const uint32_t[4]){(uint32_t)left[k][0], 0, scale * size[k][0], scale * size[k][1]}, &s, err);
    if (code == ENT_OK) code = ent_sheet_begin(&s, true, err);
    if (code == ENT_OK) {
        marks(&s, pair->t, pair->pairs, left);
        caption(&s, pair->pairs, pair->score);
        code = ent_sheet_finish(&s, &drawn, err);
    }
    ent_sheet_free(&s);
    ENT_TRY(code);
    return ent_disk_replace(out, drawn.data, drawn.len, 0600, err);
}
