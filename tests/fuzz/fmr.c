#include "finger/fmr.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_finger_template *t;
    uint8_t position;
    if (ent_fmr_read(data, size, &t, &position, NULL) == ENT_OK) ent_finger_template_free(t);
    return 0;
}
