/* Where faces are. The detector is a single-shot network of the "Ultra-Light-Fast" family: for each anchor two scores (ground, face)
 * and a box in corners, 0 to 1 of its input. The picture is put into that input whole, its shape kept. A face that fills the picture
 * is larger than the largest anchor, so a picture without a face is looked at once more at half the size. The landmark network sees each
 * face in a square box, grey; its 68 points follow the common 300-W order. */
#include "face/engine.h"

#include "base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 512 }; /* boxes that overlap is looked for among */

#define OVERLAP 0.4f

typedef struct box {
    float left, top, right, bottom, score;
} box;

static int by_score(const void *a, const void *b)
{
    const box *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static int by_size(const void *a, const void *b)
{
    const ent_face_found *x = a, *y = b;
    float u = x->right - x->left, v = y->right - y->left;
    return (u < v) - (u > v);
}

static float overlap(const box *a, const box *b)
{
    float w = fminf(a->right, b->right) - fmaxf(a->left, b->left), h = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    if (w <= 0 || h <= 0) return 0;
    float both = w * h;
    return both / ((a->right - a->left) * (a->bottom - a->top) + (b->right - b->left) * (b->bottom - b->top) - both);
}

/* The map from the detector's input to the picture when the picture takes `share` of it. */
static face_map whole(const ent_face_network *n, const ent_face_image *image, double share)
{
    double stretch = fmax((double)image->width / n->width, (double)image->height / n->height) / share;
    return (face_map){.a = stretch, .c = (image->width - 1) / 2.0 - stretch * (n->width - 1) / 2.0,
                      .e = stretch, .f = (image->height - 1) / 2.0 - stretch * (n->height - 1) / 2.0};
}

static size_t collect(const ent_face *e, box kept[KEPT])
{
    size_t n = 0;
    box *all = malloc((e->anchors + 1) * sizeof *all);
    if (!all) return SIZE_MAX;
    for (size_t i = 0; i < e->anchors; i++) {
        const float *b = e->boxes + 4 * i;
        float score = e->scores[2 * i + 1];
        if (score > (float)e->card.detector_threshold && b[2] > b[0] && b[3] > b[1]) all[n++] = (box){b[0], b[1], b[2], b[3], score};
    }
    qsort(all, n, sizeof *all, by_score);
    if (n > KEPT) n = KEPT;
    memcpy(kept, all, n * sizeof *all);
    free(all);
    return n;
}

/* Boxes of one look, as squares around the box's middle with its height as the side. */
static ent_code look(ent_face *e, const ent_face_image *image, double share, ent_face_faces *faces, ent_err *err)
{
    const ent_face_network *n = &e->card.detector;
    face_map m = whole(n, image, share);
    const ent_net_output out[2] = {{"boxes", e->boxes, 4 * e->anchors}, {"scores", e->scores, 2 * e->anchors}};
    box b[KEPT];
    face_sample(image, &m, &(face_plane_form){n->width, n->height, false, true}, e->input);
    face_feed(e->input, n, 3);
    ENT_TRY(ent_net_run(e->detector, e->input, out, 2, err));
    size_t count = collect(e, b);
    if (count == SIZE_MAX) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu boxes", e->anchors);
    faces->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (b[i].score <= 0) continue;
        for (size_t j = i + 1; j < count; j++)
            if (overlap(&b[i], &b[j]) > OVERLAP) b[j].score = 0;
        double x = (double)(b[i].left + b[i].right) / 2 * n->width - 0.5, y = (double)(b[i].top + b[i].bottom) / 2 * n->height - 0.5;
        double half = (double)(b[i].bottom - b[i].top) * n->height * m.a / 2, u = m.a * x + m.c, v = m.e * y + m.f;
        if (faces->count == ENT_FACE_FACES_MAX) break;
        faces->face[faces->count++] = (ent_face_found){.left = (float)(u - half), .top = (float)(v - half), .right = (float)(u + half),
                                                       .bottom = (float)(v + half), .confidence = b[i].score};
    }
    return ENT_OK;
}

typedef struct region {
    double x, y, side, angle; /* middle, side and rotation of a square of the picture */
} region;

static ent_code points_in(ent_face *e, const ent_face_image *image, const region *r, float ret[ENT_FACE_POINTS][2], ent_err *err)
{
    const ent_face_network *n = &e->card.landmarks;
    float out[2 * ENT_FACE_POINTS];
    double step = r->side / n->width, c = cos(r->angle) * step, s = sin(r->angle) * step, middle = (n->width - 1) / 2.0;
    face_map m = {.a = c, .b = -s, .c = r->x - (c - s) * middle, .d = s, .e = c, .f = r->y - (s + c) * middle};
    face_sample(image, &m, &(face_plane_form){n->width, n->height, true, false}, e->input);
    face_feed(e->input, n, 1);
    ENT_TRY(ent_net_run(e->landmarks, e->input, &(ent_net_output){NULL, out, 2 * ENT_FACE_POINTS}, 1, err));
    for (int i = 0; i < ENT_FACE_POINTS; i++) {
        double x = (double)out[2 * i] * n->width - 0.5, y = (double)out[2 * i + 1] * n->height - 0.5;
        ret[i][0] = (float)(m.a * x + m.b * y + m.c), ret[i][1] = (float)(m.d * x + m.e * y + m.f);
    }
    return ENT_OK;
}

static void mean_of(float point[][2], const int *which, int count, float ret[2])
{
    for (int k = 0; k < 2; k++) {
        ret[k] = 0;
        for (int i = 0; i < count; i++) ret[k] += point[which[i]][k] / (float)count;
    }
}

/* Eyes from the lids' points (their corners are less sure), nose's tip, the mean of outer and inner corner of the lips. */
static void five_of(ent_face_found *f)
{
    static const int left_eye[4] = {37, 38, 40, 41}, right_eye[4] = {43, 44, 46, 47}, nose[1] = {30}, left[2] = {48, 60}, right[2] = {54, 64};
    mean_of(f->point, left_eye, 4, f->five[0]);
    mean_of(f->point, right_eye, 4, f->five[1]);
    mean_of(f->point, nose, 1, f->five[2]);
    mean_of(f->point, left, 2, f->five[3]);
    mean_of(f->point, right, 2, f->five[4]);
}

ent_code face_points(ent_face *e, const ent_face_image *image, ent_face_found *f, ent_err *err)
{
    region r = {.x = (double)(f->left + f->right) / 2, .y = (double)(f->top + f->bottom) / 2, .side = (double)(f->right - f->left)};
    ENT_TRY(points_in(e, image, &r, f->point, err));
    five_of(f);
    return ENT_OK;
}

ent_code face_boxes(ent_face *e, const ent_face_image *image, ent_face_faces *ret_faces, ent_err *err)
{
    ENT_TRY(face_check_image(image, err));
    ENT_TRY(look(e, image, 1, ret_faces, err));
    if (!ret_faces->count) ENT_TRY(look(e, image, 0.5, ret_faces, err));
    qsort(ret_faces->face, ret_faces->count, sizeof *ret_faces->face, by_size);
    return ENT_OK;
}

ent_code ent_face_find(ent_face *engine, const ent_face_image *image, ent_face_faces *ret_faces, ent_err *err)
{
    ent_face_faces *faces = calloc(1, sizeof *faces);
    if (!faces) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = face_boxes(engine, image, faces, err);
    for (size_t i = 0; i < faces->count && code == ENT_OK; i++) code = face_points(engine, image, &faces->face[i], err);
    if (code == ENT_OK) *ret_faces = *faces;
    free(faces);
    return code;
}
