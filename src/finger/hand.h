/* Which fingertip is which: announced positions, and the shape of a hand. */
#ifndef FINGER_HAND_H
#define FINGER_HAND_H

#include "entente/finger.h"

/* What a position announces, without the missing. */
typedef struct finger_expected {
    ent_finger_hand hand;
    size_t count;                          /* 0: nothing is announced */
    uint8_t position[ENT_FINGER_SLAP_MAX]; /* from left to right in the image */
} finger_expected;

/* false: the position is not one of several fingers. */
bool finger_hand_expect(int position, uint32_t missing, finger_expected *ret);

/* A fingertip, across the hand and along it (down), in cells: its middle, its top, its width. From left to right. */
typedef struct finger_tip {
    double u, v, width;
} finger_tip;

/* Positions, 0 where they cannot be told, and log10 of the odds for a right hand. */
void finger_hand_judge(const finger_tip *tip, int count, const finger_expected *expected, uint8_t ret_position[ENT_FINGER_SLAP_MAX],
                       double *ret_lies_right);

#endif
