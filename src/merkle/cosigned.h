/* What the ledger adapters share of reading a tree for others: tiles' hashes, proofs between sizes, and the check of a
 * checkpoint that comes back with witnesses' cosignatures. Pure; the caller locks the tree. */
#ifndef MERKLE_COSIGNED_H
#define MERKLE_COSIGNED_H

#include "merkle/note.h"

/* `size`: how many entries of the tree may be spoken of. */
ENT_MUST_CHECK ent_code ent_tree_put_hashes(const ent_tree *t, uint64_t size, unsigned level, uint64_t index, size_t count,
                                            ent_buf *ret_hashes, ent_err *err);
ENT_MUST_CHECK ent_code ent_tree_between(const ent_tree *t, uint64_t size, const uint64_t from_to[2], ent_hash *ret_root,
                                         ent_hashes *ret_proof, ent_err *err);

/* A log as its own adapter knows it. Borrowed for the call. */
typedef struct ent_own_log {
    const char *origin;
    ent_public_key key;
    const ent_tree *tree;
    uint64_t size, kept; /* entries acknowledged; entries under the cosigned checkpoint that is kept */
} ent_own_log;

/* The note is a checkpoint of this log, about this tree, and not smaller than what is kept: ENT_SIGNATURE, ENT_CONFLICT,
 * ENT_STALE. */
ENT_MUST_CHECK ent_code ent_cosigned_check(const ent_own_log *log, const char *note, size_t len, ent_checkpoint *ret_checkpoint,
                                           ent_err *err);
/* The receipt of one entry under a cosigned checkpoint of `log->kept` entries. ENT_NOT_FOUND where it does not cover it. */
ENT_MUST_CHECK ent_code ent_cosigned_receipt(const ent_own_log *log, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t index,
                                             const ent_buf *note, ent_buf *ret_text, ent_err *err);

#endif
