#include "flow/backup/aside.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"

#include <string.h>

typedef struct item {
    ent_table table;
    ent_bytes key, value;
} item;

static bool next_item(ent_cursor *c, item *ret)
{
    char name[32] = "";
    int t = 0;
    ent_cursor_text16(c, name, sizeof name);
    ret->key.len = ent_cursor_u8(c);
    ret->key.data = ent_cursor_take(c, ret->key.len);
    ret->value.len = ent_cursor_u32(c);
    ret->value.data = ent_cursor_take(c, ret->value.len);
    while (t < ENT_TABLE_COUNT && strcmp(ent_table_name((ent_table)t), name) != 0) t++;
    ret->table = (ent_table)t;
    return ent_cursor_ok(c) && t < ENT_TABLE_COUNT && ret->key.len;
}

static ent_code damaged(ent_err *err) { return ent_fail(err, ENT_DAMAGED, "what the standby keeps of a record cannot be read"); }

ent_code ent_aside_pieces(ent_bytes file, uint32_t *ret_pieces, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(file.data, file.len);
    uint32_t n = ent_cursor_u32(&c);
    if (!ent_cursor_ok(&c) || n > ENT_LIMIT_ASIDE_PIECES) return damaged(err);
    *ret_pieces = n;
    return ENT_OK;
}

static ent_code put(const ent_store *store, const item *i, ent_err *err)
{
    ent_change c = {ENT_CHANGE_PUT, i->table, i->key.data, i->key.len, i->value.data, i->value.len};
    return store->commit(store->self, &c, 1, true, err);
}

static ent_code is_there(const ent_store *store, const item *i, bool *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ENT_STORE_VALUE_MAX);
    ent_code code = store->get(store->self, i->table, i->key.data, i->key.len, &row, err);
    *ret = code == ENT_OK;
    return code == ENT_NOT_FOUND ? ENT_OK : code;
}

/* The encounter and the transaction lead to it; as the backup has them they lead to the arrest's other parts too. */
static ent_code put_missing(const ent_store *store, ent_cursor c, ent_err *err)
{
    item i;
    while (!ent_cursor_done(&c)) {
        bool there;
        if (!next_item(&c, &i) || (i.table != ENT_TABLE_ENCOUNTERS && i.table != ENT_TABLE_TRANSACTIONS)) return damaged(err);
        ENT_TRY(is_there(store, &i, &there, err));
        if (!there) ENT_TRY(put(store, &i, err));
    }
    return ENT_OK;
}

static ent_code put_blobs(const ent_store *store, ent_bytes pieces, const ent_part_id *part, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(pieces.data, pieces.len);
    item i;
    while (!ent_cursor_done(&c)) {
        if (!next_item(&c, &i) || i.table != ENT_TABLE_BLOBS || i.key.len < ENT_ID_SIZE || memcmp(i.key.data, part->b, ENT_ID_SIZE) != 0) return damaged(err);
        ENT_TRY(put(store, &i, err));
    }
    return ENT_OK;
}

/* A part's row begins with its version and its slot's number. */
static ent_code slot_of(ent_bytes row, ent_slot *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    ent_cursor_u8(&c);
    ret->number = ent_cursor_u64(&c);
    return ent_cursor_ok(&c) ? ENT_OK : damaged(err);
}

static ent_code key_lives(const ent_keys *keys, ent_slot slot, bool *ret)
{
    ent_code code = keys->look(keys->self, slot);
    *ret = code == ENT_OK;
    return code == ENT_GONE || code == ENT_NOT_FOUND ? ENT_OK : code;
}

/* The move into the hold store gives a part another slot; a backup of after the move has that one. */
static ent_code has_moved(const ent_store *store, const item *part, ent_slot now, bool *ret_there, bool *ret_moved, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ENT_STORE_VALUE_MAX);
    ent_slot then = {0};
    ent_code code = store->get(store->self, part->table, part->key.data, part->key.len, &row, err);
    *ret_there = code == ENT_OK;
    *ret_moved = true;
    if (code != ENT_OK) return code == ENT_NOT_FOUND ? ENT_OK : code;
    ENT_TRY(slot_of(ENT_BYTES(row.data, row.len), &then, err));
    *ret_moved = then.number != now.number;
    return ENT_OK;
}

ent_code ent_restore_aside(const ent_store *store, const ent_keys *keys, ent_bytes file, ent_bytes pieces, ent_part_id *ret_part, ent_aside_was *ret_was, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(file.data, file.len);
    item part;
    ent_slot slot = {0};
    bool lives = false, there = false, moved = false;
    uint32_t count = ent_cursor_u32(&c);
    if (!next_item(&c, &part) || part.table != ENT_TABLE_PARTS || part.key.len != ENT_ID_SIZE) return damaged(err);
    memcpy(ret_part->b, part.key.data, ENT_ID_SIZE);
    *ret_was = ENT_ASIDE_GONE;
    ENT_TRY(slot_of(part.value, &slot, err));
    ENT_TRY(key_lives(keys, slot, &lives));
    if (!lives) return ENT_OK;
    ENT_TRY(has_moved(store, &part, slot, &there, &moved, err));
    *ret_was = count && moved ? ENT_ASIDE_HELD : there ? ENT_ASIDE_LATER : ENT_ASIDE_LOST;
    if (*ret_was == ENT_ASIDE_LOST) return ENT_OK;
    ENT_TRY(put_missing(store, c, err));
    ENT_TRY(put_blobs(store, pieces, ret_part, err));
    return put(store, &part, err);
}
