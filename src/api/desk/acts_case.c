/* Acts on cases, disclosures and what partners disclosed. */
#include "api/desk/params.h"
#include "flow/examination/machine.h"

/* ---- examination ---- */

static const char *state_text(ent_case_state s)
{
    static const char *const words[] = {"open", "concluded", "expired", "withdrawn"};
    return words[s];
}

static json_t *case_json(const ent_case_view *v, bool examiner)
{
    json_t *k = json_object();
    json_object_set_new(k, "case", id_json(v->id));
    json_object_set_new(k, "state", json_string(state_text(v->state)));
    json_object_set_new(k, "opened", time_json(v->opened));
    json_object_set_new(k, "until", time_json(v->until));
    json_object_set_new(k, "finding", json_string(ent_finding_text(v->finding)));
    json_object_set_new(k, "face", json_boolean(v->face));
    if (examiner) {
        json_object_set_new(k, "step", json_string(!v->analysed ? "analysis" : v->own == ENT_FINDING_NONE ? "comparison" : "concluded"));
        json_object_set_new(k, "suitable", v->analysed ? json_boolean(v->suitable) : json_null());
        json_object_set_new(k, "own", json_string(ent_finding_text(v->own)));
        json_object_set_new(k, "version", json_integer(v->version));
        return k;
    }
    json_object_set_new(k, "reference", id_json(v->reference.b));
    json_object_set_new(k, "search", id_json(v->search.b));
    json_object_set_new(k, "flow", json_string(v->flow));
    json_object_set_new(k, "control", json_boolean(v->control));
    json_object_set_new(k, "examiners", json_integer((json_int_t)v->needed));
    json_object_set_new(k, "concluded", json_integer((json_int_t)v->concluded));
    return k;
}

struct cases {
    json_t *list;
    bool examiner;
};

static void see_case(void *ctx, const ent_case_view *v)
{
    struct cases *c = ctx;
    json_array_append_new(c->list, case_json(v, c->examiner));
}

ent_code ent_desk_case_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    struct cases c = {json_array(), r->by->role == ENT_ROLE_EXAMINER};
    json_object_set_new(out, "cases", c.list);
    return ent_flow_cases(n->flow, r->by, see_case, &c, err);
}

static void see_picture(void *ctx, bool candidate, uint8_t finger, const void *png, size_t len)
{
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:i,s:o}", "of", candidate ? "candidate" : "probe", "modality", finger == ENT_PICTURE_FACE ? "face" : "fingerprint", "finger",
                                         finger == ENT_PICTURE_FACE ? 0 : (int)finger, "png", base64_json(png, len)));
}

ent_code ent_desk_case_open(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_case_view v;
    json_t *pictures = json_array();
    json_object_set_new(out, "pictures", pictures);
    ENT_TRY(id_param(r, "case", id, err));
    ENT_TRY(ent_flow_case_open(n->flow, r->by, id, see_picture, pictures, &v, err));
    json_object_set_new(out, "case", case_json(&v, true));
    return ENT_OK;
}

ent_code ent_desk_case_analyse(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE], signature[ENT_SIGNATURE_SIZE];
    const char *word;
    ENT_TRY(id_param(r, "case", id, err));
    ENT_TRY(need(r, "suitable", &word, err));
    ENT_TRY(signature_param(r, signature, err));
    if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) return ent_fail(err, ENT_USAGE, "\"suitable\" is yes or no");
    ENT_TRY(ent_flow_case_analyse(n->flow, r->by, id, *word == 'y', r->len ? r->body : "", r->len, signature, err));
    json_object_set_new(out, "case", id_json(id));
    return ENT_OK;
}

/* What an examiner concludes about a case or about what was disclosed; the reasons are the body. */
typedef struct conclusion {
    uint8_t about[ENT_ID_SIZE], signature[ENT_SIGNATURE_SIZE];
    ent_finding finding;
    const void *reasons;
} conclusion;

static ent_code conclusion_params(const ent_desk_request *r, const char *about, conclusion *ret, ent_err *err)
{
    conclusion c = {.finding = ent_finding_named(param(r, "finding")), .reasons = r->len ? r->body : ""};
    ENT_TRY(id_param(r, about, c.about, err));
    if (c.finding == ENT_FINDING_COUNT) return ent_fail(err, ENT_USAGE, "\"finding\" is identified, excluded, inconclusive or not-suitable");
    ENT_TRY(signature_param(r, c.signature, err));
    *ret = c;
    return ENT_OK;
}

ent_code ent_desk_case_conclude(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    conclusion c;
    ent_case_view v;
    ENT_TRY(conclusion_params(r, "case", &c, err));
    ENT_TRY(ent_flow_case_conclude(n->flow, r->by, c.about, c.finding, c.reasons, r->len, c.signature, &v, err));
    json_object_set_new(out, "case", case_json(&v, true));
    return ENT_OK;
}

ent_code ent_desk_case_machine(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_machine_view v;
    json_t *pictures = json_array(), *pairs = json_array();
    json_object_set_new(out, "pictures", pictures);
    json_object_set_new(out, "pairs", pairs);
    ENT_TRY(id_param(r, "case", id, err));
    ENT_TRY(ent_flow_case_machine(n->flow, r->by, id, see_picture, pictures, &v, err));
    json_object_set_new(out, "score", json_real(v.score));
    ent_finger_meaning meaning = ent_finger_llr(v.score);
    json_object_set_new(out, "log10-ratio", json_real(meaning.ratio));
    json_object_set_new(out, "extrapolated", json_boolean(meaning.extrapolated > meaning.ratio));
    json_object_set_new(out, "finger", json_integer(v.finger));
    for (size_t i = 0; i < v.count; i++)
        json_array_append_new(pairs, json_pack("[i,i,i,i]", v.pair[i].x, v.pair[i].y, v.pair[i].probe_x, v.pair[i].probe_y));
    return ENT_OK;
}

static void see_rate(void *ctx, const ent_examiner_rate *r)
{
    json_array_append_new(ctx, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "name", r->name, "cases", (json_int_t)r->cases, "controls", (json_int_t)r->controls,
                                         "wrongly-identified", (json_int_t)r->identified, "excluded", (json_int_t)r->excluded, "inconclusive",
                                         (json_int_t)r->inconclusive));
}

ent_code ent_desk_case_rates(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "examiners", list);
    return ent_flow_case_rates(n->flow, r->by, see_rate, list, err);
}

/* ---- disclosure ---- */

static ent_code fields_param(const ent_desk_request *r, uint32_t *ret, ent_err *err)
{
    char list[300], *save = NULL;
    ENT_TRY(copy_param(r, "fields", list, sizeof list, err));
    for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        int f = 0;
        while (f < ENT_FIELD_COUNT && strcmp(ent_field_text((ent_field)f), word) != 0) f++;
        if (f == ENT_FIELD_COUNT) return ent_fail(err, ENT_USAGE, "no field \"%s\": name, birth-date, nationality, sex, category, status, offence, arrest-date, document, facial-image, fingerprint-image", word);
        *ret |= 1u << f;
    }
    return ENT_OK;
}

static json_t *fields_json(uint32_t fields)
{
    json_t *list = json_array();
    for (int f = 0; f < ENT_FIELD_COUNT; f++)
        if (fields >> f & 1) json_array_append_new(list, json_string(ent_field_text((ent_field)f)));
    return list;
}

ent_code ent_desk_disclose(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    uint32_t fields = 0;
    ent_disclosed d;
    ENT_TRY(id_param(r, "reference", id, err));
    ENT_TRY(fields_param(r, &fields, err));
    ENT_TRY(ent_flow_disclose(n->flow, r->by, id, fields, &d, err));
    json_object_set_new(out, "disclosure", id_json(d.id));
    json_object_set_new(out, "partner", json_string(d.partner));
    json_object_set_new(out, "fields", fields_json(d.fields));
    json_object_set_new(out, "clause", json_string(d.clause));
    json_object_set_new(out, "keep-until", date_json(d.keep_until));
    json_object_set_new(out, "index", index_json(d.index));
    json_object_set_new(out, "arrived", json_boolean(d.told));
    return ENT_OK;
}

static json_t *maybe_time(ent_time t) { return t.ms ? time_json(t) : json_null(); }

static void see_disclosure(void *ctx, const ent_disclosure_view *v)
{
    json_t *d = json_object();
    json_object_set_new(d, "disclosure", id_json(v->id));
    json_object_set_new(d, "reference", id_json(v->reference.b));
    json_object_set_new(d, "partner", json_string(v->partner));
    json_object_set_new(d, "agreement", json_string(v->agreement));
    json_object_set_new(d, "purpose", json_string(v->purpose));
    json_object_set_new(d, "search", id_json(v->search.b));
    if (*v->on_behalf_of) json_object_set_new(d, "on-behalf-of", json_string(v->on_behalf_of));
    json_object_set_new(d, "clause", json_string(v->clause));
    json_object_set_new(d, "fields", fields_json(v->fields));
    json_object_set_new(d, "disclosed", time_json(v->at));
    json_object_set_new(d, "arrived", maybe_time(v->received));
    json_object_set_new(d, "keep-until", date_json(v->keep_until));
    json_object_set_new(d, "recalled", maybe_time(v->recalled));
    json_object_set_new(d, "recalled-for", json_string(v->recalled_for));
    json_object_set_new(d, "undertaken", maybe_time(v->undertaken));
    json_object_set_new(d, "denied", maybe_time(v->denied));
    json_object_set_new(d, "index", index_json(v->index));
    json_object_set_new(d, "kept-there", index_json(v->kept_index));
    json_object_set_new(d, "destroyed-there", index_json(v->gone_index));
    json_object_set_new(d, "record-until", date_json(v->record_until));
    json_array_append_new(ctx, d);
}

ent_code ent_desk_disclosure_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "disclosures", list);
    return ent_flow_disclosures(n->flow, r->by, see_disclosure, list, err);
}

ent_code ent_desk_disclosure_undertaking(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_disclosure_view v;
    ENT_AUTO_BUF proof = ENT_BUF(65536);
    ENT_TRY(id_param(r, "disclosure", id, err));
    ENT_TRY(ent_flow_undertaking(n->flow, r->by, id, &v, &proof, err));
    json_object_set_new(out, "disclosure", id_json(v.id));
    json_object_set_new(out, "partner", json_string(v.partner));
    json_object_set_new(out, "undertaken", time_json(v.undertaken));
    json_object_set_new(out, "proof", json_string(ent_buf_cstr(&proof)));
    return ENT_OK;
}

/* ---- what the requester's examiners conclude ---- */

ent_code ent_desk_kept_conclude(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    conclusion c;
    ent_kept_conclusion stands;
    ENT_TRY(conclusion_params(r, "disclosure", &c, err));
    ENT_TRY(ent_flow_kept_conclude(n->flow, r->by, c.about, c.finding, c.reasons, r->len, c.signature, &stands, err));
    json_object_set_new(out, "concluded", json_integer((json_int_t)stands.concluded));
    json_object_set_new(out, "examiners", json_integer((json_int_t)stands.needed));
    return ENT_OK;
}

ent_code ent_desk_kept_version(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    unsigned version;
    ENT_TRY(id_param(r, "disclosure", id, err));
    ENT_TRY(ent_flow_kept_version(n->flow, r->by, id, &version, err));
    json_object_set_new(out, "version", json_integer(version));
    return ENT_OK;
}

/* ---- given on ---- */

static json_t *onward_json(const ent_onward_view *v)
{
    static const char *const words[] = {"asked", "authorised", "refused", "given", "kept", "recalled", "gone"};
    json_t *c = json_object();
    json_object_set_new(c, "copy", id_json(v->id));
    json_object_set_new(c, "disclosure", id_json(v->disclosure));
    json_object_set_new(c, "ours", json_boolean(v->ours));
    json_object_set_new(c, "state", json_string(words[v->state]));
    json_object_set_new(c, "to", json_string(v->to));
    json_object_set_new(c, "partner", json_string(v->partner));
    json_object_set_new(c, "agreement", json_string(v->agreement));
    json_object_set_new(c, "flow", json_string(v->flow));
    json_object_set_new(c, "purpose", json_string(v->purpose));
    json_object_set_new(c, "asked", time_json(v->at));
    json_object_set_new(c, "arrived", maybe_time(v->received));
    json_object_set_new(c, "recalled", maybe_time(v->recalled));
    json_object_set_new(c, "undertaken", maybe_time(v->undertaken));
    json_object_set_new(c, "until", date_json(v->until));
    return c;
}

ent_code ent_desk_give_on(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    const char *to;
    ent_onward_view v;
    ENT_TRY(id_param(r, "disclosure", id, err));
    ENT_TRY(need(r, "to", &to, err));
    ENT_TRY(ent_flow_give_on(n->flow, r->by, id, to, &v, err));
    json_object_set_new(out, "given", onward_json(&v));
    return ENT_OK;
}

ent_code ent_desk_onward_decide(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    const char *word;
    ent_onward_view v;
    ENT_TRY(id_param(r, "copy", id, err));
    ENT_TRY(need(r, "word", &word, err));
    bool authorise = strcmp(word, "authorise") == 0;
    if (!authorise && strcmp(word, "refuse") != 0) return ent_fail(err, ENT_USAGE, "\"word\" is authorise or refuse");
    ENT_TRY(ent_flow_onward_decide(n->flow, r->by, id, authorise, &v, err));
    json_object_set_new(out, "given", onward_json(&v));
    return ENT_OK;
}

static void see_onward(void *ctx, const ent_onward_view *v) { json_array_append_new(ctx, onward_json(v)); }

ent_code ent_desk_onward_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "onward", list);
    return ent_flow_onward(n->flow, r->by, see_onward, list, err);
}

/* ---- what partners disclosed ---- */

static json_t *kept_json(const ent_kept_view *v)
{
    json_t *k = json_object();
    json_object_set_new(k, "disclosure", id_json(v->id));
    json_object_set_new(k, "reference", id_json(v->reference.b));
    json_object_set_new(k, "partner", json_string(v->partner));
    json_object_set_new(k, "candidate", id_json(v->candidate.b));
    json_object_set_new(k, "agreement", json_string(v->agreement));
    if (*v->on_behalf_of) json_object_set_new(k, "on-behalf-of", json_string(v->on_behalf_of));
    if (*v->given_on_of) json_object_set_new(k, "given-on-of", json_string(v->given_on_of));
    json_object_set_new(k, "received", time_json(v->received));
    json_object_set_new(k, "until", date_json(v->until));
    return k;
}

static void see_kept(void *ctx, const ent_kept_view *v) { json_array_append_new(ctx, kept_json(v)); }

ent_code ent_desk_kept_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "received", list);
    return ent_flow_kept(n->flow, r->by, see_kept, list, err);
}

static void see_value(void *ctx, const char *field, uint8_t finger, const void *value, size_t len)
{
    bool image = strstr(field, "-image") != NULL;
    json_t *v = json_object();
    json_object_set_new(v, "field", json_string(field));
    if (image) json_object_set_new(v, "finger", json_integer(finger));
    json_object_set_new(v, image ? "base64" : "value", image ? base64_json(value, len) : json_stringn(value, len));
    json_array_append_new(ctx, v);
}

ent_code ent_desk_kept_open(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_kept_view v;
    json_t *values = json_array();
    json_object_set_new(out, "values", values);
    ENT_TRY(id_param(r, "disclosure", id, err));
    ENT_TRY(ent_flow_kept_open(n->flow, r->by, id, see_value, values, &v, err));
    json_object_set_new(out, "disclosure", kept_json(&v));
    return ENT_OK;
}
