/* What "destroyed" commits to beside the content: everything that a proof of destruction says of the act, so that none of it can be changed
 * or left out afterwards. Pure; docs/protocol/destruction.md. */
#ifndef FLOW_PROOF_H
#define FLOW_PROOF_H

#include "crypto/hash.h"
#include "flow/flow.h"

#include <string.h>

typedef struct ent_destroyed_act {
    const char *reason, *custody;
    uint32_t epoch;
    const ent_destroyed_copies *copies;
} ent_destroyed_act;

/* HKDF of the salt of "enrolled", label "destroyed", over SHA-256 of the act. */
void ent_destroyed_salt(const uint8_t salt[32], const ent_destroyed_act *act, uint8_t ret[32]);

#endif
