/* Quantisation: the embedding's largest component becomes 127 coarse steps, each divided into 2^fine, with as many fine bits (8 at most)
 * as the template's 1,024 bytes leave room for. A gallery scans the coarse bytes and scores its best anew with the fine bits. */
#include "face/template.h"

#include "base/check.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char magic[4] = "EFA\1"; /* with the version */

static size_t length_of(uint32_t dimension, uint32_t fine)
{
    return FACE_HEADER + dimension + ((size_t)dimension * fine + 7) / 8;
}

static uint32_t fine_of(uint32_t dimension)
{
    uint32_t fine = FACE_FINE_BITS;
    while (fine && length_of(dimension, fine) > ENT_FACE_TEMPLATE_MAX) fine--;
    return fine;
}

/* Fine bits are packed with the most significant first. */
static void put_bits(uint8_t *bytes, size_t at, uint32_t n, uint32_t value)
{
    for (uint32_t i = 0; i < n; i++, at++)
        if (value >> (n - 1 - i) & 1) bytes[at / 8] |= (uint8_t)(128 >> at % 8);
}

static uint32_t get_bits(const uint8_t *bytes, size_t at, uint32_t n)
{
    uint32_t v = 0;
    for (uint32_t i = 0; i < n; i++, at++) v = v << 1 | (bytes[at / 8] >> (7 - at % 8) & 1);
    return v;
}

ent_code ent_face_quantise(const float *embedding, uint32_t dimension, const uint8_t model[8], int quality,
                           uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_err *err)
{
    uint8_t t[ENT_FACE_TEMPLATE_MAX] = {0};
    double largest = 0;
    if (dimension < 1 || dimension > ENT_FACE_DIMENSION_MAX || quality < 0 || quality > 100)
        return ent_fail(err, ENT_FORMAT, "an embedding of %u dimensions and quality %d; 1 to %d and 0 to 100", dimension, quality, ENT_FACE_DIMENSION_MAX);
    for (uint32_t i = 0; i < dimension; i++) {
        double v = fabs((double)embedding[i]);
        if (!(v < 1e30)) return ent_fail(err, ENT_FORMAT, "an embedding with a component that is no number");
        if (v > largest) largest = v;
    }
    if (largest < 1e-12) return ent_fail(err, ENT_FORMAT, "an embedding without a direction");
    uint32_t fine = fine_of(dimension);
    double steps = (double)(127 << fine) / largest;
    memcpy(t, magic, sizeof magic);
    t[4] = (uint8_t)(dimension >> 8), t[5] = (uint8_t)dimension, t[6] = (uint8_t)fine, t[7] = (uint8_t)quality;
    memcpy(t + 8, model, 8);
    for (uint32_t i = 0; i < dimension; i++) {
        int value = (int)floor((double)embedding[i] * steps + 0.5), half = fine ? 1 << (fine - 1) : 0;
        if (value < -(127 << fine)) value = -(127 << fine);
        if (value > 127 << fine) value = 127 << fine;
        int coarse = (value + half + (128 << fine)) / (1 << fine) - 128; /* floor */
        t[FACE_HEADER + i] = (uint8_t)coarse;
        put_bits(t + FACE_HEADER + dimension, (size_t)i * fine, fine, (uint32_t)(value - coarse * (1 << fine) + half));
    }
    memcpy(ret_template, t, sizeof t);
    *ret_len = length_of(dimension, fine);
    return ENT_OK;
}

void face_vector_unpack(uint32_t dimension, uint32_t fine, const uint8_t *coarse, int shift, const uint8_t *fine_bits, face_vector *ret)
{
    int half = fine ? 1 << (fine - 1) : 0;
    ret->dimension = dimension, ret->fine = fine;
    for (uint32_t i = 0; i < dimension; i++) {
        int c = (int8_t)(uint8_t)(coarse[i] - shift);
        ret->coarse[i] = (int8_t)c;
        ret->value[i] = (int16_t)(c * (1 << fine) + (int)get_bits(fine_bits, (size_t)i * fine, fine) - half);
    }
}

static ent_code check_values(const face_vector *v, const uint8_t *fine_bits, ent_err *err)
{
    int largest = 0, limit = 127 << v->fine;
    for (uint32_t i = 0; i < v->dimension; i++) {
        int size = v->value[i] < 0 ? -v->value[i] : v->value[i];
        if (size > largest) largest = size;
        if (v->coarse[i] == -128) largest = limit + 1; /* what a writer never rounds to */
    }
    if (largest != limit) return ent_fail(err, ENT_FORMAT, "a face template whose largest value is not %d steps", limit);
    size_t spare = (size_t)v->dimension * v->fine % 8;
    if (spare && (fine_bits[(size_t)v->dimension * v->fine / 8] & (255 >> spare))) return ent_fail(err, ENT_FORMAT, "a face template with spare bits that are not zero");
    return ENT_OK;
}

ent_code face_vector_read(const uint8_t *bytes, size_t len, face_vector *ret, ent_err *err)
{
    face_vector v = {0};
    if (len < FACE_HEADER || memcmp(bytes, magic, 3) != 0) return ent_fail(err, ENT_FORMAT, "no face template: it does not begin with EFA");
    if (bytes[3] != magic[3]) return ent_fail(err, ENT_UNSUPPORTED, "a face template of version %u; this program knows version %d", bytes[3], magic[3]);
    v.dimension = (uint32_t)bytes[4] << 8 | bytes[5], v.fine = bytes[6], v.quality = bytes[7];
    memcpy(v.model, bytes + 8, 8);
    if (v.dimension < 1 || v.dimension > ENT_FACE_DIMENSION_MAX || v.fine != fine_of(v.dimension) || v.quality > 100 ||
        memcmp(bytes + 16, "\0\0\0\0", 4) != 0 || len != length_of(v.dimension, v.fine))
        return ent_fail(err, ENT_FORMAT, "a face template of %zu bytes whose header says %u dimensions, %u fine bits, quality %d", len, v.dimension, v.fine, v.quality);
    face_vector_unpack(v.dimension, v.fine, bytes + FACE_HEADER, 0, bytes + FACE_HEADER + v.dimension, &v);
    ENT_TRY(check_values(&v, bytes + FACE_HEADER + v.dimension, err));
    *ret = v;
    return ENT_OK;
}

ent_code ent_face_inspect(const uint8_t *bytes, size_t len, ent_face_template_info *ret_info, ent_err *err)
{
    face_vector v = {0};
    ENT_TRY(face_vector_read(bytes, len, &v, err));
    memcpy(ret_info->model, v.model, 8);
    ret_info->dimension = v.dimension, ret_info->quality = v.quality;
    return ENT_OK;
}

static int64_t dot_plain(const int16_t *a, const int16_t *b, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (int32_t)a[i] * b[i];
    return sum;
}

#if defined(__x86_64__)
/* Two products are at most 2 x 32,512 x 32,512 < 2^31; all 960 are < 2^40. */
__attribute__((target("avx2"))) static int64_t dot_avx2(const int16_t *a, const int16_t *b, size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    int64_t lane[4];
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i two = _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)(a + i)), _mm256_loadu_si256((const __m256i *)(b + i)));
        sum = _mm256_add_epi64(sum, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(two)));
        sum = _mm256_add_epi64(sum, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(two, 1)));
    }
    _mm256_storeu_si256((__m256i *)lane, sum);
    return lane[0] + lane[1] + lane[2] + lane[3] + dot_plain(a + i, b + i, n - i);
}
#endif

int64_t face_dot(const face_vector *a, const face_vector *b)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return dot_avx2(a->value, b->value, a->dimension);
#endif
    return dot_plain(a->value, b->value, a->dimension);
}

double face_cosine(const face_vector *a, const face_vector *b)
{
    return (double)face_dot(a, b) / (sqrt((double)face_dot(a, a)) * sqrt((double)face_dot(b, b)));
}

ent_code ent_face_match(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, double *ret_score, ent_err *err)
{
    face_vector x = {0}, y = {0};
    ENT_TRY(face_vector_read(a, a_len, &x, err));
    ENT_TRY(face_vector_read(b, b_len, &y, err));
    if (memcmp(x.model, y.model, 8) != 0 || x.dimension != y.dimension)
        return ent_fail(err, ENT_UNSUPPORTED, "the two templates come from different models; make one of them anew");
    *ret_score = face_cosine(&x, &y);
    return ENT_OK;
}
