/* The hold store: what no power keeps and a hold does, opened by two custodians. */
#include "cli/act.h"
#include "cli/commands.h"

#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/seal.h"
#include "crypto/share.h"

#include <string.h>
#include <sys/stat.h>

/* The share leaves its box here, with the person's own key, and nowhere else. */
static ent_code own_share(ent_cli_session *s, const char *part, uint8_t ret_share[ENT_SHARE_SIZE], ent_err *err)
{
    uint8_t box[256];
    size_t got = 0;
    json_t *out = NULL;
    ENT_AUTO_BUF share = ENT_BUF(64);
    ENT_TRY(ent_cli_act(s, "hold-share", json_pack("{s:s}", "part", part), NULL, 0, &out, err));
    const char *text = ent_cli_text(out, "box");
    bool good = ent_unbase64(text, strlen(text), box, sizeof box, &got);
    json_decref(out);
    if (!good) return ent_fail(err, ENT_FORMAT, "the node gave a share that cannot be read");
    ENT_TRY(ent_unseal_as(ent_cli_secret(s), ENT_BYTES(box, got), &share, err));
    if (share.len != ENT_SHARE_SIZE) return ent_fail(err, ENT_FORMAT, "the node gave a share of another size");
    memcpy(ret_share, share.data, ENT_SHARE_SIZE);
    return ENT_OK;
}

static ent_code print_held(const json_t *out, const char *folder, ent_err *err)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(out, "values"), i, v)
    {
        char name[80];
        if (strcmp(ent_cli_text(v, "field"), "biographic") == 0) {
            printf("name         %s\nborn         %s\nnationality  %s\ndocument     %s\nreference    %s %s\n", ent_cli_text(v, "name"), ent_cli_text(v, "birth"), ent_cli_text(v, "nationality"),
                   ent_cli_text(v, "document"), ent_cli_text(v, "ori"), ent_cli_text(v, "tcn"));
            continue;
        }
        snprintf(name, sizeof name, "%.30s-%zu-finger-%lld", ent_cli_text(v, "field"), i + 1, (long long)json_integer_value(json_object_get(v, "finger")));
        if (!folder) printf("%s (-d DIR writes it)\n", name);
        else ENT_TRY(ent_cli_write_base64(folder, name, ent_cli_text(v, "base64"), err));
    }
    return ENT_OK;
}

static int hold_open(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "hold open PART --case REF [-d DIR] --as CUSTODIAN",
                                   .about = "Two custodians, each with their own key and within the hour, open a record that only a hold keeps, for one case; the second is shown it.\n"
                                            "Both words are entries of the ledger. The node must be running: it forgets the first word when it stops.",
                                   .example = "entente hold open 0123… --case \"R v Exempla\" -d evidence --as d.example"};
    const char *as = NULL, *for_case = NULL, *folder = NULL;
    const ent_opt opts[] = {{.name = "--case", .value = &for_case, .hint = "REF", .help = "the case for which; both say the same"}, {.name = "-d", .value = &folder, .hint = "DIR", .help = "where images and templates go"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    uint8_t share[ENT_SHARE_SIZE];
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !for_case || !*for_case) return ent_cli_usage(&h, "name the part and --case");
    if (folder) mkdir(folder, 0700);
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = own_share(s, argv[0], share, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "hold-open", json_pack("{s:s,s:s}", "part", argv[0], "case", for_case), share, sizeof share, &out, &err);
    ent_wipe(share, sizeof share);
    bool opened = json_is_true(json_object_get(out, "opened"));
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK && !opened) printf("one person's word; another custodian within the hour: `entente hold open %s --case …`\n", argv[0]);
    else if (code == ENT_OK) code = print_held(out, folder, &err);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

static void print_holds(const json_t *out)
{
    size_t i, count = 0;
    json_t *p;
    json_array_foreach(json_object_get(out, "parts"), i, p)
        if (json_is_true(json_object_get(p, "held"))) ent_cli_print_part(p), count++;
    if (!count) printf("nothing is held\n");
}

static int hold_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"hold list --as CUSTODIAN", "What a hold keeps from destruction, when it is to be reviewed, and what of it is in the hold store.", "entente hold list --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"record-list", {NULL}, "custodian or auditor", print_holds});
}

int ent_cmd_hold(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"list", hold_list, "what is held"}, {"open", hold_open, "two custodians open what only a hold keeps"}, {0}};
    return ent_cli_group(cli, "hold", "What must not be destroyed, and is no longer searched.", commands, argc, argv);
}
