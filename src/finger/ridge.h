/* What a template keeps of an extraction's fields. The caller frees `at` and `level`. False: no memory. */
#ifndef FINGER_RIDGE_H
#define FINGER_RIDGE_H

#include "finger/canvas.h"
#include "finger/template.h"

/* with the smallest cells with which so many minutiae and the field fit into FINGER_COMPACT_GOAL */
bool finger_coarse_make(const finger_canvas *c, size_t minutiae, finger_coarse *ret_coarse);
bool finger_ridge_make(const finger_canvas *c, finger_ridge *ret_ridge);

#endif
