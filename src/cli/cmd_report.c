/* `entente report exchange`: the transparency report of a year, from a bundle alone. */
#include "base/check.h"
#include "cli/bundle.h"
#include "cli/commands.h"
#include "flow/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const ent_cmd_help help = {
    "report exchange --year YEAR [--format html|csv|json] [-o FILE] BUNDLE",
    "Counts what a node exchanged in a year: per agreement, flow and purpose the searches received and sent, hits, what became of\n"
    "them, disclosures, copies given and destroyed, recalls, alarms, what the lot chose and what was opened; by field what was disclosed,\n"
    "by clause what was refused; answer times. Made from a bundle (docs/protocol/audit.md), so that whoever has\n"
    "the ledger can make the same one. Numbers under ten are hidden, with those that would reveal them.",
    "entente report exchange --year 2026 --format html -o 2026.html from-gb/"};

typedef struct wish {
    const char *year, *format, *out;
} wish;

static ent_code print_report(const ent_report *r, const char *format, const char *out, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(16 << 20);
    if (strcmp(format, "json") == 0)
        ent_report_json(r, &text);
    else if (strcmp(format, "csv") == 0)
        ent_report_csv(r, &text);
    else
        ent_report_html(r, &text);
    ENT_TRY(ent_buf_check(&text, err));
    FILE *f = out ? fopen(out, "wb") : stdout;
    if (!f) return ent_fail(err, ENT_IO, "%s: %s", out, strerror(errno));
    bool ok = fwrite(text.data, 1, text.len, f) == text.len;
    ok = (out ? fclose(f) : fflush(f)) == 0 && ok;
    return ok ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", out ? out : "output", strerror(errno));
}

static ent_code run(const wish *w, const char *folder, ent_err *err)
{
    ent_court *c = ent_court_new();
    ent_report *r = NULL;
    ent_code code = c ? ent_court_read(c, &folder, 1, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = ent_report_make(&c->side[0], c->text, c->text_count, atoi(w->year), &r, err);
    if (code == ENT_OK) {
        memcpy(r->checkpoint, c->party[0].note, sizeof r->checkpoint);
        code = print_report(r, w->format, w->out, err);
    }
    ent_report_free(r);
    ent_court_free(c);
    return code;
}

static int report_exchange(ent_cli *cli, int argc, char **argv)
{
    wish w = {.format = cli->json ? "json" : "html"};
    const ent_opt opts[] = {{.name = "--year", .value = &w.year, .hint = "YEAR", .help = "the calendar year, in UTC"},
                            {.name = "--format", .value = &w.format, .hint = "html|csv|json", .help = "html when not named"},
                            {.name = "-o", .value = &w.out, .hint = "FILE", .help = "where to; standard output when not named"},
                            {0}};
    int operands = 0;
    ent_err err = {0};
    ent_code code = ent_cli_options(&help, opts, argc, argv, &operands);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : ent_code_exit(code);
    if (operands != 1) return ent_cli_usage(&help, "name one bundle");
    if (!w.year || strlen(w.year) != 4 || strspn(w.year, "0123456789") != 4)
        return ent_cli_usage(&help, "--year must be four digits");
    bool known = strcmp(w.format, "html") == 0 || strcmp(w.format, "csv") == 0 || strcmp(w.format, "json") == 0;
    if (!known) return ent_cli_usage(&help, "--format must be html, csv or json");
    code = run(&w, argv[0], &err);
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_report(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"exchange", report_exchange, "what was exchanged in a year"}, {"retention", ent_cli_report_retention, "what was kept and destroyed in a year"}, {0}};
    return ent_cli_group(cli, "report", "Reports of a year.", commands, argc, argv);
}
