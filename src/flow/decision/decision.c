#include "flow/decision/decision.h"

/* 10^-x by halves of known powers, so that every machine has the same (no libm). */
static double ten_to_minus(double x)
{
    static const double powers[] = {1e16, 1e8, 1e4, 1e2, 1e1, 3.1622776601683795, 1.7782794100389228, 1.333521432163324, 1.1547819846894583};
    static const double steps[] = {16, 8, 4, 2, 1, 0.5, 0.25, 0.125, 0.0625};
    bool negative = x < 0;
    double v = 1;
    if (negative) x = -x;
    for (int i = 0; i < 9; i++)
        while (x >= steps[i]) x -= steps[i], v *= powers[i];
    return negative ? v : 1 / v;
}

static void decide_prints(const ent_evidence *e, double trials, ent_decision *d)
{
    ent_finger_meaning meaning = ent_finger_llr(e->finger);
    double face = e->with_face ? ten_to_minus(e->face.ratio) : 1;
    double share = meaning.false_match * face;
    d->ratio = meaning.ratio + (e->with_face ? e->face.ratio : 0);
    d->expected_false_hits = share * trials;
    d->hit = d->ratio > 0 && d->expected_false_hits <= d->allowed_false_hits;
    if (d->hit || !(meaning.extrapolated > meaning.ratio)) return;
    /* No impostor ever scored like this: the measured share stands at its floor. The fitted tail may lower it, but only
     * here, above everything that was measured, so that it never decides by itself. */
    for (double tail = meaning.extrapolated - meaning.ratio; tail > 0; tail -= 1) share /= tail >= 1 ? 10 : 1 + 9 * tail;
    d->expected_false_hits = share * trials;
    d->hit = d->ratio > 0 && d->expected_false_hits <= d->allowed_false_hits;
}

ent_decision ent_decide(const ent_flow *flow, const ent_evidence *e)
{
    ent_decision d = {0};
    double per_day = flow->per_day ? flow->per_day : 1000;
    d.allowed_false_hits = (flow->false_hits_per_day > 0 ? flow->false_hits_per_day : 1.0) / per_day;
    if (e->finger > 0) {
        decide_prints(e, (double)e->compared * (double)(e->prints ? e->prints : 1), &d);
        return d;
    }
    if (!e->with_face) return d;
    d.ratio = e->face.ratio;
    d.expected_false_hits = ten_to_minus(e->face.ratio) * (double)e->compared;
    d.hit = flow->face_alone && d.ratio > 0 && d.expected_false_hits <= d.allowed_false_hits;
    return d;
}
