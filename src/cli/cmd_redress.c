/* `redress`: the slip of a traveller who was stopped for nothing. */
#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"

#include <string.h>

static void print_slip(const json_t *s)
{
    printf("slip %s for %s under %s: %s, issued %.16s, until %s\n", ent_cli_text(s, "number"), ent_cli_text(s, "holder"), ent_cli_text(s, "agreement"),
           ent_cli_text(s, "state"), ent_cli_text(s, "issued"), ent_cli_text(s, "until"));
}

static void print_about(const json_t *out) { print_slip(json_object_get(out, "about")); }

static void print_list(const json_t *out)
{
    size_t i;
    json_t *s;
    if (!json_array_size(json_object_get(out, "slips"))) printf("no slips\n");
    json_array_foreach(json_object_get(out, "slips"), i, s) print_slip(s);
}

static int issue(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "redress issue REFERENCE FILE -o SLIP --consent [--finger NAME] [--slip OLD] --as OFFICER",
                                   .about = "Makes the slip of a traveller whom the partner's examiners excluded. FILE is what was searched with, to the byte. The slip is\n"
                                            "text, and the content of one QR code; the traveller has the only copy.",
                                   .example = "entente redress issue 0123456789abcdef0123456789abcdef traveller.png -o slip.txt --consent --as o.example"};
    const char *as = NULL, *to = NULL, *finger = "", *old = NULL;
    bool consent = false;
    const ent_opt opts[] = {{.name = "-o", .value = &to, .hint = "SLIP", .help = "the slip's file"},
                            {.name = "--consent", .flag = &consent, .help = "the traveller agrees"},
                            {.name = "--finger", .value = &finger, .hint = "NAME", .help = "as in the search"},
                            {.name = "--slip", .value = &old, .hint = "OLD", .help = "a slip that was shown at that crossing"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the officer"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ENT_AUTO_BUF file = ENT_BUF(1), slip = ENT_BUF(1);
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2 || !to) return ent_cli_usage(&h, "the search's reference, its file and -o are needed");
    code = ent_cli_load(argv[1], &file, &err);
    if (code == ENT_OK && old) code = ent_cli_load(old, &slip, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK)
        code = ent_cli_act(s, "redress-issue", json_pack("{s:s,s:s,s:s,s:s%}", "reference", argv[0], "finger", finger, "consent", consent ? "yes" : "no", "slip",
                                                         old ? (const char *)slip.data : "", slip.len), file.data, file.len, &out, &err);
    if (code == ENT_OK) code = ent_disk_replace(to, ent_cli_text(out, "slip"), strlen(ent_cli_text(out, "slip")), 0600, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(json_object_get(out, "about"));
    else if (code == ENT_OK) print_about(out);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

static int simple(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, const char *act)
{
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "officer or custodian; auditors may look"}, {0}};
    int n;
    bool show = strcmp(act, "redress-show") == 0, list = strcmp(act, "redress-list") == 0;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != !list) return ent_cli_usage(h, show ? "name the slip's file" : list ? "it takes no name" : "name the slip's number");
    json_t *params = show || list ? json_object() : json_pack("{s:s}", "number", argv[0]);
    return ent_cli_simple(cli, as, act, params, show ? argv[0] : NULL, list ? print_list : print_about);
}

int ent_cmd_redress(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help show = {.usage = "redress show SLIP --as NAME", .about = "Whether a slip is this node's own, to the byte, and whether it counts.", .example = "entente redress show slip.txt --as o.example"};
    static const ent_cmd_help list = {.usage = "redress list --as NAME", .about = "The slips that this node issued, until their day.", .example = "entente redress list --as o.example"};
    static const ent_cmd_help revoke = {.usage = "redress revoke NUMBER --as NAME", .about = "The slip counts no more; the holder is told.", .example = "entente redress revoke 0123456789abcdef0123456789abcdef --as o.example"};
    static const ent_cmd_help h = {.usage = "redress issue|show|list|revoke …", .about = "Who was stopped for nothing is not stopped twice.", .example = "entente redress issue --help"};
    const char *what = argc > 0 ? argv[0] : "";
    if (strcmp(what, "issue") == 0) return issue(cli, argc - 1, argv + 1);
    if (strcmp(what, "show") == 0) return simple(cli, argc - 1, argv + 1, &show, "redress-show");
    if (strcmp(what, "list") == 0) return simple(cli, argc - 1, argv + 1, &list, "redress-list");
    if (strcmp(what, "revoke") == 0) return simple(cli, argc - 1, argv + 1, &revoke, "redress-revoke");
    const ent_opt none[] = {{0}};
    int n;
    if (ent_cli_options(&h, none, argc, argv, &n) == ENT_NO_HIT) return 0;
    return ent_cli_usage(&h, "issue, show, list or revoke");
}
