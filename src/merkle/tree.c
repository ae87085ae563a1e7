#include "merkle/tree.h"

#include "base/check.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS 48

struct ent_tree {
    struct {
        ent_hash *at;
        uint64_t count, cap;
    } level[LEVELS];
};

void ent_leaf_hash(const void *entry, size_t len, ent_hash *ret_hash)
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("\0", 1), ENT_BYTES(entry, len)}, 2, ret_hash->b);
}

static void node_hash(const ent_hash *left, const ent_hash *right, ent_hash *ret_hash)
{
    ent_hash h;
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("\1", 1), ENT_BYTES(left->b, 32), ENT_BYTES(right->b, 32)}, 3, h.b);
    *ret_hash = h;
}

ent_code ent_tree_new(ent_tree **ret_tree, ent_err *err)
{
    ent_tree *t = calloc(1, sizeof *t);
    if (!t) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a ledger's tree");
    *ret_tree = t;
    return ENT_OK;
}

void ent_tree_free(ent_tree *t)
{
    for (int l = 0; t && l < LEVELS; l++) free(t->level[l].at);
    free(t);
}

uint64_t ent_tree_size(const ent_tree *t) { return t->level[0].count; }

static bool room_for_one(ent_tree *t, int l)
{
    if (t->level[l].count < t->level[l].cap) return true;
    uint64_t cap = t->level[l].cap ? t->level[l].cap * 2 : 64;
    ent_hash *at = realloc(t->level[l].at, cap * sizeof *at);
    if (!at) return false;
    t->level[l].at = at;
    t->level[l].cap = cap;
    return true;
}

ent_code ent_tree_append(ent_tree *t, const void *entry, size_t len, ent_err *err)
{
    /* memory for all levels first: an append is whole or did not happen */
    uint64_t size = t->level[0].count;
    for (int l = 0; l < LEVELS; l++) {
        if (!room_for_one(t, l)) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a ledger's tree");
        if (!(size >> l & 1)) break;
    }
    ent_leaf_hash(entry, len, &t->level[0].at[t->level[0].count++]);
    for (int l = 0; l + 1 < LEVELS && !(t->level[l].count & 1); l++) {
        const ent_hash *pair = &t->level[l].at[t->level[l].count - 2];
        node_hash(&pair[0], &pair[1], &t->level[l + 1].at[t->level[l + 1].count++]);
    }
    return ENT_OK;
}

void ent_tree_cut(ent_tree *t, uint64_t size)
{
    ENT_PRE(size <= ent_tree_size(t));
    for (int l = 0; l < LEVELS; l++)
        if (t->level[l].count > size >> l) t->level[l].count = size >> l;
}

bool ent_tree_hash(const ent_tree *t, unsigned level, uint64_t index, ent_hash *ret_hash)
{
    if (level >= LEVELS || index >= t->level[level].count) return false;
    *ret_hash = t->level[level].at[index];
    return true;
}

/* The largest power of two below n > 1. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k << 1 < n) k <<= 1;
    return k;
}

/* MTH(D[from:to]) where from is a multiple of the range's size rounded up to a power of two. */
static void range_hash(const ent_tree *t, uint64_t from, uint64_t to, ent_hash *ret_hash)
{
    uint64_t n = to - from;
    if ((n & (n - 1)) == 0) {
        unsigned level = (unsigned)__builtin_ctzll(n);
        ENT_INVARIANT(ent_tree_hash(t, level, from >> level, ret_hash));
        return;
    }
    ent_hash left, right;
    uint64_t k = split(n);
    range_hash(t, from, from + k, &left);
    range_hash(t, from + k, to, &right);
    node_hash(&left, &right, ret_hash);
}

void ent_tree_root(const ent_tree *t, uint64_t size, ent_hash *ret_root)
{
    ENT_PRE(size <= ent_tree_size(t));
    if (size == 0) ent_sha256("", 0, ret_root->b);
    else range_hash(t, 0, size, ret_root);
}

/* RFC 6962, 2.1.1: PATH(m, D[n]); written from the root down, so that it comes out reversed. */
void ent_tree_inclusion(const ent_tree *t, uint64_t index, uint64_t size, ent_hashes *ret_proof)
{
    ENT_PRE(index < size && size <= ent_tree_size(t));
    ent_hashes down = {0};
    uint64_t from = 0, to = size;
    while (to - from > 1) {
        uint64_t k = from + split(to - from);
        ent_hash *sibling = &down.at[down.count++];
        if (index < k) range_hash(t, k, to, sibling), to = k;
        else range_hash(t, from, k, sibling), from = k;
    }
    ret_proof->count = down.count;
    for (size_t i = 0; i < down.count; i++) ret_proof->at[i] = down.at[down.count - 1 - i];
}

/* RFC 6962, 2.1.2: SUBPROOF. */
static void subproof(const ent_tree *t, uint64_t m, uint64_t from, uint64_t to, bool known, ent_hashes *p)
{
    uint64_t n = to - from;
    if (m == n) {
        if (!known) range_hash(t, from, to, &p->at[p->count++]);
        return;
    }
    uint64_t k = split(n);
    if (m <= k) {
        subproof(t, m, from, from + k, known, p);
        range_hash(t, from + k, to, &p->at[p->count++]);
    } else {
        subproof(t, m - k, from + k, to, false, p);
        range_hash(t, from, from + k, &p->at[p->count++]);
    }
}

void ent_tree_consistency(const ent_tree *t, uint64_t old, uint64_t size, ent_hashes *ret_proof)
{
    ENT_PRE(old <= size && size <= ent_tree_size(t));
    ret_proof->count = 0;
    if (old && old < size) subproof(t, old, 0, size, true, ret_proof);
}

bool ent_inclusion_holds(const ent_hash *leaf, uint64_t index, uint64_t size, const ent_hashes *proof, const ent_hash *root)
{
    if (index >= size) return false;
    uint64_t fn = index, sn = size - 1;
    ent_hash r = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (sn == 0) return false;
        if ((fn & 1) || fn == sn) {
            node_hash(&proof->at[i], &r, &r);
            while (!(fn & 1) && fn) fn >>= 1, sn >>= 1;
        } else {
            node_hash(&r, &proof->at[i], &r);
        }
        fn >>= 1, sn >>= 1;
    }
    return sn == 0 && memcmp(r.b, root->b, 32) == 0;
}

bool ent_consistency_holds(uint64_t old, const ent_hash *old_root, uint64_t size, const ent_hash *root, const ent_hashes *proof)
{
    if (old > size) return false;
    if (old == size) return proof->count == 0 && memcmp(old_root->b, root->b, 32) == 0;
    if (old == 0) return proof->count == 0;
    size_t i = 0;
    ent_hash fr, sr;
    if ((old & (old - 1)) == 0) fr = *old_root;
    else if (proof->count) fr = proof->at[i++];
    else return false;
    sr = fr;
    uint64_t fn = old - 1, sn = size - 1;
    while (fn & 1) fn >>= 1, sn >>= 1;
    for (; i < proof->count; i++) {
        if (sn == 0) return false;
        if ((fn & 1) || fn == sn) {
            node_hash(&proof->at[i], &fr, &fr);
            node_hash(&proof->at[i], &sr, &sr);
            while (!(fn & 1) && fn) fn >>= 1, sn >>= 1;
        } else {
            node_hash(&sr, &proof->at[i], &sr);
        }
        fn >>= 1, sn >>= 1;
    }
    return sn == 0 && memcmp(fr.b, old_root->b, 32) == 0 && memcmp(sr.b, root->b, 32) == 0;
}
