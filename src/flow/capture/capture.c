#include "flow/capture/capture.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/text.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "ENTC1"

static void put_bytes(ent_buf *b, const void *bytes, size_t n)
{
    ent_buf_u32(b, (uint32_t)n);
    if (n) ent_buf_put(b, bytes, n);
}

void ent_capture_encode(const ent_capture *c, ent_buf *ret_bytes)
{
    ent_buf *b = ret_bytes;
    const char *texts[] = {c->tcn, c->ori, c->tot, c->name, c->nationality, c->sex, c->document, c->taken_under};
    const ent_date dates[] = {c->date, c->birth, c->taken, c->offence_date};
    ent_buf_str(b, MAGIC);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) ent_buf_text8(b, texts[i]);
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) ent_buf_u32(b, ent_date_pack(dates[i]));
    ent_buf_u32(b, c->offence);
    ent_buf_u8(b, (uint8_t)c->print_count);
    for (size_t i = 0; i < c->print_count; i++) {
        ent_buf_u8(b, c->print[i]->finger);
        ent_buf_u8(b, c->print[i]->plain);
        ent_buf_u8(b, c->print[i]->lies);
        ent_buf_u8(b, (uint8_t)c->print[i]->quality);
        put_bytes(b, c->print[i]->template_bytes, c->print[i]->template_len);
        put_bytes(b, c->print[i]->image, c->print[i]->image_len);
        ent_buf_u16(b, c->print[i]->width);
        ent_buf_u16(b, c->print[i]->height);
        ent_buf_u16(b, c->print[i]->ppi);
    }
    ent_buf_u8(b, (uint8_t)c->face_count);
    for (size_t i = 0; i < c->face_count; i++) {
        put_bytes(b, c->face[i].image, c->face[i].image_len);
        ent_buf_u16(b, c->face[i].width);
        ent_buf_u16(b, c->face[i].height);
    }
}

static void take_text(ent_cursor *c, char *ret_text, size_t cap)
{
    size_t n = ent_cursor_u8(c);
    const uint8_t *p = ent_cursor_take(c, n);
    if (!p || n >= cap || !ent_utf8_valid(p, n)) {
        c->bad = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (p[i] < 0x20 || p[i] == 0x7f) c->bad = true;
    memcpy(ret_text, p, n);
    ret_text[n] = 0;
}

static void take_date(ent_cursor *c, ent_date *ret_date)
{
    uint32_t packed = ent_cursor_u32(c);
    ent_date d = ent_date_unpack(packed);
    if (packed && (!ent_date_valid(d) || ent_date_pack(d) != packed)) c->bad = true;
    else *ret_date = packed ? d : (ent_date){0};
}

static bool take_image(ent_cursor *c, uint8_t **ret_image, size_t *ret_len)
{
    size_t n = ent_cursor_u32(c);
    const uint8_t *p = n <= ENT_CAPTURE_IMAGE ? ent_cursor_take(c, n) : NULL;
    if (!p && n) return !(c->bad = true);
    uint8_t *image = malloc(n + 1);
    if (!image) return false;
    if (n) memcpy(image, p, n);
    *ret_image = image;
    *ret_len = n;
    return true;
}

static ent_code take_print(ent_cursor *c, ent_capture_print *p, ent_err *err)
{
    uint8_t plain;
    p->finger = ent_cursor_u8(c);
    plain = ent_cursor_u8(c);
    p->plain = plain == 1;
    p->lies = ent_cursor_u8(c);
    p->quality = (int8_t)ent_cursor_u8(c);
    p->template_len = ent_cursor_u32(c);
    const uint8_t *t = p->template_len <= sizeof p->template_bytes ? ent_cursor_take(c, p->template_len) : NULL;
    if (p->finger > 10 || plain > 1 || p->lies > ENT_FINGER_HAND_LEFT || (!t && p->template_len)) return ent_fail(err, ENT_FORMAT, "a capture with an impossible print");
    if (p->template_len) {
        ent_finger_template *decoded;
        memcpy(p->template_bytes, t, p->template_len);
        ENT_TRY(ent_finger_decode(p->template_bytes, p->template_len, &decoded, err));
        ent_finger_template_free(decoded);
    }
    if (!take_image(c, &p->image, &p->image_len)) return ent_fail(err, ENT_FORMAT, "a capture with an impossible image");
    p->width = ent_cursor_u16(c), p->height = ent_cursor_u16(c), p->ppi = ent_cursor_u16(c);
    return ENT_OK;
}

static ent_code take_all(ent_cursor *c, ent_capture *out, ent_err *err)
{
    const uint8_t *magic = ent_cursor_take(c, strlen(MAGIC));
    if (!magic || memcmp(magic, MAGIC, strlen(MAGIC)) != 0) return ent_fail(err, ENT_FORMAT, "not a capture");
    take_text(c, out->tcn, sizeof out->tcn);
    take_text(c, out->ori, sizeof out->ori);
    take_text(c, out->tot, sizeof out->tot);
    take_text(c, out->name, sizeof out->name);
    take_text(c, out->nationality, sizeof out->nationality);
    take_text(c, out->sex, sizeof out->sex);
    take_text(c, out->document, sizeof out->document);
    take_text(c, out->taken_under, sizeof out->taken_under);
    take_date(c, &out->date);
    take_date(c, &out->birth);
    take_date(c, &out->taken);
    take_date(c, &out->offence_date);
    out->offence = ent_cursor_u32(c);
    size_t prints = ent_cursor_u8(c);
    if (!ent_cursor_ok(c) || prints > ENT_CAPTURE_PRINTS) return ent_fail(err, ENT_FORMAT, "a capture whose texts do not hold");
    for (size_t i = 0; i < prints; i++) {
        out->print[i] = calloc(1, sizeof *out->print[i]);
        if (!out->print[i]) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a print");
        out->print_count++;
        ENT_TRY(take_print(c, out->print[i], err));
    }
    size_t faces = ent_cursor_u8(c);
    if (!ent_cursor_ok(c) || faces > ENT_CAPTURE_FACES) return ent_fail(err, ENT_FORMAT, "a capture with too many faces");
    for (size_t i = 0; i < faces; i++) {
        if (!take_image(c, &out->face[i].image, &out->face[i].image_len)) return ent_fail(err, ENT_FORMAT, "a capture with an impossible image");
        out->face[i].width = ent_cursor_u16(c), out->face[i].height = ent_cursor_u16(c);
        out->face_count++;
    }
    return ent_cursor_done(c) ? ENT_OK : ent_fail(err, ENT_FORMAT, "a capture that does not end where it should");
}

ent_code ent_capture_decode(const void *bytes, size_t len, ent_capture *ret_capture, ent_err *err)
{
    ent_capture c = {0};
    ent_cursor at = ENT_CURSOR(bytes, len);
    ent_code code = take_all(&at, &c, err);
    if (code != ENT_OK) {
        ent_capture_free(&c);
        return code;
    }
    *ret_capture = c;
    return ENT_OK;
}

void ent_capture_free(ent_capture *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->print_count; i++) {
        if (c->print[i]->image) ent_wipe(c->print[i]->image, c->print[i]->image_len);
        free(c->print[i]->image);
        ent_wipe(c->print[i], sizeof *c->print[i]);
        free(c->print[i]);
    }
    for (size_t i = 0; i < c->face_count; i++) {
        if (c->face[i].image) ent_wipe(c->face[i].image, c->face[i].image_len);
        free(c->face[i].image);
    }
    ent_wipe(c, sizeof *c);
}
