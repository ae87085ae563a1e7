/* Appends that wait at the same time become one batch: one write and sync of `entries`, one checkpoint signed, one write
 * and sync of `head`, then all are told. What `head` signs is the truth: entries past it were never acknowledged and are
 * cut when the ledger opens; anything that differs before it halts. Where a place of `head` cannot be read it may have been the later
 * one, torn as it was written or rotten since: then the whole entries past the other are taken up, for they were synced before it.
 *
 *     entries   256 bytes each
 *     head      two places of 4096 bytes, written in turn: length, checksum, the signed checkpoint
 *     tile/…    C2SP tlog-tiles, full tiles only (partial ones are made when asked for)
 *     cosigned  the latest checkpoint that witnesses co-signed; one that does not fit is no damage: it is asked for again
 */
#include "adapter/file/disk.h"
#include "adapter/file/file.h"

#include "base/check.h"
#include "base/cursor.h"
#include "crypto/hash.h"
#include "merkle/cosigned.h"
#include "merkle/entry.h"
#include "merkle/tile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE 4096
#define BATCH 1024

typedef struct waiting {
    const uint8_t *entry;
    uint64_t index;
    ent_code code;
    ent_err *err;
    bool done;
    struct waiting *next;
} waiting;

typedef struct file_ledger {
    pthread_mutex_t lock;
    pthread_cond_t told;
    char folder[PATH_MAX - 96], origin[ENT_ORIGIN_MAX];
    ent_secret_key secret;
    ent_tree *tree; /* changed only by the leader, with the lock held */
    ent_buf note;   /* the checkpoint that head holds */
    uint64_t size;  /* what it signs */
    int entries, head;
    unsigned turn;  /* the place of head to be written next */
    waiting *first, **last;
    bool leading, broken;
    ent_buf cosigned;
    uint64_t cosigned_size;
} file_ledger;

/* ---- the head ---- */

static ent_code write_head(file_ledger *l, const ent_buf *note, ent_err *err)
{
    uint8_t place[PLACE] = {0}, digest[32];
    if (note->len > PLACE - 36) return ent_fail(err, ENT_TOO_LARGE, "a checkpoint of %zu bytes", note->len);
    ent_sha256(note->data, note->len, digest);
    place[0] = (uint8_t)(note->len >> 8), place[1] = (uint8_t)note->len;
    memcpy(place + 4, digest, 32);
    memcpy(place + 36, note->data, note->len);
    ENT_TRY(ent_disk_write(l->head, place, PLACE, (off_t)(l->turn * PLACE), err));
    ENT_TRY(ent_disk_sync(l->head, err));
    l->turn ^= 1;
    return ENT_OK;
}

/* The note in one place, when it is whole and signed by this log. */
static bool read_place(file_ledger *l, unsigned turn, ent_buf *ret_note, ent_checkpoint *ret_checkpoint)
{
    uint8_t place[PLACE], digest[32];
    ent_public_key key;
    if (ent_disk_read(l->head, place, PLACE, (off_t)(turn * PLACE), NULL) != ENT_OK) return false;
    size_t n = (size_t)place[0] << 8 | place[1];
    if (n == 0 || n > PLACE - 36) return false;
    ent_sha256(place + 36, n, digest);
    if (memcmp(digest, place + 4, 32) != 0) return false;
    ent_sign_public(&l->secret, &key);
    const char *note = (const char *)place + 36;
    if (ent_checkpoint_parse(note, n, ret_checkpoint, NULL) != ENT_OK || strcmp(ret_checkpoint->origin, l->origin) != 0) return false;
    if (!ent_note_signed_by(note, n, l->origin, &key)) return false;
    ent_buf_clear(ret_note);
    ent_buf_put(ret_note, note, n);
    return true;
}

static ent_code sign_tree(file_ledger *l, uint64_t size, ent_buf *ret_note, ent_err *err)
{
    ent_checkpoint c = {.size = size};
    snprintf(c.origin, sizeof c.origin, "%s", l->origin);
    ent_tree_root(l->tree, size, &c.root);
    return ent_checkpoint_sign(&c, &l->secret, ret_note, err);
}

/* ---- tiles ---- */

static ent_code make_folders(const char *path, ent_err *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(folder, 0755) != 0 && errno != EEXIST) return ent_fail(err, ENT_IO, "%s: %s", folder, strerror(errno));
        *slash = '/';
    }
    return ENT_OK;
}

static ent_code write_tile(file_ledger *l, const ent_tile *which, const ent_buf *tile, ent_err *err)
{
    char path[PATH_MAX], name[ENT_TILE_PATH];
    ent_tile_path(which, name);
    snprintf(path, sizeof path, "%s/tile/%s", l->folder, name);
    if (access(path, F_OK) == 0) { /* at the start: one that is rotten is made again */
        ENT_AUTO_BUF there = ENT_BUF(tile->len + 1);
        if (ent_disk_load(path, &there, NULL) == ENT_OK && there.len == tile->len && memcmp(there.data, tile->data, tile->len) == 0) return ENT_OK;
    }
    ENT_TRY(make_folders(path, err));
    return ent_disk_replace(path, tile->data, tile->len, 0644, err);
}

/* The tiles that became full between two sizes. They can be made again from the entries, so a failure here loses nothing. */
static ent_code write_tiles(file_ledger *l, uint64_t from, uint64_t to, ent_err *err)
{
    for (unsigned level = 0; to >> (8 * (level + 1)); level++) {
        for (uint64_t n = from >> (8 * (level + 1)); n < to >> (8 * (level + 1)); n++) {
            ENT_AUTO_BUF tile = ENT_BUF(256 * 32);
            for (unsigned i = 0; i < 256; i++) {
                ent_hash h;
                ENT_INVARIANT(ent_tree_hash(l->tree, 8 * level, n * 256 + i, &h));
                ent_buf_put(&tile, h.b, 32);
            }
            ENT_TRY(write_tile(l, &(ent_tile){.level = (uint8_t)level, .index = n, .width = ENT_TILE_WIDTH}, &tile, err));
        }
    }
    for (uint64_t n = from / 256; n < to / 256; n++) {
        ENT_AUTO_BUF tile = ENT_BUF(256 * (2 + ENT_ENTRY_SIZE));
        for (unsigned i = 0; i < 256; i++) {
            uint8_t entry[ENT_ENTRY_SIZE];
            ENT_TRY(ent_disk_read(l->entries, entry, sizeof entry, (off_t)((n * 256 + i) * ENT_ENTRY_SIZE), err));
            ent_buf_u16(&tile, ENT_ENTRY_SIZE);
            ent_buf_put(&tile, entry, sizeof entry);
        }
        ENT_TRY(write_tile(l, &(ent_tile){.entries = true, .index = n, .width = ENT_TILE_WIDTH}, &tile, err));
    }
    return ENT_OK;
}

/* ---- appending ---- */

/* Everything that needs the lock: the tree, and the note that will sign it. */
static ent_code gather(file_ledger *l, const waiting *batch, size_t count, ent_buf *ret_bytes, ent_buf *ret_note, ent_err *err)
{
    if (l->broken) return ent_fail(err, ENT_IO, "the ledger stopped writing after a failed sync; restart the node");
    for (const waiting *w = batch; w; w = w->next) {
        ent_buf_put(ret_bytes, w->entry, ENT_ENTRY_SIZE);
        ENT_TRY(ent_tree_append(l->tree, w->entry, ENT_ENTRY_SIZE, err));
    }
    ENT_TRY(ent_buf_check(ret_bytes, err));
    return sign_tree(l, l->size + count, ret_note, err);
}

/* A file that was removed or replaced under us takes writes and syncs for nothing. */
static ent_code still_linked(const file_ledger *l, ent_err *err)
{
    struct stat here[2];
    bool ok = fstat(l->entries, &here[0]) == 0 && fstat(l->head, &here[1]) == 0 && here[0].st_nlink && here[1].st_nlink;
    return ok ? ENT_OK : ent_fail(err, ENT_IO, "the ledger's files in %s were removed while the node ran: nothing is written any more", l->folder);
}

/* Without the lock, so that the next batch can gather; only the leader writes. */
static ent_code store_batch(file_ledger *l, const ent_buf *bytes, const ent_buf *note, ent_err *err)
{
    ENT_TRY(ent_disk_write(l->entries, bytes->data, bytes->len, (off_t)(l->size * ENT_ENTRY_SIZE), err));
    ENT_TRY(ent_disk_sync(l->entries, err));
    ENT_TRY(write_head(l, note, err));
    return still_linked(l, err);
}

static void tell(file_ledger *l, waiting *batch, ent_code code, const ent_err *err)
{
    uint64_t index = l->size;
    for (waiting *w = batch, *next; w; w = next) {
        next = w->next;
        w->index = index++;
        w->code = code;
        if (code != ENT_OK && w->err) *w->err = *err;
        w->done = true; /* from here it may be gone */
    }
    pthread_cond_broadcast(&l->told);
}

static waiting *take(file_ledger *l, size_t *ret_count)
{
    waiting *batch = l->first, *end = batch;
    size_t count = 1;
    while (count < BATCH && end->next) end = end->next, count++;
    l->first = end->next;
    if (!l->first) l->last = &l->first;
    end->next = NULL;
    *ret_count = count;
    return batch;
}

/* Takes what waits, writes it, tells it, until nothing waits. Called and left with the lock held. */
static void lead(file_ledger *l)
{
    while (l->first) {
        size_t count;
        waiting *batch = take(l, &count);
        ent_err err = {0};
        ENT_AUTO_BUF bytes = ENT_BUF(BATCH * ENT_ENTRY_SIZE), note = ENT_BUF(ENT_NOTE_MAX);
        ent_code code = gather(l, batch, count, &bytes, &note, &err);
        if (code == ENT_OK) {
            pthread_mutex_unlock(&l->lock);
            code = store_batch(l, &bytes, &note, &err);
            pthread_mutex_lock(&l->lock);
        }
        tell(l, batch, code, &err);
        if (code == ENT_OK) {
            uint64_t before = l->size;
            l->size += count;
            ent_buf_clear(&l->note);
            ent_buf_put(&l->note, note.data, note.len);
            /* tiles can be made again from the entries: a failure here loses nothing */
            if (l->size / 256 != before / 256) (void)!write_tiles(l, before, l->size, NULL);
        } else {
            ent_tree_cut(l->tree, l->size);
            if (code == ENT_IO) l->broken = true; /* after a failed sync nobody knows what is on the disk */
        }
    }
}

static ent_code append_many(void *self, const uint8_t (*entries)[ENT_ENTRY_SIZE], size_t count, uint64_t *ret_indexes, ent_err *err)
{
    file_ledger *l = self;
    waiting w[ENT_APPEND_MANY] = {0};
    ENT_PRE(count > 0 && count <= ENT_APPEND_MANY);
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < count; i++) {
        w[i] = (waiting){.entry = entries[i], .err = err};
        *l->last = &w[i];
        l->last = &w[i].next;
    }
    while (!w[count - 1].done) { /* the last: batches are written in the order in which they waited */
        if (!l->leading) {
            l->leading = true;
            lead(l);
            l->leading = false;
            pthread_cond_broadcast(&l->told);
        } else {
            pthread_cond_wait(&l->told, &l->lock);
        }
    }
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < count; i++) {
        if (w[i].code != ENT_OK) return w[i].code;
        ret_indexes[i] = w[i].index;
    }
    return ENT_OK;
}

static ent_code append(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index, ent_err *err)
{
    return append_many(self, (const uint8_t(*)[ENT_ENTRY_SIZE])entry, 1, ret_index, err);
}

/* ---- reading ---- */

static uint64_t size(void *self)
{
    file_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    uint64_t n = l->size;
    pthread_mutex_unlock(&l->lock);
    return n;
}

static ent_code read_entry(void *self, uint64_t index, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err)
{
    file_ledger *l = self;
    if (index >= size(l)) return ent_fail(err, ENT_NOT_FOUND, "the ledger has no entry %llu", (unsigned long long)index);
    return ent_disk_read(l->entries, ret_entry, ENT_ENTRY_SIZE, (off_t)(index * ENT_ENTRY_SIZE), err);
}

static ent_code checkpoint(void *self, ent_buf *ret_note, ent_err *err)
{
    file_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_buf_put(ret_note, l->note.data, l->note.len);
    pthread_mutex_unlock(&l->lock);
    return ent_buf_check(ret_note, err);
}

static ent_code receipt(void *self, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    file_ledger *l = self;
    uint8_t entry[ENT_ENTRY_SIZE];
    ent_hashes path;
    ENT_TRY(read_entry(l, index, entry, err));
    pthread_mutex_lock(&l->lock);
    ent_tree_inclusion(l->tree, index, l->size, &path);
    ent_code code = ent_proof_write(entry, index, &path, (char *)l->note.data, l->note.len, ret_text, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

/* ---- what others read ---- */

/* With the lock held. */
static ent_own_log own(const file_ledger *l)
{
    ent_own_log log = {.origin = l->origin, .tree = l->tree, .size = l->size, .kept = l->cosigned_size};
    ent_sign_public(&l->secret, &log.key);
    return log;
}

static ent_code hashes(void *self, unsigned level, uint64_t index, size_t count, ent_buf *ret_hashes, ent_err *err)
{
    file_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = ent_tree_put_hashes(l->tree, l->size, level, index, count, ret_hashes, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code consistency(void *self, uint64_t old, uint64_t to, ent_hash *ret_root, ent_hashes *ret_proof, ent_err *err)
{
    file_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = ent_tree_between(l->tree, l->size, (uint64_t[2]){old, to}, ret_root, ret_proof, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code keep_cosigned(void *self, const char *note, size_t len, ent_err *err)
{
    file_ledger *l = self;
    ent_checkpoint c;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/cosigned", l->folder);
    pthread_mutex_lock(&l->lock);
    ent_own_log log = own(l);
    ent_code code = ent_cosigned_check(&log, note, len, &c, err);
    pthread_mutex_unlock(&l->lock);
    if (code == ENT_OK) code = ent_disk_replace(path, note, len, 0644, err);
    if (code != ENT_OK) return code;
    pthread_mutex_lock(&l->lock);
    ent_buf_clear(&l->cosigned);
    ent_buf_put(&l->cosigned, note, len);
    l->cosigned_size = c.size;
    code = ent_buf_check(&l->cosigned, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code cosigned(void *self, ent_buf *ret_note, ent_err *err)
{
    file_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    bool none = l->cosigned.len == 0;
    if (!none) ent_buf_put(ret_note, l->cosigned.data, l->cosigned.len);
    pthread_mutex_unlock(&l->lock);
    return none ? ent_fail(err, ENT_NOT_FOUND, "no witness has co-signed this ledger yet") : ent_buf_check(ret_note, err);
}

static ent_code cosigned_receipt(void *self, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    file_ledger *l = self;
    uint8_t entry[ENT_ENTRY_SIZE];
    ENT_TRY(read_entry(l, index, entry, err));
    pthread_mutex_lock(&l->lock);
    ent_own_log log = own(l);
    ent_code code = ent_cosigned_receipt(&log, entry, index, &l->cosigned, ret_text, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static void close_ledger(void *self)
{
    file_ledger *l = self;
    if (!l) return;
    ent_buf_free(&l->cosigned);
    if (l->entries >= 0) close(l->entries);
    if (l->head >= 0) close(l->head);
    ent_tree_free(l->tree);
    ent_buf_free(&l->note);
    ent_secret_key_wipe(&l->secret);
    free(l);
}

/* ---- opening ---- */

static ent_code create_files(file_ledger *l, ent_err *err)
{
    uint8_t zeros[2 * PLACE] = {0};
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(sign_tree(l, 0, &note, err));
    ENT_TRY(ent_disk_write(l->head, zeros, sizeof zeros, 0, err));
    ENT_TRY(write_head(l, &note, err));
    ENT_TRY(ent_disk_sync(l->entries, err));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/head", l->folder);
    return ent_disk_sync_folder(path, err);
}

static ent_code hash_entries(file_ledger *l, uint64_t count, ent_err *err)
{
    enum { SOME = 4096 };
    uint8_t *block = malloc((size_t)SOME * ENT_ENTRY_SIZE);
    if (!block) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
    ent_code code = ENT_OK;
    for (uint64_t at = 0; at < count && code == ENT_OK; at += SOME) {
        size_t n = count - at < SOME ? (size_t)(count - at) : SOME;
        code = ent_disk_read(l->entries, block, n * ENT_ENTRY_SIZE, (off_t)(at * ENT_ENTRY_SIZE), err);
        for (size_t i = 0; i < n && code == ENT_OK; i++) code = ent_tree_append(l->tree, block + i * ENT_ENTRY_SIZE, ENT_ENTRY_SIZE, err);
    }
    free(block);
    return code;
}

/* Neither whole nor never written. */
static bool is_damaged(const file_ledger *l, unsigned turn)
{
    static const uint8_t zeros[PLACE];
    uint8_t place[PLACE];
    return ent_disk_read(l->head, place, PLACE, (off_t)(turn * PLACE), NULL) != ENT_OK || memcmp(place, zeros, PLACE) != 0;
}

/* The whole entries past what the good place signs, and a head that signs them. */
static ent_code take_up(file_ledger *l, uint64_t there, ent_err *err)
{
    uint64_t size = l->size;
    for (; size < there; size++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(ent_disk_read(l->entries, bytes, sizeof bytes, (off_t)(size * ENT_ENTRY_SIZE), err));
        if (ent_entry_decode(bytes, &e, NULL) != ENT_OK) break;
        ENT_TRY(ent_tree_append(l->tree, bytes, sizeof bytes, err));
    }
    ent_buf_clear(&l->note);
    ENT_TRY(sign_tree(l, size, &l->note, err));
    ENT_TRY(write_head(l, &l->note, err));
    l->size = size;
    return ENT_OK;
}

static ent_code check_files(file_ledger *l, ent_err *err)
{
    ent_checkpoint c[2];
    ENT_AUTO_BUF first = ENT_BUF(ENT_NOTE_MAX);
    ENT_AUTO_BUF second = ENT_BUF(ENT_NOTE_MAX);
    bool whole[2] = {read_place(l, 0, &first, &c[0]), read_place(l, 1, &second, &c[1])};
    struct stat st;
    ent_hash root;
    if (!whole[0] && !whole[1])
        return ent_fail(err, ENT_DAMAGED, "the ledger's head holds no checkpoint that \"%s\" signed: restore it from a copy", l->origin);
    unsigned best = whole[0] && (!whole[1] || c[0].size >= c[1].size) ? 0 : 1;
    if (fstat(l->entries, &st) != 0 || (uint64_t)st.st_size / ENT_ENTRY_SIZE < c[best].size)
        return ent_fail(err, ENT_DAMAGED, "the ledger signed %llu entries and %llu are there: restore them from a copy",
                        (unsigned long long)c[best].size, (unsigned long long)st.st_size / ENT_ENTRY_SIZE);
    ENT_TRY(hash_entries(l, c[best].size, err));
    ent_tree_root(l->tree, c[best].size, &root);
    if (memcmp(root.b, c[best].root.b, 32) != 0)
        return ent_fail(err, ENT_DAMAGED, "the ledger's entries are not those that it signed: restore them from a copy");
    l->size = c[best].size;
    l->turn = best ^ 1;
    const ent_buf *note = best ? &second : &first;
    ent_buf_put(&l->note, note->data, note->len);
    ENT_TRY(ent_buf_check(&l->note, err));
    if (!whole[best ^ 1] && is_damaged(l, best ^ 1)) ENT_TRY(take_up(l, (uint64_t)st.st_size / ENT_ENTRY_SIZE, err));
    if (ftruncate(l->entries, (off_t)(l->size * ENT_ENTRY_SIZE)) != 0) return ent_fail(err, ENT_IO, "the ledger's tail cannot be cut");
    return ENT_OK;
}

/* A closed log needs no head: the log that follows says what its last checkpoint was. It is signed anew, in memory, by today's key. */
static ent_code check_closed(file_ledger *l, const ent_file_closed *closed, ent_err *err)
{
    struct stat st;
    uint8_t digest[32];
    ent_checkpoint c = {.size = closed->count};
    if (fstat(l->entries, &st) != 0 || (uint64_t)st.st_size != closed->count * ENT_ENTRY_SIZE)
        return ent_fail(err, ENT_DAMAGED, "%s/entries: the ledger closed with %llu entries and %llu are there: restore them from a copy", l->folder,
                        (unsigned long long)closed->count, (unsigned long long)st.st_size / ENT_ENTRY_SIZE);
    ENT_TRY(hash_entries(l, closed->count, err));
    snprintf(c.origin, sizeof c.origin, "%s", l->origin);
    ent_tree_root(l->tree, c.size, &c.root);
    ent_shard_digest(&c, digest);
    if (memcmp(digest, closed->digest, 32) != 0)
        return ent_fail(err, ENT_DAMAGED, "%s/entries: the entries are not those with which the ledger closed: restore them from a copy", l->folder);
    l->size = closed->count;
    l->broken = true; /* nothing is appended to it */
    return sign_tree(l, l->size, &l->note, err);
}

/* One that is not there, or of another key or history, is as good as none. */
static void load_cosigned(file_ledger *l)
{
    char path[PATH_MAX];
    ent_checkpoint c;
    ent_own_log log = own(l);
    snprintf(path, sizeof path, "%s/cosigned", l->folder);
    if (ent_disk_load(path, &l->cosigned, NULL) == ENT_OK &&
        ent_cosigned_check(&log, (const char *)l->cosigned.data, l->cosigned.len, &c, NULL) == ENT_OK) l->cosigned_size = c.size;
    else ent_buf_clear(&l->cosigned);
}

static ent_code open_closed(file_ledger *l, const ent_file_closed *closed, ent_err *err)
{
    char entries[PATH_MAX];
    snprintf(entries, sizeof entries, "%s/entries", l->folder);
    l->entries = open(entries, O_RDONLY | O_CLOEXEC);
    if (l->entries < 0) return ent_fail(err, errno == ENOENT ? ENT_DAMAGED : ENT_IO, "%s: %s: restore it from a copy", entries, strerror(errno));
    ENT_TRY(ent_tree_new(&l->tree, err));
    ENT_TRY(check_closed(l, closed, err));
    load_cosigned(l);
    return write_tiles(l, 0, l->size, err);
}

static ent_code open_files(file_ledger *l, bool create, ent_err *err)
{
    char entries[PATH_MAX], head[PATH_MAX];
    snprintf(entries, sizeof entries, "%s/entries", l->folder);
    snprintf(head, sizeof head, "%s/head", l->folder);
    bool fresh = access(head, F_OK) != 0;
    if (fresh && !create) return ent_fail(err, ENT_DAMAGED, "%s is not there: the ledger must be restored from a copy", head);
    if (fresh && access(entries, F_OK) == 0) return ent_fail(err, ENT_DAMAGED, "%s is there without its head: restore it from a copy", entries);
    l->entries = open(entries, O_RDWR | (fresh ? O_CREAT : 0) | O_CLOEXEC, 0644);
    l->head = open(head, O_RDWR | (fresh ? O_CREAT : 0) | O_CLOEXEC, 0644);
    if (l->entries < 0 || l->head < 0) return ent_fail(err, l->entries < 0 && errno == ENOENT ? ENT_DAMAGED : ENT_IO, "%s: %s", l->folder, strerror(errno));
    ENT_TRY(ent_tree_new(&l->tree, err));
    if (fresh) ENT_TRY(create_files(l, err));
    ENT_TRY(check_files(l, err));
    load_cosigned(l);
    return write_tiles(l, 0, l->size, err);
}

static ent_code open_one(const char *folder, const char *origin, const ent_secret_key *secret, const ent_file_closed *closed, bool create,
                         ent_ledger *ret_ledger, ent_err *err)
{
    file_ledger *l = calloc(1, sizeof *l);
    if (!l) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->told, NULL);
    snprintf(l->folder, sizeof l->folder, "%s", folder);
    snprintf(l->origin, sizeof l->origin, "%s", origin);
    l->secret = *secret;
    l->note = ENT_BUF(ENT_NOTE_MAX);
    l->cosigned = ENT_BUF(ENT_NOTE_MAX);
    l->last = &l->first;
    l->entries = l->head = -1;
    ent_code code = closed ? open_closed(l, closed, err) : open_files(l, create, err);
    if (code != ENT_OK) {
        close_ledger(l);
        return code;
    }
    *ret_ledger = (ent_ledger){.self = l, .append = append, .append_many = append_many, .read = read_entry, .size = size, .receipt = receipt,
                               .checkpoint = checkpoint, .hashes = hashes, .consistency = consistency, .keep_cosigned = keep_cosigned,
                               .cosigned_receipt = cosigned_receipt, .cosigned = cosigned, .close = close_ledger};
    return ENT_OK;
}

ent_code ent_file_ledger(const char *folder, const char *origin, const ent_secret_key *secret, bool create, ent_ledger *ret_ledger, ent_err *err)
{
    return open_one(folder, origin, secret, NULL, create, ret_ledger, err);
}

ent_code ent_file_ledger_closed(const char *folder, const char *origin, const ent_secret_key *secret, const ent_file_closed *closed,
                                ent_ledger *ret_ledger, ent_err *err)
{
    return open_one(folder, origin, secret, closed, false, ret_ledger, err);
}

ent_code ent_file_ledger_import(const char *folder, const void *note, size_t len, ent_err *err)
{
    char path[PATH_MAX];
    uint8_t places[2 * PLACE] = {0}, digest[32];
    if (!len || len > PLACE - 36) return ent_fail(err, ENT_TOO_LARGE, "a checkpoint of %zu bytes", len);
    ent_sha256(note, len, digest);
    places[0] = (uint8_t)(len >> 8), places[1] = (uint8_t)len;
    memcpy(places + 4, digest, 32);
    memcpy(places + 36, note, len);
    snprintf(path, sizeof path, "%s/head", folder);
    return ent_disk_replace(path, places, sizeof places, 0644, err);
}

ent_code ent_file_ledger_resign(const char *folder, const char *origin, const ent_secret_key *was, const ent_secret_key *now, ent_err *err)
{
    ent_ledger ledger;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(ent_file_ledger(folder, origin, was, false, &ledger, err));
    file_ledger *l = ledger.self;
    l->secret = *now;
    ent_code code = sign_tree(l, l->size, &note, err);
    if (code == ENT_OK) code = write_head(l, &note, err);
    close_ledger(l);
    return code;
}
