/* The agreements' life: proposed, signed by all, in force, suspended, ended; and which flows see which part. A row an
 * agreement: the envelope's bytes under its name. */
#include "base/check.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ent_held_agreement *ent_agreement_named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->agreement_count; i++)
        if (strcmp(n->agreements[i].a->name, name) == 0) return &n->agreements[i];
    return NULL;
}

/* A key that a partner had: the one of its card, or the one before while both are valid; our own. */
static bool was_key_of(void *self, const char *name, const ent_public_key *key, ent_time at)
{
    ent_flow_node *n = self;
    ent_public_key own;
    (void)at;
    ent_sign_public(&n->c.identity, &own);
    if (strcmp(name, n->c.name) == 0) return ent_public_key_equal(&own, key);
    const ent_held_partner *p = ent_partner_named(n, name);
    if (!p) return false;
    return ent_public_key_equal(&p->card.identity, key) || (p->old_until_ms && ent_public_key_equal(&p->old_key, key));
}

static void free_one(ent_held_agreement *h)
{
    ent_envelope_free(&h->envelope);
    ent_agreement_free(h->a);
}

void ent_agreements_free(ent_flow_node *n)
{
    for (size_t i = 0; i < n->agreement_count; i++) free_one(&n->agreements[i]);
    free(n->agreements);
}

static ent_code read_file(ent_flow_node *n, const void *file, size_t len, ent_agreement **ret, ent_err *err)
{
    ent_doc *doc;
    ENT_TRY(n->c.read_doc(file, len, "agreement", &doc, err));
    ent_code code = ent_agreement_read(doc, ret, err);
    ent_doc_free(doc);
    return code;
}

/* Opens and verifies an envelope; the caller frees what comes back with free_one. Under the lock. */
static ent_code open_envelope(ent_flow_node *n, const void *bytes, size_t len, ent_held_agreement *ret, ent_err *err)
{
    ent_held_agreement h = {0};
    const ent_key_history history = {n, was_key_of};
    ENT_TRY(ent_envelope_decode(bytes, len, &h.envelope, err));
    ent_code code = read_file(n, h.envelope.file, h.envelope.file_len, &h.a, err);
    if (code == ENT_OK) code = ent_envelope_verify(&h.envelope, h.a, &history, &h.state, err);
    if (code != ENT_OK) {
        free_one(&h);
        return code;
    }
    *ret = h;
    return ENT_OK;
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    (void)key, (void)key_len;
    ent_held_agreement *list = realloc(n->agreements, (n->agreement_count + 1) * sizeof *list);
    if (!list) return ENT_NO_MEMORY;
    n->agreements = list;
    ent_code code = open_envelope(n, value, value_len, &n->agreements[n->agreement_count], NULL);
    if (code != ENT_OK) return ENT_DAMAGED;
    n->agreement_count++;
    return ENT_OK;
}

ent_code ent_agreements_load(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_AGREEMENTS, &all, load_one, n, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "an agreement's row cannot be read or does not verify");
}

static void view(const ent_held_agreement *h, ent_agreement_view *ret)
{
    *ret = (ent_agreement_view){.version = h->a->version, .state = h->state, .from = h->a->from, .until = h->a->until, .flow_count = h->a->flow_count};
    snprintf(ret->name, sizeof ret->name, "%s", h->a->name);
    snprintf(ret->title, sizeof ret->title, "%s", h->a->title);
    memcpy(ret->digest, h->envelope.digest, 32);
    (void)ent_envelope_state(&h->envelope, h->a, ret->clause);
    size_t at = 0;
    for (size_t i = 0; i < h->envelope.count; i++)
        if (h->envelope.declaration[i].act == ENT_ACT_SIGN && at < sizeof ret->signed_by - ENT_PARTY_NAME - 2)
            at += (size_t)snprintf(ret->signed_by + at, sizeof ret->signed_by - at, "%s%s", at ? ", " : "", h->envelope.declaration[i].name);
}

/* Keeps the envelope, with its ledger entry. Takes h over, whatever happens. Under the lock. */
static ent_code keep(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, const char *clause, ent_agreement_view *ret_view, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("agreement");
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_held_agreement *list = realloc(n->agreements, (n->agreement_count + 1) * sizeof *list);
    if (list) n->agreements = list;
    ent_envelope_encode(&h->envelope, &bytes);
    ent_code code = b && list ? ent_buf_check(&bytes, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for an agreement");
    if (code == ENT_OK) {
        ent_entry e = {.kind = ENT_ENTRY_AGREEMENT, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = h->a->version};
        if (by) e.actor = by->pseudonym;
        ent_fill(n, e.case_number.b, sizeof e.case_number.b);
        memcpy(e.agreement, h->envelope.digest, 32);
        snprintf(e.clause, sizeof e.clause, "%s", clause);
        ent_sha256(bytes.data, bytes.len, e.commitment); /* both parties have the envelope: no salt */
        ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_AGREEMENTS, ENT_BYTES(h->a->name, strlen(h->a->name)), ENT_BYTES(bytes.data, bytes.len));
        ent_batch_entry(b, &e);
        code = ent_commit(n, b, NULL, err);
    }
    if (code != ENT_OK) {
        free_one(h);
        return code;
    }
    ent_held_agreement *have = ent_agreement_named(n, h->a->name);
    if (have) free_one(have);
    else have = &n->agreements[n->agreement_count++];
    *have = *h;
    view(have, ret_view);
    ent_parts_look(n);
    return ENT_OK;
}

static ent_code declare_and_keep(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    ent_time now = ent_now(n);
    if (h->envelope.count && now.ms < h->envelope.declaration[h->envelope.count - 1].time.ms)
        now = h->envelope.declaration[h->envelope.count - 1].time; /* the partner's clock is a little ahead of ours */
    ent_code code = ent_envelope_declare(&h->envelope, h->a, act, n->c.name, now, &n->c.identity, err);
    if (code != ENT_OK) {
        free_one(h);
        return code;
    }
    h->state = ent_envelope_state(&h->envelope, h->a, NULL);
    return keep(n, by, h, ent_act_text(act), ret_view, err);
}

/* A copy of what is held, to be changed and kept. */
static ent_code copy_held(ent_flow_node *n, const ent_held_agreement *have, ent_held_agreement *ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(&have->envelope, &bytes);
    ENT_TRY(ent_buf_check(&bytes, err));
    return open_envelope(n, bytes.data, bytes.len, ret, err);
}

static ent_code sign_locked(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h = {0};
    ENT_TRY(read_file(n, file, len, &h.a, err));
    ent_code code = ENT_OK;
    const ent_held_agreement *have = ent_agreement_named(n, h.a->name);
    uint8_t digest[32];
    ent_sha256(file, len, digest);
    if (!ent_agreement_party(h.a, n->c.name)) code = ent_fail(err, ENT_REFUSED, "this node, %s, is no party to \"%s\"", n->c.name, h.a->name);
    else if (have && have->a->version > h.a->version) code = ent_fail(err, ENT_REPLAY, "version %u of \"%s\" is here; versions only go up", have->a->version, h.a->name);
    else if (have && have->a->version == h.a->version && memcmp(have->envelope.digest, digest, 32) != 0)
        code = ent_fail(err, ENT_CONFLICT, "another file is here as version %u of \"%s\": change the version", h.a->version, h.a->name);
    if (code == ENT_OK && have && have->a->version == h.a->version) {
        ent_agreement_free(h.a);
        ENT_TRY(copy_held(n, have, &h, err));
    } else if (code == ENT_OK) {
        code = ent_envelope_make(h.a, file, len, &h.envelope, err);
    }
    if (code != ENT_OK) {
        ent_agreement_free(h.a);
        return code;
    }
    return declare_and_keep(n, by, &h, ENT_ACT_SIGN, ret_view, err);
}

ent_code ent_flow_agreement_sign(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SIGN_AGREEMENT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = sign_locked(n, by, file, len, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_agreement_act(ent_flow_node *n, const ent_actor *by, const char *name, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h;
    ENT_TRY(ent_gate(by, act == ENT_ACT_SIGN ? ENT_MAY_SIGN_AGREEMENT : ENT_MAY_SUSPEND_AGREEMENT, err));
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *have = ent_agreement_named(n, name);
    ent_code code = have ? copy_held(n, have, &h, err) : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
    if (code == ENT_OK) code = declare_and_keep(n, by, &h, act, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

static ent_code take_locked(ent_flow_node *n, const void *bytes, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h;
    ENT_TRY(open_envelope(n, bytes, len, &h, err));
    const ent_held_agreement *have = ent_agreement_named(n, h.a->name);
    ent_code code = ENT_OK;
    if (!ent_agreement_party(h.a, n->c.name)) code = ent_fail(err, ENT_REFUSED, "%s is no party to \"%s\"", n->c.name, h.a->name);
    else if (have) code = ent_envelope_follows(&have->envelope, &h.envelope, err);
    if (code == ENT_OK) return keep(n, NULL, &h, "received", ret_view, err);
    if (code == ENT_EXISTS) view(have, ret_view);
    free_one(&h);
    return code == ENT_EXISTS ? ENT_OK : code;
}

ent_code ent_flow_agreement_take(ent_flow_node *n, const void *envelope, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    pthread_mutex_lock(&n->lock);
    ent_code code = take_locked(n, envelope, len, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_agreement_envelope(ent_flow_node *n, const char *name, ent_buf *ret_envelope, ent_err *err)
{
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *have = ent_agreement_named(n, name);
    if (have) ent_envelope_encode(&have->envelope, ret_envelope);
    pthread_mutex_unlock(&n->lock);
    return have ? ent_buf_check(ret_envelope, err) : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
}

ent_code ent_flow_agreement_send(ent_flow_node *n, const char *name, size_t *ret_told, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    char party[ENT_AGREEMENT_PARTIES][ENT_PARTY_NAME];
    size_t parties = 0;
    ENT_TRY(ent_flow_agreement_envelope(n, name, &bytes, err));
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *have = ent_agreement_named(n, name);
    for (size_t i = 0; have && i < have->a->party_count; i++)
        if (strcmp(have->a->party[i].name, n->c.name) != 0) memcpy(party[parties++], have->a->party[i].name, ENT_PARTY_NAME);
    pthread_mutex_unlock(&n->lock);
    *ret_told = 0;
    ent_code code = n->c.partners.send ? ENT_OK : ent_fail(err, ENT_UNREACHABLE, "the node is not running: `entente serve`, then `entente agreement send`");
    for (size_t i = 0; i < parties && n->c.partners.send; i++) {
        ent_message m = {.kind = ENT_MESSAGE_AGREEMENT, .agreement = "", .flow = "", .purpose = "", .proof = "", .body = bytes.data, .body_len = bytes.len};
        ent_reply reply = {.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
        ent_fill(n, m.id, sizeof m.id);
        ent_code sent = n->c.partners.send(n->c.partners.self, party[i], &m, ent_ticks(n) + 5000, &reply, err);
        if (sent == ENT_OK && reply.status == 200) ++*ret_told;
        else code = sent == ENT_OK ? ent_fail(err, ENT_REFUSED, "%s did not take the agreement: %.200s", party[i], ent_buf_cstr(&reply.body)) : sent;
        ent_reply_free(&reply);
    }
    return code;
}

ent_code ent_flow_agreements(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->agreement_count; i++) {
        ent_agreement_view v;
        view(&n->agreements[i], &v);
        see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

/* ---- visibility ---- */

int ent_flow_bit(ent_flow_node *n, const ent_agreement *a, const ent_flow *f)
{
    int bit = 0;
    for (size_t i = 0; i < n->agreement_count; i++)
        for (size_t k = 0; k < n->agreements[i].a->flow_count; k++) {
            const ent_flow *other = &n->agreements[i].a->flow[k];
            if (strcmp(other->holder, n->c.name) != 0) continue;
            if (n->agreements[i].a == a && other == f) return bit < 64 ? bit : -1;
            bit++;
        }
    return -1;
}

uint64_t ent_flows_that_see(ent_flow_node *n, const ent_legal_facts *facts, const ent_retention *kept, bool convicted)
{
    uint64_t bits = 0;
    ent_date today = ent_today(n);
    ent_subject s = {.facts = facts, .kept = kept, .convicted = convicted};
    for (size_t i = 0; i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        bool in_force = h->state == ENT_AGREEMENT_SIGNED && ent_date_compare(h->a->from, today) <= 0 && ent_date_compare(today, h->a->until) <= 0;
        for (size_t k = 0; in_force && k < h->a->flow_count; k++) {
            char clause[ENT_LAW_CLAUSE];
            int bit = ent_flow_bit(n, h->a, &h->a->flow[k]);
            if (bit >= 0 && ent_flow_sees(h->a, &h->a->flow[k], &s, clause)) bits |= 1ull << bit;
        }
    }
    return bits;
}
