/* Prints from files: images, native templates, finger minutiae records. */
#ifndef CLI_PRINTS_H
#define CLI_PRINTS_H

#include "cli/cli.h"
#include "entente/finger.h"

/* A file from anybody, read in the sandbox. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_ask_print(const ent_cli *cli, const char *path, ent_finger_template **ret, ent_err *err);
/* An image, a native template, a finger minutiae record, JSON or a transaction; the caller frees (job_print.c). */
ENT_MUST_CHECK ent_code ent_cli_read_print(const uint8_t *bytes, size_t len, ent_finger_template **ret, ent_err *err);
/* By its first bytes: nothing but a native template is left. */
bool ent_cli_is_native(const uint8_t *bytes, size_t len);
/* One of a test set, read in this process. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_load_print(const char *path, ent_finger_template **ret, ent_err *err);

/* Whether somebody else found its minutiae. */
bool ent_cli_is_imported(const ent_finger_template *t);
/* The full match; with an imported template the one that follows stretches. Pairs: of t[0] and t[1]. */
ENT_MUST_CHECK ent_code ent_cli_match_prints(ent_finger_template *const t[2], ent_finger_pairs *ret_pairs, double *ret_score, ent_err *err);

#endif
