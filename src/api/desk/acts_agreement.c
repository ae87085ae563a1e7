/* The picture of an agreement: what it opens, how it was used, its quota, its alarms. */
#include "api/desk/params.h"
#include "flow/agreement_use.h"

static json_t *fields_json(uint32_t bits)
{
    json_t *list = json_array();
    for (int k = 0; k < ENT_FIELD_COUNT; k++)
        if (bits & 1u << k) json_array_append_new(list, json_string(ent_field_text((ent_field)k)));
    return list;
}

static json_t *count_json(uint64_t n) { return json_integer((json_int_t)n); }

static json_t *names_json(const char names[][ENT_PARTY_NAME], size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *terms_json(const ent_flow *f)
{
    json_t *o = json_object(), *powers = json_array(), *purposes = json_array();
    for (size_t i = 0; i < f->power_count; i++) json_array_append_new(powers, json_string(f->power[i]));
    for (size_t i = 0; i < f->purpose_count; i++) json_array_append_new(purposes, json_string(f->purpose[i].name));
    json_object_set_new(o, "purposes", purposes);
    json_object_set_new(o, "powers", powers);
    json_object_set_new(o, "per-day", count_json(f->per_day));
    json_object_set_new(o, "examiners", count_json(f->examiners));
    json_object_set_new(o, "confirm-minutes", json_integer((json_int_t)(f->confirm_within_ms / 60000)));
    json_object_set_new(o, "candidates", count_json(f->candidates));
    json_object_set_new(o, "on-behalf-of", names_json(f->on_behalf_of, f->on_behalf_count));
    json_object_set_new(o, "onward", names_json(f->onward, f->onward_count));
    json_object_set_new(o, "onward-authorised", json_boolean(f->onward_authorised));
    json_object_set_new(o, "on-hit", fields_json(f->on_hit));
    json_object_set_new(o, "on-confirmed", fields_json(f->on_confirmed));
    return o;
}

static json_t *use_json(const ent_flow_use *u)
{
    json_t *days = json_array();
    for (int d = 0; u->holder && d < ENT_USE_DAYS; d++) json_array_append_new(days, count_json(u->day[d]));
    return json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}}", "flow", u->flow->name, "holder", u->flow->holder, "requester",
                     u->flow->requester, "held-here", u->holder, "terms", terms_json(u->flow), "days", days, "use", "hit", count_json(u->answered_hit), "no hit",
                     count_json(u->answered_no_hit), "refused", count_json(u->refused), "asked", count_json(u->asked), "received", count_json(u->received), "local",
                     count_json(u->local), "examined", count_json(u->examined), "disclosed", count_json(u->disclosed), "recalled", count_json(u->recalled), "kept",
                     count_json(u->kept), "alarms", count_json(u->alarms));
}

struct picture {
    json_t *out;
    ent_buf *file;
};

static void see(void *ctx, const ent_agreement_use *u)
{
    struct picture *p = ctx;
    json_t *flows = json_array(), *alarms = json_array();
    for (size_t i = 0; i < u->agreement->flow_count; i++) json_array_append_new(flows, use_json(&u->of[i]));
    for (size_t i = 0; i < u->alarm_count; i++)
        json_array_append_new(alarms, json_pack("{s:o,s:s,s:s}", "at", time_json(u->alarm[i].at), "flow", u->alarm[i].flow, "clause", u->alarm[i].clause));
    json_object_set_new(p->out, "title", json_string(u->agreement->title));
    json_object_set_new(p->out, "review", date_json(u->agreement->review));
    json_object_set_new(p->out, "since", u->since.ms ? time_json(u->since) : json_null());
    json_object_set_new(p->out, "flows", flows);
    json_object_set_new(p->out, "alarms", alarms);
    ent_buf_put(p->file, u->file, u->file_len);
}

ent_code ent_desk_agreement_picture(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name;
    json_t *opens = NULL;
    ent_err why = {0};
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(ent_flow_agreement_use(n->flow, r->by, name, see, &(struct picture){out, &file}, err));
    json_t *params = json_object();
    ent_desk_request simulate = {.act = "agreement-simulate", .params = params, .body = file.data, .len = file.len, .by = r->by};
    ent_code code = ent_desk_act(n, &simulate, &opens, &why); /* the signed file as its own draft */
    json_decref(params);
    json_object_set_new(out, "opens", code == ENT_OK ? json_incref(json_object_get(opens, "flows")) : json_null());
    json_decref(opens);
    if (code != ENT_OK) json_object_set_new(out, "opens-not-known", json_string(why.detail));
    return ENT_OK;
}
