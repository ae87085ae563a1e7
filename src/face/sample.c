#include "face/engine.h"

#include "base/limits.h"
#include "base/wipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static void sample_anyhow(const ent_face_image *image, const face_map *m, const face_plane_form *form, float *ret_planes)
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

/* ---- an upright map: the same samples, first along columns, then along rows ---- */

enum { TAPS = 2 * FINEST };

/* What a target's column (or row) takes of the picture's. */
typedef struct taps {
    uint32_t count, at[TAPS];
    float weight[TAPS];
} taps;

static void add_tap(taps *t, uint32_t at, float weight)
{
    if (t->count && t->at[t->count - 1] == at) t->weight[t->count - 1] += weight;
    else if (weight > 0) t->at[t->count] = at, t->weight[t->count++] = weight;
}

/* Samples of the pixel whose middle is at `middle`, of a picture of `side` pixels; as add_sample has them. */
static taps taps_of(double middle, double stretch, uint32_t side, bool black)
{
    int n = (int)ceil(clamp(fabs(stretch) - 0.2, 1, FINEST));
    taps t = {.count = 0};
    for (int k = 0; k < n; k++) {
        double x = middle + stretch * ((k + 0.5) / n - 0.5);
        if (black && (x <= -1 || x >= side)) continue;
        x = clamp(x, 0, side - 1);
        uint32_t left = (uint32_t)x;
        float share = (float)(x - left) / (float)n;
        add_tap(&t, left, 1 / (float)n - share);
        if (left + 1 < side) add_tap(&t, left + 1, share);
        else if (t.count) t.weight[t.count - 1] += share;
    }
    return t;
}

static void add_row(const uint8_t *restrict row, float weight, size_t n, float *restrict sum)
{
    for (size_t i = 0; i < n; i++) sum[i] += weight * (float)row[i];
}

typedef struct upright {
    taps *column;          /* of each target column */
    uint32_t first, last;  /* columns of the picture that they need */
    float *line;           /* of the picture, summed over the target row's rows */
} upright;

static void sample_row(const ent_face_image *im, const upright *u, const taps *row, const face_plane_form *form, float *ret)
{
    size_t step = im->channels, width = (u->last - u->first + 1) * step, area = (size_t)form->width * form->height, other = step == 3;
    memset(u->line, 0, width * sizeof *u->line);
    for (uint32_t k = 0; k < row->count; k++) add_row(im->pixels + row->at[k] * im->stride + u->first * step, row->weight[k], width, u->line);
    for (uint32_t i = 0; i < form->width; i++) {
        const taps *t = &u->column[i];
        float sum[3] = {0};
        for (uint32_t k = 0; k < t->count; k++) {
            const float *p = u->line + (t->at[k] - u->first) * step;
            sum[0] += t->weight[k] * p[0], sum[1] += t->weight[k] * p[other], sum[2] += t->weight[k] * p[2 * other];
        }
        if (form->grey) ret[i] = 0.299f * sum[0] + 0.587f * sum[1] + 0.114f * sum[2];
        else ret[i] = sum[0], ret[area + i] = sum[1], ret[2 * area + i] = sum[2];
    }
}

/* false, and nothing is sampled, without memory. */
static bool sample_upright(const ent_face_image *image, const face_map *m, const face_plane_form *form, float *ret_planes)
{
    upright u = {.column = malloc(form->width * sizeof *u.column), .first = image->width - 1};
    for (uint32_t i = 0; u.column && i < form->width; i++) {
        u.column[i] = taps_of(m->a * i + m->c, m->a, image->width, form->black);
        for (uint32_t k = 0; k < u.column[i].count; k++) {
            if (u.column[i].at[k] < u.first) u.first = u.column[i].at[k];
            if (u.column[i].at[k] > u.last) u.last = u.column[i].at[k];
        }
    }
    if (u.last < u.first) u.first = u.last; /* all outside */
    size_t bytes = (size_t)(u.last - u.first + 1) * image->channels * sizeof *u.line;
    u.line = u.column ? malloc(bytes) : NULL;
    for (uint32_t j = 0; u.line && j < form->height; j++) {
        taps row = taps_of(m->e * j + m->f, m->e, image->height, form->black);
        sample_row(image, &u, &row, form, ret_planes + (size_t)j * form->width);
    }
    bool done = u.line;
    if (done) ent_wipe(u.line, bytes);
    free(u.line);
    free(u.column);
    return done;
}

void face_sample(const ent_face_image *image, const face_map *m, const face_plane_form *form, float *ret_planes)
{
    if (m->b == 0 && m->d == 0 && sample_upright(image, m, form, ret_planes)) return;
    sample_anyhow(image, m, form, ret_planes);
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
