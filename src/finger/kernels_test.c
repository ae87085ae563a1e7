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

/* as the kernels' header says it */
static int32_t products(const int16_t *a, const int16_t *b, int side)
{
    int32_t sum = 0;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) sum += a[y * STRIDE + x] * b[y * STRIDE + x];
    return sum;
}

static void see_sums(const int16_t *a, const int16_t *b)
{
    const finger_kernels *k;
    int32_t got[49];
    for (int v = 0; (k = finger_kernels_at(v)); v++) {
        for (int n = 1; n <= 7; n++) {
            k->around(a, b, STRIDE, n, got);
            for (int i = 0; i < n * n; i++) assert_int_equal(got[i], products(a + i / n * STRIDE + i % n, b, FINGER_BLOCK));
        }
        for (int n = 0; n <= 5; n++) {
            got[n] = 77;
            k->cells(a, b, STRIDE, n, got);
            for (int i = 0; i < n; i++) assert_int_equal(got[i], products(a + 8 * i, b + 8 * i, 8));
            assert_int_equal(got[n], 77);
        }
    }
}

static void test_blocks(void **state)
{
    (void)state;
    static int16_t a[STRIDE * ROWS], b[STRIDE * ROWS], mask[STRIDE * ROWS];
    const finger_kernels *k, *plain = finger_kernels_at(0);
    for (int i = 0; i < STRIDE * ROWS; i++)
        a[i] = (int16_t)(draw() % 97) - 48, b[i] = (int16_t)(draw() % 97) - 48, mask[i] = draw() & 1;
    for (int shift = 0; shift < 12; shift++) {
        see_sums(a + shift, b + 3);
        for (int v = 1; (k = finger_kernels_at(v)); v++) assert_int_equal(plain->energy(a + shift, mask + 5, STRIDE), k->energy(a + shift, mask + 5, STRIDE));
    }
    for (int i = 0; i < STRIDE * ROWS; i++) a[i] = 63, b[i] = i & 1 ? 63 : -63; /* the largest values */
    see_sums(a, b);
    see_sums(a, a);
}

#define QUADS_W 24
#define QUADS_H 20

/* a sample of the ridge part as the header of templates has them */
static int value_of(const uint8_t *level, int x, int y) { return 2 * level[y * QUADS_W + x] - 3; }

/* as the kernels' header says it, sample by sample */
static bool turned(const uint8_t *level, int32_t u, int32_t v, int *ret)
{
    int x = u >> 16, y = v >> 16, right = u >> 12 & 15, down = v >> 12 & 15;
    *ret = 0;
    if (x < 0 || y < 0 || x + 1 >= QUADS_W || y + 1 >= QUADS_H) return false;
    for (int k = 0; k < 4; k++)
        if (level[(y + k / 2) * QUADS_W + x + k % 2] == 4) return false;
    int top = value_of(level, x, y) * (16 - right) + value_of(level, x + 1, y) * right;
    int low = value_of(level, x, y + 1) * (16 - right) + value_of(level, x + 1, y + 1) * right;
    *ret = (top * (16 - down) + low * down) / 16;
    return true;
}

static void test_turn(void **state)
{
    (void)state;
    static uint8_t level[QUADS_W * QUADS_H];
    static uint32_t quad[1 + QUADS_W * QUADS_H];
    int16_t got[FINGER_TURN_MAX], on[FINGER_TURN_MAX];
    const finger_kernels *k;
    int inside = 0;
    for (int i = 0; i < QUADS_W * QUADS_H; i++) level[i] = draw() % 12 ? draw() % 4 : 4;
    for (int y = 0; y + 1 < QUADS_H; y++)
        for (int x = 0; x + 1 < QUADS_W; x++) {
            uint32_t word = 0;
            for (int i = 3; i >= 0; i--) {
                uint8_t one = level[(y + i / 2) * QUADS_W + x + i % 2];
                word = one == 4 ? UINT32_MAX : word == UINT32_MAX ? word : word << 8 | (2u * one + 1);
            }
            quad[1 + y * QUADS_W + x] = word == UINT32_MAX ? 0 : word;
        }
    for (int round = 0; round < 200; round++) {
        int32_t from[2] = {(int32_t)(draw() % (40 << 16)) - (8 << 16), (int32_t)(draw() % (36 << 16)) - (8 << 16)};
        int32_t step[2] = {(int32_t)(draw() % 131073) - 65536, (int32_t)(draw() % 131073) - 65536};
        int n = round ? (int)(draw() % (FINGER_TURN_MAX + 1)) : FINGER_TURN_MAX;
        for (int v = 0; (k = finger_kernels_at(v)); v++) {
            k->turn(&(finger_quads){QUADS_W, QUADS_H, quad}, from, step, n, got, on);
            for (int i = 0; i < n; i++) {
                int want;
                assert_int_equal(on[i], turned(level, from[0] + i * step[0], from[1] + i * step[1], &want));
                assert_int_equal(got[i], want);
                inside += on[i];
            }
        }
    }
    assert_true(inside > 2000);
}

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
        cmocka_unit_test(test_filter), cmocka_unit_test(test_blocks), cmocka_unit_test(test_turn), cmocka_unit_test(test_minutiae), cmocka_unit_test(test_describe),
        cmocka_unit_test(test_vote)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
