/* When a search is out of the ordinary: thresholds alone, over counts that somebody else keeps (docs/protocol/crossing.md, "Alarms").
 * An alarm is a reason for a person to look; it stops nothing and decides nothing about a traveller.
 *
 * Pure. Any thread. */
#ifndef LAW_WATCH_H
#define LAW_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* name, word */
#define ENT_ALARMS(X)                                                                                                  \
    X(DOCUMENT, "one document at many crossings")                                                                      \
    X(PERSON, "one record hit again and again")                                                                        \
    X(DUPLICATE, "one capture under two crossings")                                                                    \
    X(CAPTURE, "a capture that no desk makes")                                                                         \
    X(RATE_HIGH, "far more hits than usual")                                                                           \
    X(RATE_LOW, "far fewer hits than usual")

typedef enum ent_alarm {
#define ENT_X(name, text) ENT_ALARM_##name,
    ENT_ALARMS(ENT_X)
#undef ENT_X
        ENT_ALARM_COUNT
} ent_alarm;

const char *ent_alarm_text(ent_alarm a); /* static; NULL past the last */

enum {
    ENT_WATCH_DOCUMENT = 5,      /* crossings of one document within a day: the fifth */
    ENT_WATCH_PERSON = 3,        /* hits of one record, by one partner, within a day: the third */
    ENT_WATCH_QUALITY = 10,      /* best print's quality, of 100: below it nothing that a desk's device accepts */
    ENT_WATCH_MINUTIAE = 8,      /* and minutiae of the fullest print */
    ENT_WATCH_USUAL_DAYS = 30,
    ENT_WATCH_USUAL = 200,       /* searches of those days: with fewer nothing is usual */
    ENT_WATCH_TODAY = 20
};

typedef struct ent_watch_counts {
    uint64_t searches, hits;     /* today */
    uint64_t usual_searches, usual_hits; /* of the days before */
} ent_watch_counts;

/* Today's hits against a Poisson variable of the usual rate (one hit added, so that none is not never): RATE_HIGH more than four
 * standard deviations and three hits above its mean, RATE_LOW as much below; ENT_ALARM_COUNT: neither. */
ent_alarm ent_watch_rate(const ent_watch_counts *c);

#endif
