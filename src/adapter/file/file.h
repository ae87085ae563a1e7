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

/* The ledger in folder: `entries` (256 bytes each), `head` (the last two checkpoints), and for public verifiers the C2SP
 * tlog-tiles below `tile/` and the note `checkpoint`. origin names the log (the node's name); secret signs. Opening reads
 * and hashes every entry: a bit that changed inside what was signed is ENT_DAMAGED, a tail that never was is cut. */
ENT_MUST_CHECK ent_code ent_file_ledger(const char *folder, const char *origin, const ent_secret_key *secret, bool create,
                                        ent_ledger *ret_ledger, ent_err *err);

/* Makes `head` of a checkpoint beside `entries` that were put there from a copy; opening then checks them against each other. */
ENT_MUST_CHECK ent_code ent_file_ledger_import(const char *folder, const void *note, size_t len, ent_err *err);

/* The signing key changes: the checkpoint of `was` is signed anew by `now`. Done when it returns; before, the old one counts. */
ENT_MUST_CHECK ent_code ent_file_ledger_resign(const char *folder, const char *origin, const ent_secret_key *was,
                                               const ent_secret_key *now, ent_err *err);

#endif
