/* Personal keys on disk: an Ed25519 seed under a passphrase (Argon2id), in a small text file. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/cli.h"
#include "crypto/sign.h"

/* The passphrase: from the file that $ENTENTE_PASSPHRASE_FILE names (its first line), else asked at the terminal; twice when
 * it is new. The caller erases. */
ENT_MUST_CHECK ent_code ent_cli_passphrase(const char *name, bool fresh, char ret_passphrase[256], ent_err *err);

/* Makes a key and writes it (mode 0600) to the node's people/NAME.key. ENT_EXISTS when it is there. */
ENT_MUST_CHECK ent_code ent_cli_key_make(const char *folder, const char *name, ent_public_key *ret_public, ent_err *err);
/* The same, given the passphrase, into `file`. */
ENT_MUST_CHECK ent_code ent_cli_key_write(const char *file, const char *name, const char *passphrase, ent_public_key *ret_public,
                                          ent_secret_key *ret_secret, ent_err *err);
/* The key in a file that is not a person's: a desk's. */
ENT_MUST_CHECK ent_code ent_cli_key_file_open(const char *path, const char *name, ent_secret_key *ret_secret, ent_err *err);
/* ENT_NOT_FOUND; ENT_DENIED for a wrong passphrase. */
ENT_MUST_CHECK ent_code ent_cli_key_open(const char *folder, const char *name, ent_secret_key *ret_secret, ent_err *err);

#endif
