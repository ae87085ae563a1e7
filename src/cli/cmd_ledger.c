/* `entente ledger …`: what the node did, shown, proven and checked. show and verify read files and need no node that runs. */
#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/hash.h"
#include "law/card.h"
#include "merkle/tile.h"
#include "merkle/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_receipt(const json_t *out) { fputs(ent_cli_text(out, "receipt"), stdout); }

static int ledger_prove(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger prove INDEX",
                                   .about = "Prints the receipt (C2SP tlog-proof) of one entry of this node's ledger: under the cosigned checkpoint when it covers the entry,\n"
                                            "else under the latest.",
                                   .example = "entente ledger prove 7 > receipt.tlog-proof"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !*argv[0] || argv[0][strspn(argv[0], "0123456789")]) return ent_cli_usage(&h, "name the entry's index");
    return ent_cli_simple(cli, NULL, "receipt", json_pack("{s:s}", "index", argv[0]), NULL, print_receipt);
}

static int ledger_receipt(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger receipt REFERENCE",
                                   .about = "Prints the partner's receipt for a search that was sent from here, with witnesses' cosignatures once they are there (seconds after the\n"
                                            "answer); --json says whether it is complete.",
                                   .example = "entente ledger receipt 0123456789abcdef0123456789abcdef > receipt.tlog-proof"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the search's reference");
    return ent_cli_simple(cli, NULL, "search-receipt", json_pack("{s:s}", "reference", argv[0]), NULL, print_receipt);
}

/* ---- witnesses, evidence, key ---- */

static void print_witnesses(const json_t *out)
{
    size_t i;
    json_t *w;
    printf("ledger: %lld entries\n", (long long)json_integer_value(json_object_get(out, "ledger")));
    if (*ent_cli_text(out, "doubt")) printf("DOUBTED: %s\n", ent_cli_text(out, "doubt"));
    json_array_foreach(json_object_get(out, "witnesses"), i, w)
        printf("  %-32s %4lld %10lld entries co-signed, last %s\n", ent_cli_text(w, "name"), (long long)json_integer_value(json_object_get(w, "year")), (long long)json_integer_value(json_object_get(w, "entries")),
               *ent_cli_text(w, "last") ? ent_cli_text(w, "last") : "never");
    printf("receipts of partners: %lld wait for cosignatures, %lld of them longer than an hour\n", (long long)json_integer_value(json_object_get(out, "receipts-waiting")),
           (long long)json_integer_value(json_object_get(out, "receipts-overdue")));
}

static void print_evidence(const json_t *out)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(out, "evidence"), i, e) printf("==== %s\n%s\n", ent_cli_text(e, "name"), ent_cli_text(e, "text"));
    if (!json_array_size(json_object_get(out, "evidence"))) printf("none\n");
}

static int without_operands(ent_cli *cli, const ent_cmd_help *h, const char *act, void (*print)(const json_t *out), int argc, char **argv)
{
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n) return ent_cli_usage(h, "it takes nothing more");
    return ent_cli_simple(cli, NULL, act, json_object(), NULL, print);
}

static int ledger_witnesses(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger witnesses", .about = "Who co-signs this node's ledger: how much of it, and when last. Says so when the ledger is doubted, and when\n"
                                            "receipts of partners are not completed: a partner whose witnesses do not know an entry may have two ledgers.", .example = "entente ledger witnesses"};
    return without_operands(cli, &h, "ledger-witnesses", print_witnesses, argc, argv);
}

static int ledger_evidence(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger evidence", .about = "Signed checkpoints that should not both exist, of this ledger or a partner's, as they were kept.", .example = "entente ledger evidence"};
    return without_operands(cli, &h, "ledger-evidence", print_evidence, argc, argv);
}

/* The key of one year's log: its name is the log's origin. */
static ent_code print_key(ent_cli_session *s, uint32_t year, ent_err *err)
{
    json_t *card_out = NULL, *log_out = NULL;
    ent_card card;
    char vkey[ENT_VKEY_MAX], origin[ENT_ORIGIN_MAX];
    ent_code code = ent_cli_act(s, "card", json_object(), "", 0, &card_out, err);
    if (code == ENT_OK) code = ent_cli_act(s, "ledger-witnesses", json_object(), "", 0, &log_out, err);
    const char *text = code == ENT_OK ? ent_cli_text(card_out, "card") : "";
    if (code == ENT_OK) code = ent_card_decode(text, strlen(text), &card, err);
    if (code == ENT_OK) {
        if (!year) year = (uint32_t)json_integer_value(json_object_get(log_out, "year"));
        ent_shard_origin(card.name, year, origin);
        code = ent_vkey_write(origin, ENT_NOTE_ED25519, &card.identity, vkey, err);
    }
    if (code == ENT_OK) printf("%s\n", vkey);
    json_decref(card_out);
    json_decref(log_out);
    return code;
}

static int ledger_key(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger key [--year YEAR]",
                                   .about = "Prints the verifier key of this node's log (NAME/YEAR+ID+KEY), for witnesses and other verifiers: each year is a log of its own.\n"
                                            "entente-witness needs it but once (`witness add`); to another witness give next year's before it begins.", .example = "entente ledger key --year 2027"};
    const char *year = NULL;
    const ent_opt opts[] = {{.name = "--year", .value = &year, .hint = "YEAR", .help = "of which year's log (default: the present one)"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n || (year && !ent_shard_year(year))) return ent_cli_usage(&h, "--year takes four digits");
    code = ent_cli_begin(cli, NULL, &s, &err);
    if (code == ENT_OK) code = print_key(s, year ? ent_shard_year(year) : 0, &err);
    ent_cli_end(s);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

/* ---- tile ---- */

static ent_code write_decoded(const json_t *out, ent_err *err)
{
    const char *base64 = ent_cli_text(out, "base64");
    size_t n, cap = strlen(base64) / 4 * 3 + 1;
    uint8_t *bytes = malloc(cap);
    bool ok = bytes && ent_unbase64(base64, strlen(base64), bytes, cap, &n) && fwrite(bytes, 1, n, stdout) == n;
    free(bytes);
    return ok ? ENT_OK : ent_fail(err, ENT_IO, "what the node answered cannot be written");
}

static int ledger_tile(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger tile PATH --as AUDITOR",
                                   .about = "Writes one resource of the log as C2SP tlog-tiles name them, to standard output: checkpoint, tile/L/N[.p/W], and what only an\n"
                                            "auditor sees, tile/entries/N[.p/W]; with YEAR/ before it of that year's log, else of the present one.",
                                   .example = "entente ledger tile 2026/tile/entries/000.p/12 --as a.example > entries"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "the auditor"}, {0}};
    ent_cli_session *s = NULL;
    json_t *out = NULL;
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !as) return ent_cli_usage(&h, "name the resource and --as");
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "ledger-get", json_pack("{s:s}", "path", argv[0]), "", 0, &out, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) code = write_decoded(out, &err);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

/* ---- show ---- */

static void show_entry(const ent_cli *cli, uint64_t index, const ent_entry *e, bool first)
{
    char time[ENT_TIME_TEXT], number[ENT_ID_TEXT];
    ent_time_text(e->time, time);
    ent_id_text(e->case_number.b, number);
    if (cli->json)
        printf("%s\n{\"index\":%" PRIu64 ",\"kind\":\"%s\",\"time\":\"%s\",\"case\":\"%s\",\"flow\":\"%s\",\"purpose\":\"%s\",\"clause\":\"%s\"}", first ? "" : ",", index,
               ent_entry_kind_text(e->kind), time, number, e->flow, e->purpose, e->clause);
    else
        printf("%6" PRIu64 "  %s  %-16s %.8s…  %s%s%s %s\n", index, time, ent_entry_kind_text(e->kind), number, e->flow, *e->flow ? " / " : "", e->purpose, e->clause);
}

typedef struct shown {
    const ent_cli *cli;
    uint64_t first;
} shown;

static ent_code see_entry(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err)
{
    const shown *s = ctx;
    ent_entry e;
    ENT_TRY(ent_entry_decode(entry, &e, err));
    show_entry(s->cli, number, &e, number == s->first);
    return ENT_OK;
}

static int ledger_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger show [--from N]", .about = "The entries of the ledger in this node's folder, one a line, numbered through all years: read from the files, the node need not run.", .example = "entente ledger show --from 100"};
    const char *from = "0";
    const ent_opt opts[] = {{.name = "--from", .value = &from, .hint = "N", .help = "the first entry to show (default: 0)"}, {0}};
    ent_err err = {0};
    char path[PATH_MAX];
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n || !*from || from[strspn(from, "0123456789")]) return ent_cli_usage(&h, "--from takes a number");
    shown s = {cli, strtoull(from, NULL, 10)};
    if (!ent_node_path(cli->node, "ledger", path)) return ent_cli_usage(&h, "the folder's path is too long");
    if (cli->json) printf("[");
    code = ent_file_entries(path, s.first, see_entry, &s, &err);
    if (cli->json) printf("\n]\n");
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

/* ---- verify ---- */

/* A ledger's files and what is known of it from outside. */
typedef struct checked {
    char folder[PATH_MAX];        /* with the years' folders, or with all entries in one row and a checkpoint */
    char name[ENT_ORIGIN_MAX];
    ent_public_key key;
    ent_walk *walk;
    ent_buf note;                 /* the latest */
    ent_checkpoint c;
    uint64_t tiles, cosigned;     /* files that were compared; entries under a cosignature */
} checked;

static ent_code load_in(const checked *k, const char *name, ent_buf *ret, ent_err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", k->folder, name) >= (int)sizeof path) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_disk_load(path, ret, err);
}

/* A file of one year. */
static ent_code load_of(const checked *k, uint32_t year, const char *name, ent_buf *ret, ent_err *err)
{
    char path[ENT_TILE_PATH + 24];
    if (year) snprintf(path, sizeof path, "%04u/%s", (unsigned)year, name);
    else snprintf(path, sizeof path, "%s", name);
    return load_in(k, path, ret, err);
}

/* Of the head's two places (docs/protocol/ledger.md) the whole one with the larger checkpoint. */
static ent_code note_of_head(checked *k, ent_err *err)
{
    enum { PLACE = 4096 };
    ent_shard there[ENT_LIMIT_SHARDS];
    size_t count;
    ENT_AUTO_BUF head = ENT_BUF(4 * PLACE);
    ENT_TRY(ent_file_years(k->folder, there, &count, err));
    ENT_TRY(load_of(k, there[count - 1].year, "head", &head, err));
    for (size_t at = 0; at + PLACE <= head.len; at += PLACE) {
        uint8_t digest[32];
        ent_checkpoint c;
        const uint8_t *p = head.data + at;
        size_t n = (size_t)p[0] << 8 | p[1];
        if (n == 0 || n > PLACE - 36) continue;
        ent_sha256(p + 36, n, digest);
        if (memcmp(digest, p + 4, 32) != 0 || ent_checkpoint_parse((const char *)p + 36, n, &c, NULL) != ENT_OK || (k->note.len && c.size < k->c.size)) continue;
        ent_buf_clear(&k->note);
        ent_buf_put(&k->note, p + 36, n);
        k->c = c;
    }
    return k->note.len ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the head in %s holds no whole checkpoint", k->folder);
}

static ent_code read_note(checked *k, ent_err *err)
{
    ent_code code = load_in(k, "checkpoint", &k->note, err);
    if (code == ENT_NOT_FOUND) ENT_TRY(note_of_head(k, err));
    else if (code != ENT_OK) return code;
    ENT_TRY(ent_checkpoint_parse((const char *)k->note.data, k->note.len, &k->c, err));
    if (ent_shard_origin_of(k->c.origin, k->name, NULL) && ent_note_signed_by((const char *)k->note.data, k->note.len, k->c.origin, &k->key)) return ENT_OK;
    return ent_fail(err, ENT_SIGNATURE, "the checkpoint of %s is not signed by %s", k->folder, k->name);
}

static ent_code walk_one(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err)
{
    checked *k = ctx;
    (void)number;
    return ent_walk_covers(k->walk, &k->c) ? ENT_NO_HIT : ent_walk_add(k->walk, entry, NULL, err);
}

/* Each tile that is there must be what the entries make of it. */
static ent_code compare_tiles(checked *k, const ent_shard *shard, const ent_tree *tree, ent_err *err)
{
    for (uint8_t level = 0; shard->count >> (8 * (level + 1)); level++)
        for (uint64_t i = 0; i < shard->count >> (8 * (level + 1)); i++) {
            char name[ENT_TILE_PATH], path[ENT_TILE_PATH + 8];
            ENT_AUTO_BUF tile = ENT_BUF(ENT_TILE_WIDTH * 32);
            ent_tile_path(&(ent_tile){.level = level, .index = i, .width = ENT_TILE_WIDTH}, name);
            snprintf(path, sizeof path, "tile/%s", name);
            ent_code code = load_of(k, shard->year, path, &tile, err);
            if (code == ENT_NOT_FOUND) continue;
            if (code != ENT_OK) return code;
            bool same = tile.len == ENT_TILE_WIDTH * 32;
            for (size_t h = 0; h < ENT_TILE_WIDTH && same; h++) {
                ent_hash want;
                same = ent_tree_hash(tree, 8u * level, i * ENT_TILE_WIDTH + h, &want) && memcmp(tile.data + h * 32, want.b, 32) == 0;
            }
            if (!same) return ent_fail(err, ENT_DAMAGED, "%s, %s of %u is not what the entries make of it", k->folder, path, (unsigned)shard->year);
            k->tiles++;
        }
    return ENT_OK;
}

static ent_code check_cosigned(checked *k, const char *witness, ent_err *err)
{
    char name[ENT_ORIGIN_MAX];
    uint8_t type;
    uint32_t year;
    ent_public_key key;
    ent_checkpoint c;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(ent_vkey_read(witness, name, &type, &key, err));
    (void)ent_shard_origin_of(k->c.origin, k->name, &year);
    ent_code code = load_of(k, year, "cosigned", &note, err);
    if (code != ENT_OK) return code == ENT_NOT_FOUND ? ent_fail(err, code, "no cosigned checkpoint is here") : code;
    ENT_TRY(ent_checkpoint_parse((const char *)note.data, note.len, &c, err));
    if (!ent_note_cosigned_by((const char *)note.data, note.len, name, &key, NULL)) return ent_fail(err, ENT_SIGNATURE, "%s has not co-signed the checkpoint that is kept with %s", name, k->c.origin);
    k->cosigned = c.size;
    return ent_walk_agrees(k->walk, &c, "the cosigned checkpoint", err);
}

/* What somebody remembers of it, from elsewhere. */
static ent_code check_against(const checked *k, const char *path, ent_err *err)
{
    ent_checkpoint c;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(ent_disk_load(path, &note, err));
    ENT_TRY(ent_checkpoint_parse((const char *)note.data, note.len, &c, err));
    if (!ent_shard_origin_of(c.origin, k->name, NULL) || !ent_note_signed_by((const char *)note.data, note.len, c.origin, &k->key))
        return ent_fail(err, ENT_SIGNATURE, "%s is no checkpoint that %s signed with this key", path, k->name);
    return ent_walk_agrees(k->walk, &c, path, err);
}

static ent_code identity_of_card(checked *k, const char *path, ent_err *err)
{
    ent_card card;
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    ENT_TRY(ent_disk_load(path, &text, err));
    ENT_TRY(ent_card_decode(text.data, text.len, &card, err));
    snprintf(k->name, sizeof k->name, "%s", card.name);
    k->key = card.identity;
    return ENT_OK;
}

static ent_code identity_of_node(checked *k, const char *node, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_config config;
    ENT_WIPED_SECRET secret;
    ENT_AUTO_BUF seed = ENT_BUF(64);
    ENT_TRY(ent_node_config_read(node, &config, err));
    if (!ent_node_path(node, "identity.key", path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    ENT_TRY(ent_disk_load(path, &seed, err));
    if (seed.len != 32) return ent_fail(err, ENT_DAMAGED, "%s must have 32 bytes", path);
    ent_sign_keys(seed.data, &k->key, &secret);
    snprintf(k->name, sizeof k->name, "%s", config.name);
    return ENT_OK;
}

static ent_code verify_all(checked *k, const char *witness, const char *against, ent_err *err)
{
    ENT_TRY(ent_walk_begin(k->name, &k->walk, err));
    ENT_TRY(read_note(k, err));
    ENT_TRY(ent_file_entries(k->folder, 0, walk_one, k, err));
    ENT_TRY(ent_walk_agrees(k->walk, &k->c, "the checkpoint", err));
    for (size_t i = 0; i < k->walk->count; i++) ENT_TRY(compare_tiles(k, &k->walk->shard[i], k->walk->tree[i], err));
    if (witness) ENT_TRY(check_cosigned(k, witness, err));
    return against ? check_against(k, against, err) : ENT_OK;
}

static ent_code find_ledger(const ent_cli *cli, checked *k, const char *bundle, const char *card, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_node_path(bundle ? bundle : cli->node, "ledger", k->folder)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (!bundle && !card) return identity_of_node(k, cli->node, err);
    if (!card && !ent_node_path(bundle, "card", path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return identity_of_card(k, card ? card : path, err);
}

static int ledger_verify(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "ledger verify [BUNDLE] [--card FILE] [--witness VKEY] [--against CHECKPOINT]",
                                   .about = "Reads this node's ledger, or one in an exported bundle, and works everything out anew: each entry, each year's tree, that each year\n"
                                            "begins as the one before it ended, the latest root under the node's\n"
                                            "signature, each tile on disk. --witness: the cosigned checkpoint must be of the same history. --against: a checkpoint that somebody\n"
                                            "else kept must be too; a ledger that was rolled back or rewritten fails it. The node need not run.",
                                   .example = "entente ledger verify for-the-auditor/ --card gb.card --against what-the-witness-says.txt"};
    const char *card = NULL, *witness = NULL, *against = NULL;
    const ent_opt opts[] = {{.name = "--card", .value = &card, .hint = "FILE", .help = "whose ledger it is (default: the bundle's own card; this node's identity)"},
                            {.name = "--witness", .value = &witness, .hint = "VKEY", .help = "who must have co-signed: NAME+ID+KEY"},
                            {.name = "--against", .value = &against, .hint = "FILE", .help = "a checkpoint from elsewhere"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n > 1) return ent_cli_usage(&h, "one bundle at a time");
    checked k = {.note = ENT_BUF(ENT_NOTE_MAX)};
    code = find_ledger(cli, &k, n ? argv[0] : NULL, card, &err);
    if (code == ENT_OK) code = verify_all(&k, witness, against, &err);
    uint64_t size = k.walk ? k.walk->size : 0, years = k.walk ? k.walk->count : 0;
    ent_walk_free(k.walk);
    ent_buf_free(&k.note);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"verified\":true,\"log\":\"%s\",\"entries\":%" PRIu64 ",\"years\":%" PRIu64 ",\"tiles\":%" PRIu64 ",\"cosigned\":%" PRIu64 "}\n", k.c.origin, size, years, k.tiles, k.cosigned);
    else printf("VERIFIED: %" PRIu64 " entries of %s, %" PRIu64 " years up to %s, %" PRIu64 " tiles%s\n", size, k.name, years, k.c.origin, k.tiles, witness ? ", and the cosigned checkpoint" : "");
    return 0;
}

int ent_cmd_ledger(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", ledger_show, "the entries"},
                                           {"prove", ledger_prove, "the receipt of one entry"},
                                           {"receipt", ledger_receipt, "the partner's receipt for a search, completed"},
                                           {"verify", ledger_verify, "everything worked out anew from the files"},
                                           {"tile", ledger_tile, "the log's tiles; entries for the auditor"},
                                           {"export", ent_cli_ledger_export, "what an auditor is handed"},
                                           {"witnesses", ledger_witnesses, "who co-signs it"},
                                           {"evidence", ledger_evidence, "what should not exist, and was kept"},
                                           {"key", ledger_key, "the log's verifier key"},
                                           {0}};
    return ent_cli_group(cli, "ledger", "What this node did, in a tree that nobody can rewrite unseen.", commands, argc, argv);
}
