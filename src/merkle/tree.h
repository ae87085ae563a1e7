/* The RFC 6962 Merkle tree (sections 2.1 to 2.1.2): hashes of all complete subtrees in memory, 64 bytes an entry. Pure.
 * One writer at a time; the caller locks. */
#ifndef MERKLE_TREE_H
#define MERKLE_TREE_H

#include "base/limits.h"
#include "entente/error.h"

#include <stdbool.h>

typedef struct ent_hash {
    uint8_t b[32];
} ent_hash;

typedef struct ent_hashes {
    size_t count;
    ent_hash at[ENT_LIMIT_PROOF];
} ent_hashes;

typedef struct ent_tree ent_tree;

ENT_MUST_CHECK ent_code ent_tree_new(ent_tree **ret_tree, ent_err *err);
void ent_tree_free(ent_tree *t); /* NULL is fine */
uint64_t ent_tree_size(const ent_tree *t);
ENT_MUST_CHECK ent_code ent_tree_append(ent_tree *t, const void *entry, size_t len, ent_err *err);
void ent_tree_cut(ent_tree *t, uint64_t size); /* forgets what came after; size at most the present one */
/* Of the first `size` entries; size 0 has the hash of nothing. */
void ent_tree_root(const ent_tree *t, uint64_t size, ent_hash *ret_root);
/* The hash of the complete subtree of 2^level entries, the index-th of its level. */
bool ent_tree_hash(const ent_tree *t, unsigned level, uint64_t index, ent_hash *ret_hash);
void ent_tree_inclusion(const ent_tree *t, uint64_t index, uint64_t size, ent_hashes *ret_proof);    /* index < size */
void ent_tree_consistency(const ent_tree *t, uint64_t old, uint64_t size, ent_hashes *ret_proof);    /* old <= size */

void ent_leaf_hash(const void *entry, size_t len, ent_hash *ret_hash);
/* Verification, from values alone (RFC 9162, 2.1.3.2 and 2.1.4.2, the same trees). */
bool ent_inclusion_holds(const ent_hash *leaf, uint64_t index, uint64_t size, const ent_hashes *proof, const ent_hash *root);
bool ent_consistency_holds(uint64_t old, const ent_hash *old_root, uint64_t size, const ent_hash *root, const ent_hashes *proof);

#endif
