/* What a template keeps of an extraction's fields. The caller frees `at` and `level`. False: no memory. */
#ifndef FINGER_RIDGE_H
#define FINGER_RIDGE_H

#include "finger/canvas.h"
#include "finger/template.h"

bool finger_coarse_make(const finger_canvas *c, int cell, finger_coarse *ret_coarse);
bool finger_ridge_make(const finger_canvas *c, finger_ridge *ret_ridge);

#endif
