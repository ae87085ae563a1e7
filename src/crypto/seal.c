#include "crypto/seal.h"

#include "base/check.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

static bool encrypt(EVP_CIPHER_CTX *c, const ent_key32 *key, const uint8_t *nonce, ent_bytes ad, ent_bytes plain, uint8_t *box)
{
    int n = 0;
    memcpy(box, nonce, 12);
    return EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->b, nonce) == 1 &&
           (!ad.len || EVP_EncryptUpdate(c, NULL, &n, ad.data, (int)ad.len) == 1) &&
           (!plain.len || EVP_EncryptUpdate(c, box + 12, &n, plain.data, (int)plain.len) == 1) &&
           EVP_EncryptFinal_ex(c, box + 12 + plain.len, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, box + 12 + plain.len) == 1;
}

ent_code ent_seal(const ent_key32 *key, const uint8_t nonce[12], ent_bytes associated, ent_bytes plain, ent_buf *ret_box, ent_err *err)
{
    ENT_PRE(plain.len < (1u << 30) && associated.len < (1u << 20));
    size_t at = ret_box->len;
    ent_buf_zero(ret_box, plain.len + ENT_SEAL_OVERHEAD);
    ENT_TRY(ent_buf_check(ret_box, err));
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool done = c && encrypt(c, key, nonce, associated, plain, ret_box->data + at);
    EVP_CIPHER_CTX_free(c);
    return done ? ENT_OK : ent_fail(err, ENT_INTERNAL, "AES-256-GCM is not available");
}

static bool decrypt(EVP_CIPHER_CTX *c, const ent_key32 *key, ent_bytes ad, const uint8_t *box, size_t n, uint8_t *plain)
{
    int out = 0;
    return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->b, box) == 1 &&
           (!ad.len || EVP_DecryptUpdate(c, NULL, &out, ad.data, (int)ad.len) == 1) &&
           (!n || EVP_DecryptUpdate(c, plain, &out, box + 12, (int)n) == 1) &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, 16, (void *)(box + 12 + n)) == 1 &&
           EVP_DecryptFinal_ex(c, plain + n, &out) == 1;
}

ent_code ent_unseal(const ent_key32 *key, ent_bytes associated, ent_bytes box, ent_buf *ret_plain, ent_err *err)
{
    if (box.len < ENT_SEAL_OVERHEAD) return ent_fail(err, ENT_DAMAGED, "a sealed box of %zu bytes is too short", box.len);
    size_t n = box.len - ENT_SEAL_OVERHEAD, at = ret_plain->len;
    ent_buf_zero(ret_plain, n);
    ENT_TRY(ent_buf_check(ret_plain, err));
    uint8_t none;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool done = c && decrypt(c, key, associated, box.data, n, n ? ret_plain->data + at : &none);
    EVP_CIPHER_CTX_free(c);
    if (done) return ENT_OK;
    if (n) ent_wipe(ret_plain->data + at, n);
    ret_plain->len = at;
    return ent_fail(err, ENT_DAMAGED, "a sealed box does not open: damaged, or under another key or record");
}

ent_code ent_seal_to(const ent_public_key *reader, ent_bytes plain, ent_buf *ret_box, ent_err *err)
{
    _Static_assert(crypto_box_SEALBYTES == ENT_SEAL_TO_OVERHEAD, "a sealed box's overhead");
    uint8_t key[crypto_box_PUBLICKEYBYTES];
    size_t at = ret_box->len;
    ENT_INVARIANT(sodium_init() >= 0);
    if (crypto_sign_ed25519_pk_to_curve25519(key, reader->b) != 0) return ent_fail(err, ENT_SIGNATURE, "a key that nothing can be sealed to");
    ent_buf_zero(ret_box, plain.len + ENT_SEAL_TO_OVERHEAD);
    ENT_TRY(ent_buf_check(ret_box, err));
    ENT_INVARIANT(crypto_box_seal(ret_box->data + at, plain.data, plain.len, key) == 0);
    return ENT_OK;
}

ent_code ent_unseal_as(const ent_secret_key *reader, ent_bytes box, ent_buf *ret_plain, ent_err *err)
{
    ent_public_key own;
    uint8_t public[crypto_box_PUBLICKEYBYTES];
    ENT_WIPED_KEY secret;
    size_t at = ret_plain->len, n = box.len - ENT_SEAL_TO_OVERHEAD;
    if (box.len < ENT_SEAL_TO_OVERHEAD) return ent_fail(err, ENT_DAMAGED, "a sealed box of %zu bytes is too short", box.len);
    ENT_INVARIANT(sodium_init() >= 0);
    ent_sign_public(reader, &own);
    ENT_INVARIANT(crypto_sign_ed25519_pk_to_curve25519(public, own.b) == 0 && crypto_sign_ed25519_sk_to_curve25519(secret.b, reader->b) == 0);
    ent_buf_zero(ret_plain, n + !n); /* never without memory behind it */
    ENT_TRY(ent_buf_check(ret_plain, err));
    bool done = crypto_box_seal_open(ret_plain->data + at, box.data, box.len, public, secret.b) == 0;
    ret_plain->len = done ? at + n : at;
    return done ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a sealed box does not open: damaged, or for another key");
}

ent_code ent_passphrase_key(const char *passphrase, const uint8_t salt[16], bool quick, ent_key32 *ret_key, ent_err *err)
{
    _Static_assert(crypto_pwhash_SALTBYTES == 16, "Argon2id's salt");
    ENT_INVARIANT(sodium_init() >= 0);
    int rc = crypto_pwhash(ret_key->b, 32, passphrase, strlen(passphrase), salt, quick ? 1 : 3, quick ? 8u << 20 : 64u << 20,
                           crypto_pwhash_ALG_ARGON2ID13);
    return rc == 0 ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "Argon2id needs 64 MiB of memory that are not there");
}
