/* A ledger of one log a year, put together from logs that something else keeps (files, memory): numbers through all years, the turn
 * from one to the next, and the check that each shard begins as the one before it ended. */
#ifndef ADAPTER_SHARDS_H
#define ADAPTER_SHARDS_H

#include "port/ledger.h"

/* What keeps the logs. The order of a turn: the closing entry is appended to the old log, the new one is made empty, the opening
 * entry is appended to it. */
typedef struct ent_shard_source {
    void *self;
    /* The years that are there, ascending, and how many entries each has (of the last it may say more than were acknowledged). */
    ENT_MUST_CHECK ent_code (*years)(void *self, ent_shard ret_shards[ENT_LIMIT_SHARDS], size_t *ret_count, ent_err *err);
    /* The log that is appended to. create: made, whole or not at all, when it is not there. */
    ENT_MUST_CHECK ent_code (*open)(void *self, uint32_t year, bool create, ent_ledger *ret_log, ent_err *err);
    /* A closed one, for reading: so many entries, whose checkpoint has this digest (ent_shard_digest); else ENT_DAMAGED. */
    ENT_MUST_CHECK ent_code (*open_closed)(void *self, const ent_shard *shard, const uint8_t digest[32], ent_ledger *ret_log, ent_err *err);
    /* Its first entry, unchecked. */
    ENT_MUST_CHECK ent_code (*first_entry)(void *self, uint32_t year, uint8_t ret_entry[ENT_ENTRY_SIZE], ent_err *err);
    void (*close)(void *self);
} ent_shard_source;

/* Takes over the source, also on failure. year: of the first shard, made when there is none yet; 0: ENT_DAMAGED then. */
ENT_MUST_CHECK ent_code ent_sharded_ledger(const ent_shard_source *source, uint32_t year, ent_ledger *ret_ledger, ent_err *err);

#endif
