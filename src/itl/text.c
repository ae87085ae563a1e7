/* Character encodings of 1.015 DCS (5.6, table 4; edition 2007, table 5). */
#include "entente/itl.h"

#include <string.h>

int ent_itl_encoding(const ent_itl *t)
{
    const ent_itl_field *dcs = ent_itl_field_of(ent_itl_record_at(t, 0), 15);
    const uint8_t *text;
    size_t n;
    int index = 0;
    if (!dcs || !ent_itl_item(dcs, 0, 0, &text, &n) || n == 0 || n > 3) return 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        index = index * 10 + (text[i] - '0');
    }
    return index <= 4 ? index : -1;
}

enum { NO_CHARACTER = 0xfffd };

/* The character at *at, which moves behind it. */
static uint32_t next_utf8(const uint8_t *t, size_t n, size_t *at)
{
    uint8_t lead = t[(*at)++];
    size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0x80) return lead;
    if (lead < 0xc2 || lead > 0xf4) return NO_CHARACTER;
    uint32_t c = lead & (0x3fu >> more);
    for (size_t i = 0; i < more; i++) {
        if (*at == n || (t[*at] & 0xc0) != 0x80) return NO_CHARACTER;
        c = c << 6 | (t[(*at)++] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? NO_CHARACTER : c;
}

static uint32_t unit(const uint8_t *t, size_t size, bool little)
{
    uint32_t v = 0;
    for (size_t i = 0; i < size; i++) v |= (uint32_t)t[little ? i : size - 1 - i] << 8 * i;
    return v;
}

static uint32_t next_utf16(const uint8_t *t, size_t n, size_t *at, bool little)
{
    if (n - *at < 2) {
        *at = n;
        return NO_CHARACTER;
    }
    uint32_t high = unit(t + *at, 2, little);
    *at += 2;
    if (high < 0xd800 || high >= 0xe000) return high;
    if (high >= 0xdc00 || n - *at < 2) return NO_CHARACTER;
    uint32_t low = unit(t + *at, 2, little);
    if (low < 0xdc00 || low >= 0xe000) return NO_CHARACTER;
    *at += 2;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t next_utf32(const uint8_t *t, size_t n, size_t *at, bool little)
{
    if (n - *at < 4) {
        *at = n;
        return NO_CHARACTER;
    }
    uint32_t c = unit(t + *at, 4, little);
    *at += 4;
    return c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? NO_CHARACTER : c;
}

static size_t put_utf8(uint32_t c, char ret[4])
{
    if (c < 0x80) {
        ret[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    ret[0] = (char)(lead[more] | c >> 6 * more);
    for (size_t i = 1; i <= more; i++) ret[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
    return more + 1;
}

size_t ent_itl_to_utf8(int encoding, const uint8_t *text, size_t n, char *ret_text, size_t cap)
{
    size_t at = 0, out = 0, mark = encoding == 2 ? 2 : encoding == 4 ? 4 : 0;
    bool little = false;
    if (mark && n >= mark) {
        bool ours = unit(text, mark, false) == 0xfeff;
        little = unit(text, mark, true) == 0xfeff;
        if (ours || little) at = mark;
    }
    while (at < n) {
        uint32_t c;
        char bytes[4];
        if (encoding == 3) c = next_utf8(text, n, &at);
        else if (encoding == 2) c = next_utf16(text, n, &at, little);
        else if (encoding == 4) c = next_utf32(text, n, &at, little);
        else c = text[at] < 0x80 || encoding == 1 ? text[at] : NO_CHARACTER, at++;
        size_t len = put_utf8(c, bytes);
        if (out + len >= cap) break;
        memcpy(ret_text + out, bytes, len);
        out += len;
    }
    if (cap) ret_text[out] = 0;
    return out;
}
