/* The third party receives what is given on. */
#include "flow/disclosure/onward.h"

#include "base/check.h"
#include "base/wipe.h"
#include "flow/disclosure/kept.h"
#include "flow/disclosure/onward_row.h"
#include "flow/receipt/receipt.h"
#include "flow/search/search.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

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
static ent_code check_given(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const char *authorised, ent_onward_copy *c, ent_err *err)
{
    const ent_message *m = &in->message;
    const ent_held_agreement *h;
    const ent_flow *f;
    if (!ent_id_equal(d->id, m->id) || strcmp(d->agreement, m->agreement) != 0 || strcmp(d->flow, m->flow) != 0) return ent_fail(err, ENT_REFUSED, "the copy is another than the message says");
    ENT_TRY(ent_onward_granted(n, d->agreement, d->flow, n->c.name, &h, &f, err));
    if (strcmp(f->requester, in->partner) != 0) return ent_onward_refuse(err, "only the flow's requester gives on", in->partner);
    if (!m->agreement_digest || memcmp(m->agreement_digest, h->envelope.digest, 32) != 0) return ent_onward_refuse(err, "another version of the agreement is in force here", d->agreement);
    memcpy(c->view.id, d->id, ENT_ID_SIZE);
    memcpy(c->agreement_digest, h->envelope.digest, 32);
    snprintf(c->view.flow, sizeof c->view.flow, "%s", d->flow);
    snprintf(c->view.partner, sizeof c->view.partner, "%s", f->holder);
    c->place = ent_agreement_place(h->a, n->c.name);
    c->behalf = ent_agreement_place(h->a, d->on_behalf_of);
    c->agreement_version = h->a->version;
    if (!ent_onward_says(n, in->partner, m->proof, ENT_ENTRY_EXPORTED, ENT_CLAUSE_GIVEN_ON, c)) return ent_onward_refuse(err, "the proof that it left does not verify or is about another copy", in->partner);
    if (f->onward_authorised && !ent_onward_says(n, f->holder, authorised, ENT_ENTRY_APPROVED, ENT_CLAUSE_AUTHORISED, c)) return ent_onward_refuse(err, "the holder's authorisation does not verify", f->holder);
    ENT_TRY(check_fields(d, f, err));
    ent_date most = ent_time_date((ent_time){ent_now(n).ms + f->requester_keeps_ms});
    c->view.until = ent_date_compare(d->keep_until, most) < 0 ? d->keep_until : most;
    return ENT_OK;
}

static ent_code take_given(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const ent_buf *text, const char *authorised, ent_buf *ret_body, ent_err *err)
{
    ent_onward_copy *c = calloc(1, sizeof *c);
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
    *ret_status = ent_onward_status(code);
    if (code == ENT_OK) ent_buf_put(ret_body, proof.data, proof.len);
    else ent_refusal_write(*ret_status, code, err.detail, "onward", ret_body);
}
