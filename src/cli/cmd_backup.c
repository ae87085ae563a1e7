#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/standby/standby.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

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
