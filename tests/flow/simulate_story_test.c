/* What a draft would expose: persons counted once, small cells hidden, the difference to what is in force, nothing changed by it. */
#include "flow/two_nodes.h"

#include "flow/simulate/simulate.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 8);
    *state = s;
    return 0;
}

static int end(void **state)
{
    story_end(*state);
    free(*state);
    return 0;
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, begin, end)

static size_t draft(story *s, const char *subjects, unsigned per_day, const char *fields, char ret[4096])
{
    char keys[2][ENT_BASE64_SIZE(32)];
    ent_public_key gb, us;
    ent_sign_public(&s->gb.c.identity, &gb);
    ent_sign_public(&s->us.c.identity, &us);
    ent_base64(gb.b, 32, keys[0]);
    ent_base64(us.b, 32, keys[1]);
    int n = snprintf(ret, 4096,
                     "agreement: deal\nversion: 7\ntitle: A draft\n"
                     "parties: [ { name: gb.example, country: GBR, key: %s }, { name: us.example, country: USA, key: %s } ]\n"
                     "witness: [ { name: observer.example, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= } ]\n"
                     "in-force: { from: 2026-01-01, until: 2028-12-31, review: 2027-01-01 }\nflows:\n"
                     "  - name: check\n    holder: gb.example\n    requester: us.example\n"
                     "    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: every-traveller } ]\n"
                     "    modalities: [fingerprint]\n    against: [tenprint]\n    subjects: %s\n"
                     "    search: { per-day: %u, candidates: 1, false-hits-per-day: 0.5, face-alone: never-a-hit, answer-within: 5 s }\n"
                     "    holder-keeps-probe: until-concluded\n    confirm: { by: holder, examiners: 2, within: 15 min }\n"
                     "    disclose: { on-hit: [], on-confirmed: [%s] }\n    copy: { mode: none }\n    requester-keeps: 90 days\n"
                     "    on-behalf-of: never\n    onward: never\n",
                     keys[0], keys[1], subjects, per_day, fields);
    assert_true(n > 0 && n < 4096);
    return (size_t)n;
}

static ent_simulated *simulate(story *s, const char *subjects, unsigned per_day, const char *fields)
{
    char file[4096];
    ent_err err = {0};
    ent_simulated *out;
    size_t len = draft(s, subjects, per_day, fields, file);
    if (ent_flow_simulate(s->gb.flow, &s->gb.custodian, file, len, &(ent_simulate_options){.on_file_per_million = 10}, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
    return out;
}

/* Story enrolments are of persons without birth date and nationality. The first is enrolled as a terrorist suspect twice: one person. */
static void enrol(story *s, uint32_t persons)
{
    ent_enrolled e, again;
    for (uint32_t f = 0; f < persons; f++) assert_int_equal(story_enrol(s, f, 0, &e), ENT_OK);
    assert_int_equal(story_enrol(s, 0, 1, &again), ENT_OK);
    assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.custodian, e.encounter.b, again.encounter.b, NULL), ENT_OK);
}

static const ent_simulated_group *group(const ent_simulated_flow *f, ent_simulated_by by, const char *label)
{
    for (size_t i = 0; i < f->group_count; i++)
        if (f->group[i].by == by && strcmp(f->group[i].label, label) == 0) return &f->group[i];
    fail_msg("no group \"%s\"", label);
    return NULL;
}

static void convict(story *s, size_t some)
{
    struct { ent_part_id id[64]; size_t n; } all = {.n = 0};
    ent_part_view v;
    for (size_t i = 0; i < some; i++) {
        ent_enrolled e;
        ent_legal_event x = {.kind = ENT_EVENT_CONVICTED, .date = {2026, 3, 10}};
        assert_int_equal(story_enrol(s, 40 + (uint32_t)i, 0, &e), ENT_OK);
        all.id[all.n++] = e.part[0].id;
        assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, e.part[0].id.b, &x, x.date, &v, NULL), ENT_OK);
    }
}

/* Twelve persons become searchable, counted once each; without a version in force all are new. */
static void counts_persons(void **state)
{
    story *s = *state;
    enrol(s, 12);
    uint64_t before = s->gb.c.ledger.size(s->gb.c.ledger.self);
    ent_simulated *x = simulate(s, "{ powers: [uk-terrorism-3y, no-such-power], exclude: [] }", 1000, "name, status");
    assert_int_equal(x->version_before, 0);
    assert_int_equal(x->flow_count, 1);
    const ent_simulated_flow *f = &x->flow[0];
    assert_int_equal(f->persons.value, 12);
    assert_false(f->persons.hidden);
    assert_int_equal(f->added.value, 12);
    assert_false(f->changes);
    assert_int_equal(group(f, ENT_SIMULATED_POWER, "uk-terrorism-3y")->persons.value, 12);
    assert_int_equal(group(f, ENT_SIMULATED_CATEGORY, "suspect")->persons.value, 12);
    assert_int_equal(group(f, ENT_SIMULATED_AGE, "unknown")->persons.value, 12);
    assert_int_equal(group(f, ENT_SIMULATED_NATIONALITY, "unknown")->persons.value, 12);
    assert_int_equal(f->unknown_power_count, 1);
    assert_string_equal(f->unknown_power[0], "no-such-power");
    assert_int_equal(f->on_confirmed, 1u << ENT_FIELD_NAME | 1u << ENT_FIELD_STATUS);
    assert_int_equal(s->gb.c.ledger.size(s->gb.c.ledger.self), before);
    free(x);
}

/* Expected stops never exceed what the flow allows, are not nothing, and a year has 365 of a day's. */
static void stops_innocents(void **state)
{
    story *s = *state;
    enrol(s, 12);
    ent_simulated *x = simulate(s, "{ powers: [uk-terrorism-3y], exclude: [] }", 1000, "status");
    const ent_stops *st = &x->flow[0].stops;
    assert_true(st->known);
    assert_true(st->innocent_day > 0 && st->innocent_day <= 0.5);
    assert_true(st->innocent_year > 364 * st->innocent_day && st->innocent_year < 366 * st->innocent_day);
    assert_true(st->hits_day > 0.0099 && st->hits_day < 0.0101);
    assert_true(st->searches_year > 364999 && st->searches_year < 365001);
    free(x);
}

/* Three convicted among fifteen: their cell is hidden, and so is what would give it away by subtraction. */
static void hides_small_cells(void **state)
{
    story *s = *state;
    enrol(s, 12);
    convict(s, 3);
    ent_simulated *x = simulate(s, "{ powers: [uk-terrorism-3y, convicted], exclude: [] }", 1000, "status");
    const ent_simulated_flow *f = &x->flow[0];
    assert_int_equal(f->persons.value, 15);
    assert_false(f->persons.hidden);
    assert_true(group(f, ENT_SIMULATED_CATEGORY, "convicted")->persons.hidden);
    assert_true(group(f, ENT_SIMULATED_CATEGORY, "suspect")->persons.hidden);
    assert_true(group(f, ENT_SIMULATED_POWER, "convicted")->persons.hidden);
    free(x);
}

/* Everybody is excluded: nobody is searchable, nobody is stopped, and zero is said. */
static void shows_nobody(void **state)
{
    story *s = *state;
    enrol(s, 12);
    ent_simulated *x = simulate(s, "{ powers: [uk-terrorism-3y], exclude: [own-national] }", 1000, "status");
    assert_int_equal(x->flow[0].persons.value, 0);
    assert_false(x->flow[0].persons.hidden);
    assert_true(x->flow[0].stops.innocent_day == 0 && x->flow[0].stops.hits_day == 0);
    free(x);
}

/* Beside version 1 in force, which shows all suspects: the draft takes them out, adds the convicted, sends more fields, asks more. */
static void differs_from_what_is_in_force(void **state)
{
    story *s = *state;
    story_agree(s, 1, 100);
    enrol(s, 12);
    convict(s, 11);
    ent_simulated *x = simulate(s, "{ powers: [convicted], exclude: [] }", 5000, "name, status, offence");
    const ent_simulated_flow *f = &x->flow[0];
    assert_int_equal(x->version_before, 1);
    assert_true(f->changes);
    assert_int_equal(f->persons.value, 11);
    assert_int_equal(f->per_day_before, 100);
    assert_int_equal(f->per_day, 5000);
    assert_int_equal(f->before.value, 23); /* a conviction adds a power, the first one still keeps */
    assert_int_equal(f->removed.value, 12);
    assert_int_equal(f->same.value, 11);
    assert_int_equal(f->added.value, 0);
    assert_true(f->on_confirmed & ~f->on_confirmed_before & 1u << ENT_FIELD_OFFENCE);
    assert_true(f->on_confirmed_before & ~f->on_confirmed & 1u << ENT_FIELD_FINGERPRINT_IMAGE);
    free(x);
}

/* An officer may not run it, a stranger's draft is refused, and what is no agreement is not guessed at. */
static void refuses(void **state)
{
    story *s = *state;
    char file[4096];
    ent_simulated *x;
    ent_simulate_options o = {0};
    size_t len = draft(s, "{ powers: [convicted], exclude: [] }", 10, "status", file);
    assert_int_equal(ent_flow_simulate(s->gb.flow, &s->gb.officer, file, len, &o, &x, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_simulate(s->gb.flow, &s->gb.custodian, "agreement: x\n", 13, &o, &x, NULL), ENT_FORMAT);
    for (char *p = strstr(file, "gb.example"); p; p = strstr(p, "gb.example")) memcpy(p, "gc", 2);
    assert_int_equal(ent_flow_simulate(s->gb.flow, &s->gb.custodian, file, len, &o, &x, NULL), ENT_REFUSED);
    o.on_file_per_million = 2e6;
    assert_int_equal(ent_flow_simulate(s->gb.flow, &s->gb.custodian, file, len, &o, &x, NULL), ENT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(counts_persons), STORY(stops_innocents), STORY(hides_small_cells), STORY(shows_nobody),
                                       STORY(differs_from_what_is_in_force), STORY(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
