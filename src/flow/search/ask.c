/* The requester's side: our ledger says "asked" before anything is sent; the answer counts when its receipt proves that
 * the holder's ledger says the same of the same search. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/capture/read.h"
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
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], holder[ENT_PARTY_NAME];
    uint32_t version;
    uint8_t digest[32];
    int64_t answer_within_ms;
    uint32_t modalities;
    ent_verdict verdict;
} grant;

static bool fits(const ent_flow_node *n, const ent_flow *f, const ent_search_options *o)
{
    if (strcmp(f->requester, n->c.name) != 0) return false;
    if (o->flow[0] && strcmp(f->name, o->flow) != 0) return false;
    return o->flow[0] || ent_flow_purpose(f, o->purpose);
}

static void decide(ent_flow_node *n, const ent_held_agreement *h, const ent_flow *f, const ent_search_options *o, grant *ret)
{
    ent_ask ask = {.holder = f->holder, .requester = n->c.name, .flow = f->name, .purpose = o->purpose, .on_behalf_of = "",
                   .modalities = f->modalities, .today = ent_today(n)};
    *ret = (grant){.version = h->a->version, .answer_within_ms = f->answer_within_ms, .modalities = f->modalities};
    snprintf(ret->agreement, sizeof ret->agreement, "%s", h->a->name);
    snprintf(ret->flow, sizeof ret->flow, "%s", f->name);
    snprintf(ret->holder, sizeof ret->holder, "%s", f->holder);
    memcpy(ret->digest, h->envelope.digest, 32);
    ent_agreement_decide(h->a, &ask, &ret->verdict);
    if (ret->verdict.code == ENT_OK && h->state != ENT_AGREEMENT_SIGNED) {
        ret->verdict.code = ENT_REFUSED;
        (void)ent_envelope_state(&h->envelope, h->a, ret->verdict.clause);
        snprintf(ret->verdict.reason, sizeof ret->verdict.reason, "the agreement %s is %s", h->a->name, ent_agreement_state_text(h->state));
    }
    if (ret->verdict.code == ENT_OK && !ent_witnessed(n, h->a, f->holder, ret->verdict.reason)) {
        ret->verdict.code = ENT_REFUSED;
        snprintf(ret->verdict.clause, sizeof ret->verdict.clause, "witness");
    }
}

static ent_code find_grant(ent_flow_node *n, const ent_search_options *o, grant *ret, ent_err *err)
{
    size_t found = 0;
    for (size_t i = 0; i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        if (o->agreement[0] && strcmp(h->a->name, o->agreement) != 0) continue;
        const ent_flow *chosen = NULL;
        for (size_t k = 0; k < h->a->flow_count && !chosen; k++)
            if (fits(n, &h->a->flow[k], o)) chosen = &h->a->flow[k];
        /* no flow grants the purpose: the first in which we ask says so with its clause */
        for (size_t k = 0; k < h->a->flow_count && !chosen && o->agreement[0]; k++)
            if (strcmp(h->a->flow[k].requester, n->c.name) == 0) chosen = &h->a->flow[k];
        if (!chosen) continue;
        decide(n, h, chosen, o, ret);
        found++;
    }
    if (found == 1) return ENT_OK;
    if (!found) return ent_fail(err, ENT_REFUSED, "no agreement here lets %s search for \"%s\"", n->c.name, o->purpose);
    return ent_fail(err, ENT_USAGE, "%zu agreements grant \"%s\": name one with --agreement", found, o->purpose);
}

static void fill_entry(ent_flow_node *n, const ent_actor *by, const grant *g, const ent_search_options *o, ent_entry_kind kind,
                       const ent_search_id *id, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = g->version, .actor = by->pseudonym};
    memcpy(ret->case_number.b, id->b, ENT_ID_SIZE);
    memcpy(ret->agreement, g->digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", g->flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", o->purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", g->verdict.clause);
}

ent_code ent_search_body(ent_flow_node *n, const void *file, size_t len, const ent_search_options *o, uint32_t modalities, ent_buf *ret_body, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    if (o->slip_len) ent_buf_put(ret_body, o->slip, o->slip_len);
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", file, len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    size_t usable = 0;
    for (size_t i = 0; i < c.print_count; i++) {
        if (!c.print[i]->finger) c.print[i]->finger = o->finger;
        usable += c.print[i]->template_len > 0 && modalities >> ENT_MODALITY_FINGERPRINT & 1;
    }
    usable += modalities >> ENT_MODALITY_FACE & 1 ? c.face_count : 0;
    ent_code code = usable ? ent_capture_pack(&c, modalities, ret_body, err) : ent_fail(err, ENT_QUALITY, "no fingerprint and no face that the agreement takes was found in this file");
    ent_capture_free(&c);
    return code;
}

static ent_code ask_first(ent_flow_node *n, const ent_actor *by, const grant *g, const ent_search_options *o, const ent_buf *body,
                          ent_search_record *r, uint64_t *ret_index, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("ask");
    uint64_t index[2];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    fill_entry(n, by, g, o, ENT_ENTRY_ASKED, &r->view.reference, &e);
    ent_fill(n, r->salt, sizeof r->salt);
    ent_sha256(body->data, body->len, r->body_digest);
    ent_commit_to(r->salt, r->body_digest, 32, e.commitment);
    ent_search_put(b, ENT_CHANGE_INSERT, r);
    ent_batch_entry(b, &e);
    if (o->slip_len) { /* that one was shown; whose, only the body says */
        e.kind = ENT_ENTRY_REDRESS;
        snprintf(e.clause, sizeof e.clause, "slip shown");
        ent_batch_entry(b, &e);
    }
    ENT_TRY(ent_commit(n, b, index, err));
    *ret_index = index[0];
    return ENT_OK;
}

/* A slip is carried when it is this node's own and for that holder; whether it counts, the holder decides. */
static ent_code check_slip(ent_flow_node *n, const grant *g, const ent_search_options *o, ent_err *err)
{
    ent_slip s;
    size_t len = 0;
    if (!o->slip_len) return ENT_OK;
    ENT_TRY(ent_slip_read(o->slip, o->slip_len, &s, &len, err));
    if (len != o->slip_len) return ent_fail(err, ENT_FORMAT, "%zu bytes after the end of the slip", o->slip_len - len);
    if (strcmp(s.issuer, n->c.name) != 0) return ent_fail(err, ENT_REFUSED, "the slip was issued by %s: this node carries only its own", s.issuer);
    if (strcmp(s.holder, g->holder) != 0) return ent_fail(err, ENT_REFUSED, "the slip is for %s, the search goes to %s: ask without it", s.holder, g->holder);
    return ENT_OK;
}

/* The receipt is the partner's own word, from its own ledger, about this very search. */
static ent_code verify_answer(ent_flow_node *n, const grant *g, const ent_search_options *o, const ent_search_id *id,
                              const ent_reply *reply, ent_search_result *ret, ent_err *err)
{
    ent_answer a;
    ent_entry e;
    ENT_TRY(ent_answer_read(reply->body.data, reply->body.len, &a, &ret->receipt, err));
    ent_code code = ent_partner_says(n, g->holder, (const char *)ret->receipt.data, ret->receipt.len, &e, &ret->answered, err);
    if (code != ENT_OK) return ent_context(err, code, "the partner's receipt");
    bool same = e.kind == (a.hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT) && ret->answered.index == a.index &&
                ent_id_equal(e.case_number.b, id->b) && ent_id_equal(a.reference.b, id->b) && memcmp(e.agreement, g->digest, 32) == 0 &&
                strcmp(e.flow, g->flow) == 0 && strcmp(e.purpose, o->purpose) == 0;
    if (!same) return ent_fail(err, ENT_SIGNATURE, "the partner's receipt is about something else than it answers");
    ent_history_seen(n, g->holder, (const char *)ret->receipt.data, ret->receipt.len);
    ret->hit = a.hit;
    return ENT_OK;
}

static ent_code note_answer(ent_flow_node *n, const ent_actor *by, const grant *g, const ent_search_options *o, ent_search_record *r,
                            const ent_reply *reply, ent_search_result *ret, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("received");
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    fill_entry(n, by, g, o, ENT_ENTRY_RECEIVED, &r->view.reference, &e);
    e.follows = ret->asked;
    snprintf(e.clause, sizeof e.clause, "%s", ret->refused ? ret->clause : g->verdict.clause);
    ent_commit_to(r->salt, reply->evidence.data, reply->evidence.len, e.commitment);
    r->view.hit = ret->hit;
    r->view.refused = ret->refused;
    snprintf(r->reason, sizeof r->reason, "%s", ret->reason);
    size_t some = reply->evidence.len < sizeof r->evidence - 1 ? reply->evidence.len : sizeof r->evidence - 1;
    if (some) memcpy(r->evidence, reply->evidence.data, some);
    r->evidence[some] = 0;
    ent_search_put(b, ENT_CHANGE_PUT, r);
    ent_batch_entry(b, &e);
    if (ret->receipt.len && !ret->refused) ent_receipt_expect(b, &r->view.reference, g->holder, &ret->answered, &ret->receipt);
    return ent_commit(n, b, &ret->received, err);
}

static ent_code exchange(ent_flow_node *n, const ent_actor *by, const grant *g, const ent_search_options *o, const ent_buf *body,
                         ent_search_record *r, ent_search_result *ret, ent_err *err)
{
    int64_t t0 = ent_ticks(n);
    ENT_AUTO_BUF proof = ENT_BUF(ENT_NOTE_MAX);
    ent_fill(n, ret->reference.b, ENT_ID_SIZE);
    r->view = (ent_search_view){.reference = ret->reference, .sent = true, .received = ent_now(n)};
    snprintf(r->view.partner, sizeof r->view.partner, "%s", g->holder);
    snprintf(r->view.agreement, sizeof r->view.agreement, "%s", g->agreement);
    snprintf(r->view.flow, sizeof r->view.flow, "%s", g->flow);
    snprintf(r->view.purpose, sizeof r->view.purpose, "%s", o->purpose);
    snprintf(r->view.crossing, sizeof r->view.crossing, "%s", o->crossing);
    memcpy(r->agreement_digest, g->digest, 32);
    r->agreement_version = g->version;
    r->probe_slot.number = UINT64_MAX;
    ENT_TRY(ask_first(n, by, g, o, body, r, &ret->asked, err));
    r->view.index = ret->asked;
    ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, ret->asked, &proof, err));
    ret->ask_ms = ent_ticks(n) - t0;

    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = g->agreement, .agreement_version = g->version, .agreement_digest = g->digest,
                     .flow = g->flow, .purpose = o->purpose, .proof = ent_buf_cstr(&proof), .body = body->data, .body_len = body->len};
    ent_reply reply = {.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
    memcpy(m.id, ret->reference.b, ENT_ID_SIZE);
    int64_t within = o->deadline_ms ? o->deadline_ms : g->answer_within_ms ? g->answer_within_ms : 5000;
    ent_code code = n->c.partners.send(n->c.partners.self, g->holder, &m, ent_ticks(n) + within, &reply, err);
    int64_t t1 = ent_ticks(n);
    ret->wait_ms = reply.wait_ms;
    if (code == ENT_OK && reply.status == 200) {
        code = verify_answer(n, g, o, &ret->reference, &reply, ret, err);
    } else if (code == ENT_OK) {
        ret->refused = true;
        ent_refusal_read(reply.body.data, reply.body.len, ret->reason, ret->clause);
    } else if (err) {
        ret->refused = true; /* no answer is never "no hit" */
        snprintf(ret->reason, sizeof ret->reason, "%.199s", err->detail);
    }
    ret->verify_ms = ent_ticks(n) - t1;
    ent_code noted = note_answer(n, by, g, o, r, &reply, ret, code == ENT_OK ? err : NULL);
    ent_reply_free(&reply);
    return code != ENT_OK ? code : noted;
}

ent_code ent_flow_search(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_search_options *options,
                         ent_search_result *ret_result, ent_err *err)
{
    grant g;
    ent_search_result out = {.receipt = ENT_BUF(ENT_NOTE_MAX), .asked = ENT_ENTRY_NONE, .received = ENT_ENTRY_NONE, .answered = {.index = ENT_ENTRY_NONE}};
    ENT_AUTO_BUF body = ENT_BUF(ENT_LIMIT_BODY);
    int64_t t0 = ent_ticks(n);
    ENT_TRY(ent_gate(by, ENT_MAY_SEARCH, err));
    if (!options->purpose[0]) return ent_fail(err, ENT_USAGE, "a search needs its purpose: --purpose NAME");
    pthread_mutex_lock(&n->lock);
    ent_code code = find_grant(n, options, &g, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    if (g.verdict.code != ENT_OK) return ent_fail(err, g.verdict.code, "%s (%s)", g.verdict.reason, g.verdict.clause);
    if (!n->c.partners.send) return ent_fail(err, ENT_UNREACHABLE, "the node is not running: start it with `entente serve`");
    ENT_TRY(check_slip(n, &g, options, err));
    ENT_TRY(ent_search_body(n, file, len, options, g.modalities, &body, err));
    out.prepare_ms = ent_ticks(n) - t0;
    snprintf(out.partner, sizeof out.partner, "%s", g.holder);
    ent_search_record *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    code = exchange(n, by, &g, options, &body, r, &out, err);
    free(r);
    if (body.data) ent_wipe(body.data, body.len);
    if (code != ENT_OK) {
        ent_buf_free(&out.receipt);
        return code;
    }
    *ret_result = out;
    return ENT_OK;
}
