/* What the stages share. Everything here is a cache of the store, made by open.c and changed only after a commit; `lock`
 * guards it all, the gallery has its own. */
#ifndef FLOW_STATE_H
#define FLOW_STATE_H

#include "flow/flow.h"
#include "crypto/seal.h"
#include "flow/commit.h"
#include "flow/gallery/gallery.h"
#include "flow/record/hold.h"

#include <pthread.h>

typedef struct ent_held_agreement {
    ent_envelope envelope;
    ent_agreement *a;
    ent_agreement_state state;
} ent_held_agreement;

typedef struct ent_past_key { /* a key that a node had */
    char name[ENT_NODE_NAME_MAX];
    ent_public_key key;
    ent_time until;
} ent_past_key;

typedef struct ent_held_partner {
    ent_card card;
    ent_public_key old_key;  /* valid until old_until */
    int64_t old_until_ms;
    bool revoked;
} ent_held_partner;

/* What a part can be found by. */
typedef enum ent_part_by { ENT_BY_PART, ENT_BY_ENCOUNTER, ENT_BY_PERSON, ENT_BY_CASE, ENT_PART_BYS } ent_part_by;
#define ENT_LINKED_MAX 32 /* encounters of one person that count for each other */

/* One part of one encounter, as the part's row says. */
typedef struct ent_held_part {
    ent_part_id id;
    ent_encounter_id encounter;
    ent_person_id person;
    ent_slot slot;
    ent_case_id case_number;
    uint8_t salt[32], digest[32], transaction[32]; /* salt and content of the "enrolled" commitment; token of the custody reference */
    uint64_t index;          /* of that entry; UINT64_MAX until it is known */
    ent_legal_facts facts;   /* events owned */
    ent_date due_on;         /* as of the last look; year 0: no end */
    ent_date not_before;     /* an event moved the date earlier: nothing is destroyed before this day; year 0: none */
    ent_date row_due_on;     /* as the row says it: what the law said when it was last written */
    bool hidden;             /* due: in no gallery */
    ent_hold *hold;          /* owned; in the hold store (record/hold.c): the slot opens the row and nothing else. NULL: not */
    uint32_t next[ENT_PART_BYS]; /* holding.c's chains */
} ent_held_part;

/* commit.c: batches that wait for their end, first for the store's sync, then for the ledger; a lock of its own. */
typedef struct ent_row_of {
    struct ent_ending *first, **last;
    bool led;
} ent_row_of;

typedef struct ent_endings {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    ent_row_of store, ledger;
} ent_endings;

void ent_endings_begin(ent_endings *q);
void ent_endings_finish(ent_endings *q);

/* A key that many searches share for a few minutes. */
typedef struct ent_shared_key {
    uint8_t id[ENT_ID_SIZE];
    ent_slot slot;
    int64_t since;           /* it is the present one, or the one before; monotonic, ms */
    bool there;
} ent_shared_key;

/* Whom one custodian proposed: nobody here until a second person agreed. */
typedef struct ent_proposed {
    ent_actor person;
    ent_actor_id by;
    ent_case_id case_number; /* of the entries of both words */
} ent_proposed;

/* A search that was answered here, and when its answer leaves (monotonic, ms). */
typedef struct ent_landing {
    uint8_t id[ENT_ID_SIZE];
    int64_t slot;
} ent_landing;

enum { ENT_LANDED = 512 }; /* more than leave within two steps of the grid */

struct ent_flow_node {
    ent_flow_config c;
    pthread_mutex_t lock;
    ent_endings endings;
    ent_actor *people;
    size_t people_count;
    ent_proposed *proposed;
    size_t proposed_count;
    ent_held_partner *partners;
    size_t partner_count;
    ent_past_key *past_keys;
    size_t past_key_count;
    ent_held_agreement *agreements, *next; /* those that count; versions that may come to (agreements.c) */
    size_t agreement_count, next_count;
    ent_held_part *parts;
    size_t part_count, part_cap;
    uint32_t *part_head[ENT_PART_BYS];
    ent_key32 transaction_key; /* of those tokens */
    ent_gallery *gallery;
    struct ent_face_holding *faces;
    size_t other_model;        /* photographs whose template is missing or of another model */
    struct ent_witnessing *witnessing; /* flow/receipt */
    struct ent_copies *copies; /* flow/feed */
    uint64_t entries_read;     /* of the ledger, for ent_parts_find_entries */
    bool destroyed_since;      /* slots were overwritten since the epoch began; ENT_EPOCH_DUE is in the store then */
    struct ent_regime_sets *regime_sets; /* record/regimes.c: the one in force first */
    struct ent_tombstones *tombstones; /* destruction/tombstone.c */
    struct ent_openings *openings; /* record/hold.c: words that wait for a second one */
    bool regimes_differ;       /* from the folder's */
    ent_desk_view *desks;
    size_t desk_count;
    struct ent_held_lot *lots; /* flow/crossing/lot.c */
    size_t lot_count;
    ent_shared_key ahead[2];   /* flow/crossing/ahead.c: the present one, and the one before */
    ent_date turns_swept;
    int64_t watch_swept;       /* the hour */
    bool alarms_wait;          /* to be entered into the ledger */
    struct ent_flight *flights; /* flow/search/flights.h: searches that are being answered */
    pthread_cond_t landed;     /* one of them was */
    ent_landing landings[ENT_LANDED]; /* those that were last, round and round */
    size_t landed_count;
    ent_date swept;            /* the day of the last run of its own accord */
    uint64_t looks;            /* so often was everybody's visibility worked out */
    ent_date looked;           /* the day for which due dates and visibility were last worked out */
};

static inline ent_time ent_now(const ent_flow_node *n) { return n->c.clock.now(n->c.clock.self); }
static inline int64_t ent_ticks(const ent_flow_node *n) { return n->c.clock.monotonic(n->c.clock.self); }
static inline void ent_fill(const ent_flow_node *n, void *bytes, size_t len) { n->c.random.fill(n->c.random.self, bytes, len); }
/* The date here, not in Greenwich: "when that day is over" is local. */
static inline ent_date ent_local_date(const ent_flow_node *n, ent_time at)
{
    if (n->c.clock.offset) at.ms += (int64_t)n->c.clock.offset(n->c.clock.self, at) * 1000;
    return ent_time_date(at);
}
static inline ent_date ent_today(const ent_flow_node *n) { return ent_local_date(n, ent_now(n)); }

/* ---- loading and rows, one file each ---- */

ENT_MUST_CHECK ent_code ent_people_load(ent_flow_node *n, ent_err *err);
ENT_MUST_CHECK ent_code ent_partners_load(ent_flow_node *n, ent_err *err);
ENT_MUST_CHECK ent_code ent_agreements_load(ent_flow_node *n, ent_err *err);
ENT_MUST_CHECK ent_code ent_parts_load(ent_flow_node *n, ent_err *err);
ENT_MUST_CHECK ent_code ent_destructions_finish(ent_flow_node *n, ent_err *err);
ENT_MUST_CHECK ent_code ent_regimes_load(ent_flow_node *n, ent_err *err);
void ent_regimes_free(ent_flow_node *n);
void ent_parts_free(ent_flow_node *n);
void ent_agreements_free(ent_flow_node *n);
/* Later versions whose day has come take the place of those before. Under the lock. Each minute. */
ENT_MUST_CHECK ent_code ent_agreements_tick(ent_flow_node *n, ent_err *err);

#define ENT_EPOCH_DUE "epoch-due" /* in META */
/* Ends the epoch of the keys; `by` NULL: the clock. Under the lock. */
ENT_MUST_CHECK ent_code ent_epoch_end(ent_flow_node *n, const ent_actor *by, uint32_t *ret_epoch, ent_err *err);
/* Gives each part the index of its entry "enrolled", read from the ledger once. Under the lock. */
ENT_MUST_CHECK ent_code ent_parts_find_entries(ent_flow_node *n, ent_err *err);

/* Under the lock: the partner, agreement or desk of that name, NULL. */
ent_desk_view *ent_desk_named(ent_flow_node *n, const char *name);
ent_held_partner *ent_partner_named(ent_flow_node *n, const char *name);
/* The new partner and the end of the old in one batch, with an entry whose commitment is the SHA-256 of `statement`. Under the lock. */
ENT_MUST_CHECK ent_code ent_partner_follow(ent_flow_node *n, const ent_actor *by, const char *old_name, const void *card_text, size_t len, const ent_card *card, ent_bytes statement,
                                           ent_err *err);
/* A key that this node or a partner has no more: adds to the batch until when it counts; whether it was its key then. Under the lock. */
void ent_key_ended(ent_flow_node *n, ent_batch *b, const char *name, const ent_public_key *key, ent_time until);
bool ent_key_was(const ent_flow_node *n, const char *name, const ent_public_key *key, ent_time at);
ent_held_agreement *ent_agreement_named(ent_flow_node *n, const char *name);
/* Which flows of which agreements, in force today, in which this node is the holder, may see a part: a bit each. The bit of
 * a flow is its place in the walk over agreements and flows. Under the lock. */
uint64_t ent_flows_that_see(ent_flow_node *n, const ent_legal_facts *facts, const ent_retention *kept, bool convicted);
int ent_flow_bit(ent_flow_node *n, const ent_agreement *a, const ent_flow *f); /* -1: not the holder, or over 64 */
/* Works out all parts' powers and visibility anew; after a change of agreement or of day. Under the lock. */
void ent_parts_look(ent_flow_node *n);
/* After loading: where the rules of today give an earlier date than the rows remember, a window begins. */
ENT_MUST_CHECK ent_code ent_parts_settle(ent_flow_node *n, ent_err *err);
void ent_part_look(ent_flow_node *n, ent_held_part *p);
/* holding.c: copies the part in (its events are taken over), out, and along the parts of one encounter or person. */
ENT_MUST_CHECK ent_code ent_part_hold(ent_flow_node *n, const ent_held_part *p, ent_held_part **ret_held, ent_err *err);
void ent_part_drop(ent_flow_node *n, ent_held_part *p);
void ent_part_renamed(ent_flow_node *n, ent_held_part *p, const ent_person_id *person);
ent_held_part *ent_part_held(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE]);
/* By the first eight bytes of its number. */
ent_held_part *ent_part_beginning(ent_flow_node *n, const uint8_t start[ENT_ID_SIZE]);
ent_held_part *ent_part_first(ent_flow_node *n, ent_part_by by, const uint8_t id[ENT_ID_SIZE]);
ent_held_part *ent_part_next(ent_flow_node *n, ent_part_by by, const ent_held_part *p);
/* Facts of the person's other encounters. */
size_t ent_part_linked(ent_flow_node *n, const ent_held_part *p, ent_legal_facts linked[ENT_LINKED_MAX]);
/* What keeps it today; on a day, with other facts than its own. */
void ent_part_retention(ent_flow_node *n, const ent_held_part *p, ent_retention *ret);
void ent_part_retention_on(ent_flow_node *n, const ent_held_part *p, const ent_legal_facts *facts, ent_date day, ent_retention *ret);
uint64_t ent_part_flows(ent_flow_node *n, const ent_held_part *p, const ent_retention *kept);
/* Moves what is held, due and past its window into the hold store. ENT_REFUSED: there are not two custodians. */
ENT_MUST_CHECK ent_code ent_holds_move(ent_flow_node *n, size_t *ret_moved, ent_err *err);
void ent_openings_free(ent_flow_node *n);
/* The part's row into a batch, its due date as it is now. */
ENT_MUST_CHECK ent_code ent_part_put(ent_flow_node *n, ent_batch *b, ent_held_part *p, ent_err *err);
ENT_MUST_CHECK ent_code ent_part_row(ent_flow_node *n, const ent_held_part *p, const ent_key32 *key, ent_buf *ret_row, ent_err *err);
void ent_part_binding(const uint8_t id[ENT_ID_SIZE], uint8_t ret_binding[32]);

/* Unseals one print's whole template, for ent_gallery_search: ctx is the node. Needs no lock. */
ent_finger_template *ent_print_fetch(void *ctx, const ent_gallery_print *print);
/* The token under which a custody reference is known: HMAC-SHA-256 of ORI, NUL, TCN. */
void ent_transaction_token(const ent_flow_node *n, const char *ori, const char *tcn, uint8_t ret_token[32]);
/* Arrested, charged, acquitted, no further action or convicted: what happened last. Static. */
const char *ent_status_of(const ent_legal_facts *f, bool *ret_convicted);
/* A commitment for a ledger entry: HMAC-SHA-256 of the content under the salt. */
void ent_commit_to(const uint8_t salt[32], const void *content, size_t len, uint8_t ret_commitment[32]);

#endif
