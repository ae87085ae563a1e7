#include "cli/act.h"
#include "cli/commands.h"
#include "cli/outside.h"

#include "entente/face_model.h"
#include "adapter/file/disk.h"
#include "base/wipe.h"
#include "face/card.h"

#include <stdlib.h>
#include <string.h>

#define MODEL_OPTION {.name = "--model", .value = &card, .hint = "CARD", .help = "the model's card (default: $ENTENTE_FACE_MODEL, else models/pair-mirror.yaml)"}
#define CHOICE_OPTION {.name = "--face", .value = &choice, .hint = "only|largest|centre|N", .help = "which face when there are several (default only: several are refused)"}

typedef struct loaded {
    ent_face_model *model;
    ent_face *engine;
} loaded;

static ent_code load_engine(const char *card, loaded *l, ent_err *err)
{
    if (l->engine) return ENT_OK;
    if (!l->model) {
        ent_code code = ent_face_model_load(card ? card : ent_face_model_default(), &l->model, err);
        if (code != ENT_OK) return code;
    }
    return ent_face_model_open(l->model, &l->engine, err);
}

static void unload(loaded *l)
{
    ent_face_close(l->engine);
    ent_face_model_free(l->model);
}

static bool read_choice(const char *text, int *ret)
{
    static const char *const words[] = {"only", "largest", "centre"};
    char *end;
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) return *ret = i, true;
    unsigned long n = strtoul(text, &end, 10);
    if (end == text || *end || n < 1 || n > ENT_FACE_FACES_MAX) return false;
    *ret = ENT_FACE_FIRST + (int)n - 1;
    return true;
}

static ent_face_image view(const ent_image *image)
{
    return (ent_face_image){image->pixels, image->width, image->height, (size_t)image->width * image->channels, image->channels};
}

typedef struct face_template {
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len;
    bool from_image;
    ent_face_seen seen;
} face_template;

/* A template, or a picture that one is made of. */
static ent_code load_template(const ent_cli *cli, const char *path, const char *card, int choice, loaded *l, face_template *ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image;
    ent_face_template_info info;
    ent_code code = ent_cli_load(path, &bytes, err);
    if (code != ENT_OK) return code;
    ret->from_image = bytes.len < 3 || memcmp(bytes.data, "EFA", 3) != 0;
    if (!ret->from_image) {
        code = ent_face_inspect(bytes.data, bytes.len, &info, err);
        if (code != ENT_OK) return ent_context(err, code, "%s", path);
        memcpy(ret->bytes, bytes.data, bytes.len);
        ret->len = bytes.len;
        return ENT_OK;
    }
    code = bytes.len ? ent_cli_ask_image(cli, &bytes, &image, err) : ent_fail(err, ENT_FORMAT, "the file is empty");
    if (code == ENT_OK) {
        ent_face_image in = view(&image);
        code = load_engine(card, l, err);
        if (code == ENT_OK) code = ent_face_extract(l->engine, &in, choice, ret->bytes, &ret->len, &ret->seen, err);
        ent_image_free(&image);
    }
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

static void quality_json(const ent_face_quality *q)
{
    printf("{\"overall\":%d", q->overall);
#define ENT_X(name, text, advice) q->name < 0 ? printf(",\"" #name "\":null") : printf(",\"" #name "\":%d", q->name);
    ENT_FACE_MEASURES(ENT_X)
#undef ENT_X
    printf("}");
}

static int extract(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "face extract IMAGE -o OUT [--face only|largest|centre|N] [--least N] [--model CARD]",
                                   .about = "Finds the face in a picture and writes its template (docs/protocol/face-template.md). Several faces are an error unless\n"
                                            "--face says which is meant. With --least, a picture of lower overall quality is refused, with the reasons.",
                                   .example = "entente face extract traveller.jpg -o traveller.entf --least 30"};
    const char *out = NULL, *card = NULL, *choice = "only", *least = "0";
    const ent_opt opts[] = {{.name = "-o", .value = &out, .hint = "FILE", .help = "the template"}, CHOICE_OPTION, {.name = "--least", .value = &least, .hint = "N", .help = "least overall quality, 0 to 100"}, MODEL_OPTION, {0}};
    ent_err err = {0};
    loaded l = {0};
    face_template t = {0};
    char reasons[1024] = "";
    int n, which;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !out) return ent_cli_usage(&h, "a picture and -o are needed");
    if (!read_choice(choice, &which)) return ent_cli_usage(&h, "--face is only, largest, centre or a number from 1");
    code = load_template(cli, argv[0], card, which, &l, &t, &err);
    if (code == ENT_OK && !t.from_image) code = ent_fail(&err, ENT_USAGE, "%s is a template already", argv[0]);
    if (code == ENT_OK && !ent_face_gate(&t.seen.quality, atoi(least), reasons, sizeof reasons))
        code = ent_fail(&err, ENT_QUALITY, "quality %d of 100, %s asked for%s%s", t.seen.quality.overall, least, reasons[0] ? ": " : "", reasons);
    if (code == ENT_OK) code = ent_disk_replace(out, t.bytes, t.len, 0600, &err);
    if (code == ENT_OK && cli->json) {
        printf("{\"faces\":%zu,\"confidence\":%.3f,\"bytes\":%zu,\"quality\":", t.seen.faces, (double)t.seen.face.confidence, t.len);
        quality_json(&t.seen.quality);
        printf(",\"advice\":");
        ent_cli_json_string(stdout, reasons);
        printf("}\n");
    } else if (code == ENT_OK) printf("%zu face%s, quality %d, %zu bytes%s%s\n", t.seen.faces, t.seen.faces == 1 ? "" : "s", t.seen.quality.overall, t.len, reasons[0] ? "\n" : "", reasons);
    ent_wipe(&t, sizeof t);
    unload(&l);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

/* The model's calibration when the card is there and is that of the template. */
static ent_face_meaning meaning_of(const char *card, loaded *l, const face_template *t, double score)
{
    ent_face_template_info info;
    uint8_t id[8];
    if (!l->model && ent_face_model_load(card ? card : ent_face_model_default(), &l->model, NULL) != ENT_OK) return (ent_face_meaning){0};
    ent_face_model_id(ent_face_model_card(l->model), id);
    if (ent_face_inspect(t->bytes, t->len, &info, NULL) != ENT_OK || memcmp(id, info.model, sizeof id) != 0) return (ent_face_meaning){0};
    return ent_face_llr(&ent_face_model_card(l->model)->calibration, score);
}

static int match(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "face match A B [--face only|largest|centre|N] [--model CARD]",
                                   .about = "Compares two faces (pictures or templates of one model): cosine, and log10 likelihood ratio with its interval when the model is calibrated.",
                                   .example = "entente face match passport.jpg desk.jpg"};
    const char *card = NULL, *choice = "only";
    const ent_opt opts[] = {CHOICE_OPTION, MODEL_OPTION, {0}};
    ent_err err = {0};
    loaded l = {0};
    face_template t[2] = {0};
    double score = 0;
    int n, which;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 2) return ent_cli_usage(&h, "two files are needed");
    if (!read_choice(choice, &which)) return ent_cli_usage(&h, "--face is only, largest, centre or a number from 1");
    for (int i = 0; i < 2 && code == ENT_OK; i++) code = load_template(cli, argv[i], card, which, &l, &t[i], &err);
    if (code == ENT_OK) code = ent_face_match(t[0].bytes, t[0].len, t[1].bytes, t[1].len, &score, &err);
    if (code == ENT_OK) {
        ent_face_meaning m = meaning_of(card, &l, &t[0], score);
        if (cli->json && m.known) printf("{\"score\":%.5f,\"log10-ratio\":%.3f,\"low\":%.3f,\"high\":%.3f,\"extrapolated\":%.3f}\n", score, m.ratio, m.low, m.high, m.extrapolated);
        else if (cli->json) printf("{\"score\":%.5f}\n", score);
        else if (m.known) printf("score %.3f; log10 likelihood ratio %.2f (%.2f to %.2f)%s\n", score, m.ratio, m.low, m.high, m.extrapolated > m.ratio ? ", at the bound of what was measured" : "");
        else printf("score %.3f; the model is not calibrated: no likelihood ratio\n", score);
    }
    ent_wipe(t, sizeof t);
    unload(&l);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

/* ---- show ---- */

enum { SIDE = 2 * ENT_FACE_CROP, MEASURES = 13, BAR = 10 };

static void dot_at(ent_image *c, double x, double y, int radius, const uint8_t rgb[3])
{
    for (int dy = -radius; dy <= radius; dy++)
        for (int dx = -radius; dx <= radius; dx++) {
            long u = (long)(x + 0.5) + dx, v = (long)(y + 0.5) + dy;
            if (u >= 0 && v >= 0 && u < (long)c->width && v < (long)c->height) memcpy(c->pixels + 3 * ((size_t)v * c->width + (size_t)u), rgb, 3);
        }
}

static void draw_face(ent_image *c, const ent_face_found *f, uint32_t right, bool chosen)
{
    static const uint8_t green[3] = {0, 220, 60}, yellow[3] = {255, 220, 0}, red[3] = {255, 40, 40}, blue[3] = {60, 120, 255};
    const uint8_t *colour = chosen ? green : blue;
    for (double k = (double)f->left; k <= (double)f->right; k += 1) {
        double v = (double)f->top + k - (double)f->left;
        if (k < right) dot_at(c, k, (double)f->top, 0, colour), dot_at(c, k, (double)f->bottom, 0, colour);
        if ((double)f->left < right) dot_at(c, (double)f->left, v, 0, colour);
        if ((double)f->right < right) dot_at(c, (double)f->right, v, 0, colour);
    }
    int radius = f->right - f->left > 200 ? 2 : f->right - f->left > 100 ? 1 : 0;
    for (int i = 0; i < ENT_FACE_POINTS; i++)
        if (f->point[i][0] < (float)right) dot_at(c, (double)f->point[i][0], (double)f->point[i][1], radius, yellow);
    for (int i = 0; i < 5; i++)
        if (f->five[i][0] < (float)right) dot_at(c, (double)f->five[i][0], (double)f->five[i][1], radius + 1, red);
}

/* The aligned crop at twice its size, and below it a bar for each measure in the order that is printed. */
static void draw_side(ent_image *c, const ent_face_image *in, const ent_face_found *f, const ent_face_quality *q)
{
    uint8_t crop[ENT_FACE_CROP_BYTES];
    int value[MEASURES] = {q->overall}, n = 1;
#define ENT_X(name, text, advice) value[n++] = q->name;
    ENT_FACE_MEASURES(ENT_X)
#undef ENT_X
    ent_face_crop(in, f, crop);
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            memcpy(c->pixels + 3 * ((size_t)y * c->width + in->width + x), crop + 3 * ((size_t)(y / 2) * ENT_FACE_CROP + x / 2), 3);
    for (int i = 0; i < n; i++) {
        const uint8_t colour[3] = {(uint8_t)(value[i] < 40 ? 230 : 40), (uint8_t)(value[i] < 40 ? 60 : 170), 60};
        for (int y = 2; y < BAR; y++)
            for (int x = 0; x < value[i] * SIDE / 100; x++) memcpy(c->pixels + 3 * ((size_t)(SIDE + i * BAR + y) * c->width + in->width + (size_t)x), colour, 3);
    }
    ent_wipe(crop, sizeof crop);
}

static ent_code draw(const ent_image *image, const ent_face_faces *faces, size_t chosen, const ent_face_quality *q, const char *out, ent_err *err)
{
    ent_image c;
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_LIMIT_IMAGE_FILE);
    ent_face_image in = view(image);
    uint32_t least = SIDE + MEASURES * BAR;
    ent_code code = ent_image_new(image->width + SIDE, image->height > least ? image->height : least, 3, &c, err);
    if (code != ENT_OK) return code;
    memset(c.pixels, 32, (size_t)c.width * c.height * 3);
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++)
            for (uint32_t k = 0; k < 3; k++)
                c.pixels[3 * ((size_t)y * c.width + x) + k] = image->pixels[((size_t)y * image->width + x) * image->channels + (image->channels == 3 ? k : 0)];
    for (size_t i = 0; i < faces->count; i++) draw_face(&c, &faces->face[i], image->width, i == chosen);
    if (faces->count) draw_side(&c, &in, &faces->face[chosen], q);
    code = ent_image_encode(&c, ENT_IMAGE_PNG, 0, &bytes, err);
    if (code == ENT_OK) code = ent_disk_replace(out, bytes.data, bytes.len, 0600, err);
    ent_image_free(&c);
    return code;
}

static void print_faces(const ent_cli *cli, const ent_face_faces *faces, size_t chosen, const ent_face_quality *q)
{
    char reasons[1024];
    ent_face_gate(q, 0, reasons, sizeof reasons);
    if (cli->json) {
        printf("{\"faces\":[");
        for (size_t i = 0; i < faces->count; i++)
            printf("%s{\"left\":%.1f,\"top\":%.1f,\"right\":%.1f,\"bottom\":%.1f,\"confidence\":%.3f}", i ? "," : "", (double)faces->face[i].left, (double)faces->face[i].top, (double)faces->face[i].right,
                   (double)faces->face[i].bottom, (double)faces->face[i].confidence);
        printf("]");
        if (faces->count) printf(",\"face\":%zu,\"quality\":", chosen + 1), quality_json(q);
        printf("}\n");
        return;
    }
    for (size_t i = 0; i < faces->count; i++)
        printf("face %zu%s: %.0f pixels at %.0f, %.0f; confidence %.3f\n", i + 1, i == chosen ? " (shown)" : "", (double)(faces->face[i].right - faces->face[i].left), (double)faces->face[i].left, (double)faces->face[i].top,
               (double)faces->face[i].confidence);
    if (!faces->count) {
        printf("no face in the picture\n");
        return;
    }
    printf("%-24s %3d\n", "quality", q->overall);
#define ENT_X(name, text, advice)                                                                                      \
    if (q->name >= 0) printf("  %-22s %3d\n", text, q->name);
    ENT_FACE_MEASURES(ENT_X)
#undef ENT_X
    if (reasons[0]) printf("%s\n", reasons);
}

static int show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "face show IMAGE [-o OUT.png] [--face N] [--model CARD]",
                                   .about = "Every face in a picture, and the quality of one (the largest by default) measure by measure. OUT.png: boxes, landmarks, the aligned crop\n"
                                            "that the networks see, and a bar for each measure in the order that is printed.",
                                   .example = "entente face show traveller.jpg -o look.png"};
    const char *card = NULL, *out = NULL, *choice = "1";
    const ent_opt opts[] = {{.name = "-o", .value = &out, .hint = "FILE", .help = "a PNG to look at"}, {.name = "--face", .value = &choice, .hint = "N", .help = "which face (default 1, the largest)"}, MODEL_OPTION, {0}};
    ent_err err = {0};
    loaded l = {0};
    ent_image image = {0};
    ent_face_faces faces = {0};
    ent_face_quality q = {0};
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    int n, which;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name one picture");
    if (!read_choice(choice, &which) || which < ENT_FACE_FIRST) return ent_cli_usage(&h, "--face is a number from 1");
    size_t chosen = (size_t)(which - ENT_FACE_FIRST);
    code = ent_cli_load(argv[0], &bytes, &err);
    if (code == ENT_OK) code = ent_cli_ask_image(cli, &bytes, &image, &err);
    ent_face_image in = view(&image);
    if (code == ENT_OK) code = load_engine(card, &l, &err);
    if (code == ENT_OK) code = ent_face_find(l.engine, &in, &faces, &err);
    if (code == ENT_OK && chosen > 0 && chosen >= faces.count) code = ent_fail(&err, ENT_NOT_FOUND, "face %zu was asked for; the picture has %zu", chosen + 1, faces.count);
    if (code == ENT_OK && faces.count) code = ent_face_judge(l.engine, &in, &faces.face[chosen], &q, &err);
    if (code == ENT_OK && out) code = draw(&image, &faces, chosen, &q, out, &err);
    if (code == ENT_OK) print_faces(cli, &faces, chosen, &q);
    ent_image_free(&image);
    unload(&l);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

static int model(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "face model [CARD]", .about = "What a model is, where it comes from, what its weights were trained on; checks the networks' checksums and that they open.", .example = "entente face model models/pair-mirror.yaml"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    loaded l = {0};
    uint8_t id[8];
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n > 1) return ent_cli_usage(&h, "name one card");
    code = load_engine(n ? argv[0] : NULL, &l, &err);
    if (code == ENT_OK) {
        const ent_face_card *c = ent_face_card_of(l.engine);
        const char *name[] = {"origin", "training", "licence", "accuracy"}, *text[] = {c->origin, c->training, c->licence, c->accuracy};
        uint32_t dimension = 0;
        for (uint32_t i = 0; i < c->embedders; i++) dimension += c->embedder[i].dimension;
        ent_face_model_id(c, id);
        printf(cli->json ? "{\"model\":\"%s\",\"id\":\"" : "%s, id ", c->name);
        for (int i = 0; i < 8; i++) printf("%02x", id[i]);
        printf(cli->json ? "\",\"dimension\":%u,\"calibrated\":%s" : ", %u dimensions, %s\n", dimension, cli->json ? (c->calibration.fitted ? "true" : "false") : c->calibration.fitted ? "calibrated" : "not calibrated");
        for (int i = 0; i < 4; i++) {
            if (cli->json) printf(",\"%s\":", name[i]), ent_cli_json_string(stdout, text[i]);
            else printf("  %-9s %s\n", name[i], text[i][0] ? text[i] : "not stated");
        }
        const char *runtime;
        if (cli->json) printf(",\"networks\":[");
        for (uint32_t i = 0; (runtime = ent_face_runtime(l.engine, i)); i++)
            printf(cli->json ? "%s{\"file\":\"%s\",\"runtime\":\"%s\"}" : "%s  network   %s, calculated by %s\n", cli->json && i ? "," : "", ent_face_card_network(c, i)->file, runtime);
        if (cli->json) printf("]}\n");
    }
    unload(&l);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_face(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"extract", extract, "a face's template"}, {"match", match, "compare two faces"}, {"show", show, "faces and quality of a picture"}, {"model", model, "what a model is"}, {0}};
    return ent_cli_group(cli, "face", "The face engine.", commands, argc, argv);
}
