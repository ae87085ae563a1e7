/* Certificates for TLS between nodes: self-signed, pinned by their SHA-256, so no authority is asked. Any thread. */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include "base/buf.h"
#include "base/when.h"
#include "entente/error.h"

/* A fresh P-256 key and a certificate for `name`, valid from a day before `from` for `days`; both as PEM (PKCS #8). The
 * serial is the 16 random bytes. */
ENT_MUST_CHECK ent_code ent_x509_make(const char *name, const uint8_t serial[16], ent_time from, int days,
                                      ent_buf *ret_certificate, ent_buf *ret_key, ent_err *err);
/* SHA-256 of the certificate's DER, and when it ends. ENT_FORMAT when the PEM holds no certificate. */
ENT_MUST_CHECK ent_code ent_x509_pin(const char *pem, size_t len, uint8_t ret_sha256[32], ent_time *ret_until,
                                     ent_err *err);

#endif
