/* Measures after ISO/IEC 29794-5: capture and subject properties of one found face, from its landmarks and from the luma of its aligned
 * crop (112 pixels, eyes 35 apart). Each maps a physical number to 0 to 100 by two points: where it is worthless and where it is as good as
 * it gets. The overall value is the geometric mean of those that error-versus-reject curves on real pictures showed to matter, so that
 * one very bad measure pulls it down. */
#include "face/engine.h"

#include "base/check.h"
#include "base/wipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0 at `worst`, 100 at `best` and beyond. */
static int grade(double v, double worst, double best)
{
    double share = (v - worst) / (best - worst);
    return share > 0 ? share < 1 ? (int)(100 * share + 0.5) : 100 : 0;
}

static double distance(const float a[2], const float b[2])
{
    return hypot((double)a[0] - (double)b[0], (double)a[1] - (double)b[1]);
}

static int lower(int a, int b)
{
    return a < b ? a : b;
}

/* The nose's place between the eyes and above the mouth, in a frame where the eyes lie at -1/2 and 1/2 on the x axis. */
static void grade_pose(const ent_face_found *f, ent_face_quality *q)
{
    double dx = (double)f->five[1][0] - (double)f->five[0][0], dy = (double)f->five[1][1] - (double)f->five[0][1], size = dx * dx + dy * dy + 1e-9;
    double x0 = ((double)f->five[0][0] + (double)f->five[1][0]) / 2, y0 = ((double)f->five[0][1] + (double)f->five[1][1]) / 2;
    double nx = (double)f->five[2][0] - x0, ny = (double)f->five[2][1] - y0;
    double mx = ((double)f->five[3][0] + (double)f->five[4][0]) / 2 - x0, my = ((double)f->five[3][1] + (double)f->five[4][1]) / 2 - y0;
    double aside = (nx * dx + ny * dy) / size, down = (ny * dx - nx * dy) / size, mouth = (my * dx - mx * dy) / size;
    double yaw = fabs(aside), pitch = fabs(down / (mouth > 0.1 ? mouth : 0.1) - 0.52);
    q->pose = lower(grade(yaw, 0.45, 0.06), grade(pitch, 0.35, 0.10));
    q->roll = grade(fabs(atan2(dy, dx)) * 57.29578, 45, 6);
}

static double luma_mean(const float *g, uint32_t left, uint32_t right)
{
    double sum = 0;
    for (uint32_t y = 36; y < 100; y++)
        for (uint32_t x = left; x < right; x++) sum += (double)g[y * ENT_FACE_CROP + x];
    return sum / (64.0 * (right - left));
}

/* Over the inner face: brows to chin, cheek to cheek. */
static void grade_light(const float *g, ent_face_quality *q)
{
    enum { TOP = 36, BOTTOM = 104, LEFT = 26, RIGHT = 86 };
    unsigned histogram[256] = {0}, n = 0;
    double sum = 0, dark = 0, bright = 0, entropy = 0;
    for (uint32_t y = TOP; y < BOTTOM; y++)
        for (uint32_t x = LEFT; x < RIGHT; x++) {
            double v = (double)g[y * ENT_FACE_CROP + x];
            sum += v, dark += v < 16, bright += v > 247, n++;
            histogram[(int)(v + 0.5) & 255]++;
        }
    for (int i = 0; i < 256; i++)
        if (histogram[i]) entropy -= histogram[i] / (double)n * log2(histogram[i] / (double)n);
    double mean = sum / n;
    q->exposure = lower(lower(grade(mean, 25, 75), grade(mean, 240, 190)), grade((dark + bright) / n, 0.4, 0.05));
    q->contrast = grade(entropy, 4.5, 7);
    double l = luma_mean(g, LEFT, 56), r = luma_mean(g, 56, RIGHT);
    q->symmetry = grade((l < r ? l : r) / ((l < r ? r : l) + 1e-9), 0.25, 0.85);
}

/* Energy of the Laplacian against that of the gradient: high frequencies' share, whatever the contrast. */
static double sharp(const float *g)
{
    double fine = 0, coarse = 0;
    for (int y = 32; y < 104; y++)
        for (int x = 24; x < 88; x++) {
            const float *p = g + y * ENT_FACE_CROP + x;
            double dx = (double)(p[1] - p[-1]) / 2, dy = (double)(p[ENT_FACE_CROP] - p[-ENT_FACE_CROP]) / 2;
            double l = (double)(p[1] + p[-1] + p[ENT_FACE_CROP] + p[-ENT_FACE_CROP] - 4 * p[0]);
            fine += l * l, coarse += dx * dx + dy * dy;
        }
    return sqrt(fine / (coarse + 1e-9));
}

static void grade_expression(const ent_face_found *f, ent_face_quality *q)
{
    double eyes = distance(f->five[0], f->five[1]) + 1e-9;
    double left = (distance(f->point[37], f->point[41]) + distance(f->point[38], f->point[40])) / 2;
    double right = (distance(f->point[43], f->point[47]) + distance(f->point[44], f->point[46])) / 2;
    double lips = (distance(f->point[61], f->point[67]) + distance(f->point[62], f->point[66]) + distance(f->point[63], f->point[65])) / 3;
    q->eyes = grade((left < right ? left : right) / eyes, 0.04, 0.11);
    q->mouth = grade(lips / eyes, 0.5, 0.12);
}

/* The share of the box, a fifth larger on each side, that the picture holds. */
static double inside(const ent_face_image *im, const ent_face_found *f)
{
    double side = (double)(f->right - f->left), more = side / 5;
    double l = fmax((double)f->left - more, 0), t = fmax((double)f->top - more, 0);
    double r = fmin((double)f->right + more, im->width), b = fmin((double)f->bottom + more, im->height);
    return r > l && b > t ? (r - l) * (b - t) / (1.96 * side * side) : 0;
}

static int overall(const ent_face_quality *q)
{
    const struct {
        int measure;
        double weight;
    } part[] = {{q->confidence, 0.3}, {q->pose, 0.15}, {q->roll, 0.15}, {q->mouth, 0.15}, {q->sharpness, 0.1}, {q->eye_distance, 0.1}, {q->exposure, 0.05}};
    double sum = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) sum += part[i].weight * log((part[i].measure + 1) / 101.0);
    if (q->steady >= 0) sum = 0.4 * sum + 0.6 * log((q->steady + 1) / 101.0);
    return (int)(101 * exp(sum) - 0.5);
}

void ent_face_quality_of(const ent_face_image *image, const ent_face_found *face, ent_face_quality *ret_quality)
{
    float luma[ENT_FACE_CROP * ENT_FACE_CROP];
    ent_face_quality q = {.steady = -1};
    face_map m = face_align(face->five);
    ENT_PRE(face_check_image(image, NULL) == ENT_OK);
    face_sample(image, &m, &(face_plane_form){ENT_FACE_CROP, ENT_FACE_CROP, true, false}, luma);
    q.eye_distance = grade(distance(face->five[0], face->five[1]), 10, 90); /* ISO/IEC 39794-5 asks for 90 pixels */
    grade_pose(face, &q);
    grade_light(luma, &q);
    grade_expression(face, &q);
    q.sharpness = grade(sharp(luma), 0.25, 0.9);
    q.margin = grade(inside(image, face), 0.4, 0.9);
    q.confidence = grade(-log10(1 - (double)face->confidence + 1e-6), 0.5, 5); /* 0.68 to 0.99999 */
    q.overall = overall(&q);
    ent_wipe(luma, sizeof luma);
    *ret_quality = q;
}

void face_quality_steady(ent_face_quality *q, double cosine)
{
    q->steady = grade(-log10(fmax(1 - cosine, 1e-9)), 0.7, 1.9); /* 0.8 to 0.987 */
    q->overall = overall(q);
}

bool ent_face_gate(const ent_face_quality *q, int least, char *ret_reasons, size_t cap)
{
    enum { POOR = 40 };
    size_t len = 0;
    if (cap) ret_reasons[0] = 0;
#define ENT_X(name, text, advice)                                                                                      \
    if (q->name >= 0 && q->name < POOR && len < cap) {                                                                                 \
        int n = snprintf(ret_reasons + len, cap - len, "%s%s %d of 100: %s", len ? "; " : "", text, q->name, advice);  \
        len += n > 0 ? (size_t)n : 0;                                                                                  \
    }
    ENT_FACE_MEASURES(ENT_X)
#undef ENT_X
    return q->overall >= least;
}
