/* One log a year, in memory. */
#include "adapter/memory/memory.h"
#include "adapter/shards/shards.h"
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct years {
    char name[ENT_ORIGIN_MAX];
    ent_secret_key secret;
} years;

static ent_code list(void *self, ent_shard ret_shards[ENT_LIMIT_SHARDS], size_t *ret_count, ent_err *err)
{
    (void)self, (void)ret_shards, (void)err;
    *ret_count = 0;
    return ENT_OK;
}

static ent_code open_year(void *self, uint32_t year, bool create, ent_ledger *ret_log, ent_err *err)
{
    const years *y = self;
    char origin[ENT_ORIGIN_MAX];
    (void)create;
    ent_shard_origin(y->name, year, origin);
    return ent_memory_ledger(origin, &y->secret, ret_log, err);
}

static void close_years(void *self)
{
    years *y = self;
    ent_secret_key_wipe(&y->secret);
    free(y);
}

ent_code ent_memory_year_ledger(const char *name, const ent_secret_key *secret, uint32_t year, ent_ledger *ret_ledger, ent_err *err)
{
    years *y = calloc(1, sizeof *y);
    if (!y) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the ledger");
    snprintf(y->name, sizeof y->name, "%s", name);
    y->secret = *secret;
    ent_shard_source source = {.self = y, .years = list, .open = open_year, .close = close_years}; /* what was opened is never closed before the end */
    return ent_sharded_ledger(&source, year, ret_ledger, err);
}
