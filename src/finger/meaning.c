/* What a score means. The scale is that of a likelihood ratio already (fuse.c); what is left is to check it on pairs and
 * to say how sure that is. Measured on 137,016 impostor and 2,380 genuine comparisons of 124 fingers from five sensors
 * (README.md), each by both matchers: log10 of the ratio is OFFSET + SLOPE (score - MIDDLE) by logistic regression, each
 * sensor counting alike. The interval is that of bootstrap samples of fingers. */
#include "entente/finger.h"
#include "finger/arith.h"

#define OFFSET 0.08
#define SLOPE 0.104
#define MIDDLE 40.0
/* Different fingers compared make 3,666 pairs; nothing rarer than that was looked at, so no ratio is claimed beyond. */
#define BOUND 3.5

#define RARE 7.3e-5 /* share of impostor comparisons: 10 of 137,016. Rarer is not measurable. */

/* ln of the share of impostor comparisons that score at least 0, 5, 10 … 55, of the matcher that has more of them */
static const double share_logarithm[] = {
    0.000, -0.061, -0.269, -0.671, -1.044, -1.556, -2.385, -3.576,
    -5.030, -6.725, -8.115, -9.525,
};
#define SHARES (int)(sizeof share_logarithm / sizeof *share_logarithm)

static double clamp(double v)
{
    return v > BOUND ? BOUND : v < -BOUND ? -BOUND : v;
}

static double false_match(double score)
{
    int k = score > 1000 ? 200 : (int)(score / 5);
    if (k >= SHARES - 1) return RARE;
    double part = score / 5 - k;
    double share = finger_exp(share_logarithm[k] + part * (share_logarithm[k + 1] - share_logarithm[k]));
    return share > RARE ? share : RARE;
}

ent_finger_meaning ent_finger_llr(double score)
{
    if (!(score > 0)) score = 0;
    double away = score > MIDDLE ? score - MIDDLE : MIDDLE - score, raw = OFFSET + SLOPE * (score - MIDDLE);
    /* what lies further from the middle is less sure, and more so outward */
    double inward = 0.3 + 0.018 * away, outward = 0.25 + 0.035 * away;
    bool above = score > MIDDLE;
    return (ent_finger_meaning){
        .ratio = clamp(raw),
        .low = clamp(raw - (above ? inward : outward)),
        .high = clamp(raw + (above ? outward : inward)),
        .extrapolated = raw,
        .false_match = false_match(score),
    };
}
