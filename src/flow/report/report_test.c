#include "base/test.h"

#include "flow/report/report.h"

enum { MAX = 4000 };

static ent_entry *entries;
static size_t entry_count;

static int setup(void **state)
{
    (void)state;
    entries = calloc(MAX, sizeof *entries);
    entry_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(entries);
    return 0;
}

static const int64_t new_year_2026 = 1767225600000;

static ent_entry *add(ent_entry_kind kind, const char *flow, const char *clause)
{
    ent_entry *e = &entries[entry_count];
    *e = (ent_entry){.kind = kind, .time = {new_year_2026 + (int64_t)entry_count * 1000}, .follows = ENT_ENTRY_NONE, .purpose = "threat"};
    entry_count++;
    snprintf(e->flow, sizeof e->flow, "%s", flow);
    snprintf(e->clause, sizeof e->clause, "%s", clause);
    return e;
}

static void many(int n, ent_entry_kind kind, const char *flow, const char *clause)
{
    while (n-- > 0) add(kind, flow, clause);
}

/* The ends of n cases, of the hits from `first` on. */
static void closed(int n, size_t first, const char *clause)
{
    for (; n-- > 0; first++) {
        ent_entry *e = add(ENT_ENTRY_CLOSED, "check", clause);
        e->follows = first;
        e->case_number = entries[first].case_number;
    }
}

static ent_report *make(int year)
{
    ent_report *r;
    ent_audit_side side = {"gb", entries, entry_count};
    assert_int_equal(ent_report_make(&side, NULL, 0, year, &r, NULL), ENT_OK);
    return r;
}

/* Counts of the year, per flow and purpose; other years do not count. */
static void counts(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) add(ENT_ENTRY_ANSWERED_HIT, "check", "s. 1")->case_number.b[0] = (uint8_t)(i + 1);
    many(500, ENT_ENTRY_ANSWERED_NO_HIT, "check", "s. 1");
    many(20, ENT_ENTRY_REFUSED, "check", "Art. 6(2)");
    closed(15, 0, "confirmed");
    closed(12, 15, "not confirmed");
    closed(2, 27, "unresolved: 48 hours are over");
    for (int i = 0; i < 10; i++) add(ENT_ENTRY_CLOSED, "check", "confirmed")->follows = 0, entries[entry_count - 1].case_number.b[0] = (uint8_t)(200 + i); /* further candidates of the first */
    many(17, ENT_ENTRY_CLOSED, "check", "told by the holder");
    many(30, ENT_ENTRY_ASKED, "back", "s. 1");
    many(3, ENT_ENTRY_ALARM, "", "");
    many(14, ENT_ENTRY_DISCLOSED, "check", "disclose.on-confirmed: 21"); /* name and status */
    many(2, ENT_ENTRY_DISCLOSED, "check", "disclose.on-hit: 200");
    many(11, ENT_ENTRY_DESTROYED, "back", "recalled: feed");
    many(12, ENT_ENTRY_ALARM, "check", "one record hit again and again");
    add(ENT_ENTRY_ANSWERED_HIT, "check", "s. 1")->time.ms = new_year_2026 - 1;
    ent_report *r = make(2026);
    assert_int_equal(r->row_count, 2);
    assert_int_equal(r->field[ENT_FIELD_NAME].value, 14);
    assert_int_equal(r->field[ENT_FIELD_STATUS].value, 14);
    assert_int_equal(r->field[ENT_FIELD_SEX].value, 0);
    assert_true(r->field[ENT_FIELD_FACIAL_IMAGE].hidden && r->field[ENT_FIELD_FACIAL_IMAGE].value == 2);
    assert_int_equal(r->row[0].cell[ENT_REPORT_ALARMS].value, 12);
    assert_int_equal(r->row[1].cell[ENT_REPORT_COPIES_GONE].value, 11);
    const ent_cell *c = r->row[0].cell;
    assert_int_equal(c[ENT_REPORT_RECEIVED].value, 560);
    assert_int_equal(c[ENT_REPORT_HIT].value, 40);
    assert_int_equal(c[ENT_REPORT_FURTHER].value, 10);
    assert_int_equal(c[ENT_REPORT_CANDIDATES].value, 50);
    assert_int_equal(c[ENT_REPORT_CONFIRMED].value, 25);
    assert_int_equal(c[ENT_REPORT_REJECTED].value, 12);
    assert_int_equal(c[ENT_REPORT_UNRESOLVED].value, 13);
    assert_int_equal(r->sum[ENT_REPORT_SENT].value, 30);
    assert_false(c[ENT_REPORT_HIT].hidden || c[ENT_REPORT_RECEIVED].hidden || r->clause[0].refused.hidden);
    assert_true(r->total[ENT_REPORT_TOTAL_ALARM].hidden && r->total[ENT_REPORT_TOTAL_ALARM].value == 3);
    ent_report_free(r);
}

/* Three hits are hidden, in the table, in the sums and in each of the three forms, and cannot be worked out. */
static void hides(void **state)
{
    (void)state;
    many(3, ENT_ENTRY_ANSWERED_HIT, "check", "s. 1");
    many(500, ENT_ENTRY_ANSWERED_NO_HIT, "check", "s. 1");
    many(100, ENT_ENTRY_REFUSED, "check", "Art. 6(2)");
    many(25, ENT_ENTRY_ANSWERED_HIT, "other", "s. 1");
    many(700, ENT_ENTRY_ANSWERED_NO_HIT, "other", "s. 1");
    ent_report *r = make(2026);
    assert_true(r->row[0].cell[ENT_REPORT_HIT].hidden);
    int shown = !r->row[0].cell[ENT_REPORT_RECEIVED].hidden + !r->row[0].cell[ENT_REPORT_NO_HIT].hidden +
                !r->row[0].cell[ENT_REPORT_REFUSED].hidden;
    assert_true(shown < 3);
    assert_true(r->sum[ENT_REPORT_HIT].hidden || r->row[1].cell[ENT_REPORT_HIT].hidden);
    ENT_AUTO_BUF json = ENT_BUF(1 << 20);
    ENT_AUTO_BUF csv = ENT_BUF(1 << 20);
    ENT_AUTO_BUF html = ENT_BUF(1 << 20);
    ent_report_json(r, &json);
    ent_report_csv(r, &csv);
    ent_report_html(r, &html);
    assert_non_null(strstr(ent_buf_cstr(&json), "\"hit\":null"));
    assert_null(strstr(ent_buf_cstr(&json), "\"hit\":3,"));
    assert_null(strstr(ent_buf_cstr(&csv), ",3,"));
    assert_null(strstr(ent_buf_cstr(&html), "<td>3</td>"));
    ent_report_free(r);
}

/* What was asked for a third party has a row of its own, named as the agreement names it. */
static void on_behalf(void **state)
{
    (void)state;
    many(20, ENT_ENTRY_ASKED, "check", "s. 1");
    for (int i = 0; i < 12; i++) add(ENT_ENTRY_ASKED, "check", "s. 1")->party = 3;
    for (int i = 0; i < 11; i++) add(ENT_ENTRY_EXPORTED, "check", "onward: given on")->party = 3;
    ent_report *r = make(2026);
    assert_int_equal(r->row_count, 2);
    assert_string_equal(r->row[0].on_behalf_of, "");
    assert_string_equal(r->row[1].on_behalf_of, "party 3");
    assert_int_equal(r->row[0].cell[ENT_REPORT_SENT].value, 20);
    assert_int_equal(r->row[1].cell[ENT_REPORT_SENT].value, 12);
    assert_int_equal(r->row[0].cell[ENT_REPORT_GIVEN_ON].value, 11);
    ent_report_free(r);
}

/* Times from asked to received; those that were not answered do not count. */
static void waits(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        int64_t at = add(ENT_ENTRY_ASKED, "check", "")->time.ms;
        ent_entry *e = add(ENT_ENTRY_RECEIVED, "check", i < 50 ? "s. 1" : "");
        e->follows = entry_count - 2;
        e->time.ms = at + 100 + i;
    }
    ent_report *r = make(2026);
    assert_int_equal(r->waits.value, 50);
    assert_int_equal(r->wait_median_ms, 125);
    assert_int_equal(r->wait_p95_ms, 147);
    ent_report_free(r);
}

/* A clause that looks like markup stays text; nothing at all is a report too. */
static void text_stays_text(void **state)
{
    (void)state;
    ent_report *empty = make(2026);
    ENT_AUTO_BUF json = ENT_BUF(1 << 20);
    ent_report_json(empty, &json);
    assert_non_null(strstr(ent_buf_cstr(&json), "\"exchange\":[]"));
    ent_report_free(empty);
    many(20, ENT_ENTRY_REFUSED, "check", "<b>\"x\"&");
    ent_report *r = make(2026);
    ENT_AUTO_BUF html = ENT_BUF(1 << 20);
    ent_report_html(r, &html);
    assert_null(strstr(ent_buf_cstr(&html), "<b>\""));
    assert_non_null(strstr(ent_buf_cstr(&html), "&lt;b&gt;&quot;x&quot;&amp;"));
    ent_report_free(r);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(counts), CASE(hides), CASE(on_behalf), CASE(waits), CASE(text_stays_text)};
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
