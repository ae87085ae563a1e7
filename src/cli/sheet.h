/* A sheet to draw on: one set of strokes that becomes PNG (smoothed) or SVG, with a picture below them. Text needs no font of the machine:
 * its glyphs are strokes too, so a sheet looks the same everywhere. For one thread. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "base/buf.h"
#include "image/image.h"

typedef struct ent_sheet {
    ent_image picture; /* 3 channels, white at first: paint on it before ent_sheet_begin */
    ent_buf svg;
    bool is_svg;
    double opacity;    /* of what is drawn next; 1 at first */
} ent_sheet;

/* Whether a drawing's name ends in .png or .svg. */
bool ent_sheet_names(const char *path);

/* out: the file's name, which says the kind. The caller ends it by ent_sheet_free. ENT_USAGE, ENT_NO_MEMORY, ENT_TOO_LARGE. */
ENT_MUST_CHECK ent_code ent_sheet_open(ent_sheet *ret, const char *out, const uint32_t size[2], ent_err *err);
void ent_sheet_free(ent_sheet *s); /* erases */

/* A grey picture, stretched to w x h at (x, y) of the sheet. Before ent_sheet_begin. */
void ent_sheet_paste(ent_sheet *s, const ent_image *grey, const uint32_t at[4]);
/* From here on strokes. with_picture: what was painted is part of an SVG (as embedded PNG). */
ENT_MUST_CHECK ent_code ent_sheet_begin(ent_sheet *s, bool with_picture, ent_err *err);

typedef struct ent_stroke {
    uint32_t rgb;
    double width; /* pixels */
} ent_stroke;

void ent_sheet_line(ent_sheet *s, const double from[2], const double to[2], ent_stroke stroke);
/* points: x, y, x, y, … */
void ent_sheet_path(ent_sheet *s, const double *points, size_t count, bool closed, ent_stroke stroke);
void ent_sheet_circle(ent_sheet *s, const double at[2], double radius, ent_stroke stroke);
void ent_sheet_fill(ent_sheet *s, const double box[4], uint32_t rgb); /* x, y, width, height */

/* align: -1 begins at, 0 is centred on, 1 ends at the place; y is the baseline. size: height of a capital in pixels. Bytes that are no ASCII become
 * '?'. turned: reads upwards. */
typedef struct ent_lettering {
    double size;
    int align;
    bool turned, bold;
    uint32_t rgb;
} ent_lettering;
void ent_sheet_text(ent_sheet *s, const double at[2], const char *text, ent_lettering how);
double ent_sheet_text_width(const char *text, double size);

/* The finished file's bytes. */
ENT_MUST_CHECK ent_code ent_sheet_finish(ent_sheet *s, ent_buf *ret, ent_err *err);

#endif
