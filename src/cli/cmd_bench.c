/* Benchmarks that are part of the program, so that an operator can measure a machine before buying ten of it. Never tests: medians and ratios of one run. */
#include "cli/act.h"
#include "cli/commands.h"

#include "entente/face_model.h"
#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { READING, ONE, HALF, TOGETHER, TOGETHER_HALF, ASKED };

enum { HUGE_PAGE = 2 << 20, SINGLE = 30, BATCH = 64, BATCHES = 5, RECALLED = 100, PHOTOS = 30, LINE = 64, GALLERY_MAX = 20000000 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* What this thread computed, whatever else the machine does. */
static double own_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_double);
    return v[n / 2];
}

static uint64_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Roughly normal: the sum of four uniform numbers. */
static void random_embedding(uint64_t *seed, uint32_t n, float *ret)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t r = next(seed);
        ret[i] = (float)((double)(r & 65535) + (double)(r >> 16 & 65535) + (double)(r >> 32 & 65535) + (double)(r >> 48)) / 65536 - 2;
    }
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += (double)ret[i] * (double)ret[i];
    for (uint32_t i = 0; i < n; i++) ret[i] /= (float)sqrt(sum);
}

typedef struct gallery_bench {
    size_t entries;
    uint32_t dimension;
    float *embedding; /* entries x dimension */
    uint8_t (*probe)[ENT_FACE_TEMPLATE_MAX];
    float *probe_embedding;
    size_t probe_len;
    double memory, single, all_threads, batch, hidden, batch_hidden, plain, build; /* GB/s and ms */
    uint64_t found[RECALLED];
    size_t right;
} gallery_bench;

typedef uint64_t lane __attribute__((vector_size(32)));

/* How long one thread takes to read `bytes` of memory once. */
static double reading_ms(const lane *data, size_t bytes)
{
    static volatile uint64_t seen; /* so that the reading is not left out */
    lane sum[8] = {{0}};
    double t0 = own_ms();
    for (size_t i = 0; i < bytes / sizeof(lane); i += 8)
        for (int k = 0; k < 8; k++) sum[k] += data[i + (size_t)k];
    double t = own_ms() - t0;
    for (int k = 1; k < 8; k++) sum[0] += sum[k];
    seen += sum[0][0] + sum[0][1];
    return t;
}

static ent_code fill(gallery_bench *b, ent_face_gallery *g, ent_err *err)
{
    static const uint8_t model[8] = "bench";
    uint64_t seed = 1;
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len;
    ent_code code = ENT_OK;
    for (size_t i = 0; i < b->entries && code == ENT_OK; i++) {
        random_embedding(&seed, b->dimension, b->embedding + i * b->dimension);
        code = ent_face_quantise(b->embedding + i * b->dimension, b->dimension, model, 50, bytes, &len, err);
        if (code == ENT_OK) code = ent_face_gallery_add(g, i, 1 + i % 2, bytes, len, err);
        if (i % 65536 == 0) ent_cli_progress("filling", i, b->entries);
    }
    ent_cli_progress("filling", b->entries, b->entries);
    for (size_t p = 0; p < RECALLED && code == ENT_OK; p++) {
        random_embedding(&seed, b->dimension, b->probe_embedding + p * b->dimension);
        code = ent_face_quantise(b->probe_embedding + p * b->dimension, b->dimension, model, 50, b->probe[p], &b->probe_len, err);
    }
    return code;
}

static ent_code timed_search(const ent_face_gallery *g, gallery_bench *b, size_t first, size_t count, uint64_t flows, double (*clock_ms)(void), double *ret_ms, ent_err *err)
{
    ent_face_probe probes[BATCH];
    ent_face_hit hits[BATCH];
    size_t counts[BATCH];
    for (size_t i = 0; i < count; i++) probes[i] = (ent_face_probe){b->probe[(first + i) % RECALLED], b->probe_len};
    double t0 = clock_ms();
    ent_code code = ent_face_gallery_search(g, probes, count, flows, 1, hits, counts, err);
    *ret_ms = clock_ms() - t0;
    for (size_t i = 0; i < count && code == ENT_OK; i++) b->found[(first + i) % RECALLED] = hits[i].id;
    return code;
}

/* One thread, by turns, so that what else the machine does falls on all alike. */
static ent_code by_turns(const ent_face_gallery *g, gallery_bench *b, size_t stride, ent_err *err)
{
    double ms[ASKED][SINGLE];
    size_t bytes = b->entries * stride / (8 * sizeof(lane)) * 8 * sizeof(lane);
    lane *data = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    if (!data) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu bytes", bytes);
    (void)madvise(data, bytes, MADV_HUGEPAGE);
    memset(data, 1, bytes);
    ent_code code = ENT_OK;
    for (size_t i = 0; i < SINGLE && code == ENT_OK; i++) {
        ms[READING][i] = reading_ms(data, bytes);
        code = timed_search(g, b, i, 1, UINT64_MAX, own_ms, &ms[ONE][i], err);
        if (code == ENT_OK) code = timed_search(g, b, i, 1, 2, own_ms, &ms[HALF][i], err);
        if (code == ENT_OK && i < BATCHES) code = timed_search(g, b, i, BATCH, 2, own_ms, &ms[TOGETHER_HALF][i], err);
        if (code == ENT_OK && i < BATCHES) code = timed_search(g, b, i, BATCH, UINT64_MAX, own_ms, &ms[TOGETHER][i], err);
        ent_cli_progress("searching", i + 1, SINGLE);
    }
    free(data);
    if (code != ENT_OK) return code;
    b->memory = (double)bytes / median(ms[READING], SINGLE) * 1e-6;
    b->single = median(ms[ONE], SINGLE), b->hidden = median(ms[HALF], SINGLE);
    b->batch = median(ms[TOGETHER], BATCHES), b->batch_hidden = median(ms[TOGETHER_HALF], BATCHES);
    return ENT_OK;
}

/* The best by floats alone, every entry, as an index without quantisation does it; and how long that takes. */
static size_t best_by_floats(const gallery_bench *b, const float *probe)
{
    typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));
    size_t best = 0;
    float most = -2;
    for (size_t i = 0; i < b->entries; i++) {
        const float *e = b->embedding + i * b->dimension;
        eight sum = {0};
        float total = 0;
        uint32_t k = 0;
        for (; k + 8 <= b->dimension; k += 8) sum += *(const eight *)(e + k) * *(const eight *)(probe + k);
        for (; k < b->dimension; k++) total += e[k] * probe[k];
        for (int l = 0; l < 8; l++) total += sum[l];
        if (total > most) most = total, best = i;
    }
    return best;
}

static ent_code recall(gallery_bench *b, const ent_face_gallery *g, ent_err *err)
{
    double ms[RECALLED], one;
    for (size_t p = 0; p < RECALLED; p++) {
        double t0 = own_ms();
        size_t should = best_by_floats(b, b->probe_embedding + p * b->dimension);
        ms[p] = own_ms() - t0;
        ent_code code = timed_search(g, b, p, 1, UINT64_MAX, own_ms, &one, err);
        if (code == ENT_OK) b->right += b->found[p] == should;
        if (code == ENT_OK) code = timed_search(g, b, p, p % 2 ? BATCH : 2, UINT64_MAX, own_ms, &one, err);
        if (code != ENT_OK) return code;
        if (b->found[p] != should) b->right -= b->right > 0; /* together too */
        ent_cli_progress("comparing with floats", p + 1, RECALLED);
    }
    b->plain = median(ms, RECALLED);
    return ENT_OK;
}

static ent_code measure(gallery_bench *b, ent_err *err)
{
    ent_face_gallery *one = NULL, *all = NULL;
    double ms[SINGLE];
    size_t stride = ((size_t)b->dimension + LINE - 1) / LINE * LINE;
    b->embedding = malloc(b->entries * b->dimension * sizeof(float)), b->probe_embedding = malloc((size_t)RECALLED * b->dimension * sizeof(float)), b->probe = malloc(RECALLED * sizeof *b->probe);
    ent_code code = b->embedding && b->probe_embedding && b->probe ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu embeddings", b->entries);
    double t0 = now_ms();
    if (code == ENT_OK) code = ent_face_gallery_new(1, &one, err);
    if (code == ENT_OK) code = fill(b, one, err);
    b->build = now_ms() - t0;
    if (code == ENT_OK) code = by_turns(one, b, stride, err);
    if (code == ENT_OK) code = recall(b, one, err);
    ent_face_gallery_free(one);
    if (code == ENT_OK) code = ent_face_gallery_new(0, &all, err);
    if (code == ENT_OK) code = fill(b, all, err);
    for (size_t i = 0; i < SINGLE && code == ENT_OK; i++) code = timed_search(all, b, i, 1, UINT64_MAX, now_ms, &ms[i], err);
    if (code == ENT_OK) b->all_threads = median(ms, SINGLE);
    ent_face_gallery_free(all);
    free(b->embedding), free(b->probe_embedding), free(b->probe);
    return code;
}

static void print_gallery(const ent_cli *cli, const gallery_bench *b)
{
    double bytes = (double)b->entries * (double)((b->dimension + LINE - 1) / LINE * LINE), speed = bytes / b->single * 1e-6, each = b->batch / BATCH, each_hidden = b->batch_hidden / BATCH;
    if (cli->json) {
        printf("{\"kernel\":\"%s\",\"entries\":%zu,\"dimension\":%u,\"memory-gb-s\":%.2f,\"single-ms\":%.3f,\"single-gb-s\":%.2f,\"bandwidth-ratio\":%.3f,\"half-hidden-ms\":%.3f,\"batch-64-ms-each\":%.3f,"
               "\"batch-gain\":%.2f,\"batch-64-half-hidden-ms-each\":%.3f,\"all-threads-ms\":%.3f,\"float-ms\":%.2f,\"float-ratio\":%.2f,\"recall-1\":%.4f,\"fill-ms\":%.0f}\n",
               ent_face_kernel(), b->entries, b->dimension, b->memory, b->single, speed, speed / b->memory, b->hidden, each, b->single / each, each_hidden, b->all_threads, b->plain, b->plain / b->single, (double)b->right / RECALLED, b->build);
        return;
    }
    printf("%zu templates of %u dimensions, kernel %s, one thread (filled in %.1f s)\n", b->entries, b->dimension, ent_face_kernel(), b->build / 1e3);
    printf("memory reads                 %8.2f GB/s\n", b->memory);
    printf("one probe                    %8.3f ms    %.2f GB/s, %.0f %% of the memory's speed\n", b->single, speed, 100 * speed / b->memory);
    printf("one probe, half hidden       %8.3f ms\n", b->hidden);
    printf("64 probes together           %8.3f ms each, %.2f times the throughput of one\n", each, b->single / each);
    printf("64 together, half hidden     %8.3f ms each\n", each_hidden);
    printf("one probe, all threads       %8.3f ms\n", b->all_threads);
    printf("floats, compared one by one  %8.3f ms    %.1f times as long\n", b->plain, b->plain / b->single);
    printf("recall@1 against floats      %8.4f      (%zu of %d unmated probes)\n", (double)b->right / RECALLED, b->right, RECALLED);
}

static int photo(ent_cli *cli, const char *path, const char *card, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image = {0};
    ent_face_model *model = NULL;
    ent_face *engine = NULL;
    ent_face_faces faces = {0};
    ent_face_quality q;
    uint8_t t[ENT_FACE_TEMPLATE_MAX];
    size_t len;
    double find[PHOTOS], embed[PHOTOS], quality[PHOTOS], whole[PHOTOS];
    ent_code code = ent_cli_load(path, &bytes, err);
    if (code == ENT_OK) code = ent_image_decode(bytes.data ? bytes.data : (const uint8_t *)"", bytes.len, &image, err);
    if (code == ENT_OK) code = ent_face_model_load(card ? card : ent_face_model_default(), &model, err);
    if (code == ENT_OK) code = ent_face_model_open(model, &engine, err);
    ent_face_image in = {image.pixels, image.width, image.height, (size_t)image.width * image.channels, image.channels};
    for (int i = -2; i < PHOTOS && code == ENT_OK; i++) { /* two rounds to warm up */
        double t0 = own_ms(), t1, t2, t3;
        code = ent_face_find(engine, &in, &faces, err);
        if (code == ENT_OK && !faces.count) code = ent_fail(err, ENT_QUALITY, "%s: no face in the picture", path);
        t1 = own_ms();
        if (code == ENT_OK) ent_face_quality_of(&in, &faces.face[0], &q);
        t2 = own_ms();
        if (code == ENT_OK) code = ent_face_embed(engine, &in, &faces.face[0], t, &len, err);
        t3 = own_ms();
        if (code == ENT_OK) code = ent_face_extract(engine, &in, ENT_FACE_LARGEST, t, &len, NULL, err);
        if (i >= 0) find[i] = t1 - t0, quality[i] = t2 - t1, embed[i] = t3 - t2, whole[i] = own_ms() - t3;
    }
    if (code == ENT_OK && cli->json)
        printf("{\"width\":%u,\"height\":%u,\"faces\":%zu,\"find-ms\":%.2f,\"quality-ms\":%.2f,\"embed-ms\":%.2f,\"whole-ms\":%.2f}\n", image.width, image.height, faces.count, median(find, PHOTOS), median(quality, PHOTOS), median(embed, PHOTOS), median(whole, PHOTOS));
    else if (code == ENT_OK)
        printf("%u x %u pixels, %zu face%s, one core's time (medians of %d)\n  find all, points  %6.2f ms\n  quality           %6.2f ms\n  align, embed      %6.2f ms\n  picture to template, largest face %6.2f ms\n", image.width, image.height, faces.count,
               faces.count == 1 ? "" : "s", PHOTOS, median(find, PHOTOS), median(quality, PHOTOS), median(embed, PHOTOS), median(whole, PHOTOS));
    ent_face_close(engine);
    ent_face_model_free(model);
    ent_image_free(&image);
    err->code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, err);
}

static int bench_face(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "bench face [--gallery N] [--dimension D] | bench face IMAGE [--model CARD]",
                                   .about = "A gallery of N random templates: time of a search with one probe and with 64, the share of the memory's speed in the same run, the cost of hiding\n"
                                            "entries from a flow, recall against floats. Or the parts of making a template from IMAGE.",
                                   .example = "entente bench face --gallery 1000000 --dimension 128"};
    const char *count = "100000", *dimension = "192", *card = NULL;
    const ent_opt opts[] = {{.name = "--gallery", .value = &count, .hint = "N", .help = "templates (default 100000)"}, {.name = "--dimension", .value = &dimension, .hint = "D", .help = "of each (default 192)"},
                            {.name = "--model", .value = &card, .hint = "CARD", .help = "the model's card"}, {0}};
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n == 1) return photo(cli, argv[0], card, &err);
    unsigned long entries = strtoul(count, NULL, 10), d = strtoul(dimension, NULL, 10);
    if (n || entries < 1000 || entries > GALLERY_MAX || d < 8 || d > ENT_FACE_DIMENSION_MAX) return ent_cli_usage(&h, "--gallery 1000 to %d, --dimension 8 to %d", GALLERY_MAX, ENT_FACE_DIMENSION_MAX);
    gallery_bench b = {.entries = entries, .dimension = (uint32_t)d};
    code = measure(&b, &err);
    if (code == ENT_OK) print_gallery(cli, &b);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_bench(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"finger", ent_cli_bench_finger, "a large gallery of prints, searched in two stages"}, {"face", bench_face, "face galleries and templates"}, {0}};
    return ent_cli_group(cli, "bench", "Benchmarks of this machine.", commands, argc, argv);
}
