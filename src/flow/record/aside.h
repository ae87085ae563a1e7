/* What a backup may be too old for, kept on the standby before it is acknowledged here (aside.c). Under the lock. */
#ifndef FLOW_ASIDE_H
#define FLOW_ASIDE_H

#include "flow/state.h"

/* The part's row as it is now, with what names it; when its key is in the hold store, its sealed images and templates too. Does nothing
 * without a standby. ENT_UNREACHABLE: then nothing may rest on it. */
ENT_MUST_CHECK ent_code ent_aside_part(ent_flow_node *n, const ent_held_part *p, ent_err *err);
/* The part is destroyed: what was put aside of it is sealed under a key that is gone, and goes too. That it cannot is no failure. */
void ent_aside_drop(ent_flow_node *n, const ent_held_part *p);

#endif
