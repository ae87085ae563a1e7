#include "entente/face_model.h"

#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "base/limits.h"
#include "face/card.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ent_face_model {
    ent_face_card card;
    ent_buf network[ENT_FACE_NETWORKS];
};

static ent_code load_card(const char *path, ent_face_card *ret, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ent_doc *doc = NULL;
    ent_code code = ent_disk_load(path, &text, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no face model at %s: fetch one (make models) or name its card (--model, ENTENTE_FACE_MODEL)", path);
    if (code == ENT_OK) code = ent_yaml_read(text.data, text.len, path, &doc, err);
    if (code == ENT_OK) code = ent_face_card_read(doc, ret, err);
    ent_doc_free(doc);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

static ent_code load_networks(const char *card_path, ent_face_model *m, ent_err *err)
{
    const char *slash = strrchr(card_path, '/');
    int folder = slash ? (int)(slash - card_path) + 1 : 0;
    const ent_face_network *n;
    for (uint32_t i = 0; (n = ent_face_card_network(&m->card, i)); i++) {
        char path[4096];
        m->network[i] = ENT_BUF(ENT_LIMIT_FACE_NETWORK);
        if (snprintf(path, sizeof path, "%.*s%s", folder, card_path, n->file) >= (int)sizeof path) return ent_fail(err, ENT_TOO_LARGE, "a path too long: %s", n->file);
        ent_code code = ent_disk_load(path, &m->network[i], err);
        if (code != ENT_OK) return ent_context(err, code, "network of %s", card_path);
    }
    return ENT_OK;
}

ent_code ent_face_model_load(const char *card_path, ent_face_model **ret_model, ent_err *err)
{
    ent_face_model *m = calloc(1, sizeof *m);
    if (!m) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = load_card(card_path, &m->card, err);
    if (code == ENT_OK) code = load_networks(card_path, m, err);
    if (code == ENT_OK) *ret_model = m;
    else ent_face_model_free(m);
    return code;
}

void ent_face_model_free(ent_face_model *model)
{
    if (!model) return;
    for (int i = 0; i < ENT_FACE_NETWORKS; i++) ent_buf_free(&model->network[i]);
    free(model);
}

const ent_face_card *ent_face_model_card(const ent_face_model *model)
{
    return &model->card;
}

ent_code ent_face_model_open(const ent_face_model *model, ent_face **ret_engine, ent_err *err)
{
    ent_face_bytes bytes[ENT_FACE_NETWORKS];
    for (int i = 0; i < ENT_FACE_NETWORKS; i++) bytes[i] = (ent_face_bytes){model->network[i].data, model->network[i].len};
    return ent_face_open(&model->card, bytes, ret_engine, err);
}

const char *ent_face_model_default(void)
{
    const char *named = getenv("ENTENTE_FACE_MODEL");
    if (named && *named) return named;
    return access("models/pair-mirror.yaml", R_OK) == 0 ? "models/pair-mirror.yaml" : "/usr/share/entente/models/pair-mirror.yaml";
}
