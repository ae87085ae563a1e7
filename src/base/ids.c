#include "base/ids.h"

#include "base/text.h"

#include <string.h>

void ent_id_text(const uint8_t id[ENT_ID_SIZE], char ret_text[ENT_ID_TEXT])
{
    ent_hex(id, ENT_ID_SIZE, ret_text);
}

bool ent_id_parse(const char *text, uint8_t ret_id[ENT_ID_SIZE])
{
    return ent_unhex(text, ret_id, ENT_ID_SIZE);
}

bool ent_id_equal(const uint8_t a[ENT_ID_SIZE], const uint8_t b[ENT_ID_SIZE])
{
    return memcmp(a, b, ENT_ID_SIZE) == 0;
}

bool ent_id_is_zero(const uint8_t id[ENT_ID_SIZE])
{
    static const uint8_t zero[ENT_ID_SIZE];
    return memcmp(id, zero, ENT_ID_SIZE) == 0;
}
