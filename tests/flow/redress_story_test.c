/* Who was stopped for nothing is not stopped twice: the stories of redress slips between two nodes. Most travellers here are ones whom
 * the record's finger does match and whom the examiners exclude all the same: the most evidence that a slip can meet. One story looks
 * for a chance likeness, as it is in life. */
#include "flow/examining.h"

#include "crypto/seal.h"
#include "flow/redress/redress.h"
#include "flow/search/search.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 7);
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

/* ---- the way to an exclusion ---- */

/* The one open case, concluded by both examiners. Its number goes to ret_case (NULL: not wanted). */
static void both_conclude(story *s, ent_finding f, uint8_t *ret_case)
{
    story_cases all = story_cases_of(&s->gb, &s->gb.examiner);
    const uint8_t *open = NULL;
    for (size_t i = 0; i < all.count; i++)
        if (all.view[i].state == ENT_CASE_OPEN) {
            assert_null(open);
            open = all.view[i].id;
        }
    assert_non_null(open);
    story_examine(&s->gb, &s->gb.examiner, open, f);
    story_examine(&s->gb, &s->gb.second, open, f);
    if (ret_case) memcpy(ret_case, open, ENT_ID_SIZE);
}

/* One crossing with a file and perhaps a slip. */
static ent_search_result cross_with(story *s, const ent_buf *file, const ent_buf *slip)
{
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    ent_search_result r;
    ent_err err = {0};
    ENT_AUTO_BUF stated = ENT_BUF(1);
    if (slip) o.slip = slip->data, o.slip_len = slip->len;
    story_capture(&s->us, file, &stated);
    if (ent_flow_search(s->us.flow, &s->us.officer, stated.data, stated.len, &o, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    if (r.refused) fail_msg("%s", r.reason);
    ent_buf_free(&r.receipt);
    return r;
}

static ent_search_result cross(story *s, uint32_t finger, uint32_t impression, const ent_buf *slip)
{
    ENT_AUTO_BUF png = ENT_BUF(1);
    story_print(finger, impression, &png);
    return cross_with(s, &png, slip);
}

static ent_code issue(story *s, const ent_search_id *reference, uint32_t finger, uint32_t impression, bool consent, ent_buf *ret_slip, ent_slip_view *ret_view)
{
    ENT_AUTO_BUF png = ENT_BUF(1);
    ent_redress_ask ask = {.reference = *reference, .consent = consent};
    story_print(finger, impression, &png);
    *ret_slip = ENT_BUF(ENT_SLIP_MAX);
    return ent_flow_redress_issue(s->us.flow, &s->us.officer, png.data, png.len, &ask, ret_slip, ret_view, NULL);
}

/* A record of finger 3; its traveller is stopped, excluded, and gets a slip. */
static ent_slip_view stopped_once(story *s, ent_enrolled *ret_enrolled, ent_buf *ret_slip, uint8_t *ret_case)
{
    ent_slip_view v;
    assert_int_equal(story_enrol(s, 3, 0, ret_enrolled), ENT_OK);
    ent_search_result r = cross(s, 3, 1, NULL);
    assert_true(r.hit);
    both_conclude(s, ENT_FINDING_EXCLUDED, ret_case);
    assert_int_equal(issue(s, &r.reference, 3, 1, true, ret_slip, &v), ENT_OK);
    return v;
}

static ent_search_view at_holder(story *s, const ent_search_result *r)
{
    ent_search_view v;
    assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.custodian, r->reference.b, &v, NULL), ENT_OK);
    return v;
}

static void assert_effect(story *s, const ent_search_result *r, ent_slip_effect e) { assert_non_null(strstr(at_holder(s, r).redress, ent_slip_effect_text(e))); }

static uint64_t size_of(story_node *n)
{
    ent_flow_counts c;
    ent_flow_count(n->flow, &c);
    return c.ledger;
}

/* ---- stories ---- */

/* Stopped, excluded, given a slip; the next time nobody stops them, and both ledgers say that a slip was shown. Without the slip the
 * record is there as before. */
static void stopped_only_once(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, NULL);
    uint64_t us = size_of(&s->us), gb = size_of(&s->gb);
    ent_search_result r = cross(s, 3, 1, &slip);
    assert_false(r.hit);
    assert_effect(s, &r, ENT_SLIP_LEFT_OUT);
    assert_int_equal(size_of(&s->us) - us, 3); /* asked, slip shown, received */
    assert_int_equal(size_of(&s->gb) - gb, 2); /* answered, slip shown */
    r = cross(s, 3, 1, NULL);
    assert_true(r.hit);
    assert_string_equal(at_holder(s, &r).redress, "");
}

/* A chance likeness, the first that is found: excluded, it stops its traveller no more, and whoever the record is of is stopped with the
 * traveller's slip in their hand. */
static void chance_likeness(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v;
    ent_search_result r = {0};
    uint32_t finger = 4;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_OK);
    while (!r.hit && ++finger < 80) r = cross(s, finger, 1, NULL);
    if (!r.hit) skip(); /* the engine tells all of these apart */
    both_conclude(s, ENT_FINDING_EXCLUDED, NULL);
    assert_int_equal(issue(s, &r.reference, finger, 1, true, &slip, &v), ENT_OK);
    assert_false(cross(s, finger, 1, &slip).hit);
    r = cross(s, 3, 1, &slip);
    assert_true(r.hit);
    /* one who is told apart from the record's is not the slip's traveller; one so alike that nobody can is weighed, and is too alike */
    char effect[sizeof((ent_search_view *)0)->redress];
    snprintf(effect, sizeof effect, "%s", at_holder(s, &r).redress);
    assert_true(strstr(effect, ent_slip_effect_text(ENT_SLIP_OTHER_TRAVELLER)) || strstr(effect, ent_slip_effect_text(ENT_SLIP_EXCEEDED)));
}

/* The slip survives a restart of both nodes. */
static void restarts(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, NULL);
    story_restart(s, &s->gb);
    story_restart(s, &s->us);
    assert_false(cross(s, 3, 1, &slip).hit);
}

/* Only the one record is left out: another record of the same finger still stops. */
static void one_record_only(void **state)
{
    story *s = *state;
    ent_enrolled e, other;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, NULL);
    assert_int_equal(story_enrol(s, 3, 2, &other), ENT_OK);
    ent_search_result r = cross(s, 3, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_LEFT_OUT);
    assert_memory_equal(at_holder(s, &r).candidate.b, other.part[0].id.b, ENT_ID_SIZE);
}

/* More evidence than what the examiners judged: the hit stands. A print of the record itself has the most there can be. */
static void more_evidence(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, NULL);
    ent_search_result r = cross(s, 3, 0, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_EXCEEDED);
}

/* A transaction of two fingers of one person. */
static void two_fingers(uint32_t first, uint32_t second, uint32_t impression, ent_buf *ret_file)
{
    ent_capture c[2];
    uint32_t finger[2] = {first, second};
    *ret_file = ENT_BUF(1 << 22);
    for (int i = 0; i < 2; i++) {
        ENT_AUTO_BUF png = ENT_BUF(1), read = ENT_BUF(1 << 22);
        story_print(finger[i], impression, &png);
        assert_int_equal(ent_capture_read(png.data, png.len, &read, NULL), ENT_OK);
        assert_int_equal(ent_capture_decode(read.data, read.len, &c[i], NULL), ENT_OK);
        c[i].print[0]->finger = (uint8_t)(2 + i);
    }
    c[0].print[c[0].print_count++] = c[1].print[0];
    c[1].print_count = 0;
    assert_int_equal(ent_capture_pack(&c[0], 1, ret_file, NULL), ENT_OK);
    ent_capture_free(&c[0]);
    ent_capture_free(&c[1]);
}

/* A twin, whose own finger is like the same record, shows the slip: it is another traveller's, and the record stops the twin. */
static void twin(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v;
    ENT_AUTO_BUF slip = ENT_BUF(1), file = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = {2026, 3, 10}};
    two_fingers(3, 5, 0, &file);
    ent_err err = {0};
    if (ent_flow_enrol(s->gb.flow, &s->gb.custodian, file.data, file.len, &o, &e, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_search_result r = cross(s, 3, 1, NULL);
    assert_true(r.hit);
    both_conclude(s, ENT_FINDING_EXCLUDED, NULL);
    assert_int_equal(issue(s, &r.reference, 3, 1, true, &slip, &v), ENT_OK);
    assert_false(cross(s, 3, 1, &slip).hit);
    r = cross(s, 5, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_OTHER_TRAVELLER);
}

/* Stolen by somebody who is wanted: their own record stops them, with the slip as without. */
static void stolen(void **state)
{
    story *s = *state;
    ent_enrolled e, wanted;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, NULL);
    assert_int_equal(story_enrol(s, 4, 0, &wanted), ENT_OK);
    ent_search_result r = cross(s, 4, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_OTHER_TRAVELLER);
    assert_memory_equal(at_holder(s, &r).candidate.b, wanted.part[0].id.b, ENT_ID_SIZE);
}

static void revoked(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    ent_slip_view first = stopped_once(s, &e, &slip, NULL);
    s->line_down = true; /* the holder learns of it when the line is back */
    assert_int_equal(ent_flow_redress_revoke(s->us.flow, &s->us.officer, first.number, &v, NULL), ENT_OK);
    s->line_down = false;
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    ent_search_result r = cross(s, 3, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_REVOKED);
    assert_int_equal(ent_flow_redress_show(s->us.flow, &s->us.officer, slip.data, slip.len, &v, NULL), ENT_OK);
    assert_int_not_equal(v.revoked.ms, 0);
    uint64_t size = size_of(&s->us);
    assert_int_equal(ent_flow_redress_revoke(s->us.flow, &s->us.officer, first.number, &v, NULL), ENT_OK);
    assert_int_equal(size_of(&s->us), size); /* twice is once */
    ent_search_view sent;
    assert_int_equal(ent_flow_search_show(s->us.flow, &s->us.custodian, r.reference.b, &sent, NULL), ENT_OK);
    assert_string_equal(sent.redress, ""); /* what the slip did stays at the holder */
}

/* Nobody else's word revokes a slip: without the proof from the issuer's own ledger it still counts. */
static void revoked_without_proof(void **state)
{
    story *s = *state;
    ent_enrolled e;
    char body[128], number[ENT_ID_TEXT];
    ENT_AUTO_BUF slip = ENT_BUF(1), answer = ENT_BUF(65536);
    ent_slip_view v = stopped_once(s, &e, &slip, NULL);
    ent_id_text(v.number, number);
    snprintf(body, sizeof body, "entente-redress-revoked/v1\nnumber %s\nuntil 2026-06-01\n", number);
    ent_message m = {.kind = ENT_MESSAGE_REDRESS, .agreement = "deal", .flow = "check", .purpose = "", .proof = "", .body = body, .body_len = strlen(body)};
    assert_int_equal(story_deliver(s, &m, &answer), 403);
    m.body_len = 20;
    assert_int_equal(story_deliver(s, &m, &answer), 422);
    assert_false(cross(s, 3, 1, &slip).hit);
}

static void expired(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    v = stopped_once(s, &e, &slip, NULL);
    s->clock.now = ent_date_start(v.until);
    assert_false(cross(s, 3, 1, &slip).hit); /* its last day */
    s->clock.now = ent_date_start(ent_date_add(v.until, 0, 0, 1));
    ent_search_result r = cross(s, 3, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_EXPIRED);
}

/* The record is destroyed: the slip goes with it, and a later record of the same finger owes it nothing. */
static void record_destroyed(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed d;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, NULL);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "story", &d, NULL), ENT_OK);
    ent_search_result r = cross(s, 3, 1, &slip);
    assert_false(r.hit);
    assert_effect(s, &r, ENT_SLIP_GONE);
    assert_int_equal(story_enrol(s, 3, 2, &e), ENT_OK);
    r = cross(s, 3, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_GONE);
}

/* An examiner takes the exclusion back: the slip counts no more. */
static void taken_back(void **state)
{
    story *s = *state;
    ent_enrolled e;
    uint8_t id[ENT_ID_SIZE];
    ENT_AUTO_BUF slip = ENT_BUF(1);
    stopped_once(s, &e, &slip, id);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED, 2, STORY_REASONS, NULL), ENT_OK);
    ent_search_result r = cross(s, 3, 1, &slip);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_NOT_EXCLUDED);
}

/* No slip without an exclusion, without consent, for another print than the one searched with, or beside one that counts. */
static void who_gets_one(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v;
    ENT_AUTO_BUF slip = ENT_BUF(1), second = ENT_BUF(1), none = ENT_BUF(1);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_OK);
    ent_search_result r = cross(s, 3, 1, NULL), clear = cross(s, 10, 1, NULL);
    assert_true(r.hit);
    assert_false(clear.hit);
    assert_int_equal(issue(s, &clear.reference, 10, 1, true, &none, &v), ENT_REFUSED); /* no hit */
    assert_int_equal(issue(s, &r.reference, 3, 1, true, &none, &v), ENT_REFUSED);     /* not concluded */
    both_conclude(s, ENT_FINDING_EXCLUDED, NULL);
    assert_int_equal(issue(s, &r.reference, 3, 1, false, &none, &v), ENT_REFUSED);
    assert_int_equal(issue(s, &r.reference, 3, 0, true, &none, &v), ENT_REFUSED); /* another impression of it */
    assert_int_equal(issue(s, &r.reference, 4, 1, true, &none, &v), ENT_REFUSED);
    assert_int_equal(none.len, 0);
    assert_int_equal(issue(s, &r.reference, 3, 1, true, &slip, &v), ENT_OK);
    assert_int_equal(issue(s, &r.reference, 3, 1, true, &none, &v), ENT_EXISTS);
    assert_int_equal(ent_flow_redress_revoke(s->us.flow, &s->us.officer, v.number, &v, NULL), ENT_OK);
    assert_int_equal(issue(s, &r.reference, 3, 1, true, &second, &v), ENT_OK);
    assert_false(cross(s, 3, 1, &second).hit);
    r = cross(s, 3, 2, NULL);
    assert_true(r.hit);
    both_conclude(s, ENT_FINDING_IDENTIFIED, NULL);
    assert_int_equal(issue(s, &r.reference, 3, 2, true, &none, &v), ENT_REFUSED); /* identified */
    ENT_AUTO_BUF png = ENT_BUF(1);
    ent_redress_ask ask = {.reference = r.reference, .consent = true};
    story_print(3, 1, &png);
    assert_int_equal(ent_flow_redress_issue(s->us.flow, &s->us.examiner, png.data, png.len, &ask, &none, &v, NULL), ENT_DENIED);
}

/* What a stopped traveller, a helped one and one without a slip get from the wire is alike in size and on the same grid. */
static void same_answer(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ENT_AUTO_BUF slip = ENT_BUF(1), body = ENT_BUF(1 << 20);
    stopped_once(s, &e, &slip, NULL);
    int64_t from = s->clock.monotonic;
    assert_false(cross(s, 3, 1, &slip).hit);
    int64_t helped = s->last_release - from;
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = "deal", .agreement_version = 1, .flow = "check", .purpose = "threat-check", .proof = s->last_proof, .crossing = s->last_pledge,
                     .body = s->last_request.data, .body_len = s->last_request.len};
    uint8_t digest[32];
    memcpy(m.id, s->last_id, ENT_ID_SIZE);
    m.agreement_digest = digest; /* a retry: the same answer, whatever else it says */
    story_deliver(s, &m, &body);
    assert_int_equal(body.len, ENT_ANSWER_SIZE);
    from = s->clock.monotonic;
    assert_true(cross(s, 3, 1, NULL).hit);
    assert_int_equal(s->last_release - from, helped);
}

/* The slip in the traveller's hand: one QR code, names nobody, and nothing of it reads but with the holder's key. Not one changed byte
 * passes. */
static void text_form(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v;
    ent_slip got;
    ent_slip_inner inner;
    size_t len;
    ENT_AUTO_BUF slip = ENT_BUF(1), plain = ENT_BUF(4096);
    stopped_once(s, &e, &slip, NULL);
    assert_true(slip.len <= ENT_SLIP_MAX);
    assert_int_equal(ent_slip_read(slip.data, slip.len, &got, &len, NULL), ENT_OK);
    assert_int_equal(len, slip.len);
    assert_int_equal(ent_unseal_as(&s->us.c.identity, ENT_BYTES(got.sealed, got.sealed_len), &plain, NULL), ENT_DAMAGED); /* whoever sealed it */
    assert_int_equal(ent_unseal_as(&s->gb.c.identity, ENT_BYTES(got.sealed, got.sealed_len), &plain, NULL), ENT_OK);
    assert_int_equal(ent_slip_inner_read(plain.data, plain.len, &inner, NULL), ENT_OK);
    for (size_t i = 0; i < plain.len; i++) assert_int_equal(ent_slip_inner_read(plain.data, i, &inner, NULL), ENT_FORMAT);
    for (size_t i = 0; i < slip.len; i++) assert_int_equal(ent_slip_read(slip.data, i, &got, &len, NULL), ENT_FORMAT);
    for (size_t i = 0; i < slip.len; i += 7) {
        slip.data[i] ^= 1;
        assert_int_not_equal(ent_flow_redress_show(s->us.flow, &s->us.officer, slip.data, slip.len, &v, NULL), ENT_OK);
        slip.data[i] ^= 1;
    }
    assert_int_equal(ent_flow_redress_show(s->us.flow, &s->us.officer, slip.data, slip.len, &v, NULL), ENT_OK);
}

/* A slip that somebody made without the issuer's key, or filled from another, changes nothing. */
static void forged(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip slip;
    size_t len;
    ENT_AUTO_BUF text = ENT_BUF(1), fake = ENT_BUF(ENT_SLIP_MAX);
    stopped_once(s, &e, &text, NULL);
    assert_int_equal(ent_slip_read(text.data, text.len, &slip, &len, NULL), ENT_OK);
    slip.until = ent_date_add(slip.until, 0, 0, -1); /* whatever is changed */
    ent_slip_write(&slip, &fake);
    ent_search_result r = cross(s, 3, 1, &fake);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_FORGED);
    ENT_AUTO_BUF body = ENT_BUF(ENT_SLIP_MAX), spliced = ENT_BUF(ENT_SLIP_MAX);
    ent_slip_signed_text(&slip, &body); /* signed by the issuer, but the sealed part is another slip's */
    ent_sign(&s->us.c.identity, body.data, body.len, slip.signature);
    ent_slip_write(&slip, &spliced);
    r = cross(s, 3, 1, &spliced);
    assert_true(r.hit);
    assert_effect(s, &r, ENT_SLIP_FORGED);
}

/* Rows of slips go when their day is over, at both ends. */
static void rows_go(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_slip_view v, ignored;
    ENT_AUTO_BUF slip = ENT_BUF(1);
    v = stopped_once(s, &e, &slip, NULL);
    assert_int_equal(ent_flow_redress_revoke(s->us.flow, &s->us.officer, v.number, &ignored, NULL), ENT_OK);
    s->clock.now = ent_date_start(ent_date_add(v.until, 0, 0, 2));
    for (int i = 0; i < 2; i++) { /* two persons confirm the time at each */
        story_node *n = i ? &s->us : &s->gb;
        ent_time_view t;
        assert_int_equal(ent_flow_time_confirm(n->flow, &n->custodian, &t, NULL), ENT_OK);
        assert_int_equal(ent_flow_time_confirm(n->flow, &n->deputy, &t, NULL), ENT_OK);
        assert_int_equal(ent_flow_tick(n->flow, NULL), ENT_OK);
        ent_change all = {.key = "", .key_len = 0};
        assert_int_equal(n->c.store.scan(n->c.store.self, ENT_TABLE_REDRESS, &all, NULL, NULL, NULL), ENT_OK);
    }
    assert_int_equal(ent_flow_redress_show(s->us.flow, &s->us.officer, slip.data, slip.len, &ignored, NULL), ENT_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(stopped_only_once), STORY(chance_likeness), STORY(restarts), STORY(one_record_only), STORY(more_evidence), STORY(twin), STORY(stolen), STORY(revoked),
        STORY(revoked_without_proof), STORY(expired), STORY(record_destroyed), STORY(taken_back), STORY(who_gets_one), STORY(same_answer), STORY(text_form),
        STORY(forged), STORY(rows_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
