/* What a score means: log10 of the likelihood ratio, a straight line through the range in which impostor and genuine
 * scores were both measured, and bounds. */
#include "entente/finger.h"
#include "finger/arith.h"

ent_finger_meaning ent_finger_llr(double score)
{
    const double slope = 0.1, middle = 40, bound = 3.5;
    double raw = slope * (score - middle);
    ent_finger_meaning m = {.extrapolated = raw};
    m.ratio = raw > bound ? bound : raw < -bound ? -bound : raw;
    m.low = m.ratio - 0.5, m.high = m.ratio + 0.5;
    m.false_match = raw > bound ? finger_exp(-bound * 2.302585) : 1 / (1 + finger_exp(raw * 2.302585));
    return m;
}
