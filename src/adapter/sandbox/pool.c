/* The node's side: a few helpers, each with one job at a time. */
#include "adapter/sandbox/frame.h"
#include "adapter/sandbox/sandbox.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 16, RESULT_MAX = 64 << 20 };

extern char **environ;

struct ent_sandbox {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    char program[512];
    unsigned count;
    struct {
        int fd;
        pid_t pid;
        bool busy;
    } worker[WORKERS];
};

static ent_code spawn(ent_sandbox *s, unsigned i, ent_err *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return ent_fail(err, ENT_IO, "no socket pair: %s", strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (ends[1] == 3) fcntl(3, F_SETFD, 0);
    else posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
    char *argv[] = {s->program, "sandbox-worker", NULL};
    int rc = posix_spawnp(&s->worker[i].pid, s->program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        return ent_fail(err, ENT_SANDBOX, "the decoder's process %s does not start: %s", s->program, strerror(rc));
    }
    s->worker[i].fd = ends[0];
    return ENT_OK;
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
    for (unsigned i = 0; i < s->count && code == ENT_OK; i++) code = spawn(s, i, err);
    if (code != ENT_OK) {
        ent_sandbox_stop(s);
        return code;
    }
    *ret_sandbox = s;
    return ENT_OK;
}

static void end(ent_sandbox *s, unsigned i)
{
    if (s->worker[i].fd < 0) return;
    close(s->worker[i].fd);
    s->worker[i].fd = -1;
    kill(s->worker[i].pid, SIGKILL);
    while (waitpid(s->worker[i].pid, NULL, 0) < 0 && errno == EINTR) {}
}

void ent_sandbox_stop(ent_sandbox *s)
{
    if (!s) return;
    for (unsigned i = 0; i < s->count; i++) end(s, i);
    free(s);
}

static unsigned take(ent_sandbox *s)
{
    pthread_mutex_lock(&s->lock);
    for (;;) {
        for (unsigned i = 0; i < s->count; i++) {
            if (s->worker[i].busy) continue;
            s->worker[i].busy = true;
            pthread_mutex_unlock(&s->lock);
            return i;
        }
        pthread_cond_wait(&s->freed, &s->lock);
    }
}

static void give(ent_sandbox *s, unsigned i)
{
    pthread_mutex_lock(&s->lock);
    s->worker[i].busy = false;
    pthread_cond_signal(&s->freed);
    pthread_mutex_unlock(&s->lock);
}

static ent_code read_outcome(const ent_buf *outcome, ent_buf *ret_result, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(outcome->data, outcome->len);
    unsigned code = ent_cursor_u8(&c);
    size_t n = ent_cursor_u16(&c);
    const uint8_t *detail = ent_cursor_take(&c, n);
    if (!ent_cursor_ok(&c) || code >= ENT_CODE_COUNT || n > 320) return ent_fail(err, ENT_SANDBOX, "the decoder's answer is not in form");
    if (code != ENT_OK) return ent_fail(err, (ent_code)code, "%.*s", (int)n, (const char *)detail);
    size_t left = ent_cursor_left(&c);
    ent_buf_put(ret_result, ent_cursor_take(&c, left), left);
    return ent_buf_check(ret_result, err);
}

static ent_code exchange(ent_sandbox *s, unsigned i, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    ENT_AUTO_BUF request = ENT_BUF(RESULT_MAX), outcome = ENT_BUF(RESULT_MAX);
    ent_buf_put(&request, job, strlen(job) + 1);
    ent_buf_put(&request, bytes, len);
    ENT_TRY(ent_buf_check(&request, err));
    if (s->worker[i].fd < 0) ENT_TRY(spawn(s, i, err));
    bool sent = ent_frame_send(s->worker[i].fd, request.data, request.len);
    ent_code code = sent ? ent_frame_receive(s->worker[i].fd, &outcome, ent_frame_clock() + ENT_LIMIT_DECODE_MS + 1000) : ENT_IO;
    if (code == ENT_OK) return read_outcome(&outcome, ret_result, err);
    end(s, i); /* the next job gets a fresh helper */
    return ent_fail(err, code == ENT_TIMEOUT ? ENT_TIMEOUT : ENT_SANDBOX, "the decoder's process was lost");
}

static ent_code run(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret_result, ent_err *err)
{
    ent_sandbox *s = self;
    unsigned i = take(s);
    ent_code code = exchange(s, i, job, bytes, len, ret_result, err);
    give(s, i);
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
