/* What one file holds, once it has been read: prints with their templates, faces, a biographic block. It crosses from the
 * process that decodes to the one that keeps, so it has a bounded form of bytes of its own, read as if it came from
 * outside. */
#ifndef FLOW_CAPTURE_H
#define FLOW_CAPTURE_H

#include "base/buf.h"
#include "base/when.h"
#include "entente/error.h"
#include "entente/finger.h"
#include "law/regime.h"

enum {
    ENT_CAPTURE_PRINTS = 32,       /* ten rolled, ten from slaps, plain thumbs, and some room */
    ENT_CAPTURE_FACES = 4,
    ENT_CAPTURE_IMAGE = 8 << 20, /* bytes of one image */
    ENT_CAPTURE_MAX = 48 << 20
};

typedef struct ent_capture_print {
    uint8_t finger;                         /* position 1 to 10 (ANSI/NIST-ITL table 8), 0 unknown */
    bool plain;                             /* from a slap, or a plain thumb: what is held against the rolled print of its position */
    uint8_t lies;                           /* ent_finger_hand that the four fingers it was taken with lie as, odds of 1,000 to 1; 0 not told */
    uint8_t template_bytes[ENT_FINGER_FULL_MAX];
    size_t template_len;                    /* native form; 0: no print was found in the image */
    uint8_t *image;                         /* as it came, owned; of a slap the finger's cut, as PNG */
    size_t image_len;
    uint16_t width, height, ppi;            /* of the image, as it was decoded; ppi 0 unknown */
    int8_t quality;
} ent_capture_print;

typedef struct ent_capture_image {
    uint8_t *image;
    size_t image_len;
    uint16_t width, height;
} ent_capture_image;

typedef struct ent_capture {
    char tcn[64], ori[64], tot[16];         /* "" for a plain image */
    ent_date date;                          /* of the transaction; year 0 */
    /* biographic; "" unknown */
    char name[64], nationality[4], sex[2], document[32];
    ent_date birth;
    /* legal, when the transaction says so */
    char taken_under[ENT_LAW_NAME];
    uint32_t offence;
    ent_date taken, offence_date;
    size_t print_count, face_count;
    ent_capture_print *print[ENT_CAPTURE_PRINTS]; /* owned */
    ent_capture_image face[ENT_CAPTURE_FACES];
} ent_capture;

void ent_capture_encode(const ent_capture *c, ent_buf *ret_bytes);
/* Everything is checked, each template is decoded. The caller frees. */
ENT_MUST_CHECK ent_code ent_capture_decode(const void *bytes, size_t len, ent_capture *ret_capture, ent_err *err);
void ent_capture_free(ent_capture *c); /* what it points to, erased */

#endif
