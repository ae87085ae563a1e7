#include "law/disclosure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void refuse(ent_disclosure *d, const char *clause, const char *format, ...) ENT_PRINTF(3, 4);
static void refuse(ent_disclosure *d, const char *clause, const char *format, ...)
{
    va_list args;
    d->code = ENT_REFUSED;
    d->fields = 0;
    snprintf(d->clause, sizeof d->clause, "%s", clause);
    va_start(args, format);
    vsnprintf(d->reason, sizeof d->reason, format, args);
    va_end(args);
}

static bool same_examiner(const ent_conclusion *x, const ent_conclusion *y)
{
    return strcmp(x->node, y->node) == 0 && ent_id_equal(x->examiner.b, y->examiner.b);
}

/* Whether a later conclusion of the same examiner replaces this one. */
static bool replaced(const ent_disclosure_ask *ask, size_t i)
{
    for (size_t k = 0; k < ask->count; k++) {
        bool later = ask->conclusions[k].at.ms > ask->conclusions[i].at.ms || (ask->conclusions[k].at.ms == ask->conclusions[i].at.ms && k > i);
        if (later && same_examiner(&ask->conclusions[i], &ask->conclusions[k])) return true;
    }
    return false;
}

/* The examiners of one node who confirmed in time. */
static unsigned confirmed_at(const ent_disclosure_ask *ask, const char *node)
{
    unsigned n = 0;
    for (size_t i = 0; i < ask->count; i++) {
        const ent_conclusion *c = &ask->conclusions[i];
        bool in_time = c->at.ms >= ask->answered.ms && c->at.ms <= ask->answered.ms + ask->flow->confirm_within_ms && c->at.ms <= ask->now.ms;
        n += c->confirmed && in_time && strcmp(c->node, node) == 0 && !replaced(ask, i);
    }
    return n;
}

unsigned ent_examiners_needed(const ent_flow *f, bool face)
{
    unsigned least = face ? 2 : 1;
    return f->examiners > least ? f->examiners : least;
}

static bool holder_confirmed(const ent_disclosure_ask *ask)
{
    return ask->flow->confirm_by == ENT_CONFIRM_REQUESTER || confirmed_at(ask, ask->flow->holder) >= ent_examiners_needed(ask->flow, ask->face_here);
}

static bool enough(const ent_disclosure_ask *ask)
{
    const ent_flow *f = ask->flow;
    return holder_confirmed(ask) && (f->confirm_by == ENT_CONFIRM_HOLDER || confirmed_at(ask, f->requester) >= ent_examiners_needed(f, ask->face_there));
}

static bool rejected(const ent_disclosure_ask *ask)
{
    for (size_t i = 0; i < ask->count; i++)
        if (!ask->conclusions[i].confirmed && !replaced(ask, i)) return true;
    return false;
}

static bool examined_by(const ent_disclosure_ask *ask, const ent_actor_id *who)
{
    for (size_t i = 0; i < ask->count; i++)
        if (strcmp(ask->conclusions[i].node, ask->flow->holder) == 0 && ent_id_equal(ask->conclusions[i].examiner.b, who->b)) return true;
    return false;
}

static void decide(const ent_disclosure_ask *ask, ent_disclosure *d)
{
    uint32_t granted = ent_flow_fields(ask->flow, d->confirmed), wanted = ask->fields ? ask->fields : granted;
    const char *step = d->confirmed ? "disclose.on-confirmed" : "disclose.on-hit";
    uint32_t beyond = wanted & ~granted;
    if (beyond) {
        const char *field = ent_field_text((ent_field)__builtin_ctz(beyond));
        refuse(d, step, d->confirmed ? "%s is not granted" : "%s is not granted before the hit is confirmed", field ? field : "that");
        return;
    }
    if (!wanted) {
        refuse(d, step, "nothing may leave %s", d->confirmed ? "on this flow" : "before the hit is confirmed");
        return;
    }
    d->fields = wanted;
    snprintf(d->clause, sizeof d->clause, "%s", step);
    snprintf(d->reason, sizeof d->reason, "granted by flow %s", ask->flow->name);
}

void ent_disclosure_decide(const ent_disclosure_ask *ask, ent_disclosure *ret_disclosure)
{
    ent_disclosure d = {.code = ENT_OK};
    if (!ask->hit)
        refuse(&d, "disclose", "nothing is disclosed without a hit");
    else if (rejected(ask))
        refuse(&d, "confirm", "an examiner did not confirm it");
    else if (examined_by(ask, &ask->by))
        refuse(&d, "confirm", "who examined it does not disclose it");
    else {
        d.confirmed = enough(ask);
        if (ask->candidate && !holder_confirmed(ask)) refuse(&d, "disclose.on-hit", "a candidate beyond what was measured is no hit before it is confirmed");
        else decide(ask, &d);
    }
    *ret_disclosure = d;
}

void ent_disclosed_clause(const char *clause, uint32_t fields, char *ret, size_t cap) { snprintf(ret, cap, "%.30s: %x", clause, (unsigned)fields); }

uint32_t ent_disclosed_fields(const char *clause)
{
    const char *mark = strchr(clause, ':');
    unsigned fields = 0;
    if (strncmp(clause, "disclose.on-", 12) != 0 || !mark || sscanf(mark, ": %x", &fields) != 1) return 0;
    return fields;
}
