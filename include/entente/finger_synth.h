/* Synthetic fingerprints, for demonstrations, tests and benchmarks where no real print may be used: a ridge pattern grown
 * from an orientation field with cores and deltas, then impressions of it, moved, turned, bent, pressed and noisy.
 *
 * From the same seed come the same pixels on every machine. No state; any thread. After the idea of SFinGe (Cappelli et al.,
 * "Synthetic fingerprint-database generation", ICPR 2002); the method's own text, not its code. */
#ifndef ENTENTE_FINGER_SYNTH_H
#define ENTENTE_FINGER_SYNTH_H

#include "entente/finger.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ENT_SYNTH_WIDTH 320 /* pixels at 500 ppi */
#define ENT_SYNTH_HEIGHT 384

typedef struct ent_synth_finger ent_synth_finger;

/* ENT_NO_MEMORY. The caller frees. */
ENT_API ENT_MUST_CHECK ent_code ent_synth_finger_new(uint64_t seed, uint32_t finger, ent_synth_finger **ret_finger,
                                                     ent_err *err);
ENT_API void ent_synth_finger_free(ent_synth_finger *f); /* NULL is fine */
/* One impression, 8 bit grey, ridges dark; 0 is the best, later ones are taken worse. */
ENT_API void ent_synth_impression(const ent_synth_finger *f, uint32_t impression,
                                  uint8_t ret_pixels[ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT]);

/* A compact template of a synthetic finger's impression, drawn from the same kinds of pattern without growing ridges: 0.1 ms
 * instead of 200, for populations of millions. The fingers are others than those of ent_synth_finger_new. ENT_NO_MEMORY. */
ENT_API ENT_MUST_CHECK ent_code ent_synth_template(uint64_t seed, uint32_t finger, uint32_t impression,
                                                   ent_finger_template **ret_template, ent_err *err);

#ifdef __cplusplus
}
#endif

#endif
