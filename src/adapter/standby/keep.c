#include "adapter/standby/standby.h"

#include "adapter/file/disk.h"
#include "adapter/file/slots.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "merkle/shard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct keeper {
    char folder[PATH_MAX - 128];
    int lock, entries;
    ent_slot_file f;
    ent_checkpoint head; /* what ledger/checkpoint says, of the latest shard; size 0: nothing yet */
    uint64_t first;      /* the number of that shard's first entry */
    ent_shard shard[ENT_LIMIT_SHARDS]; /* where each year begins among the entries */
    size_t shards;
    uint64_t written;    /* entries on the disk; those past what head signs are not acknowledged as a ledger */
    /* a whole copy that is coming in */
    ent_slot_row *coming;
    uint32_t coming_epoch;
    size_t coming_capacity;
} keeper;

static void path_of(const keeper *k, const char *name, char ret[PATH_MAX]) { snprintf(ret, PATH_MAX, "%s/%s", k->folder, name); }

/* ---- slots ---- */

static ent_code tell_state(keeper *k, ent_buf *ret, ent_err *err)
{
    uint8_t digest[32] = {0};
    bool there = k->f.fd >= 0;
    if (there) ent_slots_digest(&k->f, digest);
    ent_buf_u32(ret, there ? k->f.epoch : 0);
    ent_buf_u64(ret, there ? k->f.capacity : 0);
    ent_buf_put(ret, digest, 32);
    ent_buf_u64(ret, k->first + k->head.size);
    ent_buf_u64(ret, k->first);
    ent_buf_put(ret, k->head.root.b, 32);
    return ent_buf_check(ret, err);
}

static ent_code read_rows(keeper *k, ent_cursor *c, ent_buf *ret, ent_err *err)
{
    uint64_t from = ent_cursor_u64(c);
    uint32_t count = ent_cursor_u32(c);
    uint8_t bytes[ENT_SLOT_SIZE];
    if (!ent_cursor_done(c) || k->f.fd < 0 || count > ENT_STANDBY_ROWS || from > k->f.capacity || count > k->f.capacity - from)
        return ent_fail(err, ENT_FORMAT, "the standby was asked for slots that it has not");
    for (uint32_t i = 0; i < count; i++) {
        ent_slot_encode(&k->f.rows[from + i], bytes);
        ent_buf_put(ret, bytes, sizeof bytes);
    }
    return ent_buf_check(ret, err);
}

/* Never back: a later generation stays, and of one generation what was destroyed. */
static bool behind(const ent_slot_row *have, const ent_slot_row *given)
{
    return given->generation < have->generation || (given->generation == have->generation && given->state < have->state);
}

/* All are looked at before one is written. */
static ent_code put_rows(keeper *k, ent_cursor *c, ent_err *err)
{
    uint64_t positions[ENT_STANDBY_ROWS];
    size_t count = ent_cursor_left(c) / (8 + ENT_SLOT_SIZE);
    ent_cursor again = *c;
    if (k->f.fd < 0 || ent_cursor_left(c) % (8 + ENT_SLOT_SIZE) || count > ENT_STANDBY_ROWS) return ent_fail(err, ENT_FORMAT, "the standby was given slots of no form");
    for (size_t i = 0; i < count; i++) {
        positions[i] = ent_cursor_u64(c);
        ent_slot_row row = ent_slot_decode(ent_cursor_take(c, ENT_SLOT_SIZE));
        if (positions[i] >= k->f.capacity) return ent_fail(err, ENT_FORMAT, "the standby was given a slot for which it has no place");
        if (row.state == ENT_SLOT_BAD) return ent_fail(err, ENT_DAMAGED, "the standby was given a damaged slot");
        if (behind(&k->f.rows[positions[i]], &row))
            return ent_fail(err, ENT_CONFLICT, "the standby's slot %llu is further along than the node's: the node runs on an older copy", (unsigned long long)positions[i]);
    }
    for (size_t i = 0; i < count; i++) {
        ent_slot_row *row = &k->f.rows[ent_cursor_u64(&again)];
        ent_wipe(row, sizeof *row);
        *row = ent_slot_decode(ent_cursor_take(&again, ENT_SLOT_SIZE));
    }
    return ent_slots_put(&k->f, positions, count, err);
}

static void drop_coming(keeper *k)
{
    if (k->coming) ent_wipe(k->coming, k->coming_capacity * sizeof *k->coming);
    free(k->coming);
    k->coming = NULL;
}

static ent_code begin_copy(keeper *k, ent_cursor *c, ent_err *err)
{
    char path[PATH_MAX];
    uint32_t epoch = ent_cursor_u32(c);
    uint64_t capacity = ent_cursor_u64(c);
    size_t n = ent_cursor_left(c);
    const uint8_t *root = ent_cursor_take(c, n);
    if (!ent_cursor_done(c) || !n || n > 512 || !epoch || !capacity || capacity > ENT_LIMIT_SLOTS) return ent_fail(err, ENT_FORMAT, "the standby was given a copy of no form");
    if (k->f.fd >= 0 && epoch < k->f.epoch) return ent_fail(err, ENT_CONFLICT, "the standby is at epoch %u and was given %u: never back", k->f.epoch, epoch);
    drop_coming(k);
    k->coming = calloc(capacity, sizeof *k->coming);
    if (!k->coming) return ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    k->coming_epoch = epoch;
    k->coming_capacity = capacity;
    ent_slots_root_path(&k->f, epoch, path);
    return ent_disk_replace(path, root, n, 0600, err);
}

static ent_code fill_copy(keeper *k, ent_cursor *c, ent_err *err)
{
    uint64_t from = ent_cursor_u64(c);
    size_t count = ent_cursor_left(c) / ENT_SLOT_SIZE;
    if (!k->coming || ent_cursor_left(c) % ENT_SLOT_SIZE || from > k->coming_capacity || count > k->coming_capacity - from)
        return ent_fail(err, ENT_FORMAT, "the standby was given slots of no copy that it began");
    for (size_t i = 0; i < count; i++) {
        k->coming[from + i] = ent_slot_decode(ent_cursor_take(c, ENT_SLOT_SIZE));
        if (k->coming[from + i].state == ENT_SLOT_BAD) return ent_fail(err, ENT_DAMAGED, "the standby was given a damaged slot");
    }
    return ENT_OK;
}

static ent_code commit_copy(keeper *k, ent_err *err)
{
    if (!k->coming) return ent_fail(err, ENT_FORMAT, "the standby began no copy");
    ent_code code = ENT_OK;
    for (size_t i = 0; i < k->f.capacity && i < k->coming_capacity && code == ENT_OK; i++)
        if (k->f.fd >= 0 && behind(&k->f.rows[i], &k->coming[i])) code = ent_fail(err, ENT_CONFLICT, "the standby's slot %zu is further along than the node's: the node runs on an older copy", i);
    if (code == ENT_OK) code = ent_slots_switch(&k->f, k->coming_epoch, k->coming, k->coming_capacity, err);
    drop_coming(k);
    return code == ENT_OK ? ent_slots_sweep(&k->f, err) : code;
}

/* ---- the ledger ---- */

/* Entries lie here in one row through all years; those that open a shard say so. */
static ent_code see_entries(keeper *k, uint64_t from, const uint8_t *entries, size_t count, ent_err *err)
{
    while (k->shards && k->shard[k->shards - 1].first >= from) k->shards--; /* written once more */
    for (size_t i = 0; i < count; i++) {
        ent_entry e;
        const uint8_t *bytes = entries + i * ENT_ENTRY_SIZE;
        if (bytes[1] != ENT_ENTRY_OPENED || ent_entry_decode(bytes, &e, NULL) != ENT_OK || !ent_shard_year(e.purpose)) continue;
        if (k->shards == ENT_LIMIT_SHARDS) return ent_fail(err, ENT_TOO_LARGE, "a ledger of more than %d years", ENT_LIMIT_SHARDS);
        k->shard[k->shards++] = (ent_shard){.year = ent_shard_year(e.purpose), .first = from + i};
    }
    return ENT_OK;
}

/* Where the shard of a checkpoint begins. Whose it is, is the node's business: the log's name is not looked at. */
static ent_code first_of(const keeper *k, const ent_checkpoint *c, uint64_t *ret_first, ent_err *err)
{
    const char *slash = strrchr(c->origin, '/');
    uint32_t year = slash ? ent_shard_year(slash + 1) : 0;
    size_t i = 0;
    while (i < k->shards && k->shard[i].year != year) i++;
    if (year && i == k->shards) return ent_fail(err, ENT_CONFLICT, "a checkpoint of %s, and no entry opens that year", c->origin);
    *ret_first = year ? k->shard[i].first : 0;
    return ENT_OK;
}

static ent_code append(keeper *k, ent_cursor *c, ent_err *err)
{
    char path[PATH_MAX];
    ent_checkpoint head;
    uint64_t from = ent_cursor_u64(c);
    uint32_t count = ent_cursor_u32(c);
    const uint8_t *entries = count <= ENT_STANDBY_ROWS ? ent_cursor_take(c, (size_t)count * ENT_ENTRY_SIZE) : NULL;
    size_t n = ent_cursor_left(c);
    const char *note = (const char *)ent_cursor_take(c, n);
    if (!ent_cursor_ok(c) || (count && !entries)) return ent_fail(err, ENT_FORMAT, "the standby was given entries of no form");
    if (from > k->written || from < k->first + k->head.size) return ent_fail(err, ENT_CONFLICT, "the standby has %llu ledger entries and was given more from %llu on", (unsigned long long)k->written, (unsigned long long)from);
    if (count) ENT_TRY(ent_disk_write(k->entries, entries, (size_t)count * ENT_ENTRY_SIZE, (off_t)(from * ENT_ENTRY_SIZE), err));
    ENT_TRY(see_entries(k, from, entries, count, err));
    k->written = from + count;
    if (!n) return ENT_OK;
    ENT_TRY(ent_disk_sync(k->entries, err));
    ENT_TRY(ent_checkpoint_parse(note, n, &head, err));
    uint64_t first;
    ENT_TRY(first_of(k, &head, &first, err));
    if (first + head.size != k->written)
        return ent_fail(err, ENT_CONFLICT, "a checkpoint of %llu entries from entry %llu on, and %llu are there", (unsigned long long)head.size, (unsigned long long)first, (unsigned long long)k->written);
    path_of(k, "ledger/checkpoint", path);
    ENT_TRY(ent_disk_replace(path, note, n, 0644, err));
    k->head = head;
    k->first = first;
    return ENT_OK;
}

/* ---- small files ---- */

enum { PART_NAME = 5 + 32, BLOB_NAME = PART_NAME + 5 };

static bool is_aside(const char *name)
{
    size_t len = strlen(name), hex = strspn(name + (len > 5 ? 5 : len), "0123456789abcdef");
    if (strncmp(name, "part-", 5) == 0) return len == PART_NAME && hex == 32;
    return strncmp(name, "blob-", 5) == 0 && len == BLOB_NAME && hex == 32 && name[PART_NAME] == '-' && strspn(name + PART_NAME + 1, "0123456789") == 4;
}

/* With its pieces. The row goes last: cut short, the next drop or a restore finds it again. */
static ent_code drop_aside(keeper *k, const char *part, ent_err *err)
{
    char folder[PATH_MAX], path[PATH_MAX + 300];
    path_of(k, "aside", folder);
    DIR *d = opendir(folder);
    ent_code code = d ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", folder, strerror(errno));
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));) {
        if (strncmp(e->d_name, "blob-", 5) != 0 || strncmp(e->d_name + 5, part + 5, 32) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        code = ent_disk_shred(path, err);
    }
    if (d) closedir(d);
    snprintf(path, sizeof path, "%s/%s", folder, part);
    if (code != ENT_OK || access(path, F_OK) != 0) return code;
    return ent_disk_shred(path, err);
}

static ent_code take_file(keeper *k, ent_cursor *c, ent_err *err)
{
    static const char *const known[] = {"identity.key", "tls.key", "tls.crt", "node.yaml", "card.serial"};
    char name[64], relative[80], path[PATH_MAX];
    size_t len = ent_cursor_u8(c);
    const uint8_t *text = len < sizeof name ? ent_cursor_take(c, len) : NULL;
    bool fits = false;
    if (!text) return ent_fail(err, ENT_FORMAT, "the standby was given a file without a name");
    memcpy(name, text, len);
    name[len] = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) fits |= strcmp(name, known[i]) == 0;
    bool aside = is_aside(name);
    if (!fits && !aside) return ent_fail(err, ENT_FORMAT, "the standby keeps no file of the name that it was given");
    size_t n = ent_cursor_left(c);
    if (aside && !n && *name == 'p') return drop_aside(k, name, err);
    snprintf(relative, sizeof relative, "%s/%s", aside ? "aside" : "node", name);
    path_of(k, relative, path);
    return ent_disk_replace(path, n ? ent_cursor_take(c, n) : (const uint8_t *)"", n, 0600, err);
}

/* ---- the loop ---- */

static ent_code apply(keeper *k, uint8_t op, const ent_buf *in, ent_buf *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(in->data, in->len);
    switch ((ent_standby_op)op) {
    case ENT_STANDBY_STATE: return tell_state(k, ret, err);
    case ENT_STANDBY_READ: return read_rows(k, &c, ret, err);
    case ENT_STANDBY_PUT: return put_rows(k, &c, err);
    case ENT_STANDBY_BEGIN: return begin_copy(k, &c, err);
    case ENT_STANDBY_FILL: return fill_copy(k, &c, err);
    case ENT_STANDBY_COMMIT: return commit_copy(k, err);
    case ENT_STANDBY_APPEND: return append(k, &c, err);
    case ENT_STANDBY_FILE: return take_file(k, &c, err);
    }
    return ent_fail(err, ENT_UNSUPPORTED, "the standby does not know the question %u: is it of the same version?", op);
}

/* A failed sync ends the keeper: nobody knows what is on the disk. */
static ent_code serve(keeper *k, int in, int out, ent_err *err)
{
    for (;;) {
        uint8_t op;
        bool end = false;
        ent_err fault = {0};
        ENT_AUTO_BUF q = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
        ENT_AUTO_BUF answer = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
        ent_code code = ent_standby_receive(in, &op, &q, &end, err);
        if (code != ENT_OK) return end ? ENT_OK : code;
        code = apply(k, op, &q, &answer, &fault);
        if (code != ENT_OK) {
            ent_buf_clear(&answer);
            ent_buf_str(&answer, fault.detail);
        }
        ENT_TRY(ent_standby_send(out, (uint8_t)code, &answer, err));
        if (code == ENT_IO) return ent_fail(err, ENT_IO, "%s", fault.detail);
    }
}

static ent_code make_folders(const keeper *k, ent_err *err)
{
    static const char *const names[] = {"", "keys", "ledger", "node", "aside"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        path_of(k, names[i], path);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    }
    return ENT_OK;
}

static ent_code take_lock(keeper *k, ent_err *err)
{
    char path[PATH_MAX];
    path_of(k, "lock", path);
    k->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (k->lock < 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    for (int tries = 0; tries < 50; tries++) { /* the keeper of a node that was just ended may be about to end */
        if (flock(k->lock, LOCK_EX | LOCK_NB) == 0) return ENT_OK;
        usleep(100000);
    }
    return ent_fail(err, ENT_BUSY, "another keeper is at work in %s: only one node may have it", k->folder);
}

static ent_code find_shards(keeper *k, uint64_t count, ent_err *err)
{
    uint8_t *block = malloc((size_t)ENT_STANDBY_ROWS * ENT_ENTRY_SIZE);
    ent_code code = block ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (uint64_t at = 0; at < count && code == ENT_OK; at += ENT_STANDBY_ROWS) {
        size_t n = count - at < ENT_STANDBY_ROWS ? (size_t)(count - at) : ENT_STANDBY_ROWS;
        code = ent_disk_read(k->entries, block, n * ENT_ENTRY_SIZE, (off_t)(at * ENT_ENTRY_SIZE), err);
        if (code == ENT_OK) code = see_entries(k, at, block, n, err);
    }
    free(block);
    return code;
}

static ent_code open_ledger(keeper *k, ent_err *err)
{
    char path[PATH_MAX];
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    struct stat st;
    path_of(k, "ledger/entries", path);
    k->entries = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (k->entries < 0 || fstat(k->entries, &st) != 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    path_of(k, "ledger/checkpoint", path);
    ent_code code = ent_disk_load(path, &note, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code == ENT_OK) code = ent_checkpoint_parse((char *)note.data, note.len, &k->head, err);
    if (code == ENT_OK) code = find_shards(k, (uint64_t)st.st_size / ENT_ENTRY_SIZE, err);
    if (code == ENT_OK) code = first_of(k, &k->head, &k->first, err);
    k->written = k->first + k->head.size;
    if (code == ENT_OK && (uint64_t)st.st_size / ENT_ENTRY_SIZE < k->written) code = ent_fail(err, ENT_DAMAGED, "the standby's ledger is shorter than its checkpoint says");
    return code;
}

static ent_code open_all(keeper *k, ent_err *err)
{
    ENT_TRY(make_folders(k, err));
    ENT_TRY(take_lock(k, err));
    snprintf(k->f.folder, sizeof k->f.folder, "%s/keys", k->folder);
    ent_code code = ent_slots_open(&k->f, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    if (code == ENT_OK) ENT_TRY(ent_slots_sweep(&k->f, err));
    return open_ledger(k, err);
}

ent_code ent_standby_keep(const char *folder, int in, int out, ent_err *err)
{
    keeper *k = calloc(1, sizeof *k);
    if (!k) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    k->lock = k->entries = k->f.fd = -1;
    bool fits = snprintf(k->folder, sizeof k->folder, "%s", folder) < (int)sizeof k->folder - 64;
    ent_code code = fits ? open_all(k, err) : ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (code == ENT_OK) code = serve(k, in, out, err);
    drop_coming(k);
    ent_slots_close(&k->f);
    if (k->entries >= 0) close(k->entries);
    if (k->lock >= 0) close(k->lock);
    free(k);
    return code;
}
