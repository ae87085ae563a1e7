/* The inner loops that are compiled once for every machine and again for newer x86-64: the same C, the same order of
 * every sum of floats, so the same result bit for bit (kernels_test.c). Chosen at run time by what the CPU has. */
#ifndef FINGER_KERNELS_H
#define FINGER_KERNELS_H

#include "finger/template.h"

#define FINGER_REACH 9 /* of the ridge filter, pixels */
#define FINGER_TAPS ((2 * FINGER_REACH + 1) * (2 * FINGER_REACH + 1))
#define FINGER_BLOCK 16
#define FINGER_TURN_MAX 280
#define FINGER_CELLS_MAX 32
#define FINGER_SIMILAR_TOP 384 /* above every similarity */

#define FINGER_SIMILAR_MAX 48
#define FINGER_PROPOSALS_MAX 32

/* Similar pairs of minutiae as lanes: where each lies on the probe and on the candidate, by how much its directions differ (1/256 turn). */
typedef struct finger_voters {
    size_t count;
    float probe_x[FINGER_SIMILAR_MAX], probe_y[FINGER_SIMILAR_MAX], x[FINGER_SIMILAR_MAX], y[FINGER_SIMILAR_MAX], similarity[FINGER_SIMILAR_MAX];
    int32_t turn[FINGER_SIMILAR_MAX];
} finger_voters;

/* Ways to lay the probe on the candidate as lanes (match.h). */
typedef struct finger_proposals {
    float cos[FINGER_PROPOSALS_MAX], sin[FINGER_PROPOSALS_MAX], dx[FINGER_PROPOSALS_MAX], dy[FINGER_PROPOSALS_MAX], cx[FINGER_PROPOSALS_MAX],
        cy[FINGER_PROPOSALS_MAX];
    int32_t turn[FINGER_PROPOSALS_MAX];
} finger_proposals;

/* The four samples of two bits around each place of a ridge part, in one word: at[1 + y * w + x] has (x, y), (x + 1, y), (x, y + 1) and (x + 1, y + 1), from
 * the lowest byte, each as 1, 3, 5 or 7; 0 where one of them is outside the print. at[0] is 0. */
typedef struct finger_quads {
    int32_t w, h;
    const uint32_t *at;
} finger_quads;

typedef struct finger_kernels {
    const char *name;
    /* One cell of 8 x 8 pixels: in and out point at its first pixel; in is read FINGER_REACH around. */
    void (*filter)(const float *in, float *out, int stride, const float taps[FINGER_TAPS]);
    /* What surrounds the i-th minutia, whose places lie at `own` from it: pixels, all x, then all y. The coarse field has a cell at least. */
    void (*describe)(const ent_finger_template *t, size_t i, const int8_t own[2 * FINGER_PLACES], finger_descriptor *ret);
    /* Similarity of every descriptor of p with every one of t, row by row; and how often each value came up. */
    void (*compare)(const ent_finger_template *p, const ent_finger_template *t, int16_t *ret,
                    uint16_t histogram[FINGER_SIMILAR_TOP]);
    /* What the pairs say of each proposal: the sum of the similarities of those that it brings together, less for what lies further apart. */
    void (*vote)(const finger_voters *v, const finger_proposals *p, float ret[FINGER_PROPOSALS_MAX]);
    /* Sums of products of a block of 16 x 16 at b with what lies at a, and n - 1 samples to the right and down: n x n, row by row. |a|, |b| <= 63. */
    void (*around)(const int16_t *a, const int16_t *b, int stride, int n, int32_t *ret);
    /* Sums of products over n cells of 8 x 8 side by side, n <= FINGER_CELLS_MAX. |a|, |b| <= 63. */
    void (*cells)(const int16_t *a, const int16_t *b, int stride, int n, int32_t *ret);
    /* Sum of squares of v where mask is 1, over a block. */
    int32_t (*energy)(const int16_t *v, const int16_t *mask, int stride);
    /* A row of n samples of ridges as they lie elsewhere, bilinear: the k-th is at from + k * step, x and y in 1/65536 of a sample. In ret 16 times -3 (valley) to
     * 3 (ridge), in ret_on 1; both 0 outside the print. n <= FINGER_TURN_MAX. */
    void (*turn)(const finger_quads *q, const int32_t from[2], const int32_t step[2], int n, int16_t *ret, int16_t *ret_on);
    /* The lane nearest to (x, y), the first of equal ones, whose squared distance is less than `below` (positive); lanes->padded: none. FAR is added
     * where the direction is not in [from, from + span] (1/256 turn), and what `taken` holds. */
    size_t (*nearest)(const finger_lanes *lanes, const float position[2], const int32_t from_span[2], const float *taken, float below);
} finger_kernels;

#define FINGER_FAR 1e9f
#define FINGER_TURN_MISS 20 /* 1/256 turn: 28 degrees; directions of a pair may differ by so much */

/* Before anything is paired, the squared distance that is still a match, x and y from where the fit is best: 9 pixels there, up to 18 far away. */
static inline float finger_tolerance(float x, float y)
{
    float r = 81 + 0.01f * (x * x + y * y);
    return r > 324 ? 324 : r;
}

const finger_kernels *finger_kernels_best(void);
/* The i-th that this machine can run, 0 the plain one; NULL past the last. */
const finger_kernels *finger_kernels_at(int i);

/* one pair of descriptors: 0 to about 256; 40 or 128 when the texture tells nothing */
int finger_similarity(const finger_descriptor *a, const finger_descriptor *b);

#endif
