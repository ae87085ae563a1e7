/* The key slots: how many are made, read and destroyed a second, one at a time and many under one sync; how long the end of an epoch
 * takes; the same with a standby on the same disk. Prints one line each. bench_custody FOLDER ENTENTE [SLOTS] */
#include "adapter/file/file.h"
#include "adapter/standby/standby.h"
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(ent_code code, const ent_err *err)
{
    if (code == ENT_OK) return;
    fprintf(stderr, "bench_custody: %s\n", err->detail);
    exit(1);
}

static void rate(const char *what, size_t n, double since)
{
    double took = now() - since;
    printf("  %-44s %9.0f a second   (%zu in %.2f s)\n", what, (double)n / took, n, took);
}

static void run(const char *folder, const ent_standby *standby, size_t count)
{
    static const uint8_t binding[32] = {1};
    enum { ONE = 2000 };
    ent_file_keys_options o = {.create = true, .accept_residue = true, .accept_unlocked_memory = true, .standby = standby};
    ent_slot *slots = calloc(count, sizeof *slots);
    ent_keys k;
    ent_key32 key;
    ent_err err;
    uint32_t epoch;
    if (!slots) exit(1);
    must(ent_file_keys(folder, &o, ent_system_random(), &k, &err), &err);
    double at = now();
    for (size_t i = 0; i < count; i++) must(k.new_slot(k.self, binding, &slots[i], &key, &err), &err);
    rate("keys made, each with its sync", count, at);
    at = now();
    for (size_t i = 0; i < count; i++) must(k.get(k.self, slots[i], binding, &key, &err), &err);
    rate("keys read", count, at);
    at = now();
    size_t ones = count / 2 < ONE ? count / 2 : ONE;
    for (size_t i = 0; i < ones; i++) must(k.destroy(k.self, slots[i], &err), &err);
    rate("keys destroyed, each with its sync", ones, at);
    at = now();
    size_t many = (count / 2 - ones) / 64 * 64;
    for (size_t i = 0; i < many; i += 64) must(k.destroy_many(k.self, slots + ones + i, 64, &err), &err);
    rate("keys destroyed, 64 under a sync", many, at);
    at = now();
    must(k.end_epoch(k.self, &epoch, &err), &err);
    rate("living keys wrapped anew, end of an epoch", count - ones - many, at);
    k.close(k.self);
    free(slots);
}

int main(int argc, char **argv)
{
    char path[4096], command[9000];
    ent_standby standby;
    ent_err err;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_custody FOLDER ENTENTE [SLOTS]\n");
        return 2;
    }
    size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 20000;
    snprintf(path, sizeof path, "%.4000s/alone", argv[1]);
    mkdir(path, 0700);
    printf("slots in a file, alone\n");
    run(path, NULL, count);
    snprintf(command, sizeof command, "exec %.4000s standby keep %.4000s/standby", argv[2], argv[1]);
    must(ent_standby_link(command, &standby, &err), &err);
    snprintf(path, sizeof path, "%.4000s/kept", argv[1]);
    mkdir(path, 0700);
    printf("with a standby on the same disk\n");
    run(path, &standby, count);
    standby.close(standby.self);
    return 0;
}
