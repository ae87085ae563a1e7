/* See scan.h. The constants were chosen on real prints of five sensors (README.md, decision 051). */
#include "base/wipe.h"
#include "finger/arith.h"
#include "finger/around.h"
#include "finger/scan.h"

#include <string.h>

#define INLINE __attribute__((always_inline)) static inline

#define CELL 8             /* pixels of the map */
#define MAP_PIXELS (CELL * FINGER_MAP_SIDE)
#define REACH 11           /* pixels from a minutia to the middle of a cell that knows it */
#define NEXT 24            /* pixels from a minutia to the middle of a cell that may know it as one of the nearest */
#define TURN 16            /* 1/256 turn by which its direction may differ from a sector's middle */
#define RIDGE_TURN 7       /* 1/64 half turn, likewise of ridges */
#define POINTS_MET 30      /* a minutia met; ridges along its direction; neither */
#define POINTS_ALONG (-4)
#define POINTS_ACROSS (-15)

/* what a pair that differs in so many bits tells by itself */
static const uint8_t points_of_seed[256] = {25, 21, 17, 14, 10, 6, 2};

/* points are worth (30 + more) / (minutiae + more) to this power */
#define WORTH_POWER 0.3
#define WORTH_MORE 6

#define POINTS_VOTE 20     /* another pair that says the same, of other minutiae */
#define VOTES_COUNTED 6
#define VOTE_TURN 14       /* 1/256 turn by which two pairs that say the same may differ */
#define VOTE_PIXELS 16     /* and pixels, along either axis */
#define VOTE_BITS 3        /* bits of difference that weigh as much as a vote, when it is chosen which to try */

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

static int squared_from(const finger_scan *p, int u, int v, int minutia)
{
    int dx = u * CELL + CELL / 2 - p->x[minutia] / 8, dy = v * CELL + CELL / 2 - p->y[minutia] / 8;
    return dx * dx + dy * dy;
}

/* Each cell knows the two minutiae nearest to it, of equal ones the first. */
static void map_next(finger_scan *p, int i, int x, int y)
{
    for (int v = finger_max(0, (y - NEXT) / CELL - 1); v <= finger_min(FINGER_MAP_SIDE - 1, (y + NEXT) / CELL); v++)
        for (int u = finger_max(0, (x - NEXT) / CELL - 1); u <= finger_min(FINGER_MAP_SIDE - 1, (x + NEXT) / CELL); u++) {
            uint8_t *of = p->next[v * FINGER_MAP_SIDE + u];
            int mine = squared_from(p, u, v, i);
            if (mine > NEXT * NEXT) continue;
            if (!of[0] || mine < squared_from(p, u, v, of[0] - 1)) of[1] = of[0], of[0] = (uint8_t)(i + 1);
            else if (!of[1] || mine < squared_from(p, u, v, of[1] - 1)) of[1] = (uint8_t)(i + 1);
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
    ret->count = finger_min((int)probe->count, FINGER_SCAN_LANES), ret->all = (int)probe->count;
    middle(probe, centre);
    int x0 = centre[0] - MAP_PIXELS / 2, y0 = centre[1] - MAP_PIXELS / 2;
    finger_around(probe, (size_t)ret->count, bits);
    for (int i = 0; i < ret->count; i++)
        for (int k = 0; k < FINGER_SCAN_PLANES; k++) {
            ret->bits[i][k] = (uint8_t)(bits[i] >> (8 * k));
            memset(ret->wide[i / 2][k][i % 2], ret->bits[i][k], FINGER_SCAN_LANES);
            for (int x = 0; x < 16; x++) ret->counts[i][2 * k][x] = (uint8_t)__builtin_popcount((ret->bits[i][k] & 15) ^ x), ret->counts[i][2 * k + 1][x] = (uint8_t)__builtin_popcount(ret->bits[i][k] >> 4 ^ x);
        }
    for (int i = 0; i < ret->all; i++) {
        const ent_finger_minutia *m = &probe->minutiae[i];
        ret->x[i] = (int16_t)(8 * (m->x - x0)), ret->y[i] = (int16_t)(8 * (m->y - y0)), ret->angle[i] = m->angle;
    }
    for (int n = 0; n <= FINGER_MINUTIAE_MAX; n++) ret->worth[n] = (uint16_t)finger_round(1024 * finger_exp(WORTH_POWER * finger_log((30.0 + WORTH_MORE) / (n + WORTH_MORE))));
    for (int a = 0; a < 256; a++) {
        double s, c;
        finger_sincos(-2 * FINGER_PI * a / 256, &s, &c);
        ret->cos[a] = (int16_t)finger_round(c * 32767), ret->sin[a] = (int16_t)finger_round(s * 32767);
    }
    for (int v = 0; v < FINGER_MAP_SIDE; v++)
        for (int u = 0; u < FINGER_MAP_SIDE; u++) {
            int orientation = finger_coarse_at(&probe->coarse, x0 + u * CELL + CELL / 2, y0 + v * CELL + CELL / 2);
            if (orientation) ret->map[v * FINGER_MAP_SIDE + u] = sectors_of_ridges(orientation);
            ret->field[v * FINGER_MAP_SIDE + u] = (uint8_t)orientation;
        }
    for (size_t i = 0; i < probe->count; i++) {
        map_minutia(ret, probe->minutiae[i].x - x0, probe->minutiae[i].y - y0, sectors_of_minutia(probe->minutiae[i].angle));
        map_next(ret, (int)i, probe->minutiae[i].x - x0, probe->minutiae[i].y - y0);
    }
    for (int i = 0; i < FINGER_MAP_SIDE * FINGER_MAP_SIDE; i++) ret->map[i] &= ~(ret->map[i] << 16);
}

/* ---- the nearest pairs ---- */

#define OF_ONE 2 /* pairs of one minutia of the entry, its nearest: where ridges run straight, all pairs are near */
#define FAR 0xffff

/* For each minutia of the entry its nearest of the probe, then its second, as one word: bits of difference, then which. */
typedef uint16_t nearest[OF_ONE * FINGER_SCAN_LANES];

/* Which of the words have at most so many bits of difference, from -1 on; the last stands twice. */
typedef uint64_t levels[FINGER_SCAN_NEAR + 3];

/* The levels that fit as a whole, then the first of the next one. Without a branch that depends on the entry: a wrong guess costs as much as
 * ten of these steps. */
INLINE int take_nearest(const nearest words, const levels up_to, finger_seeds *ret)
{
    int whole = 0, n = __builtin_popcountll(up_to[FINGER_SCAN_NEAR + 2]);
    for (int level = 1; level <= FINGER_SCAN_NEAR + 1; level++) whole += __builtin_popcountll(up_to[level]) <= FINGER_SCAN_SEEDS;
    uint64_t left = up_to[whole], next = up_to[whole + 1] & ~left;
    n = n < FINGER_SCAN_SEEDS ? n : FINGER_SCAN_SEEDS;
    for (int found = 0; found < n; found++, left &= left - 1) {
        left = left ? left : next;
        int at = __builtin_ctzll(left);
        ret->probe[found] = (uint8_t)words[at], ret->entry[found] = (uint8_t)(at % FINGER_SCAN_LANES), ret->differ[found] = (uint8_t)(words[at] >> 8);
    }
    return n;
}

INLINE finger_seed seed_at(const finger_seeds *s, int i) { return (finger_seed){s->probe[i], s->entry[i], s->differ[i]}; }

static unsigned turned(uint8_t angle, uint8_t other)
{
    uint8_t away = (uint8_t)(angle - other);
    return (away > 128 ? 256 - away : away) > FINGER_SCAN_TURN ? FINGER_SCAN_TURNED : 0;
}

static int seeds_plain(const finger_scan *p, const finger_entry *e, finger_seeds *ret)
{
    const uint8_t *angle = e->more + 2 * (size_t)e->count;
    nearest words;
    levels up_to = {0};
    for (int j = 0; j < FINGER_SCAN_LANES; j++) {
        unsigned first = FAR, second = FAR;
        for (int i = 0; i < p->count && j < e->count; i++) {
            unsigned differ = turned(p->angle[i], angle[j]);
            for (int k = 0; k < FINGER_SCAN_PLANES; k++) differ += (unsigned)__builtin_popcount(p->bits[i][k] ^ e->planes[k][j]);
            unsigned word = differ << 8 | (unsigned)i;
            if (word < first) second = first, first = word;
            else if (word < second) second = word;
        }
        words[j] = (uint16_t)first, words[FINGER_SCAN_LANES + j] = (uint16_t)second;
    }
    for (int at = 0; at < OF_ONE * FINGER_SCAN_LANES; at++)
        for (int k = words[at] >> 8; k <= FINGER_SCAN_NEAR; k++) up_to[k + 1] |= 1ULL << at;
    up_to[FINGER_SCAN_NEAR + 2] = up_to[FINGER_SCAN_NEAR + 1];
    return take_nearest(words, up_to, ret);
}

/* ---- which of them say the same ---- */

/* a times b / 32768, rounded */
static int16_t scaled(int16_t a, int16_t b)
{
    return (int16_t)((((int32_t)a * b >> 14) + 1) >> 1);
}

/* The pairs as lanes: minutiae of the probe and of the entry in 1/8 pixel, the turn between them. All wraps at 16 bits, in either loop. */
typedef struct seed_lanes {
    _Alignas(32) int16_t px[FINGER_SCAN_SEEDS], py[FINGER_SCAN_SEEDS], ex[FINGER_SCAN_SEEDS], ey[FINGER_SCAN_SEEDS], turn[FINGER_SCAN_SEEDS];
} seed_lanes;

INLINE void fill_lanes(const finger_scan *p, const finger_entry *e, const finger_seeds *seeds, int n, seed_lanes *ret)
{
    const uint8_t *x = e->more, *y = x + e->count, *angle = y + e->count;
    int shift = 3 + finger_entry_shift((uint32_t)e->width[0] << 8 | e->width[1], (uint32_t)e->height[0] << 8 | e->height[1]);
    for (int k = 0; k < n; k++) {
        finger_seed s = seed_at(seeds, k);
        ret->px[k] = p->x[s.probe], ret->py[k] = p->y[s.probe];
        ret->ex[k] = (int16_t)(x[s.entry] << shift), ret->ey[k] = (int16_t)(y[s.entry] << shift);
        ret->turn[k] = (uint8_t)(p->angle[s.probe] - angle[s.entry]);
    }
}

static bool within(int difference, int most) { return (uint16_t)(difference + most) <= 2 * most; }

static void votes_plain(const finger_scan *p, const finger_entry *e, const finger_seeds *seeds, int n, uint8_t ret[FINGER_SCAN_SEEDS])
{
    seed_lanes l;
    fill_lanes(p, e, seeds, n, &l);
    for (int a = 0; a < n; a++) {
        int16_t c = p->cos[l.turn[a]], s = p->sin[l.turn[a]];
        uint32_t agree = 0;
        for (int b = 0; b < n; b++) {
            int16_t u = (int16_t)(l.ex[b] - l.ex[a]), v = (int16_t)(l.ey[b] - l.ey[a]);
            int16_t dx = (int16_t)(scaled(u, c) - scaled(v, s)), dy = (int16_t)(scaled(u, s) + scaled(v, c));
            bool same = within(l.px[b] - l.px[a] - dx, 8 * VOTE_PIXELS) && within(l.py[b] - l.py[a] - dy, 8 * VOTE_PIXELS);
            if (same && (uint8_t)(l.turn[b] - l.turn[a] + VOTE_TURN) <= 2 * VOTE_TURN) agree |= 1U << b;
        }
        ret[a] = (uint8_t)(__builtin_popcount(agree) - 1); /* its own */
    }
}

/* ---- which of them to try ---- */

/* A word each, no two alike: the lowest go first. */
static uint16_t rank_of(unsigned votes, unsigned differ, unsigned at)
{
    return (uint16_t)((VOTE_BITS * (FINGER_SCAN_SEEDS - votes) + differ) * FINGER_SCAN_SEEDS + at);
}

static int choose_plain(const finger_seeds *seeds, const uint8_t votes[FINGER_SCAN_SEEDS], int n, uint8_t ret[FINGER_SCAN_JUDGED])
{
    unsigned before = 0;
    for (int k = 0; k < FINGER_SCAN_JUDGED && k < n; k++) {
        unsigned lowest = UINT16_MAX;
        for (int a = 0; a < n; a++) {
            unsigned mine = rank_of(votes[a], seeds->differ[a], (unsigned)a);
            if (mine >= before && mine < lowest) lowest = mine;
        }
        ret[k] = (uint8_t)(lowest % FINGER_SCAN_SEEDS), before = lowest + 1;
    }
    return finger_min(n, FINGER_SCAN_JUDGED);
}

/* ---- one way to lay them ---- */

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

static const finger_scan_kernels plain = {"plain", seeds_plain, votes_plain, choose_plain, judge_plain, finger_terms_plain};

/* ---- for newer x86-64 ---- */

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt,bmi,bmi2")))
/* bytes are counted by an instruction, and 32 words are one register; the judging gains nothing from wider ones */
#define AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,popcnt,bmi,bmi2")))

AVX2 INLINE __m256i missing_lanes(const finger_entry *e)
{
    static const uint8_t lane[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                     16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    int lanes = finger_min(e->count, FINGER_SCAN_LANES);
    __m256i at = _mm256_loadu_si256((const __m256i *)(const void *)lane);
    return _mm256_cmpgt_epi8(at, _mm256_set1_epi8((char)(lanes - 1)));
}

/* The angles of the entry's lanes; those past its minutiae are others of its bytes. */
AVX2 INLINE __m256i lane_angles(const finger_entry *e)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)(e->more + 2 * (size_t)e->count));
}

AVX2 static int seeds_avx2(const finger_scan *p, const finger_entry *e, finger_seeds *ret)
{
    const __m256i low = _mm256_set1_epi8(15), missing = missing_lanes(e), angles = lane_angles(e);
    __m256i half[2 * FINGER_SCAN_PLANES], best[4] = {_mm256_set1_epi16(-1), _mm256_set1_epi16(-1), _mm256_set1_epi16(-1), _mm256_set1_epi16(-1)};
    for (int k = 0; k < FINGER_SCAN_PLANES; k++) {
        __m256i plane = _mm256_loadu_si256((const __m256i *)(const void *)e->planes[k]);
        half[2 * k] = _mm256_and_si256(plane, low), half[2 * k + 1] = _mm256_and_si256(_mm256_srli_epi16(plane, 4), low);
    }
    for (int i = 0; i < p->count; i++) {
        __m256i away = _mm256_abs_epi8(_mm256_sub_epi8(_mm256_set1_epi8((char)p->angle[i]), angles));
        away = _mm256_cmpeq_epi8(_mm256_max_epu8(away, _mm256_set1_epi8(FINGER_SCAN_TURN + 1)), away);
        __m256i sum = _mm256_and_si256(away, _mm256_set1_epi8(FINGER_SCAN_TURNED)), which = _mm256_set1_epi8((char)i);
        for (int k = 0; k < 2 * FINGER_SCAN_PLANES; k++) {
            __m256i counts = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)p->counts[i][k]));
            sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(counts, half[k]));
        }
        sum = _mm256_or_si256(sum, missing);
        __m256i words[2] = {_mm256_unpacklo_epi8(which, sum), _mm256_unpackhi_epi8(which, sum)};
        for (int k = 0; k < 2; k++) {
            best[2 + k] = _mm256_min_epu16(best[2 + k], _mm256_max_epu16(best[k], words[k]));
            best[k] = _mm256_min_epu16(best[k], words[k]);
        }
    }
    _Alignas(32) nearest words;
    levels up_to;
    __m256i level[OF_ONE];
    for (int k = 0; k < OF_ONE; k++) {
        __m256i *to = (__m256i *)(void *)(words + k * FINGER_SCAN_LANES);
        __m256i a = _mm256_permute2x128_si256(best[2 * k], best[2 * k + 1], 0x20), b = _mm256_permute2x128_si256(best[2 * k], best[2 * k + 1], 0x31);
        _mm256_store_si256(to, a), _mm256_store_si256(to + 1, b);
        level[k] = _mm256_permute4x64_epi64(_mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8)), 0xd8);
    }
    up_to[0] = 0;
    for (int k = 0; k <= FINGER_SCAN_NEAR; k++) {
        const __m256i most = _mm256_set1_epi8((char)k);
        __m256i first = _mm256_cmpeq_epi8(_mm256_min_epu8(level[0], most), level[0]), second = _mm256_cmpeq_epi8(_mm256_min_epu8(level[1], most), level[1]);
        up_to[k + 1] = (uint32_t)_mm256_movemask_epi8(first) | (uint64_t)(uint32_t)_mm256_movemask_epi8(second) << 32;
    }
    up_to[FINGER_SCAN_NEAR + 2] = up_to[FINGER_SCAN_NEAR + 1];
    return take_nearest(words, up_to, ret);
}

/* Two minutiae of the probe in one register. */
AVX512 static int seeds_avx512(const finger_scan *p, const finger_entry *e, finger_seeds *ret)
{
    const __m512i missing = _mm512_broadcast_i64x4(missing_lanes(e)), angles = _mm512_broadcast_i64x4(lane_angles(e));
    __m512i plane[FINGER_SCAN_PLANES], best[4] = {_mm512_set1_epi16(-1), _mm512_set1_epi16(-1), _mm512_set1_epi16(-1), _mm512_set1_epi16(-1)};
    for (int k = 0; k < FINGER_SCAN_PLANES; k++) plane[k] = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)e->planes[k]));
    for (int i = 0; i < p->count; i += 2) {
        __m512i own = _mm512_inserti64x4(_mm512_set1_epi8((char)p->angle[i]), _mm256_set1_epi8((char)p->angle[i + 1]), 1);
        __m512i which = _mm512_inserti64x4(_mm512_set1_epi8((char)i), _mm256_set1_epi8((char)(i + 1)), 1);
        __mmask64 away = _mm512_cmpgt_epu8_mask(_mm512_abs_epi8(_mm512_sub_epi8(own, angles)), _mm512_set1_epi8(FINGER_SCAN_TURN));
        __m512i sum = _mm512_maskz_set1_epi8(away, FINGER_SCAN_TURNED);
        for (int k = 0; k < FINGER_SCAN_PLANES; k++) sum = _mm512_add_epi8(sum, _mm512_popcnt_epi8(_mm512_xor_si512(plane[k], _mm512_load_si512(p->wide[i / 2][k]))));
        sum = _mm512_or_si512(sum, missing);
        if (i + 1 == p->count) sum = _mm512_inserti64x4(sum, _mm256_set1_epi8(-1), 1);
        __m512i words[2] = {_mm512_unpacklo_epi8(which, sum), _mm512_unpackhi_epi8(which, sum)};
        for (int k = 0; k < 2; k++) {
            best[2 + k] = _mm512_min_epu16(best[2 + k], _mm512_max_epu16(best[k], words[k]));
            best[k] = _mm512_min_epu16(best[k], words[k]);
        }
    }
    _Alignas(64) nearest words;
    __m256i found[4];
    for (int k = 0; k < 2; k++) { /* even and odd minutiae of the probe together */
        __m256i first = _mm512_castsi512_si256(best[k]), other = _mm512_extracti64x4_epi64(best[k], 1);
        __m256i second = _mm256_min_epu16(_mm512_castsi512_si256(best[2 + k]), _mm512_extracti64x4_epi64(best[2 + k], 1));
        found[k] = _mm256_min_epu16(first, other), found[2 + k] = _mm256_min_epu16(second, _mm256_max_epu16(first, other));
    }
    __m256i level[OF_ONE];
    for (int k = 0; k < OF_ONE; k++) {
        __m256i *to = (__m256i *)(void *)(words + k * FINGER_SCAN_LANES);
        __m256i a = _mm256_permute2x128_si256(found[2 * k], found[2 * k + 1], 0x20), b = _mm256_permute2x128_si256(found[2 * k], found[2 * k + 1], 0x31);
        _mm256_store_si256(to, a), _mm256_store_si256(to + 1, b);
        level[k] = _mm256_permute4x64_epi64(_mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8)), 0xd8);
    }
    __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(level[0]), level[1], 1);
    levels up_to = {0};
    for (int k = 0; k <= FINGER_SCAN_NEAR; k++) up_to[k + 1] = _mm512_cmple_epu8_mask(both, _mm512_set1_epi8((char)k));
    up_to[FINGER_SCAN_NEAR + 2] = up_to[FINGER_SCAN_NEAR + 1];
    return take_nearest(words, up_to, ret);
}

/* Sixteen of the pairs beside pair a: all bits of a lane are set where they say the same. */
AVX2 INLINE __m256i sixteen_agree(const seed_lanes *l, int a, int from, __m256i c, __m256i s)
{
    const __m256i near = _mm256_set1_epi16(8 * VOTE_PIXELS), far = _mm256_set1_epi16(16 * VOTE_PIXELS), turns = _mm256_set1_epi16(2 * VOTE_TURN);
#define LANES(name) _mm256_sub_epi16(_mm256_load_si256((const __m256i *)(const void *)(l->name + from)), _mm256_set1_epi16(l->name[a]))
    __m256i u = LANES(ex), v = LANES(ey), x = LANES(px), y = LANES(py), turn = LANES(turn);
#undef LANES
    x = _mm256_sub_epi16(x, _mm256_sub_epi16(_mm256_mulhrs_epi16(u, c), _mm256_mulhrs_epi16(v, s)));
    y = _mm256_sub_epi16(y, _mm256_add_epi16(_mm256_mulhrs_epi16(u, s), _mm256_mulhrs_epi16(v, c)));
    x = _mm256_add_epi16(x, near), y = _mm256_add_epi16(y, near);
    turn = _mm256_and_si256(_mm256_add_epi16(turn, _mm256_set1_epi16(VOTE_TURN)), _mm256_set1_epi16(255));
    __m256i in_x = _mm256_cmpeq_epi16(_mm256_min_epu16(x, far), x), in_y = _mm256_cmpeq_epi16(_mm256_min_epu16(y, far), y);
    return _mm256_and_si256(_mm256_and_si256(in_x, in_y), _mm256_cmpeq_epi16(_mm256_min_epu16(turn, turns), turn));
}

AVX2 static void votes_avx2(const finger_scan *p, const finger_entry *e, const finger_seeds *seeds, int n, uint8_t ret[FINGER_SCAN_SEEDS])
{
    seed_lanes l;
    memset(&l, 0, sizeof l);
    fill_lanes(p, e, seeds, n, &l);
    uint32_t there = n < FINGER_SCAN_SEEDS ? (1U << n) - 1 : ~0U;
    for (int a = 0; a < n; a++) {
        const __m256i c = _mm256_set1_epi16(p->cos[l.turn[a]]), s = _mm256_set1_epi16(p->sin[l.turn[a]]);
        __m256i both = _mm256_packs_epi16(sixteen_agree(&l, a, 0, c, s), sixteen_agree(&l, a, 16, c, s));
        ret[a] = (uint8_t)(__builtin_popcount((uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(both, 0xd8)) & there) - 1);
    }
}

AVX512 INLINE __m512i words_of(const uint8_t *from, uint32_t there)
{
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(there, from));
}

/* All 32 in one register, their agreement in a mask. */
AVX512 static void votes_avx512(const finger_scan *p, const finger_entry *e, const finger_seeds *seeds, int n, uint8_t ret[FINGER_SCAN_SEEDS])
{
    _Alignas(64) int16_t at[5][FINGER_SCAN_SEEDS];
    const uint32_t there = n < FINGER_SCAN_SEEDS ? (1U << n) - 1 : ~0U;
    const __m512i far = _mm512_set1_epi16(16 * VOTE_PIXELS);
    const __m128i shift = _mm_cvtsi32_si128(3 + finger_entry_shift((uint32_t)e->width[0] << 8 | e->width[1], (uint32_t)e->height[0] << 8 | e->height[1]));
    const __m512i of_probe = words_of(seeds->probe, there), of_entry = words_of(seeds->entry, there);
    const __m512i px = _mm512_permutexvar_epi16(of_probe, _mm512_loadu_si512(p->x)), py = _mm512_permutexvar_epi16(of_probe, _mm512_loadu_si512(p->y));
    const __m512i ex = _mm512_sll_epi16(_mm512_permutexvar_epi16(of_entry, words_of(e->more, ~0U)), shift);
    const __m512i ey = _mm512_sll_epi16(_mm512_permutexvar_epi16(of_entry, words_of(e->more + e->count, ~0U)), shift);
    const __m512i turn = _mm512_and_si512(_mm512_sub_epi16(_mm512_permutexvar_epi16(of_probe, words_of(p->angle, ~0U)), _mm512_permutexvar_epi16(of_entry, words_of(e->more + 2 * (size_t)e->count, ~0U))), _mm512_set1_epi16(255));
    _mm512_store_si512(at[0], px), _mm512_store_si512(at[1], py), _mm512_store_si512(at[2], ex), _mm512_store_si512(at[3], ey), _mm512_store_si512(at[4], turn);
    for (int a = 0; a < n; a++) {
        const __m512i c = _mm512_set1_epi16(p->cos[at[4][a]]), s = _mm512_set1_epi16(p->sin[at[4][a]]);
        __m512i u = _mm512_sub_epi16(ex, _mm512_set1_epi16(at[2][a])), v = _mm512_sub_epi16(ey, _mm512_set1_epi16(at[3][a]));
        __m512i x = _mm512_sub_epi16(px, _mm512_set1_epi16((int16_t)(at[0][a] - 8 * VOTE_PIXELS))), y = _mm512_sub_epi16(py, _mm512_set1_epi16((int16_t)(at[1][a] - 8 * VOTE_PIXELS)));
        __m512i t = _mm512_and_si512(_mm512_sub_epi16(turn, _mm512_set1_epi16((int16_t)(at[4][a] - VOTE_TURN))), _mm512_set1_epi16(255));
        x = _mm512_sub_epi16(x, _mm512_sub_epi16(_mm512_mulhrs_epi16(u, c), _mm512_mulhrs_epi16(v, s)));
        y = _mm512_sub_epi16(y, _mm512_add_epi16(_mm512_mulhrs_epi16(u, s), _mm512_mulhrs_epi16(v, c)));
        uint32_t agree = _mm512_mask_cmple_epu16_mask(_mm512_mask_cmple_epu16_mask(_mm512_mask_cmple_epu16_mask(there, t, _mm512_set1_epi16(2 * VOTE_TURN)), x, far), y, far);
        ret[a] = (uint8_t)(__builtin_popcount(agree) - 1);
    }
}

/* Sixteen ranks; those past n are the last. */
AVX2 INLINE __m256i sixteen_ranks(const finger_seeds *seeds, const uint8_t *votes, int from, int n)
{
    const __m256i at = _mm256_add_epi16(_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm256_set1_epi16((short)from));
    __m256i of_votes = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(votes + from)));
    __m256i differ = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(seeds->differ + from)));
    __m256i less = _mm256_mullo_epi16(_mm256_set1_epi16(VOTE_BITS), _mm256_sub_epi16(_mm256_set1_epi16(FINGER_SCAN_SEEDS), of_votes));
    __m256i rank = _mm256_add_epi16(_mm256_slli_epi16(_mm256_add_epi16(less, differ), 5), at);
    return _mm256_or_si256(rank, _mm256_cmpgt_epi16(at, _mm256_set1_epi16((short)(n - 1))));
}

AVX2 static int choose_avx2(const finger_seeds *seeds, const uint8_t votes[FINGER_SCAN_SEEDS], int n, uint8_t ret[FINGER_SCAN_JUDGED])
{
    __m256i low = sixteen_ranks(seeds, votes, 0, n), high = sixteen_ranks(seeds, votes, 16, n);
    for (int k = 0; k < FINGER_SCAN_JUDGED; k++) {
        __m256i both = _mm256_min_epu16(low, high);
        __m128i lowest = _mm_minpos_epu16(_mm_min_epu16(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1)));
        __m256i taken = _mm256_broadcastw_epi16(lowest);
        ret[k] = (uint8_t)(_mm_cvtsi128_si32(lowest) % FINGER_SCAN_SEEDS);
        low = _mm256_or_si256(low, _mm256_cmpeq_epi16(low, taken)), high = _mm256_or_si256(high, _mm256_cmpeq_epi16(high, taken));
    }
    return finger_min(n, FINGER_SCAN_JUDGED);
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

static const finger_scan_kernels avx2 = {"avx2", seeds_avx2, votes_avx2, choose_avx2, judge_avx2, finger_terms_avx2},
                                 avx512 = {"avx512", seeds_avx512, votes_avx512, choose_avx2, judge_avx2, finger_terms_avx2};
#endif

const finger_scan_kernels *finger_scan_kernels_at(int i)
{
    const finger_scan_kernels *all[3] = {&plain};
    int n = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
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

uint16_t finger_scan_score(const finger_scan_kernels *k, const finger_scan *p, const finger_entry *e, finger_tried *ret_tried)
{
    finger_seeds seeds;
    uint8_t votes[FINGER_SCAN_SEEDS], tried[FINGER_SCAN_JUDGED];
    int most = INT16_MIN, n = k->seeds(p, e, &seeds);
    *ret_tried = (finger_tried){0, FINGER_UNTRIED, FINGER_UNTRIED};
    k->votes(p, e, &seeds, n, votes);
    n = k->choose(&seeds, votes, n, tried);
    for (int i = 0; i < n; i++) {
        finger_seed seed = seed_at(&seeds, tried[i]);
        int points = k->judge(p, e, seed) + POINTS_VOTE * finger_min(votes[tried[i]], VOTES_COUNTED);
        if (points > most) most = points, *ret_tried = (finger_tried){(int16_t)points, seed.probe, seed.entry};
    }
    return (uint16_t)finger_min(finger_max(most, 0) * p->worth[e->count] >> 6, UINT16_MAX);
}
