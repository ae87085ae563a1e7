/* Confirmed time (time.c). Under the lock. */
#ifndef FLOW_TIME_H
#define FLOW_TIME_H

#include "flow/flow.h"

ENT_MUST_CHECK ent_code ent_time_begin(ent_flow_node *n, ent_err *err);
/* Each minute: remembers the time when it is sure. */
ENT_MUST_CHECK ent_code ent_time_tick(ent_flow_node *n, bool *ret_sure, ent_err *err);
bool ent_time_sure(ent_flow_node *n);

#endif
