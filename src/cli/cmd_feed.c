/* `feed`: the copy of a partner's watchlist, where a flow grants one. */
#include "cli/act.h"
#include "cli/commands.h"

#include <string.h>

static void print_copies(const json_t *out)
{
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(out, "copies"), i, c)
        printf("%s, flow %s of %s: %lld records, %s%s%s; lease until %s, %lld searches not reported yet\n", ent_cli_text(c, "holder"), ent_cli_text(c, "flow"), ent_cli_text(c, "agreement"),
               (long long)json_integer_value(json_object_get(c, "records")), ent_cli_text(c, "state"), *ent_cli_text(c, "clause") ? ": " : "", ent_cli_text(c, "clause"),
               *ent_cli_text(c, "lease") ? ent_cli_text(c, "lease") : "never", (long long)json_integer_value(json_object_get(c, "unreported")));
    if (!json_array_size(json_object_get(out, "copies"))) puts("no copy is here");
}

static int feed_status(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "feed status --as NAME", .about = "The copies that are here, until when each may be searched, and what is not reported yet.", .example = "entente feed status --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "an officer, an examiner or a custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return n ? ent_cli_usage(&h, "nothing more is needed") : ent_cli_simple(cli, as, "feed-list", json_object(), NULL, print_copies);
}

static void print_taken(const json_t *out) { printf("%lld additions, changes and removals taken\n", (long long)json_integer_value(json_object_get(out, "taken"))); }

static int feed_pull(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "feed pull --as CUSTODIAN",
                                   .about = "Contact now: reports local searches, proves removals, takes what changed, renews the lease. The node does so each minute.",
                                   .example = "entente feed pull --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "a custodian or an operator"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return n ? ent_cli_usage(&h, "nothing more is needed") : ent_cli_simple(cli, as, "feed-pull", json_object(), NULL, print_taken);
}

static void print_result(const json_t *out)
{
    bool hit = json_is_true(json_object_get(out, "hit"));
    bool candidate = !strcmp(ent_cli_text(out, "outcome"), "candidate");
    puts(candidate ? "a candidate in the copy" : hit ? "hit in the copy" : "no hit in the copy");
    if (candidate) printf("the score lies beyond everything that was measured: no hit before persons have confirmed it\n");
    if (hit) printf("kept under %s, %s, %s; ask the holder with `entente search` for a person to confirm it\n", ent_cli_text(out, "power"), ent_cli_text(out, "category"), ent_cli_text(out, "status"));
    printf("reference %s\nentry %lld; matched in %lld ms; the copy may be searched until %s\n", ent_cli_text(out, "reference"),
           (long long)json_integer_value(json_object_get(out, "index")), (long long)json_integer_value(json_object_get(out, "match-us")) / 1000, ent_cli_text(out, "lease"));
}

static int feed_search(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "feed search FILE --purpose NAME [--agreement NAME] [--flow NAME] [--finger POSITION] [--any-sequence] --as OFFICER",
                                   .about = "Searches the copy that is here; no line is needed. The ledger says so first, and the holder is told at the next contact.\n"
                                            "Exit status 0: hit, 1: no hit, 3: refused by the agreement, the lease or the quota.",
                                   .example = "entente feed search thumb.png --purpose threat-check --as o.example"};
    const char *as = NULL, *purpose = "", *agreement = "", *flow = "", *finger = "";
    bool any_sequence = false;
    const ent_opt opts[] = {{.name = "--purpose", .value = &purpose, .hint = "NAME", .help = "what for"},
                            {.name = "--agreement", .value = &agreement, .hint = "NAME", .help = "when several grant it"},
                            {.name = "--flow", .value = &flow, .hint = "NAME", .help = "when several grant it"},
                            {.name = "--finger", .value = &finger, .hint = "POSITION", .help = "right-thumb, … left-little"},
                            {.name = "--any-sequence", .flag = &any_sequence, .help = "search prints that contradict their positions: they were looked at"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the officer"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    ENT_AUTO_BUF body = ENT_BUF(1);
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !*purpose) return ent_cli_usage(&h, "name the file and the purpose");
    code = ent_cli_load(argv[0], &body, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK)
        code = ent_cli_act(s, "feed-search", json_pack("{s:s,s:s,s:s,s:s,s:s}", "purpose", purpose, "agreement", agreement, "flow", flow, "finger", finger, "any-sequence", any_sequence ? "yes" : ""),
                           body.data ? body.data : (const uint8_t *)"", body.len, &out, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) print_result(out);
    int status = code == ENT_OK && !json_is_true(json_object_get(out, "hit"));
    json_decref(out);
    ent_cli_end(s);
    err.code = code;
    return code == ENT_OK ? status : ent_cli_error(cli, &err);
}

int ent_cmd_feed(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"status", feed_status, "copies and their leases"}, {"pull", feed_pull, "contact now"}, {"search", feed_search, "search a copy"}, {0}};
    return ent_cli_group(cli, "feed", "The copy of a partner's watchlist, where a flow grants one.", commands, argc, argv);
}
