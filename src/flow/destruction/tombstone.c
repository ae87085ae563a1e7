#include "flow/destruction/tombstone.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

enum { YEARS_AT_MOST = 100, KEYS = 256, GROUP = 256, NAME = 18 };

static const char prefix[] = "tombstone-key/"; /* in META, with the year: the key's slot */

typedef struct year_key {
    int year;
    ent_slot slot;
    ent_key32 key;
} year_key;

struct ent_tombstones {
    year_key of[KEYS];
    size_t count;
};

static void name_of(int year, char ret[NAME + 1]) { snprintf(ret, NAME + 1, "%s%04u", prefix, (unsigned)year % 10000u); }

static void binding_of(int year, uint8_t ret[32])
{
    char name[NAME + 1];
    name_of(year, name);
    ent_sha256(name, strlen(name), ret);
}

static void token_under(const year_key *k, const uint8_t token[32], uint8_t ret[32]) { ent_hmac_sha256(k->key.b, 32, &ENT_BYTES(token, 32), 1, ret); }

/* ---- the years' keys ---- */

static year_key *key_of(ent_flow_node *n, int year)
{
    for (size_t i = 0; i < n->tombstones->count; i++)
        if (n->tombstones->of[i].year == year) return &n->tombstones->of[i];
    return NULL;
}

static ent_code make_key(ent_flow_node *n, int year, year_key **ret, ent_err *err)
{
    char name[NAME + 1];
    uint8_t binding[32], slot[8];
    if (n->tombstones->count == KEYS) return ent_fail(err, ENT_TOO_LARGE, "more than %d years of tombstones", KEYS);
    year_key *k = &n->tombstones->of[n->tombstones->count];
    name_of(year, name);
    binding_of(year, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &k->slot, &k->key, err));
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(k->slot.number >> (56 - 8 * i));
    ent_change c = {ENT_CHANGE_INSERT, ENT_TABLE_META, name, strlen(name), slot, sizeof slot};
    ENT_TRY(n->c.store.commit(n->c.store.self, &c, 1, true, err));
    k->year = year;
    n->tombstones->count++;
    *ret = k;
    return ENT_OK;
}

static ent_code load_key(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct ent_tombstones *t = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    char name[NAME + 1] = "";
    if (key_len != NAME || t->count == KEYS) return ENT_DAMAGED;
    memcpy(name, key, key_len);
    t->of[t->count].year = atoi(name + sizeof prefix - 1);
    t->of[t->count].slot.number = ent_cursor_u64(&c);
    if (!ent_cursor_done(&c)) return ENT_DAMAGED;
    t->count++;
    return ENT_OK;
}

/* ---- putting, checking ---- */

static int year_of(ent_flow_node *n, const ent_held_part *p)
{
    ent_date last = p->facts.taken;
    for (int m = 0; m < ENT_MATERIAL_COUNT; m++) {
        ent_legal_facts f = p->facts; /* the transaction's other parts were taken with it */
        f.material = (ent_material)m;
        ent_date until = ent_resend_until(n->c.regimes, n->c.regime_count, &f);
        if (ent_date_compare(last, until) < 0) last = until;
    }
    int most = p->facts.taken.year + YEARS_AT_MOST, now = ent_today(n).year;
    int year = last.year < most ? last.year : most;
    return year > now ? year : now;
}

static void put_row(ent_batch *b, const year_key *k, const uint8_t token[32])
{
    uint8_t row[3] = {'D', (uint8_t)(k->year >> 8), (uint8_t)k->year}, under[32];
    token_under(k, token, under);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_TRANSACTIONS, ENT_BYTES(under, 32), ENT_BYTES(row, sizeof row));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_TRANSACTIONS, ENT_BYTES(token, 32), ENT_BYTES("", 0));
}

ent_code ent_tombstone_ready(ent_flow_node *n, const ent_held_part *p, ent_err *err)
{
    int year = year_of(n, p);
    year_key *k = key_of(n, year);
    return k ? ENT_OK : make_key(n, year, &k, err);
}

void ent_tombstone_put(ent_flow_node *n, ent_batch *b, const ent_held_part *p)
{
    const year_key *k = key_of(n, year_of(n, p));
    /* the rules changed since it was enrolled, and a destruction waits for no new key: one without a year, until the next start */
    if (!k) ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_TRANSACTIONS, ENT_BYTES(p->transaction, 32), ENT_BYTES("D", 1));
    else put_row(b, k, p->transaction);
}

ent_code ent_tombstone_check(ent_flow_node *n, const uint8_t token[32], ent_err *err)
{
    for (size_t i = 0; i < n->tombstones->count; i++) {
        ENT_AUTO_BUF row = ENT_BUF(64);
        uint8_t under[32];
        token_under(&n->tombstones->of[i], token, under);
        ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_TRANSACTIONS, under, 32, &row, err);
        if (code == ENT_OK) return ent_fail(err, ENT_GONE, "this transaction was enrolled and destroyed: it is not taken again");
        if (code != ENT_NOT_FOUND) return code;
    }
    return ENT_OK;
}

/* ---- rows of one year, or of none ---- */

struct rows {
    int year; /* 0: those that have none yet */
    size_t count;
    uint8_t at[GROUP][32];
};

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct rows *r = ctx;
    if (key_len != 32 || !value_len || value[0] != 'D') return ENT_OK;
    bool meant = r->year ? value_len == 3 && (value[1] << 8 | value[2]) == r->year : value_len == 1;
    if (!meant) return ENT_OK;
    memcpy(r->at[r->count++], key, 32);
    return r->count == GROUP ? ENT_BUSY : ENT_OK;
}

static ent_code some_rows(ent_flow_node *n, struct rows *r, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    r->count = 0;
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_TRANSACTIONS, &all, gather, r, err);
    return code == ENT_BUSY ? ENT_OK : code;
}

static ent_code give_years(ent_flow_node *n, ent_err *err)
{
    struct rows r = {0};
    int year = ent_today(n).year + YEARS_AT_MOST; /* nothing is known of them any more */
    for (;;) {
        ENT_AUTO_BATCH b = ent_batch_new("tombstones");
        year_key *k = key_of(n, year);
        if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        ENT_TRY(some_rows(n, &r, err));
        if (!r.count) return ENT_OK;
        ent_code code = k ? ENT_OK : make_key(n, year, &k, err);
        if (code == ENT_NO_SPACE || code == ENT_TOO_LARGE || code == ENT_UNREACHABLE) return ENT_OK; /* they are known as they are */
        if (code != ENT_OK) return code;
        for (size_t i = 0; i < r.count; i++) put_row(b, k, r.at[i]);
        ENT_TRY(ent_commit(n, b, NULL, err));
    }
}

static ent_code delete_rows(ent_flow_node *n, int year, ent_err *err)
{
    struct rows r = {.year = year};
    do {
        ent_change gone[GROUP];
        ENT_TRY(some_rows(n, &r, err));
        for (size_t i = 0; i < r.count; i++) gone[i] = (ent_change){.kind = ENT_CHANGE_DELETE, .table = ENT_TABLE_TRANSACTIONS, .key = r.at[i], .key_len = 32};
        if (r.count) ENT_TRY(n->c.store.commit(n->c.store.self, gone, r.count, true, err));
    } while (r.count == GROUP);
    return ENT_OK;
}

/* ---- a year that is over ---- */

/* Rows first, then the key: cut short between, the next look finds the key again. */
static ent_code end_year(ent_flow_node *n, size_t at, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("tombstones-end");
    const year_key *k = &n->tombstones->of[at];
    char name[NAME + 1];
    uint8_t binding[32], key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    ent_entry e = {.kind = ENT_ENTRY_KEY, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    ENT_TRY(delete_rows(n, k->year, err));
    name_of(k->year, name);
    binding_of(k->year, binding);
    memcpy(key + 1, binding, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(k->slot.number >> (56 - 8 * i));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_META, ENT_BYTES(name, strlen(name)), ENT_BYTES("", 0));
    snprintf(e.clause, sizeof e.clause, "tombstones of %d ended", k->year);
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, NULL, err));
    n->tombstones->of[at] = n->tombstones->of[--n->tombstones->count];
    ent_wipe(&n->tombstones->of[n->tombstones->count], sizeof *k);
    return ENT_OK;
}

ent_code ent_tombstones_tick(ent_flow_node *n, ent_err *err)
{
    int now = ent_today(n).year;
    for (size_t i = n->tombstones->count; i-- > 0;)
        if (n->tombstones->of[i].year < now) ENT_TRY(end_year(n, i, err));
    return ENT_OK;
}

ent_code ent_tombstones_load(ent_flow_node *n, ent_err *err)
{
    ent_change range = {.key = prefix, .key_len = sizeof prefix - 1};
    struct ent_tombstones *t = n->tombstones = calloc(1, sizeof *t);
    if (!t) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_META, &range, load_key, t, err);
    if (code != ENT_OK) return ent_fail(err, code, "a tombstone key's row cannot be read");
    for (size_t i = t->count; i-- > 0;) {
        uint8_t binding[32];
        binding_of(t->of[i].year, binding);
        code = n->c.keys.get(n->c.keys.self, t->of[i].slot, binding, &t->of[i].key, err);
        if (code == ENT_GONE) code = end_year(n, i, err); /* ended after the backup that this store came from */
        if (code != ENT_OK) return code;
    }
    return give_years(n, err);
}

void ent_tombstones_free(ent_flow_node *n)
{
    if (n->tombstones) ent_wipe(n->tombstones, sizeof *n->tombstones);
    free(n->tombstones);
}
