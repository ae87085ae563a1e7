/* See scan.h. The constants were chosen on real prints of five sensors (README.md, decision 051). */
#include "base/wipe.h"
#include "finger/arith.h"
#include "finger/around.h"
#include "finger/scan.h"

#include <string.h>

#define CELL 8             /* pixels of the map */
#define MAP_PIXELS (CELL * FINGER_MAP_SIDE)
#define REACH 11           /* pixels from a minutia to the middle of a cell that knows it */
#define TURN 16            /* 1/256 turn by which its direction may differ from a sector's middle */
#define RIDGE_TURN 7       /* 1/64 half turn, likewise of ridges */
#define POINTS_MET 30      /* a minutia met; ridges along its direction; neither */
#define POINTS_ALONG (-4)
#define POINTS_ACROSS (-15)

/* what a pair that differs in so many bits tells by itself */
static const uint8_t points_of_seed[FINGER_SCAN_NEAR + 1] = {25, 21, 17, 14, 10, 6, 2};

/* ---- the probe ---- */

static uint32_t sectors_of_ridges(int orientation)
{
    uint32_t set = 0;
    for (int s = 0; s < 16; s++) {
        int away = (orientation - 1 - (64 - (s * 16 + 8) / 2)) & 63;
        if ((away > 32 ? 64 - away : away) <= RIDGE_TURN) set |= 1U << (16 + s);
    }
    return set;
}

static uint32_t sectors_of_minutia(uint8_t angle)
{
    uint32_t set = 0;
    for (int s = 0; s < 16; s++) {
        int8_t away = (int8_t)(uint8_t)(s * 16 + 8 - angle);
        if (away >= -TURN && away <= TURN) set |= 1U << s;
    }
    return set;
}

static void map_minutia(finger_scan *p, int x, int y, uint32_t sectors)
{
    for (int v = finger_max(0, (y - REACH) / CELL - 1); v <= finger_min(FINGER_MAP_SIDE - 1, (y + REACH) / CELL); v++)
        for (int u = finger_max(0, (x - REACH) / CELL - 1); u <= finger_min(FINGER_MAP_SIDE - 1, (x + REACH) / CELL); u++) {
            int dx = u * CELL + CELL / 2 - x, dy = v * CELL + CELL / 2 - y;
            if (dx * dx + dy * dy <= REACH * REACH) p->map[v * FINGER_MAP_SIDE + u] |= sectors;
        }
}

/* the middle of the print: of the coarse field, else of the minutiae */
static void middle(const ent_finger_template *t, int ret[2])
{
    int low[2] = {1 << 20, 1 << 20}, high[2] = {0, 0};
    const finger_coarse *f = &t->coarse;
    for (int i = 0; f->cell && i < f->cols * f->rows; i++) {
        if (!f->at[i]) continue;
        int at[2] = {i % f->cols * f->cell + f->cell / 2, i / f->cols * f->cell + f->cell / 2};
        for (int k = 0; k < 2; k++) low[k] = finger_min(low[k], at[k]), high[k] = finger_max(high[k], at[k]);
    }
    for (size_t i = 0; high[0] == 0 && i < t->count; i++) low[0] = high[0] = t->minutiae[i].x, low[1] = high[1] = t->minutiae[i].y;
    ret[0] = (low[0] + high[0]) / 2, ret[1] = (low[1] + high[1]) / 2;
}

void finger_scan_make(const ent_finger_template *probe, finger_scan *ret)
{
    uint64_t bits[FINGER_SCAN_LANES];
    int centre[2];
    memset(ret, 0, sizeof *ret);
    ret->count = finger_min((int)probe->count, FINGER_SCAN_LANES);
    middle(probe, centre);
    int x0 = centre[0] - MAP_PIXELS / 2, y0 = centre[1] - MAP_PIXELS / 2;
    finger_around(probe, (size_t)ret->count, bits);
    for (int i = 0; i < ret->count; i++) {
        const ent_finger_minutia *m = &probe->minutiae[i];
        for (int k = 0; k < FINGER_SCAN_PLANES; k++) ret->bits[i][k] = (uint8_t)(bits[i] >> (8 * k));
        ret->x[i] = (int16_t)(8 * (m->x - x0)), ret->y[i] = (int16_t)(8 * (m->y - y0)), ret->angle[i] = m->angle;
    }
    for (int a = 0; a < 256; a++) {
        double s, c;
        finger_sincos(-2 * FINGER_PI * a / 256, &s, &c);
        ret->cos[a] = (int16_t)finger_round(c * 32767), ret->sin[a] = (int16_t)finger_round(s * 32767);
    }
    for (int v = 0; v < FINGER_MAP_SIDE; v++)
        for (int u = 0; u < FINGER_MAP_SIDE; u++) {
            int orientation = finger_coarse_at(&probe->coarse, x0 + u * CELL + CELL / 2, y0 + v * CELL + CELL / 2);
            if (orientation) ret->map[v * FINGER_MAP_SIDE + u] = sectors_of_ridges(orientation);
        }
    for (size_t i = 0; i < probe->count; i++)
        map_minutia(ret, probe->minutiae[i].x - x0, probe->minutiae[i].y - y0, sectors_of_minutia(probe->minutiae[i].angle));
    for (int i = 0; i < FINGER_MAP_SIDE * FINGER_MAP_SIDE; i++) ret->map[i] &= ~(ret->map[i] << 16);
}

/* ---- the nearest pairs ---- */

#define INLINE __attribute__((always_inline)) static inline

#define LOWEST 3 /* bits: nearer pairs are taken as they come */
#define OF_ONE 2 /* pairs of one minutia of the probe: where ridges run straight, all pairs are near */

/* Level by level, so that the nearest are first. */
static int seeds_plain(const finger_scan *p, const finger_entry *e, finger_seed ret[FINGER_SCAN_SEEDS])
{
    uint8_t differ[FINGER_SCAN_LANES][FINGER_SCAN_LANES], taken[FINGER_SCAN_LANES] = {0};
    int lanes = finger_min(e->count, FINGER_SCAN_LANES), found = 0;
    for (int i = 0; i < p->count; i++)
        for (int j = 0; j < lanes; j++) {
            unsigned d = 0;
            for (int k = 0; k < FINGER_SCAN_PLANES; k++) d += (unsigned)__builtin_popcount(p->bits[i][k] ^ e->planes[k][j]);
            differ[i][j] = (uint8_t)d;
        }
    for (int level = LOWEST; level <= FINGER_SCAN_NEAR; level++)
        for (int i = 0; i < p->count; i++)
            for (int j = 0; j < lanes && found < FINGER_SCAN_SEEDS && taken[i] < OF_ONE; j++)
                if (level == LOWEST ? differ[i][j] <= level : differ[i][j] == level) {
                    ret[found++] = (finger_seed){(uint8_t)i, (uint8_t)j, differ[i][j]};
                    taken[i]++;
                }
    return found;
}

/* ---- one way to lay them ---- */

/* a times b / 32768, rounded */
static int16_t scaled(int16_t a, int16_t b)
{
    return (int16_t)((((int32_t)a * b >> 14) + 1) >> 1);
}

/* Cell of the map for each minutia of the entry; x and y of them from the seed's, in 1/8 pixel, cut at 1020 pixels,
 * which lie outside the map wherever they are turned. */
static void lay_out(const finger_scan *p, const finger_entry *e, finger_seed seed, int turn, uint16_t *ret_cell)
{
    size_t n = e->count;
    const uint8_t *x = e->more, *y = e->more + n;
    int shift = 3 + finger_entry_shift((uint32_t)e->width[0] << 8 | e->width[1], (uint32_t)e->height[0] << 8 | e->height[1]);
    int16_t c = p->cos[turn], s = p->sin[turn], px = p->x[seed.probe], py = p->y[seed.probe];
    int cx = x[seed.entry], cy = y[seed.entry];
    for (size_t i = 0; i < n; i++) {
        int dx = (x[i] - cx) * (1 << shift), dy = (y[i] - cy) * (1 << shift);
        int16_t u = (int16_t)finger_max(-8160, finger_min(8160, dx)), v = (int16_t)finger_max(-8160, finger_min(8160, dy));
        uint16_t a = (uint16_t)(px + scaled(u, c) - scaled(v, s)), b = (uint16_t)(py + scaled(u, s) + scaled(v, c));
        uint16_t cell = (uint16_t)((b >> 6) * FINGER_MAP_SIDE + (a >> 6));
        ret_cell[i] = (a | b) < 8 * MAP_PIXELS ? cell : FINGER_MAP_SIDE * FINGER_MAP_SIDE;
    }
}

INLINE int points(unsigned met, unsigned along, unsigned on, finger_seed seed)
{
    return (int)met * POINTS_MET + (int)along * POINTS_ALONG + (int)(on - met - along) * POINTS_ACROSS + points_of_seed[seed.differ];
}

static int judge_plain(const finger_scan *p, const finger_entry *e, finger_seed seed)
{
    uint16_t cell[FINGER_MINUTIAE_MAX];
    const uint8_t *angle = e->more + 2 * (size_t)e->count;
    uint8_t turn = (uint8_t)(p->angle[seed.probe] - angle[seed.entry]);
    unsigned met = 0, along = 0, on = 0;
    lay_out(p, e, seed, turn, cell);
    for (size_t i = 0; i < e->count; i++) {
        uint32_t sectors = p->map[cell[i]], mine = sectors >> ((uint8_t)(angle[i] + turn) >> 4);
        met += mine & 1, along += mine >> 16 & 1, on += sectors != 0;
    }
    return points(met, along, on, seed);
}

static const finger_scan_kernels plain = {"plain", seeds_plain, judge_plain};

/* ---- for newer x86-64 ---- */

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt,bmi")))
/* bytes are counted by an instruction; the judging gains nothing from wider registers */
#define AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,popcnt,bmi")))

typedef struct differences {
    _Alignas(32) uint8_t of[FINGER_SCAN_LANES][FINGER_SCAN_LANES];
} differences;

/* Picks over sums that either kind has made. Lanes without a minutia differ in 255 bits. */
AVX2 INLINE int pick(const differences *differ, int count, finger_seed ret[FINGER_SCAN_SEEDS])
{
    uint8_t taken[FINGER_SCAN_LANES] = {0};
    int found = 0;
    for (int level = LOWEST; level <= FINGER_SCAN_NEAR; level++) {
        const __m256i wall = _mm256_set1_epi8((char)level);
        for (int i = 0; i < count; i++) {
            __m256i row = _mm256_load_si256((const __m256i *)(const void *)differ->of[i]);
            __m256i is = _mm256_cmpeq_epi8(level == LOWEST ? _mm256_min_epu8(row, wall) : wall, row);
            for (uint32_t wanted = (uint32_t)_mm256_movemask_epi8(is); wanted && taken[i] < OF_ONE; wanted &= wanted - 1) {
                if (found == FINGER_SCAN_SEEDS) return found;
                int j = __builtin_ctz(wanted);
                ret[found++] = (finger_seed){(uint8_t)i, (uint8_t)j, differ->of[i][j]};
                taken[i]++;
            }
        }
    }
    return found;
}

AVX2 INLINE __m256i missing_lanes(const finger_entry *e)
{
    static const uint8_t lane[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                     16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    int lanes = finger_min(e->count, FINGER_SCAN_LANES);
    __m256i at = _mm256_loadu_si256((const __m256i *)(const void *)lane);
    return _mm256_cmpgt_epi8(at, _mm256_set1_epi8((char)(lanes - 1)));
}

AVX2 static int seeds_avx2(const finger_scan *p, const finger_entry *e, finger_seed ret[FINGER_SCAN_SEEDS])
{
    differences differ;
    const __m256i low = _mm256_set1_epi8(15), missing = missing_lanes(e);
    const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    __m256i plane[FINGER_SCAN_PLANES];
    for (int k = 0; k < FINGER_SCAN_PLANES; k++) plane[k] = _mm256_loadu_si256((const __m256i *)(const void *)e->planes[k]);
    for (int i = 0; i < p->count; i++) {
        __m256i sum = missing;
        for (int k = 0; k < FINGER_SCAN_PLANES; k++) {
            __m256i x = _mm256_xor_si256(plane[k], _mm256_set1_epi8((char)p->bits[i][k]));
            __m256i a = _mm256_shuffle_epi8(ones, _mm256_and_si256(x, low));
            __m256i b = _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(x, 4), low));
            sum = _mm256_adds_epu8(sum, _mm256_add_epi8(a, b));
        }
        _mm256_store_si256((__m256i *)(void *)differ.of[i], sum);
    }
    return pick(&differ, p->count, ret);
}

AVX512 static int seeds_avx512(const finger_scan *p, const finger_entry *e, finger_seed ret[FINGER_SCAN_SEEDS])
{
    differences differ;
    const __m256i missing = missing_lanes(e);
    __m256i plane[FINGER_SCAN_PLANES];
    for (int k = 0; k < FINGER_SCAN_PLANES; k++) plane[k] = _mm256_loadu_si256((const __m256i *)(const void *)e->planes[k]);
    for (int i = 0; i < p->count; i++) {
        __m256i sum = missing;
        for (int k = 0; k < FINGER_SCAN_PLANES; k++)
            sum = _mm256_adds_epu8(sum, _mm256_popcnt_epi8(_mm256_xor_si256(plane[k], _mm256_set1_epi8((char)p->bits[i][k]))));
        _mm256_store_si256((__m256i *)(void *)differ.of[i], sum);
    }
    return pick(&differ, p->count, ret);
}

/* Sixteen minutiae: their cells (outside past the last) and sectors. Reads up to 15 bytes past the entry's angles. */
AVX2 INLINE void lay_sixteen(const uint8_t *from, size_t n, const __m256i turned[8], int shift, uint16_t *ret_cell)
{
    __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
    __m256i y = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(from + n)));
    const __m256i most = _mm256_set1_epi16(8160), least = _mm256_set1_epi16(-8160);
    x = _mm256_slli_epi16(_mm256_sub_epi16(x, turned[0]), shift), y = _mm256_slli_epi16(_mm256_sub_epi16(y, turned[1]), shift);
    x = _mm256_max_epi16(least, _mm256_min_epi16(most, x)), y = _mm256_max_epi16(least, _mm256_min_epi16(most, y));
    __m256i c = turned[2], s = turned[3];
    __m256i a = _mm256_sub_epi16(_mm256_add_epi16(turned[4], _mm256_mulhrs_epi16(x, c)), _mm256_mulhrs_epi16(y, s));
    __m256i b = _mm256_add_epi16(_mm256_add_epi16(turned[5], _mm256_mulhrs_epi16(x, s)), _mm256_mulhrs_epi16(y, c));
    __m256i inside = _mm256_cmpeq_epi16(_mm256_srli_epi16(_mm256_or_si256(a, b), 12), _mm256_setzero_si256());
    __m256i cell = _mm256_or_si256(_mm256_and_si256(b, _mm256_set1_epi16(~63)), _mm256_srli_epi16(a, 6));
    cell = _mm256_blendv_epi8(_mm256_set1_epi16(FINGER_MAP_SIDE * FINGER_MAP_SIDE), cell, inside);
    _mm256_storeu_si256((__m256i *)(void *)ret_cell, cell);
}

AVX2 static int judge_avx2(const finger_scan *p, const finger_entry *e, finger_seed seed)
{
    uint16_t cell[FINGER_MINUTIAE_MAX + 16];
    size_t n = e->count;
    const uint8_t *x = e->more, *y = x + n, *angle = y + n;
    uint8_t turn = (uint8_t)(p->angle[seed.probe] - angle[seed.entry]);
    int shift = 3 + finger_entry_shift((uint32_t)e->width[0] << 8 | e->width[1], (uint32_t)e->height[0] << 8 | e->height[1]);
    const __m256i turned[8] = {_mm256_set1_epi16(x[seed.entry]), _mm256_set1_epi16(y[seed.entry]), _mm256_set1_epi16(p->cos[turn]),
                               _mm256_set1_epi16(p->sin[turn]), _mm256_set1_epi16(p->x[seed.probe]), _mm256_set1_epi16(p->y[seed.probe])};
    for (size_t i = 0; i < n; i += 16) lay_sixteen(x + i, n, turned, shift, cell + i);
    uint32_t agree = 0, on = 0; /* agree: met in the lower half, along in the upper */
    for (size_t i = 0; i < n; i++) {
        uint32_t sectors = p->map[cell[i]];
        agree += sectors >> ((uint8_t)(angle[i] + turn) >> 4) & 0x10001;
        on += sectors != 0;
    }
    return points(agree & 0xffff, agree >> 16, on, seed);
}

static const finger_scan_kernels avx2 = {"avx2", seeds_avx2, judge_avx2}, avx512 = {"avx512", seeds_avx512, judge_avx2};
#endif

const finger_scan_kernels *finger_scan_kernels_at(int i)
{
    const finger_scan_kernels *all[3] = {&plain};
    int n = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi")) {
        all[n++] = &avx2;
        if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bitalg"))
            all[n++] = &avx512;
    }
#endif
    return i >= 0 && i < n ? all[i] : NULL;
}

const finger_scan_kernels *finger_scan_kernels_best(void)
{
    int i = 0;
    while (finger_scan_kernels_at(i + 1)) i++;
    return finger_scan_kernels_at(i);
}

uint16_t finger_scan_score(const finger_scan_kernels *k, const finger_scan *p, const finger_entry *e)
{
    finger_seed seeds[FINGER_SCAN_SEEDS];
    int n = k->seeds(p, e, seeds), best = 0;
    for (int i = 0; i < n; i++) {
        int score = k->judge(p, e, seeds[i]);
        if (score > best) best = score;
    }
    return (uint16_t)best;
}
