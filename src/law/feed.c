#include "law/feed.h"

#define DAY_MS 86400000ll

ent_time ent_feed_lease(const ent_agreement *a, const ent_flow *f, ent_time contact)
{
    int64_t end = ent_date_start(a->until).ms + DAY_MS, until = contact.ms + f->lease_ms;
    return (ent_time){until < end ? until : end};
}

bool ent_feed_late(ent_time searched, ent_time last_contact) { return last_contact.ms && searched.ms + ENT_FEED_REPORT_MS < last_contact.ms; }

ent_copy_fate ent_copy_fate_of(const ent_agreement *a, const ent_flow *f, ent_agreement_state state, ent_time lease, ent_time now, bool sure, const char **ret_clause)
{
    bool gone = !f || f->copy != ENT_COPY_WATCHLIST || state == ENT_AGREEMENT_ENDED;
    bool over = now.ms >= lease.ms;
    *ret_clause = gone ? "copy.mode" : over ? "copy.lease" : !sure ? "time not confirmed" : "";
    if (gone && sure) return ENT_COPY_DESTROY;
    if (over && sure) return ENT_COPY_DESTROY;
    if (gone || over || !sure) return ENT_COPY_HOLD;
    ent_date today = ent_time_date(now);
    bool in_force = state == ENT_AGREEMENT_SIGNED && ent_date_compare(a->from, today) <= 0 && ent_date_compare(today, a->until) <= 0;
    if (!in_force) *ret_clause = "agreement not in force";
    return in_force ? ENT_COPY_USE : ENT_COPY_HOLD;
}
