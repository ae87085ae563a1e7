/* Rows of the lot, and the openings that are sealed in them. */
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "flow/crossing/lot.h"
#include "flow/state.h"

#include <stdio.h>
#include <string.h>

void ent_lot_put(ent_batch *b, const ent_held_lot *l, ent_bytes box)
{
    uint8_t key[ENT_LOT_KEY] = {(uint8_t)l->way};
    ENT_AUTO_BUF row = ENT_BUF(ENT_LOT_ROW);
    memcpy(key + 1, l->reference.b, ENT_ID_SIZE);
    ent_buf_u8(&row, 2);
    ent_buf_u8(&row, (uint8_t)l->state);
    ent_buf_u64(&row, (uint64_t)l->asked.ms);
    ent_buf_u64(&row, (uint64_t)l->opened.ms);
    ent_buf_text8(&row, l->agreement);
    ent_buf_text8(&row, l->flow);
    ent_buf_text8(&row, l->purpose);
    ent_buf_text8(&row, l->partner);
    ent_buf_u32(&row, l->version);
    ent_buf_put(&row, l->digest, 32);
    ent_buf_put(&row, l->head, 32);
    ent_buf_u64(&row, l->slot.number);
    ent_buf_u64(&row, l->entry);
    if (box.len) ent_buf_put(&row, box.data, box.len);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_LOTS, ENT_BYTES(key, ENT_LOT_KEY), ENT_BYTES(row.data, row.len));
}

ent_code ent_lot_decode(const uint8_t *key, size_t key_len, ent_cursor *c, ent_held_lot *ret)
{
    *ret = (ent_held_lot){0};
    if (key_len != ENT_LOT_KEY) return ENT_DAMAGED;
    ret->way = (char)key[0];
    memcpy(ret->reference.b, key + 1, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(c);
    ret->state = (ent_lot_state)ent_cursor_u8(c);
    ret->asked.ms = (int64_t)ent_cursor_u64(c);
    ret->opened.ms = (int64_t)ent_cursor_u64(c);
    ent_cursor_text8(c, ret->agreement, sizeof ret->agreement);
    ent_cursor_text8(c, ret->flow, sizeof ret->flow);
    ent_cursor_text8(c, ret->purpose, sizeof ret->purpose);
    ent_cursor_text8(c, ret->partner, sizeof ret->partner);
    ret->version = ent_cursor_u32(c);
    ent_cursor_copy(c, ret->digest, 32);
    ent_cursor_copy(c, ret->head, 32);
    ret->slot.number = ent_cursor_u64(c);
    ret->entry = ent_cursor_u64(c);
    return version == 2 && !c->bad && ret->state < ENT_LOT_STATE_COUNT ? ENT_OK : ENT_DAMAGED;
}

ent_held_lot ent_lot_drawn(const ent_flow_node *n, const ent_lot_draw *d)
{
    ent_held_lot l = {.way = d->taken ? 'a' : 'h', .asked = ent_now(n), .version = d->version, .slot = {UINT64_MAX}, .entry = d->asked};
    memcpy(l.reference.b, d->reference, ENT_ID_SIZE);
    memcpy(l.digest, d->digest, 32);
    if (d->head) memcpy(l.head, d->head, 32);
    snprintf(l.agreement, sizeof l.agreement, "%s", d->agreement);
    snprintf(l.flow, sizeof l.flow, "%s", d->flow);
    snprintf(l.purpose, sizeof l.purpose, "%s", d->purpose);
    snprintf(l.partner, sizeof l.partner, "%s", d->partner);
    return l;
}

ent_code ent_lot_get(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_held_lot *ret, ent_buf *ret_box, ent_err *err)
{
    uint8_t key[ENT_LOT_KEY] = {'a'};
    ENT_AUTO_BUF row = ENT_BUF(ENT_LOT_ROW);
    memcpy(key + 1, reference, ENT_ID_SIZE);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_LOTS, key, ENT_LOT_KEY, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "the lot chose no search of this reference that was asked here");
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    if (ent_lot_decode(key, ENT_LOT_KEY, &c, ret) != ENT_OK) return ent_fail(err, ENT_DAMAGED, "a row of the lot cannot be read");
    size_t left = ent_cursor_left(&c);
    if (left) ent_buf_put(ret_box, ent_cursor_take(&c, left), left);
    return ent_buf_check(ret_box, err);
}

/* ---- openings ---- */

void ent_lot_binding(const uint8_t reference[ENT_ID_SIZE], uint8_t ret_binding[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente lot", 11), ENT_BYTES(reference, ENT_ID_SIZE)}, 2, ret_binding);
}

ent_code ent_lot_secret(const ent_lot_draw *d, ent_buf *ret, ent_err *err)
{
    char salt[65], body[65], key[ENT_BASE64_SIZE(32)];
    ent_hex(d->salt, 32, salt);
    ent_hex(d->body_digest, 32, body);
    ent_base64(d->taken->pledge.key, 32, key);
    ent_buf_fmt(ret, "salt %s\nbody %s\nkey ed25519 %s\n\n", salt, body, key);
    ent_statement_write(&d->taken->c, ret);
    return ent_buf_check(ret, err);
}

ent_code ent_lot_seal(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], const ent_buf *opening, ent_slot *ret_slot, ent_buf *ret_box, ent_err *err)
{
    uint8_t binding[32], nonce[12];
    ENT_WIPED_KEY key;
    ent_lot_binding(reference, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, ret_slot, &key, err));
    ent_fill(n, nonce, sizeof nonce);
    return ent_seal(&key, nonce, ENT_BYTES(reference, ENT_ID_SIZE), ENT_BYTES(opening->data, opening->len), ret_box, err);
}
