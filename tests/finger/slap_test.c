/* Slaps put together in memory from real prints (ENTENTE_DATA): two to four fingers of a hand, or two thumbs, at random places, leans and
 * gaps, with the phalanges below them, on grainy paper. Each must be found, in its place, and still match another
 * impression of its finger. SLAPS=n tries n of them and prints what went wrong. */
#include "base/test.h"

#include "base/buf.h"
#include "entente/finger.h"
#include "finger/arith.h"
#include "image/image.h"

#define WIDTH 1640
#define HEIGHT 1000
#define MM 19.685 /* pixels */

static const char *const sets[] = {"fvc/2002/DB1_B", "fvc/2004/DB3_B", "fvc/2002/DB3_B", "fvc/2004/DB2_B"};

static uint32_t seed;
static double uniform(double low, double high)
{
    seed = seed * 1664525u + 1013904223u;
    return low + (high - low) * (seed >> 8) / 16777216.0;
}
static double around(double mean, double deviation) { return mean + deviation * (uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1)); }

static bool load(const char *set, int finger, int impression, ent_image *ret)
{
    char below[64], path[512];
    ENT_AUTO_BUF bytes = ENT_BUF(8 << 20);
    ent_image image;
    snprintf(below, sizeof below, "%s/%d_%d.png", set, 101 + finger, impression);
    if (!ent_test_data(below, path, sizeof path)) return false;
    FILE *f = fopen(path, "rb");
    uint8_t block[4096];
    for (size_t n; f && (n = fread(block, 1, sizeof block, f));) ent_buf_put(&bytes, block, n);
    if (f) fclose(f);
    if (!f || ent_image_decode(bytes.data, bytes.len, &image, NULL) != ENT_OK) return false;
    bool good = ent_image_grey(&image, ret, NULL) == ENT_OK;
    ent_image_free(&image);
    return good;
}

/* The middle of a print laid on the slap inside an ellipse that is turned with the hand. */
static void lay(uint8_t *slap, const ent_image *print, const double at[2], const double half[2], double lean)
{
    double s, c;
    finger_sincos(lean, &s, &c);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            double dx = x - at[0], dy = y - at[1], u = c * dx - s * dy, v = s * dx + c * dy;
            if (u * u / (half[0] * half[0]) + v * v / (half[1] * half[1]) > 1) continue;
            int px = (int)(u + print->width / 2.0), py = (int)(v + print->height / 2.0);
            if (px < 0 || py < 0 || px >= (int)print->width || py >= (int)print->height) continue;
            uint8_t *to = slap + (size_t)y * WIDTH + x, v8 = print->pixels[(size_t)py * print->width + px];
            *to = v8 < *to ? v8 : *to;
        }
}

typedef struct truth {
    int position, count;            /* announced; of fingers */
    uint8_t finger[4];              /* positions, from left to right */
    uint32_t missing;
    double at[4][2], lean;          /* middles of the fingertips */
    int set, identity[4];
} truth;

/* Fingertips as people's lie: the outer ones lower, by amounts that differ (in mm below the middle finger's). */
static void pose(truth *t)
{
    static const double down[2][4] = {{10, 0, 7, 27}, {4, 3.5, 3, 5}};
    bool left = t->position == ENT_FINGER_LEFT_SLAP, thumbs = t->position == ENT_FINGER_THUMBS;
    double s, c, u = 0, step = around(20.5, 1.5), across[4], along[4], middle = 0;
    finger_sincos(t->lean = thumbs ? around(0, 0.15) : around(0, 0.2), &s, &c);
    int n = 0;
    for (int k = 0; k < (thumbs ? 2 : 4); k++, u += thumbs ? around(33, 3) : around(step, 1)) {
        int f = thumbs ? 0 : left ? 3 - k : k;
        uint8_t position = (uint8_t)(thumbs ? (k ? 1 : 6) : left ? 7 + f : 2 + f);
        if (t->missing >> position & 1) continue;
        t->finger[n] = position;
        across[n] = u * MM, along[n] = (thumbs ? around(0, 2) : around(down[0][f], down[1][f] / 3)) * MM;
        middle += u * MM, n++;
    }
    t->count = n;
    for (int k = 0; k < n; k++) {
        double x = across[k] - middle / n, y = along[k] - 9 * MM;
        t->at[k][0] = WIDTH / 2.0 + c * x + s * y, t->at[k][1] = 430 - s * x + c * y;
    }
}

static void paint(const truth *t, uint8_t *slap)
{
    double s, c;
    finger_sincos(t->lean, &s, &c);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) slap[i] = (uint8_t)uniform(228, 248);
    for (int k = 0; k < t->count; k++) {
        ent_image print;
        double size = t->finger[k] % 5 == 0 ? 0.86 : t->finger[k] % 5 == 1 ? 1.15 : 1, half[2] = {around(8.4, 0.4) * size * MM, around(10.5, 0.6) * size * MM};
        assert_true(load(sets[t->set], t->identity[k], 1, &print));
        lay(slap, &print, t->at[k], half, t->lean);
        ent_image_free(&print);
        if (t->position == ENT_FINGER_THUMBS || uniform(0, 1) < 0.3) continue;
        /* the phalanx below, from some other finger's print */
        double below = half[1] + around(11, 0.6) * MM, at[2] = {t->at[k][0] + s * below, t->at[k][1] + c * below}, less[2] = {0.85 * half[0], 8 * MM};
        assert_true(load(sets[t->set], (t->identity[k] + 5) % 10, 2, &print));
        lay(slap, &print, at, less, t->lean);
        ent_image_free(&print);
    }
}

static ent_finger_template *extract(const ent_finger_image *image)
{
    ent_finger_template *t = NULL;
    return ent_finger_extract(image, &t, NULL) == ENT_OK ? t : NULL;
}

static double score(const ent_finger_template *a, const ent_finger_template *b)
{
    ent_finger_probe *p;
    if (!a || !b || ent_finger_probe_new(a, &p, NULL) != ENT_OK) return 0;
    double s = ent_finger_match_full(p, b, NULL);
    ent_finger_probe_free(p);
    return s;
}

typedef struct tally {
    int slaps, counted, placed, hand, hands, told; /* slaps; right count; right fingers in right places; hand decided rightly, of those of four */
    int prints, before, after;                     /* fingers; matched before they were laid on a slap; after */
    bool say, places_only;
} tally;

static void match_one(const truth *t, const ent_finger_image *image, const ent_finger_slap *slap, size_t k, tally *ret)
{
    ent_image whole, other;
    uint8_t *cut = malloc((size_t)slap->finger[k].width * slap->finger[k].height);
    assert_true(cut && load(sets[t->set], t->identity[k], 1, &whole) && load(sets[t->set], t->identity[k], 3, &other));
    ent_finger_cut(image, slap, k, cut);
    ent_finger_template *a = extract(&(ent_finger_image){whole.pixels, whole.width, whole.height, whole.width, 500});
    ent_finger_template *b = extract(&(ent_finger_image){other.pixels, other.width, other.height, other.width, 500});
    ent_finger_template *c = extract(&(ent_finger_image){cut, slap->finger[k].width, slap->finger[k].height, slap->finger[k].width, 500});
    ret->prints++, ret->before += score(a, b) >= 50, ret->after += score(c, b) >= 50;
    ent_finger_template_free(a), ent_finger_template_free(b), ent_finger_template_free(c);
    ent_image_free(&whole), ent_image_free(&other);
    free(cut);
}

static bool in_place(const truth *t, const ent_finger_slap *slap)
{
    if (slap->count != (size_t)t->count) return false;
    for (size_t k = 0; k < slap->count; k++) {
        const ent_finger_segment *s = &slap->finger[k];
        double x = (s->corner[0][0] + s->corner[2][0]) / 2 - t->at[k][0], y = (s->corner[0][1] + s->corner[2][1]) / 2 - t->at[k][1];
        if (s->position != t->finger[k] || x * x + y * y > 16 * MM * MM) return false;
    }
    return true;
}

static void try_one(int number, uint8_t *pixels, tally *ret)
{
    static const int positions[4] = {ENT_FINGER_RIGHT_SLAP, ENT_FINGER_LEFT_SLAP, ENT_FINGER_THUMBS, ENT_FINGER_RIGHT_SLAP};
    truth t = {.position = positions[number % 4], .set = number / 4 % 4};
    ent_finger_image image = {pixels, WIDTH, HEIGHT, WIDTH, 500};
    ent_finger_slap slap = {0}, unnamed = {0};
    seed = (uint32_t)number * 7919 + 17;
    if (number % 4 == 3) t.position = number % 8 == 3 ? ENT_FINGER_LEFT_SLAP : ENT_FINGER_RIGHT_SLAP, t.missing = 1U << (2 + number / 4 % 4) | 1U << (7 + (number / 4 + 1) % 4);
    for (int k = 0; k < 4; k++) t.identity[k] = (number / 4 + 3 * k + number % 4) % 10;
    pose(&t);
    paint(&t, pixels);
    ent_err err = {0};
    ent_code code = ent_finger_segment_slap(&image, t.position, t.missing, &slap, &err);
    bool placed = code == ENT_OK && in_place(&t, &slap);
    ret->slaps++, ret->counted += slap.count == (size_t)t.count, ret->placed += placed;
    if (t.count == 4 && !ret->places_only && ent_finger_segment_slap(&image, 0, 0, &unnamed, &err) == ENT_OK) {
        ent_finger_hand hand = t.position == ENT_FINGER_RIGHT_SLAP ? ENT_FINGER_HAND_RIGHT : ENT_FINGER_HAND_LEFT;
        ret->hands++, ret->hand += unnamed.hand == hand, ret->told += unnamed.hand != ENT_FINGER_HAND_UNKNOWN;
    }
    for (size_t k = 0; placed && !ret->places_only && k < slap.count; k++) match_one(&t, &image, &slap, k, ret);
    if (!ret->say || placed) return;
    printf("slap %d of %s: position %d, %d fingers, lean %.2f: %zu found\n", number, sets[t.set], t.position, t.count, t.lean, slap.count);
    for (size_t k = 0; k < slap.count; k++)
        printf("  %d at %.0f %.0f, %u x %u\n", slap.finger[k].position, (slap.finger[k].corner[0][0] + slap.finger[k].corner[2][0]) / 2, (slap.finger[k].corner[0][1] + slap.finger[k].corner[2][1]) / 2,
               slap.finger[k].width, slap.finger[k].height);
    for (int k = 0; k < t.count; k++) printf("  truth %d at %.0f %.0f\n", t.finger[k], t.at[k][0], t.at[k][1]);
    FILE *f = getenv("SLAP_OUT") ? fopen(getenv("SLAP_OUT"), "wb") : NULL;
    if (!f) return;
    fprintf(f, "P5 %d %d 255\n", WIDTH, HEIGHT);
    fwrite(pixels, 1, (size_t)WIDTH * HEIGHT, f);
    fclose(f);
}

/* Nine in ten slaps come apart into the right fingers in their places, and what was cut out matches as often as the print alone, within five
 * in a hundred; a hand of four that is decided at all is decided rightly. */
static void test_fingers_of_slaps(void **state)
{
    (void)state;
    char path[512];
    tally t = {.say = getenv("SLAPS") != NULL};
    if (!ent_test_data(sets[0], path, sizeof path)) skip();
    uint8_t *pixels = malloc((size_t)WIDTH * HEIGHT);
    assert_non_null(pixels);
    for (int i = 0, n = t.say ? atoi(getenv("SLAPS")) : 16; i < n; i++) try_one(i, pixels, &t);
    free(pixels);
    printf("%d slaps: %d of the right count, %d in place; hand of four decided %d of %d, rightly %d; %d fingers matched before, %d after, of %d\n", t.slaps, t.counted, t.placed, t.told, t.hands,
           t.hand, t.before, t.after, t.prints);
    assert_true(10 * t.placed >= 9 * t.slaps);
    assert_true(t.told - t.hand <= t.hands / 50);
    assert_true(t.after >= t.before - t.prints / 20);
}

/* A tip that was hardly pressed, less than a quarter of the others' area, is a finger nevertheless: it is not left out (25), nor is the
 * phalanx below it taken for it (56). */
static void test_small_tips(void **state)
{
    (void)state;
    char path[512];
    tally t = {.places_only = true};
    if (!ent_test_data(sets[0], path, sizeof path)) skip();
    uint8_t *pixels = malloc((size_t)WIDTH * HEIGHT);
    assert_non_null(pixels);
    try_one(25, pixels, &t), try_one(56, pixels, &t);
    free(pixels);
    assert_int_equal(t.placed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fingers_of_slaps), cmocka_unit_test(test_small_tips)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
