/* The faces that can be found, beside the prints (gallery.h): the same flows see them, the same destruction takes them. Locks itself. */
#ifndef FLOW_FACES_H
#define FLOW_FACES_H

#include "flow/flow.h"

typedef struct ent_face_holding ent_face_holding;

ENT_MUST_CHECK ent_code ent_face_holding_new(unsigned threads, ent_face_holding **ret, ent_err *err);
void ent_face_holding_free(ent_face_holding *h);
/* ENT_UNSUPPORTED: a template of another model; it waits for `entente gallery rebuild`. */
ENT_MUST_CHECK ent_code ent_face_holding_add(ent_face_holding *h, const ent_part_id *part, uint64_t flows, const void *bytes, size_t len, ent_err *err);
void ent_face_holding_see(ent_face_holding *h, const ent_part_id *part, uint64_t flows);
void ent_face_holding_remove(ent_face_holding *h, const ent_part_id *part);
size_t ent_face_holding_count(ent_face_holding *h);

typedef struct ent_face_likely {
    uint64_t id;   /* the first eight bytes of the part's number */
    double score;
} ent_face_likely;

enum { ENT_FACES_FEW = 4 };

/* The best few for any of the probe's templates. */
ENT_MUST_CHECK ent_code ent_face_holding_search(ent_face_holding *h, const ent_face_probe *probes, size_t count, uint64_t flow_bit,
                                                ent_face_likely ret_few[ENT_FACES_FEW], size_t *ret_count, ent_err *err);
uint64_t ent_face_part_id(const ent_part_id *part);

/* One photograph, a file as it came: pixels by the sandbox, the template by the model. ENT_UNSUPPORTED without a model. */
ENT_MUST_CHECK ent_code ent_face_template_of(ent_flow_node *n, const void *file, size_t len, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_face_quality *ret_quality,
                                             ent_err *err);

#endif
