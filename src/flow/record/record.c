/* What is held, as custodians and auditors see it, and what happens to it in law: events, second persons, corrections, links.
 *
 * Whatever changes here recomputes the dates of every part of the person. Where a date moved earlier, a window begins in which the
 * part is hidden and nothing is destroyed, so that a wrong event can be corrected by two persons; unlawful and mistaken-identity,
 * approved by a second person, have none. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/commit.h"
#include "flow/disclosure/disclosure.h"
#include "flow/record/aside.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_DAYS 14

/* ---- views ---- */

static void view_on(ent_flow_node *n, const ent_held_part *p, ent_date day, ent_part_view *ret)
{
    *ret = (ent_part_view){.id = p->id, .encounter = p->encounter, .person = p->person, .material = p->facts.material, .taken = p->facts.taken,
                           .not_before = p->not_before, .events = p->facts.event_count, .in_hold_store = p->hold != NULL};
    snprintf(ret->taken_under, sizeof ret->taken_under, "%s", p->facts.taken_under);
    for (size_t i = 0; i < p->facts.event_count; i++) ret->pending += p->facts.events[i].pending;
    ent_part_retention_on(n, p, &p->facts, day, &ret->kept);
}

static void view(ent_flow_node *n, const ent_held_part *p, ent_part_view *ret) { view_on(n, p, ent_today(n), ret); }

ent_code ent_flow_parts_on(ent_flow_node *n, const ent_actor *by, ent_date day, void (*see)(void *ctx, const ent_part_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->part_count; i++) {
        ent_part_view v;
        view_on(n, &n->parts[i], day, &v);
        see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

ent_code ent_flow_parts(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_part_view *v), void *ctx, ent_err *err)
{
    return ent_flow_parts_on(n, by, ent_today(n), see, ctx, err);
}

static bool overrides(ent_legal_event_kind kind) { return kind == ENT_EVENT_UNLAWFUL || kind == ENT_EVENT_MISTAKEN_IDENTITY; }

static bool waits(const ent_legal_event *e)
{
    if (e->undone) return false;
    return e->pending || !ent_id_is_zero(e->undo_by.b) || (overrides(e->kind) && ent_id_is_zero(e->second.b));
}

ent_code ent_flow_events(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], ent_see_event *see, void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    pthread_mutex_lock(&n->lock);
    bool found = !part;
    for (size_t i = 0; i < n->part_count; i++) {
        const ent_held_part *p = &n->parts[i];
        ent_part_view v;
        if (part && !ent_id_equal(p->id.b, part) && !ent_id_equal(p->encounter.b, part)) continue;
        found = true;
        if (p->facts.event_count) view(n, p, &v);
        for (size_t k = 0; k < p->facts.event_count; k++)
            if (part || waits(&p->facts.events[k])) see(ctx, &v, k, &p->facts.events[k]);
    }
    pthread_mutex_unlock(&n->lock);
    return found ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no part or encounter with this number is held");
}

/* ---- dates that move ---- */

static bool earlier(ent_date now, ent_date before)
{
    if (!now.year) return false;
    return !before.year || ent_date_compare(now, before) < 0;
}

static bool approved_override(const ent_legal_facts *f)
{
    for (size_t i = 0; i < f->event_count; i++)
        if (overrides(f->events[i].kind) && !f->events[i].undone && !ent_id_is_zero(f->events[i].second.b)) return true;
    return false;
}

/* Two have said that the taking was unlawful; a name goes with the prints of which they said it. */
static bool ended_by_two(ent_flow_node *n, const ent_held_part *p)
{
    bool ended = approved_override(&p->facts);
    if (p->facts.material != ENT_MATERIAL_BIOGRAPHIC) return ended;
    for (const ent_held_part *q = ent_part_first(n, ENT_BY_ENCOUNTER, p->encounter.b); q; q = ent_part_next(n, ENT_BY_ENCOUNTER, q)) ended |= approved_override(&q->facts);
    return ended;
}

/* Works a part's date out anew; true when its row must be written. */
static bool moved(ent_flow_node *n, ent_held_part *p)
{
    ent_retention kept;
    ent_date window = ent_date_from_days(ent_date_days(ent_today(n)) + (n->c.window_days ? n->c.window_days : WINDOW_DAYS));
    ent_date was = p->not_before, due_was = p->due_on;
    ent_part_retention(n, p, &kept);
    if (earlier(kept.due_on, p->due_on)) p->not_before = window;
    else if (earlier(p->due_on, kept.due_on)) p->not_before = (ent_date){0};
    if (ended_by_two(n, p)) p->not_before = (ent_date){0};
    p->due_on = kept.due_on;
    return ent_date_compare(was, p->not_before) != 0 || ent_date_compare(due_was, p->due_on) != 0;
}

/* Dates of the person's parts before a change, to be put back when it is not kept. */
typedef struct dates {
    ent_held_part *part[96];
    ent_date due_on[96], not_before[96];
    size_t count;
} dates;

static void remember(ent_flow_node *n, const ent_person_id *person, dates *d)
{
    for (ent_held_part *q = ent_part_first(n, ENT_BY_PERSON, person->b); q && d->count < 96; q = ent_part_next(n, ENT_BY_PERSON, q)) {
        d->part[d->count] = q;
        d->due_on[d->count] = q->due_on;
        d->not_before[d->count++] = q->not_before;
    }
}

/* The day that the ledger promises: none while a hold suspends it, never before the window's end. */
static ent_date promised(const ent_held_part *p, const ent_retention *kept)
{
    if (kept->held) return (ent_date){0};
    return kept->due_on.year && p->not_before.year && ent_date_compare(kept->due_on, p->not_before) < 0 ? p->not_before : kept->due_on;
}

static void start_entry(ent_flow_node *n, const ent_actor *by, const ent_held_part *p, ent_entry_kind kind, ent_entry *ret)
{
    ent_retention kept;
    ent_part_retention(n, p, &kept);
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = p->index, .case_number = p->case_number, .destroy_by = promised(p, &kept)};
    if (by) ret->actor = by->pseudonym;
    snprintf(ret->clause, sizeof ret->clause, "%s", kept.clause);
}

/* A part whose date moved although nothing was recorded of itself: of a linked encounter, or by a changed rule. */
static ent_code put_with_entry(ent_flow_node *n, ent_batch *b, const ent_actor *by, ent_held_part *p, ent_err *err)
{
    ent_entry e;
    uint32_t day = ent_date_pack(p->due_on);
    start_entry(n, by, p, ENT_ENTRY_EVENT, &e);
    ent_commit_to(p->salt, &day, sizeof day, e.commitment);
    ent_batch_entry(b, &e);
    return ent_part_put(n, b, p, err);
}

static ent_code put_moved(ent_flow_node *n, ent_batch *b, const ent_actor *by, const dates *d, const ent_held_part *recorded, ent_err *err)
{
    for (size_t i = 0; i < d->count; i++) {
        bool changed = moved(n, d->part[i]);
        if (d->part[i] == recorded) ENT_TRY(ent_part_put(n, b, d->part[i], err)); /* its own entry is the event's */
        else if (changed) ENT_TRY(put_with_entry(n, b, by, d->part[i], err));
    }
    return ENT_OK;
}

/* On the standby too, before the batch is committed: should that fail, nothing was acknowledged. */
static ent_code put_aside(ent_flow_node *n, ent_held_part *const *parts, size_t count, bool all, ent_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (all || parts[i]->facts.event_count || parts[i]->hold) ENT_TRY(ent_aside_part(n, parts[i], err));
    return ENT_OK;
}

static void put_back(const dates *d)
{
    for (size_t i = 0; i < d->count; i++) d->part[i]->due_on = d->due_on[i], d->part[i]->not_before = d->not_before[i];
}

static void look_all(ent_flow_node *n, const dates *d)
{
    for (size_t i = 0; i < d->count; i++) ent_part_look(n, d->part[i]);
}

/* The regimes are files that may have changed while the node was down. A date that they moved earlier gets its window, as if an
 * event had moved it; the rows then remember the new date. */
ent_code ent_parts_settle(ent_flow_node *n, ent_err *err)
{
    size_t sooner = 0;
    for (size_t i = 0; i < n->part_count;) {
        ENT_AUTO_BATCH b = ent_batch_new("settle");
        if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        for (; i < n->part_count && b->entry_count < ENT_BATCH_ENTRIES - 1; i++) {
            ent_held_part *p = &n->parts[i];
            if (ent_date_compare(p->due_on, p->row_due_on) == 0) continue;
            ent_date now = p->due_on;
            p->due_on = p->row_due_on;
            sooner += earlier(now, p->row_due_on);
            (void)moved(n, p);
            ENT_TRY(put_with_entry(n, b, NULL, p, err));
        }
        if (i == n->part_count && sooner) {
            ent_entry e = {.kind = ENT_ENTRY_REGIME, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
            snprintf(e.clause, sizeof e.clause, "dates moved earlier: %zu parts", sooner);
            ent_fill(n, e.case_number.b, sizeof e.case_number.b);
            ent_batch_entry(b, &e);
        }
        if (b->count) ENT_TRY(ent_commit(n, b, NULL, err));
    }
    return ENT_OK;
}

/* ---- events ---- */

static void fill_entry(ent_flow_node *n, const ent_actor *by, const ent_held_part *p, ent_entry_kind kind, const ent_legal_event *e, ent_entry *ret)
{
    uint8_t salt[32];
    start_entry(n, by, p, kind, ret);
    ent_derive(p->salt, "event", &p->facts.event_count, sizeof p->facts.event_count, salt);
    ent_commit_to(salt, e, sizeof *e, ret->commitment);
}

static ent_entry_kind entry_of(const ent_legal_event *e)
{
    if (e->kind == ENT_EVENT_EXTENSION && !e->pending) return ENT_ENTRY_EXTENDED;
    return e->kind == ENT_EVENT_HOLD ? ENT_ENTRY_HELD : ENT_ENTRY_EVENT;
}

/* The part's events become these (taken over); rows of all parts whose dates move, the entry, in one batch. */
static ent_code change_events(ent_flow_node *n, const ent_actor *by, ent_held_part *p, ent_legal_event *events, size_t count, size_t which, ent_entry_kind kind,
                              ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("event");
    dates d = {0};
    ent_entry e;
    const ent_legal_event *old = p->facts.events;
    size_t old_count = p->facts.event_count;
    remember(n, &p->person, &d);
    p->facts.events = events;
    p->facts.event_count = count;
    ent_code code = b ? put_moved(n, b, by, &d, p, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        fill_entry(n, by, p, kind, &events[which], &e);
        ent_batch_entry(b, &e);
        if (overrides(events[which].kind)) code = ent_disclosures_recall(n, b, p->transaction, NULL, ENT_RECALL_UNLAWFUL, err);
    }
    if (code == ENT_OK) code = put_aside(n, d.part, d.count, false, err);
    if (code == ENT_OK) code = ent_commit(n, b, NULL, err);
    if (code != ENT_OK) {
        p->facts.events = old;
        p->facts.event_count = old_count;
        put_back(&d);
        free(events);
        return code;
    }
    free((void *)old);
    look_all(n, &d);
    return ENT_OK;
}

static ent_legal_event *copy_events(const ent_held_part *p, size_t more, ent_err *err)
{
    ent_legal_event *events = calloc(p->facts.event_count + more + 1, sizeof *events);
    if (events && p->facts.event_count) memcpy(events, p->facts.events, p->facts.event_count * sizeof *events);
    if (!events) (void)ent_fail(err, ENT_NO_MEMORY, "out of memory");
    return events;
}

static ent_code add_event(ent_flow_node *n, const ent_actor *by, ent_held_part *p, const ent_legal_event *event, ent_err *err)
{
    if (p->facts.event_count >= 1000) return ent_fail(err, ENT_TOO_LARGE, "a part has at most 1000 events");
    ent_legal_event *events = copy_events(p, 1, err);
    if (!events) return ENT_NO_MEMORY;
    size_t at = p->facts.event_count;
    events[at] = *event;
    events[at].by = by->pseudonym;
    events[at].pending = event->kind == ENT_EVENT_EXTENSION;
    return change_events(n, by, p, events, at + 1, at, entry_of(&events[at]), err);
}

/* Whoever received this record learns that it changed: the old disclosure is called back, the same fields follow as they are now. */
struct changed_for {
    ent_search_id reference[32];
    uint32_t fields[32];
    size_t count;
};

static void note_disclosed(void *ctx, const ent_disclosure_view *v)
{
    struct changed_for *c = ctx;
    if (v->recalled.ms || c->count == 32) return;
    c->reference[c->count] = v->reference;
    c->fields[c->count++] = v->fields;
}

static bool changes_status(ent_legal_event_kind kind)
{
    return kind <= ENT_EVENT_QUASHED;
}

static ent_code recall_changed(ent_flow_node *n, const ent_held_part *p, struct changed_for *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("correct");
    ENT_TRY(ent_disclosures_of(n, p->transaction, note_disclosed, c, err));
    if (!c->count) return ENT_OK;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_disclosures_recall(n, b, p->transaction, NULL, ENT_RECALL_CORRECTED, err));
    return ent_commit(n, b, NULL, err);
}

static void disclose_again(ent_flow_node *n, const ent_actor *by, const struct changed_for *c)
{
    for (size_t i = 0; i < c->count; i++) {
        ent_disclosed d;
        ent_err err;
        (void)!ent_flow_disclose(n, by, c->reference[i].b, c->fields[i], &d, &err); /* what may not go now has been recalled */
    }
}

/* One part by its number, or all of an encounter. */
static size_t named_parts(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_held_part *ret[3])
{
    size_t count = 0;
    ret[0] = ent_part_held(n, id);
    if (ret[0]) return 1;
    for (ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, id); p && count < 3; p = ent_part_next(n, ENT_BY_ENCOUNTER, p)) ret[count++] = p;
    return count;
}

/* With the person's other encounters. */
static ent_code check_extension(ent_flow_node *n, const ent_held_part *p, const ent_legal_event *e, ent_err *err)
{
    ent_legal_facts linked[ENT_LINKED_MAX];
    size_t count = ent_part_linked(n, p, linked);
    return ent_extension_check(n->c.regimes, n->c.regime_count, &p->facts, linked, count, e, e->applied.year ? e->applied : e->date, err);
}

/* Of an encounter's parts those that the extended power keeps; when there is none, why the first is refused. */
static ent_code keep_extendable(ent_flow_node *n, ent_held_part *parts[3], size_t *count, const ent_legal_event *e, ent_err *err)
{
    size_t left = 0;
    ent_err why = {0}, first = {0};
    ent_code code = ENT_REFUSED;
    for (size_t i = 0; i < *count; i++) {
        ent_code one = check_extension(n, parts[i], e, &why);
        if (one == ENT_OK) parts[left++] = parts[i];
        if (i == 0) code = one, first = why;
    }
    *count = left;
    if (left) return ENT_OK;
    if (err) *err = first;
    return code;
}

ent_code ent_flow_event(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], const ent_legal_event *event, ent_date applied,
                        ent_part_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_RECORD_EVENT, err));
    if (ent_date_compare(ent_today(n), event->date) < 0) return ent_fail(err, ENT_USAGE, "an event is recorded when it has happened, not before");
    struct changed_for told = {0};
    ent_legal_event e = *event;
    ent_held_part *parts[3];
    e.applied = applied;
    pthread_mutex_lock(&n->lock);
    size_t count = named_parts(n, part, parts);
    ent_code code = count ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no part or encounter with this number is held");
    if (code == ENT_OK && e.kind == ENT_EVENT_EXTENSION) code = keep_extendable(n, parts, &count, &e, err);
    for (size_t i = 0; i < count && code == ENT_OK; i++) code = add_event(n, by, parts[i], &e, err);
    if (code == ENT_OK && changes_status(e.kind)) code = recall_changed(n, parts[0], &told, err);
    if (code == ENT_OK) view(n, parts[0], ret_view);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    disclose_again(n, by, &told);
    return code;
}

/* ---- the second person ---- */

static ent_code find_event(ent_flow_node *n, const uint8_t part[ENT_ID_SIZE], size_t number, ent_held_part **ret, ent_err *err)
{
    *ret = ent_part_held(n, part);
    if (!*ret) return ent_fail(err, ENT_NOT_FOUND, "no part with this number is held");
    if (number >= (*ret)->facts.event_count) return ent_fail(err, ENT_NOT_FOUND, "this part has %zu events, counted from 0", (*ret)->facts.event_count);
    return ENT_OK;
}

ent_code ent_flow_event_correct(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], size_t number, ent_part_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_RECORD_EVENT, err));
    ent_held_part *p;
    pthread_mutex_lock(&n->lock);
    ent_code code = find_event(n, part, number, &p, err);
    ent_legal_event *events = code == ENT_OK ? copy_events(p, 0, err) : NULL;
    if (code == ENT_OK && !events) code = ENT_NO_MEMORY;
    if (code == ENT_OK && events[number].undone) code = ent_fail(err, ENT_CONFLICT, "this event is corrected already");
    if (code == ENT_OK) {
        events[number].undo_by = by->pseudonym;
        code = change_events(n, by, p, events, p->facts.event_count, number, ENT_ENTRY_EVENT, err);
    } else free(events);
    if (code == ENT_OK) view(n, p, ret_view);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* Which word is missing, and by whom the first was given. */
static ent_code decide(ent_flow_node *n, const ent_actor *by, const ent_held_part *p, ent_legal_event *e, bool agree, ent_err *err)
{
    bool undo = !ent_id_is_zero(e->undo_by.b);
    const ent_actor_id *first = undo ? &e->undo_by : &e->by;
    if (!waits(e)) return ent_fail(err, ENT_CONFLICT, "this event waits for nobody");
    if (agree && ent_id_equal(first->b, by->pseudonym.b)) return ent_fail(err, ENT_DENIED, "%s proposed it: nobody approves their own act", by->name);
    if (undo) {
        if (agree) e->undone = true, e->pending = false;
        memset(&e->undo_by, 0, sizeof e->undo_by);
        return ENT_OK;
    }
    if (!agree && !e->pending) return ent_fail(err, ENT_CONFLICT, "it counts already: correct it instead");
    if (!agree) e->undone = true;
    else if (e->kind == ENT_EVENT_EXTENSION)
        ENT_TRY(check_extension(n, p, e, err));
    e->pending = false;
    if (agree) e->second = by->pseudonym;
    return ENT_OK;
}

ent_code ent_flow_event_approve(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], size_t number, bool agree, ent_part_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_APPROVE, err));
    ent_held_part *p;
    pthread_mutex_lock(&n->lock);
    ent_code code = find_event(n, part, number, &p, err);
    ent_legal_event *events = code == ENT_OK ? copy_events(p, 0, err) : NULL;
    if (code == ENT_OK && !events) code = ENT_NO_MEMORY;
    if (code == ENT_OK) code = decide(n, by, p, &events[number], agree, err);
    if (code == ENT_OK) {
        bool extended = agree && events[number].kind == ENT_EVENT_EXTENSION && !events[number].undone;
        code = change_events(n, by, p, events, p->facts.event_count, number, extended ? ENT_ENTRY_EXTENDED : ENT_ENTRY_APPROVED, err);
    } else free(events);
    if (code == ENT_OK) view(n, p, ret_view);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}

/* ---- one person, several encounters ---- */

/* Every part of the encounter becomes this person's; rows, dates and the entry in one batch. */
static ent_code rename_encounter(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], const ent_person_id *person, const char *clause, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("link");
    dates before = {0}, after = {0};
    ent_held_part *own[3];
    size_t count = 0;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, encounter); p && count < 3; p = ent_part_next(n, ENT_BY_ENCOUNTER, p)) own[count++] = p;
    if (!count) return ent_fail(err, ENT_NOT_FOUND, "no encounter with this number is held");
    ent_person_id old = own[0]->person;
    remember(n, &old, &before);
    for (size_t i = 0; i < count; i++) ent_part_renamed(n, own[i], person);
    remember(n, person, &after);
    ent_code code = put_moved(n, b, by, &before, NULL, err);
    if (code == ENT_OK) code = put_moved(n, b, by, &after, NULL, err);
    for (size_t i = 0; i < count && code == ENT_OK; i++) code = ent_part_put(n, b, own[i], err);
    if (code == ENT_OK) {
        ent_entry e = {.kind = ENT_ENTRY_LINKED, .time = ent_now(n), .follows = own[0]->index, .case_number = own[0]->case_number, .actor = by->pseudonym};
        snprintf(e.clause, sizeof e.clause, "%s", clause);
        ent_commit_to(own[0]->salt, person->b, ENT_ID_SIZE, e.commitment);
        ent_batch_entry(b, &e);
        code = put_aside(n, own, count, true, err);
    }
    if (code == ENT_OK) code = ent_commit(n, b, NULL, err);
    if (code != ENT_OK) {
        for (size_t i = 0; i < count; i++) ent_part_renamed(n, own[i], &old);
        put_back(&after);
        put_back(&before);
        return code;
    }
    look_all(n, &before);
    look_all(n, &after);
    return ENT_OK;
}

ent_code ent_flow_link(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], const uint8_t other[ENT_ID_SIZE], ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_LINK, err));
    pthread_mutex_lock(&n->lock);
    const ent_held_part *to = ent_part_first(n, ENT_BY_ENCOUNTER, other), *from = ent_part_first(n, ENT_BY_ENCOUNTER, encounter);
    ent_code code = to && from ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no encounter with this number is held");
    if (code == ENT_OK && ent_id_equal(to->person.b, from->person.b)) code = ent_fail(err, ENT_EXISTS, "these encounters are linked already");
    if (code == ENT_OK) {
        ent_person_id person = to->person;
        code = rename_encounter(n, by, encounter, &person, "linked", err);
    }
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_unlink(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_LINK, err));
    ent_person_id person;
    pthread_mutex_lock(&n->lock);
    const ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, encounter);
    ent_legal_facts linked[ENT_LINKED_MAX];
    ent_code code = p ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no encounter with this number is held");
    if (code == ENT_OK && !ent_part_linked(n, p, linked)) code = ent_fail(err, ENT_CONFLICT, "this encounter is linked with no other");
    ent_fill(n, person.b, ENT_ID_SIZE);
    if (code == ENT_OK) code = rename_encounter(n, by, encounter, &person, "unlinked", err);
    pthread_mutex_unlock(&n->lock);
    return code;
}
