/* Each kernel of each kind that this machine can run gives, bit for bit, what the plain one gives: on random input, at
 * every alignment. */
#include "base/test.h"

#include "finger/arith.h"
#include "finger/kernels.h"

#define STRIDE 61
#define ROWS 40

static unsigned seed = 1;

static unsigned draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void test_filter(void **state)
{
    (void)state;
    static float in[STRIDE * ROWS + 16], taps[FINGER_TAPS], expected[STRIDE * 8 + 16], got[STRIDE * 8 + 16];
    const finger_kernels *k;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) in[i] = (float)draw() / (1 << 23) - 1;
    for (int i = 0; i < FINGER_TAPS; i++) taps[i] = (float)draw() / (1 << 23) - 1;
    for (int shift = 0; shift < 16; shift++)
        for (int v = 1; (k = finger_kernels_at(v)); v++) {
            const float *from = in + FINGER_REACH * STRIDE + FINGER_REACH + shift;
            finger_kernels_at(0)->filter(from, expected + shift, STRIDE, taps);
            k->filter(from, got + shift, STRIDE, taps);
            for (int y = 0; y < 8; y++)
                assert_memory_equal(expected + shift + y * STRIDE, got + shift + y * STRIDE, 8 * sizeof *got);
        }
}

static void test_blocks(void **state)
{
    (void)state;
    static int16_t a[STRIDE * ROWS], b[STRIDE * ROWS], mask[STRIDE * ROWS];
    const finger_kernels *k, *plain = finger_kernels_at(0);
    for (int i = 0; i < STRIDE * ROWS; i++)
        a[i] = (int16_t)(draw() % 97) - 48, b[i] = (int16_t)(draw() % 97) - 48, mask[i] = draw() & 1;
    for (int shift = 0; shift < 40; shift++)
        for (int v = 1; (k = finger_kernels_at(v)); v++) {
            assert_int_equal(plain->products(a + shift, b + 3, STRIDE), k->products(a + shift, b + 3, STRIDE));
            assert_int_equal(plain->energy(a + shift, mask + 5, STRIDE), k->energy(a + shift, mask + 5, STRIDE));
        }
    for (int i = 0; i < STRIDE * ROWS; i++) a[i] = b[i] = 64; /* the largest values */
    assert_int_equal(plain->products(a, b, STRIDE), 256 * 64 * 64);
}

/* as the kernels' header says it */
static size_t nearest(const finger_lanes *l, const float position[2], const int32_t from_span[2], const float *taken, float below)
{
    size_t at = l->padded;
    for (size_t j = 0; j < l->padded; j++) {
        float u = position[0] - l->x[j], v = position[1] - l->y[j];
        float d = u * u + v * v + taken[j] + (((l->angle[j] - from_span[0]) & 255) > from_span[1] ? FINGER_FAR : 0);
        if (d < below) below = d, at = j;
    }
    return at;
}

static void test_minutiae(void **state)
{
    size_t found = 0;
    (void)state;
    static finger_descriptor d[2][FINGER_MINUTIAE_MAX];
    static int16_t expected[FINGER_MINUTIAE_MAX * FINGER_MINUTIAE_MAX], got[FINGER_MINUTIAE_MAX * FINGER_MINUTIAE_MAX];
    static float x[FINGER_MINUTIAE_MAX], y[FINGER_MINUTIAE_MAX];
    static int32_t angle[FINGER_MINUTIAE_MAX];
    static const float taken[FINGER_MINUTIAE_MAX];
    const finger_kernels *k, *plain = finger_kernels_at(0);
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < FINGER_MINUTIAE_MAX; i++)
            d[s][i] = (finger_descriptor){{(uint64_t)draw() << 40 ^ draw(), (uint64_t)draw() << 40 ^ draw()},
                                          i % 7 ? draw() << 8 ^ draw() : draw() & 31, draw() & draw()};
    for (int i = 0; i < FINGER_MINUTIAE_MAX; i++)
        x[i] = (float)(draw() % 500), y[i] = (float)(draw() % 500), angle[i] = (int32_t)(draw() & 255);
    for (size_t n = 0; n <= FINGER_MINUTIAE_MAX; n += 8)
        for (int v = 1; (k = finger_kernels_at(v)); v++) {
            uint16_t seen[2][FINGER_SIMILAR_TOP] = {{0}};
            ent_finger_template p = {.count = n, .descriptors = d[0]}, t = {.count = n / 2 + 3 < FINGER_MINUTIAE_MAX ? n / 2 + 3 : n, .descriptors = d[1]};
            plain->compare(&p, &t, expected, seen[0]);
            k->compare(&p, &t, got, seen[1]);
            assert_memory_equal(expected, got, p.count * t.count * sizeof *got);
            assert_memory_equal(seen[0], seen[1], sizeof seen[0]);
            finger_lanes lanes = {n, x, y, angle};
            const float position[2] = {(float)(draw() % 500), (float)(draw() % 500)};
            const int32_t from_span[2] = {(int32_t)draw() % 512 - 128, 40 + (int32_t)draw() % 200};
            const float below = (float)(1 + draw() % 5000);
            size_t at = k->nearest(&lanes, position, from_span, taken, below);
            assert_int_equal(at, nearest(&lanes, position, from_span, taken, below));
            assert_int_equal(at, plain->nearest(&lanes, position, from_span, taken, below));
            found += at < n;
        }
    assert_true(found > 2);
}

static void test_describe(void **state)
{
    (void)state;
    static ent_finger_minutia m[FINGER_MINUTIAE_MAX];
    static uint8_t field[24 * 26];
    static finger_turns turns;
    const finger_kernels *k, *plain = finger_kernels_at(0);
    uint32_t near = 0, unseen = 0;
    finger_turns_make(&turns);
    for (int i = 0; i < FINGER_MINUTIAE_MAX; i++)
        m[i] = (ent_finger_minutia){.x = (uint16_t)(draw() % 420), .y = (uint16_t)(draw() % 460), .angle = (uint8_t)draw()}; /* some beyond the field */
    m[0].x = m[0].y = 0, m[1].x = m[1].y = 30000;
    for (size_t i = 0; i < sizeof field; i++) field[i] = (uint8_t)(draw() % 5 ? 1 + draw() % 64 : 0);
    ent_finger_template t = {.count = FINGER_MINUTIAE_MAX, .minutiae = m, .coarse = {.cell = 16, .cols = 24, .rows = 26, .at = field}};
    for (size_t i = 0; i < t.count; i++) {
        finger_descriptor expected = {0}, got;
        plain->describe(&t, i, turns.at[m[i].angle][0], &expected);
        for (unsigned place = 0; place < FINGER_PLACES; place++) { /* what lies there, asked one by one */
            int x = m[i].x + turns.at[m[i].angle][0][place], y = m[i].y + turns.at[m[i].angle][1][place];
            int there = finger_coarse_at(&t.coarse, x, y), close = 0;
            for (size_t j = 0; j < t.count; j++) close |= (m[j].x - x) * (m[j].x - x) + (m[j].y - y) * (m[j].y - y) < 14 * 14;
            assert_int_equal(expected.seen >> place & 1, there != 0);
            assert_int_equal(expected.near >> place & 1, close);
        }
        near |= expected.near, unseen |= ~expected.seen;
        for (int v = 1; (k = finger_kernels_at(v)); v++) {
            k->describe(&t, i, turns.at[m[i].angle][0], &got);
            assert_memory_equal(&expected, &got, sizeof got);
        }
    }
    assert_int_equal(near & unseen, UINT32_MAX);
}

static void test_vote(void **state)
{
    (void)state;
    const finger_kernels *k, *plain = finger_kernels_at(0);
    unsigned heard = 0;
    for (int round = 0; round < 300; round++) {
        finger_voters v = {.count = (size_t)(draw() % (FINGER_SIMILAR_MAX + 1))};
        finger_proposals p;
        float expected[FINGER_PROPOSALS_MAX], got[FINGER_PROPOSALS_MAX];
        for (int i = 0; i < FINGER_SIMILAR_MAX; i++) {
            v.probe_x[i] = (float)(draw() % 60), v.probe_y[i] = (float)(draw() % 60), v.x[i] = (float)(draw() % 60), v.y[i] = (float)(draw() % 60);
            v.similarity[i] = (float)(110 + draw() % 146), v.turn[i] = (int32_t)(draw() % 511) - 255;
        }
        for (int i = 0; i < FINGER_PROPOSALS_MAX; i++) {
            p.cos[i] = (float)draw() / (1 << 23) - 1, p.sin[i] = sqrtf(1 - p.cos[i] * p.cos[i]), p.turn[i] = (int32_t)(draw() & 255);
            p.dx[i] = (float)(draw() % 40), p.dy[i] = (float)(draw() % 40), p.cx[i] = (float)(draw() % 60), p.cy[i] = (float)(draw() % 60);
        }
        plain->vote(&v, &p, expected);
        for (int i = 0; i < FINGER_PROPOSALS_MAX; i++) heard += expected[i] > 0;
        for (int i = 1; (k = finger_kernels_at(i)); i++) {
            k->vote(&v, &p, got);
            assert_memory_equal(expected, got, sizeof got);
        }
    }
    assert_true(heard > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter), cmocka_unit_test(test_blocks), cmocka_unit_test(test_minutiae), cmocka_unit_test(test_describe),
        cmocka_unit_test(test_vote)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
