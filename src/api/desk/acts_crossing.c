/* Desks and their capture keys, searches that the lot chose, alarms. */
#include "api/desk/params.h"

static const char *const desk_states[] = {"proposed", "active", "withdrawn"};
static const char *const lot_states[] = {"chosen", "opened", "seen", "waiting"};

/* ---- desks ---- */

ent_code ent_desk_desk_add(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name, *key;
    ent_public_key public;
    size_t got;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(need(r, "key", &key, err));
    if (!ent_unbase64(key, strlen(key), public.b, 32, &got) || got != 32) return ent_fail(err, ENT_USAGE, "\"key\" is an Ed25519 public key in base64");
    ENT_TRY(ent_flow_desk_propose(n->flow, r->by, name, &public, strcmp(param(r, "hardware"), "yes") == 0, err));
    json_object_set_new(out, "name", json_string(name));
    json_object_set_new(out, "state", json_string(desk_states[ENT_DESK_PROPOSED]));
    return ENT_OK;
}

static ent_code change(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_desk_state to, ent_err *err)
{
    const char *name;
    ENT_TRY(need(r, "name", &name, err));
    if (to == ENT_DESK_ACTIVE) ENT_TRY(ent_flow_desk_approve(n->flow, r->by, name, err));
    else ENT_TRY(ent_flow_desk_withdraw(n->flow, r->by, name, err));
    json_object_set_new(out, "name", json_string(name));
    json_object_set_new(out, "state", json_string(desk_states[to]));
    return ENT_OK;
}

ent_code ent_desk_desk_approve(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err) { return change(n, r, out, ENT_DESK_ACTIVE, err); }
ent_code ent_desk_desk_withdraw(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err) { return change(n, r, out, ENT_DESK_WITHDRAWN, err); }

static void see_desk(void *ctx, const ent_desk_view *d)
{
    char key[ENT_BASE64_SIZE(32)];
    json_t *o = json_object();
    ent_base64(d->key.b, 32, key);
    json_object_set_new(o, "name", json_string(d->name));
    json_object_set_new(o, "state", json_string(desk_states[d->state]));
    json_object_set_new(o, "hardware", json_boolean(d->hardware));
    json_object_set_new(o, "since", time_json(d->since));
    json_object_set_new(o, "key", json_string(key));
    json_array_append_new(ctx, o);
}

ent_code ent_desk_desk_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    (void)r;
    json_t *list = json_array();
    json_object_set_new(out, "desks", list);
    return ent_flow_desks(n->flow, see_desk, list, err);
}

/* ---- the lot ---- */

static void see_lot(void *ctx, const ent_lot_view *v)
{
    json_t *o = json_object();
    json_object_set_new(o, "reference", id_json(v->reference.b));
    json_object_set_new(o, "agreement", json_string(v->agreement));
    json_object_set_new(o, "flow", json_string(v->flow));
    json_object_set_new(o, "partner", json_string(v->partner));
    json_object_set_new(o, "ours", json_boolean(v->ours));
    json_object_set_new(o, "state", json_string(lot_states[v->state]));
    json_object_set_new(o, "asked", time_json(v->asked));
    json_object_set_new(o, "until", date_json(v->until));
    json_object_set_new(o, "overdue", json_boolean(v->overdue));
    json_array_append_new(ctx, o);
}

ent_code ent_desk_lot_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "lots", list);
    return ent_flow_lots(n->flow, r->by, see_lot, list, err);
}

ent_code ent_desk_lot_open(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_TRY(id_param(r, "reference", id, err));
    ENT_TRY(ent_flow_lot_open(n->flow, r->by, id, err));
    json_object_set_new(out, "opened", id_json(id));
    return ENT_OK;
}

ent_code ent_desk_lot_show(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_AUTO_BUF opening = ENT_BUF(65536), receipt = ENT_BUF(65536);
    ENT_TRY(id_param(r, "reference", id, err));
    ENT_TRY(ent_flow_lot_show(n->flow, r->by, id, &opening, &receipt, err));
    json_object_set_new(out, "opening", json_stringn((const char *)opening.data, opening.len));
    json_object_set_new(out, "receipt", json_stringn((const char *)receipt.data, receipt.len));
    return ENT_OK;
}

/* ---- alarms ---- */

static void see_alarm(void *ctx, const ent_alarm_view *v)
{
    json_t *o = json_object();
    json_object_set_new(o, "time", time_json(v->at));
    json_object_set_new(o, "alarm", json_string(ent_alarm_text(v->kind)));
    json_object_set_new(o, "ours", json_boolean(v->ours));
    json_object_set_new(o, "reference", id_json(v->reference.b));
    json_object_set_new(o, "agreement", json_string(v->agreement));
    json_object_set_new(o, "flow", json_string(v->flow));
    json_object_set_new(o, "partner", json_string(v->partner));
    json_object_set_new(o, "detail", json_string(v->detail));
    json_array_append_new(ctx, o);
}

ent_code ent_desk_alarm_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "alarms", list);
    return ent_flow_alarms(n->flow, r->by, see_alarm, list, err);
}
