/* The shape of a hand, as fingertips lie in a slap: how far from each other, how much lower the outer ones end, how wide they are.
 * Every choice of as many fingers of either hand as there are tips is a hypothesis; the tips are laid on its model, turned a
 * little and spread, and what is left over, weighed by how hands differ, gives its likelihood. Measures in millimetres, of an
 * adult hand with fingers side by side; a smaller hand is a narrower spread. */
#include "finger/hand.h"
#include "finger/arith.h"

#define MM_A_CELL 0.4064 /* 8 pixels at 500 ppi */
#define DECIDED 4.605    /* ln 100: what tells one choice from the next */
#define TURNS 9          /* hypotheses of what the lean was wrong by */

/* index, middle, ring, little of a right hand: across to the right, down, width */
static const double model[4][3] = {{0, 0, 16.5}, {21, -9, 17}, {42, -4, 16}, {62, 13, 13.5}};

#define DOWN_SD 4.0   /* mm */
#define ACROSS_SD 3.5 /* mm */
#define WIDTH_SD 0.12 /* ln, after the mean */
#define SPREAD_SD 0.25
#define TURN_STEP 0.07 /* radians: 4 degrees */
#define TURN_SD 0.14

bool finger_hand_expect(int position, uint32_t missing, finger_expected *ret)
{
    static const struct {
        uint8_t code, hand, position[ENT_FINGER_SLAP_MAX];
    } codes[] = {{0, ENT_FINGER_HAND_UNKNOWN, {0}},
                 {ENT_FINGER_RIGHT_SLAP, ENT_FINGER_HAND_RIGHT, {2, 3, 4, 5}}, {ENT_FINGER_LEFT_SLAP, ENT_FINGER_HAND_LEFT, {10, 9, 8, 7}},
                 {ENT_FINGER_THUMBS, ENT_FINGER_HAND_THUMBS, {6, 1}},
                 /* 1-2011, table 8: two and three fingers of a hand; 46 both index fingers */
                 {40, ENT_FINGER_HAND_RIGHT, {2, 3}}, {41, ENT_FINGER_HAND_RIGHT, {3, 4}}, {42, ENT_FINGER_HAND_RIGHT, {4, 5}},
                 {43, ENT_FINGER_HAND_LEFT, {8, 7}}, {44, ENT_FINGER_HAND_LEFT, {9, 8}}, {45, ENT_FINGER_HAND_LEFT, {10, 9}},
                 {46, ENT_FINGER_HAND_UNKNOWN, {7, 2}}, {47, ENT_FINGER_HAND_RIGHT, {2, 3, 4}}, {48, ENT_FINGER_HAND_RIGHT, {3, 4, 5}},
                 {49, ENT_FINGER_HAND_LEFT, {9, 8, 7}}, {50, ENT_FINGER_HAND_LEFT, {10, 9, 8}}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].code != position) continue;
        *ret = (finger_expected){.hand = (ent_finger_hand)codes[i].hand};
        for (int k = 0; k < ENT_FINGER_SLAP_MAX && codes[i].position[k]; k++)
            if (!(missing >> codes[i].position[k] & 1)) ret->position[ret->count++] = codes[i].position[k];
        return ret->count || !position;
    }
    return false;
}

typedef struct laid {
    int count;
    double u[4], v[4], w[4]; /* tips in mm, each without its mean; w: ln */
} laid;

static void without_mean(double *v, int n)
{
    double mean = 0;
    for (int i = 0; i < n; i++) mean += v[i] / n;
    for (int i = 0; i < n; i++) v[i] -= mean;
}

/* Twice the negative log likelihood of the tips under these fingers (of the model, from left to right) at one turn. */
static double misfit(const laid *t, const double (*finger)[3], double turn)
{
    double u[4], v[4], w[4], uu = 0, um = 0, s, c, sum = turn * turn / (TURN_SD * TURN_SD);
    finger_sincos(turn, &s, &c);
    for (int i = 0; i < t->count; i++) u[i] = finger[i][0], v[i] = finger[i][1], w[i] = finger_log(finger[i][2]);
    without_mean(u, t->count), without_mean(v, t->count), without_mean(w, t->count);
    for (int i = 0; i < t->count; i++) {
        double x = c * t->u[i] - s * t->v[i];
        um += x * u[i], uu += u[i] * u[i];
    }
    double spread = uu > 0 ? um / uu : 1;
    if (spread < 0.4) spread = 0.4;
    sum += (spread - 1) * (spread - 1) / (SPREAD_SD * SPREAD_SD);
    for (int i = 0; i < t->count; i++) {
        double x = (c * t->u[i] - s * t->v[i] - spread * u[i]) / ACROSS_SD, y = (s * t->u[i] + c * t->v[i] - v[i]) / DOWN_SD, z = (t->w[i] - w[i]) / WIDTH_SD;
        sum += x * x + y * y + z * z;
    }
    return sum;
}

static double best_misfit(const laid *t, uint32_t fingers, bool left)
{
    double finger[4][3], best = 1e9;
    int n = 0;
    for (int k = 0; k < 4; k++) {
        int f = left ? 3 - k : k;
        if (!(fingers >> f & 1)) continue;
        memcpy(finger[n], model[f], sizeof finger[n]);
        if (left) finger[n][0] = -finger[n][0];
        n++;
    }
    for (int k = -(TURNS / 2); k <= TURNS / 2; k++) {
        double one = misfit(t, (const double (*)[3])finger, k * TURN_STEP);
        best = one < best ? one : best;
    }
    return best;
}

static int ones(uint32_t v)
{
    int n = 0;
    for (; v; v &= v - 1) n++;
    return n;
}

/* Whether a hypothesis is allowed by what was announced: fingers as bits from the index, of one hand. */
static bool allowed(const finger_expected *e, uint32_t fingers, bool left)
{
    if (!e->count) return true;
    uint32_t announced = 0;
    for (size_t k = 0; k < e->count; k++) announced |= 1U << e->position[k];
    for (int f = 0; f < 4; f++)
        if (fingers >> f & 1 && !(announced >> (left ? 7 + f : 2 + f) & 1)) return false;
    return true;
}

void finger_hand_judge(const finger_tip *tip, int count, const finger_expected *expected, uint8_t ret_position[ENT_FINGER_SLAP_MAX],
                       double *ret_lies_right)
{
    laid t = {.count = count};
    double hand[2] = {1e9, 1e9}, best = 1e9, second = 1e9;
    uint32_t fingers = 0;
    bool left = false;
    for (int i = 0; i < count; i++) t.u[i] = tip[i].u * MM_A_CELL, t.v[i] = tip[i].v * MM_A_CELL, t.w[i] = finger_log(tip[i].width * MM_A_CELL);
    without_mean(t.u, count), without_mean(t.v, count), without_mean(t.w, count);
    for (int side = 0; side < 2; side++)
        for (uint32_t f = 1; f < 16; f++) {
            if (ones(f) != count) continue;
            double m = best_misfit(&t, f, side);
            hand[side] = m < hand[side] ? m : hand[side];
            if (!allowed(expected, f, side)) continue;
            if (m < best) second = best, best = m, fingers = f, left = side;
            else if (m < second) second = m;
        }
    *ret_lies_right = count < 3 ? 0 : (hand[1] - hand[0]) / 2 / 2.302585092994046;
    memset(ret_position, 0, ENT_FINGER_SLAP_MAX);
    if ((size_t)count == expected->count) memcpy(ret_position, expected->position, (size_t)count);
    else if (expected->hand != ENT_FINGER_HAND_THUMBS && count >= (expected->count ? 2 : 3) && (second - best) / 2 > DECIDED)
        for (int k = 0, n = 0; k < 4; k++) {
            int f = left ? 3 - k : k;
            if (fingers >> f & 1) ret_position[n++] = (uint8_t)(left ? 7 + f : 2 + f);
        }
}
