/* Redress: the traveller whom the examiners excluded is not stopped again by the same record.
 *
 *   requester                                       holder
 *   told "not confirmed" ──consent──> slip          keeps its own side: the search, its candidate, what the examiners saw
 *   slip shown ──search message──────────────────>  whose slip, still good? the probe's own traveller? that record is left out
 *   revoked ──message, with the entry's proof────>  does not count any more
 *
 * What the slip stands for is never in the slip: the holder finds the pair by the search's reference in its own store, so a slip ends
 * with the record, with the exclusion, and with its day. A slip that does not count changes nothing: the answer is the one that would
 * have been given without it. docs/protocol/redress.md is normative. Under the lock where not said otherwise. */
#ifndef FLOW_REDRESS_H
#define FLOW_REDRESS_H

#include "flow/capture/capture.h"
#include "flow/redress/slip.h"

/* What a slip did at the holder; stays there, sealed in nothing but the holder's own row of the search. */
#define ENT_SLIP_EFFECTS(X)                                                                                            \
    X(NONE, "not considered")                                                                                          \
    X(LEFT_OUT, "the record was left out")                                                                             \
    X(EXCEEDED, "the evidence exceeds what was examined")                                                              \
    X(FORGED, "not signed by the partner, or for another agreement")                                                       \
    X(EXPIRED, "its day is over")                                                                                      \
    X(REVOKED, "revoked")                                                                                              \
    X(NOT_EXCLUDED, "the exclusion does not stand")                                                                    \
    X(GONE, "the record is gone")                                                                                      \
    X(OTHER_TRAVELLER, "not the slip's own traveller")

typedef enum ent_slip_effect {
#define ENT_X(name, text) ENT_SLIP_##name,
    ENT_SLIP_EFFECTS(ENT_X)
#undef ENT_X
} ent_slip_effect;

const char *ent_slip_effect_text(ent_slip_effect e);

/* The records that may be left out of one search: what the examiners excluded then. */
typedef struct ent_leave {
    ent_slip_effect effect;   /* NONE: to be weighed by the search */
    uint8_t number[ENT_ID_SIZE];
    size_t count;
    struct {
        ent_part_id part;     /* the candidate */
        double finger, ratio; /* the evidence that the examiners judged */
    } record[ENT_AGREEMENT_CANDIDATES];
} ent_leave;

/* The holder's end: may this slip leave a record out of this search? Verifies signature, day, revocation, the exclusion, and that the
 * probe is the slip's own traveller. Not under the lock. */
void ent_redress_consider(ent_flow_node *n, const char *partner, const char *agreement, const ent_slip *slip, const ent_capture *probe, ent_leave *ret_leave);
/* A partner revokes its slip. Not under the lock. */
void ent_redress_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
/* Whether a partner's slip was revoked. */
ENT_MUST_CHECK ent_code ent_redress_revoked(ent_flow_node *n, const char *partner, const uint8_t number[ENT_ID_SIZE], bool *ret_revoked, ent_err *err);
/* Rows whose slip has expired go. Each minute. */
ENT_MUST_CHECK ent_code ent_redress_tick(ent_flow_node *n, ent_err *err);

#endif
