#include "cli/act.h"
#include "cli/commands.h"
#include "cli/search_all.h"

#include "adapter/file/disk.h"
#include "base/check.h"

#include <string.h>
#include <sys/stat.h>

static const ent_cmd_help search_help = {
    .usage = "search FILE --purpose NAME [--agreement NAME] [--flow NAME] [--all] [--crossing REF] [--finger NAME] [--any-sequence] [--receipt FILE] [--sre FILE] [--slip FILE] [--on-behalf-of PARTY] --as OFFICER",
    .about = "Asks a partner whether the print is in its gallery: our ledger says \"asked\", the request goes signed over mutual TLS, the\n"
             "answer counts when its receipt proves that the partner's ledger says the same. Prints hit or no hit, the reference of this\n"
             "search and where the time went. `search show REF` and `search close REF` are for the holder's side of one.",
    .example = "entente search traveller.png --purpose terrorism-threat-check --agreement gb-us --crossing F1234 --as o.example"};

static long long ms(const json_t *out, const char *name) { return (long long)json_integer_value(json_object_get(json_object_get(out, "ms"), name)); }

static ent_code keep_receipt(const ent_cli *cli, const json_t *out, const char *file, char ret_path[PATH_MAX], ent_err *err)
{
    const char *text = ent_cli_text(out, "receipt");
    ret_path[0] = 0;
    if (!*text) return ENT_OK;
    if (file) snprintf(ret_path, PATH_MAX, "%s", file);
    else {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/receipts", cli->node);
        mkdir(folder, 0700);
        snprintf(ret_path, PATH_MAX, "%.*s/%s.tlog-proof", PATH_MAX - 64, folder, ent_cli_text(out, "reference"));
    }
    return ent_disk_replace(ret_path, text, strlen(text), 0600, err);
}

/* The partner's answer as it signed it: an SRE, of a refusal an ERR; what was refused before its signature stood came without one. */
static ent_code keep_sre(json_t *out, const char *file, ent_err *err)
{
    const json_t *sre = json_object_get(out, "sre");
    if (!file) return ENT_OK;
    if (!sre) return fprintf(stderr, "the partner did not answer by a transaction: %s is not written\n", file), ENT_OK;
    ENT_TRY(ent_disk_replace(file, json_string_value(sre), json_string_length(sre), 0600, err));
    json_object_del(out, "sre");
    return json_object_set_new(out, "sre-file", json_string(file)), ENT_OK;
}

static int run_search(ent_cli *cli, const char *as, json_t *params, const char *file, const char *receipt, const char *sre)
{
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    char path[PATH_MAX] = "";
    ENT_AUTO_BUF body = ENT_BUF(1);
    ent_code code = ent_cli_load(file, &body, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "search", params, body.data ? body.data : (const uint8_t *)"", body.len, &out, &err);
    else json_decref(params);
    if (code == ENT_OK) code = keep_receipt(cli, out, receipt, path, &err);
    if (code == ENT_OK) code = keep_sre(out, sre, &err);
    int status = 4;
    if (code == ENT_OK) {
        const char *outcome = ent_cli_text(out, "outcome");
        status = strcmp(outcome, "hit") == 0 ? 0 : strcmp(outcome, "no hit") == 0 ? 1 : 3;
        json_object_del(out, "receipt");
        json_object_set_new(out, "receipt-file", json_string(path));
        if (cli->json) ent_cli_print_json(out);
        else if (status == 3) printf("REFUSED by %s: %s (%s)\nreference %s\n", ent_cli_text(out, "partner"), ent_cli_text(out, "reason"), ent_cli_text(out, "clause"), ent_cli_text(out, "reference"));
        else
            printf("%s at %s\nreference %s\nreceipt   %s\ntime      read %lld ms, ask %lld ms, partner %lld ms, verify %lld ms\n", status ? "NO HIT" : "HIT", ent_cli_text(out, "partner"),
                   ent_cli_text(out, "reference"), path, ms(out, "prepare"), ms(out, "ask"), ms(out, "wait"), ms(out, "verify"));
    }
    json_decref(out);
    ent_cli_end(s);
    err.code = code;
    return code == ENT_OK ? status : ent_cli_error(cli, &err);
}

static void print_show(const json_t *out)
{
    printf("%s, asked %s for %s under %s, flow %s, at %s; ledger entry %lld%s\n", ent_cli_text(out, "outcome"), ent_cli_text(out, "partner"), ent_cli_text(out, "purpose"), ent_cli_text(out, "agreement"),
           ent_cli_text(out, "flow"), ent_cli_text(out, "time"), (long long)json_integer_value(json_object_get(out, "index")), *ent_cli_text(out, "case") ? "; case closed" : json_is_true(json_object_get(out, "closed")) ? "; closed" : "");
    if (*ent_cli_text(out, "case")) printf("case: %s\n", ent_cli_text(out, "case"));
    if (*ent_cli_text(out, "on-behalf-of")) printf("on behalf of %s\n", ent_cli_text(out, "on-behalf-of"));
    if (json_is_true(json_object_get(out, "sent-by-us"))) return;
    if (*ent_cli_text(out, "redress")) printf("%s\n", ent_cli_text(out, "redress"));
    if (json_object_get(out, "face-score")) printf("face %.3f\n", json_real_value(json_object_get(out, "face-score")));
    printf("score %.2f, log10 likelihood ratio %.1f, compared with %lld prints, %.2g false hits expected\n", json_real_value(json_object_get(out, "score")),
           json_real_value(json_object_get(out, "log10-ratio")), (long long)json_integer_value(json_object_get(out, "compared")), json_real_value(json_object_get(out, "expected-false-hits")));
    const json_t *us = json_object_get(out, "us");
    printf("decode %lld ms, match %lld ms, ledger %lld ms\n", (long long)json_integer_value(json_object_get(us, "decode")) / 1000, (long long)json_integer_value(json_object_get(us, "match")) / 1000,
           (long long)json_integer_value(json_object_get(us, "append")) / 1000);
    if (*ent_cli_text(out, "candidate")) printf("candidate %s\n", ent_cli_text(out, "candidate"));
    if (*ent_cli_text(out, "search")) printf("one of the candidates of search %s\n", ent_cli_text(out, "search"));
    size_t i;
    json_t *other;
    json_array_foreach(json_object_get(out, "other-candidates"), i, other) printf("another candidate: %s\n", json_string_value(other));
    if (!strcmp(ent_cli_text(out, "outcome"), "candidate")) printf("the score lies beyond everything that was measured: no hit before examiners have confirmed it\n");
}

static void print_closed(const json_t *out) { printf("case %s is closed; its probe is destroyed\n", ent_cli_text(out, "closed")); }

static int reference(ent_cli *cli, int argc, char **argv, const char *act, void (*print)(const json_t *))
{
    return ent_cli_operands(cli, argc, argv, &search_help, &(ent_operands){act, {"reference"}, "who looks: custodian, examiner or auditor", print});
}

int ent_cmd_search(ent_cli *cli, int argc, char **argv)
{
    const char *as = NULL, *purpose = NULL, *agreement = "", *flow = "", *crossing = "", *finger = "", *receipt = NULL, *sre = NULL, *slip = NULL, *behalf = "";
    bool all = false, any_sequence = false;
    const ent_opt opts[] = {{.name = "--purpose", .value = &purpose, .hint = "NAME", .help = "one that the agreement grants"},
                            {.name = "--agreement", .value = &agreement, .hint = "NAME", .help = "when more than one grants it"},
                            {.name = "--flow", .value = &flow, .hint = "NAME", .help = "of the agreement"},
                            {.name = "--crossing", .value = &crossing, .hint = "REF", .help = "the desk's own reference; stays here"},
                            {.name = "--finger", .value = &finger, .hint = "NAME", .help = "of a plain image"},
                            {.name = "--any-sequence", .flag = &any_sequence, .help = "search prints that contradict their positions: they were looked at"},
                            {.name = "--receipt", .value = &receipt, .hint = "FILE", .help = "where the partner's receipt goes (default: receipts/ in the node's folder)"},
                            {.name = "--sre", .value = &sre, .hint = "FILE", .help = "have the partner answer by an ANSI/NIST-ITL transaction (SRE, of a refusal ERR), and keep it there"},
                            {.name = "--slip", .value = &slip, .hint = "FILE", .help = "a redress slip that the traveller shows"},
                            {.name = "--on-behalf-of", .value = &behalf, .hint = "PARTY", .help = "a third party for which the agreement lets this node ask; both ledgers say so. With --all, those are asked whose agreement lists it"},
                            {.name = "--all", .flag = &all, .help = "every partner that an agreement allows, at once"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the officer who asks"}, {0}};
    int n;
    if (argc > 0 && strcmp(argv[0], "show") == 0) return reference(cli, argc - 1, argv + 1, "search-show", print_show);
    if (argc > 0 && strcmp(argv[0], "close") == 0) return reference(cli, argc - 1, argv + 1, "search-close", print_closed);
    ent_code code = ent_cli_options(&search_help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !purpose) return ent_cli_usage(&search_help, "a file and --purpose are needed");
    if (all && (*agreement || *flow || receipt || sre || slip)) return ent_cli_usage(&search_help, "--all stands without --agreement, --flow, --receipt, --sre and --slip");
    if (all) return ent_cli_search_all(cli, as, argv[0], &(ent_search_wish){purpose, crossing, finger, behalf, any_sequence});
    json_t *params = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "purpose", purpose, "on-behalf-of", behalf, "agreement", agreement, "flow", flow, "crossing", crossing, "finger", finger,
                               "any-sequence", any_sequence ? "yes" : "", "sre", sre ? "yes" : "");
    ENT_AUTO_BUF text = ENT_BUF(1);
    ent_err err = {0};
    if (slip) err.code = ent_cli_load(slip, &text, &err);
    if (slip && err.code == ENT_OK && json_object_set_new(params, "slip", json_stringn((const char *)text.data, text.len)) != 0)
        err.code = ent_fail(&err, ENT_FORMAT, "%s is not a redress slip", slip); /* never a search as if none had been shown */
    if (slip && err.code != ENT_OK) return json_decref(params), ent_cli_error(cli, &err);
    return run_search(cli, as, params, argv[0], receipt, sre);
}
