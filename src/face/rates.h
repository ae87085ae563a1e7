/* Error rates and calibration from scored pairs (ISO/IEC 19795-1, ISO/IEC 19795-10), with bootstrap intervals over persons, since pairs that
 * share a person are not independent. Pure; deterministic. */
#ifndef FACE_RATES_H
#define FACE_RATES_H

#include "entente/face.h"

enum { FACE_LEVELS = 5, FACE_BINS = 8192 };

typedef struct face_pair {
    float score;
    uint32_t a, b; /* persons; equal: genuine */
} face_pair;

/* Every pair of some persons' pictures. Impostor pairs below `floor` may be left out of `pair` when there are very many: they are in `total` and in
 * `low` only. The persons of a subset are those whose `member` is set (NULL: all). */
typedef struct face_pairs {
    face_pair *pair;
    size_t count;
    uint32_t persons;
    const uint32_t *pictures; /* of each person */
    float floor;              /* impostor pairs under it are not in `pair` */
    uint64_t *low;            /* FACE_BINS counts of those over -1 to 1 */
} face_pairs;

typedef struct face_rate {
    double value, low, high; /* shares; 95 % */
} face_rate;

typedef struct face_level {
    double fmr;        /* asked for */
    double threshold;  /* the lowest score that keeps it */
    face_rate fnmr;
    size_t misses, false_matches; /* that it rests on; measurable with ten of both */
} face_level;

typedef struct face_rates {
    double genuine, impostor; /* pairs */
    face_rate eer;
    size_t eer_misses;
    face_level level[FACE_LEVELS]; /* FMR 10^-2 to 10^-6 */
} face_rates;

void face_pairs_sort(face_pairs *p); /* by falling score; before everything else */

/* ENT_USAGE without both kinds of pairs among the members, ENT_NO_MEMORY. */
ENT_MUST_CHECK ent_code face_rates_of(const face_pairs *p, const uint8_t *member, unsigned samples, face_rates *ret, ent_err *err);

/* FMR and FNMR of the members at one threshold. */
typedef struct face_group_rates {
    double genuine, impostor;
    face_rate fmr, fnmr;
    size_t misses, false_matches;
} face_group_rates;

ENT_MUST_CHECK ent_code face_group_rates_of(const face_pairs *p, const uint8_t *member, double threshold, unsigned samples, face_group_rates *ret, ent_err *err);

/* The line from score to log10 likelihood ratio by logistic regression with a prior of 1 in 1,000, its interval from `samples` bootstrap
 * samples, and the bounds (rule of three): log10 of a third of the pairs of persons that were compared above, of a third of the persons with two pictures below. */
ENT_MUST_CHECK ent_code face_calibrate(const face_pairs *p, unsigned samples, ent_face_calibration *ret, ent_err *err);

/* Cost of the likelihood ratios in bits (Cllr, Brümmer and du Preez 2006): 0 perfect, 1 says nothing. */
double face_cllr(const face_pairs *p, const ent_face_calibration *c);

#endif
