#include "flow/report/report.h"

#include "base/check.h"
#include "base/text.h"
#include "law/disclosure.h"

#include <stdlib.h>
#include <string.h>

const char *ent_report_column_text(ent_report_column c)
{
    static const char *const text[] = {
#define ENT_X(name, text) text,
        ENT_REPORT_COLUMNS(ENT_X)
#undef ENT_X
    };
    return text[c];
}

/* ---- counting ---- */

/* For whom it was asked. What was given on names whom it was given to in the same place. */
static bool is_given_on(const ent_entry *e) { return e->kind == ENT_ENTRY_EXPORTED && strcmp(e->clause, ENT_CLAUSE_GIVEN_ON) == 0; }

static uint8_t asked_for(const ent_entry *e) { return is_given_on(e) ? 0 : e->party; }

static void name_party(const ent_audit_text *text, ent_report_row *w)
{
    const ent_party *p = text ? ent_agreement_at(text->agreement, w->party) : NULL;
    if (p) snprintf(w->on_behalf_of, sizeof w->on_behalf_of, "%s", p->name);
    else if (w->party) snprintf(w->on_behalf_of, sizeof w->on_behalf_of, "party %u", w->party);
}

static ent_report_row *row_of(ent_report *r, const ent_entry *e, const ent_audit_text *texts, size_t text_count)
{
    const ent_audit_text *text = NULL;
    for (size_t i = 0; i < r->row_count; i++) {
        ent_report_row *w = &r->row[i];
        if (memcmp(w->digest, e->agreement, 32) == 0 && strcmp(w->flow, e->flow) == 0 && strcmp(w->purpose, e->purpose) == 0 && w->party == asked_for(e))
            return w;
    }
    if (r->row_count == ENT_REPORT_ROWS) return NULL;
    ent_report_row *w = &r->row[r->row_count++];
    char hex[65];
    ent_hex(e->agreement, 32, hex);
    snprintf(w->agreement, sizeof w->agreement, "%.16s", hex);
    for (size_t i = 0; i < text_count; i++)
        if (memcmp(texts[i].envelope->digest, e->agreement, 32) == 0) text = &texts[i];
    if (text) snprintf(w->agreement, sizeof w->agreement, "%s v%u", text->agreement->name, text->agreement->version);
    w->party = asked_for(e);
    name_party(text, w);
    memcpy(w->digest, e->agreement, 32);
    memcpy(w->flow, e->flow, sizeof w->flow);
    memcpy(w->purpose, e->purpose, sizeof w->purpose);
    return w;
}

/* The end of a candidate's examination at the holder: it follows the answer, and says the outcome first. A requester's "closed" follows "asked". */
static size_t columns_of_end(const ent_audit_side *s, const ent_entry *e, ent_report_column ret[2])
{
    size_t n = 0;
    if (e->follows >= s->count || s->entries[e->follows].kind != ENT_ENTRY_ANSWERED_HIT) return 0;
    if (strncmp(e->clause, "confirmed", 9) == 0) ret[n++] = ENT_REPORT_CONFIRMED;
    if (strncmp(e->clause, "not confirmed", 13) == 0) ret[n++] = ENT_REPORT_REJECTED;
    if (!ent_id_equal(s->entries[e->follows].case_number.b, e->case_number.b)) ret[n++] = ENT_REPORT_FURTHER;
    return n;
}

/* What an entry adds to: up to two columns. */
static size_t columns_of(const ent_audit_side *s, const ent_entry *e, ent_report_column ret[2])
{
    switch (e->kind) {
    case ENT_ENTRY_ANSWERED_HIT: ret[0] = ENT_REPORT_HIT, ret[1] = ENT_REPORT_RECEIVED; return 2;
    case ENT_ENTRY_ANSWERED_NO_HIT: ret[0] = ENT_REPORT_NO_HIT, ret[1] = ENT_REPORT_RECEIVED; return 2;
    case ENT_ENTRY_REFUSED: ret[0] = ENT_REPORT_REFUSED, ret[1] = ENT_REPORT_RECEIVED; return 2;
    case ENT_ENTRY_CLOSED: return columns_of_end(s, e, ret);
    case ENT_ENTRY_EXPORTED: ret[0] = is_given_on(e) ? ENT_REPORT_GIVEN_ON : ENT_REPORT_EXPORTED; return *e->flow ? 1 : 0;
    case ENT_ENTRY_DISCLOSED: ret[0] = ENT_REPORT_DISCLOSED; return 1;
    case ENT_ENTRY_ASKED: ret[0] = ENT_REPORT_SENT; return 1;
    case ENT_ENTRY_LOCAL_SEARCH: ret[0] = ENT_REPORT_LOCAL; return 1;
    case ENT_ENTRY_FEED: ret[0] = ENT_REPORT_FEEDS; return 1;
    case ENT_ENTRY_LOT:
        if (strcmp(e->clause, "lot: chosen") != 0 && strcmp(e->clause, "lot: opened to the auditor") != 0) return 0;
        ret[0] = strcmp(e->clause, "lot: chosen") == 0 ? ENT_REPORT_CHOSEN : ENT_REPORT_OPENED;
        return 1;
    case ENT_ENTRY_DESTROYED: ret[0] = ENT_REPORT_COPIES_GONE; return *e->flow ? 1 : 0; /* a part of one's own is under no flow */
    case ENT_ENTRY_ALARM: ret[0] = ENT_REPORT_ALARMS; return *e->flow ? 1 : 0;
    case ENT_ENTRY_RECALLED: ret[0] = ENT_REPORT_RECALLED; return 1;
    default: return 0;
    }
}

/* What is under a flow is told there, and not once more here: a difference would tell the rest. */
static ent_cell *total_of(ent_report *r, const ent_entry *e)
{
    if (*e->flow) return NULL;
    switch (e->kind) {
    case ENT_ENTRY_ENROLLED: return &r->total[ENT_REPORT_TOTAL_ENROLLED];
    case ENT_ENTRY_DESTROYED: return &r->total[ENT_REPORT_TOTAL_DESTROYED];
    case ENT_ENTRY_EXTENDED: return &r->total[ENT_REPORT_TOTAL_EXTENDED];
    case ENT_ENTRY_HELD: return &r->total[ENT_REPORT_TOTAL_HELD];
    case ENT_ENTRY_EXPORTED: return &r->total[ENT_REPORT_TOTAL_EXPORTED];
    case ENT_ENTRY_ALARM: return &r->total[ENT_REPORT_TOTAL_ALARM];
    default: return NULL;
    }
}

static bool count_refusal(ent_report *r, const char *clause)
{
    size_t i = 0;
    while (i < r->clause_count && strcmp(r->clause[i].clause, clause) != 0) i++;
    if (i == ENT_REPORT_CLAUSES) return false;
    if (i == r->clause_count) snprintf(r->clause[r->clause_count++].clause, sizeof r->clause[i].clause, "%.47s", clause);
    r->clause[i].refused.value++;
    return true;
}

static ent_code count(ent_report *r, const ent_audit_side *s, const ent_entry *e, const ent_audit_text *texts, size_t text_count, ent_err *err)
{
    ent_report_column c[2];
    size_t n = columns_of(s, e, c);
    ent_cell *total = total_of(r, e);
    if (total) total->value++;
    if (e->kind == ENT_ENTRY_REFUSED && !count_refusal(r, e->clause))
        return ent_fail(err, ENT_TOO_LARGE, "more than %d clauses refused", ENT_REPORT_CLAUSES);
    for (int k = 0; k < ENT_FIELD_COUNT && e->kind == ENT_ENTRY_DISCLOSED; k++) r->field[k].value += ent_disclosed_fields(e->clause) >> k & 1;
    if (n == 0) return ENT_OK;
    ent_report_row *w = row_of(r, e, texts, text_count);
    if (!w) return ent_fail(err, ENT_TOO_LARGE, "more than %d agreements, flows and purposes", ENT_REPORT_ROWS);
    for (size_t i = 0; i < n; i++) w->cell[c[i]].value++;
    return ENT_OK;
}

/* ---- how long partners took ---- */

static int by_number(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

/* "received" follows "asked". */
static ent_code measure_waits(ent_report *r, const ent_audit_side *s, ent_err *err)
{
    int64_t *wait = malloc((s->count + 1) * sizeof *wait);
    size_t n = 0;
    if (!wait) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < s->count; i++) {
        const ent_entry *e = &s->entries[i];
        bool answer = e->kind == ENT_ENTRY_RECEIVED && e->clause[0] && e->follows < i && ent_time_date(e->time).year == r->year;
        if (answer && s->entries[e->follows].kind == ENT_ENTRY_ASKED) wait[n++] = e->time.ms - s->entries[e->follows].time.ms;
    }
    qsort(wait, n, sizeof *wait, by_number);
    r->waits.value = n;
    if (n) {
        r->wait_median_ms = wait[n / 2];
        r->wait_p95_ms = wait[n * 95 / 100];
    }
    free(wait);
    return ENT_OK;
}

/* ---- hiding ---- */

/* All cells in one array and the additions between them: rows, sums, clauses, the rest. */
typedef struct canvas {
    ent_cell *cell;
    size_t count;
    ent_sum *sum;
    size_t sums;
} canvas;

static size_t at(const ent_report *r, size_t row, ent_report_column c)
{
    (void)r;
    return row * ENT_REPORT_COLUMN_COUNT + c;
}

static void add_row_sums(canvas *v, const ent_report *r, size_t row)
{
    v->sum[v->sums++] = (ent_sum){.total = at(r, row, ENT_REPORT_RECEIVED), .count = 3,
                                  .part = {at(r, row, ENT_REPORT_HIT), at(r, row, ENT_REPORT_NO_HIT), at(r, row, ENT_REPORT_REFUSED)}};
    v->sum[v->sums++] = (ent_sum){.total = at(r, row, ENT_REPORT_CANDIDATES), .count = 2,
                                  .part = {at(r, row, ENT_REPORT_HIT), at(r, row, ENT_REPORT_FURTHER)}};
    v->sum[v->sums++] = (ent_sum){.total = at(r, row, ENT_REPORT_CANDIDATES), .count = 3,
                                  .part = {at(r, row, ENT_REPORT_CONFIRMED), at(r, row, ENT_REPORT_REJECTED), at(r, row, ENT_REPORT_UNRESOLVED)}};
}

static void add_column_sums(canvas *v, const ent_report *r)
{
    for (int c = 0; c < ENT_REPORT_COLUMN_COUNT; c++) {
        ent_sum *s = &v->sum[v->sums++];
        *s = (ent_sum){.total = at(r, r->row_count, (ent_report_column)c)};
        for (size_t i = 0; i < r->row_count; i++) s->part[s->count++] = at(r, i, (ent_report_column)c);
    }
}

/* The refusals by clause come to the refusals by row. */
static void add_clause_sum(canvas *v, const ent_report *r, size_t first)
{
    ent_sum *s = &v->sum[v->sums++];
    *s = (ent_sum){.total = at(r, r->row_count, ENT_REPORT_REFUSED)};
    for (size_t i = 0; i < r->clause_count; i++) s->part[s->count++] = first + i;
}

static ent_code hide_small(ent_report *r, ent_err *err)
{
    size_t rows = r->row_count + 1, first = rows * ENT_REPORT_COLUMN_COUNT;
    canvas v = {.count = first + r->clause_count};
    v.cell = calloc(v.count + 1, sizeof *v.cell);
    v.sum = calloc(3 * rows + ENT_REPORT_COLUMN_COUNT + 1, sizeof *v.sum);
    ent_code code = v.cell && v.sum ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        for (size_t i = 0; i < r->row_count; i++) memcpy(v.cell + at(r, i, 0), r->row[i].cell, sizeof r->row[i].cell);
        memcpy(v.cell + at(r, r->row_count, 0), r->sum, sizeof r->sum);
        for (size_t i = 0; i < r->clause_count; i++) v.cell[first + i] = r->clause[i].refused;
        for (size_t i = 0; i < rows; i++) add_row_sums(&v, r, i);
        add_column_sums(&v, r);
        add_clause_sum(&v, r, first);
        code = ent_suppress(v.cell, v.count, v.sum, v.sums, err);
    }
    if (code == ENT_OK) {
        for (size_t i = 0; i < r->row_count; i++) memcpy(r->row[i].cell, v.cell + at(r, i, 0), sizeof r->row[i].cell);
        memcpy(r->sum, v.cell + at(r, r->row_count, 0), sizeof r->sum);
        for (size_t i = 0; i < r->clause_count; i++) r->clause[i].refused = v.cell[first + i];
        code = ent_suppress(r->total, ENT_REPORT_TOTAL_COUNT, NULL, 0, err);
    }
    if (code == ENT_OK) code = ent_suppress(r->field, ENT_FIELD_COUNT, NULL, 0, err);
    if (code == ENT_OK) code = ent_suppress(&r->waits, 1, NULL, 0, err);
    free(v.cell);
    free(v.sum);
    return code;
}

static ent_code fill(ent_report *r, const ent_audit_side *side, const ent_audit_text *texts, size_t text_count, ent_err *err)
{
    for (size_t i = 0; i < side->count; i++)
        if (ent_time_date(side->entries[i].time).year == r->year)
            ENT_TRY(count(r, side, &side->entries[i], texts, text_count, err));
    for (size_t i = 0; i < r->row_count; i++) {
        ent_cell *c = r->row[i].cell;
        uint64_t concluded = c[ENT_REPORT_CONFIRMED].value + c[ENT_REPORT_REJECTED].value;
        uint64_t candidates = c[ENT_REPORT_HIT].value + c[ENT_REPORT_FURTHER].value;
        /* an examination of this year may be of a hit of the last: then hits are as many as were concluded */
        if (concluded > candidates) {
            c[ENT_REPORT_RECEIVED].value += concluded - candidates;
            c[ENT_REPORT_HIT].value += concluded - candidates;
            candidates = concluded;
        }
        c[ENT_REPORT_CANDIDATES].value = candidates;
        c[ENT_REPORT_UNRESOLVED].value = candidates - concluded;
        for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) r->sum[k].value += c[k].value;
    }
    ENT_TRY(measure_waits(r, side, err));
    return hide_small(r, err);
}

ent_code ent_report_make(const ent_audit_side *side, const ent_audit_text *texts, size_t text_count, int year,
                         ent_report **ret_report, ent_err *err)
{
    ent_report *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(r->node, sizeof r->node, "%s", side->name);
    r->year = year;
    r->ledger_size = side->count;
    ent_code code = fill(r, side, texts, text_count, err);
    if (code == ENT_OK)
        *ret_report = r;
    else
        free(r);
    return code;
}

void ent_report_free(ent_report *r) { free(r); }
