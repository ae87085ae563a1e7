/* What both ends of a search agree on (docs/protocol/search.md is normative). */
#ifndef FLOW_SEARCH_H
#define FLOW_SEARCH_H

#include "flow/flow.h"
#include "port/problem.h"

typedef struct ent_answer {
    bool hit;
    ent_search_id reference;
    uint64_t index;
    uint8_t head[32];    /* root of the holder's ledger up to and with that entry: the lot is drawn from it */
    const char *receipt; /* the holder's tlog-proof */
} ent_answer;

/* In the form asked for: one JSON object padded with spaces, or a transaction SRE padded in a field of its own; ENT_ANSWER_SIZE bytes either way.
 * ENT_TOO_LARGE when the receipt does not fit. */
ENT_MUST_CHECK ent_code ent_answer_write(const ent_answer *a, ent_answer_form form, ent_buf *ret_body, ent_err *err);
/* Strict: what write can have written. The receipt goes to ret_receipt. */
ENT_MUST_CHECK ent_code ent_answer_read(const void *body, size_t len, ent_answer_form form, ent_answer *ret_answer, ent_buf *ret_receipt, ent_err *err);
/* The two behind them for transactions. */
ENT_MUST_CHECK ent_code ent_answer_itl_write(const ent_answer *a, ent_buf *ret_body, ent_err *err);
ENT_MUST_CHECK ent_code ent_answer_itl_read(const void *body, size_t len, ent_answer *ret_answer, ent_buf *ret_receipt, ent_err *err);

/* What a probe is like, for alarms and for one crossing's turns. */
typedef struct ent_probe_look_at {
    uint32_t modalities;            /* bits: what can be searched of it */
    int quality;                    /* of the best print, 0 to 100; -1: no print, or not known */
    size_t minutiae;                /* of the fullest print */
} ent_probe_look_at;

void ent_probe_look(const ent_capture *c, uint32_t modalities, ent_probe_look_at *ret);

/* ENT_CONFLICT when the prints contradict their positions (capture/card.h), unless somebody looked: a finger in another's place is compared
 * with the wrong ones, and its "no hit" would mean nothing. */
ENT_MUST_CHECK ent_code ent_search_sequence(const ent_capture *c, const ent_search_options *o, ent_err *err);

/* What is sent: the slip, when one is shown, then the prints and faces of the capture that the flow takes, and nothing else of it, when their
 * sequence stands. The same capture and options give the same bytes. Not under the lock. */
ENT_MUST_CHECK ent_code ent_search_body(ent_flow_node *n, ent_bytes capture, const ent_search_options *o, uint32_t modalities, ent_buf *ret_body,
                                        ent_probe_look_at *ret_look, ent_err *err);

/* A search, or a question after one, arrives; when its answer may leave. Not under the lock. */
void ent_search_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body, int64_t *ret_release);

/* A refusal (port/problem.h), padded to the same size. */
void ent_refusal_write(int status, ent_code code, const char *detail, const char *clause, ent_buf *ret_body);
/* The same as a transaction ERR that answers the search of that id. */
void ent_refusal_itl_write(const uint8_t id[ENT_ID_SIZE], const ent_problem *problem, ent_buf *ret_body);
void ent_refusal_itl_read(const void *body, size_t len, ent_problem *ret_problem); /* what it does not say is left as it was */
/* In either form: by its first byte. */
void ent_refusal_read(const void *body, size_t len, char ret_detail[200], char ret_clause[ENT_LAW_CLAUSE]);

#endif
