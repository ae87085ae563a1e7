/* Opening a node: what was begun is finished first, then everything is loaded, then somebody may ask. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/feed/feed.h"
#include "flow/commit.h"
#include "flow/crossing/crossing.h"
#include "flow/destruction/time.h"
#include "flow/destruction/tombstone.h"
#include "flow/gallery/faces.h"
#include "flow/queue.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key under which transaction numbers become tokens: a slot of its own, made once. */
static ent_code load_transaction_key(ent_flow_node *n, ent_err *err)
{
    static const char name[] = "transaction-key";
    uint8_t binding[32], bytes[8];
    ent_slot slot = {0};
    ENT_AUTO_BUF row = ENT_BUF(64);
    ent_sha256(name, sizeof name, binding);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, name, sizeof name - 1, &row, err);
    if (code == ENT_OK && row.len == 8) {
        for (int i = 0; i < 8; i++) slot.number = slot.number << 8 | row.data[i];
        return n->c.keys.get(n->c.keys.self, slot, binding, &n->transaction_key, err);
    }
    if (code != ENT_NOT_FOUND) return code == ENT_OK ? ent_fail(err, ENT_DAMAGED, "the store's first row cannot be read") : code;
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &slot, &n->transaction_key, err));
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(slot.number >> (56 - 8 * i));
    ent_change c = {ENT_CHANGE_INSERT, ENT_TABLE_META, name, sizeof name - 1, bytes, sizeof bytes};
    return n->c.store.commit(n->c.store.self, &c, 1, false, err);
}

static ent_code open_ledger(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("open");
    ent_entry e = {.kind = ENT_ENTRY_OPENED, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    if (n->c.ledger.size(n->c.ledger.self)) return ENT_OK;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    uint32_t year = ent_ledger_present(&n->c.ledger).year;
    if (year) snprintf(e.purpose, sizeof e.purpose, "%04u", (unsigned)year);
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code load_all(ent_flow_node *n, ent_err *err)
{
    size_t drained;
    ENT_AUTO_BUF due = ENT_BUF(16);
    ENT_TRY(ent_destructions_finish(n, err));
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, ENT_EPOCH_DUE, sizeof ENT_EPOCH_DUE - 1, &due, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    n->destroyed_since = code == ENT_OK;
    ENT_TRY(ent_outbox_drain(n, &drained, err));
    ENT_TRY(open_ledger(n, err));
    ENT_TRY(ent_regimes_load(n, err));
    ENT_TRY(load_transaction_key(n, err));
    ENT_TRY(ent_tombstones_load(n, err));
    ENT_TRY(ent_witnessing_load(n, err));
    ENT_TRY(ent_people_load(n, err));
    ENT_TRY(ent_partners_load(n, err));
    ENT_TRY(ent_agreements_load(n, err));
    ENT_TRY(ent_desks_load(n, err));
    ENT_TRY(ent_searches_index(n, err));
    ENT_TRY(ent_lots_load(n, err));
    ENT_TRY(ent_lots_finish(n, err));
    n->alarms_wait = true;
    ENT_TRY(ent_gallery_new(n->c.threads, &n->gallery, err));
    ENT_TRY(ent_face_holding_new(n->c.threads, &n->faces, err));
    ENT_TRY(ent_time_begin(n, err));
    ENT_TRY(ent_parts_load(n, err));
    return ent_parts_settle(n, err);
}

ent_code ent_flow_open(const ent_flow_config *config, ent_flow_node **ret_node, ent_err *err)
{
    ent_flow_node *n = calloc(1, sizeof *n);
    if (!n) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a node");
    n->c = *config;
    if (!n->c.grid_ms) n->c.grid_ms = 250;
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->landed, NULL);
    ent_endings_begin(&n->endings);
    ent_code code = load_all(n, err);
    if (code != ENT_OK) {
        ent_flow_close(n);
        return code;
    }
    *ret_node = n;
    return ENT_OK;
}

void ent_flow_close(ent_flow_node *n)
{
    if (!n) return;
    ent_gallery_free(n->gallery);
    ent_face_holding_free(n->faces);
    ent_parts_free(n);
    ent_regimes_free(n);
    ent_openings_free(n);
    ent_tombstones_free(n);
    ent_agreements_free(n);
    ent_witnessing_free(n);
    ent_copies_free(n);
    free(n->people);
    free(n->proposed);
    free(n->partners);
    free(n->past_keys);
    free(n->desks);
    ent_lots_free(n);
    ent_key32_wipe(&n->transaction_key);
    ent_secret_key_wipe(&n->c.identity);
    pthread_cond_destroy(&n->landed);
    ent_endings_finish(&n->endings);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

void ent_flow_count(ent_flow_node *n, ent_flow_counts *ret_counts)
{
    pthread_mutex_lock(&n->lock);
    *ret_counts = (ent_flow_counts){.people = n->people_count, .partners = n->partner_count, .agreements = n->agreement_count};
    pthread_mutex_unlock(&n->lock);
    ret_counts->gallery = ent_gallery_count(n->gallery);
    ret_counts->faces = ent_face_holding_count(n->faces);
    ret_counts->other_model = n->other_model;
    ret_counts->ledger = n->c.ledger.size(n->c.ledger.self);
    ret_counts->outbox = ent_outbox_count(n);
    n->c.keys.custody(n->c.keys.self, &ret_counts->custody);
    ret_counts->epoch = n->c.keys.epoch(n->c.keys.self);
    ret_counts->queue = ent_queue_count(n);
}

ent_code ent_flow_receipt(ent_flow_node *n, uint64_t index, ent_buf *ret_text, ent_err *err)
{
    ent_code code = n->c.ledger.cosigned_receipt(n->c.ledger.self, index, ret_text, NULL);
    return code == ENT_OK ? ENT_OK : n->c.ledger.receipt(n->c.ledger.self, index, ret_text, err);
}

const ent_ledger *ent_flow_ledger(const ent_flow_node *n) { return &n->c.ledger; }

void ent_flow_tell(ent_flow_node *n)
{
    ent_err err;
    size_t sent;
    if (n->c.partners.send) (void)!ent_queue_send(n, &sent, &err); /* what could not be sent waits, and is counted */
}
