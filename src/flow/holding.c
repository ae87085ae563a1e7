/* The parts in memory, found by their own number, their encounter, their person or their case in the ledger
 * in one step: four chained hash tables over one
 * array. A part that goes is replaced by the last, so pointers into the array hold until the next removal. Under the lock. */
#include "flow/state.h"

#include "base/check.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

static const uint8_t *name_of(const ent_held_part *p, ent_part_by by)
{
    switch (by) {
    case ENT_BY_ENCOUNTER: return p->encounter.b;
    case ENT_BY_PERSON: return p->person.b;
    case ENT_BY_CASE: return p->case_number.b;
    default: return p->id.b;
    }
}

/* The numbers are random: their first bytes are a hash. */
static size_t bucket(const ent_flow_node *n, const uint8_t id[ENT_ID_SIZE])
{
    uint64_t h;
    memcpy(&h, id, sizeof h);
    return (size_t)h & (n->part_cap - 1);
}

static void chain(ent_flow_node *n, uint32_t at)
{
    for (int by = 0; by < ENT_PART_BYS; by++) {
        uint32_t *head = &n->part_head[by][bucket(n, name_of(&n->parts[at], by))];
        n->parts[at].next[by] = *head;
        *head = at;
    }
}

static void unchain(ent_flow_node *n, uint32_t at)
{
    for (int by = 0; by < ENT_PART_BYS; by++) {
        uint32_t *link = &n->part_head[by][bucket(n, name_of(&n->parts[at], by))];
        while (*link != at) link = &n->parts[*link].next[by];
        *link = n->parts[at].next[by];
    }
}

/* To a power of two, with new tables. */
static ent_code grow(ent_flow_node *n, size_t cap, ent_err *err)
{
    ent_held_part *parts = calloc(cap, sizeof *parts);
    uint32_t *head[ENT_PART_BYS] = {0};
    bool there = parts != NULL;
    for (int by = 0; by < ENT_PART_BYS; by++) there &= (head[by] = malloc(cap * sizeof *head[by])) != NULL;
    if (!there) {
        free(parts);
        for (int by = 0; by < ENT_PART_BYS; by++) free(head[by]);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu parts", cap);
    }
    if (n->part_count) memcpy(parts, n->parts, n->part_count * sizeof *parts);
    if (n->parts) ent_wipe(n->parts, n->part_cap * sizeof *n->parts);
    free(n->parts);
    n->parts = parts;
    n->part_cap = cap;
    for (int by = 0; by < ENT_PART_BYS; by++) {
        free(n->part_head[by]);
        n->part_head[by] = head[by];
        memset(head[by], 0xff, cap * sizeof *head[by]);
    }
    for (size_t i = 0; i < n->part_count; i++) chain(n, (uint32_t)i);
    return ENT_OK;
}

ent_code ent_part_hold(ent_flow_node *n, const ent_held_part *p, ent_held_part **ret_held, ent_err *err)
{
    if (n->part_count == n->part_cap) ENT_TRY(grow(n, n->part_cap ? n->part_cap * 2 : 1024, err));
    n->parts[n->part_count] = *p;
    chain(n, (uint32_t)n->part_count);
    if (ret_held) *ret_held = &n->parts[n->part_count];
    n->part_count++;
    return ENT_OK;
}

void ent_part_drop(ent_flow_node *n, ent_held_part *p)
{
    uint32_t at = (uint32_t)(p - n->parts), last = (uint32_t)n->part_count - 1;
    free((void *)p->facts.events);
    free(p->hold);
    unchain(n, at);
    if (at != last) {
        unchain(n, last);
        n->parts[at] = n->parts[last];
        chain(n, at);
    }
    n->part_count--;
    ent_wipe(&n->parts[last], sizeof n->parts[last]);
}

void ent_part_renamed(ent_flow_node *n, ent_held_part *p, const ent_person_id *person)
{
    uint32_t at = (uint32_t)(p - n->parts);
    unchain(n, at);
    p->person = *person;
    chain(n, at);
}

static ent_held_part *from(ent_flow_node *n, ent_part_by by, const uint8_t id[ENT_ID_SIZE], uint32_t at)
{
    while (at != NONE && !ent_id_equal(name_of(&n->parts[at], by), id)) at = n->parts[at].next[by];
    return at == NONE ? NULL : &n->parts[at];
}

ent_held_part *ent_part_first(ent_flow_node *n, ent_part_by by, const uint8_t id[ENT_ID_SIZE])
{
    return n->part_cap ? from(n, by, id, n->part_head[by][bucket(n, id)]) : NULL;
}

ent_held_part *ent_part_next(ent_flow_node *n, ent_part_by by, const ent_held_part *p) { return from(n, by, name_of(p, by), p->next[by]); }

ent_held_part *ent_part_beginning(ent_flow_node *n, const uint8_t start[ENT_ID_SIZE])
{
    uint32_t at = n->part_cap ? n->part_head[ENT_BY_PART][bucket(n, start)] : NONE;
    while (at != NONE && memcmp(n->parts[at].id.b, start, 8) != 0) at = n->parts[at].next[ENT_BY_PART];
    return at == NONE ? NULL : &n->parts[at];
}

ent_held_part *ent_part_held(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE]) { return ent_part_first(n, ENT_BY_PART, id); }

void ent_parts_free(ent_flow_node *n)
{
    for (size_t i = 0; i < n->part_count; i++) free((void *)n->parts[i].facts.events), free(n->parts[i].hold);
    if (n->parts) ent_wipe(n->parts, n->part_cap * sizeof *n->parts);
    free(n->parts);
    for (int by = 0; by < ENT_PART_BYS; by++) free(n->part_head[by]);
}

/* ---- what keeps a part: its own facts, and those of the person's other encounters ---- */

/* One part speaks for each encounter: the one of which most is recorded. */
size_t ent_part_linked(ent_flow_node *n, const ent_held_part *p, ent_legal_facts linked[ENT_LINKED_MAX])
{
    size_t count = 0;
    const uint8_t *encounter[ENT_LINKED_MAX];
    for (const ent_held_part *q = ent_part_first(n, ENT_BY_PERSON, p->person.b); q && count < ENT_LINKED_MAX; q = ent_part_next(n, ENT_BY_PERSON, q)) {
        size_t at = 0;
        if (ent_id_equal(q->encounter.b, p->encounter.b)) continue;
        while (at < count && !ent_id_equal(encounter[at], q->encounter.b)) at++;
        if (at < count && linked[at].event_count >= q->facts.event_count) continue;
        encounter[at] = q->encounter.b;
        linked[at] = q->facts;
        count += at == count;
    }
    return count;
}

/* The facts with those of the encounter's other parts, which a name is kept with. */
static ent_legal_facts with_others(ent_flow_node *n, const ent_held_part *p, const ent_legal_facts *facts, ent_legal_facts others[ENT_MATERIAL_COUNT])
{
    ent_legal_facts f = *facts;
    if (f.material != ENT_MATERIAL_BIOGRAPHIC || f.others) return f;
    f.others = others;
    for (const ent_held_part *q = ent_part_first(n, ENT_BY_ENCOUNTER, p->encounter.b); q && f.other_count < ENT_MATERIAL_COUNT; q = ent_part_next(n, ENT_BY_ENCOUNTER, q))
        if (q->facts.material != f.material) others[f.other_count++] = q->facts;
    return f;
}

void ent_part_retention_on(ent_flow_node *n, const ent_held_part *p, const ent_legal_facts *facts, ent_date day, ent_retention *ret)
{
    ent_legal_facts linked[ENT_LINKED_MAX], others[ENT_MATERIAL_COUNT];
    size_t count = ent_part_linked(n, p, linked);
    ent_legal_facts f = with_others(n, p, facts, others);
    ent_retention_of(n->c.regimes, n->c.regime_count, &f, linked, count, day, ret);
}

void ent_part_retention(ent_flow_node *n, const ent_held_part *p, ent_retention *ret) { ent_part_retention_on(n, p, &p->facts, ent_today(n), ret); }

uint64_t ent_part_flows(ent_flow_node *n, const ent_held_part *p, const ent_retention *kept)
{
    ent_legal_facts linked[ENT_LINKED_MAX];
    if (kept->due) return 0;
    size_t count = ent_part_linked(n, p, linked);
    return ent_flows_that_see(n, &p->facts, kept, ent_convicted(&p->facts, linked, count, ent_today(n)));
}

ent_code ent_parts_find_entries(ent_flow_node *n, ent_err *err)
{
    uint64_t size = n->c.ledger.size(n->c.ledger.self);
    for (uint64_t i = n->entries_read; i < size; i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(n->c.ledger.read(n->c.ledger.self, i, bytes, err));
        if (ent_entry_decode(bytes, &e, NULL) != ENT_OK || e.kind != ENT_ENTRY_ENROLLED) continue;
        ent_held_part *p = ent_part_first(n, ENT_BY_CASE, e.case_number.b);
        if (p) p->index = i;
    }
    n->entries_read = size;
    return ENT_OK;
}
