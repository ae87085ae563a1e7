#include "base/test.h"

#include "base/parallel.h"

static void mark(void *ctx, size_t i, unsigned worker)
{
    (void)worker;
    ((unsigned char *)ctx)[i]++;
}

/* Each index is visited once, whatever the number of threads. */
static void test_each_once(void **state)
{
    (void)state;
    static unsigned char seen[10007];
    for (unsigned threads = 0; threads < 6; threads++) {
        memset(seen, 0, sizeof seen);
        ent_parallel(sizeof seen, threads, mark, seen);
        for (size_t i = 0; i < sizeof seen; i++) assert_int_equal(seen[i], 1);
    }
    ent_parallel(0, 0, mark, seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_once)};
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
