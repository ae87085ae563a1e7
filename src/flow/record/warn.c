/* What a custodian should know before it happens: what falls due, where an extension may be applied for, which holds are to be looked at
 * again, what waits for a second person. */
#include "base/check.h"
#include "flow/state.h"

#include <string.h>

enum { SOON = 14 }; /* days before an extension's window opens */

typedef struct warning_run {
    ent_flow_node *n;
    ent_date today, until;
    ent_see_warning *see;
    void *ctx;
    ent_warnings *out;
} warning_run;

static ent_date days_on(ent_date d, int days) { return ent_date_from_days(ent_date_days(d) + days); }
static bool within(const warning_run *r, ent_date d) { return d.year && ent_date_compare(d, r->until) <= 0; }

static void say(const warning_run *r, const ent_held_part *p, const ent_retention *kept, const char *what, ent_date date)
{
    if (r->see) r->see(r->ctx, &(ent_warning){.part = p->id, .encounter = p->encounter, .material = p->facts.material, .what = what, .date = date, .clause = kept->clause});
}

/* Of the power that keeps longest: its end is the part's. */
static void warn_window(const warning_run *r, const ent_held_part *p, const ent_retention *kept)
{
    const ent_power *k = &kept->power[0];
    if (!kept->count || !k->extendable || !k->window_from.year) return;
    if (ent_date_compare(k->window_from, r->today) <= 0) r->out->windows++, say(r, p, kept, "extension may be applied for until", k->window_until);
    else if (ent_date_compare(k->window_from, days_on(r->today, SOON)) <= 0) r->out->windows_soon++, say(r, p, kept, "extension may be applied for from", k->window_from);
}

static void warn_hold(const warning_run *r, const ent_held_part *p, const ent_retention *kept)
{
    if (!kept->held) return;
    if (within(r, kept->hold_review)) {
        bool over = ent_date_compare(kept->hold_review, r->today) < 0;
        r->out->reviews++;
        r->out->reviews_overdue += over;
        say(r, p, kept, over ? "hold should have been reviewed by" : "hold is to be reviewed by", kept->hold_review);
    }
    if (kept->due && !p->hold) r->out->unsplit++, say(r, p, kept, "held without a power: not yet in the hold store, since", kept->due_on);
}

static void warn_part(const warning_run *r, const ent_held_part *p)
{
    ent_retention kept;
    ent_part_retention(r->n, p, &kept);
    for (size_t i = 0; i < p->facts.event_count; i++) r->out->pending += p->facts.events[i].pending && !p->facts.events[i].undone;
    warn_hold(r, p, &kept);
    if (kept.due) return;
    if (within(r, kept.due_on)) r->out->due++, say(r, p, &kept, "falls due on", kept.due_on);
    warn_window(r, p, &kept);
}

ent_code ent_flow_warnings(ent_flow_node *n, const ent_actor *by, int days, ent_see_warning *see, void *ctx, ent_warnings *ret, ent_err *err)
{
    ent_warnings out = {0};
    if (see) ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err)); /* numbers alone are for the journal */
    pthread_mutex_lock(&n->lock);
    warning_run r = {n, ent_today(n), days_on(ent_today(n), days), see, ctx, &out};
    for (size_t i = 0; i < n->part_count; i++) warn_part(&r, &n->parts[i]);
    pthread_mutex_unlock(&n->lock);
    *ret = out;
    return ENT_OK;
}
