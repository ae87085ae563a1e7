/* Descriptors compared: every minutia of one print with every one of another; the most similar pairs. */
#include "finger/kernels.h"
#include "finger/match.h"

#define LEAST 110 /* similarity below which a pair proposes nothing */

/* the similarity above which fewer than FINGER_SIMILAR_MAX pairs lie */
static int threshold(const uint16_t *histogram)
{
    int s = FINGER_SIMILAR_TOP - 1, above = 0;
    for (; s >= LEAST; s--) {
        above += histogram[s];
        if (above > FINGER_SIMILAR_MAX) break;
    }
    return s + 1;
}

static int insert(finger_similar *ret, int n, finger_similar one)
{
    int k = n;
    for (; k > 0 && ret[k - 1].similarity < one.similarity; k--) ret[k] = ret[k - 1];
    ret[k] = one;
    return n + 1;
}

int finger_find_similar(const ent_finger_template *p, const ent_finger_template *t,
                        finger_similar ret_similar[FINGER_SIMILAR_MAX])
{
    int16_t all[FINGER_MINUTIAE_MAX * FINGER_MINUTIAE_MAX];
    uint16_t histogram[FINGER_SIMILAR_TOP] = {0};
    finger_kernels_best()->compare(p, t, all, histogram);
    int least = threshold(histogram), n = 0;
    /* those above first, then as many as fit of those just below, in order */
    for (int below = 0; below < 2; below++) {
        if (below && least <= LEAST) break;
        const int16_t *s = all;
        for (size_t i = 0; i < p->count; i++)
            for (size_t j = 0; j < t->count; j++, s++) {
                if (below ? *s != least - 1 : *s < least) continue;
                if (n == FINGER_SIMILAR_MAX) return n;
                n = insert(ret_similar, n, (finger_similar){(uint8_t)i, (uint8_t)j, *s});
            }
    }
    return n;
}
