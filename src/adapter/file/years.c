/* One log a year, each in a folder of its own. A new year's folder appears by a rename, with its log in it or not at all. */
#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/shards/shards.h"
#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct years {
    char folder[PATH_MAX - 160], name[ENT_ORIGIN_MAX];
    ent_secret_key secret;
} years;

bool ent_file_year_folder(const char *folder, uint32_t year, char *ret_path, size_t cap)
{
    int n = year ? snprintf(ret_path, cap, "%s/%04u", folder, (unsigned)year) : snprintf(ret_path, cap, "%s", folder);
    return n > 0 && (size_t)n < cap;
}

static ent_code path_in(const char *folder, uint32_t year, const char *file, char ret[PATH_MAX], ent_err *err)
{
    char year_folder[PATH_MAX];
    bool fits = ent_file_year_folder(folder, year, year_folder, sizeof year_folder) && snprintf(ret, PATH_MAX, "%s/%s", year_folder, file) < PATH_MAX;
    return fits ? ENT_OK : ent_fail(err, ENT_USAGE, "the folder's path is too long");
}

static int by_year(const void *a, const void *b)
{
    const ent_shard *x = a, *y = b;
    return (x->year > y->year) - (x->year < y->year);
}

/* A year is there when its folder has entries. */
static ent_code look(const char *folder, uint32_t year, ent_shard *ret, size_t *count, ent_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    ENT_TRY(path_in(folder, year, "entries", path, err));
    if (stat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return ENT_OK;
        return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    }
    if (*count == ENT_LIMIT_SHARDS) return ent_fail(err, ENT_TOO_LARGE, "a ledger of more than %d years", ENT_LIMIT_SHARDS);
    ret[(*count)++] = (ent_shard){.year = year, .count = (uint64_t)st.st_size / ENT_ENTRY_SIZE};
    return ENT_OK;
}

ent_code ent_file_years(const char *folder, ent_shard ret_shards[ENT_LIMIT_SHARDS], size_t *ret_count, ent_err *err)
{
    DIR *d = opendir(folder);
    size_t count = 0;
    if (!d) return ent_fail(err, errno == ENOENT ? ENT_NOT_FOUND : ENT_IO, "%s: %s", folder, strerror(errno));
    ent_code code = look(folder, 0, ret_shards, &count, err);
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));)
        if (ent_shard_year(e->d_name)) code = look(folder, ent_shard_year(e->d_name), ret_shards, &count, err);
    closedir(d);
    if (code != ENT_OK) return code;
    qsort(ret_shards, count, sizeof *ret_shards, by_year);
    for (size_t i = 1; i < count; i++) ret_shards[i].first = ret_shards[i - 1].first + ret_shards[i - 1].count;
    *ret_count = count;
    return count ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no ledger is in %s", folder);
}

/* ---- the source of a sharded ledger ---- */

static ent_code list(void *self, ent_shard ret_shards[ENT_LIMIT_SHARDS], size_t *ret_count, ent_err *err)
{
    const years *y = self;
    ent_code code = ent_file_years(y->folder, ret_shards, ret_count, err);
    if (code == ENT_NOT_FOUND) *ret_count = 0;
    return code == ENT_NOT_FOUND ? ENT_OK : code;
}

/* Beside it, then renamed: a folder of a year is never half made. */
static ent_code make_year(const years *y, const char *folder, const char *origin, ent_err *err)
{
    char fresh[PATH_MAX], path[PATH_MAX];
    ent_ledger log;
    static const char *const left[] = {"entries", "head"};
    if (snprintf(fresh, sizeof fresh, "%s.new", folder) >= (int)sizeof fresh) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    for (size_t i = 0; i < 2; i++) {
        if (snprintf(path, sizeof path, "%s/%s", fresh, left[i]) >= (int)sizeof path) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
        (void)unlink(path);
    }
    if (mkdir(fresh, 0755) != 0 && errno != EEXIST) return ent_fail(err, errno == ENOSPC ? ENT_NO_SPACE : ENT_IO, "%s: %s", fresh, strerror(errno));
    ENT_TRY(ent_file_ledger(fresh, origin, &y->secret, true, &log, err));
    log.close(log.self);
    if (rename(fresh, folder) != 0) return ent_fail(err, errno == ENOSPC ? ENT_NO_SPACE : ENT_IO, "%s: %s", folder, strerror(errno));
    return ent_disk_sync_folder(folder, err);
}

static ent_code open_year(void *self, uint32_t year, bool create, ent_ledger *ret_log, ent_err *err)
{
    const years *y = self;
    char folder[PATH_MAX], origin[ENT_ORIGIN_MAX];
    ent_shard_origin(y->name, year, origin);
    if (!ent_file_year_folder(y->folder, year, folder, sizeof folder)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (create && year && access(folder, F_OK) != 0) ENT_TRY(make_year(y, folder, origin, err));
    return ent_file_ledger(folder, origin, &y->secret, false, ret_log, err);
}

static ent_code open_closed(void *self, const ent_shard *shard, const uint8_t digest[32], ent_ledger *ret_log, ent_err *err)
{
    const years *y = self;
    char folder[PATH_MAX], origin[ENT_ORIGIN_MAX];
    ent_file_closed closed = {.count = shard->count};
    memcpy(closed.digest, digest, 32);
    ent_shard_origin(y->name, shard->year, origin);
    if (!ent_file_year_folder(y->folder, shard->year, folder, sizeof folder)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_file_ledger_closed(folder, origin, &y->secret, &closed, ret_log, err);
}

static ent_code first_entry(void *self, uint32_t year, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err)
{
    const years *y = self;
    char path[PATH_MAX];
    ENT_TRY(path_in(y->folder, year, "entries", path, err));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    ent_code code = ent_disk_read(fd, ret_entry, ENT_ENTRY_SIZE, 0, err);
    close(fd);
    return code;
}

static void close_years(void *self)
{
    years *y = self;
    ent_secret_key_wipe(&y->secret);
    free(y);
}

ent_code ent_file_year_ledger(const char *folder, const char *name, const ent_secret_key *secret, uint32_t year, ent_ledger *ret_ledger, ent_err *err)
{
    years *y = calloc(1, sizeof *y);
    if (!y) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
    snprintf(y->folder, sizeof y->folder, "%s", folder);
    snprintf(y->name, sizeof y->name, "%s", name);
    y->secret = *secret;
    ent_shard_source source = {y, list, open_year, open_closed, first_entry, close_years};
    return ent_sharded_ledger(&source, year, ret_ledger, err);
}

ent_code ent_file_year_ledger_resign(const char *folder, const char *name, const ent_secret_key *was, const ent_secret_key *now, ent_err *err)
{
    ent_shard there[ENT_LIMIT_SHARDS];
    size_t count;
    char path[PATH_MAX], origin[ENT_ORIGIN_MAX];
    ENT_TRY(ent_file_years(folder, there, &count, err));
    uint32_t year = there[count - 1].year;
    ent_shard_origin(name, year, origin);
    if (!ent_file_year_folder(folder, year, path, sizeof path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_file_ledger_resign(path, origin, was, now, err);
}

/* ---- all entries in one row ---- */

ent_code ent_file_entries(const char *folder, uint64_t from, ent_code (*see)(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err),
                          void *ctx, ent_err *err)
{
    ent_shard there[ENT_LIMIT_SHARDS];
    size_t count;
    ent_code code = ent_file_years(folder, there, &count, err);
    for (size_t i = 0; i < count && code == ENT_OK; i++) {
        char path[PATH_MAX];
        uint8_t entry[ENT_ENTRY_SIZE];
        if (from >= there[i].first + there[i].count) continue;
        ENT_TRY(path_in(folder, there[i].year, "entries", path, err));
        uint64_t at = from > there[i].first ? from - there[i].first : 0;
        FILE *f = fopen(path, "rb");
        if (!f || fseeko(f, (off_t)(at * ENT_ENTRY_SIZE), SEEK_SET) != 0) code = ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
        for (; at < there[i].count && code == ENT_OK; at++) {
            if (fread(entry, sizeof entry, 1, f) != 1) code = ent_fail(err, ENT_IO, "%s: cannot be read", path);
            else code = see(ctx, there[i].first + at, entry, err);
        }
        if (f) fclose(f);
    }
    return code == ENT_NO_HIT ? ENT_OK : code;
}

/* ---- from one row ---- */

/* Entries `first` and on of the row, as one shard's file. */
static ent_code write_shard(const char *folder, const ent_shard *shard, FILE *row, ent_err *err)
{
    char path[PATH_MAX], year_folder[PATH_MAX];
    uint8_t entry[ENT_ENTRY_SIZE];
    if (!ent_file_year_folder(folder, shard->year, year_folder, sizeof year_folder)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (shard->year && mkdir(year_folder, 0755) != 0) return ent_fail(err, ENT_IO, "%s: %s", year_folder, strerror(errno));
    ENT_TRY(path_in(folder, shard->year, "entries", path, err));
    FILE *out = fopen(path, "wbx");
    bool ok = out && fseeko(row, (off_t)(shard->first * ENT_ENTRY_SIZE), SEEK_SET) == 0;
    for (uint64_t i = 0; i < shard->count && ok; i++) ok = fread(entry, sizeof entry, 1, row) == 1 && fwrite(entry, sizeof entry, 1, out) == 1;
    ok = ok && fflush(out) == 0 && ent_disk_sync(fileno(out), NULL) == ENT_OK;
    if (out) ok = fclose(out) == 0 && ok;
    if (!ok) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    return ent_disk_sync_folder(path, err);
}

static ent_code cut(const char *folder, ent_walk *w, FILE *row, const ent_checkpoint *c, ent_err *err)
{
    uint8_t entry[ENT_ENTRY_SIZE];
    while (!ent_walk_covers(w, c) && fread(entry, sizeof entry, 1, row) == 1) ENT_TRY(ent_walk_add(w, entry, NULL, err));
    ENT_TRY(ent_walk_agrees(w, c, "the checkpoint", err));
    for (size_t i = 0; i < w->count; i++) ENT_TRY(write_shard(folder, &w->shard[i], row, err));
    return ENT_OK;
}

ent_code ent_file_years_import(const char *folder, const char *name, const char *row, const void *note, size_t len, ent_err *err)
{
    ent_checkpoint c;
    ent_walk *w;
    uint32_t year;
    char last[PATH_MAX];
    ENT_TRY(ent_checkpoint_parse(note, len, &c, err));
    if (!ent_shard_origin_of(c.origin, name, &year)) return ent_fail(err, ENT_CONFLICT, "the checkpoint is of the log \"%s\", not of \"%s\"", c.origin, name);
    FILE *f = fopen(row, "rb");
    if (!f) return ent_fail(err, ENT_IO, "%s: %s", row, strerror(errno));
    ent_code code = ent_walk_begin(name, &w, err);
    if (code == ENT_OK) {
        code = cut(folder, w, f, &c, err);
        ent_walk_free(w);
    }
    fclose(f);
    if (code == ENT_OK && !ent_file_year_folder(folder, year, last, sizeof last)) code = ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (code == ENT_OK) code = ent_file_ledger_import(last, note, len, err);
    if (code == ENT_OK && unlink(row) != 0) code = ent_fail(err, ENT_IO, "%s: %s", row, strerror(errno));
    return code;
}
