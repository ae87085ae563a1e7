#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

static long long number(const json_t *o, const char *name) { return (long long)json_integer_value(json_object_get(o, name)); }

static void where(const json_t *f, char *ret, size_t cap)
{
    size_t n = (size_t)snprintf(ret, cap, "record %lld", number(f, "record"));
    if (number(f, "field")) n += (size_t)snprintf(ret + n, cap - n, ", %lld.%03lld", number(f, "type"), number(f, "field"));
    else if (number(f, "type")) n += (size_t)snprintf(ret + n, cap - n, ", Type-%lld", number(f, "type"));
    if (number(f, "subfield")) n += (size_t)snprintf(ret + n, cap - n, ", subfield %lld", number(f, "subfield"));
    if (number(f, "item")) n += (size_t)snprintf(ret + n, cap - n, ", item %lld", number(f, "item"));
    snprintf(ret + n, cap - n, ", byte %lld", number(f, "offset"));
}

static void print_faults(const json_t *list)
{
    char place[200]; /* six numbers of at most 20 digits and the words */
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i);
        where(f, place, sizeof place);
        printf("%s%s: %s [%s]\n", number(f, "level") ? "" : "remark: ", place, ent_cli_text(f, "text"), ent_cli_text(f, "clause"));
    }
}

static int finish(const ent_cli *cli, const char *path, const json_t *r, json_t *list)
{
    const char *edition = ent_cli_text(r, "edition"), *domain = ent_cli_text(r, "domain");
    long long faults = number(r, "faults");
    bool cut = json_is_true(json_object_get(r, "cut"));
    if (cli->json) {
        json_t *out = json_pack("{s:s,s:s,s:s,s:b,s:I,s:I,s:b,s:O}", "file", path, "edition", edition, "domain", domain, "conforms", faults == 0, "faults", (json_int_t)faults, "remarks",
                                (json_int_t)number(r, "remarks"), "cut", cut, "list", list);
        ent_cli_print_json(out);
        json_decref(out);
    } else if (faults) {
        printf("%s: %lld%s fault%s (version %s)\n", path, faults, cut ? " or more" : "", faults == 1 ? "" : "s", edition);
    } else {
        printf("%s: conforms (version %s%s%s)\n", path, edition, domain[0] ? ", domain " : "", domain);
    }
    return faults ? 1 : 0;
}

/* Faults that were found before it failed are told. */
static ent_code failure(const json_t *answer, ent_err *err)
{
    long long code = number(answer, "code");
    if (json_is_object(json_object_get(answer, "result"))) return ENT_OK;
    if (code <= ENT_OK || code >= ENT_CODE_COUNT) return ent_fail(err, ENT_SANDBOX, "what came from the decoder is no outcome");
    return ent_fail(err, (ent_code)code, "%s", ent_cli_text(answer, "detail"));
}

int ent_cli_itl_check(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "itl check FILE [--domain NAME]",
                                   .about = "Holds a transaction to ANSI/NIST-ITL 1-2007, 1-2011, Update 2013 or Update 2015, as its version (1.002) says: each fault is a line with record, field, byte and "
                                            "clause. Exit 0: it conforms; 1: it has faults; 4: it cannot be read.",
                                   .example = "entente itl check arrest.an2"};
    const char *domain = NULL;
    const ent_opt opts[] = {{.name = "--domain", .value = &domain, .hint = "NAME", .help = "hold it to a domain besides: prum, int-i, entente; auto: by 1.013 (default: none)"}, {0}};
    ent_err err = {0};
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    json_t *answer = NULL;
    int n, status = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one file");
    code = ent_cli_load(argv[0], &bytes, &err);
    if (code == ENT_OK) code = ent_cli_ask_json(cli, "itl-check", domain ? domain : "", &bytes, &answer, &err);
    if (code == ENT_OK && !cli->json) print_faults(json_object_get(answer, "list"));
    if (code == ENT_OK) code = failure(answer, &err);
    if (code == ENT_OK) status = finish(cli, argv[0], json_object_get(answer, "result"), json_object_get(answer, "list"));
    json_decref(answer);
    if (code != ENT_OK) ent_context(&err, code, "%s", argv[0]);
    return code == ENT_OK ? status : ent_cli_error(cli, &err);
}
