/* The fingerprint engine: a grey image in, minutiae and a compact template out, two templates in, a score out; galleries of millions, slaps, tenprint
 * cards, other people's minutiae records. Latent prints are out of scope.
 *
 * No dependency beyond libc and libm's sqrt; no global state, no I/O, no clock, no output. Scores are the same on every machine: only + - * /
 * and sqrt in a fixed order.
 *
 *     cc match.c $(pkg-config --cflags --libs entente-finger)      (--static for the archive)
 *
 *     ent_err err;
 *     ent_finger_template *a, *b;
 *     ent_finger_probe *p;
 *     if (!ent_finger_extract(&image_a, &a, &err) && !ent_finger_extract(&image_b, &b, &err) && !ent_finger_probe_new(a, &p, &err))
 *         printf("%.1f\n", ent_finger_llr(ent_finger_match_full(p, b, NULL)).ratio);
 *
 * Threads: every function may be called from any thread. Templates, probes and fields are never changed after they are made, so many threads
 * may read one; a gallery says its own rule. Whoever gets something ends it with the function that is named beside it; all of these erase
 * what they free, and take NULL.
 * Errors: what can fail returns an ent_code (entente/error.h), 0 when all is well; the sentence in err says what was expected and what to do.
 * Outputs are written only on success, and come last. err may be NULL. What the programmer owes (no NULL where none is offered) is asserted.
 * Bytes: ent_finger_decode, ent_finger_record_read and ent_finger_card_read may be given anything; they read what is well-formed and name the fault
 * otherwise. Images are pixels: decode files elsewhere, in a process that may be lost.
 * Releases: names are versioned (ENTENTE_FINGER_0.1), the soname changes when one of them does; templates say their own version. */
#ifndef ENTENTE_FINGER_H
#define ENTENTE_FINGER_H

#include "entente/error.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A print as the caller has it: 8 bit grey, dark ridges on a light ground (the reverse is noticed and turned round).
 * Row y begins at pixels + y * stride. ppi 0 means 500; others, 250 to 1200, are resampled to 500. Read only. */
typedef struct ent_finger_image {
    const uint8_t *pixels;
    uint32_t width, height; /* pixels */
    size_t stride;          /* bytes from row to row, >= width */
    uint32_t ppi;           /* pixels an inch */
} ent_finger_image;

typedef enum ent_finger_kind {
    ENT_FINGER_OTHER = 0, /* numbers as in ISO/IEC 19794-2:2005, 7.5.2 */
    ENT_FINGER_ENDING = 1,
    ENT_FINGER_BIFURCATION = 2
} ent_finger_kind;

/* x right, y down from the image's top left corner in pixels at 500 ppi. angle: direction of the ridge ending or of
 * the valley ending between the branches (ISO/IEC 19794-2:2005, 6.4), counter-clockwise from the right, in 1/256 turn.
 * quality 1 to 100, 0 unknown. */
typedef struct ent_finger_minutia {
    uint16_t x, y;
    uint8_t angle;
    uint8_t kind; /* ent_finger_kind */
    uint8_t quality;
    uint8_t reserved; /* zero */
} ent_finger_minutia;

/* One print, made by extract, import or decode; owned by the caller, ended by ent_finger_template_free. */
typedef struct ent_finger_template ent_finger_template;

/* A template prepared for many comparisons. It copies what it needs: the template may go first. */
typedef struct ent_finger_probe ent_finger_probe;

/* ---- making templates ---- */

/* ENT_FORMAT for impossible sizes, ENT_TOO_LARGE over ENT_LIMIT_PRINT_SIDE at 500 ppi, ENT_QUALITY when there is no
 * print in the image, ENT_NO_MEMORY. The template carries its ridge part. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_extract(const ent_finger_image *image, ent_finger_template **ret_template,
                                                   ent_err *err);

/* From minutiae that somebody else found: count 1 to 255, positions inside width x height (pixels at 500 ppi).
 * Without texture and ridge part it matches less well; the best 128 are kept. ENT_FORMAT on a position outside or a count of zero. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_import(const ent_finger_minutia *minutiae, size_t count,
                                                  const uint32_t size[2], ent_finger_template **ret_template,
                                                  ent_err *err);

ENT_API void ent_finger_template_free(ent_finger_template *t); /* erases; NULL is fine */

/* ---- looking into them ---- */

ENT_API const ent_finger_minutia *ent_finger_minutiae(const ent_finger_template *t, size_t *ret_count); /* t's */
ENT_API void ent_finger_size(const ent_finger_template *t, uint32_t ret_size[2]); /* width, height at 500 ppi */
ENT_API int ent_finger_quality(const ent_finger_template *t);    /* 0 worst to 100; -1 unknown (imported) */
ENT_API bool ent_finger_has_ridges(const ent_finger_template *t); /* the larger second part is there */

/* ---- the native form (docs/protocol/finger-template.md) ---- */

typedef enum ent_finger_part {
    ENT_FINGER_COMPACT = 0, /* minutiae and descriptors, at most ENT_FINGER_COMPACT_MAX bytes */
    ENT_FINGER_FULL = 1     /* and the ridge part, when the template has it */
} ent_finger_part;

#define ENT_FINGER_COMPACT_MAX 1024
#define ENT_FINGER_FULL_MAX 17408

/* Writes at most cap bytes. ENT_TOO_LARGE when they do not suffice (ENT_FINGER_FULL_MAX always does). */
ENT_API ENT_MUST_CHECK ent_code ent_finger_encode(const ent_finger_template *t, ent_finger_part part, uint8_t *ret_bytes,
                                                  size_t cap, size_t *ret_len, ent_err *err);

/* ENT_FORMAT for anything that encode could not have written, ENT_UNSUPPORTED for a later version. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_decode(const uint8_t *bytes, size_t len, ent_finger_template **ret_template,
                                                  ent_err *err);

/* ---- other people's minutiae ---- */

/* Finger minutiae records. The later editions share their version and are told apart by which lengths add up. */
typedef enum ent_finger_record_format {
    ENT_FINGER_ISO_2005,  /* ISO/IEC 19794-2:2005, record format */
    ENT_FINGER_ANSI_2004, /* ANSI/INCITS 378-2004 */
    ENT_FINGER_ISO_2011,  /* ISO/IEC 19794-2:2011 */
    ENT_FINGER_ANSI_2009  /* ANSI/INCITS 378-2009 */
} ent_finger_record_format;

#define ENT_FINGER_RECORD_MAX 1600 /* bytes of a record of one view, in any format */

/* One view of a record that is written. position: 0 unknown, 1 right thumb … 10 left little; impression: 0 live-scan plain, 1 rolled, … (their
 * table of impression types). t is borrowed. */
typedef struct ent_finger_view {
    const ent_finger_template *t;
    uint8_t position, impression;
} ent_finger_view;

/* What a record says of itself and of the view that was read. */
typedef struct ent_finger_record {
    ent_finger_record_format format;
    uint32_t views;
    uint8_t position, number, impression; /* of the view: position 0 to 10, number among the views of that finger */
    int quality;                          /* of the view, -1 not said */
    uint32_t extended;                    /* bytes of extended data, which are passed over: ridge counts, cores and deltas, vendors' own */
} ent_finger_record;

ENT_API bool ent_finger_record_is(const uint8_t *bytes, size_t len); /* by its first eight bytes */

/* The view of that number, from 0. Positions come in pixels at 500 ppi whatever the record's resolution, along each axis. ret_record may be NULL.
 * ENT_FORMAT for lengths and counts that do not hold, ENT_NOT_FOUND when there are fewer views; as ent_finger_import. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_record_read(const uint8_t *bytes, size_t len, size_t view, ent_finger_template **ret_template,
                                                       ent_finger_record *ret_record, ent_err *err);

/* 1 to 32 views, without extended data; at most cap bytes. ENT_TOO_LARGE. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_record_write(const ent_finger_view *views, size_t count, ent_finger_record_format format,
                                                        uint8_t *ret_bytes, size_t cap, size_t *ret_len, ent_err *err);

/* The card formats of ISO/IEC 19794-2:2005, clause 8: minutiae of 5 bytes (1/100 mm), or compact ones of 3 (1/10 mm, 25.5 mm a side), without a header:
 * the caller has to know which. Written: minutiae outside the form's reach are left out. At most 255. ENT_FORMAT, ENT_TOO_LARGE. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_card_read(const uint8_t *bytes, size_t len, bool compact, ent_finger_template **ret_template, ent_err *err);
ENT_API ENT_MUST_CHECK ent_code ent_finger_card_write(const ent_finger_template *t, bool compact, uint8_t *ret_bytes, size_t cap,
                                                      size_t *ret_len, ent_err *err);

/* ---- matching ---- */

#define ENT_FINGER_PAIRS_MAX 128

/* Which minutia of the probe met which of the candidate, and how the probe lies on the candidate:
 * x' = cos x - sin y + dx, y' = sin x + cos y + dy (pixels at 500 ppi, y down). */
typedef struct ent_finger_pairs {
    size_t count;
    struct {
        uint8_t probe, candidate;
    } pair[ENT_FINGER_PAIRS_MAX];
    double cos, sin, dx, dy;
} ent_finger_pairs;

ENT_API ENT_MUST_CHECK ent_code ent_finger_probe_new(const ent_finger_template *t, ent_finger_probe **ret_probe,
                                                     ent_err *err);
ENT_API void ent_finger_probe_free(ent_finger_probe *p); /* erases; NULL is fine */

/* The score of the compact parts alone: what 1:N uses. 40 plus 10 for each power of ten of the likelihood ratio, never
 * below 0 (ent_finger_llr says what the data carry of it). Allocates nothing.
 * ret_pairs may be NULL. */
ENT_API double ent_finger_match(const ent_finger_probe *p, const ent_finger_template *t, ent_finger_pairs *ret_pairs);

/* As above, and when both have their ridge part, with its evidence: for verification and the few best candidates.
 * On one scale with ent_finger_match: a full score is a compact score that was told more. */
ENT_API double ent_finger_match_full(const ent_finger_probe *p, const ent_finger_template *t,
                                     ent_finger_pairs *ret_pairs);

/* An imported template (ent_finger_import, ent_finger_record_read, …) prepared for comparison with another maker's or the engine's own: other software may have
 * stretched the image first, by up to a third and not alike along both axes. ret_by may be NULL: the stretch that fitted best, along x and y; pairs
 * (may be NULL) say how the stretched print lies. 25 times the time of ent_finger_match; on its scale, less what so many tries are worth (3 for none, 17 for
 * a stretch). For templates of the engine's own extraction there is nothing to gain. */
typedef struct ent_finger_stretched ent_finger_stretched;
ENT_API ENT_MUST_CHECK ent_code ent_finger_stretched_new(const ent_finger_template *t, ent_finger_stretched **ret_stretched, ent_err *err);
ENT_API void ent_finger_stretched_free(ent_finger_stretched *s); /* erases; NULL is fine */
ENT_API double ent_finger_match_stretched(const ent_finger_stretched *s, const ent_finger_template *t, ent_finger_pairs *ret_pairs, double ret_by[2]);

/* The meaning of a score: log10 of the likelihood ratio "same finger" to "different fingers", with its 95 % interval.
 * `ratio` never claims more than the data carry: it is clamped to [-bound, bound]; what a fitted tail would say beyond
 * stands in `extrapolated` and by itself is no ground for a hit. */
typedef struct ent_finger_meaning {
    double ratio;        /* log10, clamped */
    double low, high;    /* its interval */
    double extrapolated; /* log10, not clamped; equals ratio inside the bound */
    double false_match;  /* share of impostor comparisons that score at least this, not below what was measurable */
    double false_match_tail; /* the same by a tail that was fitted beyond (the upper end of its interval); equals false_match where that was
                              * measured, and by itself is no ground for a hit */
} ent_finger_meaning;

ENT_API ent_finger_meaning ent_finger_llr(double score);

#define ENT_FINGER_SEVERAL_MAX 10

/* The meaning of several fingers of one person against those of another: scores of pairs of prints in which no print occurs twice,
 * at most ENT_FINGER_SEVERAL_MAX. ways: 1 when every pair is of one known finger, else in how many ways the pairs could have been
 * chosen (ent_finger_ways); it lowers the ratio and raises false_match, which is the share of other persons whose fingers together
 * are as alike (Fisher's combination of the fingers' own shares). One score and ways 1: as ent_finger_llr. */
ENT_API ent_finger_meaning ent_finger_llr_several(const double *scores, size_t count, double ways);
/* In how many ways `pairs` pairs can be made of so many prints of two persons. */
ENT_API double ent_finger_ways(size_t prints, size_t others, size_t pairs);

/* ---- a gallery: many templates, searched in two stages ---- */

/* Compact templates, packed: at most 1,024 bytes a print with all that a search needs (about 700 on average), besides the room
 * that its tables grow by. A search looks at every visible entry's index, some hundred nanoseconds each, and hands the best share
 * to ent_finger_match. It never touches what is not visible. Searches may run side by side; adding and removing needs to be alone:
 * the caller locks, around all of a search or, with hold and let, around each of its short steps. */
typedef struct ent_finger_gallery ent_finger_gallery;

/* Where entries lie: for memory that is locked, for instance. take returns memory of so many bytes or NULL; give gets it back,
 * erased. */
typedef struct ent_finger_memory {
    void *(*take)(void *ctx, size_t size);
    void (*give)(void *ctx, void *memory, size_t size);
    void *ctx;
} ent_finger_memory;

/* memory NULL: the heap. ENT_NO_MEMORY. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_gallery_new(const ent_finger_memory *memory, ent_finger_gallery **ret_gallery, ent_err *err);
ENT_API void ent_finger_gallery_free(ent_finger_gallery *g); /* erases; NULL is fine */

/* Copies the compact part. The slot is the print's number until it is removed; then it is given again. ENT_NO_MEMORY, ENT_TOO_LARGE. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_gallery_add(ent_finger_gallery *g, const ent_finger_template *t, uint32_t *ret_slot,
                                                       ent_err *err);
ENT_API void ent_finger_gallery_remove(ent_finger_gallery *g, uint32_t slot); /* erases; an empty slot is fine */
/* The compact template again, byte for byte. ENT_NOT_FOUND for an empty slot. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_gallery_get(const ent_finger_gallery *g, uint32_t slot, ent_finger_template **ret_template,
                                                       ent_err *err);
ENT_API size_t ent_finger_gallery_count(const ent_finger_gallery *g);
ENT_API uint32_t ent_finger_gallery_slots(const ent_finger_gallery *g); /* every slot is below: the size of a bitmap */
ENT_API size_t ent_finger_gallery_bytes(const ent_finger_gallery *g);   /* all that it has taken */

/* How to search; all zero is a good start. */
typedef struct ent_finger_search {
    double share;     /* of the visible entries that are compared in detail; 0: 0.01 */
    size_t least;     /* so many at least; 0: 64 */
    bool exhaustive;  /* compare all in detail: to measure what the first stage loses */
    const uint64_t *bitmap;                       /* NULL, or a bit for each slot that is visible */
    bool (*visible)(void *ctx, uint32_t slot);    /* NULL, or asked for each that the bitmap shows */
    void *visible_ctx;
    /* NULL: all in this thread. Else calls work(ctx, i) for each i < count, in any order and on any threads, and returns when all
     * are done. The answer is the same. */
    void (*parallel)(void *pool, size_t count, void (*work)(void *ctx, size_t i), void *ctx);
    void *pool;
    /* NULL: nothing is added or removed until the search is over. Else hold is called before the gallery is looked at and let after it, on
     * the same thread, for a thousand entries or one comparison's copy at a time; between the two nothing may be added or removed, in all
     * the time else it may. What was there from the beginning to the end is seen, whatever moved meanwhile; what was removed is not
     * answered if it went before its comparison. A slot can be another print's by then: visible, which is asked again for each that is
     * compared, says no to what was added since. */
    void (*hold)(void *guard);
    void (*let)(void *guard);
    void *guard;
} ent_finger_search;

typedef struct ent_finger_candidate {
    uint32_t slot;
    double score; /* ent_finger_match */
} ent_finger_candidate;

typedef struct ent_finger_found {
    ent_finger_candidate *candidates; /* by falling score, then by slot */
    size_t count;                     /* of them */
    size_t visible, compared;         /* entries that were looked at, and in detail */
} ent_finger_found;

/* The best candidates, at most `most`. how NULL: as all zero. On success the caller ends ret_found by ent_finger_found_free.
 * ENT_NO_MEMORY. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_gallery_search(const ent_finger_gallery *g, const ent_finger_probe *probe,
                                                          const ent_finger_search *how, size_t most, ent_finger_found *ret_found,
                                                          ent_err *err);
ENT_API void ent_finger_found_free(ent_finger_found *f); /* what it points to */

/* ---- the steps between, for drawing and for study ---- */

/* All fields lie on the image at 500 ppi. Owned by the caller; ended by ent_finger_fields_free. */
typedef struct ent_finger_fields {
    uint32_t width, height;
    uint32_t cell, columns, rows; /* cells of `cell` pixels */
    uint8_t *orientation;         /* per cell: ridge orientation, counter-clockwise, 1/256 of a half turn */
    uint8_t *period;              /* per cell: ridge period in 1/16 pixel, 0 none */
    uint8_t *quality;             /* per cell: 0 background, 1 worst to 100 */
    uint8_t *enhanced;            /* per pixel: 128 + filter response, ridges dark */
    uint8_t *skeleton;            /* per pixel: 1 on a ridge line */
} ent_finger_fields;

/* As ent_finger_extract, and the fields of that run. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_analyse(const ent_finger_image *image, ent_finger_template **ret_template,
                                                   ent_finger_fields **ret_fields, ent_err *err);
ENT_API void ent_finger_fields_free(ent_finger_fields *f); /* erases; NULL is fine */

/* The print with its minutiae (circle: ending, square: bifurcation; the tail lies along the ridge) and, unless fields is NULL, quality (green good, red bad) and ridge
 * orientation. image NULL: on white. ret_rgb: three bytes a pixel, of ent_finger_size(t). */
ENT_API void ent_finger_draw(const ent_finger_image *image, const ent_finger_template *t, const ent_finger_fields *fields, uint8_t *ret_rgb);

/* ---- several fingers in one image ---- */

/* Friction ridge positions (ANSI/NIST-ITL 1-2011, table 8): 1 right thumb, 2 right index … 5 right little, 6 left thumb … 10 left little;
 * 11, 12 a plain right, left thumb; 13, 14 the four fingers of the right, left hand; 15 both thumbs; 40 to 50 two or three fingers of a
 * hand. 0 unknown. */
enum { ENT_FINGER_PLAIN_RIGHT_THUMB = 11, ENT_FINGER_PLAIN_LEFT_THUMB, ENT_FINGER_RIGHT_SLAP, ENT_FINGER_LEFT_SLAP, ENT_FINGER_THUMBS };

#define ENT_FINGER_SLAP_MAX 4

typedef struct ent_finger_segment {
    double corner[4][2];      /* of the turned rectangle around the fingertip, pixels of the image as given: top left, then clockwise */
    uint32_t x, y, width, height; /* the upright box around that, inside the image */
    uint8_t position;         /* 1 to 10; 0: it could not be told */
    uint8_t quality;          /* 1 worst to 100: mean over its ridges */
} ent_finger_segment;

typedef enum ent_finger_hand { ENT_FINGER_HAND_UNKNOWN, ENT_FINGER_HAND_RIGHT, ENT_FINGER_HAND_LEFT, ENT_FINGER_HAND_THUMBS } ent_finger_hand;

typedef struct ent_finger_slap {
    size_t count;             /* of fingers, from left to right */
    ent_finger_segment finger[ENT_FINGER_SLAP_MAX];
    size_t expected;          /* how many the position announces; 0: not known */
    ent_finger_hand hand;     /* as the position says; else as the fingertips lie */
    double lies_right;        /* log10 of the odds that the fingertips lie as a right hand's, not a left one's; 0 with fewer than three */
    double turn;              /* degrees by which the fingers lean to the right at their tips, as seen */
    uint8_t ground;           /* the image's mean grey where there is no print */
} ent_finger_slap;

/* Finds the fingertips of a slap: two to four fingers of a hand, or both thumbs, distal phalanges only, in any case and at most as many as
 * the position announces. position: 13, 14, 15, 40 to 50 as above, or 0: then the hand is decided by how four (or three) fingertips
 * lie, and stays unknown when that says little. missing: a bit (1 << position) for each finger that is known to be amputated or bandaged.
 * Fewer fingers than announced: each gets its position when the shape of a hand decides it (odds of 100 to 1), else 0.
 * ENT_QUALITY: no finger is seen. ENT_UNSUPPORTED: another position. Otherwise as ent_finger_extract. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_segment_slap(const ent_finger_image *image, int position, uint32_t missing,
                                                        ent_finger_slap *ret_slap, ent_err *err);

/* The finger's box as an image of its own, width x height pixels of it; what belongs to neighbours is painted with the ground. */
ENT_API void ent_finger_cut(const ent_finger_image *image, const ent_finger_slap *slap, size_t finger, uint8_t *ret_pixels);

/* ---- the sequence of a card ---- */

typedef struct ent_finger_card_print {
    const ent_finger_template *t;
    uint8_t position; /* 1 to 10; others are left out */
    bool plain;       /* from a slap, or a plain thumb; false: rolled */
} ent_finger_card_print;

typedef enum ent_finger_doubt {
    ENT_FINGER_DOUBT_SWAPPED,     /* `print` is said to be one finger and is the finger of `other` */
    ENT_FINGER_DOUBT_TWICE,       /* both are of one finger, said to be two, and no third print says which */
    ENT_FINGER_DOUBT_UNCONFIRMED  /* plain and rolled print of one position do not match, though both are good */
} ent_finger_doubt;

typedef struct ent_finger_finding {
    ent_finger_doubt doubt;
    size_t print, other; /* places in the card */
    double score;        /* of the two against each other, ent_finger_match_full */
} ent_finger_finding;

/* Holds the prints of one person's card against each other: every plain print should match the rolled one of its position, and none of
 * another. At most cap findings, in order of the prints; *ret_count of them. Scores that say "same finger" begin at 60, which no
 * impostor pair reached (ent_finger_llr). Up to 32 prints: ENT_TOO_LARGE. ENT_NO_MEMORY. */
ENT_API ENT_MUST_CHECK ent_code ent_finger_sequence(const ent_finger_card_print *card, size_t count, ent_finger_finding *ret_findings,
                                                    size_t cap, size_t *ret_count, ent_err *err);

#ifdef __cplusplus
}
#endif

#endif
