/* Backup, and a node put together again (docs/operating/backup.md). A backup has sealed rows, the ledger and the small files that are
 * no node's key; never a slot, a root, identity.key or tls.key: those are on the standby. */
#ifndef NODE_BACKUP_H
#define NODE_BACKUP_H

#include "flow/backup/purge.h"
#include "flow/backup/stream.h"
#include "node/node.h"

typedef struct ent_node_backup_options {
    const char *folder;     /* the node's; it may be serving */
    const char *file;       /* what is written; must not be there */
    const char *passphrase;
    bool quick;             /* less Argon2id: tests */
    /* Asked once the rows are read: the checkpoint that covers all that they rest on. */
    ENT_MUST_CHECK ent_code (*checkpoint)(void *ctx, ent_buf *ret_note, ent_err *err);
    void *ctx;
} ent_node_backup_options;

/* One state of the store, then the ledger up to the checkpoint, checked against it; read back before it takes its name. ENT_EXISTS. */
ENT_MUST_CHECK ent_code ent_node_backup(const ent_node_backup_options *o, ent_backup_counts *ret_counts, ent_err *err);

typedef struct ent_node_restore_options {
    const char *folder;      /* to be made; must not be there */
    const char *file, *passphrase;
    const char *standby;     /* the standby's folder; no keeper may be at work in it */
    const char *const *remembered; /* files with checkpoints that partners or witnesses remember */
    size_t remembered_count;
} ent_node_restore_options;

typedef struct ent_node_restored {
    char name[ENT_NODE_NAME_MAX];
    ent_backup_counts counts;
    ent_purged purged;
    uint64_t ledger;         /* entries now */
    uint64_t ledger_then;    /* when the backup was made */
    uint64_t enrolled_since, events_since; /* entries since then, whose rows no backup has */
    uint32_t epoch;
} ent_node_restored;

/* The backup's rows and files with the standby's slots, ledger and keys, in a folder beside, which takes the name at the end.
 * ENT_CONFLICT: a history that the standby, the backup or a remembered checkpoint contradicts; ENT_BUSY: the old node still runs. */
ENT_MUST_CHECK ent_code ent_node_restore(const ent_node_restore_options *o, ent_node_restored *ret_restored, ent_err *err);

#endif
