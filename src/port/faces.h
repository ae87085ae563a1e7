/* Photographs made into face templates, as a port: the networks that do it are data which an agency chooses. Pixels come from the
 * decoder's job "pixels", never from a file. Everything after the template is entente/face.h's.
 *
 * Contract: the same pixels give the same template for as long as the node runs; the model's name is in every template. Any thread. */
#ifndef PORT_FACES_H
#define PORT_FACES_H

#include "entente/face.h"

typedef struct ent_faces {
    void *self;
    uint8_t model[8];
    ent_face_calibration calibration;
    ent_face_fusion fusion;
    int least; /* overall quality that an enrolled photograph must have, 0: any */
    /* The largest face, and its quality. ENT_QUALITY: none. NULL: this node has no model, faces are kept and not searched. */
    ENT_MUST_CHECK ent_code (*extract)(void *self, const ent_face_image *image, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len,
                                       ent_face_quality *ret_quality, ent_err *err);
} ent_faces;

#endif
