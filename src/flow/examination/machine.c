#include "flow/examination/machine.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/capture/capture.h"
#include "flow/gallery/gallery.h"
#include "flow/state.h"

#include <string.h>

enum { VERSION = 1, PRINTS = 64 };

typedef struct templates {
    ent_finger_template *of[PRINTS];
    uint8_t finger[PRINTS];
    size_t count;
} templates;

static void templates_free(templates *t)
{
    for (size_t i = 0; i < t->count; i++) ent_finger_template_free(t->of[i]);
}

/* ---- the prints ---- */

static void add(templates *t, uint8_t finger, const void *bytes, size_t len)
{
    if (t->count == PRINTS || ent_finger_decode(bytes, len, &t->of[t->count], NULL) != ENT_OK) return;
    t->finger[t->count++] = finger;
}

struct stored {
    const ent_key32 *key;
    templates *into;
};

static ent_code add_stored(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct stored *s = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_FINGER_FULL_MAX);
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    ENT_TRY(ent_unseal(s->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, NULL));
    add(s->into, key[ENT_ID_SIZE + 2], plain.data, plain.len);
    return ENT_OK;
}

static ent_code of_part(ent_flow_node *n, const ent_part_id *id, ent_slot slot, templates *into, ent_err *err)
{
    uint8_t binding[32], prefix[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    ent_part_binding(id->b, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, slot, binding, &key, err));
    memcpy(prefix, id->b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = 'T';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, add_stored, &(struct stored){&key, into}, err);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a template's row cannot be read") : code;
}

static ent_code of_transaction(ent_flow_node *n, const ent_buf *transaction, templates *into, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", transaction->data, transaction->len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    for (size_t i = 0; i < c.print_count; i++)
        if (c.print[i]->template_len) add(into, c.print[i]->finger, c.print[i]->template_bytes, c.print[i]->template_len);
    ent_capture_free(&c);
    return ENT_OK;
}

/* ---- the drawing ---- */

static void place(const ent_finger_template *probe, const ent_finger_template *t, const ent_finger_pairs *p, ent_machine_view *v)
{
    size_t a, b;
    const ent_finger_minutia *of_probe = ent_finger_minutiae(probe, &a), *of_candidate = ent_finger_minutiae(t, &b);
    v->count = 0;
    for (size_t i = 0; i < p->count && i < ENT_MACHINE_PAIRS; i++) {
        if (p->pair[i].probe >= a || p->pair[i].candidate >= b) continue;
        const ent_finger_minutia *m = &of_probe[p->pair[i].probe], *c = &of_candidate[p->pair[i].candidate];
        v->pair[v->count].x = (int16_t)c->x, v->pair[v->count].y = (int16_t)c->y;
        v->pair[v->count].probe_x = (int16_t)(p->cos * m->x - p->sin * m->y + p->dx);
        v->pair[v->count++].probe_y = (int16_t)(p->sin * m->x + p->cos * m->y + p->dy);
    }
}

/* The best of all pairs of prints that may be of one finger. */
static ent_code best_of(const templates *probe, const templates *candidate, ent_machine_view *ret, ent_err *err)
{
    ret->score = -1;
    for (size_t i = 0; i < probe->count; i++) {
        ent_finger_probe *p;
        ENT_TRY(ent_finger_probe_new(probe->of[i], &p, err));
        for (size_t k = 0; k < candidate->count; k++) {
            ent_finger_pairs pairs = {0};
            if (probe->finger[i] && candidate->finger[k] && probe->finger[i] != candidate->finger[k]) continue;
            double score = ent_finger_match_full(p, candidate->of[k], &pairs);
            if (score <= ret->score) continue;
            ret->score = score;
            ret->finger = candidate->finger[k];
            place(probe->of[i], candidate->of[k], &pairs, ret);
        }
        ent_finger_probe_free(p);
    }
    return ENT_OK;
}

static void write(const ent_machine_view *v, ent_buf *b)
{
    ent_buf_u8(b, VERSION);
    ent_buf_u8(b, v->finger);
    ent_buf_double(b, v->score);
    ent_buf_u8(b, (uint8_t)v->count);
    for (size_t i = 0; i < v->count; i++) {
        const int16_t all[4] = {v->pair[i].x, v->pair[i].y, v->pair[i].probe_x, v->pair[i].probe_y};
        for (int k = 0; k < 4; k++) ent_buf_u16(b, (uint16_t)all[k]);
    }
}

ent_code ent_machine_read(const void *drawing, size_t len, ent_machine_view *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(drawing, len);
    ent_machine_view v = {0};
    bool known = ent_cursor_u8(&c) == VERSION;
    v.finger = ent_cursor_u8(&c);
    v.score = ent_cursor_double(&c);
    v.count = ent_cursor_u8(&c);
    for (size_t i = 0; i < v.count && v.count <= ENT_MACHINE_PAIRS; i++) {
        int16_t *const all[4] = {&v.pair[i].x, &v.pair[i].y, &v.pair[i].probe_x, &v.pair[i].probe_y};
        for (int k = 0; k < 4; k++) *all[k] = (int16_t)ent_cursor_u16(&c);
    }
    if (!known || v.count > ENT_MACHINE_PAIRS || !ent_cursor_done(&c)) return ent_fail(err, ENT_DAMAGED, "the machine's drawing cannot be read");
    *ret = v;
    return ENT_OK;
}

ent_code ent_machine_draw(ent_flow_node *n, const ent_machine_plan *plan, ent_buf *ret_drawing, ent_err *err)
{
    templates probe = {0}, candidate = {0};
    ent_machine_view v = {0};
    ent_code code = of_transaction(n, &plan->transaction, &probe, err);
    if (code == ENT_OK) code = of_part(n, &plan->candidate, plan->candidate_slot, &candidate, err);
    if (code == ENT_OK) code = best_of(&probe, &candidate, &v, err);
    if (code == ENT_OK && v.score >= 0) write(&v, ret_drawing);
    templates_free(&probe);
    templates_free(&candidate);
    ent_wipe(&v, sizeof v);
    return code == ENT_OK ? ent_buf_check(ret_drawing, err) : code;
}
