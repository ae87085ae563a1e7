/* The end of a case, as the desk that asked may know it: confirmed, not confirmed, unresolved, withdrawn; never why. */
#ifndef FLOW_TOLD_H
#define FLOW_TOLD_H

#include "flow/flow.h"

/* "" while the case is open. An officer's; ENT_NOT_FOUND for a search that this node did not ask. */
ENT_MUST_CHECK ent_code ent_flow_search_told(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], char ret_outcome[16], ent_err *err);

#endif
