/* Prints from files: images, native templates, finger minutiae records. */
#ifndef CLI_PRINTS_H
#define CLI_PRINTS_H

#include "cli/cli.h"
#include "entente/finger.h"

/* A file from anybody, read in the sandbox. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_ask_print(const ent_cli *cli, const char *path, ent_finger_template **ret, ent_err *err);
/* One of a test set, read in this process. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_load_print(const char *path, ent_finger_template **ret, ent_err *err);

#endif
