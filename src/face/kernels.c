#include "face/kernels.h"

#include "base/check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void face_dots_plain(const face_rows *rows, const face_one *probe, int32_t *ret)
{
    for (size_t i = 0; i < rows->count; i++) {
        int32_t sum = 0;
        for (size_t j = 0; j < rows->stride; j++) sum += (rows->rows[i * rows->stride + j] - 128) * probe->values[j];
        ret[i] = sum;
    }
}

/* Of narrow values at most 960 x 127 x 32 < 2^22, and as much again for what is added; of whole ones, with what is added, 960 x 127 x 127 < 2^24: a float
 * holds each. */
size_t face_screen_plain(const face_rows *rows, const float *inverse, const face_panel *panel, size_t panels, face_pass *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++)
        for (uint32_t k = 0; k < panels * FACE_PANEL; k++) {
            const face_panel *p = &panel[k / FACE_PANEL];
            int32_t sum = p->add[k % FACE_PANEL];
            for (size_t j = 0; j < rows->stride; j++) sum += rows->rows[i * rows->stride + j] * p->values[(j / 4 * FACE_PANEL + k % FACE_PANEL) * 4 + j % 4];
            if ((float)sum * inverse[i] >= p->least[k % FACE_PANEL]) ret[n++] = (face_pass){(uint32_t)i, k};
        }
    return n;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE AVX2 __attribute__((always_inline)) static inline

/* Four sums of eight lanes each as one vector of four. */
AVX2_INLINE __m128i sum_four(const __m256i v[4])
{
    __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
}

/* Four rows by one probe in 16 bit products: here memory is the limit. */
AVX2_INLINE void tile_one(const uint8_t *rows, const face_one *probe, size_t stride, int32_t *ret)
{
    __m256i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm256_setzero_si256();
    for (size_t at = 0; at < stride; at += 16) {
        __m256i p = _mm256_loadu_si256((const __m256i *)(probe->wide + at));
        for (int i = 0; i < 4; i++)
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(rows + (size_t)i * stride + at))), p));
    }
    _mm_storeu_si128((__m128i *)ret, _mm_sub_epi32(sum_four(sum), _mm_set1_epi32(probe->bias)));
}

AVX2 static void dots_avx2(const face_rows *rows, const face_one *probe, int32_t *ret)
{
    size_t s = rows->stride, whole = rows->count - rows->count % 4;
    for (size_t i = 0; i < whole; i += 4) tile_one(rows->rows + i * s, probe, s, ret + i);
    face_rows rest = {rows->rows + whole * s, rows->count - whole, s};
    face_dots_plain(&rest, probe, ret + whole);
}

AVX2_INLINE __m256i four_bytes(const uint8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
}

/* n rows by the sixteen probes: each lane is a probe, so that nothing has to be summed across lanes. Eight byte products fit in 16 bits: 8 x 127 x 32 =
 * 32,512. Two rows at a time keep everything in the sixteen registers; four were slower. */
AVX2_INLINE void tile_panel(const uint8_t *rows, const int8_t *values, size_t stride, int n, __m256i sum[2][2])
{
    const __m256i ones = _mm256_set1_epi16(1);
    for (int i = 0; i < n; i++) sum[i][0] = sum[i][1] = _mm256_setzero_si256();
    for (size_t at = 0; at < stride; at += 16) {
        const __m256i *p = (const __m256i *)(values + at * FACE_PANEL);
        for (int i = 0; i < n; i++) {
            __m256i low = _mm256_setzero_si256(), high = low;
            for (int k = 0; k < 4; k++) {
                __m256i four = four_bytes(rows + (size_t)i * stride + at + 4 * (size_t)k);
                low = _mm256_add_epi16(low, _mm256_maddubs_epi16(four, _mm256_loadu_si256(p + 2 * k)));
                high = _mm256_add_epi16(high, _mm256_maddubs_epi16(four, _mm256_loadu_si256(p + 2 * k + 1)));
            }
            sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(low, ones));
            sum[i][1] = _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(high, ones));
        }
    }
}

AVX2_INLINE unsigned reaching(__m256i sum, __m256 inverse, const face_panel *panel, int half)
{
    __m256i all = _mm256_add_epi32(sum, _mm256_loadu_si256((const __m256i *)(panel->add + 8 * half)));
    __m256 score = _mm256_mul_ps(_mm256_cvtepi32_ps(all), inverse);
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(score, _mm256_loadu_ps(panel->least + 8 * half), _CMP_GE_OQ));
}

AVX2_INLINE size_t screen_tile(const face_rows *h, size_t first, int n, const float *inverse, const face_panel *panel, uint32_t probe, face_pass *ret)
{
    __m256i sum[2][2];
    size_t count = 0;
    tile_panel(h->rows + first * h->stride, panel->values, h->stride, n, sum);
    for (int i = 0; i < n; i++) {
        __m256 v = _mm256_set1_ps(inverse[first + (size_t)i]);
        for (unsigned pass = reaching(sum[i][0], v, panel, 0) | reaching(sum[i][1], v, panel, 1) << 8; pass; pass &= pass - 1)
            ret[count++] = (face_pass){(uint32_t)first + (uint32_t)i, probe + (uint32_t)__builtin_ctz(pass)};
    }
    return count;
}

AVX2 static size_t screen_avx2(const face_rows *narrow, const float *inverse, const face_panel *panel, size_t panels, face_pass *ret)
{
    size_t n = 0;
    for (uint32_t p = 0; p < panels; p++) {
        size_t i = 0;
        for (; i + 2 <= narrow->count; i += 2) n += screen_tile(narrow, i, 2, inverse, &panel[p], p * FACE_PANEL, ret + n);
        for (; i < narrow->count; i++) n += screen_tile(narrow, i, 1, inverse, &panel[p], p * FACE_PANEL, ret + n);
    }
    return n;
}

static bool has_avx2(void) { return __builtin_cpu_supports("avx2"); }
static bool has_vnni(void) { return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"); }
#endif

static bool always(void) { return true; }

static const struct {
    face_kernel kernel;
    bool (*there)(void);
} kernels[] = {
    {{"plain", face_dots_plain, face_screen_plain, false}, always},
#if defined(__x86_64__)
    {{"avx2", dots_avx2, screen_avx2, true}, has_avx2},
    {{"avx512-vnni", face_dots_vnni, face_screen_vnni, false}, has_vnni},
#endif
};

const face_kernel *face_kernel_at(int i)
{
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
        if (kernels[k].there() && i-- == 0) return &kernels[k].kernel;
    return NULL;
}

enum { SAMPLE_ROWS = 7, SAMPLE_STRIDE = 128, SAMPLE_PROBES = FACE_PANELS * FACE_PANEL };

typedef struct sample {
    uint8_t rows[SAMPLE_ROWS * SAMPLE_STRIDE], screened[SAMPLE_ROWS * SAMPLE_STRIDE];
    int8_t values[SAMPLE_STRIDE], panels[SAMPLE_PROBES * SAMPLE_STRIDE];
    int16_t wide[SAMPLE_STRIDE];
    float inverse[SAMPLE_ROWS];
    face_panel panel[FACE_PANELS];
    face_one one;
} sample;

/* Numbers that reach every corner of the range. */
static void fill_sample(sample *s, bool narrow)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof s->rows; i++) {
        seed = seed * 1664525 + 1013904223;
        s->rows[i] = (uint8_t)(i < SAMPLE_STRIDE ? 255 : 1 + (seed >> 24) % 255), s->screened[i] = s->rows[i] >> narrow;
    }
    for (size_t i = 0; i < SAMPLE_STRIDE; i++) s->values[i] = (int8_t)(i % 2 ? -127 : (int)(i * 2) - 127), s->wide[i] = s->values[i], s->one.bias += 128 * s->values[i];
    for (size_t i = 0; i < sizeof s->panels; i++) {
        seed = seed * 1664525 + 1013904223;
        s->panels[i] = (int8_t)(narrow ? (i / 4 % FACE_PANEL ? (int)(seed >> 26) - 31 : 32) : (i / 4 % FACE_PANEL ? (int)((seed >> 24) % 255) - 127 : 127));
    }
    for (size_t i = 0; i < SAMPLE_ROWS; i++) s->inverse[i] = 0.001f + 0.0001f * (float)i;
    for (int k = 0; k < SAMPLE_PROBES; k++) s->panel[k / FACE_PANEL].add[k % FACE_PANEL] = 17 * k, s->panel[k / FACE_PANEL].least[k % FACE_PANEL] = 2.0f * (float)(k % FACE_PANEL);
    for (int p = 0; p < FACE_PANELS; p++) s->panel[p].values = s->panels + p * FACE_PANEL * SAMPLE_STRIDE;
    s->one.values = s->values, s->one.wide = s->wide;
}

/* The same pairs, in whatever order: there are at most as many as have a bit. */
static bool same_passes(const face_pass *a, size_t n, const face_pass *b, size_t m)
{
    uint64_t seen[SAMPLE_ROWS] = {0};
    for (size_t i = 0; i < m; i++) seen[b[i].row] |= 1ull << b[i].probe;
    for (size_t i = 0; i < n; i++) {
        if (a[i].row >= SAMPLE_ROWS || a[i].probe >= SAMPLE_PROBES || !(seen[a[i].row] >> a[i].probe & 1)) return false;
        seen[a[i].row] &= ~(1ull << a[i].probe);
    }
    return n == m;
}

static bool agrees(const face_kernel *k)
{
    sample s = {.one.bias = 0};
    int32_t is[SAMPLE_ROWS], should[SAMPLE_ROWS];
    face_pass passes[SAMPLE_ROWS * SAMPLE_PROBES], right[SAMPLE_ROWS * SAMPLE_PROBES];
    fill_sample(&s, k->narrow);
    face_rows r = {s.rows, SAMPLE_ROWS, SAMPLE_STRIDE}, h = {s.screened, SAMPLE_ROWS, SAMPLE_STRIDE};
    face_dots_plain(&r, &s.one, should);
    k->dots(&r, &s.one, is);
    size_t n = face_screen_plain(&h, s.inverse, s.panel, FACE_PANELS, right);
    return memcmp(is, should, sizeof is) == 0 && same_passes(passes, k->screen(&h, s.inverse, s.panel, FACE_PANELS, passes), right, n);
}

const face_kernel *face_kernel_best(void)
{
    const face_kernel *best = face_kernel_at(0), *k;
    for (int i = 1; (k = face_kernel_at(i)); i++)
        if (agrees(k)) best = k;
    return best;
}
