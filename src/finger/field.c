/* What the cells of a print look like before any filtering: contrast, ridge orientation, ridge period, foreground.
 *
 * Orientation is the direction of least change: the structure tensor of the contrast-normalised print, summed over a
 * cell and smoothed at three widths; each width counts by its coherence, so that clear cells keep their detail (cores,
 * deltas) and unclear ones follow their neighbourhood. The period follows from how fast the print decorrelates: for a
 * wave of wave number (kx, ky), the mean product with the neighbour d pixels away along x is cos(d kx) of the mean
 * square; no wave has to be counted, and the orientation need not be known. */
#include "finger/canvas.h"
#include "finger/arith.h"

#define DEVIATION_FLOOR 5.0f /* grey levels: below this is sensor noise */
#define NORM_LIMIT 2.5f
#define MEAN_SMOOTH 1
#define DEV_SMOOTH 2
#define FILL 3 /* pixels */
#define WIDTHS {1, 2, 5} /* smoothings of the tensor, one upon the other */
#define STEP_SHARE 0.6f      /* of the variance */
#define PERIOD_MIN 5.0f
#define PERIOD_MAX 16.0f

/* out = in smoothed by [1 2 1] / 4 along both axes, edges repeated */
static void smooth(const float *in, float *out, int cols, int rows, float *line)
{
    for (int y = 0; y < rows; y++) {
        const float *up = in + (size_t)finger_max(y - 1, 0) * (size_t)cols;
        const float *at = in + (size_t)y * (size_t)cols;
        const float *down = in + (size_t)finger_min(y + 1, rows - 1) * (size_t)cols;
        for (int x = 0; x < cols; x++) line[x] = 0.25f * (up[x] + down[x]) + 0.5f * at[x];
        for (int x = 0; x < cols; x++)
            out[(size_t)y * (size_t)cols + (size_t)x] =
                0.25f * (line[finger_max(x - 1, 0)] + line[finger_min(x + 1, cols - 1)]) + 0.5f * line[x];
    }
}

void finger_smooth(float *plane, float *spare, const finger_canvas *c, int times)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    float *line = c->work; /* free at this time, and longer than a row of cells */
    for (int k = 0; k < times; k++) {
        smooth(plane, spare, c->cols, c->rows, line);
        memcpy(plane, spare, cells * sizeof *plane);
    }
}

static void cell_sums(const finger_canvas *c, float *sum, float *count)
{
    for (int y = 0; y < c->h; y++) {
        const uint8_t *row = c->grey + (size_t)y * (size_t)c->w, *lost = c->lost + finger_lost_at(c, 0, y);
        size_t base = (size_t)(y / FINGER_CELL) * (size_t)c->cols;
        for (int x = 0; x < c->w; x += FINGER_CELL) {
            int n = finger_min(FINGER_CELL, c->w - x);
            uint32_t s = 0, seen = 0;
            for (int k = 0; k < n; k++) s += lost[x + k] ? 0 : row[x + k], seen += !lost[x + k];
            size_t i = base + (size_t)(x / FINGER_CELL);
            sum[i] += (float)s, count[i] += (float)seen;
        }
    }
}

/* A plane of cells between the cells' centres, for one row of pixels. */
static void interpolate_row(const finger_canvas *c, const float *plane, int y, float *ret)
{
    float fy = ((float)y - 3.5f) / FINGER_CELL;
    int y0 = fy < 0 ? 0 : finger_min((int)fy, c->rows - 1), y1 = finger_min(y0 + 1, c->rows - 1);
    float wy = finger_clamp(fy - (float)y0, 0, 1);
    const float *upper = plane + y0 * c->cols, *lower = plane + y1 * c->cols;
    float before = upper[0] + wy * (lower[0] - upper[0]);
    for (int x = 0; x < 4; x++) ret[x] = before;
    for (int cx = 0; cx < c->cols; cx++) {
        int next = finger_min(cx + 1, c->cols - 1);
        float after = upper[next] + wy * (lower[next] - upper[next]);
        for (int k = 0; k < FINGER_CELL && 8 * cx + 4 + k < 8 * c->cols; k++)
            ret[8 * cx + 4 + k] = before + ((float)k + 0.5f) / FINGER_CELL * (after - before);
        before = after;
    }
}

/* norm = grey less its local mean; the sums of its squares a cell */
static void take_mean_away(const finger_canvas *c, const float *mean, float *line, float *ret_square)
{
    for (int y = 0; y < c->h; y++) {
        const uint8_t *grey = c->grey + (size_t)y * (size_t)c->w, *lost = c->lost + finger_lost_at(c, 0, y);
        float *out = c->norm + finger_at(c, 0, y), *square = ret_square + (size_t)(y / FINGER_CELL) * (size_t)c->cols;
        interpolate_row(c, mean, y, line);
        for (int x = 0; x < c->w; x++) out[x] = lost[x] ? 0 : (float)grey[x] - line[x];
        for (int x = 0; x < c->cols * FINGER_CELL; x++) square[x / FINGER_CELL] += out[x] * out[x];
    }
}

static void scale_by(const finger_canvas *c, const float *gain, float *line)
{
    for (int y = 0; y < c->h; y++) {
        float *out = c->norm + finger_at(c, 0, y);
        interpolate_row(c, gain, y, line);
        for (int x = 0; x < c->w; x++) out[x] = finger_clamp(out[x] * line[x], -NORM_LIMIT, NORM_LIMIT);
    }
}

/* Variance of the means of the 3 x 3 cells around: what a step (the sensor's edge) has, and ridges hardly have. */
static void step_share(const finger_canvas *c, const float *sum, const float *count, float *ret_step)
{
    for (int cy = 0; cy < c->rows; cy++)
        for (int cx = 0; cx < c->cols; cx++) {
            float s = 0, q = 0, n = 0;
            for (int k = 0; k < 9; k++) {
                int x = cx + k % 3 - 1, y = cy + k / 3 - 1;
                if (x < 0 || y < 0 || x >= c->cols || y >= c->rows || !(count[y * c->cols + x] > 0)) continue;
                float mean = sum[y * c->cols + x] / count[y * c->cols + x];
                s += mean, q += mean * mean, n++;
            }
            ret_step[cy * c->cols + cx] = n > 0 ? q / n - s / n * (s / n) : 0;
        }
}

static void contrast_and_norm(finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    float *sum = c->scratch, *square = sum + cells, *count = square + cells, *spare = count + cells, *step = spare + cells,
          *mean = step + cells, *line = c->response;
    memset(sum, 0, 3 * cells * sizeof *sum);
    cell_sums(c, sum, count);
    step_share(c, sum, count, step);
    memcpy(mean, count, cells * sizeof *mean);
    finger_smooth(sum, spare, c, MEAN_SMOOTH);
    finger_smooth(mean, spare, c, MEAN_SMOOTH);
    for (size_t i = 0; i < cells; i++) mean[i] = sum[i] / (mean[i] > 0.1f ? mean[i] : 0.1f);
    memset(square, 0, cells * sizeof *square);
    take_mean_away(c, mean, line, square);
    finger_smooth(square, spare, c, DEV_SMOOTH);
    finger_smooth(count, spare, c, DEV_SMOOTH);
    for (size_t i = 0; i < cells; i++) {
        float deviation = sqrtf(square[i] / (count[i] > 0.1f ? count[i] : 0.1f));
        c->contrast[i] = deviation;
        c->quality[i] = step[i] > STEP_SHARE * deviation * deviation; /* looked at by segment() */
        square[i] = 1 / (deviation > DEVIATION_FLOOR ? deviation : DEVIATION_FLOOR);
    }
    scale_by(c, square, line);
    memset(c->response, 0, (size_t)c->stride * sizeof *c->response);
}

void finger_halve(const finger_canvas *c, int16_t *ret_plane, int stride)
{
    for (int y = 0; y < c->h / 2; y++) {
        const float *a = c->norm + finger_at(c, 0, 2 * y), *b = a + c->stride;
        int16_t *out = ret_plane + y * stride;
        for (int x = 0; x < c->w / 2; x++)
            out[x] = (int16_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]) * (FINGER_DEVIATION / 4));
    }
}

/* Under creases and in blots, the print follows from what is seen around. */
static void fill(const finger_canvas *c)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            if (!c->lost[finger_lost_at(c, x, y)]) continue;
            float sum = 0, n = 0;
            for (int v = finger_max(0, y - FILL); v <= finger_min(c->h - 1, y + FILL); v++)
                for (int u = finger_max(0, x - FILL); u <= finger_min(c->w - 1, x + FILL); u++) {
                    if (c->lost[finger_lost_at(c, u, v)]) continue;
                    float w = 1 / (float)((u - x) * (u - x) + (v - y) * (v - y));
                    sum += w * c->norm[finger_at(c, u, v)], n += w;
                }
            c->norm[finger_at(c, x, y)] = n > 0 ? sum / n : 0;
        }
}

/* work = norm smoothed by [1 4 6 4 1] / 16 along both axes */
static void soften(const finger_canvas *c)
{
    int w = c->cols * FINGER_CELL, h = c->rows * FINGER_CELL;
    for (int y = -2; y < h + 2; y++) {
        const float *in = c->norm + finger_at(c, 0, y);
        float *out = c->response + finger_at(c, 0, y); /* free at this time */
        for (int x = -2; x < w + 2; x++)
            out[x] = 0.0625f * (in[x - 2] + in[x + 2]) + 0.25f * (in[x - 1] + in[x + 1]) + 0.375f * in[x];
    }
    int s = c->stride;
    for (int y = 0; y < h; y++) {
        const float *in = c->response + finger_at(c, 0, y);
        float *out = c->work + finger_at(c, 0, y);
        for (int x = -2; x < w + 2; x++)
            out[x] = 0.0625f * (in[x - 2 * s] + in[x + 2 * s]) + 0.25f * (in[x - s] + in[x + s]) + 0.375f * in[x];
    }
}

/* sums of the structure tensor over each cell: xx - yy, 2 xy, xx + yy */
static void tensor(const finger_canvas *c, const float *plane, float *difference, float *product, float *energy)
{
    for (int cy = 0; cy < c->rows; cy++)
        for (int cx = 0; cx < c->cols; cx++) {
            float sxx = 0, syy = 0, sxy = 0;
            for (int k = 0; k < FINGER_CELL; k++) {
                const float *p = plane + finger_at(c, cx * FINGER_CELL, cy * FINGER_CELL + k);
                const uint8_t *lost = c->lost + finger_lost_at(c, cx * FINGER_CELL, cy * FINGER_CELL + k);
                for (int x = 0; x < FINGER_CELL; x++) {
                    if (lost[x]) continue;
                    float gx = p[x + 1] - p[x - 1], gy = p[x + c->stride] - p[x - c->stride];
                    sxx += gx * gx, syy += gy * gy, sxy += gx * gy;
                }
            }
            size_t i = (size_t)cy * (size_t)c->cols + (size_t)cx;
            difference[i] = sxx - syy, product[i] = 2 * sxy, energy[i] = sxx + syy;
        }
}

void finger_orient(finger_canvas *c, const float *plane)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    float *d = c->scratch, *p = d + cells, *e = p + cells, *spare = e + cells, *bd = spare + cells, *bp = bd + cells;
    tensor(c, plane, d, p, e);
    memset(bd, 0, 2 * cells * sizeof *bd);
    static const int times[3] = WIDTHS;
    for (int scale = 0; scale < 3; scale++) {
        finger_smooth(d, spare, c, times[scale]);
        finger_smooth(p, spare, c, times[scale]);
        finger_smooth(e, spare, c, times[scale]);
        for (size_t i = 0; i < cells; i++) {
            float energy = e[i] + 1e-3f, strength = (d[i] * d[i] + p[i] * p[i]) / (energy * energy);
            float weight = strength / energy;
            bd[i] += weight * d[i], bp[i] += weight * p[i];
            if (scale == 1) c->coherence[i] = sqrtf(strength);
        }
    }
    for (size_t i = 0; i < cells; i++) {
        /* the gradient's doubled angle, turned by half a turn: along the ridge */
        float a = 0.5f * finger_atan2(-bp[i], -bd[i]);
        c->theta[i] = a < 0 ? a + (float)FINGER_PI : a;
    }
}

/* the wave number along one axis from the correlation with the neighbour two pixels away */
static float wave_number(float product, float square)
{
    float cosine = finger_clamp(product / square, -0.98f, 0.99999f);
    return 0.5f * finger_atan2(sqrtf(1 - cosine * cosine), cosine);
}

static void measure_period(finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    float *along = c->scratch, *across = along + cells, *square = across + cells, *spare = square + cells;
    for (int cy = 0; cy < c->rows; cy++)
        for (int cx = 0; cx < c->cols; cx++) {
            float xx = 0, yy = 0, ss = 0;
            for (int k = 0; k < FINGER_CELL; k++) {
                const float *p = c->norm + finger_at(c, cx * FINGER_CELL, cy * FINGER_CELL + k);
                const float *q = c->work + finger_at(c, cx * FINGER_CELL, cy * FINGER_CELL + k);
                (void)p;
                for (int x = 0; x < FINGER_CELL; x++) {
                    xx += q[x] * (q[x + 2] + q[x - 2]);
                    yy += q[x] * (q[x + 2 * c->stride] + q[x - 2 * c->stride]);
                    ss += 2 * q[x] * q[x];
                }
            }
            size_t i = (size_t)cy * (size_t)c->cols + (size_t)cx;
            float weight = c->coherence[i] * c->coherence[i] + 0.01f;
            along[i] = weight * xx, across[i] = weight * yy, square[i] = weight * ss + 1e-3f;
        }
    finger_smooth(along, spare, c, 3);
    finger_smooth(across, spare, c, 3);
    finger_smooth(square, spare, c, 3);
    for (size_t i = 0; i < cells; i++) {
        float kx = wave_number(along[i], square[i]), ky = wave_number(across[i], square[i]);
        float k = sqrtf(kx * kx + ky * ky);
        c->period[i] = finger_clamp(2 * (float)FINGER_PI / (k > 0.1f ? k : 0.1f), PERIOD_MIN, PERIOD_MAX);
    }
}

/* the value that `share` of the cells exceed */
static float upper_contrast(const finger_canvas *c, float share)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows, histogram[256] = {0}, seen = 0;
    for (size_t i = 0; i < cells; i++) histogram[finger_min((int)c->contrast[i], 255)]++;
    for (int v = 255; v > 0; v--) {
        seen += histogram[v];
        if ((float)seen > share * (float)cells) return (float)v;
    }
    return 0;
}

/* Foreground: enough contrast for this print, and one direction; then closed and opened by a majority vote. */
static void segment(finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    float *vote = c->scratch, *spare = vote + cells;
    float clear = upper_contrast(c, 0.15f);
    float needed = finger_clamp(0.22f * clear, 6, 30);
    for (size_t i = 0; i < cells; i++) {
        float v = c->contrast[i] / needed;
        vote[i] = v > 1 && c->coherence[i] > 0.2f && !c->quality[i] ? 1 : 0;
    }
    finger_smooth(vote, spare, c, 4);
    for (size_t i = 0; i < cells; i++) c->mask[i] = vote[i] > 0.5f && c->contrast[i] > 0.7f * needed;
}

void finger_field(finger_canvas *c)
{
    contrast_and_norm(c);
    bool creased = finger_creases(c), blotted = finger_blots(c);
    if (creased || blotted) {
        contrast_and_norm(c);
        fill(c);
    }
    soften(c);
    /* finger_smooth borrows the head of work: the padding rows, which nothing reads again */
    finger_orient(c, c->work);
    measure_period(c);
    segment(c);
}
