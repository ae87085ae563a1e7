/* The other nodes, as a port. A message is what one node says to another and what its signature covers; who carries it
 * (HTTP over mutual TLS in api/exchange, a queue in a story) signs it, checks the answer's signature against the
 * partner's keys, and gives back what it can prove. */
#ifndef PORT_PARTNERS_H
#define PORT_PARTNERS_H

#include "base/buf.h"
#include "base/ids.h"
#include "base/when.h"
#include "entente/error.h"

#include <stdbool.h>

#define ENT_NODE_NAME_MAX 64 /* with the NUL: "gb.home-office" */

/* kinds of message and the path each has below the partner's address */
#define ENT_MESSAGES(X)                                                                                                \
    X(SEARCH, "/v1/search")           /* body: ITL transaction in domain ENTENTE */                                    \
    X(CLOSE, "/v1/close")             /* the requester ends its interest in a search */                                \
    X(AGREEMENT, "/v1/agreement")     /* an envelope to countersign, or its suspension */                              \
    X(IDENTITY, "/v1/identity")       /* a rotated or revoked key, signed by the old */                                \
    X(DISCLOSE, "/v1/disclose")       /* fields of a confirmed hit */                                                  \
    X(RECALL, "/v1/recall")           /* corrected or destroyed at the holder */                                       \
    X(REDRESS, "/v1/redress")         /* a redress slip is revoked */                                                  \
    X(LOT, "/v1/lot")                 /* the sender has opened a crossing that the lot chose to its auditor */         \
    X(FEED, "/v1/feed")                                                                                                \
    X(RECEIPTS, "/v1/receipts")       /* completed receipts of entries that concern the sender */                      \
    X(CHECKPOINT, "/v1/checkpoint")   /* the sender's latest checkpoint, to be remembered and co-signed */              \
    X(ONWARD, "/v1/onward")           /* may a copy be given on? the holder's word */                                   \
    X(GIVE, "/v1/give")               /* a copy that is given on */                                                     \
    X(CONFIRM, "/v1/confirm")         /* what the requester's examiners concluded */

typedef enum ent_message_kind {
#define ENT_X(name, path) ENT_MESSAGE_##name,
    ENT_MESSAGES(ENT_X)
#undef ENT_X
        ENT_MESSAGE_COUNT
} ent_message_kind;

/* How the answer to a search is written. */
typedef enum ent_answer_form { ENT_FORM_JSON, ENT_FORM_ITL } ent_answer_form;

/* Every answer to a search, whatever it says and in either form, has exactly this many bytes. */
enum { ENT_ANSWER_SIZE = 6144 };

/* Borrowed for the call. Texts are empty when they do not apply. */
typedef struct ent_message {
    ent_message_kind kind;
    uint8_t id[ENT_ID_SIZE];       /* the same for every retry */
    const char *agreement;         /* name */
    uint32_t agreement_version;
    const uint8_t *agreement_digest; /* 32 bytes, SHA-256 of the signed file; NULL: none */
    const char *flow;
    const char *purpose;
    const char *proof;             /* tlog-proof of the sender's entry ("asked") */
    const char *crossing;          /* of a search: the pledge (law/crossing.h); NULL as "" */
    const char *on_behalf_of;      /* of a search: the party for which the sender asks; NULL as "": itself */
    ent_answer_form form;          /* of a search's answer; each retry may ask for another */
    bool poll;                     /* asks after the search of this id, which was taken on: no body, and nothing but id and form counts */
    int prefer_s;                  /* of a search: 202 is welcome after so many seconds; -1: at once; 0: never */
    const void *body;
    size_t body_len;
} ent_message;

/* What came of it, with what proves it. Owned by the caller, ended by ent_reply_free. */
typedef struct ent_reply {
    int status;              /* of HTTP: 200, 403, … */
    ent_buf body;            /* of one size for a search, in the form asked for; problem JSON (RFC 9457) for a refusal */
    ent_buf evidence;        /* signature base and signature of the answer (RFC 9421), as kept for an audit */
    int64_t wait_ms;         /* from sent to answered */
} ent_reply;

typedef struct ent_partners {
    void *self;
    /* Blocks until answered or the deadline (monotonic ms). ENT_UNREACHABLE, ENT_TIMEOUT, ENT_SIGNATURE (an answer
     * that does not verify), ENT_NOT_FOUND for an unknown partner. Any thread. */
    ENT_MUST_CHECK ent_code (*send)(void *self, const char *partner, const ent_message *message, int64_t deadline,
                                    ent_reply *ret_reply, ent_err *err);
} ent_partners;

/* A message as it arrived: authenticated (certificate, signature, digest, freshness), not yet authorised. Borrowed. */
typedef struct ent_arrival {
    ent_message message;
    char partner[ENT_NODE_NAME_MAX]; /* who sent it, by its pinned keys */
    ent_time received;
    const char *signature_base;      /* what its signature covers, the digest of the body in it */
    uint8_t signature[64];
} ent_arrival;

/* The flow's end of it, called by api/exchange for each arrival, from any thread. Always writes ret_status and ret_body
 * (a refusal is an answer too); ret_release is the monotonic ms before which the answer must not leave. */
typedef struct ent_inbox {
    void *self;
    void (*receive)(void *self, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body, int64_t *ret_release);
} ent_inbox;

/* What says that a search was taken on and is still worked at: where to ask after it, and a body of ENT_ANSWER_SIZE bytes. */
#define ENT_JOB_PATH 48
void ent_job_path(const uint8_t id[ENT_ID_SIZE], char ret_path[ENT_JOB_PATH]);
void ent_job_write(const uint8_t id[ENT_ID_SIZE], ent_buf *ret_body);

void ent_reply_free(ent_reply *reply); /* erases; NULL is fine */

#endif
