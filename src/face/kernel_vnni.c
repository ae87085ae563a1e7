/* AVX-512 VNNI: 64 products of an unsigned and a signed byte an instruction, summed by fours into 16 lanes. kernels_test.c compiles this file once more
 * over an emulation of the instructions. */
#include "face/kernels.h"

#include <string.h>

#ifndef FACE_EMULATED
#include <immintrin.h>
#define FACE_VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))
#else
#define FACE_VNNI
#endif

#define FACE_INLINE FACE_VNNI __attribute__((always_inline)) static inline

FACE_INLINE int32_t sum_lanes(__m512i v)
{
    __m256i h = _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    __m128i q = _mm_add_epi32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
    q = _mm_add_epi32(q, _mm_shuffle_epi32(q, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(q, _mm_shuffle_epi32(q, 0xb1)));
}

/* n rows, 4 at most and known when this is compiled, by one probe. */
FACE_INLINE void tile_dots(const uint8_t *rows, const face_one *probe, size_t stride, int n, int32_t *ret)
{
    __m512i sum[4];
    for (int i = 0; i < n; i++) sum[i] = _mm512_setzero_si512();
    for (size_t at = 0; at < stride; at += 64) {
        __m512i p = _mm512_loadu_si512(probe->values + at);
        for (int i = 0; i < n; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], _mm512_loadu_si512(rows + (size_t)i * stride + at), p);
    }
    for (int i = 0; i < n; i++) ret[i] = sum_lanes(sum[i]) - probe->bias;
}

FACE_VNNI void face_dots_vnni(const face_rows *rows, const face_one *probe, int32_t *ret)
{
    size_t s = rows->stride, i = 0;
    for (; i + 4 <= rows->count; i += 4) tile_dots(rows->rows + i * s, probe, s, 4, ret + i);
    for (; i < rows->count; i++) tile_dots(rows->rows + i * s, probe, s, 1, ret + i);
}

FACE_INLINE __m512i four_bytes(const uint8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}

/* n rows by m panels, n x m at most 16 and known when this is compiled: so many sums hide each other's latency and stay in registers, each row's bytes are
 * loaded for all of the probes, and each row is touched once. */
FACE_INLINE size_t tile_screen(const face_rows *r, size_t first, int n, const float *inverse, const face_panel *panel, int m, uint32_t probe, face_pass *ret)
{
    __m512i sum[8][FACE_PANELS];
    unsigned pass[8][FACE_PANELS], any = 0;
    size_t count = 0;
    const uint8_t *rows = r->rows + first * r->stride;
#pragma GCC unroll 8
    for (int i = 0; i < n; i++)
#pragma GCC unroll 4
        for (int k = 0; k < m; k++) sum[i][k] = _mm512_loadu_si512(panel[k].add);
    for (size_t at = 0; at < r->stride; at += 4) {
        __m512i p[FACE_PANELS];
#pragma GCC unroll 4
        for (int k = 0; k < m; k++) p[k] = _mm512_loadu_si512(panel[k].values + at * FACE_PANEL);
#pragma GCC unroll 8
        for (int i = 0; i < n; i++) {
            __m512i four = four_bytes(rows + (size_t)i * r->stride + at);
#pragma GCC unroll 4
            for (int k = 0; k < m; k++) sum[i][k] = _mm512_dpbusd_epi32(sum[i][k], four, p[k]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < n; i++)
#pragma GCC unroll 4
        for (int k = 0; k < m; k++) {
            __m512 score = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[i][k]), _mm512_set1_ps(inverse[first + (size_t)i]));
            any |= pass[i][k] = _mm512_cmp_ps_mask(score, _mm512_loadu_ps(panel[k].least), _CMP_GE_OQ);
        }
    for (int i = 0; any && i < n; i++)
        for (int k = 0; k < m; k++)
            for (unsigned left = pass[i][k]; left; left &= left - 1)
                ret[count++] = (face_pass){(uint32_t)first + (uint32_t)i, probe + (uint32_t)(k * FACE_PANEL + __builtin_ctz(left))};
    return count;
}

/* All rows by m panels, n rows at a time. */
FACE_INLINE size_t screen_panels(const face_rows *rows, int n, const float *inverse, const face_panel *panel, int m, uint32_t probe, face_pass *ret)
{
    size_t i = 0, count = 0;
    for (; i + (size_t)n <= rows->count; i += (size_t)n) count += tile_screen(rows, i, n, inverse, panel, m, probe, ret + count);
    for (; i < rows->count; i++) count += tile_screen(rows, i, 1, inverse, panel, m, probe, ret + count);
    return count;
}

FACE_VNNI size_t face_screen_vnni(const face_rows *rows, const float *inverse, const face_panel *panel, size_t panels, face_pass *ret)
{
    size_t n = 0;
    uint32_t at = 0;
    if (panels >= 4) n = screen_panels(rows, 4, inverse, panel, 4, 0, ret), at = 4;
    if (panels - at >= 2) n += screen_panels(rows, 8, inverse, panel + at, 2, at * FACE_PANEL, ret + n), at += 2;
    if (panels - at) n += screen_panels(rows, 8, inverse, panel + at, 1, at * FACE_PANEL, ret + n);
    return n;
}
