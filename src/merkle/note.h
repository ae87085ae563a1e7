/* Texts that public verifiers know: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof (docs/protocol/
 * ledger.md says how they are used). Pure: bytes in, bytes out. Names are 1 to 127 bytes without spaces or plus signs. */
#ifndef MERKLE_NOTE_H
#define MERKLE_NOTE_H

#include "base/buf.h"
#include "base/when.h"
#include "crypto/sign.h"
#include "merkle/entry.h"
#include "merkle/tree.h"

#define ENT_ORIGIN_MAX 128
#define ENT_NOTE_ED25519 0x01       /* signed-note, "Signature types" */
#define ENT_NOTE_COSIGNATURE 0x04   /* tlog-cosignature, Ed25519 */
#define ENT_NOTE_MAX (64 << 10)

typedef struct ent_checkpoint {
    char origin[ENT_ORIGIN_MAX];
    uint64_t size;
    ent_hash root;
} ent_checkpoint;

/* First four bytes of SHA-256(name, newline, type, key). */
void ent_note_key_id(const char *name, uint8_t type, const ent_public_key *key, uint8_t ret_id[4]);

/* Appends the checkpoint's text, an empty line and the log's own signature; the key's name is the origin. */
ENT_MUST_CHECK ent_code ent_checkpoint_sign(const ent_checkpoint *c, const ent_secret_key *secret, ent_buf *ret_note,
                                            ent_err *err);
/* Reads the three lines; nothing is verified. ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_checkpoint_parse(const char *note, size_t len, ent_checkpoint *ret_checkpoint, ent_err *err);
/* Whether this key has a line under it. INVALID: one with its name and id that does not verify, which makes the note bad. */
typedef enum ent_note_found { ENT_NOTE_ABSENT, ENT_NOTE_VALID, ENT_NOTE_INVALID } ent_note_found;
ent_note_found ent_note_look(const char *note, size_t len, const char *name, const ent_public_key *key);
bool ent_note_signed_by(const char *note, size_t len, const char *name, const ent_public_key *key);

/* Appends the line "— name base64(id, time, signature)" of a witness under the checkpoint. */
ENT_MUST_CHECK ent_code ent_note_cosign(const char *note, size_t len, const char *witness, const ent_secret_key *secret,
                                        ent_time now, ent_buf *ret_line, ent_err *err);
/* Its time in ret_time (may be NULL). */
bool ent_note_cosigned_by(const char *note, size_t len, const char *witness, const ent_public_key *key, ent_time *ret_time);

/* Appends to the note those of `lines` that are this witness's valid cosignature on it and not there yet; whether there was one. */
bool ent_note_take_cosignature(ent_buf *note, const char *lines, size_t len, const char *witness, const ent_public_key *key);

/* Appends the note with only those signature lines that one of these keys of the log made; false when there is none. */
bool ent_note_own_lines(const char *note, size_t len, const char *name, const ent_public_key *keys, size_t count, ent_buf *ret_note);

/* ---- the forms that these texts share ---- */

/* The next line without its newline; false at the end. */
bool ent_note_line(const char **at, const char *end, const char **ret_line, size_t *ret_len);
bool ent_note_number(const char *text, size_t n, uint64_t *ret_value); /* decimal, no leading zeroes */
bool ent_note_hash(const char *text, size_t n, ent_hash *ret_hash);
bool ent_note_name_fits(const char *name);

/* ---- tlog-proof v1: the receipt ---- */

typedef struct ent_proof {
    uint8_t extra[ENT_ENTRY_SIZE]; /* the entry itself, so that a receipt is one file */
    bool has_extra;
    uint64_t index;
    ent_hashes path;
    const char *note; /* borrowed from the text that was parsed */
    size_t note_len;
} ent_proof;

ENT_MUST_CHECK ent_code ent_proof_write(const uint8_t *entry, uint64_t index, const ent_hashes *path, const char *note,
                                        size_t note_len, ent_buf *ret_text, ent_err *err);
ENT_MUST_CHECK ent_code ent_proof_parse(const char *text, size_t len, ent_proof *ret_proof, ent_err *err);
/* The whole way: form, origin (the log of `name`, of whichever year: shard.h), its signature by key, inclusion of the entry. What is
 * returned may be NULL. */
ENT_MUST_CHECK ent_code ent_proof_verify(const char *text, size_t len, const char *name, const ent_public_key *key,
                                         ent_entry *ret_entry, uint64_t *ret_index, ent_checkpoint *ret_checkpoint,
                                         ent_err *err);

#endif
