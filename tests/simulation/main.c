/* simulation SEEDS [FIRST]: so many seeds on two processes; a failing one is run again alone, with its trace.
 * simulation --seed N [--trace]: one. */
#include "simulation/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, STEPS = 120 };

typedef struct shared {
    uint64_t at[WORKERS], hits[WORKERS], no_hits[WORKERS], disclosed[WORKERS], destroyed[WORKERS], crashes[WORKERS], undertaken[WORKERS], findings[WORKERS], turned[WORKERS], kept_ahead[WORKERS], bound_later[WORKERS];
} shared;

/* NULL: every promise held. */
static const char *run(uint64_t seed, bool trace)
{
    static sim_world world;
    world = (sim_world){0};
    sim = &world;
    if (setjmp(world.failed)) return world.why;
    sim_begin(seed, trace);
    sim_harvest();
    for (sim->step = 1; sim->step <= STEPS; sim->step++) {
        sim_act();
        sim_check_step();
        sim_harvest();
    }
    sim_settle();
    sim_harvest();
    sim_check_end();
    sim_end();
    return NULL;
}

static int one(uint64_t seed, bool trace)
{
    const char *why = run(seed, trace);
    printf("seed %llu: %s\n", (unsigned long long)seed, why ? why : "every promise held");
    return why ? 1 : 0;
}

static void work(shared *s, int me, uint64_t first, uint64_t count)
{
    for (uint64_t i = (uint64_t)me; i < count; i += WORKERS) {
        s->at[me] = first + i;
        const char *why = run(first + i, false);
        if (why) {
            printf("seed %llu: %s\n", (unsigned long long)(first + i), why);
            fflush(stdout);
            _exit(1);
        }
        s->hits[me] += sim->counts.hits, s->no_hits[me] += sim->counts.no_hits, s->disclosed[me] += sim->counts.disclosed;
        s->destroyed[me] += sim->counts.destroyed, s->crashes[me] += sim->counts.crashes, s->undertaken[me] += sim->counts.undertaken;
        s->findings[me] += sim->counts.findings, s->turned[me] += sim->counts.turned;
        s->kept_ahead[me] += sim->counts.kept_ahead, s->bound_later[me] += sim->counts.bound_later;
    }
    _exit(0);
}

static uint64_t sum(const uint64_t v[WORKERS]) { return v[0] + v[1]; }

static int many(uint64_t count, uint64_t first, const char *program)
{
    shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid[WORKERS];
    if (s == MAP_FAILED) return 2;
    for (int i = 0; i < WORKERS; i++)
        if ((pid[i] = fork()) == 0) work(s, i, first, count);
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;
        char seed[32];
        waitpid(pid[i], &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->at[i]);
        printf("seed %s failed; again, with its trace:\n", seed);
        fflush(stdout);
        execl(program, program, "--seed", seed, "--trace", (char *)NULL);
        return 2;
    }
    printf("%llu seeds from %llu: %llu hits, %llu no hits, %llu disclosed, %llu undertaken, %llu destroyed, %llu power failures, %llu years turned, %llu openings that a failure left, %llu suspended ahead, %llu findings that faults caused\n",
           (unsigned long long)count, (unsigned long long)first, (unsigned long long)sum(s->hits), (unsigned long long)sum(s->no_hits), (unsigned long long)sum(s->disclosed),
           (unsigned long long)sum(s->undertaken), (unsigned long long)sum(s->destroyed), (unsigned long long)sum(s->crashes), (unsigned long long)sum(s->turned),
           (unsigned long long)sum(s->kept_ahead), (unsigned long long)sum(s->bound_later), (unsigned long long)sum(s->findings));
    bool alive = sum(s->hits) && sum(s->no_hits) && sum(s->destroyed) && sum(s->crashes) && sum(s->turned) && sum(s->kept_ahead); /* or it proves nothing */
    return alive ? 0 : 1;
}

int main(int argc, char **argv)
{
    static sim_world first;
    sim = &first;
    if (argc < 2) {
        fprintf(stderr, "usage: simulation SEEDS [FIRST] | --seed N [--trace]\n");
        return 2;
    }
    if (setjmp(first.failed)) {
        fprintf(stderr, "%s\n", first.why);
        return 2;
    }
    sim_prepare();
    if (strcmp(argv[1], "--seed") == 0 && argc > 2) return one(strtoull(argv[2], NULL, 10), argc > 3 && strcmp(argv[3], "--trace") == 0);
    return many(strtoull(argv[1], NULL, 10), argc > 2 ? strtoull(argv[2], NULL, 10) : 1, argv[0]);
}
