/* From evidence to scores. */
#ifndef FINGER_FUSE_H
#define FINGER_FUSE_H

#include "finger/relate.h"

enum { FINGER_MINUTIAE_TERMS = 9, FINGER_RIDGE_TERMS = 10, FINGER_LAYS_COMPACT = 3, FINGER_LAYS_FULL = 10 };

/* What is weighed: the terms of the two linear forms; the first is 1. bench/finger_fit.c fits their weights. */
void finger_minutiae_terms(const finger_found *f, double ret[FINGER_MINUTIAE_TERMS]);
void finger_ridge_terms(const finger_found *f, const finger_agreement *e, double ret[FINGER_RIDGE_TERMS]);

extern const double finger_minutiae_weights[FINGER_MINUTIAE_TERMS], finger_ridge_weights[FINGER_RIDGE_TERMS];

/* ln of the likelihood ratio "same finger" to "different fingers" that the evidence carries by itself */
double finger_fuse_minutiae(const finger_found *f);
double finger_fuse_ridges(const finger_found *f, const finger_agreement *e);

/* the scale of the public scores: 40 + 10 log10 of the ratio, never below 0 */
double finger_scale(double log_ratio);

#endif
