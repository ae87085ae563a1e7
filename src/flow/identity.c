#include "flow/identity.h"

#include "base/check.h"
#include "flow/commit.h"
#include "flow/search/search.h"
#include "flow/state.h"

#include <string.h>

#define OVERLAP_MS (30ll * 86400000)

/* What a key signed in its time is verifiable for ever; a rotated one's time is over with the overlap, a stolen one's at once, by a clock that may
 * be a little off. */
static ent_time counts_until(ent_flow_node *n, bool revoked) { return (ent_time){ent_now(n).ms + (revoked ? ENT_LIMIT_CLOCK_SKEW_MS : OVERLAP_MS)}; }

static ent_code take(ent_flow_node *n, const ent_arrival *in, const ent_card *card, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("identity");
    ENT_AUTO_BUF row = ENT_BUF(ENT_CARD_MAX + 64);
    ent_held_partner *have = ent_partner_named(n, in->partner), fresh;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (!have || strcmp(card->name, in->partner) != 0) return ent_fail(err, ENT_REFUSED, "a card of another node than the one that sent it");
    if (card->serial <= have->card.serial) return ent_fail(err, ENT_REPLAY, "a card of serial %u, %u is known", card->serial, have->card.serial);
    fresh = *have;
    fresh.old_key = have->card.identity;
    bool revoked = strcmp(in->message.purpose, "revoke") == 0; /* stolen or lost: the old key is refused from this second */
    fresh.old_until_ms = revoked ? 0 : ent_now(n).ms + OVERLAP_MS;
    fresh.card = *card;
    ent_key_ended(n, b, card->name, &fresh.old_key, counts_until(n, revoked));
    ent_buf_u8(&row, 1);
    ent_buf_u8(&row, 0);
    ent_buf_put(&row, fresh.old_key.b, 32);
    ent_buf_u64(&row, (uint64_t)fresh.old_until_ms);
    ent_buf_put(&row, in->message.body, in->message.body_len);
    ent_entry e = {.kind = ENT_ENTRY_KEY, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    snprintf(e.clause, sizeof e.clause, "%s", revoked ? "partner revoked its key" : "partner rotated");
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(in->message.body, in->message.body_len, e.commitment);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_PARTNERS, ENT_BYTES(card->name, strlen(card->name)), ENT_BYTES(row.data, row.len));
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    *have = fresh;
    return ENT_OK;
}

void ent_identity_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ent_card card;
    ent_err err = {0};
    ent_code code = ent_card_decode(arrival->message.body, arrival->message.body_len, &card, &err);
    if (code == ENT_OK) {
        pthread_mutex_lock(&n->lock);
        code = take(n, arrival, &card, &err);
        pthread_mutex_unlock(&n->lock);
    }
    *ret_status = code == ENT_OK ? 200 : code == ENT_REPLAY ? 409 : 422;
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}

struct names {
    size_t count;
    char name[64][ENT_NODE_NAME_MAX];
};

static void gather(void *ctx, const ent_card *card)
{
    struct names *s = ctx;
    if (s->count < 64) snprintf(s->name[s->count++], ENT_NODE_NAME_MAX, "%s", card->name);
}

ent_code ent_flow_identity_rotate(ent_flow_node *n, const ent_actor *by, const ent_card *fresh, const ent_secret_key *secret, bool revoke, size_t *ret_told,
                                  ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("identity");
    ENT_AUTO_BUF card = ENT_BUF(ENT_CARD_MAX);
    struct names partners = {0};
    ENT_TRY(ent_gate(by, ENT_MAY_ROTATE_IDENTITY, err));
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_card_encode(fresh, secret, &card, err));
    ent_entry e = {.kind = ENT_ENTRY_KEY, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by->pseudonym};
    snprintf(e.clause, sizeof e.clause, "%s", revoke ? "revoked" : "rotated");
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(card.data, card.len, e.commitment);
    ent_batch_entry(b, &e);
    ent_public_key old;
    ent_sign_public(&n->c.identity, &old);
    pthread_mutex_lock(&n->lock);
    ent_key_ended(n, b, n->c.name, &old, counts_until(n, revoke));
    pthread_mutex_unlock(&n->lock);
    ENT_TRY(ent_commit(n, b, NULL, err));
    ENT_TRY(ent_flow_partners(n, gather, &partners, err));
    *ret_told = 0;
    for (size_t i = 0; i < partners.count && n->c.partners.send; i++) {
        ent_message m = {.kind = ENT_MESSAGE_IDENTITY, .agreement = "", .flow = "", .purpose = revoke ? "revoke" : "", .proof = "", .body = card.data, .body_len = card.len};
        ent_reply reply = {.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
        ent_fill(n, m.id, sizeof m.id);
        if (n->c.partners.send(n->c.partners.self, partners.name[i], &m, ent_ticks(n) + 5000, &reply, NULL) == ENT_OK && reply.status == 200) ++*ret_told;
        ent_reply_free(&reply);
    }
    return ENT_OK;
}
