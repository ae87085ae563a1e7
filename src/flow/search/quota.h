/* How often a flow was used: by day, by hour, and by hour for each officer of the requester (whose pseudonym stands in the proven
 * entry "asked"). Counted in the batch that has the answer, so that searches at the same time never overrun it. Under the lock. */
#ifndef FLOW_QUOTA_H
#define FLOW_QUOTA_H

#include "flow/commit.h"

typedef struct ent_quota {
    const char *agreement, *flow;
    ent_actor_id officer;
    ent_time at;
} ent_quota;

/* Sets used_day, used_hour and used_officer_hour. */
void ent_quota_used(const ent_flow_node *n, const ent_quota *q, ent_ask *ret_ask);
/* Adds one to each; the batch fails with ENT_CONFLICT when another did so meanwhile. */
void ent_quota_count(const ent_flow_node *n, const ent_quota *q, ent_batch *b);

#endif
