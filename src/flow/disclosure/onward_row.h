/* What both ends and the third party note of a copy that is given on, and the text that goes between requester and holder. Plain: it names
 * parties and numbers, and nobody. Under the lock. */
#ifndef FLOW_DISCLOSURE_ONWARD_ROW_H
#define FLOW_DISCLOSURE_ONWARD_ROW_H

#include "flow/disclosure/record.h"
#include "flow/state.h"

enum { ENT_ONWARD_TEXT = 512 };

/* One copy, at the requester (ours) or at the holder who is asked. */
typedef struct ent_onward_copy {
    ent_onward_view view;
    uint8_t place;                  /* of the third party in the agreement */
    uint8_t behalf;                 /* of the one for whom it was asked; only while a copy is received */
    uint32_t agreement_version;
    uint8_t agreement_digest[32], salt[32];
    char authorised[ENT_DISCLOSURE_PROOF], gone[ENT_DISCLOSURE_PROOF]; /* tlog-proofs: the holder's word; the third party's undertaking */
} ent_onward_copy;

void ent_onward_put(ent_batch *b, const ent_onward_copy *c);
/* ENT_NOT_FOUND, ENT_DAMAGED. */
ENT_MUST_CHECK ent_code ent_onward_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_onward_copy *ret, ent_err *err);

/* All rows, read before anything is done about them: the store may not be called from inside its walk. The caller frees `all`, also after
 * an error; begin with zeros. */
typedef struct ent_onward_listing {
    ent_onward_copy *all;
    size_t count, cap;
} ent_onward_listing;

ENT_MUST_CHECK ent_code ent_onward_list(ent_flow_node *n, ent_onward_listing *l, ent_err *err);

/* One form: what write makes is what read takes. */
size_t ent_onward_write(char ret[ENT_ONWARD_TEXT], const char *act, const ent_onward_view *v);
bool ent_onward_read(const void *body, size_t len, char ret_act[16], ent_onward_view *ret);

/* ---- what all three judge by (onward.c) ---- */

ent_code ent_onward_refuse(ent_err *err, const char *why, const char *to);
/* The agreement is in force and lets what it discloses be given on to that party. Both are borrowed. */
ENT_MUST_CHECK ent_code ent_onward_granted(ent_flow_node *n, const char *agreement, const char *flow, const char *to, const ent_held_agreement **ret_h, const ent_flow **ret_f,
                                           ent_err *err);
/* Whether a partner's own ledger says this of this copy. */
bool ent_onward_says(ent_flow_node *n, const char *partner, const char *proof, ent_entry_kind kind, const char *clause, const ent_onward_copy *c);
int ent_onward_status(ent_code code);

#endif
