/* All entries of all sides that belong to a case are sorted by case number, so that one case's entries stand together and are
 * judged together; quotas are counted over answers sorted by holder, agreement, flow and day. */
#include "flow/audit/audit.h"

#include "base/check.h"
#include "law/disclosure.h"
#include "flow/people.h"

#include <stdlib.h>
#include <string.h>

/* Entries are written by several threads: an entry may be appended a moment after one that is younger. */
enum { TIME_SLACK_MS = 60000, OPEN_MS = 120000, REPORTED_MS = 86400000 };

typedef struct item {
    const ent_entry *e;
    uint32_t side;
    uint64_t index;
} item;

/* When the holder's ledger last says that the requester of a flow was in contact: a page given, a search of the copy reported. */
typedef struct contact {
    uint32_t side;
    uint8_t agreement[32];
    char flow[ENT_FLOW_NAME];
    int64_t last_ms;
} contact;

enum { CONTACTS = 256 };

typedef struct audit {
    const ent_audit_side *sides;
    size_t side_count;
    const ent_audit_text *texts;
    size_t text_count;
    void (*found)(void *ctx, const ent_audit_finding *finding);
    void *ctx;
    ent_audit_counts counts;
    item *further;             /* the hit of each further candidate; counts.further of them */
    contact contact[CONTACTS]; /* what is beyond is not judged */
    size_t contacts;
} audit;

static const struct {
    const char *name, *text;
} rules[] = {
#define ENT_X(name, text) {#name, text},
    ENT_AUDIT_RULES(ENT_X)
#undef ENT_X
};

const char *ent_audit_rule_text(ent_audit_rule rule) { return rules[rule].text; }
const char *ent_audit_rule_name(ent_audit_rule rule) { return rules[rule].name; }

static void report(audit *a, ent_audit_rule rule, const item *i)
{
    ent_audit_finding f = {.rule = rule, .side = i->side, .index = i->index};
    a->counts.findings++;
    a->found(a->ctx, &f);
}

static bool is_answer(ent_entry_kind k) { return k == ENT_ENTRY_ANSWERED_HIT || k == ENT_ENTRY_ANSWERED_NO_HIT; }

/* ---- each ledger by itself ---- */

static bool is_given_on(const ent_entry *e) { return e->kind == ENT_ENTRY_EXPORTED && strcmp(e->clause, ENT_CLAUSE_GIVEN_ON) == 0; }

static void count_entry(audit *a, const ent_entry *e)
{
    const ent_entry_kind kind = e->kind;
    a->counts.entries++;
    a->counts.asked += kind == ENT_ENTRY_ASKED;
    a->counts.answered_hit += kind == ENT_ENTRY_ANSWERED_HIT;
    a->counts.answered_no_hit += kind == ENT_ENTRY_ANSWERED_NO_HIT;
    a->counts.refused += kind == ENT_ENTRY_REFUSED;
    a->counts.disclosed += kind == ENT_ENTRY_DISCLOSED;
    a->counts.destroyed += kind == ENT_ENTRY_DESTROYED;
    a->counts.for_others += kind == ENT_ENTRY_ASKED && e->party;
    a->counts.given_on += is_given_on(e);
}

/* The first and the second custodian of a node, and nobody after them. */
static bool came_alone(const ent_entry *e, size_t before[2])
{
    if (e->kind != ENT_ENTRY_PERSON) return false;
    if (strcmp(e->clause, ENT_CLAUSE_FIRST) == 0) return before[0]++ > 0;
    return strcmp(e->clause, ENT_CLAUSE_SECOND) == 0 && before[1]++ > 0;
}

static void check_order(audit *a, uint32_t side)
{
    const ent_audit_side *s = &a->sides[side];
    int64_t latest = INT64_MIN;
    size_t alone[2] = {0};
    for (size_t n = 0; n < s->count; n++) {
        const ent_entry *e = &s->entries[n];
        item i = {e, side, n};
        count_entry(a, e);
        if (latest != INT64_MIN && e->time.ms < latest - TIME_SLACK_MS) report(a, ENT_AUDIT_TIME, &i);
        if (e->time.ms > latest) latest = e->time.ms;
        if (e->follows != ENT_ENTRY_NONE && e->follows >= n) report(a, ENT_AUDIT_FOLLOWS, &i);
        if (came_alone(e, alone)) report(a, ENT_AUDIT_ALONE, &i);
    }
}

/* ---- the agreement that an entry rests on ---- */

static const ent_audit_text *text_of(const audit *a, const ent_entry *e)
{
    for (size_t i = 0; i < a->text_count; i++)
        if (memcmp(a->texts[i].envelope->digest, e->agreement, 32) == 0) return &a->texts[i];
    return NULL;
}

/* By the declarations that were made until then. */
static bool in_force(const ent_audit_text *t, ent_time at)
{
    ent_date day = ent_time_date(at);
    if (ent_date_compare(day, t->agreement->from) < 0 || ent_date_compare(day, t->agreement->until) > 0) return false;
    ent_agreement_state state = ent_envelope_state_at(t->envelope, t->agreement, at);
    return state == ENT_AGREEMENT_SIGNED;
}

static void check_basis(audit *a, const item *i)
{
    const ent_entry *e = i->e;
    const ent_audit_text *t = text_of(a, e);
    if (!t) {
        report(a, ENT_AUDIT_UNKNOWN_AGREEMENT, i);
        return;
    }
    if (!in_force(t, e->time)) report(a, ENT_AUDIT_NOT_IN_FORCE, i);
    const ent_flow *f = ent_agreement_flow(t->agreement, e->flow);
    const char *me = a->sides[i->side].name;
    const ent_party *third = ent_agreement_at(t->agreement, e->party);
    bool for_whom = !e->party || (f && third && ent_flow_acts_for(f, third->name));
    bool granted = for_whom && f && ent_flow_purpose(f, e->purpose) && e->agreement_version == t->agreement->version &&
                   strcmp(e->kind == ENT_ENTRY_ASKED ? f->requester : f->holder, me) == 0;
    if (!granted) report(a, ENT_AUDIT_NOT_GRANTED, i);
}

static size_t side_named(const audit *a, const char *name)
{
    size_t n = 0;
    while (n < a->side_count && strcmp(a->sides[n].name, name) != 0) n++;
    return n;
}

static size_t requester_of(const audit *a, const ent_flow *f) { return side_named(a, f->requester); }

/* The side at the other end of the flow; side_count when its ledger is not here. */
static size_t other_side(const audit *a, const item *i)
{
    const ent_audit_text *t = text_of(a, i->e);
    const ent_flow *f = t ? ent_agreement_flow(t->agreement, i->e->flow) : NULL;
    return side_named(a, !f ? "" : i->e->kind == ENT_ENTRY_ASKED ? f->holder : f->requester);
}

/* ---- one case ---- */

/* The entries of one case number: n of them, from `at`. */
typedef struct dossier {
    const item *at;
    size_t n;
} dossier;

static const item *first_of(dossier d, size_t side, bool (*is)(ent_entry_kind kind))
{
    for (size_t k = 0; k < d.n; k++)
        if (d.at[k].side == side && is(d.at[k].e->kind)) return &d.at[k];
    return NULL;
}

static bool is_asked(ent_entry_kind k) { return k == ENT_ENTRY_ASKED; }
static bool is_received(ent_entry_kind k) { return k == ENT_ENTRY_RECEIVED; }
static bool is_searched(ent_entry_kind k) { return k == ENT_ENTRY_ASKED || k == ENT_ENTRY_LOCAL_SEARCH; }
static bool is_local(ent_entry_kind k) { return k == ENT_ENTRY_LOCAL_SEARCH; }
bool ent_audit_drawn(ent_entry_kind k) { return is_answer(k) || k == ENT_ENTRY_LOCAL_SEARCH; }
static bool is_outcome(ent_entry_kind k) { return is_answer(k) || k == ENT_ENTRY_REFUSED; }
static bool is_hit(ent_entry_kind k) { return k == ENT_ENTRY_ANSWERED_HIT; }
static bool is_examined(ent_entry_kind k) { return k == ENT_ENTRY_EXAMINED; }

static bool same_subject(const ent_entry *x, const ent_entry *y)
{
    return memcmp(x->agreement, y->agreement, 32) == 0 && strcmp(x->flow, y->flow) == 0 &&
           strcmp(x->purpose, y->purpose) == 0 && x->party == y->party;
}

/* A requester that was not answered writes "received" without a clause: nobody answered, nobody refused. */
static void check_asked(audit *a, dossier d, const item *asked)
{
    size_t holder = other_side(a, asked);
    const item *received = first_of(d, asked->side, is_received);
    const ent_audit_side *mine = &a->sides[asked->side];
    bool fresh = mine->entries[mine->count - 1].time.ms - asked->e->time.ms < OPEN_MS;
    if (!received && !fresh) report(a, ENT_AUDIT_NO_END, asked);
    if (holder == a->side_count) {
        a->counts.outside++;
        return;
    }
    const item *outcome = first_of(d, holder, is_outcome);
    if (!outcome) {
        bool claimed = received && received->e->clause[0];
        a->counts.unanswered += !claimed;
        if (claimed) report(a, ENT_AUDIT_NOT_ANSWERED, asked);
        return;
    }
    if (is_answer(outcome->e->kind) && !same_subject(asked->e, outcome->e)) report(a, ENT_AUDIT_DIFFERS, outcome);
}

static void check_outcome(audit *a, dossier d, const item *outcome)
{
    const item *first = first_of(d, outcome->side, is_outcome);
    if (first != outcome) report(a, ENT_AUDIT_TWICE, outcome);
    if (!is_answer(outcome->e->kind)) return;
    size_t requester = other_side(a, outcome);
    if (requester == a->side_count) {
        a->counts.outside++;
        return;
    }
    if (!first_of(d, requester, is_asked)) report(a, ENT_AUDIT_NOT_ASKED, outcome);
}

/* The hit that an entry follows, in the same ledger: another candidate's entries have a case number of their own. */
static const ent_entry *hit_before(const audit *a, const item *i)
{
    const ent_audit_side *s = &a->sides[i->side];
    const ent_entry *hit = i->e->follows < i->index ? &s->entries[i->e->follows] : NULL;
    /* a disclosure may rest on a later version of the agreement */
    return hit && is_hit(hit->kind) && strcmp(hit->flow, i->e->flow) == 0 && strcmp(hit->purpose, i->e->purpose) == 0 ? hit : NULL;
}

/* A person confirms before anything is disclosed: a hit, an examination of this candidate and then the disclosure, in that order. What the
 * agreement grants on the hit itself needs no examination. */
static void check_disclosed(audit *a, dossier d, const item *disclosed)
{
    const item *own = first_of(d, disclosed->side, is_hit), *examined = NULL;
    bool hit = own ? own->index < disclosed->index : hit_before(a, disclosed) != NULL, at_once = strncmp(disclosed->e->clause, "disclose.on-hit", 15) == 0;
    for (size_t s = 0; s < a->side_count && !examined; s++) examined = first_of(d, s, is_examined);
    bool before = examined && (examined->side != disclosed->side || examined->index < disclosed->index);
    bool ordered = hit && (before || at_once);
    if (!ordered) report(a, ENT_AUDIT_NOT_CONFIRMED, disclosed);
    const ent_audit_text *t = text_of(a, disclosed->e);
    const ent_flow *f = t ? ent_agreement_flow(t->agreement, disclosed->e->flow) : NULL;
    if (f && ent_disclosed_fields(disclosed->e->clause) & ~ent_flow_fields(f, examined && !at_once)) report(a, ENT_AUDIT_FIELDS, disclosed);
}

/* The last word on a part's time is its latest entry that names one. */
static void check_destroyed(audit *a, dossier d)
{
    const item *last = NULL;
    for (size_t k = 0; k < d.n; k++) {
        ent_entry_kind kind = d.at[k].e->kind;
        if (kind == ENT_ENTRY_DESTROYED) return;
        bool about = kind == ENT_ENTRY_ENROLLED || kind == ENT_ENTRY_EVENT || kind == ENT_ENTRY_EXTENDED ||
                     kind == ENT_ENTRY_HELD || kind == ENT_ENTRY_DUE;
        if (about) last = &d.at[k];
    }
    if (!last || last->e->kind == ENT_ENTRY_HELD || !last->e->destroy_by.year) return;
    const ent_audit_side *s = &a->sides[last->side];
    /* due on that day; a node has that day to do it */
    if (ent_date_compare(last->e->destroy_by, ent_time_date(s->entries[s->count - 1].time)) < 0)
        report(a, ENT_AUDIT_NOT_DESTROYED, last);
}

/* ---- searches of a copy ---- */

static contact *contact_of(audit *a, size_t side, const ent_entry *e, bool make)
{
    size_t i = 0;
    while (i < a->contacts && (a->contact[i].side != side || memcmp(a->contact[i].agreement, e->agreement, 32) != 0 || strcmp(a->contact[i].flow, e->flow) != 0)) i++;
    if (i < a->contacts) return &a->contact[i];
    if (!make || i == CONTACTS) return NULL;
    contact *c = &a->contact[a->contacts++];
    *c = (contact){.side = (uint32_t)side, .last_ms = INT64_MIN};
    memcpy(c->agreement, e->agreement, 32);
    memcpy(c->flow, e->flow, sizeof c->flow);
    return c;
}

static void note_contacts(audit *a, size_t side)
{
    for (size_t i = 0; i < a->sides[side].count; i++) {
        const ent_entry *e = &a->sides[side].entries[i];
        if (e->kind != ENT_ENTRY_FEED && e->kind != ENT_ENTRY_LOCAL_SEARCH) continue;
        contact *c = contact_of(a, side, e, true);
        if (c && e->time.ms > c->last_ms) c->last_ms = e->time.ms;
    }
}

/* The requester reports within 24 hours of contact (docs/protocol/feed.md); the holder reports nothing that was not searched. */
static void check_local(audit *a, dossier d, const item *searched)
{
    const ent_audit_text *t = text_of(a, searched->e);
    const ent_flow *f = t ? ent_agreement_flow(t->agreement, searched->e->flow) : NULL;
    if (!f) return;
    bool ours = strcmp(f->requester, a->sides[searched->side].name) == 0;
    size_t other = side_named(a, ours ? f->holder : f->requester);
    if (other == a->side_count || first_of(d, other, is_local)) return;
    const contact *c = ours ? contact_of(a, other, searched->e, false) : NULL;
    if (!ours) report(a, ENT_AUDIT_NOT_ASKED, searched);
    else if (c && c->last_ms - searched->e->time.ms > REPORTED_MS) report(a, ENT_AUDIT_NOT_REPORTED, searched);
}

/* ---- the lot ---- */

bool ent_audit_draw(const ent_entry *e, const uint8_t head[32])
{
    return ent_audit_drawn(e->kind) && ent_lot_chosen(head, e->case_number.b);
}

static const item *lot_entry(dossier d, size_t side, const char *word)
{
    for (size_t k = 0; k < d.n; k++)
        if (d.at[k].side == side && d.at[k].e->kind == ENT_ENTRY_LOT && strcmp(d.at[k].e->clause, word) == 0) return &d.at[k];
    return NULL;
}

static ent_date last_day(const audit *a, size_t side)
{
    const ent_audit_side *s = &a->sides[side];
    return ent_time_date(s->entries[s->count - 1].time);
}

/* The first day on which it was not open and ought to have been, by this side's own entries: the chosen one counts from `from`. */
static bool is_late(const audit *a, dossier d, size_t side, ent_time from)
{
    const item *opened = lot_entry(d, side, "lot: opened to the auditor");
    return ent_lot_overdue(ent_time_date(from), opened ? ent_time_date(opened->e->time) : last_day(a, side));
}

/* A requester knows that it was chosen when it has the answer; it writes that down with it. */
static bool has_answer(dossier d, size_t side)
{
    for (size_t k = 0; k < d.n; k++)
        if (d.at[k].side == side && is_received(d.at[k].e->kind) && d.at[k].e->clause[0]) return true;
    return false;
}

static bool is_fresh(const audit *a, const item *i)
{
    const ent_audit_side *s = &a->sides[i->side];
    return s->entries[s->count - 1].time.ms - i->e->time.ms < OPEN_MS;
}

static void check_chosen(audit *a, dossier d, const item *answer, size_t requester)
{
    const item *here = lot_entry(d, answer->side, "lot: chosen");
    a->counts.chosen++;
    if (!here && !is_fresh(a, answer)) report(a, ENT_AUDIT_LOT_HIDDEN, answer);
    size_t side = requester < a->side_count ? requester : answer->side;
    a->counts.opened += lot_entry(d, side, "lot: opened to the auditor") != NULL;
    if (side == answer->side) { /* the requester's ledger is not here: by what it told the holder */
        if (is_late(a, d, side, answer->e->time)) report(a, ENT_AUDIT_LOT_DUE, answer);
        return;
    }
    const item *there = lot_entry(d, side, "lot: chosen"), *opened = lot_entry(d, side, "lot: opened to the auditor"), *asked = first_of(d, side, is_searched);
    if (!there && !opened && asked && has_answer(d, side)) report(a, ENT_AUDIT_LOT_HIDDEN, asked);
    const item *from = there ? there : asked;
    if (from && is_late(a, d, side, from->e->time)) report(a, ENT_AUDIT_LOT_DUE, from);
}

/* Who answers draws; the requester draws alike. On a flow that is marked test there is no crossing to open. */
static void check_lot(audit *a, dossier d, const item *answer)
{
    const ent_audit_text *t = text_of(a, answer->e);
    const ent_flow *f = t ? ent_agreement_flow(t->agreement, answer->e->flow) : NULL;
    const ent_audit_side *s = &a->sides[answer->side];
    if (!s->chosen || !f || f->test || strcmp(f->holder, s->name) != 0) return;
    if (s->chosen[answer->index]) {
        check_chosen(a, d, answer, requester_of(a, f));
        return;
    }
    for (size_t k = 0; k < d.n; k++)
        if (d.at[k].e->kind == ENT_ENTRY_LOT && strcmp(d.at[k].e->clause, "lot: chosen") == 0) report(a, ENT_AUDIT_LOT_FALSE, &d.at[k]);
}

/* Another's proposal of the same role and key, in the same ledger, before it. */
static void check_person(audit *a, dossier d, const item *approved)
{
    const size_t here = sizeof ENT_CLAUSE_APPROVED - 1, there = sizeof ENT_CLAUSE_PROPOSED - 1;
    if (strncmp(approved->e->clause, ENT_CLAUSE_APPROVED, here) != 0) return;
    for (size_t k = 0; k < d.n; k++) {
        const ent_entry *e = d.at[k].e;
        if (d.at[k].side != approved->side || d.at[k].index >= approved->index || e->kind != ENT_ENTRY_PERSON || strncmp(e->clause, ENT_CLAUSE_PROPOSED, there) != 0) continue;
        bool same = strcmp(e->clause + there, approved->e->clause + here) == 0 && memcmp(e->commitment, approved->e->commitment, 32) == 0;
        if (same && !ent_id_equal(e->actor.b, approved->e->actor.b)) return;
    }
    report(a, ENT_AUDIT_ALONE, approved);
}

/* ---- several candidates of one hit ---- */

/* The first entry of a case number that is another candidate's of a hit: the number of the hit. */
static const ent_entry *hit_of_further(const audit *a, dossier d, uint32_t *ret_side)
{
    for (size_t k = 0; k < d.n; k++) {
        const ent_entry_kind kind = d.at[k].e->kind;
        const ent_entry *hit = kind == ENT_ENTRY_EXAMINED || kind == ENT_ENTRY_CLOSED || kind == ENT_ENTRY_DISCLOSED ? hit_before(a, &d.at[k]) : NULL;
        if (!hit || ent_id_equal(hit->case_number.b, d.at[k].e->case_number.b)) continue;
        *ret_side = d.at[k].side;
        return hit;
    }
    return NULL;
}

static void note_further(audit *a, dossier d)
{
    uint32_t side;
    const ent_entry *hit = hit_of_further(a, d, &side);
    if (hit) a->further[a->counts.further++] = (item){hit, side, (uint64_t)(hit - a->sides[side].entries)};
}

static int by_place(const void *x, const void *y)
{
    const item *a = x, *b = y;
    if (a->side != b->side) return a->side < b->side ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void check_candidates(audit *a)
{
    size_t n = a->counts.further;
    qsort(a->further, n, sizeof *a->further, by_place);
    for (size_t from = 0, to; from < n; from = to) {
        const ent_audit_text *t = text_of(a, a->further[from].e);
        const ent_flow *f = t ? ent_agreement_flow(t->agreement, a->further[from].e->flow) : NULL;
        for (to = from + 1; to < n && by_place(&a->further[from], &a->further[to]) == 0;) to++;
        if (f && to - from + 1 > f->candidates) report(a, ENT_AUDIT_CANDIDATES, &a->further[from]);
    }
}

/* ---- what was given on ---- */

/* To whom the agreement names, and of what is kept here. */
static void check_given_on(audit *a, dossier d, const item *given)
{
    const ent_audit_text *t = text_of(a, given->e);
    const ent_flow *f = t ? ent_agreement_flow(t->agreement, given->e->flow) : NULL;
    const ent_party *third = t ? ent_agreement_at(t->agreement, given->e->party) : NULL;
    if (!t) report(a, ENT_AUDIT_UNKNOWN_AGREEMENT, given);
    if (!t) return;
    if (!in_force(t, given->e->time)) report(a, ENT_AUDIT_NOT_IN_FORCE, given);
    const ent_entry *kept = given->e->follows < given->index ? &a->sides[given->side].entries[given->e->follows] : NULL;
    bool authorised = f && !f->onward_authorised, was_kept = kept && kept->kind == ENT_ENTRY_KEPT && strcmp(kept->flow, given->e->flow) == 0;
    size_t holder = f ? side_named(a, f->holder) : a->side_count;
    for (size_t k = 0; k < d.n; k++) {
        const ent_entry *e = d.at[k].e;
        authorised |= d.at[k].side == holder && e->kind == ENT_ENTRY_APPROVED && e->party == given->e->party && strcmp(e->clause, ENT_CLAUSE_AUTHORISED) == 0;
    }
    bool granted = f && third && ent_flow_gives_on(f, third->name) && strcmp(f->requester, a->sides[given->side].name) == 0;
    if (!granted || !was_kept) report(a, ENT_AUDIT_NOT_GRANTED, given);
    else if (!authorised && holder < a->side_count) report(a, ENT_AUDIT_NOT_AUTHORISED, given);
}

static void check_case(audit *a, dossier d)
{
    for (size_t k = 0; k < d.n; k++) {
        const item *i = &d.at[k];
        if (i->e->kind == ENT_ENTRY_ASKED || is_answer(i->e->kind)) check_basis(a, i);
        if (i->e->kind == ENT_ENTRY_ASKED) check_asked(a, d, i);
        if (is_outcome(i->e->kind)) check_outcome(a, d, i);
        if (i->e->kind == ENT_ENTRY_DISCLOSED) check_disclosed(a, d, i);
        if (is_local(i->e->kind)) check_local(a, d, i);
        if (ent_audit_drawn(i->e->kind)) check_lot(a, d, i);
        if (i->e->kind == ENT_ENTRY_PERSON) check_person(a, d, i);
        if (is_given_on(i->e)) check_given_on(a, d, i);
    }
    note_further(a, d);
    check_destroyed(a, d);
}

static int by_case(const void *x, const void *y)
{
    const item *a = x, *b = y;
    int c = memcmp(a->e->case_number.b, b->e->case_number.b, ENT_ID_SIZE);
    if (c) return c;
    if (a->side != b->side) return a->side < b->side ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void check_cases(audit *a, item *items, size_t n)
{
    qsort(items, n, sizeof *items, by_case);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && ent_id_equal(items[from].e->case_number.b, items[to].e->case_number.b);) to++;
        check_case(a, (dossier){items + from, to - from});
    }
}

/* ---- quotas ---- */

static int by_day(const void *x, const void *y)
{
    const item *a = x, *b = y;
    if (a->side != b->side) return a->side < b->side ? -1 : 1;
    int c = memcmp(a->e->agreement, b->e->agreement, 32);
    if (!c) c = strcmp(a->e->flow, b->e->flow);
    if (!c) c = ent_date_compare(ent_time_date(a->e->time), ent_time_date(b->e->time));
    return c ? c : a->index < b->index ? -1 : a->index > b->index;
}

static bool same_day(const item *a, const item *b)
{
    return a->side == b->side && memcmp(a->e->agreement, b->e->agreement, 32) == 0 && strcmp(a->e->flow, b->e->flow) == 0 &&
           ent_date_compare(ent_time_date(a->e->time), ent_time_date(b->e->time)) == 0;
}

static void check_quotas(audit *a, item *items, size_t n)
{
    size_t answers = 0;
    for (size_t k = 0; k < n; k++)
        if (is_answer(items[k].e->kind)) items[answers++] = items[k];
    qsort(items, answers, sizeof *items, by_day);
    for (size_t from = 0, to; from < answers; from = to) {
        const ent_audit_text *t = text_of(a, items[from].e);
        const ent_flow *f = t ? ent_agreement_flow(t->agreement, items[from].e->flow) : NULL;
        for (to = from + 1; to < answers && same_day(&items[from], &items[to]);) to++;
        for (size_t k = from + (f ? f->per_day : SIZE_MAX - from); k < to; k++) report(a, ENT_AUDIT_QUOTA, &items[k]);
    }
}

/* ---- the flow is suspended while one is overdue ---- */

/* At the holder: from the day after the last on which it might be opened, until it was told that it is. */
typedef struct period {
    uint32_t side;
    const ent_audit_text *text;
    const char *flow;
    uint64_t index; /* of the answer that was chosen */
    ent_date from;
    int64_t until_ms, longest_ms; /* its own; of all of its flow that had begun by then */
} period;

/* A later version of the agreement that both have signed begins anew. */
static int by_flow(uint32_t x_side, const ent_audit_text *x_text, const char *x_flow, const period *y)
{
    if (x_side != y->side) return x_side < y->side ? -1 : 1;
    int c = memcmp(x_text->envelope->digest, y->text->envelope->digest, 32);
    return c ? c : strcmp(x_flow, y->flow);
}

static int by_start(const void *x, const void *y)
{
    const period *p = x, *q = y;
    int c = by_flow(p->side, p->text, p->flow, q);
    return c ? c : ent_date_compare(p->from, q->from);
}

/* Of answers that stand in order of case: `items` as check_cases sorted them. */
static size_t find_periods(const audit *a, const item *items, size_t n, period *ret)
{
    size_t count = 0;
    for (size_t k = 0; k < n; k++) {
        const item *i = &items[k];
        const ent_audit_side *s = &a->sides[i->side];
        const ent_audit_text *t = ent_audit_drawn(i->e->kind) && s->chosen && s->chosen[i->index] ? text_of(a, i->e) : NULL;
        const ent_flow *f = t ? ent_agreement_flow(t->agreement, i->e->flow) : NULL;
        size_t from = k, to = k;
        if (!f || f->test || strcmp(f->holder, s->name) != 0) continue;
        while (from > 0 && ent_id_equal(items[from - 1].e->case_number.b, i->e->case_number.b)) from--;
        while (to < n && ent_id_equal(items[to].e->case_number.b, i->e->case_number.b)) to++;
        dossier d = {items + from, to - from};
        if (!is_late(a, d, i->side, i->e->time)) continue;
        const item *opened = lot_entry(d, i->side, "lot: opened to the auditor");
        ret[count++] = (period){.side = i->side, .text = t, .flow = i->e->flow, .index = i->index, .from = ent_date_add(ent_lot_until(ent_time_date(i->e->time)), 0, 0, 1),
                                .until_ms = opened ? opened->e->time.ms : INT64_MAX};
    }
    return count;
}

/* In order, each with the longest of those of its flow that had begun by then: one look-up tells of most answers that none lasted. */
static void order_periods(period *p, size_t count)
{
    qsort(p, count, sizeof *p, by_start);
    for (size_t i = 0; i < count; i++) {
        p[i].longest_ms = p[i].until_ms;
        if (i && by_flow(p[i - 1].side, p[i - 1].text, p[i - 1].flow, &p[i]) == 0 && p[i - 1].longest_ms > p[i].until_ms) p[i].longest_ms = p[i - 1].longest_ms;
    }
}

/* What stands behind an answer in the ledger cannot have suspended it, whatever a clock that ran ahead made of its time. */
static bool was_suspended(const audit *a, const item *answer, const period *p, size_t count)
{
    const ent_audit_text *t = text_of(a, answer->e);
    ent_date day = ent_time_date(answer->e->time);
    size_t lo = 0, hi = count; /* the first that has not begun */
    if (!t) return false;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = by_flow(answer->side, t, answer->e->flow, &p[mid]);
        if (c > 0 || (c == 0 && ent_date_compare(p[mid].from, day) <= 0)) lo = mid + 1;
        else hi = mid;
    }
    for (bool lasts = true; lasts && lo-- > 0;) {
        lasts = by_flow(answer->side, t, answer->e->flow, &p[lo]) == 0 && answer->e->time.ms < p[lo].longest_ms;
        if (lasts && answer->e->time.ms < p[lo].until_ms && p[lo].index < answer->index) return true;
    }
    return false;
}

static ent_code check_suspended(audit *a, const item *items, size_t n, ent_err *err)
{
    period *p = malloc((a->counts.chosen + 1) * sizeof *p);
    if (!p) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    size_t count = find_periods(a, items, n, p);
    order_periods(p, count);
    for (size_t k = 0; count && k < n; k++)
        if (ent_audit_drawn(items[k].e->kind) && was_suspended(a, &items[k], p, count)) report(a, ENT_AUDIT_LOT_PASSED_OVER, &items[k]);
    free(p);
    return ENT_OK;
}

ent_code ent_audit(const ent_audit_side *sides, size_t side_count, const ent_audit_text *texts, size_t text_count,
                   void (*found)(void *ctx, const ent_audit_finding *finding), void *ctx, ent_audit_counts *ret_counts,
                   ent_err *err)
{
    audit a = {.sides = sides, .side_count = side_count, .texts = texts, .text_count = text_count, .found = found,
               .ctx = ctx};
    size_t n = 0, total = 0;
    for (size_t s = 0; s < side_count; s++) total += sides[s].count;
    item *items = malloc((total + 1) * sizeof *items);
    if (!items) return ent_fail(err, ENT_NO_MEMORY, "no memory for %zu entries", total);
    for (size_t s = 0; s < side_count; s++) {
        check_order(&a, (uint32_t)s);
        note_contacts(&a, s);
        for (size_t k = 0; k < sides[s].count; k++)
            if (!ent_id_is_zero(sides[s].entries[k].case_number.b)) items[n++] = (item){&sides[s].entries[k], (uint32_t)s, k};
    }
    a.further = malloc((n + 1) * sizeof *a.further); /* one a case number at most */
    if (!a.further) return free(items), ent_fail(err, ENT_NO_MEMORY, "no memory for %zu entries", total);
    check_cases(&a, items, n);
    check_candidates(&a);
    free(a.further);
    ent_code code = check_suspended(&a, items, n, err);
    check_quotas(&a, items, n);
    free(items);
    if (code == ENT_OK) *ret_counts = a.counts;
    return code;
}
