/* What the machine saw of a case: its score, and which minutiae it held for the same. It is drawn up when the last examiner concludes,
 * from the probe that is destroyed in that batch, as places on the candidate's own print; sealed under the candidate's key, so that it
 * dies with the record, and dropped when the case's time is over. Until the case is concluded it does not exist. */
#ifndef FLOW_MACHINE_H
#define FLOW_MACHINE_H

#include "flow/flow.h"

#define ENT_MACHINE_PAIRS 128

typedef struct ent_machine_view {
    uint8_t finger;              /* of the candidate; 0 unknown */
    double score;                /* ent_finger_llr says what it means */
    size_t count;
    struct {
        int16_t x, y;            /* a minutia of the candidate, pixels at 500 ppi */
        int16_t probe_x, probe_y; /* where the probe's lies on it */
    } pair[ENT_MACHINE_PAIRS];
} ent_machine_view;

/* What is needed to draw, copied under the lock. */
typedef struct ent_machine_plan {
    ent_part_id candidate;
    ent_slot candidate_slot;
    ent_buf transaction; /* the probe */
} ent_machine_plan;

/* Not under the lock. ret_drawing stays empty when nothing of it is a print that can be matched. */
ENT_MUST_CHECK ent_code ent_machine_draw(ent_flow_node *n, const ent_machine_plan *plan, ent_buf *ret_drawing, ent_err *err);
ENT_MUST_CHECK ent_code ent_machine_read(const void *drawing, size_t len, ent_machine_view *ret, ent_err *err);

/* An examiner of the case, after it is concluded: the candidate's print and what the machine saw. ENT_DENIED before; ENT_GONE after the
 * case's time, or when the record went; ENT_NOT_FOUND: the machine has drawn nothing (a face). */
ENT_MUST_CHECK ent_code ent_flow_case_machine(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_see_picture *see, void *ctx,
                                              ent_machine_view *ret, ent_err *err);

#endif
