/* Searches that are being answered here, and when the answers to the last of them leave: the same request that comes twice at the same time is
 * answered once, and who asks after a search is told nothing before its answer would have left (docs/protocol/exchange.md, section 8). In
 * memory: a node that starts anew is at nothing. Any thread. */
#ifndef FLOW_FLIGHTS_H
#define FLOW_FLIGHTS_H

#include "flow/state.h"

/* One message about a search; in its receiver's frame from begin to end. */
typedef struct ent_flight {
    const ent_arrival *in;
    struct ent_flight *next;
} ent_flight;

/* Waits while the same id is being answered, unless `in` is a question or would rather ask again: false then, it is worked at, and nothing is to
 * be ended. True: it may be answered; *ret_slot is when an answer to this id leaves that has not left yet (monotonic, ms), 0: there is none. */
bool ent_flight_begin(ent_flow_node *n, ent_flight *f, int64_t *ret_slot);
/* Answered; slot: when that leaves, if it was searched now, else 0. */
void ent_flight_end(ent_flow_node *n, const ent_flight *f, int64_t slot);

#endif
