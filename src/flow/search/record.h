/* What stays of a search. At the holder: who asked what by which agreement, the signature base as evidence, the outcome with
 * score and times, never a byte of the probe; of a hit, the probe sealed under its own key until the case is closed, 48
 * hours at most. At the requester: the same without a score. */
#ifndef FLOW_SEARCH_RECORD_H
#define FLOW_SEARCH_RECORD_H

#include "flow/commit.h"

enum { ENT_EVIDENCE_MAX = 8192 };

typedef struct ent_search_record {
    ent_search_view view;
    uint8_t agreement_digest[32], body_digest[32], signature[64];
    uint32_t agreement_version;
    uint8_t salt[32];               /* of the entry's commitment */
    uint8_t party;                  /* for whom it was asked, by its place in the agreement; 0: the requester itself */
    bool claimed;                   /* requester: the traveller claims protection */
    uint8_t barred;                 /* the parties of that version, a bit each, whom the claim bars */
    ent_slot probe_slot;
    bool has_probe;
    char reason[200];               /* of a refusal; else, at the holder, what a redress slip did */
    char evidence[ENT_EVIDENCE_MAX]; /* signature base (holder: the request's; requester: the answer's) */
} ent_search_record;

/* What the requester is told of a case's end. */
#define ENT_OUTCOMES(X) X(CONFIRMED, "confirmed") X(NOT_CONFIRMED, "not confirmed") X(UNRESOLVED, "unresolved") X(WITHDRAWN, "withdrawn")

typedef enum ent_outcome {
#define ENT_X(name, text) ENT_OUTCOME_##name,
    ENT_OUTCOMES(ENT_X)
#undef ENT_X
        ENT_OUTCOME_COUNT
} ent_outcome;

/* Adds to a batch that the case of one candidate ends: the row says so, and the ledger: "closed", the outcome, and why (": ..." or ""). With the
 * last candidate of its search the probe is to be overwritten (commit with ent_destructions_finish) and the requester is told. */
ENT_MUST_CHECK ent_code ent_search_close_in(ent_flow_node *n, ent_batch *b, const ent_actor *by, const ent_search_record *r, const char *why, ent_outcome outcome,
                                            ent_err *err);
/* The same, whole, with the examination's end. `by` NULL: the clock. */
ENT_MUST_CHECK ent_code ent_search_end(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], const char *why,
                                       ent_case_state how, ent_err *err);
/* The requester's end: the holder says how the case ended. */
void ent_search_closed(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);

void ent_search_put(ent_batch *b, ent_change_kind kind, const ent_search_record *r);
ENT_MUST_CHECK ent_code ent_searches_walk(ent_flow_node *n, ent_code (*see)(void *ctx, const ent_search_record *r), void *ctx, ent_err *err);
/* The row of the search that r is a candidate of, with the probe's slot: r's own, or another. */
ENT_MUST_CHECK ent_code ent_search_main(ent_flow_node *n, const ent_search_record *r, ent_search_record *ret, ent_err *err);
/* ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_search_get(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_search_record *ret, ent_err *err);
/* Adds to a batch: searches whose candidate was one of these parts lose it, their probes' slots are to be overwritten. */
ENT_MUST_CHECK ent_code ent_searches_forget(ent_flow_node *n, ent_batch *b, const ent_part_set *parts, ent_err *err);
/* A store that was made before there was an index from parts to searches gets it. Once. */
ENT_MUST_CHECK ent_code ent_searches_index(ent_flow_node *n, ent_err *err);
ENT_MUST_CHECK ent_code ent_probes_expire(ent_flow_node *n, ent_err *err);
void ent_probe_binding(const uint8_t reference[ENT_ID_SIZE], uint8_t ret_binding[32]);

#endif
