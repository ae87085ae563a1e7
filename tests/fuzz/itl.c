#include "entente/itl.h"
#include "fuzz.h"

/* What is read keeps its bytes; every record's image can be asked for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_itl *t;
    size_t len;
    ent_itl_image image;
    if (ent_itl_parse(data, size, &t, NULL) != ENT_OK) return 0;
    if (ent_itl_bytes(t, &len) == NULL || len != size) __builtin_trap();
    for (size_t i = 0; i < ent_itl_count(t); i++) {
        const ent_itl_record *r = ent_itl_record_at(t, i);
        char text[64];
        for (size_t k = 0; k < r->field_count; k++) ent_itl_text(r, r->fields[k].number, text, sizeof text);
        (void)!ent_itl_image_of(r, &image, NULL);
    }
    ent_itl_free(t);
    return 0;
}
