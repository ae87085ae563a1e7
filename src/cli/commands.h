/* Every command of the program, one line each: X(name, function's suffix, what it does). Each function is
 * int ent_cmd_SUFFIX(ent_cli *, int argc, char **argv) in src/cli/cmd_SUFFIX.c (or a file named in src/cli/meson.build). */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

#define ENT_COMMANDS(X) X(version, version, "print the version")                                                      \
    X(audit, audit, "check parties' ledgers against each other, offline")

#define ENT_X(name, suffix, about) int ent_cmd_##suffix(ent_cli *cli, int argc, char **argv);
ENT_COMMANDS(ENT_X)
#undef ENT_X

#endif
