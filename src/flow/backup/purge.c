#include "flow/backup/purge.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/ids.h"
#include "flow/commit.h"
#include "flow/disclosure/disclosure.h"
#include "flow/examination/case.h"
#include "flow/queue.h"
#include "flow/search/record.h"
#include "flow/state.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows of a table that are meant ---- */

typedef struct row_key {
    size_t len;
    uint8_t b[ENT_STORE_KEY_MAX];
} row_key;

typedef struct picked {
    const ent_keys *keys;
    size_t count, cap, kept;
    row_key *at;
    ent_code (*is_meant)(struct picked *p, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, bool *ret_meant);
    const uint8_t *id;   /* an encounter that is looked for */
    const row_key *gone; /* parts that are looked for, sorted */
    size_t gone_count;
} picked;

static ent_code pick(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    picked *p = ctx;
    bool meant = false;
    ent_code code = p->is_meant(p, key, key_len, value, value_len, &meant);
    if (code != ENT_OK || !meant) return code;
    if (p->count == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        row_key *at = realloc(p->at, cap * sizeof *at);
        if (!at) return ENT_NO_MEMORY;
        p->at = at, p->cap = cap;
    }
    p->at[p->count].len = key_len;
    memcpy(p->at[p->count++].b, key, key_len);
    return ENT_OK;
}

static ent_code pick_all(const ent_store *store, ent_table table, ent_bytes prefix, picked *p, ent_err *err)
{
    ent_change range = {.key = prefix.data, .key_len = prefix.len};
    ent_code code = store->scan(store->self, table, &range, pick, p, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "the rows of %s cannot all be looked at: %s", ent_table_name(table), ent_code_text(code));
}

static ent_code any(picked *p, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, bool *ret)
{
    (void)p, (void)key, (void)key_len, (void)value, (void)value_len;
    *ret = true;
    return ENT_OK;
}

/* In batches, so that a sync serves many. */
static ent_code delete_rows(const ent_store *store, ent_table table, const row_key *rows, size_t count, ent_err *err)
{
    enum { SOME = 256 };
    ent_change c[SOME];
    for (size_t at = 0; at < count; at += SOME) {
        size_t n = count - at < SOME ? count - at : SOME;
        for (size_t i = 0; i < n; i++) c[i] = (ent_change){.kind = ENT_CHANGE_DELETE, .table = table, .key = rows[at + i].b, .key_len = rows[at + i].len};
        ENT_TRY(store->commit(store->self, c, n, true, err));
    }
    return ENT_OK;
}

/* ---- parts ---- */

/* Gone, or never on this side: both mean that nobody can read the row. */
static ent_code key_is_gone(const ent_keys *keys, uint64_t slot, bool *ret_gone)
{
    ent_code code = keys->look(keys->self, (ent_slot){slot});
    *ret_gone = code == ENT_GONE || code == ENT_NOT_FOUND;
    return *ret_gone ? ENT_OK : code;
}

/* Rows that are sealed under a slot of their own begin with their version and the slot's number. */
static ent_code has_no_key(picked *p, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, bool *ret)
{
    ent_cursor c = ENT_CURSOR(value, value_len);
    (void)key;
    ent_cursor_u8(&c);
    uint64_t slot = ent_cursor_u64(&c);
    if (key_len < ENT_ID_SIZE || !ent_cursor_ok(&c)) return ENT_DAMAGED;
    ENT_TRY(key_is_gone(p->keys, slot, ret));
    p->kept += !*ret;
    return ENT_OK;
}

static int by_bytes(const void *a, const void *b) { return memcmp(((const row_key *)a)->b, ((const row_key *)b)->b, ENT_ID_SIZE); }

static ent_code ends_with_gone_part(picked *p, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, bool *ret)
{
    row_key like = {.len = ENT_ID_SIZE};
    (void)value, (void)value_len;
    if (key_len < ENT_ID_SIZE) return ENT_OK;
    memcpy(like.b, key + key_len - ENT_ID_SIZE, ENT_ID_SIZE);
    *ret = bsearch(&like, p->gone, p->gone_count, sizeof like, by_bytes) != NULL;
    return ENT_OK;
}

/* Rows of a table whose key ends with the id of a part that is gone. */
static ent_code forget_in(const ent_store *store, ent_table table, const picked *gone, ent_err *err)
{
    picked p = {.is_meant = ends_with_gone_part, .gone = gone->at, .gone_count = gone->count};
    ent_code code = pick_all(store, table, ENT_BYTES("", 0), &p, err);
    if (code == ENT_OK) code = delete_rows(store, table, p.at, p.count, err);
    free(p.at);
    return code;
}

static ent_code forget_blobs(const ent_store *store, const row_key *part, ent_err *err)
{
    picked p = {.is_meant = any};
    ent_code code = pick_all(store, ENT_TABLE_BLOBS, ENT_BYTES(part->b, part->len), &p, err);
    if (code == ENT_OK) code = delete_rows(store, ENT_TABLE_BLOBS, p.at, p.count, err);
    free(p.at);
    return code;
}

/* Without entries: what happened is in the ledger. */
static ent_code commit_rows(ent_flow_node *n, const ent_batch *b, ent_err *err)
{
    if (b->failed != ENT_OK) return ent_fail(err, b->failed, "too many rows name what was destroyed");
    return b->count ? n->c.store.commit(n->c.store.self, b->change, b->count, true, err) : ENT_OK;
}

/* What names a part elsewhere: searches, cases, messages that wait. As its destruction does it (flow/destruction), but for the
 * entries, which are in the ledger. */
static ent_code forget_mentions(ent_flow_node *n, const row_key *gone, size_t count, ent_err *err)
{
    enum { GROUP = 64 };
    ENT_TRY(ent_searches_index(n, err)); /* the backup may be of a store without it */
    for (size_t at = 0; at < count; at += GROUP) {
        ent_part_id ids[GROUP];
        ent_part_set set = {ids, count - at < GROUP ? count - at : GROUP};
        ENT_AUTO_BATCH b = ent_batch_new("purge");
        if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        for (size_t i = 0; i < set.count; i++) memcpy(ids[i].b, gone[at + i].b, ENT_ID_SIZE);
        ENT_TRY(ent_searches_forget(n, b, &set, err));
        ENT_TRY(ent_cases_forget(n, b, &set, err));
        ENT_TRY(ent_queue_forget(n, b, &set, err));
        ENT_TRY(commit_rows(n, b, err));
    }
    return ENT_OK;
}

/* The parts' own rows go last, so that a purge that was cut short finds them again. */
static ent_code forget_parts(ent_flow_node *n, picked *gone, ent_err *err)
{
    const ent_store *store = &n->c.store;
    if (!gone->count) return ENT_OK;
    ENT_TRY(forget_mentions(n, gone->at, gone->count, err));
    qsort(gone->at, gone->count, sizeof *gone->at, by_bytes);
    for (size_t i = 0; i < gone->count; i++) ENT_TRY(forget_blobs(store, &gone->at[i], err));
    ENT_TRY(forget_in(store, ENT_TABLE_GALLERIES, gone, err));
    ENT_TRY(forget_in(store, ENT_TABLE_DUE, gone, err));
    return delete_rows(store, ENT_TABLE_PARTS, gone->at, gone->count, err);
}

/* ---- encounters ---- */

typedef struct encounters {
    size_t count, cap;
    struct {
        uint8_t id[ENT_ID_SIZE];
        ent_buf parts;
    } *at;
} encounters;

static ent_code remember_encounter(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    encounters *e = ctx;
    if (key_len != ENT_ID_SIZE || value_len % ENT_ID_SIZE) return ENT_DAMAGED;
    if (e->count == e->cap) {
        size_t cap = e->cap ? 2 * e->cap : 64;
        void *at = realloc(e->at, cap * sizeof *e->at);
        if (!at) return ENT_NO_MEMORY;
        e->at = at, e->cap = cap;
    }
    memcpy(e->at[e->count].id, key, ENT_ID_SIZE);
    e->at[e->count].parts = ENT_BUF(65536);
    if (value_len) ent_buf_put(&e->at[e->count].parts, value, value_len);
    e->count++;
    return ENT_OK;
}

static ent_code is_of_encounter(picked *p, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, bool *ret)
{
    (void)key, (void)key_len;
    *ret = value_len == 1 + ENT_ID_SIZE && value[0] == 'E' && memcmp(value + 1, p->id, ENT_ID_SIZE) == 0;
    return ENT_OK;
}

/* The tokens of its transaction; the caller frees p->at. */
static ent_code find_tokens(const ent_store *store, const uint8_t id[ENT_ID_SIZE], picked *p, ent_err *err)
{
    *p = (picked){.is_meant = is_of_encounter, .id = id};
    return pick_all(store, ENT_TABLE_TRANSACTIONS, ENT_BYTES("", 0), p, err);
}

/* The destruction called back what was disclosed of it; that recall may have been lost with the disk, and a backup of before has none. Who
 * answered the first one gives the same undertaking again (docs/protocol/disclosure.md). */
static ent_code recall(ent_flow_node *n, ent_batch *b, const picked *tokens, ent_err *err)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->at[i].len != 32) return ent_fail(err, ENT_DAMAGED, "a transaction's row cannot be read");
        ENT_TRY(ent_disclosures_recall(n, b, tokens->at[i].b, NULL, ENT_RECALL_DESTROYED, err));
    }
    return ENT_OK;
}

/* Nothing is left of it: the transaction cannot come again. */
static void put_left(ent_batch *b, const uint8_t id[ENT_ID_SIZE], const ent_buf *left, const picked *tokens)
{
    if (left->len) {
        ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_ENCOUNTERS, ENT_BYTES(id, ENT_ID_SIZE), ENT_BYTES(left->data, left->len));
        return;
    }
    for (size_t i = 0; i < tokens->count; i++) ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_TRANSACTIONS, ENT_BYTES(tokens->at[i].b, tokens->at[i].len), ENT_BYTES("D", 1));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_ENCOUNTERS, ENT_BYTES(id, ENT_ID_SIZE), ENT_BYTES("", 0));
}

/* In one batch with the recalls, so that a purge that was cut short makes them still. */
static ent_code shrink_encounter(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], const ent_buf *left, ent_err *err)
{
    picked tokens;
    ENT_AUTO_BATCH b = ent_batch_new("purge");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = find_tokens(&n->c.store, id, &tokens, err);
    if (code == ENT_OK) code = recall(n, b, &tokens, err);
    if (code == ENT_OK) put_left(b, id, left, &tokens);
    free(tokens.at);
    return code == ENT_OK ? commit_rows(n, b, err) : code;
}

static ent_code look_at_encounter(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], const ent_buf *parts, size_t *closed, ent_err *err)
{
    const ent_store *store = &n->c.store;
    ENT_AUTO_BUF left = ENT_BUF(65536), row = ENT_BUF(ENT_STORE_VALUE_MAX);
    for (size_t i = 0; i + ENT_ID_SIZE <= parts->len; i += ENT_ID_SIZE) {
        ent_buf_clear(&row);
        ent_code code = store->get(store->self, ENT_TABLE_PARTS, parts->data + i, ENT_ID_SIZE, &row, NULL);
        if (code == ENT_OK) ent_buf_put(&left, parts->data + i, ENT_ID_SIZE);
        else if (code != ENT_NOT_FOUND) return ent_fail(err, code, "a part's row cannot be read");
    }
    if (left.len == parts->len && left.len) return ENT_OK;
    *closed += !left.len;
    return shrink_encounter(n, id, &left, err);
}

static ent_code look_at_encounters(ent_flow_node *n, size_t *ret_closed, ent_err *err)
{
    encounters e = {0};
    const ent_store *store = &n->c.store;
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = store->scan(store->self, ENT_TABLE_ENCOUNTERS, &all, remember_encounter, &e, err);
    if (code != ENT_OK) code = ent_fail(err, code, "an encounter's row cannot be read");
    for (size_t i = 0; i < e.count; i++) {
        if (code == ENT_OK) code = look_at_encounter(n, e.at[i].id, &e.at[i].parts, ret_closed, err);
        ent_buf_free(&e.at[i].parts);
    }
    free(e.at);
    return code;
}

/* ---- probes ---- */

/* A probe lies under its search's reference; that row says which slot (flow/search/record.c: version, candidate, slot). */
typedef struct probe_look {
    const ent_store *store;
    const ent_keys *keys;
} probe_look;

static ent_code probe_has_key(const probe_look *l, const row_key *probe, bool *ret_gone, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(65536);
    *ret_gone = true;
    ent_code code = l->store->get(l->store->self, ENT_TABLE_SEARCHES, probe->b, probe->len, &row, err);
    if (code != ENT_OK) return code == ENT_NOT_FOUND ? ENT_OK : code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    ent_cursor_take(&c, 1 + ENT_ID_SIZE);
    uint64_t slot = ent_cursor_u64(&c);
    if (!ent_cursor_ok(&c)) return ent_fail(err, ENT_DAMAGED, "a search's row cannot be read");
    code = key_is_gone(l->keys, slot, ret_gone);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "the key of a search's probe cannot be read");
}

/* The row stays, empty, until its case has ended (flow/search/record.c, ent_probes_expire). */
static ent_code empty_probe(const ent_store *store, const row_key *probe, ent_err *err)
{
    const ent_change c = {.kind = ENT_CHANGE_PUT, .table = ENT_TABLE_PROBES, .key = probe->b, .key_len = probe->len, .value = "", .value_len = 0};
    return store->commit(store->self, &c, 1, true, err);
}

static ent_code look_at_probes(const ent_store *store, const ent_keys *keys, size_t *ret_gone, ent_err *err)
{
    picked p = {.is_meant = any};
    probe_look l = {store, keys};
    ent_code code = pick_all(store, ENT_TABLE_PROBES, ENT_BYTES("", 0), &p, err);
    for (size_t i = 0; i < p.count && code == ENT_OK; i++) {
        bool gone = false;
        code = probe_has_key(&l, &p.at[i], &gone, err);
        if (code != ENT_OK || !gone) continue;
        code = empty_probe(store, &p.at[i], err);
        ++*ret_gone;
    }
    free(p.at);
    return code;
}

/* ---- rows that stand alone ---- */

static ent_code purge_table(const ent_store *store, ent_table table, const ent_keys *keys, size_t *ret_gone, ent_err *err)
{
    picked p = {.keys = keys, .is_meant = has_no_key};
    ent_code code = pick_all(store, table, ENT_BYTES("", 0), &p, err);
    if (code == ENT_OK) code = delete_rows(store, table, p.at, p.count, err);
    *ret_gone += p.count;
    free(p.at);
    return code;
}

static ent_code purge_all(ent_flow_node *n, ent_purged *ret, ent_err *err)
{
    const ent_store *store = &n->c.store;
    const ent_keys *keys = &n->c.keys;
    picked p = {.keys = keys, .is_meant = has_no_key};
    ent_purged out = {0};
    ent_code code = pick_all(store, ENT_TABLE_PARTS, ENT_BYTES("", 0), &p, err);
    if (code == ENT_OK) code = forget_parts(n, &p, err);
    out.parts = p.count;
    out.kept = p.kept;
    free(p.at);
    if (code == ENT_OK) code = purge_table(store, ENT_TABLE_DISCLOSURES, keys, &out.disclosures, err); /* those of which recalls are made are left */
    if (code == ENT_OK) code = look_at_encounters(n, &out.encounters, err);
    if (code == ENT_OK) code = look_at_probes(store, keys, &out.probes, err);
    if (code == ENT_OK) code = purge_table(store, ENT_TABLE_KEPT, keys, &out.disclosures, err);
    if (code == ENT_OK) *ret = out;
    return code;
}

/* A node that was not opened: the rows' functions need no more of it than its ports. */
static ent_flow_node *ports_only(const ent_store *store, const ent_keys *keys, ent_clock clock, ent_random random)
{
    ent_flow_node *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->c.store = *store;
    n->c.keys = *keys;
    n->c.clock = clock;
    n->c.random = random;
    return n;
}

ent_code ent_restore_purge(const ent_store *store, const ent_keys *keys, ent_clock clock, ent_random random, ent_purged *ret, ent_err *err)
{
    ent_flow_node *n = ports_only(store, keys, clock, random);
    if (!n) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = purge_all(n, ret, err);
    free(n);
    return code;
}

/* ---- into the hold store since ---- */

static ent_code has_part(picked *p, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, bool *ret)
{
    (void)key;
    if (key_len != ENT_ID_SIZE || value_len % ENT_ID_SIZE) return ENT_DAMAGED;
    for (size_t i = 0; i < value_len; i += ENT_ID_SIZE) *ret |= memcmp(value + i, p->id, ENT_ID_SIZE) == 0;
    return ENT_OK;
}

/* As the move did: gone from every copy that is searched. */
static ent_code recall_of_part(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_err *err)
{
    picked of = {.is_meant = has_part, .id = id}, tokens;
    ENT_AUTO_BATCH b = ent_batch_new("hide");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = pick_all(&n->c.store, ENT_TABLE_ENCOUNTERS, ENT_BYTES("", 0), &of, err);
    for (size_t i = 0; i < of.count && code == ENT_OK; i++) {
        code = find_tokens(&n->c.store, of.at[i].b, &tokens, err);
        if (code == ENT_OK) code = recall(n, b, &tokens, err);
        free(tokens.at);
    }
    free(of.at);
    return code == ENT_OK ? commit_rows(n, b, err) : code;
}

ent_code ent_restore_hide(const ent_store *store, const ent_keys *keys, ent_clock clock, ent_random random, const ent_part_id *part, ent_err *err)
{
    size_t unreadable = 0;
    row_key of = {.len = ENT_ID_SIZE};
    ent_flow_node *n = ports_only(store, keys, clock, random);
    if (!n) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    memcpy(of.b, part->b, ENT_ID_SIZE);
    ent_code code = forget_mentions(n, &of, 1, err);
    if (code == ENT_OK) code = purge_table(store, ENT_TABLE_DISCLOSURES, keys, &unreadable, err);
    if (code == ENT_OK) code = recall_of_part(n, part->b, err);
    free(n);
    return code;
}
