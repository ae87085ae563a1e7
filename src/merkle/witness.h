/* C2SP tlog-witness, the pure part: the body of add-checkpoint, and what a witness answers to it, given what it remembers.
 * Whoever calls remembers (src/witness for the program of its own, src/flow/receipt for a node among its partners) and makes
 * sure that nothing came between the look and the memory. */
#ifndef MERKLE_WITNESS_H
#define MERKLE_WITNESS_H

#include "merkle/note.h"

#define ENT_ADD_CHECKPOINT_MAX (ENT_NOTE_MAX + 4096)

typedef struct ent_add_checkpoint {
    uint64_t old;       /* the size that the sender believes the witness to know */
    ent_hashes proof;   /* of consistency, from old to the checkpoint */
    const char *note;   /* borrowed from the body that was parsed */
    size_t note_len;
} ent_add_checkpoint;

/* ENT_FORMAT (HTTP 400), ENT_TOO_LARGE. The checkpoint itself is only looked at by ent_witness_judge. */
ENT_MUST_CHECK ent_code ent_add_checkpoint_parse(const char *body, size_t len, ent_add_checkpoint *ret_add, ent_err *err);
ENT_MUST_CHECK ent_code ent_add_checkpoint_write(const ent_add_checkpoint *add, ent_buf *ret_body, ent_err *err);

/* What a witness knows of one log. Borrowed for the call. */
typedef struct ent_known_log {
    const char *origin;
    const ent_public_key *key;  /* each may sign */
    size_t key_count;
    bool seen;                  /* a checkpoint was cosigned: size and root are of the latest */
    uint64_t size;
    ent_hash root;
} ent_known_log;

typedef enum ent_witness_verdict {
    ENT_WITNESS_TAKE = 200,     /* remember it, then cosign */
    ENT_WITNESS_BAD = 400,      /* old is larger than the checkpoint, or it is none */
    ENT_WITNESS_UNSIGNED = 403,
    ENT_WITNESS_BEHIND = 409,   /* answer with the size that is known */
    ENT_WITNESS_REFUSE = 422    /* proof or root does not fit */
} ent_witness_verdict;

/* The log's answer in HTTP's terms, in the order of the specification. *ret_fork: this log's own key signed a history that is not
 * the one that is remembered: keep both notes. */
ent_witness_verdict ent_witness_judge(const ent_add_checkpoint *add, const ent_known_log *log, ent_checkpoint *ret_checkpoint,
                                      bool *ret_fork);

/* ---- keys as text: "NAME+ID+BASE64" (signed-note, "Verifier keys") ---- */

#define ENT_VKEY_MAX (ENT_ORIGIN_MAX + 64)
ENT_MUST_CHECK ent_code ent_vkey_write(const char *name, uint8_t type, const ent_public_key *key, char ret_vkey[ENT_VKEY_MAX], ent_err *err);
ENT_MUST_CHECK ent_code ent_vkey_read(const char *vkey, char ret_name[ENT_ORIGIN_MAX], uint8_t *ret_type, ent_public_key *ret_key, ent_err *err);

#endif
