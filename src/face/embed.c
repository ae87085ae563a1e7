/* From a found face to its template: aligned crop, one or two networks, joined, quantised. Each network's embedding is brought to length
 * 1 and multiplied by the root of its weight, so that the cosine of two joined embeddings is the weighted mean of the networks' cosines. */
#include "face/engine.h"

#include "base/check.h"
#include "base/wipe.h"

#include <math.h>
#include <string.h>

static face_map scaled(face_map m, uint32_t side)
{
    double k = (double)ENT_FACE_CROP / side, shift = (k - 1) / 2; /* of pixels' middles */
    return (face_map){.a = m.a * k, .b = m.b * k, .c = m.c + (m.a + m.b) * shift, .d = m.d * k, .e = m.e * k, .f = m.f + (m.d + m.e) * shift};
}

static bool to_length(float *v, size_t n, double length)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
    if (!(sum > 1e-24) || !(sum < 1e24)) return false;
    float share = (float)(length / sqrt(sum));
    for (size_t i = 0; i < n; i++) v[i] *= share;
    return true;
}

static void mirror(const float *planes, uint32_t side, float *ret)
{
    for (uint32_t row = 0; row < 3 * side; row++)
        for (uint32_t x = 0; x < side; x++) ret[row * side + x] = planes[row * side + side - 1 - x];
}

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) ab += (double)a[i] * (double)b[i], aa += (double)a[i] * (double)a[i], bb += (double)b[i] * (double)b[i];
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* The crop as one network wants it, from what was sampled for all of its size. Of two networks that see the mirror image too, the last says how steady. */
static ent_code run_one(ent_face *e, uint32_t which, const float *sampled, float *ret, ent_face_quality *io_quality, ent_err *err)
{
    const ent_face_embedder *d = &e->card.embedder[which];
    uint32_t side = d->network.width;
    float *planes = e->input, other[ENT_FACE_DIMENSION_MAX];
    memcpy(planes, sampled, 3 * (size_t)side * side * sizeof *planes);
    face_feed(planes, &d->network, 3);
    ENT_TRY(ent_net_run(e->embedder[which], planes, &(ent_net_output){NULL, ret, d->dimension}, 1, err));
    if (d->flip) {
        mirror(planes, side, planes + 3 * (size_t)side * side);
        ENT_TRY(ent_net_run(e->embedder[which], planes + 3 * (size_t)side * side, &(ent_net_output){NULL, other, d->dimension}, 1, err));
        face_quality_steady(io_quality, cosine(ret, other, d->dimension));
        for (uint32_t i = 0; i < d->dimension; i++) ret[i] += other[i];
        ent_wipe(other, sizeof other);
    }
    if (!to_length(ret, d->dimension, sqrt(d->weight))) return ent_fail(err, ENT_UNSUPPORTED, "%s answers an embedding without a direction", d->network.file);
    return ENT_OK;
}

/* io_quality: what is known of the face without networks; steady and overall are set anew. */
static ent_code join(ent_face *e, const ent_face_image *image, const ent_face_found *face, float joined[ENT_FACE_DIMENSION_MAX], ent_face_quality *io_quality, ent_err *err)
{
    uint32_t at = 0;
    face_map align = face_align(face->five);
    for (uint32_t i = 0; i < e->card.embedders; i++) {
        uint32_t side = e->card.embedder[i].network.width;
        float *sampled = e->input + 6 * (size_t)side * side; /* behind the crop and its mirror image */
        face_map m = scaled(align, side);
        if (i == 0 || side != e->card.embedder[i - 1].network.width) face_sample(image, &m, &(face_plane_form){side, side, false, true}, sampled);
        ENT_TRY(run_one(e, i, sampled, joined + at, io_quality, err));
        at += e->card.embedder[i].dimension;
    }
    return ENT_OK;
}

static ent_code embed(ent_face *e, const ent_face_image *image, ent_face_seen *io_seen, uint8_t *ret_template, size_t *ret_len, ent_err *err)
{
    float joined[ENT_FACE_DIMENSION_MAX];
    uint32_t dimension = 0;
    uint8_t model[8];
    ent_face_quality q = io_seen->quality;
    ENT_TRY(join(e, image, &io_seen->face, joined, &q, err));
    for (uint32_t i = 0; i < e->card.embedders; i++) dimension += e->card.embedder[i].dimension;
    ent_face_model_id(&e->card, model);
    ent_code code = ent_face_quantise(joined, dimension, model, q.overall, ret_template, ret_len, err);
    ent_wipe(joined, sizeof joined);
    if (code == ENT_OK) io_seen->quality = q;
    return code;
}

ent_code ent_face_embed(ent_face *engine, const ent_face_image *image, const ent_face_found *face, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX],
                        size_t *ret_len, ent_err *err)
{
    ent_face_seen seen = {.face = *face};
    ENT_TRY(face_check_image(image, err));
    ent_face_quality_of(image, face, &seen.quality);
    return embed(engine, image, &seen, ret_template, ret_len, err);
}

ent_code ent_face_judge(ent_face *engine, const ent_face_image *image, const ent_face_found *face, ent_face_quality *ret_quality, ent_err *err)
{
    float joined[ENT_FACE_DIMENSION_MAX];
    ent_face_quality q;
    ENT_TRY(face_check_image(image, err));
    ent_face_quality_of(image, face, &q);
    ENT_TRY(join(engine, image, face, joined, &q, err));
    ent_wipe(joined, sizeof joined);
    *ret_quality = q;
    return ENT_OK;
}

static ent_code choose(const ent_face_image *image, const ent_face_faces *faces, int choice, size_t *ret, ent_err *err)
{
    size_t n = 0;
    double nearest = INFINITY;
    if (!faces->count) return ent_fail(err, ENT_QUALITY, "no face in the picture");
    if (choice == ENT_FACE_ONLY && faces->count > 1)
        return ent_fail(err, ENT_CONFLICT, "%zu faces in the picture: take one of one person, or say which face is meant", faces->count);
    if (choice >= ENT_FACE_FIRST) n = (size_t)(choice - ENT_FACE_FIRST);
    if (n >= faces->count) return ent_fail(err, ENT_NOT_FOUND, "face %zu was asked for; the picture has %zu", n + 1, faces->count);
    for (size_t i = 0; i < faces->count && choice == ENT_FACE_CENTRE; i++) {
        const ent_face_found *f = &faces->face[i];
        double away = hypot((double)(f->left + f->right) - image->width, (double)(f->top + f->bottom) - image->height);
        if (away < nearest) nearest = away, n = i;
    }
    *ret = n;
    return ENT_OK;
}

ent_code ent_face_extract(ent_face *engine, const ent_face_image *image, int choice, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len,
                          ent_face_seen *ret_seen, ent_err *err)
{
    ent_face_faces faces = {0};
    size_t n = 0;
    ent_face_seen seen;
    ENT_TRY(face_boxes(engine, image, &faces, err));
    ENT_TRY(choose(image, &faces, choice, &n, err));
    seen = (ent_face_seen){.faces = faces.count, .face = faces.face[n]};
    ENT_TRY(face_points(engine, image, &seen.face, err));
    ent_face_quality_of(image, &seen.face, &seen.quality);
    ENT_TRY(embed(engine, image, &seen, ret_template, ret_len, err));
    if (ret_seen) *ret_seen = seen;
    return ENT_OK;
}

void ent_face_crop(const ent_face_image *image, const ent_face_found *face, uint8_t ret_rgb[ENT_FACE_CROP_BYTES])
{
    static const size_t area = ENT_FACE_CROP * ENT_FACE_CROP;
    float planes[ENT_FACE_CROP_BYTES];
    face_map m = face_align(face->five);
    ENT_PRE(face_check_image(image, NULL) == ENT_OK);
    face_sample(image, &m, &(face_plane_form){ENT_FACE_CROP, ENT_FACE_CROP, false, true}, planes);
    for (size_t i = 0; i < area; i++)
        for (size_t c = 0; c < 3; c++) ret_rgb[3 * i + c] = (uint8_t)(planes[c * area + i] + 0.5f);
    ent_wipe(planes, sizeof planes);
}
