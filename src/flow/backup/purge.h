/* What a restored store may not hold: rows whose key slot is gone (destroyed after the backup was made) are taken out before
 * anybody is answered, as the destruction had done; what was disclosed of them is called back. Over two ports, without a node. */
#ifndef FLOW_BACKUP_PURGE_H
#define FLOW_BACKUP_PURGE_H

#include "base/ids.h"
#include "port/clock.h"
#include "port/keys.h"
#include "port/random.h"
#include "port/store.h"

typedef struct ent_purged {
    size_t kept;       /* parts whose key is there */
    size_t parts;      /* taken out, with their images and templates */
    size_t encounters; /* of which nothing is left: their transaction numbers are tombstones now */
    size_t probes;     /* of searches */
    size_t disclosures; /* made to others, or received from them */
} ent_purged;

/* Can be run again after a crash. ENT_DAMAGED for a slot or a row that cannot be read: then nothing is decided about it. */
ENT_MUST_CHECK ent_code ent_restore_purge(const ent_store *store, const ent_keys *keys, ent_clock clock, ent_random random, ent_purged *ret_purged,
                                          ent_err *err);
/* A part that has gone into the hold store since the backup: searches, cases and waiting messages that name it go, what was disclosed of
 * it is called back. */
ENT_MUST_CHECK ent_code ent_restore_hide(const ent_store *store, const ent_keys *keys, ent_clock clock, ent_random random, const ent_part_id *part, ent_err *err);

#endif
