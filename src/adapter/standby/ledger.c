/* Appends go to the inner ledger first, then all that the standby has not yet, under the latest checkpoint, in one frame or a few:
 * so appends that wait at the same time share the standby's sync as they share the ledger's. */
#include "adapter/standby/standby.h"

#include "base/check.h"
#include "merkle/note.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct kept_ledger {
    ent_ledger inner;
    const ent_standby *standby;
    pthread_mutex_t lock;
    uint64_t kept; /* entries that the standby acknowledged */
    bool in_step;
} kept_ledger;

/* The log whose first entry has this number. */
static const ent_ledger *shard_at(const kept_ledger *l, uint64_t first)
{
    ent_shard all[ENT_LIMIT_SHARDS];
    const ent_ledger *log;
    size_t i = 0, count = ent_ledger_shards(&l->inner, all);
    while (i < count && all[i].first != first) i++;
    return i < count && ent_ledger_log(&l->inner, all[i].year, &log, NULL) == ENT_OK ? log : NULL;
}

/* What the standby holds must be the beginning of what is here. */
static ent_code compare(kept_ledger *l, ent_err *err)
{
    ent_standby_state there;
    ent_hash root;
    ent_hashes proof;
    ENT_TRY(l->standby->state(l->standby->self, &there, err));
    uint64_t here = l->inner.size(l->inner.self);
    if (there.ledger_size > here)
        return ent_fail(err, ENT_CONFLICT, "the standby remembers %llu ledger entries and %llu are here: this is an older copy; put the node together with `entente restore`",
                        (unsigned long long)there.ledger_size, (unsigned long long)here);
    if (there.ledger_size) {
        const ent_ledger *log = shard_at(l, there.ledger_first);
        uint64_t size = there.ledger_size - there.ledger_first;
        bool same = log && log->consistency(log->self, size, size, &root, &proof, NULL) == ENT_OK && memcmp(root.b, there.ledger_root, 32) == 0;
        if (!same) return ent_fail(err, ENT_CONFLICT, "the standby remembers another history of %llu ledger entries: is it another node's?", (unsigned long long)there.ledger_size);
    }
    l->kept = there.ledger_size;
    l->in_step = true;
    return ENT_OK;
}

static ent_code send_up_to(kept_ledger *l, uint64_t size, const ent_buf *note, ent_err *err)
{
    uint8_t *entries = malloc((size_t)ENT_STANDBY_ROWS * ENT_ENTRY_SIZE);
    ent_code code = entries ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    uint64_t at = l->kept;
    do {
        size_t n = size - at < ENT_STANDBY_ROWS ? (size_t)(size - at) : ENT_STANDBY_ROWS;
        bool last = at + n == size;
        for (size_t i = 0; i < n && code == ENT_OK; i++) code = l->inner.read(l->inner.self, at + i, entries + i * ENT_ENTRY_SIZE, err);
        if (code == ENT_OK) code = l->standby->append(l->standby->self, at, n, entries, last ? note->data : NULL, last ? note->len : 0, err);
        at += n;
    } while (code == ENT_OK && at < size);
    free(entries);
    return code;
}

/* The latest checkpoint, and how many entries of the whole ledger it stands for. */
static ent_code latest(kept_ledger *l, ent_buf *ret_note, uint64_t *ret_size, ent_err *err)
{
    ent_checkpoint c;
    const ent_ledger *log;
    ent_shard now = ent_ledger_present(&l->inner);
    ENT_TRY(ent_ledger_log(&l->inner, now.year, &log, err));
    ENT_TRY(log->checkpoint(log->self, ret_note, err));
    ENT_TRY(ent_checkpoint_parse((char *)ret_note->data, ret_note->len, &c, err));
    *ret_size = now.first + c.size;
    return ENT_OK;
}

static ent_code bring_up(kept_ledger *l, uint64_t needed, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    if (!l->in_step) ENT_TRY(compare(l, err));
    if (l->kept >= needed) return ENT_OK; /* it went with another's */
    uint64_t size;
    ENT_TRY(latest(l, &note, &size, err));
    ent_code code = send_up_to(l, size, &note, err);
    l->in_step = code == ENT_OK;
    if (code == ENT_OK) l->kept = size;
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "the standby did not acknowledge the ledger's entry");
}

/* At the start: the latest note, which another key may have signed anew. */
static ent_code send_note(kept_ledger *l, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(l->inner.checkpoint(l->inner.self, &note, err));
    return l->standby->append(l->standby->self, l->kept, 0, NULL, note.data, note.len, err);
}

static ent_code append_many(void *self, const uint8_t (*entries)[ENT_ENTRY_SIZE], size_t count, uint64_t *ret_indexes, ent_err *err)
{
    kept_ledger *l = self;
    uint64_t indexes[ENT_APPEND_MANY];
    ENT_TRY(l->inner.append_many(l->inner.self, entries, count, indexes, err));
    pthread_mutex_lock(&l->lock);
    ent_code code = bring_up(l, indexes[count - 1] + 1, err);
    pthread_mutex_unlock(&l->lock);
    if (code == ENT_OK) memcpy(ret_indexes, indexes, count * sizeof *indexes);
    return code;
}

static ent_code append(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index, ent_err *err)
{
    return append_many(self, (const uint8_t(*)[ENT_ENTRY_SIZE])entry, 1, ret_index, err);
}

static ent_code read_entry(void *self, uint64_t index, uint8_t ret[ENT_ENTRY_SIZE], ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.read(l->inner.self, index, ret, err);
}

static uint64_t size(void *self)
{
    kept_ledger *l = self;
    return l->inner.size(l->inner.self);
}

static size_t shards(void *self, ent_shard ret[ENT_LIMIT_SHARDS])
{
    kept_ledger *l = self;
    return ent_ledger_shards(&l->inner, ret);
}

static ent_code log_of(void *self, uint32_t year, const ent_ledger **ret_log, ent_err *err)
{
    kept_ledger *l = self;
    return ent_ledger_log(&l->inner, year, ret_log, err);
}

static ent_code turn(void *self, uint32_t year, ent_time now, ent_err *err)
{
    kept_ledger *l = self;
    ENT_TRY(l->inner.turn(l->inner.self, year, now, err));
    pthread_mutex_lock(&l->lock);
    ent_code code = bring_up(l, l->inner.size(l->inner.self), err);
    pthread_mutex_unlock(&l->lock);
    return code;
}

static ent_code receipt(void *self, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.receipt(l->inner.self, index, ret_text, err);
}

static ent_code checkpoint(void *self, ent_buf *ret_note, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.checkpoint(l->inner.self, ret_note, err);
}

static ent_code hashes(void *self, unsigned level, uint64_t index, size_t count, ent_buf *ret, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.hashes(l->inner.self, level, index, count, ret, err);
}

static ent_code consistency(void *self, uint64_t old, uint64_t upto, ent_hash *ret_root, ent_hashes *ret_proof, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.consistency(l->inner.self, old, upto, ret_root, ret_proof, err);
}

static ent_code keep_cosigned(void *self, const char *note, size_t len, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.keep_cosigned(l->inner.self, note, len, err);
}

static ent_code cosigned_receipt(void *self, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.cosigned_receipt(l->inner.self, index, ret_text, err);
}

static ent_code cosigned(void *self, ent_buf *ret_note, ent_err *err)
{
    kept_ledger *l = self;
    return l->inner.cosigned(l->inner.self, ret_note, err);
}

static void close_ledger(void *self)
{
    kept_ledger *l = self;
    if (!l) return;
    l->inner.close(l->inner.self);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

ent_code ent_standby_ledger(const ent_ledger *inner, const ent_standby *standby, ent_ledger *ret, ent_err *err)
{
    kept_ledger *l = calloc(1, sizeof *l);
    if (!l) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    l->inner = *inner;
    l->standby = standby;
    pthread_mutex_init(&l->lock, NULL);
    ent_code code = bring_up(l, inner->size(inner->self), err);
    if (code == ENT_OK) code = send_note(l, err);
    if (code != ENT_OK) { /* inner stays the caller's */
        pthread_mutex_destroy(&l->lock);
        free(l);
        return code;
    }
    *ret = (ent_ledger){.self = l, .shards = shards, .log = log_of, .turn = inner->turn ? turn : NULL, .append = append, .append_many = append_many, .read = read_entry, .size = size, .receipt = receipt, .checkpoint = checkpoint, .hashes = hashes,
                        .consistency = consistency, .keep_cosigned = keep_cosigned, .cosigned_receipt = cosigned_receipt, .cosigned = cosigned, .close = close_ledger};
    return ENT_OK;
}
