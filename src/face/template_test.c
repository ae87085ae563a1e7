#include "base/test.h"

#include "face/template.h"

#include <math.h>

static const uint8_t model[8] = {1, 2, 3, 4, 5, 6, 7, 8}, other_model[8] = {1, 2, 3, 4, 5, 6, 7, 9};

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

/* Roughly normal numbers. */
static void random_embedding(uint64_t *seed, uint32_t n, float *ret)
{
    for (uint32_t i = 0; i < n; i++) {
        double sum = 0;
        for (int k = 0; k < 6; k++) sum += next(seed) / 4294967296.0 - 0.5;
        ret[i] = (float)sum;
    }
}

static double cosine(const float *a, const float *b, uint32_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (uint32_t i = 0; i < n; i++) ab += (double)a[i] * (double)b[i], aa += (double)a[i] * (double)a[i], bb += (double)b[i] * (double)b[i];
    return ab / sqrt(aa * bb);
}

/* A quantised score differs from the float's by less than a step's noise allows, at every dimension, and no template is over 1,024 bytes. */
static void quantises_finely(void **state)
{
    static const struct {
        uint32_t dimension;
        double bound;
    } cases[] = {{1, 1e-12}, {7, 1e-4}, {128, 3e-5}, {192, 3e-5}, {512, 3e-5}, {704, 4e-4}, {960, 2e-3}};
    uint64_t seed = 1;
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int round = 0; round < 50; round++) {
            float a[960], b[960];
            uint8_t s[ENT_FACE_TEMPLATE_MAX], t[ENT_FACE_TEMPLATE_MAX];
            size_t m, n;
            double score;
            random_embedding(&seed, cases[c].dimension, a);
            random_embedding(&seed, cases[c].dimension, b);
            for (uint32_t i = 0; i < cases[c].dimension && round % 2; i++) b[i] = a[i] + b[i] / 2;
            assert_int_equal(ent_face_quantise(a, cases[c].dimension, model, 50, s, &m, NULL), ENT_OK);
            assert_int_equal(ent_face_quantise(b, cases[c].dimension, model, 50, t, &n, NULL), ENT_OK);
            assert_true(n <= ENT_FACE_TEMPLATE_MAX);
            assert_int_equal(ent_face_match(s, m, t, n, &score, NULL), ENT_OK);
            if (fabs(score - cosine(a, b, cases[c].dimension)) > cases[c].bound)
                fail_msg("%u dimensions: %.6f for %.6f", cases[c].dimension, score, cosine(a, b, cases[c].dimension));
        }
}

/* The same floats give the same bytes and the same score on every machine: a template written down once. */
static void is_exact(void **state)
{
    static const uint8_t expected[] = {'E', 'F', 'A', 1, 0, 5, 8, 77, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 127, 0xe0, 16, 0, 0xf8, 0x80, 0xc0, 0x60, 0xa0, 0x90};
    float v[5] = {8, -2, 1, 0.0078125f, -0.5f};
    uint8_t t[ENT_FACE_TEMPLATE_MAX];
    size_t n;
    face_vector x;
    (void)state;
    assert_int_equal(ent_face_quantise(v, 5, model, 77, t, &n, NULL), ENT_OK);
    assert_int_equal(n, sizeof expected);
    assert_memory_equal(t, expected, sizeof expected);
    assert_int_equal(face_vector_read(t, n, &x, NULL), ENT_OK);
    assert_int_equal(x.value[0], 32512);
    assert_int_equal(x.value[1], -8128);
    assert_int_equal(x.value[2], 4064);
    assert_int_equal(x.value[3], 32);
    assert_int_equal(x.value[4], -2032);
    assert_int_equal(x.coarse[4], -8);
    assert_int_equal(x.quality, 77);
}

/* Models are never mixed: one byte of the identity differs and the match is refused. */
static void refuses_other_models(void **state)
{
    float v[3] = {1, 2, 3};
    uint8_t s[ENT_FACE_TEMPLATE_MAX], t[ENT_FACE_TEMPLATE_MAX];
    size_t m, n;
    double score = 7;
    (void)state;
    assert_int_equal(ent_face_quantise(v, 3, model, 0, s, &m, NULL), ENT_OK);
    assert_int_equal(ent_face_quantise(v, 3, other_model, 0, t, &n, NULL), ENT_OK);
    assert_int_equal(ent_face_match(s, m, t, n, &score, NULL), ENT_UNSUPPORTED);
    assert_true(score == 7);
}

/* Whatever single bit is turned, a template either is refused or reads as another writable one: it encodes to itself. */
static void reads_only_what_it_writes(void **state)
{
    uint64_t seed = 9;
    float v[37], back[37];
    uint8_t t[ENT_FACE_TEMPLATE_MAX], again[ENT_FACE_TEMPLATE_MAX];
    size_t n, m;
    face_vector x;
    (void)state;
    random_embedding(&seed, 37, v);
    assert_int_equal(ent_face_quantise(v, 37, model, 50, t, &n, NULL), ENT_OK);
    for (size_t bit = 0; bit < n * 8; bit++) {
        t[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (face_vector_read(t, n, &x, NULL) == ENT_OK) {
            for (int i = 0; i < 37; i++) back[i] = x.value[i];
            assert_int_equal(ent_face_quantise(back, x.dimension, x.model, x.quality, again, &m, NULL), ENT_OK);
            assert_int_equal(m, n);
            assert_memory_equal(again, t, n);
        }
        t[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < n; len++) assert_int_equal(face_vector_read(t, len, &x, NULL), ENT_FORMAT);
    t[3] = 2;
    assert_int_equal(face_vector_read(t, n, &x, NULL), ENT_UNSUPPORTED);
}

/* No direction, no numbers, no dimensions: refused. */
static void refuses_no_embedding(void **state)
{
    float zero[2] = {0, 0}, nan[2] = {1, NAN}, endless[2] = {INFINITY, 1};
    uint8_t t[ENT_FACE_TEMPLATE_MAX];
    size_t n;
    (void)state;
    assert_int_equal(ent_face_quantise(zero, 2, model, 0, t, &n, NULL), ENT_FORMAT);
    assert_int_equal(ent_face_quantise(nan, 2, model, 0, t, &n, NULL), ENT_FORMAT);
    assert_int_equal(ent_face_quantise(endless, 2, model, 0, t, &n, NULL), ENT_FORMAT);
    assert_int_equal(ent_face_quantise(zero, 961, model, 0, t, &n, NULL), ENT_FORMAT);
}

/* A ratio is clamped to the calibration's bounds, which are not the same for a person and against one; the line beyond it is told apart; no calibration claims nothing. */
static void claims_no_more_than_measured(void **state)
{
    ent_face_calibration c = {.fitted = true, .middle = 0.3, .offset = 0.5, .slope = 20, .bound = 4, .below = 2, .inward = 0.1, .outward = 1};
    (void)state;
    ent_face_meaning m = ent_face_llr(&c, 0.4);
    assert_true(fabs(m.ratio - 2.5) < 1e-12 && m.low < m.ratio && m.high > m.ratio);
    m = ent_face_llr(&c, 0.9);
    assert_true(m.known && m.ratio == 4 && fabs(m.extrapolated - 12.5) < 1e-9);
    assert_true(ent_face_llr(&c, -0.5).ratio == -2);
    c.fitted = false;
    m = ent_face_llr(&c, 0.9);
    assert_true(!m.known && m.ratio == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quantises_finely), cmocka_unit_test(is_exact), cmocka_unit_test(refuses_other_models),
                                       cmocka_unit_test(reads_only_what_it_writes), cmocka_unit_test(refuses_no_embedding), cmocka_unit_test(claims_no_more_than_measured)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
