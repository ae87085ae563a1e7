/* The search itself: a probe's prints and faces against everything that one flow may see, and one decision from both.
 *
 * Both galleries name their best, by all fingers together; each candidate is then compared in the other modality too, where it has
 * it, and the ratios add up: a face and a finger of one person are independent given who it is. Not under the lock. */
#ifndef FLOW_MATCH_H
#define FLOW_MATCH_H

#include "flow/capture/capture.h"
#include "flow/decision/decision.h"
#include "flow/flow.h"
#include "flow/redress/redress.h"

typedef struct ent_matched {
    ent_part_id part;        /* of the candidate: its prints, or its photograph when only the face was alike */
    double finger, face;     /* scores, of the best finger; 0: not compared */
    ent_evidence evidence;   /* of all its fingers */
    bool with_face;
    ent_decision decision;
} ent_matched;

/* What one search found. */
typedef struct ent_matches {
    size_t count;            /* candidates: hits by their own evidence, the best first, of one encounter one; no more than the flow grants */
    uint64_t compared;
    ent_matched at[ENT_AGREEMENT_CANDIDATES]; /* without a hit the first is the likeliest of all */
} ent_matches;

typedef struct ent_match_ask {
    const ent_flow *flow;
    int bit;                 /* the flow's */
    const ent_capture *probe;
    ent_leave *leave;        /* of a redress slip; NULL: none. Its effect is written: left out, or not, for the evidence exceeds */
} ent_match_ask;

/* ENT_QUALITY when nothing in the probe can be searched. */
ENT_MUST_CHECK ent_code ent_search_match(ent_flow_node *n, const ent_match_ask *ask, ent_matches *ret, ent_err *err);

#endif
