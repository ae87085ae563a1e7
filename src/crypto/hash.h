/* SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869), by OpenSSL. Any thread. The functions cannot
 * fail but for lack of memory inside the library, which aborts. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "entente/error.h"

#include <stdbool.h>

#define ENT_SHA256_SIZE 32

typedef struct ent_bytes {
    const void *data;
    size_t len;
} ent_bytes;

#define ENT_BYTES(p, n) ((ent_bytes){(p), (n)})

void ent_sha256(const void *data, size_t len, uint8_t ret_digest[ENT_SHA256_SIZE]);
void ent_sha256_parts(const ent_bytes *parts, size_t count, uint8_t ret_digest[ENT_SHA256_SIZE]);
ENT_MUST_CHECK ent_code ent_sha256_file(const char *path, uint8_t ret_digest[ENT_SHA256_SIZE], ent_err *err);

void ent_hmac_sha256(const void *key, size_t key_len, const ent_bytes *parts, size_t count,
                     uint8_t ret_mac[ENT_SHA256_SIZE]);
/* 32 bytes derived from a key for one purpose, named by a label. */
void ent_derive(const uint8_t key[32], const char *label, const void *context, size_t context_len,
                uint8_t ret_key[32]);
bool ent_equal(const void *a, const void *b, size_t n); /* in constant time */

#endif
