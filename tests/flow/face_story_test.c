/* Faces on the whole way: enrolled, searched beside prints and alone, decided together, examined by two, destroyed. */
#include "flow/examining.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 7);
    s->faces = true;
    story_faces(&s->gb);
    story_restart(s, &s->gb);
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

static ent_enrolled enrol(story *s, uint32_t finger, uint32_t who)
{
    ENT_AUTO_BUF file = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = {2026, 3, 10}};
    ent_enrolled e;
    ent_err err = {0};
    story_transaction(finger, 0, who, 0, &file);
    if (ent_flow_enrol(s->gb.flow, &s->gb.custodian, file.data, file.len, &o, &e, &err) != ENT_OK) fail_msg("%s", err.detail);
    return e;
}

static ent_search_view search(story *s, uint32_t finger, uint32_t who, ent_code expected)
{
    ENT_AUTO_BUF taken = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    ent_search_result r = {0};
    ent_search_view v = {0};
    ent_err err = {0};
    story_transaction(finger, 1, who, 1, &taken);
    story_capture(&s->us, &taken, &file);
    ent_code code = ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, &err);
    if (code != expected) fail_msg("%d: %s", code, err.detail);
    if (code != ENT_OK || r.refused) return v;
    assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.custodian, r.reference.b, &v, NULL), ENT_OK);
    ent_buf_free(&r.receipt);
    return v;
}

/* A face that agrees adds to the prints' ratio, one that does not takes from it; the prints find the candidate either way. */
static void beside_prints(void **state)
{
    story *s = *state;
    ent_flow_counts c;
    ent_enrolled e = enrol(s, 3, 40);
    assert_int_equal(e.part_count, 2);
    assert_int_equal(e.faces, 1);
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.faces, 1);
    ent_search_view same = search(s, 3, 40, ENT_OK), other = search(s, 3, 77, ENT_OK), stranger = search(s, 8, 77, ENT_OK);
    assert_true(same.hit);
    assert_true(same.face_score > 0.9);
    assert_true(same.ratio > other.ratio);
    assert_false(stranger.hit);
}

/* A face alone is never a hit here, however like it is: the desk's search is refused before it is sent. */
static void alone(void **state)
{
    story *s = *state;
    enrol(s, 3, 40);
    ent_search_view v = search(s, 0, 40, ENT_OK);
    assert_false(v.hit);
    assert_true(v.face_score > 0.9);
}

/* With the right to it, a face alone may be a hit; then two examiners, and they see photographs. */
struct seen {
    size_t probes, candidates;
};

static void see_picture(void *ctx, bool candidate, uint8_t finger, const void *png, size_t len)
{
    struct seen *p = ctx;
    (void)finger;
    assert_int_equal(ent_image_sniff(png, len), ENT_IMAGE_PNG);
    if (candidate) p->candidates++;
    else p->probes++;
}

static void see_case(void *ctx, const ent_case_view *v) { *(ent_case_view *)ctx = *v; }

static void examined(void **state)
{
    story *s = *state;
    ent_case_view v = {0};
    struct seen p = {0};
    enrol(s, 3, 40);
    assert_true(search(s, 3, 40, ENT_OK).hit);
    assert_int_equal(ent_flow_cases(s->gb.flow, &s->gb.custodian, see_case, &v, NULL), ENT_OK);
    assert_int_equal(v.needed, 2);
    assert_true(v.face);
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, v.id, true, ""), ENT_FORMAT); /* the form comes first, whoever asks and by what way */
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, v.id, true, "it is a face"), ENT_FORMAT);
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, v.id, true, STORY_FORM("same")), ENT_FORMAT); /* the comparison's words */
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, v.id, true, STORY_FORM("clear")), ENT_OK);
    assert_int_equal(ent_flow_case_open(s->gb.flow, &s->gb.examiner, v.id, see_picture, &p, &v, NULL), ENT_OK);
    assert_int_equal(p.probes, 2);     /* a print and a photograph */
    assert_int_equal(p.candidates, 2);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, v.id, ENT_FINDING_IDENTIFIED, 1, "the same", NULL), ENT_FORMAT);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, v.id, ENT_FINDING_IDENTIFIED, 1, STORY_FORM("same"), NULL), ENT_USAGE);         /* reasons besides */
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, v.id, ENT_FINDING_IDENTIFIED, 1, STORY_FORM("differs") "\nwhy", NULL), ENT_CONFLICT);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, v.id, ENT_FINDING_EXCLUDED, 1, STORY_FORM("differs") "\nwhy", NULL), ENT_OK);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, v.id, ENT_FINDING_INCONCLUSIVE, 2, "I am not sure any more", NULL), ENT_FORMAT); /* a later version too */
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, v.id, ENT_FINDING_NOT_SUITABLE, 2, "the probe shows a mask", NULL), ENT_OK);     /* nothing was compared */
}

/* The wording with one examiner a side, and the photograph on the hit. */
static void agree_one_each(story *s)
{
    char file[4096], changed[4096 + 64];
    s->confirm = "both";
    story_text(s, 2, 100, file, sizeof file);
    char *examiners = strstr(file, "examiners: 2"), *shown = strstr(file, "on-hit: [fingerprint-image]");
    assert_true(examiners && shown && examiners < shown);
    examiners[11] = '1';
    int len = snprintf(changed, sizeof changed, "%.*son-hit: [facial-image]%s", (int)(shown - file), file, shown + strlen("on-hit: [fingerprint-image]"));
    story_sign(s, changed, (size_t)len);
}

static ent_code conclude_there(story *s, const ent_actor *who, const uint8_t *id, const char *reasons, ent_kept_conclusion *ret)
{
    char text[ENT_CASE_SIGNED];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_secret_key secret;
    ent_case_conclusion_text(id, ENT_FINDING_IDENTIFIED, 1, reasons, strlen(reasons), text);
    story_secret(who->name, &secret);
    ent_sign(&secret, text, strlen(text), signature);
    return ent_flow_kept_conclude(s->us.flow, who, id, ENT_FINDING_IDENTIFIED, reasons, strlen(reasons), signature, ret, NULL);
}

/* The agreement asks for one examiner on each side; of a face two conclude on each, and nothing more leaves before. */
static void two_on_each_side(void **state)
{
    story *s = *state;
    ent_disclosed shown, name;
    ent_kept_conclusion c;
    ent_err err = {0};
    const uint32_t wanted = 1u << ENT_FIELD_CATEGORY;
    agree_one_each(s);
    enrol(s, 3, 40);
    ent_search_view hit = search(s, 3, 40, ENT_OK);
    assert_true(hit.hit);
    story_cases cases = story_cases_of(&s->gb, &s->gb.custodian);
    assert_int_equal(cases.view[0].needed, 2);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, hit.reference.b, 0, &shown, NULL), ENT_OK);
    assert_int_equal(shown.fields, 1u << ENT_FIELD_FACIAL_IMAGE);
    assert_int_equal(conclude_there(s, &s->us.examiner, shown.id, "the same", &c), ENT_FORMAT); /* the form first */
    assert_int_equal(conclude_there(s, &s->us.examiner, shown.id, STORY_FORM("same") "\nthe same", &c), ENT_OK);
    assert_int_equal(c.concluded, 1);
    assert_int_equal(c.needed, 2);
    for (int i = 0; i < 2; i++) {
        const ent_actor *who = i ? &s->gb.second : &s->gb.examiner;
        assert_int_equal(story_analyse(&s->gb, who, cases.view[0].id, true, STORY_FORM("clear")), ENT_OK);
        assert_int_equal(story_conclude(&s->gb, who, cases.view[0].id, ENT_FINDING_IDENTIFIED, 1, STORY_FORM("same") "\nthe same", NULL), ENT_OK);
    }
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, hit.reference.b, wanted, &name, NULL), ENT_REFUSED);
    assert_int_equal(conclude_there(s, &s->us.second, shown.id, STORY_FORM("same") "\nthe same", &c), ENT_OK);
    assert_int_equal(c.concluded, c.needed);
    if (ent_flow_disclose(s->gb.flow, &s->gb.custodian, hit.reference.b, wanted, &name, &err) != ENT_OK) fail_msg("%s", err.detail);
}

/* Below the quality that the node asks for a photograph is refused with what would make it better, and nothing is kept of its file; somebody who can get no
 * better one says so, and is told the same. */
static void poor_photograph(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF file = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = {2026, 3, 10}};
    ent_enrolled e;
    ent_flow_counts before, after;
    ent_err err = {0};
    s->gb.c.faces.least = 81;
    story_restart(s, &s->gb);
    ent_flow_count(s->gb.flow, &before);
    story_transaction(4, 0, 41, 0, &file);
    assert_int_equal(ent_flow_enrol(s->gb.flow, &s->gb.custodian, file.data, file.len, &o, &e, &err), ENT_QUALITY);
    assert_non_null(strstr(err.detail, "of quality 80, this node asks for 81: exposure 30 of 100"));
    ent_flow_count(s->gb.flow, &after);
    assert_true(after.gallery == before.gallery && after.faces == before.faces);
    o.any_quality = true;
    if (ent_flow_enrol(s->gb.flow, &s->gb.custodian, file.data, file.len, &o, &e, &err)) fail_msg("%s", err.detail);
    assert_int_equal(e.face_quality, 80);
    assert_non_null(strstr(e.face_advice, "too dark or too bright"));
    ent_flow_count(s->gb.flow, &after);
    assert_int_equal(after.faces, before.faces + 1);
}

/* Destroyed with its encounter: in no gallery, also after a restart. */
static void destroyed(void **state)
{
    story *s = *state;
    ent_destroyed d;
    ent_flow_counts c;
    ent_enrolled e = enrol(s, 3, 40);
    story_restart(s, &s->gb);
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.faces, 1);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &d, NULL), ENT_OK);
    assert_int_equal(d.parts, 2);
    assert_false(search(s, 3, 40, ENT_OK).hit);
    story_restart(s, &s->gb);
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.faces, 0);
}

/* Another model: its templates are not searched until the gallery was rebuilt from the sealed photographs, which goes on where it
 * was stopped. */
static void rebuilt(void **state)
{
    story *s = *state;
    ent_flow_counts c;
    size_t left = 0;
    ent_flow_close(s->gb.flow);
    ent_faces model = s->gb.c.faces;
    s->gb.c.faces = (ent_faces){0};
    assert_int_equal(ent_flow_open(&s->gb.c, &s->gb.flow, NULL), ENT_OK);
    enrol(s, 3, 40); /* without a model: the photograph is kept */
    ent_flow_close(s->gb.flow);
    s->gb.c.faces = model;
    assert_int_equal(ent_flow_open(&s->gb.c, &s->gb.flow, NULL), ENT_OK);
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.faces, 0);
    assert_int_equal(ent_flow_gallery_rebuild(s->gb.flow, &s->gb.officer, &left, NULL), ENT_DENIED);
    do assert_int_equal(ent_flow_gallery_rebuild(s->gb.flow, &s->gb.custodian, &left, NULL), ENT_OK);
    while (left);
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.faces, 1);
    ent_search_view v = search(s, 3, 40, ENT_OK);
    assert_true(v.hit);
    assert_true(v.face_score > 0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(beside_prints), STORY(alone), STORY(examined), STORY(two_on_each_side), STORY(poor_photograph), STORY(destroyed), STORY(rebuilt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
