/* The gallery's inner loop: products of rows of bytes with probes, in whole numbers, so that every kernel gives the same result (kernels_test.c proves
 * it, on machines without AVX-512 by emulation). Chosen at run time by what the CPU has, and believed only after it agreed with the plain one on a
 * sample. */
#ifndef FACE_KERNELS_H
#define FACE_KERNELS_H

#include "entente/error.h"

enum { FACE_ALIGN = 64 }; /* bytes: rows and probes begin there and are padded to it */

/* Rows hold values plus 128 (padding: 128), probes values (padding: 0), all in [-127, 127]; stride is a multiple of FACE_ALIGN, at most 960. */
typedef struct face_rows {
    const uint8_t *rows;
    size_t count, stride;
} face_rows;

typedef struct face_probes {
    const int8_t *values;  /* count x stride */
    const int16_t *wide;   /* the same, for machines that multiply 16 bits */
    const int32_t *bias;   /* 128 times the sum of each probe */
    size_t count;
} face_probes;

typedef struct face_kernel {
    const char *name;
    /* ret[p * rows.count + i]: the product of probe p with row i. */
    void (*dots)(const face_rows *rows, const face_probes *probes, int32_t *ret);
} face_kernel;

const face_kernel *face_kernel_best(void);
/* The i-th that this machine can run, 0 the plain one; NULL past the last. */
const face_kernel *face_kernel_at(int i);

void face_dots_plain(const face_rows *rows, const face_probes *probes, int32_t *ret);
void face_dots_vnni(const face_rows *rows, const face_probes *probes, int32_t *ret);

#endif
