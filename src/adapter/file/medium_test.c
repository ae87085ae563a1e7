#include "base/test.h"

#include "adapter/file/medium.h"

/* Lines as proc(5) shows them, with and without optional fields. */
static void reads_lines(void **state)
{
    (void)state;
    unsigned major, minor;
    ent_medium m;
    char options[512];
    assert_true(ent_medium_line("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext4 /dev/root rw,data=journal\n", &major, &minor, &m, options));
    assert_int_equal(major, 98);
    assert_int_equal(minor, 0);
    assert_string_equal(m.type, "ext4");
    assert_string_equal(m.device, "/dev/root");
    assert_string_equal(options, "rw,data=journal");
    assert_true(ent_medium_line("25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=1k\n", &major, &minor, &m, options));
    assert_string_equal(m.type, "tmpfs");
}

/* What is no such line is no answer. */
static void refuses_others(void **state)
{
    (void)state;
    unsigned major, minor;
    ent_medium m;
    char options[512];
    assert_false(ent_medium_line("", &major, &minor, &m, options));
    assert_false(ent_medium_line("36 35 98:0 /mnt1 /mnt2 rw ext4 /dev/root rw", &major, &minor, &m, options));
    assert_false(ent_medium_line("36 35 98 / / rw - ext4 /dev/root rw", &major, &minor, &m, options));
}

/* A file system that nobody measured is said not to overwrite, with the reason; a path that is not there is an error. */
static void names_what_it_does_not_know(void **state)
{
    (void)state;
    ent_medium m;
    assert_int_equal(ent_medium_of("/proc/self", &m, NULL), ENT_OK);
    assert_false(m.overwrites);
    assert_string_equal(m.type, "proc");
    assert_non_null(strstr(m.why, "proc"));
    assert_int_equal(ent_medium_of("/nowhere/at/all", &m, NULL), ENT_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_lines), cmocka_unit_test(refuses_others), cmocka_unit_test(names_what_it_does_not_know)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
