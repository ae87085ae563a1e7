#include "flow/destruction/proof.h"

static void put_u32(uint8_t ret[4], uint32_t v)
{
    for (int i = 0; i < 4; i++) ret[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Reason and custody each with its NUL; epoch, how many copies are listed, how many more there are, each a u32; then of each listed copy the
 * disclosure, the search, the partner's name with its NUL. */
void ent_destroyed_salt(const uint8_t salt[32], const ent_destroyed_act *act, uint8_t ret[32])
{
    const ent_destroyed_copies *copies = act->copies;
    ent_bytes parts[3 + 3 * ENT_DESTROYED_COPIES] = {ENT_BYTES(act->reason, strlen(act->reason) + 1), ENT_BYTES(act->custody, strlen(act->custody) + 1)};
    uint8_t digest[32], numbers[12];
    size_t count = 3;
    put_u32(numbers, act->epoch);
    put_u32(numbers + 4, (uint32_t)copies->count);
    put_u32(numbers + 8, copies->unlisted);
    parts[2] = ENT_BYTES(numbers, sizeof numbers);
    for (size_t i = 0; i < copies->count; i++) {
        const ent_destroyed_copy *c = &copies->at[i];
        parts[count++] = ENT_BYTES(c->id, ENT_ID_SIZE);
        parts[count++] = ENT_BYTES(c->reference.b, ENT_ID_SIZE);
        parts[count++] = ENT_BYTES(c->partner, strlen(c->partner) + 1);
    }
    ent_sha256_parts(parts, count, digest);
    ent_derive(salt, "destroyed", digest, sizeof digest, ret);
}
