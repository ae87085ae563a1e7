/* The face model of the node: its card and networks read once at the start, one engine that one thread at a time uses. */
#include "node/wiring.h"

#include "entente/face_model.h"
#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct ent_node_faces {
    pthread_mutex_t lock;
    ent_face_model *model;
    ent_face *engine;
};

static ent_code extract(void *self, const ent_face_image *image, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_face_quality *ret_quality, ent_err *err)
{
    struct ent_node_faces *f = self;
    ent_face_seen seen;
    pthread_mutex_lock(&f->lock);
    ent_code code = ent_face_extract(f->engine, image, ENT_FACE_LARGEST, ret_template, ret_len, &seen, err);
    pthread_mutex_unlock(&f->lock);
    if (code == ENT_OK) *ret_quality = seen.quality;
    return code;
}

ent_code ent_node_open_faces(const char *folder, const char *card, struct ent_node_faces **ret_faces, ent_faces *ret_port, ent_err *err)
{
    char path[PATH_MAX];
    if (!*card) return ENT_OK;
    if (*card == '/') snprintf(path, sizeof path, "%s", card);
    else if (!ent_node_path(folder, card, path)) return ent_fail(err, ENT_USAGE, "the path of the face model is too long");
    struct ent_node_faces *f = calloc(1, sizeof *f);
    if (!f) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_init(&f->lock, NULL);
    ent_code code = ent_face_model_load(path, &f->model, err);
    if (code == ENT_OK) code = ent_face_model_open(f->model, &f->engine, err);
    if (code != ENT_OK) {
        ent_node_close_faces(f);
        return code;
    }
    const ent_face_card *c = ent_face_model_card(f->model);
    *ret_port = (ent_faces){.self = f, .calibration = c->calibration, .fusion = c->fusion, .extract = extract};
    ent_face_model_id(c, ret_port->model);
    *ret_faces = f;
    return ENT_OK;
}

void ent_node_close_faces(struct ent_node_faces *f)
{
    if (!f) return;
    ent_face_close(f->engine);
    ent_face_model_free(f->model);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
