/* Two prints side by side with the minutiae that met joined. */
#ifndef CLI_FINGER_DRAW_H
#define CLI_FINGER_DRAW_H

#include "cli/cli.h"
#include "entente/finger.h"

/* The probe's and the candidate's file and template, and how they met. Borrowed. */
typedef struct ent_cli_pair {
    char *const *path;
    ent_finger_template *const *t;
    const ent_finger_pairs *pairs;
    double score;
} ent_cli_pair;

/* Writes the drawing to out (mode 0600), PNG or SVG by its ending (sheet.h); a template has no picture, so its minutiae stand on white.
 * ENT_USAGE for another ending; the errors of reading, decoding in the sandbox and writing. */
ENT_MUST_CHECK ent_code ent_cli_finger_draw(const ent_cli *cli, const ent_cli_pair *pair, const char *out, ent_err *err);

#endif
