/* What WSQ's two directions share (FBI/NIST Wavelet Scalar Quantization Gray-scale Fingerprint Image Compression
 * Specification, versions 2 and 3.1): the tree of subbands and the line transforms. */
#ifndef IMAGE_WSQ_H
#define IMAGE_WSQ_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WSQ_SOI = 0xffa0, WSQ_EOI = 0xffa1, WSQ_SOF = 0xffa2, WSQ_SOB = 0xffa3, WSQ_DTT = 0xffa4, WSQ_DQT = 0xffa5, WSQ_DHT = 0xffa6,
    WSQ_DRI = 0xffa7, WSQ_COM = 0xffa8,
    WSQ_BANDS = 64, WSQ_USED = 60, /* 60 to 63, the highest quarter, are never coded */
    WSQ_NODES = 20, WSQ_TAPS = 8,
    WSQ_LEAST = 17 /* pixels a side: below, a line of the deepest levels would be one sample, about which nothing can be mirrored */
};

/* A rectangle of the plane; low and high halves change places where flipped (the spectrum's order is a Gray code). */
typedef struct wsq_region {
    uint32_t x, y, width, height;
    bool flip_x, flip_y;
} wsq_region;

typedef struct wsq_tree {
    wsq_region node[WSQ_NODES]; /* in the order of the forward transform */
    wsq_region band[WSQ_BANDS];
} wsq_tree;

void wsq_plan(uint32_t width, uint32_t height, wsq_tree *ret_tree);

/* Filters by taps from the centre outward, both odd and symmetric: analysis low and high. At most WSQ_TAPS - 1 on a side. */
typedef struct wsq_filters {
    int low_half, high_half; /* taps on each side of the centre */
    float low[WSQ_TAPS], high[WSQ_TAPS];
} wsq_filters;

/* One node of at least 2 x 2 there or back, in place in a plane of `stride` floats a row; scratch: WSQ_SCRATCH(longest side)
 * floats that have been set once. Every kind gives the same floats: the same sums in the same order. */
typedef void wsq_transform(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f, float *scratch);
typedef struct wsq_lines {
    const char *name;
    wsq_transform *forward, *inverse;
} wsq_lines;

#define WSQ_SCRATCH(longest) (2 * (((size_t)(longest) / 2 + 16) * 16 + 16))

const wsq_lines *wsq_lines_at(int i); /* the i-th that this machine can run, 0 the plain one; NULL past the last */
const wsq_lines *wsq_lines_best(void);

#endif
