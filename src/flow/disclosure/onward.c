#include "flow/disclosure/onward.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"
#include "base/wipe.h"
#include "flow/disclosure/kept.h"
#include "flow/disclosure/record.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One copy, at the requester (ours) or at the holder who is asked. Plain: it names parties and numbers, and nobody. */
typedef struct copy {
    ent_onward_view view;
    uint8_t place;                  /* of the third party in the agreement */
    uint8_t behalf;                 /* of the one for whom it was asked; only while a copy is received */
    uint32_t agreement_version;
    uint8_t agreement_digest[32], salt[32];
    char authorised[ENT_DISCLOSURE_PROOF], gone[ENT_DISCLOSURE_PROOF]; /* tlog-proofs: the holder's word; the third party's undertaking */
} copy;

enum { VERSION = 1, ROW_MAX = 4096 + 2 * ENT_DISCLOSURE_PROOF, TEXT = 512 };

static const char *const states[] = {
#define ENT_X(name, text) text,
    ENT_ONWARD_STATES(ENT_X)
#undef ENT_X
};

const char *ent_onward_state_text(ent_onward_state s) { return states[s]; }

/* ---- rows ---- */

static void put(ent_batch *b, const copy *c)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    const ent_onward_view *v = &c->view;
    ent_buf_u8(&row, VERSION);
    ent_buf_u8(&row, v->ours);
    ent_buf_u8(&row, (uint8_t)v->state);
    ent_buf_put(&row, v->disclosure, ENT_ID_SIZE);
    ent_buf_text8(&row, v->to);
    ent_buf_text8(&row, v->partner);
    ent_buf_text8(&row, v->agreement);
    ent_buf_text8(&row, v->flow);
    ent_buf_text8(&row, v->purpose);
    ent_buf_u64(&row, (uint64_t)v->at.ms);
    ent_buf_u64(&row, (uint64_t)v->received.ms);
    ent_buf_u64(&row, (uint64_t)v->recalled.ms);
    ent_buf_u64(&row, (uint64_t)v->undertaken.ms);
    ent_buf_u32(&row, ent_date_pack(v->until));
    ent_buf_u8(&row, c->place);
    ent_buf_u32(&row, c->agreement_version);
    ent_buf_put(&row, c->agreement_digest, 32);
    ent_buf_put(&row, c->salt, 32);
    ent_buf_text16(&row, c->authorised);
    ent_buf_text16(&row, c->gone);
    if (row.failed != ENT_OK) b->failed = row.failed;
    else ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_ONWARD, ENT_BYTES(v->id, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
}

static bool decode(const uint8_t *key, const uint8_t *row, size_t len, copy *ret)
{
    ent_cursor c = ENT_CURSOR(row, len);
    ent_onward_view *v = &ret->view;
    *ret = (copy){0};
    memcpy(v->id, key, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(&c);
    v->ours = ent_cursor_u8(&c);
    v->state = (ent_onward_state)ent_cursor_u8(&c);
    ent_cursor_copy(&c, v->disclosure, ENT_ID_SIZE);
    ent_cursor_text8(&c, v->to, sizeof v->to);
    ent_cursor_text8(&c, v->partner, sizeof v->partner);
    ent_cursor_text8(&c, v->agreement, sizeof v->agreement);
    ent_cursor_text8(&c, v->flow, sizeof v->flow);
    ent_cursor_text8(&c, v->purpose, sizeof v->purpose);
    v->at.ms = (int64_t)ent_cursor_u64(&c);
    v->received.ms = (int64_t)ent_cursor_u64(&c);
    v->recalled.ms = (int64_t)ent_cursor_u64(&c);
    v->undertaken.ms = (int64_t)ent_cursor_u64(&c);
    v->until = ent_date_unpack(ent_cursor_u32(&c));
    ret->place = ent_cursor_u8(&c);
    ret->agreement_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, ret->agreement_digest, 32);
    ent_cursor_copy(&c, ret->salt, 32);
    ent_cursor_text16(&c, ret->authorised, sizeof ret->authorised);
    ent_cursor_text16(&c, ret->gone, sizeof ret->gone);
    return version == VERSION && v->state < ENT_ONWARD_STATE_COUNT && ent_cursor_done(&c);
}

static ent_code get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], copy *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_ONWARD, id, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no copy with this number was given on or asked for");
    if (code != ENT_OK) return code;
    return decode(id, row.data, row.len, ret) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the row of a copy that was given on cannot be read");
}

/* All rows, read before anything is done about them: the store may not be called from inside its walk. */
struct listing {
    copy *all;
    size_t count, cap;
};

static ent_code remember(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct listing *l = ctx;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        copy *all = realloc(l->all, cap * sizeof *all);
        if (!all) return ENT_NO_MEMORY;
        l->all = all;
        l->cap = cap;
    }
    return key_len == ENT_ID_SIZE && decode(key, value, value_len, &l->all[l->count++]) ? ENT_OK : ENT_DAMAGED;
}

static ent_code list(ent_flow_node *n, struct listing *l, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_ONWARD, &all, remember, l, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "the row of a copy that was given on cannot be read") : code;
}

/* ---- what goes between requester and holder: one form ---- */

static size_t write_text(char ret[TEXT], const char *act, const ent_onward_view *v)
{
    char id[ENT_ID_TEXT], disclosure[ENT_ID_TEXT];
    ent_id_text(v->id, id);
    ent_id_text(v->disclosure, disclosure);
    return (size_t)snprintf(ret, TEXT, "entente-onward/v1\nact %s\nid %s\ndisclosure %s\nto %s\n", act, id, disclosure, v->to);
}

static bool read_text(const void *body, size_t len, char ret_act[16], ent_onward_view *ret)
{
    char text[TEXT] = "", id[33] = "", disclosure[33] = "", again[TEXT];
    if (len >= sizeof text) return false;
    memcpy(text, body, len);
    bool good = sscanf(text, "entente-onward/v1\nact %15[a-z]\nid %32[0-9a-f]\ndisclosure %32[0-9a-f]\nto %63[a-z0-9.-]", ret_act, id, disclosure, ret->to) == 4 &&
                ent_id_parse(id, ret->id) && ent_id_parse(disclosure, ret->disclosure);
    return good && write_text(again, ret_act, ret) == len && memcmp(again, body, len) == 0;
}

static void queue_text(ent_flow_node *n, ent_batch *b, const copy *c, const char *act, ent_entry_kind proof)
{
    char text[TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_ONWARD, .agreement_version = c->agreement_version, .proof_kind = proof};
    size_t len = write_text(text, act, &c->view);
    ent_fill(n, q.id, ENT_ID_SIZE);
    memcpy(q.about, c->view.id, ENT_ID_SIZE);
    memcpy(q.proof_case, c->view.id, ENT_ID_SIZE);
    memcpy(q.agreement_digest, c->agreement_digest, 32);
    snprintf(q.partner, sizeof q.partner, "%s", c->view.partner);
    snprintf(q.agreement, sizeof q.agreement, "%s", c->view.agreement);
    snprintf(q.flow, sizeof q.flow, "%s", c->view.flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", c->view.purpose);
    ent_queue_put(n, b, &q, ENT_BYTES(text, len));
}

static void fill_entry(ent_flow_node *n, ent_entry_kind kind, const copy *c, const char *clause, uint64_t follows, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = follows, .agreement_version = c->agreement_version, .party = c->place};
    memcpy(ret->case_number.b, c->view.id, ENT_ID_SIZE);
    memcpy(ret->agreement, c->agreement_digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", c->view.flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", c->view.purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
}

/* ---- may it be given on? ---- */

static ent_code refuse(ent_err *err, const char *why, const char *to) { return ent_fail(err, ENT_REFUSED, "%s: %.60s (onward)", why, to); }

static ent_code granted(ent_flow_node *n, const char *agreement, const char *flow, const char *to, const ent_held_agreement **ret_h, const ent_flow **ret_f, ent_err *err)
{
    const ent_held_agreement *h = ent_agreement_named(n, agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, flow) : NULL;
    if (!f || h->state != ENT_AGREEMENT_SIGNED) return refuse(err, "the agreement is not in force", agreement);
    if (ent_date_compare(ent_today(n), h->a->from) < 0 || ent_date_compare(ent_today(n), h->a->until) > 0) return refuse(err, "the agreement is not in force", agreement);
    if (!ent_flow_gives_on(f, to)) return refuse(err, "the agreement does not let this be given on", to);
    *ret_h = h;
    *ret_f = f;
    return ENT_OK;
}

/* Never to a country in the traveller's claim: which of the parties it bars stands with the search. */
static ent_code not_barred(ent_flow_node *n, const ent_kept *k, const ent_held_agreement *h, const char *to, ent_err *err)
{
    ent_search_record *r = malloc(sizeof *r);
    ent_code code = r ? ent_search_get(n, k->view.reference.b, r, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    bool other = code == ENT_OK && r->claimed && memcmp(r->agreement_digest, h->envelope.digest, 32) != 0; /* then the places are not these */
    if (code == ENT_OK && (other || r->barred >> (ent_agreement_place(h->a, to) - 1) & 1)) code = ent_fail(err, ENT_REFUSED, "the traveller seeks protection: nothing is given on to %.60s (protection)", to);
    free(r);
    return code;
}

/* ---- the requester's act ---- */

static bool find(const struct listing *l, const uint8_t disclosure[ENT_ID_SIZE], const char *to, copy *ret)
{
    for (size_t i = 0; i < l->count; i++) {
        if (!l->all[i].view.ours || !ent_id_equal(l->all[i].view.disclosure, disclosure) || strcmp(l->all[i].view.to, to) != 0) continue;
        *ret = l->all[i];
        return true;
    }
    return false;
}

static void begin_copy(ent_flow_node *n, const ent_kept *k, const ent_held_agreement *h, const char *to, copy *ret)
{
    ent_onward_view *v = &ret->view;
    *ret = (copy){.view = {.ours = true, .at = ent_now(n), .until = k->view.until}, .place = ent_agreement_place(h->a, to), .agreement_version = h->a->version};
    ent_fill(n, v->id, ENT_ID_SIZE);
    ent_fill(n, ret->salt, sizeof ret->salt);
    memcpy(v->disclosure, k->view.id, ENT_ID_SIZE);
    memcpy(ret->agreement_digest, h->envelope.digest, 32);
    snprintf(v->to, sizeof v->to, "%s", to);
    snprintf(v->partner, sizeof v->partner, "%s", k->view.partner);
    snprintf(v->agreement, sizeof v->agreement, "%s", k->view.agreement);
    snprintf(v->flow, sizeof v->flow, "%s", k->view.flow);
    snprintf(v->purpose, sizeof v->purpose, "%s", k->purpose);
}

static ent_code ask_holder(ent_flow_node *n, copy *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-ask");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    c->view.state = ENT_ONWARD_ASKED;
    put(b, c);
    queue_text(n, b, c, "ask", (ent_entry_kind)0);
    return ent_commit(n, b, NULL, err);
}

/* The same fields under the copy's own number: nothing leads back to the search. */
static ent_code seal_copy(ent_flow_node *n, const copy *c, const ent_kept *k, const ent_buf *box, const ent_held_partner *to, ent_buf *ret_body, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX), again = ENT_BUF(ENT_DISCLOSED_MAX);
    ent_disclosed_text *d = malloc(sizeof *d);
    ent_code code = d ? ent_kept_open(n, k, box, &text, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = ent_disclosed_read(text.data, text.len, d, err);
    if (code == ENT_OK) {
        memcpy(d->id, c->view.id, ENT_ID_SIZE);
        memcpy(d->reference.b, c->view.id, ENT_ID_SIZE);
        d->candidate = d->reference;
        d->agreement_version = c->agreement_version;
        d->keep_until = c->view.until;
        ent_disclosed_write(d, &again);
        code = ent_buf_check(&again, err);
    }
    free(d);
    if (code != ENT_OK) return code;
    ent_buf_fmt(ret_body, "entente-give/v1\nauthorisation %zu\n%s\n", strlen(c->authorised), c->authorised);
    return ent_seal_to(&to->card.identity, ENT_BYTES(again.data, again.len), ret_body, err);
}

static ent_code give(ent_flow_node *n, const ent_actor *by, copy *c, const ent_kept *k, const ent_buf *box, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("give-on");
    ENT_AUTO_BUF body = ENT_BUF(ENT_DISCLOSED_MAX + ENT_DISCLOSURE_PROOF + ENT_SEAL_TO_OVERHEAD + 64);
    const ent_held_partner *to = ent_partner_named(n, c->view.to);
    uint8_t digest[32];
    uint64_t kept;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (!to || to->revoked) return refuse(err, "this node has no card of it", c->view.to);
    ENT_TRY(ent_entry_find(n, ENT_ENTRY_KEPT, k->view.candidate.b, &kept, err));
    ENT_TRY(seal_copy(n, c, k, box, to, &body, err));
    c->view.state = ENT_ONWARD_GIVEN;
    fill_entry(n, ENT_ENTRY_EXPORTED, c, ENT_CLAUSE_GIVEN_ON, kept, &e);
    e.destroy_by = c->view.until;
    e.actor = by->pseudonym;
    ent_sha256(body.data, body.len, digest);
    ent_commit_to(c->salt, digest, sizeof digest, e.commitment);
    ent_queued q = {.kind = ENT_MESSAGE_GIVE, .agreement_version = c->agreement_version, .proof_kind = ENT_ENTRY_EXPORTED};
    memcpy(q.id, c->view.id, ENT_ID_SIZE);
    memcpy(q.about, c->view.id, ENT_ID_SIZE);
    memcpy(q.proof_case, c->view.id, ENT_ID_SIZE);
    memcpy(q.agreement_digest, c->agreement_digest, 32);
    snprintf(q.partner, sizeof q.partner, "%s", c->view.to);
    snprintf(q.agreement, sizeof q.agreement, "%s", c->view.agreement);
    snprintf(q.flow, sizeof q.flow, "%s", c->view.flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", c->view.purpose);
    ent_queue_put(n, b, &q, ENT_BYTES(body.data, body.len));
    put(b, c);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code give_on(ent_flow_node *n, const ent_actor *by, const uint8_t disclosure[ENT_ID_SIZE], const char *to, copy *c, ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_KEPT_ROW);
    const ent_held_agreement *h;
    const ent_flow *f;
    ent_kept k;
    struct listing l = {0};
    ENT_TRY(ent_kept_get(n, disclosure, &k, &box, err));
    if (ent_kept_over(n, &k)) return ent_fail(err, ENT_GONE, "its time is over");
    if (*k.view.given_on_of) return refuse(err, "what was given on to this node is not given on again", to);
    ENT_TRY(granted(n, k.view.agreement, k.view.flow, to, &h, &f, err));
    ENT_TRY(not_barred(n, &k, h, to, err));
    ent_code code = list(n, &l, err);
    bool known = code == ENT_OK && find(&l, disclosure, to, c);
    free(l.all);
    if (code != ENT_OK) return code;
    if (!known) begin_copy(n, &k, h, to, c);
    if (known && c->view.state == ENT_ONWARD_REFUSED) return refuse(err, "the holder did not authorise it", to);
    if (known && c->view.state == ENT_ONWARD_ASKED) return ENT_OK; /* it waits for the holder's word */
    if (known && c->view.state != ENT_ONWARD_AUTHORISED) return ent_fail(err, ENT_EXISTS, "this was given on to %.60s before", to);
    if (!known && f->onward_authorised) return ask_holder(n, c, err);
    if (memcmp(c->agreement_digest, h->envelope.digest, 32) != 0) return refuse(err, "the holder authorised it under another version of the agreement", to);
    return give(n, by, c, &k, &box, err);
}

/* What became of it while it was sent: the third party may have it already. */
static void look_again(ent_flow_node *n, copy *c)
{
    pthread_mutex_lock(&n->lock);
    (void)!get(n, c->view.id, c, NULL);
    pthread_mutex_unlock(&n->lock);
}

ent_code ent_flow_give_on(ent_flow_node *n, const ent_actor *by, const uint8_t disclosure[ENT_ID_SIZE], const char *to, ent_onward_view *ret, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_GIVE_ON, err));
    copy *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = give_on(n, by, disclosure, to, c, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) {
        ent_flow_tell(n);
        look_again(n, c);
        *ret = c->view;
    }
    free(c);
    return code;
}

/* ---- the holder is asked, and decides ---- */

/* A row of its own for what is asked; the disclosure must be this partner's, and neither recalled nor over. */
static ent_code take_ask(ent_flow_node *n, const ent_arrival *in, copy *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-asked");
    const ent_held_agreement *h;
    const ent_flow *f;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_disclosure_record *d = calloc(1, sizeof *d);
    copy *known = calloc(1, sizeof *known);
    ent_code code = d && known ? ent_disclosure_get(n, c->view.disclosure, d, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && (strcmp(d->view.partner, in->partner) != 0 || d->view.recalled.ms)) code = ent_fail(err, ENT_NOT_FOUND, "no disclosure with this number");
    if (code == ENT_OK) code = granted(n, d->view.agreement, d->view.flow, c->view.to, &h, &f, err);
    if (code == ENT_OK && !f->onward_authorised) code = refuse(err, "the agreement itself authorises it: nothing to decide", c->view.to);
    bool again = code == ENT_OK && get(n, c->view.id, known, NULL) == ENT_OK;
    if (code == ENT_OK && !again) {
        ent_onward_view *v = &c->view;
        v->at = ent_now(n);
        v->until = d->view.keep_until;
        snprintf(v->partner, sizeof v->partner, "%s", in->partner);
        snprintf(v->agreement, sizeof v->agreement, "%s", d->view.agreement);
        snprintf(v->flow, sizeof v->flow, "%s", d->view.flow);
        snprintf(v->purpose, sizeof v->purpose, "%s", d->view.purpose);
        c->place = ent_agreement_place(h->a, v->to);
        c->agreement_version = h->a->version;
        memcpy(c->agreement_digest, h->envelope.digest, 32);
        ent_fill(n, c->salt, sizeof c->salt);
        put(b, c);
        code = ent_commit(n, b, NULL, err);
    }
    free(d);
    free(known);
    return code;
}

static ent_code decide(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool authorise, copy *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-word");
    const ent_held_agreement *h;
    const ent_flow *f;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(get(n, id, c, err));
    if (c->view.ours || c->view.state != ENT_ONWARD_ASKED) return ent_fail(err, c->view.ours ? ENT_NOT_FOUND : ENT_CONFLICT, "nothing waits for a word under this number");
    ent_disclosure_record *d = calloc(1, sizeof *d);
    ent_code code = d ? ent_disclosure_get(n, c->view.disclosure, d, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    uint64_t disclosed = code == ENT_OK ? d->view.index : ENT_ENTRY_NONE;
    bool recalled = code == ENT_OK && d->view.recalled.ms;
    free(d);
    if (code != ENT_OK) return code;
    if (authorise && recalled) return ent_fail(err, ENT_GONE, "what is to be given on was recalled");
    if (authorise) ENT_TRY(granted(n, c->view.agreement, c->view.flow, c->view.to, &h, &f, err));
    const char *clause = authorise ? ENT_CLAUSE_AUTHORISED : ENT_CLAUSE_NOT_AUTHORISED;
    c->view.state = authorise ? ENT_ONWARD_AUTHORISED : ENT_ONWARD_REFUSED;
    fill_entry(n, ENT_ENTRY_APPROVED, c, clause, disclosed, &e);
    e.actor = by->pseudonym;
    ent_commit_to(c->salt, c->view.disclosure, ENT_ID_SIZE, e.commitment);
    put(b, c);
    ent_batch_entry(b, &e);
    queue_text(n, b, c, authorise ? "authorised" : "refused", ENT_ENTRY_APPROVED);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_onward_decide(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool authorise, ent_onward_view *ret, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_AUTHORISE_ONWARD, err));
    copy *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = decide(n, by, id, authorise, c, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) {
        ent_flow_tell(n);
        *ret = c->view;
    }
    free(c);
    return code;
}

/* Whether a partner's own ledger says this of this copy. */
static bool says(ent_flow_node *n, const char *partner, const char *proof, ent_entry_kind kind, const char *clause, const copy *c)
{
    ent_entry e;
    bool good = proof && ent_partner_says_locked(n, partner, proof, strlen(proof), &e, NULL, NULL) == ENT_OK;
    return good && e.kind == kind && strcmp(e.clause, clause) == 0 && ent_id_equal(e.case_number.b, c->view.id) && e.party == c->place &&
           memcmp(e.agreement, c->agreement_digest, 32) == 0 && strcmp(e.flow, c->view.flow) == 0;
}

static ent_code take_word(ent_flow_node *n, const ent_arrival *in, const ent_onward_view *said, bool authorised, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-told");
    copy *c = calloc(1, sizeof *c);
    ent_code code = b && c ? get(n, said->id, c, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && (!c->view.ours || strcmp(c->view.partner, in->partner) != 0 || strcmp(c->view.to, said->to) != 0)) code = ent_fail(err, ENT_NOT_FOUND, "this was not asked");
    if (code == ENT_OK && c->view.state != ENT_ONWARD_ASKED) return free(c), ENT_OK; /* told twice */
    if (code == ENT_OK && !says(n, in->partner, in->message.proof, ENT_ENTRY_APPROVED, authorised ? ENT_CLAUSE_AUTHORISED : ENT_CLAUSE_NOT_AUTHORISED, c))
        code = ent_fail(err, ENT_REFUSED, "the proof of the holder's word does not verify or is about something else");
    if (code == ENT_OK && strlen(in->message.proof) >= sizeof c->authorised) code = ent_fail(err, ENT_TOO_LARGE, "a proof that is too long");
    if (code == ENT_OK) {
        c->view.state = authorised ? ENT_ONWARD_AUTHORISED : ENT_ONWARD_REFUSED;
        snprintf(c->authorised, sizeof c->authorised, "%s", in->message.proof);
        put(b, c);
        code = ent_commit(n, b, NULL, err);
    }
    free(c);
    return code;
}

static ent_code take_onward(ent_flow_node *n, const ent_arrival *in, ent_err *err)
{
    char act[16];
    copy *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = read_text(in->message.body, in->message.body_len, act, &c->view) ? ENT_OK : ent_fail(err, ENT_FORMAT, "no message about giving on");
    if (code == ENT_OK && strcmp(act, "ask") == 0) code = take_ask(n, in, c, err);
    else if (code == ENT_OK && (strcmp(act, "authorised") == 0 || strcmp(act, "refused") == 0)) code = take_word(n, in, &c->view, *act == 'a', err);
    else if (code == ENT_OK) code = ent_fail(err, ENT_FORMAT, "no message about giving on");
    free(c);
    return code;
}

static int status_of(ent_code code)
{
    switch (code) {
    case ENT_OK: return 200;
    case ENT_REFUSED: return 403;
    case ENT_NOT_FOUND: case ENT_GONE: return 410;
    case ENT_FORMAT: case ENT_DAMAGED: case ENT_TOO_LARGE: return 422;
    default: return 503;
    }
}

void ent_onward_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = take_onward(n, arrival, &err);
    pthread_mutex_unlock(&n->lock);
    *ret_status = status_of(code);
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "onward", ret_body);
}

/* ---- the third party receives ---- */

/* "entente-give/v1", the length of the holder's proof, the proof, the box. */
static bool read_give(const ent_arrival *in, char *ret_proof, size_t cap, ent_bytes *ret_box)
{
    static const char first[] = "entente-give/v1\nauthorisation ";
    const char *at = in->message.body, *end = at + in->message.body_len;
    size_t len = 0, digits = 0;
    if ((size_t)(end - at) < sizeof first || memcmp(at, first, sizeof first - 1) != 0) return false;
    for (at += sizeof first - 1; at < end && *at >= '0' && *at <= '9' && digits < 6; digits++) len = len * 10 + (size_t)(*at++ - '0');
    if (!digits || (digits > 1 && at[-(ptrdiff_t)digits] == '0') || len >= cap || (size_t)(end - at) < len + 2 || at[0] != '\n' || at[len + 1] != '\n') return false;
    memcpy(ret_proof, at + 1, len);
    ret_proof[len] = 0;
    *ret_box = ENT_BYTES(at + len + 2, (size_t)(end - at) - len - 2);
    return strlen(ret_proof) == len;
}

static ent_code check_fields(const ent_disclosed_text *d, const ent_flow *f, ent_err *err)
{
    for (size_t i = 0; i < d->count; i++) {
        uint32_t bit = 0;
        for (int k = 0; k < ENT_FIELD_COUNT; k++)
            if (strcmp(ent_field_text((ent_field)k), d->value[i].field) == 0) bit = 1u << k;
        if (!(bit & ent_flow_fields(f, true))) return ent_fail(err, ENT_REFUSED, "the field %s is not granted by the agreement", d->value[i].field);
    }
    return ENT_OK;
}

/* What is given on comes from the flow's requester, for this node, as its ledger says, and where the agreement demands it with the holder's word. */
static ent_code check_given(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const char *authorised, copy *c, ent_err *err)
{
    const ent_message *m = &in->message;
    const ent_held_agreement *h;
    const ent_flow *f;
    if (!ent_id_equal(d->id, m->id) || strcmp(d->agreement, m->agreement) != 0 || strcmp(d->flow, m->flow) != 0) return ent_fail(err, ENT_REFUSED, "the copy is another than the message says");
    ENT_TRY(granted(n, d->agreement, d->flow, n->c.name, &h, &f, err));
    if (strcmp(f->requester, in->partner) != 0) return refuse(err, "only the flow's requester gives on", in->partner);
    if (!m->agreement_digest || memcmp(m->agreement_digest, h->envelope.digest, 32) != 0) return refuse(err, "another version of the agreement is in force here", d->agreement);
    memcpy(c->view.id, d->id, ENT_ID_SIZE);
    memcpy(c->agreement_digest, h->envelope.digest, 32);
    snprintf(c->view.flow, sizeof c->view.flow, "%s", d->flow);
    snprintf(c->view.partner, sizeof c->view.partner, "%s", f->holder);
    c->place = ent_agreement_place(h->a, n->c.name);
    c->behalf = ent_agreement_place(h->a, d->on_behalf_of);
    c->agreement_version = h->a->version;
    if (!says(n, in->partner, m->proof, ENT_ENTRY_EXPORTED, ENT_CLAUSE_GIVEN_ON, c)) return refuse(err, "the proof that it left does not verify or is about another copy", in->partner);
    if (f->onward_authorised && !says(n, f->holder, authorised, ENT_ENTRY_APPROVED, ENT_CLAUSE_AUTHORISED, c)) return refuse(err, "the holder's authorisation does not verify", f->holder);
    ENT_TRY(check_fields(d, f, err));
    ent_date most = ent_time_date((ent_time){ent_now(n).ms + f->requester_keeps_ms});
    c->view.until = ent_date_compare(d->keep_until, most) < 0 ? d->keep_until : most;
    return ENT_OK;
}

static ent_code take_given(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const ent_buf *text, const char *authorised, ent_buf *ret_body, ent_err *err)
{
    copy *c = calloc(1, sizeof *c);
    ent_kept k = {.view = {.received = in->received}};
    if (ent_kept_gone(n, d->id)) return free(c), ent_fail(err, ENT_GONE, "this copy was kept here and destroyed, or was called back: it is not taken");
    ent_code code = c ? check_given(n, in, d, authorised, c, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        memcpy(k.view.id, d->id, ENT_ID_SIZE);
        memcpy(k.view.reference.b, d->id, ENT_ID_SIZE);
        k.view.candidate = k.view.reference;
        k.view.until = c->view.until;
        snprintf(k.view.partner, sizeof k.view.partner, "%s", in->partner);
        snprintf(k.view.agreement, sizeof k.view.agreement, "%s", d->agreement);
        snprintf(k.view.flow, sizeof k.view.flow, "%s", d->flow);
        snprintf(k.view.on_behalf_of, sizeof k.view.on_behalf_of, "%s", d->on_behalf_of);
        snprintf(k.view.given_on_of, sizeof k.view.given_on_of, "%s", c->view.partner);
        snprintf(k.purpose, sizeof k.purpose, "%s", d->purpose);
        memcpy(k.agreement_digest, c->agreement_digest, 32);
        k.agreement_version = c->agreement_version;
        k.party = c->behalf;
        code = ent_kept_put(n, &k, ENT_BYTES(text->data, text->len), "onward: received", ENT_ENTRY_NONE, err);
    }
    free(c);
    uint64_t index;
    if (code == ENT_OK) code = ent_entry_find(n, ENT_ENTRY_KEPT, d->id, &index, err);
    return code == ENT_OK ? n->c.ledger.receipt(n->c.ledger.self, index, ret_body, err) : code;
}

void ent_give_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX), proof = ENT_BUF(ENT_NOTE_MAX);
    char authorised[ENT_DISCLOSURE_PROOF];
    ent_bytes box;
    ent_err err = {0};
    ent_disclosed_text *d = calloc(1, sizeof *d);
    ent_code code = !d ? ent_fail(&err, ENT_NO_MEMORY, "out of memory") : read_give(arrival, authorised, sizeof authorised, &box) ? ENT_OK : ent_fail(&err, ENT_FORMAT, "no copy");
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = ent_unseal_as(&n->c.identity, box, &text, &err);
    if (code == ENT_OK) code = ent_disclosed_read(text.data, text.len, d, &err);
    if (code == ENT_OK) code = take_given(n, arrival, d, &text, authorised, &proof, &err);
    pthread_mutex_unlock(&n->lock);
    free(d);
    *ret_status = status_of(code);
    if (code == ENT_OK) ent_buf_put(ret_body, proof.data, proof.len);
    else ent_refusal_write(*ret_status, code, err.detail, "onward", ret_body);
}

/* ---- a recall follows the copy ---- */

static void put_recall(ent_flow_node *n, ent_batch *b, const copy *c, const char *reason)
{
    char body[256], id[ENT_ID_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_RECALL};
    ent_fill(n, q.id, ENT_ID_SIZE);
    memcpy(q.about, c->view.id, ENT_ID_SIZE);
    snprintf(q.partner, sizeof q.partner, "%s", c->view.to);
    snprintf(q.flow, sizeof q.flow, "%s", c->view.flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", c->view.purpose);
    ent_id_text(c->view.id, id);
    int len = snprintf(body, sizeof body, "entente-recall/v2\nid %s\nreference %s\ncandidate %s\nreason %s\n", id, id, id, reason);
    ent_queue_put(n, b, &q, ENT_BYTES(body, (size_t)len));
}

static ent_code recall_one(ent_flow_node *n, ent_batch *b, copy *c, const char *reason, ent_err *err)
{
    ent_part_id about;
    memcpy(about.b, c->view.id, ENT_ID_SIZE);
    ENT_TRY(ent_queue_forget(n, b, &(ent_part_set){&about, 1}, err)); /* what waits to be given or asked is not sent any more */
    bool went = c->view.state == ENT_ONWARD_GIVEN || c->view.state == ENT_ONWARD_THERE;
    if (went) put_recall(n, b, c, reason);
    c->view.state = went ? ENT_ONWARD_RECALLED : ENT_ONWARD_GONE;
    c->view.recalled = ent_now(n);
    put(b, c);
    return ENT_OK;
}

ent_code ent_onward_recall(ent_flow_node *n, ent_batch *b, const uint8_t disclosure[ENT_ID_SIZE], const char *reason, ent_err *err)
{
    struct listing l = {0};
    ent_code code = list(n, &l, err);
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) {
        const ent_onward_view *v = &l.all[i].view;
        if (v->ours && !v->recalled.ms && ent_id_equal(v->disclosure, disclosure)) code = recall_one(n, b, &l.all[i], reason, err);
    }
    free(l.all);
    return code;
}

ent_code ent_onward_taken(ent_flow_node *n, ent_batch *b, const ent_queued *q, const ent_reply *reply, ent_err *err)
{
    ent_entry e = {0};
    copy *c = calloc(1, sizeof *c);
    ent_code code = c ? get(n, q->about, c, NULL) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    bool recall = q->kind == ENT_MESSAGE_RECALL, proven = false;
    if (code == ENT_OK && reply->body.len)
        proven = ent_partner_says_locked(n, c->view.to, (const char *)reply->body.data, reply->body.len, &e, NULL, NULL) == ENT_OK &&
                 e.kind == (recall ? ENT_ENTRY_DESTROYED : ENT_ENTRY_KEPT) && ent_id_equal(e.case_number.b, c->view.id);
    if (code == ENT_OK && reply->status == 200 && !proven) code = ent_fail(err, ENT_SIGNATURE, "%s gave no proof of what it did with a copy", c->view.to);
    if (code == ENT_OK && recall && (proven || reply->status == 410)) { /* 410: it never got there, and is not taken any more */
        c->view.state = ENT_ONWARD_GONE;
        c->view.undertaken = ent_now(n);
        if (proven) snprintf(c->gone, sizeof c->gone, "%.*s", (int)reply->body.len, (const char *)reply->body.data);
    } else if (code == ENT_OK && proven) {
        if (c->view.state == ENT_ONWARD_GIVEN) c->view.state = ENT_ONWARD_THERE;
        c->view.received = ent_now(n);
    }
    if (code == ENT_OK) put(b, c);
    free(c);
    return code;
}

/* ---- listing, ending ---- */

ent_code ent_flow_onward(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_onward_view *v), void *ctx, ent_err *err)
{
    struct listing l = {0};
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_ONWARD, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = list(n, &l, err);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) see(ctx, &l.all[i].view);
    free(l.all);
    return code;
}

ent_code ent_onward_tick(ent_flow_node *n, ent_err *err)
{
    struct listing l = {0};
    ENT_AUTO_BATCH b = ent_batch_new("onward-end");
    ent_code code = b ? list(n, &l, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) {
        const ent_onward_view *v = &l.all[i].view;
        if (v->state == ENT_ONWARD_RECALLED || ent_date_compare(ent_date_add(ent_time_date(v->at), ENT_DISCLOSURE_KEPT_YEARS, 0, 0), ent_today(n)) >= 0) continue;
        ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_ONWARD, ENT_BYTES(v->id, ENT_ID_SIZE), ENT_BYTES("", 0));
    }
    free(l.all);
    return code == ENT_OK && b->count ? ent_commit(n, b, NULL, err) : code;
}
