/* The gallery's inner loops: products of rows of bytes with probes, in whole numbers, so that every kernel gives the same result (kernels_test.c proves
 * it, on machines without AVX-512 by emulation). Chosen at run time by what the CPU has, and believed only after it agreed with the plain one on a
 * sample.
 *
 * One probe: `dots`, every product; memory is the limit. Many probes: arithmetic is the limit, and few products matter, so `screen` multiplies
 * what was halved to seven bits (rows) and to seven with sign (probes), where AVX2 has an instruction that multiplies bytes, and tells which pairs
 * can reach a score at all (gallery.c states the bound); those are multiplied again with all bits. */
#ifndef FACE_KERNELS_H
#define FACE_KERNELS_H

#include "entente/error.h"

enum {
    FACE_ALIGN = 64, /* bytes: rows and probes begin there and are padded to it */
    FACE_PANEL = 16  /* probes that are screened side by side */
};

/* Values plus 128 (padding: 128), values in [-127, 127]; for a screen halved: in [0, 127]. stride is a multiple of FACE_ALIGN, at most 960. */
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
    const int8_t *halves; /* (stride / 4) x FACE_PANEL x 4: four neighbouring values of each probe, in [-63, 64]; padding 0 */
    int32_t add[FACE_PANEL];
    float least[FACE_PANEL]; /* INFINITY where the panel has no probe */
} face_panel;

typedef struct face_pass {
    uint32_t row, probe;
} face_pass;

typedef struct face_kernel {
    const char *name;
    /* ret[i]: the product of the probe with row i. */
    void (*dots)(const face_rows *rows, const face_one *probe, int32_t *ret);
    /* Pairs with (float)(product + add) * inverse[row] >= least, rows rising and probes rising in each; ret has room for count x FACE_PANEL. */
    size_t (*screen)(const face_rows *halved, const float *inverse, const face_panel *panel, face_pass *ret);
} face_kernel;

const face_kernel *face_kernel_best(void);
/* The i-th that this machine can run, 0 the plain one; NULL past the last. */
const face_kernel *face_kernel_at(int i);

void face_dots_plain(const face_rows *rows, const face_one *probe, int32_t *ret);
void face_dots_vnni(const face_rows *rows, const face_one *probe, int32_t *ret);
size_t face_screen_plain(const face_rows *halved, const float *inverse, const face_panel *panel, face_pass *ret);
size_t face_screen_vnni(const face_rows *halved, const float *inverse, const face_panel *panel, face_pass *ret);

#endif
