/* Time as a value. Instants are milliseconds since 1970-01-01T00:00:00Z; dates are of the proleptic Gregorian calendar.
 * Nothing here reads a clock (port/clock.h does). */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ent_time {
    int64_t ms;
} ent_time;

typedef struct ent_date {
    int16_t year;  /* 1 … 9999; 0: no date */
    uint8_t month; /* 1 … 12 */
    uint8_t day;   /* 1 … 31 */
} ent_date;

#define ENT_TIME_TEXT 25 /* 2026-03-10T09:08:07.123Z and the NUL */
#define ENT_DATE_TEXT 11 /* 2026-03-10 and the NUL */

void ent_time_text(ent_time t, char ret_text[ENT_TIME_TEXT]);
bool ent_time_parse(const char *text, ent_time *ret_time); /* with or without milliseconds, Z only */
ent_date ent_time_date(ent_time t);                        /* in UTC */
ent_time ent_date_start(ent_date d);                       /* 00:00:00Z of that day */

void ent_date_text(ent_date d, char ret_text[ENT_DATE_TEXT]);
bool ent_date_parse(const char *text, ent_date *ret_date); /* YYYY-MM-DD, a day that exists */
bool ent_date_valid(ent_date d);
int ent_date_compare(ent_date a, ent_date b); /* < 0, 0, > 0 */
int64_t ent_date_days(ent_date d);            /* since 1970-01-01 */
ent_date ent_date_from_days(int64_t days);
/* Calendar arithmetic; a day that the month does not have becomes its last (29 February + 1 year: 28 February). */
ent_date ent_date_add(ent_date d, int years, int months, int days);
uint32_t ent_date_pack(ent_date d); /* 20260310; 0 for no date */
ent_date ent_date_unpack(uint32_t packed); /* no date for what pack does not give */

#endif
