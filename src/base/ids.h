/* Identifiers: 16 random bytes, shown as 32 hexadecimal digits. One type each, so that a person's can never be passed
 * for an encounter's. Randomness comes in from the caller (port/random.h). */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define ENT_ID_SIZE 16
#define ENT_ID_TEXT 33 /* with the NUL */

#define ENT_ID_TYPE(name)                                                                                              \
    typedef struct ent_##name##_id {                                                                                   \
        uint8_t b[ENT_ID_SIZE];                                                                                        \
    } ent_##name##_id

ENT_ID_TYPE(person);    /* one whose body it is about */
ENT_ID_TYPE(encounter); /* one arrest */
ENT_ID_TYPE(part);      /* prints, face or biographic block of an encounter */
ENT_ID_TYPE(search);    /* one search, the same at both nodes */
ENT_ID_TYPE(case);      /* the ledger's random number of a record or search */
ENT_ID_TYPE(actor);     /* pseudonym of somebody who works at the node */

void ent_id_text(const uint8_t id[ENT_ID_SIZE], char ret_text[ENT_ID_TEXT]);
bool ent_id_parse(const char *text, uint8_t ret_id[ENT_ID_SIZE]); /* exactly 32 hexadecimal digits */
bool ent_id_equal(const uint8_t a[ENT_ID_SIZE], const uint8_t b[ENT_ID_SIZE]);
bool ent_id_is_zero(const uint8_t id[ENT_ID_SIZE]);

#endif
