/* The examination of one candidate, as a rule: what each examiner concluded -> what stands, or who is still missing. After
 * ACE-V (analysis, comparison, evaluation, verification; SWGFAST/OSAC "Standard for Friction Ridge Examination"): the examiners
 * are independent, a disagreement goes to one more, and doubt never becomes an identification.
 *
 * Pure. Any thread. */
#ifndef LAW_EXAMINATION_H
#define LAW_EXAMINATION_H

#include <stdbool.h>
#include <stddef.h>

#define ENT_FINDINGS(X)                                                                                                \
    X(NONE, "")                         /* not concluded yet */                                                        \
    X(IDENTIFIED, "identified")         /* the same source */                                                          \
    X(EXCLUDED, "excluded")             /* different sources */                                                        \
    X(INCONCLUSIVE, "inconclusive")     /* cannot be said */                                                           \
    X(NOT_SUITABLE, "not-suitable")     /* the probe allows no comparison */

typedef enum ent_finding {
#define ENT_X(name, text) ENT_FINDING_##name,
    ENT_FINDINGS(ENT_X)
#undef ENT_X
        ENT_FINDING_COUNT
} ent_finding;

/* What stands now. ret_needed: how many examiners this case takes (asked for, or one more after a disagreement).
 *
 * ENT_FINDING_NONE until `needed` have concluded. All of one mind: that. Else one more concludes, and then: identified when at
 * least `needed` identified and nobody excluded; excluded when at least `needed` excluded and nobody identified; in every other
 * case inconclusive. needed is at least 1. */
ent_finding ent_examination_finding(const ent_finding *findings, size_t count, size_t needed, size_t *ret_needed);

const char *ent_finding_text(ent_finding f);
ent_finding ent_finding_named(const char *word); /* ENT_FINDING_COUNT: none */

#endif
