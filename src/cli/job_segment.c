/* A slap into its fingers: an image of each, and the places drawn over the slap. The job answers with count, hand, lean in 1/10 degree and odds
 * in 1/100 (with 32768 added), expected; of each finger position, quality, box, length and PNG; last the drawing. */
#include "cli/jobs.h"

#include "base/check.h"
#include "base/limits.h"
#include "cli/sheet.h"
#include "entente/finger.h"

#include <stdio.h>
#include <string.h>

static const char *const fingers[] = ENT_CLI_FINGERS;

static ent_code put_cut(const ent_finger_image *in, const ent_finger_slap *slap, size_t k, ent_buf *out, ent_err *err)
{
    const ent_finger_segment *s = &slap->finger[k];
    ENT_AUTO_BUF png = ENT_BUF(ENT_LIMIT_IMAGE_FILE);
    ent_image cut;
    ent_buf_u8(out, s->position);
    ent_buf_u8(out, s->quality);
    ent_buf_u32(out, s->x), ent_buf_u32(out, s->y), ent_buf_u32(out, s->width), ent_buf_u32(out, s->height);
    ENT_TRY(ent_image_new(s->width, s->height, 1, &cut, err));
    ent_finger_cut(in, slap, k, cut.pixels);
    cut.ppi = in->ppi ? in->ppi : 500;
    ent_code code = ent_image_encode(&cut, ENT_IMAGE_PNG, 0, &png, err);
    ent_image_free(&cut);
    ent_buf_u32(out, (uint32_t)png.len);
    ent_buf_put(out, png.data, png.len);
    return code;
}

static void draw_fingers(ent_sheet *s, const ent_finger_slap *slap)
{
    static const uint32_t colours[ENT_FINGER_SLAP_MAX] = {0xd02020, 0x2040d0, 0x108030, 0xa05000};
    for (size_t k = 0; k < slap->count; k++) {
        const ent_finger_segment *f = &slap->finger[k];
        const char *name = f->position ? fingers[f->position] : "position unknown";
        double y = f->corner[0][1] < f->corner[1][1] ? f->corner[0][1] : f->corner[1][1], x = (f->corner[0][0] + f->corner[1][0]) / 2, half = ent_sheet_text_width(name, 18) / 2;
        ent_sheet_path(s, f->corner[0], 4, true, (ent_stroke){colours[k], 4});
        y = y - 14 < 34 ? 34 : y - 14, x = x < half + 8 ? half + 8 : x > s->picture.width - half - 8 ? s->picture.width - half - 8 : x;
        s->opacity = 0.85;
        ent_sheet_fill(s, (const double[4]){x - half - 6, y - 26, 2 * half + 12, 34}, 0xffffff);
        s->opacity = 1;
        ent_sheet_text(s, (const double[2]){x, y}, name, (ent_lettering){18, 0, .bold = true, .rgb = colours[k]});
    }
}

static ent_code put_drawing(const ent_image *grey, const ent_finger_slap *slap, const char *kind, ent_buf *out, ent_err *err)
{
    ent_sheet s;
    ENT_AUTO_BUF drawn = ENT_BUF(ENT_LIMIT_IMAGE_FILE);
    ENT_TRY(ent_sheet_open(&s, strcmp(kind, "svg") == 0 ? "x.svg" : "x.png", (const uint32_t[2]){grey->width, grey->height}, err));
    ent_sheet_paste(&s, grey, (const uint32_t[4]){0, 0, grey->width, grey->height});
    ent_code code = ent_sheet_begin(&s, true, err);
    if (code == ENT_OK) draw_fingers(&s, slap), code = ent_sheet_finish(&s, &drawn, err);
    ent_sheet_free(&s);
    ent_buf_put(out, drawn.data, drawn.len);
    return code;
}

static ent_code segment(const ent_image *grey, const char *option, ent_buf *out, ent_err *err)
{
    char kind[8];
    int position;
    unsigned missing;
    ent_finger_slap slap;
    ent_finger_image in = {.pixels = grey->pixels, .width = grey->width, .height = grey->height, .stride = grey->width, .ppi = grey->ppi >= 250 && grey->ppi <= 1200 ? grey->ppi : 500};
    if (sscanf(option, "%7s %d %u", kind, &position, &missing) != 3) return ent_fail(err, ENT_FORMAT, "a job without its option");
    ENT_TRY(ent_finger_segment_slap(&in, position, missing, &slap, err));
    ent_buf_u8(out, (uint8_t)slap.count);
    ent_buf_u8(out, (uint8_t)slap.hand);
    ent_buf_u16(out, (uint16_t)(32768 + (int)(slap.turn * 10)));
    ent_buf_u16(out, (uint16_t)(32768 + (int)(slap.lies_right * 100)));
    ent_buf_u8(out, (uint8_t)slap.expected);
    for (size_t k = 0; k < slap.count; k++) ENT_TRY(put_cut(&in, &slap, k, out, err));
    return strcmp(kind, "-") ? put_drawing(grey, &slap, kind, out, err) : ENT_OK;
}

ent_code ent_cli_job_segment(const void *bytes, size_t len, ent_buf *ret_fingers, ent_err *err)
{
    ent_image grey;
    char option[ENT_CLI_OPTION];
    ENT_TRY(ent_cli_job_grey(bytes, len, option, &grey, err));
    ent_code code = segment(&grey, option, ret_fingers, err);
    ent_image_free(&grey);
    return code == ENT_OK ? ent_buf_check(ret_fingers, err) : code;
}
