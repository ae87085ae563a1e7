/* What the `itl` commands ask of a transaction, as jobs of the sandbox: bytes in, JSON or bytes out. */
#include "cli/jobs.h"

#include "adapter/xml/itl_xml.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "entente/itl_check.h"

#include <string.h>

/* Text of a file, where only UTF-8 may stand. */
static json_t *text_json(const char *text)
{
    if (ent_utf8_valid((const uint8_t *)text, strlen(text))) return json_string(text);
    ENT_AUTO_BUF copy = ENT_BUF(4096);
    for (; *text; text++) ent_buf_u8(&copy, (uint8_t)((unsigned char)*text < 128 ? *text : '?'));
    return json_string(ent_buf_cstr(&copy));
}

static void forgive(void *ctx, const ent_itl_fault *f)
{
    char line[240];
    snprintf(line, sizeof line, "record %zu, byte %zu: %s", f->record, f->offset, f->text);
    if (json_array_size(ctx) < ENT_LIMIT_ITL_FAULTS) json_array_append_new(ctx, text_json(line));
}

/* option "lenient": what was forgiven becomes lines. */
static ent_code parse(const void *bytes, size_t len, bool *ret_lenient, json_t *lines, ent_itl **ret, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_ITL_FILE);
    const ent_itl_sink sink = {forgive, lines};
    char option[ENT_CLI_OPTION];
    ENT_TRY(ent_cli_job_option(bytes, len, option, &file, err));
    const void *data = file.data ? file.data : (const uint8_t *)"";
    *ret_lenient = strcmp(option, "lenient") == 0;
    return *ret_lenient ? ent_itl_parse_lenient(data, file.len, &sink, ret, err) : ent_itl_parse(data, file.len, ret, err);
}

/* ---- show ---- */

static json_t *value_json(int encoding, const ent_itl_field *f)
{
    char text[1200];
    size_t n = ent_itl_to_utf8(encoding, f->value, f->len < 400 ? f->len : 400, text, sizeof text / 2), out = 0;
    char shown[1200];
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == ENT_ITL_US) shown[out++] = ',', shown[out++] = ' ';
        else if (c == ENT_ITL_RS) shown[out++] = ';', shown[out++] = ' ';
        else shown[out++] = (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
    }
    shown[out] = 0;
    return f->len > 400 ? json_sprintf("%s... (%zu bytes)", shown, f->len) : json_string(shown);
}

static json_t *features_json(const ent_itl_record *r)
{
    static const char *const blocks[] = {"legacy", "M1", "EFS"};
    ent_itl_features f;
    ent_err err = {0};
    ent_code code = ent_itl_features_of(r, &f, NULL, 0, &err);
    if (code == ENT_UNSUPPORTED) return NULL;
    if (code != ENT_OK) return json_pack("{s:s}", "unreadable", err.detail);
    return json_pack("{s:s,s:i,s:I,s:I,s:I,s:I,s:I}", "block", blocks[f.block], "position", f.position, "minutiae", (json_int_t)f.minutiae, "cores", (json_int_t)f.cores, "deltas", (json_int_t)f.deltas, "width",
                     (json_int_t)f.width, "height", (json_int_t)f.height);
}

static json_t *record_json(const ent_itl_record *r, int encoding)
{
    json_t *o = json_pack("{s:i,s:i,s:I,s:I}", "type", r->type, "idc", r->idc, "offset", (json_int_t)r->offset, "length", (json_int_t)r->len), *fields = json_object();
    ent_itl_image image;
    char name[16];
    for (size_t i = 0; i < r->field_count; i++) {
        const ent_itl_field *f = &r->fields[i];
        snprintf(name, sizeof name, "%u.%03u", r->type, f->number);
        if (f->number == 999 && r->type >= 9) json_object_set_new(fields, name, json_sprintf("%zu bytes", f->len));
        else json_object_set_new(fields, name, value_json(r->type == 1 ? 0 : encoding, f));
    }
    json_object_set_new(o, "fields", fields);
    if (ent_itl_image_of(r, &image, NULL) == ENT_OK)
        json_object_set_new(o, "image", json_pack("{s:i,s:i,s:i,s:s,s:i,s:I}", "width", (int)image.width, "height", (int)image.height, "ppi", (int)image.ppi, "compression", image.compression, "position", image.position, "bytes", (json_int_t)image.len));
    json_t *features = r->type == 9 ? features_json(r) : NULL;
    if (features) json_object_set_new(o, "features", features);
    return o;
}

ent_code ent_cli_job_itl_show(const void *bytes, size_t len, ent_buf *ret_json, ent_err *err)
{
    json_t *lines = json_array(), *all = json_array();
    ent_itl *t = NULL;
    bool lenient;
    ent_code code = parse(bytes, len, &lenient, lines, &t, err);
    for (size_t i = 0; code == ENT_OK && i < ent_itl_count(t); i++) json_array_append_new(all, record_json(ent_itl_record_at(t, i), ent_itl_encoding(t)));
    json_t *out = json_pack("{s:o}", "records", all);
    if (code == ENT_OK && ent_itl_encoding(t) < 0) {
        /* U+FFFD stands for what is past 7 bits in it */
        char name[32];
        const uint8_t *text = (const uint8_t *)"";
        size_t n = 0;
        (void)!ent_itl_item(ent_itl_field_of(ent_itl_record_at(t, 0), 15), 0, 1, &text, &n);
        ent_itl_to_utf8(0, text, n, name, sizeof name);
        json_object_set_new(out, "encoding-not-read", json_string(name));
    }
    ent_itl_free(t);
    if (lenient && code == ENT_OK) json_object_set(out, "forgiven", lines);
    json_decref(lines);
    if (code == ENT_OK) return ent_cli_job_answer(out, ret_json, err);
    json_decref(out);
    return code;
}

/* Bytes behind a JSON text and its length. */
static ent_code put_json(json_t *o, ent_buf *ret, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(16 << 20);
    ENT_TRY(ent_cli_job_answer(o, &text, err));
    ent_buf_u32(ret, (uint32_t)text.len);
    ent_buf_put(ret, text.data, text.len);
    return ent_buf_check(ret, err);
}

/* ---- extract ---- */

/* Place in ENT_CLI_ENDINGS. */
static uint8_t ending(const ent_itl_image *image)
{
    switch (ent_image_sniff(image->data, image->len)) {
    case ENT_IMAGE_WSQ: return 0;
    case ENT_IMAGE_PNG: return 1;
    case ENT_IMAGE_JPEG: return 2;
    case ENT_IMAGE_JPEG2000: return 3;
    default: return strcmp(image->compression, "NONE") == 0 ? 4 : 5;
    }
}

ent_code ent_cli_job_itl_images(const void *bytes, size_t len, ent_buf *ret_images, ent_err *err)
{
    json_t *lines = json_array();
    ent_itl *t = NULL;
    ent_itl_image image;
    bool lenient;
    ent_code code = parse(bytes, len, &lenient, lines, &t, err);
    if (code == ENT_OK) code = put_json(json_incref(lines), ret_images, err);
    for (size_t i = 1; code == ENT_OK && i < ent_itl_count(t); i++) {
        const ent_itl_record *r = ent_itl_record_at(t, i);
        if (ent_itl_image_of(r, &image, NULL) != ENT_OK) continue;
        ent_buf_u32(ret_images, (uint32_t)i);
        ent_buf_u8(ret_images, r->type);
        ent_buf_u32(ret_images, (uint32_t)r->idc);
        ent_buf_u8(ret_images, ending(&image));
        ent_buf_u32(ret_images, (uint32_t)image.len);
        ent_buf_put(ret_images, image.data, image.len);
    }
    json_decref(lines);
    ent_itl_free(t);
    return code == ENT_OK ? ent_buf_check(ret_images, err) : code;
}

/* ---- check ---- */

static void list(void *ctx, const ent_itl_fault *f)
{
    json_array_append_new(ctx, json_pack("{s:I,s:i,s:I,s:i,s:i,s:I,s:i,s:s,s:o}", "record", (json_int_t)f->record, "type", f->type, "field", (json_int_t)f->field, "subfield", f->subfield, "item",
                                         f->item, "offset", (json_int_t)f->offset, "level", f->level, "clause", f->clause, "text", text_json(f->text)));
}

static void sha256(const void *bytes, size_t len, uint8_t ret_digest[32]) { ent_sha256(bytes, len, ret_digest); }

ent_code ent_cli_job_itl_check(const void *bytes, size_t len, ent_buf *ret_json, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_ITL_FILE);
    char domain[ENT_CLI_OPTION];
    ENT_TRY(ent_cli_job_option(bytes, len, domain, &file, err));
    json_t *faults = json_array(), *out = json_pack("{s:o}", "list", faults);
    const ent_itl_sink sink = {list, faults};
    const ent_itl_check_options options = {.sha256 = sha256, .domain = domain[0] ? domain : NULL};
    ent_itl_check_result r = {0};
    ent_code code = ent_itl_check(file.data ? file.data : (const uint8_t *)"", file.len, &options, &sink, &r, err);
    if (code == ENT_OK)
        json_object_set_new(out, "result", json_pack("{s:o,s:o,s:I,s:I,s:b}", "edition", text_json(r.edition), "domain", text_json(r.domain), "faults", (json_int_t)r.faults, "remarks", (json_int_t)r.remarks, "cut", r.cut));
    else json_object_set_new(out, "code", json_integer(code)), json_object_set_new(out, "detail", text_json(err->detail));
    return ent_cli_job_answer(out, ret_json, err);
}

/* ---- xml ---- */

typedef struct xml_told {
    json_t *lines;
    json_int_t lost; /* records, or fields, that the other form will not have */
} xml_told;

static void remark(void *ctx, const ent_itl_fault *f)
{
    xml_told *told = ctx;
    char line[240];
    told->lost += f->level > 0;
    if (f->field) snprintf(line, sizeof line, "record %zu, %u.%03u: %s", f->record, f->type, f->field, f->text);
    else if (f->type) snprintf(line, sizeof line, "record %zu, Type-%u: %s", f->record, f->type, f->text);
    else snprintf(line, sizeof line, "record %zu: %s", f->record, f->text);
    if (json_array_size(told->lines) < ENT_LIMIT_ITL_FAULTS) json_array_append_new(told->lines, text_json(line));
}

/* In UTF-8, UTF-16, UTF-32 or EBCDIC, with a byte order mark or without: a "<" among marks, zeros and blanks. A transaction begins with a digit. */
static bool is_xml(const uint8_t *b, size_t len)
{
    static const char before[] = "\xef\xbb\xbf\xff\xfe \t\r\n";
    size_t at = 0;
    while (at < len && (b[at] == 0 || strchr(before, b[at]))) at++;
    return at < len && (b[at] == '<' || (b[at] == 0x4c && at == 0));
}

ent_code ent_cli_job_itl_xml(const void *bytes, size_t len, ent_buf *ret_turned, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(2 * ENT_LIMIT_ITL_FILE), out = ENT_BUF(ret_turned->max);
    xml_told told = {json_array(), 0};
    const ent_itl_sink sink = {remark, &told};
    ent_itl *t = NULL;
    bool lenient;
    char option[ENT_CLI_OPTION];
    ent_code code = ent_cli_job_option(bytes, len, option, &file, err);
    if (code == ENT_OK) code = is_xml(file.data, file.len) ? ent_itl_xml_read(file.data, file.len, &sink, &out, err) : parse(bytes, len, &lenient, told.lines, &t, err);
    if (code == ENT_OK && t) code = ent_itl_xml_write(t, &sink, &out, err);
    ent_itl_free(t);
    json_t *said = json_pack("{s:o,s:I}", "remarks", told.lines, "lost", told.lost);
    if (code == ENT_OK) code = put_json(said, ret_turned, err);
    else json_decref(said);
    ent_buf_put(ret_turned, out.data, out.len);
    return code == ENT_OK ? ent_buf_check(ret_turned, err) : code;
}
