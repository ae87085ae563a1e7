/* Agreements as files: the example in docs/law/examples, and what may be done to it. */
#include "base/test.h"

#include "adapter/yaml/yaml.h"
#include "law/agreement.h"

static char *example;

static int load(void **state)
{
    (void)state;
    FILE *f = fopen(AGREEMENT_EXAMPLE, "rb");
    assert_non_null(f);
    example = calloc(1, 65536);
    assert_true(fread(example, 1, 65535, f) > 1000);
    fclose(f);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    free(example);
    return 0;
}

static ent_code read_text(const char *text, ent_agreement **ret, ent_err *err)
{
    ent_doc *doc;
    ent_code code = ent_yaml_read(text, strlen(text), "agreement", &doc, err);
    if (code != ENT_OK) return code;
    code = ent_agreement_read(doc, ret, err);
    ent_doc_free(doc);
    return code;
}

/* The example with the first `from` replaced by `to`. */
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(example, from);
    if (!at) fail_msg("the example has no \"%s\"", from);
    char *text = calloc(1, strlen(example) + strlen(to) + 1);
    sprintf(text, "%.*s%s%s", (int)(at - example), example, to, at + strlen(from));
    return text;
}

static void refused(const char *from, const char *to, const char *says)
{
    char *text = changed(from, to);
    ent_agreement *a = NULL;
    ent_err err = {0};
    if (read_text(text, &a, &err) == ENT_OK) fail_msg("accepted: %s", to);
    if (!strstr(err.detail, says)) fail_msg("expected \"%s\" in: %s", says, err.detail);
    if (!strstr(err.detail, "line ")) fail_msg("no line in: %s", err.detail);
    assert_null(a);
    free(text);
}

static ent_agreement *with(const char *from, const char *to)
{
    char *text = changed(from, to);
    ent_agreement *a = NULL;
    ent_err err = {0};
    if (read_text(text, &a, &err) != ENT_OK) fail_msg("%s", err.detail);
    free(text);
    return a;
}

static ent_agreement *plain(void) { return with("agreement: gb-us-2022", "agreement: gb-us-2022"); }

/* Every rule of the example is understood. */
static void reads_the_example(void **state)
{
    (void)state;
    ent_agreement *a = plain();
    assert_string_equal(a->name, "gb-us-2022");
    assert_int_equal(a->version, 1);
    assert_int_equal(a->party_count, 2);
    assert_int_equal(a->flow_count, 2);
    const ent_flow *f = ent_agreement_flow(a, "border-check");
    assert_int_equal(f->per_day, 20000);
    assert_int_equal(f->per_desk_hour, 0);
    assert_int_equal(f->answer_within_ms, 5000);
    assert_true(f->false_hits_per_day > 0.0999 && f->false_hits_per_day < 0.1001);
    assert_int_equal(f->probe, ENT_PROBE_UNTIL_CONCLUDED);
    assert_int_equal(f->examiners, 2);
    assert_int_equal(ent_flow_fields(f, false), 0);
    assert_true(ent_flow_fields(f, true) & (1u << ENT_FIELD_FACIAL_IMAGE));
    assert_int_equal(f->requester_keeps_ms, 90 * (int64_t)86400000);
    assert_true(ent_agreement_flow(a, "border-check-back")->onward_authorised);
    ent_agreement_free(a);
}

/* What a node does not wholly understand it does not execute; each refusal has its line and what is allowed. */
static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    refused("version: 1", "version: 1\nvendor: x", "unknown key \"vendor\"; allowed here: agreement version");
    refused("version: 1", "version: 0", "whole number from 1");
    refused("ground: individual", "ground: anything", "allowed: individual every-traveller");
    refused("        power: PACE 1984 s. 63T(1)(b) ", "        reason: none ", "unknown key \"reason\"");
    refused("        power: PACE 1984 s. 63T(1)(b) ", "        #", "\"power\" is missing");
    refused("transfer: DPA 2018 s. 75  ", "#", "\"transfer\" is missing");
    refused("[fingerprint, face]", "[fingerprint, iris]", "allowed: fingerprint face");
    refused("[fingerprint, face]", "[fingerprint, fingerprint]", "stands twice");
    refused("per-day: 20000", "per-day: lots", "whole number");
    refused("per-day: 20000", "per-day: -1", "whole number");
    refused("per-day: 20000", "per-week: 1", "unknown key \"per-week\"");
    refused("answer-within: 5 s", "answer-within: 5 minutes", "must be a time as");
    refused("answer-within: 5 s", "answer-within: 5 days", "250 ms to 60 s");
    refused("face-alone: never-a-hit", "face-alone: sometimes", "allowed: never-a-hit");
    refused("until: 2027-06-30", "until: 2027-06-31", "on a day that exists");
    refused("until: 2027-06-30", "until: 2022-06-30", "must follow each other");
    refused("within: 15 min", "within: 3 days", "48 h or less");
    refused("on-hit: []", "on-hit: [name]", "identifies nobody");
    refused("onward: never", "onward: sometimes", "never, with-authorisation, or");
    refused("on-behalf-of: never", "on-behalf-of: [fr.police]", "is no party");
    refused("holder: gb.home-office", "holder: fr.police", "is no party");
    refused("holder: gb.home-office", "holder: us.dhs", "one party");
    refused("name: border-check\n", "name: border-check-back\n", "stands twice");
    refused("purposes: Art. 3(1)", "purpose: Art. 3(1)", "unknown key \"purpose\"");
    refused("country: GBR, ", "", "states no country");
    refused("copy: { mode: none }", "copy: { mode: watchlist, lease: 7 days }", "watchlist must exclude");
    refused("    requester-keeps: 90 days\n", "", "\"requester-keeps\" is missing");
    refused("false-hits-per-day: 0.1", "false-hits-per-day: 0", "above zero");
    refused("false-hits-per-day: 0.1", "false-hits-per-day: 1e3", "above zero");
}

/* At least one witness is no party, neither by name nor by key. */
static void needs_an_outsider(void **state)
{
    (void)state;
    refused("name: observer.example", "name: us.dhs", "must be no party");
    refused("Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg=", "2+QN3ZJ4wTzvP5V2e8ZxAnbyrYt9zqTx3oPQIWKvQ8g=",
            "must be no party");
    refused("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", "2+QN3ZJ4wTzvP5V2e8ZxAnbyrYt9zqTx3oPQIWKvQ8g=", "one key");
    refused("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", "c2hvcnQ=", "32 bytes");
}

static ent_ask fair(void)
{
    return (ent_ask){.holder = "gb.home-office", .requester = "us.dhs", .flow = "border-check",
                     .purpose = "terrorism-threat-check", .on_behalf_of = "", .modalities = 1, .candidates = 1,
                     .today = {2023, 5, 1}};
}

static ent_date day(int year, int month, int d) { return (ent_date){(int16_t)year, (uint8_t)month, (uint8_t)d}; }

static void expect(const ent_agreement *a, ent_ask ask, ent_code code, const char *clause)
{
    ent_verdict v;
    ent_agreement_decide(a, &ask, &v);
    if (v.code != code || strcmp(v.clause, clause) != 0) fail_msg("%d %s (%s)", v.code, v.clause, v.reason);
    assert_true(strlen(v.reason) > 10);
}

/* One thing about the fair question is changed. */
#define ASKED(change, code, clause)                                                                                    \
    do {                                                                                                               \
        ent_ask k = fair();                                                                                            \
        k.change;                                                                                                      \
        expect(a, k, code, clause);                                                                                    \
    } while (0)

/* What is granted passes with its power; everything else is refused by its own clause. */
static void decides(void **state)
{
    (void)state;
    ent_agreement *a = plain();
    expect(a, fair(), ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ASKED(today = day(2022, 7, 1), ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ASKED(today = day(2022, 6, 30), ENT_REFUSED, "in-force.from");
    ASKED(today = day(2027, 6, 30), ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ASKED(today = day(2027, 7, 1), ENT_REFUSED, "in-force.until");
    ASKED(requester = "fr.police", ENT_REFUSED, "parties");
    ASKED(flow = "latents", ENT_REFUSED, "flows");
    ASKED(flow = "border-check-back", ENT_REFUSED, "requester");
    ASKED(holder = "us.dhs", ENT_REFUSED, "holder");
    ASKED(purpose = "curiosity", ENT_REFUSED, "Art. 3(1)");
    ASKED(on_behalf_of = "fr.police", ENT_REFUSED, "on-behalf-of");
    ASKED(from_file = true, ENT_REFUSED, "test");
    ASKED(modalities = 0, ENT_REFUSED, "modalities");
    ASKED(modalities = 4, ENT_REFUSED, "modalities");
    ASKED(modalities = 2, ENT_REFUSED, "search.face-alone");
    ASKED(modalities = 3, ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ASKED(against = 2, ENT_REFUSED, "against");
    ASKED(candidates = 2, ENT_REFUSED, "search.candidates");
    ASKED(used_day = 19999, ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ASKED(used_day = 20000, ENT_QUOTA, "Art. 6(2)");
    ASKED(used_hour = 4000, ENT_QUOTA, "search.per-hour");
    ASKED(used_officer_hour = 120, ENT_QUOTA, "search.per-officer-hour");
    ent_agreement_free(a);
}

/* For whom may be asked and to whom given on: parties that are at neither end of the flow, each named once. */
static void third_parties(void **state)
{
    (void)state;
    char *two = example, *three = changed("witness:\n", "  - { name: fr.police, country: FRA, key: UExVU09ORUFVVEhPUklUWU9GVEhFQUdSRUVNRU5UUyE= }\nwitness:\n");
    example = three;
    refused("on-behalf-of: never", "on-behalf-of: [de.police]", "which is no party");
    refused("on-behalf-of: never", "on-behalf-of: [us.dhs]", "an end of the flow");
    refused("on-behalf-of: never", "on-behalf-of: [fr.police, fr.police]", "stands twice");
    refused("on-behalf-of: never", "on-behalf-of: []", "list of parties");
    refused("onward: never", "onward: sometimes", "never, with-authorisation, or");
    refused("onward: never", "onward: { to: [fr.police] }", "authorisation");
    refused("onward: never", "onward: { to: [gb.home-office], authorisation: given }", "an end of the flow");
    refused("onward: never", "onward: { to: [de.police], authorisation: given }", "which is no party");
    refused("onward: never", "onward: { to: [fr.police], authorisation: given, fee: 3 }", "unknown key");
    ent_agreement *a = with("on-behalf-of: never", "on-behalf-of: [fr.police]");
    ASKED(on_behalf_of = "fr.police", ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ASKED(on_behalf_of = "de.police", ENT_REFUSED, "on-behalf-of");
    ASKED(on_behalf_of = "gb.home-office", ENT_REFUSED, "on-behalf-of");
    assert_int_equal(ent_agreement_place(a, "fr.police"), 3);
    assert_string_equal(ent_agreement_at(a, 3)->name, "fr.police");
    assert_null(ent_agreement_at(a, 4));
    assert_null(ent_agreement_at(a, 0));
    const ent_flow *back = ent_agreement_flow(a, "border-check-back"); /* with-authorisation: every other party, each time */
    assert_true(ent_flow_gives_on(back, "fr.police") && back->onward_authorised);
    assert_false(ent_flow_gives_on(back, "us.dhs") || ent_flow_gives_on(ent_agreement_flow(a, "border-check"), "fr.police"));
    ent_agreement_free(a);
    a = with("onward: never", "onward: { to: [fr.police], authorisation: given }");
    assert_true(ent_flow_gives_on(ent_agreement_flow(a, "border-check"), "fr.police"));
    assert_false(ent_agreement_flow(a, "border-check")->onward_authorised);
    ent_agreement_free(a);
    example = two;
    free(three);
}

/* More candidates than a search can name are not agreed to. */
static void candidates_have_a_ceiling(void **state)
{
    (void)state;
    refused("candidates: 1", "candidates: 17", "1 to 16");
    refused("candidates: 1", "candidates: 0", "1 to 16");
    ent_agreement *a = with("candidates: 1", "candidates: 16");
    ASKED(candidates = 16, ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ent_agreement_free(a);
}

/* Prints from a file pass on a test flow, and there only. */
static void test_flows_take_files(void **state)
{
    (void)state;
    ent_agreement *a = with("requester: us.dhs\n", "requester: us.dhs\n    test: true\n");
    ASKED(from_file = true, ENT_OK, "PACE 1984 s. 63T(1)(b)");
    ent_agreement_free(a);
}

static bool sees(const ent_agreement *a, const char *power, ent_date birth, const char *nationality, const char *clause)
{
    ent_regime r = {0};
    snprintf(r.name, sizeof r.name, "%s", power);
    ent_legal_facts facts = {.birth = birth, .taken = {2022, 1, 1}, .offence_date = {2021, 12, 1}};
    snprintf(facts.nationality, sizeof facts.nationality, "%s", nationality);
    ent_retention kept = {.count = *power ? 1 : 0, .due = !*power};
    kept.power[0].regime = &r;
    ent_subject s = {.facts = &facts, .kept = &kept};
    char got[ENT_LAW_CLAUSE];
    bool yes = ent_flow_sees(a, ent_agreement_flow(a, "border-check"), &s, got);
    assert_string_equal(got, clause);
    return yes;
}

/* Visible while a named power keeps it; hidden without one, as a minor, an own national, or when that is unknown. */
static void shows_only_whom_it_may(void **state)
{
    (void)state;
    ent_agreement *a = plain();
    ent_date adult = {1980, 1, 1}, unknown = {0};
    assert_true(sees(a, "uk-terrorism-3y", adult, "FRA", "power: uk-terrorism-3y"));
    assert_false(sees(a, "ew-charged-3y", adult, "FRA", "subjects.powers"));
    assert_false(sees(a, "", adult, "FRA", "subjects.powers"));
    assert_false(sees(a, "uk-terrorism-3y", adult, "GBR", "Art. 4(3): own-national"));
    assert_false(sees(a, "uk-terrorism-3y", adult, "", "Art. 4(3): own-national"));
    assert_false(sees(a, "uk-terrorism-3y", (ent_date){2004, 1, 1}, "FRA", "Art. 4(3): under-18-at-offence"));
    assert_false(sees(a, "uk-terrorism-3y", unknown, "FRA", "Art. 4(3): under-18-at-offence"));
    ent_agreement_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_example), cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(needs_an_outsider), cmocka_unit_test(decides),
        cmocka_unit_test(third_parties), cmocka_unit_test(candidates_have_a_ceiling), cmocka_unit_test(test_flows_take_files), cmocka_unit_test(shows_only_whom_it_may),
    };
    return cmocka_run_group_tests_name("agreement", tests, load, unload);
}
