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
    WSQ_NODES = 20, WSQ_TAPS = 9,
    WSQ_LEAST = 32 /* pixels a side: below, subbands would be empty */
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

/* One node there or back, in place in a plane of `stride` floats a row. Filters by taps from the centre outward, both odd and
 * symmetric: analysis low and high. line: 4 * (longest side + 16) floats. */
typedef struct wsq_filters {
    int low_half, high_half; /* taps on each side of the centre */
    float low[WSQ_TAPS], high[WSQ_TAPS];
} wsq_filters;

void wsq_forward(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f, float *line);
void wsq_inverse(float *plane, uint32_t stride, const wsq_region *r, const wsq_filters *f, float *line);

#endif
