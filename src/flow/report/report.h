/* The transparency report: what a node exchanged in a year, per agreement, flow and purpose, from its ledger alone, so that
 * whoever has the ledger can make the same one. Small cells are hidden (suppress.h). Pure. */
#ifndef FLOW_REPORT_H
#define FLOW_REPORT_H

#include "base/buf.h"
#include "flow/audit/audit.h"
#include "flow/report/suppress.h"

enum { ENT_REPORT_ROWS = 256, ENT_REPORT_CLAUSES = 256 };

/* columns of the table: word, heading. Received: as holder; sent: as requester. */
#define ENT_REPORT_COLUMNS(X)                                                                                          \
    X(RECEIVED, "received")        /* = hit + no hit + refused */                                                      \
    X(HIT, "hit")                                                                                                      \
    X(NO_HIT, "no hit")                                                                                                \
    X(REFUSED, "refused")                                                                                              \
    X(CANDIDATES, "candidates")    /* = hit + further = confirmed + rejected + unresolved */                           \
    X(FURTHER, "further candidates") /* of hits that named more than one record */                                     \
    X(CONFIRMED, "confirmed")                                                                                          \
    X(REJECTED, "rejected")                                                                                            \
    X(UNRESOLVED, "unresolved")                                                                                        \
    X(DISCLOSED, "disclosed")                                                                                          \
    X(SENT, "sent")                                                                                                    \
    X(LOCAL, "local searches")                                                                                         \
    X(FEEDS, "feeds")                                                                                                  \
    X(RECALLED, "recalled")                                                                                            \
    X(CHOSEN, "chosen by lot")     /* searches, as this node's ledger says */                                          \
    X(OPENED, "opened to the auditor")                                                                                 \
    X(COPIES_GONE, "copies destroyed")  /* as requester: what was disclosed or fed, by its end or a recall */            \
    X(EXPORTED, "opened here")     /* as requester: what was disclosed, each time that somebody opened it */           \
    X(GIVEN_ON, "given on")        /* as requester: to a third party */                                                \
    X(ALARMS, "alarms")

typedef enum ent_report_column {
#define ENT_X(name, text) ENT_REPORT_##name,
    ENT_REPORT_COLUMNS(ENT_X)
#undef ENT_X
        ENT_REPORT_COLUMN_COUNT
} ent_report_column;

/* counts of the whole node, beside the exchange */
#define ENT_REPORT_TOTALS(X)                                                                                           \
    X(ENROLLED, "parts enrolled")                                                                                      \
    X(DESTROYED, "parts destroyed")                                                                                    \
    X(EXTENDED, "extensions")                                                                                          \
    X(HELD, "holds")                                                                                                   \
    X(EXPORTED, "exports")                                                                                             \
    X(ALARM, "alarms under no flow")

typedef enum ent_report_total {
#define ENT_X(name, text) ENT_REPORT_TOTAL_##name,
    ENT_REPORT_TOTALS(ENT_X)
#undef ENT_X
        ENT_REPORT_TOTAL_COUNT
} ent_report_total;

typedef struct ent_report_row {
    char agreement[ENT_LAW_NAME + 12]; /* name and version; digest's beginning when the text is not here */
    char flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME];
    char on_behalf_of[ENT_PARTY_NAME];  /* "": the requester's own; "party 3" when the text is not here */
    uint8_t digest[32], party;
    ent_cell cell[ENT_REPORT_COLUMN_COUNT];
} ent_report_row;

typedef struct ent_report_clause {
    char clause[48];
    ent_cell refused;
} ent_report_clause;

typedef struct ent_report {
    char node[ENT_PARTY_NAME];
    int year;                           /* UTC */
    uint64_t ledger_size;               /* of the entries that it was made from */
    char checkpoint[512];               /* the first lines of the note they stand under; "" when not given */
    ent_report_row row[ENT_REPORT_ROWS];
    size_t row_count;
    ent_cell sum[ENT_REPORT_COLUMN_COUNT];
    ent_report_clause clause[ENT_REPORT_CLAUSES];
    size_t clause_count;
    ent_cell field[ENT_FIELD_COUNT];    /* disclosures in which it left */
    ent_cell total[ENT_REPORT_TOTAL_COUNT];
    ent_cell waits;                     /* searches whose time is known */
    int64_t wait_median_ms, wait_p95_ms; /* from asked to received; shown when `waits` is */
} ent_report;

/* ENT_TOO_LARGE when there are more rows or clauses than the report holds. The caller frees. */
ENT_MUST_CHECK ent_code ent_report_make(const ent_audit_side *side, const ent_audit_text *texts, size_t text_count, int year,
                                        ent_report **ret_report, ent_err *err);
void ent_report_free(ent_report *r);

const char *ent_report_column_text(ent_report_column c);

/* One JSON object; a CSV of one row a line; a page (HTML, no scripts) with bars. Hidden cells are null, empty, "under 10". */
void ent_report_json(const ent_report *r, ent_buf *ret_text);
void ent_report_csv(const ent_report *r, ent_buf *ret_text);
void ent_report_html(const ent_report *r, ent_buf *ret_text);

#endif
