/* The figures of a year: what came and went from the ledger, what is held from the store. */
#include "base/check.h"
#include "flow/state.h"

#include <string.h>

static void count_clause(ent_year *y, const char *clause)
{
    size_t i = 0, most = sizeof y->clause / sizeof y->clause[0];
    while (i < y->clause_count && strcmp(y->clause[i].clause, clause) != 0) i++;
    if (i == most) i--;
    else if (i == y->clause_count) snprintf(y->clause[y->clause_count++].clause, sizeof y->clause[0].clause, "%s", i == most - 1 ? "other" : clause);
    y->clause[i].destroyed++;
}

static void count_entry(ent_year *y, const ent_entry *e)
{
    switch (e->kind) {
    case ENT_ENTRY_ENROLLED:
        for (int m = 0; m < ENT_MATERIAL_COUNT; m++) y->collected[m] += strcmp(e->purpose, ent_material_text((ent_material)m)) == 0;
        break;
    case ENT_ENTRY_EXTENDED: y->extended++; break;
    case ENT_ENTRY_HELD: y->holds++; break;
    case ENT_ENTRY_DESTROYED:
        y->destroyed++;
        count_clause(y, e->clause);
        break;
    default: break;
    }
}

static ent_code count_ledger(ent_flow_node *n, ent_year *y, ent_err *err)
{
    uint64_t size = n->c.ledger.size(n->c.ledger.self);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(n->c.ledger.read(n->c.ledger.self, i, bytes, err));
        ENT_TRY(ent_entry_decode(bytes, &e, err));
        if (ent_time_date(e.time).year == y->year) count_entry(y, &e);
    }
    return ENT_OK;
}

static void count_parts(ent_flow_node *n, ent_year *y)
{
    ent_date today = ent_today(n), yesterday = ent_date_from_days(ent_date_days(today) - 1);
    double days = 0;
    for (size_t i = 0; i < n->part_count; i++) {
        const ent_held_part *p = &n->parts[i];
        ent_retention kept;
        ent_part_retention(n, p, &kept);
        y->held[p->facts.material]++;
        y->on_hold += kept.held;
        bool window = p->not_before.year && ent_date_compare(today, p->not_before) <= 0;
        y->overdue += kept.due && !kept.held && !window && ent_date_compare(kept.due_on, yesterday) < 0;
        days += (double)(ent_date_days(today) - ent_date_days(p->facts.taken));
    }
    y->age_days = n->part_count ? days / (double)n->part_count : 0;
}

ent_code ent_flow_year(ent_flow_node *n, const ent_actor *by, int year, ent_year *ret_year, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    ent_year y = {.year = year};
    ENT_TRY(count_ledger(n, &y, err)); /* what is appended meanwhile is of the next report */
    pthread_mutex_lock(&n->lock);
    count_parts(n, &y);
    pthread_mutex_unlock(&n->lock);
    *ret_year = y;
    return ENT_OK;
}
