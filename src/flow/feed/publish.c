/* The holder's end. What is published is compared with what the flow may see now, so that nothing that anybody changed is missed,
 * however many write; each difference gets the next number. A record is made when it is asked for, from what is held then. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "flow/crossing/crossing.h"
#include "flow/feed/feed.h"
#include "flow/queue.h"
#include "flow/receipt/receipt.h"
#include "flow/search/quota.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, KEY = 17, BY_ID = KEY + ENT_ID_SIZE, BY_NUMBER = KEY + 8, SOME = 2000 /* changes of one batch */, LOOKED_THROUGH = 10000 /* entries */ };

/* ---- the feed's own row ---- */

typedef struct feed {
    ent_flow_node *n;
    const ent_held_agreement *h;
    const ent_flow *f;
    uint8_t key[KEY];              /* 'h' */
    uint64_t last, looked;         /* number given last; the ledger's size at the last look */
    ent_time contact;
    ent_date day;                  /* of the last look */
    uint32_t stopped_version;      /* the agreement's; a later one begins anew; 0: not stopped */
    char stopped[ENT_LAW_CLAUSE];
    bool over;                     /* the agreement is: what is left to say is taken, nothing is given */
} feed;

static ent_code load(feed *s, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(256);
    ent_code code = s->n->c.store.get(s->n->c.store.self, ENT_TABLE_FEEDS, s->key, KEY, &row, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    uint8_t version = ent_cursor_u8(&c);
    s->last = ent_cursor_u64(&c);
    s->looked = ent_cursor_u64(&c);
    s->contact.ms = (int64_t)ent_cursor_u64(&c);
    s->day = ent_date_unpack(ent_cursor_u32(&c));
    s->stopped_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, s->stopped, sizeof s->stopped);
    return version == VERSION && ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a feed's row cannot be read");
}

static void put_state(const feed *s, ent_batch *b)
{
    ENT_AUTO_BUF row = ENT_BUF(256);
    ent_buf_u8(&row, VERSION);
    ent_buf_u64(&row, s->last);
    ent_buf_u64(&row, s->looked);
    ent_buf_u64(&row, (uint64_t)s->contact.ms);
    ent_buf_u32(&row, ent_date_pack(s->day));
    ent_buf_u32(&row, s->stopped_version);
    ent_buf_put(&row, s->stopped, sizeof s->stopped);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(s->key, KEY), ENT_BYTES(row.data, row.len));
}

static void key_with(const feed *s, char what, const void *more, size_t len, uint8_t *ret)
{
    memcpy(ret, s->key, KEY);
    ret[0] = (uint8_t)what;
    memcpy(ret + KEY, more, len);
}

static void number_bytes(uint64_t v, uint8_t ret[8])
{
    for (int i = 0; i < 8; i++) ret[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* ---- what is published ---- */

typedef struct published {
    uint8_t id[ENT_ID_SIZE];
    uint64_t number;
    ent_part_id part;
    uint8_t digest[32];            /* of the legal facts; zeros: gone */
    bool seen;
} published;

typedef struct listing {
    published *all;
    size_t count, cap;
} listing;

static bool decode(const uint8_t *key, const uint8_t *value, size_t len, published *p)
{
    ent_cursor c = ENT_CURSOR(value, len);
    *p = (published){0};
    memcpy(p->id, key + KEY, ENT_ID_SIZE);
    p->number = ent_cursor_u64(&c);
    ent_cursor_copy(&c, p->part.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, p->digest, 32);
    return ent_cursor_done(&c);
}

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    listing *l = ctx;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 256;
        published *all = realloc(l->all, cap * sizeof *all);
        if (!all) return ENT_NO_MEMORY;
        l->all = all;
        l->cap = cap;
    }
    return key_len == BY_ID && decode(key, value, value_len, &l->all[l->count++]) ? ENT_OK : ENT_DAMAGED;
}

static int by_id(const void *a, const void *b) { return memcmp(((const published *)a)->id, ((const published *)b)->id, ENT_ID_SIZE); }

static bool is_gone(const published *p)
{
    static const uint8_t zeros[32];
    return memcmp(p->digest, zeros, 32) == 0;
}

/* ---- what the flow may see of a part ---- */

/* The legal facts, or false: it is not in the feed. */
static bool facts_of(const feed *s, const ent_held_part *p, ent_feed_record *r)
{
    ent_retention kept;
    ent_legal_facts linked[ENT_LINKED_MAX];
    char clause[ENT_LAW_CLAUSE];
    bool convicted;
    if (p->hidden || p->facts.material != ENT_MATERIAL_FINGERPRINT) return false;
    ent_part_retention(s->n, p, &kept);
    size_t count = ent_part_linked(s->n, p, linked);
    ent_subject subject = {.facts = &p->facts, .kept = &kept, .convicted = ent_convicted(&p->facts, linked, count, ent_today(s->n))};
    if (!ent_flow_sees(s->h->a, s->f, &subject, clause)) return false;
    snprintf(r->power, sizeof r->power, "%.*s", ENT_FEED_WORD - 1, clause + strlen("power: "));
    snprintf(r->status, sizeof r->status, "%s", ent_status_of(&p->facts, &convicted));
    snprintf(r->category, sizeof r->category, "%s", subject.convicted ? "convicted" : "suspect");
    r->until = kept.due_on;
    return true;
}

static void digest_of(const ent_feed_record *r, uint8_t ret[32])
{
    uint32_t until = ent_date_pack(r->until);
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(r->power, strlen(r->power) + 1), ENT_BYTES(r->category, strlen(r->category) + 1),
                                   ENT_BYTES(r->status, strlen(r->status) + 1), ENT_BYTES(&until, sizeof until)}, 4, ret);
}

/* A number of this flow alone, from which nobody else gets to the part's. */
static void id_of(const feed *s, const ent_part_id *part, uint8_t ret[ENT_ID_SIZE])
{
    uint8_t digest[32];
    ent_hmac_sha256(s->n->transaction_key.b, 32, (ent_bytes[]){ENT_BYTES("feed", 4), ENT_BYTES(s->key, KEY), ENT_BYTES(part->b, ENT_ID_SIZE)}, 3, digest);
    memcpy(ret, digest, ENT_ID_SIZE);
}

/* ---- looking ---- */

static void renumber(feed *s, ent_batch *b, published *p)
{
    uint8_t key[BY_NUMBER], number[8], name[BY_ID];
    ENT_AUTO_BUF row = ENT_BUF(64);
    number_bytes(p->number, number);
    key_with(s, 's', number, 8, key);
    if (p->number) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_FEEDS, ENT_BYTES(key, sizeof key), ENT_BYTES("", 0));
    p->number = ++s->last;
    number_bytes(p->number, number);
    key_with(s, 's', number, 8, key);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(key, sizeof key), ENT_BYTES(p->id, ENT_ID_SIZE));
    key_with(s, 'p', p->id, ENT_ID_SIZE, name);
    ent_buf_u64(&row, p->number);
    ent_buf_put(&row, p->part.b, ENT_ID_SIZE);
    ent_buf_put(&row, p->digest, 32);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(name, sizeof name), ENT_BYTES(row.data, row.len));
}

static ent_code flush(feed *s, ent_batch **b, size_t least, ent_err *err)
{
    if ((*b)->count < least) return ENT_OK;
    put_state(s, *b);
    ENT_TRY(ent_commit(s->n, *b, NULL, err));
    ent_batch_free(*b);
    *b = ent_batch_new("feed");
    return *b ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
}

static ent_code compare_all(feed *s, listing *l, ent_batch **b, ent_err *err)
{
    for (size_t i = 0; i < s->n->part_count; i++) {
        const ent_held_part *p = &s->n->parts[i];
        ent_feed_record r = {0};
        published now = {.part = p->id}, *was;
        if (!facts_of(s, p, &r)) continue;
        id_of(s, &p->id, now.id);
        digest_of(&r, now.digest);
        was = l->count ? bsearch(&now, l->all, l->count, sizeof now, by_id) : NULL;
        if (was) was->seen = true, now.number = was->number;
        if (!was || memcmp(was->digest, now.digest, 32) != 0) renumber(s, *b, &now);
        ENT_TRY(flush(s, b, SOME, err));
    }
    for (size_t i = 0; i < l->count; i++) {
        if (l->all[i].seen || is_gone(&l->all[i])) continue;
        memset(l->all[i].digest, 0, 32);
        renumber(s, *b, &l->all[i]);
        ENT_TRY(flush(s, b, SOME, err));
    }
    return ENT_OK;
}

/* Entries of searches, of what came of them, of feeds: none of them changes what a flow may see. */
static bool shows_nothing_new(ent_entry_kind k)
{
    bool exchange = k >= ENT_ENTRY_ASKED && k <= ENT_ENTRY_KEPT;
    return exchange || k == ENT_ENTRY_REDRESS || k == ENT_ENTRY_LOT || k == ENT_ENTRY_ALARM || k == ENT_ENTRY_DESIGNATION || k == ENT_ENTRY_CROSSED;
}

/* Whether anything may have changed since the last look: not while the ledger says of nothing but searches, and the day is the same. */
static bool may_differ(const feed *s, uint64_t size)
{
    if (ent_date_compare(s->day, ent_today(s->n)) != 0 || size - s->looked > LOOKED_THROUGH) return true;
    for (uint64_t i = s->looked; i < size; i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        bool read = s->n->c.ledger.read(s->n->c.ledger.self, i, bytes, NULL) == ENT_OK && ent_entry_decode(bytes, &e, NULL) == ENT_OK;
        if (!read || !shows_nothing_new(e.kind)) return true;
    }
    return false;
}

static ent_code look(feed *s, ent_err *err)
{
    listing l = {0};
    uint8_t prefix[KEY];
    uint64_t size = s->n->c.ledger.size(s->n->c.ledger.self);
    if (!may_differ(s, size)) return ENT_OK;
    memcpy(prefix, s->key, KEY);
    prefix[0] = 'p';
    ent_change range = {.key = prefix, .key_len = KEY};
    ent_batch *b = ent_batch_new("feed");
    ent_code code = b ? s->n->c.store.scan(s->n->c.store.self, ENT_TABLE_FEEDS, &range, gather, &l, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = compare_all(s, &l, &b, err);
    s->looked = size;
    s->day = ent_today(s->n);
    if (code == ENT_OK) code = flush(s, &b, 0, err);
    ent_batch_free(b);
    free(l.all);
    return code;
}

/* ---- a page ---- */

typedef struct page {
    ent_feed_page p;
    uint8_t *bytes[ENT_FEED_RECORDS * ENT_FEED_PRINTS];
    size_t bytes_count, size;
} page;

static void page_free(page *g)
{
    for (size_t i = 0; g && i < g->bytes_count; i++) free(g->bytes[i]);
    free(g);
}

struct prints {
    page *g;
    ent_feed_record *r;
    const ent_key32 *key;
    ent_err *err;
};

static ent_code add_print(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct prints *s = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_FINGER_FULL_MAX);
    ent_finger_template *t;
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    if (s->r->print_count == ENT_FEED_PRINTS) return ENT_OK;
    ENT_TRY(ent_unseal(s->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, s->err));
    ENT_TRY(ent_finger_decode(plain.data, plain.len, &t, s->err));
    ent_feed_print *p = &s->r->print[s->r->print_count];
    uint8_t *bytes = malloc(plain.len + ENT_FINGER_RECORD_MAX);
    ent_code code = bytes ? ent_finger_record_write(&(ent_finger_view){t, key[ENT_ID_SIZE + 2], 0}, 1, ENT_FINGER_ISO_2005, bytes + plain.len, ENT_FINGER_RECORD_MAX, &p->iso_len, s->err) : ENT_NO_MEMORY;
    ent_finger_template_free(t);
    if (code != ENT_OK) {
        free(bytes);
        return code;
    }
    memcpy(bytes, plain.data, plain.len);
    *p = (ent_feed_print){.finger = key[ENT_ID_SIZE + 2], .native = bytes, .native_len = plain.len, .iso = bytes + plain.len, .iso_len = p->iso_len};
    s->g->bytes[s->g->bytes_count++] = bytes;
    s->g->size += plain.len + p->iso_len;
    s->r->print_count++;
    return ENT_OK;
}

static ent_code fill_record(feed *s, page *g, const ent_held_part *part, ent_feed_record *r, ent_err *err)
{
    uint8_t prefix[ENT_ID_SIZE + 1], binding[32];
    ENT_WIPED_KEY key;
    r->held = part && facts_of(s, part, r);
    if (!r->held) return ENT_OK;
    ent_part_binding(part->id.b, binding);
    ENT_TRY(s->n->c.keys.get(s->n->c.keys.self, part->slot, binding, &key, err));
    memcpy(prefix, part->id.b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = 'T';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    return s->n->c.store.scan(s->n->c.store.self, ENT_TABLE_BLOBS, &range, add_print, &(struct prints){g, r, &key, err}, err);
}

struct numbers {
    uint64_t number[ENT_FEED_RECORDS + 1];
    uint8_t id[ENT_FEED_RECORDS + 1][ENT_ID_SIZE];
    size_t count;
};

static ent_code next_number(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct numbers *s = ctx;
    if (key_len != BY_NUMBER || value_len != ENT_ID_SIZE) return ENT_DAMAGED;
    ent_cursor c = ENT_CURSOR(key + KEY, 8);
    s->number[s->count] = ent_cursor_u64(&c);
    memcpy(s->id[s->count++], value, ENT_ID_SIZE);
    return s->count == ENT_FEED_RECORDS + 1 ? ENT_BUSY : ENT_OK;
}

static ent_code add_record(feed *s, page *g, uint64_t number, const uint8_t id[ENT_ID_SIZE], ent_err *err)
{
    uint8_t key[BY_ID];
    ENT_AUTO_BUF row = ENT_BUF(64);
    published p;
    ent_feed_record *r = &g->p.record[g->p.count];
    key_with(s, 'p', id, ENT_ID_SIZE, key);
    ENT_TRY(s->n->c.store.get(s->n->c.store.self, ENT_TABLE_FEEDS, key, sizeof key, &row, err));
    if (!decode(key, row.data, row.len, &p)) return ent_fail(err, ENT_DAMAGED, "a feed's row cannot be read");
    *r = (ent_feed_record){.number = number};
    memcpy(r->id, id, ENT_ID_SIZE);
    ENT_TRY(fill_record(s, g, ent_part_held(s->n, p.part.b), r, err));
    g->p.count++;
    g->p.next = number;
    return ENT_OK;
}

static ent_code make_page(feed *s, uint64_t after, page *g, ent_err *err)
{
    struct numbers found = {.count = 0};
    uint8_t prefix[KEY], from[BY_NUMBER], number[8];
    memcpy(prefix, s->key, KEY);
    prefix[0] = 's';
    number_bytes(after, number);
    key_with(s, 's', number, 8, from);
    ent_change range = {.key = prefix, .key_len = KEY, .value = from, .value_len = sizeof from};
    ent_code code = s->n->c.store.scan(s->n->c.store.self, ENT_TABLE_FEEDS, &range, next_number, &found, err);
    if (code != ENT_OK && code != ENT_BUSY) return code;
    g->p.after = g->p.next = after;
    for (size_t i = 0; i < found.count; i++) {
        if (g->p.count == ENT_FEED_RECORDS || g->size > ENT_FEED_PAGE_MAX / 2) return g->p.more = true, ENT_OK;
        ENT_TRY(add_record(s, g, found.number[i], found.id[i], err));
    }
    return ENT_OK;
}

/* ---- what the requester reports ---- */

static void fill_entry(const feed *s, ent_entry_kind kind, const char *clause, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(s->n), .follows = ENT_ENTRY_NONE, .agreement_version = s->h->a->version};
    memcpy(ret->agreement, s->h->envelope.digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", s->f->name);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
    ent_fill(s->n, ret->case_number.b, ENT_ID_SIZE);
}

static ent_code stop(feed *s, const char *clause, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("feed");
    ent_entry e;
    char text[ENT_LAW_CLAUSE];
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    s->stopped_version = s->h->a->version;
    snprintf(s->stopped, sizeof s->stopped, "%s", clause);
    snprintf(text, sizeof text, "feed stopped: %.32s", clause);
    fill_entry(s, ENT_ENTRY_ALARM, text, &e);
    put_state(s, b);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(s->n, b, NULL, err));
    return ent_fail(err, ENT_REFUSED, "the feed has stopped (%s): the agreement's parties must look", clause);
}

/* The lot is drawn from the head with the entry that takes note of the search: the requester cannot foresee it. */
static ent_code draw_lot(feed *s, const char *partner, const ent_feed_report *r, uint64_t index, uint8_t ret_head[32], ent_err *err)
{
    ent_lot_draw d = {.reference = r->id, .agreement = s->h->a->name, .flow = s->f->name, .purpose = "", .partner = partner, .version = s->h->a->version,
                      .digest = s->h->envelope.digest};
    if (s->f->test) return ent_ledger_head(s->n, index, ret_head, err);
    return ent_lot_noted(s->n, &d, index, ret_head, err);
}

/* One search that the requester made by itself: counted in the quota of its day, an entry, once. */
static ent_code take_report(feed *s, const char *partner, const ent_feed_report *r, uint8_t ret_head[32], ent_err *err)
{
    uint64_t index[ENT_BATCH_ENTRIES];
    ENT_AUTO_BATCH b = ent_batch_new("feed");
    uint8_t key[BY_ID];
    ent_entry e;
    ent_quota quota = {.agreement = s->h->a->name, .flow = s->f->name, .officer = r->officer, .at = r->at};
    ent_ask ask = {0};
    ent_verdict verdict = {.flow = s->f};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (r->at.ms > ent_now(s->n).ms + ENT_LIMIT_CLOCK_SKEW_MS) return ent_fail(err, ENT_FORMAT, "a search is reported that has not happened yet");
    ent_quota_used(s->n, &quota, &ask);
    bool within = ent_flow_quota(s->f, &ask, &verdict);
    key_with(s, 'x', r->id, ENT_ID_SIZE, key);
    fill_entry(s, ENT_ENTRY_LOCAL_SEARCH, r->hit ? "reported: hit" : "reported: no hit", &e);
    memcpy(e.case_number.b, r->id, ENT_ID_SIZE);
    ent_quota_count(s->n, &quota, b);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_FEEDS, ENT_BYTES(key, sizeof key), ENT_BYTES(&r->hit, 1));
    ent_batch_entry(b, &e);
    ent_code code = ent_commit(s->n, b, index, err);
    bool before = code == ENT_EXISTS;
    if (before) code = ent_entry_find(s->n, ENT_ENTRY_LOCAL_SEARCH, r->id, &index[0], err);
    if (code == ENT_OK) code = draw_lot(s, partner, r, index[0], ret_head, err);
    if (code != ENT_OK || before) return code;
    if (!within) return stop(s, verdict.clause, err);
    return ent_feed_late(r->at, s->contact) ? stop(s, "local searches reported late", err) : ENT_OK;
}

static bool proven(const feed *s, const char *partner, const ent_feed_undertaking *u, uint64_t *ret_index)
{
    ent_entry e;
    ent_place place;
    if (ent_partner_says_locked(s->n, partner, u->proof, u->proof_len, &e, &place, NULL) != ENT_OK) return false;
    *ret_index = place.index;
    return e.kind == ENT_ENTRY_DESTROYED && ent_id_equal(e.case_number.b, u->id);
}

static ent_code take_undertakings(feed *s, const char *partner, const ent_feed_request *r, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("feed");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < r->undertaking_count; i++) {
        uint8_t key[BY_ID], number[8];
        uint64_t index = 0;
        if (!proven(s, partner, &r->undertaking[i], &index)) return ent_fail(err, ENT_SIGNATURE, "the proof of a destroyed record does not verify or is about another");
        key_with(s, 'u', r->undertaking[i].id, ENT_ID_SIZE, key);
        number_bytes(index, number);
        ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_FEEDS, ENT_BYTES(key, sizeof key), ENT_BYTES(number, 8));
    }
    return b->count ? ent_commit(s->n, b, NULL, err) : ENT_OK;
}

/* ---- the answer ---- */

static ent_code find(feed *s, const ent_arrival *in, ent_err *err)
{
    const ent_message *m = &in->message;
    const ent_held_agreement *h = ent_agreement_named(s->n, m->agreement);
    ent_date today = ent_today(s->n);
    char why[160];
    if (!h || !ent_agreement_party(h->a, in->partner)) return ent_fail(err, ENT_REFUSED, "no such agreement binds both nodes");
    if (m->agreement_version != h->a->version || !m->agreement_digest || memcmp(m->agreement_digest, h->envelope.digest, 32) != 0)
        return ent_fail(err, ENT_REFUSED, "the request is under another version or file of the agreement than the one in force here");
    s->over = h->state == ENT_AGREEMENT_ENDED || ent_date_compare(h->a->until, today) < 0;
    if (!s->over && (h->state != ENT_AGREEMENT_SIGNED || ent_date_compare(today, h->a->from) < 0)) return ent_fail(err, ENT_REFUSED, "the agreement is not in force");
    s->h = h;
    s->f = ent_agreement_flow(h->a, m->flow);
    if (!s->f || strcmp(s->f->holder, s->n->c.name) != 0 || strcmp(s->f->requester, in->partner) != 0) return ent_fail(err, ENT_REFUSED, "on this flow %s may not ask", in->partner);
    if (s->f->copy != ENT_COPY_WATCHLIST) return ent_fail(err, ENT_REFUSED, "the flow grants no copy (copy.mode)");
    if (!s->over && !ent_witnessed(s->n, h->a, in->partner, why)) return ent_fail(err, ENT_REFUSED, "%s", why);
    if (!s->over && ent_lot_suspends(s->n, h->a->name, s->f->name, in->partner, why)) return ent_fail(err, ENT_REFUSED, "%s (" ENT_CLAUSE_LOT ")", why);
    ent_feed_key('h', h->a->name, s->f->name, s->key);
    ENT_TRY(load(s, err));
    if (s->over || s->stopped_version != s->h->a->version) return ENT_OK;
    return ent_fail(err, ENT_REFUSED, "the feed has stopped (%s)", s->stopped);
}

static ent_code commit_page(feed *s, const ent_buf *bytes, const page *g, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("feed");
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    s->contact = ent_now(s->n);
    put_state(s, b);
    if (g->p.count) {
        fill_entry(s, ENT_ENTRY_FEED, "copy.mode: watchlist", &e);
        ent_feed_digest(s->h->envelope.digest, s->f->name, bytes->data, bytes->len, e.commitment); /* both have the page: no salt */
        ent_batch_entry(b, &e);
    }
    return ent_commit(s->n, b, NULL, err);
}

static ent_code answer(feed *s, const ent_arrival *in, const ent_feed_request *r, page *g, ent_buf *ret_body, ent_err *err)
{
    uint8_t digest[32], signature[ENT_SIGNATURE_SIZE];
    ENT_TRY(find(s, in, err));
    ENT_TRY(take_undertakings(s, in->partner, r, err));
    for (size_t i = 0; i < r->report_count; i++) ENT_TRY(take_report(s, in->partner, &r->report[i], g->p.head[i], err));
    /* who is behind gets what is numbered already, each as it is now: what differs besides is found when that is given */
    if (!s->over && r->after >= s->last) ENT_TRY(look(s, err));
    if (r->after > s->last) return ent_fail(err, ENT_CONFLICT, "this feed has given no number above %llu", (unsigned long long)s->last);
    /* an agreement that is over: what the requester still has to say is taken, and nothing is given */
    g->p.noted = r->report_count;
    if (s->over) g->p.after = g->p.next = r->after;
    else ENT_TRY(make_page(s, r->after, g, err));
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_FEED_PAGE_MAX);
    ent_feed_page_write(&g->p, &bytes);
    ENT_TRY(ent_buf_check(&bytes, err));
    ENT_TRY(commit_page(s, &bytes, g, err));
    ent_feed_digest(s->h->envelope.digest, s->f->name, bytes.data, bytes.len, digest);
    ent_sign(&s->n->c.identity, digest, sizeof digest, signature);
    ent_buf_put(ret_body, bytes.data, bytes.len);
    ent_buf_put(ret_body, signature, sizeof signature);
    return ent_buf_check(ret_body, err);
}

static int status_of(ent_code code)
{
    switch (code) {
    case ENT_OK: return 200;
    case ENT_REFUSED: case ENT_QUOTA: return 403;
    case ENT_CONFLICT: return 409;
    case ENT_FORMAT: case ENT_SIGNATURE: return 422;
    default: return 503;
    }
}

void ent_feed_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    feed s = {.n = n};
    ent_err err = {0};
    page *g = calloc(1, sizeof *g);
    ent_feed_request *r = calloc(1, sizeof *r);
    ent_code code = g && r ? ENT_OK : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = ent_feed_request_read(arrival->message.body, arrival->message.body_len, r, &err);
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = answer(&s, arrival, r, g, ret_body, &err);
    pthread_mutex_unlock(&n->lock);
    *ret_status = status_of(code);
    if (code != ENT_OK) {
        ent_buf_clear(ret_body);
        ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
    }
    page_free(g);
    free(r);
}
