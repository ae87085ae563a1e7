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

void face_sample(const ent_face_image *image, const face_map *m, const face_plane_form *form, float *ret_planes)
{
    double stretch = sqrt(fabs(m->a * m->e - m->b * m->d));
    int n = (int)ceil(clamp(stretch - 0.2, 1, FINEST));
    size_t area = (size_t)form->width * form->height;
    for (uint32_t y = 0; y < form->height; y++)
        for (uint32_t x = 0; x < form->width; x++) {
            double sum[3] = {0};
            for (int k = 0; k < n * n; k++) {
                double u = x + (k % n + 0.5) / n - 0.5, v = y + (k / n + 0.5) / n - 0.5;
                add_sample(image, m->a * u + m->b * v + m->c, m->d * u + m->e * v + m->f, form->black, sum);
            }
            size_t at = (size_t)y * form->width + x;
            double each = 1.0 / (n * n);
            if (form->grey) ret_planes[at] = (float)((0.299 * sum[0] + 0.587 * sum[1] + 0.114 * sum[2]) * each);
            else
                for (int c = 0; c < 3; c++) ret_planes[(size_t)c * area + at] = (float)(sum[c] * each);
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
