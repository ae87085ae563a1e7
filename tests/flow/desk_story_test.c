/* A desk at the border: what was captured, one moment for every referral, the secondary desk, the slip made there. The acts of the desk
 * interface over the real flow of two nodes; only the moment of refer is the machine's own time. */
#include "flow/two_nodes.h"

#include "api/desk/crossing.h"
#include "flow/crossing/captures.h"

#include <string.h>
#include <time.h>

#define DESK "desk-1"

enum { SOON = 300, PATIENT = 6000 /* more than a search takes on a busy machine */ };

typedef struct desk {
    story s;
    ent_crossings *crossings;
    ent_desk_node node;
    uint32_t draw;      /* what chance says next */
} desk;

static void draw(void *self, void *bytes, size_t len)
{
    desk *d = self;
    d->draw++;
    for (size_t i = 0; i < len; i++) ((uint8_t *)bytes)[i] = (uint8_t)(d->draw >> (8 * (i % 4)));
}

static void open_desk(desk *d, unsigned refer_per_mille, int64_t refer_after_ms)
{
    ent_crossings_options o = {refer_per_mille, refer_after_ms, d->s.us.c.clock, {.self = d, .fill = draw}};
    ent_crossings_free(d->crossings);
    assert_int_equal(ent_crossings_new(&o, &d->crossings, NULL), ENT_OK);
    d->node = (ent_desk_node){.flow = d->s.us.flow, .crossings = d->crossings};
}

static int begin(void **state)
{
    desk *d = calloc(1, sizeof *d);
    story_begin(&d->s, 7);
    story_agree(&d->s, 1, 100);
    open_desk(d, 0, SOON);
    *state = d;
    return 0;
}

static int end(void **state)
{
    desk *d = *state;
    ent_crossings_free(d->crossings);
    story_end(&d->s);
    free(d);
    return 0;
}

#define AT_DESK(f) cmocka_unit_test_setup_teardown(f, begin, end)

static json_t *act(desk *d, const ent_actor *by, const char *name, json_t *params, const ent_buf *body, ent_code expected)
{
    ent_desk_request r = {.act = name, .params = params, .body = body ? body->data : (const uint8_t *)"", .len = body ? body->len : 0, .by = by};
    json_t *out = NULL;
    ent_err err = {0};
    ent_code code = ent_desk_act(&d->node, &r, &out, &err);
    if (code != expected) fail_msg("%s: %s %s", name, ent_code_name(code), err.detail);
    json_decref(params);
    return out;
}

static const char *text(const json_t *j, const char *name) { return json_string_value(json_object_get(j, name)); }

/* The number of a capture of this print, which the desk's device posts, signed by nobody but itself. */
static void capture(desk *d, uint32_t finger, uint32_t impression, char ret[ENT_ID_TEXT])
{
    ENT_AUTO_BUF png = ENT_BUF(1), stated = ENT_BUF(1 << 24);
    story_print(finger, impression, &png);
    story_capture(&d->s.us, &png, &stated);
    json_t *out = act(d, NULL, "capture-add", json_object(), &stated, ENT_OK);
    const json_t *c = json_object_get(out, "capture");
    assert_int_equal(json_integer_value(json_object_get(c, "prints")), 1);
    assert_in_range(json_integer_value(json_object_get(c, "quality")), 1, 100);
    snprintf(ret, ENT_ID_TEXT, "%s", text(c, "capture"));
    json_decref(out);
}

static size_t held(desk *d, const char *name)
{
    json_t *out = act(d, &d->s.us.officer, "capture-list", json_pack("{s:s}", "desk", name), NULL, ENT_OK);
    size_t n = json_array_size(json_object_get(out, "captures"));
    json_decref(out);
    return n;
}

typedef struct answer {
    bool refer;
    int64_t ms;
    size_t bytes;
} answer;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static answer ask_with(desk *d, json_t *params)
{
    int64_t began = now_ms();
    json_t *out = act(d, &d->s.us.officer, "crossing-ask", params, NULL, ENT_OK);
    answer a = {strcmp(text(out, "outcome"), "refer") == 0, now_ms() - began, 0};
    char *written = json_dumps(out, JSON_COMPACT);
    a.bytes = strlen(written) - strlen(text(out, "outcome"));
    free(written);
    json_decref(out);
    return a;
}

static answer ask(desk *d, uint32_t finger, uint32_t impression)
{
    char id[ENT_ID_TEXT];
    capture(d, finger, impression, id);
    return ask_with(d, json_pack("{s:s,s:s,s:s,s:s}", "purpose", "threat-check", "crossing", "D-1", "captures", id, "nationality", "UTO"));
}

static const json_t *line_of(const json_t *crossing) { return json_array_get(json_object_get(crossing, "partners"), 0); }

static json_t *first_referred(desk *d)
{
    ent_actor other = d->s.us.officer;
    other.pseudonym.b[0] ^= 1;
    json_t *out = act(d, &other, "crossing-list", json_object(), NULL, ENT_OK), *first = json_incref(json_array_get(json_object_get(out, "crossings"), 0));
    json_decref(out);
    return first;
}

/* What another officer sees of the latest who was referred, when the partner has answered; NULL: nobody. */
static json_t *referred(desk *d)
{
    for (;;) {
        json_t *k = first_referred(d);
        if (!k || strcmp(text(line_of(k), "state"), "asking") != 0) return k;
        json_decref(k);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
}

/* Nobody knows the traveller: proceed, at once, and nothing is kept: neither the crossing nor what was captured. */
static void proceeds(void **state)
{
    desk *d = *state;
    ent_enrolled e;
    open_desk(d, 0, 10 * PATIENT);
    assert_int_equal(story_enrol(&d->s, 3, 0, &e), ENT_OK);
    answer a = ask(d, 20, 0);
    assert_false(a.refer);
    assert_true(a.ms < 10 * PATIENT);
    assert_null(referred(d));
    assert_int_equal(held(d, DESK), 0);
}

/* A hit, a line that is down and chance: refer, after the same time and in as many bytes. */
static void one_moment(void **state)
{
    desk *d = *state;
    ent_enrolled e;
    open_desk(d, 0, PATIENT);
    assert_int_equal(story_enrol(&d->s, 3, 0, &e), ENT_OK);
    answer hit = ask(d, 3, 1);
    json_t *k = referred(d);
    assert_string_equal(text(line_of(k), "state"), "hit");
    assert_non_null(text(line_of(k), "unresolved-from"));
    assert_string_equal(text(k, "nationality"), "UTO");
    json_decref(k);
    d->s.line_down = true;
    answer down = ask(d, 20, 0);
    d->s.line_down = false;
    k = referred(d);
    assert_string_not_equal(text(line_of(k), "state"), "no hit");
    json_decref(k);
    open_desk(d, 1000, PATIENT);
    answer chance = ask(d, 20, 0);
    k = referred(d);
    assert_true(json_is_true(json_object_get(k, "by-chance")));
    assert_string_equal(text(line_of(k), "state"), "no hit");
    json_decref(k);
    const answer all[] = {hit, down, chance};
    for (size_t i = 0; i < 3; i++) {
        assert_true(all[i].refer);
        assert_true(all[i].ms >= PATIENT); /* how much later is the machine's load */
        assert_int_equal(all[i].bytes, hit.bytes);
    }
}

/* Who asked does not see the partners' lines, and cannot close the crossing. */
static void another_officer(void **state)
{
    desk *d = *state;
    ent_enrolled e;
    ent_actor other = d->s.us.officer;
    other.pseudonym.b[0] ^= 1;
    assert_int_equal(story_enrol(&d->s, 3, 0, &e), ENT_OK);
    assert_true(ask(d, 3, 1).refer);
    json_t *own = act(d, &d->s.us.officer, "crossing-list", json_object(), NULL, ENT_OK), *k = referred(d);
    assert_int_equal(json_array_size(json_object_get(own, "crossings")), 0);
    act(d, &d->s.us.officer, "crossing-close", json_pack("{s:s}", "crossing", text(k, "crossing")), NULL, ENT_NOT_FOUND);
    act(d, &d->s.us.custodian, "crossing-list", json_object(), NULL, ENT_DENIED);
    json_decref(act(d, &other, "crossing-close", json_pack("{s:s}", "crossing", text(k, "crossing")), NULL, ENT_OK));
    act(d, &other, "crossing-close", json_pack("{s:s}", "crossing", text(k, "crossing")), NULL, ENT_NOT_FOUND);
    assert_null(referred(d));
    json_decref(own);
    json_decref(k);
}

/* A partner that answers after refer was said is still heard at the secondary desk. */
static void late(void **state)
{
    desk *d = *state;
    ent_enrolled e;
    open_desk(d, 0, 1);
    assert_int_equal(story_enrol(&d->s, 3, 0, &e), ENT_OK);
    assert_true(ask(d, 20, 0).refer);
    json_t *k = first_referred(d);
    assert_string_equal(text(line_of(k), "state"), "asking");
    json_decref(k);
    k = referred(d);
    assert_string_equal(text(line_of(k), "state"), "no hit");
    json_decref(k);
}

/* No slip before persons excluded, none without consent; the prints stay for it an hour beyond the case's time and no longer. */
static void no_slip_yet(void **state)
{
    desk *d = *state;
    ent_enrolled e;
    ent_actor other = d->s.us.officer;
    other.pseudonym.b[0] ^= 1;
    assert_int_equal(story_enrol(&d->s, 3, 0, &e), ENT_OK);
    assert_true(ask(d, 3, 1).refer);
    json_t *k = referred(d);
    assert_true(json_is_true(json_object_get(k, "prints-kept")));
    const char *reference = text(line_of(k), "reference");
    act(d, &other, "crossing-slip", json_pack("{s:s,s:s,s:s}", "crossing", text(k, "crossing"), "reference", reference, "consent", "yes"), NULL, ENT_REFUSED);
    act(d, &other, "crossing-slip", json_pack("{s:s,s:s,s:s}", "crossing", text(k, "crossing"), "reference", text(k, "crossing"), "consent", "yes"), NULL, ENT_NOT_FOUND);
    json_decref(k);
    d->s.clock.now.ms += 15 * 60000 + 3600000;
    k = referred(d);
    assert_false(json_is_true(json_object_get(k, "prints-kept")));
    act(d, &other, "crossing-slip", json_pack("{s:s,s:s,s:s}", "crossing", text(k, "crossing"), "reference", text(line_of(k), "reference"), "consent", "yes"), NULL, ENT_GONE);
    json_decref(k);
    d->s.clock.now.ms += ENT_CROSSING_MS;
    assert_null(referred(d));
}

/* Captures: by desk; erased when asked with, when removed, after ten minutes; a lost one takes nothing with it. */
static void captures(void **state)
{
    desk *d = *state;
    char a[ENT_ID_TEXT], b[ENT_ID_TEXT], both[2 * ENT_ID_TEXT];
    capture(d, 3, 0, a);
    capture(d, 4, 0, b);
    assert_int_equal(held(d, DESK), 2);
    assert_int_equal(held(d, "DESK-2"), 0);
    json_t *shown = act(d, &d->s.us.officer, "capture-show", json_pack("{s:s}", "capture", a), NULL, ENT_OK);
    assert_true(strncmp(text(shown, "png"), "iVBORw0KGgo", 11) == 0);
    json_decref(shown);
    act(d, &d->s.us.custodian, "capture-list", json_pack("{s:s}", "desk", DESK), NULL, ENT_DENIED);
    snprintf(both, sizeof both, "%s,%s", a, b);
    json_decref(act(d, &d->s.us.officer, "capture-drop", json_pack("{s:s}", "capture", b), NULL, ENT_OK));
    act(d, &d->s.us.officer, "crossing-ask", json_pack("{s:s,s:s}", "purpose", "threat-check", "captures", both), NULL, ENT_NOT_FOUND);
    assert_int_equal(held(d, DESK), 1);
    act(d, &d->s.us.officer, "crossing-ask", json_pack("{s:s,s:s}", "purpose", "threat-check", "captures", "zz"), NULL, ENT_USAGE);
    d->s.clock.now.ms += ENT_CAPTURES_KEPT_MS - 1;
    assert_int_equal(held(d, DESK), 1);
    d->s.clock.now.ms += 1;
    assert_int_equal(held(d, DESK), 0);
}

/* A desk holds so many and no more; what is no print is refused when it comes. */
static void capture_bounds(void **state)
{
    desk *d = *state;
    char id[ENT_ID_TEXT];
    ENT_AUTO_BUF png = ENT_BUF(1), rubbish = ENT_BUF(64);
    for (int i = 0; i < ENT_CAPTURES_DESK; i++) capture(d, 3, 0, id);
    story_print(3, 0, &png);
    act(d, &d->s.us.officer, "capture-add", json_pack("{s:s}", "desk", DESK), &png, ENT_BUSY);
    json_decref(act(d, &d->s.us.officer, "capture-add", json_pack("{s:s}", "desk", "DESK-2"), &png, ENT_OK));
    ent_buf_str(&rubbish, "<script>");
    act(d, &d->s.us.officer, "capture-add", json_pack("{s:s}", "desk", "DESK-2"), &rubbish, ENT_FORMAT);
    act(d, &d->s.us.officer, "capture-add", json_pack("{s:s}", "desk", "DESK-2"), NULL, ENT_FORMAT);
    act(d, &d->s.us.officer, "capture-add", json_object(), &png, ENT_USAGE);
    act(d, &d->s.us.officer, "crossing-ask", json_pack("{s:s}", "purpose", "threat-check"), &rubbish, ENT_REFUSED); /* before anybody is asked */
    assert_null(referred(d));
}

/* A statement stands for the whole crossing: two are not asked with together. A file without one is added by a person only, and asks
 * no flow that is not marked test. A statement that was changed is nobody's. */
static void statements(void **state)
{
    desk *d = *state;
    char a[ENT_ID_TEXT], b[ENT_ID_TEXT], both[2 * ENT_ID_TEXT];
    ENT_AUTO_BUF png = ENT_BUF(1), stated = ENT_BUF(1 << 24);
    capture(d, 20, 0, a);
    capture(d, 3, 1, b);
    snprintf(both, sizeof both, "%s,%s", a, b);
    act(d, &d->s.us.officer, "crossing-ask", json_pack("{s:s,s:s}", "purpose", "threat-check", "captures", both), NULL, ENT_USAGE);
    assert_int_equal(held(d, DESK), 2);
    story_print(3, 1, &png);
    act(d, NULL, "capture-add", json_pack("{s:s}", "desk", DESK), &png, ENT_DENIED);
    act(d, &d->s.us.officer, "crossing-ask", json_pack("{s:s}", "purpose", "threat-check"), &png, ENT_REFUSED);
    story_capture(&d->s.us, &png, &stated);
    stated.data[stated.len - 1] ^= 1;
    act(d, NULL, "capture-add", json_object(), &stated, ENT_DAMAGED);
    act(d, &d->s.us.custodian, "capture-add", json_object(), &stated, ENT_DENIED);
    assert_int_equal(held(d, DESK), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {AT_DESK(proceeds), AT_DESK(one_moment), AT_DESK(another_officer), AT_DESK(late), AT_DESK(no_slip_yet), AT_DESK(captures), AT_DESK(capture_bounds), AT_DESK(statements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
