/* The console's built files, read once at the start into memory: what a browser may have is a closed list, and no path of a
 * request ever reaches the file system. Read only after it was made: any thread. */
#ifndef API_DESK_STATIC_H
#define API_DESK_STATIC_H

#include "entente/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { ENT_STATIC_FILES = 32, ENT_STATIC_MAX = 4 << 20 };

typedef struct ent_static ent_static;

typedef struct ent_static_file {
    char path[68];          /* "/index.html" */
    const char *type;       /* Content-Type */
    void *bytes;
    size_t len;
} ent_static_file;

/* Takes every file of the folder whose ending is known (html, js, css, svg, json). A folder that is not there: no files, ENT_OK.
 * ENT_TOO_LARGE over 32 files or 4 MiB a file. */
ENT_MUST_CHECK ent_code ent_static_load(const char *folder, ent_static **ret_files, ent_err *err);
void ent_static_free(ent_static *s); /* NULL is fine */
/* "/" is "/index.html". NULL: there is no such file. */
const ent_static_file *ent_static_find(const ent_static *s, const char *path);

#endif
