/* The opening of a search is durable before its request leaves, in the batch that says "asked": the holder draws the lot, and must not choose what
 * nobody can open. Until the answer is noted it is sealed under a key that the searches of ten minutes share, and that is overwritten ten minutes after
 * they ended; for a key of its own each search would wait for two more syncs, to keep what the next batch drops (docs/decisions/073).
 *
 *   on its way ──answered, not chosen; refused──> gone
 *      ├──answered, chosen──> chosen, no answer──> waiting (lot.c): sealed anew, under a key of its own
 *      └──the shared key goes; a start after a crash──> waiting
 *
 * Rows: in LOTS under 'p' and the reference, with the shared key's slot; in META under "lot-key/" and the key's id its slot. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/crossing/lot.h"
#include "flow/queue.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

static const char prefix[] = "lot-key/";
enum { NAME = sizeof prefix - 1 + ENT_ID_SIZE, SOME = 16 };

static void name_of(const ent_shared_key *k, uint8_t ret[NAME])
{
    memcpy(ret, prefix, sizeof prefix - 1);
    memcpy(ret + sizeof prefix - 1, k->id, ENT_ID_SIZE);
}

static void slot_bytes(ent_slot slot, uint8_t ret[8])
{
    for (int i = 0; i < 8; i++) ret[i] = (uint8_t)(slot.number >> (56 - 8 * i));
}

/* ---- the shared key ---- */

static ent_code make_key(ent_flow_node *n, ent_shared_key *ret, ent_key32 *ret_key, ent_err *err)
{
    ent_shared_key k = {.since = ent_ticks(n), .there = true};
    uint8_t name[NAME], binding[32], slot[8];
    ent_fill(n, k.id, sizeof k.id);
    ent_lot_binding(k.id, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &k.slot, ret_key, err));
    name_of(&k, name);
    slot_bytes(k.slot, slot);
    ent_change c = {ENT_CHANGE_INSERT, ENT_TABLE_META, name, sizeof name, slot, sizeof slot};
    ENT_TRY(n->c.store.commit(n->c.store.self, &c, 1, false, err));
    *ret = k;
    return ENT_OK;
}

static bool old(const ent_flow_node *n, const ent_shared_key *k) { return k->there && ent_ticks(n) - k->since >= ENT_LOT_AHEAD_MS; }

/* The present one becomes the one before, as soon as that one is gone. */
static void turn(ent_flow_node *n)
{
    if (!old(n, &n->ahead[0]) || n->ahead[1].there) return;
    n->ahead[1] = n->ahead[0];
    n->ahead[1].since = ent_ticks(n);
    n->ahead[0].there = false;
}

static ent_code present_key(ent_flow_node *n, ent_key32 *ret_key, ent_err *err)
{
    uint8_t binding[32];
    turn(n);
    if (!n->ahead[0].there) return make_key(n, &n->ahead[0], ret_key, err);
    ent_lot_binding(n->ahead[0].id, binding);
    return n->c.keys.get(n->c.keys.self, n->ahead[0].slot, binding, ret_key, err);
}

/* ---- on its way ---- */

ent_code ent_lot_ahead(ent_flow_node *n, ent_batch *b, const ent_lot_draw *d, ent_err *err)
{
    ENT_AUTO_BUF opening = ENT_BUF(ENT_LOT_OPENING), box = ENT_BUF(ENT_LOT_ROW);
    ENT_WIPED_KEY key;
    uint8_t nonce[12];
    if (!d->taken->stated) return ENT_OK;
    ent_held_lot l = ent_lot_drawn(n, d);
    ENT_TRY(ent_lot_secret(d, &opening, err));
    ENT_TRY(present_key(n, &key, err));
    ent_fill(n, nonce, sizeof nonce);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(d->reference, ENT_ID_SIZE), ENT_BYTES(opening.data, opening.len), &box, err));
    l.way = 'p';
    l.state = ENT_LOT_WAITING;
    l.slot = n->ahead[0].slot;
    ent_lot_put(b, &l, ENT_BYTES(box.data, box.len));
    return ENT_OK;
}

void ent_lot_ahead_ends(ent_batch *b, const uint8_t reference[ENT_ID_SIZE])
{
    uint8_t key[ENT_LOT_KEY] = {'p'};
    memcpy(key + 1, reference, ENT_ID_SIZE);
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_LOTS, ENT_BYTES(key, ENT_LOT_KEY), ENT_BYTES("", 0));
}

/* ---- what nobody noted the end of ---- */

struct left {
    ent_slot under;
    size_t count;
    ent_held_lot some[SOME];
    ent_buf box[SOME];
};

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct left *w = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_held_lot *l = &w->some[w->count];
    ENT_TRY(ent_lot_decode(key, key_len, &c, l));
    if (l->slot.number != w->under.number) return ENT_OK;
    size_t size = ent_cursor_left(&c);
    w->box[w->count] = ENT_BUF(ENT_LOT_ROW);
    ent_buf_put(&w->box[w->count], ent_cursor_take(&c, size), size);
    return ++w->count == SOME ? ENT_BUSY : ENT_OK;
}

/* It waits from now on. shared: NULL when the key is gone, as in a store that was restored: nobody can read it. */
static ent_code keep_waiting(ent_flow_node *n, ent_held_lot *l, const ent_buf *box, const ent_key32 *shared, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("lot-wait");
    ENT_AUTO_BUF opening = ENT_BUF(ENT_LOT_OPENING), fresh = ENT_BUF(ENT_LOT_ROW), ignored = ENT_BUF(ENT_LOT_ROW);
    ent_held_lot there;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    bool waits = ent_lot_get(n, l->reference.b, &there, &ignored, NULL) == ENT_OK;
    ent_code code = shared && !waits ? ent_entry_find(n, ENT_ENTRY_ASKED, l->reference.b, &l->entry, err) : ENT_NOT_FOUND;
    if (code == ENT_OK) {
        l->way = 'a';
        ENT_TRY(ent_unseal(shared, ENT_BYTES(l->reference.b, ENT_ID_SIZE), ENT_BYTES(box->data, box->len), &opening, err));
        ENT_TRY(ent_lot_seal(n, l->reference.b, &opening, &l->slot, &fresh, err));
        ent_lot_put(b, l, ENT_BYTES(fresh.data, fresh.len));
    }
    ent_lot_ahead_ends(b, l->reference.b);
    return code == ENT_OK || code == ENT_NOT_FOUND ? ent_commit(n, b, NULL, err) : code;
}

static ent_code keep_all(ent_flow_node *n, ent_slot under, const ent_key32 *shared, ent_err *err)
{
    static const ent_change all = {.key = "p", .key_len = 1};
    ent_code code;
    bool more = true;
    struct left *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    w->under = under;
    for (code = ENT_OK; code == ENT_OK && more;) {
        w->count = 0;
        code = n->c.store.scan(n->c.store.self, ENT_TABLE_LOTS, &all, gather, w, err);
        more = code == ENT_BUSY;
        if (more) code = ENT_OK;
        for (size_t i = 0; i < w->count; i++) {
            if (code == ENT_OK) code = keep_waiting(n, &w->some[i], &w->box[i], shared, err);
            ent_buf_free(&w->box[i]);
        }
    }
    free(w);
    return code;
}

/* Whoever needed it has a key of its own now: it is overwritten. */
static ent_code end_key(ent_flow_node *n, ent_shared_key *k, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("lot-key");
    ENT_WIPED_KEY key;
    uint8_t name[NAME], binding[32], due[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    ent_lot_binding(k->id, binding);
    ent_code code = n->c.keys.get(n->c.keys.self, k->slot, binding, &key, err);
    bool gone = code == ENT_GONE || code == ENT_NOT_FOUND;
    if (code != ENT_OK && !gone) return code;
    ENT_TRY(keep_all(n, k->slot, gone ? NULL : &key, err));
    name_of(k, name);
    memcpy(due + 1, k->id, ENT_ID_SIZE);
    slot_bytes(k->slot, slot);
    if (!gone) ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(due, sizeof due), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_META, ENT_BYTES(name, sizeof name), ENT_BYTES("", 0));
    ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, NULL, err));
    k->there = false;
    return ENT_OK;
}

ent_code ent_lots_ahead_tick(ent_flow_node *n, ent_err *err)
{
    if (old(n, &n->ahead[1])) ENT_TRY(end_key(n, &n->ahead[1], err));
    turn(n);
    return ENT_OK;
}

/* ---- the start ---- */

struct keys {
    ent_shared_key some[SOME];
    size_t count;
};

static ent_code gather_key(void *ctx, const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len)
{
    struct keys *k = ctx;
    if (name_len != NAME || value_len != 8) return ENT_DAMAGED;
    ent_shared_key *one = &k->some[k->count];
    *one = (ent_shared_key){.there = true};
    memcpy(one->id, name + sizeof prefix - 1, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) one->slot.number = one->slot.number << 8 | value[i];
    return ++k->count == SOME ? ENT_BUSY : ENT_OK;
}

ent_code ent_lots_ahead_finish(ent_flow_node *n, ent_err *err)
{
    const ent_change all = {.key = prefix, .key_len = sizeof prefix - 1};
    struct keys k = {.count = SOME};
    while (k.count) {
        k.count = 0;
        ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_META, &all, gather_key, &k, err);
        if (code != ENT_OK && code != ENT_BUSY) return ent_fail(err, code, "the row of a key of searches on their way cannot be read");
        for (size_t i = 0; i < k.count; i++) ENT_TRY(end_key(n, &k.some[i], err));
    }
    return ENT_OK;
}
