/* Work that is due later, as a port. A task runs once, on the scheduler's thread, never two at a time. */
#ifndef PORT_SCHEDULER_H
#define PORT_SCHEDULER_H

#include "base/when.h"
#include "entente/error.h"

typedef struct ent_scheduler {
    void *self;
    /* Runs task(ctx) at or after `at` (of port/clock.h's now). `name` is static and for the log. */
    ENT_MUST_CHECK ent_code (*at)(void *self, ent_time at, const char *name, void (*task)(void *ctx), void *ctx,
                                  ent_err *err);
} ent_scheduler;

#endif
