/* Messages for partners that must arrive: put into the store in the batch of the act that they tell of, sent afterwards and until
 * they were taken. A message that the partner refuses for good (4xx but 408 and 429) stays, is counted, and is shown to operators.
 *
 * Nothing is sent under the lock: the flow calls ent_queue_send when it has let it go, and each minute. */
#ifndef FLOW_QUEUE_H
#define FLOW_QUEUE_H

#include "flow/commit.h"

typedef struct ent_queued {
    char partner[ENT_NODE_NAME_MAX];
    ent_message_kind kind;
    uint8_t id[ENT_ID_SIZE];        /* of the message */
    uint8_t about[ENT_ID_SIZE];     /* the part it speaks of; zeros: none. Destroying the part removes what waits about it */
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME];
    uint32_t agreement_version;
    uint8_t agreement_digest[32];
    ent_entry_kind proof_kind;      /* the entry of our ledger that the message carries the proof of; 0: none */
    uint8_t proof_case[ENT_ID_SIZE];
} ent_queued;

/* Adds the message to the batch. */
void ent_queue_put(ent_flow_node *n, ent_batch *b, const ent_queued *q, ent_bytes body);
/* Adds to a batch that all that waits about these parts goes. */
ENT_MUST_CHECK ent_code ent_queue_forget(ent_flow_node *n, ent_batch *b, const ent_part_set *about, ent_err *err);
/* Tries each once; a partner that cannot be reached is left until the next time. ret_sent may be NULL. Not under the lock. */
ENT_MUST_CHECK ent_code ent_queue_send(ent_flow_node *n, size_t *ret_sent, ent_err *err);
size_t ent_queue_count(ent_flow_node *n);

/* The latest entry of a kind and case number in our own ledger. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_entry_find(ent_flow_node *n, ent_entry_kind kind, const uint8_t case_number[ENT_ID_SIZE], uint64_t *ret_index, ent_err *err);

#endif
