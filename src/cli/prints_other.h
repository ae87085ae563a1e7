/* Minutiae as JSON and as a Type-9 record. Pure. */
#ifndef CLI_PRINTS_OTHER_H
#define CLI_PRINTS_OTHER_H

#include "base/buf.h"
#include "entente/finger.h"

/* {"entente-minutiae": 1, "width", "height" and "ppi" of the print, "quality" (null: unknown), "minutiae": [{"x", "y" in pixels from the top left, "angle" in
 * degrees counter-clockwise from the right, "kind": ending, bifurcation or other, "quality" (0 unknown)}]}. */
ENT_MUST_CHECK ent_code ent_cli_minutiae_json(const ent_finger_template *t, ent_buf *ret, ent_err *err);
ENT_MUST_CHECK ent_code ent_cli_minutiae_of_json(const void *bytes, size_t len, ent_finger_template **ret, ent_err *err);

/* An ANSI/NIST-ITL transaction with one Type-9 record, INCITS 378 block (M1). date: as 20260310. */
ENT_MUST_CHECK ent_code ent_cli_minutiae_itl(const ent_finger_template *t, const char *date, ent_buf *ret, ent_err *err);
/* The first Type-9 record of a transaction: EFS, M1 or legacy block. ENT_NOT_FOUND: it has none. */
ENT_MUST_CHECK ent_code ent_cli_minutiae_of_itl(const void *bytes, size_t len, ent_finger_template **ret, ent_err *err);

#endif
