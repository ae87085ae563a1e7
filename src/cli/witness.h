/* The command that two programs share (cmd_witness.c). */
#ifndef CLI_WITNESS_H
#define CLI_WITNESS_H

#include "cli/cli.h"

int ent_cmd_witness(ent_cli *cli, int argc, char **argv);

#endif
