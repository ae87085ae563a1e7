#include "fuzz.h"

#include "entente/finger.h"

/* What decodes is written again byte for byte, and matches itself without harm. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_finger_template *t = NULL;
    ent_finger_probe *p = NULL;
    if (ent_finger_decode(data, size, &t, NULL) != ENT_OK) return 0;
    static uint8_t again[ENT_FINGER_FULL_MAX];
    size_t len = 0;
    fuzz_promise(ent_finger_encode(t, ENT_FINGER_FULL, again, sizeof again, &len, NULL) == ENT_OK);
    fuzz_promise(len == size && memcmp(again, data, size) == 0);
    fuzz_promise(ent_finger_encode(t, ENT_FINGER_COMPACT, again, ENT_FINGER_COMPACT_MAX, &len, NULL) == ENT_OK);
    if (ent_finger_probe_new(t, &p, NULL) == ENT_OK) {
        fuzz_promise(ent_finger_match(p, t, NULL) >= 0);
        fuzz_promise(ent_finger_match_full(p, t, NULL) >= 0);
    }
    ent_finger_probe_free(p);
    ent_finger_template_free(t);
    return 0;
}
