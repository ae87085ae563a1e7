/* What a hold keeps and no power does; what custodians should know before it happens. */
#include "api/desk/params.h"

#include "crypto/share.h"

ent_code ent_desk_hold_share(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_AUTO_BUF box = ENT_BUF(256);
    ENT_TRY(id_param(r, "part", id, err));
    ENT_TRY(ent_flow_hold_share(n->flow, r->by, id, &box, err));
    json_object_set_new(out, "box", base64_json(box.data, box.len));
    return ENT_OK;
}

static void see_held(void *ctx, char what, uint8_t finger, const void *bytes, size_t len)
{
    static const char *const names[] = {['I'] = "fingerprint-image", ['T'] = "fingerprint-template", ['F'] = "facial-image", ['A'] = "facial-template", ['B'] = "biographic"};
    const char *name = what >= 'A' && what <= 'T' && names[(unsigned char)what] ? names[(unsigned char)what] : NULL;
    if (!name) return;
    if (what != 'B') {
        json_array_append_new(ctx, json_pack("{s:s,s:i,s:o}", "field", name, "finger", (int)finger, "base64", base64_json(bytes, len)));
        return;
    }
    ent_capture c;
    if (ent_capture_decode(bytes, len, &c, NULL) != ENT_OK) return;
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:o,s:s,s:s,s:s,s:s}", "field", name, "name", c.name, "birth", date_json(c.birth), "nationality", c.nationality, "document", c.document, "ori", c.ori,
                                         "tcn", c.tcn));
    ent_capture_free(&c);
}

ent_code ent_desk_hold_open(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    bool opened;
    json_t *values = json_array();
    json_object_set_new(out, "values", values);
    ENT_TRY(id_param(r, "part", id, err));
    if (r->len != ENT_SHARE_SIZE) return ent_fail(err, ENT_USAGE, "the body is the opened share, %d bytes", ENT_SHARE_SIZE);
    ent_hold_ask ask = {.part = id, .share = r->body, .case_reference = param(r, "case")};
    ENT_TRY(ent_flow_hold_open(n->flow, r->by, &ask, see_held, values, &opened, err));
    json_object_set_new(out, "opened", json_boolean(opened));
    return ENT_OK;
}

static void see_warning(void *ctx, const ent_warning *w)
{
    json_array_append_new(ctx, json_pack("{s:o,s:o,s:s,s:s,s:o,s:s}", "part", id_json(w->part.b), "encounter", id_json(w->encounter.b), "material", ent_material_text(w->material), "what", w->what, "date",
                                         date_json(w->date), "clause", w->clause));
}

ent_code ent_desk_warnings(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *days = *param(r, "days") ? param(r, "days") : "90";
    ent_warnings w;
    json_t *list = json_array();
    json_object_set_new(out, "warnings", list);
    if (strlen(days) > 5 || strspn(days, "0123456789") != strlen(days)) return ent_fail(err, ENT_USAGE, "\"days\" is a number of days");
    ENT_TRY(ent_flow_warnings(n->flow, r->by, atoi(days), see_warning, list, &w, err));
    const struct {
        const char *name;
        size_t count;
    } counts[] = {{"due", w.due}, {"windows", w.windows}, {"windows-soon", w.windows_soon}, {"reviews", w.reviews}, {"reviews-overdue", w.reviews_overdue}, {"unsplit", w.unsplit}, {"pending", w.pending}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) json_object_set_new(out, counts[i].name, json_integer((json_int_t)counts[i].count));
    return ENT_OK;
}
