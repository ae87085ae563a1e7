/* The witness: remembers the latest checkpoint of each log that it knows and co-signs what continues it (C2SP tlog-witness,
 * tlog-cosignature). One folder:
 *
 *     witness.yaml   name, listen, port            witness.key  Ed25519 seed (mode 0600)
 *     logs           verifier keys, one a line: the logs that are known; two lines of one name while a key follows another
 *     seen/HASH      of each log the latest checkpoint with our cosignature; HASH is SHA-256 of the origin
 *     evidence/      what a log should not have signed
 *     tls.crt, tls.key   when both are there, HTTPS; else HTTP, for loopback or behind a proxy
 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

#include "base/buf.h"
#include "crypto/sign.h"
#include "merkle/witness.h"
#include "port/clock.h"

typedef struct ent_witness_settings {
    char name[ENT_ORIGIN_MAX];
    char listen[64];
    uint16_t port;
} ent_witness_settings;

/* ---- the folder ---- */

/* ENT_EXISTS when it is there and not empty; nothing was changed then. */
ENT_MUST_CHECK ent_code ent_witness_init(const char *folder, const ent_witness_settings *settings, const uint8_t seed[32], ent_err *err);
/* Adds a log's key to `logs`; there already is ENT_OK. */
ENT_MUST_CHECK ent_code ent_witness_add_log(const char *folder, const char *vkey, ent_err *err);

/* ---- remembering ---- */

typedef struct ent_witness ent_witness;

/* Takes the folder's lock (ENT_BUSY). ENT_DAMAGED when something remembered cannot be read or is not cosigned by this key. */
ENT_MUST_CHECK ent_code ent_witness_open(const char *folder, ent_clock clock, ent_witness **ret_witness, ent_err *err);
void ent_witness_close(ent_witness *w);
const ent_witness_settings *ent_witness_settings_of(const ent_witness *w);
void ent_witness_key(const ent_witness *w, ent_public_key *ret_key);
/* `logs` anew; on failure the old ones stay. */
ENT_MUST_CHECK ent_code ent_witness_reload(ent_witness *w, ent_err *err);

/* add-checkpoint: the HTTP status; appends the answer's body (cosignature lines; the size for 409; one sentence otherwise). What
 * is answered with 200 is on disk. *ret_alarm: a fork was found and kept. Any thread. */
int ent_witness_add(ent_witness *w, const char *body, size_t len, ent_buf *ret_answer, bool *ret_alarm);
/* GET HASH/checkpoint: 200 or 404. */
int ent_witness_latest(ent_witness *w, const char *hash, ent_buf *ret_note);
/* Of each known log; the note is "" while nothing was cosigned. */
void ent_witness_logs(ent_witness *w, void (*see)(void *ctx, const char *origin, const ent_public_key *key, const char *note), void *ctx);

/* ---- HTTP ---- */

typedef struct ent_witness_server ent_witness_server;
/* `log` is told what happens, a line each, with a journal priority; any thread. */
typedef struct ent_witness_log {
    void (*line)(void *ctx, int priority, const char *text);
    void *ctx;
} ent_witness_log;

ENT_MUST_CHECK ent_code ent_witness_start(ent_witness *w, const char *folder, ent_witness_log log, ent_witness_server **ret_server, ent_err *err);
uint16_t ent_witness_port(const ent_witness_server *s);
void ent_witness_stop(ent_witness_server *s); /* NULL is fine */

#endif
