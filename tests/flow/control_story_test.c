/* Controls: whoever examines sees nothing by which one could be told from the case that it was planned beside. */
#include "flow/examination/machine.h"
#include "flow/examining.h"

#include <string.h>

enum { PERSONS = 3, WITHIN_MINUTES = 15, SEEN = 16 };

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 9);
    s->faces = true;
    story_faces(&s->gb);
    s->gb.c.control_per_mille = 1000;
    story_restart(s, &s->gb);
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

/* ---- people and searches ---- */

/* A transaction of one person's fingers (position 0: an untold one, which is their second), with a photograph when told so. */
static void fingers_of(uint32_t person, const uint8_t *position, size_t count, bool face, uint32_t impression, ent_buf *ret)
{
    ent_capture all = {0};
    ENT_AUTO_BUF photo = ENT_BUF(1);
    *ret = ENT_BUF(1 << 22);
    for (size_t i = 0; i < count; i++) {
        ENT_AUTO_BUF png = ENT_BUF(1), read = ENT_BUF(1 << 22);
        ent_capture c;
        story_print(10 * person + (position[i] ? position[i] : 2), impression, &png);
        assert_int_equal(ent_capture_read(png.data, png.len, &read, NULL), ENT_OK);
        assert_int_equal(ent_capture_decode(read.data, read.len, &c, NULL), ENT_OK);
        assert_int_equal(c.print_count, 1);
        c.print[0]->finger = position[i];
        all.print[all.print_count++] = c.print[0];
        c.print_count = 0;
        ent_capture_free(&c);
    }
    if (face) story_photograph(40 + 7 * person, impression, &photo), all.face[all.face_count++] = (ent_capture_image){photo.data, photo.len, 64, 64};
    assert_int_equal(ent_capture_pack(&all, 3, ret, NULL), ENT_OK);
    all.face_count = 0; /* the photograph is ours */
    ent_capture_free(&all);
}

static ent_enrolled enrol(story *s, uint32_t person, uint32_t impression)
{
    static const uint8_t two[] = {2, 7};
    ENT_AUTO_BUF file = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = {2026, 3, 10}};
    ent_enrolled e;
    ent_err err = {0};
    fingers_of(person, two, 2, true, impression, &file);
    uint8_t *tcn = memmem(file.data + 60, file.len - 60, "1.009:SEARCH", 12); /* each arrest has its own */
    assert_non_null(tcn);
    tcn[6] = (uint8_t)('A' + person), tcn[7] = (uint8_t)('A' + impression);
    if (ent_flow_enrol(s->gb.flow, &s->gb.custodian, file.data, file.len, &o, &e, &err) != ENT_OK) fail_msg("%s", err.detail);
    return e;
}

static void search(story *s, const uint8_t *position, size_t count, bool face)
{
    ENT_AUTO_BUF taken = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    ent_search_result r = {0};
    ent_err err = {0};
    fingers_of(1, position, count, face, 1, &taken);
    story_capture(&s->us, &taken, &file);
    if (ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(r.hit);
    ent_buf_free(&r.receipt);
}

/* ---- what an examiner sees ---- */

/* Everything that one step shows, but the pictures' own bytes. */
struct step {
    size_t count;
    struct {
        bool candidate, grey;
        uint8_t finger;
        uint32_t width, height;
    } picture[SEEN];
};

static void see_picture(void *ctx, bool candidate, uint8_t finger, const void *png, size_t len)
{
    struct step *p = ctx;
    ent_image image;
    assert_true(p->count < SEEN);
    assert_int_equal(ent_image_decode(png, len, &image, NULL), ENT_OK);
    memset(&p->picture[p->count], 0, sizeof p->picture[0]);
    p->picture[p->count].candidate = candidate, p->picture[p->count].finger = finger, p->picture[p->count].grey = image.channels == 1;
    p->picture[p->count].width = image.width, p->picture[p->count++].height = image.height;
    ent_image_free(&image);
}

/* The whole way of one case, as the first examiner goes it; the second one concludes too. */
struct way {
    ent_case_view listed, opened, compared, own, ended;
    struct step alone, beside;
    ent_code early, late; /* the machine's drawing before and after the end */
};

static void examine(story *s, const uint8_t *id, ent_finding f, struct way *w)
{
    struct step machine = {0};
    ent_machine_view m;
    memset(w, 0, sizeof *w);
    story_cases mine = story_cases_of(&s->gb, &s->gb.examiner);
    for (size_t i = 0; i < mine.count; i++)
        if (ent_id_equal(mine.view[i].id, id)) w->listed = mine.view[i];
    assert_int_equal(ent_flow_case_open(s->gb.flow, &s->gb.examiner, id, see_picture, &w->alone, &w->opened, NULL), ENT_OK);
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, id, true, STORY_FORM("clear") "\n" STORY_MARKS), ENT_OK);
    assert_int_equal(ent_flow_case_open(s->gb.flow, &s->gb.examiner, id, see_picture, &w->beside, &w->compared, NULL), ENT_OK);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, id, f, 1, STORY_FORM("same") "\n" STORY_REASONS, &w->own), ENT_OK);
    w->early = ent_flow_case_machine(s->gb.flow, &s->gb.examiner, id, see_picture, &machine, &m, NULL);
    assert_int_equal(story_analyse(&s->gb, &s->gb.second, id, true, STORY_FORM("clear") "\n" STORY_MARKS), ENT_OK);
    assert_int_equal(story_conclude(&s->gb, &s->gb.second, id, f, 1, STORY_FORM("same") "\n" STORY_REASONS, NULL), ENT_OK);
    mine = story_cases_of(&s->gb, &s->gb.examiner);
    for (size_t i = 0; i < mine.count; i++)
        if (ent_id_equal(mine.view[i].id, id)) w->ended = mine.view[i];
    w->late = ent_flow_case_machine(s->gb.flow, &s->gb.examiner, id, see_picture, &machine, &m, NULL);
}

/* But for the number and the times, which are each case's own; those have one distance. */
static void same_view(ent_case_view a, ent_case_view b)
{
    assert_int_equal(a.until.ms - a.opened.ms, b.until.ms - b.opened.ms);
    assert_int_equal(a.state, b.state);
    assert_int_equal(a.finding, b.finding);
    assert_int_equal(a.needed, b.needed);
    assert_int_equal(a.concluded, b.concluded);
    assert_int_equal(a.own, b.own);
    assert_int_equal(a.version, b.version);
    assert_int_equal(a.mine << 3 | a.analysed << 2 | a.suitable << 1 | a.face, b.mine << 3 | b.analysed << 2 | b.suitable << 1 | b.face);
    assert_string_equal(a.flow, b.flow);
    assert_false(a.control || b.control);
    assert_true(ent_id_is_zero(a.reference.b) && ent_id_is_zero(b.reference.b));
}

static void same_pictures(const struct step *a, const struct step *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->picture, b->picture, sizeof a->picture);
}

static void same_way(const struct way *a, const struct way *b)
{
    same_view(a->listed, b->listed);
    same_view(a->opened, b->opened);
    same_view(a->compared, b->compared);
    same_view(a->own, b->own);
    same_view(a->ended, b->ended);
    same_pictures(&a->alone, &b->alone);
    same_pictures(&a->beside, &b->beside);
    assert_int_equal(a->early, b->early);
    assert_int_equal(a->late, b->late);
}

/* Waits for the control as a custodian sees it; how many minutes it took, WITHIN_MINUTES + 1: there is none. */
static int await(story *s, ent_case_view *ret)
{
    for (int minute = 0; minute <= WITHIN_MINUTES; minute++) {
        assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
        story_cases all = story_cases_of(&s->gb, &s->gb.custodian);
        for (size_t i = 0; i < all.count; i++)
            if (all.view[i].control && all.view[i].state == ENT_CASE_OPEN) return *ret = all.view[i], minute;
        s->clock.now.ms += 60000;
        s->clock.monotonic += 60000;
    }
    return WITHIN_MINUTES + 1;
}

static void see_rate(void *ctx, const ent_examiner_rate *r)
{
    ent_examiner_rate *mine = ctx;
    if (strcmp(r->name, "x.example") == 0) *mine = *r;
}

/* One finger told or not, several, with a face: in no step, view, picture, answer or end does a control differ from a case. It comes at
 * a time of its own, is counted, and leaves nothing of its probe. */
static void cannot_be_told(void **state)
{
    static const struct {
        uint8_t position[2];
        size_t count;
        bool face;
    } probes[] = {{{2}, 1, false}, {{0}, 1, false}, {{7, 2}, 2, true}};
    story *s = *state;
    int minutes = 0;
    for (uint32_t p = 1; p <= PERSONS; p++) enrol(s, p, 0);
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        struct way case_way, control_way;
        ent_case_view control;
        uint8_t probe[ENT_ID_SIZE + 1];
        ENT_AUTO_BUF row = ENT_BUF(1 << 24);
        search(s, probes[i].position, probes[i].count, probes[i].face);
        story_cases all = story_cases_of(&s->gb, &s->gb.custodian);
        size_t fresh = 0;
        while (fresh < all.count && all.view[fresh].state != ENT_CASE_OPEN) fresh++;
        assert_true(fresh < all.count && !all.view[fresh].control); /* the control is still to come, and nobody sees that it is */
        examine(s, all.view[fresh].id, ENT_FINDING_EXCLUDED, &case_way);
        assert_int_equal(case_way.alone.count, probes[i].count + probes[i].face);
        assert_int_equal(case_way.listed.face, probes[i].face);
        minutes += await(s, &control);
        memcpy(probe, control.id, ENT_ID_SIZE);
        probe[ENT_ID_SIZE] = 'p';
        assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_CASES, probe, sizeof probe, &row, NULL), ENT_OK);
        examine(s, control.id, ENT_FINDING_EXCLUDED, &control_way);
        same_way(&case_way, &control_way);
        assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_CASES, probe, sizeof probe, &row, NULL), ENT_NOT_FOUND);
    }
    assert_true(minutes > 0);
    ent_examiner_rate r = {0};
    assert_int_equal(ent_flow_case_rates(s->gb.flow, &s->gb.custodian, see_rate, &r, NULL), ENT_OK);
    assert_int_equal(r.controls, 3);
    assert_int_equal(r.excluded, 3);
    assert_int_equal(r.identified, 0);
}

/* Two records of one person whom nobody has linked: an examiner who identified them would be right, so they are no control. */
static void one_person_is_none(void **state)
{
    story *s = *state;
    ent_case_view control;
    enrol(s, 1, 0);
    enrol(s, 1, 2);
    search(s, (uint8_t[]){2}, 1, false);
    assert_int_equal(await(s, &control), WITHIN_MINUTES + 1);
}

/* A control goes with either of its records: its probe cannot be opened from then on. */
static void goes_with_its_record(void **state)
{
    story *s = *state;
    ent_case_view control, v;
    ent_destroyed d;
    ent_enrolled e[2];
    struct step p = {0};
    uint8_t probe[ENT_ID_SIZE + 1];
    ENT_AUTO_BUF row = ENT_BUF(1 << 24);
    for (uint32_t i = 0; i < 2; i++) e[i] = enrol(s, i + 1, 0);
    search(s, (uint8_t[]){2}, 1, false);
    assert_true(await(s, &control) <= WITHIN_MINUTES);
    memcpy(probe, control.id, ENT_ID_SIZE);
    probe[ENT_ID_SIZE] = 'p';
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[1].encounter.b, "unlawful", &d, NULL), ENT_OK);
    assert_int_equal(ent_flow_case_open(s->gb.flow, &s->gb.examiner, control.id, see_picture, &p, &v, NULL), ENT_GONE);
    assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_CASES, probe, sizeof probe, &row, NULL), ENT_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(cannot_be_told), STORY(one_person_is_none), STORY(goes_with_its_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
