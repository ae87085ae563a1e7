#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define WIDTH_MAX 64

typedef struct loop {
    size_t count;
    _Atomic size_t next;
    void (*work)(void *, size_t, unsigned);
    void *ctx;
} loop;

typedef struct lane {
    loop *loop;
    unsigned worker;
} lane;

static void *run(void *arg)
{
    lane *l = arg;
    for (size_t i; (i = atomic_fetch_add(&l->loop->next, 1)) < l->loop->count;) l->loop->work(l->loop->ctx, i, l->worker);
    return NULL;
}

unsigned ent_parallel_width(unsigned threads)
{
    if (threads == 0) {
        long n = sysconf(_SC_NPROCESSORS_ONLN);
        threads = n > 0 ? (unsigned)n : 1;
    }
    return threads > WIDTH_MAX ? WIDTH_MAX : threads;
}

void ent_parallel(size_t count, unsigned threads, void (*work)(void *ctx, size_t i, unsigned worker), void *ctx)
{
    loop l = {.count = count, .work = work, .ctx = ctx};
    unsigned width = ent_parallel_width(threads), started = 0;
    pthread_t ids[WIDTH_MAX];
    lane lanes[WIDTH_MAX];
    if (width > count) width = count ? (unsigned)count : 1;
    for (unsigned w = 1; w < width; w++) {
        lanes[started] = (lane){&l, w};
        if (pthread_create(&ids[started], NULL, run, &lanes[started]) != 0) break; /* fewer threads do the same work */
        started++;
    }
    run(&(lane){&l, 0});
    for (unsigned i = 0; i < started; i++) pthread_join(ids[i], NULL);
}
