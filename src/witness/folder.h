/* What the files of this room share of the folder. */
#ifndef WITNESS_FOLDER_H
#define WITNESS_FOLDER_H

#include "witness/witness.h"

#include <limits.h>

enum { ENT_WITNESS_KEYS = 1024, ENT_WITNESS_LOGS_FILE = 256 << 10 };

typedef struct ent_log_key {
    char origin[ENT_ORIGIN_MAX];
    ent_public_key key;
} ent_log_key;

bool ent_witness_path(const char *folder, const char *name, char ret_path[PATH_MAX]);
ENT_MUST_CHECK ent_code ent_witness_read_settings(const char *folder, ent_witness_settings *ret_settings, ent_err *err);
ENT_MUST_CHECK ent_code ent_witness_read_key(const char *folder, ent_secret_key *ret_secret, ent_err *err);
/* At most ENT_WITNESS_KEYS; ENT_FORMAT names the line. */
ENT_MUST_CHECK ent_code ent_witness_read_logs(const char *folder, ent_log_key *ret_keys, size_t *ret_count, ent_err *err);

#endif
