/* A tenprint card's sequence, before it is taken: ENT_CONFLICT when prints seem to be of other fingers than the card says, with what is
 * odd in the detail, the first three of it by name. That is: a plain print that is another rolled finger; one finger in two places; half
 * of the plain prints (two at least) unlike the rolled ones of their positions; four fingers that lie as the other hand's. A single
 * plain print that its rolled one does not confirm is no conflict: poor prints do that. Pure. */
#ifndef FLOW_CAPTURE_CARD_H
#define FLOW_CAPTURE_CARD_H

#include "flow/capture/capture.h"

ENT_MUST_CHECK ent_code ent_capture_sequence(const ent_capture *c, ent_err *err);

#endif
