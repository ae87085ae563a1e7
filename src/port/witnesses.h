/* Witnesses that are no nodes, as a port: C2SP tlog-witness over whatever carries it.
 *
 * Contract: blocks at most a few seconds; any thread. What comes back is not verified here. */
#ifndef PORT_WITNESSES_H
#define PORT_WITNESSES_H

#include "base/buf.h"
#include "entente/error.h"

#include <stdbool.h>

typedef struct ent_witnesses {
    void *self;
    /* Whether an address is known of the witness of that name. */
    bool (*knows)(void *self, const char *witness);
    /* add-checkpoint: the HTTP status and the answer's body. ENT_NOT_FOUND (no address), ENT_UNREACHABLE, ENT_TIMEOUT, ENT_TOO_LARGE. */
    ENT_MUST_CHECK ent_code (*add)(void *self, const char *witness, const void *body, size_t len, int *ret_status, ent_buf *ret_answer,
                                   ent_err *err);
    /* What it remembers of the log of this origin: a signed checkpoint. The same errors; ENT_NOT_FOUND too when that is nothing. */
    ENT_MUST_CHECK ent_code (*latest)(void *self, const char *witness, const char *origin, ent_buf *ret_note, ent_err *err);
} ent_witnesses;

#endif
