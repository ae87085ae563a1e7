#include "law/watch.h"

static const char *const words[] = {
#define ENT_X(name, text) text,
    ENT_ALARMS(ENT_X)
#undef ENT_X
};

const char *ent_alarm_text(ent_alarm a) { return (unsigned)a < ENT_ALARM_COUNT ? words[a] : (const char *)0; }

ent_alarm ent_watch_rate(const ent_watch_counts *c)
{
    if (c->usual_searches < ENT_WATCH_USUAL || c->searches < ENT_WATCH_TODAY) return ENT_ALARM_COUNT;
    double mean = (double)c->searches * ((double)c->usual_hits + 1) / ((double)c->usual_searches + 1);
    double above = (double)c->hits - mean - 3, below = mean - (double)c->hits - 3;
    /* four standard deviations of a Poisson variable, squared: 16 times its mean */
    if (above > 0 && above * above > 16 * mean) return ENT_ALARM_RATE_HIGH;
    if (below > 0 && below * below > 16 * mean) return ENT_ALARM_RATE_LOW;
    return ENT_ALARM_COUNT;
}
