#include "merkle/cosigned.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

ent_code ent_tree_put_hashes(const ent_tree *t, uint64_t size, unsigned level, uint64_t index, size_t count, ent_buf *ret_hashes, ent_err *err)
{
    uint64_t there = level < 64 ? size >> level : 0;
    if (index > there || count > there - index) return ent_fail(err, ENT_NOT_FOUND, "the tree of %" PRIu64 " entries has no such hashes", size);
    for (size_t i = 0; i < count; i++) {
        ent_hash h;
        if (!ent_tree_hash(t, level, index + i, &h)) return ent_fail(err, ENT_NOT_FOUND, "the tree of %" PRIu64 " entries has no such hashes", size);
        ent_buf_put(ret_hashes, h.b, sizeof h.b);
    }
    return ent_buf_check(ret_hashes, err);
}

ent_code ent_tree_between(const ent_tree *t, uint64_t size, const uint64_t from_to[2], ent_hash *ret_root, ent_hashes *ret_proof, ent_err *err)
{
    if (from_to[0] > from_to[1] || from_to[1] > size)
        return ent_fail(err, ENT_NOT_FOUND, "no proof from %" PRIu64 " to %" PRIu64 " entries: the ledger has %" PRIu64, from_to[0], from_to[1], size);
    ent_tree_root(t, from_to[1], ret_root);
    ent_tree_consistency(t, from_to[0], from_to[1], ret_proof);
    return ENT_OK;
}

ent_code ent_cosigned_check(const ent_own_log *log, const char *note, size_t len, ent_checkpoint *ret_checkpoint, ent_err *err)
{
    ent_checkpoint c;
    ent_hash root;
    ENT_TRY(ent_checkpoint_parse(note, len, &c, err));
    if (strcmp(c.origin, log->origin) != 0 || !ent_note_signed_by(note, len, log->origin, &log->key))
        return ent_fail(err, ENT_SIGNATURE, "the checkpoint is not signed by \"%s\"", log->origin);
    if (c.size < log->kept)
        return ent_fail(err, ENT_STALE, "a cosigned checkpoint of %" PRIu64 " entries, one of %" PRIu64 " is kept", c.size, log->kept);
    if (c.size > log->size)
        return ent_fail(err, ENT_CONFLICT, "a cosigned checkpoint of %" PRIu64 " entries, the ledger has %" PRIu64, c.size, log->size);
    ent_tree_root(log->tree, c.size, &root);
    if (memcmp(&root, &c.root, sizeof root) != 0) return ent_fail(err, ENT_CONFLICT, "the cosigned checkpoint is of another history");
    *ret_checkpoint = c;
    return ENT_OK;
}

ent_code ent_cosigned_receipt(const ent_own_log *log, const uint8_t entry[ENT_ENTRY_SIZE], uint64_t index, const ent_buf *note,
                              ent_buf *ret_text, ent_err *err)
{
    ent_hashes path;
    if (index >= log->kept) return ent_fail(err, ENT_NOT_FOUND, "no witness has co-signed entry %" PRIu64 " yet", index);
    ent_tree_inclusion(log->tree, index, log->kept, &path);
    return ent_proof_write(entry, index, &path, (const char *)note->data, note->len, ret_text, err);
}
