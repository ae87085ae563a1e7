#include "face/card.h"

#include "base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ent_code number(const ent_doc *map, const char *name, const double range[2], double *ret, ent_err *err)
{
    const ent_doc *d;
    char *end;
    ENT_TRY(ent_doc_need(map, name, ENT_DOC_TEXT, &d, err));
    double v = strtod(d->text, &end);
    if (end == d->text || *end || !isfinite(v) || v < range[0] || v > range[1] || strpbrk(d->text, "xXpPnN"))
        return ent_doc_fail(d, err, "%s is a number from %g to %g, not \"%s\"", name, range[0], range[1], d->text);
    *ret = v;
    return ENT_OK;
}

static int nibble(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static ent_code checksum(const ent_doc *map, uint8_t ret[32], ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(ent_doc_need(map, "sha256", ENT_DOC_TEXT, &d, err));
    if (strlen(d->text) != 64) return ent_doc_fail(d, err, "sha256 has 64 hexadecimal digits");
    for (int i = 0; i < 32; i++) {
        int high = nibble(d->text[2 * i]), low = nibble(d->text[2 * i + 1]);
        if (high < 0 || low < 0) return ent_doc_fail(d, err, "sha256 has 64 hexadecimal digits, in lower case");
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return ENT_OK;
}

static ent_code network(const ent_doc *map, const char *more, ent_face_network *ret, ent_err *err)
{
    static const double any[2] = {-1e6, 1e6}, above[2] = {1e-6, 1e6};
    static const int64_t sides[2] = {16, 1024};
    char allowed[160];
    int64_t width = 0, height = 0;
    unsigned order = 0;
    snprintf(allowed, sizeof allowed, "file sha256 width height mean scale order %s", more);
    ENT_TRY(ent_doc_only(map, allowed, err));
    ENT_TRY(ent_doc_text(map, "file", true, ret->file, sizeof ret->file, err));
    if (strchr(ret->file, '/') || ret->file[0] == '.') return ent_doc_fail(map, err, "file names a file beside the card, without a folder");
    ENT_TRY(checksum(map, ret->sha256, err));
    ENT_TRY(ent_doc_number(map, "width", true, sides, &width, err));
    ENT_TRY(ent_doc_number(map, "height", true, sides, &height, err));
    ENT_TRY(number(map, "mean", any, &ret->mean, err));
    ENT_TRY(number(map, "scale", above, &ret->scale, err));
    ENT_TRY(ent_doc_choice(map, "order", true, "rgb bgr grey", &order, err));
    ret->width = (uint32_t)width, ret->height = (uint32_t)height, ret->bgr = order == 1;
    return ENT_OK;
}

static ent_code embedder(const ent_doc *map, ent_face_embedder *ret, ent_err *err)
{
    static const double share[2] = {0, 1};
    static const int64_t dimensions[2] = {1, ENT_FACE_DIMENSION_MAX};
    int64_t dimension = 0;
    ENT_TRY(network(map, "dimension weight flip", &ret->network, err));
    ENT_TRY(ent_doc_number(map, "dimension", true, dimensions, &dimension, err));
    ENT_TRY(number(map, "weight", share, &ret->weight, err));
    ENT_TRY(ent_doc_bool(map, "flip", true, &ret->flip, err));
    ret->dimension = (uint32_t)dimension;
    return ENT_OK;
}

static ent_code calibration(const ent_doc *map, ent_face_calibration *ret, ent_err *err)
{
    static const double any[2] = {-1000, 1000}, above[2] = {0, 1000};
    ENT_TRY(ent_doc_only(map, "middle offset slope bound below inward outward", err));
    ENT_TRY(number(map, "middle", any, &ret->middle, err));
    ENT_TRY(number(map, "offset", any, &ret->offset, err));
    ENT_TRY(number(map, "slope", above, &ret->slope, err));
    ENT_TRY(number(map, "bound", above, &ret->bound, err));
    ENT_TRY(number(map, "below", above, &ret->below, err));
    ENT_TRY(number(map, "inward", above, &ret->inward, err));
    ENT_TRY(number(map, "outward", above, &ret->outward, err));
    ret->fitted = true;
    return ENT_OK;
}

static ent_code fusion(const ent_doc *map, ent_face_fusion *ret, ent_err *err)
{
    static const double any[2] = {-100, 100}, above[2] = {0, 10};
    ENT_TRY(ent_doc_only(map, "offset prints face", err));
    ENT_TRY(number(map, "offset", any, &ret->offset, err));
    ENT_TRY(number(map, "prints", above, &ret->prints, err));
    ENT_TRY(number(map, "face", above, &ret->face, err));
    ret->fitted = true;
    return ENT_OK;
}

static ent_code prose(const ent_doc *doc, ent_face_card *c, ent_err *err)
{
    ENT_TRY(ent_doc_word(doc, "face-model", true, c->name, sizeof c->name, err));
    ENT_TRY(ent_doc_text(doc, "origin", false, c->origin, sizeof c->origin, err));
    ENT_TRY(ent_doc_text(doc, "training", false, c->training, sizeof c->training, err));
    ENT_TRY(ent_doc_text(doc, "licence", false, c->licence, sizeof c->licence, err));
    return ent_doc_text(doc, "accuracy", false, c->accuracy, sizeof c->accuracy, err);
}

ent_code ent_face_card_read(const ent_doc *doc, ent_face_card *ret_card, ent_err *err)
{
    static const double share[2] = {0, 1};
    const ent_doc *d, *list;
    ent_face_card c = {0};
    ENT_TRY(ent_doc_only(doc, "face-model origin training licence accuracy detector landmarks embedding calibration fusion", err));
    ENT_TRY(prose(doc, &c, err));
    ENT_TRY(ent_doc_need(doc, "detector", ENT_DOC_MAP, &d, err));
    ENT_TRY(network(d, "threshold", &c.detector, err));
    ENT_TRY(number(d, "threshold", share, &c.detector_threshold, err));
    ENT_TRY(ent_doc_need(doc, "landmarks", ENT_DOC_MAP, &d, err));
    ENT_TRY(network(d, "", &c.landmarks, err));
    ENT_TRY(ent_doc_need(doc, "embedding", ENT_DOC_LIST, &list, err));
    if (list->count < 1 || list->count > ENT_FACE_EMBEDDERS) return ent_doc_fail(list, err, "embedding lists one network, or two that are joined");
    for (const ent_doc *e = list->first; e; e = e->next) ENT_TRY(embedder(e, &c.embedder[c.embedders++], err));
    if (ent_doc_get(doc, "calibration")) {
        ENT_TRY(ent_doc_need(doc, "calibration", ENT_DOC_MAP, &d, err));
        ENT_TRY(calibration(d, &c.calibration, err));
    }
    if (ent_doc_get(doc, "fusion")) {
        ENT_TRY(ent_doc_need(doc, "fusion", ENT_DOC_MAP, &d, err));
        ENT_TRY(fusion(d, &c.fusion, err));
    }
    *ret_card = c;
    return ENT_OK;
}

const ent_face_network *ent_face_card_network(const ent_face_card *card, uint32_t which)
{
    if (which == 0) return &card->detector;
    if (which == 1) return &card->landmarks;
    return which - 2 < card->embedders ? &card->embedder[which - 2].network : NULL;
}
