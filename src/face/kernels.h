/* The gallery's inner loops: products of rows of bytes with probes, in whole numbers, so that every kernel gives the same result (kernels_test.c proves
 * it, on machines without AVX-512 by emulation). Chosen at run time by what the CPU has, and believed only after it agreed with the plain one on a
 * sample.
 *
 * One probe: `dots`, every product; memory is the limit. Many probes: arithmetic is the limit, and few products matter, so `screen` tells which pairs can reach
 * a score at all; those are multiplied again. AVX-512 VNNI multiplies bytes as they are. AVX2 has an instruction whose sums are of 16
 * bits: for it rows are narrowed to seven bits and probes to six and a sign, and what that can lose is bounded (gallery.c). */
#ifndef FACE_KERNELS_H
#define FACE_KERNELS_H

#include "entente/error.h"

#include <stdbool.h>

enum {
    FACE_ALIGN = 64, /* bytes: rows and probes begin there and are padded to it */
    FACE_PANEL = 16, /* probes that are screened side by side */
    FACE_PANELS = 4  /* of them that a screen takes at once */
};

/* Values plus 128 (padding: 128), values in [-127, 127]; for a narrow screen: in [0, 127]. stride is a multiple of FACE_ALIGN, at most 960. */
typedef struct face_rows {
    const uint8_t *rows;
    size_t count, stride;
} face_rows;

/* Values in [-127, 127], padding 0. */
typedef struct face_one {
    const int8_t *values;
    const int16_t *wide; /* the same, for machines that multiply 16 bits */
    int32_t bias;        /* 128 times the sum of the values */
} face_one;

typedef struct face_panel {
    const int8_t *values; /* (stride / 4) x FACE_PANEL x 4: four neighbouring values of each probe, in [-127, 127], narrow in [-32, 32]; padding 0 */
    int32_t add[FACE_PANEL];
    float least[FACE_PANEL]; /* INFINITY where the panel has no probe */
} face_panel;

typedef struct face_pass {
    uint32_t row, probe; /* probe: of all panels, counted on */
} face_pass;

typedef struct face_kernel {
    const char *name;
    /* ret[i]: the product of the probe with row i. */
    void (*dots)(const face_rows *rows, const face_one *probe, int32_t *ret);
    /* Pairs with (float)(product + add) * inverse[row] >= least, in any order; ret has room for all. panels: FACE_PANELS at most. */
    size_t (*screen)(const face_rows *rows, const float *inverse, const face_panel *panel, size_t panels, face_pass *ret);
    bool narrow; /* the screen is */
} face_kernel;

const face_kernel *face_kernel_best(void);
/* The i-th that this machine can run, 0 the plain one; NULL past the last. */
const face_kernel *face_kernel_at(int i);

/* What a gallery searches with from now on; its hits are the same with every kernel (gallery_test.c). */
struct ent_face_gallery;
void face_gallery_use(struct ent_face_gallery *g, const face_kernel *kernel);

void face_dots_plain(const face_rows *rows, const face_one *probe, int32_t *ret);
void face_dots_vnni(const face_rows *rows, const face_one *probe, int32_t *ret);
size_t face_screen_plain(const face_rows *rows, const float *inverse, const face_panel *panel, size_t panels, face_pass *ret);
size_t face_screen_vnni(const face_rows *rows, const float *inverse, const face_panel *panel, size_t panels, face_pass *ret);

#endif
