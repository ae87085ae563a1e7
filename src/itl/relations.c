/* Level 2: relations between the fields of a record, and between records, that no row can say. */
#include "itl/check.h"
#include "itl/peek.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static ent_itl_place at_field(const ent_itl_record *r, uint32_t number)
{
    const ent_itl_field *f = ent_itl_field_of(r, number);
    return (ent_itl_place){.field = number, .at = f ? f->value : NULL};
}

/* How many subfields; 0: the field is not there. */
static size_t subfields(const ent_itl_record *r, uint32_t number)
{
    const ent_itl_field *f = ent_itl_field_of(r, number);
    size_t count = f ? 1 : 0;
    for (size_t i = 0; f && i < f->len; i++) count += f->value[i] == ENT_ITL_RS;
    return count;
}

static bool has_item(const ent_itl_field *f, size_t subfield, size_t item)
{
    const uint8_t *text;
    size_t n;
    return f && ent_itl_item(f, subfield, item, &text, &n) && n > 0;
}

/* The numbers of one subfield after another: *at moves on, NULL at the end. Items that are none are -1. */
static void next_numbers(const ent_itl_field *f, const uint8_t **at, size_t items, double *ret)
{
    const uint8_t *end = f->value + f->len, *stop = memchr(*at, ENT_ITL_RS, (size_t)(end - *at));
    const ent_itl_field one = {f->number, *at, (size_t)((stop ? stop : end) - *at)};
    for (size_t i = 0; i < items; i++) {
        const uint8_t *text;
        size_t n;
        if (!ent_itl_item(&one, 0, i, &text, &n) || !ent_itl_value_number(text, n, &ret[i])) ret[i] = -1;
    }
    *at = stop ? stop + 1 : NULL;
}

/* ---- Type-1 ---- */

/* 8.1.11, 8.1.12: the resolutions are about Types 3 to 6; without one of them both are 00.00. */
static void resolutions(ent_itl_checking *c)
{
    bool binary = false;
    if (c->edition & ED07) return;
    for (size_t i = 0; i < ent_itl_count(c->t); i++) binary |= ent_itl_record_at(c->t, i)->type >= 3 && ent_itl_record_at(c->t, i)->type <= 6;
    double nsr = ent_itl_number_at(c->r, 11, 0, 0, -1), ntr = ent_itl_number_at(c->r, 12, 0, 0, -1);
    if (nsr < 0 || ntr < 0) return;
    if (!binary) {
        if (nsr > 0) ent_itl_tell(c, at_field(c->r, 11), 2, "8.1.11", "NSR is 00.00 in a transaction without Type-4 records");
        if (ntr > 0) ent_itl_tell(c, at_field(c->r, 12), 2, "8.1.12", "NTR is 00.00 in a transaction without Type-4 records");
        return;
    }
    if (nsr < 19.295) ent_itl_tell(c, at_field(c->r, 11), 2, "8.1.11", "NSR is %.2f: with Type-4 records at least 19.30 pixels a millimetre", nsr);
    if (ntr < 19.295 || ntr > 20.085) ent_itl_tell(c, at_field(c->r, 12), 2, "8.1.12", "NTR is %.2f: with Type-4 records 19.30 to 20.08 pixels a millimetre", ntr);
    if (nsr < ntr) ent_itl_tell(c, at_field(c->r, 12), 2, "8.1.12", "NTR is greater than NSR");
}

/* Table 4: index and name of the character encoding belong together. */
static void encoding(ent_itl_checking *c)
{
    static const struct {
        double index;
        const char *name;
        unsigned editions;
    } known[] = {{0, "ASCII", ED_ALL}, {2, "UTF-16", ED_ALL}, {3, "UTF-8", ED_ALL}, {4, "UTF-32", ED_11ON}};
    const ent_itl_field *f = ent_itl_field_of(c->r, 15);
    const uint8_t *text;
    size_t n;
    if (!f || !ent_itl_item(f, 0, 1, &text, &n) || n == 0) return;
    double index = ent_itl_number_at(c->r, 15, 0, 0, -1);
    if (index >= 128) ent_itl_tell(c, at_field(c->r, 15), 0, "5.6", "character encoding %.0f (\"%.*s\") is its users': the characters of its text are not looked at", index, (int)(n > 16 ? 16 : n), (const char *)text);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (index >= known[i].index && index <= known[i].index && (c->edition & known[i].editions) && (n != strlen(known[i].name) || memcmp(text, known[i].name, n) != 0))
            ent_itl_tell(c, at_field(c->r, 15), 2, "5.6", "character encoding %.0f is %s, not \"%.*s\"", index, known[i].name, (int)(n > 16 ? 16 : n), (const char *)text);
}

static void first_record(ent_itl_checking *c)
{
    const ent_itl_field *cnt = ent_itl_field_of(c->r, 3), *names = ent_itl_field_of(c->r, 17);
    for (const uint8_t *at = cnt ? cnt->value : NULL; at;) {
        double pair[2];
        ent_itl_place place = {.field = 3, .subfield = 0, .item = 2, .at = at};
        bool head = at == cnt->value;
        next_numbers(cnt, &at, 2, pair);
        if (!head && pair[1] > 99) ent_itl_tell(c, place, 1, "7.3.1", "IDC %.0f: expected 0 to 99", pair[1]);
    }
    if (cnt && !ent_itl_item_is(cnt, 0, 0, "1")) ent_itl_tell(c, at_field(c->r, 3), 1, "8.1.3", "CNT begins with the record category 1");
    if (names && (c->edition & ED_11ON) && !has_item(names, 0, 0) && !has_item(names, 0, 1)) ent_itl_tell(c, at_field(c->r, 17), 1, "8.1.17", "ANM names neither agency");
    resolutions(c);
    encoding(c);
}

/* ---- images ---- */

static bool compression_is(const ent_itl_record *r, const char *label) { return ent_itl_item_is(ent_itl_field_of(r, 11), 0, 0, label); }

static const char *format_of_label(const ent_itl_record *r)
{
    static const char *const known[][2] = {{"WSQ20", "WSQ"}, {"JPEGB", "JPEG"}, {"JPEGL", "JPEG"}, {"JP2", "JPEG 2000"}, {"JP2L", "JPEG 2000"}, {"PNG", "PNG"}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (compression_is(r, known[i][0])) return known[i][1];
    return NULL;
}

/* HLL x VLL pixels of BPX bits (8.10: of the colour space's channels). */
static void uncompressed_size(ent_itl_checking *c, const ent_itl_field *data)
{
    double bits = c->r->type == 10 ? (ent_itl_item_is(ent_itl_field_of(c->r, 12), 0, 0, "GRAY") ? 8 : 24) : ent_itl_number_at(c->r, 12, 0, 0, 0);
    double bytes = (double)c->width * c->height * bits / 8;
    if (bits <= 0 || !c->width || !c->height) return;
    if (bytes < (double)data->len || bytes > (double)data->len)
        ent_itl_tell(c, at_field(c->r, 999), 2, "7.7.8.1", "an uncompressed image of %u x %u at %.0f bits has %.0f bytes, there are %zu", c->width, c->height, bits, bytes, data->len);
}

/* A photograph may be described at another sampling than its data have, of the same shape: odd, but accepted. */
static bool same_shape(const ent_itl_checking *c, const ent_itl_peek *p)
{
    double ratio = (double)c->width * p->height / ((double)c->height * p->width);
    return c->r->type == 10 && ratio > 0.98 && ratio < 1.02;
}

static void image_size(ent_itl_checking *c)
{
    const ent_itl_field *data = ent_itl_field_of(c->r, 999);
    const char *wanted = format_of_label(c->r);
    if (!data || !data->len || !ent_itl_field_of(c->r, 11)) return;
    if (compression_is(c->r, "NONE")) {
        uncompressed_size(c, data);
        return;
    }
    ent_itl_peek p = ent_itl_peek_at(data->value, data->len);
    if (wanted && (!p.format || strcmp(p.format, wanted) != 0)) ent_itl_tell(c, at_field(c->r, 999), 2, "7.7.9", "CGA says %s, the data are %s", wanted, p.format ? p.format : "not an image of a known format");
    if (!p.format || !c->width || !c->height || (p.width == c->width && p.height == c->height)) return;
    ent_itl_tell(c, at_field(c->r, 6), same_shape(c, &p) ? 0 : 2, "7.7.8.1", "HLL and VLL are %u and %u, the image is %u x %u", c->width, c->height, p.width, p.height);
}

/* 7.7.8.4: friction ridges are taken at 500 pixels an inch or more (1 in 100 less is let pass); a valid file of NIST's from before 2007 has a palm of 100. */
static void ridge_resolution(ent_itl_checking *c)
{
    double scale = ent_itl_number_at(c->r, 8, 0, 0, 0), least = scale > 1.5 ? 195 : 495;
    for (uint32_t field = 9; field <= 10; field++) {
        double v = ent_itl_number_at(c->r, field, 0, 0, -1);
        if (scale > 0 && v >= 0 && v < least) ent_itl_tell(c, at_field(c->r, field), c->edition & ED07 ? 0 : 2, "7.7.8.4", "%.0f pixels %s: friction ridges need at least 500 pixels an inch", v, scale > 1.5 ? "a centimetre" : "an inch");
    }
}

/* 7.7.8.3: a density is one number; only an aspect ratio (SLC 0) has two. */
static void square_pixels(ent_itl_checking *c)
{
    unsigned type = c->r->type;
    if (type != 10 && (type < 13 || type > 15) && type != 17) return;
    double across = ent_itl_number_at(c->r, 9, 0, 0, -1), down = ent_itl_number_at(c->r, 10, 0, 0, -1);
    if (ent_itl_number_at(c->r, 8, 0, 0, 0) < 0.5 || across < 0 || down < 0) return;
    if (across < down || across > down) ent_itl_tell(c, at_field(c->r, 10), 2, "7.7.8.3", "TVPS is %.0f and THPS %.0f: with SLC 1 or 2 they are the same", down, across);
}

/* From 2011 on an image may be absent when the part could not be taken, and the record says so. */
static void absent_image(ent_itl_checking *c)
{
    const ent_itl_field *amputated = c->r->type == 14 || c->r->type == 15 ? ent_itl_field_of(c->r, 18) : NULL;
    bool excused = c->r->type == 17 ? ent_itl_field_of(c->r, 28) != NULL : amputated && ent_itl_any_item(amputated, 1, "UP");
    if (ent_itl_field_of(c->r, 999) || ent_itl_field_of(c->r, 994)) return;
    if ((c->edition & ED_11ON) && excused) return;
    ent_itl_tell(c, (ent_itl_place){.field = 999}, 2, NULL, "the record has no image%s", c->edition & ED07 ? "" : ", and does not say why");
}

static void hash(ent_itl_checking *c)
{
    const ent_itl_field *has = ent_itl_field_of(c->r, 996), *data = ent_itl_field_of(c->r, 999);
    uint8_t digest[32];
    char text[65];
    if (!has || has->len != 64 || !data || !c->options->sha256) return;
    c->options->sha256(data->value, data->len, digest);
    ent_hex(digest, 32, text);
    for (size_t i = 0; i < 64; i++)
        if (toupper(text[i]) != has->value[i]) {
            ent_itl_tell(c, at_field(c->r, 996), 2, "7.5.2", "HAS is not the SHA-256 of %u.999", c->r->type);
            return;
        }
}

/* ---- fields of many types ---- */

/* Items that are there together or not at all (7.7.3): degrees of both, then minutes, then seconds; zone, easting, northing. */
static void geography(ent_itl_checking *c)
{
    static const uint8_t together[][2] = {{1, 4}, {2, 5}, {3, 6}, {9, 10}, {10, 11}}, needs[][2] = {{2, 1}, {3, 2}, {5, 4}, {6, 5}, {14, 13}};
    const ent_itl_field *f = ent_itl_field_of(c->r, 998);
    if (!f || c->r->type < 9) return;
    for (size_t i = 0; i < COUNT_OF(together); i++)
        if (has_item(f, 0, together[i][0]) != has_item(f, 0, together[i][1]))
            ent_itl_tell(c, at_field(c->r, 998), 2, "7.7.3", "items %u and %u of GEO are there together or not at all", together[i][0] + 1, together[i][1] + 1);
    for (size_t i = 0; i < COUNT_OF(needs); i++)
        if (has_item(f, 0, needs[i][0]) && !has_item(f, 0, needs[i][1])) ent_itl_tell(c, at_field(c->r, 998), 2, "7.7.3", "item %u of GEO needs item %u", needs[i][0] + 1, needs[i][1] + 1);
}

static void subject(ent_itl_checking *c)
{
    const ent_itl_field *f = ent_itl_field_of(c->r, 46);
    if (!f || c->r->type == 9 || c->r->type < 10 || (c->edition & ED_TO11)) return;
    bool dead = ent_itl_item_is(f, 0, 0, "D");
    if (!dead && (has_item(f, 0, 1) || has_item(f, 0, 2)))
        ent_itl_tell(c, at_field(c->r, 46), 2, "7.7.7", "status and class of the body are given only when SSC is D");
    if (dead && (!has_item(f, 0, 1) || !has_item(f, 0, 2))) ent_itl_tell(c, at_field(c->r, 46), 2, "7.7.7", "SSC D needs status and class of the body");
}

void ent_itl_note_targets(ent_itl_checking *c)
{
    for (size_t i = 1; i < ent_itl_count(c->t); i++) {
        const ent_itl_record *r = ent_itl_record_at(c->t, i);
        const ent_itl_field *segments = ent_itl_field_of(r, 16);
        double number = ent_itl_number_at(r, 21, 0, 0, -1), segment;
        if ((r->type != 20 && r->type != 21) || number < 0 || number > 255) continue;
        struct ent_itl_target *target = &c->targets[r->type - 20][(size_t)number];
        target->there = true;
        for (const uint8_t *at = segments ? segments->value : NULL; at;) {
            next_numbers(segments, &at, 1, &segment);
            if (segment >= 0 && segment <= 99) target->segment[(size_t)segment] = true;
        }
    }
}

/* A reference (ASC, SOR) names a record of Type-21 or 20 by its number, and a segment of it. */
static void references(ent_itl_checking *c, uint32_t field, unsigned type, const char *clause)
{
    const ent_itl_field *f = ent_itl_field_of(c->r, field);
    size_t count = 0;
    for (const uint8_t *at = f ? f->value : NULL; at;) {
        double v[2];
        ent_itl_place place = {.field = field, .subfield = ++count, .at = at};
        next_numbers(f, &at, 2, v);
        if (v[0] < 0 || v[0] > 255) continue;
        const struct ent_itl_target *target = &c->targets[type - 20][(size_t)v[0]];
        if (!target->there) ent_itl_tell(c, place, 2, clause, "no Type-%u record has the number %.0f", type, v[0]);
        else if (v[1] >= 0 && (v[1] > 99 || !target->segment[(size_t)v[1]])) ent_itl_tell(c, place, 2, clause, "the Type-%u record %.0f has no segment %.0f", type, v[0], v[1]);
    }
}

/* Tables of Types 20 and 21: each time index ends after its start ("hh:mm:ss.sss", so that their order is that of the texts). */
static void times(ent_itl_checking *c)
{
    const ent_itl_field *f = ent_itl_field_of(c->r, 19);
    for (size_t i = 0; f && i < subfields(c->r, 19) && i < 99; i++) {
        const uint8_t *start, *end;
        size_t m, n;
        if (!ent_itl_item(f, i, 0, &start, &m) || !ent_itl_item(f, i, 1, &end, &n) || m != 12 || n != 12 || memcmp(start, end, 12) < 0) continue;
        ent_itl_tell(c, (ent_itl_place){.field = 19, .subfield = i + 1, .item = 2, .at = end}, 2, NULL, "TIE is not after TIS");
    }
}

/* A finger, in the first item, is named in one subfield only. */
static void once_each(ent_itl_checking *c, uint32_t field)
{
    for (size_t i = 1; i < subfields(c->r, field) && i < 64; i++)
        for (size_t k = 0; k < i; k++) {
            double a = ent_itl_number_at(c->r, field, i, 0, -1), b = ent_itl_number_at(c->r, field, k, 0, -2);
            ent_itl_place place = at_field(c->r, field);
            place.subfield = i + 1;
            if (a >= b && a <= b) ent_itl_tell(c, place, 2, NULL, "position %.0f is named twice", a);
        }
}

/* 8.14.21: how well a finger was cut out is said of those that 14.021 or 14.025 cut out. */
static void segmented(ent_itl_checking *c)
{
    const ent_itl_field *quality = ent_itl_field_of(c->r, 23);
    if (!quality || (c->edition & ED07)) return;
    for (size_t i = 0; i < subfields(c->r, 23) && i < 45; i++) {
        double finger = ent_itl_number_at(c->r, 23, i, 0, -1);
        bool cut_out = finger < 0;
        for (uint32_t field = 21; field <= 25 && !cut_out; field += 4)
            for (size_t k = 0; k < subfields(c->r, field) && k < 64 && !cut_out; k++) {
                double other = ent_itl_number_at(c->r, field, k, 0, -2);
                cut_out = finger >= other && finger <= other;
            }
        ent_itl_place place = at_field(c->r, 23);
        place.subfield = i + 1;
        if (!cut_out) ent_itl_tell(c, place, 2, "8.14.21", "finger %.0f is in neither 14.021 (SEG) nor 14.025 (ASEG)", finger);
    }
}

/* ---- Type-10 ---- */

static void feature_points(ent_itl_checking *c, uint32_t field)
{
    const ent_itl_field *f = ent_itl_field_of(c->r, field);
    for (size_t i = 0; f && i < subfields(c->r, field) && i < 88; i++) {
        const uint8_t *text;
        size_t n;
        bool mpeg = ent_itl_item_is(f, i, 0, "1");
        if ((!mpeg && !ent_itl_item_is(f, i, 0, "2")) || !ent_itl_item(f, i, 1, &text, &n) || !n) continue;
        ent_itl_place place = {.field = field, .subfield = i + 1, .item = 2, .at = text};
        bool known = false;
        for (const char *at = mpeg ? ent_itl_codes_mpeg4 : ent_itl_codes_landmark; at && !known;) {
            size_t len = strcspn(at, "|");
            known = len == n && memcmp(at, text, n) == 0;
            at = at[len] ? at + len + 1 : NULL;
        }
        if (!known) ent_itl_tell(c, place, 2, "8.10.29", "\"%.*s\" is no %s", (int)(n > 8 ? 8 : n), (const char *)text, mpeg ? "MPEG-4 feature point" : "landmark of table 65");
    }
}

/* Table 61: each tattoo subclass is of one class. */
static void tattoo_class(ent_itl_checking *c, const ent_itl_field *marks, size_t subfield)
{
    static const char *const classes[][2] = {
        {"HUMAN", "FFACE|MFACE|ABFACE|MBODY|FBODY|ABBODY|ROLES|SPORT|MBPART|FBPART|ABBPART|SKULL|MHUMAN"},
        {"ANIMAL", "CAT|DOG|DOMESTIC|VICIOUS|HORSE|WILD|SNAKE|DRAGON|BIRD|INSECT|ABSTRACT|PARTS|MANIMAL"},
        {"PLANT", "NARCOTICS|REDFL|BLUEFL|YELFL|DRAW|ROSE|TULIP|LILY|MPLANT"},
        {"FLAG", "USA|STATE|NAZI|CONFED|BRIT|MFLAG"},
        {"OBJECT", "FIRE|WEAP|PLANE|VESSEL|TRAIN|VEHICLE|MYTH|SPORT|NATURE|MOBJECTS"},
        {"ABSTRACT", "FIGURE|SLEEVE|BRACE|ANKLET|NECKLC|SHIRT|BODBND|HEDBND|MABSTRACT"},
        {"SYMBOL", "NATION|POLITIC|MILITARY|FRATERNAL|PROFESS|GANG|MSYMBOLS"},
        {"OTHER", "WORDING|FREEFRM|MISC"}};
    const uint8_t *text;
    size_t n;
    if (!ent_itl_item(marks, subfield, 2, &text, &n) || !n) return;
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (ent_itl_item_is(marks, subfield, 1, classes[i][0]) && !ent_itl_value_in(classes[i][1], text, n))
            ent_itl_tell(c, (ent_itl_place){.field = 42, .subfield = subfield + 1, .item = 3, .at = text}, 2, "8.10.41", "the subclass is none of the class %s", classes[i][0]);
}

static void photograph(ent_itl_checking *c)
{
    const ent_itl_field *source = ent_itl_field_of(c->r, 23), *codes = ent_itl_field_of(c->r, 40), *marks = ent_itl_field_of(c->r, 42), *lighting = ent_itl_field_of(c->r, 19);
    if (c->edition & ED07) return;
    if (source && !ent_itl_item_is(source, 0, 0, "VENDOR") && has_item(source, 0, 1)) ent_itl_tell(c, at_field(c->r, 23), 2, "8.10.23", "VSD goes only with VENDOR");
    if (source && ent_itl_item_is(source, 0, 0, "VENDOR") && !has_item(source, 0, 1)) ent_itl_tell(c, at_field(c->r, 23), 2, "8.10.23", "VENDOR needs its description (VSD)");
    for (const uint8_t *at = codes ? codes->value : NULL, *end = codes ? codes->value + codes->len : NULL; at;) {
        const uint8_t *stop = memchr(at, ENT_ITL_RS, (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (!ent_itl_value_in(ent_itl_codes_ncic, at, n)) ent_itl_tell(c, (ent_itl_place){.field = 40, .at = at}, 0, "8.10.39", "\"%.*s\" is not in our list of NCIC codes", (int)(n > 12 ? 12 : n), (const char *)at);
        at = stop ? stop + 1 : NULL;
    }
    feature_points(c, 29);
    feature_points(c, 32);
    for (size_t i = 0; marks && i < subfields(c->r, 42) && i < 9; i++) {
        ent_itl_place place = {.field = 42, .subfield = i + 1, .at = marks->value};
        bool tattoo = ent_itl_item_is(marks, i, 0, "TATTOO");
        tattoo_class(c, marks, i);
        if (tattoo && (!has_item(marks, i, 1) || !has_item(marks, i, 2))) ent_itl_tell(c, place, 2, "8.10.41", "a TATTOO needs its class and subclass");
        bool made = tattoo || ent_itl_item_is(marks, i, 0, "CHEMICAL") || ent_itl_item_is(marks, i, 0, "BRANDED") || ent_itl_item_is(marks, i, 0, "CUT");
        if (!made && (has_item(marks, i, 1) || has_item(marks, i, 2) || has_item(marks, i, 3)))
            ent_itl_tell(c, place, 2, "8.10.41", "class, subclass and description go only with a mark that was made (TATTOO, CHEMICAL, BRANDED, CUT)");
    }
    if (marks && subfields(c->r, 43) > subfields(c->r, 42)) ent_itl_tell(c, at_field(c->r, 43), 2, "8.10.42", "COL describes %zu marks, SMD has %zu", subfields(c->r, 43), subfields(c->r, 42));
    for (size_t i = 1; lighting && i < subfields(c->r, 19) && i < 3; i++)
        for (size_t k = 0; k < i; k++) {
            const uint8_t *a, *b;
            size_t m, n;
            if (ent_itl_item(lighting, i, 0, &a, &m) && ent_itl_item(lighting, k, 0, &b, &n) && m == 1 && n == 1 && *a == *b)
                ent_itl_tell(c, at_field(c->r, 19), 2, "8.10.19", "an artifact is named twice");
        }
}

/* ---- Type-9 ---- */

/* 8.9.4: NOM minutiae in 9.137, numbered 1 to NOM; ridge counts between two of them, told after a subfield "method, 0, 0". */
static void minutiae(ent_itl_checking *c)
{
    double nom = ent_itl_number_at(c->r, 136, 0, 0, -1);
    size_t have = subfields(c->r, 137);
    if (nom < 0 || (c->edition & ED07)) return;
    if ((double)have < nom || (double)have > nom) ent_itl_tell(c, at_field(c->r, 136), 2, "8.9.4", "NOM is %.0f, there are %zu minutiae (9.137)", nom, have);
    const ent_itl_field *f = ent_itl_field_of(c->r, 138);
    size_t i = 0;
    for (const uint8_t *at = f ? f->value : NULL; at; i++) {
        double v[3];
        ent_itl_place place = {.field = 138, .subfield = i + 1, .at = at};
        next_numbers(f, &at, 3, v);
        if (i == 0 && (v[0] > 2 || v[1] > 0 || v[2] > 0)) ent_itl_tell(c, place, 2, "8.9.4", "RCI begins with the method 0 to 2 and two zeros");
        if (i > 0 && (v[0] < 1 || v[0] > nom || v[1] < 1 || v[1] > nom)) ent_itl_tell(c, place, 2, "8.9.4", "a ridge count between minutiae %.0f and %.0f of %.0f", v[0], v[1], nom);
    }
}

/* 8.9.2.9: MINT minutiae in the legacy block. */
static void legacy_minutiae(ent_itl_checking *c)
{
    double n = ent_itl_number_at(c->r, 10, 0, 0, -1);
    size_t have = subfields(c->r, 12);
    if (n >= 0 && ((double)have < n || (double)have > n)) ent_itl_tell(c, at_field(c->r, 10), 2, "8.9.2", "%.0f minutiae are announced, there are %zu (9.012)", n, have);
}

/* 8.9.7.2.7, table 36: what arches and whorls are told more exactly by; no other pattern has a subclass, and only whorls a delta relationship. */
static void patterns(ent_itl_checking *c)
{
    const ent_itl_field *f = ent_itl_field_of(c->r, 307);
    for (size_t i = 0; f && i < subfields(c->r, 307) && i < 7; i++) {
        ent_itl_place place = {.field = 307, .subfield = i + 1, .at = f->value};
        bool arch = ent_itl_item_is(f, i, 0, "AU"), whorl = ent_itl_item_is(f, i, 0, "WU");
        const uint8_t *text;
        size_t n;
        if (has_item(f, i, 2) && !whorl) ent_itl_tell(c, place, 2, "8.9.7.2.7", "only a whorl (WU) has a delta relationship");
        if (!ent_itl_item(f, i, 1, &text, &n) || !n) continue;
        if (!ent_itl_value_in(arch ? "PA|TA" : whorl ? "PW|CP|DL|AW" : "", text, n)) ent_itl_tell(c, place, 2, "8.9.7.2.7", "the subclass is none of the general class");
    }
}

/* ---- Type-17 ---- */

/* 8.17.25: in nanometres, in steps of 10. */
static void spectrum(ent_itl_checking *c)
{
    for (size_t i = 0; i < subfields(c->r, 27) && i < 9; i++) {
        double low = ent_itl_number_at(c->r, 27, i, 0, 0), high = ent_itl_number_at(c->r, 27, i, 1, 0);
        ent_itl_place place = at_field(c->r, 27);
        place.subfield = i + 1;
        if ((long)low % 10 || (long)high % 10) ent_itl_tell(c, place, 2, "8.17.25", "wavelengths are multiples of 10 nanometres");
        if (high < low) ent_itl_tell(c, place, 2, "8.17.25", "the upper wavelength is below the lower");
    }
}

void ent_itl_relate_record(ent_itl_checking *c)
{
    unsigned type = c->r->type;
    if (type == 1) first_record(c);
    if (type == 10 || (type >= 13 && type <= 15) || type == 17) image_size(c);
    if (type >= 13 && type <= 15) ridge_resolution(c);
    if (type == 14 || type == 15 || type == 17 || ((type == 10 || type == 13) && (c->edition & ED_13ON))) absent_image(c);
    if (c->edition & ED_11ON) square_pixels(c);
    if (type == 10) photograph(c);
    if (type == 14) once_each(c, 18), once_each(c, 21), once_each(c, 25), segmented(c);
    if (type == 9) minutiae(c), legacy_minutiae(c), patterns(c), ent_itl_check_maps(c);
    if (type == 17) spectrum(c);
    if (type == 20 || type == 21) times(c);
    if (type < 9 || (c->edition & ED07)) return;
    hash(c);
    geography(c);
    subject(c);
    references(c, 995, 21, "7.3.3");
    if (type < 20) references(c, 997, 20, "7.3.2");
}

/* ---- among records ---- */

/* The types that an edition has (table 3). */
static bool type_known(unsigned type, unsigned edition)
{
    if (edition & ED07) return type <= 10 || (type >= 13 && type <= 17) || type == 99;
    if (edition & ED11) return type <= 10 || (type >= 13 && type <= 21) || type == 98 || type == 99;
    return type <= 22 || type == 98 || type == 99;
}

static bool same_field(const ent_itl_record *a, const ent_itl_record *b, uint32_t field)
{
    const ent_itl_field *f = ent_itl_field_of(a, field), *g = ent_itl_field_of(b, field);
    return f && g ? f->len == g->len && memcmp(f->value, g->value, f->len) == 0 : !f && !g;
}

/* 7.3.1: records of one type share an IDC only when they represent the same image: source, date, size and part agree. */
static void same_image(ent_itl_checking *c, const ent_itl_record *other)
{
    unsigned type = c->r->type;
    const uint32_t fields[] = {4, 5, 6, 7, type == 10 ? 40 : type == 17 ? 3 : 13};
    if (type != 10 && type != 13 && type != 14 && type != 15 && type != 17) return;
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!same_field(c->r, other, fields[i]))
            ent_itl_tell(c, at_field(c->r, fields[i]), 2, "7.3.1", "another record of Type-%u has the same IDC, %d, and another value here", type, c->r->idc);
}

/* 8.10.38: a number that links Type-10 records stands in more than one of them. */
static void linked(ent_itl_checking *c)
{
    double number = ent_itl_number_at(c->r, 39, 0, 0, -1);
    if (c->r->type != 10 || (c->edition & ED07) || number < 0) return;
    for (size_t k = 1; k < ent_itl_count(c->t); k++) {
        const ent_itl_record *other = ent_itl_record_at(c->t, k);
        double theirs = ent_itl_number_at(other, 39, 0, 0, -2);
        if (k != c->index && other->type == 10 && number >= theirs && number <= theirs) return;
    }
    ent_itl_tell(c, at_field(c->r, 39), c->edition & ED_13ON ? 2 : 0, "8.10.38", "no other Type-10 record has the reference number %.0f", number);
}

void ent_itl_relate_all(ent_itl_checking *c)
{
    size_t count = ent_itl_count(c->t);
    if (count < 2) ent_itl_tell(c, (ent_itl_place){0}, 2, "8.1", "a transaction has at least one record after its Type-1");
    for (size_t i = 1; i < count; i++) {
        c->index = i;
        c->r = ent_itl_record_at(c->t, i);
        if (!type_known(c->r->type, c->edition)) ent_itl_tell(c, (ent_itl_place){0}, 1, "5.3", "the edition has no Type-%u", c->r->type);
        if (c->r->type == 1) ent_itl_tell(c, (ent_itl_place){0}, 2, "8.1", "a second Type-1 record");
        linked(c);
        for (size_t k = 1; k < i; k++) {
            const ent_itl_record *other = ent_itl_record_at(c->t, k);
            if (other->type == c->r->type && other->idc == c->r->idc && (c->edition & ED_11ON)) same_image(c, other);
        }
    }
}
