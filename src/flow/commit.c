#include "flow/commit.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ent_batch *ent_batch_new(const char *name)
{
    ent_batch *b = calloc(1, sizeof *b);
    if (b) b->name = name;
    return b;
}

void ent_batch_free(ent_batch *b)
{
    if (!b) return;
    for (size_t i = 0; i < b->count; i++) ent_buf_free(&b->bytes[i]);
    free(b->change);
    free(b->bytes);
    free(b);
}

static bool grow(ent_batch *b)
{
    if (b->count < b->cap) return true;
    size_t cap = b->cap ? b->cap * 2 : 32;
    ent_change *change = cap <= ENT_BATCH_CHANGES ? realloc(b->change, cap * sizeof *change) : NULL;
    if (change) b->change = change;
    ent_buf *bytes = change ? realloc(b->bytes, cap * sizeof *bytes) : NULL;
    if (bytes) b->bytes = bytes, b->cap = cap;
    return bytes != NULL;
}

void ent_batch_put(ent_batch *b, ent_change_kind kind, ent_table table, ent_bytes key, ent_bytes value)
{
    if (b->failed == ENT_OK && !grow(b)) b->failed = ENT_TOO_LARGE;
    if (b->failed != ENT_OK) return;
    ent_buf *bytes = &b->bytes[b->count];
    *bytes = ENT_BUF(ENT_STORE_KEY_MAX + ENT_STORE_VALUE_MAX);
    ent_buf_put(bytes, key.data, key.len);
    if (value.len) ent_buf_put(bytes, value.data, value.len);
    if (bytes->failed != ENT_OK) b->failed = bytes->failed, ent_buf_free(bytes);
    else b->change[b->count++] = (ent_change){kind, table, bytes->data, key.len, bytes->data + key.len, value.len};
}

void ent_batch_entry(ent_batch *b, const ent_entry *e)
{
    if (b->entry_count == ENT_BATCH_ENTRIES) b->failed = ENT_TOO_LARGE;
    else b->entry[b->entry_count++] = *e;
}

#ifdef ENT_COMMIT_POINTS
void ent_commit_point(const char *act, const char *place)
{
    char name[96];
    const char *die_at = getenv("ENTENTE_DIE_AT");
    snprintf(name, sizeof name, "%s.%s", act, place);
    if (die_at && strcmp(die_at, name) == 0) raise(SIGKILL);
}
#endif

/* An outbox row: the ledger's size when it was written, the entry. */
enum { ROW = 8 + ENT_ENTRY_SIZE, KEY = ENT_OUTBOX_KEY };

/* Keys order the entries of one batch: time first, place last. */
static void outbox_key(ent_flow_node *n, size_t place, uint8_t ret_key[KEY])
{
    uint64_t ms = (uint64_t)ent_now(n).ms;
    for (int i = 0; i < 8; i++) ret_key[i] = (uint8_t)(ms >> (56 - 8 * i));
    ret_key[8] = (uint8_t)place;
    ent_fill(n, ret_key + 9, KEY - 9);
}

ent_code ent_commit_begin(ent_flow_node *n, ent_batch *b, ent_err *err)
{
    uint8_t row[ROW];
    uint64_t size = n->c.ledger.size(n->c.ledger.self);
    for (size_t i = 0; i < b->entry_count; i++) {
        ENT_TRY(ent_entry_encode(&b->entry[i], row + 8, err));
        outbox_key(n, i, b->outbox[i]);
        for (int k = 0; k < 8; k++) row[k] = (uint8_t)(size >> (56 - 8 * k));
        ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_OUTBOX, ENT_BYTES(b->outbox[i], KEY), ENT_BYTES(row, ROW));
    }
    if (b->failed != ENT_OK) return ent_fail(err, b->failed, "a batch of more than %d changes", ENT_BATCH_CHANGES);
    ent_commit_point(b->name, "before-persist");
    return b->count ? ent_store_stage(&n->c.store, b->change, b->count, b->reserve, err) : ENT_OK;
}

static ent_code append_entries(ent_flow_node *n, const ent_batch *b, uint64_t *ret_indexes, ent_err *err)
{
    uint8_t bytes[ENT_BATCH_ENTRIES][ENT_ENTRY_SIZE];
    uint64_t indexes[ENT_BATCH_ENTRIES];
    for (size_t i = 0; i < b->entry_count; i++) ENT_TRY(ent_entry_encode(&b->entry[i], bytes[i], err));
    if (b->entry_count) ENT_TRY(n->c.ledger.append_many(n->c.ledger.self, (const uint8_t(*)[ENT_ENTRY_SIZE])bytes, b->entry_count, indexes, err));
    if (ret_indexes) memcpy(ret_indexes, indexes, b->entry_count * sizeof *indexes);
    ent_commit_point(b->name, "after-append");
    return ENT_OK;
}

/* ---- many ends at the same time ---- */

/* One that waits for its end. */
typedef struct ent_ending {
    const ent_batch *b;
    uint64_t *indexes; /* the batch's; may be NULL */
    ent_code code;
    ent_err err;
    bool done;
    struct ent_ending *next;
} ending;

/* One sync of the store for all of them. */
static ent_code sync_all(ent_flow_node *n, const ending *all, ent_err *err)
{
    ENT_TRY(ent_store_sync(&n->c.store, err));
    for (; all; all = all->next) ent_commit_point(all->b->name, "after-persist");
    return ENT_OK;
}

/* The entries of several batches in one call. They fail together: their rows are there, and what of their entries is not in the ledger waits in the outbox. */
static ent_code append_all(ent_flow_node *n, ending *all, ent_err *err)
{
    uint8_t bytes[ENT_APPEND_MANY][ENT_ENTRY_SIZE];
    uint64_t indexes[ENT_APPEND_MANY];
    size_t count = 0, at = 0;
    for (ending *e = all; e; e = e->next)
        for (size_t i = 0; i < e->b->entry_count; i++) ENT_TRY(ent_entry_encode(&e->b->entry[i], bytes[count++], err));
    if (count) ENT_TRY(n->c.ledger.append_many(n->c.ledger.self, (const uint8_t(*)[ENT_ENTRY_SIZE])bytes, count, indexes, err));
    for (ending *e = all; e; e = e->next) {
        if (e->indexes) memcpy(e->indexes, indexes + at, e->b->entry_count * sizeof *indexes);
        at += e->b->entry_count;
        ent_commit_point(e->b->name, "after-append");
    }
    return ENT_OK;
}

static void put_all(ent_row_of *row, ending *all)
{
    *row->last = all;
    while (*row->last) row->last = &(*row->last)->next;
}

/* As many of those that wait as the ledger takes at once, in their order. */
static ending *take_some(ent_row_of *row)
{
    ending *all = row->first, *last = NULL;
    size_t count = 0;
    for (ending *e = all; e && (!last || count + e->b->entry_count <= ENT_APPEND_MANY); e = e->next) last = e, count += e->b->entry_count;
    row->first = last->next;
    if (!row->first) row->last = &row->first;
    last->next = NULL;
    return all;
}

/* Whoever finds a row that nobody leads leads it: itself, and whoever has come meanwhile. While some wait for the ledger, the next wait for the store. */
static void lead(ent_flow_node *n, ent_row_of *row)
{
    ent_endings *q = &n->endings;
    ent_err err = {0};
    bool store = row == &q->store;
    ending *all = take_some(row);
    row->led = true;
    pthread_mutex_unlock(&q->lock);
    ent_code code = store ? sync_all(n, all, &err) : append_all(n, all, &err);
    pthread_mutex_lock(&q->lock);
    row->led = false;
    if (store && code == ENT_OK) put_all(&q->ledger, all);
    else
        for (ending *e = all; e; e = e->next) e->code = code, e->err = err, e->done = true;
    pthread_cond_broadcast(&q->moved);
}

ent_code ent_commit_end(ent_flow_node *n, ent_batch *b, uint64_t *ret_indexes, ent_err *err)
{
    ent_endings *q = &n->endings;
    ending mine = {.b = b, .indexes = ret_indexes};
    pthread_mutex_lock(&q->lock);
    put_all(&q->store, &mine);
    while (!mine.done) {
        if (q->ledger.first && !q->ledger.led) lead(n, &q->ledger);
        else if (q->store.first && !q->store.led) lead(n, &q->store);
        else pthread_cond_wait(&q->moved, &q->lock);
    }
    pthread_mutex_unlock(&q->lock);
    if (mine.code != ENT_OK && err) *err = mine.err;
    return mine.code;
}

void ent_endings_begin(ent_endings *q)
{
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->moved, NULL);
    q->store = (ent_row_of){.last = &q->store.first};
    q->ledger = (ent_row_of){.last = &q->ledger.first};
}

void ent_endings_finish(ent_endings *q)
{
    pthread_cond_destroy(&q->moved);
    pthread_mutex_destroy(&q->lock);
}

void ent_batch_forget(ent_batch *into, const ent_batch *ended)
{
    for (size_t i = 0; i < ended->entry_count; i++) ent_batch_put(into, ENT_CHANGE_DELETE, ENT_TABLE_OUTBOX, ENT_BYTES(ended->outbox[i], KEY), ENT_BYTES("", 0));
}

/* Not synced: who does not find a row's deletion after a crash finds its entry in the ledger. */
static ent_code forget(ent_flow_node *n, const uint8_t (*keys)[KEY], size_t count, ent_err *err)
{
    ent_change gone[ENT_BATCH_ENTRIES];
    for (size_t i = 0; i < count; i++)
        gone[i] = (ent_change){.kind = ENT_CHANGE_DELETE, .table = ENT_TABLE_OUTBOX, .key = keys[i], .key_len = KEY};
    return count ? ent_store_stage(&n->c.store, gone, count, true, err) : ENT_OK;
}

ent_code ent_commit_forget(ent_flow_node *n, const ent_batch *ended, ent_err *err)
{
    ENT_TRY(forget(n, (const uint8_t(*)[KEY])ended->outbox, ended->entry_count, err));
    ent_commit_point(ended->name, "before-tell");
    return ENT_OK;
}

ent_code ent_commit(ent_flow_node *n, ent_batch *b, uint64_t *ret_indexes, ent_err *err)
{
    return ent_commit_with(n, b, NULL, ret_indexes, err);
}

ent_code ent_commit_with(ent_flow_node *n, ent_batch *b, ent_code (*between)(ent_flow_node *n, ent_err *err), uint64_t *ret_indexes, ent_err *err)
{
    ENT_TRY(ent_commit_begin(n, b, err));
    if (b->count) ENT_TRY(ent_store_sync(&n->c.store, err));
    ent_commit_point(b->name, "after-persist");
    if (between) ENT_TRY(between(n, err));
    ENT_TRY(append_entries(n, b, ret_indexes, err));
    return ent_commit_forget(n, b, err);
}

/* ---- draining ---- */

typedef struct waiting_rows {
    size_t count;
    struct {
        uint8_t key[KEY], row[ROW];
    } at[64];
} waiting_rows;

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    waiting_rows *w = ctx;
    if (key_len != KEY || value_len != ROW) return ENT_DAMAGED;
    memcpy(w->at[w->count].key, key, KEY);
    memcpy(w->at[w->count].row, value, ROW);
    return ++w->count == 64 ? ENT_BUSY : ENT_OK;
}

static ent_code waiting_now(ent_flow_node *n, waiting_rows *ret, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ret->count = 0;
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_OUTBOX, &all, gather, ret, err);
    if (code == ENT_DAMAGED) return ent_fail(err, ENT_DAMAGED, "an outbox row that this program did not write");
    return code == ENT_BUSY ? ENT_OK : code;
}

static ent_code in_ledger(ent_flow_node *n, uint64_t from, const uint8_t entry[ENT_ENTRY_SIZE], bool *ret_there, ent_err *err)
{
    uint64_t size = n->c.ledger.size(n->c.ledger.self);
    if (from > size)
        return ent_fail(err, ENT_DAMAGED, "the store knows a ledger of %llu entries, there are %llu: the ledger was rolled back",
                        (unsigned long long)from, (unsigned long long)size);
    *ret_there = false;
    for (uint64_t i = from; i < size && !*ret_there; i++) {
        uint8_t there[ENT_ENTRY_SIZE];
        ENT_TRY(n->c.ledger.read(n->c.ledger.self, i, there, err));
        *ret_there = memcmp(there, entry, ENT_ENTRY_SIZE) == 0;
    }
    return ENT_OK;
}

ent_code ent_outbox_drain(ent_flow_node *n, size_t *ret_drained, ent_err *err)
{
    waiting_rows w;
    *ret_drained = 0;
    for (;;) {
        ENT_TRY(waiting_now(n, &w, err));
        if (!w.count) return ENT_OK;
        for (size_t i = 0; i < w.count; i++) {
            ent_cursor c = ENT_CURSOR(w.at[i].row, ROW);
            uint64_t from = ent_cursor_u64(&c), index;
            bool there;
            ENT_TRY(in_ledger(n, from, w.at[i].row + 8, &there, err));
            if (!there) ENT_TRY(n->c.ledger.append(n->c.ledger.self, w.at[i].row + 8, &index, err));
            ENT_TRY(forget(n, (const uint8_t(*)[KEY])w.at[i].key, 1, err));
            ++*ret_drained;
        }
    }
}

size_t ent_outbox_count(ent_flow_node *n)
{
    waiting_rows w;
    return waiting_now(n, &w, NULL) == ENT_OK ? w.count : 0;
}

void ent_commit_to(const uint8_t salt[32], const void *content, size_t len, uint8_t ret_commitment[32])
{
    ent_hmac_sha256(salt, 32, &ENT_BYTES(content, len), 1, ret_commitment);
}
