/* The requester's end: a disclosure is kept under a key of its own until the agreement's day, opened by persons (each opening is
 * an entry), destroyed by the clock, by a recall, or when the agreement ends. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "flow/disclosure/disclosure.h"
#include "flow/receipt/receipt.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 2, ROW_MAX = ENT_DISCLOSED_MAX + 4096 };

typedef struct kept {
    ent_kept_view view;
    ent_slot slot;
    uint8_t agreement_digest[32];
    uint32_t agreement_version;
    char purpose[ENT_PURPOSE_NAME];
    uint8_t party;                  /* for whom it was asked, by its place in the agreement */
    uint8_t salt[32];
} kept;

/* ---- rows: what names nobody in clear, then the box ---- */

static void binding_of(const uint8_t id[ENT_ID_SIZE], uint8_t ret[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente kept", 12), ENT_BYTES(id, ENT_ID_SIZE)}, 2, ret);
}

static void encode(const kept *k, ent_buf *row)
{
    const ent_kept_view *v = &k->view;
    ent_buf_u8(row, VERSION);
    ent_buf_u64(row, k->slot.number);
    ent_buf_u32(row, ent_date_pack(v->until));
    ent_buf_u64(row, (uint64_t)v->received.ms);
    ent_buf_put(row, v->reference.b, ENT_ID_SIZE);
    ent_buf_text8(row, v->partner);
    ent_buf_text8(row, v->agreement);
    ent_buf_text8(row, v->flow);
    ent_buf_text8(row, k->purpose);
    ent_buf_u32(row, k->agreement_version);
    ent_buf_put(row, k->agreement_digest, 32);
    ent_buf_put(row, k->salt, 32);
    ent_buf_put(row, v->candidate.b, ENT_ID_SIZE);
    ent_buf_text8(row, v->on_behalf_of);
    ent_buf_u8(row, k->party);
}

/* The cursor is left at the box. */
static bool decode(const uint8_t *key, ent_cursor *c, kept *k)
{
    ent_kept_view *v = &k->view;
    *k = (kept){0};
    memcpy(v->id, key, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(c);
    k->slot.number = ent_cursor_u64(c);
    v->until = ent_date_unpack(ent_cursor_u32(c));
    v->received.ms = (int64_t)ent_cursor_u64(c);
    ent_cursor_copy(c, v->reference.b, ENT_ID_SIZE);
    ent_cursor_text8(c, v->partner, sizeof v->partner);
    ent_cursor_text8(c, v->agreement, sizeof v->agreement);
    ent_cursor_text8(c, v->flow, sizeof v->flow);
    ent_cursor_text8(c, k->purpose, sizeof k->purpose);
    k->agreement_version = ent_cursor_u32(c);
    ent_cursor_copy(c, k->agreement_digest, 32);
    ent_cursor_copy(c, k->salt, 32);
    v->candidate = v->reference;
    if (version > 1) {
        ent_cursor_copy(c, v->candidate.b, ENT_ID_SIZE);
        ent_cursor_text8(c, v->on_behalf_of, sizeof v->on_behalf_of);
        k->party = ent_cursor_u8(c);
    }
    return (version == 1 || version == VERSION) && !c->bad;
}

static ent_code get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], kept *ret, ent_buf *ret_box, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_KEPT, id, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no disclosure with this number is kept here");
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    if (!decode(id, &c, ret)) return ent_fail(err, ENT_DAMAGED, "a kept disclosure's row cannot be read");
    size_t left = ent_cursor_left(&c);
    if (ret_box) ent_buf_put(ret_box, ent_cursor_take(&c, left), left);
    return ENT_OK;
}

static void fill_entry(ent_flow_node *n, ent_entry_kind kind, const kept *k, const char *clause, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = k->agreement_version};
    memcpy(ret->case_number.b, k->view.candidate.b, ENT_ID_SIZE);
    ret->party = k->party;
    memcpy(ret->agreement, k->agreement_digest, 32);
    snprintf(ret->flow, sizeof ret->flow, "%s", k->view.flow);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", k->purpose);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
    ent_commit_to(k->salt, k->view.id, ENT_ID_SIZE, ret->commitment);
}

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

static ent_code keep(ent_flow_node *n, const ent_arrival *in, const ent_disclosed_text *d, const ent_buf *text, const ent_search_record *r, ent_date until, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("keep");
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    uint8_t binding[32], nonce[12];
    ENT_WIPED_KEY key;
    ent_entry e;
    kept k = {.view = {.reference = d->reference, .candidate = d->candidate, .received = in->received, .until = until}, .agreement_version = d->agreement_version, .party = r->party};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    memcpy(k.view.id, d->id, ENT_ID_SIZE);
    snprintf(k.view.partner, sizeof k.view.partner, "%s", in->partner);
    snprintf(k.view.agreement, sizeof k.view.agreement, "%s", d->agreement);
    snprintf(k.view.flow, sizeof k.view.flow, "%s", d->flow);
    snprintf(k.purpose, sizeof k.purpose, "%s", d->purpose);
    snprintf(k.view.on_behalf_of, sizeof k.view.on_behalf_of, "%s", d->on_behalf_of);
    memcpy(k.agreement_digest, r->agreement_digest, 32);
    ent_fill(n, k.salt, sizeof k.salt);
    ent_fill(n, nonce, sizeof nonce);
    binding_of(d->id, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &k.slot, &key, err));
    encode(&k, &row);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(d->id, ENT_ID_SIZE), ENT_BYTES(text->data, text->len), &row, err));
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_KEPT, ENT_BYTES(d->id, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    fill_entry(n, ENT_ENTRY_KEPT, &k, "requester-keeps", &e);
    e.follows = r->view.index;
    e.destroy_by = until;
    ent_batch_entry(b, &e);
    ent_code code = ent_commit(n, b, NULL, err);
    if (code == ENT_EXISTS || code == ENT_NO_SPACE) (void)!n->c.keys.destroy(n->c.keys.self, k.slot, NULL);
    return code == ENT_EXISTS ? ENT_OK : code; /* it came twice */
}

static ent_code prove(ent_flow_node *n, ent_entry_kind kind, const ent_search_id *reference, ent_buf *ret_body, ent_err *err)
{
    uint64_t index;
    ENT_TRY(ent_entry_find(n, kind, reference->b, &index, err));
    return n->c.ledger.receipt(n->c.ledger.self, index, ret_body, err);
}

/* The ids of disclosures that are gone, or were called back before they came: whatever arrives under them is not kept. */
static bool was_here(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE])
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
    if (was_here(n, d->id))
        return ent_fail(err, ENT_GONE, "this disclosure was kept here and destroyed: it is not taken again");
    ENT_TRY(ent_search_get(n, d->reference.b, r, err));
    ENT_TRY(check(n, in, d, r, &until, err));
    ENT_TRY(keep(n, in, d, text, r, until, err));
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

static ent_code destroy(ent_flow_node *n, const kept *k, const char *clause, bool recalled, ent_err *err)
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
    if (recalled) {
        fill_entry(n, ENT_ENTRY_RECALLED, k, clause, &e);
        ent_batch_entry(b, &e);
    }
    fill_entry(n, ENT_ENTRY_DESTROYED, k, clause, &e);
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

/* Nothing is kept under this id: gone before, then the same undertaking again; never here, then it stays out. */
static ent_code recall_unknown(ent_flow_node *n, const ent_arrival *in, const recall *what, ent_buf *ret_body, ent_err *err)
{
    const uint8_t *id = what->id;
    ENT_AUTO_BATCH b = ent_batch_new("recall");
    ent_search_record *r = calloc(1, sizeof *r);
    bool asked = r && ent_search_get(n, what->reference.b, r, NULL) == ENT_OK && r->view.sent && strcmp(r->view.partner, in->partner) == 0;
    free(r);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (asked && was_here(n, id)) return prove(n, ENT_ENTRY_DESTROYED, &what->candidate, ret_body, err);
    if (asked) {
        remember_gone(b, id);
        ENT_TRY(ent_commit(n, b, NULL, err));
    }
    return ent_fail(err, ENT_NOT_FOUND, "nothing of this search is kept here");
}

static ent_code take_recall(ent_flow_node *n, const ent_arrival *in, ent_buf *ret_body, ent_err *err)
{
    recall what;
    kept k;
    if (!read_recall(in->message.body, in->message.body_len, &what)) return ent_fail(err, ENT_FORMAT, "no recall");
    ent_code code = get(n, what.id, &k, NULL, err);
    if (code == ENT_NOT_FOUND) return recall_unknown(n, in, &what, ret_body, err);
    if (code != ENT_OK) return code;
    if (strcmp(k.view.partner, in->partner) != 0) return ent_fail(err, ENT_NOT_FOUND, "nothing of this search is kept here");
    char clause[ENT_LAW_CLAUSE];
    snprintf(clause, sizeof clause, "recalled: %s", what.reason);
    ENT_TRY(destroy(n, &k, clause, true, err));
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
    kept *all;
    size_t count, cap;
};

static ent_code remember(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct listing *l = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (key_len != ENT_ID_SIZE) return ENT_DAMAGED;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        kept *all = realloc(l->all, cap * sizeof *all);
        if (!all) return ENT_NO_MEMORY;
        l->all = all;
        l->cap = cap;
    }
    return decode(key, &c, &l->all[l->count++]) ? ENT_OK : ENT_DAMAGED;
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

static bool over(ent_flow_node *n, const kept *k)
{
    const ent_held_agreement *h = ent_agreement_named(n, k->view.agreement);
    return ent_date_compare(k->view.until, ent_today(n)) < 0 || !h || h->state == ENT_AGREEMENT_ENDED;
}

static ent_code open_kept(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_text, kept *k, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("open-kept");
    ENT_AUTO_BUF box = ENT_BUF(ROW_MAX);
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(get(n, id, k, &box, err));
    if (over(n, k)) return ent_fail(err, ENT_GONE, "its time is over");
    binding_of(id, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, k->slot, binding, &key, err));
    ENT_TRY(ent_unseal(&key, ENT_BYTES(id, ENT_ID_SIZE), ENT_BYTES(box.data, box.len), ret_text, err));
    fill_entry(n, ENT_ENTRY_EXPORTED, k, "opened", &e);
    e.actor = by->pseudonym;
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_kept_open(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE],
                            void (*see)(void *ctx, const char *field, uint8_t finger, const void *value, size_t len), void *ctx, ent_kept_view *ret_view,
                            ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_DISCLOSED_MAX);
    kept k;
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
        if (over(n, &l.all[i])) code = destroy(n, &l.all[i], "requester-keeps", false, err);
    free(l.all);
    return code;
}
