/* A partner that began anew without its standby (docs/operating/backup.md): its statement and its new card are taken together, what this
 * node remembers of the old ledger is held against the statement, and the old name is refused in the same batch. */
#include "base/check.h"
#include "base/text.h"
#include "flow/commit.h"
#include "flow/receipt/receipt.h"
#include "flow/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATEMENT_MAX = 65536 };

typedef struct statement {
    char old_name[ENT_PARTY_NAME], new_name[ENT_PARTY_NAME], key[ENT_BASE64_SIZE(32)];
    uint32_t year;   /* of the log that the backup knew, and how far */
    uint64_t known;
    ent_hash root;
} statement;

/* The rest of the line that begins with `name`. */
static bool line(const char *text, const char *name, char *ret, size_t cap)
{
    char start[40];
    snprintf(start, sizeof start, "\n%s ", name);
    const char *at = strstr(text, start), *end = at ? strchr(at + 1, '\n') : NULL;
    at = at ? at + strlen(start) : NULL;
    if (!end || (size_t)(end - at) >= cap) return false;
    memcpy(ret, at, (size_t)(end - at));
    ret[end - at] = 0;
    return true;
}

static size_t signatures(const char *text)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "\nsigned ")); at++) count++;
    return count;
}

static ent_code read_statement(const char *text, statement *ret, ent_err *err)
{
    char key[80], known[ENT_ORIGIN_MAX + 100], origin[ENT_ORIGIN_MAX + 1], root[60];
    size_t got;
    bool good = strncmp(text, "entente-gap/v1\n", 15) == 0 && line(text, "node", ret->old_name, sizeof ret->old_name) && line(text, "new-node", ret->new_name, sizeof ret->new_name) &&
                line(text, "new-key", key, sizeof key) && sscanf(key, "ed25519 %44s", ret->key) == 1 && line(text, "log-known", known, sizeof known) && strlen(known) < sizeof origin &&
                sscanf(known, "%s %" SCNu64 " %59s", origin, &ret->known, root) == 3 && ent_shard_origin_of(origin, ret->old_name, &ret->year) && ent_unbase64(root, strlen(root), ret->root.b, 32, &got) && got == 32;
    if (!good) return ent_fail(err, ENT_FORMAT, "this is no gap statement: give the file gap.signed of the partner's new folder");
    if (signatures(text) < 2) return ent_fail(err, ENT_REFUSED, "two persons of %s must have signed the statement", ret->old_name);
    return ENT_OK;
}

static ent_code matches(ent_flow_node *n, const statement *s, const ent_card *card, ent_err *err)
{
    char key[ENT_BASE64_SIZE(32)];
    ent_base64(card->identity.b, 32, key);
    if (!ent_partner_named(n, s->old_name)) return ent_fail(err, ENT_NOT_FOUND, "no partner \"%s\" is known here: the statement is of another's node", s->old_name);
    if (ent_partner_named(n, s->new_name)) return ent_fail(err, ENT_EXISTS, "\"%s\" is a partner already", s->new_name);
    if (strcmp(card->name, s->new_name) == 0 && strcmp(key, s->key) == 0) return ENT_OK;
    return ent_fail(err, ENT_CONFLICT, "the card is of \"%s\" and its key; the statement names \"%s\" and another: one of the two files is not theirs", card->name, s->new_name);
}

/* What this node co-signed of the old log contradicts a statement that knows as many entries and another root. */
static ent_code look_back(ent_flow_node *n, const statement *s, ent_gap_view *ret, ent_err *err)
{
    ent_checkpoint c = {0};
    ENT_TRY(ent_partner_remembered(n, s->old_name, s->year, &c, err));
    snprintf(ret->old_name, sizeof ret->old_name, "%s", s->old_name);
    ret->year = s->year, ret->known = s->known, ret->remembered = c.size;
    if (c.size != s->known || memcmp(c.root.b, s->root.b, 32) == 0) return ENT_OK;
    return ent_fail(err, ENT_CONFLICT, "this node remembers another history of the %" PRIu64 " entries of %s that the statement knows: keep both as evidence, nothing was accepted", s->known, s->old_name);
}

static ent_code accept(ent_flow_node *n, const ent_actor *by, const char *text, const void *card_text, size_t card_len, const ent_card *card, ent_gap_view *ret, ent_err *err)
{
    statement s = {0};
    ENT_TRY(read_statement(text, &s, err));
    ENT_TRY(matches(n, &s, card, err));
    ENT_TRY(look_back(n, &s, ret, err));
    return ent_partner_follow(n, by, s.old_name, card_text, card_len, card, ENT_BYTES(text, strlen(text)), err);
}

ent_code ent_flow_partner_anew(ent_flow_node *n, const ent_actor *by, ent_bytes text, ent_bytes card_text, ent_gap_view *ret_view, ent_err *err)
{
    ent_gap_view v = {0};
    ENT_AUTO_BUF copy = ENT_BUF(STATEMENT_MAX);
    ENT_TRY(ent_gate(by, ENT_MAY_ADD_PARTNER, err));
    ENT_TRY(ent_card_decode(card_text.data, card_text.len, &v.card, err));
    ent_buf_put(&copy, text.data, text.len);
    ENT_TRY(ent_buf_check(&copy, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = accept(n, by, ent_buf_cstr(&copy), card_text.data, card_text.len, &v.card, &v, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) *ret_view = v;
    return code;
}
