/* The time of day, as a port: nothing below the node reads a clock of its own. Any thread. */
#ifndef PORT_CLOCK_H
#define PORT_CLOCK_H

#include "base/ids.h"
#include "base/when.h"

typedef struct ent_clock {
    void *self;
    ent_time (*now)(void *self);
    /* Milliseconds that never go back, for durations and deadlines; its zero means nothing. */
    int64_t (*monotonic)(void *self);
    /* Which boot of the machine this is, and the milliseconds since: they run on whatever anybody sets the clock to. */
    int64_t (*boot)(void *self, uint8_t ret_id[ENT_ID_SIZE]);
    /* Seconds that local time is ahead of UTC at that instant: statutes count the days of the place. NULL: none, UTC. */
    int32_t (*offset)(void *self, ent_time at);
    /* Waits until monotonic() reaches `until`, or (in a simulation) moves time there. */
    void (*sleep_until)(void *self, int64_t until);
} ent_clock;

#endif
