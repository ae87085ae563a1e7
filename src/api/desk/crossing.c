#include "api/desk/crossing.h"

#include "api/desk/params.h"
#include "base/parallel.h"
#include "law/crossing.h"

#include <pthread.h>
#include <stdio.h>

enum { PARTNERS_AT_ONCE = 64 };

/* A crossing that was referred. */
typedef struct crossing {
    uint8_t id[ENT_ID_SIZE];
    ent_actor_id by;
    char reference[64];     /* the desk's own */
    ent_time opened;
    int64_t ms;             /* until the answer */
    bool by_chance;
    json_t *lines;          /* one a partner; NULL: the place is free */
} crossing;

struct ent_crossings {
    pthread_mutex_t lock;
    unsigned refer_per_mille;
    ent_clock clock;
    ent_random random;
    crossing at[ENT_CROSSINGS];
    size_t next;
};

ent_code ent_crossings_new(unsigned refer_per_mille, ent_clock clock, ent_random random, ent_crossings **ret, ent_err *err)
{
    ent_crossings *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    c->refer_per_mille = refer_per_mille;
    c->clock = clock;
    c->random = random;
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return ENT_OK;
}

void ent_crossings_free(ent_crossings *c)
{
    for (size_t i = 0; c && i < ENT_CROSSINGS; i++) json_decref(c->at[i].lines);
    if (c) pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- asking everybody ---- */

typedef struct round_ {
    const ent_desk_node *n;
    const ent_desk_request *r;
    json_t *lines;          /* set before the threads start; each writes to its own line */
} round_;

static void see_target(void *ctx, const ent_search_target *t)
{
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s,s:I}", "partner", t->partner, "agreement", t->agreement, "flow", t->flow, "allowed",
                                         t->allowed, "clause", t->clause, "reason", t->reason, "state", "not searched", "confirm-ms", (json_int_t)t->confirm_within_ms));
}

static void set_answer(json_t *line, const json_t *answer, ent_time now)
{
    const char *outcome = json_string_value(json_object_get(answer, "outcome"));
    bool hit = outcome && strcmp(outcome, "hit") == 0;
    json_object_set_new(line, "state", json_string(outcome ? outcome : "no answer"));
    json_object_set(line, "reference", json_object_get(answer, "reference"));
    json_object_set(line, "reason", json_object_get(answer, "reason"));
    json_object_set(line, "clause", json_object_get(answer, "clause"));
    if (hit) json_object_set_new(line, "unresolved-from", time_json((ent_time){now.ms + json_integer_value(json_object_get(line, "confirm-ms"))}));
}

/* A partner that is down or does not answer: the request dies with the crossing, nothing is asked again later. */
static void set_failure(json_t *line, const ent_err *err)
{
    bool asked = err->code == ENT_TIMEOUT || err->code == ENT_SIGNATURE || err->code == ENT_STALE;
    json_object_set_new(line, "state", json_string(asked ? "no answer" : "not searched"));
    json_object_set_new(line, "reason", json_string(err->detail));
}

static void ask_one(void *ctx, size_t i, unsigned worker)
{
    round_ *q = ctx;
    json_t *line = json_array_get(q->lines, i), *answer = NULL, *params = json_copy((json_t *)q->r->params);
    ent_desk_request one = *q->r;
    ent_err err = {0};
    (void)worker;
    if (params && json_is_true(json_object_get(line, "allowed"))) {
        json_object_set(params, "agreement", json_object_get(line, "agreement"));
        json_object_set(params, "flow", json_object_get(line, "flow"));
        one.act = "search";
        one.params = params;
        err.code = ent_desk_act(q->n, &one, &answer, &err);
        if (err.code == ENT_OK) set_answer(line, answer, q->n->crossings->clock.now(q->n->crossings->clock.self));
        else set_failure(line, &err);
    }
    json_decref(answer);
    json_decref(params);
}

/* Proceed: everybody was asked, and everybody said no hit. */
static bool nobody_knows(const json_t *lines)
{
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
        if (strcmp(json_string_value(json_object_get(line, "state")), "no hit") != 0) return false;
    return json_array_size(lines) > 0;
}

static bool by_chance(ent_crossings *c)
{
    uint32_t draw;
    c->random.fill(c->random.self, &draw, sizeof draw);
    return draw % 1000 < c->refer_per_mille;
}

static void keep(ent_crossings *c, const crossing *k)
{
    pthread_mutex_lock(&c->lock);
    crossing *place = &c->at[c->next];
    c->next = (c->next + 1) % ENT_CROSSINGS;
    json_decref(place->lines);
    *place = *k;
    pthread_mutex_unlock(&c->lock);
}

static ent_code needs_node(const ent_desk_node *n, ent_err *err)
{
    return n->crossings ? ENT_OK : ent_fail(err, ENT_REFUSED, "crossings are kept by a running node: `entente serve`");
}

ent_code ent_desk_crossing_ask(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *purpose;
    crossing k = {.by = r->by->pseudonym};
    ENT_TRY(needs_node(n, err));
    ENT_TRY(ent_gate(r->by, ENT_MAY_SEARCH, err));
    ENT_TRY(need(r, "purpose", &purpose, err));
    ENT_TRY(copy_param(r, "crossing", k.reference, sizeof k.reference, err));
    if (!r->len) return ent_fail(err, ENT_USAGE, "a print or a transaction is the body of \"crossing-ask\"");
    ent_crossings *c = n->crossings;
    k.opened = c->clock.now(c->clock.self);
    k.lines = json_array();
    ent_code code = ent_flow_search_targets(n->flow, purpose, !ent_crossing_begins(r->body, r->len), see_target, k.lines, err);
    size_t count = json_array_size(k.lines);
    if (code == ENT_OK && !count) code = ent_fail(err, ENT_REFUSED, "no agreement here lets this node search for \"%s\"", purpose);
    if (code != ENT_OK) {
        json_decref(k.lines);
        return code;
    }
    round_ q = {.n = n, .r = r, .lines = k.lines};
    ent_parallel(count, count < PARTNERS_AT_ONCE ? (unsigned)count : PARTNERS_AT_ONCE, ask_one, &q);
    c->random.fill(c->random.self, k.id, sizeof k.id);
    k.ms = c->clock.now(c->clock.self).ms - k.opened.ms;
    bool unknown = nobody_knows(k.lines);
    k.by_chance = unknown && by_chance(c);
    json_object_set_new(out, "crossing", id_json(k.id));
    json_object_set_new(out, "outcome", json_string(unknown && !k.by_chance ? "proceed" : "refer"));
    if (unknown && !k.by_chance) json_decref(k.lines); /* nothing is kept of who may proceed */
    else keep(c, &k);
    return ENT_OK;
}

/* ---- the secondary desk ---- */

static json_t *crossing_json(const crossing *k)
{
    json_t *j = json_object();
    json_object_set_new(j, "crossing", id_json(k->id));
    json_object_set_new(j, "reference", json_string(k->reference));
    json_object_set_new(j, "opened", time_json(k->opened));
    json_object_set_new(j, "ms", json_integer((json_int_t)k->ms));
    json_object_set_new(j, "by-chance", json_boolean(k->by_chance));
    json_object_set_new(j, "partners", json_deep_copy(k->lines));
    return j;
}

ent_code ent_desk_crossing_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_TRY(needs_node(n, err));
    ENT_TRY(ent_gate(r->by, ENT_MAY_SEARCH, err));
    ent_crossings *c = n->crossings;
    json_t *list = json_array();
    ent_time now = c->clock.now(c->clock.self);
    json_object_set_new(out, "crossings", list);
    json_object_set_new(out, "now", time_json(now));
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < ENT_CROSSINGS; i++) {
        const crossing *k = &c->at[(c->next + ENT_CROSSINGS - 1 - i) % ENT_CROSSINGS];
        bool shown = k->lines && now.ms - k->opened.ms < ENT_CROSSING_MS && !ent_id_equal(k->by.b, r->by->pseudonym.b);
        if (shown) json_array_append_new(list, crossing_json(k));
    }
    pthread_mutex_unlock(&c->lock);
    return ENT_OK;
}
