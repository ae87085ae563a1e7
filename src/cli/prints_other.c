#include "cli/prints_other.h"

#include "base/check.h"
#include "base/limits.h"
#include "entente/itl.h"
#include "node/node.h" /* json_t */

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"other", "ending", "bifurcation"};

/* ---- JSON ---- */

ent_code ent_cli_minutiae_json(const ent_finger_template *t, ent_buf *ret, ent_err *err)
{
    uint32_t size[2];
    size_t n;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    json_t *list = json_array(), *o;
    ent_finger_size(t, size);
    o = json_pack("{s:i,s:i,s:i,s:i,s:o,s:o}", "entente-minutiae", 1, "width", (int)size[0], "height", (int)size[1], "ppi", 500, "quality",
                  ent_finger_quality(t) < 0 ? json_null() : json_integer(ent_finger_quality(t)), "minutiae", list);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:i,s:i,s:f,s:s,s:i}", "x", m[i].x, "y", m[i].y, "angle", m[i].angle * 360.0 / 256, "kind", kinds[m[i].kind], "quality", m[i].quality));
    char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(o);
    if (!text) return ent_fail(err, ENT_NO_MEMORY, "out of memory for JSON");
    ent_buf_str(ret, text);
    ent_buf_u8(ret, '\n');
    free(text);
    return ent_buf_check(ret, err);
}

static bool number(const json_t *o, const char *name, double low, double high, double *ret)
{
    const json_t *v = json_object_get(o, name);
    double d = json_number_value(v);
    if (!json_is_number(v) || !(d >= low && d <= high)) return false;
    *ret = d;
    return true;
}

static bool minutia_of(const json_t *o, double scale, ent_finger_minutia *ret)
{
    double x, y, angle, quality = 0;
    const char *kind = json_string_value(json_object_get(o, "kind"));
    if (!number(o, "x", 0, 65535, &x) || !number(o, "y", 0, 65535, &y) || !number(o, "angle", 0, 360, &angle)) return false;
    if (json_object_get(o, "quality") && !number(o, "quality", 0, 100, &quality)) return false;
    if (x * scale > 65534 || y * scale > 65534) return false;
    *ret = (ent_finger_minutia){.x = (uint16_t)(x * scale + 0.5), .y = (uint16_t)(y * scale + 0.5), .angle = (uint8_t)((int)(angle * 256 / 360 + 0.5) & 255), .quality = (uint8_t)quality};
    for (uint8_t k = 0; k < 3; k++)
        if (kind && strcmp(kind, kinds[k]) == 0) return ret->kind = k, true;
    return !kind;
}

static ent_code of_json(const json_t *o, ent_finger_template **ret, ent_err *err)
{
    ent_finger_minutia m[ENT_LIMIT_MINUTIAE];
    double width, height, ppi;
    const json_t *list = json_object_get(o, "minutiae");
    if (json_integer_value(json_object_get(o, "entente-minutiae")) != 1) return ent_fail(err, ENT_FORMAT, "not minutiae as JSON: a member \"entente-minutiae\" of 1 was expected");
    if (!number(o, "width", 1, 16384, &width) || !number(o, "height", 1, 16384, &height) || !number(o, "ppi", 125, 4000, &ppi))
        return ent_fail(err, ENT_FORMAT, "minutiae as JSON need \"width\", \"height\" and \"ppi\" of their print");
    size_t n = json_array_size(list);
    if (!n || n > ENT_LIMIT_MINUTIAE) return ent_fail(err, ENT_FORMAT, "\"minutiae\" is a list of 1 to %d, not of %zu", ENT_LIMIT_MINUTIAE, n);
    for (size_t i = 0; i < n; i++)
        if (!minutia_of(json_array_get(list, i), 500 / ppi, &m[i]))
            return ent_fail(err, ENT_FORMAT, "minutia %zu: \"x\", \"y\", \"angle\" (0 to 360), \"kind\" (ending, bifurcation, other), \"quality\" (0 to 100) were expected", i + 1);
    return ent_finger_import(m, n, (const uint32_t[2]){(uint32_t)(width * 500 / ppi + 0.5), (uint32_t)(height * 500 / ppi + 0.5)}, ret, err);
}

ent_code ent_cli_minutiae_of_json(const void *bytes, size_t len, ent_finger_template **ret, ent_err *err)
{
    json_error_t fault;
    json_t *o = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &fault);
    if (!o) return ent_fail(err, ENT_FORMAT, "line %d of the JSON: %s", fault.line, fault.text);
    ent_code code = of_json(o, ret, err);
    json_decref(o);
    return code;
}

/* ---- Type-9 ---- */

enum { MICRONS_A_PIXEL_X100 = 508 }; /* 10 micrometres: 5.08 of them to a pixel at 500 ppi */

static void put_number(ent_itl_writer *w, uint32_t field, unsigned v)
{
    char text[16];
    snprintf(text, sizeof text, "%u", v);
    ent_itl_put(w, field, text);
}

static void put_first(ent_itl_writer *w, const char *date)
{
    ent_itl_begin(w, 1, -1);
    ent_itl_put(w, 2, "0502");
    ent_itl_put(w, 4, "MIN");
    ent_itl_put(w, 5, date);
    ent_itl_put(w, 7, "ENTENTE");
    ent_itl_put(w, 8, "ENTENTE");
    ent_itl_put(w, 9, "MINUTIAE");
    ent_itl_put(w, 11, "00.00");
    ent_itl_put(w, 12, "00.00");
}

/* 1-2011 Update 2015, 8.9.4: 9.126 to 9.137; places in pixels, angles in 2 degrees as in INCITS 378. */
static void put_m1(ent_itl_writer *w, const ent_finger_template *t, ent_buf *minutiae)
{
    uint32_t size[2];
    size_t n;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    ent_finger_size(t, size);
    ent_itl_begin(w, 9, 0);
    ent_itl_put(w, 3, "0"); /* live-scan plain: nothing else is known */
    ent_itl_put(w, 4, "U");
    ent_itl_put(w, 126, "27\x1f" "513\x1f" "00000000"); /* INCITS M1, its format of 2004, no product registered */
    ent_itl_put(w, 127, "NONE\x1f" "0");
    put_number(w, 128, size[0]), put_number(w, 129, size[1]);
    ent_itl_put(w, 130, "2");
    put_number(w, 131, 197), put_number(w, 132, 197);
    ent_itl_put(w, 133, "0");
    ent_itl_put(w, 134, "0");
    char quality[40];
    snprintf(quality, sizeof quality, "%d\x1f" "0000\x1f" "1", ent_finger_quality(t) < 0 ? 254 : ent_finger_quality(t));
    ent_itl_put(w, 135, quality);
    put_number(w, 136, (unsigned)n);
    for (size_t i = 0; i < n; i++)
        ent_buf_fmt(minutiae, "%s%zu\x1f%u\x1f%u\x1f%u\x1f%u\x1f%u", i ? "\x1e" : "", i + 1, m[i].x, m[i].y, (unsigned)(m[i].angle * 180 + 128) / 256 % 180, m[i].kind, m[i].quality ? m[i].quality : 254U);
    ent_itl_put(w, 137, ent_buf_cstr(minutiae));
}

ent_code ent_cli_minutiae_itl(const ent_finger_template *t, const char *date, ent_buf *ret, ent_err *err)
{
    ent_itl_writer *w;
    ENT_AUTO_BUF minutiae = ENT_BUF(1 << 16);
    ENT_TRY(ent_itl_writer_new(&w, err));
    put_first(w, date);
    put_m1(w, t, &minutiae);
    ent_code code = ent_itl_finish(w, ent_buf_sink, ret, err);
    ent_itl_writer_free(w);
    return code == ENT_OK ? ent_buf_check(ret, err) : code;
}

static ent_code of_features(const ent_itl_features *f, const ent_itl_minutia *from, ent_finger_template **ret, ent_err *err)
{
    ent_finger_minutia m[ENT_LIMIT_MINUTIAE];
    uint32_t size[2] = {f->width * 100 / MICRONS_A_PIXEL_X100 + 1, f->height * 100 / MICRONS_A_PIXEL_X100 + 1};
    size_t n = f->minutiae < ENT_LIMIT_MINUTIAE ? f->minutiae : ENT_LIMIT_MINUTIAE;
    bool legacy = f->block == ENT_ITL_LEGACY; /* whose places count from the bottom of an image of unknown height, and whose angles point the other way along the ridge */
    uint32_t top = 0;
    for (size_t i = 0; i < n && legacy; i++) top = from[i].y > top ? from[i].y : top;
    for (size_t i = 0; i < n; i++) {
        uint32_t down = legacy ? top - from[i].y : from[i].y;
        uint32_t x = (from[i].x * 100 + MICRONS_A_PIXEL_X100 / 2) / MICRONS_A_PIXEL_X100, y = (down * 100 + MICRONS_A_PIXEL_X100 / 2) / MICRONS_A_PIXEL_X100;
        unsigned degrees = (from[i].angle + (legacy ? 180U : 0U)) % 360;
        m[i] = (ent_finger_minutia){.x = (uint16_t)(x < 65535 ? x : 65535), .y = (uint16_t)(y < 65535 ? y : 65535), .angle = (uint8_t)((degrees * 256 + 180) / 360),
                                    .kind = from[i].kind == 'E' ? ENT_FINGER_ENDING : from[i].kind == 'B' ? ENT_FINGER_BIFURCATION : ENT_FINGER_OTHER, .quality = from[i].quality > 100 ? 0 : from[i].quality};
        if (m[i].x >= size[0]) size[0] = m[i].x + 1U;
        if (m[i].y >= size[1]) size[1] = m[i].y + 1U;
    }
    return ent_finger_import(m, n, size, ret, err);
}

ent_code ent_cli_minutiae_of_itl(const void *bytes, size_t len, ent_finger_template **ret, ent_err *err)
{
    ent_itl *t;
    ent_itl_minutia m[ENT_LIMIT_MINUTIAE];
    ent_itl_features f;
    ENT_TRY(ent_itl_parse(bytes, len, &t, err));
    ent_code code = ent_fail(err, ENT_NOT_FOUND, "the transaction has no minutiae (Type-9); `entente itl extract` writes its images");
    for (size_t i = 1; i < ent_itl_count(t); i++) {
        if (ent_itl_record_at(t, i)->type != 9) continue;
        code = ent_itl_features_of(ent_itl_record_at(t, i), &f, m, ENT_LIMIT_MINUTIAE, err);
        if (code == ENT_OK) code = of_features(&f, m, ret, err);
        break;
    }
    ent_itl_free(t);
    return code;
}
