/* The part of a receipt that comes from others: this node's checkpoints go to witnesses and partners, theirs come here, and
 * receipts are completed with cosignatures (docs/protocol/witness.md is normative).
 *
 * Rows: META "witness/NAME/YEAR" what a witness co-signed of ours; META "log/NAME/YEAR" the checkpoint that we co-signed of a partner; META
 * "doubt" why our own ledger is doubted; META "evidence/…" notes that should not both exist; RECEIPTS "w"+id a receipt that waits for
 * cosignatures, "r"+id one that has them. */
#ifndef FLOW_RECEIPT_H
#define FLOW_RECEIPT_H

#include "flow/commit.h"
#include "flow/state.h"

/* ---- for the stages ---- */

/* Whether anything may be asked or answered under this agreement with this partner now: some witness of it that is no party
 * co-signed this node's ledger within the configured silence, this ledger is not doubted, and neither is the partner's. Under the
 * lock. ret_reason: one sentence, only when false. */
bool ent_witnessed(ent_flow_node *n, const ent_agreement *a, const char *partner, char ret_reason[160]);
/* In the batch that notes an answer: its receipt is to be completed. */
void ent_receipt_expect(ent_batch *b, const ent_search_id *id, const char *partner, const ent_place *place, const ent_buf *receipt);
/* Whether the partner's own ledger says so: the proof verifies with a key of it that is valid now, in the log of a year that has come.
 * ENT_SIGNATURE, ENT_DENIED, ENT_NOT_FOUND. ret_place may be NULL. The first is for callers who hold the lock. */
ENT_MUST_CHECK ent_code ent_partner_says_locked(ent_flow_node *n, const char *partner, const char *proof, size_t len, ent_entry *ret_entry,
                                                ent_place *ret_place, ent_err *err);
ENT_MUST_CHECK ent_code ent_partner_says(ent_flow_node *n, const char *partner, const char *proof, size_t len, ent_entry *ret_entry,
                                         ent_place *ret_place, ent_err *err);
/* A checkpoint of a partner's ledger that came with a receipt or a proof and was verified: two roots of one size are kept as evidence.
 * Not under the lock. */
void ent_history_seen(ent_flow_node *n, const char *partner, const char *proof, size_t len);

/* Whether a witness of the agreement that is no party of it, by name and by key, co-signed the note. */
bool ent_independently_cosigned(const ent_agreement *a, const char *note, size_t len);

/* ---- messages, called by the inbox ---- */

void ent_checkpoint_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body);
void ent_receipts_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body);

/* What this node co-signed last of that partner's log of that year; size 0: nothing. Under the lock. */
ENT_MUST_CHECK ent_code ent_partner_remembered(ent_flow_node *n, const char *partner, uint32_t year, ent_checkpoint *ret, ent_err *err);

/* ---- loading ---- */

ENT_MUST_CHECK ent_code ent_witnessing_load(ent_flow_node *n, ent_err *err);
void ent_witnessing_free(ent_flow_node *n);

/* ---- inside of this folder ---- */

/* Whether a log is one of the partner's, and of a year that is not ahead of tomorrow: nobody makes logs in advance. */
bool ent_log_has_come(ent_flow_node *n, const char *origin, const char *partner, uint32_t *ret_year);

enum { ENT_WITNESSES_MAX = 256, ENT_DOUBTED_MAX = 64 };

typedef struct ent_witness_memory {
    char name[ENT_PARTY_NAME];
    uint32_t year;        /* of the shard: each is a log of its own */
    uint64_t size;        /* of the last checkpoint that it co-signed; 0: none */
    ent_hash root;
    int64_t since_ms;     /* when it was first to be asked */
    int64_t last_ms;      /* of its last cosignature; 0: none */
    int64_t next_try;     /* monotonic; not stored */
    unsigned failures;    /* in a row; not stored */
} ent_witness_memory;

struct ent_witnessing {
    ent_witness_memory at[ENT_WITNESSES_MAX];
    size_t count;
    uint32_t years[2];    /* of the shards that are submitted */
    char doubt[160];      /* of our own ledger; "": none */
    char doubted_by[ENT_ORIGIN_MAX]; /* NAME/YEAR: who, and of which shard */
    char doubted[ENT_DOUBTED_MAX][ENT_PARTY_NAME]; /* partners who showed two histories */
    size_t doubted_count;
    unsigned rounds;      /* of completing */
};

/* Under the lock. NULL only when there is no room; a new one begins now. */
ent_witness_memory *ent_witness_named(ent_flow_node *n, const char *name, uint32_t year);
/* Under the lock. The shards that are still submitted: the present one and the one before it, oldest first; how many. What is remembered
 * of earlier ones is forgotten in memory. */
size_t ent_witness_shards(ent_flow_node *n, ent_shard ret[2]);
ENT_MUST_CHECK ent_code ent_witness_keep(ent_flow_node *n, const ent_witness_memory *m, ent_err *err);
/* Two notes that should not both exist, or one that our ledger does not continue; `about`: whose ledger. The row's key ends in a
 * digest of the first, so that one contradiction of it is kept and nobody fills the store with more. */
ENT_MUST_CHECK ent_code ent_evidence_keep(ent_flow_node *n, const char *about, ent_bytes first, ent_bytes second, ent_err *err);

#endif
