/* What partners undertook, beside a proof of destruction: which of the disclosures that it lists are shown to be destroyed there. Pure but for
 * the files that are read. docs/protocol/destruction.md. */
#ifndef CLI_UNDERTAKINGS_H
#define CLI_UNDERTAKINGS_H

#include "cli/act.h"
#include "flow/flow.h"
#include "merkle/shard.h"

typedef struct ent_undertakings {
    ent_destroyed_copies copies;             /* as the proof lists them: what "destroyed" commits to */
    ent_place place[ENT_DESTROYED_COPIES];   /* of the partner's entry, where one is shown */
    ent_time at[ENT_DESTROYED_COPIES];       /* ms 0: none is shown */
} ent_undertakings;

/* The proof's list. Nothing in it is believed before the commitment is opened with it. ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_undertakings_read(const json_t *proof, ent_undertakings *ret, ent_err *err);
/* Each file is an entry "destroyed" in the ledger of one of the cards, about a listed disclosure to that partner; it stands for one. ENT_SIGNATURE
 * else. */
ENT_MUST_CHECK ent_code ent_undertakings_take(ent_undertakings *u, const ent_cli_words *files, const ent_cli_words *cards, ent_err *err);
/* How many of the disclosures are not shown to be destroyed, those that the proof only counts among them. */
size_t ent_undertakings_missing(const ent_undertakings *u);
void ent_undertakings_print(const ent_undertakings *u);
json_t *ent_undertakings_json(const ent_undertakings *u);

#endif
