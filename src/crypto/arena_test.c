#include "base/test.h"

#include "crypto/arena.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is taken is zeros and lies apart; a full arena gives nothing. */
static void gives_until_full(void **state)
{
    (void)state;
    ent_arena *a;
    assert_int_equal(ent_arena_new(100, true, &a, NULL), ENT_OK);
    unsigned char *p = ent_arena_take(a, 33), *q = ent_arena_take(a, 33);
    assert_non_null(p);
    assert_true(q >= p + 33);
    for (int i = 0; i < 33; i++) assert_int_equal(p[i] | q[i], 0);
    assert_null(ent_arena_take(a, 1 << 20));
    assert_null(ent_arena_take(a, (size_t)-1));
    ent_arena_free(a);
}

/* A child finds zeros where the parent's key lies. */
static void empty_in_a_child(void **state)
{
    (void)state;
    ent_arena *a;
    int status;
    assert_int_equal(ent_arena_new(32, true, &a, NULL), ENT_OK);
    unsigned char *p = ent_arena_take(a, 32);
    memset(p, 0x5a, 32);
    pid_t child = fork();
    if (child == 0) _exit(p[0] | p[31]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(p[31], 0x5a);
    ent_arena_free(a);
}

/* The kernel says of the pages: locked, and not in a dump (proc(5), VmFlags "lo" and "dd"). */
static void locked_and_kept_from_dumps(void **state)
{
    (void)state;
    ent_arena *a;
    char line[512], want[32];
    bool here = false, locked = false, undumped = false;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its runtime makes mlock a call that does nothing */
#endif
    if (ent_arena_new(32, false, &a, NULL) != ENT_OK) skip();
    snprintf(want, sizeof want, "%lx-", (unsigned long)a);
    FILE *f = fopen("/proc/self/smaps", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strchr(line, '-') && strspn(line, "0123456789abcdef") > 6) here = strncmp(line, want, strlen(want)) == 0;
        if (!here || strncmp(line, "VmFlags:", 8) != 0) continue;
        locked = strstr(line, " lo") != NULL;
        undumped = strstr(line, " dd") != NULL;
    }
    if (f) fclose(f);
    assert_true(locked);
    assert_true(undumped);
    ent_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gives_until_full), cmocka_unit_test(empty_in_a_child), cmocka_unit_test(locked_and_kept_from_dumps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
