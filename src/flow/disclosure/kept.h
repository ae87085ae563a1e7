/* What a partner disclosed, as it lies here: a row that names nobody in clear, then the text sealed under a key of its own. Inside
 * src/flow/disclosure only. Under the lock. */
#ifndef FLOW_DISCLOSURE_KEPT_H
#define FLOW_DISCLOSURE_KEPT_H

#include "base/cursor.h"
#include "crypto/seal.h"
#include "flow/disclosure/disclosure.h"

enum { ENT_KEPT_ROW = ENT_DISCLOSED_MAX + 4096 };

typedef struct ent_kept {
    ent_kept_view view;
    ent_slot slot;
    uint8_t agreement_digest[32];
    uint32_t agreement_version;
    char purpose[ENT_PURPOSE_NAME];
    uint8_t party;                  /* for whom it was asked, by its place in the agreement; 0: the requester */
    uint8_t salt[32];
} ent_kept;

/* ENT_NOT_FOUND. ret_box: the sealed text; NULL: not wanted. */
ENT_MUST_CHECK ent_code ent_kept_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_kept *ret, ent_buf *ret_box, ent_err *err);
ENT_MUST_CHECK ent_code ent_kept_open(ent_flow_node *n, const ent_kept *k, const ent_buf *box, ent_buf *ret_text, ent_err *err);
/* Makes the slot, puts the row, appends "kept" after `follows`. A second time: ENT_OK, and nothing happened. */
ENT_MUST_CHECK ent_code ent_kept_put(ent_flow_node *n, ent_kept *k, ent_bytes text, const char *clause, uint64_t follows, ent_err *err);
/* Of a row: the cursor is left at the box. */
bool ent_kept_read(const uint8_t *key, ent_cursor *c, ent_kept *ret);
void ent_kept_entry(ent_flow_node *n, ent_entry_kind kind, const ent_kept *k, const char *clause, ent_entry *ret);
/* Destroyed here, or called back before it came: whatever arrives under this id is not kept. */
bool ent_kept_gone(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE]);
/* Its day is over, or the agreement. */
bool ent_kept_over(ent_flow_node *n, const ent_kept *k);

#endif
