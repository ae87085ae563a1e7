/* The engine as its callers see it, on self-made ridge patterns; and on real prints when ENTENTE_DATA is set. */
#include "base/test.h"

#include "entente/finger.h"
#include "entente/finger_synth.h"
#include "finger/arith.h"

#define SIDE 300

/* A whorl-like pattern: ridges along the level lines of a bent distance, with dislocations from `seed`. The print is an
 * ellipse around the middle, moved by (dx, dy) and turned. */
static void draw(uint8_t *pixels, unsigned seed, double dx, double dy, double turn)
{
    double s, c, place[12][3];
    finger_sincos(turn, &s, &c);
    for (int k = 0; k < 12; k++) {
        seed = seed * 1664525u + 1013904223u;
        place[k][0] = (double)(seed >> 24) - 128;
        seed = seed * 1664525u + 1013904223u;
        place[k][1] = (double)(seed >> 24) - 128;
        place[k][2] = seed >> 23 & 1 ? 1 : -1;
    }
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double px = x - SIDE / 2.0 - dx, py = y - SIDE / 2.0 - dy;
            double u = c * px + s * py, v = -s * px + c * py, wave, unused;
            double phase = 0.7 * sqrt(u * u * 0.8 + (v + 40) * (v + 40) + 100);
            for (int k = 0; k < 12; k++) /* a vortex of the phase is a minutia */
                phase += place[k][2] * (double)finger_atan2((float)(v - place[k][1]), (float)(u - place[k][0]));
            finger_sincos(phase, &wave, &unused);
            bool inside = u * u / (130.0 * 130) + v * v / (140.0 * 140) < 1;
            pixels[y * SIDE + x] = inside ? (uint8_t)(128 + 90 * wave) : 235;
        }
}

static ent_finger_template *extract(const uint8_t *pixels)
{
    ent_finger_image image = {pixels, SIDE, SIDE, SIDE, 500};
    ent_finger_template *t = NULL;
    ent_err err = {0};
    ent_code code = ent_finger_extract(&image, &t, &err);
    if (code) fail_msg("%s", err.detail);
    return t;
}

static double score(const ent_finger_template *a, const ent_finger_template *b, bool full)
{
    ent_finger_probe *p = NULL;
    assert_int_equal(ent_finger_probe_new(a, &p, NULL), ENT_OK);
    double s = full ? ent_finger_match_full(p, b, NULL) : ent_finger_match(p, b, NULL);
    ent_finger_probe_free(p);
    return s;
}

/* A moved and turned impression scores far above another finger, in both matchers. */
static void test_finds_the_same_finger(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_template *a = extract(pixels);
    draw(pixels, 7, 14, -9, 0.3);
    ent_finger_template *b = extract(pixels);
    draw(pixels, 1234, 0, 0, 0);
    ent_finger_template *c = extract(pixels);
    for (int full = 0; full < 2; full++) {
        double same = score(a, b, full), other = score(a, c, full);
        if (!(same > 2 * other + 5)) fail_msg("same %.2f, other %.2f", same, other);
        assert_true(score(a, b, full) == same);
    }
    ent_finger_template_free(a);
    ent_finger_template_free(b);
    ent_finger_template_free(c);
}

/* The alignment that comes back lies the probe on the candidate. */
static void test_reports_pairs(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_template *a = extract(pixels);
    draw(pixels, 7, 14, -9, 0.3);
    ent_finger_template *b = extract(pixels);
    ent_finger_probe *p = NULL;
    assert_int_equal(ent_finger_probe_new(a, &p, NULL), ENT_OK);
    ent_finger_pairs pairs;
    ent_finger_match(p, b, &pairs);
    size_t na, nb;
    const ent_finger_minutia *ma = ent_finger_minutiae(a, &na), *mb = ent_finger_minutiae(b, &nb);
    assert_true(pairs.count >= 4);
    for (size_t k = 0; k < pairs.count; k++) {
        const ent_finger_minutia *m = &ma[pairs.pair[k].probe], *n = &mb[pairs.pair[k].candidate];
        assert_true(pairs.pair[k].probe < na && pairs.pair[k].candidate < nb);
        double x = pairs.cos * m->x - pairs.sin * m->y + pairs.dx - n->x;
        double y = pairs.sin * m->x + pairs.cos * m->y + pairs.dy - n->y;
        assert_true(x * x + y * y < 20 * 20);
    }
    ent_finger_probe_free(p);
    ent_finger_template_free(a);
    ent_finger_template_free(b);
}

/* Encoding and decoding gives the same bytes and the same score; every truncation and a later version is refused. */
static void test_encode_decode(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE], bytes[ENT_FINGER_FULL_MAX], again[ENT_FINGER_FULL_MAX];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_template *a = extract(pixels), *b = NULL;
    for (int part = ENT_FINGER_COMPACT; part <= ENT_FINGER_FULL; part++) {
        size_t len = 0, len_again = 0;
        assert_int_equal(ent_finger_encode(a, (ent_finger_part)part, bytes, sizeof bytes, &len, NULL), ENT_OK);
        assert_true(part || len <= ENT_FINGER_COMPACT_MAX);
        assert_int_equal(ent_finger_encode(a, (ent_finger_part)part, bytes, len - 1, &len, NULL), ENT_TOO_LARGE);
        assert_int_equal(ent_finger_decode(bytes, len, &b, NULL), ENT_OK);
        assert_int_equal(ent_finger_has_ridges(b), part == ENT_FINGER_FULL);
        assert_true(score(a, a, part) == score(a, b, part));
        assert_int_equal(ent_finger_encode(b, ENT_FINGER_FULL, again, sizeof again, &len_again, NULL), ENT_OK);
        assert_int_equal(len, len_again);
        assert_memory_equal(bytes, again, len);
        ent_finger_template_free(b);
        b = NULL;
        for (size_t n = 0; n < len; n++) assert_int_equal(ent_finger_decode(bytes, n, &b, NULL), ENT_FORMAT);
        bytes[3]++;
        assert_int_equal(ent_finger_decode(bytes, len, &b, NULL), ENT_UNSUPPORTED);
        assert_null(b);
    }
    ent_finger_template_free(a);
}

/* Imported minutiae match too; positions outside, none and too many are refused. */
static void test_import(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    const uint32_t size[2] = {SIDE, SIDE}, small[2] = {20, 20};
    draw(pixels, 7, 0, 0, 0);
    ent_finger_template *a = extract(pixels), *b = NULL;
    size_t n;
    const ent_finger_minutia *m = ent_finger_minutiae(a, &n);
    assert_int_equal(ent_finger_import(m, n, small, &b, NULL), ENT_FORMAT);
    assert_int_equal(ent_finger_import(m, 0, size, &b, NULL), ENT_FORMAT);
    assert_int_equal(ent_finger_import(m, n, size, &b, NULL), ENT_OK);
    assert_int_equal(ent_finger_quality(b), -1);
    assert_false(ent_finger_has_ridges(b));
    assert_true(score(b, b, false) > 3);
    assert_true(score(a, b, true) > 3);
    ent_finger_template_free(a);
    ent_finger_template_free(b);
}

/* Whatever the image, extraction ends with a template or a reason. */
static void test_any_image(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    static const uint32_t sides[][2] = {{1, 1}, {31, 300}, {32, 32}, {33, 47}, {300, 300}, {299, 64}};
    static const uint32_t resolutions[] = {0, 250, 333, 500, 1000, 1200};
    for (int kind = 0; kind < 3; kind++) {
        unsigned seed = 5;
        for (size_t i = 0; i < sizeof pixels; i++) {
            seed = seed * 1664525u + 1013904223u;
            pixels[i] = kind == 0 ? 255 : kind == 1 ? (uint8_t)(seed >> 24) : (uint8_t)(i % 9 < 4 ? 0 : 255);
        }
        for (size_t s = 0; s < sizeof sides / sizeof *sides; s++)
            for (size_t r = 0; r < sizeof resolutions / sizeof *resolutions; r++) {
                ent_finger_image image = {pixels, sides[s][0], sides[s][1], SIDE, resolutions[r]};
                ent_finger_template *t = NULL;
                ent_err err = {0};
                ent_code code = ent_finger_extract(&image, &t, &err);
                assert_true(code == ENT_OK || code == ENT_QUALITY);
                assert_true((code == ENT_OK) == (t != NULL));
                if (kind == 0) assert_int_equal(code, ENT_QUALITY);
                ent_finger_template_free(t);
            }
    }
    ent_finger_image none = {NULL, 300, 300, 300, 500}, thin = {pixels, 300, 300, 299, 500}, coarse = {pixels, 9, 9, 9, 72},
                     vast = {pixels, 5000, 5000, 5000, 500};
    ent_finger_template *t = NULL;
    assert_int_equal(ent_finger_extract(&none, &t, NULL), ENT_FORMAT);
    assert_int_equal(ent_finger_extract(&thin, &t, NULL), ENT_FORMAT);
    assert_int_equal(ent_finger_extract(&coarse, &t, NULL), ENT_UNSUPPORTED);
    assert_int_equal(ent_finger_extract(&vast, &t, NULL), ENT_TOO_LARGE);
}

/* A print with light ridges on a dark ground gives nearly the same template as its positive. */
static void test_reversed(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_template *a = extract(pixels);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(255 - pixels[i]);
    ent_finger_template *b = extract(pixels);
    assert_true(score(a, b, false) > 0.9 * score(a, a, false));
    ent_finger_template_free(a);
    ent_finger_template_free(b);
}

/* The fields cover the print, and analyse gives the template that extract gives. */
static void test_analyse(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_image image = {pixels, SIDE, SIDE, SIDE, 500};
    ent_finger_template *t = NULL;
    ent_finger_fields *f = NULL;
    assert_int_equal(ent_finger_analyse(&image, &t, &f, NULL), ENT_OK);
    assert_int_equal(f->width, SIDE);
    assert_int_equal(f->columns * f->cell >= f->width, 1);
    size_t lines = 0;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) lines += f->skeleton[i];
    assert_true(lines > 2000 && lines < 20000);
    uint32_t middle = f->rows / 2 * f->columns + f->columns / 2;
    assert_true(f->quality[middle] > 50 && f->quality[0] == 0);
    assert_in_range(f->period[middle], 7 * 16, 11 * 16); /* 2 pi / 0.7 = 9 pixels */
    ent_finger_fields_free(f);
    ent_finger_template_free(t);
}

/* The calibrated ratio grows with the score and keeps inside its bound; the share of impostors falls to what was measurable, and its tail beyond. */
static void test_meaning(void **state)
{
    (void)state;
    double before = -100, tail = 2;
    for (double s = 0; s < 500; s += 0.5) {
        ent_finger_meaning m = ent_finger_llr(s);
        assert_true(m.ratio >= before && m.low <= m.ratio && m.ratio <= m.high);
        assert_true(m.false_match > 0 && m.false_match <= 1);
        assert_true(m.false_match_tail > 0 && m.false_match_tail <= tail);
        assert_true(s <= 55 ? m.false_match_tail == m.false_match : m.false_match == ent_finger_llr(55).false_match && m.false_match_tail < m.false_match);
        before = m.ratio, tail = m.false_match_tail;
    }
    assert_true(ent_finger_llr(500).extrapolated > ent_finger_llr(500).ratio);
    const double two[] = {80, 80}, ten[] = {1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6};
    ent_finger_meaning both = ent_finger_llr_several(two, 2, 1), chosen = ent_finger_llr_several(two, 2, 90);
    assert_true(both.false_match_tail < both.false_match && both.false_match_tail < ent_finger_llr(80).false_match_tail && chosen.false_match_tail > 80 * both.false_match_tail);
    ent_finger_meaning all = ent_finger_llr_several(ten, 10, 1);
    assert_true(all.false_match_tail > 0 && all.false_match_tail < 1e-200 && all.ratio > 30);
}

/* A print at a sixth of its contrast is found by its own minutiae as before; an even grey is no print. */
static void test_faint(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_template *a = extract(pixels), *t = NULL;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(150 + pixels[i] / 6);
    ent_finger_template *b = extract(pixels);
    assert_true(score(a, b, false) > 0.8 * score(a, a, false));
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(150 + i * 7 % 3);
    ent_finger_image even = {pixels, SIDE, SIDE, SIDE, 500};
    assert_int_equal(ent_finger_extract(&even, &t, NULL), ENT_QUALITY);
    ent_finger_template_free(a);
    ent_finger_template_free(b);
}

/* Lines across, four pixels wide */
static void scratch(uint8_t *pixels, uint8_t grey)
{
    for (int k = 0; k < 8; k++) {
        double s, c;
        finger_sincos(0.1 + k * 1.9, &s, &c);
        for (int i = 0; i < SIDE * SIDE; i++) {
            double away = c * (i % SIDE - SIDE / 2) + s * (i / SIDE - SIDE / 2) - (k * 67 % 200 - 100);
            if (away > -2 && away < 2) pixels[i] = grey;
        }
    }
}

/* A faint print under lines far lighter or darker than its ridges is still found, and their crossings are not told for minutiae. */
static void test_scratched(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    for (int light = 0; light < 2; light++) {
        draw(pixels, 7, 0, 0, 0);
        for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(70 + pixels[i] / 4);
        ent_finger_template *a = extract(pixels);
        scratch(pixels, light ? 200 : 10);
        ent_finger_template *b = extract(pixels);
        size_t before, after;
        (void)ent_finger_minutiae(a, &before), (void)ent_finger_minutiae(b, &after);
        double found = score(a, b, false);
        if (!(found > 45 && after < 2 * before)) fail_msg("%.1f, %zu minutiae of %zu", found, after, before);
        ent_finger_template_free(a);
        ent_finger_template_free(b);
    }
}

/* Dark discs, 12 to 24 pixels wide */
static void blot(uint8_t *pixels, int width, int height, uint32_t seed)
{
    for (int k = 0; k < 60; k++) {
        seed = seed * 1664525u + 1013904223u;
        int x = (int)(seed >> 8 & 0xffff) % width, y = (int)(seed >> 16) % height, r = 6 + (int)(seed >> 4) % 7;
        for (int i = 0; i < width * height; i++) {
            int u = i % width - x, v = i / width - y;
            if (u * u + v * v < r * r) pixels[i] = 10;
        }
    }
}

/* A faint print between blots far darker than its ridges: seven in ten minutiae are found again (82 of 100; 45 if the blots count as seen). */
static void test_blotted(void **state)
{
    (void)state;
    static uint8_t pixels[ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT];
    ent_finger_image image = {pixels, ENT_SYNTH_WIDTH, ENT_SYNTH_HEIGHT, ENT_SYNTH_WIDTH, 500};
    size_t all = 0, found = 0;
    for (uint32_t finger = 0; finger < 2; finger++) {
        ent_synth_finger *f = NULL;
        ent_finger_template *a = NULL, *b = NULL;
        ent_finger_probe *p = NULL;
        ent_finger_pairs pairs;
        size_t n;
        assert_int_equal(ent_synth_finger_new(1, finger, &f, NULL), ENT_OK);
        ent_synth_impression(f, 0, pixels);
        for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(90 + pixels[i] / 3);
        assert_int_equal(ent_finger_extract(&image, &a, NULL), ENT_OK);
        blot(pixels, ENT_SYNTH_WIDTH, ENT_SYNTH_HEIGHT, finger);
        assert_int_equal(ent_finger_extract(&image, &b, NULL), ENT_OK);
        assert_int_equal(ent_finger_probe_new(a, &p, NULL), ENT_OK);
        (void)ent_finger_match(p, b, &pairs);
        (void)ent_finger_minutiae(a, &n);
        all += n, found += pairs.count;
        ent_finger_probe_free(p);
        ent_finger_template_free(a);
        ent_finger_template_free(b);
        ent_synth_finger_free(f);
    }
    if (found * 10 < all * 7) fail_msg("%zu of %zu minutiae", found, all);
}

/* Skin that slips by up to 24 pixels, more here than there: minutiae are followed, and hardly one is lost. */
static void test_slipped(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE], moved[SIDE * SIDE];
    for (unsigned seed = 7; seed < 12; seed++) {
        draw(pixels, seed, 0, 0, 0);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double across, along, unused;
                finger_sincos(y / 110.0, &across, &unused);
                finger_sincos(x / 110.0, &along, &unused);
                int u = finger_min(SIDE - 1, finger_max(0, x + finger_round(24 * across)));
                int v = finger_min(SIDE - 1, finger_max(0, y + finger_round(24 * along)));
                moved[y * SIDE + x] = pixels[v * SIDE + u];
            }
        ent_finger_template *a = extract(pixels), *b = extract(moved);
        ent_finger_probe *p = NULL;
        ent_finger_pairs pairs;
        size_t n, m;
        assert_int_equal(ent_finger_probe_new(a, &p, NULL), ENT_OK);
        double found = ent_finger_match(p, b, &pairs);
        (void)ent_finger_minutiae(a, &n), (void)ent_finger_minutiae(b, &m);
        if (pairs.count * 8 < (n < m ? n : m) * 7) fail_msg("%u: %.1f, %zu pairs of %zu and %zu minutiae", seed, found, pairs.count, n, m);
        ent_finger_probe_free(p);
        ent_finger_template_free(a);
        ent_finger_template_free(b);
    }
}

/* Fingers that are alike add to each other, one that is not takes away, and a choice among many pairs counts for less. */
static void test_several(void **state)
{
    (void)state;
    double two[2] = {55, 55}, mixed[2] = {55, 10}, zero[2] = {200, 0};
    ent_finger_meaning one = ent_finger_llr(55), both = ent_finger_llr_several(two, 2, 1), against = ent_finger_llr_several(mixed, 2, 1);
    assert_true(both.ratio > one.ratio && both.ratio < 2 * one.ratio && both.false_match < one.false_match);
    assert_true(against.ratio < one.ratio && against.false_match > one.false_match);
    assert_true(ent_finger_ways(2, 10, 2) > 89.9 && ent_finger_ways(2, 10, 2) < 90.1);
    ent_finger_meaning chosen = ent_finger_llr_several(two, 2, ent_finger_ways(2, 10, 2));
    assert_true(chosen.ratio < both.ratio - 1.9 && chosen.ratio > both.ratio - 2 && chosen.false_match > 80 * both.false_match);
    ent_finger_meaning torn = ent_finger_llr_several(zero, 2, 1); /* what is certain on one side is bounded */
    assert_true(torn.low <= torn.ratio && torn.ratio <= torn.high && torn.ratio < 1 && torn.extrapolated > 5);
}

/* A drawing has colour where the minutiae are and the print's grey far from them; without an image it stands on white. */
static void test_draws(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE], rgb[3 * SIDE * SIDE], bare[3 * SIDE * SIDE];
    draw(pixels, 7, 0, 0, 0);
    ent_finger_image image = {pixels, SIDE, SIDE, SIDE, 500};
    ent_finger_template *t;
    ent_finger_fields *f;
    size_t n, coloured = 0;
    assert_int_equal(ent_finger_analyse(&image, &t, &f, NULL), ENT_OK);
    ent_finger_draw(&image, t, f, rgb);
    ent_finger_draw(NULL, t, NULL, bare);
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) { /* its right edge */
        const uint8_t *p = bare + 3 * ((size_t)m[i].y * SIDE + m[i].x + 4);
        coloured += p[0] != p[1] || p[1] != p[2];
    }
    assert_int_equal(coloured, n);
    assert_int_equal(bare[0], 255);
    assert_int_equal(rgb[0], pixels[0]);
    assert_true(memcmp(rgb, bare, sizeof rgb) != 0);
    ent_finger_template_free(t);
    ent_finger_fields_free(f);
}

/* Another maker's minutiae of an image that was stretched, 0.8 by 1.2, do not match as they stand; the match that follows stretches finds them
 * and says by how much, and another finger stays far below. */
static void test_follows_a_stretch(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    ent_finger_template *own[2], *other;
    ent_finger_minutia m[255];
    ent_finger_stretched *s;
    size_t n;
    double by[2] = {0, 0};
    draw(pixels, 7, 0, 0, 0), own[0] = extract(pixels);
    draw(pixels, 99, 0, 0, 0), own[1] = extract(pixels);
    const ent_finger_minutia *from = ent_finger_minutiae(own[0], &n);
    for (size_t i = 0; i < n; i++) {
        double sn, c;
        m[i] = from[i];
        finger_sincos(2 * FINGER_PI * m[i].angle / 256, &sn, &c);
        m[i].x = (uint16_t)(m[i].x * 0.8), m[i].y = (uint16_t)(m[i].y * 1.2);
        m[i].angle = (uint8_t)finger_round((double)finger_atan2((float)(sn * 1.2), (float)(c * 0.8)) * 128 / FINGER_PI);
    }
    assert_int_equal(ent_finger_import(m, n, (const uint32_t[2]){SIDE, 2 * SIDE}, &other, NULL), ENT_OK);
    assert_int_equal(ent_finger_stretched_new(other, &s, NULL), ENT_OK);
    double same = ent_finger_match_stretched(s, own[0], NULL, by), different = ent_finger_match_stretched(s, own[1], NULL, NULL);
    assert_true(same > score(other, own[0], false));
    assert_true(same > different + 10);
    assert_true(by[0] > 1 && by[1] < 1);
    ent_finger_stretched_free(s);
    ent_finger_template_free(other), ent_finger_template_free(own[0]), ent_finger_template_free(own[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_same_finger), cmocka_unit_test(test_draws), cmocka_unit_test(test_follows_a_stretch), cmocka_unit_test(test_reports_pairs),
        cmocka_unit_test(test_encode_decode),         cmocka_unit_test(test_import),
        cmocka_unit_test(test_any_image),             cmocka_unit_test(test_reversed),
        cmocka_unit_test(test_analyse),               cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_faint),                 cmocka_unit_test(test_several),
        cmocka_unit_test(test_scratched),             cmocka_unit_test(test_slipped),
        cmocka_unit_test(test_blotted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
