/* A loose floor of accuracy on real prints, when ENTENTE_DATA is set: four impressions of four fingers from each of two
 * sensors. `entente evaluate finger` measures properly. */
#include "base/test.h"

#include "entente/finger.h"
#include "image/image.h"

#define FINGERS 4
#define IMPRESSIONS 4
#define PRINTS (FINGERS * IMPRESSIONS)

static ent_finger_template *load(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    ent_image image, grey;
    ent_err err = {0};
    if (ent_image_decode(bytes, len, &image, &err) || ent_image_grey(&image, &grey, &err)) fail_msg("%s", err.detail);
    ent_finger_image in = {grey.pixels, grey.width, grey.height, grey.width, 500};
    ent_finger_template *t = NULL;
    if (ent_finger_extract(&in, &t, &err)) fail_msg("%s: %s", path, err.detail);
    ent_image_free(&image);
    ent_image_free(&grey);
    return t;
}

static void check_set(const char *set)
{
    char folder[512], path[600];
    ent_finger_template *t[PRINTS];
    if (!ent_test_data(set, folder, sizeof folder)) skip();
    for (int i = 0; i < PRINTS; i++) {
        snprintf(path, sizeof path, "%s/%d_%d.png", folder, 101 + i / IMPRESSIONS, 1 + i % IMPRESSIONS);
        t[i] = load(path);
        if (!t[i]) fail_msg("%s: no such file", path);
    }
    int genuine = 0, found[2] = {0, 0}, false_hits = 0;
    for (int i = 0; i < PRINTS; i++) {
        ent_finger_probe *p = NULL;
        assert_int_equal(ent_finger_probe_new(t[i], &p, NULL), ENT_OK);
        for (int j = i + 1; j < PRINTS; j++) {
            double compact = ent_finger_match(p, t[j], NULL), full = ent_finger_match_full(p, t[j], NULL);
            bool same = i / IMPRESSIONS == j / IMPRESSIONS;
            genuine += same;
            found[0] += same && compact > 60, found[1] += same && full > 60;
            false_hits += !same && (compact > 60 || full > 60);
        }
        ent_finger_probe_free(p);
    }
    for (int i = 0; i < PRINTS; i++) ent_finger_template_free(t[i]);
    assert_int_equal(false_hits, 0);
    if (found[0] < genuine * 80 / 100 || found[1] < genuine * 90 / 100)
        fail_msg("%s: of %d genuine pairs %d found by minutiae, %d with ridges", set, genuine, found[0], found[1]);
}

static void test_optical(void **state)
{
    (void)state;
    check_set("fvc/2002/DB1_B");
}

static void test_thermal(void **state)
{
    (void)state;
    check_set("fvc/2004/DB3_B");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_optical), cmocka_unit_test(test_thermal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
