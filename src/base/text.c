#include "base/text.h"

#include <string.h>

void ent_hex(const uint8_t *bytes, size_t n, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * n] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool ent_unhex(const char *text, uint8_t *ret_bytes, size_t n)
{
    if (strnlen(text, 2 * n + 1) != 2 * n) return false;
    for (size_t i = 0; i < 2 * n; i++)
        if (hex_digit(text[i]) < 0) return false;
    for (size_t i = 0; i < n; i++) ret_bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ent_base64(const uint8_t *bytes, size_t n, char *ret_text)
{
    char *out = ret_text;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)bytes[i] << 16;
        if (i + 1 < n) v |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < n) v |= bytes[i + 2];
        *out++ = BASE64[v >> 18];
        *out++ = BASE64[v >> 12 & 63];
        *out++ = i + 1 < n ? BASE64[v >> 6 & 63] : '=';
        *out++ = i + 2 < n ? BASE64[v & 63] : '=';
    }
    *out = 0;
}

void ent_buf_base64(ent_buf *b, const uint8_t *bytes, size_t n)
{
    char four[5];
    for (size_t i = 0; i < n; i += 3) {
        ent_base64(bytes + i, n - i < 3 ? n - i : 3, four);
        ent_buf_put(b, four, 4);
    }
}

static int base64_digit(char c)
{
    const char *at = c ? memchr(BASE64, c, 64) : NULL;
    return at ? (int)(at - BASE64) : -1;
}

bool ent_unbase64(const char *text, size_t text_len, uint8_t *ret_bytes, size_t cap, size_t *ret_n)
{
    if (text_len % 4) return false;
    size_t pad = 0;
    while (pad < 2 && pad < text_len && text[text_len - 1 - pad] == '=') pad++;
    size_t n = text_len / 4 * 3 - pad;
    if (n > cap) return false;
    size_t out = 0;
    for (size_t i = 0; i < text_len; i += 4) {
        uint32_t v = 0;
        size_t here = i + 4 == text_len ? 4 - pad : 4;
        for (size_t k = 0; k < 4; k++) {
            int d = k < here ? base64_digit(text[i + k]) : 0;
            if (d < 0) return false;
            v = v << 6 | (uint32_t)d;
        }
        if ((here == 2 && (v & 0xffff)) || (here == 3 && (v & 0xff))) return false;
        for (size_t k = 0; k + 1 < here; k++) ret_bytes[out++] = (uint8_t)(v >> (16 - 8 * k));
    }
    *ret_n = n;
    return true;
}

bool ent_utf8_valid(const uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint8_t c = text[i];
        size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;
        if (more == 9 || more >= n - i) return false;
        for (size_t k = 1; k <= more; k++)
            if ((text[i + k] & 0xc0) != 0x80) return false;
        if ((c == 0xe0 && text[i + 1] < 0xa0) || (c == 0xed && text[i + 1] >= 0xa0) || (c == 0xf0 && text[i + 1] < 0x90) ||
            (c == 0xf4 && text[i + 1] >= 0x90))
            return false;
        i += more + 1;
    }
    return true;
}

void ent_json_text(ent_buf *b, const char *text)
{
    ent_buf_u8(b, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') ent_buf_fmt(b, "\\%c", *text);
        else if (*text == '\n') ent_buf_str(b, "\\n");
        else if ((unsigned char)*text < 0x20) ent_buf_fmt(b, "\\u%04x", *text);
        else ent_buf_u8(b, (uint8_t)*text);
    }
    ent_buf_u8(b, '"');
}

void ent_html_text(ent_buf *b, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<': ent_buf_str(b, "&lt;"); break;
        case '>': ent_buf_str(b, "&gt;"); break;
        case '&': ent_buf_str(b, "&amp;"); break;
        case '"': ent_buf_str(b, "&quot;"); break;
        default: ent_buf_u8(b, (uint8_t)*text);
        }
    }
}
