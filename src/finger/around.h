/* 64 bits of what surrounds each of a template's first minutiae. */
#ifndef FINGER_AROUND_H
#define FINGER_AROUND_H

#include "finger/template.h"

/* All zero without a coarse field. */
void finger_around(const ent_finger_template *t, size_t count, uint64_t *ret_bits);

#endif
