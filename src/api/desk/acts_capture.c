/* Acts on what was captured at a desk. */
#include "api/desk/crossing_state.h"
#include "api/desk/params.h"

static json_t *capture_json(const ent_capture_view *v)
{
    json_t *j = json_object();
    json_object_set_new(j, "capture", id_json(v->id));
    json_object_set_new(j, "desk", json_string(v->desk));
    json_object_set_new(j, "device", json_string(v->device));
    json_object_set_new(j, "stated", json_boolean(v->stated));
    json_object_set_new(j, "finger", json_integer(v->finger));
    json_object_set_new(j, "prints", json_integer((json_int_t)v->prints));
    json_object_set_new(j, "faces", json_integer((json_int_t)v->faces));
    json_object_set_new(j, "quality", v->quality >= 0 ? json_integer(v->quality) : json_null());
    json_object_set_new(j, "at", time_json(v->at));
    return j;
}

static ent_code may(const ent_desk_node *n, const ent_desk_request *r, ent_err *err)
{
    ENT_TRY(ent_crossings_need(n, err));
    return ent_gate(r->by, ENT_MAY_SEARCH, err);
}

ent_code ent_desk_capture_add(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_capture_ask ask = {.face = strcmp(param(r, "of"), "face") == 0};
    ent_capture_view v;
    ENT_TRY(ent_crossings_need(n, err));
    ENT_TRY(copy_param(r, "desk", ask.desk, sizeof ask.desk, err));
    ENT_TRY(finger_param(r, &ask.finger, err));
    if (!r->len) return ent_fail(err, ENT_FORMAT, "this file is empty: capture it again");
    ENT_TRY(ent_captures_add(n->crossings->captures, n->flow, r->by, &ask, r->body, r->len, &v, err));
    json_object_set_new(out, "capture", capture_json(&v));
    return ENT_OK;
}

static void see(void *ctx, const ent_capture_view *v) { json_array_append_new(ctx, capture_json(v)); }

ent_code ent_desk_capture_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *desk;
    json_t *list = json_array();
    json_object_set_new(out, "captures", list);
    ENT_TRY(may(n, r, err));
    ENT_TRY(need(r, "desk", &desk, err));
    ent_captures_list(n->crossings->captures, n->flow, desk, see, list);
    return ENT_OK;
}

ent_code ent_desk_capture_show(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_AUTO_BUF png = ENT_BUF(32 << 20);
    ENT_TRY(may(n, r, err));
    ENT_TRY(id_param(r, "capture", id, err));
    ENT_TRY(ent_captures_show(n->crossings->captures, n->flow, id, &png, err));
    json_object_set_new(out, "png", base64_json(png.data, png.len));
    return ENT_OK;
}

ent_code ent_desk_capture_drop(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_TRY(may(n, r, err));
    ENT_TRY(id_param(r, "capture", id, err));
    json_object_set_new(out, "dropped", json_boolean(ent_captures_drop(n->crossings->captures, id)));
    return ENT_OK;
}
