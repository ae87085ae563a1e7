/* Acts of admission: programmes and their events, which two persons sign; the answer at the desk, the officer's decision, stays. */
#include "api/desk/params.h"
#include "flow/admission/admission.h"

/* ---- programmes ---- */

static json_t *signature_json(const ent_event_signature *s)
{
    if (!s->at.ms) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(s->name));
    json_object_set_new(o, "at", time_json(s->at));
    json_object_set_new(o, "key", base64_json(s->key.b, 32));
    json_object_set_new(o, "signature", base64_json(s->signature, ENT_SIGNATURE_SIZE));
    return o;
}

static void put_event(json_t *o, const ent_programme_view *v)
{
    const ent_programme_event *e = &v->event;
    char text[ENT_PROGRAMME_SIGNED];
    ent_programme_event_text(e, text);
    json_object_set_new(o, "id", id_json(v->id));
    json_object_set_new(o, "event", json_string(ent_programme_event_word(e->kind)));
    json_object_set_new(o, "programme", json_string(e->programme));
    json_object_set_new(o, "country", json_string(e->country));
    json_object_set_new(o, "effective", date_json(e->effective));
    json_object_set_new(o, "decider", json_string(e->decider));
    json_object_set_new(o, "clause", json_string(e->clause));
    json_object_set_new(o, "inside-leave-by", date_json(e->leave_by));
    json_object_set_new(o, "under-way-admitted-until", date_json(e->admitted_until));
    json_object_set_new(o, "file", hex_json(e->digest, 32));
    json_object_set_new(o, "text", json_string(text));
    json_object_set_new(o, "proposed", signature_json(&v->first));
    json_object_set_new(o, "approved", signature_json(&v->second));
}

ent_code ent_desk_programme_propose(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_programme_event e = {.kind = ent_programme_event_named(param(r, "event"))};
    ent_programme_view v;
    uint8_t signature[ENT_SIGNATURE_SIZE];
    if (e.kind == ENT_PROGRAMME_EVENT_COUNT) return ent_fail(err, ENT_USAGE, "\"event\" is programme, designate or end");
    ENT_TRY(copy_param(r, "programme", e.programme, sizeof e.programme, err));
    ENT_TRY(copy_param(r, "country", e.country, sizeof e.country, err));
    ENT_TRY(copy_param(r, "decider", e.decider, sizeof e.decider, err));
    ENT_TRY(copy_param(r, "clause", e.clause, sizeof e.clause, err));
    ENT_TRY(date_param(r, "effective", &e.effective, err));
    ENT_TRY(date_param(r, "inside-leave-by", &e.leave_by, err));
    ENT_TRY(date_param(r, "under-way-admitted-until", &e.admitted_until, err));
    ENT_TRY(signature_param(r, signature, err));
    ENT_TRY(ent_flow_programme_propose(n->flow, r->by, &e, r->body, r->len, signature, &v, err));
    put_event(out, &v);
    return ENT_OK;
}

ent_code ent_desk_programme_approve(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_programme_view v;
    uint8_t id[ENT_ID_SIZE], signature[ENT_SIGNATURE_SIZE];
    ENT_TRY(id_param(r, "id", id, err));
    ENT_TRY(signature_param(r, signature, err));
    ENT_TRY(ent_flow_programme_approve(n->flow, r->by, id, signature, &v, err));
    put_event(out, &v);
    return ENT_OK;
}

static void see_event(void *ctx, const ent_programme_view *v)
{
    json_t *o = json_object();
    put_event(o, v);
    json_array_append_new(ctx, o);
}

ent_code ent_desk_programme_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    (void)r;
    json_object_set_new(out, "events", list);
    return ent_flow_programme_events(n->flow, see_event, list, err);
}

ent_code ent_desk_programme_show(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    static const char *const shown[] = {
#define ENT_X(name, text) text,
        ENT_SHOWN_BY(ENT_X)
#undef ENT_X
    };
    const char *name;
    ent_programme p;
    json_t *conditions = json_array(), *countries = json_array();
    json_object_set_new(out, "conditions", conditions);
    json_object_set_new(out, "short-trip-to", countries);
    ENT_TRY(need(r, "programme", &name, err));
    ENT_TRY(ent_flow_programme_show(n->flow, name, &p, err));
    for (size_t i = 0; i < p.condition_count; i++)
        json_array_append_new(conditions, json_pack("{s:s,s:s,s:s}", "name", p.condition[i].name, "clause", p.condition[i].clause, "shown-by", shown[p.condition[i].by]));
    for (size_t i = 0; i < p.trip_count; i++) json_array_append_new(countries, json_string(p.trip_to[i]));
    json_object_set_new(out, "programme", json_string(p.name));
    json_object_set_new(out, "title", json_string(p.title));
    json_object_set_new(out, "border", json_string(p.border));
    json_object_set_new(out, "clause", json_string(p.clause));
    json_object_set_new(out, "days", json_integer(p.days));
    json_object_set_new(out, "within", p.within ? json_integer(p.within) : json_null());
    return ENT_OK;
}

static void see_history(void *ctx, const ent_history_line *l)
{
    json_t *o = json_object(), *changes = json_object();
    json_object_set_new(o, "at", time_json(l->at));
    json_object_set_new(o, "what", json_string(l->what));
    json_object_set_new(o, l->agreement ? "agreement" : "programme", json_string(l->subject));
    json_object_set_new(o, "by", json_string(l->by));
    if (!l->agreement) json_object_set_new(o, "clause", json_string(l->clause));
    if (*l->country) json_object_set_new(o, "country", json_string(l->country));
    if (!l->agreement) json_object_set_new(o, "effective", date_json(l->effective));
    json_object_set_new(changes, "searches", json_boolean(l->agreement));
    json_object_set_new(changes, "admission", json_boolean(!l->agreement));
    json_object_set_new(changes, "inside-whose-stay-may-end-earlier", l->hidden ? json_null() : json_integer((json_int_t)l->inside));
    json_object_set_new(o, "changes", changes);
    json_array_append_new(ctx, o);
}

ent_code ent_desk_programme_history(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    (void)r;
    json_object_set_new(out, "history", list);
    return ent_flow_programme_history(n->flow, see_history, list, err);
}

/* ---- the desk ---- */

/* "electronic-passport=yes,purpose=no" */
static ent_code declared_param(const ent_desk_request *r, ent_admit_ask *a, ent_err *err)
{
    char list[1024], *save = NULL;
    ENT_TRY(copy_param(r, "declared", list, sizeof list, err));
    for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        char *equals = strchr(word, '=');
        if (!equals || equals - word >= ENT_LAW_NAME || strlen(equals + 1) >= ENT_LAW_NAME || a->declared_count == ENT_PROGRAMME_CONDITIONS)
            return ent_fail(err, ENT_USAGE, "\"declared\" is a list of CONDITION=yes or CONDITION=no, at most %d", ENT_PROGRAMME_CONDITIONS);
        *equals = 0;
        snprintf(a->declared[a->declared_count][0], ENT_LAW_NAME, "%.*s", ENT_LAW_NAME - 1, word);
        snprintf(a->declared[a->declared_count++][1], ENT_LAW_NAME, "%.*s", ENT_LAW_NAME - 1, equals + 1);
    }
    return ENT_OK;
}

static ent_code ask_params(const ent_desk_request *r, ent_admit_ask *a, ent_err *err)
{
    ENT_TRY(copy_param(r, "programme", a->programme, sizeof a->programme, err));
    ENT_TRY(copy_param(r, "nationality", a->nationality, sizeof a->nationality, err));
    ENT_TRY(copy_param(r, "document", a->document, sizeof a->document, err));
    ENT_TRY(date_param(r, "authorised-until", &a->authorised_until, err));
    ENT_TRY(date_param(r, "set-out", &a->set_out, err));
    return declared_param(r, a, err);
}

static void put_answer(json_t *out, const ent_admission *a)
{
    static const char *const words[] = {"meets", "not-met", "refer"};
    json_object_set_new(out, "answer", json_string(words[a->answer]));
    json_object_set_new(out, "until", date_json(a->until));
    json_object_set_new(out, "clause", json_string(a->clause));
    json_object_set_new(out, "reason", json_string(a->reason));
}

ent_code ent_desk_admit(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_admit_ask ask = {0};
    ent_admission a;
    ENT_TRY(ask_params(r, &ask, err));
    ENT_TRY(ent_flow_admit(n->flow, r->by, &ask, &a, err));
    char today[ENT_TIME_TEXT];
    ent_time_view now;
    ENT_TRY(ent_flow_time(n->flow, &now, err));
    ent_date_text(ent_time_date(now.now), today);
    put_answer(out, &a);
    json_object_set_new(out, "day", json_string(today));
    return ENT_OK;
}

static ent_code answer_params(const ent_desk_request *r, ent_admission *a, ent_err *err)
{
    const char *word = param(r, "answer");
    a->answer = strcmp(word, "meets") == 0 ? ENT_ADMISSION_MEETS : strcmp(word, "not-met") == 0 ? ENT_ADMISSION_NOT_MET : ENT_ADMISSION_REFER;
    ENT_TRY(copy_param(r, "answer-clause", a->clause, sizeof a->clause, err));
    return date_param(r, "answer-until", &a->until, err);
}

ent_code ent_desk_admit_decide(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_admit_ask ask = {0};
    ent_admission_decision d = {.admitted = strcmp(param(r, "decision"), "admit") == 0};
    uint8_t signature[ENT_SIGNATURE_SIZE];
    uint64_t index;
    if (!d.admitted && strcmp(param(r, "decision"), "refuse") != 0) return ent_fail(err, ENT_USAGE, "\"decision\" is admit or refuse");
    ENT_TRY(ask_params(r, &ask, err));
    ENT_TRY(answer_params(r, &d.answer, err));
    ENT_TRY(copy_param(r, "reason", d.reason, sizeof d.reason, err));
    ENT_TRY(date_param(r, "day", &d.day, err));
    ENT_TRY(date_param(r, "until", &d.until, err));
    ENT_TRY(signature_param(r, signature, err));
    ENT_TRY(ent_flow_admit_decide(n->flow, r->by, &ask, &d, signature, &index, err));
    put_answer(out, &d.answer);
    json_object_set_new(out, "decision", json_string(d.admitted ? "admitted" : "not admitted"));
    json_object_set_new(out, "last-day", date_json(d.until));
    json_object_set_new(out, "index", index_json(index));
    return ENT_OK;
}

ent_code ent_desk_stay_exit(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *nationality, *document;
    ent_date entry;
    ENT_TRY(need(r, "nationality", &nationality, err));
    ENT_TRY(need(r, "document", &document, err));
    ENT_TRY(ent_flow_stay_exit(n->flow, r->by, nationality, document, param(r, "to"), &entry, err));
    json_object_set_new(out, "entered", date_json(entry));
    return ENT_OK;
}

static void see_overdue(void *ctx, const ent_stay_view *v)
{
    json_t *o = json_object();
    json_object_set_new(o, "programme", json_string(v->programme));
    json_object_set_new(o, "nationality", json_string(v->nationality));
    json_object_set_new(o, "document", json_string(v->document));
    json_object_set_new(o, "entered", date_json(v->stay.entry));
    json_object_set_new(o, "granted-until", date_json(v->stay.until));
    json_object_set_new(o, "last-day", date_json(v->last_day));
    json_object_set_new(o, "days-over", json_integer(v->days_over));
    json_array_append_new(ctx, o);
}

ent_code ent_desk_stays_overdue(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "overdue", list);
    return ent_flow_stays_overdue(n->flow, r->by, see_overdue, list, err);
}
