/* The backup's file (docs/protocol/backup.md): items in encrypted chunks under a passphrase, complete or refused. Pure over two
 * functions, write and read. One owner, no locking. */
#ifndef FLOW_BACKUP_STREAM_H
#define FLOW_BACKUP_STREAM_H

#include "base/buf.h"
#include "crypto/hash.h"
#include "port/random.h"

#include <stdbool.h>

/* number, name: what an item is, its name, its key, its value */
#define ENT_BACKUP_ITEMS(X)                                                                                            \
    X(1, ABOUT)      /* node's name | time in ms (8) | - : the first */                                                \
    X(2, FILE)       /* path below the node's folder | - | bytes */                                                    \
    X(3, ROW)        /* table | key | value */                                                                         \
    X(4, ENTRIES)    /* - | index of the first (8) | entries of 256 */                                                 \
    X(5, CHECKPOINT) /* - | - | signed note */                                                                         \
    X(6, END)        /* - | rows, files, entries (8 each) | - : the last */

typedef enum ent_backup_kind {
#define ENT_X(number, name) ENT_BACKUP_##name = number,
    ENT_BACKUP_ITEMS(ENT_X)
#undef ENT_X
} ent_backup_kind;

/* Borrowed for the call. */
typedef struct ent_backup_item {
    ent_backup_kind kind;
    char name[256];
    ent_bytes key, value;
} ent_backup_item;

typedef struct ent_backup_counts {
    uint64_t rows, files, entries;
} ent_backup_counts;

typedef struct ent_backup_out {
    void *self;
    ENT_MUST_CHECK ent_code (*write)(void *self, const void *bytes, size_t n, ent_err *err);
} ent_backup_out;

typedef struct ent_backup_in {
    void *self;
    /* Up to n bytes; *ret_got 0 at the end. */
    ENT_MUST_CHECK ent_code (*read)(void *self, void *ret_bytes, size_t n, size_t *ret_got, ent_err *err);
} ent_backup_in;

typedef struct ent_backup_writer ent_backup_writer;

/* quick: less Argon2id, for tests; the file says so. Out is borrowed. */
ENT_MUST_CHECK ent_code ent_backup_begin(const ent_backup_out *out, const char *passphrase, bool quick, ent_random random,
                                         ent_backup_writer **ret_writer, ent_err *err);
ENT_MUST_CHECK ent_code ent_backup_put(ent_backup_writer *w, const ent_backup_item *item, ent_err *err);
/* Writes END and the last chunk. */
ENT_MUST_CHECK ent_code ent_backup_end(ent_backup_writer *w, ent_backup_counts *ret_counts, ent_err *err);
void ent_backup_free(ent_backup_writer *w); /* NULL is fine */

/* Calls see for each item in order, the END among them; what see returns ends it. Nothing is known to be whole before this returned
 * ENT_OK: a caller that keeps what it saw takes it back otherwise. ENT_FORMAT: no backup. ENT_DENIED: another passphrase.
 * ENT_DAMAGED: cut short, or a changed byte. */
ENT_MUST_CHECK ent_code ent_backup_read(const ent_backup_in *in, const char *passphrase,
                                        ent_code (*see)(void *ctx, const ent_backup_item *item, ent_err *err), void *ctx, ent_err *err);

#endif
