#include "flow/simulate/simulate.h"

#include "base/check.h"
#include "flow/decision/decision.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

static const char *const by_words[] = {
#define ENT_X(name, text) text,
    ENT_SIMULATED_BY(ENT_X)
#undef ENT_X
};

const char *ent_simulated_by_text(ent_simulated_by by) { return (unsigned)by < ENT_SIMULATED_BYS ? by_words[by] : ""; }

/* One flow of the draft beside the one of its name in force; either may be missing. */
typedef struct pair {
    const ent_agreement *draft, *held;
    const ent_flow *flow, *before;
    uint64_t prints, prints_before; /* parts that are compared */
} pair;

typedef struct run {
    ent_flow_node *n;
    ent_simulated *out;
    pair pair[2 * ENT_AGREEMENT_FLOWS];
} run;

/* ---- whom a flow sees ---- */

/* What is told of a person whom a flow sees: of the first part that it sees, and the gravest category of all that it sees. */
typedef struct seen {
    uint64_t parts;
    const ent_held_part *part;
    char power[ENT_LAW_NAME];
    unsigned category;
} seen;

typedef struct part_law {
    const ent_held_part *part;
    ent_retention kept;
    bool convicted;
} part_law;

enum { PERSON_PARTS = 3 * ENT_LINKED_MAX, OTHERS = 64 /* more than there can be powers, categories and ages */ };

/* the gravest last */
static const char *const categories[] = {"formerly suspected", "suspect", "convicted"};

static unsigned category_of(const ent_legal_facts *facts)
{
    bool convicted;
    const char *status = ent_status_of(facts, &convicted);
    if (convicted) return 2;
    return strcmp(status, "acquitted") != 0 && strcmp(status, "no further action") != 0;
}

static void look(const ent_agreement *a, const ent_flow *f, const part_law *law, size_t count, seen *ret)
{
    *ret = (seen){0};
    for (size_t i = 0; f && i < count; i++) {
        char clause[ENT_LAW_CLAUSE];
        ent_subject s = {.facts = &law[i].part->facts, .kept = &law[i].kept, .convicted = law[i].convicted};
        if (!ent_flow_compares(f, s.facts->material) || !ent_flow_sees(a, f, &s, clause)) continue;
        unsigned category = category_of(s.facts);
        if (category > ret->category) ret->category = category;
        if (!ret->parts++) {
            ret->part = law[i].part;
            snprintf(ret->power, sizeof ret->power, "%.*s", ENT_LAW_NAME - 1, clause + strlen("power: "));
        }
    }
}

static void count_in(ent_simulated_flow *f, ent_simulated_by by, const char *label)
{
    size_t i = 0;
    if (f->group_count >= ENT_SIMULATED_GROUPS - OTHERS && by == ENT_SIMULATED_NATIONALITY) label = "other";
    while (i < f->group_count && (f->group[i].by != by || strcmp(f->group[i].label, label) != 0)) i++;
    ENT_PRE(i < ENT_SIMULATED_GROUPS);
    if (i == f->group_count) {
        f->group[i] = (ent_simulated_group){.by = by};
        snprintf(f->group[i].label, sizeof f->group[i].label, "%s", label);
        f->group_count++;
    }
    f->group[i].persons.value++;
}

static void count_person(run *r, const part_law *law, size_t count)
{
    for (size_t i = 0; i < r->out->flow_count; i++) {
        pair *p = &r->pair[i];
        ent_simulated_flow *f = &r->out->flow[i];
        seen now, before;
        look(p->draft, p->flow, law, count, &now);
        look(p->held, p->before, law, count, &before);
        p->prints += now.parts;
        p->prints_before += before.parts;
        f->persons.value += now.parts > 0;
        f->before.value += before.parts > 0;
        f->added.value += now.parts && !before.parts;
        f->removed.value += !now.parts && before.parts;
        f->same.value += now.parts && before.parts;
        if (!now.parts) continue;
        const ent_legal_facts *facts = &now.part->facts;
        count_in(f, ENT_SIMULATED_POWER, now.power);
        count_in(f, ENT_SIMULATED_CATEGORY, categories[now.category]);
        count_in(f, ENT_SIMULATED_AGE, ent_age_group_text(ent_age_group_of(facts->birth, r->out->day)));
        count_in(f, ENT_SIMULATED_NATIONALITY, *facts->nationality ? facts->nationality : "unknown");
    }
}

/* Each person once: when the walk meets the first part of the person's chain. */
static void count_all(run *r)
{
    ent_flow_node *n = r->n;
    for (size_t i = 0; i < n->part_count; i++) {
        part_law law[PERSON_PARTS];
        size_t count = 0;
        ent_held_part *p = ent_part_first(n, ENT_BY_PERSON, n->parts[i].person.b);
        if (p != &n->parts[i]) continue;
        for (; p && count < PERSON_PARTS; p = ent_part_next(n, ENT_BY_PERSON, p)) {
            ent_legal_facts linked[ENT_LINKED_MAX];
            size_t linked_count = ent_part_linked(n, p, linked);
            law[count].part = p;
            law[count].convicted = ent_convicted(&p->facts, linked, linked_count, r->out->day);
            ent_part_retention(n, p, &law[count++].kept);
        }
        count_person(r, law, count);
    }
}

/* ---- whom it stops ---- */

/* False hits that one search of somebody not on file may have with the least evidence that this flow calls a hit: a print's score, in
 * steps of one, or where a face alone may be a hit a face's ratio in steps of a tenth. */
static double false_hits(const ent_flow *f, uint64_t compared, unsigned prints)
{
    bool face = f->modalities == 1u << ENT_MODALITY_FACE;
    for (int step = 1; compared && step < 400; step++) {
        ent_evidence e = {.compared = compared, .prints = face ? 0 : prints, .with_face = face};
        if (face) e.face.ratio = step / 10.0;
        else e.finger[0] = step, e.fingers = 1;
        ent_decision d = ent_decide(f, &e);
        if (d.hit) return d.expected_false_hits < d.allowed_false_hits ? d.expected_false_hits : d.allowed_false_hits;
    }
    return 0;
}

/* Prints of so many parts: as many a part as all that are held have. A hidden number of persons is taken for ten. */
static uint64_t gallery_of(ent_flow_node *n, const ent_cell *persons, uint64_t parts)
{
    size_t held = 0;
    for (size_t i = 0; i < n->part_count; i++) held += n->parts[i].facts.material == ENT_MATERIAL_FINGERPRINT;
    uint64_t entries = ent_gallery_count(n->gallery);
    if (persons->hidden) parts = ENT_SMALL_CELL;
    return held && entries > held ? parts * entries / held : parts;
}

static void count_stops(run *r, const ent_simulate_options *o)
{
    for (size_t i = 0; i < r->out->flow_count; i++) {
        const pair *p = &r->pair[i];
        ent_simulated_flow *f = &r->out->flow[i];
        unsigned prints = o->prints ? o->prints : 1;
        ent_traffic t = {.travellers_day = o->travellers_day};
        if (p->flow) {
            t.on_file_per_million = f->persons.value ? o->on_file_per_million : 0;
            t.false_hits_search = false_hits(p->flow, gallery_of(r->n, &f->persons, p->prints), prints);
            ent_stops_of(p->flow, &t, &f->stops);
        }
        if (p->before) {
            t.on_file_per_million = f->before.value ? o->on_file_per_million : 0;
            t.false_hits_search = false_hits(p->before, gallery_of(r->n, &f->before, p->prints_before), prints);
            ent_stops_of(p->before, &t, &f->stops_before);
        }
    }
}

/* ---- what may be shown ---- */

enum { TOTAL, BEFORE, ADDED, REMOVED, SAME, FIRST_GROUP, CELLS = FIRST_GROUP + ENT_SIMULATED_GROUPS, SUMS = 2 + ENT_SIMULATED_BYS };

static size_t sums_of(const ent_simulated_flow *f, ent_sum sum[SUMS])
{
    size_t sums = 0;
    sum[sums++] = (ent_sum){.total = TOTAL, .part = {ADDED, SAME}, .count = 2};
    sum[sums++] = (ent_sum){.total = BEFORE, .part = {REMOVED, SAME}, .count = 2};
    for (int by = 0; by < ENT_SIMULATED_BYS; by++) {
        ent_sum *s = &sum[sums];
        *s = (ent_sum){.total = TOTAL};
        for (size_t i = 0; i < f->group_count; i++)
            if ((int)f->group[i].by == by) s->part[s->count++] = FIRST_GROUP + i;
        sums += s->count > 0;
    }
    return sums;
}

static ent_code suppress(ent_simulated_flow *f, ent_err *err)
{
    struct {
        ent_cell cell[CELLS];
        ent_sum sum[SUMS];
    } *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_cell *const fixed[] = {&f->persons, &f->before, &f->added, &f->removed, &f->same};
    for (size_t i = 0; i < FIRST_GROUP; i++) w->cell[i] = *fixed[i];
    for (size_t i = 0; i < f->group_count; i++) w->cell[FIRST_GROUP + i] = f->group[i].persons;
    size_t sums = sums_of(f, w->sum);
    ent_code code = ent_suppress(w->cell, FIRST_GROUP + f->group_count, w->sum, sums, err);
    for (size_t i = 0; i < FIRST_GROUP; i++) *fixed[i] = w->cell[i];
    for (size_t i = 0; i < f->group_count; i++) f->group[i].persons = w->cell[FIRST_GROUP + i];
    free(w);
    return code;
}

/* ---- the draft and what is in force ---- */

static bool has_regime(const ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->c.regime_count; i++)
        if (strcmp(n->c.regimes[i].name, name) == 0) return true;
    return false;
}

static void add_pair(run *r, const ent_agreement *draft, const ent_flow *flow, const ent_agreement *held, const ent_flow *before)
{
    ent_simulated_flow *f = &r->out->flow[r->out->flow_count];
    const ent_flow *any = flow ? flow : before;
    r->pair[r->out->flow_count++] = (pair){.draft = draft, .flow = flow, .held = held, .before = before};
    snprintf(f->name, sizeof f->name, "%s", any->name);
    snprintf(f->requester, sizeof f->requester, "%s", any->requester);
    f->changes = before != NULL;
    f->gone = !flow;
    if (flow) f->on_hit = ent_flow_fields(flow, false), f->on_confirmed = ent_flow_fields(flow, true), f->per_day = flow->per_day;
    if (before) f->on_hit_before = ent_flow_fields(before, false), f->on_confirmed_before = ent_flow_fields(before, true), f->per_day_before = before->per_day;
    for (size_t i = 0; flow && i < flow->power_count; i++)
        if (!has_regime(r->n, flow->power[i])) memcpy(f->unknown_power[f->unknown_power_count++], flow->power[i], ENT_LAW_NAME);
}

static const ent_flow *holds(const ent_flow_node *n, const ent_agreement *a, const char *name)
{
    const ent_flow *f = a ? ent_agreement_flow(a, name) : NULL;
    return f && strcmp(f->holder, n->c.name) == 0 ? f : NULL;
}

static const ent_agreement *in_force(ent_flow_node *n, const char *name, ent_date today)
{
    const ent_held_agreement *h = ent_agreement_named(n, name);
    bool now = h && h->state == ENT_AGREEMENT_SIGNED && ent_date_compare(h->a->from, today) <= 0 && ent_date_compare(today, h->a->until) <= 0;
    return now ? h->a : NULL;
}

static void pair_up(run *r, const ent_agreement *draft)
{
    ent_flow_node *n = r->n;
    const ent_agreement *held = in_force(n, draft->name, r->out->day);
    for (size_t i = 0; i < draft->flow_count; i++)
        if (holds(n, draft, draft->flow[i].name)) add_pair(r, draft, &draft->flow[i], held, holds(n, held, draft->flow[i].name));
    for (size_t i = 0; held && i < held->flow_count; i++)
        if (holds(n, held, held->flow[i].name) && !holds(n, draft, held->flow[i].name)) add_pair(r, NULL, NULL, held, &held->flow[i]);
    if (held) r->out->version_before = held->version;
}

static ent_code simulate(run *r, const ent_agreement *draft, const ent_simulate_options *o, ent_err *err)
{
    if (!ent_agreement_party(draft, r->n->c.name)) return ent_fail(err, ENT_REFUSED, "this node, %s, is no party to \"%s\"", r->n->c.name, draft->name);
    r->out->day = ent_today(r->n);
    r->out->version = draft->version;
    snprintf(r->out->name, sizeof r->out->name, "%s", draft->name);
    pair_up(r, draft);
    count_all(r);
    for (size_t i = 0; i < r->out->flow_count; i++) ENT_TRY(suppress(&r->out->flow[i], err));
    count_stops(r, o);
    return ENT_OK;
}

ent_code ent_flow_simulate(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_simulate_options *options,
                           ent_simulated **ret_simulated, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    if (options->on_file_per_million < 0 || options->on_file_per_million > 1e6 || options->travellers_day < 0)
        return ent_fail(err, ENT_USAGE, "of a million travellers 0 to 1000000 are on file, and their number is not negative");
    ent_doc *doc;
    ent_agreement *draft = NULL;
    ENT_TRY(n->c.read_doc(file, len, "agreement", &doc, err));
    ent_code code = ent_agreement_read(doc, &draft, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return code;
    run *r = calloc(1, sizeof *r);
    ent_simulated *out = calloc(1, sizeof *out);
    code = r && out ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        *r = (run){.n = n, .out = out};
        pthread_mutex_lock(&n->lock);
        code = simulate(r, draft, options, err);
        pthread_mutex_unlock(&n->lock);
    }
    ent_agreement_free(draft);
    free(r);
    if (code == ENT_OK) *ret_simulated = out;
    else free(out);
    return code;
}
