/* The bits by which a minutia is known in a scan: ridge orientation at 16 places on three circles, relative to its direction,
 * each in a circular code of four bits. Where a place lies off the print, the field is continued outward, so that a
 * comparison needs no mask. Wider circles tell single pairs better apart but make the pairs of one print alike, and the
 * scan as a whole worse (decision 051). */
#include "finger/arith.h"
#include "base/wipe.h"
#include "finger/around.h"

#define PLACES 16

static const uint8_t ring_places[3] = {4, 5, 7};
static const uint8_t ring_radius[3] = {30, 60, 90};

typedef struct continued {
    uint8_t at[FINGER_COARSE_CELLS_MAX];
    uint16_t queue[FINGER_COARSE_CELLS_MAX];
    float turned[FINGER_COARSE_CELLS_MAX][2]; /* doubled angle */
} continued;

static void mean_around(const finger_coarse *f, continued *c, int at)
{
    float co = 0, si = 0;
    for (int j = 0; j < 9; j++) {
        int u = at % f->cols + j % 3 - 1, v = at / f->cols + j / 3 - 1, from = v * f->cols + u;
        if (u < 0 || v < 0 || u >= f->cols || v >= f->rows || !c->at[from]) continue;
        co += c->turned[from][0], si += c->turned[from][1];
    }
    float length = sqrtf(co * co + si * si) + 1e-6f;
    c->turned[at][0] = co / length, c->turned[at][1] = si / length;
    c->at[at] = (uint8_t)(1 + (finger_round((double)finger_atan2(si, co) * (32 / FINGER_PI)) & 63));
}

/* Ring by ring: each cell takes the mean of its neighbours that have a value. */
static void continue_outward(const finger_coarse *f, continued *c)
{
    int cells = f->cols * f->rows, tail = 0;
    for (int i = 0; i < cells; i++) {
        c->at[i] = f->at[i];
        if (!f->at[i]) continue;
        double s, co;
        finger_sincos((f->at[i] - 1) * (2 * FINGER_PI / 64), &s, &co);
        c->turned[i][0] = (float)co, c->turned[i][1] = (float)s;
        c->queue[tail++] = (uint16_t)i;
    }
    for (int head = 0; head < tail; head++)
        for (int k = 0; k < 9; k++) {
            int u = c->queue[head] % f->cols + k % 3 - 1, v = c->queue[head] / f->cols + k / 3 - 1, at = v * f->cols + u;
            if (u < 0 || v < 0 || u >= f->cols || v >= f->rows || c->at[at]) continue;
            mean_around(f, c, at);
            c->queue[tail++] = (uint16_t)at;
        }
}

static int continued_at(const finger_coarse *f, const uint8_t *field, int x, int y)
{
    int cx = finger_min(finger_max(x, 0) / f->cell, f->cols - 1), cy = finger_min(finger_max(y, 0) / f->cell, f->rows - 1);
    return field[cy * f->cols + cx] - 1;
}

static uint64_t bits_of(const ent_finger_template *t, const uint8_t *field, const ent_finger_minutia *m, double places[PLACES][2])
{
    static const uint8_t code[8] = {0x0, 0x1, 0x3, 0x7, 0xf, 0xe, 0xc, 0x8};
    double sine, cosine;
    uint64_t bits = 0;
    int direction = 64 - (m->angle >> 1); /* modulo 64: the line's own orientation, y down */
    finger_sincos(-2 * FINGER_PI * (m->angle / 256.0), &sine, &cosine);
    for (int k = 0; k < PLACES; k++) {
        int x = finger_round(m->x + cosine * places[k][0] - sine * places[k][1]);
        int y = finger_round(m->y + sine * places[k][0] + cosine * places[k][1]);
        int turned = (continued_at(&t->coarse, field, x, y) - direction) & 63;
        bits |= (uint64_t)code[turned >> 3] << (4 * k);
    }
    return bits;
}

void finger_around(const ent_finger_template *t, size_t count, uint64_t *ret_bits)
{
    continued c;
    double places[PLACES][2];
    for (size_t i = 0; i < count; i++) ret_bits[i] = 0;
    if (!t->coarse.cell || (size_t)t->coarse.cols * t->coarse.rows > FINGER_COARSE_CELLS_MAX) return;
    for (int ring = 0, k = 0; ring < 3; ring++)
        for (int j = 0; j < ring_places[ring]; j++, k++) {
            double part = (j + (ring & 1) * 0.5) / ring_places[ring];
            finger_sincos(2 * FINGER_PI * part, &places[k][1], &places[k][0]);
            places[k][0] *= ring_radius[ring], places[k][1] *= ring_radius[ring];
        }
    continue_outward(&t->coarse, &c);
    if (c.at[0])
        for (size_t i = 0; i < count; i++) ret_bits[i] = bits_of(t, c.at, &t->minutiae[i], places);
    ent_wipe(&c, sizeof c);
}
