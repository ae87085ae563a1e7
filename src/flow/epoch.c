#include "base/check.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <stdio.h>

/* The key port ends it or finishes it at the next start; the ledger says so afterwards, so that it never says it too early. */
ent_code ent_epoch_end(ent_flow_node *n, const ent_actor *by, uint32_t *ret_epoch, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("epoch");
    ent_entry e = {.kind = ENT_ENTRY_KEY, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    uint32_t epoch;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (by) e.actor = by->pseudonym;
    ENT_TRY(ent_destructions_finish(n, err));
    ENT_TRY(n->c.keys.end_epoch(n->c.keys.self, &epoch, err));
    snprintf(e.clause, sizeof e.clause, "epoch %u ended", epoch - 1);
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    b->reserve = true;
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_META, ENT_BYTES(ENT_EPOCH_DUE, sizeof ENT_EPOCH_DUE - 1), ENT_BYTES("", 0));
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    n->destroyed_since = false;
    *ret_epoch = epoch;
    return ENT_OK;
}

ent_code ent_flow_epoch_end(ent_flow_node *n, const ent_actor *by, uint32_t *ret_epoch, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_END_EPOCH, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_epoch_end(n, by, ret_epoch, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}
