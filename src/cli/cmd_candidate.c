#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/text.h"
#include "law/morphology.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- pictures as files ---- */

ent_code ent_cli_write_base64(const char *folder, const char *name, const char *text, ent_err *err)
{
    char path[PATH_MAX];
    size_t len = strlen(text), got = 0;
    uint8_t *bytes = malloc(len + 1);
    if (!bytes) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    bool good = ent_unbase64(text, len, bytes, len, &got) && snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path;
    ent_code code = good ? ent_disk_replace(path, bytes, got, 0600, err) : ent_fail(err, ENT_FORMAT, "the node gave a picture that cannot be read");
    if (code == ENT_OK) printf("%s\n", path);
    free(bytes);
    return code;
}

/* ---- candidate ---- */

static void print_cases(const json_t *out)
{
    size_t i;
    json_t *k;
    if (!json_array_size(json_object_get(out, "cases"))) printf("no cases\n");
    json_array_foreach(json_object_get(out, "cases"), i, k)
    {
        printf("%s  %-9s until %.16s", ent_cli_text(k, "case"), ent_cli_text(k, "state"), ent_cli_text(k, "until"));
        if (*ent_cli_text(k, "step")) printf("  your step: %s%s%s", ent_cli_text(k, "step"), *ent_cli_text(k, "own") ? ", " : "", ent_cli_text(k, "own"));
        if (*ent_cli_text(k, "reference"))
            printf("  %s %s, %lld of %lld concluded", json_is_true(json_object_get(k, "control")) ? "control" : "search", ent_cli_text(k, "reference"),
                   (long long)json_integer_value(json_object_get(k, "concluded")), (long long)json_integer_value(json_object_get(k, "examiners")));
        if (strcmp(ent_cli_text(k, "search"), ent_cli_text(k, "reference")) != 0 && !json_is_true(json_object_get(k, "control"))) printf(", a candidate of search %s", ent_cli_text(k, "search"));
        printf("%s%s\n", *ent_cli_text(k, "finding") ? "  " : "", ent_cli_text(k, "finding"));
    }
}

static int candidate_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "candidate list --as NAME", .about = "The cases: an examiner sees their own, and of no case whether it is a control; a custodian or auditor sees all.", .example = "entente candidate list --as x.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"case-list", {NULL}, "examiner, custodian or auditor", print_cases});
}

static ent_code write_pictures(const json_t *out, const char *folder, ent_err *err)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(out, "pictures"), i, p)
    {
        char name[64];
        snprintf(name, sizeof name, "%.16s-%zu-finger-%lld.png", ent_cli_text(p, "of"), i + 1, (long long)json_integer_value(json_object_get(p, "finger")));
        ent_code code = ent_cli_write_base64(folder, name, ent_cli_text(p, "png"), err);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}

/* The form that a face takes, to be filled in: a word for each feature. What is there already is the examiner's. */
static ent_code write_form(const json_t *out, const char *folder, ent_err *err)
{
    char path[PATH_MAX];
    static const char *const features[] = {
#define ENT_X(name) #name ": \n",
        ENT_FACE_FEATURES(ENT_X)
#undef ENT_X
    };
    ENT_AUTO_BUF text = ENT_BUF(4096);
    const json_t *k = json_object_get(out, "case");
    bool seen = strcmp(ent_cli_text(k, "step"), "analysis") == 0;
    if (!json_is_true(json_object_get(k, "face"))) return ENT_OK;
    if (snprintf(path, sizeof path, "%s/%s.form", folder, seen ? "analysis" : "conclusion") >= (int)sizeof path) return ent_fail(err, ENT_USAGE, "the folder's name is too long");
    if (access(path, F_OK) == 0) return ENT_OK;
    ent_buf_str(&text, ENT_FORM_FIRST_LINE "\n");
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) ent_buf_str(&text, features[i]);
    ENT_TRY(ent_disk_replace(path, text.data, text.len, 0600, err));
    printf("%s (each feature: %s)\n", path, seen ? "clear, limited or absent" : "same, explained, differs or not-comparable");
    return ENT_OK;
}

/* What is signed of a face: the form from its file, an empty line, the text. */
static ent_code with_form(const char *form, ent_form_step step, ent_bytes text, ent_buf *ret, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(1 << 16);
    if (form) {
        ENT_TRY(ent_cli_load(form, &file, err));
        size_t len = file.len;
        while (len && (file.data[len - 1] == '\n' || file.data[len - 1] == '\r')) len--;
        ENT_TRY(ent_form_check(file.data, len, step, NULL, err));
        ent_buf_put(ret, file.data, len);
        ent_buf_str(ret, "\n\n");
    }
    ent_buf_put(ret, text.data, text.len);
    return ent_buf_check(ret, err);
}

static int candidate_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "candidate show CASE [-d DIR] --as EXAMINER",
                                   .about = "The pictures for your step, as PNG files: the probe alone until your analysis is locked, then the candidate's prints\n"
                                            "beside it; of a face the form to be filled in besides. They are copies outside the node: destroy them with the case.",
                                   .example = "entente candidate show 0123456789abcdef0123456789abcdef -d case --as x.example"};
    const char *as = NULL, *folder = ".";
    const ent_opt opts[] = {{.name = "-d", .value = &folder, .hint = "DIR", .help = "where the pictures go (default: here)"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "the examiner"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the case");
    mkdir(folder, 0700);
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "case-open", json_pack("{s:s}", "case", argv[0]), NULL, 0, &out, &err);
    if (code == ENT_OK) code = write_pictures(out, folder, &err);
    if (code == ENT_OK) code = write_form(out, folder, &err);
    if (code == ENT_OK && !cli->json) printf("your step: %s\n", ent_cli_text(json_object_get(out, "case"), "step"));
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

static int candidate_analyse(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "candidate analyse CASE --suitable yes|no [--form FILE] [--marks FILE] --as EXAMINER",
                                   .about = "Locks your analysis of the probe with your signature; the candidate can be seen afterwards and the analysis not be changed.",
                                   .example = "entente candidate analyse 0123456789abcdef0123456789abcdef --suitable yes --marks marks.txt --as x.example"};
    const char *as = NULL, *suitable = "", *marks = NULL, *form = NULL;
    const ent_opt opts[] = {{.name = "--suitable", .value = &suitable, .hint = "yes|no", .help = "whether the probe allows a comparison"},
                            {.name = "--form", .value = &form, .hint = "FILE", .help = "of a face: the morphological form, as `candidate show` wrote it, filled in"},
                            {.name = "--marks", .value = &marks, .hint = "FILE", .help = "what you marked, as text; sealed with the probe"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the examiner"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    uint8_t id[ENT_ID_SIZE];
    char text[ENT_CASE_SIGNED];
    ENT_AUTO_BUF marked = ENT_BUF(1 << 20), body = ENT_BUF(1 << 20);
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !ent_id_parse(argv[0], id)) return ent_cli_usage(&h, "name the case: 32 hexadecimal digits");
    if (marks) code = ent_cli_load(marks, &marked, &err);
    if (code == ENT_OK) code = with_form(form, ENT_FORM_SEEN, ENT_BYTES(marked.data, marked.len), &body, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) {
        ent_case_analysis_text(id, strcmp(suitable, "yes") == 0, body.data ? body.data : (const uint8_t *)"", body.len, text);
        json_t *params = json_pack("{s:s,s:s,s:o}", "case", argv[0], "suitable", suitable, "signature", ent_cli_signature(s, text));
        code = ent_cli_act(s, "case-analyse", params, body.data, body.len, &out, &err);
    }
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) printf("analysis locked; compare with `entente candidate show %s`\n", argv[0]);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

/* What is concluded: a case of this node, or what a partner disclosed where the agreement wants the requester's examiners. */
typedef struct concluding {
    const char *what, *act;
    ent_code (*version)(ent_cli_session *s, const char *id, unsigned *ret, ent_err *err);
    void (*print)(const json_t *out, const char *finding);
} concluding;

static ent_code kept_version(ent_cli_session *s, const char *id, unsigned *ret, ent_err *err)
{
    json_t *out = NULL;
    ent_code code = ent_cli_act(s, "kept-version", json_pack("{s:s}", "disclosure", id), NULL, 0, &out, err);
    *ret = (unsigned)json_integer_value(json_object_get(out, "version"));
    json_decref(out);
    return code;
}

/* How often this examiner has concluded the case already. */
static ent_code case_version(ent_cli_session *s, const char *id, unsigned *ret, ent_err *err)
{
    json_t *out = NULL, *k;
    size_t i;
    ent_code code = ent_cli_act(s, "case-list", json_object(), NULL, 0, &out, err);
    *ret = 0;
    json_array_foreach(json_object_get(out, "cases"), i, k)
        if (strcmp(ent_cli_text(k, "case"), id) == 0) *ret = (unsigned)json_integer_value(json_object_get(k, "version"));
    json_decref(out);
    return code;
}

static void print_case_concluded(const json_t *out, const char *finding) { printf("concluded: %s; the case is %s\n", finding, ent_cli_text(json_object_get(out, "case"), "state")); }

static void print_kept_concluded(const json_t *out, const char *finding)
{
    long long concluded = json_integer_value(json_object_get(out, "concluded")), needed = json_integer_value(json_object_get(out, "examiners"));
    printf("concluded: %s; %lld of %lld examiners here have%s\n", finding, concluded, needed, concluded < needed ? "" : ", and the holder is told");
}

static int conclude(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, const concluding *c)
{
    const char *as = NULL, *reasons = NULL, *form = NULL;
    const ent_opt opts[] = {{.name = "--reasons", .value = &reasons, .hint = "TEXT", .help = "why"},
                            {.name = "--form", .value = &form, .hint = "FILE", .help = "of a face: the morphological form, as `candidate show` writes it, filled in"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "the examiner"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    uint8_t id[ENT_ID_SIZE];
    char text[ENT_CASE_SIGNED];
    unsigned version = 0;
    ENT_AUTO_BUF body = ENT_BUF(1 << 20);
    int n;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2 || !reasons || !ent_id_parse(argv[0], id)) return ent_cli_usage(h, "a number, a conclusion and --reasons are needed");
    ent_finding f = ent_finding_named(argv[1]);
    if (f == ENT_FINDING_COUNT) return ent_cli_usage(h, "a conclusion is identified, excluded, inconclusive or not-suitable");
    code = with_form(form, ENT_FORM_FOUND, ENT_BYTES(reasons, strlen(reasons)), &body, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = c->version(s, argv[0], &version, &err);
    if (code == ENT_OK) {
        ent_case_conclusion_text(id, f, version + 1, body.data ? body.data : (const uint8_t *)"", body.len, text);
        json_t *params = json_pack("{s:s,s:s,s:o}", c->what, argv[0], "finding", argv[1], "signature", ent_cli_signature(s, text));
        code = ent_cli_act(s, c->act, params, body.data, body.len, &out, &err);
    }
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) c->print(out, argv[1]);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

static int candidate_conclude(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "candidate conclude CASE identified|excluded|inconclusive|not-suitable --reasons TEXT [--form FILE] --as EXAMINER",
                                   .about = "Your conclusion, signed. Others conclude without seeing it; when enough have, the probe is destroyed and the partner told.\n"
                                            "Of a face the form says first how each feature compares, unless the probe is not suitable. Concluding again is a new\n"
                                            "version, while nothing was disclosed.",
                                   .example = "entente candidate conclude 0123456789abcdef0123456789abcdef excluded --reasons \"delta differs\" --as x.example"};
    return conclude(cli, argc, argv, &h, &(concluding){"case", "case-conclude", case_version, print_case_concluded});
}

static void print_rates(const json_t *out)
{
    size_t i;
    json_t *r;
    printf("%-32s %8s %8s %18s %8s %12s\n", "examiner", "cases", "controls", "wrongly identified", "excluded", "inconclusive");
    json_array_foreach(json_object_get(out, "examiners"), i, r)
        printf("%-32s %8lld %8lld %18lld %8lld %12lld\n", ent_cli_text(r, "name"), (long long)json_integer_value(json_object_get(r, "cases")), (long long)json_integer_value(json_object_get(r, "controls")),
               (long long)json_integer_value(json_object_get(r, "wrongly-identified")), (long long)json_integer_value(json_object_get(r, "excluded")), (long long)json_integer_value(json_object_get(r, "inconclusive")));
}

static int candidate_rates(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "candidate rates --as CUSTODIAN", .about = "How each examiner concluded the controls: pairs that do not match, mixed in without a mark.", .example = "entente candidate rates --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"case-rates", {NULL}, "custodian or auditor", print_rates});
}

int ent_cmd_candidate(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"list", candidate_list, "your cases"}, {"show", candidate_show, "pictures of your step"}, {"analyse", candidate_analyse, "lock your analysis of the probe"},
                                           {"conclude", candidate_conclude, "your conclusion, signed"}, {"rates", candidate_rates, "how controls were concluded"}, {0}};
    return ent_cli_group(cli, "candidate", "Examination of hits by persons, after ACE-V.", commands, argc, argv);
}

/* ---- disclose ---- */

static void print_fields(const json_t *list)
{
    size_t i;
    json_t *f;
    json_array_foreach(list, i, f) printf("%s%s", i ? ", " : "", json_string_value(f));
}

static void print_disclosed(const json_t *out)
{
    printf("disclosed to %s: ", ent_cli_text(out, "partner"));
    print_fields(json_object_get(out, "fields"));
    printf(" (%s), to be kept there until %s at most; ledger entry %lld\n%s\n", ent_cli_text(out, "clause"), ent_cli_text(out, "keep-until"), (long long)json_integer_value(json_object_get(out, "index")),
           json_is_true(json_object_get(out, "arrived")) ? "it has arrived, and its receipt is proven" : "the partner cannot be reached: it waits, and is sent each minute");
}

static void print_disclosures(const json_t *out)
{
    size_t i;
    json_t *d;
    if (!json_array_size(json_object_get(out, "disclosures"))) printf("nothing was disclosed\n");
    json_array_foreach(json_object_get(out, "disclosures"), i, d)
    {
        printf("%s  %.16s to %s%s%s: ", ent_cli_text(d, "disclosure"), ent_cli_text(d, "disclosed"), ent_cli_text(d, "partner"), *ent_cli_text(d, "on-behalf-of") ? " for " : "",
               ent_cli_text(d, "on-behalf-of"));
        print_fields(json_object_get(d, "fields"));
        if (!*ent_cli_text(d, "recalled")) printf("; %s, until %s\n", *ent_cli_text(d, "arrived") ? "kept there" : "waits for the partner", ent_cli_text(d, "keep-until"));
        else printf("; recalled %.16s (%s), %s\n", ent_cli_text(d, "recalled"), ent_cli_text(d, "recalled-for"), *ent_cli_text(d, "undertaken") ? "destroyed there, proven" : *ent_cli_text(d, "denied") ? "NO UNDERTAKING: the partner says that it keeps nothing of it, and proves no destruction" : "NO UNDERTAKING YET");
    }
}

/* ---- given on ---- */

static void print_onward(const json_t *out)
{
    size_t i;
    json_t *c;
    if (!json_array_size(json_object_get(out, "onward"))) printf("nothing was given on, and nothing waits\n");
    json_array_foreach(json_object_get(out, "onward"), i, c)
    {
        bool ours = json_is_true(json_object_get(c, "ours"));
        printf("%s  disclosure %s %s %s to %s, until %s: %s%s%.16s\n", ent_cli_text(c, "copy"), ent_cli_text(c, "disclosure"), ours ? "of" : "at", ent_cli_text(c, "partner"),
               ent_cli_text(c, "to"), ent_cli_text(c, "until"), strcmp(ent_cli_text(c, "state"), "recalled") ? ent_cli_text(c, "state") : "recalled, NO UNDERTAKING YET",
               *ent_cli_text(c, "undertaken") ? " " : "", ent_cli_text(c, "undertaken"));
    }
}

static void print_given(const json_t *out)
{
    const json_t *c = json_object_get(out, "given");
    const char *state = ent_cli_text(c, "state");
    printf("%s to %s: %s\n", ent_cli_text(c, "copy"), ent_cli_text(c, "to"), state);
    if (!strcmp(state, "asked")) printf("%s decides; when it has authorised it, give it on again\n", ent_cli_text(c, "partner"));
    if (!strcmp(state, "given")) printf("%s cannot be reached: it waits, and is sent each minute\n", ent_cli_text(c, "to"));
}

/* ---- undertakings ---- */

static ent_code write_undertaking(const json_t *out, const char *folder, ent_err *err)
{
    char path[PATH_MAX];
    const char *proof = ent_cli_text(out, "proof");
    if (snprintf(path, sizeof path, "%s/%.32s.tlog-proof", folder, ent_cli_text(out, "disclosure")) >= (int)sizeof path) return ent_fail(err, ENT_USAGE, "the folder's name is too long");
    ENT_TRY(ent_disk_replace(path, proof, strlen(proof), 0600, err));
    fprintf(stderr, "%s: destroyed by %s\n", path, ent_cli_text(out, "partner"));
    return ENT_OK;
}

/* Those that there are are written, also when others are missing. */
static int undertakings(const ent_cli *cli, const char *as, char **ids, int count, const char *folder)
{
    ent_cli_session *s = NULL;
    ent_err err = {0};
    int status = 0;
    ent_code code = ent_cli_begin(cli, as, &s, &err);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    mkdir(folder, 0700);
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *out = NULL;
        code = ent_cli_act(s, "disclosure-undertaking", json_pack("{s:s}", "disclosure", ids[i]), NULL, 0, &out, &err);
        if (code == ENT_OK) code = write_undertaking(out, folder, &err);
        if (code != ENT_OK) fprintf(stderr, "%s: %s: %s\n", ids[i], ent_code_text(code), err.detail);
        if (code != ENT_OK && !status) status = ent_code_exit(code);
        json_array_append_new(list, code == ENT_OK ? out : json_pack("{s:s,s:s}", "disclosure", ids[i], "error", ent_code_name(code)));
        if (code != ENT_OK) json_decref(out);
    }
    json_t *all = json_pack("{s:o}", "undertakings", list);
    if (cli->json) ent_cli_print_json(all);
    json_decref(all);
    ent_cli_end(s);
    return status;
}

int ent_cmd_disclose(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "disclose REFERENCE [--fields LIST] --as CUSTODIAN | disclose list --as CUSTODIAN | disclose undertakings DISCLOSURE… -o DIR --as CUSTODIAN | disclose onward [COPY authorise|refuse] --as CUSTODIAN",
                                   .about = "After the examiners that the agreement demands have identified: sends the fields that it grants, sealed to the requester's\n"
                                            "key, with the legal status of today. Who examined cannot disclose. `list` shows what was disclosed and what became of it;\n"
                                            "`undertakings` writes the partners' proofs that they destroyed it, one file each, as `entente verify --undertaking` takes them.\n"
                                            "`onward` lists what requesters want to give on, and gives this node's word on one of them.",
                                   .example = "entente disclose 0123456789abcdef0123456789abcdef --fields name,status --as c.example"};
    const char *as = NULL, *fields = "", *folder = NULL;
    const ent_opt opts[] = {{.name = "-o", .value = &folder, .hint = "DIR", .help = "where undertakings go"}, {.name = "--fields", .value = &fields, .hint = "LIST", .help = "only these, commas between (default: all that are granted)"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n && strcmp(argv[0], "undertakings") == 0) {
        if (n < 2 || !folder) return ent_cli_usage(&h, "name the disclosures (`disclose list`, or the proof of destruction, has their numbers) and -o");
        return undertakings(cli, as, argv + 1, n - 1, folder);
    }
    if (n == 3 && strcmp(argv[0], "onward") == 0) return ent_cli_simple(cli, as, "onward-decide", json_pack("{s:s,s:s}", "copy", argv[1], "word", argv[2]), NULL, print_given);
    if (n != 1) return ent_cli_usage(&h, "name the reference of the search");
    if (strcmp(argv[0], "onward") == 0) return ent_cli_simple(cli, as, "onward-list", json_object(), NULL, print_onward);
    if (strcmp(argv[0], "list") == 0) return ent_cli_simple(cli, as, "disclosure-list", json_object(), NULL, print_disclosures);
    return ent_cli_simple(cli, as, "disclose", json_pack("{s:s,s:s}", "reference", argv[0], "fields", fields), NULL, print_disclosed);
}

/* ---- received ---- */

static void print_received(const json_t *out)
{
    size_t i;
    json_t *k;
    if (!json_array_size(json_object_get(out, "received"))) printf("nothing is kept of partners\n");
    json_array_foreach(json_object_get(out, "received"), i, k)
        if (*ent_cli_text(k, "given-on-of"))
            printf("%s  of %s, given on by %s under %s, until %s\n", ent_cli_text(k, "disclosure"), ent_cli_text(k, "given-on-of"), ent_cli_text(k, "partner"), ent_cli_text(k, "agreement"), ent_cli_text(k, "until"));
        else
            printf("%s  search %s%s%s, from %s under %s, until %s\n", ent_cli_text(k, "disclosure"), ent_cli_text(k, "reference"), *ent_cli_text(k, "on-behalf-of") ? " for " : "",
               ent_cli_text(k, "on-behalf-of"), ent_cli_text(k, "partner"), ent_cli_text(k, "agreement"), ent_cli_text(k, "until"));
}

static int received_conclude(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "received conclude DISCLOSURE identified|excluded|inconclusive|not-suitable --reasons TEXT [--form FILE] --as EXAMINER",
                                   .about = "Where the agreement wants this node's examiners too: you compare what the partner disclosed on the hit (`received show -d`) with the\n"
                                            "traveller's prints, and conclude, signed. When as many as it asks for have, the partner gets the proofs from this ledger. Concluding again is\n"
                                            "a new version; one that does not identify calls back what was disclosed since.",
                                   .example = "entente received conclude 0123456789abcdef0123456789abcdef identified --reasons \"level 2 detail in agreement\" --as x.example"};
    return conclude(cli, argc, argv, &h, &(concluding){"disclosure", "kept-conclude", kept_version, print_kept_concluded});
}

static int received_give(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "received give DISCLOSURE PARTY --as CUSTODIAN",
                                   .about = "Gives what a partner disclosed on to a third party that the agreement names, sealed to its key; the ledger says that it left. Where the\n"
                                            "agreement demands the holder's word each time, the first call asks for it and the next, once it is authorised, gives. Never to a country\n"
                                            "that the traveller's claim of protection bars. A recall follows the copy. `received onward` lists what was given.",
                                   .example = "entente received give 0123456789abcdef0123456789abcdef fr.example --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"give-on", {"disclosure", "to"}, "custodian", print_given});
}

static int received_onward(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "received onward --as NAME", .about = "The copies that this node gave on to third parties, or asked to give on, and what became of them.", .example = "entente received onward --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"onward-list", {NULL}, "custodian or auditor", print_onward});
}

static int received_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "received list --as NAME", .about = "What partners disclosed and is still kept here.", .example = "entente received list --as o.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"kept-list", {NULL}, "officer, examiner or custodian", print_received});
}

static ent_code print_values(const json_t *out, const char *folder, ent_err *err)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(out, "values"), i, v)
    {
        char name[80];
        if (*ent_cli_text(v, "value")) {
            printf("%-18s %s\n", ent_cli_text(v, "field"), ent_cli_text(v, "value"));
            continue;
        }
        if (!folder) {
            printf("%-18s (an image; -d DIR writes it)\n", ent_cli_text(v, "field"));
            continue;
        }
        snprintf(name, sizeof name, "%.30s-%zu-finger-%lld.img", ent_cli_text(v, "field"), i + 1, (long long)json_integer_value(json_object_get(v, "finger")));
        ent_code code = ent_cli_write_base64(folder, name, ent_cli_text(v, "base64"), err);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}

static int received_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "received show DISCLOSURE [-d DIR] --as NAME", .about = "Opens one disclosure; the ledger says who opened it. -d writes its images.", .example = "entente received show 0123456789abcdef0123456789abcdef --as o.example"};
    const char *as = NULL, *folder = NULL;
    const ent_opt opts[] = {{.name = "-d", .value = &folder, .hint = "DIR", .help = "where images go"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "officer, examiner or custodian"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the disclosure");
    if (folder) mkdir(folder, 0700);
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "kept-open", json_pack("{s:s}", "disclosure", argv[0]), NULL, 0, &out, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) code = print_values(out, folder, &err);
    return ent_cli_finish(cli, s, code, &err, out, NULL);
}

int ent_cmd_received(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"list", received_list, "what is kept here"}, {"show", received_show, "open one"}, {"conclude", received_conclude, "your conclusion about one"}, {"give", received_give, "give one on to a third party"}, {"onward", received_onward, "what was given on"}, {0}};
    return ent_cli_group(cli, "received", "What partners disclosed to this node.", commands, argc, argv);
}
