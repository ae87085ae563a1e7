/* AVX-512 VNNI: 64 products of an unsigned and a signed byte an instruction, summed by fours into 16 lanes. Four rows by four probes at a time, so that
 * what is loaded is used four times. kernels_test.c compiles this file once more over an emulation of the instructions. */
#include "face/kernels.h"

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

/* n rows by m probes, both 4 at most and known when this is compiled. */
FACE_INLINE void tile(const uint8_t *rows, const int8_t *probes, size_t stride, const int32_t *bias, size_t width, int n, int m, int32_t *ret)
{
    __m512i sum[4][4];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < m; k++) sum[i][k] = _mm512_setzero_si512();
    for (size_t at = 0; at < stride; at += 64) {
        __m512i p[4];
        for (int k = 0; k < m; k++) p[k] = _mm512_loadu_si512(probes + (size_t)k * stride + at);
        for (int i = 0; i < n; i++) {
            __m512i r = _mm512_loadu_si512(rows + (size_t)i * stride + at);
            for (int k = 0; k < m; k++) sum[i][k] = _mm512_dpbusd_epi32(sum[i][k], r, p[k]);
        }
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < m; k++) ret[(size_t)k * width + (size_t)i] = sum_lanes(sum[i][k]) - bias[k];
}

FACE_VNNI void face_dots_vnni(const face_rows *rows, const face_probes *probes, int32_t *ret)
{
    size_t s = rows->stride, n = rows->count, k = 0;
    for (; k + 4 <= probes->count; k += 4) {
        size_t i = 0;
        for (; i + 4 <= n; i += 4) tile(rows->rows + i * s, probes->values + k * s, s, probes->bias + k, n, 4, 4, ret + k * n + i);
        for (; i < n; i++) tile(rows->rows + i * s, probes->values + k * s, s, probes->bias + k, n, 1, 4, ret + k * n + i);
    }
    for (; k < probes->count; k++) {
        size_t i = 0;
        for (; i + 4 <= n; i += 4) tile(rows->rows + i * s, probes->values + k * s, s, probes->bias + k, n, 4, 1, ret + k * n + i);
        for (; i < n; i++) tile(rows->rows + i * s, probes->values + k * s, s, probes->bias + k, n, 1, 1, ret + k * n + i);
    }
}
