/* Minutiae and ridges together: the best few alignments that the minutiae propose are each checked ridge by ridge
 * (relate.c), and the evidence is fused; the best alignment counts. */
#include "finger/arith.h"
#include "finger/relate.h"

#include <stdlib.h>

#define LAYS 6

double finger_fuse(double minutiae, const finger_agreement *e)
{
    double blocks = e->blocks, certain = blocks / (blocks + 20);
    double ridges = (double)e->mean - 0.3;
    return minutiae + 100 * ridges * certain;
}

double ent_finger_match_full(const ent_finger_probe *p, const ent_finger_template *t, ent_finger_pairs *ret_pairs)
{
    if (!p->t->ridge.w || !t->ridge.w) return ent_finger_match(p, t, ret_pairs);
    finger_relation *r = finger_relation_new(t);
    if (!r) return ent_finger_match(p, t, ret_pairs);
    finger_found found[LAYS];
    finger_match_lays(p->t, t, found, LAYS);
    double best = 0;
    int top = 0;
    for (int k = 0; k < LAYS; k++) {
        if (!found[k].score) continue;
        finger_agreement e = finger_relate(r, p->t, t, &found[k].lay);
        double score = finger_fuse(found[k].score, &e);
        if (score > best) best = score, top = k;
    }
    free(r);
    if (ret_pairs) *ret_pairs = found[top].pairs;
    return best;
}
