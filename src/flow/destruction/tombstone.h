/* Tombstones: the one declared trace of what was destroyed, so that a resend cannot revive it. Keyed by year, so that they end: the
 * transaction's token is hashed once more under the key of the year in which the last power could have kept what comes again, and that
 * key is destroyed when the year is over. Under the lock. */
#ifndef FLOW_TOMBSTONE_H
#define FLOW_TOMBSTONE_H

#include "flow/state.h"

/* Reads the years' keys; gives the tombstones that a restore or a changed rule left without a year theirs. */
ENT_MUST_CHECK ent_code ent_tombstones_load(ent_flow_node *n, ent_err *err);
void ent_tombstones_free(ent_flow_node *n);
/* Makes the key that this part's tombstone will need, when it is enrolled: destroying it must need neither room nor a standby. */
ENT_MUST_CHECK ent_code ent_tombstone_ready(ent_flow_node *n, const ent_held_part *p, ent_err *err);
/* Takes the place of the transaction's row. `p`: a part of its last ones. */
void ent_tombstone_put(ent_flow_node *n, ent_batch *b, const ent_held_part *p);
/* ENT_GONE with one sentence: this was destroyed. */
ENT_MUST_CHECK ent_code ent_tombstone_check(ent_flow_node *n, const uint8_t token[32], ent_err *err);
/* Ends the keys of years that are over, with their rows. */
ENT_MUST_CHECK ent_code ent_tombstones_tick(ent_flow_node *n, ent_err *err);

#endif
