#include "adapter/file/file.h"

#include "base/check.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static ent_time now(void *self)
{
    (void)self;
    struct timespec t;
    ENT_INVARIANT(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return (ent_time){(int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000};
}

static int64_t monotonic(void *self)
{
    (void)self;
    struct timespec t;
    ENT_INVARIANT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_until(void *self, int64_t until)
{
    (void)self;
    struct timespec t = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

ent_clock ent_system_clock(void) { return (ent_clock){.now = now, .monotonic = monotonic, .sleep_until = sleep_until}; }

static void fill(void *self, void *ret_bytes, size_t n)
{
    (void)self;
    for (size_t done = 0; done < n;) {
        ssize_t some = getrandom((char *)ret_bytes + done, n - done, 0);
        if (some < 0) ENT_INVARIANT(errno == EINTR);
        else done += (size_t)some;
    }
}

ent_random ent_system_random(void) { return (ent_random){.fill = fill}; }
