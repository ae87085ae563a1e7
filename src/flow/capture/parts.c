/* The rows of parts. In clear: the number of the key slot. Sealed under the part's key: everything else, the legal facts
 * and the link to the ledger's case number among it. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/commit.h"
#include "flow/gallery/faces.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

void ent_part_binding(const uint8_t id[ENT_ID_SIZE], uint8_t ret_binding[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente part", 12), ENT_BYTES(id, ENT_ID_SIZE)}, 2, ret_binding);
}

static void put_fixed(ent_buf *b, const char *text, size_t cap)
{
    size_t n = strlen(text);
    ent_buf_put(b, text, n);
    ent_buf_zero(b, cap - n);
}

static void put_event(ent_buf *b, const ent_legal_event *e)
{
    ent_buf_u8(b, (uint8_t)e->kind);
    ent_buf_u32(b, ent_date_pack(e->date));
    ent_buf_u32(b, ent_date_pack(e->until));
    ent_buf_u16(b, e->sentence_months);
    ent_buf_u32(b, e->offence);
    put_fixed(b, e->regime, ENT_LAW_NAME);
    put_fixed(b, e->decided_by, ENT_LAW_NAME);
    ent_buf_u8(b, (uint8_t)(e->undone | e->pending << 1));
    ent_buf_u32(b, ent_date_pack(e->applied));
    ent_buf_put(b, e->by.b, ENT_ID_SIZE);
    ent_buf_put(b, e->second.b, ENT_ID_SIZE);
    ent_buf_put(b, e->undo_by.b, ENT_ID_SIZE);
    put_fixed(b, e->document, sizeof e->document);
}

static void take_event(ent_cursor *c, ent_legal_event *e)
{
    e->kind = (ent_legal_event_kind)ent_cursor_u8(c);
    e->date = ent_date_unpack(ent_cursor_u32(c));
    e->until = ent_date_unpack(ent_cursor_u32(c));
    e->sentence_months = ent_cursor_u16(c);
    e->offence = ent_cursor_u32(c);
    ent_cursor_copy(c, e->regime, ENT_LAW_NAME);
    ent_cursor_copy(c, e->decided_by, ENT_LAW_NAME);
    uint8_t state = ent_cursor_u8(c);
    e->undone = state & 1, e->pending = state >> 1 & 1;
    e->applied = ent_date_unpack(ent_cursor_u32(c));
    ent_cursor_copy(c, e->by.b, ENT_ID_SIZE);
    ent_cursor_copy(c, e->second.b, ENT_ID_SIZE);
    ent_cursor_copy(c, e->undo_by.b, ENT_ID_SIZE);
    ent_cursor_copy(c, e->document, sizeof e->document);
    e->regime[ENT_LAW_NAME - 1] = e->decided_by[ENT_LAW_NAME - 1] = e->document[sizeof e->document - 1] = 0;
    if (e->kind >= ENT_EVENT_COUNT) c->bad = true;
}

/* The first byte of a row: its slot opens everything of the part, or, in the hold store, the row only. */
enum { KEPT = 1, HELD = 2 };

static void put_hold(ent_buf *b, const ent_hold *h)
{
    ent_buf_u8(b, (uint8_t)h->count);
    for (size_t i = 0; i < h->count; i++) {
        ent_buf_put(b, h->share[i].who.b, ENT_ID_SIZE);
        ent_buf_put(b, h->share[i].box, ENT_HOLD_BOX);
    }
}

static ent_hold *take_hold(ent_cursor *c)
{
    ent_hold *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->count = ent_cursor_u8(c);
    if (h->count > ENT_HOLD_SHARES) h->count = 0, c->bad = true;
    for (size_t i = 0; i < h->count; i++) {
        ent_cursor_copy(c, h->share[i].who.b, ENT_ID_SIZE);
        ent_cursor_copy(c, h->share[i].box, ENT_HOLD_BOX);
    }
    return h;
}

static void binding_of(const ent_part_id *id, bool held, uint8_t ret[32])
{
    if (held) ent_hold_binding(id->b, ret);
    else ent_part_binding(id->b, ret);
}

ent_code ent_part_row(ent_flow_node *n, const ent_held_part *p, const ent_key32 *key, ent_buf *ret_row, ent_err *err)
{
    ENT_AUTO_BUF in = ENT_BUF(1 << 20);
    const ent_legal_facts *f = &p->facts;
    uint8_t nonce[12];
    ent_buf_put(&in, p->encounter.b, ENT_ID_SIZE);
    ent_buf_put(&in, p->person.b, ENT_ID_SIZE);
    ent_buf_put(&in, p->case_number.b, ENT_ID_SIZE);
    ent_buf_put(&in, p->salt, 32);
    ent_buf_put(&in, p->digest, 32);
    ent_buf_put(&in, p->transaction, 32);
    ent_buf_u8(&in, (uint8_t)f->material);
    put_fixed(&in, f->taken_under, ENT_LAW_NAME);
    ent_buf_u32(&in, ent_date_pack(f->taken));
    ent_buf_u32(&in, f->offence);
    ent_buf_u32(&in, ent_date_pack(f->offence_date));
    ent_buf_u32(&in, ent_date_pack(f->birth));
    put_fixed(&in, f->nationality, sizeof f->nationality);
    ent_buf_u32(&in, ent_date_pack(p->due_on));
    ent_buf_u32(&in, ent_date_pack(p->not_before));
    ent_buf_u16(&in, (uint16_t)f->event_count);
    for (size_t i = 0; i < f->event_count; i++) put_event(&in, &f->events[i]);
    if (p->hold) put_hold(&in, p->hold);
    ENT_TRY(ent_buf_check(&in, err));
    ent_buf_u8(ret_row, p->hold ? HELD : KEPT);
    ent_buf_u64(ret_row, p->slot.number);
    ent_fill(n, nonce, sizeof nonce);
    return ent_seal(key, nonce, ENT_BYTES(p->id.b, ENT_ID_SIZE), ENT_BYTES(in.data, in.len), ret_row, err);
}

ent_code ent_part_put(ent_flow_node *n, ent_batch *b, ent_held_part *p, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(1 << 20);
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    binding_of(&p->id, p->hold != NULL, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, p->slot, binding, &key, err));
    ENT_TRY(ent_part_row(n, p, &key, &row, err));
    p->row_due_on = p->due_on;
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_PARTS, ENT_BYTES(p->id.b, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    return ENT_OK;
}

static ent_code read_row(ent_held_part *p, bool held, const ent_buf *in, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(in->data, in->len);
    ent_legal_facts *f = &p->facts;
    ent_cursor_copy(&c, p->encounter.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, p->person.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, p->case_number.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, p->salt, 32);
    ent_cursor_copy(&c, p->digest, 32);
    ent_cursor_copy(&c, p->transaction, 32);
    f->material = (ent_material)ent_cursor_u8(&c);
    ent_cursor_copy(&c, f->taken_under, ENT_LAW_NAME);
    f->taken = ent_date_unpack(ent_cursor_u32(&c));
    f->offence = ent_cursor_u32(&c);
    f->offence_date = ent_date_unpack(ent_cursor_u32(&c));
    f->birth = ent_date_unpack(ent_cursor_u32(&c));
    ent_cursor_copy(&c, f->nationality, sizeof f->nationality);
    p->row_due_on = ent_date_unpack(ent_cursor_u32(&c));
    p->not_before = ent_date_unpack(ent_cursor_u32(&c));
    f->event_count = ent_cursor_u16(&c);
    ent_legal_event *events = f->event_count ? calloc(f->event_count, sizeof *events) : NULL;
    if (f->event_count && !events) return ent_fail(err, ENT_NO_MEMORY, "out of memory for events");
    for (size_t i = 0; i < f->event_count; i++) take_event(&c, &events[i]);
    f->events = events;
    f->taken_under[ENT_LAW_NAME - 1] = f->nationality[3] = 0;
    if (held && !(p->hold = take_hold(&c))) c.bad = true;
    if (ent_cursor_done(&c) && f->material < ENT_MATERIAL_COUNT && ent_date_valid(f->taken)) return ENT_OK;
    free(events);
    free(p->hold);
    f->events = NULL;
    return ent_fail(err, ENT_DAMAGED, "a part's row does not hold what it should");
}

/* ---- loading ---- */

struct loading {
    ent_flow_node *n;
    ent_err *err;
    size_t done, total;
    struct {
        ent_part_id id;
        uint64_t slot;
        bool held;
        ent_buf box;
    } *rows;
    size_t count, cap;
};

static ent_code remember_row(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct loading *l = ctx;
    if (key_len != ENT_ID_SIZE || value_len < 9 || (value[0] != KEPT && value[0] != HELD)) return ENT_DAMAGED;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 256;
        void *rows = realloc(l->rows, cap * sizeof *l->rows);
        if (!rows) return ENT_NO_MEMORY;
        l->rows = rows;
        l->cap = cap;
    }
    ent_cursor c = ENT_CURSOR(value + 1, 8);
    memcpy(l->rows[l->count].id.b, key, ENT_ID_SIZE);
    l->rows[l->count].slot = ent_cursor_u64(&c);
    l->rows[l->count].held = value[0] == HELD;
    l->rows[l->count].box = ENT_BUF(1 << 20);
    ent_buf_put(&l->rows[l->count].box, value + 9, value_len - 9);
    l->count++;
    return ENT_OK;
}

struct prints {
    ent_flow_node *n;
    const ent_held_part *p;
    const ent_key32 *key;
    uint64_t flows;
    ent_err *err;
};

/* A template of another model is not searched; `entente gallery rebuild` makes it anew from the photograph. */
static ent_code add_face_template(struct prints *s, const ent_buf *plain)
{
    ent_face_template_info info;
    ENT_TRY(ent_face_inspect(plain->data, plain->len, &info, s->err));
    if (!s->n->c.faces.extract || memcmp(info.model, s->n->c.faces.model, sizeof info.model) != 0) return s->n->other_model++, ENT_OK;
    return ent_face_holding_add(s->n->faces, &s->p->id, s->flows, plain->data, plain->len, s->err);
}

/* Blobs: the part's id, what it is ('T' template, 'I' print image, 'A' face template, 'F' photograph, 'B' biographic block), its
 * place, finger. */
static ent_code add_template(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct prints *s = ctx;
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_FINGER_FULL_MAX + ENT_FACE_TEMPLATE_MAX);
    ent_finger_template *t;
    ent_code code = ent_unseal(s->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, s->err);
    if (code == ENT_OK && key[ENT_ID_SIZE] == 'A') return add_face_template(s, &plain);
    if (code == ENT_OK) code = ent_finger_decode(plain.data, plain.len, &t, s->err);
    if (code != ENT_OK) return code;
    ent_gallery_print print = {s->p->id, s->p->slot.number, s->flows, key[ENT_ID_SIZE + 1], key[ENT_ID_SIZE + 2]};
    code = ent_gallery_add(s->n->gallery, &print, t, s->err);
    ent_finger_template_free(t);
    return code;
}

ent_finger_template *ent_print_fetch(void *ctx, const ent_gallery_print *print)
{
    ent_flow_node *n = ctx;
    uint8_t binding[32], name[ENT_ID_SIZE + 3];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(ENT_FINGER_FULL_MAX + ENT_SEAL_OVERHEAD), plain = ENT_BUF(ENT_FINGER_FULL_MAX);
    ent_finger_template *t;
    ent_part_binding(print->part.b, binding);
    memcpy(name, print->part.b, ENT_ID_SIZE);
    name[ENT_ID_SIZE] = 'T', name[ENT_ID_SIZE + 1] = print->place, name[ENT_ID_SIZE + 2] = print->finger;
    if (n->c.keys.get(n->c.keys.self, (ent_slot){print->key_slot}, binding, &key, NULL) != ENT_OK) return NULL;
    if (n->c.store.get(n->c.store.self, ENT_TABLE_BLOBS, name, sizeof name, &box, NULL) != ENT_OK) return NULL;
    if (ent_unseal(&key, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len), &plain, NULL) != ENT_OK) return NULL;
    return ent_finger_decode(plain.data, plain.len, &t, NULL) == ENT_OK ? t : NULL;
}

static ent_code add_templates(ent_flow_node *n, const ent_held_part *p, const ent_key32 *key, char what, uint64_t flows, ent_err *err)
{
    uint8_t prefix[ENT_ID_SIZE + 1];
    memcpy(prefix, p->id.b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = (uint8_t)what;
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    struct prints s = {n, p, key, flows, err};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, add_template, &s, err);
}

static ent_code load_one(ent_flow_node *n, const ent_part_id *id, uint64_t slot, bool in_hold_store, const ent_buf *box, ent_err *err)
{
    ent_held_part p = {.id = *id, .slot = {slot}, .index = UINT64_MAX};
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF plain = ENT_BUF(1 << 20);
    binding_of(id, in_hold_store, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, p.slot, binding, &key, err));
    ENT_TRY(ent_unseal(&key, ENT_BYTES(id->b, ENT_ID_SIZE), ENT_BYTES(box->data, box->len), &plain, err));
    ENT_TRY(read_row(&p, in_hold_store, &plain, err));
    ent_held_part *held;
    ent_code code = ent_part_hold(n, &p, &held, err);
    if (code != ENT_OK) {
        free((void *)p.facts.events);
        free(p.hold);
        return code;
    }
    if (held->hold) return ENT_OK; /* nothing of it is searched, and nothing here opens it */
    /* seen by nobody until all are loaded: other encounters of the person count too (ent_parts_look) */
    if (held->facts.material == ENT_MATERIAL_PHOTOGRAPH) return add_templates(n, held, &key, 'A', 0, err);
    return held->facts.material == ENT_MATERIAL_FINGERPRINT ? add_templates(n, held, &key, 'T', 0, err) : ENT_OK;
}

ent_code ent_parts_load(ent_flow_node *n, ent_err *err)
{
    struct loading l = {.n = n};
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_PARTS, &all, remember_row, &l, err);
    if (code == ENT_DAMAGED) code = ent_fail(err, code, "a part's row that this program did not write");
    for (size_t i = 0; i < l.count; i++) {
        if (code == ENT_OK) code = load_one(n, &l.rows[i].id, l.rows[i].slot, l.rows[i].held, &l.rows[i].box, err);
        if (n->c.progress) n->c.progress(n->c.progress_ctx, "loading the gallery", i + 1, l.count);
        ent_buf_free(&l.rows[i].box);
    }
    free(l.rows);
    if (code == ENT_OK) ent_parts_look(n);
    return code;
}

void ent_part_look(ent_flow_node *n, ent_held_part *p)
{
    ent_retention kept;
    ent_part_retention(n, p, &kept);
    p->due_on = kept.due_on;
    p->hidden = kept.due || p->hold;
    if (p->hold) return;
    if (p->facts.material == ENT_MATERIAL_PHOTOGRAPH)
        ent_face_holding_see(n->faces, &p->id, ent_part_flows(n, p, &kept));
    if (p->facts.material == ENT_MATERIAL_FINGERPRINT)
        ent_gallery_see(n->gallery, &p->id, ent_part_flows(n, p, &kept));
}

void ent_parts_look(ent_flow_node *n)
{
    for (size_t i = 0; i < n->part_count; i++) ent_part_look(n, &n->parts[i]);
    n->looked = ent_today(n);
    n->looks++;
}
