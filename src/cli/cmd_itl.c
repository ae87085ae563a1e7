#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/limits.h"
#include "cli/itl_prum.h"
#include "entente/itl.h"
#include "image/image.h"
#include "itl/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What lenient reading forgave, as lines. */
typedef struct forgiven {
    json_t *lines;
} forgiven;

static void forgive(void *ctx, const ent_itl_fault *f)
{
    forgiven *g = ctx;
    if (json_array_size(g->lines) < ENT_LIMIT_ITL_FAULTS) json_array_append_new(g->lines, json_sprintf("record %zu, byte %zu: %s", f->record, f->offset, f->text));
}

/* *ret_forgiven: NULL when the file must be well formed; else what was forgiven, which the caller frees. */
static ent_code load(const char *path, bool lenient, ent_itl **ret, json_t **ret_forgiven, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    forgiven g = {.lines = lenient ? json_array() : NULL};
    const ent_itl_sink sink = {forgive, &g};
    ent_code code = ent_cli_load(path, &bytes, err);
    const void *data = bytes.data ? bytes.data : (const uint8_t *)"";
    if (code == ENT_OK) code = lenient ? ent_itl_parse_lenient(data, bytes.len, &sink, ret, err) : ent_itl_parse(data, bytes.len, ret, err);
    if (code == ENT_OK) *ret_forgiven = g.lines;
    else json_decref(g.lines);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

static void print_forgiven(const json_t *lines)
{
    for (size_t i = 0; i < json_array_size(lines); i++) fprintf(stderr, "forgiven: %s\n", json_string_value(json_array_get(lines, i)));
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
    return json_string(shown);
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

/* The standard's name of a field "14.013", by the latest edition; "" when it has none. */
static const char *name_of(const char *number)
{
    char *dot;
    const ent_itl_record_rule *rules = ent_itl_rules_of((unsigned)strtoul(number, &dot, 10));
    const ent_itl_field_rule *rule = rules && *dot == '.' ? ent_itl_field_rule_of(rules, (uint32_t)strtoul(dot + 1, NULL, 10), ED15) : NULL;
    return rule && rule->item_count ? rule->name : "";
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

static long long integer(const json_t *o, const char *key) { return (long long)json_integer_value(json_object_get(o, key)); }

static void print_record(const json_t *r, size_t i)
{
    const char *name;
    json_t *value;
    printf("record %zu: Type-%lld", i + 1, integer(r, "type"));
    if (integer(r, "idc") >= 0) printf(", IDC %02lld", integer(r, "idc"));
    printf(", %lld bytes\n", integer(r, "length"));
    json_object_foreach(json_object_get(r, "fields"), name, value) printf("  %-7s %-4s %s\n", name, name_of(name), json_string_value(value));
    const json_t *image = json_object_get(r, "image"), *f = json_object_get(r, "features");
    if (image)
        printf("  image        %lld x %lld, %lld ppi, %s, position %lld\n", integer(image, "width"), integer(image, "height"), integer(image, "ppi"), ent_cli_text(image, "compression"), integer(image, "position"));
    if (f && json_object_get(f, "unreadable")) printf("  features     %s\n", ent_cli_text(f, "unreadable"));
    else if (f)
        printf("  features     %lld minutiae, %lld cores, %lld deltas (%s), position %lld\n", integer(f, "minutiae"), integer(f, "cores"), integer(f, "deltas"), ent_cli_text(f, "block"), integer(f, "position"));
}

static void print_all(const ent_cli *cli, const ent_itl *t, json_t *lines)
{
    json_t *all = json_array();
    int encoding = ent_itl_encoding(t);
    for (size_t i = 0; i < ent_itl_count(t); i++) json_array_append_new(all, record_json(ent_itl_record_at(t, i), encoding));
    json_t *out = json_pack("{s:o}", "records", all);
    if (lines) json_object_set(out, "forgiven", lines);
    if (cli->json) ent_cli_print_json(out);
    else {
        print_forgiven(lines);
        for (size_t i = 0; i < json_array_size(all); i++) print_record(json_array_get(all, i), i);
    }
    json_decref(out);
}

static int show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "itl show FILE [--lenient]",
                                   .about = "The records and fields of a transaction, readable and in UTF-8; images and minutiae are summed up. --lenient reads what is wrong in length, count, IDC, tag or "
                                            "separator too, and says what it forgave.",
                                   .example = "entente itl show arrest.an2"};
    bool lenient = false;
    const ent_opt opts[] = {{.name = "--lenient", .flag = &lenient, .help = "read on past what is wrong, and tell it"}, {0}};
    ent_err err = {0};
    ent_itl *t = NULL;
    json_t *lines = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one file");
    code = load(argv[0], lenient, &t, &lines, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    print_all(cli, t, lines);
    json_decref(lines);
    ent_itl_free(t);
    return 0;
}

/* ---- extract ---- */

static const char *ending(const ent_itl_image *image)
{
    switch (ent_image_sniff(image->data, image->len)) {
    case ENT_IMAGE_WSQ: return "wsq";
    case ENT_IMAGE_PNG: return "png";
    case ENT_IMAGE_JPEG: return "jpg";
    case ENT_IMAGE_JPEG2000: return "jp2";
    default: return strcmp(image->compression, "NONE") == 0 ? "raw" : "bin";
    }
}

static int extract(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "itl extract FILE -d DIR [--lenient]", .about = "Writes each image of a transaction to a file, byte for byte.", .example = "entente itl extract arrest.an2 -d images"};
    const char *folder = NULL;
    bool lenient = false;
    const ent_opt opts[] = {{.name = "-d", .value = &folder, .hint = "DIR", .help = "where they go"},
                            {.name = "--lenient", .flag = &lenient, .help = "read on past what is wrong, and tell it"}, {0}};
    ent_err err = {0};
    ent_itl *t = NULL;
    json_t *lines = NULL;
    int n, written = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !folder) return ent_cli_usage(&h, "a file and -d are needed");
    code = load(argv[0], lenient, &t, &lines, &err);
    print_forgiven(lines);
    json_decref(lines);
    if (code == ENT_OK && mkdir(folder, 0755) != 0 && errno != EEXIST) code = ent_fail(&err, ENT_IO, "%s: %s", folder, strerror(errno));
    for (size_t i = 1; code == ENT_OK && i < ent_itl_count(t); i++) {
        const ent_itl_record *r = ent_itl_record_at(t, i);
        ent_itl_image image;
        char path[PATH_MAX];
        if (ent_itl_image_of(r, &image, NULL) != ENT_OK) continue;
        snprintf(path, sizeof path, "%s/%02zu-type%u-idc%02d.%s", folder, i, r->type, r->idc, ending(&image));
        code = ent_disk_replace(path, image.data, image.len, 0644, &err);
        if (code == ENT_OK && !cli->json) printf("%s\n", path);
        written += code == ENT_OK;
    }
    ent_itl_free(t);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"images\":%d}\n", written);
    return 0;
}

/* ---- pack ---- */

static const ent_cmd_help pack_help = {
    .usage = "itl pack IMAGE… -o OUT [--finger N]… [--face IMAGE] [--name NAME] [--birth YYYYMMDD] [--nationality ABC] [--sex M|F|X] [--taken-under POWER] [--offence LIST] [--taken YYYYMMDD] [--tcn TCN] [--ori ORI]\n       itl pack IMAGE… -o OUT --domain prum --dai CC/AGENCY --ori CC/AGENCY [--tot CPS|PMS] [--case NUMBER] [--candidates N] [--finger N] [--tcn TCN]",
    .about = "Makes a transaction of domain ENTENTE (docs/protocol/itl-domain.md) from images of fingers, a face and biographic fields. The\n"
             "images go in byte for byte. Positions follow the images' order from --finger on (1 right thumb … 10 left little).\n"
             "With --domain prum, a search of 2008/616/JHA in version 0300, its images as WSQ in Type-4 records.",
    .example = "entente itl pack index.png --finger 2 --name \"EXAMPLE, ALEX\" --birth 19900101 --taken-under ta-2000-s41 -o arrest.an2"};

struct packing {
    const char *out, *finger, *face, *name, *birth, *nationality, *sex, *under, *offence, *taken, *tcn, *ori;
    const char *domain, *dai, *tot, *case_number, *candidates; /* of Prüm */
};

static const char *compression_of(ent_image_format f)
{
    return f == ENT_IMAGE_WSQ ? "WSQ20" : f == ENT_IMAGE_PNG ? "PNG" : f == ENT_IMAGE_JPEG ? "JPEGB" : f == ENT_IMAGE_JPEG2000 ? "JP2" : NULL;
}

static void put_number(ent_itl_writer *w, uint16_t field, uint32_t v)
{
    char text[16];
    snprintf(text, sizeof text, "%u", v);
    ent_itl_put(w, field, text);
}

static ent_code put_image(ent_itl_writer *w, uint8_t type, int idc, const char *path, uint32_t position, const char *date, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image;
    ent_code code = ent_cli_load(path, &bytes, err);
    if (code == ENT_OK) code = ent_image_decode(bytes.data ? bytes.data : (const uint8_t *)"", bytes.len, &image, err);
    if (code != ENT_OK) return ent_context(err, code, "%s", path);
    const char *compression = compression_of(image.format);
    if (!compression) code = ent_fail(err, ENT_UNSUPPORTED, "%s: %s does not go into a transaction: convert it to PNG, WSQ or JPEG", path, ent_image_format_text(image.format));
    if (code == ENT_OK) {
        ent_itl_begin(w, type, idc);
        ent_itl_put(w, 3, type == 10 ? "FACE" : "0");
        ent_itl_put(w, 4, "ENTENTE");
        ent_itl_put(w, 5, date);
        put_number(w, 6, image.width);
        put_number(w, 7, image.height);
        ent_itl_put(w, 8, "1");
        put_number(w, 9, image.ppi ? image.ppi : 500);
        put_number(w, 10, image.ppi ? image.ppi : 500);
        ent_itl_put(w, 11, compression);
        if (type == 10) ent_itl_put(w, 12, image.channels == 3 ? "SRGB" : "GRAY");
        else ent_itl_put(w, 12, "8"), put_number(w, 13, position);
        if (type == 10) ent_itl_put(w, 13, "0"); /* acquisition profile: unknown */
        ent_itl_put_bytes(w, 999, bytes.data, bytes.len);
    }
    ent_image_free(&image);
    return code;
}

static void put_text(ent_itl_writer *w, uint16_t field, const char *text)
{
    if (text && *text) ent_itl_put(w, field, text);
}

static void put_first_records(ent_itl_writer *w, const struct packing *p, const char *date)
{
    char offences[256];
    ent_itl_begin(w, 1, -1);
    ent_itl_put(w, 2, "0502");
    ent_itl_put(w, 4, "ENROL");
    ent_itl_put(w, 5, date);
    ent_itl_put(w, 7, "ENTENTE");
    ent_itl_put(w, 8, p->ori ? p->ori : "ENTENTE");
    ent_itl_put(w, 9, p->tcn);
    ent_itl_put(w, 11, "00.00"); /* 8.1.11: there is no Type-4 */
    ent_itl_put(w, 12, "00.00");
    ent_itl_put(w, 13, "ENTENTE\x1f" "1.0");
    ent_itl_begin(w, 2, 0);
    put_text(w, 18, p->name);
    put_text(w, 21, p->nationality);
    put_text(w, 22, p->birth);
    put_text(w, 24, p->sex);
    put_text(w, 901, p->under);
    snprintf(offences, sizeof offences, "%s", p->offence ? p->offence : "");
    for (char *c = offences; *c; c++)
        if (*c == ',') *c = ENT_ITL_RS;
    put_text(w, 902, offences);
    put_text(w, 903, p->taken);
}

static void into_buf(void *ctx, const void *bytes, size_t len) { ent_buf_put(ctx, bytes, len); }

static void today(char ret_date[16])
{
    time_t now = (time_t)(ent_system_clock().now(NULL).ms / 1000);
    struct tm tm;
    strftime(ret_date, 16, "%Y%m%d", gmtime_r(&now, &tm));
}

static ent_code pack_prum(const struct packing *p, char **images, int count, ent_err *err)
{
    ENT_AUTO_BUF out = ENT_BUF(64 << 20);
    char date[16];
    today(date);
    const ent_prum_search s = {.tot = p->tot ? p->tot : "CPS", .dai = p->dai, .ori = p->ori, .tcn = p->tcn, .case_number = p->case_number ? p->case_number : "0",
                               .candidates = p->candidates ? p->candidates : "1", .first_finger = p->finger ? (uint32_t)strtoul(p->finger, NULL, 10) : 0, .date = date};
    if (!p->dai || !p->ori) return ent_fail(err, ENT_USAGE, "a Prüm search needs --dai and --ori, as DE/BKA");
    ent_code code = ent_itl_pack_prum(&s, images, count, &out, err);
    return code == ENT_OK ? ent_disk_replace(p->out, out.data, out.len, 0600, err) : code;
}

static ent_code pack_all(const struct packing *p, char **images, int count, ent_err *err)
{
    ent_itl_writer *w = NULL;
    ENT_AUTO_BUF out = ENT_BUF(64 << 20);
    char date[16];
    today(date);
    ent_code code = ent_itl_writer_new(&w, err);
    if (code != ENT_OK) return code;
    put_first_records(w, p, date);
    uint32_t position = p->finger ? (uint32_t)strtoul(p->finger, NULL, 10) : 0;
    for (int i = 0; i < count && code == ENT_OK; i++) code = put_image(w, 14, i + 1, images[i], position ? position + (uint32_t)i : 0, date, err);
    if (code == ENT_OK && p->face) code = put_image(w, 10, count + 1, p->face, 0, date, err);
    if (code == ENT_OK) code = ent_itl_finish(w, into_buf, &out, err);
    if (code == ENT_OK) code = ent_disk_replace(p->out, out.data, out.len, 0600, err);
    ent_itl_writer_free(w);
    return code;
}

static int pack(ent_cli *cli, int argc, char **argv)
{
    struct packing p = {0};
    char tcn[40], date[16];
    uint8_t random[8];
    const ent_opt opts[] = {{.name = "-o", .value = &p.out, .hint = "FILE", .help = "the transaction"}, {.name = "--finger", .value = &p.finger, .hint = "N", .help = "position of the first image"},
                            {.name = "--face", .value = &p.face, .hint = "IMAGE", .help = "a photograph (Type-10)"}, {.name = "--name", .value = &p.name, .hint = "NAME", .help = "2.018"},
                            {.name = "--birth", .value = &p.birth, .hint = "DATE", .help = "2.022, as 19900131"}, {.name = "--nationality", .value = &p.nationality, .hint = "ABC", .help = "2.021, ISO 3166-1 alpha-3"},
                            {.name = "--sex", .value = &p.sex, .hint = "X", .help = "2.024"}, {.name = "--taken-under", .value = &p.under, .hint = "POWER", .help = "2.901"},
                            {.name = "--offence", .value = &p.offence, .hint = "LIST", .help = "2.902"}, {.name = "--taken", .value = &p.taken, .hint = "DATE", .help = "2.903"},
                            {.name = "--tcn", .value = &p.tcn, .hint = "TCN", .help = "1.009 (default: random)"}, {.name = "--ori", .value = &p.ori, .hint = "ORI", .help = "1.008"},
                            {.name = "--domain", .value = &p.domain, .hint = "NAME", .help = "entente (default) or prum"}, {.name = "--dai", .value = &p.dai, .hint = "DAI", .help = "1.007, as DE/BKA"},
                            {.name = "--tot", .value = &p.tot, .hint = "TOT", .help = "CPS (default) or PMS"}, {.name = "--case", .value = &p.case_number, .hint = "NUMBER", .help = "2.007 of Prüm"},
                            {.name = "--candidates", .value = &p.candidates, .hint = "N", .help = "2.320 of Prüm (default: 1)"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&pack_help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (!p.out || (n < 1 && !p.face)) return ent_cli_usage(&pack_help, "at least one image and -o are needed");
    ent_random source = ent_system_random();
    source.fill(source.self, random, sizeof random);
    snprintf(tcn, sizeof tcn, "E%02X%02X%02X%02X%02X%02X%02X%02X", random[0], random[1], random[2], random[3], random[4], random[5], random[6], random[7]);
    bool prum = p.domain && strcmp(p.domain, "prum") == 0;
    if (p.domain && !prum && strcmp(p.domain, "entente") != 0) return ent_cli_usage(&pack_help, "no domain \"%s\": entente or prum", p.domain);
    if (prum) {
        today(date);
        ent_itl_prum_tcn(date, (uint32_t)random[0] << 16 | (uint32_t)random[1] << 8 | random[2], tcn);
    }
    if (!p.tcn) p.tcn = tcn;
    code = prum ? pack_prum(&p, argv, n, &err) : pack_all(&p, argv, n, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"tcn\":\"%s\"}\n", p.tcn);
    else printf("%s: transaction %s with %d prints%s\n", p.out, p.tcn, n, p.face ? " and a face" : "");
    return 0;
}

int ent_cmd_itl(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", show, "records and fields"}, {"check", ent_cli_itl_check, "hold a transaction to the standard"}, {"xml", ent_cli_itl_xml, "to ANSI/NIST-ITL XML and back"}, {"extract", extract, "images to files"}, {"pack", pack, "a transaction from images"}, {0}};
    return ent_cli_group(cli, "itl", "ANSI/NIST-ITL transactions.", commands, argc, argv);
}
