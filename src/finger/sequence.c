/* The prints of one card held against each other: each plain print against the rolled one of its position; when that is not its finger,
 * against the others; then all pairs that are said to be different fingers. Only pairs whose minutiae agree at all are compared in full. */
#include "base/check.h"
#include "finger/arith.h"
#include "finger/match.h"

#define PRINTS_MAX 32
#define SAME_FINGER 60.0 /* no impostor pair of those measured reached it (README.md) */
#define DOUBTFUL 45.0    /* one impostor pair in a thousand reaches it */
#define WORTH_A_LOOK 30.0
#define GOOD 40          /* quality of both prints from which no match is worth a word */

typedef struct card {
    const ent_finger_card_print *print;
    ent_finger_probe *probe[PRINTS_MAX];
    size_t count, found, cap;
    ent_finger_finding *finding;
} card;

static bool counts(const ent_finger_card_print *p) { return p->t && p->position >= 1 && p->position <= 10; }

static double compare(const card *c, size_t a, size_t b, bool in_full)
{
    if (!in_full) {
        double compact = ent_finger_match(c->probe[a], c->print[b].t, NULL);
        if (compact < WORTH_A_LOOK) return compact;
    }
    return ent_finger_match_full(c->probe[a], c->print[b].t, NULL);
}

static void tell(card *c, ent_finger_finding finding)
{
    if (c->found < c->cap) c->finding[c->found++] = finding;
}

/* A plain print that is not the finger that was rolled there: whose is it? */
static void question(card *c, size_t plain, size_t rolled, double score)
{
    ent_finger_finding best = {ENT_FINGER_DOUBT_SWAPPED, plain, plain, 0};
    for (size_t k = 0; k < c->count; k++) {
        if (k == rolled || !counts(&c->print[k]) || c->print[k].plain) continue;
        double other = compare(c, plain, k, false);
        if (other > best.score) best.score = other, best.other = k;
    }
    bool good = ent_finger_quality(c->print[plain].t) >= GOOD && ent_finger_quality(c->print[rolled].t) >= GOOD;
    if (best.score >= SAME_FINGER && best.score > score) tell(c, best);
    else if (score < DOUBTFUL && good) tell(c, (ent_finger_finding){ENT_FINGER_DOUBT_UNCONFIRMED, plain, rolled, score});
}

static void check_position(card *c, size_t plain)
{
    for (size_t k = 0; k < c->count; k++) {
        if (!counts(&c->print[k]) || c->print[k].plain || c->print[k].position != c->print[plain].position) continue;
        double score = compare(c, plain, k, true);
        if (score < SAME_FINGER) question(c, plain, k, score);
        return;
    }
}

static bool told(const card *c, size_t a, size_t b)
{
    for (size_t i = 0; i < c->found; i++)
        if (c->finding[i].doubt == ENT_FINGER_DOUBT_SWAPPED && ((c->finding[i].print == a && c->finding[i].other == b) || (c->finding[i].print == b && c->finding[i].other == a))) return true;
    return false;
}

static void check_pairs(card *c)
{
    for (size_t a = 0; a < c->count; a++)
        for (size_t b = a + 1; b < c->count; b++) {
            if (!counts(&c->print[a]) || !counts(&c->print[b]) || c->print[a].position == c->print[b].position || told(c, a, b)) continue;
            double score = compare(c, a, b, false);
            if (score >= SAME_FINGER) tell(c, (ent_finger_finding){ENT_FINGER_DOUBT_TWICE, a, b, score});
        }
}

ent_code ent_finger_sequence(const ent_finger_card_print *prints, size_t count, ent_finger_finding *ret_findings, size_t cap, size_t *ret_count,
                             ent_err *err)
{
    card c = {.print = prints, .count = count, .cap = cap, .finding = ret_findings};
    ent_code code = ENT_OK;
    if (count > PRINTS_MAX) return ent_fail(err, ENT_TOO_LARGE, "a card of %zu prints; at most %d", count, PRINTS_MAX);
    for (size_t i = 0; i < count && code == ENT_OK; i++)
        if (counts(&prints[i])) code = ent_finger_probe_new(prints[i].t, &c.probe[i], err);
    for (size_t i = 0; i < count && code == ENT_OK; i++)
        if (counts(&prints[i]) && prints[i].plain) check_position(&c, i);
    if (code == ENT_OK) check_pairs(&c);
    for (size_t i = 0; i < count; i++) ent_finger_probe_free(c.probe[i]);
    if (code == ENT_OK) *ret_count = c.found;
    return code;
}
