/* The disk beneath a node's ports, where power fails and syncs do. What is staged and not yet synced is there for the node, and when its power
 * fails some of the last batches of it are not: each keeps what stood in the place of its rows before. */
#include "simulation/world.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

/* One row as it was before a batch that no sync has made durable. */
struct sim_was {
    unsigned batch;
    ent_table table;
    uint8_t key[ENT_STORE_KEY_MAX];
    size_t key_len;
    bool there;
    ent_buf value;
};

static sim_node *node_of(const void *store, const void *ledger, const void *keys)
{
    for (size_t i = 0; i < sim->nodes; i++) {
        sim_node *n = &sim->node[i];
        if ((store && n->store.self == store) || (ledger && n->ledger.self == ledger) || (keys && n->keys.self == keys)) return n;
    }
    abort();
}

/* Whether this change is not made; the last before the power fails may or may not be. */
static bool lost(sim_node *n, bool *ret_last)
{
    *ret_last = false;
    if (n->dead) return true;
    if (!n->fuse || --n->fuse) return false;
    n->dead = *ret_last = true;
    n->crashes++;
    sim->counts.crashes++;
    bool before = sim_in(1, 2);
    sim_say("    power fails at %s, %s a change", n->c.name, before ? "before" : "after");
    return before;
}

/* ---- rows that are not on the disk yet ---- */

static void remember_row(sim_node *n, unsigned batch, const ent_change *c)
{
    if (c->kind == ENT_CHANGE_EXPECT) return;
    if (n->was_count == n->was_cap) {
        n->was_cap = n->was_cap ? 2 * n->was_cap : 64;
        n->was = realloc(n->was, n->was_cap * sizeof *n->was);
        if (!n->was) abort();
    }
    struct sim_was *w = &n->was[n->was_count++];
    *w = (struct sim_was){.batch = batch, .table = c->table, .key_len = c->key_len, .value = ENT_BUF(ENT_STORE_VALUE_MAX)};
    memcpy(w->key, c->key, c->key_len);
    w->there = n->store.get(n->store.self, c->table, c->key, c->key_len, &w->value, NULL) == ENT_OK;
}

/* Back to so many. */
static void cut(sim_node *n, size_t count)
{
    while (n->was_count > count) ent_buf_free(&n->was[--n->was_count].value);
}

static void take_back(sim_node *n, const struct sim_was *w)
{
    ent_change c = {w->there ? ENT_CHANGE_PUT : ENT_CHANGE_DELETE, w->table, w->key, w->key_len, w->value.data, w->value.len};
    if (n->store.commit(n->store.self, &c, 1, true, NULL) != ENT_OK) abort();
}

void sim_power(sim_node *n)
{
    unsigned kept = n->dead && n->staged ? (unsigned)sim_below(n->staged + 1) : n->staged;
    if (n->staged > kept) sim_say("    %u of %u batches that were not synced are lost", n->staged - kept, n->staged);
    while (n->was_count && n->was[n->was_count - 1].batch > kept) {
        take_back(n, &n->was[n->was_count - 1]);
        cut(n, n->was_count - 1);
    }
    cut(n, 0);
    n->staged = 0;
    n->dead = false;
}

static ent_code stage(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    sim_node *n = node_of(self, NULL, NULL);
    bool last;
    if (n->full && !reserve && !n->dead) return ent_fail(err, ENT_NO_SPACE, "the disk is full");
    if (lost(n, &last)) return ent_fail(err, ENT_IO, "no power");
    size_t before = n->was_count;
    for (size_t i = 0; i < count; i++) remember_row(n, n->staged + 1, &changes[i]);
    ent_code code = n->store.commit(self, changes, count, reserve, err);
    if (code != ENT_OK) {
        cut(n, before);
        return code;
    }
    n->staged++;
    return last ? ent_fail(err, ENT_IO, "no power") : ENT_OK;
}

static ent_code sync_disk(void *self, ent_err *err)
{
    sim_node *n = node_of(self, NULL, NULL);
    bool last;
    if (n->dead || (n->staged && lost(n, &last))) return ent_fail(err, ENT_IO, "no power");
    cut(n, 0);
    n->staged = 0;
    return n->dead ? ent_fail(err, ENT_IO, "no power") : ENT_OK;
}

static ent_code commit(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    ENT_TRY(stage(self, changes, count, reserve, err));
    return sync_disk(self, err);
}

/* ---- the ledger and the keys: what they acknowledge is on the disk ---- */

/* After a failed sync nobody writes any more: the node ends, and starts again from what is on the disk. */
static ent_code failed_sync(sim_node *n, ent_err *err)
{
    n->rotten = false;
    n->dead = true;
    sim->counts.crashes++;
    sim_say("    a sync fails at %s", n->c.name);
    return ent_fail(err, ENT_IO, "the sync failed");
}

static ent_code append(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index, ent_err *err)
{
    sim_node *n = node_of(NULL, self, NULL);
    bool last, sick = n->rotten && !n->dead;
    if (lost(n, &last)) return ent_fail(err, ENT_IO, "no power");
    if (sick && sim_in(1, 2)) return failed_sync(n, err); /* nothing of it reached the disk */
    ENT_TRY(n->ledger.append(self, entry, ret_index, err));
    if (sick) return failed_sync(n, err); /* all of it did, and nobody may be told */
    return last ? ent_fail(err, ENT_IO, "no power") : ENT_OK;
}

/* The power may fail between two of them. */
static ent_code append_many(void *self, const uint8_t (*entries)[ENT_ENTRY_SIZE], size_t count, uint64_t *ret_indexes, ent_err *err)
{
    for (size_t i = 0; i < count; i++) ENT_TRY(append(self, entries[i], &ret_indexes[i], err));
    return ENT_OK;
}

/* Whole or not at all, as the adapter promises of a crash in it. */
static ent_code turn(void *self, uint32_t year, ent_time now, ent_err *err)
{
    sim_node *n = node_of(NULL, self, NULL);
    bool last;
    if (lost(n, &last)) return ent_fail(err, ENT_IO, "no power");
    ENT_TRY(n->ledger.turn(self, year, now, err));
    sim->counts.turned++;
    return last ? ent_fail(err, ENT_IO, "no power") : ENT_OK;
}

static ent_code destroy_many(void *self, const ent_slot *slots, size_t count, ent_err *err)
{
    sim_node *n = node_of(NULL, NULL, self);
    bool last;
    for (size_t i = 0; i < count; i++) {
        if (lost(n, &last)) return ent_fail(err, ENT_IO, "no power");
        ENT_TRY(n->keys.destroy(self, slots[i], err));
        if (last) return ent_fail(err, ENT_IO, "no power");
    }
    return ENT_OK;
}

static ent_code destroy(void *self, ent_slot slot, ent_err *err) { return destroy_many(self, &slot, 1, err); }

void sim_disk(sim_node *n)
{
    n->c.store = n->store, n->c.keys = n->keys, n->c.ledger = n->ledger;
    n->c.store.commit = commit, n->c.store.stage = stage, n->c.store.sync = sync_disk;
    n->c.keys.destroy = destroy, n->c.keys.destroy_many = destroy_many;
    n->c.ledger.append = append, n->c.ledger.append_many = append_many, n->c.ledger.turn = turn;
}

void sim_disk_free(sim_node *n)
{
    cut(n, 0);
    free(n->was);
}
