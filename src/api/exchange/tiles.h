/* A ledger as C2SP tlog-tiles, resource by resource: "checkpoint", "tile/0/000.p/17", "tile/entries/000". Used by the exchange
 * (partners: no entries) and the desk (an auditor: entries too). docs/protocol/ledger.md is normative. Any thread. */
#ifndef API_EXCHANGE_TILES_H
#define API_EXCHANGE_TILES_H

#include "port/ledger.h"

#include <stdbool.h>

#define ENT_TILES_PREFIX "/v1/ledger/" /* on the exchange: what partners GET */

typedef struct ent_tile_answer {
    const char *type;    /* static: the Content-Type */
    const char *caching; /* static: the Cache-Control */
} ent_tile_answer;

/* Appends the resource that `path` names below the log's prefix. ENT_NOT_FOUND for what the tree does not have or is spelt in
 * another way, ENT_DENIED for entries where they may not be seen. */
ENT_MUST_CHECK ent_code ent_tiles_get(const ent_ledger *ledger, const char *path, bool with_entries, ent_tile_answer *ret_answer,
                                      ent_buf *ret_body, ent_err *err);

#endif
