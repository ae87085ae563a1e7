/* The desk interface: what commands, desks and kiosks speak with a running node. HTTP on a Unix socket (and loopback when
 * configured): POST /v1/ACT?name=value…, the file as body, one JSON object back. Who asks signs each request with their
 * personal key (docs/protocol/desk.md). */
#ifndef API_DESK_DESK_H
#define API_DESK_DESK_H

#include "api/desk/acts.h"
#include "port/clock.h"
#include "port/random.h"

/* What a person signs, ended by a NUL: "entente-desk/v1", the act, the query, the name, the time in ms, a nonce of 32 hex
 * digits, SHA-256 of the body; one a line. The caller's buffer has 1024 bytes and the query's length more. */
ENT_MUST_CHECK ent_code ent_desk_text(const char *act, const char *query, const char *name, int64_t ms, const char *nonce,
                                      const void *body, size_t len, ent_buf *ret_text, ent_err *err);

typedef struct ent_desk ent_desk;

typedef struct ent_desk_options {
    const char *socket_path;
    const char *name, *contact; /* of the node; whom a traveller writes to, for the sheets that are printed */
    uint16_t port;             /* 0: the socket only */
    const char *console;       /* folder of the console's built files; they are served on loopback */
    unsigned refer_per_mille;  /* chance referrals at the desk (crossing.h) */
    int64_t refer_after_ms;    /* when a referral is said, whatever its cause */
    ent_clock clock;
    ent_random random;
} ent_desk_options;

/* Listens on the socket (mode 0660; one that nobody listens on is replaced) and, unless port is 0, on 127.0.0.1. */
ENT_MUST_CHECK ent_code ent_desk_start(const ent_desk_options *options, const ent_desk_node *node, ent_desk **ret_desk, ent_err *err);
void ent_desk_stop(ent_desk *d); /* NULL is fine */

/* Who signs: the client's half. secret NULL: nobody. */
typedef struct ent_desk_caller {
    const char *name;
    const ent_secret_key *secret;
    int64_t now_ms;
    char nonce[33];
} ent_desk_caller;

/* One act over the socket. ENT_UNREACHABLE when nobody listens there. */
ENT_MUST_CHECK ent_code ent_desk_call(const char *socket_path, const char *act, const json_t *params, const void *body, size_t len,
                                      const ent_desk_caller *caller, json_t **ret_json, ent_err *err);

#endif
