/* The holder's side: whether it may be asked, and the answer, in this order: agreement, proof of "asked", decode, search what the flow may see, decide,
 * ledger, answer. The probe lives in this function's buffers and is erased with them. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/crossing/crossing.h"
#include "flow/crossing/watch.h"
#include "flow/disclosure/disclosure.h"
#include "flow/examination/case.h"
#include "flow/receipt/receipt.h"
#include "flow/redress/redress.h"
#include "flow/search/flights.h"
#include "flow/search/match.h"
#include "flow/search/quota.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

typedef struct holding {
    ent_flow_node *n;
    const ent_arrival *in;
    const ent_held_agreement *h; /* borrowed under the lock */
    ent_flow flow;               /* copies, good after it */
    ent_verdict verdict;
    int bit;
    uint64_t looks;              /* the node's, when that bit was read: with another, flows may have other bits */
    char agreement[ENT_LAW_NAME];
    uint8_t digest[32];
    uint32_t version;
    uint8_t party;               /* for whom, by its place in the agreement; 0: the requester itself */
    ent_actor_id officer;        /* who asked there, by pseudonym */
    bool pledged;                /* it is about one crossing; else it comes from a file */
    ent_pledge pledge;
    ent_probe_look_at look;
    ent_search_record *r;
    ent_search_record *further;  /* of more than one candidate: the rows of the others; owned */
    size_t further_count;
    ent_capture probe;
    ent_bytes transaction;       /* in the message's body, behind the slip */
    uint8_t capture[32];         /* its digest */
    ent_buf sealed;              /* of a hit, the transaction under the probe's key */
    bool shown;                  /* a redress slip came before it */
    ent_slip slip;
    ent_leave leave;
    bool chosen;                 /* by the lot */
    bool searched;               /* now, and not answered from what is known */
    int64_t from, slot;          /* monotonic: when it arrived; when the answer leaves */
} holding;

/* ---- may it be asked? ---- */

static ent_code refuse(holding *s, ent_code code, const char *clause, const char *reason, ent_err *err)
{
    s->verdict.code = code;
    snprintf(s->verdict.clause, sizeof s->verdict.clause, "%s", clause);
    snprintf(s->verdict.reason, sizeof s->verdict.reason, "%.159s", reason);
    return ent_fail(err, code, "%s", reason);
}

static const char *on_behalf_of(const holding *s) { return s->in->message.on_behalf_of ? s->in->message.on_behalf_of : ""; }

static ent_code find_agreement(holding *s, ent_err *err)
{
    const ent_message *m = &s->in->message;
    s->h = ent_agreement_named(s->n, m->agreement);
    if (!s->h || !ent_agreement_party(s->h->a, s->in->partner)) return refuse(s, ENT_REFUSED, "no agreement", "no such agreement binds both nodes", err);
    snprintf(s->agreement, sizeof s->agreement, "%s", s->h->a->name);
    memcpy(s->digest, s->h->envelope.digest, 32);
    s->version = s->h->a->version;
    s->party = ent_agreement_place(s->h->a, on_behalf_of(s));
    if (m->agreement_version != s->version || !m->agreement_digest || memcmp(m->agreement_digest, s->digest, 32) != 0)
        return refuse(s, ENT_REFUSED, "agreement version", "the request is under another version or file of the agreement than the one in force here", err);
    if (s->h->state != ENT_AGREEMENT_SIGNED) {
        char clause[ENT_LAW_CLAUSE];
        (void)ent_envelope_state(&s->h->envelope, s->h->a, clause);
        return refuse(s, ENT_REFUSED, clause, "the agreement is not in force", err);
    }
    char why[160];
    if (!ent_witnessed(s->n, s->h->a, s->in->partner, why)) return refuse(s, ENT_REFUSED, "witness", why, err);
    return ENT_OK;
}

/* A search cannot exist without standing in the requester's ledger too. Not under the lock: signatures are verified. */
static ent_code check_asked(holding *s, ent_err *err)
{
    const ent_message *m = &s->in->message;
    ent_entry e;
    ent_code code = ent_partner_says(s->n, s->in->partner, m->proof, strlen(m->proof), &e, NULL, err);
    if (code == ENT_NOT_FOUND || code == ENT_DENIED) return refuse(s, ENT_REFUSED, "proof of asked", "the partner is not known any more", err);
    if (code != ENT_OK) return refuse(s, ENT_REFUSED, "proof of asked", m->proof[0] ? "the proof of \"asked\" does not verify" : "the request carries no proof of \"asked\"", err);
    s->officer = e.actor;
    bool same = e.kind == ENT_ENTRY_ASKED && ent_id_equal(e.case_number.b, m->id) && memcmp(e.agreement, s->digest, 32) == 0 &&
                strcmp(e.flow, m->flow) == 0 && strcmp(e.purpose, m->purpose) == 0 && e.party == s->party;
    return same ? ENT_OK : refuse(s, ENT_REFUSED, "proof of asked", "the proof of \"asked\" is about another search", err);
}

static ent_quota quota_of(const holding *s)
{
    return (ent_quota){.agreement = s->agreement, .flow = s->in->message.flow, .officer = s->officer, .desk = s->pledged ? s->pledge.key : NULL, .at = s->in->received};
}

/* The commitment to one crossing, signed by the desk's capture key: the requester's node vouches for the key by its own signature. Not
 * under the lock either. */
static ent_code check_pledge(holding *s, ent_err *err)
{
    const char *text = s->in->message.crossing;
    s->pledged = text && *text;
    if (!s->pledged) return ENT_OK;
    if (ent_pledge_read(text, &s->pledge, err) != ENT_OK || !ent_pledge_verify(&s->pledge))
        return refuse(s, ENT_REFUSED, "crossing", "the crossing's pledge does not verify with the desk's key that it names", err);
    return ENT_OK;
}

static ent_turn turn_of(const holding *s)
{
    return (ent_turn){.commitment = s->pledge.commitment, .partner = s->in->partner, .way = 'h', .modalities = s->look.modalities};
}

/* Another search of the same crossing, with a modality that was searched already. Under the lock. */
static ent_code check_turn(holding *s, ent_err *err)
{
    uint8_t reference[ENT_ID_SIZE];
    bool answered;
    uint32_t attempts;
    ent_turn t = turn_of(s);
    if (!s->pledged) return ENT_OK;
    ent_code code = ent_turn_used(s->n, &t, reference, &answered, &attempts, err);
    return code == ENT_EXISTS ? refuse(s, ENT_REFUSED, ENT_CLAUSE_CROSSING, "this crossing was searched here by another request", err) : code;
}

static void read_bit(holding *s, const ent_flow *flow)
{
    s->bit = ent_flow_bit(s->n, s->h->a, flow);
    s->looks = s->n->looks;
}

static ent_code decide_agreement(holding *s, ent_err *err)
{
    const ent_message *m = &s->in->message;
    ent_quota quota = quota_of(s);
    const ent_flow *named = ent_agreement_flow(s->h->a, m->flow); /* what the probe contains is known when it is decoded */
    ent_ask ask = {.from_file = !s->pledged, .holder = s->n->c.name, .requester = s->in->partner, .flow = m->flow, .purpose = m->purpose, .on_behalf_of = on_behalf_of(s),
                   .modalities = named ? named->modalities : 1u << ENT_MODALITY_FINGERPRINT, .today = ent_today(s->n)};
    ent_quota_used(s->n, &quota, &ask);
    ent_agreement_decide(s->h->a, &ask, &s->verdict);
    if (s->verdict.flow) {
        s->flow = *s->verdict.flow;
        read_bit(s, s->verdict.flow);
    }
    if (s->verdict.code != ENT_OK) return ent_fail(err, s->verdict.code, "%s", s->verdict.reason);
    if (s->bit < 0) return refuse(s, ENT_REFUSED, "flow", "this node is not the holder of that flow", err);
    char why[160];
    if (ent_lot_suspends(s->n, s->agreement, m->flow, s->in->partner, why)) return refuse(s, ENT_REFUSED, ENT_CLAUSE_LOT, why, err);
    return ENT_OK;
}

/* ---- the search itself ---- */

/* The body: a slip, when the traveller shows one, and the transaction. */
static ent_code take_apart(holding *s, ent_err *err)
{
    const ent_message *m = &s->in->message;
    size_t slip = 0;
    s->shown = ent_slip_begins(m->body, m->body_len);
    if (s->shown) ENT_TRY(ent_slip_read(m->body, m->body_len, &s->slip, &slip, err));
    s->transaction = ENT_BYTES((const uint8_t *)m->body + slip, m->body_len - slip);
    return ENT_OK;
}

static ent_code decode_probe(holding *s, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    int64_t t0 = ent_ticks(s->n);
    ENT_TRY(take_apart(s, err));
    ent_code code = s->n->c.decoder.run(s->n->c.decoder.self, "capture", s->transaction.data, s->transaction.len, &read, err);
    if (code == ENT_OK) code = ent_capture_decode(read.data, read.len, &s->probe, err);
    s->r->view.decode_us = 1000 * (ent_ticks(s->n) - t0);
    ent_sha256(s->transaction.data, s->transaction.len, s->capture);
    return code;
}

/* What the slip did stays in the holder's own row; the ledger says only that one was shown. */
static void note_slip(holding *s)
{
    char number[ENT_ID_TEXT];
    ent_id_text(s->leave.number, number);
    snprintf(s->r->reason, sizeof s->r->reason, "slip %s: %s", number, ent_slip_effect_text(s->leave.effect));
}

static void note_found(ent_search_view *v, const ent_matches *m, size_t i)
{
    const ent_matched *c = &m->at[i];
    v->hit = i < m->count, v->extrapolated = c->decision.extrapolated;
    v->score = c->finger;
    v->face_score = c->with_face ? c->face : 0;
    v->ratio = c->decision.ratio;
    v->expected_false_hits = c->decision.expected_false_hits;
    v->compared = m->compared;
    v->candidate = v->hit ? c->part : (ent_part_id){0};
}

/* The other candidates: each a row and a case of its own, under a number that nobody can guess. What the search's row has of it is not
 * kept twice. */
static ent_code note_further(holding *s, const ent_matches *m, ent_err *err)
{
    ent_search_view *first = &s->r->view;
    first->other_count = s->further_count = 0;
    free(s->further);
    s->further = m->count > 1 ? calloc(m->count - 1, sizeof *s->further) : NULL;
    if (m->count < 2) return ENT_OK;
    if (!s->further) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 1; i < m->count; i++) {
        ent_search_record *r = &s->further[i - 1];
        *r = *s->r;
        r->view.other_count = 0;
        r->evidence[0] = r->reason[0] = 0;
        r->has_probe = false;
        r->view.search = first->reference;
        ent_fill(s->n, r->view.reference.b, ENT_ID_SIZE);
        ent_fill(s->n, r->salt, sizeof r->salt);
        note_found(&r->view, m, i);
    }
    for (size_t i = 0; i + 1 < m->count; i++) first->other[i] = s->further[i].view.reference;
    first->other_count = s->further_count = m->count - 1;
    return ENT_OK;
}

static ent_code match_probe(holding *s, ent_err *err)
{
    ent_matches m;
    int64_t t0 = ent_ticks(s->n);
    uint32_t has = (s->probe.print_count ? 1u << ENT_MODALITY_FINGERPRINT : 0) | (s->probe.face_count ? 1u << ENT_MODALITY_FACE : 0);
    if (has & ~s->flow.modalities) return refuse(s, ENT_REFUSED, "modalities", "the probe contains a modality that is not granted", err);
    ent_probe_look(&s->probe, s->flow.modalities, &s->look);
    if (s->shown) ent_redress_consider(s->n, s->in->partner, s->agreement, &s->slip, &s->probe, &s->leave);
    ent_match_ask ask = {.flow = &s->flow, .bit = s->bit, .probe = &s->probe, .leave = s->shown ? &s->leave : NULL};
    ENT_TRY(ent_search_match(s->n, &ask, &m, err));
    if (s->shown) note_slip(s);
    ent_search_view *v = &s->r->view;
    note_found(v, &m, 0);
    v->match_us = 1000 * (ent_ticks(s->n) - t0);
    return note_further(s, &m, err);
}

/* The probe of a hit, sealed under its own key until the case is closed. Not under the lock: a slot is written to the disk. */
static ent_code seal_probe(holding *s, ent_err *err)
{
    uint8_t binding[32], nonce[12];
    ENT_WIPED_KEY key;
    const uint8_t *id = s->r->view.reference.b;
    if (!s->r->view.hit || s->r->has_probe || s->flow.probe == ENT_PROBE_NEVER) return ENT_OK;
    ent_probe_binding(id, binding);
    ENT_TRY(s->n->c.keys.new_slot(s->n->c.keys.self, binding, &s->r->probe_slot, &key, err));
    s->r->has_probe = true;
    ent_fill(s->n, nonce, sizeof nonce);
    return ent_seal(&key, nonce, ENT_BYTES(id, ENT_ID_SIZE), s->transaction, &s->sealed, err);
}

/* It is not kept after all. After a failed write nobody knows whether a row says so: then the slot stays. */
static void drop_probe(holding *s, ent_code why)
{
    if (s->r->has_probe && why != ENT_IO) (void)!s->n->c.keys.destroy(s->n->c.keys.self, s->r->probe_slot, NULL);
    s->r->has_probe = false;
    ent_buf_clear(&s->sealed);
}

static void answer_entry(holding *s, ent_entry_kind kind, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(s->n), .follows = ENT_ENTRY_NONE, .agreement_version = s->version};
    memcpy(ret->case_number.b, s->in->message.id, ENT_ID_SIZE);
    memcpy(ret->agreement, s->digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", s->verdict.flow ? s->verdict.flow->name : "");
    snprintf(ret->purpose, sizeof ret->purpose, "%s", s->verdict.purpose ? s->verdict.purpose->name : "");
    snprintf(ret->clause, sizeof ret->clause, "%s", s->verdict.clause);
    ret->party = s->party;
    /* the signature base has the body's digest in it: this commits to what was asked */
    ent_commit_to(s->r->salt, s->in->signature_base, strlen(s->in->signature_base), ret->commitment);
}

/* An answer's row: digest of the body that it answers, 'A'. Under the message's id, which the requester chose at random
 * and signed. */
static void put_answer(holding *s, ent_batch *b)
{
    uint8_t row[33];
    memcpy(row, s->r->body_digest, 32);
    row[32] = 'A';
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_ANSWERS, ENT_BYTES(s->in->message.id, ENT_ID_SIZE), ENT_BYTES(row, sizeof row));
}

static void slip_entry(holding *s, const ent_entry *answer, ent_batch *b)
{
    ent_entry e = *answer;
    e.kind = ENT_ENTRY_REDRESS;
    snprintf(e.clause, sizeof e.clause, "slip shown");
    ent_commit_to(s->r->salt, s->r->reason, strlen(s->r->reason), e.commitment);
    ent_batch_entry(b, &e);
}

/* The turn that this search takes, and what is out of the ordinary about it. */
static ent_code note_search(holding *s, ent_batch *b, ent_err *err)
{
    const ent_message *m = &s->in->message;
    ent_turn t = turn_of(s);
    ent_part_id candidates[ENT_AGREEMENT_CANDIDATES] = {s->r->view.candidate};
    for (size_t i = 0; i < s->further_count; i++) candidates[i + 1] = s->further[i].view.candidate;
    ent_watched w = {.agreement = s->agreement, .flow = s->flow.name, .purpose = m->purpose, .partner = s->in->partner, .digest = s->digest, .version = s->version,
                     .reference = s->r->view.reference, .hit = s->r->view.hit, .candidates = candidates, .candidate_count = s->further_count + 1, .quality = s->look.quality,
                     .minutiae = s->look.minutiae};
    if (!s->pledged) return ENT_OK; /* a file, against a test gallery */
    ent_turn_put(s->n, b, &t, true, s->r->view.reference.b, true, 1);
    memcpy(w.capture, s->capture, sizeof w.capture);
    return ent_watch_in(s->n, b, &w, err);
}

/* The lot, drawn from the tree head that first covers the answer. */
static void draw_lot(holding *s, ent_batch *b, ent_lot_draw *ret, ent_err *err)
{
    static const uint8_t none[32];
    uint8_t head[32];
    ent_lot_draw d = {.reference = s->r->view.reference.b, .head = head, .agreement = s->agreement, .flow = s->flow.name, .purpose = s->in->message.purpose,
                      .partner = s->in->partner, .version = s->version, .digest = s->digest, .asked = s->r->view.index};
    if (!s->pledged || s->r->view.refused || ent_ledger_head(s->n, s->r->view.index, head, err) != ENT_OK) return;
    if (ent_lot_in(s->n, b, &d, &s->chosen, err) != ENT_OK) return;
    d.head = none; /* it was drawn */
    *ret = d;
}

/* Row, quota, turn, outbox: all that must be there before the answer leaves, and in the order in which searches were decided. Under the lock. */
static ent_code begin_answer(holding *s, ent_entry_kind kind, ent_batch *b, ent_err *err)
{
    ent_entry e;
    answer_entry(s, kind, &e);
    if (s->r->has_probe) ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_PROBES, ENT_BYTES(s->r->view.reference.b, ENT_ID_SIZE), ENT_BYTES(s->sealed.data, s->sealed.len));
    for (size_t i = 0; s->r->view.hit && s->r->has_probe && i <= s->further_count; i++)
        ENT_TRY(ent_case_begin(s->n, b, i ? &s->further[i - 1] : s->r, &s->flow, &s->probe, err));
    ent_quota quota = quota_of(s);
    if (kind != ENT_ENTRY_REFUSED) ent_quota_count(s->n, &quota, b);
    put_answer(s, b);
    ent_search_put(b, ENT_CHANGE_INSERT, s->r);
    for (size_t i = 0; i < s->further_count; i++) ent_search_put(b, ENT_CHANGE_INSERT, &s->further[i]);
    ent_batch_entry(b, &e); /* the first: its index is the row's */
    if (s->shown && kind != ENT_ENTRY_REFUSED) slip_entry(s, &e, b);
    if (kind != ENT_ENTRY_REFUSED) ENT_TRY(note_search(s, b, err));
    return ent_commit_begin(s->n, b, err);
}

static void put_index(holding *s, ent_batch *b, const ent_search_id *reference, ent_search_record *now)
{
    if (ent_search_get(s->n, reference->b, now, NULL) != ENT_OK) return;
    now->view.index = s->r->view.index;
    now->view.append_us = s->r->view.append_us;
    ent_search_put(b, ENT_CHANGE_PUT, now);
}

/* The entry's index, for those who look later, unless the record was destroyed meanwhile and its row with it; the lot. Under the lock. */
static void note_index(holding *s, const ent_batch *ended)
{
    ENT_AUTO_BATCH b = ent_batch_new("search-index");
    ent_search_record *now = malloc(sizeof *now);
    ent_lot_draw draw;
    if (b && now) {
        ent_batch_forget(b, ended);
        for (size_t i = 0; i <= s->further_count; i++) put_index(s, b, i ? &s->further[i - 1].view.reference : &s->r->view.reference, now);
        draw_lot(s, b, &draw, NULL);
        ent_code code = s->chosen ? ent_commit(s->n, b, NULL, NULL) : ent_commit_begin(s->n, b, NULL);
        if (code == ENT_OK && s->chosen) ent_lot_keep(s->n, &draw);
    }
    free(now);
}

/* What begin_answer began, ended: durable, in the ledger. Not under the lock. */
static ent_code end_answer(holding *s, ent_batch *b, int64_t from, ent_err *err)
{
    uint64_t index[ENT_BATCH_ENTRIES] = {UINT64_MAX};
    ENT_TRY(ent_commit_end(s->n, b, index, err));
    s->r->view.index = index[0];
    s->r->view.append_us = 1000 * (ent_ticks(s->n) - from);
    pthread_mutex_lock(&s->n->lock);
    note_index(s, b);
    pthread_mutex_unlock(&s->n->lock);
    ent_commit_point(b->name, "before-tell");
    return ENT_OK;
}

/* ---- what is written ---- */

static void write_refusal(const holding *s, int status, ent_code code, const char *detail, const char *clause, ent_buf *ret_body)
{
    ent_problem p = {.status = status, .code = code};
    if (s->in->message.form == ENT_FORM_JSON) {
        ent_refusal_write(status, code, detail, clause, ret_body);
        return;
    }
    snprintf(p.detail, sizeof p.detail, "%s", detail);
    snprintf(p.clause, sizeof p.clause, "%s", clause);
    ent_refusal_itl_write(s->in->message.id, &p, ret_body);
}

static ent_code write_known(const holding *s, ent_buf *ret_body, int *ret_status, ent_err *err)
{
    ent_flow_node *n = s->n;
    ent_search_record *r = s->r;
    ENT_AUTO_BUF receipt = ENT_BUF(ENT_NOTE_MAX);
    ent_proof proof;
    if (r->view.refused) {
        *ret_status = 403;
        write_refusal(s, 403, ENT_REFUSED, r->reason, r->view.clause, ret_body);
        return ENT_OK;
    }
    if (r->view.index == UINT64_MAX) /* died after the append and before the index was noted */
        ENT_TRY(ent_entry_find(n, r->view.hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT, r->view.reference.b, &r->view.index, err));
    ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, r->view.index, &receipt, err));
    ENT_TRY(ent_proof_parse((const char *)receipt.data, receipt.len, &proof, err)); /* for the index in its year's log */
    ent_answer a = {.hit = r->view.hit, .reference = r->view.reference, .index = proof.index, .receipt = ent_buf_cstr(&receipt)};
    *ret_status = 200;
    ENT_TRY(ent_ledger_head(n, r->view.index, a.head, err));
    return ent_answer_write(&a, s->in->message.form, ret_body, err);
}

/* ---- answers that were given before ---- */

/* A suspension works at once, for what was answered before it too. */
static bool suspended_since(holding *s, ent_buf *ret_body, int *ret_status)
{
    char clause[ENT_LAW_CLAUSE] = "no agreement";
    pthread_mutex_lock(&s->n->lock);
    const ent_held_agreement *h = ent_agreement_named(s->n, s->r->view.agreement);
    bool in_force = h && h->state == ENT_AGREEMENT_SIGNED;
    if (h && !in_force) (void)ent_envelope_state(&h->envelope, h->a, clause);
    pthread_mutex_unlock(&s->n->lock);
    if (in_force) return false;
    *ret_status = 403;
    write_refusal(s, 403, ENT_REFUSED, "the agreement is not in force any more", clause, ret_body);
    return true;
}

/* Somebody else's, or longer ago than a search is asked after: such a question is told that there is none. */
static bool may_ask_after(const holding *s)
{
    return strcmp(s->r->view.partner, s->in->partner) == 0 && s->in->received.ms - s->r->view.received.ms < ENT_LIMIT_JOB_MS;
}

static bool same_request(const holding *s, const uint8_t digest[32])
{
    uint8_t own[32];
    ent_sha256(s->in->message.body, s->in->message.body_len, own);
    return memcmp(own, digest, 32) == 0 && strcmp(s->r->view.partner, s->in->partner) == 0;
}

/* ENT_NOT_FOUND: never seen. */
static ent_code answer_again(holding *s, ent_buf *ret_body, int *ret_status, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(64);
    const uint8_t *id = s->in->message.id;
    ent_code code = s->n->c.store.get(s->n->c.store.self, ENT_TABLE_ANSWERS, id, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) {
        ent_code known = ent_search_get(s->n, id, s->r, NULL);
        *s->r = known == ENT_OK ? *s->r : (ent_search_record){0};
        if (known != ENT_OK || (s->in->message.poll && !may_ask_after(s))) return ENT_NOT_FOUND;
        *ret_status = 410; /* its answer named a record that was destroyed since */
        write_refusal(s, 410, ENT_GONE, "the answer to this request is gone", "destroyed", ret_body);
        return ENT_OK;
    }
    if (code != ENT_OK) return code;
    ENT_TRY(ent_search_get(s->n, id, s->r, err));
    if (row.len != 33 || memcmp(row.data, s->r->body_digest, 32) != 0) return ent_fail(err, ENT_DAMAGED, "a stored answer that cannot be read");
    if (s->in->message.poll && !may_ask_after(s)) return ENT_NOT_FOUND;
    if (!s->in->message.poll && !same_request(s, row.data)) {
        *ret_status = 409;
        write_refusal(s, 409, ENT_REPLAY, "this message id was used for another request", "replay", ret_body);
        return ENT_OK;
    }
    if (suspended_since(s, ret_body, ret_status)) return ENT_OK;
    return write_known(s, ret_body, ret_status, err);
}

/* ---- the whole way ---- */

static int status_of(ent_code code)
{
    switch (code) {
    case ENT_REFUSED: return 403;
    case ENT_QUOTA: return 429;
    case ENT_FORMAT: case ENT_UNSUPPORTED: case ENT_QUALITY: case ENT_SANDBOX: return 422;
    case ENT_TOO_LARGE: return 413;
    case ENT_BUSY: case ENT_NO_SPACE: return 503;
    default: return 500;
    }
}

static void begin_record(holding *s)
{
    ent_search_record *r = s->r;
    *r = (ent_search_record){.probe_slot = {UINT64_MAX}};
    memcpy(r->view.reference.b, s->in->message.id, ENT_ID_SIZE);
    r->view.received = s->in->received;
    r->view.index = UINT64_MAX;
    snprintf(r->view.partner, sizeof r->view.partner, "%s", s->in->partner);
    snprintf(r->view.agreement, sizeof r->view.agreement, "%s", s->in->message.agreement);
    snprintf(r->view.flow, sizeof r->view.flow, "%s", s->in->message.flow);
    snprintf(r->view.purpose, sizeof r->view.purpose, "%s", s->in->message.purpose);
    snprintf(r->evidence, sizeof r->evidence, "%s", s->in->signature_base);
    memcpy(r->signature, s->in->signature, 64);
    memcpy(r->agreement_digest, s->digest, 32);
    r->agreement_version = s->version;
    r->party = s->party;
    snprintf(r->view.on_behalf_of, sizeof r->view.on_behalf_of, "%s", on_behalf_of(s));
    ent_sha256(s->in->message.body, s->in->message.body_len, r->body_digest);
    ent_fill(s->n, r->salt, sizeof r->salt);
}

/* The answer's point of the grid is fixed before anything is compared, and leaves half a step at least for what follows: a hit costs a
 * sealed probe and a case more, which must not be seen as a step more. */
static int64_t next_step(const ent_flow_node *n, int64_t from, int64_t at)
{
    int64_t grid = n->c.grid_ms;
    return from + ((at - from) / grid + 1) * grid;
}

static void fix_slot(holding *s) { s->slot = next_step(s->n, s->from, ent_ticks(s->n) + s->n->c.grid_ms / 2); }

/* May it be asked? Nothing borrowed from the agreement is used after it but copies. */
static ent_code permit(holding *s, ent_err *err)
{
    pthread_mutex_lock(&s->n->lock);
    if (ent_date_compare(ent_today(s->n), s->n->looked) != 0) ent_parts_look(s->n); /* what fell due at midnight is no hit a minute later either */
    ent_code code = find_agreement(s, err);
    pthread_mutex_unlock(&s->n->lock);
    if (code == ENT_OK) code = check_asked(s, err);
    if (code == ENT_OK) code = check_pledge(s, err);
    if (code != ENT_OK) return code;
    pthread_mutex_lock(&s->n->lock);
    code = find_agreement(s, err); /* again: the lock was let go */
    if (code == ENT_OK) code = decide_agreement(s, err);
    pthread_mutex_unlock(&s->n->lock);
    return code;
}

/* Whether the search saw what it may see now: flows have the bits that it went by, and the candidate is there, not hidden, and this flow's
 * to see. Under the lock. */
static bool still_stands(const holding *s)
{
    if (s->looks != s->n->looks) return false;
    for (size_t i = 0; s->r->view.hit && i <= s->further_count; i++) {
        ent_retention kept;
        const ent_held_part *p = ent_part_held(s->n, i ? s->further[i - 1].view.candidate.b : s->r->view.candidate.b);
        if (!p || p->hidden) return false;
        ent_part_retention(s->n, p, &kept);
        if (!(ent_part_flows(s->n, p, &kept) >> s->bit & 1)) return false;
    }
    return true;
}

/* The answer, begun, if it may still be given. Under the lock. */
static ent_code settle(holding *s, ent_batch *b, bool *ret_again, ent_err *err)
{
    ent_quota quota = quota_of(s);
    ent_ask used = {0};
    ENT_TRY(find_agreement(s, err)); /* suspended meanwhile, it is not answered */
    *ret_again = !still_stands(s);
    if (*ret_again) read_bit(s, ent_agreement_flow(s->h->a, s->in->message.flow));
    if (*ret_again) return s->bit >= 0 ? ENT_OK : refuse(s, ENT_REFUSED, "flow", "this node is not the holder of that flow", err);
    ent_quota_used(s->n, &quota, &used);
    if (!ent_flow_quota(&s->flow, &used, &s->verdict)) return ent_fail(err, ENT_QUOTA, "%s", s->verdict.reason);
    ENT_TRY(check_turn(s, err));
    return begin_answer(s, s->r->view.hit ? ENT_ENTRY_ANSWERED_HIT : ENT_ENTRY_ANSWERED_NO_HIT, b, err);
}

/* Compared, and again as often as what was compared with is not what there is at the end. */
static ent_code search_once(holding *s, ent_err *err)
{
    enum { TRIES = 20 };
    ent_code code = permit(s, err);
    if (s->verdict.flow) s->verdict.flow = &s->flow;
    if (s->verdict.purpose) s->verdict.purpose = ent_flow_purpose(&s->flow, s->in->message.purpose);
    begin_record(s);
    snprintf(s->r->view.clause, sizeof s->r->view.clause, "%s", s->verdict.clause);
    if (code != ENT_OK) return code;
    ENT_TRY(decode_probe(s, err));
    fix_slot(s);
    ENT_TRY(match_probe(s, err));
    for (int tries = 0; tries < TRIES; tries++) {
        ENT_AUTO_BATCH b = ent_batch_new("search");
        bool again = false;
        if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        int64_t from = ent_ticks(s->n);
        code = seal_probe(s, err);
        pthread_mutex_lock(&s->n->lock);
        if (code == ENT_OK) code = settle(s, b, &again, err);
        pthread_mutex_unlock(&s->n->lock);
        if (code == ENT_OK && !again) return end_answer(s, b, from, err);
        drop_probe(s, code);
        if (code == ENT_OK) code = match_probe(s, err);
        if (code != ENT_OK && code != ENT_CONFLICT) return code;
    }
    return ent_fail(err, ENT_BUSY, "what is held changed with each comparison");
}

static ent_code commit_refusal(holding *s, const char *reason, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("search");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    s->r->view.refused = true;
    s->r->view.hit = false;
    s->r->view.candidate = (ent_part_id){0};
    s->r->view.other_count = s->further_count = 0;
    snprintf(s->r->view.clause, sizeof s->r->view.clause, "%s", s->verdict.clause);
    snprintf(s->r->reason, sizeof s->r->reason, "%.199s", reason);
    int64_t from = ent_ticks(s->n);
    pthread_mutex_lock(&s->n->lock);
    ent_code code = begin_answer(s, ENT_ENTRY_REFUSED, b, err);
    pthread_mutex_unlock(&s->n->lock);
    return code == ENT_OK ? end_answer(s, b, from, err) : code;
}

/* ---- when it leaves ---- */

static int64_t release_of(const holding *s)
{
    int64_t now = ent_ticks(s->n);
    return s->slot > now ? s->slot : next_step(s->n, s->from, now);
}

static void receive_search(holding *s, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    ent_code code = answer_again(s, ret_body, ret_status, &err);
    if (code == ENT_OK) return;
    if (code == ENT_NOT_FOUND && s->in->message.poll) {
        *ret_status = 404;
        write_refusal(s, 404, ENT_NOT_FOUND, "no such search is known here: send the request again", "", ret_body);
        return;
    }
    if (code == ENT_NOT_FOUND) {
        s->searched = true;
        code = search_once(s, &err);
        /* a hit is read again as whoever asks again would: its record may have been destroyed since it was decided */
        if (code == ENT_OK) code = s->r->view.hit ? answer_again(s, ret_body, ret_status, &err) : write_known(s, ret_body, ret_status, &err);
        if (code == ENT_OK) return;
    }
    *ret_status = status_of(code);
    /* what the decoder says of the partner's own bytes may go back to it; nothing else of ours */
    bool theirs = *ret_status == 422 || *ret_status == 413;
    if (code == ENT_REFUSED || code == ENT_QUOTA || theirs) { /* every request that was asked stands in our ledger too */
        ent_err failed;
        char reason[200];
        if (theirs) snprintf(s->verdict.clause, sizeof s->verdict.clause, "unreadable request");
        snprintf(reason, sizeof reason, "%.199s", !theirs && s->verdict.reason[0] ? s->verdict.reason : err.detail);
        if (commit_refusal(s, reason, &failed) == ENT_OK) {
            write_refusal(s, *ret_status, code, reason, s->verdict.clause, ret_body);
            return;
        }
        *ret_status = 500;
    }
    write_refusal(s, *ret_status, ENT_INTERNAL, "the holder could not answer; ask again", "", ret_body);
}

void ent_search_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body, int64_t *ret_release)
{
    int64_t from = ent_ticks(n);
    holding s = {.n = n, .in = in, .bit = -1, .from = from, .sealed = ENT_BUF(ENT_LIMIT_BODY + 64)};
    ent_flight f = {.in = in};
    if (!in->message.poll) ent_history_seen(n, in->partner, in->message.proof, strlen(in->message.proof));
    if (!ent_flight_begin(n, &f, &s.slot)) {
        *ret_status = 202;
        ent_job_write(in->message.id, ret_body);
        *ret_release = next_step(n, from, ent_ticks(n));
        return;
    }
    s.r = calloc(1, sizeof *s.r);
    if (s.r) receive_search(&s, ret_status, ret_body);
    else *ret_status = 503, write_refusal(&s, 503, ENT_BUSY, "the holder could not answer; ask again", "", ret_body);
    s.slot = release_of(&s);
    ent_flight_end(n, &f, s.searched ? s.slot : 0);
    ent_capture_free(&s.probe);
    ent_buf_free(&s.sealed);
    free(s.further);
    if (s.r) ent_wipe(s.r, sizeof *s.r);
    free(s.r);
    *ret_release = s.slot;
}
