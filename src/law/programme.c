#include "law/programme.h"

#include "base/check.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll

static const char shown_list[] =
#define ENT_X(name, text) text " "
    ENT_SHOWN_BY(ENT_X)
#undef ENT_X
    ;
static const char counted_list[] =
#define ENT_X(name, text) text " "
    ENT_STAYS_COUNTED(ENT_X)
#undef ENT_X
    ;
static const char *const event_words[] = {
#define ENT_X(name, text) text,
    ENT_PROGRAMME_EVENTS(ENT_X)
#undef ENT_X
};
static const char *const fact_words[] = {
#define ENT_X(name, text) text,
    ENT_ANSWERS_3(ENT_X)
#undef ENT_X
};
static const char *const admission_words[] = {
#define ENT_X(name, text) text,
    ENT_ADMISSIONS(ENT_X)
#undef ENT_X
};

static int find(const char *const *words, int count, const char *word)
{
    int i = 0;
    while (i < count && strcmp(words[i], word) != 0) i++;
    return i;
}

const char *ent_programme_event_word(ent_programme_event_kind k) { return (unsigned)k < ENT_PROGRAMME_EVENT_COUNT ? event_words[k] : ""; }
ent_programme_event_kind ent_programme_event_named(const char *word) { return (ent_programme_event_kind)find(event_words, ENT_PROGRAMME_EVENT_COUNT, word); }
ent_fact ent_fact_named(const char *word) { return (ent_fact)find(fact_words, ENT_FACT_COUNT, word); }
const char *ent_admission_word(ent_admission_answer a) { return (unsigned)a < ENT_ADMISSION_COUNT ? admission_words[a] : ""; }

bool ent_programme_line(const char *text)
{
    const char *p = text;
    while (*p >= ' ' && *p <= '~') p++;
    return *text && !*p;
}

/* ---- the file ---- */

static bool is_country(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n == 3 && !text[n];
}

static ent_code read_clause(const ent_doc *map, const char *name, char ret[ENT_LAW_CLAUSE], ent_err *err)
{
    ENT_TRY(ent_doc_text(map, name, true, ret, ENT_LAW_CLAUSE, err));
    return ent_programme_line(ret) ? ENT_OK : ent_doc_fail(ent_doc_get(map, name), err, "\"%s\" is cited in the ledger: printable ASCII only", name);
}

static ent_code read_days(const ent_doc *map, const char *name, uint16_t *ret, ent_err *err)
{
    int64_t ms;
    ENT_TRY(ent_doc_duration(map, name, true, &ms, err));
    if (ms % DAY_MS || ms < DAY_MS || ms > 36500 * DAY_MS) return ent_doc_fail(ent_doc_get(map, name), err, "\"%s\" is a number of days, at least one", name);
    *ret = (uint16_t)(ms / DAY_MS);
    return ENT_OK;
}

static ent_code read_stay(const ent_doc *doc, ent_programme *p, ent_err *err)
{
    const ent_doc *stay;
    unsigned counted, first;
    ENT_TRY(ent_doc_need(doc, "stay", ENT_DOC_MAP, &stay, err));
    ENT_TRY(ent_doc_only(stay, "counted at-most within first-day clause", err));
    ENT_TRY(ent_doc_choice(stay, "counted", true, counted_list, &counted, err));
    ENT_TRY(read_days(stay, "at-most", &p->days, err));
    ENT_TRY(ent_doc_choice(stay, "first-day", true, "not-counted counted", &first, err));
    ENT_TRY(read_clause(stay, "clause", p->stay_clause, err));
    p->counted = (ent_stay_counted)counted;
    p->first_day_counts = first == 1;
    if (p->counted == ENT_STAY_EACH_VISIT && ent_doc_get(stay, "within")) return ent_doc_fail(ent_doc_get(stay, "within"), err, "\"within\" is for a rolling count");
    if (p->counted == ENT_STAY_EACH_VISIT) return ENT_OK;
    ENT_TRY(read_days(stay, "within", &p->within, err));
    if (p->within <= p->days) return ent_doc_fail(ent_doc_get(stay, "within"), err, "\"within\" is longer than \"at-most\"");
    return p->first_day_counts ? ENT_OK : ent_doc_fail(ent_doc_get(stay, "first-day"), err, "a rolling count counts the first day");
}

static ent_code read_trip(const ent_doc *doc, ent_programme *p, ent_err *err)
{
    const ent_doc *trip = ent_doc_get(doc, "short-trip"), *to;
    if (!trip) return ENT_OK;
    if (p->counted != ENT_STAY_EACH_VISIT) return ent_doc_fail(trip, err, "a rolling count needs no \"short-trip\"");
    ENT_TRY(ent_doc_only(trip, "to at-most clause", err));
    ENT_TRY(ent_doc_need(trip, "to", ENT_DOC_LIST, &to, err));
    if (!to->count || to->count > ENT_PROGRAMME_TERRITORIES) return ent_doc_fail(to, err, "\"to\" is a list of 1 to %d countries", ENT_PROGRAMME_TERRITORIES);
    for (const ent_doc *d = to->first; d; d = d->next) {
        if (d->kind != ENT_DOC_TEXT || !is_country(d->text)) return ent_doc_fail(d, err, "a country is three capital letters (ISO 3166-1 alpha-3)");
        memcpy(p->trip_to[p->trip_count++], d->text, 4);
    }
    ENT_TRY(read_days(trip, "at-most", &p->trip_days, err));
    return read_clause(trip, "clause", p->trip_clause, err);
}

/* No answer, suspension or refusal by a partner is ever a ground against the traveller. */
static bool speaks_of_partners(const char *name)
{
    static const char *const words[] = {"search", "hit", "partner", "agreement", "answer"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(name, words[i])) return true;
    return false;
}

static ent_code read_conditions(const ent_doc *doc, ent_programme *p, ent_err *err)
{
    const ent_doc *list;
    ENT_TRY(ent_doc_need(doc, "conditions", ENT_DOC_LIST, &list, err));
    if (list->count > ENT_PROGRAMME_CONDITIONS) return ent_doc_fail(list, err, "at most %d conditions", ENT_PROGRAMME_CONDITIONS);
    for (const ent_doc *d = list->first; d; d = d->next) {
        unsigned by;
        char *name = p->condition[p->condition_count].name;
        ENT_TRY(ent_doc_only(d, "name shown-by clause", err));
        ENT_TRY(ent_doc_word(d, "name", true, name, ENT_LAW_NAME, err));
        if (speaks_of_partners(name)) return ent_doc_fail(d, err, "\"%s\": what a partner answers, refuses or leaves unsaid is no condition of admission", name);
        for (size_t i = 0; i < p->condition_count; i++)
            if (strcmp(p->condition[i].name, name) == 0) return ent_doc_fail(d, err, "\"%s\" stands twice in \"conditions\"", name);
        ENT_TRY(ent_doc_choice(d, "shown-by", true, shown_list, &by, err));
        ENT_TRY(read_clause(d, "clause", p->condition[p->condition_count].clause, err));
        p->condition[p->condition_count++].by = (ent_shown_by)by;
    }
    return ENT_OK;
}

ent_code ent_programme_read(const ent_doc *doc, ent_programme *ret_programme, ent_err *err)
{
    ent_programme p = {0};
    char source[400];
    ENT_TRY(ent_doc_only(doc, "programme title border source clause designation stay short-trip conditions keep", err));
    ENT_TRY(ent_doc_word(doc, "programme", true, p.name, sizeof p.name, err));
    ENT_TRY(ent_doc_text(doc, "title", true, p.title, sizeof p.title, err));
    ENT_TRY(ent_doc_text(doc, "border", true, p.border, sizeof p.border, err));
    if (!is_country(p.border)) return ent_doc_fail(ent_doc_get(doc, "border"), err, "a country is three capital letters (ISO 3166-1 alpha-3)");
    ENT_TRY(ent_doc_text(doc, "source", true, source, sizeof source, err));
    ENT_TRY(read_clause(doc, "clause", p.clause, err));
    ENT_TRY(read_clause(doc, "designation", p.designation, err));
    ENT_TRY(read_stay(doc, &p, err));
    ENT_TRY(read_trip(doc, &p, err));
    ENT_TRY(read_conditions(doc, &p, err));
    ENT_TRY(read_days(doc, "keep", &p.keep_days, err));
    if (p.counted == ENT_STAY_ROLLING && p.keep_days < p.within)
        return ent_doc_fail(ent_doc_get(doc, "keep"), err, "\"keep\" is shorter than the window in which stays are counted");
    *ret_programme = p;
    return ENT_OK;
}

/* ---- events ---- */

static void date_line(char *text, size_t cap, const char *name, ent_date d, const char *none)
{
    char date[ENT_DATE_TEXT];
    size_t n = strlen(text);
    if (d.year) ent_date_text(d, date);
    snprintf(text + n, cap - n, "%s %s\n", name, d.year ? date : none);
}

void ent_programme_event_text(const ent_programme_event *e, char ret_text[ENT_PROGRAMME_SIGNED])
{
    char digest[65];
    ent_hex(e->digest, 32, digest);
    snprintf(ret_text, ENT_PROGRAMME_SIGNED, "entente-programme-event/v1\nevent %s\nprogramme %s\ncountry %s\ndecider %s\nclause %s\n", ent_programme_event_word(e->kind),
             e->programme, *e->country ? e->country : "none", e->decider, e->clause);
    date_line(ret_text, ENT_PROGRAMME_SIGNED, "effective", e->effective, "none");
    date_line(ret_text, ENT_PROGRAMME_SIGNED, "inside-leave-by", e->leave_by, "as-granted");
    date_line(ret_text, ENT_PROGRAMME_SIGNED, "under-way-admitted-until", e->admitted_until, "none");
    size_t n = strlen(ret_text);
    snprintf(ret_text + n, ENT_PROGRAMME_SIGNED - n, "file %s\n", digest);
}

static bool about(const ent_programme_event *e, const char *programme, const char *country)
{
    return e->approved && e->kind != ENT_PROGRAMME_EVENT_PROGRAMME && strcmp(e->programme, programme) == 0 && strcmp(e->country, country) == 0;
}

const ent_programme_event *ent_designation_on(const ent_programme_event *events, size_t count, const char *programme, const char *country, ent_date day)
{
    const ent_programme_event *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!about(&events[i], programme, country) || ent_date_compare(events[i].effective, day) > 0) continue;
        if (!last || ent_date_compare(events[i].effective, last->effective) >= 0) last = &events[i];
    }
    return last;
}

ent_date ent_stay_last_day(const ent_programme_event *events, size_t count, const char *programme, const char *country, const ent_stay *s, ent_date today)
{
    ent_date last = s->until;
    for (size_t i = 0; i < count; i++) {
        const ent_programme_event *e = &events[i];
        if (!about(e, programme, country) || e->kind != ENT_PROGRAMME_EVENT_END || !e->leave_by.year) continue;
        bool inside = ent_date_compare(s->entry, e->effective) < 0 && (!s->exit.year || ent_date_compare(s->exit, e->effective) >= 0);
        if (inside && ent_date_compare(e->effective, today) <= 0 && ent_date_compare(e->leave_by, last) < 0) last = e->leave_by;
    }
    return last;
}

/* ---- the answer ---- */

typedef struct asking {
    const ent_programme *p;
    const ent_programme_event *events;
    size_t event_count;
    const ent_traveller *t;
    ent_date day;
    ent_admission out;
    bool refer;
} asking;

static bool not_met(asking *a, const char *clause, const char *reason)
{
    a->out = (ent_admission){.answer = ENT_ADMISSION_NOT_MET};
    snprintf(a->out.clause, sizeof a->out.clause, "%s", clause);
    snprintf(a->out.reason, sizeof a->out.reason, "%s", reason);
    return false;
}

/* The first doubt is told; a condition that is not met may still follow and goes before it. */
static void doubt(asking *a, const char *clause, const char *reason)
{
    if (a->refer) return;
    a->refer = true;
    a->out.answer = ENT_ADMISSION_REFER;
    snprintf(a->out.clause, sizeof a->out.clause, "%s", clause);
    snprintf(a->out.reason, sizeof a->out.reason, "%s", reason);
}

static bool designated(asking *a)
{
    const ent_programme_event *e = ent_designation_on(a->events, a->event_count, a->p->name, a->t->nationality, a->day);
    if (!*a->t->nationality) return doubt(a, a->p->designation, "the nationality is not known"), true;
    if (!e) return not_met(a, a->p->designation, "the country was never in the programme");
    if (e->kind == ENT_PROGRAMME_EVENT_DESIGNATE) return true;
    ent_date out = a->t->set_out.year ? a->t->set_out : a->day;
    bool under_way = e->admitted_until.year && ent_date_compare(out, e->effective) < 0 && ent_date_compare(a->day, e->admitted_until) <= 0 &&
                     ent_date_compare(out, a->day) <= 0;
    /* who set out under way of one end must have set out under a designation */
    const ent_programme_event *then = under_way ? ent_designation_on(a->events, a->event_count, a->p->name, a->t->nationality, out) : NULL;
    if (then && then->kind == ENT_PROGRAMME_EVENT_DESIGNATE) return true;
    return not_met(a, e->clause, "the country is in the programme no longer");
}

static bool overstayed(const asking *a)
{
    for (size_t i = 0; i < a->t->stay_count; i++) {
        const ent_stay *s = &a->t->stay[i];
        ent_date last = ent_stay_last_day(a->events, a->event_count, a->p->name, a->t->nationality, s, a->day);
        if (ent_date_compare(s->exit.year ? s->exit : a->day, last) > 0) return true;
    }
    return false;
}

static bool condition(asking *a, size_t i)
{
    const char *clause = a->p->condition[i].clause, *name = a->p->condition[i].name;
    char reason[160];
    switch (a->p->condition[i].by) {
    case ENT_SHOWN_DECLARATION:
        snprintf(reason, sizeof reason, "%s: %s", name, a->t->declared[i] == ENT_FACT_NO ? "no" : "not said");
        if (a->t->declared[i] == ENT_FACT_NO) return not_met(a, clause, reason);
        if (a->t->declared[i] != ENT_FACT_YES) doubt(a, clause, reason);
        return true;
    case ENT_SHOWN_AUTHORISATION:
        snprintf(reason, sizeof reason, "%s: %s", name, a->t->authorised_until.year ? "it has run out" : "not said");
        if (!a->t->authorised_until.year) return doubt(a, clause, reason), true;
        return ent_date_compare(a->day, a->t->authorised_until) <= 0 || not_met(a, clause, reason);
    default:
        return !overstayed(a) || not_met(a, clause, "an earlier stay went beyond its last day");
    }
}

static int64_t gap(ent_date from, ent_date to) { return ent_date_days(to) - ent_date_days(from); }

static bool near(const ent_programme *p, const char *country)
{
    for (size_t i = 0; i < p->trip_count; i++)
        if (strcmp(p->trip_to[i], country) == 0) return true;
    return false;
}

/* The day on which the visit began that an entry on `from` continues: `from` itself unless short trips lead back from it. */
static ent_date visit_began(const asking *a, ent_date from)
{
    for (bool back = true; back;) {
        back = false;
        for (size_t i = 0; i < a->t->stay_count; i++) {
            const ent_stay *s = &a->t->stay[i];
            int64_t away = s->exit.year ? gap(s->exit, from) : -1;
            bool continues = away >= 0 && away <= a->p->trip_days && near(a->p, s->exit_to) && ent_date_compare(s->entry, from) < 0;
            if (continues) from = s->entry, back = true;
        }
    }
    return from;
}

static bool each_visit(asking *a, ent_date *ret_until)
{
    ent_date began = visit_began(a, a->day);
    *ret_until = ent_date_from_days(ent_date_days(began) + a->p->days - (a->p->first_day_counts ? 1 : 0));
    if (ent_date_compare(a->day, *ret_until) <= 0) return true;
    return not_met(a, a->p->trip_clause, "a short trip did not begin a new visit, and the days of the first are used");
}

/* Days inside in the window that ends on `day`, both its ends counted: of recorded stays, and from the entry on. A day counts once,
 * those of entry and exit count (Regulation (EU) 2016/399 Art. 6(2)). */
static unsigned days_inside(const asking *a, int64_t day)
{
    unsigned used = 0;
    for (int64_t d = day - a->p->within + 1; d <= day; d++) {
        bool inside = d >= ent_date_days(a->day);
        for (size_t i = 0; i < a->t->stay_count && !inside; i++)
            inside = ent_date_days(a->t->stay[i].entry) <= d && a->t->stay[i].exit.year && d <= ent_date_days(a->t->stay[i].exit);
        used += inside;
    }
    return used;
}

/* Bound: within days, times stays, for each of at most `days` days. */
static bool rolling(asking *a, ent_date *ret_until)
{
    int64_t entry = ent_date_days(a->day), last = entry - 1;
    while (last - entry + 1 < a->p->days && days_inside(a, last + 1) <= a->p->days) last++;
    *ret_until = ent_date_from_days(last);
    return last >= entry || not_met(a, a->p->stay_clause, "the days of the window are used");
}

static bool open_stay(const asking *a)
{
    for (size_t i = 0; i < a->t->stay_count; i++)
        if (!a->t->stay[i].exit.year) return true;
    return false;
}

void ent_programme_admit(const ent_programme *p, const ent_programme_event *events, size_t event_count, const ent_traveller *t, ent_date day,
                         ent_admission *ret_admission)
{
    asking a = {.p = p, .events = events, .event_count = event_count, .t = t, .day = day};
    ent_date until;
    bool met = designated(&a);
    for (size_t i = 0; i < p->condition_count && met; i++) met = condition(&a, i);
    met = met && (p->counted == ENT_STAY_ROLLING ? rolling(&a, &until) : each_visit(&a, &until));
    if (met && open_stay(&a)) doubt(&a, p->stay_clause, "an entry is recorded without its exit");
    if (met && !a.refer) {
        a.out = (ent_admission){.answer = ENT_ADMISSION_MEETS, .until = until};
        snprintf(a.out.clause, sizeof a.out.clause, "%s", p->clause);
        snprintf(a.out.reason, sizeof a.out.reason, "every condition of %s is met", p->name);
    }
    *ret_admission = a.out;
}

void ent_admission_text(const ent_admission_decision *d, char ret_text[ENT_ADMISSION_SIGNED])
{
    *ret_text = 0;
    snprintf(ret_text, ENT_ADMISSION_SIGNED, "entente-admission/v1\nprogramme %s\nnationality %s\ndocument %s\nanswer %s\nclause %s\ndecision %s\nreason %s\n",
             d->programme, d->nationality, d->document, ent_admission_word(d->answer.answer), d->answer.clause, d->admitted ? "admitted" : "not admitted",
             *d->reason ? d->reason : "as answered");
    date_line(ret_text, ENT_ADMISSION_SIGNED, "day", d->day, "none");
    date_line(ret_text, ENT_ADMISSION_SIGNED, "answered-until", d->answer.until, "none");
    date_line(ret_text, ENT_ADMISSION_SIGNED, "until", d->until, "none");
}
