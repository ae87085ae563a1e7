/* entente-redress-slip/v1: lines of words in one order. Reading takes the lines apart and writes them again: what is not the same
 * to the byte is no slip, so that one slip has one form. */
#include "flow/redress/slip.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

#define FIRST "entente-redress-slip/v1\n"

/* ---- the text ---- */

void ent_slip_signed_text(const ent_slip *s, ent_buf *b)
{
    char number[ENT_ID_TEXT], issued[ENT_TIME_TEXT], until[ENT_DATE_TEXT], traveller[ENT_BASE64_SIZE(32)], sealed[ENT_BASE64_SIZE(ENT_SLIP_SEALED)];
    ent_id_text(s->number, number);
    ent_time_text(s->issued, issued);
    ent_date_text(s->until, until);
    ent_base64(s->traveller, 32, traveller);
    ent_base64(s->sealed, s->sealed_len, sealed);
    ent_buf_fmt(b, FIRST "number %s\nissuer %s\nholder %s\nagreement %s\nissued %s\nuntil %s\ntraveller %s\nsealed %s\n", number, s->issuer, s->holder,
                s->agreement, issued, until, traveller, sealed);
}

void ent_slip_write(const ent_slip *s, ent_buf *b)
{
    char signature[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    ent_slip_signed_text(s, b);
    ent_base64(s->signature, ENT_SIGNATURE_SIZE, signature);
    ent_buf_fmt(b, "signature %s\n", signature);
}

bool ent_slip_begins(const void *text, size_t len) { return len >= sizeof FIRST - 1 && memcmp(text, FIRST, sizeof FIRST - 1) == 0; }

typedef struct reader {
    const char *at, *end;
    bool bad;
} reader;

/* The rest of the line "name word" goes to ret, ended by a NUL. */
static void word(reader *r, const char *name, char *ret, size_t cap)
{
    size_t n = strlen(name);
    const char *nl = r->at < r->end ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    ret[0] = 0;
    if (r->bad || !nl || (size_t)(nl - r->at) <= n || memcmp(r->at, name, n) != 0 || r->at[n] != ' ' || (size_t)(nl - r->at) - n - 1 >= cap) {
        r->bad = true;
        return;
    }
    size_t len = (size_t)(nl - r->at) - n - 1;
    memcpy(ret, r->at + n + 1, len);
    ret[len] = 0;
    r->at = nl + 1;
}

static void bytes(reader *r, const char *name, uint8_t *ret, size_t cap, size_t *ret_len)
{
    char text[ENT_BASE64_SIZE(ENT_SLIP_SEALED)];
    word(r, name, text, sizeof text);
    if (!r->bad && !ent_unbase64(text, strlen(text), ret, cap, ret_len)) r->bad = true;
}

static void fields(reader *r, ent_slip *s)
{
    char number[64], issued[64], until[64];
    size_t traveller = 0, signature = 0;
    word(r, "number", number, sizeof number);
    word(r, "issuer", s->issuer, sizeof s->issuer);
    word(r, "holder", s->holder, sizeof s->holder);
    word(r, "agreement", s->agreement, sizeof s->agreement);
    word(r, "issued", issued, sizeof issued);
    word(r, "until", until, sizeof until);
    bytes(r, "traveller", s->traveller, sizeof s->traveller, &traveller);
    bytes(r, "sealed", s->sealed, sizeof s->sealed, &s->sealed_len);
    bytes(r, "signature", s->signature, sizeof s->signature, &signature);
    if (r->bad) return;
    r->bad = !ent_id_parse(number, s->number) || !ent_time_parse(issued, &s->issued) || !ent_date_parse(until, &s->until) || traveller != 32 ||
             signature != ENT_SIGNATURE_SIZE;
}

ent_code ent_slip_read(const void *text, size_t len, ent_slip *ret_slip, size_t *ret_len, ent_err *err)
{
    ENT_AUTO_BUF again = ENT_BUF(ENT_SLIP_MAX);
    ent_slip s = {0};
    reader r = {text, (const char *)text + len, !ent_slip_begins(text, len)};
    if (!r.bad) r.at += sizeof FIRST - 1;
    fields(&r, &s);
    if (!r.bad) ent_slip_write(&s, &again);
    size_t read = r.bad ? 0 : (size_t)(r.at - (const char *)text);
    if (r.bad || again.failed != ENT_OK || again.len != read || memcmp(again.data, text, read) != 0)
        return ent_fail(err, ENT_FORMAT, "not a redress slip: give the file as `entente redress issue` wrote it, or the whole content of its QR code");
    *ret_slip = s;
    *ret_len = read;
    return ENT_OK;
}

/* ---- the sealed part ---- */

void ent_slip_inner_write(const ent_slip_inner *s, ent_buf *b)
{
    ent_buf_u8(b, 1);
    ent_buf_put(b, s->number, ENT_ID_SIZE);
    ent_buf_u16(b, (uint16_t)s->until.year);
    ent_buf_u8(b, (uint8_t)s->until.month);
    ent_buf_u8(b, (uint8_t)s->until.day);
    ent_buf_put(b, s->reference.b, ENT_ID_SIZE);
    ent_buf_put(b, s->salt, sizeof s->salt);
    ent_buf_u8(b, s->finger);
    ent_buf_u16(b, (uint16_t)s->template_len);
    ent_buf_put(b, s->template_bytes, s->template_len);
}

ent_code ent_slip_inner_read(const void *in, size_t len, ent_slip_inner *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(in, len);
    ent_slip_inner s = {0};
    bool good = ent_cursor_u8(&c) == 1;
    ent_cursor_copy(&c, s.number, ENT_ID_SIZE);
    s.until.year = ent_cursor_u16(&c);
    s.until.month = ent_cursor_u8(&c);
    s.until.day = ent_cursor_u8(&c);
    ent_cursor_copy(&c, s.reference.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, s.salt, sizeof s.salt);
    s.finger = ent_cursor_u8(&c);
    s.template_len = ent_cursor_u16(&c);
    good = good && s.finger <= 10 && s.template_len <= sizeof s.template_bytes;
    if (good) ent_cursor_copy(&c, s.template_bytes, s.template_len);
    if (!good || !ent_cursor_done(&c)) return ent_fail(err, ENT_FORMAT, "the sealed part of a redress slip cannot be read");
    *ret = s;
    return ENT_OK;
}
