#include "adapter/sandbox/confine.h"

#include "adapter/sandbox/message.h"

#include <linux/filter.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The whole of the kernel's structure at version 6; a kernel is given as much of it as it knows. */
typedef struct rules {
    uint64_t files, net, scoped;
} rules;

int sandbox_give_up_files(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || version < 1) return 0;
    /* rights on files: 13 in version 1, REFER with 2, TRUNCATE with 3, IOCTL_DEV with 5; bind and connect with 4; abstract
     * sockets and signals with 6 */
    int files = version < 2 ? 13 : version < 3 ? 14 : version < 5 ? 15 : 16;
    const rules all = {.files = (1u << files) - 1, .net = 3, .scoped = 3};
    size_t size = version < 4 ? 8 : version < 6 ? 16 : 24;
    int set = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (set < 0) return 0;
    bool ok = syscall(SYS_landlock_restrict_self, set, 0) == 0;
    close(set);
    return ok ? (int)version : 0;
}

static bool add_rules(scmp_filter_ctx f)
{
    static const int calls[] = {SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
                                SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(futex), SCMP_SYS(sysinfo) /* qsort asks how much memory there is */};
    static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)}, channel[] = {SCMP_SYS(read), SCMP_SYS(write)};
    bool ok = true;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) ok &= seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    for (size_t i = 0; i < 2; i++) {
        ok &= seccomp_rule_add(f, SCMP_ACT_ALLOW, mapping[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
        ok &= seccomp_rule_add(f, SCMP_ACT_ALLOW, channel[i], 1, SCMP_A0(SCMP_CMP_EQ, SANDBOX_SOCKET)) == 0;
    }
    return ok;
}

/* Exported once, so that a worker need only load it. */
bool sandbox_make_filter(sandbox_filter *ret)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int fd = memfd_create("filter", MFD_CLOEXEC);
    struct stat s;
    bool ok = f && fd >= 0 && seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 && add_rules(f) && seccomp_export_bpf(f, fd) == 0 &&
              fstat(fd, &s) == 0;
    struct sock_filter *program = ok ? malloc((size_t)s.st_size + 1) : NULL;
    ok = program && pread(fd, program, (size_t)s.st_size, 0) == s.st_size;
    if (ok) *ret = (sandbox_filter){.program = program, .count = (unsigned short)((size_t)s.st_size / sizeof *program)};
    else free(program);
    if (fd >= 0) close(fd);
    if (f) seccomp_release(f);
    return ok;
}

static void limit(int what, rlim_t most)
{
    const struct rlimit r = {most, most};
    if (setrlimit(what, &r) != 0) _exit(90);
}

void sandbox_confine(const sandbox_filter *filter)
{
    struct rlimit locked;
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, SANDBOX_SOCKET + 1);
    limit(RLIMIT_FSIZE, 0);
    const struct rlimit busy = {ENT_LIMIT_DECODE_MS / 1000, ENT_LIMIT_DECODE_MS / 1000 + 1}; /* SIGXCPU, then SIGKILL */
    if (setrlimit(RLIMIT_CPU, &busy) != 0) _exit(90);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) _exit(91);
    if (SANDBOX_SANITIZED) return;
    limit(RLIMIT_AS, (rlim_t)ENT_LIMIT_DECODE_MEMORY + SANDBOX_SIZE);
    /* where it is allowed to lock all of it, nothing that it decodes reaches the swap */
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur >= (rlim_t)ENT_LIMIT_DECODE_MEMORY + SANDBOX_SIZE)
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    const struct sock_fprog program = {.len = filter->count, .filter = filter->program};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) _exit(92);
}
