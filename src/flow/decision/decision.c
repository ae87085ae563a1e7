#include "flow/decision/decision.h"

ent_decision ent_decide(const ent_flow *flow, double score, uint64_t compared, size_t prints)
{
    ent_decision d = {0};
    double per_day = flow->per_day ? flow->per_day : 1000;
    d.allowed_false_hits = (flow->false_hits_per_day > 0 ? flow->false_hits_per_day : 1.0) / per_day;
    if (score <= 0) return d;
    ent_finger_meaning meaning = ent_finger_llr(score);
    double trials = (double)compared * (double)(prints ? prints : 1);
    d.ratio = meaning.ratio;
    d.expected_false_hits = meaning.false_match * trials;
    d.hit = d.ratio > 0 && d.expected_false_hits <= d.allowed_false_hits;
    if (d.hit || !(meaning.extrapolated > meaning.ratio)) return d;
    /* No impostor ever scored like this: the measured share stands at its floor. The fitted tail may lower it, but only
     * here, above everything that was measured, so that it never decides by itself. */
    double share = meaning.false_match;
    for (double tail = meaning.extrapolated - meaning.ratio; tail > 0; tail -= 1) share /= tail >= 1 ? 10 : 1 + 9 * tail;
    d.expected_false_hits = share * trials;
    d.hit = d.ratio > 0 && d.expected_false_hits <= d.allowed_false_hits;
    return d;
}
