/* Whom a search for a purpose would go to: every flow of every agreement here in which this node asks and that grants the
 * purpose, and lists the one for whom it is asked, with the verdict of now, so that one that is suspended or over is a line of its own and not left out. */
#include "flow/search/search.h"
#include "flow/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void judge(ent_flow_node *n, const ent_held_agreement *h, const ent_flow *f, const char *purpose, const char *on_behalf_of, ent_search_target *ret)
{
    ent_ask ask = {.holder = f->holder, .requester = n->c.name, .flow = f->name, .purpose = purpose, .on_behalf_of = on_behalf_of,
                   .modalities = f->modalities, .today = ent_today(n)};
    ent_verdict v;
    *ret = (ent_search_target){.answer_within_ms = f->answer_within_ms, .confirm_within_ms = f->confirm_within_ms};
    snprintf(ret->agreement, sizeof ret->agreement, "%s", h->a->name);
    snprintf(ret->flow, sizeof ret->flow, "%s", f->name);
    snprintf(ret->partner, sizeof ret->partner, "%s", f->holder);
    ent_agreement_decide(h->a, &ask, &v);
    ret->allowed = v.code == ENT_OK && h->state == ENT_AGREEMENT_SIGNED;
    for (size_t i = 0; ret->allowed && i < f->on_behalf_count; i++) memcpy(ret->for_whom[ret->for_count++], f->on_behalf_of[i], ENT_PARTY_NAME);
    memcpy(ret->clause, v.clause, sizeof ret->clause);
    snprintf(ret->reason, sizeof ret->reason, "%s", v.reason);
    if (v.code != ENT_OK || h->state == ENT_AGREEMENT_SIGNED) return;
    (void)ent_envelope_state(&h->envelope, h->a, ret->clause);
    char why[ENT_ENVELOPE_WHY];
    ent_envelope_why(&h->envelope, h->a, why);
    snprintf(ret->reason, sizeof ret->reason, "the agreement is %.120s", *why ? why : ent_agreement_state_text(h->state));
}

/* Copies first and tells afterwards: see may call the flow. */
ent_code ent_flow_search_targets(ent_flow_node *n, const char *purpose, const char *on_behalf_of, bool test, void (*see)(void *ctx, const ent_search_target *t),
                                 void *ctx, ent_err *err)
{
    size_t count = 0, cap = 0;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->agreement_count; i++) cap += n->agreements[i].a->flow_count;
    ent_search_target *all = calloc(cap + 1, sizeof *all);
    for (size_t i = 0; all && i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        for (size_t k = 0; k < h->a->flow_count; k++) {
            const ent_flow *f = &h->a->flow[k];
            bool asks = strcmp(f->requester, n->c.name) == 0 && f->test == test && ent_flow_purpose(f, purpose);
            if (!asks || (*on_behalf_of && !ent_flow_acts_for(f, on_behalf_of))) continue;
            judge(n, h, f, purpose, on_behalf_of, &all[count++]);
        }
    }
    pthread_mutex_unlock(&n->lock);
    if (!all) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) see(ctx, &all[i]);
    free(all);
    return ENT_OK;
}
