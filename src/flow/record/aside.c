/* Law recorded since the last backup must not be lost with the disk: a record that a hold keeps would be destroyed on its day, one that
 * two persons called unlawful would be searched again. So before an event, a correction, a link or a move into the hold store is
 * committed, the rows that it makes lie on the standby. What is in the hold store lies there whole: the backup that has its images is of
 * before the move, or of before the record, and its key is nowhere but in the shares of the row.
 *
 * Nothing of it is readable by itself: rows are sealed under the part's slot, images under its key. docs/protocol/standby.md has the form. */
#include "flow/record/aside.h"

#include "base/check.h"
#include "base/text.h"
#include "flow/capture/capture.h"

#include <stdio.h>

enum { PIECE = 1 << 20, NAME = 63 };

static void name_of(const ent_part_id *id, int piece, char ret[NAME + 1])
{
    char hex[2 * ENT_ID_SIZE + 1];
    ent_hex(id->b, ENT_ID_SIZE, hex);
    if (piece < 0) snprintf(ret, NAME + 1, "part-%s", hex);
    else snprintf(ret, NAME + 1, "blob-%s-%04d", hex, piece);
}

static ent_code send(ent_flow_node *n, const char *name, const void *bytes, size_t len, ent_err *err)
{
    return n->c.standby.file(n->c.standby.self, name, bytes, len, err);
}

/* ---- the row, and the two that lead to it ---- */

static void put_item(ent_buf *b, ent_table table, ent_bytes key, ent_bytes value)
{
    ent_buf_text16(b, ent_table_name(table));
    ent_buf_u8(b, (uint8_t)key.len);
    ent_buf_put(b, key.data, key.len);
    ent_buf_u32(b, (uint32_t)value.len);
    if (value.len) ent_buf_put(b, value.data, value.len);
}

static ent_code put_stored(ent_flow_node *n, ent_buf *b, ent_table table, ent_bytes key, ent_err *err)
{
    ENT_AUTO_BUF value = ENT_BUF(65536);
    ent_code code = n->c.store.get(n->c.store.self, table, key.data, key.len, &value, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code == ENT_OK) put_item(b, table, key, ENT_BYTES(value.data, value.len));
    return code;
}

static ent_code put_part(ent_flow_node *n, ent_buf *b, const ent_held_part *p, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(1 << 20);
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    if (p->hold) ent_hold_binding(p->id.b, binding);
    else ent_part_binding(p->id.b, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, p->slot, binding, &key, err));
    ENT_TRY(ent_part_row(n, p, &key, &row, err));
    put_item(b, ENT_TABLE_PARTS, ENT_BYTES(p->id.b, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    ENT_TRY(put_stored(n, b, ENT_TABLE_ENCOUNTERS, ENT_BYTES(p->encounter.b, ENT_ID_SIZE), err));
    return put_stored(n, b, ENT_TABLE_TRANSACTIONS, ENT_BYTES(p->transaction, 32), err);
}

/* ---- images and templates, in pieces of one frame ---- */

struct pieces {
    ent_flow_node *n;
    const ent_part_id *id;
    ent_buf now;
    int count;
    ent_err *err;
};

static ent_code send_piece(struct pieces *s)
{
    char name[NAME + 1];
    ENT_TRY(ent_buf_check(&s->now, s->err));
    name_of(s->id, s->count++, name);
    ENT_TRY(send(s->n, name, s->now.data, s->now.len, s->err));
    ent_buf_clear(&s->now);
    return ENT_OK;
}

static ent_code cut(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct pieces *s = ctx;
    ENT_AUTO_BUF item = ENT_BUF(ENT_STORE_VALUE_MAX + 256);
    put_item(&item, ENT_TABLE_BLOBS, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len));
    ENT_TRY(ent_buf_check(&item, s->err));
    for (size_t at = 0; at < item.len;) {
        size_t room = PIECE - s->now.len, take = item.len - at < room ? item.len - at : room;
        ent_buf_put(&s->now, item.data + at, take);
        at += take;
        if (s->now.len == PIECE) ENT_TRY(send_piece(s));
    }
    return ENT_OK;
}

static ent_code send_blobs(ent_flow_node *n, const ent_part_id *id, int *ret_pieces, ent_err *err)
{
    ent_change range = {.key = id->b, .key_len = ENT_ID_SIZE};
    struct pieces s = {.n = n, .id = id, .now = ENT_BUF(PIECE), .err = err};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, cut, &s, err);
    if (code == ENT_OK && s.now.len) code = send_piece(&s);
    if (code == ENT_OK && s.count > ENT_LIMIT_ASIDE_PIECES) code = ent_fail(err, ENT_TOO_LARGE, "a held record of more than %d MiB", ENT_LIMIT_ASIDE_PIECES);
    ent_buf_free(&s.now);
    *ret_pieces = s.count;
    return code;
}

ent_code ent_aside_part(ent_flow_node *n, const ent_held_part *p, ent_err *err)
{
    char name[NAME + 1];
    int pieces = 0;
    ENT_AUTO_BUF file = ENT_BUF(PIECE);
    if (!n->c.standby.self) return ENT_OK;
    if (p->hold) ENT_TRY(send_blobs(n, &p->id, &pieces, err));
    ent_buf_u32(&file, (uint32_t)pieces);
    ENT_TRY(put_part(n, &file, p, err));
    ENT_TRY(ent_buf_check(&file, err));
    name_of(&p->id, -1, name);
    return send(n, name, file.data, file.len, err);
}

void ent_aside_drop(ent_flow_node *n, const ent_held_part *p)
{
    char name[NAME + 1];
    ent_err none;
    if (!n->c.standby.self || (!p->facts.event_count && !p->hold)) return;
    name_of(&p->id, -1, name);
    (void)!send(n, name, "", 0, &none);
}
