#include "merkle/note.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "merkle/shard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LAST_SECOND 253402300799ull /* of the year 9999; tlog-cosignature allows any below 2^63, and to refuse what is in the future */
#define DASH "\xe2\x80\x94 " /* em dash and space begin a signature line */

void ent_note_key_id(const char *name, uint8_t type, const ent_public_key *key, uint8_t ret_id[4])
{
    uint8_t digest[32];
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(name, strlen(name)), ENT_BYTES("\n", 1), ENT_BYTES(&type, 1), ENT_BYTES(key->b, 32)}, 4, digest);
    memcpy(ret_id, digest, 4);
}

bool ent_note_name_fits(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < ENT_ORIGIN_MAX && !strpbrk(name, " +\n\t") && ent_utf8_valid((const uint8_t *)name, n);
}

static void put_line(ent_buf *b, const char *name, uint8_t type, const ent_public_key *key, const void *blob, size_t n)
{
    uint8_t bytes[4 + 8 + ENT_SIGNATURE_SIZE];
    char text[ENT_BASE64_SIZE(sizeof bytes)];
    ent_note_key_id(name, type, key, bytes);
    memcpy(bytes + 4, blob, n);
    ent_base64(bytes, 4 + n, text);
    ent_buf_fmt(b, DASH "%s %s\n", name, text);
}

ent_code ent_checkpoint_sign(const ent_checkpoint *c, const ent_secret_key *secret, ent_buf *ret_note, ent_err *err)
{
    char root[ENT_BASE64_SIZE(32)];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_public_key public;
    if (!ent_note_name_fits(c->origin)) return ent_fail(err, ENT_FORMAT, "a log's origin has no spaces or plus signs and is not empty");
    size_t at = ret_note->len;
    ent_base64(c->root.b, 32, root);
    ent_buf_fmt(ret_note, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
    ENT_TRY(ent_buf_check(ret_note, err));
    ent_sign(secret, ret_note->data + at, ret_note->len - at, signature);
    ent_sign_public(secret, &public);
    ent_buf_u8(ret_note, '\n');
    put_line(ret_note, c->origin, ENT_NOTE_ED25519, &public, signature, sizeof signature);
    return ent_buf_check(ret_note, err);
}

/* The text ends before the last empty line; what follows are signature lines. */
static bool split_note(const char *note, size_t len, size_t *ret_text, size_t *ret_lines)
{
    if (len < 4 || len > ENT_NOTE_MAX || note[len - 1] != '\n') return false;
    for (size_t i = len - 1; i-- > 1;)
        if (note[i] == '\n' && note[i - 1] == '\n') {
            *ret_text = i;
            *ret_lines = i + 1;
            return true;
        }
    return false;
}

/* Reads one line up to its newline; false at the end. */
bool ent_note_line(const char **at, const char *end, const char **ret_line, size_t *ret_len)
{
    const char *nl = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (!nl) return false;
    *ret_line = *at;
    *ret_len = (size_t)(nl - *at);
    *at = nl + 1;
    return true;
}

bool ent_note_number(const char *text, size_t n, uint64_t *ret_value)
{
    uint64_t v = 0;
    if (n == 0 || n > 19 || (text[0] == '0' && n > 1)) return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        v = v * 10 + (uint64_t)(text[i] - '0');
    }
    *ret_value = v;
    return true;
}

bool ent_note_hash(const char *text, size_t n, ent_hash *ret_hash)
{
    size_t got;
    return ent_unbase64(text, n, ret_hash->b, 32, &got) && got == 32;
}

ent_code ent_checkpoint_parse(const char *note, size_t len, ent_checkpoint *ret_checkpoint, ent_err *err)
{
    size_t text, lines, n;
    ent_checkpoint c = {0};
    const char *line, *at = note;
    if (!split_note(note, len, &text, &lines)) return ent_fail(err, ENT_FORMAT, "a checkpoint is a text, an empty line and signature lines");
    const char *end = note + text;
    if (!ent_note_line(&at, end, &line, &n) || n == 0 || n >= sizeof c.origin) return ent_fail(err, ENT_FORMAT, "a checkpoint begins with its log's origin");
    memcpy(c.origin, line, n);
    if (!ent_note_name_fits(c.origin)) return ent_fail(err, ENT_FORMAT, "a checkpoint's origin has no spaces or plus signs");
    if (!ent_note_line(&at, end, &line, &n) || !ent_note_number(line, n, &c.size)) return ent_fail(err, ENT_FORMAT, "a checkpoint's second line is the tree's size");
    if (!ent_note_line(&at, end, &line, &n) || !ent_note_hash(line, n, &c.root)) return ent_fail(err, ENT_FORMAT, "a checkpoint's third line is the root's hash");
    *ret_checkpoint = c;
    return ENT_OK;
}

/* A signature line of this name and key id: its bytes after the id. */
static bool line_of(const char *line, size_t n, const char *name, const uint8_t id[4], uint8_t *ret_blob, size_t want)
{
    uint8_t bytes[4 + 8 + ENT_SIGNATURE_SIZE];
    size_t name_len = strlen(name), dash = strlen(DASH), got;
    if (n < dash + name_len + 2 || memcmp(line, DASH, dash) != 0 || memcmp(line + dash, name, name_len) != 0 || line[dash + name_len] != ' ')
        return false;
    if (!ent_unbase64(line + dash + name_len + 1, n - dash - name_len - 1, bytes, sizeof bytes, &got)) return false;
    if (got != 4 + want || memcmp(bytes, id, 4) != 0) return false;
    memcpy(ret_blob, bytes + 4, want);
    return true;
}

ent_note_found ent_note_look(const char *note, size_t len, const char *name, const ent_public_key *key)
{
    size_t text, lines, n;
    const char *line;
    uint8_t id[4], signature[ENT_SIGNATURE_SIZE];
    ent_note_found found = ENT_NOTE_ABSENT;
    if (!split_note(note, len, &text, &lines)) return ENT_NOTE_ABSENT;
    ent_note_key_id(name, ENT_NOTE_ED25519, key, id);
    for (const char *at = note + lines; ent_note_line(&at, note + len, &line, &n);) {
        if (!line_of(line, n, name, id, signature, sizeof signature)) continue;
        if (!ent_sign_verify(key, note, text, signature)) return ENT_NOTE_INVALID;
        found = ENT_NOTE_VALID;
    }
    return found;
}

bool ent_note_signed_by(const char *note, size_t len, const char *name, const ent_public_key *key)
{
    return ent_note_look(note, len, name, key) == ENT_NOTE_VALID;
}

bool ent_note_own_lines(const char *note, size_t len, const char *name, const ent_public_key *keys, size_t count, ent_buf *ret_note)
{
    size_t text, lines, n;
    const char *line;
    bool any = false;
    if (!split_note(note, len, &text, &lines)) return false;
    ent_buf_put(ret_note, note, lines);
    for (const char *at = note + lines; ent_note_line(&at, note + len, &line, &n);)
        for (size_t i = 0; i < count; i++) {
            uint8_t id[4], signature[ENT_SIGNATURE_SIZE];
            ent_note_key_id(name, ENT_NOTE_ED25519, &keys[i], id);
            if (!line_of(line, n, name, id, signature, sizeof signature) || !ent_sign_verify(&keys[i], note, text, signature)) continue;
            ent_buf_put(ret_note, line, n + 1);
            any = true;
        }
    return any && ret_note->failed == ENT_OK;
}

static ent_code cosigned_text(const char *note, size_t text, uint64_t seconds, ent_buf *ret, ent_err *err)
{
    ent_buf_fmt(ret, "cosignature/v1\ntime %" PRIu64 "\n", seconds);
    ent_buf_put(ret, note, text);
    return ent_buf_check(ret, err);
}

ent_code ent_note_cosign(const char *note, size_t len, const char *witness, const ent_secret_key *secret, ent_time now,
                         ent_buf *ret_line, ent_err *err)
{
    size_t text, lines;
    ent_public_key public;
    uint8_t blob[8 + ENT_SIGNATURE_SIZE];
    ENT_AUTO_BUF message = ENT_BUF(ENT_NOTE_MAX + 64);
    if (!ent_note_name_fits(witness) || !split_note(note, len, &text, &lines)) return ent_fail(err, ENT_FORMAT, "not a checkpoint to co-sign");
    uint64_t seconds = (uint64_t)(now.ms / 1000);
    ENT_TRY(cosigned_text(note, text, seconds, &message, err));
    for (int i = 0; i < 8; i++) blob[i] = (uint8_t)(seconds >> (56 - 8 * i));
    ent_sign(secret, message.data, message.len, blob + 8);
    ent_sign_public(secret, &public);
    put_line(ret_line, witness, ENT_NOTE_COSIGNATURE, &public, blob, sizeof blob);
    return ent_buf_check(ret_line, err);
}

bool ent_note_cosigned_by(const char *note, size_t len, const char *witness, const ent_public_key *key, ent_time *ret_time)
{
    size_t text, lines, n;
    const char *line;
    uint8_t id[4], blob[8 + ENT_SIGNATURE_SIZE];
    if (!split_note(note, len, &text, &lines)) return false;
    ent_note_key_id(witness, ENT_NOTE_COSIGNATURE, key, id);
    for (const char *at = note + lines; ent_note_line(&at, note + len, &line, &n);) {
        if (!line_of(line, n, witness, id, blob, sizeof blob)) continue;
        uint64_t seconds = 0;
        for (int i = 0; i < 8; i++) seconds = seconds << 8 | blob[i];
        if (seconds > LAST_SECOND) return false;
        ENT_AUTO_BUF message = ENT_BUF(ENT_NOTE_MAX + 64);
        if (cosigned_text(note, text, seconds, &message, NULL) != ENT_OK) return false;
        if (!ent_sign_verify(key, message.data, message.len, blob + 8)) return false;
        if (ret_time) ret_time->ms = (int64_t)seconds * 1000;
        return true;
    }
    return false;
}

bool ent_note_take_cosignature(ent_buf *note, const char *lines, size_t len, const char *witness, const ent_public_key *key)
{
    const char *line;
    size_t n;
    if (ent_note_cosigned_by((const char *)note->data, note->len, witness, key, NULL)) return true;
    for (const char *at = lines; ent_note_line(&at, lines + len, &line, &n);) {
        ENT_AUTO_BUF with = ENT_BUF(ENT_NOTE_MAX);
        ent_buf_put(&with, note->data, note->len);
        ent_buf_put(&with, line, n + 1);
        if (with.failed != ENT_OK || !ent_note_cosigned_by((const char *)with.data, with.len, witness, key, NULL)) continue;
        ent_buf_put(note, line, n + 1);
        return note->failed == ENT_OK;
    }
    return false;
}

/* ---- tlog-proof ---- */

#define PROOF_HEAD "c2sp.org/tlog-proof@v1"

ent_code ent_proof_write(const uint8_t *entry, uint64_t index, const ent_hashes *path, const char *note, size_t note_len,
                         ent_buf *ret_text, ent_err *err)
{
    char line[ENT_BASE64_SIZE(ENT_ENTRY_SIZE)];
    ent_buf_str(ret_text, PROOF_HEAD "\n");
    if (entry) {
        ent_base64(entry, ENT_ENTRY_SIZE, line);
        ent_buf_fmt(ret_text, "extra %s\n", line);
    }
    ent_buf_fmt(ret_text, "index %" PRIu64 "\n", index);
    for (size_t i = 0; i < path->count; i++) {
        ent_base64(path->at[i].b, 32, line);
        ent_buf_fmt(ret_text, "%s\n", line);
    }
    ent_buf_str(ret_text, "\n");
    ent_buf_put(ret_text, note, note_len);
    return ent_buf_check(ret_text, err);
}

ent_code ent_proof_parse(const char *text, size_t len, ent_proof *ret_proof, ent_err *err)
{
    const char *at = text, *end = text + len, *line;
    size_t n, got;
    ent_proof p = {0};
    if (len > ENT_NOTE_MAX) return ent_fail(err, ENT_TOO_LARGE, "a proof of %zu bytes, at most %d", len, ENT_NOTE_MAX);
    if (!ent_note_line(&at, end, &line, &n) || n != strlen(PROOF_HEAD) || memcmp(line, PROOF_HEAD, n) != 0)
        return ent_fail(err, ENT_FORMAT, "a proof's first line is \"%s\"", PROOF_HEAD);
    if (!ent_note_line(&at, end, &line, &n)) return ent_fail(err, ENT_FORMAT, "the proof ends after its first line");
    if (n > 6 && memcmp(line, "extra ", 6) == 0) {
        if (!ent_unbase64(line + 6, n - 6, p.extra, sizeof p.extra, &got) || got != sizeof p.extra)
            return ent_fail(err, ENT_FORMAT, "a receipt's \"extra\" line is one ledger entry of %d bytes", ENT_ENTRY_SIZE);
        p.has_extra = true;
        if (!ent_note_line(&at, end, &line, &n)) return ent_fail(err, ENT_FORMAT, "the proof has no \"index\" line");
    }
    if (n < 7 || memcmp(line, "index ", 6) != 0 || !ent_note_number(line + 6, n - 6, &p.index))
        return ent_fail(err, ENT_FORMAT, "the proof's \"index\" line is not a number");
    for (;;) {
        if (!ent_note_line(&at, end, &line, &n)) return ent_fail(err, ENT_FORMAT, "the proof has no checkpoint");
        if (n == 0) break;
        if (p.path.count == ENT_LIMIT_PROOF || !ent_note_hash(line, n, &p.path.at[p.path.count]))
            return ent_fail(err, ENT_FORMAT, "line %zu of the proof's path is not a hash, or the %dth", p.path.count + 1, ENT_LIMIT_PROOF + 1);
        p.path.count++;
    }
    p.note = at;
    p.note_len = (size_t)(end - at);
    *ret_proof = p;
    return ENT_OK;
}

ent_code ent_proof_verify(const char *text, size_t len, const char *name, const ent_public_key *key, ent_entry *ret_entry,
                          uint64_t *ret_index, ent_checkpoint *ret_checkpoint, ent_err *err)
{
    ent_proof p;
    ent_checkpoint c;
    ent_entry e;
    ent_hash leaf;
    ENT_TRY(ent_proof_parse(text, len, &p, err));
    if (!p.has_extra) return ent_fail(err, ENT_FORMAT, "the proof carries no entry (\"extra\")");
    ENT_TRY(ent_checkpoint_parse(p.note, p.note_len, &c, err));
    if (!ent_shard_origin_of(c.origin, name, NULL)) return ent_fail(err, ENT_SIGNATURE, "a proof from the log \"%s\", expected one of \"%s\"", c.origin, name);
    if (!ent_note_signed_by(p.note, p.note_len, c.origin, key)) return ent_fail(err, ENT_SIGNATURE, "the checkpoint is not signed by the key of \"%s\"", name);
    ent_leaf_hash(p.extra, sizeof p.extra, &leaf);
    if (!ent_inclusion_holds(&leaf, p.index, c.size, &p.path, &c.root))
        return ent_fail(err, ENT_SIGNATURE, "the entry is not at index %" PRIu64 " of the tree of %" PRIu64 " that was signed", p.index, c.size);
    ENT_TRY(ent_entry_decode(p.extra, &e, err));
    if (ret_entry) *ret_entry = e;
    if (ret_index) *ret_index = p.index;
    if (ret_checkpoint) *ret_checkpoint = c;
    return ENT_OK;
}
