#include "good.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void good_characters(uint8_t set, size_t n, char *ret)
{
    char c = set == SET_N || set == SET_NS || set == SET_H ? '1' : 'A';
    memset(ret, c, n);
    ret[n] = 0;
}

bool good_of_any_length(uint8_t set) { return set <= SET_B64; }

void good_item(const ent_itl_item_rule *rule, size_t k, char *ret)
{
    static const char *const fixed[] = {[SET_DATE] = "20240229", [SET_GMT] = "20240229120000Z", [SET_RES] = "00.00", [SET_DUI] = "M0123456789AB", [SET_ZONE] = "17S", [SET_TIME] = "00:00:01.000", [SET_PATH] = "1,1-2,2-3,1", [SET_LINE] = "1,1-2,2"};
    if (rule->ok) {
        /* the first alternative, of a range its lower end */
        size_t n = strcspn(rule->ok, "|");
        const char *dots = memmem(rule->ok, n, "..", 2);
        if (dots && rule->relate && strtol(rule->ok, NULL, 10) < 10) snprintf(ret, GOOD_ITEM, "%zu", k + 1);
        else snprintf(ret, GOOD_ITEM, "%.*s", (int)(dots ? (size_t)(dots - rule->ok) : n), rule->ok);
        if (rule->min > strlen(ret) && rule->set == SET_N) snprintf(ret, GOOD_ITEM, "%0*ld", rule->min, strtol(ret, NULL, 10));
        return;
    }
    if (!good_of_any_length(rule->set)) snprintf(ret, GOOD_ITEM, "%s", fixed[rule->set]);
    else if (rule->relate && rule->relate != RELATE_MANY) snprintf(ret, GOOD_ITEM, "%zu", k + 1);
    else good_characters(rule->set, rule->min ? rule->min : 1, ret);
}

/* How many points a figure has: a circle two. */
static size_t points_of(const ent_itl_field_rule *row, size_t i)
{
    bool circle = i > 0 && strcmp(row->items[i - 1].name, "BYC") == 0 && row->items[i - 1].ok[0] == 'C';
    return circle ? 2 : 3;
}

void good_subfield(const ent_itl_field_rule *row, size_t at, const char *value, char *ret)
{
    static const char *const points[][2] = {{"1", "1"}, {"2", "2"}, {"3", "1"}};
    size_t count = row->item_count;
    char one[GOOD_ITEM];
    *ret = 0;
    for (size_t i = 0; i < count; i++) {
        const ent_itl_item_rule *rule = &row->items[i];
        if (i) strcat(ret, "|");
        if (rule->relate == RELATE_POINTS) snprintf(one, sizeof one, "%zu", points_of(row, i));
        else good_item(rule, i, one);
        strcat(ret, i == at ? value : one);
    }
    for (size_t i = 0; i < count; i++)
        if (row->items[i].relate == RELATE_POINTS) {
            size_t n = points_of(row, i);
            if (at > i && at != SIZE_MAX) return; /* the first point is the one replaced */
            for (size_t k = 1; k < n; k++) sprintf(ret + strlen(ret), "|%s|%s", points[k][0], points[k][1]);
        }
}
