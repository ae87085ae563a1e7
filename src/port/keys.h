/* Data keys, as a port: each part, probe and salt box is sealed under a key of its own that lives in a slot; destroying
 * the slot is what destruction means. The slots are wrapped by the root key of the current epoch (TRUST: an overwrite
 * in place, and the end of the epoch makes stale copies useless).
 *
 * Contract (tests/contract/keys_test.c): what new_slot returned is durable before it returns; after destroy returned,
 * get gives ENT_GONE for ever, also after a restart and after kill -9 at any point; destroying needs no free space;
 * damage to a slot (both copies) is ENT_DAMAGED, never another key. Any thread may call. */
#ifndef PORT_KEYS_H
#define PORT_KEYS_H

#include "base/wipe.h"
#include "entente/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ent_slot {
    uint64_t number;     /* never used twice: position and generation */
} ent_slot;

/* What can be said of a destroyed key: on what it lay and what kept the epoch's key. */
typedef enum ent_root_class { ENT_ROOT_FILE, ENT_ROOT_TOKEN /* PKCS#11 in software */, ENT_ROOT_HARDWARE } ent_root_class;

typedef struct ent_custody {
    ent_root_class root;
    bool overwrites;   /* an overwrite in place reaches what was there (adapter/file/medium.h) */
    bool standby;      /* a second copy, which acknowledges each destruction before it is reported */
    char medium[32];   /* the file system's type: "ext4"; "memory" */
} ent_custody;

#define ENT_KEYS_MANY 256

typedef struct ent_keys {
    void *self;
    /* Stores a fresh random key. `binding` (the record's id and kind, 32 bytes) must be given again to get it. */
    ENT_MUST_CHECK ent_code (*new_slot)(void *self, const uint8_t binding[32], ent_slot *ret_slot, ent_key32 *ret_key,
                                        ent_err *err);
    /* The same for many (1 to ENT_KEYS_MANY) under one sync: all, or none. */
    ENT_MUST_CHECK ent_code (*new_many)(void *self, const uint8_t (*bindings)[32], size_t count, ent_slot *ret_slots, ent_key32 *ret_keys,
                                        ent_err *err);
    /* ENT_GONE after destruction, ENT_DAMAGED, ENT_NOT_FOUND for a slot that never was or another binding. */
    ENT_MUST_CHECK ent_code (*get)(void *self, ent_slot slot, const uint8_t binding[32], ent_key32 *ret_key,
                                   ent_err *err);
    /* Whether a slot's key is there, whoever it belongs to: ENT_OK, ENT_GONE, ENT_NOT_FOUND (it never was), ENT_DAMAGED. */
    ENT_MUST_CHECK ent_code (*look)(void *self, ent_slot slot);
    /* Overwrites both copies and syncs. ENT_OK also when it was gone. */
    ENT_MUST_CHECK ent_code (*destroy)(void *self, ent_slot slot, ent_err *err);
    /* The same for many (at most ENT_KEYS_MANY) under one sync. After an error some may be destroyed: ask for all again. */
    ENT_MUST_CHECK ent_code (*destroy_many)(void *self, const ent_slot *slots, size_t count, ent_err *err);
    /* Ends the epoch: living slots are wrapped anew under a fresh root, the old root is destroyed. Resumable. */
    ENT_MUST_CHECK ent_code (*end_epoch)(void *self, uint32_t *ret_epoch, ent_err *err);
    uint32_t (*epoch)(void *self);
    void (*custody)(void *self, ent_custody *ret_custody);
    void (*close)(void *self);
} ent_keys;

#endif
