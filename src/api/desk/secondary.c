/* The secondary desk: what another officer referred, partner by partner, until the traveller has gone on. */
#include "api/desk/crossing_state.h"
#include "api/desk/params.h"
#include "flow/crossing/told.h"

#include <stdio.h>

enum { SLIP_MS = 3600000 }; /* after the last case's time: then the prints go, whatever was decided */

/* ---- how long ---- */

/* Under the lock: a hit whose examination may still end in a slip. */
static bool may_need_slip(const question *q, ent_time opened, int64_t now_ms)
{
    size_t i;
    json_t *line;
    int64_t most = -1;
    json_array_foreach(q->lines, i, line)
    {
        int64_t within = json_integer_value(json_object_get(line, "confirm-ms"));
        bool hit = strcmp(json_string_value(json_object_get(line, "state")), "hit") == 0;
        if (hit && within > most) most = within;
    }
    return q->left || (most >= 0 && now_ms < opened.ms + most + SLIP_MS);
}

static void forget(crossing *k)
{
    ent_question_release(k->q);
    *k = (crossing){0};
}

void ent_crossings_expire(ent_crossings *c)
{
    int64_t now = ent_crossings_now(c).ms;
    for (size_t i = 0; i < ENT_CROSSINGS; i++) {
        crossing *k = &c->at[i];
        if (!k->q) continue;
        if (now - k->opened.ms >= ENT_CROSSING_MS) forget(k);
        else if (k->q->body.len && !may_need_slip(k->q, k->opened, now)) ent_buf_free(&k->q->body);
    }
}

/* ---- the list ---- */

static json_t *crossing_json(const crossing *k)
{
    json_t *j = json_object();
    json_object_set_new(j, "crossing", id_json(k->id));
    json_object_set_new(j, "reference", json_string(k->reference));
    json_object_set_new(j, "document", json_string(k->document));
    json_object_set_new(j, "nationality", json_string(k->nationality));
    json_object_set_new(j, "flight", json_string(k->flight));
    json_object_set(j, "on-behalf-of", json_object_get(k->q->params, "on-behalf-of"));
    json_object_set_new(j, "opened", time_json(k->opened));
    json_object_set_new(j, "by-chance", json_boolean(k->by_chance));
    json_object_set_new(j, "prints-kept", json_boolean(k->q->body.len > 0));
    json_object_set_new(j, "partners", json_deep_copy(k->q->lines));
    return j;
}

/* A hit's line also has how the case ended; "" while it is open. */
static void add_told(const ent_desk_node *n, const ent_actor *by, json_t *line)
{
    uint8_t reference[ENT_ID_SIZE];
    char outcome[16] = "";
    const char *text = json_string_value(json_object_get(line, "reference"));
    if (strcmp(json_string_value(json_object_get(line, "state")), "hit") != 0 || !text || !ent_id_parse(text, reference)) return;
    if (ent_flow_search_told(n->flow, by, reference, outcome, NULL) == ENT_OK) json_object_set_new(line, "case", json_string(outcome));
}

ent_code ent_desk_crossing_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_TRY(ent_crossings_need(n, err));
    ENT_TRY(ent_gate(r->by, ENT_MAY_SEARCH, err));
    ent_crossings *c = n->crossings;
    json_t *list = json_array(), *one, *line;
    size_t k, i;
    json_object_set_new(out, "crossings", list);
    json_object_set_new(out, "now", time_json(ent_crossings_now(c)));
    pthread_mutex_lock(&c->lock);
    ent_crossings_expire(c);
    for (i = 0; i < ENT_CROSSINGS; i++) {
        const crossing *at = &c->at[(c->next + ENT_CROSSINGS - 1 - i) % ENT_CROSSINGS];
        if (at->q && !ent_id_equal(at->by.b, r->by->pseudonym.b)) json_array_append_new(list, crossing_json(at));
    }
    pthread_mutex_unlock(&c->lock);
    json_array_foreach(list, k, one) json_array_foreach(json_object_get(one, "partners"), i, line) add_told(n, r->by, line);
    return ENT_OK;
}

/* ---- the acts on one ---- */

/* Under the lock: somebody else's, as in the list. */
static crossing *find(ent_crossings *c, const uint8_t id[ENT_ID_SIZE], const ent_actor *by)
{
    for (size_t i = 0; i < ENT_CROSSINGS; i++)
        if (c->at[i].q && ent_id_equal(c->at[i].id, id) && !ent_id_equal(c->at[i].by.b, by->pseudonym.b)) return &c->at[i];
    return NULL;
}

static bool asked_here(const question *q, const char *reference)
{
    size_t i;
    json_t *line;
    json_array_foreach(q->lines, i, line)
    {
        const char *text = json_string_value(json_object_get(line, "reference"));
        if (text && strcmp(text, reference) == 0) return true;
    }
    return false;
}

/* Copies what a slip is made of, so that the node's work is not done under the lock. */
static ent_code prints_of(ent_crossings *c, const ent_desk_request *r, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_body, json_t **ret_slip, ent_err *err)
{
    pthread_mutex_lock(&c->lock);
    ent_crossings_expire(c);
    const crossing *k = find(c, id, r->by);
    bool known = k && asked_here(k->q, param(r, "reference")), there = known && k->q->body.len;
    if (there) {
        ent_buf_put(ret_body, k->q->body.data, k->q->body.len);
        *ret_slip = json_incref(json_object_get(k->q->params, "slip"));
    }
    pthread_mutex_unlock(&c->lock);
    if (!known) return ent_fail(err, ENT_NOT_FOUND, "no such search of a referred traveller: the crossing was closed, or it was yours");
    return there ? ENT_OK : ent_fail(err, ENT_GONE, "the prints of this crossing are erased: make the slip from a new capture (`entente redress issue`)");
}

ent_code ent_desk_crossing_slip(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE], reference[ENT_ID_SIZE];
    ENT_AUTO_BUF body = ENT_BUF(ENT_LIMIT_BODY);
    json_t *slip = NULL;
    ENT_TRY(ent_crossings_need(n, err));
    ENT_TRY(ent_gate(r->by, ENT_MAY_REDRESS, err));
    ENT_TRY(id_param(r, "crossing", id, err));
    ENT_TRY(id_param(r, "reference", reference, err));
    ENT_TRY(prints_of(n->crossings, r, id, &body, &slip, err));
    json_t *params = json_pack("{s:s,s:s,s:s}", "reference", param(r, "reference"), "consent", param(r, "consent"), "slip", json_string_value(slip));
    ent_desk_request issue = {.act = "redress-issue", .params = params, .body = body.data, .len = body.len, .by = r->by};
    ent_code code = params ? ent_desk_redress_issue(n, &issue, out, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    json_decref(params);
    json_decref(slip);
    return code;
}

ent_code ent_desk_crossing_close(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_TRY(ent_crossings_need(n, err));
    ENT_TRY(ent_gate(r->by, ENT_MAY_SEARCH, err));
    ENT_TRY(id_param(r, "crossing", id, err));
    pthread_mutex_lock(&n->crossings->lock);
    crossing *k = find(n->crossings, id, r->by);
    if (k) forget(k);
    pthread_mutex_unlock(&n->crossings->lock);
    json_object_set_new(out, "closed", id_json(id));
    return k ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "this crossing is closed already");
}
