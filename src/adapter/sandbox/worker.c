/* The helper's side. The helper itself parses nothing: it keeps in each of its slots a worker that was forked and confined ahead of its job;
 * the node gives a job to one of them. A worker runs one job, is killed and buried, its slot's memory erased, and the next one made, while
 * the node's next job runs in another slot. */
#include "adapter/sandbox/confine.h"
#include "adapter/sandbox/message.h"
#include "adapter/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAP = 32 << 20, SMALL = 256 << 10, WARM_SHARED = 1 << 20, KEPT = 8 << 20, PAGE = 4096 };

static void *volatile filler; /* kept: volatile, or the compiler would leave it out */

typedef struct slot {
    uint8_t *memory; /* SANDBOX_SIZE, shared with the node; a worker maps its own and inherits none */
    pid_t worker;    /* 0: none could be made */
} slot;

typedef struct helper {
    const ent_sandbox_job *jobs;
    sandbox_filter filter;
    uint32_t slots;
    bool batch; /* it is one by its own choice */
    slot slot[SANDBOX_SLOTS];
} helper;

/* What is known of a worker's job before it comes. */
typedef struct expectation {
    size_t used; /* as many bytes of the shared memory as the slot's last job used */
    bool warm;   /* there is time to make them ready ahead */
} expectation;

/* ---- in the worker ---- */

/* Around a result of so many bytes that stands there already. */
static size_t put_outcome(uint8_t *to, ent_code code, const char *detail, size_t len)
{
    size_t n = strlen(detail);
    to[0] = (uint8_t)code;
    to[1] = (uint8_t)(SANDBOX_DETAIL >> 8);
    to[2] = (uint8_t)(SANDBOX_DETAIL & 255);
    memset(to + 3, 0, SANDBOX_DETAIL);
    memcpy(to + 3, detail, n < SANDBOX_DETAIL ? n : SANDBOX_DETAIL);
    return 3 + SANDBOX_DETAIL + len;
}

/* Shared memory that a job is about to use: reading ahead maps sixteen pages at a time and leaves them writable (0.09 ms a MB; writing, 0.24 ms). */
static void warm_shared(const uint8_t *memory, size_t used)
{
    if (!SANDBOX_SANITIZED && used) (void)madvise((void *)(uintptr_t)memory, used < WARM_SHARED ? used : WARM_SHARED, MADV_POPULATE_READ);
}

/* From one scheduling policy to another, if it has the first: what an operator chose otherwise stays. Between these two no privilege is needed. */
static void change_policy(int from, int to)
{
    const struct sched_param none = {0};
    if (sched_getscheduler(0) == from) (void)sched_setscheduler(0, to, &none);
}

/* Before its job comes a worker gets the memory that most jobs need, so that the faults are not the job's: its heap, what is small in small pages and the
 * rest in pages of 2 MB (0.07 ms each; as many bytes in small ones are 0.9 ms), the first of both at once, and as much of the shared memory as the last
 * job used. When jobs follow each other at once, what a worker does ahead takes its time from the job that runs: then each page is made when it is
 * touched. */
static void warm_up(const uint8_t *memory, size_t used)
{
    const uintptr_t large = 2 << 20;
    if (SANDBOX_SANITIZED) return;
    mallopt(M_MMAP_THRESHOLD, HEAP);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    char *heap = malloc(HEAP - PAGE);
    if (!heap) return;
    char *aligned = (char *)(((uintptr_t)heap + SMALL + 2 * PAGE + large - 1) / large * large);
    (void)madvise(aligned, HEAP - 3 * large, MADV_HUGEPAGE);
    if (used) (void)madvise(aligned - SMALL, SMALL + large, MADV_POPULATE_WRITE);
    size_t before = (size_t)(aligned - heap) - SMALL;
    free(heap);
    filler = malloc(before - 64); /* so that the next is in the last small pages */
    warm_shared(memory, used);
}

/* The result grows in the shared memory, where it needs no other and is not copied: its buffer has all of its room from the start. */
static size_t run_job(const ent_sandbox_job *jobs, const sandbox_job *job, uint8_t *memory, expectation e)
{
    enum { HEAD = 3 + SANDBOX_DETAIL, ROOM = SANDBOX_RESULT - 1024 };
    uint8_t *to = memory + sandbox_outcome_at(job->len);
    ent_err err = {0};
    size_t likely = e.used > job->len ? e.used : job->len;
    if (!e.warm || likely > e.used) warm_shared(memory, likely);
    ent_buf result = {.data = to + HEAD, .cap = ROOM + 1, .max = ROOM};
    while (jobs->name && strcmp(jobs->name, job->name) != 0) jobs++;
    if (!jobs->name) return put_outcome(to, ENT_UNSUPPORTED, "the sandbox knows no such job", 0);
    ent_code code = jobs->run(memory, job->len, &result, &err);
    return put_outcome(to, code, err.detail, code == ENT_OK ? result.len : 0);
}

/* Waits for its job, runs it, says how long the outcome is, waits for its end. */
static void work(const helper *h, uint32_t at, expectation e)
{
    sandbox_job job;
    uint8_t *memory = mmap(NULL, SANDBOX_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, SANDBOX_MEMORY + (int)at, 0);
    if (memory == MAP_FAILED) _exit(95);
    (void)madvise(memory, SANDBOX_SIZE, MADV_DONTDUMP);
    (void)close_range(SANDBOX_SOCKET + 1, ~0u, 0);
    warm_up(memory, e.warm ? e.used : 0);
    if (h->batch) change_policy(SCHED_BATCH, SCHED_OTHER);
    sandbox_confine(&h->filter);
    if (read(SANDBOX_SOCKET, &job, sizeof job) != (ssize_t)sizeof job || job.len > SANDBOX_INPUT) _exit(93);
    job.name[sizeof job.name - 1] = 0;
    uint32_t len = (uint32_t)run_job(h->jobs, &job, memory, e);
    if (write(SANDBOX_SOCKET, &len, sizeof len) != (ssize_t)sizeof len) _exit(94);
    while (read(SANDBOX_SOCKET, &job, sizeof job) > 0) {}
    _exit(0);
}

/* ---- in the helper ---- */

/* The slot's worker; *ret_channel is the node's end of its channel, and nobody else keeps it: the worker's death closes it. */
static bool make(helper *h, uint32_t at, expectation e, int *ret_channel)
{
    int ends[2];
    pid_t self = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != self || dup2(ends[1], SANDBOX_SOCKET) < 0) _exit(95);
        for (int fd = 0; fd < SANDBOX_SOCKET; fd++) close(fd);
        work(h, at, e);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    h->slot[at].worker = pid;
    *ret_channel = ends[0];
    return true;
}

/* Gone, whatever it was doing; its status. */
static int bury(slot *s)
{
    int status = 0;
    if (!s->worker) return 0;
    kill(s->worker, SIGKILL);
    while (waitpid(s->worker, &status, 0) < 0 && errno == EINTR) {}
    s->worker = 0;
    return status;
}

/* Nothing of one job is there for the next worker, wherever the last one left it. What most jobs use is kept, in zeros. */
static bool erase(const helper *h, uint32_t at, size_t used)
{
    off_t kept = ((off_t)(used < KEPT ? used : KEPT) + PAGE - 1) / PAGE * PAGE;
    memset(h->slot[at].memory, 0, (size_t)kept);
    return fallocate(SANDBOX_MEMORY + (int)at, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kept, SANDBOX_SIZE - kept) == 0;
}

static bool fill(helper *h, uint32_t at, expectation e, int status)
{
    const sandbox_message m = {.word = SANDBOX_READY, .slot = at, .status = status};
    int channel = -1;
    if (!make(h, at, e, &channel)) return false;
    bool ok = sandbox_send(SANDBOX_SOCKET, &m, sizeof m, channel);
    close(channel);
    return ok;
}

/* The shared memories are locked as far as the limit of the process allows (the service's unit lifts it). */
static bool prepare_slot(helper *h, uint32_t at, size_t locked)
{
    uint8_t *memory = mmap(NULL, SANDBOX_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, SANDBOX_MEMORY + (int)at, 0);
    if (memory == MAP_FAILED) return false;
    h->slot[at].memory = memory;
    (void)mlock2(memory, locked < SANDBOX_SIZE ? locked : SANDBOX_SIZE, MLOCK_ONFAULT);
    return madvise(memory, SANDBOX_SIZE, MADV_DONTDUMP) == 0 && madvise(memory, SANDBOX_SIZE, MADV_DONTFORK) == 0;
}

static bool prepare(helper *h)
{
    struct rlimit locked = {0};
    struct stat st;
    while (h->slots < SANDBOX_SLOTS && fstat(SANDBOX_MEMORY + (int)h->slots, &st) == 0 && st.st_size == SANDBOX_SIZE) h->slots++;
    if (!h->slots || !sandbox_make_filter(&h->filter) || getrlimit(RLIMIT_MEMLOCK, &locked) != 0) return false;
    for (uint32_t i = 0; i < h->slots; i++)
        if (!prepare_slot(h, i, locked.rlim_cur / h->slots / PAGE * PAGE)) return false;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

int ent_sandbox_worker(const ent_sandbox_job *jobs)
{
    helper h = {.jobs = jobs};
    sandbox_message m;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    if (!prepare(&h)) return 1;
    (void)sandbox_give_up_files();
    /* What the helper does is never urgent: as a batch it does not push the node or a worker aside when it is woken. What it forks is one too,
     * until it has made itself ready. */
    h.batch = sched_getscheduler(0) == SCHED_OTHER;
    change_policy(SCHED_OTHER, SCHED_BATCH);
    bool ok = true;
    for (uint32_t i = 0; i < h.slots && ok; i++) ok = fill(&h, i, (expectation){0}, 0);
    while (ok && sandbox_receive(SANDBOX_SOCKET, &m, sizeof m, 0, NULL) == ENT_OK) {
        ok = m.word == SANDBOX_RELEASE && m.slot < h.slots && m.used <= SANDBOX_SIZE;
        if (!ok) break;
        int status = bury(&h.slot[m.slot]);
        ok = erase(&h, m.slot, m.used) && fill(&h, m.slot, (expectation){.used = m.used, .warm = m.idle}, status);
    }
    for (uint32_t i = 0; i < h.slots; i++) bury(&h.slot[i]);
    return 0;
}
