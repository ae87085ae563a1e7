#include "base/test.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "crypto/share.h"
#include "crypto/sign.h"
#include "crypto/x509.h"

static void assert_hex(const uint8_t *bytes, size_t n, const char *want)
{
    char text[129];
    ent_hex(bytes, n, text);
    assert_string_equal(text, want);
}

/* FIPS 180-4's example "abc", in one part and in three. */
static void hashes(void **state)
{
    (void)state;
    uint8_t d[32];
    ent_sha256("abc", 3, d);
    assert_hex(d, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("a", 1), ENT_BYTES("", 0), ENT_BYTES("bc", 2)}, 3, d);
    assert_hex(d, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test case 2. */
static void authenticates(void **state)
{
    (void)state;
    uint8_t mac[32];
    ent_hmac_sha256("Jefe", 4, &ENT_BYTES("what do ya want for nothing?", 28), 1, mac);
    assert_hex(mac, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* RFC 8032, 7.1, test 2; one flipped bit is refused. */
static void signs(void **state)
{
    (void)state;
    uint8_t seed[32], signature[64];
    ent_public_key public;
    ENT_WIPED_SECRET secret;
    assert_true(ent_unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, 32));
    ent_sign_keys(seed, &public, &secret);
    assert_hex(public.b, 32, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    ent_sign(&secret, "\x72", 1, signature);
    assert_hex(signature, 64, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    assert_true(ent_sign_verify(&public, "\x72", 1, signature));
    signature[10] ^= 1;
    assert_false(ent_sign_verify(&public, "\x72", 1, signature));
    char digits[ENT_KEY_DIGITS];
    ent_key_digits(&public, digits);
    assert_int_equal(strlen(digits), 41);
}

/* What was sealed opens with the same key and associated data and with nothing else, whichever bit is flipped. */
static void seals(void **state)
{
    (void)state;
    ent_key32 key = {{1, 2, 3}};
    uint8_t nonce[12] = {7};
    ENT_AUTO_BUF box = ENT_BUF(1000), plain = ENT_BUF(1000);
    assert_int_equal(ent_seal(&key, nonce, ENT_BYTES("part 1", 6), ENT_BYTES("whorl", 5), &box, NULL), ENT_OK);
    assert_int_equal(box.len, 5 + ENT_SEAL_OVERHEAD);
    assert_int_equal(ent_unseal(&key, ENT_BYTES("part 1", 6), ENT_BYTES(box.data, box.len), &plain, NULL), ENT_OK);
    assert_memory_equal(plain.data, "whorl", 5);
    assert_int_equal(ent_unseal(&key, ENT_BYTES("part 2", 6), ENT_BYTES(box.data, box.len), &plain, NULL), ENT_DAMAGED);
    for (size_t bit = 0; bit < box.len * 8; bit++) {
        box.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ent_unseal(&key, ENT_BYTES("part 1", 6), ENT_BYTES(box.data, box.len), &plain, NULL), ENT_DAMAGED);
        box.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < box.len; n++)
        assert_int_equal(ent_unseal(&key, ENT_BYTES("part 1", 6), ENT_BYTES(box.data, n), &plain, NULL), ENT_DAMAGED);
    assert_int_equal(plain.len, 5);
}

/* A certificate that was made can be pinned, ends when it should, and rubbish is none. */
static void makes_certificates(void **state)
{
    (void)state;
    ENT_AUTO_BUF cert = ENT_BUF(10000), key = ENT_BUF(10000);
    uint8_t pin[32], serial[16] = {9};
    ent_time until, from = ent_date_start((ent_date){2026, 3, 10});
    assert_int_equal(ent_x509_make("a.example", serial, from, 365, &cert, &key, NULL), ENT_OK);
    assert_int_equal(ent_x509_pin((char *)cert.data, cert.len, pin, &until, NULL), ENT_OK);
    assert_int_equal(until.ms - from.ms, 365ll * 86400000);
    assert_int_equal(ent_x509_pin("nothing", 7, pin, &until, NULL), ENT_FORMAT);
    assert_int_equal(ent_x509_pin((char *)cert.data, cert.len / 2, pin, &until, NULL), ENT_FORMAT);
}

/* Any two of all shares are the key, in either order; one twice is refused, and two of different keys join to another. The first byte
 * by hand: 0x57 + 0x83 x 2 = 0x57 + 0x1d. */
static void shares(void **state)
{
    (void)state;
    ent_key32 key, slope, got;
    uint8_t share[255][ENT_SHARE_SIZE], other[ENT_SHARE_SIZE];
    for (int i = 0; i < 32; i++) key.b[i] = (uint8_t)(0x57 + i * 37), slope.b[i] = (uint8_t)(0x83 + i * 91);
    for (int x = 1; x <= 255; x++) ent_share_make(&key, &slope, (uint8_t)x, share[x - 1]);
    assert_int_equal(share[1][1], 0x57 ^ 0x1d);
    for (int i = 0; i < 255; i += 7)
        for (int k = 0; k < 255; k++) {
            memset(&got, 0, sizeof got);
            if (i == k) {
                assert_int_equal(ent_share_join(share[i], share[k], &got, NULL), ENT_FORMAT);
                continue;
            }
            assert_int_equal(ent_share_join(share[i], share[k], &got, NULL), ENT_OK);
            assert_memory_equal(got.b, key.b, 32);
        }
    slope.b[5] ^= 1;
    ent_share_make(&key, &slope, 9, other);
    assert_int_equal(ent_share_join(share[0], other, &got, NULL), ENT_OK);
    assert_memory_not_equal(got.b, key.b, 32);
    other[0] = 0;
    assert_int_equal(ent_share_join(share[0], other, &got, NULL), ENT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes), cmocka_unit_test(authenticates), cmocka_unit_test(signs),
        cmocka_unit_test(seals), cmocka_unit_test(shares),  cmocka_unit_test(makes_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
