/* A regime's file into its struct. Pure. */
#ifndef LAW_REGIME_READ_H
#define LAW_REGIME_READ_H

#include "law/doc.h"
#include "law/regime.h"

/* ENT_FORMAT with the line for an unknown key, a missing or impossible value, a contradiction, a rule that could never
 * apply, "keep: indefinitely" without a review. */
ENT_MUST_CHECK ent_code ent_regime_read(const ent_doc *doc, ent_regime *ret_regime, ent_err *err);

#endif
