/* How long one core takes to read and to write an image of 832 x 768 pixels (synthetic prints side by side) in each format, and
 * to read the files that are named: bench_image [FILE…]. Median of the thread's CPU time, in milliseconds. */
#include "base/buf.h"
#include "entente/finger_synth.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 832, HEIGHT = 768, ROUNDS = 31 };

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *ms)
{
    qsort(ms, ROUNDS, sizeof *ms, by_size);
    return ms[ROUNDS / 2];
}

static void fail(const ent_err *err)
{
    fprintf(stderr, "%s\n", err->detail);
    exit(1);
}

static double read_ms(const ent_buf *bytes)
{
    double ms[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        ent_image image;
        ent_err err = {0};
        double from = cpu();
        if (ent_image_decode(bytes->data, bytes->len, &image, &err) != ENT_OK) fail(&err);
        ms[i] = cpu() - from;
        ent_image_free(&image);
    }
    return median(ms);
}

static void measure(const ent_image *image, ent_image_format format, double rate)
{
    double ms[ROUNDS];
    ENT_AUTO_BUF bytes = ENT_BUF(64 << 20);
    ent_err err = {0};
    for (int i = 0; i < ROUNDS; i++) {
        ent_buf_free(&bytes);
        double from = cpu();
        if (ent_image_encode(image, format, rate, &bytes, &err) != ENT_OK) fail(&err);
        ms[i] = cpu() - from;
    }
    printf("%-10s rate %-5g %8zu bytes   write %7.2f ms   read %7.2f ms\n", ent_image_format_text(format), rate, bytes.len, median(ms), read_ms(&bytes));
}

static void compose(ent_image *ret)
{
    static uint8_t print[ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT];
    ent_err err = {0};
    if (ent_image_new(WIDTH, HEIGHT, 1, ret, &err) != ENT_OK) fail(&err);
    for (uint32_t i = 0; i < 6; i++) {
        ent_synth_finger *f;
        uint32_t x0 = i % 3 * ENT_SYNTH_WIDTH, y0 = i / 3 * ENT_SYNTH_HEIGHT;
        if (ent_synth_finger_new(7, i, &f, &err) != ENT_OK) fail(&err);
        ent_synth_impression(f, 0, print);
        ent_synth_finger_free(f);
        uint32_t columns = WIDTH - x0 < ENT_SYNTH_WIDTH ? WIDTH - x0 : ENT_SYNTH_WIDTH;
        for (uint32_t y = 0; y < ENT_SYNTH_HEIGHT; y++) memcpy(ret->pixels + (size_t)(y0 + y) * WIDTH + x0, print + (size_t)y * ENT_SYNTH_WIDTH, columns);
    }
    ret->ppi = 500;
}

static void measure_file(const char *path)
{
    ENT_AUTO_BUF bytes = ENT_BUF(64 << 20);
    uint8_t block[65536];
    FILE *f = fopen(path, "rb");
    if (!f) perror(path), exit(1);
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) ent_buf_put(&bytes, block, n);
    fclose(f);
    printf("%-60s read %7.2f ms\n", path, read_ms(&bytes));
}

int main(int argc, char **argv)
{
    ent_image image;
    static const struct {
        ent_image_format format;
        double rate;
    } all[] = {{ENT_IMAGE_WSQ, 0.75}, {ENT_IMAGE_WSQ, 2.25}, {ENT_IMAGE_PNG, 0}, {ENT_IMAGE_JPEG, 0}, {ENT_IMAGE_JPEG2000, 0}, {ENT_IMAGE_TIFF, 0}};
    compose(&image);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) measure(&image, all[i].format, all[i].rate);
    ent_image_free(&image);
    for (int i = 1; i < argc; i++) measure_file(argv[i]);
    return 0;
}
