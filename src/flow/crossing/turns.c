/* One crossing, one search for each modality and partner. A row a turn, under the way and a digest of crossing, partner and modality:
 * version, reference, whether it was answered, attempts, when. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/crossing/crossing.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 33, FEW = 256 };
#define KEPT_MS (31ll * 86400000) /* longer than any statement is taken, and than the lot's time */

static void key_of(const ent_turn *t, ent_modality m, uint8_t ret_key[KEY])
{
    uint8_t which = (uint8_t)m;
    ret_key[0] = (uint8_t)t->way;
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(t->commitment, 32), ENT_BYTES(t->partner, strlen(t->partner) + 1), ENT_BYTES(&which, 1)}, 3, ret_key + 1);
}

ent_code ent_turn_used(ent_flow_node *n, const ent_turn *t, uint8_t ret_reference[ENT_ID_SIZE], bool *ret_answered, uint32_t *ret_attempts, ent_err *err)
{
    for (int m = 0; m < ENT_MODALITY_COUNT; m++) {
        uint8_t key[KEY];
        ENT_AUTO_BUF row = ENT_BUF(64);
        if (!(t->modalities >> m & 1)) continue;
        key_of(t, (ent_modality)m, key);
        ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_TURNS, key, KEY, &row, err);
        if (code == ENT_NOT_FOUND) continue;
        if (code != ENT_OK) return code;
        ent_cursor c = ENT_CURSOR(row.data, row.len);
        uint8_t version = ent_cursor_u8(&c);
        ent_cursor_copy(&c, ret_reference, ENT_ID_SIZE);
        *ret_answered = ent_cursor_u8(&c) != 0;
        *ret_attempts = ent_cursor_u32(&c);
        (void)ent_cursor_u64(&c);
        if (version != 1 || !ent_cursor_done(&c)) return ent_fail(err, ENT_DAMAGED, "a crossing's row cannot be read");
        return ENT_EXISTS;
    }
    return ENT_OK;
}

void ent_turn_put(ent_flow_node *n, ent_batch *b, const ent_turn *t, bool fresh, const uint8_t reference[ENT_ID_SIZE], bool answered, uint32_t attempts)
{
    for (int m = 0; m < ENT_MODALITY_COUNT; m++) {
        uint8_t key[KEY];
        ENT_AUTO_BUF row = ENT_BUF(64);
        if (!(t->modalities >> m & 1)) continue;
        key_of(t, (ent_modality)m, key);
        ent_buf_u8(&row, 1);
        ent_buf_put(&row, reference, ENT_ID_SIZE);
        ent_buf_u8(&row, answered);
        ent_buf_u32(&row, attempts);
        ent_buf_u64(&row, (uint64_t)ent_now(n).ms);
        ent_batch_put(b, fresh ? ENT_CHANGE_INSERT : ENT_CHANGE_PUT, ENT_TABLE_TURNS, ENT_BYTES(key, KEY), ENT_BYTES(row.data, row.len));
    }
}

/* ---- their end ---- */

struct old {
    int64_t before;
    uint8_t key[FEW][KEY];
    size_t count;
};

static ent_code pick_old(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct old *o = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    (void)ent_cursor_take(&c, 1 + ENT_ID_SIZE + 1 + 4);
    int64_t at = (int64_t)ent_cursor_u64(&c);
    if (key_len != KEY || !ent_cursor_done(&c)) return ENT_DAMAGED;
    if (at >= o->before) return ENT_OK;
    memcpy(o->key[o->count++], key, KEY);
    return o->count == FEW ? ENT_BUSY : ENT_OK;
}

ent_code ent_turns_tick(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    if (ent_date_compare(n->turns_swept, ent_today(n)) == 0) return ENT_OK;
    struct old *o = malloc(sizeof *o);
    ent_code code = o ? ENT_BUSY : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    while (code == ENT_BUSY) {
        ENT_AUTO_BATCH b = ent_batch_new("turns");
        o->before = ent_now(n).ms - KEPT_MS;
        o->count = 0;
        code = b ? n->c.store.scan(n->c.store.self, ENT_TABLE_TURNS, &all, pick_old, o, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
        if (code != ENT_OK && code != ENT_BUSY) break;
        for (size_t i = 0; i < o->count; i++) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_TURNS, ENT_BYTES(o->key[i], KEY), ENT_BYTES("", 0));
        if (o->count) {
            ent_code done = ent_commit(n, b, NULL, err);
            if (done != ENT_OK) code = done;
        }
    }
    free(o);
    if (code == ENT_OK) n->turns_swept = ent_today(n);
    return code;
}
