/* `entente ledger export DIR`: the bundle that an auditor is handed (docs/protocol/audit.md). */
#include "adapter/file/file.h"
#include "base/check.h"
#include "cli/act.h"
#include "cli/commands.h"
#include "merkle/note.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static const ent_cmd_help help = {
    .usage = "ledger export DIR",
    .about = "Writes what an auditor needs into a new folder: this node's card and keys, its ledger under its latest checkpoint, and the\n"
             "agreements with everything that was declared about them. No personal data is in it. `entente audit` and `entente report`\n"
             "read it; nobody needs this node for that.",
    .example = "entente ledger export for-the-auditor/"};

static ent_code write_file(const char *folder, const char *name, const void *bytes, size_t len, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_node_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    FILE *f = fopen(path, "wbx");
    if (!f) return ent_fail(err, errno == EEXIST ? ENT_EXISTS : ENT_IO, "%s: %s", path, strerror(errno));
    bool ok = fwrite(bytes, 1, len, f) == len;
    ok = fclose(f) == 0 && ok;
    return ok ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
}

static ent_code make_folder(const char *folder, const char *name, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_node_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (mkdir(path, 0755) == 0) return ENT_OK;
    return ent_fail(err, errno == EEXIST ? ENT_EXISTS : ENT_IO, "%s: %s", path, strerror(errno));
}

/* The node's card, and the keys that it and its partners have and had: what was declared with one of before is checked by it. */
static ent_code export_card(ent_cli_session *s, const char *folder, ent_err *err)
{
    json_t *out = NULL;
    ENT_TRY(ent_cli_act(s, "card", json_object(), "", 0, &out, err));
    const char *card = ent_cli_text(out, "card"), *keys = ent_cli_text(out, "keys");
    ent_code code = write_file(folder, "card", card, strlen(card), err);
    if (code == ENT_OK) code = write_file(folder, "keys", keys, strlen(keys), err);
    json_decref(out);
    return code;
}

/* Every version that is or was in force: the ledger's entries rest on the one of their time. */
static ent_code export_agreements(ent_cli_session *s, const char *folder, ent_err *err)
{
    json_t *out = NULL, *v;
    size_t i;
    ent_code code = ENT_OK;
    ENT_TRY(make_folder(folder, "agreements", err));
    ENT_TRY(ent_cli_act(s, "agreement-versions", json_object(), "", 0, &out, err));
    json_array_foreach(json_object_get(out, "versions"), i, v)
    {
        char name[128];
        const char *text = ent_cli_text(v, "envelope");
        snprintf(name, sizeof name, "agreements/%.60s-v%lld", ent_cli_text(v, "name"), (long long)json_integer_value(json_object_get(v, "version")));
        if (code == ENT_OK && ent_cli_agreement_counts(v)) code = write_file(folder, name, text, strlen(text), err);
    }
    json_decref(out);
    return code;
}

/* The latest receipt has the checkpoint under which every entry of its year stands too. *ret_size: how many entries there are through all
 * years, as far as that checkpoint goes. */
static ent_code latest_checkpoint(ent_cli_session *s, ent_buf *ret_note, uint64_t *ret_size, ent_err *err)
{
    json_t *status = NULL, *out = NULL;
    char text_index[24];
    ent_proof proof;
    ent_checkpoint c;
    ENT_TRY(ent_cli_act(s, "status", json_object(), "", 0, &status, err));
    uint64_t last = (uint64_t)json_integer_value(json_object_get(status, "ledger")) - 1;
    snprintf(text_index, sizeof text_index, "%" PRIu64, last);
    json_decref(status);
    ENT_TRY(ent_cli_act(s, "receipt", json_pack("{s:s}", "index", text_index), "", 0, &out, err));
    const char *text = ent_cli_text(out, "receipt");
    ent_code code = ent_proof_parse(text, strlen(text), &proof, err);
    if (code == ENT_OK) code = ent_checkpoint_parse(proof.note, proof.note_len, &c, err);
    if (code == ENT_OK) ent_buf_put(ret_note, proof.note, proof.note_len);
    if (code == ENT_OK) *ret_size = last - proof.index + c.size;
    json_decref(out);
    return code == ENT_OK ? ent_buf_check(ret_note, err) : code;
}

typedef struct copying {
    FILE *out;
    uint64_t size;
} copying;

static ent_code copy_entry(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err)
{
    copying *c = ctx;
    if (number == c->size) return ENT_NO_HIT;
    return fwrite(entry, ENT_ENTRY_SIZE, 1, c->out) == 1 ? ENT_OK : ent_fail(err, ENT_IO, "the entries could not be written: %s", strerror(errno));
}

static ent_code copy_entries(const char *node, const char *folder, uint64_t size, ent_err *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!ent_node_path(node, "ledger", from) || !ent_node_path(folder, "ledger/entries", to)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    copying c = {.out = fopen(to, "wbx"), .size = size};
    if (!c.out) return ent_fail(err, ENT_IO, "%s: %s", to, strerror(errno));
    ent_code code = ent_file_entries(from, 0, copy_entry, &c, err);
    if (fclose(c.out) != 0 && code == ENT_OK) code = ent_fail(err, ENT_IO, "%s: %s", to, strerror(errno));
    return code;
}

static ent_code export_ledger(const ent_cli *cli, ent_cli_session *s, const char *folder, uint64_t *ret_size, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(make_folder(folder, "ledger", err));
    ENT_TRY(latest_checkpoint(s, &note, ret_size, err));
    ENT_TRY(write_file(folder, "ledger/checkpoint", note.data, note.len, err));
    return copy_entries(cli->node, folder, *ret_size, err);
}

int ent_cli_ledger_export(ent_cli *cli, int argc, char **argv)
{
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_cli_session *s = NULL;
    uint64_t size = 0;
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&help, "name the folder to make");
    code = ent_cli_begin(cli, NULL, &s, &err);
    if (code == ENT_OK && mkdir(argv[0], 0755) != 0) code = ent_fail(&err, errno == EEXIST ? ENT_EXISTS : ENT_IO, "%s: %s", argv[0], strerror(errno));
    if (code == ENT_OK) code = export_card(s, argv[0], &err);
    if (code == ENT_OK) code = export_agreements(s, argv[0], &err);
    if (code == ENT_OK) code = export_ledger(cli, s, argv[0], &size, &err);
    ent_cli_end(s);
    if (code != ENT_OK) {
        err.code = code;
        return ent_cli_error(cli, &err);
    }
    printf(cli->json ? "{\"entries\":%" PRIu64 "}\n" : "%" PRIu64 " entries, with card and agreements\n", size);
    return 0;
}
