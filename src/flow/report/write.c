/* The report as JSON, CSV and HTML. */
#include "flow/report/report.h"

#include "base/text.h"

#include <string.h>

static const char *const total_text[] = {
#define ENT_X(name, text) text,
    ENT_REPORT_TOTALS(ENT_X)
#undef ENT_X
};

/* ---- JSON ---- */

static void cell_json(ent_buf *b, const char *name, ent_cell c)
{
    ent_json_text(b, name);
    if (c.hidden)
        ent_buf_str(b, ":null");
    else
        ent_buf_fmt(b, ":%llu", (unsigned long long)c.value);
}

static void cells_json(ent_buf *b, const ent_cell *cells)
{
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) {
        if (k) ent_buf_u8(b, ',');
        cell_json(b, ent_report_column_text((ent_report_column)k), cells[k]);
    }
}

void ent_report_json(const ent_report *r, ent_buf *ret_text)
{
    ent_buf *b = ret_text;
    ent_buf_str(b, "{\"node\":");
    ent_json_text(b, r->node);
    ent_buf_fmt(b, ",\"year\":%d,\"ledger_size\":%llu,\"checkpoint\":", r->year, (unsigned long long)r->ledger_size);
    ent_json_text(b, r->checkpoint);
    ent_buf_str(b, ",\"hidden_means\":\"under 10, or it would reveal such a number\",\"exchange\":[");
    for (size_t i = 0; i < r->row_count; i++) {
        const ent_report_row *w = &r->row[i];
        ent_buf_str(b, i ? ",{\"agreement\":" : "{\"agreement\":");
        ent_json_text(b, w->agreement);
        ent_buf_str(b, ",\"flow\":");
        ent_json_text(b, w->flow);
        ent_buf_str(b, ",\"purpose\":");
        ent_json_text(b, w->purpose);
        ent_buf_str(b, ",\"on_behalf_of\":");
        ent_json_text(b, w->on_behalf_of);
        ent_buf_u8(b, ',');
        cells_json(b, w->cell);
        ent_buf_u8(b, '}');
    }
    ent_buf_str(b, "],\"all\":{");
    cells_json(b, r->sum);
    ent_buf_str(b, "},\"refused_by_clause\":{");
    for (size_t i = 0; i < r->clause_count; i++) {
        if (i) ent_buf_u8(b, ',');
        cell_json(b, r->clause[i].clause, r->clause[i].refused);
    }
    ent_buf_str(b, "},\"disclosed_fields\":{");
    for (int k = 0; k < ENT_FIELD_COUNT; k++) {
        if (k) ent_buf_u8(b, ',');
        cell_json(b, ent_field_text((ent_field)k), r->field[k]);
    }
    ent_buf_str(b, "},\"node_totals\":{");
    for (int k = 0; k < ENT_REPORT_TOTAL_COUNT; k++) {
        if (k) ent_buf_u8(b, ',');
        cell_json(b, total_text[k], r->total[k]);
    }
    ent_buf_str(b, "},\"answer_times\":{");
    cell_json(b, "searches", r->waits);
    if (!r->waits.hidden && r->waits.value)
        ent_buf_fmt(b, ",\"median_ms\":%lld,\"p95_ms\":%lld", (long long)r->wait_median_ms, (long long)r->wait_p95_ms);
    ent_buf_str(b, "}}\n");
}

/* ---- CSV (RFC 4180) ---- */

static void put_csv(ent_buf *b, const char *text)
{
    ent_buf_u8(b, '"');
    for (; *text; text++) {
        if (*text == '"') ent_buf_u8(b, '"');
        ent_buf_u8(b, (uint8_t)*text);
    }
    ent_buf_str(b, "\"");
}

static void cells_csv(ent_buf *b, const ent_cell *cells)
{
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) {
        ent_buf_u8(b, ',');
        if (!cells[k].hidden) ent_buf_fmt(b, "%llu", (unsigned long long)cells[k].value);
    }
    ent_buf_str(b, "\r\n");
}

void ent_report_csv(const ent_report *r, ent_buf *ret_text)
{
    ent_buf_str(ret_text, "agreement,flow,purpose,on behalf of");
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) ent_buf_fmt(ret_text, ",%s", ent_report_column_text((ent_report_column)k));
    ent_buf_str(ret_text, "\r\n");
    for (size_t i = 0; i < r->row_count; i++) {
        put_csv(ret_text, r->row[i].agreement);
        ent_buf_u8(ret_text, ',');
        put_csv(ret_text, r->row[i].flow);
        ent_buf_u8(ret_text, ',');
        put_csv(ret_text, r->row[i].purpose);
        ent_buf_u8(ret_text, ',');
        put_csv(ret_text, r->row[i].on_behalf_of);
        cells_csv(ret_text, r->row[i].cell);
    }
    ent_buf_str(ret_text, "\"all\",,,");
    cells_csv(ret_text, r->sum);
}

/* ---- HTML ---- */

static void cell_html(ent_buf *b, ent_cell c)
{
    if (c.hidden)
        ent_buf_str(b, "<td class=h title=\"under 10, or it would reveal such a number\">&middot;</td>");
    else
        ent_buf_fmt(b, "<td>%llu</td>", (unsigned long long)c.value);
}

static void row_html(ent_buf *b, const char *const head[4], const ent_cell *cells)
{
    ent_buf_str(b, "<tr>");
    for (int i = 0; i < 4; i++) {
        ent_buf_str(b, "<th>");
        ent_html_text(b, head[i]);
        ent_buf_str(b, "</th>");
    }
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) cell_html(b, cells[k]);
    ent_buf_str(b, "</tr>\n");
}

/* A bar whose length is the share of the largest; hidden ones have none. */
static void bar_html(ent_buf *b, const char *label, ent_cell c, uint64_t largest)
{
    ent_buf_str(b, "<tr><th>");
    ent_html_text(b, label);
    ent_buf_str(b, "</th>");
    cell_html(b, c);
    unsigned width = c.hidden || !largest ? 0 : (unsigned)(c.value * 400 / largest);
    ent_buf_fmt(b, "<td class=b><svg width=400 height=12 role=img><rect width=%u height=12 /></svg></td></tr>\n", width);
}

static void bars_html(ent_buf *b, const ent_report *r)
{
    uint64_t largest = 0;
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++)
        if (!r->sum[k].hidden && r->sum[k].value > largest) largest = r->sum[k].value;
    ent_buf_str(b, "<h2>All agreements</h2><table>\n");
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) bar_html(b, ent_report_column_text((ent_report_column)k), r->sum[k], largest);
    ent_buf_str(b, "</table>\n");
    largest = 0;
    for (size_t i = 0; i < r->clause_count; i++)
        if (!r->clause[i].refused.hidden && r->clause[i].refused.value > largest) largest = r->clause[i].refused.value;
    if (r->clause_count) ent_buf_str(b, "<h2>Refusals by clause</h2><table>\n");
    for (size_t i = 0; i < r->clause_count; i++) bar_html(b, r->clause[i].clause, r->clause[i].refused, largest);
    if (r->clause_count) ent_buf_str(b, "</table>\n");
    largest = 0;
    for (int k = 0; k < ENT_FIELD_COUNT; k++)
        if (!r->field[k].hidden && r->field[k].value > largest) largest = r->field[k].value;
    ent_buf_str(b, "<h2>Fields that were disclosed</h2><table>\n");
    for (int k = 0; k < ENT_FIELD_COUNT; k++) bar_html(b, ent_field_text((ent_field)k), r->field[k], largest);
    ent_buf_str(b, "</table>\n");
}

void ent_report_html(const ent_report *r, ent_buf *ret_text)
{
    ent_buf *b = ret_text;
    ent_buf_str(b, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Exchange report</title>\n<style>body{font:15px/1.5 sans-serif;"
                   "max-width:90em;margin:2em auto;padding:0 1em}div{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2em .6em;"
                   "border-bottom:1px solid #ddd;text-align:right}th{text-align:left;font-weight:normal}.h{color:#777}rect{fill:#2a6f97}"
                   ".b{border:0}pre{white-space:pre-wrap}</style>\n<h1>Exchange of ");
    ent_html_text(b, r->node);
    ent_buf_fmt(b, " in %d</h1>\n<p>From %llu ledger entries. Numbers under ten, and those that would reveal them, are hidden (&middot;).</p>\n",
                r->year, (unsigned long long)r->ledger_size);
    bars_html(b, r);
    ent_buf_str(b, "<h2>By agreement, flow and purpose</h2><div><table>\n<tr><th>agreement</th><th>flow</th><th>purpose</th><th>on behalf of</th>");
    for (int k = 0; k < ENT_REPORT_COLUMN_COUNT; k++) ent_buf_fmt(b, "<td>%s</td>", ent_report_column_text((ent_report_column)k));
    ent_buf_str(b, "</tr>\n");
    for (size_t i = 0; i < r->row_count; i++)
        row_html(b, (const char *const[]){r->row[i].agreement, r->row[i].flow, r->row[i].purpose, r->row[i].on_behalf_of}, r->row[i].cell);
    row_html(b, (const char *const[]){"all", "", "", ""}, r->sum);
    ent_buf_str(b, "</table></div>\n<h2>The node itself</h2><table>\n");
    for (int k = 0; k < ENT_REPORT_TOTAL_COUNT; k++) {
        ent_buf_fmt(b, "<tr><th>%s</th>", total_text[k]);
        cell_html(b, r->total[k]);
        ent_buf_str(b, "</tr>\n");
    }
    ent_buf_str(b, "</table>\n");
    if (!r->waits.hidden && r->waits.value)
        ent_buf_fmt(b, "<p>Partners answered within %lld ms in half of the cases, within %lld ms in 95 of 100.</p>\n",
                    (long long)r->wait_median_ms, (long long)r->wait_p95_ms);
    ent_buf_str(b, "<p>Whoever has the ledger under this checkpoint can make the same report with <code>entente report exchange</code>. "
                   "What it cannot show: copies made outside Entente, and what two parties and all their witnesses together left out.</p>\n<pre>");
    ent_html_text(b, r->checkpoint);
    ent_buf_str(b, "</pre></html>\n");
}
