/* The helper's side. The helper itself parses nothing: it takes a job's name and bytes, forks, and passes on what the child
 * wrote. */
#include "adapter/sandbox/frame.h"
#include "adapter/sandbox/sandbox.h"

#include "base/limits.h"
#include "base/wipe.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESULT_MAX = 64 << 20, FD = 3 };

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static void limit(int what, rlim_t most)
{
    const struct rlimit r = {most, most};
    if (setrlimit(what, &r) != 0) _exit(90);
}

static bool allow(scmp_filter_ctx f, int call) { return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 0) == 0; }

/* What remains: memory that is not executable, reading and writing what is open, ending. */
static bool install_filter(void)
{
    static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(munmap),
                                SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(futex),
                                SCMP_SYS(sysinfo) /* qsort asks how much memory there is */};
    static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = f != NULL;
    for (size_t i = 0; ok && i < sizeof calls / sizeof calls[0]; i++) ok = allow(f, calls[i]);
    for (size_t i = 0; ok && i < 2; i++)
        ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, mapping[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
    ok = ok && seccomp_load(f) == 0;
    if (f) seccomp_release(f);
    return ok;
}

static void confine(void)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CPU, ENT_LIMIT_DECODE_MS / 1000 + 1);
    if (!SANITIZED) limit(RLIMIT_AS, ENT_LIMIT_DECODE_MEMORY);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) _exit(91);
    if (!SANITIZED && !install_filter()) _exit(92);
}

/* In the child: confined, runs one job, writes its outcome, ends. */
static void run_child(const ent_sandbox_job *job, const uint8_t *bytes, size_t len, int out)
{
    for (int fd = 0; fd < 64; fd++)
        if (fd != out) close(fd);
    confine();
    ent_err err = {0};
    ent_buf result = ENT_BUF(RESULT_MAX - 1024), outcome = ENT_BUF(RESULT_MAX);
    ent_code code = job->run(bytes, len, &result, &err);
    ent_outcome_put(&outcome, code, err.detail, code == ENT_OK ? &result : NULL);
    uint8_t head[4] = {(uint8_t)(outcome.len >> 24), (uint8_t)(outcome.len >> 16), (uint8_t)(outcome.len >> 8), (uint8_t)outcome.len};
    bool ok = write(out, head, 4) == 4;
    for (size_t at = 0; ok && at < outcome.len;) {
        ssize_t some = write(out, outcome.data + at, outcome.len - at);
        ok = some > 0;
        if (ok) at += (size_t)some;
    }
    _exit(ok ? 0 : 93);
}

static void refuse(ent_code code, const char *detail)
{
    ent_buf outcome = ENT_BUF(1024);
    ent_outcome_put(&outcome, code, detail, NULL);
    if (!ent_frame_send(FD, outcome.data, outcome.len)) _exit(1);
    ent_buf_free(&outcome);
}

static const ent_sandbox_job *named(const ent_sandbox_job *jobs, const char *name)
{
    for (; jobs->name; jobs++)
        if (strcmp(jobs->name, name) == 0) return jobs;
    return NULL;
}

static void pass_on(int in, pid_t child)
{
    ent_buf outcome = ENT_BUF(RESULT_MAX);
    int status = 0;
    ent_code code = ent_frame_receive(in, &outcome, ent_frame_clock() + ENT_LIMIT_DECODE_MS);
    if (code != ENT_OK) kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (code == ENT_TIMEOUT) refuse(ENT_TIMEOUT, "decoding took too long and was stopped");
    else if (code == ENT_NO_MEMORY || code == ENT_TOO_LARGE) refuse(ENT_SANDBOX, "the decoder's result was too large");
    else if (code != ENT_OK) refuse(ENT_SANDBOX, WIFSIGNALED(status) ? "the decoder was stopped: it crashed or did what it may not" : "the decoder ended without a result");
    else if (!ent_frame_send(FD, outcome.data, outcome.len)) _exit(1);
    ent_buf_free(&outcome);
}

static void run_job(const ent_sandbox_job *jobs, const ent_buf *request)
{
    const char *name = (const char *)request->data;
    size_t n = strnlen(name, request->len);
    const ent_sandbox_job *job = n < request->len ? named(jobs, name) : NULL;
    int ends[2];
    if (!job) {
        refuse(ENT_UNSUPPORTED, "the sandbox knows no such job");
        return;
    }
    if (pipe(ends) != 0) _exit(1);
    pid_t child = fork();
    if (child == 0) run_child(job, request->data + n + 1, request->len - n - 1, ends[1]);
    close(ends[1]);
    if (child < 0) refuse(ENT_BUSY, "no process for a decoder");
    else pass_on(ends[0], child);
    close(ends[0]);
}

int ent_sandbox_worker(const ent_sandbox_job *jobs)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    for (;;) {
        ent_buf request = ENT_BUF(RESULT_MAX);
        ent_code code = ent_frame_receive(FD, &request, 0);
        if (code == ENT_OK) run_job(jobs, &request);
        ent_buf_free(&request); /* erased: nothing of one job is there for the next child */
        if (code != ENT_OK) return code == ENT_IO ? 0 : 1;
    }
}
