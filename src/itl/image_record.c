/* What the image records have in common (1-2011 Update 2015: 8.4 Type-4, 8.10 Type-10, 8.13 to 8.15). */
#include "entente/itl.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number_of(const ent_itl_record *r, uint16_t field)
{
    char text[16];
    ent_itl_text(r, field, text, sizeof text);
    return (uint32_t)strtoul(text, NULL, 10);
}

static uint8_t known_position(uint32_t p) { return p <= 15 || (p >= 40 && p <= 50) ? (uint8_t)p : 0; }

/* Type-4: LEN 4, IDC 1, IMP 1, FGP 6, ISR 1, HLL 2, VLL 2, GCA 1, then the data (8.4). */
static ent_code binary_image(const ent_itl_record *r, ent_itl_image *ret, ent_err *err)
{
    const uint8_t *b = r->bytes;
    if (r->len <= 18) return ent_fail(err, ENT_FORMAT, "the Type-4 record at byte %zu holds no image", r->offset);
    *ret = (ent_itl_image){.type = 4, .impression = b[5], .position = known_position(b[6]), .width = (uint32_t)b[13] << 8 | b[14],
                           .height = (uint32_t)b[15] << 8 | b[16], .ppi = 500, .data = b + 18, .len = r->len - 18};
    snprintf(ret->compression, sizeof ret->compression, "%s", b[17] == 0 ? "NONE" : b[17] == 1 ? "WSQ20" : "OTHER");
    return ENT_OK;
}

/* .008 SLC: 1 pixels an inch, 2 pixels a centimetre. */
static uint32_t resolution(const ent_itl_record *r)
{
    uint32_t scale = number_of(r, 8), pixels = number_of(r, 9);
    return scale == 1 ? pixels : scale == 2 ? (pixels * 254 + 50) / 100 : 0;
}

ent_code ent_itl_image_of(const ent_itl_record *r, ent_itl_image *ret_image, ent_err *err)
{
    if (r->type == 4) return binary_image(r, ret_image, err);
    if (r->type != 10 && r->type != 13 && r->type != 14 && r->type != 15)
        return ent_fail(err, ENT_UNSUPPORTED, "Type-%u is no image record that is read here", r->type);
    const ent_itl_field *data = ent_itl_field_of(r, 999);
    if (!data || !data->len) return ent_fail(err, ENT_FORMAT, "the Type-%u record at byte %zu has no image (%u.999)", r->type, r->offset, r->type);
    ent_itl_image image = {.type = r->type, .width = number_of(r, 6), .height = number_of(r, 7), .ppi = resolution(r), .data = data->value, .len = data->len};
    image.position = r->type == 10 ? 0 : known_position(number_of(r, 13));
    image.impression = r->type == 14 && ent_itl_field_of(r, 3) && number_of(r, 3) < 255 ? (uint8_t)number_of(r, 3) : 255;
    ent_itl_text(r, 11, image.compression, sizeof image.compression);
    *ret_image = image;
    return ENT_OK;
}
