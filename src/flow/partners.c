/* The other nodes: their cards, and the identity keys that are valid while one follows another. A row a partner: version,
 * revoked, old key, its end, the card's text. And a row a key that a partner, or this node, had before: under the name, a newline and the key,
 * until when it counts, so that what it signed stays verifiable. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

#define OVERLAP_MS (30ll * 86400000)

ent_held_partner *ent_partner_named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->partner_count; i++)
        if (strcmp(n->partners[i].card.name, name) == 0) return &n->partners[i];
    return NULL;
}

static ent_code remember(ent_flow_node *n, const ent_past_key *k)
{
    ent_past_key *more = realloc(n->past_keys, (n->past_key_count + 1) * sizeof *more);
    if (!more) return ENT_NO_MEMORY;
    n->past_keys = more;
    more[n->past_key_count++] = *k;
    return ENT_OK;
}

static ent_code load_past(ent_flow_node *n, const uint8_t *key, size_t len, const uint8_t *value, size_t value_len)
{
    ent_past_key k = {0};
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (len < 2 + 32 || len - 1 - 32 >= sizeof k.name || ent_cursor_u8(&c) != 1) return ENT_DAMAGED;
    memcpy(k.name, key, len - 1 - 32);
    memcpy(k.key.b, key + len - 32, 32);
    k.until = (ent_time){(int64_t)ent_cursor_u64(&c)};
    return ent_cursor_done(&c) ? remember(n, &k) : ENT_DAMAGED;
}

void ent_key_ended(ent_flow_node *n, ent_batch *b, const char *name, const ent_public_key *key, ent_time until)
{
    ent_past_key k = {.key = *key, .until = until};
    ENT_AUTO_BUF row = ENT_BUF(ENT_NODE_NAME_MAX + 32), value = ENT_BUF(1 + 8);
    snprintf(k.name, sizeof k.name, "%s", name);
    ent_buf_fmt(&row, "%s\n", name);
    ent_buf_put(&row, key->b, 32);
    ent_buf_u8(&value, 1);
    ent_buf_u64(&value, (uint64_t)until.ms);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_PARTNERS, ENT_BYTES(row.data, row.len), ENT_BYTES(value.data, value.len));
    if (remember(n, &k) != ENT_OK) b->failed = ENT_NO_MEMORY;
}

bool ent_key_was(const ent_flow_node *n, const char *name, const ent_public_key *key, ent_time at)
{
    for (size_t i = 0; i < n->past_key_count; i++) {
        const ent_past_key *k = &n->past_keys[i];
        if (strcmp(k->name, name) == 0 && ent_public_key_equal(&k->key, key) && at.ms <= k->until.ms) return true;
    }
    return false;
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (memchr(key, '\n', key_len)) return load_past(n, key, key_len, value, value_len);
    ent_held_partner p = {0}, *partners = realloc(n->partners, (n->partner_count + 1) * sizeof *partners);
    if (!partners) return ENT_NO_MEMORY;
    n->partners = partners;
    uint8_t version = ent_cursor_u8(&c);
    p.revoked = ent_cursor_u8(&c) != 0;
    ent_cursor_copy(&c, p.old_key.b, 32);
    p.old_until_ms = (int64_t)ent_cursor_u64(&c);
    size_t left = ent_cursor_left(&c);
    const uint8_t *card = ent_cursor_take(&c, left);
    if (version != 1 || !card || ent_card_decode(card, left, &p.card, NULL) != ENT_OK) return ENT_DAMAGED;
    n->partners[n->partner_count++] = p;
    return ENT_OK;
}

ent_code ent_partners_load(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_PARTNERS, &all, load_one, n, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "the rows of partners cannot be read");
}

static ent_code put_partner(ent_batch *b, const ent_held_partner *p, const void *card, size_t len, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ENT_CARD_MAX + 64);
    ent_buf_u8(&row, 1);
    ent_buf_u8(&row, p->revoked);
    ent_buf_put(&row, p->old_key.b, 32);
    ent_buf_u64(&row, (uint64_t)p->old_until_ms);
    ent_buf_put(&row, card, len);
    ENT_TRY(ent_buf_check(&row, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_PARTNERS, ENT_BYTES(p->card.name, strlen(p->card.name)), ENT_BYTES(row.data, row.len));
    return ENT_OK;
}

static ent_code commit_partner(ent_flow_node *n, const ent_actor *by, const ent_held_partner *p, const void *card, size_t len,
                               const char *clause, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("partner");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(put_partner(b, p, card, len, err));
    ent_entry e = {.kind = ENT_ENTRY_PARTNER, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    if (by) e.actor = by->pseudonym;
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(card, len, e.commitment); /* a card is public: its digest commits without a salt */
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

/* A later card of a partner we know must be signed by a key of it that is valid; the first is compared by people. */
static ent_code follows(const ent_held_partner *have, const ent_card *card, ent_err *err)
{
    if (card->serial < have->card.serial) return ent_fail(err, ENT_REPLAY, "a card of serial %u, we have %u: an older card is not taken", card->serial, have->card.serial);
    if (!ent_public_key_equal(&card->identity, &have->card.identity))
        return ent_fail(err, ENT_CONFLICT, "another identity key than the one of %s that is known: it comes by a rotation, which its old key signs, never by a card", card->name);
    return ENT_OK;
}

ent_code ent_flow_partner_add(ent_flow_node *n, const ent_actor *by, const void *text, size_t len, ent_card *ret_card, ent_err *err)
{
    ent_card card;
    ENT_TRY(ent_gate(by, ENT_MAY_ADD_PARTNER, err));
    ENT_TRY(ent_card_decode(text, len, &card, err));
    if (strcmp(card.name, n->c.name) == 0) return ent_fail(err, ENT_USAGE, "this is the node's own card: give the partner's");
    pthread_mutex_lock(&n->lock);
    ent_held_partner *have = ent_partner_named(n, card.name), fresh = {0};
    ent_code code = have ? follows(have, &card, err) : ENT_OK;
    ent_held_partner *partners = code == ENT_OK ? realloc(n->partners, (n->partner_count + 1) * sizeof *partners) : NULL;
    if (partners) n->partners = partners;
    else if (code == ENT_OK) code = ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        have = ent_partner_named(n, card.name);
        if (have) fresh = *have;
        fresh.card = card;
        code = commit_partner(n, by, &fresh, text, len, have ? "card changed" : "added", err);
    }
    if (code == ENT_OK) {
        if (have) *have = fresh;
        else n->partners[n->partner_count++] = fresh;
        *ret_card = card;
    }
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* The row keeps the card's text behind a fixed head. */
static ent_code stored_card(ent_flow_node *n, const char *name, ent_buf *ret_text, ent_err *err)
{
    enum { HEAD = 1 + 1 + 32 + 8 };
    ENT_AUTO_BUF row = ENT_BUF(ENT_CARD_MAX + 64);
    ENT_TRY(n->c.store.get(n->c.store.self, ENT_TABLE_PARTNERS, name, strlen(name), &row, err));
    if (row.len <= HEAD) return ent_fail(err, ENT_DAMAGED, "the row of %s cannot be read", name);
    ent_buf_put(ret_text, row.data + HEAD, row.len - HEAD);
    return ent_buf_check(ret_text, err);
}

ent_code ent_flow_partner_revoke(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err)
{
    ENT_AUTO_BUF card = ENT_BUF(ENT_CARD_MAX);
    ENT_TRY(ent_gate(by, ENT_MAY_ADD_PARTNER, err));
    pthread_mutex_lock(&n->lock);
    ent_held_partner *have = ent_partner_named(n, name), changed = {0};
    ent_code code = have ? stored_card(n, name, &card, err) : ent_fail(err, ENT_NOT_FOUND, "no partner \"%s\" is known here", name);
    if (code == ENT_OK) {
        changed = *have;
        changed.revoked = true;
        code = commit_partner(n, by, &changed, card.data, card.len, "revoked", err);
    }
    if (code == ENT_OK) have->revoked = true;
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_partner_follow(ent_flow_node *n, const ent_actor *by, const char *old_name, const void *card_text, size_t len, const ent_card *card, ent_bytes statement, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("partner");
    ENT_AUTO_BUF old_card = ENT_BUF(ENT_CARD_MAX);
    ent_held_partner *partners = realloc(n->partners, (n->partner_count + 1) * sizeof *partners);
    if (!b || !partners) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    n->partners = partners;
    ent_held_partner *have = ent_partner_named(n, old_name), ended = *have, fresh = {.card = *card};
    ended.revoked = true;
    ENT_TRY(stored_card(n, old_name, &old_card, err));
    ENT_TRY(put_partner(b, &ended, old_card.data, old_card.len, err));
    ENT_TRY(put_partner(b, &fresh, card_text, len, err));
    ent_entry e = {.kind = ENT_ENTRY_PARTNER, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by->pseudonym, .clause = "accepted anew after a gap"};
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(statement.data, statement.len, e.commitment);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    *have = ended;
    n->partners[n->partner_count++] = fresh;
    return ENT_OK;
}

ent_code ent_flow_partners(ent_flow_node *n, void (*see)(void *ctx, const ent_card *card), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->partner_count; i++) see(ctx, &n->partners[i].card);
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

ent_code ent_flow_keys(ent_flow_node *n, void (*see)(void *ctx, const char *name, const ent_public_key *key, ent_time until), void *ctx, ent_err *err)
{
    const ent_time now = {INT64_MAX};
    ent_public_key own;
    (void)err;
    ent_sign_public(&n->c.identity, &own);
    pthread_mutex_lock(&n->lock);
    see(ctx, n->c.name, &own, now);
    for (size_t i = 0; i < n->partner_count; i++) {
        const ent_held_partner *p = &n->partners[i];
        see(ctx, p->card.name, &p->card.identity, now);
        if (p->old_until_ms) see(ctx, p->card.name, &p->old_key, (ent_time){p->old_until_ms});
    }
    for (size_t i = 0; i < n->past_key_count; i++) see(ctx, n->past_keys[i].name, &n->past_keys[i].key, n->past_keys[i].until);
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

/* ---- the directory ---- */

static void fill_peer(ent_flow_node *n, const ent_held_partner *p, ent_peer *ret)
{
    ent_peer peer = {0};
    ent_time now = ent_now(n);
    snprintf(peer.name, sizeof peer.name, "%s", p->card.name);
    snprintf(peer.address, sizeof peer.address, "%s", p->card.address);
    for (size_t i = 0; i < p->card.certificate_count && peer.pin_count < ENT_PEER_PINS; i++)
        if (p->card.until[i].ms > now.ms) memcpy(peer.pin[peer.pin_count++], p->card.pin[i], 32);
    memcpy(peer.key[peer.key_count++], p->card.identity.b, 32);
    if (p->old_until_ms > now.ms) memcpy(peer.key[peer.key_count++], p->old_key.b, 32);
    *ret = peer;
}

static ent_code by_name(void *self, const char *name, ent_peer *ret_peer, ent_err *err)
{
    ent_flow_node *n = self;
    pthread_mutex_lock(&n->lock);
    ent_held_partner *p = ent_partner_named(n, name);
    ent_code code = !p ? ENT_NOT_FOUND : p->revoked ? ENT_DENIED : ENT_OK;
    if (code == ENT_OK) fill_peer(n, p, ret_peer);
    pthread_mutex_unlock(&n->lock);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, code == ENT_DENIED ? "the key of \"%s\" was revoked" : "no partner \"%s\" is known here", name);
}

static ent_code by_certificate(void *self, const uint8_t sha256[32], ent_peer *ret_peer, ent_err *err)
{
    ent_flow_node *n = self;
    ent_code code = ENT_NOT_FOUND;
    int64_t now = ent_now(n).ms;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->partner_count && code == ENT_NOT_FOUND; i++) {
        const ent_held_partner *p = &n->partners[i];
        for (size_t k = 0; k < p->card.certificate_count; k++) {
            if (!ent_equal(p->card.pin[k], sha256, 32)) continue;
            code = p->revoked || p->card.until[k].ms <= now ? ENT_DENIED : ENT_OK;
            if (code == ENT_OK) fill_peer(n, p, ret_peer);
        }
    }
    pthread_mutex_unlock(&n->lock);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, code == ENT_DENIED ? "a certificate that was revoked or has expired" : "a certificate of no partner");
}

ent_directory ent_flow_directory(ent_flow_node *n)
{
    return (ent_directory){.self = n, .by_name = by_name, .by_certificate = by_certificate};
}
