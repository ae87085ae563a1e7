/* Prints from files, for the commands that study the engine. */
#ifndef CLI_PRINTS_H
#define CLI_PRINTS_H

#include "cli/cli.h"
#include "entente/finger.h"

/* Of an image, a native template, or a finger minutiae record. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_load_print(const char *path, ent_finger_template **ret, ent_err *err);

#endif
