#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/standby/standby.h"
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "cli/keys.h"
#include "node/backup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The backup's own passphrase: from a file of its own, else as for a person. */
static ent_code backup_passphrase(const char *file, bool fresh, char ret[256], ent_err *err)
{
    if (!file) return ent_cli_passphrase("the backup", fresh, ret, err);
    FILE *f = fopen(file, "re");
    bool got = f && fgets(ret, 256, f);
    if (f) fclose(f);
    if (!got) return ent_fail(err, ENT_USAGE, "no passphrase in %s", file);
    ret[strcspn(ret, "\n")] = 0;
    return strlen(ret) >= 8 ? ENT_OK : ent_fail(err, ENT_USAGE, "a passphrase has at least 8 characters");
}

/* ---- backup ---- */

static ent_code ask_checkpoint(void *ctx, ent_buf *ret_note, ent_err *err)
{
    json_t *out = NULL;
    ENT_TRY(ent_cli_act(ctx, "backup-note", json_object(), "", 0, &out, err));
    ent_buf_str(ret_note, ent_cli_text(out, "checkpoint"));
    json_decref(out);
    return ent_buf_check(ret_note, err);
}

static ent_code make_backup(const ent_cli *cli, const char *as, const char *passphrase_file, const char *file, ent_backup_counts *ret, ent_err *err)
{
    char passphrase[256];
    ent_cli_session *s = NULL;
    ENT_TRY(backup_passphrase(passphrase_file, true, passphrase, err));
    ent_code code = ent_cli_begin(cli, as, &s, err);
    ent_node_backup_options o = {.folder = cli->node, .file = file, .passphrase = passphrase, .quick = getenv("ENTENTE_QUICK_KEYS") != NULL, .checkpoint = ask_checkpoint, .ctx = s};
    if (code == ENT_OK) code = ent_node_backup(&o, ret, err);
    ent_wipe(passphrase, sizeof passphrase);
    ent_cli_end(s);
    return code;
}

int ent_cmd_backup(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "backup FILE --as NAME [--passphrase-file FILE]",
                                   .about = "Writes sealed rows, the ledger and the small files into one encrypted file, of one state, while the node serves; reads it back before it is\n"
                                            "done. No key of a record and none of the node is in it: what was destroyed later stays unreadable in it. Restoring needs the standby too.",
                                   .example = "entente backup /mnt/backup/gb-2026-03-10 --passphrase-file /etc/entente/backup --as op.example"};
    const char *as = NULL, *passphrase_file = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "custodian or operator"},
                            {.name = "--passphrase-file", .value = &passphrase_file, .hint = "FILE", .help = "its first line (default: asked)"}, {0}};
    ent_backup_counts counts;
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !as) return ent_cli_usage(&h, n != 1 ? "name the file" : "say who: --as NAME");
    code = make_backup(cli, as, passphrase_file, argv[0], &counts, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    printf(cli->json ? "{\"rows\":%" PRIu64 ",\"files\":%" PRIu64 ",\"entries\":%" PRIu64 "}\n" : "%" PRIu64 " rows, %" PRIu64 " files, %" PRIu64 " ledger entries\n", counts.rows, counts.files,
           counts.entries);
    return 0;
}

/* ---- restore ---- */

static void print_restored(const ent_cli *cli, const ent_node_restored *r)
{
    if (cli->json) {
        printf("{\"node\":\"%s\",\"kept\":%zu,\"purged\":%zu,\"probes-purged\":%zu,\"ledger\":%" PRIu64 ",\"ledger-then\":%" PRIu64 ",\"enrolled-since\":%" PRIu64
               ",\"decided-since\":%" PRIu64 ",\"later\":%zu,\"held\":%zu,\"suspended\":%zu,\"epoch\":%u}\n", r->name, r->purged.kept, r->purged.parts, r->purged.probes, r->ledger, r->ledger_then,
               r->enrolled_since, r->decided_since, r->later, r->held, r->suspended, r->epoch);
        return;
    }
    printf("%s is put together: %zu parts; %zu were destroyed after the backup and taken out; epoch %u\n"
           "the ledger has %" PRIu64 " entries, %" PRIu64 " of them made after the backup\n", r->name, r->purged.kept, r->purged.parts, r->epoch, r->ledger, r->ledger - r->ledger_then);
    if (r->later || r->held) printf("from the standby: the law recorded since of %zu parts, %zu parts of the hold store\n", r->later, r->held);
    if (r->suspended) printf("%zu persons were suspended, or changed their key, after the backup and may do nothing here: `entente person list`\n", r->suspended);
    if (r->enrolled_since || r->decided_since)
        printf("not in the backup, to be done again: %" PRIu64 " parts enrolled, %" PRIu64 " decisions on persons, partners, agreements, regimes (entries %" PRIu64 " and later of `entente ledger show`)\n",
               r->enrolled_since, r->decided_since, r->ledger_then);
}

static void print_anew(const ent_cli *cli, const ent_node_restored *r, const char *name, const char *folder)
{
    if (cli->json)
        printf("{\"node\":\"%s\",\"before\":\"%s\",\"lost\":%" PRIu64 ",\"ledger-then\":%" PRIu64 ",\"signatures\":0}\n", name, r->name, r->lost, r->ledger_then);
    else
        printf("%s begins anew as %s with its people and partners; %" PRIu64 " rows of the backup can never be read again. Its ledger of before, %" PRIu64 " entries as far as the backup knows,\n"
               "is in %s/ledger-before. Read %s/gap; it opens when two persons have signed that:\n  entente --node %s restore sign --as NAME\n", r->name, name, r->lost, r->ledger_then,
               folder, folder, folder);
}

static int restore_sign(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "restore sign --as NAME",
                                   .about = "Signs the statement of what a node that began anew without its standby has lost (the file `gap` in its folder: read it first). Two different\n"
                                            "persons sign, one of them a custodian; then the node opens, and its ledger begins with it.",
                                   .example = "entente --node /var/lib/entente restore sign --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "who signs"}, {0}};
    ent_err err = {0};
    ENT_WIPED_SECRET secret;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 0 || !as) return ent_cli_usage(&h, "say who: --as NAME");
    code = ent_cli_key_open(cli->node, as, &secret, &err);
    if (code == ENT_OK) code = ent_node_gap_sign(cli->node, as, &secret, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    printf(cli->json ? "{\"signed\":\"%s\"}\n" : "%s has signed\n", as);
    return 0;
}

int ent_cmd_restore(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "restore BACKUP --standby DIR --to DIR [CHECKPOINT…] [--passphrase-file FILE]\n"
                                            "       entente restore BACKUP --gap NEW-NAME --reason TEXT --to DIR      (without a standby)\n"
                                            "       entente restore sign --as NAME",
                                   .about = "Puts a node together in a new folder: rows from the backup, key slots, ledger and the node's own keys from its standby. Takes out what was\n"
                                            "destroyed since. Each CHECKPOINT is a file with what a partner or witness remembers of this node's ledger; a history that one of them\n"
                                            "contradicts is not restored. The old node must be stopped. Without its standby a node has lost its records: with --gap it begins anew\n"
                                            "under another name, and opens when two persons signed the statement of what is missing.",
                                   .example = "entente restore gb-2026-03-10 witness.txt --standby /mnt/second/gb --to /var/lib/entente"};
    const char *standby = NULL, *to = NULL, *passphrase_file = NULL, *gap = NULL, *reason = NULL;
    const ent_opt opts[] = {{.name = "--standby", .value = &standby, .hint = "DIR", .help = "the standby's folder"},
                            {.name = "--to", .value = &to, .hint = "DIR", .help = "the node's new folder"},
                            {.name = "--gap", .value = &gap, .hint = "NAME", .help = "there is no standby: begin anew under this name"},
                            {.name = "--reason", .value = &reason, .hint = "TEXT", .help = "with --gap: what happened, one line"},
                            {.name = "--passphrase-file", .value = &passphrase_file, .hint = "FILE", .help = "its first line (default: asked)"}, {0}};
    ent_node_restored out;
    ent_err err = {0};
    char passphrase[256];
    int n;
    if (argc > 0 && strcmp(argv[0], "sign") == 0) return restore_sign(cli, argc - 1, argv + 1);
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n < 1 || !to || !standby == !gap) return ent_cli_usage(&h, "name the backup, --to, and either --standby or --gap");
    if (gap && (!reason || !*reason || n > 1)) return ent_cli_usage(&h, "--gap needs --reason, and no checkpoints");
    code = backup_passphrase(passphrase_file, false, passphrase, &err);
    ent_node_restore_options o = {.folder = to, .file = argv[0], .passphrase = passphrase, .standby = standby, .gap_name = gap, .gap_reason = reason,
                                  .remembered = (const char *const *)argv + 1, .remembered_count = (size_t)n - 1};
    if (code == ENT_OK) code = ent_node_restore(&o, &out, &err);
    ent_wipe(passphrase, sizeof passphrase);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (gap) print_anew(cli, &out, gap, to);
    else print_restored(cli, &out);
    return 0;
}

/* ---- standby ---- */

static int standby_keep(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "standby keep DIR",
                                   .about = "Keeps a node's key slots, ledger and own keys a second time in DIR, on another disk or host: what the node runs as the command in\n"
                                            "node.yaml's `standby`. Reads changes from its input, answers each when it is on the disk, ends with its input.",
                                   .example = "standby: ssh standby.example entente standby keep /var/lib/entente-standby      (in node.yaml)"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    int n;
    (void)cli;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the folder");
    code = ent_standby_keep(argv[0], STDIN_FILENO, STDOUT_FILENO, &err);
    if (code == ENT_OK) return 0;
    fprintf(stderr, "<3>entente: standby: %s\n", err.detail); /* the output belongs to the frames */
    return ent_code_exit(code);
}

static ent_code look(const char *program, const char *folder, ent_standby_state *ret, ent_err *err)
{
    char command[9000];
    ent_standby s;
    if (access(folder, F_OK) != 0) return ent_fail(err, ENT_NOT_FOUND, "%s is not there", folder);
    if (strchr(folder, '\'') || strchr(program, '\'')) return ent_fail(err, ENT_USAGE, "the path has an apostrophe in it");
    snprintf(command, sizeof command, "exec '%.4000s' standby keep '%.4000s'", program, folder);
    ent_code code = ent_standby_link(command, &s, err);
    if (code != ENT_OK) return code;
    code = s.state(s.self, ret, err);
    s.close(s.self);
    return code;
}

static int standby_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "standby show DIR", .about = "What a standby holds. The node must not be using it at the time.", .example = "entente standby show /mnt/second/gb"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_standby_state s;
    char digest[65], root[65];
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the folder");
    code = look(cli->program, argv[0], &s, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    ent_hex(s.digest, 32, digest);
    ent_hex(s.ledger_root, 32, root);
    const char *form = cli->json ? "{\"epoch\":%u,\"slots\":%" PRIu64 ",\"slots-digest\":\"%s\",\"ledger\":%" PRIu64 ",\"ledger-root\":\"%s\"}\n"
                                 : "epoch %u, %" PRIu64 " places for keys, digest %s\nledger of %" PRIu64 " entries, root %s\n";
    printf(form, s.epoch, s.capacity, digest, s.ledger_size, root);
    return 0;
}

int ent_cmd_standby(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"keep", standby_keep, "keep slots and ledger a second time"}, {"show", standby_show, "what a standby holds"}, {0}};
    return ent_cli_group(cli, "standby", "Key slots and ledger on a second disk or host, which acknowledges each destruction before it is reported.", commands, argc, argv);
}
