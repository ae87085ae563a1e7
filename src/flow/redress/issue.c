/* The requester's end: slips made, shown to whoever asks whether they count, revoked. What stays of one is its number, the search that
 * it is about, its day and its digest; the traveller has the only copy. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/queue.h"
#include "flow/redress/redress.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "law/crossing.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 1 + ENT_ID_SIZE, ROW_MAX = 1024, ROW_VERSION = 1, AT_ONCE = 256 };

/* A slip's row. */
typedef struct issued {
    ent_slip_view view;
    ent_search_id reference;
    char flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME];
    uint32_t agreement_version;
    uint8_t agreement_digest[32], salt[32], digest[32]; /* salt and content of the commitment: the slip's SHA-256 */
} issued;

/* ---- rows: 'i' and the number; the last day first, see ent_redress_tick ---- */

static void key_of(const uint8_t number[ENT_ID_SIZE], uint8_t ret[KEY])
{
    ret[0] = 'i';
    memcpy(ret + 1, number, ENT_ID_SIZE);
}

static void put(ent_batch *b, const issued *s)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    uint8_t key[KEY];
    key_of(s->view.number, key);
    ent_buf_u64(&row, (uint64_t)ent_date_start(s->view.until).ms);
    ent_buf_u8(&row, ROW_VERSION);
    ent_buf_u64(&row, (uint64_t)s->view.issued.ms);
    ent_buf_u64(&row, (uint64_t)s->view.revoked.ms);
    ent_buf_put(&row, s->reference.b, ENT_ID_SIZE);
    ent_buf_text8(&row, s->view.holder);
    ent_buf_text8(&row, s->view.agreement);
    ent_buf_text8(&row, s->flow);
    ent_buf_text8(&row, s->purpose);
    ent_buf_u32(&row, s->agreement_version);
    ent_buf_put(&row, s->agreement_digest, 32);
    ent_buf_put(&row, s->salt, 32);
    ent_buf_put(&row, s->digest, 32);
    if (row.failed != ENT_OK) b->failed = row.failed;
    else ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_REDRESS, ENT_BYTES(key, sizeof key), ENT_BYTES(row.data, row.len));
}

static bool decode(const ent_flow_node *n, const uint8_t number[ENT_ID_SIZE], const uint8_t *row, size_t len, issued *ret)
{
    ent_cursor c = ENT_CURSOR(row, len);
    *ret = (issued){0};
    memcpy(ret->view.number, number, ENT_ID_SIZE);
    ret->view.until = ent_time_date((ent_time){(int64_t)ent_cursor_u64(&c)});
    bool version = ent_cursor_u8(&c) == ROW_VERSION;
    ret->view.issued.ms = (int64_t)ent_cursor_u64(&c);
    ret->view.revoked.ms = (int64_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, ret->reference.b, ENT_ID_SIZE);
    ent_cursor_text8(&c, ret->view.holder, sizeof ret->view.holder);
    ent_cursor_text8(&c, ret->view.agreement, sizeof ret->view.agreement);
    ent_cursor_text8(&c, ret->flow, sizeof ret->flow);
    ent_cursor_text8(&c, ret->purpose, sizeof ret->purpose);
    ret->agreement_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, ret->agreement_digest, 32);
    ent_cursor_copy(&c, ret->salt, 32);
    ent_cursor_copy(&c, ret->digest, 32);
    ret->view.over = ent_date_compare(ret->view.until, ent_today(n)) < 0;
    return version && ent_cursor_done(&c);
}

static ent_code get(ent_flow_node *n, const uint8_t number[ENT_ID_SIZE], issued *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    uint8_t key[KEY];
    key_of(number, key);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_REDRESS, key, sizeof key, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no slip with this number is known here, or it was over long ago");
    if (code != ENT_OK) return code;
    return decode(n, number, row.data, row.len, ret) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a redress slip's row cannot be read");
}

struct listing {
    ent_flow_node *n;
    ent_code (*see)(void *ctx, const issued *s);
    void *ctx;
};

static ent_code list_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct listing *l = ctx;
    issued s;
    if (key_len != KEY || !decode(l->n, key + 1, value, value_len, &s)) return ENT_DAMAGED;
    return l->see(l->ctx, &s);
}

static ent_code walk(ent_flow_node *n, ent_code (*see)(void *ctx, const issued *s), void *ctx, ent_err *err)
{
    ent_change range = {.key = "i", .key_len = 1};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_REDRESS, &range, list_one, &(struct listing){n, see, ctx}, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a redress slip's row cannot be read") : code;
}

static void add_entry(ent_flow_node *n, ent_batch *b, const ent_actor *by, const issued *s, const char *clause)
{
    ent_entry e = {.kind = ENT_ENTRY_REDRESS, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = s->agreement_version,
                   .destroy_by = s->view.until, .actor = by->pseudonym};
    memcpy(e.case_number.b, s->view.number, ENT_ID_SIZE);
    memcpy(e.agreement, s->agreement_digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", s->flow);
    snprintf(e.purpose, sizeof e.purpose, "%s", s->purpose);
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_commit_to(s->salt, s->digest, 32, e.commitment);
    ent_batch_entry(b, &e);
}

/* ---- making one ---- */

static ent_code still_counts(void *ctx, const issued *s)
{
    const ent_search_id *reference = ctx;
    return ent_id_equal(s->reference.b, reference->b) && !s->view.over && !s->view.revoked.ms ? ENT_EXISTS : ENT_OK;
}

/* May there be a slip for this search? ret_modalities: of its flow. */
static ent_code may_issue(ent_flow_node *n, const ent_redress_ask *ask, ent_search_record *r, uint32_t *ret_modalities, ent_err *err)
{
    ent_search_id reference = ask->reference;
    if (!ask->consent) return ent_fail(err, ENT_REFUSED, "a slip is made only with the traveller's consent: ask, then say --consent");
    ENT_TRY(ent_search_get(n, reference.b, r, err));
    const ent_search_view *v = &r->view;
    if (!v->sent || !v->hit) return ent_fail(err, ENT_REFUSED, "a slip is for a traveller whom a search of this node stopped: this search did not hit");
    if (!v->closed) return ent_fail(err, ENT_REFUSED, "%s has not concluded yet: a slip can be made when it says \"not confirmed\"", v->partner);
    if (strcmp(v->outcome, "not confirmed") != 0) return ent_fail(err, ENT_REFUSED, "the case ended as \"%s\": only an exclusion makes a slip", v->outcome);
    const ent_held_agreement *h = ent_agreement_named(n, v->agreement);
    const ent_flow *f = h && h->state == ENT_AGREEMENT_SIGNED ? ent_agreement_flow(h->a, v->flow) : NULL;
    if (!f) return ent_fail(err, ENT_REFUSED, "the agreement %s is not in force", v->agreement);
    *ret_modalities = f->modalities;
    ent_code code = walk(n, still_counts, &reference, err);
    return code == ENT_EXISTS ? ent_fail(err, code, "there is a slip for this search that still counts: revoke it first") : code;
}

/* The best print of what was searched with: the transaction without the slip before it. */
static ent_code best_print(ent_flow_node *n, ent_bytes transaction, ent_slip_inner *ret, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    ent_finger_template *t;
    const ent_capture_print *best = NULL;
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", transaction.data, transaction.len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    for (size_t i = 0; i < c.print_count; i++)
        if (c.print[i]->template_len && (!best || c.print[i]->quality > best->quality)) best = c.print[i];
    ent_code code = best ? ent_finger_decode(best->template_bytes, best->template_len, &t, err)
                         : ent_fail(err, ENT_QUALITY, "a slip knows its traveller by a print: this search had none");
    if (code == ENT_OK) {
        ret->finger = best->finger;
        code = ent_finger_encode(t, ENT_FINGER_COMPACT, ret->template_bytes, sizeof ret->template_bytes, &ret->template_len, err);
        ent_finger_template_free(t);
    }
    ent_capture_free(&c);
    return code;
}

/* The file must be what was searched with, to the byte: nobody gets a slip for another's exclusion. */
static ent_code take_print(ent_flow_node *n, const void *file, size_t len, const ent_redress_ask *ask, const ent_search_record *r, uint32_t modalities,
                           ent_slip_inner *ret, ent_err *err)
{
    ENT_AUTO_BUF body = ENT_BUF(ENT_LIMIT_BODY);
    uint8_t digest[32];
    ent_search_options o = {.finger = ask->finger, .any_sequence = true, .slip = ask->slip, .slip_len = ask->slip_len};
    ent_probe_look_at look;
    ent_crossing c;
    ent_bytes capture = ENT_BYTES(file, len);
    if (ent_crossing_begins(file, len)) ENT_TRY(ent_crossing_read(file, len, &c, &capture, err));
    ENT_TRY(ent_search_body(n, capture, &o, modalities, &body, &look, err));
    ent_sha256(body.data, body.len, digest);
    if (memcmp(digest, r->body_digest, 32) != 0)
        return ent_fail(err, ENT_REFUSED, "this is not what was searched with: give the file of that search, its --finger and its --slip");
    return best_print(n, ENT_BYTES(body.data + ask->slip_len, body.len - ask->slip_len), ret, err);
}

static ent_code fill(ent_flow_node *n, const ent_search_record *r, ent_slip_inner *inner, ent_slip *ret, ent_err *err)
{
    ENT_AUTO_BUF plain = ENT_BUF(ENT_SLIP_INNER), sealed = ENT_BUF(ENT_SLIP_SEALED), text = ENT_BUF(ENT_SLIP_MAX);
    const ent_held_partner *p = ent_partner_named(n, r->view.partner);
    if (!p || p->revoked) return ent_fail(err, ENT_REFUSED, "the partner %s is not there any more", r->view.partner);
    *ret = (ent_slip){.issued = ent_now(n)};
    ret->until = ent_date_add(ent_today(n), 0, 0, ENT_SLIP_DAYS);
    ent_fill(n, ret->number, ENT_ID_SIZE);
    ent_fill(n, inner->salt, sizeof inner->salt);
    snprintf(ret->issuer, sizeof ret->issuer, "%s", n->c.name);
    snprintf(ret->holder, sizeof ret->holder, "%s", r->view.partner);
    snprintf(ret->agreement, sizeof ret->agreement, "%s", r->view.agreement);
    memcpy(inner->number, ret->number, ENT_ID_SIZE);
    inner->until = ret->until;
    inner->reference = r->view.reference;
    ent_commit_to(inner->salt, inner->template_bytes, inner->template_len, ret->traveller);
    ent_slip_inner_write(inner, &plain);
    ENT_TRY(ent_buf_check(&plain, err));
    ENT_TRY(ent_seal_to(&p->card.identity, ENT_BYTES(plain.data, plain.len), &sealed, err));
    memcpy(ret->sealed, sealed.data, sealed.len);
    ret->sealed_len = sealed.len;
    ent_slip_signed_text(ret, &text);
    ENT_TRY(ent_buf_check(&text, err));
    ent_sign(&n->c.identity, text.data, text.len, ret->signature);
    return ENT_OK;
}

static ent_code keep(ent_flow_node *n, const ent_actor *by, const ent_search_record *r, const ent_slip *slip, ent_buf *ret_slip, issued *s, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("redress-issue");
    ENT_AUTO_BUF text = ENT_BUF(ENT_SLIP_MAX);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_slip_write(slip, &text);
    ENT_TRY(ent_buf_check(&text, err));
    *s = (issued){.view = {.issued = slip->issued, .until = slip->until}, .reference = r->view.reference, .agreement_version = r->agreement_version};
    memcpy(s->view.number, slip->number, ENT_ID_SIZE);
    snprintf(s->view.holder, sizeof s->view.holder, "%s", slip->holder);
    snprintf(s->view.agreement, sizeof s->view.agreement, "%s", slip->agreement);
    snprintf(s->flow, sizeof s->flow, "%s", r->view.flow);
    snprintf(s->purpose, sizeof s->purpose, "%s", r->view.purpose);
    memcpy(s->agreement_digest, r->agreement_digest, 32);
    ent_fill(n, s->salt, sizeof s->salt);
    ent_sha256(text.data, text.len, s->digest);
    put(b, s);
    add_entry(n, b, by, s, "slip issued");
    ENT_TRY(ent_commit(n, b, NULL, err));
    ent_buf_put(ret_slip, text.data, text.len);
    return ent_buf_check(ret_slip, err);
}

ent_code ent_flow_redress_issue(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_redress_ask *ask, ent_buf *ret_slip,
                                ent_slip_view *ret_view, ent_err *err)
{
    ent_slip_inner inner = {0};
    ent_slip slip;
    issued s;
    uint32_t modalities = 0;
    ENT_TRY(ent_gate(by, ENT_MAY_REDRESS, err));
    ent_search_record *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = may_issue(n, ask, r, &modalities, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) code = take_print(n, file, len, ask, r, modalities, &inner, err);
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = may_issue(n, ask, r, &modalities, err); /* the lock was let go meanwhile */
    if (code == ENT_OK) code = fill(n, r, &inner, &slip, err);
    if (code == ENT_OK) code = keep(n, by, r, &slip, ret_slip, &s, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) *ret_view = s.view;
    ent_wipe(&inner, sizeof inner);
    free(r);
    return code;
}

/* ---- looking ---- */

ent_code ent_flow_redress_show(ent_flow_node *n, const ent_actor *by, const void *slip, size_t len, ent_slip_view *ret_view, ent_err *err)
{
    ent_slip s;
    issued row;
    uint8_t digest[32];
    size_t read;
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_REDRESS, err));
    ENT_TRY(ent_slip_read(slip, len, &s, &read, err));
    if (read != len) return ent_fail(err, ENT_FORMAT, "%zu bytes after the end of the slip", len - read);
    if (strcmp(s.issuer, n->c.name) != 0) return ent_fail(err, ENT_NOT_FOUND, "this slip was issued by %s, not by this node", s.issuer);
    ent_sha256(slip, len, digest);
    pthread_mutex_lock(&n->lock);
    ent_code code = get(n, s.number, &row, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    if (memcmp(row.digest, digest, 32) != 0) return ent_fail(err, ENT_SIGNATURE, "this is not the slip that was issued under its number");
    *ret_view = row.view;
    return ENT_OK;
}

struct seeing {
    void (*see)(void *ctx, const ent_slip_view *v);
    void *ctx;
};

static ent_code show_one(void *ctx, const issued *s)
{
    struct seeing *l = ctx;
    l->see(l->ctx, &s->view);
    return ENT_OK;
}

ent_code ent_flow_redress_list(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_slip_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_REDRESS, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = walk(n, show_one, &(struct seeing){see, ctx}, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* ---- revoking ---- */

static void tell_holder(ent_flow_node *n, ent_batch *b, const issued *s)
{
    char body[128], number[ENT_ID_TEXT], until[ENT_DATE_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_REDRESS, .agreement_version = s->agreement_version, .proof_kind = ENT_ENTRY_REDRESS};
    ent_fill(n, q.id, sizeof q.id);
    snprintf(q.partner, sizeof q.partner, "%s", s->view.holder);
    snprintf(q.agreement, sizeof q.agreement, "%s", s->view.agreement);
    snprintf(q.flow, sizeof q.flow, "%s", s->flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", s->purpose);
    memcpy(q.agreement_digest, s->agreement_digest, 32);
    memcpy(q.proof_case, s->view.number, ENT_ID_SIZE);
    ent_id_text(s->view.number, number);
    ent_date_text(s->view.until, until);
    int len = snprintf(body, sizeof body, "entente-redress-revoked/v1\nnumber %s\nuntil %s\n", number, until);
    ent_queue_put(n, b, &q, ENT_BYTES(body, (size_t)len));
}

static ent_code revoke(ent_flow_node *n, const ent_actor *by, const uint8_t number[ENT_ID_SIZE], issued *s, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("redress-revoke");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(get(n, number, s, err));
    if (s->view.revoked.ms || s->view.over) return ENT_OK;
    s->view.revoked = ent_now(n);
    put(b, s);
    add_entry(n, b, by, s, "slip revoked");
    tell_holder(n, b, s);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_redress_revoke(ent_flow_node *n, const ent_actor *by, const uint8_t number[ENT_ID_SIZE], ent_slip_view *ret_view, ent_err *err)
{
    issued s;
    ENT_TRY(ent_gate(by, ENT_MAY_REDRESS, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = revoke(n, by, number, &s, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    *ret_view = s.view;
    ent_flow_tell(n);
    return ENT_OK;
}

/* ---- the clock: rows of both ends begin with the slip's last day ---- */

struct ending {
    int64_t before;
    ent_batch *b;
    size_t count;
};

static ent_code end_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct ending *s = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if ((int64_t)ent_cursor_u64(&c) >= s->before || !ent_cursor_ok(&c)) return ENT_OK;
    ent_batch_put(s->b, ENT_CHANGE_DELETE, ENT_TABLE_REDRESS, ENT_BYTES(key, key_len), ENT_BYTES("", 0));
    return ++s->count == AT_ONCE ? ENT_BUSY : ENT_OK;
}

ent_code ent_redress_tick(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("redress-over");
    ent_change all = {.key = "", .key_len = 0};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    struct ending s = {.before = ent_date_start(ent_today(n)).ms, .b = b};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_REDRESS, &all, end_one, &s, err);
    if (code != ENT_OK && code != ENT_BUSY) return code;
    return s.count ? ent_commit(n, b, NULL, err) : ENT_OK;
}
