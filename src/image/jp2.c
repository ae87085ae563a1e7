#include "image/codec.h"

#include "base/check.h"
#include "base/limits.h"

#include <openjpeg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory as the library's stream ---- */

typedef struct stream {
    const uint8_t *data;
    size_t len, at;
    ent_buf *out; /* writing */
} stream;

static OPJ_SIZE_T on_read(void *to, OPJ_SIZE_T n, void *ctx)
{
    stream *s = ctx;
    if (s->at >= s->len) return (OPJ_SIZE_T)-1;
    if (n > s->len - s->at) n = s->len - s->at;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return n;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T n, void *ctx)
{
    stream *s = ctx;
    if (n < 0) return -1;
    if (s->out) ent_buf_zero(s->out, (size_t)n), s->at = s->out->len;
    else s->at = (size_t)n > s->len - s->at ? s->len : s->at + (size_t)n;
    return n;
}

static OPJ_BOOL on_seek(OPJ_OFF_T n, void *ctx)
{
    stream *s = ctx;
    size_t end = s->out ? s->out->len : s->len;
    if (n < 0 || (size_t)n > end) return OPJ_FALSE;
    s->at = (size_t)n;
    return OPJ_TRUE;
}

/* The library goes back to write lengths: overwrite what is there, append the rest. */
static OPJ_SIZE_T on_write(void *from, OPJ_SIZE_T n, void *ctx)
{
    stream *s = ctx;
    size_t over = s->at < s->out->len ? s->out->len - s->at : 0;
    if (over > n) over = n;
    if (over) memcpy(s->out->data + s->at, from, over);
    if (n > over) ent_buf_put(s->out, (const uint8_t *)from + over, n - over);
    s->at += n;
    return s->out->failed == ENT_OK ? n : (OPJ_SIZE_T)-1;
}

static opj_stream_t *open_stream(stream *s, bool reading)
{
    opj_stream_t *o = opj_stream_create(1 << 16, reading ? OPJ_TRUE : OPJ_FALSE);
    if (!o) return NULL;
    opj_stream_set_user_data(o, s, NULL);
    opj_stream_set_user_data_length(o, s->len);
    opj_stream_set_read_function(o, on_read);
    opj_stream_set_write_function(o, on_write);
    opj_stream_set_skip_function(o, on_skip);
    opj_stream_set_seek_function(o, on_seek);
    return o;
}

static void on_message(const char *text, void *ctx)
{
    ent_err *err = ctx;
    if (!err->detail[0]) (void)ent_fail(err, ENT_FORMAT, "JPEG 2000: %.*s", (int)strcspn(text, "\n"), text);
}

static void ignore(const char *text, void *ctx) { (void)text, (void)ctx; }

/* ---- reading ---- */

static ent_code check_header(const opj_image_t *j, ent_err *err)
{
    if (j->numcomps < 1 || j->numcomps > 4) return ent_fail(err, ENT_UNSUPPORTED, "JPEG 2000: %u components; grey and colour are read, with opacity or without", j->numcomps);
    for (OPJ_UINT32 c = 0; c < j->numcomps; c++) {
        const opj_image_comp_t *p = &j->comps[c];
        if (p->prec < 1 || p->prec > 16 || p->sgnd || p->w != j->comps[0].w || p->h != j->comps[0].h) return ent_fail(err, ENT_UNSUPPORTED, "JPEG 2000: only unsigned components of up to 16 bit and of one size are read");
    }
    uint32_t w = j->x1 - j->x0, h = j->y1 - j->y0;
    if (w > ENT_LIMIT_IMAGE_SIDE || h > ENT_LIMIT_IMAGE_SIDE || (uint64_t)w * h > ENT_LIMIT_IMAGE_PIXELS) return ent_fail(err, ENT_TOO_LARGE, "JPEG 2000: an image of %u x %u pixels", w, h);
    return ENT_OK;
}

static uint8_t clamped(double v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5); }

/* Luminance and two differences (ITU-R BT.601, full range) to red, green and blue. */
static void from_sycc(ent_image *image)
{
    uint8_t *p = image->pixels;
    for (size_t n = (size_t)image->width * image->height; n > 0; n--, p += 3) {
        double y = p[0], b = p[1] - 128.0, r = p[2] - 128.0;
        p[0] = clamped(y + 1.402 * r);
        p[1] = clamped(y - 0.344136 * b - 0.714136 * r);
        p[2] = clamped(y + 1.772 * b);
    }
}

/* Opacity, the last of two or four components, is left out. The library has applied a palette before. */
static ent_code copy_pixels(const opj_image_t *j, ent_image *ret, ent_err *err)
{
    ENT_TRY(check_header(j, err)); /* a palette makes other components than the header has */
    uint32_t channels = j->numcomps < 3 ? 1 : 3;
    if (j->color_space == OPJ_CLRSPC_EYCC || j->color_space == OPJ_CLRSPC_CMYK) return ent_fail(err, ENT_UNSUPPORTED, "JPEG 2000: a colour space that is not read; grey, sRGB and sYCC are");
    if (j->numcomps != channels && !j->comps[channels].alpha) return ent_fail(err, ENT_UNSUPPORTED, "JPEG 2000: %u components of which the last is no opacity", j->numcomps);
    ENT_TRY(ent_image_new(j->comps[0].w, j->comps[0].h, channels, ret, err));
    size_t n = (size_t)ret->width * ret->height;
    for (uint32_t c = 0; c < channels; c++) {
        const opj_image_comp_t *p = &j->comps[c];
        OPJ_INT32 most = (1 << p->prec) - 1;
        for (size_t i = 0; i < n; i++) {
            OPJ_INT32 v = p->data[i] < 0 ? 0 : p->data[i] > most ? most : p->data[i];
            ret->pixels[i * channels + c] = (uint8_t)(p->prec == 8 ? v : (v * 255 + most / 2) / most);
        }
    }
    if (channels == 3 && j->color_space == OPJ_CLRSPC_SYCC) from_sycc(ret);
    return ENT_OK;
}

/* The capture resolution of a JP2 header, else the display resolution, in points a metre (ISO/IEC 15444-1, I.5.3.7). */
static uint32_t resolution(const uint8_t *b, size_t len)
{
    const uint8_t *codes = b ? memmem(b, len, "jp2c", 4) : NULL;
    if (!codes) return 0;
    len = (size_t)(codes - b);
    const uint8_t *r = memmem(b, len, "resc", 4);
    if (!r) r = memmem(b, len, "resd", 4);
    if (!r || b + len - r < 14) return 0;
    uint32_t above = (uint32_t)r[4] << 8 | r[5], below = (uint32_t)r[6] << 8 | r[7];
    int exponent = r[12] < 128 ? r[12] : r[12] - 256;
    double ppi = below ? 0.0254 * above / below : 0;
    for (; exponent > 0 && ppi < 10000; exponent--) ppi *= 10;
    for (; exponent < 0 && ppi >= 1; exponent++) ppi /= 10;
    return ppi >= 1 && ppi < 10000 ? (uint32_t)(ppi + 0.5) : 0;
}

static bool has_data(const opj_image_t *j)
{
    for (OPJ_UINT32 c = 0; c < j->numcomps; c++)
        if (!j->comps[c].data) return false;
    return j->numcomps > 0;
}

static ent_code decode_with(opj_codec_t *codec, opj_stream_t *o, ent_image *ret, ent_err *local, ent_err *err)
{
    opj_dparameters_t p;
    opj_image_t *j = NULL;
    opj_set_default_decoder_parameters(&p);
    opj_set_error_handler(codec, on_message, local);
    opj_set_warning_handler(codec, ignore, NULL);
    opj_set_info_handler(codec, ignore, NULL);
    ent_code code = ENT_FORMAT;
    if (opj_setup_decoder(codec, &p) && opj_read_header(o, codec, &j)) {
        code = check_header(j, local);
        if (code == ENT_OK && (!opj_decode(codec, o, j) || !opj_end_decompress(codec, o) || !has_data(j))) code = ENT_FORMAT;
        if (code == ENT_OK) code = copy_pixels(j, ret, local);
    }
    if (j) opj_image_destroy(j);
    if (code != ENT_OK) return ent_fail(err, code, "%s", local->detail[0] ? local->detail : "JPEG 2000: the file cannot be decoded");
    return ENT_OK;
}

ent_code ent_jp2_decode(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err)
{
    stream s = {.data = bytes, .len = len};
    ent_err local = {0};
    opj_stream_t *o = open_stream(&s, true);
    opj_codec_t *codec = opj_create_decompress(bytes[0] == 0xff ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    ent_code code = o && codec ? decode_with(codec, o, ret_image, &local, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for a JPEG 2000 image");
    if (codec) opj_destroy_codec(codec);
    if (o) opj_stream_destroy(o);
    if (code == ENT_OK) ret_image->ppi = resolution(bytes, len);
    return code;
}

/* ---- writing ---- */

static opj_image_t *make_image(const ent_image *image)
{
    opj_image_cmptparm_t c[3] = {0};
    for (uint32_t i = 0; i < image->channels; i++) c[i] = (opj_image_cmptparm_t){.dx = 1, .dy = 1, .w = image->width, .h = image->height, .prec = 8, .bpp = 8};
    opj_image_t *j = opj_image_create(image->channels, c, image->channels == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
    if (!j) return NULL;
    j->x1 = image->width;
    j->y1 = image->height;
    size_t n = (size_t)image->width * image->height;
    for (uint32_t i = 0; i < image->channels; i++)
        for (size_t k = 0; k < n; k++) j->comps[i].data[k] = image->pixels[k * image->channels + i];
    return j;
}

/* A superbox "res " with the capture resolution, appended to the header box: 26 bytes (ISO/IEC 15444-1, I.5.3.7). */
static void put_with_resolution(const ent_buf *file, uint32_t ppi, ent_buf *out)
{
    const uint8_t *type = ppi ? memmem(file->data, file->len < 128 ? file->len : 128, "jp2h", 4) : NULL;
    uint32_t metre = (uint32_t)((double)ppi / 0.0254 + 0.5), ten = 1; /* as metre / 10^k with 16 bits, times 10^k */
    int exponent = 0;
    for (; (metre + ten / 2) / ten > 65535; exponent++) ten *= 10;
    if (!type) {
        ent_buf_put(out, file->data, file->len);
        return;
    }
    size_t start = (size_t)(type - file->data) - 4;
    uint32_t len = (uint32_t)type[-4] << 24 | (uint32_t)type[-3] << 16 | (uint32_t)type[-2] << 8 | type[-1];
    uint16_t number = (uint16_t)((metre + ten / 2) / ten);
    ent_buf_put(out, file->data, start);
    ent_buf_u32(out, len + 26);
    ent_buf_put(out, type, len - 4);
    ent_buf_u32(out, 26);
    ent_buf_str(out, "res ");
    ent_buf_u32(out, 18);
    ent_buf_str(out, "resc");
    for (int i = 0; i < 2; i++) { /* down, across */
        ent_buf_u16(out, number);
        ent_buf_u16(out, 1);
    }
    ent_buf_u8(out, (uint8_t)exponent);
    ent_buf_u8(out, (uint8_t)exponent);
    ent_buf_put(out, file->data + start + len, file->len - start - len);
}

ent_code ent_jp2_encode(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err)
{
    opj_cparameters_t p;
    ent_err local = {0};
    ent_buf out = ENT_BUF(256 << 20);
    stream s = {.out = &out};
    opj_set_default_encoder_parameters(&p);
    p.tcp_numlayers = 1;
    p.cp_disto_alloc = 1;
    p.tcp_rates[0] = rate > 0 ? (float)(8.0 * image->channels / rate) : 0;
    p.irreversible = rate > 0;
    /* each resolution halves the sides: no more than the shorter one has */
    while (p.numresolution > 1 && 1u << (p.numresolution - 1) > (image->width < image->height ? image->width : image->height)) p.numresolution--;
    opj_image_t *j = make_image(image);
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_JP2);
    opj_stream_t *o = open_stream(&s, false);
    bool ok = j && codec && o;
    if (ok) {
        opj_set_error_handler(codec, on_message, &local);
        opj_set_warning_handler(codec, ignore, NULL);
        opj_set_info_handler(codec, ignore, NULL);
        ok = opj_setup_encoder(codec, &p, j) && opj_start_compress(codec, j, o) && opj_encode(codec, o) && opj_end_compress(codec, o);
    }
    if (o) opj_stream_destroy(o);
    if (codec) opj_destroy_codec(codec);
    if (j) opj_image_destroy(j);
    if (ok) put_with_resolution(&out, image->ppi, ret_bytes);
    ent_buf_free(&out);
    return ok ? ent_buf_check(ret_bytes, err) : ent_fail(err, ENT_INTERNAL, "%s", local.detail[0] ? local.detail : "JPEG 2000: the image cannot be written");
}
