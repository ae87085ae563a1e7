/* Hit or no hit: one decision from prints and a face. Pure. */
#ifndef FLOW_DECISION_H
#define FLOW_DECISION_H

#include "entente/face.h"
#include "entente/finger.h"
#include "law/agreement.h"

typedef struct ent_evidence {
    double finger;              /* the best print's score; 0: none was alike */
    size_t prints;              /* that were searched with; 0: the face alone */
    bool with_face;             /* the candidate's face was compared */
    ent_face_meaning face;
    uint64_t compared;          /* entries that the flow may see */
} ent_evidence;

typedef struct ent_decision {
    bool hit;
    double ratio;               /* log10, of all evidence together, each clamped to what its data carry */
    double expected_false_hits; /* of a search with this evidence against that many entries */
    double allowed_false_hits;  /* a search, by the flow */
} ent_decision;

/* The flow allows so many false hits a day and so many searches a day: their quotient is what one search may expect. A hit is
 * evidence that impostors among `compared` entries give less often than that, and that is for the same person at all.
 *
 * Prints count by the share of impostors that score so high; a face beside them multiplies that share by 10^-ratio, for an impostor
 * reaches a likelihood ratio of x with a chance of at most 1/x (and a face that speaks against raises it by the same rule). A face
 * without a print is judged by that bound alone, and is a hit only where the flow says so (face-alone). */
ent_decision ent_decide(const ent_flow *flow, const ent_evidence *e);

#endif
