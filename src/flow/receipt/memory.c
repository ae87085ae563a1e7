/* What is remembered about witnesses and histories, and what follows from it for the gate. */
#include "flow/receipt/receipt.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"
#include "merkle/note.h"

#include <stdlib.h>
#include <string.h>

#define WITNESS "witness/"
#define EVIDENCE "evidence/"

static ent_code see_witness(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct ent_witnessing *w = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_witness_memory m = {0};
    size_t n = key_len - (sizeof WITNESS - 1);
    if (n >= sizeof m.name || w->count == ENT_WITNESSES_MAX) return ENT_OK;
    memcpy(m.name, key + sizeof WITNESS - 1, n);
    uint8_t version = ent_cursor_u8(&c);
    m.size = ent_cursor_u64(&c);
    ent_cursor_copy(&c, m.root.b, sizeof m.root.b);
    m.since_ms = (int64_t)ent_cursor_u64(&c);
    m.last_ms = (int64_t)ent_cursor_u64(&c);
    if (version != 1 || !ent_cursor_done(&c)) return ENT_DAMAGED;
    w->at[w->count++] = m;
    return ENT_OK;
}

/* "evidence/NAME/…": a partner's; our own evidence stands beside the row "doubt". */
static ent_code see_evidence(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    struct ent_witnessing *w = n->witnessing;
    char name[ENT_PARTY_NAME] = "";
    (void)value, (void)value_len;
    const char *at = (const char *)key + sizeof EVIDENCE - 1, *slash = memchr(at, '/', key_len - (sizeof EVIDENCE - 1));
    if (!slash || slash - at >= (ptrdiff_t)sizeof name || w->doubted_count == ENT_DOUBTED_MAX) return ENT_OK;
    memcpy(name, at, (size_t)(slash - at));
    if (strcmp(name, n->c.name) != 0) snprintf(w->doubted[w->doubted_count++], sizeof name, "%s", name);
    return ENT_OK;
}

static ent_code load_doubt(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(1024);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, "doubt", 5, &row, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code != ENT_OK) return code;
    const char *text = ent_buf_cstr(&row), *newline = strchr(text, '\n');
    if (!newline) return ent_fail(err, ENT_DAMAGED, "the row \"doubt\" cannot be read");
    snprintf(n->witnessing->doubted_by, sizeof n->witnessing->doubted_by, "%.*s", (int)(newline - text), text);
    snprintf(n->witnessing->doubt, sizeof n->witnessing->doubt, "%.159s", newline + 1);
    return ENT_OK;
}

ent_code ent_witnessing_load(ent_flow_node *n, ent_err *err)
{
    n->witnessing = calloc(1, sizeof *n->witnessing);
    if (!n->witnessing) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_change witnesses = {.key = WITNESS, .key_len = sizeof WITNESS - 1}, evidence = {.key = EVIDENCE, .key_len = sizeof EVIDENCE - 1};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_META, &witnesses, see_witness, n->witnessing, err);
    if (code == ENT_OK) code = n->c.store.scan(n->c.store.self, ENT_TABLE_META, &evidence, see_evidence, n, err);
    if (code != ENT_OK) return ent_fail(err, code, "the rows of witnesses cannot be read");
    return load_doubt(n, err);
}

void ent_witnessing_free(ent_flow_node *n) { free(n->witnessing); }

ent_witness_memory *ent_witness_named(ent_flow_node *n, const char *name)
{
    struct ent_witnessing *w = n->witnessing;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->at[i].name, name) == 0) return &w->at[i];
    if (w->count == ENT_WITNESSES_MAX) return NULL;
    ent_witness_memory *m = &w->at[w->count++];
    *m = (ent_witness_memory){.since_ms = ent_now(n).ms};
    snprintf(m->name, sizeof m->name, "%s", name);
    return m;
}

ent_code ent_witness_keep(ent_flow_node *n, const ent_witness_memory *m, ent_err *err)
{
    char key[sizeof WITNESS + ENT_PARTY_NAME];
    ENT_AUTO_BUF row = ENT_BUF(256);
    ent_buf_u8(&row, 1);
    ent_buf_u64(&row, m->size);
    ent_buf_put(&row, m->root.b, sizeof m->root.b);
    ent_buf_u64(&row, (uint64_t)m->since_ms);
    ent_buf_u64(&row, (uint64_t)m->last_ms);
    ENT_TRY(ent_buf_check(&row, err));
    int len = snprintf(key, sizeof key, WITNESS "%s", m->name);
    ent_change c = {ENT_CHANGE_PUT, ENT_TABLE_META, key, (size_t)len, row.data, row.len};
    return n->c.store.commit(n->c.store.self, &c, 1, true, err);
}

/* ---- evidence ---- */

static bool partner_doubted(const ent_flow_node *n, const char *partner)
{
    const struct ent_witnessing *w = n->witnessing;
    for (size_t i = 0; i < w->doubted_count; i++)
        if (strcmp(w->doubted[i], partner) == 0) return true;
    return false;
}

/* Row and ledger entry; of ourselves no entry, since it is the ledger that is doubted. */
ent_code ent_evidence_keep(ent_flow_node *n, const char *about, ent_bytes first, ent_bytes second, ent_err *err)
{
    char key[ENT_STORE_KEY_MAX + 1], hex[65], time[ENT_TIME_TEXT];
    uint8_t digest[32];
    ENT_AUTO_BATCH b = ent_batch_new("evidence");
    ENT_AUTO_BUF text = ENT_BUF(4 * ENT_NOTE_MAX);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_sha256(first.data, first.len, digest);
    ent_hex(digest, 8, hex);
    ent_time_text(ent_now(n), time);
    ent_buf_fmt(&text, "entente-evidence/v1\nlog %s\nfound %s\nremembered %zu bytes, submitted %zu bytes\n\n", about, time, first.len, second.len);
    if (first.len) ent_buf_put(&text, first.data, first.len);
    if (second.len) ent_buf_put(&text, second.data, second.len);
    ENT_TRY(ent_buf_check(&text, err));
    size_t key_len = (size_t)snprintf(key, sizeof key, EVIDENCE "%s/%s", about, hex);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_META, ENT_BYTES(key, key_len), ENT_BYTES(text.data, text.len));
    if (strcmp(about, n->c.name) != 0) {
        ent_entry e = {.kind = ENT_ENTRY_ALARM, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .clause = "two histories of a partner's ledger"};
        ent_fill(n, e.case_number.b, sizeof e.case_number.b);
        ent_sha256(text.data, text.len, e.commitment);
        ent_batch_entry(b, &e);
    }
    ent_code code = ent_commit(n, b, NULL, err);
    if (code == ENT_EXISTS) code = ENT_OK;
    pthread_mutex_lock(&n->lock);
    struct ent_witnessing *w = n->witnessing;
    if (strcmp(about, n->c.name) != 0 && !partner_doubted(n, about) && w->doubted_count < ENT_DOUBTED_MAX)
        snprintf(w->doubted[w->doubted_count++], ENT_PARTY_NAME, "%.63s", about);
    pthread_mutex_unlock(&n->lock);
    return code;
}

typedef struct sight {
    void (*see)(void *ctx, const char *name, const char *text, size_t len);
    void *ctx;
} sight;

static ent_code show_evidence(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    const sight *s = ctx;
    char name[ENT_STORE_KEY_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)(key_len - (sizeof EVIDENCE - 1)), (const char *)key + sizeof EVIDENCE - 1);
    s->see(s->ctx, name, (const char *)value, value_len);
    return ENT_OK;
}

ent_code ent_flow_evidence(ent_flow_node *n, void (*see)(void *ctx, const char *name, const char *text, size_t len), void *ctx, ent_err *err)
{
    sight s = {see, ctx};
    ent_change range = {.key = EVIDENCE, .key_len = sizeof EVIDENCE - 1};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_META, &range, show_evidence, &s, err);
}

/* ---- the gate ---- */

/* No party of the agreement, by name and by key. */
static bool independent(const ent_agreement *a, const ent_party *w)
{
    for (size_t i = 0; i < a->party_count; i++)
        if (strcmp(a->party[i].name, w->name) == 0 || memcmp(a->party[i].key, w->key, 32) == 0) return false;
    return true;
}

bool ent_independently_cosigned(const ent_agreement *a, const char *note, size_t len)
{
    for (size_t i = 0; i < a->witness_count; i++) {
        ent_public_key key;
        memcpy(key.b, a->witness[i].key, 32);
        if (independent(a, &a->witness[i]) && ent_note_cosigned_by(note, len, a->witness[i].name, &key, NULL)) return true;
    }
    return false;
}

static bool heard_of(ent_flow_node *n, const ent_agreement *a)
{
    for (size_t i = 0; i < a->witness_count; i++) {
        if (!independent(a, &a->witness[i])) continue;
        const ent_witness_memory *m = ent_witness_named(n, a->witness[i].name);
        if (!m) continue;
        int64_t heard = m->last_ms ? m->last_ms : m->since_ms;
        if (ent_now(n).ms - heard <= n->c.witness_silence_ms) return true;
    }
    return false;
}

bool ent_witnessed(ent_flow_node *n, const ent_agreement *a, const char *partner, char ret_reason[160])
{
    if (n->witnessing->doubt[0]) {
        snprintf(ret_reason, 160, "this node's ledger is doubted: %.120s", n->witnessing->doubt);
        return false;
    }
    if (partner_doubted(n, partner)) {
        snprintf(ret_reason, 160, "%.63s showed two histories of its ledger; the evidence is kept", partner);
        return false;
    }
    if (!n->c.witness_silence_ms || heard_of(n, a)) return true;
    snprintf(ret_reason, 160, "no witness of the agreement has co-signed this node's ledger for %lld minutes", (long long)(n->c.witness_silence_ms / 60000));
    return false;
}
