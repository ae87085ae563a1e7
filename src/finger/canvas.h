/* The working space of one extraction: the print at 500 ppi, its cells, and what the steps find. One allocation, one
 * owner, erased at the end. The steps, in order, each in its own file:
 *   grey.c      caller's image -> 8 bit grey at 500 ppi, dark ridges
 *   field.c     cells: contrast, orientation, period, foreground, quality; the normalised image
 *   crease.c    what lies under thin lines across the ridges: not seen
 *   blot.c      what lies in dark areas wider than a ridge: not seen
 *   enhance.c   oriented band-pass filter -> response
 *   skeleton.c  response -> ridge lines one pixel wide
 *   minutiae.c  ridge lines -> minutiae
 *   ridge.c     response and fields -> the template's coarse field and ridge part */
#ifndef FINGER_CANVAS_H
#define FINGER_CANVAS_H

#include "entente/finger.h"

#define FINGER_CELL 8  /* pixels a side of a cell */
#define FINGER_PAD 16  /* pixels around every pixel plane, so that kernels need no bounds */

typedef struct finger_canvas {
    int w, h;               /* print, pixels at 500 ppi */
    int cols, rows;         /* cells that cover it */
    int stride;             /* of the padded planes: cols * 8 + 2 * pad */
    size_t plane;           /* pixels of a padded plane */
    uint8_t *grey;          /* w * h */
    float *norm;            /* padded plane: mean 0, deviation about 1 in the foreground, dark ridges negative */
    float *work, *response; /* padded planes; response: ridges positive */
    float *theta;           /* per cell: ridge orientation in [0, pi), x right, y down */
    float *period;          /* per cell: pixels */
    float *coherence;       /* per cell: 0 to 1 */
    float *contrast;        /* per cell: deviation in grey levels */
    float *scratch;         /* 8 * cells */
    uint8_t *mask;          /* per cell: 1 foreground */
    uint8_t *quality;       /* per cell: 0 background, else 1 to 100 */
    uint8_t *skeleton;      /* w * h: 1 on a ridge line */
    uint8_t *lost;          /* cols * 8 * rows * 8: 1 under a crease or a blot, where the print is not seen */
    void *memory;
    size_t size;
} finger_canvas;

/* the pixel (x, y) of a padded plane; x and y from -16 */
static inline size_t finger_at(const finger_canvas *c, int x, int y)
{
    return (size_t)(y + FINGER_PAD) * (size_t)c->stride + (size_t)(x + FINGER_PAD);
}

/* the pixel (x, y) of lost */
static inline size_t finger_lost_at(const finger_canvas *c, int x, int y)
{
    return (size_t)y * (size_t)(c->cols * FINGER_CELL) + (size_t)x;
}

static inline size_t finger_cell(const finger_canvas *c, int x, int y)
{
    return (size_t)(y / FINGER_CELL) * (size_t)c->cols + (size_t)(x / FINGER_CELL);
}

static inline bool finger_foreground(const finger_canvas *c, int x, int y)
{
    return x >= 0 && y >= 0 && x < c->w && y < c->h && c->mask[finger_cell(c, x, y)];
}

/* Checks the image, allocates and fills grey. On failure nothing is left. */
ENT_MUST_CHECK ent_code finger_canvas_open(const ent_finger_image *image, finger_canvas *ret_canvas, ent_err *err);
void finger_canvas_close(finger_canvas *c); /* erases */

bool finger_creases(finger_canvas *c);  /* lost, from norm; whether there is any */
bool finger_blots(finger_canvas *c);    /* likewise, beside what is lost already */
void finger_field(finger_canvas *c);    /* norm, theta, period, coherence, contrast, mask */
void finger_enhance(finger_canvas *c);  /* response, quality; refines theta */
/* theta and coherence from a padded plane: the tensor at three widths. Uses scratch and the head of work. */
void finger_orient(finger_canvas *c, const float *plane);
/* A plane of cells smoothed in place by [1 2 1] / 4 along both axes, so many times. Uses the head of work. */
void finger_smooth(float *plane, float *spare, const finger_canvas *c, int times);
void finger_skeleton(finger_canvas *c); /* skeleton */

#define FINGER_DEVIATION 256 /* of norm, in integers */
/* norm at half resolution, w / 2 by h / 2 of them in rows of `stride`: at most 2.5 deviations either way */
void finger_halve(const finger_canvas *c, int16_t *ret_plane, int stride);

#define FINGER_FOUND_MAX 1024
/* Minutiae in order of falling quality; at most cap. */
size_t finger_minutiae(const finger_canvas *c, ent_finger_minutia *ret_minutiae, size_t cap);

/* Foreground share and mean quality, 0 to 100 (see quality.c). */
int finger_quality(const finger_canvas *c, const ent_finger_minutia *minutiae, size_t count);

#endif
