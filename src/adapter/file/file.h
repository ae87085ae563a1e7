/* Ports kept in files of the node's folder, and the system's clock and randomness. Each is ended by the port's close. */
#ifndef ADAPTER_FILE_H
#define ADAPTER_FILE_H

#include "crypto/sign.h"
#include "port/clock.h"
#include "port/keys.h"
#include "port/ledger.h"
#include "port/random.h"

#include <stdbool.h>

ent_clock ent_system_clock(void);
ent_random ent_system_random(void);

/* Key slots in folder/slots, each twice (mode 0600, preallocated), wrapped by folder/root.EPOCH. Destroying is an
 * overwrite of both in place and a sync; ending an epoch writes all living slots anew under a fresh root and destroys the
 * old root. A crash at any point is finished or undone by the next open. Creates both when they are not there and
 * `create`; ENT_NOT_FOUND otherwise. ENT_DAMAGED for a root that is missing or does not fit. */
ENT_MUST_CHECK ent_code ent_file_keys(const char *folder, bool create, ent_random random, ent_keys *ret_keys, ent_err *err);

/* The ledger in folder: `entries` (256 bytes each), `head` (the last two checkpoints), and for public verifiers the C2SP
 * tlog-tiles below `tile/` and the note `checkpoint`. origin names the log (the node's name); secret signs. Opening reads
 * and hashes every entry: a bit that changed inside what was signed is ENT_DAMAGED, a tail that never was is cut. */
ENT_MUST_CHECK ent_code ent_file_ledger(const char *folder, const char *origin, const ent_secret_key *secret, bool create,
                                        ent_ledger *ret_ledger, ent_err *err);

/* The signing key changes: the checkpoint of `was` is signed anew by `now`. Done when it returns; before, the old one counts. */
ENT_MUST_CHECK ent_code ent_file_ledger_resign(const char *folder, const char *origin, const ent_secret_key *was,
                                               const ent_secret_key *now, ent_err *err);

#endif
