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

/* Working space for two prints with ridges, 900 KB; NULL without memory. It refers to both. One thread at a time. */
typedef struct finger_relation finger_relation;
finger_relation *finger_relation_new(const ent_finger_template *probe, const ent_finger_template *candidate);
void finger_relation_free(finger_relation *r); /* erases it */

/* The probe laid on the candidate. */
finger_agreement finger_relate(finger_relation *r, const finger_lay *l);

#endif
