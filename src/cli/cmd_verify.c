#include "cli/act.h"
#include "cli/commands.h"

#include "base/check.h"
#include "base/text.h"
#include "law/card.h"
#include "merkle/witness.h"

#include <inttypes.h>
#include <string.h>

static const ent_cmd_help help = {
    .usage = "verify RECEIPT|PROOF --card CARD | --log NAME --key BASE64 [--witness VKEY] [--epoch RECEIPT] [--undertaking RECEIPT --partner CARD]…",
    .about = "Checks a receipt, or a proof of destruction (`entente destroy --proof`), offline: the entry, its place in the tree, the tree's root under the log's signature. Needs no node: only the\n"
             "receipt and the card (or name and identity key) of whoever's ledger it is from. With --witness the checkpoint must bear the\n"
             "cosignature of that witness too (its verifier key, as `entente-witness init` prints it). A proof of destruction lists to whom the record\n"
             "had been disclosed: --undertaking, as often as there are (`entente disclose undertakings` writes them), shows that a partner destroyed\n"
             "its copy, in the ledger of the partner's card; for each that is not shown, that is said.",
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

static ent_code check_witness(const char *vkey, const char *text, size_t len, ent_err *err)
{
    char name[ENT_ORIGIN_MAX];
    uint8_t type;
    ent_public_key key;
    ent_proof p;
    ENT_TRY(ent_vkey_read(vkey, name, &type, &key, err));
    if (type != ENT_NOTE_COSIGNATURE) return ent_fail(err, ENT_USAGE, "--witness is the key of a witness (type 4), this has type %u", type);
    ENT_TRY(ent_proof_parse(text, len, &p, err));
    if (ent_note_cosigned_by(p.note, p.note_len, name, &key, NULL)) return ENT_OK;
    return ent_fail(err, ENT_SIGNATURE, "%s has not co-signed the receipt's checkpoint: `entente ledger receipt` has it when it is complete", name);
}

int ent_cmd_verify(ent_cli *cli, int argc, char **argv)
{
    const char *card = NULL, *log = NULL, *key = NULL, *witness = NULL, *epoch = NULL;
    ent_cli_words undertakings = {0}, partners = {0};
    const ent_opt opts[] = {{.name = "--card", .value = &card, .hint = "FILE", .help = "the card of the node whose ledger it is from"},
                            {.name = "--log", .value = &log, .hint = "NAME", .help = "or its name"}, {.name = "--key", .value = &key, .hint = "BASE64", .help = "and identity key"},
                            {.name = "--witness", .value = &witness, .hint = "VKEY", .help = "who must have co-signed: NAME+ID+KEY"}, {.name = "--epoch", .value = &epoch, .hint = "RECEIPT", .help = "of the end of the keys' epoch, with a proof of destruction"},
                            {.name = "--undertaking", .words = &undertakings, .hint = "RECEIPT", .help = "of a partner's entry \"destroyed\", with a proof of destruction; may be repeated"},
                            {.name = "--partner", .words = &partners, .hint = "CARD", .help = "of a partner that gave one; may be repeated"}, {0}};
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
    if (code == ENT_OK && text.len && text.data[0] == '{')
        return ent_cli_verify_destruction(cli, &(ent_cli_destruction){argv[0], (const char *)text.data, text.len, origin, &public, epoch, &undertakings, &partners});
    if (code == ENT_OK && (epoch || undertakings.count || partners.count)) return ent_cli_usage(&help, "%s is no proof of destruction: --epoch, --undertaking and --partner go with one", argv[0]);
    if (code == ENT_OK) code = ent_proof_verify((const char *)text.data, text.len, origin, &public, &e, &index, &c, &err);
    if (code == ENT_OK && witness) code = check_witness(witness, ent_buf_cstr(&text), text.len, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    print_entry(cli, origin, &e, index, &c);
    return 0;
}
