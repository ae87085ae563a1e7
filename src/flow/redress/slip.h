/* A redress slip: what a traveller who was stopped for nothing carries, so that the same record does not stop them again. One text,
 * which is a file and the content of a QR code alike; it names nobody, and without the holder's key nothing in it is biometric.
 * docs/protocol/redress.md is normative. Pure. Any thread. */
#ifndef FLOW_SLIP_H
#define FLOW_SLIP_H

#include "base/when.h"
#include "crypto/seal.h"
#include "entente/finger.h"
#include "flow/flow.h"

enum {
    ENT_SLIP_INNER = 1 + ENT_ID_SIZE + ENT_ID_SIZE + 4 + 32 + 1 + 2 + ENT_FINGER_COMPACT_MAX, /* bytes at most, before sealing */
    ENT_SLIP_SEALED = ENT_SLIP_INNER + ENT_SEAL_TO_OVERHEAD
};

/* What stands in the open. */
typedef struct ent_slip {
    uint8_t number[ENT_ID_SIZE];
    char issuer[ENT_NODE_NAME_MAX], holder[ENT_NODE_NAME_MAX], agreement[ENT_LAW_NAME];
    ent_time issued;
    ent_date until;                  /* the last day on which it counts */
    uint8_t traveller[32];           /* commitment to the traveller's template */
    uint8_t sealed[ENT_SLIP_SEALED];
    size_t sealed_len;
    uint8_t signature[ENT_SIGNATURE_SIZE]; /* the issuer's, over everything before its line */
} ent_slip;

/* What only the holder reads. */
typedef struct ent_slip_inner {
    uint8_t number[ENT_ID_SIZE];     /* and until: the slip's own, so that nothing sealed serves in another slip */
    ent_date until;
    ent_search_id reference;         /* of the search whose candidate was excluded */
    uint8_t salt[32];                /* opens the commitment */
    uint8_t finger;                  /* position 1 to 10, 0 unknown */
    uint8_t template_bytes[ENT_FINGER_COMPACT_MAX];
    size_t template_len;
} ent_slip_inner;

/* Appends what is signed; the whole text. */
void ent_slip_signed_text(const ent_slip *s, ent_buf *ret_text);
void ent_slip_write(const ent_slip *s, ent_buf *ret_text);
/* Strict: a slip's text at the beginning of `text`, which may go on; ret_len is where it ends. ENT_FORMAT for anything that write
 * could not have written. The signature is not verified here. */
ENT_MUST_CHECK ent_code ent_slip_read(const void *text, size_t len, ent_slip *ret_slip, size_t *ret_len, ent_err *err);
/* Whether bytes begin as a slip does: no transaction does. */
bool ent_slip_begins(const void *text, size_t len);

void ent_slip_inner_write(const ent_slip_inner *s, ent_buf *ret_bytes);
/* ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_slip_inner_read(const void *bytes, size_t len, ent_slip_inner *ret_inner, ent_err *err);

#endif
