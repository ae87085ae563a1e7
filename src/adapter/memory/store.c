/* One sorted array of rows a table. */
#include "adapter/memory/memory.h"

#include "base/check.h"
#include "base/wipe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct row {
    uint8_t *bytes; /* key, then value */
    size_t key_len, value_len;
} row;

typedef struct table {
    row *rows;
    size_t count, cap;
} table;

typedef struct memory_store {
    pthread_mutex_t lock;
    table tables[ENT_TABLE_COUNT];
} memory_store;

static int compare(const row *r, const void *key, size_t len)
{
    int c = memcmp(r->bytes, key, r->key_len < len ? r->key_len : len);
    return c ? c : (r->key_len > len) - (r->key_len < len);
}

/* The first row that is not below the key. */
static size_t lower(const table *t, const void *key, size_t len)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare(&t->rows[mid], key, len) < 0) low = mid + 1;
        else high = mid;
    }
    return low;
}

static row *find(const table *t, const void *key, size_t len)
{
    size_t i = lower(t, key, len);
    return i < t->count && compare(&t->rows[i], key, len) == 0 ? &t->rows[i] : NULL;
}

static void free_row(row *r)
{
    ent_wipe(r->bytes, r->key_len + r->value_len);
    free(r->bytes);
}

static ent_code get(void *self, ent_table which, const void *key, size_t key_len, ent_buf *ret_value, ent_err *err)
{
    memory_store *s = self;
    pthread_mutex_lock(&s->lock);
    row *r = find(&s->tables[which], key, key_len);
    if (r) ent_buf_put(ret_value, r->bytes + r->key_len, r->value_len);
    pthread_mutex_unlock(&s->lock);
    return r ? ent_buf_check(ret_value, err) : ent_fail(err, ENT_NOT_FOUND, "nothing under this key in %s", ent_table_name(which));
}

static ent_code scan(void *self, ent_table which, const ent_change *range,
                     ent_code (*visit)(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len),
                     void *ctx, ent_err *err)
{
    memory_store *s = self;
    ent_code code = ENT_OK;
    (void)err;
    pthread_mutex_lock(&s->lock);
    const table *t = &s->tables[which];
    size_t i = range->value ? lower(t, range->value, range->value_len) : lower(t, range->key, range->key_len);
    for (; i < t->count && code == ENT_OK; i++) {
        const row *r = &t->rows[i];
        if (range->value && compare(r, range->value, range->value_len) <= 0) continue;
        if (r->key_len < range->key_len || memcmp(r->bytes, range->key, range->key_len) != 0) {
            if (compare(r, range->key, range->key_len) > 0) break;
            continue;
        }
        code = visit(ctx, r->bytes, r->key_len, r->bytes + r->key_len, r->value_len);
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

static ent_code allowed(memory_store *s, const ent_change *c, ent_err *err)
{
    row *r = find(&s->tables[c->table], c->key, c->key_len);
    ENT_PRE(c->key_len >= 1 && c->key_len <= ENT_STORE_KEY_MAX && c->value_len <= ENT_STORE_VALUE_MAX);
    if (c->kind == ENT_CHANGE_INSERT && r) return ent_fail(err, ENT_EXISTS, "the key is there already in %s", ent_table_name(c->table));
    if (c->kind != ENT_CHANGE_EXPECT) return ENT_OK;
    bool same = r ? r->value_len == c->value_len && memcmp(r->bytes + r->key_len, c->value, c->value_len) == 0 : c->value_len == 0;
    return same ? ENT_OK : ent_fail(err, ENT_CONFLICT, "%s was changed in the meantime", ent_table_name(c->table));
}

static ent_code prepare(memory_store *s, const ent_change *c, row *ret_row, ent_err *err)
{
    table *t = &s->tables[c->table];
    *ret_row = (row){malloc(c->key_len + c->value_len + 1), c->key_len, c->value_len};
    if (t->cap - t->count < 4096) { /* more than a batch has changes */
        row *rows = realloc(t->rows, (t->cap + 8192) * sizeof *rows);
        if (rows) t->rows = rows, t->cap += 8192;
        else free(ret_row->bytes), ret_row->bytes = NULL;
    }
    if (!ret_row->bytes) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the store");
    memcpy(ret_row->bytes, c->key, c->key_len);
    if (c->value_len) memcpy(ret_row->bytes + c->key_len, c->value, c->value_len);
    return ENT_OK;
}

static void apply(table *t, ent_change_kind kind, row fresh)
{
    size_t i = lower(t, fresh.bytes, fresh.key_len);
    bool there = i < t->count && compare(&t->rows[i], fresh.bytes, fresh.key_len) == 0;
    if (there) free_row(&t->rows[i]);
    if (kind == ENT_CHANGE_DELETE) {
        if (there) memmove(&t->rows[i], &t->rows[i + 1], (--t->count - i) * sizeof *t->rows);
        free_row(&fresh);
        return;
    }
    if (!there) memmove(&t->rows[i + 1], &t->rows[i], (t->count++ - i) * sizeof *t->rows);
    t->rows[i] = fresh;
}

static ent_code commit_locked(memory_store *s, const ent_change *changes, size_t count, row *rows, ent_err *err)
{
    for (size_t i = 0; i < count; i++) ENT_TRY(allowed(s, &changes[i], err));
    for (size_t i = 0; i < count; i++) {
        ent_code code = prepare(s, &changes[i], &rows[i], err);
        if (code == ENT_OK) continue;
        while (i-- > 0) free_row(&rows[i]);
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        if (changes[i].kind == ENT_CHANGE_EXPECT) free_row(&rows[i]);
        else apply(&s->tables[changes[i].table], changes[i].kind, rows[i]);
    }
    return ENT_OK;
}

static ent_code commit(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    (void)reserve;
    ENT_PRE(count < 4096);
    memory_store *s = self;
    row *rows = calloc(count + 1, sizeof *rows);
    if (!rows) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the store");
    pthread_mutex_lock(&s->lock);
    ent_code code = commit_locked(s, changes, count, rows, err);
    pthread_mutex_unlock(&s->lock);
    free(rows);
    return code;
}

static void close_store(void *self)
{
    memory_store *s = self;
    for (int t = 0; s && t < ENT_TABLE_COUNT; t++) {
        for (size_t i = 0; i < s->tables[t].count; i++) free_row(&s->tables[t].rows[i]);
        free(s->tables[t].rows);
    }
    free(s);
}

ent_code ent_memory_store(ent_store *ret_store, ent_err *err)
{
    memory_store *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the store");
    pthread_mutex_init(&s->lock, NULL);
    *ret_store = (ent_store){.self = s, .get = get, .scan = scan, .commit = commit, .close = close_store};
    return ENT_OK;
}

void ent_memory_store_each(const ent_store *store, void (*see)(void *ctx, ent_table table, const uint8_t *value, size_t len),
                           void *ctx)
{
    memory_store *s = store->self;
    for (int t = 0; t < ENT_TABLE_COUNT; t++)
        for (size_t i = 0; i < s->tables[t].count; i++)
            see(ctx, (ent_table)t, s->tables[t].rows[i].bytes, s->tables[t].rows[i].key_len + s->tables[t].rows[i].value_len);
}
