/* The node's side: a few helpers, each with one job at a time. */
#include "adapter/sandbox/message.h"
#include "adapter/sandbox/sandbox.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 16, GRACE_MS = 1000 /* beyond the helper's own deadline */ };

extern char **environ;

typedef struct worker {
    int fd, memory;
    pid_t pid;
    bool busy, ready; /* ready: READY has come, the memory is erased */
    unsigned long long last; /* when it was taken: the one that rested longest is next, its new child is there already */
} worker;

struct ent_sandbox {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    char program[512];
    unsigned count;
    unsigned long long taken;
    worker worker[WORKERS];
};

/* Of the environment only what the loader and the sanitizers read: nothing of the node's goes to its decoders. */
static void choose_environment(char *ret[], size_t cap)
{
    static const char *const kept[] = {"LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "MSAN_OPTIONS="};
    size_t n = 0;
    for (char **e = environ; *e && n + 1 < cap; e++)
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
            if (strncmp(*e, kept[i], strlen(kept[i])) == 0 && n + 1 < cap) ret[n++] = *e;
    ret[n] = NULL;
}

static int start_process(const char *program, int socket, int memory, pid_t *ret_pid)
{
    char *argv[] = {(char *)(uintptr_t)program, "sandbox-worker", NULL}, *env[8];
    posix_spawn_file_actions_t actions;
    /* first out of each other's way, then to the numbers that the helper knows */
    int a = fcntl(socket, F_DUPFD_CLOEXEC, 10), b = fcntl(memory, F_DUPFD_CLOEXEC, 10);
    choose_environment(env, sizeof env / sizeof env[0]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, a, SANDBOX_SOCKET);
    posix_spawn_file_actions_adddup2(&actions, b, SANDBOX_MEMORY);
    posix_spawn_file_actions_addclosefrom_np(&actions, SANDBOX_MEMORY + 1);
    int rc = a < 0 || b < 0 ? EMFILE : posix_spawnp(ret_pid, program, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    if (a >= 0) close(a);
    if (b >= 0) close(b);
    return rc;
}

/* The memory is never mapped here: read and written through its descriptor, it is in no dump of the node. */
static ent_code spawn(ent_sandbox *s, worker *w, ent_err *err)
{
    int ends[2], memory = memfd_create("sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0 || ftruncate(memory, SANDBOX_SIZE) != 0 || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        int why = errno;
        if (memory >= 0) close(memory);
        return ent_fail(err, ENT_IO, "no shared memory or socket for a decoder: %s", strerror(why));
    }
    int rc = start_process(s->program, ends[1], memory, &w->pid);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        close(memory);
        return ent_fail(err, ENT_SANDBOX, "the decoder's process %s does not start: %s", s->program, strerror(rc));
    }
    w->fd = ends[0];
    w->memory = memory;
    w->ready = false;
    return ENT_OK;
}

static void end(worker *w)
{
    if (w->fd < 0) return;
    close(w->fd);
    close(w->memory);
    w->fd = -1;
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR) {}
}

ent_code ent_sandbox_start(const char *program, unsigned workers, ent_sandbox **ret_sandbox, ent_err *err)
{
    ent_sandbox *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->freed, NULL);
    ssize_t n = readlink("/proc/self/exe", s->program, sizeof s->program - 1);
    if (n > 0) s->program[n] = 0;
    else snprintf(s->program, sizeof s->program, "%s", program);
    s->count = workers < WORKERS ? workers : WORKERS;
    ent_code code = ENT_OK;
    for (unsigned i = 0; i < s->count; i++) s->worker[i].fd = -1;
    for (unsigned i = 0; i < s->count && code == ENT_OK; i++) code = spawn(s, &s->worker[i], err);
    if (code != ENT_OK) {
        ent_sandbox_stop(s);
        return code;
    }
    *ret_sandbox = s;
    return ENT_OK;
}

void ent_sandbox_stop(ent_sandbox *s)
{
    if (!s) return;
    for (unsigned i = 0; i < s->count; i++) end(&s->worker[i]);
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static worker *take(ent_sandbox *s)
{
    worker *best = NULL;
    pthread_mutex_lock(&s->lock);
    while (!best) {
        for (unsigned i = 0; i < s->count; i++)
            if (!s->worker[i].busy && (!best || s->worker[i].last < best->last)) best = &s->worker[i];
        if (!best) pthread_cond_wait(&s->freed, &s->lock);
    }
    best->busy = true;
    best->last = ++s->taken;
    pthread_mutex_unlock(&s->lock);
    return best;
}

static void give(ent_sandbox *s, worker *w)
{
    pthread_mutex_lock(&s->lock);
    w->busy = false;
    pthread_cond_signal(&s->freed);
    pthread_mutex_unlock(&s->lock);
}

static bool put_bytes(int memory, const uint8_t *p, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t some = pwrite(memory, p + at, len - at, (off_t)at);
        if (some <= 0) return false;
        at += (size_t)some;
    }
    return true;
}

static bool get_bytes(int memory, size_t from, uint8_t *p, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t some = pread(memory, p + at, len - at, (off_t)(from + at));
        if (some <= 0) return false;
        at += (size_t)some;
    }
    return true;
}

/* Each byte is copied once and only the copy is looked at: the worker may still be there, altering them. */
static ent_code read_outcome(int memory, size_t at, size_t len, ent_buf *ret_result, ent_err *err)
{
    uint8_t head[3], detail[SANDBOX_DETAIL];
    bool ok = len >= 3 && len <= SANDBOX_SIZE - at && get_bytes(memory, at, head, 3);
    size_t n = ok ? (size_t)head[1] << 8 | head[2] : 0, first = ret_result->len;
    if (!ok || head[0] >= ENT_CODE_COUNT || n > sizeof detail || n > len - 3 || !get_bytes(memory, at + 3, detail, n))
        return ent_fail(err, ENT_SANDBOX, "the decoder's answer is not in form");
    if (head[0] != ENT_OK) return ent_fail(err, (ent_code)head[0], "%.*s", (int)n, (const char *)detail);
    ent_buf_zero(ret_result, len - 3 - n);
    ENT_TRY(ent_buf_check(ret_result, err));
    if (!get_bytes(memory, at + 3 + n, ret_result->data + first, len - 3 - n)) return ent_fail(err, ENT_SANDBOX, "the decoder's answer cannot be read");
    return ENT_OK;
}

static ent_code hear(worker *w, sandbox_word word, long long deadline, sandbox_message *ret)
{
    ent_code code = sandbox_receive(w->fd, ret, sizeof *ret, deadline);
    return code == ENT_OK && ret->word != word ? ENT_IO : code;
}

static ent_code converse(worker *w, const char *job, const void *bytes, size_t len, sandbox_message *ret)
{
    long long deadline = sandbox_clock() + ENT_LIMIT_DECODE_MS + GRACE_MS;
    sandbox_message m = {.word = SANDBOX_JOB, .len = (uint32_t)len};
    snprintf(m.job, sizeof m.job, "%s", job);
    if (!w->ready) ENT_TRY(hear(w, SANDBOX_READY, deadline, ret));
    w->ready = true;
    if (!put_bytes(w->memory, bytes, len) || !sandbox_send(w->fd, &m, sizeof m)) return ENT_IO;
    w->ready = false;
    return hear(w, SANDBOX_DONE, deadline, ret);
}

static ent_code exchange(ent_sandbox *s, worker *w, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    sandbox_message m;
    if (len > SANDBOX_INPUT) return ent_fail(err, ENT_TOO_LARGE, "%zu bytes to decode, at most %d", len, SANDBOX_INPUT);
    if (w->fd < 0) ENT_TRY(spawn(s, w, err));
    ent_code code = converse(w, job, bytes, len, &m);
    if (code == ENT_OK) {
        size_t at = sandbox_outcome_at(len);
        code = read_outcome(w->memory, at, m.len, ret_result, err);
        const sandbox_message release = {.word = SANDBOX_RELEASE, .len = (uint32_t)at + m.len};
        if (sandbox_send(w->fd, &release, sizeof release)) return code;
        end(w);
        return code;
    }
    end(w); /* the next job gets a fresh helper */
    return ent_fail(err, code == ENT_TIMEOUT ? ENT_TIMEOUT : ENT_SANDBOX, "the decoder's process was lost");
}

static ent_code run(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    ent_sandbox *s = self;
    worker *w = take(s);
    ent_code code = exchange(s, w, job, bytes, len, ret_result, err);
    give(s, w);
    return code;
}

ent_decoder ent_sandbox_decoder(ent_sandbox *s) { return (ent_decoder){.self = s, .run = run}; }

static ent_code run_direct(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    for (const ent_sandbox_job *j = self; j->name; j++)
        if (strcmp(j->name, job) == 0) return j->run(bytes, len, ret_result, err);
    return ent_fail(err, ENT_UNSUPPORTED, "no job \"%s\"", job);
}

ent_decoder ent_sandbox_direct(const ent_sandbox_job *jobs) { return (ent_decoder){.self = (void *)jobs, .run = run_direct}; }
