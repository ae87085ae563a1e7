/* The fingers of a slap's record. Pure. */
#ifndef FLOW_CAPTURE_SLAP_H
#define FLOW_CAPTURE_SLAP_H

#include "entente/finger.h"
#include "entente/itl.h"

/* Whether a friction ridge position is one of several fingers. */
bool ent_capture_is_slap(uint8_t position);

/* Where the record says where its fingers are (ANSI/NIST-ITL 1-2011, 8.14: 14.025 ASEG, else 14.021 SEG) and every place can be one, those;
 * else as ent_finger_segment_slap finds them, without the fingers that 14.018 AMP names. No finger: ENT_OK, and count 0. */
ENT_MUST_CHECK ent_code ent_capture_slap(const ent_itl_record *r, const ent_itl_image *in, const ent_finger_image *image,
                                         ent_finger_slap *ret_slap, ent_err *err);

#endif
