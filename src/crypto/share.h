/* A key that two of several persons open: Shamir's scheme (A. Shamir, "How to share a secret", CACM 22(11), 1979) with threshold two,
 * byte by byte over GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. One share says nothing of the key, two are the key. Any thread; no branch
 * and no index depends on a secret. */
#ifndef CRYPTO_SHARE_H
#define CRYPTO_SHARE_H

#include "base/wipe.h"
#include "entente/error.h"

#define ENT_SHARE_SIZE 33 /* whose it is (1 to 255), 32 bytes */

/* The share of number x, from 1; `slope`: 32 random bytes, the same for all shares of one key, then erased. */
void ent_share_make(const ent_key32 *key, const ent_key32 *slope, uint8_t x, uint8_t ret_share[ENT_SHARE_SIZE]);
/* ENT_FORMAT: the shares have one number, or 0. Shares of different keys join to a key that opens nothing. */
ENT_MUST_CHECK ent_code ent_share_join(const uint8_t a[ENT_SHARE_SIZE], const uint8_t b[ENT_SHARE_SIZE], ent_key32 *ret_key, ent_err *err);

#endif
