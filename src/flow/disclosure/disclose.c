/* The holder's act: what may leave is law/disclosure.h's; what leaves is gathered here, sealed to the requester's key, entered as
 * "disclosed", and put on its way in the same batch. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/capture/capture.h"
#include "flow/disclosure/conclude.h"
#include "flow/disclosure/onward.h"
#include "flow/disclosure/record.h"
#include "flow/examination/case.h"
#include "flow/receipt/receipt.h"
#include "flow/state.h"
#include "law/disclosure.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

/* Everything that one disclosure is made from. */
typedef struct making {
    ent_flow_node *n;
    ent_search_record *r;
    const ent_held_agreement *h;
    const ent_flow *flow;
    const ent_held_partner *to;
    ent_disclosure decided;
    ent_capture biographic;         /* owned */
    ent_buf image[ENT_DISCLOSED_VALUES]; /* owned, behind the values */
    size_t image_count;
    char words[8][160];             /* behind the values */
    size_t word_count;
    ent_disclosed_text text;
    uint32_t left;                  /* bits of the fields that leave */
} making;

/* ---- may it? ---- */

static size_t conclusions_of(ent_flow_node *n, const ent_search_record *r, ent_conclusion *ret, bool *ret_face)
{
    ent_case k;
    size_t count = 0;
    if (ent_case_of(n, r->view.reference.b, &k, NULL) != ENT_OK || k.state != ENT_CASE_CONCLUDED) return 0;
    bool stands = k.finding == ENT_FINDING_IDENTIFIED;
    *ret_face = k.face;
    for (size_t i = 0; i < k.opinion_count; i++) {
        const ent_opinion *o = &k.opinion[i];
        /* a dissent that the examination's rule has settled stands in nobody's way; a finding that stands against does */
        if (o->finding == ENT_FINDING_NONE || (stands && o->finding != ENT_FINDING_IDENTIFIED)) continue;
        ret[count] = (ent_conclusion){.examiner = o->examiner, .at = o->concluded_at, .confirmed = stands};
        snprintf(ret[count++].node, ENT_PARTY_NAME, "%s", n->c.name);
    }
    return count;
}

static ent_code decide(making *m, const ent_actor *by, uint32_t fields, ent_err *err)
{
    ent_flow_node *n = m->n;
    ent_conclusion conclusions[ENT_CASE_OPINIONS + ENT_DISCLOSURE_CONCLUSIONS];
    const ent_search_view *v = &m->r->view;
    if (v->sent || !v->hit) return ent_fail(err, ENT_REFUSED, "nothing is disclosed without a hit at this node");
    m->h = ent_agreement_named(n, v->agreement);
    if (!m->h || m->h->state != ENT_AGREEMENT_SIGNED) return ent_fail(err, ENT_REFUSED, "the agreement %s is not in force", v->agreement);
    m->flow = ent_agreement_flow(m->h->a, v->flow);
    m->to = ent_partner_named(n, v->partner);
    if (!m->flow || !m->to || m->to->revoked) return ent_fail(err, ENT_REFUSED, "the flow %s or the partner %s is not there any more", v->flow, v->partner);
    bool face[2] = {false, false};
    size_t count = conclusions_of(n, m->r, conclusions, &face[0]);
    if (m->flow->confirm_by != ENT_CONFIRM_HOLDER) count += ent_conclusions_of(n, &v->reference, conclusions + count, ENT_DISCLOSURE_CONCLUSIONS, &face[1]);
    ent_disclosure_ask ask = {.flow = m->flow, .face_here = face[0], .face_there = face[1], .hit = true, .candidate = v->extrapolated, .answered = v->received, .now = ent_now(n), .conclusions = conclusions,
                              .count = count, .by = by->pseudonym, .fields = fields};
    ent_disclosure_decide(&ask, &m->decided);
    if (m->decided.code == ENT_OK) return ENT_OK;
    return ent_fail(err, ENT_REFUSED, "%s (%s)", m->decided.reason, m->decided.clause);
}

/* ---- what leaves ---- */

static void add(making *m, ent_field field, uint8_t finger, const void *value, size_t len)
{
    if (!(m->decided.fields & 1u << field) || !len || m->text.count == ENT_DISCLOSED_VALUES) return;
    ent_disclosed_value *v = &m->text.value[m->text.count++];
    *v = (ent_disclosed_value){.finger = finger, .value = value, .len = len};
    snprintf(v->field, sizeof v->field, "%s", ent_field_text(field));
    m->left |= 1u << field;
}

static void add_word(making *m, ent_field field, const char *word)
{
    char *kept = m->words[m->word_count++];
    snprintf(kept, sizeof m->words[0], "%s", word);
    add(m, field, 0, kept, strlen(kept));
}

static void add_date(making *m, ent_field field, ent_date d)
{
    char text[ENT_DATE_TEXT];
    if (!d.year) return;
    ent_date_text(d, text);
    add_word(m, field, text);
}

/* The last thing that happened decides; what was corrected counts for nothing. */
const char *ent_status_of(const ent_legal_facts *f, bool *ret_convicted)
{
    static const struct {
        ent_legal_event_kind kind;
        const char *status;
    } known[] = {{ENT_EVENT_CHARGED, "charged"}, {ENT_EVENT_ACQUITTED, "acquitted"}, {ENT_EVENT_QUASHED, "acquitted"},
                 {ENT_EVENT_NO_FURTHER_ACTION, "no further action"}, {ENT_EVENT_DISCONTINUED, "no further action"},
                 {ENT_EVENT_CONVICTED, "convicted"}, {ENT_EVENT_CONVICTED_ABROAD, "convicted"}, {ENT_EVENT_CAUTION, "convicted"}};
    const char *status = "arrested";
    ent_date last = {0};
    for (size_t i = 0; i < f->event_count; i++) {
        const ent_legal_event *e = &f->events[i];
        for (size_t k = 0; k < sizeof known / sizeof known[0] && !e->undone && !e->pending; k++)
            if (known[k].kind == e->kind && ent_date_compare(e->date, last) >= 0) status = known[k].status, last = e->date;
    }
    *ret_convicted = strcmp(status, "convicted") == 0;
    return status;
}

static void add_legal(making *m, const ent_legal_facts *f)
{
    char offence[160] = "";
    bool convicted;
    const char *status = ent_status_of(f, &convicted);
    bool cleared = strcmp(status, "acquitted") == 0 || strcmp(status, "no further action") == 0;
    add_word(m, ENT_FIELD_STATUS, status);
    add_word(m, ENT_FIELD_CATEGORY, convicted ? "convicted" : cleared ? "formerly suspected" : "suspect");
    for (unsigned bit = 0; bit < ENT_OFFENCE_COUNT; bit++)
        if (f->offence & 1u << bit) snprintf(offence + strlen(offence), sizeof offence - strlen(offence), "%s%s", *offence ? ", " : "", ent_offence_text(bit));
    add_word(m, ENT_FIELD_OFFENCE, offence);
    add_date(m, ENT_FIELD_ARREST_DATE, f->taken);
}

struct blobs {
    making *m;
    const ent_key32 *key;
    char what;
    ent_err *err;
};

static ent_code take_blob(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct blobs *s = ctx;
    making *m = s->m;
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    if (m->image_count == ENT_DISCLOSED_VALUES) return ENT_OK;
    ent_buf *plain = &m->image[m->image_count++];
    *plain = ENT_BUF(ENT_CAPTURE_IMAGE);
    ENT_TRY(ent_unseal(s->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), plain, s->err));
    if (s->what == 'B') return ent_capture_decode(plain->data, plain->len, &m->biographic, s->err);
    add(m, s->what == 'I' ? ENT_FIELD_FINGERPRINT_IMAGE : ENT_FIELD_FACIAL_IMAGE, key[ENT_ID_SIZE + 2], plain->data, plain->len);
    return ENT_OK;
}

static ent_code add_blobs(making *m, const ent_held_part *p, char what, ent_err *err)
{
    uint8_t binding[32], prefix[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    ent_part_binding(p->id.b, binding);
    ENT_TRY(m->n->c.keys.get(m->n->c.keys.self, p->slot, binding, &key, err));
    memcpy(prefix, p->id.b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = (uint8_t)what;
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    return m->n->c.store.scan(m->n->c.store.self, ENT_TABLE_BLOBS, &range, take_blob, &(struct blobs){m, &key, what, err}, err);
}

static void add_biographic(making *m)
{
    const ent_capture *c = &m->biographic;
    add(m, ENT_FIELD_NAME, 0, c->name, strlen(c->name));
    add_date(m, ENT_FIELD_BIRTH_DATE, c->birth);
    add(m, ENT_FIELD_NATIONALITY, 0, c->nationality, strlen(c->nationality));
    add(m, ENT_FIELD_SEX, 0, c->sex, strlen(c->sex));
    add(m, ENT_FIELD_DOCUMENT, 0, c->document, strlen(c->document));
}

static bool wanted(const making *m, ent_field field) { return m->decided.fields >> field & 1; }

/* The candidate's encounter and no other. Biometrics only where this flow may see that very part today. */
static ent_code gather(making *m, const ent_held_part *candidate, ent_err *err)
{
    ent_flow_node *n = m->n;
    add_legal(m, &candidate->facts);
    for (const ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, candidate->encounter.b); p; p = ent_part_next(n, ENT_BY_ENCOUNTER, p)) {
        ent_retention kept;
        ent_part_retention(n, p, &kept);
        if (kept.due) continue;
        int bit = ent_flow_bit(n, m->h->a, m->flow);
        bool seen = bit >= 0 && ent_part_flows(n, p, &kept) >> bit & 1;
        if (p->facts.material == ENT_MATERIAL_BIOGRAPHIC) {
            ENT_TRY(add_blobs(m, p, 'B', err));
            add_biographic(m);
        } else if (p->facts.material == ENT_MATERIAL_FINGERPRINT && seen && wanted(m, ENT_FIELD_FINGERPRINT_IMAGE)) ENT_TRY(add_blobs(m, p, 'I', err));
        else if (p->facts.material == ENT_MATERIAL_PHOTOGRAPH && seen && wanted(m, ENT_FIELD_FACIAL_IMAGE)) ENT_TRY(add_blobs(m, p, 'F', err));
    }
    return m->text.count ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "none of the fields that may leave is known here");
}

/* ---- the act ---- */

static void fill_text(making *m)
{
    ent_flow_node *n = m->n;
    const ent_search_view *v = &m->r->view;
    ent_disclosed_text *t = &m->text;
    ent_fill(n, t->id, ENT_ID_SIZE);
    t->reference = ent_id_is_zero(v->search.b) ? v->reference : v->search;
    t->candidate = v->reference;
    snprintf(t->on_behalf_of, sizeof t->on_behalf_of, "%s", v->on_behalf_of);
    snprintf(t->agreement, sizeof t->agreement, "%s", v->agreement);
    snprintf(t->flow, sizeof t->flow, "%s", v->flow);
    snprintf(t->purpose, sizeof t->purpose, "%s", v->purpose);
    t->agreement_version = m->h->a->version;
    t->at = ent_now(n);
    t->keep_until = ent_time_date((ent_time){t->at.ms + m->flow->requester_keeps_ms});
}

static void put_message(making *m, ent_batch *b, const ent_held_part *candidate, const ent_buf *box)
{
    ent_queued q = {.kind = ENT_MESSAGE_DISCLOSE, .agreement_version = m->text.agreement_version, .proof_kind = ENT_ENTRY_DISCLOSED};
    memcpy(q.id, m->text.id, ENT_ID_SIZE);
    memcpy(q.about, candidate->id.b, ENT_ID_SIZE);
    snprintf(q.partner, sizeof q.partner, "%s", m->r->view.partner);
    snprintf(q.agreement, sizeof q.agreement, "%s", m->text.agreement);
    snprintf(q.flow, sizeof q.flow, "%s", m->text.flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", m->text.purpose);
    memcpy(q.agreement_digest, m->h->envelope.digest, 32);
    memcpy(q.proof_case, m->r->view.reference.b, ENT_ID_SIZE);
    ent_queue_put(m->n, b, &q, ENT_BYTES(box->data, box->len));
}

static void fill_record(making *m, const ent_held_part *candidate, const ent_buf *box, ent_disclosure_record *d)
{
    ent_disclosure_view *v = &d->view;
    *d = (ent_disclosure_record){.slot = {UINT64_MAX}};
    *v = (ent_disclosure_view){.reference = m->text.candidate, .search = m->text.reference, .at = m->text.at, .fields = m->left, .keep_until = m->text.keep_until,
                               .record_until = ent_date_add(ent_today(m->n), ENT_DISCLOSURE_KEPT_YEARS, 0, 0), .index = UINT64_MAX,
                               .kept_index = UINT64_MAX, .gone_index = UINT64_MAX};
    memcpy(v->id, m->text.id, ENT_ID_SIZE);
    memcpy(d->transaction, candidate->transaction, 32);
    snprintf(v->partner, sizeof v->partner, "%s", m->r->view.partner);
    snprintf(v->agreement, sizeof v->agreement, "%s", m->text.agreement);
    snprintf(v->flow, sizeof v->flow, "%s", m->text.flow);
    snprintf(v->purpose, sizeof v->purpose, "%s", m->text.purpose);
    snprintf(v->clause, sizeof v->clause, "%s", m->decided.clause);
    snprintf(v->on_behalf_of, sizeof v->on_behalf_of, "%s", m->text.on_behalf_of);
    ent_fill(m->n, d->salt, sizeof d->salt);
    ent_sha256(box->data, box->len, d->digest);
}

static ent_code commit(making *m, const ent_actor *by, const ent_held_part *candidate, ent_disclosure_record *d, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("disclose");
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX), box = ENT_BUF(ENT_DISCLOSED_MAX + ENT_SEAL_TO_OVERHEAD);
    uint64_t index[ENT_BATCH_ENTRIES];
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    fill_text(m);
    ent_disclosed_write(&m->text, &text);
    ENT_TRY(ent_buf_check(&text, err));
    ENT_TRY(ent_seal_to(&m->to->card.identity, ENT_BYTES(text.data, text.len), &box, err));
    fill_record(m, candidate, &box, d);
    put_message(m, b, candidate, &box);
    ent_entry e = {.kind = ENT_ENTRY_DISCLOSED, .time = m->text.at, .follows = m->r->view.index, .agreement_version = m->text.agreement_version,
                   .destroy_by = m->text.keep_until, .actor = by->pseudonym};
    memcpy(e.case_number.b, m->r->view.reference.b, ENT_ID_SIZE);
    memcpy(e.agreement, m->h->envelope.digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", m->text.flow);
    snprintf(e.purpose, sizeof e.purpose, "%s", m->text.purpose);
    e.party = m->r->party;
    ent_disclosed_clause(m->decided.clause, m->left, e.clause, sizeof e.clause);
    ent_commit_to(d->salt, d->digest, 32, e.commitment);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_disclosure_put(m->n, b, d, err));
    ENT_TRY(ent_commit(m->n, b, index, err));
    d->view.index = index[0];
    ENT_AUTO_BATCH after = ent_batch_new("disclose-index");
    if (!after) return ENT_OK; /* the index is found again by kind and case */
    ENT_TRY(ent_disclosure_put(m->n, after, d, err));
    return ent_commit(m->n, after, NULL, err);
}

static ent_code disclose(making *m, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], uint32_t fields, ent_disclosure_record *d, ent_err *err)
{
    ENT_TRY(ent_search_get(m->n, reference, m->r, err));
    ENT_TRY(decide(m, by, fields, err));
    const ent_held_part *candidate = ent_part_held(m->n, m->r->view.candidate.b);
    if (!candidate || candidate->hidden) return ent_fail(err, ENT_GONE, "the record of this hit is gone");
    ent_retention kept;
    ent_part_retention(m->n, candidate, &kept);
    int bit = ent_flow_bit(m->n, m->h->a, m->flow);
    if (kept.due || bit < 0 || !(ent_part_flows(m->n, candidate, &kept) >> bit & 1))
        return ent_fail(err, ENT_REFUSED, "the flow %s may not see this record any more", m->flow->name);
    ENT_TRY(gather(m, candidate, err));
    return commit(m, by, candidate, d, err);
}

ent_code ent_flow_disclose(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], uint32_t fields, ent_disclosed *ret, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_DISCLOSE, err));
    making *m = calloc(1, sizeof *m);
    ent_disclosure_record *d = calloc(1, sizeof *d);
    ent_search_record *r = calloc(1, sizeof *r);
    ent_code code = m && d && r ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) {
        m->n = n;
        m->r = r;
        pthread_mutex_lock(&n->lock);
        code = disclose(m, by, reference, fields, d, err);
        pthread_mutex_unlock(&n->lock);
    }
    if (code == ENT_OK) {
        ent_flow_tell(n);
        pthread_mutex_lock(&n->lock);
        ent_disclosure_record *now = calloc(1, sizeof *now);
        bool told = now && ent_disclosure_get(n, d->view.id, now, NULL) == ENT_OK && now->view.received.ms;
        free(now);
        pthread_mutex_unlock(&n->lock);
        *ret = (ent_disclosed){.fields = d->view.fields, .keep_until = d->view.keep_until, .index = d->view.index, .told = told};
        memcpy(ret->id, d->view.id, ENT_ID_SIZE);
        snprintf(ret->partner, sizeof ret->partner, "%s", d->view.partner);
        snprintf(ret->clause, sizeof ret->clause, "%s", d->view.clause);
    }
    for (size_t i = 0; m && i < m->image_count; i++) ent_buf_free(&m->image[i]);
    if (m) ent_capture_free(&m->biographic), ent_wipe(m, sizeof *m);
    free(m);
    free(d);
    free(r);
    return code;
}

/* ---- recall ---- */

struct recalling {
    ent_flow_node *n;
    ent_batch *b;
    const uint8_t *reference;
    ent_recall why;
    ent_err *err;
    const char *agreement;          /* NULL: any */
};

static ent_code recall_one(void *ctx, const ent_disclosure_record *d)
{
    struct recalling *s = ctx;
    if (s->agreement && strcmp(s->agreement, d->view.agreement) != 0) return ENT_OK;
    if (d->view.recalled.ms || (s->reference && !ent_id_equal(d->view.reference.b, s->reference))) return ENT_OK;
    ent_disclosure_record *changed = malloc(sizeof *changed);
    if (!changed) return ent_fail(s->err, ENT_NO_MEMORY, "out of memory");
    *changed = *d;
    changed->view.recalled = ent_now(s->n);
    snprintf(changed->view.recalled_for, sizeof changed->view.recalled_for, "%s", ent_recall_text(s->why));
    ent_recall_put(s->n, s->b, &(ent_recalled){d->view.id, d->view.search.b, d->view.reference.b, d->view.partner, d->view.flow, d->view.purpose, ent_recall_text(s->why)});
    ent_code code = ent_disclosure_put(s->n, s->b, changed, s->err);
    free(changed);
    return code;
}

ent_code ent_disclosures_recall(ent_flow_node *n, ent_batch *b, const uint8_t transaction[32], const uint8_t reference[ENT_ID_SIZE], ent_recall why, ent_err *err)
{
    struct recalling s = {n, b, reference, why, err, NULL};
    return ent_disclosures_walk(n, transaction, recall_one, &s, err);
}

ent_code ent_disclosures_recall_all(ent_flow_node *n, ent_batch *b, const char *agreement, ent_recall why, ent_err *err)
{
    struct recalling s = {n, b, NULL, why, err, agreement};
    return ent_disclosures_walk(n, NULL, recall_one, &s, err);
}

/* ---- receipts and undertakings ---- */

/* The requester's proof that its ledger says so. */
static bool proven(ent_flow_node *n, const char *partner, const ent_buf *proof, ent_entry_kind kind, const ent_search_id *reference, uint64_t *ret_index)
{
    ent_entry e;
    ent_place place;
    if (!proof->len || ent_partner_says_locked(n, partner, (const char *)proof->data, proof->len, &e, &place, NULL) != ENT_OK) return false;
    *ret_index = place.index;
    return e.kind == kind && ent_id_equal(e.case_number.b, reference->b);
}

static ent_code note_proof(ent_flow_node *n, ent_batch *b, const uint8_t id[ENT_ID_SIZE], const ent_reply *reply, bool recall, ent_err *err)
{
    ent_disclosure_record *d = malloc(sizeof *d);
    uint64_t index;
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_disclosure_get(n, id, d, err);
    bool said = code == ENT_OK && proven(n, d->view.partner, &reply->body, recall ? ENT_ENTRY_DESTROYED : ENT_ENTRY_KEPT, &d->view.reference, &index);
    if (said && recall) {
        d->view.undertaken = ent_now(n);
        d->view.gone_index = index;
        snprintf(d->gone_proof, sizeof d->gone_proof, "%.*s", (int)reply->body.len, (const char *)reply->body.data);
    } else if (code == ENT_OK && recall && reply->status == 410 && !d->view.received.ms) {
        d->view.undertaken = ent_now(n); /* it never got there */
        said = true;
    } else if (code == ENT_OK && recall && reply->status == 410) {
        d->view.denied = ent_now(n); /* it did get there: a lost store, or worse. No proof, no undertaking */
        said = true;
    } else if (said) {
        d->view.received = ent_now(n);
        d->view.kept_index = index;
        snprintf(d->kept_proof, sizeof d->kept_proof, "%.*s", (int)reply->body.len, (const char *)reply->body.data);
    }
    if (said) code = ent_disclosure_put(n, b, d, err);
    if (code == ENT_OK && !said && reply->status == 200) code = ent_fail(err, ENT_SIGNATURE, "%s gave no proof of what it did with a disclosure", d->view.partner);
    free(d);
    return code == ENT_NOT_FOUND ? ENT_OK : code; /* its period was over meanwhile */
}

ent_code ent_disclosure_taken(ent_flow_node *n, ent_batch *b, const ent_queued *q, const ent_reply *reply, ent_err *err)
{
    if (q->kind == ENT_MESSAGE_DISCLOSE) return note_proof(n, b, q->id, reply, false, err);
    if (q->kind != ENT_MESSAGE_RECALL && q->kind != ENT_MESSAGE_GIVE) return ENT_OK;
    ent_code onward = ent_onward_taken(n, b, q, reply, err);
    if (onward != ENT_NOT_FOUND) return onward;
    return note_proof(n, b, q->about, reply, true, err);
}

/* ---- listing, ending ---- */

struct listing {
    void (*see)(void *ctx, const ent_disclosure_view *v);
    void *ctx;
};

static ent_code list_one(void *ctx, const ent_disclosure_record *r)
{
    struct listing *l = ctx;
    l->see(l->ctx, &r->view);
    return ENT_OK;
}

ent_code ent_disclosures_of(ent_flow_node *n, const uint8_t transaction[32], void (*see)(void *ctx, const ent_disclosure_view *v), void *ctx, ent_err *err)
{
    return ent_disclosures_walk(n, transaction, list_one, &(struct listing){see, ctx}, err);
}

ent_code ent_flow_disclosures(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_disclosure_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_DISCLOSED, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_disclosures_of(n, NULL, see, ctx, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_undertaking(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_disclosure_view *ret_view, ent_buf *ret_proof, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_DISCLOSED, err));
    ent_disclosure_record *d = malloc(sizeof *d);
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_disclosure_get(n, id, d, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK && !*d->gone_proof)
        code = ent_fail(err, ENT_NOT_FOUND, d->view.undertaken.ms ? "%s says that nothing of it arrived: no entry proves that" : "%s has given no undertaking yet", d->view.partner);
    if (code == ENT_OK) {
        *ret_view = d->view;
        ent_buf_put(ret_proof, d->gone_proof, strlen(d->gone_proof));
        code = ent_buf_check(ret_proof, err);
    }
    free(d);
    return code;
}

struct ending {
    ent_flow_node *n;
    ent_batch *b;
};

static ent_code end_one(void *ctx, const ent_disclosure_record *r)
{
    struct ending *s = ctx;
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8], name[32 + ENT_ID_SIZE];
    if (ent_date_compare(r->view.record_until, ent_today(s->n)) >= 0) return ENT_OK;
    memcpy(key + 1, r->view.id, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(r->slot.number >> (56 - 8 * i));
    memcpy(name, r->transaction, 32);
    memcpy(name + 32, r->view.id, ENT_ID_SIZE);
    ent_batch_put(s->b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(s->b, ENT_CHANGE_DELETE, ENT_TABLE_DISCLOSURES, ENT_BYTES(name, sizeof name), ENT_BYTES("", 0));
    return ENT_OK;
}

ent_code ent_disclosures_tick(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("disclosure-end");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    ENT_TRY(ent_disclosures_walk(n, NULL, end_one, &(struct ending){n, b}, err));
    return b->count ? ent_commit_with(n, b, ent_destructions_finish, NULL, err) : ENT_OK;
}
