/* Ed25519 signatures (RFC 8032), by libsodium. Any thread. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/buf.h"
#include "entente/error.h"

#include <stdbool.h>

#define ENT_SIGNATURE_SIZE 64
#define ENT_KEY_DIGITS 42 /* seven groups of five digits, spaces between, and the NUL */

typedef struct ent_public_key {
    uint8_t b[32];
} ent_public_key;

typedef struct ent_secret_key {
    uint8_t b[64]; /* libsodium's: seed and public key */
} ent_secret_key;

void ent_secret_key_wipe(ent_secret_key *key);
#define ENT_WIPED_SECRET __attribute__((cleanup(ent_secret_key_wipe))) ent_secret_key

void ent_sign_keys(const uint8_t seed[32], ent_public_key *ret_public, ent_secret_key *ret_secret);
void ent_sign_public(const ent_secret_key *secret, ent_public_key *ret_public);
void ent_sign(const ent_secret_key *secret, const void *message, size_t len, uint8_t ret_signature[ENT_SIGNATURE_SIZE]);
ENT_MUST_CHECK bool ent_sign_verify(const ent_public_key *public, const void *message, size_t len,
                                    const uint8_t signature[ENT_SIGNATURE_SIZE]);
bool ent_public_key_equal(const ent_public_key *a, const ent_public_key *b);

/* What two people read to each other by telephone: digits of the key's SHA-256, 35 of them (116 bits). */
void ent_key_digits(const ent_public_key *public, char ret_text[ENT_KEY_DIGITS]);

#endif
