#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/cursor.h"

typedef struct told {
    size_t remarks, lost;
} told;

/* Into XML or out of it, as the file is; what is to be said of it is told. */
static ent_code turn(const ent_cli *cli, bool lenient, const ent_buf *in, ent_buf *answer, ent_cursor *ret_out, told *ret_told, ent_err *err)
{
    json_t *said = NULL;
    ENT_TRY(ent_cli_ask(cli, "itl-xml", lenient ? "lenient" : "", in, answer, err));
    ent_cursor c = ENT_CURSOR(answer->data, answer->len);
    size_t n = ent_cursor_u32(&c);
    const uint8_t *text = ent_cursor_take(&c, n);
    ENT_TRY(ent_cli_answer_json(text, text ? n : 0, &said, err));
    const json_t *lines = json_object_get(said, "remarks");
    *ret_told = (told){json_array_size(lines), (size_t)json_integer_value(json_object_get(said, "lost"))};
    for (size_t i = 0; i < ret_told->remarks; i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        fprintf(stderr, "remark: %s\n", line ? line : "");
    }
    if (ret_told->lost) fprintf(stderr, "%zu left out\n", ret_told->lost);
    json_decref(said);
    *ret_out = c;
    return ENT_OK;
}

int ent_cli_itl_xml(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "itl xml FILE [-o OUT] [--lenient]",
                                   .about = "A transaction as ANSI/NIST-ITL XML in INTERPOL's form (INT-I 6.0), or such XML as a transaction in the traditional encoding. Fields that have no\n"
                                            "element are kept inside a Type-2 record (of the document's own where the transaction has none), so that they come back. What is not read is told;\n"
                                            "exit 1 when a record was left out (the rest is written).",
                                   .example = "entente itl xml arrest.an2 -o arrest.xml"};
    const char *path = NULL;
    bool lenient = false;
    const ent_opt opts[] = {{.name = "-o", .value = &path, .hint = "OUT", .help = "where it goes (default: standard output)"},
                            {.name = "--lenient", .flag = &lenient, .help = "read a transaction on past what is wrong, and tell it"},
                            {0}};
    ent_err err = {0};
    ENT_AUTO_BUF in = ENT_BUF(1);
    ENT_AUTO_BUF answer = ENT_BUF(1);
    ent_cursor out = {0};
    told said = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one file");
    code = ent_cli_load(argv[0], &in, &err);
    if (code == ENT_OK) {
        code = turn(cli, lenient, &in, &answer, &out, &said, &err);
        if (code != ENT_OK) code = ent_context(&err, code, "%s", argv[0]);
    }
    const uint8_t *first = out.data + out.at;
    size_t len = ent_cursor_left(&out);
    if (code == ENT_OK && path) code = ent_disk_replace(path, first, len, 0644, &err);
    if (code == ENT_OK && !path) fwrite(first, 1, len, stdout);
    if (code == ENT_OK && path && cli->json) printf("{\"bytes\":%zu,\"remarks\":%zu,\"left-out\":%zu}\n", len, said.remarks, said.lost);
    err.code = code;
    return code != ENT_OK ? ent_cli_error(cli, &err) : said.lost ? 1 : 0;
}
