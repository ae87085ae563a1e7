/* Who may still act after a restore. A backup of before a suspension would give a key back that was taken away, one of before a rotation a
 * key that may have been stolen: both stand in the ledger, which the standby has to the end. */
#ifndef FLOW_BACKUP_PEOPLE_H
#define FLOW_BACKUP_PEOPLE_H

#include "port/ledger.h"
#include "port/store.h"

/* Suspends, in the restored rows, whom an entry from `since` on suspends, and whoever changed their key since: which key it is, only they
 * know, so they are proposed anew. */
ENT_MUST_CHECK ent_code ent_restore_people(const ent_store *store, const ent_ledger *ledger, uint64_t since, size_t *ret_suspended, ent_err *err);

#endif
