/* The agreements' life: proposed, signed by all, in force, suspended, ended; and which flows see which part. Rows are envelopes' bytes:
 * under its name the version that counts; under the name and "next" with its number each that waits, because it binds this node as soon as the
 * others sign and its day comes; under the name and its number each that counted, or waited, before. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/disclosure/disclosure.h"
#include "flow/state.h"
#include "port/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ent_held_agreement *ent_agreement_named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->agreement_count; i++)
        if (strcmp(n->agreements[i].a->name, name) == 0) return &n->agreements[i];
    return NULL;
}

/* The key that a node has, this one too, or had then. */
static bool was_key_of(void *self, const char *name, const ent_public_key *key, ent_time at)
{
    ent_flow_node *n = self;
    ent_public_key own;
    ent_sign_public(&n->c.identity, &own);
    if (strcmp(name, n->c.name) == 0 && ent_public_key_equal(&own, key)) return true;
    const ent_held_partner *p = ent_partner_named(n, name);
    if (p && (ent_public_key_equal(&p->card.identity, key) || (p->old_until_ms && ent_public_key_equal(&p->old_key, key)))) return true;
    return ent_key_was(n, name, key, at);
}

static void free_one(ent_held_agreement *h)
{
    ent_envelope_free(&h->envelope);
    ent_agreement_free(h->a);
}

static void free_all(ent_held_agreement *list, size_t count)
{
    for (size_t i = 0; i < count; i++) free_one(&list[i]);
    free(list);
}

void ent_agreements_free(ent_flow_node *n)
{
    free_all(n->agreements, n->agreement_count);
    free_all(n->next, n->next_count);
}

/* The one that a text or declaration of this version is about: that version, else the latest that is here. */
static ent_held_agreement *about(ent_flow_node *n, const char *name, uint32_t version)
{
    ent_held_agreement *latest = ent_agreement_named(n, name);
    if (!latest || latest->a->version == version) return latest;
    for (size_t i = 0; i < n->next_count; i++) {
        ent_held_agreement *h = &n->next[i];
        if (strcmp(h->a->name, name) != 0) continue;
        if (h->a->version == version) return h;
        if (h->a->version > latest->a->version) latest = h;
    }
    return latest;
}

static ent_code read_file(ent_flow_node *n, const void *file, size_t len, ent_agreement **ret, ent_err *err)
{
    ent_doc *doc;
    ENT_TRY(n->c.read_doc(file, len, "agreement", &doc, err));
    ent_code code = ent_agreement_read(doc, ret, err);
    ent_doc_free(doc);
    return code;
}

/* Opens and verifies an envelope; the caller frees what comes back with free_one. Under the lock. */
static ent_code open_envelope(ent_flow_node *n, const void *bytes, size_t len, ent_held_agreement *ret, ent_err *err)
{
    ent_held_agreement h = {0};
    const ent_key_history history = {n, was_key_of};
    ENT_TRY(ent_envelope_decode(bytes, len, &h.envelope, err));
    ent_code code = read_file(n, h.envelope.file, h.envelope.file_len, &h.a, err);
    if (code == ENT_OK) code = ent_envelope_verify(&h.envelope, h.a, &history, &h.state, err);
    if (code != ENT_OK) {
        free_one(&h);
        return code;
    }
    *ret = h;
    return ENT_OK;
}

static ent_code reserve(ent_held_agreement **list, size_t count)
{
    ent_held_agreement *more = realloc(*list, count * sizeof *more);
    if (more) *list = more;
    return more ? ENT_OK : ENT_NO_MEMORY;
}

/* Takes h over. */
static ent_code append(ent_held_agreement **list, size_t *count, const ent_held_agreement *h)
{
    ENT_TRY(reserve(list, *count + 1));
    (*list)[(*count)++] = *h;
    return ENT_OK;
}

static bool says_next(const uint8_t *key, size_t key_len)
{
    const uint8_t *mark = memchr(key, '\n', key_len);
    return mark && key + key_len - mark >= 5 && memcmp(mark, "\nnext", 5) == 0;
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    ent_held_agreement h;
    bool next = says_next(key, key_len);
    if (!next && memchr(key, '\n', key_len)) return ENT_OK; /* it counted once */
    if (open_envelope(n, value, value_len, &h, NULL) != ENT_OK) return ENT_DAMAGED;
    ent_code code = next ? append(&n->next, &n->next_count, &h) : append(&n->agreements, &n->agreement_count, &h);
    if (code != ENT_OK) free_one(&h);
    return code;
}

ent_code ent_agreements_load(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_AGREEMENTS, &all, load_one, n, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "an agreement's row cannot be read or does not verify");
}

static void view(const ent_held_agreement *h, ent_agreement_view *ret)
{
    *ret = (ent_agreement_view){.version = h->a->version, .state = h->state, .from = h->a->from, .until = h->a->until, .flow_count = h->a->flow_count, .bound = ent_envelope_binds(&h->envelope, h->a)};
    snprintf(ret->name, sizeof ret->name, "%s", h->a->name);
    snprintf(ret->title, sizeof ret->title, "%s", h->a->title);
    memcpy(ret->digest, h->envelope.digest, 32);
    memcpy(ret->annex_digest, h->a->annex_digest, 32);
    ret->annex_size = h->a->annex_size;
    (void)ent_envelope_state(&h->envelope, h->a, ret->clause);
    ent_envelope_why(&h->envelope, h->a, ret->why);
    size_t at = 0;
    for (size_t i = 0; i < h->envelope.count; i++)
        if (h->envelope.declaration[i].act == ENT_ACT_SIGN && at < sizeof ret->signed_by - ENT_PARTY_NAME - 2)
            at += (size_t)snprintf(ret->signed_by + at, sizeof ret->signed_by - at, "%s%s", at ? ", " : "", h->envelope.declaration[i].name);
}

/* A copy of what is held, to be changed and kept. */
static ent_code copy_held(ent_flow_node *n, const ent_held_agreement *have, ent_held_agreement *ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(&have->envelope, &bytes);
    ENT_TRY(ent_buf_check(&bytes, err));
    return open_envelope(n, bytes.data, bytes.len, ret, err);
}

/* ---- which version counts ---- */

enum { FAMILY = ENT_LIMIT_AGREEMENT_VERSIONS + 2 };

/* The versions of one agreement that are here and not past, with what is to be kept of them now. Borrowed; at least one. */
typedef struct family {
    const char *name;
    const ent_held_agreement *v[FAMILY], *was, *is; /* the one that counted, NULL: none did; the one that counts now */
    bool fresh[FAMILY], waited[FAMILY], waits[FAMILY];
    size_t count;
} family;

static bool complete(const ent_held_agreement *h) { return ent_envelope_binds(&h->envelope, h->a); }

/* Which of them is of this version; count: none. */
static size_t of_version(const family *f, uint32_t version)
{
    size_t i = 0;
    while (i < f->count && f->v[i]->a->version != version) i++;
    return i;
}

static void add(family *f, const ent_held_agreement *h, bool fresh, bool waited)
{
    size_t i = of_version(f, h->a->version);
    if (i == f->count) {
        ENT_INVARIANT(f->count < FAMILY);
        f->fresh[i] = fresh;
        f->v[f->count++] = h;
    }
    f->waited[i] |= waited;
}

/* Of those that all have signed the highest whose first day has come, else the lowest; while there is none, the highest. */
static bool counts_before(ent_flow_node *n, const ent_held_agreement *x, const ent_held_agreement *y)
{
    int began[2] = {ent_date_compare(x->a->from, ent_today(n)) <= 0, ent_date_compare(y->a->from, ent_today(n)) <= 0};
    if (complete(x) != complete(y)) return complete(x);
    if (complete(x) && began[0] != began[1]) return began[0];
    return complete(x) && !began[0] ? x->a->version < y->a->version : x->a->version > y->a->version;
}

/* What this node has signed binds it as soon as the others do, however many drafts came later; of what it has not, the latest matters. */
static bool waits(ent_flow_node *n, const family *f, const ent_held_agreement *h)
{
    if (h == f->is || (complete(f->is) && h->a->version < f->is->a->version)) return false;
    if (ent_envelope_signed_by(&h->envelope, n->c.name)) return true;
    for (size_t i = 0; i < f->count; i++)
        if (f->v[i]->a->version > h->a->version) return false;
    return true;
}

/* `fresh` replaces what is held of its versions. Under the lock. */
static void gather(ent_flow_node *n, const char *name, const ent_held_agreement *fresh, size_t count, family *ret)
{
    *ret = (family){.name = name, .was = ent_agreement_named(n, name)};
    for (size_t i = 0; i < count; i++) add(ret, &fresh[i], true, false);
    if (ret->was) add(ret, ret->was, false, false);
    for (size_t i = 0; i < n->next_count; i++)
        if (strcmp(n->next[i].a->name, name) == 0) add(ret, &n->next[i], false, true);
    for (size_t i = 0; i < ret->count; i++)
        if (!ret->is || counts_before(n, ret->v[i], ret->is)) ret->is = ret->v[i];
    for (size_t i = 0; i < ret->count; i++) ret->waits[i] = waits(n, ret, ret->v[i]);
}

/* ---- keeping ---- */

static ent_code put_row(ent_batch *b, const ent_held_agreement *h, const char *key, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(&h->envelope, &bytes);
    ENT_TRY(ent_buf_check(&bytes, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_AGREEMENTS, ENT_BYTES(key, strlen(key)), ENT_BYTES(bytes.data, bytes.len));
    return ENT_OK;
}

static ent_code put_rows(ent_flow_node *n, ent_batch *b, const family *f, ent_err *err)
{
    size_t waiting = 0;
    for (size_t i = 0; i < f->count; i++) {
        char next[ENT_LAW_NAME + 24], past[ENT_LAW_NAME + 16];
        const ent_held_agreement *h = f->v[i];
        snprintf(next, sizeof next, "%s\nnext %08u", f->name, h->a->version);
        snprintf(past, sizeof past, "%s\n%08u", f->name, h->a->version);
        bool counts = h == f->is, counted = f->was && f->was->a->version == h->a->version;
        waiting += f->waits[i];
        if (f->waited[i] && !f->waits[i]) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_AGREEMENTS, ENT_BYTES(next, strlen(next)), ENT_BYTES("", 0));
        if (counts && (!counted || f->fresh[i])) ENT_TRY(put_row(b, h, f->name, err));
        if (f->waits[i] && (!f->waited[i] || f->fresh[i])) ENT_TRY(put_row(b, h, next, err));
        if (!counts && !f->waits[i] && ent_envelope_signed_by(&h->envelope, n->c.name)) ENT_TRY(put_row(b, h, past, err));
    }
    return waiting <= ENT_LIMIT_AGREEMENT_VERSIONS ? ENT_OK : ent_fail(err, ENT_TOO_LARGE, "%d versions of \"%s\" wait for the other party: countersign one of them first", ENT_LIMIT_AGREEMENT_VERSIONS, f->name);
}

static void put_entry(ent_flow_node *n, ent_batch *b, const ent_actor *by, const ent_held_agreement *h, const char *clause)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_entry e = {.kind = ENT_ENTRY_AGREEMENT, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = h->a->version};
    if (by) e.actor = by->pseudonym;
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    memcpy(e.agreement, h->envelope.digest, 32);
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_envelope_encode(&h->envelope, &bytes);
    ent_sha256(bytes.data, bytes.len, e.commitment); /* both parties have the envelope: no salt */
    ent_batch_entry(b, &e);
}

static ent_code put_agreement(ent_flow_node *n, ent_batch *b, const ent_actor *by, const family *f, const char *clause, ent_err *err)
{
    ENT_TRY(put_rows(n, b, f, err));
    for (size_t i = 0; i < f->count; i++)
        if (f->fresh[i]) put_entry(n, b, by, f->v[i], clause);
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_PROPOSALS, ENT_BYTES(f->name, strlen(f->name)), ENT_BYTES("", 0));
    /* ended: what was disclosed under it is called back, and its destruction proven */
    bool ends = f->is->state == ENT_AGREEMENT_ENDED && f->was && f->was->state != ENT_AGREEMENT_ENDED;
    return ends ? ent_disclosures_recall_all(n, b, f->name, ENT_RECALL_ENDED, err) : ENT_OK;
}

/* Memory as the rows are now; there is room. Takes the fresh ones over. */
static void hold(ent_flow_node *n, const family *f)
{
    ent_held_agreement is = *f->is, *slot = ent_agreement_named(n, f->name);
    size_t was = slot ? of_version(f, slot->a->version) : f->count;
    for (size_t i = n->next_count; i-- > 0;) {
        if (strcmp(n->next[i].a->name, f->name) != 0) continue;
        size_t k = of_version(f, n->next[i].a->version);
        if (f->waits[k] && !f->fresh[k]) continue;
        if (f->fresh[k] || f->v[k] != f->is) free_one(&n->next[i]);
        if (f->waits[k]) n->next[i] = *f->v[k];
        else n->next[i] = n->next[--n->next_count];
    }
    for (size_t k = 0; k < f->count; k++)
        if (f->waits[k] && !f->waited[k]) n->next[n->next_count++] = *f->v[k];
    if (slot && (f->fresh[was] || (f->v[was] != f->is && !f->waits[was]))) free_one(slot);
    if (slot) *slot = is;
    else n->agreements[n->agreement_count++] = is;
}

/* Keeps these envelopes of one agreement, each with its ledger entry, at once; ret_view is of the first. Takes them over, whatever happens.
 * Under the lock. */
static ent_code keep(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, size_t count, const char *clause, ent_agreement_view *ret_view, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("agreement");
    family f;
    bool room = b && reserve(&n->agreements, n->agreement_count + 1) == ENT_OK && reserve(&n->next, n->next_count + 2) == ENT_OK;
    ent_code code = room ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for an agreement");
    if (code == ENT_OK) {
        gather(n, h[0].a->name, h, count, &f);
        code = put_agreement(n, b, by, &f, clause, err);
    }
    if (code == ENT_OK) code = ent_commit(n, b, NULL, err);
    if (code != ENT_OK) {
        for (size_t i = 0; i < count; i++) free_one(&h[i]);
        return code;
    }
    view(&h[0], ret_view);
    hold(n, &f);
    ent_parts_look(n);
    return ENT_OK;
}

ent_code ent_agreements_tick(ent_flow_node *n, ent_err *err)
{
    for (size_t i = 0; i < n->agreement_count; i++) {
        family f;
        ent_held_agreement h;
        ent_agreement_view v;
        gather(n, n->agreements[i].a->name, NULL, 0, &f);
        if (f.is == f.was) continue;
        ENT_TRY(copy_held(n, f.is, &h, err));
        ENT_TRY(keep(n, NULL, &h, 1, "its day has come", &v, err));
    }
    return ENT_OK;
}

static ent_code declare(ent_flow_node *n, ent_held_agreement *h, ent_act act, ent_err *err)
{
    ent_time now = ent_now(n);
    if (h->envelope.count && now.ms < h->envelope.declaration[h->envelope.count - 1].time.ms)
        now = h->envelope.declaration[h->envelope.count - 1].time; /* the partner's clock is a little ahead of ours */
    ENT_TRY(ent_envelope_declare(&h->envelope, h->a, act, n->c.name, now, &n->c.identity, err));
    h->state = ent_envelope_state(&h->envelope, h->a, NULL);
    return ENT_OK;
}

/* ---- two custodians ---- */

enum { PROPOSED_MAX = 1 + 1 + ENT_ID_SIZE + 32 + 8 };
#define PROPOSED_MS (30ll * 86400000)

typedef struct intention {
    ent_act act;
    uint8_t digest[32];             /* of the agreement's file */
    const ent_agreement *a;
} intention;

static void intention_entry(ent_flow_node *n, const ent_actor *by, const intention *w, ent_entry *ret)
{
    *ret = (ent_entry){.kind = ENT_ENTRY_AGREEMENT, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .agreement_version = w->a->version, .actor = by->pseudonym};
    ent_fill(n, ret->case_number.b, sizeof ret->case_number.b);
    memcpy(ret->agreement, w->digest, 32);
    snprintf(ret->clause, sizeof ret->clause, "%s wanted", ent_act_text(w->act));
    memcpy(ret->commitment, w->digest, 32);
}

/* ENT_OK: another custodian wanted the same before, and the proposal is used up by what is committed next. ENT_NO_HIT: it waits. */
static ent_code second_word(ent_flow_node *n, const ent_actor *by, const intention *w, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(PROPOSED_MAX), fresh = ENT_BUF(PROPOSED_MAX);
    ENT_AUTO_BATCH b = ent_batch_new("agreement-want");
    const ent_bytes key = ENT_BYTES(w->a->name, strlen(w->a->name));
    ent_entry e;
    if (w->act == ENT_ACT_SUSPEND) return ENT_OK;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_PROPOSALS, key.data, key.len, &row, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    bool same = row.len == PROPOSED_MAX && row.data[1] == w->act && memcmp(row.data + 2 + ENT_ID_SIZE, w->digest, 32) == 0;
    if (same) {
        ent_cursor c = ENT_CURSOR(row.data + PROPOSED_MAX - 8, 8);
        same = ent_now(n).ms - (int64_t)ent_cursor_u64(&c) < PROPOSED_MS;
    }
    if (same) return ent_id_equal(row.data + 2, by->pseudonym.b) ? ENT_NO_HIT : ENT_OK; /* nobody approves their own act */
    ent_buf_u8(&fresh, 1);
    ent_buf_u8(&fresh, (uint8_t)w->act);
    ent_buf_put(&fresh, by->pseudonym.b, ENT_ID_SIZE);
    ent_buf_put(&fresh, w->digest, 32);
    ent_buf_u64(&fresh, (uint64_t)ent_now(n).ms);
    intention_entry(n, by, w, &e);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_PROPOSALS, key, ENT_BYTES(fresh.data, fresh.len));
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    return ENT_NO_HIT;
}

/* Keeps what was declared in these copies when another custodian said the same before; else ret_view, which is of the agreement as it is, says
 * that it waits. Takes them over, whatever happens. */
static ent_code by_two(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, size_t count, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    intention w = {.act = act, .a = h[0].a};
    memcpy(w.digest, h[0].envelope.digest, 32);
    ent_code code = second_word(n, by, &w, err);
    if (code == ENT_OK) return keep(n, by, h, count, ent_act_text(act), ret_view, err);
    for (size_t i = 0; i < count; i++) free_one(&h[i]);
    ret_view->waits = code == ENT_NO_HIT;
    return code == ENT_NO_HIT ? ENT_OK : code;
}

/* Takes h over, whatever happens. */
static ent_code sign_held(ent_flow_node *n, const ent_actor *by, ent_held_agreement *h, ent_agreement_view *ret_view, ent_err *err)
{
    view(h, ret_view);
    ent_code code = declare(n, h, ENT_ACT_SIGN, err);
    if (code == ENT_OK) return by_two(n, by, h, 1, ENT_ACT_SIGN, ret_view, err);
    free_one(h);
    return code;
}

static ent_code sign_locked(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h = {0};
    ENT_TRY(read_file(n, file, len, &h.a, err));
    ent_code code = ENT_OK;
    const ent_held_agreement *have = about(n, h.a->name, h.a->version);
    uint8_t digest[32];
    ent_sha256(file, len, digest);
    if (!ent_agreement_party(h.a, n->c.name)) code = ent_fail(err, ENT_REFUSED, "this node, %s, is no party to \"%s\"", n->c.name, h.a->name);
    else if (have && have->a->version > h.a->version) code = ent_fail(err, ENT_REPLAY, "version %u of \"%s\" is here; versions only go up", have->a->version, h.a->name);
    else if (have && have->a->version == h.a->version && memcmp(have->envelope.digest, digest, 32) != 0)
        code = ent_fail(err, ENT_CONFLICT, "another file is here as version %u of \"%s\": change the version", h.a->version, h.a->name);
    if (code == ENT_OK && have && have->a->version == h.a->version) {
        ent_agreement_free(h.a);
        ENT_TRY(copy_held(n, have, &h, err));
    } else if (code == ENT_OK) {
        code = ent_envelope_make(h.a, file, len, &h.envelope, err);
    }
    if (code != ENT_OK) {
        ent_agreement_free(h.a);
        return code;
    }
    return sign_held(n, by, &h, ret_view, err);
}

ent_code ent_flow_agreement_sign(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SIGN_AGREEMENT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = sign_locked(n, by, file, len, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* Declares it in copies of all versions to which this node is bound and whose state allows it: the one that counts, and of those that wait the
 * ones that it has signed. A suspension would else be over when the other party signs the next version. None: why not the one that counts. */
static ent_code declare_on_all(ent_flow_node *n, const ent_held_agreement *have, ent_act act, ent_held_agreement ret[FAMILY], size_t *ret_count, ent_err *err)
{
    family f;
    ent_err why;
    ent_code first = ENT_OK;
    gather(n, have->a->name, NULL, 0, &f); /* the one that counts stands first */
    for (size_t i = 0; i < f.count; i++) {
        if (i && !ent_envelope_signed_by(&f.v[i]->envelope, n->c.name)) continue;
        ent_code code = copy_held(n, f.v[i], &ret[*ret_count], &why);
        if (code == ENT_OK && (code = declare(n, &ret[*ret_count], act, &why)) != ENT_OK) free_one(&ret[*ret_count]);
        if (code == ENT_OK) ++*ret_count;
        else if (code != ENT_REFUSED) return ent_fail(err, code, "%s", why.detail);
        else if (i == 0) first = ent_fail(err, code, "%s", why.detail);
    }
    return *ret_count ? ENT_OK : first;
}

static ent_code act_on_all(ent_flow_node *n, const ent_actor *by, const ent_held_agreement *have, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    size_t count = 0;
    ent_held_agreement *h = calloc(FAMILY, sizeof *h);
    if (!h) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    view(have, ret_view);
    ent_code code = declare_on_all(n, have, act, h, &count, err);
    if (code == ENT_OK) code = by_two(n, by, h, count, act, ret_view, err);
    else
        for (size_t i = 0; i < count; i++) free_one(&h[i]);
    free(h);
    return code;
}

static ent_code act_locked(ent_flow_node *n, const ent_actor *by, const char *name, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    const ent_held_agreement *have = act == ENT_ACT_SIGN ? about(n, name, 0) : ent_agreement_named(n, name);
    ent_held_agreement h;
    if (!have) return ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
    if (act != ENT_ACT_SIGN) return act_on_all(n, by, have, act, ret_view, err);
    ENT_TRY(copy_held(n, have, &h, err));
    return sign_held(n, by, &h, ret_view, err);
}

ent_code ent_flow_agreement_act(ent_flow_node *n, const ent_actor *by, const char *name, ent_act act, ent_agreement_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, act == ENT_ACT_SIGN ? ENT_MAY_SIGN_AGREEMENT : ENT_MAY_SUSPEND_AGREEMENT, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = act_locked(n, by, name, act, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* What came and what is here, as one. */
static ent_code join(ent_flow_node *n, const ent_held_agreement *have, ent_held_agreement *h, ent_err *err)
{
    const ent_key_history history = {n, was_key_of};
    ENT_TRY(ent_envelope_join(&have->envelope, &h->envelope, err));
    return ent_envelope_verify(&h->envelope, h->a, &history, &h->state, err);
}

static ent_code take_locked(ent_flow_node *n, const void *bytes, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    ent_held_agreement h;
    ENT_TRY(open_envelope(n, bytes, len, &h, err));
    const ent_held_agreement *have = about(n, h.a->name, h.a->version);
    ent_code code = ENT_OK;
    if (!ent_agreement_party(h.a, n->c.name)) code = ent_fail(err, ENT_REFUSED, "%s is no party to \"%s\"", n->c.name, h.a->name);
    else if (have) code = join(n, have, &h, err);
    if (code == ENT_OK) return keep(n, NULL, &h, 1, "received", ret_view, err);
    if (code == ENT_EXISTS) view(have, ret_view);
    free_one(&h);
    return code == ENT_EXISTS ? ENT_OK : code;
}

ent_code ent_flow_agreement_take(ent_flow_node *n, const void *envelope, size_t len, ent_agreement_view *ret_view, ent_err *err)
{
    pthread_mutex_lock(&n->lock);
    ent_code code = take_locked(n, envelope, len, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_agreement_envelope(ent_flow_node *n, const char *name, ent_buf *ret_envelope, ent_err *err)
{
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *have = ent_agreement_named(n, name);
    if (have) ent_envelope_encode(&have->envelope, ret_envelope);
    pthread_mutex_unlock(&n->lock);
    return have ? ent_buf_check(ret_envelope, err) : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
}

/* ---- sending ---- */

typedef struct sending {
    ent_buf bytes;
    char party[ENT_AGREEMENT_PARTIES][ENT_PARTY_NAME];
    size_t parties;
} sending;

static void prepare(ent_flow_node *n, const ent_held_agreement *h, sending *ret)
{
    *ret = (sending){.bytes = ENT_BUF(ENT_ENVELOPE_MAX)};
    ent_envelope_encode(&h->envelope, &ret->bytes);
    for (size_t i = 0; i < h->a->party_count; i++)
        if (strcmp(h->a->party[i].name, n->c.name) != 0) memcpy(ret->party[ret->parties++], h->a->party[i].name, ENT_PARTY_NAME);
}

/* Who has a later version needs no older one. */
static bool heard(const ent_reply *reply)
{
    ent_problem p;
    return reply->status == 200 || (ent_problem_read(reply->body.data, reply->body.len, &p, NULL) == ENT_OK && p.code == ENT_REPLAY);
}

static ent_code send_one(ent_flow_node *n, const sending *s, size_t *ret_told, ent_err *err)
{
    ent_code code = ent_buf_check(&s->bytes, err);
    for (size_t i = 0; i < s->parties && s->bytes.failed == ENT_OK; i++) {
        ent_message m = {.kind = ENT_MESSAGE_AGREEMENT, .agreement = "", .flow = "", .purpose = "", .proof = "", .body = s->bytes.data, .body_len = s->bytes.len};
        ent_reply reply = {.body = ENT_BUF(65536), .evidence = ENT_BUF(65536)};
        ent_fill(n, m.id, sizeof m.id);
        ent_code sent = n->c.partners.send(n->c.partners.self, s->party[i], &m, ent_ticks(n) + 5000, &reply, err);
        if (sent == ENT_OK && heard(&reply)) ++*ret_told;
        else code = sent == ENT_OK ? ent_fail(err, ENT_REFUSED, "%s did not take the agreement: %.200s", s->party[i], ent_buf_cstr(&reply.body)) : sent;
        ent_reply_free(&reply);
    }
    return code;
}

ent_code ent_flow_agreement_send(ent_flow_node *n, const char *name, size_t *ret_told, ent_err *err)
{
    sending s[FAMILY];
    size_t count = 0, told[FAMILY] = {0}, latest = 0;
    *ret_told = 0;
    pthread_mutex_lock(&n->lock);
    const ent_held_agreement *have = ent_agreement_named(n, name), *last = about(n, name, 0);
    family f = {0};
    if (have) gather(n, name, NULL, 0, &f);
    for (size_t i = 0; i < f.count; i++) {
        if (f.v[i] == last) latest = i;
        prepare(n, f.v[i], &s[count++]);
    }
    pthread_mutex_unlock(&n->lock);
    ent_code code = count ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no agreement \"%s\" is here", name);
    if (code == ENT_OK && !n->c.partners.send) code = ent_fail(err, ENT_UNREACHABLE, "the node is not running: `entente serve`, then `entente agreement send`");
    bool may = code == ENT_OK;
    for (size_t i = 0; i < count; i++) { /* who cannot take the one may want the other */
        ent_code one = may ? send_one(n, &s[i], &told[i], code == ENT_OK ? err : NULL) : code;
        if (code == ENT_OK) code = one;
        ent_buf_free(&s[i].bytes);
    }
    *ret_told = told[latest];
    return code;
}

/* ---- listing ---- */

ent_code ent_flow_agreements(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->agreement_count + n->next_count; i++) {
        bool next = i >= n->agreement_count;
        ent_agreement_view v;
        view(next ? &n->next[i - n->agreement_count] : &n->agreements[i], &v);
        v.next = next;
        see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}

struct versions {
    ent_flow_node *n;
    void (*see)(void *ctx, const ent_agreement_view *v, const ent_envelope *e);
    void *ctx;
};

static ent_code tell_version(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct versions *s = ctx;
    ent_held_agreement h;
    ent_agreement_view v;
    if (open_envelope(s->n, value, value_len, &h, NULL) != ENT_OK) return ENT_DAMAGED;
    view(&h, &v);
    v.next = says_next(key, key_len);
    v.before = !v.next && memchr(key, '\n', key_len);
    s->see(s->ctx, &v, &h.envelope);
    free_one(&h);
    return ENT_OK;
}

ent_code ent_flow_agreement_versions(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v, const ent_envelope *e), void *ctx, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    struct versions s = {n, see, ctx};
    pthread_mutex_lock(&n->lock);
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_AGREEMENTS, &all, tell_version, &s, err);
    pthread_mutex_unlock(&n->lock);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "an agreement's row cannot be read or does not verify");
}

/* ---- visibility ---- */

int ent_flow_bit(ent_flow_node *n, const ent_agreement *a, const ent_flow *f)
{
    int bit = 0;
    for (size_t i = 0; i < n->agreement_count; i++)
        for (size_t k = 0; k < n->agreements[i].a->flow_count; k++) {
            const ent_flow *other = &n->agreements[i].a->flow[k];
            if (strcmp(other->holder, n->c.name) != 0) continue;
            if (n->agreements[i].a == a && other == f) return bit < 64 ? bit : -1;
            bit++;
        }
    return -1;
}

uint64_t ent_flows_that_see(ent_flow_node *n, const ent_legal_facts *facts, const ent_retention *kept, bool convicted)
{
    uint64_t bits = 0;
    ent_date today = ent_today(n);
    ent_subject s = {.facts = facts, .kept = kept, .convicted = convicted};
    for (size_t i = 0; i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        bool in_force = h->state == ENT_AGREEMENT_SIGNED && ent_date_compare(h->a->from, today) <= 0 && ent_date_compare(today, h->a->until) <= 0;
        for (size_t k = 0; in_force && k < h->a->flow_count; k++) {
            char clause[ENT_LAW_CLAUSE];
            int bit = ent_flow_bit(n, h->a, &h->a->flow[k]);
            if (bit >= 0 && ent_flow_sees(h->a, &h->a->flow[k], &s, clause)) bits |= 1ull << bit;
        }
    }
    return bits;
}
