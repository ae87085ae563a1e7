/* The frame of the `entente` command: `entente [--node DIR] COMMAND …`. Each command is a function in a file of its own
 * (src/cli/cmd_NAME.c), listed in main.c's table. Exit status: 0 done or hit, 1 no hit, 2 wrong use, 3 refused by law or
 * agreement, 4 failed (entente/error.h has which code is which). */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "entente/error.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct ent_cli {
    const char *program; /* argv[0] as called, for re-exec of helpers */
    const char *decoder; /* entente-decode: what reads files from outside (adapter/sandbox/sandbox.h) */
    const char *node;    /* --node DIR, else $ENTENTE_NODE, else the service's folder; never NULL */
    bool json;           /* --json anywhere: one JSON object on stdout, nothing else there */
} ent_cli;

/* One option of a command. Exactly one of value, flag, list is set. */
/* The arguments of an option that may be named more than once. */
enum { ENT_CLI_WORDS = 64 };

typedef struct ent_cli_words {
    size_t count;
    const char *at[ENT_CLI_WORDS];
} ent_cli_words;

typedef struct ent_opt {
    const char *name;    /* "--format"; "-o" is the only short one */
    const char **value;  /* takes an argument */
    bool *flag;          /* takes none */
    const char *hint;    /* of the argument: "FILE", "native|iso" */
    const char *help;    /* one sentence */
    ent_cli_words *words; /* takes an argument, each time that it is named; instead of `value` */
} ent_opt;

typedef struct ent_cmd_help {
    const char *usage;   /* "finger extract IMAGE -o OUT" */
    const char *about;   /* what it does, a few sentences */
    const char *example; /* "entente finger extract thumb.png -o thumb.ent" */
} ent_cmd_help;

/* Sorts argv into options and operands (both may mix; `--` ends options). Operands are moved to the front of argv and
 * counted in *ret_operands. Prints the help and returns ENT_NO_HIT for --help (the caller then returns 0); prints the
 * fault and returns ENT_USAGE for an unknown option or a missing argument. `opts` ends with a zero entry. */
ENT_MUST_CHECK ent_code ent_cli_options(const ent_cmd_help *help, const ent_opt *opts, int argc, char **argv,
                                        int *ret_operands);
/* Prints the help's usage line to stderr with the fault, returns exit status 2. */
int ent_cli_usage(const ent_cmd_help *help, const char *format, ...) ENT_PRINTF(2, 3);
/* Prints the error (JSON {"error":…,"detail":…} under --json, else one line on stderr), returns its exit status. */
int ent_cli_error(const ent_cli *cli, const ent_err *err);
/* A progress line on stderr when that is a terminal, at most ten times a second; done == total ends it. */
void ent_cli_progress(const char *what, size_t done, size_t total);
/* Text as a JSON string with its quotes, on out. */
void ent_cli_json_string(FILE *out, const char *text);
/* Text inside an HTML page, on out. */
void ent_cli_html_text(FILE *out, const char *text);

typedef struct ent_command {
    const char *name;
    int (*run)(ent_cli *cli, int argc, char **argv); /* argv[0] is the word after the command's name */
    const char *about;
} ent_command;

/* Runs argv[0] of a group (`entente finger extract …`) from its table, which ends with a zero entry. */
int ent_cli_group(ent_cli *cli, const char *group, const char *about, const ent_command *commands, int argc, char **argv);

#endif
