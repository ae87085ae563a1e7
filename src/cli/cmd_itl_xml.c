#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "adapter/xml/itl_xml.h"

#include <string.h>

static void remark(void *ctx, const ent_itl_fault *f)
{
    size_t *count = ctx;
    ++*count;
    if (f->field) fprintf(stderr, "remark: record %zu, %u.%03u: %s\n", f->record, f->type, f->field, f->text);
    else fprintf(stderr, "remark: record %zu, Type-%u: %s\n", f->record, f->type, f->text);
}

static bool is_xml(const ent_buf *b)
{
    size_t at = b->len >= 3 && memcmp(b->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < b->len && strchr(" \t\r\n", b->data[at]) && b->data[at]) at++;
    return at < b->len && b->data[at] == '<';
}

/* Into XML or out of it, as the file is. */
static ent_code turn(const ent_buf *in, bool from_xml, ent_buf *out, size_t *ret_remarks, ent_err *err)
{
    const ent_itl_sink sink = {remark, ret_remarks};
    ent_itl *t = NULL;
    if (from_xml) return ent_itl_xml_read(in->data, in->len, out, err);
    ent_code code = ent_itl_parse(in->data ? in->data : (const uint8_t *)"", in->len, &t, err);
    if (code == ENT_OK) code = ent_itl_xml_write(t, &sink, out, err);
    ent_itl_free(t);
    return code;
}

int ent_cli_itl_xml(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "itl xml FILE [-o OUT]",
                                   .about = "A transaction as ANSI/NIST-ITL XML in INTERPOL's form (INT-I 6.0), or such XML as a transaction in the traditional encoding. Fields that have no\n"
                                            "element are kept inside the Type-2 record, so that they come back.",
                                   .example = "entente itl xml arrest.an2 -o arrest.xml"};
    const char *path = NULL;
    const ent_opt opts[] = {{.name = "-o", .value = &path, .hint = "OUT", .help = "where it goes (default: standard output)"}, {0}};
    ent_err err = {0};
    ENT_AUTO_BUF in = ENT_BUF(1);
    ENT_AUTO_BUF out = ENT_BUF(256 << 20);
    size_t remarks = 0;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one file");
    code = ent_cli_load(argv[0], &in, &err);
    if (code == ENT_OK) {
        code = turn(&in, is_xml(&in), &out, &remarks, &err);
        if (code != ENT_OK) code = ent_context(&err, code, "%s", argv[0]);
    }
    if (code == ENT_OK && path) code = ent_disk_replace(path, out.data, out.len, 0644, &err);
    if (code == ENT_OK && !path) fwrite(out.data, 1, out.len, stdout);
    if (code == ENT_OK && path && cli->json) printf("{\"bytes\":%zu,\"remarks\":%zu}\n", out.len, remarks);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
