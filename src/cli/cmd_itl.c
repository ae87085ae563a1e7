#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "cli/itl_prum.h"
#include "cli/outside.h"
#include "entente/itl.h"
#include "image/image.h"
#include "itl/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void print_forgiven(const json_t *lines)
{
    for (size_t i = 0; i < json_array_size(lines); i++) fprintf(stderr, "forgiven: %s\n", json_string_value(json_array_get(lines, i)));
}

/* ---- show ---- */

/* The standard's name of a field "14.013", by the latest edition; "" when it has none. */
static const char *name_of(const char *number)
{
    char *dot;
    const ent_itl_record_rule *rules = ent_itl_rules_of((unsigned)strtoul(number, &dot, 10));
    const ent_itl_field_rule *rule = rules && *dot == '.' ? ent_itl_field_rule_of(rules, (uint32_t)strtoul(dot + 1, NULL, 10), ED15) : NULL;
    return rule && rule->item_count ? rule->name : "";
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

static void print_all(const ent_cli *cli, const json_t *out)
{
    const json_t *all = json_object_get(out, "records");
    if (cli->json) ent_cli_print_json(out);
    else {
        const json_t *encoding = json_object_get(out, "encoding-not-read");
        print_forgiven(json_object_get(out, "forgiven"));
        if (encoding) fprintf(stderr, "the text is in \"%s\" (1.015), which is not read: \ufffd stands for what is past 7 bits\n", json_string_value(encoding));
        for (size_t i = 0; i < json_array_size(all); i++) print_record(json_array_get(all, i), i);
    }
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
    json_t *out = NULL;
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one file");
    code = ent_cli_load(argv[0], &bytes, &err);
    if (code == ENT_OK) code = ent_cli_ask_json(cli, "itl-show", lenient ? "lenient" : "", &bytes, &out, &err);
    if (code != ENT_OK) code = ent_context(&err, code, "%s", argv[0]);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    print_all(cli, out);
    json_decref(out);
    return 0;
}

/* ---- extract ---- */

static ent_code write_images(const ent_cli *cli, ent_cursor *c, const char *folder, int *ret_written, ent_err *err)
{
    static const char *const endings[] = ENT_CLI_ENDINGS;
    while (ent_cursor_left(c)) {
        char path[PATH_MAX];
        uint32_t place = ent_cursor_u32(c);
        uint8_t type = ent_cursor_u8(c);
        int idc = (int)ent_cursor_u32(c);
        uint8_t ending = ent_cursor_u8(c);
        size_t len = ent_cursor_u32(c);
        const uint8_t *image = ent_cursor_take(c, len);
        if (!ent_cursor_ok(c) || ending >= sizeof endings / sizeof endings[0]) return ent_fail(err, ENT_SANDBOX, "what came from the decoder are no images");
        snprintf(path, sizeof path, "%s/%02u-type%u-idc%02d.%s", folder, place, type, idc, endings[ending]);
        ENT_TRY(ent_disk_replace(path, image, len, 0644, err));
        if (!cli->json) printf("%s\n", path);
        ++*ret_written;
    }
    return ENT_OK;
}

/* Asks for the images; leaves c at the first of them. */
static ent_code ask_images(const ent_cli *cli, const char *path, bool lenient, ent_buf *answer, ent_cursor *ret_images, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    json_t *lines = NULL;
    ENT_TRY(ent_cli_load(path, &bytes, err));
    ENT_TRY(ent_cli_ask(cli, "itl-images", lenient ? "lenient" : "", &bytes, answer, err));
    ent_cursor c = ENT_CURSOR(answer->data, answer->len);
    size_t n = ent_cursor_u32(&c);
    const uint8_t *text = ent_cursor_take(&c, n);
    ENT_TRY(ent_cli_answer_json(text, text ? n : 0, &lines, err));
    print_forgiven(lines);
    json_decref(lines);
    *ret_images = c;
    return ENT_OK;
}

static int extract(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "itl extract FILE -d DIR [--lenient]", .about = "Writes each image of a transaction to a file, byte for byte.", .example = "entente itl extract arrest.an2 -d images"};
    const char *folder = NULL;
    bool lenient = false;
    const ent_opt opts[] = {{.name = "-d", .value = &folder, .hint = "DIR", .help = "where they go"},
                            {.name = "--lenient", .flag = &lenient, .help = "read on past what is wrong, and tell it"}, {0}};
    ent_err err = {0};
    ENT_AUTO_BUF answer = ENT_BUF(1);
    ent_cursor images = {0};
    int n, written = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !folder) return ent_cli_usage(&h, "a file and -d are needed");
    code = ask_images(cli, argv[0], lenient, &answer, &images, &err);
    if (code != ENT_OK) code = ent_context(&err, code, "%s", argv[0]);
    if (code == ENT_OK && mkdir(folder, 0755) != 0 && errno != EEXIST) code = ent_fail(&err, ENT_IO, "%s: %s", folder, strerror(errno));
    if (code == ENT_OK) code = write_images(cli, &images, folder, &written, &err);
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
    const ent_cli *cli;
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

static ent_code put_image(const ent_cli *cli, ent_itl_writer *w, uint8_t type, int idc, const char *path, uint32_t position, const char *date, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image;
    ent_code code = ent_cli_load(path, &bytes, err);
    if (code == ENT_OK) code = ent_cli_ask_image(cli, &bytes, &image, err);
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
    const ent_prum_search s = {.cli = p->cli, .tot = p->tot ? p->tot : "CPS", .dai = p->dai, .ori = p->ori, .tcn = p->tcn, .case_number = p->case_number ? p->case_number : "0",
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
    for (int i = 0; i < count && code == ENT_OK; i++) code = put_image(p->cli, w, 14, i + 1, images[i], position ? position + (uint32_t)i : 0, date, err);
    if (code == ENT_OK && p->face) code = put_image(p->cli, w, 10, count + 1, p->face, 0, date, err);
    if (code == ENT_OK) code = ent_itl_finish(w, ent_buf_sink, &out, err);
    if (code == ENT_OK) code = ent_disk_replace(p->out, out.data, out.len, 0600, err);
    ent_itl_writer_free(w);
    return code;
}

/* Fingers of one image each in order, 1 to 10, or one image of several: a slap (13 to 15) or one of table 8's pairs and triples (40 to 50). */
static bool positions_fit(const char *first, int count)
{
    char *end;
    if (!first) return true;
    unsigned long v = strtoul(first, &end, 10);
    if (*end || end == first || *first == '-') return false;
    if (v >= 1 && v <= 10) return v + (unsigned long)count <= 11;
    return count == 1 && (v == 0 || (v >= 13 && v <= 15) || (v >= 40 && v <= 50));
}

static int pack(ent_cli *cli, int argc, char **argv)
{
    struct packing p = {.cli = cli};
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
    if (!positions_fit(p.finger, n)) return ent_cli_usage(&pack_help, "--finger %s with %d images: positions are 1 to 10, or for one image 13 to 15 or 40 to 50", p.finger, n);
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
    else printf("%s: transaction %s with %d print%s%s\n", p.out, p.tcn, n, n == 1 ? "" : "s", p.face ? " and a face" : "");
    return 0;
}

int ent_cmd_itl(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", show, "records and fields"}, {"check", ent_cli_itl_check, "hold a transaction to the standard"}, {"xml", ent_cli_itl_xml, "to ANSI/NIST-ITL XML and back"}, {"extract", extract, "images to files"}, {"pack", pack, "a transaction from images"}, {0}};
    return ent_cli_group(cli, "itl", "ANSI/NIST-ITL transactions.", commands, argc, argv);
}
