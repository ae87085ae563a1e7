/* What a cosine means. The line is the model's own, data in its card; fitted by logistic regression over pairs of persons, and
 * clamped where those pairs end (README.md). */
#include "entente/face.h"

static double clamp(double v, const ent_face_calibration *c)
{
    return v > c->bound ? c->bound : v < -c->below ? -c->below : v;
}

ent_face_meaning ent_face_llr(const ent_face_calibration *c, double score)
{
    if (!c->fitted || !(score >= -1.0001 && score <= 1.0001)) return (ent_face_meaning){0};
    double away = score > c->middle ? score - c->middle : c->middle - score;
    double raw = c->offset + c->slope * (score - c->middle), unsure = c->inward + c->outward * away;
    return (ent_face_meaning){.known = true, .ratio = clamp(raw, c), .low = clamp(raw - unsure, c), .high = clamp(raw + unsure, c), .extrapolated = raw};
}
