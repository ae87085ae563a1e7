#include "face/engine.h"

#include "base/check.h"
#include "base/wipe.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_MIN = 16, SIDE_MAX = 1024 };

/* The detector's anchors: two or three a cell at four strides (see find.c). */
static size_t anchors_of(const ent_face_network *n)
{
    static const uint32_t stride[4] = {8, 16, 32, 64}, each[4] = {3, 2, 2, 3};
    size_t count = 0;
    for (int i = 0; i < 4; i++)
        count += (size_t)((n->width + stride[i] - 1) / stride[i]) * ((n->height + stride[i] - 1) / stride[i]) * each[i];
    return count;
}

static bool fits(const ent_face_network *n)
{
    return n->width >= SIDE_MIN && n->width <= SIDE_MAX && n->height >= SIDE_MIN && n->height <= SIDE_MAX && n->scale > 0 &&
           n->scale < 1e6 && n->mean > -1e6 && n->mean < 1e6;
}

static ent_code check_card(const ent_face_card *c, ent_err *err)
{
    uint32_t dimension = 0;
    double weight = 0;
    if (!fits(&c->detector) || !fits(&c->landmarks) || c->landmarks.width != c->landmarks.height)
        return ent_fail(err, ENT_FORMAT, "%s: detector and landmarks need an input of %d to %d pixels (landmarks: a square) and a scale above 0", c->name, SIDE_MIN, SIDE_MAX);
    if (!(c->detector_threshold > 0 && c->detector_threshold < 1)) return ent_fail(err, ENT_FORMAT, "%s: the detector's threshold lies between 0 and 1", c->name);
    if (c->embedders < 1 || c->embedders > ENT_FACE_EMBEDDERS) return ent_fail(err, ENT_FORMAT, "%s: one or two embedding networks", c->name);
    for (uint32_t i = 0; i < c->embedders; i++) {
        const ent_face_embedder *e = &c->embedder[i];
        if (!fits(&e->network) || e->network.width != e->network.height || e->dimension < 1 || e->dimension > ENT_FACE_DIMENSION_MAX || !(e->weight > 0))
            return ent_fail(err, ENT_FORMAT, "%s: an embedding network needs a square input, 1 to %d dimensions and a weight above 0", c->name, ENT_FACE_DIMENSION_MAX);
        dimension += e->dimension, weight += e->weight;
    }
    if (dimension > ENT_FACE_DIMENSION_MAX) return ent_fail(err, ENT_FORMAT, "%s: %u dimensions together; at most %d", c->name, dimension, ENT_FACE_DIMENSION_MAX);
    if (weight < 0.999 || weight > 1.001) return ent_fail(err, ENT_FORMAT, "%s: the embedding networks' weights add up to %.3f, not 1", c->name, weight);
    return ENT_OK;
}

/* All that changes an embedding, as text, hashed. */
void ent_face_model_id(const ent_face_card *card, uint8_t ret_id[8])
{
    char text[1024];
    uint8_t digest[ENT_SHA256_SIZE];
    const ent_face_network *n[ENT_FACE_NETWORKS] = {&card->detector, &card->landmarks};
    size_t len = (size_t)snprintf(text, sizeof text, "entente face model 1\nthreshold %.6g\n", card->detector_threshold);
    for (uint32_t i = 0; i < card->embedders && i < ENT_FACE_EMBEDDERS; i++) n[2 + i] = &card->embedder[i].network;
    for (uint32_t i = 0; i < 2 + card->embedders; i++) {
        for (int k = 0; k < 32; k++) len += (size_t)snprintf(text + len, sizeof text - len, "%02x", n[i]->sha256[k]);
        len += (size_t)snprintf(text + len, sizeof text - len, " %ux%u %.6g %.6g %s", n[i]->width, n[i]->height, n[i]->mean, n[i]->scale, n[i]->bgr ? "bgr" : "rgb");
        if (i >= 2) len += (size_t)snprintf(text + len, sizeof text - len, " %u %.6g %d", card->embedder[i - 2].dimension, card->embedder[i - 2].weight, card->embedder[i - 2].flip);
        len += (size_t)snprintf(text + len, sizeof text - len, "\n");
        ENT_INVARIANT(len < sizeof text);
    }
    ent_sha256(text, len, digest);
    memcpy(ret_id, digest, 8);
}

static ent_code open_one(const ent_face_network *n, int channels, const ent_face_bytes *bytes, ent_net **ret, ent_err *err)
{
    const int shape[3] = {channels, (int)n->height, (int)n->width};
    uint8_t digest[ENT_SHA256_SIZE];
    ent_sha256(bytes->data, bytes->len, digest);
    if (memcmp(digest, n->sha256, sizeof digest) != 0)
        return ent_fail(err, ENT_DAMAGED, "%s is not the file that the model's card names: its SHA-256 differs. Fetch it again (make models), or correct the card", n->file);
    return ent_net_open(bytes->data, bytes->len, n->file, shape, ret, err);
}

static size_t input_floats(const ent_face_card *c)
{
    size_t most = 3 * (size_t)c->detector.width * c->detector.height, l = (size_t)c->landmarks.width * c->landmarks.height;
    if (l > most) most = l;
    for (uint32_t i = 0; i < c->embedders; i++) {
        size_t n = 9 * (size_t)c->embedder[i].network.width * c->embedder[i].network.height; /* and its mirror image, and what both are made of */
        if (n > most) most = n;
    }
    return most;
}

ent_code ent_face_open(const ent_face_card *card, const ent_face_bytes *networks, ent_face **ret_engine, ent_err *err)
{
    ENT_TRY(check_card(card, err));
    ent_face *e = calloc(1, sizeof *e);
    if (!e) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    e->card = *card;
    e->anchors = anchors_of(&card->detector);
    e->input = calloc(input_floats(card), sizeof *e->input);
    e->boxes = calloc(4 * e->anchors, sizeof *e->boxes);
    e->scores = calloc(2 * e->anchors, sizeof *e->scores);
    ent_code code = e->input && e->boxes && e->scores ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_OK) code = open_one(&card->detector, 3, &networks[0], &e->detector, err);
    if (code == ENT_OK) code = open_one(&card->landmarks, 1, &networks[1], &e->landmarks, err);
    for (uint32_t i = 0; i < card->embedders && code == ENT_OK; i++) code = open_one(&card->embedder[i].network, 3, &networks[2 + i], &e->embedder[i], err);
    if (code == ENT_OK) *ret_engine = e;
    else ent_face_close(e);
    return code;
}

void ent_face_close(ent_face *engine)
{
    if (!engine) return;
    ent_net_close(engine->detector);
    ent_net_close(engine->landmarks);
    for (int i = 0; i < ENT_FACE_EMBEDDERS; i++) ent_net_close(engine->embedder[i]);
    if (engine->input) ent_wipe(engine->input, input_floats(&engine->card) * sizeof *engine->input);
    free(engine->input);
    free(engine->boxes);
    free(engine->scores);
    free(engine);
}

const char *ent_face_runtime(const ent_face *engine, uint32_t which)
{
    if (which >= 2 + engine->card.embedders) return NULL;
    return ent_net_runtime(which == 0 ? engine->detector : which == 1 ? engine->landmarks : engine->embedder[which - 2]);
}

const ent_face_card *ent_face_card_of(const ent_face *engine)
{
    return &engine->card;
}
