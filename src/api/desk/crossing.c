/* Asking everybody: one thread a partner, one moment at which refer is said. */
#include "api/desk/crossing_state.h"
#include "api/desk/params.h"

#include "base/wipe.h"
#include "law/crossing.h"

#include <stdio.h>
#include <time.h>

/* ---- start and end ---- */

ent_code ent_crossings_new(const ent_crossings_options *o, ent_crossings **ret, ent_err *err)
{
    ent_crossings *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_captures_new(&c->captures, err);
    if (code != ENT_OK) return free(c), code;
    c->o = *o;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->idle, NULL);
    *ret = c;
    return ENT_OK;
}

void ent_crossings_free(ent_crossings *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    while (c->running) pthread_cond_wait(&c->idle, &c->lock); /* each ends by its search's deadline */
    for (size_t i = 0; i < ENT_CROSSINGS; i++) ent_question_release(c->at[i].q);
    pthread_mutex_unlock(&c->lock);
    ent_captures_free(c->captures);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

ent_code ent_crossings_need(const ent_desk_node *n, ent_err *err)
{
    return n->crossings ? ENT_OK : ent_fail(err, ENT_REFUSED, "crossings are kept by a running node: `entente serve`");
}

static void free_question(question *q)
{
    json_decref(q->lines);
    json_decref(q->params);
    ent_buf_free(&q->body);
    pthread_cond_destroy(&q->answered);
    free(q);
}

void ent_question_release(question *q)
{
    if (q && --q->holders == 0) free_question(q);
}

/* ---- one partner ---- */

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

typedef struct errand {
    question *q;
    json_t *line;
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME];
    bool with_slip;
} errand;

static void *ask_one(void *ctx)
{
    errand *e = ctx;
    question *q = e->q;
    ent_crossings *c = q->of;
    json_t *answer = NULL, *params = json_copy(q->params);
    ent_desk_request one = {.act = "search", .params = params, .body = q->body.data, .len = q->body.len, .by = &q->by};
    ent_err err = {.code = ENT_NO_MEMORY};
    if (params) {
        json_object_set_new(params, "agreement", json_string(e->agreement));
        json_object_set_new(params, "flow", json_string(e->flow));
        if (!e->with_slip) json_object_del(params, "slip");
        err.code = ent_desk_act(q->n, &one, &answer, &err);
    }
    pthread_mutex_lock(&c->lock);
    if (err.code == ENT_OK) set_answer(e->line, answer, ent_crossings_now(c));
    else set_failure(e->line, &err);
    if (--q->left == 0) pthread_cond_broadcast(&q->answered);
    ent_question_release(q);
    json_decref(answer);
    json_decref(params);
    free(e);
    if (--c->running == 0) pthread_cond_broadcast(&c->idle); /* nothing of the thread is left but its end */
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Under the lock. */
static bool send_one(question *q, json_t *line)
{
    pthread_t thread;
    pthread_attr_t how;
    errand *e = q->of->running < ENT_CROSSING_THREADS ? calloc(1, sizeof *e) : NULL;
    if (!e) return false;
    e->q = q;
    e->line = line;
    snprintf(e->agreement, sizeof e->agreement, "%s", json_string_value(json_object_get(line, "agreement")));
    snprintf(e->flow, sizeof e->flow, "%s", json_string_value(json_object_get(line, "flow")));
    e->with_slip = strcmp(q->slip_holder, json_string_value(json_object_get(line, "partner"))) == 0;
    pthread_attr_init(&how);
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    bool begun = pthread_create(&thread, &how, ask_one, e) == 0;
    pthread_attr_destroy(&how);
    if (!begun) return free(e), false;
    q->left++;
    q->holders++;
    q->of->running++;
    return true;
}

/* Under the lock: every partner that is allowed. */
static void send_all(question *q)
{
    size_t i;
    json_t *line;
    json_array_foreach(q->lines, i, line)
    {
        if (!json_is_true(json_object_get(line, "allowed"))) continue;
        bool sent = send_one(q, line);
        json_object_set_new(line, "state", json_string(sent ? "asking" : "not searched"));
        if (!sent) json_object_set_new(line, "reason", json_string("this node has too many searches at once"));
    }
}

/* ---- the answer to the desk ---- */

/* Proceed: everybody was asked, and everybody said no hit. Under the lock. */
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
    c->o.random.fill(c->o.random.self, &draw, sizeof draw);
    return draw % 1000 < c->o.refer_per_mille;
}

static struct timespec later(struct timespec t, int64_t ms)
{
    int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
    return (struct timespec){t.tv_sec + ms / 1000 + ns / 1000000000, ns % 1000000000};
}

/* Under the lock. True: all have said no hit and chance spares them, which may be said at once. False: it is the moment of refer. */
static bool wait_for_answers(question *q, struct timespec refer_at, bool *ret_chance)
{
    int rc = 0;
    bool drawn = by_chance(q->of); /* always, so that the draw takes no time of its own */
    while (q->left && rc == 0) rc = pthread_cond_timedwait(&q->answered, &q->of->lock, &refer_at);
    bool unknown = nobody_knows(q->lines);
    *ret_chance = unknown && drawn;
    if (unknown && !drawn) return true;
    pthread_mutex_unlock(&q->of->lock);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &refer_at, NULL) != 0) continue;
    pthread_mutex_lock(&q->of->lock);
    return false;
}

/* Under the lock: a place for it, of the oldest if need be. */
static void keep(ent_crossings *c, const crossing *k)
{
    crossing *place = &c->at[c->next];
    c->next = (c->next + 1) % ENT_CROSSINGS;
    ent_question_release(place->q);
    *place = *k;
    place->q->holders++;
}

/* ---- the question ---- */

static void see_target(void *ctx, const ent_search_target *t)
{
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s,s:I}", "partner", t->partner, "agreement", t->agreement, "flow", t->flow, "allowed",
                                         t->allowed, "clause", t->clause, "reason", t->reason, "state", "not searched", "confirm-ms", (json_int_t)t->confirm_within_ms));
}

/* Whether what was captured has the statement of its crossing: without one only flows that are marked test may be asked. */
static ent_code is_stated(const ent_desk_node *n, const ent_desk_request *r, bool *ret, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    char first[ENT_ID_TEXT];
    *ret = ent_crossing_begins(r->body, r->len);
    if (!*param(r, "captures")) return ENT_OK;
    snprintf(first, sizeof first, "%s", param(r, "captures"));
    if (!ent_id_parse(first, id)) return ent_fail(err, ENT_USAGE, "\"captures\" is a list of numbers of captures");
    return ent_captures_stated(n->crossings->captures, id, ret, err);
}

static ent_code targets(const ent_desk_node *n, const char *purpose, const char *on_behalf_of, bool test, json_t *lines, ent_err *err)
{
    ENT_TRY(ent_flow_search_targets(n->flow, purpose, on_behalf_of, test, see_target, lines, err));
    if (json_array_size(lines)) return ENT_OK;
    return ent_fail(err, ENT_REFUSED, "no agreement here lets this node search for \"%s\"%s%s%s", purpose, *on_behalf_of ? " on behalf of " : "", on_behalf_of,
                    test ? " with a file: let the desk's device capture" : "");
}

/* "id,id,…": the captures that are held for it become the body. */
static ent_code take_captures(const ent_desk_node *n, const char *list, ent_buf *ret_body, ent_err *err)
{
    uint8_t ids[ENT_CAPTURES_DESK][ENT_ID_SIZE];
    size_t count = 0;
    for (const char *at = list; *at; count++) {
        char text[ENT_ID_TEXT];
        size_t len = strcspn(at, ",");
        if (len != ENT_ID_TEXT - 1 || count == ENT_CAPTURES_DESK) return ent_fail(err, ENT_USAGE, "\"captures\" is a list of at most %d numbers of captures", ENT_CAPTURES_DESK);
        memcpy(text, at, len);
        text[len] = 0;
        if (!ent_id_parse(text, ids[count])) return ent_fail(err, ENT_USAGE, "\"captures\" is a list of numbers of captures");
        at += len + (at[len] == ',');
    }
    return ent_captures_take(n->crossings->captures, n->flow, (const uint8_t(*)[ENT_ID_SIZE])ids, count, ret_body, err);
}

/* A file that came with the question is a capture too: one that cannot be read is said before anybody is asked. */
static ent_code take_body(const ent_desk_node *n, const ent_desk_request *r, ent_buf *ret_body, ent_err *err)
{
    ent_capture_ask ask = {.desk = "crossing-ask"};
    ent_capture_view v;
    ENT_TRY(finger_param(r, &ask.finger, err));
    ENT_TRY(ent_captures_add(n->crossings->captures, n->flow, r->by, &ask, r->body, r->len, &v, err));
    return ent_captures_take(n->crossings->captures, n->flow, (const uint8_t(*)[ENT_ID_SIZE]) & v.id, 1, ret_body, err);
}

/* The slip goes to its holder's search only; what it is not this node's own, or does not count, is said before anybody is asked. */
static ent_code check_slip(const ent_desk_node *n, const ent_desk_request *r, question *q, ent_err *err)
{
    const char *slip = param(r, "slip");
    ent_slip_view v;
    if (!*slip) return ENT_OK;
    ENT_TRY(ent_flow_redress_show(n->flow, r->by, slip, strlen(slip), &v, err));
    if (v.revoked.ms || v.over) return ent_fail(err, ENT_REFUSED, "the slip %s: ask without it", v.revoked.ms ? "was revoked" : "is over");
    memcpy(q->slip_holder, v.holder, sizeof q->slip_holder);
    return ENT_OK;
}

static ent_code fill(const ent_desk_node *n, const ent_desk_request *r, question *q, ent_err *err)
{
    q->lines = json_array();
    q->params = json_pack("{s:s,s:s,s:s,s:s}", "purpose", param(r, "purpose"), "crossing", param(r, "crossing"), "slip", param(r, "slip"), "on-behalf-of", param(r, "on-behalf-of"));
    if (!q->lines || !q->params) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(check_slip(n, r, q, err));
    bool stated;
    ENT_TRY(is_stated(n, r, &stated, err));
    ENT_TRY(targets(n, param(r, "purpose"), param(r, "on-behalf-of"), !stated, q->lines, err));
    return *param(r, "captures") ? take_captures(n, param(r, "captures"), &q->body, err) : take_body(n, r, &q->body, err);
}

static ent_code new_question(const ent_desk_node *n, const ent_desk_request *r, question **ret, ent_err *err)
{
    question *q = calloc(1, sizeof *q);
    pthread_condattr_t how;
    if (!q) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(&q->answered, &how);
    pthread_condattr_destroy(&how);
    q->of = n->crossings;
    q->n = n;
    q->by = *r->by;
    q->holders = 1;
    q->body = ENT_BUF(ENT_LIMIT_BODY);
    ent_code code = fill(n, r, q, err);
    if (code != ENT_OK) return free_question(q), code;
    *ret = q;
    return ENT_OK;
}

static ent_code read_crossing(const ent_desk_request *r, crossing *k, ent_err *err)
{
    const char *purpose;
    ENT_TRY(need(r, "purpose", &purpose, err));
    ENT_TRY(copy_param(r, "crossing", k->reference, sizeof k->reference, err));
    ENT_TRY(copy_param(r, "document", k->document, sizeof k->document, err));
    ENT_TRY(copy_param(r, "nationality", k->nationality, sizeof k->nationality, err));
    ENT_TRY(copy_param(r, "flight", k->flight, sizeof k->flight, err));
    return r->len || *param(r, "captures") ? ENT_OK : ent_fail(err, ENT_USAGE, "what was captured is named by \"captures\", or a print or a transaction is the body");
}

ent_code ent_desk_crossing_ask(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    struct timespec began;
    crossing k = {0};
    ENT_TRY(ent_crossings_need(n, err));
    ENT_TRY(ent_gate(r->by, ENT_MAY_SEARCH, err));
    ENT_TRY(read_crossing(r, &k, err));
    clock_gettime(CLOCK_MONOTONIC, &began);
    ent_crossings *c = n->crossings;
    ENT_TRY(new_question(n, r, &k.q, err));
    k.by = r->by->pseudonym;
    k.opened = ent_crossings_now(c);
    c->o.random.fill(c->o.random.self, k.id, sizeof k.id);
    pthread_mutex_lock(&c->lock);
    ent_crossings_expire(c);
    send_all(k.q);
    bool proceed = wait_for_answers(k.q, later(began, c->o.refer_after_ms), &k.by_chance);
    if (!proceed) keep(c, &k); /* nothing is kept of who may proceed */
    ent_question_release(k.q);
    pthread_mutex_unlock(&c->lock);
    json_object_set_new(out, "crossing", id_json(k.id));
    json_object_set_new(out, "outcome", json_string(proceed ? "proceed" : "refer"));
    return ENT_OK;
}
