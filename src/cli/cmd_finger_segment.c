/* A slap into its fingers: an image of each, and the places drawn over the slap (job_segment.c). */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/cursor.h"
#include "cli/sheet.h"
#include "entente/finger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const fingers[] = ENT_CLI_FINGERS;

typedef struct asked {
    const ent_cli *cli;
    const char *folder, *show, *position, *missing;
} asked;

static bool finger_named(const char *word, unsigned *ret)
{
    for (unsigned f = 1; f <= 10; f++)
        if (strcmp(word, fingers[f]) == 0) return *ret = f, true;
    return false;
}

static ent_code missing_of(const char *text, unsigned *ret, ent_err *err)
{
    char list[200], *save = NULL;
    unsigned f, bits = 0;
    snprintf(list, sizeof list, "%s", text ? text : "");
    for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        if (!finger_named(word, &f)) return ent_fail(err, ENT_USAGE, "--missing: no finger \"%s\": right-thumb, right-index, … left-little, commas between", word);
        bits |= 1U << f;
    }
    *ret = bits;
    return ENT_OK;
}

static ent_code position_of(const char *text, int *ret, ent_err *err)
{
    static const struct {
        const char *name;
        int code;
    } names[] = {{"right", ENT_FINGER_RIGHT_SLAP}, {"left", ENT_FINGER_LEFT_SLAP}, {"thumbs", ENT_FINGER_THUMBS}};
    char *end;
    if (!text) return *ret = 0, ENT_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i].name) == 0) return *ret = names[i].code, ENT_OK;
    long v = strtol(text, &end, 10);
    if (*end || end == text || ((v < 13 || v > 15) && (v < 40 || v > 50))) return ent_fail(err, ENT_USAGE, "--position is right, left, thumbs, or a code of ANSI/NIST-ITL: 13, 14, 15, 40 to 50; not \"%s\"", text);
    *ret = (int)v;
    return ENT_OK;
}

static ent_code take_finger(const asked *a, ent_cursor *c, size_t number, json_t *list, ent_err *err)
{
    char path[PATH_MAX];
    uint8_t position = ent_cursor_u8(c), quality = ent_cursor_u8(c);
    uint32_t box[4];
    for (int k = 0; k < 4; k++) box[k] = ent_cursor_u32(c);
    size_t len = ent_cursor_u32(c);
    const uint8_t *png = ent_cursor_take(c, len);
    if (!png || position > 10) return ent_fail(err, ENT_SANDBOX, "what came from the decoder are no fingers");
    if (position) snprintf(path, sizeof path, "%s/%s.png", a->folder, fingers[position]);
    else snprintf(path, sizeof path, "%s/finger-%zu.png", a->folder, number);
    ENT_TRY(ent_disk_replace(path, png, len, 0600, err));
    json_array_append_new(list, json_pack("{s:s,s:i,s:i,s:[i,i,i,i],s:s}", "finger", position ? fingers[position] : "unknown", "position", position, "quality", quality, "box", (int)box[0], (int)box[1],
                                          (int)box[2], (int)box[3], "file", path));
    return ENT_OK;
}

static ent_code take_answer(const asked *a, const ent_buf *answer, json_t *out, ent_err *err)
{
    static const char *const hands[] = {"unknown", "right", "left", "thumbs"};
    ent_cursor c = ENT_CURSOR(answer->data, answer->len);
    size_t count = ent_cursor_u8(&c), hand = ent_cursor_u8(&c);
    double turn = ((double)ent_cursor_u16(&c) - 32768) / 10, lies = ((double)ent_cursor_u16(&c) - 32768) / 100;
    json_int_t expected = ent_cursor_u8(&c);
    json_t *list = json_array();
    json_object_set_new(out, "hand", json_string(hands[hand & 3]));
    json_object_set_new(out, "lean", json_real(turn));
    json_object_set_new(out, "lies-right", json_real(lies));
    json_object_set_new(out, "expected", json_integer(expected));
    json_object_set_new(out, "fingers", list);
    if (!ent_cursor_ok(&c) || count > ENT_FINGER_SLAP_MAX || hand > 3) return ent_fail(err, ENT_SANDBOX, "what came from the decoder are no fingers");
    if (mkdir(a->folder, 0700) != 0 && errno != EEXIST) return ent_fail(err, ENT_IO, "%s: %s", a->folder, strerror(errno));
    for (size_t k = 0; k < count; k++) ENT_TRY(take_finger(a, &c, k + 1, list, err));
    return a->show ? ent_disk_replace(a->show, c.data + c.at, ent_cursor_left(&c), 0600, err) : ENT_OK;
}

static void print_fingers(const json_t *out)
{
    size_t i, expected = (size_t)json_integer_value(json_object_get(out, "expected")), found = json_array_size(json_object_get(out, "fingers"));
    json_t *f;
    double lies = json_real_value(json_object_get(out, "lies-right"));
    printf("hand: %s, leaning by %.0f degrees", ent_cli_text(out, "hand"), json_real_value(json_object_get(out, "lean")));
    if (lies > 0.01 || lies < -0.01) printf("; the tips lie as a %s hand's, odds 10^%.1f", lies > 0 ? "right" : "left", lies > 0 ? lies : -lies);
    putchar('\n');
    json_array_foreach(json_object_get(out, "fingers"), i, f)
    {
        const json_t *box = json_object_get(f, "box");
        printf("%-14s quality %3d  %4d x %-4d at %4d,%-4d  %s\n", ent_cli_text(f, "finger"), (int)json_integer_value(json_object_get(f, "quality")), (int)json_integer_value(json_array_get(box, 2)),
               (int)json_integer_value(json_array_get(box, 3)), (int)json_integer_value(json_array_get(box, 0)), (int)json_integer_value(json_array_get(box, 1)), ent_cli_text(f, "file"));
    }
    if (expected > found) printf("%zu fingers were announced, %zu are seen: name those that are gone with --missing\n", expected, found);
}

static ent_code run(const asked *a, const char *path, json_t *out, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1), answer = ENT_BUF(1);
    int position = 0;
    unsigned missing = 0;
    char option[ENT_CLI_OPTION];
    ENT_TRY(position_of(a->position, &position, err));
    ENT_TRY(missing_of(a->missing, &missing, err));
    ENT_TRY(ent_cli_load(path, &bytes, err));
    snprintf(option, sizeof option, "%s %d %u", a->show ? a->show + strlen(a->show) - 3 : "-", position, missing);
    ent_code code = ent_cli_ask(a->cli, "segment", option, &bytes, &answer, err);
    if (code != ENT_OK) return ent_context(err, code, "%s", path);
    return take_answer(a, &answer, out, err);
}

int ent_cli_finger_segment(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "finger segment IMAGE -o DIR [--position right|left|thumbs|CODE] [--missing LIST] [--show OUT.png|OUT.svg]",
                                   .about = "Takes a slap apart: two to four fingers of a hand, or both thumbs. Each fingertip becomes a PNG in DIR, named by its position.\n"
                                            "Without --position the hand is decided by how the fingertips lie, if that says enough. --show draws what was found where.\n"
                                            "Latent prints are out of scope.",
                                   .example = "entente finger segment left.wsq -o left --position left --missing left-ring --show left.png"};
    asked a = {.cli = cli};
    const ent_opt opts[] = {{.name = "-o", .value = &a.folder, .hint = "DIR", .help = "where the fingers go; made if need be"},
                            {.name = "--position", .value = &a.position, .hint = "NAME", .help = "right, left (four fingers), thumbs, or ANSI/NIST-ITL's code: 13, 14, 15, 40 to 50"},
                            {.name = "--missing", .value = &a.missing, .hint = "LIST", .help = "fingers that are not there: left-ring,left-little"},
                            {.name = "--show", .value = &a.show, .hint = "FILE", .help = "the slap with the fingers marked: PNG or SVG by its ending"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !a.folder) return ent_cli_usage(&h, "an image and -o with a folder are needed");
    if (a.show && !ent_sheet_names(a.show)) return ent_cli_usage(&h, "--show needs a name that ends in .png or .svg");
    json_t *out = json_object();
    code = run(&a, argv[0], out, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) print_fingers(out);
    json_decref(out);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
