/* Unpredictable bytes, as a port: the system's generator in a node, a seeded one in a story. Any thread. Never fails:
 * an adapter that cannot deliver aborts. */
#ifndef PORT_RANDOM_H
#define PORT_RANDOM_H

#include <stddef.h>

typedef struct ent_random {
    void *self;
    void (*fill)(void *self, void *ret_bytes, size_t n);
} ent_random;

#endif
