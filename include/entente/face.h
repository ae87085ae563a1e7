/* The face engine: a photograph in; faces, a compact template and quality measures out; two templates in, a score out; a
 * gallery that finds the best of many.
 *
 * The networks are data that the caller brings (ent_face_card says which and how they are fed). A network's result agrees
 * between machines only within a bound, so an embedding is computed once, where the image enters, and quantised there:
 * everything after ent_face_extract (match, meaning, gallery) uses integers, sqrt and division, and is the same on every
 * machine. No I/O, no clock.
 *
 *     ent_face *engine;
 *     uint8_t a[ENT_FACE_TEMPLATE_MAX], b[ENT_FACE_TEMPLATE_MAX];
 *     size_t a_len, b_len;
 *     double score;
 *     if (!ent_face_open(&card, networks, &engine, &err) &&
 *         !ent_face_extract(engine, &photo_a, ENT_FACE_ONLY, a, &a_len, NULL, &err) &&
 *         !ent_face_extract(engine, &photo_b, ENT_FACE_ONLY, b, &b_len, NULL, &err) &&
 *         !ent_face_match(a, a_len, b, b_len, &score, &err))
 *         printf("%.3f\n", score);
 */
#ifndef ENTENTE_FACE_H
#define ENTENTE_FACE_H

#include "entente/error.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a model: which networks, how they are fed ---- */

enum {
    ENT_FACE_EMBEDDERS = 2,      /* networks whose embeddings may be joined */
    ENT_FACE_NETWORKS = 4,       /* detector, landmarks, embedders */
    ENT_FACE_DIMENSION_MAX = 960, /* of the joined embedding */
    ENT_FACE_TEMPLATE_MAX = 1024, /* bytes */
    ENT_FACE_FACES_MAX = 64      /* that are told of one picture */
};

/* One network file and its input: samples enter as (p - mean) / scale, planes in the order R G B (or B G R), or grey. */
typedef struct ent_face_network {
    char file[128];     /* its name, beside the card */
    uint8_t sha256[32]; /* of the file's bytes */
    uint32_t width, height;
    double mean, scale;
    bool bgr;
} ent_face_network;

typedef struct ent_face_embedder {
    ent_face_network network;
    uint32_t dimension; /* floats that the network's only output has */
    double weight;      /* share of this network in the joined score; all together 1 */
    bool flip;          /* the mean of the crop's embedding and its mirror image's: twice the time */
} ent_face_embedder;

/* log10 likelihood ratio = offset + slope (score - middle), clamped to [-below, bound]: what impostor and genuine pairs carry; fitted by `entente evaluate
 * face --calibrate`. fitted false: the model has none, and no ratio is claimed. */
typedef struct ent_face_calibration {
    bool fitted;
    double middle, offset, slope, bound, below;
    double inward, outward; /* half width of the 95 % interval at the middle, and its growth for each unit of score away */
} ent_face_calibration;

/* log10 likelihood ratio of prints and face together = offset + prints (ratio of the prints) + face (ratio of the face), and no more in either
 * direction than both claim; fitted on joint scores by `entente evaluate fusion`. fitted false: their sum. */
typedef struct ent_face_fusion {
    bool fitted;
    double offset, prints, face;
} ent_face_fusion;

typedef struct ent_face_card {
    char name[64];
    char origin[256], training[256], licence[256], accuracy[256]; /* prose, "" unknown */
    ent_face_network detector, landmarks;
    double detector_threshold; /* 0 to 1 */
    ent_face_embedder embedder[ENT_FACE_EMBEDDERS];
    uint32_t embedders;
    ent_face_calibration calibration;
    ent_face_fusion fusion;
} ent_face_card;

/* The bytes of the networks in the order detector, landmarks, embedders; read only, used during the call. */
typedef struct ent_face_bytes {
    const void *data;
    size_t len;
} ent_face_bytes;

/* An opened model. It may be used by one thread at a time; open one for each thread. */
typedef struct ent_face ent_face;

/* ENT_UNSUPPORTED when the library was built without a network runtime, or for a network that the runtime cannot read;
 * ENT_DAMAGED when a file has another checksum than the card says; ENT_FORMAT for an impossible card. */
ENT_API ENT_MUST_CHECK ent_code ent_face_open(const ent_face_card *card, const ent_face_bytes *networks, ent_face **ret_engine,
                                              ent_err *err);
ENT_API void ent_face_close(ent_face *engine); /* NULL is fine */
ENT_API const ent_face_card *ent_face_card_of(const ent_face *engine);
/* What calculates the network in the order of ent_face_open: "XNNPACK", or "OpenCV" for what XNNPACK cannot; NULL past the last. Their results differ as
 * those of two machines do. */
ENT_API const char *ent_face_runtime(const ent_face *engine, uint32_t which);
/* What templates carry: derived from the networks' checksums and inputs, so that other models' templates are refused. */
ENT_API void ent_face_model_id(const ent_face_card *card, uint8_t ret_id[8]);

/* ---- looking at a picture ---- */

/* 8 bits a sample, 3 (R G B) or 1 channel. Row y begins at pixels + y * stride. Read only. */
typedef struct ent_face_image {
    const uint8_t *pixels;
    uint32_t width, height;
    size_t stride;
    uint32_t channels;
} ent_face_image;

enum { ENT_FACE_POINTS = 68 };

/* Pixels of the picture. Left and right are the picture's, not the person's. */
typedef struct ent_face_found {
    float left, top, right, bottom; /* square box around the face; may reach outside the picture */
    float confidence;               /* 0 to 1 */
    float point[ENT_FACE_POINTS][2]; /* x, y: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, mouth 48-67 */
    float five[5][2];               /* x, y of left eye, right eye, nose, left and right corner of the mouth */
} ent_face_found;

typedef struct ent_face_faces {
    size_t count;                /* 0: none */
    ent_face_found face[ENT_FACE_FACES_MAX]; /* larger first */
} ent_face_faces;

/* All faces, none is no error. ENT_FORMAT for impossible sizes, ENT_TOO_LARGE over ENT_LIMIT_IMAGE_SIDE. */
ENT_API ENT_MUST_CHECK ent_code ent_face_find(ent_face *engine, const ent_face_image *image, ent_face_faces *ret_faces, ent_err *err);

/* Measures after ISO/IEC 29794-5, each 0 worst to 100; what they are computed from stands in src/face/README.md. */
#define ENT_FACE_MEASURES(X)                                                                                           \
    X(eye_distance, "inter-eye distance", "bring the camera nearer, or send the picture in a higher resolution")       \
    X(pose, "pose", "face the camera")                                                                                 \
    X(roll, "head upright", "hold the head upright")                                                                   \
    X(sharpness, "sharpness", "hold still and focus; do not enlarge a small picture")                                  \
    X(exposure, "exposure", "change the exposure: the face is too dark or too bright")                                 \
    X(contrast, "dynamic range", "light the face: it has too few shades")                                              \
    X(symmetry, "even lighting", "light both sides of the face alike")                                                 \
    X(margin, "face within the picture", "show the whole head with some space around it")                              \
    X(confidence, "face is plain to see", "take off what hides the face")                                              \
    X(eyes, "eyes open", "open the eyes")                                                                              \
    X(mouth, "mouth closed", "close the mouth")                                                                        \
    X(steady, "recognisable", "show the whole face, from the front and sharp: something hides what tells people apart")

/* `steady` is how well a network's embeddings of the face and of its mirror image agree: ent_face_judge and ent_face_extract have it, of a model that
 * embeds both; -1 where it was not measured. */
typedef struct ent_face_quality {
    int overall; /* 0 to 100: the chance of a miss grows as it falls; what an enrol gate looks at */
#define ENT_X(name, text, advice) int name;
    ENT_FACE_MEASURES(ENT_X)
#undef ENT_X
} ent_face_quality;

ENT_API void ent_face_quality_of(const ent_face_image *image, const ent_face_found *face, ent_face_quality *ret_quality);
/* The same with what the networks make of the face: takes as long as ent_face_embed. */
ENT_API ENT_MUST_CHECK ent_code ent_face_judge(ent_face *engine, const ent_face_image *image, const ent_face_found *face,
                                               ent_face_quality *ret_quality, ent_err *err);
/* Whether a picture may be enrolled at a gate of `least` overall quality; one sentence for each measure that is poor, with what
 * to do, into reasons (cap bytes, always ended). */
ENT_API bool ent_face_gate(const ent_face_quality *q, int least, char *ret_reasons, size_t cap);

/* The aligned crop that networks see: 112 x 112 x 3 bytes, R G B. */
enum { ENT_FACE_CROP = 112, ENT_FACE_CROP_BYTES = ENT_FACE_CROP * ENT_FACE_CROP * 3 };
ENT_API void ent_face_crop(const ent_face_image *image, const ent_face_found *face, uint8_t ret_rgb[ENT_FACE_CROP_BYTES]);

/* ---- templates (docs/protocol/face-template.md) ---- */

typedef enum ent_face_choice {
    ENT_FACE_ONLY,    /* several faces are refused */
    ENT_FACE_LARGEST,
    ENT_FACE_CENTRE,  /* nearest to the picture's middle */
    ENT_FACE_FIRST    /* ENT_FACE_FIRST + n: the n-th that ent_face_find tells */
} ent_face_choice;

typedef struct ent_face_seen {
    size_t faces; /* in the picture */
    ent_face_found face; /* the chosen one */
    ent_face_quality quality;
} ent_face_seen;

/* ENT_QUALITY: no face, ENT_CONFLICT: several faces under ENT_FACE_ONLY, ENT_NOT_FOUND: no n-th. ret_seen may be NULL. */
ENT_API ENT_MUST_CHECK ent_code ent_face_extract(ent_face *engine, const ent_face_image *image, int choice,
                                                 uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_face_seen *ret_seen,
                                                 ent_err *err);

/* As above for a face that was found already. */
ENT_API ENT_MUST_CHECK ent_code ent_face_embed(ent_face *engine, const ent_face_image *image, const ent_face_found *face,
                                               uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_err *err);

typedef struct ent_face_template_info {
    uint8_t model[8];
    uint32_t dimension;
    int quality; /* 0 to 100 */
} ent_face_template_info;

/* ENT_FORMAT for anything that extract could not have written, ENT_UNSUPPORTED for a later version. */
ENT_API ENT_MUST_CHECK ent_code ent_face_inspect(const uint8_t *bytes, size_t len, ent_face_template_info *ret_info, ent_err *err);

/* From an embedding that something else computed (any length of at least 1e-12; only its direction counts). */
ENT_API ENT_MUST_CHECK ent_code ent_face_quantise(const float *embedding, uint32_t dimension, const uint8_t model[8], int quality,
                                                  uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_err *err);

/* ---- matching ---- */

/* Cosine of the angle between two embeddings, -1 to 1. ENT_FORMAT; ENT_UNSUPPORTED when they are of different models. */
ENT_API ENT_MUST_CHECK ent_code ent_face_match(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, double *ret_score,
                                               ent_err *err);

/* log10 of the likelihood ratio "same person" to "different persons", with its 95 % interval, clamped to what the calibration's data
 * carry; what the fitted line would say beyond stands in `extrapolated`. known false and all zero when the model has no calibration. */
typedef struct ent_face_meaning {
    bool known;
    double ratio, low, high, extrapolated;
} ent_face_meaning;

ENT_API ent_face_meaning ent_face_llr(const ent_face_calibration *calibration, double score);

/* ---- a gallery ---- */

/* Templates of one model in memory, scanned whole by `threads` threads (0: one a core): exact. Not locked: many may search at once, or one may change. */
typedef struct ent_face_gallery ent_face_gallery;

typedef struct ent_face_hit {
    uint64_t id;
    double score; /* as ent_face_match */
} ent_face_hit;

ENT_API ENT_MUST_CHECK ent_code ent_face_gallery_new(unsigned threads, ent_face_gallery **ret_gallery, ent_err *err);
ENT_API void ent_face_gallery_free(ent_face_gallery *g); /* erases; NULL is fine */
/* id is the caller's; ids may repeat (a person's several photographs). flows: one bit for each flow that may see it. The first
 * template sets the model; another's is ENT_UNSUPPORTED. */
ENT_API ENT_MUST_CHECK ent_code ent_face_gallery_add(ent_face_gallery *g, uint64_t id, uint64_t flows, const uint8_t *bytes, size_t len,
                                                     ent_err *err);
ENT_API void ent_face_gallery_see(ent_face_gallery *g, uint64_t id, uint64_t flows); /* all entries of the id */
ENT_API void ent_face_gallery_remove(ent_face_gallery *g, uint64_t id);              /* erases all entries of the id */
ENT_API size_t ent_face_gallery_count(const ent_face_gallery *g);

typedef struct ent_face_probe {
    const uint8_t *bytes; /* a template */
    size_t len;
} ent_face_probe;

/* The best `most` entries that the flows may see, best first, equal scores in the order of their ids, for each probe: ret_hits has room for
 * probes x most, ret_counts for probes. Several probes together cost far less than one after the other. most is 1 to 256. */
ENT_API ENT_MUST_CHECK ent_code ent_face_gallery_search(const ent_face_gallery *g, const ent_face_probe *probes, size_t count, uint64_t flows,
                                                        size_t most, ent_face_hit *ret_hits, size_t *ret_counts, ent_err *err);

/* The scan's arithmetic on this machine: "avx512-vnni", "avx2", "plain". */
ENT_API const char *ent_face_kernel(void);

#ifdef __cplusplus
}
#endif

#endif
