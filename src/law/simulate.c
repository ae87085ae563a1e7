#include "law/simulate.h"

static const char *const age_words[] = {
#define ENT_X(name, text) text,
    ENT_AGE_GROUPS(ENT_X)
#undef ENT_X
};

const char *ent_age_group_text(ent_age_group group) { return (unsigned)group < ENT_AGE_GROUP_COUNT ? age_words[group] : ""; }

ent_age_group ent_age_group_of(ent_date birth, ent_date day)
{
    static const struct {
        int years;
        ent_age_group group;
    } from[] = {{65, ENT_AGE_GROUP_FROM_65}, {50, ENT_AGE_GROUP_FROM_50}, {35, ENT_AGE_GROUP_FROM_35}, {25, ENT_AGE_GROUP_FROM_25}, {18, ENT_AGE_GROUP_FROM_18}};
    if (!birth.year || ent_date_compare(day, birth) < 0) return ENT_AGE_GROUP_UNKNOWN;
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        if (ent_date_compare(ent_date_add(birth, from[i].years, 0, 0), day) <= 0) return from[i].group;
    return ENT_AGE_GROUP_UNDER_18;
}

void ent_stops_of(const ent_flow *f, const ent_traffic *t, ent_stops *ret_stops)
{
    ent_stops s = {.known = f->per_day || t->travellers_day > 0};
    double travellers = t->travellers_day > 0 ? t->travellers_day : f->per_day;
    s.searches_day = f->per_day && travellers > f->per_day ? f->per_day : travellers;
    s.unsearched_day = travellers - s.searches_day;
    double on_file = t->on_file_per_million / 1e6;
    s.hits_day = s.searches_day * on_file;
    s.innocent_day = s.searches_day * (1 - on_file) * t->false_hits_search;
    s.searches_year = s.searches_day * ENT_YEAR_DAYS;
    s.hits_year = s.hits_day * ENT_YEAR_DAYS;
    s.innocent_year = s.innocent_day * ENT_YEAR_DAYS;
    *ret_stops = s;
}

bool ent_flow_compares(const ent_flow *f, ent_material material)
{
    if (material == ENT_MATERIAL_FINGERPRINT) return f->modalities & 1u << ENT_MODALITY_FINGERPRINT;
    return material == ENT_MATERIAL_PHOTOGRAPH && f->modalities & 1u << ENT_MODALITY_FACE;
}
