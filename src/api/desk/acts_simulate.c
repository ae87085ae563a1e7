/* What a draft agreement would expose: numbers only. */
#include "api/desk/params.h"
#include "flow/simulate/simulate.h"

/* A cell that may not be shown is null. */
static json_t *cell(const ent_cell *c) { return c->hidden ? json_null() : json_integer((json_int_t)c->value); }

static json_t *stops_json(const ent_stops *s)
{
    if (!s->known) return json_null();
    return json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "searches-a-day", s->searches_day, "searches-a-year", s->searches_year, "unsearched-a-day", s->unsearched_day,
                     "hits-a-day", s->hits_day, "hits-a-year", s->hits_year, "innocent-stopped-a-day", s->innocent_day, "innocent-stopped-a-year", s->innocent_year);
}

static json_t *fields_json(uint32_t bits)
{
    json_t *list = json_array();
    for (int k = 0; k < ENT_FIELD_COUNT; k++)
        if (bits & 1u << k) json_array_append_new(list, json_string(ent_field_text((ent_field)k)));
    return list;
}

static json_t *groups_json(const ent_simulated_flow *f)
{
    json_t *all = json_object();
    for (int by = 0; by < ENT_SIMULATED_BYS; by++) json_object_set_new(all, ent_simulated_by_text((ent_simulated_by)by), json_object());
    for (size_t i = 0; i < f->group_count; i++)
        json_object_set_new(json_object_get(all, ent_simulated_by_text(f->group[i].by)), f->group[i].label, cell(&f->group[i].persons));
    return all;
}

static json_t *flow_json(const ent_simulated_flow *f)
{
    json_t *o = json_object(), *unknown = json_array(), *was = json_object();
    json_object_set_new(o, "flow", json_string(f->name));
    json_object_set_new(o, "requester", json_string(f->requester));
    json_object_set_new(o, "ends", json_boolean(f->gone));
    json_object_set_new(o, "persons", cell(&f->persons));
    json_object_set_new(o, "by", groups_json(f));
    for (size_t i = 0; i < f->unknown_power_count; i++) json_array_append_new(unknown, json_string(f->unknown_power[i]));
    json_object_set_new(o, "powers-not-here", unknown);
    json_object_set_new(o, "on-hit", fields_json(f->on_hit));
    json_object_set_new(o, "on-confirmed", fields_json(f->on_confirmed));
    json_object_set_new(o, "per-day", json_integer(f->per_day));
    json_object_set_new(o, "stops", stops_json(&f->stops));
    json_object_set_new(o, "in-force", f->changes ? was : json_null());
    if (!f->changes) {
        json_decref(was);
        return o;
    }
    json_object_set_new(was, "persons", cell(&f->before));
    json_object_set_new(was, "added", cell(&f->added));
    json_object_set_new(was, "removed", cell(&f->removed));
    json_object_set_new(was, "unchanged", cell(&f->same));
    json_object_set_new(was, "fields-added", fields_json((f->on_hit & ~f->on_hit_before) | (f->on_confirmed & ~f->on_confirmed_before)));
    json_object_set_new(was, "fields-removed", fields_json((f->on_hit_before & ~f->on_hit) | (f->on_confirmed_before & ~f->on_confirmed)));
    json_object_set_new(was, "per-day", json_integer(f->per_day_before));
    json_object_set_new(was, "stops", stops_json(&f->stops_before));
    return o;
}

static ent_code amount(const ent_desk_request *r, const char *name, double most, double *ret, ent_err *err)
{
    char *end;
    const char *text = param(r, name);
    if (!*text) return ENT_OK;
    double v = strtod(text, &end);
    if (*end || !(v >= 0 && v <= most)) return ent_fail(err, ENT_USAGE, "\"%s\" is a number from 0 to %.0f, not \"%s\"", name, most, text);
    *ret = v;
    return ENT_OK;
}

ent_code ent_desk_simulate(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_simulate_options o = {.on_file_per_million = 1};
    ent_simulated *s;
    double prints = 1;
    ENT_TRY(amount(r, "travellers", 1e9, &o.travellers_day, err));
    ENT_TRY(amount(r, "on-file", 1e6, &o.on_file_per_million, err));
    ENT_TRY(amount(r, "prints", 10, &prints, err));
    o.prints = (unsigned)prints;
    ENT_TRY(ent_flow_simulate(n->flow, r->by, r->body, r->len, &o, &s, err));
    json_t *flows = json_array();
    json_object_set_new(out, "agreement", json_string(s->name));
    json_object_set_new(out, "version", json_integer(s->version));
    json_object_set_new(out, "version-in-force", s->version_before ? json_integer(s->version_before) : json_null());
    json_object_set_new(out, "day", date_json(s->day));
    json_object_set_new(out, "on-file-per-million", json_real(o.on_file_per_million));
    json_object_set_new(out, "flows", flows);
    for (size_t i = 0; i < s->flow_count; i++) json_array_append_new(flows, flow_json(&s->flow[i]));
    free(s);
    return ENT_OK;
}
