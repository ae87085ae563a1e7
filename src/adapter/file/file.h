/* Ports kept in files of the node's folder, and the system's clock and randomness. Each is ended by the port's close. */
#ifndef ADAPTER_FILE_H
#define ADAPTER_FILE_H

#include "crypto/sign.h"
#include "port/clock.h"
#include "port/keys.h"
#include "port/ledger.h"
#include "port/random.h"
#include "port/root.h"
#include "port/standby.h"

#include <stdbool.h>

ent_clock ent_system_clock(void);
/* The zone of this process from now on, which the clock's offset follows: "UTC", or a name of the tz database. Called once, before
 * threads. ENT_USAGE: this machine does not know it. */
ENT_MUST_CHECK ent_code ent_system_zone(const char *name, ent_err *err);
ent_random ent_system_random(void);

typedef struct ent_file_keys_options {
    bool create;                  /* both files when they are not there; else ENT_NOT_FOUND */
    bool accept_residue;          /* also where an overwrite may leave what was there (medium.h); else ENT_DENIED */
    bool accept_unlocked_memory;  /* also when the epoch's key cannot be kept from swap; else ENT_DENIED */
    const ent_root *root;         /* borrowed; what wraps the epoch's key; NULL: it lies in the file */
    const ent_standby *standby;   /* borrowed; NULL: none */
} ent_file_keys_options;

/* Key slots in folder/slots, each twice (mode 0600, preallocated), sealed under the epoch's key in folder/root.EPOCH. Destroying is
 * an overwrite of both in place and a sync; ending an epoch writes all living slots anew under a fresh key and destroys the old.
 * A crash at any point is finished or undone by the next open. A node that kept its root in a file and gets a token goes over to it
 * at the next end of an epoch. ENT_DAMAGED for a root that is missing or does not fit; ENT_CONFLICT for slots that are older than
 * the standby's. */
ENT_MUST_CHECK ent_code ent_file_keys(const char *folder, const ent_file_keys_options *options, ent_random random, ent_keys *ret_keys,
                                      ent_err *err);

/* One log in folder: `entries` (256 bytes each), `head` (the last two checkpoints), `cosigned`, and for public verifiers the C2SP
 * tlog-tiles below `tile/`. origin names the log; secret signs. Opening reads and hashes every entry: a bit that changed inside what
 * was signed is ENT_DAMAGED, a tail that never was is cut. */
ENT_MUST_CHECK ent_code ent_file_ledger(const char *folder, const char *origin, const ent_secret_key *secret, bool create,
                                        ent_ledger *ret_ledger, ent_err *err);

/* How a log that nothing is appended to any more ended: the entries, and the digest of its last checkpoint (ent_shard_digest). */
typedef struct ent_file_closed {
    uint64_t count;
    uint8_t digest[32];
} ent_file_closed;

ENT_MUST_CHECK ent_code ent_file_ledger_closed(const char *folder, const char *origin, const ent_secret_key *secret, const ent_file_closed *closed,
                                               ent_ledger *ret_ledger, ent_err *err);

/* Makes `head` of a checkpoint beside `entries` that were put there from a copy; opening then checks them against each other. */
ENT_MUST_CHECK ent_code ent_file_ledger_import(const char *folder, const void *note, size_t len, ent_err *err);

/* The signing key changes: the checkpoint of `was` is signed anew by `now`. Done when it returns; before, the old one counts. */
ENT_MUST_CHECK ent_code ent_file_ledger_resign(const char *folder, const char *origin, const ent_secret_key *was,
                                               const ent_secret_key *now, ent_err *err);

/* ---- a ledger of one log a year: folder/2026, folder/2027, … (folder itself: one that is not cut) ---- */

/* year: of the first, made when none is there; 0: ENT_DAMAGED then. */
ENT_MUST_CHECK ent_code ent_file_year_ledger(const char *folder, const char *name, const ent_secret_key *secret, uint32_t year,
                                             ent_ledger *ret_ledger, ent_err *err);
/* The latest year's log; closed ones are signed when they are opened. */
ENT_MUST_CHECK ent_code ent_file_year_ledger_resign(const char *folder, const char *name, const ent_secret_key *was, const ent_secret_key *now,
                                                    ent_err *err);
/* The years that are there, ascending, with how many entries lie in each file. ENT_NOT_FOUND: none. */
ENT_MUST_CHECK ent_code ent_file_years(const char *folder, ent_shard ret_shards[ENT_LIMIT_SHARDS], size_t *ret_count, ent_err *err);
/* folder, or folder/YEAR. False: too long. */
bool ent_file_year_folder(const char *folder, uint32_t year, char *ret_path, size_t cap);
/* Every entry that lies in the folder's files, by number from `from` on, unchecked, until see says otherwise: ENT_NO_HIT ends it well. */
ENT_MUST_CHECK ent_code ent_file_entries(const char *folder, uint64_t from,
                                         ent_code (*see)(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err),
                                         void *ctx, ent_err *err);
/* The reverse: entries in one row, in file `row`, as far as the checkpoint goes, become the folder's shards, and the row is removed.
 * ENT_CONFLICT unless they are what the checkpoint signs. */
ENT_MUST_CHECK ent_code ent_file_years_import(const char *folder, const char *name, const char *row, const void *note, size_t len, ent_err *err);

#endif
