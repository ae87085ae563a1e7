/* The examiner's form for faces: feature by feature, first what can be seen in the probe alone, then how it compares with the candidate
 * (FISWG, Facial Image Comparison Feature List for Morphological Analysis, its groups). An examiner who says what they saw of each
 * feature before they conclude is bound by it: a difference that nothing explains is no identification.
 *
 * The form is text, and begins the analysis or the reasons that it belongs to (docs/law/examination.md):
 *
 *     morphological-form/v1
 *     FEATURE: WORD            each feature once, in any order
 *     (an empty line, then free text; or the end)
 *
 * Pure. Any thread. */
#ifndef LAW_MORPHOLOGY_H
#define LAW_MORPHOLOGY_H

#include "entente/error.h"
#include "law/examination.h"

#define ENT_FORM_FIRST_LINE "morphological-form/v1"

#define ENT_FACE_FEATURES(X)                                                                                           \
    X(shape) X(hairline) X(forehead) X(eyebrows) X(eyes) X(cheeks) X(nose) X(ears) X(mouth) X(chin) X(lines) X(marks)

typedef enum ent_form_step {
    ENT_FORM_SEEN,  /* of the probe: clear, limited, absent */
    ENT_FORM_FOUND  /* compared: same, explained (by pose, light, age), differs, not-comparable */
} ent_form_step;

/* Whether the text begins with a whole form of this step. ENT_FORMAT says which feature is missing or what is wrong with a line.
 * ret_len: its bytes, the empty line with it; may be NULL. */
ENT_MUST_CHECK ent_code ent_form_check(const void *text, size_t len, ent_form_step step, size_t *ret_len, ent_err *err);

/* Whether a conclusion can stand on the form of ENT_FORM_FOUND that its reasons begin with: identified with a feature that differs, or
 * with none that is the same, is ENT_CONFLICT. */
ENT_MUST_CHECK ent_code ent_form_allows(const void *text, size_t len, ent_finding finding, ent_err *err);

#endif
