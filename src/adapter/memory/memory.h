/* Ports kept in memory, for stories and tests: the same contracts, nothing survives the process. Each is made by its
 * function and ended by the port's own close. */
#ifndef ADAPTER_MEMORY_H
#define ADAPTER_MEMORY_H

#include "crypto/sign.h"
#include "port/clock.h"
#include "port/keys.h"
#include "port/ledger.h"
#include "port/random.h"
#include "port/store.h"

ENT_MUST_CHECK ent_code ent_memory_store(ent_store *ret_store, ent_err *err);
ENT_MUST_CHECK ent_code ent_memory_keys(ent_random random, ent_keys *ret_keys, ent_err *err);
/* One log; origin and secret as in adapter/file/file.h; both are copied. */
ENT_MUST_CHECK ent_code ent_memory_ledger(const char *origin, const ent_secret_key *secret, ent_ledger *ret_ledger,
                                          ent_err *err);

/* One log a year, the first of `year`. */
ENT_MUST_CHECK ent_code ent_memory_year_ledger(const char *name, const ent_secret_key *secret, uint32_t year, ent_ledger *ret_ledger, ent_err *err);

/* A clock that a story moves by hand, and a generator that starts from a seed (not for keys that matter). */
typedef struct ent_story_clock {
    ent_time now;
    int64_t monotonic;
    int64_t skew;       /* how much of `now` did not pass but was set */
    uint8_t boot;       /* changes with a restart of the machine */
    int32_t offset_s;   /* local time is so far ahead of UTC */
} ent_story_clock;

ent_clock ent_story_clock_port(ent_story_clock *clock);

typedef struct ent_story_random {
    uint64_t seed;
    _Atomic uint64_t counter; /* threads draw too */
} ent_story_random;

ent_random ent_story_random_port(ent_story_random *random);

/* Calls see for every stored value, for a test that looks for what must not be there. */
void ent_memory_store_each(const ent_store *store, void (*see)(void *ctx, ent_table table, const uint8_t *value, size_t len),
                           void *ctx);

#endif
