#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "base/parallel.h"
#include "entente/finger_synth.h"
#include "image/image.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const ent_cmd_help help = {
    .usage = "synth finger --count N --impressions M -o DIR [--seed S]",
    .about = "Makes prints of N synthetic fingers, M impressions each, as DIR/FINGER_IMPRESSION.png at 500 ppi. The same seed gives the\n"
             "same pixels on every machine.",
    .example = "entente synth finger --count 100 --impressions 3 -o prints"};

struct work {
    const char *folder;
    uint64_t seed;
    unsigned impressions;
    size_t count;
    atomic_size_t done;
    atomic_int failed;
};

static ent_code write_one(const struct work *w, const ent_synth_finger *f, size_t finger, unsigned impression)
{
    char path[PATH_MAX];
    ent_image image;
    ENT_AUTO_BUF png = ENT_BUF(1 << 20);
    ent_code code = ent_image_new(ENT_SYNTH_WIDTH, ENT_SYNTH_HEIGHT, 1, &image, NULL);
    if (code != ENT_OK) return code;
    ent_synth_impression(f, impression, image.pixels);
    image.ppi = 500;
    code = ent_image_encode(&image, ENT_IMAGE_PNG, 0, &png, NULL);
    ent_image_free(&image);
    snprintf(path, sizeof path, "%s/%zu_%u.png", w->folder, finger + 1, impression + 1);
    FILE *out = code == ENT_OK ? fopen(path, "wb") : NULL;
    if (!out) return ENT_IO;
    bool ok = fwrite(png.data, 1, png.len, out) == png.len;
    return fclose(out) == 0 && ok ? ENT_OK : ENT_IO;
}

static void make_finger(void *ctx, size_t i, unsigned worker)
{
    struct work *w = ctx;
    ent_synth_finger *f = NULL;
    (void)worker;
    ent_code code = ent_synth_finger_new(w->seed, (uint32_t)i, &f, NULL);
    for (unsigned m = 0; m < w->impressions && code == ENT_OK; m++) code = write_one(w, f, i, m);
    ent_synth_finger_free(f);
    if (code != ENT_OK) w->failed = (int)code;
    ent_cli_progress("making prints", ++w->done, w->count);
}

static int synth_finger(ent_cli *cli, int argc, char **argv)
{
    const char *count = "10", *impressions = "2", *seed = "1", *folder = NULL;
    const ent_opt opts[] = {{.name = "--count", .value = &count, .hint = "N", .help = "fingers"}, {.name = "--impressions", .value = &impressions, .hint = "M", .help = "of each"},
                            {.name = "--seed", .value = &seed, .hint = "S", .help = "a number (default: 1)"}, {.name = "-o", .value = &folder, .hint = "DIR", .help = "where they go"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    struct work w = {.folder = folder, .seed = strtoull(seed, NULL, 10), .impressions = (unsigned)strtoul(impressions, NULL, 10), .count = strtoul(count, NULL, 10)};
    if (!folder || !w.count || !w.impressions || w.count > 1000000 || w.impressions > 100) return ent_cli_usage(&help, "-o DIR, a count up to 1000000 and up to 100 impressions are needed");
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return (void)ent_fail(&err, ENT_IO, "%s: %s", folder, strerror(errno)), ent_cli_error(cli, &err);
    ent_parallel(w.count, 0, make_finger, &w);
    if (w.failed) return (void)ent_fail(&err, (ent_code)w.failed, "not all prints could be written to %s", folder), ent_cli_error(cli, &err);
    if (cli->json) printf("{\"fingers\":%zu,\"impressions\":%u}\n", w.count, w.impressions);
    else printf("%zu prints of %zu fingers in %s\n", w.count * w.impressions, w.count, folder);
    return 0;
}

int ent_cmd_synth(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"finger", synth_finger, "fingerprints"}, {0}};
    return ent_cli_group(cli, "synth", "Synthetic data, for demonstrations, tests and benchmarks.", commands, argc, argv);
}
