#include "crypto/x509.h"

#include "crypto/hash.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool added = x && X509_add_ext(cert, x, -1) == 1;
    X509_EXTENSION_free(x);
    return added;
}

static bool fill(X509 *cert, EVP_PKEY *key, const char *name, const uint8_t serial[16], ent_time from, int days)
{
    uint8_t number[16];
    memcpy(number, serial, 16);
    number[0] &= 0x7f;
    BIGNUM *bn = BN_bin2bn(number, sizeof number, NULL);
    bool ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) != NULL;
    BN_free(bn);
    time_t start = (time_t)(from.ms / 1000) - 86400;
    X509_NAME *subject = X509_get_subject_name(cert);
    char alternative[160];
    snprintf(alternative, sizeof alternative, "DNS:%s,DNS:localhost,IP:127.0.0.1", name);
    return ok && X509_set_version(cert, 2) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert), start) && ASN1_TIME_set(X509_getm_notAfter(cert), start + (time_t)(days + 1) * 86400) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(cert, NID_subject_alt_name, alternative) && X509_sign(cert, key, EVP_sha256()) > 0;
}

static bool write_pem(X509 *cert, EVP_PKEY *key, ent_buf *ret_certificate, ent_buf *ret_key)
{
    BIO *c = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_secmem());
    if (!k) k = BIO_new(BIO_s_mem());
    bool ok = c && k && PEM_write_bio_X509(c, cert) == 1 && PEM_write_bio_PKCS8PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (ok) {
        char *p;
        long n = BIO_get_mem_data(c, &p);
        ent_buf_put(ret_certificate, p, (size_t)n);
        n = BIO_get_mem_data(k, &p);
        ent_buf_put(ret_key, p, (size_t)n);
    }
    BIO_free(c);
    BIO_free(k);
    return ok;
}

ent_code ent_x509_make(const char *name, const uint8_t serial[16], ent_time from, int days, ent_buf *ret_certificate,
                       ent_buf *ret_key, ent_err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    bool ok = key && cert && fill(cert, key, name, serial, from, days) && write_pem(cert, key, ret_certificate, ret_key);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok ? ENT_OK : ent_fail(err, ENT_INTERNAL, "a TLS certificate for \"%s\" could not be made", name);
}

ent_code ent_x509_pin(const char *pem, size_t len, uint8_t ret_sha256[32], ent_time *ret_until, ent_err *err)
{
    BIO *b = BIO_new_mem_buf(pem, (int)len);
    X509 *cert = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
    BIO_free(b);
    if (!cert) return ent_fail(err, ENT_FORMAT, "no certificate in PEM form");
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    struct tm tm = {0};
    bool ok = n > 0 && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1;
    if (ok) {
        ent_sha256(der, (size_t)n, ret_sha256);
        ret_until->ms = (int64_t)timegm(&tm) * 1000;
    }
    OPENSSL_free(der);
    X509_free(cert);
    return ok ? ENT_OK : ent_fail(err, ENT_FORMAT, "a certificate whose end cannot be read");
}
