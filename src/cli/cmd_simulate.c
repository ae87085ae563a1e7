/* `agreement simulate`: what a draft would expose, in numbers, before anybody signs it. */
#include "cli/act.h"
#include "cli/commands.h"

#include <string.h>

static void cell_text(const json_t *o, const char *name, char ret[24])
{
    const json_t *v = json_object_get(o, name);
    if (json_is_integer(v)) snprintf(ret, 24, "%lld", (long long)json_integer_value(v));
    else snprintf(ret, 24, "(not shown)");
}

static void print_fields(const char *what, const json_t *list)
{
    size_t i;
    json_t *f;
    printf("    %s:", what);
    json_array_foreach(list, i, f) printf("%s %s", i ? "," : "", json_string_value(f));
    puts(json_array_size(list) ? "" : " nothing");
}

static double number(const json_t *o, const char *name) { return json_number_value(json_object_get(o, name)); }

static void print_stops(const json_t *o)
{
    const json_t *s = json_object_get(o, "stops");
    if (!json_is_object(s)) {
        puts("    no quota: say how many travellers cross (--travellers) to see whom it stops");
        return;
    }
    printf("    searches: %.0f a day, %.0f a year", number(s, "searches-a-day"), number(s, "searches-a-year"));
    if (number(s, "unsearched-a-day") > 0) printf("; %.0f travellers a day are beyond the quota", number(s, "unsearched-a-day"));
    printf("\n    hits of persons on file: at most %.3g a day, %.3g a year\n", number(s, "hits-a-day"), number(s, "hits-a-year"));
    printf("    innocent travellers stopped: %.3g a day, %.3g a year\n", number(s, "innocent-stopped-a-day"), number(s, "innocent-stopped-a-year"));
}

static void print_groups(const json_t *by)
{
    const char *dimension, *label;
    json_t *groups, *value;
    json_object_foreach((json_t *)by, dimension, groups) {
        printf("    by %s\n", dimension);
        json_object_foreach(groups, label, value) {
            char text[24];
            cell_text(groups, label, text);
            printf("        %-36s %12s\n", label, text);
        }
    }
}

static void print_difference(const json_t *o)
{
    const json_t *was = json_object_get(o, "in-force");
    char persons[24], added[24], removed[24];
    if (!json_is_object(was)) return;
    cell_text(was, "persons", persons);
    cell_text(was, "added", added);
    cell_text(was, "removed", removed);
    printf("  against the version in force\n    searchable now: %s; added: %s, removed: %s\n    quota now: %lld a day\n", persons, added, removed,
           (long long)json_integer_value(json_object_get(was, "per-day")));
    print_fields("fields added", json_object_get(was, "fields-added"));
    print_fields("fields removed", json_object_get(was, "fields-removed"));
    print_stops(was);
}

static void print_flow(const json_t *f)
{
    char persons[24];
    size_t i;
    json_t *name;
    cell_text(f, "persons", persons);
    printf("flow %s, asked by %s%s\n", ent_cli_text(f, "flow"), ent_cli_text(f, "requester"), json_is_true(json_object_get(f, "ends")) ? ": the draft ends it" : "");
    if (!json_is_true(json_object_get(f, "ends"))) {
        printf("  persons who become searchable: %s\n", persons);
        print_groups(json_object_get(f, "by"));
        json_array_foreach(json_object_get(f, "powers-not-here"), i, name) printf("    this node has no regime %s: it shows nobody\n", json_string_value(name));
        puts("  what would leave");
        print_fields("on a hit", json_object_get(f, "on-hit"));
        print_fields("when confirmed", json_object_get(f, "on-confirmed"));
        puts("  whom it stops (expected)");
        print_stops(f);
    }
    print_difference(f);
}

static void print_simulation(const json_t *out)
{
    size_t i;
    json_t *f, *before = json_object_get(out, "version-in-force");
    printf("%s version %lld on %s, ", ent_cli_text(out, "agreement"), (long long)json_integer_value(json_object_get(out, "version")), ent_cli_text(out, "day"));
    if (json_is_integer(before)) printf("beside version %lld in force", (long long)json_integer_value(before));
    else printf("none in force");
    printf("; %g of a million travellers taken to be on file\n", number(out, "on-file-per-million"));
    json_array_foreach(json_object_get(out, "flows"), i, f) print_flow(f);
    if (!json_array_size(json_object_get(out, "flows"))) puts("in no flow of it is this node the holder: nothing of what is held here becomes searchable");
}

int ent_cli_agreement_simulate(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "agreement simulate FILE --as CUSTODIAN",
                                   .about = "Runs a draft against what this node holds: persons who would become searchable, fields that would leave, hits and\n"
                                            "innocent travellers stopped to expect, and what differs from the version in force. Numbers only; cells under ten are\n"
                                            "not shown, nor those that reveal them. Nothing is signed or sent.",
                                   .example = "entente agreement simulate draft.yaml --travellers 50000 --on-file 20 --as c.example"};
    const char *as = NULL, *travellers = "", *on_file = "", *prints = "";
    const ent_opt opts[] = {{.name = "--travellers", .value = &travellers, .hint = "N", .help = "who cross in a day; without it as many as the quota"},
                            {.name = "--on-file", .value = &on_file, .hint = "N", .help = "of a million travellers, those whom the flow can find; 1 when not said"},
                            {.name = "--prints", .value = &prints, .hint = "N", .help = "prints of one search, 1 to 10; 1 when not said"},
                            {.name = "--as", .value = &as, .hint = "NAME", .help = "a custodian or an auditor"}, {0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the draft's file");
    return ent_cli_simple(cli, as, "agreement-simulate", json_pack("{s:s,s:s,s:s}", "travellers", travellers, "on-file", on_file, "prints", prints), argv[0], print_simulation);
}
