/* The watchlist feed at the requester's end: what copies are here, contact, a search of a copy. */
#include "api/desk/params.h"
#include "flow/feed/feed.h"

static void see_copy(void *ctx, const ent_copy_view *v)
{
    static const char *const fates[] = {"in use", "not used", "to be destroyed"};
    json_t *o = json_object();
    json_object_set_new(o, "agreement", json_string(v->agreement));
    json_object_set_new(o, "flow", json_string(v->flow));
    json_object_set_new(o, "holder", json_string(v->holder));
    json_object_set_new(o, "records", json_integer((json_int_t)v->records));
    json_object_set_new(o, "position", json_integer((json_int_t)v->position));
    json_object_set_new(o, "unreported", json_integer((json_int_t)v->unreported));
    json_object_set_new(o, "contact", v->contact.ms ? time_json(v->contact) : json_null());
    json_object_set_new(o, "lease", v->lease.ms ? time_json(v->lease) : json_null());
    json_object_set_new(o, "state", json_string(fates[v->fate]));
    json_object_set_new(o, "clause", json_string(v->clause));
    json_array_append_new(ctx, o);
}

ent_code ent_desk_feed_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "copies", list);
    return ent_flow_copies(n->flow, r->by, see_copy, list, err);
}

ent_code ent_desk_feed_pull(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint64_t records;
    ENT_TRY(ent_flow_feed_pull(n->flow, r->by, &records, err));
    json_object_set_new(out, "taken", json_integer((json_int_t)records));
    return ENT_OK;
}

ent_code ent_desk_feed_search(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_search_options o = {0};
    ent_local_result l;
    ENT_TRY(copy_param(r, "agreement", o.agreement, sizeof o.agreement, err));
    ENT_TRY(copy_param(r, "flow", o.flow, sizeof o.flow, err));
    ENT_TRY(copy_param(r, "purpose", o.purpose, sizeof o.purpose, err));
    ENT_TRY(finger_param(r, &o.finger, err));
    ENT_TRY(yes_param(r, "any-sequence", &o.any_sequence, err));
    ENT_TRY(ent_flow_feed_search(n->flow, r->by, r->body, r->len, &o, &l, err));
    json_object_set_new(out, "hit", json_boolean(l.hit));
    json_object_set_new(out, "outcome", json_string(!l.hit ? "no hit" : l.extrapolated ? "candidate" : "hit"));
    json_object_set_new(out, "reference", id_json(l.reference));
    json_object_set_new(out, "index", index_json(l.index));
    json_object_set_new(out, "lease", time_json(l.lease));
    json_object_set_new(out, "match-us", json_integer(l.match_us));
    if (!l.hit) return ENT_OK;
    json_object_set_new(out, "power", json_string(l.power));
    json_object_set_new(out, "category", json_string(l.category));
    json_object_set_new(out, "status", json_string(l.status));
    return ENT_OK;
}
