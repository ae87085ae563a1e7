#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/cursor.h"
#include "cli/sheet.h"

#include <string.h>

static ent_code show(const ent_cli *cli, const char *path, const char *out, uint32_t *ret_count, int *ret_quality, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1), drawn = ENT_BUF(1);
    ENT_TRY(ent_cli_load(path, &bytes, err));
    ent_code code = ent_cli_ask(cli, "draw", out + strlen(out) - 3, &bytes, &drawn, err);
    if (code != ENT_OK) return ent_context(err, code, "%s", path);
    ent_cursor c = ENT_CURSOR(drawn.data, drawn.len);
    *ret_count = ent_cursor_u32(&c);
    *ret_quality = ent_cursor_u8(&c);
    if (!ent_cursor_ok(&c) || !ent_cursor_left(&c)) return ent_fail(err, ENT_SANDBOX, "what came from the decoder is no drawing");
    code = ent_disk_replace(out, c.data + c.at, ent_cursor_left(&c), 0600, err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

int ent_cli_finger_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "finger show IMAGE -o OUT.png|OUT.svg", .about = "Draws over the print what the engine sees: quality (green good, red bad), ridge orientation, minutiae (circle: ending, square: bifurcation).",
                                   .example = "entente finger show thumb.png -o thumb.svg"};
    const char *out = NULL;
    const ent_opt opts[] = {{.name = "-o", .value = &out, .hint = "FILE", .help = "PNG or SVG by its ending"}, {0}};
    ent_err err = {0};
    uint32_t count = 0;
    int n, quality = 0;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !out || !ent_sheet_names(out)) return ent_cli_usage(&h, "an image and -o with a name that ends in .png or .svg are needed");
    code = show(cli, argv[0], out, &count, &quality, &err);
    if (code == ENT_OK) printf(cli->json ? "{\"minutiae\":%u,\"quality\":%d}\n" : "%u minutiae, quality %d\n", count, quality);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
