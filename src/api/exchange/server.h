/* The holder's end of the exchange: HTTP over mutual TLS 1.3. Accepts connections only with a client certificate that
 * the directory pins; reads a message within limits, checks its signature (RFC 9421), Content-Digest (RFC 9530) and
 * freshness, gives it to the inbox, signs the answer and lets it leave at the time that the inbox named.
 * docs/protocol/exchange.md is normative. */
#ifndef API_EXCHANGE_SERVER_H
#define API_EXCHANGE_SERVER_H

#include "base/buf.h"
#include "crypto/sign.h"
#include "port/clock.h"
#include "port/directory.h"
#include "port/ledger.h"
#include "port/random.h"

typedef struct ent_exchange_server ent_exchange_server;

/* Everything borrowed until stop, but for the texts, which are copied. */
typedef struct ent_exchange_config {
    const char *name;              /* this node's: what "entente-to" must say */
    const char *address;           /* to bind: "127.0.0.1", "::" */
    uint16_t port;                 /* 0: any free one, see ent_exchange_port */
    const char *certificate, *key; /* PEM */
    ent_secret_key identity;       /* signs answers; copied into memory that is erased at stop */
    ent_directory directory;
    ent_inbox inbox;               /* called from the workers' threads */
    ent_ledger ledger;             /* its checkpoint and hash tiles may be read by partners (tiles.h); .self NULL: not served */
    ent_clock clock;
    ent_random random;
    unsigned workers;              /* messages worked on at a time; 0: as many as processors */
    unsigned queue;                /* waiting beyond that; 0: 64. More are answered 503 */
} ent_exchange_config;

/* Counts since start; for the metrics and the tests. */
typedef struct ent_exchange_counts {
    uint64_t connections, tls_refused, answered, refused_signature, refused_stale, refused_limit, refused_busy, later; /* later: told 202 while the work went on */
} ent_exchange_counts;

/* Listens when it returns ENT_OK. ENT_IO (address in use, …), ENT_FORMAT (PEM). */
ENT_MUST_CHECK ent_code ent_exchange_start(const ent_exchange_config *config, ent_exchange_server **ret_server,
                                           ent_err *err);
uint16_t ent_exchange_port(const ent_exchange_server *server);
void ent_exchange_count(ent_exchange_server *server, ent_exchange_counts *ret_counts);
/* A new certificate and identity key for what comes from now on; open connections live on. Nothing changes on failure. */
ENT_MUST_CHECK ent_code ent_exchange_reload(ent_exchange_server *server, const char *certificate, const char *key,
                                            const ent_secret_key *identity, ent_err *err);
/* Accepts no more, answers what it began (at most grace_ms), then ends everything. NULL is fine. */
void ent_exchange_stop(ent_exchange_server *server, int64_t grace_ms);

#endif
