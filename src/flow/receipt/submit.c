/* This node's checkpoints go out: to the witnesses that its agreements name, and to the partners, who remember too. What comes
 * back is a cosignature, or the news that somebody remembers another history. */
#include "flow/receipt/receipt.h"

#include "base/check.h"
#include "base/text.h"
#include "merkle/witness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { REFRESH_MS = 15 * 60000, BACK_OFF_MS = 10000, BACK_OFF_STEPS = 5, MESSAGE_MS = 5000 };

/* Somebody who is to co-sign, for one round. */
typedef struct target {
    char name[ENT_PARTY_NAME];
    uint8_t key[ENT_PEER_KEYS][32];
    size_t key_count;
    bool partner;        /* spoken to over the exchange */
    ent_witness_memory m;
} target;

typedef struct round {
    ent_flow_node *n;
    const ent_ledger *log; /* of the shard that is submitted */
    ent_shard shard;
    bool closed;         /* no entry will be added to it */
    target *target;
    size_t count;
    ent_buf note, merged;
    ent_checkpoint c;    /* of note */
    bool added;
    int64_t until;       /* monotonic ms */
} round;

/* What somebody said, whichever way it came. */
typedef struct verdict {
    int status;          /* of tlog-witness */
    uint64_t size;       /* for 409 */
    ent_buf lines;       /* for 200 */
    ent_buf remembered;  /* the checkpoint that it knows of us, when that is the matter */
} verdict;

/* ---- whom ---- */

static void add_target(round *r, const char *name, const uint8_t key[32], bool partner)
{
    for (size_t i = 0; i < r->count; i++) {
        target *t = &r->target[i];
        if (strcmp(t->name, name) != 0) continue;
        for (size_t k = 0; k < t->key_count; k++)
            if (memcmp(t->key[k], key, 32) == 0) return;
        if (t->key_count < ENT_PEER_KEYS) memcpy(t->key[t->key_count++], key, 32);
        return;
    }
    ent_witness_memory *m = ent_witness_named(r->n, name, r->shard.year);
    if (!m || r->count == ENT_WITNESSES_MAX) return;
    target *t = &r->target[r->count++];
    *t = (target){.partner = partner, .key_count = 1, .m = *m};
    snprintf(t->name, sizeof t->name, "%s", name);
    memcpy(t->key[0], key, 32);
}

/* Witnesses first: on them the flows depend. Under the lock. */
static void gather(round *r)
{
    ent_flow_node *n = r->n;
    for (size_t i = 0; i < n->agreement_count; i++) {
        const ent_held_agreement *h = &n->agreements[i];
        for (size_t k = 0; k < h->a->witness_count && h->state == ENT_AGREEMENT_SIGNED; k++) {
            const ent_party *w = &h->a->witness[k];
            if (!ent_partner_named(n, w->name) && n->c.witnesses.knows && n->c.witnesses.knows(n->c.witnesses.self, w->name)) add_target(r, w->name, w->key, false);
        }
    }
    for (size_t i = 0; i < n->partner_count && n->c.partners.send; i++) {
        const ent_held_partner *p = &n->partners[i];
        if (p->revoked) continue;
        add_target(r, p->card.name, p->card.identity.b, true);
        if (p->old_until_ms > ent_now(n).ms) add_target(r, p->card.name, p->old_key.b, true);
    }
}

/* ---- asking ---- */

/* A partner's answer: status, size, an empty line, then cosignature or remembered checkpoint (docs/protocol/witness.md). */
static ent_code read_answer(const ent_buf *body, verdict *ret, ent_err *err)
{
    const char *at = (const char *)body->data, *end = at + body->len, *line;
    size_t len;
    uint64_t status, size;
    if (!body->len || !ent_note_line(&at, end, &line, &len) || !ent_note_number(line, len, &status) || status < 200 || status > 599 ||
        !ent_note_line(&at, end, &line, &len) || !ent_note_number(line, len, &size) || !ent_note_line(&at, end, &line, &len) || len)
        return ent_fail(err, ENT_FORMAT, "an answer to a checkpoint that cannot be read");
    ret->status = (int)status;
    ret->size = size;
    ent_buf_put(status == 200 ? &ret->lines : &ret->remembered, at, (size_t)(end - at));
    return ENT_OK;
}

static ent_code ask_partner(ent_flow_node *n, const target *t, const ent_buf *body, verdict *ret, ent_err *err)
{
    ent_message m = {.kind = ENT_MESSAGE_CHECKPOINT, .agreement = "", .flow = "", .purpose = "", .proof = "", .body = body->data, .body_len = body->len};
    ent_reply reply = {.body = ENT_BUF(2 * ENT_NOTE_MAX), .evidence = ENT_BUF(65536)};
    ent_fill(n, m.id, sizeof m.id);
    ent_code code = n->c.partners.send(n->c.partners.self, t->name, &m, ent_ticks(n) + MESSAGE_MS, &reply, err);
    if (code == ENT_OK && reply.status != 200) code = ent_fail(err, ENT_REFUSED, "%s answers %d to a checkpoint", t->name, reply.status);
    if (code == ENT_OK) code = read_answer(&reply.body, ret, err);
    ent_reply_free(&reply);
    return code;
}

static ent_code ask_witness(const round *r, const target *t, const ent_buf *body, verdict *ret, ent_err *err)
{
    ENT_AUTO_BUF answer = ENT_BUF(ENT_NOTE_MAX);
    ent_witnesses *w = &r->n->c.witnesses;
    ENT_TRY(w->add(w->self, t->name, body->data, body->len, &ret->status, &answer, err));
    const char *text = ent_buf_cstr(&answer);
    if (ret->status == 200) ent_buf_put(&ret->lines, answer.data, answer.len);
    if (ret->status == 409 && (!answer.len || !ent_note_number(text, strcspn(text, "\n"), &ret->size)))
        return ent_fail(err, ENT_FORMAT, "%s answers 409 without the size that it knows", t->name);
    if ((ret->status == 409 && ret->size >= r->c.size) || ret->status == 422) /* an earlier tlog-witness says 409 for another root of one size */
         (void)!w->latest(w->self, t->name, r->c.origin, &ret->remembered, NULL);
    return ENT_OK;
}

static ent_code ask(round *r, const target *t, uint64_t old, verdict *ret, ent_err *err)
{
    ent_flow_node *n = r->n;
    ent_hash root;
    ENT_AUTO_BUF body = ENT_BUF(ENT_ADD_CHECKPOINT_MAX);
    ent_add_checkpoint add = {.old = old, .note = (const char *)r->note.data, .note_len = r->note.len};
    ENT_TRY(r->log->consistency(r->log->self, old, r->c.size, &root, &add.proof, err));
    ENT_TRY(ent_add_checkpoint_write(&add, &body, err));
    ent_buf_clear(&ret->lines);
    ent_buf_clear(&ret->remembered);
    return t->partner ? ask_partner(n, t, &body, ret, err) : ask_witness(r, t, &body, ret, err);
}

/* ---- what follows ---- */

static ent_code write_doubt(ent_flow_node *n, ent_change_kind kind, const char *text, ent_err *err)
{
    ent_change c = {kind, ENT_TABLE_META, "doubt", 5, text, strlen(text)};
    return n->c.store.commit(n->c.store.self, &c, 1, true, err);
}

static ent_code doubt(ent_flow_node *n, const target *t, const char *why, ent_bytes note, ent_bytes theirs, ent_err *err)
{
    char row[ENT_ORIGIN_MAX + 164], who[ENT_ORIGIN_MAX];
    ent_shard_origin(t->name, t->m.year, who);
    pthread_mutex_lock(&n->lock);
    snprintf(n->witnessing->doubt, sizeof n->witnessing->doubt, "%s", why);
    snprintf(n->witnessing->doubted_by, sizeof n->witnessing->doubted_by, "%s", who);
    pthread_mutex_unlock(&n->lock);
    snprintf(row, sizeof row, "%s\n%s", who, why);
    ENT_TRY(write_doubt(n, ENT_CHANGE_PUT, row, err));
    ENT_TRY(ent_evidence_keep(n, n->c.name, theirs, note, err));
    return ent_fail(err, ENT_DAMAGED, "%s", why);
}

/* Does what it remembers, under our own signature, contradict our ledger? Whatever is not under our signature proves nothing. */
static ent_code compare(round *r, const target *t, const ent_buf *remembered, ent_err *err)
{
    ent_flow_node *n = r->n;
    ent_checkpoint c;
    ent_public_key own;
    ent_hash root;
    ent_hashes proof;
    char why[160];
    ent_sign_public(&n->c.identity, &own);
    const char *note = (const char *)remembered->data;
    if (!remembered->len || ent_checkpoint_parse(note, remembered->len, &c, NULL) != ENT_OK || strcmp(c.origin, r->c.origin) != 0 ||
        !ent_note_signed_by(note, remembered->len, c.origin, &own))
        return ENT_OK;
    ent_bytes theirs = ENT_BYTES(remembered->data, remembered->len), ours = ENT_BYTES(r->note.data, r->note.len);
    if (c.size > r->log->size(r->log->self)) {
        snprintf(why, sizeof why, "%.63s remembers %" PRIu64 " entries, %" PRIu64 " are here: it was rolled back", t->name, c.size, r->c.size);
        return doubt(n, t, why, ours, theirs, err);
    }
    ENT_TRY(r->log->consistency(r->log->self, 0, c.size, &root, &proof, err));
    if (memcmp(&root, &c.root, sizeof root) == 0) return ENT_OK;
    snprintf(why, sizeof why, "%.63s remembers another history of %" PRIu64 " entries", t->name, c.size);
    return doubt(n, t, why, ours, theirs, err);
}

static bool take_cosignature(round *r, const target *t, const ent_buf *lines)
{
    for (size_t i = 0; i < t->key_count; i++) {
        ent_public_key key;
        memcpy(key.b, t->key[i], 32);
        if (ent_note_take_cosignature(&r->merged, (const char *)lines->data, lines->len, t->name, &key)) return true;
    }
    return false;
}

static bool doubts(const ent_flow_node *n, const target *t)
{
    char who[ENT_ORIGIN_MAX];
    ent_shard_origin(t->name, t->m.year, who);
    return n->witnessing->doubt[0] && strcmp(n->witnessing->doubted_by, who) == 0;
}

static ent_code cosigned(round *r, target *t, ent_err *err)
{
    ent_flow_node *n = r->n;
    t->m.size = r->c.size;
    t->m.root = r->c.root;
    t->m.last_ms = ent_now(n).ms;
    r->added = true;
    ENT_TRY(ent_witness_keep(n, &t->m, err));
    pthread_mutex_lock(&n->lock);
    bool cleared = doubts(n, t);
    if (cleared) n->witnessing->doubt[0] = 0; /* whoever doubted has seen that it goes on from what they remember */
    pthread_mutex_unlock(&n->lock);
    return cleared ? write_doubt(n, ENT_CHANGE_DELETE, "", err) : ENT_OK;
}

static ent_code submit_one(round *r, target *t, ent_err *err)
{
    verdict v = {.lines = ENT_BUF(ENT_NOTE_MAX), .remembered = ENT_BUF(ENT_NOTE_MAX)};
    uint64_t old = t->m.size <= r->c.size ? t->m.size : 0;
    ent_code code = ask(r, t, old, &v, err);
    if (code == ENT_OK && v.status == 409 && v.size <= r->c.size && v.size != old) code = ask(r, t, v.size, &v, err);
    if (code == ENT_OK && v.status != 200) code = compare(r, t, &v.remembered, err);
    if (code == ENT_OK && v.status == 200)
        code = v.lines.len && take_cosignature(r, t, &v.lines) ? cosigned(r, t, err) : ent_fail(err, ENT_SIGNATURE, "the cosignature of %s does not verify", t->name);
    else if (code == ENT_OK)
        code = ent_fail(err, ENT_REFUSED, "%s answers %d to this node's checkpoint", t->name, v.status);
    ent_buf_free(&v.lines);
    ent_buf_free(&v.remembered);
    return code;
}

/* Asked less and less often while it fails, so that one who is gone holds up nobody. */
static void note_outcome(ent_flow_node *n, const target *t, bool ok)
{
    pthread_mutex_lock(&n->lock);
    ent_witness_memory *m = ent_witness_named(n, t->name, t->m.year);
    if (m) {
        unsigned failures = ok ? 0 : m->failures + 1;
        *m = t->m;
        m->failures = failures;
        m->next_try = failures ? ent_ticks(n) + (BACK_OFF_MS << (failures < BACK_OFF_STEPS ? failures - 1 : BACK_OFF_STEPS)) - 1 : 0;
    }
    pthread_mutex_unlock(&n->lock);
}

/* A shard that is closed needs no refreshing: once co-signed to its end it stays so. */
static bool due(const round *r, const target *t)
{
    int64_t refresh = r->n->c.witness_silence_ms && r->n->c.witness_silence_ms / 3 < REFRESH_MS ? r->n->c.witness_silence_ms / 3 : REFRESH_MS;
    if (t->m.next_try > ent_ticks(r->n) || ent_ticks(r->n) > r->until) return false;
    if (!t->m.last_ms || t->m.size != r->shard.count || doubts(r->n, t)) return true;
    if (r->log && (t->m.size != r->c.size || memcmp(&t->m.root, &r->c.root, sizeof t->m.root) != 0)) return true;
    return !r->closed && ent_now(r->n).ms - t->m.last_ms >= refresh;
}

/* Cosignatures on this very checkpoint that came earlier stay under it. */
static ent_code begin_merged(round *r, ent_err *err)
{
    const ent_ledger *l = r->log;
    ent_checkpoint c;
    ENT_AUTO_BUF kept = ENT_BUF(ENT_NOTE_MAX);
    bool same = l->cosigned(l->self, &kept, NULL) == ENT_OK && ent_checkpoint_parse((const char *)kept.data, kept.len, &c, NULL) == ENT_OK &&
                c.size == r->c.size && memcmp(&c.root, &r->c.root, sizeof c.root) == 0;
    const ent_buf *from = same ? &kept : &r->note;
    ent_buf_put(&r->merged, from->data, from->len);
    return ent_buf_check(&r->merged, err);
}

/* Whether one of those who are no partners stands under it. */
static bool has_witness(const round *r, const ent_buf *note)
{
    for (size_t i = 0; i < r->count; i++) {
        const target *t = &r->target[i];
        for (size_t k = 0; k < t->key_count && !t->partner; k++) {
            ent_public_key key;
            memcpy(key.b, t->key[k], 32);
            if (ent_note_cosigned_by((const char *)note->data, note->len, t->name, &key, NULL)) return true;
        }
    }
    return false;
}

/* The latest time that a witness, who is no partner, signed under it: what confirms the clock after a restart. */
static void believe_time(round *r)
{
    ent_time latest = {0}, t;
    for (size_t i = 0; i < r->count; i++) {
        const target *who = &r->target[i];
        for (size_t k = 0; k < who->key_count && !who->partner; k++) {
            ent_public_key key;
            memcpy(key.b, who->key[k], 32);
            if (ent_note_cosigned_by((const char *)r->merged.data, r->merged.len, who->name, &key, &t) && t.ms > latest.ms) latest = t;
        }
    }
    if (latest.ms) ent_flow_time_witnessed(r->n, latest);
}

/* A later checkpoint that only partners co-signed does not take the place of one that a witness did. */
static ent_code keep_merged(round *r, ent_err *err)
{
    const ent_ledger *l = r->log;
    ENT_AUTO_BUF kept = ENT_BUF(ENT_NOTE_MAX);
    bool lesser = !has_witness(r, &r->merged) && l->cosigned(l->self, &kept, NULL) == ENT_OK && has_witness(r, &kept);
    return lesser ? ENT_OK : l->keep_cosigned(l->self, (const char *)r->merged.data, r->merged.len, err);
}

/* One shard, to everybody who is due for it. A closed one is opened only when somebody is. */
static ent_code run(round *r, ent_err *err)
{
    ent_code first = ENT_OK;
    bool any = !r->closed;
    pthread_mutex_lock(&r->n->lock);
    gather(r);
    for (size_t i = 0; i < r->count; i++) any |= due(r, &r->target[i]);
    pthread_mutex_unlock(&r->n->lock);
    if (!any) return ENT_OK;
    ENT_TRY(ent_ledger_log(&r->n->c.ledger, r->shard.year, &r->log, err));
    ENT_TRY(r->log->checkpoint(r->log->self, &r->note, err));
    ENT_TRY(ent_checkpoint_parse((const char *)r->note.data, r->note.len, &r->c, err));
    ENT_TRY(begin_merged(r, err));
    for (size_t i = 0; i < r->count; i++) {
        target *t = &r->target[i];
        ent_err why = {0};
        if (!due(r, t)) continue;
        ent_code code = submit_one(r, t, &why);
        note_outcome(r->n, t, code == ENT_OK);
        if (code == ENT_DAMAGED || (code != ENT_OK && first == ENT_OK)) first = code, *err = why;
        if (code == ENT_DAMAGED) return code;
    }
    if (r->added) believe_time(r);
    if (r->added) ENT_TRY(keep_merged(r, err));
    return first;
}

ent_code ent_flow_witness(ent_flow_node *n, int64_t within_ms, ent_err *err)
{
    ent_shard few[2];
    ent_code first = ENT_OK;
    pthread_mutex_lock(&n->lock);
    size_t count = ent_witness_shards(n, few);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = count; i-- > 0 && first != ENT_DAMAGED;) { /* the present one first: on it the flows depend */
        ent_err own = {0};
        round r = {.n = n, .shard = few[i], .closed = i + 1 < count, .until = ent_ticks(n) + within_ms, .note = ENT_BUF(ENT_NOTE_MAX), .merged = ENT_BUF(ENT_NOTE_MAX),
                   .target = calloc(ENT_WITNESSES_MAX, sizeof(target))};
        ent_code code = r.target ? run(&r, &own) : ent_fail(&own, ENT_NO_MEMORY, "out of memory");
        free(r.target);
        ent_buf_free(&r.note);
        ent_buf_free(&r.merged);
        if (code == ENT_OK || (first != ENT_OK && code != ENT_DAMAGED)) continue;
        first = code;
        if (err) *err = own;
    }
    return first;
}

bool ent_flow_doubted(ent_flow_node *n, char ret_why[160])
{
    pthread_mutex_lock(&n->lock);
    bool doubted = n->witnessing->doubt[0] != 0;
    if (doubted) snprintf(ret_why, 160, "%s", n->witnessing->doubt);
    pthread_mutex_unlock(&n->lock);
    return doubted;
}

void ent_flow_witnesses(ent_flow_node *n, void (*see)(void *ctx, const char *name, uint32_t year, uint64_t size, int64_t last_ms), void *ctx)
{
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->witnessing->count; i++) see(ctx, n->witnessing->at[i].name, n->witnessing->at[i].year, n->witnessing->at[i].size, n->witnessing->at[i].last_ms);
    pthread_mutex_unlock(&n->lock);
}
