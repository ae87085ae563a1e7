/* A template as it lies in memory. One allocation: the struct and everything it points to, never changed after it is
 * made, so it is copied by ent_finger_template's own bytes through finger_template_copy and erased in one stroke. */
#ifndef FINGER_TEMPLATE_H
#define FINGER_TEMPLATE_H

#include "entente/finger.h"

#define FINGER_MINUTIAE_MAX 128 /* a template's */
#define FINGER_EXTRACT_MAX 64   /* of these, an extraction keeps the best */
#define FINGER_COMPACT_GOAL 768 /* bytes: leaves 256 of 1,024 for a gallery's index entry */
#define FINGER_COARSE_CELLS_MAX 6144 /* cells whose mask alone would fill the compact form */
#define FINGER_RIDGE_SIDE 252   /* samples at most, at half resolution */
#define FINGER_RIDGE_CELL 4     /* samples: one bit of foreground each 8 pixels */

/* Ridge orientation around a minutia, relative to its direction, at 32 places on four circles: four bits a place, whose
 * Hamming distance is the difference in steps of 1/16 turn; and which places lie on the print. */
typedef struct finger_descriptor {
    uint64_t bits[2];
    uint32_t seen;
    uint32_t near; /* which places have another minutia close by */
} finger_descriptor;

/* The coarse field: one orientation each square of `cell` pixels. */
typedef struct finger_coarse {
    uint8_t cell, cols, rows; /* cell 0: none; a template has always one */
    bool guessed;             /* from the minutiae (guess.h): no form carries it */
    uint8_t *at;              /* 0 background, else 1 + orientation in 1/64 of a half turn, y down */
} finger_coarse;

/* The ridge part: the filter's response at half resolution in four levels. */
typedef struct finger_ridge {
    uint16_t x, y, w, h; /* window in samples of two pixels; w 0: none; multiples of 4 */
    uint8_t *level;      /* w * h: 0 valley, 1 weak valley, 2 weak ridge, 3 ridge; 4 outside the print */
} finger_ridge;

/* The minutiae once more, as lanes for loops over all of them: `padded` entries, a multiple of 8, those past the last
 * far away. */
typedef struct finger_lanes {
    size_t padded;
    float *x, *y;
    int32_t *angle;
} finger_lanes;

struct ent_finger_template {
    size_t size; /* bytes of the whole allocation */
    uint32_t width, height;
    int quality;
    size_t count;
    ent_finger_minutia *minutiae;
    finger_descriptor *descriptors;
    finger_lanes lanes;
    finger_coarse coarse;
    finger_ridge ridge;
};

/* what a template is made of; borrowed */
typedef struct finger_parts {
    const struct finger_turns *turns; /* NULL: made anew */
    uint32_t width, height;
    int quality;
    const ent_finger_minutia *minutiae;
    size_t count;
    finger_coarse coarse;
    finger_ridge ridge;
} finger_parts;

ENT_MUST_CHECK ent_code finger_template_make(const finger_parts *parts, ent_finger_template **ret_template,
                                             ent_err *err);

/* the coarse field's value at a pixel; 0 outside */
static inline int finger_coarse_at(const finger_coarse *f, int x, int y)
{
    if (x < 0 || y < 0 || !f->cell) return 0;
    int cx = x / f->cell, cy = y / f->cell;
    return cx < f->cols && cy < f->rows ? f->at[cy * f->cols + cx] : 0;
}

/* Where a descriptor looks, for each direction of a minutia: made once by who makes many templates. */
#define FINGER_PLACES 32
typedef struct finger_turns {
    int8_t at[256][2][FINGER_PLACES]; /* x and y of each place */
} finger_turns;

void finger_turns_make(finger_turns *ret);
void finger_describe(const ent_finger_template *t, const finger_turns *turns, finger_descriptor *ret_descriptors); /* turns may be NULL */

/* bytes of the native form without the ridge part (docs/protocol/finger-template.md) */
size_t finger_compact_size(size_t minutiae, const finger_coarse *coarse);

#endif
