#include "cli/commands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ent_command COMMANDS[] = {
#define ENT_X(name, suffix, about) {#name, ent_cmd_##suffix, about},
    ENT_COMMANDS(ENT_X)
#undef ENT_X
    {0}};

int ent_cmd_version(ent_cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf(cli->json ? "{\"version\":\"%s\"}\n" : "entente %s\n", ENT_VERSION);
    return 0;
}

static int print_help(void)
{
    printf("usage: entente [--node DIR] COMMAND …\n\n"
           "A biometric exchange node: keeps the prints and faces of arrests as long as the law says, and answers partners\n"
           "hit or no hit under signed agreements. --node (or ENTENTE_NODE) names the node's folder.\n\ncommands:\n");
    for (const ent_command *c = COMMANDS; c->name; c++) printf("  %-14s %s\n", c->name, c->about);
    printf("\nexit status: 0 done or hit, 1 no hit, 2 wrong use, 3 refused by law or agreement, 4 failed\n"
           "`entente COMMAND --help` tells more of each.\n");
    return 0;
}

/* Beside this program, where it was built; else where it is installed. */
static void find_decoder(char *ret, size_t cap)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n < 0 ? 0 : n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    if (!slash || (size_t)snprintf(ret, cap, "%s/entente-decode", self) >= cap || access(ret, X_OK) != 0) snprintf(ret, cap, "%s/entente-decode", ENT_LIBEXEC);
}

int main(int argc, char **argv)
{
    const char *from_env = getenv("ENTENTE_NODE");
    char decoder[PATH_MAX];
    find_decoder(decoder, sizeof decoder);
    ent_cli cli = {.program = argv[0], .decoder = decoder, .node = from_env && *from_env ? from_env : "/var/lib/entente"};
    int n = 0;
    bool command_seen = false;
    for (int i = 1; i < argc; i++) { /* --json may stand anywhere, --node before the command */
        if (strcmp(argv[i], "--json") == 0) {
            cli.json = true;
        } else if (!command_seen && strcmp(argv[i], "--node") == 0) {
            if (i + 1 == argc) {
                fprintf(stderr, "entente: --node needs a folder\n");
                return ent_code_exit(ENT_USAGE);
            }
            cli.node = argv[++i];
        } else {
            command_seen = command_seen || argv[i][0] != '-';
            argv[n++] = argv[i];
        }
    }
    if (n == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0) {
        print_help();
        return n ? 0 : ent_code_exit(ENT_USAGE);
    }
    if (strcmp(argv[0], "--version") == 0) return ent_cmd_version(&cli, 0, NULL);
    for (const ent_command *c = COMMANDS; c->name; c++)
        if (strcmp(argv[0], c->name) == 0) return c->run(&cli, n - 1, argv + 1);
    fprintf(stderr, "entente: no command '%s' (`entente --help` lists them)\n", argv[0]);
    return ent_code_exit(ENT_USAGE);
}
