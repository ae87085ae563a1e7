#include "crypto/sign.h"

#include "base/check.h"
#include "base/wipe.h"
#include "crypto/hash.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

void ent_secret_key_wipe(ent_secret_key *key) { ent_wipe(key, sizeof *key); }

void ent_sign_keys(const uint8_t seed[32], ent_public_key *ret_public, ent_secret_key *ret_secret)
{
    ENT_INVARIANT(sodium_init() >= 0);
    ENT_INVARIANT(crypto_sign_seed_keypair(ret_public->b, ret_secret->b, seed) == 0);
}

void ent_sign_public(const ent_secret_key *secret, ent_public_key *ret_public) { memcpy(ret_public->b, secret->b + 32, 32); }

void ent_sign(const ent_secret_key *secret, const void *message, size_t len, uint8_t ret_signature[ENT_SIGNATURE_SIZE])
{
    ENT_INVARIANT(crypto_sign_detached(ret_signature, NULL, message, len, secret->b) == 0);
}

bool ent_sign_verify(const ent_public_key *public, const void *message, size_t len, const uint8_t signature[ENT_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, message, len, public->b) == 0;
}

bool ent_public_key_equal(const ent_public_key *a, const ent_public_key *b) { return ent_equal(a->b, b->b, sizeof a->b); }

void ent_key_digits(const ent_public_key *public, char ret_text[ENT_KEY_DIGITS])
{
    uint8_t digest[32];
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente key digits", 18), ENT_BYTES(public->b, 32)}, 2, digest);
    char *at = ret_text;
    for (int i = 0; i < 7; i++) {
        uint32_t v = (uint32_t)digest[4 * i] << 24 | (uint32_t)digest[4 * i + 1] << 16 | (uint32_t)digest[4 * i + 2] << 8 | digest[4 * i + 3];
        at += snprintf(at, 7, "%05u%s", v % 100000u, i < 6 ? " " : "");
    }
}
