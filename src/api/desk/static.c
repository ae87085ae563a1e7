#include "api/desk/static.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ent_static {
    ent_static_file file[ENT_STATIC_FILES];
    size_t count;
};

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
                                           {".svg", "image/svg+xml"}, {".json", "application/json"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && dot != name && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0) return types[i][1];
    return NULL;
}

static ent_code read_whole(const char *path, ent_static_file *f, ent_err *err)
{
    FILE *in = fopen(path, "rb");
    if (!in) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    f->bytes = malloc(ENT_STATIC_MAX + 1);
    f->len = f->bytes ? fread(f->bytes, 1, ENT_STATIC_MAX + 1, in) : 0;
    bool failed = ferror(in) != 0;
    fclose(in);
    if (!f->bytes) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (failed) return ent_fail(err, ENT_IO, "%s cannot be read", path);
    if (f->len > ENT_STATIC_MAX) return ent_fail(err, ENT_TOO_LARGE, "%s: a file of the console has at most %d bytes", path, ENT_STATIC_MAX);
    void *smaller = realloc(f->bytes, f->len ? f->len : 1);
    if (smaller) f->bytes = smaller;
    return ENT_OK;
}

static ent_code take(ent_static *s, const char *folder, const char *name, ent_err *err)
{
    char path[4096];
    const char *type = type_of(name);
    if (!type || strlen(name) > 64) return ENT_OK;
    if (s->count == ENT_STATIC_FILES) return ent_fail(err, ENT_TOO_LARGE, "%s: the console has at most %d files", folder, ENT_STATIC_FILES);
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return ent_fail(err, ENT_USAGE, "the console's path is too long");
    ent_static_file *f = &s->file[s->count++]; /* counted first: freed also when reading fails */
    snprintf(f->path, sizeof f->path, "/%s", name);
    f->type = type;
    return read_whole(path, f, err);
}

ent_code ent_static_load(const char *folder, ent_static **ret_files, ent_err *err)
{
    ent_static *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    DIR *d = folder ? opendir(folder) : NULL;
    ent_code code = ENT_OK;
    for (struct dirent *e; d && code == ENT_OK && (e = readdir(d));) code = take(s, folder, e->d_name, err);
    if (d) closedir(d);
    if (code == ENT_OK) *ret_files = s;
    else ent_static_free(s);
    return code;
}

void ent_static_free(ent_static *s)
{
    for (size_t i = 0; s && i < s->count; i++) free(s->file[i].bytes);
    free(s);
}

const ent_static_file *ent_static_find(const ent_static *s, const char *path)
{
    if (strcmp(path, "/") == 0) path = "/index.html";
    for (size_t i = 0; s && i < s->count; i++)
        if (strcmp(s->file[i].path, path) == 0) return &s->file[i];
    return NULL;
}
