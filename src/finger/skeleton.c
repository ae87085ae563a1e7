/* Ridge lines one pixel wide: the response's sign, thinned by Guo and Hall's parallel algorithm ("Parallel thinning
 * with two-subiteration algorithms", CACM 32, 1989), 64 pixels at a time: their conditions are boolean functions of
 * the eight neighbours, so each is computed for a whole word. */
#include "base/wipe.h"
#include "finger/canvas.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 40

typedef struct bits {
    int words, rows; /* words a row, with one empty word and row on every side */
    uint64_t *now, *next;
} bits;

static uint64_t west(const uint64_t *p)
{
    return p[0] << 1 | p[-1] >> 63;
}

static uint64_t east(const uint64_t *p)
{
    return p[0] >> 1 | p[1] << 63;
}

/* the pixels of one word that this half round removes */
static uint64_t removable(const uint64_t *p, ptrdiff_t words, int half)
{
    const uint64_t *up = p - words, *down = p + words;
    uint64_t n = *up, ne = east(up), e = east(p), se = east(down), s = *down, sw = west(down), w = west(p), nw = west(up);
    uint64_t c1 = ~n & (ne | e), c2 = ~e & (se | s), c3 = ~s & (sw | w), c4 = ~w & (nw | n);
    uint64_t one = (c1 ^ c2 ^ c3 ^ c4) & ~((c1 & c2) | (c3 & c4)); /* exactly one: odd, and no pair */
    uint64_t a1 = nw | n, a2 = ne | e, a3 = se | s, a4 = sw | w;
    uint64_t b1 = n | ne, b2 = e | se, b3 = s | sw, b4 = w | nw;
    uint64_t a_two = (a1 & a2) | (a3 & a4) | ((a1 | a2) & (a3 | a4)), a_four = a1 & a2 & a3 & a4;
    uint64_t b_two = (b1 & b2) | (b3 & b4) | ((b1 | b2) & (b3 | b4)), b_four = b1 & b2 & b3 & b4;
    uint64_t least_two = a_two & b_two, not_four = ~(a_four & b_four);
    uint64_t kept = half ? ((s | sw | ~nw) & w) : ((n | ne | ~se) & e);
    return *p & one & least_two & not_four & ~kept;
}

static bool half_round(bits *b, int half)
{
    uint64_t changed = 0;
    for (int y = 1; y < b->rows - 1; y++)
        for (int i = 1; i < b->words - 1; i++) {
            size_t at = (size_t)y * (size_t)b->words + (size_t)i;
            uint64_t gone = removable(b->now + at, b->words, half);
            b->next[at] = b->now[at] & ~gone;
            changed |= gone;
        }
    uint64_t *t = b->now;
    b->now = b->next, b->next = t;
    return changed != 0;
}

static void binarise(const finger_canvas *c, bits *b)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++)
            if (c->response[finger_at(c, x, y)] > 0)
                b->now[(size_t)(y + 1) * (size_t)b->words + (size_t)(x / 64 + 1)] |= 1ULL << (x % 64);
}

void finger_skeleton(finger_canvas *c)
{
    bits b = {.words = (c->w + 63) / 64 + 2, .rows = c->h + 2};
    size_t n = (size_t)b.words * (size_t)b.rows;
    uint64_t *memory = calloc(2 * n, sizeof *memory);
    memset(c->skeleton, 0, (size_t)c->w * (size_t)c->h);
    if (!memory) return; /* no lines: no minutiae are found, and extract says so */
    b.now = memory, b.next = memory + n;
    binarise(c, &b);
    bool changed = true;
    for (int k = 0; k < ROUNDS_MAX && changed; k++) {
        changed = half_round(&b, 0);
        changed = half_round(&b, 1) || changed;
    }
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++)
            c->skeleton[(size_t)y * (size_t)c->w + (size_t)x] =
                b.now[(size_t)(y + 1) * (size_t)b.words + (size_t)(x / 64 + 1)] >> (x % 64) & 1;
    ent_wipe(memory, 2 * n * sizeof *memory);
    free(memory);
}
