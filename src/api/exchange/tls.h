/* The server's TLS: 1.3 only, a client certificate that the directory pins or no connection. Inside of the exchange. */
#ifndef API_EXCHANGE_TLS_H
#define API_EXCHANGE_TLS_H

#include "entente/error.h"
#include "port/clock.h"
#include "port/directory.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>

#define ENT_TLS_PRIORITIES "NONE:+VERS-TLS1.3:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD:+SHA384:+SHA256:"     \
                           "+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:"           \
                           "+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-RSAE-SHA256:+CTYPE-X509"

/* One certificate and key of this node; older ones stay until the end, since a handshake may be using them. */
typedef struct ent_tls_identity {
    gnutls_pcert_st certificate;
    gnutls_privkey_t key;
    struct ent_tls_identity *older;
} ent_tls_identity;

typedef struct ent_tls {
    ent_directory directory;
    ent_clock clock;
    _Atomic(ent_tls_identity *) identity;
    atomic_ullong refused;
} ent_tls;

/* PEM; becomes the current identity. ENT_FORMAT: nothing changed. */
ENT_MUST_CHECK ent_code ent_tls_load(ent_tls *tls, const char *certificate, const char *key, ent_err *err);
void ent_tls_free(ent_tls *tls);

/* Makes a fresh server session demand a certificate that is pinned and in its time. */
void ent_tls_demand(ent_tls *tls, gnutls_session_t session);
/* What MHD_OPTION_HTTPS_CERT_CALLBACK takes. */
int ent_tls_present(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_certificates,
                    unsigned *ret_count, gnutls_privkey_t *ret_key);
/* Whose certificate the session has, by the directory of this moment. */
ENT_MUST_CHECK ent_code ent_tls_peer(ent_tls *tls, gnutls_session_t session, ent_peer *ret_peer, ent_err *err);

#endif
