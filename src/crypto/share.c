#include "crypto/share.h"

#include "base/check.h"

static uint8_t times(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (int i = 0; i < 8; i++) {
        product ^= (uint8_t)(a & -(b & 1));
        a = (uint8_t)(a << 1 ^ (0x1b & -(a >> 7)));
        b >>= 1;
    }
    return product;
}

/* a^254: the multiplicative group has 255 elements. */
static uint8_t inverse(uint8_t a)
{
    uint8_t power = a;
    for (int i = 0; i < 6; i++) power = times(times(power, power), a);
    return times(power, power);
}

void ent_share_make(const ent_key32 *key, const ent_key32 *slope, uint8_t x, uint8_t ret_share[ENT_SHARE_SIZE])
{
    ENT_PRE(x > 0);
    ret_share[0] = x;
    for (int i = 0; i < 32; i++) ret_share[1 + i] = key->b[i] ^ times(slope->b[i], x);
}

ent_code ent_share_join(const uint8_t a[ENT_SHARE_SIZE], const uint8_t b[ENT_SHARE_SIZE], ent_key32 *ret_key, ent_err *err)
{
    if (!a[0] || !b[0] || a[0] == b[0]) return ent_fail(err, ENT_FORMAT, "two different shares are needed");
    /* the line through (x1, y1) and (x2, y2) at zero: (y1 x2 + y2 x1) / (x1 + x2) */
    uint8_t over = inverse(a[0] ^ b[0]);
    for (int i = 0; i < 32; i++) ret_key->b[i] = times(times(a[1 + i], b[0]) ^ times(b[1 + i], a[0]), over);
    return ENT_OK;
}
