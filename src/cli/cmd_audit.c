/* `entente audit BUNDLE…`: an outsider lays the ledgers of two or more parties beside each other, offline. */
#include "base/check.h"
#include "cli/bundle.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

static const ent_cmd_help help = {
    "audit BUNDLE…",
    "Checks, offline and from files alone, that the ledgers of two or more parties tell the same story: every search that one\n"
    "says it sent was answered by the other, under an agreement in force, for its purposes, within its quota; every disclosure\n"
    "had its confirmation; what was due was destroyed; what the lot chose was opened to the auditor, or the flow stood still. Each discrepancy is reported with its entry. A bundle is a folder with the\n"
    "party's card, keys, ledger/entries, ledger/checkpoint and agreements/*. Exit status 4 when anything was found.",
    "entente audit from-gb/ from-us/"};

typedef struct hearing {
    const ent_cli *cli;
    ent_court *court;
    bool any; /* a finding was printed */
} hearing;

static void print_finding(void *ctx, const ent_audit_finding *f)
{
    hearing *c = ctx;
    const ent_audit_side *s = &c->court->side[f->side];
    const ent_entry *e = &s->entries[f->index];
    char time[ENT_TIME_TEXT], number[ENT_ID_TEXT];
    ent_time_text(e->time, time);
    ent_id_text(e->case_number.b, number);
    if (!c->cli->json) {
        printf("%s entry %llu (%s, %s, case %.8s): %s\n", s->name, (unsigned long long)f->index,
               ent_entry_kind_text(e->kind), time, number, ent_audit_rule_text(f->rule));
    } else {
        printf("%s{\"rule\":\"%s\",\"ledger\":\"%s\",\"index\":%llu,\"kind\":\"%s\",\"time\":\"%s\",\"case\":\"%s\"}",
               c->any ? "," : "", ent_audit_rule_name(f->rule), s->name, (unsigned long long)f->index,
               ent_entry_kind_text(e->kind), time, number);
    }
    c->any = true;
}

static void print_counts(const ent_cli *cli, const ent_audit_counts *n)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{"entries", n->entries},       {"asked", n->asked},         {"answered_hit", n->answered_hit},
                {"answered_no_hit", n->answered_no_hit}, {"refused", n->refused}, {"unanswered", n->unanswered},
                {"outside", n->outside},       {"disclosed", n->disclosed}, {"destroyed", n->destroyed},
                {"further_candidates", n->further}, {"asked_for_others", n->for_others}, {"given_on", n->given_on},
                {"chosen_by_lot", n->chosen},  {"opened_to_auditor", n->opened}, {"findings", n->findings}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf(cli->json ? ",\"%s\":%llu" : "%-16s %llu\n", rows[i].name, (unsigned long long)rows[i].value);
}

static ent_code run(hearing *h, int count, char **folders, ent_audit_counts *ret_counts, ent_err *err)
{
    ent_court *c = h->court;
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_court_read(c, (const char *const *)folders, (size_t)count, err));
    if (h->cli->json) printf("{\"found\":[");
    ENT_TRY(ent_audit(c->side, c->party_count, c->text, c->text_count, print_finding, h, ret_counts, err));
    if (h->cli->json) printf("]");
    print_counts(h->cli, ret_counts);
    if (h->cli->json) printf("}\n");
    return ENT_OK;
}

int ent_cmd_audit(ent_cli *cli, int argc, char **argv)
{
    static const ent_opt opts[] = {{0}};
    int operands = 0;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &operands);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : ent_code_exit(code);
    if (operands == 0) return ent_cli_usage(&help, "name the bundles to lay beside each other");
    hearing h = {.cli = cli, .court = ent_court_new()};
    ent_err err = {0};
    ent_audit_counts counts = {0};
    code = run(&h, operands, argv, &counts, &err);
    ent_court_free(h.court);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    return counts.findings ? ent_code_exit(ENT_DAMAGED) : 0;
}
