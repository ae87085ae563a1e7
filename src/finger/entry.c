/* A compact template packed for a gallery, and back. */
#include "base/check.h"
#include "finger/arith.h"
#include "finger/around.h"
#include "finger/scan.h"

#include <string.h>

static const uint8_t unknown_quality = 255;

static size_t cells_of(const finger_coarse *f)
{
    return f->cell && !f->guessed ? (size_t)f->cols * f->rows : 0;
}

static size_t coarse_size(const finger_coarse *f)
{
    size_t cells = cells_of(f), inside = 0;
    for (size_t i = 0; i < cells; i++) inside += f->at[i] != 0;
    return (cells + 7) / 8 + (6 * inside + 7) / 8;
}

size_t finger_entry_size(const ent_finger_template *t)
{
    return sizeof(finger_entry) + 5 * t->count + coarse_size(&t->coarse);
}

/* positions are kept in a byte each and what is left of them in the byte `rest`: for prints up to 512 pixels one bit */
int finger_entry_shift(uint32_t width, uint32_t height)
{
    int shift = 1;
    while ((width > height ? width : height) > 256U << shift) shift++;
    return shift;
}

/* Bits of the mask, then six bits for each cell inside: as in the native form. */
static void pack_coarse(const finger_coarse *f, uint8_t *ret)
{
    size_t cells = cells_of(f);
    uint32_t held = 0;
    int n = 0;
    memset(ret, 0, (cells + 7) / 8);
    for (size_t i = 0; i < cells; i++)
        if (f->at[i]) ret[i / 8] |= (uint8_t)(0x80 >> i % 8);
    ret += (cells + 7) / 8;
    for (size_t i = 0; i < cells; i++) {
        if (!f->at[i]) continue;
        held = held << 6 | (uint32_t)(f->at[i] - 1), n += 6;
        if (n >= 8) *ret++ = (uint8_t)(held >> (n - 8)), n -= 8;
    }
    if (n) *ret = (uint8_t)(held << (8 - n));
}

static void unpack_coarse(const uint8_t *from, const finger_coarse *shape, uint8_t *ret)
{
    size_t cells = (size_t)shape->cols * shape->rows;
    const uint8_t *value = from + (cells + 7) / 8;
    uint32_t held = 0;
    int n = 0;
    memset(ret, 0, cells);
    for (size_t byte = 0; byte < (cells + 7) / 8; byte++)
        for (uint32_t mask = (uint32_t)from[byte] << 24; mask;) {
            unsigned bit = (unsigned)__builtin_clz(mask);
            mask &= ~(0x80000000U >> bit);
            if (n < 6) held = held << 8 | *value++, n += 8;
            n -= 6;
            ret[byte * 8 + bit] = (uint8_t)(1 + (held >> n & 63));
        }
}

void finger_entry_make(const ent_finger_template *t, uint32_t slot, finger_entry *ret)
{
    uint64_t bits[FINGER_SCAN_LANES] = {0};
    size_t known = t->count < FINGER_SCAN_LANES ? t->count : FINGER_SCAN_LANES, n = t->count;
    int shift = finger_entry_shift(t->width, t->height);
    ENT_PRE(finger_entry_size(t) <= FINGER_ENTRY_MAX);
    finger_around(t, known, bits);
    memcpy(ret->slot, &slot, sizeof slot);
    ret->width[0] = (uint8_t)(t->width >> 8), ret->width[1] = (uint8_t)t->width;
    ret->height[0] = (uint8_t)(t->height >> 8), ret->height[1] = (uint8_t)t->height;
    ret->quality = t->quality < 0 ? unknown_quality : (uint8_t)t->quality;
    ret->count = (uint8_t)n, ret->cell = t->coarse.guessed ? 0 : t->coarse.cell / 4;
    for (int plane = 0; plane < FINGER_SCAN_PLANES; plane++)
        for (int lane = 0; lane < FINGER_SCAN_LANES; lane++) ret->planes[plane][lane] = (uint8_t)(bits[lane] >> (8 * plane));
    for (size_t i = 0; i < n; i++) {
        const ent_finger_minutia *m = &t->minutiae[i];
        unsigned low = (1U << shift) - 1;
        ret->more[i] = (uint8_t)(m->x >> shift), ret->more[n + i] = (uint8_t)(m->y >> shift), ret->more[2 * n + i] = m->angle;
        ret->more[3 * n + i] = (uint8_t)(m->kind << 6 | m->quality / 2), ret->more[4 * n + i] = (uint8_t)((m->x & low) << 4 | (m->y & low));
    }
    pack_coarse(&t->coarse, ret->more + 5 * n);
}

uint32_t finger_entry_slot(const finger_entry *e)
{
    uint32_t slot;
    memcpy(&slot, e->slot, sizeof slot);
    return slot;
}

void finger_entry_field(const finger_entry *e, finger_coarse *ret, uint8_t field[FINGER_COARSE_CELLS_MAX])
{
    uint32_t cell = 4U * e->cell, width = (uint32_t)e->width[0] << 8 | e->width[1], height = (uint32_t)e->height[0] << 8 | e->height[1];
    *ret = (finger_coarse){0};
    if (!cell) return;
    *ret = (finger_coarse){(uint8_t)cell, (uint8_t)((width + cell - 1) / cell), (uint8_t)((height + cell - 1) / cell), false, field};
    unpack_coarse(e->more + 5 * (size_t)e->count, ret, field);
}

ent_code finger_entry_template(const finger_entry *e, const finger_turns *turns, ent_finger_template **ret_template, ent_err *err)
{
    ent_finger_minutia minutiae[FINGER_MINUTIAE_MAX];
    uint8_t field[FINGER_COARSE_CELLS_MAX];
    size_t n = e->count;
    finger_parts parts = {.turns = turns, .width = (uint32_t)e->width[0] << 8 | e->width[1], .height = (uint32_t)e->height[0] << 8 | e->height[1],
                          .quality = e->quality == unknown_quality ? -1 : e->quality, .minutiae = minutiae, .count = n};
    int shift = finger_entry_shift(parts.width, parts.height);
    for (size_t i = 0; i < n; i++)
        minutiae[i] = (ent_finger_minutia){
            .x = (uint16_t)(e->more[i] << shift | e->more[4 * n + i] >> 4), .y = (uint16_t)(e->more[n + i] << shift | (e->more[4 * n + i] & 15)),
            .angle = e->more[2 * n + i], .kind = e->more[3 * n + i] >> 6, .quality = (uint8_t)(2 * (e->more[3 * n + i] & 63))};
    finger_entry_field(e, &parts.coarse, field);
    return finger_template_make(&parts, ret_template, err);
}
