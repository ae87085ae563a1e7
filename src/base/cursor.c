#include "base/cursor.h"

#include <string.h>

const uint8_t *ent_cursor_take(ent_cursor *c, size_t n)
{
    if (c->bad || n > c->len - c->at) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *p = c->data ? c->data + c->at : (const uint8_t *)"";
    c->at += n;
    return p;
}

static uint64_t cursor_be(ent_cursor *c, size_t bytes)
{
    const uint8_t *p = ent_cursor_take(c, bytes);
    uint64_t v = 0;
    for (size_t i = 0; p && i < bytes; i++) v = v << 8 | p[i];
    return v;
}

uint8_t ent_cursor_u8(ent_cursor *c)
{
    return (uint8_t)cursor_be(c, 1);
}

uint16_t ent_cursor_u16(ent_cursor *c)
{
    return (uint16_t)cursor_be(c, 2);
}

uint32_t ent_cursor_u32(ent_cursor *c)
{
    return (uint32_t)cursor_be(c, 4);
}

uint64_t ent_cursor_u64(ent_cursor *c)
{
    return cursor_be(c, 8);
}

void ent_cursor_copy(ent_cursor *c, void *ret_bytes, size_t n)
{
    const uint8_t *p = ent_cursor_take(c, n);
    if (p)
        memcpy(ret_bytes, p, n);
    else
        memset(ret_bytes, 0, n);
}

static void take_text(ent_cursor *c, size_t n, char *ret_text, size_t cap)
{
    const uint8_t *p = n < cap ? ent_cursor_take(c, n) : NULL;
    if (!p || memchr(p, 0, n)) c->bad = true;
    else memcpy(ret_text, p, n), ret_text[n] = 0;
}

void ent_cursor_text8(ent_cursor *c, char *ret_text, size_t cap)
{
    take_text(c, ent_cursor_u8(c), ret_text, cap);
}

void ent_cursor_text16(ent_cursor *c, char *ret_text, size_t cap)
{
    take_text(c, ent_cursor_u16(c), ret_text, cap);
}

double ent_cursor_double(ent_cursor *c)
{
    uint64_t bits = ent_cursor_u64(c);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

size_t ent_cursor_left(const ent_cursor *c)
{
    return c->bad ? 0 : c->len - c->at;
}

bool ent_cursor_ok(const ent_cursor *c)
{
    return !c->bad;
}

bool ent_cursor_done(const ent_cursor *c)
{
    return !c->bad && c->at == c->len;
}
