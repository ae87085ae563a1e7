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

/* What the face adds to the ratio of the prints: by the fit on joint scores, but both together never say more than each by itself does. */
static double added_to(double prints, const ent_evidence *e)
{
    double face = e->with_face ? e->face.ratio : 0;
    if (!e->with_face || !e->face.known || !e->fusion.fitted) return face;
    double both = e->fusion.offset + e->fusion.prints * prints + e->fusion.face * face;
    double most = (prints > 0 ? prints : 0) + (face > 0 ? face : 0), least = (prints < 0 ? prints : 0) + (face < 0 ? face : 0);
    return (both > most ? most : both < least ? least : both) - prints;
}

static void decide_prints(const ent_evidence *e, double trials, ent_decision *d)
{
    ent_finger_meaning meaning = ent_finger_llr_several(e->finger, e->fingers, e->ways);
    double added = added_to(meaning.ratio, e);
    double of_share = ten_to_minus(added) * trials;
    d->ratio = meaning.ratio + added;
    d->expected_false_hits = meaning.false_match * of_share;
    d->hit = d->ratio > 0 && d->expected_false_hits <= d->allowed_false_hits;
    if (d->hit || !(meaning.false_match_tail < meaning.false_match)) return;
    /* No impostor ever scored like this: the measured share stands at its floor. The fitted tail may lower it, but only
     * here, above everything that was measured, and what it lets through is a candidate. */
    d->expected_false_hits = meaning.false_match_tail * of_share;
    d->hit = d->extrapolated = d->ratio > 0 && d->expected_false_hits <= d->allowed_false_hits;
}

/* ---- what of two persons' prints is evidence ---- */

static void take(ent_evidence *e, double score, double ways)
{
    size_t i = e->fingers++;
    for (; i > 0 && e->finger[i - 1] < score; i--) e->finger[i] = e->finger[i - 1];
    e->finger[i] = score;
    e->ways *= ways;
}

/* Both sides say which finger it is: the best pair of its prints. */
static void take_known(const ent_finger_table *t, uint8_t finger, ent_evidence *e)
{
    double best = -1;
    size_t pairs = 0;
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns; j++) {
            if (t->row_finger[i] != finger || t->column_finger[j] != finger) continue;
            if (t->score[i][j] > best) best = t->score[i][j];
            pairs++;
        }
    if (pairs && e->fingers < ENT_FINGER_SEVERAL_MAX) take(e, best, (double)pairs);
}

static bool certain(const ent_finger_table *t, size_t i, size_t j) { return t->row_finger[i] && t->column_finger[j]; }

/* At least one side does not say: greedily, and only what speaks for one person; one pair at least. */
static void take_unknown(const ent_finger_table *t, ent_evidence *e)
{
    bool row_used[2 * ENT_FINGER_SEVERAL_MAX] = {0}, column_used[2 * ENT_FINGER_SEVERAL_MAX] = {0};
    size_t taken = 0;
    while (e->fingers < ENT_FINGER_SEVERAL_MAX) {
        size_t at[2] = {0, 0};
        double best = -1;
        for (size_t i = 0; i < t->rows; i++)
            for (size_t j = 0; j < t->columns; j++)
                if (!row_used[i] && !column_used[j] && !certain(t, i, j) && t->score[i][j] > best) best = t->score[i][j], at[0] = i, at[1] = j;
        if (best < 0 || (e->fingers && !(ent_finger_llr(best).ratio > 0))) break;
        row_used[at[0]] = column_used[at[1]] = true;
        take(e, best, 1);
        taken++;
    }
    e->ways *= ent_finger_ways(t->rows, t->columns, taken);
}

void ent_evidence_fingers(const ent_finger_table *t, ent_evidence *ret)
{
    ret->fingers = 0, ret->ways = 1;
    for (uint8_t finger = 1; finger <= ENT_FINGER_SEVERAL_MAX; finger++) take_known(t, finger, ret);
    take_unknown(t, ret);
}

ent_decision ent_decide(const ent_flow *flow, const ent_evidence *e)
{
    ent_decision d = {0};
    double per_day = flow->per_day ? flow->per_day : 1000;
    d.allowed_false_hits = (flow->false_hits_per_day > 0 ? flow->false_hits_per_day : 1.0) / per_day;
    if (e->fingers && e->finger[0] > 0) {
        double tries = e->ways > 0 || !e->prints ? 1 : (double)e->prints;
        decide_prints(e, (double)e->compared * tries, &d);
        return d;
    }
    if (!e->with_face) return d;
    d.ratio = e->face.ratio;
    d.expected_false_hits = ten_to_minus(e->face.ratio) * (double)e->compared;
    d.hit = flow->face_alone && d.ratio > 0 && d.expected_false_hits <= d.allowed_false_hits;
    return d;
}
