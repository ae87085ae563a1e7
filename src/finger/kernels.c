/* See kernels.h. Each body is written once and inlined into one function for each kind of machine. */
#include "finger/kernels.h"

#define INLINE __attribute__((always_inline)) static inline

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));

/* 65536 / n and 65536 / (n + 3), rounded down */
#define R(n) {65536 / ((n) ? (n) : 1), 65536 / ((n) + 3)}
static const int32_t reciprocal[33][2] = {
    R(0),  R(1),  R(2),  R(3),  R(4),  R(5),  R(6),  R(7),  R(8),  R(9),  R(10), R(11), R(12), R(13), R(14), R(15), R(16),
    R(17), R(18), R(19), R(20), R(21), R(22), R(23), R(24), R(25), R(26), R(27), R(28), R(29), R(30), R(31), R(32),
};
#undef R

INLINE int similarity(const finger_descriptor *a, const finger_descriptor *b)
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

INLINE void filter(const float *in, float *out, int stride, const float *taps)
{
    eight sum[8] = {{0}};
    for (int ky = -FINGER_REACH; ky <= FINGER_REACH; ky++)
        for (int kx = -FINGER_REACH; kx <= FINGER_REACH; kx++) {
            float k = *taps++;
            eight tap = {k, k, k, k, k, k, k, k};
            for (int r = 0; r < 8; r++) sum[r] += tap * *(const eight *)(in + (r + ky) * stride + kx);
        }
    for (int r = 0; r < 8; r++) *(eight *)(out + r * stride) = sum[r];
}

#define NEAR 14
#define AROUND 92 /* no place is further from its minutia than 77: what is further than that by 15 is near none of them */

/* one bit for each place that is set */
INLINE uint32_t word(const uint16_t *set)
{
#define B(n) 1U << (n), 2U << (n), 4U << (n), 8U << (n)
    static const uint32_t bit[FINGER_PLACES] = {B(0), B(4), B(8), B(12), B(16), B(20), B(24), B(28)};
#undef B
    uint32_t w = 0;
    for (int k = 0; k < FINGER_PLACES; k++) w |= set[k] ? bit[k] : 0;
    return w;
}

/* The places that have a minutia near. */
INLINE uint32_t near_minutiae(const ent_finger_template *t, const ent_finger_minutia *a, const int16_t *own_x, const int16_t *own_y)
{
    uint16_t near[FINGER_PLACES] = {0};
    for (size_t j = 0; j < t->count; j++) {
        int x = t->minutiae[j].x - a->x, y = t->minutiae[j].y - a->y;
        if (x < -AROUND || x > AROUND || y < -AROUND || y > AROUND) continue;
        for (int k = 0; k < FINGER_PLACES; k++) {
            int16_t u = (int16_t)(own_x[k] - x), v = (int16_t)(own_y[k] - y);
            near[k] |= (uint16_t)(u * u + v * v) < NEAR * NEAR;
        }
    }
    return word(near);
}

/* An orientation difference in eighths of a half turn becomes four bits, of which neighbours differ in one: 0, 1, 3, 7, f, e, c, 8. */
INLINE void texture(const uint8_t *orientation, unsigned direction, finger_descriptor *ret)
{
    uint16_t step[FINGER_PLACES], seen[FINGER_PLACES], set[4][FINGER_PLACES];
    for (int k = 0; k < FINGER_PLACES; k++) {
        seen[k] = orientation[k] != 0;
        step[k] = (uint16_t)(((orientation[k] - 1U - direction) & 63) >> 3);
    }
    for (int k = 0; k < FINGER_PLACES; k++)
        for (int b = 0; b < 4; b++) set[b][k] = seen[k] & ((uint16_t)(step[k] - 1 - b) < 4);
    ret->seen = word(seen);
    ret->bits[0] = word(set[0]) | (uint64_t)word(set[1]) << FINGER_PLACES, ret->bits[1] = word(set[2]) | (uint64_t)word(set[3]) << FINGER_PLACES;
}

INLINE void describe(const ent_finger_template *t, size_t i, const int8_t own[2 * FINGER_PLACES], finger_descriptor *ret)
{
    const ent_finger_minutia *a = &t->minutiae[i];
    const finger_coarse *f = &t->coarse;
    int16_t x[FINGER_PLACES], y[FINGER_PLACES];
    uint16_t cell[FINGER_PLACES];
    uint8_t orientation[FINGER_PLACES], inside[FINGER_PLACES];
    /* 2^32 by the field's cell, rounded up, divides what is below 2^16 exactly; what is negative is, without its sign, beyond every column */
    uint64_t per_cell = ((1ULL << 32) + f->cell - 1U) / f->cell;
    for (int k = 0; k < FINGER_PLACES; k++) x[k] = own[k], y[k] = own[FINGER_PLACES + k];
    for (int k = 0; k < FINGER_PLACES; k++) {
        uint32_t column = (uint32_t)((uint32_t)(a->x + x[k]) * per_cell >> 32), row = (uint32_t)((uint32_t)(a->y + y[k]) * per_cell >> 32);
        inside[k] = (column < f->cols && row < f->rows) ? 0xff : 0;
        cell[k] = (uint16_t)(inside[k] ? row * f->cols + column : 0);
    }
    for (int k = 0; k < FINGER_PLACES; k++) orientation[k] = f->at[cell[k]] & inside[k];
    /* minutia angles go counter-clockwise as seen, the coarse field's clockwise (y down): 256 a turn, 128 a turn; modulo 64 the line's own */
    texture(orientation, 64U - (a->angle >> 1), ret);
    ret->near = near_minutiae(t, a, x, y);
}

INLINE void compare(const ent_finger_template *p, const ent_finger_template *t, int16_t *ret, uint16_t *histogram)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < t->count; j++) {
            int s = similarity(&p->descriptors[i], &t->descriptors[j]);
            s = s < 0 ? 0 : s >= FINGER_SIMILAR_TOP ? FINGER_SIMILAR_TOP - 1 : s;
            *ret++ = (int16_t)s;
            histogram[s]++;
        }
}

/* Proposals side by side, so that each one's sum is in the order of the pairs. */
INLINE void vote(const finger_voters *v, const finger_proposals *p, float *ret)
{
    for (int j = 0; j < FINGER_PROPOSALS_MAX; j++) ret[j] = 0;
    for (size_t k = 0; k < v->count; k++)
        for (int j = 0; j < FINGER_PROPOSALS_MAX; j++) {
            float x = p->cos[j] * v->probe_x[k] - p->sin[j] * v->probe_y[k] + p->dx[j] - v->x[k];
            float y = p->sin[j] * v->probe_x[k] + p->cos[j] * v->probe_y[k] + p->dy[j] - v->y[k];
            float m = x * x + y * y, r = finger_tolerance(v->probe_x[k] - p->cx[j], v->probe_y[k] - p->cy[j]);
            int32_t turned = (v->turn[k] - p->turn[j] + FINGER_TURN_MISS) & 255;
            float worth = v->similarity[k] * (1 - 0.5f * m / r);
            ret[j] += turned <= 2 * FINGER_TURN_MISS && m < r ? worth : 0;
        }
}

INLINE int32_t products(const int16_t *a, const int16_t *b, int stride)
{
    int32_t sum = 0;
    for (int y = 0; y < FINGER_BLOCK; y++, a += stride, b += stride)
        for (int x = 0; x < FINGER_BLOCK; x++) sum += a[x] * b[x];
    return sum;
}

INLINE void around(const int16_t *a, const int16_t *b, int stride, int n, int32_t *ret)
{
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) *ret++ = products(a + y * stride + x, b, stride);
}

/* `many` of them, four at most; columns of eight products are 16 bits still. */
INLINE void few_cells(const int16_t *a, const int16_t *b, int stride, int many, int32_t *ret)
{
    int16_t column[8 * 4] = {0};
    for (int y = 0; y < 8; y++, a += stride, b += stride)
        for (int x = 0; x < 8 * many; x++) column[x] = (int16_t)(column[x] + a[x] * b[x]);
    for (int c = 0; c < many; c++) {
        int32_t sum = 0;
        for (int x = 0; x < 8; x++) sum += column[8 * c + x];
        ret[c] = sum;
    }
}

INLINE void cells(const int16_t *a, const int16_t *b, int stride, int n, int32_t *ret)
{
    int c = 0;
    for (; c + 4 <= n; c += 4) few_cells(a + 8 * c, b + 8 * c, stride, 4, ret + c);
    for (; c < n; c++) few_cells(a + 8 * c, b + 8 * c, stride, 1, ret + c);
}

INLINE int32_t energy(const int16_t *v, const int16_t *mask, int stride)
{
    int32_t sum = 0;
    for (int y = 0; y < FINGER_BLOCK; y++, v += stride, mask += stride)
        for (int x = 0; x < FINGER_BLOCK; x++) {
            int16_t w = (int16_t)(v[x] & -mask[x]);
            sum += w * w;
        }
    return sum;
}

/* a / b rounded up, b > 0 */
INLINE int32_t upwards(int32_t a, int32_t b)
{
    return a > 0 ? (a + b - 1) / b : -(-a / b);
}

/* The k of [*first, *end) for which 0 <= from + k * step < most: those only are left. */
INLINE void keep_within(int32_t from, int32_t step, int32_t most, int32_t *first, int32_t *end)
{
    int32_t low = 0, high = from >= 0 && from < most ? *end : 0;
    if (step > 0) low = upwards(-from, step), high = upwards(most - from, step);
    if (step < 0) low = upwards(from - most + 1, -step), high = upwards(from + 1, -step);
    *first = low > *first ? low : *first, *end = high < *end ? high : *end;
}

INLINE void turn(const finger_quads *q, const int32_t *from, const int32_t *step, int n, int16_t *ret, int16_t *ret_on)
{
    uint32_t word[FINGER_TURN_MAX];
    const int32_t x = from[0], y = from[1], dx = step[0], dy = step[1], w = q->w;
    int32_t first = 0, end = n;
    for (int32_t k = 0; k < n; k++) ret[k] = ret_on[k] = 0;
    keep_within(x, dx, (q->w - 1) << 16, &first, &end);
    keep_within(y, dy, (q->h - 1) << 16, &first, &end);
    for (int32_t k = first; k < end; k++) word[k] = q->at[1 + ((y + k * dy) >> 16) * w + ((x + k * dx) >> 16)];
    for (int32_t k = first; k < end; k++) {
        int32_t right = (x + k * dx) >> 12 & 15, down = (y + k * dy) >> 12 & 15;
        int32_t a = word[k] & 7, b = word[k] >> 8 & 7, c = word[k] >> 16 & 7, d = (int32_t)(word[k] >> 24);
        int32_t top = 16 * a + (b - a) * right, low = 16 * c + (d - c) * right;
        int32_t sum = 16 * top + (low - top) * down - 4 * 256, on = word[k] != 0; /* 4 is what the samples are too large by */
        ret[k] = (int16_t)(((sum + (sum >> 31 & 15)) >> 4) & -on);               /* divided towards 0 */
        ret_on[k] = (int16_t)on;
    }
}

/* Floats that are not negative are in the order of their bits. */
INLINE size_t nearest(const finger_lanes *lanes, const float *position, const int32_t *from_span, const float *taken, float below)
{
    union {
        float distance[FINGER_MINUTIAE_MAX];
        int32_t bits[FINGER_MINUTIAE_MAX];
    } of;
    const union {
        float distance;
        int32_t bits;
    } most = {below};
    float x = position[0], y = position[1];
    int32_t from = from_span[0], span = from_span[1], least = most.bits, n = (int32_t)lanes->padded, at = n;
    for (int32_t j = 0; j < n; j++) {
        float u = x - lanes->x[j], v = y - lanes->y[j];
        int32_t turned = (lanes->angle[j] - from) & 255;
        of.distance[j] = u * u + v * v + taken[j] + (turned > span ? FINGER_FAR : 0);
    }
    for (int32_t j = 0; j < n; j++) least = of.bits[j] < least ? of.bits[j] : least;
    if (least == most.bits) return lanes->padded;
    for (int32_t j = 0; j < n; j++) {
        int32_t mine = of.bits[j] == least ? j : n;
        at = mine < at ? mine : at;
    }
    return (size_t)at;
}

#define VARIANT(name, attribute)                                                                                       \
    attribute static void filter_##name(const float *in, float *out, int stride, const float *taps)                    \
    {                                                                                                                  \
        filter(in, out, stride, taps);                                                                                 \
    }                                                                                                                  \
    attribute static void describe_##name(const ent_finger_template *t, size_t i, const int8_t own[2 * FINGER_PLACES],  \
                                          finger_descriptor *ret)                                                      \
    {                                                                                                                  \
        describe(t, i, own, ret);                                                                                      \
    }                                                                                                                  \
    attribute static void compare_##name(const ent_finger_template *p, const ent_finger_template *t, int16_t *ret,     \
                                         uint16_t *histogram)                                                          \
    {                                                                                                                  \
        compare(p, t, ret, histogram);                                                                                 \
    }                                                                                                                  \
    attribute static void vote_##name(const finger_voters *v, const finger_proposals *p, float *ret)                   \
    {                                                                                                                  \
        vote(v, p, ret);                                                                                               \
    }                                                                                                                  \
    attribute static void around_##name(const int16_t *a, const int16_t *b, int stride, int n, int32_t *ret)              \
    {                                                                                                                  \
        around(a, b, stride, n, ret);                                                                                  \
    }                                                                                                                  \
    attribute static void cells_##name(const int16_t *a, const int16_t *b, int stride, int n, int32_t *ret)               \
    {                                                                                                                  \
        cells(a, b, stride, n, ret);                                                                                   \
    }                                                                                                                  \
    attribute static int32_t energy_##name(const int16_t *v, const int16_t *mask, int stride)                          \
    {                                                                                                                  \
        return energy(v, mask, stride);                                                                                \
    }                                                                                                                  \
    attribute static void turn_##name(const finger_quads *q, const int32_t *from, const int32_t *step, int n, int16_t *ret, \
                                      int16_t *ret_on)                                                                 \
    {                                                                                                                  \
        turn(q, from, step, n, ret, ret_on);                                                                           \
    }                                                                                                                  \
    attribute static size_t nearest_##name(const finger_lanes *lanes, const float *position, const int32_t *from_span, \
                                           const float *taken, float below)                                            \
    {                                                                                                                  \
        return nearest(lanes, position, from_span, taken, below);                                                      \
    }                                                                                                                  \
    static const finger_kernels kernels_##name = {#name,         filter_##name,   describe_##name, compare_##name,       \
                                                  vote_##name,   around_##name, cells_##name,    energy_##name,  turn_##name,    nearest_##name};

VARIANT(plain, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2,popcnt"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt"))))
#endif

const finger_kernels *finger_kernels_at(int i)
{
    const finger_kernels *all[3] = {&kernels_plain};
    int n = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt")) {
        all[n++] = &kernels_avx2;
        if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
            all[n++] = &kernels_avx512;
    }
#endif
    return i >= 0 && i < n ? all[i] : NULL;
}

const finger_kernels *finger_kernels_best(void)
{
    int i = 0;
    while (finger_kernels_at(i + 1)) i++;
    return finger_kernels_at(i);
}
