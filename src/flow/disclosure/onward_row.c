#include "flow/disclosure/onward_row.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, ROW_MAX = 4096 + 2 * ENT_DISCLOSURE_PROOF };

static const char *const states[] = {
#define ENT_X(name, text) text,
    ENT_ONWARD_STATES(ENT_X)
#undef ENT_X
};

const char *ent_onward_state_text(ent_onward_state s) { return states[s]; }

/* ---- rows ---- */

void ent_onward_put(ent_batch *b, const ent_onward_copy *c)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    const ent_onward_view *v = &c->view;
    ent_buf_u8(&row, VERSION);
    ent_buf_u8(&row, v->ours);
    ent_buf_u8(&row, (uint8_t)v->state);
    ent_buf_put(&row, v->disclosure, ENT_ID_SIZE);
    ent_buf_text8(&row, v->to);
    ent_buf_text8(&row, v->partner);
    ent_buf_text8(&row, v->agreement);
    ent_buf_text8(&row, v->flow);
    ent_buf_text8(&row, v->purpose);
    ent_buf_u64(&row, (uint64_t)v->at.ms);
    ent_buf_u64(&row, (uint64_t)v->received.ms);
    ent_buf_u64(&row, (uint64_t)v->recalled.ms);
    ent_buf_u64(&row, (uint64_t)v->undertaken.ms);
    ent_buf_u32(&row, ent_date_pack(v->until));
    ent_buf_u8(&row, c->place);
    ent_buf_u32(&row, c->agreement_version);
    ent_buf_put(&row, c->agreement_digest, 32);
    ent_buf_put(&row, c->salt, 32);
    ent_buf_text16(&row, c->authorised);
    ent_buf_text16(&row, c->gone);
    if (row.failed != ENT_OK) b->failed = row.failed;
    else ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_ONWARD, ENT_BYTES(v->id, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
}

static bool decode(const uint8_t *key, const uint8_t *row, size_t len, ent_onward_copy *ret)
{
    ent_cursor c = ENT_CURSOR(row, len);
    ent_onward_view *v = &ret->view;
    *ret = (ent_onward_copy){0};
    memcpy(v->id, key, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(&c);
    v->ours = ent_cursor_u8(&c);
    v->state = (ent_onward_state)ent_cursor_u8(&c);
    ent_cursor_copy(&c, v->disclosure, ENT_ID_SIZE);
    ent_cursor_text8(&c, v->to, sizeof v->to);
    ent_cursor_text8(&c, v->partner, sizeof v->partner);
    ent_cursor_text8(&c, v->agreement, sizeof v->agreement);
    ent_cursor_text8(&c, v->flow, sizeof v->flow);
    ent_cursor_text8(&c, v->purpose, sizeof v->purpose);
    v->at.ms = (int64_t)ent_cursor_u64(&c);
    v->received.ms = (int64_t)ent_cursor_u64(&c);
    v->recalled.ms = (int64_t)ent_cursor_u64(&c);
    v->undertaken.ms = (int64_t)ent_cursor_u64(&c);
    v->until = ent_date_unpack(ent_cursor_u32(&c));
    ret->place = ent_cursor_u8(&c);
    ret->agreement_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, ret->agreement_digest, 32);
    ent_cursor_copy(&c, ret->salt, 32);
    ent_cursor_text16(&c, ret->authorised, sizeof ret->authorised);
    ent_cursor_text16(&c, ret->gone, sizeof ret->gone);
    return version == VERSION && v->state < ENT_ONWARD_STATE_COUNT && ent_cursor_done(&c);
}

ent_code ent_onward_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_onward_copy *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_ONWARD, id, ENT_ID_SIZE, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no copy with this number was given on or asked for");
    if (code != ENT_OK) return code;
    return decode(id, row.data, row.len, ret) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the row of a copy that was given on cannot be read");
}

static ent_code remember(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_onward_listing *l = ctx;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        ent_onward_copy *all = realloc(l->all, cap * sizeof *all);
        if (!all) return ENT_NO_MEMORY;
        l->all = all;
        l->cap = cap;
    }
    return key_len == ENT_ID_SIZE && decode(key, value, value_len, &l->all[l->count++]) ? ENT_OK : ENT_DAMAGED;
}

ent_code ent_onward_list(ent_flow_node *n, ent_onward_listing *l, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_ONWARD, &all, remember, l, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "the row of a copy that was given on cannot be read") : code;
}

/* ---- what goes between requester and holder: one form ---- */

size_t ent_onward_write(char ret[ENT_ONWARD_TEXT], const char *act, const ent_onward_view *v)
{
    char id[ENT_ID_TEXT], disclosure[ENT_ID_TEXT];
    ent_id_text(v->id, id);
    ent_id_text(v->disclosure, disclosure);
    return (size_t)snprintf(ret, ENT_ONWARD_TEXT, "entente-onward/v1\nact %s\nid %s\ndisclosure %s\nto %s\n", act, id, disclosure, v->to);
}

bool ent_onward_read(const void *body, size_t len, char ret_act[16], ent_onward_view *ret)
{
    char text[ENT_ONWARD_TEXT] = "", id[33] = "", disclosure[33] = "", again[ENT_ONWARD_TEXT];
    if (len >= sizeof text) return false;
    memcpy(text, body, len);
    bool good = sscanf(text, "entente-onward/v1\nact %15[a-z]\nid %32[0-9a-f]\ndisclosure %32[0-9a-f]\nto %63[a-z0-9.-]", ret_act, id, disclosure, ret->to) == 4 &&
                ent_id_parse(id, ret->id) && ent_id_parse(disclosure, ret->disclosure);
    return good && ent_onward_write(again, ret_act, ret) == len && memcmp(again, body, len) == 0;
}
