/* Other makers' software may have stretched an image before it looked for minutiae, more along one axis than the other. An imported template is
 * therefore also compared as it would be under 24 such stretches. Of each the likelihood ratio is weighed by how likely the stretch is beforehand:
 * half for none, the other half shared. (The best of all 25 alone would make impostors better too, by as much as there are tries.) */
#include "finger/arith.h"
#include "finger/match.h"

#include <stdlib.h>

#define SIDE_MAX 4096
#define NONE_PRIOR 3.0103  /* 10 log10 2 */
#define SOME_PRIOR 16.8124 /* 10 log10 48 */

static const double stretches[] = {1, 0.75, 0.87, 1.15, 1.32};
enum { STEPS = sizeof stretches / sizeof *stretches, WAYS = STEPS * STEPS };

struct ent_finger_stretched {
    ent_finger_probe *way[WAYS]; /* NULL where the print would be too large; the first is not stretched */
};

/* A direction in 1/256 turn after the stretch. */
static uint8_t turned(uint8_t angle, const double by[2])
{
    double s, c;
    finger_sincos(2 * FINGER_PI * angle / 256, &s, &c);
    return (uint8_t)finger_round((double)finger_atan2((float)(s * by[1]), (float)(c * by[0])) * (128 / FINGER_PI));
}

static ent_code stretch(const ent_finger_template *t, const double by[2], ent_finger_probe **ret, ent_err *err)
{
    ent_finger_minutia m[FINGER_MINUTIAE_MAX];
    ent_finger_template *other;
    const uint32_t size[2] = {(uint32_t)(t->width * by[0]) + 2, (uint32_t)(t->height * by[1]) + 2};
    if (size[0] > SIDE_MAX || size[1] > SIDE_MAX) return ENT_OK;
    for (size_t i = 0; i < t->count; i++) {
        m[i] = t->minutiae[i];
        m[i].x = (uint16_t)(m[i].x * by[0] + 0.5), m[i].y = (uint16_t)(m[i].y * by[1] + 0.5);
        m[i].angle = turned(m[i].angle, by);
    }
    ent_code code = ent_finger_import(m, t->count, size, &other, err);
    if (code != ENT_OK) return code;
    code = ent_finger_probe_new(other, ret, err);
    ent_finger_template_free(other);
    return code;
}

ent_code ent_finger_stretched_new(const ent_finger_template *t, ent_finger_stretched **ret_stretched, ent_err *err)
{
    ent_finger_stretched *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "no memory for a probe");
    ent_code code = ent_finger_probe_new(t, &s->way[0], err);
    for (int k = 1; k < WAYS && code == ENT_OK; k++)
        code = stretch(t, (const double[2]){stretches[k % STEPS], stretches[k / STEPS]}, &s->way[k], err);
    if (code != ENT_OK) ent_finger_stretched_free(s);
    else *ret_stretched = s;
    return code;
}

void ent_finger_stretched_free(ent_finger_stretched *s)
{
    if (!s) return;
    for (int k = 0; k < WAYS; k++) ent_finger_probe_free(s->way[k]);
    free(s);
}

double ent_finger_match_stretched(const ent_finger_stretched *s, const ent_finger_template *t, ent_finger_pairs *ret_pairs, double ret_by[2])
{
    double best = -1;
    for (int k = 0; k < WAYS; k++) {
        ent_finger_pairs pairs;
        if (!s->way[k]) continue;
        double score = ent_finger_match(s->way[k], t, &pairs) - (k ? SOME_PRIOR : NONE_PRIOR);
        if (score < 0) score = 0;
        if (score <= best) continue;
        best = score;
        if (ret_pairs) *ret_pairs = pairs;
        if (ret_by) ret_by[0] = stretches[k % STEPS], ret_by[1] = stretches[k / STEPS];
    }
    return best;
}
