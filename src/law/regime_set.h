/* The regimes that are in force together, as one text: what two persons agree to, and what a node keeps. For each file, sorted by name:
 * its name ("uk-terrorism-3y", u16 length before it) and its bytes (u32 length). Pure. Any thread. */
#ifndef LAW_REGIME_SET_H
#define LAW_REGIME_SET_H

#include "base/buf.h"
#include "law/doc.h"
#include "law/regime.h"

#define ENT_REGIMES_MAX 128
#define ENT_REGIME_SET_MAX (4 << 20) /* bytes */

/* Appends one file; the caller keeps the order. */
void ent_regime_set_add(ent_buf *set, const char *name, const void *text, size_t len);

typedef ent_code ent_regime_set_see(void *ctx, const char *name, const void *text, size_t len, ent_err *err);

/* ENT_FORMAT for anything but what ent_regime_set_add made of at most ENT_REGIMES_MAX files in order; what `see` returns otherwise. */
ENT_MUST_CHECK ent_code ent_regime_set_walk(const void *set, size_t len, ent_regime_set_see *see, void *ctx, ent_err *err);

/* All read and checked: each file's regime is its name. *ret_regimes is the caller's to free. ENT_FORMAT with the file and the line. */
ENT_MUST_CHECK ent_code ent_regime_set_read(const void *set, size_t len, ent_doc_reader *read, ent_regime **ret_regimes, size_t *ret_count,
                                            ent_err *err);

#endif
