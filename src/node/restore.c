/* In this order, in a folder beside: the backup's files, rows and (to compare) its checkpoint; the standby's slots, own keys and
 * entries; the ledger made from them and held against every checkpoint that somebody remembers; rows without a key taken out. */
#include "node/backup.h"
#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/sqlite/sqlite.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"
#include "merkle/note.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 256 };

typedef struct restoring {
    const ent_node_restore_options *o;
    char folder[PATH_MAX - 320];
    int lock; /* of the standby's folder */
    ent_store store;
    ent_keys keys;
    ent_ledger ledger;
    ent_node_custody custody;
    ent_checkpoint backed_up; /* size 0: none came */
    ent_time made;
    int before; /* without a standby: ledger-before/entries */
    struct {
        ent_change change[BATCH];
        ent_buf bytes[BATCH];
        size_t count, size;
    } batch;
    ent_node_restored out;
} restoring;

/* ---- the backup's items ---- */

static ent_code commit_rows(restoring *r, ent_err *err)
{
    if (!r->batch.count) return ENT_OK;
    ENT_TRY(r->store.commit(r->store.self, r->batch.change, r->batch.count, false, err));
    for (size_t i = 0; i < r->batch.count; i++) ent_buf_free(&r->batch.bytes[i]);
    r->batch.count = r->batch.size = 0;
    return ENT_OK;
}

/* Without a standby only what no key is needed for, and what does not name the node's old name. */
static bool readable_without_keys(ent_table t) { return t == ENT_TABLE_PEOPLE || t == ENT_TABLE_PARTNERS; }

static ent_code take_row(restoring *r, const ent_backup_item *item, ent_err *err)
{
    int t = 0;
    while (t < ENT_TABLE_COUNT && strcmp(ent_table_name((ent_table)t), item->name) != 0) t++;
    if (!r->o->standby && t < ENT_TABLE_COUNT && !readable_without_keys((ent_table)t)) return r->out.lost++, ENT_OK;
    if (t == ENT_TABLE_COUNT || !item->key.len) return ent_fail(err, ENT_UNSUPPORTED, "the backup has rows of a table \"%.60s\" that this program does not know: use a later program", item->name);
    ent_buf *b = &r->batch.bytes[r->batch.count];
    *b = ENT_BUF(ENT_STORE_KEY_MAX + ENT_STORE_VALUE_MAX);
    ent_buf_put(b, item->key.data, item->key.len);
    if (item->value.len) ent_buf_put(b, item->value.data, item->value.len);
    ENT_TRY(ent_buf_check(b, err));
    r->batch.change[r->batch.count++] = (ent_change){ENT_CHANGE_PUT, (ent_table)t, b->data, item->key.len, b->data + item->key.len, item->value.len};
    r->batch.size += b->len;
    return r->batch.count == BATCH || r->batch.size > 8u << 20 ? commit_rows(r, err) : ENT_OK;
}

/* Only what a backup may hold: a name without ways out, and no key. */
static bool fits(const char *name)
{
    static const char *const files[] = {"node.yaml", "card.serial", "tls.crt"}, *const folders[] = {"regimes/", "programmes/", "people/", "receipts/"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(name, files[i]) == 0) return true;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *inside = name + strlen(folders[i]);
        if (strncmp(name, folders[i], strlen(folders[i])) == 0) return *inside && *inside != '.' && !strchr(inside, '/');
    }
    return false;
}

static ent_code take_file(restoring *r, const ent_backup_item *item, ent_err *err)
{
    char path[PATH_MAX];
    if (!fits(item->name)) return ent_fail(err, ENT_FORMAT, "the backup holds a file \"%.100s\" that does not belong in one", item->name);
    ent_node_path(r->folder, item->name, path);
    mode_t mode = strncmp(item->name, "people/", 7) == 0 ? 0600 : 0644;
    return ent_disk_replace(path, item->value.len ? item->value.data : "", item->value.len, mode, err);
}

static ent_code take_entries(restoring *r, const ent_backup_item *item, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(item->key.data, item->key.len);
    uint64_t from = ent_cursor_u64(&c), n = item->value.len / ENT_ENTRY_SIZE;
    if (!ent_cursor_done(&c) || from != r->out.counts.entries || item->value.len % ENT_ENTRY_SIZE) return ent_fail(err, ENT_DAMAGED, "the backup's ledger entries are not in order");
    r->out.counts.entries += n;
    if (r->before < 0) return ENT_OK; /* the standby has them, and later ones */
    return ent_disk_write(r->before, item->value.data, item->value.len, (off_t)(from * ENT_ENTRY_SIZE), err);
}

static ent_code take_checkpoint(restoring *r, const ent_backup_item *item, ent_err *err)
{
    char path[PATH_MAX];
    ENT_TRY(ent_checkpoint_parse(item->value.data, item->value.len, &r->backed_up, err));
    if (r->before < 0) return ENT_OK;
    ent_node_path(r->folder, "ledger-before/checkpoint", path);
    ENT_TRY(ent_disk_replace(path, item->value.data, item->value.len, 0644, err));
    return ent_disk_sync(r->before, err);
}

static ent_code take_about(restoring *r, const ent_backup_item *item, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(item->key.data, item->key.len);
    r->made = (ent_time){(int64_t)ent_cursor_u64(&c)};
    if (!ent_cursor_done(&c) || strlen(item->name) >= sizeof r->out.name) return ent_fail(err, ENT_FORMAT, "the backup does not say whose it is");
    memcpy(r->out.name, item->name, strlen(item->name) + 1);
    return ENT_OK;
}

static ent_code take_item(void *ctx, const ent_backup_item *item, ent_err *err)
{
    restoring *r = ctx;
    switch (item->kind) {
    case ENT_BACKUP_ABOUT: return take_about(r, item, err);
    case ENT_BACKUP_FILE: r->out.counts.files++; return take_file(r, item, err);
    case ENT_BACKUP_ROW: r->out.counts.rows++; return take_row(r, item, err);
    case ENT_BACKUP_ENTRIES: return take_entries(r, item, err);
    case ENT_BACKUP_CHECKPOINT: return take_checkpoint(r, item, err);
    case ENT_BACKUP_END: return commit_rows(r, err);
    }
    return ent_fail(err, ENT_FORMAT, "the backup holds an item of no known kind");
}

static ent_code read_fd(void *self, void *ret, size_t n, size_t *ret_got, ent_err *err)
{
    ssize_t got;
    while ((got = read(*(int *)self, ret, n)) < 0 && errno == EINTR) {}
    if (got < 0) return ent_fail(err, ENT_IO, "reading the backup: %s", strerror(errno));
    *ret_got = (size_t)got;
    return ENT_OK;
}

static ent_code take_backup(restoring *r, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(r->folder, "store.db", path);
    ENT_TRY(ent_sqlite_store(path, &r->store, err));
    int fd = open(r->o->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", r->o->file, strerror(errno));
    ent_backup_in in = {&fd, read_fd};
    ent_code code = ent_backup_read(&in, r->o->passphrase, take_item, r, err);
    close(fd);
    if (code == ENT_OK && !r->backed_up.size) code = ent_fail(err, ENT_DAMAGED, "the backup holds no checkpoint of the ledger");
    if (code == ENT_OK && !ent_shard_origin_of(r->backed_up.origin, r->out.name, NULL)) code = ent_fail(err, ENT_DAMAGED, "the backup's checkpoint is another node's");
    r->out.ledger_then = r->out.counts.entries;
    return code;
}

/* ---- the standby's part ---- */

static ent_code copy_file(const char *from, const char *to, ent_err *err)
{
    uint8_t *block = malloc(1 << 20);
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ent_code code = in >= 0 && out >= 0 && block ? ENT_OK : ent_fail(err, ENT_IO, "%s cannot be copied to %s: %s", from, to, strerror(errno));
    ssize_t n = 0;
    for (off_t at = 0; code == ENT_OK && (n = pread(in, block, 1 << 20, at)) > 0; at += n) code = ent_disk_write(out, block, (size_t)n, at, err);
    if (code == ENT_OK && n < 0) code = ent_fail(err, ENT_IO, "%s: %s", from, strerror(errno));
    if (code == ENT_OK) code = ent_disk_sync(out, err);
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    if (block) ent_wipe(block, 1 << 20);
    free(block);
    return code;
}

static ent_code copy_from_standby(const restoring *r, const char *from, const char *to, ent_err *err)
{
    char source[PATH_MAX], target[PATH_MAX];
    if (!ent_node_path(r->o->standby, from, source)) return ent_fail(err, ENT_USAGE, "the standby's path is too long");
    ent_node_path(r->folder, to, target);
    unlink(target); /* tls.crt and card.serial came with the backup; the standby's are later */
    return copy_file(source, target, err);
}

static ent_code lock_standby(restoring *r, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_node_path(r->o->standby, "lock", path)) return ent_fail(err, ENT_USAGE, "the standby's path is too long");
    r->lock = open(path, O_RDWR | O_CLOEXEC);
    if (r->lock < 0) return ent_fail(err, ENT_NOT_FOUND, "%s is no standby: %s: %s", r->o->standby, path, strerror(errno));
    if (flock(r->lock, LOCK_EX | LOCK_NB) == 0) return ENT_OK;
    return ent_fail(err, ENT_BUSY, "a keeper is at work in %s: the old node still runs. Two nodes of one identity are refused; stop it first", r->o->standby);
}

static ent_code take_slots(restoring *r, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(r->o->standby, "keys", path);
    DIR *d = opendir(path);
    if (!d) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", path, strerror(errno));
    ent_code code = ENT_OK;
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));) {
        char name[300];
        if (e->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "keys/%s", e->d_name);
        code = copy_from_standby(r, name, name, err);
    }
    closedir(d);
    return code;
}

static ent_code take_standby(restoring *r, ent_err *err)
{
    static const char *const names[] = {"identity.key", "tls.key", "tls.crt", "card.serial", "node.yaml"};
    ENT_TRY(take_slots(r, err));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char from[64];
        snprintf(from, sizeof from, "node/%s", names[i]);
        ENT_TRY(copy_from_standby(r, from, names[i], err));
    }
    return copy_from_standby(r, "ledger/entries", "ledger/row", err);
}

/* ---- the ledger, and who remembers it ---- */

static ent_code agrees(restoring *r, const ent_checkpoint *c, const char *who, ent_err *err)
{
    ent_hash root;
    ent_hashes proof;
    const ent_ledger *log;
    uint32_t year;
    if (!ent_shard_origin_of(c->origin, r->out.name, &year)) return ent_fail(err, ENT_CONFLICT, "%s remembers the log %s, which is not of \"%s\"", who, c->origin, r->out.name);
    if (ent_ledger_log(&r->ledger, year, &log, NULL) != ENT_OK)
        return ent_fail(err, ENT_CONFLICT, "%s remembers entries of %s, and none of that year are here: the standby is not this node's latest", who, c->origin);
    uint64_t here = log->size(log->self);
    if (c->size > here)
        return ent_fail(err, ENT_CONFLICT, "%s remembers %llu ledger entries of %s and %llu are here: the standby is not this node's latest", who, (unsigned long long)c->size, c->origin,
                        (unsigned long long)here);
    ENT_TRY(log->consistency(log->self, c->size, c->size, &root, &proof, err));
    if (memcmp(root.b, c->root.b, 32) == 0) return ENT_OK;
    return ent_fail(err, ENT_CONFLICT, "%s remembers another history of the first %llu ledger entries: nothing is restored, keep both as evidence", who, (unsigned long long)c->size);
}

static ent_code ask_memory(restoring *r, const char *path, const ent_public_key *key, ent_err *err)
{
    ent_checkpoint c;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(ent_disk_load(path, &note, err));
    ENT_TRY(ent_checkpoint_parse((char *)note.data, note.len, &c, err));
    if (!ent_shard_origin_of(c.origin, r->out.name, NULL) || !ent_note_signed_by((char *)note.data, note.len, c.origin, key))
        return ent_fail(err, ENT_SIGNATURE, "%s is no checkpoint that \"%s\" signed with its present key", path, r->out.name);
    return agrees(r, &c, path, err);
}

/* What no backup has: rows of entries since. */
static ent_code count_since(restoring *r, ent_err *err)
{
    for (uint64_t i = r->out.ledger_then; i < r->out.ledger; i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(r->ledger.read(r->ledger.self, i, bytes, err));
        if (ent_entry_decode(bytes, &e, NULL) != ENT_OK) continue; /* a later kind than this program knows */
        r->out.enrolled_since += e.kind == ENT_ENTRY_ENROLLED;
        r->out.decided_since += e.kind == ENT_ENTRY_PERSON || e.kind == ENT_ENTRY_PARTNER || e.kind == ENT_ENTRY_AGREEMENT || e.kind == ENT_ENTRY_REGIME || e.kind == ENT_ENTRY_DESIGNATION;
    }
    return ENT_OK;
}

static ent_code take_ledger(restoring *r, ent_err *err)
{
    char path[PATH_MAX], standby[PATH_MAX], row[PATH_MAX];
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_WIPED_SECRET secret;
    ent_public_key key;
    ent_node_path(r->folder, "ledger", path);
    ENT_TRY(ent_node_load_identity(r->folder, &secret, err));
    ent_sign_public(&secret, &key);
    ent_node_path(r->o->standby, "ledger/checkpoint", standby);
    ENT_TRY(ent_disk_load(standby, &note, err));
    ent_node_path(r->folder, "ledger/row", row);
    ENT_TRY(ent_file_years_import(path, r->out.name, row, note.data, note.len, err));
    ENT_TRY(ent_file_year_ledger(path, r->out.name, &secret, 0, &r->ledger, err));
    r->out.ledger = r->ledger.size(r->ledger.self);
    ENT_TRY(agrees(r, &r->backed_up, "the backup", err));
    for (size_t i = 0; i < r->o->remembered_count; i++) ENT_TRY(ask_memory(r, r->o->remembered[i], &key, err));
    return count_since(r, err);
}

/* ---- together ---- */

/* ---- what was put aside ---- */

static ent_code load_aside(const restoring *r, const char *name, ent_buf *ret, ent_err *err)
{
    char relative[300], path[PATH_MAX];
    ENT_AUTO_BUF file = ENT_BUF(2 << 20);
    snprintf(relative, sizeof relative, "aside/%s", name);
    if (!ent_node_path(r->o->standby, relative, path)) return ent_fail(err, ENT_USAGE, "the standby's path is too long");
    ENT_TRY(ent_disk_load(path, &file, err));
    ent_buf_put(ret, file.data, file.len);
    return ent_buf_check(ret, err);
}

static ent_code take_aside(restoring *r, const char *name, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(2 << 20);
    ENT_AUTO_BUF pieces = ENT_BUF((size_t)ENT_LIMIT_ASIDE_PIECES << 20);
    uint32_t count;
    ent_part_id part;
    ent_aside_was was;
    ENT_TRY(load_aside(r, name, &file, err));
    ENT_TRY(ent_aside_pieces(ENT_BYTES(file.data, file.len), &count, err));
    for (uint32_t i = 0; i < count; i++) {
        char piece[80];
        snprintf(piece, sizeof piece, "blob-%.32s-%04u", name + 5, i);
        ENT_TRY(load_aside(r, piece, &pieces, err));
    }
    ENT_TRY(ent_restore_aside(&r->store, &r->keys, ENT_BYTES(file.data, file.len), pieces.len ? ENT_BYTES(pieces.data, pieces.len) : ENT_BYTES("", 0), &part, &was, err));
    r->out.later += was == ENT_ASIDE_LATER;
    r->out.held += was == ENT_ASIDE_HELD;
    return was == ENT_ASIDE_HELD ? ent_restore_hide(&r->store, &r->keys, ent_system_clock(), ent_system_random(), &part, err) : ENT_OK;
}

/* A standby of before this was kept has none. */
static ent_code take_asides(restoring *r, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(r->o->standby, "aside", path);
    DIR *d = opendir(path);
    ent_code code = ENT_OK;
    for (struct dirent *e; d && code == ENT_OK && (e = readdir(d));)
        if (strncmp(e->d_name, "part-", 5) == 0) code = take_aside(r, e->d_name, err);
    if (d) closedir(d);
    return code;
}

static ent_code purge(restoring *r, ent_err *err)
{
    ent_node_config config;
    ENT_TRY(ent_node_config_read(r->folder, &config, err));
    if (strcmp(config.name, r->out.name) != 0) return ent_fail(err, ENT_CONFLICT, "the backup is of \"%s\", the standby of \"%s\"", r->out.name, config.name);
    config.standby[0] = 0; /* its folder is locked here; the node compares at its start */
    ENT_TRY(ent_node_open_keys(r->folder, &config, false, &r->custody, &r->keys, err));
    r->out.epoch = r->keys.epoch(r->keys.self);
    ENT_TRY(take_asides(r, err));
    ENT_TRY(ent_restore_people(&r->store, &r->ledger, r->out.ledger_then, &r->out.suspended, err));
    return ent_restore_purge(&r->store, &r->keys, ent_system_clock(), ent_system_random(), &r->out.purged, err);
}

static ent_code make_folders(const restoring *r, ent_err *err)
{
    static const char *const names[] = {"", "keys", "ledger", "regimes", "programmes", "people", "receipts"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        ent_node_path(r->folder, names[i], path);
        if (mkdir(path, 0700) != 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    }
    return ENT_OK;
}

static void close_all(restoring *r)
{
    if (r->keys.close) r->keys.close(r->keys.self);
    if (r->ledger.close) r->ledger.close(r->ledger.self);
    if (r->store.close) r->store.close(r->store.self);
    ent_node_close_custody(&r->custody);
    for (size_t i = 0; i < r->batch.count; i++) ent_buf_free(&r->batch.bytes[i]);
    if (r->lock >= 0) close(r->lock);
    if (r->before >= 0) close(r->before);
}

/* Slots and keys among it: overwritten, not only unlinked. */
static void remove_tree(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[PATH_MAX];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || !ent_node_path(folder, e->d_name, path) || lstat(path, &st) != 0) continue;
        if (S_ISDIR(st.st_mode)) remove_tree(path);
        else (void)!ent_disk_shred(path, NULL);
    }
    if (d) closedir(d);
    rmdir(folder);
}

/* ---- without a standby: anew, with what is readable ---- */

static ent_code open_before(restoring *r, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(r->folder, "ledger-before", path);
    if (mkdir(path, 0700) != 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    ent_node_path(r->folder, "ledger-before/entries", path);
    r->before = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    return r->before >= 0 ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
}

static ent_code rename_node(restoring *r, ent_node_config *ret_config, ent_err *err)
{
    char path[PATH_MAX];
    ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ENT_TRY(ent_node_config_read(r->folder, ret_config, err));
    if (strlen(r->o->gap_name) >= sizeof ret_config->name || strcmp(r->o->gap_name, ret_config->name) == 0)
        return ent_fail(err, ENT_USAGE, "a node without its standby needs another name than \"%s\": its log begins anew, and nobody may take it for the old one", ret_config->name);
    snprintf(ret_config->name, sizeof ret_config->name, "%s", r->o->gap_name);
    ret_config->standby[0] = 0;
    ent_node_config_write(ret_config, &text);
    ENT_TRY(ent_buf_check(&text, err));
    ent_node_path(r->folder, "node.yaml", path);
    ENT_TRY(ent_disk_replace(path, text.data, text.len, 0644, err));
    return ent_node_config_read(r->folder, ret_config, err);
}

static ent_code begin_anew(restoring *r, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_config config;
    ENT_WIPED_SECRET secret;
    ent_node_gap gap = {.old_name = r->out.name, .new_name = r->o->gap_name, .reason = r->o->gap_reason, .now = ent_system_clock().now(NULL)};
    ENT_TRY(open_before(r, err));
    ENT_TRY(take_backup(r, err));
    ENT_TRY(rename_node(r, &config, err));
    ENT_TRY(ent_node_make_keys(r->folder, &config, &secret, err));
    ENT_TRY(ent_node_open_keys(r->folder, &config, true, &r->custody, &r->keys, err));
    ent_node_path(r->folder, "ledger", path);
    ENT_TRY(ent_file_year_ledger(path, config.name, &secret, ent_node_year(), &r->ledger, err));
    gap.lost = r->out.lost, gap.log_size = r->backed_up.size, gap.backup_made = r->made;
    gap.log_origin = r->backed_up.origin;
    memcpy(gap.log_root, r->backed_up.root.b, 32);
    ent_sign_public(&secret, &gap.key);
    r->out.epoch = r->keys.epoch(r->keys.self);
    return ent_node_gap_write(r->folder, &gap, err);
}

static ent_code restore_beside(restoring *r, ent_err *err)
{
    if (r->o->standby) ENT_TRY(lock_standby(r, err));
    remove_tree(r->folder); /* of a restore that was cut short */
    ENT_TRY(make_folders(r, err));
    if (!r->o->standby) return begin_anew(r, err);
    ENT_TRY(take_backup(r, err));
    ENT_TRY(take_standby(r, err));
    ENT_TRY(take_ledger(r, err));
    return purge(r, err);
}

ent_code ent_node_restore(const ent_node_restore_options *o, ent_node_restored *ret, ent_err *err)
{
    restoring *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    r->o = o;
    r->lock = r->before = -1;
    ent_code code = access(o->folder, F_OK) != 0 ? ENT_OK : ent_fail(err, ENT_EXISTS, "%s is there already: nothing was changed; name a folder that is not there", o->folder);
    if (code == ENT_OK && snprintf(r->folder, sizeof r->folder, "%s.restoring", o->folder) >= (int)sizeof r->folder)
        code = ent_fail(err, ENT_USAGE, "the folder's path is too long");
    bool made = code == ENT_OK;
    if (code == ENT_OK) code = restore_beside(r, err);
    close_all(r);
    if (code == ENT_OK && rename(r->folder, o->folder) != 0) code = ent_fail(err, ENT_IO, "%s: %s", o->folder, strerror(errno));
    if (code == ENT_OK) code = ent_disk_sync_folder(o->folder, err);
    if (code == ENT_OK) *ret = r->out;
    else if (made) remove_tree(r->folder);
    free(r);
    return code;
}
