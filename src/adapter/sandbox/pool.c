/* The node's side: helpers, each with a few slots, and in each slot a worker that waits for one job. */
#include "adapter/sandbox/message.h"
#include "adapter/sandbox/sandbox.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HELPERS = 8, GRACE_MS = 2000 /* for a helper to make a worker */ };

extern char **environ;

/* SLOT_EMPTY: its helper buries or makes; READY: a worker waits; BUSY: a thread has it. */
typedef enum slot_state { SLOT_EMPTY, SLOT_READY, SLOT_BUSY } slot_state;

typedef struct slot {
    slot_state state;
    int memory, channel; /* channel: to the worker, -1 when EMPTY */
    int status;          /* of the worker before the one that is READY */
    uint64_t since;      /* READY: the one that waited longest is next, it is warm */
} slot;

typedef struct helper {
    int fd; /* -1: not running */
    pid_t pid;
    slot slot[SANDBOX_SLOTS];
} helper;

struct ent_sandbox {
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool listening; /* one of the threads that wait hears the helpers for all of them */
    char program[PATH_MAX];
    uint32_t helpers, slots /* of each helper */, running, most;
    uint64_t heard;
    helper helper[HELPERS];
};

/* Of the environment only what the loader and the sanitizers read: nothing of the node's goes to its decoders. A helper of many workers finds
 * every function once: otherwise each worker would, in its job (a command's one job is quicker without: 5 ms). */
static void choose_environment(bool lasting, char *ret[], size_t cap)
{
    static const char *const kept[] = {"LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "MSAN_OPTIONS="};
    size_t n = 0;
    if (lasting) ret[n++] = "LD_BIND_NOW=1";
    for (char **e = environ; *e && n + 1 < cap; e++)
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
            if (strncmp(*e, kept[i], strlen(kept[i])) == 0 && n + 1 < cap) ret[n++] = *e;
    ret[n] = NULL;
}

static int start_process(const char *program, int socket, const helper *h, uint32_t slots, pid_t *ret_pid)
{
    char *argv[] = {(char *)(uintptr_t)program, "sandbox-worker", NULL}, *env[8];
    posix_spawn_file_actions_t actions;
    int from[1 + SANDBOX_SLOTS];
    bool ok = true;
    /* first out of each other's way, then to the numbers that the helper knows */
    for (uint32_t i = 0; i <= slots; i++) ok &= (from[i] = fcntl(i ? h->slot[i - 1].memory : socket, F_DUPFD_CLOEXEC, 16)) >= 0;
    choose_environment(slots > 1, env, sizeof env / sizeof env[0]);
    posix_spawn_file_actions_init(&actions);
    for (uint32_t i = 0; i <= slots && ok; i++) posix_spawn_file_actions_adddup2(&actions, from[i], SANDBOX_SOCKET + (int)i);
    posix_spawn_file_actions_addclosefrom_np(&actions, SANDBOX_MEMORY + (int)slots);
    int rc = ok ? posix_spawnp(ret_pid, program, &actions, NULL, argv, env) : EMFILE;
    posix_spawn_file_actions_destroy(&actions);
    for (uint32_t i = 0; i <= slots; i++)
        if (from[i] >= 0) close(from[i]);
    return rc;
}

/* Never mapped here: read and written through its descriptor, it is in no dump of the node. */
static int make_memory(void)
{
    int memory = memfd_create("sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0 || (ftruncate(memory, SANDBOX_SIZE) == 0 && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)) return memory;
    close(memory);
    return -1;
}

static void end(helper *h, uint32_t slots)
{
    if (h->fd < 0) return;
    close(h->fd);
    h->fd = -1;
    kill(h->pid, SIGKILL); /* its workers die with it */
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {}
    for (uint32_t i = 0; i < slots; i++) {
        if (h->slot[i].channel >= 0) close(h->slot[i].channel);
        if (h->slot[i].memory >= 0) close(h->slot[i].memory);
        h->slot[i] = (slot){.memory = -1, .channel = -1};
    }
}

static ent_code spawn(const ent_sandbox *s, helper *h, ent_err *err)
{
    int ends[2];
    bool ok = true;
    for (uint32_t i = 0; i < s->slots; i++) {
        h->slot[i] = (slot){.memory = make_memory(), .channel = -1};
        ok &= h->slot[i].memory >= 0;
    }
    int rc = ok && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
    if (rc == 0) {
        rc = start_process(s->program, ends[1], h, s->slots, &h->pid);
        close(ends[1]);
        if (rc == 0) h->fd = ends[0];
        else close(ends[0]);
    }
    if (rc == 0) return ENT_OK;
    for (uint32_t i = 0; i < s->slots; i++)
        if (h->slot[i].memory >= 0) close(h->slot[i].memory);
    return ent_fail(err, ok ? ENT_SANDBOX : ENT_IO, "the decoders' process %s does not start: %s", s->program, strerror(rc));
}

ent_code ent_sandbox_start(const char *program, unsigned workers, ent_sandbox **ret_sandbox, ent_err *err)
{
    ent_sandbox *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->news, NULL);
    snprintf(s->program, sizeof s->program, "%s", program);
    s->most = workers ? workers : 1;
    s->slots = workers <= 1 ? 1 : SANDBOX_SLOTS; /* one for a command's one job; otherwise two for each that runs */
    s->helpers = (2 * s->most + SANDBOX_SLOTS - 1) / SANDBOX_SLOTS;
    if (s->helpers > HELPERS) s->helpers = HELPERS;
    ent_code code = ENT_OK;
    for (uint32_t i = 0; i < s->helpers; i++) s->helper[i].fd = -1;
    for (uint32_t i = 0; i < s->helpers && code == ENT_OK; i++) code = spawn(s, &s->helper[i], err);
    if (code == ENT_OK) *ret_sandbox = s;
    else ent_sandbox_stop(s);
    return code;
}

void ent_sandbox_stop(ent_sandbox *s)
{
    if (!s) return;
    for (uint32_t i = 0; i < s->helpers; i++) end(&s->helper[i], s->slots);
    pthread_cond_destroy(&s->news);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- with the lock held ---- */

static bool in_use(const ent_sandbox *s, const helper *h)
{
    for (uint32_t i = 0; i < s->slots; i++)
        if (h->slot[i].state == SLOT_BUSY) return true;
    return false;
}

/* Notes every worker that is told of. A helper that is gone, or speaks out of turn, is ended; once nobody has a slot of it, another starts. */
static ent_code hear(ent_sandbox *s, ent_err *err)
{
    for (helper *h = s->helper; h < s->helper + s->helpers; h++) {
        sandbox_message m;
        ent_code code = ENT_IO;
        int channel = -1;
        while (h->fd >= 0 && (code = sandbox_receive(h->fd, &m, sizeof m, -1, &channel)) == ENT_OK) {
            if (m.word != SANDBOX_READY || m.slot >= s->slots || channel < 0 || h->slot[m.slot].state != SLOT_EMPTY) {
                if (channel >= 0) close(channel);
                code = ENT_IO;
                break;
            }
            h->slot[m.slot] = (slot){.state = SLOT_READY, .memory = h->slot[m.slot].memory, .channel = channel, .status = m.status, .since = ++s->heard};
        }
        if (code == ENT_TIMEOUT || in_use(s, h)) continue;
        end(h, s->slots);
        ENT_TRY(spawn(s, h, err));
    }
    return ENT_OK;
}

static slot *ready(ent_sandbox *s, helper **ret_helper)
{
    slot *best = NULL;
    for (helper *h = s->helper; h < s->helper + s->helpers; h++)
        for (slot *o = h->slot; h->fd >= 0 && o < h->slot + s->slots; o++)
            if (o->state == SLOT_READY && (!best || o->since < best->since)) {
                best = o;
                *ret_helper = h;
            }
    return best;
}

/* Until something may have changed. One thread listens to the helpers, the others wait for it. */
static void wait_for_news(ent_sandbox *s, long long deadline)
{
    struct pollfd all[HELPERS];
    if (s->listening) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        pthread_cond_timedwait(&s->news, &s->lock, &until);
        return;
    }
    long long left = deadline - sandbox_clock();
    for (uint32_t i = 0; i < s->helpers; i++) all[i] = (struct pollfd){.fd = s->helper[i].fd, .events = POLLIN};
    s->listening = true;
    pthread_mutex_unlock(&s->lock);
    (void)poll(all, s->helpers, left > 0 ? (int)left : 0);
    pthread_mutex_lock(&s->lock);
    s->listening = false;
    pthread_cond_broadcast(&s->news);
}

/* ---- a job ---- */

static ent_code take(ent_sandbox *s, helper **ret_helper, slot **ret_slot, ent_err *err)
{
    ent_code code = ENT_OK;
    slot *found = NULL;
    pthread_mutex_lock(&s->lock);
    while (s->running == s->most) pthread_cond_wait(&s->news, &s->lock);
    s->running++;
    for (long long deadline = sandbox_clock() + ENT_LIMIT_DECODE_WALL_MS + GRACE_MS; code == ENT_OK && !found;) {
        code = hear(s, err);
        found = code == ENT_OK ? ready(s, ret_helper) : NULL;
        if (code != ENT_OK || found) break;
        if (sandbox_clock() >= deadline) code = ent_fail(err, ENT_BUSY, "no process for a decoder");
        else wait_for_news(s, deadline);
    }
    if (found) found->state = SLOT_BUSY;
    else s->running--;
    pthread_mutex_unlock(&s->lock);
    *ret_slot = found;
    return code;
}

/* Back to the helper, which ends the worker, whatever it is doing. */
static void give(ent_sandbox *s, helper *h, slot *mine, size_t used)
{
    sandbox_message m = {.word = SANDBOX_RELEASE, .slot = (uint32_t)(mine - h->slot), .used = (uint32_t)used, .idle = true};
    pthread_mutex_lock(&s->lock);
    for (const slot *o = h->slot; o < h->slot + s->slots; o++) m.idle &= o == mine || o->state == SLOT_READY;
    close(mine->channel);
    mine->channel = -1;
    mine->state = SLOT_EMPTY;
    (void)sandbox_send(h->fd, &m, sizeof m, -1); /* a helper that is gone is found by whoever listens */
    s->running--;
    pthread_cond_broadcast(&s->news);
    pthread_mutex_unlock(&s->lock);
}

/* How the worker ended that was given back: the slot's next one brings it, if nobody has taken that one meanwhile. */
static bool ended(ent_sandbox *s, const helper *h, const slot *mine, int *ret_status)
{
    bool known = false;
    pthread_mutex_lock(&s->lock);
    for (long long deadline = sandbox_clock() + GRACE_MS; !known && h->fd >= 0 && sandbox_clock() < deadline;) {
        known = hear(s, NULL) == ENT_OK && mine->state != SLOT_EMPTY;
        if (known) *ret_status = mine->status;
        else wait_for_news(s, deadline);
    }
    pthread_mutex_unlock(&s->lock);
    return known;
}

static ent_code too_long(ent_err *err) { return ent_fail(err, ENT_TIMEOUT, "decoding took too long and was stopped"); }

static ent_code why(int status, ent_err *err)
{
    if (!WIFSIGNALED(status)) return ent_fail(err, ENT_SANDBOX, "the decoder ended without a result");
    if (WTERMSIG(status) == SIGXCPU) return too_long(err);
    return ent_fail(err, ENT_SANDBOX, WTERMSIG(status) == SIGSYS ? "the decoder was stopped: it asked the system for what it may not have" : "the decoder was stopped: it crashed");
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
    size_t n = ok ? (size_t)head[1] << 8 | head[2] : 0;
    if (!ok || head[0] >= ENT_CODE_COUNT || n > sizeof detail || n > len - 3 || !get_bytes(memory, at + 3, detail, n))
        return ent_fail(err, ENT_SANDBOX, "the decoder's answer is not in form");
    if (head[0] != ENT_OK) return ent_fail(err, (ent_code)head[0], "%.*s", (int)n, (const char *)detail);
    size_t more = len - 3 - n;
    uint8_t *to = ent_buf_room(ret_result, more);
    ENT_TRY(ent_buf_check(ret_result, err));
    if (!get_bytes(memory, at + 3 + n, to, more)) return ent_fail(err, ENT_SANDBOX, "the decoder's answer cannot be read");
    return ENT_OK;
}

static ent_code converse(const slot *mine, const char *name, const void *bytes, size_t len, uint32_t *ret_len)
{
    sandbox_job job = {.len = (uint32_t)len};
    snprintf(job.name, sizeof job.name, "%s", name);
    if (!put_bytes(mine->memory, bytes, len) || !sandbox_send(mine->channel, &job, sizeof job, -1)) return ENT_IO;
    return sandbox_receive(mine->channel, ret_len, sizeof *ret_len, sandbox_clock() + ENT_LIMIT_DECODE_WALL_MS, NULL);
}

static ent_code run(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    ent_sandbox *s = self;
    helper *h = NULL;
    slot *mine = NULL;
    uint32_t n = 0;
    int status = 0;
    if (len > SANDBOX_INPUT) return ent_fail(err, ENT_TOO_LARGE, "%zu bytes to decode, at most %d", len, SANDBOX_INPUT);
    ENT_TRY(take(s, &h, &mine, err));
    size_t at = sandbox_outcome_at(len), most = SANDBOX_SIZE - at;
    ent_code code = converse(mine, job, bytes, len, &n);
    ent_code outcome = code == ENT_OK ? read_outcome(mine->memory, at, n, ret_result, err) : code;
    give(s, h, mine, at + (n < most ? n : most));
    if (code == ENT_OK) return outcome;
    if (code == ENT_TIMEOUT) return too_long(err);
    return ended(s, h, mine, &status) ? why(status, err) : ent_fail(err, ENT_SANDBOX, "the decoder's process was lost");
}

ent_decoder ent_sandbox_decoder(ent_sandbox *s) { return (ent_decoder){.self = s, .run = run}; }

static ent_code run_direct(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    for (const ent_sandbox_job *j = self; j->name; j++)
        if (strcmp(j->name, job) == 0) return j->run(bytes, len, ret_result, err);
    return ent_fail(err, ENT_UNSUPPORTED, "no job \"%s\"", job);
}

ent_decoder ent_sandbox_direct(const ent_sandbox_job *jobs) { return (ent_decoder){.self = (void *)jobs, .run = run_direct}; }
