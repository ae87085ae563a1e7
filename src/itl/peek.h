/* The size that an image's own header states, without decoding it. Pure; any thread. */
#ifndef ITL_PEEK_H
#define ITL_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ent_itl_peek {
    const char *format; /* "WSQ", "PNG", "JPEG", "JPEG 2000"; NULL: none of them */
    uint32_t width, height;
    unsigned depth, components; /* 0 when the header does not say */
} ent_itl_peek;

/* format NULL when the bytes begin like none of them or are cut before their size. */
ent_itl_peek ent_itl_peek_at(const uint8_t *bytes, size_t len);

#endif
