/* Decoders that attack: each is a job of this test's own helper (this program again, started as the node starts it). Under the
 * sanitizers, which leave the filter and the limits out, only what does not rest on them runs. */
#include "base/test.h"

#include "adapter/sandbox/confine.h"
#include "adapter/sandbox/message.h"
#include "adapter/sandbox/sandbox.h"
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "a print of another origin"

/* ---- the jobs, in the helper ---- */

/* Seen by the test and by every worker, so that a decoder which stays can tell what it saw. */
typedef struct diary {
    atomic_int steps, saw_secret;
} diary;

static diary *book;

static ent_code echo(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)err;
    ent_buf_put(ret, bytes, len);
    return ENT_OK;
}

static ent_code refuses(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)ret;
    return ent_fail(err, ENT_FORMAT, "byte %zu of \"%.*s\"", len, (int)len, (const char *)bytes);
}

/* The number in its bytes says what to try. Comes back only when the kernel let it. */
static ent_code attacks(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    char *const none[] = {NULL};
    (void)ret, (void)len;
    switch (*(const uint8_t *)bytes) {
    case 0: (void)!open("/etc/passwd", O_RDONLY); break;
    case 1: (void)!socket(AF_INET, SOCK_STREAM, 0); break;
    case 2: (void)!syscall(SYS_fork); break;
    case 3: (void)!syscall(SYS_clone, 0x11, 0, 0, 0, 0); break;
    case 4: (void)!execve("/bin/true", none, none); break;
    case 5: (void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); break;
    case 6: (void)!syscall(SYS_mprotect, (uintptr_t)ret / 4096 * 4096, 4096, PROT_READ | PROT_EXEC); break;
    case 7: (void)!kill(getppid(), SIGKILL); break;
    case 8: (void)!ptrace(PTRACE_TRACEME, 0, 0, 0); break;
    case 9: (void)!write(1, "x", 1); break;
    case 10: (void)!syscall(SYS_memfd_create, "x", 0); break;
    case 11: (void)!syscall(SYS_io_uring_setup, 8, NULL); break;
    case 12: (void)!syscall(SYS_openat2, -100, "/etc/passwd", NULL, 0); break;
    case 13: (void)!syscall(SYS_personality, 0x0400000); break;
    case 14: (void)!syscall(SYS_pkey_mprotect, (uintptr_t)ret / 4096 * 4096, 4096, PROT_READ | PROT_EXEC, -1); break;
    case 15: (void)!syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0); break;
    case 16: (void)!syscall(SYS_clone3, NULL, 0); break;
    case 17: (void)!syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL); break;
    case 18: (void)!syscall(SYS_execveat, -1, "/bin/true", none, none, 0); break;
    case 19: (void)!read(0, ret, 0); break;
    case 20: (void)!syscall(SYS_userfaultfd, 1); break;
    case 21: (void)!syscall(SYS_sendmsg, SANDBOX_SOCKET, NULL, 0); break; /* a descriptor to the node */
    case 22: (void)!syscall(SYS_recvmsg, SANDBOX_SOCKET, NULL, 0); break;
    case 23: (void)!syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0); break;
    case 24: (void)!syscall(SYS_prlimit64, getppid(), 0, NULL, NULL); break;
    case 25: (void)!syscall(SYS_pidfd_open, getppid(), 0); break;
    case 26: (void)!syscall(SYS_bpf, 0, NULL, 0); break;
    case 27: (void)!syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, SANDBOX_MEMORY, 0); break;
    case 28: (void)!syscall(0x40000000 | SYS_read, SANDBOX_SOCKET, ret, 0); break; /* the x32 way to a call */
    default: return ent_fail(err, ENT_NOT_FOUND, "no such attack");
    }
    return ENT_OK;
}
enum { ATTACKS = 29 };

/* Not inlined: the compiler must not see that it is NULL. */
__attribute__((noinline)) static void raise_fault(int *at) { *(volatile int *)at = 1; }

static ent_code crashes(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)bytes, (void)len, (void)ret, (void)err;
    raise_fault((int *)(uintptr_t)len);
    return ENT_OK;
}

static ent_code hangs(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)len, (void)ret, (void)err;
    for (volatile const uint8_t *p = bytes; *p == 'h';) {}
    return ENT_OK;
}

_Noreturn static ent_code sleeps(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    int word = 0;
    (void)bytes, (void)len, (void)ret, (void)err;
    for (;;) syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, NULL);
}

/* Touches memory until there is no more; 1 GB would be success. */
static ent_code hoards(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)bytes, (void)len, (void)ret;
    for (int i = 0; i < 64; i++) {
        uint8_t *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) return ent_fail(err, ENT_NO_MEMORY, "%d MB and no more", 16 * i);
        memset(p, 1, 16 << 20);
    }
    return ENT_OK;
}

/* Leaves something right behind its result, says that it is there, and stays: reads the shared memory over and over, and writes into it. */
_Noreturn static ent_code stays(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    volatile uint8_t *memory = (volatile uint8_t *)(uintptr_t)bytes;
    const uint32_t outcome = 3 + 7;
    (void)ret, (void)err;
    memcpy((uint8_t *)(uintptr_t)bytes + sandbox_outcome_at(len), "\0\0\0planted", outcome);
    memset((uint8_t *)(uintptr_t)bytes + sandbox_outcome_at(len) + outcome, 'F', 2 * 4096);
    (void)!write(SANDBOX_SOCKET, &outcome, sizeof outcome);
    for (size_t at = 0;; at = (at + 1) % 65536) {
        bool found = true;
        for (size_t i = 0; found && i < sizeof SECRET - 1; i++) found = memory[at + i] == (uint8_t)SECRET[i];
        if (found) book->saw_secret++;
        if (at > len + 4096) memory[at] = 'F';
        book->steps++;
    }
}

/* Says what it likes about its outcome. */
_Noreturn static ent_code lies(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    static const struct {
        uint32_t len;
        const char *outcome;
    } all[] = {{0, ""}, {2, "\0\0"}, {0xffffffff, "\0\0\0"}, {SANDBOX_SIZE, "\0\0\0"}, {3, "\xff\0\0"}, {5, "\x05\xff\xffxx"}, {5, "\x05\0\x09xx"}};
    const uint8_t *kind = bytes;
    (void)ret, (void)err;
    memcpy((uint8_t *)(uintptr_t)bytes + sandbox_outcome_at(len), all[*kind].outcome, all[*kind].len < 6 ? all[*kind].len : 3);
    (void)!write(SANDBOX_SOCKET, &all[*kind].len, 4);
    for (;;) (void)!read(SANDBOX_SOCKET, (uint8_t *)(uintptr_t)bytes, 1);
}
enum { LIES = 7 };

/* How many bytes of the shared memory behind its own input are not zero. */
static ent_code peeks(const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    const uint8_t *p = bytes;
    uint32_t found = 0;
    (void)err;
    for (size_t i = len; i < 8 << 20; i++) found += p[i] != 0;
    ent_buf_u32(ret, found);
    return ENT_OK;
}

static const ent_sandbox_job jobs[] = {{"echo", echo}, {"refuses", refuses}, {"attacks", attacks}, {"crashes", crashes}, {"hangs", hangs}, {"sleeps", sleeps},
                                       {"hoards", hoards}, {"stays", stays}, {"lies", lies}, {"peeks", peeks}, {"image", ent_image_decode_flat}, {0}};

/* ---- the test ---- */

static ent_sandbox *sandbox;

static diary *open_diary(long pid)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/entente-sandbox-test.%ld", pid);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(diary)) != 0) return NULL;
    diary *d = mmap(NULL, sizeof *d, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return d == MAP_FAILED ? NULL : d;
}

static ent_code run(const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_decoder d = ent_sandbox_decoder(sandbox);
    *err = (ent_err){0};
    return d.run(d.self, job, bytes, len, ret, err);
}

/* A job of another origin after whatever happened: its own bytes come back, nothing else. */
static void next_job_works(void)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 20);
    ent_err err;
    if (run("echo", SECRET, sizeof SECRET, &out, &err) != ENT_OK) fail_msg("the next job: %s", err.detail);
    assert_int_equal(out.len, sizeof SECRET);
    assert_memory_equal(out.data, SECRET, sizeof SECRET);
}

static void bytes_go_through(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 300000, 5 << 20};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ENT_AUTO_BUF out = ENT_BUF(8 << 20);
        ent_err err;
        uint8_t *in = malloc(sizes[i] + 1);
        for (size_t k = 0; k < sizes[i]; k++) in[k] = (uint8_t)(k * 7 + k / 256);
        if (run("echo", in, sizes[i], &out, &err) != ENT_OK) fail_msg("%zu bytes: %s", sizes[i], err.detail);
        assert_int_equal(out.len, sizes[i]);
        if (sizes[i]) assert_memory_equal(out.data, in, sizes[i]);
        free(in);
    }
}

/* A job's own refusal comes back as it is; an unknown job and a result over the caller's ceiling are refused. */
static void refusals_come_back(void **state)
{
    ENT_AUTO_BUF out = ENT_BUF(16);
    ent_err err;
    (void)state;
    assert_int_equal(run("refuses", "five!", 5, &out, &err), ENT_FORMAT);
    assert_string_equal(err.detail, "byte 5 of \"five!\"");
    assert_int_equal(run("no such", "", 0, &out, &err), ENT_UNSUPPORTED);
    assert_int_equal(run("echo", "more than sixteen bytes", 23, &out, &err), ENT_TOO_LARGE);
    next_job_works();
}

/* Each call that the filter does not let through kills the decoder there and then (SIGSYS, which only the filter sends). */
static void the_filter_itself_refuses(void **state)
{
    (void)state;
    if (SANDBOX_SANITIZED) skip();
    for (uint8_t i = 0; i < ATTACKS; i++) {
        ENT_AUTO_BUF out = ENT_BUF(1 << 10);
        ent_err err;
        long long from = sandbox_clock();
        if (run("attacks", &i, 1, &out, &err) != ENT_SANDBOX || !strstr(err.detail, "asked the system for what it may not have")) fail_msg("attack %d went through: %s", i, err.detail);
        assert_in_range(sandbox_clock() - from, 0, 200);
        next_job_works();
    }
}

/* Beside the filter: a process that gave up its files cannot open one (where the kernel has Landlock). */
static void landlock_alone_refuses_files(void **state)
{
    (void)state;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
        print_message("skipped: this kernel has no Landlock\n");
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        int readable = open("/etc/passwd", O_RDONLY);
        if (readable < 0 || sandbox_give_up_files() < 1) _exit(1);
        bool refused = open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES && mkdir("/tmp/entente-sandbox-x", 0700) < 0 && errno == EACCES;
        _exit(refused ? 0 : 2);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

static void crash_is_a_refused_job(void **state)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 10);
    ent_err err;
    long long from = sandbox_clock();
    (void)state;
    assert_int_equal(run("crashes", "", 0, &out, &err), ENT_SANDBOX);
    if (!SANDBOX_SANITIZED) assert_string_equal(err.detail, "the decoder was stopped: it crashed");
    assert_in_range(sandbox_clock() - from, 0, SANDBOX_SANITIZED ? 4000 : 200);
    next_job_works();
}

/* A busy one has its seconds of the processor, however long they take on a machine that others keep busy. */
static void hang_is_a_refused_job(void **state)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 10);
    ent_err err;
    long long from = sandbox_clock();
    (void)state;
    assert_int_equal(run("hangs", "h", 1, &out, &err), ENT_TIMEOUT);
    assert_string_equal(err.detail, "decoding took too long and was stopped");
    assert_in_range(sandbox_clock() - from, ENT_LIMIT_DECODE_MS - 200, ENT_LIMIT_DECODE_WALL_MS + 200);
    next_job_works();
}

typedef struct sleeper {
    pthread_t thread;
    ent_code code;
    long long took;
} sleeper;

static sleeper asleep; /* beside all the other tests */

static void *sleep_job(void *arg)
{
    sleeper *s = arg;
    ENT_AUTO_BUF out = ENT_BUF(1 << 10);
    ent_err err;
    long long from = sandbox_clock();
    s->code = run("sleeps", "h", 1, &out, &err);
    s->took = sandbox_clock() - from;
    return NULL;
}

/* One that sleeps ends 200 ms after the wall's cap at the latest, and was in nobody's way meanwhile. Where the tests beside it kept it waiting, it
 * sleeps once more, alone. */
static void sleep_is_a_refused_job(void **state)
{
    (void)state;
    pthread_join(asleep.thread, NULL);
    if (asleep.took > ENT_LIMIT_DECODE_WALL_MS + 200) sleep_job(&asleep);
    assert_int_equal(asleep.code, ENT_TIMEOUT);
    assert_in_range(asleep.took, ENT_LIMIT_DECODE_WALL_MS - 1, ENT_LIMIT_DECODE_WALL_MS + 200);
    next_job_works();
}

static void a_gigabyte_is_a_refused_job(void **state)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 10);
    ent_err err;
    (void)state;
    if (SANDBOX_SANITIZED) skip();
    long long from = sandbox_clock();
    assert_int_equal(run("hoards", "", 0, &out, &err), ENT_NO_MEMORY);
    assert_in_range(strtol(err.detail, NULL, 10), 256, ENT_LIMIT_DECODE_MEMORY >> 20);
    assert_in_range(sandbox_clock() - from, 0, ENT_LIMIT_DECODE_WALL_MS + 200);
    next_job_works();
}

/* In the real decoders: 147 MB of one colour out of 1.7 MB, which is within the limits of an image, comes out or is refused within the cap;
 * files that promise more than they hold or than is allowed are refused at once. */
static void a_bomb_ends_in_time(void **state)
{
    static const char headers[][55] = {"P5\n16384 4096\n255\n", "P5\n16385 16385\n255\n", "BM......\0\0\x36\0\0\0\x28\0\0\0\0\x40\0\0\0\x10\0\0\x01\0\x18\0\0\0\0\0"};
    ENT_AUTO_BUF file = ENT_BUF(8 << 20), out = ENT_BUF(SANDBOX_RESULT);
    ent_image image;
    ent_err err;
    (void)state;
    if (SANDBOX_SANITIZED) skip();
    assert_int_equal(ent_image_new(7000, 7000, 3, &image, &err), ENT_OK);
    assert_int_equal(ent_image_encode(&image, ENT_IMAGE_TIFF, 0, &file, &err), ENT_OK);
    ent_image_free(&image);
    assert_in_range(file.len, 0, 2 << 20);
    long long from = sandbox_clock();
    ent_code code = run("image", file.data, file.len, &out, &err);
    assert_true(code == ENT_OK ? out.len == 24u + 3 * 7000 * 7000 : code == ENT_NO_MEMORY || code == ENT_TIMEOUT);
    assert_in_range(sandbox_clock() - from, 0, ENT_LIMIT_DECODE_WALL_MS + 200 + (code == ENT_OK ? 1000 : 0)); /* and copying it */
    for (int i = 0; i < 2; i++) next_job_works(); /* in other slots: the helper still erases 150 MB */
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        from = sandbox_clock();
        assert_int_not_equal(run("image", headers[i], i < 2 ? strlen(headers[i]) : 54, &out, &err), ENT_OK);
        assert_in_range(sandbox_clock() - from, 0, 200);
        next_job_works();
    }
}

/* A decoder that was taken over gives its answer and stays, reading and writing the shared memory: it is gone before a byte of the
 * next job is where it can see it. */
static void a_planted_decoder_sees_no_other_job(void **state)
{
    (void)state;
    if (SANDBOX_SANITIZED) skip(); /* its memory of what it did needs the worker to be let alone */
    for (int round = 0; round < 20; round++) {
        ENT_AUTO_BUF out = ENT_BUF(1 << 10);
        ent_err err;
        if (run("stays", "attack", 6, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
        assert_memory_equal(out.data, "planted", 7);
        for (int i = 0; i < 3; i++) next_job_works();
    }
    int before = 0;
    for (int i = 0; i < 100 && before != book->steps; i++) { /* until the helper has ended the last */
        before = book->steps;
        usleep(20000);
    }
    assert_true(before > 0);
    assert_int_equal(book->steps, before); /* none is left */
    assert_int_equal(book->saw_secret, 0);
}

static void lies_are_refused(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < LIES; i++) {
        ENT_AUTO_BUF out = ENT_BUF(SANDBOX_SIZE);
        ent_err err;
        ent_code code = run("lies", &i, 1, &out, &err);
        if (code != ENT_SANDBOX) fail_msg("lie %d: %s %s", i, ent_code_name(code), err.detail);
        assert_string_equal(err.detail, "the decoder's answer is not in form");
        next_job_works();
    }
}

/* After a large job, and after one that wrote where it liked, the memory is empty for the next. */
static void memory_is_erased_between_jobs(void **state)
{
    uint8_t *large = malloc(3 << 20);
    (void)state;
    memset(large, 0xaa, 3 << 20);
    for (int round = 0; round < 8; round++) { /* of five jobs: slots are taken in turn, so that the fifth looks where the first was */
        ENT_AUTO_BUF out = ENT_BUF(8 << 20), found = ENT_BUF(16);
        ent_err err;
        assert_int_equal(run("stays", "attack", 6, &found, &err), ENT_OK);
        ent_buf_clear(&found);
        assert_int_equal(run("echo", large, 3 << 20, &out, &err), ENT_OK);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(run("peeks", "look", 4, &found, &err), ENT_OK);
            assert_memory_equal(found.data, "\0\0\0\0", 4);
            ent_buf_clear(&found);
        }
    }
    free(large);
}

static void *many(void *arg)
{
    uint8_t mine[5000];
    memset(mine, (int)(intptr_t)arg, sizeof mine);
    for (int i = 0; i < 40; i++) {
        ENT_AUTO_BUF out = ENT_BUF(1 << 14);
        ent_err err;
        mine[0] = (uint8_t)i;
        if (run(i % 10 == 9 ? "crashes" : "echo", mine, i % 10 == 9 ? 0 : sizeof mine, &out, &err) != (i % 10 == 9 ? ENT_SANDBOX : ENT_OK)) return arg;
        if (i % 10 != 9 && (out.len != sizeof mine || memcmp(out.data, mine, sizeof mine) != 0)) return arg;
    }
    return NULL;
}

/* From many threads, with crashes among them, each gets its own answer. */
static void threads_get_their_own(void **state)
{
    pthread_t t[6];
    (void)state;
    for (intptr_t i = 0; i < 6; i++) pthread_create(&t[i], NULL, many, (void *)(i + 1));
    for (int i = 0; i < 6; i++) {
        void *bad;
        pthread_join(t[i], &bad);
        assert_null(bad);
    }
}

static int start(void **state)
{
    (void)state;
    book = open_diary(getpid());
    return book && ent_sandbox_start("/proc/self/exe", 3, &sandbox, NULL) == ENT_OK && pthread_create(&asleep.thread, NULL, sleep_job, &asleep) == 0 ? 0 : -1;
}

static int stop(void **state)
{
    char path[64];
    (void)state;
    ent_sandbox_stop(sandbox);
    snprintf(path, sizeof path, "/tmp/entente-sandbox-test.%ld", (long)getpid());
    unlink(path);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "sandbox-worker") == 0) {
        book = open_diary(getppid());
        return book ? ent_sandbox_worker(jobs) : 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_through), cmocka_unit_test(refusals_come_back), cmocka_unit_test(the_filter_itself_refuses),
        cmocka_unit_test(landlock_alone_refuses_files), cmocka_unit_test(crash_is_a_refused_job), cmocka_unit_test(hang_is_a_refused_job),
        cmocka_unit_test(a_gigabyte_is_a_refused_job), cmocka_unit_test(a_bomb_ends_in_time), cmocka_unit_test(a_planted_decoder_sees_no_other_job), cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(memory_is_erased_between_jobs), cmocka_unit_test(threads_get_their_own), cmocka_unit_test(sleep_is_a_refused_job),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
