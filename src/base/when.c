#include "base/when.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000LL

static bool leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return m == 2 && leap(y) ? 29 : days[m - 1];
}

/* Days before a year that begins in March, so that the leap day comes last. */
int64_t ent_date_days(ent_date d)
{
    int64_t y = d.month > 2 ? d.year : d.year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

ent_date ent_date_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t m = mp < 10 ? mp + 3 : mp - 9;
    return (ent_date){(int16_t)(yoe + era * 400 + (m <= 2)), (uint8_t)m, (uint8_t)(doy - (153 * mp + 2) / 5 + 1)};
}

bool ent_date_valid(ent_date d)
{
    return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
           d.day <= month_days(d.year, d.month);
}

int ent_date_compare(ent_date a, ent_date b)
{
    if (a.year != b.year) return a.year < b.year ? -1 : 1;
    if (a.month != b.month) return a.month < b.month ? -1 : 1;
    return a.day == b.day ? 0 : a.day < b.day ? -1 : 1;
}

ent_date ent_date_add(ent_date d, int years, int months, int days)
{
    int m = d.year * 12 + d.month - 1 + years * 12 + months;
    int year = m / 12, month = m % 12 + 1, last = month_days(year, month);
    ent_date moved = {(int16_t)year, (uint8_t)month, (uint8_t)(d.day > last ? last : d.day)};
    return days ? ent_date_from_days(ent_date_days(moved) + days) : moved;
}

uint32_t ent_date_pack(ent_date d)
{
    return d.year ? (uint32_t)d.year * 10000u + d.month * 100u + d.day : 0;
}

ent_date ent_date_unpack(uint32_t p)
{
    ent_date d = {(int16_t)(p / 10000 % 10000), (uint8_t)(p / 100 % 100), (uint8_t)(p % 100)};
    return p <= 99991231 && ent_date_valid(d) ? d : (ent_date){0, 0, 0};
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

ent_date ent_time_date(ent_time t)
{
    return ent_date_from_days(floor_div(t.ms, DAY_MS));
}

ent_time ent_date_start(ent_date d)
{
    return (ent_time){ent_date_days(d) * DAY_MS};
}

void ent_date_text(ent_date d, char ret_text[ENT_DATE_TEXT])
{
    snprintf(ret_text, ENT_DATE_TEXT, "%04u-%02u-%02u", (unsigned)d.year % 10000u, d.month % 100u, d.day % 100u);
}

void ent_time_text(ent_time t, char ret_text[ENT_TIME_TEXT])
{
    ent_date d = ent_time_date(t);
    unsigned ms = (unsigned)(t.ms - ent_date_start(d).ms);
    snprintf(ret_text, ENT_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)d.year % 10000u, d.month % 100u,
             d.day % 100u, ms / 3600000 % 24, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* Reads exactly n digits; -1 when there are fewer. */
static int digits(const char **at, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9') return -1;
        v = v * 10 + (**at - '0');
    }
    return v;
}

static bool date_at(const char **at, ent_date *ret)
{
    int y = digits(at, 4);
    if (y < 0 || *(*at)++ != '-') return false;
    int m = digits(at, 2);
    if (m < 0 || *(*at)++ != '-') return false;
    int d = digits(at, 2);
    if (d < 0) return false;
    *ret = (ent_date){(int16_t)y, (uint8_t)m, (uint8_t)d};
    return ent_date_valid(*ret);
}

bool ent_date_parse(const char *text, ent_date *ret_date)
{
    ent_date d;
    if (!date_at(&text, &d) || *text) return false;
    *ret_date = d;
    return true;
}

bool ent_time_parse(const char *text, ent_time *ret_time)
{
    ent_date date;
    if (!date_at(&text, &date) || *text++ != 'T') return false;
    int h = digits(&text, 2);
    if (h < 0 || h > 23 || *text++ != ':') return false;
    int m = digits(&text, 2);
    if (m < 0 || m > 59 || *text++ != ':') return false;
    int s = digits(&text, 2), ms = 0;
    if (s < 0 || s > 59) return false;
    if (*text == '.') {
        text++;
        ms = digits(&text, 3);
        if (ms < 0) return false;
    }
    if (strcmp(text, "Z") != 0) return false;
    ret_time->ms = ent_date_start(date).ms + ((h * 60LL + m) * 60 + s) * 1000 + ms;
    return true;
}
