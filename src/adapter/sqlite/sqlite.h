/* The store in one SQLite file: a write-ahead log, one writer connection and one reader. The log is synced here and not by SQLite
 * (synchronous=NORMAL), once for all batches that wait for it; checkpoints are SQLite's. A reserve file beside it is given up when the disk
 * is full, so that destruction and the outbox still work. */
#ifndef ADAPTER_SQLITE_H
#define ADAPTER_SQLITE_H

#include "port/store.h"

/* Creates the file (mode 0600) and its tables when they are not there. ENT_DAMAGED when SQLite's own check fails,
 * ENT_UNSUPPORTED for a later format. */
ENT_MUST_CHECK ent_code ent_sqlite_store(const char *path, ent_store *ret_store, ent_err *err);

/* Every row of every table, in one state, beside a node that writes (another process too). What see returns other than ENT_OK ends it. */
ENT_MUST_CHECK ent_code ent_sqlite_snapshot(const char *path,
                                            ent_code (*see)(void *ctx, ent_table t, const void *key, size_t key_len, const void *value, size_t value_len, ent_err *err),
                                            void *ctx, ent_err *err);

#endif
