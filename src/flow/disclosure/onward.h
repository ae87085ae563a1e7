/* What was disclosed is given on to a third party that the agreement names.
 *
 *   requester                      holder                         third party
 *   asks ───/v1/onward──────────>  a custodian decides
 *        <──authorised (proof)───  ledger: "onward: authorised"       where the agreement demands it each time
 *   ledger: "left the system: onward" ──/v1/give, sealed, both proofs──>  kept under its own key, until the same day
 *        <──────────────────────────────────────────────────── proof of "kept"
 *   recalled by the holder: its own copy goes, the recall is passed on ──> destroyed; the proof of it comes back
 *
 * Each copy has a number of its own, under which all three ledgers know it: nothing in it tells the third party which search it came from.
 * docs/protocol/disclosure.md is normative. Under the lock where not said otherwise. */
#ifndef FLOW_DISCLOSURE_ONWARD_H
#define FLOW_DISCLOSURE_ONWARD_H

#include "flow/queue.h"
#include "law/disclosure.h"

/* A message about giving on; a copy that is given on. Not under the lock. */
void ent_onward_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
void ent_give_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
/* What is kept under this number goes because it was called back: so do the copies of it that were given on. Adds to the batch. */
ENT_MUST_CHECK ent_code ent_onward_recall(ent_flow_node *n, ent_batch *b, const uint8_t disclosure[ENT_ID_SIZE], const char *reason, ent_err *err);
/* A queued message was taken: the third party's receipt or undertaking. ENT_NOT_FOUND: it is about no copy that was given on. */
ENT_MUST_CHECK ent_code ent_onward_taken(ent_flow_node *n, ent_batch *b, const ent_queued *q, const ent_reply *reply, ent_err *err);
/* Rows whose period is over go. Each minute. */
ENT_MUST_CHECK ent_code ent_onward_tick(ent_flow_node *n, ent_err *err);

#endif
