/* Agreement of the ridges of two prints under an alignment. */
#ifndef FINGER_RELATE_H
#define FINGER_RELATE_H

#include "finger/match.h"

typedef struct finger_agreement {
    int blocks;  /* of 32 x 32 pixels, one every 16, that lie on both prints */
    float mean;  /* correlation, mean over the blocks */
    float good;  /* share of blocks above 0.6 */
    float lost;  /* share of blocks below 0.3 */
    float whole; /* share of blocks in the largest connected part of good ones */
    float rough; /* mean difference of neighbouring shifts, samples of two pixels */
} finger_agreement;

/* Working space for comparisons with one candidate, 700 KB; NULL without memory. Freed by free(). */
typedef struct finger_relation finger_relation;
finger_relation *finger_relation_new(const ent_finger_template *candidate);

/* p laid on t; r was made for t. */
finger_agreement finger_relate(finger_relation *r, const ent_finger_template *p, const ent_finger_template *t,
                               const finger_lay *l);

#endif
