#include "face/kernels.h"

#include "base/check.h"

#include <stdbool.h>
#include <string.h>

void face_dots_plain(const face_rows *rows, const face_probes *probes, int32_t *ret)
{
    for (size_t k = 0; k < probes->count; k++)
        for (size_t i = 0; i < rows->count; i++) {
            int32_t sum = 0;
            for (size_t j = 0; j < rows->stride; j++) sum += (rows->rows[i * rows->stride + j] - 128) * probes->values[k * rows->stride + j];
            ret[k * rows->count + i] = sum;
        }
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

/* Two rows by four probes in 16 bit products: bytes times bytes would overflow the only instruction there is for them. */
AVX2_INLINE void tile_wide(const uint8_t *rows, const int16_t *probes, size_t stride, const int32_t *bias, size_t width, int n, int32_t *ret)
{
    __m256i sum[2][4];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++) sum[i][k] = _mm256_setzero_si256();
    for (size_t at = 0; at < stride; at += 16) {
        __m256i r[2];
        for (int i = 0; i < n; i++) r[i] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(rows + (size_t)i * stride + at)));
        for (int k = 0; k < 4; k++) {
            __m256i p = _mm256_loadu_si256((const __m256i *)(probes + (size_t)k * stride + at));
            for (int i = 0; i < n; i++) sum[i][k] = _mm256_add_epi32(sum[i][k], _mm256_madd_epi16(r[i], p));
        }
    }
    for (int i = 0; i < n; i++) {
        int32_t four[4];
        _mm_storeu_si128((__m128i *)four, sum_four(sum[i]));
        for (int k = 0; k < 4; k++) ret[(size_t)k * width + (size_t)i] = four[k] - bias[k];
    }
}

/* Four rows by one probe: here memory is the limit. */
AVX2_INLINE void tile_one(const uint8_t *rows, const int16_t *probe, size_t stride, int32_t bias, int32_t *ret)
{
    __m256i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm256_setzero_si256();
    for (size_t at = 0; at < stride; at += 16) {
        __m256i p = _mm256_loadu_si256((const __m256i *)(probe + at));
        for (int i = 0; i < 4; i++)
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(rows + (size_t)i * stride + at))), p));
    }
    _mm_storeu_si128((__m128i *)ret, _mm_sub_epi32(sum_four(sum), _mm_set1_epi32(bias)));
}

AVX2 static void dots_avx2(const face_rows *rows, const face_probes *probes, int32_t *ret)
{
    size_t s = rows->stride, n = rows->count, k = 0, whole = n - n % 4;
    for (; k + 4 <= probes->count; k += 4) {
        size_t i = 0;
        for (; i + 2 <= n; i += 2) tile_wide(rows->rows + i * s, probes->wide + k * s, s, probes->bias + k, n, 2, ret + k * n + i);
        for (; i < n; i++) tile_wide(rows->rows + i * s, probes->wide + k * s, s, probes->bias + k, n, 1, ret + k * n + i);
    }
    for (; k < probes->count; k++) {
        for (size_t i = 0; i < whole; i += 4) tile_one(rows->rows + i * s, probes->wide + k * s, s, probes->bias[k], ret + k * n + i);
        face_rows rest = {rows->rows + whole * s, n - whole, s};
        face_probes one = {probes->values + k * s, NULL, NULL, 1};
        face_dots_plain(&rest, &one, ret + k * n + whole);
    }
}

static bool has_avx2(void) { return __builtin_cpu_supports("avx2"); }
static bool has_vnni(void) { return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"); }
#endif

static bool always(void) { return true; }

static const struct {
    face_kernel kernel;
    bool (*there)(void);
} kernels[] = {
    {{"plain", face_dots_plain}, always},
#if defined(__x86_64__)
    {{"avx2", dots_avx2}, has_avx2},
    {{"avx512-vnni", face_dots_vnni}, has_vnni},
#endif
};

const face_kernel *face_kernel_at(int i)
{
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
        if (kernels[k].there() && i-- == 0) return &kernels[k].kernel;
    return NULL;
}

enum { SAMPLE_ROWS = 7, SAMPLE_PROBES = 5, SAMPLE_STRIDE = 128 };

/* Whether a kernel multiplies as the plain one does, on numbers that reach every corner of the range. */
static bool agrees(const face_kernel *k)
{
    uint8_t rows[SAMPLE_ROWS * SAMPLE_STRIDE];
    int8_t values[SAMPLE_PROBES * SAMPLE_STRIDE];
    int16_t wide[SAMPLE_PROBES * SAMPLE_STRIDE];
    int32_t bias[SAMPLE_PROBES] = {0}, is[SAMPLE_ROWS * SAMPLE_PROBES], should[SAMPLE_ROWS * SAMPLE_PROBES];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof rows; i++) seed = seed * 1664525 + 1013904223, rows[i] = (uint8_t)(i < SAMPLE_STRIDE ? 255 : 1 + (seed >> 24) % 255);
    for (size_t i = 0; i < sizeof values; i++) {
        seed = seed * 1664525 + 1013904223;
        values[i] = (int8_t)(i < SAMPLE_STRIDE ? -127 : (int)((seed >> 24) % 255) - 127);
        wide[i] = values[i], bias[i / SAMPLE_STRIDE] += 128 * values[i];
    }
    face_rows r = {rows, SAMPLE_ROWS, SAMPLE_STRIDE};
    face_probes p = {values, wide, bias, SAMPLE_PROBES};
    face_dots_plain(&r, &p, should);
    k->dots(&r, &p, is);
    return memcmp(is, should, sizeof is) == 0;
}

const face_kernel *face_kernel_best(void)
{
    const face_kernel *best = face_kernel_at(0), *k;
    for (int i = 1; (k = face_kernel_at(i)); i++)
        if (agrees(k)) best = k;
    return best;
}
