#include "flow/agreement_use.h"

#include "base/check.h"
#include "flow/search/quota.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

static ent_flow_use *use_of(ent_agreement_use *u, const char *flow)
{
    for (size_t i = 0; i < u->agreement->flow_count; i++)
        if (strcmp(u->agreement->flow[i].name, flow) == 0) return &u->of[i];
    return NULL;
}

static void count(ent_flow_use *f, const ent_entry *e)
{
    switch (e->kind) {
    case ENT_ENTRY_ANSWERED_HIT: f->answered_hit++; break;
    case ENT_ENTRY_ANSWERED_NO_HIT: f->answered_no_hit++; break;
    case ENT_ENTRY_REFUSED: f->refused++; break;
    case ENT_ENTRY_ASKED: f->asked++; break;
    case ENT_ENTRY_RECEIVED: f->received++; break;
    case ENT_ENTRY_LOCAL_SEARCH: f->local++; break;
    case ENT_ENTRY_EXAMINED: f->examined++; break;
    case ENT_ENTRY_DISCLOSED: f->disclosed++; break;
    case ENT_ENTRY_RECALLED: f->recalled++; break;
    case ENT_ENTRY_KEPT: f->kept++; break;
    case ENT_ENTRY_ALARM: f->alarms++; break;
    default: break;
    }
}

static void note_alarm(ent_agreement_use *u, const ent_entry *e)
{
    if (u->alarm_count == ENT_USE_ALARMS) return;
    u->alarm[u->alarm_count].at = e->time;
    snprintf(u->alarm[u->alarm_count].flow, ENT_FLOW_NAME, "%s", e->flow);
    snprintf(u->alarm[u->alarm_count++].clause, ENT_LAW_CLAUSE, "%s", e->clause);
}

/* The latest entries, backwards. */
static ent_code read_ledger(ent_flow_node *n, const uint8_t digest[32], ent_agreement_use *u, ent_err *err)
{
    static const uint8_t none[32];
    const ent_ledger *l = &n->c.ledger;
    uint64_t size = l->size(l->self), first = size > ENT_USE_ENTRIES ? size - ENT_USE_ENTRIES : 0;
    for (uint64_t i = size; i-- > first;) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(l->read(l->self, i, bytes, err));
        ENT_TRY(ent_entry_decode(bytes, &e, err));
        u->since = e.time;
        bool ours = memcmp(e.agreement, digest, 32) == 0;
        if (e.kind == ENT_ENTRY_ALARM && (ours || memcmp(e.agreement, none, 32) == 0)) note_alarm(u, &e);
        ent_flow_use *f = ours ? use_of(u, e.flow) : NULL;
        if (f) count(f, &e);
    }
    return ENT_OK;
}

/* Under the lock. */
static void read_quotas(ent_flow_node *n, ent_agreement_use *u)
{
    for (size_t i = 0; i < u->agreement->flow_count; i++) {
        ent_flow_use *f = &u->of[i];
        f->flow = &u->agreement->flow[i];
        f->holder = strcmp(f->flow->holder, n->c.name) == 0;
        f->requester = strcmp(f->flow->requester, n->c.name) == 0;
        for (int d = 0; f->holder && d < ENT_USE_DAYS; d++) {
            ent_quota q = {.agreement = u->agreement->name, .flow = f->flow->name, .at = {ent_now(n).ms - d * 86400000ll}};
            ent_ask used = {0};
            ent_quota_used(n, &q, &used);
            f->day[d] = used.used_day;
        }
    }
}

ent_code ent_flow_agreement_use(ent_flow_node *n, const ent_actor *by, const char *name, void (*see)(void *ctx, const ent_agreement_use *u), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    ent_agreement_use *u = calloc(1, sizeof *u);
    if (!u) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *h = ent_agreement_named(n, name);
    ent_code code = h ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
    if (h) {
        u->agreement = h->a;
        u->file = h->envelope.file, u->file_len = h->envelope.file_len;
        read_quotas(n, u);
        code = read_ledger(n, h->envelope.digest, u, err);
    }
    if (code == ENT_OK) see(ctx, u);
    pthread_mutex_unlock(&n->lock);
    free(u);
    return code;
}
