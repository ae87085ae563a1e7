/* The requester's end: a disclosure is kept under a key of its own until the agreement's day, opened by persons (each opening is
 * an entry), destroyed by the clock, by a recall, or when the agreement ends. */
#include "base/check.h"
#include "flow/disclosure/conclude.h"
#include "flow/disclosure/kept.h"
#include "flow/disclosure/onward.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

/* ---- arriving ---- */

static bool disclosed_says(ent_flow_node *n, const ent_arrival *in, const ent_search_id *candidate, uint8_t party)
{
    ent_entry e;
    bool good = ent_partner_says_locked(n, in->partner, in->message.proof, strlen(in->message.proof), &e, NULL, NULL) == ENT_OK;
    return good && e.kind == ENT_ENTRY_DISCLOSED && ent_id_equal(e.case_number.b, candidate->b) && e.party == party;
}

static ent_code check(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const ent_search_record *r, ent_date *ret_until, ent_err *err)
{
    if (!r->view.sent || !r->view.hit || strcmp(r->view.partner, in->partner) != 0)
        return ent_fail(err, ENT_REFUSED, "this node did not ask what is disclosed");
    if (strcmp(d->agreement, r->view.agreement) != 0 || strcmp(d->flow, r->view.flow) != 0 || !ent_id_equal(d->id, in->message.id))
        return ent_fail(err, ENT_REFUSED, "the disclosure is about another agreement or flow than the search");
    if (strcmp(d->on_behalf_of, r->view.on_behalf_of) != 0) return ent_fail(err, ENT_REFUSED, "the search was asked on behalf of somebody else");
    if (!disclosed_says(n, in, &d->candidate, r->party)) return ent_fail(err, ENT_REFUSED, "the proof of \"disclosed\" does not verify or is about another search");
    const ent_held_agreement *h = ent_agreement_named(n, d->agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, d->flow) : NULL;
    if (!f || h->state != ENT_AGREEMENT_SIGNED) return ent_fail(err, ENT_REFUSED, "the agreement is not in force");
    for (size_t i = 0; i < d->count; i++) {
        uint32_t bit = 0;
        for (int k = 0; k < ENT_FIELD_COUNT; k++)
            if (strcmp(ent_field_text((ent_field)k), d->value[i].field) == 0) bit = 1u << k;
        if (!(bit & (f->on_hit | f->on_confirmed))) return ent_fail(err, ENT_REFUSED, "the field %s is not granted by the agreement", d->value[i].field);
    }
    /* never longer than our own reading of the agreement */
    ent_date most = ent_time_date((ent_time){ent_now(n).ms + f->requester_keeps_ms});
    *ret_until = ent_date_compare(d->keep_until, most) < 0 ? d->keep_until : most;
    return ENT_OK;
}

static ent_code prove(ent_flow_node *n, ent_entry_kind kind, const ent_search_id *reference, ent_buf *ret_body, ent_err *err)
{
    uint64_t index;
    ENT_TRY(ent_entry_find(n, kind, reference->b, &index, err));
    return n->c.ledger.receipt(n->c.ledger.self, index, ret_body, err);
}

bool ent_kept_gone(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE])
{
    ENT_AUTO_BUF row = ENT_BUF(64);
    return n->c.store.get(n->c.store.self, ENT_TABLE_ANSWERS, id, ENT_ID_SIZE, &row, NULL) == ENT_OK;
}

static void remember_gone(ent_batch *b, const uint8_t id[ENT_ID_SIZE])
{
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_ANSWERS, ENT_BYTES(id, ENT_ID_SIZE), ENT_BYTES("K", 1));
}

static ent_code take(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const ent_buf *text, ent_search_record *r, ent_buf *ret_body, ent_err *err)
{
    ent_date until = {0};
    if (ent_kept_gone(n, d->id))
        return ent_fail(err, ENT_GONE, "this disclosure was kept here and destroyed: it is not taken again");
    ENT_TRY(ent_search_get(n, d->reference.b, r, err));
    ENT_TRY(check(n, in, d, r, &until, err));
    ent_kept k = {.view = {.reference = d->reference, .candidate = d->candidate, .received = in->received, .until = until}, .agreement_version = d->agreement_version, .party = r->party};
    memcpy(k.view.id, d->id, ENT_ID_SIZE);
    snprintf(k.view.partner, sizeof k.view.partner, "%s", in->partner);
    snprintf(k.view.agreement, sizeof k.view.agreement, "%s", d->agreement);
    snprintf(k.view.flow, sizeof k.view.flow, "%s", d->flow);
    snprintf(k.purpose, sizeof k.purpose, "%s", d->purpose);
    snprintf(k.view.on_behalf_of, sizeof k.view.on_behalf_of, "%s", d->on_behalf_of);
    memcpy(k.agreement_digest, r->agreement_digest, 32);
    ENT_TRY(ent_kept_put(n, &k, ENT_BYTES(text->data, text->len), "requester-keeps", r->view.index, err));
    return prove(n, ENT_ENTRY_KEPT, &d->candidate, ret_body, err);
}

static int status_of(ent_code code)
{
    switch (code) {
    case ENT_OK: return 200;
    case ENT_REFUSED: return 403;
    case ENT_NOT_FOUND: case ENT_GONE: return 410;
    case ENT_FORMAT: case ENT_DAMAGED: return 422;
    default: return 503;
    }
}

void ent_disclosure_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX), proof = ENT_BUF(ENT_NOTE_MAX);
    ent_err err = {0};
    ent_disclosed_text *d = calloc(1, sizeof *d);
    ent_search_record *r = calloc(1, sizeof *r);
    ent_code code = d && r ? ENT_OK : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = ent_unseal_as(&n->c.identity, ENT_BYTES(arrival->message.body, arrival->message.body_len), &text, &err);
    if (code == ENT_OK) code = ent_disclosed_read(text.data, text.len, d, &err);
    if (code == ENT_OK) code = take(n, arrival, d, &text, r, &proof, &err);
    pthread_mutex_unlock(&n->lock);
    free(d);
    free(r);
    *ret_status = status_of(code);
    if (code == ENT_OK) ent_buf_put(ret_body, proof.data, proof.len);
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}

/* ---- going ---- */

/* recalled: the reason; NULL: its time is over, as it is for whoever it was given on to. */
static ent_code destroy(ent_flow_node *n, const ent_kept *k, const char *clause, const char *recalled, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("unkeep");
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    memcpy(key + 1, k->view.id, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(k->slot.number >> (56 - 8 * i));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_KEPT, ENT_BYTES(k->view.id, ENT_ID_SIZE), ENT_BYTES("", 0));
    /* its message may come once more: the id is remembered, nothing else of it */
    remember_gone(b, k->view.id);
    ENT_TRY(ent_conclusions_drop(n, b, k->view.id, err));
    if (recalled) {
        ENT_TRY(ent_onward_recall(n, b, k->view.id, recalled, err));
        ent_kept_entry(n, ENT_ENTRY_RECALLED, k, clause, &e);
        ent_batch_entry(b, &e);
    }
    ent_kept_entry(n, ENT_ENTRY_DESTROYED, k, clause, &e);
    ent_batch_entry(b, &e);
    return ent_commit_with(n, b, ent_destructions_finish, NULL, err);
}

typedef struct recall {
    uint8_t id[ENT_ID_SIZE];
    ent_search_id reference, candidate;
    char reason[24];
} recall;

/* Version 1 named no candidate: there was one, the search's own. */
static bool read_recall(const void *body, size_t len, recall *ret)
{
    char text[256] = "", id[33], reference[33], candidate[33];
    if (len >= sizeof text) return false;
    memcpy(text, body, len);
    bool second = sscanf(text, "entente-recall/v2\nid %32[0-9a-f]\nreference %32[0-9a-f]\ncandidate %32[0-9a-f]\nreason %23[a-z]", id, reference, candidate, ret->reason) == 4;
    bool first = !second && sscanf(text, "entente-recall/v1\nid %32[0-9a-f]\nreference %32[0-9a-f]\nreason %23[a-z]", id, reference, ret->reason) == 3;
    return (first || second) && ent_id_parse(id, ret->id) && ent_id_parse(reference, ret->reference.b) && ent_id_parse(first ? reference : candidate, ret->candidate.b);
}

/* Whether this partner may give on to this node what it received under some flow. */
static bool gives_here(ent_flow_node *n, const ent_arrival *in)
{
    for (size_t i = 0; i < n->agreement_count; i++)
        for (size_t k = 0; k < n->agreements[i].a->flow_count; k++) {
            const ent_flow *f = &n->agreements[i].a->flow[k];
            if (strcmp(f->requester, in->partner) == 0 && ent_flow_gives_on(f, n->c.name)) return true;
        }
    return false;
}

/* Nothing is kept under this id: gone before, then the same undertaking again; never here, then it stays out. */
static ent_code recall_unknown(ent_flow_node *n, const ent_arrival *in, const recall *what, ent_buf *ret_body, ent_err *err)
{
    const uint8_t *id = what->id;
    ENT_AUTO_BATCH b = ent_batch_new("recall");
    ent_search_record *r = calloc(1, sizeof *r);
    bool asked = r && ent_search_get(n, what->reference.b, r, NULL) == ENT_OK && r->view.sent && strcmp(r->view.partner, in->partner) == 0;
    free(r);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if ((asked || gives_here(n, in)) && ent_kept_gone(n, id)) return prove(n, ENT_ENTRY_DESTROYED, &what->candidate, ret_body, err);
    asked = asked || gives_here(n, in);
    if (asked) {
        remember_gone(b, id);
        ENT_TRY(ent_commit(n, b, NULL, err));
    }
    return ent_fail(err, ENT_NOT_FOUND, "nothing of this search is kept here");
}

static ent_code take_recall(ent_flow_node *n, const ent_arrival *in, ent_buf *ret_body, ent_err *err)
{
    recall what;
    ent_kept k;
    if (!read_recall(in->message.body, in->message.body_len, &what)) return ent_fail(err, ENT_FORMAT, "no recall");
    ent_code code = ent_kept_get(n, what.id, &k, NULL, err);
    if (code == ENT_NOT_FOUND) return recall_unknown(n, in, &what, ret_body, err);
    if (code != ENT_OK) return code;
    if (strcmp(k.view.partner, in->partner) != 0) return ent_fail(err, ENT_NOT_FOUND, "nothing of this search is kept here");
    char clause[ENT_LAW_CLAUSE];
    snprintf(clause, sizeof clause, "recalled: %s", what.reason);
    ENT_TRY(destroy(n, &k, clause, what.reason, err));
    return prove(n, ENT_ENTRY_DESTROYED, &k.view.candidate, ret_body, err);
}

void ent_recall_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ENT_AUTO_BUF proof = ENT_BUF(ENT_NOTE_MAX);
    ent_err err = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = take_recall(n, arrival, &proof, &err);
    pthread_mutex_unlock(&n->lock);
    *ret_status = status_of(code);
    if (code == ENT_OK) ent_buf_put(ret_body, proof.data, proof.len);
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}

/* ---- listing, opening, the clock ---- */

struct listing {
    ent_kept *all;
    size_t count, cap;
};

static ent_code remember(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct listing *l = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (key_len != ENT_ID_SIZE) return ENT_DAMAGED;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        ent_kept *all = realloc(l->all, cap * sizeof *all);
        if (!all) return ENT_NO_MEMORY;
        l->all = all;
        l->cap = cap;
    }
    return ent_kept_read(key, &c, &l->all[l->count++]) ? ENT_OK : ENT_DAMAGED;
}

static ent_code list(ent_flow_node *n, struct listing *l, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_KEPT, &all, remember, l, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a kept disclosure's row cannot be read") : code;
}

ent_code ent_flow_kept(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_kept_view *v), void *ctx, ent_err *err)
{
    struct listing l = {0};
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_KEPT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = list(n, &l, err);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) see(ctx, &l.all[i].view);
    free(l.all);
    return code;
}

static ent_code open_kept(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_text, ent_kept *k, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("open-kept");
    ENT_AUTO_BUF box = ENT_BUF(ENT_KEPT_ROW);
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(ent_kept_get(n, id, k, &box, err));
    if (ent_kept_over(n, k)) return ent_fail(err, ENT_GONE, "its time is over");
    ENT_TRY(ent_kept_open(n, k, &box, ret_text, err));
    ent_kept_entry(n, ENT_ENTRY_EXPORTED, k, "opened", &e);
    e.actor = by->pseudonym;
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_kept_open(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE],
                            void (*see)(void *ctx, const char *field, uint8_t finger, const void *value, size_t len), void *ctx, ent_kept_view *ret_view,
                            ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX);
    ent_kept k;
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_KEPT, err));
    ent_disclosed_text *d = calloc(1, sizeof *d);
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = open_kept(n, by, id, &text, &k, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) code = ent_disclosed_read(text.data, text.len, d, err);
    for (size_t i = 0; code == ENT_OK && i < d->count; i++) see(ctx, d->value[i].field, d->value[i].finger, d->value[i].value, d->value[i].len);
    if (code == ENT_OK) *ret_view = k.view;
    free(d);
    return code;
}

ent_code ent_kept_tick(ent_flow_node *n, ent_err *err)
{
    struct listing l = {0};
    ent_code code = list(n, &l, err);
    for (size_t i = 0; i < l.count && code == ENT_OK; i++)
        if (ent_kept_over(n, &l.all[i])) code = destroy(n, &l.all[i], "requester-keeps", NULL, err);
    free(l.all);
    return code;
}
