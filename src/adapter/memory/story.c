#include "adapter/memory/memory.h"

#include "crypto/hash.h"

#include <string.h>

static ent_time now(void *self) { return ((ent_story_clock *)self)->now; }
static int64_t monotonic(void *self) { return ((ent_story_clock *)self)->monotonic; }

static int64_t boot(void *self, uint8_t ret_id[ENT_ID_SIZE])
{
    const ent_story_clock *c = self;
    memset(ret_id, c->boot + 1, ENT_ID_SIZE);
    return c->now.ms - c->skew;
}

static int32_t offset(void *self, ent_time at)
{
    (void)at;
    return ((ent_story_clock *)self)->offset_s;
}

static void sleep_until(void *self, int64_t until)
{
    ent_story_clock *c = self;
    if (until <= c->monotonic) return;
    c->now.ms += until - c->monotonic;
    c->monotonic = until;
}

ent_clock ent_story_clock_port(ent_story_clock *clock)
{
    return (ent_clock){.self = clock, .now = now, .monotonic = monotonic, .boot = boot, .offset = offset, .sleep_until = sleep_until};
}

static void fill(void *self, void *ret_bytes, size_t n)
{
    ent_story_random *r = self;
    for (size_t done = 0; done < n;) {
        uint8_t block[32];
        uint64_t counter = ++r->counter;
        ent_sha256_parts((ent_bytes[]){ENT_BYTES(&r->seed, 8), ENT_BYTES(&counter, 8)}, 2, block);
        size_t some = n - done < sizeof block ? n - done : sizeof block;
        memcpy((uint8_t *)ret_bytes + done, block, some);
        done += some;
    }
}

ent_random ent_story_random_port(ent_story_random *random) { return (ent_random){.self = random, .fill = fill}; }
