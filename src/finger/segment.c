/* A slap -> its fingertips.
 *
 * 1. The foreground of the whole image, as an extraction finds it: cells that hold ridges. Writing, frames and holes hold none.
 * 2. Connected parts of it. Their pooled scatter says how the fingers lean; from there on everything is measured along (v) and across (u)
 *    the fingers. (A projection profile, as nfseg turns its three rectangles, was not needed: the parts are already apart.)
 * 3. A part wider than a finger is cut at the valleys of its profile across, one longer than a fingertip at the crease below it.
 * 4. What lies below another part is that finger's next phalanx. Of the others the best few by ridge area and quality are the fingers.
 * 5. Which finger is which: the order, when as many are there as were announced. Otherwise, and to tell the hand, the tips are
 *    laid on a model of a hand (hand.c). */
#include "finger/arith.h"
#include "finger/canvas.h"
#include "finger/hand.h"
#include "base/check.h"

#include <stdlib.h>

#define PARTS_MAX 64
#define OPENING 2            /* cells on either side */
#define LEAST_PART 150       /* cells: a third of a child's little fingertip */
#define LEAST_WIDTH 12.0     /* cells: 5 mm */
#define FINGER_WIDTH 40.0    /* cells: 16 mm */
#define WIDEST 54.0          /* cells: 22 mm; what is wider is several fingers */
#define LONGEST 1.75         /* of a fingertip's width */
#define NARROWEST_TWO 36.0   /* cells: two fingers, or a finger and a neighbour's edge */
#define DEEP 0.4             /* of the lower of its two sides: a valley between two things */
#define PIECE_FULL 1600.0    /* cells of a large fingertip: more is no better */
#define LEAST_WORTH 0.12     /* of the best piece's: a tip that was hardly pressed has a fifth of a large one's area */
#define LEAN_PRIOR 0.15      /* of the scatter, upright: a few round parts say nothing */
#define LEAN_MAX 0.7         /* radians */

/* A part of the foreground inside a rectangle along and across the fingers, in cells. */
typedef struct piece {
    int label;
    double u[2], v[2];
    double cells, quality; /* in it; mean */
    bool below;            /* another piece */
} piece;

typedef struct plate {
    const finger_canvas *c;
    int *label; /* per cell: 0 none */
    double sin, cos;
    piece piece[PARTS_MAX];
    int count;
} plate;

static void across(const plate *p, size_t cell, double ret_uv[2])
{
    double x = (double)(cell % (size_t)p->c->cols) + 0.5, y = (double)(cell / (size_t)p->c->cols) + 0.5;
    ret_uv[0] = x * p->cos - y * p->sin, ret_uv[1] = x * p->sin + y * p->cos;
}

static int fill_part(plate *p, size_t start, int label, int *stack)
{
    const finger_canvas *c = p->c;
    int depth = 0, size = 0;
    stack[depth++] = (int)start, p->label[start] = label;
    while (depth) {
        int at = stack[--depth], x = at % c->cols, y = at / c->cols;
        size++;
        const int next[4] = {x > 0 ? at - 1 : at, x < c->cols - 1 ? at + 1 : at, y > 0 ? at - c->cols : at, y < c->rows - 1 ? at + c->cols : at};
        for (int k = 0; k < 4; k++)
            if (c->mask[next[k]] && !p->label[next[k]]) p->label[next[k]] = label, stack[depth++] = next[k];
    }
    return size;
}

/* One step of a cross of five cells: where all of it is set (or, with grow, any). Outside the image there is no print. */
static void step(const uint8_t *in, uint8_t *out, const finger_canvas *c, bool grow)
{
    for (int y = 0; y < c->rows; y++)
        for (int x = 0; x < c->cols; x++) {
            int at = y * c->cols + x;
            int around[5] = {in[at], x > 0 ? in[at - 1] : 0, x < c->cols - 1 ? in[at + 1] : 0, y > 0 ? in[at - c->cols] : 0, y < c->rows - 1 ? in[at + c->cols] : 0};
            int set = 0;
            for (int k = 0; k < 5; k++) set += around[k] != 0;
            out[at] = grow ? set > 0 : set == 5;
        }
}

/* Takes away what is thinner than a few cells: a form's lines, writing, the seams between neighbours. */
static bool open_mask(const finger_canvas *c)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows;
    uint8_t *a = malloc(2 * cells), *b = a + cells;
    if (!a) return false;
    memcpy(a, c->mask, cells);
    for (int k = 0; k < 2 * OPENING; k++) {
        step(a, b, c, k >= OPENING);
        uint8_t *swap = a;
        a = b, b = swap;
    }
    for (size_t i = 0; i < cells; i++) c->mask[i] = c->mask[i] && a[i];
    free(a < b ? a : b);
    return true;
}

static bool label_parts(plate *p)
{
    size_t cells = (size_t)p->c->cols * (size_t)p->c->rows;
    int *stack = malloc(cells * sizeof *stack);
    if (!stack) return false;
    for (size_t i = 0; i < cells && p->count < PARTS_MAX; i++) {
        if (!p->c->mask[i] || p->label[i]) continue;
        int label = p->count + 1;
        if (fill_part(p, i, label, stack) >= LEAST_PART) p->piece[p->count++] = (piece){.label = label};
        else
            for (size_t k = i; k < cells; k++)
                if (p->label[k] == label) p->label[k] = -1;
    }
    free(stack);
    return true;
}

/* ---- how the fingers lean ---- */

typedef struct scatter {
    double n, x, y, xx, xy, yy, left, right;
} scatter;

static void find_lean(plate *p)
{
    scatter s[PARTS_MAX + 1] = {{0}};
    double xx = 0, xy = 0, yy = 0;
    for (size_t i = 0; i < (size_t)p->c->cols * (size_t)p->c->rows; i++) {
        if (p->label[i] <= 0) continue;
        scatter *one = &s[p->label[i]];
        double x = (double)(i % (size_t)p->c->cols), y = (double)(i / (size_t)p->c->cols);
        if (!one->n || x < one->left) one->left = x;
        if (x > one->right) one->right = x;
        one->n++, one->x += x, one->y += y, one->xx += x * x, one->xy += x * y, one->yy += y * y;
    }
    for (int k = 1; k <= p->count; k++) {
        if (s[k].right - s[k].left > WIDEST * 1.2) continue; /* several fingers side by side lean to nowhere */
        xx += s[k].xx - s[k].x * s[k].x / s[k].n;
        xy += s[k].xy - s[k].x * s[k].y / s[k].n;
        yy += s[k].yy - s[k].y * s[k].y / s[k].n;
    }
    yy += LEAN_PRIOR * (xx + yy);
    double lean = 0.5 * (double)finger_atan2((float)(2 * xy), (float)(yy - xx));
    finger_sincos(lean < -LEAN_MAX ? -LEAN_MAX : lean > LEAN_MAX ? LEAN_MAX : lean, &p->sin, &p->cos);
}

/* ---- pieces measured, cut and judged ---- */

#define PROFILE 1024 /* cells across or along: more than an image at the limit has */

/* The piece's cells at each step across (axis 0) or along (1), from the place that it returns. */
static int profile_of(const plate *p, const piece *a, int axis, int ret_profile[PROFILE])
{
    int first = (int)(a->u[0] - 1);
    if (axis) first = (int)(a->v[0] - 1);
    memset(ret_profile, 0, PROFILE * sizeof *ret_profile);
    for (size_t i = 0; i < (size_t)p->c->cols * (size_t)p->c->rows; i++) {
        double at[2];
        if (p->label[i] != a->label) continue;
        across(p, i, at);
        if (at[0] < a->u[0] || at[0] > a->u[1] || at[1] < a->v[0] || at[1] > a->v[1]) continue;
        int k = (int)(at[axis] - first);
        if (k >= 0 && k < PROFILE) ret_profile[k]++;
    }
    return first;
}

/* The piece's extent without the thinnest hundredth at either end, its cells and their quality. */
static void measure(const plate *p, piece *a)
{
    int profile[PROFILE];
    for (int axis = 0; axis < 2; axis++) {
        int first = profile_of(p, a, axis, profile), low = 0, high = PROFILE - 1, all = 0, n = 0;
        for (int k = 0; k < PROFILE; k++) all += profile[k];
        while (low < PROFILE - 1 && (n += profile[low]) * 100 <= all) low++;
        for (n = 0; high > low && (n += profile[high]) * 100 <= all;) high--;
        double *extent = axis ? a->v : a->u;
        a->cells = all;
        extent[0] = first + low, extent[1] = first + high + 1;
    }
    double sum = 0, n = 0;
    for (size_t i = 0; i < (size_t)p->c->cols * (size_t)p->c->rows; i++) {
        double at[2];
        if (p->label[i] != a->label) continue;
        across(p, i, at);
        if (at[0] < a->u[0] || at[0] > a->u[1] || at[1] < a->v[0] || at[1] > a->v[1]) continue;
        sum += p->c->quality[i], n++;
    }
    a->cells = n, a->quality = n ? sum / n : 0;
}

/* The profile's sum over five steps. */
static int five(const int *profile, int at)
{
    return at < 2 || at > PROFILE - 3 ? 0 : profile[at - 2] + profile[at - 1] + profile[at] + profile[at + 1] + profile[at + 2];
}

/* Where it is least between two places; deep: whether that is a small part of what it rises to on either side. */
static int valley(const int *profile, int from, int to, bool *ret_deep)
{
    int best = from, side[2] = {0, 0};
    for (int k = from; k <= to; k++)
        if (five(profile, k) < five(profile, best)) best = k;
    for (int k = 2; k < PROFILE - 2; k++) side[k > best] = finger_max(side[k > best], five(profile, k));
    *ret_deep = five(profile, best) < DEEP * finger_min(side[0], side[1]);
    return best;
}

/* The piece divided across (axis 0) or along (1): the second half becomes a piece of its own. */
static void divide(plate *p, int which, int axis, double at)
{
    if (p->count == PARTS_MAX) return;
    piece *first = &p->piece[which], *second = &p->piece[p->count++];
    *second = *first;
    (axis ? first->v : first->u)[1] = at, (axis ? second->v : second->u)[0] = at;
    measure(p, first), measure(p, second);
}

/* Fingers that touch: cut where they are thinnest across; what is too wide for one finger anywhere near its equal parts, what is not where
 * a valley is deep. */
static void cut_wide(plate *p, int which)
{
    int profile[PROFILE];
    bool deep;
    const piece *a = &p->piece[which];
    double width = a->u[1] - a->u[0], pitch = width / finger_max(2, finger_round(width / FINGER_WIDTH));
    if (width < NARROWEST_TWO) return;
    int first = profile_of(p, a, 0, profile), left = (int)(a->u[0] - first);
    int at = valley(profile, left + (int)(0.15 * width), left + (int)(0.85 * width), &deep);
    if (!deep && width > WIDEST) at = valley(profile, left + (int)(0.65 * pitch), left + (int)(1.35 * pitch), &deep);
    if (deep || width > WIDEST) divide(p, which, 0, first + at);
}

/* A fingertip with the next phalanx: cut at the crease, where there is least below the tip. */
static void cut_long(plate *p, int which)
{
    int profile[PROFILE];
    bool deep;
    const piece *a = &p->piece[which];
    double width = a->u[1] - a->u[0], length = a->v[1] - a->v[0];
    if (length < 1.1 * width) return;
    int first = profile_of(p, a, 1, profile), from = (int)(a->v[0] + 0.9 * width - first);
    int at = valley(profile, from, (int)(a->v[0] + (length < LONGEST * width ? length : LONGEST * width) - first) - 2, &deep);
    if (length > LONGEST * width || deep) divide(p, which, 1, first + at);
}

static bool is_below(const piece *a, const piece *other)
{
    double left = a->u[0] > other->u[0] ? a->u[0] : other->u[0], right = a->u[1] < other->u[1] ? a->u[1] : other->u[1];
    double w = a->u[1] - a->u[0], v = other->u[1] - other->u[0], narrower = w < v ? w : v;
    return right - left > 0.5 * narrower && a->v[0] + a->v[1] > other->v[0] + other->v[1];
}

/* What speaks for a piece to be a fingertip. */
static double worth(const plate *p, const piece *a)
{
    double width = a->u[1] - a->u[0], length = a->v[1] - a->v[0], cells = a->cells < PIECE_FULL ? a->cells : PIECE_FULL;
    double x[2] = {a->u[0] * p->cos + a->v[0] * p->sin, a->u[1] * p->cos + a->v[1] * p->sin};
    double w = cells * a->quality / 100;
    if (width < LEAST_WIDTH || length < LEAST_WIDTH) return 0;
    if (length < 0.6 * width) w *= 0.3;                        /* a strip: the edge of somebody's print above or below */
    if ((x[0] < 2 || x[1] > p->c->cols - 2) && width < 0.5 * length) w *= 0.3; /* likewise at the sides */
    return w;
}

/* The `most` worthiest pieces to the front, from left to right; what is worth far less than the best is left out. */
static int choose(plate *p, int most)
{
    int n = 0;
    double best = 0;
    for (int k = 0; k < most; k++) {
        int top = -1;
        for (int i = k; i < p->count; i++)
            if (!p->piece[i].below && (top < 0 || worth(p, &p->piece[i]) > worth(p, &p->piece[top]))) top = i;
        if (top < 0) break;
        double w = worth(p, &p->piece[top]);
        if (!k) best = w;
        if (w <= 0 || w < LEAST_WORTH * best) break;
        piece swap = p->piece[k];
        p->piece[k] = p->piece[top], p->piece[top] = swap, n++;
    }
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && p->piece[k - 1].u[0] + p->piece[k - 1].u[1] > p->piece[k].u[0] + p->piece[k].u[1]; k--) {
            piece swap = p->piece[k];
            p->piece[k] = p->piece[k - 1], p->piece[k - 1] = swap;
        }
    return n;
}

static int find_fingers(plate *p, int most)
{
    if (!open_mask(p->c) || !label_parts(p)) return -1;
    find_lean(p);
    int parts = p->count;
    for (int i = 0; i < parts; i++) {
        p->piece[i].u[0] = p->piece[i].v[0] = -PROFILE, p->piece[i].u[1] = p->piece[i].v[1] = 2 * PROFILE;
        double low[2] = {1e9, 1e9};
        for (size_t k = 0; k < (size_t)p->c->cols * (size_t)p->c->rows; k++) {
            double at[2];
            if (p->label[k] != p->piece[i].label) continue;
            across(p, k, at);
            low[0] = at[0] < low[0] ? at[0] : low[0], low[1] = at[1] < low[1] ? at[1] : low[1];
        }
        p->piece[i].u[0] = low[0] - 1, p->piece[i].v[0] = low[1] - 1;
        measure(p, &p->piece[i]);
    }
    for (int i = 0; i < p->count; i++) cut_wide(p, i);
    for (int i = 0; i < p->count; i++) cut_long(p, i);
    for (int i = 0; i < p->count; i++)
        for (int k = 0; k < p->count; k++)
            if (k != i && worth(p, &p->piece[k]) > LEAST_WORTH * worth(p, &p->piece[i]) && is_below(&p->piece[i], &p->piece[k])) p->piece[i].below = true;
    return choose(p, most);
}

/* ---- the answer, in pixels of the image as given ---- */

static void to_segment(const plate *p, const piece *a, const ent_finger_image *image, ent_finger_segment *ret)
{
    const double u[2] = {a->u[0] - 1, a->u[1] + 1}, v[2] = {a->v[0] - 1, a->v[1] + 1};
    double unit = (double)FINGER_CELL * (image->ppi ? image->ppi : 500) / 500, low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    for (int k = 0; k < 4; k++) {
        double s = u[k == 1 || k == 2], t = v[k > 1];
        ret->corner[k][0] = unit * (s * p->cos + t * p->sin), ret->corner[k][1] = unit * (t * p->cos - s * p->sin);
        for (int d = 0; d < 2; d++) {
            low[d] = ret->corner[k][d] < low[d] ? ret->corner[k][d] : low[d];
            high[d] = ret->corner[k][d] > high[d] ? ret->corner[k][d] : high[d];
        }
    }
    const double side[2] = {image->width, image->height};
    for (int d = 0; d < 2; d++) low[d] = low[d] < 0 ? 0 : low[d], high[d] = high[d] > side[d] ? side[d] : high[d];
    ret->x = (uint32_t)low[0], ret->y = (uint32_t)low[1];
    ret->width = (uint32_t)high[0] - ret->x, ret->height = (uint32_t)high[1] - ret->y;
    ret->quality = (uint8_t)finger_max(1, finger_round(a->quality));
}

static uint8_t ground_of(const finger_canvas *c, const ent_finger_image *image)
{
    uint64_t sum = 0, n = 0;
    for (uint32_t y = 0; y < image->height; y += 4)
        for (uint32_t x = 0; x < image->width; x += 4) {
            int cx = (int)((uint64_t)x * (uint64_t)c->w / image->width), cy = (int)((uint64_t)y * (uint64_t)c->h / image->height);
            if (c->mask[finger_cell(c, cx, cy)]) continue;
            sum += image->pixels[y * image->stride + x], n++;
        }
    return (uint8_t)(n ? sum / n : 255);
}

static void name_fingers(const plate *p, int count, const finger_expected *expected, ent_finger_slap *ret)
{
    finger_tip tip[ENT_FINGER_SLAP_MAX];
    for (int i = 0; i < count; i++)
        tip[i] = (finger_tip){(p->piece[i].u[0] + p->piece[i].u[1]) / 2, p->piece[i].v[0], p->piece[i].u[1] - p->piece[i].u[0]};
    uint8_t position[ENT_FINGER_SLAP_MAX] = {0};
    finger_hand_judge(tip, count, expected, position, &ret->lies_right);
    ret->hand = expected->hand;
    if (!ret->hand && position[0]) ret->hand = position[0] <= 5 ? ENT_FINGER_HAND_RIGHT : ENT_FINGER_HAND_LEFT;
    for (int i = 0; i < count; i++) ret->finger[i].position = position[i];
}

ent_code ent_finger_segment_slap(const ent_finger_image *image, int position, uint32_t missing, ent_finger_slap *ret_slap, ent_err *err)
{
    finger_expected expected;
    finger_canvas c;
    if (!finger_hand_expect(position, missing, &expected)) return ent_fail(err, ENT_UNSUPPORTED, "position %d is not one of several fingers", position);
    ENT_TRY(finger_canvas_open(image, &c, err));
    plate *p = calloc(1, sizeof *p);
    int *label = calloc((size_t)c.cols * (size_t)c.rows, sizeof *label);
    ent_finger_slap slap = {.expected = expected.count, .hand = expected.hand};
    int n = -1;
    if (p && label) {
        finger_field(&c);
        finger_enhance(&c);
        p->c = &c, p->label = label;
        n = find_fingers(p, expected.count ? (int)expected.count : ENT_FINGER_SLAP_MAX);
    }
    for (int i = 0; i < n; i++) to_segment(p, &p->piece[i], image, &slap.finger[i]);
    if (n > 0) {
        slap.count = (size_t)n;
        slap.turn = (double)finger_atan2((float)-p->sin, (float)p->cos) * (180 / FINGER_PI);
        slap.ground = ground_of(&c, image);
        name_fingers(p, n, &expected, &slap);
    }
    free(label);
    free(p);
    finger_canvas_close(&c);
    if (n < 0) return ent_fail(err, ENT_NO_MEMORY, "no memory to segment a slap");
    if (!n) return ent_fail(err, ENT_QUALITY, "no finger is seen in the image");
    *ret_slap = slap;
    return ENT_OK;
}

/* Whether a point lies inside the turned rectangle: to the right of each side as one walks around it (y down). */
static bool inside(const ent_finger_segment *s, double x, double y)
{
    for (int k = 0; k < 4; k++) {
        const double *a = s->corner[k], *b = s->corner[(k + 1) % 4];
        if ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) < 0) return false;
    }
    return true;
}

void ent_finger_cut(const ent_finger_image *image, const ent_finger_slap *slap, size_t finger, uint8_t *ret_pixels)
{
    const ent_finger_segment *s = &slap->finger[finger];
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++)
            ret_pixels[(size_t)y * s->width + x] = inside(s, s->x + x + 0.5, s->y + y + 0.5) ? image->pixels[(s->y + y) * image->stride + s->x + x] : slap->ground;
}
