#include "adapter/shards/shards.h"

#include "base/check.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct one {
    ent_shard is;      /* of the last, count is not kept up to date: its log knows */
    ent_ledger log;    /* self NULL: not opened yet */
} one;

typedef struct sharded {
    pthread_rwlock_t lock;    /* written by the turn alone */
    pthread_mutex_t opening;  /* of closed logs */
    ent_shard_source source;
    one shard[ENT_LIMIT_SHARDS];
    size_t count;
    bool closing;             /* the last one's last entry is "year closed", the next is not open yet */
} sharded;

static one *last_of(sharded *s) { return &s->shard[s->count - 1]; }

/* ---- closed logs ---- */

/* What the next shard's first entry says of this one. */
static ent_code said_of(sharded *s, size_t i, uint8_t ret_digest[32], ent_err *err)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    ent_entry e;
    const one *next = &s->shard[i + 1];
    if (next->log.self) ENT_TRY(next->log.read(next->log.self, 0, bytes, err));
    else ENT_TRY(s->source.first_entry(s->source.self, next->is.year, bytes, err));
    if (ent_entry_decode(bytes, &e, NULL) != ENT_OK || e.kind != ENT_ENTRY_OPENED || e.follows != next->is.first - 1)
        return ent_fail(err, ENT_DAMAGED, "the ledger of %u does not begin where that of %u ended: restore it from a copy", (unsigned)next->is.year, (unsigned)s->shard[i].is.year);
    memcpy(ret_digest, e.commitment, 32);
    return ENT_OK;
}

static ent_code opened(sharded *s, size_t i, const ent_ledger **ret, ent_err *err)
{
    one *o = &s->shard[i];
    uint8_t digest[32];
    ent_ledger log;
    pthread_mutex_lock(&s->opening);
    ent_code code = ENT_OK;
    if (!o->log.self) {
        code = said_of(s, i, digest, err);
        if (code == ENT_OK) code = s->source.open_closed(s->source.self, &o->is, digest, &log, err);
        if (code == ENT_OK) o->log = log;
    }
    pthread_mutex_unlock(&s->opening);
    *ret = &o->log;
    return code;
}

/* ---- the turn ---- */

static ent_code append_one(const ent_ledger *log, const ent_entry *e, ent_err *err)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    uint64_t index;
    ENT_TRY(ent_entry_encode(e, bytes, err));
    return log->append(log->self, bytes, &index, err);
}

static ent_code final_of(const ent_ledger *log, ent_checkpoint *ret, ent_entry *ret_last, ent_err *err)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ENT_TRY(log->checkpoint(log->self, &note, err));
    ENT_TRY(ent_checkpoint_parse((const char *)note.data, note.len, ret, err));
    *ret_last = (ent_entry){.kind = ENT_ENTRY_OPENED};
    if (!ret->size) return ENT_OK;
    ENT_TRY(log->read(log->self, ret->size - 1, bytes, err));
    return ent_entry_decode(bytes, ret_last, err);
}

/* From the closing entry on, the same whenever it is done. Under the write lock, or before anybody knows the ledger. */
static ent_code finish(sharded *s, ent_err *err)
{
    one *old = last_of(s);
    ent_checkpoint closed;
    ent_entry last, first;
    ent_ledger log;
    ENT_TRY(final_of(&old->log, &closed, &last, err));
    uint32_t year = ent_shard_year(last.purpose);
    s->closing = last.kind == ENT_ENTRY_YEAR_CLOSED && year > old->is.year;
    if (!s->closing) return ENT_OK;
    if (s->count == ENT_LIMIT_SHARDS) return ent_fail(err, ENT_TOO_LARGE, "a ledger of more than %d years", ENT_LIMIT_SHARDS);
    ENT_TRY(s->source.open(s->source.self, year, true, &log, err));
    uint64_t number = old->is.first + closed.size;
    ent_shard_opening(year, last.time, &closed, number - 1, &first);
    ent_code code = log.size(log.self) ? ENT_OK : append_one(&log, &first, err);
    if (code != ENT_OK) {
        log.close(log.self);
        return code;
    }
    old->is.count = closed.size;
    s->shard[s->count++] = (one){{.year = year, .first = number}, log};
    s->closing = false;
    return ENT_OK;
}

static ent_code turn(void *self, uint32_t year, ent_time now, ent_err *err)
{
    sharded *s = self;
    ent_entry e;
    pthread_rwlock_wrlock(&s->lock);
    ent_code code = s->closing ? finish(s, err) : ENT_OK;
    if (code == ENT_OK && year > last_of(s)->is.year) {
        ent_shard_closing(year, now, &e);
        code = append_one(&last_of(s)->log, &e, err);
        s->closing = code == ENT_OK;
        if (code == ENT_OK) code = finish(s, err);
    }
    pthread_rwlock_unlock(&s->lock);
    return code;
}

/* ---- appending and reading, by number ---- */

static ent_code append_many(void *self, const uint8_t (*entries)[ENT_ENTRY_SIZE], size_t count, uint64_t *ret_indexes, ent_err *err)
{
    sharded *s = self;
    pthread_rwlock_rdlock(&s->lock);
    if (s->closing) {
        pthread_rwlock_unlock(&s->lock);
        ENT_TRY(turn(s, 0, (ent_time){0}, err));
        pthread_rwlock_rdlock(&s->lock);
    }
    const one *o = last_of(s);
    ent_code code = s->closing ? ent_fail(err, ENT_IO, "the ledger's year is closed and the next cannot be opened")
                               : o->log.append_many(o->log.self, entries, count, ret_indexes, err);
    for (size_t i = 0; i < count && code == ENT_OK; i++) ret_indexes[i] += o->is.first;
    pthread_rwlock_unlock(&s->lock);
    return code;
}

static ent_code append(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index, ent_err *err)
{
    return append_many(self, (const uint8_t(*)[ENT_ENTRY_SIZE])entry, 1, ret_index, err);
}

static uint64_t size_locked(sharded *s) { return last_of(s)->is.first + last_of(s)->log.size(last_of(s)->log.self); }

static uint64_t size(void *self)
{
    sharded *s = self;
    pthread_rwlock_rdlock(&s->lock);
    uint64_t n = size_locked(s);
    pthread_rwlock_unlock(&s->lock);
    return n;
}

/* The log of an entry, and its place there. Under the lock. */
static ent_code find(sharded *s, uint64_t number, const ent_ledger **ret_log, uint64_t *ret_index, ent_err *err)
{
    size_t i = s->count - 1;
    if (number >= size_locked(s)) return ent_fail(err, ENT_NOT_FOUND, "the ledger has no entry %" PRIu64, number);
    while (i && s->shard[i].is.first > number) i--;
    *ret_index = number - s->shard[i].is.first;
    return opened(s, i, ret_log, err);
}

static ent_code read_entry(void *self, uint64_t number, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err)
{
    sharded *s = self;
    const ent_ledger *log;
    uint64_t index;
    pthread_rwlock_rdlock(&s->lock);
    ent_code code = find(s, number, &log, &index, err);
    if (code == ENT_OK) code = log->read(log->self, index, ret_entry, err);
    pthread_rwlock_unlock(&s->lock);
    return code;
}

static ent_code receipt(void *self, uint64_t number, ent_buf *ret_text, ent_err *err)
{
    sharded *s = self;
    const ent_ledger *log;
    uint64_t index;
    pthread_rwlock_rdlock(&s->lock);
    ent_code code = find(s, number, &log, &index, err);
    if (code == ENT_OK) code = log->receipt(log->self, index, ret_text, err);
    pthread_rwlock_unlock(&s->lock);
    return code;
}

static ent_code cosigned_receipt(void *self, uint64_t number, ent_buf *ret_text, ent_err *err)
{
    sharded *s = self;
    const ent_ledger *log;
    uint64_t index;
    pthread_rwlock_rdlock(&s->lock);
    ent_code code = find(s, number, &log, &index, err);
    if (code == ENT_OK) code = log->cosigned_receipt(log->self, index, ret_text, err);
    pthread_rwlock_unlock(&s->lock);
    return code;
}

/* ---- shards ---- */

static size_t shards(void *self, ent_shard ret_shards[ENT_LIMIT_SHARDS])
{
    sharded *s = self;
    pthread_rwlock_rdlock(&s->lock);
    size_t count = s->count;
    for (size_t i = 0; i < count; i++) ret_shards[i] = s->shard[i].is;
    ret_shards[count - 1].count = last_of(s)->log.size(last_of(s)->log.self);
    pthread_rwlock_unlock(&s->lock);
    return count;
}

static ent_code log_of(void *self, uint32_t year, const ent_ledger **ret_log, ent_err *err)
{
    sharded *s = self;
    size_t i = 0;
    pthread_rwlock_rdlock(&s->lock);
    while (i < s->count && s->shard[i].is.year != year) i++;
    ent_code code = i < s->count ? opened(s, i, ret_log, err) : ent_fail(err, ENT_NOT_FOUND, "this ledger has no shard of %u", (unsigned)year);
    pthread_rwlock_unlock(&s->lock);
    return code;
}

static const ent_ledger *present(sharded *s)
{
    pthread_rwlock_rdlock(&s->lock);
    const ent_ledger *log = &last_of(s)->log;
    pthread_rwlock_unlock(&s->lock);
    return log;
}

static ent_code checkpoint(void *self, ent_buf *ret_note, ent_err *err)
{
    const ent_ledger *log = present(self);
    return log->checkpoint(log->self, ret_note, err);
}

static ent_code hashes(void *self, unsigned level, uint64_t index, size_t count, ent_buf *ret_hashes, ent_err *err)
{
    const ent_ledger *log = present(self);
    return log->hashes(log->self, level, index, count, ret_hashes, err);
}

static ent_code consistency(void *self, uint64_t old, uint64_t to, ent_hash *ret_root, ent_hashes *ret_proof, ent_err *err)
{
    const ent_ledger *log = present(self);
    return log->consistency(log->self, old, to, ret_root, ret_proof, err);
}

static ent_code keep_cosigned(void *self, const char *note, size_t len, ent_err *err)
{
    const ent_ledger *log = present(self);
    return log->keep_cosigned(log->self, note, len, err);
}

static ent_code cosigned(void *self, ent_buf *ret_note, ent_err *err)
{
    const ent_ledger *log = present(self);
    return log->cosigned(log->self, ret_note, err);
}

static void close_ledger(void *self)
{
    sharded *s = self;
    if (!s) return;
    for (size_t i = 0; i < s->count; i++)
        if (s->shard[i].log.self) s->shard[i].log.close(s->shard[i].log.self);
    if (s->source.close) s->source.close(s->source.self);
    pthread_rwlock_destroy(&s->lock);
    pthread_mutex_destroy(&s->opening);
    free(s);
}

/* ---- opening ---- */

/* Each shard's first number: the last one says where it begins, and the others must add up to that. */
static ent_code check_row(sharded *s, ent_err *err)
{
    uint64_t first = 0;
    uint8_t digest[32];
    for (size_t i = 0; i < s->count; i++) {
        s->shard[i].is.first = first;
        first += s->shard[i].is.count;
        if (i) ENT_TRY(said_of(s, i - 1, digest, err));
    }
    return ENT_OK;
}

static ent_code open_all(sharded *s, uint32_t year, ent_err *err)
{
    ent_shard there[ENT_LIMIT_SHARDS];
    ENT_TRY(s->source.years(s->source.self, there, &s->count, err));
    for (size_t i = 0; i < s->count; i++) s->shard[i].is = there[i];
    if (!s->count && !year) return ent_fail(err, ENT_DAMAGED, "the ledger is not there: it must be restored from a copy");
    if (!s->count) s->shard[s->count++].is.year = year;
    if (s->count > 1 && !last_of(s)->is.count) s->count--; /* made, and the turn not finished */
    ENT_TRY(s->source.open(s->source.self, last_of(s)->is.year, year != 0, &last_of(s)->log, err));
    if (s->count > 1 && !last_of(s)->log.size(last_of(s)->log.self)) { /* its first entry was never acknowledged */
        last_of(s)->log.close(last_of(s)->log.self);
        last_of(s)->log = (ent_ledger){0};
        s->count--;
        ENT_TRY(s->source.open(s->source.self, last_of(s)->is.year, false, &last_of(s)->log, err));
    }
    ENT_TRY(check_row(s, err));
    return finish(s, err);
}

ent_code ent_sharded_ledger(const ent_shard_source *source, uint32_t year, ent_ledger *ret_ledger, ent_err *err)
{
    pthread_rwlockattr_t a;
    sharded *s = calloc(1, sizeof *s);
    if (!s) {
        if (source->close) source->close(source->self);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
    }
    pthread_rwlockattr_init(&a);
    pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP); /* or appends would keep a year from turning */
    pthread_rwlock_init(&s->lock, &a);
    pthread_rwlockattr_destroy(&a);
    pthread_mutex_init(&s->opening, NULL);
    s->source = *source;
    ent_code code = open_all(s, year, err);
    if (code != ENT_OK) {
        close_ledger(s);
        return code;
    }
    *ret_ledger = (ent_ledger){.self = s, .append = append, .append_many = append_many, .read = read_entry, .size = size, .receipt = receipt, .shards = shards,
                               .log = log_of, .turn = turn, .checkpoint = checkpoint, .hashes = hashes, .consistency = consistency,
                               .keep_cosigned = keep_cosigned, .cosigned_receipt = cosigned_receipt, .cosigned = cosigned, .close = close_ledger};
    return ENT_OK;
}
