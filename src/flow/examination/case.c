#include "flow/examination/control.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "flow/state.h"
#include "law/disclosure.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 2, ROW_MAX = 8192 };

/* ---- rows ---- */

static void put_opinion(ent_buf *b, const ent_opinion *o)
{
    ent_buf_put(b, o->examiner.b, ENT_ID_SIZE);
    ent_buf_u8(b, (uint8_t)(o->analysed | o->suitable << 1));
    ent_buf_u8(b, (uint8_t)o->finding);
    ent_buf_u8(b, o->version);
    ent_buf_u64(b, (uint64_t)o->analysed_at.ms);
    ent_buf_u64(b, (uint64_t)o->concluded_at.ms);
    ent_buf_put(b, o->marks, 32);
    ent_buf_put(b, o->reasons, 32);
    ent_buf_put(b, o->analysis_signature, 64);
    ent_buf_put(b, o->signature, 64);
    ent_buf_u64(b, o->index);
}

static void take_opinion(ent_cursor *c, ent_opinion *o)
{
    ent_cursor_copy(c, o->examiner.b, ENT_ID_SIZE);
    uint8_t flags = ent_cursor_u8(c);
    o->analysed = flags & 1, o->suitable = flags >> 1 & 1;
    o->finding = (ent_finding)ent_cursor_u8(c);
    o->version = ent_cursor_u8(c);
    o->analysed_at.ms = (int64_t)ent_cursor_u64(c);
    o->concluded_at.ms = (int64_t)ent_cursor_u64(c);
    ent_cursor_copy(c, o->marks, 32);
    ent_cursor_copy(c, o->reasons, 32);
    ent_cursor_copy(c, o->analysis_signature, 64);
    ent_cursor_copy(c, o->signature, 64);
    o->index = ent_cursor_u64(c);
    if (o->finding >= ENT_FINDING_COUNT) c->bad = true;
}

void ent_case_put(ent_batch *b, const ent_case *k)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    ent_buf_u8(&row, VERSION);
    ent_buf_u8(&row, (uint8_t)k->state);
    ent_buf_u8(&row, (uint8_t)k->finding);
    ent_buf_u8(&row, (uint8_t)(k->control | k->face << 1));
    ent_buf_put(&row, k->reference.b, ENT_ID_SIZE);
    ent_buf_put(&row, k->candidate.b, ENT_ID_SIZE);
    ent_buf_put(&row, k->probe.b, ENT_ID_SIZE);
    ent_buf_u64(&row, (uint64_t)k->opened.ms);
    ent_buf_u64(&row, (uint64_t)k->until.ms);
    ent_buf_u8(&row, k->needed);
    ent_buf_u8(&row, (uint8_t)strlen(k->flow));
    ent_buf_str(&row, k->flow);
    ent_buf_put(&row, k->salt, 32);
    ent_buf_u8(&row, (uint8_t)k->finger_count);
    ent_buf_put(&row, k->fingers, k->finger_count);
    ent_buf_u8(&row, (uint8_t)k->opinion_count);
    for (size_t i = 0; i < k->opinion_count; i++) put_opinion(&row, &k->opinion[i]);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_CASES, ENT_BYTES(k->id, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
}

static ent_code decode(const uint8_t *key, const uint8_t *row, size_t len, ent_case *ret)
{
    ent_cursor c = ENT_CURSOR(row, len);
    *ret = (ent_case){0};
    memcpy(ret->id, key, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(&c);
    ret->state = (ent_case_state)ent_cursor_u8(&c);
    ret->finding = (ent_finding)ent_cursor_u8(&c);
    uint8_t flags = ent_cursor_u8(&c);
    ret->control = flags & 1, ret->face = flags >> 1 & 1;
    ent_cursor_copy(&c, ret->reference.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, ret->candidate.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, ret->probe.b, ENT_ID_SIZE);
    ret->opened.ms = (int64_t)ent_cursor_u64(&c);
    ret->until.ms = (int64_t)ent_cursor_u64(&c);
    ret->needed = ent_cursor_u8(&c);
    size_t n = ent_cursor_u8(&c);
    if (n >= sizeof ret->flow) return ENT_DAMAGED;
    ent_cursor_copy(&c, ret->flow, n);
    ent_cursor_copy(&c, ret->salt, 32);
    ret->finger_count = ent_cursor_u8(&c);
    if (ret->finger_count > ENT_CAPTURE_PRINTS) return ENT_DAMAGED;
    ent_cursor_copy(&c, ret->fingers, ret->finger_count);
    ret->opinion_count = ent_cursor_u8(&c);
    if (ret->opinion_count > ENT_CASE_OPINIONS) return ENT_DAMAGED;
    for (size_t i = 0; i < ret->opinion_count; i++) take_opinion(&c, &ret->opinion[i]);
    bool good = version == VERSION && ret->state < ENT_CASE_STATE_COUNT && ret->finding < ENT_FINDING_COUNT;
    return good && ent_cursor_done(&c) ? ENT_OK : ENT_DAMAGED;
}

ent_code ent_case_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_case *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_CASES, id, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no case with this number");
    if (code != ENT_OK) return code;
    return decode(id, row.data, row.len, ret) == ENT_OK ? ENT_OK : ent_fail(err, ENT_DAMAGED, "a case's row cannot be read");
}

struct walk {
    ent_code (*see)(void *ctx, const ent_case *k);
    void *ctx;
};

/* Rows of cases have their number as key; longer keys are what examiners wrote. */
static ent_code step(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct walk *w = ctx;
    ent_case k;
    if (key_len != ENT_ID_SIZE) return ENT_OK;
    ent_code code = decode(key, value, value_len, &k);
    return code == ENT_OK ? w->see(w->ctx, &k) : code;
}

ent_code ent_cases_walk(ent_flow_node *n, ent_code (*see)(void *ctx, const ent_case *k), void *ctx, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_CASES, &all, step, &(struct walk){see, ctx}, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a case's row cannot be read") : code;
}

struct finding_of {
    const uint8_t *reference;
    ent_case *ret;
    bool found;
};

static ent_code is_it(void *ctx, const ent_case *k)
{
    struct finding_of *f = ctx;
    if (!ent_id_equal(k->reference.b, f->reference)) return ENT_OK;
    *f->ret = *k;
    f->found = true;
    return ENT_OK;
}

ent_code ent_case_of(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_case *ret, ent_err *err)
{
    struct finding_of f = {reference, ret, false};
    ENT_TRY(ent_cases_walk(n, is_it, &f, err));
    return f.found ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no case of this search");
}

/* ---- who examines ---- */

static bool may_examine(const ent_flow_node *n, const ent_case *k, const ent_actor *a)
{
    (void)n;
    if (a->role != ENT_ROLE_EXAMINER || a->suspended) return false;
    for (size_t i = 0; i < k->opinion_count; i++)
        if (ent_id_equal(k->opinion[i].examiner.b, a->pseudonym.b)) return false;
    return true;
}

/* By lot among those who may: nobody chooses their own cases, nobody learns from a turn whose it was before. */
static const ent_actor *choose(ent_flow_node *n, const ent_case *k)
{
    uint32_t lot;
    size_t may = 0;
    for (size_t i = 0; i < n->people_count; i++) may += may_examine(n, k, &n->people[i]);
    if (!may) return NULL;
    ent_fill(n, &lot, sizeof lot);
    size_t want = lot % may;
    for (size_t i = 0; i < n->people_count; i++)
        if (may_examine(n, k, &n->people[i]) && want-- == 0) return &n->people[i];
    return NULL;
}

static bool works_here(const ent_flow_node *n, const ent_actor_id *who)
{
    for (size_t i = 0; i < n->people_count; i++)
        if (ent_id_equal(n->people[i].pseudonym.b, who->b)) return !n->people[i].suspended && n->people[i].role == ENT_ROLE_EXAMINER;
    return false;
}

bool ent_case_assign(ent_flow_node *n, ent_case *k)
{
    bool changed = false;
    ent_finding findings[ENT_CASE_OPINIONS];
    size_t takes;
    if (k->state != ENT_CASE_OPEN) return false;
    for (size_t i = 0; i < k->opinion_count;) { /* who left before concluding makes place */
        if (k->opinion[i].finding == ENT_FINDING_NONE && !works_here(n, &k->opinion[i].examiner)) {
            memmove(&k->opinion[i], &k->opinion[i + 1], (--k->opinion_count - i) * sizeof k->opinion[0]);
            changed = true;
        } else i++;
    }
    for (size_t i = 0; i < k->opinion_count; i++) findings[i] = k->opinion[i].finding;
    (void)ent_examination_finding(findings, k->opinion_count, k->needed, &takes);
    while (k->opinion_count < takes && k->opinion_count < ENT_CASE_OPINIONS) {
        const ent_actor *a = choose(n, k);
        if (!a) break;
        k->opinion[k->opinion_count++] = (ent_opinion){.examiner = a->pseudonym, .index = UINT64_MAX};
        changed = true;
    }
    return changed;
}

/* ---- begin, end ---- */

/* A probe's face is shown when there is one to hold it against. */
static bool has_photograph(ent_flow_node *n, const ent_part_id *candidate)
{
    const ent_held_part *p = ent_part_held(n, candidate->b);
    for (const ent_held_part *q = p ? ent_part_first(n, ENT_BY_ENCOUNTER, p->encounter.b) : NULL; q; q = ent_part_next(n, ENT_BY_ENCOUNTER, q))
        if (q->facts.material == ENT_MATERIAL_PHOTOGRAPH && !q->hidden) return true;
    return false;
}

ent_code ent_case_begin(ent_flow_node *n, ent_batch *b, const ent_search_record *r, const ent_flow *f, const ent_capture *probe, ent_err *err)
{
    if (f->confirm_by == ENT_CONFIRM_REQUESTER) return ENT_OK;
    int64_t within = f->confirm_within_ms && f->confirm_within_ms < ENT_LIMIT_PROBE_KEPT_MS ? f->confirm_within_ms : ENT_LIMIT_PROBE_KEPT_MS;
    ent_case k = {.state = ENT_CASE_OPEN, .reference = r->view.reference, .candidate = r->view.candidate,
                  .opened = r->view.received, .until = {r->view.received.ms + within}};
    k.face = probe->face_count && has_photograph(n, &k.candidate);
    k.needed = (uint8_t)ent_examiners_needed(f, k.face);
    if (k.needed > ENT_CASE_OPINIONS - 1) return ent_fail(err, ENT_UNSUPPORTED, "a flow that asks for more than %d examiners", ENT_CASE_OPINIONS - 1);
    snprintf(k.flow, sizeof k.flow, "%s", f->name);
    ent_fill(n, k.id, ENT_ID_SIZE);
    ent_fill(n, k.salt, sizeof k.salt);
    (void)ent_case_assign(n, &k);
    ent_case_put(b, &k);
    ent_control_plan(n, b, &k, probe);
    return ENT_OK;
}

static ent_code delete_text(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)value, (void)value_len;
    if (key_len > ENT_ID_SIZE) ent_batch_put(ctx, ENT_CHANGE_DELETE, ENT_TABLE_CASES, ENT_BYTES(key, key_len), ENT_BYTES("", 0));
    return ENT_OK;
}

ent_code ent_case_drop_texts(ent_flow_node *n, ent_batch *b, const ent_case *k, ent_err *err)
{
    ent_change range = {.key = k->id, .key_len = ENT_ID_SIZE};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_CASES, &range, delete_text, b, err);
}

static ent_code end(ent_flow_node *n, ent_batch *b, const ent_case *k, ent_case_state how, ent_err *err)
{
    ent_case changed = *k;
    if (k->state == ENT_CASE_OPEN) changed.state = how;
    memset(&changed.candidate, 0, sizeof changed.candidate);
    memset(&changed.probe, 0, sizeof changed.probe);
    ent_case_put(b, &changed);
    return ent_case_drop_texts(n, b, k, err);
}

ent_code ent_case_end(ent_flow_node *n, ent_batch *b, const uint8_t reference[ENT_ID_SIZE], ent_case_state how, ent_err *err)
{
    ent_case k;
    ent_code code = ent_case_of(n, reference, &k, err);
    if (code == ENT_NOT_FOUND || (code == ENT_OK && k.state != ENT_CASE_OPEN)) return ENT_OK;
    return code == ENT_OK ? end(n, b, &k, how, err) : code;
}

struct forgetting {
    uint8_t (*id)[ENT_ID_SIZE];
    size_t count, cap;
    const ent_part_set *parts;
};

static ent_code made_of(void *ctx, const ent_case *k)
{
    struct forgetting *f = ctx;
    bool control = k->control && !ent_id_is_zero(k->probe.b) && (ent_part_in(f->parts, k->probe.b) || ent_part_in(f->parts, k->candidate.b));
    bool drawn = k->state == ENT_CASE_CONCLUDED && !ent_id_is_zero(k->candidate.b) && ent_part_in(f->parts, k->candidate.b);
    if (!control && !drawn) return ENT_OK;
    if (f->count == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 16;
        void *id = realloc(f->id, cap * sizeof *f->id);
        if (!id) return ENT_NO_MEMORY;
        f->id = id;
        f->cap = cap;
    }
    memcpy(f->id[f->count++], k->id, ENT_ID_SIZE);
    return ENT_OK;
}

ent_code ent_cases_forget(ent_flow_node *n, ent_batch *b, const ent_part_set *parts, ent_err *err)
{
    struct forgetting f = {.parts = parts};
    ent_case k;
    ent_code code = ent_cases_walk(n, made_of, &f, err);
    for (size_t i = 0; i < f.count && code == ENT_OK; i++) {
        code = ent_case_get(n, f.id[i], &k, err);
        if (code == ENT_OK) code = end(n, b, &k, ENT_CASE_WITHDRAWN, err);
    }
    free(f.id);
    return code;
}

/* ---- each minute ---- */

struct ticking {
    ent_flow_node *n;
    ent_case few[16];
    size_t count;
};

static ent_code needs_something(void *ctx, const ent_case *k)
{
    struct ticking *t = ctx;
    ent_case changed = *k;
    if (ent_control_waits(k) && ent_now(t->n).ms <= k->until.ms) return ENT_OK; /* control.c's */
    bool drawn = k->state == ENT_CASE_CONCLUDED && !k->control && !ent_id_is_zero(k->candidate.b); /* until its time, for those who examined */
    bool over = (k->state == ENT_CASE_OPEN || drawn) && ent_now(t->n).ms > k->until.ms;
    if (!over && !ent_case_assign(t->n, &changed)) return ENT_OK;
    t->few[t->count++] = changed;
    return t->count == 16 ? ENT_BUSY : ENT_OK;
}

static ent_code expire(ent_flow_node *n, const ent_case *k, ent_err *err)
{
    if (!k->control && k->state == ENT_CASE_OPEN) return ent_search_end(n, NULL, k->reference.b, ": confirm.within is over", ENT_CASE_EXPIRED, err);
    ENT_AUTO_BATCH b = ent_batch_new("case");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(end(n, b, k, ENT_CASE_EXPIRED, err));
    return ent_commit(n, b, NULL, err);
}

static ent_code assign(ent_flow_node *n, const ent_case *k, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("case");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_case_put(b, k);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_cases_tick(ent_flow_node *n, ent_err *err)
{
    struct ticking *t = calloc(1, sizeof *t);
    if (!t) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    t->n = n;
    ent_code code;
    do {
        t->count = 0;
        code = ent_cases_walk(n, needs_something, t, err);
        if (code == ENT_BUSY) code = ENT_OK;
        for (size_t i = 0; i < t->count && code == ENT_OK; i++)
            code = ent_now(n).ms > t->few[i].until.ms ? expire(n, &t->few[i], err) : assign(n, &t->few[i], err);
    } while (t->count == 16 && code == ENT_OK);
    free(t);
    return code;
}
