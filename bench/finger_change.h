/* Prints as other sensors and other hands would have given them: one change to an image, by name. */
#ifndef BENCH_FINGER_CHANGE_H
#define BENCH_FINGER_CHANGE_H

#include "image/image.h"

#include <stdbool.h>
#include <stddef.h>

/* The change of this number, NULL past the last. The first, "none", changes nothing. */
const char *finger_change_name(size_t i);

/* The grey image changed; `number` is the print's, so that each impression is changed in its own way and always in the same. The result is
 * the caller's. False: no such change, or no memory. */
bool finger_change(const ent_image *grey, const char *name, uint64_t number, ent_image *ret);

#endif
