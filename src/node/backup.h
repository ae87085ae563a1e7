/* Backup, and a node put together again (docs/operating/backup.md). A backup has sealed rows, the ledger and the small files that are
 * no node's key; never a slot, a root, identity.key or tls.key: those are on the standby. */
#ifndef NODE_BACKUP_H
#define NODE_BACKUP_H

#include "flow/backup/aside.h"
#include "flow/backup/people.h"
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
    const char *standby;     /* the standby's folder; no keeper may be at work in it; NULL: there is none, see gap */
    const char *gap_name;    /* without a standby: the name, and so the log, under which the node begins anew */
    const char *gap_reason;  /* one line, for the statement */
    const char *const *remembered; /* files with checkpoints that partners or witnesses remember */
    size_t remembered_count;
} ent_node_restore_options;

typedef struct ent_node_restored {
    char name[ENT_NODE_NAME_MAX];
    ent_backup_counts counts;
    ent_purged purged;
    uint64_t ledger;         /* entries now */
    uint64_t ledger_then;    /* when the backup was made */
    uint64_t enrolled_since;               /* entries since then, whose rows no backup has */
    uint64_t decided_since;                /* and of persons, partners, agreements, regimes, programmes */
    size_t suspended;        /* persons who were suspended, or changed their key, since */
    size_t later, held;      /* parts whose later law the standby had; that it had whole, being in the hold store */
    uint32_t epoch;
    uint64_t lost;           /* without a standby: rows that nobody can read any more, and agreements of the old name */
} ent_node_restored;

/* The backup's rows and files with the standby's slots, ledger and keys, in a folder beside, which takes the name at the end.
 * ENT_CONFLICT: a history that the standby, the backup or a remembered checkpoint contradicts; ENT_BUSY: the old node still runs. */
ENT_MUST_CHECK ent_code ent_node_restore(const ent_node_restore_options *o, ent_node_restored *ret_restored, ent_err *err);

/* ---- without a standby ----
 *
 * Its slots are lost, so no record can be read again; its ledger may have been longer than anybody here can say. So the node begins
 * anew: another name and log, fresh keys, the people and partners of the backup, the old ledger beside as evidence (ledger-before/),
 * and FOLDER/gap, a statement of what is missing. It does not open before two persons signed that; then its ledger begins with it.
 * Partners take the new node as any other: card, digits, agreement. */

/* Adds one person's signature to FOLDER/gap. ENT_NOT_FOUND: the node has no gap; ENT_EXISTS: this person signed. */
ENT_MUST_CHECK ent_code ent_node_gap_sign(const char *folder, const char *name, const ent_secret_key *secret, ent_err *err);

#endif
