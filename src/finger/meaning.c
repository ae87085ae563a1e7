/* What a score means. The scale is that of a likelihood ratio already (fuse.c); what is left is to check it on pairs and
 * to say how sure that is. Measured on 137,016 impostor and 2,380 genuine comparisons of 124 fingers from five sensors
 * (README.md), each by both matchers: log10 of the ratio is OFFSET + SLOPE (score - MIDDLE) by logistic regression, each
 * sensor counting alike. The interval is that of bootstrap samples of fingers. */
#include "entente/finger.h"
#include "finger/arith.h"

#define OFFSET -0.20
#define SLOPE 0.095
#define MIDDLE 40.0
/* Different fingers compared make 3,666 pairs; nothing rarer than that was looked at, so no ratio is claimed beyond. */
#define BOUND 3.5

/* Several fingers of one person are not quite independent (README.md, tools/finger_fusion.py). Of the sum of their ratios this part is
 * claimed, less than what was fitted; and to this power Fisher's share is taken, which then holds on measured impostors down to 10^-3. */
#define KEPT 0.9
#define DEPENDENT 0.8

#define RARE 7.3e-5 /* share of impostor comparisons: 10 of 137,016. Rarer is not measurable. */
/* Beyond the last score of the table impostors grow rarer by a factor of ten each 1 / TAIL: the lower end of what was fitted to those above 45 (0.110 to
 * 0.189 a point, bootstrap of fingers; above 50, 0.151 to 0.327). Extrapolated (decision 081). */
#define TAIL 0.11

/* ln of the share of impostor comparisons that score at least 0, 5, 10 … 55, of the matcher that has more of them: from 20 on the compact one, as
 * measured with creases found and skin followed (decisions 057 and 059), and the same with blots (080); the last is the least that is measurable */
static const double share_logarithm[] = {
    0.000, -0.041, -0.205, -0.559, -0.905, -1.335, -2.036, -3.043,
    -4.374, -5.802, -7.317, -9.525,
};
#define SHARES (int)(sizeof share_logarithm / sizeof *share_logarithm)

static double clamp(double v)
{
    return v > BOUND ? BOUND : v < -BOUND ? -BOUND : v;
}

static double false_match(double score)
{
    int k = score > 1000 ? 200 : (int)(score / 5);
    if (!(score > 0)) return 1;
    if (k >= SHARES - 1) return RARE;
    double part = score / 5 - k;
    double share = finger_exp(share_logarithm[k] + part * (share_logarithm[k + 1] - share_logarithm[k]));
    return share > RARE ? share : RARE;
}

static double false_match_tail(double score)
{
    double beyond = score - 5 * (SHARES - 1);
    if (beyond > 230) beyond = 230; /* the product of ten such fingers is a number still */
    return beyond > 0 ? RARE * finger_exp(-2.302585092994046 * TAIL * beyond) : false_match(score);
}

/* What the score says, not clamped, and how far it may be off. */
static double raw_ratio(double score, double ret_off[2])
{
    if (!(score > 0)) score = 0;
    double away = score > MIDDLE ? score - MIDDLE : MIDDLE - score, raw = OFFSET + SLOPE * (score - MIDDLE);
    /* what lies further from the middle is less sure, and more so outward; most of all what speaks against */
    bool above = score > MIDDLE;
    double inward = 0.3 + 0.018 * away, outward = above ? 0.25 + 0.043 * away : 0.41 + 0.06 * away;
    ret_off[0] = above ? inward : outward, ret_off[1] = above ? outward : inward;
    return raw;
}

ent_finger_meaning ent_finger_llr(double score)
{
    return ent_finger_llr_several(&score, 1, 1);
}

/* The chance that a product of n independent shares is at most x (Fisher, "Statistical methods for research workers", 21.1). */
static double product_share(double x, size_t n)
{
    double less = -finger_log(x), term = 1, sum = 1;
    for (size_t k = 1; k < n; k++) term *= less / (double)k, sum += term;
    return x * sum;
}

/* Of persons whose `count` fingers together are as alike, from the product of the fingers' own shares, however they were chosen. */
static double share_of_all(double product, size_t count, double ways)
{
    double share = count > 1 ? finger_exp(DEPENDENT * finger_log(product_share(product, count))) : product;
    if (ways > 1) share *= ways;
    return share < 1 ? share : 1;
}

ent_finger_meaning ent_finger_llr_several(const double *scores, size_t count, double ways)
{
    double raw = 0, sure = 0, off[2], wide[2] = {0, 0}, share = 1, tail = 1;
    for (size_t i = 0; i < count; i++) {
        double one = raw_ratio(scores[i], off);
        double below = clamp(one) - clamp(one - off[0]), above = clamp(one + off[1]) - clamp(one);
        raw += one, sure += clamp(one), share *= false_match(scores[i]), tail *= false_match_tail(scores[i]);
        wide[0] += below * below, wide[1] += above * above;
    }
    double kept = count > 1 ? KEPT : 1, chosen = finger_log(ways > 1 ? ways : 1) / 2.302585092994046;
    return (ent_finger_meaning){
        .ratio = sure * kept - chosen,
        .low = (sure - sqrt(wide[0])) * kept - chosen,
        .high = (sure + sqrt(wide[1])) * kept - chosen,
        .extrapolated = raw * kept - chosen,
        .false_match = share_of_all(share, count, ways),
        .false_match_tail = share_of_all(tail, count, ways),
    };
}

double ent_finger_ways(size_t prints, size_t others, size_t pairs)
{
    double ways = 1;
    for (size_t i = 0; i < pairs; i++) ways *= (double)(prints - i) * (double)(others - i) / (double)(i + 1);
    return ways;
}
