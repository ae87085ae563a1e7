/* On what a folder lies, and whether an overwrite in place reaches what was there. Accepted is ext4 unless its data goes through
 * the journal (mount option, the superblock's default, or the file's own attribute); measured in docs/decisions/060-keys-in-slots.md. Any thread. */
#ifndef ADAPTER_MEDIUM_H
#define ADAPTER_MEDIUM_H

#include "entente/error.h"

#include <stdbool.h>

typedef struct ent_medium {
    char type[32];    /* of the file system: "ext4" */
    char device[96];  /* as mountinfo names it */
    bool overwrites;  /* what lies there is replaced in place */
    char why[160];    /* when not: one clause */
} ent_medium;

/* ENT_NOT_FOUND, ENT_IO: not a folder or file that can be looked at. */
ENT_MUST_CHECK ent_code ent_medium_of(const char *path, ent_medium *ret_medium, ent_err *err);
/* One line of /proc/self/mountinfo (proc(5)): device number, type, source and the super block's options. False: another form. */
bool ent_medium_line(const char *line, unsigned *ret_major, unsigned *ret_minor, ent_medium *ret_medium, char ret_options[512]);

#endif
