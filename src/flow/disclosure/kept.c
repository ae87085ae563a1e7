#include "flow/disclosure/kept.h"

#include "base/check.h"
#include "base/wipe.h"
#include "flow/state.h"

#include <string.h>

enum { VERSION = 3 };

static void binding_of(const uint8_t id[ENT_ID_SIZE], uint8_t ret[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente kept", 12), ENT_BYTES(id, ENT_ID_SIZE)}, 2, ret);
}

static void encode(const ent_kept *k, ent_buf *row)
{
    const ent_kept_view *v = &k->view;
    ent_buf_u8(row, VERSION);
    ent_buf_u64(row, k->slot.number);
    ent_buf_u32(row, ent_date_pack(v->until));
    ent_buf_u64(row, (uint64_t)v->received.ms);
    ent_buf_put(row, v->reference.b, ENT_ID_SIZE);
    ent_buf_text8(row, v->partner);
    ent_buf_text8(row, v->agreement);
    ent_buf_text8(row, v->flow);
    ent_buf_text8(row, k->purpose);
    ent_buf_u32(row, k->agreement_version);
    ent_buf_put(row, k->agreement_digest, 32);
    ent_buf_put(row, k->salt, 32);
    ent_buf_put(row, v->candidate.b, ENT_ID_SIZE);
    ent_buf_text8(row, v->on_behalf_of);
    ent_buf_u8(row, k->party);
    ent_buf_text8(row, v->given_on_of);
}

bool ent_kept_read(const uint8_t *key, ent_cursor *c, ent_kept *k)
{
    ent_kept_view *v = &k->view;
    *k = (ent_kept){0};
    memcpy(v->id, key, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(c);
    k->slot.number = ent_cursor_u64(c);
    v->until = ent_date_unpack(ent_cursor_u32(c));
    v->received.ms = (int64_t)ent_cursor_u64(c);
    ent_cursor_copy(c, v->reference.b, ENT_ID_SIZE);
    ent_cursor_text8(c, v->partner, sizeof v->partner);
    ent_cursor_text8(c, v->agreement, sizeof v->agreement);
    ent_cursor_text8(c, v->flow, sizeof v->flow);
    ent_cursor_text8(c, k->purpose, sizeof k->purpose);
    k->agreement_version = ent_cursor_u32(c);
    ent_cursor_copy(c, k->agreement_digest, 32);
    ent_cursor_copy(c, k->salt, 32);
    v->candidate = v->reference;
    if (version == VERSION) { /* version 1 knew of one candidate, for the requester itself */
        ent_cursor_copy(c, v->candidate.b, ENT_ID_SIZE);
        ent_cursor_text8(c, v->on_behalf_of, sizeof v->on_behalf_of);
        k->party = ent_cursor_u8(c);
        ent_cursor_text8(c, v->given_on_of, sizeof v->given_on_of);
    }
    return (version == 1 || version == VERSION) && !c->bad;
}

ent_code ent_kept_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_kept *ret, ent_buf *ret_box, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ENT_KEPT_ROW);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_KEPT, id, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no disclosure with this number is kept here");
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    if (!ent_kept_read(id, &c, ret)) return ent_fail(err, ENT_DAMAGED, "a kept disclosure's row cannot be read");
    size_t left = ent_cursor_left(&c);
    if (ret_box) ent_buf_put(ret_box, ent_cursor_take(&c, left), left);
    return ENT_OK;
}

ent_code ent_kept_open(ent_flow_node *n, const ent_kept *k, const ent_buf *box, ent_buf *ret_text, ent_err *err)
{
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    binding_of(k->view.id, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, k->slot, binding, &key, err));
    return ent_unseal(&key, ENT_BYTES(k->view.id, ENT_ID_SIZE), ENT_BYTES(box->data, box->len), ret_text, err);
}

void ent_kept_entry(ent_flow_node *n, ent_entry_kind kind, const ent_kept *k, const char *clause, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = k->agreement_version, .party = k->party};
    memcpy(ret->case_number.b, k->view.candidate.b, ENT_ID_SIZE);
    memcpy(ret->agreement, k->agreement_digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", k->view.flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", k->purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
    ent_commit_to(k->salt, k->view.id, ENT_ID_SIZE, ret->commitment);
}

ent_code ent_kept_put(ent_flow_node *n, ent_kept *k, ent_bytes text, const char *clause, uint64_t follows, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("keep");
    ENT_AUTO_BUF row = ENT_BUF(ENT_KEPT_ROW);
    uint8_t binding[32], nonce[12];
    ENT_WIPED_KEY key;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_fill(n, k->salt, sizeof k->salt);
    ent_fill(n, nonce, sizeof nonce);
    binding_of(k->view.id, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &k->slot, &key, err));
    encode(k, &row);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(k->view.id, ENT_ID_SIZE), text, &row, err));
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_KEPT, ENT_BYTES(k->view.id, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    ent_kept_entry(n, ENT_ENTRY_KEPT, k, clause, &e);
    e.follows = follows;
    e.destroy_by = k->view.until;
    ent_batch_entry(b, &e);
    ent_code code = ent_commit(n, b, NULL, err);
    if (code == ENT_EXISTS || code == ENT_NO_SPACE) (void)!n->c.keys.destroy(n->c.keys.self, k->slot, NULL);
    return code == ENT_EXISTS ? ENT_OK : code; /* it came twice */
}

bool ent_kept_over(ent_flow_node *n, const ent_kept *k)
{
    const ent_held_agreement *h = ent_agreement_named(n, k->view.agreement);
    return ent_date_compare(k->view.until, ent_today(n)) < 0 || !h || h->state == ENT_AGREEMENT_ENDED;
}
