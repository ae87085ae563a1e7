/* The agreement's envelope: the exact bytes of the file and what was declared about them, each declaration signed
 * (docs/protocol/agreement.md is normative). An envelope only grows: declarations are appended, and those of two copies joined.
 *
 *   entente-agreement/v1
 *   name gb-us-2022
 *   version 1
 *   sha256 5f…                                        of the file
 *   length 1834                                       of the file, in bytes
 *                                                     an empty line, then the file, byte for byte, then a newline
 *   sign gb.home-office 2026-03-10T09:08:07.123Z ed25519 KEY SIGNATURE        both base64
 *   suspend us.dhs 2026-05-01T…
 *
 * Pure: bytes <-> struct; time comes in. Any thread. */
#ifndef LAW_ENVELOPE_H
#define LAW_ENVELOPE_H

#include "base/buf.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "law/agreement.h"

/* what can be declared: word, who may */
#define ENT_ACTS(X)                                                                                                    \
    X(SIGN, "sign")           /* a party binds itself */                                                               \
    X(WITNESS, "witness")     /* a witness has seen it */                                                              \
    X(SUSPEND, "suspend")     /* a party that has signed: nothing is asked or answered from now on */                  \
    X(RESUME, "resume")       /* the party that suspended */                                                           \
    X(END, "end")             /* a party; final */

typedef enum ent_act {
#define ENT_X(name, text) ENT_ACT_##name,
    ENT_ACTS(ENT_X)
#undef ENT_X
        ENT_ACT_COUNT
} ent_act;

enum { ENT_ENVELOPE_DECLARATIONS = 64, ENT_ENVELOPE_MAX = ENT_LIMIT_YAML_FILE + 64 * 512, ENT_ENVELOPE_WHY = 256 };

typedef struct ent_declaration {
    ent_act act;
    char name[ENT_PARTY_NAME];
    ent_time time;
    ent_public_key key;
    uint8_t signature[ENT_SIGNATURE_SIZE];
} ent_declaration;

typedef struct ent_envelope {
    char name[ENT_LAW_NAME];
    uint32_t version;
    uint8_t digest[32];        /* SHA-256 of the file */
    uint8_t *file;             /* owned */
    size_t file_len;
    ent_declaration declaration[ENT_ENVELOPE_DECLARATIONS];
    size_t count;
} ent_envelope;

typedef enum ent_agreement_state {
    ENT_AGREEMENT_DRAFT,       /* nobody signed */
    ENT_AGREEMENT_PROPOSED,    /* a party is missing */
    ENT_AGREEMENT_SIGNED,      /* all parties: in force between its dates */
    ENT_AGREEMENT_SUSPENDED,   /* by at least one party */
    ENT_AGREEMENT_ENDED
} ent_agreement_state;

/* Whether `key` was this party's identity key at that time (a rotated one, say). NULL where one is asked for: only the
 * keys that the file itself names. */
typedef struct ent_key_history {
    void *self;
    bool (*was_key_of)(void *self, const char *name, const ent_public_key *key, ent_time at);
} ent_key_history;

/* A fresh envelope without declarations around a file that was read as `a`. The caller frees its insides. */
ENT_MUST_CHECK ent_code ent_envelope_make(const ent_agreement *a, const void *file, size_t len,
                                          ent_envelope *ret_envelope, ent_err *err);
/* Checks form, length and digest, no signature yet. ENT_FORMAT, ENT_TOO_LARGE, ENT_DAMAGED (digest). */
ENT_MUST_CHECK ent_code ent_envelope_decode(const void *bytes, size_t len, ent_envelope *ret_envelope, ent_err *err);
void ent_envelope_encode(const ent_envelope *e, ent_buf *ret_bytes);
void ent_envelope_free(ent_envelope *e); /* what it points to; NULL is fine */

/* Appends a signed declaration. ENT_REFUSED when this state does not allow the act; ENT_CONFLICT when `time` lies before
 * the last declaration; ENT_TOO_LARGE for a resumption that would leave this party no room to suspend and end. */
ENT_MUST_CHECK ent_code ent_envelope_declare(ent_envelope *e, const ent_agreement *a, ent_act act, const char *name,
                                             ent_time time, const ent_secret_key *key, ent_err *err);

/* Every declaration is by somebody who may make it, in an order that the states allow, and its signature verifies with a
 * key that the file names or the history knows. `a` is the file, read: its name and version must be the envelope's.
 * ENT_SIGNATURE, ENT_REFUSED, ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_envelope_verify(const ent_envelope *e, const ent_agreement *a,
                                            const ent_key_history *history, ent_agreement_state *ret_state,
                                            ent_err *err);

/* State by the declarations alone; verify first. ret_clause ("suspended by us.dhs") may be NULL. */
ent_agreement_state ent_envelope_state(const ent_envelope *e, const ent_agreement *a,
                                       char ret_clause[ENT_LAW_CLAUSE]);

/* What stands against it: "suspended by us.dhs on 2026-05-01", each party's last word; "" when nothing does. A proposal may be suspended too. */
void ent_envelope_why(const ent_envelope *e, const ent_agreement *a, char ret_why[ENT_ENVELOPE_WHY]);
bool ent_envelope_signed_by(const ent_envelope *e, const char *name);
bool ent_envelope_binds(const ent_envelope *e, const ent_agreement *a); /* all parties have signed, whatever was declared since */

/* By the declarations made until then: what an audit asks. */
ent_agreement_state ent_envelope_state_at(const ent_envelope *e, const ent_agreement *a, ent_time at);

/* A copy that arrived, and the one that is there: `come` becomes what both tell. Two parties may declare at once, neither having heard the
 * other; so each party's declarations in one copy begin with those in the other, and what comes out is all of them by time (then
 * signatures first, then by name): the same at both ends. Verify it again. Versions only go up: an older one is ENT_REPLAY; the same version
 * with another file, or one party's declarations that differ, ENT_CONFLICT; ENT_EXISTS when it adds nothing. On failure `come` is as it was. */
ENT_MUST_CHECK ent_code ent_envelope_join(const ent_envelope *have, ent_envelope *come, ent_err *err);

const char *ent_act_text(ent_act act);
const char *ent_agreement_state_text(ent_agreement_state state);

#endif
