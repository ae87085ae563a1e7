#include "flow/capture/read.h"
#include "flow/capture/slap.h"

#include "base/check.h"
#include "entente/itl.h"
#include "image/image.h"
#include "law/agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "20260310"; year 0 for anything else. */
static ent_date read_date(const char *text)
{
    ent_date d = {0};
    if (strlen(text) >= 8 && strspn(text, "0123456789") >= 8) {
        char eight[9];
        memcpy(eight, text, 8);
        eight[8] = 0;
        d = ent_date_unpack((uint32_t)strtoul(eight, NULL, 10));
    }
    return ent_date_valid(d) ? d : (ent_date){0};
}

static ent_date field_date(const ent_itl_record *r, uint16_t number)
{
    char text[16];
    ent_itl_text(r, number, text, sizeof text);
    return read_date(text);
}

/* 2.9xx of the domain ENTENTE; names and dates under the numbers that EBTS and INT-I share (docs/protocol/itl-domain.md). */
static void read_type_2(const ent_itl_record *r, ent_capture *c)
{
    const ent_itl_field *offences = ent_itl_field_of(r, 902);
    const uint8_t *text;
    size_t n;
    ent_itl_text(r, 18, c->name, sizeof c->name);
    ent_itl_text(r, 21, c->nationality, sizeof c->nationality);
    ent_itl_text(r, 24, c->sex, sizeof c->sex);
    ent_itl_text(r, 905, c->document, sizeof c->document);
    c->birth = field_date(r, 22);
    ent_itl_text(r, 901, c->taken_under, sizeof c->taken_under);
    c->taken = field_date(r, 903);
    c->offence_date = field_date(r, 904);
    for (size_t i = 0; offences && ent_itl_item(offences, i, 0, &text, &n); i++) {
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), (const char *)text);
        c->offence |= ent_offence_named(word);
    }
}

static ent_code keep_copy(const void *bytes, size_t len, uint8_t **ret, size_t *ret_len, ent_err *err)
{
    if (len > ENT_CAPTURE_IMAGE) return ent_fail(err, ENT_TOO_LARGE, "an image of %zu bytes, at most %d", len, ENT_CAPTURE_IMAGE);
    uint8_t *copy = malloc(len + 1);
    if (!copy) return ent_fail(err, ENT_NO_MEMORY, "out of memory for an image");
    memcpy(copy, bytes, len);
    *ret = copy;
    *ret_len = len;
    return ENT_OK;
}

/* A raw image has no header of its own: it is kept as PNG, so that it can be read again without its record. */
static ent_code keep_image(const ent_image *image, const void *bytes, size_t len, bool raw, ent_capture_print *p, ent_err *err)
{
    if (!raw) return keep_copy(bytes, len, &p->image, &p->image_len, err);
    ENT_AUTO_BUF png = ENT_BUF(ENT_CAPTURE_IMAGE);
    ENT_TRY(ent_image_encode(image, ENT_IMAGE_PNG, 0, &png, err));
    return keep_copy(png.data, png.len, &p->image, &p->image_len, err);
}

static ent_code extract(const ent_finger_image *in, ent_capture_print *p, ent_err *err)
{
    ent_finger_template *t;
    ent_code code = ent_finger_extract(in, &t, err);
    if (code == ENT_QUALITY) return ENT_OK; /* kept as an image that no template came of */
    if (code != ENT_OK) return code;
    p->quality = (int8_t)ent_finger_quality(t);
    code = ent_finger_encode(t, ENT_FINGER_FULL, p->template_bytes, sizeof p->template_bytes, &p->template_len, err);
    ent_finger_template_free(t);
    return code;
}

static ent_code new_print(ent_capture *c, ent_capture_print **ret, ent_err *err)
{
    if (c->print_count == ENT_CAPTURE_PRINTS) return ent_fail(err, ENT_TOO_LARGE, "more than %d prints in one file", ENT_CAPTURE_PRINTS);
    *ret = calloc(1, sizeof **ret);
    if (!*ret) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a print");
    c->print[c->print_count++] = *ret;
    return ENT_OK;
}

/* What the record says of the resolution holds; a plain image has only its own word for it, which may be missing or nonsense. */
static uint32_t ppi_of(const ent_image *image, const ent_itl_image *in)
{
    uint32_t said = in->ppi ? in->ppi : image->ppi;
    return said >= 250 && said <= 1200 ? said : 0;
}

#define HAND_TOLD 3.0 /* log10 of odds */

/* A finger of a slap becomes a print of its own. */
static ent_code add_cut(ent_capture *c, const ent_finger_image *whole, const ent_finger_slap *slap, size_t finger, ent_err *err)
{
    const ent_finger_segment *s = &slap->finger[finger];
    ent_capture_print *p;
    ent_image cut;
    ENT_TRY(new_print(c, &p, err));
    ENT_TRY(ent_image_new(s->width, s->height, 1, &cut, err));
    ent_finger_cut(whole, slap, finger, cut.pixels);
    p->finger = s->position, p->plain = true;
    if (slap->count == ENT_FINGER_SLAP_MAX && slap->lies_right >= HAND_TOLD) p->lies = ENT_FINGER_HAND_RIGHT;
    if (slap->count == ENT_FINGER_SLAP_MAX && slap->lies_right <= -HAND_TOLD) p->lies = ENT_FINGER_HAND_LEFT;
    p->width = (uint16_t)s->width, p->height = (uint16_t)s->height, p->ppi = (uint16_t)whole->ppi;
    cut.ppi = whole->ppi ? whole->ppi : 500; /* without its record the image has to say it */
    ent_code code = keep_image(&cut, NULL, 0, true, p, err);
    if (code == ENT_OK) code = extract(&(ent_finger_image){cut.pixels, cut.width, cut.height, cut.width, whole->ppi}, p, err);
    ent_image_free(&cut);
    return code;
}

/* table 7: rolled are 1 and 3, and every second one of the optical and contactless */
static bool is_rolled(uint8_t impression) { return impression == 1 || impression == 3 || (impression >= 20 && impression <= 27 && impression & 1); }

static ent_code add_one(ent_capture *c, const ent_itl_image *in, const ent_image *image, const ent_finger_image *grey, ent_err *err)
{
    ent_capture_print *p;
    ENT_TRY(new_print(c, &p, err));
    p->finger = in->position == ENT_FINGER_PLAIN_RIGHT_THUMB ? 1 : in->position == ENT_FINGER_PLAIN_LEFT_THUMB ? 6 : in->position <= 10 ? in->position : 0;
    p->plain = in->position == ENT_FINGER_PLAIN_RIGHT_THUMB || in->position == ENT_FINGER_PLAIN_LEFT_THUMB || (in->type && in->impression != 255 && !is_rolled(in->impression));
    p->width = (uint16_t)image->width, p->height = (uint16_t)image->height, p->ppi = (uint16_t)grey->ppi;
    ENT_TRY(keep_image(image, in->data, in->len, strcmp(in->compression, "NONE") == 0, p, err));
    return extract(grey, p, err);
}

static ent_code add_print(ent_capture *c, const ent_itl_record *r, const ent_itl_image *in, ent_err *err)
{
    ent_image image, grey;
    ent_finger_slap slap = {0};
    ENT_TRY(strcmp(in->compression, "NONE") == 0 ? ent_image_raw(in->data, in->len, (const uint32_t[2]){in->width, in->height}, in->ppi, &image, err)
                                                 : ent_image_decode(in->data, in->len, &image, err));
    ent_code code = ENT_OK;
    if (in->width && in->height && (image.width != in->width || image.height != in->height))
        code = ent_fail(err, ENT_FORMAT, "the record says %u x %u pixels, its image has %u x %u", in->width, in->height, image.width, image.height);
    if (code == ENT_OK) code = ent_image_grey(&image, &grey, err);
    if (code == ENT_OK) {
        ent_finger_image view = {.pixels = grey.pixels, .width = grey.width, .height = grey.height, .stride = grey.width, .ppi = ppi_of(&image, in)};
        if (r && ent_capture_is_slap(in->position)) code = ent_capture_slap(r, in, &view, &slap, err);
        if (code == ENT_OK && !slap.count) code = add_one(c, in, &image, &view, err);
        for (size_t i = 0; i < slap.count && code == ENT_OK; i++) code = add_cut(c, &view, &slap, i, err);
        ent_image_free(&grey);
    }
    ent_image_free(&image);
    return code;
}

static ent_code add_face(ent_capture *c, const ent_itl_image *in, ent_err *err)
{
    ent_image image;
    if (c->face_count == ENT_CAPTURE_FACES) return ent_fail(err, ENT_TOO_LARGE, "more than %d faces in one file", ENT_CAPTURE_FACES);
    ENT_TRY(ent_image_decode(in->data, in->len, &image, err));
    c->face[c->face_count].width = (uint16_t)image.width, c->face[c->face_count].height = (uint16_t)image.height;
    ent_image_free(&image);
    ENT_TRY(keep_copy(in->data, in->len, &c->face[c->face_count].image, &c->face[c->face_count].image_len, err));
    c->face_count++;
    return ENT_OK;
}

static ent_code read_record(const ent_itl_record *r, size_t place, ent_capture *c, ent_err *err)
{
    ent_itl_image image;
    if (r->type == 2) read_type_2(r, c);
    if (r->type != 4 && r->type != 10 && r->type != 14) return ENT_OK;
    ent_code code = ent_itl_image_of(r, &image, err);
    if (code == ENT_OK) code = r->type == 10 ? add_face(c, &image, err) : add_print(c, r, &image, err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "record %zu (Type-%u)", place + 1, r->type);
}

static ent_code read_transaction(const void *bytes, size_t len, ent_capture *c, ent_err *err)
{
    ent_itl *t;
    ENT_TRY(ent_itl_parse(bytes, len, &t, err));
    const ent_itl_record *first = ent_itl_record_at(t, 0);
    ent_itl_text(first, 4, c->tot, sizeof c->tot);
    ent_itl_text(first, 8, c->ori, sizeof c->ori);
    ent_itl_text(first, 9, c->tcn, sizeof c->tcn);
    c->date = field_date(first, 5);
    ent_code code = c->tcn[0] ? ENT_OK : ent_fail(err, ENT_FORMAT, "record 1 (Type-1): field 1.009 (TCN) is missing");
    for (size_t i = 1; i < ent_itl_count(t) && code == ENT_OK; i++) code = read_record(ent_itl_record_at(t, i), i, c, err);
    ent_itl_free(t);
    return code;
}

ent_code ent_capture_read(const void *bytes, size_t len, ent_buf *ret_capture, ent_err *err)
{
    ent_capture c = {0};
    ent_code code;
    if (ent_image_sniff(bytes, len) != ENT_IMAGE_UNKNOWN) code = add_print(&c, NULL, &(ent_itl_image){.data = bytes, .len = len}, err);
    else code = len ? read_transaction(bytes, len, &c, err) : ent_fail(err, ENT_FORMAT, "an empty file");
    if (code == ENT_OK) {
        ent_capture_encode(&c, ret_capture);
        code = ent_buf_check(ret_capture, err);
    }
    ent_capture_free(&c);
    return code;
}

/* ---- packing ---- */

static const char *compression_of(ent_image_format f)
{
    switch (f) {
    case ENT_IMAGE_WSQ: return "WSQ20";
    case ENT_IMAGE_JPEG: return "JPEGB";
    case ENT_IMAGE_JPEG2000: return "JP2";
    case ENT_IMAGE_PNG: return "PNG";
    default: return NULL;
    }
}

/* Horizontal and vertical line length, scale units (inches), pixel scales: fields 006 to 010 of an image record. */
static void put_size(ent_itl_writer *w, uint16_t width, uint16_t height, uint16_t ppi)
{
    char text[16];
    ent_itl_put(w, 5, "19700101"); /* when it was captured is nobody's business but the desk's */
    snprintf(text, sizeof text, "%u", width);
    ent_itl_put(w, 6, text);
    snprintf(text, sizeof text, "%u", height);
    ent_itl_put(w, 7, text);
    ent_itl_put(w, 8, ppi ? "1" : "0");
    snprintf(text, sizeof text, "%u", ppi ? ppi : 1);
    ent_itl_put(w, 9, text);
    ent_itl_put(w, 10, text);
}

static void put_print(ent_itl_writer *w, const ent_capture_print *p, int idc, const char *compression)
{
    char text[16];
    ent_itl_begin(w, 14, idc);
    ent_itl_put(w, 3, "0");
    ent_itl_put(w, 4, "ENTENTE");
    put_size(w, p->width, p->height, p->ppi ? p->ppi : 500);
    ent_itl_put(w, 11, compression);
    ent_itl_put(w, 12, "8");
    snprintf(text, sizeof text, "%u", p->finger);
    ent_itl_put(w, 13, text);
    ent_itl_put_bytes(w, 999, p->image, p->image_len);
}

static void put_face(ent_itl_writer *w, const ent_capture_image *f, int idc, const char *compression)
{
    ent_itl_begin(w, 10, idc);
    ent_itl_put(w, 3, "FACE");
    ent_itl_put(w, 4, "ENTENTE");
    put_size(w, f->width, f->height, 0);
    ent_itl_put(w, 11, compression);
    ent_itl_put(w, 12, "SRGB");
    ent_itl_put_bytes(w, 999, f->image, f->image_len);
}

ent_code ent_capture_pack(const ent_capture *c, uint32_t modalities, ent_buf *ret_transaction, ent_err *err)
{
    ent_itl_writer *w;
    ENT_TRY(ent_itl_writer_new(&w, err));
    ent_itl_begin(w, 1, -1);
    ent_itl_put(w, 2, "0502");
    ent_itl_put(w, 4, "SEARCH");
    ent_itl_put(w, 5, "19700101");
    ent_itl_put(w, 7, "ENTENTE");
    ent_itl_put(w, 8, "ENTENTE");
    ent_itl_put(w, 9, "SEARCH");
    ent_itl_put(w, 11, "00.00");
    ent_itl_put(w, 12, "00.00");
    ent_itl_put(w, 13, "ENTENTE\x1f" "1.0");
    int idc = 0;
    for (size_t i = 0; i < c->print_count && modalities >> ENT_MODALITY_FINGERPRINT & 1; i++) {
        const char *compression = compression_of(ent_image_sniff(c->print[i]->image, c->print[i]->image_len));
        if (c->print[i]->template_len && compression) put_print(w, c->print[i], idc++, compression);
    }
    for (size_t i = 0; i < c->face_count && modalities >> ENT_MODALITY_FACE & 1; i++) {
        const char *compression = compression_of(ent_image_sniff(c->face[i].image, c->face[i].image_len));
        if (compression) put_face(w, &c->face[i], idc++, compression);
    }
    ent_code code = idc ? ent_itl_finish(w, ent_buf_sink, ret_transaction, err)
                        : ent_fail(err, ENT_UNSUPPORTED, "the images are in no form that a transaction carries: PNG, WSQ, JPEG or JPEG 2000");
    ent_itl_writer_free(w);
    return code == ENT_OK ? ent_buf_check(ret_transaction, err) : code;
}

ent_code ent_capture_picture(const void *bytes, size_t len, ent_buf *ret_png, ent_err *err)
{
    ent_image image;
    ENT_TRY(ent_image_decode(bytes, len, &image, err));
    ent_code code = ent_image_encode(&image, ENT_IMAGE_PNG, 0, ret_png, err);
    ent_image_free(&image);
    return code;
}

/* The mean of each block of step x step pixels. */
static void shrink(const ent_image *in, uint32_t step, ent_buf *ret)
{
    for (uint32_t y = 0; y + step <= in->height; y += step)
        for (uint32_t x = 0; x + step <= in->width; x += step)
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t sum = 0;
                for (uint32_t dy = 0; dy < step; dy++)
                    for (uint32_t dx = 0; dx < step; dx++)
                        sum += in->pixels[((size_t)(y + dy) * in->width + x + dx) * in->channels + (in->channels == 3 ? c : 0)];
                ent_buf_u8(ret, (uint8_t)(sum / (step * step)));
            }
}

ent_code ent_capture_pixels(const void *bytes, size_t len, ent_buf *ret_pixels, ent_err *err)
{
    ent_image image;
    ENT_TRY(ent_image_decode(bytes, len, &image, err));
    uint32_t longer = image.width > image.height ? image.width : image.height, step = (longer + 1279) / 1280;
    ent_buf_u32(ret_pixels, image.width / step);
    ent_buf_u32(ret_pixels, image.height / step);
    shrink(&image, step, ret_pixels);
    ent_image_free(&image);
    return ent_buf_check(ret_pixels, err);
}
