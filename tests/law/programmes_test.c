/* The shipped programmes read as they must, and files that ask for what they may not are refused with their line. */
#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "base/test.h"
#include "law/programme.h"

#include <string.h>

static ent_code read(const void *text, size_t len, ent_programme *p, ent_err *err)
{
    ent_doc *doc;
    ent_code code = ent_yaml_read(text, len, "programme", &doc, err);
    if (code != ENT_OK) return code;
    code = ent_programme_read(doc, p, err);
    ent_doc_free(doc);
    return code;
}

static ent_programme shipped(const char *name)
{
    char path[400];
    ent_err err = {0};
    ent_programme p;
    ENT_AUTO_BUF text = ENT_BUF(1 << 20);
    snprintf(path, sizeof path, PROGRAMMES "/%s.yaml", name);
    assert_int_equal(ent_disk_load(path, &text, &err), ENT_OK);
    if (read(text.data, text.len, &p, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_string_equal(p.name, name);
    return p;
}

/* Ninety days a visit with trips to two neighbours; ninety in 180. */
static void ships(void **state)
{
    (void)state;
    ent_programme p = shipped("us-visa-waiver");
    assert_int_equal(p.counted, ENT_STAY_EACH_VISIT);
    assert_int_equal(p.days, 90);
    assert_int_equal(p.trip_count, 2);
    assert_int_equal(p.condition_count, 5);
    p = shipped("eu-short-stay");
    assert_int_equal(p.counted, ENT_STAY_ROLLING);
    assert_int_equal(p.days, 90);
    assert_int_equal(p.within, 180);
}

#define HEAD "programme: x\ntitle: X\nborder: USA\nsource: S\nclause: c\ndesignation: d\n"
#define STAY "stay: { counted: each-visit, at-most: 90 days, first-day: counted, clause: s }\n"
#define REST "conditions: []\nkeep: 400 days\n"

/* What would make a partner's answer a condition, or is not wholly understood, is refused. */
static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {HEAD STAY "conditions: [ { name: no-hit, shown-by: declaration, clause: c } ]\nkeep: 400 days\n", "no condition of admission"},
        {HEAD STAY "conditions: [ { name: partner-agrees, shown-by: declaration, clause: c } ]\nkeep: 400 days\n", "no condition of admission"},
        {HEAD STAY REST "colour: red\n", "colour"},
        {HEAD "stay: { counted: rolling, at-most: 90 days, within: 90 days, first-day: counted, clause: s }\n" REST, "longer"},
        {HEAD "stay: { counted: rolling, at-most: 90 days, within: 180 days, first-day: not-counted, clause: s }\n" REST, "first day"},
        {HEAD "stay: { counted: each-visit, at-most: 36 h, first-day: counted, clause: s }\n" REST, "days"},
        {HEAD "stay: { counted: rolling, at-most: 90 days, within: 180 days, first-day: counted, clause: s }\nconditions: []\nkeep: 30 days\n", "window"},
        {HEAD STAY "conditions: [ { name: a, shown-by: record, clause: c }, { name: a, shown-by: record, clause: c } ]\nkeep: 400 days\n", "twice"},
        {HEAD STAY "short-trip: { to: [Canada], at-most: 30 days, clause: c }\n" REST, "three capital letters"},
    };
    ent_programme p;
    ent_err err = {0};
    assert_int_equal(read(HEAD STAY REST, sizeof HEAD STAY REST - 1, &p, &err), ENT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read(bad[i].text, strlen(bad[i].text), &p, &err), ENT_FORMAT);
        if (!strstr(err.detail, bad[i].says)) fail_msg("%zu: %s", i, err.detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ships), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
