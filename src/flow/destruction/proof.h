/* What "destroyed" commits to beside the content: everything that a proof of destruction says of the act, so that none of it can be changed
 * afterwards. Pure; docs/protocol/destruction.md. */
#ifndef FLOW_PROOF_H
#define FLOW_PROOF_H

#include "crypto/hash.h"

#include <string.h>

/* HKDF of the salt of "enrolled", label "destroyed", over SHA-256(reason, NUL, custody, NUL, epoch as u32). */
static inline void ent_destroyed_salt(const uint8_t salt[32], const char *reason, const char *custody, uint32_t epoch, uint8_t ret[32])
{
    uint8_t digest[32], last[4] = {(uint8_t)(epoch >> 24), (uint8_t)(epoch >> 16), (uint8_t)(epoch >> 8), (uint8_t)epoch};
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(reason, strlen(reason) + 1), ENT_BYTES(custody, strlen(custody) + 1), ENT_BYTES(last, 4)}, 3, digest);
    ent_derive(salt, "destroyed", digest, sizeof digest, ret);
}

#endif
