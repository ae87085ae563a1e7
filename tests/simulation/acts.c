/* What people and faults do, one at a time, by chance. An act may fail where a fault stopped it; what must hold anyway is check.c's. */
#include "simulation/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE 60000ll
#define DAY 86400000ll

static sim_node *any_node(void) { return &sim->node[sim_below(sim->nodes)]; }
static sim_deal *any_deal(void) { return &sim->deal[sim_below(sim->deals)]; }

static sim_record *any_record(void)
{
    sim_record *r = sim->records ? &sim->record[sim_below(sim->records)] : NULL;
    return r && !r->gone ? r : NULL;
}

/* ---- records ---- */

static void enrol(void)
{
    if (sim->records == RECORDS) return;
    size_t holder = sim_in(3, 4) ? any_deal()->holder : sim_below(sim->nodes);
    sim_record *r = &sim->record[sim->records];
    sim_node *n = &sim->node[holder];
    ENT_AUTO_BUF file = ENT_BUF(256);
    ent_enrol_options o = {.taken_under = "ta-2000-s41", .subject = "Exempla, Jane"};
    ent_enrolled e = {0};
    ent_actor by;
    *r = (sim_record){.holder = holder, .finger = (unsigned)sim_below(FINGERS), .serial = sim->step};
    sim_print(r->finger, 0, r->serial, &file);
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_enrol(n->flow, &by, file.data, file.len, &o, &e, NULL);
    sim_say("%s enrols finger %u: %s", n->c.name, r->finger, ent_code_text(code));
    /* Whether it was taken is in the store: the same file again says so, if nothing fails in the middle of that too. */
    for (int again = 0; code != ENT_OK && code != ENT_EXISTS && (again == 0 || n->dead); again++) {
        if (n->dead) sim_restart(n);
        sim_actor(n, CUSTODIAN, &by);
        code = ent_flow_enrol(n->flow, &by, file.data, file.len, &o, &e, NULL);
    }
    if (n->dead) sim_restart(n);
    if (code != ENT_OK && code != ENT_EXISTS) return;
    r->encounter = e.encounter;
    sim->records++;
}

/* A transaction that was destroyed is not taken again. */
static void enrol_again(void)
{
    if (!sim->records) return;
    sim_record *r = &sim->record[sim_below(sim->records)];
    sim_node *n = &sim->node[r->holder];
    ENT_AUTO_BUF file = ENT_BUF(256);
    ent_enrolled e;
    ent_actor by;
    sim_print(r->finger, 0, r->serial, &file);
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_enrol(n->flow, &by, file.data, file.len, &(ent_enrol_options){.taken_under = "ta-2000-s41"}, &e, NULL);
    sim_say("%s enrols finger %u once more: %s", n->c.name, r->finger, ent_code_text(code));
    if (code != (r->gone ? ENT_GONE : ENT_EXISTS)) sim_fail("a transaction that was %s is enrolled again: %s", r->gone ? "destroyed" : "enrolled", ent_code_text(code));
}

static void destroy(void)
{
    sim_record *r = any_record();
    ent_destroyed d;
    ent_actor by;
    if (!r) return;
    sim_node *n = &sim->node[r->holder];
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_destroy(n->flow, &by, r->encounter.b, "a simulation", &d, NULL);
    sim_say("%s destroys finger %u: %s", n->c.name, r->finger, ent_code_text(code));
    if (code == ENT_OK) r->gone = true, sim->counts.destroyed++;
}

struct waiting {
    ent_part_id id[32];
    size_t number[32], count;
};

static void collect_part(void *ctx, const ent_part_view *v, size_t number, const ent_legal_event *e)
{
    struct waiting *w = ctx;
    (void)e;
    if (w->count == 32) return;
    w->id[w->count] = v->id;
    w->number[w->count++] = number;
}

static void approve(void)
{
    sim_node *n = any_node();
    struct waiting waiting = {.count = 0};
    ent_part_view v;
    ent_actor by;
    sim_actor(n, DEPUTY, &by);
    if (ent_flow_events(n->flow, &by, NULL, collect_part, &waiting, NULL) != ENT_OK || !waiting.count) return;
    size_t i = sim_below(waiting.count);
    ent_code code = ent_flow_event_approve(n->flow, &by, waiting.id[i].b, waiting.number[i], sim_in(3, 4), &v, NULL);
    sim_say("%s, the second person: %s", n->c.name, ent_code_text(code));
    sim_actor(n, CUSTODIAN, &by);
    if (code == ENT_OK && !n->dead && ent_flow_event_approve(n->flow, &by, waiting.id[i].b, waiting.number[i], true, &v, NULL) == ENT_OK)
        sim_fail("%s: an event was approved twice", n->c.name);
}

static void event(void)
{
    static const ent_legal_event_kind kinds[] = {ENT_EVENT_CHARGED, ENT_EVENT_ACQUITTED, ENT_EVENT_CONVICTED, ENT_EVENT_NO_FURTHER_ACTION,
                                                 ENT_EVENT_UNLAWFUL, ENT_EVENT_HOLD, ENT_EVENT_RELEASE, ENT_EVENT_EXTENSION, ENT_EVENT_QUASHED};
    sim_record *r = any_record();
    ent_part_view v;
    ent_actor by;
    if (!r) return;
    sim_node *n = &sim->node[r->holder];
    ent_date today = ent_time_date(n->clock.now);
    ent_legal_event e = {.kind = kinds[sim_below(sizeof kinds / sizeof kinds[0])], .date = today};
    if (e.kind == ENT_EVENT_EXTENSION) e = (ent_legal_event){.kind = e.kind, .date = today, .regime = "uk-terrorism-3y", .decided_by = "district-judge"};
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_event(n->flow, &by, r->encounter.b, &e, today, &v, NULL);
    sim_say("%s records event %d of finger %u: %s", n->c.name, (int)e.kind, r->finger, ent_code_text(code));
}

static void correct(void)
{
    sim_record *r = any_record();
    ent_part_view v;
    ent_actor by;
    if (!r) return;
    sim_node *n = &sim->node[r->holder];
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_event_correct(n->flow, &by, r->encounter.b, 0, &v, NULL);
    sim_say("%s corrects the first event of finger %u: %s", n->c.name, r->finger, ent_code_text(code));
}

static void run(void)
{
    sim_node *n = any_node();
    size_t destroyed = 0;
    ent_actor by;
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_retention_run(n->flow, &by, false, &destroyed, NULL);
    sim_say("%s runs the retention: %s, %zu", n->c.name, ent_code_text(code), destroyed);
    sim->counts.destroyed += (unsigned)destroyed;
    ent_time_view t;
    if (code == ENT_OK && ent_flow_time(n->flow, &t, NULL) == ENT_OK && !t.sure) sim_fail("%s: destroyed on a time that nothing confirms", n->c.name);
}

/* ---- searches ---- */

/* Mostly of somebody whom the holder has or had. */
static unsigned likely_finger(size_t holder)
{
    for (int tries = 0; tries < 12 && sim->records; tries++) {
        const sim_record *r = &sim->record[sim_below(sim->records)];
        if (r->holder == holder) return r->finger;
    }
    return (unsigned)sim_below(FINGERS);
}

static void search(void)
{
    sim_deal *d = any_deal();
    sim_node *n = &sim->node[d->requester];
    ENT_AUTO_BUF captured = ENT_BUF(256), file = ENT_BUF(4096);
    ent_search_options o = {.purpose = "threat-check"};
    ent_search_result r = {0};
    ent_err err = {0};
    ent_actor by;
    unsigned finger = likely_finger(d->holder);
    snprintf(o.agreement, sizeof o.agreement, "%s", d->name);
    sim_print(finger, 1, sim->step, &captured);
    sim_capture(n, &captured, &file);
    sim_actor(n, OFFICER, &by);
    ent_code code = ent_flow_search(n->flow, &by, file.data, file.len, &o, &r, &err);
    if (code != ENT_OK && (n->dead || n->full)) n->unfinished++; /* "asked" may stand, or wait in the outbox */
    sim_say("%s asks %s for finger %u: %s%s%s %s", n->c.name, sim->node[d->holder].c.name, finger, ent_code_text(code), r.hit ? ", a hit" : "",
            r.refused ? ", refused" : "", r.clause);
    if (code == ENT_OK && !r.refused && r.hit && sim->searches < SEARCHES) sim->search[sim->searches++] = (sim_search){.id = r.reference, .holder = d->holder};
    if (code == ENT_OK) sim->counts.hits += r.hit, sim->counts.no_hits += !r.hit && !r.refused, sim->counts.refused += r.refused;
    if (code == ENT_OK && !sim_has_entry(n, ENT_ENTRY_ASKED, r.reference.b)) sim_fail("%s: an answer to what its ledger did not ask", n->c.name);
    ent_buf_free(&r.receipt);
}

struct cases {
    ent_case_view view[48];
    size_t count;
};

static void see_case(void *ctx, const ent_case_view *v)
{
    struct cases *c = ctx;
    if (v->state == ENT_CASE_OPEN && c->count < 48) c->view[c->count++] = *v;
}

/* Whoever signs uses the key that the node knows now. */
static void sign_as(int who, const ent_actor *a, const char *text, uint8_t ret[64])
{
    for (unsigned serial = 0; serial < 64; serial++) {
        ent_secret_key secret;
        ent_public_key key;
        sim_secret(who, serial, &secret);
        ent_sign_public(&secret, &key);
        if (!ent_public_key_equal(&key, &a->key)) continue;
        ent_sign(&secret, text, strlen(text), ret);
        return;
    }
    sim_fail("a person whose key nobody has");
}

static void note_conclusion(const uint8_t id[ENT_ID_SIZE], sim_node *n, int who)
{
    struct cases all = {.count = 0};
    ent_actor by;
    sim_actor(n, CUSTODIAN, &by);
    if (ent_flow_cases(n->flow, &by, see_case, &all, NULL) != ENT_OK) return;
    for (size_t i = 0; i < all.count; i++)
        for (size_t k = 0; k < sim->searches && ent_id_equal(all.view[i].id, id); k++)
            if (ent_id_equal(sim->search[k].id.b, all.view[i].reference.b)) sim->search[k].identified |= 1u << who;
}

static void analyse(sim_node *n, int who, const ent_actor *a, const uint8_t id[ENT_ID_SIZE])
{
    char text[ENT_CASE_SIGNED];
    uint8_t signature[64];
    ent_case_analysis_text(id, true, "m", 1, text);
    sign_as(who, a, text, signature);
    ent_code code = ent_flow_case_analyse(n->flow, a, id, true, "m", 1, signature, NULL);
    sim_say("%s: examiner %d analyses: %s", n->c.name, who, ent_code_text(code));
}

static void conclude(sim_node *n, int who, const ent_actor *a, const ent_case_view *v)
{
    char text[ENT_CASE_SIGNED];
    uint8_t signature[64];
    ent_case_view now;
    ent_finding finding = sim_in(5, 6) ? ENT_FINDING_IDENTIFIED : sim_in(1, 2) ? ENT_FINDING_EXCLUDED : ENT_FINDING_INCONCLUSIVE;
    if (finding == ENT_FINDING_IDENTIFIED) note_conclusion(v->id, n, who); /* before it may fail: then it may be kept or not */
    ent_case_conclusion_text(v->id, finding, v->version + 1, "r", 1, text);
    sign_as(who, a, text, signature);
    ent_code code = ent_flow_case_conclude(n->flow, a, v->id, finding, "r", 1, signature, &now, NULL);
    sim_say("%s: examiner %d concludes %d: %s", n->c.name, who, (int)finding, ent_code_text(code));
}

static void examine_at(sim_node *n)
{
    int who = sim_in(1, 2) ? EXAMINER : SECOND;
    struct cases mine = {.count = 0};
    ent_actor a;
    sim_actor(n, who, &a);
    if (ent_flow_cases(n->flow, &a, see_case, &mine, NULL) != ENT_OK || !mine.count) return;
    const ent_case_view *v = &mine.view[sim_below(mine.count)];
    if (!v->analysed) analyse(n, who, &a, v->id);
    else conclude(n, who, &a, v);
}

static void examine(void) { examine_at(&sim->node[any_deal()->holder]); }

static void disclose_one(sim_search *s)
{
    sim_node *n = &sim->node[s->holder];
    ent_disclosed d;
    ent_err err = {0};
    ent_actor by;
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_disclose(n->flow, &by, s->id.b, 0, &d, &err);
    sim_say("%s discloses: %s %s", n->c.name, ent_code_text(code), code == ENT_OK ? "" : err.detail);
    if (code != ENT_OK) return;
    sim->counts.disclosed++;
    if (s->identified != (1u << EXAMINER | 1u << SECOND)) sim_fail("%s: disclosed without two examiners who identified", n->c.name);
}

static void disclose(void)
{
    if (sim->searches) disclose_one(&sim->search[sim->searches - 1 - sim_below(sim->searches < 8 ? sim->searches : 8)]);
}

/* A hit is followed up at once, as far as faults let it. */
static void pursue(void)
{
    size_t before = sim->searches;
    search();
    if (sim->searches == before) return;
    sim_node *n = &sim->node[sim->search[before].holder];
    for (int i = 0; i < 10 && !n->dead; i++) examine_at(n);
    if (n->dead) return;
    disclose_one(&sim->search[before]);
}

static void take_back(void)
{
    sim_node *n = &sim->node[any_deal()->holder];
    if (!sim->searches) return;
    ent_actor by;
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_search_close(n->flow, &by, sim->search[sim_below(sim->searches)].id.b, NULL);
    sim_say("%s closes a case: %s", n->c.name, ent_code_text(code));
}

/* ---- agreements and keys ---- */

/* What stands is noted, so that it can be checked that nothing is in force against it. A resumption that failed may have been kept. */
static void note(sim_node *n, sim_deal *d, ent_act act, ent_code code, bool told)
{
    int side = n == &sim->node[d->requester];
    if (act == ENT_ACT_RESUME) d->held[side] = 0, d->heard[side] = false;
    else if (code == ENT_OK) d->held[side] = d->said[side], d->heard[side] = told;
}

static void declare(sim_node *n, sim_deal *d, ent_act act, bool tell)
{
    ent_agreement_view v;
    ent_actor by;
    size_t told = 0;
    if (n->dead) return;
    sim_actor(n, CUSTODIAN, &by);
    ent_code code = ent_flow_agreement_act(n->flow, &by, d->name, act, &v, NULL);
    sim_actor(n, DEPUTY, &by);
    if (code == ENT_OK && v.waits) code = ent_flow_agreement_act(n->flow, &by, d->name, act, &v, NULL);
    d->wavered = true;
    bool heard = code == ENT_OK && tell && ent_flow_agreement_send(n->flow, d->name, &told, NULL) == ENT_OK;
    note(n, d, act, code, heard);
    sim_say("%s: %s %s: %s, told %zu", n->c.name, ent_act_text(act), d->name, ent_code_text(code), told);
}

static void suspend(void)
{
    sim_deal *d = any_deal();
    declare(&sim->node[sim_in(1, 2) ? d->holder : d->requester], d, ENT_ACT_SUSPEND, sim_in(2, 3));
}

static void resume(void)
{
    sim_deal *d = any_deal();
    declare(&sim->node[sim_in(1, 2) ? d->holder : d->requester], d, ENT_ACT_RESUME, sim_in(2, 3));
}

/* Both ends declare before either has heard of the other; now and then one of them ends it. */
static void declare_at_once(void)
{
    static const ent_act some[] = {ENT_ACT_SUSPEND, ENT_ACT_SUSPEND, ENT_ACT_RESUME, ENT_ACT_RESUME, ENT_ACT_RESUME, ENT_ACT_END};
    sim_deal *d = any_deal();
    declare(&sim->node[d->holder], d, some[sim_below(6)], false);
    declare(&sim->node[d->requester], d, some[sim_below(6)], false);
}

/* Whoever has signed the next version suspends the present one, now and then with another draft on top; then the other countersigns, having
 * heard of it or not. */
static void suspend_ahead(void)
{
    sim_deal *d = any_deal();
    sim_node *n = &sim->node[d->requester];
    unsigned version = d->version + 1;
    ent_agreement_view v;
    bool more = sim_in(1, 4);
    ent_code code = sim_propose(d, version);
    if (code == ENT_OK) declare(n, d, sim_in(7, 8) ? ENT_ACT_SUSPEND : ENT_ACT_END, sim_in(1, 2));
    if (code == ENT_OK) code = sim_countersign(d, version);
    if (code == ENT_OK && more) (void)!sim_propose(d, version + 1);
    sim_standing(n, d, &v);
    sim->counts.bound_later += code == ENT_OK && v.version == version && v.state != ENT_AGREEMENT_SIGNED;
    sim_say("%s: %s is suspended, then amended: %s", n->c.name, d->name, ent_code_text(code));
}

static void tell_agreement(void)
{
    sim_deal *d = any_deal();
    size_t told = 0;
    (void)!ent_flow_agreement_send(sim->node[sim_in(1, 2) ? d->holder : d->requester].flow, d->name, &told, NULL);
}

static void amend(void)
{
    sim_deal *d = any_deal();
    d->wavered = true;
    sim_agree(d, d->version + 1);
}

static void rotate(void)
{
    sim_node *n = any_node();
    int who = (int)sim_below(PEOPLE);
    ent_actor a;
    ent_secret_key secret;
    ent_public_key fresh;
    uint8_t text[sizeof ENT_ROTATE_TEXT - 1 + 32], signature[64];
    unsigned serial = 1 + (unsigned)sim_below(63);
    sim_actor(n, who, &a);
    sim_secret(who, serial, &secret);
    ent_sign_public(&secret, &fresh);
    memcpy(text, ENT_ROTATE_TEXT, sizeof ENT_ROTATE_TEXT - 1);
    memcpy(text + sizeof ENT_ROTATE_TEXT - 1, fresh.b, 32);
    for (unsigned old = 0; old < 64; old++) {
        ent_public_key key;
        sim_secret(who, old, &secret);
        ent_sign_public(&secret, &key);
        if (ent_public_key_equal(&key, &a.key)) break;
    }
    ent_sign(&secret, text, sizeof text, signature);
    ent_code code = ent_flow_person_rotate(n->flow, &a, &fresh, signature, NULL);
    sim_say("%s: person %d changes their key: %s", n->c.name, who, ent_code_text(code));
}

/* ---- the lot ---- */

struct due_lots {
    ent_search_id some[8];
    size_t count;
};

static void see_lot(void *ctx, const ent_lot_view *v)
{
    struct due_lots *l = ctx;
    if (v->ours && v->state == ENT_LOT_CHOSEN && l->count < 8) l->some[l->count++] = v->reference;
}

/* A custodian opens what the lot chose, in time or late. */
static void open_lots(void)
{
    sim_node *n = any_node();
    struct due_lots l = {.count = 0};
    ent_actor by;
    sim_actor(n, CUSTODIAN, &by);
    if (ent_flow_lots(n->flow, &by, see_lot, &l, NULL) != ENT_OK) return;
    for (size_t i = 0; i < l.count; i++) sim_say("%s opens a crossing to the auditor: %s", n->c.name, ent_code_text(ent_flow_lot_open(n->flow, &by, l.some[i].b, NULL)));
}

/* ---- time and weather ---- */

static void tick_all(void)
{
    for (size_t i = 0; i < sim->nodes; i++) {
        sim_node *n = &sim->node[i];
        if (n->flow && !n->dead) (void)!ent_flow_tick(n->flow, NULL); /* a fault may stop it; check.c looks at what is left */
        if (n->dead) sim_restart(n);
    }
}

static void pass(void)
{
    uint64_t kind = sim_below(100);
    static const struct {
        uint64_t below, most;
        int64_t unit;
    } spans[] = {{60, 10, MINUTE}, {80, 24, 60 * MINUTE}, {92, 20, DAY}, {98, 120, DAY}, {100, 800, DAY}};
    size_t i = 0;
    while (kind >= spans[i].below) i++;
    int64_t ms = (int64_t)sim_below(spans[i].most) * spans[i].unit;
    sim_pass(ms);
    sim_say("%lld minutes pass", (long long)(ms / MINUTE));
    tick_all();
}

static void step_clock(void)
{
    sim_node *n = any_node();
    if (n->clock.skew) {
        n->clock.now.ms -= n->clock.skew;
        n->stepped |= n->clock.skew > 0;
        n->clock.skew = 0;
    } else {
        static const int64_t steps[] = {60 * MINUTE, -60 * MINUTE, 3650 * DAY, 2 * DAY};
        n->clock.skew = steps[sim_below(4)];
        n->stepped |= n->clock.skew < 0;
        n->clock.now.ms += n->clock.skew;
    }
    sim_say("%s: the clock is %lld minutes off", n->c.name, (long long)(n->clock.skew / MINUTE));
}

static void weather(void)
{
    sim_node *n = any_node();
    switch (sim_below(6)) {
    case 4: n->rotten = true; break;
    case 5: {
        size_t other = sim_below(sim->nodes), me = (size_t)(n - sim->node);
        sim->cut[me][other] = sim->cut[other][me] = !sim->cut[me][other];
        break;
    }
    case 0: n->down = !n->down; break;
    case 1: n->full = !n->full; break;
    case 2: n->fuse = 1 + (unsigned)sim_below(12); break;
    default: sim_restart(n);
    }
    sim_say("%s: %s%s%s", n->c.name, n->down ? "unreachable " : "", n->full ? "disk full " : "", n->fuse ? "power will fail" : "");
}

/* Checkpoints go to the partners, and what a partner owes is asked for. Nobody lost an entry: nobody may see a rollback or a fork. */
static void witness_round(sim_node *n)
{
    char why[160];
    size_t done;
    ent_err err = {0};
    if (n->dead) return;
    ent_code code = ent_flow_witness(n->flow, 30000, &err);
    if (code == ENT_DAMAGED || ent_flow_doubted(n->flow, why)) sim_fail("%s: its ledger is doubted: %s", n->c.name, code == ENT_DAMAGED ? err.detail : why);
    if (!n->dead) (void)!ent_flow_complete(n->flow, &done, NULL);
    sim_say("%s shows its checkpoint: %s", n->c.name, ent_code_text(code));
}

static void show_checkpoint(void) { witness_round(any_node()); }

static const struct {
    unsigned weight;
    void (*act)(void);
} acts[] = {{12, enrol}, {2, enrol_again}, {3, destroy}, {5, event}, {4, approve}, {1, correct}, {2, run}, {18, search}, {12, pursue}, {12, examine}, {8, disclose},
            {1, take_back}, {1, suspend}, {3, resume}, {2, declare_at_once}, {2, suspend_ahead}, {3, tell_agreement}, {1, amend}, {2, rotate}, {14, pass}, {2, step_clock}, {8, weather}, {6, sim_send_again}, {6, show_checkpoint}, {3, open_lots}};

void sim_act(void)
{
    unsigned total = 0;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) total += acts[i].weight;
    uint64_t which = sim_below(total);
    size_t i = 0;
    while (which >= acts[i].weight) which -= acts[i++].weight;
    acts[i].act();
    for (size_t k = 0; k < sim->nodes; k++)
        if (sim->node[k].dead) sim_restart(&sim->node[k]);
}

/* ---- the end ---- */

static void set_right(sim_node *n)
{
    n->down = n->full = n->rotten = false;
    n->fuse = 0;
    n->stepped |= n->clock.skew > 0;
    n->clock.now.ms -= n->clock.skew;
    n->clock.skew = 0;
    sim_restart(n);
}

static void confirm_time(sim_node *n)
{
    ent_actor by;
    ent_time_view t;
    for (int who = CUSTODIAN; who <= DEPUTY; who++) {
        if (ent_flow_time(n->flow, &t, NULL) == ENT_OK && t.sure) return;
        sim_actor(n, who, &by);
        if (ent_flow_time_confirm(n->flow, &by, &t, NULL) != ENT_OK) sim_fail("%s: two persons cannot confirm the right time", n->c.name);
    }
}

void sim_settle(void)
{
    sim->storm = false;
    memset(sim->cut, 0, sizeof sim->cut);
    for (size_t i = 0; i < sim->nodes; i++) set_right(&sim->node[i]);
    sim_pass(3 * DAY); /* what drift allowed a clock to confirm ahead of time has come */
    for (size_t i = 0; i < sim->nodes; i++) confirm_time(&sim->node[i]);
    for (size_t i = 0; i < sim->deals; i++) {
        sim_deal *d = &sim->deal[i];
        size_t told;
        (void)!ent_flow_agreement_send(sim->node[d->holder].flow, d->name, &told, NULL);
        (void)!ent_flow_agreement_send(sim->node[d->requester].flow, d->name, &told, NULL);
        declare(&sim->node[d->holder], d, ENT_ACT_RESUME, sim_in(2, 3));
        declare(&sim->node[d->requester], d, ENT_ACT_RESUME, sim_in(2, 3));
        unsigned next = d->version + 2; /* whatever was half made: the next version stands above it */
        sim_agree(d, next);
        if (d->version != next) sim_fail("%s: two parties cannot agree on version %u in good weather", d->name, next);
    }
    for (int round = 0; round < 4; round++) {
        sim_pass(20 * DAY);
        tick_all();
    }
    for (size_t i = 0; i < sim->nodes; i++) sim_restart(&sim->node[i]); /* nothing of it was only in memory */
    tick_all();
    for (int round = 0; round < 2; round++) {
        sim_pass(10 * MINUTE);
        for (size_t i = 0; i < sim->nodes; i++) witness_round(&sim->node[i]);
    }
    tick_all(); /* midnight may have passed */
}
