/* The regimes: what is in force, whether a file is one, what a change would move, and the two words that it takes. */
#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "law/regime_read.h"
#include "law/regime_set.h"

#include <string.h>

static void print_regimes(const json_t *out)
{
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(out, "regimes"), i, r)
        printf("%-32s %-4s %-34s %s\n", ent_cli_text(r, "regime"), ent_cli_text(r, "jurisdiction"), ent_cli_text(r, "clause"), ent_cli_text(r, "title"));
    printf("in force: %.16s…\n", ent_cli_text(out, "sha256"));
    if (json_is_true(json_object_get(out, "proposed"))) printf("a change was proposed at %s and waits for a second custodian: `entente regime approve`\n", ent_cli_text(out, "proposed-at"));
    if (json_is_true(json_object_get(out, "folder-differs"))) printf("the files in regimes/ are other ones and count for nothing: `entente regime diff`\n");
}

static void print_change(const json_t *out)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(out, "files"), i, e) printf("%-8s %s\n", ent_cli_text(e, "what"), ent_cli_text(e, "regime"));
    if (!json_array_size(json_object_get(out, "files"))) printf("no file differs\n");
    printf("of %lld parts %lld would go sooner, %lld later; %lld more would be due at once%s\n", (long long)json_integer_value(json_object_get(out, "parts")),
           (long long)json_integer_value(json_object_get(out, "sooner")), (long long)json_integer_value(json_object_get(out, "later")), (long long)json_integer_value(json_object_get(out, "due")),
           json_is_true(json_object_get(out, "alarm")) ? ": MORE THAN THIS NODE ACCEPTS OF ONE CHANGE" : "");
    json_array_foreach(json_object_get(out, "examples"), i, e)
        printf("  %s %-11s %s -> %s\n", ent_cli_text(e, "part"), ent_cli_text(e, "material"), *ent_cli_text(e, "was") ? ent_cli_text(e, "was") : "no end", *ent_cli_text(e, "is") ? ent_cli_text(e, "is") : "no end");
}

static void print_proposed(const json_t *out)
{
    print_change(out);
    printf("proposed; another custodian brings it into force: `entente regime approve`\n");
}

static void print_decided(const json_t *out)
{
    if (!json_is_true(json_object_get(out, "in-force"))) printf("the proposal is dropped; what was in force stays\n");
    else print_change(out), printf("in force\n");
}

static int regime_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"regime show --as CUSTODIAN", "What is in force, and whether a change waits or the files in regimes/ are other ones.", "entente regime show --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"regime-list", {NULL}, "custodian or auditor", print_regimes});
}

static ent_code check_file(const char *path, ent_regime *ret, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ent_doc *doc;
    ent_code code = ent_disk_load(path, &text, err);
    if (code == ENT_OK) code = ent_yaml_read(text.data, text.len, path, &doc, err);
    if (code != ENT_OK) return code;
    code = ent_regime_read(doc, ret, err);
    ent_doc_free(doc);
    return code == ENT_OK ? code : ent_context(err, code, "%s", path);
}

static int regime_check(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"regime check FILE…", "Whether each file is a regime that a node would accept, and if not, which line says what. Needs no node.", "entente regime check share/regimes/*.yaml"};
    const ent_opt opts[] = {{0}};
    int n, worst = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n < 1) return ent_cli_usage(&h, "name at least one file");
    for (int i = 0; i < n; i++) {
        ent_regime r;
        ent_err err = {0};
        code = check_file(argv[i], &r, &err);
        if (code == ENT_OK && !cli->json) printf("%s: %s, %s\n", argv[i], r.name, r.clause);
        if (code == ENT_OK) continue;
        fprintf(stderr, "%s\n", err.detail);
        if (ent_code_exit(code) > worst) worst = ent_code_exit(code);
    }
    if (cli->json) printf("{\"files\":%d,\"good\":%s}\n", n, worst ? "false" : "true");
    return worst;
}

/* The folder as one set, to the node that serves. */
static int send_set(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, bool dry)
{
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    ENT_AUTO_BUF set = ENT_BUF(ENT_REGIME_SET_MAX);
    char own[PATH_MAX];
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n > 1) return ent_cli_usage(h, "name one folder, or none for the node's own");
    if (!ent_node_path(cli->node, "regimes", own)) return ent_cli_usage(h, "the folder's path is too long");
    code = ent_node_regime_files(n ? argv[0] : own, &set, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "regime-propose", json_pack("{s:s}", "dry-run", dry ? "yes" : "no"), set.data, set.len, &out, &err);
    return ent_cli_finish(cli, s, code, &err, out, dry ? print_change : print_proposed);
}

static int regime_diff(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"regime diff [DIR] --as CUSTODIAN", "What would change if the files in DIR (the node's regimes/) were in force: files, dates, and how much would be due at once.",
                                   "entente regime diff --as c.example"};
    return send_set(cli, argc, argv, &h, true);
}

static int regime_propose(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"regime propose [DIR] --as CUSTODIAN", "Proposes the files in DIR (the node's regimes/). They count when a second custodian has approved, not before.",
                                   "entente regime propose --as c.example"};
    return send_set(cli, argc, argv, &h, false);
}

static void print_waiting(const json_t *out)
{
    print_change(out);
    printf("%s\nto bring it into force: `entente regime approve` with these digits\n", ent_cli_text(out, "sha256"));
}

/* What is approved is what was looked at: the digits of the proposal that was shown. Without them it is shown. */
static int decide(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, const char *agree)
{
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n > 1) return ent_cli_usage(h, "name the SHA-256 of the proposal that you looked at, or nothing to look at it");
    if (!n && strcmp(agree, "yes") == 0) return ent_cli_simple(cli, as, "regime-waiting", json_object(), NULL, print_waiting);
    return ent_cli_simple(cli, as, "regime-approve", json_pack("{s:s,s:s}", "agree", agree, "sha256", n ? argv[0] : ""), NULL, print_decided);
}

static int regime_approve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"regime approve [SHA256] --as CUSTODIAN",
                                   "Without digits: shows what was proposed, what it would move, and the SHA-256 of its files. With them: a second custodian brings that very\n"
                                   "proposal into force, and no other. Dates that move earlier get their window; a change that makes too much due stops with an alarm\n"
                                   "(regimes: in node.yaml).", "entente regime approve 3b1e0c… --as d.example"};
    return decide(cli, argc, argv, &h, "yes");
}

static int regime_reject(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"regime reject [SHA256] --as CUSTODIAN", "Drops what was proposed.", "entente regime reject --as d.example"};
    return decide(cli, argc, argv, &h, "no");
}

int ent_cmd_regime(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", regime_show, "what is in force"}, {"check", regime_check, "whether a file is a regime"}, {"diff", regime_diff, "what a change would move"},
                                           {"propose", regime_propose, "propose a change"}, {"approve", regime_approve, "the second word"}, {"reject", regime_reject, "drop a proposal"}, {0}};
    return ent_cli_group(cli, "regime", "How long: the law as files, changed by two.", commands, argc, argv);
}
