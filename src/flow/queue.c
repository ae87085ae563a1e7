#include "flow/queue.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "flow/disclosure/disclosure.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

#define SEND_MS 5000
enum { KEY = 8 + ENT_ID_SIZE, VERSION = 1, FEW = 32, ROW_MAX = ENT_LIMIT_BODY + 4096 };

/* ---- rows: when it was put and the message's id; then the message ---- */

void ent_queue_put(ent_flow_node *n, ent_batch *b, const ent_queued *q, ent_bytes body)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX), key = ENT_BUF(KEY);
    ent_buf_u64(&key, (uint64_t)ent_now(n).ms);
    ent_buf_put(&key, q->id, ENT_ID_SIZE);
    ent_buf_u8(&row, VERSION);
    ent_buf_put(&row, q->about, ENT_ID_SIZE); /* at a fixed place: see ent_queue_forget */
    ent_buf_u8(&row, (uint8_t)q->kind);
    ent_buf_text8(&row, q->partner);
    ent_buf_text8(&row, q->agreement);
    ent_buf_u32(&row, q->agreement_version);
    ent_buf_put(&row, q->agreement_digest, 32);
    ent_buf_text8(&row, q->flow);
    ent_buf_text8(&row, q->purpose);
    ent_buf_u8(&row, (uint8_t)q->proof_kind);
    ent_buf_put(&row, q->proof_case, ENT_ID_SIZE);
    ent_buf_u32(&row, (uint32_t)body.len);
    ent_buf_put(&row, body.data, body.len);
    if (row.failed != ENT_OK) b->failed = row.failed;
    else ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_QUEUE, ENT_BYTES(key.data, key.len), ENT_BYTES(row.data, row.len));
}

typedef struct waiting {
    uint8_t key[KEY];
    ent_queued q;
    ent_buf body;
} waiting;

static bool decode(const uint8_t *key, const uint8_t *row, size_t len, waiting *ret)
{
    ent_cursor c = ENT_CURSOR(row, len);
    ent_queued *q = &ret->q;
    *ret = (waiting){.body = ENT_BUF(ENT_LIMIT_BODY)};
    memcpy(ret->key, key, KEY);
    memcpy(q->id, key + 8, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(&c);
    ent_cursor_copy(&c, q->about, ENT_ID_SIZE);
    q->kind = (ent_message_kind)ent_cursor_u8(&c);
    ent_cursor_text8(&c, q->partner, sizeof q->partner);
    ent_cursor_text8(&c, q->agreement, sizeof q->agreement);
    q->agreement_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, q->agreement_digest, 32);
    ent_cursor_text8(&c, q->flow, sizeof q->flow);
    ent_cursor_text8(&c, q->purpose, sizeof q->purpose);
    q->proof_kind = (ent_entry_kind)ent_cursor_u8(&c);
    ent_cursor_copy(&c, q->proof_case, ENT_ID_SIZE);
    size_t n = ent_cursor_u32(&c);
    const uint8_t *body = ent_cursor_take(&c, n);
    if (body) ent_buf_put(&ret->body, body, n);
    return version == VERSION && ent_cursor_done(&c) && q->kind < ENT_MESSAGE_COUNT && ret->body.failed == ENT_OK;
}

/* ---- forgetting ---- */

struct forgetting {
    ent_batch *b;
    const ent_part_set *about;
};

static ent_code forget_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct forgetting *f = ctx;
    if (key_len != KEY || value_len < 1 + ENT_ID_SIZE) return ENT_DAMAGED;
    if (ent_part_in(f->about, value + 1)) ent_batch_put(f->b, ENT_CHANGE_DELETE, ENT_TABLE_QUEUE, ENT_BYTES(key, key_len), ENT_BYTES("", 0));
    return ENT_OK;
}

ent_code ent_queue_forget(ent_flow_node *n, ent_batch *b, const ent_part_set *about, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_QUEUE, &all, forget_one, &(struct forgetting){b, about}, err);
}

/* ---- sending ---- */

ent_code ent_entry_find(ent_flow_node *n, ent_entry_kind kind, const uint8_t case_number[ENT_ID_SIZE], uint64_t *ret_index, ent_err *err)
{
    for (uint64_t i = n->c.ledger.size(n->c.ledger.self); i-- > 0;) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(n->c.ledger.read(n->c.ledger.self, i, bytes, err));
        if (ent_entry_decode(bytes, &e, NULL) != ENT_OK || e.kind != kind || !ent_id_equal(e.case_number.b, case_number)) continue;
        *ret_index = i;
        return ENT_OK;
    }
    return ent_fail(err, ENT_NOT_FOUND, "no entry of this kind is in the ledger");
}

struct gathering {
    waiting few[FEW];
    size_t count;
    uint8_t after[KEY];
    size_t after_len;
};

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct gathering *g = ctx;
    if (key_len != KEY) return ENT_DAMAGED;
    bool good = decode(key, value, value_len, &g->few[g->count]);
    g->count++; /* counted even when damaged, so that its body is freed */
    if (!good) return ENT_DAMAGED;
    return g->count == FEW ? ENT_BUSY : ENT_OK;
}

/* One message: the proof of its entry, then over the line. ENT_OK: taken, or refused for good; it need not be sent again. */
static ent_code send_one(ent_flow_node *n, waiting *w, ent_reply *reply, ent_err *err)
{
    ENT_AUTO_BUF proof = ENT_BUF(ENT_NOTE_MAX);
    ent_queued *q = &w->q;
    if (q->proof_kind) {
        uint64_t index = 0;
        ENT_TRY(ent_entry_find(n, q->proof_kind, q->proof_case, &index, err));
        ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, index, &proof, err));
    }
    ent_message m = {.kind = q->kind, .agreement = q->agreement, .agreement_version = q->agreement_version,
                     .agreement_digest = q->agreement[0] ? q->agreement_digest : NULL, .flow = q->flow, .purpose = q->purpose,
                     .proof = ent_buf_cstr(&proof), .body = w->body.data ? w->body.data : (const uint8_t *)"", .body_len = w->body.len};
    memcpy(m.id, q->id, ENT_ID_SIZE);
    return n->c.partners.send(n->c.partners.self, q->partner, &m, ent_ticks(n) + SEND_MS, reply, err);
}

static bool taken(int status) { return status == 200 || status == 409 || status == 410; }

static ent_code deliver(ent_flow_node *n, waiting *w, bool *ret_sent, ent_err *err)
{
    ent_reply reply = {.body = ENT_BUF(1 << 16), .evidence = ENT_BUF(1 << 16)};
    ent_code code = send_one(n, w, &reply, err);
    *ret_sent = code == ENT_OK && taken(reply.status);
    if (*ret_sent) {
        ENT_AUTO_BATCH b = ent_batch_new("queue");
        ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_QUEUE, ENT_BYTES(w->key, KEY), ENT_BYTES("", 0));
        b->reserve = true;
        pthread_mutex_lock(&n->lock);
        code = ent_disclosure_taken(n, b, &w->q, &reply, err);
        if (code == ENT_OK) code = ent_commit(n, b, NULL, err);
        pthread_mutex_unlock(&n->lock);
    }
    ent_reply_free(&reply);
    return code;
}

static bool gave_up_on(char (*down)[ENT_NODE_NAME_MAX], size_t count, const char *partner)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(down[i], partner) == 0) return true;
    return false;
}

ent_code ent_queue_send(ent_flow_node *n, size_t *ret_sent, ent_err *err)
{
    struct gathering *g = calloc(1, sizeof *g);
    char down[64][ENT_NODE_NAME_MAX];
    size_t down_count = 0, sent_count = 0;
    ent_code code = g ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    bool more = g && n->c.partners.send;
    while (code == ENT_OK && more) {
        ent_change range = {.key = "", .key_len = 0, .value = g->after_len ? g->after : NULL, .value_len = g->after_len};
        g->count = 0;
        ent_code scanned = n->c.store.scan(n->c.store.self, ENT_TABLE_QUEUE, &range, gather, g, err);
        if (scanned != ENT_OK && scanned != ENT_BUSY) code = ent_fail(err, scanned, "a waiting message cannot be read");
        more = scanned == ENT_BUSY;
        for (size_t i = 0; i < g->count; i++) {
            waiting *w = &g->few[i];
            bool sent = false;
            if (code == ENT_OK && !gave_up_on(down, down_count, w->q.partner)) {
                ent_err failed = {0};
                if (deliver(n, w, &sent, &failed) != ENT_OK && down_count < 64) snprintf(down[down_count++], ENT_NODE_NAME_MAX, "%s", w->q.partner);
                sent_count += sent;
            }
            memcpy(g->after, w->key, KEY);
            g->after_len = KEY;
            ent_buf_free(&w->body);
        }
    }
    free(g);
    if (ret_sent) *ret_sent = sent_count;
    return code;
}

static ent_code count_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)key, (void)key_len, (void)value, (void)value_len;
    ++*(size_t *)ctx;
    return ENT_OK;
}

size_t ent_queue_count(ent_flow_node *n)
{
    size_t count = 0;
    ent_change all = {.key = "", .key_len = 0};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_QUEUE, &all, count_one, &count, NULL) == ENT_OK ? count : 0;
}
