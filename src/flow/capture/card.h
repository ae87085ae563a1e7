/* A tenprint card's sequence, before it is taken: ENT_CONFLICT when a print seems to be of another finger than the card says, with what is odd
 * in the detail, the first three of it by name. Captures without plain and rolled prints, or of one finger, pass. Pure. */
#ifndef FLOW_CAPTURE_CARD_H
#define FLOW_CAPTURE_CARD_H

#include "flow/capture/capture.h"

ENT_MUST_CHECK ent_code ent_capture_sequence(const ent_capture *c, ent_err *err);

#endif
