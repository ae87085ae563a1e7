#include "fuzz.h"

#include "entente/finger.h"

/* A gallery gives a template back as it was, and finds it by itself, unless its entry would be too large to be taken. */
static void through_gallery(const ent_finger_template *t, const ent_finger_probe *p, const uint8_t *compact, size_t len)
{
    static ent_finger_gallery *g;
    static uint8_t again[ENT_FINGER_COMPACT_MAX];
    ent_finger_template *kept = NULL;
    ent_finger_found found;
    uint32_t slot;
    if (!g) fuzz_promise(ent_finger_gallery_new(NULL, &g, NULL) == ENT_OK);
    if (ent_finger_gallery_add(g, t, &slot, NULL) != ENT_OK) return;
    fuzz_promise(ent_finger_gallery_get(g, slot, &kept, NULL) == ENT_OK);
    size_t now = 0;
    fuzz_promise(ent_finger_encode(kept, ENT_FINGER_COMPACT, again, sizeof again, &now, NULL) == ENT_OK);
    fuzz_promise(now == len && memcmp(again, compact, len) == 0);
    fuzz_promise(ent_finger_gallery_search(g, p, NULL, 1, &found, NULL) == ENT_OK);
    fuzz_promise(found.visible == 1 && found.count == 1 && found.candidates[0].slot == slot);
    ent_finger_found_free(&found);
    ent_finger_template_free(kept);
    ent_finger_gallery_remove(g, slot);
    fuzz_promise(ent_finger_gallery_count(g) == 0);
}

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
        through_gallery(t, p, again, len);
    }
    ent_finger_probe_free(p);
    ent_finger_template_free(t);
    return 0;
}
