/* An evaluation on one sheet: DET curves, score histograms, error versus discard. */
#ifndef CLI_FINGER_PLOT_H
#define CLI_FINGER_PLOT_H

#include "finger/stats.h"

#include <stddef.h>

/* A set's scored pairs; the last of several is all of them pooled. */
typedef struct ent_plot_set {
    const char *name;
    ent_pair *pairs; /* sorted anew by the plot */
    size_t count;
} ent_plot_set;

/* Draws to out, PNG or SVG by its ending (sheet.h). The first eight sets get curves of their own. ENT_USAGE, ENT_NO_MEMORY, the errors of writing. */
ENT_MUST_CHECK ent_code ent_cli_finger_plot(const ent_plot_set *sets, size_t count, const char *out, ent_err *err);

#endif
