#include "cli/act.h"
#include "cli/commands.h"

#include "adapter/file/disk.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

static ent_code load(const char *path, ent_buf *bytes, ent_image *ret, ent_err *err)
{
    ent_code code = ent_cli_load(path, bytes, err);
    if (code == ENT_OK) code = ent_image_decode(bytes->data ? bytes->data : (const uint8_t *)"", bytes->len, ret, err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

static int show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "image show IN", .about = "Size, depth, resolution, format, compression ratio and comment of an image.", .example = "entente image show thumb.wsq"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_image image;
    int n;
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one image");
    code = load(argv[0], &bytes, &image, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    double ratio = (double)image.width * image.height * image.channels / (double)bytes.len;
    if (cli->json) {
        printf("{\"format\":\"%s\",\"width\":%u,\"height\":%u,\"depth\":%u,\"ppi\":%u,\"ratio\":%.2f,\"comment\":", ent_image_format_text(image.format), image.width, image.height, image.channels * 8, image.ppi, ratio);
        ent_cli_json_string(stdout, image.comment);
        printf("}\n");
    } else {
        printf("%s, %u x %u, %u bit, ", ent_image_format_text(image.format), image.width, image.height, image.channels * 8);
        printf(image.ppi ? "%u ppi" : "resolution not stated", image.ppi);
        printf(", %.1f : 1%s%s\n", ratio, image.comment[0] ? ", comment: " : "", image.comment);
    }
    ent_image_free(&image);
    return 0;
}

static int convert(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "image convert IN OUT [--rate BPP] [--ppi N]", .about = "Reads any of the field's formats, writes the one that OUT's name ends with.", .example = "entente image convert thumb.png thumb.wsq --rate 0.75"};
    const char *rate = "0", *ppi = NULL;
    const ent_opt opts[] = {{.name = "--rate", .value = &rate, .hint = "BPP", .help = "bits a pixel (WSQ, JPEG 2000) or quality (JPEG)"}, {.name = "--ppi", .value = &ppi, .hint = "N", .help = "resolution to state"}, {0}};
    ent_err err = {0};
    ent_image image = {0};
    int n;
    ENT_AUTO_BUF bytes = ENT_BUF(1), out = ENT_BUF(256 << 20);
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2) return ent_cli_usage(&h, "two files are needed");
    ent_image_format format = ent_image_format_named(argv[1]);
    if (format == ENT_IMAGE_UNKNOWN) return ent_cli_usage(&h, "%s: the ending names no format (png, wsq, jpg, jp2, bmp, pgm)", argv[1]);
    code = load(argv[0], &bytes, &image, &err);
    if (code == ENT_OK && ppi) image.ppi = (uint32_t)strtoul(ppi, NULL, 10);
    if (code == ENT_OK) code = ent_image_encode(&image, format, strtod(rate, NULL), &out, &err);
    if (code == ENT_OK) code = ent_disk_replace(argv[1], out.data, out.len, 0644, &err);
    ent_image_free(&image);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"bytes\":%zu}\n", out.len);
    else printf("%s, %zu bytes\n", ent_image_format_text(format), out.len);
    return 0;
}

int ent_cmd_image(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", show, "what an image is"}, {"convert", convert, "one format into another"}, {0}};
    return ent_cli_group(cli, "image", "Images of the field.", commands, argc, argv);
}
