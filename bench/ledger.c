/* Appends to the file ledger from many threads at once, each waiting for its own to be durable; the tree's checkpoint with and without
 * witnesses costs the same, since they are asked beside it.
 *   bench_ledger FOLDER [SECONDS [THREADS]] */
#include "adapter/file/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 1 << 20 };

static ent_ledger ledger;
static atomic_bool stop;
static atomic_ullong appended, failed;
static _Atomic uint32_t sample[SAMPLES]; /* microseconds */

static int64_t us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *work(void *ctx)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    uint64_t index;
    ent_entry e = {.kind = ENT_ENTRY_ASKED, .follows = ENT_ENTRY_NONE};
    memcpy(e.case_number.b, &ctx, sizeof ctx);
    for (int64_t i = 0; !atomic_load(&stop); i++) {
        e.time.ms = i;
        int64_t from = us();
        bool ok = ent_entry_encode(&e, bytes, NULL) == ENT_OK && ledger.append(ledger.self, bytes, &index, NULL) == ENT_OK;
        if (!ok) {
            atomic_fetch_add(&failed, 1);
            return NULL;
        }
        atomic_store(&sample[atomic_fetch_add(&appended, 1) % SAMPLES], (uint32_t)(us() - from));
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void run(unsigned threads, int seconds)
{
    pthread_t thread[256];
    unsigned long long before = atomic_load(&appended);
    atomic_store(&stop, false);
    atomic_store(&appended, 0);
    int64_t from = us();
    for (uintptr_t i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, work, (void *)(i + 1)) != 0) abort();
    for (const struct timespec nap = {.tv_nsec = 10000000}; us() - from < seconds * 1000000ll;) nanosleep(&nap, NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    double took = (double)(us() - from) / 1e6;
    size_t n = (size_t)atomic_load(&appended), kept = n < SAMPLES ? n : SAMPLES;
    uint32_t *sorted = malloc((kept + 1) * sizeof *sorted);
    for (size_t i = 0; i < kept && sorted; i++) sorted[i] = atomic_load(&sample[i]);
    if (sorted && kept) {
        qsort(sorted, kept, sizeof *sorted, by_size);
        printf("%3u waiting: %8.0f appends/s   median %6u us   p99 %6u us   (%zu entries after %llu)\n", threads, (double)n / took, sorted[kept / 2], sorted[kept * 99 / 100], n, before);
    }
    free(sorted);
}

int main(int argc, char **argv)
{
    ent_err err = {0};
    ent_public_key public;
    ent_secret_key secret;
    int seconds = argc > 2 ? atoi(argv[2]) : 3;
    unsigned threads = argc > 3 ? (unsigned)atoi(argv[3]) : 64;
    if (argc < 2 || seconds < 1 || threads < 1 || threads > 256) {
        fprintf(stderr, "usage: bench_ledger FOLDER [SECONDS [THREADS]]\n");
        return 2;
    }
    ent_sign_keys((uint8_t[32]){1}, &public, &secret);
    if (ent_file_ledger(argv[1], "bench.example", &secret, true, &ledger, &err) != ENT_OK) {
        fprintf(stderr, "%s\n", err.detail);
        return 4;
    }
    run(1, seconds);
    run(threads, seconds);
    ledger.close(ledger.self);
    return atomic_load(&failed) ? 4 : 0;
}
