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

/* n rows, 8 at most, by the panel's sixteen probes, a lane each. */
FACE_INLINE size_t tile_screen(const face_rows *h, size_t first, int n, const float *inverse, const face_panel *panel, face_pass *ret)
{
    __m512i sum[8];
    size_t count = 0;
    const uint8_t *rows = h->rows + first * h->stride;
    for (int i = 0; i < n; i++) sum[i] = _mm512_loadu_si512(panel->add);
    for (size_t at = 0; at < h->stride; at += 4) {
        __m512i p = _mm512_loadu_si512(panel->halves + at * FACE_PANEL);
        for (int i = 0; i < n; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], four_bytes(rows + (size_t)i * h->stride + at), p);
    }
    for (int i = 0; i < n; i++) {
        __m512 score = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[i]), _mm512_set1_ps(inverse[first + (size_t)i]));
        for (unsigned pass = _mm512_cmp_ps_mask(score, _mm512_loadu_ps(panel->least), _CMP_GE_OQ); pass; pass &= pass - 1)
            ret[count++] = (face_pass){(uint32_t)first + (uint32_t)i, (uint32_t)__builtin_ctz(pass)};
    }
    return count;
}

FACE_VNNI size_t face_screen_vnni(const face_rows *halved, const float *inverse, const face_panel *panel, face_pass *ret)
{
    size_t i = 0, n = 0;
    for (; i + 8 <= halved->count; i += 8) n += tile_screen(halved, i, 8, inverse, panel, ret + n);
    for (; i < halved->count; i++) n += tile_screen(halved, i, 1, inverse, panel, ret + n);
    return n;
}
