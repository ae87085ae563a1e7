#include "entente/finger.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_finger_template *t;
    ent_finger_record r = {.views = 1};
    for (size_t view = 0; view < r.views && view < 4; view++)
        if (ent_finger_record_read(data, size, view, &t, &r, NULL) == ENT_OK) ent_finger_template_free(t);
    for (int compact = 0; compact < 2; compact++)
        if (ent_finger_card_read(data, size, compact, &t, NULL) == ENT_OK) ent_finger_template_free(t);
    return 0;
}
