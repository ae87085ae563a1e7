/* What the files of extraction share: the opened model, sampling of pictures, alignment. */
#ifndef FACE_ENGINE_H
#define FACE_ENGINE_H

#include "entente/face.h"
#include "face/net.h"

struct ent_face {
    ent_face_card card;
    ent_net *detector, *landmarks, *embedder[ENT_FACE_EMBEDDERS];
    float *input, *boxes, *scores; /* of the detector */
    size_t anchors;
};

/* Maps a target's pixel to the picture's: x' = a x + b y + c, y' = d x + e y + f; whole numbers are the middles of pixels. */
typedef struct face_map {
    double a, b, c, d, e, f;
} face_map;

typedef struct face_plane_form {
    uint32_t width, height;
    bool grey;  /* one plane of luma instead of three */
    bool black; /* outside the picture: black; else its nearest pixel */
} face_plane_form;

/* Samples a picture into planes of 0 to 255, R G B or grey, bilinear, with the mean over the target pixel's area where the picture is
 * finer than the target. ret_planes: width x height floats each. */
void face_sample(const ent_face_image *image, const face_map *map, const face_plane_form *form, float *ret_planes);

/* (p - mean) / scale in place; B and R change places when the network wants that. */
void face_feed(float *planes, const ent_face_network *n, uint32_t channels);

/* The similarity (rotation, scale, shift) that takes the aligned crop's pixels to the picture, by least squares over five points. */
face_map face_align(const float five[5][2]);

/* The two steps of ent_face_find: boxes, larger first; and the points of one. *ret_faces may be written on failure. */
ENT_MUST_CHECK ent_code face_boxes(ent_face *e, const ent_face_image *image, ent_face_faces *ret_faces, ent_err *err);
ENT_MUST_CHECK ent_code face_points(ent_face *e, const ent_face_image *image, ent_face_found *f, ent_err *err);

/* The cosine between the embeddings of a face and of its mirror image, into its quality. */
void face_quality_steady(ent_face_quality *q, double cosine);

/* ENT_FORMAT, ENT_TOO_LARGE. */
ENT_MUST_CHECK ent_code face_check_image(const ent_face_image *image, ent_err *err);

#endif
