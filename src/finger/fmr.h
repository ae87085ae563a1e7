/* Finger minutiae records of other people's systems: ISO/IEC 19794-2:2005 and 2011, ANSI/INCITS 378-2004 and 2009; one view is written,
 * without extended data.
 * Pure; any thread. */
#ifndef FINGER_FMR_H
#define FINGER_FMR_H

#include "entente/finger.h"

#include <stdbool.h>

typedef enum ent_fmr_format { ENT_FMR_ISO_2005, ENT_FMR_ANSI_2004, ENT_FMR_ISO_2011, ENT_FMR_ANSI_2009 } ent_fmr_format;

#define ENT_FMR_MAX (54 + 6 * 255)

/* position: 0 unknown, 1 right thumb … 10 left little. At most 255 minutiae, which is all a template has. */
ENT_MUST_CHECK ent_code ent_fmr_write(const ent_finger_template *t, ent_fmr_format format, uint8_t position,
                                      uint8_t ret_bytes[ENT_FMR_MAX], size_t *ret_len, ent_err *err);
/* Reads all four, told apart by the version and by which lengths add up; the first view. ENT_FORMAT for lengths and counts that do not hold. */
ENT_MUST_CHECK ent_code ent_fmr_read(const uint8_t *bytes, size_t len, ent_finger_template **ret_template, uint8_t *ret_position,
                                     ent_err *err);
bool ent_fmr_is(const uint8_t *bytes, size_t len);

#endif
