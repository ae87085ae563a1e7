/* What a draft would expose: persons counted once, small cells hidden, the difference to what is in force, nothing changed by it. */
#include "flow/two_nodes.h"

#include "entente/finger.h"
#include "flow/simulate/simulate.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 8);
    *state = s;
    return 0;
}

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

/* ---- an independent count, from what the persons were made of ---- */

enum { MADE = 260, MADE_PARTS = 2 };

typedef struct made {
    char nationality[4];
    ent_date birth; /* year 0: unknown */
    struct {
        ent_date taken;
        bool there, convicted, acquitted, destroyed;
    } arrest[MADE_PARTS];
} made;

static uint64_t dice;

static unsigned roll(unsigned sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % sides;
}

/* What the decoder hands over: a print of a few points, the rest is the person's. */
static const made *arrested;
static unsigned arrested_as;

static ent_code read_made(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_finger_minutia m[6];
    ent_finger_template *t;
    ent_capture_print p = {.finger = 2, .quality = 80, .width = 320, .height = 320, .ppi = 500, .image = (uint8_t *)(uintptr_t)bytes, .image_len = len};
    ent_capture c = {.print_count = 1, .print = {&p}, .birth = arrested->birth};
    (void)self, (void)job;
    for (size_t i = 0; i < 6; i++)
        m[i] = (ent_finger_minutia){.x = (uint16_t)(30 + roll(260)), .y = (uint16_t)(30 + roll(260)), .angle = (uint8_t)roll(180), .kind = 1, .quality = 80};
    if (ent_finger_import(m, 6, (uint32_t[2]){320, 320}, &t, err) != ENT_OK) return ENT_FORMAT;
    ent_code code = ent_finger_encode(t, ENT_FINGER_FULL, p.template_bytes, sizeof p.template_bytes, &p.template_len, err);
    ent_finger_template_free(t);
    if (code != ENT_OK) return code;
    snprintf(c.nationality, sizeof c.nationality, "%s", arrested->nationality);
    snprintf(c.tcn, sizeof c.tcn, "T%u", arrested_as++);
    ent_capture_encode(&c, ret);
    return ent_buf_check(ret, err);
}

static made make_person(void)
{
    static const char *const nation[] = {"FRA", "FRA", "FRA", "GBR", "DEU", "USA", "IRL", "PRT", "", "FRA", "DEU"};
    made m = {.birth = {1940 + (int)roll(70), 1 + (int)roll(12), 1 + (int)roll(28)}};
    snprintf(m.nationality, sizeof m.nationality, "%s", nation[roll(11)]);
    if (roll(12) == 0) m.birth = (ent_date){0};
    for (int k = 0; k < MADE_PARTS; k++) {
        m.arrest[k].there = k == 0 || roll(5) == 0;
        m.arrest[k].taken = roll(6) ? (ent_date){2025, 1 + (int)roll(12), 1 + (int)roll(28)} : (ent_date){2023, 3, 12 + (int)roll(8)}; /* these end in the days that pass */
        m.arrest[k].convicted = roll(3) == 0;
        m.arrest[k].acquitted = !m.arrest[k].convicted && roll(4) == 0;
        m.arrest[k].destroyed = roll(15) == 0;
    }
    return m;
}

static void arrest_made(story *s, const made *m)
{
    ent_enrolled e[MADE_PARTS];
    ent_part_view v;
    ent_destroyed d;
    ent_err err = {0};
    static unsigned number;
    arrested = m;
    for (int k = 0; k < MADE_PARTS; k++) {
        if (!m->arrest[k].there) continue;
        char file[32];
        ent_enrol_options o = {.taken_under = "ta-2000-s41", .taken = m->arrest[k].taken};
        int n = snprintf(file, sizeof file, "arrest %u", number++);
        if (ent_flow_enrol(s->gb.flow, &s->gb.custodian, file, (size_t)n, &o, &e[k], &err) != ENT_OK) fail_msg("%s", err.detail);
        ent_legal_event x = {.kind = m->arrest[k].convicted ? ENT_EVENT_CONVICTED : ENT_EVENT_ACQUITTED, .date = {2026, 3, 1}};
        if (!m->arrest[k].convicted && !m->arrest[k].acquitted) continue;
        assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, e[k].encounter.b, &x, (ent_date){2026, 3, 10}, &v, NULL), ENT_OK);
    }
    if (m->arrest[1].there) assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.custodian, e[0].encounter.b, e[1].encounter.b, NULL), ENT_OK);
    for (int k = 0; k < MADE_PARTS; k++)
        if (m->arrest[k].there && m->arrest[k].destroyed) assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[k].encounter.b, "court order", &d, NULL), ENT_OK);
}

/* Kept for three years, or without end after a conviction in any of the person's arrests that is still there. */
static bool kept_still(const made *m, int k, ent_date today, bool *convicted)
{
    *convicted = false;
    for (int j = 0; j < MADE_PARTS; j++) *convicted |= m->arrest[j].there && !m->arrest[j].destroyed && m->arrest[j].convicted;
    ent_date end = m->arrest[k].taken;
    end.year += 3;
    bool in_time = today.year != end.year ? today.year < end.year : today.month != end.month ? today.month < end.month : today.day < end.day;
    return m->arrest[k].there && !m->arrest[k].destroyed && (*convicted || in_time);
}

typedef struct tally {
    struct { ent_simulated_by by; char label[64]; unsigned count; } group[64];
    size_t groups;
    unsigned now, before, added, removed, same;
} tally;

static void add_to(tally *t, ent_simulated_by by, const char *label)
{
    size_t i = 0;
    while (i < t->groups && (t->group[i].by != by || strcmp(t->group[i].label, label) != 0)) i++;
    if (i == t->groups) {
        t->group[i].by = by;
        snprintf(t->group[t->groups++].label, 64, "%s", label);
    }
    t->group[i].count++;
}

static int years_old(ent_date birth, ent_date day)
{
    int years = day.year - birth.year;
    return day.month < birth.month || (day.month == birth.month && day.day < birth.day) ? years - 1 : years;
}

static void tally_person(tally *t, const made *m, ent_date today)
{
    static const char *const categories[] = {"formerly suspected", "suspect", "convicted"};
    bool now = false, before = false, any_convicted = false, in_time = false;
    int gravest = 0;
    for (int k = 0; k < MADE_PARTS; k++) {
        bool convicted;
        if (!kept_still(m, k, today, &convicted)) continue;
        bool years = kept_still(&(made){.arrest = {[0] = {.taken = m->arrest[k].taken, .there = true}}}, 0, today, &(bool){false});
        before |= years; /* version 1 shows who is kept for three years, whoever it is */
        bool excluded = !m->birth.year || years_old(m->birth, m->arrest[k].taken) < 18 || !*m->nationality || strcmp(m->nationality, "GBR") == 0;
        if (excluded) continue;
        now = true;
        any_convicted |= convicted, in_time |= years;
        int grave = m->arrest[k].convicted ? 2 : m->arrest[k].acquitted ? 0 : 1;
        if (grave > gravest) gravest = grave;
    }
    t->now += now, t->before += before, t->added += now && !before, t->removed += !now && before, t->same += now && before;
    if (!now) return;
    int age = years_old(m->birth, today);
    add_to(t, ENT_SIMULATED_POWER, any_convicted ? "convicted" : "uk-terrorism-3y");
    add_to(t, ENT_SIMULATED_CATEGORY, categories[gravest]);
    add_to(t, ENT_SIMULATED_AGE, age < 18 ? "under 18" : age < 25 ? "18 to 24" : age < 35 ? "25 to 34" : age < 50 ? "35 to 49" : age < 65 ? "50 to 64" : "65 and over");
    add_to(t, ENT_SIMULATED_NATIONALITY, m->nationality);
}

/* What a reader would try: every sum is a line of equations in the hidden cells; eliminated, a line with one unknown gives it away. */
static void solve(double (*line)[40], size_t lines, size_t unknowns)
{
    size_t done = 0;
    for (size_t u = 0; u < unknowns && done < lines; u++) {
        size_t pivot = done;
        while (pivot < lines && line[pivot][u] == 0) pivot++;
        if (pivot == lines) continue;
        for (size_t c = 0; c <= unknowns; c++) {
            double swap = line[pivot][c];
            line[pivot][c] = line[done][c], line[done][c] = swap;
        }
        for (size_t r = 0; r < lines; r++) {
            double times = r == done ? 0 : line[r][u] / line[done][u];
            for (size_t c = 0; c <= unknowns && times != 0; c++) line[r][c] -= times * line[done][c];
        }
        done++;
    }
    for (size_t r = 0; r < lines; r++) {
        size_t left = 0;
        for (size_t u = 0; u < unknowns; u++) left += line[r][u] > 1e-9 || line[r][u] < -1e-9;
        if (left == 1) fail_msg("a hidden number follows from what is shown");
    }
}

static void check_hidden(const ent_simulated_flow *f)
{
    const ent_cell *hidden[40];
    const ent_cell *sum[6][40];
    size_t unknowns = 0, lengths[6] = {0};
    double line[6][40] = {{0}};
    const ent_cell *fixed[] = {&f->persons, &f->before, &f->added, &f->removed, &f->same};
    const ent_cell *first[2][3] = {{&f->persons, &f->added, &f->same}, {&f->before, &f->removed, &f->same}};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++) sum[i][lengths[i]++] = first[i][k];
    for (int by = 0; by < ENT_SIMULATED_BYS; by++) {
        sum[2 + by][lengths[2 + by]++] = &f->persons;
        for (size_t i = 0; i < f->group_count; i++)
            if ((int)f->group[i].by == by) sum[2 + by][lengths[2 + by]++] = &f->group[i].persons;
    }
    for (size_t i = 0; i < 5 + f->group_count; i++) {
        const ent_cell *c = i < 5 ? fixed[i] : &f->group[i - 5].persons;
        if (c->value > 0 && c->value < 10) assert_true(c->hidden);
        if (c->hidden) hidden[unknowns++] = c;
    }
    for (int i = 0; i < 6; i++)
        for (size_t k = 0; k < lengths[i]; k++)
            for (size_t u = 0; u < unknowns; u++)
                if (hidden[u] == sum[i][k]) line[i][u] = k ? 1 : -1;
    solve(line, 6, unknowns);
}

/* A store of persons made by chance, some convicted, acquitted, destroyed, linked, minors, of unknown birth or nationality, some whose time is over
 * when the draft is tried: every number is what a count by hand comes to, and no hidden one can be worked out. */
static void recounted(void **state)
{
    story *s = *state;
    ent_decoder real = s->gb.c.decoder;
    static made all[MADE];
    dice = 5;
    story_agree(s, 1, 100);
    s->gb.c.decoder = (ent_decoder){.run = read_made};
    story_restart(s, &s->gb);
    for (size_t i = 0; i < MADE; i++) {
        all[i] = make_person();
        arrest_made(s, &all[i]);
    }
    static const int days[] = {0, 6, 400};
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        tally t = {.groups = 0};
        s->clock.now.ms += days[d] * 86400000ll;
        s->clock.monotonic += days[d] * 86400000ll;
        ent_date today = ent_time_date(s->clock.now);
        for (size_t i = 0; i < MADE; i++) tally_person(&t, &all[i], today);
        ent_simulated *x = simulate(s, "{ powers: [convicted, uk-terrorism-3y], exclude: [under-18-at-offence, own-national] }", 1000, "name");
        const ent_simulated_flow *f = &x->flow[0];
        assert_int_equal(f->persons.value, t.now);
        assert_int_equal(f->before.value, t.before);
        assert_int_equal(f->added.value, t.added);
        assert_int_equal(f->removed.value, t.removed);
        assert_int_equal(f->same.value, t.same);
        assert_int_equal(f->group_count, t.groups);
        for (size_t i = 0; i < t.groups; i++) assert_int_equal(group(f, t.group[i].by, t.group[i].label)->persons.value, t.group[i].count);
        check_hidden(f);
        /* a thousand searches a day, ten of a million on file; of the rest as many stopped as the threshold lets through, at most what is agreed */
        double most = 0.5 / 1000 * 1000 * (1 - 10e-6);
        assert_true(f->stops.hits_day > 0.00999 && f->stops.hits_day < 0.01001 && f->stops.hits_year > 364.9 * f->stops.hits_day);
        assert_true(f->stops.innocent_day > 0 && f->stops.innocent_day <= most && f->stops.searches_year == 365000);
        free(x);
    }
    s->gb.c.decoder = real;
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
                                       STORY(differs_from_what_is_in_force), STORY(recounted), STORY(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
