#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/text.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

/* raw_size: of raw pixels, NULL: the file says what it is. */
static ent_code load(const ent_cli *cli, const char *path, const uint32_t *raw_size, ent_buf *bytes, ent_image *ret, ent_err *err)
{
    ent_code code = ent_cli_load(path, bytes, err);
    const uint8_t *data = bytes->data ? bytes->data : (const uint8_t *)"";
    if (code == ENT_OK) code = raw_size ? ent_image_raw(data, bytes->len, raw_size, 0, ret, err) : ent_cli_ask_image(cli, bytes, ret, err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

static void show_json(const ent_image *image, double ratio)
{
    const char *text;
    size_t n;
    printf("{\"format\":\"%s\",\"width\":%u,\"height\":%u,\"depth\":%u,\"ppi\":%u,\"ratio\":%.2f,\"comments\":[", ent_image_format_text(image->format), image->width, image->height, image->channels * 8, image->ppi, ratio);
    for (size_t at = 0, i = 0; ent_image_comment(image, &at, &text, &n); i++) {
        ENT_AUTO_BUF copy = ENT_BUF(n + 1);
        if (ent_utf8_valid((const uint8_t *)text, n)) ent_buf_put(&copy, text, n);
        else
            for (size_t k = 0; k < n; k++) ent_buf_u8(&copy, (uint8_t)text[k] < 128 ? (uint8_t)text[k] : '?');
        if (i) printf(",");
        ent_cli_json_string(stdout, ent_buf_cstr(&copy));
    }
    printf("]}\n");
}

/* Comments come from outside: what is not printable is not printed. */
static void show_text(const ent_image *image, double ratio)
{
    const char *text;
    size_t n;
    printf("%s, %u x %u, %u bit, ", ent_image_format_text(image->format), image->width, image->height, image->channels * 8);
    printf(image->ppi ? "%u ppi" : "resolution not stated", image->ppi);
    printf(", %.1f : 1\n", ratio);
    for (size_t at = 0; ent_image_comment(image, &at, &text, &n);) {
        printf("comment: ");
        for (size_t i = 0; i < n; i++) {
            unsigned char c = (unsigned char)text[i];
            if (c == '\n') printf("\n  ");
            else putchar(c >= 32 && c < 127 ? c : '?');
        }
        printf("\n");
    }
}

static int show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "image show IN", .about = "Size, depth, resolution, format, compression ratio and comments of an image.", .example = "entente image show thumb.wsq"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_image image = {0};
    int n;
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one image");
    code = load(cli, argv[0], NULL, &bytes, &image, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    double ratio = (double)image.width * image.height * image.channels / (double)bytes.len;
    if (cli->json) show_json(&image, ratio);
    else show_text(&image, ratio);
    ent_image_free(&image);
    return 0;
}

static bool number(const char *text, double least, double most, double *ret)
{
    char *end;
    *ret = strtod(text, &end);
    return end != text && !*end && *ret >= least && *ret <= most;
}

static ent_code make_grey(ent_image *image, ent_err *err)
{
    ent_image grey;
    ENT_TRY(ent_image_grey(image, &grey, err));
    ent_image_free(image);
    *image = grey;
    return ENT_OK;
}

static int convert(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "image convert IN OUT [--rate BPP] [--ppi N] [--raw WxH]", .about = "Reads any of the field's formats, writes the one that OUT's name ends with.", .example = "entente image convert thumb.png thumb.wsq --rate 0.75"};
    const char *rate = "0", *ppi = NULL, *raw = NULL;
    uint32_t size[2] = {0, 0};
    double bpp, resolution = 0;
    const ent_opt opts[] = {{.name = "--rate", .value = &rate, .hint = "BPP", .help = "bits a pixel (WSQ, JPEG 2000) or quality (JPEG)"}, {.name = "--ppi", .value = &ppi, .hint = "N", .help = "resolution to state"}, {.name = "--raw", .value = &raw, .hint = "WxH", .help = "IN is raw pixels, 8 bit grey or RGB, of this size"}, {0}};
    ent_err err = {0};
    ent_image image = {0};
    int n;
    ENT_AUTO_BUF bytes = ENT_BUF(1), out = ENT_BUF(256 << 20);
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2) return ent_cli_usage(&h, "two files are needed");
    ent_image_format format = ent_image_format_named(argv[1]);
    if (format == ENT_IMAGE_UNKNOWN) return ent_cli_usage(&h, "%s: the ending names no format (png, wsq, jpg, jp2, tif, bmp, pgm, raw)", argv[1]);
    if (!number(rate, 0, 100, &bpp)) return ent_cli_usage(&h, "--rate %s: a number of bits a pixel, as 0.75 or 2.25 (JPEG: a quality from 1 to 100)", rate);
    if (ppi && !number(ppi, 1, 9999, &resolution)) return ent_cli_usage(&h, "--ppi %s: pixels an inch, from 1 to 9999", ppi);
    if (raw && sscanf(raw, "%5ux%5u", &size[0], &size[1]) != 2) return ent_cli_usage(&h, "--raw %s: width x height in pixels, as 512x480", raw);
    code = load(cli, argv[0], raw ? size : NULL, &bytes, &image, &err);
    bool made_grey = code == ENT_OK && image.channels != 1 && (format == ENT_IMAGE_WSQ || format == ENT_IMAGE_PGM);
    if (made_grey) code = make_grey(&image, &err);
    if (code == ENT_OK && ppi) image.ppi = (uint32_t)resolution;
    if (code == ENT_OK) code = ent_image_encode(&image, format, bpp, &out, &err);
    if (code == ENT_OK) code = ent_disk_replace(argv[1], out.data, out.len, 0644, &err);
    ent_image_free(&image);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"bytes\":%zu,\"grey\":%s}\n", out.len, made_grey ? "true" : "false");
    else printf("%s, %zu bytes%s\n", ent_image_format_text(format), out.len, made_grey ? "; colour made grey, which is all that the format holds" : "");
    return 0;
}

int ent_cmd_image(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"show", show, "what an image is"}, {"convert", convert, "one format into another"}, {0}};
    return ent_cli_group(cli, "image", "Images of the field.", commands, argc, argv);
}
