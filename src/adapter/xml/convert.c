#include "adapter/xml/convert.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEX_DIGITS = 8 }; /* of a biometric type (99.101) */

static bool digits(const uint8_t *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (t[i] < '0' || t[i] > '9') return false;
    return true;
}

/* What XML 1.0 can hold, and reads back as it was (2.2, 2.11). */
static bool plain(const uint8_t *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (t[i] < 0x20 || t[i] == 0x7f) return false;
    return ent_utf8_valid(t, n) && (n == 0 || (t[0] != ' ' && t[n - 1] != ' '));
}

static void put_base64(const uint8_t *t, size_t n, ent_buf *ret)
{
    char text[ENT_BASE64_SIZE(48)];
    for (size_t at = 0; at < n; at += 48) {
        ent_base64(t + at, n - at < 48 ? n - at : 48, text);
        ent_buf_str(ret, text);
    }
}

bool ent_xml_to(char form, const uint8_t *t, size_t n, ent_buf *ret)
{
    const char *c = (const char *)t;
    switch (form) {
    case 'd':
        if (n != 8 || !digits(t, 8)) return false;
        ent_buf_fmt(ret, "%.4s-%.2s-%.2s", c, c + 4, c + 6);
        return true;
    case '1':
    case '2':
        if (n != 17 || t[8] != '*' || !digits(t, 8) || !digits(t + 9, 8)) return false;
        return ent_xml_to('d', t + (form == '2' ? 9 : 0), 8, ret);
    case 'D':
    case 'I':
    case 'r':
    case 'x': return false;
    case 'g':
        if (n != 15 || !digits(t, 14) || t[14] != 'Z') return false;
        ent_buf_fmt(ret, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", c, c + 4, c + 6, c + 8, c + 10, c + 12);
        return true;
    case 'b': put_base64(t, n, ret); return true;
    case 'y':
        if (n != 1 || *t != 'Y') return false;
        ent_buf_str(ret, "true");
        return true;
    case 'f':
        if (n != 1 || (*t != 'S' && *t != 'U')) return false;
        ent_buf_str(ret, *t == 'S' ? "true" : "false");
        return true;
    case 'v':
        if (n != 1 || (*t != '1' && *t != '0')) return false;
        ent_buf_str(ret, *t == '1' ? "true" : "false");
        return true;
    case 'h':
        if (n != HEX_DIGITS || !plain(t, n)) return false;
        for (; n > 1 && *t == '0'; n--) t++;
        ent_buf_put(ret, t, n);
        return true;
    case 'M':
    case 'm':
        if (n != 4 || !digits(t, 4)) return false;
        ent_buf_put(ret, t + (form == 'm' ? 2 : 0), 2);
        return true;
    default:
        if (!plain(t, n)) return false;
        ent_buf_put(ret, t, n);
        return true;
    }
}

static bool from_base64(const char *text, ent_buf *ret)
{
    size_t len = strlen(text), kept = 0, n = 0;
    char *clean = malloc(len + 1);
    uint8_t *bytes = malloc(len / 4 * 3 + 4);
    for (size_t i = 0; clean && i < len; i++)
        if (!strchr(" \t\r\n", text[i])) clean[kept++] = text[i];
    bool ok = clean && bytes && ent_unbase64(clean, kept, bytes, len / 4 * 3 + 3, &n);
    if (ok) ent_buf_put(ret, bytes, n);
    free(clean);
    free(bytes);
    return ok;
}

/* "2016-04-10T10:46:32-05:00", with or without fractions: in UTC by adding the offset. Days past a month's end are carried. */
static bool from_time(const char *t, ent_buf *ret)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour, minute, second, used = 0, oh = 0, om = 0;
    char sign = 'Z';
    if (sscanf(t, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &used) != 6 || used != 19 || month < 1 || month > 12) return false;
    t += used;
    if (*t == '.') t += strspn(t, ".0123456789");
    if (*t && *t != 'Z' && sscanf(t, "%c%2d:%2d", &sign, &oh, &om) != 3) return false;
    int shift = (oh * 60 + om) * (sign == '-' ? 1 : sign == '+' ? -1 : 0), at = hour * 60 + minute + shift;
    for (; at < 0; at += 1440) day--;
    for (; at >= 1440; at -= 1440) day++;
    int in_month = days[month - 1] + (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
    if (day > in_month) day = 1, month = month % 12 + 1, year += month == 1;
    if (day < 1) {
        month = month == 1 ? 12 : month - 1;
        year -= month == 12;
        day = days[month - 1] + (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
    }
    ent_buf_fmt(ret, "%04d%02d%02d%02d%02d%02dZ", year, month, day, at / 60, at % 60, second);
    return true;
}

/* "true" and "1", "false" and "0" (XML Schema, 3.2.2). */
static bool boolean(const char *text, bool *ret)
{
    *ret = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *ret || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

/* A document may break a text into lines, a field may not: each break with the blanks around it is one space. Other control characters
 * are none of XML's. */
static void put_text(const char *text, ent_buf *ret)
{
    while (*text) {
        size_t word = strcspn(text, " \t\r\n"), blank = strspn(text + word, " \t\r\n");
        ent_buf_put(ret, text, word);
        if (strcspn(text + word, "\t\r\n") < blank) ent_buf_u8(ret, ' ');
        else ent_buf_put(ret, text + word, blank);
        text += word + blank;
    }
}

bool ent_xml_from(char form, const char *text, ent_buf *ret)
{
    int year, month, day, used = 0;
    bool yes;
    switch (form) {
    case 'd':
    case 'D':
    case '1':
    case '2':
        if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10) return false;
        if (form == '2') ent_buf_u8(ret, '*');
        ent_buf_fmt(ret, "%04d%02d%02d", year, month, day);
        return true;
    case 'g': return from_time(text, ret);
    case 'b':
    case 'x': return from_base64(text, ret);
    case 'y': /* what is false has no field */
        if (!boolean(text, &yes)) return false;
        if (yes) ent_buf_str(ret, "Y");
        return true;
    case 'f':
        if (!boolean(text, &yes)) return false;
        ent_buf_str(ret, yes ? "S" : "U");
        return true;
    case 'v':
        if (!boolean(text, &yes)) return false;
        ent_buf_str(ret, yes ? "1" : "0");
        return true;
    case 'h':
        if (strlen(text) > HEX_DIGITS || strspn(text, "0123456789ABCDEFabcdef") != strlen(text)) return false;
        for (size_t n = strlen(text); n < HEX_DIGITS; n++) ent_buf_u8(ret, '0');
        ent_buf_str(ret, text);
        return true;
    case 'M':
    case 'm':
        if (strspn(text, "0123456789") != strlen(text) || !*text) return false;
        ent_buf_fmt(ret, "%02ld", strtol(text, NULL, 10) % 100);
        return true;
    default: put_text(text, ret); return true;
    }
}
