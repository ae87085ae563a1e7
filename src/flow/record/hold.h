/* The hold store's part of a row, and what the run of a day does for it. Under the lock. */
#ifndef FLOW_HOLD_H
#define FLOW_HOLD_H

#include "base/ids.h"
#include "crypto/seal.h"
#include "crypto/share.h"

enum { ENT_HOLD_SHARES = 16, ENT_HOLD_BOX = ENT_SHARE_SIZE + ENT_SEAL_TO_OVERHEAD };

/* The key of a part that no power keeps and a hold does: a share for each custodian, sealed to their own key. */
typedef struct ent_hold {
    size_t count;
    struct {
        ent_actor_id who;
        uint8_t box[ENT_HOLD_BOX];
    } share[ENT_HOLD_SHARES];
} ent_hold;

/* What the slot of such a part is bound to. */
void ent_hold_binding(const uint8_t id[ENT_ID_SIZE], uint8_t ret_binding[32]);

#endif
