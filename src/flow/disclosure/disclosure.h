/* Disclosure: what leaves after a confirmed hit, what is kept of it at both ends, and how it is called back.
 *
 *   holder                                         requester
 *   disclosed ──message, sealed to the key──>      kept, under its own key, until the agreement's day
 *      │                                              │ expired: destroyed by the clock
 *      └──recall (destroyed, unlawful, corrected)──>  destroyed; the proof of that entry goes back: the undertaking
 *
 * The holder's own record of it has its own key and period, names nobody, and is found by the custody reference's token: it
 * outlives the biometric, so that a person wrongly shared can still prove it. docs/protocol/disclosure.md is normative. Under the
 * lock where not said otherwise. */
#ifndef FLOW_DISCLOSURE_H
#define FLOW_DISCLOSURE_H

#include "flow/queue.h"

/* ---- the text of a disclosure, and of a recall ---- */

enum { ENT_DISCLOSED_VALUES = 64, ENT_DISCLOSED_MAX = 12 << 20, ENT_DISCLOSED_NAME = 24 };

typedef struct ent_disclosed_value {
    char field[ENT_DISCLOSED_NAME]; /* a word of ent_field */
    uint8_t finger;                 /* of an image; 0 unknown or none */
    const void *value;              /* borrowed */
    size_t len;
} ent_disclosed_value;

typedef struct ent_disclosed_text {
    uint8_t id[ENT_ID_SIZE];
    ent_search_id reference;        /* the search */
    ent_search_id candidate;        /* the case number in both ledgers: the search's own, or another candidate's */
    char on_behalf_of[ENT_PARTY_NAME]; /* for whom it was asked; "": the requester itself */
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME];
    uint32_t agreement_version;
    ent_time at;
    ent_date keep_until;
    size_t count;
    ent_disclosed_value value[ENT_DISCLOSED_VALUES];
} ent_disclosed_text;

void ent_disclosed_write(const ent_disclosed_text *d, ent_buf *ret_text);
/* Strict: values borrow from `text`. ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_disclosed_read(const void *text, size_t len, ent_disclosed_text *ret, ent_err *err);

#define ENT_RECALLS(X) X(DESTROYED, "destroyed") X(UNLAWFUL, "unlawful") X(CORRECTED, "corrected") X(ENDED, "ended")

typedef enum ent_recall {
#define ENT_X(name, text) ENT_RECALL_##name,
    ENT_RECALLS(ENT_X)
#undef ENT_X
        ENT_RECALL_COUNT
} ent_recall;

const char *ent_recall_text(ent_recall why);

/* ---- the holder's end ---- */

/* What was disclosed from this encounter (by its transaction's token), or on one search, is called back: adds the messages to the
 * batch. Either may be NULL. */
ENT_MUST_CHECK ent_code ent_disclosures_recall(ent_flow_node *n, ent_batch *b, const uint8_t transaction[32], const uint8_t reference[ENT_ID_SIZE],
                                               ent_recall why, ent_err *err);
/* The same for everything that was disclosed under an agreement. */
ENT_MUST_CHECK ent_code ent_disclosures_recall_all(ent_flow_node *n, ent_batch *b, const char *agreement, ent_recall why, ent_err *err);
/* A queued message was taken: its receipt or undertaking goes into the record. ENT_OK too for messages of other kinds. */
ENT_MUST_CHECK ent_code ent_disclosure_taken(ent_flow_node *n, ent_batch *b, const ent_queued *q, const ent_reply *reply, ent_err *err);
/* Records whose period is over go. Each minute. */
ENT_MUST_CHECK ent_code ent_disclosures_tick(ent_flow_node *n, ent_err *err);
/* Of one encounter, by its token. */
ENT_MUST_CHECK ent_code ent_disclosures_of(ent_flow_node *n, const uint8_t transaction[32], void (*see)(void *ctx, const ent_disclosure_view *v), void *ctx,
                                           ent_err *err);

/* ---- the requester's end ---- */

void ent_disclosure_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
void ent_recall_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
/* Destroys what is over or whose agreement has ended. Each minute. */
ENT_MUST_CHECK ent_code ent_kept_tick(ent_flow_node *n, ent_err *err);

#endif
