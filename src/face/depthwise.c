/* Each row is copied once with its zeros; for a stride of 2 its even and its odd columns go apart, so that a row of outputs is always sums of rows that
 * lie eight and eight side by side. Rows are rounded up to whole vectors: what is computed beyond the last column is thrown away. */
#include "face/depthwise.h"

#include "base/check.h"

#include <string.h>

enum { LANES = 8 };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

int face_depthwise_height(const face_depthwise *d)
{
    return (d->height + d->top + d->bottom - 3) / d->stride + 1;
}

int face_depthwise_width(const face_depthwise *d)
{
    return (d->width + d->left + d->right - 3) / d->stride + 1;
}

static size_t vectors(const face_depthwise *d)
{
    return ((size_t)face_depthwise_width(d) + LANES - 1) / LANES;
}

/* One copied row: all columns, or first the even and then the odd ones; each part with room for a vector that begins two columns further. */
static size_t part_of(const face_depthwise *d)
{
    return (vectors(d) + 1) * LANES;
}

static size_t row_of(const face_depthwise *d)
{
    return part_of(d) * (size_t)d->stride;
}

size_t face_depthwise_scratch(const face_depthwise *d)
{
    return row_of(d) * (size_t)(d->height + d->top + d->bottom) + vectors(d) * LANES;
}

void face_depthwise_clear(const face_depthwise *d, float *scratch)
{
    memset(scratch, 0, face_depthwise_scratch(d) * sizeof *scratch);
}

/* from[0], from[2], … to a, from[1], from[3], … to b */
static void part_row(const float *restrict from, size_t n, float *restrict a, float *restrict b)
{
    for (size_t i = 0; i < n / 2; i++) a[i] = from[2 * i], b[i] = from[2 * i + 1];
    if (n % 2) a[n / 2] = from[n - 1];
}

static void copy_rows(const face_depthwise *d, const float *in, float *rows)
{
    size_t row = row_of(d), n = (size_t)d->width, left = (size_t)d->left;
    for (int y = 0; y < d->height; y++) {
        float *to = rows + row * (size_t)(y + d->top), *even = to + left / 2, *odd = even + part_of(d);
        const float *from = in + (size_t)y * n;
        if (d->stride == 1) memcpy(to + left, from, n * sizeof *to);
        else if (left % 2 == 0) part_row(from, n, even, odd);
        else part_row(from, n, odd, even + 1);
    }
}

__attribute__((always_inline)) static inline void convolve(const face_depthwise *d, const float *rows, const float w[9], float bias, float *line, float *ret)
{
    size_t row = row_of(d), many = vectors(d), width = (size_t)face_depthwise_width(d);
    size_t second = d->stride == 1 ? 1 : part_of(d), third = d->stride == 1 ? 2 : 1;
    int height = face_depthwise_height(d);
    for (int y = 0; y < height; y++) {
        const float *a = rows + row * (size_t)(y * d->stride), *b = a + row, *c = b + row;
        for (size_t v = 0; v < many; v++) {
            size_t x = v * LANES;
            lanes sum = *(const lanes *)(a + x) * w[0] + bias;
            sum += *(const lanes *)(a + x + second) * w[1], sum += *(const lanes *)(a + x + third) * w[2];
            sum += *(const lanes *)(b + x) * w[3], sum += *(const lanes *)(b + x + second) * w[4], sum += *(const lanes *)(b + x + third) * w[5];
            sum += *(const lanes *)(c + x) * w[6], sum += *(const lanes *)(c + x + second) * w[7], sum += *(const lanes *)(c + x + third) * w[8];
            *(lanes *)(line + x) = sum;
        }
        memcpy(ret + (size_t)y * width, line, width * sizeof *ret);
    }
}

static void convolve_plain(const face_depthwise *d, const float *rows, const float w[9], float bias, float *line, float *ret)
{
    convolve(d, rows, w, bias, line, ret);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void convolve_avx2(const face_depthwise *d, const float *rows, const float w[9], float bias, float *line, float *ret)
{
    convolve(d, rows, w, bias, line, ret);
}
#endif

void face_depthwise_run(const face_depthwise *d, const float *in, const float weight[9], float bias, float *scratch, float *ret)
{
    float *line = scratch + face_depthwise_scratch(d) - vectors(d) * LANES;
    ENT_PRE(face_depthwise_height(d) > 0 && face_depthwise_width(d) > 0 && (d->stride == 1 || d->stride == 2));
    copy_rows(d, in, scratch);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        convolve_avx2(d, scratch, weight, bias, line, ret);
        return;
    }
#endif
    convolve_plain(d, scratch, weight, bias, line, ret);
}
