/* How helper and node speak: a 32-bit length in network order, then as many bytes. */
#ifndef ADAPTER_SANDBOX_FRAME_H
#define ADAPTER_SANDBOX_FRAME_H

#include "base/buf.h"

#include <stdbool.h>

bool ent_frame_send(int fd, const void *bytes, size_t len);
/* Appends one frame of at most ret->max bytes. deadline_ms: of CLOCK_MONOTONIC, 0: none. ENT_TIMEOUT, ENT_IO (closed),
 * ENT_TOO_LARGE. */
ent_code ent_frame_receive(int fd, ent_buf *ret, long long deadline_ms);
long long ent_frame_clock(void);

/* A job's outcome: code, detail, result. */
void ent_outcome_put(ent_buf *b, ent_code code, const char *detail, const ent_buf *result);

#endif
