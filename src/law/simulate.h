/* What an agreement would expose, before anybody signs it: the groups that persons are counted in, the fields that would leave,
 * and how many travellers a flow stops. Pure. Any thread. */
#ifndef LAW_SIMULATE_H
#define LAW_SIMULATE_H

#include "law/agreement.h"

/* Age in whole years on a day. A birthday counts from its first hour; who was born on 29 February is older on the 28th of a
 * common year, as ent_date_add has it. */
#define ENT_AGE_GROUPS(X)                                                                                              \
    X(UNKNOWN, "unknown") X(UNDER_18, "under 18") X(FROM_18, "18 to 24") X(FROM_25, "25 to 34") X(FROM_35, "35 to 49")  \
    X(FROM_50, "50 to 64") X(FROM_65, "65 and over")

typedef enum ent_age_group {
#define ENT_X(name, text) ENT_AGE_GROUP_##name,
    ENT_AGE_GROUPS(ENT_X)
#undef ENT_X
        ENT_AGE_GROUP_COUNT
} ent_age_group;

ent_age_group ent_age_group_of(ent_date birth, ent_date day); /* birth.year 0: unknown */
const char *ent_age_group_text(ent_age_group group);          /* static; "" past the last */

/* What a flow is laid on. */
typedef struct ent_traffic {
    double travellers_day;       /* 0: as many as the flow's quota */
    double on_file_per_million;  /* of the travellers, those whom the flow can find; 0 to 1,000,000 */
    double false_hits_search;    /* expected of the search of somebody who is not on file, at the flow's threshold */
} ent_traffic;

/* Expected values. Stops are hits that an examiner must look at. */
typedef struct ent_stops {
    bool known;                  /* false: no quota and no number of travellers; the rest is 0 */
    double searches_day, searches_year, unsearched_day; /* unsearched: travellers beyond the quota */
    double hits_day, hits_year;  /* of persons on file: at most, as if the engine missed none */
    double innocent_day, innocent_year;
} ent_stops;

enum { ENT_YEAR_DAYS = 365 };

void ent_stops_of(const ent_flow *f, const ent_traffic *t, ent_stops *ret_stops);

/* Whether a part of this material can be what the flow compares. */
bool ent_flow_compares(const ent_flow *f, ent_material material);

#endif
