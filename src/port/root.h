/* Custody of the epoch's key, as a port: what wraps it while it lies on a disk. One root an epoch, made inside the token and
 * destroyed there when the epoch ends, so that no copy of the folder opens the epoch again. Without one (NULL) the epoch's key
 * lies in a file. One owner, who locks.
 *
 * Contract (tests/contract/root_test.c): what make wrapped opens with the same epoch only, also after a restart; after
 * keep_only of a later epoch it does not open for ever; a token that is not there or holds another root is an error. */
#ifndef PORT_ROOT_H
#define PORT_ROOT_H

#include "base/buf.h"
#include "base/wipe.h"
#include "entente/error.h"

#include <stdbool.h>

#define ENT_ROOT_WRAPPED_MAX 512 /* bytes; never 32, which is the length of a key in a file */

typedef struct ent_root {
    void *self;
    bool hardware; /* the token says that it is hardware (PKCS#11 v2.40, CKF_HW_SLOT) */
    /* Makes the root of this epoch (one that a crash left is replaced) and appends the key wrapped by it. */
    ENT_MUST_CHECK ent_code (*make)(void *self, uint32_t epoch, const ent_key32 *key, ent_buf *ret_wrapped, ent_err *err);
    /* ENT_DAMAGED: another root, another epoch or a changed byte. ENT_UNREACHABLE: the token does not answer. */
    ENT_MUST_CHECK ent_code (*open)(void *self, uint32_t epoch, const void *wrapped, size_t len, ent_key32 *ret_key, ent_err *err);
    /* Destroys every root of this node but that epoch's. */
    ENT_MUST_CHECK ent_code (*keep_only)(void *self, uint32_t epoch, ent_err *err);
    void (*close)(void *self);
} ent_root;

#endif
