/* Descriptors compared: every minutia of one print with every one of another. The same loop is compiled for machines
 * with and without the population count instruction; it has integers only. */
#include "finger/arith.h"
#include "finger/match.h"

#define LEAST 110 /* similarity below which a pair proposes nothing */
#define TOP 384   /* above every similarity */

/* 65536 / n and 65536 / (n + 3), rounded down */
#define R(n) {65536 / ((n) ? (n) : 1), 65536 / ((n) + 3)}
static const int32_t reciprocal[33][2] = {
    R(0),  R(1),  R(2),  R(3),  R(4),  R(5),  R(6),  R(7),  R(8),  R(9),  R(10), R(11), R(12), R(13), R(14), R(15), R(16),
    R(17), R(18), R(19), R(20), R(21), R(22), R(23), R(24), R(25), R(26), R(27), R(28), R(29), R(30), R(31), R(32),
};
#undef R

__attribute__((always_inline)) static inline int similarity(const finger_descriptor *a, const finger_descriptor *b)
{
    uint64_t seen = a->seen & b->seen;
    int n = __builtin_popcountll(seen);
    if (n < 6) return a->seen && b->seen ? 40 : 128; /* without texture nothing is known */
    uint64_t both = seen | seen << 32;
    int d = __builtin_popcountll((a->bits[0] ^ b->bits[0]) & both) + __builtin_popcountll((a->bits[1] ^ b->bits[1]) & both);
    int texture = 256 - (128 * d * reciprocal[n][0] >> 16);
    if (texture < 0) texture = 0;
    int common = __builtin_popcount(a->near & b->near), either = __builtin_popcount((a->near | b->near) & (uint32_t)seen);
    int neighbours = either ? 256 * common * reciprocal[either][0] >> 16 : 128;
    return (texture * n * reciprocal[n][1] >> 16) + (neighbours - 64) / 6;
}

int finger_similarity(const finger_descriptor *a, const finger_descriptor *b)
{
    return similarity(a, b);
}

typedef void compare_fn(const ent_finger_template *p, const ent_finger_template *t, int16_t *ret, uint16_t *histogram);

__attribute__((always_inline)) static inline void compare(const ent_finger_template *p, const ent_finger_template *t,
                                                           int16_t *ret, uint16_t *histogram)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < t->count; j++) {
            int s = similarity(&p->descriptors[i], &t->descriptors[j]);
            s = s < 0 ? 0 : s >= TOP ? TOP - 1 : s;
            *ret++ = (int16_t)s;
            histogram[s]++;
        }
}

static void compare_plain(const ent_finger_template *p, const ent_finger_template *t, int16_t *ret, uint16_t *histogram)
{
    compare(p, t, ret, histogram);
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void compare_popcnt(const ent_finger_template *p, const ent_finger_template *t,
                                                             int16_t *ret, uint16_t *histogram)
{
    compare(p, t, ret, histogram);
}
#endif

static compare_fn *compare_for_this_machine(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt")) return compare_popcnt;
#endif
    return compare_plain;
}

/* the similarity above which fewer than FINGER_SIMILAR_MAX pairs lie */
static int threshold(const uint16_t *histogram)
{
    int s = TOP - 1, above = 0;
    for (; s >= LEAST; s--) {
        above += histogram[s];
        if (above > FINGER_SIMILAR_MAX) break;
    }
    return s + 1;
}

static int insert(finger_similar *ret, int n, finger_similar one)
{
    int k = n;
    for (; k > 0 && ret[k - 1].similarity < one.similarity; k--) ret[k] = ret[k - 1];
    ret[k] = one;
    return n + 1;
}

int finger_find_similar(const ent_finger_template *p, const ent_finger_template *t,
                        finger_similar ret_similar[FINGER_SIMILAR_MAX])
{
    int16_t all[FINGER_MINUTIAE_MAX * FINGER_MINUTIAE_MAX];
    uint16_t histogram[TOP] = {0};
    compare_for_this_machine()(p, t, all, histogram);
    int least = threshold(histogram), n = 0;
    /* those above first, then as many as fit of those just below, in order */
    for (int below = 0; below < 2; below++) {
        if (below && least <= LEAST) break;
        const int16_t *s = all;
        for (size_t i = 0; i < p->count; i++)
            for (size_t j = 0; j < t->count; j++, s++) {
                if (below ? *s != least - 1 : *s < least) continue;
                if (n == FINGER_SIMILAR_MAX) return n;
                n = insert(ret_similar, n, (finger_similar){(uint8_t)i, (uint8_t)j, *s});
            }
    }
    return n;
}
