/* `entente search --all`, see cmd_search_all.c. */
#ifndef CLI_SEARCH_ALL_H
#define CLI_SEARCH_ALL_H

#include "cli/cli.h"

typedef struct ent_search_wish {
    const char *purpose, *crossing, *finger, *on_behalf_of; /* "" when not given */
    bool any_sequence;
} ent_search_wish;

/* The exit status: 0 a hit somewhere, 1 when every partner said no hit, 4 when somebody could not be asked. */
int ent_cli_search_all(const ent_cli *cli, const char *as, const char *file, const ent_search_wish *wish);

#endif
