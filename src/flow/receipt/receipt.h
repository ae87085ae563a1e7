/* The part of a receipt that comes from others: this node's checkpoints go to witnesses and partners, theirs come here, and
 * receipts are completed with cosignatures (docs/protocol/witness.md is normative).
 *
 * Rows: META "witness/NAME" what a witness co-signed of ours; META "log/NAME" the checkpoint that we co-signed of a partner; META
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
void ent_receipt_expect(ent_batch *b, const ent_search_id *id, const char *partner, uint64_t index, const ent_buf *receipt);
/* A checkpoint of a partner's ledger that came with a receipt or a proof and was verified: two roots of one size are kept as evidence.
 * Not under the lock. */
void ent_history_seen(ent_flow_node *n, const char *partner, const char *proof, size_t len);

/* Whether a witness of the agreement that is no party of it, by name and by key, co-signed the note. */
bool ent_independently_cosigned(const ent_agreement *a, const char *note, size_t len);

/* ---- messages, called by the inbox ---- */

void ent_checkpoint_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body);
void ent_receipts_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body);

/* ---- loading ---- */

ENT_MUST_CHECK ent_code ent_witnessing_load(ent_flow_node *n, ent_err *err);
void ent_witnessing_free(ent_flow_node *n);

/* ---- inside of this folder ---- */

enum { ENT_WITNESSES_MAX = 64, ENT_DOUBTED_MAX = 64 };

typedef struct ent_witness_memory {
    char name[ENT_PARTY_NAME];
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
    char doubt[160];      /* of our own ledger; "": none */
    char doubted_by[ENT_PARTY_NAME];
    char doubted[ENT_DOUBTED_MAX][ENT_PARTY_NAME]; /* partners who showed two histories */
    size_t doubted_count;
    unsigned rounds;      /* of completing */
};

/* Under the lock. NULL only when there is no room; a new one begins now. */
ent_witness_memory *ent_witness_named(ent_flow_node *n, const char *name);
ENT_MUST_CHECK ent_code ent_witness_keep(ent_flow_node *n, const ent_witness_memory *m, ent_err *err);
/* Two notes that should not both exist, or one that our ledger does not continue; `about`: whose ledger. The row's key ends in a
 * digest of the first, so that one contradiction of it is kept and nobody fills the store with more. */
ENT_MUST_CHECK ent_code ent_evidence_keep(ent_flow_node *n, const char *about, ent_bytes first, ent_bytes second, ent_err *err);

#endif
