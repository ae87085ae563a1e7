/* A face model out of a folder: its card (YAML) and the network files beside it, checked against the card's checksums. */
#ifndef ENTENTE_FACE_MODEL_H
#define ENTENTE_FACE_MODEL_H

#include "entente/face.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A card and its networks' bytes in memory, from which each thread opens an engine of its own. */
typedef struct ent_face_model ent_face_model;

/* ENT_NOT_FOUND (with what to do), ENT_FORMAT, ENT_TOO_LARGE. */
ENT_API ENT_MUST_CHECK ent_code ent_face_model_load(const char *card_path, ent_face_model **ret_model, ent_err *err);
ENT_API void ent_face_model_free(ent_face_model *model); /* NULL is fine; opened engines stay */
ENT_API const ent_face_card *ent_face_model_card(const ent_face_model *model);
ENT_API ENT_MUST_CHECK ent_code ent_face_model_open(const ent_face_model *model, ent_face **ret_engine, ent_err *err);

/* The card's path when none is named: $ENTENTE_FACE_MODEL, else models/pair-mirror.yaml here, else the installed one. */
ENT_API const char *ent_face_model_default(void);

#ifdef __cplusplus
}
#endif

#endif
