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

static bool wanted(const struct ent_witnessing *w, uint32_t year)
{
    return year == w->years[0] || year == w->years[1];
}

size_t ent_witness_shards(ent_flow_node *n, ent_shard ret[2])
{
    ent_shard all[ENT_LIMIT_SHARDS];
    struct ent_witnessing *w = n->witnessing;
    size_t count = ent_ledger_shards(&n->c.ledger, all), few = count > 1 ? 2 : 1, kept = 0;
    for (size_t i = 0; i < few; i++) ret[i] = all[count - few + i];
    w->years[0] = ret[0].year, w->years[1] = ret[few - 1].year;
    for (size_t i = 0; i < w->count; i++)
        if (wanted(w, w->at[i].year)) w->at[kept++] = w->at[i];
    w->count = kept;
    return few;
}

static ent_code see_witness(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct ent_witnessing *w = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_witness_memory m = {0};
    size_t n = key_len - (sizeof WITNESS - 1);
    char name[ENT_ORIGIN_MAX] = "";
    if (n >= sizeof name || w->count == ENT_WITNESSES_MAX) return ENT_OK;
    memcpy(name, key + sizeof WITNESS - 1, n);
    char *slash = strchr(name, '/');
    m.year = slash ? ent_shard_year(slash + 1) : 0;
    if (slash) *slash = 0;
    if (strlen(name) >= sizeof m.name || !wanted(w, m.year)) return ENT_OK;
    memcpy(m.name, name, strlen(name) + 1);
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
    ent_shard few[2];
    (void)ent_witness_shards(n, few);
    ent_change witnesses = {.key = WITNESS, .key_len = sizeof WITNESS - 1}, evidence = {.key = EVIDENCE, .key_len = sizeof EVIDENCE - 1};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_META, &witnesses, see_witness, n->witnessing, err);
    if (code == ENT_OK) code = n->c.store.scan(n->c.store.self, ENT_TABLE_META, &evidence, see_evidence, n, err);
    if (code != ENT_OK) return ent_fail(err, code, "the rows of witnesses cannot be read");
    return load_doubt(n, err);
}

void ent_witnessing_free(ent_flow_node *n) { free(n->witnessing); }

ent_witness_memory *ent_witness_named(ent_flow_node *n, const char *name, uint32_t year)
{
    struct ent_witnessing *w = n->witnessing;
    for (size_t i = 0; i < w->count; i++)
        if (w->at[i].year == year && strcmp(w->at[i].name, name) == 0) return &w->at[i];
    if (w->count == ENT_WITNESSES_MAX) return NULL;
    ent_witness_memory *m = &w->at[w->count++];
    *m = (ent_witness_memory){.year = year, .since_ms = ent_now(n).ms};
    snprintf(m->name, sizeof m->name, "%s", name);
    return m;
}

ent_code ent_witness_keep(ent_flow_node *n, const ent_witness_memory *m, ent_err *err)
{
    char key[sizeof WITNESS + ENT_ORIGIN_MAX], log[ENT_ORIGIN_MAX];
    ENT_AUTO_BUF row = ENT_BUF(256);
    ent_buf_u8(&row, 1);
    ent_buf_u64(&row, m->size);
    ent_buf_put(&row, m->root.b, sizeof m->root.b);
    ent_buf_u64(&row, (uint64_t)m->since_ms);
    ent_buf_u64(&row, (uint64_t)m->last_ms);
    ENT_TRY(ent_buf_check(&row, err));
    ent_shard_origin(m->name, m->year, log);
    int len = snprintf(key, sizeof key, WITNESS "%s", log);
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

/* Of whichever year's log: a new year gives a silent witness no new time. One of whom nothing was ever heard counts from when it was
 * first to be asked. */
static int64_t last_heard(ent_flow_node *n, const char *name)
{
    struct ent_witnessing *w = n->witnessing;
    int64_t last = 0, since = INT64_MAX;
    (void)ent_witness_named(n, name, w->years[1]);
    for (size_t i = 0; i < w->count; i++) {
        const ent_witness_memory *m = &w->at[i];
        if (strcmp(m->name, name) != 0) continue;
        if (m->last_ms > last) last = m->last_ms;
        if (m->since_ms < since) since = m->since_ms;
    }
    return last ? last : since == INT64_MAX ? 0 : since;
}

static bool heard_of(ent_flow_node *n, const ent_agreement *a)
{
    for (size_t i = 0; i < a->witness_count; i++) {
        if (!independent(a, &a->witness[i])) continue;
        if (ent_now(n).ms - last_heard(n, a->witness[i].name) <= n->c.witness_silence_ms) return true;
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
