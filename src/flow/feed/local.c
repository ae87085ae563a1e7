/* The requester's contact with the holder, and searches of the copy: the ledger first, then the answer, reported at the next contact. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "flow/decision/decision.h"
#include "flow/crossing/crossing.h"
#include "flow/crossing/watch.h"
#include "flow/feed/feed.h"
#include "flow/queue.h"
#include "flow/search/quota.h"
#include "flow/search/search.h"
#include "flow/state.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 17, BY_ID = KEY + ENT_ID_SIZE, TARGETS = 16, CONTACT_MS = 30000, PAGES = 1 << 20 };

/* ---- contact ---- */

typedef struct target {
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], holder[ENT_PARTY_NAME];
    uint32_t version;
    uint8_t digest[32];
    bool over;                      /* the agreement is: what is left to say, and nothing to take */
} target;

static bool has_to_tell(ent_flow_node *n, const ent_held_agreement *h, const ent_flow *f)
{
    ent_copy *c;
    if (ent_copy_of(n, h->a->name, f->name, f->holder, &c, NULL) != ENT_OK) return false;
    return ent_copy_rows(n, c, 'U') || ent_copy_rows(n, c, 'L');
}

static size_t targets_of(ent_flow_node *n, target ret[TARGETS])
{
    size_t count = 0;
    for (size_t i = 0; i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        bool over = h->state == ENT_AGREEMENT_ENDED || ent_date_compare(h->a->until, ent_today(n)) < 0;
        for (size_t k = 0; k < h->a->flow_count && (over || h->state == ENT_AGREEMENT_SIGNED) && count < TARGETS; k++) {
            const ent_flow *f = &h->a->flow[k];
            if (strcmp(f->requester, n->c.name) != 0 || f->copy != ENT_COPY_WATCHLIST || (over && !has_to_tell(n, h, f))) continue;
            target *t = &ret[count++];
            *t = (target){.version = h->a->version, .over = over};
            memcpy(t->agreement, h->a->name, sizeof t->agreement);
            memcpy(t->flow, f->name, sizeof t->flow);
            memcpy(t->holder, f->holder, sizeof t->holder);
            memcpy(t->digest, h->envelope.digest, 32);
        }
    }
    return count;
}

typedef struct contact {
    ent_feed_request request;
    ent_buf proof[ENT_FEED_RECORDS];
    ent_feed_page page;
} contact;

static void contact_free(contact *c)
{
    for (size_t i = 0; c && i < ENT_FEED_RECORDS; i++) ent_buf_free(&c->proof[i]);
    free(c);
}

static ent_code add_report(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_feed_request *q = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_feed_report *r = &q->report[q->report_count++];
    if (key_len != BY_ID) return ENT_DAMAGED;
    memcpy(r->id, key + KEY, ENT_ID_SIZE);
    r->at.ms = (int64_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, r->officer.b, ENT_ID_SIZE);
    r->hit = ent_cursor_u8(&c) == 1;
    if (!ent_cursor_done(&c)) return ENT_DAMAGED;
    return q->report_count == ENT_FEED_REPORTS ? ENT_BUSY : ENT_OK;
}

static ent_code add_removal(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_feed_request *q = ctx;
    (void)value, (void)value_len;
    if (key_len != BY_ID) return ENT_DAMAGED;
    memcpy(q->undertaking[q->undertaking_count++].id, key + KEY, ENT_ID_SIZE);
    return q->undertaking_count == ENT_FEED_RECORDS ? ENT_BUSY : ENT_OK;
}

static ent_code scan(ent_flow_node *n, const ent_copy *c, char what, ent_code (*visit)(void *, const uint8_t *, size_t, const uint8_t *, size_t), void *ctx, ent_err *err)
{
    uint8_t prefix[KEY];
    memcpy(prefix, c->key, KEY);
    prefix[0] = (uint8_t)what;
    ent_change range = {.key = prefix, .key_len = KEY};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_FEEDS, &range, visit, ctx, err);
    return code == ENT_BUSY ? ENT_OK : code;
}

static ent_code prove_removals(ent_flow_node *n, contact *c, ent_err *err)
{
    for (size_t i = 0; i < c->request.undertaking_count; i++) {
        ent_feed_undertaking *u = &c->request.undertaking[i];
        uint64_t index = 0;
        c->proof[i] = ENT_BUF(ENT_NOTE_MAX);
        ENT_TRY(ent_entry_find(n, ENT_ENTRY_DESTROYED, u->id, &index, err));
        ENT_TRY(n->c.ledger.receipt(n->c.ledger.self, index, &c->proof[i], err));
        u->proof = (const char *)c->proof[i].data;
        u->proof_len = c->proof[i].len;
    }
    return ENT_OK;
}

static ent_code prepare(ent_flow_node *n, const target *t, contact *c, ent_buf *ret_body, ent_err *err)
{
    ent_copy *copy;
    ENT_TRY(ent_copy_of(n, t->agreement, t->flow, t->holder, &copy, err));
    c->request.after = copy->position;
    ENT_TRY(scan(n, copy, 'L', add_report, &c->request, err));
    ENT_TRY(scan(n, copy, 'U', add_removal, &c->request, err));
    ENT_TRY(prove_removals(n, c, err));
    ent_feed_request_write(&c->request, ret_body);
    return ent_buf_check(ret_body, err);
}

static bool signed_by(ent_flow_node *n, const target *t, const uint8_t digest[32], const uint8_t signature[ENT_SIGNATURE_SIZE])
{
    const ent_held_partner *p = ent_partner_named(n, t->holder);
    if (!p || p->revoked) return false;
    if (ent_sign_verify(&p->card.identity, digest, 32, signature)) return true;
    return p->old_until_ms > ent_now(n).ms && ent_sign_verify(&p->old_key, digest, 32, signature);
}

/* The answer becomes part of the copy; under the lock. */
static ent_code accept(ent_flow_node *n, const target *t, contact *c, const ent_reply *reply, ent_err *err)
{
    uint8_t digest[32];
    ent_copy *copy;
    const ent_held_agreement *h = ent_agreement_named(n, t->agreement);
    const ent_flow *f = h ? ent_agreement_flow(h->a, t->flow) : NULL;
    if (!f || (h->state != ENT_AGREEMENT_SIGNED && !t->over) || memcmp(h->envelope.digest, t->digest, 32) != 0) return ent_fail(err, ENT_REFUSED, "the agreement has changed meanwhile");
    if (reply->body.len < ENT_SIGNATURE_SIZE) return ent_fail(err, ENT_FORMAT, "a page of a feed cannot be read");
    size_t len = reply->body.len - ENT_SIGNATURE_SIZE;
    ent_feed_digest(t->digest, t->flow, reply->body.data, len, digest);
    if (!signed_by(n, t, digest, reply->body.data + len)) return ent_fail(err, ENT_SIGNATURE, "the page is not signed by %s", t->holder);
    ENT_TRY(ent_feed_page_read(reply->body.data, len, &c->page, err));
    if (c->page.after != c->request.after) return ent_fail(err, ENT_FORMAT, "the page does not begin where it was asked");
    if (c->page.noted != c->request.report_count) return ent_fail(err, ENT_FORMAT, "the page takes note of other searches than were reported");
    for (size_t i = 0; i < c->page.noted; i++) ENT_TRY(ent_lot_reported(n, c->request.report[i].id, c->page.head[i], err));
    ENT_TRY(ent_copy_of(n, t->agreement, t->flow, t->holder, &copy, err));
    if (t->over) return c->page.count ? ent_fail(err, ENT_FORMAT, "records under an agreement that is over") : ent_copy_told(n, copy, &c->request, err);
    return ent_copy_take(n, copy, h->a, f, &c->page, digest, &c->request, t->digest, err);
}

static void note_refusal(ent_flow_node *n, const target *t, const char *why)
{
    ent_copy *copy;
    pthread_mutex_lock(&n->lock);
    if (ent_copy_of(n, t->agreement, t->flow, t->holder, &copy, NULL) == ENT_OK) snprintf(copy->clause, sizeof copy->clause, "%.*s", ENT_LAW_CLAUSE - 1, why);
    pthread_mutex_unlock(&n->lock);
}

/* One request and its page. ret_again: there is more to tell or to take. */
static ent_code exchange(ent_flow_node *n, const target *t, contact *c, uint64_t *ret_records, bool *ret_again, ent_err *err)
{
    ENT_AUTO_BUF body = ENT_BUF(ENT_FEED_REQUEST_MAX);
    pthread_mutex_lock(&n->lock);
    ent_code code = prepare(n, t, c, &body, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    ent_message m = {.kind = ENT_MESSAGE_FEED, .agreement = t->agreement, .agreement_version = t->version, .agreement_digest = t->digest, .flow = t->flow, .purpose = "",
                     .proof = "", .body = body.data, .body_len = body.len};
    ent_reply reply = {.body = ENT_BUF(ENT_FEED_PAGE_MAX + ENT_SIGNATURE_SIZE), .evidence = ENT_BUF(65536)};
    ent_fill(n, m.id, sizeof m.id);
    code = n->c.partners.send(n->c.partners.self, t->holder, &m, ent_ticks(n) + CONTACT_MS, &reply, err);
    if (code == ENT_OK && reply.status != 200) {
        char why[200] = "", clause[ENT_LAW_CLAUSE];
        ent_refusal_read(reply.body.data, reply.body.len, why, clause);
        note_refusal(n, t, why);
        code = ent_fail(err, ENT_REFUSED, "%s: %s", t->holder, why);
    } else if (code == ENT_OK) {
        pthread_mutex_lock(&n->lock);
        code = accept(n, t, c, &reply, err);
        pthread_mutex_unlock(&n->lock);
    }
    ent_reply_free(&reply);
    if (code != ENT_OK) return code;
    bool removed = false;
    for (size_t i = 0; i < c->page.count; i++) removed = removed || !c->page.record[i].held;
    *ret_records += c->page.count;
    *ret_again = c->page.more || removed || c->request.report_count == ENT_FEED_REPORTS || c->request.undertaking_count == ENT_FEED_RECORDS;
    return ENT_OK;
}

static ent_code pull_all(ent_flow_node *n, uint64_t *ret_records, ent_err *err)
{
    target t[TARGETS];
    size_t reached = 0;
    ent_code last = ENT_OK;
    pthread_mutex_lock(&n->lock);
    size_t count = targets_of(n, t);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < count; i++) {
        bool again = true;
        ent_code code = ENT_OK;
        for (size_t page = 0; again && code == ENT_OK && page < PAGES; page++) {
            contact *c = calloc(1, sizeof *c);
            again = false;
            code = c ? exchange(n, &t[i], c, ret_records, &again, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
            contact_free(c);
        }
        reached += code == ENT_OK;
        if (code != ENT_OK) last = code;
    }
    return reached || !count ? ENT_OK : last;
}

ent_code ent_flow_feed_pull(ent_flow_node *n, const ent_actor *by, uint64_t *ret_records, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_PULL_FEED, err));
    if (!n->c.partners.send) return ent_fail(err, ENT_UNREACHABLE, "the node is not running: start it with `entente serve`");
    *ret_records = 0;
    return pull_all(n, ret_records, err);
}

void ent_feed_contact(ent_flow_node *n)
{
    ent_err err;
    uint64_t records = 0;
    if (n->c.partners.send) (void)!pull_all(n, &records, &err); /* no contact: the lease runs, and ends the copy */
}

/* ---- a search of the copy ---- */

typedef struct local {
    ent_flow_node *n;
    const ent_actor *by;
    const ent_search_options *o;
    ent_copy *copy;
    ent_flow flow;                 /* a copy, good outside the lock */
    ent_verdict verdict;
    uint32_t version;
    uint8_t digest[32];
    ent_capture probe;
    ent_likeliest best;
    ent_taken taken;
    ent_probe_look_at look;
    ent_local_result out;
} local;

static ent_quota quota_of(const local *s)
{
    return (ent_quota){.agreement = s->copy->agreement, .flow = s->copy->flow, .officer = s->by->pseudonym, .desk = s->taken.stated ? s->taken.pledge.key : NULL, .at = ent_now(s->n)};
}

static ent_turn turn_of(const local *s)
{
    return (ent_turn){.commitment = s->taken.c.commitment, .partner = s->copy->holder, .way = 'l', .modalities = 1u << ENT_MODALITY_FINGERPRINT};
}

/* A claim for protection: a copy from the traveller's country, or from one that is feared, is not looked into. One crossing, one search. */
static ent_code check_crossing(const local *s, const ent_agreement *a, const ent_flow *f, ent_err *err)
{
    char clause[ENT_LAW_CLAUSE];
    uint8_t reference[ENT_ID_SIZE];
    bool answered;
    uint32_t attempts;
    ent_turn t = turn_of(s);
    if (!s->taken.stated) return ENT_OK;
    if (ent_crossing_barred(&s->taken.c, ent_agreement_party(a, f->holder)->country, clause))
        return ent_fail(err, ENT_REFUSED, "the traveller seeks protection: the copy of %s is not searched (%s)", f->holder, clause);
    ent_code code = ent_turn_used(s->n, &t, reference, &answered, &attempts, err);
    return code == ENT_EXISTS ? ent_fail(err, ENT_REFUSED, "the copy was searched for this crossing (" ENT_CLAUSE_CROSSING ")") : code;
}

/* The one flow with a copy that grants the purpose. */
static ent_code choose(local *s, ent_err *err)
{
    target t[TARGETS];
    size_t found = 0, count = targets_of(s->n, t);
    const target *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        const ent_held_agreement *h = ent_agreement_named(s->n, t[i].agreement);
        if (t[i].over || (s->o->agreement[0] && strcmp(s->o->agreement, t[i].agreement) != 0)) continue;
        if (s->o->flow[0] && strcmp(s->o->flow, t[i].flow) != 0) continue;
        if (!ent_flow_purpose(ent_agreement_flow(h->a, t[i].flow), s->o->purpose)) continue;
        chosen = &t[i];
        found++;
    }
    if (!found) return ent_fail(err, ENT_REFUSED, "no agreement in force lets %s search a copy for \"%s\"", s->n->c.name, s->o->purpose);
    if (found > 1) return ent_fail(err, ENT_USAGE, "%zu flows with a copy grant \"%s\": name one with --agreement and --flow", found, s->o->purpose);
    return ent_copy_of(s->n, chosen->agreement, chosen->flow, chosen->holder, &s->copy, err);
}

/* Agreement, lease and quota, before the search and again with its entry. Under the lock. */
static ent_code allowed(local *s, ent_err *err)
{
    const ent_agreement *a;
    const ent_flow *f;
    const char *clause;
    char why[160];
    ent_quota quota = quota_of(s);
    if (ent_lot_suspends(s->n, s->copy->agreement, s->copy->flow, s->copy->holder, why)) return ent_fail(err, ENT_REFUSED, "%s (" ENT_CLAUSE_LOT ")", why);
    if (ent_copy_now(s->n, s->copy, &a, &f, &clause) != ENT_COPY_USE) return ent_fail(err, ENT_REFUSED, "the copy may not be searched (%s)", clause);
    ENT_TRY(check_crossing(s, a, f, err));
    ent_ask ask = {.from_file = !s->taken.stated, .holder = f->holder, .requester = s->n->c.name, .flow = f->name, .purpose = s->o->purpose, .on_behalf_of = "",
                   .modalities = 1u << ENT_MODALITY_FINGERPRINT, .today = ent_today(s->n)};
    ent_quota_used(s->n, &quota, &ask);
    ent_agreement_decide(a, &ask, &s->verdict);
    if (s->verdict.code != ENT_OK) return ent_fail(err, s->verdict.code, "%s (%s)", s->verdict.reason, s->verdict.clause);
    s->flow = *f;
    s->version = a->version;
    memcpy(s->digest, ent_agreement_named(s->n, a->name)->envelope.digest, 32);
    return ENT_OK;
}

static ent_finger_template *fetch(void *ctx, const ent_gallery_print *print)
{
    const local *s = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(1 << 20);
    ent_feed_record r;
    ent_finger_template *t;
    if (ent_copy_record(s->n, s->copy, print->part.b, &plain, &r, NULL) != ENT_OK || print->place >= r.print_count) return NULL;
    const ent_feed_print *p = &r.print[print->place];
    return ent_finger_decode(p->native, p->native_len, &t, NULL) == ENT_OK ? t : NULL;
}

static ent_code match(local *s, ent_err *err)
{
    ent_finger_template *t[ENT_CAPTURE_PRINTS];
    uint8_t fingers[ENT_CAPTURE_PRINTS];
    size_t count = 0;
    ent_code code = ENT_OK;
    int64_t t0 = ent_ticks(s->n);
    s->best.most = 1;
    for (size_t i = 0; i < s->probe.print_count && code == ENT_OK; i++) {
        const ent_capture_print *p = s->probe.print[i];
        if (!p->template_len) continue;
        code = ent_finger_decode(p->template_bytes, p->template_len, &t[count], err);
        if (code == ENT_OK) fingers[count++] = p->finger ? p->finger : s->o->finger;
    }
    if (code == ENT_OK && !count) code = ent_fail(err, ENT_QUALITY, "no fingerprint was found in this file");
    if (code == ENT_OK)
        code = ent_gallery_search(s->copy->gallery, (const ent_finger_template *const *)t, fingers, count, &(ent_sight){.flow_bit = 1}, fetch, s, &s->best, err);
    for (size_t i = 0; i < count; i++) ent_finger_template_free(t[i]);
    ent_evidence e = s->best.at[0].evidence;
    ent_decision d = {0};
    e.prints = count, e.compared = s->best.compared;
    if (code == ENT_OK && s->best.count) d = ent_decide(&s->flow, &e);
    s->out.hit = d.hit, s->out.extrapolated = d.extrapolated;
    s->out.compared = s->best.compared;
    s->out.match_us = 1000 * (ent_ticks(s->n) - t0);
    return code;
}

static ent_code decode_probe(local *s, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ENT_TRY(s->n->c.decoder.run(s->n->c.decoder.self, "capture", s->taken.capture.data, s->taken.capture.len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &s->probe, err));
    ent_probe_look(&s->probe, 1u << ENT_MODALITY_FINGERPRINT, &s->look);
    return ent_search_sequence(&s->probe, s->o, err);
}

static ent_code watch(local *s, ent_batch *b, ent_err *err)
{
    ent_turn t = turn_of(s);
    ent_watched w = {.agreement = s->copy->agreement, .flow = s->flow.name, .purpose = s->o->purpose, .partner = s->copy->holder, .digest = s->digest,
                     .version = s->version, .ours = true, .hit = s->out.hit, .crossing = &s->taken.c, .quality = s->look.quality, .minutiae = s->look.minutiae};
    if (!s->taken.stated) return ENT_OK;
    ent_turn_put(s->n, b, &t, true, s->out.reference, true, 1);
    memcpy(w.reference.b, s->out.reference, ENT_ID_SIZE);
    memcpy(w.capture, s->taken.c.digest, 32);
    return ent_watch_in(s->n, b, &w, err);
}

static ent_code note(local *s, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("local-search");
    ENT_AUTO_BUF row = ENT_BUF(64);
    uint8_t key[BY_ID], salt[32];
    uint64_t index[ENT_BATCH_ENTRIES];
    ent_quota quota = quota_of(s);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_entry e = {.kind = ENT_ENTRY_LOCAL_SEARCH, .time = ent_now(s->n), .follows = ENT_ENTRY_NONE, .agreement_version = s->version, .actor = s->by->pseudonym};
    ent_fill(s->n, s->out.reference, ENT_ID_SIZE);
    ent_fill(s->n, salt, sizeof salt);
    memcpy(e.case_number.b, s->out.reference, ENT_ID_SIZE);
    memcpy(e.agreement, s->digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", s->flow.name);
    snprintf(e.purpose, sizeof e.purpose, "%s", s->o->purpose);
    snprintf(e.clause, sizeof e.clause, "%s", s->verdict.clause);
    if (s->taken.stated) ent_crossing_commit(salt, s->taken.c.digest, &s->taken, e.commitment);
    else ent_commit_to(salt, &s->out.hit, 1, e.commitment); /* a file, on a flow that is marked test */
    memcpy(key, s->copy->key, KEY);
    key[0] = 'L';
    memcpy(key + KEY, s->out.reference, ENT_ID_SIZE);
    ent_buf_u64(&row, (uint64_t)e.time.ms);
    ent_buf_put(&row, s->by->pseudonym.b, ENT_ID_SIZE);
    ent_buf_u8(&row, s->out.hit);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_FEEDS, ENT_BYTES(key, BY_ID), ENT_BYTES(row.data, row.len));
    ent_quota_count(s->n, &quota, b);
    ent_batch_entry(b, &e);
    ent_lot_draw draw = {.reference = s->out.reference, .agreement = s->copy->agreement, .flow = s->flow.name, .purpose = s->o->purpose, .partner = s->copy->holder,
                         .version = s->version, .digest = s->digest, .taken = &s->taken, .salt = salt, .body_digest = s->taken.c.digest, .asked = UINT64_MAX};
    ENT_TRY(ent_lot_wait(s->n, b, &draw, err));
    ENT_TRY(watch(s, b, err));
    ENT_TRY(ent_commit(s->n, b, index, err));
    s->out.index = index[0];
    return ENT_OK;
}

/* What is known of whom it was, and until when this copy may say so. */
static void tell(local *s)
{
    ENT_AUTO_BUF plain = ENT_BUF(1 << 20);
    ent_feed_record r;
    s->out.lease = s->copy->lease;
    if (!s->out.hit || ent_copy_record(s->n, s->copy, s->best.at[0].part.b, &plain, &r, NULL) != ENT_OK) return;
    memcpy(s->out.power, r.power, sizeof s->out.power);
    memcpy(s->out.category, r.category, sizeof s->out.category);
    memcpy(s->out.status, r.status, sizeof s->out.status);
}

ent_code ent_flow_feed_search(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_search_options *options, ent_local_result *ret_result,
                              ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEARCH, err));
    local *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    s->n = n, s->by = by, s->o = options;
    ent_code code = ent_crossing_take(n, by, ENT_BYTES(file, len), &s->taken, err);
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = choose(s, err);
    if (code == ENT_OK) code = allowed(s, err);
    if (code == ENT_OK) code = ent_copy_load_gallery(n, s->copy, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) code = decode_probe(s, err);
    if (code == ENT_OK) code = match(s, err);
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = allowed(s, err);
    if (code == ENT_OK) code = note(s, err);
    if (code == ENT_OK) tell(s);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) *ret_result = s->out;
    ent_capture_free(&s->probe);
    ent_wipe(s, sizeof *s);
    free(s);
    return code;
}
