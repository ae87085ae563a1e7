/* The slot file. A header of one page, then copy A of all slots, then copy B; a slot is 128 bytes:
 *
 *     0 state  4 epoch  8 generation  16 box (nonce; binding and key; tag: 92)  zeros  120 checksum (8 bytes of SHA-256)
 *
 * A slot's number is its generation and its position, so that a place is used again and a number never. Of two copies
 * that differ, the later generation counts, and within one generation "destroyed" wins over "live": a destruction that was
 * begun is finished. */
#include "adapter/file/disk.h"
#include "adapter/file/file.h"

#include "base/check.h"
#include "base/cursor.h"
#include "crypto/hash.h"
#include "crypto/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define SLOT 128
#define BOX (64 + ENT_SEAL_OVERHEAD)
#define CHUNK 4096 /* slots a file begins with; it doubles by being written anew */

enum { FREE = 0, LIVE = 1, DESTROYED = 2, BAD = 255 };

typedef struct slot {
    uint8_t state;
    uint32_t epoch, generation;
    uint8_t box[BOX];
} slot;

typedef struct file_keys {
    pthread_mutex_t lock;
    char folder[PATH_MAX - 64];
    ent_random random;
    int fd;
    uint32_t epoch;
    ent_key32 root;
    slot *slots;
    size_t capacity;
    size_t next_free; /* nothing below it is free */
    bool broken;
} file_keys;

/* ---- bytes ---- */

static void write_slot(const slot *s, uint8_t ret_bytes[SLOT])
{
    ENT_AUTO_BUF b = ENT_BUF(SLOT);
    uint8_t digest[32];
    ent_buf_u32(&b, s->state);
    ent_buf_u32(&b, s->epoch);
    ent_buf_u64(&b, s->generation);
    ent_buf_put(&b, s->box, sizeof s->box);
    ent_buf_zero(&b, SLOT - 8 - b.len);
    ent_sha256(b.data, b.len, digest);
    ent_buf_put(&b, digest, 8);
    ENT_INVARIANT(b.len == SLOT);
    memcpy(ret_bytes, b.data, SLOT);
}

static bool all_zero(const uint8_t *p, size_t n)
{
    while (n && !*p) p++, n--;
    return n == 0;
}

static slot read_slot(const uint8_t bytes[SLOT])
{
    slot s = {0};
    uint8_t digest[32];
    if (all_zero(bytes, SLOT)) return s;
    ent_cursor c = ENT_CURSOR(bytes, SLOT);
    uint32_t state = ent_cursor_u32(&c);
    s.epoch = ent_cursor_u32(&c);
    s.generation = (uint32_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, s.box, sizeof s.box);
    ent_sha256(bytes, SLOT - 8, digest);
    s.state = memcmp(digest, bytes + SLOT - 8, 8) == 0 && state <= DESTROYED ? (uint8_t)state : BAD;
    return s;
}

/* Which of two copies counts; *ret_mend: the other must be written over. */
static slot choose(const slot *a, const slot *b, bool *ret_mend)
{
    *ret_mend = a->state != b->state || a->generation != b->generation || memcmp(a->box, b->box, sizeof a->box) != 0;
    if (a->state == BAD) return *b;
    if (b->state == BAD) return *a;
    if (a->generation != b->generation) return a->generation > b->generation ? *a : *b;
    return a->state >= b->state ? *a : *b;
}

static off_t place(const file_keys *k, size_t position, int copy)
{
    return (off_t)(PAGE + ((size_t)copy * k->capacity + position) * SLOT);
}

static ent_code put_slot(file_keys *k, size_t position, ent_err *err)
{
    uint8_t bytes[SLOT];
    write_slot(&k->slots[position], bytes);
    for (int copy = 0; copy < 2; copy++) ENT_TRY(ent_disk_write(k->fd, bytes, SLOT, place(k, position, copy), err));
    return ent_disk_sync(k->fd, err);
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

/* ---- the port ---- */

/* Where a box lies is bound into it, so that none can be moved to another place. */
static void associated(size_t position, uint32_t generation, uint8_t ret[16])
{
    for (int i = 0; i < 8; i++) {
        ret[i] = (uint8_t)((uint64_t)position >> (56 - 8 * i));
        ret[8 + i] = (uint8_t)((uint64_t)generation >> (56 - 8 * i));
    }
}

static ent_code stop_writing(file_keys *k, ent_code code)
{
    if (code == ENT_IO) k->broken = true;
    return code;
}

/* content: the record's binding, then the key. */
static ent_code wrap(file_keys *k, const ent_key32 *root, size_t position, uint32_t generation, const uint8_t content[64],
                     uint8_t ret_box[BOX], ent_err *err)
{
    uint8_t nonce[12], ad[16];
    ENT_AUTO_BUF box = ENT_BUF(BOX);
    k->random.fill(k->random.self, nonce, sizeof nonce);
    associated(position, generation, ad);
    ENT_TRY(ent_seal(root, nonce, ENT_BYTES(ad, sizeof ad), ENT_BYTES(content, 64), &box, err));
    memcpy(ret_box, box.data, BOX);
    return ENT_OK;
}

/* Appends the 64 bytes. */
static ent_code unwrap(const ent_key32 *root, size_t position, const slot *s, ent_buf *ret_content, ent_err *err)
{
    uint8_t ad[16];
    associated(position, s->generation, ad);
    return ent_unseal(root, ENT_BYTES(ad, sizeof ad), ENT_BYTES(s->box, BOX), ret_content, err);
}

static ent_code grow(file_keys *k, ent_err *err);

static ent_code new_locked(file_keys *k, const uint8_t binding[32], ent_slot *ret_slot, ent_key32 *ret_key, ent_err *err)
{
    if (k->broken) return ent_fail(err, ENT_IO, "the key slots stopped writing after a failed sync; restart the node");
    while (k->next_free < k->capacity && (k->slots[k->next_free].state == LIVE || k->slots[k->next_free].state == BAD)) k->next_free++;
    if (k->next_free == k->capacity) ENT_TRY(grow(k, err));
    size_t at = k->next_free;
    slot old = k->slots[at], fresh = {.state = LIVE, .epoch = k->epoch, .generation = old.generation + 1};
    uint8_t content[64];
    ENT_WIPED_KEY key;
    k->random.fill(k->random.self, key.b, sizeof key.b);
    memcpy(content, binding, 32);
    memcpy(content + 32, key.b, 32);
    ent_code code = wrap(k, &k->root, at, fresh.generation, content, fresh.box, err);
    ent_wipe(content, sizeof content);
    if (code != ENT_OK) return code;
    k->slots[at] = fresh;
    code = put_slot(k, at, err);
    if (code != ENT_OK) {
        k->slots[at] = old;
        return stop_writing(k, code);
    }
    ret_slot->number = (uint64_t)fresh.generation << 32 | at;
    *ret_key = key;
    return ENT_OK;
}

static ent_code new_slot(void *self, const uint8_t binding[32], ent_slot *ret_slot, ent_key32 *ret_key, ent_err *err)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = new_locked(k, binding, ret_slot, ret_key, err);
    pthread_mutex_unlock(&k->lock);
    return code;
}

static ent_code get_locked(file_keys *k, ent_slot which, const uint8_t binding[32], ent_key32 *ret_key, ent_err *err)
{
    size_t at = (size_t)(which.number & 0xffffffffu);
    uint32_t generation = (uint32_t)(which.number >> 32);
    if (at >= k->capacity || k->slots[at].generation < generation) {
        if (at < k->capacity && k->slots[at].state == BAD) return ent_fail(err, ENT_DAMAGED, "key slot %zu is damaged in both copies", at);
        return ent_fail(err, ENT_NOT_FOUND, "there is no key slot %" PRIu64, which.number);
    }
    if (k->slots[at].state == BAD) return ent_fail(err, ENT_DAMAGED, "key slot %zu is damaged in both copies", at);
    if (k->slots[at].generation > generation || k->slots[at].state != LIVE) return ent_fail(err, ENT_GONE, "this key was destroyed");
    ENT_AUTO_BUF plain = ENT_BUF(64);
    if (unwrap(&k->root, at, &k->slots[at], &plain, NULL) != ENT_OK)
        return ent_fail(err, ENT_DAMAGED, "key slot %zu does not open under this root key", at);
    if (!ent_equal(plain.data, binding, 32)) return ent_fail(err, ENT_NOT_FOUND, "key slot %zu belongs to another record", at);
    memcpy(ret_key->b, plain.data + 32, 32);
    return ENT_OK;
}

static ent_code get(void *self, ent_slot which, const uint8_t binding[32], ent_key32 *ret_key, ent_err *err)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = get_locked(k, which, binding, ret_key, err);
    pthread_mutex_unlock(&k->lock);
    return code;
}

static ent_code destroy_locked(file_keys *k, ent_slot which, ent_err *err)
{
    size_t at = (size_t)(which.number & 0xffffffffu);
    if (at >= k->capacity || k->slots[at].generation != (uint32_t)(which.number >> 32) || k->slots[at].state != LIVE) return ENT_OK;
    if (k->broken) return ent_fail(err, ENT_IO, "the key slots stopped writing after a failed sync; restart the node");
    slot gone = {.state = DESTROYED, .epoch = k->slots[at].epoch, .generation = k->slots[at].generation};
    ent_wipe(&k->slots[at], sizeof k->slots[at]);
    k->slots[at] = gone;
    if (at < k->next_free) k->next_free = at;
    return stop_writing(k, put_slot(k, at, err));
}

static ent_code destroy(void *self, ent_slot which, ent_err *err)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = destroy_locked(k, which, err);
    pthread_mutex_unlock(&k->lock);
    return code;
}

static uint32_t epoch(void *self)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    uint32_t e = k->epoch;
    pthread_mutex_unlock(&k->lock);
    return e;
}

static void close_keys(void *self)
{
    file_keys *k = self;
    if (!k) return;
    if (k->fd >= 0) close(k->fd);
    if (k->slots) ent_wipe(k->slots, k->capacity * sizeof *k->slots);
    free(k->slots);
    ent_key32_wipe(&k->root);
    free(k);
}

/* ---- writing the file anew: growth, and the end of an epoch ---- */

static void root_path(const file_keys *k, uint32_t epoch, char ret_path[PATH_MAX])
{
    snprintf(ret_path, PATH_MAX, "%s/root.%" PRIu32, k->folder, epoch);
}

static ent_code write_file(file_keys *k, int fd, uint32_t epoch, const slot *slots, size_t count, size_t capacity, ent_err *err)
{
    uint8_t page[PAGE], bytes[SLOT];
    size_t was = k->capacity;
    if (posix_fallocate(fd, 0, (off_t)(PAGE + 2 * capacity * SLOT)) != 0) return ent_fail(err, ENT_NO_SPACE, "no space for %zu key slots", capacity);
    header(epoch, capacity, page);
    ENT_TRY(ent_disk_write(fd, page, PAGE, 0, err));
    k->capacity = capacity; /* for place() */
    ent_code code = ENT_OK;
    for (size_t i = 0; i < count && code == ENT_OK; i++) {
        if (slots[i].state == FREE) continue;
        write_slot(&slots[i], bytes);
        for (int copy = 0; copy < 2 && code == ENT_OK; copy++) code = ent_disk_write(fd, bytes, SLOT, place(k, i, copy), err);
    }
    k->capacity = was;
    return code == ENT_OK ? ent_disk_sync(fd, err) : code;
}

/* The rename is the moment: before it the old file counts, after it the new. */
static ent_code switch_to(file_keys *k, uint32_t new_epoch, const slot *slots, size_t count, size_t capacity, ent_err *err)
{
    char path[PATH_MAX], beside[PATH_MAX];
    snprintf(path, sizeof path, "%s/slots", k->folder);
    snprintf(beside, sizeof beside, "%s/slots.new", k->folder);
    int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return ent_fail(err, ENT_IO, "%s: %s", beside, strerror(errno));
    ent_code code = write_file(k, fd, new_epoch, slots, count, capacity, err);
    if (code == ENT_OK && rename(beside, path) != 0) code = ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    if (code != ENT_OK) {
        close(fd);
        unlink(beside);
        return code;
    }
    if (k->fd >= 0) { /* what the old file held is overwritten where it lay */
        static const uint8_t zeros[PAGE];
        for (size_t at = 0; at < PAGE + 2 * k->capacity * SLOT; at += PAGE)
            if (ent_disk_write(k->fd, zeros, PAGE, (off_t)at, NULL) != ENT_OK) break;
        (void)!fdatasync(k->fd);
        close(k->fd);
    }
    k->fd = fd;
    return ent_disk_sync_folder(path, err);
}

static ent_code grow(file_keys *k, ent_err *err)
{
    size_t capacity = k->capacity * 2;
    slot *slots = calloc(capacity, sizeof *slots);
    if (!slots) return ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    memcpy(slots, k->slots, k->capacity * sizeof *slots);
    ent_code code = switch_to(k, k->epoch, slots, k->capacity, capacity, err);
    if (code != ENT_OK) {
        free(slots);
        return code;
    }
    ent_wipe(k->slots, k->capacity * sizeof *k->slots);
    free(k->slots);
    k->slots = slots;
    k->capacity = capacity;
    return ENT_OK;
}

/* Slots of the old epoch under the new root. Destroyed ones keep their generation, nothing else. */
static ent_code rewrap(file_keys *k, const ent_key32 *fresh_root, slot *ret_slots, ent_err *err)
{
    for (size_t i = 0; i < k->capacity; i++) {
        const slot *s = &k->slots[i];
        ret_slots[i] = *s;
        if (s->state != LIVE) continue;
        ENT_AUTO_BUF content = ENT_BUF(64);
        ent_code code = unwrap(&k->root, i, s, &content, NULL);
        if (code != ENT_OK) return ent_fail(err, ENT_DAMAGED, "key slot %zu does not open: the epoch cannot end before it is repaired", i);
        ret_slots[i].epoch = k->epoch + 1;
        ENT_TRY(wrap(k, fresh_root, i, s->generation, content.data, ret_slots[i].box, err));
    }
    return ENT_OK;
}

static ent_code end_epoch_with(file_keys *k, slot *slots, ent_err *err)
{
    char old_path[PATH_MAX], new_path[PATH_MAX];
    ENT_WIPED_KEY root;
    k->random.fill(k->random.self, root.b, sizeof root.b);
    ENT_TRY(rewrap(k, &root, slots, err));
    root_path(k, k->epoch, old_path);
    root_path(k, k->epoch + 1, new_path);
    ENT_TRY(ent_disk_replace(new_path, root.b, sizeof root.b, 0600, err));
    ENT_TRY(switch_to(k, k->epoch + 1, slots, k->capacity, k->capacity, err));
    memcpy(k->slots, slots, k->capacity * sizeof *slots);
    k->root = root;
    k->epoch++;
    return ent_disk_shred(old_path, err);
}

static ent_code end_epoch(void *self, uint32_t *ret_epoch, ent_err *err)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    slot *slots = calloc(k->capacity, sizeof *slots);
    ent_code code = slots ? end_epoch_with(k, slots, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    if (slots) ent_wipe(slots, k->capacity * sizeof *slots);
    free(slots);
    if (code == ENT_OK) *ret_epoch = k->epoch;
    pthread_mutex_unlock(&k->lock);
    return code;
}

/* ---- opening ---- */

static ent_code read_header(file_keys *k, ent_err *err)
{
    uint8_t page[PAGE], again[PAGE];
    ENT_TRY(ent_disk_read(k->fd, page, PAGE, 0, err));
    ent_cursor c = ENT_CURSOR(page, PAGE);
    ent_cursor_take(&c, 14);
    k->epoch = ent_cursor_u32(&c);
    uint64_t capacity = ent_cursor_u64(&c);
    header(k->epoch, capacity, again);
    if (memcmp(page, again, PAGE) != 0 || capacity < 1 || capacity > 1u << 31) return ent_fail(err, ENT_DAMAGED, "the key slots' header is damaged");
    k->capacity = capacity;
    return ENT_OK;
}

static ent_code read_slots(file_keys *k, ent_err *err)
{
    k->slots = calloc(k->capacity, sizeof *k->slots);
    uint8_t *bytes = malloc(2 * k->capacity * SLOT);
    ent_code code = k->slots && bytes ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    if (code == ENT_OK) code = ent_disk_read(k->fd, bytes, 2 * k->capacity * SLOT, PAGE, err);
    for (size_t i = 0; i < k->capacity && code == ENT_OK; i++) {
        slot a = read_slot(bytes + i * SLOT), b = read_slot(bytes + (k->capacity + i) * SLOT);
        bool mend;
        k->slots[i] = choose(&a, &b, &mend);
        if (mend && k->slots[i].state != BAD) code = put_slot(k, i, err);
    }
    free(bytes);
    return code;
}

/* Leftovers of an epoch's end or a growth that was cut short: files that the header does not name. */
static ent_code sweep(file_keys *k, ent_err *err)
{
    char path[PATH_MAX], name[64];
    snprintf(name, sizeof name, "root.%" PRIu32, k->epoch);
    DIR *d = opendir(k->folder);
    if (!d) return ent_fail(err, ENT_IO, "%s: %s", k->folder, strerror(errno));
    ent_code code = ENT_OK;
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));) {
        bool stale = strcmp(e->d_name, "slots.new") == 0 || (strncmp(e->d_name, "root.", 5) == 0 && strcmp(e->d_name, name) != 0);
        if (!stale || snprintf(path, sizeof path, "%s/%s", k->folder, e->d_name) >= (int)sizeof path) continue;
        code = ent_disk_shred(path, err);
    }
    closedir(d);
    return code;
}

static ent_code load_root(file_keys *k, ent_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    root_path(k, k->epoch, path);
    if (stat(path, &st) == 0 && (st.st_mode & 077)) return ent_fail(err, ENT_DENIED, "%s may be read by others: chmod 600 it", path);
    ENT_AUTO_BUF root = ENT_BUF(64);
    ent_code code = ent_disk_load(path, &root, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_DAMAGED, "the root key %s is missing: without it no record can be read", path);
    if (code != ENT_OK) return code;
    if (root.len != 32) return ent_fail(err, ENT_DAMAGED, "the root key %s must have 32 bytes", path);
    memcpy(k->root.b, root.data, 32);
    for (size_t i = 0; i < k->capacity; i++) {
        if (k->slots[i].state != LIVE) continue;
        ENT_AUTO_BUF content = ENT_BUF(64);
        if (unwrap(&k->root, i, &k->slots[i], &content, NULL) == ENT_OK) return ENT_OK;
        return ent_fail(err, ENT_DAMAGED, "the root key %s does not fit the key slots", path);
    }
    return ENT_OK;
}

static ent_code create_files(file_keys *k, ent_err *err)
{
    char path[PATH_MAX];
    ENT_WIPED_KEY root;
    k->random.fill(k->random.self, root.b, sizeof root.b);
    root_path(k, 1, path);
    ENT_TRY(ent_disk_replace(path, root.b, sizeof root.b, 0600, err));
    return switch_to(k, 1, NULL, 0, CHUNK, err);
}

static ent_code open_files(file_keys *k, bool create, ent_err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/slots", k->folder);
    if (access(path, F_OK) != 0) {
        if (!create) return ent_fail(err, ENT_NOT_FOUND, "%s is not there", path);
        ENT_TRY(create_files(k, err));
    } else {
        k->fd = open(path, O_RDWR | O_CLOEXEC);
        if (k->fd < 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    }
    ENT_TRY(read_header(k, err));
    ENT_TRY(read_slots(k, err));
    ENT_TRY(load_root(k, err));
    return sweep(k, err);
}

ent_code ent_file_keys(const char *folder, bool create, ent_random random, ent_keys *ret_keys, ent_err *err)
{
    file_keys *k = calloc(1, sizeof *k);
    if (!k) return ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    pthread_mutex_init(&k->lock, NULL);
    snprintf(k->folder, sizeof k->folder, "%s", folder);
    k->random = random;
    k->fd = -1;
    ent_code code = open_files(k, create, err);
    if (code != ENT_OK) {
        close_keys(k);
        return code;
    }
    *ret_keys = (ent_keys){.self = k, .new_slot = new_slot, .get = get, .destroy = destroy, .end_epoch = end_epoch,
                           .epoch = epoch, .close = close_keys};
    return ENT_OK;
}
