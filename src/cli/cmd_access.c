/* What a person is told who asks what is held of them: a page that they can read, and JSON. */
#include "cli/act.h"
#include "cli/commands.h"

#include <string.h>

static void cell(FILE *f, const char *s)
{
    fputs("<td>", f);
    ent_cli_html_text(f, s);
    fputs("</td>", f);
}

static void held(FILE *f, const json_t *list)
{
    size_t i;
    json_t *p;
    fputs("<h2>What is held</h2><table><tr><th>what</th><th>taken on</th><th>arrested for</th><th>status</th><th>kept until</th><th>by which law</th></tr>\n", f);
    json_array_foreach(list, i, p)
    {
        fputs("<tr>", f);
        cell(f, ent_cli_text(p, "material"));
        cell(f, ent_cli_text(p, "taken"));
        cell(f, ent_cli_text(p, "offence"));
        cell(f, ent_cli_text(p, "status"));
        cell(f, json_is_true(json_object_get(p, "due")) ? "no longer lawful: it is being destroyed" : *ent_cli_text(p, "until") ? ent_cli_text(p, "until") : "no end; reviewed");
        cell(f, ent_cli_text(p, "clause"));
        fputs("</tr>\n", f);
    }
    fputs("</table>\n", f);
}

static void searched(FILE *f, const json_t *list)
{
    size_t i;
    json_t *s;
    fputs("<h2>Who searched and found it</h2>", f);
    if (!json_array_size(list)) fputs("<p>Nobody.</p>", f);
    else fputs("<table><tr><th>when</th><th>who</th><th>for what</th><th>examiners' conclusion</th></tr>\n", f);
    json_array_foreach(list, i, s)
    {
        fputs("<tr>", f);
        cell(f, ent_cli_text(s, "at"));
        cell(f, ent_cli_text(s, "by"));
        cell(f, ent_cli_text(s, "purpose"));
        cell(f, ent_cli_text(s, "outcome"));
        fputs("</tr>\n", f);
    }
    if (json_array_size(list)) fputs("</table>\n", f);
}

static void disclosed(FILE *f, const json_t *list)
{
    size_t i, k;
    json_t *d, *field;
    fputs("<h2>To whom it was disclosed</h2>", f);
    if (!json_array_size(list)) fputs("<p>To nobody.</p>", f);
    else fputs("<table><tr><th>when</th><th>to whom</th><th>what</th><th>kept there until</th></tr>\n", f);
    json_array_foreach(list, i, d)
    {
        fputs("<tr>", f);
        cell(f, ent_cli_text(d, "at"));
        cell(f, ent_cli_text(d, "to"));
        fputs("<td>", f);
        json_array_foreach(json_object_get(d, "fields"), k, field) fprintf(f, "%s%s", k ? ", " : "", json_string_value(field));
        fputs("</td>", f);
        if (*ent_cli_text(d, "recalled-for")) fprintf(f, "<td>called back: %s</td>", ent_cli_text(d, "recalled-for"));
        else cell(f, ent_cli_text(d, "keep-until"));
        fputs("</tr>\n", f);
    }
    if (json_array_size(list)) fputs("</table>\n", f);
}

static void page(FILE *f, const json_t *out)
{
    bool anything = json_array_size(json_object_get(out, "held")) || json_array_size(json_object_get(out, "disclosures"));
    fputs("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Your request</title>\n"
          "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse}"
          "th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #8888;vertical-align:top}</style>\n<h1>Your request for access</h1>\n", f);
    if (anything) {
        held(f, json_object_get(out, "held"));
        searched(f, json_object_get(out, "searches"));
        disclosed(f, json_object_get(out, "disclosures"));
    } else {
        fputs("<p>There is nothing that can be given to you. Either nothing is held, or what is held may not be disclosed; the law does not\n"
              "allow us to say which (Data Protection Act 2018 s. 45(5)).</p>\n", f);
    }
    fputs("<h2>If you disagree</h2><p>You may ask for a correction or for erasure (s. 46 and 47), complain to the Information Commissioner, who can check\n"
          "in your place whether a restriction is lawful (s. 51), or go to court (s. 167).</p>\n", f);
}

int ent_cmd_access(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "subject-access --ori ORI --tcn TCN | --document NUMBER | --print FILE [-o PAGE.html] --as CUSTODIAN",
                                   .about = "What a person who asks is told: what is held, since when, until when by which clause, who searched and to whom it was\n"
                                            "disclosed. A print is used for this search only. Nothing held and held but exempt give the same page at the same time.",
                                   .example = "entente subject-access --document P1234567 -o answer.html --as c.example"};
    const char *as = NULL, *ori = "", *tcn = "", *document = "", *print = NULL, *file = NULL;
    const ent_opt opts[] = {{.name = "--ori", .value = &ori, .hint = "ORI", .help = "of the custody reference: who took it"}, {.name = "--tcn", .value = &tcn, .hint = "TCN", .help = "and its number"},
                            {.name = "--document", .value = &document, .hint = "NUMBER", .help = "of a travel document"}, {.name = "--print", .value = &print, .hint = "FILE", .help = "the person's own print"},
                            {.name = "-o", .value = &file, .hint = "PAGE", .help = "where the page goes (default: standard output)"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    ENT_AUTO_BUF body = ENT_BUF(1);
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (print) code = ent_cli_load(print, &body, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "subject-access", json_pack("{s:s,s:s,s:s}", "ori", ori, "tcn", tcn, "document", document), body.data, body.len, &out, &err);
    FILE *f = code == ENT_OK && !cli->json ? file ? fopen(file, "w") : stdout : NULL;
    if (code == ENT_OK && !cli->json && !f) code = ent_fail(&err, ENT_IO, "%s cannot be written", file);
    if (f) page(f, out);
    if (f && file && fclose(f) != 0) code = ent_fail(&err, ENT_IO, "%s cannot be written", file);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}
