/* The prints that can be found, in memory: native templates with the flows that may see each. A search looks only at those
 * that share its flow's bit, so a hidden record is neither compared nor timed. Readers in parallel, writers alone; the
 * gallery locks itself. */
#ifndef FLOW_GALLERY_H
#define FLOW_GALLERY_H

#include "base/ids.h"
#include "entente/finger.h"

typedef struct ent_gallery ent_gallery;

typedef struct ent_found {
    ent_part_id part;
    uint8_t finger;
    double score;    /* of the best pair of prints, and with its ridge part */
} ent_found;

ENT_MUST_CHECK ent_code ent_gallery_new(unsigned threads, ent_gallery **ret_gallery, ent_err *err);
void ent_gallery_free(ent_gallery *g); /* erases */
/* Takes the template over. flows 0: held, seen by nobody. */
ENT_MUST_CHECK ent_code ent_gallery_add(ent_gallery *g, const ent_part_id *part, uint8_t finger, uint64_t flows,
                                        ent_finger_template *t, ent_err *err);
void ent_gallery_see(ent_gallery *g, const ent_part_id *part, uint64_t flows); /* who may see all prints of the part */
void ent_gallery_remove(ent_gallery *g, const ent_part_id *part);
size_t ent_gallery_count(ent_gallery *g);
/* flow_bit 0: all that is held, whoever may see it. The best part for any of the probe's prints (positions are compared where both are known). ret_compared: how many
 * entries the flow may see. A found score of 0: nothing was alike. */
ENT_MUST_CHECK ent_code ent_gallery_search(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers,
                                           size_t count, uint64_t flow_bit, ent_found *ret_best, size_t *ret_compared,
                                           ent_err *err);

#endif
