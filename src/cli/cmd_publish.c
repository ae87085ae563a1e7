/* `agreement publish`: what outsiders may read of the agreements of this node: each version's file byte for byte, its envelope with the
 * signatures, digests, states, and that there is a sealed annex and how large it is. */
#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/text.h"
#include "law/envelope.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static ent_code write_one(const char *folder, const char *name, const char *suffix, ent_bytes bytes, ent_err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix) >= (int)sizeof path) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_disk_replace(path, bytes.data, bytes.len, 0644, err);
}

static void add_line(ent_buf *page, const json_t *v, const char *name)
{
    static const char *const cells[] = {"name", "title", "state", "from", "until", "signed-by", "sha256"};
    ent_buf_str(page, "<tr>");
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        ent_buf_str(page, "<td>");
        bool stopped = i == 2 && *ent_cli_text(v, "why"); /* by whom, and when */
        ent_html_text(page, ent_cli_text(v, stopped ? "why" : cells[i]));
        if (i == 0) ent_buf_fmt(page, " %lld", (long long)json_integer_value(json_object_get(v, "version")));
        ent_buf_str(page, "</td>");
    }
    long long annex = json_integer_value(json_object_get(v, "annex-bytes"));
    if (annex) ent_buf_fmt(page, "<td>%lld bytes, sealed, SHA-256 %s</td>", annex, ent_cli_text(v, "annex-sha256"));
    else ent_buf_str(page, "<td>none</td>");
    ent_buf_fmt(page, "<td><a href=\"%s.yaml\">text</a> <a href=\"%s.envelope\">signatures</a></td></tr>\n", name, name);
}

/* A draft, and a version that not all have signed, is nobody's business yet. */
bool ent_cli_agreement_counts(const json_t *v)
{
    return json_is_true(json_object_get(v, "signed-by-all"));
}

static ent_code publish_one(const char *folder, const json_t *v, ent_buf *page, json_t *index, ent_err *err)
{
    char name[128];
    const char *text = ent_cli_text(v, "envelope");
    ent_envelope e;
    snprintf(name, sizeof name, "%s-v%lld", ent_cli_text(v, "name"), (long long)json_integer_value(json_object_get(v, "version")));
    ENT_TRY(ent_envelope_decode(text, strlen(text), &e, err));
    ent_code code = write_one(folder, name, ".yaml", ENT_BYTES(e.file, e.file_len), err);
    ent_envelope_free(&e);
    if (code == ENT_OK) code = write_one(folder, name, ".envelope", ENT_BYTES(text, strlen(text)), err);
    if (code != ENT_OK) return code;
    json_t *line = json_deep_copy(v);
    json_object_del(line, "envelope");
    json_array_append_new(index, line);
    add_line(page, v, name);
    return ENT_OK;
}

static ent_code publish(const ent_cli *cli, const char *folder, json_t *index, ent_err *err)
{
    ent_cli_session *s = NULL;
    json_t *out = NULL, *v;
    size_t i;
    ENT_AUTO_BUF page = ENT_BUF(1 << 22);
    ENT_TRY(ent_cli_begin(cli, NULL, &s, err));
    ent_code code = ent_cli_act(s, "agreement-versions", json_object(), "", 0, &out, err);
    mkdir(folder, 0755);
    ent_buf_str(&page, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Agreements</title>\n<h1>Agreements of this authority</h1>\n"
                       "<p>Each text is what the parties signed, byte for byte; its SHA-256 stands beside it and under every entry of their ledgers.</p>\n<table>\n"
                       "<tr><th>agreement, version<th>title<th>state<th>from<th>until<th>signed by<th>SHA-256<th>annex<th>files</tr>\n");
    json_array_foreach(json_object_get(out, "versions"), i, v)
        if (code == ENT_OK && ent_cli_agreement_counts(v)) code = publish_one(folder, v, &page, index, err);
    ent_buf_str(&page, "</table>\n");
    if (code == ENT_OK) code = ent_buf_check(&page, err);
    if (code == ENT_OK) code = write_one(folder, "index", ".html", ENT_BYTES(page.data, page.len), err);
    char *text = code == ENT_OK ? json_dumps(index, JSON_INDENT(1)) : NULL;
    if (text) code = write_one(folder, "index", ".json", ENT_BYTES(text, strlen(text)), err);
    free(text);
    json_decref(out);
    ent_cli_end(s);
    return code;
}

int ent_cli_agreement_publish(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement publish -d DIR",
                                   .about = "Writes what outsiders may read: text, digest and signatures of every version that is or was in force, with states, and a sealed annex as\n"
                                            "its size. index.html, index.json, NAME-vN.yaml, NAME-vN.envelope. Drafts are left out.",
                                   .example = "entente agreement publish -d /var/www/agreements"};
    const char *folder = NULL;
    const ent_opt opts[] = {{.name = "-d", .value = &folder, .hint = "DIR", .help = "where to"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n || !folder) return ent_cli_usage(&h, "-d DIR is needed, and nothing more");
    json_t *index = json_array();
    code = publish(cli, folder, index, &err);
    err.code = code;
    if (code == ENT_OK && cli->json) ent_cli_print_json(index);
    else if (code == ENT_OK) printf("%zu versions in %s\n", json_array_size(index), folder);
    json_decref(index);
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
