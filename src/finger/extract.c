/* Image -> template, and the fields on the way for those who want to see them. */
#include "base/wipe.h"
#include "finger/canvas.h"
#include "finger/arith.h"
#include "finger/ridge.h"

#include <stdlib.h>

#define LEAST_CELLS 24 /* 8 x 8 pixels each: less is no print */
#define LEAST_MINUTIAE 1

static ent_code to_template(const finger_canvas *c, ent_finger_template **ret_template, ent_err *err)
{
    size_t foreground = 0;
    for (size_t i = 0; i < (size_t)c->cols * (size_t)c->rows; i++) foreground += c->mask[i];
    if (foreground < LEAST_CELLS) return ent_fail(err, ENT_QUALITY, "there is no print in the image");
    ent_finger_minutia minutiae[FINGER_EXTRACT_MAX];
    size_t count = finger_minutiae(c, minutiae, FINGER_EXTRACT_MAX);
    if (count < LEAST_MINUTIAE) return ent_fail(err, ENT_QUALITY, "the print shows no minutiae");
    finger_parts parts = {.width = (uint32_t)c->w, .height = (uint32_t)c->h, .minutiae = minutiae, .count = count,
                          .quality = finger_quality(c, minutiae, count)};
    ent_code code = ENT_OK;
    if (!finger_coarse_make(c, count, &parts.coarse) || !finger_ridge_make(c, &parts.ridge))
        code = ent_fail(err, ENT_NO_MEMORY, "no memory for a template");
    else
        code = finger_template_make(&parts, ret_template, err);
    free(parts.coarse.at);
    free(parts.ridge.level);
    ent_wipe(minutiae, sizeof minutiae);
    return code;
}

static ent_code to_fields(const finger_canvas *c, ent_finger_fields **ret_fields, ent_err *err)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows, pixels = (size_t)c->w * (size_t)c->h;
    ent_finger_fields *f = calloc(1, sizeof *f + 3 * cells + 2 * pixels);
    if (!f) return ent_fail(err, ENT_NO_MEMORY, "no memory for the fields of a print");
    uint8_t *b = (uint8_t *)(f + 1);
    *f = (ent_finger_fields){.width = (uint32_t)c->w, .height = (uint32_t)c->h, .cell = FINGER_CELL,
                             .columns = (uint32_t)c->cols, .rows = (uint32_t)c->rows, .orientation = b,
                             .period = b + cells, .quality = b + 2 * cells, .enhanced = b + 3 * cells,
                             .skeleton = b + 3 * cells + pixels};
    for (size_t i = 0; i < cells; i++) {
        /* counter-clockwise as seen: the canvas has y down */
        f->orientation[i] = (uint8_t)(256 - (int)(c->theta[i] * (float)(256 / FINGER_PI)));
        f->period[i] = c->mask[i] ? (uint8_t)finger_clamp(c->period[i] * 16, 0, 255) : 0;
        f->quality[i] = c->quality[i];
    }
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++)
            f->enhanced[(size_t)y * (size_t)c->w + (size_t)x] =
                (uint8_t)finger_clamp(128.5f - 80 * c->response[finger_at(c, x, y)], 0, 255);
    memcpy(f->skeleton, c->skeleton, pixels);
    *ret_fields = f;
    return ENT_OK;
}

ent_code ent_finger_analyse(const ent_finger_image *image, ent_finger_template **ret_template,
                            ent_finger_fields **ret_fields, ent_err *err)
{
    finger_canvas c;
    ent_finger_template *t = NULL;
    ent_code code = finger_canvas_open(image, &c, err);
    if (code) return code;
    finger_field(&c);
    finger_enhance(&c);
    finger_skeleton(&c);
    code = to_template(&c, &t, err);
    if (!code && ret_fields) code = to_fields(&c, ret_fields, err);
    finger_canvas_close(&c);
    if (code)
        ent_finger_template_free(t);
    else
        *ret_template = t;
    return code;
}

ent_code ent_finger_extract(const ent_finger_image *image, ent_finger_template **ret_template, ent_err *err)
{
    return ent_finger_analyse(image, ret_template, NULL, err);
}

void ent_finger_fields_free(ent_finger_fields *f)
{
    if (!f) return;
    size_t cells = (size_t)f->columns * f->rows, pixels = (size_t)f->width * f->height;
    ent_wipe(f, sizeof *f + 3 * cells + 2 * pixels);
    free(f);
}
