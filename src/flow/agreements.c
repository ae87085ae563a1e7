/* The agreements' life: proposed, signed by all, in force, suspended, ended; and which flows see which part. Rows are envelopes' bytes:
 * under its name the version that counts; under the name and "next" a later one, until all have signed it and its day has come; under the
 * name and its number each that counted before. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/disclosure/disclosure.h"
#include "flow/state.h"
#include "port/problem.h"

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

static void free_all(ent_held_agreement *list, size_t count)
{
    for (size_t i = 0; i < count; i++) free_one(&list[i]);
    free(list);
}

void ent_agreements_free(ent_flow_node *n)
{
    free_all(n->agreements, n->agreement_count);
    free_all(n->next, n->next_count);
}

static ent_held_agreement *next_named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->next_count; i++)
        if (strcmp(n->next[i].a->name, name) == 0) return &n->next[i];
    return NULL;
}

/* The one that a text or declaration of this version is about: the later version that waits, else the one that counts. */
static ent_held_agreement *about(ent_flow_node *n, const char *name, uint32_t version)
{
    ent_held_agreement *have = ent_agreement_named(n, name), *next = next_named(n, name);
    return next && !(have && have->a->version == version) ? next : have;
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

/* Takes h over. */
static ent_code append(ent_held_agreement **list, size_t *count, const ent_held_agreement *h)
{
    ent_held_agreement *more = realloc(*list, (*count + 1) * sizeof *more);
    if (!more) return ENT_NO_MEMORY;
    *list = more;
    more[(*count)++] = *h;
    return ENT_OK;
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    ent_held_agreement h;
    const uint8_t *mark = memchr(key, '\n', key_len);
    bool next = mark && key + key_len - mark == 5;
    if (mark && !next) return ENT_OK; /* it counted once */
    if (open_envelope(n, value, value_len, &h, NULL) != ENT_OK) return ENT_DAMAGED;
    ent_code code = next ? append(&n->next, &n->next_count, &h) : append(&n->agreements, &n->agreement_count, &h);
    if (code != ENT_OK) free_one(&h);
    return code;
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
    memcpy(ret->annex_digest, h->a->annex_digest, 32);
    ret->annex_size = h->a->annex_size;
    (void)ent_envelope_state(&h->envelope, h->a, ret->clause);
    size_t at = 0;
    for (size_t i = 0; i < h->envelope.count; i++)
        if (h->envelope.declaration[i].act == ENT_ACT_SIGN && at < sizeof ret->signed_by - ENT_PARTY_NAME - 2)
            at += (size_t)snprintf(ret->signed_by + at, sizeof ret->signed_by - at, "%s%s", at ? ", " : "", h->envelope.declaration[i].name);
}

/* A copy of what is held, to be changed and kept. */
static ent_code copy_held(ent_flow_node *n, const ent_held_agreement *have, ent_held_agreement *ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(&have->envelope, &bytes);
    ENT_TRY(ent_buf_check(&bytes, err));
    return open_envelope(n, bytes.data, bytes.len, ret, err);
}

/* ---- keeping ---- */

static bool complete(const ent_held_agreement *h) { return h->state != ENT_AGREEMENT_DRAFT && h->state != ENT_AGREEMENT_PROPOSED; }

/* A later version counts when all have signed it and its first day has come, or when there is nothing that it would end. One that was ended stays
 * until then: the other end must hear of it. */
static bool counts(ent_flow_node *n, const ent_held_agreement *have, const ent_held_agreement *h)
{
    if (!have || have->a->version == h->a->version || !complete(have)) return true;
    return complete(h) && ent_date_compare(h->a->from, ent_today(n)) <= 0;
}

static ent_code put_row(ent_batch *b, const ent_held_agreement *h, const char *suffix, ent_buf *ret_bytes, ent_err *err)
{
    char key[ENT_LAW_NAME + 16];
    snprintf(key, sizeof key, "%s%s", h->a->name, suffix);
    ent_envelope_encode(&h->envelope, ret_bytes);
    ENT_TRY(ent_buf_check(ret_bytes, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_AGREEMENTS, ENT_BYTES(key, strlen(key)), ENT_BYTES(ret_bytes->data, ret_bytes->len));
    return ENT_OK;
}

static ent_code put_rows(ent_batch *b, const ent_held_agreement *have, const ent_held_agreement *h, bool current, ent_buf *bytes, ent_err *err)
{
    char key[ENT_LAW_NAME + 16], version[16];
    ENT_AUTO_BUF before = ENT_BUF(ENT_ENVELOPE_MAX);
    if (!current) return put_row(b, h, "\nnext", bytes, err);
    snprintf(version, sizeof version, "\n%08u", have ? have->a->version : 0);
    if (have && have->a->version != h->a->version) ENT_TRY(put_row(b, have, version, &before, err));
    snprintf(key, sizeof key, "%s\nnext", h->a->name);
    if (!have || have->a->version != h->a->version) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_AGREEMENTS, ENT_BYTES(key, strlen(key)), ENT_BYTES("", 0));
    return put_row(b, h, "", bytes, err);
}

static ent_code put_agreement(ent_flow_node *n, ent_batch *b, const ent_actor *by, const ent_held_agreement *h, const char *clause, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    const ent_held_agreement *have = ent_agreement_named(n, h->a->name);
    bool current = counts(n, have, h);
    ENT_TRY(put_rows(b, have, h, current, &bytes, err));
    ent_entry e = {.kind = ENT_ENTRY_AGREEMENT, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = h->a->version};
    if (by) e.actor = by->pseudonym;
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    memcpy(e.agreement, h->envelope.digest, 32);
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_sha256(bytes.data, bytes.len, e.commitment); /* both parties have the envelope: no salt */
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_PROPOSALS, ENT_BYTES(h->a->name, strlen(h->a->name)), ENT_BYTES("", 0));
    ent_batch_entry(b, &e);
    /* ended: what was disclosed under it is called back, and its destruction proven */
    bool ends = current && h->state == ENT_AGREEMENT_ENDED && have && have->state != ENT_AGREEMENT_ENDED;
    return ends ? ent_disclosures_recall_all(n, b, h->a->name, ENT_RECALL_ENDED, err) : ENT_OK;
}

/* Takes h over. */
static ent_code hold(ent_flow_node *n, ent_held_agreement *h, bool current)
{
    ent_held_agreement *have = current ? ent_agreement_named(n, h->a->name) : next_named(n, h->a->name), *next = next_named(n, h->a->name);
    if (current && next && next->a->version <= h->a->version) {
        free_one(next);
        *next = n->next[--n->next_count];
    }
    if (!have) return current ? append(&n->agreements, &n->agreement_count, h) : append(&n->next, &n->next_count, h);
    free_one(have);
    *have = *h;
    return ENT_OK;
}

/* Keeps the envelope, with its ledger entry. Takes h over, whatever happens. Under the lock. */
static ent_code keep(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, const char *clause, ent_agreement_view *ret_view, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("agreement");
    bool current = counts(n, ent_agreement_named(n, h->a->name), h);
    ent_code code = b ? put_agreement(n, b, by, h, clause, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for an agreement");
    if (code == ENT_OK) code = ent_commit(n, b, NULL, err);
    if (code == ENT_OK) view(h, ret_view);
    if (code == ENT_OK && hold(n, h, current) != ENT_OK) code = ent_fail(err, ENT_NO_MEMORY, "out of memory for an agreement: start the node again");
    if (code != ENT_OK) {
        free_one(h);
        return code;
    }
    ent_parts_look(n);
    return ENT_OK;
}

ent_code ent_agreements_tick(ent_flow_node *n, ent_err *err)
{
    for (size_t i = 0; i < n->next_count; i++) {
        ent_held_agreement h;
        ent_agreement_view v;
        if (!counts(n, ent_agreement_named(n, n->next[i].a->name), &n->next[i])) continue;
        ENT_TRY(copy_held(n, &n->next[i], &h, err));
        ENT_TRY(keep(n, NULL, &h, "its day has come", &v, err));
        i = (size_t)-1; /* the list has moved */
    }
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

/* ---- two custodians ---- */

enum { PROPOSED_MAX = 1 + 1 + ENT_ID_SIZE + 32 + 8 };
#define PROPOSED_MS (30ll * 86400000)

typedef struct intention {
    ent_act act;
    uint8_t digest[32];             /* of the agreement's file */
    const ent_agreement *a;
} intention;

static void intention_entry(ent_flow_node *n, const ent_actor *by, const intention *w, ent_entry *ret)
{
    *ret = (ent_entry){.kind = ENT_ENTRY_AGREEMENT, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = w->a->version, .actor = by->pseudonym};
    ent_fill(n, ret->case_number.b, sizeof ret->case_number.b);
    memcpy(ret->agreement, w->digest, 32);
    snprintf(ret->clause, sizeof ret->clause, "%s wanted", ent_act_text(w->act));
    memcpy(ret->commitment, w->digest, 32);
}

/* ENT_OK: another custodian wanted the same before, and the proposal is used up by what is committed next. ENT_NO_HIT: it waits. */
static ent_code second_word(ent_flow_node *n, const ent_actor *by, const intention *w, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(PROPOSED_MAX), fresh = ENT_BUF(PROPOSED_MAX);
    ENT_AUTO_BATCH b = ent_batch_new("agreement-want");
    const ent_bytes key = ENT_BYTES(w->a->name, strlen(w->a->name));
    ent_entry e;
    if (w->act == ENT_ACT_SUSPEND) return ENT_OK;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_PROPOSALS, key.data, key.len, &row, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    bool same = row.len == PROPOSED_MAX && row.data[1] == w->act && memcmp(row.data + 2 + ENT_ID_SIZE, w->digest, 32) == 0;
    if (same) {
        ent_cursor c = ENT_CURSOR(row.data + PROPOSED_MAX - 8, 8);
        same = ent_now(n).ms - (int64_t)ent_cursor_u64(&c) < PROPOSED_MS;
    }
    if (same) return ent_id_equal(row.data + 2, by->pseudonym.b) ? ENT_NO_HIT : ENT_OK; /* nobody approves their own act */
    ent_buf_u8(&fresh, 1);
    ent_buf_u8(&fresh, (uint8_t)w->act);
    ent_buf_put(&fresh, by->pseudonym.b, ENT_ID_SIZE);
    ent_buf_put(&fresh, w->digest, 32);
    ent_buf_u64(&fresh, (uint64_t)ent_now(n).ms);
    intention_entry(n, by, w, &e);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_PROPOSALS, key, ENT_BYTES(fresh.data, fresh.len));
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    return ENT_NO_HIT;
}

/* Whether the state allows it, before anybody is asked to agree to it. */
static ent_code try_declare(ent_flow_node *n, const ent_held_agreement *h, ent_act act, ent_err *err)
{
    ent_envelope copy = h->envelope; /* declarations are inside; the file is borrowed */
    ent_time now = ent_now(n);
    if (copy.count && now.ms < copy.declaration[copy.count - 1].time.ms) now = copy.declaration[copy.count - 1].time;
    return ent_envelope_declare(&copy, h->a, act, n->c.name, now, &n->c.identity, err);
}

/* Takes h over, whatever happens. */
static ent_code declare_by_two(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    intention w = {.act = act, .a = h->a};
    memcpy(w.digest, h->envelope.digest, 32);
    ent_code code = try_declare(n, h, act, err);
    if (code == ENT_OK) code = second_word(n, by, &w, err);
    if (code == ENT_OK) return declare_and_keep(n, by, h, act, ret_view, err);
    if (code == ENT_NO_HIT) {
        view(h, ret_view);
        ret_view->waits = true;
        code = ENT_OK;
    }
    free_one(h);
    return code;
}

static ent_code sign_locked(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h = {0};
    ENT_TRY(read_file(n, file, len, &h.a, err));
    ent_code code = ENT_OK;
    const ent_held_agreement *have = about(n, h.a->name, h.a->version);
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
    return declare_by_two(n, by, &h, ENT_ACT_SIGN, ret_view, err);
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
    const ent_held_agreement *have = act == ENT_ACT_SIGN ? about(n, name, 0) : ent_agreement_named(n, name);
    ent_code code = have ? copy_held(n, have, &h, err) : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
    if (code == ENT_OK) code = declare_by_two(n, by, &h, act, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* What came and what is here, as one. */
static ent_code join(ent_flow_node *n, const ent_held_agreement *have, ent_held_agreement *h, ent_err *err)
{
    const ent_key_history history = {n, was_key_of};
    ENT_TRY(ent_envelope_join(&have->envelope, &h->envelope, err));
    return ent_envelope_verify(&h->envelope, h->a, &history, &h->state, err);
}

static ent_code take_locked(ent_flow_node *n, const void *bytes, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h;
    ENT_TRY(open_envelope(n, bytes, len, &h, err));
    const ent_held_agreement *have = about(n, h.a->name, h.a->version);
    ent_code code = ENT_OK;
    if (!ent_agreement_party(h.a, n->c.name)) code = ent_fail(err, ENT_REFUSED, "%s is no party to \"%s\"", n->c.name, h.a->name);
    else if (have) code = join(n, have, &h, err);
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

/* ---- sending ---- */

typedef struct sending {
    ent_buf bytes;
    char party[ENT_AGREEMENT_PARTIES][ENT_PARTY_NAME];
    size_t parties;
} sending;

static void prepare(ent_flow_node *n, const ent_held_agreement *h, sending *ret)
{
    *ret = (sending){.bytes = ENT_BUF(ENT_ENVELOPE_MAX)};
    ent_envelope_encode(&h->envelope, &ret->bytes);
    for (size_t i = 0; i < h->a->party_count; i++)
        if (strcmp(h->a->party[i].name, n->c.name) != 0) memcpy(ret->party[ret->parties++], h->a->party[i].name, ENT_PARTY_NAME);
}

/* Who has a later version needs no older one. */
static bool heard(const ent_reply *reply)
{
    ent_problem p;
    return reply->status == 200 || (ent_problem_read(reply->body.data, reply->body.len, &p, NULL) == ENT_OK && p.code == ENT_REPLAY);
}

static ent_code send_one(ent_flow_node *n, const sending *s, size_t *ret_told, ent_err *err)
{
    ent_code code = ent_buf_check(&s->bytes, err);
    for (size_t i = 0; i < s->parties && s->bytes.failed == ENT_OK; i++) {
        ent_message m = {.kind = ENT_MESSAGE_AGREEMENT, .agreement = "", .flow = "", .purpose = "", .proof = "", .body = s->bytes.data, .body_len = s->bytes.len};
        ent_reply reply = {.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
        ent_fill(n, m.id, sizeof m.id);
        ent_code sent = n->c.partners.send(n->c.partners.self, s->party[i], &m, ent_ticks(n) + 5000, &reply, err);
        if (sent == ENT_OK && heard(&reply)) ++*ret_told;
        else code = sent == ENT_OK ? ent_fail(err, ENT_REFUSED, "%s did not take the agreement: %.200s", s->party[i], ent_buf_cstr(&reply.body)) : sent;
        ent_reply_free(&reply);
    }
    return code;
}

ent_code ent_flow_agreement_send(ent_flow_node *n, const char *name, size_t *ret_told, ent_err *err)
{
    sending s[2];
    size_t count = 0, told[2] = {0};
    *ret_told = 0;
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *have = ent_agreement_named(n, name), *next = next_named(n, name);
    if (have) prepare(n, have, &s[count++]);
    if (next) prepare(n, next, &s[count++]);
    pthread_mutex_unlock(&n->lock);
    ent_code code = count ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
    if (code == ENT_OK && !n->c.partners.send) code = ent_fail(err, ENT_UNREACHABLE, "the node is not running: `entente serve`, then `entente agreement send`");
    bool may = code == ENT_OK;
    for (size_t i = 0; i < count; i++) { /* who cannot take the one may want the other */
        ent_code one = may ? send_one(n, &s[i], &told[i], code == ENT_OK ? err : NULL) : code;
        if (code == ENT_OK) code = one;
        ent_buf_free(&s[i].bytes);
    }
    if (count) *ret_told = told[count - 1];
    return code;
}

/* ---- listing ---- */

ent_code ent_flow_agreements(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->agreement_count + n->next_count; i++) {
        bool next = i >= n->agreement_count;
        ent_agreement_view v;
        view(next ? &n->next[i - n->agreement_count] : &n->agreements[i], &v);
        v.next = next;
        see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

struct versions {
    ent_flow_node *n;
    void (*see)(void *ctx, const ent_agreement_view *v, const ent_envelope *e);
    void *ctx;
};

static ent_code tell_version(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct versions *s = ctx;
    ent_held_agreement h;
    ent_agreement_view v;
    const uint8_t *mark = memchr(key, '\n', key_len);
    if (open_envelope(s->n, value, value_len, &h, NULL) != ENT_OK) return ENT_DAMAGED;
    view(&h, &v);
    v.next = mark && key + key_len - mark == 5;
    v.before = mark && !v.next;
    s->see(s->ctx, &v, &h.envelope);
    free_one(&h);
    return ENT_OK;
}

ent_code ent_flow_agreement_versions(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v, const ent_envelope *e), void *ctx, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    struct versions s = {n, see, ctx};
    pthread_mutex_lock(&n->lock);
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_AGREEMENTS, &all, tell_version, &s, err);
    pthread_mutex_unlock(&n->lock);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "an agreement's row cannot be read or does not verify");
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
