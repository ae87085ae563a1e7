/* A regime's file into its struct (docs/law/regime.md). What is not wholly understood, contradicts itself or could never
 * apply is refused with its line. */
#include "law/regime_read.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENT_X(name, text, person) " " text
static const char events_[] = "" ENT_LEGAL_EVENTS(ENT_X);
#undef ENT_X
#define ENT_X(name, text) " " text
static const char offences_[] = "" ENT_OFFENCES(ENT_X);
static const char materials_[] = "" ENT_MATERIALS(ENT_X);
#undef ENT_X

/* without the space before the first */
static const char *const event_list = events_ + 1, *const offence_list = offences_ + 1, *const material_list = materials_ + 1;

/* "3 years", "6 months", "90 days"; one unit, so that nobody must guess how two add up. */
static ent_code read_period(const ent_doc *map, const char *name, ent_period *ret, ent_err *err)
{
    char text[32], unit[16];
    unsigned n;
    int end = 0;
    ENT_TRY(ent_doc_text(map, name, true, text, sizeof text, err));
    const ent_doc *at = ent_doc_get(map, name);
    if (sscanf(text, "%3u %15[a-z]%n", &n, unit, &end) != 2 || text[end] || n == 0 || n > 200)
        return ent_doc_fail(at, err, "\"%s\" is a number and a unit, as \"3 years\", \"6 months\" or \"90 days\", not \"%s\"", name, text);
    ent_period p = {0};
    if (strcmp(unit, "years") == 0 || strcmp(unit, "year") == 0) p.years = (uint16_t)n;
    else if (strcmp(unit, "months") == 0 || strcmp(unit, "month") == 0) p.months = (uint16_t)n;
    else if (strcmp(unit, "days") == 0 || strcmp(unit, "day") == 0) p.days = (uint16_t)n;
    else return ent_doc_fail(at, err, "\"%s\": the unit is years, months or days, not \"%s\"", name, unit);
    *ret = p;
    return ENT_OK;
}

static ent_code read_keep(const ent_doc *doc, ent_regime *r, ent_err *err)
{
    char text[48];
    ENT_TRY(ent_doc_text(doc, "keep", true, text, sizeof text, err));
    const ent_doc *at = ent_doc_get(doc, "keep");
    if (strcmp(text, "indefinitely") == 0) {
        r->keep = ENT_KEEP_INDEFINITELY;
        if (!ent_doc_get(doc, "review"))
            return ent_doc_fail(at, err, "\"keep: indefinitely\" needs \"review:\" (indefinite means reviewed)");
    } else if (strcmp(text, "while-open") == 0) {
        r->keep = ENT_KEEP_WHILE_OPEN;
        ENT_TRY(ent_doc_choices(doc, "open-until", true, event_list, &r->open_until, err));
    } else if (strcmp(text, "with-the-record") == 0) {
        r->keep = ENT_KEEP_WITH_OTHERS;
    } else if (strncmp(text, "sentence and ", 13) == 0) {
        r->keep = ENT_KEEP_SENTENCE;
        unsigned n;
        int end = 0;
        if (sscanf(text + 13, "%3u years%n", &n, &end) != 1 || !end || text[13 + end] || n > 100)
            return ent_doc_fail(at, err, "\"keep\" after a sentence is \"sentence and N years\"");
        r->period.years = (uint16_t)n;
    } else {
        ENT_TRY(read_period(doc, "keep", &r->period, err));
    }
    if (r->keep != ENT_KEEP_WHILE_OPEN && ent_doc_get(doc, "open-until"))
        return ent_doc_fail(ent_doc_get(doc, "open-until"), err, "\"open-until\" belongs to \"keep: while-open\"");
    if (!ent_doc_get(doc, "review")) return ENT_OK;
    return read_period(doc, "review", &r->review, err);
}

static ent_code read_starts(const ent_doc *doc, ent_regime *r, ent_err *err)
{
    const ent_doc *at = ent_doc_get(doc, "clock-starts");
    unsigned counting = 0;
    ENT_TRY(ent_doc_choice(doc, "counting", false, "beginning-with following", &counting, err));
    r->day_after = counting == 1;
    if (at && r->keep == ENT_KEEP_WITH_OTHERS) return ent_doc_fail(at, err, "what is kept with the record has no clock of its own");
    if (!at) return r->keep == ENT_KEEP_WHILE_OPEN || r->keep == ENT_KEEP_WITH_OTHERS ? ENT_OK : ent_doc_fail(doc, err, "\"clock-starts\" is missing: \"taken\" or a list of events");
    if (at->kind == ENT_DOC_TEXT && strcmp(at->text, "taken") == 0) return ENT_OK;
    return ent_doc_choices(doc, "clock-starts", true, event_list, &r->starts, err);
}

static ent_code read_when(const ent_doc *when, ent_regime *r, ent_err *err)
{
    unsigned age = 0, sentence = 0;
    if (!when) return ENT_OK;
    ENT_TRY(ent_doc_only(when, "happened without in-any-encounter offence offence-not age-at-offence first-conviction sentence", err));
    ENT_TRY(ent_doc_choices(when, "happened", false, event_list, &r->needs, err));
    ENT_TRY(ent_doc_choices(when, "without", false, event_list, &r->without, err));
    ENT_TRY(ent_doc_bool(when, "in-any-encounter", false, &r->any_encounter, err));
    ENT_TRY(ent_doc_choices(when, "offence", false, offence_list, &r->offence, err));
    ENT_TRY(ent_doc_choices(when, "offence-not", false, offence_list, &r->offence_not, err));
    ENT_TRY(ent_doc_choice(when, "age-at-offence", false, "any under-18 adult", &age, err));
    ENT_TRY(ent_doc_bool(when, "first-conviction", false, &r->first_conviction, err));
    ENT_TRY(ent_doc_choice(when, "sentence", false, "any not-custodial under-5-years 5-years-or-more", &sentence, err));
    r->age = (ent_age)age;
    r->sentence = (ent_sentence)sentence;
    if (r->needs & r->without) return ent_doc_fail(when, err, "an event both \"happened\" and \"without\": this rule can never apply");
    if (r->offence & r->offence_not) return ent_doc_fail(when, err, "an offence both \"offence\" and \"offence-not\": this rule can never apply");
    return ENT_OK;
}

static ent_code read_extend(const ent_doc *extend, ent_regime *r, ent_err *err)
{
    ent_extend *x = &r->extend;
    if (!extend) return ENT_OK;
    if (r->keep != ENT_KEEP_PERIOD && r->keep != ENT_KEEP_SENTENCE)
        return ent_doc_fail(extend, err, "only a period can be extended");
    ENT_TRY(ent_doc_only(extend, "by times within-last decided-by applied-for-by clause pending appeal-within", err));
    ENT_TRY(read_period(extend, "by", &x->by, err));
    const ent_doc *times = ent_doc_get(extend, "times");
    int64_t n = 0;
    if (!times || times->kind != ENT_DOC_TEXT || strcmp(times->text, "any") != 0)
        ENT_TRY(ent_doc_number(extend, "times", true, (const int64_t[2]){1, 100}, &n, err));
    x->times = (uint16_t)n;
    if (ent_doc_get(extend, "within-last")) ENT_TRY(read_period(extend, "within-last", &x->within_last, err));
    ENT_TRY(ent_doc_word(extend, "decided-by", true, x->decided_by, sizeof x->decided_by, err));
    ENT_TRY(ent_doc_word(extend, "applied-for-by", true, x->applied_for_by, sizeof x->applied_for_by, err));
    ENT_TRY(ent_doc_text(extend, "clause", true, x->clause, sizeof x->clause, err));
    unsigned pending = 0;
    ENT_TRY(ent_doc_choice(extend, "pending", false, "ends keeps", &pending, err));
    x->pending_keeps = pending == 1;
    const ent_doc *appeal = ent_doc_get(extend, "appeal-within");
    if (appeal && !x->pending_keeps) return ent_doc_fail(appeal, err, "\"appeal-within\" belongs to \"pending: keeps\"");
    if (appeal) ENT_TRY(read_period(extend, "appeal-within", &x->appeal_within, err));
    x->allowed = true;
    return ENT_OK;
}

static ent_code read_events(const ent_doc *events, ent_regime *r, ent_err *err)
{
    if (!events) return ENT_OK;
    if (events->kind != ENT_DOC_MAP) return ent_doc_fail(events, err, "\"events\" is a map of event to consequence");
    ENT_TRY(ent_doc_text(events, "clause", false, r->then_clause, sizeof r->then_clause, err));
    for (const ent_doc *e = events->first; e; e = e->next) {
        if (strcmp(e->name, "clause") == 0) continue;
        ent_legal_event_kind kind = ent_legal_event_named(e->name);
        if (kind == ENT_EVENT_COUNT) return ent_doc_fail(e, err, "\"%s\" is no event; events are %s", e->name, event_list);
        if (strcmp(e->text, "ends") == 0) r->then[kind] = ENT_THEN_ENDS;
        else if (strcmp(e->text, "destroy-now") == 0) r->then[kind] = ENT_THEN_DESTROY_NOW;
        else return ent_doc_fail(e, err, "the consequence of \"%s\" is \"ends\" or \"destroy-now\", not \"%s\"", e->name, e->text);
        if ((r->needs | r->starts) >> kind & 1)
            return ent_doc_fail(e, err, "\"%s\" both opens this power and ends it: the rule can never apply", e->name);
    }
    return ENT_OK;
}

static ent_code read_taken_under(const ent_doc *doc, ent_regime *r, ent_err *err)
{
    const ent_doc *list = ent_doc_get(doc, "taken-under");
    if (!list) return ENT_OK; /* any */
    if (list->kind != ENT_DOC_LIST || !list->count || list->count > 8) return ent_doc_fail(list, err, "\"taken-under\" is a list of one to eight names of powers");
    for (const ent_doc *e = list->first; e; e = e->next) {
        if (e->kind != ENT_DOC_TEXT || strlen(e->text) >= ENT_LAW_NAME) return ent_doc_fail(e, err, "a name in \"taken-under\" has at most %d characters", ENT_LAW_NAME - 1);
        snprintf(r->taken_under[r->taken_under_count++], ENT_LAW_NAME, "%s", e->text);
    }
    return ENT_OK;
}

static ent_code read_all(const ent_doc *doc, ent_regime *r, ent_err *err)
{
    char source[400];
    ENT_TRY(ent_doc_only(doc, "regime title jurisdiction source clause material taken-under when clock-starts counting keep "
                              "open-until review extend events", err));
    ENT_TRY(ent_doc_word(doc, "regime", true, r->name, sizeof r->name, err));
    ENT_TRY(ent_doc_text(doc, "title", true, r->title, sizeof r->title, err));
    ENT_TRY(ent_doc_word(doc, "jurisdiction", true, r->jurisdiction, sizeof r->jurisdiction, err));
    ENT_TRY(ent_doc_text(doc, "source", true, source, sizeof source, err));
    ENT_TRY(ent_doc_text(doc, "clause", true, r->clause, sizeof r->clause, err));
    ENT_TRY(ent_doc_choices(doc, "material", true, material_list, &r->material, err));
    ENT_TRY(read_taken_under(doc, r, err));
    ENT_TRY(read_keep(doc, r, err));
    ENT_TRY(read_starts(doc, r, err));
    ENT_TRY(read_when(ent_doc_get(doc, "when"), r, err));
    ENT_TRY(read_extend(ent_doc_get(doc, "extend"), r, err));
    return read_events(ent_doc_get(doc, "events"), r, err);
}

#define BIT(kind) (1u << ENT_EVENT_##kind)

/* What an event is, whatever a file says (docs/law/regime.md): a hold and what a person is told are no powers, an overriding event opens
 * none, and an extension is one of a power that is there. */
static ent_code wrong_event(const ent_doc *doc, const ent_regime *r, ent_err *err)
{
    const uint32_t no_power = BIT(HOLD) | BIT(RELEASE) | BIT(ACCESS_EXEMPT) | BIT(ACCESS_EXEMPT_ENDED), overrides = BIT(UNLAWFUL) | BIT(MISTAKEN_IDENTITY);
    const uint32_t of_extension = BIT(APPLICATION) | BIT(APPLICATION_REFUSED) | BIT(EXTENSION) | BIT(APPEAL) | BIT(APPEAL_DISMISSED);
    const uint32_t opens = r->needs | r->starts, named = opens | r->without | r->open_until;
    const ent_doc *events = ent_doc_get(doc, "events");
    uint32_t ends = 0, weakened = 0;
    for (int k = 0; k < ENT_EVENT_COUNT; k++) {
        if (r->then[k] != ENT_THEN_NOTHING) ends |= 1u << k;
        if (r->then[k] == ENT_THEN_ENDS) weakened |= 1u << k;
    }
    if ((named | ends) & no_power) return ent_doc_fail(ends & no_power ? events : doc, err, "a hold suspends destruction and nothing else, and what a person is told keeps nothing: no rule rests on such an event");
    if (opens & overrides) return ent_doc_fail(doc, err, "\"unlawful\" and \"mistaken-identity\" end every power: a rule that they open can never apply");
    if (weakened & overrides) return ent_doc_fail(events, err, "\"unlawful\" and \"mistaken-identity\" end every power: \"ends\" contradicts that, \"destroy-now\" gives it a clause");
    if ((opens | r->open_until | ends) & of_extension) return ent_doc_fail(doc, err, "applications, extensions and appeals are under a power that keeps already: they neither open nor end one");
    if (r->open_until & opens) return ent_doc_fail(ent_doc_get(doc, "open-until"), err, "an event both opens this power and is what it is open until: the rule can never apply");
    return ENT_OK;
}

/* Nearly for ever is for ever. */
static ent_code unreviewed(const ent_doc *doc, const ent_regime *r, ent_err *err)
{
    enum { YEARS = 10 };
    bool is_long = r->period.years > YEARS || r->period.months > 12 * YEARS;
    bool reviewed = r->review.years || r->review.months || r->review.days;
    if (is_long && !reviewed) return ent_doc_fail(ent_doc_get(doc, "keep"), err, "more than %d years need \"review:\", as \"indefinitely\" does", YEARS);
    if (!is_long && reviewed && r->keep != ENT_KEEP_INDEFINITELY) return ent_doc_fail(ent_doc_get(doc, "review"), err, "\"review\" belongs to \"keep: indefinitely\" and to more than %d years", YEARS);
    return ENT_OK;
}

/* What no sequence of events could ever bring into force. */
static ent_code never_applies(const ent_doc *doc, const ent_regime *r, ent_err *err)
{
    const ent_doc *when = ent_doc_get(doc, "when");
    const uint32_t convicted = BIT(CONVICTED), opens = r->needs | r->starts;
    bool personal = false;
    for (int k = 0; k < ENT_EVENT_COUNT; k++) personal |= ((opens | r->without) >> k & 1) && ent_legal_event_about_person((ent_legal_event_kind)k);
    if (r->starts & r->without)
        return ent_doc_fail(when, err, "the clock starts with an event that \"without\" rules out: this rule can never apply");
    if ((r->sentence != ENT_SENTENCE_ANY || r->first_conviction) && !(opens & convicted))
        return ent_doc_fail(when, err, "\"sentence\" and \"first-conviction\" ask of a conviction: \"convicted\" must have \"happened\" or start the clock");
    if (r->any_encounter && !personal)
        return ent_doc_fail(when, err, "\"in-any-encounter\" asks for events about the person, and this rule names none: the others are their own encounter's");
    if (r->keep == ENT_KEEP_SENTENCE && r->sentence == ENT_SENTENCE_NONE)
        return ent_doc_fail(when, err, "\"keep\" counts a sentence and \"sentence\" asks for none: a contradiction");
    if (r->keep == ENT_KEEP_WITH_OTHERS && r->material != 1u << ENT_MATERIAL_BIOGRAPHIC)
        return ent_doc_fail(ent_doc_get(doc, "material"), err, "\"with-the-record\" is for the biographic block, which is kept with the prints and photographs");
    return ENT_OK;
}

ent_code ent_regime_read(const ent_doc *doc, ent_regime *ret_regime, ent_err *err)
{
    ent_regime r = {0};
    ENT_TRY(read_all(doc, &r, err));
    if (r.keep == ENT_KEEP_SENTENCE && !(r.starts & 1u << ENT_EVENT_CONVICTED))
        return ent_doc_fail(doc, err, "\"keep: sentence and …\" starts its clock at \"convicted\"");
    ENT_TRY(wrong_event(doc, &r, err));
    ENT_TRY(unreviewed(doc, &r, err));
    ENT_TRY(never_applies(doc, &r, err));
    *ret_regime = r;
    return ENT_OK;
}
