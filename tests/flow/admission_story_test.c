/* Who is admitted at the requester's border, by which clause, and what changes it: two persons' designation events, never an agreement's
 * suspension, which stops searches in the same minute. */
#include "flow/two_nodes.h"

#include "flow/admission/admission.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 10);
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

static const char visit[] = "programme: visit\ntitle: Visits\nborder: USA\nsource: An Act\nclause: s. 1\ndesignation: s. 2\n"
                            "stay: { counted: each-visit, at-most: 90 days, first-day: counted, clause: s. 3 }\n"
                            "short-trip: { to: [CAN], at-most: 30 days, clause: s. 4 }\n"
                            "conditions: [ { name: passport, shown-by: declaration, clause: s. 5 }, { name: no-overstay, shown-by: record, clause: s. 7 } ]\nkeep: 400 days\n";

static void sign_event(const char *person, const ent_programme_event *e, uint8_t ret[ENT_SIGNATURE_SIZE])
{
    ent_secret_key key;
    char text[ENT_PROGRAMME_SIGNED];
    story_secret(person, &key);
    ent_programme_event_text(e, text);
    ent_sign(&key, text, strlen(text), ret);
}

static ent_code propose(story *s, ent_programme_event *e, ent_programme_view *v)
{
    uint8_t signature[ENT_SIGNATURE_SIZE];
    bool file = e->kind == ENT_PROGRAMME_EVENT_PROGRAMME;
    if (file) ent_sha256(visit, sizeof visit - 1, e->digest);
    sign_event("c.example", e, signature);
    return ent_flow_programme_propose(s->us.flow, &s->us.custodian, e, file ? visit : NULL, file ? sizeof visit - 1 : 0, signature, v, NULL);
}

static ent_code approve(story *s, const ent_programme_view *v)
{
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_programme_view out;
    sign_event("d.example", &v->event, signature);
    return ent_flow_programme_approve(s->us.flow, &s->us.deputy, v->id, signature, &out, NULL);
}

static ent_programme_event event(ent_programme_event_kind kind, const char *country, ent_date effective)
{
    ent_programme_event e = {.kind = kind, .programme = "visit", .effective = effective, .decider = "A Minister", .clause = "d. 1"};
    snprintf(e.country, sizeof e.country, "%s", country);
    return e;
}

static void happen(story *s, ent_programme_event e)
{
    ent_programme_view v;
    assert_int_equal(propose(s, &e, &v), ENT_OK);
    assert_int_equal(approve(s, &v), ENT_OK);
}

static void designate(story *s)
{
    happen(s, event(ENT_PROGRAMME_EVENT_PROGRAMME, "", (ent_date){2026, 1, 1}));
    happen(s, event(ENT_PROGRAMME_EVENT_DESIGNATE, "NZL", (ent_date){2026, 1, 1}));
}

static ent_admit_ask asking(const char *document)
{
    ent_admit_ask a = {.programme = "visit", .nationality = "NZL", .declared = {{"passport", "yes"}}, .declared_count = 1};
    snprintf(a.document, sizeof a.document, "%s", document);
    return a;
}

static ent_admission ask(story *s, const char *document)
{
    ent_admit_ask a = asking(document);
    ent_admission out;
    ent_err err = {0};
    if (ent_flow_admit(s->us.flow, &s->us.officer, &a, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
    return out;
}

static ent_code decide(story *s, const char *document, bool admitted, ent_date until, const char *reason, const char *signer)
{
    ent_admit_ask a = asking(document);
    ent_admission_decision d = {.programme = "visit", .nationality = "NZL", .day = ent_time_date(s->clock.now), .until = until, .admitted = admitted, .answer = ask(s, document)};
    char text[ENT_ADMISSION_SIGNED];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_secret_key key;
    uint64_t index;
    snprintf(d.document, sizeof d.document, "%s", document);
    snprintf(d.reason, sizeof d.reason, "%s", reason);
    story_secret(signer, &key);
    ent_admission_text(&d, text);
    ent_sign(&key, text, strlen(text), signature);
    return ent_flow_admit_decide(s->us.flow, &s->us.officer, &a, &d, signature, &index, NULL);
}

static void enter(story *s, const char *document) { assert_int_equal(decide(s, document, true, ask(s, document).until, "", "o.example"), ENT_OK); }

static ent_code leave(story *s, const char *document, const char *to)
{
    ent_date entry;
    return ent_flow_stay_exit(s->us.flow, &s->us.officer, "NZL", document, to, &entry, NULL);
}

static void pass(story *s, int days)
{
    s->clock.now.ms += days * 86400000ll;
    s->clock.monotonic += days * 86400000ll;
}

struct overdue {
    size_t count;
    ent_stay_view last;
};

static void see_overdue(void *ctx, const ent_stay_view *v)
{
    struct overdue *o = ctx;
    o->count++;
    o->last = *v;
}

static struct overdue overdue(story *s)
{
    struct overdue o = {0};
    assert_int_equal(ent_flow_stays_overdue(s->us.flow, &s->us.officer, see_overdue, &o, NULL), ENT_OK);
    return o;
}

/* A programme and a designation count when a second person has signed them too; nobody approves their own, or with another's key. */
static void two_persons(void **state)
{
    story *s = *state;
    ent_programme_event file = event(ENT_PROGRAMME_EVENT_PROGRAMME, "", (ent_date){2026, 1, 1}), in = event(ENT_PROGRAMME_EVENT_DESIGNATE, "NZL", (ent_date){2026, 1, 1});
    ent_programme_view v, out;
    ent_admission a;
    ent_admit_ask q = asking("P1");
    uint8_t signature[ENT_SIGNATURE_SIZE];
    assert_int_equal(propose(s, &in, &v), ENT_NOT_FOUND); /* no such programme yet */
    assert_int_equal(propose(s, &file, &v), ENT_OK);
    assert_int_equal(propose(s, &file, &out), ENT_EXISTS);
    assert_int_equal(ent_flow_admit(s->us.flow, &s->us.officer, &q, &a, NULL), ENT_NOT_FOUND);
    sign_event("c.example", &v.event, signature);
    assert_int_equal(ent_flow_programme_approve(s->us.flow, &s->us.custodian, v.id, signature, &out, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_programme_approve(s->us.flow, &s->us.deputy, v.id, signature, &out, NULL), ENT_SIGNATURE);
    assert_int_equal(ent_flow_programme_approve(s->us.flow, &s->us.officer, v.id, signature, &out, NULL), ENT_DENIED);
    assert_int_equal(approve(s, &v), ENT_OK);
    assert_int_equal(approve(s, &v), ENT_CONFLICT);
    assert_int_equal(propose(s, &in, &v), ENT_OK);
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_NOT_MET);
    assert_int_equal(approve(s, &v), ENT_OK);
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_MEETS);
    story_restart(s, &s->us);
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_MEETS);
}

/* Suspension stops the search in the same minute, and admission does not move; the designation's end does, from its day. */
static void suspension_is_no_ground(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ent_search_result r;
    designate(s);
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_MEETS);
    assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    size_t told;
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_int_equal(story_search(s, 1, 0, "threat-check", &r, NULL), ENT_REFUSED);
    ent_admission a = ask(s, "P1");
    assert_int_equal(a.answer, ENT_ADMISSION_MEETS);
    assert_int_equal(ent_date_compare(a.until, (ent_date){2026, 6, 7}), 0);
    happen(s, event(ENT_PROGRAMME_EVENT_END, "NZL", (ent_date){2026, 3, 12}));
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_MEETS);
    pass(s, 2);
    a = ask(s, "P1");
    assert_int_equal(a.answer, ENT_ADMISSION_NOT_MET);
    assert_string_equal(a.clause, "d. 1");
}

/* In for a visit, over to the neighbour and back: the first visit's last day stands. */
static void short_trip(void **state)
{
    story *s = *state;
    designate(s);
    enter(s, "P1");
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_REFER); /* an entry without its exit */
    pass(s, 20);
    assert_int_equal(leave(s, "P1", "CAN"), ENT_OK);
    assert_int_equal(leave(s, "P1", "CAN"), ENT_NOT_FOUND);
    pass(s, 5);
    assert_int_equal(ent_date_compare(ask(s, "P1").until, (ent_date){2026, 6, 7}), 0);
    assert_int_equal(ent_date_compare(ask(s, "P2").until, (ent_date){2026, 7, 2}), 0); /* somebody else's begins today */
}

/* Who stays beyond their day is listed by document, from the next day on, and has not kept to the programme. */
static void overstay(void **state)
{
    story *s = *state;
    designate(s);
    enter(s, "P1");
    pass(s, 89);
    assert_int_equal(overdue(s).count, 0);
    pass(s, 1);
    struct overdue o = overdue(s);
    assert_int_equal(o.count, 1);
    assert_string_equal(o.last.document, "P1");
    assert_int_equal(o.last.days_over, 1);
    assert_int_equal(leave(s, "P1", ""), ENT_OK);
    assert_int_equal(overdue(s).count, 0);
    pass(s, 30);
    ent_admission a = ask(s, "P1");
    assert_int_equal(a.answer, ENT_ADMISSION_NOT_MET);
    assert_string_equal(a.clause, "s. 7");
}

/* The end says that those inside leave by a day: who is still there afterwards is overdue, though more was granted. */
static void end_for_those_inside(void **state)
{
    story *s = *state;
    designate(s);
    enter(s, "P1");
    ent_programme_event e = event(ENT_PROGRAMME_EVENT_END, "NZL", (ent_date){2026, 3, 20});
    e.leave_by = (ent_date){2026, 4, 1};
    happen(s, e);
    pass(s, 22); /* 1 April */
    assert_int_equal(overdue(s).count, 0);
    pass(s, 1);
    struct overdue o = overdue(s);
    assert_int_equal(o.count, 1);
    assert_int_equal(ent_date_compare(o.last.last_day, (ent_date){2026, 4, 1}), 0);
}

/* The officer decides, and signs: against the answer only with a reason, never longer than the programme, never by another's key. */
static void officer_decides(void **state)
{
    story *s = *state;
    designate(s);
    ent_date until = ask(s, "P1").until, longer = {2026, 6, 8};
    assert_int_equal(decide(s, "P1", true, until, "", "d.example"), ENT_SIGNATURE);
    assert_int_equal(decide(s, "P1", true, longer, "a longer stay", "o.example"), ENT_REFUSED);
    assert_int_equal(decide(s, "P1", true, (ent_date){0}, "", "o.example"), ENT_USAGE);
    assert_int_equal(decide(s, "P1", false, (ent_date){0}, "", "o.example"), ENT_USAGE);
    uint64_t before = s->us.c.ledger.size(s->us.c.ledger.self);
    assert_int_equal(decide(s, "P1", false, (ent_date){0}, "no place to stay was named", "o.example"), ENT_OK);
    assert_int_equal(s->us.c.ledger.size(s->us.c.ledger.self), before + 1);
    assert_int_equal(ask(s, "P1").answer, ENT_ADMISSION_MEETS); /* not admitted is no stay */
    s->clock.now.ms += 1000;
    enter(s, "P1");
    ent_admit_ask q = asking("P3");
    ent_admission a;
    assert_int_equal(ent_flow_admit(s->us.flow, &s->us.custodian, &q, &a, NULL), ENT_DENIED);
    snprintf(q.declared[0][0], ENT_LAW_NAME, "no-overstay");
    assert_int_equal(ent_flow_admit(s->us.flow, &s->us.officer, &q, &a, NULL), ENT_USAGE); /* the record says so, not the officer */
}

/* A stay's record goes when its days are over, with its key. */
static void records_end(void **state)
{
    story *s = *state;
    designate(s);
    enter(s, "P1");
    pass(s, 10);
    assert_int_equal(leave(s, "P1", "CAN"), ENT_OK);
    pass(s, 5);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(ent_date_compare(ask(s, "P1").until, (ent_date){2026, 6, 7}), 0); /* still there */
    for (int i = 0; i < 400; i++) {
        pass(s, 1);
        assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    }
    ent_entry e;
    uint8_t bytes[ENT_ENTRY_SIZE];
    size_t gone = 0;
    for (uint64_t i = 0; i < s->us.c.ledger.size(s->us.c.ledger.self); i++) {
        assert_int_equal(s->us.c.ledger.read(s->us.c.ledger.self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        gone += e.kind == ENT_ENTRY_DESTROYED && strcmp(e.purpose, "visit") == 0;
    }
    assert_int_equal(gone, 1);
}

struct history {
    ent_history_line line[32];
    size_t count;
};

static void see_history(void *ctx, const ent_history_line *l)
{
    struct history *h = ctx;
    assert_true(h->count < 32);
    h->line[h->count++] = *l;
}

/* The public history: who suspended what and when, which touches nobody's admission; and the designation's end, with how many it
 * touches, hidden when they are few. */
static void public_history(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    struct history h = {0};
    designate(s);
    enter(s, "P1");
    pass(s, 1);
    assert_int_equal(ent_flow_agreement_act(s->us.flow, &s->us.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    pass(s, 1);
    ent_programme_event e = event(ENT_PROGRAMME_EVENT_END, "NZL", (ent_date){2026, 3, 20});
    e.leave_by = (ent_date){2026, 4, 1};
    ent_programme_view waiting;
    ent_programme_event never = event(ENT_PROGRAMME_EVENT_DESIGNATE, "AUS", (ent_date){2026, 1, 1});
    assert_int_equal(propose(s, &never, &waiting), ENT_OK);
    happen(s, e);
    assert_int_equal(ent_flow_programme_history(s->us.flow, see_history, &h, NULL), ENT_OK);
    assert_int_equal(h.count, 6); /* two signatures of the agreement, programme, designation, suspension, end */
    const ent_history_line *stop = &h.line[4], *ended = &h.line[5];
    assert_string_equal(stop->what, "suspend");
    assert_string_equal(stop->by, "us.example");
    assert_true(stop->agreement && !stop->affects);
    assert_string_equal(ended->what, "end");
    assert_string_equal(ended->by, "A Minister");
    assert_true(ended->affects && ended->hidden && ended->inside == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(two_persons), STORY(suspension_is_no_ground), STORY(short_trip), STORY(overstay), STORY(end_for_those_inside),
                                       STORY(officer_decides), STORY(records_end), STORY(public_history)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
