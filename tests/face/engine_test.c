/* Extraction with the fetched models (make models) on real pictures, when both are there: a picture's face is found where it is, its template is close to
 * that of the same picture turned, shrunk or mirrored, persons are told apart, and nothing is found where there is nothing. Accuracy is measured by
 * `entente evaluate face`. */
#include "base/test.h"

#include "entente/face_model.h"
#include "image/image.h"

#include <math.h>
#include <unistd.h>

static ent_face *engine;

typedef struct taken {
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len;
    ent_face_seen seen;
} taken;

static ent_face_image view(const ent_image *i)
{
    return (ent_face_image){i->pixels, i->width, i->height, (size_t)i->width * i->channels, i->channels};
}

static bool load(const char *name, ent_image *ret)
{
    static uint8_t bytes[1 << 20];
    char path[512];
    if (!ent_test_data(name, path, sizeof path)) return false;
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s: no such file", path);
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_int_equal(ent_image_decode(bytes, len, ret, NULL), ENT_OK);
    return true;
}

static void take(const ent_image *i, int choice, taken *ret)
{
    ent_err err = {0};
    ent_face_image in = view(i);
    if (ent_face_extract(engine, &in, choice, ret->bytes, &ret->len, &ret->seen, &err)) fail_msg("%s", err.detail);
}

static double score(const taken *a, const taken *b)
{
    double s;
    assert_int_equal(ent_face_match(a->bytes, a->len, b->bytes, b->len, &s, NULL), ENT_OK);
    return s;
}

static int open_engine(void **state)
{
    ent_face_model *model = NULL;
    (void)state;
    if (access(MODELS "/pair-mirror.yaml", R_OK) != 0) return 0;
    ent_err err = {0};
    if (ent_face_model_load(MODELS "/pair-mirror.yaml", &model, &err) || ent_face_model_open(model, &engine, &err)) printf("%s\n", err.detail);
    ent_face_model_free(model);
    for (uint32_t i = 0; engine && ent_face_runtime(engine, i); i++) printf("network %u is calculated by %s\n", i, ent_face_runtime(engine, i));
    return engine ? 0 : -1;
}

static int close_engine(void **state)
{
    (void)state;
    ent_face_close(engine);
    return 0;
}

static void need_engine(void)
{
    if (engine) return;
    printf("skipped: no face models (make models)\n");
    skip();
}

/* A flat picture, a ramp and noise hold no face, and that is an answer of its own. */
static void finds_nothing_in_nothing(void **state)
{
    ent_image i;
    uint32_t seed = 1;
    (void)state;
    need_engine();
    assert_int_equal(ent_image_new(200, 160, 3, &i, NULL), ENT_OK);
    for (int kind = 0; kind < 3; kind++) {
        ent_face_faces faces;
        taken t;
        for (size_t k = 0; k < (size_t)200 * 160 * 3; k++) seed = seed * 1664525 + 1013904223, i.pixels[k] = (uint8_t)(kind == 0 ? 128 : kind == 1 ? k / 600 : seed >> 24);
        ent_face_image in = view(&i);
        assert_int_equal(ent_face_find(engine, &in, &faces, NULL), ENT_OK);
        assert_int_equal(faces.count, 0);
        assert_int_equal(ent_face_extract(engine, &in, ENT_FACE_ONLY, t.bytes, &t.len, NULL, NULL), ENT_QUALITY);
    }
    ent_image_free(&i);
}

/* Two pictures side by side: two faces, left and right where they are; refused unless one is meant, and each is its own person. */
static void tells_several_faces(void **state)
{
    ent_image a, b, both;
    ent_face_faces faces;
    taken left, right, t;
    (void)state;
    need_engine();
    if (!load("faces/lfw/Recep_Tayyip_Erdogan/Recep_Tayyip_Erdogan_0001.jpg", &a)) skip();
    assert_true(load("faces/lfw/Alec_Baldwin/Alec_Baldwin_0001.jpg", &b));
    assert_true(a.width == 250 && b.width == 250 && a.channels == 3 && b.channels == 3);
    assert_int_equal(ent_image_new(500, 250, 3, &both, NULL), ENT_OK);
    for (uint32_t y = 0; y < 250; y++) {
        memcpy(both.pixels + (size_t)y * 1500, a.pixels + (size_t)y * 750, 750);
        memcpy(both.pixels + (size_t)y * 1500 + 750, b.pixels + (size_t)y * 750, 750);
    }
    ent_face_image in = view(&both);
    assert_int_equal(ent_face_find(engine, &in, &faces, NULL), ENT_OK);
    assert_true(faces.count >= 2);
    assert_int_equal(ent_face_extract(engine, &in, ENT_FACE_ONLY, t.bytes, &t.len, NULL, NULL), ENT_CONFLICT);
    assert_int_equal(ent_face_extract(engine, &in, ENT_FACE_FIRST + (int)faces.count, t.bytes, &t.len, NULL, NULL), ENT_NOT_FOUND);
    take(&a, ENT_FACE_CENTRE, &left);
    take(&b, ENT_FACE_CENTRE, &right);
    assert_true(score(&left, &right) < 0.3);
    int found[2] = {0, 0};
    for (size_t k = 0; k < faces.count; k++) {
        take(&both, ENT_FACE_FIRST + (int)k, &t);
        found[0] += score(&t, &left) > 0.7 && t.seen.face.right < 260;
        found[1] += score(&t, &right) > 0.7 && t.seen.face.left > 240;
    }
    assert_true(found[0] == 1 && found[1] == 1);
    ent_image_free(&a), ent_image_free(&b), ent_image_free(&both);
}

/* Grey, mirrored, and put into a larger frame: the same face scores as the same. */
static void stays_the_same(void **state)
{
    ent_image a, grey, mirrored, framed;
    taken t, u;
    (void)state;
    need_engine();
    if (!load("faces/lfw/Recep_Tayyip_Erdogan/Recep_Tayyip_Erdogan_0001.jpg", &a)) skip();
    take(&a, ENT_FACE_CENTRE, &t);
    assert_true(t.len <= ENT_FACE_TEMPLATE_MAX && t.seen.quality.overall > 30);
    assert_int_equal(ent_image_grey(&a, &grey, NULL), ENT_OK);
    take(&grey, ENT_FACE_CENTRE, &u);
    assert_true(score(&t, &u) > 0.7);
    assert_int_equal(ent_image_new(a.width, a.height, 3, &mirrored, NULL), ENT_OK);
    for (uint32_t y = 0; y < a.height; y++)
        for (uint32_t x = 0; x < a.width; x++) memcpy(mirrored.pixels + 3 * ((size_t)y * a.width + x), a.pixels + 3 * ((size_t)y * a.width + a.width - 1 - x), 3);
    take(&mirrored, ENT_FACE_CENTRE, &u);
    assert_true(score(&t, &u) > 0.7);
    assert_int_equal(ent_image_new(2 * a.width, 2 * a.height, 3, &framed, NULL), ENT_OK);
    memset(framed.pixels, 90, (size_t)framed.width * framed.height * 3);
    for (uint32_t y = 0; y < a.height; y++) memcpy(framed.pixels + 3 * ((size_t)(y + a.height / 2) * framed.width + a.width / 2), a.pixels + (size_t)y * a.width * 3, (size_t)a.width * 3);
    take(&framed, ENT_FACE_CENTRE, &u);
    assert_true(score(&t, &u) > 0.7);
    ent_image_free(&a), ent_image_free(&grey), ent_image_free(&mirrored), ent_image_free(&framed);
}

/* Blurred, dark, or cut at the edge: the measure that is about it falls, and the gate says what to do. */
static void quality_has_reasons(void **state)
{
    ent_image a, worse;
    ent_face_faces faces;
    ent_face_quality good, dark, blurred;
    char reasons[1024];
    (void)state;
    need_engine();
    if (!load("faces/lfw/Recep_Tayyip_Erdogan/Recep_Tayyip_Erdogan_0001.jpg", &a)) skip();
    ent_face_image in = view(&a);
    assert_int_equal(ent_face_find(engine, &in, &faces, NULL), ENT_OK);
    assert_true(faces.count >= 1);
    ent_face_quality_of(&in, &faces.face[0], &good);
    assert_int_equal(ent_image_new(a.width, a.height, 3, &worse, NULL), ENT_OK);
    ent_face_image other = view(&worse);
    for (size_t i = 0; i < (size_t)a.width * a.height * 3; i++) worse.pixels[i] = a.pixels[i] / 8;
    ent_face_quality_of(&other, &faces.face[0], &dark);
    assert_true(dark.exposure < 40 && dark.exposure < good.exposure);
    assert_false(ent_face_gate(&dark, dark.overall + 1, reasons, sizeof reasons));
    assert_non_null(strstr(reasons, "too dark"));
    for (uint32_t y = 0; y < a.height; y++)
        for (uint32_t x = 0; x < a.width; x++)
            for (uint32_t c = 0; c < 3; c++) {
                int sum = 0, n = 0;
                for (int dy = -4; dy <= 4; dy++)
                    for (int dx = -4; dx <= 4; dx++) {
                        int u = (int)x + dx, v = (int)y + dy;
                        if (u >= 0 && v >= 0 && u < (int)a.width && v < (int)a.height) sum += a.pixels[3 * ((size_t)v * a.width + (size_t)u) + c], n++;
                    }
                worse.pixels[3 * ((size_t)y * a.width + x) + c] = (uint8_t)(sum / n);
            }
    ent_face_quality_of(&other, &faces.face[0], &blurred);
    assert_true(blurred.sharpness + 20 < good.sharpness && blurred.overall < good.overall);
    ent_face_quality seen, hidden;
    assert_int_equal(ent_face_judge(engine, &in, &faces.face[0], &seen, NULL), ENT_OK);
    assert_true(good.steady == -1 && seen.steady > 40 && seen.pose == good.pose);
    memcpy(worse.pixels, a.pixels, (size_t)a.width * a.height * 3);
    for (uint32_t y = (uint32_t)faces.face[0].top; y < (uint32_t)faces.face[0].bottom && y < a.height; y++) /* one half of the face behind a wall */
        memset(worse.pixels + 3 * ((size_t)y * a.width + (size_t)faces.face[0].five[2][0]), 70, 3 * (size_t)(faces.face[0].right - faces.face[0].five[2][0]));
    assert_int_equal(ent_face_judge(engine, &other, &faces.face[0], &hidden, NULL), ENT_OK);
    assert_true(hidden.steady + 30 < seen.steady && hidden.overall < seen.overall);
    assert_false(ent_face_gate(&hidden, hidden.overall + 1, reasons, sizeof reasons));
    assert_non_null(strstr(reasons, "recognisable"));
    faces.face[0].left -= 200, faces.face[0].right -= 200;
    ent_face_quality_of(&in, &faces.face[0], &dark);
    assert_true(dark.margin < good.margin);
    ent_image_free(&a), ent_image_free(&worse);
}

/* All but the detector, whose answer is put together of parts, are convolutions that the faster runtime takes, where it is there. */
static void most_is_fast(void **state)
{
    (void)state;
    need_engine();
    assert_string_equal(ent_face_runtime(engine, 0), "OpenCV");
    for (uint32_t i = 1; i < 4; i++) assert_string_equal(ent_face_runtime(engine, i), RUNTIME);
}

/* A network that is not the one the card names is refused, whatever it is. */
static void refuses_other_networks(void **state)
{
    ent_face_card card;
    ent_face_bytes bytes[ENT_FACE_NETWORKS] = {{"x", 1}, {"x", 1}, {"x", 1}, {"x", 1}};
    ent_face *other = NULL;
    (void)state;
    need_engine();
    card = *ent_face_card_of(engine);
    assert_int_equal(ent_face_open(&card, bytes, &other, NULL), ENT_DAMAGED);
    card.embedder[0].weight = 0.9;
    assert_int_equal(ent_face_open(&card, bytes, &other, NULL), ENT_FORMAT);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_nothing_in_nothing), cmocka_unit_test(tells_several_faces), cmocka_unit_test(stays_the_same), cmocka_unit_test(quality_has_reasons),
                                       cmocka_unit_test(most_is_fast), cmocka_unit_test(refuses_other_networks)};
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
