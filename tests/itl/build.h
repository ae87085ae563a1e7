/* Transactions made by hand for the tests: records as lists of fields, with one of them set otherwise. */
#ifndef TESTS_ITL_BUILD_H
#define TESTS_ITL_BUILD_H

#include "base/buf.h"

typedef struct made_field {
    uint32_t number;
    const char *value; /* '|' stands for US, '^' for RS; NULL in a change: the field is left out */
} made_field;

/* A Type-1 of that version and one record of `type` after it (0: none), with `changes` (ends with number 0) made to the
 * record of type `changed`. Tagged image records hold 10 x 10 pixels, uncompressed. */
void made_transaction(const char *version, unsigned type, unsigned changed, const made_field *changes, ent_buf *ret);
/* One tagged record with LEN; the fields are those of `fields` (ends with number 0). */
void made_record(ent_buf *out, unsigned type, const made_field *fields);
/* Type-4, -7 or -8 with this header after LEN and IDC, and so many bytes of data. */
void made_binary(ent_buf *out, unsigned type, const uint8_t *header, size_t header_len, size_t data);

#endif
