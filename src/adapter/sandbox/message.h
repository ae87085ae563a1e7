/* How node, helper and workers speak: fixed messages over sockets that keep their bounds, in the machine's own order (all are the same
 * program), while job and outcome lie in a memory that only the node and one slot's worker reach. For one job:
 *
 *   node                                worker (a fresh child, confined, waiting)         helper
 *   bytes into the slot's memory
 *   JOB name, length  ────────────────► runs the job on the bytes in place
 *                                       outcome behind the bytes
 *   ◄──────────────────── its length
 *   copies the outcome out, once
 *   RELEASE slot, bytes used ─────────────────────────────────────────────────────────► kills and buries the worker, erases the
 *                                       (the slot's next, with a channel of its own)    memory, makes the slot's next worker
 *   ◄───────────────────────────────────── READY slot, how the last one ended, channel
 *
 * Meanwhile the node's next job has gone to another slot: burying and making is not on its way.
 * An outcome: code (8 bits), length of the detail (16 bits, network order), detail, result. Workers pad the detail with zeros, so that the result is written
 * where it stays. */
#ifndef ADAPTER_SANDBOX_MESSAGE_H
#define ADAPTER_SANDBOX_MESSAGE_H

#include "base/limits.h"
#include "entente/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SANDBOX_SLOTS = 4,                      /* of a helper */
    SANDBOX_SOCKET = 3, SANDBOX_MEMORY = 4, /* the helper's descriptors: to the node; the first slot's memory, the others follow */
    SANDBOX_INPUT = ENT_LIMIT_ITL_FILE + 4096 /* a command's option */, SANDBOX_RESULT = 3 * ENT_LIMIT_IMAGE_PIXELS + (1 << 20),
    SANDBOX_SIZE = SANDBOX_INPUT + SANDBOX_RESULT, /* of a memory; only what is used exists */
    SANDBOX_DETAIL = 317 /* the result begins at a multiple of 64 */
};

/* node to worker */
typedef struct sandbox_job {
    uint32_t len;
    char name[24];
} sandbox_job;

/* node and helper */
typedef enum sandbox_word { SANDBOX_RELEASE = 1, SANDBOX_READY } sandbox_word;

typedef struct sandbox_message {
    uint32_t word, slot;
    uint32_t used;  /* RELEASE: bytes of the memory that may not be zero; behind them it is emptied */
    int32_t status; /* READY: of the worker before, as waitpid tells it */
    uint32_t idle;  /* RELEASE: other workers wait; the slot's next may take its time to get warm */
} sandbox_message;

/* Where the outcome begins. */
static inline size_t sandbox_outcome_at(size_t len) { return (len + 63) / 64 * 64; }

/* One message, and a descriptor with it when it is not negative. */
bool sandbox_send(int fd, const void *bytes, size_t len, int descriptor);
/* One message of exactly len bytes. deadline_ms: of sandbox_clock, 0: none, negative: what is there already. *ret_descriptor (NULL: none is
 * taken) is -1 when none came. ENT_TIMEOUT, ENT_IO (closed, or another length). */
ent_code sandbox_receive(int fd, void *ret_bytes, size_t len, long long deadline_ms, int *ret_descriptor);
long long sandbox_clock(void); /* CLOCK_MONOTONIC in milliseconds */

#endif
