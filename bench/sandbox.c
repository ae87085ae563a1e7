/* What the sandbox costs: a job in a fresh worker less the same job in this process. bench_sandbox [JOBS [sum|copy|decode|image]]: 300 KB in and a sum out;
 * 300 KB in and out; a WSQ image of 832 x 768 pixels in and its pixels out; the same by `entente-decode`, the program that nodes start (image). Medians of the wall clock, in milliseconds, with one job after
 * the other at once (whose workers are buried and made beside them), and with 5 ms of rest between them (a node that is not busy); and the
 * processor time that a job costs in all processes together, less that of the same job here, which does not depend on who else uses the
 * machine. */
#include "adapter/sandbox/sandbox.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD = 300 << 10, MOST = 4000 };

static ent_code sum(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    uint64_t total = 0;
    (void)err;
    for (size_t i = 0; i + 8 <= len; i += 8) {
        uint64_t v;
        memcpy(&v, (const uint8_t *)bytes + i, 8);
        total += v;
    }
    ent_buf_u64(ret, total);
    return ENT_OK;
}

static ent_code copy(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_buf_put(ret, bytes, len);
    return ent_buf_check(ret, err);
}

static ent_code decode(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_image image;
    ent_code code = ent_image_decode(bytes, len, &image, err);
    if (code != ENT_OK) return code;
    ent_buf_put(ret, image.pixels, (size_t)image.width * image.height);
    ent_image_free(&image);
    return ent_buf_check(ret, err);
}

static const ent_sandbox_job jobs[] = {{"sum", sum}, {"copy", copy}, {"decode", decode}, {"image", ent_image_decode_flat}, {0}};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Of this process and of those that it has waited for. */
static double spent(void)
{
    double ms = 0;
    for (int who = RUSAGE_SELF; who >= RUSAGE_CHILDREN; who += RUSAGE_CHILDREN - RUSAGE_SELF) {
        struct rusage r;
        getrusage(who, &r);
        ms += (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-3;
    }
    return ms;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(ent_decoder d, const char *job, const ent_buf *in, int count, useconds_t rest)
{
    static double ms[MOST];
    for (int i = 0; i < count; i++) {
        ENT_AUTO_BUF out = ENT_BUF(8 << 20);
        ent_err err;
        if (rest) usleep(rest);
        double from = now();
        if (d.run(d.self, job, in->data, in->len, &out, &err) != ENT_OK) fprintf(stderr, "%s: %s\n", job, err.detail), exit(1);
        ms[i] = now() - from;
    }
    qsort(ms, (size_t)count, sizeof *ms, by_size);
    return ms[count / 2];
}

static void compare(const char *program, const char *job, const ent_buf *in, int count)
{
    ent_sandbox *s;
    ent_err err;
    ent_decoder direct = ent_sandbox_direct(jobs);
    double before = spent(), alone = measure(direct, job, in, count, 0), rested = measure(direct, job, in, count, 5000), here = spent() - before;
    before = spent();
    if (ent_sandbox_start(program, 2, &s, &err) != ENT_OK) exit(1);
    ent_decoder fresh = ent_sandbox_decoder(s);
    double busy = measure(fresh, job, in, count, 0), idle = measure(fresh, job, in, count, 5000);
    ent_sandbox_stop(s);
    printf("%-7s %7zu bytes   here %7.3f / %7.3f   sandbox %7.3f / %7.3f   overhead %6.3f at once, %6.3f rested, %6.3f of processor time\n", job, in->len, alone, rested, busy, idle,
           busy - alone, idle - rested, (spent() - before - here) / (2 * count));
}

static void make_image(ent_buf *ret)
{
    ent_image image;
    ent_err err;
    if (ent_image_new(832, 768, 1, &image, &err) != ENT_OK) exit(1);
    for (uint32_t i = 0; i < 832 * 768; i++) {
        uint32_t x = i % 832, y = i / 832, d = (x * x + y * y) / 400 % 36;
        image.pixels[i] = (uint8_t)(40 + 9 * (d < 18 ? d : 36 - d));
    }
    if (ent_image_encode(&image, ENT_IMAGE_WSQ, 0.75, ret, &err) != ENT_OK) exit(1);
    ent_image_free(&image);
}

int main(int argc, char **argv)
{
    ent_buf payload = ENT_BUF(PAYLOAD), wsq = ENT_BUF(8 << 20);
    if (argc > 1 && strcmp(argv[1], "sandbox-worker") == 0) return ent_sandbox_worker(jobs);
    int count = argc > 1 ? atoi(argv[1]) : 500;
    if (count < 1 || count > MOST) return 2;
    for (uint32_t i = 0; i < PAYLOAD / 4; i++) ent_buf_u32(&payload, i * 2654435761u);
    make_image(&wsq);
    for (const ent_sandbox_job *j = jobs; j->name; j++)
        if (argc < 3 || strcmp(argv[2], j->name) == 0)
            compare(strcmp(j->name, "image") == 0 ? ENTENTE_DECODE : "/proc/self/exe", j->name, j->run == sum || j->run == copy ? &payload : &wsq, count);
    ent_buf_free(&payload);
    ent_buf_free(&wsq);
    return 0;
}
