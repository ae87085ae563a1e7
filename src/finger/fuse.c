/* Evidence -> ln of a likelihood ratio, by logistic regression: two linear forms, one of what the minutiae and the
 * coarse fields say, one that also knows how the ridges agree (README.md tells on what they were fitted). And the full
 * match: the best few alignments that the minutiae propose are each checked ridge by ridge; the best one counts. */
#include "finger/fuse.h"
#include "finger/arith.h"

#include <stdlib.h>

const double finger_minutiae_weights[FINGER_MINUTIAE_TERMS] = {
    -11.7317, 2.6386, 0.5367, -0.5455, 2.2618, 4.6071, 6.1216, -2.5983, -2.5397,
};

const double finger_ridge_weights[FINGER_RIDGE_TERMS] = {
    -1.1378, 2.1716, -5.647, 5.2675, 5.9611, 3.5399, -5.7657, -4.6864, 3.6481, 0.9296,
};

static double weigh(const double *weights, const double *terms, int n)
{
    double sum = 0;
    for (int k = 0; k < n; k++) sum += weights[k] * terms[k];
    return sum;
}

void finger_minutiae_terms(const finger_found *f, double ret[FINGER_MINUTIAE_TERMS])
{
    double n = (double)f->pairs.count, certain = f->places / (f->places + 40);
    double fewer = f->on_probe < f->on_candidate ? f->on_probe : f->on_candidate;
    const double terms[FINGER_MINUTIAE_TERMS] = {
        1,
        f->raw,
        f->weight,
        4 * f->weight / sqrt((f->on_probe + 4) * (f->on_candidate + 4)),
        f->weight / (n > 1 ? n : 1) * certain,
        f->fields * certain,
        f->fields,
        fewer / 10,
        certain,
    };
    memcpy(ret, terms, sizeof terms);
}

double finger_fuse_minutiae(const finger_found *f)
{
    double terms[FINGER_MINUTIAE_TERMS];
    finger_minutiae_terms(f, terms);
    return weigh(finger_minutiae_weights, terms, FINGER_MINUTIAE_TERMS);
}

void finger_ridge_terms(const finger_found *f, const finger_agreement *e, double ret[FINGER_RIDGE_TERMS])
{
    double certain = e->blocks / (e->blocks + 20.0), above = e->blocks ? (double)e->mean - 0.3 : 0;
    const double terms[FINGER_RIDGE_TERMS] = {
        1,
        f->raw,
        f->fields,
        ((double)e->mean - 0.3) * certain,
        (double)e->good * certain,
        (double)e->whole * certain,
        (double)e->lost * certain,
        (double)e->rough * certain,
        certain,
        above,
    };
    memcpy(ret, terms, sizeof terms);
}

double finger_fuse_ridges(const finger_found *f, const finger_agreement *e)
{
    double terms[FINGER_RIDGE_TERMS];
    finger_ridge_terms(f, e, terms);
    return weigh(finger_ridge_weights, terms, FINGER_RIDGE_TERMS);
}

double finger_scale(double log_ratio)
{
    double score = 40 + log_ratio * 4.342944819032518;
    return score > 0 ? score : 0;
}

/* Where ridges agree depends on the lay alone: several proposals may end in the same one. */
static finger_agreement agreement_of(finger_relation *r, const finger_found *found, const finger_agreement *before, int k)
{
    for (int j = 0; j < k; j++)
        if (found[j].lay.cos == found[k].lay.cos && found[j].lay.sin == found[k].lay.sin && found[j].lay.dx == found[k].lay.dx && found[j].lay.dy == found[k].lay.dy)
            return before[j];
    return finger_relate(r, &found[k].lay);
}

double ent_finger_match_full(const ent_finger_probe *p, const ent_finger_template *t, ent_finger_pairs *ret_pairs)
{
    if (!p->t->ridge.w || !t->ridge.w) return ent_finger_match(p, t, ret_pairs);
    finger_relation *r = finger_relation_new(p->t, t);
    if (!r) return ent_finger_match(p, t, ret_pairs);
    finger_found found[FINGER_LAYS_FULL];
    finger_agreement agreement[FINGER_LAYS_FULL];
    int n = finger_match_lays(p->t, t, found, FINGER_LAYS_FULL), top = 0;
    double best = -1e9;
    for (int k = 0; k < n; k++) {
        agreement[k] = agreement_of(r, found, agreement, k);
        double score = finger_fuse_ridges(&found[k], &agreement[k]);
        if (score > best) best = score, top = k;
    }
    finger_relation_free(r);
    if (ret_pairs) *ret_pairs = n ? found[top].pairs : (ent_finger_pairs){.cos = 1};
    return n ? finger_scale(best) : 0;
}
