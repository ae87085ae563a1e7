/* Do two prints (8 bit PGM files, 500 ppi) come from one finger?
 *
 *     cc match.c $(pkg-config --cflags --libs entente-finger) -o match && ./match a.pgm b.pgm */
#include <entente/finger.h>

#include <stdio.h>
#include <stdlib.h>

static ent_finger_template *extract(const char *path)
{
    ent_finger_image image = {.ppi = 500};
    ent_finger_template *t = NULL;
    ent_err err = {0};
    FILE *f = fopen(path, "rb");
    if (!f || fscanf(f, "P5 %u %u 255", &image.width, &image.height) != 2 || fgetc(f) == EOF || image.width > 4096 || image.height > 4096)
        exit((fprintf(stderr, "%s: not an 8 bit PGM file\n", path), 2));
    size_t size = (size_t)image.width * image.height;
    uint8_t *pixels = malloc(size + 1);
    if (!pixels || fread(pixels, 1, size, f) != size) exit((fprintf(stderr, "%s: cut short\n", path), 2));
    image.pixels = pixels, image.stride = image.width;
    if (ent_finger_extract(&image, &t, &err) != ENT_OK) exit((fprintf(stderr, "%s: %s\n", path, err.detail), 2));
    free(pixels);
    fclose(f);
    return t;
}

int main(int argc, char **argv)
{
    if (argc != 3) return fprintf(stderr, "match A.pgm B.pgm\n"), 2;
    ent_finger_template *a = extract(argv[1]), *b = extract(argv[2]);
    ent_finger_probe *probe;
    if (ent_finger_probe_new(a, &probe, NULL) != ENT_OK) return 2;
    ent_finger_meaning m = ent_finger_llr(ent_finger_match_full(probe, b, NULL));
    printf("log10 of the likelihood ratio: %.1f (%.1f to %.1f)\n", m.ratio, m.low, m.high);
    ent_finger_probe_free(probe);
    ent_finger_template_free(a), ent_finger_template_free(b);
    return m.low > 1 ? 0 : 1;
}
