/* How often a flow was used: by day, by hour, and by hour for each officer of the requester (whose pseudonym stands in the proven
 * entry "asked") and for each desk (whose capture key stands in the crossing's pledge). Counted in the batch that has the answer, so that searches at the same time never overrun it. Under the lock. */
#ifndef FLOW_QUOTA_H
#define FLOW_QUOTA_H

#include "flow/commit.h"

typedef struct ent_quota {
    const char *agreement, *flow;
    ent_actor_id officer;
    const uint8_t *desk;            /* its capture key, 32 bytes; NULL: a file */
    ent_time at;
} ent_quota;

/* Sets used_day, used_hour, used_officer_hour and used_desk_hour. */
void ent_quota_used(const ent_flow_node *n, const ent_quota *q, ent_ask *ret_ask);
/* Adds one to each; the batch fails with ENT_CONFLICT when another did so meanwhile. */
void ent_quota_count(const ent_flow_node *n, const ent_quota *q, ent_batch *b);

#endif
