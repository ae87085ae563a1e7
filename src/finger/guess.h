/* The coarse field of a template of which only minutiae are known. */
#ifndef FINGER_GUESS_H
#define FINGER_GUESS_H

#include "finger/template.h"

void finger_guess_shape(uint32_t width, uint32_t height, finger_coarse *ret); /* without its cells */
void finger_guess(const ent_finger_minutia *minutiae, size_t count, const finger_coarse *shape, uint8_t *ret_at); /* shape's cells */

#endif
