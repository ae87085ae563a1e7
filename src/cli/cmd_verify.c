#include "cli/act.h"
#include "cli/commands.h"

#include "base/text.h"
#include "law/card.h"
#include "merkle/note.h"

#include <inttypes.h>
#include <string.h>

static const ent_cmd_help help = {
    .usage = "verify RECEIPT --card CARD | --log NAME --key BASE64",
    .about = "Checks a receipt offline: the entry, its place in the tree, the tree's root under the log's signature. Needs no node: only the\n"
             "receipt and the card (or name and identity key) of whoever's ledger it is from.",
    .example = "entente verify 0123….tlog-proof --card partner-card.txt"};

static void print_entry(const ent_cli *cli, const char *origin, const ent_entry *e, uint64_t index, const ent_checkpoint *c)
{
    char time[ENT_TIME_TEXT], date[ENT_DATE_TEXT] = "", number[ENT_ID_TEXT], digest[65];
    ent_time_text(e->time, time);
    if (e->destroy_by.year) ent_date_text(e->destroy_by, date);
    ent_id_text(e->case_number.b, number);
    ent_hex(e->agreement, 32, digest);
    if (cli->json)
        printf("{\"verified\":true,\"log\":\"%s\",\"index\":%" PRIu64 ",\"size\":%" PRIu64 ",\"kind\":\"%s\",\"time\":\"%s\",\"case\":\"%s\",\"agreement\":\"%s\",\"version\":%u,"
               "\"flow\":\"%s\",\"purpose\":\"%s\",\"clause\":\"%s\",\"destroy-by\":\"%s\"}\n",
               origin, index, c->size, ent_entry_kind_text(e->kind), time, number, digest, e->agreement_version, e->flow, e->purpose, e->clause, date);
    else
        printf("VERIFIED: entry %" PRIu64 " of the ledger of %s (tree of %" PRIu64 " entries)\n  %s at %s\n  case %s\n  agreement %.16s… version %u, flow %s, purpose %s\n  clause %s%s%s\n", index,
               origin, c->size, ent_entry_kind_text(e->kind), time, number, digest, e->agreement_version, e->flow, e->purpose, e->clause, date[0] ? ", destroy by " : "", date);
}

static ent_code find_key(const char *card_file, const char *log, const char *key, char ret_origin[ENT_PARTY_NAME], ent_public_key *ret_key, ent_err *err)
{
    size_t got;
    if (!card_file) {
        snprintf(ret_origin, ENT_PARTY_NAME, "%s", log);
        if (!ent_unbase64(key, strlen(key), ret_key->b, 32, &got) || got != 32) return ent_fail(err, ENT_USAGE, "--key is an Ed25519 public key in base64");
        return ENT_OK;
    }
    ent_card card;
    ENT_AUTO_BUF text = ENT_BUF(1);
    ent_code code = ent_cli_load(card_file, &text, err);
    if (code == ENT_OK) code = ent_card_decode(text.data, text.len, &card, err);
    if (code != ENT_OK) return code;
    snprintf(ret_origin, ENT_PARTY_NAME, "%s", card.name);
    *ret_key = card.identity;
    return ENT_OK;
}

int ent_cmd_verify(ent_cli *cli, int argc, char **argv)
{
    const char *card = NULL, *log = NULL, *key = NULL;
    const ent_opt opts[] = {{.name = "--card", .value = &card, .hint = "FILE", .help = "the card of the node whose ledger it is from"},
                            {.name = "--log", .value = &log, .hint = "NAME", .help = "or its name"}, {.name = "--key", .value = &key, .hint = "BASE64", .help = "and identity key"}, {0}};
    ent_err err = {0};
    char origin[ENT_PARTY_NAME];
    ent_public_key public;
    ent_entry e;
    ent_checkpoint c;
    uint64_t index;
    int n;
    ENT_AUTO_BUF text = ENT_BUF(1);
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || (!card && !(log && key))) return ent_cli_usage(&help, "a receipt and --card (or --log and --key) are needed");
    code = find_key(card, log, key, origin, &public, &err);
    if (code == ENT_OK) code = ent_cli_load(argv[0], &text, &err);
    if (code == ENT_OK) code = ent_proof_verify((const char *)text.data, text.len, origin, &public, &e, &index, &c, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    print_entry(cli, origin, &e, index, &c);
    return 0;
}

static void print_receipt(const json_t *out) { fputs(ent_cli_text(out, "receipt"), stdout); }

/* ---- ledger ---- */

static int ledger_prove(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger prove INDEX", .about = "Prints the receipt (C2SP tlog-proof) of one entry of this node's ledger.", .example = "entente ledger prove 7 > receipt.tlog-proof"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the entry's index");
    return ent_cli_simple(cli, NULL, "receipt", json_pack("{s:s}", "index", argv[0]), NULL, print_receipt);
}

static int ledger_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger show", .about = "Every entry of the ledger in this node's folder, one a line: read from the files, the node need not run.", .example = "entente ledger show"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    char path[PATH_MAX];
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    snprintf(path, sizeof path, "%s/ledger/entries", cli->node);
    FILE *f = fopen(path, "rb");
    if (!f) {
        (void)ent_fail(&err, ENT_NOT_FOUND, "%s cannot be read", path);
        return ent_cli_error(cli, &err);
    }
    uint8_t bytes[ENT_ENTRY_SIZE];
    if (cli->json) printf("[");
    for (uint64_t i = 0; fread(bytes, sizeof bytes, 1, f) == 1; i++) {
        ent_entry e;
        char time[ENT_TIME_TEXT], number[ENT_ID_TEXT];
        if (ent_entry_decode(bytes, &e, &err) != ENT_OK) break;
        ent_time_text(e.time, time);
        ent_id_text(e.case_number.b, number);
        if (cli->json) printf("%s\n{\"index\":%" PRIu64 ",\"kind\":\"%s\",\"time\":\"%s\",\"case\":\"%s\",\"flow\":\"%s\",\"purpose\":\"%s\",\"clause\":\"%s\"}", i ? "," : "", i, ent_entry_kind_text(e.kind), time, number, e.flow, e.purpose, e.clause);
        else printf("%6" PRIu64 "  %s  %-16s %.8s…  %s%s%s %s\n", i, time, ent_entry_kind_text(e.kind), number, e.flow, *e.flow ? " / " : "", e.purpose, e.clause);
    }
    if (cli->json) printf("\n]\n");
    fclose(f);
    return 0;
}

int ent_cmd_ledger(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", ledger_show, "every entry"}, {"prove", ledger_prove, "the receipt of one entry"},
                                           {"export", ent_cli_ledger_export, "what an auditor is handed"}, {0}};
    return ent_cli_group(cli, "ledger", "What this node did, in a tree that nobody can rewrite unseen.", commands, argc, argv);
}
