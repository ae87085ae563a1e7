#include "flow/disclosure/onward.h"

#include "base/check.h"
#include "flow/disclosure/kept.h"
#include "flow/disclosure/onward_row.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

static void queue_text(ent_flow_node *n, ent_batch *b, const ent_onward_copy *c, const char *act, ent_entry_kind proof)
{
    char text[ENT_ONWARD_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_ONWARD, .agreement_version = c->agreement_version, .proof_kind = proof};
    size_t len = ent_onward_write(text, act, &c->view);
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

static void fill_entry(ent_flow_node *n, ent_entry_kind kind, const ent_onward_copy *c, const char *clause, uint64_t follows, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = follows, .agreement_version = c->agreement_version, .party = c->place};
    memcpy(ret->case_number.b, c->view.id, ENT_ID_SIZE);
    memcpy(ret->agreement, c->agreement_digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", c->view.flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", c->view.purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
}

/* ---- may it be given on? ---- */

ent_code ent_onward_refuse(ent_err *err, const char *why, const char *to) { return ent_fail(err, ENT_REFUSED, "%s: %.60s (onward)", why, to); }

ent_code ent_onward_granted(ent_flow_node *n, const char *agreement, const char *flow, const char *to, const ent_held_agreement **ret_h, const ent_flow **ret_f, ent_err *err)
{
    const ent_held_agreement *h = ent_agreement_named(n, agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, flow) : NULL;
    if (!f || h->state != ENT_AGREEMENT_SIGNED) return ent_onward_refuse(err, "the agreement is not in force", agreement);
    if (ent_date_compare(ent_today(n), h->a->from) < 0 || ent_date_compare(ent_today(n), h->a->until) > 0) return ent_onward_refuse(err, "the agreement is not in force", agreement);
    if (!ent_flow_gives_on(f, to)) return ent_onward_refuse(err, "the agreement does not let this be given on", to);
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

static bool find(const ent_onward_listing *l, const uint8_t disclosure[ENT_ID_SIZE], const char *to, ent_onward_copy *ret)
{
    for (size_t i = 0; i < l->count; i++) {
        if (!l->all[i].view.ours || !ent_id_equal(l->all[i].view.disclosure, disclosure) || strcmp(l->all[i].view.to, to) != 0) continue;
        *ret = l->all[i];
        return true;
    }
    return false;
}

static void begin_copy(ent_flow_node *n, const ent_kept *k, const ent_held_agreement *h, const char *to, ent_onward_copy *ret)
{
    ent_onward_view *v = &ret->view;
    *ret = (ent_onward_copy){.view = {.ours = true, .at = ent_now(n), .until = k->view.until}, .place = ent_agreement_place(h->a, to), .agreement_version = h->a->version};
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

static ent_code ask_holder(ent_flow_node *n, ent_onward_copy *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-ask");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    c->view.state = ENT_ONWARD_ASKED;
    ent_onward_put(b, c);
    queue_text(n, b, c, "ask", (ent_entry_kind)0);
    return ent_commit(n, b, NULL, err);
}

/* The same fields under the copy's own number: nothing leads back to the search. */
static ent_code seal_copy(ent_flow_node *n, const ent_onward_copy *c, const ent_kept *k, const ent_buf *box, const ent_held_partner *to, ent_buf *ret_body, ent_err *err)
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

static ent_code give(ent_flow_node *n, const ent_actor *by, ent_onward_copy *c, const ent_kept *k, const ent_buf *box, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("give-on");
    ENT_AUTO_BUF body = ENT_BUF(ENT_DISCLOSED_MAX + ENT_DISCLOSURE_PROOF + ENT_SEAL_TO_OVERHEAD + 64);
    const ent_held_partner *to = ent_partner_named(n, c->view.to);
    uint8_t digest[32];
    uint64_t kept;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (!to || to->revoked) return ent_onward_refuse(err, "this node has no card of it", c->view.to);
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
    ent_onward_put(b, c);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code give_on(ent_flow_node *n, const ent_actor *by, const uint8_t disclosure[ENT_ID_SIZE], const char *to, ent_onward_copy *c, ent_err *err)
{
    ENT_AUTO_BUF box = ENT_BUF(ENT_KEPT_ROW);
    const ent_held_agreement *h;
    const ent_flow *f;
    ent_kept k;
    ent_onward_listing l = {0};
    ENT_TRY(ent_kept_get(n, disclosure, &k, &box, err));
    if (ent_kept_over(n, &k)) return ent_fail(err, ENT_GONE, "its time is over");
    if (*k.view.given_on_of) return ent_onward_refuse(err, "what was given on to this node is not given on again", to);
    ENT_TRY(ent_onward_granted(n, k.view.agreement, k.view.flow, to, &h, &f, err));
    ENT_TRY(not_barred(n, &k, h, to, err));
    ent_code code = ent_onward_list(n, &l, err);
    bool known = code == ENT_OK && find(&l, disclosure, to, c);
    free(l.all);
    if (code != ENT_OK) return code;
    if (!known) begin_copy(n, &k, h, to, c);
    if (known && c->view.state == ENT_ONWARD_REFUSED) return ent_onward_refuse(err, "the holder did not authorise it", to);
    if (known && c->view.state == ENT_ONWARD_ASKED) return ENT_OK; /* it waits for the holder's word */
    if (known && c->view.state != ENT_ONWARD_AUTHORISED) return ent_fail(err, ENT_EXISTS, "this was given on to %.60s before", to);
    if (!known && f->onward_authorised) return ask_holder(n, c, err);
    if (memcmp(c->agreement_digest, h->envelope.digest, 32) != 0) return ent_onward_refuse(err, "the holder authorised it under another version of the agreement", to);
    return give(n, by, c, &k, &box, err);
}

/* What became of it while it was sent: the third party may have it already. */
static void look_again(ent_flow_node *n, ent_onward_copy *c)
{
    pthread_mutex_lock(&n->lock);
    (void)!ent_onward_get(n, c->view.id, c, NULL);
    pthread_mutex_unlock(&n->lock);
}

ent_code ent_flow_give_on(ent_flow_node *n, const ent_actor *by, const uint8_t disclosure[ENT_ID_SIZE], const char *to, ent_onward_view *ret, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_GIVE_ON, err));
    ent_onward_copy *c = calloc(1, sizeof *c);
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
static ent_code take_ask(ent_flow_node *n, const ent_arrival *in, ent_onward_copy *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-asked");
    const ent_held_agreement *h;
    const ent_flow *f;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_disclosure_record *d = calloc(1, sizeof *d);
    ent_onward_copy *known = calloc(1, sizeof *known);
    ent_code code = d && known ? ent_disclosure_get(n, c->view.disclosure, d, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && (strcmp(d->view.partner, in->partner) != 0 || d->view.recalled.ms)) code = ent_fail(err, ENT_NOT_FOUND, "no disclosure with this number");
    if (code == ENT_OK) code = ent_onward_granted(n, d->view.agreement, d->view.flow, c->view.to, &h, &f, err);
    if (code == ENT_OK && !f->onward_authorised) code = ent_onward_refuse(err, "the agreement itself authorises it: nothing to decide", c->view.to);
    bool again = code == ENT_OK && ent_onward_get(n, c->view.id, known, NULL) == ENT_OK;
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
        ent_onward_put(b, c);
        code = ent_commit(n, b, NULL, err);
    }
    free(d);
    free(known);
    return code;
}

static ent_code decide(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool authorise, ent_onward_copy *c, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-word");
    const ent_held_agreement *h;
    const ent_flow *f;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_onward_get(n, id, c, err));
    if (c->view.ours || c->view.state != ENT_ONWARD_ASKED) return ent_fail(err, c->view.ours ? ENT_NOT_FOUND : ENT_CONFLICT, "nothing waits for a word under this number");
    ent_disclosure_record *d = calloc(1, sizeof *d);
    ent_code code = d ? ent_disclosure_get(n, c->view.disclosure, d, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    uint64_t disclosed = code == ENT_OK ? d->view.index : ENT_ENTRY_NONE;
    bool recalled = code == ENT_OK && d->view.recalled.ms;
    free(d);
    if (code != ENT_OK) return code;
    if (authorise && recalled) return ent_fail(err, ENT_GONE, "what is to be given on was recalled");
    if (authorise) ENT_TRY(ent_onward_granted(n, c->view.agreement, c->view.flow, c->view.to, &h, &f, err));
    const char *clause = authorise ? ENT_CLAUSE_AUTHORISED : ENT_CLAUSE_NOT_AUTHORISED;
    c->view.state = authorise ? ENT_ONWARD_AUTHORISED : ENT_ONWARD_REFUSED;
    fill_entry(n, ENT_ENTRY_APPROVED, c, clause, disclosed, &e);
    e.actor = by->pseudonym;
    ent_commit_to(c->salt, c->view.disclosure, ENT_ID_SIZE, e.commitment);
    ent_onward_put(b, c);
    ent_batch_entry(b, &e);
    queue_text(n, b, c, authorise ? "authorised" : "refused", ENT_ENTRY_APPROVED);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_onward_decide(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool authorise, ent_onward_view *ret, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_AUTHORISE_ONWARD, err));
    ent_onward_copy *c = calloc(1, sizeof *c);
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

bool ent_onward_says(ent_flow_node *n, const char *partner, const char *proof, ent_entry_kind kind, const char *clause, const ent_onward_copy *c)
{
    ent_entry e;
    bool good = proof && ent_partner_says_locked(n, partner, proof, strlen(proof), &e, NULL, NULL) == ENT_OK;
    return good && e.kind == kind && strcmp(e.clause, clause) == 0 && ent_id_equal(e.case_number.b, c->view.id) && e.party == c->place &&
           memcmp(e.agreement, c->agreement_digest, 32) == 0 && strcmp(e.flow, c->view.flow) == 0;
}

static ent_code take_word(ent_flow_node *n, const ent_arrival *in, const ent_onward_view *said, bool authorised, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("onward-told");
    ent_onward_copy *c = calloc(1, sizeof *c);
    ent_code code = b && c ? ent_onward_get(n, said->id, c, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && (!c->view.ours || strcmp(c->view.partner, in->partner) != 0 || strcmp(c->view.to, said->to) != 0)) code = ent_fail(err, ENT_NOT_FOUND, "this was not asked");
    if (code == ENT_OK && c->view.state != ENT_ONWARD_ASKED) return free(c), ENT_OK; /* told twice */
    if (code == ENT_OK && !ent_onward_says(n, in->partner, in->message.proof, ENT_ENTRY_APPROVED, authorised ? ENT_CLAUSE_AUTHORISED : ENT_CLAUSE_NOT_AUTHORISED, c))
        code = ent_fail(err, ENT_REFUSED, "the proof of the holder's word does not verify or is about something else");
    if (code == ENT_OK && strlen(in->message.proof) >= sizeof c->authorised) code = ent_fail(err, ENT_TOO_LARGE, "a proof that is too long");
    if (code == ENT_OK) {
        c->view.state = authorised ? ENT_ONWARD_AUTHORISED : ENT_ONWARD_REFUSED;
        snprintf(c->authorised, sizeof c->authorised, "%s", in->message.proof);
        ent_onward_put(b, c);
        code = ent_commit(n, b, NULL, err);
    }
    free(c);
    return code;
}

static ent_code take_onward(ent_flow_node *n, const ent_arrival *in, ent_err *err)
{
    char act[16];
    ent_onward_copy *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_onward_read(in->message.body, in->message.body_len, act, &c->view) ? ENT_OK : ent_fail(err, ENT_FORMAT, "no message about giving on");
    if (code == ENT_OK && strcmp(act, "ask") == 0) code = take_ask(n, in, c, err);
    else if (code == ENT_OK && (strcmp(act, "authorised") == 0 || strcmp(act, "refused") == 0)) code = take_word(n, in, &c->view, *act == 'a', err);
    else if (code == ENT_OK) code = ent_fail(err, ENT_FORMAT, "no message about giving on");
    free(c);
    return code;
}

int ent_onward_status(ent_code code)
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
    *ret_status = ent_onward_status(code);
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "onward", ret_body);
}

/* ---- a recall follows the copy ---- */

static ent_code recall_one(ent_flow_node *n, ent_batch *b, ent_onward_copy *c, const char *reason, ent_err *err)
{
    ent_part_id about;
    memcpy(about.b, c->view.id, ENT_ID_SIZE);
    ENT_TRY(ent_queue_forget(n, b, &(ent_part_set){&about, 1}, err)); /* what waits to be given or asked is not sent any more */
    bool went = c->view.state == ENT_ONWARD_GIVEN || c->view.state == ENT_ONWARD_THERE;
    if (went) ent_recall_put(n, b, &(ent_recalled){c->view.id, c->view.id, c->view.id, c->view.to, c->view.flow, c->view.purpose, reason});
    c->view.state = went ? ENT_ONWARD_RECALLED : ENT_ONWARD_GONE;
    c->view.recalled = ent_now(n);
    ent_onward_put(b, c);
    return ENT_OK;
}

ent_code ent_onward_recall(ent_flow_node *n, ent_batch *b, const uint8_t disclosure[ENT_ID_SIZE], const char *reason, ent_err *err)
{
    ent_onward_listing l = {0};
    ent_code code = ent_onward_list(n, &l, err);
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
    ent_onward_copy *c = calloc(1, sizeof *c);
    ent_code code = c ? ent_onward_get(n, q->about, c, NULL) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
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
    if (code == ENT_OK) ent_onward_put(b, c);
    free(c);
    return code;
}

/* ---- listing, ending ---- */

ent_code ent_flow_onward(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_onward_view *v), void *ctx, ent_err *err)
{
    ent_onward_listing l = {0};
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_ONWARD, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_onward_list(n, &l, err);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) see(ctx, &l.all[i].view);
    free(l.all);
    return code;
}

ent_code ent_onward_tick(ent_flow_node *n, ent_err *err)
{
    ent_onward_listing l = {0};
    ENT_AUTO_BATCH b = ent_batch_new("onward-end");
    ent_code code = b ? ent_onward_list(n, &l, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) {
        const ent_onward_view *v = &l.all[i].view;
        if (v->state == ENT_ONWARD_RECALLED || ent_date_compare(ent_date_add(ent_time_date(v->at), ENT_DISCLOSURE_KEPT_YEARS, 0, 0), ent_today(n)) >= 0) continue;
        ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_ONWARD, ENT_BYTES(v->id, ENT_ID_SIZE), ENT_BYTES("", 0));
    }
    free(l.all);
    return code == ENT_OK && b->count ? ent_commit(n, b, NULL, err) : code;
}
