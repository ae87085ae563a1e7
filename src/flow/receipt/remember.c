/* The partners' checkpoints come in: this node is one of their witnesses, by the same rules as the program of its own
 * (merkle/witness.h), over the exchange. */
#include "flow/receipt/receipt.h"

#include "base/check.h"
#include "flow/search/search.h"
#include "merkle/witness.h"

#include <inttypes.h>
#include <string.h>

enum { TRIES = 8 };

/* What is remembered of one partner's ledger: its note with our cosignature, as the row has it. */
typedef struct memory {
    char key[8 + ENT_PARTY_NAME];
    size_t key_len;
    ent_buf note;
    ent_checkpoint c;
} memory;

static ent_code recall(ent_flow_node *n, const char *partner, memory *ret, ent_err *err)
{
    ret->key_len = (size_t)snprintf(ret->key, sizeof ret->key, "log/%.63s", partner);
    ent_buf_clear(&ret->note);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, ret->key, ret->key_len, &ret->note, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code != ENT_OK) return code;
    if (ent_checkpoint_parse((const char *)ret->note.data, ret->note.len, &ret->c, NULL) != ENT_OK || strcmp(ret->c.origin, partner) != 0)
        return ent_fail(err, ENT_DAMAGED, "what is remembered of the ledger of %s cannot be read", partner);
    return ENT_OK;
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

/* ENT_CONFLICT: somebody was faster, look again. */
static ent_code judge(ent_flow_node *n, const ent_arrival *in, memory *m, ent_buf *ret_body, ent_err *err)
{
    ent_add_checkpoint add;
    ent_checkpoint c;
    ent_public_key keys[ENT_PEER_KEYS];
    size_t key_count;
    bool fork;
    ENT_AUTO_BUF line = ENT_BUF(1024);
    ENT_TRY(ent_add_checkpoint_parse(in->message.body, in->message.body_len, &add, err));
    ENT_TRY(keys_of(n, in->partner, keys, &key_count, err));
    ENT_TRY(recall(n, in->partner, m, err));
    ent_known_log log = {.origin = in->partner, .key = keys, .key_count = key_count, .seen = m->note.len != 0, .size = m->c.size, .root = m->c.root};
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
    bool differs = ent_proof_parse(proof, len, &p, NULL) == ENT_OK && ent_checkpoint_parse(p.note, p.note_len, &c, NULL) == ENT_OK &&
                   strcmp(c.origin, partner) == 0 && recall(n, partner, &m, NULL) == ENT_OK && m.note.len && c.size == m.c.size &&
                   memcmp(&c.root, &m.c.root, sizeof c.root) != 0;
    if (differs && keys_of(n, partner, keys, &key_count, NULL) == ENT_OK)
        for (size_t i = 0; i < key_count; i++) valid = valid || ent_note_signed_by(p.note, p.note_len, partner, &keys[i]);
    if (valid) (void)!ent_evidence_keep(n, partner, ENT_BYTES(m.note.data, m.note.len), ENT_BYTES(p.note, p.note_len), NULL);
    ent_buf_free(&m.note);
}
