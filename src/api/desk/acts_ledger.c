/* The acts about the ledger and its witnesses. */
#include "api/desk/params.h"

#include "api/exchange/tiles.h"

ent_code ent_desk_ledger_get(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *path;
    ent_tile_answer a;
    ENT_AUTO_BUF body = ENT_BUF(256 * (2 + ENT_ENTRY_SIZE));
    ENT_TRY(ent_gate(r->by, ENT_MAY_SEE_LEDGER, err));
    ENT_TRY(need(r, "path", &path, err));
    ENT_TRY(ent_tiles_get(ent_flow_ledger(n->flow), path, true, &a, &body, err));
    json_object_set_new(out, "base64", base64_json(body.data, body.len));
    return ENT_OK;
}

ent_code ent_desk_search_receipt(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    bool complete;
    ENT_AUTO_BUF text = ENT_BUF(65536);
    ENT_TRY(id_param(r, "reference", id, err));
    ENT_TRY(ent_flow_completed(n->flow, id, &text, &complete, err));
    json_object_set_new(out, "complete", json_boolean(complete));
    json_object_set_new(out, "receipt", json_stringn((const char *)text.data, text.len));
    return ENT_OK;
}

static void see_witness(void *ctx, const char *name, uint32_t year, uint64_t size, int64_t last_ms)
{
    char time[ENT_TIME_TEXT];
    json_t *w = json_object();
    ent_time_text((ent_time){last_ms}, time);
    json_object_set_new(w, "name", json_string(name));
    json_object_set_new(w, "year", json_integer((json_int_t)year));
    json_object_set_new(w, "entries", json_integer((json_int_t)size));
    json_object_set_new(w, "last", last_ms ? json_string(time) : json_null());
    json_array_append_new(ctx, w);
}

ent_code ent_desk_witnesses(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    char why[160];
    ent_flow_counts c;
    size_t waiting, overdue;
    (void)r;
    ENT_TRY(ent_flow_incomplete(n->flow, &waiting, &overdue, err));
    ent_flow_count(n->flow, &c);
    json_object_set_new(out, "receipts-waiting", json_integer((json_int_t)waiting));
    json_object_set_new(out, "receipts-overdue", json_integer((json_int_t)overdue));
    json_object_set_new(out, "ledger", json_integer((json_int_t)c.ledger));
    json_object_set_new(out, "year", json_integer((json_int_t)ent_ledger_present(ent_flow_ledger(n->flow)).year));
    json_object_set_new(out, "doubt", ent_flow_doubted(n->flow, why) ? json_string(why) : json_null());
    json_t *list = json_array();
    json_object_set_new(out, "witnesses", list);
    ent_flow_witnesses(n->flow, see_witness, list);
    return ENT_OK;
}

static void see_evidence(void *ctx, const char *name, const char *text, size_t len)
{
    json_t *e = json_object();
    json_object_set_new(e, "name", json_string(name));
    json_object_set_new(e, "text", json_stringn(text, len));
    json_array_append_new(ctx, e);
}

ent_code ent_desk_evidence(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    (void)r;
    json_object_set_new(out, "evidence", list);
    return ent_flow_evidence(n->flow, see_evidence, list, err);
}
