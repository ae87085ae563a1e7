/* Error rates of a matcher from scored pairs (ISO/IEC 19795-1), with bootstrap intervals over fingers, since pairs of one finger
 * are not independent. Pure; deterministic. */
#ifndef FINGER_STATS_H
#define FINGER_STATS_H

#include "entente/error.h"

#include <stdbool.h>

typedef struct ent_pair {
    float score;
    bool genuine;
    uint8_t quality; /* of the worse of the two prints, 0 to 100 */
    uint32_t a, b; /* fingers; equal when genuine */
} ent_pair;

typedef struct ent_rate {
    double value, low, high; /* shares; 95 % */
    size_t errors;           /* that it rests on; fewer than ten: not measurable */
} ent_rate;

typedef struct ent_rates {
    size_t genuine, impostor;
    ent_rate eer, fnmr_100, fnmr_1000, fnmr_10000, fnmr_zero; /* FNMR at FMR 1 %, 0.1 %, 0.01 %, 0 */
} ent_rates;

/* Fewer errors say nothing about a rate. */
#define ENT_ERRORS_LEAST 10

/* One trial of a finger: whether it went wrong. */
typedef struct ent_trial {
    uint32_t finger;
    bool wrong;
} ent_trial;

/* The share that went wrong, with its interval over fingers. ENT_NO_MEMORY, ENT_USAGE without trials. */
ENT_MUST_CHECK ent_code ent_rate_of(const ent_trial *trials, size_t count, uint32_t fingers, unsigned samples, ent_rate *ret, ent_err *err);

/* One point of an error-versus-discard curve (ISO/IEC 29794-1): without the share of genuine comparisons that have the worst
 * quality, so many of the others are not recognised. */
typedef struct ent_reject {
    double share, fnmr; /* shares */
    size_t errors, genuine; /* of the comparisons that are left */
    int quality; /* the least that is left */
} ent_reject;

#define ENT_REJECT_MAX 102

/* Sorts the pairs. fingers: how many there are; samples of the bootstrap (0: no interval). ENT_NO_MEMORY, ENT_USAGE without both kinds. */
ENT_MUST_CHECK ent_code ent_rates_of(ent_pair *pairs, size_t count, uint32_t fingers, unsigned samples, ent_rates *ret, ent_err *err);

/* FNMR at the threshold of FMR 0.1 % of all pairs, as the worst are left out, quality by quality; the first point leaves out none,
 * the last less than all. Sorts the pairs. Returns how many points, at most ENT_REJECT_MAX; 0 without both kinds of pairs. */
size_t ent_reject_curve(ent_pair *pairs, size_t count, ent_reject ret[ENT_REJECT_MAX]);

#endif
