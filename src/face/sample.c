#include "face/engine.h"

#include "base/limits.h"

#include <math.h>

enum { FINEST = 8 }; /* samples a side of a target pixel at most */

ent_code face_check_image(const ent_face_image *image, ent_err *err)
{
    if (image->width > ENT_LIMIT_IMAGE_SIDE || image->height > ENT_LIMIT_IMAGE_SIDE)
        return ent_fail(err, ENT_TOO_LARGE, "a picture of %u x %u pixels; at most %d a side", image->width, image->height, ENT_LIMIT_IMAGE_SIDE);
    if (image->width < 16 || image->height < 16 || (image->channels != 1 && image->channels != 3) ||
        image->stride < (size_t)image->width * image->channels || !image->pixels)
        return ent_fail(err, ENT_FORMAT, "a picture of %u x %u pixels with %u channels; 16 x 16 at least, 1 or 3 channels", image->width, image->height, image->channels);
    return ENT_OK;
}

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* Adds one bilinear sample to sum[3]. */
static void add_sample(const ent_face_image *im, double x, double y, bool black, double sum[3])
{
    if (black && (x <= -1 || y <= -1 || x >= im->width || y >= im->height)) return;
    x = clamp(x, 0, im->width - 1), y = clamp(y, 0, im->height - 1);
    uint32_t x0 = (uint32_t)x, y0 = (uint32_t)y, step = x0 + 1 < im->width ? im->channels : 0;
    double fx = x - x0, fy = y - y0;
    const uint8_t *p = im->pixels + y0 * im->stride + (size_t)x0 * im->channels, *q = y0 + 1 < im->height ? p + im->stride : p;
    for (uint32_t c = 0; c < 3; c++) {
        uint32_t k = im->channels == 3 ? c : 0;
        sum[c] += (1 - fy) * ((1 - fx) * p[k] + fx * p[k + step]) + fy * ((1 - fx) * q[k] + fx * q[k + step]);
    }
}

/* The places of a target pixel's samples, from its middle. */
typedef struct offsets {
    int count;
    float x[FINEST * FINEST], y[FINEST * FINEST], reach;
} offsets;

static offsets offsets_of(const face_map *m)
{
    double stretch = sqrt(fabs(m->a * m->e - m->b * m->d));
    int n = (int)ceil(clamp(stretch - 0.2, 1, FINEST));
    offsets o = {.count = n * n};
    for (int k = 0; k < o.count; k++) {
        double u = (k % n + 0.5) / n - 0.5, v = (k / n + 0.5) / n - 0.5;
        o.x[k] = (float)(m->a * u + m->b * v), o.y[k] = (float)(m->d * u + m->e * v);
        o.reach = fmaxf(o.reach, fmaxf(fabsf(o.x[k]), fabsf(o.y[k])));
    }
    return o;
}

/* All samples of a pixel that lie well inside the picture. */
static void add_inside(const ent_face_image *im, const offsets *o, float x, float y, float sum[3])
{
    size_t step = im->channels, green = step == 3 ? 1 : 0, blue = 2 * green;
    for (int k = 0; k < o->count; k++) {
        float u = x + o->x[k], v = y + o->y[k];
        uint32_t x0 = (uint32_t)u, y0 = (uint32_t)v;
        float fx = u - (float)x0, fy = v - (float)y0, a = (1 - fx) * (1 - fy), b = fx * (1 - fy), c = (1 - fx) * fy, d = fx * fy;
        const uint8_t *p = im->pixels + y0 * im->stride + x0 * step, *q = p + im->stride;
        sum[0] += a * p[0] + b * p[step] + c * q[0] + d * q[step];
        sum[1] += a * p[green] + b * p[step + green] + c * q[green] + d * q[step + green];
        sum[2] += a * p[blue] + b * p[step + blue] + c * q[blue] + d * q[step + blue];
    }
}

static void add_anywhere(const ent_face_image *im, const offsets *o, float x, float y, bool black, float sum[3])
{
    double all[3] = {0};
    for (int k = 0; k < o->count; k++) add_sample(im, (double)(x + o->x[k]), (double)(y + o->y[k]), black, all);
    for (int c = 0; c < 3; c++) sum[c] += (float)all[c];
}

void face_sample(const ent_face_image *image, const face_map *m, const face_plane_form *form, float *ret_planes)
{
    offsets o = offsets_of(m);
    size_t area = (size_t)form->width * form->height;
    float right = (float)image->width - 1.01f - o.reach, bottom = (float)image->height - 1.01f - o.reach, each = 1 / (float)o.count;
    for (uint32_t j = 0; j < form->height; j++)
        for (uint32_t i = 0; i < form->width; i++) {
            float sum[3] = {0}, x = (float)(m->a * i + m->b * j + m->c), y = (float)(m->d * i + m->e * j + m->f);
            if (x > o.reach && x < right && y > o.reach && y < bottom) add_inside(image, &o, x, y, sum);
            else add_anywhere(image, &o, x, y, form->black, sum);
            size_t at = (size_t)j * form->width + i;
            if (form->grey) ret_planes[at] = (0.299f * sum[0] + 0.587f * sum[1] + 0.114f * sum[2]) * each;
            else
                for (size_t c = 0; c < 3; c++) ret_planes[c * area + at] = sum[c] * each;
        }
}

void face_feed(float *planes, const ent_face_network *n, uint32_t channels)
{
    size_t area = (size_t)n->width * n->height;
    float mean = (float)n->mean, share = (float)(1 / n->scale);
    for (size_t i = 0; i < area * channels; i++) planes[i] = (planes[i] - mean) * share;
    for (size_t i = 0; n->bgr && channels == 3 && i < area; i++) {
        float red = planes[i];
        planes[i] = planes[2 * area + i], planes[2 * area + i] = red;
    }
}

/* Where ArcFace's training put eyes, nose and mouth in its 112 x 112 crop (Deng et al., 2019; the same in its many kin). */
static const double reference[5][2] = {{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}};

face_map face_align(const float five[5][2])
{
    double from[2] = {0}, to[2] = {0}, along = 0, across = 0, size = 0;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 2; k++) from[k] += reference[i][k] / 5, to[k] += (double)five[i][k] / 5;
    for (int i = 0; i < 5; i++) {
        double x = reference[i][0] - from[0], y = reference[i][1] - from[1], u = (double)five[i][0] - to[0], v = (double)five[i][1] - to[1];
        along += x * u + y * v, across += x * v - y * u, size += x * x + y * y;
    }
    double a = along / size, d = across / size;
    return (face_map){.a = a, .b = -d, .c = to[0] - a * from[0] + d * from[1], .d = d, .e = a, .f = to[1] - d * from[0] - a * from[1]};
}
