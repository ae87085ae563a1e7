#include "law/regime.h"

#include "base/check.h"

#include <string.h>

/* The last day of a kept stretch that has no end. */
static const ent_date never = {9999, 12, 31};

/* From `from` to `until`, both kept. */
typedef struct stretch {
    const ent_regime *regime;
    ent_date from, until;
    unsigned extensions;
} stretch;

/* What one evaluation looks at. */
typedef struct scene {
    const ent_regime *regimes;
    size_t regime_count;
    const ent_legal_facts *facts, *linked;
    size_t linked_count;
    ent_date today;
} scene;

#define STRETCHES_MAX 128

static bool before(ent_date a, ent_date b) { return ent_date_compare(a, b) < 0; }
static ent_date day_after(ent_date d) { return before(d, never) ? ent_date_from_days(ent_date_days(d) + 1) : d; }
static ent_date day_before(ent_date d) { return ent_date_from_days(ent_date_days(d) - 1); }
static bool is_never(ent_date d) { return ent_date_compare(d, never) == 0; }
static bool stated(ent_date d) { return d.year != 0; }
static bool no_period(ent_period p) { return !p.years && !p.months && !p.days; }

/* "Beginning with" a date counts it: three years beginning with 10 March end with 9 March. Where the day does not exist
 * in the last month (29 February), the period ends with that month's last. "Following" a date does not count it. */
static ent_date period_end(ent_date start, ent_period p, bool following)
{
    if (start.year + p.years + p.months / 12 > 9900) return never;
    ent_date end = ent_date_add(start, p.years, p.months, 0);
    bool clamped = end.day != start.day;
    end = ent_date_from_days(ent_date_days(end) + p.days);
    return following || clamped ? end : day_before(end);
}

bool ent_legal_event_about_person(ent_legal_event_kind kind)
{
    static const bool person[] = {
#define ENT_X(name, text, about) about,
        ENT_LEGAL_EVENTS(ENT_X)
#undef ENT_X
    };
    return person[kind];
}

static bool is_conviction(ent_legal_event_kind kind)
{
    return kind == ENT_EVENT_CONVICTED || kind == ENT_EVENT_CONVICTED_ABROAD || kind == ENT_EVENT_CAUTION;
}

/* It took effect by then, was not corrected, and if it is a conviction it was not quashed. */
static bool counts(const ent_legal_facts *f, const ent_legal_event *e, ent_date today)
{
    if (e->undone || e->pending || before(today, e->date)) return false;
    if (!is_conviction(e->kind)) return true;
    for (size_t i = 0; i < f->event_count; i++) {
        const ent_legal_event *q = &f->events[i];
        if (q->kind == ENT_EVENT_QUASHED && !q->undone && !q->pending && !before(q->date, e->date) && !before(today, q->date)) return false;
    }
    return true;
}

/* Calls for each event that counts: of the part's encounter, and, when asked, of linked ones about the person. */
typedef bool visit(void *ctx, const ent_legal_facts *f, const ent_legal_event *e);

static void each_event(const scene *s, bool any_encounter, visit *see, void *ctx)
{
    for (size_t n = 0; n <= (any_encounter ? s->linked_count : 0); n++) {
        const ent_legal_facts *f = n ? &s->linked[n - 1] : s->facts;
        for (size_t i = 0; i < f->event_count; i++) {
            const ent_legal_event *e = &f->events[i];
            if (n && !ent_legal_event_about_person(e->kind)) continue;
            if (counts(f, e, s->today) && !see(ctx, f, e)) return;
        }
    }
}

struct first {
    uint32_t kinds;
    bool found;
    ent_date from, date;
};

static bool keep_first(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    (void)f;
    struct first *first = ctx;
    if (!(first->kinds & 1u << e->kind) || before(e->date, first->from)) return true;
    if (!first->found || before(e->date, first->date)) first->date = e->date;
    first->found = true;
    return true;
}

/* The day, from that one on, on which the first of these happened. */
static bool first_since(const scene *s, uint32_t kinds, bool any_encounter, ent_date from, ent_date *ret_date)
{
    if (!kinds) return false;
    struct first first = {.kinds = kinds, .from = from};
    each_event(s, any_encounter, keep_first, &first);
    if (first.found) *ret_date = first.date;
    return first.found;
}

static bool first_of(const scene *s, uint32_t kinds, bool any_encounter, ent_date *ret_date)
{
    return first_since(s, kinds, any_encounter, (ent_date){0}, ret_date);
}

bool ent_under_18_at_offence(const ent_legal_facts *f)
{
    if (!stated(f->birth) || !stated(f->offence_date)) return true;
    ent_date eighteen = ent_date_add(f->birth, 18, 0, 0);
    if (eighteen.day != f->birth.day) eighteen = day_after(eighteen); /* born on 29 February: on 1 March, not the day before */
    return before(f->offence_date, eighteen);
}

static bool adult_at_offence(const ent_legal_facts *f)
{
    return stated(f->birth) && stated(f->offence_date) && !ent_under_18_at_offence(f);
}

static bool taken_under_fits(const ent_regime *r, const ent_legal_facts *f)
{
    for (size_t i = 0; i < r->taken_under_count; i++)
        if (strcmp(r->taken_under[i], f->taken_under) == 0) return true;
    return r->taken_under_count == 0;
}

/* What does not change with events. Powers that follow a conviction look at that conviction's offence, the others at the arrest's. */
static bool applies(const ent_regime *r, const ent_legal_facts *f)
{
    const uint32_t convictions = 1u << ENT_EVENT_CONVICTED | 1u << ENT_EVENT_CONVICTED_ABROAD | 1u << ENT_EVENT_CAUTION;
    if (!(r->material & 1u << f->material) || !taken_under_fits(r, f)) return false;
    if (!(r->starts & convictions) && ((r->offence && !(r->offence & f->offence)) || (r->offence_not & f->offence))) return false;
    if (r->age == ENT_AGE_UNDER_18 && !(stated(f->birth) && stated(f->offence_date) && ent_under_18_at_offence(f)))
        return false;
    return r->age != ENT_AGE_ADULT || adult_at_offence(f);
}

static bool sentence_fits(const ent_regime *r, const ent_legal_event *e)
{
    switch (r->sentence) {
    case ENT_SENTENCE_ANY: return true;
    case ENT_SENTENCE_NONE: return e->sentence_months == 0;
    case ENT_SENTENCE_UNDER_5Y: return e->sentence_months > 0 && e->sentence_months < 60;
    case ENT_SENTENCE_5Y_OR_MORE: return e->sentence_months >= 60;
    }
    return false;
}

struct earlier {
    const ent_legal_event *than;
    bool found;
};

static bool find_earlier(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    (void)f;
    struct earlier *earlier = ctx;
    earlier->found = is_conviction(e->kind) && e != earlier->than && !before(earlier->than->date, e->date);
    return !earlier->found;
}

static bool convicted_before(const scene *s, const ent_legal_event *e)
{
    struct earlier earlier = {.than = e};
    each_event(s, true, find_earlier, &earlier);
    return earlier.found;
}

static bool find_conviction(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    (void)f;
    bool *found = ctx;
    *found = is_conviction(e->kind);
    return !*found;
}

bool ent_convicted(const ent_legal_facts *facts, const ent_legal_facts *linked, size_t linked_count, ent_date today)
{
    scene s = {.facts = facts, .linked = linked, .linked_count = linked_count, .today = today};
    bool found = false;
    each_event(&s, true, find_conviction, &found);
    return found;
}

/* ---- how far one power reaches from one start ---- */

static ent_date window_start(const ent_extend *x, ent_date until)
{
    if (no_period(x->within_last)) return (ent_date){1, 1, 1};
    ent_date end = day_after(until), from = ent_date_add(end, -x->within_last.years, -x->within_last.months, 0);
    if (from.day != end.day) from = day_after(from); /* no such day in that month: the shorter reading */
    return ent_date_from_days(ent_date_days(from) - x->within_last.days);
}

static bool under(const ent_regime *r, const ent_legal_event *e) { return strcmp(e->regime, r->name) == 0; }

/* The next of these under the regime, not before the event at `at` (event_count: the first); of one kind on one day, by place. */
static size_t next_under(const scene *s, const ent_regime *r, uint32_t kinds, size_t at)
{
    const ent_legal_event *events = s->facts->events;
    size_t none = s->facts->event_count, next = none;
    for (size_t i = 0; i < none; i++) {
        const ent_legal_event *e = &events[i];
        if (!(kinds >> e->kind & 1) || !under(r, e) || !counts(s->facts, e, s->today)) continue;
        bool same_day = at != none && ent_date_compare(e->date, events[at].date) == 0;
        if (at != none && (before(e->date, events[at].date) || (same_day && e->kind == events[at].kind && i <= at))) continue;
        if (next == none || before(e->date, events[next].date)) next = i;
    }
    return next;
}

#define BIT(kind) (1u << ENT_EVENT_##kind)

/* Where the clause says so: an application in its window keeps until it is decided, a refusal for the days in which it may be
 * appealed, an appeal until it is decided. The last day of that; never while it is open. */
static ent_date kept_by_application(const scene *s, const ent_regime *r, ent_date until)
{
    const ent_legal_event *events = s->facts->events;
    const ent_date from = window_start(&r->extend, until);
    size_t none = s->facts->event_count, at = none;
    do at = next_under(s, r, BIT(APPLICATION), at);
    while (at != none && before(events[at].date, from));
    if (at == none || before(until, events[at].date)) return until;
    size_t decided = next_under(s, r, BIT(APPLICATION_REFUSED) | BIT(EXTENSION), at);
    if (decided == none) return never;
    if (events[decided].kind == ENT_EVENT_EXTENSION || no_period(r->extend.appeal_within)) return events[decided].date;
    ent_date last = period_end(events[decided].date, r->extend.appeal_within, true);
    size_t appeal = next_under(s, r, BIT(APPEAL), decided);
    if (appeal == none || before(last, events[appeal].date)) return last;
    decided = next_under(s, r, BIT(APPEAL_DISMISSED) | BIT(EXTENSION), appeal);
    return decided == none ? never : events[decided].date;
}

/* The extension that was decided next after the one at `previous` (event_count: the first), in time for `until`; the
 * order is by date, then by place. event_count when there is none. */
static size_t next_extension(const scene *s, const ent_regime *r, ent_date from, ent_date until, size_t previous)
{
    const ent_legal_event *events = s->facts->events;
    size_t none = s->facts->event_count, next = none;
    for (size_t i = 0; i < none; i++) {
        const ent_legal_event *e = &events[i];
        if (e->kind != ENT_EVENT_EXTENSION || !under(r, e) || !counts(s->facts, e, s->today)) continue;
        if (before(e->date, from) || before(until, e->date) || strcmp(e->decided_by, r->extend.decided_by) != 0) continue;
        if (previous != none) {
            int later = ent_date_compare(e->date, events[previous].date);
            if (later < 0 || (later == 0 && i <= previous)) continue;
        }
        if (next == none || before(e->date, events[next].date)) next = i;
    }
    return next;
}

static void extend(const scene *s, stretch *st)
{
    const ent_regime *r = st->regime;
    if (!r->extend.allowed || is_never(st->until)) return;
    size_t at = s->facts->event_count;
    for (;;) {
        /* where an open application keeps, the decision may come after the last day */
        ent_date open = r->extend.pending_keeps ? kept_by_application(s, r, st->until) : st->until;
        if (before(open, st->until)) open = st->until;
        bool again = !r->extend.times || st->extensions < r->extend.times;
        size_t next = again ? next_extension(s, r, st->from, open, at) : s->facts->event_count;
        if (next == s->facts->event_count) {
            st->until = open;
            return;
        }
        at = next;
        const ent_legal_event *e = &s->facts->events[at];
        ent_date most = period_end(day_after(st->until), r->extend.by, false);
        st->until = stated(e->until) && before(e->until, most) ? e->until : most;
        st->extensions++;
    }
}

static ent_date kept_until(const scene *s, const ent_regime *r, ent_date start, const ent_legal_event *by)
{
    ent_date until = never, concluded;
    ent_period p = r->period;
    switch (r->keep) {
    case ENT_KEEP_INDEFINITELY: break;
    case ENT_KEEP_WHILE_OPEN:
        if (first_since(s, r->open_until, false, start, &concluded)) until = concluded;
        break;
    case ENT_KEEP_WITH_OTHERS: break; /* with_others */
    case ENT_KEEP_SENTENCE:
        p.months = (uint16_t)(p.months + (by ? by->sentence_months : 0));
        until = period_end(start, p, r->day_after);
        break;
    case ENT_KEEP_PERIOD: until = period_end(start, p, r->day_after); break;
    }
    if (by && by->kind == ENT_EVENT_DETERMINATION && stated(by->until) && before(by->until, until)) until = by->until;
    return until;
}

struct cut {
    stretch *st;
};

/* An event that ends this power cuts it off before its day. */
static bool cut_off(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    (void)f;
    stretch *st = ((struct cut *)ctx)->st;
    if (st->regime->then[e->kind] == ENT_THEN_ENDS && !before(e->date, st->from) && !before(st->until, e->date))
        st->until = day_before(e->date);
    return true;
}

struct collect {
    const scene *scene;
    const ent_regime *regime;
    stretch *stretches;
    size_t *count;
};

static void add_stretch(const struct collect *c, ent_date start, const ent_legal_event *by)
{
    const ent_regime *r = c->regime;
    const scene *s = c->scene;
    if (*c->count == STRETCHES_MAX) return; /* a power that does not fit keeps nothing */
    stretch st = {.regime = r, .from = start, .until = kept_until(s, r, start, by)};
    ent_date needed;
    if (r->needs) {
        if (!first_of(s, r->needs, r->any_encounter, &needed)) return;
        if (before(st.from, needed)) st.from = needed;
    }
    extend(s, &st);
    each_event(s, false, cut_off, &(struct cut){&st});
    /* what an event has since ruled out keeps nothing from that day on */
    ent_date ruled_out;
    if (first_of(s, r->without, r->any_encounter, &ruled_out) && !before(st.until, ruled_out)) st.until = day_before(ruled_out);
    if (!before(st.until, st.from)) c->stretches[(*c->count)++] = st;
}

static bool start_at_event(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    const struct collect *c = ctx;
    const ent_regime *r = c->regime;
    (void)f;
    if (!(r->starts & 1u << e->kind) || (e->regime[0] && !under(r, e))) return true;
    if (is_conviction(e->kind)) {
        uint32_t offence = e->offence ? e->offence : f->offence;
        /* PACE 1984 s. 63F(11)(a)(ii): excluded is only "the only recordable offence of which the person has been convicted" */
        if (convicted_before(c->scene, e)) offence &= ~ENT_OFFENCE(EXCLUDED);
        if ((r->offence && !(r->offence & offence)) || (r->offence_not & offence) || !sentence_fits(r, e)) return true;
        if (r->first_conviction && convicted_before(c->scene, e)) return true;
    }
    add_stretch(c, e->date, e);
    return true;
}

static bool start_of_sentence(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    (void)f;
    const struct collect *c = ctx;
    if (!(c->regime->needs & 1u << e->kind) || !is_conviction(e->kind)) return true;
    if (!sentence_fits(c->regime, e) || (c->regime->first_conviction && convicted_before(c->scene, e))) return true;
    add_stretch(c, c->scene->facts->taken, e);
    return true;
}

/* As long as the longest of the encounter's other parts. */
static void with_others(const struct collect *c)
{
    const scene *s = c->scene;
    const ent_legal_facts *f = s->facts;
    for (size_t i = 0; i < f->other_count && *c->count < STRETCHES_MAX; i++) {
        ent_legal_facts other = f->others[i];
        ent_retention kept;
        other.other_count = 0;
        ent_retention_of(s->regimes, s->regime_count, &other, s->linked, s->linked_count, s->today, &kept);
        stretch st = {.regime = c->regime, .from = f->taken, .until = stated(kept.due_on) ? day_before(kept.due_on) : never};
        each_event(s, false, cut_off, &(struct cut){&st});
        if (!before(st.until, st.from)) c->stretches[(*c->count)++] = st;
    }
}

static void collect_stretches(const struct collect *c)
{
    const ent_regime *r = c->regime;
    const ent_legal_facts *f = c->scene->facts;
    if (!applies(r, f)) return;
    if (r->keep == ENT_KEEP_WITH_OTHERS) with_others(c);
    else if (r->starts) each_event(c->scene, r->any_encounter, start_at_event, (void *)c);
    else if (r->sentence != ENT_SENTENCE_ANY || r->first_conviction)
        each_event(c->scene, r->any_encounter, start_of_sentence, (void *)c);
    else add_stretch(c, f->taken, NULL);
}

/* ---- the answer ---- */

struct override {
    const ent_regime *regimes;
    size_t count;
    const ent_legal_event *by;
    const char *clause;
};

/* The clause by which this event overrides every power; NULL when it does not. */
static const char *override_clause(const struct override *o, const ent_legal_facts *f, ent_legal_event_kind kind)
{
    for (size_t i = 0; i < o->count; i++) {
        const ent_regime *r = &o->regimes[i];
        if (r->then[kind] == ENT_THEN_DESTROY_NOW && (r->material & 1u << f->material) && taken_under_fits(r, f)) return *r->then_clause ? r->then_clause : r->clause;
    }
    return kind == ENT_EVENT_UNLAWFUL || kind == ENT_EVENT_MISTAKEN_IDENTITY ? "unlawful or mistaken identity" : NULL;
}

/* The earliest, whatever was told first. */
static bool find_override(void *ctx, const ent_legal_facts *f, const ent_legal_event *e)
{
    struct override *o = ctx;
    const char *clause = override_clause(o, f, e->kind);
    if (clause && (!o->by || before(e->date, o->by->date))) o->by = e, o->clause = clause;
    return true;
}

/* The first day that nothing keeps. A day without a power is a lapse, and what came later does not revive. */
static ent_date reach_of(const stretch *st, size_t count, ent_date taken, const stretch **ret_last)
{
    ent_date reach = day_before(taken);
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < count; i++) {
            if (before(day_after(reach), st[i].from) || !before(reach, st[i].until)) continue;
            reach = st[i].until;
            *ret_last = &st[i];
            moved = true;
        }
    }
    return reach;
}

static ent_date next_review(const stretch *st, ent_date today)
{
    const ent_period p = st->regime->review;
    if (no_period(p)) return (ent_date){0};
    ent_date d = st->from;
    while (!before(today, d)) d = ent_date_from_days(ent_date_days(ent_date_add(d, p.years, p.months, 0)) + p.days);
    return d;
}

static void add_power(ent_retention *ret, const stretch *st, ent_date today)
{
    const ent_extend *x = &st->regime->extend;
    ent_power p = {.regime = st->regime, .extensions = st->extensions, .review = next_review(st, today)};
    if (!is_never(st->until)) p.until = st->until;
    p.extendable = x->allowed && !is_never(st->until) && (!x->times || st->extensions < x->times);
    if (p.extendable && !no_period(x->within_last)) {
        p.window_from = window_start(x, st->until);
        p.window_until = st->until;
    }
    size_t at = ret->count;
    while (at && stated(ret->power[at - 1].until) && (!stated(p.until) || before(ret->power[at - 1].until, p.until))) at--;
    size_t last = ret->count < ENT_POWERS_MAX ? ret->count++ : ENT_POWERS_MAX - 1;
    if (at > last) return;
    memmove(&ret->power[at + 1], &ret->power[at], (last - at) * sizeof ret->power[0]);
    ret->power[at] = p;
}

static void find_holds(const scene *s, ent_retention *ret)
{
    ent_date last_hold = {0}, last_release = {0};
    for (size_t i = 0; i < s->facts->event_count; i++) {
        const ent_legal_event *e = &s->facts->events[i];
        if (!counts(s->facts, e, s->today)) continue;
        if (e->kind == ENT_EVENT_RELEASE && (!stated(last_release) || before(last_release, e->date))) last_release = e->date;
        if (e->kind != ENT_EVENT_HOLD) continue;
        if (!stated(last_hold) || before(last_hold, e->date)) last_hold = e->date;
        if (stated(e->until) && (!stated(ret->hold_review) || before(e->until, ret->hold_review))) ret->hold_review = e->until;
    }
    ret->held = stated(last_hold) && (!stated(last_release) || before(last_release, last_hold));
    if (!ret->held) ret->hold_review = (ent_date){0};
}

void ent_retention_of(const ent_regime *regimes, size_t regime_count, const ent_legal_facts *facts,
                      const ent_legal_facts *linked, size_t linked_count, ent_date today, ent_retention *ret)
{
    ENT_PRE(ent_date_valid(facts->taken) && ent_date_valid(today));
    const scene s = {regimes, regime_count, facts, linked, linked_count, today};
    stretch stretches[STRETCHES_MAX];
    size_t count = 0;
    *ret = (ent_retention){.clause = "no power to keep"};

    for (size_t i = 0; i < regime_count; i++)
        collect_stretches(&(struct collect){&s, &regimes[i], stretches, &count});
    const stretch *last = NULL;
    ent_date reach = reach_of(stretches, count, facts->taken, &last);
    if (last) ret->clause = last->regime->clause;
    for (size_t i = 0; i < regime_count && !last; i++) /* nothing is left that it was kept with */
        if (regimes[i].keep == ENT_KEEP_WITH_OTHERS && applies(&regimes[i], facts)) ret->clause = regimes[i].clause;
    if (!is_never(reach)) ret->due_on = day_after(reach);
    ret->due = before(reach, today);

    struct override o = {.regimes = regimes, .count = regime_count};
    each_event(&s, false, find_override, &o);
    if (o.by) {
        ret->due = ret->at_once = true;
        ret->due_on = stated(ret->due_on) && before(ret->due_on, o.by->date) ? ret->due_on : o.by->date;
        ret->clause = o.clause;
    }
    for (size_t i = 0; i < count && !ret->due; i++)
        if (!before(stretches[i].until, today) && !before(today, stretches[i].from)) add_power(ret, &stretches[i], today);
    if (ret->count) ret->clause = ret->power[0].regime->clause;
    find_holds(&s, ret);
}

ent_code ent_extension_check(const ent_regime *regimes, size_t regime_count, const ent_legal_facts *facts,
                             const ent_legal_facts *linked, size_t linked_count, const ent_legal_event *extension,
                             ent_date applied, ent_err *err)
{
    ENT_PRE(extension->kind == ENT_EVENT_EXTENSION);
    char until[ENT_DATE_TEXT];
    ent_retention now;
    ent_retention_of(regimes, regime_count, facts, linked, linked_count, extension->date, &now);
    const ent_power *p = NULL;
    for (size_t i = 0; i < now.count; i++)
        if (strcmp(now.power[i].regime->name, extension->regime) == 0) p = &now.power[i];
    if (!p)
        return ent_fail(err, ENT_REFUSED, "no power \"%s\" keeps this part on the day of the decision: what has ended "
                                          "cannot be extended", extension->regime);
    const ent_extend *x = &p->regime->extend;
    if (!x->allowed) return ent_fail(err, ENT_REFUSED, "%s allows no extension (%s)", p->regime->name, p->regime->clause);
    if (!p->extendable)
        return ent_fail(err, ENT_REFUSED, "extended %u times already, which is all that %s allows", p->extensions, x->clause);
    if (strcmp(extension->decided_by, x->decided_by) != 0)
        return ent_fail(err, ENT_REFUSED, "an extension is decided by %s (%s), not by \"%s\"", x->decided_by, x->clause,
                        extension->decided_by);
    ent_date_text(p->until, until);
    if (before(p->until, applied) || before(extension->date, applied) || (stated(p->window_from) && before(applied, p->window_from))) {
        char from[ENT_DATE_TEXT] = "the taking";
        if (stated(p->window_from)) ent_date_text(p->window_from, from);
        return ent_fail(err, ENT_REFUSED, "the application must be made from %s to %s and before the decision (%s)", from,
                        until, x->clause);
    }
    ent_date most = period_end(day_after(p->until), x->by, false);
    if (stated(extension->until) && before(most, extension->until)) {
        ent_date_text(most, until);
        return ent_fail(err, ENT_REFUSED, "%s allows an extension to %s at most", x->clause, until);
    }
    return ENT_OK;
}

/* The taking alone opens it: no event is asked for. */
static ent_date reach_of_taking(const ent_regime *r, const ent_legal_facts *f)
{
    if (r->starts || r->needs || r->keep == ENT_KEEP_WITH_OTHERS || !applies(r, f)) return (ent_date){0};
    if (r->keep != ENT_KEEP_PERIOD || (r->extend.allowed && !r->extend.times)) return never;
    ent_date until = period_end(f->taken, r->period, r->day_after);
    for (unsigned i = 0; r->extend.allowed && i < r->extend.times; i++) until = period_end(day_after(until), r->extend.by, false);
    return until;
}

ent_date ent_resend_until(const ent_regime *regimes, size_t regime_count, const ent_legal_facts *facts)
{
    ent_date last = facts->taken;
    for (size_t i = 0; i < regime_count; i++) {
        ent_date until = reach_of_taking(&regimes[i], facts);
        if (before(last, until)) last = until;
    }
    return last;
}

/* ---- words ---- */

static const char *const event_words[] = {
#define ENT_X(name, text, person) text,
    ENT_LEGAL_EVENTS(ENT_X)
#undef ENT_X
};
static const char *const material_words[] = {
#define ENT_X(name, text) text,
    ENT_MATERIALS(ENT_X)
#undef ENT_X
};
static const char *const offence_words[] = {
#define ENT_X(name, text) text,
    ENT_OFFENCES(ENT_X)
#undef ENT_X
};

const char *ent_legal_event_text(ent_legal_event_kind kind)
{
    return (unsigned)kind < ENT_EVENT_COUNT ? event_words[kind] : NULL;
}

ent_legal_event_kind ent_legal_event_named(const char *word)
{
    int i = 0;
    while (i < ENT_EVENT_COUNT && strcmp(event_words[i], word) != 0) i++;
    return (ent_legal_event_kind)i;
}

const char *ent_material_text(ent_material material)
{
    return (unsigned)material < ENT_MATERIAL_COUNT ? material_words[material] : NULL;
}

const char *ent_offence_text(unsigned bit) { return bit < ENT_OFFENCE_COUNT ? offence_words[bit] : NULL; }

uint32_t ent_offence_named(const char *word)
{
    for (unsigned i = 0; i < ENT_OFFENCE_COUNT; i++)
        if (strcmp(offence_words[i], word) == 0) return 1u << i;
    return 0;
}
