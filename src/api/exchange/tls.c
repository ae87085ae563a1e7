#include "api/exchange/tls.h"

#include "base/check.h"
#include "crypto/hash.h"

#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

static void free_identity(ent_tls_identity *i)
{
    gnutls_pcert_deinit(&i->certificate);
    gnutls_privkey_deinit(i->key);
    free(i);
}

/* GnuTLS' own error number, 0 when it went well. */
static int read_identity(ent_tls_identity *i, const char *certificate, const char *key)
{
    gnutls_datum_t pem = {(unsigned char *)(uintptr_t)certificate, (unsigned)strlen(certificate)};
    gnutls_datum_t key_pem = {(unsigned char *)(uintptr_t)key, (unsigned)strlen(key)};
    int r = gnutls_pcert_import_x509_raw(&i->certificate, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (r < 0) return r;
    r = gnutls_privkey_init(&i->key);
    return r < 0 ? r : gnutls_privkey_import_x509_raw(i->key, &key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
}

ent_code ent_tls_load(ent_tls *tls, const char *certificate, const char *key, ent_err *err)
{
    ent_tls_identity *i = calloc(1, sizeof *i);
    if (!i) return ent_fail(err, ENT_NO_MEMORY, "no memory for a certificate");
    int r = read_identity(i, certificate, key);
    if (r < 0) {
        free_identity(i);
        return ent_fail(err, ENT_FORMAT, "this node's certificate or its key: %s", gnutls_strerror(r));
    }
    i->older = atomic_load(&tls->identity);
    atomic_store(&tls->identity, i);
    return ENT_OK;
}

void ent_tls_free(ent_tls *tls)
{
    for (ent_tls_identity *i = atomic_load(&tls->identity), *older; i; i = older) {
        older = i->older;
        free_identity(i);
    }
    atomic_store(&tls->identity, NULL);
}

/* Whether the certificate's own dates allow it now. */
static bool in_its_time(const gnutls_datum_t *der, ent_time now)
{
    gnutls_x509_crt_t crt;
    if (gnutls_x509_crt_init(&crt) < 0) return false;
    bool ok = false;
    if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) >= 0) {
        int64_t s = now.ms / 1000;
        ok = gnutls_x509_crt_get_activation_time(crt) <= s && s <= gnutls_x509_crt_get_expiration_time(crt);
    }
    gnutls_x509_crt_deinit(crt);
    return ok;
}

ent_code ent_tls_peer(ent_tls *tls, gnutls_session_t session, ent_peer *ret_peer, ent_err *err)
{
    unsigned count = 0;
    const gnutls_datum_t *der = gnutls_certificate_get_peers(session, &count);
    if (!der || count == 0) return ent_fail(err, ENT_DENIED, "no client certificate");
    uint8_t digest[ENT_SHA256_SIZE];
    ent_sha256(der[0].data, der[0].size, digest);
    ENT_TRY(tls->directory.by_certificate(tls->directory.self, digest, ret_peer, err));
    if (!in_its_time(&der[0], tls->clock.now(tls->clock.self)))
        return ent_fail(err, ENT_DENIED, "the client certificate has ended or not begun");
    return ENT_OK;
}

/* 0 lets the handshake go on. */
static int verify(gnutls_session_t session)
{
    ent_tls *tls = gnutls_session_get_ptr(session);
    ent_peer *peer = calloc(1, sizeof *peer);
    bool ok = peer && ent_tls_peer(tls, session, peer, NULL) == ENT_OK;
    free(peer);
    if (!ok) atomic_fetch_add(&tls->refused, 1);
    return ok ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

void ent_tls_demand(ent_tls *tls, gnutls_session_t session)
{
    /* libmicrohttpd asks for a certificate only when it is given authorities, and then does not insist. */
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_ptr(session, tls);
    gnutls_session_set_verify_function(session, verify);
}

int ent_tls_present(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_certificates,
                    unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    ent_tls *tls = gnutls_session_get_ptr(session);
    ent_tls_identity *i = tls ? atomic_load(&tls->identity) : NULL;
    if (!i) return -1;
    *ret_certificates = &i->certificate;
    *ret_count = 1;
    *ret_key = i->key;
    return 0;
}
