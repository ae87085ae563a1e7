#include "flow/disclosure/conclude.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"
#include "flow/disclosure/kept.h"
#include "flow/examination/case.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "law/morphology.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows at the requester: disclosure, examiner, 'k' ---- */

typedef struct concluded {
    ent_actor_id examiner;
    ent_finding finding;
    uint8_t version;
    uint8_t reasons[32], signature[ENT_SIGNATURE_SIZE];
    uint64_t index;                /* of its entry */
} concluded;

enum { KEY = 2 * ENT_ID_SIZE + 1, ROW = 1 + 1 + 32 + ENT_SIGNATURE_SIZE + 8, MOST = ENT_DISCLOSURE_CONCLUSIONS, BODY_MAX = 64 + MOST * (ENT_NOTE_MAX + 16) };

static void put(ent_batch *b, const uint8_t disclosure[ENT_ID_SIZE], const concluded *c)
{
    uint8_t key[KEY];
    ENT_AUTO_BUF row = ENT_BUF(ROW);
    memcpy(key, disclosure, ENT_ID_SIZE);
    memcpy(key + ENT_ID_SIZE, c->examiner.b, ENT_ID_SIZE);
    key[KEY - 1] = 'k';
    ent_buf_u8(&row, (uint8_t)c->finding);
    ent_buf_u8(&row, c->version);
    ent_buf_put(&row, c->reasons, 32);
    ent_buf_put(&row, c->signature, ENT_SIGNATURE_SIZE);
    ent_buf_u64(&row, c->index);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_CASES, ENT_BYTES(key, KEY), ENT_BYTES(row.data, row.len));
}

struct listing {
    concluded at[MOST];
    size_t count;
    ent_batch *drop; /* NULL: listed; else deleted */
};

static ent_code see(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct listing *l = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (key_len != KEY || key[KEY - 1] != 'k') return ENT_OK;
    if (l->drop) return ent_batch_put(l->drop, ENT_CHANGE_DELETE, ENT_TABLE_CASES, ENT_BYTES(key, key_len), ENT_BYTES("", 0)), ENT_OK;
    if (l->count == MOST) return ENT_OK;
    concluded *d = &l->at[l->count++];
    memcpy(d->examiner.b, key + ENT_ID_SIZE, ENT_ID_SIZE);
    d->finding = (ent_finding)ent_cursor_u8(&c);
    d->version = ent_cursor_u8(&c);
    ent_cursor_copy(&c, d->reasons, 32);
    ent_cursor_copy(&c, d->signature, ENT_SIGNATURE_SIZE);
    d->index = ent_cursor_u64(&c);
    return d->finding < ENT_FINDING_COUNT && ent_cursor_done(&c) ? ENT_OK : ENT_DAMAGED;
}

static ent_code list(ent_flow_node *n, const uint8_t disclosure[ENT_ID_SIZE], struct listing *l, ent_err *err)
{
    ent_change range = {.key = disclosure, .key_len = ENT_ID_SIZE};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_CASES, &range, see, l, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a conclusion's row cannot be read") : code;
}

ent_code ent_conclusions_drop(ent_flow_node *n, ent_batch *b, const uint8_t disclosure[ENT_ID_SIZE], ent_err *err)
{
    return list(n, disclosure, &(struct listing){.drop = b}, err);
}

/* ---- the requester's act ---- */

static ent_code has_face(ent_flow_node *n, const ent_kept *k, const ent_buf *box, bool *ret_face, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX);
    ent_disclosed_text *d = malloc(sizeof *d);
    *ret_face = false;
    ent_code code = d ? ent_kept_open(n, k, box, &text, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = ent_disclosed_read(text.data, text.len, d, err);
    for (size_t i = 0; code == ENT_OK && i < d->count; i++) *ret_face |= strcmp(d->value[i].field, ent_field_text(ENT_FIELD_FACIAL_IMAGE)) == 0;
    free(d);
    return code;
}

/* Of a face the form comes first, as in a case (docs/law/examination.md). */
static ent_code check_form(ent_bytes reasons, ent_finding finding, ent_err *err)
{
    size_t form = 0;
    if (finding == ENT_FINDING_NOT_SUITABLE) return ENT_OK;
    ENT_TRY(ent_form_check(reasons.data, reasons.len, ENT_FORM_FOUND, &form, err));
    if (form == reasons.len) return ent_fail(err, ENT_USAGE, "a conclusion needs its reasons, after the form");
    return ent_form_allows(reasons.data, reasons.len, finding, err);
}

static bool signed_by(const ent_flow_node *n, const ent_actor *by, const char *text, const uint8_t signature[ENT_SIGNATURE_SIZE])
{
    if (ent_sign_verify(&by->key, text, strlen(text), signature)) return true;
    return by->old_until_ms > ent_now(n).ms && ent_sign_verify(&by->old_key, text, strlen(text), signature);
}

/* The proofs of all that were concluded, when enough have: again with each that changes. */
static ent_code tell(ent_flow_node *n, const ent_kept *k, const struct listing *l, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("confirm");
    ENT_AUTO_BUF body = ENT_BUF(BODY_MAX);
    char id[ENT_ID_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_CONFIRM, .agreement_version = k->agreement_version};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_id_text(k->view.id, id);
    ent_buf_fmt(&body, "entente-confirm/v1\ndisclosure %s\nproofs %zu\n", id, l->count);
    for (size_t i = 0; i < l->count; i++) {
        ENT_AUTO_BUF proof = ENT_BUF(ENT_NOTE_MAX);
        ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, l->at[i].index, &proof, err));
        ent_buf_fmt(&body, "%zu\n", proof.len);
        ent_buf_put(&body, proof.data, proof.len);
        ent_buf_u8(&body, '\n');
    }
    ENT_TRY(ent_buf_check(&body, err));
    ent_fill(n, q.id, ENT_ID_SIZE);
    memcpy(q.agreement_digest, k->agreement_digest, 32);
    snprintf(q.partner, sizeof q.partner, "%s", k->view.partner);
    snprintf(q.agreement, sizeof q.agreement, "%s", k->view.agreement);
    snprintf(q.flow, sizeof q.flow, "%s", k->view.flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", k->purpose);
    ent_queue_put(n, b, &q, ENT_BYTES(body.data, body.len));
    return ent_commit(n, b, NULL, err);
}

static ent_code conclude(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_finding finding, ent_bytes reasons, const uint8_t signature[ENT_SIGNATURE_SIZE],
                         ent_kept_conclusion *ret, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("conclude-kept");
    ENT_AUTO_BUF box = ENT_BUF(ENT_KEPT_ROW);
    char text[ENT_CASE_SIGNED], clause[ENT_LAW_CLAUSE];
    struct listing l = {0};
    concluded own = {.examiner = by->pseudonym};
    uint64_t index[ENT_BATCH_ENTRIES];
    bool face;
    ent_kept k;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_kept_get(n, id, &k, &box, err));
    if (ent_kept_over(n, &k)) return ent_fail(err, ENT_GONE, "its time is over");
    const ent_held_agreement *h = ent_agreement_named(n, k.view.agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, k.view.flow) : NULL;
    if (!f || f->confirm_by == ENT_CONFIRM_HOLDER || *k.view.given_on_of) return ent_fail(err, ENT_REFUSED, "on this flow the holder's examiners conclude (confirm)");
    ENT_TRY(has_face(n, &k, &box, &face, err));
    if (face) ENT_TRY(check_form(reasons, finding, err));
    ENT_TRY(list(n, id, &l, err));
    size_t at = 0;
    while (at < l.count && !ent_id_equal(l.at[at].examiner.b, by->pseudonym.b)) at++;
    if (at == MOST) return ent_fail(err, ENT_REFUSED, "%d examiners have concluded", MOST);
    if (at < l.count) own = l.at[at];
    if (own.version == UINT8_MAX) return ent_fail(err, ENT_REFUSED, "a conclusion that was changed 255 times");
    ent_case_conclusion_text(id, finding, own.version + 1u, reasons.data, reasons.len, text);
    if (!signed_by(n, by, text, signature)) return ent_fail(err, ENT_SIGNATURE, "the conclusion is not signed with the key of %s", by->name);
    snprintf(clause, sizeof clause, ENT_CLAUSE_CONCLUDED "%s", ent_finding_text(finding));
    ent_kept_entry(n, ENT_ENTRY_EXAMINED, &k, clause, &e);
    e.actor = by->pseudonym;
    ent_commit_to(k.salt, text, strlen(text), e.commitment);
    ENT_TRY(ent_entry_find(n, ENT_ENTRY_KEPT, k.view.candidate.b, &e.follows, err));
    own.finding = finding;
    own.version++;
    own.index = UINT64_MAX;
    ent_sha256(reasons.data, reasons.len, own.reasons);
    memcpy(own.signature, signature, ENT_SIGNATURE_SIZE);
    put(b, id, &own);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, index, err));
    ENT_AUTO_BATCH after = ent_batch_new("conclude-kept-index");
    if (!after) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    own.index = index[0];
    put(after, id, &own);
    ENT_TRY(ent_commit(n, after, NULL, err));
    l.at[at] = own;
    if (at == l.count) l.count++;
    *ret = (ent_kept_conclusion){.concluded = l.count, .needed = ent_examiners_needed(f, face), .finding = finding};
    return l.count >= ret->needed ? tell(n, &k, &l, err) : ENT_OK;
}

ent_code ent_flow_kept_conclude(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_finding finding, const void *reasons, size_t len,
                                const uint8_t signature[ENT_SIGNATURE_SIZE], ent_kept_conclusion *ret, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_EXAMINE, err));
    if (finding == ENT_FINDING_NONE || finding >= ENT_FINDING_COUNT) return ent_fail(err, ENT_USAGE, "a conclusion is identified, excluded, inconclusive or not-suitable");
    if (!len || len > ENT_CASE_TEXT_MAX || !ent_utf8_valid(reasons, len)) return ent_fail(err, ENT_USAGE, "a conclusion needs its reasons: UTF-8, at most %d bytes", ENT_CASE_TEXT_MAX);
    pthread_mutex_lock(&n->lock);
    ent_code code = conclude(n, by, id, finding, ENT_BYTES(reasons, len), signature, ret, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}

ent_code ent_flow_kept_version(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], unsigned *ret_version, ent_err *err)
{
    struct listing l = {0};
    ENT_TRY(ent_gate(by, ENT_MAY_EXAMINE, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = list(n, id, &l, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    *ret_version = 0;
    for (size_t i = 0; i < l.count; i++)
        if (ent_id_equal(l.at[i].examiner.b, by->pseudonym.b)) *ret_version = l.at[i].version;
    return ENT_OK;
}

/* ---- the holder ---- */

typedef struct reader {
    const char *at, *end;
} reader;

static bool skip(reader *r, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0) return false;
    r->at += len;
    return true;
}

/* A number in its one form, and a newline. */
static bool number(reader *r, size_t most, size_t *ret)
{
    const char *from = r->at;
    size_t v = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - from < 7) v = v * 10 + (size_t)(*r->at++ - '0');
    *ret = v;
    return r->at > from && (*from != '0' || r->at == from + 1) && v <= most && skip(r, "\n");
}

/* A proof of the requester's "examined" about this very candidate: who, when, what. */
static ent_code take_proof(ent_flow_node *n, const ent_arrival *in, reader *r, const ent_disclosure_record *d, ent_told_conclusion *ret, ent_err *err)
{
    char proof[ENT_NOTE_MAX];
    size_t len;
    ent_entry e;
    if (!number(r, sizeof proof - 1, &len) || (size_t)(r->end - r->at) < len + 1 || r->at[len] != '\n') return ent_fail(err, ENT_FORMAT, "no conclusions");
    memcpy(proof, r->at, len);
    proof[len] = 0;
    r->at += len + 1;
    ENT_TRY(ent_partner_says_locked(n, in->partner, proof, len, &e, NULL, err));
    bool same = e.kind == ENT_ENTRY_EXAMINED && ent_id_equal(e.case_number.b, d->view.reference.b) && strcmp(e.flow, d->view.flow) == 0 && strcmp(e.purpose, d->view.purpose) == 0;
    const char *word = strncmp(e.clause, ENT_CLAUSE_CONCLUDED, sizeof ENT_CLAUSE_CONCLUDED - 1) == 0 ? e.clause + sizeof ENT_CLAUSE_CONCLUDED - 1 : "";
    ret->finding = ENT_FINDING_NONE;
    for (int f = ENT_FINDING_NONE + 1; f < ENT_FINDING_COUNT; f++)
        if (strcmp(word, ent_finding_text((ent_finding)f)) == 0) ret->finding = (ent_finding)f;
    if (!same || ret->finding == ENT_FINDING_NONE || ent_id_is_zero(e.actor.b)) return ent_fail(err, ENT_REFUSED, "a proof that is about something else than this disclosure");
    ret->examiner = e.actor;
    ret->at = e.time;
    return ENT_OK;
}

static void merge(ent_disclosure_record *d, const ent_told_conclusion *c)
{
    size_t i = 0;
    while (i < d->told_count && !ent_id_equal(d->told[i].examiner.b, c->examiner.b)) i++;
    if (i == ENT_DISCLOSURE_CONCLUSIONS) return;
    if (i == d->told_count) d->told[d->told_count++] = *c;
    else if (c->at.ms >= d->told[i].at.ms) d->told[i] = *c;
}

static ent_code take(ent_flow_node *n, const ent_arrival *in, ent_disclosure_record *d, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("confirmed");
    reader r = {in->message.body, (const char *)in->message.body + in->message.body_len};
    char digits[ENT_ID_TEXT] = "";
    uint8_t id[ENT_ID_SIZE];
    size_t count;
    bool stands = true;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (!skip(&r, "entente-confirm/v1\ndisclosure ") || r.end - r.at < 33) return ent_fail(err, ENT_FORMAT, "no conclusions");
    memcpy(digits, r.at, 32);
    r.at += 32;
    if (!ent_id_parse(digits, id) || !skip(&r, "\nproofs ") || !number(&r, MOST, &count) || !count) return ent_fail(err, ENT_FORMAT, "no conclusions");
    ENT_TRY(ent_disclosure_get(n, id, d, err));
    if (strcmp(d->view.partner, in->partner) != 0) return ent_fail(err, ENT_NOT_FOUND, "no disclosure with this number");
    const ent_held_agreement *h = ent_agreement_named(n, d->view.agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, d->view.flow) : NULL;
    if (!f || h->state != ENT_AGREEMENT_SIGNED || f->confirm_by == ENT_CONFIRM_HOLDER) return ent_fail(err, ENT_REFUSED, "the agreement does not ask for the requester's conclusions");
    for (size_t i = 0; i < count; i++) {
        ent_told_conclusion c;
        ENT_TRY(take_proof(n, in, &r, d, &c, err));
        merge(d, &c);
    }
    if (r.at != r.end) return ent_fail(err, ENT_FORMAT, "no conclusions");
    for (size_t i = 0; i < d->told_count; i++) stands &= d->told[i].finding == ENT_FINDING_IDENTIFIED;
    ENT_TRY(ent_disclosure_put(n, b, d, err));
    ent_entry e = {.kind = ENT_ENTRY_EXAMINED, .time = ent_now(n), .follows = d->view.index, .agreement_version = h->a->version, .clause = ENT_CLAUSE_TOLD_CONCLUSIONS};
    memcpy(e.case_number.b, d->view.reference.b, ENT_ID_SIZE);
    memcpy(e.agreement, h->envelope.digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", d->view.flow);
    snprintf(e.purpose, sizeof e.purpose, "%s", d->view.purpose);
    e.party = ent_agreement_place(h->a, d->view.on_behalf_of);
    ent_commit_to(d->salt, in->message.body, in->message.body_len, e.commitment);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    if (stands) return ENT_OK;
    /* what was disclosed on the strength of an earlier conclusion comes back */
    ENT_AUTO_BATCH back = ent_batch_new("confirmed-no-more");
    if (!back) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_disclosures_recall(n, back, NULL, d->view.reference.b, ENT_RECALL_CORRECTED, err));
    return ent_commit(n, back, NULL, err);
}

void ent_confirm_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    ent_disclosure_record *d = calloc(1, sizeof *d);
    pthread_mutex_lock(&n->lock);
    ent_code code = d ? take(n, arrival, d, &err) : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_unlock(&n->lock);
    free(d);
    bool refused = code == ENT_REFUSED || code == ENT_SIGNATURE || code == ENT_DENIED;
    *ret_status = code == ENT_OK ? 200 : refused ? 403 : code == ENT_NOT_FOUND ? 410 : code == ENT_FORMAT ? 422 : 503;
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "confirm", ret_body);
}

struct finding_of {
    const ent_search_id *candidate;
    ent_conclusion *ret;
    size_t count, cap;
    bool face;
};

static ent_code add(void *ctx, const ent_disclosure_record *d)
{
    struct finding_of *s = ctx;
    if (!ent_id_equal(d->view.reference.b, s->candidate->b)) return ENT_OK;
    s->face |= d->told_count && d->view.fields & 1u << ENT_FIELD_FACIAL_IMAGE;
    for (size_t i = 0; i < d->told_count && s->count < s->cap; i++) {
        ent_conclusion *c = &s->ret[s->count++];
        *c = (ent_conclusion){.examiner = d->told[i].examiner, .at = d->told[i].at, .confirmed = d->told[i].finding == ENT_FINDING_IDENTIFIED};
        snprintf(c->node, sizeof c->node, "%s", d->view.partner);
    }
    return ENT_OK;
}

size_t ent_conclusions_of(ent_flow_node *n, const ent_search_id *candidate, ent_conclusion *ret, size_t cap, bool *ret_face)
{
    struct finding_of s = {candidate, ret, 0, cap, false};
    bool done = ent_disclosures_walk(n, NULL, add, &s, NULL) == ENT_OK;
    *ret_face = s.face;
    return done ? s.count : 0;
}
