/* Erasing what must not stay in memory: keys and biometric plaintext. */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <stddef.h>
#include <stdint.h>

/* Overwrites n bytes with zeros in a way that the compiler keeps. */
void ent_wipe(void *p, size_t n);

typedef struct ent_key32 {
    uint8_t b[32];
} ent_key32;

void ent_key32_wipe(ent_key32 *key);

/* A key on the stack that is erased when its scope ends, on every way out. */
#define ENT_WIPED_KEY __attribute__((cleanup(ent_key32_wipe))) ent_key32

#endif
