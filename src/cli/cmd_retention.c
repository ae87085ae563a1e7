#include "cli/act.h"
#include "cli/commands.h"

#include "base/when.h"
#include "flow/report/suppress.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WITHIN "--within is a number of days: 90d"

/* "90d" */
static bool number_of_days(const char *text, long *ret)
{
    char *end;
    *ret = strtol(text, &end, 10);
    return end != text && strcmp(end, "d") == 0 && *ret >= 0 && *ret <= 36500;
}

static int retention_due(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "retention due [--within DAYSd | --by DATE] [--as-of DATE] --as CUSTODIAN",
                                   .about = "What falls due up to a day (default: today), and by which clause; --as-of shows each part as it will be on a later day if\n"
                                            "nothing happens.",
                                   .example = "entente retention due --within 90d --as c.example"};
    const char *as = NULL, *by = "", *span = NULL, *as_of = "";
    char date[ENT_DATE_TEXT];
    const ent_opt opts[] = {{.name = "--by", .value = &by, .hint = "DATE", .help = "up to this day"}, {.name = "--within", .value = &span, .hint = "90d", .help = "or so many days from now"},
                            {.name = "--as-of", .value = &as_of, .hint = "DATE", .help = "as seen on this day"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "custodian or auditor"}, {0}};
    int n;
    long days = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (span && !number_of_days(span, &days)) return ent_cli_usage(&h, WITHIN);
    ent_date_text(ent_date_from_days((int64_t)time(NULL) / 86400 + days), date);
    return ent_cli_simple(cli, as, "record-list", json_pack("{s:s,s:s}", "due-by", *by ? by : *as_of && !span ? as_of : date, "as-of", as_of), NULL, ent_cli_print_parts);
}

/* ---- the calendar ---- */

struct month {
    char name[8];
    size_t parts;
};

static int by_name(const void *a, const void *b) { return strcmp(((const struct month *)a)->name, ((const struct month *)b)->name); }

static void print_calendar(const json_t *out)
{
    json_t *parts = json_object_get(out, "parts"), *p;
    size_t i, count = 0, most = 0, without = 0;
    struct month *months = calloc(json_array_size(parts) + 1, sizeof *months);
    if (!months) return;
    json_array_foreach(parts, i, p)
    {
        const char *date = ent_cli_text(p, "destroy-by");
        size_t k = 0;
        if (!*date) {
            without++;
            continue;
        }
        while (k < count && strncmp(months[k].name, date, 7) != 0) k++;
        if (k == count) snprintf(months[count++].name, sizeof months[0].name, "%.7s", date);
        if (++months[k].parts > most) most = months[k].parts;
    }
    qsort(months, count, sizeof *months, by_name);
    for (i = 0; i < count; i++) {
        printf("%s %8zu  ", months[i].name, months[i].parts);
        for (size_t k = 0; k < (months[i].parts * 50 + most - 1) / most; k++) fputs("\u2588", stdout);
        putchar('\n');
    }
    if (without) printf("no end  %8zu  kept while a review says so\n", without);
    free(months);
}

static int retention_calendar(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "retention calendar --as CUSTODIAN", .about = "How many parts fall due in each month, as the law stands today.", .example = "entente retention calendar --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"record-list", {NULL}, "custodian or auditor", print_calendar});
}

static void print_warnings(const json_t *out)
{
    size_t i;
    json_t *w;
    json_array_foreach(json_object_get(out, "warnings"), i, w)
        printf("%s %-11s %s %s  (%s)\n", ent_cli_text(w, "part"), ent_cli_text(w, "material"), ent_cli_text(w, "what"), ent_cli_text(w, "date"), ent_cli_text(w, "clause"));
    if (!i) printf("nothing falls due, no extension's window opens, no hold is to be reviewed\n");
    if (json_integer_value(json_object_get(out, "pending"))) printf("%lld events wait for a second person: `entente approve list`\n", (long long)json_integer_value(json_object_get(out, "pending")));
}

static int retention_warnings(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "retention warnings [--within DAYSd] --as CUSTODIAN",
                                   .about = "What a custodian should know before it happens: what falls due, where an extension may be applied for now or within two weeks, which\n"
                                            "holds are to be reviewed. The node says the numbers in its journal, at its start and each day.",
                                   .example = "entente retention warnings --within 30d --as c.example"};
    const char *as = NULL, *span = "90d";
    char days[12];
    long number;
    const ent_opt opts[] = {{.name = "--within", .value = &span, .hint = "90d", .help = "so many days from now"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "custodian or auditor"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (!number_of_days(span, &number)) return ent_cli_usage(&h, WITHIN);
    snprintf(days, sizeof days, "%ld", number);
    return ent_cli_simple(cli, as, "retention-warnings", json_pack("{s:s}", "days", days), NULL, print_warnings);
}

static void print_run(const json_t *out)
{
    if (json_object_get(out, "due")) printf("%lld parts are due and would be destroyed\n", (long long)json_integer_value(json_object_get(out, "due")));
    else printf("%lld parts were due and are destroyed\n", (long long)json_integer_value(json_object_get(out, "destroyed")));
}

static int retention_run(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "retention run [--dry-run] --as CUSTODIAN",
                                   .about = "Destroys now what is due, not held and past its window. The node does so by itself within the hour, unless its time is not\n"
                                            "confirmed (`entente time`) or more is due than is usual, which a person then looks at.",
                                   .example = "entente retention run --dry-run --as c.example"};
    const char *as = NULL;
    bool dry = false;
    const ent_opt opts[] = {{.name = "--dry-run", .flag = &dry, .help = "only count"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, as, "retention-run", json_pack("{s:s}", "dry-run", dry ? "yes" : "no"), NULL, print_run);
}

int ent_cmd_retention(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"due", retention_due, "what falls due"}, {"warnings", retention_warnings, "what a custodian should know before it happens"}, {"calendar", retention_calendar, "how much falls due in which month"}, {"run", retention_run, "destroy what is due"}, {0}};
    return ent_cli_group(cli, "retention", "The law's clock.", commands, argc, argv);
}

/* ---- time ---- */

static void print_time(const json_t *out)
{
    bool sure = json_is_true(json_object_get(out, "sure"));
    printf("now        %s (%s)\nconfirmed  %s\n", ent_cli_text(out, "now"), sure ? "follows from the confirmed time by the boot clock" : "NOT CONFIRMED: what is due is hidden, nothing is destroyed", ent_cli_text(out, "confirmed"));
    if (!sure && json_is_true(json_object_get(out, "proposed"))) printf("one person says that it is right; another must: `entente time confirm`\n");
}

static int time_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "time show", .about = "What the node knows of the day: the clock, the last confirmed time, and whether one follows from the other.", .example = "entente time show"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, NULL, "time", json_object(), NULL, print_time);
}

static int time_confirm(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "time confirm --as NAME", .about = "\"The clock of this machine is right\": two persons within the hour, after a restart that no witness's signature bridges.", .example = "entente time confirm --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"time-confirm", {NULL}, "custodian, operator or auditor", print_time});
}

int ent_cmd_time(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", time_show, "the clock and what confirms it"}, {"confirm", time_confirm, "two persons say that it is right"}, {0}};
    return ent_cli_group(cli, "time", "What destroys must be sure of the day.", commands, argc, argv);
}

/* ---- gallery ---- */

static int gallery_rebuild(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "gallery rebuild --as CUSTODIAN",
                                   .about = "Makes every template anew from the sealed images: after an upgrade of the engine, or when node.yaml names another face model.\n"
                                            "May be stopped and called again; searches go on with the old templates until theirs is done.",
                                   .example = "entente gallery rebuild --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "custodian or operator"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    long long left = 1, total = 0;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    code = ent_cli_begin(cli, as, &s, &err);
    while (code == ENT_OK && left > 0) {
        json_t *out = NULL;
        code = ent_cli_act(s, "gallery-rebuild", json_object(), NULL, 0, &out, &err);
        left = (long long)json_integer_value(json_object_get(out, "left"));
        if (!total) total = left + 1;
        if (code == ENT_OK) ent_cli_progress("rebuilding", (size_t)(total - left), (size_t)total);
        json_decref(out);
    }
    if (code == ENT_OK && cli->json) printf("{\"rebuilt\":true}\n");
    else if (code == ENT_OK) printf("every template is of this engine and model\n");
    ent_cli_end(s);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_gallery(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"rebuild", gallery_rebuild, "make templates anew from the sealed images"}, {0}};
    return ent_cli_group(cli, "gallery", "What is searched.", commands, argc, argv);
}

/* ---- report retention ---- */

enum { CELLS = 128 };

/* The table as lines of a label and a number, and the sums as readers know them: all destroyed is the sum over clauses; and what was ever
 * collected, which no line says, is what is held and what was destroyed (in a later year: with what the report before said is held). So a
 * hidden number of destructions would follow from collections and holdings. */
typedef struct table {
    char label[CELLS][80];
    ent_cell cell[CELLS + 1]; /* the last one of a report: ever collected */
    size_t count, materials, first_clause, clauses, destroyed, first_held;
} table;

static void line(table *t, const char *group, const char *label, const json_t *value)
{
    if (t->count == CELLS) return;
    snprintf(t->label[t->count], sizeof t->label[0], "%s%s%s", group, *label ? ": " : "", label);
    for (char *c = t->label[t->count]; *c; c++) /* a clause is a lawyer's text: it ends no cell and begins no formula */
        if (*c == '"' || *c == '\\' || (unsigned char)*c < 0x20) *c = '\'';
    t->cell[t->count++].value = (uint64_t)json_integer_value(value);
}

static void lines(table *t, const char *group, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) line(t, group, key, value);
}

static void fill(table *t, const json_t *out)
{
    lines(t, "collected", json_object_get(out, "collected"));
    t->materials = t->count;
    line(t, "extended", "", json_object_get(out, "extended"));
    line(t, "holds begun", "", json_object_get(out, "holds"));
    t->destroyed = t->count;
    line(t, "destroyed", "", json_object_get(out, "destroyed"));
    t->first_clause = t->count;
    lines(t, "destroyed by", json_object_get(out, "destroyed-by-clause"));
    t->clauses = t->count - t->first_clause;
    t->first_held = t->count;
    lines(t, "held now", json_object_get(out, "held"));
    line(t, "on hold now", "", json_object_get(out, "on-hold"));
}

static ent_code hide_small(table *t, ent_err *err)
{
    ent_sum *sum = calloc(3, sizeof *sum);
    if (!sum) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    size_t ever = t->count;
    sum[0].total = sum[1].total = ever;
    sum[1].part[sum[1].count++] = t->destroyed;
    t->cell[ever].value = t->cell[t->destroyed].value;
    for (size_t i = 0; i < t->materials; i++) {
        sum[0].part[sum[0].count++] = i;
        sum[1].part[sum[1].count++] = t->first_held + i;
        t->cell[ever].value += t->cell[t->first_held + i].value;
    }
    sum[2].total = t->destroyed;
    for (size_t i = 0; i < t->clauses; i++) sum[2].part[sum[2].count++] = t->first_clause + i;
    ent_code code = ent_suppress(t->cell, t->count + 1, sum, t->clauses ? 3 : 2, err);
    free(sum);
    return code;
}

static void write_html(FILE *f, const table *t, const char *year, long long overdue, double age)
{
    uint64_t most = 1;
    for (size_t i = 0; i < t->count; i++)
        if (!t->cell[i].hidden && t->cell[i].value > most) most = t->cell[i].value;
    fprintf(f, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Retention %s</title>\n"
               "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse}"
               "th{text-align:left;font-weight:normal;padding:.2rem 1rem .2rem 0}td{text-align:right;padding:.2rem .5rem}rect{fill:#3565a8}</style>\n"
               "<h1>What was kept and destroyed in %s</h1>\n<p>Overdue now: <strong>%lld</strong>. Average age of what is held: %.0f days. A dot is a number under ten, or one that would reveal it.</p>\n<table>\n",
            year, year, overdue, age);
    for (size_t i = 0; i < t->count; i++) {
        fputs("<tr><th scope=row>", f);
        ent_cli_html_text(f, t->label[i]);
        if (t->cell[i].hidden) fputs("</th><td title=\"under ten, or it would reveal such a number\">&middot;</td><td></td></tr>\n", f);
        else fprintf(f, "</th><td>%llu</td><td><svg width=300 height=12 role=img aria-label=\"%llu\"><rect width=%llu height=12 /></svg></td></tr>\n", (unsigned long long)t->cell[i].value,
                     (unsigned long long)t->cell[i].value, (unsigned long long)(t->cell[i].value * 300 / most));
    }
    fputs("</table>\n", f);
}

static void write_table(FILE *f, const table *t, const char *format, const char *year, long long overdue, double age)
{
    if (strcmp(format, "html") == 0) {
        write_html(f, t, year, overdue, age);
        return;
    }
    bool json = strcmp(format, "json") == 0;
    fprintf(f, json ? "{\"year\":%s,\"overdue\":%lld,\"average-age-days\":%.1f,\"figures\":{" : "figure,count\r\nyear,%s\r\noverdue,%lld\r\naverage age in days,%.1f\r\n", year, overdue, age);
    for (size_t i = 0; i < t->count; i++) {
        if (json) fprintf(f, "%s\"%s\":", i ? "," : "", t->label[i]);
        else fprintf(f, "\"%s\",", t->label[i]);
        if (t->cell[i].hidden) fputs(json ? "null" : "", f);
        else fprintf(f, "%llu", (unsigned long long)t->cell[i].value);
        if (!json) fputs("\r\n", f);
    }
    if (json) fputs("}}\n", f);
}

int ent_cli_report_retention(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "report retention --year YEAR [--format html|csv|json] [--full] [-o FILE] --as NAME",
                                   .about = "What was collected, extended and destroyed in a year, by clause; what is held now, its average age, and what is overdue, which\n"
                                            "must be nothing. Numbers under ten are hidden, with those that would reveal them; --full shows all, to auditors.",
                                   .example = "entente report retention --year 2026 -o 2026.html --as a.example"};
    const char *as = NULL, *year = "", *format = cli->json ? "json" : "html", *file = NULL;
    bool full = false;
    const ent_opt opts[] = {{.name = "--year", .value = &year, .hint = "YEAR", .help = "in UTC"}, {.name = "--format", .value = &format, .hint = "html|csv|json", .help = "html when not named"},
                            {.name = "--full", .flag = &full, .help = "nothing hidden"}, {.name = "-o", .value = &file, .hint = "FILE", .help = "where to; standard output when not named"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "custodian or auditor"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (strcmp(format, "html") != 0 && strcmp(format, "csv") != 0 && strcmp(format, "json") != 0) return ent_cli_usage(&h, "--format is html, csv or json");
    table *t = calloc(1, sizeof *t);
    code = t ? ent_cli_begin(cli, as, &s, &err) : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = ent_cli_act(s, "retention-year", json_pack("{s:s}", "year", year), NULL, 0, &out, &err);
    if (code == ENT_OK) fill(t, out);
    if (code == ENT_OK && !full) code = hide_small(t, &err);
    FILE *f = code == ENT_OK ? file ? fopen(file, "w") : stdout : NULL;
    if (code == ENT_OK && !f) code = ent_fail(&err, ENT_IO, "%s cannot be written", file);
    if (code == ENT_OK) write_table(f, t, format, year, (long long)json_integer_value(json_object_get(out, "overdue")), json_real_value(json_object_get(out, "average-age-days")));
    if (f && file && fclose(f) != 0 && code == ENT_OK) code = ent_fail(&err, ENT_IO, "%s cannot be written", file);
    json_decref(out);
    ent_cli_end(s);
    free(t);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
