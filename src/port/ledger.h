/* The node's own ledger, as a port: entries of one size in an RFC 6962 tree (docs/protocol/ledger.md).
 *
 * Contract (tests/contract/ledger_test.c): what append acknowledged is durable and under a signed checkpoint; indexes
 * have no gaps; many threads' appends are gathered into one sync; damage inside synced data is ENT_DAMAGED and the
 * ledger does not open; a torn tail past the last synced size is cut. After an fsync error every append is ENT_IO. Any
 * thread may call. */
#ifndef PORT_LEDGER_H
#define PORT_LEDGER_H

#include "base/buf.h"
#include "entente/error.h"
#include "merkle/entry.h"

typedef struct ent_ledger {
    void *self;
    /* Appends, syncs, signs; returns when durable. */
    ENT_MUST_CHECK ent_code (*append)(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index,
                                      ent_err *err);
    /* ENT_NOT_FOUND at or past the size. */
    ENT_MUST_CHECK ent_code (*read)(void *self, uint64_t index, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err);
    uint64_t (*size)(void *self);
    /* Appends the receipt for one entry: a C2SP tlog-proof file whose `extra` is the entry, with the latest checkpoint
     * and the cosignatures that it has. */
    ENT_MUST_CHECK ent_code (*receipt)(void *self, uint64_t index, ent_buf *ret_text, ent_err *err);
    /* Appends the latest signed checkpoint (C2SP tlog-checkpoint). */
    ENT_MUST_CHECK ent_code (*checkpoint)(void *self, ent_buf *ret_note, ent_err *err);
    void (*close)(void *self);
} ent_ledger;

#endif
