/* Three panels: how many of the wrong are accepted against how many of the right are not (DET, both axes logarithmic), how the scores lie,
 * and what is gained by leaving out the prints of worst quality. What rests on fewer than ten errors is shaded. */
#include "cli/finger_plot.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "cli/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1800, HEIGHT = 760, CURVES = 8, BIN = 4, BINS = 80, LETTERS = 12 };

#define INK 0x202428
#define FAINT 0xdfe3e8
#define GREY 0x6a7078
#define GENUINE 0x0072b2
#define IMPOSTOR 0xd55e00

/* distinguishable by colour-blind people (after Okabe and Ito); the pooled curve is black */
static const uint32_t colours[CURVES] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xb08000, 0x7050c0, 0x808080};

typedef struct axis {
    double low, high;
    bool log;
} axis;

typedef struct panel {
    ent_sheet *s;
    double box[4]; /* x, y, width, height */
    axis x, y;
} panel;

static double share_of(const axis *a, double v)
{
    if (a->log) return v <= a->low ? 0 : v >= a->high ? 1 : (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    double t = (v - a->low) / (a->high - a->low);
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

static void at(const panel *p, double x, double y, double ret[2])
{
    ret[0] = p->box[0] + p->box[2] * share_of(&p->x, x);
    ret[1] = p->box[1] + p->box[3] * (1 - share_of(&p->y, y));
}

static void line(const panel *p, const double from[2], const double to[2], ent_stroke stroke)
{
    double a[2], b[2];
    at(p, from[0], from[1], a), at(p, to[0], to[1], b);
    ent_sheet_line(p->s, a, b, stroke);
}

static void dashed(const panel *p, const double from[2], const double to[2], ent_stroke stroke)
{
    double a[2], b[2];
    at(p, from[0], from[1], a), at(p, to[0], to[1], b);
    double length = hypot(b[0] - a[0], b[1] - a[1]);
    for (double t = 0; t < length; t += 10) {
        double u = t / length, v = fmin(t + 5, length) / length;
        ent_sheet_line(p->s, (const double[2]){a[0] + u * (b[0] - a[0]), a[1] + u * (b[1] - a[1])}, (const double[2]){a[0] + v * (b[0] - a[0]), a[1] + v * (b[1] - a[1])}, stroke);
    }
}

static void tick(const panel *p, double v, bool vertical, const char *text)
{
    double a[2];
    at(p, vertical ? p->x.low : v, vertical ? v : p->y.low, a);
    if (vertical) ent_sheet_line(p->s, a, (const double[2]){p->box[0] + p->box[2], a[1]}, (ent_stroke){FAINT, 1});
    else ent_sheet_line(p->s, (const double[2]){a[0], p->box[1]}, a, (ent_stroke){FAINT, 1});
    ent_sheet_text(p->s, vertical ? (const double[2]){a[0] - 8, a[1] + 5} : (const double[2]){a[0], a[1] + 24}, text, (ent_lettering){10, vertical ? 1 : 0, .rgb = GREY});
}

/* Powers of ten as percent, or even steps. */
static void ticks(const panel *p, const axis *a, bool vertical, double step, double shown)
{
    char text[24];
    if (a->log) {
        for (double v = a->low; v < a->high * 1.001; v *= 10) {
            snprintf(text, sizeof text, "%g%%", 100 * v);
            tick(p, v, vertical, text);
        }
        return;
    }
    for (int k = 0; a->low + k * step <= a->high + 1e-9; k++) {
        snprintf(text, sizeof text, "%g", (a->low + k * step) * shown);
        tick(p, a->low + k * step, vertical, text);
    }
}

static void frame(const panel *p, const char *title, const char *x, const char *y)
{
    const double *b = p->box, corners[8] = {b[0], b[1], b[0] + b[2], b[1], b[0] + b[2], b[1] + b[3], b[0], b[1] + b[3]};
    ent_sheet_path(p->s, corners, 4, true, (ent_stroke){GREY, 1});
    ent_sheet_text(p->s, (const double[2]){b[0], b[1] - 18}, title, (ent_lettering){14, -1, .bold = true, .rgb = INK});
    ent_sheet_text(p->s, (const double[2]){b[0] + b[2] / 2, b[1] + b[3] + 52}, x, (ent_lettering){LETTERS, 0, .rgb = INK});
    ent_sheet_text(p->s, (const double[2]){b[0] - 62, b[1] + b[3] / 2}, y, (ent_lettering){LETTERS, 0, .turned = true, .rgb = INK});
}

static ent_stroke style(size_t k, size_t count) { return count > 1 && k == count - 1 ? (ent_stroke){INK, 3} : (ent_stroke){colours[k % CURVES], 2}; }

static void shade(const panel *p, const double from[2], const double to[2])
{
    double a[2], b[2];
    at(p, from[0], to[1], a), at(p, to[0], from[1], b);
    p->s->opacity = 0.6;
    ent_sheet_fill(p->s, (const double[4]){a[0], a[1], b[0] - a[0], b[1] - a[1]}, 0xeceff2);
    p->s->opacity = 1;
}

/* ---- DET ---- */

static int by_score(const void *a, const void *b)
{
    const ent_pair *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (int)x->genuine - (int)y->genuine;
}

static void counts(const ent_plot_set *s, double *ret_genuine, double *ret_impostor)
{
    *ret_genuine = *ret_impostor = 0;
    for (size_t i = 0; i < s->count; i++) *(s->pairs[i].genuine ? ret_genuine : ret_impostor) += 1;
}

/* Corners of the curve, from the strictest threshold on; pairs are sorted. Returns how many, at most cap. */
static size_t det_points(const ent_plot_set *s, const panel *p, double *ret, size_t cap)
{
    double genuine, impostor, accepted = 0, wrong = 0, last[2] = {-1, -1};
    size_t n = 0;
    counts(s, &genuine, &impostor);
    for (size_t i = 0; i <= s->count && n < cap; i++) {
        if (i == s->count || i == 0 || s->pairs[i].score != s->pairs[i - 1].score) {
            double one[2];
            at(p, wrong / impostor, 1 - accepted / genuine, one);
            if (fabs(one[0] - last[0]) + fabs(one[1] - last[1]) > 0.5) memcpy(ret + 2 * n++, one, sizeof one), memcpy(last, one, sizeof one);
        }
        if (i < s->count) *(s->pairs[i].genuine ? &accepted : &wrong) += 1;
    }
    return n;
}

static void draw_det(panel *p, const ent_plot_set *sets, size_t count, double *points)
{
    double genuine, impostor, least_x = 1, least_y = 1;
    for (size_t k = 0; k < count; k++) {
        counts(&sets[k], &genuine, &impostor);
        least_x = fmin(least_x, 1 / impostor), least_y = fmin(least_y, 1 / genuine);
    }
    p->x = (axis){pow(10, floor(log10(least_x))), 1, true}, p->y = (axis){pow(10, floor(log10(least_y))), 1, true};
    counts(&sets[count - 1], &genuine, &impostor);
    shade(p, (const double[2]){p->x.low, p->y.low}, (const double[2]){10 / impostor, 1});
    shade(p, (const double[2]){p->x.low, p->y.low}, (const double[2]){1, 10 / genuine});
    ticks(p, &p->x, false, 0, 0), ticks(p, &p->y, true, 0, 0);
    double low = fmax(p->x.low, p->y.low);
    dashed(p, (const double[2]){low, low}, (const double[2]){1, 1}, (ent_stroke){0xa0a6ae, 1});
    for (size_t k = 0; k < count; k++) {
        size_t n = det_points(&sets[k], p, points, sets[k].count + 1);
        ent_sheet_path(p->s, points, n, false, style(k, count));
    }
    frame(p, "DETECTION ERROR TRADE-OFF", "false match rate", "false non-match rate");
}

/* ---- scores ---- */

static void draw_scores(panel *p, const ent_plot_set *all)
{
    double bins[2][BINS] = {{0}}, genuine, impostor, top = 0;
    int last = 10;
    counts(all, &genuine, &impostor);
    for (size_t i = 0; i < all->count; i++) {
        int b = (int)(all->pairs[i].score / BIN);
        b = b < 0 ? 0 : b >= BINS ? BINS - 1 : b;
        bins[all->pairs[i].genuine][b] += 1 / (all->pairs[i].genuine ? genuine : impostor);
        last = b > last ? b : last;
    }
    for (int b = 0; b < BINS; b++) top = fmax(top, fmax(bins[0][b], bins[1][b]));
    double step = top > 0.4 ? 0.1 : top > 0.15 ? 0.05 : 0.02, width = (last + 1) * BIN;
    p->x = (axis){0, ceil(width / 20) * 20, false}, p->y = (axis){0, ceil(top / step) * step, false};
    ticks(p, &p->x, false, p->x.high > 200 ? 40 : 20, 1), ticks(p, &p->y, true, step, 100);
    for (int kind = 0; kind < 2; kind++)
        for (int b = 0; b <= last; b++) {
            double a[2], c[2];
            if (bins[kind][b] <= 0) continue;
            at(p, b * BIN, bins[kind][b], a), at(p, (b + 1) * BIN, 0, c);
            p->s->opacity = 0.55;
            ent_sheet_fill(p->s, (const double[4]){a[0], a[1], c[0] - a[0] - 1, c[1] - a[1]}, kind ? GENUINE : IMPOSTOR);
            p->s->opacity = 1;
        }
    /* the scores from which one impostor in a hundred, in a thousand is accepted */
    size_t wrong = 0;
    for (size_t i = 0; i < all->count; i++) {
        static const double rates[2] = {0.001, 0.01};
        wrong += !all->pairs[i].genuine;
        for (int k = 0; k < 2; k++) {
            if (all->pairs[i].genuine || wrong != (size_t)(rates[k] * impostor) + 1) continue;
            double x = all->pairs[i].score, c[2];
            line(p, (const double[2]){x, 0}, (const double[2]){x, p->y.high}, (ent_stroke){INK, 1});
            at(p, x, p->y.high, c);
            ent_sheet_text(p->s, (const double[2]){c[0] - 6, c[1] + (k ? 200 : 12)}, k ? "FMR 1%" : "FMR 0.1%", (ent_lettering){10, 1, .turned = true, .rgb = INK});
        }
    }
    frame(p, "SCORES", "score", "% of comparisons");
    double x = p->box[0] + p->box[2] - 16, y = p->box[1] + 28;
    char text[64];
    snprintf(text, sizeof text, "%.0f genuine", genuine);
    ent_sheet_text(p->s, (const double[2]){x, y}, text, (ent_lettering){LETTERS, 1, .bold = true, .rgb = GENUINE});
    snprintf(text, sizeof text, "%.0f impostor", impostor);
    ent_sheet_text(p->s, (const double[2]){x, y + 26}, text, (ent_lettering){LETTERS, 1, .bold = true, .rgb = IMPOSTOR});
}

/* ---- error versus discard ---- */

static void draw_discard(panel *p, const ent_plot_set *sets, size_t count)
{
    ent_reject curve[CURVES + 1][ENT_REJECT_MAX];
    size_t points[CURVES + 1] = {0};
    double top = 0;
    for (size_t k = 0; k < count; k++) {
        points[k] = ent_reject_curve(sets[k].pairs, sets[k].count, curve[k]);
        for (size_t i = 0; i < points[k] && curve[k][i].share <= 0.4; i++) top = fmax(top, curve[k][i].fnmr);
    }
    double step = top > 0.2 ? 0.05 : top > 0.08 ? 0.02 : top > 0.03 ? 0.01 : 0.005;
    p->x = (axis){0, 0.4, false}, p->y = (axis){0, fmax(step, ceil(top / step) * step), false};
    const ent_reject *all = curve[count - 1];
    if (points[count - 1]) shade(p, (const double[2]){0, 0}, (const double[2]){0.4, fmin(p->y.high, (double)ENT_ERRORS_LEAST / (double)all[0].genuine)});
    ticks(p, &p->x, false, 0.1, 100), ticks(p, &p->y, true, step, 100);
    if (points[count - 1]) dashed(p, (const double[2]){0, all[0].fnmr}, (const double[2]){fmin(0.4, all[0].fnmr), all[0].fnmr > 0.4 ? all[0].fnmr - 0.4 : 0}, (ent_stroke){0xa0a6ae, 1});
    for (size_t k = 0; k < count; k++) {
        double drawn[4 * ENT_REJECT_MAX];
        size_t n = 0;
        for (size_t i = 0; i < points[k] && curve[k][i].share <= 0.4; i++) {
            if (i) at(p, curve[k][i].share, curve[k][i - 1].fnmr, drawn + 2 * n++);
            at(p, curve[k][i].share, curve[k][i].fnmr, drawn + 2 * n++);
        }
        ent_sheet_path(p->s, drawn, n, false, style(k, count));
    }
    if (points[count - 1] == 1) ent_sheet_text(p->s, (const double[2]){p->box[0] + p->box[2] / 2, p->box[1] + p->box[3] / 2}, "all prints are of one quality", (ent_lettering){LETTERS, 0, .rgb = GREY});
    frame(p, "ERROR VERSUS DISCARD, AT FMR 0.1 %", "% of genuine pairs left out, worst first", "% false non-match");
}

static void legend(ent_sheet *s, const ent_plot_set *sets, size_t count)
{
    double x = 110, y = HEIGHT - 44;
    for (size_t k = 0; k < count; k++) {
        const char *name = sets[k].name;
        size_t n = strlen(name), fits = 34;
        if (n > fits) name += n - fits;
        double width = 46 + ent_sheet_text_width(name, LETTERS) + 34;
        if (x + width > WIDTH - 30) x = 110, y += 26;
        ent_sheet_line(s, (const double[2]){x, y - 5}, (const double[2]){x + 34, y - 5}, style(k, count));
        ent_sheet_text(s, (const double[2]){x + 46, y}, name, (ent_lettering){LETTERS, -1, .rgb = INK});
        x += width;
    }
    ent_sheet_fill(s, (const double[4]){WIDTH - 470, 22, 34, 16}, 0xdfe3e8);
    ent_sheet_text(s, (const double[2]){WIDTH - 426, 36}, "fewer than ten errors: not measurable", (ent_lettering){10, -1, .rgb = GREY});
}

static void draw(ent_sheet *s, const ent_plot_set *sets, size_t count, double *points)
{
    static const double left[3] = {110, 730, 1350};
    const ent_plot_set *all = &sets[count - 1];
    panel p[3];
    for (int k = 0; k < 3; k++) p[k] = (panel){.s = s, .box = {left[k], 90, k == 2 ? 410 : 480, 510}};
    for (size_t k = 0; k < count; k++) qsort(sets[k].pairs, sets[k].count, sizeof *sets[k].pairs, by_score);
    draw_det(&p[0], sets, count, points);
    draw_scores(&p[1], all);
    draw_discard(&p[2], sets, count);
    legend(s, sets, count);
}

ent_code ent_cli_finger_plot(const ent_plot_set *sets, size_t count, const char *out, ent_err *err)
{
    ent_sheet s;
    ent_plot_set few[CURVES + 1];
    ENT_AUTO_BUF drawn = ENT_BUF(64 << 20);
    size_t most = 0, n = count <= CURVES + 1 ? count : CURVES + 1;
    for (size_t k = 0; k < n; k++) {
        few[k] = k == n - 1 ? sets[count - 1] : sets[k];
        if (few[k].count > most) most = few[k].count;
    }
    double *points = malloc((most + 2) * 2 * sizeof *points);
    if (!points) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a plot");
    ent_code code = ent_sheet_open(&s, out, (const uint32_t[2]){WIDTH, HEIGHT}, err);
    if (code == ENT_OK) {
        code = ent_sheet_begin(&s, false, err);
        draw(&s, few, n, points);
        if (code == ENT_OK) code = ent_sheet_finish(&s, &drawn, err);
        ent_sheet_free(&s);
    }
    free(points);
    ENT_TRY(code);
    return ent_disk_replace(out, drawn.data, drawn.len, 0644, err);
}
