/* Prints what the engine makes of synthetic prints, every bit of it: templates as bytes, scores of both matchers and of both looks of a search. Compiled by
 * same_scores.sh with one compiler after another; the output has to be the same. */
#include "entente/finger.h"
#include "entente/finger_synth.h"
#include "finger/scan.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINGERS = 2, PRINTS = 2 * FINGERS, SCANNED = 400 };

static void check(ent_code code)
{
    if (code == ENT_OK) return;
    fprintf(stderr, "scores: error %d\n", (int)code);
    exit(1);
}

static ent_finger_template *print_of(const ent_synth_finger *f, uint32_t impression)
{
    static uint8_t pixels[ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT], bytes[ENT_FINGER_FULL_MAX];
    ent_finger_image image = {pixels, ENT_SYNTH_WIDTH, ENT_SYNTH_HEIGHT, ENT_SYNTH_WIDTH, 500};
    ent_finger_template *t;
    size_t len;
    ent_synth_impression(f, impression, pixels);
    check(ent_finger_extract(&image, &t, NULL));
    check(ent_finger_encode(t, ENT_FINGER_FULL, bytes, sizeof bytes, &len, NULL));
    for (size_t i = 0; i < len; i++) printf("%02x", bytes[i]);
    putchar('\n');
    return t;
}

/* A print that was extracted, and a synthetic one, look through templates of a population. */
static void scan(const ent_finger_template *extracted)
{
    static finger_scan scan[2];
    static uint8_t entry[FINGER_ENTRY_MAX + FINGER_ENTRY_SLACK];
    const finger_scan_kernels *k = finger_scan_kernels_best();
    finger_entry *e = (finger_entry *)(void *)entry;
    ent_finger_template *t;
    check(ent_synth_template(8, 0, 1, &t, NULL));
    finger_scan_make(extracted, &scan[0]), finger_scan_make(t, &scan[1]);
    ent_finger_template_free(t);
    for (uint32_t i = 0; i < SCANNED; i++) {
        check(ent_synth_template(8, i, 0, &t, NULL));
        finger_entry_make(t, i, e);
        ent_finger_template_free(t);
        for (int j = 0; j < 2; j++) {
            finger_tried tried;
            unsigned score = finger_scan_score(k, &scan[j], e, &tried);
            printf("%u %d %u %u\n", (unsigned)i, j, score, finger_scan_closer(k, &scan[j], e, tried));
        }
    }
}

int main(void)
{
    ent_finger_template *t[PRINTS];
    for (uint32_t f = 0; f < FINGERS; f++) {
        ent_synth_finger *finger;
        check(ent_synth_finger_new(7, f, &finger, NULL));
        for (uint32_t k = 0; k < 2; k++) t[2 * f + k] = print_of(finger, k + 1);
        ent_synth_finger_free(finger);
    }
    for (size_t i = 0; i < PRINTS; i++) {
        ent_finger_probe *p;
        check(ent_finger_probe_new(t[i], &p, NULL));
        for (size_t j = 0; j < PRINTS; j++) printf("%zu %zu %a %a\n", i, j, ent_finger_match(p, t[j], NULL), ent_finger_match_full(p, t[j], NULL));
        ent_finger_probe_free(p);
    }
    scan(t[0]);
    for (size_t i = 0; i < PRINTS; i++) ent_finger_template_free(t[i]);
    return 0;
}
