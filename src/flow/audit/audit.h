/* Two parties' ledgers against each other: an outsider's check, from entries and agreements alone. Pure: no I/O, no clock, no
 * keys; whoever calls has verified the checkpoints that the entries stand under and the agreements' signatures.
 *
 * A search has one case number in both ledgers (docs/protocol/ledger.md), so each side's account of it can be laid beside the
 * other's. What is found is reported entry by entry; nothing is judged by a score. */
#ifndef FLOW_AUDIT_H
#define FLOW_AUDIT_H

#include "law/crossing.h"
#include "law/envelope.h"
#include "merkle/entry.h"

/* rule, what it means */
#define ENT_AUDIT_RULES(X)                                                                                             \
    X(TIME, "time goes back")                                                                                          \
    X(FOLLOWS, "follows an entry that is not before it")                                                               \
    X(UNKNOWN_AGREEMENT, "rests on an agreement that is not in the bundles")                                           \
    X(NOT_IN_FORCE, "at a time at which the agreement was not in force")                                               \
    X(NOT_GRANTED, "a flow, purpose or direction that the agreement does not grant")                                  \
    X(QUOTA, "over the quota of that day")                                                                             \
    X(NOT_ANSWERED, "asked; the partner's ledger has no answer, though one is claimed here")                           \
    X(NO_END, "asked; neither an answer nor its failure was written down")                                             \
    X(NOT_ASKED, "answered; the partner's ledger did not ask")                                                         \
    X(NOT_REPORTED, "searched in a copy; there was contact a day later, and the holder's ledger does not know")            \
    X(TWICE, "the same search answered twice")                                                                         \
    X(DIFFERS, "both ledgers have it, with another agreement, flow or purpose")                                       \
    X(NOT_CONFIRMED, "disclosed without a hit and an examination before it")                                           \
    X(CANDIDATES, "more records of one search than the agreement grants")                                              \
    X(FIELDS, "disclosed more fields than the agreement grants")                                                       \
    X(NOT_AUTHORISED, "given on to a third party; the holder's ledger does not authorise it")                         \
    X(NOT_DESTROYED, "due, neither destroyed nor held")                                                                \
    X(LOT_HIDDEN, "chosen by lot, and this ledger does not say so")                                                    \
    X(LOT_FALSE, "said to be chosen by lot, and the hash did not choose it")                                           \
    X(LOT_DUE, "chosen by lot, due, and not opened to the auditor")                                                    \
    X(LOT_PASSED_OVER, "answered while a search that the lot chose was due and not opened")                            \
    X(ALONE, "somebody came to work here by one person's word")

typedef enum ent_audit_rule {
#define ENT_X(name, text) ENT_AUDIT_##name,
    ENT_AUDIT_RULES(ENT_X)
#undef ENT_X
        ENT_AUDIT_RULE_COUNT
} ent_audit_rule;

/* Borrowed for the call. */
typedef struct ent_audit_side {
    const char *name;            /* the node's, as in agreements */
    const ent_entry *entries;    /* in the ledger's order */
    size_t count;
    const uint8_t *chosen;       /* an entry each: 1 where the lot chooses the search that it answers (ent_audit_draw); NULL: not drawn */
} ent_audit_side;

typedef struct ent_audit_text {
    const ent_envelope *envelope; /* verified */
    const ent_agreement *agreement;
} ent_audit_text;

typedef struct ent_audit_finding {
    ent_audit_rule rule;
    size_t side;                 /* index of the side in whose ledger the entry stands */
    uint64_t index;              /* of the entry */
} ent_audit_finding;

typedef struct ent_audit_counts {
    uint64_t entries, asked, answered_hit, answered_no_hit, refused, disclosed, destroyed, findings;
    uint64_t unanswered;         /* asked, and written down as not answered: the line was down, say */
    uint64_t chosen, opened;     /* by the lot, from the tree's heads; of these, opened to the auditor */
    uint64_t further;            /* candidates of hits beyond the first */
    uint64_t for_others;         /* asked on behalf of a third party */
    uint64_t given_on;           /* to a third party, of what was disclosed */
    uint64_t outside;            /* asked of, or answered to, somebody whose ledger is not here */
} ent_audit_counts;

/* Whether the lot chooses what this entry answers, or takes note of: `head` is the root of its shard up to and with it. Who reads a
 * ledger asks for each entry (docs/protocol/crossing.md, "The lot"). */
bool ent_audit_draw(const ent_entry *e, const uint8_t head[32]);

/* Of entries of this kind it is asked. */
bool ent_audit_drawn(ent_entry_kind kind);

/* Calls found for each finding, by rule and then by entry. ENT_NO_MEMORY. Time: O(n log n) of all entries. */
ENT_MUST_CHECK ent_code ent_audit(const ent_audit_side *sides, size_t side_count, const ent_audit_text *texts,
                                  size_t text_count, void (*found)(void *ctx, const ent_audit_finding *finding), void *ctx,
                                  ent_audit_counts *ret_counts, ent_err *err);

const char *ent_audit_rule_text(ent_audit_rule rule);
const char *ent_audit_rule_name(ent_audit_rule rule); /* "NOT_ANSWERED" */

#endif
