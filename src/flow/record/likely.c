/* Rows of table "events" under 'k', both encounters' numbers; the value is when it was noticed. */
#include "flow/record/likely.h"

#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 1 + 2 * ENT_ID_SIZE, AT_ONCE = 256 };

static void key_of(const uint8_t encounter[ENT_ID_SIZE], const uint8_t other[ENT_ID_SIZE], uint8_t ret[KEY])
{
    ret[0] = 'k';
    memcpy(ret + 1, encounter, ENT_ID_SIZE);
    memcpy(ret + 1 + ENT_ID_SIZE, other, ENT_ID_SIZE);
}

static ent_code drop(ent_flow_node *n, const uint8_t (*keys)[KEY], size_t count, ent_err *err)
{
    ENT_AUTO_BATCH b = count ? ent_batch_new("likely") : NULL;
    if (!count) return ENT_OK;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    for (size_t i = 0; i < count; i++) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_EVENTS, ENT_BYTES(keys[i], KEY), ENT_BYTES("", 0));
    return ent_commit(n, b, NULL, err);
}

ent_code ent_likely_note(ent_flow_node *n, const ent_encounter_id *encounter, const ent_encounter_id *other, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("likely");
    uint8_t key[KEY];
    ENT_AUTO_BUF row = ENT_BUF(16);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    key_of(encounter->b, other->b, key);
    ent_buf_u64(&row, (uint64_t)ent_now(n).ms);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_EVENTS, ENT_BYTES(key, KEY), ENT_BYTES(row.data, row.len));
    return ent_commit(n, b, NULL, err);
}

/* What is there of one of the two; false: nothing any more. */
static bool look(ent_flow_node *n, const ent_encounter_id *e, int which, ent_likely_view *v, ent_person_id *ret_person)
{
    const ent_held_part *first = ent_part_first(n, ENT_BY_ENCOUNTER, e->b);
    v->of[which].hidden = first != NULL;
    for (const ent_held_part *p = first; p; p = ent_part_next(n, ENT_BY_ENCOUNTER, p)) {
        v->of[which].parts++;
        v->of[which].hidden &= p->hidden;
    }
    if (!first) return false;
    v->of[which].taken = first->facts.taken;
    snprintf(v->of[which].taken_under, sizeof v->of[which].taken_under, "%s", first->facts.taken_under);
    *ret_person = first->person;
    return true;
}

struct walk {
    ent_flow_node *n;
    ent_likely_view *live; /* grows */
    size_t live_count, live_cap;
    uint8_t stale[AT_ONCE][KEY];
    size_t stale_count;
};

static ent_code step(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct walk *w = ctx;
    ent_likely_view v = {0};
    ent_person_id person[2];
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (key_len != KEY) return ENT_DAMAGED;
    memcpy(v.encounter.b, key + 1, ENT_ID_SIZE);
    memcpy(v.other.b, key + 1 + ENT_ID_SIZE, ENT_ID_SIZE);
    v.noticed.ms = (int64_t)ent_cursor_u64(&c);
    if (!ent_cursor_done(&c)) return ENT_DAMAGED;
    bool both = look(w->n, &v.encounter, 0, &v, &person[0]) && look(w->n, &v.other, 1, &v, &person[1]);
    if (!both || ent_id_equal(person[0].b, person[1].b)) {
        if (w->stale_count < AT_ONCE) memcpy(w->stale[w->stale_count++], key, KEY);
        return ENT_OK;
    }
    if (w->live_count == w->live_cap) {
        size_t cap = w->live_cap ? 2 * w->live_cap : 32;
        void *more = realloc(w->live, cap * sizeof v);
        if (!more) return ENT_NO_MEMORY;
        w->live = more;
        w->live_cap = cap;
    }
    w->live[w->live_count++] = v;
    return ENT_OK;
}

/* Under the lock; the caller frees live. */
static ent_code walk_rows(ent_flow_node *n, struct walk *w, ent_err *err)
{
    ent_change range = {.key = "k", .key_len = 1};
    w->n = n;
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_EVENTS, &range, step, w, err);
    if (code == ENT_DAMAGED) return ent_fail(err, code, "a row of likely same persons cannot be read");
    return code == ENT_NO_MEMORY ? ent_fail(err, code, "out of memory") : code;
}

ent_code ent_likely_tick(ent_flow_node *n, ent_err *err)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = walk_rows(n, w, err);
    if (code == ENT_OK) code = drop(n, (const uint8_t(*)[KEY])w->stale, w->stale_count, err);
    free(w->live);
    free(w);
    return code;
}

ent_code ent_flow_likely(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_likely_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_LINK, err));
    struct walk *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = walk_rows(n, w, err);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < w->live_count && code == ENT_OK; i++) see(ctx, &w->live[i]);
    free(w->live);
    free(w);
    return code;
}

ent_code ent_flow_likely_not(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], const uint8_t other[ENT_ID_SIZE], ent_err *err)
{
    uint8_t key[1][KEY];
    ENT_AUTO_BUF row = ENT_BUF(64);
    ENT_TRY(ent_gate(by, ENT_MAY_LINK, err));
    key_of(encounter, other, key[0]);
    pthread_mutex_lock(&n->lock);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_EVENTS, key[0], KEY, &row, err);
    if (code == ENT_OK) code = drop(n, (const uint8_t(*)[KEY])key, 1, err);
    pthread_mutex_unlock(&n->lock);
    return code == ENT_NOT_FOUND ? ent_fail(err, code, "nothing of these two encounters waits for a decision") : code;
}
