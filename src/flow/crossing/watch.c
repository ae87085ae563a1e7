#include "flow/crossing/watch.h"

#include "base/check.h"
#include "base/cursor.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 33, FEW = 256, DETAIL = 160 };
#define DAY_MS 86400000ll
#define MONTH_MS (31 * DAY_MS)
#define ALARM_KEPT_MS (3 * 366 * DAY_MS) /* in the list; the entry stays */

/* ---- counts: version, first, count, whether it was said, who ---- */

typedef struct count {
    ent_time first;
    uint64_t count, hits;
    bool said;
    uint8_t who[ENT_ID_SIZE];       /* of the first */
} count;

static void key_of(char what, ent_bytes a, ent_bytes b, uint8_t ret_key[KEY])
{
    ret_key[0] = (uint8_t)what;
    ent_sha256_parts((ent_bytes[]){a, b}, 2, ret_key + 1);
}

static ent_code read_count(const ent_flow_node *n, const uint8_t key[KEY], count *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(64);
    *ret = (count){0};
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_WATCH, key, KEY, &row, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    uint8_t version = ent_cursor_u8(&c);
    ret->first.ms = (int64_t)ent_cursor_u64(&c);
    ret->count = ent_cursor_u64(&c);
    ret->hits = ent_cursor_u64(&c);
    ret->said = ent_cursor_u8(&c) != 0;
    ent_cursor_copy(&c, ret->who, ENT_ID_SIZE);
    return version == 1 && ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a count of searches cannot be read");
}

static void put_count(ent_batch *b, const uint8_t key[KEY], const count *c)
{
    ENT_AUTO_BUF row = ENT_BUF(64);
    ent_buf_u8(&row, 1);
    ent_buf_u64(&row, (uint64_t)c->first.ms);
    ent_buf_u64(&row, c->count);
    ent_buf_u64(&row, c->hits);
    ent_buf_u8(&row, c->said);
    ent_buf_put(&row, c->who, ENT_ID_SIZE);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_WATCH, ENT_BYTES(key, KEY), ENT_BYTES(row.data, row.len));
}

/* ---- alarms ---- */

/* A row an alarm, under its time and a random number. The entry follows at the next minute, never with the answer: an entry more beside an
 * answer's would tell whoever watches the tree grow that something hit. */
typedef struct alarm_row {
    uint8_t key[8 + ENT_ID_SIZE];
    bool entered;
    ent_alarm_view v;
    char purpose[ENT_PURPOSE_NAME];
    uint32_t version;
    uint8_t digest[32];
} alarm_row;

static void put_alarm(ent_batch *b, const alarm_row *a)
{
    ENT_AUTO_BUF row = ENT_BUF(1024);
    ent_buf_u8(&row, 1);
    ent_buf_u8(&row, a->entered);
    ent_buf_u8(&row, (uint8_t)a->v.kind);
    ent_buf_u8(&row, a->v.ours);
    ent_buf_put(&row, a->v.reference.b, ENT_ID_SIZE);
    ent_buf_u32(&row, a->version);
    ent_buf_put(&row, a->digest, 32);
    ent_buf_text8(&row, a->v.agreement);
    ent_buf_text8(&row, a->v.flow);
    ent_buf_text8(&row, a->purpose);
    ent_buf_text8(&row, a->v.partner);
    ent_buf_text8(&row, a->v.detail);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_ALARMS, ENT_BYTES(a->key, sizeof a->key), ENT_BYTES(row.data, row.len));
}

static ent_code read_alarm(const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, alarm_row *ret)
{
    ent_cursor c = ENT_CURSOR(value, value_len), k = ENT_CURSOR(key, key_len);
    *ret = (alarm_row){.v = {.at = {(int64_t)ent_cursor_u64(&k)}}};
    if (key_len != sizeof ret->key) return ENT_DAMAGED;
    memcpy(ret->key, key, key_len);
    uint8_t version = ent_cursor_u8(&c);
    ret->entered = ent_cursor_u8(&c) != 0;
    ret->v.kind = (ent_alarm)ent_cursor_u8(&c);
    ret->v.ours = ent_cursor_u8(&c) != 0;
    ent_cursor_copy(&c, ret->v.reference.b, ENT_ID_SIZE);
    ret->version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, ret->digest, 32);
    ent_cursor_text8(&c, ret->v.agreement, sizeof ret->v.agreement);
    ent_cursor_text8(&c, ret->v.flow, sizeof ret->v.flow);
    ent_cursor_text8(&c, ret->purpose, sizeof ret->purpose);
    ent_cursor_text8(&c, ret->v.partner, sizeof ret->v.partner);
    ent_cursor_text8(&c, ret->v.detail, sizeof ret->v.detail);
    return version == 1 && ent_cursor_done(&c) && ret->v.kind < ENT_ALARM_COUNT ? ENT_OK : ENT_DAMAGED;
}

static void raise_alarm(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_alarm kind, const char *detail)
{
    alarm_row a = {.v = {.kind = kind, .ours = w->ours, .reference = w->reference}, .version = w->version};
    uint64_t now = (uint64_t)ent_now(n).ms;
    for (int i = 0; i < 8; i++) a.key[i] = (uint8_t)(now >> (56 - 8 * i));
    ent_fill(n, a.key + 8, ENT_ID_SIZE);
    memcpy(a.digest, w->digest, 32);
    snprintf(a.v.agreement, sizeof a.v.agreement, "%s", w->agreement);
    snprintf(a.v.flow, sizeof a.v.flow, "%s", w->flow);
    snprintf(a.purpose, sizeof a.purpose, "%s", w->purpose);
    snprintf(a.v.partner, sizeof a.v.partner, "%s", w->partner);
    snprintf(a.v.detail, sizeof a.v.detail, "%s", detail);
    put_alarm(b, &a);
    n->alarms_wait = true;
}

struct entering {
    ent_flow_node *n;
    ent_batch *b;
};

static ent_code enter_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct entering *s = ctx;
    alarm_row a;
    ENT_TRY(read_alarm(key, key_len, value, value_len, &a));
    if (a.entered) return ENT_OK;
    ent_entry e = {.kind = ENT_ENTRY_ALARM, .time = ent_now(s->n), .follows = ENT_ENTRY_NONE, .agreement_version = a.version};
    memcpy(e.case_number.b, a.v.reference.b, ENT_ID_SIZE);
    memcpy(e.agreement, a.digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", a.v.flow);
    snprintf(e.purpose, sizeof e.purpose, "%s", a.purpose);
    snprintf(e.clause, sizeof e.clause, "%s", ent_alarm_text(a.v.kind));
    ent_sha256(a.v.detail, strlen(a.v.detail), e.commitment); /* numbers only: no salt */
    a.entered = true;
    put_alarm(s->b, &a);
    ent_batch_entry(s->b, &e);
    return s->b->entry_count == ENT_BATCH_ENTRIES ? ENT_BUSY : ENT_OK;
}

static ent_code enter_alarms(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->alarms_wait ? ENT_BUSY : ENT_OK;
    while (code == ENT_BUSY) {
        ENT_AUTO_BATCH b = ent_batch_new("alarms");
        struct entering s = {n, b};
        code = b ? n->c.store.scan(n->c.store.self, ENT_TABLE_ALARMS, &all, enter_one, &s, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
        if (code != ENT_OK && code != ENT_BUSY) return ent_fail(err, code, "a row of the alarms cannot be read");
        if (b->entry_count) ENT_TRY(ent_commit(n, b, NULL, err));
    }
    n->alarms_wait = false;
    return ENT_OK;
}

/* One more of something within a day; the alarm is raised once, when the count reaches the limit. The crossing of one traveller that
 * goes to many partners is one. */
static ent_code more_than(ent_flow_node *n, ent_batch *b, const ent_watched *w, const uint8_t key[KEY], ent_alarm a, uint64_t limit, ent_err *err)
{
    count c;
    char detail[DETAIL];
    ENT_TRY(read_count(n, key, &c, err));
    if (ent_now(n).ms - c.first.ms >= DAY_MS) c = (count){.first = ent_now(n)};
    const uint8_t *who = w->crossing ? w->crossing->commitment : w->reference.b;
    if (c.count && memcmp(c.who, who, ENT_ID_SIZE) == 0) return ENT_OK;
    memcpy(c.who, who, ENT_ID_SIZE);
    c.count++;
    if (c.count >= limit && !c.said) {
        c.said = true;
        snprintf(detail, sizeof detail, "%llu within 24 hours; the limit is %llu", (unsigned long long)c.count, (unsigned long long)limit);
        raise_alarm(n, b, w, a, detail);
    }
    put_count(b, key, &c);
    return ENT_OK;
}

static ent_code look_at_document(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_err *err)
{
    uint8_t token[32], key[KEY];
    if (!w->crossing || !*w->crossing->document) return ENT_OK;
    const ent_bytes parts[] = {ENT_BYTES(w->crossing->issued_by, 4), ENT_BYTES(w->crossing->document, strlen(w->crossing->document))};
    ent_hmac_sha256(n->transaction_key.b, sizeof n->transaction_key.b, parts, 2, token);
    key_of('d', ENT_BYTES(token, 32), ENT_BYTES("", 0), key);
    return more_than(n, b, w, key, ENT_ALARM_DOCUMENT, ENT_WATCH_DOCUMENT, err);
}

static ent_code look_at_person(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_err *err)
{
    uint8_t key[KEY];
    for (size_t i = 0; w->hit && i < w->candidate_count; i++) {
        key_of('p', ENT_BYTES(w->candidates[i].b, ENT_ID_SIZE), ENT_BYTES(w->partner, strlen(w->partner)), key);
        ENT_TRY(more_than(n, b, w, key, ENT_ALARM_PERSON, ENT_WATCH_PERSON, err));
    }
    return ENT_OK;
}

/* The very bytes of another crossing's capture: nobody's finger is laid on a device twice alike. */
static ent_code look_at_capture(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_err *err)
{
    uint8_t key[KEY];
    char detail[DETAIL];
    count c;
    const uint8_t *who = w->crossing ? w->crossing->commitment : w->reference.b;
    key_of('b', ENT_BYTES(w->capture, 32), ENT_BYTES(w->ours ? "" : w->partner, w->ours ? 0 : strlen(w->partner)), key);
    ENT_TRY(read_count(n, key, &c, err));
    bool again = c.count && ent_now(n).ms - c.first.ms < MONTH_MS && memcmp(c.who, who, ENT_ID_SIZE) != 0;
    if (again) {
        snprintf(detail, sizeof detail, "the same bytes as in another crossing, %lld minutes before", (long long)((ent_now(n).ms - c.first.ms) / 60000));
        raise_alarm(n, b, w, ENT_ALARM_DUPLICATE, detail);
    } else {
        c = (count){.first = ent_now(n), .count = 1};
        memcpy(c.who, who, ENT_ID_SIZE);
        put_count(b, key, &c);
    }
    if (w->quality < 0 || (w->quality >= ENT_WATCH_QUALITY && w->minutiae >= ENT_WATCH_MINUTIAE)) return ENT_OK;
    snprintf(detail, sizeof detail, "best quality %d of 100, %zu minutiae", w->quality, w->minutiae);
    raise_alarm(n, b, w, ENT_ALARM_CAPTURE, detail);
    return ENT_OK;
}

/* ---- the rate ---- */

static void rate_key(const ent_watched *w, ent_date day, uint8_t ret_key[KEY])
{
    uint8_t rest[5] = {w->ours};
    uint32_t packed = ent_date_pack(day);
    ENT_AUTO_BUF flow = ENT_BUF(512);
    for (int i = 0; i < 4; i++) rest[1 + i] = (uint8_t)(packed >> (24 - 8 * i));
    ent_buf_text8(&flow, w->agreement);
    ent_buf_text8(&flow, w->flow);
    ent_buf_text8(&flow, w->partner);
    key_of('r', ENT_BYTES(flow.data, flow.len), ENT_BYTES(rest, sizeof rest), ret_key);
}

static ent_code usual(const ent_flow_node *n, const ent_watched *w, ent_date today, ent_watch_counts *ret, ent_err *err)
{
    for (int back = 1; back <= ENT_WATCH_USUAL_DAYS; back++) {
        uint8_t key[KEY];
        count c;
        rate_key(w, ent_date_add(today, 0, 0, -back), key);
        ENT_TRY(read_count(n, key, &c, err));
        ret->usual_searches += c.count;
        ret->usual_hits += c.hits;
    }
    return ENT_OK;
}

/* The days before are read now and then, not for each search: at a hit, and at every twentieth search of a day. */
static ent_code look_at_rate(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_err *err)
{
    uint8_t key[KEY];
    char detail[DETAIL];
    count c;
    ent_date today = ent_today(n);
    rate_key(w, today, key);
    ENT_TRY(read_count(n, key, &c, err));
    if (!c.count) c.first = ent_now(n);
    c.count++;
    c.hits += w->hit;
    ent_watch_counts counts = {.searches = c.count, .hits = c.hits};
    if (!c.said && (w->hit || c.count % ENT_WATCH_TODAY == 0)) ENT_TRY(usual(n, w, today, &counts, err));
    ent_alarm a = ent_watch_rate(&counts);
    if (a != ENT_ALARM_COUNT) {
        c.said = true; /* once a day */
        snprintf(detail, sizeof detail, "%llu of %llu searches today, %llu of %llu in the 30 days before", (unsigned long long)counts.hits, (unsigned long long)counts.searches,
                 (unsigned long long)counts.usual_hits, (unsigned long long)counts.usual_searches);
        raise_alarm(n, b, w, a, detail);
    }
    put_count(b, key, &c);
    return ENT_OK;
}

ent_code ent_watch_in(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_err *err)
{
    ENT_TRY(look_at_document(n, b, w, err));
    ENT_TRY(look_at_person(n, b, w, err));
    ENT_TRY(look_at_capture(n, b, w, err));
    return look_at_rate(n, b, w, err);
}

/* ---- who looks ---- */

struct listing {
    void (*see)(void *ctx, const ent_alarm_view *v);
    void *ctx;
};

static ent_code tell_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct listing *l = ctx;
    alarm_row a;
    ENT_TRY(read_alarm(key, key_len, value, value_len, &a));
    l->see(l->ctx, &a.v);
    return ENT_OK;
}

ent_code ent_flow_alarms(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_alarm_view *v), void *ctx, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    struct listing l = {see, ctx};
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_ALARMS, err));
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_ALARMS, &all, tell_one, &l, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a row of the alarms cannot be read") : code;
}

/* ---- their end ---- */

struct old {
    ent_batch *b;
    ent_table table;
    int64_t now;
    size_t count;
};

static ent_code pick_old(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct old *o = ctx;
    ent_cursor c = o->table == ENT_TABLE_ALARMS ? ENT_CURSOR(key, key_len) : ENT_CURSOR(value, value_len);
    if (o->table == ENT_TABLE_WATCH) (void)ent_cursor_u8(&c);
    int64_t age = o->now - (int64_t)ent_cursor_u64(&c), most = o->table == ENT_TABLE_ALARMS ? ALARM_KEPT_MS : *key == 'd' || *key == 'p' ? DAY_MS : MONTH_MS + DAY_MS;
    if (c.bad) return ENT_DAMAGED;
    if (age < most) return ENT_OK;
    ent_batch_put(o->b, ENT_CHANGE_DELETE, o->table, ENT_BYTES(key, key_len), ENT_BYTES("", 0));
    return ++o->count == FEW ? ENT_BUSY : ENT_OK;
}

static ent_code sweep(ent_flow_node *n, ent_table table, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = ENT_BUSY;
    while (code == ENT_BUSY) {
        ENT_AUTO_BATCH b = ent_batch_new("watch");
        struct old o = {b, table, ent_now(n).ms, 0};
        code = b ? n->c.store.scan(n->c.store.self, table, &all, pick_old, &o, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
        if (code != ENT_OK && code != ENT_BUSY) return code;
        if (o.count) ENT_TRY(ent_commit(n, b, NULL, err));
    }
    return code;
}

ent_code ent_watch_tick(ent_flow_node *n, ent_err *err)
{
    int64_t hour = ent_now(n).ms / 3600000;
    ENT_TRY(enter_alarms(n, err));
    if (n->watch_swept == hour) return ENT_OK;
    ENT_TRY(sweep(n, ENT_TABLE_WATCH, err));
    ENT_TRY(sweep(n, ENT_TABLE_ALARMS, err));
    n->watch_swept = hour;
    return ENT_OK;
}
