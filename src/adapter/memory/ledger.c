#include "adapter/memory/memory.h"

#include "base/check.h"
#include "merkle/cosigned.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory_ledger {
    pthread_mutex_t lock;
    ent_tree *tree;
    uint8_t (*entries)[ENT_ENTRY_SIZE];
    size_t cap;
    char origin[ENT_ORIGIN_MAX];
    ent_secret_key secret;
    ent_buf cosigned;
    uint64_t cosigned_size;
} memory_ledger;

static ent_code append_locked(memory_ledger *l, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index, ent_err *err)
{
    uint64_t n = ent_tree_size(l->tree);
    if (n == l->cap) {
        void *entries = realloc(l->entries, (l->cap + 1024) * ENT_ENTRY_SIZE);
        if (!entries) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
        l->entries = entries;
        l->cap += 1024;
    }
    ENT_TRY(ent_tree_append(l->tree, entry, ENT_ENTRY_SIZE, err));
    memcpy(l->entries[n], entry, ENT_ENTRY_SIZE);
    *ret_index = n;
    return ENT_OK;
}

static ent_code append(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index, ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = append_locked(l, entry, ret_index, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code append_many(void *self, const uint8_t (*entries)[ENT_ENTRY_SIZE], size_t count, uint64_t *ret_indexes, ent_err *err)
{
    for (size_t i = 0; i < count; i++) {
        ent_code code = append(self, entries[i], &ret_indexes[i], err);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}

static ent_code read_entry(void *self, uint64_t index, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    bool there = index < ent_tree_size(l->tree);
    if (there) memcpy(ret_entry, l->entries[index], ENT_ENTRY_SIZE);
    pthread_mutex_unlock(&l->lock);
    return there ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "the ledger has no entry %llu", (unsigned long long)index);
}

static uint64_t size(void *self)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    uint64_t n = ent_tree_size(l->tree);
    pthread_mutex_unlock(&l->lock);
    return n;
}

static ent_code note_locked(memory_ledger *l, ent_buf *ret_note, ent_err *err)
{
    ent_checkpoint c = {.size = ent_tree_size(l->tree)};
    snprintf(c.origin, sizeof c.origin, "%s", l->origin);
    ent_tree_root(l->tree, c.size, &c.root);
    return ent_checkpoint_sign(&c, &l->secret, ret_note, err);
}

static ent_code checkpoint(void *self, ent_buf *ret_note, ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = note_locked(l, ret_note, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code receipt_locked(memory_ledger *l, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    ent_hashes path;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    if (index >= ent_tree_size(l->tree)) return ent_fail(err, ENT_NOT_FOUND, "the ledger has no entry %llu", (unsigned long long)index);
    ENT_TRY(note_locked(l, &note, err));
    ent_tree_inclusion(l->tree, index, ent_tree_size(l->tree), &path);
    return ent_proof_write(l->entries[index], index, &path, (char *)note.data, note.len, ret_text, err);
}

static ent_code receipt(void *self, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = receipt_locked(l, index, ret_text, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

/* ---- what others read ---- */

static ent_own_log own(const memory_ledger *l)
{
    ent_own_log log = {.origin = l->origin, .tree = l->tree, .size = ent_tree_size(l->tree), .kept = l->cosigned_size};
    ent_sign_public(&l->secret, &log.key);
    return log;
}

static ent_code hashes(void *self, unsigned level, uint64_t index, size_t count, ent_buf *ret_hashes, ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = ent_tree_put_hashes(l->tree, ent_tree_size(l->tree), level, index, count, ret_hashes, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code consistency(void *self, uint64_t old, uint64_t to, ent_hash *ret_root, ent_hashes *ret_proof, ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = ent_tree_between(l->tree, ent_tree_size(l->tree), (uint64_t[2]){old, to}, ret_root, ret_proof, err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code keep_cosigned(void *self, const char *note, size_t len, ent_err *err)
{
    memory_ledger *l = self;
    ent_checkpoint c;
    pthread_mutex_lock(&l->lock);
    ent_own_log log = own(l);
    ent_code code = ent_cosigned_check(&log, note, len, &c, err);
    if (code == ENT_OK) {
        ent_buf_clear(&l->cosigned);
        ent_buf_put(&l->cosigned, note, len);
        l->cosigned_size = c.size;
        code = ent_buf_check(&l->cosigned, err);
    }
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code cosigned(void *self, ent_buf *ret_note, ent_err *err)
{
    memory_ledger *l = self;
    pthread_mutex_lock(&l->lock);
    bool none = l->cosigned.len == 0;
    if (!none) ent_buf_put(ret_note, l->cosigned.data, l->cosigned.len);
    pthread_mutex_unlock(&l->lock);
    return none ? ent_fail(err, ENT_NOT_FOUND, "no witness has co-signed this ledger yet") : ent_buf_check(ret_note, err);
}

static ent_code cosigned_receipt(void *self, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    memory_ledger *l = self;
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
    memory_ledger *l = self;
    if (!l) return;
    ent_buf_free(&l->cosigned);
    ent_tree_free(l->tree);
    ent_secret_key_wipe(&l->secret);
    free(l->entries);
    free(l);
}

ent_code ent_memory_ledger(const char *origin, const ent_secret_key *secret, ent_ledger *ret_ledger, ent_err *err)
{
    memory_ledger *l = calloc(1, sizeof *l);
    if (!l) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
    pthread_mutex_init(&l->lock, NULL);
    snprintf(l->origin, sizeof l->origin, "%s", origin);
    l->secret = *secret;
    l->cosigned = ENT_BUF(ENT_NOTE_MAX);
    ent_code code = ent_tree_new(&l->tree, err);
    if (code != ENT_OK) {
        close_ledger(l);
        return code;
    }
    *ret_ledger = (ent_ledger){.self = l, .append = append, .append_many = append_many, .read = read_entry, .size = size, .receipt = receipt,
                               .checkpoint = checkpoint, .hashes = hashes, .consistency = consistency, .keep_cosigned = keep_cosigned,
                               .cosigned_receipt = cosigned_receipt, .cosigned = cosigned, .close = close_ledger};
    return ENT_OK;
}
