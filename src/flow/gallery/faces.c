#include "flow/gallery/faces.h"

#include "base/check.h"
#include "base/cursor.h"
#include "flow/state.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct ent_face_holding {
    pthread_rwlock_t lock;
    ent_face_gallery *g;
};

ent_code ent_face_holding_new(unsigned threads, ent_face_holding **ret, ent_err *err)
{
    ent_face_holding *h = calloc(1, sizeof *h);
    if (!h) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery of faces");
    pthread_rwlock_init(&h->lock, NULL);
    ent_code code = ent_face_gallery_new(threads, &h->g, err);
    if (code == ENT_OK) *ret = h;
    else ent_face_holding_free(h);
    return code;
}

void ent_face_holding_free(ent_face_holding *h)
{
    if (!h) return;
    ent_face_gallery_free(h->g);
    pthread_rwlock_destroy(&h->lock);
    free(h);
}

uint64_t ent_face_part_id(const ent_part_id *part)
{
    uint64_t id = 0;
    for (int i = 0; i < 8; i++) id = id << 8 | part->b[i];
    return id;
}

ent_code ent_face_holding_add(ent_face_holding *h, const ent_part_id *part, uint64_t flows, const void *bytes, size_t len, ent_err *err)
{
    pthread_rwlock_wrlock(&h->lock);
    ent_code code = ent_face_gallery_add(h->g, ent_face_part_id(part), flows, bytes, len, err);
    pthread_rwlock_unlock(&h->lock);
    return code;
}

void ent_face_holding_see(ent_face_holding *h, const ent_part_id *part, uint64_t flows)
{
    pthread_rwlock_wrlock(&h->lock);
    ent_face_gallery_see(h->g, ent_face_part_id(part), flows);
    pthread_rwlock_unlock(&h->lock);
}

void ent_face_holding_remove(ent_face_holding *h, const ent_part_id *part)
{
    pthread_rwlock_wrlock(&h->lock);
    ent_face_gallery_remove(h->g, ent_face_part_id(part));
    pthread_rwlock_unlock(&h->lock);
}

size_t ent_face_holding_count(ent_face_holding *h)
{
    pthread_rwlock_rdlock(&h->lock);
    size_t n = ent_face_gallery_count(h->g);
    pthread_rwlock_unlock(&h->lock);
    return n;
}

static void keep_best(ent_face_likely *few, size_t *count, const ent_face_hit *hit)
{
    size_t at = 0;
    while (at < *count && few[at].id != hit->id) at++;
    if (at == *count && *count == ENT_FACES_FEW) {
        for (size_t i = at = 0; i < ENT_FACES_FEW; i++)
            if (few[i].score < few[at].score) at = i;
        if (few[at].score >= hit->score) return;
    } else if (at < *count) {
        if (few[at].score < hit->score) few[at].score = hit->score;
        return;
    } else ++*count;
    few[at] = (ent_face_likely){hit->id, hit->score};
}

ent_code ent_face_holding_search(ent_face_holding *h, const ent_face_probe *probes, size_t count, uint64_t flow_bit, ent_face_likely ret_few[ENT_FACES_FEW],
                                 size_t *ret_count, ent_err *err)
{
    ent_face_hit hits[8 * ENT_FACES_FEW];
    size_t counts[8];
    ENT_PRE(count <= 8);
    *ret_count = 0;
    pthread_rwlock_rdlock(&h->lock);
    ent_code code = ent_face_gallery_count(h->g) ? ent_face_gallery_search(h->g, probes, count, flow_bit, ENT_FACES_FEW, hits, counts, err) : ENT_OK;
    bool any = ent_face_gallery_count(h->g) > 0;
    pthread_rwlock_unlock(&h->lock);
    for (size_t i = 0; any && code == ENT_OK && i < count; i++)
        for (size_t k = 0; k < counts[i]; k++) keep_best(ret_few, ret_count, &hits[i * ENT_FACES_FEW + k]);
    return code;
}

ent_code ent_face_template_of(ent_flow_node *n, const void *file, size_t len, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_face_quality *ret_quality, ent_err *err)
{
    ent_face_quality q = {0};
    ENT_AUTO_BUF pixels = ENT_BUF(16 << 20);
    if (!n->c.faces.extract) return ent_fail(err, ENT_UNSUPPORTED, "this node has no face model (face.model in node.yaml)");
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "pixels", file, len, &pixels, err));
    ent_cursor c = ENT_CURSOR(pixels.data, pixels.len);
    uint32_t width = ent_cursor_u32(&c), height = ent_cursor_u32(&c);
    if (!width || !height || width > 4096 || height > 4096 || ent_cursor_left(&c) != (size_t)width * height * 3)
        return ent_fail(err, ENT_SANDBOX, "the decoder gave no picture");
    ent_face_image image = {pixels.data + 8, width, height, (size_t)width * 3, 3};
    ENT_TRY(n->c.faces.extract(n->c.faces.self, &image, ret_template, ret_len, &q, err));
    if (ret_quality) *ret_quality = q;
    return ENT_OK;
}
