/* The quantised embedding as integers; the bytes' form is docs/protocol/face-template.md. */
#ifndef FACE_TEMPLATE_H
#define FACE_TEMPLATE_H

#include "entente/face.h"

enum { FACE_HEADER = 20, FACE_FINE_BITS = 8 };

typedef struct face_vector {
    uint8_t model[8];
    uint32_t dimension, fine; /* fine: bits of each value below the coarse byte, 0 to FACE_FINE_BITS */
    int quality;
    int16_t value[ENT_FACE_DIMENSION_MAX]; /* coarse << fine, and what the fine bits add: at most 127 << fine in size */
    int8_t coarse[ENT_FACE_DIMENSION_MAX]; /* the value rounded to a byte's steps */
} face_vector;

ENT_MUST_CHECK ent_code face_vector_read(const uint8_t *bytes, size_t len, face_vector *ret, ent_err *err);
/* Values from coarse bytes (each the coarse value plus `shift`, modulo 256) and packed fine bits; sets value, coarse, dimension and fine only. */
void face_vector_unpack(uint32_t dimension, uint32_t fine, const uint8_t *coarse, int shift, const uint8_t *fine_bits, face_vector *ret);
/* The product of two vectors of one model: whole numbers, the same on every machine. */
int64_t face_dot(const face_vector *a, const face_vector *b);
/* Cosine of two vectors of one model; each step exact or an IEEE 754 operation, so the same everywhere. */
double face_cosine(const face_vector *a, const face_vector *b);

#endif
