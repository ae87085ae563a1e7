/* Compares the faces of two pictures (binary PPM) with the library alone, without a node.
 *
 *     cc face_match.c -o face_match $(pkg-config --cflags --libs entente-face)
 *     ./face_match models/pair-mirror.yaml a.ppm b.ppm
 */
#include "entente/face_model.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct photo {
    ent_face_image view;
    unsigned char *pixels;
} photo;

static int read_ppm(const char *path, photo *ret)
{
    unsigned w = 0, h = 0;
    FILE *f = fopen(path, "rb");
    photo p = {0};
    int fine = f && fscanf(f, "P6 %5u %5u 255", &w, &h) == 2 && fgetc(f) != EOF && w > 0 && h > 0;
    if (fine) p.pixels = malloc((size_t)w * h * 3);
    fine = fine && p.pixels && fread(p.pixels, 3, (size_t)w * h, f) == (size_t)w * h;
    if (f) fclose(f);
    if (!fine) return free(p.pixels), fprintf(stderr, "%s is no binary PPM of 8 bits\n", path), 0;
    p.view = (ent_face_image){p.pixels, w, h, (size_t)w * 3, 3};
    *ret = p;
    return 1;
}

int main(int argc, char **argv)
{
    ent_err err = {0};
    ent_face_model *model = NULL;
    ent_face *engine = NULL;
    unsigned char face[2][ENT_FACE_TEMPLATE_MAX];
    size_t len[2];
    double score = 0;
    if (argc != 4) return fprintf(stderr, "usage: face_match CARD A.ppm B.ppm\n"), 2;
    ent_code code = ent_face_model_load(argv[1], &model, &err);
    if (code == ENT_OK) code = ent_face_model_open(model, &engine, &err);
    for (int i = 0; i < 2 && code == ENT_OK; i++) {
        photo p;
        if (!read_ppm(argv[2 + i], &p)) return 2;
        code = ent_face_extract(engine, &p.view, ENT_FACE_LARGEST, face[i], &len[i], NULL, &err);
        free(p.pixels);
    }
    if (code == ENT_OK) code = ent_face_match(face[0], len[0], face[1], len[1], &score, &err);
    if (code == ENT_OK) {
        ent_face_meaning m = ent_face_llr(&ent_face_model_card(model)->calibration, score);
        printf("score %.3f, log10 likelihood ratio %.1f (%.1f to %.1f)\n", score, m.ratio, m.low, m.high);
    } else
        fprintf(stderr, "%s: %s\n", ent_code_text(code), err.detail);
    ent_face_close(engine);
    ent_face_model_free(model);
    return ent_code_exit(code);
}
