/* What binds a search to one crossing of the border: the desk's capture key, the statement that it signed, one search for each
 * modality and partner, and the lot by which some are opened to the auditor (docs/protocol/crossing.md is normative).
 *
 * Rows: "desks" a desk's key under its name; "turns" what a crossing was used for already; "lots" searches that the lot chose, or may choose. The
 * statement itself is kept only of those, sealed. */
#ifndef FLOW_CROSSING_H
#define FLOW_CROSSING_H

#include "flow/commit.h"
#include "law/crossing.h"

/* Clauses of what is refused here, as the ledger has them. */
#define ENT_CLAUSE_CROSSING "one crossing, one search"
#define ENT_CLAUSE_LOT "audit by lot"

/* ---- desks.c ---- */

ENT_MUST_CHECK ent_code ent_desks_load(ent_flow_node *n, ent_err *err);

/* ---- take.c: the statement ---- */

/* What came from a desk. Without a statement it is a file, for flows that are marked test. */
typedef struct ent_taken {
    bool stated;
    ent_crossing c;
    ent_pledge pledge;
    ent_bytes capture;              /* borrowed from the file */
} ent_taken;

/* Reads the statement, if there is one, and holds it against this node, the officer who asks, the desk's key and the time. ENT_FORMAT,
 * ENT_DAMAGED, ENT_REFUSED (another node's or officer's, no such desk), ENT_SIGNATURE, ENT_STALE. Takes the lock. */
ENT_MUST_CHECK ent_code ent_crossing_take(ent_flow_node *n, const ent_actor *by, ent_bytes file, ent_taken *ret, ent_err *err);
/* What the entry "asked" commits to beside the body's digest: appended to it. */
void ent_crossing_commit(const uint8_t salt[32], const uint8_t body_digest[32], const ent_taken *t, uint8_t ret_commitment[32]);

/* ---- turns.c: one crossing, one search for each modality and partner ---- */

enum { ENT_TURN_TRIES = 8 };

typedef struct ent_turn {
    const uint8_t *commitment;      /* of the crossing; 32 bytes, borrowed */
    const char *partner;            /* who is asked, or asks */
    char way;                       /* 'a': asked by us, 'l': searched in a copy here, 'h': answered here */
    uint32_t modalities;            /* bits */
} ent_turn;

/* ENT_OK: this crossing was not used so. ENT_EXISTS: it was, by the search of this reference, which is answered or not after these
 * attempts. */
ENT_MUST_CHECK ent_code ent_turn_used(ent_flow_node *n, const ent_turn *t, uint8_t ret_reference[ENT_ID_SIZE], bool *ret_answered, uint32_t *ret_attempts,
                                      ent_err *err);
/* Adds to a batch that it is used so now. fresh: fails with ENT_EXISTS when it was meanwhile. */
void ent_turn_put(ent_flow_node *n, ent_batch *b, const ent_turn *t, bool fresh, const uint8_t reference[ENT_ID_SIZE], bool answered, uint32_t attempts);
/* Turns of crossings that are long over go. Once a day. */
ENT_MUST_CHECK ent_code ent_turns_tick(ent_flow_node *n, ent_err *err);

/* ---- lot.c ---- */

ENT_MUST_CHECK ent_code ent_lots_load(ent_flow_node *n, ent_err *err);
/* At the start, when agreements are loaded: draws for answers after which the node failed before it could. */
ENT_MUST_CHECK ent_code ent_lots_finish(ent_flow_node *n, ent_err *err);
void ent_lots_free(ent_flow_node *n);
/* The lot of an answered search, in the batch that notes the answer: nothing, unless it chose. t: NULL at the holder. */
typedef struct ent_lot_draw {
    const uint8_t *reference, *head; /* 16 and 32 bytes */
    const char *agreement, *flow, *purpose, *partner;
    uint32_t version;
    const uint8_t *digest;           /* of the agreement */
    const ent_taken *taken;          /* at the requester; NULL at the holder */
    const uint8_t *salt, *body_digest;
    uint64_t asked;                  /* the entry; UINT64_MAX: not yet written */
    bool waits;                      /* an opening may wait for this draw */
} ent_lot_draw;
/* Under the lock, as ent_lot_keep, which is given the same draw when the batch was committed. */
ENT_MUST_CHECK ent_code ent_lot_in(ent_flow_node *n, ent_batch *b, const ent_lot_draw *d, bool *ret_chosen, ent_err *err);
/* There is no head yet, for want of an answer or of the holder's note of a local search: the opening waits for the draw, sealed, 60 days at
 * most. Nothing for what a desk did not state. The draw that follows is committed with ent_destructions_finish. */
ENT_MUST_CHECK ent_code ent_lot_wait(ent_flow_node *n, ent_batch *b, const ent_lot_draw *d, ent_err *err);
/* The draw of what waits, when the holder names the head: a commit of its own. Nothing for a reference that does not wait. */
ENT_MUST_CHECK ent_code ent_lot_reported(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], const uint8_t head[32], ent_err *err);
/* The holder's draw for entry `number`, which takes note of a local search, unless it was drawn. A commit of its own. */
ENT_MUST_CHECK ent_code ent_lot_noted(ent_flow_node *n, ent_lot_draw *d, uint64_t number, uint8_t ret_head[32], ent_err *err);
void ent_lot_keep(ent_flow_node *n, const ent_lot_draw *d);
/* Whether a search that the lot chose is overdue on this flow with this partner: nothing is asked or answered until it is opened, or both have signed a later version of the agreement.
 * Under the lock. */
bool ent_lot_suspends(ent_flow_node *n, const char *agreement, const char *flow, const char *partner, char ret_why[160]);
void ent_lot_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
ENT_MUST_CHECK ent_code ent_lots_tick(ent_flow_node *n, ent_err *err);

/* ---- ahead.c: the opening is durable before the request leaves ---- */

#define ENT_LOT_AHEAD_MS 600000
/* Adds to the batch of "asked" the sealed opening. Nothing for what a desk did not state. Under the lock. */
ENT_MUST_CHECK ent_code ent_lot_ahead(ent_flow_node *n, ent_batch *b, const ent_lot_draw *d, ent_err *err);
/* Drops it: for the batch that notes how the search ended. After ENT_LOT_AHEAD_MS it may be waiting already, which ent_lot_in and ent_lot_wait look for. */
void ent_lot_ahead_ends(ent_batch *b, const uint8_t reference[ENT_ID_SIZE]);
/* What a crash left waits for its draw; the keys of before are overwritten. */
ENT_MUST_CHECK ent_code ent_lots_ahead_finish(ent_flow_node *n, ent_err *err);
/* The shared keys change, the old one is overwritten. Under the lock. Each minute. */
ENT_MUST_CHECK ent_code ent_lots_ahead_tick(ent_flow_node *n, ent_err *err);

/* The root of the entry's year's log up to and with the entry of this number. */
ENT_MUST_CHECK ent_code ent_ledger_head(const ent_flow_node *n, uint64_t number, uint8_t ret_head[32], ent_err *err);

#endif
