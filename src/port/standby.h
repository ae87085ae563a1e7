/* The standby, as a port: what keeps the key slots, the ledger and the node's own keys a second time, on another device or host.
 * Each call returns when the standby has it on its disk (fdatasync), or an error: then it is not known whether it has, and the
 * caller asks for the state again before the next change. Any thread; calls are made one at a time.
 *
 * Contract (tests/contract/standby_test.c): after put of a destroyed slot returned, the standby holds no box of it; a whole copy
 * that was cut short leaves the copy of before; bytes of a slot are those of adapter/file/slots.h. */
#ifndef PORT_STANDBY_H
#define PORT_STANDBY_H

#include "base/buf.h"
#include "entente/error.h"

typedef struct ent_standby_state {
    uint32_t epoch;        /* 0: it holds no slots yet */
    uint64_t capacity;
    uint8_t digest[32];    /* of all slots, see adapter/file/slots.h */
    uint64_t ledger_size, ledger_first; /* entries; the number of the first of the latest shard */
    uint8_t ledger_root[32];            /* of that shard, as far as it is there */
} ent_standby_state;

typedef struct ent_standby {
    void *self;
    /* Connects when it has to. ENT_UNREACHABLE. */
    ENT_MUST_CHECK ent_code (*state)(void *self, ent_standby_state *ret_state, ent_err *err);
    /* `count` slots of 128 bytes from a position on. */
    ENT_MUST_CHECK ent_code (*rows)(void *self, uint64_t from, size_t count, uint8_t *ret_bytes, ent_err *err);
    /* `count` slots of 128 bytes, each at its position, under one sync. */
    ENT_MUST_CHECK ent_code (*put)(void *self, const uint64_t *positions, size_t count, const uint8_t *bytes, ent_err *err);
    /* All slots anew: begin, any number of fills, commit; commit is the moment, and the root of before is destroyed in it. */
    ENT_MUST_CHECK ent_code (*begin)(void *self, uint32_t epoch, uint64_t capacity, const void *root, size_t root_len, ent_err *err);
    ENT_MUST_CHECK ent_code (*fill)(void *self, uint64_t from, size_t count, const uint8_t *bytes, ent_err *err);
    ENT_MUST_CHECK ent_code (*commit)(void *self, ent_err *err);
    /* Ledger entries from an index on, which must be its size, and the checkpoint that signs them. ENT_CONFLICT. */
    ENT_MUST_CHECK ent_code (*append)(void *self, uint64_t from, size_t count, const uint8_t *entries, const void *note, size_t note_len, ent_err *err);
    /* A small file by its name: identity.key, tls.key, tls.crt, node.yaml, card.serial; what is put aside (flow/record/aside.c): part-ID and
     * blob-ID-NNNN, of which an empty part-ID takes both out, erased. */
    ENT_MUST_CHECK ent_code (*file)(void *self, const char *name, const void *bytes, size_t len, ent_err *err);
    void (*close)(void *self);
} ent_standby;

#define ENT_STANDBY_ROWS 4096 /* at most this many slots or entries a call */

#endif
