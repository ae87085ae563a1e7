/* A read position over bytes that somebody else owns. A read past the end sets `bad` and returns zero: read the whole
 * record, then ask ent_cursor_ok once. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ent_cursor {
    const uint8_t *data;
    size_t len, at;
    bool bad;
} ent_cursor;

#define ENT_CURSOR(bytes, n) ((ent_cursor){.data = (bytes), .len = (n)})

uint8_t ent_cursor_u8(ent_cursor *c);
uint16_t ent_cursor_u16(ent_cursor *c); /* big-endian, as are the next two */
uint32_t ent_cursor_u32(ent_cursor *c);
uint64_t ent_cursor_u64(ent_cursor *c);
/* n bytes in place, NULL when fewer are left */
const uint8_t *ent_cursor_take(ent_cursor *c, size_t n);
void ent_cursor_copy(ent_cursor *c, void *ret_bytes, size_t n); /* zeros when fewer are left */
/* A text that ent_buf_text8 or 16 put, with a NUL; bad, and nothing written, when it does not fit into cap or has
 * a NUL in it, which no text that was put has. */
void ent_cursor_text8(ent_cursor *c, char *ret_text, size_t cap);
void ent_cursor_text16(ent_cursor *c, char *ret_text, size_t cap);
double ent_cursor_double(ent_cursor *c); /* of ent_buf_double */
size_t ent_cursor_left(const ent_cursor *c);
bool ent_cursor_ok(const ent_cursor *c);   /* no read went past the end */
bool ent_cursor_done(const ent_cursor *c); /* ok, and everything was read */

#endif
