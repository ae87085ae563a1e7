#include "base/test.h"

#include "adapter/yaml/yaml.h"

static ent_doc *read_ok(const char *text)
{
    ent_doc *d = NULL;
    ent_err err = {0};
    if (ent_yaml_read(text, strlen(text), "file", &d, &err) != ENT_OK) fail_msg("%s", err.detail);
    return d;
}

static void refused(const char *text, ent_code code, const char *says)
{
    ent_doc *d = NULL;
    ent_err err = {0};
    assert_int_equal(ent_yaml_read(text, strlen(text), "file", &d, &err), code);
    assert_null(d);
    if (!strstr(err.detail, says)) fail_msg("expected \"%s\" in: %s", says, err.detail);
}

/* Maps, lists and texts come out in the file's order with their lines; texts stay as written. */
static void reads_values(void **state)
{
    (void)state;
    ent_doc *d = read_ok("# a law\nname: x-1\nkeep: 3 years\nlist: [a, 'b c']\nmap:\n  on: yes\n  n: 007\n");
    assert_int_equal(d->count, 4);
    assert_int_equal(ent_doc_get(d, "keep")->line, 3);
    assert_string_equal(ent_doc_get(d, "list")->first->next->text, "b c");
    assert_string_equal(ent_doc_get(ent_doc_get(d, "map"), "on")->text, "yes");
    assert_string_equal(ent_doc_get(ent_doc_get(d, "map"), "n")->text, "007");
    assert_null(ent_doc_get(d, "name ")); 
    ent_doc_free(d);
}

/* Whatever a lawyer could overlook is refused with its line. */
static void refuses_what_hides(void **state)
{
    (void)state;
    refused("a: 1\n---\nb: 2\n", ENT_FORMAT, "line 2: a second document");
    refused("a: 1\n...\n---\nb: 2\n", ENT_FORMAT, "second document");
    refused("a: &x 1\nb: *x\n", ENT_FORMAT, "line 1: anchors");
    refused("a: &x [1]\n", ENT_FORMAT, "line 1: anchors");
    refused("a: 1\nb: *x\n", ENT_FORMAT, "line 2: aliases");
    refused("a: !!int 1\n", ENT_FORMAT, "line 1: tags");
    refused("a: !x {b: 1}\n", ENT_FORMAT, "line 1: tags");
    refused("%YAML 1.1\n---\na: 1\n", ENT_FORMAT, "directives");
    refused("a: 1\nb: 2\na: 3\n", ENT_FORMAT, "line 3: key \"a\" stands twice, first in line 1");
    refused("m:\n  a: 1\n  a: 2\n", ENT_FORMAT, "stands twice");
    refused("<<: {a: 1}\n", ENT_FORMAT, "<<");
    refused("? [a]\n: 1\n", ENT_FORMAT, "a key must be plain text");
    refused("a: \"\\x01\"\n", ENT_FORMAT, "control character");
    refused("a: \"\\0b\"\n", ENT_FORMAT, "control character");
}

/* Nothing, a lone value, damage and a flood end in an error that says which. */
static void refuses_what_is_no_law(void **state)
{
    (void)state;
    refused("", ENT_FORMAT, "empty");
    refused("# only this\n", ENT_FORMAT, "empty");
    refused("just text\n", ENT_FORMAT, "no keys");
    refused("a: [1, 2\n", ENT_FORMAT, "line");
    refused("a: 1\n b: 2\n", ENT_FORMAT, "line 2");
    refused("a: \xff\xfe\n", ENT_FORMAT, "file");
    refused("a: [[[[[[[[1]]]]]]]]\n", ENT_TOO_LARGE, "deeper than 8");
    char *flood = malloc(300000);
    size_t n = 0;
    n += (size_t)sprintf(flood, "a: [");
    for (int i = 0; i < 30000; i++) n += (size_t)sprintf(flood + n, "1, ");
    sprintf(flood + n, "1]\n");
    refused(flood, ENT_TOO_LARGE, "values");
    n = 0;
    for (int i = 0; i < 300; i++) n += (size_t)sprintf(flood + n, "k%d: 1\n", i);
    refused(flood, ENT_TOO_LARGE, "more than 256 keys");
    free(flood);
    ent_doc *d;
    ent_err err;
    char *big = calloc(1, ENT_LIMIT_YAML_FILE + 1);
    assert_int_equal(ent_yaml_read(big, ENT_LIMIT_YAML_FILE + 1, "f", &d, &err), ENT_TOO_LARGE);
    assert_int_equal(ent_yaml_read(big, 10, "f", &d, &err), ENT_FORMAT);
    free(big);
}

/* Cut anywhere, a law either reads or is refused; nothing crashes or leaks. */
static void survives_every_cut(void **state)
{
    (void)state;
    const char *text = "a: {b: [1, 2], 'c': \"d\\u00e9\"}\nx:\n  - y: 1\n    z: 2\n  - |\n    text\n";
    for (size_t n = 0; n <= strlen(text); n++) {
        ent_doc *d = NULL;
        if (ent_yaml_read(text, n, "f", &d, NULL) == ENT_OK) ent_doc_free(d);
    }
}

/* The readers of single values name the line and what is allowed. */
static void values_are_checked(void **state)
{
    (void)state;
    ent_doc *d = read_ok("n: 12\nbig: 99\nwhen: 2026-02-30\nfor: 15 min\nbad: 15 months\nw: No\nlist: [a, b, a]\n");
    ent_err err = {0};
    int64_t n = 0, ms = 0;
    ent_date day;
    char word[8];
    uint32_t bits = 0;
    assert_int_equal(ent_doc_number(d, "n", true, (int64_t[]){1, 20}, &n, &err), ENT_OK);
    assert_int_equal(n, 12);
    assert_int_equal(ent_doc_number(d, "big", true, (int64_t[]){1, 20}, &n, &err), ENT_FORMAT);
    assert_string_equal(err.detail, "line 2: \"big\" must be a whole number from 1 to 20");
    assert_int_equal(ent_doc_date(d, "when", true, &day, &err), ENT_FORMAT);
    assert_int_equal(ent_doc_duration(d, "for", true, &ms, &err), ENT_OK);
    assert_int_equal(ms, 900000);
    assert_int_equal(ent_doc_duration(d, "bad", true, &ms, &err), ENT_FORMAT);
    assert_int_equal(ent_doc_word(d, "w", true, word, sizeof word, &err), ENT_FORMAT);
    assert_int_equal(ent_doc_choices(d, "list", true, "a b", &bits, &err), ENT_FORMAT);
    assert_int_equal(ent_doc_choices(d, "list", true, "b", &bits, &err), ENT_FORMAT);
    assert_string_equal(err.detail, "line 7: \"a\" in \"list\"; allowed: b");
    assert_int_equal(ent_doc_number(d, "none", false, (int64_t[]){1, 20}, &n, &err), ENT_OK);
    assert_int_equal(n, 12);
    assert_int_equal(ent_doc_number(d, "none", true, (int64_t[]){1, 20}, &n, &err), ENT_FORMAT);
    assert_int_equal(ent_doc_only(d, "n big when for bad w", &err), ENT_FORMAT);
    assert_string_equal(err.detail, "line 7: unknown key \"list\"; allowed here: n big when for bad w");
    ent_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),       cmocka_unit_test(refuses_what_hides),
        cmocka_unit_test(refuses_what_is_no_law), cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(values_are_checked),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
