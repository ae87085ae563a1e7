/* What one party hands to an auditor, read and verified (docs/protocol/audit.md): its card and keys, its ledger under its checkpoint, its
 * agreements. Several parties' bundles are read into one court. */
#ifndef CLI_BUNDLE_H
#define CLI_BUNDLE_H

#include "base/buf.h"
#include "crypto/sign.h"
#include "flow/audit/audit.h"
#include "law/card.h"
#include "port/partners.h"

enum { ENT_BUNDLES_MAX = 32, ENT_BUNDLE_TEXTS = 256 };

typedef struct ent_told_key { /* a party's key, as a bundle tells it */
    char name[ENT_NODE_NAME_MAX];
    ent_public_key key;
    ent_time until;
} ent_told_key;

typedef struct ent_party_bundle {
    ent_card card;
    ent_told_key *keys;
    size_t key_count;
    ent_entry *entries;
    uint8_t *chosen;          /* by the lot, an entry each */
    size_t count;
    char note[512];           /* the beginning of the checkpoint */
} ent_party_bundle;

typedef struct ent_court {
    ent_party_bundle party[ENT_BUNDLES_MAX];
    ent_audit_side side[ENT_BUNDLES_MAX];
    size_t party_count;
    ent_envelope envelope[ENT_BUNDLE_TEXTS];
    ent_agreement *agreement[ENT_BUNDLE_TEXTS];
    ent_audit_text text[ENT_BUNDLE_TEXTS];
    size_t text_count;
} ent_court;

/* NULL: out of memory. About 3 MB. */
ent_court *ent_court_new(void);
void ent_court_free(ent_court *c);
/* Each folder's party, then everybody's agreements: whoever is here says itself which keys it had; of others the bundles' word is taken. Shows progress.
 * ENT_NOT_FOUND, ENT_SIGNATURE, ENT_DAMAGED, ENT_FORMAT, ENT_CONFLICT (two stories of one agreement); nothing of it is to be
 * used then. */
ENT_MUST_CHECK ent_code ent_court_read(ent_court *c, const char *const *folders, size_t count, ent_err *err);

#endif
