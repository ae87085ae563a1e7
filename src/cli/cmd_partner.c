#include "cli/act.h"
#include "cli/commands.h"

#include <string.h>

static void print_card(const json_t *out) { fputs(ent_cli_text(out, "card"), stdout); }

static int card(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "partner card", .about = "Prints this node's card: name, address, keys, certificate, signed. Send it by any means; compare the key's\n"
                                                                     "digits by voice (on standard error).",
                                   .example = "entente partner card > card.txt"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    int n;
    ent_cli_session *s = NULL;
    json_t *out = NULL;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    code = ent_cli_begin(cli, NULL, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "card", json_object(), "", 0, &out, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) {
        print_card(out);
        fprintf(stderr, "digits of the key: %s\n", ent_cli_text(out, "key-digits"));
    }
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

static void print_added(const json_t *out)
{
    printf("%s at %s is a partner now.\nCompare these digits of its key with them by voice before you sign anything:\n\n    %s\n",
           ent_cli_text(out, "name"), ent_cli_text(out, "address"), ent_cli_text(out, "key-digits"));
}

static int add(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "partner add CARD --as CUSTODIAN", .about = "Takes a partner's card.", .example = "entente partner add card.txt --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the card's file");
    return ent_cli_simple(cli, as, "partner-add", json_object(), argv[0], print_added);
}

static void print_anew(const json_t *out)
{
    long long known = (long long)json_integer_value(json_object_get(out, "known")), remembered = (long long)json_integer_value(json_object_get(out, "remembered"));
    printf("%s is a partner now in place of %s, which is refused from this second.\n", ent_cli_text(out, "name"), ent_cli_text(out, "instead-of"));
    if (!remembered) printf("This node co-signed nothing of its old ledger: nothing here confirms or contradicts the statement.\n");
    else if (remembered > known) printf("The statement knows %lld entries of %s/%lld, this node co-signed %lld: they have lost %lld at least. Keep your receipts of that time; the audit needs them.\n", known,
                                        ent_cli_text(out, "instead-of"), (long long)json_integer_value(json_object_get(out, "year")), remembered, remembered - known);
    else printf("The statement knows %lld entries of its old ledger, this node co-signed %lld of them: nothing here contradicts it.\n", known, remembered);
    printf("Compare these digits of its key with them by voice; nothing is asked or answered before an agreement with the new name is signed:\n\n    %s\n", ent_cli_text(out, "key-digits"));
}

static int anew(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "partner anew STATEMENT CARD --as CUSTODIAN",
                                   .about = "Accepts a partner that lost its standby and began anew under another name: STATEMENT is the file gap.signed of its folder, which two of\n"
                                            "its persons signed, CARD its new card. What this node remembers of the old ledger is held against the statement; the old name is refused\n"
                                            "from then on; the ledger says so, with the statement's digest. Agreements with the old name do not pass over.",
                                   .example = "entente partner anew gap.signed card.txt --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    ENT_AUTO_BUF statement = ENT_BUF(1), card = ENT_BUF(1), body = ENT_BUF(1 << 20);
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2) return ent_cli_usage(&h, "name the statement's file and the card's");
    code = ent_cli_load(argv[0], &statement, &err);
    if (code == ENT_OK) code = ent_cli_load(argv[1], &card, &err);
    ent_buf_u32(&body, (uint32_t)statement.len);
    ent_buf_put(&body, statement.data, statement.len);
    ent_buf_put(&body, card.data, card.len);
    if (code == ENT_OK) code = ent_buf_check(&body, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "partner-anew", json_object(), body.data, body.len, &out, &err);
    return ent_cli_finish(cli, s, code, &err, out, print_anew);
}

static void print_partners(const json_t *out)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(out, "partners"), i, p)
        printf("%-28s %-36s certificate until %.10s\n    %s\n", ent_cli_text(p, "name"), ent_cli_text(p, "address"), ent_cli_text(p, "certificate-until"), ent_cli_text(p, "key-digits"));
}

static int list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "partner list", .about = "The partners, with the digits of their keys.", .example = "entente partner list"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, NULL, "partner-list", json_object(), NULL, print_partners);
}

static void print_revoked(const json_t *out) { printf("%s is refused from now on\n", ent_cli_text(out, "revoked")); }

static int revoke(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "partner revoke NAME --as CUSTODIAN", .about = "Its keys and certificates are refused from this second, whatever it sends; a lost or stolen key. The ledger says so, old\n"
                                                                                           "receipts stay verifiable. It comes back by a new rotation that people agree on.",
                                   .example = "entente partner revoke us.example --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the partner");
    return ent_cli_simple(cli, as, "partner-revoke", json_pack("{s:s}", "name", argv[0]), NULL, print_revoked);
}

int ent_cmd_partner(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"card", card, "print this node's card"}, {"anew", anew, "accept one that began anew after a loss"}, {"add", add, "take a partner's card"}, {"list", list, "the partners"}, {"revoke", revoke, "refuse a partner's keys from now on"}, {0}};
    return ent_cli_group(cli, "partner", "The other nodes. A card has what one node must know of another.", commands, argc, argv);
}

/* ---- agreements ---- */

static void print_one(const json_t *a)
{
    if (json_is_true(json_object_get(a, "waits"))) {
        printf("%s version %lld: it waits for another custodian, who says the same command\n", ent_cli_text(a, "name"), (long long)json_integer_value(json_object_get(a, "version")));
        return;
    }
    if (json_integer_value(json_object_get(a, "annex-bytes")))
        printf("%s has a sealed annex of %lld bytes, SHA-256 %s\n", ent_cli_text(a, "name"), (long long)json_integer_value(json_object_get(a, "annex-bytes")), ent_cli_text(a, "annex-sha256"));
    printf("%s version %lld: %s%s (%s to %s), signed by %s\n", ent_cli_text(a, "name"), (long long)json_integer_value(json_object_get(a, "version")), ent_cli_text(a, "state"),
           strcmp(ent_cli_text(a, "counts"), "later") == 0 ? ", waits" : "", ent_cli_text(a, "from"), ent_cli_text(a, "until"), *ent_cli_text(a, "signed-by") ? ent_cli_text(a, "signed-by") : "nobody");
    if (*ent_cli_text(a, "why")) printf("    %s\n", ent_cli_text(a, "why"));
    if (*ent_cli_text(a, "not-told")) printf("    not told yet: %s\n", ent_cli_text(a, "not-told"));
}

static void print_list(const json_t *out)
{
    size_t i;
    json_t *a;
    json_array_foreach(json_object_get(out, "agreements"), i, a) print_one(a);
}

/* sign FILE, countersign NAME, suspend NAME, resume NAME, end NAME, send NAME: one operand, one person */
static int one(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, const char *act, const char *word, bool file)
{
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(h, file ? "name the file" : "name the agreement");
    json_t *params = file ? json_object() : word ? json_pack("{s:s,s:s}", "name", argv[0], "do", word) : json_pack("{s:s}", "name", argv[0]);
    return ent_cli_simple(cli, as, act, params, file ? argv[0] : NULL, print_one);
}

static int sign(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement sign FILE --as CUSTODIAN", .about = "Signs the file, byte for byte, as this node, and sends it to the other parties, when two custodians have said so.\n"
                                                                                                           "The first party that signs proposes.",
                                   .example = "entente agreement sign gb-us.yaml --as c.example"};
    return one(cli, argc, argv, &h, "agreement-sign", NULL, true);
}

static int countersign(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement countersign NAME --as CUSTODIAN", .about = "Signs what a partner has proposed, when two custodians have said so; when all parties have signed it is in force between its dates.",
                                   .example = "entente agreement countersign gb-us --as c.example"};
    return one(cli, argc, argv, &h, "agreement-sign", NULL, false);
}

static int suspend(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement suspend NAME --as CUSTODIAN", .about = "From this second nothing is asked or answered under it, nor under a later version that this node has signed already; one custodian\n"
                                                                                                       "is enough. The partner is told.", .example = "entente agreement suspend gb-us --as c.example"};
    return one(cli, argc, argv, &h, "agreement-act", "suspend", false);
}

static int resume(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement resume NAME --as CUSTODIAN", .about = "Ends this node's own suspension, of the later versions too, when two custodians have said so.", .example = "entente agreement resume gb-us --as c.example"};
    return one(cli, argc, argv, &h, "agreement-act", "resume", false);
}

static int end_agreement(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement end NAME --as CUSTODIAN", .about = "Ends it for good, when two custodians have said so. What was received under it is destroyed at both ends.", .example = "entente agreement end gb-us --as c.example"};
    return one(cli, argc, argv, &h, "agreement-act", "end", false);
}

static void print_told(const json_t *out) { printf("%lld partners have it\n", (long long)json_integer_value(json_object_get(out, "told"))); }

static int send_agreement(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement send NAME --as CUSTODIAN", .about = "Sends it again to the other parties.", .example = "entente agreement send gb-us --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the agreement");
    return ent_cli_simple(cli, as, "agreement-send", json_pack("{s:s}", "name", argv[0]), NULL, print_told);
}

static int list_agreements(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement list", .about = "Every agreement with its state, the versions that wait too; who suspended or ended it, and when.", .example = "entente agreement list"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, NULL, "agreement-list", json_object(), NULL, print_list);
}

int ent_cmd_agreement(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"sign", sign, "sign a file as this node"}, {"countersign", countersign, "sign what a partner proposed"},
                                           {"list", list_agreements, "all, with their state"}, {"suspend", suspend, "stop it this second"}, {"resume", resume, "end our suspension"},
                                           {"end", end_agreement, "end it for good"}, {"simulate", ent_cli_agreement_simulate, "what a draft would expose, in numbers"}, {"publish", ent_cli_agreement_publish, "what outsiders may read"}, {"send", send_agreement, "send it to the parties again"}, {0}};
    return ent_cli_group(cli, "agreement", "What nodes may ask each other, signed by both.", commands, argc, argv);
}
