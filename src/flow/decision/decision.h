/* Hit or no hit. Pure. */
#ifndef FLOW_DECISION_H
#define FLOW_DECISION_H

#include "entente/finger.h"
#include "law/agreement.h"

typedef struct ent_decision {
    bool hit;
    double ratio;               /* log10, clamped to what the data carry */
    double expected_false_hits; /* of a search at this score against that many entries */
    double allowed_false_hits;  /* a search, by the flow */
} ent_decision;

/* The flow allows so many false hits a day and so many searches a day: their quotient is what one search may expect. A hit
 * is a score that impostors among `compared` entries reach less often than that, and that is evidence for the same finger
 * at all. */
ent_decision ent_decide(const ent_flow *flow, double score, uint64_t compared, size_t prints);

#endif
