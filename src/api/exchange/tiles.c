#include "api/exchange/tiles.h"

#include "base/check.h"
#include "merkle/tile.h"

#include <string.h>

#define TILE "tile/"

static ent_code put_entries(const ent_ledger *ledger, const ent_tile *t, ent_buf *ret_body, ent_err *err)
{
    for (uint64_t i = 0; i < t->width; i++) {
        uint8_t entry[ENT_ENTRY_SIZE];
        ENT_TRY(ledger->read(ledger->self, t->index * ENT_TILE_WIDTH + i, entry, err));
        ent_buf_u16(ret_body, sizeof entry);
        ent_buf_put(ret_body, entry, sizeof entry);
    }
    return ent_buf_check(ret_body, err);
}

/* "2026/…" is that year's log; without a year, the present one's. */
static ent_code log_of(const ent_ledger *ledger, const char **path, const ent_ledger **ret_log, ent_err *err)
{
    char year[5] = "";
    if (strlen(*path) > 5 && (*path)[4] == '/') memcpy(year, *path, 4);
    if (!ent_shard_year(year)) return ent_ledger_log(ledger, ent_ledger_present(ledger).year, ret_log, err);
    *path += 5;
    return ent_ledger_log(ledger, ent_shard_year(year), ret_log, err);
}

ent_code ent_tiles_get(const ent_ledger *ledger, const char *path, bool with_entries, ent_tile_answer *ret_answer, ent_buf *ret_body,
                       ent_err *err)
{
    ent_tile t;
    const ent_ledger *log;
    ENT_TRY(log_of(ledger, &path, &log, err));
    if (strcmp(path, "checkpoint") == 0) {
        *ret_answer = (ent_tile_answer){"text/plain; charset=utf-8", "no-cache"};
        return log->checkpoint(log->self, ret_body, err);
    }
    if (strncmp(path, TILE, sizeof TILE - 1) != 0 || !ent_tile_parse(path + sizeof TILE - 1, &t) || !ent_tile_in(&t, log->size(log->self)))
        return ent_fail(err, ENT_NOT_FOUND, "this log has no such tile");
    if (t.entries && !with_entries) return ent_fail(err, ENT_DENIED, "entries are for the auditor; a partner's own come as receipts");
    *ret_answer = (ent_tile_answer){"application/octet-stream", "public, max-age=31536000, immutable"};
    if (t.entries) return put_entries(log, &t, ret_body, err);
    return log->hashes(log->self, 8u * t.level, t.index * ENT_TILE_WIDTH, t.width, ret_body, err);
}
