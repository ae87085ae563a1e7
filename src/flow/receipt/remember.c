/* The partners' checkpoints come in: this node is one of their witnesses, by the same rules as the program of its own
 * (merkle/witness.h), over the exchange. */
#include "flow/receipt/receipt.h"

#include "base/check.h"
#include "flow/search/search.h"
#include "merkle/witness.h"

#include <inttypes.h>
#include <string.h>

enum { TRIES = 8, DAY_MS = 86400000 };

/* What is remembered of one partner's ledger: its note with our cosignature, as the row has it. */
typedef struct memory {
    char key[8 + ENT_ORIGIN_MAX], origin[ENT_ORIGIN_MAX];
    size_t key_len;
    ent_buf note;
    ent_checkpoint c;
} memory;

static ent_code recall(ent_flow_node *n, const char *partner, uint32_t year, memory *ret, ent_err *err)
{
    ent_shard_origin(partner, year, ret->origin);
    ret->key_len = (size_t)snprintf(ret->key, sizeof ret->key, "log/%s", ret->origin);
    ent_buf_clear(&ret->note);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, ret->key, ret->key_len, &ret->note, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code != ENT_OK) return code;
    if (ent_checkpoint_parse((const char *)ret->note.data, ret->note.len, &ret->c, NULL) != ENT_OK || strcmp(ret->c.origin, ret->origin) != 0)
        return ent_fail(err, ENT_DAMAGED, "what is remembered of the ledger %s cannot be read", ret->origin);
    return ENT_OK;
}

ent_code ent_partner_remembered(ent_flow_node *n, const char *partner, uint32_t year, ent_checkpoint *ret, ent_err *err)
{
    memory m = {.note = ENT_BUF(ENT_NOTE_MAX)};
    ent_code code = recall(n, partner, year, &m, err);
    if (code == ENT_OK) *ret = m.note.len ? m.c : (ent_checkpoint){0};
    ent_buf_free(&m.note);
    return code;
}

static ent_code keys_of(ent_flow_node *n, const char *partner, ent_public_key ret_keys[ENT_PEER_KEYS], size_t *ret_count, ent_err *err)
{
    ent_peer peer;
    ent_directory d = ent_flow_directory(n);
    ENT_TRY(d.by_name(d.self, partner, &peer, err));
    for (size_t i = 0; i < peer.key_count; i++) memcpy(ret_keys[i].b, peer.key[i], 32);
    *ret_count = peer.key_count;
    return ENT_OK;
}

/* Compare and swap: the row is what was looked at, or nothing happens. */
static ent_code swap(ent_flow_node *n, const memory *m, const ent_buf *note, ent_err *err)
{
    const ent_change changes[] = {{ENT_CHANGE_EXPECT, ENT_TABLE_META, m->key, m->key_len, m->note.data, m->note.len},
                                  {ENT_CHANGE_PUT, ENT_TABLE_META, m->key, m->key_len, note->data, note->len}};
    return n->c.store.commit(n->c.store.self, changes, 2, true, err);
}

static ent_code cosign(ent_flow_node *n, const memory *m, const ent_add_checkpoint *add, const ent_known_log *log, ent_buf *ret_line, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX), line = ENT_BUF(1024);
    if (!ent_note_own_lines(add->note, add->note_len, log->origin, log->key, log->key_count, &note)) return ent_fail(err, ENT_FORMAT, "a checkpoint that cannot be kept");
    ENT_TRY(ent_note_cosign((const char *)note.data, note.len, n->c.name, &n->c.identity, ent_now(n), &line, err));
    ent_buf_put(&note, line.data, line.len);
    ENT_TRY(ent_buf_check(&note, err));
    ENT_TRY(swap(n, m, &note, err));
    ent_buf_put(ret_line, line.data, line.len);
    return ent_buf_check(ret_line, err);
}

static void put_head(ent_buf *b, int status, uint64_t size) { ent_buf_fmt(b, "%d\n%" PRIu64 "\n\n", status, size); }

bool ent_log_has_come(ent_flow_node *n, const char *origin, const char *partner, uint32_t *ret_year)
{
    ent_time tomorrow = {ent_now(n).ms + DAY_MS};
    return ent_shard_origin_of(origin, partner, ret_year) && *ret_year <= (uint32_t)ent_time_date(tomorrow).year;
}

/* ENT_CONFLICT: somebody was faster, look again. */
static ent_code judge(ent_flow_node *n, const ent_arrival *in, memory *m, ent_buf *ret_body, ent_err *err)
{
    ent_add_checkpoint add;
    ent_checkpoint c;
    ent_public_key keys[ENT_PEER_KEYS];
    size_t key_count;
    uint32_t year;
    bool fork;
    ENT_AUTO_BUF line = ENT_BUF(1024);
    ENT_TRY(ent_add_checkpoint_parse(in->message.body, in->message.body_len, &add, err));
    ENT_TRY(ent_checkpoint_parse(add.note, add.note_len, &c, err));
    if (!ent_log_has_come(n, c.origin, in->partner, &year)) {
        put_head(ret_body, 404, 0);
        return ent_buf_check(ret_body, err);
    }
    ENT_TRY(keys_of(n, in->partner, keys, &key_count, err));
    ENT_TRY(recall(n, in->partner, year, m, err));
    ent_known_log log = {.origin = m->origin, .key = keys, .key_count = key_count, .seen = m->note.len != 0, .size = m->c.size, .root = m->c.root};
    ent_witness_verdict v = ent_witness_judge(&add, &log, &c, &fork);
    if (fork) ENT_TRY(ent_evidence_keep(n, in->partner, ENT_BYTES(m->note.data, m->note.len), ENT_BYTES(add.note, add.note_len), err));
    if (v == ENT_WITNESS_TAKE) {
        ENT_TRY(cosign(n, m, &add, &log, &line, err));
        put_head(ret_body, 200, c.size);
        ent_buf_put(ret_body, line.data, line.len);
    } else {
        put_head(ret_body, v, m->note.len ? m->c.size : 0);
        if (m->note.len) ent_buf_put(ret_body, m->note.data, m->note.len);
    }
    return ent_buf_check(ret_body, err);
}

void ent_checkpoint_receive(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    memory m = {.note = ENT_BUF(ENT_NOTE_MAX)};
    ent_code code = ENT_CONFLICT;
    for (int i = 0; i < TRIES && code == ENT_CONFLICT; i++) code = judge(n, in, &m, ret_body, &err);
    ent_buf_free(&m.note);
    *ret_status = 200;
    if (code == ENT_OK) return;
    bool theirs = code == ENT_FORMAT || code == ENT_TOO_LARGE;
    *ret_status = theirs ? 400 : code == ENT_CONFLICT || code == ENT_NO_SPACE ? 503 : 500;
    ent_buf_clear(ret_body);
    ent_refusal_write(*ret_status, theirs ? ENT_FORMAT : ENT_INTERNAL, theirs ? err.detail : "the checkpoint could not be remembered, so it is not co-signed", "", ret_body);
}

/* Of one size there is one root, whichever way a checkpoint came. One that is larger than what is remembered is not remembered: it
 * came without a proof that it continues, and the partner's next checkpoint message brings that. */
void ent_history_seen(ent_flow_node *n, const char *partner, const char *proof, size_t len)
{
    ent_proof p;
    ent_checkpoint c;
    ent_public_key keys[ENT_PEER_KEYS];
    size_t key_count;
    bool valid = false;
    memory m = {.note = ENT_BUF(ENT_NOTE_MAX)};
    uint32_t year;
    bool differs = ent_proof_parse(proof, len, &p, NULL) == ENT_OK && ent_checkpoint_parse(p.note, p.note_len, &c, NULL) == ENT_OK &&
                   ent_shard_origin_of(c.origin, partner, &year) && recall(n, partner, year, &m, NULL) == ENT_OK && m.note.len && c.size == m.c.size &&
                   memcmp(&c.root, &m.c.root, sizeof c.root) != 0;
    if (differs && keys_of(n, partner, keys, &key_count, NULL) == ENT_OK)
        for (size_t i = 0; i < key_count; i++) valid = valid || ent_note_signed_by(p.note, p.note_len, c.origin, &keys[i]);
    if (valid) (void)!ent_evidence_keep(n, partner, ENT_BYTES(m.note.data, m.note.len), ENT_BYTES(p.note, p.note_len), NULL);
    ent_buf_free(&m.note);
}

/* ---- proofs from a partner's ledger ---- */

/* The partner's keys, with which it may have signed by now. Under the lock. */
typedef struct says {
    ent_public_key key[2];
    size_t count;
} says;

static ent_code keys_now(ent_flow_node *n, const char *partner, says *ret, ent_err *err)
{
    const ent_held_partner *p = ent_partner_named(n, partner);
    if (!p) return ent_fail(err, ENT_NOT_FOUND, "no partner \"%s\" is known here", partner);
    if (p->revoked) return ent_fail(err, ENT_DENIED, "the key of \"%s\" was revoked", partner);
    *ret = (says){{p->card.identity, p->old_key}, p->old_until_ms > ent_now(n).ms ? 2 : 1};
    return ENT_OK;
}

static ent_code check_proof(ent_flow_node *n, const char *partner, const says *s, ent_bytes proof, ent_entry *ret_entry, ent_place *ret_place, ent_err *err)
{
    ent_checkpoint c;
    ent_place place;
    ent_code code = ENT_SIGNATURE;
    for (size_t i = 0; i < s->count && code != ENT_OK; i++) code = ent_proof_verify(proof.data, proof.len, partner, &s->key[i], ret_entry, &place.index, &c, err);
    if (code != ENT_OK) return code;
    if (!ent_log_has_come(n, c.origin, partner, &place.year)) return ent_fail(err, ENT_SIGNATURE, "a proof from the log %s, whose year has not come", c.origin);
    if (ret_place) *ret_place = place;
    return ENT_OK;
}

ent_code ent_partner_says_locked(ent_flow_node *n, const char *partner, const char *proof, size_t len, ent_entry *ret_entry, ent_place *ret_place, ent_err *err)
{
    says s;
    ENT_TRY(keys_now(n, partner, &s, err));
    return check_proof(n, partner, &s, ENT_BYTES(proof, len), ret_entry, ret_place, err);
}

ent_code ent_partner_says(ent_flow_node *n, const char *partner, const char *proof, size_t len, ent_entry *ret_entry, ent_place *ret_place, ent_err *err)
{
    says s;
    pthread_mutex_lock(&n->lock);
    ent_code code = keys_now(n, partner, &s, err);
    pthread_mutex_unlock(&n->lock);
    return code == ENT_OK ? check_proof(n, partner, &s, ENT_BYTES(proof, len), ret_entry, ret_place, err) : code;
}
