#include "crypto/hash.h"

#include "base/check.h"
#include "base/wipe.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

void ent_sha256_parts(const ent_bytes *parts, size_t count, uint8_t ret_digest[ENT_SHA256_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ENT_INVARIANT(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < count; i++) ENT_INVARIANT(EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1);
    ENT_INVARIANT(EVP_DigestFinal_ex(ctx, ret_digest, NULL) == 1);
    EVP_MD_CTX_free(ctx);
}

void ent_sha256(const void *data, size_t len, uint8_t ret_digest[ENT_SHA256_SIZE])
{
    ent_sha256_parts(&ENT_BYTES(data, len), 1, ret_digest);
}

ent_code ent_sha256_file(const char *path, uint8_t ret_digest[ENT_SHA256_SIZE], ent_err *err)
{
    FILE *f = fopen(path, "rb");
    if (!f) return ent_fail(err, errno == ENOENT ? ENT_NOT_FOUND : ENT_IO, "%s: %s", path, strerror(errno));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ENT_INVARIANT(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
    uint8_t block[16384];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) ENT_INVARIANT(EVP_DigestUpdate(ctx, block, n) == 1);
    bool read = !ferror(f);
    fclose(f);
    if (read) ENT_INVARIANT(EVP_DigestFinal_ex(ctx, ret_digest, NULL) == 1);
    EVP_MD_CTX_free(ctx);
    return read ? ENT_OK : ent_fail(err, ENT_IO, "%s cannot be read", path);
}

void ent_hmac_sha256(const void *key, size_t key_len, const ent_bytes *parts, size_t count, uint8_t ret_mac[ENT_SHA256_SIZE])
{
    uint8_t block[64] = {0}, inner[64], outer[64], digest[32];
    ENT_PRE(count <= 14);
    if (key_len > sizeof block) ent_sha256(key, key_len, block);
    else if (key_len) memcpy(block, key, key_len);
    for (size_t i = 0; i < sizeof block; i++) inner[i] = block[i] ^ 0x36, outer[i] = block[i] ^ 0x5c;
    ent_bytes all[15] = {ENT_BYTES(inner, sizeof inner)};
    for (size_t i = 0; i < count; i++) all[i + 1] = parts[i];
    ent_sha256_parts(all, count + 1, digest);
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(outer, sizeof outer), ENT_BYTES(digest, sizeof digest)}, 2, ret_mac);
    ent_wipe(block, sizeof block);
    ent_wipe(inner, sizeof inner);
    ent_wipe(outer, sizeof outer);
}

/* RFC 5869 with an empty salt; one block of output, so expand is one HMAC over info and the byte 1. */
void ent_derive(const uint8_t key[32], const char *label, const void *context, size_t context_len, uint8_t ret_key[32])
{
    uint8_t zero[32] = {0}, prk[32];
    ent_hmac_sha256(zero, sizeof zero, &ENT_BYTES(key, 32), 1, prk);
    ent_hmac_sha256(prk, sizeof prk,
                    (ent_bytes[]){ENT_BYTES(label, strlen(label) + 1), ENT_BYTES(context, context_len), ENT_BYTES("\1", 1)}, 3,
                    ret_key);
    ent_wipe(prk, sizeof prk);
}

bool ent_equal(const void *a, const void *b, size_t n) { return CRYPTO_memcmp(a, b, n) == 0; }
