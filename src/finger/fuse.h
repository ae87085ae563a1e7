/* From evidence to scores. */
#ifndef FINGER_FUSE_H
#define FINGER_FUSE_H

#include "finger/relate.h"

/* ln of the likelihood ratio "same finger" to "different fingers" that the evidence carries by itself */
double finger_fuse_minutiae(const finger_found *f);
double finger_fuse_ridges(const finger_found *f, const finger_agreement *e);

/* the scale of the public scores: 40 + 10 log10 of the ratio, never below 0 */
double finger_scale(double log_ratio);

#endif
