/* A node's identity key follows another: told to partners as a message whose signature is the old key's. */
#ifndef FLOW_IDENTITY_H
#define FLOW_IDENTITY_H

#include "flow/flow.h"

/* The holder's end: a new card in the message that the old key signed. Both keys are valid for 30 days. */
void ent_identity_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);

#endif
