/* The requester's copy: a row a record, each under its own key; the position in the batch of the records that reach to it, so that a
 * crash at any point neither loses nor repeats one. What goes, goes with its key, and leaves the proof of its going to be sent. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/destruction/time.h"
#include "flow/feed/feed.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, KEY = 17, BY_ID = KEY + ENT_ID_SIZE, COPIES = 32, SOME = 64, RECORD_MAX = 1 << 20 };

typedef struct ent_copies {
    ent_copy all[COPIES];
    ent_date swept[COPIES];
    size_t count;
} ent_copies;

/* ---- the copy's own row ---- */

static void put_state(const ent_copy *c, ent_batch *b)
{
    ENT_AUTO_BUF row = ENT_BUF(1024);
    ent_buf_u8(&row, VERSION);
    ent_buf_text8(&row, c->agreement);
    ent_buf_text8(&row, c->flow);
    ent_buf_text8(&row, c->holder);
    ent_buf_text8(&row, c->clause);
    ent_buf_u64(&row, c->position);
    ent_buf_u64(&row, (uint64_t)c->contact.ms);
    ent_buf_u64(&row, (uint64_t)c->lease.ms);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(c->key, KEY), ENT_BYTES(row.data, row.len));
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_copies *l = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_copy *o = &l->all[l->count];
    if (key_len != KEY || l->count == COPIES) return ENT_DAMAGED;
    *o = (ent_copy){0};
    memcpy(o->key, key, KEY);
    uint8_t version = ent_cursor_u8(&c);
    ent_cursor_text8(&c, o->agreement, sizeof o->agreement);
    ent_cursor_text8(&c, o->flow, sizeof o->flow);
    ent_cursor_text8(&c, o->holder, sizeof o->holder);
    ent_cursor_text8(&c, o->clause, sizeof o->clause);
    o->position = ent_cursor_u64(&c);
    o->contact.ms = (int64_t)ent_cursor_u64(&c);
    o->lease.ms = (int64_t)ent_cursor_u64(&c);
    l->count++;
    return version == VERSION && ent_cursor_done(&c) ? ENT_OK : ENT_DAMAGED;
}

static ent_code load(ent_flow_node *n, ent_err *err)
{
    if (n->copies) return ENT_OK;
    ent_change range = {.key = "C", .key_len = 1};
    ent_copies *l = calloc(1, sizeof *l);
    ent_code code = l ? n->c.store.scan(n->c.store.self, ENT_TABLE_FEEDS, &range, load_one, l, err) : ENT_NO_MEMORY;
    if (code != ENT_OK) {
        free(l);
        return ent_fail(err, code, "the copies' rows cannot be read");
    }
    n->copies = l;
    return ENT_OK;
}

void ent_copies_free(ent_flow_node *n)
{
    for (size_t i = 0; n->copies && i < n->copies->count; i++) ent_gallery_free(n->copies->all[i].gallery);
    free(n->copies);
    n->copies = NULL;
}

ent_code ent_copy_of(ent_flow_node *n, const char *agreement, const char *flow, const char *holder, ent_copy **ret, ent_err *err)
{
    uint8_t key[KEY];
    ENT_TRY(load(n, err));
    ent_feed_key('C', agreement, flow, key);
    for (size_t i = 0; i < n->copies->count; i++)
        if (memcmp(n->copies->all[i].key, key, KEY) == 0) return *ret = &n->copies->all[i], ENT_OK;
    if (n->copies->count == COPIES) return ent_fail(err, ENT_TOO_LARGE, "more than %d copies", COPIES);
    ent_copy *c = &n->copies->all[n->copies->count++];
    *c = (ent_copy){0};
    memcpy(c->key, key, KEY);
    snprintf(c->agreement, sizeof c->agreement, "%s", agreement);
    snprintf(c->flow, sizeof c->flow, "%s", flow);
    snprintf(c->holder, sizeof c->holder, "%s", holder);
    *ret = c;
    return ENT_OK;
}

ent_copy_fate ent_copy_now(ent_flow_node *n, const ent_copy *c, const ent_agreement **ret_a, const ent_flow **ret_f, const char **ret_clause)
{
    const ent_held_agreement *h = ent_agreement_named(n, c->agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, c->flow) : NULL;
    if (f && (strcmp(f->requester, n->c.name) != 0 || strcmp(f->holder, c->holder) != 0)) f = NULL;
    *ret_a = h ? h->a : NULL;
    *ret_f = f;
    return ent_copy_fate_of(*ret_a, f, h ? h->state : ENT_AGREEMENT_ENDED, c->lease, ent_now(n), ent_time_sure(n), ret_clause);
}

/* ---- records: slot, the day until which the holder keeps it, box ---- */

static void key_with(const ent_copy *c, char what, const uint8_t id[ENT_ID_SIZE], uint8_t ret[BY_ID])
{
    memcpy(ret, c->key, KEY);
    ret[0] = (uint8_t)what;
    memcpy(ret + KEY, id, ENT_ID_SIZE);
}

static void binding_of(const uint8_t key[BY_ID], uint8_t ret[32]) { ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente feed record", 19), ENT_BYTES(key, BY_ID)}, 2, ret); }

typedef struct row {
    uint8_t key[BY_ID];
    ent_slot slot;
    ent_date until;
} row;

/* The cursor is left at the box. */
static bool decode(const uint8_t *key, ent_cursor *c, row *r)
{
    memcpy(r->key, key, BY_ID);
    uint8_t version = ent_cursor_u8(c);
    r->slot.number = ent_cursor_u64(c);
    r->until = ent_date_unpack(ent_cursor_u32(c));
    return version == VERSION && !c->bad;
}

static ent_code unseal_row(ent_flow_node *n, const row *r, ent_bytes box, ent_buf *ret_plain, ent_feed_record *ret, ent_err *err)
{
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    binding_of(r->key, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, r->slot, binding, &key, err));
    ENT_TRY(ent_unseal(&key, ENT_BYTES(r->key, BY_ID), box, ret_plain, err));
    return ent_feed_record_read(ret_plain->data, ret_plain->len, ret, err);
}

ent_code ent_copy_record(ent_flow_node *n, const ent_copy *c, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_plain, ent_feed_record *ret, ent_err *err)
{
    uint8_t key[BY_ID];
    row r;
    ENT_AUTO_BUF bytes = ENT_BUF(RECORD_MAX);
    key_with(c, 'R', id, key);
    ENT_TRY(n->c.store.get(n->c.store.self, ENT_TABLE_FEEDS, key, BY_ID, &bytes, err));
    ent_cursor at = ENT_CURSOR(bytes.data, bytes.len);
    if (!decode(key, &at, &r)) return ent_fail(err, ENT_DAMAGED, "a copied record's row cannot be read");
    size_t left = ent_cursor_left(&at);
    return unseal_row(n, &r, ENT_BYTES(ent_cursor_take(&at, left), left), ret_plain, ret, err);
}

struct counting {
    uint64_t count;
};

static ent_code count_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)key, (void)key_len, (void)value, (void)value_len;
    ((struct counting *)ctx)->count++;
    return ENT_OK;
}

uint64_t ent_copy_rows(ent_flow_node *n, const ent_copy *c, char what)
{
    uint8_t prefix[KEY];
    struct counting all = {0};
    memcpy(prefix, c->key, KEY);
    prefix[0] = (uint8_t)what;
    ent_change range = {.key = prefix, .key_len = KEY};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_FEEDS, &range, count_one, &all, NULL) == ENT_OK ? all.count : 0;
}

/* ---- the gallery ---- */

static ent_code add_prints(ent_copy *c, const uint8_t id[ENT_ID_SIZE], ent_slot slot, const ent_feed_record *r, ent_err *err)
{
    ent_gallery_print print = {.key_slot = slot.number, .flows = 1};
    memcpy(print.part.b, id, ENT_ID_SIZE);
    for (size_t i = 0; i < r->print_count; i++) {
        ent_finger_template *t;
        print.place = (uint8_t)i;
        print.finger = r->print[i].finger;
        ENT_TRY(ent_finger_decode(r->print[i].native, r->print[i].native_len, &t, err));
        ent_code code = ent_gallery_add(c->gallery, &print, t, err);
        ent_finger_template_free(t);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}

struct filling {
    ent_flow_node *n;
    ent_copy *c;
    ent_err *err;
};

static ent_code fill_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct filling *s = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ENT_AUTO_BUF plain = ENT_BUF(RECORD_MAX);
    ent_feed_record record;
    row r;
    if (key_len != BY_ID || !decode(key, &c, &r)) return ENT_DAMAGED;
    size_t left = ent_cursor_left(&c);
    ENT_TRY(unseal_row(s->n, &r, ENT_BYTES(ent_cursor_take(&c, left), left), &plain, &record, s->err));
    return add_prints(s->c, record.id, r.slot, &record, s->err);
}

ent_code ent_copy_load_gallery(ent_flow_node *n, ent_copy *c, ent_err *err)
{
    uint8_t prefix[KEY];
    if (c->gallery) return ENT_OK;
    ENT_TRY(ent_gallery_new(n->c.threads, &c->gallery, err));
    memcpy(prefix, c->key, KEY);
    prefix[0] = 'R';
    ent_change range = {.key = prefix, .key_len = KEY};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_FEEDS, &range, fill_one, &(struct filling){n, c, err}, err);
    if (code == ENT_OK) return ENT_OK;
    ent_gallery_free(c->gallery);
    c->gallery = NULL;
    return code;
}

/* ---- going ---- */

static void overwrite(ent_batch *b, const row *r)
{
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    memcpy(key + 1, r->key + KEY, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(r->slot.number >> (56 - 8 * i));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
}

static void fill_entry(ent_flow_node *n, const ent_copy *c, ent_entry_kind kind, const uint8_t case_number[ENT_ID_SIZE], const char *clause, ent_entry *ret)
{
    const ent_held_agreement *h = ent_agreement_named(n, c->agreement);
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    if (h) ret->agreement_version = h->a->version, memcpy(ret->agreement, h->envelope.digest, 32);
    memcpy(ret->case_number.b, case_number, ENT_ID_SIZE);
    snprintf(ret->flow, sizeof ret->flow, "%s", c->flow);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
}

/* The record's row and key go; the entry, and that it must be proven. */
static void take_out(ent_flow_node *n, const ent_copy *c, ent_batch *b, const row *r, const char *clause)
{
    uint8_t key[BY_ID];
    ent_entry e;
    overwrite(b, r);
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_FEEDS, ENT_BYTES(r->key, BY_ID), ENT_BYTES("", 0));
    key_with(c, 'U', r->key + KEY, key);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(key, BY_ID), ENT_BYTES("u", 1));
    fill_entry(n, c, ENT_ENTRY_DESTROYED, r->key + KEY, clause, &e);
    ent_batch_entry(b, &e);
}

struct some {
    row r[SOME];
    size_t count;
    ent_date before; /* year 0: all; else those whose day lies before it */
};

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct some *s = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    row r;
    if (key_len != BY_ID || !decode(key, &c, &r)) return ENT_DAMAGED;
    if (s->before.year && (!r.until.year || ent_date_compare(r.until, s->before) > 0)) return ENT_OK;
    s->r[s->count++] = r;
    return s->count == SOME ? ENT_BUSY : ENT_OK;
}

/* Records in groups until none is left; a crash between two groups leaves the rest to the next tick. */
static ent_code destroy_records(ent_flow_node *n, ent_copy *c, ent_date before, const char *clause, uint64_t *ret_count, ent_err *err)
{
    uint8_t prefix[KEY];
    struct some s = {.before = before};
    memcpy(prefix, c->key, KEY);
    prefix[0] = 'R';
    ent_change range = {.key = prefix, .key_len = KEY};
    do {
        s.count = 0;
        ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_FEEDS, &range, gather, &s, err);
        if (code != ENT_OK && code != ENT_BUSY) return ent_fail(err, code, "a copied record's row cannot be read");
        ENT_AUTO_BATCH b = s.count ? ent_batch_new("copy-gone") : NULL;
        if (s.count && !b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        for (size_t i = 0; i < s.count; i++) take_out(n, c, b, &s.r[i], clause);
        if (b) b->reserve = true;
        if (b) ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, NULL, err));
        for (size_t i = 0; i < s.count && c->gallery; i++) {
            ent_part_id id;
            memcpy(id.b, s.r[i].key + KEY, ENT_ID_SIZE);
            ent_gallery_remove(c->gallery, &id);
        }
        *ret_count += s.count;
    } while (s.count);
    return ENT_OK;
}

ent_code ent_copy_destroy(ent_flow_node *n, ent_copy *c, const char *clause, ent_err *err)
{
    uint64_t count = 0;
    ENT_TRY(destroy_records(n, c, (ent_date){0}, clause, &count, err));
    if (!c->position && !count) return ENT_OK;
    ENT_AUTO_BATCH b = ent_batch_new("copy-gone");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_copy was = *c;
    b->reserve = true;
    c->position = 0;
    c->lease.ms = 0;
    snprintf(c->clause, sizeof c->clause, "%s", clause);
    put_state(c, b);
    ent_code code = ent_commit(n, b, NULL, err);
    if (code != ENT_OK) *c = was;
    return code;
}

ent_code ent_copies_tick(ent_flow_node *n, ent_err *err)
{
    ENT_TRY(load(n, err));
    for (size_t i = 0; i < n->copies->count; i++) {
        ent_copy *c = &n->copies->all[i];
        const ent_agreement *a;
        const ent_flow *f;
        const char *clause;
        uint64_t count = 0;
        ent_copy_fate fate = ent_copy_now(n, c, &a, &f, &clause);
        if (fate == ENT_COPY_DESTROY) ENT_TRY(ent_copy_destroy(n, c, clause, err));
        if (fate != ENT_COPY_USE || ent_date_compare(n->copies->swept[i], ent_today(n)) == 0) continue;
        ENT_TRY(destroy_records(n, c, ent_today(n), "kept by no power any more", &count, err));
        n->copies->swept[i] = ent_today(n);
    }
    return ENT_OK;
}

ent_code ent_flow_copies(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_copy_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_KEPT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = load(n, err);
    for (size_t i = 0; code == ENT_OK && i < n->copies->count; i++) {
        const ent_copy *c = &n->copies->all[i];
        const ent_agreement *a;
        const ent_flow *f;
        const char *clause;
        ent_copy_view v = {.position = c->position, .contact = c->contact, .lease = c->lease, .fate = ent_copy_now(n, c, &a, &f, &clause)};
        snprintf(v.agreement, sizeof v.agreement, "%s", c->agreement);
        snprintf(v.flow, sizeof v.flow, "%s", c->flow);
        snprintf(v.holder, sizeof v.holder, "%s", c->holder);
        snprintf(v.clause, sizeof v.clause, "%s", *clause ? clause : c->clause);
        v.records = ent_copy_rows(n, c, 'R');
        v.unreported = ent_copy_rows(n, c, 'L');
        see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* ---- arriving ---- */

static bool old_row(ent_flow_node *n, const uint8_t key[BY_ID], row *ret)
{
    ENT_AUTO_BUF bytes = ENT_BUF(RECORD_MAX);
    if (n->c.store.get(n->c.store.self, ENT_TABLE_FEEDS, key, BY_ID, &bytes, NULL) != ENT_OK) return false;
    ent_cursor c = ENT_CURSOR(bytes.data, bytes.len);
    return decode(key, &c, ret);
}

static ent_code put_record(ent_flow_node *n, ent_batch *b, const ent_feed_record *r, const row *fresh, const ent_key32 *key, ent_err *err)
{
    ENT_AUTO_BUF plain = ENT_BUF(RECORD_MAX), bytes = ENT_BUF(RECORD_MAX);
    uint8_t nonce[12];
    ent_feed_record_write(r, &plain);
    ENT_TRY(ent_buf_check(&plain, err));
    ent_fill(n, nonce, sizeof nonce);
    ent_buf_u8(&bytes, VERSION);
    ent_buf_u64(&bytes, fresh->slot.number);
    ent_buf_u32(&bytes, ent_date_pack(r->until));
    ENT_TRY(ent_seal(key, nonce, ENT_BYTES(fresh->key, BY_ID), ENT_BYTES(plain.data, plain.len), &bytes, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(fresh->key, BY_ID), ENT_BYTES(bytes.data, bytes.len));
    return ENT_OK;
}

static void forget_told(const ent_copy *c, ent_batch *b, const ent_feed_request *told)
{
    uint8_t key[BY_ID];
    for (size_t i = 0; i < told->report_count; i++) {
        key_with(c, 'L', told->report[i].id, key);
        ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_FEEDS, ENT_BYTES(key, BY_ID), ENT_BYTES("", 0));
    }
    for (size_t i = 0; i < told->undertaking_count; i++) {
        key_with(c, 'U', told->undertaking[i].id, key);
        ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_FEEDS, ENT_BYTES(key, BY_ID), ENT_BYTES("", 0));
    }
}

ent_code ent_copy_told(ent_flow_node *n, const ent_copy *c, const ent_feed_request *told, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("feed-told");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    forget_told(c, b, told);
    return b->count ? ent_commit(n, b, NULL, err) : ENT_OK;
}

typedef struct taking {
    row fresh[ENT_FEED_RECORDS];
    bool made[ENT_FEED_RECORDS];
} taking;

/* The page's records get their keys, under one sync. */
static ent_code make_keys(ent_flow_node *n, const ent_feed_page *p, taking *t, ent_key32 keys[ENT_FEED_RECORDS], ent_err *err)
{
    uint8_t bindings[ENT_FEED_RECORDS][32];
    ent_slot slots[ENT_FEED_RECORDS];
    ent_key32 made[ENT_FEED_RECORDS];
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->record[i].held) binding_of(t->fresh[i].key, bindings[count++]);
    ent_code code = count ? n->c.keys.new_many(n->c.keys.self, (const uint8_t(*)[32])bindings, count, slots, made, err) : ENT_OK;
    for (size_t i = 0, k = 0; i < p->count && code == ENT_OK; i++) {
        if (!p->record[i].held) continue;
        t->fresh[i].slot = slots[k], keys[i] = made[k++], t->made[i] = true;
    }
    ent_wipe(made, sizeof made);
    return code;
}

static ent_code add_changes(ent_flow_node *n, ent_copy *c, const ent_feed_page *p, ent_batch *b, taking *t, ent_err *err)
{
    ent_key32 keys[ENT_FEED_RECORDS];
    for (size_t i = 0; i < p->count; i++) key_with(c, 'R', p->record[i].id, t->fresh[i].key);
    ent_code code = make_keys(n, p, t, keys, err);
    for (size_t i = 0; i < p->count && code == ENT_OK; i++) {
        row old;
        bool had = old_row(n, t->fresh[i].key, &old);
        if (!p->record[i].held && had) take_out(n, c, b, &old, "recalled: feed");
        if (!p->record[i].held) continue;
        if (had) overwrite(b, &old);
        code = put_record(n, b, &p->record[i], &t->fresh[i], &keys[i], err);
    }
    ent_wipe(keys, sizeof keys);
    return code;
}

static ent_code into_gallery(ent_copy *c, const ent_feed_page *p, const taking *t, ent_err *err)
{
    for (size_t i = 0; i < p->count && c->gallery; i++) {
        ent_part_id id;
        memcpy(id.b, p->record[i].id, ENT_ID_SIZE);
        ent_gallery_remove(c->gallery, &id);
        if (p->record[i].held) ENT_TRY(add_prints(c, id.b, t->fresh[i].slot, &p->record[i], err));
    }
    return ENT_OK;
}

static ent_code check_prints(const ent_feed_page *p, ent_err *err)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < p->record[i].print_count; k++) {
            ent_finger_template *t;
            ENT_TRY(ent_finger_decode(p->record[i].print[k].native, p->record[i].print[k].native_len, &t, err));
            ent_finger_template_free(t);
        }
    return ENT_OK;
}

ent_code ent_copy_take(ent_flow_node *n, ent_copy *c, const ent_agreement *a, const ent_flow *f, const ent_feed_page *p, const uint8_t page_digest[32],
                       const ent_feed_request *told, const uint8_t agreement_digest[32], ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("feed-take");
    taking *t = calloc(1, sizeof *t);
    ent_copy was = *c;
    ent_code code = b && t ? check_prints(p, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && p->after != c->position) code = ent_fail(err, ENT_CONFLICT, "another contact was quicker");
    if (code == ENT_OK) code = add_changes(n, c, p, b, t, err);
    if (code == ENT_OK) {
        ent_entry e;
        forget_told(c, b, told);
        c->position = p->next;
        c->contact = ent_now(n);
        if (ent_time_sure(n)) c->lease = ent_feed_lease(a, f, c->contact);
        c->clause[0] = 0;
        put_state(c, b);
        fill_entry(n, c, ENT_ENTRY_FEED, c->key + 1, "copy.mode: watchlist", &e);
        memcpy(e.agreement, agreement_digest, 32);
        memcpy(e.commitment, page_digest, 32);
        if (p->count) ent_batch_entry(b, &e);
        code = ent_commit_with(n, b, ent_destructions_finish, NULL, err);
    }
    if (code != ENT_OK) {
        for (size_t i = 0; t && i < ENT_FEED_RECORDS; i++)
            if (t->made[i]) (void)!n->c.keys.destroy(n->c.keys.self, t->fresh[i].slot, NULL);
        c->position = was.position, c->contact = was.contact, c->lease = was.lease;
    } else code = into_gallery(c, p, t, err);
    free(t);
    return code;
}
