/* The regimes that are shipped, each on the day before, on and after its date; and files that must be refused. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "law/regime_read.h"

#include <dirent.h>

static ent_regime set[64];
static size_t set_count;

static ent_date d(int year, int month, int day) { return (ent_date){(int16_t)year, (uint8_t)month, (uint8_t)day}; }

static ent_code read_text(const void *text, size_t len, const char *what, ent_regime *ret, ent_err *err)
{
    ent_doc *doc;
    ent_code code = ent_yaml_read(text, len, what, &doc, err);
    if (code != ENT_OK) return code;
    code = ent_regime_read(doc, ret, err);
    ent_doc_free(doc);
    return code;
}

/* Every file of share/regimes is read, and its name is its regime's. */
static int load_all(void **state)
{
    (void)state;
    DIR *dir = opendir(REGIMES);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[600], name[300];
        ent_err err = {0};
        if (!strstr(e->d_name, ".yaml")) continue;
        ENT_AUTO_BUF text = ENT_BUF(1 << 20);
        snprintf(path, sizeof path, "%s/%s", REGIMES, e->d_name);
        assert_int_equal(ent_disk_load(path, &text, NULL), ENT_OK);
        if (read_text(text.data, text.len, e->d_name, &set[set_count], &err) != ENT_OK) fail_msg("%s: %s", e->d_name, err.detail);
        snprintf(name, sizeof name, "%s.yaml", set[set_count].name);
        assert_string_equal(name, e->d_name);
        set_count++;
    }
    closedir(dir);
    return set_count >= 20 ? 0 : -1;
}

static ent_legal_facts facts(const char *under, ent_date taken, uint32_t offence, const ent_legal_event *events, size_t n)
{
    ent_legal_facts f = {.taken = taken, .offence = offence, .events = events, .event_count = n, .birth = d(1990, 1, 1),
                         .offence_date = taken};
    snprintf(f.taken_under, sizeof f.taken_under, "%s", under);
    return f;
}

/* Kept until this day, by this clause; due on the next. */
static void assert_last_day(const ent_legal_facts *f, ent_date last, const char *clause)
{
    ent_retention r;
    ent_retention_of(set, set_count, f, NULL, 0, ent_date_from_days(ent_date_days(last) - 1), &r);
    assert_false(r.due);
    ent_retention_of(set, set_count, f, NULL, 0, last, &r);
    assert_false(r.due);
    assert_string_equal(r.clause, clause);
    ent_retention_of(set, set_count, f, NULL, 0, ent_date_from_days(ent_date_days(last) + 1), &r);
    assert_true(r.due);
}

/* Arrested on national-security grounds: three years, charge or no charge, and two more by a judge, once. */
static void the_case_this_began_with(void **state)
{
    (void)state;
    ent_legal_facts f = facts("ta-2000-s41", d(2024, 3, 10), ENT_OFFENCE(TERRORISM) | ENT_OFFENCE(QUALIFYING), NULL, 0);
    assert_last_day(&f, d(2027, 3, 9), "TA 2000 Sch. 8 para. 20B(4)");
    ent_legal_event e[2] = {{.kind = ENT_EVENT_CHARGED, .date = d(2024, 4, 1)}};
    f.events = e, f.event_count = 1;
    assert_last_day(&f, d(2027, 3, 9), "TA 2000 Sch. 8 para. 20B(4)");
    e[1] = (ent_legal_event){.kind = ENT_EVENT_EXTENSION, .date = d(2027, 2, 1), .regime = "uk-terrorism-3y", .decided_by = "district-judge"};
    f.event_count = 2;
    assert_last_day(&f, d(2029, 3, 9), "TA 2000 Sch. 8 para. 20B(4)");
}

/* PACE: open proceedings, then nothing when nobody was charged; three years when the offence qualifies and he was. */
static void follows_pace(void **state)
{
    (void)state;
    ent_legal_event e[3] = {{.kind = ENT_EVENT_NO_FURTHER_ACTION, .date = d(2024, 6, 1)}};
    ent_legal_facts f = facts("pace", d(2024, 3, 10), ENT_OFFENCE(RECORDABLE), e, 1);
    assert_last_day(&f, d(2024, 6, 1), "PACE 1984 s. 63E");
    f.offence |= ENT_OFFENCE(QUALIFYING);
    assert_last_day(&f, d(2024, 6, 1), "PACE 1984 s. 63E");
    e[1] = (ent_legal_event){.kind = ENT_EVENT_CHARGED, .date = d(2024, 3, 12)};
    e[0] = (ent_legal_event){.kind = ENT_EVENT_ACQUITTED, .date = d(2024, 6, 1)};
    f.event_count = 2;
    assert_last_day(&f, d(2027, 3, 9), "PACE 1984 s. 63F(4), (6)");
    f.event_count = 1;
    f.offence = ENT_OFFENCE(TERRORISM) | ENT_OFFENCE(QUALIFYING);
    assert_last_day(&f, d(2027, 3, 9), "PACE 1984 s. 63F(5A), (6)");
    e[0] = (ent_legal_event){.kind = ENT_EVENT_PENALTY_NOTICE, .date = d(2024, 6, 1)};
    f.offence = ENT_OFFENCE(RECORDABLE);
    assert_last_day(&f, d(2026, 3, 9), "PACE 1984 s. 63L");
}

/* Under 18 at the offence, a first minor offence: by the sentence. */
static void follows_section_63k(void **state)
{
    (void)state;
    ent_legal_event e[2] = {{.kind = ENT_EVENT_CONVICTED, .date = d(2024, 9, 1), .sentence_months = 12}};
    ent_legal_facts f = facts("pace", d(2024, 3, 10), ENT_OFFENCE(RECORDABLE) | ENT_OFFENCE(EXCLUDED), e, 1);
    ent_retention r;
    f.birth = d(2008, 1, 1);
    assert_last_day(&f, d(2030, 8, 31), "PACE 1984 s. 63K(2)");
    e[0].sentence_months = 0;
    assert_last_day(&f, d(2029, 3, 9), "PACE 1984 s. 63K(4)");
    e[0].sentence_months = 60;
    ent_retention_of(set, set_count, &f, NULL, 0, d(2060, 1, 1), &r);
    assert_false(r.due);
    assert_string_equal(r.clause, "PACE 1984 s. 63K(3)");
}

/* Port detention six months; a determination five years from its day; Scotland again and again. */
static void follows_the_others(void **state)
{
    (void)state;
    ent_legal_event e[3] = {{.kind = ENT_EVENT_DETERMINATION, .date = d(2024, 5, 1)}};
    ent_legal_facts f = facts("ta-2000-sch7", d(2024, 3, 10), 0, e, 0);
    assert_last_day(&f, d(2024, 9, 9), "TA 2000 Sch. 8 para. 20C");
    f.event_count = 1;
    assert_last_day(&f, d(2029, 4, 30), "TA 2000 Sch. 8 para. 20E(3)");
    e[0] = (ent_legal_event){.kind = ENT_EVENT_ACQUITTED, .date = d(2024, 6, 1)};
    e[1] = (ent_legal_event){.kind = ENT_EVENT_EXTENSION, .date = d(2027, 4, 1), .regime = "sco-prosecution-3y", .decided_by = "sheriff"};
    e[2] = (ent_legal_event){.kind = ENT_EVENT_EXTENSION, .date = d(2029, 4, 1), .regime = "sco-prosecution-3y", .decided_by = "sheriff"};
    f = facts("cpsa-1995-s18", d(2024, 3, 10), ENT_OFFENCE(SEXUAL_OR_VIOLENT), e, 1);
    assert_last_day(&f, d(2027, 6, 1), "CP(S)A 1995 s. 18A(4)");
    f.event_count = 3;
    assert_last_day(&f, d(2031, 6, 1), "CP(S)A 1995 s. 18A(4)");
    f = facts("unnamed", d(2024, 3, 10), 0, NULL, 0);
    assert_last_day(&f, d(2024, 6, 7), "strict default");
    e[0] = (ent_legal_event){.kind = ENT_EVENT_CONSENT_WITHDRAWN, .date = d(2024, 4, 2)};
    f = facts("consent", d(2024, 3, 10), 0, e, 1);
    assert_last_day(&f, d(2024, 4, 1), "PACE 1984 s. 63N");
}

/* A photograph goes by its own rule: the print of the same arrest may have to go at another date. */
static void a_photograph_has_its_own_date(void **state)
{
    (void)state;
    ent_legal_facts f = facts("ta-2000-s41", d(2024, 3, 10), ENT_OFFENCE(TERRORISM), NULL, 0);
    f.material = ENT_MATERIAL_PHOTOGRAPH;
    assert_last_day(&f, d(2030, 3, 9), "PACE 1984 s. 64A; DPA 2018 s. 39");
}

#define HEAD "regime: x\ntitle: t\njurisdiction: uk\nsource: s\nclause: c\nmaterial: [fingerprint]\n"

/* What a regime may not say, with the line that says it. */
static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {HEAD "clock-starts: taken\nkeep: indefinitely\n", "review"},
        {HEAD "clock-starts: taken\nkeep: 3 yearz\n", "line 8"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nretain: 4 years\n", "retain"},
        {HEAD "keep: 3 years\n", "clock-starts"},
        {HEAD "clock-starts: [convicted]\nkeep: 3 years\nevents: { convicted: ends }\n", "never apply"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { happened: [charged], without: [charged] }\n", "never apply"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { happened: [abducted] }\n", "abducted"},
        {HEAD "clock-starts: taken\nkeep: while-open\n", "open-until"},
        {HEAD "clock-starts: taken\nkeep: indefinitely\nreview: 1 years\nextend: { by: 2 years, times: 1, decided-by: j, applied-for-by: c, clause: d }\n", "extended"},
        {HEAD "clock-starts: taken\nkeep: 0 years\n", "line 8"},
        {HEAD "clock-starts: taken\nkeep: sentence and 5 years\n", "convicted"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nextend: { by: 2 years, times: 0, decided-by: j, applied-for-by: c, clause: d }\n", "times"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ent_regime r;
        ent_err err = {0};
        assert_int_equal(read_text(bad[i].text, strlen(bad[i].text), "x.yaml", &r, &err), ENT_FORMAT);
        if (!strstr(err.detail, bad[i].says)) fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.detail, bad[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_case_this_began_with), cmocka_unit_test(follows_pace),
        cmocka_unit_test(follows_section_63k),      cmocka_unit_test(follows_the_others),
        cmocka_unit_test(a_photograph_has_its_own_date), cmocka_unit_test(refuses_what_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, load_all, NULL);
}
