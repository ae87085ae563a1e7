/* The check on NIST's own conformance files: those that conform must, those that do not must have faults. Measured for each
 * edition and, by the files' names, each record type; 95 in 100 right overall. */
#include "base/test.h"

#include "entente/itl_check.h"

#include <dirent.h>

static const char *const editions[] = {"AN2007", "AN2011", "AN2013", "AN2015"};

typedef struct tally {
    size_t right, wrong;
} tally;

static uint8_t *load(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    uint8_t *bytes = malloc(16 << 20);
    *ret_len = bytes ? fread(bytes, 1, 16 << 20, f) : 0;
    fclose(f);
    return bytes;
}

static bool conforms(const char *path)
{
    ent_itl_check_result r = {0};
    size_t len = 0;
    uint8_t *bytes = load(path, &len);
    assert_non_null(bytes);
    ent_code code = ent_itl_check(bytes, len, NULL, NULL, &r, NULL);
    free(bytes);
    return code == ENT_OK && r.faults == 0;
}

/* "pass-type-14-…" is 14, others 0. */
static unsigned type_of(const char *name)
{
    const char *at = strstr(name, "-type-");
    unsigned long type = at ? strtoul(at + 6, NULL, 10) : 0;
    return type < 100 ? (unsigned)type : 0;
}

static tally folder(const char *path, bool expected, tally types[100])
{
    tally all = {0};
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char file[700];
        if (e->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        bool right = conforms(file) == expected;
        tally *t = &types[type_of(e->d_name)];
        right ? all.right++ : all.wrong++;
        right ? t->right++ : t->wrong++;
        if (!right) printf("wrong: %s\n", file);
    }
    if (d) closedir(d);
    return all;
}

static void files(void **state)
{
    char root[256], path[400];
    size_t right = 0, wrong = 0;
    tally types[100] = {0};
    (void)state;
    if (!ent_test_data("biocts", root, sizeof root)) exit(77);
    for (size_t i = 0; i < 4; i++)
        for (int expected = 0; expected < 2; expected++) {
            snprintf(path, sizeof path, "%s/%s/%s", root, editions[i], expected ? "pass" : "fail");
            tally t = folder(path, expected, types);
            right += t.right;
            wrong += t.wrong;
            if (t.right + t.wrong) printf("%s %s: %zu of %zu right\n", editions[i], expected ? "conforming" : "not conforming", t.right, t.right + t.wrong);
        }
    for (unsigned i = 0; i < 100; i++)
        if (types[i].right + types[i].wrong) printf("Type-%u (0: several): %zu of %zu right\n", i, types[i].right, types[i].right + types[i].wrong);
    if (right + wrong == 0) exit(77);
    assert_true(right * 100 >= (right + wrong) * 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
