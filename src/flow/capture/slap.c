#include "flow/capture/slap.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_SIDE 6 /* mm of a stated fingertip: less is no place, but a form that somebody filled in */

bool ent_capture_is_slap(uint8_t position)
{
    return (position >= ENT_FINGER_RIGHT_SLAP && position <= ENT_FINGER_THUMBS) || (position >= 40 && position <= 50);
}

/* An item as a number; -1: there is none. */
static long number_at(const ent_itl_field *f, size_t subfield, size_t item)
{
    const uint8_t *text;
    size_t n;
    char digits[12], *end;
    if (!ent_itl_item(f, subfield, item, &text, &n) || !n || n >= sizeof digits) return -1;
    memcpy(digits, text, n);
    digits[n] = 0;
    long v = strtol(digits, &end, 10);
    return *end || v < 0 ? -1 : v;
}

/* 14.018 AMP: subfields of a finger and why it is missing. */
static uint32_t amputated(const ent_itl_record *r)
{
    const ent_itl_field *f = ent_itl_field_of(r, 18);
    uint32_t missing = 0;
    for (size_t i = 0; f && i < 10 && number_at(f, i, 0) > 0; i++)
        if (number_at(f, i, 0) <= 10) missing |= 1U << number_at(f, i, 0);
    return missing;
}

static uint32_t of_position(int position)
{
    switch (position) {
    case ENT_FINGER_RIGHT_SLAP: return 0x3c;
    case ENT_FINGER_LEFT_SLAP: return 0x780;
    case ENT_FINGER_THUMBS: return 0x42;
    case 46: return 0x84;
    default: return position >= 43 && position != 47 && position != 48 ? 0x780 : 0x3c;
    }
}

typedef struct box {
    long left, top, right, bottom;
} box;

static void to_corners(const box *b, ent_finger_segment *ret)
{
    const double corner[4][2] = {{(double)b->left, (double)b->top}, {(double)b->right, (double)b->top}, {(double)b->right, (double)b->bottom}, {(double)b->left, (double)b->bottom}};
    memcpy(ret->corner, corner, sizeof corner);
}

/* 14.021 SEG: finger, left, right, top, bottom. */
static bool seg_at(const ent_itl_field *f, size_t i, box *ret, ent_finger_segment *ret_segment)
{
    *ret = (box){number_at(f, i, 1), number_at(f, i, 3), number_at(f, i, 2), number_at(f, i, 4)};
    to_corners(ret, ret_segment);
    return ret->left >= 0 && ret->top >= 0;
}

/* 14.025 ASEG: finger, number of points, their x and y. Four points that turn clockwise as seen are the turned rectangle itself. */
static bool aseg_at(const ent_itl_field *f, size_t i, box *ret, ent_finger_segment *ret_segment)
{
    long points = number_at(f, i, 1);
    double at[4][2];
    if (points < 3 || points > 99) return false;
    *ret = (box){1L << 30, 1L << 30, -1, -1};
    for (long k = 0; k < points; k++) {
        long x = number_at(f, i, (size_t)(2 + 2 * k)), y = number_at(f, i, (size_t)(3 + 2 * k));
        if (x < 0 || y < 0) return false;
        if (x < ret->left) ret->left = x;
        if (x > ret->right) ret->right = x;
        if (y < ret->top) ret->top = y;
        if (y > ret->bottom) ret->bottom = y;
        if (k < 4) at[k][0] = (double)x, at[k][1] = (double)y;
    }
    bool clockwise = points == 4;
    for (int k = 0; k < 4 && clockwise; k++) {
        const double *a = at[k], *b = at[(k + 1) % 4], *c = at[(k + 2) % 4];
        clockwise = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) > 0;
    }
    if (clockwise) memcpy(ret_segment->corner, at, sizeof at);
    else to_corners(ret, ret_segment);
    return true;
}

/* All of the field's fingers, or false when one of them cannot be what it says. */
static bool stated(const ent_itl_field *f, bool alternate, int position, const ent_finger_image *image, ent_finger_slap *ret)
{
    long least = (long)((image->ppi ? image->ppi : 500) * LEAST_SIDE * 10 / 254);
    uint32_t seen = 0;
    *ret = (ent_finger_slap){.ground = 255};
    for (size_t i = 0; f && number_at(f, i, 0) >= 0; i++) {
        ent_finger_segment *s = &ret->finger[ret->count];
        box b;
        long finger = number_at(f, i, 0);
        if (ret->count == ENT_FINGER_SLAP_MAX || finger < 1 || finger > 10 || !(of_position(position) >> finger & 1) || seen >> finger & 1) return false;
        if (!(alternate ? aseg_at(f, i, &b, s) : seg_at(f, i, &b, s))) return false;
        if (b.right > (long)image->width || b.bottom > (long)image->height || b.right - b.left < least || b.bottom - b.top < least) return false;
        s->x = (uint32_t)b.left, s->y = (uint32_t)b.top, s->width = (uint32_t)(b.right - b.left), s->height = (uint32_t)(b.bottom - b.top);
        s->position = (uint8_t)finger;
        seen |= 1U << finger;
        ret->count++;
    }
    return ret->count > 0;
}

ent_code ent_capture_slap(const ent_itl_record *r, const ent_itl_image *in, const ent_finger_image *image, ent_finger_slap *ret_slap, ent_err *err)
{
    ent_finger_slap slap = {0};
    if (in->type == 14 && (stated(ent_itl_field_of(r, 25), true, in->position, image, &slap) || stated(ent_itl_field_of(r, 21), false, in->position, image, &slap))) {
        *ret_slap = slap;
        return ENT_OK;
    }
    ent_code code = ent_finger_segment_slap(image, in->position, in->type == 14 ? amputated(r) : 0, &slap, err);
    if (code == ENT_UNSUPPORTED) code = ent_finger_segment_slap(image, in->position, 0, &slap, err); /* AMP names all of them: it cannot be */
    if (code == ENT_QUALITY) slap = (ent_finger_slap){0};
    else if (code != ENT_OK) return code;
    *ret_slap = slap;
    return ENT_OK;
}
