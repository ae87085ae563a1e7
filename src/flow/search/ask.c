/* The requester's side: our ledger says "asked" before anything is sent; the answer counts when its receipt proves that
 * the holder's ledger says the same of the same search. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/crossing/crossing.h"
#include "flow/crossing/watch.h"
#include "flow/queue.h"
#include "flow/receipt/receipt.h"
#include "flow/redress/redress.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

/* Which agreement and flow this search is under. */
typedef struct grant {
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], holder[ENT_PARTY_NAME], country[4]; /* country: the holder's */
    uint32_t version;
    uint8_t digest[32];
    int64_t answer_within_ms;
    uint32_t modalities;
    uint8_t party;            /* for whom, by its place in the agreement; 0: itself */
    char party_country[4];
    uint8_t barred;           /* parties of the agreement, a bit each, to whom nothing of this crossing may be given */
    ent_verdict verdict;
} grant;

/* One search on its way. */
typedef struct asking {
    ent_flow_node *n;
    const ent_actor *by;
    const ent_search_options *o;
    ent_taken taken;
    grant g;
    ent_buf body;
    ent_probe_look_at look;
    ent_search_record *r;
    bool again;               /* it was asked before and not answered */
    uint32_t attempts;
    uint8_t head[32];         /* as the answer gives it */
    int64_t since;            /* ticks, when it was asked */
    ent_search_result *ret;
} asking;

/* A border search goes to the flows that are no test, a file to those that are, unless one is named. */
static bool fits(const ent_flow_node *n, const ent_flow *f, const ent_search_options *o, bool stated)
{
    if (strcmp(f->requester, n->c.name) != 0) return false;
    if (o->flow[0]) return strcmp(f->name, o->flow) == 0;
    if (*o->on_behalf_of && !ent_flow_acts_for(f, o->on_behalf_of)) return false;
    return f->test != stated && ent_flow_purpose(f, o->purpose);
}

static void decide(ent_flow_node *n, const ent_held_agreement *h, const ent_flow *f, const ent_search_options *o, bool stated, grant *ret)
{
    ent_ask ask = {.from_file = !stated, .holder = f->holder, .requester = n->c.name, .flow = f->name, .purpose = o->purpose,
                   .on_behalf_of = o->on_behalf_of, .modalities = f->modalities, .today = ent_today(n)};
    *ret = (grant){.version = h->a->version, .answer_within_ms = f->answer_within_ms, .modalities = f->modalities};
    snprintf(ret->agreement, sizeof ret->agreement, "%s", h->a->name);
    snprintf(ret->flow, sizeof ret->flow, "%s", f->name);
    snprintf(ret->holder, sizeof ret->holder, "%s", f->holder);
    memcpy(ret->country, ent_agreement_party(h->a, f->holder)->country, sizeof ret->country);
    memcpy(ret->digest, h->envelope.digest, 32);
    ret->party = ent_agreement_place(h->a, o->on_behalf_of);
    if (ret->party) memcpy(ret->party_country, ent_agreement_at(h->a, ret->party)->country, sizeof ret->party_country);
    ent_agreement_decide(h->a, &ask, &ret->verdict);
    if (ret->verdict.code == ENT_OK && h->state != ENT_AGREEMENT_SIGNED) {
        ret->verdict.code = ENT_REFUSED;
        (void)ent_envelope_state(&h->envelope, h->a, ret->verdict.clause);
        char why[ENT_ENVELOPE_WHY];
        ent_envelope_why(&h->envelope, h->a, why);
        snprintf(ret->verdict.reason, sizeof ret->verdict.reason, "the agreement %.39s is %.90s", h->a->name, *why ? why : ent_agreement_state_text(h->state));
    }
    if (ret->verdict.code == ENT_OK && !ent_witnessed(n, h->a, f->holder, ret->verdict.reason)) {
        ret->verdict.code = ENT_REFUSED;
        snprintf(ret->verdict.clause, sizeof ret->verdict.clause, "witness");
    }
    if (ret->verdict.code == ENT_OK && ent_lot_suspends(n, h->a->name, f->name, f->holder, ret->verdict.reason)) {
        ret->verdict.code = ENT_REFUSED;
        snprintf(ret->verdict.clause, sizeof ret->verdict.clause, ENT_CLAUSE_LOT);
    }
}

static ent_code find_grant(ent_flow_node *n, const ent_search_options *o, bool stated, grant *ret, ent_err *err)
{
    size_t found = 0;
    for (size_t i = 0; i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        if (o->agreement[0] && strcmp(h->a->name, o->agreement) != 0) continue;
        const ent_flow *chosen = NULL;
        for (size_t k = 0; k < h->a->flow_count && !chosen; k++)
            if (fits(n, &h->a->flow[k], o, stated)) chosen = &h->a->flow[k];
        /* no flow grants it: the first in which we ask, for this purpose if there is one, says so with its clause */
        for (size_t k = 0; k < h->a->flow_count && !chosen; k++)
            if (strcmp(h->a->flow[k].requester, n->c.name) == 0 && !o->flow[0] && ent_flow_purpose(&h->a->flow[k], o->purpose)) chosen = &h->a->flow[k];
        for (size_t k = 0; k < h->a->flow_count && !chosen && o->agreement[0]; k++)
            if (strcmp(h->a->flow[k].requester, n->c.name) == 0) chosen = &h->a->flow[k];
        if (!chosen) continue;
        decide(n, h, chosen, o, stated, ret);
        found++;
    }
    if (found == 1) return ENT_OK;
    if (!found) return ent_fail(err, ENT_REFUSED, "no agreement here lets %s search for \"%s\"", n->c.name, o->purpose);
    return ent_fail(err, ENT_USAGE, "%zu agreements grant \"%s\": name one with --agreement", found, o->purpose);
}

static void fill_entry(const asking *q, ent_entry_kind kind, ent_entry *ret)
{
    const grant *g = &q->g;
    *ret = (ent_entry){.kind = kind, .time = ent_now(q->n), .follows = ENT_ENTRY_NONE, .agreement_version = g->version, .actor = q->by->pseudonym};
    memcpy(ret->case_number.b, q->r->view.reference.b, ENT_ID_SIZE);
    memcpy(ret->agreement, g->digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", g->flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", q->o->purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", g->verdict.clause);
    ret->party = g->party;
}

/* ---- one crossing, one search ---- */

static ent_turn turn_of(const asking *q)
{
    return (ent_turn){.commitment = q->taken.c.commitment, .partner = q->g.holder, .way = 'a', .modalities = q->look.modalities};
}

/* A crossing that was asked about and not answered goes on as the same search; one that was answered is over. */
static ent_code take_turn(asking *q, ent_err *err)
{
    ent_turn t = turn_of(q);
    bool answered = false;
    uint8_t digest[32];
    if (!q->taken.stated) return ENT_OK;
    ent_code code = ent_turn_used(q->n, &t, q->ret->reference.b, &answered, &q->attempts, err);
    if (code != ENT_EXISTS) return code;
    if (answered) return ent_fail(err, ENT_REFUSED, "%s has answered about this crossing: one crossing, one search (" ENT_CLAUSE_CROSSING ")", q->g.holder);
    if (q->attempts >= ENT_TURN_TRIES) return ent_fail(err, ENT_REFUSED, "%s was asked %u times about this crossing and did not answer: capture again", q->g.holder, q->attempts);
    ENT_TRY(ent_search_get(q->n, q->ret->reference.b, q->r, err));
    ent_sha256(q->body.data, q->body.len, digest);
    if (memcmp(digest, q->r->body_digest, 32) != 0)
        return ent_fail(err, ENT_REFUSED, "this crossing was asked about with other prints, another --finger or --slip: one crossing, one search (" ENT_CLAUSE_CROSSING ")");
    if (strcmp(q->r->view.on_behalf_of, q->o->on_behalf_of) != 0)
        return ent_fail(err, ENT_REFUSED, "this crossing was asked about for somebody else: one crossing, one search (" ENT_CLAUSE_CROSSING ")");
    q->again = true;
    return ENT_OK;
}

/* ---- asking ---- */

static ent_lot_draw draw_of(const asking *q)
{
    const grant *g = &q->g;
    return (ent_lot_draw){.reference = q->r->view.reference.b, .head = q->head, .agreement = g->agreement, .flow = g->flow, .purpose = q->o->purpose,
                          .partner = g->holder, .version = g->version, .digest = g->digest, .taken = &q->taken, .salt = q->r->salt,
                          .body_digest = q->r->body_digest, .asked = q->ret->asked, .waits = q->again || ent_ticks(q->n) - q->since >= ENT_LOT_AHEAD_MS};
}

/* Whatever becomes of this node or of the answer, what the lot may choose can be opened. */
static ent_code seal_ahead(asking *q, ent_batch *b, ent_err *err)
{
    ent_lot_draw draw = draw_of(q);
    pthread_mutex_lock(&q->n->lock);
    ent_code code = ent_lot_ahead(q->n, b, &draw, err);
    pthread_mutex_unlock(&q->n->lock);
    return code;
}

static ent_code ask_first(asking *q, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("ask");
    ent_search_record *r = q->r;
    uint64_t index[2];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_turn t = turn_of(q);
    q->attempts++;
    q->since = ent_ticks(q->n);
    if (q->taken.stated) ent_turn_put(q->n, b, &t, !q->again, r->view.reference.b, false, q->attempts);
    if (q->again) { /* the entry is there */
        ENT_TRY(ent_commit(q->n, b, NULL, err));
        return ent_entry_find(q->n, ENT_ENTRY_ASKED, r->view.reference.b, &q->ret->asked, err);
    }
    fill_entry(q, ENT_ENTRY_ASKED, &e);
    ent_fill(q->n, r->salt, sizeof r->salt);
    ent_sha256(q->body.data, q->body.len, r->body_digest);
    ent_crossing_commit(r->salt, r->body_digest, &q->taken, e.commitment);
    ent_search_put(b, ENT_CHANGE_INSERT, r);
    ent_batch_entry(b, &e);
    if (q->o->slip_len) { /* that one was shown; whose, only the body says */
        e.kind = ENT_ENTRY_REDRESS;
        snprintf(e.clause, sizeof e.clause, "slip shown");
        ent_batch_entry(b, &e);
    }
    ENT_TRY(seal_ahead(q, b, err));
    ENT_TRY(ent_commit(q->n, b, index, err));
    q->ret->asked = index[0];
    return ENT_OK;
}

/* A slip is carried when it is this node's own and for that holder; whether it counts, the holder decides. */
static ent_code check_slip(const asking *q, ent_err *err)
{
    const ent_search_options *o = q->o;
    ent_slip s;
    size_t len = 0;
    if (!o->slip_len) return ENT_OK;
    ENT_TRY(ent_slip_read(o->slip, o->slip_len, &s, &len, err));
    if (len != o->slip_len) return ent_fail(err, ENT_FORMAT, "%zu bytes after the end of the slip", o->slip_len - len);
    if (strcmp(s.issuer, q->n->c.name) != 0) return ent_fail(err, ENT_REFUSED, "the slip was issued by %s: this node carries only its own", s.issuer);
    if (strcmp(s.holder, q->g.holder) != 0) return ent_fail(err, ENT_REFUSED, "the slip is for %s, the search goes to %s: ask without it", s.holder, q->g.holder);
    return ENT_OK;
}

/* The receipt is the partner's own word, from its own ledger, about this very search. */
static ent_code verify_answer(asking *q, const ent_reply *reply, ent_err *err)
{
    const grant *g = &q->g;
    const ent_search_id *id = &q->r->view.reference;
    ent_search_result *ret = q->ret;
    ent_answer a;
    ent_entry e;
    ENT_TRY(ent_answer_read(reply->body.data, reply->body.len, q->o->form, &a, &ret->receipt, err));
    ent_code code = ent_partner_says(q->n, g->holder, (const char *)ret->receipt.data, ret->receipt.len, &e, &ret->answered, err);
    if (code != ENT_OK) return ent_context(err, code, "the partner's receipt");
    bool same = e.kind == (a.hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT) && ret->answered.index == a.index &&
                ent_id_equal(e.case_number.b, id->b) && ent_id_equal(a.reference.b, id->b) && memcmp(e.agreement, g->digest, 32) == 0 &&
                strcmp(e.flow, g->flow) == 0 && strcmp(e.purpose, q->o->purpose) == 0 && e.party == g->party;
    if (!same) return ent_fail(err, ENT_SIGNATURE, "the partner's receipt is about something else than it answers");
    ent_history_seen(q->n, g->holder, (const char *)ret->receipt.data, ret->receipt.len);
    memcpy(q->head, a.head, sizeof q->head);
    ret->hit = a.hit;
    return ENT_OK;
}

/* ---- the answer is noted ---- */

static ent_code watch(asking *q, ent_batch *b, ent_err *err)
{
    const grant *g = &q->g;
    ent_watched w = {.agreement = g->agreement, .flow = g->flow, .purpose = q->o->purpose, .partner = g->holder, .digest = g->digest, .version = g->version,
                     .reference = q->r->view.reference, .ours = true, .hit = q->ret->hit, .crossing = &q->taken.c, .quality = q->look.quality,
                     .minutiae = q->look.minutiae};
    if (!q->taken.stated) return ENT_OK; /* files against a test gallery are nobody's crossing */
    memcpy(w.capture, q->taken.c.digest, 32);
    return ent_watch_in(q->n, b, &w, err);
}

/* What follows from an answer that counts: the turn is over, the lot is drawn, the search is looked at. Under the lock. */
static ent_code note_answered(asking *q, ent_batch *b, ent_lot_draw *draw, bool *ret_chosen, ent_err *err)
{
    const grant *g = &q->g;
    ent_turn t = turn_of(q);
    if (q->taken.stated) ent_turn_put(q->n, b, &t, false, q->r->view.reference.b, true, q->attempts);
    ENT_TRY(ent_lot_in(q->n, b, draw, ret_chosen, err));
    if (q->ret->receipt.len) ent_receipt_expect(b, &q->r->view.reference, g->holder, &q->ret->answered, &q->ret->receipt);
    return watch(q, b, err);
}

static ent_code commit_note(asking *q, ent_batch *b, ent_err *err)
{
    uint64_t index[ENT_BATCH_ENTRIES];
    ent_lot_draw draw = draw_of(q);
    bool chosen = false, lost = q->ret->refused && !q->ret->clause[0]; /* the holder may have answered all the same */
    ent_lot_ahead_ends(b, draw.reference);
    pthread_mutex_lock(&q->n->lock);
    ent_code code = !q->ret->refused ? note_answered(q, b, &draw, &chosen, err) : lost ? ent_lot_wait(q->n, b, &draw, err) : ENT_OK;
    if (code == ENT_OK) code = draw.waits ? ent_commit_with(q->n, b, ent_destructions_finish, index, err) : ent_commit_begin(q->n, b, err);
    if (code == ENT_OK && chosen) ent_lot_keep(q->n, &draw);
    pthread_mutex_unlock(&q->n->lock);
    if (code == ENT_OK && !draw.waits) code = ent_commit_end(q->n, b, index, err);
    if (code == ENT_OK && !draw.waits) code = ent_commit_forget(q->n, b, err);
    if (code == ENT_OK) q->ret->received = index[0];
    return code;
}

static ent_code note_answer(asking *q, const ent_reply *reply, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("received");
    ent_search_record *r = q->r;
    const ent_search_result *ret = q->ret;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    fill_entry(q, ENT_ENTRY_RECEIVED, &e);
    e.follows = ret->asked;
    snprintf(e.clause, sizeof e.clause, "%s", ret->refused ? ret->clause : q->g.verdict.clause);
    ent_commit_to(r->salt, reply->evidence.data, reply->evidence.len, e.commitment);
    r->view.hit = ret->hit;
    r->view.refused = ret->refused;
    snprintf(r->reason, sizeof r->reason, "%s", ret->reason);
    size_t some = reply->evidence.len < sizeof r->evidence - 1 ? reply->evidence.len : sizeof r->evidence - 1;
    if (some) memcpy(r->evidence, reply->evidence.data, some);
    r->evidence[some] = 0;
    ent_search_put(b, ENT_CHANGE_PUT, r);
    ent_batch_entry(b, &e);
    return commit_note(q, b, err);
}

/* ---- there and back ---- */

static void begin_record(asking *q)
{
    ent_search_record *r = q->r;
    ent_fill(q->n, q->ret->reference.b, ENT_ID_SIZE);
    *r = (ent_search_record){.view = {.reference = q->ret->reference, .sent = true, .received = ent_now(q->n)}, .agreement_version = q->g.version, .probe_slot = {UINT64_MAX}};
    snprintf(r->view.partner, sizeof r->view.partner, "%s", q->g.holder);
    snprintf(r->view.agreement, sizeof r->view.agreement, "%s", q->g.agreement);
    snprintf(r->view.flow, sizeof r->view.flow, "%s", q->g.flow);
    snprintf(r->view.purpose, sizeof r->view.purpose, "%s", q->o->purpose);
    snprintf(r->view.crossing, sizeof r->view.crossing, "%s", *q->o->crossing || !q->taken.stated ? q->o->crossing : q->taken.c.reference);
    snprintf(r->view.on_behalf_of, sizeof r->view.on_behalf_of, "%s", q->o->on_behalf_of);
    memcpy(r->agreement_digest, q->g.digest, 32);
    r->party = q->g.party;
    r->claimed = q->taken.stated && q->taken.c.protection;
    r->barred = q->g.barred;
}

/* Asked about before: perhaps the answer is there, or the holder still at it. ENT_NOT_FOUND: it knows nothing of it. */
static ent_code send_after(asking *q, int64_t deadline, ent_reply *reply, ent_err *err)
{
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .poll = true, .agreement = "", .flow = "", .purpose = "", .proof = "", .form = q->o->form};
    memcpy(m.id, q->ret->reference.b, ENT_ID_SIZE);
    ENT_TRY(q->n->c.partners.send(q->n->c.partners.self, q->g.holder, &m, deadline, reply, err));
    if (reply->status != 404) return ENT_OK;
    ent_reply_free(reply);
    return ENT_NOT_FOUND;
}

static ent_code send(asking *q, const char *proof, ent_reply *reply, ent_err *err)
{
    const grant *g = &q->g;
    char pledge[ENT_PLEDGE_MAX] = "";
    if (q->taken.stated) ent_pledge_text(&q->taken.pledge, pledge);
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = g->agreement, .agreement_version = g->version, .agreement_digest = g->digest, .flow = g->flow,
                     .purpose = q->o->purpose, .proof = proof, .crossing = pledge, .on_behalf_of = q->o->on_behalf_of, .form = q->o->form, .body = q->body.data, .body_len = q->body.len};
    memcpy(m.id, q->ret->reference.b, ENT_ID_SIZE);
    int64_t within = q->o->deadline_ms ? q->o->deadline_ms : g->answer_within_ms ? g->answer_within_ms : 5000;
    int64_t deadline = ent_ticks(q->n) + within;
    if (q->again) {
        ent_code code = send_after(q, deadline, reply, err);
        if (code != ENT_NOT_FOUND) return code;
        *reply = (ent_reply){.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
    }
    return q->n->c.partners.send(q->n->c.partners.self, g->holder, &m, deadline, reply, err);
}

static ent_code exchange(asking *q, ent_err *err)
{
    ent_flow_node *n = q->n;
    ent_search_result *ret = q->ret;
    int64_t t0 = ent_ticks(n);
    ENT_AUTO_BUF proof = ENT_BUF(ENT_NOTE_MAX);
    if (!q->again) begin_record(q);
    ENT_TRY(ask_first(q, err));
    q->r->view.index = ret->asked;
    ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, ret->asked, &proof, err));
    ret->ask_ms = ent_ticks(n) - t0;
    ent_reply reply = {.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
    ent_code code = send(q, ent_buf_cstr(&proof), &reply, err);
    int64_t t1 = ent_ticks(n);
    ret->wait_ms = reply.wait_ms;
    if (q->o->form == ENT_FORM_ITL && reply.body.len && *reply.body.data != '{') ent_buf_put(&ret->sre, reply.body.data, reply.body.len);
    if (code == ENT_OK && reply.status == 200) {
        code = verify_answer(q, &reply, err);
        ret->refused = code != ENT_OK;
    } else if (code == ENT_OK) {
        ret->refused = true;
        ent_refusal_read(reply.body.data, reply.body.len, ret->reason, ret->clause);
    } else {
        ret->refused = true; /* no answer is never "no hit" */
        if (err) snprintf(ret->reason, sizeof ret->reason, "%.199s", err->detail);
    }
    ret->verify_ms = ent_ticks(n) - t1;
    ent_code noted = note_answer(q, &reply, code == ENT_OK ? err : NULL);
    ent_reply_free(&reply);
    return code != ENT_OK ? code : noted;
}

/* The claim itself is not kept; who of the agreement's parties it bars is, for as long as the search. Under the lock. */
static void note_barred(ent_flow_node *n, const ent_crossing *c, grant *g)
{
    char clause[ENT_LAW_CLAUSE];
    const ent_held_agreement *h = ent_agreement_named(n, g->agreement);
    for (size_t i = 0; h && i < h->a->party_count; i++)
        if (ent_crossing_barred(c, h->a->party[i].country, clause)) g->barred |= (uint8_t)(1u << i);
}

/* Everything that is refused before anything is sent. */
static ent_code prepare(asking *q, ent_bytes file, ent_err *err)
{
    ent_flow_node *n = q->n;
    int64_t t0 = ent_ticks(n);
    char clause[ENT_LAW_CLAUSE];
    ENT_TRY(ent_crossing_take(n, q->by, file, &q->taken, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = find_grant(n, q->o, q->taken.stated, &q->g, err);
    if (code == ENT_OK && q->taken.stated) note_barred(n, &q->taken.c, &q->g);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    if (q->g.verdict.code != ENT_OK) return ent_fail(err, q->g.verdict.code, "%s (%s)", q->g.verdict.reason, q->g.verdict.clause);
    if (q->taken.stated && ent_crossing_barred(&q->taken.c, q->g.country, clause))
        return ent_fail(err, ENT_REFUSED, "the traveller seeks protection: %s is not asked (%s)", q->g.holder, clause);
    if (q->taken.stated && q->g.party && ent_crossing_barred(&q->taken.c, q->g.party_country, clause))
        return ent_fail(err, ENT_REFUSED, "the traveller seeks protection: nobody is asked on behalf of %s (%s)", q->o->on_behalf_of, clause);
    if (!n->c.partners.send) return ent_fail(err, ENT_UNREACHABLE, "the node is not running: start it with `entente serve`");
    ENT_TRY(check_slip(q, err));
    ENT_TRY(ent_search_body(n, q->taken.capture, q->o, q->g.modalities, &q->body, &q->look, err));
    ENT_TRY(take_turn(q, err));
    q->ret->prepare_ms = ent_ticks(n) - t0;
    snprintf(q->ret->partner, sizeof q->ret->partner, "%s", q->g.holder);
    return ENT_OK;
}

void ent_search_result_free(ent_search_result *r)
{
    ent_buf_free(&r->receipt);
    ent_buf_free(&r->sre);
}

ent_code ent_flow_search(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_search_options *options,
                         ent_search_result *ret_result, ent_err *err)
{
    ent_search_result out = {.receipt = ENT_BUF(ENT_NOTE_MAX), .sre = ENT_BUF(ENT_LIMIT_BODY), .asked = ENT_ENTRY_NONE, .received = ENT_ENTRY_NONE, .answered = {.index = ENT_ENTRY_NONE}};
    asking q = {.n = n, .by = by, .o = options, .body = ENT_BUF(ENT_LIMIT_BODY), .ret = &out};
    ENT_TRY(ent_gate(by, ENT_MAY_SEARCH, err));
    if (!options->purpose[0]) return ent_fail(err, ENT_USAGE, "a search needs its purpose: --purpose NAME");
    q.r = calloc(1, sizeof *q.r);
    if (!q.r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = prepare(&q, ENT_BYTES(file, len), err);
    if (code == ENT_OK) code = exchange(&q, err);
    free(q.r);
    ent_buf_free(&q.body); /* erases */
    ent_wipe(&q.taken, sizeof q.taken);
    if (code != ENT_OK) ent_search_result_free(&out);
    else *ret_result = out;
    return code;
}
