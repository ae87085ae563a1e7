/* The binary records: Type-4 grayscale fingerprint (8.4, table 23) and Type-8 signature (8.8, table 26); Types 3, 5 and 6 are
 * no more since 2011 (8.3, 8.5, 8.6); Type-7 is the user's (8.7). */
#include "itl/check.h"
#include "itl/peek.h"

#include <stdio.h>
#include <string.h>

static uint32_t u16(const uint8_t *b) { return (uint32_t)b[0] << 8 | b[1]; }

static ent_itl_place place(uint32_t field, const uint8_t *at) { return (ent_itl_place){.field = field, .at = at}; }

static bool in_list(const char *ok, unsigned v)
{
    char text[12];
    int n = snprintf(text, sizeof text, "%u", v);
    return ent_itl_value_in(ok, (const uint8_t *)text, (size_t)n);
}

/* One byte of the header against its values. */
static void byte(ent_itl_checking *c, uint32_t field, size_t at, const char *name, const char *ok)
{
    const uint8_t *b = c->r->bytes + at;
    if (!in_list(ok, *b)) ent_itl_tell(c, place(field, b), 1, NULL, "%s is %u: expected %s", name, *b, ok);
}

static void size(ent_itl_checking *c, uint32_t field, size_t at, const char *name)
{
    const uint8_t *b = c->r->bytes + at;
    if (u16(b) < 10) ent_itl_tell(c, place(field, b), 1, NULL, "%s is %u: expected 10 to 65535", name, u16(b));
}

/* Six positions; the first says which finger, unused ones are 255 and stand last (8.4.4). */
static void positions(ent_itl_checking *c)
{
    const uint8_t *fgp = c->r->bytes + 6;
    bool ended = false;
    for (size_t i = 0; i < 6; i++) {
        if (!in_list(i ? "0..15|255" : "0..15", fgp[i])) ent_itl_tell(c, (ent_itl_place){4, i + 1, 0, fgp + i}, 1, NULL, "FGP is %u: expected 0 to 15%s", fgp[i], i ? ", or 255 unused" : "");
        if (ended && fgp[i] != 255) ent_itl_tell(c, (ent_itl_place){4, i + 1, 0, fgp + i}, 2, NULL, "a finger position after an unused one (255)");
        if (fgp[i] == 255) ended = true;
    }
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < i; k++)
            if (fgp[i] == fgp[k] && fgp[i] != 255) ent_itl_tell(c, (ent_itl_place){4, i + 1, 0, fgp + i}, 2, NULL, "FGP %u is named twice", fgp[i]);
}

static void grayscale(ent_itl_checking *c)
{
    static const char *const formats[] = {NULL, "WSQ", "JPEG", "JPEG", "JPEG 2000", "JPEG 2000", "PNG"};
    const uint8_t *b = c->r->bytes;
    uint32_t hll = u16(b + 13), vll = u16(b + 15);
    size_t data = c->r->len - 18;
    byte(c, 3, 5, "IMP", c->edition & ED07 ? "0..8|10..15|20..29" : c->edition & ED15 ? "0..3|8|20..29|41|42" : "0..3|8|20..29");
    positions(c);
    byte(c, 5, 12, "ISR", "0|1");
    size(c, 6, 13, "HLL");
    size(c, 7, 15, "VLL");
    byte(c, 8, 17, "GCA", "0..6");
    if (data == 0) ent_itl_tell(c, place(9, b + 17), 1, NULL, "the record holds no image");
    if (data == 0 || b[17] > 6) return;
    ent_itl_peek p = ent_itl_peek_at(b + 18, data);
    if (b[17] == 0) {
        if ((size_t)hll * vll != data) ent_itl_tell(c, place(9, b + 18), 2, NULL, "an uncompressed image of %u x %u has %zu bytes, there are %zu", hll, vll, (size_t)hll * vll, data);
    } else if (!p.format || strcmp(p.format, formats[b[17]]) != 0) ent_itl_tell(c, place(9, b + 18), 2, "7.7.9.1", "GCA %u is %s, the data are %s", b[17], formats[b[17]], p.format ? p.format : "not an image of a known format");
    else if (p.width != hll || p.height != vll) ent_itl_tell(c, place(6, b + 13), 2, "7.7.8.1", "HLL and VLL are %u and %u, the image is %u x %u", hll, vll, p.width, p.height);
}

static void signature(ent_itl_checking *c)
{
    const uint8_t *b = c->r->bytes;
    uint32_t hll = u16(b + 8), vll = u16(b + 10);
    size_t data = c->r->len - 12;
    byte(c, 3, 5, "SIG", "0|1");
    byte(c, 4, 6, "SRT", "0|1|2");
    byte(c, 5, 7, "ISR", "0|1");
    if (b[6] != 2) size(c, 6, 8, "HLL"), size(c, 7, 10, "VLL");
    else if (hll || vll || b[7]) ent_itl_tell(c, place(6, b + 8), 2, NULL, "a vectored signature has no resolution and no size: ISR, HLL and VLL are 0");
    if (data == 0) ent_itl_tell(c, place(8, b + 11), 1, NULL, "the record holds no signature");
    /* a vector: two bytes across, two up, one of the pen's pressure */
    if (b[6] == 2 && data % 5) ent_itl_tell(c, place(8, b + 12), 2, "8.8.8", "vectors of 5 bytes each were expected, there are %zu bytes", data);
    if (b[6] == 0 && data && ((size_t)hll * vll + 7) / 8 != data && (size_t)(hll + 7) / 8 * vll != data)
        ent_itl_tell(c, place(8, b + 12), 2, NULL, "a signature of %u x %u pixels, one bit each, has %zu bytes, there are %zu", hll, vll, ((size_t)hll * vll + 7) / 8, data);
}

void ent_itl_check_binary(ent_itl_checking *c)
{
    char clause[8];
    unsigned type = c->r->type;
    snprintf(clause, sizeof clause, "8.%u", type);
    if (c->r->idc > 99) ent_itl_tell(c, place(2, c->r->bytes + 4), 1, "7.3.1", "IDC is %d: expected 0 to 99", c->r->idc);
    if ((type == 3 || type == 5 || type == 6) && (c->edition & ED_11ON)) ent_itl_tell(c, place(0, c->r->bytes), 1, clause, "Type-%u is not to be used since edition 2011", type);
    if (type == 4) grayscale(c);
    if (type == 8) signature(c);
}
