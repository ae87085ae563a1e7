#include "merkle/witness.h"

#include "base/text.h"
#include "crypto/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OLD "old "

ent_code ent_add_checkpoint_parse(const char *body, size_t len, ent_add_checkpoint *ret_add, ent_err *err)
{
    const char *at = body, *end = body + len, *line;
    size_t n;
    ent_add_checkpoint a = {0};
    if (len > ENT_ADD_CHECKPOINT_MAX) return ent_fail(err, ENT_TOO_LARGE, "a body of %zu bytes, at most %d", len, ENT_ADD_CHECKPOINT_MAX);
    if (!ent_note_line(&at, end, &line, &n) || n < sizeof OLD || memcmp(line, OLD, sizeof OLD - 1) != 0 ||
        !ent_note_number(line + sizeof OLD - 1, n - (sizeof OLD - 1), &a.old))
        return ent_fail(err, ENT_FORMAT, "the body begins with \"old \" and the size that is known");
    for (;;) {
        if (!ent_note_line(&at, end, &line, &n)) return ent_fail(err, ENT_FORMAT, "the body has no empty line before its checkpoint");
        if (n == 0) break;
        /* tlog-witness: no more than 63 consistency proof lines */
        if (a.proof.count == 63 || !ent_note_hash(line, n, &a.proof.at[a.proof.count]))
            return ent_fail(err, ENT_FORMAT, "line %zu of the proof is not a hash, or the 64th", a.proof.count + 1);
        a.proof.count++;
    }
    a.note = at;
    a.note_len = (size_t)(end - at);
    *ret_add = a;
    return ENT_OK;
}

ent_code ent_add_checkpoint_write(const ent_add_checkpoint *add, ent_buf *ret_body, ent_err *err)
{
    char line[ENT_BASE64_SIZE(32)];
    ent_buf_fmt(ret_body, OLD "%" PRIu64 "\n", add->old);
    for (size_t i = 0; i < add->proof.count; i++) {
        ent_base64(add->proof.at[i].b, 32, line);
        ent_buf_fmt(ret_body, "%s\n", line);
    }
    ent_buf_str(ret_body, "\n");
    ent_buf_put(ret_body, add->note, add->note_len);
    return ent_buf_check(ret_body, err);
}

static bool signed_by_log(const ent_add_checkpoint *add, const ent_known_log *log)
{
    bool valid = false;
    for (size_t i = 0; i < log->key_count; i++) {
        ent_note_found found = ent_note_look(add->note, add->note_len, log->origin, &log->key[i]);
        if (found == ENT_NOTE_INVALID) return false; /* a line of a known key that does not verify: the note is malformed */
        valid = valid || found == ENT_NOTE_VALID;
    }
    return valid;
}

ent_witness_verdict ent_witness_judge(const ent_add_checkpoint *add, const ent_known_log *log, ent_checkpoint *ret_checkpoint, bool *ret_fork)
{
    ent_checkpoint c;
    ent_hash nothing, old = log->root;
    *ret_fork = false;
    if (ent_checkpoint_parse(add->note, add->note_len, &c, NULL) != ENT_OK) return ENT_WITNESS_BAD;
    if (strcmp(c.origin, log->origin) != 0 || !signed_by_log(add, log)) return ENT_WITNESS_UNSIGNED;
    /* whatever else it says: its own signature is on two roots of one size */
    *ret_fork = log->seen && c.size == log->size && memcmp(&c.root, &log->root, sizeof c.root) != 0;
    if (add->old > c.size) return ENT_WITNESS_BAD;
    if (add->old != (log->seen ? log->size : 0)) return ENT_WITNESS_BEHIND;
    ent_sha256("", 0, nothing.b);
    if (c.size == 0 && memcmp(&c.root, &nothing, sizeof nothing) != 0) return ENT_WITNESS_REFUSE;
    if (add->old == 0) {
        if (add->proof.count || *ret_fork) return ENT_WITNESS_REFUSE;
    } else if (!ent_consistency_holds(add->old, &old, c.size, &c.root, &add->proof)) {
        return ENT_WITNESS_REFUSE;
    }
    *ret_checkpoint = c;
    return ENT_WITNESS_TAKE;
}

/* ---- verifier keys ---- */

ent_code ent_vkey_write(const char *name, uint8_t type, const ent_public_key *key, char ret_vkey[ENT_VKEY_MAX], ent_err *err)
{
    uint8_t bytes[33], id[4];
    char base64[ENT_BASE64_SIZE(sizeof bytes)], hex[9];
    if (!ent_note_name_fits(name)) return ent_fail(err, ENT_FORMAT, "\"%s\" is no name of a key: it has no spaces or plus signs", name);
    bytes[0] = type;
    memcpy(bytes + 1, key->b, 32);
    ent_note_key_id(name, type, key, id);
    ent_base64(bytes, sizeof bytes, base64);
    ent_hex(id, 4, hex);
    snprintf(ret_vkey, ENT_VKEY_MAX, "%s+%s+%s", name, hex, base64);
    return ENT_OK;
}

ent_code ent_vkey_read(const char *vkey, char ret_name[ENT_ORIGIN_MAX], uint8_t *ret_type, ent_public_key *ret_key, ent_err *err)
{
    const char *plus = strchr(vkey, '+'), *second = plus ? strchr(plus + 1, '+') : NULL;
    char name[ENT_ORIGIN_MAX], digits[9] = "";
    uint8_t bytes[33], id[4], want[4];
    ent_public_key key;
    size_t n = plus ? (size_t)(plus - vkey) : 0, got;
    if (second && second - plus == 9) memcpy(digits, plus + 1, 8);
    if (!second || n == 0 || n >= sizeof name || !ent_unhex(digits, id, 4) ||
        !ent_unbase64(second + 1, strlen(second + 1), bytes, sizeof bytes, &got) || got != sizeof bytes)
        return ent_fail(err, ENT_FORMAT, "a key is written NAME+ID+KEY: eight hexadecimal digits, then base64 of its type and 32 bytes");
    memcpy(name, vkey, n);
    name[n] = 0;
    memcpy(key.b, bytes + 1, 32);
    ent_note_key_id(name, bytes[0], &key, want);
    if (bytes[0] != ENT_NOTE_ED25519 && bytes[0] != ENT_NOTE_COSIGNATURE) return ent_fail(err, ENT_UNSUPPORTED, "a key of type %u; 1 and 4 are known", bytes[0]);
    if (!ent_note_name_fits(name) || memcmp(id, want, 4) != 0) return ent_fail(err, ENT_FORMAT, "the id in the key of \"%s\" does not fit it", name);
    memcpy(ret_name, name, n + 1);
    *ret_type = bytes[0];
    *ret_key = key;
    return ENT_OK;
}
