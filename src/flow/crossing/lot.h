/* A row of the lot: a search under 'a' (asked here), 'h' (answered here) or 'p' (on its way, ahead.c) and its reference. Inside flow/crossing. */
#ifndef FLOW_CROSSING_LOT_H
#define FLOW_CROSSING_LOT_H

#include "base/cursor.h"
#include "flow/crossing/crossing.h"

enum { ENT_LOT_KEY = 1 + ENT_ID_SIZE, ENT_LOT_OPENING = 4096, ENT_LOT_ROW = ENT_LOT_OPENING + 1024 };

typedef struct ent_held_lot {
    char way;
    ent_search_id reference;
    ent_lot_state state;
    ent_time asked, opened;
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME], partner[ENT_NODE_NAME_MAX];
    uint32_t version;
    uint8_t digest[32], head[32];
    ent_slot slot;                  /* of the sealed opening; UINT64_MAX at the holder */
    uint64_t entry;                 /* "asked", or "local search"; UINT64_MAX: to be found */
} ent_held_lot;

void ent_lot_put(ent_batch *b, const ent_held_lot *l, ent_bytes box);
ent_code ent_lot_decode(const uint8_t *key, size_t key_len, ent_cursor *c, ent_held_lot *ret);
/* The one of a search that was asked here, and its sealed opening. ENT_NOT_FOUND: the lot did not choose it, and it does not wait. */
ENT_MUST_CHECK ent_code ent_lot_get(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_held_lot *ret, ent_buf *ret_box, ent_err *err);
ent_held_lot ent_lot_drawn(const ent_flow_node *n, const ent_lot_draw *d);

/* What is sealed: all of the opening that is not in the row (docs/protocol/crossing.md, "The opening"). */
ENT_MUST_CHECK ent_code ent_lot_secret(const ent_lot_draw *d, ent_buf *ret, ent_err *err);
/* Under a key of its own, whose slot is bound to the reference. */
ENT_MUST_CHECK ent_code ent_lot_seal(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], const ent_buf *opening, ent_slot *ret_slot, ent_buf *ret_box, ent_err *err);
void ent_lot_binding(const uint8_t reference[ENT_ID_SIZE], uint8_t ret_binding[32]);

#endif
