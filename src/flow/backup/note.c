#include "base/check.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <stdio.h>

ent_code ent_flow_backup_note(ent_flow_node *n, const ent_actor *by, ent_buf *ret_note, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("backup");
    ENT_TRY(ent_gate(by, ENT_MAY_BACK_UP, err));
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_entry e = {.kind = ENT_ENTRY_EXPORTED, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by->pseudonym};
    snprintf(e.clause, sizeof e.clause, "backup");
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    return n->c.ledger.checkpoint(n->c.ledger.self, ret_note, err);
}

ent_code ent_flow_gap_note(ent_flow_node *n, const void *statement, size_t len, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("gap");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_entry e = {.kind = ENT_ENTRY_ALARM, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    snprintf(e.clause, sizeof e.clause, "gap statement");
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(statement, len, e.commitment); /* the statement is for everybody: its digest commits without a salt */
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}
