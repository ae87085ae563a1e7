/* After an upgrade of the engine or a change of the face model: templates made anew from the sealed images, some parts at a time, so
 * that it can be stopped and goes on where it was. What is not yet done is found by its old templates until then. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/capture/capture.h"
#include "flow/gallery/faces.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { SOME = 16 };

static const char mark[] = "rebuild"; /* in META: the last part that is done, and the face model that it was done with */

enum { MARK_SIZE = ENT_ID_SIZE + sizeof((ent_faces){0}.model) };

typedef struct image {
    uint8_t place, finger;
    ent_buf file;
} image;

typedef struct part_images {
    ent_part_id part;
    ent_material material;
    ent_slot slot;
    image of[ENT_CAPTURE_PRINTS];
    size_t count;
} part_images;

static ent_code position(ent_flow_node *n, ent_part_id *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(64);
    *ret = (ent_part_id){0};
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, mark, sizeof mark - 1, &row, err);
    /* what was begun with another model is begun anew */
    bool same = code == ENT_OK && row.len == MARK_SIZE && memcmp(row.data + ENT_ID_SIZE, n->c.faces.model, sizeof n->c.faces.model) == 0;
    if (same) memcpy(ret->b, row.data, ENT_ID_SIZE);
    return code == ENT_NOT_FOUND ? ENT_OK : code;
}

struct next {
    ent_flow_node *n;
    ent_part_id id;
};

static ent_code is_biometric(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct next *x = ctx;
    (void)value, (void)value_len;
    const ent_held_part *p = key_len == ENT_ID_SIZE ? ent_part_held(x->n, key) : NULL;
    if (!p || p->hold || p->facts.material == ENT_MATERIAL_BIOGRAPHIC) return ENT_OK;
    x->id = p->id;
    return ENT_BUSY;
}

/* The next part after `after`, in the order of their numbers; false: none is left. */
static bool next_part(ent_flow_node *n, const ent_part_id *after, ent_part_id *ret)
{
    struct next x = {.n = n};
    ent_change range = {.key = "", .key_len = 0, .value = after->b, .value_len = ENT_ID_SIZE};
    if (n->c.store.scan(n->c.store.self, ENT_TABLE_PARTS, &range, is_biometric, &x, NULL) != ENT_BUSY) return false;
    *ret = x.id;
    return true;
}

static size_t count_left(ent_flow_node *n, const ent_part_id *after)
{
    size_t left = 0;
    for (size_t i = 0; i < n->part_count; i++)
        left += !n->parts[i].hold && n->parts[i].facts.material != ENT_MATERIAL_BIOGRAPHIC && memcmp(n->parts[i].id.b, after->b, ENT_ID_SIZE) > 0;
    return left;
}

struct unsealing {
    const ent_key32 *key;
    part_images *into;
    ent_err *err;
};

static ent_code unseal_image(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct unsealing *s = ctx;
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    if (s->into->count == ENT_CAPTURE_PRINTS) return ENT_OK;
    image *i = &s->into->of[s->into->count++];
    *i = (image){key[ENT_ID_SIZE + 1], key[ENT_ID_SIZE + 2], ENT_BUF(ENT_CAPTURE_IMAGE)};
    return ent_unseal(s->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &i->file, s->err);
}

static ent_code part_key(ent_flow_node *n, const part_images *p, ent_key32 *ret, ent_err *err)
{
    uint8_t binding[32];
    ent_part_binding(p->part.b, binding);
    return n->c.keys.get(n->c.keys.self, p->slot, binding, ret, err);
}

static ent_code take_images(ent_flow_node *n, const ent_part_id *id, part_images *ret, ent_err *err)
{
    const ent_held_part *p = ent_part_held(n, id->b);
    uint8_t prefix[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    *ret = (part_images){.part = *id, .material = p->facts.material, .slot = p->slot};
    ENT_TRY(part_key(n, ret, &key, err));
    memcpy(prefix, id->b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = ret->material == ENT_MATERIAL_PHOTOGRAPH ? 'F' : 'I';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, unseal_image, &(struct unsealing){&key, ret, err}, err);
}

static void put_template(ent_flow_node *n, ent_batch *b, const part_images *p, const ent_key32 *key, const image *i, const void *bytes, size_t len)
{
    uint8_t name[ENT_ID_SIZE + 3], nonce[12];
    ENT_AUTO_BUF box = ENT_BUF(ENT_FINGER_FULL_MAX + ENT_FACE_TEMPLATE_MAX + ENT_SEAL_OVERHEAD);
    memcpy(name, p->part.b, ENT_ID_SIZE);
    name[ENT_ID_SIZE] = p->material == ENT_MATERIAL_PHOTOGRAPH ? 'A' : 'T';
    name[ENT_ID_SIZE + 1] = i->place, name[ENT_ID_SIZE + 2] = i->finger;
    ent_fill(n, nonce, sizeof nonce);
    if (ent_seal(key, nonce, ENT_BYTES(name, sizeof name), ENT_BYTES(bytes, len), &box, NULL) != ENT_OK) b->failed = ENT_NO_MEMORY;
    else ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_BLOBS, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len));
}

/* Not under the lock: the decoding takes its time. ret_len 0: nothing was found in the image. */
static ent_code extract(ent_flow_node *n, const part_images *p, const image *i, uint8_t *ret, size_t *ret_len, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    *ret_len = 0;
    if (p->material == ENT_MATERIAL_PHOTOGRAPH) {
        if (!n->c.faces.extract) return ENT_OK;
        ent_code code = ent_face_template_of(n, i->file.data, i->file.len, ret, ret_len, NULL, err);
        return code == ENT_QUALITY ? ENT_OK : code;
    }
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", i->file.data, i->file.len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    if (c.print_count) {
        memcpy(ret, c.print[0]->template_bytes, c.print[0]->template_len);
        *ret_len = c.print[0]->template_len;
    }
    ent_capture_free(&c);
    return ENT_OK;
}

typedef struct made {
    uint8_t bytes[ENT_FINGER_FULL_MAX > ENT_FACE_TEMPLATE_MAX ? ENT_FINGER_FULL_MAX : ENT_FACE_TEMPLATE_MAX];
    size_t len;
} made;

static ent_code exchange_prints(ent_flow_node *n, const part_images *p, const made *m, uint64_t flows, ent_err *err)
{
    ent_finger_template *t[ENT_CAPTURE_PRINTS];
    ent_gallery_print print[ENT_CAPTURE_PRINTS];
    size_t count = 0;
    ent_code code = ENT_OK;
    for (size_t i = 0; i < p->count && code == ENT_OK; i++) {
        if (!m[i].len) continue;
        code = ent_finger_decode(m[i].bytes, m[i].len, &t[count], err);
        if (code == ENT_OK) print[count++] = (ent_gallery_print){p->part, p->slot.number, flows, p->of[i].place, p->of[i].finger};
    }
    if (code == ENT_OK && count) code = ent_gallery_replace(n->gallery, print, t, count, err);
    else if (code == ENT_OK) ent_gallery_remove(n->gallery, &p->part);
    for (size_t i = 0; i < count; i++) ent_finger_template_free(t[i]);
    return code;
}

/* Into the galleries in place of the old; the part may have gone meanwhile, then nothing is kept. */
static ent_code exchange(ent_flow_node *n, const part_images *p, const made *m, ent_err *err)
{
    const ent_held_part *held = ent_part_held(n, p->part.b);
    ent_retention kept;
    if (!held) return ENT_OK;
    ent_part_retention(n, held, &kept);
    uint64_t flows = ent_part_flows(n, held, &kept);
    if (p->material != ENT_MATERIAL_PHOTOGRAPH) return exchange_prints(n, p, m, flows, err);
    if (!n->c.faces.extract) return ENT_OK;
    ent_face_holding_remove(n->faces, &p->part);
    for (size_t i = 0; i < p->count; i++)
        if (m[i].len) ENT_TRY(ent_face_holding_add(n->faces, &p->part, flows, m[i].bytes, m[i].len, err));
    return ENT_OK;
}

static ent_code keep(ent_flow_node *n, const part_images *p, const made *m, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("rebuild");
    ENT_WIPED_KEY key;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (ent_part_held(n, p->part.b)) {
        ent_code code = part_key(n, p, &key, err);
        if (code == ENT_OK)
            for (size_t i = 0; i < p->count; i++)
                if (m[i].len) put_template(n, b, p, &key, &p->of[i], m[i].bytes, m[i].len);
        if (code != ENT_OK && code != ENT_GONE) return code;
    }
    uint8_t done[MARK_SIZE];
    memcpy(done, p->part.b, ENT_ID_SIZE);
    memcpy(done + ENT_ID_SIZE, n->c.faces.model, sizeof n->c.faces.model);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_META, ENT_BYTES(mark, sizeof mark - 1), ENT_BYTES(done, sizeof done));
    ENT_TRY(ent_commit(n, b, NULL, err));
    return exchange(n, p, m, err);
}

static ent_code one_part(ent_flow_node *n, part_images *p, ent_err *err)
{
    made *m = calloc(ENT_CAPTURE_PRINTS, sizeof *m);
    ent_code code = m ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < p->count && code == ENT_OK; i++) code = extract(n, p, &p->of[i], m[i].bytes, &m[i].len, err);
    if (code == ENT_OK) {
        pthread_mutex_lock(&n->lock);
        code = keep(n, p, m, err);
        pthread_mutex_unlock(&n->lock);
    }
    for (size_t i = 0; i < p->count; i++) ent_buf_free(&p->of[i].file);
    if (m) ent_wipe(m, ENT_CAPTURE_PRINTS * sizeof *m);
    free(m);
    return code;
}

static ent_code finish(ent_flow_node *n, ent_err *err)
{
    ent_change c = {.kind = ENT_CHANGE_DELETE, .table = ENT_TABLE_META, .key = mark, .key_len = sizeof mark - 1};
    pthread_mutex_lock(&n->lock);
    ent_code code = n->c.store.commit(n->c.store.self, &c, 1, false, err);
    n->other_model = 0;
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_gallery_rebuild(ent_flow_node *n, const ent_actor *by, size_t *ret_left, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_REBUILD, err));
    part_images *p = calloc(1, sizeof *p);
    if (!p) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = ENT_OK;
    bool more = true;
    *ret_left = 0;
    for (int i = 0; i < SOME && more && code == ENT_OK; i++) {
        ent_part_id at, next;
        pthread_mutex_lock(&n->lock);
        code = position(n, &at, err);
        if (code == ENT_OK && i == 0) *ret_left = count_left(n, &at);
        more = code == ENT_OK && next_part(n, &at, &next);
        if (more) code = take_images(n, &next, p, err);
        pthread_mutex_unlock(&n->lock);
        if (more && code == ENT_OK) code = one_part(n, p, err), *ret_left -= *ret_left > 0;
        else for (size_t k = 0; k < p->count; k++) ent_buf_free(&p->of[k].file);
    }
    if (code == ENT_OK && !more) *ret_left = 0;
    if (code == ENT_OK && !*ret_left) code = finish(n, err);
    free(p);
    return code;
}
