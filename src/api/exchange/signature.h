/* HTTP message signatures (RFC 9421) with Ed25519, and Content-Digest (RFC 9530) with SHA-256. What is read is read
 * strictly: only the serialisation that RFC 8941 calls canonical, so that the text that came is the text that was
 * signed. Pure: bytes in, bytes out. Any thread. */
#ifndef API_EXCHANGE_SIGNATURE_H
#define API_EXCHANGE_SIGNATURE_H

#include "base/buf.h"
#include "crypto/sign.h"

#include <stdbool.h>

typedef struct ent_http_field {
    const char *name;  /* lower case */
    const char *value; /* without white space at its ends */
} ent_http_field;

/* The parts of a request or an answer that a signature can cover. Borrowed. */
typedef struct ent_http_message {
    const char *method, *path, *authority; /* of a request; "" in an answer */
    int status;                            /* of an answer */
    const ent_http_field *field;
    size_t field_count;
    const struct ent_http_message *request; /* of an answer: what ;req refers to */
} ent_http_message;

enum { ENT_HTTPSIG_COMPONENTS = 24, ENT_HTTPSIG_TEXT = 128, ENT_HTTPSIG_BASE_MAX = 64 << 10 };

/* One member of Signature-Input. Points into the text that it was read from. */
typedef struct ent_httpsig {
    const char *raw;         /* from "(" to the last parameter: the value of @signature-params */
    size_t raw_len;
    struct {
        const char *text;    /* the identifier as it stands: "signature";req;key="x" with its quotes */
        size_t len;
    } component[ENT_HTTPSIG_COMPONENTS];
    size_t count;
    int64_t created;         /* seconds since 1970; -1: not stated */
    char keyid[ENT_HTTPSIG_TEXT], nonce[ENT_HTTPSIG_TEXT], alg[16], tag[32]; /* "": not stated */
} ent_httpsig;

/* The field's value; NULL when it is not there; *ret_twice (may be NULL) when there are two. */
const char *ent_http_field_value(const ent_http_message *m, const char *name, bool *ret_twice);

/* Reads the member `label` of a Signature-Input. ENT_NOT_FOUND without one; ENT_FORMAT; ENT_UNSUPPORTED for parameters
 * that are not known; ENT_TOO_LARGE. */
ENT_MUST_CHECK ent_code ent_httpsig_parse(const char *signature_input, const char *label, ent_httpsig *ret_signature,
                                          ent_err *err);
/* Whether the identifier ("content-digest" with its quotes) is covered. */
bool ent_httpsig_covers(const ent_httpsig *s, const char *identifier);
/* Appends the signature base (RFC 9421 section 2.5). ENT_FORMAT when a component is missing or stands twice. */
ENT_MUST_CHECK ent_code ent_httpsig_base(const ent_http_message *m, const ent_httpsig *s, ent_buf *ret_base,
                                         ent_err *err);
/* The bytes of member `label` of a Signature field. */
ENT_MUST_CHECK ent_code ent_httpsig_value(const char *signature, const char *label,
                                          uint8_t ret_signature[ENT_SIGNATURE_SIZE], ent_err *err);

/* Signs. `inner` is the inner list with its parameters: ("@method" "@path");created=1;keyid="k". Appends the fields'
 * values (label=…) and the base. */
ENT_MUST_CHECK ent_code ent_httpsig_sign(const ent_http_message *m, const char *label, const char *inner,
                                         const ent_secret_key *key, ent_buf *ret_input, ent_buf *ret_signature,
                                         ent_buf *ret_base, ent_err *err);

#define ENT_DIGEST_TEXT 56 /* sha-256=:BASE64: and the NUL */
void ent_digest_text(const void *body, size_t len, char ret_text[ENT_DIGEST_TEXT]);
/* ENT_OK when a member sha-256 has this body's digest (others are skipped); ENT_SIGNATURE, ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_digest_check(const char *content_digest, const void *body, size_t len, ent_err *err);

#endif
