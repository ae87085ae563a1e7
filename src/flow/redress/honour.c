/* The holder's end: whether a slip that was shown counts, and slips that a partner revokes. Nothing of a slip is kept but its number. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/examination/case.h"
#include "flow/receipt/receipt.h"
#include "flow/redress/redress.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

/* One comparison of one traveller with their own slip: of 10,000 who took it from somebody, one at most passes. */
#define SAME_TRAVELLER 1e-4

enum { REVOKED_KEY = 1 + 32, REVOKED_ROW = 8 };

const char *ent_slip_effect_text(ent_slip_effect e)
{
    static const char *const texts[] = {
#define ENT_X(name, text) text,
        ENT_SLIP_EFFECTS(ENT_X)
#undef ENT_X
    };
    return texts[e];
}

/* ---- does it count? ---- */

static bool signed_by(ent_flow_node *n, const char *partner, const ent_slip *s)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_SLIP_MAX);
    const ent_held_partner *p = ent_partner_named(n, partner);
    if (!p || p->revoked) return false;
    ent_slip_signed_text(s, &text);
    if (ent_sign_verify(&p->card.identity, text.data, text.len, s->signature)) return true;
    return p->old_until_ms > ent_now(n).ms && ent_sign_verify(&p->old_key, text.data, text.len, s->signature);
}

/* Opens what is sealed, when it is of this very slip. */
static bool open_inner(ent_flow_node *n, const ent_slip *s, ent_slip_inner *ret)
{
    ENT_AUTO_BUF plain = ENT_BUF(ENT_SLIP_INNER);
    uint8_t commitment[32];
    if (ent_unseal_as(&n->c.identity, ENT_BYTES(s->sealed, s->sealed_len), &plain, NULL) != ENT_OK) return false;
    if (ent_slip_inner_read(plain.data, plain.len, ret, NULL) != ENT_OK) return false;
    ent_commit_to(ret->salt, ret->template_bytes, ret->template_len, commitment);
    return ent_id_equal(ret->number, s->number) && ent_date_compare(ret->until, s->until) == 0 && memcmp(commitment, s->traveller, 32) == 0;
}

static ent_slip_effect valid(ent_flow_node *n, const char *partner, const char *agreement, const ent_slip *s, ent_slip_inner *ret)
{
    bool revoked = true; /* what cannot be read does not count */
    ent_date last = ent_date_add(ent_time_date(s->issued), 0, 0, ENT_SLIP_DAYS);
    if (strcmp(s->issuer, partner) != 0 || strcmp(s->holder, n->c.name) != 0 || strcmp(s->agreement, agreement) != 0) return ENT_SLIP_FORGED;
    if (!signed_by(n, partner, s)) return ENT_SLIP_FORGED;
    if (ent_date_compare(s->until, ent_today(n)) < 0 || ent_date_compare(s->until, last) > 0) return ENT_SLIP_EXPIRED;
    if (ent_redress_revoked(n, partner, s->number, &revoked, NULL) != ENT_OK || revoked) return ENT_SLIP_REVOKED;
    return open_inner(n, s, ret) ? ENT_SLIP_NONE : ENT_SLIP_FORGED;
}

/* A pair that the examiners judged: the candidate, the evidence of then. */
static ent_slip_effect add_pair(ent_flow_node *n, const ent_search_view *v, ent_leave *ret)
{
    ent_case k;
    const ent_held_part *p = ent_part_held(n, v->candidate.b);
    if (!p || p->hidden) return ENT_SLIP_GONE;
    /* a conclusion that was changed since takes the slip with it */
    if (ent_case_of(n, v->reference.b, &k, NULL) != ENT_OK || k.state != ENT_CASE_CONCLUDED || k.finding != ENT_FINDING_EXCLUDED) return ENT_SLIP_NOT_EXCLUDED;
    ret->record[ret->count].part = v->candidate;
    ret->record[ret->count].finger = v->score;
    ret->record[ret->count++].ratio = v->ratio;
    return ENT_SLIP_NONE;
}

/* The candidates of the partner's search, from this node's own rows: all that are held still were excluded. */
static ent_slip_effect find_pairs(ent_flow_node *n, const char *partner, const char *agreement, ent_search_record *r, ent_leave *ret)
{
    const ent_search_view v = r->view;
    if (v.sent || !v.hit || !ent_id_is_zero(v.search.b) || strcmp(v.partner, partner) != 0 || strcmp(v.agreement, agreement) != 0) return ENT_SLIP_NOT_EXCLUDED;
    ent_slip_effect effect = add_pair(n, &v, ret);
    for (size_t i = 0; i < v.other_count && effect != ENT_SLIP_NOT_EXCLUDED; i++) {
        ent_code code = ent_search_get(n, v.other[i].b, r, NULL);
        effect = code == ENT_OK ? add_pair(n, &r->view, ret) : ENT_SLIP_NOT_EXCLUDED;
    }
    return effect == ENT_SLIP_NOT_EXCLUDED ? effect : ret->count ? ENT_SLIP_NONE : ENT_SLIP_GONE;
}

static bool alike(const ent_finger_probe *own, const ent_capture_print *print)
{
    ent_finger_template *t;
    if (!print->template_len || ent_finger_decode(print->template_bytes, print->template_len, &t, NULL) != ENT_OK) return false;
    ent_finger_meaning m = ent_finger_llr(ent_finger_match_full(own, t, NULL));
    ent_finger_template_free(t);
    return m.ratio > 0 && m.false_match <= SAME_TRAVELLER;
}

/* A slip helps its own traveller only: one of the probe's prints is the slip's. */
static bool same_traveller(const ent_slip_inner *s, const ent_capture *probe)
{
    ent_finger_template *t;
    ent_finger_probe *own;
    bool same = false;
    if (ent_finger_decode(s->template_bytes, s->template_len, &t, NULL) != ENT_OK) return false;
    ent_code code = ent_finger_probe_new(t, &own, NULL);
    ent_finger_template_free(t);
    if (code != ENT_OK) return false;
    for (size_t i = 0; i < probe->print_count && !same; i++) {
        uint8_t finger = probe->print[i]->finger;
        same = (!finger || !s->finger || finger == s->finger) && alike(own, probe->print[i]);
    }
    ent_finger_probe_free(own);
    return same;
}

void ent_redress_consider(ent_flow_node *n, const char *partner, const char *agreement, const ent_slip *slip, const ent_capture *probe, ent_leave *ret)
{
    ent_slip_inner inner = {0};
    ent_leave leave = {0};
    ent_search_record *r = calloc(1, sizeof *r);
    memcpy(leave.number, slip->number, ENT_ID_SIZE);
    pthread_mutex_lock(&n->lock);
    leave.effect = r ? valid(n, partner, agreement, slip, &inner) : ENT_SLIP_GONE;
    if (leave.effect == ENT_SLIP_NONE && ent_search_get(n, inner.reference.b, r, NULL) != ENT_OK) leave.effect = ENT_SLIP_NOT_EXCLUDED;
    if (leave.effect == ENT_SLIP_NONE) leave.effect = find_pairs(n, partner, agreement, r, &leave);
    pthread_mutex_unlock(&n->lock);
    if (leave.effect == ENT_SLIP_NONE && !same_traveller(&inner, probe)) leave.effect = ENT_SLIP_OTHER_TRAVELLER;
    ent_wipe(&inner, sizeof inner);
    free(r);
    *ret = leave;
}

/* ---- revocation: 'r' and a digest of partner and number; until when the slip would have counted ---- */

static void revoked_key(const char *partner, const uint8_t number[ENT_ID_SIZE], uint8_t ret[REVOKED_KEY])
{
    ret[0] = 'r';
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(partner, strlen(partner) + 1), ENT_BYTES(number, ENT_ID_SIZE)}, 2, ret + 1);
}

ent_code ent_redress_revoked(ent_flow_node *n, const char *partner, const uint8_t number[ENT_ID_SIZE], bool *ret_revoked, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(REVOKED_ROW);
    uint8_t key[REVOKED_KEY];
    revoked_key(partner, number, key);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_REDRESS, key, sizeof key, &row, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    *ret_revoked = code == ENT_OK;
    return ENT_OK;
}

/* The partner's own ledger says so, of this number. */
static bool ledger_says(ent_flow_node *n, const ent_arrival *in, const uint8_t number[ENT_ID_SIZE])
{
    ent_entry e;
    bool good = ent_partner_says_locked(n, in->partner, in->message.proof, strlen(in->message.proof), &e, NULL, NULL) == ENT_OK;
    return good && e.kind == ENT_ENTRY_REDRESS && strcmp(e.clause, "slip revoked") == 0 && ent_id_equal(e.case_number.b, number);
}

static ent_code take_revocation(ent_flow_node *n, const ent_arrival *in, ent_err *err)
{
    char text[160] = "", number_text[33], until_text[11];
    uint8_t number[ENT_ID_SIZE], key[REVOKED_KEY], salt[32];
    ENT_AUTO_BUF row = ENT_BUF(REVOKED_ROW);
    ent_date until;
    ENT_AUTO_BATCH b = ent_batch_new("redress-revoked");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (in->message.body_len < sizeof text) memcpy(text, in->message.body, in->message.body_len);
    if (sscanf(text, "entente-redress-revoked/v1\nnumber %32[0-9a-f]\nuntil %10[0-9-]", number_text, until_text) != 2 || !ent_id_parse(number_text, number) ||
        !ent_date_parse(until_text, &until) || ent_date_compare(until, ent_date_add(ent_today(n), 0, 0, ENT_SLIP_DAYS)) > 0)
        return ent_fail(err, ENT_FORMAT, "no revocation of a redress slip");
    if (!ledger_says(n, in, number)) return ent_fail(err, ENT_REFUSED, "the proof of \"slip revoked\" does not verify or is about another slip");
    bool known = false;
    ENT_TRY(ent_redress_revoked(n, in->partner, number, &known, err));
    if (known) return ENT_OK; /* told twice */
    revoked_key(in->partner, number, key);
    ent_buf_u64(&row, (uint64_t)ent_date_start(until).ms);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_REDRESS, ENT_BYTES(key, sizeof key), ENT_BYTES(row.data, row.len));
    ent_entry e = {.kind = ENT_ENTRY_REDRESS, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .destroy_by = until, .clause = "slip revoked by the partner"};
    memcpy(e.case_number.b, number, ENT_ID_SIZE);
    ent_fill(n, salt, sizeof salt);
    ent_commit_to(salt, text, strlen(text), e.commitment);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

void ent_redress_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = take_revocation(n, arrival, &err);
    pthread_mutex_unlock(&n->lock);
    *ret_status = code == ENT_OK ? 200 : code == ENT_FORMAT ? 422 : code == ENT_REFUSED ? 403 : 503;
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}
