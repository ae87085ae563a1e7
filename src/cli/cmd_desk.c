/* `desk`: capture keys, and what a desk's device does with one: the statement of a crossing before what it captured. `lot`: crossings
 * that are opened to the auditor. `alarm`. */
#include "cli/act.h"
#include "cli/bundle.h"
#include "cli/commands.h"
#include "cli/keys.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/text.h"
#include "law/crossing.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- keys ---- */

static void print_state(const json_t *out)
{
    const char *state = ent_cli_text(out, "state");
    printf("desk %s: %s%s\n", ent_cli_text(out, "name"), state, strcmp(state, "proposed") == 0 ? "; another custodian approves it with `entente desk approve`" : "");
}

static ent_code make_key(const ent_cli *cli, const char *name, char ret_base64[ENT_BASE64_SIZE(32)], char ret_path[PATH_MAX], ent_err *err)
{
    char passphrase[256];
    ent_public_key public;
    ENT_WIPED_SECRET secret;
    snprintf(ret_path, PATH_MAX, "%s/desks", cli->node);
    mkdir(ret_path, 0700);
    snprintf(ret_path, PATH_MAX, "%s/desks/%s.key", cli->node, name);
    ENT_TRY(ent_cli_passphrase(name, true, passphrase, err));
    ent_code code = ent_cli_key_write(ret_path, name, passphrase, &public, &secret, err);
    ent_wipe(passphrase, sizeof passphrase);
    if (code == ENT_OK) ent_base64(public.b, 32, ret_base64);
    return code;
}

static const ent_cmd_help add_help = {.usage = "desk add NAME [--key BASE64] --as NAME",
                                      .about = "Proposes the capture key of a desk; it counts when another person approves it. With --key the public key of a device that keeps\n"
                                               "its own (the ledger says \"hardware key\"); without, a key is made in desks/NAME.key under a passphrase (\"software key\").",
                                      .example = "entente desk add jfk-4-17 --as c.example"};

static int desk_add(ent_cli *cli, int argc, char **argv)
{
    const char *as = NULL, *key = NULL;
    const ent_opt opts[] = {{.name = "--key", .value = &key, .hint = "BASE64", .help = "the device's Ed25519 public key"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "a custodian or an operator"}, {0}};
    ent_err err = {0};
    ent_cli_session *s = NULL;
    char base64[ENT_BASE64_SIZE(32)], path[PATH_MAX] = "";
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(&add_help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !as) return ent_cli_usage(&add_help, "a name and --as are needed");
    if (strchr(argv[0], '/')) return ent_cli_usage(&add_help, "a desk's name is of a-z, 0-9, '.', '-' and '_'");
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK && !key) code = make_key(cli, argv[0], base64, path, &err);
    bool made = code == ENT_OK && !key;
    if (code == ENT_OK)
        code = ent_cli_act(s, "desk-add", json_pack("{s:s,s:s,s:s}", "name", argv[0], "key", key ? key : base64, "hardware", key ? "yes" : "no"), "", 0, &out, &err);
    if (code != ENT_OK && made) unlink(path);
    return ent_cli_finish(cli, s, code, &err, out, print_state);
}

static int desk_approve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "desk approve NAME --as CUSTODIAN", .about = "The second person's word: captures that this key signs are searched from now on.",
                                   .example = "entente desk approve jfk-4-17 --as d.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"desk-approve", {"name"}, "a custodian who did not propose it", print_state});
}

static int desk_withdraw(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "desk withdraw NAME --as NAME", .about = "From now on nothing that this key signs is searched. What it signed before stays verifiable.",
                                   .example = "entente desk withdraw jfk-4-17 --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"desk-withdraw", {"name"}, "a custodian or an operator", print_state});
}

static void print_desks(const json_t *out)
{
    size_t i;
    json_t *d;
    json_array_foreach(json_object_get(out, "desks"), i, d)
        printf("%-24s %-10s %s key since %.16s\n", ent_cli_text(d, "name"), ent_cli_text(d, "state"), json_is_true(json_object_get(d, "hardware")) ? "hardware" : "software",
               ent_cli_text(d, "since"));
}

static int desk_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "desk list", .about = "Desks and the state of their capture keys.", .example = "entente desk list"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"desk-list", {NULL}, "nobody in particular", print_desks});
}

/* ---- the device ---- */

static bool copy(char *ret, size_t cap, const char *text)
{
    if (strlen(text) >= cap) return false;
    snprintf(ret, cap, "%s", text);
    return true;
}

/* "UTO:L898902C3" */
static bool take_document(const char *text, ent_crossing *c)
{
    if (!*text) return true;
    const char *colon = strchr(text, ':');
    if (!colon || colon - text != 3) return false;
    memcpy(c->issued_by, text, 3);
    return copy(c->document, sizeof c->document, colon + 1);
}

/* "no", "yes", "IRN,SYR" */
static bool take_protection(const char *text, ent_crossing *c)
{
    c->protection = *text && strcmp(text, "no") != 0;
    if (!c->protection || strcmp(text, "yes") == 0) return true;
    for (const char *at = text;; at += 4) {
        if (c->feared_count == ENT_CROSSING_FEARED || strcspn(at, ",") != 3) return false;
        memcpy(c->feared[c->feared_count++], at, 3);
        if (!at[3]) return true;
    }
}

typedef struct capturing {
    const char *desk, *device, *officer, *document, *nationality, *protection, *reference, *output, *node;
} capturing;

static ent_code fill(const ent_cli *cli, const capturing *w, ent_crossing *c, ent_err *err)
{
    ent_clock clock = ent_system_clock();
    ent_random random = ent_system_random();
    ent_node_config config;
    *c = (ent_crossing){.time = clock.now(clock.self)};
    random.fill(random.self, c->salt, sizeof c->salt);
    if (!w->node) ENT_TRY(ent_node_config_read(cli->node, &config, err));
    bool ok = copy(c->node, sizeof c->node, w->node ? w->node : config.name) && copy(c->desk, sizeof c->desk, w->desk) && copy(c->device, sizeof c->device, w->device) &&
              copy(c->officer, sizeof c->officer, w->officer) && copy(c->reference, sizeof c->reference, w->reference) && copy(c->nationality, sizeof c->nationality, w->nationality);
    if (!ok) return ent_fail(err, ENT_USAGE, "a word of a crossing's statement is too long");
    if (!take_document(w->document, c)) return ent_fail(err, ENT_USAGE, "--document is the issuing country and the number, as UTO:L898902C3");
    if (!take_protection(w->protection, c)) return ent_fail(err, ENT_USAGE, "--protection is no, yes, or the countries that are feared, as IRN,SYR");
    return ENT_OK;
}

static ent_code capture(const ent_cli *cli, const capturing *w, const char *file, ent_crossing *ret, ent_err *err)
{
    char path[PATH_MAX];
    ENT_WIPED_SECRET key;
    ENT_AUTO_BUF body = ENT_BUF(1), whole = ENT_BUF(ENT_LIMIT_ITL_FILE + ENT_CROSSING_MAX);
    snprintf(path, sizeof path, "%s/desks/%s.key", cli->node, w->desk);
    ENT_TRY(fill(cli, w, ret, err));
    ENT_TRY(ent_cli_load(file, &body, err));
    ENT_TRY(ent_cli_key_file_open(path, w->desk, &key, err));
    ENT_TRY(ent_crossing_sign(ret, ENT_BYTES(body.data, body.len), &key, &whole, err));
    return ent_disk_replace(w->output, whole.data, whole.len, 0600, err);
}

static const ent_cmd_help capture_help = {
    .usage = "desk capture FILE --desk NAME --officer NAME -o OUT [--device NAME] [--document COUNTRY:NUMBER] [--nationality COUNTRY] [--protection no|yes|COUNTRIES] [--reference REF]",
    .about = "What a desk's device does: puts the signed statement of one crossing before what it captured. It needs the desk's key (desks/NAME.key) and\n"
             "no running node. One capture is one crossing: within 15 minutes, one search for each modality and partner.",
    .example = "entente desk capture thumb.png --desk jfk-4-17 --officer o.example --document UTO:L898902C3 --nationality UTO -o traveller.capture"};

static int desk_capture(ent_cli *cli, int argc, char **argv)
{
    capturing w = {.device = "unnamed", .document = "", .nationality = "", .protection = "no", .reference = ""};
    const ent_opt opts[] = {{.name = "--desk", .value = &w.desk, .hint = "NAME", .help = "whose capture key signs"},
                            {.name = "--officer", .value = &w.officer, .hint = "NAME", .help = "before whom, and who will ask"},
                            {.name = "--device", .value = &w.device, .hint = "NAME", .help = "the device's make and number"},
                            {.name = "--document", .value = &w.document, .hint = "COUNTRY:NUMBER", .help = "that was shown; none: without"},
                            {.name = "--nationality", .value = &w.nationality, .hint = "COUNTRY", .help = "three letters; unknown: without"},
                            {.name = "--protection", .value = &w.protection, .hint = "WHOM", .help = "the traveller seeks protection: yes, or the countries named as feared"},
                            {.name = "--reference", .value = &w.reference, .hint = "REF", .help = "the desk's own"},
                            {.name = "--for", .value = &w.node, .hint = "NODE", .help = "the node's name, where its folder is not here"},
                            {.name = "-o", .value = &w.output, .hint = "OUT", .help = "the capture with its statement"}, {0}};
    ent_err err = {0};
    ent_crossing c;
    int n;
    ent_code code = ent_cli_options(&capture_help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !w.desk || !w.officer || !w.output) return ent_cli_usage(&capture_help, "a file, --desk, --officer and -o are needed");
    code = capture(cli, &w, argv[0], &c, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    char hex[65];
    ent_hex(c.commitment, 32, hex);
    if (cli->json) printf("{\"commitment\":\"%s\",\"file\":", hex), ent_cli_json_string(stdout, w.output), puts("}");
    else printf("crossing %s\nin %s\n", hex, w.output);
    return 0;
}

int ent_cmd_desk(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"add", desk_add, "propose a desk's capture key"}, {"approve", desk_approve, "the second person's word"},
                                           {"withdraw", desk_withdraw, "end a key"}, {"list", desk_list, "desks and their keys"},
                                           {"capture", desk_capture, "sign what a device captured"}, {0}};
    return ent_cli_group(cli, "desk", "Desks at the border: each signs what it captures with a key of its own.", commands, argc, argv);
}

/* ---- the lot ---- */

static void print_lots(const json_t *out)
{
    size_t i;
    json_t *l;
    json_array_foreach(json_object_get(out, "lots"), i, l)
        printf("%s %-8s %s %s, flow %s of %s, until %s%s\n", ent_cli_text(l, "reference"), ent_cli_text(l, "state"), json_is_true(json_object_get(l, "ours")) ? "asked" : "answered",
               ent_cli_text(l, "partner"), ent_cli_text(l, "flow"), ent_cli_text(l, "agreement"), ent_cli_text(l, "until"),
               json_is_true(json_object_get(l, "overdue")) ? " OVERDUE: the flow is suspended" : "");
    if (!json_array_size(json_object_get(out, "lots"))) puts("the lot has chosen none");
}

static int lot_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "lot list --as NAME", .about = "Searches that the lot chose: those asked here are to be opened within 30 days, else the flow is suspended.",
                                   .example = "entente lot list --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"lot-list", {NULL}, "a custodian or the auditor", print_lots});
}

static void print_opened(const json_t *out) { printf("%s is open to the auditor; the partner is told\n", ent_cli_text(out, "opened")); }

static int lot_open(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "lot open REFERENCE --as CUSTODIAN", .about = "Opens the crossing of a search that the lot chose to the auditor, for 90 days. Whoever opens does not see it.",
                                   .example = "entente lot open 0123456789abcdef0123456789abcdef --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"lot-open", {"reference"}, "a custodian", print_opened});
}

static void print_opening(const json_t *out) { printf("%s\n-- receipt --\n%s", ent_cli_text(out, "opening"), ent_cli_text(out, "receipt")); }

static int lot_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "lot show REFERENCE --as AUDITOR",
                                   .about = "Reads an opened crossing: the statement that the desk signed, and what opens the entry \"asked\" with its receipt. Keep it in a file;\n"
                                            "`entente lot verify` checks it without the node.",
                                   .example = "entente lot show 0123456789abcdef0123456789abcdef --as a.example > crossing.opening"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"lot-show", {"reference"}, "the auditor", print_opening});
}

typedef struct opening {
    char node[64], holder[64], reference[33], head[65], salt[65], body[65], key[64];
    unsigned long long asked;
    ent_crossing c;
    uint8_t commitment[32];
    bool signed_by_desk, chosen;
} opening;

static ent_code read_opening(const char *text, opening *o, const char **ret_receipt, ent_err *err)
{
    int at = 0;
    uint8_t salt[32], head[32], reference[16], content[32 + sizeof(ent_pledge)];
    ent_pledge p;
    size_t n;
    const char *mark = strstr(text, "\n-- receipt --\n");
    bool ok = mark && sscanf(text, "entente-lot/v1\nnode %63s\nholder %63s\nreference %32[0-9a-f]\nasked %llu\nhead %64[0-9a-f]\nsalt %64[0-9a-f]\nbody %64[0-9a-f]\nkey ed25519 %63s\n%n",
                             o->node, o->holder, o->reference, &o->asked, o->head, o->salt, o->body, o->key, &at) == 8 && at && text[at - 1] == '\n';
    ok = ok && ent_unhex(o->salt, salt, 32) && ent_unhex(o->head, head, 32) && ent_unhex(o->reference, reference, 16) && ent_unhex(o->body, content, 32) &&
         ent_unbase64(o->key, strlen(o->key), p.key, 32, &n) && n == 32;
    if (!ok) return ent_fail(err, ENT_FORMAT, "this is not what `entente lot show` prints");
    ENT_TRY(ent_statement_read(text + at, (size_t)(mark - text) - (size_t)at, &o->c, err));
    memcpy(p.commitment, o->c.commitment, 32);
    memcpy(p.signature, o->c.signature, sizeof p.signature);
    memcpy(content + 32, &p, sizeof p);
    o->signed_by_desk = ent_pledge_verify(&p);
    o->chosen = ent_lot_chosen(head, reference);
    ent_hmac_sha256(salt, 32, &ENT_BYTES(content, sizeof content), 1, o->commitment);
    *ret_receipt = mark + strlen("\n-- receipt --\n");
    return ENT_OK;
}

static ent_code check_opening(const char *file, const char *card_file, opening *o, ent_entry *e, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(1 << 17), card_text = ENT_BUF(ENT_CARD_MAX);
    const char *receipt = "";
    uint64_t index = 0;
    ent_card card;
    ENT_TRY(ent_disk_load(file, &text, err));
    ENT_TRY(ent_disk_load(card_file, &card_text, err));
    ENT_TRY(ent_card_decode(card_text.data, card_text.len, &card, err));
    ENT_TRY(read_opening(ent_buf_cstr(&text), o, &receipt, err));
    if (strcmp(card.name, o->node) != 0) return ent_fail(err, ENT_CONFLICT, "the opening is of %s, the card of %s", o->node, card.name);
    ENT_TRY(ent_proof_verify(receipt, strlen(receipt), card.name, &card.identity, e, &index, NULL, err));
    char id[ENT_ID_TEXT];
    ent_id_text(e->case_number.b, id);
    if ((e->kind != ENT_ENTRY_ASKED && e->kind != ENT_ENTRY_LOCAL_SEARCH) || strcmp(id, o->reference) != 0) return ent_fail(err, ENT_CONFLICT, "the receipt is of another entry than the opening");
    if (memcmp(e->commitment, o->commitment, 32) != 0) return ent_fail(err, ENT_SIGNATURE, "the entry \"asked\" commits to another crossing than the one that was opened");
    if (!o->signed_by_desk) return ent_fail(err, ENT_SIGNATURE, "the statement is not signed by the desk's key that stands in the opening");
    if (strcmp(o->c.node, o->node) != 0) return ent_fail(err, ENT_CONFLICT, "the statement is for another node");
    int64_t age = e->time.ms - o->c.time.ms;
    if (age > ENT_LIMIT_CAPTURE_AGE_MS || age < -ENT_LIMIT_CLOCK_SKEW_MS) return ent_fail(err, ENT_STALE, "the crossing and the entry \"asked\" are too far apart");
    return ENT_OK;
}

/* Whether the lot, drawn from the holder's ledger as it lies in a bundle, chose this search: what the opening says of the head is the requester's
 * and the holder's word. */
static ent_code check_draw(const char *folder, const opening *o, const ent_entry *asked, ent_err *err)
{
    ent_court *c = ent_court_new();
    ent_code code = c ? ent_court_read(c, &folder, 1, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && strcmp(c->party[0].card.name, o->holder) != 0) code = ent_fail(err, ENT_CONFLICT, "%s: the bundle is of %s, %s was asked", folder, c->party[0].card.name, o->holder);
    size_t i = 0;
    while (code == ENT_OK && i < c->party[0].count && (!ent_audit_drawn(c->party[0].entries[i].kind) || !ent_id_equal(c->party[0].entries[i].case_number.b, asked->case_number.b))) i++;
    if (code == ENT_OK && i == c->party[0].count) code = ent_fail(err, ENT_NOT_FOUND, "%s: no answer to this search is in it", folder);
    else if (code == ENT_OK && !c->party[0].chosen[i]) code = ent_fail(err, ENT_CONFLICT, "the lot did not choose this search: by entry %zu of %s", i, o->holder);
    ent_court_free(c);
    return code;
}

static int lot_verify(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "lot verify FILE --card CARD [--holder BUNDLE]",
                                   .about = "Checks what `lot show` printed against the requester's card, offline: the entry \"asked\" commits to this crossing, its desk's key signed the\n"
                                            "statement, the times agree. With the holder's bundle (docs/protocol/audit.md) the lot is drawn anew from its ledger. Exit status 4: it does not hold.",
                                   .example = "entente lot verify crossing.opening --card us.card"};
    const char *card = NULL, *holder = NULL;
    const ent_opt opts[] = {{.name = "--card", .value = &card, .hint = "CARD", .help = "of the node that asked"},
                            {.name = "--holder", .value = &holder, .hint = "BUNDLE", .help = "of the node that answered"}, {0}};
    ent_err err = {0};
    ent_entry e;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !card) return ent_cli_usage(&h, "a file and --card are needed");
    opening *o = calloc(1, sizeof *o);
    code = o ? check_opening(argv[0], card, o, &e, &err) : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && holder) code = check_draw(holder, o, &e, &err);
    if (code == ENT_OK) {
        char time[ENT_TIME_TEXT];
        ent_time_text(o->c.time, time);
        printf("it holds: entry %llu of %s commits to this crossing\ndesk %s, device %s, officer %s, %s\ndocument %s %s; reference %s\n%s\n", o->asked, o->node, o->c.desk,
               o->c.device, o->c.officer, time, o->c.issued_by, o->c.document, o->c.reference, !o->chosen ? "the lot did not choose it" : holder ? "the lot chose it, by the holder's ledger" : "the lot chose it, by the head that both say");
    }
    free(o);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_lot(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"list", lot_list, "what the lot chose"}, {"open", lot_open, "open a crossing to the auditor"}, {"show", lot_show, "read it"},
                                           {"verify", lot_verify, "check it offline"}, {0}};
    return ent_cli_group(cli, "lot", "One search in 200 is opened to the auditor.", commands, argc, argv);
}

/* ---- alarms ---- */

static void print_alarms(const json_t *out)
{
    size_t i;
    json_t *a;
    json_array_foreach(json_object_get(out, "alarms"), i, a)
        printf("%.16s %s: %s (%s %s, flow %s of %s, search %s)\n", ent_cli_text(a, "time"), ent_cli_text(a, "alarm"), ent_cli_text(a, "detail"),
               json_is_true(json_object_get(a, "ours")) ? "asked" : "answered", ent_cli_text(a, "partner"), ent_cli_text(a, "flow"), ent_cli_text(a, "agreement"), ent_cli_text(a, "reference"));
    if (!json_array_size(json_object_get(out, "alarms"))) puts("no alarm");
}

int ent_cmd_alarm(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "alarm --as NAME",
                                   .about = "Searches that were out of the ordinary: one document or record again and again, one capture twice, a capture that no desk makes, hits far from\n"
                                            "the flow's usual rate. An alarm stops nothing; a person looks.",
                                   .example = "entente alarm --as a.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"alarm-list", {NULL}, "a custodian or the auditor", print_alarms});
}
