/* What lies in the slots: a record's binding and its key, sealed under the key of the epoch (slots.h has the file). The epoch's key
 * lies in root.EPOCH, in clear (mode 0600) or wrapped by a token (port/root.h); here it is once, in locked memory.
 *
 * The end of an epoch: a fresh key into root.EPOCH+1; all slots wrapped anew, in a file that takes the name of the old (the moment);
 * the old file and the old root overwritten, the token's root destroyed. Killed anywhere, the next opening finishes or undoes it.
 *
 * With a standby each change is made here first, then there, then told; one that the standby did not acknowledge is an error. */
#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/file/medium.h"
#include "adapter/file/slots.h"

#include "base/check.h"
#include "crypto/arena.h"
#include "crypto/hash.h"
#include "crypto/seal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct file_keys {
    pthread_mutex_t lock;
    ent_slot_file f;
    ent_file_keys_options o;
    ent_random random;
    ent_arena *arena;
    ent_key32 *root; /* in the arena: the epoch's key */
    bool wrapped;    /* root.EPOCH holds it as the token wrapped it */
    ent_medium medium;
    size_t next_free; /* nothing below it is free */
    bool broken;
    bool in_step; /* the standby holds what is here */
} file_keys;

_Static_assert(ENT_SLOT_BOX == 64 + ENT_SEAL_OVERHEAD, "a box is a binding and a key, sealed");

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
                     uint8_t ret_box[ENT_SLOT_BOX], ent_err *err)
{
    uint8_t nonce[12], ad[16];
    ENT_AUTO_BUF box = ENT_BUF(ENT_SLOT_BOX);
    k->random.fill(k->random.self, nonce, sizeof nonce);
    associated(position, generation, ad);
    ENT_TRY(ent_seal(root, nonce, ENT_BYTES(ad, sizeof ad), ENT_BYTES(content, 64), &box, err));
    memcpy(ret_box, box.data, ENT_SLOT_BOX);
    return ENT_OK;
}

/* Appends the 64 bytes. */
static ent_code unwrap(const ent_key32 *root, size_t position, const ent_slot_row *s, ent_buf *ret_content, ent_err *err)
{
    uint8_t ad[16];
    associated(position, s->generation, ad);
    return ent_unseal(root, ENT_BYTES(ad, sizeof ad), ENT_BYTES(s->box, ENT_SLOT_BOX), ret_content, err);
}

/* ---- the standby ---- */

/* All slots and the root, as they are now. */
static ent_code copy_whole(file_keys *k, ent_err *err)
{
    char path[PATH_MAX];
    const ent_standby *s = k->o.standby;
    ENT_AUTO_BUF root = ENT_BUF(ENT_ROOT_WRAPPED_MAX);
    ent_slots_root_path(&k->f, k->f.epoch, path);
    ENT_TRY(ent_disk_load(path, &root, err));
    ENT_TRY(s->begin(s->self, k->f.epoch, k->f.capacity, root.data, root.len, err));
    uint8_t *bytes = malloc((size_t)ENT_STANDBY_ROWS * ENT_SLOT_SIZE);
    ent_code code = bytes ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    for (size_t at = 0; at < k->f.capacity && code == ENT_OK; at += ENT_STANDBY_ROWS) {
        size_t n = k->f.capacity - at < ENT_STANDBY_ROWS ? k->f.capacity - at : ENT_STANDBY_ROWS;
        for (size_t i = 0; i < n; i++) ent_slot_encode(&k->f.rows[at + i], bytes + i * ENT_SLOT_SIZE);
        code = s->fill(s->self, at, n, bytes, err);
    }
    free(bytes);
    return code == ENT_OK ? s->commit(s->self, err) : code;
}

/* One slot that differs: what is further along counts, on both sides. Here it can only be behind when this folder is an older
 * copy: a key that the standby saw destroyed is destroyed here too. */
static ent_code settle(file_keys *k, size_t at, const ent_slot_row *theirs, ent_err *err)
{
    bool differs;
    uint8_t bytes[ENT_SLOT_SIZE];
    const uint64_t position = at;
    ent_slot_row counts = ent_slot_choose(&k->f.rows[at], theirs, &differs);
    if (!differs) return ENT_OK;
    if (counts.state != k->f.rows[at].state || counts.generation != k->f.rows[at].generation) {
        k->f.rows[at] = counts;
        ENT_TRY(ent_slots_put(&k->f, &position, 1, err));
    }
    ent_slot_encode(&k->f.rows[at], bytes);
    return k->o.standby->put(k->o.standby->self, &position, 1, bytes, err);
}

static ent_code compare_rows(file_keys *k, ent_err *err)
{
    const ent_standby *s = k->o.standby;
    uint8_t *bytes = malloc((size_t)ENT_STANDBY_ROWS * ENT_SLOT_SIZE);
    ent_code code = bytes ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    for (size_t at = 0; at < k->f.capacity && code == ENT_OK; at += ENT_STANDBY_ROWS) {
        size_t n = k->f.capacity - at < ENT_STANDBY_ROWS ? k->f.capacity - at : ENT_STANDBY_ROWS;
        code = s->rows(s->self, at, n, bytes, err);
        for (size_t i = 0; i < n && code == ENT_OK; i++) {
            ent_slot_row theirs = ent_slot_decode(bytes + i * ENT_SLOT_SIZE);
            code = settle(k, at + i, &theirs, err);
        }
    }
    free(bytes);
    return code;
}

/* Before the first change, and again after any that was not acknowledged. */
static ent_code in_step(file_keys *k, ent_err *err)
{
    ent_standby_state there;
    uint8_t digest[32];
    if (!k->o.standby || k->in_step) return ENT_OK;
    ENT_TRY(k->o.standby->state(k->o.standby->self, &there, err));
    if (there.epoch > k->f.epoch || (there.epoch == k->f.epoch && there.capacity > k->f.capacity))
        return ent_fail(err, ENT_CONFLICT, "the standby is at epoch %" PRIu32 " and these slots at %" PRIu32 ": they are an older copy; put the node together with `entente restore`",
                        there.epoch, k->f.epoch);
    ent_slots_digest(&k->f, digest);
    if (there.epoch != k->f.epoch || there.capacity != k->f.capacity) ENT_TRY(copy_whole(k, err));
    else if (memcmp(digest, there.digest, 32) != 0) ENT_TRY(compare_rows(k, err));
    k->in_step = true;
    return ENT_OK;
}

/* Slots as they are here, acknowledged there. */
static ent_code tell_standby(file_keys *k, const uint64_t *positions, size_t count, ent_err *err)
{
    uint8_t bytes[ENT_KEYS_MANY * ENT_SLOT_SIZE];
    if (!k->o.standby) return ENT_OK;
    ENT_PRE(count <= ENT_KEYS_MANY);
    for (size_t i = 0; i < count; i++) ent_slot_encode(&k->f.rows[positions[i]], bytes + i * ENT_SLOT_SIZE);
    ent_code code = k->o.standby->put(k->o.standby->self, positions, count, bytes, err);
    k->in_step = code == ENT_OK;
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "the standby did not acknowledge");
}

/* ---- slots ---- */

static ent_code grow(file_keys *k, ent_err *err)
{
    size_t capacity = k->f.capacity * 2;
    if (capacity > ENT_LIMIT_SLOTS) return ent_fail(err, ENT_TOO_LARGE, "a node has at most %d keys at a time: nothing more can be enrolled before something goes", ENT_LIMIT_SLOTS);
    ent_slot_row *rows = calloc(capacity, sizeof *rows);
    if (!rows) return ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    memcpy(rows, k->f.rows, k->f.capacity * sizeof *rows);
    ent_code code = ent_slots_switch(&k->f, k->f.epoch, rows, capacity, err);
    free(rows);
    if (code != ENT_OK) return stop_writing(k, code);
    k->in_step = false;
    return in_step(k, err);
}

/* Slots that were chosen for new keys: where, and what was there. */
typedef struct fresh_slots {
    uint64_t at[ENT_KEYS_MANY];
    ent_slot_row old[ENT_KEYS_MANY];
    size_t count;
} fresh_slots;

static void put_back(file_keys *k, const fresh_slots *f)
{
    for (size_t i = f->count; i-- > 0;) {
        k->f.rows[f->at[i]] = f->old[i];
        if (f->at[i] < k->next_free) k->next_free = f->at[i];
    }
}

static ent_code write_new(file_keys *k, const fresh_slots *f, ent_err *err)
{
    ent_code code = ent_slots_put(&k->f, f->at, f->count, err);
    if (code != ENT_OK) {
        put_back(k, f);
        return stop_writing(k, code);
    }
    code = tell_standby(k, f->at, f->count, err);
    if (code == ENT_OK) return ENT_OK;
    for (size_t i = 0; i < f->count; i++) {
        ent_slot_row *s = &k->f.rows[f->at[i]];
        *s = (ent_slot_row){.state = ENT_SLOT_DESTROYED, .epoch = s->epoch, .generation = s->generation};
    }
    (void)stop_writing(k, ent_slots_put(&k->f, f->at, f->count, NULL));
    return code;
}

/* A free slot gets a key, in memory. */
static ent_code choose(file_keys *k, const uint8_t binding[32], fresh_slots *f, ent_slot *ret_slot, ent_key32 *ret_key, ent_err *err)
{
    while (k->next_free < k->f.capacity && (k->f.rows[k->next_free].state == ENT_SLOT_LIVE || k->f.rows[k->next_free].state == ENT_SLOT_BAD)) k->next_free++;
    if (k->next_free == k->f.capacity) ENT_TRY(grow(k, err));
    size_t at = k->next_free;
    ent_slot_row fresh = {.state = ENT_SLOT_LIVE, .epoch = k->f.epoch, .generation = k->f.rows[at].generation + 1};
    uint8_t content[64];
    k->random.fill(k->random.self, ret_key->b, sizeof ret_key->b);
    memcpy(content, binding, 32);
    memcpy(content + 32, ret_key->b, 32);
    ent_code code = wrap(k, k->root, at, fresh.generation, content, fresh.box, err);
    ent_wipe(content, sizeof content);
    if (code != ENT_OK) return code;
    f->at[f->count] = at;
    f->old[f->count++] = k->f.rows[at];
    k->f.rows[at] = fresh;
    ret_slot->number = (uint64_t)fresh.generation << 32 | at;
    return ENT_OK;
}

static ent_code new_locked(file_keys *k, const uint8_t (*bindings)[32], size_t count, ent_slot *ret_slots, ent_key32 *ret_keys, ent_err *err)
{
    fresh_slots f = {.count = 0};
    if (k->broken) return ent_fail(err, ENT_IO, "the key slots stopped writing after a failed sync; restart the node");
    ENT_TRY(in_step(k, err));
    for (size_t i = 0; i < count; i++) {
        ent_code code = choose(k, bindings[i], &f, &ret_slots[i], &ret_keys[i], err);
        if (code == ENT_OK) continue;
        put_back(k, &f);
        return code;
    }
    return write_new(k, &f, err);
}

static ent_code new_many(void *self, const uint8_t (*bindings)[32], size_t count, ent_slot *ret_slots, ent_key32 *ret_keys, ent_err *err)
{
    file_keys *k = self;
    ENT_PRE(count > 0 && count <= ENT_KEYS_MANY);
    pthread_mutex_lock(&k->lock);
    ent_code code = new_locked(k, bindings, count, ret_slots, ret_keys, err);
    pthread_mutex_unlock(&k->lock);
    if (code != ENT_OK) ent_wipe(ret_keys, count * sizeof *ret_keys);
    return code;
}

static ent_code new_slot(void *self, const uint8_t binding[32], ent_slot *ret_slot, ent_key32 *ret_key, ent_err *err)
{
    return new_many(self, (const uint8_t(*)[32])binding, 1, ret_slot, ret_key, err);
}

static ent_code look_locked(const file_keys *k, ent_slot which, ent_err *err)
{
    size_t at = (size_t)(which.number & 0xffffffffu);
    uint32_t generation = (uint32_t)(which.number >> 32);
    const ent_slot_row *s = at < k->f.capacity ? &k->f.rows[at] : NULL;
    if (s && s->state == ENT_SLOT_BAD) return ent_fail(err, ENT_DAMAGED, "key slot %zu is damaged in both copies", at);
    if (!s || s->generation < generation) return ent_fail(err, ENT_NOT_FOUND, "there is no key slot %" PRIu64, which.number);
    if (s->generation > generation || s->state != ENT_SLOT_LIVE) return ent_fail(err, ENT_GONE, "this key was destroyed");
    return ENT_OK;
}

static ent_code look(void *self, ent_slot which)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = look_locked(k, which, NULL);
    pthread_mutex_unlock(&k->lock);
    return code;
}

static ent_code get_locked(file_keys *k, ent_slot which, const uint8_t binding[32], ent_key32 *ret_key, ent_err *err)
{
    size_t at = (size_t)(which.number & 0xffffffffu);
    ENT_TRY(look_locked(k, which, err));
    ENT_AUTO_BUF plain = ENT_BUF(64);
    if (unwrap(k->root, at, &k->f.rows[at], &plain, NULL) != ENT_OK)
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

static bool is_here(const file_keys *k, ent_slot which)
{
    size_t at = (size_t)(which.number & 0xffffffffu);
    return at < k->f.capacity && k->f.rows[at].generation == (uint32_t)(which.number >> 32) && k->f.rows[at].state == ENT_SLOT_LIVE;
}

static void mark_destroyed(file_keys *k, size_t at)
{
    ent_slot_row gone = {.state = ENT_SLOT_DESTROYED, .epoch = k->f.rows[at].epoch, .generation = k->f.rows[at].generation};
    ent_wipe(&k->f.rows[at], sizeof k->f.rows[at]);
    k->f.rows[at] = gone;
    if (at < k->next_free) k->next_free = at;
}

/* A standby that is out of reach holds the report back, not the destruction. */
static ent_code destroy_locked(file_keys *k, const ent_slot *slots, size_t count, ent_err *err)
{
    uint64_t positions[ENT_KEYS_MANY];
    size_t here = 0;
    bool was_in_step = k->in_step;
    ENT_PRE(count <= ENT_KEYS_MANY);
    if (k->broken) return ent_fail(err, ENT_IO, "the key slots stopped writing after a failed sync; restart the node");
    for (size_t i = 0; i < count; i++)
        if (is_here(k, slots[i])) mark_destroyed(k, positions[here++] = slots[i].number & 0xffffffffu);
    if (!here) return in_step(k, err);
    ENT_TRY(stop_writing(k, ent_slots_put(&k->f, positions, here, err)));
    return was_in_step ? tell_standby(k, positions, here, err) : in_step(k, err);
}

static ent_code destroy_many(void *self, const ent_slot *slots, size_t count, ent_err *err)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = destroy_locked(k, slots, count, err);
    pthread_mutex_unlock(&k->lock);
    return code;
}

static ent_code destroy(void *self, ent_slot which, ent_err *err) { return destroy_many(self, &which, 1, err); }

static uint32_t epoch(void *self)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    uint32_t e = k->f.epoch;
    pthread_mutex_unlock(&k->lock);
    return e;
}

static void custody(void *self, ent_custody *ret)
{
    file_keys *k = self;
    ent_custody c = {.overwrites = k->medium.overwrites, .standby = k->o.standby != NULL};
    pthread_mutex_lock(&k->lock);
    c.root = !k->wrapped ? ENT_ROOT_FILE : k->o.root->hardware ? ENT_ROOT_HARDWARE : ENT_ROOT_TOKEN;
    pthread_mutex_unlock(&k->lock);
    snprintf(c.medium, sizeof c.medium, "%s", k->medium.type);
    *ret = c;
}

static void close_keys(void *self)
{
    file_keys *k = self;
    if (!k) return;
    ent_slots_close(&k->f);
    ent_arena_free(k->arena);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

/* ---- the end of an epoch ---- */

/* The key as it will lie in root.EPOCH. */
static ent_code write_root(file_keys *k, uint32_t for_epoch, const ent_key32 *key, ent_err *err)
{
    char path[PATH_MAX];
    ENT_AUTO_BUF out = ENT_BUF(ENT_ROOT_WRAPPED_MAX);
    ent_slots_root_path(&k->f, for_epoch, path);
    if (k->o.root) ENT_TRY(k->o.root->make(k->o.root->self, for_epoch, key, &out, err));
    else ent_buf_put(&out, key->b, sizeof key->b);
    ENT_TRY(ent_buf_check(&out, err));
    ENT_INVARIANT(!k->o.root || out.len != sizeof key->b);
    return ent_disk_replace(path, out.data, out.len, 0600, err);
}

/* Slots of the old epoch under the new key. Destroyed ones keep their generation, nothing else. */
static ent_code rewrap(file_keys *k, const ent_key32 *fresh, ent_slot_row *ret_rows, ent_err *err)
{
    for (size_t i = 0; i < k->f.capacity; i++) {
        const ent_slot_row *s = &k->f.rows[i];
        ret_rows[i] = *s;
        if (s->state != ENT_SLOT_LIVE) continue;
        ENT_AUTO_BUF content = ENT_BUF(64);
        ent_code code = unwrap(k->root, i, s, &content, NULL);
        if (code != ENT_OK) return ent_fail(err, ENT_DAMAGED, "key slot %zu does not open: the epoch cannot end before it is repaired", i);
        ret_rows[i].epoch = k->f.epoch + 1;
        ENT_TRY(wrap(k, fresh, i, s->generation, content.data, ret_rows[i].box, err));
    }
    return ENT_OK;
}

static ent_code end_epoch_with(file_keys *k, ent_slot_row *rows, ent_err *err)
{
    char old_root[PATH_MAX];
    ENT_WIPED_KEY fresh;
    if (k->broken) return ent_fail(err, ENT_IO, "the key slots stopped writing after a failed sync; restart the node");
    ENT_TRY(in_step(k, err));
    k->random.fill(k->random.self, fresh.b, sizeof fresh.b);
    ENT_TRY(rewrap(k, &fresh, rows, err));
    ent_slots_root_path(&k->f, k->f.epoch, old_root);
    ENT_TRY(write_root(k, k->f.epoch + 1, &fresh, err));
    uint32_t was = k->f.epoch;
    ent_code code = ent_slots_switch(&k->f, k->f.epoch + 1, rows, k->f.capacity, err);
    if (k->f.epoch == was) return stop_writing(k, code);
    *k->root = fresh; /* the new file has the name, whatever came after */
    k->wrapped = k->o.root != NULL;
    k->in_step = false;
    if (code == ENT_OK) code = ent_disk_shred(old_root, err);
    if (code == ENT_OK && k->o.root) code = k->o.root->keep_only(k->o.root->self, k->f.epoch, err);
    return code == ENT_OK ? in_step(k, err) : stop_writing(k, code);
}

static ent_code end_epoch(void *self, uint32_t *ret_epoch, ent_err *err)
{
    file_keys *k = self;
    pthread_mutex_lock(&k->lock);
    size_t capacity = k->f.capacity;
    ent_slot_row *rows = calloc(capacity, sizeof *rows);
    ent_code code = rows ? end_epoch_with(k, rows, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    if (rows) ent_wipe(rows, capacity * sizeof *rows);
    free(rows);
    if (code == ENT_OK) *ret_epoch = k->f.epoch;
    pthread_mutex_unlock(&k->lock);
    return code;
}

/* ---- opening ---- */

static ent_code take_root(file_keys *k, const ent_buf *bytes, const char *path, ent_err *err)
{
    k->wrapped = bytes->len != sizeof k->root->b;
    if (!k->wrapped) {
        memcpy(k->root->b, bytes->data, sizeof k->root->b);
        return ENT_OK;
    }
    if (!k->o.root) return ent_fail(err, ENT_DAMAGED, "the root key %s must have 32 bytes; if a token wrapped it, name the token: keys.root in node.yaml", path);
    return k->o.root->open(k->o.root->self, k->f.epoch, bytes->data, bytes->len, k->root, err);
}

/* The first living slot shows whether it is this node's key. */
static ent_code try_root(file_keys *k, const char *path, ent_err *err)
{
    for (size_t i = 0; i < k->f.capacity; i++) {
        if (k->f.rows[i].state != ENT_SLOT_LIVE) continue;
        ENT_AUTO_BUF content = ENT_BUF(64);
        if (unwrap(k->root, i, &k->f.rows[i], &content, NULL) == ENT_OK) return ENT_OK;
        return ent_fail(err, ENT_DAMAGED, "the root key %s does not fit the key slots", path);
    }
    return ENT_OK;
}

static ent_code load_root(file_keys *k, ent_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    ent_slots_root_path(&k->f, k->f.epoch, path);
    if (stat(path, &st) == 0 && (st.st_mode & 077)) return ent_fail(err, ENT_DENIED, "%s may be read by others: chmod 600 it", path);
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ROOT_WRAPPED_MAX);
    ent_code code = ent_disk_load(path, &bytes, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_DAMAGED, "the root key %s is missing: without it no record can be read", path);
    if (code != ENT_OK) return code;
    ENT_TRY(take_root(k, &bytes, path, err));
    return try_root(k, path, err);
}

static ent_code create_files(file_keys *k, ent_err *err)
{
    ENT_WIPED_KEY root;
    k->random.fill(k->random.self, root.b, sizeof root.b);
    ENT_TRY(write_root(k, 1, &root, err));
    return ent_slots_switch(&k->f, 1, NULL, ENT_SLOTS_FIRST, err);
}

static ent_code look_at_medium(file_keys *k, ent_err *err)
{
    char slots[PATH_MAX];
    snprintf(slots, sizeof slots, "%s/slots", k->f.folder);
    ENT_TRY(ent_medium_of(access(slots, F_OK) == 0 ? slots : k->f.folder, &k->medium, err));
    if (k->medium.overwrites || k->o.accept_residue) return ENT_OK;
    return ent_fail(err, ENT_DENIED, "destroyed keys may stay readable on the disk under %s: %s. Put the folder on ext4 in ordered mode, or accept it: "
                                     "keys.accept-residue: true in node.yaml (`init --accept-residue`)", k->f.folder, k->medium.why);
}

static ent_code open_files(file_keys *k, ent_err *err)
{
    ENT_TRY(look_at_medium(k, err));
    ENT_TRY(ent_arena_new(sizeof *k->root, k->o.accept_unlocked_memory, &k->arena, err));
    k->root = ent_arena_take(k->arena, sizeof *k->root);
    ENT_INVARIANT(k->root);
    ent_code code = ent_slots_open(&k->f, err);
    if (code == ENT_NOT_FOUND && k->o.create) {
        ENT_TRY(create_files(k, err));
        ent_slots_close(&k->f);
        code = ent_slots_open(&k->f, err);
    }
    if (code != ENT_OK) return code;
    ENT_TRY(load_root(k, err));
    ENT_TRY(ent_slots_sweep(&k->f, err));
    if (k->wrapped) ENT_TRY(k->o.root->keep_only(k->o.root->self, k->f.epoch, err));
    return in_step(k, err);
}

ent_code ent_file_keys(const char *folder, const ent_file_keys_options *options, ent_random random, ent_keys *ret_keys, ent_err *err)
{
    file_keys *k = calloc(1, sizeof *k);
    if (!k) return ent_fail(err, ENT_NO_MEMORY, "out of memory for key slots");
    pthread_mutex_init(&k->lock, NULL);
    snprintf(k->f.folder, sizeof k->f.folder, "%s", folder);
    k->f.fd = -1;
    k->o = *options;
    k->random = random;
    ent_code code = open_files(k, err);
    if (code != ENT_OK) {
        close_keys(k);
        return code;
    }
    *ret_keys = (ent_keys){.self = k, .new_slot = new_slot, .new_many = new_many, .get = get, .look = look, .destroy = destroy, .destroy_many = destroy_many, .end_epoch = end_epoch,
                           .epoch = epoch, .custody = custody, .close = close_keys};
    return ENT_OK;
}
