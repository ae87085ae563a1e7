/* Hit or no hit: one decision from prints and a face. Pure. */
#ifndef FLOW_DECISION_H
#define FLOW_DECISION_H

#include "entente/face.h"
#include "entente/finger.h"
#include "law/agreement.h"

typedef struct ent_evidence {
    double finger[ENT_FINGER_SEVERAL_MAX]; /* scores of pairs of prints, no print twice; the best first */
    size_t fingers;             /* of them; 0: no print was alike */
    double ways;                /* in how many ways the pairs could have been chosen: 1 when each is of one known finger; 0: by the best print of `prints` */
    size_t prints;              /* that were searched with; 0: the face alone */
    bool with_face;             /* the candidate's face was compared */
    ent_face_meaning face;
    ent_face_fusion fusion;
    uint64_t compared;          /* entries that the flow may see */
} ent_evidence;

typedef struct ent_decision {
    bool hit;
    double ratio;               /* log10, of all evidence together, each clamped to what its data carry */
    double expected_false_hits; /* of a search with this evidence against that many entries */
    double allowed_false_hits;  /* a search, by the flow */
    bool extrapolated;          /* the hit rests on a tail that was fitted beyond what was measured: a candidate for examiners, no more; nothing is disclosed of it before they have confirmed it */
} ent_decision;

/* Two persons' prints, every one against every one. */
typedef struct ent_finger_table {
    size_t rows, columns;
    uint8_t row_finger[2 * ENT_FINGER_SEVERAL_MAX], column_finger[2 * ENT_FINGER_SEVERAL_MAX]; /* 1 to 10, 0 unknown */
    double score[2 * ENT_FINGER_SEVERAL_MAX][2 * ENT_FINGER_SEVERAL_MAX]; /* of fingers that may be the same */
} ent_finger_table;

/* What of the table is evidence. Fingers known on both sides: each finger's best pair, alike or not. Else the pairs that speak for
 * one person, the best first, no print twice; those that do not may be of different fingers, and say nothing. */
void ent_evidence_fingers(const ent_finger_table *t, ent_evidence *ret);

/* The flow allows so many false hits a day and so many searches a day: their quotient is what one search may expect. A hit is
 * evidence that impostors among `compared` entries give less often than that, and that is for the same person at all.
 *
 * Several fingers are weighed together (ent_finger_llr_several). Prints count by the share of impostors that score so high; a face beside them multiplies that share by 10^-x, where x
 * is what it adds to the prints' log10 ratio by the fit on joint scores, for an impostor reaches a likelihood ratio of 10^x with a chance of at most 10^-x (and a face
 * that speaks against raises it by the same rule). A face
 * without a print is judged by that bound alone, and is a hit only where the flow says so (face-alone). */
ent_decision ent_decide(const ent_flow *flow, const ent_evidence *e);

#endif
