/* A 3 x 3 convolution of each plane by itself, as the small networks for phones have them in half of their layers. The network runtime does planes of
 * less than 18 columns without vectors (OpenCV 4.6; measured: a third of an embedding's time), so net.cc puts this in its place. */
#ifndef FACE_DEPTHWISE_H
#define FACE_DEPTHWISE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct face_depthwise {
    int height, width;       /* of the input, 1 to 1024 */
    int top, left, bottom, right; /* zeros around it, 0 to 2 */
    int stride;              /* 1 or 2 */
} face_depthwise;

int face_depthwise_height(const face_depthwise *d); /* of the output; 0 or less: there is none */
int face_depthwise_width(const face_depthwise *d);
size_t face_depthwise_scratch(const face_depthwise *d); /* floats */

/* Once for a scratch, before any number of planes of this form: the zeros around them. */
void face_depthwise_clear(const face_depthwise *d, float *scratch);
/* ret = bias + sum of weight times input; each output is the same nine products added in the same order on every machine. */
void face_depthwise_run(const face_depthwise *d, const float *in, const float weight[9], float bias, float *scratch, float *ret);

#ifdef __cplusplus
}
#endif

#endif
