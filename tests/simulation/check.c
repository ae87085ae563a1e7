/* What must hold, whatever happened. */
#include "simulation/world.h"

#include "flow/audit/audit.h"

#include <stdlib.h>
#include <string.h>

static bool read_entry(sim_node *n, uint64_t i, ent_entry *ret)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    return n->ledger.read(n->ledger.self, i, bytes, NULL) == ENT_OK && ent_entry_decode(bytes, ret, NULL) == ENT_OK;
}

bool sim_has_entry(sim_node *n, ent_entry_kind kind, const uint8_t id[ENT_ID_SIZE])
{
    ent_entry e;
    for (uint64_t i = n->ledger.size(n->ledger.self); i-- > 0;)
        if (read_entry(n, i, &e) && e.kind == kind && ent_id_equal(e.case_number.b, id)) return true;
    return false;
}

/* ---- the lot ---- */

/* After a start: what was asked in the last day, and whose end was not noted, can be opened should the lot have chosen it. */
void sim_check_openings(sim_node *n)
{
    ent_entry e;
    for (uint64_t i = n->ledger.size(n->ledger.self); i-- > 0 && read_entry(n, i, &e) && e.time.ms > n->clock.now.ms - 86400000;) {
        ENT_AUTO_BUF row = ENT_BUF(1 << 16);
        uint8_t key[1 + ENT_ID_SIZE] = {'a'};
        memcpy(key + 1, e.case_number.b, ENT_ID_SIZE);
        if (e.kind != ENT_ENTRY_ASKED || sim_has_entry(n, ENT_ENTRY_RECEIVED, e.case_number.b)) continue;
        if (n->store.get(n->store.self, ENT_TABLE_LOTS, key, sizeof key, &row, NULL) != ENT_OK) sim_fail("%s: it asked, and has nothing to open", n->c.name);
        sim->counts.kept_ahead++;
    }
}

/* ---- hits ---- */

struct looking {
    sim_node *n;
    unsigned finger;
    bool found;
};

static void see_part(void *ctx, const ent_part_view *v)
{
    struct looking *l = ctx;
    if (v->material != ENT_MATERIAL_FINGERPRINT || v->kept.due) return;
    for (size_t i = 0; i < sim->records; i++) {
        const sim_record *r = &sim->record[i];
        if (&sim->node[r->holder] == l->n && r->finger == l->finger && !r->gone && ent_id_equal(r->encounter.b, v->encounter.b)) l->found = true;
    }
}

bool sim_may_hit(sim_node *holder, unsigned finger)
{
    struct looking l = {holder, finger, false};
    ent_actor by;
    sim_actor(holder, CUSTODIAN, &by);
    return ent_flow_parts(holder->flow, &by, see_part, &l, NULL) == ENT_OK && l.found;
}

void sim_check_answer(const sim_message *p, bool seen, bool may_hit, int status, const ent_buf *body)
{
    sim_node *to = &sim->node[p->to], *from = &sim->node[p->from];
    if (status != 200) return;
    bool hit = body->len > 19 && memcmp(body->data, "{\"outcome\":\"hit---\"", 19) == 0;
    if (!sim_has_entry(to, hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT, p->m.id)) sim_fail("%s answered what is not in its ledger", to->c.name);
    if (!sim_has_entry(from, ENT_ENTRY_ASKED, p->m.id)) sim_fail("%s was answered what its ledger did not ask", from->c.name);
    if (hit && !seen && !may_hit) sim_fail("%s: a hit, and no record of that finger may be found", to->c.name);
    if (!hit || !seen) return;
    ent_search_view v, other; /* the answer again: one of the records that it named must still be there */
    ent_actor by;
    sim_actor(to, CUSTODIAN, &by);
    bool named = ent_flow_search_show(to->flow, &by, p->m.id, &v, NULL) == ENT_OK;
    for (size_t i = 0; named && ent_id_is_zero(v.candidate.b) && i < v.other_count; i++)
        if (ent_flow_search_show(to->flow, &by, v.other[i].b, &other, NULL) == ENT_OK && !ent_id_is_zero(other.candidate.b)) v.candidate = other.candidate;
    if (!named || ent_id_is_zero(v.candidate.b)) sim_fail("%s: the hit on a destroyed record is told again", to->c.name);
}

/* ---- each step ---- */

static void see_held(void *ctx, const ent_part_view *v)
{
    sim_node *n = ctx;
    for (size_t i = 0; i < sim->records; i++) {
        sim_record *r = &sim->record[i];
        if (&sim->node[r->holder] == n && ent_id_equal(r->encounter.b, v->encounter.b)) {
            if (r->gone) sim_fail("%s: a destroyed record is back", n->c.name);
            r->serial |= 1u << 31;
        }
    }
}

static void check_records(sim_node *n)
{
    ent_actor by;
    sim_actor(n, CUSTODIAN, &by);
    if (ent_flow_parts(n->flow, &by, see_held, n, NULL) != ENT_OK) sim_fail("%s: what is held cannot be listed", n->c.name);
    for (size_t i = 0; i < sim->records; i++) {
        sim_record *r = &sim->record[i];
        if (&sim->node[r->holder] != n) continue;
        r->gone = !(r->serial >> 31);
        r->serial &= ~(1u << 31);
    }
}

struct standing {
    const char *name;
    ent_agreement_view *v;
};

static void see_agreement(void *ctx, const ent_agreement_view *v)
{
    struct standing *s = ctx;
    if (!v->next && strcmp(v->name, s->name) == 0) *s->v = *v;
}

void sim_standing(sim_node *n, const sim_deal *d, ent_agreement_view *ret)
{
    struct standing s = {d->name, ret};
    *ret = (ent_agreement_view){0};
    (void)!ent_flow_agreements(n->flow, see_agreement, &s, NULL);
}

/* Who suspended or ended it, having signed that version before, is never found under it: at once at its own node, and at the other that has heard. */
static void check_stopped(const sim_deal *d)
{
    for (int side = 0; side < 2; side++)
        for (int at = 0; at < 2; at++) {
            ent_agreement_view v;
            sim_node *n = &sim->node[at ? d->requester : d->holder];
            if (!d->held[side] || (at != side && !d->heard[side])) continue;
            sim_standing(n, d, &v);
            if (v.version <= d->held[side] && v.state == ENT_AGREEMENT_SIGNED)
                sim_fail("%s: version %u of %s is in force, and the %s has suspended it", n->c.name, v.version, d->name, side ? "requester" : "holder");
        }
}

void sim_check_step(void)
{
    for (size_t i = 0; i < sim->nodes; i++) check_records(&sim->node[i]);
    for (size_t i = 0; i < sim->deals; i++) check_stopped(&sim->deal[i]);
}

/* ---- the end ---- */

static void see_kept_late(void *ctx, const ent_kept_view *v)
{
    sim_node *n = ctx;
    if (ent_date_compare(v->until, ent_time_date(n->clock.now)) < 0) sim_fail("%s keeps a disclosure beyond its date", n->c.name);
}

struct kept_of {
    const uint8_t *id;
    bool found;
};

static void see_kept(void *ctx, const ent_kept_view *v)
{
    struct kept_of *k = ctx;
    k->found |= ent_id_equal(v->id, k->id);
}

static void see_disclosure(void *ctx, const ent_disclosure_view *v)
{
    sim_node *n = ctx, *to = &sim->node[strtoul(v->partner + 1, NULL, 10)];
    struct kept_of k = {v->id, false};
    ent_actor by;
    if (!v->recalled.ms) return;
    if (!v->undertaken.ms) sim_fail("%s: a recall (%s) of %s has no undertaking", n->c.name, v->recalled_for, v->partner);
    sim_actor(to, OFFICER, &by);
    if (ent_flow_kept(to->flow, &by, see_kept, &k, NULL) != ENT_OK || k.found) sim_fail("%s undertook to destroy what it keeps, disclosed by %s", to->c.name, n->c.name);
    sim->counts.undertaken++;
}

/* Every year begins as the one before it ended, and the present checkpoint signs the latest. */
static void check_ledger(sim_node *n)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ent_checkpoint c;
    ent_walk *w;
    if (ent_walk_begin(n->c.name, &w, NULL) != ENT_OK) sim_fail("out of memory");
    for (uint64_t i = 0; i < n->ledger.size(n->ledger.self); i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        if (n->ledger.read(n->ledger.self, i, bytes, NULL) != ENT_OK || ent_walk_add(w, bytes, NULL, NULL) != ENT_OK) sim_fail("%s: entry %llu does not continue its ledger", n->c.name, (unsigned long long)i);
    }
    bool whole = n->ledger.checkpoint(n->ledger.self, &note, NULL) == ENT_OK && ent_checkpoint_parse((char *)note.data, note.len, &c, NULL) == ENT_OK &&
                 ent_walk_agrees(w, &c, "the checkpoint", NULL) == ENT_OK;
    ent_walk_free(w);
    if (!whole) sim_fail("%s: the checkpoint is not of its entries", n->c.name);
}

static void see_cosigner(void *ctx, const char *name, uint32_t year, uint64_t size, int64_t last_ms)
{
    sim_node *n = ctx;
    ent_shard now = ent_ledger_present(&n->ledger);
    (void)last_ms;
    if (year == now.year && size == 0) sim_fail("%s: %s co-signed nothing of %u", n->c.name, name, (unsigned)year);
}

static void check_node(sim_node *n)
{
    ent_flow_counts c;
    ent_actor custodian, officer;
    ent_flow_count(n->flow, &c);
    sim_actor(n, CUSTODIAN, &custodian);
    sim_actor(n, OFFICER, &officer);
    check_ledger(n);
    ent_flow_witnesses(n->flow, see_cosigner, n);
    if (c.outbox) sim_fail("%s: %zu entries wait in the outbox", n->c.name, c.outbox);
    if (c.queue) sim_fail("%s: %zu messages wait in the queue", n->c.name, c.queue);
    if (ent_flow_kept(n->flow, &officer, see_kept_late, n, NULL) != ENT_OK) sim_fail("%s: what is kept cannot be listed", n->c.name);
    if (ent_flow_disclosures(n->flow, &custodian, see_disclosure, n, NULL) != ENT_OK) sim_fail("%s: disclosures cannot be listed", n->c.name);
}

/* ---- the audit ---- */

static void harvest(sim_node *n, const char *name, uint8_t seen[32])
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    uint8_t digest[32];
    ent_envelope e;
    ent_doc *doc;
    ent_agreement *a;
    if (ent_flow_agreement_envelope(n->flow, name, &bytes, NULL) != ENT_OK) return;
    ent_sha256(bytes.data, bytes.len, digest);
    if (memcmp(digest, seen, 32) == 0) return;
    memcpy(seen, digest, 32);
    if (ent_envelope_decode(bytes.data, bytes.len, &e, NULL) != ENT_OK) return;
    sim_text *t = sim->text;
    while (t < sim->text + sim->texts && memcmp(t->envelope.digest, e.digest, 32) != 0) t++;
    bool known = t < sim->text + sim->texts;
    if ((known && t->envelope.count >= e.count) || t == sim->text + TEXTS) {
        ent_envelope_free(&e);
        return;
    }
    if (ent_yaml_read(e.file, e.file_len, "agreement", &doc, NULL) != ENT_OK || ent_agreement_read(doc, &a, NULL) != ENT_OK) sim_fail("an agreement cannot be read");
    ent_doc_free(doc);
    if (known) ent_envelope_free(&t->envelope), ent_agreement_free(t->agreement);
    else sim->texts++;
    *t = (sim_text){e, a};
}

void sim_harvest(void)
{
    for (size_t i = 0; i < sim->deals; i++) {
        sim_deal *d = &sim->deal[i];
        harvest(&sim->node[d->holder], d->name, d->seen[0]);
        harvest(&sim->node[d->requester], d->name, d->seen[1]);
    }
}

struct judging {
    const ent_audit_side *sides;
    unsigned no_end[NODES];
};

static bool wavered(const ent_entry *e)
{
    for (size_t t = 0; t < sim->texts; t++)
        for (size_t i = 0; i < sim->deals; i++)
            if (memcmp(sim->text[t].envelope.digest, e->agreement, 32) == 0 && strcmp(sim->text[t].agreement->name, sim->deal[i].name) == 0) return sim->deal[i].wavered;
    return false;
}

/* Only what a fault must cause: time that a clock set back, or a day that only a wrong clock has seen; a search whose node failed before it could write the end; an ask or answer while the
 * other end's suspension had not arrived; an opening that nobody came to. That the lot is hidden, false or passed over is nobody's fault but ours. */
static void judge(void *ctx, const ent_audit_finding *f)
{
    struct judging *j = ctx;
    const ent_entry *e = &j->sides[f->side].entries[f->index];
    sim_node *n = &sim->node[f->side];
    bool caused = false;
    sim->counts.findings++;
    if (f->rule == ENT_AUDIT_TIME) caused = n->stepped;
    else if (f->rule == ENT_AUDIT_NO_END) caused = ++j->no_end[f->side] <= n->unfinished;
    else if (f->rule == ENT_AUDIT_NOT_IN_FORCE) caused = wavered(e);
    else if (f->rule == ENT_AUDIT_LOT_DUE) caused = true; /* its people open when they come to it */
    else if (f->rule == ENT_AUDIT_NOT_DESTROYED) /* its last word was written by a clock that ran ahead: the day has not come */
        caused = n->stepped && j->sides[f->side].entries[j->sides[f->side].count - 1].time.ms > n->clock.now.ms;
    if (!caused) sim_fail("the audit: %s, entry %llu (%s): %s", n->c.name, (unsigned long long)f->index, ent_entry_kind_text(e->kind), ent_audit_rule_text(f->rule));
}

static void audit(void)
{
    ent_audit_side sides[NODES];
    ent_audit_text texts[TEXTS];
    ent_audit_counts counts;
    struct judging j = {.sides = sides};
    for (size_t i = 0; i < sim->nodes; i++) {
        sim_node *n = &sim->node[i];
        uint64_t size = n->ledger.size(n->ledger.self);
        ent_entry *entries = calloc(size + 1, sizeof *entries);
        uint8_t *chosen = calloc(size + 1, 1);
        ent_walk *w;
        if (!entries || !chosen || ent_walk_begin(n->c.name, &w, NULL) != ENT_OK) sim_fail("out of memory");
        for (uint64_t k = 0; k < size; k++) {
            uint8_t bytes[ENT_ENTRY_SIZE];
            ent_hash head;
            if (n->ledger.read(n->ledger.self, k, bytes, NULL) != ENT_OK || ent_walk_add(w, bytes, &entries[k], NULL) != ENT_OK) sim_fail("%s: entry %llu cannot be read", n->c.name, (unsigned long long)k);
            ent_walk_head(w, &head);
            chosen[k] = ent_audit_draw(&entries[k], head.b);
        }
        ent_walk_free(w);
        sides[i] = (ent_audit_side){n->c.name, entries, size, chosen};
    }
    for (size_t i = 0; i < sim->texts; i++) texts[i] = (ent_audit_text){&sim->text[i].envelope, sim->text[i].agreement};
    ent_code code = ent_audit(sides, sim->nodes, texts, sim->texts, judge, &j, &counts, NULL);
    for (size_t i = 0; i < sim->nodes; i++) free((void *)sides[i].entries), free((void *)sides[i].chosen);
    if (code != ENT_OK) sim_fail("the audit could not be made");
}

/* Whatever the two declared, and heard of each other: the version that both signed in good weather is in force at both. */
static void check_deal(const sim_deal *d)
{
    for (int i = 0; i < 2; i++) {
        ent_agreement_view v;
        sim_node *n = &sim->node[i ? d->requester : d->holder];
        sim_standing(n, d, &v);
        if (v.version != d->version || v.state != ENT_AGREEMENT_SIGNED)
            sim_fail("%s: version %u of %s is %s, and both signed version %u", n->c.name, v.version, d->name, ent_agreement_state_text(v.state), d->version);
    }
}

void sim_check_end(void)
{
    sim_check_step();
    for (size_t i = 0; i < sim->deals; i++) check_deal(&sim->deal[i]);
    for (size_t i = 0; i < sim->nodes; i++) check_node(&sim->node[i]);
    audit();
}
