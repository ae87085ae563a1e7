#include "flow/search/record.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/wipe.h"
#include "flow/disclosure/disclosure.h"
#include "flow/examination/case.h"
#include "flow/queue.h"
#include "flow/search/search.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

void ent_probe_binding(const uint8_t reference[ENT_ID_SIZE], uint8_t ret_binding[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente probe", 13), ENT_BYTES(reference, ENT_ID_SIZE)}, 2, ret_binding);
}

enum { VERSION = 3 };

static void encode(const ent_search_record *r, ent_buf *b)
{
    const ent_search_view *v = &r->view;
    ent_buf_u8(b, VERSION);
    ent_buf_put(b, v->candidate.b, ENT_ID_SIZE); /* at a fixed place: see fill_one */
    ent_buf_u64(b, r->has_probe ? r->probe_slot.number : UINT64_MAX);
    ent_buf_u64(b, (uint64_t)v->received.ms);
    ent_buf_u8(b, (uint8_t)(v->sent | v->hit << 1 | v->refused << 2 | v->closed << 3 | v->extrapolated << 4));
    ent_buf_text16(b, v->partner);
    ent_buf_text16(b, v->agreement);
    ent_buf_text16(b, v->flow);
    ent_buf_text16(b, v->purpose);
    ent_buf_text16(b, v->clause);
    ent_buf_text16(b, v->outcome);
    ent_buf_text16(b, v->crossing);
    ent_buf_text16(b, r->reason);
    ent_buf_text16(b, r->evidence);
    ent_buf_double(b, v->score);
    ent_buf_double(b, v->face_score);
    ent_buf_double(b, v->ratio);
    ent_buf_double(b, v->expected_false_hits);
    ent_buf_u64(b, v->compared);
    ent_buf_u64(b, (uint64_t)v->decode_us);
    ent_buf_u64(b, (uint64_t)v->match_us);
    ent_buf_u64(b, (uint64_t)v->append_us);
    ent_buf_u64(b, v->index);
    ent_buf_u32(b, r->agreement_version);
    ent_buf_put(b, r->agreement_digest, 32);
    ent_buf_put(b, r->body_digest, 32);
    ent_buf_put(b, r->signature, 64);
    ent_buf_put(b, r->salt, 32);
    ent_buf_put(b, v->search.b, ENT_ID_SIZE);
    ent_buf_u8(b, (uint8_t)v->other_count);
    for (size_t i = 0; i < v->other_count; i++) ent_buf_put(b, v->other[i].b, ENT_ID_SIZE);
    ent_buf_text16(b, v->on_behalf_of);
    ent_buf_u8(b, r->party);
    ent_buf_u8(b, r->claimed);
    ent_buf_u8(b, r->barred);
}

/* What version 2 did not have. */
static void decode_later(ent_cursor *c, ent_search_record *r)
{
    ent_search_view *v = &r->view;
    ent_cursor_copy(c, v->search.b, ENT_ID_SIZE);
    v->other_count = ent_cursor_u8(c);
    if (v->other_count > sizeof v->other / sizeof v->other[0]) c->bad = true, v->other_count = 0;
    for (size_t i = 0; i < v->other_count; i++) ent_cursor_copy(c, v->other[i].b, ENT_ID_SIZE);
    ent_cursor_text16(c, v->on_behalf_of, sizeof v->on_behalf_of);
    r->party = ent_cursor_u8(c);
    r->claimed = ent_cursor_u8(c);
    r->barred = ent_cursor_u8(c);
}

/* Whose candidate it was, under part and reference: a part that goes finds its searches (decision 075). */
static void put_found(ent_batch *b, ent_change_kind kind, const ent_search_view *v)
{
    uint8_t key[2 * ENT_ID_SIZE];
    memcpy(key, v->candidate.b, ENT_ID_SIZE);
    memcpy(key + ENT_ID_SIZE, v->reference.b, ENT_ID_SIZE);
    ent_batch_put(b, kind, ENT_TABLE_FOUND, ENT_BYTES(key, sizeof key), kind == ENT_CHANGE_DELETE ? ENT_BYTES("", 0) : ENT_BYTES("1", 1));
}

void ent_search_put(ent_batch *b, ent_change_kind kind, const ent_search_record *r)
{
    ENT_AUTO_BUF row = ENT_BUF(32768);
    encode(r, &row);
    ent_batch_put(b, kind, ENT_TABLE_SEARCHES, ENT_BYTES(r->view.reference.b, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    if (!ent_id_is_zero(r->view.candidate.b)) put_found(b, ENT_CHANGE_PUT, &r->view);
}

static ent_code decode(const uint8_t reference[ENT_ID_SIZE], const uint8_t *row, size_t len, ent_search_record *ret)
{
    ent_cursor c = ENT_CURSOR(row, len);
    *ret = (ent_search_record){0};
    ent_search_view *v = &ret->view;
    memcpy(v->reference.b, reference, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(&c);
    ent_cursor_copy(&c, v->candidate.b, ENT_ID_SIZE);
    ret->probe_slot.number = ent_cursor_u64(&c);
    ret->has_probe = ret->probe_slot.number != UINT64_MAX;
    v->received.ms = (int64_t)ent_cursor_u64(&c);
    uint8_t flags = ent_cursor_u8(&c);
    v->sent = flags & 1, v->hit = flags >> 1 & 1, v->refused = flags >> 2 & 1, v->closed = flags >> 3 & 1, v->extrapolated = flags >> 4 & 1;
    ent_cursor_text16(&c, v->partner, sizeof v->partner);
    ent_cursor_text16(&c, v->agreement, sizeof v->agreement);
    ent_cursor_text16(&c, v->flow, sizeof v->flow);
    ent_cursor_text16(&c, v->purpose, sizeof v->purpose);
    ent_cursor_text16(&c, v->clause, sizeof v->clause);
    ent_cursor_text16(&c, v->outcome, sizeof v->outcome);
    ent_cursor_text16(&c, v->crossing, sizeof v->crossing);
    ent_cursor_text16(&c, ret->reason, sizeof ret->reason);
    ent_cursor_text16(&c, ret->evidence, sizeof ret->evidence);
    v->score = ent_cursor_double(&c);
    v->face_score = ent_cursor_double(&c);
    v->ratio = ent_cursor_double(&c);
    v->expected_false_hits = ent_cursor_double(&c);
    v->compared = ent_cursor_u64(&c);
    v->decode_us = (int64_t)ent_cursor_u64(&c);
    v->match_us = (int64_t)ent_cursor_u64(&c);
    v->append_us = (int64_t)ent_cursor_u64(&c);
    v->index = ent_cursor_u64(&c);
    ret->agreement_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, ret->agreement_digest, 32);
    ent_cursor_copy(&c, ret->body_digest, 32);
    ent_cursor_copy(&c, ret->signature, 64);
    ent_cursor_copy(&c, ret->salt, 32);
    ret->claimed = true, ret->barred = UINT8_MAX; /* of rows of before nobody knows what the traveller claimed */
    if (version > 2) decode_later(&c, ret);
    if (!v->refused && !v->sent) snprintf(v->redress, sizeof v->redress, "%.111s", ret->reason);
    return (version == 2 || version == VERSION) && ent_cursor_done(&c) ? ENT_OK : ENT_DAMAGED;
}

ent_code ent_search_get(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_search_record *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(32768);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_SEARCHES, reference, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_NOT_FOUND, "no search with this reference is known here");
    if (code != ENT_OK) return code;
    return decode(reference, row.data, row.len, ret) == ENT_OK ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a search's row cannot be read");
}

/* ---- several candidates of one search ---- */

ent_code ent_search_main(ent_flow_node *n, const ent_search_record *r, ent_search_record *ret, ent_err *err)
{
    const ent_search_id search = r->view.search; /* ret may be r */
    if (!ent_id_is_zero(search.b)) return ent_search_get(n, search.b, ret, err);
    if (ret != r) *ret = *r;
    return ENT_OK;
}

/* How the candidates stand together: what the requester is told of them when the last has been concluded. Nobody learns how many there were. */
typedef struct standing {
    bool open;      /* one is still examined */
    bool named;     /* one is still held */
    ent_outcome outcome;
} standing;

static const char *const outcomes[] = {
#define ENT_X(name, text) text,
    ENT_OUTCOMES(ENT_X)
#undef ENT_X
};

/* One that is identified decides; "not confirmed" says that every one was excluded. */
static ent_outcome worse(ent_outcome x, ent_outcome y)
{
    static const int weight[ENT_OUTCOME_COUNT] = {[ENT_OUTCOME_NOT_CONFIRMED] = 0, [ENT_OUTCOME_WITHDRAWN] = 1, [ENT_OUTCOME_UNRESOLVED] = 2, [ENT_OUTCOME_CONFIRMED] = 3};
    return weight[x] >= weight[y] ? x : y;
}

static ent_outcome outcome_named(const char *text)
{
    for (int i = 0; i < ENT_OUTCOME_COUNT; i++)
        if (strcmp(outcomes[i], text) == 0) return (ent_outcome)i;
    return ENT_OUTCOME_UNRESOLVED;
}

static void stands(const ent_search_record *other, standing *s)
{
    s->open |= !other->view.closed;
    s->named |= !ent_id_is_zero(other->view.candidate.b);
    if (other->view.closed) s->outcome = worse(s->outcome, outcome_named(other->view.outcome));
}

/* The others of r's search, when r ends so. `going`: records of them that end in the same batch and before r; NULL: none. */
static ent_code stand_together(ent_flow_node *n, const ent_search_record *r, ent_outcome outcome, const ent_search_id *going, size_t going_count, standing *ret, ent_err *err)
{
    standing s = {.outcome = outcome};
    ent_search_record *first = malloc(sizeof *first), *other = malloc(sizeof *other);
    ent_code code = first && other ? ent_search_main(n, r, first, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; code == ENT_OK && i <= first->view.other_count; i++) {
        const ent_search_id *id = i ? &first->view.other[i - 1] : &first->view.reference;
        bool gone = false;
        if (ent_id_equal(id->b, r->view.reference.b)) continue;
        for (size_t k = 0; k < going_count; k++) gone |= ent_id_equal(going[k].b, id->b);
        if (gone) s.outcome = worse(s.outcome, ENT_OUTCOME_WITHDRAWN);
        else if ((code = ent_search_get(n, id->b, other, err)) == ENT_OK) stands(other, &s);
    }
    free(first);
    free(other);
    if (code == ENT_OK) *ret = s;
    return code;
}

/* ---- forgetting ---- */

typedef ent_code pick(void *ctx, const ent_search_record *r);

struct walk {
    pick *see;
    void *ctx;
    ent_search_record *record;
};

static ent_code step(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct walk *w = ctx;
    if (key_len != ENT_ID_SIZE || value_len < 25) return ENT_DAMAGED;
    ent_code code = decode(key, value, value_len, w->record);
    return code == ENT_OK ? w->see(w->ctx, w->record) : code;
}

ent_code ent_searches_walk(ent_flow_node *n, pick *see, void *ctx, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    struct walk w = {see, ctx, malloc(sizeof *w.record)};
    if (!w.record) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_SEARCHES, &all, step, &w, err);
    free(w.record);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a search's row cannot be read") : code;
}

/* The intention to overwrite a probe's slot, as for a part: destruction/destroy.c finishes it. */
static void intend(ent_batch *b, const ent_search_record *r)
{
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    memcpy(key + 1, r->view.reference.b, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(r->probe_slot.number >> (56 - 8 * i));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_PROBES, ENT_BYTES(r->view.reference.b, ENT_ID_SIZE), ENT_BYTES("", 0));
}

/* The searches whose candidate one of the parts was. */
struct references {
    ent_search_id *id;
    size_t count, cap;
};

static ent_code note_found(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct references *refs = ctx;
    (void)value, (void)value_len;
    if (key_len != 2 * ENT_ID_SIZE) return ENT_DAMAGED;
    if (refs->count == refs->cap) {
        size_t cap = refs->cap ? refs->cap * 2 : 16;
        ent_search_id *id = realloc(refs->id, cap * sizeof *id);
        if (!id) return ENT_NO_MEMORY;
        refs->id = id;
        refs->cap = cap;
    }
    memcpy(refs->id[refs->count++].b, key + ENT_ID_SIZE, ENT_ID_SIZE);
    return ENT_OK;
}

static void tell(ent_flow_node *n, ent_batch *b, const ent_search_record *r, ent_outcome outcome)
{
    char body[128], reference[ENT_ID_TEXT];
    ent_queued q = {.kind = ENT_MESSAGE_CLOSE, .agreement_version = r->agreement_version};
    ent_fill(n, q.id, sizeof q.id);
    snprintf(q.partner, sizeof q.partner, "%s", r->view.partner);
    snprintf(q.agreement, sizeof q.agreement, "%s", r->view.agreement);
    snprintf(q.flow, sizeof q.flow, "%s", r->view.flow);
    snprintf(q.purpose, sizeof q.purpose, "%s", r->view.purpose);
    memcpy(q.agreement_digest, r->agreement_digest, 32);
    ent_id_text(ent_id_is_zero(r->view.search.b) ? r->view.reference.b : r->view.search.b, reference);
    int len = snprintf(body, sizeof body, "entente-close/v1\nreference %s\noutcome %s\n", reference, outcomes[outcome]);
    ent_queue_put(n, b, &q, ENT_BYTES(body, (size_t)len));
}

/* The last candidate of a search ends: the probe goes, the requester is told. `changed`: r's row, to be put by the caller. */
static ent_code end_search(ent_flow_node *n, ent_batch *b, ent_search_record *changed, ent_outcome outcome, ent_err *err)
{
    ent_search_record *first = malloc(sizeof *first);
    ent_code code = first ? ent_search_main(n, changed, first, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && first->has_probe) {
        intend(b, first);
        first->has_probe = changed->has_probe = false;
        if (!ent_id_is_zero(changed->view.search.b)) ent_search_put(b, ENT_CHANGE_PUT, first);
    }
    if (code == ENT_OK) tell(n, b, changed, outcome);
    free(first);
    return code;
}

/* A record goes: the searches that it was the candidate of lose it, and the cases that are open end. `going`: what went in this batch before. */
static ent_code forget_one(ent_flow_node *n, ent_batch *b, const ent_search_record *r, const ent_search_id *going, size_t going_count, ent_err *err)
{
    ent_search_record *changed = malloc(sizeof *changed);
    bool open = !r->view.closed;
    standing s;
    if (!changed) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    *changed = *r;
    put_found(b, ENT_CHANGE_DELETE, &r->view);
    memset(changed->view.candidate.b, 0, ENT_ID_SIZE);
    changed->view.closed = true;
    if (open) snprintf(changed->view.outcome, sizeof changed->view.outcome, "%s", outcomes[ENT_OUTCOME_WITHDRAWN]);
    ent_code code = stand_together(n, r, outcome_named(changed->view.outcome), going, going_count, &s, err);
    if (code == ENT_OK && open && !s.open) code = end_search(n, b, changed, s.outcome, err);
    if (code == ENT_OK) ent_search_put(b, ENT_CHANGE_PUT, changed);
    free(changed);
    if (code != ENT_OK) return code;
    /* a stored answer that named nobody else: gone, a retry is told so */
    const ent_search_id *search = ent_id_is_zero(r->view.search.b) ? &r->view.reference : &r->view.search;
    if (!s.named) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_ANSWERS, ENT_BYTES(search->b, ENT_ID_SIZE), ENT_BYTES("", 0));
    return ent_case_end(n, b, r->view.reference.b, ENT_CASE_WITHDRAWN, err);
}

/* Other candidates before their search, so that its own row is written last. */
static void others_first(ent_flow_node *n, ent_search_id *id, size_t count, ent_search_record *r)
{
    size_t front = 0;
    for (size_t i = 0; i < count; i++) {
        if (ent_search_get(n, id[i].b, r, NULL) != ENT_OK || ent_id_is_zero(r->view.search.b)) continue;
        ent_search_id swap = id[front];
        id[front++] = id[i];
        id[i] = swap;
    }
}

ent_code ent_searches_forget(ent_flow_node *n, ent_batch *b, const ent_part_set *parts, ent_err *err)
{
    struct references refs = {0};
    ent_code code = ENT_OK;
    for (size_t i = 0; i < parts->count && code == ENT_OK; i++) {
        ent_change of = {.key = parts->id[i].b, .key_len = ENT_ID_SIZE};
        code = n->c.store.scan(n->c.store.self, ENT_TABLE_FOUND, &of, note_found, &refs, err);
    }
    if (code == ENT_DAMAGED) code = ent_fail(err, code, "whose candidate a part was cannot be read");
    ent_search_record *r = malloc(sizeof *r);
    if (code == ENT_OK && !r) code = ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) others_first(n, refs.id, refs.count, r);
    for (size_t i = 0; i < refs.count && code == ENT_OK; i++) {
        code = ent_search_get(n, refs.id[i].b, r, err);
        if (code == ENT_OK) code = forget_one(n, b, r, refs.id, i, err);
    }
    free(r);
    free(refs.id);
    return code;
}

/* ---- a store of before there was that table ---- */

static const char filled[] = "found"; /* in META: every search has its row */

struct filling {
    ent_search_view some[256];
    size_t count;
    uint8_t after[ENT_ID_SIZE];
    bool begun;
};

static ent_code fill_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct filling *f = ctx;
    if (key_len != ENT_ID_SIZE || value_len < 1 + ENT_ID_SIZE) return ENT_DAMAGED;
    ent_search_view *v = &f->some[f->count];
    memcpy(v->reference.b, key, ENT_ID_SIZE);
    memcpy(v->candidate.b, value + 1, ENT_ID_SIZE);
    memcpy(f->after, key, ENT_ID_SIZE);
    f->begun = true;
    if (ent_id_is_zero(v->candidate.b)) return ENT_OK;
    return ++f->count == sizeof f->some / sizeof f->some[0] ? ENT_BUSY : ENT_OK;
}

ent_code ent_searches_index(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(16);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, filled, sizeof filled - 1, &row, err);
    if (code != ENT_NOT_FOUND) return code;
    struct filling *f = calloc(1, sizeof *f);
    if (!f) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (bool more = true; more;) {
        ENT_AUTO_BATCH b = ent_batch_new("found");
        ent_change range = {.key = "", .key_len = 0, .value = f->begun ? f->after : NULL, .value_len = f->begun ? ENT_ID_SIZE : 0};
        f->count = 0;
        code = b ? n->c.store.scan(n->c.store.self, ENT_TABLE_SEARCHES, &range, fill_one, f, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
        more = code == ENT_BUSY;
        for (size_t i = 0; i < f->count && b; i++) put_found(b, ENT_CHANGE_PUT, &f->some[i]);
        if (code == ENT_OK) ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_META, ENT_BYTES(filled, sizeof filled - 1), ENT_BYTES("1", 1));
        if (code == ENT_OK || more) code = b->failed == ENT_OK ? n->c.store.commit(n->c.store.self, b->change, b->count, true, err) : ent_fail(err, b->failed, "out of memory");
        more = more && code == ENT_OK;
    }
    free(f);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a search's row cannot be read") : code;
}

ent_code ent_search_close_in(ent_flow_node *n, ent_batch *b, const ent_actor *by, const ent_search_record *r, const char *why, ent_outcome outcome, ent_err *err)
{
    char clause[ENT_LAW_CLAUSE];
    standing s;
    ent_search_record *changed = malloc(sizeof *changed);
    if (!changed) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    *changed = *r;
    b->reserve = true;
    changed->view.closed = true;
    snprintf(changed->view.outcome, sizeof changed->view.outcome, "%s", outcomes[outcome]);
    ent_code code = stand_together(n, r, outcome, NULL, 0, &s, err);
    if (code == ENT_OK && !s.open) code = end_search(n, b, changed, s.outcome, err);
    if (code == ENT_OK) ent_search_put(b, ENT_CHANGE_PUT, changed);
    free(changed);
    if (code != ENT_OK) return code;
    snprintf(clause, sizeof clause, "%s%s", outcomes[outcome], why);
    ent_entry e = {.kind = ENT_ENTRY_CLOSED, .time = ent_now(n), .follows = r->view.index, .agreement_version = r->agreement_version};
    memcpy(e.case_number.b, r->view.reference.b, ENT_ID_SIZE);
    memcpy(e.agreement, r->agreement_digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", r->view.flow);
    snprintf(e.purpose, sizeof e.purpose, "%s", r->view.purpose);
    e.party = r->party;
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    if (by) e.actor = by->pseudonym;
    ent_commit_to(r->salt, clause, strlen(clause), e.commitment);
    ent_batch_entry(b, &e);
    return ENT_OK;
}

ent_code ent_search_end(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], const char *why, ent_case_state how, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("close");
    ent_search_record *r = malloc(sizeof *r);
    ent_code code = b && r ? ent_search_get(n, reference, r, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK && (r->view.sent || !r->view.hit || r->view.closed))
        code = ent_fail(err, ENT_CONFLICT, r->view.closed ? "this case is closed already" : "this search hit nothing here: there is no case to close");
    if (code == ENT_OK) code = ent_search_close_in(n, b, by, r, why, ENT_OUTCOME_UNRESOLVED, err);
    if (code == ENT_OK) code = ent_case_end(n, b, reference, how, err);
    if (code == ENT_OK) code = ent_commit_with(n, b, ent_destructions_finish, NULL, err);
    free(r);
    return code;
}

/* Every candidate of the search that is still open; of another candidate's number, that one. */
static ent_code end_all(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], const char *why, ent_case_state how, ent_err *err)
{
    bool ended = false;
    ent_search_record *first = malloc(sizeof *first), *other = malloc(sizeof *other);
    ent_code code = first && other ? ent_search_get(n, reference, first, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; code == ENT_OK && i < first->view.other_count; i++) {
        code = ent_search_get(n, first->view.other[i].b, other, err);
        if (code != ENT_OK || other->view.closed) continue;
        code = ent_search_end(n, by, other->view.reference.b, why, how, err);
        ended = true;
    }
    if (code == ENT_OK && !(ended && first->view.closed)) code = ent_search_end(n, by, reference, why, how, err);
    free(first);
    free(other);
    return code;
}

/* The searches whose probe is there, a few at a time. */
struct probes {
    ent_search_id some[16];
    size_t count;
};

static ent_code note_probe(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct probes *p = ctx;
    (void)value, (void)value_len;
    if (key_len != ENT_ID_SIZE) return ENT_DAMAGED;
    memcpy(p->some[p->count++].b, key, ENT_ID_SIZE);
    return p->count == sizeof p->some / sizeof p->some[0] ? ENT_BUSY : ENT_OK;
}

static ent_code expire_one(ent_flow_node *n, const ent_search_id *id, ent_search_record *r, ent_err *err)
{
    ENT_TRY(ent_search_get(n, id->b, r, err));
    if (!r->has_probe || r->view.received.ms >= ent_now(n).ms - ENT_LIMIT_PROBE_KEPT_MS) return ENT_OK;
    return end_all(n, NULL, id->b, ": 48 hours are over", ENT_CASE_EXPIRED, err);
}

ent_code ent_probes_expire(ent_flow_node *n, ent_err *err)
{
    struct probes p = {.count = 0};
    ent_search_id after;
    ent_search_record *r = malloc(sizeof *r);
    ent_code code = r ? ENT_BUSY : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    while (code == ENT_BUSY) {
        ent_change range = {.key = "", .key_len = 0, .value = p.count ? after.b : NULL, .value_len = p.count ? ENT_ID_SIZE : 0};
        p.count = 0;
        code = n->c.store.scan(n->c.store.self, ENT_TABLE_PROBES, &range, note_probe, &p, err);
        if (p.count) after = p.some[p.count - 1];
        for (size_t i = 0; i < p.count && (code == ENT_OK || code == ENT_BUSY); i++) {
            ent_code one = expire_one(n, &p.some[i], r, err);
            if (one != ENT_OK) code = one;
        }
    }
    free(r);
    return code;
}

/* ---- the requester's end ---- */

static ent_code take_close(ent_flow_node *n, const ent_arrival *in, ent_search_record *r, ent_err *err)
{
    char reference[33] = "", outcome[32] = "", text[160] = "";
    uint8_t id[ENT_ID_SIZE];
    ENT_AUTO_BATCH b = ent_batch_new("closed");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (in->message.body_len < sizeof text) memcpy(text, in->message.body, in->message.body_len);
    if (sscanf(text, "entente-close/v1\nreference %32[0-9a-f]\noutcome %31[a-z ]", reference, outcome) != 2 || !ent_id_parse(reference, id))
        return ent_fail(err, ENT_FORMAT, "no end of a case");
    int known = 0;
    while (known < ENT_OUTCOME_COUNT && strcmp(outcomes[known], outcome) != 0) known++;
    if (known == ENT_OUTCOME_COUNT) return ent_fail(err, ENT_FORMAT, "no such outcome");
    ENT_TRY(ent_search_get(n, id, r, err));
    if (!r->view.sent || !r->view.hit || strcmp(r->view.partner, in->partner) != 0) return ent_fail(err, ENT_NOT_FOUND, "no search with this reference is known here");
    if (r->view.closed) return ENT_OK; /* told twice */
    r->view.closed = true;
    snprintf(r->view.outcome, sizeof r->view.outcome, "%s", outcome);
    ent_search_put(b, ENT_CHANGE_PUT, r);
    ent_entry e = {.kind = ENT_ENTRY_CLOSED, .time = ent_now(n), .follows = r->view.index, .agreement_version = r->agreement_version};
    memcpy(e.case_number.b, id, ENT_ID_SIZE);
    memcpy(e.agreement, r->agreement_digest, 32);
    snprintf(e.flow, sizeof e.flow, "%s", r->view.flow);
    snprintf(e.purpose, sizeof e.purpose, "%s", r->view.purpose);
    e.party = r->party;
    snprintf(e.clause, sizeof e.clause, "told by the holder");
    ent_commit_to(r->salt, outcome, strlen(outcome), e.commitment);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

void ent_search_closed(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body)
{
    ent_err err = {0};
    ent_search_record *r = calloc(1, sizeof *r);
    pthread_mutex_lock(&n->lock);
    ent_code code = r ? take_close(n, arrival, r, &err) : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_unlock(&n->lock);
    free(r);
    *ret_status = code == ENT_OK ? 200 : code == ENT_NOT_FOUND ? 410 : code == ENT_FORMAT ? 422 : 503;
    if (code == ENT_OK) ent_buf_str(ret_body, "{}");
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}

/* ---- acts ---- */

/* What the machine found may be seen by an examiner only when the persons have concluded. */
static ent_code examiner_may_look(const ent_actor *by, const ent_search_record *r, ent_err *err)
{
    if (by->role != ENT_ROLE_EXAMINER || !r->view.hit || r->view.sent || r->view.closed) return ENT_OK;
    return ent_fail(err, ENT_DENIED, "the machine's score stays closed to examiners until the case is concluded");
}

ent_code ent_flow_search_show(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_search_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_SEARCH, err));
    ent_search_record *r = malloc(sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_search_get(n, reference, r, err);
    if (code == ENT_OK) code = examiner_may_look(by, r, err);
    if (code == ENT_OK) *ret_view = r->view;
    free(r);
    return code;
}

ent_code ent_flow_search_close(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_CLOSE_SEARCH, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = end_all(n, by, reference, ": closed by a custodian", ENT_CASE_WITHDRAWN, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}
