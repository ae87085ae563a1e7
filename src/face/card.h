/* A model's card out of its YAML text (docs/operating/face-models.md has the form). Pure. */
#ifndef FACE_CARD_H
#define FACE_CARD_H

#include "entente/face.h"
#include "law/doc.h"

/* ENT_FORMAT with the line. */
ENT_MUST_CHECK ent_code ent_face_card_read(const ent_doc *doc, ent_face_card *ret_card, ent_err *err);
/* Name and network of the file at `which`: detector, landmarks, embedders; NULL past the last. */
const ent_face_network *ent_face_card_network(const ent_face_card *card, uint32_t which);

#endif
