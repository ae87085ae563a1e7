#include "cli/act.h"
#include "cli/commands.h"

#include "crypto/hash.h"
#include "entente/itl_check.h"

#include <string.h>

/* Faults as they come, kept for the end. */
typedef struct listed {
    const ent_cli *cli;
    json_t *faults;
} listed;

static void where(const ent_itl_fault *f, char *ret, size_t cap)
{
    size_t n = (size_t)snprintf(ret, cap, "record %zu", f->record);
    if (f->field) n += (size_t)snprintf(ret + n, cap - n, ", %u.%03u", f->type, f->field);
    else if (f->type) n += (size_t)snprintf(ret + n, cap - n, ", Type-%u", f->type);
    if (f->subfield) n += (size_t)snprintf(ret + n, cap - n, ", subfield %u", f->subfield);
    if (f->item) n += (size_t)snprintf(ret + n, cap - n, ", item %u", f->item);
    snprintf(ret + n, cap - n, ", byte %zu", f->offset);
}

static void list(void *ctx, const ent_itl_fault *f)
{
    listed *l = ctx;
    char place[120];
    where(f, place, sizeof place);
    if (!l->cli->json) {
        printf("%s%s: %s [%s]\n", f->level ? "" : "remark: ", place, f->text, f->clause);
        return;
    }
    json_array_append_new(l->faults, json_pack("{s:I,s:i,s:I,s:i,s:i,s:I,s:i,s:s,s:s}", "record", (json_int_t)f->record, "type", f->type, "field", (json_int_t)f->field, "subfield", f->subfield, "item",
                                               f->item, "offset", (json_int_t)f->offset, "level", f->level, "clause", f->clause, "text", f->text));
}

static void sha256(const void *bytes, size_t len, uint8_t ret_digest[32]) { ent_sha256(bytes, len, ret_digest); }

static int finish(listed *l, const char *path, const ent_itl_check_result *r)
{
    if (l->cli->json) {
        json_t *out = json_pack("{s:s,s:s,s:s,s:b,s:I,s:I,s:b,s:o}", "file", path, "edition", r->edition, "domain", r->domain, "conforms", r->faults == 0, "faults", (json_int_t)r->faults, "remarks",
                                (json_int_t)r->remarks, "cut", r->cut, "list", l->faults);
        ent_cli_print_json(out);
        json_decref(out);
        l->faults = NULL;
    } else if (r->faults) {
        printf("%s: %zu%s fault%s (version %s)\n", path, r->faults, r->cut ? " or more" : "", r->faults == 1 ? "" : "s", r->edition);
    } else {
        printf("%s: conforms (version %s%s%s)\n", path, r->edition, r->domain[0] ? ", domain " : "", r->domain);
    }
    return r->faults ? 1 : 0;
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
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one file");
    listed l = {.cli = cli, .faults = json_array()};
    const ent_itl_sink sink = {list, &l};
    const ent_itl_check_options options = {.sha256 = sha256, .domain = domain};
    ent_itl_check_result result = {0};
    int status = 0;
    code = ent_cli_load(argv[0], &bytes, &err);
    if (code == ENT_OK) code = ent_itl_check(bytes.data ? bytes.data : (const uint8_t *)"", bytes.len, &options, &sink, &result, &err);
    if (code == ENT_OK) status = finish(&l, argv[0], &result);
    json_decref(l.faults);
    err.code = code;
    return code == ENT_OK ? status : ent_cli_error(cli, &err);
}
