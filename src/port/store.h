/* The store, as a port: named tables of ordered keys and opaque values, changed only by atomic batches. Values are rows
 * that the flow encodes; whatever is biometric or biographic in them is sealed before it gets here.
 *
 * Every adapter keeps the same contract (tests/contract/store_test.c):
 * - commit is all or nothing, and durable when it returns ENT_OK (an fsync error stops all further writing: ENT_IO).
 * - stage is a commit that does not wait for the disk: it is there for every read and batch that follows, and durable when a sync or
 *   commit that began after it returns ENT_OK. When the power fails before, the last of what was staged is lost: never one batch without
 *   all that followed it.
 * - a batch sees the state before it; its checks and changes are one transaction, serialised with all other batches.
 * - reads see every batch that was committed before they began.
 * - keys order by memcmp, a prefix before its extensions.
 * - ENT_NO_SPACE leaves the store as it was; a batch marked `reserve` (destruction, outbox) may use the space that is
 *   kept back for it.
 * Any thread may call. */
#ifndef PORT_STORE_H
#define PORT_STORE_H

#include "base/buf.h"
#include "entente/error.h"

#include <stdbool.h>

#define ENT_STORE_KEY_MAX 96
#define ENT_STORE_VALUE_MAX (16 << 20)

/* name, what it holds */
#define ENT_TABLES(X)                                                                                                  \
    X(META, "meta")                 /* format version, outbox position, engine version */                              \
    X(OUTBOX, "outbox")             /* ledger entries that must be appended; see flow/commit.h */                      \
    X(PEOPLE, "people")             /* who works here: role, public key, state */                                      \
    X(PARTNERS, "partners")         /* partner cards and their keys' history */                                        \
    X(AGREEMENTS, "agreements")     /* envelopes by name and version; state */                                         \
    X(REGIMES, "regimes")           /* retention rules by name and version */                                          \
    X(ENCOUNTERS, "encounters")     /* one arrest each */                                                              \
    X(PARTS, "parts")               /* key slot, legal facts, sealed samples' names */                                 \
    X(BLOBS, "blobs")               /* sealed images, templates, biographic blocks */                                  \
    X(TRANSACTIONS, "transactions") /* keyed digest of a transaction number: enrolled as, or destroyed (tombstone) */  \
    X(GALLERIES, "galleries")       /* gallery name + part */                                                          \
    X(SEARCHES, "searches")         /* searches received and sent, by reference */                                     \
    X(ANSWERS, "answers")           /* by partner and message id: the answer, for retries */                           \
    X(PROBES, "probes")             /* sealed probes of hits, until concluded */                                       \
    X(QUOTAS, "quotas")             /* agreement, flow, day: count */                                                  \
    X(CASES, "cases")               /* examinations */                                                                 \
    X(DISCLOSURES, "disclosures")   /* what was disclosed to whom: outlives the record, names nobody */                \
    X(KEPT, "kept")                 /* what partners disclosed to us, until its day */                                 \
    X(DUE, "due")                   /* date + part: what falls due when */                                             \
    X(EVENTS, "events")             /* legal events and proposals that wait for a second person */                     \
    X(QUEUE, "queue")               /* messages for partners that are offline */                                       \
    X(FEEDS, "feeds")               /* feed positions, leases */                                                       \
    X(RECEIPTS, "receipts")         /* of answers: as they came, completed with cosignatures */                        \
    X(CROSSINGS, "crossings")       /* desk */                                                                         \
    X(REDRESS, "redress")           /* slips that were issued, partners' slips that were revoked, until their day */   \
    X(DESKS, "desks")               /* capture keys */                                                                 \
    X(TURNS, "turns")               /* what a crossing was used for: one search a modality and partner */              \
    X(PROPOSALS, "proposals")       /* what one custodian wants signed, until another wants the same */                \
    X(LOTS, "lots")                 /* searches that the lot chose, until the auditor has seen them */                 \
    X(WATCH, "watch")               /* counts that alarms come from, for a day or a month */                           \
    X(ALARMS, "alarms")             /* alarms that were raised */                                                      \
    X(ONWARD, "onward")             /* copies that were given on or asked for: names parties and numbers, nobody */            \
    X(FOUND, "found")               /* part + search: whose candidate it was */

typedef enum ent_table {
#define ENT_X(name, text) ENT_TABLE_##name,
    ENT_TABLES(ENT_X)
#undef ENT_X
        ENT_TABLE_COUNT
} ent_table;

typedef enum ent_change_kind {
    ENT_CHANGE_PUT,    /* write, whatever was there */
    ENT_CHANGE_INSERT, /* ENT_EXISTS for the whole batch when the key is there */
    ENT_CHANGE_DELETE, /* gone after it, there or not before */
    ENT_CHANGE_EXPECT  /* ENT_CONFLICT for the whole batch unless the value equals (len 0: unless absent) */
} ent_change_kind;

/* One change. Key and value are borrowed until commit returns. */
typedef struct ent_change {
    ent_change_kind kind;
    ent_table table;
    const void *key;
    size_t key_len; /* 1 to ENT_STORE_KEY_MAX */
    const void *value;
    size_t value_len;
} ent_change;

typedef struct ent_store {
    void *self;

    /* Appends the value to ret_value. ENT_NOT_FOUND; ENT_DAMAGED, ENT_IO. */
    ENT_MUST_CHECK ent_code (*get)(void *self, ent_table table, const void *key, size_t key_len, ent_buf *ret_value,
                                   ent_err *err);

    /* Calls visit for each key that begins with prefix and is greater than `after` (NULL: from the first), in order,
     * until visit returns anything but ENT_OK, which is then returned. visit may not call the store. */
    ENT_MUST_CHECK ent_code (*scan)(void *self, ent_table table, const ent_change *range /* key: prefix; value: after */,
                                    ent_code (*visit)(void *ctx, const uint8_t *key, size_t key_len,
                                                      const uint8_t *value, size_t value_len),
                                    void *ctx, ent_err *err);

    /* ENT_EXISTS, ENT_CONFLICT, ENT_NO_SPACE, ENT_IO: nothing was changed. */
    ENT_MUST_CHECK ent_code (*commit)(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err);

    /* Both NULL where a commit costs no more than this. */
    ENT_MUST_CHECK ent_code (*stage)(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err);
    /* Of many threads that call at the same time one syncs for all. */
    ENT_MUST_CHECK ent_code (*sync)(void *self, ent_err *err);

    void (*close)(void *self);
} ent_store;

/* Whether the store has them or not. */
ENT_MUST_CHECK ent_code ent_store_stage(const ent_store *s, const ent_change *changes, size_t count, bool reserve, ent_err *err);
ENT_MUST_CHECK ent_code ent_store_sync(const ent_store *s, ent_err *err);

const char *ent_table_name(ent_table table);

#endif
