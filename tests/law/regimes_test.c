/* The regimes that are shipped, each on the day before, on and after its date; and files that must be refused. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
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
    assert_last_day(&f, d(2024, 6, 1), "PACE 1984 s. 63E(2)");
    f.offence |= ENT_OFFENCE(QUALIFYING);
    assert_last_day(&f, d(2024, 6, 1), "PACE 1984 s. 63E(2)");
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
    assert_last_day(&f, d(2024, 9, 9), "TA 2000 Sch. 8 para. 20C(4)");
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
    assert_last_day(&f, d(2024, 4, 1), "PACE 1984 s. 63N(2)");
}

/* A photograph goes by its own rule: the print of the same arrest may have to go at another date. */
static void a_photograph_has_its_own_date(void **state)
{
    (void)state;
    ent_legal_facts f = facts("ta-2000-s41", d(2024, 3, 10), ENT_OFFENCE(TERRORISM), NULL, 0);
    f.material = ENT_MATERIAL_PHOTOGRAPH;
    assert_last_day(&f, d(2030, 3, 9), "PACE 1984 s. 64A; DPA 2018 s. 39");
}

/* ---- every regime that is shipped ---- */

typedef struct shipped_case {
    const char *regime, *under;
    ent_material material;
    uint32_t offence;
    ent_date taken, birth;
    ent_legal_event events[3];
    ent_date last, review; /* last day it keeps; year 0: no end, and when it is reviewed */
} shipped_case;

#define QUALIFYING ENT_OFFENCE(QUALIFYING)
#define RECORDABLE ENT_OFFENCE(RECORDABLE)
#define MINOR (ENT_OFFENCE(RECORDABLE) | ENT_OFFENCE(EXCLUDED))
#define ON(event, y, m, day_) {.kind = ENT_EVENT_##event, .date = {y, m, day_}}
#define ADULT {1990, 1, 1}
#define CHILD {2008, 1, 1}

static const shipped_case shipped[] = {
    {"uk-terrorism-3y", "ta-2000-s41", 0, 0, {2024, 2, 29}, ADULT, {{0}}, {2027, 2, 28}, {0}},
    {"uk-terrorism-convicted", "ta-2000-s41", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED, 2025, 1, 1)}, {0}, {2035, 1, 1}},
    {"uk-port-6m", "ta-2000-sch7", 0, 0, {2024, 8, 31}, ADULT, {{0}}, {2025, 2, 28}, {0}},
    {"uk-port-convicted", "ta-2000-sch7", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED, 2024, 9, 9)}, {0}, {2034, 9, 9}},
    {"uk-national-security", "ta-2000-sch7", 0, 0, {2024, 3, 10}, ADULT, {ON(DETERMINATION, 2024, 5, 1)}, {2029, 4, 30}, {0}},
    {"ew-investigation", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(NO_FURTHER_ACTION, 2024, 6, 1)}, {2024, 6, 1}, {0}},
    {"ew-other-offence", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT,
     {ON(NO_FURTHER_ACTION, 2024, 6, 1), ON(REARREST, 2024, 5, 1), ON(ACQUITTED, 2026, 2, 3)}, {2024, 6, 1}, {0}},
    {"ew-charged-3y", "pace", 0, QUALIFYING, {2024, 3, 10}, ADULT, {ON(CHARGED, 2024, 4, 1), ON(ACQUITTED, 2024, 6, 1)}, {2027, 3, 9}, {0}},
    {"ew-arrested-consent-3y", "pace", 0, QUALIFYING, {2024, 3, 10}, ADULT, {ON(COMMISSIONER_CONSENT, 2024, 5, 1), ON(NO_FURTHER_ACTION, 2024, 6, 1)}, {2027, 3, 9}, {0}},
    {"ew-arrested-terrorism-3y", "pace", 0, ENT_OFFENCE(TERRORISM), {2024, 2, 29}, ADULT, {ON(NO_FURTHER_ACTION, 2024, 6, 1)}, {2027, 2, 28}, {0}},
    {"ew-conviction", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED, 2025, 1, 1)}, {0}, {2035, 1, 1}},
    {"ew-conviction-abroad", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED_ABROAD, 2025, 1, 1)}, {0}, {2035, 1, 1}},
    {"ew-penalty-notice", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(PENALTY_NOTICE, 2024, 6, 1)}, {2026, 3, 9}, {0}},
    {"ew-under-18-sentence", "pace", 0, MINOR, {2024, 3, 10}, CHILD, {{.kind = ENT_EVENT_CONVICTED, .date = {2024, 9, 1}, .sentence_months = 18}}, {2031, 2, 28}, {0}},
    {"ew-under-18-other", "pace", 0, MINOR, {2024, 3, 10}, CHILD, {ON(CONVICTED, 2024, 9, 1)}, {2029, 3, 9}, {0}},
    {"ew-under-18-long", "pace", 0, MINOR, {2024, 3, 10}, CHILD, {{.kind = ENT_EVENT_CONVICTED, .date = {2024, 9, 1}, .sentence_months = 60}}, {0}, {2034, 9, 1}},
    {"ew-national-security", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(DETERMINATION, 2024, 5, 1), ON(NO_FURTHER_ACTION, 2024, 6, 1)}, {2029, 4, 30}, {0}},
    {"ew-voluntary", "consent", 0, 0, {2024, 3, 10}, ADULT, {ON(PURPOSE_FULFILLED, 2024, 4, 2)}, {2024, 4, 2}, {0}},
    {"ew-voluntary-convicted", "consent", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED, 2024, 4, 2)}, {0}, {2034, 4, 2}},
    {"ew-consent", "pace", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONSENT, 2024, 5, 1), ON(NO_FURTHER_ACTION, 2024, 6, 1), ON(CONSENT_WITHDRAWN, 2025, 2, 2)}, {2025, 2, 1}, {0}},
    {"ew-custody-photograph", "pace", ENT_MATERIAL_PHOTOGRAPH, 0, {2024, 2, 29}, ADULT, {{0}}, {2030, 2, 28}, {0}},
    {"ew-custody-photograph-convicted", "pace", ENT_MATERIAL_PHOTOGRAPH, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED, 2025, 1, 1)}, {0}, {2031, 1, 1}},
    {"sco-proceedings", "cpsa-1995-s18", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(NO_FURTHER_ACTION, 2024, 6, 1)}, {2024, 6, 1}, {0}},
    {"sco-prosecution-3y", "cpsa-1995-s18", 0, ENT_OFFENCE(SEXUAL_OR_VIOLENT), {2024, 3, 10}, ADULT, {ON(ACQUITTED, 2024, 2, 29)}, {2027, 2, 28}, {0}},
    {"sco-convicted", "cpsa-1995-s18", 0, RECORDABLE, {2024, 3, 10}, ADULT, {ON(CONVICTED, 2024, 9, 9)}, {0}, {2034, 9, 9}},
    {"test-gallery", "test", 0, 0, {2024, 2, 29}, ADULT, {{0}}, {2025, 2, 28}, {0}},
    {"strict-default", "unnamed", ENT_MATERIAL_BIOGRAPHIC, 0, {2024, 3, 10}, ADULT, {{0}}, {2024, 6, 7}, {0}},
};

static const ent_power *power_named(const ent_retention *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->power[i].regime->name, name) == 0) return &r->power[i];
    return NULL;
}

static size_t events_of(const shipped_case *c)
{
    size_t n = 0;
    while (n < 3 && c->events[n].date.year) n++;
    return n;
}

/* The day before its end and on it, a power is among those that the answer names, with that end; on the next day it is not. One
 * without an end still keeps after eighty years, and says when it is reviewed. */
static void each_on_its_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        const shipped_case *c = &shipped[i];
        ent_legal_facts f = facts(c->under, c->taken, c->offence, c->events, events_of(c));
        f.material = c->material;
        f.birth = c->birth;
        for (int day = -1; day <= 1; day++) {
            ent_retention r;
            ent_date today = c->last.year ? ent_date_from_days(ent_date_days(c->last) + day) : d(2104 + day, 1, 1);
            ent_retention_of(set, set_count, &f, NULL, 0, today, &r);
            const ent_power *p = power_named(&r, c->regime);
            bool wanted = day <= 0 || !c->last.year;
            if (!wanted != !p) fail_msg("%s: day %d: %s", c->regime, day, p ? "kept" : "not kept");
            if (p && p->until.year && day == 0) assert_int_equal(ent_date_pack(p->until), ent_date_pack(c->last));
        }
        if (c->review.year) {
            ent_retention r;
            ent_retention_of(set, set_count, &f, NULL, 0, ent_date_add(c->review, 0, 0, -1), &r);
            assert_non_null(power_named(&r, c->regime));
            assert_int_equal(ent_date_pack(power_named(&r, c->regime)->review), ent_date_pack(c->review));
        }
    }
}

/* None is left out of the table but the biographic rule, which has its own case. */
static void none_untested(void **state)
{
    (void)state;
    for (size_t i = 0; i < set_count; i++) {
        bool found = strcmp(set[i].name, "uk-biographic") == 0;
        for (size_t k = 0; k < sizeof shipped / sizeof shipped[0]; k++) found |= strcmp(shipped[k].regime, set[i].name) == 0;
        if (!found) fail_msg("%s has no case on the day before, on and after", set[i].name);
    }
}

/* A name goes with the last other part of its arrest, whichever that is: prints of three years, a photograph of six. */
static void a_name_goes_with_the_last(void **state)
{
    (void)state;
    ent_legal_facts others[2] = {facts("ta-2000-s41", d(2024, 3, 10), 0, NULL, 0), facts("ta-2000-s41", d(2024, 3, 10), 0, NULL, 0)};
    ent_legal_facts f = others[0];
    others[1].material = ENT_MATERIAL_PHOTOGRAPH;
    f.material = ENT_MATERIAL_BIOGRAPHIC;
    f.others = others, f.other_count = 1;
    assert_last_day(&f, d(2027, 3, 9), "DPA 2018 s. 39(1)");
    f.other_count = 2;
    assert_last_day(&f, d(2030, 3, 9), "DPA 2018 s. 39(1)");
    f.other_count = 0;
    ent_retention r;
    ent_retention_of(set, set_count, &f, NULL, 0, d(2024, 3, 10), &r);
    assert_true(r.due);
    assert_string_equal(r.clause, "DPA 2018 s. 39(1)");
}

/* Section 63F(11): an offence under 18 is excluded only while it is the only one. A second conviction keeps from its day; when the
 * first one's time was over before, nothing revives. */
static void excluded_is_only_the_only_one(void **state)
{
    (void)state;
    ent_legal_event e[2] = {ON(CONVICTED, 2024, 9, 1), ON(CONVICTED, 2028, 2, 2)};
    ent_legal_facts f = facts("pace", d(2024, 3, 10), MINOR, e, 2);
    ent_retention r;
    f.birth = d(2008, 1, 1);
    ent_retention_of(set, set_count, &f, NULL, 0, d(2060, 1, 1), &r);
    assert_false(r.due);
    assert_string_equal(r.clause, "PACE 1984 s. 63I");
    e[1].date = d(2029, 3, 11);
    ent_retention_of(set, set_count, &f, NULL, 0, d(2030, 1, 1), &r);
    assert_true(r.due);
    assert_int_equal(ent_date_pack(r.due_on), 20290310);
}

/* Scotland: an application in its three months keeps until it is decided, a refusal for the twenty-one days in which it may be
 * appealed, an appeal until it is decided. England's keeps nothing: the clause does not say so. */
static void an_open_application_keeps_what_its_clause_says(void **state)
{
    (void)state;
    ent_legal_event e[5] = {ON(ACQUITTED, 2024, 6, 1), {.kind = ENT_EVENT_APPLICATION, .date = {2027, 5, 20}, .regime = "sco-prosecution-3y"}};
    ent_legal_facts f = facts("cpsa-1995-s18", d(2024, 3, 10), ENT_OFFENCE(SEXUAL_OR_VIOLENT), e, 2);
    ent_retention r;
    ent_retention_of(set, set_count, &f, NULL, 0, d(2027, 9, 1), &r);
    assert_false(r.due);
    assert_int_equal(r.due_on.year, 0); /* nobody knows when a court decides */
    e[2] = (ent_legal_event){.kind = ENT_EVENT_APPLICATION_REFUSED, .date = {2027, 9, 2}, .regime = "sco-prosecution-3y"};
    f.event_count = 3;
    assert_last_day(&f, d(2027, 9, 23), "CP(S)A 1995 s. 18A(4)");
    e[3] = (ent_legal_event){.kind = ENT_EVENT_APPEAL, .date = {2027, 9, 23}, .regime = "sco-prosecution-3y"};
    f.event_count = 4;
    ent_retention_of(set, set_count, &f, NULL, 0, d(2028, 1, 1), &r);
    assert_false(r.due);
    e[3].date = d(2027, 9, 24);
    ent_retention_of(set, set_count, &f, NULL, 0, d(2027, 9, 24), &r);
    assert_true(r.due); /* a day late */
    e[3].date = d(2027, 9, 23);
    e[4] = (ent_legal_event){.kind = ENT_EVENT_APPEAL_DISMISSED, .date = {2028, 2, 2}, .regime = "sco-prosecution-3y"};
    f.event_count = 5;
    assert_last_day(&f, d(2028, 2, 2), "CP(S)A 1995 s. 18A(4)");
    e[4] = (ent_legal_event){.kind = ENT_EVENT_EXTENSION, .date = {2028, 2, 2}, .regime = "sco-prosecution-3y", .decided_by = "sheriff"};
    assert_last_day(&f, d(2029, 6, 1), "CP(S)A 1995 s. 18A(4)"); /* two years after the date of before, not after the decision */
    e[1].date = d(2027, 2, 28);                                  /* outside the three months: it never kept */
    f.event_count = 2;
    assert_last_day(&f, d(2027, 6, 1), "CP(S)A 1995 s. 18A(4)");
    ent_legal_event a = {.kind = ENT_EVENT_APPLICATION, .date = {2027, 2, 1}, .regime = "uk-terrorism-3y"};
    f = facts("ta-2000-s41", d(2024, 3, 10), 0, &a, 1);
    assert_last_day(&f, d(2027, 3, 9), "TA 2000 Sch. 8 para. 20B(4)");
}

/* How long a resend must be known: as long as the taking alone could keep it, extended as often as may be; without end where it would be
 * kept while nobody concludes the proceedings. */
static void a_resend_is_known_until(void **state)
{
    (void)state;
    static const struct {
        const char *under;
        ent_material material;
        uint32_t last;
    } cases[] = {{"ta-2000-s41", ENT_MATERIAL_FINGERPRINT, 20290309}, {"ta-2000-s41", ENT_MATERIAL_PHOTOGRAPH, 20300309}, {"ta-2000-sch7", ENT_MATERIAL_FINGERPRINT, 20240909},
                 {"pace", ENT_MATERIAL_FINGERPRINT, 99991231}, {"unnamed", ENT_MATERIAL_BIOGRAPHIC, 20240607}, {"nobody's", ENT_MATERIAL_FINGERPRINT, 20240310}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ent_legal_facts f = facts(cases[i].under, d(2024, 3, 10), 0, NULL, 0);
        f.material = cases[i].material;
        assert_int_equal(ent_date_pack(ent_resend_until(set, set_count, &f)), cases[i].last);
    }
}

static uint32_t next(uint32_t *seed) { return *seed = *seed * 1664525u + 1013904223u; }

static void shuffle(ent_legal_event *e, size_t n, uint32_t *seed)
{
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = (next(seed) >> 16) % (i + 1);
        ent_legal_event swap = e[i];
        e[i] = e[j];
        e[j] = swap;
    }
}

/* Under all that is shipped, with any events on any days, in two encounters: the order in which they are told changes nothing, what
 * is due stays due, an answer that keeps names its powers with the longest first, and one that does not names none. */
static void any_order_of_any_events(void **state)
{
    (void)state;
    static const char *const under[] = {"ta-2000-s41", "ta-2000-sch7", "pace", "consent", "cpsa-1995-s18", "unnamed"};
    uint32_t seed = 7;
    for (int round = 0; round < 400; round++) {
        ent_legal_event e[8], other[4], shuffled[8];
        for (int i = 0; i < 12; i++) {
            ent_legal_event *x = i < 8 ? &e[i] : &other[i - 8];
            *x = (ent_legal_event){.kind = (ent_legal_event_kind)((next(&seed) >> 16) % ENT_EVENT_COUNT), .sentence_months = (uint16_t)((next(&seed) >> 16) % 80),
                                   .date = ent_date_from_days(ent_date_days(d(2024, 2, 29)) + i * 400 + (int64_t)(next(&seed) >> 8) % 400)};
            snprintf(x->regime, sizeof x->regime, "%s", set[(next(&seed) >> 16) % set_count].name);
            snprintf(x->decided_by, sizeof x->decided_by, next(&seed) >> 31 ? "district-judge" : "sheriff");
        }
        memcpy(shuffled, e, sizeof e);
        shuffle(shuffled, 8, &seed);
        ent_legal_facts a = facts(under[(next(&seed) >> 16) % 6], d(2024, 2, 29), (next(&seed) >> 16) % 32, e, 8), b, linked = facts("pace", d(2023, 1, 1), RECORDABLE, other, 4);
        a.material = (ent_material)((next(&seed) >> 16) % 2);
        b = a;
        b.events = shuffled;
        bool was_due = false;
        for (int month = 0; month < 170; month += 5) {
            ent_date today = ent_date_add(d(2024, 2, 29), 0, month, 0);
            ent_retention x, y;
            ent_retention_of(set, set_count, &a, &linked, 1, today, &x);
            ent_retention_of(set, set_count, &b, &linked, 1, today, &y);
            assert_int_equal(x.due, y.due);
            assert_int_equal(ent_date_pack(x.due_on), ent_date_pack(y.due_on));
            assert_int_equal(x.count, y.count);
            assert_int_equal(x.held, y.held);
            assert_string_equal(x.clause, y.clause);
            assert_int_equal(x.due, x.count == 0);
            assert_false(was_due && !x.due);
            for (size_t i = 1; i < x.count; i++)
                if (x.power[i - 1].until.year) assert_true(x.power[i].until.year && ent_date_compare(x.power[i].until, x.power[i - 1].until) <= 0);
            was_due = x.due;
        }
    }
}

/* The day of Europe/London ends at midnight there: at 23:00 UTC in summer, on both sides of the changes of clock too. */
static void days_end_where_the_node_stands(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        int32_t hours;
    } cases[] = {{"2027-03-28T00:59:59Z", 0}, {"2027-03-28T01:00:00Z", 1}, {"2027-06-09T22:59:59Z", 1}, {"2027-06-09T23:00:00Z", 1},
                 {"2027-10-31T00:59:59Z", 1}, {"2027-10-31T01:00:00Z", 0}, {"2024-02-29T23:59:59Z", 0}, {"1960-06-01T00:00:00Z", 1}};
    ent_clock c = ent_system_clock();
    if (ent_system_zone("Europe/London", NULL) != ENT_OK) skip();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ent_time t;
        assert_true(ent_time_parse(cases[i].at, &t));
        assert_int_equal(c.offset(NULL, t), cases[i].hours * 3600);
    }
    ent_err err = {0};
    assert_int_equal(ent_system_zone("Europe/Londn", &err), ENT_USAGE);
    assert_int_equal(ent_system_zone("../../etc/passwd", &err), ENT_USAGE);
    assert_int_equal(ent_system_zone("UTC", NULL), ENT_OK);
    assert_int_equal(c.offset(NULL, (ent_time){1811894400000}), 0);
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
        {HEAD "clock-starts: [convicted]\nkeep: 3 years\nwhen: { without: [convicted] }\n", "never apply"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { sentence: not-custodial }\n", "convicted"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { in-any-encounter: true }\n", "names none"},
        {HEAD "keep: with-the-record\n", "line 6"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { happened: [hold] }\n", "suspends destruction"},
        {HEAD "clock-starts: [release]\nkeep: 3 years\n", "suspends destruction"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nevents: { hold: destroy-now }\n", "line 9"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { without: [access-exempt] }\n", "told keeps nothing"},
        {HEAD "clock-starts: [unlawful]\nkeep: 3 years\n", "never apply"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nevents: { mistaken-identity: ends }\n", "contradicts"},
        {HEAD "clock-starts: [extension]\nkeep: 3 years\n", "under a power"},
        {HEAD "keep: while-open\nopen-until: [appeal-dismissed]\n", "under a power"},
        {HEAD "clock-starts: [charged]\nkeep: while-open\nopen-until: [acquitted, charged]\n", "line 9"},
        {HEAD "clock-starts: taken\nkeep: 99 years\n", "review"},
        {HEAD "clock-starts: taken\nkeep: 199 months\n", "line 8"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nreview: 1 year\n", "belongs to"},
        {HEAD "clock-starts: [convicted]\nkeep: sentence and 50 years\n", "review"},
        {HEAD "clock-starts: [convicted]\nkeep: sentence and 5 years\nwhen: { sentence: not-custodial }\n", "contradiction"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nwhen: { happened: [charged], in-any-encounter: true }\n", "about the person"},
        {HEAD "clock-starts: taken\nkeep: 3 years\nextend: { by: 2 years, times: 1, decided-by: j, applied-for-by: c, clause: d, appeal-within: 21 days }\n", "pending"},
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
        cmocka_unit_test(each_on_its_days),         cmocka_unit_test(none_untested),
        cmocka_unit_test(a_name_goes_with_the_last), cmocka_unit_test(excluded_is_only_the_only_one),
        cmocka_unit_test(an_open_application_keeps_what_its_clause_says), cmocka_unit_test(any_order_of_any_events),
        cmocka_unit_test(a_resend_is_known_until),   cmocka_unit_test(days_end_where_the_node_stands),
        cmocka_unit_test(a_photograph_has_its_own_date), cmocka_unit_test(refuses_what_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, load_all, NULL);
}
