#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"

#include <stdlib.h>
#include <string.h>

/* ---- enrol ---- */

static const ent_cmd_help enrol_help = {
    .usage = "enrol FILE… --as CUSTODIAN [--taken-under POWER] [--offence LIST] [--taken DATE] [--finger NAME] [--person NAME] [--any-sequence] [--any-quality]",
    .about = "Takes ANSI/NIST-ITL transactions, or plain images of one finger. A file that is refused is named with its reason, the\n"
             "others go on; a transaction that was enrolled before is not enrolled twice. Slaps are taken apart into their fingers. A card\n"
             "whose plain and rolled prints contradict each other (fingers or hands in each other's place) is refused with what is odd;\n"
             "once somebody has looked, --any-sequence takes it as it is. A photograph below the node's least quality (face.least-quality in node.yaml) is refused\n"
             "with what would make it better; where no better one can be had, --any-quality takes it.",
    .example = "entente enrol arrests/*.an2 --taken-under ta-2000-s41 --offence terrorism-related --as c.example"};

struct options {
    const char *as, *under, *offence, *taken, *finger, *person;
    bool any_sequence, any_quality;
};

static ent_code enrol_one(ent_cli_session *s, const struct options *o, const char *path, json_t **ret, ent_err *err)
{
    ENT_AUTO_BUF body = ENT_BUF(1);
    ent_code code = ent_cli_load(path, &body, err);
    if (code != ENT_OK) return code;
    json_t *params = json_object();
    const char *const names[] = {"taken-under", "offence", "taken", "finger", "person"};
    const char *const values[] = {o->under, o->offence, o->taken, o->finger, o->person};
    for (size_t i = 0; i < 5; i++)
        if (values[i]) json_object_set_new(params, names[i], json_string(values[i]));
    if (o->any_sequence) json_object_set_new(params, "any-sequence", json_string("yes"));
    if (o->any_quality) json_object_set_new(params, "any-quality", json_string("yes"));
    return ent_cli_act(s, "enrol", params, body.data ? body.data : (const uint8_t *)"", body.len, ret, err);
}

int ent_cmd_enrol(ent_cli *cli, int argc, char **argv)
{
    struct options o = {0};
    const ent_opt opts[] = {{.name = "--as", .value = &o.as, .hint = "NAME", .help = "the custodian"},
                            {.name = "--taken-under", .value = &o.under, .hint = "POWER", .help = "the power of taking, as the regimes name it: pace, ta-2000-s41, …"},
                            {.name = "--offence", .value = &o.offence, .hint = "LIST", .help = "recordable, qualifying, terrorism-related, excluded, sexual-or-violent; commas between"},
                            {.name = "--taken", .value = &o.taken, .hint = "DATE", .help = "the day of taking (default: the transaction's)"},
                            {.name = "--finger", .value = &o.finger, .hint = "NAME", .help = "of a plain image: right-index, …"},
                            {.name = "--person", .value = &o.person, .hint = "NAME", .help = "of a plain image: whose it is"},
                            {.name = "--any-sequence", .flag = &o.any_sequence, .help = "take cards whose prints contradict each other: they were looked at"},
                            {.name = "--any-quality", .flag = &o.any_quality, .help = "take photographs of poor quality: no better ones can be had"}, {0}};
    ent_err err = {0};
    ent_cli_session *s = NULL;
    int n, worst = 0;
    size_t enrolled = 0, known = 0;
    ent_code code = ent_cli_options(&enrol_help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n < 1) return ent_cli_usage(&enrol_help, "name at least one file");
    code = ent_cli_begin(cli, o.as, &s, &err);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_t *out = NULL;
        code = enrol_one(s, &o, argv[i], &out, &err);
        if (code == ENT_OK) {
            enrolled++;
            json_object_set_new(out, "file", json_string(argv[i]));
            if (n == 1 && !cli->json)
                printf("enrolled as encounter %s, destroy by %s\n", ent_cli_text(out, "encounter"), ent_cli_text(json_array_get(json_object_get(out, "parts"), 0), "destroy-by"));
            if (!cli->json && *ent_cli_text(out, "face-advice"))
                printf("%s: photograph of quality %lld: %s\n", argv[i], (long long)json_integer_value(json_object_get(out, "face-quality")), ent_cli_text(out, "face-advice"));
            if (!cli->json && *ent_cli_text(out, "likely-same-person"))
                printf("%s: may be the person of encounter %s: look, then `entente record link %s %s`\n", argv[i], ent_cli_text(out, "likely-same-person"), ent_cli_text(out, "encounter"),
                       ent_cli_text(out, "likely-same-person"));
            json_array_append_new(list, out);
        } else if (code == ENT_EXISTS) {
            known++;
            json_array_append_new(list, json_pack("{s:s,s:s}", "file", argv[i], "known", err.detail));
        } else {
            fprintf(stderr, "%s: %s: %s%s\n", argv[i], ent_code_text(code), err.detail, code == ENT_CONFLICT ? "; look at it, then enrol it with --any-sequence" : code == ENT_QUALITY && strstr(err.detail, "this node asks for") ? "; where no better one can be had, --any-quality takes it" : "");
            json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "file", argv[i], "error", ent_code_name(code), "detail", err.detail));
            if (ent_code_exit(code) > worst) worst = ent_code_exit(code);
        }
        ent_cli_progress("enrolling", (size_t)i + 1, (size_t)n);
    }
    if (cli->json) {
        json_t *all = json_pack("{s:i,s:i,s:i,s:o}", "enrolled", (int)enrolled, "known", (int)known, "refused", n - (int)(enrolled + known), "files", list);
        ent_cli_print_json(all);
        json_decref(all);
    } else {
        if (n > 1 || known) printf("%zu enrolled, %zu known already, %zu refused\n", enrolled, known, (size_t)n - enrolled - known);
        json_decref(list);
    }
    ent_cli_end(s);
    return worst;
}

/* ---- destroy ---- */

static const char *proof_file; /* of the one command that this process runs */

static void keep_proof(const json_t *out)
{
    ent_err err = {0};
    char *text = json_dumps(json_object_get(out, "proof"), JSON_INDENT(1));
    if (!text || ent_disk_replace(proof_file, text, strlen(text), 0600, &err) != ENT_OK) fprintf(stderr, "entente: the proof was not written: %s\n", err.detail);
    else printf("proof in %s: keep it; the salts that open the commitments are nowhere else\n", proof_file);
    free(text);
}

static void print_destroyed(const json_t *out)
{
    if (proof_file) keep_proof(out);
    printf("destroyed: %lld parts; keys overwritten, rows gone, ledger entry %lld\n", (long long)json_integer_value(json_object_get(out, "parts")),
           (long long)json_integer_value(json_object_get(out, "index")));
}

int ent_cmd_destroy(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "destroy PART|ENCOUNTER --reason TEXT [--proof FILE] --as CUSTODIAN",
                                   .about = "Takes it out of the gallery at once, overwrites its keys, removes its rows and the stored answers that named it; the\n"
                                            "ledger says so. A resend of the same transaction is refused from then on.",
                                   .example = "entente destroy 0123456789abcdef0123456789abcdef --reason \"unlawful arrest\" --as c.example"};
    const char *as = NULL, *reason = NULL;
    const ent_opt opts[] = {{.name = "--reason", .value = &reason, .hint = "TEXT", .help = "why; only its commitment is kept"},
                            {.name = "--proof", .value = &proof_file, .hint = "FILE", .help = "what `entente verify` checks: both commitments opened, both receipts"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !reason) return ent_cli_usage(&h, "a part's or encounter's number and --reason are needed");
    return ent_cli_simple(cli, as, "destroy", json_pack("{s:s,s:s}", "id", argv[0], "reason", reason), NULL, print_destroyed);
}

/* ---- records and their dates ---- */

void ent_cli_print_part(const json_t *p)
{
    size_t i;
    json_t *w;
    printf("%s  %-11s taken %s under %-14s %s %s  (%s)%s\n", ent_cli_text(p, "part"), ent_cli_text(p, "material"), ent_cli_text(p, "taken"), ent_cli_text(p, "taken-under"),
           json_is_true(json_object_get(p, "due")) ? "DUE since" : "destroy by", *ent_cli_text(p, "destroy-by") ? ent_cli_text(p, "destroy-by") : "review", ent_cli_text(p, "clause"),
           json_is_true(json_object_get(p, "in-hold-store")) ? "  in the hold store" : json_is_true(json_object_get(p, "held")) ? "  held" : "");
    if (*ent_cli_text(p, "hold-review")) printf("    held; to be reviewed by %s\n", ent_cli_text(p, "hold-review"));
    if (*ent_cli_text(p, "not-before")) printf("    an event moved the date earlier: destroyed from %s on, unless two persons correct it\n", ent_cli_text(p, "not-before"));
    if (json_integer_value(json_object_get(p, "pending"))) printf("    waits for a second person: `entente approve list`\n");
    json_array_foreach(json_object_get(p, "powers"), i, w)
    {
        printf("    kept by %s until %s", ent_cli_text(w, "regime"), *ent_cli_text(w, "until") ? ent_cli_text(w, "until") : "no end");
        if (*ent_cli_text(w, "extension-decided-by")) printf("; extension by %s", ent_cli_text(w, "extension-decided-by"));
        if (*ent_cli_text(w, "apply-until")) printf(", applied for %s to %s", ent_cli_text(w, "apply-from"), ent_cli_text(w, "apply-until"));
        putchar('\n');
    }
}

void ent_cli_print_parts(const json_t *out)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(out, "parts"), i, p) ent_cli_print_part(p);
}

static void print_event(const json_t *out) { ent_cli_print_part(json_object_get(out, "part")); }

static int record_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "record show [PART|ENCOUNTER] --as CUSTODIAN", .about = "What is held, by which powers, until when, and who may extend it.", .example = "entente record show --as c.example"};
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "custodian or auditor"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, as, "record-list", n ? json_pack("{s:s}", "id", argv[0]) : json_object(), NULL, ent_cli_print_parts);
}

static int record_event(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "record event PART|ENCOUNTER EVENT --date DATE --as CUSTODIAN [--regime NAME --decided-by WHO --applied DATE] [--until DATE] [--document REF] [--months N]",
                                   .about = "Records what happened: charged, acquitted, convicted, no-further-action, extension, determination, hold, release,\n"
                                            "unlawful, mistaken-identity, … The dates that follow are shown; an extension that the law does not allow is refused.",
                                   .example = "entente record event 0123… extension --regime uk-terrorism-3y --decided-by district-judge --applied 2027-01-10 --date 2027-02-01 --as c.example"};
    const char *as = NULL, *date = NULL, *until = "", *regime = "", *decided = "", *applied = "", *document = "", *months = "";
    const ent_opt opts[] = {{.name = "--date", .value = &date, .hint = "DATE", .help = "the day on which it happened"}, {.name = "--until", .value = &until, .hint = "DATE", .help = "of an extension or hold"},
                            {.name = "--regime", .value = &regime, .hint = "NAME", .help = "of an extension or determination"},
                            {.name = "--decided-by", .value = &decided, .hint = "WHO", .help = "district-judge, sheriff, …"},
                            {.name = "--document", .value = &document, .hint = "REF", .help = "where the decision stands; sealed with the record"},
                            {.name = "--months", .value = &months, .hint = "N", .help = "of a custodial sentence"},
                            {.name = "--applied", .value = &applied, .hint = "DATE", .help = "the day of the written application"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2 || !date) return ent_cli_usage(&h, "a part, an event and --date are needed");
    json_t *params = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "id", argv[0], "event", argv[1], "date", date, "until", until, "regime", regime, "decided-by", decided, "applied", applied,
                               "document", document, "months", months);
    return ent_cli_simple(cli, as, "record-event", params, NULL, print_event);
}

/* An event that has a command of its own: the options that it needs are named. */
static int named_event(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, const char *event)
{
    const char *as = NULL, *date = NULL, *until = "", *document = "", *regime = "", *decided = "", *applied = "";
    bool extension = strcmp(event, "extension") == 0, hold = strcmp(event, "hold") == 0;
    const ent_opt opts[] = {{.name = "--date", .value = &date, .hint = "DATE", .help = "the day on which it was decided"},
                            {.name = "--document", .value = &document, .hint = "REF", .help = "where the decision stands; sealed with the record"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the custodian"},
                            {.name = hold ? "--review" : "--until", .value = &until, .hint = "DATE", .help = hold ? "when somebody looks at it again" : "what the decision says; the most that the law allows when not named"},
                            {.name = "--regime", .value = &regime, .hint = "NAME", .help = "whose period is extended"},
                            {.name = "--decided-by", .value = &decided, .hint = "WHO", .help = "district-judge, sheriff, …"},
                            {.name = "--applied", .value = &applied, .hint = "DATE", .help = "the day of the written application"}, {0}};
    ent_opt some[8] = {opts[0], opts[1], opts[2]};
    for (size_t i = 3; i < (extension ? 7 : hold ? 4 : 3); i++) some[i] = opts[i];
    int n;
    ent_code code = ent_cli_options(h, some, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !date) return ent_cli_usage(h, "a part or encounter and --date are needed");
    if (hold && !*until) return ent_cli_usage(h, "a hold needs --review: the day on which somebody looks at it again");
    if (extension && (!*regime || !*decided)) return ent_cli_usage(h, "an extension needs --regime and --decided-by");
    return ent_cli_simple(cli, as, "record-event", json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "id", argv[0], "event", event, "date", date, "until", until, "regime", regime, "decided-by", decided,
                                                             "applied", applied, "document", document), NULL, print_event);
}

static int record_hold(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record hold PART|ENCOUNTER --date DATE --review DATE [--document REF] --as CUSTODIAN",
                                   "Suspends destruction for disclosure duties, litigation or a complaint, and nothing else: once no power keeps the record it leaves every\n"
                                   "gallery, and two custodians open it (`entente hold open`).", "entente record hold 0123… --date 2026-03-10 --review 2026-09-10 --document \"R v Exempla\" --as c.example"};
    return named_event(cli, argc, argv, &h, "hold");
}

static int record_release(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record release PART|ENCOUNTER --date DATE --as CUSTODIAN", "Ends a hold: what no power keeps is destroyed within the hour.", "entente record release 0123… --date 2026-09-10 --as c.example"};
    return named_event(cli, argc, argv, &h, "release");
}

static int record_extend(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record extend PART|ENCOUNTER --regime NAME --decided-by WHO --applied DATE --date DATE [--until DATE] [--document REF] --as CUSTODIAN",
                                   "Records an extension that was decided; it counts when a second custodian has approved (`entente approve`). Refused with its clause: one too\n"
                                   "many, applied for outside its window, decided after the date or by another than the law names.",
                                   "entente record extend 0123… --regime uk-terrorism-3y --decided-by district-judge --applied 2029-01-10 --date 2029-02-01 --as c.example"};
    return named_event(cli, argc, argv, &h, "extension");
}

/* ---- what happened, corrections, second persons ---- */

static void print_events(const json_t *out)
{
    size_t i;
    json_t *e;
    if (!json_array_size(json_object_get(out, "events"))) printf("no events\n");
    json_array_foreach(json_object_get(out, "events"), i, e)
    {
        printf("%s %-11s %2lld  %s  %s", ent_cli_text(e, "part"), ent_cli_text(e, "material"), (long long)json_integer_value(json_object_get(e, "number")), ent_cli_text(e, "date"), ent_cli_text(e, "event"));
        if (*ent_cli_text(e, "decided-by")) printf(" by %s under %s", ent_cli_text(e, "decided-by"), ent_cli_text(e, "regime"));
        if (*ent_cli_text(e, "document")) printf(" (%s)", ent_cli_text(e, "document"));
        printf("  %s\n", ent_cli_text(e, "state"));
    }
}

static void print_linked(const json_t *out) { printf("linked; the dates of both were worked out anew: `entente record show %s`\n", ent_cli_text(out, "linked")); }
static void print_unlinked(const json_t *out) { printf("unlinked; the dates of all were worked out anew: `entente record show %s`\n", ent_cli_text(out, "unlinked")); }

static int record_events(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record events PART|ENCOUNTER --as CUSTODIAN", "Every event of it, with its number and whether it counts.", "entente record events 0123… --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"event-list", {"id", NULL}, "the custodian", print_events});
}

static int record_correct(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record correct PART NUMBER --as CUSTODIAN", "Proposes that an event be corrected: it counts for nothing once a second person has approved (`entente approve`).",
                                   "entente record correct 0123… 2 --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"event-correct", {"id", "number"}, "the custodian", print_event});
}

static int record_link(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record link ENCOUNTER OTHER --as CUSTODIAN", "Says that two encounters are of one person: what the law makes of one counts for the other. Never done by a score.",
                                   "entente record link 0123… 4567… --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"record-link", {"encounter", "other"}, "the custodian", print_linked});
}

static int record_unlink(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {"record unlink ENCOUNTER --as CUSTODIAN", "Undoes a link: the encounter stands alone again.", "entente record unlink 0123… --as c.example"};
    return ent_cli_operands(cli, argc, argv, &h, &(ent_operands){"record-unlink", {"encounter", NULL}, "the custodian", print_unlinked});
}

int ent_cmd_record(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", record_show, "what is held, until when, by which clause"}, {"event", record_event, "record what happened"}, {"events", record_events, "what was recorded"},
                                           {"hold", record_hold, "suspend destruction"}, {"release", record_release, "end a hold"}, {"extend", record_extend, "record an extension"},
                                           {"correct", record_correct, "propose that an event be corrected"}, {"link", record_link, "encounters of one person"}, {"unlink", record_unlink, "undo a link"}, {0}};
    return ent_cli_group(cli, "record", "The records and the law that keeps them.", commands, argc, argv);
}


/* ---- approve ---- */

int ent_cmd_approve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "approve list --as CUSTODIAN | approve PART NUMBER [--reject] --as CUSTODIAN",
                                   .about = "The second person's word on what another proposed: an extension, a correction, an unlawful taking. Nobody approves their own\n"
                                            "act. --reject drops the proposal.",
                                   .example = "entente approve 0123… 0 --as d.example"};
    const char *as = NULL;
    bool reject = false;
    const ent_opt opts[] = {{.name = "--reject", .flag = &reject, .help = "drop it"}, {.name = "--as", .value = &as, .hint = "NAME", .help = "another custodian than who proposed"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n == 1 && strcmp(argv[0], "list") == 0) return ent_cli_simple(cli, as, "event-list", json_object(), NULL, print_events);
    if (n != 2) return ent_cli_usage(&h, "a part and the event's number are needed (`entente approve list`)");
    return ent_cli_simple(cli, as, "event-approve", json_pack("{s:s,s:s,s:s}", "id", argv[0], "number", argv[1], "agree", reject ? "no" : "yes"), NULL, print_event);
}
