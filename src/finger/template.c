/* Making, copying and ending templates. */
#include "finger/guess.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

static size_t rounded(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

static void fill_lanes(ent_finger_template *t)
{
    for (size_t i = 0; i < t->lanes.padded; i++) {
        bool real = i < t->count;
        t->lanes.x[i] = real ? t->minutiae[i].x : -1e6f, t->lanes.y[i] = real ? t->minutiae[i].y : -1e6f;
        t->lanes.angle[i] = real ? t->minutiae[i].angle : 0;
    }
}

ent_code finger_template_make(const finger_parts *parts, ent_finger_template **ret_template, ent_err *err)
{
    ENT_PRE(parts->count <= FINGER_MINUTIAE_MAX);
    finger_coarse coarse = parts->coarse;
    if (!coarse.cell || coarse.guessed) finger_guess_shape(parts->width, parts->height, &coarse);
    size_t cells = (size_t)coarse.cols * coarse.rows;
    size_t samples = (size_t)parts->ridge.w * parts->ridge.h;
    size_t at_minutiae = rounded(sizeof(ent_finger_template));
    size_t at_descriptors = at_minutiae + rounded(parts->count * sizeof *parts->minutiae);
    size_t at_lanes = at_descriptors + rounded(parts->count * sizeof(finger_descriptor));
    size_t padded = (parts->count + 7) & ~(size_t)7;
    size_t at_coarse = at_lanes + padded * (2 * sizeof(float) + sizeof(int32_t));
    size_t at_ridge = at_coarse + rounded(cells), size = at_ridge + samples;
    uint8_t *memory = calloc(1, size);
    if (!memory) return ent_fail(err, ENT_NO_MEMORY, "no memory for a template");
    ent_finger_template *t = (ent_finger_template *)memory;
    *t = (ent_finger_template){.size = size, .width = parts->width, .height = parts->height,
                               .quality = parts->quality, .count = parts->count, .coarse = coarse,
                               .ridge = parts->ridge};
    t->minutiae = (ent_finger_minutia *)(memory + at_minutiae);
    t->descriptors = (finger_descriptor *)(memory + at_descriptors);
    float *lanes = (float *)(memory + at_lanes);
    t->lanes = (finger_lanes){padded, lanes, lanes + padded, (int32_t *)(lanes + 2 * padded)};
    t->coarse.at = memory + at_coarse, t->ridge.level = memory + at_ridge;
    if (parts->count) memcpy(t->minutiae, parts->minutiae, parts->count * sizeof *parts->minutiae);
    if (coarse.guessed) finger_guess(t->minutiae, t->count, &coarse, t->coarse.at);
    else memcpy(t->coarse.at, parts->coarse.at, cells);
    if (samples) memcpy(t->ridge.level, parts->ridge.level, samples);
    finger_describe(t, parts->turns, t->descriptors);
    fill_lanes(t);
    *ret_template = t;
    return ENT_OK;
}

void ent_finger_template_free(ent_finger_template *t)
{
    if (!t) return;
    ent_wipe(t, t->size);
    free(t);
}

/* best first; equal ones as they came */
static void keep_best(ent_finger_minutia *m, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        ent_finger_minutia one = m[i];
        size_t k = i;
        for (; k > 0 && m[k - 1].quality < one.quality; k--) m[k] = m[k - 1];
        m[k] = one;
    }
}

ent_code ent_finger_import(const ent_finger_minutia *minutiae, size_t count, const uint32_t size[2],
                           ent_finger_template **ret_template, ent_err *err)
{
    if (count == 0 || count > ENT_LIMIT_MINUTIAE)
        return ent_fail(err, ENT_FORMAT, "%zu minutiae; 1 to %d are possible", count, ENT_LIMIT_MINUTIAE);
    if (size[0] == 0 || size[1] == 0 || size[0] > ENT_LIMIT_PRINT_SIDE || size[1] > ENT_LIMIT_PRINT_SIDE)
        return ent_fail(err, ENT_FORMAT, "a print of %u x %u pixels; at most %d a side", size[0], size[1],
                        ENT_LIMIT_PRINT_SIDE);
    ent_finger_minutia sorted[ENT_LIMIT_MINUTIAE];
    for (size_t i = 0; i < count; i++) {
        sorted[i] = minutiae[i];
        if (sorted[i].x >= size[0] || sorted[i].y >= size[1])
            return ent_fail(err, ENT_FORMAT, "minutia %zu lies outside the print", i + 1);
        if (sorted[i].kind > ENT_FINGER_BIFURCATION)
            return ent_fail(err, ENT_FORMAT, "minutia %zu is of the unknown kind %u", i + 1, sorted[i].kind);
        sorted[i].quality = (uint8_t)((sorted[i].quality > 100 ? 100 : sorted[i].quality) / 2 * 2);
        sorted[i].reserved = 0;
    }
    keep_best(sorted, count);
    finger_parts parts = {.width = size[0], .height = size[1], .quality = -1, .minutiae = sorted,
                          .count = count < FINGER_MINUTIAE_MAX ? count : FINGER_MINUTIAE_MAX};
    return finger_template_make(&parts, ret_template, err);
}

const ent_finger_minutia *ent_finger_minutiae(const ent_finger_template *t, size_t *ret_count)
{
    *ret_count = t->count;
    return t->minutiae;
}

void ent_finger_size(const ent_finger_template *t, uint32_t ret_size[2])
{
    ret_size[0] = t->width, ret_size[1] = t->height;
}

int ent_finger_quality(const ent_finger_template *t)
{
    return t->quality;
}

bool ent_finger_has_ridges(const ent_finger_template *t)
{
    return t->ridge.w != 0;
}
