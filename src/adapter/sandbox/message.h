/* How node and helper speak: fixed messages over a socket, in the machine's own order (both are the same program), while job and
 * outcome lie in memory that both share. For one job:
 *
 *   node                          helper                       worker (a fresh child, confined, waiting)
 *   bytes into the memory
 *   JOB name, length  ──────────► ──── number, length ───────► runs the job on the bytes in place
 *                                 ◄──── length ─────────────── outcome behind the bytes
 *   ◄──────────────── DONE length  kills and buries the worker, makes the next one
 *   copies the outcome out, once
 *   RELEASE  ───────────────────► erases the memory
 *   ◄─────────────────────── READY (the next job waits for it)
 *
 * An outcome: code (8 bits), length of the detail (16 bits, network order), detail, result. */
#ifndef ADAPTER_SANDBOX_MESSAGE_H
#define ADAPTER_SANDBOX_MESSAGE_H

#include "base/limits.h"
#include "entente/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SANDBOX_SOCKET = 3, SANDBOX_MEMORY = 4, /* the helper's descriptors */
    SANDBOX_INPUT = ENT_LIMIT_ITL_FILE + 4096 /* a command's option */, SANDBOX_RESULT = 3 * ENT_LIMIT_IMAGE_PIXELS + (1 << 20),
    SANDBOX_SIZE = SANDBOX_INPUT + SANDBOX_RESULT, /* of the memory; only what is used exists */
    SANDBOX_DETAIL = 320
};

typedef enum sandbox_word { SANDBOX_JOB = 1, SANDBOX_RELEASE, SANDBOX_DONE, SANDBOX_READY } sandbox_word;

typedef struct sandbox_message {
    uint32_t word, len;
    char job[24];
} sandbox_message;

/* Where the outcome begins. */
static inline size_t sandbox_outcome_at(size_t len) { return (len + 63) / 64 * 64; }

bool sandbox_send(int fd, const void *bytes, size_t len);
/* deadline_ms: of sandbox_clock, 0: none. ENT_TIMEOUT, ENT_IO (closed). */
ent_code sandbox_receive(int fd, void *ret_bytes, size_t len, long long deadline_ms);
long long sandbox_clock(void); /* CLOCK_MONOTONIC in milliseconds */

#endif
