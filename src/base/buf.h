/* A byte buffer with a ceiling. Its first failure sticks: append whole records, ask once. The contents are erased
 * when it grows and when it is freed, so it may hold biometric plaintext. One owner, no locking. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "entente/error.h"

typedef struct ent_buf {
    uint8_t *data;
    size_t len, cap, max; /* max: the ceiling in bytes */
    ent_code failed;      /* ENT_OK, ENT_TOO_LARGE or ENT_NO_MEMORY */
} ent_buf;

#define ENT_BUF(ceiling) ((ent_buf){.max = (ceiling)})

void ent_buf_put(ent_buf *b, const void *bytes, size_t n);
void ent_buf_str(ent_buf *b, const char *text);
void ent_buf_fmt(ent_buf *b, const char *format, ...) ENT_PRINTF(2, 3);
void ent_buf_u8(ent_buf *b, uint8_t v);
void ent_buf_u16(ent_buf *b, uint16_t v); /* big-endian, as are the next two */
void ent_buf_u32(ent_buf *b, uint32_t v);
void ent_buf_u64(ent_buf *b, uint64_t v);
/* A text behind its length in 8 or 16 bits; too long a text fails as too large. ent_cursor_text8 and 16 take it. */
void ent_buf_text8(ent_buf *b, const char *text);
void ent_buf_text16(ent_buf *b, const char *text);
void ent_buf_double(ent_buf *b, double v); /* its 64 bits */
void ent_buf_zero(ent_buf *b, size_t n);
/* Room for n bytes more, which the caller writes; NULL after a failure. */
uint8_t *ent_buf_room(ent_buf *b, size_t n);
/* ent_buf_put for those who call back with what they write; ctx: the ent_buf. */
void ent_buf_sink(void *ctx, const void *bytes, size_t n);
/* The contents as a C string; the NUL is not counted in len. "" after a failure or when nothing was put. */
const char *ent_buf_cstr(ent_buf *b);
/* ENT_OK or the failure that stuck, with its text. */
ENT_MUST_CHECK ent_code ent_buf_check(const ent_buf *b, ent_err *err);
void ent_buf_clear(ent_buf *b); /* erases, keeps the memory and the ceiling */
void ent_buf_free(ent_buf *b);  /* erases; b may be used again */

#define ENT_AUTO_BUF __attribute__((cleanup(ent_buf_free))) ent_buf

#endif
