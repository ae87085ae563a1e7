/* Acts on what is held: enrolment, events, dates, destruction, the person's own request. */
#include "api/desk/params.h"
#include "flow/record/likely.h"

/* ---- records ---- */

static ent_code offence_param(const ent_desk_request *r, uint32_t *ret, ent_err *err)
{
    char list[200], *save = NULL;
    snprintf(list, sizeof list, "%s", param(r, "offence"));
    for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        if (!ent_offence_named(word)) return ent_fail(err, ENT_USAGE, "no class of offence \"%s\": recordable, qualifying, terrorism-related, excluded, sexual-or-violent", word);
        *ret |= ent_offence_named(word);
    }
    return ENT_OK;
}

static void put_enrolled(json_t *out, const ent_enrolled *e)
{
    json_t *parts = json_array();
    json_object_set_new(out, "encounter", id_json(e->encounter.b));
    json_object_set_new(out, "person", id_json(e->person.b));
    json_object_set_new(out, "prints", json_integer((json_int_t)e->prints));
    if (!ent_id_is_zero(e->likely.b)) json_object_set_new(out, "likely-same-person", id_json(e->likely.b));
    json_object_set_new(out, "faces", json_integer((json_int_t)e->faces));
    if (e->face_quality >= 0) json_object_set_new(out, "face-quality", json_integer(e->face_quality));
    if (*e->face_advice) json_object_set_new(out, "face-advice", json_string(e->face_advice));
    json_object_set_new(out, "parts", parts);
    for (size_t i = 0; i < e->part_count; i++) {
        json_t *p = json_object();
        json_object_set_new(p, "part", id_json(e->part[i].id.b));
        json_object_set_new(p, "material", json_string(ent_material_text(e->part[i].material)));
        json_object_set_new(p, "destroy-by", date_json(e->part[i].destroy_by));
        json_object_set_new(p, "clause", json_string(e->part[i].clause));
        json_object_set_new(p, "index", index_json(e->part[i].index));
        json_array_append_new(parts, p);
    }
}

ent_code ent_desk_enrol(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_enrol_options o = {0};
    ent_enrolled e = {0};
    ENT_TRY(copy_param(r, "taken-under", o.taken_under, sizeof o.taken_under, err));
    ENT_TRY(copy_param(r, "person", o.subject, sizeof o.subject, err));
    ENT_TRY(offence_param(r, &o.offence, err));
    ENT_TRY(date_param(r, "taken", &o.taken, err));
    ENT_TRY(finger_param(r, &o.finger, err));
    ENT_TRY(yes_param(r, "any-sequence", &o.any_sequence, err));
    ENT_TRY(yes_param(r, "any-quality", &o.any_quality, err));
    ENT_TRY(ent_flow_enrol(n->flow, r->by, r->body, r->len, &o, &e, err));
    put_enrolled(out, &e);
    return ENT_OK;
}

static json_t *copies_json(const ent_destroyed_copies *copies)
{
    json_t *list = json_array();
    for (size_t i = 0; i < copies->count; i++) {
        json_t *j = json_object();
        json_object_set_new(j, "partner", json_string(copies->at[i].partner));
        json_object_set_new(j, "disclosure", id_json(copies->at[i].id));
        json_object_set_new(j, "search", id_json(copies->at[i].reference.b));
        json_array_append_new(list, j);
    }
    return list;
}

/* The custodian's proof (docs/protocol/destruction.md): the salts that open both commitments, and both receipts. */
static ent_code put_proof(const ent_desk_node *n, const char *reason, const ent_destroyed *d, json_t *out, ent_err *err)
{
    json_t *proof = json_object(), *parts = json_array();
    json_object_set_new(out, "proof", proof);
    json_object_set_new(proof, "entente-destruction", json_integer(3));
    json_object_set_new(proof, "reason", json_string(reason));
    json_object_set_new(proof, "custody", json_string(d->custody));
    json_object_set_new(proof, "disclosed", copies_json(&d->copies));
    json_object_set_new(proof, "unlisted", json_integer(d->copies.unlisted));
    json_object_set_new(proof, "parts", parts);
    for (size_t i = 0; i < d->parts; i++) {
        const ent_destroyed_part *p = &d->part[i];
        ENT_AUTO_BUF enrolled = ENT_BUF(65536), destroyed = ENT_BUF(65536);
        if (p->enrolled != UINT64_MAX) ENT_TRY(ent_flow_receipt(n->flow, p->enrolled, &enrolled, err));
        ENT_TRY(ent_flow_receipt(n->flow, p->index, &destroyed, err));
        json_t *j = json_object();
        json_object_set_new(j, "material", json_string(ent_material_text(p->material)));
        json_object_set_new(j, "case", id_json(p->case_number.b));
        json_object_set_new(j, "salt", hex_json(p->salt, 32));
        json_object_set_new(j, "digest", hex_json(p->digest, 32));
        json_object_set_new(j, "epoch", json_integer(p->epoch));
        json_object_set_new(j, "enrolled", json_string(ent_buf_cstr(&enrolled)));
        json_object_set_new(j, "destroyed", json_string(ent_buf_cstr(&destroyed)));
        json_array_append_new(parts, j);
    }
    return ENT_OK;
}

ent_code ent_desk_destroy(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_destroyed d = {0};
    ENT_TRY(id_param(r, "id", id, err));
    ENT_TRY(ent_flow_destroy(n->flow, r->by, id, param(r, "reason"), &d, err));
    json_object_set_new(out, "parts", json_integer((json_int_t)d.parts));
    json_object_set_new(out, "index", index_json(d.index[0]));
    return put_proof(n, param(r, "reason"), &d, out, err);
}

static json_t *part_json(const ent_part_view *v)
{
    json_t *p = json_object(), *powers = json_array();
    json_object_set_new(p, "part", id_json(v->id.b));
    json_object_set_new(p, "encounter", id_json(v->encounter.b));
    json_object_set_new(p, "material", json_string(ent_material_text(v->material)));
    json_object_set_new(p, "taken", date_json(v->taken));
    json_object_set_new(p, "taken-under", json_string(v->taken_under));
    json_object_set_new(p, "due", json_boolean(v->kept.due));
    json_object_set_new(p, "held", json_boolean(v->kept.held));
    json_object_set_new(p, "hold-review", date_json(v->kept.hold_review));
    json_object_set_new(p, "in-hold-store", json_boolean(v->in_hold_store));
    json_object_set_new(p, "destroy-by", date_json(v->kept.due_on));
    json_object_set_new(p, "clause", json_string(v->kept.clause));
    json_object_set_new(p, "not-before", date_json(v->not_before));
    json_object_set_new(p, "person", id_json(v->person.b));
    json_object_set_new(p, "events", json_integer((json_int_t)v->events));
    json_object_set_new(p, "pending", json_integer((json_int_t)v->pending));
    json_object_set_new(p, "powers", powers);
    for (size_t i = 0; i < v->kept.count; i++) {
        const ent_power *k = &v->kept.power[i];
        json_t *w = json_object();
        json_object_set_new(w, "regime", json_string(k->regime->name));
        json_object_set_new(w, "until", date_json(k->until));
        json_object_set_new(w, "clause", json_string(k->regime->clause));
        json_object_set_new(w, "extensions", json_integer(k->extensions));
        if (k->extendable) {
            json_object_set_new(w, "extension-decided-by", json_string(k->regime->extend.decided_by));
            json_object_set_new(w, "apply-from", date_json(k->window_from));
            json_object_set_new(w, "apply-until", date_json(k->window_until));
        }
        json_array_append_new(powers, w);
    }
    return p;
}

struct listing {
    json_t *list;
    ent_date before; /* year 0: all */
    const char *only; /* a part or encounter, "" all */
};

static void see_part(void *ctx, const ent_part_view *v)
{
    struct listing *l = ctx;
    char part[ENT_ID_TEXT], encounter[ENT_ID_TEXT];
    ent_id_text(v->id.b, part);
    ent_id_text(v->encounter.b, encounter);
    if (*l->only && strcmp(l->only, part) != 0 && strcmp(l->only, encounter) != 0) return;
    if (l->before.year && (!v->kept.due_on.year || ent_date_compare(l->before, v->kept.due_on) < 0)) return;
    json_array_append_new(l->list, part_json(v));
}

ent_code ent_desk_record_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    struct listing l = {.list = json_array(), .only = param(r, "id")};
    json_object_set_new(out, "parts", l.list);
    ent_date as_of = {0};
    ENT_TRY(date_param(r, "due-by", &l.before, err));
    ENT_TRY(date_param(r, "as-of", &as_of, err));
    if (as_of.year) ENT_TRY(ent_flow_parts_on(n->flow, r->by, as_of, see_part, &l, err));
    else ENT_TRY(ent_flow_parts(n->flow, r->by, see_part, &l, err));
    if (*l.only && json_array_size(l.list) == 0) return ent_fail(err, ENT_NOT_FOUND, "no part or encounter with this number is held");
    return ENT_OK;
}

ent_code ent_desk_record_event(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_legal_event e = {.kind = ent_legal_event_named(param(r, "event"))};
    ent_date applied = {0};
    ent_part_view v;
    ENT_TRY(id_param(r, "id", id, err));
    if (e.kind == ENT_EVENT_COUNT) return ent_fail(err, ENT_USAGE, "no event \"%s\": charged, acquitted, convicted, extension, hold, unlawful, …", param(r, "event"));
    ENT_TRY(date_param(r, "date", &e.date, err));
    ENT_TRY(date_param(r, "until", &e.until, err));
    ENT_TRY(date_param(r, "applied", &applied, err));
    ENT_TRY(copy_param(r, "regime", e.regime, sizeof e.regime, err));
    ENT_TRY(copy_param(r, "decided-by", e.decided_by, sizeof e.decided_by, err));
    ENT_TRY(copy_param(r, "document", e.document, sizeof e.document, err));
    if (*param(r, "months")) e.sentence_months = (uint16_t)strtoul(param(r, "months"), NULL, 10);
    if (!e.date.year) return ent_fail(err, ENT_USAGE, "an event needs the day on which it happened: --date 2026-03-10");
    if (e.kind == ENT_EVENT_HOLD && !e.until.year) return ent_fail(err, ENT_USAGE, "a hold needs the day on which somebody looks at it again: --until 2026-09-10");
    if (!applied.year) applied = e.date;
    ENT_TRY(ent_flow_event(n->flow, r->by, id, &e, applied, &v, err));
    json_object_set_new(out, "part", part_json(&v));
    return ENT_OK;
}

ent_code ent_desk_retention_run(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    size_t destroyed;
    ENT_TRY(ent_flow_retention_run(n->flow, r->by, strcmp(param(r, "dry-run"), "yes") == 0, &destroyed, err));
    json_object_set_new(out, strcmp(param(r, "dry-run"), "yes") == 0 ? "due" : "destroyed", json_integer((json_int_t)destroyed));
    return ENT_OK;
}

/* ---- events and second persons ---- */

static const char *waits_for(const ent_legal_event *e)
{
    if (e->undone) return "corrected";
    if (!ent_id_is_zero(e->undo_by.b)) return "correction waits for a second person";
    if (e->pending) return "waits for a second person";
    bool over = e->kind == ENT_EVENT_UNLAWFUL || e->kind == ENT_EVENT_MISTAKEN_IDENTITY;
    return over && ent_id_is_zero(e->second.b) ? "counts; a second person ends the window" : "counts";
}

static void see_event(void *ctx, const ent_part_view *v, size_t number, const ent_legal_event *e)
{
    json_t *j = json_object();
    json_object_set_new(j, "part", id_json(v->id.b));
    json_object_set_new(j, "material", json_string(ent_material_text(v->material)));
    json_object_set_new(j, "number", json_integer((json_int_t)number));
    json_object_set_new(j, "event", json_string(ent_legal_event_text(e->kind)));
    json_object_set_new(j, "date", date_json(e->date));
    json_object_set_new(j, "until", date_json(e->until));
    json_object_set_new(j, "regime", json_string(e->regime));
    json_object_set_new(j, "decided-by", json_string(e->decided_by));
    json_object_set_new(j, "document", json_string(e->document));
    json_object_set_new(j, "by", id_json(e->by.b));
    json_object_set_new(j, "state", json_string(waits_for(e)));
    json_array_append_new(ctx, j);
}

ent_code ent_desk_event_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    json_t *list = json_array();
    json_object_set_new(out, "events", list);
    bool one = *param(r, "id") != 0;
    if (one) ENT_TRY(id_param(r, "id", id, err));
    return ent_flow_events(n->flow, r->by, one ? id : NULL, see_event, list, err);
}

static ent_code number_param(const ent_desk_request *r, size_t *ret, ent_err *err)
{
    const char *text = param(r, "number");
    if (!*text || strlen(text) > 4 || strspn(text, "0123456789") != strlen(text)) return ent_fail(err, ENT_USAGE, "\"number\" counts the part's events from 0");
    *ret = strtoul(text, NULL, 10);
    return ENT_OK;
}

ent_code ent_desk_event_correct(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    size_t number;
    ent_part_view v;
    ENT_TRY(id_param(r, "id", id, err));
    ENT_TRY(number_param(r, &number, err));
    ENT_TRY(ent_flow_event_correct(n->flow, r->by, id, number, &v, err));
    json_object_set_new(out, "part", part_json(&v));
    return ENT_OK;
}

ent_code ent_desk_event_approve(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    size_t number;
    ent_part_view v;
    const char *word = param(r, "agree");
    ENT_TRY(id_param(r, "id", id, err));
    ENT_TRY(number_param(r, &number, err));
    if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) return ent_fail(err, ENT_USAGE, "\"agree\" is yes or no");
    ENT_TRY(ent_flow_event_approve(n->flow, r->by, id, number, *word == 'y', &v, err));
    json_object_set_new(out, "part", part_json(&v));
    return ENT_OK;
}

ent_code ent_desk_record_link(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t one[ENT_ID_SIZE], other[ENT_ID_SIZE];
    ENT_TRY(id_param(r, "encounter", one, err));
    ENT_TRY(id_param(r, "other", other, err));
    ENT_TRY(ent_flow_link(n->flow, r->by, one, other, err));
    json_object_set_new(out, "linked", id_json(one));
    return ENT_OK;
}

ent_code ent_desk_record_unlink(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t one[ENT_ID_SIZE];
    ENT_TRY(id_param(r, "encounter", one, err));
    ENT_TRY(ent_flow_unlink(n->flow, r->by, one, err));
    json_object_set_new(out, "unlinked", id_json(one));
    return ENT_OK;
}

static json_t *likely_json(const ent_likely_view *v, int which)
{
    return json_pack("{s:o,s:o,s:s,s:I,s:b}", "encounter", id_json(which ? v->other.b : v->encounter.b), "taken", date_json(v->of[which].taken), "taken-under",
                     v->of[which].taken_under, "parts", (json_int_t)v->of[which].parts, "due", v->of[which].hidden);
}

static void see_likely(void *ctx, const ent_likely_view *v)
{
    json_array_append_new(ctx, json_pack("{s:o,s:[o,o]}", "noticed", time_json(v->noticed), "of", likely_json(v, 0), likely_json(v, 1)));
}

ent_code ent_desk_likely_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "likely", list);
    return ent_flow_likely(n->flow, r->by, see_likely, list, err);
}

ent_code ent_desk_likely_not(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t one[ENT_ID_SIZE], other[ENT_ID_SIZE];
    ENT_TRY(id_param(r, "encounter", one, err));
    ENT_TRY(id_param(r, "other", other, err));
    ENT_TRY(ent_flow_likely_not(n->flow, r->by, one, other, err));
    json_object_set_new(out, "apart", id_json(one));
    return ENT_OK;
}

/* ---- time ---- */

static void put_time(json_t *out, const ent_time_view *v)
{
    json_object_set_new(out, "now", time_json(v->now));
    json_object_set_new(out, "confirmed", time_json(v->confirmed));
    json_object_set_new(out, "sure", json_boolean(v->sure));
    json_object_set_new(out, "proposed", json_boolean(v->proposed));
}

ent_code ent_desk_time(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_time_view v;
    (void)r;
    ENT_TRY(ent_flow_time(n->flow, &v, err));
    put_time(out, &v);
    return ENT_OK;
}

ent_code ent_desk_time_confirm(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_time_view v;
    ENT_TRY(ent_flow_time_confirm(n->flow, r->by, &v, err));
    put_time(out, &v);
    return ENT_OK;
}

/* ---- the person's own request ---- */

static json_t *access_json(const ent_access *a)
{
    json_t *held = json_array(), *searches = json_array(), *disclosures = json_array();
    for (size_t i = 0; i < a->part_count; i++) {
        const ent_access_part *p = &a->part[i];
        json_array_append_new(held, json_pack("{s:s,s:o,s:o,s:s,s:s,s:s,s:s,s:b,s:b}", "material", ent_material_text(p->material), "taken", date_json(p->taken), "until", date_json(p->until),
                                              "power", p->power, "clause", p->clause, "offence", p->offence, "status", p->status, "due", p->due, "held", p->held));
    }
    for (size_t i = 0; i < a->search_count; i++) {
        const ent_access_search *s = &a->search[i];
        json_array_append_new(searches, json_pack("{s:s,s:s,s:s,s:o}", "by", s->partner, "purpose", s->purpose, "outcome", s->outcome, "at", time_json(s->at)));
    }
    for (size_t i = 0; i < a->disclosure_count; i++) {
        const ent_disclosure_view *d = &a->disclosure[i];
        json_t *fields = json_array();
        for (int f = 0; f < ENT_FIELD_COUNT; f++)
            if (d->fields >> f & 1) json_array_append_new(fields, json_string(ent_field_text((ent_field)f)));
        json_array_append_new(disclosures, json_pack("{s:s,s:s,s:o,s:o,s:o,s:s}", "to", d->partner, "purpose", d->purpose, "at", time_json(d->at), "fields", fields, "keep-until", date_json(d->keep_until),
                                                     "recalled-for", d->recalled_for));
    }
    return json_pack("{s:o,s:o,s:o}", "held", held, "searches", searches, "disclosures", disclosures);
}

ent_code ent_desk_access(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_access *a;
    ent_access_ask ask = {.ori = param(r, "ori"), .tcn = param(r, "tcn"), .document = param(r, "document"), .print = r->body, .print_len = r->len};
    ENT_TRY(ent_flow_access(n->flow, r->by, &ask, &a, err));
    json_t *found = access_json(a);
    ent_access_free(a);
    if (!found) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    json_object_update(out, found);
    json_decref(found);
    return ENT_OK;
}

ent_code ent_desk_year(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_year y;
    int year = atoi(param(r, "year"));
    json_t *collected = json_object(), *held = json_object(), *clauses = json_object();
    json_object_set_new(out, "collected", collected);
    json_object_set_new(out, "held", held);
    json_object_set_new(out, "destroyed-by-clause", clauses);
    if (year < 2000 || year > 9999) return ent_fail(err, ENT_USAGE, "\"year\" has four digits");
    ENT_TRY(ent_flow_year(n->flow, r->by, year, &y, err));
    json_object_set_new(out, "year", json_integer(year));
    for (int m = 0; m < ENT_MATERIAL_COUNT; m++) {
        json_object_set_new(collected, ent_material_text((ent_material)m), json_integer((json_int_t)y.collected[m]));
        json_object_set_new(held, ent_material_text((ent_material)m), json_integer((json_int_t)y.held[m]));
    }
    for (size_t i = 0; i < y.clause_count; i++) json_object_set_new(clauses, y.clause[i].clause, json_integer((json_int_t)y.clause[i].destroyed));
    json_object_set_new(out, "destroyed", json_integer((json_int_t)y.destroyed));
    json_object_set_new(out, "extended", json_integer((json_int_t)y.extended));
    json_object_set_new(out, "holds", json_integer((json_int_t)y.holds));
    json_object_set_new(out, "on-hold", json_integer((json_int_t)y.on_hold));
    json_object_set_new(out, "overdue", json_integer((json_int_t)y.overdue));
    json_object_set_new(out, "average-age-days", json_real(y.age_days));
    return ENT_OK;
}

ent_code ent_desk_rebuild(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    size_t left;
    ENT_TRY(ent_flow_gallery_rebuild(n->flow, r->by, &left, err));
    json_object_set_new(out, "left", json_integer((json_int_t)left));
    return ENT_OK;
}
