/* The law's clock and the persons who may move it: events, second persons, corrections, links, confirmed time, the person's own
 * request. */
#include "flow/two_nodes.h"

#include "crypto/seal.h"
#include "crypto/share.h"
#include "law/regime_set.h"

#include <string.h>

#define DAY 86400000ll

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 6);
    s->named = true;
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

static ent_enrolled enrol(story *s, uint32_t finger)
{
    ent_enrolled e;
    assert_int_equal(story_enrol(s, finger, 0, &e), ENT_OK);
    return e;
}

struct one {
    const uint8_t *id;
    ent_part_view v;
    bool found;
};

static void see_one(void *ctx, const ent_part_view *v)
{
    struct one *o = ctx;
    if (ent_id_equal(v->id.b, o->id)) o->v = *v, o->found = true;
}

static ent_part_view part(story *s, const ent_part_id *id)
{
    struct one o = {.id = id->b};
    assert_int_equal(ent_flow_parts(s->gb.flow, &s->gb.custodian, see_one, &o, NULL), ENT_OK);
    assert_true(o.found);
    return o.v;
}

static bool held(story *s, const ent_part_id *id)
{
    struct one o = {.id = id->b};
    assert_int_equal(ent_flow_parts(s->gb.flow, &s->gb.custodian, see_one, &o, NULL), ENT_OK);
    return o.found;
}

static bool hits(story *s, uint32_t finger)
{
    ent_search_result r;
    ent_err err = {0};
    if (story_search(s, finger, 1, "threat-check", &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
    return r.hit;
}

static ent_code event(story *s, const ent_part_id *id, ent_legal_event_kind kind)
{
    ent_legal_event e = {.kind = kind, .date = ent_time_date(s->clock.now)};
    ent_part_view v;
    return ent_flow_event(s->gb.flow, &s->gb.custodian, id->b, &e, e.date, &v, NULL);
}

static size_t run(story *s)
{
    size_t destroyed = 0;
    assert_int_equal(ent_flow_retention_run(s->gb.flow, &s->gb.custodian, false, &destroyed, NULL), ENT_OK);
    return destroyed;
}

/* A judge's extension counts when a second custodian has approved it, not before, and never on the proposer's own word. */
static void extension_by_two(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    const ent_part_id *id = &e.part[0].id;
    ent_part_view v;
    s->clock.now = ent_date_start((ent_date){2029, 1, 20});
    ent_legal_event x = {.kind = ENT_EVENT_EXTENSION, .date = {2029, 1, 20}, .regime = "uk-terrorism-3y", .decided_by = "district-judge", .document = "order 7/2029"};
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, id->b, &x, (ent_date){2029, 1, 10}, &v, NULL), ENT_OK);
    assert_int_equal(v.pending, 1);
    assert_int_equal(ent_date_compare(v.kept.due_on, (ent_date){2029, 3, 10}), 0);
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.custodian, id->b, 0, true, &v, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.officer, id->b, 0, true, &v, NULL), ENT_DENIED);
    story_restart(s, &s->gb); /* what waits is not forgotten */
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.deputy, id->b, 0, true, &v, NULL), ENT_OK);
    assert_int_equal(v.pending, 0);
    assert_int_equal(ent_date_compare(v.kept.due_on, (ent_date){2031, 3, 10}), 0);
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.deputy, id->b, 0, true, &v, NULL), ENT_CONFLICT);
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, id->b, &x, (ent_date){2029, 1, 10}, &v, NULL), ENT_REFUSED); /* once only */
}

/* An unlawful taking hides at once; it is destroyed at once when a second person signs, else when the window is over. */
static void unlawful(void **state)
{
    story *s = *state;
    ent_enrolled one = enrol(s, 3), two = enrol(s, 4);
    ent_part_view v;
    assert_true(hits(s, 3));
    assert_int_equal(event(s, &one.part[0].id, ENT_EVENT_UNLAWFUL), ENT_OK);
    assert_int_equal(event(s, &two.part[0].id, ENT_EVENT_MISTAKEN_IDENTITY), ENT_OK);
    assert_false(hits(s, 3));
    assert_int_equal(run(s), 0);
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.deputy, one.part[0].id.b, 0, true, &v, NULL), ENT_OK);
    assert_int_equal(run(s), 1);
    assert_false(held(s, &one.part[0].id));
    s->clock.now.ms += 13 * DAY;
    assert_int_equal(run(s), 0);
    s->clock.now.ms += DAY;
    assert_int_equal(run(s), 1);
    assert_false(held(s, &two.part[0].id));
}

/* A wrong event is corrected by two persons inside the window: the record is found again, as if nothing had been. */
static void corrected(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    const ent_part_id *id = &e.part[0].id;
    ent_part_view v;
    assert_int_equal(event(s, id, ENT_EVENT_UNLAWFUL), ENT_OK);
    assert_true(part(s, id).kept.due);
    assert_int_equal(ent_flow_event_correct(s->gb.flow, &s->gb.custodian, id->b, 0, &v, NULL), ENT_OK);
    assert_true(v.kept.due); /* one person alone corrects nothing */
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.custodian, id->b, 0, true, &v, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.deputy, id->b, 0, true, &v, NULL), ENT_OK);
    assert_false(v.kept.due);
    assert_int_equal(v.not_before.year, 0);
    assert_true(hits(s, 3));
    s->clock.now.ms += 30 * DAY;
    assert_int_equal(run(s), 0);
}

/* What a custodian links counts for both; unlinked, each stands alone again, and what lost its power gets its window. */
static void links(void **state)
{
    story *s = *state;
    ent_enrolled one = enrol(s, 3), two = enrol(s, 4);
    ent_part_id all_of_two; /* an encounter's number: every part of it */
    memcpy(all_of_two.b, two.encounter.b, ENT_ID_SIZE);
    assert_int_equal(event(s, &all_of_two, ENT_EVENT_CONVICTED), ENT_OK);
    assert_int_equal(ent_date_compare(part(s, &one.part[0].id).kept.due_on, (ent_date){2029, 3, 10}), 0);
    assert_int_equal(part(s, &two.part[0].id).kept.due_on.year, 0);
    assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.officer, one.encounter.b, two.encounter.b, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.custodian, one.encounter.b, two.encounter.b, NULL), ENT_OK);
    assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.custodian, one.encounter.b, two.encounter.b, NULL), ENT_EXISTS);
    assert_int_equal(part(s, &one.part[0].id).kept.due_on.year, 0);
    story_restart(s, &s->gb);
    assert_int_equal(part(s, &one.part[0].id).kept.due_on.year, 0);
    s->clock.now = ent_date_start((ent_date){2029, 6, 1});
    assert_int_equal(run(s), 0);
    assert_int_equal(ent_flow_unlink(s->gb.flow, &s->gb.custodian, one.encounter.b, NULL), ENT_OK);
    ent_part_view v = part(s, &one.part[0].id);
    assert_true(v.kept.due);
    assert_int_equal(run(s), 0); /* the window */
    s->clock.now.ms += 14 * DAY;
    assert_int_equal(run(s), 2);
    assert_true(held(s, &two.part[0].id));
    assert_int_equal(ent_flow_unlink(s->gb.flow, &s->gb.custodian, two.encounter.b, NULL), ENT_CONFLICT);
}

/* A second arrest of the same finger is pointed out to the custodian and merged with nothing; another finger is not. */
static void likely_same_person(void **state)
{
    story *s = *state;
    ent_enrolled first = enrol(s, 3), other = enrol(s, 4), again;
    assert_true(ent_id_is_zero(first.likely.b));
    assert_true(ent_id_is_zero(other.likely.b));
    assert_int_equal(story_enrol(s, 3, 1, &again), ENT_OK);
    assert_memory_equal(again.likely.b, first.encounter.b, ENT_ID_SIZE);
    assert_false(ent_id_equal(again.person.b, first.person.b));
}

/* Time that passed by the boot clock is believed: what falls due goes by itself, when the day is over here, not in Greenwich. */
static void by_itself(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    s->clock.offset_s = 3600;
    s->clock.now = ent_date_start((ent_date){2029, 3, 10});
    s->clock.now.ms -= 3600000 + 1; /* 23:59:59.999 */
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_true(held(s, &e.part[0].id));
    assert_false(part(s, &e.part[0].id).kept.due);
    s->clock.now.ms++;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_false(held(s, &e.part[0].id));
}

/* A clock that stands still while the machine runs on is believed by nobody: nothing is destroyed by it, and nothing comes back to life. */
static void frozen_clock(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    ent_time_view t;
    ent_date before = ent_time_date(s->clock.now);
    for (int hour = 1; hour <= 3; hour++) {
        s->clock.skew -= 3600000; /* since boot an hour passed, and the clock says that none did */
        assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
        assert_int_equal(ent_flow_time(s->gb.flow, &t, NULL), ENT_OK);
        assert_false(t.sure);
        assert_int_equal(ent_date_compare(ent_time_date(t.confirmed), before), 0);
    }
    assert_true(hits(s, 3));
    s->clock.now.ms -= s->clock.skew; /* set right, as far as it ran */
    s->clock.skew = 0;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(ent_flow_time(s->gb.flow, &t, NULL), ENT_OK);
    assert_true(t.sure);
    assert_true(held(s, &e.part[0].id));
}

/* A clock that somebody set hides what would be due and destroys nothing, until two persons say that it is right; behind what was
 * confirmed, nobody can. */
static void wrong_clock(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    ent_time_view t;
    size_t destroyed;
    ent_time right = s->clock.now;
    s->clock.now = ent_date_start((ent_date){2038, 1, 19});
    s->clock.skew = s->clock.now.ms - right.ms;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_true(held(s, &e.part[0].id));
    assert_true(part(s, &e.part[0].id).kept.due);
    assert_int_equal(ent_flow_retention_run(s->gb.flow, &s->gb.custodian, false, &destroyed, NULL), ENT_REFUSED);
    assert_int_equal(ent_flow_retention_run(s->gb.flow, &s->gb.custodian, true, &destroyed, NULL), ENT_OK);
    assert_int_equal(destroyed, 2); /* what it would be: prints and name */
    s->clock.now.ms = right.ms + DAY;
    s->clock.skew = 0;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_true(hits(s, 3)); /* set right: nothing was lost */
    s->clock.boot++; /* the machine was started anew: which day it is, nothing says */
    s->clock.now = ent_date_start((ent_date){2029, 4, 1});
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_true(held(s, &e.part[0].id));
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.custodian, &t, NULL), ENT_OK);
    assert_false(t.sure);
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.custodian, &t, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.deputy, &t, NULL), ENT_OK);
    assert_true(t.sure);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_false(held(s, &e.part[0].id));
    s->clock.now = ent_date_start((ent_date){2027, 1, 1});
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.custodian, &t, NULL), ENT_REFUSED);
    s->clock.boot++;
    s->clock.now = ent_date_start((ent_date){2029, 5, 1});
    ent_flow_time_witnessed(s->gb.flow, (ent_time){s->clock.now.ms - 20 * 60000});
    assert_int_equal(ent_flow_time(s->gb.flow, &t, NULL), ENT_OK);
    assert_false(t.sure);
    ent_flow_time_witnessed(s->gb.flow, s->clock.now);
    assert_int_equal(ent_flow_time(s->gb.flow, &t, NULL), ENT_OK);
    assert_true(t.sure);
}

static bool sure(story *s)
{
    ent_time_view t;
    assert_int_equal(ent_flow_time(s->gb.flow, &t, NULL), ENT_OK);
    return t.sure;
}

/* The limits of what confirms a time, one millisecond before, on and after each. */
static void limits_of_time(void **state)
{
    story *s = *state;
    ent_time_view t;
    const int64_t hour = 3600000, minute = 60000;
    assert_true(sure(s));
    s->clock.skew = minute; /* said a minute more than passed */
    s->clock.now.ms += minute;
    assert_true(sure(s));
    s->clock.skew++, s->clock.now.ms++;
    assert_false(sure(s));
    s->clock.skew = 0, s->clock.now.ms += 1000 * minute - minute - 1; /* a thousandth of what passed more */
    s->clock.skew = 2 * minute, s->clock.now.ms += 2 * minute;
    assert_true(sure(s));
    s->clock.skew++, s->clock.now.ms++;
    assert_false(sure(s));
    s->clock.boot++;
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.custodian, &t, NULL), ENT_OK);
    s->clock.now.ms += hour + 1; /* too late: the second word is a first one */
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.deputy, &t, NULL), ENT_OK);
    assert_false(t.sure);
    s->clock.now.ms += hour;
    assert_int_equal(ent_flow_time_confirm(s->gb.flow, &s->gb.custodian, &t, NULL), ENT_OK);
    assert_true(t.sure);
    s->clock.boot++;
    ent_flow_time_witnessed(s->gb.flow, (ent_time){s->clock.now.ms - 5 * minute - 1});
    assert_false(sure(s));
    ent_flow_time_witnessed(s->gb.flow, (ent_time){s->clock.now.ms - 5 * minute});
    assert_true(sure(s));
}

static ent_entry last_of(story *s, ent_entry_kind kind)
{
    ent_entry e = {0};
    for (uint64_t i = s->gb.c.ledger.size(s->gb.c.ledger.self); i-- > 0 && e.kind != kind;) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        assert_int_equal(s->gb.c.ledger.read(s->gb.c.ledger.self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
    }
    assert_int_equal(e.kind, kind);
    return e;
}

/* The day that the ledger promises, which an auditor holds the node to: none while a hold suspends it, whatever is recorded
 * meanwhile; with a window, its end; and a linked part whose date moved has an entry of its own. */
static void promised_day(void **state)
{
    story *s = *state;
    ent_enrolled one = enrol(s, 3), two = enrol(s, 4);
    assert_int_equal(event(s, &one.part[0].id, ENT_EVENT_HOLD), ENT_OK);
    assert_int_equal(last_of(s, ENT_ENTRY_HELD).destroy_by.year, 0);
    assert_int_equal(event(s, &one.part[0].id, ENT_EVENT_CHARGED), ENT_OK);
    assert_int_equal(last_of(s, ENT_ENTRY_EVENT).destroy_by.year, 0);
    assert_int_equal(event(s, &one.part[0].id, ENT_EVENT_RELEASE), ENT_OK);
    assert_int_equal(ent_date_compare(last_of(s, ENT_ENTRY_EVENT).destroy_by, (ent_date){2029, 3, 10}), 0);
    assert_int_equal(event(s, &one.part[0].id, ENT_EVENT_UNLAWFUL), ENT_OK);
    assert_int_equal(ent_date_compare(last_of(s, ENT_ENTRY_EVENT).destroy_by, (ent_date){2026, 3, 24}), 0);
    ent_part_id all_of_two;
    memcpy(all_of_two.b, two.encounter.b, ENT_ID_SIZE);
    assert_int_equal(event(s, &all_of_two, ENT_EVENT_CONVICTED), ENT_OK);
    uint64_t before = s->gb.c.ledger.size(s->gb.c.ledger.self);
    assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.custodian, one.encounter.b, two.encounter.b, NULL), ENT_OK);
    assert_int_equal(s->gb.c.ledger.size(s->gb.c.ledger.self), before + 2); /* the link, and the name that is kept longer now */
    assert_int_equal(last_of(s, ENT_ENTRY_EVENT).destroy_by.year, 0);
}

static void one_regime(ent_buf *set, const char *keep)
{
    char text[400];
    snprintf(text, sizeof text, "regime: uk-terrorism-3y\ntitle: t\njurisdiction: uk\nsource: s\nclause: c\nmaterial: [fingerprint, biographic]\nclock-starts: taken\nkeep: %s\n", keep);
    *set = ENT_BUF(4096);
    ent_regime_set_add(set, "uk-terrorism-3y", text, strlen(text));
}

static void see_regime(void *ctx, const ent_regime *r) { *(ent_period *)ctx = r->period; }

static uint16_t years_in_force(story *s, ent_regimes_view *ret)
{
    ent_period p = {0};
    assert_int_equal(ent_flow_regimes(s->gb.flow, &s->gb.custodian, see_regime, &p, ret, NULL), ENT_OK);
    return p.years;
}

/* One file differs: both texts of it, and nothing of the others. */
static void see_difference(void *ctx, const char *name, ent_bytes was, ent_bytes is)
{
    assert_string_equal(name, "uk-terrorism-3y");
    assert_true(was.len > 0 && is.len > 0 && (was.len != is.len || memcmp(was.data, is.data, was.len) != 0));
    ++*(size_t *)ctx;
}

/* The files of the folder are in force once; then a change takes two custodians, shows what it moves, and what it moves earlier has
 * its window. One that makes more due than is configured stops with an alarm, whoever signs it. */
static void regimes_by_two(void **state)
{
    story *s = *state;
    size_t differences = 0;
    uint8_t seen[32];
    ENT_AUTO_BUF three = ENT_BUF(1), two = ENT_BUF(1), bad = ENT_BUF(1);
    ent_regime_change c;
    ent_regimes_view v;
    ent_err err = {0};
    ent_enrolled e = enrol(s, 3);
    one_regime(&three, "3 years");
    one_regime(&two, "2 years");
    one_regime(&bad, "2 yeers");
    s->gb.c.regime_files = three.data, s->gb.c.regime_files_len = three.len;
    story_restart(s, &s->gb);
    assert_int_equal(years_in_force(s, &v), 3);
    assert_false(v.differ);
    s->gb.c.regime_files = two.data, s->gb.c.regime_files_len = two.len;
    story_restart(s, &s->gb);
    assert_int_equal(years_in_force(s, &v), 3); /* editing a file is no change of law */
    assert_true(v.differ);
    assert_int_equal(ent_flow_regime_propose(s->gb.flow, &s->gb.custodian, bad.data, bad.len, true, &c, &err), ENT_FORMAT);
    assert_non_null(strstr(err.detail, "line 8"));
    assert_int_equal(ent_flow_regime_propose(s->gb.flow, &s->gb.officer, two.data, two.len, true, &c, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_regime_propose(s->gb.flow, &s->gb.custodian, three.data, three.len, false, &c, NULL), ENT_EXISTS);
    assert_int_equal(ent_flow_regime_approve(s->gb.flow, &s->gb.deputy, true, NULL, &c, NULL), ENT_NOT_FOUND);
    s->clock.now = ent_date_start((ent_date){2028, 6, 1});
    assert_int_equal(ent_flow_regime_propose(s->gb.flow, &s->gb.custodian, two.data, two.len, false, &c, NULL), ENT_OK);
    assert_int_equal(c.file_count, 1);
    assert_string_equal(c.file[0].what, "changed");
    assert_int_equal(c.sooner, 2);
    assert_int_equal(c.due, 2);
    assert_true(c.alarm);
    assert_int_equal(ent_flow_regime_approve(s->gb.flow, &s->gb.custodian, true, NULL, &c, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_regime_waiting(s->gb.flow, &s->gb.deputy, see_difference, &differences, &c, seen, NULL), ENT_OK);
    assert_int_equal(differences, 1);
    assert_int_equal(c.sooner, 2);
    seen[0] ^= 1; /* a proposal that came in its place is not signed unseen */
    assert_int_equal(ent_flow_regime_approve(s->gb.flow, &s->gb.deputy, true, seen, &c, NULL), ENT_CONFLICT);
    assert_int_equal(ent_flow_regime_approve(s->gb.flow, &s->gb.deputy, false, seen, &c, NULL), ENT_CONFLICT);
    assert_int_equal(ent_flow_regime_approve(s->gb.flow, &s->gb.deputy, true, NULL, &c, NULL), ENT_REFUSED);
    assert_int_equal(last_of(s, ENT_ENTRY_ALARM).kind, ENT_ENTRY_ALARM);
    assert_false(part(s, &e.part[0].id).kept.due);
    s->gb.c.regime_due_per_mille = 1000; /* the operator's word, in node.yaml */
    story_restart(s, &s->gb);
    assert_int_equal(years_in_force(s, &v), 3);
    assert_true(v.proposed);
    assert_int_equal(ent_flow_regime_approve(s->gb.flow, &s->gb.deputy, true, NULL, &c, NULL), ENT_OK);
    assert_int_equal(years_in_force(s, &v), 2);
    assert_false(v.proposed || v.differ);
    assert_true(part(s, &e.part[0].id).kept.due);
    assert_int_equal(run(s), 0);
    s->clock.now.ms += 13 * DAY;
    assert_int_equal(run(s), 0);
    s->clock.now.ms += DAY;
    assert_int_equal(run(s), 2);
    story_restart(s, &s->gb);
    assert_int_equal(years_in_force(s, &v), 2);
}

struct told {
    size_t images, templates, blocks;
};

static void see_held(void *ctx, char what, uint8_t finger, const void *bytes, size_t len)
{
    struct told *t = ctx;
    (void)finger, (void)bytes;
    assert_true(len > 0);
    t->images += what == 'I', t->templates += what == 'T', t->blocks += what == 'B';
}

/* One custodian's word: their share, opened with their own key, for a case. */
static ent_code word(story *s, const ent_actor *who, const ent_part_id *id, const char *for_case, struct told *t, bool *opened)
{
    ENT_AUTO_BUF box = ENT_BUF(256), share = ENT_BUF(64);
    ent_secret_key secret;
    ent_code code = ent_flow_hold_share(s->gb.flow, who, id->b, &box, NULL);
    if (code != ENT_OK) return code;
    story_secret(who->name, &secret);
    assert_int_equal(ent_unseal_as(&secret, ENT_BYTES(box.data, box.len), &share, NULL), ENT_OK);
    assert_int_equal(share.len, ENT_SHARE_SIZE);
    ent_hold_ask ask = {.part = id->b, .share = share.data, .case_reference = for_case};
    return ent_flow_hold_open(s->gb.flow, who, &ask, see_held, t, opened, NULL);
}

/* A hold keeps what no power keeps, and then for nobody: out of every gallery, its key split, the node's own copy overwritten. Two
 * custodians open it for one case within the hour, and the ledger says so; released, it goes. */
static void hold_store(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    const ent_part_id *id = &e.part[0].id;
    struct told t = {0};
    bool opened = true;
    ent_legal_event hold = {.kind = ENT_EVENT_HOLD, .date = {2026, 3, 10}, .until = {2030, 1, 1}};
    ent_part_view v;
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, id->b, &hold, hold.date, &v, NULL), ENT_OK);
    assert_true(hits(s, 3));
    assert_int_equal(word(s, &s->gb.custodian, id, "R v Exempla", &t, &opened), ENT_CONFLICT);
    assert_int_equal(event(s, id, ENT_EVENT_UNLAWFUL), ENT_OK);
    assert_int_equal(run(s), 0);
    assert_false(part(s, id).in_hold_store); /* the window: it may be corrected */
    assert_false(hits(s, 3));
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.deputy, id->b, 1, true, &v, NULL), ENT_OK);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_true(part(s, id).in_hold_store);
    assert_false(hits(s, 3));
    story_restart(s, &s->gb);
    assert_true(part(s, id).in_hold_store);
    assert_int_equal(run(s), 0);
    assert_int_equal(word(s, &s->gb.officer, id, "R v Exempla", &t, &opened), ENT_DENIED);
    assert_int_equal(word(s, &s->gb.custodian, id, "R v Exempla", &t, &opened), ENT_OK);
    assert_int_equal(word(s, &s->gb.custodian, id, "R v Exempla", &t, &opened), ENT_OK); /* one person's word twice is one word */
    assert_false(opened);
    assert_int_equal(word(s, &s->gb.deputy, id, "another case", &t, &opened), ENT_OK);
    assert_false(opened);
    s->clock.now.ms += 3600001;
    assert_int_equal(word(s, &s->gb.deputy, id, "R v Exempla", &t, &opened), ENT_OK); /* too late for the first */
    assert_false(opened);
    assert_int_equal(t.images, 0);
    uint8_t wrong[ENT_SHARE_SIZE] = {1};
    ent_hold_ask ask = {.part = id->b, .share = wrong, .case_reference = "R v Exempla"};
    assert_int_equal(ent_flow_hold_open(s->gb.flow, &s->gb.custodian, &ask, see_held, &t, &opened, NULL), ENT_DAMAGED);
    s->clock.now.ms += 3600000;
    assert_int_equal(word(s, &s->gb.custodian, id, "R v Exempla", &t, &opened), ENT_OK);
    assert_true(opened);
    assert_int_equal(t.images, 1);
    assert_int_equal(t.templates, 1);
    assert_string_equal(last_of(s, ENT_ENTRY_EXPORTED).clause, "hold store opened by two");
    story_restart(s, &s->gb);
    assert_int_equal(event(s, id, ENT_EVENT_RELEASE), ENT_OK);
    assert_int_equal(run(s), 1);
    assert_false(held(s, id));
}

/* What was destroyed is known when it comes again, until nothing could keep it any more: three years and two by a judge. Then the key
 * of that year ends, and the trace with it. */
static void tombstones_end(void **state)
{
    story *s = *state;
    ent_destroyed d;
    ent_enrolled e = enrol(s, 3);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "test", &d, NULL), ENT_OK);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_GONE);
    story_restart(s, &s->gb);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_GONE);
    s->clock.now = ent_date_start((ent_date){2031, 12, 31});
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_GONE);
    s->clock.now.ms += DAY;
    s->clock.skew = DAY; /* set, not passed */
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_GONE);
    s->clock.skew = 0;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    bool ended = false;
    for (uint64_t i = s->gb.c.ledger.size(s->gb.c.ledger.self); i-- > 0 && !ended;) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry entry;
        assert_int_equal(s->gb.c.ledger.read(s->gb.c.ledger.self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &entry, NULL), ENT_OK);
        ended = strcmp(entry.clause, "tombstones of 2031 ended") == 0;
    }
    assert_true(ended);
    story_restart(s, &s->gb);
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_OK);
}

static void see_alarm(story *s, size_t *ret)
{
    *ret = 0;
    for (uint64_t i = 0; i < s->gb.c.ledger.size(s->gb.c.ledger.self); i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        assert_int_equal(s->gb.c.ledger.read(s->gb.c.ledger.self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        *ret += e.kind == ENT_ENTRY_ALARM;
    }
}

/* Fifty parts on one day go by themselves; fifty-two that are all there is wait for a person, with one alarm a day. */
static void too_many_at_once(void **state)
{
    story *s = *state;
    size_t alarms;
    for (uint32_t f = 1; f <= 25; f++) enrol(s, f);
    s->clock.now = ent_date_start((ent_date){2029, 3, 10});
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(run(s), 0); /* all gone */
    for (uint32_t f = 31; f <= 56; f++) enrol(s, f);
    s->clock.now = ent_date_start((ent_date){2032, 3, 10});
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    see_alarm(s, &alarms);
    assert_int_equal(alarms, 1);
    assert_int_equal(run(s), 52);
}

/* A rule that was changed while the node was down moves a date earlier: hidden, not destroyed, until the window is over. */
static void rule_changed(void **state)
{
    story *s = *state;
    ent_enrolled e = enrol(s, 3);
    s->clock.now = ent_date_start((ent_date){2027, 6, 1});
    s->regime[0].period.years = 1;
    story_restart(s, &s->gb);
    assert_false(hits(s, 3));
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_true(held(s, &e.part[0].id));
    s->regime[0].period.years = 3; /* it was a mistake */
    story_restart(s, &s->gb);
    assert_true(hits(s, 3));
    s->regime[0].period.years = 1;
    story_restart(s, &s->gb);
    s->clock.now.ms += 14 * DAY;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_false(held(s, &e.part[0].id));
}

/* Two encounters fall due on one day with searches that hit them: all is destroyed in one run, nothing else. */
static void many_in_one_run(void **state)
{
    story *s = *state;
    for (uint32_t f = 3; f < 9; f++) enrol(s, f);
    s->clock.now = ent_date_start((ent_date){2026, 5, 1});
    ent_enrolled later = enrol(s, 20);
    assert_true(hits(s, 4));
    s->clock.now = ent_date_start((ent_date){2029, 3, 20});
    assert_int_equal(run(s), 12); /* prints and names */
    assert_true(held(s, &later.part[0].id));
    assert_int_equal(run(s), 0);
}

static ent_access *ask(story *s, const ent_access_ask *a)
{
    ent_access *out = NULL;
    ent_err err = {0};
    if (ent_flow_access(s->gb.flow, &s->gb.custodian, a, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
    return out;
}

/* By the person's own print: what is held, who searched. Exempt, it is the same as nothing held, to the byte and to the second. */
static void access_request(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF mine = ENT_BUF(1), other = ENT_BUF(1);
    ent_enrolled e = enrol(s, 3);
    ent_access *out = NULL;
    assert_true(hits(s, 3));
    story_print(3, 2, &mine);
    story_print(9, 2, &other);
    ent_access_ask by_print = {.ori = "", .tcn = "", .document = "", .print = mine.data, .print_len = mine.len};
    ent_access *a = ask(s, &by_print);
    assert_int_equal(a->part_count, 2);
    assert_int_equal(a->search_count, 1);
    assert_string_equal(a->search[0].partner, "us.example");
    assert_string_equal(a->part[0].clause, "TA 2000 Sch. 8 para. 20B(4)");
    ent_access_free(a);
    assert_int_equal(ent_flow_access(s->gb.flow, &s->gb.officer, &by_print, &out, NULL), ENT_DENIED);
    assert_int_equal(event(s, &e.part[0].id, ENT_EVENT_ACCESS_EXEMPT), ENT_OK);
    int64_t t0 = s->clock.monotonic;
    ent_access *hidden = ask(s, &by_print);
    int64_t t1 = s->clock.monotonic;
    by_print.print = other.data;
    by_print.print_len = other.len;
    ent_access *nothing = ask(s, &by_print);
    assert_int_equal(s->clock.monotonic - t1, t1 - t0);
    assert_memory_equal(hidden, nothing, sizeof *nothing);
    assert_int_equal(nothing->part_count, 0);
    ent_access_free(hidden);
    ent_access_free(nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(extension_by_two), STORY(unlawful), STORY(corrected), STORY(links), STORY(likely_same_person), STORY(by_itself), STORY(frozen_clock), STORY(wrong_clock), STORY(limits_of_time), STORY(too_many_at_once), STORY(regimes_by_two), STORY(hold_store), STORY(tombstones_end), STORY(promised_day), STORY(rule_changed),
        STORY(many_in_one_run), STORY(access_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
