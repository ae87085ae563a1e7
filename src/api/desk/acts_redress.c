/* Acts on redress slips. */
#include "api/desk/params.h"

static json_t *slip_json(const ent_slip_view *v)
{
    json_t *s = json_object();
    json_object_set_new(s, "number", id_json(v->number));
    json_object_set_new(s, "holder", json_string(v->holder));
    json_object_set_new(s, "agreement", json_string(v->agreement));
    json_object_set_new(s, "issued", time_json(v->issued));
    json_object_set_new(s, "until", date_json(v->until));
    json_object_set_new(s, "revoked", v->revoked.ms ? time_json(v->revoked) : json_null());
    json_object_set_new(s, "state", json_string(v->revoked.ms ? "revoked" : v->over ? "over" : "counts"));
    return s;
}

/* Body: the file that was searched with. */
ent_code ent_desk_redress_issue(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_SLIP_MAX);
    ent_redress_ask ask = {.slip = param(r, "slip"), .slip_len = strlen(param(r, "slip")), .consent = strcmp(param(r, "consent"), "yes") == 0};
    ent_slip_view v;
    ENT_TRY(id_param(r, "reference", ask.reference.b, err));
    ENT_TRY(finger_param(r, &ask.finger, err));
    ENT_TRY(ent_flow_redress_issue(n->flow, r->by, r->body, r->len, &ask, &text, &v, err));
    json_object_set_new(out, "slip", json_stringn((const char *)text.data, text.len));
    json_object_set_new(out, "about", slip_json(&v));
    return ENT_OK;
}

/* Body: the slip. */
ent_code ent_desk_redress_show(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_slip_view v;
    ENT_TRY(ent_flow_redress_show(n->flow, r->by, r->body, r->len, &v, err));
    json_object_set_new(out, "about", slip_json(&v));
    return ENT_OK;
}

static void see_slip(void *ctx, const ent_slip_view *v) { json_array_append_new(ctx, slip_json(v)); }

ent_code ent_desk_redress_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "slips", list);
    return ent_flow_redress_list(n->flow, r->by, see_slip, list, err);
}

ent_code ent_desk_redress_revoke(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t number[ENT_ID_SIZE];
    ent_slip_view v;
    ENT_TRY(id_param(r, "number", number, err));
    ENT_TRY(ent_flow_redress_revoke(n->flow, r->by, number, &v, err));
    json_object_set_new(out, "about", slip_json(&v));
    return ENT_OK;
}
