#include "cli/act.h"
#include "cli/commands.h"
#include "cli/keys.h"

#include "base/text.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_nothing(const json_t *out) { (void)out; }

static const ent_cmd_help add_help = {.usage = "person add NAME --role ROLE --as CUSTODIAN",
                                      .about = "Proposes somebody who is to work here: custodian, officer, examiner, auditor or operator. Makes their personal key\n"
                                               "(people/NAME.key) under their own passphrase and says its digits. They may do nothing before a second person approved them\n"
                                               "(`person approve`). Only the second custodian of a node comes by the first one's word alone; the ledger says so.",
                                      .example = "entente person add o.example --role officer --as c.example"};

static void print_proposed(const json_t *out)
{
    const char *name = ent_cli_text(out, "name");
    if (json_is_true(json_object_get(out, "waits")))
        printf("%s is proposed as %s; their key is people/%s.key, its digits are\n\n    %s\n\nAnother custodian, to whom %s reads these digits, approves: entente person approve %s --digits \"…\"\n", name,
               ent_cli_text(out, "role"), name, ent_cli_text(out, "key-digits"), name, name);
    else printf("%s works here now as %s, by your word alone; their key is people/%s.key, its digits are\n\n    %s\n", name, ent_cli_text(out, "role"), name, ent_cli_text(out, "key-digits"));
}

static int person_add(ent_cli *cli, int argc, char **argv)
{
    const char *role = NULL, *as = NULL;
    const ent_opt opts[] = {{.name = "--role", .value = &role, .hint = "ROLE", .help = "custodian, officer, examiner, auditor, operator"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian who adds them"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&add_help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !role || !as) return ent_cli_usage(&add_help, "a name, --role and --as are needed");
    ent_cli_session *s = NULL;
    ent_public_key public;
    char base64[ENT_BASE64_SIZE(32)], path[PATH_MAX];
    json_t *out = NULL;
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_key_make(cli->node, argv[0], &public, &err);
    bool made = code == ENT_OK;
    if (code == ENT_OK) {
        ent_base64(public.b, 32, base64);
        code = ent_cli_act(s, "person-add", json_pack("{s:s,s:s,s:s}", "name", argv[0], "role", role, "key", base64), "", 0, &out, &err);
    }
    if (code != ENT_OK && made) {
        snprintf(path, sizeof path, "%s/people/%s.key", cli->node, argv[0]);
        unlink(path);
    }
    return ent_cli_finish(cli, s, code, &err, out, print_proposed);
}

static void print_approved(const json_t *out) { printf("%s works here now\n", ent_cli_text(out, "approved")); }

static int person_approve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "person approve NAME --digits DIGITS --as NAME",
                                   .about = "The second person's word on somebody who is proposed. They read you the digits of their key, which came with it: what is approved\n"
                                            "is that key. A custodian, not the one who proposed; where no other custodian can act, an operator or an auditor.",
                                   .example = "entente person approve o.example --digits \"12345 67890 12345 67890\" --as d.example"};
    const char *as = NULL, *digits = NULL;
    const ent_opt opts[] = {{.name = "--digits", .value = &digits, .hint = "DIGITS", .help = "of their key, as they read them"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "another custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !digits) return ent_cli_usage(&h, "name the person and the digits of their key");
    return ent_cli_simple(cli, as, "person-approve", json_pack("{s:s,s:s}", "name", argv[0], "digits", digits), NULL, print_approved);
}

static void print_dropped(const json_t *out) { printf("the proposal of %s is dropped\n", ent_cli_text(out, "dropped")); }

static int person_drop(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "person drop NAME --as CUSTODIAN", .about = "Drops a proposal, one's own or another's. Somebody who works here is suspended instead.",
                                   .example = "entente person drop o.example --as d.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"person-drop", {"name", NULL}, "a custodian", print_dropped});
}

static const char *standing(const json_t *p)
{
    if (json_object_get(p, "proposed-by")) return "proposed";
    return json_is_true(json_object_get(p, "suspended")) ? "suspended" : "";
}

static void print_people(const json_t *out)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(out, "people"), i, p)
        printf("%-24s %-10s %-9s key until %.10s, digits %s\n", ent_cli_text(p, "name"), ent_cli_text(p, "role"), standing(p), ent_cli_text(p, "key-expires"), ent_cli_text(p, "key-digits"));
}

static int person_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "person list", .about = "Who works here, who is proposed, and the digits of their keys.", .example = "entente person list"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, NULL, "person-list", json_object(), NULL, print_people);
}

static int person_suspend(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "person suspend NAME --as CUSTODIAN", .about = "From now on they may do nothing here. Their past acts stay verifiable.",
                                   .example = "entente person suspend o.example --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "another custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the person");
    return ent_cli_simple(cli, as, "person-suspend", json_pack("{s:s}", "name", argv[0]), NULL, print_nothing);
}

int ent_cmd_person(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"add", person_add, "propose somebody who is to work here"}, {"approve", person_approve, "the second person's word on them"},
                                           {"drop", person_drop, "drop a proposal"}, {"list", person_list, "who works here"},
                                           {"suspend", person_suspend, "end what they may do"}, {0}};
    return ent_cli_group(cli, "person", "The people of this node; each acts with a key of their own.", commands, argc, argv);
}

/* ---- keys ---- */

/* A new key beside the old one, signed by it; the file changes when the node has taken it. */
static int rotate_person(ent_cli *cli, const char *as)
{
    char fresh[PATH_MAX], path[PATH_MAX], passphrase[256], key64[ENT_BASE64_SIZE(32)], signature64[ENT_BASE64_SIZE(64)];
    ent_cli_session *s = NULL;
    ent_err err = {0};
    ent_public_key public;
    ENT_WIPED_SECRET secret;
    json_t *out = NULL;
    snprintf(path, sizeof path, "%s/people/%s.key", cli->node, as);
    snprintf(fresh, sizeof fresh, "%s/people/%s.key.next", cli->node, as);
    ent_code code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_passphrase(as, true, passphrase, &err);
    unlink(fresh);
    if (code == ENT_OK) code = ent_cli_key_write(fresh, as, passphrase, &public, &secret, &err);
    ent_wipe(passphrase, sizeof passphrase);
    if (code == ENT_OK) {
        uint8_t text[sizeof ENT_ROTATE_TEXT - 1 + 32], signature[64];
        memcpy(text, ENT_ROTATE_TEXT, sizeof ENT_ROTATE_TEXT - 1);
        memcpy(text + sizeof ENT_ROTATE_TEXT - 1, public.b, 32);
        ent_sign(ent_cli_secret(s), text, sizeof text, signature);
        ent_base64(public.b, 32, key64);
        ent_base64(signature, 64, signature64);
        code = ent_cli_act(s, "person-rotate", json_pack("{s:s,s:s}", "key", key64, "signature", signature64), "", 0, &out, &err);
    }
    if (code == ENT_OK && rename(fresh, path) != 0) code = ent_fail(&err, ENT_IO, "%s cannot be moved to %s: do it by hand", fresh, path);
    if (code != ENT_OK) unlink(fresh);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) printf("%s has a new key; the old one is valid for 30 days more\n", as);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

/* The node's own key: partners are told, the ledger goes on under the new one. */
static int rotate_identity(ent_cli *cli, const char *as, bool revoke)
{
    ent_cli_session *s = NULL;
    ent_err err = {0};
    ent_public_key key;
    size_t told = 0;
    ent_code code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) {
        ent_sign_public(ent_cli_secret(s), &key);
        code = ent_node_rotate_identity(cli->node, cli->decoder, as, &key, revoke, &told, &err);
    }
    ent_cli_end(s);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"told\":%zu}\n", told);
    else printf("the node has a new identity key; %zu partners took it. Send the new card (`entente partner card`) to the others.\n", told);
    return 0;
}

static void print_epoch(const json_t *out)
{
    printf("epoch %lld has begun; what was destroyed before it is unreadable in every copy\n", (long long)json_integer_value(json_object_get(out, "epoch")));
}

static int keys_rotate(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "keys rotate [--identity|--epoch] --as NAME",
                                   .about = "A new personal key, or with --identity a new key of the node (stop it first). The old one signs the new; both are valid for 30\n"
                                            "days, partners are told, both ledgers say so. Receipts of before verify with the card of before. With --epoch the epoch of the\n"
                                            "data keys ends: living ones are wrapped under a fresh root, the old root is destroyed. Killed, it is finished at the next start.",
                                   .example = "entente keys rotate --as o.example"};
    const char *as = NULL;
    bool identity = false, epoch = false;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "whose key; with --identity or --epoch: custodian or operator"},
                            {.name = "--identity", .flag = &identity, .help = "the node's own key"},
                            {.name = "--epoch", .flag = &epoch, .help = "the root of the data keys"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (!as) return ent_cli_usage(&h, "say who: --as NAME");
    if (identity && epoch) return ent_cli_usage(&h, "one of --identity and --epoch");
    if (epoch) return ent_cli_simple(cli, as, "epoch-end", json_object(), NULL, print_epoch);
    return identity ? rotate_identity(cli, as, false) : rotate_person(cli, as);
}

static void print_revoked(const json_t *out) { printf("%s may do nothing here from now on\n", ent_cli_text(out, "suspended")); }

static int keys_revoke(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "keys revoke NAME|--identity --as CUSTODIAN",
                                   .about = "A person's key is refused from this second. With --identity the node's own (stop it first): a new one takes its place, partners\n"
                                            "are told to refuse the old at once. A partner's: `entente partner revoke`. Old receipts stay verifiable.",
                                   .example = "entente keys revoke o.example --as c.example"};
    const char *as = NULL;
    bool identity = false;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "another custodian"}, {.name = "--identity", .flag = &identity, .help = "the node's own key"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (identity && as && n == 0) return rotate_identity(cli, as, true);
    if (n != 1) return ent_cli_usage(&h, "name the person, or --identity and --as");
    return ent_cli_simple(cli, as, "person-suspend", json_pack("{s:s}", "name", argv[0]), NULL, print_revoked);
}

int ent_cmd_keys(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"rotate", keys_rotate, "a new key, signed by the old one"}, {"revoke", keys_revoke, "refuse a person's key"}, {0}};
    return ent_cli_group(cli, "keys", "Keys that follow one another.", commands, argc, argv);
}
