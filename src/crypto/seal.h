/* Sealing: AES-256-GCM (NIST SP 800-38D) with associated data, by OpenSSL; and boxes under a passphrase (Argon2id,
 * RFC 9106, by libsodium). Any thread. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/buf.h"
#include "base/wipe.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "entente/error.h"

#define ENT_SEAL_OVERHEAD 28 /* nonce 12, tag 16 */

/* Appends nonce, ciphertext and tag. `nonce` is 12 bytes that were never used with this key: random, since each key seals
 * few things. The associated data binds the box to what it belongs to; it is not stored. */
ENT_MUST_CHECK ent_code ent_seal(const ent_key32 *key, const uint8_t nonce[12], ent_bytes associated, ent_bytes plain,
                                 ent_buf *ret_box, ent_err *err);
/* ENT_DAMAGED when key, associated data or any bit differs; nothing is appended then. */
ENT_MUST_CHECK ent_code ent_unseal(const ent_key32 *key, ent_bytes associated, ent_bytes box, ent_buf *ret_plain,
                                   ent_err *err);

#define ENT_SEAL_TO_OVERHEAD 48 /* ephemeral key 32, tag 16 */

/* To one reader: a sealed box (X25519, XSalsa20-Poly1305; libsodium's crypto_box_seal) for the holder of an Ed25519 key, whose
 * Curve25519 form it is encrypted to. Whoever sealed it cannot open it. ENT_SIGNATURE: not a key that can be sealed to. */
ENT_MUST_CHECK ent_code ent_seal_to(const ent_public_key *reader, ent_bytes plain, ent_buf *ret_box, ent_err *err);
/* ENT_DAMAGED when it is for another key or any bit differs; nothing is appended then. */
ENT_MUST_CHECK ent_code ent_unseal_as(const ent_secret_key *reader, ent_bytes box, ent_buf *ret_plain, ent_err *err);

/* A key from a passphrase: Argon2id with 64 MiB, 3 passes; `quick` (tests) 8 MiB, 1 pass. */
ENT_MUST_CHECK ent_code ent_passphrase_key(const char *passphrase, const uint8_t salt[16], bool quick,
                                           ent_key32 *ret_key, ent_err *err);

#endif
