/* The requester's end of the exchange: an ent_partners over HTTP and mutual TLS 1.3. Signs each message, keeps
 * connections warm, accepts only the server certificate that the directory pins, and takes an answer only when its
 * signature verifies with the partner's key, covers the request's signature and is fresh.
 * docs/protocol/exchange.md is normative. */
#ifndef API_EXCHANGE_CLIENT_H
#define API_EXCHANGE_CLIENT_H

#include "crypto/sign.h"
#include "port/clock.h"
#include "port/directory.h"
#include "port/random.h"

typedef struct ent_exchange_client ent_exchange_client;

/* Borrowed until free, but for texts and the identity, which are copied. */
typedef struct ent_exchange_client_config {
    const char *name;              /* this node's */
    const char *certificate, *key; /* PEM, shown to the partner */
    ent_secret_key identity;
    ent_directory directory;
    ent_clock clock;
    ent_random random;
} ent_exchange_client_config;

ENT_MUST_CHECK ent_code ent_exchange_client_make(const ent_exchange_client_config *config,
                                                 ent_exchange_client **ret_client, ent_err *err);
/* The port; valid until free. send may be called from any number of threads. */
ent_partners ent_exchange_client_partners(ent_exchange_client *client);
/* Connects to the partner ahead of the first message and keeps the connection: the handshake is behind it then. */
ENT_MUST_CHECK ent_code ent_exchange_client_warm(ent_exchange_client *client, const char *partner, int64_t deadline,
                                                 ent_err *err);
void ent_exchange_client_free(ent_exchange_client *client); /* after the last send returned; NULL is fine */

#endif
