/* The prints that can be found: compact templates in memory, searched in two stages (entente/finger.h), with the flows that may see
 * each. A search looks only at those that share its flow's bit, so a hidden record is neither compared nor timed. The larger templates
 * stay sealed in the store; the few best are fetched for their ridges.
 *
 * The gallery locks itself, and for moments: who adds, hides or removes waits for one step of a search and never for the search. A search
 * sees what was there when it began, less what was hidden or removed before its comparison: nothing that is added meanwhile, and
 * everything that stays. What goes just after its comparison is for the caller to find out: what became of the candidate stands in the
 * node's own list. */
#ifndef FLOW_GALLERY_H
#define FLOW_GALLERY_H

#include "base/ids.h"
#include "entente/finger.h"
#include "flow/decision/decision.h"

typedef struct ent_gallery ent_gallery;

/* One print. */
typedef struct ent_gallery_print {
    ent_part_id part;
    uint64_t key_slot;   /* of the part's key */
    uint64_t flows;      /* a bit for each flow that may see it; 0: held, seen by nobody */
    uint8_t place, finger; /* place: of its blob; finger: position 1 to 10, 0 unknown */
} ent_gallery_print;

typedef struct ent_found {
    ent_part_id part;
    uint8_t finger;
    double score;    /* of the best pair of prints, and with its ridge part */
    ent_evidence evidence; /* of all fingers of the part together: its scores and ways */
} ent_found;

/* The likeliest parts, the best first. */
enum { ENT_GALLERY_FEW = 16 };

typedef struct ent_likeliest {
    size_t most;     /* in: that are wanted, 1 to ENT_GALLERY_FEW */
    size_t count;    /* 0: nothing was alike */
    size_t compared; /* entries that the flow may see */
    ent_found at[ENT_GALLERY_FEW];
} ent_likeliest;

ENT_MUST_CHECK ent_code ent_gallery_new(unsigned threads, ent_gallery **ret_gallery, ent_err *err);
void ent_gallery_free(ent_gallery *g); /* erases */
/* Copies the compact part of the template. */
ENT_MUST_CHECK ent_code ent_gallery_add(ent_gallery *g, const ent_gallery_print *print, const ent_finger_template *t, ent_err *err);
void ent_gallery_see(ent_gallery *g, const ent_part_id *part, uint64_t flows); /* who may see all prints of the part */
void ent_gallery_remove(ent_gallery *g, const ent_part_id *part);
/* One part's prints in place of those that it has: at every moment a search finds it by the ones or by the others. */
ENT_MUST_CHECK ent_code ent_gallery_replace(ent_gallery *g, const ent_gallery_print *prints, ent_finger_template *const *templates, size_t count, ent_err *err);
size_t ent_gallery_count(ent_gallery *g);

/* The whole template of one print, for its ridges. NULL: it is gone. The caller of it frees. It is called by several threads at once. */
typedef ent_finger_template *ent_gallery_fetch(void *ctx, const ent_gallery_print *print);

/* What a search looks at. */
typedef struct ent_sight {
    uint64_t flow_bit;          /* 0: all that is held, whoever may see it */
    const ent_part_id *without; /* parts that it passes by */
    size_t without_count;
} ent_sight;

/* The best parts: any print of the probe proposes (positions are compared where both are known), the fingers of the likeliest parts
 * decide together. sight NULL: all that is held. */
ENT_MUST_CHECK ent_code ent_gallery_search(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers,
                                           size_t count, const ent_sight *sight, ent_gallery_fetch *fetch, void *ctx, ent_likeliest *ret,
                                           ent_err *err);

/* One part, whatever a search would have proposed. ENT_NOT_FOUND: it has no print that is in sight and is there. */
ENT_MUST_CHECK ent_code ent_gallery_compare(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers, size_t count, const ent_part_id *part,
                                            const ent_sight *sight, ent_gallery_fetch *fetch, void *ctx, ent_found *ret, ent_err *err);

#endif
