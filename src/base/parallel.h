/* One loop over all cores. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

/* Calls work(ctx, i, worker) once for each i < count, from up to `threads` threads (0: one a core); worker is the
 * thread's number, below the value returned by ent_parallel_width, for per-thread scratch. Returns when all are done.
 * The order of the calls is not defined; what they write must not depend on it. */
void ent_parallel(size_t count, unsigned threads, void (*work)(void *ctx, size_t i, unsigned worker), void *ctx);
unsigned ent_parallel_width(unsigned threads);

#endif
