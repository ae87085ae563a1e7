#include "cli/act.h"
#include "cli/commands.h"
#include "cli/finger_draw.h"
#include "cli/prints.h"
#include "cli/sheet.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "entente/finger.h"
#include "cli/prints_other.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is written, as --format names it. */
typedef enum kind { NATIVE, RECORD, CARD, JSON, ITL } kind;

static const struct {
    const char *name;
    kind kind;
    int which; /* of the records; of the cards: compact */
} formats[] = {{"native", NATIVE, 0}, {"iso", RECORD, ENT_FINGER_ISO_2005}, {"ansi", RECORD, ENT_FINGER_ANSI_2004}, {"json", JSON, 0}, {"iso2011", RECORD, ENT_FINGER_ISO_2011},
               {"ansi2009", RECORD, ENT_FINGER_ANSI_2009}, {"card", CARD, 0}, {"card-compact", CARD, 1}, {"m1", ITL, 0}};

static int format_named(const char *name)
{
    for (int i = 0; i < (int)(sizeof formats / sizeof *formats); i++)
        if (strcmp(name, formats[i].name) == 0) return i;
    return -1;
}

static ent_code write_as(const ent_finger_template *t, int format, bool compact, ent_buf *ret, ent_err *err)
{
    uint8_t bytes[ENT_FINGER_FULL_MAX];
    size_t len = 0;
    int which = formats[format].which;
    char date[16];
    time_t now = time(NULL);
    switch (formats[format].kind) {
    case JSON: return ent_cli_minutiae_json(t, ret, err);
    case ITL:
        strftime(date, sizeof date, "%Y%m%d", gmtime(&now));
        return ent_cli_minutiae_itl(t, date, ret, err);
    case RECORD: ENT_TRY(ent_finger_record_write(&(ent_finger_view){.t = t}, 1, (ent_finger_record_format)which, bytes, sizeof bytes, &len, err)); break;
    case CARD: ENT_TRY(ent_finger_card_write(t, which, bytes, sizeof bytes, &len, err)); break;
    default: ENT_TRY(ent_finger_encode(t, compact ? ENT_FINGER_COMPACT : ENT_FINGER_FULL, bytes, sizeof bytes, &len, err));
    }
    ent_buf_put(ret, bytes, len);
    return ent_buf_check(ret, err);
}

static int extract(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "finger extract IMAGE -o OUT [--format native|iso|ansi|json|iso2011|ansi2009|card|card-compact|m1] [--compact]",
                                   .about = "Writes the template of a print: native (docs/protocol/finger-template.md), ISO/IEC 19794-2:2005 (iso) or 2011, ANSI/INCITS 378-2004\n"
                                            "(ansi) or 2009, the card formats of ISO/IEC 19794-2:2005, JSON, or an ANSI/NIST-ITL transaction with a Type-9 record (m1). A template\n"
                                            "or such a record in IMAGE's place is turned into the other form.",
                                   .example = "entente finger extract thumb.png -o thumb.entf"};
    const char *out = NULL, *format = "native";
    bool compact = false;
    const ent_opt opts[] = {{.name = "--format", .value = &format, .hint = "FORMAT", .help = "native (default), iso, ansi, json, iso2011, ansi2009, card, card-compact, m1"}, {.name = "-o", .value = &out, .hint = "FILE", .help = "the template"}, {.name = "--compact", .flag = &compact, .help = "without the ridge part"}, {0}};
    ent_err err = {0};
    ent_finger_template *t = NULL;
    ENT_AUTO_BUF written = ENT_BUF(1 << 20);
    size_t count = 0;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !out) return ent_cli_usage(&h, "an image and -o are needed");
    if (format_named(format) < 0) return ent_cli_usage(&h, "--format is native, iso, ansi, json, iso2011, ansi2009, card, card-compact or m1");
    code = ent_cli_ask_print(cli, argv[0], &t, &err);
    if (code == ENT_OK) code = write_as(t, format_named(format), compact, &written, &err);
    if (code == ENT_OK) code = ent_disk_replace(out, written.data, written.len, 0600, &err);
    if (code == ENT_OK) {
        ent_finger_minutiae(t, &count);
        if (cli->json) printf("{\"minutiae\":%zu,\"quality\":%d,\"bytes\":%zu}\n", count, ent_finger_quality(t), written.len);
        else printf("%zu minutiae, quality %d, %zu bytes\n", count, ent_finger_quality(t), written.len);
    }
    ent_finger_template_free(t);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

static int match(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "finger match A B [--show OUT.png|OUT.svg]", .about = "Compares two prints (images, templates, minutiae records, JSON, transactions with a Type-9 record): score, log10 likelihood ratio with its interval, matched minutiae.", .example = "entente finger match thumb.png other.png"};
    const char *show = NULL;
    const ent_opt opts[] = {{.name = "--show", .value = &show, .hint = "FILE", .help = "draws both side by side, matched minutiae joined: PNG or SVG by its ending"}, {0}};
    ent_err err = {0};
    ent_finger_template *t[2] = {NULL, NULL};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2) return ent_cli_usage(&h, "two files are needed");
    if (show && !ent_sheet_names(show)) return ent_cli_usage(&h, "--show needs a name that ends in .png or .svg");
    for (int i = 0; i < 2 && code == ENT_OK; i++) code = ent_cli_ask_print(cli, argv[i], &t[i], &err);
    ent_finger_pairs pairs = {0};
    double score = 0;
    if (code == ENT_OK) code = ent_cli_match_prints(t, &pairs, &score, &err);
    if (code == ENT_OK) {
        if (show) code = ent_cli_finger_draw(cli, &(ent_cli_pair){argv, t, &pairs, score}, show, &err);
        ent_finger_meaning m = ent_finger_llr(score);
        if (code == ENT_OK && cli->json) printf("{\"score\":%.4f,\"log10-ratio\":%.3f,\"low\":%.3f,\"high\":%.3f,\"extrapolated\":%.3f,\"pairs\":%zu}\n", score, m.ratio, m.low, m.high, m.extrapolated, pairs.count);
        else if (code == ENT_OK) printf("score %.2f; log10 likelihood ratio %.2f (%.2f to %.2f)%s; %zu minutiae matched\n", score, m.ratio, m.low, m.high, m.extrapolated > m.ratio ? ", at the bound of what was measured" : "", pairs.count);
    }
    ent_finger_template_free(t[0]);
    ent_finger_template_free(t[1]);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_finger(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"extract", extract, "a print's template"}, {"show", ent_cli_finger_show, "draw what is seen in a print"}, {"match", match, "compare two prints"}, {"segment", ent_cli_finger_segment, "a slap into its fingers"}, {0}};
    return ent_cli_group(cli, "finger", "The fingerprint engine.", commands, argc, argv);
}
