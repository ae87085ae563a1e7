/* Persist, append to the ledger, then tell: the one way in which anything happens here.
 *
 * A batch carries the rows to change and the ledger entries to append. The entries go into the outbox in the same
 * transaction as the rows; after the append the outbox row goes. A crash between any two leaves the outbox row, and the
 * next open drains it: an entry that is in the ledger already (at or after the size that the row recorded) is not
 * appended twice. */
#ifndef FLOW_COMMIT_H
#define FLOW_COMMIT_H

#include "flow/flow.h"

enum { ENT_BATCH_CHANGES = 1 << 16, ENT_BATCH_ENTRIES = 104 /* every part of a person, and one */, ENT_OUTBOX_KEY = 18 };

/* Parts that go together. Borrowed. */
typedef struct ent_part_set {
    const ent_part_id *id;
    size_t count;
} ent_part_set;

static inline bool ent_part_in(const ent_part_set *s, const uint8_t id[ENT_ID_SIZE])
{
    for (size_t i = 0; i < s->count; i++)
        if (ent_id_equal(s->id[i].b, id)) return true;
    return false;
}

typedef struct ent_batch {
    ent_change *change; /* grows, ENT_BATCH_CHANGES at most */
    ent_buf *bytes;     /* key, then value, owned; one a change */
    size_t count, cap;
    ent_entry entry[ENT_BATCH_ENTRIES];
    size_t entry_count;
    uint8_t outbox[ENT_BATCH_ENTRIES][ENT_OUTBOX_KEY]; /* where the entries wait, once it has begun */
    bool reserve; /* may use the space kept back: destruction */
    const char *name; /* "enrol": begins the names of its commit points */
    ent_code failed;
} ent_batch;

ent_batch *ent_batch_new(const char *name); /* NULL: out of memory */
void ent_batch_free(ent_batch *b);          /* erases */
#define ENT_AUTO_BATCH __attribute__((cleanup(ent_batch_auto))) ent_batch *
static inline void ent_batch_auto(ent_batch **b) { ent_batch_free(*b); }

/* Copies key and value. Failures stick and come out at commit. */
void ent_batch_put(ent_batch *b, ent_change_kind kind, ent_table table, ent_bytes key, ent_bytes value);
void ent_batch_entry(ent_batch *b, const ent_entry *e);

/* ret_indexes: one an entry, may be NULL. When the store refused (ENT_EXISTS, ENT_CONFLICT, ENT_NO_SPACE, …) nothing
 * happened. When the ledger refused, the rows are there and the entry waits in the outbox. */
ENT_MUST_CHECK ent_code ent_commit(ent_flow_node *n, ent_batch *b, uint64_t *ret_indexes, ent_err *err);
/* The same, with something that must be done after the rows are there and before the ledger says so. */
ENT_MUST_CHECK ent_code ent_commit_with(ent_flow_node *n, ent_batch *b, ent_code (*between)(ent_flow_node *n, ent_err *err),
                                        uint64_t *ret_indexes, ent_err *err);
/* The same in halves, for what many threads do at once. Begun, under the node's lock, its rows are there for whoever takes the lock next;
 * ended, without it, they are durable and their entries appended, and the syncs were shared with the others that ended meanwhile. Nobody is
 * told before. The outbox rows go with another batch (ent_batch_forget); when that is lost in a crash, the next start finds the entries in
 * the ledger. A batch that is begun and not ended needs no entries: it is for what may be lost when the power fails. */
ENT_MUST_CHECK ent_code ent_commit_begin(ent_flow_node *n, ent_batch *b, ent_err *err);
ENT_MUST_CHECK ent_code ent_commit_end(ent_flow_node *n, ent_batch *b, uint64_t *ret_indexes, ent_err *err);
void ent_batch_forget(ent_batch *into, const ent_batch *ended);
ENT_MUST_CHECK ent_code ent_commit_forget(ent_flow_node *n, const ent_batch *ended, ent_err *err); /* by themselves */
ENT_MUST_CHECK ent_code ent_outbox_drain(ent_flow_node *n, size_t *ret_drained, ent_err *err);
size_t ent_outbox_count(ent_flow_node *n);

/* Named places where a test kills the process: $ENTENTE_DIE_AT. Compiled in with -Dcommit_points=true. */
#ifdef ENT_COMMIT_POINTS
void ent_commit_point(const char *act, const char *place);
#else
static inline void ent_commit_point(const char *act, const char *place) { (void)act, (void)place; }
#endif

#endif
