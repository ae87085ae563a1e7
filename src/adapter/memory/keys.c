#include "adapter/memory/memory.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct slot {
    bool used, gone;
    uint8_t binding[32];
    ent_key32 key;
} slot;

typedef struct memory_keys {
    pthread_mutex_t lock;
    ent_random random;
    slot *slots;
    size_t count, cap;
    uint32_t epoch;
} memory_keys;

static ent_code new_slot(void *self, const uint8_t binding[32], ent_slot *ret_slot, ent_key32 *ret_key, ent_err *err)
{
    memory_keys *k = self;
    pthread_mutex_lock(&k->lock);
    if (k->count == k->cap) {
        slot *slots = realloc(k->slots, (k->cap + 1024) * sizeof *slots);
        if (!slots) {
            pthread_mutex_unlock(&k->lock);
            return ent_fail(err, ENT_NO_MEMORY, "out of memory for data keys");
        }
        k->slots = slots;
        k->cap += 1024;
    }
    slot *s = &k->slots[k->count];
    *s = (slot){.used = true};
    memcpy(s->binding, binding, 32);
    k->random.fill(k->random.self, s->key.b, sizeof s->key.b);
    ret_slot->number = k->count++;
    *ret_key = s->key;
    pthread_mutex_unlock(&k->lock);
    return ENT_OK;
}

static ent_code new_many(void *self, const uint8_t (*bindings)[32], size_t count, ent_slot *ret_slots, ent_key32 *ret_keys, ent_err *err)
{
    for (size_t i = 0; i < count; i++) {
        ent_code code = new_slot(self, bindings[i], &ret_slots[i], &ret_keys[i], err);
        if (code != ENT_OK) return code; /* the others are nobody's, and are gone with the memory */
    }
    return ENT_OK;
}

static ent_code get(void *self, ent_slot which, const uint8_t binding[32], ent_key32 *ret_key, ent_err *err)
{
    memory_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = ENT_OK;
    if (which.number >= k->count) code = ENT_NOT_FOUND;
    else if (k->slots[which.number].gone) code = ENT_GONE;
    else if (memcmp(k->slots[which.number].binding, binding, 32) != 0) code = ENT_NOT_FOUND;
    else *ret_key = k->slots[which.number].key;
    pthread_mutex_unlock(&k->lock);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "key slot %llu: %s", (unsigned long long)which.number, ent_code_text(code));
}

static ent_code look(void *self, ent_slot which)
{
    memory_keys *k = self;
    pthread_mutex_lock(&k->lock);
    ent_code code = which.number >= k->count ? ENT_NOT_FOUND : k->slots[which.number].gone ? ENT_GONE : ENT_OK;
    pthread_mutex_unlock(&k->lock);
    return code;
}

static ent_code destroy(void *self, ent_slot which, ent_err *err)
{
    memory_keys *k = self;
    (void)err;
    pthread_mutex_lock(&k->lock);
    if (which.number < k->count) {
        ent_wipe(&k->slots[which.number].key, sizeof(ent_key32));
        k->slots[which.number].gone = true;
    }
    pthread_mutex_unlock(&k->lock);
    return ENT_OK;
}

static ent_code destroy_many(void *self, const ent_slot *slots, size_t count, ent_err *err)
{
    for (size_t i = 0; i < count; i++) ENT_TRY(destroy(self, slots[i], err));
    return ENT_OK;
}

static ent_code end_epoch(void *self, uint32_t *ret_epoch, ent_err *err)
{
    memory_keys *k = self;
    (void)err;
    *ret_epoch = ++k->epoch;
    return ENT_OK;
}

static uint32_t epoch(void *self) { return ((memory_keys *)self)->epoch; }

static void custody(void *self, ent_custody *ret)
{
    (void)self;
    *ret = (ent_custody){.overwrites = true, .medium = "memory"};
}

static void close_keys(void *self)
{
    memory_keys *k = self;
    if (k && k->slots) ent_wipe(k->slots, k->cap * sizeof *k->slots);
    if (k) free(k->slots);
    free(k);
}

ent_code ent_memory_keys(ent_random random, ent_keys *ret_keys, ent_err *err)
{
    memory_keys *k = calloc(1, sizeof *k);
    if (!k) return ent_fail(err, ENT_NO_MEMORY, "out of memory for data keys");
    k->random = random;
    k->epoch = 1;
    pthread_mutex_init(&k->lock, NULL);
    *ret_keys = (ent_keys){.self = k, .new_slot = new_slot, .new_many = new_many, .get = get, .look = look, .destroy = destroy, .destroy_many = destroy_many, .end_epoch = end_epoch,
                           .epoch = epoch, .custody = custody, .close = close_keys};
    return ENT_OK;
}
