/* Receipts are completed: a partner is asked for the same entries under a checkpoint that witnesses co-signed, many at a time. */
#include "flow/receipt/receipt.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "merkle/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 256, WAIT_MS = 5000, RECEIPT_MAX = 16384, EAGER_MS = 15 * 60000, PATIENCE = 60, OVERDUE_MS = 60 * 60000, KEY = 1 + ENT_PARTY_NAME + ENT_ID_SIZE };

/* One that waits: key "w", partner's name, NUL, id; value version, when, year, index. The receipt itself: key "r", id; value 0 as it came or
 * 1 completed, then the text. */
typedef struct wanted {
    ent_search_id id;
    int64_t since_ms;
    ent_place place;
    uint8_t key[KEY];
    size_t key_len;
} wanted;

static size_t wanted_key(const char *partner, const uint8_t id[ENT_ID_SIZE], uint8_t ret_key[KEY])
{
    size_t n = strnlen(partner, ENT_PARTY_NAME - 1);
    ret_key[0] = 'w';
    memcpy(ret_key + 1, partner, n);
    ret_key[1 + n] = 0;
    memcpy(ret_key + 2 + n, id, ENT_ID_SIZE);
    return 2 + n + ENT_ID_SIZE;
}

static void receipt_key(const uint8_t id[ENT_ID_SIZE], uint8_t ret_key[1 + ENT_ID_SIZE])
{
    ret_key[0] = 'r';
    memcpy(ret_key + 1, id, ENT_ID_SIZE);
}

void ent_receipt_expect(ent_batch *b, const ent_search_id *id, const char *partner, const ent_place *place, const ent_buf *receipt)
{
    uint8_t waits[KEY], kept[1 + ENT_ID_SIZE];
    ENT_AUTO_BUF row = ENT_BUF(32), text = ENT_BUF(RECEIPT_MAX);
    size_t n = wanted_key(partner, id->b, waits);
    receipt_key(id->b, kept);
    ent_buf_u8(&row, 2);
    ent_buf_u64(&row, b->entry_count ? (uint64_t)b->entry[0].time.ms : 0);
    ent_buf_u32(&row, place->year);
    ent_buf_u64(&row, place->index);
    ent_buf_u8(&text, 0);
    ent_buf_put(&text, receipt->data, receipt->len);
    if (row.failed != ENT_OK || text.failed != ENT_OK) b->failed = ENT_TOO_LARGE;
    if (b->failed != ENT_OK) return;
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_RECEIPTS, ENT_BYTES(waits, n), ENT_BYTES(row.data, row.len));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_RECEIPTS, ENT_BYTES(kept, sizeof kept), ENT_BYTES(text.data, text.len));
}

/* ---- the holder's side ---- */

/* An entry concerns a partner when it is about a flow between the two, or about a search that the partner sent or was sent. */
static bool concerns(ent_flow_node *n, const char *partner, const ent_entry *e)
{
    bool yes = false;
    if (e->kind == ENT_ENTRY_EXAMINED || e->kind == ENT_ENTRY_CLOSED) return false; /* they would tell how many candidates there were */
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->agreement_count && !yes; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        const ent_flow *f = memcmp(h->envelope.digest, e->agreement, 32) == 0 ? ent_agreement_flow(h->a, e->flow) : NULL;
        yes = f && (strcmp(f->holder, partner) == 0 || strcmp(f->requester, partner) == 0);
    }
    pthread_mutex_unlock(&n->lock);
    if (yes) return true;
    ent_search_record *r = calloc(1, sizeof *r);
    yes = r && ent_search_get(n, e->case_number.b, r, NULL) == ENT_OK && strcmp(r->view.partner, partner) == 0;
    if (r) ent_wipe(r, sizeof *r);
    free(r);
    return yes;
}

/* "LENGTH\n" and the receipt; 0 for one that is not complete yet, is not there, or is none of the partner's business. */
static void put_receipt(ent_flow_node *n, const char *partner, const ent_place *place, ent_buf *ret_body)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    ent_entry e;
    ENT_AUTO_BUF text = ENT_BUF(RECEIPT_MAX);
    const ent_ledger *log;
    bool ok = ent_ledger_log(&n->c.ledger, place->year, &log, NULL) == ENT_OK && log->read(log->self, place->index, bytes, NULL) == ENT_OK &&
              ent_entry_decode(bytes, &e, NULL) == ENT_OK && concerns(n, partner, &e) && log->cosigned_receipt(log->self, place->index, &text, NULL) == ENT_OK;
    ent_buf_fmt(ret_body, "%zu\n", ok ? text.len : 0);
    if (ok) ent_buf_put(ret_body, text.data, text.len);
}

/* "YEAR INDEX"; "INDEX" alone in a log that is not cut. */
static bool read_place(const char *line, size_t len, ent_place *ret)
{
    const char *space = memchr(line, ' ', len);
    uint64_t year = 0;
    if (space && !ent_note_number(line, (size_t)(space - line), &year)) return false;
    const char *index = space ? space + 1 : line;
    ret->year = (uint32_t)year;
    return year < 10000 && ent_note_number(index, len - (size_t)(index - line), &ret->index);
}

void ent_receipts_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body)
{
    const char *at = in->message.body, *end = at + in->message.body_len, *line;
    size_t len, count = 0;
    ent_place place;
    bool good = in->message.body_len > 0;
    while (good && at < end) {
        good = ++count <= AT_ONCE && ent_note_line(&at, end, &line, &len) && read_place(line, len, &place);
        if (good) put_receipt(n, in->partner, &place, ret_body);
    }
    *ret_status = good ? 200 : 400;
    if (good) return;
    ent_buf_clear(ret_body);
    ent_refusal_write(400, ENT_FORMAT, "receipts are asked for by their entries' year and index, a line each, at most 256", "", ret_body);
}

/* ---- the requester's side ---- */

/* What one partner owes, one message's worth. */
typedef struct list {
    wanted *at;
    size_t count;
    char partner[ENT_PARTY_NAME];
    int64_t now;
    bool patient; /* old ones too */
    bool more;
} list;

static ent_code see_wanted(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    list *l = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    wanted w = {.key_len = key_len};
    if (key_len > sizeof w.key || key_len < 2 + ENT_ID_SIZE || key[key_len - ENT_ID_SIZE - 1]) return ENT_DAMAGED;
    uint8_t version = ent_cursor_u8(&c);
    if (version < 1 || version > 2) return ENT_DAMAGED;
    memcpy(w.key, key, key_len);
    memcpy(w.id.b, key + key_len - ENT_ID_SIZE, ENT_ID_SIZE);
    w.since_ms = (int64_t)ent_cursor_u64(&c);
    if (version == 2) w.place.year = ent_cursor_u32(&c); /* before, a ledger was one log */
    w.place.index = ent_cursor_u64(&c);
    if (!ent_cursor_done(&c)) return ENT_DAMAGED;
    const char *partner = (const char *)w.key + 1;
    l->more = l->count == AT_ONCE || (l->partner[0] && strcmp(l->partner, partner) != 0);
    if (l->more) return ENT_BUSY;
    snprintf(l->partner, sizeof l->partner, "%.63s", partner);
    if (l->patient || l->now - w.since_ms <= EAGER_MS) l->at[l->count++] = w;
    return ENT_OK;
}

/* The same entry at the same place, under the partner's signature and a cosignature of a witness that the agreement names and that
 * is neither of us. */
static bool completes(ent_flow_node *n, const char *partner, const wanted *w, const char *text, size_t len)
{
    ent_proof first, fresh;
    ent_entry e;
    ent_place place;
    uint8_t key[1 + ENT_ID_SIZE];
    bool witnessed = false;
    ENT_AUTO_BUF row = ENT_BUF(RECEIPT_MAX);
    receipt_key(w->id.b, key);
    if (n->c.store.get(n->c.store.self, ENT_TABLE_RECEIPTS, key, sizeof key, &row, NULL) != ENT_OK || row.len < 2) return false;
    if (ent_proof_parse((const char *)row.data + 1, row.len - 1, &first, NULL) != ENT_OK || ent_proof_parse(text, len, &fresh, NULL) != ENT_OK) return false;
    if (!fresh.has_extra || memcmp(first.extra, fresh.extra, sizeof first.extra) != 0) return false;
    bool valid = ent_partner_says(n, partner, text, len, &e, &place, NULL) == ENT_OK && place.year == w->place.year && place.index == w->place.index;
    if (!valid) return false;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->agreement_count && !witnessed; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        if (memcmp(h->envelope.digest, e.agreement, 32) == 0) witnessed = ent_independently_cosigned(h->a, fresh.note, fresh.note_len);
    }
    pthread_mutex_unlock(&n->lock);
    return witnessed;
}

static ent_code keep(ent_flow_node *n, const wanted *w, const char *text, size_t len, ent_err *err)
{
    uint8_t key[1 + ENT_ID_SIZE];
    ENT_AUTO_BUF row = ENT_BUF(RECEIPT_MAX + 1);
    receipt_key(w->id.b, key);
    ent_buf_u8(&row, 1);
    ent_buf_put(&row, text, len);
    ENT_TRY(ent_buf_check(&row, err));
    const ent_change changes[] = {{.kind = ENT_CHANGE_DELETE, .table = ENT_TABLE_RECEIPTS, .key = w->key, .key_len = w->key_len},
                                  {ENT_CHANGE_PUT, ENT_TABLE_RECEIPTS, key, sizeof key, row.data, row.len}};
    return n->c.store.commit(n->c.store.self, changes, 2, false, err);
}

static ent_code take_answer(ent_flow_node *n, const list *l, const ent_buf *body, size_t *ret_done, ent_err *err)
{
    const char *at = (const char *)body->data, *end = at + body->len, *line;
    for (size_t i = 0; i < l->count; i++) {
        size_t len;
        uint64_t size;
        if (!ent_note_line(&at, end, &line, &len) || !ent_note_number(line, len, &size) || size > (uint64_t)(end - at))
            return ent_fail(err, ENT_FORMAT, "%s: an answer about receipts that cannot be read", l->partner);
        if (size && completes(n, l->partner, &l->at[i], at, (size_t)size)) {
            ENT_TRY(keep(n, &l->at[i], at, (size_t)size, err));
            ent_history_seen(n, l->partner, at, (size_t)size);
            ++*ret_done;
        }
        at += size;
    }
    return ENT_OK;
}

static ent_code ask(ent_flow_node *n, const list *l, size_t *ret_done, ent_err *err)
{
    ENT_AUTO_BUF body = ENT_BUF(65536);
    ent_reply reply = {.body = ENT_BUF(ENT_LIMIT_BODY), .evidence = ENT_BUF(65536)};
    ent_message m = {.kind = ENT_MESSAGE_RECEIPTS, .agreement = "", .flow = "", .purpose = "", .proof = ""};
    for (size_t i = 0; i < l->count; i++) {
        const ent_place *p = &l->at[i].place;
        if (p->year) ent_buf_fmt(&body, "%u ", (unsigned)p->year);
        ent_buf_fmt(&body, "%" PRIu64 "\n", p->index);
    }
    ENT_TRY(ent_buf_check(&body, err));
    m.body = body.data;
    m.body_len = body.len;
    ent_fill(n, m.id, sizeof m.id);
    ent_code code = n->c.partners.send(n->c.partners.self, l->partner, &m, ent_ticks(n) + WAIT_MS, &reply, err);
    if (code == ENT_OK && (reply.status != 200 || !reply.body.len)) code = ent_fail(err, ENT_REFUSED, "%s answers %d about receipts", l->partner, reply.status);
    if (code == ENT_OK) code = take_answer(n, l, &reply.body, ret_done, err);
    ent_reply_free(&reply);
    return code;
}

/* Where the walk is. */
typedef struct place {
    uint8_t after[KEY + 1];
    size_t len; /* 0: at the beginning */
} place;

/* One message's worth, and on to the next: a partner that fails is passed over. */
static ent_code one_batch(ent_flow_node *n, list *l, place *at, size_t *ret_done, ent_err *err)
{
    ent_change range = {.key = "w", .key_len = 1, .value = at->len ? at->after : NULL, .value_len = at->len};
    l->count = 0;
    l->partner[0] = 0;
    l->more = false;
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_RECEIPTS, &range, see_wanted, l, err);
    if (code != ENT_OK && code != ENT_BUSY) return code;
    code = l->count ? ask(n, l, ret_done, err) : ENT_OK;
    size_t name = strlen(l->partner);
    if (code == ENT_OK && l->count == AT_ONCE) {
        at->len = l->at[l->count - 1].key_len;
        memcpy(at->after, l->at[l->count - 1].key, at->len);
    } else { /* past everything of this partner */
        at->len = 2 + name;
        at->after[0] = 'w';
        memcpy(at->after + 1, l->partner, name);
        at->after[1 + name] = 1;
    }
    return code;
}

ent_code ent_flow_complete(ent_flow_node *n, size_t *ret_done, ent_err *err)
{
    place at = {.len = 0};
    list l = {.at = calloc(AT_ONCE, sizeof(wanted)), .now = ent_now(n).ms, .patient = n->witnessing->rounds++ % PATIENCE == 0};
    ent_code first = ENT_OK;
    size_t done = 0;
    if (!l.at) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    do {
        ent_err why = {0};
        ent_code code = n->c.partners.send ? one_batch(n, &l, &at, &done, &why) : ENT_OK;
        if (code != ENT_OK && first == ENT_OK) {
            first = code;
            if (err) *err = why;
        }
    } while (l.more);
    free(l.at);
    *ret_done = done;
    return first;
}

typedef struct tally {
    int64_t now;
    size_t waiting, overdue;
} tally;

static ent_code count_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    tally *t = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    (void)key, (void)key_len;
    uint8_t version = ent_cursor_u8(&c);
    if (version < 1 || version > 2) return ENT_DAMAGED;
    int64_t since = (int64_t)ent_cursor_u64(&c);
    t->waiting++;
    t->overdue += t->now - since > OVERDUE_MS;
    return ENT_OK;
}

ent_code ent_flow_incomplete(ent_flow_node *n, size_t *ret_waiting, size_t *ret_overdue, ent_err *err)
{
    tally t = {.now = ent_now(n).ms};
    ent_change range = {.key = "w", .key_len = 1};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_RECEIPTS, &range, count_one, &t, err);
    if (code != ENT_OK) return ent_fail(err, code, "the rows of receipts cannot be read");
    *ret_waiting = t.waiting;
    *ret_overdue = t.overdue;
    return ENT_OK;
}

ent_code ent_flow_completed(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_buf *ret_text, bool *ret_complete, ent_err *err)
{
    uint8_t key[1 + ENT_ID_SIZE];
    ENT_AUTO_BUF row = ENT_BUF(RECEIPT_MAX + 1);
    receipt_key(reference, key);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_RECEIPTS, key, sizeof key, &row, err);
    if (code != ENT_OK) return ent_fail(err, code, "no receipt is kept of that search");
    if (row.len < 2) return ent_fail(err, ENT_DAMAGED, "the receipt's row cannot be read");
    *ret_complete = row.data[0] == 1;
    ent_buf_put(ret_text, row.data + 1, row.len - 1);
    return ent_buf_check(ret_text, err);
}
