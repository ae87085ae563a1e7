/* The node's own ledger, as a port: entries of one size in RFC 6962 trees, one a year (docs/protocol/ledger.md). Entries are
 * numbered through all years; a shard's own log, whose indexes are of its tree, is a port of the same form.
 *
 * Contract (tests/contract/ledger_test.c): what append acknowledged is durable and under a signed checkpoint; indexes
 * have no gaps; many threads' appends are gathered into one sync; damage inside synced data is ENT_DAMAGED and the
 * ledger does not open; a torn tail past the last synced size is cut. After an fsync error every append is ENT_IO. Any
 * thread may call. */
#ifndef PORT_LEDGER_H
#define PORT_LEDGER_H

#include "base/buf.h"
#include "entente/error.h"
#include "base/when.h"
#include "merkle/shard.h"

enum { ENT_APPEND_MANY = 128 };

typedef struct ent_ledger {
    void *self;
    /* Appends, syncs, signs; returns when durable. */
    ENT_MUST_CHECK ent_code (*append)(void *self, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t *ret_index,
                                      ent_err *err);
    /* The same for several, in this order and under one sync as far as it goes (at most ENT_APPEND_MANY). On a failure those before
     * it may have been appended. */
    ENT_MUST_CHECK ent_code (*append_many)(void *self, const uint8_t (*entries)[ENT_ENTRY_SIZE], size_t count, uint64_t *ret_indexes,
                                           ent_err *err);
    /* ENT_NOT_FOUND at or past the size. */
    ENT_MUST_CHECK ent_code (*read)(void *self, uint64_t index, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err);
    uint64_t (*size)(void *self);
    /* Appends the receipt for one entry: a C2SP tlog-proof file whose `extra` is the entry, under the latest checkpoint, which
     * only this log signed. */
    ENT_MUST_CHECK ent_code (*receipt)(void *self, uint64_t index, ent_buf *ret_text, ent_err *err);
    /* The shards, oldest first, at most ENT_LIMIT_SHARDS; how many. NULL: one log that is not cut. */
    size_t (*shards)(void *self, ent_shard ret_shards[ENT_LIMIT_SHARDS]);
    /* One shard's log, lent until the ledger is closed. A closed one is read and checked when it is first asked for: ENT_DAMAGED. */
    ENT_MUST_CHECK ent_code (*log)(void *self, uint32_t year, const struct ent_ledger **ret_log, ent_err *err);
    /* Closes the present shard and opens that of a later year, durably; appends wait. ENT_OK without doing anything when the year is not
     * later. A crash in between is finished by the next turn, append or start. */
    ENT_MUST_CHECK ent_code (*turn)(void *self, uint32_t year, ent_time now, ent_err *err);
    /* ---- what follows is about the present shard's log ---- */
    /* Appends the latest signed checkpoint (C2SP tlog-checkpoint). */
    ENT_MUST_CHECK ent_code (*checkpoint)(void *self, ent_buf *ret_note, ent_err *err);
    /* Appends 32 bytes for each of `count` complete subtrees of 2^level entries, from the index-th of that level: what a
     * tile is made of. ENT_NOT_FOUND where the acknowledged tree has not all of them. */
    ENT_MUST_CHECK ent_code (*hashes)(void *self, unsigned level, uint64_t index, size_t count, ent_buf *ret_hashes,
                                      ent_err *err);
    /* The root of the first `size` entries, and the proof from `old` of them to `size`. ENT_NOT_FOUND unless
     * old <= size <= the acknowledged size. */
    ENT_MUST_CHECK ent_code (*consistency)(void *self, uint64_t old, uint64_t size, ent_hash *ret_root, ent_hashes *ret_proof,
                                           ent_err *err);
    /* Keeps a checkpoint of this log under which witnesses' cosignatures stand, durably, in place of an older one. ENT_SIGNATURE
     * (not signed by this log), ENT_CONFLICT (another root than the tree has), ENT_STALE (smaller than the one kept). */
    ENT_MUST_CHECK ent_code (*keep_cosigned)(void *self, const char *note, size_t len, ent_err *err);
    /* The same as receipt (by number, of any shard), under the cosigned checkpoint. ENT_NOT_FOUND while none that was kept covers the
     * entry. */
    ENT_MUST_CHECK ent_code (*cosigned_receipt)(void *self, uint64_t index, ent_buf *ret_text, ent_err *err);
    /* Appends the cosigned checkpoint. ENT_NOT_FOUND. */
    ENT_MUST_CHECK ent_code (*cosigned)(void *self, ent_buf *ret_note, ent_err *err);
    void (*close)(void *self);
} ent_ledger;

/* The same for every ledger: one that is not cut has one shard, of year 0. */
size_t ent_ledger_shards(const ent_ledger *l, ent_shard ret_shards[ENT_LIMIT_SHARDS]);
ent_shard ent_ledger_present(const ent_ledger *l);
ENT_MUST_CHECK ent_code ent_ledger_log(const ent_ledger *l, uint32_t year, const ent_ledger **ret_log, ent_err *err);

#endif
