/* The watchlist feed: what a flow with `copy: { mode: watchlist }` lets the requester hold, search by itself and lose again
 * (docs/protocol/feed.md is normative).
 *
 *   holder                                      requester
 *   changes, numbered ──page, signed──>         copy, each record under its own key, position in the same batch
 *      <──local searches, undertakings──        local search: ledger first, inside the quota
 *   removal ──next page──>                      destroyed; the proof of that entry goes back
 *                                               lease over, agreement ended: the copy destroys itself
 *
 * All rows lie in table "feeds". Holder, by flow: 'h' state, 'p' what is published of a part, 's' the same by its latest number, 'x' a
 * search that was reported, 'u' an undertaking. Requester: 'C' state, 'R' a record, 'L' a search that waits to be reported, 'U' a
 * removal that waits to be proven. */
#ifndef FLOW_FEED_H
#define FLOW_FEED_H

#include "flow/flow.h"
#include "law/feed.h"

enum {
    ENT_FEED_RECORDS = 32,          /* of one page */
    ENT_FEED_PAGE_MAX = 8 << 20,
    ENT_FEED_PRINTS = 10,           /* of one record */
    ENT_FEED_REPORTS = 64,          /* local searches of one request */
    ENT_FEED_REQUEST_MAX = 1 << 20,
    ENT_FEED_WORD = 40
};

/* Borrowed from the page's bytes. */
typedef struct ent_feed_print {
    uint8_t finger;
    const uint8_t *native, *iso;    /* the engine's own form with its version; ISO/IEC 19794-2:2005 */
    size_t native_len, iso_len;
} ent_feed_print;

typedef struct ent_feed_record {
    uint64_t number;
    uint8_t id[ENT_ID_SIZE];        /* of this flow; no part's or person's number */
    bool held;                      /* false: gone; nothing else is there */
    ent_date until;                 /* the holder keeps it until then; year 0: no end */
    char power[ENT_FEED_WORD], category[ENT_FEED_WORD], status[ENT_FEED_WORD];
    size_t print_count;
    ent_feed_print print[ENT_FEED_PRINTS];
} ent_feed_record;

typedef struct ent_feed_page {
    uint64_t after, next;           /* numbers: what was asked, what it reaches to */
    bool more;
    size_t count;
    ent_feed_record record[ENT_FEED_RECORDS];
    size_t noted;                   /* of the searches that the request reports, each in its place: the head that the lot is drawn from */
    uint8_t head[ENT_FEED_REPORTS][32];
} ent_feed_page;

typedef struct ent_feed_report {
    uint8_t id[ENT_ID_SIZE];        /* case number of the entry "local search" */
    ent_time at;
    ent_actor_id officer;
    bool hit;
} ent_feed_report;

typedef struct ent_feed_undertaking {
    uint8_t id[ENT_ID_SIZE];
    const char *proof;              /* tlog-proof of "destroyed"; borrowed, not ended by a NUL */
    size_t proof_len;
} ent_feed_undertaking;

typedef struct ent_feed_request {
    uint64_t after;
    size_t report_count, undertaking_count;
    ent_feed_report report[ENT_FEED_REPORTS];
    ent_feed_undertaking undertaking[ENT_FEED_RECORDS];
} ent_feed_request;

/* ---- text.c: bytes <-> struct; what write could not have written is ENT_FORMAT ---- */

void ent_feed_record_write(const ent_feed_record *r, ent_buf *ret);
ENT_MUST_CHECK ent_code ent_feed_record_read(const void *bytes, size_t len, ent_feed_record *ret, ent_err *err);
void ent_feed_page_write(const ent_feed_page *p, ent_buf *ret);
ENT_MUST_CHECK ent_code ent_feed_page_read(const void *bytes, size_t len, ent_feed_page *ret, ent_err *err);
void ent_feed_request_write(const ent_feed_request *r, ent_buf *ret);
ENT_MUST_CHECK ent_code ent_feed_request_read(const void *bytes, size_t len, ent_feed_request *ret, ent_err *err);
/* The page's signature by the holder's identity, 64 bytes after it: over SHA-256 of this word, the agreement's digest, the flow, the page. */
void ent_feed_digest(const uint8_t agreement[32], const char *flow, const void *page, size_t len, uint8_t ret_digest[32]);
void ent_feed_key(char what, const char *agreement, const char *flow, uint8_t ret_key[17]);

/* ---- publish.c: the holder's end ---- */

void ent_feed_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);

/* ---- copy.c, local.c: the requester's end ---- */

typedef struct ent_copy_view {
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], holder[ENT_NODE_NAME_MAX];
    uint64_t position, records, unreported;
    ent_time contact, lease;
    ent_copy_fate fate;
    char clause[ENT_LAW_CLAUSE];    /* why it is not used, or what the holder said last; "" */
} ent_copy_view;

ENT_MUST_CHECK ent_code ent_flow_copies(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_copy_view *v), void *ctx, ent_err *err);
/* Contact with every holder whose flow grants a copy: reports, proves removals, takes pages until there are no more. A custodian's act,
 * and the node's own each minute. ret_records: additions, changes and removals taken. The last failure is returned when none succeeded. */
ENT_MUST_CHECK ent_code ent_flow_feed_pull(ent_flow_node *n, const ent_actor *by, uint64_t *ret_records, ent_err *err);
void ent_feed_contact(ent_flow_node *n); /* the same by the clock */

typedef struct ent_local_result {
    bool hit, extrapolated; /* extrapolated: it rests on a tail beyond what was measured, a candidate until persons confirm it */
    uint8_t reference[ENT_ID_SIZE];
    uint64_t index, compared;
    char power[ENT_FEED_WORD], category[ENT_FEED_WORD], status[ENT_FEED_WORD]; /* of a hit */
    ent_time lease;
    int64_t match_us;
} ent_local_result;

/* An officer's search of the copy; no line is needed. ENT_REFUSED by the agreement or the lease, ENT_QUOTA. */
ENT_MUST_CHECK ent_code ent_flow_feed_search(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_search_options *options,
                                             ent_local_result *ret_result, ent_err *err);

/* Under the lock: destroys what is over. Each minute. */
ENT_MUST_CHECK ent_code ent_copies_tick(ent_flow_node *n, ent_err *err);
void ent_copies_free(ent_flow_node *n);

/* ---- shared by copy.c and local.c, under the lock ---- */

struct ent_copies;

typedef struct ent_copy {
    uint8_t key[17];                /* 'C' and the flow's key */
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], holder[ENT_NODE_NAME_MAX], clause[ENT_LAW_CLAUSE];
    uint64_t position;
    ent_time contact, lease;
    struct ent_gallery *gallery;    /* loaded when it is first needed; NULL */
} ent_copy;

/* The copy of a flow; made in memory when there is none. Valid until the lock is let go of. */
ENT_MUST_CHECK ent_code ent_copy_of(ent_flow_node *n, const char *agreement, const char *flow, const char *holder, ent_copy **ret, ent_err *err);
ENT_MUST_CHECK ent_code ent_copy_load_gallery(ent_flow_node *n, ent_copy *c, ent_err *err);
ENT_MUST_CHECK ent_code ent_copy_take(ent_flow_node *n, ent_copy *c, const ent_agreement *a, const ent_flow *f, const ent_feed_page *p, const uint8_t page_digest[32],
                                      const ent_feed_request *told, const uint8_t agreement_digest[32], ent_err *err);
/* What was told under an agreement that is over need not be told again. */
ENT_MUST_CHECK ent_code ent_copy_told(ent_flow_node *n, const ent_copy *c, const ent_feed_request *told, ent_err *err);
ENT_MUST_CHECK ent_code ent_copy_destroy(ent_flow_node *n, ent_copy *c, const char *clause, ent_err *err);
/* A record, unsealed. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_copy_record(ent_flow_node *n, const ent_copy *c, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_plain, ent_feed_record *ret, ent_err *err);
ent_copy_fate ent_copy_now(ent_flow_node *n, const ent_copy *c, const ent_agreement **ret_a, const ent_flow **ret_f, const char **ret_clause);
uint64_t ent_copy_rows(ent_flow_node *n, const ent_copy *c, char what);

#endif
