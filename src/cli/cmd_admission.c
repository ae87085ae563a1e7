/* Admission: `programme` (what admits, and whose nationals), `admit` (what it says of a traveller; the officer's decision), `stays`. */
#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/commands.h"
#include "crypto/hash.h"
#include "law/programme.h"

#include <string.h>

/* ---- programme ---- */

static void print_event(const json_t *e)
{
    bool approved = json_is_object(json_object_get(e, "approved"));
    printf("%s  %-9s %s %s from %s, decided by %s (%s), %s\n", ent_cli_text(e, "id"), ent_cli_text(e, "event"), ent_cli_text(e, "programme"), ent_cli_text(e, "country"),
           ent_cli_text(e, "effective"), ent_cli_text(e, "decider"), ent_cli_text(e, "clause"), approved ? "signed by two" : "waits for a second custodian (`entente programme approve`)");
}

static void print_events(const json_t *out)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(out, "events"), i, e) print_event(e);
    if (!json_array_size(json_object_get(out, "events"))) puts("no programme is here");
}

typedef struct words {
    const char *effective, *decider, *clause, *leave_by, *under_way, *as;
} words;

static ent_code fill_date(const char *text, const char *option, ent_date *ret, ent_err *err)
{
    if (!*text || ent_date_parse(text, ret)) return ENT_OK;
    return ent_fail(err, ENT_USAGE, "%s is a date as 2026-03-10, not \"%s\"", option, text);
}

static ent_code fill_event(const words *w, ent_programme_event *e, ent_err *err)
{
    if (!*w->effective || !*w->decider || !*w->clause) return ent_fail(err, ENT_USAGE, "say --effective DATE, --decider WHO and --clause TEXT");
    if (strlen(w->decider) >= sizeof e->decider || strlen(w->clause) >= sizeof e->clause)
        return ent_fail(err, ENT_USAGE, "--decider has at most %zu characters, --clause %zu", sizeof e->decider - 1, sizeof e->clause - 1);
    snprintf(e->decider, sizeof e->decider, "%s", w->decider);
    snprintf(e->clause, sizeof e->clause, "%s", w->clause);
    ENT_TRY(fill_date(w->effective, "--effective", &e->effective, err));
    ENT_TRY(fill_date(w->leave_by, "--inside-leave-by", &e->leave_by, err));
    return fill_date(w->under_way, "--under-way-until", &e->admitted_until, err);
}

static ent_code name_of_file(const ent_buf *file, const char *path, ent_programme_event *e, ent_err *err)
{
    ent_doc *doc;
    ent_programme p;
    ENT_TRY(ent_yaml_read(file->data, file->len, path, &doc, err));
    ent_code code = ent_programme_read(doc, &p, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return ent_context(err, code, "%s", path);
    snprintf(e->programme, sizeof e->programme, "%s", p.name);
    ent_sha256(file->data, file->len, e->digest);
    return ENT_OK;
}

static int propose(ent_cli *cli, const words *w, ent_programme_event *e, const char *file)
{
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    ENT_AUTO_BUF body = ENT_BUF(1);
    char text[ENT_PROGRAMME_SIGNED];
    ent_code code = file ? ent_cli_load(file, &body, &err) : ENT_OK;
    if (code == ENT_OK && file) code = name_of_file(&body, file, e, &err);
    if (code == ENT_OK) code = fill_event(w, e, &err);
    if (code == ENT_OK) code = ent_cli_begin(cli, w->as, &s, &err);
    if (code == ENT_OK && !w->as) code = ent_fail(&err, ENT_DENIED, "a custodian proposes: use --as NAME");
    if (code == ENT_OK) {
        ent_programme_event_text(e, text);
        json_t *params = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "event", ent_programme_event_word(e->kind), "programme", e->programme, "country", e->country,
                                   "effective", w->effective, "decider", e->decider, "clause", e->clause, "inside-leave-by", w->leave_by,
                                   "under-way-admitted-until", w->under_way, "signature", ent_cli_signature(s, text));
        code = ent_cli_act(s, "programme-propose", params, body.data ? body.data : (const uint8_t *)"", body.len, &out, &err);
    }
    return ent_cli_finish(cli, s, code, &err, out, print_event);
}

static int programme_change(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, ent_programme_event_kind kind)
{
    words w = {"", "", "", "", "", NULL};
    const ent_opt opts[] = {{.name = "--effective", .value = &w.effective, .hint = "DATE", .help = "the day on which it takes effect"},
                            {.name = "--decider", .value = &w.decider, .hint = "WHO", .help = "who decided it"},
                            {.name = "--clause", .value = &w.clause, .hint = "TEXT", .help = "what it rests on"},
                            {.name = "--as", .value = &w.as, .hint = "NAME", .help = "a custodian; another one approves"},
                            {.name = "--inside-leave-by", .value = &w.leave_by, .hint = "DATE", .help = "of an end: those inside leave by this day; without it as granted"},
                            {.name = "--under-way-until", .value = &w.under_way, .hint = "DATE", .help = "of an end: who set out before is admitted until this day"}, {0}};
    ent_programme_event e = {.kind = kind};
    int n;
    ent_code code = ent_cli_options(h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (kind == ENT_PROGRAMME_EVENT_PROGRAMME) return n == 1 ? propose(cli, &w, &e, argv[0]) : ent_cli_usage(h, "name the file");
    if (n != 2 || strlen(argv[0]) >= sizeof e.programme || strlen(argv[1]) != 3) return ent_cli_usage(h, "name the programme and the country (three letters)");
    snprintf(e.programme, sizeof e.programme, "%s", argv[0]);
    snprintf(e.country, sizeof e.country, "%s", argv[1]);
    return propose(cli, &w, &e, NULL);
}

static int programme_add(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "programme add FILE --effective DATE --decider WHO --clause TEXT --as CUSTODIAN",
                                   .about = "Proposes a programme, or a new version of it, with your signature; it counts when another custodian has approved it.",
                                   .example = "entente programme add us-visa-waiver.yaml --effective 2026-01-01 --decider 'The Secretary' --clause 'INA s. 217' --as c.example"};
    return programme_change(cli, argc, argv, &h, ENT_PROGRAMME_EVENT_PROGRAMME);
}

static int programme_designate(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "programme designate PROGRAMME COUNTRY --effective DATE --decider WHO --clause TEXT --as CUSTODIAN",
                                   .about = "Proposes that a country's nationals are in the programme from a day on.",
                                   .example = "entente programme designate us-visa-waiver NZL --effective 2026-04-01 --decider 'The Secretary' --clause 'INA s. 217(c)' --as c.example"};
    return programme_change(cli, argc, argv, &h, ENT_PROGRAMME_EVENT_DESIGNATE);
}

static int programme_end(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "programme end PROGRAMME COUNTRY --effective DATE --decider WHO --clause TEXT --as CUSTODIAN",
                                   .about = "Proposes that a country's nationals are in the programme no longer, and what becomes of those inside and under way.",
                                   .example = "entente programme end us-visa-waiver NZL --effective 2026-06-01 --under-way-until 2026-06-03 --decider 'The Secretary' "
                                              "--clause 'INA s. 217(d)' --as c.example"};
    return programme_change(cli, argc, argv, &h, ENT_PROGRAMME_EVENT_END);
}

static ent_code text_of(const json_t *list, const char *id, const char **ret, ent_err *err)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(list, "events"), i, e)
        if (strcmp(ent_cli_text(e, "id"), id) == 0) return *ret = ent_cli_text(e, "text"), ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "no event %s is here: `entente programme list`", id);
}

static int programme_approve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "programme approve EVENT --as CUSTODIAN", .about = "The second custodian signs the same text, which is shown; from then on it counts.",
                                   .example = "entente programme approve 0123456789abcdef0123456789abcdef --as d.example"};
    const char *as = NULL, *text = "";
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "another custodian than who proposed"}, {0}};
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *list = NULL, *out = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the event");
    if (!as) return ent_cli_usage(&h, "a custodian approves: use --as NAME");
    code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "programme-list", json_object(), NULL, 0, &list, &err);
    if (code == ENT_OK) code = text_of(list, argv[0], &text, &err);
    if (code == ENT_OK) {
        fputs(text, stderr);
        code = ent_cli_act(s, "programme-approve", json_pack("{s:s,s:o}", "id", argv[0], "signature", ent_cli_signature(s, text)), NULL, 0, &out, &err);
    }
    json_decref(list);
    return ent_cli_finish(cli, s, code, &err, out, print_event);
}

static int plain(ent_cli *cli, int argc, char **argv, const ent_cmd_help *h, const char *act, bool person, void (*print)(const json_t *out))
{
    const char *as = NULL;
    const ent_opt with[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = "an officer, a custodian or an auditor"}, {0}}, without[] = {{0}};
    int n;
    ent_code code = ent_cli_options(h, person ? with : without, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return n ? ent_cli_usage(h, "nothing more is needed") : ent_cli_simple(cli, as, act, json_object(), NULL, print);
}

static int programme_list(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "programme list", .about = "Programmes and designations, those too that wait for a second custodian.", .example = "entente --json programme list"};
    return plain(cli, argc, argv, &h, "programme-list", false, print_events);
}

static void print_history(const json_t *out)
{
    size_t i;
    json_t *l;
    json_array_foreach(json_object_get(out, "history"), i, l) {
        const json_t *changes = json_object_get(l, "changes"), *inside = json_object_get(changes, "inside-whose-stay-may-end-earlier");
        if (json_is_true(json_object_get(changes, "searches"))) {
            printf("%s  %-9s agreement %s, by %s: searches only; nobody's admission changes\n", ent_cli_text(l, "at"), ent_cli_text(l, "what"), ent_cli_text(l, "agreement"), ent_cli_text(l, "by"));
            continue;
        }
        printf("%s  %-9s programme %s %s from %s, by %s (%s)", ent_cli_text(l, "at"), ent_cli_text(l, "what"), ent_cli_text(l, "programme"), ent_cli_text(l, "country"),
               ent_cli_text(l, "effective"), ent_cli_text(l, "by"), ent_cli_text(l, "clause"));
        if (json_is_null(inside)) puts("; fewer than ten inside leave earlier");
        else if (json_integer_value(inside)) printf("; %lld inside leave earlier\n", (long long)json_integer_value(inside));
        else putchar('\n');
    }
}

static int programme_history(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "programme history", .about = "For the public: who suspended what and when, which countries came in and went, and whose status changed by it.",
                                   .example = "entente programme history"};
    return plain(cli, argc, argv, &h, "programme-history", false, print_history);
}

int ent_cmd_programme(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"add", programme_add, "propose a programme's file"}, {"designate", programme_designate, "propose that a country is in it"},
                                           {"end", programme_end, "propose that a country is in it no longer"}, {"approve", programme_approve, "the second custodian's signature"},
                                           {"list", programme_list, "programmes and designations"}, {"history", programme_history, "the public history"}, {0}};
    return ent_cli_group(cli, "programme", "What admits travellers without a visa, and whose nationals.", commands, argc, argv);
}

/* ---- admit ---- */

static void print_answer(const json_t *a)
{
    const char *answer = ent_cli_text(a, "answer");
    if (strcmp(answer, "meets") == 0) printf("meets programme conditions, up to %s (%s)\n", ent_cli_text(a, "until"), ent_cli_text(a, "clause"));
    else if (strcmp(answer, "not-met") == 0) printf("condition not met: %s (%s)\n", ent_cli_text(a, "clause"), ent_cli_text(a, "reason"));
    else printf("refer (%s: %s)\n", ent_cli_text(a, "clause"), ent_cli_text(a, "reason"));
}

static void print_decision(const json_t *out)
{
    print_answer(out);
    printf("%s", ent_cli_text(out, "decision"));
    if (*ent_cli_text(out, "last-day")) printf(", last day %s", ent_cli_text(out, "last-day"));
    printf("; entry %lld of the ledger\n", (long long)json_integer_value(json_object_get(out, "index")));
}

typedef struct admit_words {
    const char *programme, *nationality, *document, *declared, *authorised, *set_out, *decide, *until, *reason;
} admit_words;

static json_t *ask_params(const admit_words *w)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "programme", w->programme, "nationality", w->nationality, "document", w->document, "declared", w->declared,
                     "authorised-until", w->authorised, "set-out", w->set_out);
}

/* The same text as the node makes of these words. */
static ent_code decision_text(const admit_words *w, const json_t *answer, char ret_text[ENT_ADMISSION_SIGNED], ent_err *err)
{
    const char *word = ent_cli_text(answer, "answer");
    ent_admission_decision d = {.admitted = strcmp(w->decide, "admit") == 0};
    if (strlen(w->reason) >= sizeof d.reason) return ent_fail(err, ENT_USAGE, "--reason has at most %zu characters", sizeof d.reason - 1);
    snprintf(d.programme, sizeof d.programme, "%s", w->programme);
    snprintf(d.nationality, sizeof d.nationality, "%s", w->nationality);
    snprintf(d.document, sizeof d.document, "%s", w->document);
    snprintf(d.reason, sizeof d.reason, "%s", w->reason);
    d.answer.answer = strcmp(word, "meets") == 0 ? ENT_ADMISSION_MEETS : strcmp(word, "not-met") == 0 ? ENT_ADMISSION_NOT_MET : ENT_ADMISSION_REFER;
    snprintf(d.answer.clause, sizeof d.answer.clause, "%s", ent_cli_text(answer, "clause"));
    ENT_TRY(fill_date(ent_cli_text(answer, "until"), "the answer's day", &d.answer.until, err));
    ENT_TRY(fill_date(ent_cli_text(answer, "day"), "today", &d.day, err));
    ENT_TRY(fill_date(w->until, "--until", &d.until, err));
    ent_admission_text(&d, ret_text);
    return ENT_OK;
}

static ent_code decide(ent_cli_session *s, admit_words *w, const json_t *answer, json_t **ret, ent_err *err)
{
    char text[ENT_ADMISSION_SIGNED];
    if (strcmp(w->decide, "admit") == 0 && !*w->until) w->until = ent_cli_text(answer, "until");
    ENT_TRY(decision_text(w, answer, text, err));
    json_t *params = ask_params(w), *more = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "decision", w->decide, "reason", w->reason, "day", ent_cli_text(answer, "day"), "until",
                                                      w->until, "answer", ent_cli_text(answer, "answer"), "answer-clause", ent_cli_text(answer, "clause"), "answer-until",
                                                      ent_cli_text(answer, "until"), "signature", ent_cli_signature(s, text));
    json_object_update(params, more);
    json_decref(more);
    return ent_cli_act(s, "admit-decide", params, NULL, 0, ret, err);
}

static int admit_run(ent_cli *cli, const char *as, admit_words *w)
{
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *answer = NULL, *out = NULL;
    ent_code code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, "admit", ask_params(w), NULL, 0, &answer, &err);
    if (code == ENT_OK && *w->decide) code = decide(s, w, answer, &out, &err);
    int status = 0;
    if (code == ENT_OK && !out) status = strcmp(ent_cli_text(answer, "answer"), "meets") == 0 ? 0 : strcmp(ent_cli_text(answer, "answer"), "refer") == 0 ? 1 : 3;
    bool decided = out != NULL;
    int ended = ent_cli_finish(cli, s, code, &err, decided ? out : json_incref(answer), decided ? print_decision : print_answer);
    json_decref(answer);
    return ended ? ended : status;
}

int ent_cmd_admit(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "admit --programme NAME --nationality ABC --document NUMBER [--decide admit|refuse] --as OFFICER",
                                   .about = "What a programme says today of a traveller: meets its conditions up to a day (exit status 0), a condition that is not met\n"
                                            "(3), or refer (1). With --decide your decision is signed and recorded; an admission is an entry. No partner is asked.",
                                   .example = "entente admit --programme us-visa-waiver --nationality NZL --document X1234567 --declare electronic-passport=yes,visit-for-business-or-pleasure=yes "
                                              "--authorised-until 2027-06-01 --decide admit --as o.example"};
    const char *as = NULL;
    admit_words w = {"", "", "", "", "", "", "", "", ""};
    const ent_opt opts[] = {{.name = "--programme", .value = &w.programme, .hint = "NAME", .help = "under which the traveller asks"},
                            {.name = "--nationality", .value = &w.nationality, .hint = "ABC", .help = "three letters"},
                            {.name = "--document", .value = &w.document, .hint = "NUMBER", .help = "of the travel document"},
                            {.name = "--declare", .value = &w.declared, .hint = "C=yes,…", .help = "what the officer saw, by condition"},
                            {.name = "--authorised-until", .value = &w.authorised, .hint = "DATE", .help = "of the authorisation to travel"},
                            {.name = "--set-out", .value = &w.set_out, .hint = "DATE", .help = "when the journey began"},
                            {.name = "--decide", .value = &w.decide, .hint = "admit|refuse", .help = "the officer's decision, signed"},
                            {.name = "--until", .value = &w.until, .hint = "DATE", .help = "the last day; without it that of the answer"},
                            {.name = "--reason", .value = &w.reason, .hint = "TEXT", .help = "of a decision that does not follow the answer"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the officer"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n || !*w.programme || !*w.document) return ent_cli_usage(&h, "name the programme, the nationality and the document");
    if (!as) return ent_cli_usage(&h, "an officer asks: use --as NAME");
    return admit_run(cli, as, &w);
}

/* ---- stays ---- */

static void print_overdue(const json_t *out)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(out, "overdue"), i, v)
        printf("%s %-12s %s entered %s, last day %s, %lld days over\n", ent_cli_text(v, "nationality"), ent_cli_text(v, "document"), ent_cli_text(v, "programme"),
               ent_cli_text(v, "entered"), ent_cli_text(v, "last-day"), (long long)json_integer_value(json_object_get(v, "days-over")));
    if (!json_array_size(json_object_get(out, "overdue"))) puts("nobody stays beyond their day");
}

static int stays_overdue(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "stays overdue --as NAME", .about = "Who entered, has not left, and is beyond their last day.", .example = "entente stays overdue --as o.example"};
    return plain(cli, argc, argv, &h, "stays-overdue", true, print_overdue);
}

static void print_exit(const json_t *out) { printf("left; entered %s\n", ent_cli_text(out, "entered")); }

static int stays_exit(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "stays exit --nationality ABC --document NUMBER [--to ABC] --as OFFICER",
                                   .about = "The traveller leaves today. Where to matters for a short trip to a neighbour, which begins no new visit.",
                                   .example = "entente stays exit --nationality NZL --document X1234567 --to CAN --as o.example"};
    const char *as = NULL, *nationality = "", *document = "", *to = "";
    const ent_opt opts[] = {{.name = "--nationality", .value = &nationality, .hint = "ABC", .help = "three letters"},
                            {.name = "--document", .value = &document, .hint = "NUMBER", .help = "of the travel document"},
                            {.name = "--to", .value = &to, .hint = "ABC", .help = "the country where the journey goes"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "the officer"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n || !*nationality || !*document) return ent_cli_usage(&h, "name the nationality and the document");
    return ent_cli_simple(cli, as, "stay-exit", json_pack("{s:s,s:s,s:s}", "nationality", nationality, "document", document, "to", to), NULL, print_exit);
}

int ent_cmd_stays(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"overdue", stays_overdue, "who is beyond their last day"}, {"exit", stays_exit, "a traveller leaves"}, {0}};
    return ent_cli_group(cli, "stays", "Entries and exits.", commands, argc, argv);
}
