/* Memory for keys: locked (never in swap), kept from core dumps, empty in a child after fork. What was taken lives until the
 * arena is freed, which erases it. One owner, no locking. */
#ifndef CRYPTO_ARENA_H
#define CRYPTO_ARENA_H

#include "entente/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ent_arena ent_arena;

/* At least `size` bytes. ENT_DENIED when they cannot be locked, unless accept_unlocked. */
ENT_MUST_CHECK ent_code ent_arena_new(size_t size, bool accept_unlocked, ent_arena **ret_arena, ent_err *err);
void *ent_arena_take(ent_arena *a, size_t n); /* zeros, aligned to 16; NULL when it is full */
void ent_arena_free(ent_arena *a);            /* NULL is fine */

#endif
