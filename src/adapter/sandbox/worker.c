/* The helper's side. The helper itself parses nothing: it hands a job's number and length to a worker that was forked and confined
 * before, and says when the outcome is there. A worker runs one job and is killed. */
#include "adapter/sandbox/confine.h"
#include "adapter/sandbox/message.h"
#include "adapter/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAP = 32 << 20, WARM_SHARED = 1 << 20 };

typedef struct start {
    uint32_t job, len;
} start;

static void *volatile filler; /* kept: volatile, or the compiler would leave it out */

typedef struct helper {
    const ent_sandbox_job *jobs;
    uint8_t *memory; /* SANDBOX_SIZE, shared with the node and with every worker */
    sandbox_filter filter;
    pid_t spare; /* the worker that waits, 0: none */
    int channel; /* to it */
} helper;

/* ---- in the worker ---- */

static size_t put_outcome(uint8_t *to, ent_code code, const char *detail, const ent_buf *result)
{
    size_t n = strlen(detail), len = result ? result->len : 0;
    to[0] = (uint8_t)code;
    to[1] = (uint8_t)(n >> 8);
    to[2] = (uint8_t)n;
    memcpy(to + 3, detail, n);
    if (len) memcpy(to + 3 + n, result->data, len);
    return 3 + n + len;
}

/* Before its job comes a worker gets the memory that most jobs need, so that the faults are not the job's: its heap in pages of 2 MB (0.07 ms
 * each; as many bytes in small ones are 0.9 ms), the first of them at once, and the beginning of the shared memory, which reading ahead maps
 * sixteen pages at a time (0.09 ms a MB; writing, 0.24 ms). */
static void warm_up(const helper *h)
{
    const uintptr_t large = 2 << 20;
    if (SANDBOX_SANITIZED) return;
    mallopt(M_MMAP_THRESHOLD, HEAP);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    char *heap = malloc(HEAP - 4096);
    if (!heap) return;
    char *aligned = (char *)(((uintptr_t)heap + large - 1) / large * large);
    (void)madvise(aligned, HEAP - 2 * large, MADV_HUGEPAGE);
    (void)madvise(aligned, large, MADV_POPULATE_WRITE);
    size_t before = (size_t)(aligned - heap);
    free(heap);
    if (before > 64) filler = malloc(before - 64); /* so that the next is in the large pages */
    (void)madvise(h->memory, WARM_SHARED, MADV_POPULATE_READ);
}

/* Waits for its job, runs it, writes the outcome behind the bytes, says how long it is, waits for its end. */
static void work(const helper *h)
{
    start s;
    ent_err err = {0};
    ent_buf result = ENT_BUF(SANDBOX_RESULT - 1024);
    warm_up(h);
    sandbox_confine(&h->filter);
    if (read(SANDBOX_SOCKET, &s, sizeof s) != (ssize_t)sizeof s) _exit(93);
    ent_code code = h->jobs[s.job].run(h->memory, s.len, &result, &err);
    uint32_t len = (uint32_t)put_outcome(h->memory + sandbox_outcome_at(s.len), code, err.detail, code == ENT_OK ? &result : NULL);
    if (write(SANDBOX_SOCKET, &len, sizeof len) != (ssize_t)sizeof len) _exit(94);
    while (read(SANDBOX_SOCKET, &s, sizeof s) > 0) {}
    _exit(0);
}

/* ---- in the helper ---- */

static void make_spare(helper *h)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(ends[1], SANDBOX_SOCKET) < 0) _exit(95);
        for (int fd = 0; fd < SANDBOX_SOCKET; fd++) close(fd);
        (void)close_range(SANDBOX_SOCKET + 1, ~0u, 0);
        work(h);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return;
    }
    h->spare = pid;
    h->channel = ends[0];
}

/* Gone, whatever it was doing; its status. */
static int bury(pid_t pid)
{
    int status = 0;
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

static const char *why(int status)
{
    if (!WIFSIGNALED(status)) return "the decoder ended without a result";
    return WTERMSIG(status) == SIGSYS ? "the decoder was stopped: it asked the system for what it may not have" : "the decoder was stopped: it crashed";
}

/* Waits for the worker's outcome. In its place, when there is none, what became of the worker. */
static uint32_t await(helper *h, pid_t pid, int channel, size_t len)
{
    uint32_t n = 0;
    uint8_t *to = h->memory + sandbox_outcome_at(len);
    ent_code code = sandbox_receive(channel, &n, sizeof n, sandbox_clock() + ENT_LIMIT_DECODE_MS);
    if (code == ENT_OK && n >= 3 && n <= SANDBOX_SIZE - sandbox_outcome_at(len)) return n;
    int status = bury(pid);
    if (code == ENT_TIMEOUT) return (uint32_t)put_outcome(to, ENT_TIMEOUT, "decoding took too long and was stopped", NULL);
    if (code == ENT_OK) return (uint32_t)put_outcome(to, ENT_SANDBOX, "the decoder's answer is not in form", NULL);
    return (uint32_t)put_outcome(to, ENT_SANDBOX, why(status), NULL);
}

/* To the spare, or, should that have died while it waited, to another. */
static bool hand_over(helper *h, const start *s)
{
    for (int i = 0; i < 2; i++) {
        if (!h->spare) make_spare(h);
        if (!h->spare) return false;
        if (sandbox_send(h->channel, s, sizeof *s)) return true;
        bury(h->spare);
        close(h->channel);
        h->spare = 0;
    }
    return false;
}

static bool say(sandbox_word word, uint32_t len)
{
    const sandbox_message m = {.word = word, .len = len};
    return sandbox_send(SANDBOX_SOCKET, &m, sizeof m);
}

static bool run_job(helper *h, sandbox_message *m)
{
    uint8_t *to = h->memory + sandbox_outcome_at(m->len);
    start s = {.len = m->len};
    m->job[sizeof m->job - 1] = 0;
    while (h->jobs[s.job].name && strcmp(h->jobs[s.job].name, m->job) != 0) s.job++;
    if (!h->jobs[s.job].name) return say(SANDBOX_DONE, (uint32_t)put_outcome(to, ENT_UNSUPPORTED, "the sandbox knows no such job", NULL));
    if (!hand_over(h, &s)) return say(SANDBOX_DONE, (uint32_t)put_outcome(to, ENT_BUSY, "no process for a decoder", NULL));
    pid_t pid = h->spare;
    int channel = h->channel;
    h->spare = 0;
    bool ok = say(SANDBOX_DONE, await(h, pid, channel, m->len));
    bury(pid); /* before anything of another job is in the memory */
    close(channel);
    make_spare(h);
    return ok;
}

/* Nothing of one job is there for the next worker, wherever the last one left it. */
static void erase(helper *h, size_t used)
{
    off_t page = 4096, kept = ((off_t)used + page - 1) / page * page;
    memset(h->memory, 0, used);
    if (kept < SANDBOX_SIZE && fallocate(SANDBOX_MEMORY, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kept, SANDBOX_SIZE - kept) != 0) _exit(96);
}

/* The shared memory is locked as far as the limit of the process allows (the service's unit lifts it). */
static bool prepare(helper *h)
{
    struct rlimit locked = {0};
    h->memory = mmap(NULL, SANDBOX_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, SANDBOX_MEMORY, 0);
    if (h->memory == MAP_FAILED || !sandbox_make_filter(&h->filter)) return false;
    if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0) return false;
    (void)mlock2(h->memory, locked.rlim_cur < SANDBOX_SIZE ? locked.rlim_cur : SANDBOX_SIZE, MLOCK_ONFAULT);
    return madvise(h->memory, SANDBOX_SIZE, MADV_DONTDUMP) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

int ent_sandbox_worker(const ent_sandbox_job *jobs)
{
    helper h = {.jobs = jobs};
    sandbox_message m;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    if (!prepare(&h)) return 1;
    (void)sandbox_give_up_files();
    make_spare(&h);
    for (bool ok = say(SANDBOX_READY, 0); ok;) {
        if (sandbox_receive(SANDBOX_SOCKET, &m, sizeof m, 0) != ENT_OK) break;
        if (m.word == SANDBOX_JOB && m.len <= SANDBOX_INPUT) {
            ok = run_job(&h, &m);
        } else if (m.word == SANDBOX_RELEASE && m.len <= SANDBOX_SIZE) {
            erase(&h, m.len);
            ok = say(SANDBOX_READY, 0);
        } else {
            break;
        }
    }
    if (h.spare) bury(h.spare);
    return 0;
}
