#include "adapter/file/slots.h"

#include "adapter/file/disk.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "crypto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

/* ---- bytes ---- */

void ent_slot_encode(const ent_slot_row *s, uint8_t ret_bytes[ENT_SLOT_SIZE])
{
    ENT_AUTO_BUF b = ENT_BUF(ENT_SLOT_SIZE);
    uint8_t digest[32];
    if (s->state == ENT_SLOT_FREE) {
        memset(ret_bytes, 0, ENT_SLOT_SIZE);
        return;
    }
    ent_buf_u32(&b, s->state);
    ent_buf_u32(&b, s->epoch);
    ent_buf_u64(&b, s->generation);
    ent_buf_put(&b, s->box, sizeof s->box);
    ent_buf_zero(&b, ENT_SLOT_SIZE - 8 - b.len);
    ent_sha256(b.data, b.len, digest);
    ent_buf_put(&b, digest, 8);
    ENT_INVARIANT(b.len == ENT_SLOT_SIZE);
    memcpy(ret_bytes, b.data, ENT_SLOT_SIZE);
}

static bool all_zero(const uint8_t *p, size_t n)
{
    while (n && !*p) p++, n--;
    return n == 0;
}

ent_slot_row ent_slot_decode(const uint8_t bytes[ENT_SLOT_SIZE])
{
    ent_slot_row s = {0};
    uint8_t digest[32];
    if (all_zero(bytes, ENT_SLOT_SIZE)) return s;
    ent_cursor c = ENT_CURSOR(bytes, ENT_SLOT_SIZE);
    uint32_t state = ent_cursor_u32(&c);
    s.epoch = ent_cursor_u32(&c);
    s.generation = (uint32_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, s.box, sizeof s.box);
    ent_sha256(bytes, ENT_SLOT_SIZE - 8, digest);
    s.state = memcmp(digest, bytes + ENT_SLOT_SIZE - 8, 8) == 0 && state <= ENT_SLOT_DESTROYED ? (uint8_t)state : ENT_SLOT_BAD;
    return s;
}

ent_slot_row ent_slot_choose(const ent_slot_row *a, const ent_slot_row *b, bool *ret_mend)
{
    *ret_mend = a->state != b->state || a->generation != b->generation || memcmp(a->box, b->box, sizeof a->box) != 0;
    if (a->state == ENT_SLOT_BAD) return *b;
    if (b->state == ENT_SLOT_BAD) return *a;
    if (a->generation != b->generation) return a->generation > b->generation ? *a : *b;
    return a->state >= b->state ? *a : *b;
}

static void header(uint32_t epoch, size_t capacity, uint8_t ret_bytes[PAGE])
{
    ENT_AUTO_BUF b = ENT_BUF(PAGE);
    uint8_t digest[32];
    ent_buf_str(&b, "ententeslots1\n");
    ent_buf_u32(&b, epoch);
    ent_buf_u64(&b, capacity);
    ent_sha256(b.data, b.len, digest);
    ent_buf_put(&b, digest, 32);
    ent_buf_zero(&b, PAGE - b.len);
    memcpy(ret_bytes, b.data, PAGE);
}

static off_t place(size_t capacity, size_t position, int copy) { return (off_t)(PAGE + ((size_t)copy * capacity + position) * ENT_SLOT_SIZE); }

void ent_slots_digest(const ent_slot_file *f, uint8_t ret_digest[32])
{
    uint8_t bytes[32 + ENT_SLOT_SIZE];
    uint8_t page[PAGE];
    header(f->epoch, f->capacity, page);
    ent_sha256(page, PAGE, bytes);
    for (size_t i = 0; i < f->capacity; i++) {
        if (f->rows[i].state == ENT_SLOT_FREE) continue;
        uint8_t at[8];
        for (int k = 0; k < 8; k++) at[k] = (uint8_t)((uint64_t)i >> (56 - 8 * k));
        ent_slot_encode(&f->rows[i], bytes + 32);
        ent_sha256_parts((ent_bytes[]){ENT_BYTES(at, 8), ENT_BYTES(bytes, sizeof bytes)}, 2, bytes);
    }
    memcpy(ret_digest, bytes, 32);
}

/* ---- the file ---- */

ent_code ent_slots_put(ent_slot_file *f, const uint64_t *positions, size_t count, ent_err *err)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[ENT_SLOT_SIZE];
        ent_slot_encode(&f->rows[positions[i]], bytes);
        for (int copy = 0; copy < 2; copy++) ENT_TRY(ent_disk_write(f->fd, bytes, ENT_SLOT_SIZE, place(f->capacity, positions[i], copy), err));
    }
    return ent_disk_sync(f->fd, err);
}

static ent_code write_file(int fd, uint32_t epoch, const ent_slot_row *rows, size_t capacity, ent_err *err)
{
    uint8_t page[PAGE], bytes[ENT_SLOT_SIZE];
    if (posix_fallocate(fd, 0, (off_t)(PAGE + 2 * capacity * ENT_SLOT_SIZE)) != 0) return ent_fail(err, ENT_NO_SPACE, "no space for %zu key slots", capacity);
    header(epoch, capacity, page);
    ENT_TRY(ent_disk_write(fd, page, PAGE, 0, err));
    for (size_t i = 0; rows && i < capacity; i++) {
        if (rows[i].state == ENT_SLOT_FREE) continue;
        ent_slot_encode(&rows[i], bytes);
        for (int copy = 0; copy < 2; copy++) ENT_TRY(ent_disk_write(fd, bytes, ENT_SLOT_SIZE, place(capacity, i, copy), err));
    }
    return ent_disk_sync(fd, err);
}

/* The new file beside takes the name; the old one keeps one of its own until it was overwritten, so that a kill between
 * leaves something that the next sweep finds. */
static ent_code take_name(const char *beside, const char *path, const char *old, ent_err *err)
{
    if (link(path, old) != 0 && errno != ENOENT) return ent_fail(err, ENT_IO, "%s: %s", old, strerror(errno));
    if (rename(beside, path) != 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    return ent_disk_sync_folder(path, err);
}

ent_code ent_slots_switch(ent_slot_file *f, uint32_t epoch, const ent_slot_row *rows, size_t capacity, ent_err *err)
{
    char path[PATH_MAX], beside[PATH_MAX], old[PATH_MAX];
    snprintf(path, sizeof path, "%s/slots", f->folder);
    snprintf(beside, sizeof beside, "%s/slots.new", f->folder);
    snprintf(old, sizeof old, "%s/slots.old", f->folder);
    ent_slot_row *fresh = calloc(capacity, sizeof *fresh);
    if (!fresh) return ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    if (rows) memcpy(fresh, rows, capacity * sizeof *fresh);
    int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ent_code code = fd >= 0 ? write_file(fd, epoch, rows, capacity, err) : ent_fail(err, ENT_IO, "%s: %s", beside, strerror(errno));
    if (code == ENT_OK) code = take_name(beside, path, old, err);
    if (code != ENT_OK) {
        if (fd >= 0) close(fd);
        (void)!ent_disk_shred(beside, NULL);
        free(fresh);
        return code;
    }
    if (f->fd >= 0) close(f->fd);
    if (f->rows) ent_wipe(f->rows, f->capacity * sizeof *f->rows);
    free(f->rows);
    f->fd = fd, f->epoch = epoch, f->capacity = capacity, f->rows = fresh;
    return ent_disk_shred(old, err);
}

static ent_code read_header(ent_slot_file *f, ent_err *err)
{
    uint8_t page[PAGE], again[PAGE];
    ENT_TRY(ent_disk_read(f->fd, page, PAGE, 0, err));
    ent_cursor c = ENT_CURSOR(page, PAGE);
    ent_cursor_take(&c, 14);
    f->epoch = ent_cursor_u32(&c);
    uint64_t capacity = ent_cursor_u64(&c);
    header(f->epoch, capacity, again);
    if (memcmp(page, again, PAGE) != 0 || capacity < 1 || capacity > ENT_LIMIT_SLOTS) return ent_fail(err, ENT_DAMAGED, "the key slots' header is damaged");
    f->capacity = capacity;
    return ENT_OK;
}

static ent_code read_rows(ent_slot_file *f, ent_err *err)
{
    f->rows = calloc(f->capacity, sizeof *f->rows);
    uint8_t *bytes = malloc(2 * f->capacity * ENT_SLOT_SIZE);
    ent_code code = f->rows && bytes ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    if (code == ENT_OK) code = ent_disk_read(f->fd, bytes, 2 * f->capacity * ENT_SLOT_SIZE, PAGE, err);
    for (size_t i = 0; i < f->capacity && code == ENT_OK; i++) {
        ent_slot_row a = ent_slot_decode(bytes + i * ENT_SLOT_SIZE), b = ent_slot_decode(bytes + (f->capacity + i) * ENT_SLOT_SIZE);
        bool mend;
        f->rows[i] = ent_slot_choose(&a, &b, &mend);
        if (mend && f->rows[i].state != ENT_SLOT_BAD) code = ent_slots_put(f, &(uint64_t){i}, 1, err);
    }
    free(bytes);
    return code;
}

ent_code ent_slots_open(ent_slot_file *f, ent_err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/slots", f->folder);
    f->fd = open(path, O_RDWR | O_CLOEXEC);
    if (f->fd < 0) return ent_fail(err, errno == ENOENT ? ENT_NOT_FOUND : ENT_IO, "%s: %s", path, strerror(errno));
    ENT_TRY(read_header(f, err));
    return read_rows(f, err);
}

void ent_slots_close(ent_slot_file *f)
{
    if (f->fd >= 0) close(f->fd);
    if (f->rows) ent_wipe(f->rows, f->capacity * sizeof *f->rows);
    free(f->rows);
    f->fd = -1;
    f->rows = NULL;
}

void ent_slots_root_path(const ent_slot_file *f, uint32_t epoch, char ret_path[PATH_MAX])
{
    snprintf(ret_path, PATH_MAX, "%s/root.%" PRIu32, f->folder, epoch);
}

/* Killed before the rename, the old file still has both names: then only the second goes. */
static ent_code sweep_one(const ent_slot_file *f, const char *path, ent_err *err)
{
    struct stat is, now;
    bool same = stat(path, &is) == 0 && fstat(f->fd, &now) == 0 && is.st_ino == now.st_ino && is.st_dev == now.st_dev;
    if (!same) return ent_disk_shred(path, err);
    return unlink(path) == 0 ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
}

ent_code ent_slots_sweep(const ent_slot_file *f, ent_err *err)
{
    char path[PATH_MAX], name[64];
    snprintf(name, sizeof name, "root.%" PRIu32, f->epoch);
    DIR *d = opendir(f->folder);
    if (!d) return ent_fail(err, ENT_IO, "%s: %s", f->folder, strerror(errno));
    ent_code code = ENT_OK;
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));) {
        bool stale = strncmp(e->d_name, "slots.", 6) == 0 || (strncmp(e->d_name, "root.", 5) == 0 && strcmp(e->d_name, name) != 0);
        if (!stale || snprintf(path, sizeof path, "%s/%s", f->folder, e->d_name) >= (int)sizeof path) continue;
        code = sweep_one(f, path, err);
    }
    closedir(d);
    return code;
}
