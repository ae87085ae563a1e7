#include "fuzz.h"

#include "entente/finger_synth.h"

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

/* A print with ridges over all of it, and what it is searched with. */
static struct partner {
    ent_finger_template *t;
    ent_finger_probe *p;
} partner;

static void make_partner(void)
{
    static uint8_t pixels[ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT];
    const ent_finger_image image = {.pixels = pixels, .width = ENT_SYNTH_WIDTH, .height = ENT_SYNTH_HEIGHT, .stride = ENT_SYNTH_WIDTH, .ppi = 500};
    ent_synth_finger *f = NULL;
    fuzz_promise(ent_synth_finger_new(1, 1, &f, NULL) == ENT_OK);
    ent_synth_impression(f, 0, pixels);
    ent_synth_finger_free(f);
    fuzz_promise(ent_finger_extract(&image, &partner.t, NULL) == ENT_OK && ent_finger_probe_new(partner.t, &partner.p, NULL) == ENT_OK);
}

static void compare_ridges(const ent_finger_template *t, const ent_finger_probe *p)
{
    if (!partner.p) make_partner();
    fuzz_promise(ent_finger_match_full(p, t, NULL) >= 0);
    fuzz_promise(ent_finger_match_full(p, partner.t, NULL) >= 0);
    fuzz_promise(ent_finger_match_full(partner.p, t, NULL) >= 0);
}

/* What decodes is written again byte for byte, and matches itself and another print without harm. */
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
        if (data[size / 2] % 8 == 7) compare_ridges(t, p); /* slow: once in eight times */
        through_gallery(t, p, again, len);
    }
    ent_finger_probe_free(p);
    ent_finger_template_free(t);
    return 0;
}
