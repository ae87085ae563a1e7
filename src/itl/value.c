/* Values against the character types and value lists of the tables. */
#include "itl/rules.h"

#include "base/text.h"

#include <string.h>

static bool is_letter(uint8_t c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool is_hex(uint8_t c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }
static bool is_printable(uint8_t c) { return c >= 0x20 && c < 0x7f; }

bool ent_itl_value_number(const uint8_t *text, size_t n, double *ret)
{
    double v = 0, scale = 1;
    bool point = false, digits = false;
    size_t i = n && (text[0] == '-' || text[0] == '+');
    if (n > 20) return false;
    for (; i < n; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(text[i])) return false;
        digits = true;
        v = v * 10 + (text[i] - '0');
        if (point) scale *= 10;
    }
    *ret = (n && text[0] == '-' ? -v : v) / scale;
    return digits;
}

static bool all(const uint8_t *text, size_t n, bool (*is)(uint8_t))
{
    for (size_t i = 0; i < n; i++)
        if (!is(text[i])) return false;
    return true;
}

static bool is_alnum(uint8_t c) { return is_letter(c) || is_digit(c); }
static bool is_alnum_space(uint8_t c) { return is_alnum(c) || c == ' '; }
static bool is_no_digit(uint8_t c) { return is_printable(c) && !is_digit(c); }
static bool is_no_letter(uint8_t c) { return is_printable(c) && !is_letter(c); }
static bool is_base64(uint8_t c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }

static unsigned two(const uint8_t *t) { return (unsigned)(t[0] - '0') * 10 + (unsigned)(t[1] - '0'); }

static bool is_date(const uint8_t *t, size_t n)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (n != 8 || !all(t, 8, is_digit)) return false;
    unsigned year = two(t) * 100 + two(t + 2), month = two(t + 4), day = two(t + 6);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (unsigned)(month == 2 && leap);
}

static bool is_gmt(const uint8_t *t, size_t n)
{
    return n == 15 && t[14] == 'Z' && is_date(t, 8) && all(t + 8, 6, is_digit) && two(t + 8) < 24 && two(t + 10) < 60 && two(t + 12) <= 60;
}

static bool is_resolution(const uint8_t *t, size_t n) { return n == 5 && is_digit(t[0]) && is_digit(t[1]) && t[2] == '.' && is_digit(t[3]) && is_digit(t[4]); }

static bool is_device(const uint8_t *t, size_t n)
{
    if (n && t[0] == 'M') return n == 13 && all(t + 1, 12, is_hex);
    return n >= 13 && n <= 16 && t[0] == 'P' && all(t, n, is_printable);
}

static bool is_zone(const uint8_t *t, size_t n)
{
    return (n == 2 || n == 3) && all(t, n - 1, is_digit) && t[n - 1] >= 'C' && t[n - 1] <= 'X' && t[n - 1] != 'I' && t[n - 1] != 'O';
}

static bool is_time(const uint8_t *t, size_t n)
{
    return n == 12 && t[2] == ':' && t[5] == ':' && t[8] == '.' && all(t, 2, is_digit) && all(t + 3, 2, is_digit) && all(t + 6, 2, is_digit) && all(t + 9, 3, is_digit) && two(t + 3) < 60 && two(t + 6) < 60;
}

/* pairs "x,y" joined by "-" */
static bool is_path(const uint8_t *t, size_t n, size_t least)
{
    size_t points = 0, at = 0;
    while (at < n) {
        for (int half = 0; half < 2; half++) {
            size_t digits = 0;
            while (at < n && is_digit(t[at])) at++, digits++;
            if (!digits || digits > 5) return false;
            if (half == 0 && (at == n || t[at++] != ',')) return false;
        }
        points++;
        if (at < n && t[at++] != '-') return false;
        if (at == n && t[n - 1] == '-') return false;
    }
    return points >= least && points <= 99;
}

bool ent_itl_value_of_set(uint8_t set, const uint8_t *text, size_t n, bool wide)
{
    switch (set) {
    case SET_A: return all(text, n, is_letter);
    case SET_N: return all(text, n, is_digit);
    case SET_AN: return all(text, n, is_alnum);
    case SET_AN_: return all(text, n, is_alnum_space);
    case SET_AS: return all(text, n, is_no_digit);
    case SET_NS: return all(text, n, is_no_letter);
    case SET_ANS: return all(text, n, is_printable);
    case SET_U: return wide || !memchr(text, 0x7f, n);
    case SET_H: return all(text, n, is_hex);
    case SET_B64: return all(text, n, is_base64);
    case SET_DATE: return is_date(text, n);
    case SET_GMT: return is_gmt(text, n);
    case SET_RES: return is_resolution(text, n);
    case SET_DUI: return is_device(text, n);
    case SET_ZONE: return is_zone(text, n);
    case SET_TIME: return is_time(text, n);
    case SET_PATH: return is_path(text, n, 3);
    case SET_LINE: return is_path(text, n, 2);
    default: return true;
    }
}

static bool in_range(const char *alt, const char *dots, const char *end, const uint8_t *text, size_t n)
{
    double v, lo, hi;
    if (!ent_itl_value_number(text, n, &v)) return false;
    if (alt[0] != '*' && (!ent_itl_value_number((const uint8_t *)alt, (size_t)(dots - alt), &lo) || v < lo)) return false;
    dots += 2;
    return dots[0] == '*' || (ent_itl_value_number((const uint8_t *)dots, (size_t)(end - dots), &hi) && v <= hi);
}

/* "07" is the number 7 where 7 is listed: whether leading zeros may be is the set's business. */
static bool same(const char *alt, size_t len, const uint8_t *text, size_t n)
{
    double a, b;
    if (len == n && memcmp(alt, text, n) == 0) return true;
    return len && n && all((const uint8_t *)alt, len, is_digit) && all(text, n, is_digit) && ent_itl_value_number((const uint8_t *)alt, len, &a) && ent_itl_value_number(text, n, &b) && a >= b && a <= b;
}

bool ent_itl_value_in(const char *ok, const uint8_t *text, size_t n)
{
    while (ok) {
        const char *bar = strchr(ok, '|'), *end = bar ? bar : ok + strlen(ok), *dots = memmem(ok, (size_t)(end - ok), "..", 2);
        if (dots ? in_range(ok, dots, end, text, n) : same(ok, (size_t)(end - ok), text, n)) return true;
        ok = bar ? bar + 1 : NULL;
    }
    return false;
}
