/* Model cards: those that are shipped read as they say, and what a card may not say is refused with its line. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "base/buf.h"
#include "face/card.h"

static const char good[] =
    "face-model: own\n"
    "detector: { file: d.onnx, sha256: 00000000000000000000000000000000000000000000000000000000000000aa, width: 320, height: 240, mean: 127, scale: 128, order: rgb, threshold: 0.6 }\n"
    "landmarks: { file: l.onnx, sha256: 00000000000000000000000000000000000000000000000000000000000000bb, width: 64, height: 64, mean: 0, scale: 256, order: grey }\n"
    "embedding:\n"
    "  - { file: e.onnx, sha256: 00000000000000000000000000000000000000000000000000000000000000cc, width: 112, height: 112, mean: 127.5, scale: 127.5, order: bgr, dimension: 512, weight: 1, flip: true }\n";

static ent_code read_text(const char *text, size_t len, ent_face_card *ret, ent_err *err)
{
    ent_doc *doc = NULL;
    ent_code code = ent_yaml_read(text, len, "card", &doc, err);
    if (code == ENT_OK) code = ent_face_card_read(doc, ret, err);
    ent_doc_free(doc);
    return code;
}

/* An agency's own card: every value where it belongs. */
static void reads_an_own_card(void **state)
{
    ent_face_card c = {0};
    (void)state;
    assert_int_equal(read_text(good, strlen(good), &c, NULL), ENT_OK);
    assert_string_equal(c.name, "own");
    assert_true(c.embedders == 1 && c.embedder[0].dimension == 512 && c.embedder[0].flip && c.embedder[0].network.bgr && c.embedder[0].network.mean == 127.5);
    assert_true(c.detector.sha256[31] == 0xaa && c.landmarks.width == 64 && c.detector_threshold == 0.6 && !c.calibration.fitted);
    assert_null(ent_face_card_network(&c, 3));
    assert_string_equal(ent_face_card_network(&c, 2)->file, "e.onnx");
}

/* One word changed, and the card is refused. */
static void refuses_what_it_does_not_know(void **state)
{
    static const struct {
        const char *from, *to;
    } changes[] = {{"dimension: 512", "dimension: 961"}, {"weight: 1", "weight: heavy"}, {"scale: 256", "scale: 0"}, {"order: bgr", "order: hsv"}, {"e.onnx", "../e.onnx"},
                   {"0000aa,", "0000aA,"}, {"0000aa,", "aa,"}, {"threshold: 0.6", "threshold: 1.6"}, {"flip: true", "flip: true, colour: red"}, {"mean: 0,", "mean: nan,"}, {"width: 64", "width: 8"}, {"face-model", "fusion: { offset: 0, prints: 1 }\nface-model"}, {"face-model", "fusion: { offset: 0, prints: -1, face: 1 }\nface-model"}};
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char text[sizeof good + 64];
        const char *at = strstr(good, changes[i].from);
        ent_face_card c;
        ent_err err = {0};
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, changes[i].to, at + strlen(changes[i].from));
        if (read_text(text, strlen(text), &c, &err) != ENT_FORMAT) fail_msg("%s was taken", changes[i].to);
        assert_non_null(strstr(err.detail, "line "));
    }
}

/* The identity changes with whatever changes an embedding, and with nothing else. */
static void identity_is_of_what_matters(void **state)
{
    ent_face_card c = {0}, d;
    uint8_t a[8], b[8];
    (void)state;
    assert_int_equal(read_text(good, strlen(good), &c, NULL), ENT_OK);
    ent_face_model_id(&c, a);
    d = c, d.name[0] = 'x', d.calibration.fitted = true, d.fusion.fitted = true;
    ent_face_model_id(&d, b);
    assert_memory_equal(a, b, 8);
    d = c, d.embedder[0].flip = false;
    ent_face_model_id(&d, b);
    assert_memory_not_equal(a, b, 8);
    d = c, d.landmarks.sha256[0] = 1;
    ent_face_model_id(&d, b);
    assert_memory_not_equal(a, b, 8);
    d = c, d.embedder[0].network.mean = 127;
    ent_face_model_id(&d, b);
    assert_memory_not_equal(a, b, 8);
}

/* What is shipped is readable, calibrated, and says where it comes from. */
static void shipped_cards_are_whole(void **state)
{
    static const char *const names[] = {"pair", "pair-mirror", "mobilefacenet", "faceplugin"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char path[512];
        ent_face_card c = {0};
        ent_err err = {0};
        ent_buf text = ENT_BUF(1 << 16);
        snprintf(path, sizeof path, "%s/%s.yaml", CARDS, names[i]);
        assert_int_equal(ent_disk_load(path, &text, NULL), ENT_OK);
        if (read_text((const char *)text.data, text.len, &c, &err)) fail_msg("%s", err.detail);
        assert_string_equal(c.name, names[i]);
        assert_true(c.origin[0] && c.training[0] && c.licence[0] && c.accuracy[0] && c.calibration.fitted && c.calibration.below > 0 && c.calibration.below < c.calibration.bound && c.fusion.fitted);
        ent_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_an_own_card), cmocka_unit_test(refuses_what_it_does_not_know), cmocka_unit_test(identity_is_of_what_matters), cmocka_unit_test(shipped_cards_are_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
