/* The caller's image -> 8 bit grey at 500 ppi with dark ridges, and the working space. Resampling is separable with a
 * tent as wide as the larger of the two pixel pitches, in integers. */
#include "base/limits.h"
#include "base/wipe.h"
#include "finger/canvas.h"
#include "finger/arith.h"

#include <stdlib.h>

#define STANDARD_PPI 500
#define SMALLEST_SIDE 32
#define CLEAR_RANGE 80 /* grey levels */
#define LEAST_RANGE 10  /* below it there is only noise */

static ent_code check(const ent_finger_image *image, uint32_t ppi, ent_err *err)
{
    if (!image->pixels || image->width == 0 || image->height == 0 || image->stride < image->width)
        return ent_fail(err, ENT_FORMAT, "the image has no pixels or a stride below its width");
    if (ppi < 250 || ppi > 1200)
        return ent_fail(err, ENT_UNSUPPORTED, "%u pixels an inch; 250 to 1200 are supported", ppi);
    return ENT_OK;
}

/* one line of n_in samples, step apart, to n_out; scale in 1/65536 input samples per output sample */
static void resample_line(const uint8_t *in, size_t step, int n_in, uint8_t *out, size_t out_step, int n_out,
                          int64_t scale)
{
    int64_t reach = scale > 65536 ? scale : 65536;
    for (int i = 0; i < n_out; i++) {
        int64_t centre = scale * i + (scale >> 1) - 32768;
        int first = finger_max(0, (int)((centre - reach + 65535) >> 16));
        int last = finger_min(n_in - 1, (int)((centre + reach) >> 16));
        int64_t sum = 0, weight = 0;
        for (int k = first; k <= last; k++) {
            int64_t distance = ((int64_t)k << 16) - centre;
            int64_t w = reach - (distance < 0 ? -distance : distance);
            if (w <= 0) continue;
            sum += w * in[(size_t)k * step], weight += w;
        }
        out[(size_t)i * out_step] = weight ? (uint8_t)((sum + weight / 2) / weight) : in[0];
    }
}

static ent_code resample(const ent_finger_image *image, uint32_t ppi, finger_canvas *c, ent_err *err)
{
    int64_t scale = (int64_t)ppi * 65536 / STANDARD_PPI;
    size_t rows = image->height;
    uint8_t *half = malloc(rows * (size_t)c->w);
    if (!half) return ent_fail(err, ENT_NO_MEMORY, "no memory to resample a print");
    for (size_t y = 0; y < rows; y++)
        resample_line(image->pixels + y * image->stride, 1, (int)image->width, half + y * (size_t)c->w, 1, c->w, scale);
    for (size_t x = 0; x < (size_t)c->w; x++)
        resample_line(half + x, (size_t)c->w, (int)rows, c->grey + x, (size_t)c->w, c->h, scale);
    ent_wipe(half, rows * (size_t)c->w);
    free(half);
    return ENT_OK;
}

/* Weak prints (dry fingers, sensors of little contrast) are stretched, so that what follows may count in grey levels: the range inside
 * a cell of the clearest twelfth of them becomes CLEAR_RANGE, about the print's own middle grey. */
static void stretch(finger_canvas *c)
{
    uint32_t cells[256] = {0}, sum[256] = {0}, all = 0, seen = 0;
    for (int y = 0; y + FINGER_CELL <= c->h; y += FINGER_CELL)
        for (int x = 0; x + FINGER_CELL <= c->w; x += FINGER_CELL) {
            uint8_t low = 255, high = 0;
            for (int k = 0; k < FINGER_CELL; k++) {
                const uint8_t *p = c->grey + (size_t)(y + k) * (size_t)c->w + x;
                for (int i = 0; i < FINGER_CELL; i++) low = p[i] < low ? p[i] : low, high = p[i] > high ? p[i] : high;
            }
            cells[high - low]++, sum[high - low] += (uint32_t)(high + low) / 2, all++;
        }
    int range = 255;
    uint64_t grey = 0;
    for (; range > 0; range--) {
        seen += cells[range], grey += sum[range];
        if (seen * 12 > all) break;
    }
    if (range < LEAST_RANGE || range >= CLEAR_RANGE) return;
    int middle = (int)(grey / seen);
    uint8_t map[256];
    for (int v = 0; v < 256; v++) map[v] = (uint8_t)finger_max(0, finger_min(255, 128 + (v - middle) * CLEAR_RANGE / range));
    for (size_t i = 0; i < (size_t)c->w * (size_t)c->h; i++) c->grey[i] = map[c->grey[i]];
}

/* Light ridges on a dark ground: flat cells (the ground) are much darker than the busy ones. */
static bool is_reversed(const finger_canvas *c)
{
    uint64_t sum[2] = {0, 0}, n[2] = {0, 0};
    for (int y = 0; y + FINGER_CELL <= c->h; y += FINGER_CELL)
        for (int x = 0; x + FINGER_CELL <= c->w; x += FINGER_CELL) {
            uint32_t s = 0, low = 255, high = 0;
            for (int k = 0; k < FINGER_CELL * FINGER_CELL; k++) {
                uint32_t v = c->grey[(size_t)(y + k / FINGER_CELL) * (size_t)c->w + (size_t)(x + k % FINGER_CELL)];
                s += v, low = v < low ? v : low, high = v > high ? v : high;
            }
            int busy = high - low > 60;
            if (!busy && high - low > 24) continue;
            sum[busy] += s, n[busy] += 64;
        }
    if (n[0] * 20 < n[1] || n[1] == 0) return false;
    uint64_t ground = sum[0] / n[0], print = sum[1] / n[1];
    return ground < 80 && ground + 24 < print;
}

static ent_code allocate(finger_canvas *c, ent_err *err)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows, pixels = (size_t)c->w * (size_t)c->h;
    size_t floats = 3 * c->plane + 12 * cells;
    c->size = floats * sizeof(float) + 2 * cells + 2 * pixels + cells * FINGER_CELL * FINGER_CELL;
    c->memory = calloc(1, c->size);
    if (!c->memory) return ent_fail(err, ENT_NO_MEMORY, "no memory for a print of %d x %d pixels", c->w, c->h);
    float *f = c->memory;
    c->norm = f, c->work = f + c->plane, c->response = f + 2 * c->plane;
    f += 3 * c->plane;
    c->theta = f, c->period = f + cells, c->coherence = f + 2 * cells, c->contrast = f + 3 * cells;
    c->scratch = f + 4 * cells;
    uint8_t *b = (uint8_t *)(f + 12 * cells);
    c->mask = b, c->quality = b + cells, c->grey = b + 2 * cells, c->skeleton = c->grey + pixels,
    c->lost = c->skeleton + pixels;
    return ENT_OK;
}

ent_code finger_canvas_open(const ent_finger_image *image, finger_canvas *ret_canvas, ent_err *err)
{
    uint32_t ppi = image->ppi ? image->ppi : STANDARD_PPI;
    ent_code code = check(image, ppi, err);
    if (code) return code;
    uint64_t w = ((uint64_t)image->width * STANDARD_PPI + ppi / 2) / ppi;
    uint64_t h = ((uint64_t)image->height * STANDARD_PPI + ppi / 2) / ppi;
    if (w > ENT_LIMIT_PRINT_SIDE || h > ENT_LIMIT_PRINT_SIDE)
        return ent_fail(err, ENT_TOO_LARGE, "a print of %u x %u pixels at %u ppi; at most %d at 500 ppi", image->width,
                        image->height, ppi, ENT_LIMIT_PRINT_SIDE);
    if (w < SMALLEST_SIDE || h < SMALLEST_SIDE)
        return ent_fail(err, ENT_QUALITY, "an image of %u x %u pixels is too small to hold a print", image->width,
                        image->height);
    finger_canvas c = {.w = (int)w, .h = (int)h};
    c.cols = (c.w + FINGER_CELL - 1) / FINGER_CELL, c.rows = (c.h + FINGER_CELL - 1) / FINGER_CELL;
    c.stride = c.cols * FINGER_CELL + 2 * FINGER_PAD;
    c.plane = (size_t)c.stride * (size_t)(c.rows * FINGER_CELL + 2 * FINGER_PAD);
    code = allocate(&c, err);
    if (!code && ppi != STANDARD_PPI) code = resample(image, ppi, &c, err);
    if (code) {
        finger_canvas_close(&c);
        return code;
    }
    if (ppi == STANDARD_PPI)
        for (size_t y = 0; y < (size_t)c.h; y++)
            memcpy(c.grey + y * (size_t)c.w, image->pixels + y * image->stride, (size_t)c.w);
    stretch(&c);
    if (is_reversed(&c))
        for (size_t i = 0; i < (size_t)c.w * (size_t)c.h; i++) c.grey[i] = (uint8_t)(255 - c.grey[i]);
    *ret_canvas = c;
    return ENT_OK;
}

void finger_canvas_close(finger_canvas *c)
{
    if (c->memory) ent_wipe(c->memory, c->size);
    free(c->memory);
    *c = (finger_canvas){0};
}
