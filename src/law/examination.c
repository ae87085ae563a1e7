#include "law/examination.h"

#include <string.h>

static const char *const words[] = {
#define ENT_X(name, text) text,
    ENT_FINDINGS(ENT_X)
#undef ENT_X
};

const char *ent_finding_text(ent_finding f) { return (unsigned)f < ENT_FINDING_COUNT ? words[f] : ""; }

ent_finding ent_finding_named(const char *word)
{
    int i = 1;
    while (i < ENT_FINDING_COUNT && strcmp(words[i], word) != 0) i++;
    return (ent_finding)i;
}

ent_finding ent_examination_finding(const ent_finding *findings, size_t count, size_t needed, size_t *ret_needed)
{
    size_t of[ENT_FINDING_COUNT] = {0}, concluded = 0;
    ent_finding last = ENT_FINDING_NONE;
    for (size_t i = 0; i < count; i++) {
        of[findings[i]]++;
        if (findings[i] == ENT_FINDING_NONE) continue;
        concluded++;
        last = findings[i];
    }
    bool agree = concluded > 0 && of[last] == concluded;
    *ret_needed = agree || concluded < 2 ? needed : needed + 1;
    if (concluded < *ret_needed) return ENT_FINDING_NONE;
    if (agree) return last;
    if (of[ENT_FINDING_IDENTIFIED] >= needed && !of[ENT_FINDING_EXCLUDED]) return ENT_FINDING_IDENTIFIED;
    if (of[ENT_FINDING_EXCLUDED] >= needed && !of[ENT_FINDING_IDENTIFIED]) return ENT_FINDING_EXCLUDED;
    return ENT_FINDING_INCONCLUSIVE;
}
