/* The first stage of 1:N: what a gallery keeps of a template, and how one is judged in a microsecond or so.
 *
 * An entry has, beside everything of the compact template, 64 bits for each of its best 32 minutiae: the ridge orientation
 * at 16 places around it. The bits of all pairs (32 x 32) are compared by exclusive or and population count; the 32 nearest pairs
 * each say how the prints would lie on each other, and how many of the others say the same. For those that most agree with
 * every minutia of the entry is looked up in a map of the probe, which tells in one word whether a minutia or at least the ridges
 * there agree. The few percent that come out best are looked at once more, more closely (closer.c): minutiae paired one to one,
 * the alignment fitted to them, all of both fields compared. */
#ifndef FINGER_SCAN_H
#define FINGER_SCAN_H

#include "finger/template.h"

enum {
    FINGER_SCAN_LANES = 32,  /* minutiae with bits, the best ones */
    FINGER_SCAN_PLANES = 8,  /* bytes of bits of one minutia; a plane has one byte of each */
    FINGER_SCAN_SEEDS = 32,  /* pairs that vote */
    FINGER_SCAN_JUDGED = 3,  /* of these, the ones that are tried */
    FINGER_SCAN_NEAR = 12,   /* bits in which a pair may differ to vote */
    FINGER_SCAN_TURN = 48,   /* 1/256 turn: whose directions differ by more than this, */
    FINGER_SCAN_TURNED = 4,  /* differs in so many bits more: few prints are taken askew, and where ridges run straight half of all pairs are */
    FINGER_MAP_SIDE = 64,    /* cells of 8 x 8 pixels: 512 pixels a side around the probe's middle */
    FINGER_ENTRY_SLACK = 32,
    FINGER_ENTRY_MAX = 1020, /* bytes of an entry; with its place in the table 1,024 */
};

/* An entry as it lies in memory: this head, then x, y, angle, kind and quality, rest (a byte each for every minutia),
 * then the coarse field as the native form packs it. Nothing is aligned; FINGER_ENTRY_SLACK bytes behind it can be read. */
typedef struct finger_entry {
    uint8_t slot[4];
    uint8_t width[2], height[2];
    uint8_t quality; /* 255 unknown */
    uint8_t count;
    uint8_t cell;    /* of the coarse field, in 4 pixels; 0: guessed anew */
    uint8_t planes[FINGER_SCAN_PLANES][FINGER_SCAN_LANES];
    uint8_t more[];
} finger_entry;

typedef struct finger_seed {
    uint8_t probe, entry, differ;
} finger_seed;

typedef struct finger_seeds {
    uint8_t probe[FINGER_SCAN_SEEDS], entry[FINGER_SCAN_SEEDS], differ[FINGER_SCAN_SEEDS];
} finger_seeds;

/* A probe made ready for scanning. One allocation without pointers: erase and free. */
typedef struct finger_scan {
    /* plane by plane each byte 32 times: of a minutia, then of the next one */
    _Alignas(64) uint8_t wide[FINGER_SCAN_LANES / 2][FINGER_SCAN_PLANES][2][FINGER_SCAN_LANES];
    _Alignas(64) uint8_t counts[FINGER_SCAN_LANES][2 * FINGER_SCAN_PLANES][16]; /* for each half byte, by what an entry has: bits that differ */
    uint8_t bits[FINGER_SCAN_LANES][FINGER_SCAN_PLANES];
    int count, all;                  /* of its minutiae with bits; of all */
    int16_t x[FINGER_MINUTIAE_MAX], y[FINGER_MINUTIAE_MAX]; /* 1/8 pixel from the map's corner */
    uint8_t angle[FINGER_MINUTIAE_MAX];
    int16_t cos[256], sin[256];      /* 1/32768, y down, of a turn in 1/256 counter-clockwise */
    uint16_t worth[FINGER_MINUTIAE_MAX + 1]; /* 1/1024, of points by the entry's number of minutiae: who has more meets more by chance */
    uint32_t map[FINGER_MAP_SIDE * FINGER_MAP_SIDE + 1]; /* last: outside. Bit s: a minutia of direction s / 16 turn; bit 16 + s: ridges */
    /* for the closer look: the minutiae next to a cell, one more than their number, the nearest first; the coarse field */
    uint8_t next[FINGER_MAP_SIDE * FINGER_MAP_SIDE + 1][2], field[FINGER_MAP_SIDE * FINGER_MAP_SIDE + 1];
} finger_scan;

size_t finger_entry_size(const ent_finger_template *t); /* bytes, at most FINGER_ENTRY_MAX */
void finger_entry_make(const ent_finger_template *t, uint32_t slot, finger_entry *ret); /* into finger_entry_size bytes */
int finger_entry_shift(uint32_t width, uint32_t height); /* positions are kept in 1 << shift pixels */
uint32_t finger_entry_slot(const finger_entry *e);
/* The coarse field again; without one cell is 0. */
void finger_entry_field(const finger_entry *e, finger_coarse *ret, uint8_t field[FINGER_COARSE_CELLS_MAX]);
/* The compact template again; turns may be NULL (template.h). */
ENT_MUST_CHECK ent_code finger_entry_template(const finger_entry *e, const finger_turns *turns,
                                              ent_finger_template **ret_template, ent_err *err);

void finger_scan_make(const ent_finger_template *probe, finger_scan *ret);

/* The alignment with most points: the minutiae that it lays on each other, and those points. Small: a search remembers one of each entry. */
typedef struct finger_tried {
    int16_t points;
    uint8_t probe, entry; /* FINGER_UNTRIED: nothing was near enough to be tried */
} finger_tried;

enum { FINGER_UNTRIED = 255, FINGER_CLOSER_TIMES = 3, FINGER_CLOSER_TERMS = 10 };

/* The loops, plain and for newer machines; all give the same (gallery_test.c). */
typedef struct finger_scan_kernels {
    const char *name;
    /* The nearest pairs, at most two of one minutia of the entry; of those equally far the nearest of each go before the second, then by entry.
     * They are listed in that last order, those of the last difference that has a part in it behind the others. Returns how many. */
    int (*seeds)(const finger_scan *p, const finger_entry *e, finger_seeds *ret);
    /* For each of n pairs how many minutiae of others would lie on each other when its own do: nearly the same turn, a few pixels apart. */
    void (*votes)(const finger_scan *p, const finger_entry *e, const finger_seeds *seeds, int n, uint8_t ret[FINGER_SCAN_SEEDS]);
    /* The pairs to try: by votes and by how near they are, of equal ones the first; returns how many. votes and seeds are read past n. */
    int (*choose)(const finger_seeds *seeds, const uint8_t votes[FINGER_SCAN_SEEDS], int n, uint8_t ret[FINGER_SCAN_JUDGED]);
    /* How well the entry lies on the probe when the seed's minutiae are laid on each other; may be negative. */
    int (*judge)(const finger_scan *p, const finger_entry *e, finger_seed seed);
    /* What the closer look weighs; false: no alignment. */
    bool (*terms)(const finger_scan *p, const finger_entry *e, finger_tried tried, float ret_terms[FINGER_CLOSER_TERMS]);
} finger_scan_kernels;

const finger_scan_kernels *finger_scan_kernels_at(int i); /* 0 the plain one; NULL past what this machine can run */
const finger_scan_kernels *finger_scan_kernels_best(void);

/* 0: nothing alike, to 65535. */
uint16_t finger_scan_score(const finger_scan_kernels *k, const finger_scan *p, const finger_entry *e, finger_tried *ret_tried);

/* The closer look at the alignment that the first one liked best, in a few microseconds, for FINGER_CLOSER_TIMES as many as are handed on; its
 * scores are none of the first look's: 1 to 65535. */
uint16_t finger_scan_closer(const finger_scan_kernels *k, const finger_scan *p, const finger_entry *e, finger_tried tried);
bool finger_terms_plain(const finger_scan *p, const finger_entry *e, finger_tried tried, float ret_terms[FINGER_CLOSER_TERMS]);
bool finger_terms_avx2(const finger_scan *p, const finger_entry *e, finger_tried tried, float ret_terms[FINGER_CLOSER_TERMS]);

#endif
