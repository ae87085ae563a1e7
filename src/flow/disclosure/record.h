/* The holder's own record of a disclosure: sealed under a key and for a period of its own. Under the lock. */
#ifndef FLOW_DISCLOSURE_RECORD_H
#define FLOW_DISCLOSURE_RECORD_H

#include "flow/disclosure/disclosure.h"

#define ENT_DISCLOSURE_KEPT_YEARS 6 /* Limitation Act 1980 s. 2 and 9: a claim in tort or under a statute, six years */
#define ENT_DISCLOSURE_PROOF 16384

enum { ENT_DISCLOSURE_CONCLUSIONS = 6 };

/* What one of the requester's examiners concluded, as its ledger says. */
typedef struct ent_told_conclusion {
    ent_actor_id examiner;
    ent_time at;
    ent_finding finding;
} ent_told_conclusion;

typedef struct ent_disclosure_record {
    ent_disclosure_view view;
    uint8_t transaction[32];         /* the encounter's token */
    ent_slot slot;
    uint8_t salt[32], digest[32];    /* salt and content (the sealed text's SHA-256) of the entry's commitment */
    size_t told_count;               /* where the flow asks for the requester's examiners */
    ent_told_conclusion told[ENT_DISCLOSURE_CONCLUSIONS];
    char kept_proof[ENT_DISCLOSURE_PROOF], gone_proof[ENT_DISCLOSURE_PROOF]; /* the requester's tlog-proofs; "" */
} ent_disclosure_record;

/* Makes the slot of a new record (slot.number UINT64_MAX) or takes the one that it has. */
ENT_MUST_CHECK ent_code ent_disclosure_put(ent_flow_node *n, ent_batch *b, ent_disclosure_record *r, ent_err *err);
/* One by its message's id. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_disclosure_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_disclosure_record *ret, ent_err *err);
/* All, or those of one token (NULL: all). */
ENT_MUST_CHECK ent_code ent_disclosures_walk(ent_flow_node *n, const uint8_t transaction[32], ent_code (*see)(void *ctx, const ent_disclosure_record *r),
                                             void *ctx, ent_err *err);

/* What is called back from whom, and why; borrowed. */
typedef struct ent_recalled {
    const uint8_t *id, *reference, *candidate;
    const char *partner, *flow, *purpose, *reason;
} ent_recalled;

/* Adds to a batch the recall that is queued (docs/protocol/disclosure.md). */
void ent_recall_put(ent_flow_node *n, ent_batch *b, const ent_recalled *r);

#endif
