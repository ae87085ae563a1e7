#include "flow/disclosure/record.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/queue.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 32 + ENT_ID_SIZE, VERSION = 1, HEAD = 1 + 8 + 4, ROW_MAX = 65536 };

static void binding_of(const uint8_t id[ENT_ID_SIZE], uint8_t ret[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente disclosure", 18), ENT_BYTES(id, ENT_ID_SIZE)}, 2, ret);
}

static void encode(const ent_disclosure_record *r, ent_buf *b)
{
    const ent_disclosure_view *v = &r->view;
    ent_buf_put(b, v->reference.b, ENT_ID_SIZE);
    ent_buf_text16(b, v->partner);
    ent_buf_text16(b, v->agreement);
    ent_buf_text16(b, v->flow);
    ent_buf_text16(b, v->purpose);
    ent_buf_text16(b, v->clause);
    ent_buf_text16(b, v->recalled_for);
    ent_buf_u64(b, (uint64_t)v->at.ms);
    ent_buf_u64(b, (uint64_t)v->received.ms);
    ent_buf_u64(b, (uint64_t)v->recalled.ms);
    ent_buf_u64(b, (uint64_t)v->undertaken.ms);
    ent_buf_u32(b, v->fields);
    ent_buf_u32(b, ent_date_pack(v->keep_until));
    ent_buf_u64(b, v->index);
    ent_buf_u64(b, v->kept_index);
    ent_buf_u64(b, v->gone_index);
    ent_buf_put(b, r->salt, 32);
    ent_buf_put(b, r->digest, 32);
    ent_buf_text16(b, r->kept_proof);
    ent_buf_text16(b, r->gone_proof);
    ent_buf_put(b, v->search.b, ENT_ID_SIZE);
    ent_buf_text16(b, v->on_behalf_of);
    ent_buf_u64(b, (uint64_t)v->denied.ms);
    ent_buf_u8(b, (uint8_t)r->told_count);
    for (size_t i = 0; i < r->told_count; i++) {
        ent_buf_put(b, r->told[i].examiner.b, ENT_ID_SIZE);
        ent_buf_u64(b, (uint64_t)r->told[i].at.ms);
        ent_buf_u8(b, (uint8_t)r->told[i].finding);
    }
}

static void decode_told(ent_cursor *c, ent_disclosure_record *r)
{
    r->told_count = ent_cursor_u8(c);
    if (r->told_count > ENT_DISCLOSURE_CONCLUSIONS) c->bad = true, r->told_count = 0;
    for (size_t i = 0; i < r->told_count; i++) {
        ent_cursor_copy(c, r->told[i].examiner.b, ENT_ID_SIZE);
        r->told[i].at.ms = (int64_t)ent_cursor_u64(c);
        r->told[i].finding = (ent_finding)ent_cursor_u8(c);
    }
}

static bool decode(const ent_buf *in, ent_disclosure_record *r)
{
    ent_cursor c = ENT_CURSOR(in->data, in->len);
    ent_disclosure_view *v = &r->view;
    ent_cursor_copy(&c, v->reference.b, ENT_ID_SIZE);
    ent_cursor_text16(&c, v->partner, sizeof v->partner);
    ent_cursor_text16(&c, v->agreement, sizeof v->agreement);
    ent_cursor_text16(&c, v->flow, sizeof v->flow);
    ent_cursor_text16(&c, v->purpose, sizeof v->purpose);
    ent_cursor_text16(&c, v->clause, sizeof v->clause);
    ent_cursor_text16(&c, v->recalled_for, sizeof v->recalled_for);
    v->at.ms = (int64_t)ent_cursor_u64(&c);
    v->received.ms = (int64_t)ent_cursor_u64(&c);
    v->recalled.ms = (int64_t)ent_cursor_u64(&c);
    v->undertaken.ms = (int64_t)ent_cursor_u64(&c);
    v->fields = ent_cursor_u32(&c);
    v->keep_until = ent_date_unpack(ent_cursor_u32(&c));
    v->index = ent_cursor_u64(&c);
    v->kept_index = ent_cursor_u64(&c);
    v->gone_index = ent_cursor_u64(&c);
    ent_cursor_copy(&c, r->salt, 32);
    ent_cursor_copy(&c, r->digest, 32);
    ent_cursor_text16(&c, r->kept_proof, sizeof r->kept_proof);
    ent_cursor_text16(&c, r->gone_proof, sizeof r->gone_proof);
    v->search = v->reference;
    if (!c.bad && ent_cursor_left(&c)) { /* what rows of before did not have */
        ent_cursor_copy(&c, v->search.b, ENT_ID_SIZE);
        ent_cursor_text16(&c, v->on_behalf_of, sizeof v->on_behalf_of);
        v->denied.ms = (int64_t)ent_cursor_u64(&c);
        decode_told(&c, r);
    }
    return ent_cursor_done(&c);
}

ent_code ent_disclosure_put(ent_flow_node *n, ent_batch *b, ent_disclosure_record *r, ent_err *err)
{
    uint8_t binding[32], name[KEY], nonce[12];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF in = ENT_BUF(ROW_MAX), row = ENT_BUF(ROW_MAX + 64);
    binding_of(r->view.id, binding);
    if (r->slot.number == UINT64_MAX) ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &r->slot, &key, err));
    else ENT_TRY(n->c.keys.get(n->c.keys.self, r->slot, binding, &key, err));
    memcpy(name, r->transaction, 32);
    memcpy(name + 32, r->view.id, ENT_ID_SIZE);
    encode(r, &in);
    ENT_TRY(ent_buf_check(&in, err));
    ent_buf_u8(&row, VERSION);
    ent_buf_u64(&row, r->slot.number);
    ent_buf_u32(&row, ent_date_pack(r->view.record_until));
    ent_fill(n, nonce, sizeof nonce);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(name, KEY), ENT_BYTES(in.data, in.len), &row, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DISCLOSURES, ENT_BYTES(name, KEY), ENT_BYTES(row.data, row.len));
    return ENT_OK;
}

struct rows {
    ent_buf *row;      /* key and value of each, as the walk found them: the store may not be called from inside it */
    size_t count, cap;
};

static ent_code remember(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct rows *s = ctx;
    if (key_len != KEY || value_len < HEAD || value[0] != VERSION) return ENT_DAMAGED;
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        ent_buf *row = realloc(s->row, cap * sizeof *row);
        if (!row) return ENT_NO_MEMORY;
        s->row = row;
        s->cap = cap;
    }
    ent_buf *row = &s->row[s->count++];
    *row = ENT_BUF(KEY + ROW_MAX + 64);
    ent_buf_put(row, key, key_len);
    ent_buf_put(row, value, value_len);
    return row->failed;
}

static ent_code open_row(ent_flow_node *n, const ent_buf *row, ent_disclosure_record *r, ent_err *err)
{
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF plain = ENT_BUF(ROW_MAX);
    ent_cursor c = ENT_CURSOR(row->data + KEY + 1, row->len - KEY - 1);
    *r = (ent_disclosure_record){0};
    memcpy(r->transaction, row->data, 32);
    memcpy(r->view.id, row->data + 32, ENT_ID_SIZE);
    r->slot.number = ent_cursor_u64(&c);
    r->view.record_until = ent_date_unpack(ent_cursor_u32(&c));
    binding_of(r->view.id, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, r->slot, binding, &key, err));
    ENT_TRY(ent_unseal(&key, ENT_BYTES(row->data, KEY), ENT_BYTES(row->data + KEY + HEAD, row->len - KEY - HEAD), &plain, err));
    return decode(&plain, r) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a disclosure's record cannot be read");
}

ent_code ent_disclosures_walk(ent_flow_node *n, const uint8_t transaction[32], ent_code (*see)(void *ctx, const ent_disclosure_record *r), void *ctx, ent_err *err)
{
    struct rows s = {0};
    ent_change range = {.key = transaction ? (const void *)transaction : "", .key_len = transaction ? 32 : 0};
    ent_disclosure_record *r = malloc(sizeof *r);
    ent_code code = r ? n->c.store.scan(n->c.store.self, ENT_TABLE_DISCLOSURES, &range, remember, &s, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_DAMAGED) code = ent_fail(err, code, "a disclosure's row cannot be read");
    for (size_t i = 0; i < s.count; i++) {
        if (code == ENT_OK) code = open_row(n, &s.row[i], r, err);
        if (code == ENT_OK) code = see(ctx, r);
        ent_buf_free(&s.row[i]);
    }
    free(s.row);
    if (r) ent_wipe(r, sizeof *r);
    free(r);
    return code;
}

struct getting {
    const uint8_t *id;
    ent_disclosure_record *ret;
    bool found;
};

static ent_code is_it(void *ctx, const ent_disclosure_record *r)
{
    struct getting *g = ctx;
    if (!ent_id_equal(r->view.id, g->id)) return ENT_OK;
    *g->ret = *r;
    g->found = true;
    return ENT_OK;
}

ent_code ent_disclosure_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_disclosure_record *ret, ent_err *err)
{
    struct getting g = {id, ret, false};
    ENT_TRY(ent_disclosures_walk(n, NULL, is_it, &g, err));
    return g.found ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no disclosure with this number");
}

void ent_recall_put(ent_flow_node *n, ent_batch *b, const ent_recalled *r)
{
    char body[256], id[ENT_ID_TEXT], reference[ENT_ID_TEXT], candidate[ENT_ID_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_RECALL};
    ent_fill(n, q.id, ENT_ID_SIZE);
    memcpy(q.about, r->id, ENT_ID_SIZE);
    snprintf(q.partner, sizeof q.partner, "%s", r->partner);
    snprintf(q.flow, sizeof q.flow, "%s", r->flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", r->purpose);
    ent_id_text(r->id, id);
    ent_id_text(r->reference, reference);
    ent_id_text(r->candidate, candidate);
    int len = snprintf(body, sizeof body, "entente-recall/v2\nid %s\nreference %s\ncandidate %s\nreason %s\n", id, reference, candidate, r->reason);
    ent_queue_put(n, b, &q, ENT_BYTES(body, (size_t)len));
}
