/* Between the matchers: how one print may lie on the other. */
#ifndef FINGER_MATCH_H
#define FINGER_MATCH_H

#include "finger/kernels.h"

/* candidate = turned probe + shift; cx, cy: where on the probe the fit is best; turn as minutia angles */
typedef struct finger_lay {
    double cos, sin, dx, dy, cx, cy;
    uint8_t turn;
} finger_lay;

typedef struct finger_found {
    finger_lay lay;
    ent_finger_pairs pairs;
    double score;                  /* ln of the likelihood ratio, by the minutiae */
    double raw;                    /* weight against what should have been paired */
    double weight;                 /* of the pairs: similarity, less for what lies further apart */
    double on_probe, on_candidate; /* minutiae of the one that lie on the other */
    double fields;                 /* mean agreement of the coarse fields, -1 to 1 */
    double places;                 /* over so many cells of the probe's field */
} finger_found;

typedef struct finger_similar {
    uint8_t probe, candidate;
    int16_t similarity;
} finger_similar;

/* The most similar pairs of minutiae, falling; returns how many. */
int finger_find_similar(const ent_finger_template *p, const ent_finger_template *t,
                        finger_similar ret_similar[FINGER_SIMILAR_MAX]);

/* The `most` best ways to lay p on t, judged by the minutiae; returns how many there are. Allocates nothing. */
int finger_match_lays(const ent_finger_template *p, const ent_finger_template *t, finger_found *ret_found,
                      int most);

/* A prepared probe: its own copy of the template. */
struct ent_finger_probe {
    ent_finger_template *t;
};

#endif
