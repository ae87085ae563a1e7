/* The regimes in force, and how two custodians change them. */
#include "api/desk/params.h"

static void see_regime(void *ctx, const ent_regime *r)
{
    char materials[64] = "";
    for (int m = 0; m < ENT_MATERIAL_COUNT; m++)
        if (r->material >> m & 1) snprintf(materials + strlen(materials), sizeof materials - strlen(materials), "%s%s", *materials ? ", " : "", ent_material_text((ent_material)m));
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:s,s:s,s:s}", "regime", r->name, "title", r->title, "jurisdiction", r->jurisdiction, "clause", r->clause, "material", materials));
}

ent_code ent_desk_regime_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_regimes_view v;
    json_t *list = json_array();
    json_object_set_new(out, "regimes", list);
    ENT_TRY(ent_flow_regimes(n->flow, r->by, see_regime, list, &v, err));
    json_object_set_new(out, "sha256", hex_json(v.digest, 32));
    json_object_set_new(out, "folder-differs", json_boolean(v.differ));
    json_object_set_new(out, "proposed", json_boolean(v.proposed));
    if (v.proposed) json_object_set_new(out, "proposed-by", id_json(v.proposed_by.b));
    if (v.proposed) json_object_set_new(out, "proposed-at", time_json(v.proposed_at));
    return ENT_OK;
}

static void put_change(json_t *out, const ent_regime_change *c)
{
    json_t *files = json_array(), *examples = json_array();
    for (size_t i = 0; i < c->file_count; i++) json_array_append_new(files, json_pack("{s:s,s:s}", "regime", c->file[i].name, "what", c->file[i].what));
    for (size_t i = 0; i < c->example_count; i++)
        json_array_append_new(examples, json_pack("{s:o,s:s,s:o,s:o}", "part", id_json(c->example[i].part.b), "material", ent_material_text(c->example[i].material), "was",
                                                  date_json(c->example[i].was), "is", date_json(c->example[i].is)));
    json_object_set_new(out, "files", files);
    json_object_set_new(out, "parts", json_integer((json_int_t)c->parts));
    json_object_set_new(out, "sooner", json_integer((json_int_t)c->sooner));
    json_object_set_new(out, "later", json_integer((json_int_t)c->later));
    json_object_set_new(out, "due", json_integer((json_int_t)c->due));
    json_object_set_new(out, "alarm", json_boolean(c->alarm));
    json_object_set_new(out, "examples", examples);
}

ent_code ent_desk_regime_propose(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_regime_change *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_flow_regime_propose(n->flow, r->by, r->body, r->len, strcmp(param(r, "dry-run"), "yes") == 0, c, err);
    if (code == ENT_OK) put_change(out, c);
    free(c);
    return code;
}

static void see_file(void *ctx, const char *name, ent_bytes was, ent_bytes is)
{
    json_array_append_new(ctx, json_pack("{s:s,s:o,s:o}", "regime", name, "was", json_stringn(was.data, was.len), "is", json_stringn(is.data, is.len)));
}

ent_code ent_desk_regime_waiting(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t digest[32];
    json_t *texts = json_array();
    ent_regime_change *c = calloc(1, sizeof *c);
    json_object_set_new(out, "texts", texts);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_flow_regime_waiting(n->flow, r->by, see_file, texts, c, digest, err);
    if (code == ENT_OK) {
        json_object_set_new(out, "sha256", hex_json(digest, 32));
        put_change(out, c);
    }
    free(c);
    return code;
}

ent_code ent_desk_regime_approve(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *word = param(r, "agree"), *seen = param(r, "sha256");
    uint8_t digest[32];
    if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) return ent_fail(err, ENT_USAGE, "\"agree\" is yes or no");
    if (*seen && !ent_unhex(seen, digest, sizeof digest)) return ent_fail(err, ENT_USAGE, "\"sha256\" is 64 hexadecimal digits: of the proposal that was looked at");
    ent_regime_change *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ent_flow_regime_approve(n->flow, r->by, *word == 'y', *seen ? digest : NULL, c, err);
    json_object_set_new(out, "in-force", json_boolean(*word == 'y'));
    if (code == ENT_OK) put_change(out, c);
    free(c);
    return code;
}
