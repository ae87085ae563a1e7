#include "base/buf.h"

#include "base/wipe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *ent_buf_room(ent_buf *b, size_t n)
{
    if (b->failed != ENT_OK) return NULL;
    if (n > b->max || b->len > b->max - n) {
        b->failed = ENT_TOO_LARGE;
        return NULL;
    }
    if (b->len + n + 1 > b->cap) { /* one more for ent_buf_cstr's NUL */
        size_t cap = b->cap ? b->cap : 256;
        while (cap < b->len + n + 1) cap = cap > (b->max + 1) / 2 ? b->max + 1 : cap * 2;
        uint8_t *data = malloc(cap);
        if (!data) {
            b->failed = ENT_NO_MEMORY;
            return NULL;
        }
        if (b->len) memcpy(data, b->data, b->len);
        ent_wipe(b->data, b->len);
        free(b->data);
        b->data = data;
        b->cap = cap;
    }
    uint8_t *at = b->data + b->len;
    b->len += n;
    return at;
}

void ent_buf_put(ent_buf *b, const void *bytes, size_t n)
{
    uint8_t *at = n ? ent_buf_room(b, n) : NULL;
    if (at) memcpy(at, bytes, n);
}

void ent_buf_str(ent_buf *b, const char *text)
{
    ent_buf_put(b, text, strlen(text));
}

void ent_buf_fmt(ent_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0) {
        uint8_t *at = ent_buf_room(b, (size_t)n);
        if (at) vsnprintf((char *)at, (size_t)n + 1, format, again);
    }
    va_end(again);
}

static void buf_be(ent_buf *b, uint64_t v, int bytes)
{
    uint8_t *at = ent_buf_room(b, (size_t)bytes);
    for (int i = 0; at && i < bytes; i++) at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

void ent_buf_u8(ent_buf *b, uint8_t v)
{
    buf_be(b, v, 1);
}

void ent_buf_u16(ent_buf *b, uint16_t v)
{
    buf_be(b, v, 2);
}

void ent_buf_u32(ent_buf *b, uint32_t v)
{
    buf_be(b, v, 4);
}

void ent_buf_u64(ent_buf *b, uint64_t v)
{
    buf_be(b, v, 8);
}

void ent_buf_zero(ent_buf *b, size_t n)
{
    uint8_t *at = n ? ent_buf_room(b, n) : NULL;
    if (at) memset(at, 0, n);
}

const char *ent_buf_cstr(ent_buf *b)
{
    if (!b->data || b->failed != ENT_OK) return "";
    b->data[b->len] = 0;
    return (const char *)b->data;
}

ent_code ent_buf_check(const ent_buf *b, ent_err *err)
{
    if (b->failed == ENT_TOO_LARGE) return ent_fail(err, b->failed, "over the ceiling of %zu bytes", b->max);
    if (b->failed != ENT_OK) return ent_fail(err, b->failed, "no memory for %zu bytes", b->cap);
    return ENT_OK;
}

void ent_buf_clear(ent_buf *b)
{
    ent_wipe(b->data, b->len);
    b->len = 0;
    b->failed = ENT_OK;
}

void ent_buf_free(ent_buf *b)
{
    ent_wipe(b->data, b->len);
    free(b->data);
    *b = ENT_BUF(b->max);
}

static bool fits(ent_buf *b, size_t n, size_t most)
{
    if (n > most && b->failed == ENT_OK) b->failed = ENT_TOO_LARGE;
    return n <= most;
}

void ent_buf_text8(ent_buf *b, const char *text)
{
    size_t n = strlen(text);
    if (!fits(b, n, UINT8_MAX)) return;
    ent_buf_u8(b, (uint8_t)n);
    ent_buf_put(b, text, n);
}

void ent_buf_text16(ent_buf *b, const char *text)
{
    size_t n = strlen(text);
    if (!fits(b, n, UINT16_MAX)) return;
    ent_buf_u16(b, (uint16_t)n);
    ent_buf_put(b, text, n);
}

void ent_buf_double(ent_buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    ent_buf_u64(b, bits);
}

void ent_buf_sink(void *ctx, const void *bytes, size_t n) { ent_buf_put(ctx, bytes, n); }
