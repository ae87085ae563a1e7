/* A message as HTTP: which fields carry it, what its signature must cover, and the checks that both ends make. The
 * normative text is docs/protocol/exchange.md. */
#ifndef API_EXCHANGE_WIRE_H
#define API_EXCHANGE_WIRE_H

#include "api/exchange/signature.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "port/clock.h"
#include "port/directory.h"

#define ENT_WIRE_VERSION "1"
#define ENT_WIRE_HEALTH "/v1/health"     /* GET: 204 to a partner, nothing else */
#define ENT_WIRE_ITL "application/x.entente-itl" /* a transaction, as an answer to a search */
#define ENT_WIRE_RETRY_S 1             /* after a 202 */
#define ENT_WIRE_LABEL "entente"        /* of the signature, in requests and answers */
#define ENT_WIRE_TAG_REQUEST "entente-request"
#define ENT_WIRE_TAG_ANSWER "entente-answer"

enum { ENT_WIRE_FIELDS = 48, ENT_WIRE_TEXT = ENT_LIMIT_HEADERS + 8192 };

/* Fields that somebody sent or that are to be sent, with their texts. About 40 KB: not on a small stack. */
typedef struct ent_wire_fields {
    ent_http_field field[ENT_WIRE_FIELDS];
    size_t count;
    char text[ENT_WIRE_TEXT];
    size_t used;
    bool overflow; /* more fields or bytes than the limits */
} ent_wire_fields;

/* Copies name (in lower case) and value (without white space at its ends). */
void ent_wire_add(ent_wire_fields *fields, const char *name, size_t name_len, const char *value, size_t value_len);

/* Whereto: GET after a search that was taken on, else POST to the kind's path. */
typedef struct ent_wire_target {
    const char *method;
    char path[ENT_JOB_PATH];
} ent_wire_target;

ent_wire_target ent_wire_target_of(const ent_message *message);
const char *ent_wire_path(ent_message_kind kind);
/* Whether a GET of this path asks after a search, and of which id. */
bool ent_wire_job(const char *path, uint8_t ret_id[ENT_ID_SIZE]);
/* ENT_MESSAGE_COUNT for a path that is none. */
ent_message_kind ent_wire_kind(const char *path);

/* A key as it stands in keyid: 64 hexadecimal digits. */
#define ENT_WIRE_KEYID 65
void ent_wire_keyid(const uint8_t key[32], char ret_keyid[ENT_WIRE_KEYID]);

/* Writes the fields of a message to `to`, signed; appends the signature base. */
ENT_MUST_CHECK ent_code ent_wire_request(const ent_message *message, const char *to, ent_time now,
                                         const uint8_t nonce[16], const ent_secret_key *key,
                                         ent_wire_fields *ret_fields, ent_buf *ret_base, ent_err *err);

/* What a request says, after its signature, digest and freshness were checked; texts point into the fields. */
typedef struct ent_wire_request_read {
    ent_message message;            /* without body */
    uint8_t digest[32];             /* of the agreement */
    uint8_t signature[ENT_SIGNATURE_SIZE];
    char agreement[64];
} ent_wire_request_read;

/* Checks a request that came from `peer` for the node `name`. ENT_SIGNATURE (unsigned, wrong key or algorithm, a bit
 * changed, something not covered), ENT_STALE (created outside the window), ENT_UNSUPPORTED (version), ENT_FORMAT.
 * Appends the signature base. */
ENT_MUST_CHECK ent_code ent_wire_check_request(const ent_http_message *http, ent_bytes body, const ent_peer *peer,
                                               const char *name, ent_time now, ent_wire_request_read *ret_read,
                                               ent_buf *ret_base, ent_err *err);

/* Writes an answer's fields; its signature covers the request's, when that has one, and of a 202, which names the `job`, where and
 * when to ask after it. Appends the base. */
ENT_MUST_CHECK ent_code ent_wire_answer(const ent_http_message *request, int status, const char *job, ent_bytes body, ent_time now,
                                        const ent_secret_key *key, ent_wire_fields *ret_fields, ent_buf *ret_base,
                                        ent_err *err);
/* What a checked 202 says: that it is about this job, and after how many seconds to ask. ENT_FORMAT, ENT_SIGNATURE. */
ENT_MUST_CHECK ent_code ent_wire_read_job(const ent_http_message *answer, const char *job, unsigned *ret_after_s, ent_err *err);

/* Checks an answer (whose `request` is set) from `peer`: ENT_SIGNATURE, ENT_STALE, ENT_FORMAT. Appends base. */
ENT_MUST_CHECK ent_code ent_wire_check_answer(const ent_http_message *http, ent_bytes body, const ent_peer *peer,
                                              ent_time now, ent_buf *ret_base,
                                              uint8_t ret_signature[ENT_SIGNATURE_SIZE], ent_err *err);

#endif
