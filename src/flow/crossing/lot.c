/* The audit by lot. Of one search in 200 that was answered, the requester keeps the crossing's statement, sealed, and has thirty days to
 * open it to the auditor; of the others nothing is kept. Both ends draw alike, from the holder's tree head that first covers the answer.
 * While one is overdue the flow is suspended at both ends, without anybody's act; opening it lifts that.
 *
 * Before the request leaves, its opening is in the row 'p' (ahead.c); from there it goes, or waits here.
 *
 *   waiting ──the head is known──> chosen ──a custodian opens──> opened ──the auditor reads──> seen
 *      ├──not chosen, or 60 days──> gone   └──30 days──> overdue: nothing is asked or answered on the flow ──opened──> …
 *      └──a custodian opens──> opened: the answer was lost, the holder says that the lot chose it
 *
 * A row a chosen search, under 'a' (asked here) or 'h' (answered here) and its reference. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"
#include "base/wipe.h"
#include "flow/crossing/lot.h"
#include "flow/queue.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OPENED_MS (90ll * 86400000) /* how long an opened statement may be read */
#define WAITING_MS (60ll * 86400000) /* the lot's time, and as long again for the holder to say what is due */

typedef ent_held_lot held;

ent_code ent_ledger_head(const ent_flow_node *n, uint64_t number, uint8_t ret_head[32], ent_err *err)
{
    ent_shard shards[ENT_LIMIT_SHARDS];
    ent_hash root;
    ent_hashes proof = {0};
    const ent_ledger *log;
    size_t i = ent_ledger_shards(&n->c.ledger, shards);
    while (i > 0 && shards[i - 1].first > number) i--;
    if (!i) return ent_fail(err, ENT_NOT_FOUND, "no entry of this number");
    uint64_t size = number - shards[i - 1].first + 1;
    ENT_TRY(ent_ledger_log(&n->c.ledger, shards[i - 1].year, &log, err));
    ENT_TRY(log->consistency(log->self, size, size, &root, &proof, err));
    memcpy(ret_head, &root, 32);
    return ENT_OK;
}

static ent_code remember(ent_flow_node *n, const held *l)
{
    held *lots = realloc(n->lots, (n->lot_count + 1) * sizeof *lots);
    if (!lots) return ENT_NO_MEMORY;
    n->lots = lots;
    n->lots[n->lot_count++] = *l;
    return ENT_OK;
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_cursor c = ENT_CURSOR(value, value_len);
    held l;
    ENT_TRY(ent_lot_decode(key, key_len, &c, &l));
    return l.state == ENT_LOT_WAITING ? ENT_OK : remember(ctx, &l);
}

ent_code ent_lots_load(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_LOTS, &all, load_one, n, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "a row of the lot cannot be read");
}

void ent_lots_free(ent_flow_node *n) { free(n->lots); }

static held *find(const ent_flow_node *n, char way, const uint8_t reference[ENT_ID_SIZE])
{
    for (size_t i = 0; i < n->lot_count; i++)
        if (n->lots[i].way == way && ent_id_equal(n->lots[i].reference.b, reference)) return &n->lots[i];
    return NULL;
}

static void fill_entry(const ent_flow_node *n, const held *l, const ent_actor *by, const char *clause, ent_entry *ret)
{
    *ret = (ent_entry){.kind = ENT_ENTRY_LOT, .time = ent_now(n), .follows = l->entry, .agreement_version = l->version};
    memcpy(ret->case_number.b, l->reference.b, ENT_ID_SIZE);
    memcpy(ret->agreement, l->digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", l->flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", l->purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
    if (by) ret->actor = by->pseudonym;
    ent_sha256(l->reference.b, ENT_ID_SIZE, ret->commitment);
}

/* ---- drawing ---- */

static void write_public(const ent_flow_node *n, const held *l, ent_buf *ret)
{
    char reference[ENT_ID_TEXT], head[65];
    ent_id_text(l->reference.b, reference);
    ent_hex(l->head, 32, head);
    ent_buf_fmt(ret, "entente-lot/v1\nnode %s\nholder %s\nreference %s\nasked %" PRIu64 "\nhead %s\n", n->c.name, l->partner, reference, l->entry, head);
}

static ent_code seal_opening(ent_flow_node *n, const ent_lot_draw *d, held *l, ent_buf *ret_box, ent_err *err)
{
    ENT_AUTO_BUF opening = ENT_BUF(ENT_LOT_OPENING);
    ENT_TRY(ent_lot_secret(d, &opening, err));
    return ent_lot_seal(n, d->reference, &opening, &l->slot, ret_box, err);
}

/* Row and key go; commit with ent_destructions_finish. */
static void drop(ent_batch *b, const held *l)
{
    uint8_t key[ENT_LOT_KEY] = {(uint8_t)l->way}, due[ENT_LOT_KEY] = {'d'}, slot[8];
    memcpy(key + 1, l->reference.b, ENT_ID_SIZE);
    memcpy(due + 1, l->reference.b, ENT_ID_SIZE);
    for (int k = 0; k < 8; k++) slot[k] = (uint8_t)(l->slot.number >> (56 - 8 * k));
    if (l->slot.number != UINT64_MAX) ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(due, ENT_LOT_KEY), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_LOTS, ENT_BYTES(key, ENT_LOT_KEY), ENT_BYTES("", 0));
}

static void say_chosen(const ent_flow_node *n, ent_batch *b, const held *l, ent_bytes box)
{
    ent_entry e;
    fill_entry(n, l, NULL, "lot: chosen", &e);
    ent_lot_put(b, l, box);
    ent_batch_entry(b, &e);
}

ent_code ent_lot_in(ent_flow_node *n, ent_batch *b, const ent_lot_draw *d, bool *ret_chosen, ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_LOT_ROW);
    held l = ent_lot_drawn(n, d), waiting;
    bool waits = d->waits && ent_lot_get(n, d->reference, &waiting, &box, NULL) == ENT_OK;
    bool opened = waits && waiting.state != ENT_LOT_WAITING; /* a custodian was quicker than the answer */
    *ret_chosen = !opened && ent_lot_chosen(d->head, d->reference) && (!d->taken || d->taken->stated);
    if (opened) return ENT_OK;
    if (waits && !*ret_chosen) drop(b, &waiting);
    if (!*ret_chosen) return ENT_OK;
    if (waits) l.slot = waiting.slot;
    else if (d->taken) ENT_TRY(seal_opening(n, d, &l, &box, err));
    say_chosen(n, b, &l, ENT_BYTES(box.data, box.len));
    return ENT_OK;
}

ent_code ent_lot_wait(ent_flow_node *n, ent_batch *b, const ent_lot_draw *d, ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_LOT_ROW);
    held l = ent_lot_drawn(n, d), before;
    if (!d->taken->stated || (d->waits && ent_lot_get(n, d->reference, &before, &box, NULL) == ENT_OK)) return ENT_OK;
    ENT_TRY(seal_opening(n, d, &l, &box, err));
    l.state = ENT_LOT_WAITING;
    ent_lot_put(b, &l, ENT_BYTES(box.data, box.len));
    return ENT_OK;
}

/* Of a local search the entry's number is known only after the commit that the opening waits in. */
static ent_code find_entry(ent_flow_node *n, held *l, ent_err *err)
{
    return l->entry == UINT64_MAX ? ent_entry_find(n, ENT_ENTRY_LOCAL_SEARCH, l->reference.b, &l->entry, err) : ENT_OK;
}

ent_code ent_lot_reported(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], const uint8_t head[32], ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_LOT_ROW);
    ENT_AUTO_BATCH b = ent_batch_new("lot");
    held l;
    bool chosen = ent_lot_chosen(head, reference);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_lot_get(n, reference, &l, &box, err);
    if (code == ENT_NOT_FOUND || (code == ENT_OK && l.state != ENT_LOT_WAITING)) return ENT_OK;
    if (code == ENT_OK && chosen) code = find_entry(n, &l, err);
    if (code != ENT_OK) return code;
    l.state = ENT_LOT_CHOSEN;
    l.asked = ent_now(n);
    memcpy(l.head, head, 32);
    if (chosen) say_chosen(n, b, &l, ENT_BYTES(box.data, box.len));
    else drop(b, &l);
    ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, NULL, err));
    return chosen && remember(n, &l) != ENT_OK ? ent_fail(err, ENT_NO_MEMORY, "out of memory") : ENT_OK;
}

ent_code ent_lot_noted(ent_flow_node *n, ent_lot_draw *d, uint64_t number, uint8_t ret_head[32], ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("lot");
    bool chosen = false;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_ledger_head(n, number, ret_head, err));
    d->head = ret_head;
    d->asked = number;
    if (find(n, 'h', d->reference)) return ENT_OK;
    ENT_TRY(ent_lot_in(n, b, d, &chosen, err));
    if (!chosen) return ENT_OK;
    ENT_TRY(ent_commit(n, b, NULL, err));
    ent_lot_keep(n, d);
    return ENT_OK;
}

/* A reload reads the row, slot and all; here only what ent_lot_suspends looks at is needed. */
void ent_lot_keep(ent_flow_node *n, const ent_lot_draw *d)
{
    held l = ent_lot_drawn(n, d);
    if (!find(n, l.way, l.reference.b)) (void)!remember(n, &l); /* out of memory: the row is there, the next start reads it */
}

bool ent_lot_suspends(ent_flow_node *n, const char *agreement, const char *flow, const char *partner, char ret_why[160])
{
    ent_date today = ent_today(n);
    const ent_held_agreement *h = ent_agreement_named(n, agreement);
    for (size_t i = 0; i < n->lot_count; i++) {
        const held *l = &n->lots[i];
        if (h && l->version < h->a->version) continue;
        if (l->state != ENT_LOT_CHOSEN || !ent_lot_overdue(ent_time_date(l->asked), today)) continue;
        if (strcmp(l->agreement, agreement) != 0 || strcmp(l->flow, flow) != 0 || strcmp(l->partner, partner) != 0) continue;
        char day[ENT_DATE_TEXT], id[ENT_ID_TEXT];
        ent_date_text(ent_lot_until(ent_time_date(l->asked)), day);
        ent_id_text(l->reference.b, id);
        snprintf(ret_why, 160, "search %s, chosen by lot, was to be opened to the auditor by %s: the flow is suspended until it is", id, day);
        return true;
    }
    return false;
}

/* ---- opening ---- */

static void tell_holder(ent_flow_node *n, ent_batch *b, const held *l)
{
    char body[64], reference[ENT_ID_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_LOT, .agreement_version = l->version, .proof_kind = ENT_ENTRY_LOT};
    ent_fill(n, q.id, sizeof q.id);
    snprintf(q.partner, sizeof q.partner, "%s", l->partner);
    snprintf(q.agreement, sizeof q.agreement, "%s", l->agreement);
    snprintf(q.flow, sizeof q.flow, "%s", l->flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", l->purpose);
    memcpy(q.agreement_digest, l->digest, 32);
    memcpy(q.proof_case, l->reference.b, ENT_ID_SIZE);
    ent_id_text(l->reference.b, reference);
    int len = snprintf(body, sizeof body, "entente-lot/v1\nreference %s\n", reference);
    ent_queue_put(n, b, &q, ENT_BYTES(body, (size_t)len));
}

/* The state moves on, in row, ledger and memory. */
static ent_code advance(ent_flow_node *n, const ent_actor *by, held *l, ent_lot_state to, ent_bytes box, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("lot");
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    l->state = to;
    if (to == ENT_LOT_OPENED) l->opened = ent_now(n);
    fill_entry(n, l, by, to == ENT_LOT_OPENED ? "lot: opened to the auditor" : "lot: seen by the auditor", &e);
    ent_lot_put(b, l, box);
    ent_batch_entry(b, &e);
    if (to == ENT_LOT_OPENED && l->way == 'a') tell_holder(n, b, l);
    ENT_TRY(ent_commit(n, b, NULL, err));
    held *have = find(n, l->way, l->reference.b);
    if (have) *have = *l;
    else if (remember(n, l) != ENT_OK) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    return ENT_OK;
}

static ent_code open_one(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_LOT_ROW);
    held l;
    ENT_TRY(ent_lot_get(n, reference, &l, &box, err));
    if (l.state != ENT_LOT_CHOSEN && l.state != ENT_LOT_WAITING) return ent_fail(err, ENT_EXISTS, "it is open to the auditor already");
    ENT_TRY(find_entry(n, &l, err));
    return advance(n, by, &l, ENT_LOT_OPENED, ENT_BYTES(box.data, box.len), err);
}

ent_code ent_flow_lot_open(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_OPEN_LOT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = open_one(n, by, reference, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}

static ent_code show(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_buf *ret_opening, ent_buf *ret_receipt, ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_LOT_ROW);
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    held l;
    ENT_TRY(ent_lot_get(n, reference, &l, &box, err));
    if (l.state == ENT_LOT_CHOSEN || l.state == ENT_LOT_WAITING) return ent_fail(err, ENT_REFUSED, "a custodian opens it first: `entente lot open`");
    ent_lot_binding(reference, binding);
    ent_code code = n->c.keys.get(n->c.keys.self, l.slot, binding, &key, err);
    if (code == ENT_GONE) return ent_fail(err, code, "its opening was destroyed, 90 days after it was opened");
    if (code != ENT_OK) return code;
    write_public(n, &l, ret_opening);
    ENT_TRY(ent_unseal(&key, ENT_BYTES(reference, ENT_ID_SIZE), ENT_BYTES(box.data, box.len), ret_opening, err));
    ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, l.entry, ret_receipt, err));
    return advance(n, by, &l, ENT_LOT_SEEN, ENT_BYTES(box.data, box.len), err);
}

ent_code ent_flow_lot_show(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_buf *ret_opening, ent_buf *ret_receipt, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_LOT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = show(n, by, reference, ret_opening, ret_receipt, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_lots(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_lot_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_LOTS, err));
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->lot_count; i++) {
        const held *l = &n->lots[i];
        ent_lot_view v = {.reference = l->reference, .ours = l->way == 'a', .state = l->state, .asked = l->asked, .until = ent_lot_until(ent_time_date(l->asked)),
                          .overdue = l->state == ENT_LOT_CHOSEN && ent_lot_overdue(ent_time_date(l->asked), ent_today(n))};
        snprintf(v.agreement, sizeof v.agreement, "%s", l->agreement);
        snprintf(v.flow, sizeof v.flow, "%s", l->flow);
        snprintf(v.partner, sizeof v.partner, "%s", l->partner);
        see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

/* ---- the holder's end ---- */

/* The requester proves that its ledger says "opened", of this search. */
static ent_code take_opened(ent_flow_node *n, const ent_arrival *in, ent_err *err)
{
    char text[80] = "", reference[33] = "";
    uint8_t id[ENT_ID_SIZE];
    ent_entry e;
    if (in->message.body_len < sizeof text) memcpy(text, in->message.body, in->message.body_len);
    if (sscanf(text, "entente-lot/v1\nreference %32[0-9a-f]\n", reference) != 1 || !ent_id_parse(reference, id)) return ent_fail(err, ENT_FORMAT, "no opening of a lot");
    held *l = find(n, 'h', id);
    if (!l || strcmp(l->partner, in->partner) != 0) return ent_fail(err, ENT_NOT_FOUND, "the lot chose no such search here");
    bool good = ent_partner_says_locked(n, in->partner, in->message.proof, strlen(in->message.proof), &e, NULL, NULL) == ENT_OK;
    good = good && e.kind == ENT_ENTRY_LOT && ent_id_equal(e.case_number.b, id) && strncmp(e.clause, "lot: chosen", 11) != 0;
    if (!good) return ent_fail(err, ENT_REFUSED, "the proof of \"opened\" does not verify or is about another search");
    if (l->state != ENT_LOT_CHOSEN) return ENT_OK; /* told twice */
    held changed = *l;
    return advance(n, NULL, &changed, ENT_LOT_OPENED, ENT_BYTES("", 0), err);
}

void ent_lot_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = take_opened(n, arrival, &err);
    pthread_mutex_unlock(&n->lock);
    *ret_status = code == ENT_OK ? 200 : code == ENT_NOT_FOUND ? 410 : code == ENT_REFUSED ? 403 : code == ENT_FORMAT ? 422 : 503;
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}

/* ---- its end ---- */

struct waiting {
    int64_t before;
    size_t count;
    held some[64];
};

static ent_code pick_waiting(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct waiting *w = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    held *l = &w->some[w->count];
    ENT_TRY(ent_lot_decode(key, key_len, &c, l));
    if (l->state != ENT_LOT_WAITING || l->asked.ms >= w->before) return ENT_OK;
    return ++w->count == sizeof w->some / sizeof *w->some ? ENT_BUSY : ENT_OK;
}

/* What nobody drew or opened in its time. */
static ent_code waiting_end(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "a", .key_len = 1};
    struct waiting *w = calloc(1, sizeof *w);
    ENT_AUTO_BATCH b = ent_batch_new("lot-end");
    ent_code code = b && w ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        w->before = ent_now(n).ms - WAITING_MS;
        code = n->c.store.scan(n->c.store.self, ENT_TABLE_LOTS, &all, pick_waiting, w, err);
        if (code == ENT_BUSY) code = ENT_OK;
    }
    for (size_t i = 0; code == ENT_OK && i < w->count; i++) drop(b, &w->some[i]);
    if (code == ENT_OK && w->count) {
        b->reserve = true;
        code = ent_commit_with(n, b, ent_destructions_finish, NULL, err);
    }
    free(w);
    return code;
}

/* An opening that was read, or could have been, for 90 days goes: its key is overwritten. The row goes with it. */
ent_code ent_lots_tick(ent_flow_node *n, ent_err *err)
{
    for (size_t i = n->lot_count; i-- > 0;) {
        held l = n->lots[i];
        ENT_AUTO_BUF box = ENT_BUF(ENT_LOT_ROW);
        if (l.state == ENT_LOT_CHOSEN || ent_now(n).ms - l.opened.ms < OPENED_MS) continue;
        ENT_AUTO_BATCH b = ent_batch_new("lot-end");
        if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        b->reserve = true;
        if (l.way == 'a') ENT_TRY(ent_lot_get(n, l.reference.b, &l, &box, err)); /* the slot stands in the row */
        drop(b, &l);
        if (l.slot.number != UINT64_MAX) {
            ent_entry e;
            fill_entry(n, &l, NULL, "lot: opening destroyed", &e);
            ent_batch_entry(b, &e);
        }
        ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, NULL, err));
        n->lots[i] = n->lots[--n->lot_count];
    }
    return waiting_end(n, err);
}

/* ---- what a crash left undrawn ---- */

struct undrawn {
    ent_search_id some[16]; /* one crash leaves as many as searches ran side by side */
    size_t count;
};

static ent_code pick_undrawn(void *ctx, const ent_search_record *r)
{
    struct undrawn *u = ctx;
    if (r->view.sent || r->view.refused || r->view.index != UINT64_MAX || !ent_id_is_zero(r->view.search.b)) return ENT_OK;
    u->some[u->count++] = r->view.reference;
    return u->count == sizeof u->some / sizeof *u->some ? ENT_BUSY : ENT_OK;
}

static ent_code number_others(ent_flow_node *n, ent_batch *b, const ent_search_record *r, ent_err *err)
{
    ent_search_record *other = malloc(sizeof *other);
    ent_code code = other ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < r->view.other_count && code == ENT_OK; i++) {
        code = ent_search_get(n, r->view.other[i].b, other, err);
        other->view.index = r->view.index;
        if (code == ENT_OK) ent_search_put(b, ENT_CHANGE_PUT, other);
    }
    free(other);
    return code;
}

/* The row gets its entry's number, as the commit after the answer would have given it, and the lot is drawn. */
static ent_code finish_one(ent_flow_node *n, ent_search_record *r, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("search-index");
    uint8_t head[32];
    bool chosen = false;
    const ent_held_agreement *h = ent_agreement_named(n, r->view.agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, r->view.flow) : NULL;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_entry_find(n, r->view.hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT, r->view.reference.b, &r->view.index, err));
    ENT_TRY(ent_ledger_head(n, r->view.index, head, err));
    ent_search_put(b, ENT_CHANGE_PUT, r);
    ENT_TRY(number_others(n, b, r, err));
    ent_lot_draw d = {.reference = r->view.reference.b, .head = head, .agreement = r->view.agreement, .flow = r->view.flow, .purpose = r->view.purpose,
                      .partner = r->view.partner, .version = r->agreement_version, .digest = r->agreement_digest, .asked = r->view.index};
    if (f && !f->test) ENT_TRY(ent_lot_in(n, b, &d, &chosen, err));
    ENT_TRY(ent_commit(n, b, NULL, err));
    if (chosen) ent_lot_keep(n, &d);
    return ENT_OK;
}

ent_code ent_lots_finish(ent_flow_node *n, ent_err *err)
{
    ENT_TRY(ent_lots_ahead_finish(n, err));
    struct undrawn u;
    ent_search_record *r = malloc(sizeof *r);
    ent_code code = r ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    do {
        u.count = 0;
        if (code == ENT_OK) code = ent_searches_walk(n, pick_undrawn, &u, err);
        if (code == ENT_BUSY) code = ENT_OK;
        for (size_t i = 0; i < u.count && code == ENT_OK; i++) {
            code = ent_search_get(n, u.some[i].b, r, err);
            if (code == ENT_OK) code = finish_one(n, r, err);
        }
    } while (u.count && code == ENT_OK);
    free(r);
    return code;
}
