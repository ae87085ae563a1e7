#include "node/backup.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/sqlite/sqlite.h"
#include "base/check.h"
#include "merkle/note.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the file ---- */

static ent_code write_fd(void *self, const void *bytes, size_t n, ent_err *err)
{
    int fd = *(int *)self;
    off_t at = lseek(fd, 0, SEEK_CUR);
    ENT_TRY(ent_disk_write(fd, bytes, n, at, err));
    return lseek(fd, at + (off_t)n, SEEK_SET) < 0 ? ent_fail(err, ENT_IO, "writing: %s", strerror(errno)) : ENT_OK;
}

static ent_code read_fd(void *self, void *ret, size_t n, size_t *ret_got, ent_err *err)
{
    ssize_t got;
    while ((got = read(*(int *)self, ret, n)) < 0 && errno == EINTR) {}
    if (got < 0) return ent_fail(err, ENT_IO, "reading the backup: %s", strerror(errno));
    *ret_got = (size_t)got;
    return ENT_OK;
}

/* ---- what goes in ---- */

static ent_code put_file(ent_backup_writer *w, const char *folder, const char *name, ent_err *err)
{
    char path[PATH_MAX];
    ent_backup_item item = {.kind = ENT_BACKUP_FILE};
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_STORE_VALUE_MAX);
    if (strlen(name) >= sizeof item.name || !ent_node_path(folder, name, path)) return ent_fail(err, ENT_TOO_LARGE, "the name %s is too long for a backup", name);
    snprintf(item.name, sizeof item.name, "%s", name);
    ent_code code = ent_disk_load(path, &bytes, err);
    if (code == ENT_NOT_FOUND) return ENT_OK; /* it went away meanwhile, or is not always there */
    if (code != ENT_OK) return code;
    item.value = ENT_BYTES(bytes.data, bytes.len);
    return ent_backup_put(w, &item, err);
}

static ent_code put_folder(ent_backup_writer *w, const char *folder, const char *name, ent_err *err)
{
    char path[PATH_MAX], inside[600];
    struct stat st;
    ent_node_path(folder, name, path);
    DIR *d = opendir(path);
    if (!d) return errno == ENOENT ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    ent_code code = ENT_OK;
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));) {
        snprintf(inside, sizeof inside, "%s/%s", name, e->d_name);
        if (e->d_name[0] == '.' || !ent_node_path(folder, inside, path) || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) continue;
        code = put_file(w, folder, inside, err);
    }
    closedir(d);
    return code;
}

static ent_code put_files(ent_backup_writer *w, const char *folder, ent_err *err)
{
    static const char *const files[] = {"node.yaml", "card.serial", "tls.crt"}, *const folders[] = {"regimes", "programmes", "people", "receipts"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) ENT_TRY(put_file(w, folder, files[i], err));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) ENT_TRY(put_folder(w, folder, folders[i], err));
    return ENT_OK;
}

static ent_code put_row(void *ctx, ent_table t, const void *key, size_t key_len, const void *value, size_t value_len, ent_err *err)
{
    ent_backup_item item = {.kind = ENT_BACKUP_ROW, .key = ENT_BYTES(key, key_len), .value = ENT_BYTES(value, value_len)};
    snprintf(item.name, sizeof item.name, "%s", ent_table_name(t));
    return ent_backup_put(ctx, &item, err);
}

enum { ENTRIES_AT_ONCE = 4096 };

typedef struct putting {
    ent_backup_writer *w;
    const ent_checkpoint *until;
    ent_walk *walk;
    uint8_t *block;
    size_t count;
} putting;

static ent_code put_block(putting *p, ent_err *err)
{
    uint8_t key[8];
    uint64_t from = p->walk->size - p->count;
    if (!p->count) return ENT_OK;
    for (int i = 0; i < 8; i++) key[i] = (uint8_t)(from >> (56 - 8 * i));
    size_t n = p->count * ENT_ENTRY_SIZE;
    p->count = 0;
    return ent_backup_put(p->w, &(ent_backup_item){.kind = ENT_BACKUP_ENTRIES, .key = ENT_BYTES(key, 8), .value = ENT_BYTES(p->block, n)}, err);
}

static ent_code put_entry(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err)
{
    putting *p = ctx;
    (void)number;
    if (ent_walk_covers(p->walk, p->until)) return ENT_NO_HIT; /* later ones are of after this backup */
    ENT_TRY(ent_walk_add(p->walk, entry, NULL, err));
    memcpy(p->block + p->count++ * ENT_ENTRY_SIZE, entry, ENT_ENTRY_SIZE);
    return p->count == ENTRIES_AT_ONCE ? put_block(p, err) : ENT_OK;
}

/* What the checkpoint signed never changes any more: it can be read beside a node that serves. */
static ent_code put_entries(ent_backup_writer *w, const char *folder, const char *name, const ent_checkpoint *c, ent_err *err)
{
    char path[PATH_MAX];
    putting p = {.w = w, .until = c, .block = malloc((size_t)ENTRIES_AT_ONCE * ENT_ENTRY_SIZE)};
    ent_node_path(folder, "ledger", path);
    ent_code code = p.block ? ent_walk_begin(name, &p.walk, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = ent_file_entries(path, 0, put_entry, &p, err);
    if (code == ENT_OK) code = put_block(&p, err);
    if (code == ENT_OK) code = ent_walk_agrees(p.walk, c, "the checkpoint", err);
    ent_walk_free(p.walk);
    free(p.block);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "no backup was made");
}

static ent_code put_all(ent_backup_writer *w, const ent_node_backup_options *o, const ent_node_config *config, ent_err *err)
{
    char path[PATH_MAX];
    uint8_t now[8];
    ent_checkpoint c;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ent_backup_item about = {.kind = ENT_BACKUP_ABOUT, .key = ENT_BYTES(now, 8)};
    if (config->store[0]) return ent_fail(err, ENT_UNSUPPORTED, "this node's rows are in PostgreSQL: back them up there (pg_dump); keys and ledger are the standby's");
    int64_t ms = ent_system_clock().now(NULL).ms;
    for (int i = 0; i < 8; i++) now[i] = (uint8_t)((uint64_t)ms >> (56 - 8 * i));
    snprintf(about.name, sizeof about.name, "%s", config->name);
    ENT_TRY(ent_backup_put(w, &about, err));
    ENT_TRY(put_files(w, o->folder, err));
    ent_node_path(o->folder, "store.db", path);
    ENT_TRY(ent_sqlite_snapshot(path, put_row, w, err));
    ENT_TRY(o->checkpoint(o->ctx, &note, err)); /* after the rows: their entries are under it, or in the outbox that was read */
    ENT_TRY(ent_checkpoint_parse((char *)note.data, note.len, &c, err));
    ENT_TRY(put_entries(w, o->folder, config->name, &c, err));
    return ent_backup_put(w, &(ent_backup_item){.kind = ENT_BACKUP_CHECKPOINT, .value = ENT_BYTES(note.data, note.len)}, err);
}

static ent_code see_nothing(void *ctx, const ent_backup_item *item, ent_err *err)
{
    (void)ctx, (void)item, (void)err;
    return ENT_OK;
}

static ent_code fill_file(int fd, const ent_node_backup_options *o, const ent_node_config *config, ent_backup_counts *ret, ent_err *err)
{
    ent_backup_writer *w = NULL;
    ent_backup_out out = {&fd, write_fd};
    ent_backup_in in = {&fd, read_fd};
    ent_code code = ent_backup_begin(&out, o->passphrase, o->quick, ent_system_random(), &w, err);
    if (code == ENT_OK) code = put_all(w, o, config, err);
    if (code == ENT_OK) code = ent_backup_end(w, ret, err);
    ent_backup_free(w);
    if (code == ENT_OK) code = ent_disk_sync(fd, err);
    if (code == ENT_OK && lseek(fd, 0, SEEK_SET) != 0) code = ent_fail(err, ENT_IO, "%s: %s", o->file, strerror(errno));
    return code == ENT_OK ? ent_backup_read(&in, o->passphrase, see_nothing, NULL, err) : code;
}

ent_code ent_node_backup(const ent_node_backup_options *o, ent_backup_counts *ret, ent_err *err)
{
    char beside[PATH_MAX];
    ent_node_config config;
    ent_backup_counts counts = {0};
    ENT_TRY(ent_node_config_read(o->folder, &config, err));
    if (access(o->file, F_OK) == 0) return ent_fail(err, ENT_EXISTS, "%s is there already: name another file", o->file);
    if (snprintf(beside, sizeof beside, "%s.part", o->file) >= (int)sizeof beside) return ent_fail(err, ENT_USAGE, "the file's path is too long");
    int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return ent_fail(err, ENT_IO, "%s: %s", beside, strerror(errno));
    ent_code code = fill_file(fd, o, &config, &counts, err);
    close(fd);
    if (code == ENT_OK && rename(beside, o->file) != 0) code = ent_fail(err, ENT_IO, "%s: %s", o->file, strerror(errno));
    if (code != ENT_OK) {
        unlink(beside);
        return code;
    }
    *ret = counts;
    return ent_disk_sync_folder(o->file, err);
}
