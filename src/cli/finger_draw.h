/* Two prints side by side with the minutiae that met joined. */
#ifndef CLI_FINGER_DRAW_H
#define CLI_FINGER_DRAW_H

#include "cli/cli.h"
#include "entente/finger.h"

/* Whether the name ends in .png or .svg. */
bool ent_cli_finger_draws(const char *out);
/* Writes the drawing to out (mode 0600). paths: the probe's and the candidate's file; a template has no picture, so its minutiae stand on
 * white. ENT_USAGE for another ending; the errors of reading, decoding in the sandbox and writing. */
ENT_MUST_CHECK ent_code ent_cli_finger_draw(const ent_cli *cli, char *const paths[2], ent_finger_template *const t[2], const ent_finger_pairs *pairs, const char *out, ent_err *err);

#endif
